//! The residual layout: one entry pair per edge, adjacency beside it.
//!
//! An **edge** joins two nodes and has a residue for each direction, side by side: slot `2e` for
//! the direction of `ends[e]`, slot `2e + 1` against it, so `slot ^ 1` is the other direction. Arcs
//! that run against each other and parallel arcs share an edge, so that a full-duplex link is two
//! slots and not four. Edges are grouped by their smaller end, which keeps neighbours together.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::threads::{self, Part};

use super::capacity::{Capacity, Residue};
use super::layout::{Ends, group};
use super::merge::{Dealt, merge_arcs};
use super::network::Network;
use super::pairing::{Pairing, Run};
use super::problem::FlowProblem;

/// Edges that make a second thread worth starting.
const GRAIN: usize = 1 << 15;

/// No slot: an arc that can carry no flow.
pub const NO_SLOT: u32 = u32::MAX;

/// What a node sees of an edge. One number, so that a half is placed by one store.
#[derive(Debug, Clone, Copy, Default)]
pub struct Half(u64);

impl Half {
    #[inline(always)]
    pub fn new(head: u32, slot: u32) -> Half {
        Half(u64::from(slot) << 32 | u64::from(head))
    }

    /// The node at the other end.
    #[inline(always)]
    pub fn head(self) -> u32 {
        self.0 as u32
    }

    /// The slot of the direction toward the head.
    #[inline(always)]
    pub fn slot(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// What is left of two halves in exclusive or without one of them, or of one with another.
    #[inline(always)]
    pub fn without(self, other: Half) -> Half {
        Half(self.0 ^ other.0)
    }
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

    /// A residue for each capacity; where nothing is to be divided and the type is the same, the
    /// capacities themselves, with `R::MAX` for no limit.
    pub fn residues<'a, C: Capacity>(&self, capacity: &'a [C]) -> Cow<'a, [R]> {
        if self.divisor == 1
            && let Some(own) = R::own(C::known(capacity))
        {
            return own.into();
        }
        let ranges = threads::ranges(capacity.len(), threads::worth(capacity.len(), GRAIN));
        let jobs = ranges.iter().map(|range| {
            let own = &capacity[range.clone()];
            move |part: &mut Part<'_, R>| part.extend(own.iter().map(|c| self.residue(*c)))
        });
        threads::made(0, &ranges, jobs).0.into()
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
        let mut pace = Pace::new(monitor);
        while let Some(v) = stack.pop() {
            let halves = self.halves(v);
            pace.spend(1 + halves.len())?;
            for half in halves {
                if !reached[half.head() as usize]
                    && self.residue[half.slot() as usize] > R::default()
                {
                    reached[half.head() as usize] = true;
                    stack.push(half.head());
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
        pairing: Pairing,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
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
                edges.residue = run_residues(problem, &runs, network.extra.len(), scale);
                (runs.clone(), Slots::Runs(runs))
            }
            Pairing::Sort if problem.duplex => {
                let slots = edges.add_links(problem, network, scale);
                (Vec::new(), Slots::Table(slots))
            }
            Pairing::Sort => {
                let (merged, dealt) = merge_arcs(problem, network, scale, monitor)?;
                edges = merged;
                (Vec::new(), Slots::Dealt(dealt))
            }
        };
        monitor.poll()?;
        if let Some(name) = network.enter.as_deref().filter(|_| !runs.is_empty()) {
            edges.table = Ends::of_runs(&runs, [problem.tails, problem.heads]).renamed(name);
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
        let (first, adjacent) = group(network.num_nodes as usize, &ends, monitor)?;
        drop(edges.table);
        Ok(Residual {
            source: network.source,
            sink: network.sink,
            residue: edges.residue,
            first,
            adjacent,
            slots,
            merged: edges.merged,
        })
    }

    /// The residues without any flow.
    pub fn initial<C: Capacity>(
        &self,
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<R>> {
        let more = network.extra.len();
        let mut initial = match &self.slots {
            Slots::Runs(runs) => run_residues(problem, runs, more, scale),
            Slots::Table(slots) => self.slot_residues(slots, problem, network, scale),
            Slots::Dealt(dealt) => {
                let slots = dealt.table(problem, network, scale, monitor)?;
                self.slot_residues(&slots, problem, network, scale)
            }
        };
        initial.truncate(self.residue.len() - 2 * more);
        for arc in &network.extra {
            initial.extend([scale.extra(arc.capacity), R::default()]);
        }
        self.close_in(&mut initial, R::default());
        Ok(initial)
    }

    /// The residues of the arcs in `slots`.
    fn slot_residues<C: Capacity>(
        &self,
        slots: &[u32],
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
    ) -> Vec<R> {
        let mut initial = vec![R::default(); self.residue.len()];
        let used = slots.iter().enumerate();
        for (arc, slot) in used.filter(|(_, slot)| **slot != NO_SLOT) {
            let slot = *slot as usize;
            let capacity = scale.residue(problem.capacity[arc]);
            if !problem.duplex {
                initial[slot] += capacity;
                continue;
            }
            let link = Link::of(problem, network, arc);
            let [there, back] = link.residues(capacity);
            initial[slot] = there;
            initial[slot + if link.is_split() { 2 } else { 1 }] = back;
        }
        initial
    }

    /// Sets the residue of every direction into the source and out of the sink.
    ///
    /// They are of no use to a maximum flow, nor do they cross a minimum cut forward: zero while
    /// solving, [`CLOSED`](Self::CLOSED) when the flow is read off.
    fn close(&mut self, value: R) {
        let mut residue = std::mem::take(&mut self.residue);
        self.close_in(&mut residue, value);
        self.residue = residue;
    }

    fn close_in(&self, residue: &mut [R], value: R) {
        for (node, against) in [(self.source, 1), (self.sink, 0)] {
            for half in self.halves(node) {
                residue[half.slot() as usize ^ against] = value;
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
    /// Every arc is in one of them.
    Runs(Vec<Run>),
    /// By arc; [`NO_SLOT`] if it can carry nothing.
    Table(Vec<u32>),
    /// Where arcs in no order were put down.
    Dealt(Dealt),
}

/// Edges while they are made.
#[derive(Debug, Default)]
pub struct Edges<R> {
    /// Ends of the edges that are not in runs.
    pub table: Vec<[u32; 2]>,
    pub residue: Vec<R>,
    /// Some arcs share a slot.
    pub merged: bool,
}

impl<R: Residue> Edges<R> {
    /// One edge per link, two where an end is a split node; returns the slot of each link.
    fn add_links<C: Capacity>(
        &mut self,
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
    ) -> Vec<u32> {
        let m = problem.tails.len();
        self.table.reserve_exact(m + network.extra.len());
        self.residue.reserve_exact(2 * (m + network.extra.len()));
        let mut slot_of = vec![NO_SLOT; m];
        for (arc, slot) in slot_of.iter_mut().enumerate() {
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
        slot_of
    }
}

/// The residues of the edges of `runs`, with room for `more` edges.
fn run_residues<C: Capacity, R: Residue>(
    problem: &FlowProblem<'_, C>,
    runs: &[Run],
    more: usize,
    scale: Scale<R>,
) -> Vec<R> {
    let edges: usize = runs.iter().map(|run| run.count as usize).sum();
    let ranges = threads::ranges(edges, threads::worth(edges, GRAIN));
    let jobs = ranges.iter().map(|range| {
        move |part: &mut Part<'_, [R; 2]>| write_residues(part, problem, runs, range.clone(), scale)
    });
    threads::made(more, &ranges, jobs).0.into_flattened()
}

/// Writes the residues of the edges of `range`.
// Not inlined, so that profilers tell it from what other jobs write.
#[inline(never)]
fn write_residues<C: Capacity, R: Residue>(
    part: &mut Part<'_, [R; 2]>,
    problem: &FlowProblem<'_, C>,
    runs: &[Run],
    range: Range<usize>,
    scale: Scale<R>,
) {
    for run in runs {
        let Some((edges, arc)) = run.within(&range) else {
            continue;
        };
        let (count, there) = (edges.len(), &problem.capacity[arc..]);
        match run.partner as usize {
            0 => part.extend(there[..count].iter().map(|there| {
                let there = scale.residue(*there);
                [there, if problem.duplex { there } else { R::default() }]
            })),
            1 => {
                let pairs = &there.as_chunks::<2>().0[..count];
                part.extend(pairs.iter().map(|both| both.map(|own| scale.residue(own))));
            }
            ahead => {
                let pairs = there[..count].iter().zip(&there[ahead..]);
                part.extend(
                    pairs.map(|(there, back)| [scale.residue(*there), scale.residue(*back)]),
                );
            }
        }
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

#[cfg(test)]
impl<R: Residue + Capacity> Residual<R> {
    /// For tests: the network of plain arcs for a flow from node 0 to node 1.
    pub fn between_0_and_1(num_nodes: u32, arcs: [&[u32]; 2], capacity: &[R]) -> Result<Self> {
        let [tails, heads] = arcs;
        let problem = FlowProblem {
            num_nodes,
            tails,
            heads,
            capacity,
            duplex: false,
            sources: &[super::problem::Terminal::unlimited(0)],
            sinks: &[super::problem::Terminal::unlimited(1)],
            node_capacity: None,
        };
        let scale = Scale {
            divisor: 1,
            unlimited: R::default(),
        };
        let network = Network::plan(&problem)?;
        let pairing = Pairing::find(tails, heads);
        Self::build(&problem, &network, scale, pairing, &crate::NoMonitor)
    }
}
