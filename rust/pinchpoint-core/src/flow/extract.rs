//! From residues back to the flow of every arc of the problem.

use std::ops::Range;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::threads::{self, Part};

use super::capacity::{Capacity, Residue};
use super::graph::{Link, NO_SLOT, Residual, Scale, Slots};
use super::network::Network;
use super::pairing::{Run, Segment};
use super::problem::FlowProblem;

/// Arcs that make a second thread worth starting.
const GRAIN: usize = 1 << 15;
/// Shares for each thread.
const FINER: usize = 4;

/// The flow of each arc, by what its slot lost since it was laid out.
///
/// Directions that were never open are marked ([`Residual::mark_closed`]). Where arcs share slots,
/// those are filled in order of the arcs.
pub fn extract_flow<C: Capacity, R: Residue>(
    graph: &Residual<R>,
    problem: &FlowProblem<'_, C>,
    network: &Network,
    scale: Scale<R>,
    monitor: &dyn Monitor,
) -> Result<Vec<C>> {
    let m = problem.tails.len();
    if let Slots::Dealt(dealt) = &graph.slots {
        if graph.merged {
            let slots = dealt.table(problem, network, scale, monitor)?;
            return Ok(shared(graph, problem, scale, &slots));
        }
        let flow_of = |capacity, left| of_direction(scale, capacity, left);
        return dealt.flows(graph, problem, network, scale, flow_of, monitor);
    }
    let segments = match &graph.slots {
        Slots::Runs(runs) => Segment::all_of(runs),
        _ => Vec::new(),
    };
    let reading = &Reading {
        graph,
        problem,
        network,
        scale,
        segments,
    };
    // In finer shares: other threads may still be at what is done beside this.
    let shares = match threads::worth(m, GRAIN) {
        1 => 1,
        workers => FINER * workers,
    };
    let ranges = threads::ranges(m, shares);
    let jobs = ranges
        .iter()
        .map(|range| move |part: &mut Part<'_, C>| reading.write(part, range.clone()));
    Ok(threads::made(0, &ranges, jobs).0)
}

/// The flow of each arc of runs, by what is sent along their edges: the sum of two amounts, less than
/// zero if against the ends.
pub fn flow_of_amounts<C: Capacity, R: Residue>(
    runs: &[Run],
    amounts: [&[R]; 2],
    duplex: bool,
    scale: Scale<R>,
) -> Vec<C> {
    let segments = Segment::all_of(runs);
    let m = segments.last().map_or(0, |segment| segment.end as usize);
    let ranges = threads::ranges(m, threads::worth(m, GRAIN));
    let segments = &segments[..];
    let flow = move |pushed: R, pulled: R, against: bool| -> C {
        let sum = if against {
            -pushed - pulled
        } else {
            pushed + pulled
        };
        unit(scale, if duplex { sum } else { sum.max(R::default()) })
    };
    let jobs = ranges.iter().map(|range| {
        move |part: &mut Part<'_, C>| {
            for segment in segments {
                let Some((arcs, slot)) = segment.within(range) else {
                    continue;
                };
                if segment.stride == 2 {
                    let of_edges = amounts.map(|amounts| &amounts[slot / 2..][..arcs.len()]);
                    let sums = of_edges[0].iter().zip(of_edges[1]);
                    let against = slot % 2 == 1;
                    part.extend(sums.map(|(pushed, pulled)| flow(*pushed, *pulled, against)));
                } else {
                    let slots = slot..slot + arcs.len();
                    part.extend(slots.map(|slot| {
                        let [pushed, pulled] = amounts.map(|amounts| amounts[slot / 2]);
                        flow(pushed, pulled, slot % 2 == 1)
                    }));
                }
            }
        }
    });
    threads::made(0, &ranges, jobs).0
}

/// What the flows of arcs in runs or with a table of slots are read from.
struct Reading<'a, C, R> {
    graph: &'a Residual<R>,
    problem: &'a FlowProblem<'a, C>,
    network: &'a Network,
    scale: Scale<R>,
    /// In order of the arcs.
    segments: Vec<Segment>,
}

impl<C: Capacity, R: Residue> Reading<'_, C, R> {
    /// Writes the flows of `range`.
    // Not inlined, so that profilers tell it from what other jobs write.
    #[inline(never)]
    fn write(&self, part: &mut Part<'_, C>, range: Range<usize>) {
        if let Slots::Table(slots) = &self.graph.slots {
            let own = range.clone().zip(&slots[range.clone()]);
            part.extend(own.map(|(arc, slot)| match *slot {
                NO_SLOT => C::default(),
                slot => self.of_arc(arc, slot),
            }));
        }
        for segment in &self.segments {
            let Some((arcs, slot)) = segment.within(&range) else {
                continue;
            };
            if self.problem.duplex || self.scale.divisor != 1 {
                let slots = (slot as u32..).step_by(segment.stride as usize);
                part.extend(arcs.zip(slots).map(|(arc, slot)| self.of_arc(arc, slot)));
            } else {
                let left = &self.graph.residue[slot..];
                let capacity = &self.problem.capacity[arcs];
                match segment.stride {
                    1 => write_every::<1, C, R>(part, capacity, left, self.scale),
                    _ => write_every::<2, C, R>(part, capacity, left, self.scale),
                }
            }
        }
    }

    #[inline(always)]
    fn of_arc(&self, arc: usize, slot: u32) -> C {
        let capacity = self.scale.residue(self.problem.capacity[arc]);
        let left = self.graph.residue[slot as usize];
        if !self.problem.duplex {
            return of_direction(self.scale, capacity, left);
        }
        if self.network.leave.is_some() && Link::of(self.problem, self.network, arc).is_split() {
            let net =
                carried(capacity, left) - carried(capacity, self.graph.residue[slot as usize + 2]);
            return unit(self.scale, net);
        }
        let back = self.graph.residue[slot as usize ^ 1];
        let net = if left != Residual::<R>::CLOSED {
            capacity - left
        } else if back != Residual::<R>::CLOSED {
            back - capacity
        } else {
            R::default()
        };
        unit(self.scale, net)
    }
}

/// Writes the flows of plain arcs with every `STRIDE`-th slot each and nothing to divide, zeros as
/// well: which arcs carry none is anybody's guess.
fn write_every<const STRIDE: usize, C: Capacity, R: Residue>(
    part: &mut Part<'_, C>,
    capacity: &[C],
    left: &[R],
    scale: Scale<R>,
) {
    // Of the last one only the first slot is looked at.
    let (last, others) = capacity.split_last().expect("a segment has arcs");
    let slots = left.as_chunks::<STRIDE>().0.iter().map(|own| own[0]);
    let pairs = others.iter().zip(slots);
    part.extend(pairs.map(|(capacity, left)| plain(*capacity, left, scale)));
    part.extend([plain(*last, left[others.len() * STRIDE], scale)]);
}

/// The flow of a plain arc whose slot has `left`, where there is nothing to divide.
#[inline(always)]
fn plain<C: Capacity, R: Residue>(capacity: C, left: R, scale: Scale<R>) -> C {
    let flow = scale.undivided(capacity) - left;
    C::truncate(flow.max(R::default()).wide())
}

/// The flow of an arc one way, which is none if its direction was closed.
#[inline(always)]
fn of_direction<C: Capacity, R: Residue>(scale: Scale<R>, capacity: R, left: R) -> C {
    unit(scale, (capacity - left).max(R::default()))
}

/// The flow of a direction; none if it was closed.
fn carried<R: Residue>(capacity: R, left: R) -> R {
    if left == Residual::<R>::CLOSED {
        R::default()
    } else {
        capacity - left
    }
}

#[inline(always)]
fn unit<C: Capacity, R: Residue>(scale: Scale<R>, flow: R) -> C {
    let flow = flow.wide();
    C::truncate(if scale.divisor != 1 {
        flow * scale.divisor
    } else {
        flow
    })
}

/// Arcs that share slots take what flows there in their order.
fn shared<C: Capacity, R: Residue>(
    graph: &Residual<R>,
    problem: &FlowProblem<'_, C>,
    scale: Scale<R>,
    slots: &[u32],
) -> Vec<C> {
    let mut flow = vec![C::default(); slots.len()];
    let mut residue = graph.residue.clone();
    let used = |slot: &u32| *slot != NO_SLOT;
    for (slot, capacity) in slots
        .iter()
        .zip(problem.capacity)
        .filter(|(slot, _)| used(slot))
    {
        residue[*slot as usize] -= scale.residue(*capacity);
    }
    let arcs = slots.iter().zip(problem.capacity).zip(&mut flow);
    for ((slot, capacity), flow) in arcs.filter(|((slot, _), _)| used(slot)) {
        let left = &mut residue[*slot as usize];
        let amount = (-*left).clamp(R::default(), scale.residue(*capacity));
        *left += amount;
        *flow = unit(scale, amount);
    }
    flow
}
