//! The residual layout: one entry pair per edge, adjacency beside it.
//!
//! An **edge** joins two nodes and has a residue for each direction, side by side: slot `2e` for
//! the direction of `ends[e]`, slot `2e + 1` against it, so `slot ^ 1` is the other direction. Arcs
//! that run against each other and parallel arcs share an edge, so that a full-duplex link is two
//! slots and not four. Edges are grouped by their smaller end, which keeps neighbours together.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::threads;

use super::capacity::{Capacity, Residue};
use super::layout::{Ends, adjacency};
use super::network::Network;
use super::pairing::{Pairing, Run, Segment};
use super::problem::FlowProblem;

/// Arcs between two polls of the monitor while edges are made.
const BLOCK: usize = 1 << 19;
/// Edges that make a second thread worth starting.
const GRAIN: usize = 1 << 17;

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
    pub fn residue<C: Capacity>(&self, capacity: C) -> R {
        if self.divisor != 1 && capacity != C::MAX {
            return R::truncate(capacity.wide() / self.divisor);
        }
        self.undivided(capacity)
    }

    /// The same where the divisor is 1.
    #[inline(always)]
    pub fn undivided<C: Capacity>(&self, capacity: C) -> R {
        if capacity == C::MAX {
            self.unlimited
        } else if size_of::<C>() <= 8 {
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
#[derive(Debug, Clone)]
pub struct Residual<R> {
    pub source: u32,
    pub sink: u32,
    /// Two residues per edge.
    pub residue: Vec<R>,
    /// `adjacent[first[v]..first[v + 1]]` are the halves of node `v`.
    pub first: Vec<u32>,
    pub adjacent: Vec<Half>,
    /// The slots of the arcs of the problem.
    pub slots: Slots,
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

    /// Passes `amount` along `slot`, whose residue is at least that.
    #[inline(always)]
    pub fn pass(&mut self, slot: u32, amount: R) {
        self.residue[slot as usize] -= amount;
        self.residue[slot as usize ^ 1] += amount;
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

    /// Lays out `problem` for a flow from the source to the sink of `network`.
    pub fn build<C: Capacity>(
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let pairing = match (network.leave.is_some(), problem.duplex) {
            (true, _) => Pairing::Sort,
            (false, true) => Pairing::none(problem.tails.len()),
            (false, false) => Pairing::find(problem.tails, problem.heads),
        };
        monitor.poll()?;
        let mut graph = Self::lay_out(problem, network, scale, pairing, monitor)?;
        graph.close(R::default());
        Ok(graph)
    }

    /// Lays out `problem` on the nodes of `network`, all directions open.
    pub fn lay_out<C: Capacity>(
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
        pairing: Pairing,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let mut edges = Edges::default();
        let (mut runs, slots) = match pairing {
            Pairing::Runs(runs) => {
                edges.fill_runs(problem, &runs, network.extra.len(), scale);
                let segments = runs.iter().flat_map(Run::segments).collect();
                (runs, Some(segments))
            }
            Pairing::Sort => {
                if problem.duplex {
                    edges.add_links(problem, network, scale);
                } else {
                    edges.pair_arcs(problem, network, scale, monitor)?;
                }
                (Vec::new(), None)
            }
        };
        monitor.poll()?;
        if let Some(name) = network.enter.as_deref().filter(|_| !runs.is_empty()) {
            let (tails, heads) = (problem.tails, problem.heads);
            edges.table = Ends {
                runs: &runs,
                tails,
                heads,
                table: &[],
            }
            .renamed(name);
            runs.clear();
        }
        for arc in &network.extra {
            edges.table.push([arc.tail, arc.head]);
            edges
                .residue
                .extend([scale.extra(arc.capacity), R::default()]);
        }
        let (tails, heads) = (problem.tails, problem.heads);
        let ends = Ends {
            runs: &runs,
            tails,
            heads,
            table: &edges.table,
        };
        let (first, adjacent) = adjacency(network.num_nodes as usize, &ends, monitor)?;
        drop(edges.table);
        Ok(Residual {
            source: network.source,
            sink: network.sink,
            residue: edges.residue,
            first,
            adjacent,
            slots: slots.map_or(Slots::Table(edges.slot_of), Slots::Segments),
            merged: edges.merged,
        })
    }

    /// Sets the residue of every direction into the source and out of the sink.
    ///
    /// They are of no use to a maximum flow, nor do they cross a minimum cut forward: zero while
    /// solving, [`CLOSED`](Self::CLOSED) when the flow is read off.
    fn close(&mut self, residue: R) {
        for (node, against) in [(self.source, 1), (self.sink, 0)] {
            let halves = self.first[node as usize] as usize..self.first[node as usize + 1] as usize;
            for half in &self.adjacent[halves] {
                self.residue[half.slot as usize ^ against] = residue;
            }
        }
    }

    /// What a direction that never had a residue shows when the flow is read off.
    pub const CLOSED: R = R::MAX;

    /// Marks the directions that were never open, for reading off the flow.
    pub fn mark_closed(&mut self) {
        self.close(Self::CLOSED);
    }
}

/// The slots of the arcs of the problem.
#[derive(Debug, Clone)]
pub enum Slots {
    /// In order of arcs or not, but covering all.
    Segments(Vec<Segment>),
    /// By arc; [`NO_SLOT`] if it can carry nothing.
    Table(Vec<u32>),
}

/// Edges while they are made.
#[derive(Debug, Default)]
struct Edges<R> {
    /// Ends of the edges that are not in runs.
    table: Vec<[u32; 2]>,
    residue: Vec<R>,
    slot_of: Vec<u32>,
    merged: bool,
}

impl<R: Residue> Edges<R> {
    /// The residues of the edges of `runs`.
    fn fill_runs<C: Capacity>(
        &mut self,
        problem: &FlowProblem<'_, C>,
        runs: &[Run],
        more: usize,
        scale: Scale<R>,
    ) {
        let edges: usize = runs.iter().map(|run| run.count as usize).sum();
        let workers = threads::worth(edges, GRAIN);
        let ranges = threads::ranges(edges, workers);
        let slots: Vec<_> = ranges.iter().map(|r| 2 * r.start..2 * r.end).collect();
        self.residue = vec![R::default(); 2 * (edges + more)];
        self.residue.truncate(2 * edges);
        let parts = threads::split(&mut self.residue, &slots);
        threads::join(parts.into_iter().zip(ranges).map(|(part, range)| {
            move || {
                for run in runs {
                    let first = run.edge as usize;
                    let begin = range.start.max(first);
                    let end = range.end.min(first + run.count as usize);
                    if begin >= end {
                        continue;
                    }
                    let stride = run.stride as usize;
                    let arc = run.arc as usize + (begin - first) * stride;
                    let part = &mut part[2 * (begin - range.start)..2 * (end - range.start)];
                    let pairs = part.chunks_exact_mut(2);
                    let there = problem.capacity[arc..].iter().step_by(stride);
                    if run.partner == 0 {
                        for (pair, there) in pairs.zip(there) {
                            pair[0] = scale.residue(*there);
                            if problem.duplex {
                                pair[1] = pair[0];
                            }
                        }
                        continue;
                    }
                    let back = problem.capacity[arc + run.partner as usize..].iter();
                    for ((pair, there), back) in pairs.zip(there).zip(back.step_by(stride)) {
                        pair[0] = scale.residue(*there);
                        pair[1] = scale.residue(*back);
                    }
                }
            }
        }));
    }

    /// One edge per link, two where an end is a split node.
    fn add_links<C: Capacity>(
        &mut self,
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
    ) {
        let m = problem.tails.len();
        self.table.reserve_exact(m + network.extra.len());
        self.residue.reserve_exact(2 * (m + network.extra.len()));
        self.slot_of = vec![NO_SLOT; m];
        for (arc, slot) in self.slot_of.iter_mut().enumerate() {
            let link = Link::of(problem, network, arc);
            let capacities = link.residues(scale.residue(problem.capacity[arc]));
            if capacities == [R::default(); 2] {
                continue;
            }
            *slot = 2 * self.table.len() as u32;
            self.table.push(link.there);
            if link.is_split() {
                self.table.push(link.back);
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
        monitor: &dyn Monitor,
    ) -> Result<()> {
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
        for block in threads::blocks(0..m, BLOCK) {
            monitor.poll()?;
            for arc in block {
                let [tail, head] = ends_of(arc);
                place[tail.min(head) as usize + 1] += 1;
            }
        }
        for v in 0..n {
            place[v + 1] += place[v];
        }
        // The larger end, and twice the arc, odd if that end is its tail.
        let mut grouped = vec![[0u32; 2]; m];
        for block in threads::blocks(0..m, BLOCK) {
            monitor.poll()?;
            for arc in block {
                let [tail, head] = ends_of(arc);
                let at = &mut place[tail.min(head) as usize];
                grouped[*at as usize] = [tail.max(head), 2 * arc as u32 + u32::from(tail > head)];
                *at += 1;
            }
        }
        self.table.reserve(m / 2 + network.extra.len() + 1);
        self.residue.reserve(m + 2 * network.extra.len() + 2);
        let mut latest = vec![NO_SLOT; n];
        let mut begin = 0;
        let mut unpolled = 0;
        for low in 0..n as u32 {
            let group = self.table.len() as u32;
            let end = place[low as usize] as usize;
            unpolled += 1 + end - begin;
            if unpolled > BLOCK {
                unpolled = 0;
                monitor.poll()?;
            }
            for [high, code] in &grouped[begin..end] {
                let (arc, direction) = ((code >> 1) as usize, code & 1);
                let capacity = scale.residue(problem.capacity[arc]);
                if capacity == zero || *high == low {
                    continue;
                }
                let known = latest[*high as usize];
                if known != NO_SLOT && known >= group {
                    let slot = 2 * known + direction;
                    let residue = &mut self.residue[slot as usize];
                    if *residue <= R::HALF - capacity {
                        self.merged |= *residue > zero;
                        *residue += capacity;
                        self.slot_of[arc] = slot;
                        continue;
                    }
                }
                let edge = self.table.len() as u32;
                latest[*high as usize] = edge;
                self.table.push([low, *high]);
                self.residue.extend([zero; 2]);
                self.residue[(2 * edge + direction) as usize] = capacity;
                self.slot_of[arc] = 2 * edge + direction;
            }
            begin = end;
        }
        Ok(())
    }
}

/// The two directions of a full-duplex link in the internal network.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    there: [u32; 2],
    back: [u32; 2],
    useful: [bool; 2],
}

impl Link {
    #[inline(always)]
    pub fn of<C: Capacity>(problem: &FlowProblem<'_, C>, network: &Network, arc: usize) -> Self {
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

    pub fn residues<R: Residue>(&self, capacity: R) -> [R; 2] {
        self.useful
            .map(|useful| if useful { capacity } else { R::default() })
    }

    /// An end is a split node, so that the directions join different nodes: two edges in a row.
    pub fn is_split(&self) -> bool {
        self.there != [self.back[1], self.back[0]]
    }
}
