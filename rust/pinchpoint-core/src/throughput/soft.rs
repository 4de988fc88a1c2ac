//! Concurrent flow by mirror descent on ways: every way has a weight, the product of the weights
//! of its edges, and each pair shares its demand among its ways by weight. Edges that are fuller
//! than others lose weight.
//!
//! That is descent on a smoothed maximum of the utilizations, in the geometry of entropy (Nemirovski
//! & Yudin 1983; the soft ways of Akamatsu 1996). All ways of at most `DETOUR` steps more than the
//! shortest take part and none is listed: sums over them are dynamic programs by number of steps,
//! one per source. A symmetric fabric starts at ECMP, so only what failures upset is left to learn.

use super::approximate::Bounds;
use super::reduced::{Commodities, Reduced};
use crate::certify::throughput::{Paths, upper};
use crate::error::{ErrorKind, Result};
use crate::monitor::Monitor;
use crate::parallel::in_pieces;

const DETOUR: usize = 2;
/// Longer ways are left to another method.
const MOST_STEPS: usize = 16;
/// Sources are dealt out in this many pieces, whatever the number of threads.
const PIECES: usize = 16;
/// Rounds between looks at the upper bound, which costs more than a round.
const BETWEEN: usize = 8;
/// Looks without progress after which the search is given up.
const PATIENCE: usize = 40;
/// Logarithm of the smallest weight of an edge: ways of 18 edges stay above the smallest float.
const LEAST: f64 = 36.0;

/// Sums of weights over ways from one source, by number of steps.
struct Sums {
    n: usize,
    /// Of ways that may go on, and of ways that end.
    through: Vec<f64>,
    ends: Vec<f64>,
    going: Vec<f64>,
    ending: Vec<f64>,
    steps: usize,
}

impl Sums {
    fn new(n: usize) -> Sums {
        let size = n * (MOST_STEPS + 1);
        Sums {
            n,
            through: vec![0.0; size],
            ends: vec![0.0; size],
            going: vec![0.0; size],
            ending: vec![0.0; size],
            steps: 0,
        }
    }

    /// Adds up the ways from a source; false if some sink is too far.
    fn forward(&mut self, net: &Net<'_>, commodities: &Commodities, weight: &[f64]) -> bool {
        let n = self.n;
        let source = commodities.source as usize;
        self.through[..n].fill(0.0);
        self.ends[..n].fill(0.0);
        self.through[source] = 1.0;
        let mut missing = commodities.sinks.len();
        let mut nearest = vec![0usize; n];
        let mut last = usize::MAX;
        self.steps = 0;
        while self.steps < last {
            let step = self.steps + 1;
            if step > MOST_STEPS {
                return missing == 0;
            }
            let (old, new) = (self.steps * n, step * n);
            self.through[new..new + n].fill(0.0);
            self.ends[new..new + n].fill(0.0);
            for node in 0..n {
                let sum = self.through[old + node];
                if sum == 0.0 {
                    continue;
                }
                let own = net.first[node]..net.first[node + 1];
                for (edge, weight) in net.reduced.edges[own.clone()].iter().zip(&weight[own]) {
                    let head = edge.head as usize;
                    if head == source || (step > 1 && !edge.leaves) {
                        continue;
                    }
                    let part = sum * weight;
                    self.ends[new + head] += part;
                    if edge.enters {
                        self.through[new + head] += part;
                    }
                }
            }
            self.steps = step;
            for (sink, _) in &commodities.sinks {
                let sink = *sink as usize;
                if nearest[sink] == 0 && self.ends[new + sink] > 0.0 {
                    nearest[sink] = step;
                    missing -= 1;
                }
            }
            if missing == 0 && last == usize::MAX {
                last = (step + DETOUR).min(MOST_STEPS);
            }
        }
        true
    }

    /// Shares the demands among the ways, and adds what that puts on each edge.
    fn backward(
        &mut self,
        net: &Net<'_>,
        commodities: &Commodities,
        weight: &[f64],
        loads: &mut [f64],
    ) {
        let n = self.n;
        let size = (self.steps + 1) * n;
        self.going[..size].fill(0.0);
        self.ending[..size].fill(0.0);
        for (sink, rate) in &commodities.sinks {
            let at = |step: usize| step * n + *sink as usize;
            let first = (1..=self.steps).find(|step| self.ends[at(*step)] > 0.0);
            let Some(first) = first else { continue };
            let last = (first + DETOUR).min(self.steps);
            let all: f64 = (first..=last).map(|step| self.ends[at(step)]).sum();
            for step in first..=last {
                // Per unit of weight, so that an edge's part is its weight times this.
                self.ending[at(step)] = rate / all;
            }
        }
        for step in (1..=self.steps).rev() {
            let (old, new) = ((step - 1) * n, step * n);
            for node in 0..n {
                let sum = self.through[old + node];
                if sum == 0.0 {
                    continue;
                }
                let mut back = 0.0;
                for id in net.first[node]..net.first[node + 1] {
                    let edge = &net.reduced.edges[id];
                    let head = edge.head as usize;
                    if head as u32 == commodities.source || (step > 1 && !edge.leaves) {
                        continue;
                    }
                    let mut price = self.ending[new + head];
                    if edge.enters {
                        price += self.going[new + head];
                    }
                    if price > 0.0 {
                        let part = price * weight[id];
                        back += part;
                        loads[id] += part * sum;
                    }
                }
                self.going[old + node] = back;
            }
        }
    }
}

struct Net<'a> {
    reduced: &'a Reduced,
    first: Vec<usize>,
}

impl Net<'_> {
    /// Loads of all edges under these weights; `None` if some pair is too far apart.
    fn route(&self, weight: &[f64], monitor: &dyn Monitor) -> Result<Option<Vec<f64>>> {
        let all = &self.reduced.commodities;
        let pieces = PIECES.min(all.len());
        let parts = in_pieces(pieces, |piece| {
            let mut loads = vec![0.0; self.reduced.edges.len()];
            let mut sums = Sums::new(self.reduced.num_nodes);
            for commodities in all.iter().skip(piece).step_by(pieces) {
                monitor.poll()?;
                if !sums.forward(self, commodities, weight) {
                    return Ok(None);
                }
                sums.backward(self, commodities, weight, &mut loads);
            }
            Ok(Some(loads))
        })?;
        let mut total = vec![0.0; self.reduced.edges.len()];
        for part in parts {
            let Some(part) = part else { return Ok(None) };
            total
                .iter_mut()
                .zip(part)
                .for_each(|(sum, own)| *sum += own);
        }
        Ok(Some(total))
    }
}

/// Narrows `best` as far as soft ways can, or to `gap`.
///
/// # Errors
/// None: the time limit or an interrupt ends the search.
pub fn soften(reduced: &Reduced, gap: f64, best: &mut Bounds, monitor: &dyn Monitor) -> Result<()> {
    match descend(reduced, gap, best, monitor) {
        Err(error) if matches!(error.kind, ErrorKind::TimeLimit | ErrorKind::Interrupted) => {
            best.stopped = true;
            Ok(())
        }
        other => other,
    }
}

fn descend(reduced: &Reduced, gap: f64, best: &mut Bounds, monitor: &dyn Monitor) -> Result<()> {
    let m = reduced.edges.len();
    let mut net = Net {
        reduced,
        first: vec![0; reduced.num_nodes + 1],
    };
    for edge in &reduced.edges {
        net.first[edge.tail as usize + 1] += 1;
    }
    for node in 0..reduced.num_nodes {
        net.first[node + 1] += net.first[node];
    }
    let capacity: Vec<f64> = reduced.edges.iter().map(|edge| edge.capacity).collect();
    let widest = capacity.iter().copied().fold(0.0, f64::max);
    // There are about as many detours as the square of the degree: they start small together.
    let spread = (4.0 * m as f64 / reduced.num_nodes as f64).ln();
    let mut depth: Vec<f64> = capacity
        .iter()
        .map(|c| spread - (c / widest).ln())
        .collect();
    let mut weight = vec![0.0; m];
    let mut paths = Paths::new(reduced);
    let (mut step, mut sharpness, mut before) = (1.0f64, 10.0f64, f64::INFINITY);
    let (mut lengths, mut summed) = (vec![0.0; m], vec![0.0f64; m]);
    let mut idle = 0;
    for round in 0.. {
        for (weight, depth) in weight.iter_mut().zip(&depth) {
            *weight = (-depth.min(LEAST)).exp();
        }
        let Some(loads) = net.route(&weight, monitor)? else {
            return Ok(());
        };
        let used: Vec<f64> = loads
            .iter()
            .zip(&capacity)
            .map(|(load, c)| load / c)
            .collect();
        let top = used.iter().copied().fold(0.0, f64::max);
        if !(top > 0.0 && top.is_finite()) {
            return Ok(());
        }
        let known = best.upper / best.lower;
        if 1.0 / top > best.lower {
            best.lower = (1.0 - 1e-12) / top;
            best.loads.clear();
            best.loads.extend(loads.iter().map(|load| load / top));
        }
        // A softened maximum, and its slope: the lengths.
        let mut sum = 0.0;
        for ((length, used), c) in lengths.iter_mut().zip(&used).zip(&capacity) {
            let part = (sharpness * (used / top - 1.0)).exp();
            sum += part;
            *length = part / c;
        }
        summed
            .iter_mut()
            .zip(&lengths)
            .for_each(|(all, own)| *all += own / sum);
        if round % BETWEEN == BETWEEN - 1 {
            for candidate in [&lengths, &summed] {
                let bound = upper(reduced, candidate, &mut paths);
                if bound < best.upper {
                    best.upper = bound;
                    best.lengths.copy_from_slice(candidate);
                }
            }
            summed.iter_mut().for_each(|all| *all *= 0.5);
            if best.upper <= best.lower * (1.0 + gap) {
                return Ok(());
            }
            let now = best.upper / best.lower;
            idle = if now - 1.0 < 0.98 * (known - 1.0) {
                0
            } else {
                idle + 1
            };
            if idle > PATIENCE {
                return Ok(());
            }
        }
        let soft = top * (1.0 + sum.ln() / sharpness);
        step = if soft > before {
            step * 0.6
        } else {
            (step * 1.1).min(2.0)
        };
        if soft > before * (1.0 - 1e-3) || step < 1e-2 {
            // As low as this sharpness shows: look closer.
            sharpness = (sharpness * 1.1).min(5e3);
        }
        before = soft;
        let longest = lengths.iter().copied().fold(0.0, f64::max);
        for (depth, length) in depth.iter_mut().zip(&lengths) {
            *depth += step * length / longest;
        }
        // Only differences count: the lightest edge is kept at its start.
        let least = depth.iter().copied().fold(f64::INFINITY, f64::min);
        depth
            .iter_mut()
            .for_each(|depth| *depth = (*depth - least + spread).min(LEAST));
        monitor.poll()?;
    }
    Ok(())
}
