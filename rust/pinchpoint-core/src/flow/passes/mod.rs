//! Maximum flow by passes over the edges as they are listed.
//!
//! Fabrics are shallow, and listed tier by tier: a pass over all edges in their order, or against
//! it, carries labels or amounts through all tiers at once, and needs not know what belongs to each
//! node. All that the source can send is pushed toward the sink, all that the sink can take is
//! pulled from the source, on a thread each, and what meets halfway is flow. Pushing fills what is
//! narrow on one side and pulling what is narrow on the other, so that of what is left over on a
//! fabric in order nothing can reach what is still wanted: then the flow is maximum, and what is
//! left goes back the way it came. Else nothing is known, and the solver for all graphs begins.
//!
//! Pushing in one sweep over levels that a list is ordered by is the wave method (Tarjan, "A simple
//! version of Karzanov's blocking flow algorithm", Operations Research Letters 2, 1984) without
//! its second half; a list of edges in place of adjacency is how Fontaine sends flow ("Tidal flow",
//! Olympiads in Informatics 12, 2018).

mod list;
mod steps;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::mem;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::threads;

use super::capacity::{Capacity, Integer, Residue};

use list::Blocks;
pub use list::Listed;
use steps::{Halfway, Labelling, Search, Sweep, Withdrawal, signed, to_sum};

/// Fewer arcs are solved as quickly otherwise.
const MANY_ARCS: usize = 1 << 18;
/// Passes for labels, for amounts, and to give back what is left.
const PASSES: usize = 4;
/// Deeper graphs are not solved by passes.
const DEEPEST: u8 = 14;
/// Where the sink is nearer than this to what the source sends, what is left over must make detours
/// that labels say nothing about.
const NEAREST: u8 = 3;
/// Nodes asked how near the other end is, once in so many blocks.
const ASKED: usize = 64;
const SELDOM: usize = 8;
/// Fewer edges of the source or the sink are searched from there, at a cost of what that touches.
const MANY: usize = 256;
/// Capacities looked at, and how often they may change from one to the next: in a fabric in order
/// tiers have theirs.
const SAMPLE: usize = 128;
const CHANGES: usize = 10;
/// No way to the other end is known.
const NONE: u8 = 0x7f;
/// Beside the label of a node: it holds some excess.
const ACTIVE: u8 = 0x80;

/// A maximum flow.
#[derive(Debug)]
pub struct Passed<R: Residue> {
    pub value: R::Excess,
    /// By edge, what was pushed in the direction of its ends and what was pulled, less than zero if
    /// against it: the flow is both together.
    pub amounts: [Vec<R>; 2],
    /// By node: on the source side of the wanted cut.
    pub source_side: Vec<bool>,
}

/// Where to send from and to.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub num_nodes: usize,
    pub source: u32,
    pub sink: u32,
    /// Which of the minimum cuts is wanted: the one nearest to the source (0), or to the sink (1).
    pub nearest_to: usize,
}

/// Whether a fabric in order may have capacities like these.
pub fn may_help<C: Capacity>(capacity: &[C]) -> bool {
    let step = (capacity.len() / SAMPLE).max(1);
    let sample = || capacity.iter().step_by(step);
    let pairs = sample().zip(sample().skip(1));
    capacity.len() >= MANY_ARCS && pairs.filter(|(one, next)| one != next).count() <= CHANGES
}

/// Sends from the source to the sink over the edges that are `listed`, if it takes few passes.
///
/// # Errors
///
/// What the monitor says.
///
/// # Complexity
///
/// O(n + m), on two threads.
pub fn send<R: Residue>(
    listed: &Listed<'_, R>,
    route: Route,
    monitor: &dyn Monitor,
) -> Result<Option<Passed<R>>> {
    let list = &Blocks::of(listed, route, monitor)?;
    let totals = list.totals;
    if list.joined || list.outer.iter().any(|outer| outer.len() < MANY) {
        return Ok(None);
    }
    // Sums in few bits, where they fit, keep more nodes in the cache.
    if totals[0].max(totals[1]).wide() <= R::MAX.wide() {
        send_sums::<R, R>(list)
    } else {
        send_sums::<R, R::Excess>(list)
    }
}

/// The same with sums at nodes in `X`.
fn send_sums<R: Residue, X: Integer>(list: &Blocks<'_, R>) -> Result<Option<Passed<R>>> {
    let totals = list.totals;
    let (pushed, pulled) = threads::both(
        true,
        || Side::<R, X, 0>::new(list),
        || Side::<R, X, 1>::new(list),
    );
    let (Some(mut pushed), Some(mut pulled)) = (pushed?, pulled?) else {
        return Ok(None);
    };
    let farthest = pushed.farthest(list);
    let halfway = &Halfway {
        levels: [farthest / 2, farthest - farthest / 2],
        label: pushed.label.clone(),
    };
    let (one, other) = threads::both(
        true,
        || pushed.sweep(list, halfway),
        || pulled.sweep(list, halfway),
    );
    one.and(other)?;
    let met = meet(&mut pushed.excess, &mut pulled.excess);
    let value = R::Excess::truncate(met.wide());
    let source_side = match list.route.nearest_to {
        0 => pushed.reach(list, &pulled, value < totals[0])?,
        _ => pulled.reach(list, &pushed, value < totals[1])?,
    };
    let Some(source_side) = source_side else {
        return Ok(None);
    };
    let (one, other) = threads::both(
        true,
        || pushed.give_back(list, value < totals[0]),
        || pulled.give_back(list, value < totals[1]),
    );
    if !(one? && other?) {
        return Ok(None);
    }
    let amounts = [pushed.amount, pulled.amount];
    Ok(Some(Passed {
        value,
        amounts,
        source_side,
    }))
}

/// Pushed and pulled amounts meet where they are: both become less, and this much is flow.
fn meet<X: Integer>(pushed: &mut [X], pulled: &mut [X]) -> X {
    let mut met = X::default();
    for (pushed, pulled) in pushed.iter_mut().zip(pulled) {
        let both = (*pushed).min(*pulled);
        *pushed -= both;
        *pulled -= both;
        met += both;
    }
    met
}

/// What one end does: the source (0) pushes excess along edges, the sink (1) pulls it, which is to
/// push what it lacks against them. Amounts at a node are counted in `X`.
struct Side<R, X, const SIDE: usize> {
    /// By node: how far the other end is, and whether there is excess.
    label: Vec<u8>,
    /// By block: the highest label in it.
    highest: Vec<u8>,
    /// By edge: what was sent in the direction of its ends, less than zero if against it.
    amount: Vec<R>,
    excess: Vec<X>,
}

impl<R: Residue, X: Integer, const SIDE: usize> Side<R, X, SIDE> {
    /// Sends all this end can, one step far, and labels nodes; `None` if the other end is too far
    /// from some of them, or too near.
    fn new(list: &Blocks<'_, R>) -> Result<Option<Self>> {
        let n = list.route.num_nodes;
        let mut side = Side {
            label: vec![NONE; n],
            highest: vec![NONE; list.num_blocks()],
            amount: Vec::new(),
            excess: Vec::new(),
        };
        for outer in &list.outer[1 - SIDE] {
            side.label[outer.node as usize] = 0;
        }
        if !side.find_labels(list)? {
            return Ok(None);
        }
        side.amount = vec![R::default(); list.num_edges];
        side.excess = vec![X::default(); n];
        for outer in &list.outer[SIDE] {
            let node = outer.node as usize;
            side.amount[outer.edge as usize] += outer.signed;
            side.excess[node] += to_sum(outer.all());
            side.label[node] |= ACTIVE;
        }
        Ok(Some(side))
    }

    /// Labels nodes until all that this end sends to have one, but for those without a way.
    fn find_labels(&mut self, list: &Blocks<'_, R>) -> Result<bool> {
        let outer = &list.outer[SIDE];
        let often = outer.len().div_ceil(ASKED);
        let asked = outer.iter().step_by(often);
        for pass in 0..PASSES {
            let near = Cell::new(false);
            let mut labelling = Labelling::<SIDE> {
                terminals: list.terminals(),
                label: &mut self.label,
                highest: 0,
                changed: false,
                deep: false,
            };
            // Where all nodes have labels they are good enough.
            let known: Vec<bool> = self.highest.iter().map(|label| *label < NONE).collect();
            list.pass(
                pass % 2 == 1,
                &mut labelling,
                |block| known[block] || near.get(),
                |block, step| {
                    self.highest[block] = mem::take(&mut step.highest);
                    if block % SELDOM == 0 {
                        let mut labels = asked.clone().map(|outer| step.label[outer.node as usize]);
                        near.set(labels.any(|label| label < NEAREST));
                    }
                },
            )?;
            let Labelling { changed, deep, .. } = labelling;
            let labels = outer.iter().map(|outer| self.label[outer.node as usize]);
            let (least, most) = labels.fold((NONE, 0), |(least, most), label| {
                (least.min(label), most.max(label))
            });
            if deep || least < NEAREST {
                return Ok(false);
            }
            // Where nothing changes any more, there is no way.
            if most < NONE || !changed {
                return Ok(least < NONE);
            }
        }
        Ok(false)
    }

    /// The largest label of a node that this end sends to.
    fn farthest(&self, list: &Blocks<'_, R>) -> u8 {
        let outer = list.outer[SIDE].iter();
        let labels = outer.map(|outer| self.label[outer.node as usize] & NONE);
        labels.filter(|label| *label < NONE).max().unwrap_or(0)
    }

    /// Sends excess down the labels, as far as halfway.
    fn sweep(&mut self, list: &Blocks<'_, R>, halfway: &Halfway) -> Result<()> {
        let level = halfway.levels[SIDE];
        for pass in 0..PASSES {
            let mut sweep = Sweep::<R, X, SIDE> {
                halfway,
                label: &mut self.label,
                amount: &mut self.amount,
                excess: &mut self.excess,
                from: list.route.source,
                left: X::default(),
                to: list.route.source,
                gained: X::default(),
                moved: false,
            };
            let highest = &self.highest;
            let done = |block: usize| highest[block] <= level;
            list.pass(pass % 2 == 1, &mut sweep, done, |_, _| ())?;
            let moved = sweep.end();
            let before = |label: &u8| label & ACTIVE != 0 && label & NONE > level;
            if !moved || !self.label.iter().any(before) {
                break;
            }
        }
        Ok(())
    }

    /// The source side of the cut nearest to this end, if nothing that is left here reaches what is
    /// left at the other end.
    fn reach<const OTHER: usize>(
        &self,
        list: &Blocks<'_, R>,
        other: &Side<R, X, OTHER>,
        any_left: bool,
    ) -> Result<Option<Vec<bool>>> {
        let zero = X::default();
        let end = list.terminals();
        let mut reached = if any_left {
            self.excess.iter().map(|own| *own > zero).collect()
        } else {
            vec![false; list.route.num_nodes]
        };
        let (mut changed, mut pass) = (any_left, 0);
        while changed {
            if pass == 2 * PASSES {
                return Ok(None);
            }
            let mut search = Search::<R, SIDE> {
                terminals: end,
                amounts: [&self.amount, &other.amount],
                reached: &mut reached,
                changed: false,
            };
            list.pass_all(pass % 2 == 1, &mut search)?;
            changed = search.changed;
            pass += 1;
            let mut lacking = other.excess.iter().zip(&reached);
            if lacking.any(|(lacks, reached)| *reached && *lacks > zero) {
                return Ok(None);
            }
        }
        reached[end[SIDE] as usize] = true;
        if SIDE == 1 {
            reached.iter_mut().for_each(|reached| *reached = !*reached);
        }
        Ok(Some(reached))
    }

    /// Takes back all excess; false if it takes too many passes.
    fn give_back(&mut self, list: &Blocks<'_, R>, any_left: bool) -> Result<bool> {
        let mut any_left = any_left;
        for pass in 0..2 * PASSES {
            if !any_left {
                return Ok(true);
            }
            for outer in &list.outer[SIDE] {
                let (edge, direction) = (outer.edge as usize, outer.direction());
                let excess = &mut self.excess[outer.node as usize];
                let back = (*excess).min(to_sum(signed(self.amount[edge], direction)));
                self.amount[edge] -= signed(R::truncate(back.wide()), direction);
                *excess -= back;
            }
            any_left = self.excess.iter().any(|excess| *excess > X::default());
            if any_left {
                let mut withdrawal = Withdrawal::<R, X, SIDE> {
                    amount: &mut self.amount,
                    excess: &mut self.excess,
                };
                // The way back begins where the way there ended.
                list.pass_all(pass % 2 == 0, &mut withdrawal)?;
                // What came to the end itself is back.
                self.excess[list.terminals()[SIDE] as usize] = X::default();
            }
        }
        Ok(false)
    }
}
