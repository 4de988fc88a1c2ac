//! The residual layout: one entry pair per edge, adjacency beside it.
//!
//! An **edge** joins two nodes and has a residue for each direction, side by side: slot `2e` for
//! the direction of `ends[e]`, slot `2e + 1` against it, so `slot ^ 1` is the other direction. Arcs
//! that run against each other and parallel arcs share an edge, so that a full-duplex link is two
//! slots and not four. Edges are grouped by their smaller end, which keeps neighbours together.

use crate::error::Result;
use crate::monitor::Monitor;

use super::capacity::{Capacity, Residue};
use super::network::Network;
use super::problem::FlowProblem;

/// Halves scanned between two polls of the monitor.
const POLL_WORK: usize = 1 << 14;

/// No slot: an arc that can carry no flow.
pub const NO_SLOT: u32 = u32::MAX;

/// What a node sees of an edge.
#[derive(Debug, Clone, Copy, Default)]
pub struct Half {
    /// The node at the other end.
    pub head: u32,
    /// The slot of the direction toward `head`.
    pub slot: u32,
}

/// How capacities become residues: exactly divided by `divisor`, "no limit" replaced.
#[derive(Debug, Clone, Copy)]
pub struct Scale<R> {
    /// Divides every capacity.
    pub divisor: i128,
    /// Stands for no limit; more than any finite flow.
    pub unlimited: R,
}

impl<R: Residue> Scale<R> {
    #[inline(always)]
    fn residue<C: Capacity>(&self, capacity: C) -> R {
        if capacity == C::MAX {
            return self.unlimited;
        }
        if self.divisor != 1 {
            return R::truncate(capacity.wide() / self.divisor);
        }
        if size_of::<C>() <= 8 {
            R::from_low64(capacity.low64())
        } else {
            R::truncate(capacity.wide())
        }
    }

    fn extra(&self, capacity: Option<i128>) -> R {
        capacity.map_or(self.unlimited, |limit| {
            let scaled = limit / self.divisor;
            if scaled > R::HALF.wide() {
                self.unlimited
            } else {
                R::truncate(scaled)
            }
        })
    }
}

/// The residual network.
#[derive(Debug)]
pub struct Residual<R> {
    pub source: u32,
    pub sink: u32,
    /// Two residues per edge.
    pub residue: Vec<R>,
    /// `adjacent[first[v]..first[v + 1]]` are the halves of node `v`.
    pub first: Vec<u32>,
    pub adjacent: Vec<Half>,
    /// The slot of each arc of the problem, or [`NO_SLOT`].
    pub slot_of: Vec<u32>,
    /// Some arcs share a slot.
    pub merged: bool,
}

impl<R: Residue> Residual<R> {
    pub fn num_nodes(&self) -> usize {
        self.first.len() - 1
    }

    /// The halves of `node`.
    #[inline(always)]
    pub fn halves(&self, node: u32) -> &[Half] {
        &self.adjacent[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }

    /// By node: whether the source can still send to it.
    pub fn reached_from_source(&self, monitor: &dyn Monitor) -> Result<Vec<bool>> {
        let mut reached = vec![false; self.num_nodes()];
        reached[self.source as usize] = true;
        let mut stack = vec![self.source];
        let mut work = 0;
        while let Some(v) = stack.pop() {
            let halves = self.halves(v);
            work += 1 + halves.len();
            if work > POLL_WORK {
                work = 0;
                monitor.poll()?;
            }
            for half in halves {
                if !reached[half.head as usize] && self.residue[half.slot as usize] > R::default() {
                    reached[half.head as usize] = true;
                    stack.push(half.head);
                }
            }
        }
        Ok(reached)
    }

    /// The flow of each arc of the problem, by what the residues lost since they were laid out.
    ///
    /// Uses up the residues where arcs share slots: those are filled in order of the arcs.
    pub fn extract_flow<C: Capacity>(
        &mut self,
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
    ) -> Vec<C> {
        let unit = |flow: R| -> C {
            if scale.divisor != 1 {
                C::truncate(flow.wide() * scale.divisor)
            } else {
                C::truncate(flow.wide())
            }
        };
        let zero = R::default();
        if problem.duplex {
            let of_link = |(arc, slot): (usize, &u32)| {
                if *slot == NO_SLOT {
                    return C::default();
                }
                let link = Link::of(problem, network, arc);
                let before = link.residues(scale.residue(problem.capacity[arc]));
                let slot = *slot as usize;
                let net = before[0] - self.residue[slot];
                if link.is_split() {
                    return unit(net - (before[1] - self.residue[slot + 2]));
                }
                unit(net)
            };
            return self.slot_of.iter().enumerate().map(of_link).collect();
        }
        let arcs = self.slot_of.iter().zip(problem.capacity);
        if self.merged {
            for (slot, capacity) in arcs.clone().filter(|(slot, _)| **slot != NO_SLOT) {
                self.residue[*slot as usize] -= scale.residue(*capacity);
            }
        }
        let mut flow = Vec::with_capacity(problem.capacity.len());
        for (slot, capacity) in arcs {
            if *slot == NO_SLOT {
                flow.push(C::default());
                continue;
            }
            let residue = &mut self.residue[*slot as usize];
            let before = scale.residue(*capacity);
            if self.merged {
                let amount = (-*residue).clamp(zero, before);
                *residue += amount;
                flow.push(unit(amount));
            } else {
                flow.push(unit((before - *residue).max(zero)));
            }
        }
        flow
    }

    /// Lays out `problem` on the nodes of `network`.
    pub fn build<C: Capacity>(
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
    ) -> Self {
        let mut edges = Edges::default();
        if problem.duplex {
            edges.add_links(problem, network, scale);
        } else {
            edges.pair_arcs(problem, network, scale);
        }
        for arc in &network.extra {
            edges.ends.push([arc.tail, arc.head]);
            edges
                .residue
                .extend([scale.extra(arc.capacity), R::default()]);
        }
        let (first, adjacent) = adjacency(network.num_nodes as usize, &edges.ends);
        Residual {
            source: network.source,
            sink: network.sink,
            residue: edges.residue,
            first,
            adjacent,
            slot_of: edges.slot_of,
            merged: edges.merged,
        }
    }
}

/// Edges while they are made.
#[derive(Debug, Default)]
struct Edges<R> {
    ends: Vec<[u32; 2]>,
    residue: Vec<R>,
    slot_of: Vec<u32>,
    merged: bool,
}

impl<R: Residue> Edges<R> {
    /// One edge per link. What enters the source or leaves the sink is of no use to a maximum
    /// flow, nor does it cross a minimum cut forward.
    fn add_links<C: Capacity>(
        &mut self,
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
    ) {
        let m = problem.tails.len();
        self.ends.reserve_exact(m + network.extra.len());
        self.residue.reserve_exact(2 * (m + network.extra.len()));
        self.slot_of = vec![NO_SLOT; m];
        for (arc, slot) in self.slot_of.iter_mut().enumerate() {
            let link = Link::of(problem, network, arc);
            let capacities = link.residues(scale.residue(problem.capacity[arc]));
            if capacities == [R::default(); 2] {
                continue;
            }
            *slot = 2 * self.ends.len() as u32;
            self.ends.push(link.there);
            if link.is_split() {
                self.ends.push(link.back);
                for capacity in capacities {
                    self.residue.extend([capacity, R::default()]);
                }
            } else {
                self.residue.extend(capacities);
            }
        }
    }

    /// Pairs arcs that run against each other and merges parallel ones.
    ///
    /// Arcs are grouped by their smaller end by counting; inside a group, `latest[v]` is the edge
    /// that last joined the group's node to `v`.
    fn pair_arcs<C: Capacity>(
        &mut self,
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
    ) {
        let n = network.num_nodes as usize;
        let m = problem.tails.len();
        let zero = R::default();
        self.slot_of = vec![NO_SLOT; m];
        let ends_of = |arc: usize| {
            [
                network.leaves(problem.tails[arc]),
                network.enters(problem.heads[arc]),
            ]
        };
        let mut place = vec![0u32; n + 1];
        for arc in 0..m {
            let [tail, head] = ends_of(arc);
            place[tail.min(head) as usize + 1] += 1;
        }
        for v in 0..n {
            place[v + 1] += place[v];
        }
        let mut order = vec![0u32; m];
        for arc in 0..m {
            let [tail, head] = ends_of(arc);
            let at = &mut place[tail.min(head) as usize];
            order[*at as usize] = arc as u32;
            *at += 1;
        }
        self.ends.reserve(m / 2 + network.extra.len() + 1);
        self.residue.reserve(m + 2 * network.extra.len() + 2);
        let mut latest = vec![NO_SLOT; n];
        let mut begin = 0;
        for low in 0..n as u32 {
            let group = self.ends.len() as u32;
            let end = place[low as usize] as usize;
            for &arc in &order[begin..end] {
                let [tail, head] = ends_of(arc as usize);
                let capacity = scale.residue(problem.capacity[arc as usize]);
                let useless = tail == head || head == network.source || tail == network.sink;
                if capacity == zero || useless {
                    continue;
                }
                let high = tail.max(head);
                let direction = u32::from(tail > head);
                let known = latest[high as usize];
                if known != NO_SLOT && known >= group {
                    let slot = 2 * known + direction;
                    let residue = &mut self.residue[slot as usize];
                    if *residue <= R::HALF - capacity {
                        self.merged |= *residue > zero;
                        *residue += capacity;
                        self.slot_of[arc as usize] = slot;
                        continue;
                    }
                }
                let edge = self.ends.len() as u32;
                latest[high as usize] = edge;
                self.ends.push([low, high]);
                self.residue.extend([zero; 2]);
                self.residue[(2 * edge + direction) as usize] = capacity;
                self.slot_of[arc as usize] = 2 * edge + direction;
            }
            begin = end;
        }
    }
}

/// The two directions of a full-duplex link in the internal network.
#[derive(Debug, Clone, Copy)]
struct Link {
    there: [u32; 2],
    back: [u32; 2],
    useful: [bool; 2],
}

impl Link {
    #[inline(always)]
    fn of<C: Capacity>(problem: &FlowProblem<'_, C>, network: &Network, arc: usize) -> Self {
        let [a, b] = [problem.tails[arc], problem.heads[arc]];
        let there = [network.leaves(a), network.enters(b)];
        let back = [network.leaves(b), network.enters(a)];
        let useful = |[tail, head]: [u32; 2]| {
            a != b && tail != head && tail != network.sink && head != network.source
        };
        Link {
            there,
            back,
            useful: [useful(there), useful(back)],
        }
    }

    fn residues<R: Residue>(&self, capacity: R) -> [R; 2] {
        self.useful
            .map(|useful| if useful { capacity } else { R::default() })
    }

    /// An end is a split node, so that the directions join different nodes: two edges in a row.
    fn is_split(&self) -> bool {
        self.there != [self.back[1], self.back[0]]
    }
}

/// The halves of every node, in the order of the edges.
fn adjacency(n: usize, ends: &[[u32; 2]]) -> (Vec<u32>, Vec<Half>) {
    let mut first = vec![0u32; n + 2];
    for [a, b] in ends {
        first[*a as usize + 2] += 1;
        first[*b as usize + 2] += 1;
    }
    for v in 2..n + 2 {
        first[v] += first[v - 1];
    }
    let mut adjacent = vec![Half::default(); 2 * ends.len()];
    for (edge, [a, b]) in ends.iter().enumerate() {
        for (from, to, slot) in [(*a, *b, 2 * edge as u32), (*b, *a, 2 * edge as u32 + 1)] {
            let at = &mut first[from as usize + 1];
            adjacent[*at as usize] = Half { head: to, slot };
            *at += 1;
        }
    }
    first.pop();
    (first, adjacent)
}
