//! Bounds of a concurrent flow, derived from any lengths and any flow.
//!
//! For any lengths, no flow carries more than capacity times length over demand times distance; a
//! wrong solver can only widen the gap. Flows are checked edge by edge and node by node.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::throughput::{Commodities, Reduced};

/// Part that rounding may have added to a distance or a sum; bounds give it away.
const SLACK: f64 = 1e-12;

/// Shortest paths by length from one node, under the rules of forwarding, and buffers for more.
#[derive(Debug, Clone)]
pub struct Paths<'a> {
    reduced: &'a Reduced,
    first: Vec<usize>,
    /// Distance and last edge of what passes through a node, and of what ends there.
    through: Vec<(f64, u32)>,
    ends: Vec<(f64, u32)>,
    order: Vec<u32>,
    amount: Vec<f64>,
}

/// A node at a distance; the nearest is the greatest, as a heap gives it first.
#[derive(PartialEq)]
pub(super) struct Near(pub f64, pub u32);

impl Eq for Near {}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0).then(other.1.cmp(&self.1))
    }
}

const NONE: (f64, u32) = (f64::INFINITY, u32::MAX);

impl<'a> Paths<'a> {
    /// Edges must come by tail.
    pub fn new(reduced: &'a Reduced) -> Self {
        let n = reduced.num_nodes;
        let mut first = vec![0usize; n + 1];
        for edge in &reduced.edges {
            first[edge.tail as usize + 1] += 1;
        }
        for node in 0..n {
            first[node + 1] += first[node];
        }
        Paths {
            reduced,
            first,
            through: vec![NONE; n],
            ends: vec![NONE; n],
            order: Vec::new(),
            amount: vec![0.0; n],
        }
    }

    /// Finds the distances from `source`.
    fn find(&mut self, source: u32, lengths: &[f64]) {
        self.through.fill(NONE);
        self.ends.fill(NONE);
        self.order.clear();
        let mut heap = BinaryHeap::new();
        self.through[source as usize].0 = 0.0;
        heap.push(Near(0.0, source));
        while let Some(Near(distance, node)) = heap.pop() {
            if distance > self.through[node as usize].0 {
                continue;
            }
            self.order.push(node);
            let range = self.first[node as usize]..self.first[node as usize + 1];
            for (id, edge) in range.clone().zip(&self.reduced.edges[range]) {
                if node != source && !edge.leaves {
                    continue;
                }
                let far = distance + lengths[id];
                let head = edge.head as usize;
                if far < self.ends[head].0 {
                    self.ends[head] = (far, id as u32);
                }
                if edge.enters && edge.head != source && far < self.through[head].0 {
                    self.through[head] = (far, id as u32);
                    heap.push(Near(far, edge.head));
                }
            }
        }
    }

    /// Adds to `loads` what `commodities` put on shortest paths; returns demand times distance.
    pub fn route(&mut self, commodities: &Commodities, lengths: &[f64], loads: &mut [f64]) -> f64 {
        let source = commodities.source;
        self.find(source, lengths);
        self.amount.fill(0.0);
        let mut sum = 0.0;
        for (sink, rate) in &commodities.sinks {
            let (distance, edge) = self.ends[*sink as usize];
            sum += rate * distance;
            loads[edge as usize] += rate;
            let tail = self.reduced.edges[edge as usize].tail;
            if tail != source {
                self.amount[tail as usize] += rate;
            }
        }
        for node in self.order.iter().skip(1).rev() {
            let amount = self.amount[*node as usize];
            if amount > 0.0 {
                let edge = self.through[*node as usize].1;
                loads[edge as usize] += amount;
                let tail = self.reduced.edges[edge as usize].tail;
                if tail != source {
                    self.amount[tail as usize] += amount;
                }
            }
        }
        sum
    }
}

/// The upper bound that lengths, zero or more, prove.
pub fn upper(reduced: &Reduced, lengths: &[f64], paths: &mut Paths<'_>) -> f64 {
    let volume: f64 = reduced
        .edges
        .iter()
        .zip(lengths)
        .map(|(edge, length)| edge.capacity * length)
        .sum();
    let mut demand = 0.0;
    for commodities in &reduced.commodities {
        paths.find(commodities.source, lengths);
        for (sink, rate) in &commodities.sinks {
            demand += rate * paths.ends[*sink as usize].0;
        }
    }
    volume / demand * (1.0 + SLACK)
}

/// The lower bound that flows prove: by source and edge, in any scale.
///
/// `None` if they are no flows: negative, not conserved within 1e-9 of what passes a node, or
/// against the rules of forwarding.
pub fn lower(reduced: &Reduced, flows: &[Vec<f64>], value: f64) -> Option<f64> {
    let n = reduced.num_nodes;
    let mut total = vec![0.0f64; reduced.edges.len()];
    if flows.len() != reduced.commodities.len() {
        return None;
    }
    for (flow, commodities) in flows.iter().zip(&reduced.commodities) {
        let (mut net, mut gross) = (vec![0.0f64; n], vec![0.0f64; n]);
        let mut onward = vec![0.0f64; n];
        for ((amount, edge), sum) in flow.iter().zip(&reduced.edges).zip(&mut total) {
            if !amount.is_finite() || *amount < 0.0 {
                return None;
            }
            let (tail, head) = (edge.tail as usize, edge.head as usize);
            if *amount > 0.0 && edge.tail != commodities.source && !edge.leaves {
                return None;
            }
            *sum += amount;
            net[tail] -= amount;
            net[head] += amount;
            gross[tail] += amount;
            gross[head] += amount;
            onward[tail] -= amount;
            if edge.enters {
                onward[head] += amount;
            }
        }
        for (sink, rate) in &commodities.sinks {
            net[*sink as usize] -= rate * value;
            gross[*sink as usize] += rate * value;
        }
        for node in (0..n).filter(|node| *node as u32 != commodities.source) {
            let slack = 1e-9 * gross[node];
            if net[node].abs() > slack || (!reduced.always[node] && onward[node] < -slack) {
                return None;
            }
        }
    }
    let edges = reduced.edges.iter().zip(&total);
    let fullest = edges
        .map(|(edge, load)| load / edge.capacity)
        .fold(0.0, f64::max);
    Some(if fullest > 0.0 {
        value / fullest * (1.0 - SLACK)
    } else {
        f64::INFINITY
    })
}

/// Whether the loads of all sources together fit and are conserved at `value` times the demands.
pub fn fits(reduced: &Reduced, loads: &[f64], value: f64) -> bool {
    let n = reduced.num_nodes;
    let (mut net, mut gross) = (vec![0.0f64; n], vec![0.0f64; n]);
    for (edge, load) in reduced.edges.iter().zip(loads) {
        if !load.is_finite() || *load < 0.0 || *load > edge.capacity * (1.0 + 1e-9) {
            return false;
        }
        net[edge.tail as usize] += load;
        net[edge.head as usize] -= load;
        gross[edge.tail as usize] += load;
        gross[edge.head as usize] += load;
    }
    for commodities in &reduced.commodities {
        for (sink, rate) in &commodities.sinks {
            net[commodities.source as usize] -= rate * value;
            net[*sink as usize] += rate * value;
        }
    }
    net.iter()
        .zip(&gross)
        .all(|(net, gross)| net.abs() <= 1e-9 * gross)
}
