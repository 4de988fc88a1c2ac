//! The edges in blocks, and what is at source and sink.

use crate::error::Result;
use crate::flow::capacity::Residue;
use crate::flow::layout::Ends;
use crate::flow::pairing::Run;
use crate::monitor::Monitor;
use crate::threads;

use super::Route;
use super::steps::signed;

/// Edges that make a second thread worth starting.
const GRAIN: usize = 1 << 15;
/// Edges in a block: one is passed over, or left out, as a whole.
const BLOCK: usize = 1 << 12;
/// Edges looked at without a branch.
const LANES: usize = 64;

/// Edges as they are listed: in arrays of arcs.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a, R> {
    /// In a table, or those of the arcs in `runs`.
    pub ends: Ends<'a>,
    /// The arcs of each edge.
    pub runs: &'a [Run],
    /// By arc; `R::MAX` is no limit.
    pub capacity: &'a [R],
    /// Stands for no limit.
    pub unlimited: R,
    /// Whether an arc without a partner carries as much both ways.
    pub duplex: bool,
}

impl<'a, R> Listed<'a, R> {
    fn strip(&self, run: &Run) -> Strip<'a, R> {
        let [first, count, arc, stride, partner] =
            [run.edge, run.count, run.arc, run.stride, run.partner].map(|x| x as usize);
        let flat = self.ends.table.as_flattened();
        let (ends, apart) = if flat.is_empty() {
            ([&self.ends.tails[arc..], &self.ends.heads[arc..]], stride)
        } else {
            ([&flat[2 * first..], &flat[2 * first + 1..]], 2)
        };
        let back = if partner > 0 || self.duplex {
            &self.capacity[arc + partner..]
        } else {
            &[]
        };
        Strip {
            first,
            count,
            ends,
            apart,
            capacity: [&self.capacity[arc..], back],
            stride,
        }
    }
}

/// Edges in a row.
#[derive(Debug)]
struct Strip<'a, R> {
    first: usize,
    count: usize,
    /// Where the ends are, and how far from those of the next edge.
    ends: [&'a [u32]; 2],
    apart: usize,
    /// The same for what they can carry there and back; nothing, if there is no way back.
    capacity: [&'a [R]; 2],
    stride: usize,
}

impl<R> Clone for Strip<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Strip<'_, R> {}

impl<R> Strip<'_, R> {
    /// Its edges from number `begin` up to `end`.
    fn part(&self, begin: usize, end: usize) -> Self {
        let after = begin * self.stride;
        Strip {
            first: self.first + begin,
            count: end - begin,
            ends: self.ends.map(|ids| &ids[begin * self.apart..]),
            capacity: self.capacity.map(|own| own.get(after..).unwrap_or(&[])),
            ..*self
        }
    }

    /// Whether an edge may end at one of two nodes; false if none does.
    fn may_end_at(&self, nodes: [u32; 2]) -> bool {
        let has = |ids: &[u32]| {
            let found = |id: &u32| (*id == nodes[0]) | (*id == nodes[1]);
            ids.iter().fold(false, |any, id| any | found(id))
        };
        self.lists().into_iter().any(has)
    }

    /// Tails and heads, and what is between them.
    #[inline(always)]
    fn lists(&self) -> [&[u32]; 2] {
        let len = match self.count {
            0 => 0,
            count => (count - 1) * self.apart + 1,
        };
        self.ends.map(|ids| &ids[..len])
    }

    /// Gives `step` every edge in order, or against it.
    #[inline(always)]
    fn visit(&self, backward: bool, unlimited: R, step: &mut impl Step<R>)
    where
        R: Residue,
    {
        match (self.apart, backward) {
            (1, false) => self.visit_every::<1, false>(unlimited, step),
            (1, true) => self.visit_every::<1, true>(unlimited, step),
            (_, false) => self.visit_every::<2, false>(unlimited, step),
            (_, true) => self.visit_every::<2, true>(unlimited, step),
        }
    }

    #[inline(always)]
    fn visit_every<const APART: usize, const BACKWARD: bool>(
        &self,
        unlimited: R,
        step: &mut impl Step<R>,
    ) where
        R: Residue,
    {
        let [tails, heads] = self.lists();
        for turn in 0..self.count {
            let at = if BACKWARD {
                self.count - 1 - turn
            } else {
                turn
            };
            step.take(Edge {
                number: self.first + at,
                ends: [tails[at * APART], heads[at * APART]],
                strip: self,
                at,
                unlimited,
            });
        }
    }
}

/// One of the edges.
pub struct Edge<'a, R> {
    pub number: usize,
    pub ends: [u32; 2],
    strip: &'a Strip<'a, R>,
    at: usize,
    unlimited: R,
}

impl<R: Residue> Edge<'_, R> {
    /// What it can carry in the direction of its ends (0), or against it (1).
    #[inline(always)]
    pub fn room(&self, direction: usize) -> R {
        match self.strip.capacity[direction].get(self.at * self.strip.stride) {
            Some(capacity) if *capacity == R::MAX => self.unlimited,
            Some(capacity) => *capacity,
            None => R::default(),
        }
    }
}

/// What is done with every edge of a list.
///
/// Not a closure, as those are not inlined at several places.
pub trait Step<R> {
    fn take(&mut self, edge: Edge<'_, R>);
}

/// The edges in blocks, and what is at source and sink.
pub struct Blocks<'a, R: Residue> {
    pub route: Route,
    pub num_edges: usize,
    /// Those that are neither the source's nor the sink's, in blocks; a few others among them.
    inner: Vec<Strip<'a, R>>,
    /// Those out of the source (0), and into the sink (1), that can carry something.
    pub outer: [Vec<Outer<R>>; 2],
    /// What these can carry.
    pub totals: [R::Excess; 2],
    /// Whether an edge joins source and sink.
    pub joined: bool,
    unlimited: R,
    monitor: &'a dyn Monitor,
}

/// An edge of the source or the sink.
#[derive(Debug, Clone, Copy)]
pub struct Outer<R> {
    pub edge: u32,
    /// The node at its other end.
    pub node: u32,
    /// What it can carry, less than zero if that is against its ends.
    pub signed: R,
}

impl<R: Residue> Outer<R> {
    /// What it can carry.
    pub fn all(&self) -> R {
        signed(self.signed, self.direction())
    }

    /// Along its ends (0), or against them (1).
    pub fn direction(&self) -> usize {
        usize::from(self.signed < R::default())
    }
}

impl<'a, R: Residue> Blocks<'a, R> {
    /// Cuts what is listed into blocks.
    pub fn of(listed: &Listed<'a, R>, route: Route, monitor: &'a dyn Monitor) -> Result<Self> {
        let blocks: Vec<Strip<'_, R>> = listed
            .runs
            .iter()
            .map(|run| listed.strip(run))
            .flat_map(|strip| {
                let blocks = threads::blocks(0..strip.count, BLOCK);
                blocks.map(move |block| strip.part(block.start, block.end))
            })
            .collect();
        // In turns: those with the edges of terminals are mostly in a row.
        let workers = threads::worth(listed.ends.len(), GRAIN);
        let found = threads::join((0..workers).map(|worker| {
            let mine = blocks.iter().skip(worker).step_by(workers);
            move || -> Result<Vec<_>> {
                mine.map(|block| {
                    monitor.poll()?;
                    Ok(Outskirts::of(block, route, listed.unlimited))
                })
                .collect()
            }
        }));
        let found: Result<Vec<_>> = found.into_iter().collect();
        let mut found: Vec<_> = found?.into_iter().map(Vec::into_iter).collect();
        let mut all = Blocks {
            route,
            num_edges: listed.ends.len(),
            inner: Vec::new(),
            outer: [Vec::new(), Vec::new()],
            totals: [R::Excess::default(); 2],
            joined: false,
            unlimited: listed.unlimited,
            monitor,
        };
        for (turn, block) in blocks.into_iter().enumerate() {
            let outskirts = found[turn % workers].next().expect("it was its turn");
            all.add(block, &outskirts);
        }
        Ok(all)
    }

    fn add(&mut self, block: Strip<'a, R>, outskirts: &Outskirts<R>) {
        if outskirts.touching < block.count {
            self.inner.push(block);
        }
        for side in [0, 1] {
            self.outer[side].extend(&outskirts.outer[side]);
            self.totals[side] += outskirts.totals[side];
        }
        self.joined |= outskirts.joined;
    }

    /// How many blocks there are.
    pub fn num_blocks(&self) -> usize {
        self.inner.len()
    }

    /// Source and sink.
    pub fn terminals(&self) -> [u32; 2] {
        [self.route.source, self.route.sink]
    }

    /// Gives `step` every edge of the blocks that are not left out, in order or against it, and calls
    /// `after` with each block's number.
    #[inline(always)]
    pub fn pass<S: Step<R>>(
        &self,
        backward: bool,
        step: &mut S,
        leave_out: impl Fn(usize) -> bool,
        mut after: impl FnMut(usize, &mut S),
    ) -> Result<()> {
        let blocks = &self.inner;
        for turn in 0..blocks.len() {
            let at = if backward {
                blocks.len() - 1 - turn
            } else {
                turn
            };
            if !leave_out(at) {
                self.monitor.poll()?;
                blocks[at].visit(backward, self.unlimited, step);
                after(at, step);
            }
        }
        Ok(())
    }

    /// The same for all blocks.
    #[inline(always)]
    pub fn pass_all(&self, backward: bool, step: &mut impl Step<R>) -> Result<()> {
        self.pass(backward, step, |_| false, |_, _| ())
    }
}

/// The edges of source and sink in a block.
struct Outskirts<R: Residue> {
    terminals: [u32; 2],
    outer: [Vec<Outer<R>>; 2],
    totals: [R::Excess; 2],
    /// Also those that can carry nothing.
    touching: usize,
    joined: bool,
}

impl<R: Residue> Outskirts<R> {
    fn of(block: &Strip<'_, R>, route: Route, unlimited: R) -> Self {
        let mut outskirts = Outskirts {
            terminals: [route.source, route.sink],
            outer: [Vec::new(), Vec::new()],
            totals: [R::Excess::default(); 2],
            touching: 0,
            joined: false,
        };
        for lanes in threads::blocks(0..block.count, LANES) {
            let lanes = block.part(lanes.start, lanes.end);
            if lanes.may_end_at(outskirts.terminals) {
                lanes.visit(false, unlimited, &mut outskirts);
            }
        }
        outskirts
    }
}

impl<R: Residue> Step<R> for Outskirts<R> {
    #[inline(always)]
    fn take(&mut self, edge: Edge<'_, R>) {
        let [a, b] = edge.ends;
        for (side, end) in self.terminals.into_iter().enumerate() {
            if (a == end) == (b == end) {
                continue;
            }
            let (node, against) = if a == end { (b, 0) } else { (a, 1) };
            let direction = side ^ against;
            let own = edge.room(direction);
            self.touching += 1;
            self.joined |= self.terminals.contains(&node);
            if own > R::default() {
                self.totals[side] += own.to_excess();
                self.outer[side].push(Outer {
                    edge: edge.number as u32,
                    node,
                    signed: signed(own, direction),
                });
            }
        }
    }
}
