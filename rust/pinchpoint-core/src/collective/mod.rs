//! Collectives: the best rate that trees from ranks to ranks can have, by cuts.
//!
//! ForestColl's theorem (docs/theory.md, "Collectives"): if every node of `senders` has data for
//! all `ranks`, the largest rate x per sender is the minimum, over the sets S of nodes that miss a
//! rank, of the capacity that leaves S over the number of senders in S. With one sender that is
//! broadcast, with all of them all-gather; on the reversed graph reduce and reduce-scatter.
//! [`optimum`] finds x, an exact fraction, by Newton's method on the cuts, with one receiver per
//! orbit of ranks.

mod classes;
mod listed;
mod members;
mod nearby;
mod newton;
mod parts;
mod switched;

pub use members::Members;
pub use newton::Rate;
pub use parts::{Parts, parts};
pub use switched::{Switched, switched};

use crate::bandwidth::{Ends, Forwarding, Side};
use crate::certify;
use crate::certify::crossing::Crossing;
use crate::error::Result;
use crate::fabric::{Block, Fabric, Selection, hull, intersection, subtract};
use crate::memory;
use crate::monitor::Monitor;
use crate::parallel::in_pieces;
use crate::symmetry::Orbit;

/// A fabric whose classes are too many is solved link by link up to this size.
const PLAIN_LIMIT_BYTES: u64 = 8_000_000_000;

/// Who takes part.
#[derive(Debug, Clone)]
pub struct Query {
    pub ranks: Vec<Selection>,
    /// Ranks that have data; all of them if empty.
    pub senders: Vec<Selection>,
    /// Whether only the first rank has data, where no senders are given.
    pub first_sends: bool,
    pub forwarding: Forwarding,
    /// Whether links are taken the other way round.
    pub reversed: bool,
    /// At most this many receivers are tried; beyond, one per class of alike ranks.
    pub max_receivers: u64,
}

/// The set of nodes that binds: its capacity over its senders is the rate.
#[derive(Debug, Clone)]
pub struct Binding {
    pub side: Side,
    /// A rank outside: group and node.
    pub receiver: (usize, Vec<u32>),
    /// Senders inside.
    pub senders: u64,
    /// Ranks outside.
    pub receivers: u64,
    /// What leaves the set, in the fabric's units.
    pub capacity: i128,
    pub rows: Vec<Crossing>,
}

/// The best rate, checked.
#[derive(Debug, Clone)]
pub struct Optimum {
    /// Per sender, in the fabric's units.
    pub rate: Rate,
    pub members: Members,
    pub binding: Binding,
    /// Whether a flow was found and checked for one receiver of every orbit, which proves that the
    /// rate is reached. If not, it is only known that no more is possible.
    pub reached: bool,
    /// Receivers for which a flow was found.
    pub tried: u64,
    /// Those of them for which one from ranks near by was enough.
    pub near: u64,
    /// Classes and arcs of the largest quotient; zero if solved link by link.
    pub effort: (usize, usize),
    ends: Ends,
}

impl Optimum {
    /// By group that holds ranks outside the binding set: per coordinate, the one value that they
    /// share, or -1 where they differ.
    pub fn outside(&self, fabric: &Fabric) -> Vec<(usize, Vec<i64>)> {
        let side = &self.binding.side;
        let ranks = self.members.ranks.iter().zip(&side.leaves).enumerate();
        let outside = ranks.filter_map(|(group, (ranks, side_of))| {
            let own = if side.of_source {
                subtract(ranks, side_of)
            } else {
                intersection(ranks, side_of)
            };
            let group_of = &fabric.layout().groups[group];
            let around = hull(&own)?;
            let first = around.first()?;
            let values = group_of.user_values(&first);
            let coordinates = group_of.coordinates.iter().zip(values);
            let shared = coordinates.map(|(coordinate, value)| {
                let single = |digit: &usize| around.axis(*digit).as_single().is_some();
                match coordinate.digits.iter().all(single) {
                    true => i64::from(value),
                    false => -1,
                }
            });
            Some((group, shared.collect()))
        });
        outside.collect()
    }

    /// Counts the capacity of the binding set again, from the fabric.
    pub fn verify(&self, fabric: &Fabric, reversed: bool) -> Result<()> {
        certify::collective::check_cut(fabric, &self.ends, &self.members, &self.binding, reversed)
    }
}

/// The best rate per sender.
///
/// # Errors
/// `Selection` for ranks that do not exist or are fewer than two, and senders that are no ranks;
/// `Certificate` if the independent check refuses the answer, which is a bug; what the monitor says.
///
/// # Complexity
/// A refinement and a few flows on its classes per orbit of ranks; link by link where the fabric
/// has no coordinates to speak of.
pub fn optimum(fabric: &Fabric, query: &Query, monitor: &dyn Monitor) -> Result<Optimum> {
    let members = Members::new(fabric, query)?;
    let layout = fabric.layout();
    if let Some(arrays) = fabric.arrays() {
        // Nodes are told apart one by one at worst, and so are the sides of a cut.
        let (nodes, links) = (layout.num_nodes(), arrays.tails.len() as u64);
        memory::check("a collective", 160 * nodes + 64 * links)?;
    }
    let relays = layout
        .groups
        .iter()
        .map(|group| query.forwarding.relay(group))
        .collect();
    let blank = Ends {
        sources: vec![Vec::new(); layout.groups.len()],
        sinks: vec![Vec::new(); layout.groups.len()],
        relays,
    };
    let search = Search {
        fabric,
        members: &members,
        blank,
        reversed: query.reversed,
    };
    if let Some(receiver) = search.failed() {
        return search.nothing(receiver);
    }
    let orbits = members.orbits(fabric, query.max_receivers, monitor)?;
    let mut found = newton::Found::default();
    let mut reached = orbits.is_some();
    let mut near = None;
    let own: Vec<Node> = match orbits {
        Some(mut orbits) => {
            // What most ranks are like helps most to show the rest.
            orbits.list.sort_by(|a, b| b.size.total_cmp(&a.size));
            if fabric.arrays().is_none() && orbits.list.len() > 1 {
                let block = |own: &Orbit| (own.group, orbits.block(own));
                let blocks = orbits.list.iter().map(block).collect();
                near = Some(nearby::Nearby::new(&search, blocks));
            }
            let nodes = orbits.list.into_iter();
            nodes.map(|own| (own.group, own.point)).collect()
        }
        None => classes::receivers(&search, monitor)?,
    };
    let mut plain = None;
    if fabric.arrays().is_some() {
        plain = Some(fabric.clone());
    }
    let mut passes = vec![false; own.len()];
    for (orbit, receiver) in own.iter().enumerate() {
        if found
            .best
            .as_ref()
            .is_some_and(|(rate, ..)| rate.capacity == 0)
        {
            // No receiver can have less.
            break;
        }
        if !passes[orbit]
            && let (Some(near), Some((rate, _, _))) = (&near, &found.best)
        {
            passes[orbit] = near.passes(receiver, rate.reduced(), monitor)?;
        }
        if passes[orbit] {
            found.tried += 1;
            found.near += 1;
        } else {
            if plain.is_none() && !classes::solve(&search, receiver, &mut found, monitor)? {
                plain = Some(fabric.materialize(PLAIN_LIMIT_BYTES, monitor)?);
            }
            if let Some(plain) = &plain {
                listed::solve(&search, plain, receiver, &mut found, monitor)?;
            }
        }
        if let (Some(near), Some((rate, _, _))) = (&mut near, &found.best) {
            near.note(orbit);
            if orbit == 0 {
                // Most follow from the first at once, in any order.
                let pass = |other| near.passes(&own[other + 1], rate.reduced(), monitor);
                passes[1..].copy_from_slice(&in_pieces(own.len() - 1, pass)?);
            }
        }
    }
    let Some((rate, side, receiver)) = found.best.take() else {
        // Only the one sender was there to receive.
        return Err(members::few(1));
    };
    reached &= found.tried > 0;
    search.answer(rate, side, receiver, reached, &found)
}

/// A node: its group and its digits.
pub(crate) type Node = (usize, Vec<u32>);

/// What stays the same from receiver to receiver.
pub(crate) struct Search<'a> {
    pub fabric: &'a Fabric,
    pub members: &'a Members,
    /// Forwarding, and no terminals.
    pub blank: Ends,
    pub reversed: bool,
}

impl Search<'_> {
    /// All ranks send, one receives: all of them may relay what others sent.
    pub fn ends(&self, receiver: &Node) -> Ends {
        let mut ends = self.blank.clone();
        let own = Block::point(&receiver.1);
        ends.sources = self.members.ranks.clone();
        ends.sources[receiver.0] = subtract(&ends.sources[receiver.0], std::slice::from_ref(&own));
        ends.sinks[receiver.0] = vec![own];
        ends
    }

    /// Senders other than the receiver.
    pub fn weight(&self, receiver: &Node) -> u64 {
        let sends = self.members.sends(receiver);
        self.members.num_senders - u64::from(sends)
    }

    /// Everything but the receiver.
    pub fn all_but(&self, receiver: &Node) -> Side {
        let mut nodes = vec![Vec::new(); self.blank.relays.len()];
        nodes[receiver.0].push(Block::point(&receiver.1));
        Side {
            of_source: false,
            enters: nodes.clone(),
            leaves: nodes,
        }
    }

    /// A rank that is down.
    fn failed(&self) -> Option<Node> {
        let removed = self.fabric.state().removed.iter();
        removed.enumerate().find_map(|(group, removed)| {
            let down = intersection(&self.members.ranks[group], removed);
            Some((group, down.first()?.first()?))
        })
    }

    /// The answer when a rank is down.
    fn nothing(&self, receiver: Node) -> Result<Optimum> {
        let mut side = self.all_but(&receiver);
        // A failed node is on no side of the fabric that is left.
        side.enters.iter_mut().for_each(Vec::clear);
        side.leaves.iter_mut().for_each(Vec::clear);
        let found = newton::Found::default();
        let rate = Rate {
            capacity: 0,
            senders: self.members.num_senders,
        };
        self.answer(rate, side, receiver, false, &found)
    }

    fn answer(
        &self,
        rate: Rate,
        side: Side,
        receiver: Node,
        reached: bool,
        found: &newton::Found,
    ) -> Result<Optimum> {
        let ends = self.ends(&receiver);
        let rows = certify::collective::rows(self.fabric, &ends, &side, self.reversed);
        let answer = Optimum {
            rate,
            binding: Binding {
                receiver,
                senders: self
                    .members
                    .inside(&side, &side.enters, &self.members.senders),
                receivers: self.members.num_ranks
                    - self
                        .members
                        .inside(&side, &side.leaves, &self.members.ranks),
                capacity: rate.capacity,
                rows,
                side,
            },
            members: self.members.clone(),
            reached,
            tried: found.tried,
            near: found.near,
            effort: found.effort,
            ends,
        };
        answer.verify(self.fabric, self.reversed)?;
        Ok(answer)
    }
}
