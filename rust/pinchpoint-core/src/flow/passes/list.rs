//! The edges in blocks, and what is at source and sink.

use crate::error::Result;
use crate::flow::capacity::Residue;
use crate::flow::layout::{Ends, Step, Strip};
use crate::monitor::Monitor;
use crate::threads;

use super::Route;

/// Edges that make a second thread worth starting.
const GRAIN: usize = 1 << 15;
/// Edges in a block: one is passed over, or left out, as a whole.
const BLOCK: usize = 1 << 12;
/// Edges looked at without a branch.
const LANES: usize = 64;

/// The edges as listed, and what they can carry.
pub struct List<'a, R: Residue> {
    pub route: Route,
    pub residue: &'a [R],
    pub blocks: Blocks<'a, R>,
    monitor: &'a dyn Monitor,
}

/// Edges in blocks; by side what is at the source (0) and at the sink (1).
#[derive(Default)]
pub struct Blocks<'a, R: Residue> {
    /// With edges that are neither the source's nor the sink's.
    pub inner: Vec<Strip<'a>>,
    /// With edges out of the source, or into the sink, that can carry something.
    outer: [Vec<Strip<'a>>; 2],
    /// How many these edges are, and what they can carry.
    pub counts: [usize; 2],
    pub totals: [R::Excess; 2],
    /// Whether an edge joins source and sink.
    pub joined: bool,
}

impl<'a, R: Residue> List<'a, R> {
    /// Cuts `ends` into blocks.
    pub fn of(
        ends: &Ends<'a>,
        residue: &'a [R],
        route: Route,
        monitor: &'a dyn Monitor,
    ) -> Result<Self> {
        let strips = ends.strips();
        let all: Vec<Strip<'_>> = strips
            .iter()
            .flat_map(|strip| {
                let blocks = threads::blocks(0..strip.count, BLOCK);
                blocks.map(|block| strip.part(block.start, block.end))
            })
            .collect();
        // In turns: those with the edges that are counted are mostly in a row.
        let workers = threads::worth(all.len() * BLOCK, GRAIN);
        let found = threads::join((0..workers).map(|worker| {
            let mine = all.iter().skip(worker).step_by(workers);
            move || -> Result<Vec<_>> {
                mine.map(|block| {
                    monitor.poll()?;
                    Ok(Blocks::of(*block, residue, route))
                })
                .collect()
            }
        }));
        let found: Result<Vec<_>> = found.into_iter().collect();
        let mut found: Vec<_> = found?.into_iter().map(Vec::into_iter).collect();
        let mut blocks = Blocks::default();
        for turn in 0..all.len() {
            blocks.add(found[turn % workers].next().expect("it was its turn"));
        }
        Ok(List {
            route,
            residue,
            blocks,
            monitor,
        })
    }

    /// Source and sink.
    pub fn terminals(&self) -> [u32; 2] {
        [self.route.source, self.route.sink]
    }

    /// Gives `step` every edge of the blocks that are not left out, in order or against it, and calls
    /// `after` with each block's number.
    #[inline(always)]
    pub fn pass<S: Step>(
        &self,
        backward: bool,
        step: &mut S,
        leave_out: impl Fn(usize) -> bool,
        mut after: impl FnMut(usize, &mut S),
    ) -> Result<()> {
        let blocks = &self.blocks.inner;
        for turn in 0..blocks.len() {
            let at = if backward {
                blocks.len() - 1 - turn
            } else {
                turn
            };
            if !leave_out(at) {
                self.monitor.poll()?;
                blocks[at].visit(backward, step);
                after(at, step);
            }
        }
        Ok(())
    }

    /// The same for all blocks.
    #[inline(always)]
    pub fn pass_all(&self, backward: bool, step: &mut impl Step) -> Result<()> {
        self.pass(backward, step, |_| false, |_, _| ())
    }

    /// Calls `each` with the slot of every outer edge of a side, and the node it leads to or from.
    #[inline(always)]
    pub fn outward(&self, side: usize, each: impl FnMut(usize, u32)) {
        let mut step = Outward {
            end: self.terminals()[side],
            side,
            residue: self.residue,
            each,
        };
        for block in &self.blocks.outer[side] {
            block.visit(false, &mut step);
        }
    }
}

impl<'a, R: Residue> Blocks<'a, R> {
    fn of(block: Strip<'a>, residue: &[R], route: Route) -> Self {
        let mut survey = Outskirts {
            terminals: [route.source, route.sink],
            residue,
            totals: [R::Excess::default(); 2],
            counts: [0; 2],
            touching: 0,
            joined: false,
        };
        for lanes in threads::blocks(0..block.count, LANES) {
            let lanes = block.part(lanes.start, lanes.end);
            if lanes.may_end_at(survey.terminals) {
                lanes.visit(false, &mut survey);
            }
        }
        let its = |any: bool| if any { vec![block] } else { Vec::new() };
        Blocks {
            inner: its(survey.touching < block.count),
            outer: survey.counts.map(|count| its(count > 0)),
            counts: survey.counts,
            totals: survey.totals,
            joined: survey.joined,
        }
    }

    fn add(&mut self, other: Self) {
        self.inner.extend(other.inner);
        for side in [0, 1] {
            self.outer[side].extend(&other.outer[side]);
            self.counts[side] += other.counts[side];
            self.totals[side] += other.totals[side];
        }
        self.joined |= other.joined;
    }
}

/// Counts the edges of source and sink.
struct Outskirts<'a, R: Residue> {
    terminals: [u32; 2],
    residue: &'a [R],
    totals: [R::Excess; 2],
    counts: [usize; 2],
    touching: usize,
    joined: bool,
}

impl<R: Residue> Step for Outskirts<'_, R> {
    #[inline(always)]
    fn take(&mut self, edge: usize, ends: [u32; 2]) {
        let [source, sink] = self.terminals;
        for (side, end) in [source, sink].into_iter().enumerate() {
            if let Some((slot, node)) = outward(edge, ends, end, side) {
                let room = self.residue[slot];
                self.totals[side] += room.to_excess();
                self.counts[side] += usize::from(room > R::default());
                self.touching += 1;
                self.joined |= node == source || node == sink;
            }
        }
    }
}

/// If an edge is one of `end`: the slot of its direction out of the source (0) or into the sink (1),
/// and the node at its other end.
#[inline(always)]
fn outward(edge: usize, [a, b]: [u32; 2], end: u32, side: usize) -> Option<(usize, u32)> {
    if (a == end) == (b == end) {
        return None;
    }
    let (node, against) = if a == end { (b, 0) } else { (a, 1) };
    Some((2 * edge + (side ^ against), node))
}

/// Calls a function with every outward edge of an end that can carry something.
struct Outward<'a, R, F> {
    end: u32,
    side: usize,
    residue: &'a [R],
    each: F,
}

impl<R: Residue, F: FnMut(usize, u32)> Step for Outward<'_, R, F> {
    #[inline(always)]
    fn take(&mut self, edge: usize, ends: [u32; 2]) {
        if let Some((slot, node)) = outward(edge, ends, self.end, self.side)
            && self.residue[slot] > R::default()
        {
            (self.each)(slot, node);
        }
    }
}
