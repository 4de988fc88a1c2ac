//! From residues back to the flow of every arc of the problem.

use std::ops::Range;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::threads;

use super::capacity::{Capacity, Residue};
use super::graph::{Link, NO_SLOT, Residual, Scale, Slots};
use super::network::Network;
use super::pairing::Run;
use super::problem::FlowProblem;

/// Arcs that make a second thread worth starting.
const GRAIN: usize = 1 << 17;

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
    let mut flow = vec![C::default(); m];
    let workers = threads::worth(m, GRAIN);
    let ranges = threads::ranges(m, workers);
    let parts = threads::split(&mut flow, &ranges);
    threads::join(parts.into_iter().zip(ranges).map(|(part, range)| {
        move || {
            let of = |arc, slot| of_arc(graph, problem, network, scale, arc, slot);
            match &graph.slots {
                Slots::Dealt(_) => unreachable!("they were picked up"),
                Slots::Table(slots) => fill(part, range.clone(), slots[range].iter().copied(), of),
                Slots::Runs(runs) => {
                    for segment in runs.iter().flat_map(Run::segments) {
                        let first = segment.begin as usize;
                        let begin = range.start.max(first);
                        let end = range.end.min(segment.end as usize);
                        if begin >= end {
                            continue;
                        }
                        let part = &mut part[begin - range.start..end - range.start];
                        let stride = segment.stride as usize;
                        let slot = segment.slot as usize + (begin - first) * stride;
                        if problem.duplex || scale.divisor != 1 {
                            fill(part, begin..end, (slot as u32..).step_by(stride), of);
                        } else {
                            let left = &graph.residue[slot..];
                            let capacity = &problem.capacity[begin..end];
                            match stride {
                                1 => fill_every::<1, C, R>(part, capacity, left, scale),
                                _ => fill_every::<2, C, R>(part, capacity, left, scale),
                            }
                        }
                    }
                }
            }
        }
    }));
    Ok(flow)
}

/// Writes the flow of each arc, zeros as well: which arcs carry none is anybody's guess, and a
/// residue that a branch waits for holds up all behind it.
fn fill<C: Capacity>(
    part: &mut [C],
    arcs: Range<usize>,
    slots: impl Iterator<Item = u32>,
    flow_of: impl Fn(usize, u32) -> C,
) {
    for ((to, arc), slot) in part.iter_mut().zip(arcs).zip(slots) {
        if slot != NO_SLOT {
            *to = flow_of(arc, slot);
        }
    }
}

/// The same for plain arcs with every `STRIDE`-th slot each and nothing to divide.
fn fill_every<const STRIDE: usize, C: Capacity, R: Residue>(
    part: &mut [C],
    capacity: &[C],
    left: &[R],
    scale: Scale<R>,
) {
    // Of the last one only the first slot is looked at.
    let whole = part.len() - 1;
    let left_of = left.as_chunks::<STRIDE>().0.iter().map(|own| own[0]);
    let (last, others) = part.split_last_mut().expect("a segment has arcs");
    for ((to, capacity), left) in others.iter_mut().zip(capacity).zip(left_of) {
        *to = plain(*capacity, left, scale);
    }
    *last = plain(capacity[whole], left[whole * STRIDE], scale);
}

/// The flow of a plain arc whose slot has `left`, where there is nothing to divide.
#[inline(always)]
fn plain<C: Capacity, R: Residue>(capacity: C, left: R, scale: Scale<R>) -> C {
    let flow = scale.undivided(capacity) - left;
    C::truncate(flow.max(R::default()).wide())
}

#[inline(always)]
fn of_arc<C: Capacity, R: Residue>(
    graph: &Residual<R>,
    problem: &FlowProblem<'_, C>,
    network: &Network,
    scale: Scale<R>,
    arc: usize,
    slot: u32,
) -> C {
    let capacity = scale.residue(problem.capacity[arc]);
    let left = graph.residue[slot as usize];
    if !problem.duplex {
        return of_direction(scale, capacity, left);
    }
    if network.leave.is_some() && Link::of(problem, network, arc).is_split() {
        let net = carried(capacity, left) - carried(capacity, graph.residue[slot as usize + 2]);
        return unit(scale, net);
    }
    let back = graph.residue[slot as usize ^ 1];
    let net = if left != Residual::<R>::CLOSED {
        capacity - left
    } else if back != Residual::<R>::CLOSED {
        back - capacity
    } else {
        R::default()
    };
    unit(scale, net)
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
