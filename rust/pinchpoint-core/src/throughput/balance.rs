//! Flows along shortest ways that even out what ECMP leaves uneven.
//!
//! Every way has a weight, the product of the weights of its slots, and what is sent to a node is
//! shared among its shortest ways by weight; with weights of one that is ECMP. Where a slot is too
//! full, all slots of its bundle that enter the same nodes (or leave them) are brought to their
//! mean, or to full if that is less, in proportion. With few failures most of the traffic has a choice among all of them, so
//! each round takes the unevenness down by about the part of the traffic that has none.

use rustc_hash::FxHashMap;

use super::orbits::{OrbitProblem, Toward};
use crate::bandwidth::Relay;
use crate::congestion::FAR;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::parallel::in_pieces;

/// Destinations are dealt out in this many pieces, whatever the number of threads.
const PIECES: usize = 16;
/// A slot's weight changes by at most this in a round.
const MOST_CHANGE: f64 = 2.0;
const MOST_ROUNDS: usize = 40;
/// Rounds without half the distance made good, after which the search is given up.
const PATIENCE: usize = 3;

/// Of each slot, the group that enters where it does and the one that leaves where it does.
struct Siblings {
    of: Vec<[u32; 2]>,
    count: usize,
}

impl OrbitProblem {
    /// Weights of slots under which a flow carries `bound`, but for `gap`, or as much as was found;
    /// and what it carries by the solver's own count.
    ///
    /// # Errors
    /// What the monitor says.
    pub fn balance(&self, bound: f64, gap: f64, monitor: &dyn Monitor) -> Result<(Vec<f64>, f64)> {
        let mut weights = vec![1.0f64; self.capacity.len()];
        let siblings = self.siblings();
        let mut best = (weights.clone(), 0.0f64);
        let (mut mark, mut idle) = (f64::INFINITY, 0);
        for _ in 0..MOST_ROUNDS {
            let loads = self.loads(&weights, monitor)?;
            let used = loads.iter().zip(&self.capacity).map(|(load, capacity)| {
                if *capacity > 0.0 {
                    load / capacity
                } else {
                    0.0
                }
            });
            let used: Vec<f64> = used.collect();
            let top = used.iter().copied().fold(0.0, f64::max);
            if top.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
                break;
            }
            if 1.0 / top > best.1 {
                best = (weights.clone(), 1.0 / top);
            }
            let apart = bound / best.1 - 1.0;
            if apart <= gap {
                break;
            }
            if apart <= 0.5 * mark {
                (mark, idle) = (apart, 0);
            } else {
                idle += 1;
                if idle == PATIENCE {
                    break;
                }
            }
            let mut sums = vec![[0.0f64; 2]; siblings.count];
            for (slot, groups) in siblings.of.iter().enumerate() {
                for group in groups {
                    sums[*group as usize][0] += loads[slot];
                    sums[*group as usize][1] += self.capacity[slot];
                }
            }
            let mean = |group: u32| sums[group as usize][0] / sums[group as usize][1];
            let mut uneven = vec![false; siblings.count];
            for (groups, used) in siblings.of.iter().zip(&used) {
                if *used * bound > 1.0 + 0.25 * gap {
                    let tighter = usize::from(mean(groups[1]) > mean(groups[0]));
                    uneven[groups[tighter] as usize] = true;
                }
            }
            for ((weight, used), groups) in weights.iter_mut().zip(&used).zip(&siblings.of) {
                for group in groups.iter().filter(|group| uneven[**group as usize]) {
                    // Groups too full as a whole lose to ways around them.
                    let change = mean(*group).min(1.0 / bound) / used;
                    *weight *= change.clamp(1.0 / MOST_CHANGE, MOST_CHANGE);
                }
            }
            // Only ratios count.
            let all = weights.iter().copied().fold(0.0, f64::max);
            weights
                .iter_mut()
                .for_each(|weight| *weight = (*weight / all).max(1e-12));
        }
        Ok(best)
    }

    /// The slots of a bundle that enter the same nodes, and those that leave the same.
    fn siblings(&self) -> Siblings {
        let model = self.model();
        let mut known = FxHashMap::<(u32, usize, u32), u32>::default();
        let mut of = Vec::with_capacity(self.capacity.len());
        for (id, link) in model.links.list.iter().enumerate() {
            for slot in self.first[id]..self.first[id + 1] {
                let back = (slot - self.first[id]) % 2;
                let ends = [(link.a, link.b), (link.b, link.a)][back];
                of.push([(0, ends.1), (2, ends.0)].map(|(side, end)| {
                    let next = known.len() as u32;
                    *known.entry((link.bundle, side + back, end)).or_insert(next)
                }));
            }
        }
        Siblings {
            of,
            count: known.len(),
        }
    }

    /// Load of each slot under weights.
    fn loads(&self, weights: &[f64], monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let pieces = PIECES.min(self.destinations.len());
        let parts = in_pieces(pieces, |piece| {
            let (mut toward, mut flow) = (Toward::default(), Vec::new());
            let mut loads = vec![0.0f64; self.capacity.len()];
            for root in self.destinations.iter().skip(piece).step_by(pieces) {
                monitor.poll()?;
                self.toward(*root, &mut toward);
                self.share(&toward, weights, &mut flow);
                let alike = self.alike(*root);
                for (step, flow) in toward.steps.iter().zip(&flow) {
                    loads[step.slot as usize] += flow * alike;
                }
            }
            Ok(loads)
        })?;
        let mut total = vec![0.0; self.capacity.len()];
        for part in parts {
            total
                .iter_mut()
                .zip(part)
                .for_each(|(sum, own)| *sum += own);
        }
        Ok(total)
    }

    /// The flow under weights, by destination and step.
    ///
    /// # Errors
    /// What the monitor says.
    pub fn weighted(&self, weights: &[f64], monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let (mut toward, mut flow) = (Toward::default(), Vec::new());
        let mut flows = Vec::new();
        for root in &self.destinations {
            monitor.poll()?;
            self.toward(*root, &mut toward);
            self.share(&toward, weights, &mut flow);
            flows.extend_from_slice(&flow);
        }
        Ok(flows)
    }

    /// Shares what is sent to one destination among its shortest ways, by weight.
    fn share(&self, toward: &Toward, weights: &[f64], flow: &mut Vec<f64>) {
        let model = self.model();
        let (n, root) = (toward.pinned.len(), toward.pinned.root as usize);
        let (start, transit) = (&toward.route.start, &toward.route.transit);
        flow.clear();
        flow.resize(toward.steps.len(), 0.0);
        let mut by_tail: Vec<(u32, u32)> = Vec::with_capacity(toward.steps.len());
        for (id, step) in toward.steps.iter().enumerate() {
            let ahead = transit[step.head as usize];
            let tail = step.tail as usize;
            if step.enters
                && tail != root
                && ahead != FAR
                && (ahead + 1 == transit[tail] || ahead + 1 == start[tail])
            {
                by_tail.push((step.tail, id as u32));
            }
        }
        by_tail.sort_unstable();
        let mut first = vec![0usize; n + 1];
        by_tail
            .iter()
            .for_each(|(tail, _)| first[*tail as usize + 1] += 1);
        (0..n).for_each(|class| first[class + 1] += first[class]);
        let own = |class: usize| {
            by_tail[first[class]..first[class + 1]]
                .iter()
                .map(|own| own.1)
        };
        let tight = |class: usize, starts: bool, id: u32| {
            let step = &toward.steps[id as usize];
            let label = if starts { start[class] } else { transit[class] };
            (starts || step.leaves) && transit[step.head as usize] + 1 == label
        };
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.retain(|class| transit[*class as usize] != FAR && *class as usize != root);
        order.sort_by_key(|class| transit[*class as usize]);
        // Mean weight of the ways from each class on.
        let mut worth = vec![0.0f64; n];
        worth[root] = 1.0;
        for class in order.iter().map(|class| *class as usize) {
            let (mut sum, mut wide) = (0.0, 0.0);
            for id in own(class).filter(|id| tight(class, false, *id)) {
                let step = &toward.steps[id as usize];
                sum += step.width * weights[step.slot as usize] * worth[step.head as usize];
                wide += step.width;
            }
            worth[class] = if wide > 0.0 { sum / wide } else { 0.0 };
        }
        let mut amount = vec![0.0f64; n];
        let mut send = |class: usize, starts: bool, all: f64, amount: &mut [f64]| {
            let value = |id: u32| {
                let step = &toward.steps[id as usize];
                step.width * weights[step.slot as usize] * worth[step.head as usize]
            };
            let ways = || own(class).filter(|id| tight(class, starts, *id));
            let total: f64 = ways().map(value).sum();
            for id in ways() {
                let part = all * value(id) / total;
                flow[id as usize] += part;
                amount[toward.steps[id as usize].head as usize] += part;
            }
        };
        for (class, sent) in toward.sent.iter().enumerate() {
            let relays = model.relay[toward.pinned.orbit[class] as usize] == Relay::Always;
            if *sent > 0.0 && relays {
                amount[class] += sent;
            } else if *sent > 0.0 {
                send(class, true, *sent, &mut amount);
            }
        }
        for class in order.iter().rev().map(|class| *class as usize) {
            let all = amount[class];
            if all > 0.0 {
                send(class, false, all, &mut amount);
            }
        }
    }
}
