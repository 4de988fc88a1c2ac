//! A flow from near by in place of one through the whole fabric.
//!
//! Once the rate passes to some ranks, only sets of nodes that hold all of them can stop it on the
//! way to another: those that miss one do not. So ranks that are shown to receive may send without
//! limit, and a flow from them to the receiver, in any part of the fabric, shows that the rate
//! passes to it too (docs/theory.md, "Collectives"). The part taken here leaves out what holds
//! changed links and is not near the receiver, whole racks or pods if they are few, so that
//! refinement meets few failures.

use rustc_hash::FxHashSet;

use super::classes::Classes;
use super::newton::{Outcome, Rate};
use super::{Node, Search};
use crate::certify::collective::check_flow;
use crate::error::Result;
use crate::fabric::{Block, Fabric, intersection, subtract};
use crate::monitor::Monitor;
use crate::quotient::{Refined, Seed, Symbolic, Terminal, arcs, refine};
use crate::symmetry::Families;

/// Nodes this many links away, or fewer, are near.
const STEPS: usize = 2;
/// At most one of so many nodes of a group is left out.
const SPARED: u64 = 8;

/// Nodes around some changed links, by group and block, that are left out together.
type Surroundings = Vec<(usize, Block)>;

/// What is known of the ranks so far.
pub struct Nearby<'a> {
    search: &'a Search<'a>,
    graph: Symbolic,
    /// Nodes that are no ranks.
    others: Vec<Seed>,
    orbits: Vec<(usize, Block)>,
    /// By group: ranks to which the rate passes, and the rest.
    shown: Vec<Vec<Block>>,
    left: Vec<Vec<Block>>,
    changed: Vec<Surroundings>,
}

impl<'a> Nearby<'a> {
    /// Of the orbits of ranks.
    pub fn new(search: &'a Search<'a>, orbits: Vec<(usize, Block)>) -> Nearby<'a> {
        let layout = search.fabric.layout();
        let mut ends = search.blank.clone();
        ends.sources = search.members.ranks.clone();
        let mut graph = super::classes::graph(search, &ends);
        let seeds = std::mem::take(&mut graph.seeds);
        let other = |seed: &Seed| seed.terminal == Terminal::Inner;
        Nearby {
            search,
            graph,
            others: seeds.into_iter().filter(other).collect(),
            orbits,
            shown: vec![Vec::new(); layout.groups.len()],
            left: search.members.ranks.clone(),
            changed: surroundings(search.fabric),
        }
    }

    /// Notes that the rate passes to the ranks of an orbit.
    pub fn note(&mut self, orbit: usize) {
        let (group, block) = &self.orbits[orbit];
        self.left[*group] = subtract(&self.left[*group], std::slice::from_ref(block));
        self.shown[*group].push(block.clone());
    }

    /// Whether a flow from near by shows that `rate` passes to `receiver`. If not, nothing is known.
    pub fn passes(&self, receiver: &Node, rate: Rate, monitor: &dyn Monitor) -> Result<bool> {
        if self.search.weight(receiver) == 0 {
            return Ok(false);
        }
        let idle = self.idle(receiver);
        // With nothing left out this is no smaller than the whole.
        if idle.iter().all(Vec::is_empty) {
            return Ok(false);
        }
        let graph = Symbolic {
            seeds: self.seeds(receiver, &idle),
            ..self.graph.clone()
        };
        let Refined::Done(mut partition) = refine(&graph, u64::MAX, monitor)? else {
            return Ok(false);
        };
        let arcs = arcs(&graph, &mut partition, monitor)?;
        let mut classes = Classes::new(self.search, &graph, &partition, &arcs);
        classes.free_where(&partition, |group, node| {
            self.shown[group].iter().any(|block| block.contains(node))
        });
        let asked = rate.capacity * i128::from(self.search.weight(receiver));
        let (sent, stopped) = classes.send(self.search, &partition, &arcs, rate, asked, monitor)?;
        if let Some(Outcome::Stopped { .. }) = stopped {
            return Ok(false);
        }
        let ends = self.search.ends(receiver);
        let (fabric, members) = (self.search.fabric, self.search.members);
        check_flow(fabric, &ends, members, receiver, &sent, &self.shown)?;
        Ok(true)
    }

    /// Nodes to leave out, by group.
    fn idle(&self, receiver: &Node) -> Vec<Vec<Block>> {
        let near = self.near(receiver);
        let is_near =
            |(group, block): &(usize, Block)| near[*group].iter().any(|own| own.intersects(block));
        let mut idle: Vec<Vec<Block>> = vec![Vec::new(); near.len()];
        for own in &self.changed {
            if !own.iter().any(is_near) {
                own.iter()
                    .for_each(|(group, block)| idle[*group].push(block.clone()));
            }
        }
        idle
    }

    /// Blocks around the nodes near a receiver, by group.
    fn near(&self, receiver: &Node) -> Vec<Vec<Block>> {
        let mut near: Vec<Vec<Block>> = vec![Vec::new(); self.graph.num_groups];
        near[receiver.0].push(Block::point(&receiver.1));
        let mut last = vec![(receiver.0, Block::point(&receiver.1))];
        for _ in 0..STEPS {
            let mut next = Vec::new();
            for (group, block) in &last {
                let arms = self.graph.arms.iter();
                for arm in arms.filter(|arm| arm.near_group == *group && arm.weight > 0) {
                    let Some(far) = arm.reach(block) else {
                        continue;
                    };
                    let known = &mut near[arm.far_group];
                    if !known.iter().any(|own| far.is_subset(own)) {
                        known.push(far.clone());
                        next.push((arm.far_group, far));
                    }
                }
            }
            last = next;
        }
        near
    }

    /// Receiver, ranks that send without limit, other ranks, each by whether they have data, and
    /// other nodes.
    fn seeds(&self, receiver: &Node, idle: &[Vec<Block>]) -> Vec<Seed> {
        let own = Block::point(&receiver.1);
        let mut seeds = vec![Seed {
            group: receiver.0,
            terminal: Terminal::Sink,
            blocks: vec![own.clone()],
        }];
        let mut add = |group: usize, terminal, blocks: Vec<Block>| {
            let blocks = subtract(&blocks, &idle[group]);
            if !blocks.is_empty() {
                seeds.push(Seed {
                    group,
                    terminal,
                    blocks,
                });
            }
        };
        for (group, left) in self.left.iter().enumerate() {
            let senders = &self.search.members.senders[group];
            let mut left = left.clone();
            if group == receiver.0 {
                left = subtract(&left, std::slice::from_ref(&own));
            }
            for ranks in [&self.shown[group], &left] {
                add(group, Terminal::Source, intersection(ranks, senders));
                add(group, Terminal::Source, subtract(ranks, senders));
            }
        }
        for seed in &self.others {
            add(seed.group, seed.terminal, seed.blocks.clone());
        }
        seeds
    }
}

/// What to leave out with each block of changed links. At its end with more nodes: all that shares a
/// coordinate, and its parents', with it, for the widest coordinate that spares most nodes; else the
/// end alone while that does.
fn surroundings(fabric: &Fabric) -> Vec<Surroundings> {
    let layout = fabric.layout();
    let families = Families::new(layout);
    let mut changed: Vec<Vec<Block>> = vec![Vec::new(); layout.groups.len()];
    for (bundle, changes) in layout.bundles.iter().zip(&fabric.state().overrides) {
        let [a, b] = [bundle.a, bundle.b].map(|group| &layout.groups[group]);
        for change in changes {
            if a.num_nodes >= b.num_nodes {
                changed[bundle.a].push(bundle.a_end(&change.links, a));
            } else {
                changed[bundle.b].push(bundle.b_end(&change.links, a));
            }
        }
    }
    let several = changed.iter().filter(|own| !own.is_empty()).count() as u64;
    let spare: Vec<u64> = (layout.groups.iter())
        .map(|own| own.num_nodes / SPARED / several.max(1))
        .collect();
    let mut out = Vec::new();
    for (group, blocks) in changed.into_iter().enumerate() {
        let wide = families.order[group].iter().find_map(|digit| {
            let family = families.of[group][*digit];
            let found = blocks
                .iter()
                .map(|block| around(fabric, &families, group, block, family));
            let found: FxHashSet<Surroundings> = found.collect();
            let mut left = spare.clone();
            let mut pieces = found.iter().flatten();
            let fits = pieces.all(|(group, block)| {
                let fits = block.len() <= left[*group];
                left[*group] = left[*group].saturating_sub(block.len());
                fits
            });
            fits.then_some(found)
        });
        match wide {
            Some(found) => out.extend(found),
            None => {
                let mut left = spare[group];
                for block in blocks {
                    if block.len() <= left {
                        left -= block.len();
                        out.push(vec![(group, block)]);
                    }
                }
            }
        }
    }
    out
}

/// All nodes that have a family and share its values, and its parents', with a block.
fn around(
    fabric: &Fabric,
    families: &Families,
    group: usize,
    block: &Block,
    family: usize,
) -> Surroundings {
    let mut shared = families.list[family].parents.clone();
    shared.push(family);
    let mut out = Vec::new();
    for (other, own) in fabric.layout().groups.iter().enumerate() {
        let mut around = Block::full(own.digit_sizes());
        let all = shared.iter().all(|family| {
            let digits = (
                families.digit(group, *family),
                families.digit(other, *family),
            );
            let (Some(mine), Some(theirs)) = digits else {
                return false;
            };
            around = around.with_axis(theirs, block.axis(mine).clone());
            true
        });
        if all {
            out.push((other, around));
        }
    }
    out
}
