//! Cuts among the balls of a length: where a cut proves the bound, the best lengths are its own, or
//! a mixture of such cuts, and the nodes within a distance of a source (or of a sink) make one.
//!
//! A concurrent flow is not always bound by a cut. Whether one is cannot be told
//! quickly in general, so balls are tried, and what is found is weighed for itself.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::reduced::Reduced;
use crate::error::Result;
use crate::monitor::Monitor;

/// Visits of edges and demands up to which sources and sinks are tried.
const MOST_WORK: usize = 100_000_000;
/// Distances closer than this, relative to the farthest, are one.
const SAME: f64 = 1e-9;

/// Nodes, what can leave them, and what they send out.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// Whether each core node is on the sending side.
    pub side: Vec<bool>,
    /// Gbit/s.
    pub capacity: f64,
    pub demand: f64,
}

/// A node at a distance; the nearest is the greatest. Checkers have their own: they share no code
/// with what they check.
#[derive(PartialEq)]
struct Near(f64, u32);

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

/// Weighted pairs by one of their ends.
#[derive(Default)]
struct Rows {
    first: Vec<usize>,
    /// The other end, the weight, and the edge.
    list: Vec<(u32, f64, u32)>,
}

impl Rows {
    fn new(n: usize, pairs: impl Iterator<Item = (u32, u32, f64, u32)> + Clone) -> Rows {
        let mut first = vec![0usize; n + 1];
        for (own, ..) in pairs.clone() {
            first[own as usize + 1] += 1;
        }
        for node in 0..n {
            first[node + 1] += first[node];
        }
        let mut place = first.clone();
        let mut list = vec![(0, 0.0, 0); first[n]];
        for (own, other, weight, edge) in pairs {
            list[place[own as usize]] = (other, weight, edge);
            place[own as usize] += 1;
        }
        Rows { first, list }
    }

    fn of(&self, node: u32) -> &[(u32, f64, u32)] {
        &self.list[self.first[node as usize]..self.first[node as usize + 1]]
    }

    /// What a node adds to the sum over pairs from a set to the rest.
    fn gain(&self, back: &Rows, node: u32, inside: &[bool]) -> f64 {
        let out = self.of(node).iter().filter(|pair| !inside[pair.0 as usize]);
        let into = back.of(node).iter().filter(|pair| inside[pair.0 as usize]);
        out.map(|pair| pair.1).sum::<f64>() - into.map(|pair| pair.1).sum::<f64>()
    }
}

struct Net<'a> {
    reduced: &'a Reduced,
    /// Edges and demands, by tail and by head.
    edges: [Rows; 2],
    demands: [Rows; 2],
}

impl Net<'_> {
    /// Nodes by distance from a source (or, backward, to a sink), as far as there is a way.
    fn ball(&self, start: u32, backward: bool, lengths: &[f64]) -> Vec<(f64, u32)> {
        let n = self.reduced.num_nodes;
        let (mut ends, mut through) = (vec![f64::INFINITY; n], vec![f64::INFINITY; n]);
        let mut heap = BinaryHeap::new();
        (ends[start as usize], through[start as usize]) = (0.0, 0.0);
        heap.push(Near(0.0, start));
        while let Some(Near(distance, node)) = heap.pop() {
            if distance > through[node as usize] {
                continue;
            }
            for (other, _, id) in self.edges[usize::from(backward)].of(node) {
                let edge = &self.reduced.edges[*id as usize];
                let (on, off) = match backward {
                    false => (edge.leaves, edge.enters),
                    true => (edge.enters, edge.leaves),
                };
                if node != start && !on {
                    continue;
                }
                let (far, other) = (distance + lengths[*id as usize], *other as usize);
                ends[other] = ends[other].min(far);
                if off && far < through[other] {
                    through[other] = far;
                    heap.push(Near(far, other as u32));
                }
            }
        }
        let mut order: Vec<(f64, u32)> = (0..n as u32)
            .map(|node| (ends[node as usize], node))
            .filter(|(far, _)| far.is_finite())
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        order
    }

    /// The smallest ratio over the balls of an order, and how many nodes the ball has.
    fn sweep(&self, order: &[(f64, u32)], backward: bool) -> (f64, usize) {
        let mut inside = vec![false; self.reduced.num_nodes];
        let (mut capacity, mut demand, mut best) = (0.0f64, 0.0f64, (f64::INFINITY, 0));
        let farthest = order.last().map_or(0.0, |last| last.0);
        let (own, other) = (usize::from(backward), usize::from(!backward));
        for (place, (far, node)) in order.iter().enumerate() {
            capacity += self.edges[own].gain(&self.edges[other], *node, &inside);
            demand += self.demands[own].gain(&self.demands[other], *node, &inside);
            inside[*node as usize] = true;
            let closed = order
                .get(place + 1)
                .is_none_or(|next| next.0 > far + SAME * farthest);
            // What is left of a demand after subtraction is rounding.
            if closed && demand > 1e-9 * self.reduced.total() && capacity / demand < best.0 {
                best = (capacity / demand, place + 1);
            }
        }
        best
    }
}

impl Reduced {
    fn total(&self) -> f64 {
        let all = self.commodities.iter().flat_map(|own| &own.sinks);
        all.map(|sink| sink.1).fold(0.0, f64::max)
    }

    /// What can leave a side of the core, and what it sends out.
    pub fn weigh(&self, side: &[bool]) -> (f64, f64) {
        let out = |tail: u32, head: u32| side[tail as usize] && !side[head as usize];
        let edges = self.edges.iter().filter(|edge| out(edge.tail, edge.head));
        let demands = self.commodities.iter().flat_map(|own| {
            let leaving = own.sinks.iter().filter(|sink| out(own.source, sink.0));
            leaving.map(|sink| sink.1)
        });
        (edges.map(|edge| edge.capacity).sum(), demands.sum())
    }
}

/// The sparsest cut among the balls around sources and sinks, and among single nodes; none if
/// nothing is sent.
///
/// # Errors
/// What the monitor says.
///
/// # Complexity
/// O((edges + demands) * (sources + sinks)) and as many sorts; past 10^8 only some of them.
pub fn sparsest(reduced: &Reduced, lengths: &[f64], monitor: &dyn Monitor) -> Result<Option<Cut>> {
    let n = reduced.num_nodes;
    let ids = || reduced.edges.iter().enumerate();
    let pairs = || {
        reduced.commodities.iter().flat_map(|own| {
            let sinks = own.sinks.iter();
            sinks.map(move |(sink, rate)| (own.source, *sink, *rate))
        })
    };
    let net = Net {
        reduced,
        edges: [
            Rows::new(
                n,
                ids().map(|(id, e)| (e.tail, e.head, e.capacity, id as u32)),
            ),
            Rows::new(
                n,
                ids().map(|(id, e)| (e.head, e.tail, e.capacity, id as u32)),
            ),
        ],
        demands: [
            Rows::new(n, pairs().map(|(from, to, rate)| (from, to, rate, 0))),
            Rows::new(n, pairs().map(|(from, to, rate)| (to, from, rate, 0))),
        ],
    };
    let mut starts: Vec<(u32, bool)> = Vec::new();
    for backward in [false, true] {
        let own = |node: &u32| !net.demands[usize::from(backward)].of(*node).is_empty();
        starts.extend((0..n as u32).filter(own).map(|node| (node, backward)));
    }
    let each = 2 * (net.edges[0].list.len() + net.demands[0].list.len()) + 8 * n + 1;
    let step = (starts.len() * each).div_ceil(MOST_WORK).max(1);
    let mut best: (f64, Vec<u32>, bool) = (f64::INFINITY, Vec::new(), false);
    for (start, backward) in starts.iter().step_by(step) {
        monitor.poll()?;
        let order = net.ball(*start, *backward, lengths);
        let (ratio, count) = net.sweep(&order, *backward);
        if ratio < best.0 * (1.0 - SAME) {
            let nodes = order[..count].iter().map(|(_, node)| *node);
            best = (ratio, nodes.collect(), *backward);
        }
    }
    for (start, backward) in &starts {
        let way = usize::from(*backward);
        let sum = |rows: &Rows| rows.of(*start).iter().map(|pair| pair.1).sum::<f64>();
        let ratio = sum(&net.edges[way]) / sum(&net.demands[way]);
        if ratio < best.0 * (1.0 - SAME) {
            best = (ratio, vec![*start], *backward);
        }
    }
    if best.1.is_empty() {
        return Ok(None);
    }
    let mut side = vec![best.2; n];
    best.1
        .iter()
        .for_each(|node| side[*node as usize] = !best.2);
    let (capacity, demand) = reduced.weigh(&side);
    Ok((demand > 0.0).then_some(Cut {
        side,
        capacity,
        demand,
    }))
}
