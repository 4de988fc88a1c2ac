//! Bounds of a concurrent flow by orbits, from any lengths and any flow.
//!
//! Lengths are one number per slot, so a symmetry keeps them, and distances to one node of each
//! orbit of destinations are all there are. A flow is read as shares at every class and followed
//! anew from its sources, so that it is conserved whatever the solver's tolerance.

use std::collections::BinaryHeap;

use super::throughput::Near;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::parallel::in_pieces;
use crate::throughput::{OrbitProblem, Step, Toward};

/// Part that rounding may have added to a distance or a sum; bounds give it away.
const SLACK: f64 = 1e-12;
/// Destinations are dealt out in this many pieces, whatever the number of threads.
const PIECES: usize = 16;

/// Steps by one of their ends: offsets and places.
fn by_end(n: usize, steps: &[Step], end: impl Fn(&Step) -> u32) -> (Vec<usize>, Vec<u32>) {
    let mut first = vec![0usize; n + 1];
    for step in steps {
        first[end(step) as usize + 1] += 1;
    }
    for class in 0..n {
        first[class + 1] += first[class];
    }
    let (mut place, mut list) = (first.clone(), vec![0u32; steps.len()]);
    for (id, step) in steps.iter().enumerate() {
        list[place[end(step) as usize]] = id as u32;
        place[end(step) as usize] += 1;
    }
    (first, list)
}

/// The largest multiple of the traffic that fits, at most: capacity times length over demand times
/// distance. Pairs without a way are left out.
///
/// # Errors
/// What the monitor says.
pub fn upper(problem: &OrbitProblem, lengths: &[f64], monitor: &dyn Monitor) -> Result<f64> {
    let pieces = PIECES.min(problem.destinations.len());
    let parts = in_pieces(pieces, |piece| {
        let mut toward = Toward::default();
        let mut needed = 0.0;
        for root in problem.destinations.iter().skip(piece).step_by(pieces) {
            monitor.poll()?;
            problem.toward(*root, &mut toward);
            needed += problem.alike(*root) * far(&toward, lengths);
        }
        Ok(needed)
    })?;
    let needed: f64 = parts.into_iter().sum();
    let offered: f64 = problem
        .capacity
        .iter()
        .zip(lengths)
        .map(|(c, l)| c * l)
        .sum();
    if !offered.is_finite() || lengths.iter().any(|length| *length < 0.0) || needed <= 0.0 {
        return Ok(f64::INFINITY);
    }
    Ok(offered / needed * (1.0 + SLACK))
}

/// Demand times distance to one destination.
fn far(toward: &Toward, lengths: &[f64]) -> f64 {
    let n = toward.pinned.len();
    let (first, into) = by_end(n, &toward.steps, |step| step.head);
    let (mut through, mut starts) = (vec![f64::INFINITY; n], vec![f64::INFINITY; n]);
    let mut heap = BinaryHeap::new();
    through[toward.pinned.root as usize] = 0.0;
    heap.push(Near(0.0, toward.pinned.root));
    while let Some(Near(distance, class)) = heap.pop() {
        if distance > through[class as usize] {
            continue;
        }
        for id in &into[first[class as usize]..first[class as usize + 1]] {
            let step = &toward.steps[*id as usize];
            if !step.enters {
                continue;
            }
            let far = distance + lengths[step.slot as usize];
            let tail = step.tail as usize;
            starts[tail] = starts[tail].min(far);
            if step.leaves && far < through[tail] {
                through[tail] = far;
                heap.push(Near(far, step.tail));
            }
        }
    }
    let sent = toward.sent.iter().zip(&starts);
    sent.filter(|(sent, far)| **sent > 0.0 && far.is_finite())
        .map(|(sent, far)| sent * far)
        .sum()
}

/// A multiple of the traffic that fits: that of `flows`, by destination and step. Zero if they do
/// not reach the destinations or go round.
///
/// # Errors
/// What the monitor says.
pub fn lower(problem: &OrbitProblem, flows: &[f64], monitor: &dyn Monitor) -> Result<f64> {
    let mut toward = Toward::default();
    let mut loads = vec![0.0f64; problem.capacity.len()];
    let mut at = 0;
    for root in &problem.destinations {
        monitor.poll()?;
        problem.toward(*root, &mut toward);
        let end = at + toward.steps.len();
        let Some(flow) = flows.get(at..end) else {
            return Ok(0.0);
        };
        at = end;
        if !follow(&toward, flow, problem.alike(*root), &mut loads) {
            return Ok(0.0);
        }
    }
    let used = loads
        .iter()
        .zip(&problem.capacity)
        .filter(|(load, _)| **load > 0.0);
    let most = used
        .map(|(load, capacity)| load / capacity)
        .fold(0.0, f64::max);
    Ok(if most > 0.0 {
        (1.0 - SLACK) / most
    } else {
        0.0
    })
}

/// Follows all that is sent, in the shares of `flow`; false if some of it does not arrive.
fn follow(toward: &Toward, flow: &[f64], alike: f64, loads: &mut [f64]) -> bool {
    let (n, root) = (toward.pinned.len(), toward.pinned.root as usize);
    let steps = &toward.steps;
    let total: f64 = toward.sent.iter().sum();
    // What a solver leaves on a step by its tolerance is no route.
    let least = 1e-9 * flow.iter().copied().fold(0.0, f64::max);
    let used = |id: usize| flow[id] > least && steps[id].enters && steps[id].tail as usize != root;
    let (first, out) = by_end(n, steps, |step| step.tail);
    let mut waits = vec![0u32; n];
    for (id, step) in steps.iter().enumerate() {
        if used(id) {
            waits[step.head as usize] += 1;
        }
    }
    let mut amount = vec![0.0f64; n];
    let mut ready: Vec<usize> = (0..n).filter(|class| waits[*class] == 0).collect();
    let mut done = 0;
    while let Some(class) = ready.pop() {
        done += 1;
        if class == root {
            continue;
        }
        let own = &out[first[class]..first[class + 1]];
        let sum = |leaves: bool| -> f64 {
            let kind = own.iter().map(|id| *id as usize);
            kind.filter(|id| used(*id) && steps[*id].leaves == leaves)
                .map(|id| flow[id])
                .sum()
        };
        let (on, off) = (sum(true), sum(false));
        // Only what starts here may take the steps that transit must not.
        let all = amount[class] + toward.sent[class];
        let mut beside = if on + off > 0.0 {
            all * off / (on + off)
        } else {
            0.0
        };
        beside = beside.min(toward.sent[class]);
        if on == 0.0 {
            beside = all;
        }
        if all > 0.0 && (on + off == 0.0 || beside > toward.sent[class] * (1.0 + SLACK)) {
            return false;
        }
        for id in own.iter().map(|id| *id as usize).filter(|id| used(*id)) {
            let step = &steps[id];
            let (part, sum) = if step.leaves {
                (all - beside, on)
            } else {
                (beside, off)
            };
            let moved = part * flow[id] / sum;
            loads[step.slot as usize] += moved * alike;
            amount[step.head as usize] += moved;
            waits[step.head as usize] -= 1;
            if waits[step.head as usize] == 0 {
                ready.push(step.head as usize);
            }
        }
    }
    done == n && (amount[root] - total).abs() <= 1e-9 * total
}
