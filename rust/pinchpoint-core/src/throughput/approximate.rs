//! Concurrent flow narrowed from both sides: by soft ways first, which are quick where many ways are
//! about as good, then by multiplicative weights (Garg & Koenemann 2007; Fleischer 2000): flow goes where edges are short, and edges get longer where flow goes.

use super::reduced::Reduced;
use super::soft::soften;
use crate::certify::refuse;
use crate::certify::throughput::{Paths, fits, upper};
use crate::error::Result;
use crate::monitor::Monitor;

/// The optimum is between these.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    pub lower: f64,
    pub upper: f64,
    /// Length of each edge: the witness of the upper bound.
    pub lengths: Vec<f64>,
    /// Load of each edge at the lower bound: its witness.
    pub loads: Vec<f64>,
    /// Whether time ran out, or the user stopped it, before the gap was reached.
    pub stopped: bool,
}

/// Bounds of the concurrent flow of a core, `upper / lower - 1 <= gap` unless time runs out, or the
/// `quick` method alone is asked for and does not get there.
///
/// # Errors
/// `Certificate` if the flow found does not fit, which is a bug. The time limit or an interrupt is
/// no error: it ends the search.
pub fn approximate(
    reduced: &Reduced,
    gap: f64,
    quick: bool,
    monitor: &dyn Monitor,
) -> Result<Bounds> {
    let best = narrow(reduced, gap, quick, monitor)?;
    if best.lower > 0.0 && best.lower.is_finite() && !fits(reduced, &best.loads, best.lower) {
        return refuse("the flow of the lower bound does not fit");
    }
    Ok(best)
}

fn narrow(reduced: &Reduced, gap: f64, quick: bool, monitor: &dyn Monitor) -> Result<Bounds> {
    let m = reduced.edges.len();
    let mut best = Bounds {
        lower: 0.0,
        upper: f64::INFINITY,
        lengths: vec![0.0; m],
        loads: vec![0.0; m],
        stopped: false,
    };
    if reduced.commodities.is_empty() {
        best.lower = f64::INFINITY;
        return Ok(best);
    }
    soften(reduced, gap, &mut best, monitor)?;
    if quick || best.stopped || best.upper <= best.lower * (1.0 + gap) {
        return Ok(best);
    }
    let capacity: Vec<f64> = reduced.edges.iter().map(|edge| edge.capacity).collect();
    let mut weights: Vec<f64> = vec![0.0; m];
    let mut lengths: Vec<f64> = capacity.iter().map(|c| 1.0 / c).collect();
    let mut paths = Paths::new(reduced);
    let mut step = 0.25;
    let mut total = vec![0.0f64; m];
    let mut rounds = 0.0;
    let mut scale = 0.0;
    let mut own = vec![0.0f64; m];
    let mut since = 0u32;
    loop {
        // One round: every source sends all it wants once, along shortest paths of the moment.
        for commodities in &reduced.commodities {
            if monitor.poll().is_err() {
                best.stopped = true;
                return Ok(best);
            }
            own.fill(0.0);
            paths.route(commodities, &lengths, &mut own);
            for edge in 0..m {
                if own[edge] > 0.0 {
                    total[edge] += own[edge];
                    if scale > 0.0 {
                        weights[edge] += step * scale * own[edge] / capacity[edge];
                        lengths[edge] = weights[edge].exp() / capacity[edge];
                    }
                }
            }
        }
        rounds += 1.0;
        since += 1;
        let fullest = total
            .iter()
            .zip(&capacity)
            .map(|(f, c)| f / c)
            .fold(0.0, f64::max);
        if rounds / fullest > best.lower {
            best.lower = rounds / fullest * (1.0 - 1e-12);
            best.loads.copy_from_slice(&total);
            best.loads.iter_mut().for_each(|load| *load /= fullest);
        }
        if scale == 0.0 {
            scale = rounds / fullest;
        }
        let bound = upper(reduced, &lengths, &mut paths);
        if bound < best.upper {
            best.upper = bound;
            best.lengths.copy_from_slice(&lengths);
        }
        if best.upper <= best.lower * (1.0 + gap) {
            return Ok(best);
        }
        // Lengths only matter by ratio; keep exponents small.
        let top = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if top > 200.0 {
            for edge in 0..m {
                weights[edge] -= top;
                lengths[edge] = weights[edge].exp().max(1e-200) / capacity[edge];
            }
        }
        // Finer steps from where the lengths are now, and forget the flow of coarser ones.
        if f64::from(since) > 4.0 / step {
            since = 0;
            step = (step * 0.5).max(1e-5);
            scale = best.lower;
            rounds = 0.0;
            total.fill(0.0);
        }
    }
}
