//! The nodes on shortest routes alone, tried before the whole fabric.

use super::ends::Ends;
use super::symbolic::{Beside, Solved, budget};
use super::{Bandwidth, Proof, Side};
use crate::certify;
use crate::error::Result;
use crate::fabric::{Block, Fabric, subtract};
use crate::monitor::Monitor;
use crate::quotient::{Partition, QuotientArc, Refined, Scope, Symbolic, Terminal, arcs, refine};

/// Hops beyond the shortest routes that are tried before the whole fabric is: a detour through
/// another switch of the same tier takes two.
const DETOURS: [u32; 2] = [0, 2];

/// Tries the nodes on shortest routes alone: what failed elsewhere is then never looked at.
///
/// A flow within part of the fabric is a flow of the fabric, and any cut of the fabric bounds it
/// from above. So if the cuts found in the part, continued into the rest, have the value of the
/// flow, all are optimal. If not, nothing is known, and `None` is returned.
pub(super) fn solve_nearby(
    fabric: &Fabric,
    ends: &Ends,
    monitor: &dyn Monitor,
) -> Result<Option<Bandwidth>> {
    // Cuts through nodes are left to the whole fabric.
    if fabric
        .layout()
        .groups
        .iter()
        .any(|group| group.capacity.is_some())
    {
        return Ok(None);
    }
    let built = Symbolic::new(fabric, ends, Scope::AsBuilt);
    let Refined::Done(mut coarse) = refine(&built, budget(fabric) / 4, monitor)? else {
        return Ok(None);
    };
    let coarse_arcs = arcs(&built, &mut coarse, monitor)?;
    for detour in DETOURS {
        let routes = Routes::new(&coarse, &coarse_arcs, detour);
        if routes.far().next().is_none() {
            break;
        }
        if let Some(answer) = solve_part(fabric, ends, &mut coarse, &routes, monitor)? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// Solves the query on the classes of `routes` alone; see [`solve_nearby`].
fn solve_part(
    fabric: &Fabric,
    ends: &Ends,
    coarse: &mut Partition,
    routes: &Routes,
    monitor: &dyn Monitor,
) -> Result<Option<Bandwidth>> {
    let num_groups = fabric.layout().groups.len();
    let mut near: Vec<Vec<Block>> = vec![Vec::new(); num_groups];
    for (id, class) in coarse.classes.iter().enumerate() {
        if routes.near[id] {
            near[class.group].extend(coarse.blocks_of(id as u32).cloned());
        }
    }
    let graph = Symbolic::new(fabric, ends, Scope::Within(&near));
    let Refined::Done(mut partition) = refine(&graph, budget(fabric) / 4, monitor)? else {
        return Ok(None);
    };
    let mut solved = Solved::new(&graph, &mut partition, monitor)?;
    if solved.value == 0 {
        return Ok(None);
    }
    let search = Search::new(&solved.flows, &partition, coarse, routes);
    let (Some(source), Some(sink)) = (
        search.reach(&partition, Terminal::Source, true),
        search.reach(&partition, Terminal::Sink, true),
    ) else {
        return Ok(None);
    };
    let inner = partition.classes.len();
    // A way round through the rest is a guess; a cut is known to be the nearest one only if it
    // needs no guess.
    let certain = |terminal, with_rest: &[bool]| {
        let alone = search.reach(&partition, terminal, false);
        alone.is_some_and(|alone| alone[..inner] == with_rest[..inner])
    };
    let minimal = [
        certain(Terminal::Source, &source),
        certain(Terminal::Sink, &sink),
    ];
    solved.source_side = source[..inner].iter().map(|with| (*with, *with)).collect();
    solved.sink_side = sink[..inner].iter().map(|with| (!*with, !*with)).collect();
    let beside: Vec<Beside> = routes
        .far()
        .map(|class| {
            let group = coarse.classes[class as usize].group;
            let blocks: Vec<Block> = coarse.blocks_of(class).cloned().collect();
            let place = inner + class as usize;
            Beside {
                group,
                blocks: subtract(&blocks, &fabric.state().removed[group]),
                with_source: [source[place], !sink[place]],
            }
        })
        .collect();
    let value = solved.value;
    let mut answer = solved.into_answer(fabric, &partition, ends.clone(), &beside);
    answer.minimal = minimal;
    let Proof::Symbolic(witness) = &answer.proof else {
        return Ok(None);
    };
    let tight = |side: &Side| {
        let crossing = certify::crossing::crossing(fabric, ends, side);
        crossing.iter().map(|row| row.capacity).sum::<i128>() == value
    };
    Ok(witness.cuts.iter().all(tight).then_some(answer))
}

/// The residual graph of a solved part, with the rest of the fabric around it as built.
///
/// Places are the part's classes, then the classes of the fabric as built. No flow leaves the part,
/// so what is beside it is taken to be passable both ways; that is a guess where links have failed,
/// and the cut that follows from it is counted link by link afterwards.
struct Search {
    forward: Vec<Vec<u32>>,
    backward: Vec<Vec<u32>>,
}

impl Search {
    fn new(
        flows: &[(QuotientArc, i128)],
        partition: &Partition,
        coarse: &mut Partition,
        routes: &Routes,
    ) -> Self {
        let inner = partition.classes.len();
        let places = inner + coarse.classes.len();
        let mut search = Search {
            forward: vec![Vec::new(); places],
            backward: vec![Vec::new(); places],
        };
        for (arc, flow) in flows {
            if *flow < arc.capacity {
                search.join(arc.tail, arc.head);
            }
            if *flow > 0 {
                search.join(arc.head, arc.tail);
            }
        }
        for class in 0..inner as u32 {
            let group = partition.classes[class as usize].group;
            let Some(block) = partition.blocks_of(class).next() else {
                continue;
            };
            let mut home = None;
            coarse.meeting(group, block, |_, class, _| home = Some(class));
            for other in home.map_or(&[][..], |home| &routes.neighbours[home as usize]) {
                if !routes.near[*other as usize] {
                    search.join(class, inner as u32 + other);
                    search.join(inner as u32 + other, class);
                }
            }
        }
        for class in routes.far() {
            for other in &routes.neighbours[class as usize] {
                if !routes.near[*other as usize] {
                    search.join(inner as u32 + class, inner as u32 + other);
                }
            }
        }
        search
    }

    fn join(&mut self, tail: u32, head: u32) {
        self.forward[tail as usize].push(head);
        self.backward[head as usize].push(tail);
    }

    /// What the sources reach, or what reaches the sinks, `round` through the rest of the fabric
    /// or not; `None` if one leads to the other.
    fn reach(&self, partition: &Partition, from: Terminal, round: bool) -> Option<Vec<bool>> {
        let steps = match from {
            Terminal::Source => &self.forward,
            _ => &self.backward,
        };
        let mut reached = vec![false; steps.len()];
        let classes = partition.classes.iter().enumerate();
        let start = classes.filter(|(_, class)| class.terminal == from);
        let mut stack: Vec<u32> = start.map(|(id, _)| id as u32).collect();
        stack
            .iter()
            .for_each(|place| reached[*place as usize] = true);
        while let Some(place) = stack.pop() {
            let terminal = partition
                .classes
                .get(place as usize)
                .map(|class| class.terminal);
            if terminal.is_some_and(|terminal| terminal != from && terminal != Terminal::Inner) {
                return None;
            }
            for next in &steps[place as usize] {
                let inside = (*next as usize) < partition.classes.len();
                if (round || inside) && !reached[*next as usize] {
                    reached[*next as usize] = true;
                    stack.push(*next);
                }
            }
        }
        Some(reached)
    }
}

/// The neighbourhood of the shortest routes, on the quotient of the fabric as built.
struct Routes {
    neighbours: Vec<Vec<u32>>,
    near: Vec<bool>,
}

impl Routes {
    /// Classes on a way from a source to a sink at most `detour` hops longer than the longest of
    /// the shortest ones.
    fn new(partition: &Partition, arcs: &[QuotientArc], detour: u32) -> Self {
        let mut neighbours = vec![Vec::new(); partition.classes.len()];
        for arc in arcs {
            neighbours[arc.tail as usize].push(arc.head);
            neighbours[arc.head as usize].push(arc.tail);
        }
        let is = |class: usize, terminal| partition.classes[class].terminal == terminal;
        let distances = |terminal: Terminal| {
            let mut distance = vec![u32::MAX; neighbours.len()];
            let start = (0..neighbours.len()).filter(|class| is(*class, terminal));
            let mut queue: Vec<usize> = start.collect();
            queue.iter().for_each(|class| distance[*class] = 0);
            let mut next = 0;
            while next < queue.len() {
                let class = queue[next];
                next += 1;
                for other in &neighbours[class] {
                    if distance[*other as usize] == u32::MAX {
                        distance[*other as usize] = distance[class] + 1;
                        queue.push(*other as usize);
                    }
                }
            }
            distance
        };
        let (from, to) = (distances(Terminal::Source), distances(Terminal::Sink));
        let both = |class: usize| from[class].saturating_add(to[class]);
        let terminals = (0..neighbours.len()).filter(|class| !is(*class, Terminal::Inner));
        let longest = terminals
            .map(both)
            .filter(|hops| *hops < u32::MAX)
            .max()
            .unwrap_or(0);
        let near = (0..neighbours.len())
            .map(|class| !is(class, Terminal::Inner) || both(class) <= longest + detour)
            .collect();
        Routes { neighbours, near }
    }

    /// The other classes.
    fn far(&self) -> impl Iterator<Item = u32> {
        (0..self.near.len() as u32).filter(|class| !self.near[*class as usize])
    }
}
