//! Leaving out what decides nothing: dead ends carry no flow, links in series are one link.
//!
//! A node with one edge cannot pass anything on, and what hangs from it alone is a dead end too. A
//! node with two edges passes on what it gets, so that a chain of such nodes carries what its
//! narrowest link does, one way and back. Both are exact, and graphs with few edges for their nodes,
//! such as roads, mostly consist of them; the **core** that is left is solved in their place.
//! (Parallel arcs are merged where they are listed, in [`merge`](super::merge).)

mod knots;

use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::threads;

use super::capacity::Residue;
use super::give_back::give_back;
use super::graph::{Half, Residual, Slots};
use super::layout::{Ends, group};

use knots::{GRAIN, Knots, PASSING};

/// One edge in so many must go, so that it is worth it.
const ENOUGH: usize = 4;
/// Halves looked at before something is done with what they lead to.
const BATCH: usize = 448;
/// Halves looked at before one looks how many they were.
const AT_ONCE: usize = 64;
/// Steps of a chain between two polls of the monitor.
const STEPS: usize = 1 << 14;

/// Links in series, end to end.
#[derive(Debug, Default)]
struct Chains {
    /// Where each begins, and where it ends in `steps`.
    from: Vec<u32>,
    end: Vec<u32>,
    /// The halves along which each goes.
    steps: Vec<Half>,
}

impl Chains {
    /// Ends a chain that began at `from`.
    fn close(&mut self, from: u32) {
        self.from.push(from);
        self.end.push(self.steps.len() as u32);
    }

    fn iter(&self) -> impl Iterator<Item = (u32, &[Half])> {
        let begins = std::iter::once(&0).chain(&self.end);
        let ranges = begins.zip(&self.end);
        let steps = ranges.map(|(begin, end)| &self.steps[*begin as usize..*end as usize]);
        self.from.iter().copied().zip(steps)
    }
}

/// What was left out.
#[derive(Debug)]
struct LeftOut {
    /// The node of each node of the core.
    nodes: Vec<u32>,
    /// Edges of the core that are edges as they were; after them, it has one for each of `chains`.
    plain: Vec<u32>,
    chains: Chains,
    /// Chains that end where they begin, which carry nothing.
    loops: Chains,
    /// Dead ends, by the half that leads there, and the node it leads from, which stays or comes later.
    dead: Vec<(u32, Half)>,
}

/// A residual network in its core.
#[derive(Debug)]
pub struct Reduced<R> {
    pub core: Residual<R>,
    left_out: LeftOut,
}

impl<R: Residue> Reduced<R> {
    /// The core of `whole`, where nothing was sent, if that is worth it.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    ///
    /// # Complexity
    ///
    /// O(n + m); O(n) where there are at least twice as many edges as nodes, or few that can go.
    pub fn of(whole: &Residual<R>, monitor: &dyn Monitor) -> Result<Option<Self>> {
        if !is_worth_it(&whole.first) {
            return Ok(None);
        }
        let mut knots = Knots::of(whole, monitor)?;
        let dead = knots.peel(monitor)?;
        let nodes = knots.number(knots.edges.len() - dead.len());
        let mut left_out = LeftOut {
            nodes,
            plain: Vec::new(),
            chains: Chains::default(),
            loops: Chains::default(),
            dead,
        };
        let ends = left_out.follow(whole, &mut knots, monitor)?;
        let [source, sink] = [whole.source, whole.sink].map(|end| knots.core_number(end));
        drop(knots);
        let (residue, halves) = threads::both(
            whole.adjacent.len() >= GRAIN,
            || left_out.residues(&whole.residue, monitor),
            || group(left_out.nodes.len(), &Ends::of_table(&ends), monitor),
        );
        let (residue, (first, adjacent)) = (residue?, halves?);
        let core = Residual {
            source,
            sink,
            residue,
            first,
            adjacent,
            slots: Slots::Runs(Vec::new()),
            merged: false,
        };
        Ok(Some(Reduced { core, left_out }))
    }

    /// Returns the `excess` of the core to the source, while nothing was sent in `whole`.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub fn give_back(
        &mut self,
        excess: &mut [R::Excess],
        whole: &Residual<R>,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let initial = |_: &Residual<R>| self.left_out.residues(&whole.residue, monitor);
        give_back(&mut self.core, excess, initial, monitor)
    }

    /// Sends in `whole`, where nothing was sent, what was sent in the core.
    ///
    /// # Errors
    ///
    /// What the monitor says; `whole` is of no use then.
    pub fn send_in(&self, whole: &mut Residual<R>, monitor: &dyn Monitor) -> Result<()> {
        self.left_out
            .restore(&self.core.residue, &mut whole.residue, monitor)
    }

    /// By node of `whole`: whether the source can still send to it.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub fn reached_from_source(
        &self,
        whole: &Residual<R>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<bool>> {
        let core = self.core.reached_from_source(monitor)?;
        self.left_out.spread(&core, whole, 0, monitor)
    }

    /// By node of `whole`: whether it can still send to the sink, as `core` says of the core.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub fn reaches_sink(
        &self,
        core: &[bool],
        whole: &Residual<R>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<bool>> {
        self.left_out.spread(core, whole, 1, monitor)
    }
}

/// Whether there can be enough that goes, in a graph with few edges for its nodes.
fn is_worth_it(first: &[u32]) -> bool {
    let (n, halves) = (first.len() - 1, first[first.len() - 1] as usize);
    let is_low = |ends: &&[u32]| (1..=u32::from(PASSING)).contains(&(ends[1] - ends[0]));
    halves < 4 * n && 2 * ENOUGH * first.windows(2).filter(is_low).count() >= halves
}

impl LeftOut {
    /// Finds the plain edges, chains and loops of the core, and returns the ends of its edges.
    ///
    /// What a half leads to is anybody's guess, so that nothing branches on it: it is put down, and
    /// counted or not.
    fn follow<R: Residue>(
        &mut self,
        whole: &Residual<R>,
        knots: &mut Knots,
        monitor: &dyn Monitor,
    ) -> Result<Vec<[u32; 2]>> {
        let (mut plain, mut joined) = (Vec::new(), Vec::new());
        let mut edges = [([0; 2], 0); BATCH + AT_ONCE];
        let mut begins = [(0, Half::default()); BATCH + AT_ONCE];
        let (mut some_edges, mut some_begins, mut seen) = (0, 0, 0);
        let mut pace = Pace::new(monitor);
        for core in 0..self.nodes.len() as u32 {
            let from = self.nodes[core as usize];
            for halves in whole.halves(from).chunks(AT_ONCE) {
                for half in halves {
                    let head = half.head() as usize;
                    let count = knots.edges[head];
                    // Seen from either end, and listed once.
                    let is_listed = (half.slot() & 1 == 0) & (half.head() != from);
                    edges[some_edges] = ([core, knots.core_number(half.head())], half.slot() / 2);
                    some_edges += usize::from((count > PASSING) & is_listed);
                    begins[some_begins] = (core, *half);
                    some_begins += usize::from(count == PASSING);
                }
                seen += halves.len();
                if seen > BATCH {
                    pace.spend(seen)?;
                    self.list(&edges[..some_edges], &mut plain);
                    self.walk(&begins[..some_begins], knots, &mut joined, &mut pace)?;
                    (some_edges, some_begins, seen) = (0, 0, 0);
                }
            }
        }
        self.list(&edges[..some_edges], &mut plain);
        self.walk(&begins[..some_begins], knots, &mut joined, &mut pace)?;
        plain.reserve_exact(joined.len());
        plain.append(&mut joined);
        Ok(plain)
    }

    /// Adds plain edges, of which `plain` gets the ends in the core.
    fn list(&mut self, edges: &[([u32; 2], u32)], plain: &mut Vec<[u32; 2]>) {
        plain.extend(edges.iter().map(|(ends, _)| *ends));
        self.plain.extend(edges.iter().map(|(_, edge)| *edge));
    }

    /// Follows the chains that begin at some nodes of the core, if they were not found yet.
    fn walk(
        &mut self,
        begins: &[(u32, Half)],
        knots: &mut Knots,
        joined: &mut Vec<[u32; 2]>,
        pace: &mut Pace<'_>,
    ) -> Result<()> {
        for (core, half) in begins {
            if knots.edges[half.head() as usize] != PASSING {
                continue;
            }
            let from = self.nodes[*core as usize];
            let begin = self.chains.steps.len();
            let last = knots.walk(from, *half, &mut self.chains.steps, pace)?;
            if last == from {
                let steps = self.chains.steps.drain(begin..);
                self.loops.steps.extend(steps);
                self.loops.close(from);
            } else {
                self.chains.close(from);
                joined.push([*core, knots.core_number(last)]);
            }
        }
        Ok(())
    }

    /// The residues of the core, where nothing was sent in `whole`.
    fn residues<R: Residue>(&self, whole: &[R], monitor: &dyn Monitor) -> Result<Vec<R>> {
        let mut pace = Pace::new(monitor);
        let mut all = Vec::with_capacity(self.plain.len() + self.chains.from.len());
        for plain in self.plain.chunks(STEPS) {
            pace.spend(plain.len())?;
            let slots = plain.iter().map(|edge| 2 * *edge as usize);
            all.extend(slots.map(|slot| [whole[slot], whole[slot + 1]]));
        }
        for (_, steps) in self.chains.iter() {
            all.push([
                narrowest(whole, steps, 0, &mut pace)?,
                narrowest(whole, steps, 1, &mut pace)?,
            ]);
        }
        Ok(all.into_flattened())
    }

    /// Brings the residues of `whole` to what was sent in the core, where nothing was sent yet.
    fn restore<R: Residue>(
        &self,
        core: &[R],
        whole: &mut [R],
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let mut pace = Pace::new(monitor);
        let (plain, chains) = core.as_chunks::<2>().0.split_at(self.plain.len());
        for (edges, residues) in self.plain.chunks(STEPS).zip(plain.chunks(STEPS)) {
            pace.spend(edges.len())?;
            for (edge, residues) in edges.iter().zip(residues) {
                whole[2 * *edge as usize..][..2].copy_from_slice(residues);
            }
        }
        for ((_, steps), [there, _]) in self.chains.iter().zip(chains) {
            let flow = narrowest(whole, steps, 0, &mut pace)? - *there;
            for steps in steps.chunks(STEPS) {
                pace.spend(steps.len())?;
                for step in steps {
                    whole[step.slot() as usize] -= flow;
                    whole[step.slot() as usize ^ 1] += flow;
                }
            }
        }
        Ok(())
    }

    /// By node of `whole`: whether it is reached, as `core` says of the nodes of the core, along
    /// residues or, if `against` is 1, against them.
    fn spread<R: Residue>(
        &self,
        core: &[bool],
        whole: &Residual<R>,
        against: u32,
        monitor: &dyn Monitor,
    ) -> Result<Vec<bool>> {
        let mut pace = Pace::new(monitor);
        let mut reached = vec![false; whole.num_nodes()];
        for (nodes, core) in self.nodes.chunks(STEPS).zip(core.chunks(STEPS)) {
            pace.spend(nodes.len())?;
            for (node, is_reached) in nodes.iter().zip(core) {
                reached[*node as usize] = *is_reached;
            }
        }
        let is_open = |slot: u32| whole.residue[(slot ^ against) as usize] > R::default();
        for (from, steps) in self.chains.iter().chain(self.loops.iter()) {
            let (last, inner) = steps.split_last().expect("a chain has links");
            let mut open = reached[from as usize];
            for steps in inner.chunks(STEPS) {
                pace.spend(steps.len())?;
                for step in steps {
                    open = open && is_open(step.slot());
                    reached[step.head() as usize] = open;
                }
            }
            let (mut open, mut back) = (reached[last.head() as usize], last.slot() ^ 1);
            for steps in inner.rchunks(STEPS) {
                pace.spend(steps.len())?;
                for step in steps.iter().rev() {
                    open = open && is_open(back);
                    reached[step.head() as usize] |= open;
                    back = step.slot() ^ 1;
                }
            }
        }
        for dead in self.dead.rchunks(STEPS) {
            pace.spend(dead.len())?;
            for (from, there) in dead.iter().rev() {
                reached[there.head() as usize] = reached[*from as usize] && is_open(there.slot());
            }
        }
        Ok(reached)
    }
}

/// The least residue along a chain, or against it.
fn narrowest<R: Residue>(
    residue: &[R],
    steps: &[Half],
    against: u32,
    pace: &mut Pace<'_>,
) -> Result<R> {
    let at = |step: &Half| residue[(step.slot() ^ against) as usize];
    let mut least = at(&steps[0]);
    for steps in steps.chunks(STEPS) {
        pace.spend(steps.len())?;
        least = steps.iter().map(at).fold(least, R::min);
    }
    Ok(least)
}

#[cfg(test)]
mod tests {
    use crate::NoMonitor;
    use crate::monitor::StopAt;

    use super::*;

    /// A network from 0 to 1 of links with other capacities there and back.
    fn network(num_nodes: u32, links: &[[u32; 2]]) -> Result<Residual<i64>> {
        let end = |end: usize| links.iter().map(move |link| link[end]);
        let tails: Vec<u32> = end(0).chain(end(1)).collect();
        let heads: Vec<u32> = end(1).chain(end(0)).collect();
        let capacity: Vec<i64> = (0..tails.len() as i64)
            .map(|arc| 10 + arc * 7 % 10)
            .collect();
        Residual::between_0_and_1(num_nodes, [&tails, &heads], &capacity)
    }

    /// A square 0, 2, 1, 3 with a diagonal 2 - 4 - 5 - 3, a chain 2 - 6 - 7 - 2 that leads nowhere, a tree
    /// 8 - 9, 8 - 10 that hangs from 5, a ring 11, 12, 13 apart, and 14 alone.
    const LINKS: [[u32; 2]; 16] = [
        [9, 8],
        [0, 2],
        [2, 1],
        [1, 3],
        [3, 0],
        [2, 4],
        [5, 4],
        [5, 3],
        [6, 2],
        [6, 7],
        [7, 2],
        [5, 8],
        [8, 10],
        [11, 12],
        [12, 13],
        [13, 11],
    ];

    #[test]
    fn only_the_core_is_left() -> Result<()> {
        let whole = network(15, &LINKS)?;
        let reduced = Reduced::of(&whole, &NoMonitor)?.expect("enough can go");
        let Reduced { core, left_out } = &reduced;
        assert_eq!(left_out.nodes, [0, 1, 2, 3]);
        assert_eq!([core.source, core.sink], [0, 1]);
        let dead: Vec<_> = left_out
            .dead
            .iter()
            .map(|(from, half)| [*from, half.head()])
            .collect();
        assert_eq!(dead, [[8, 9], [8, 10], [5, 8]]);
        let along = |chains: &Chains| -> Vec<Vec<u32>> {
            let steps = |(from, steps): (u32, &[Half])| {
                let heads = steps.iter().map(|step| step.head());
                std::iter::once(from).chain(heads).collect()
            };
            chains.iter().map(steps).collect()
        };
        assert_eq!(along(&left_out.chains), [[2, 4, 5, 3]]);
        assert_eq!(along(&left_out.loops), [[2, 6, 7, 2]]);
        // Four plain edges, and one for the diagonal: links 5, 6 backwards, and 7.
        assert_eq!(core.residue.len(), 10);
        let capacity = |arc: i64| 10 + arc * 7 % 10;
        let there = [5, 16 + 6, 7].map(capacity).into_iter().min();
        let back = [16 + 5, 6, 16 + 7].map(capacity).into_iter().min();
        assert_eq!(
            [Some(core.residue[8]), Some(core.residue[9])],
            [there, back]
        );
        Ok(())
    }

    #[test]
    fn what_was_sent_comes_back() -> Result<()> {
        let untouched = network(15, &LINKS)?;
        let mut whole = untouched.clone();
        let mut reduced = Reduced::of(&whole, &NoMonitor)?.expect("enough can go");
        // Back along the diagonal as much as goes, and some from the source to 2.
        let narrow = reduced.core.residue[9];
        reduced.core.pass(9, narrow);
        let half = reduced.core.halves(0)[0];
        reduced.core.pass(half.slot(), 3);
        reduced.send_in(&mut whole, &NoMonitor)?;
        let sent = |tail: u32, head: u32| {
            let mut halves = untouched.halves(tail).iter();
            let slot = halves
                .find(|half| half.head() == head)
                .expect("a link")
                .slot() as usize;
            untouched.residue[slot] - whole.residue[slot]
        };
        let diagonal = [sent(3, 5), sent(5, 4), sent(4, 2), sent(2, 4)];
        assert_eq!(diagonal, [narrow, narrow, narrow, -narrow]);
        let others = [sent(0, 2), sent(2, 1), sent(6, 7), sent(5, 8), sent(12, 13)];
        assert_eq!(others, [3, 0, 0, 0, 0]);

        let reached = reduced.reached_from_source(&whole, &NoMonitor)?;
        assert_eq!(reached, whole.reached_from_source(&NoMonitor)?);
        // Against the arcs from the sink, whatever the core says.
        for marked in 0..16u32 {
            let core: Vec<bool> = (0..4).map(|node| marked >> node & 1 == 1).collect();
            let reaches = reduced.reaches_sink(&core, &whole, &NoMonitor)?;
            for (v, is_marked) in (0u32..).zip(&reaches) {
                let mut halves = whole.halves(v).iter();
                let on = halves.any(|half| {
                    whole.residue[half.slot() as usize] > 0 && reaches[half.head() as usize]
                });
                let own = (v < 4).then(|| core[v as usize]);
                assert_eq!(*is_marked, own.unwrap_or(on), "node {v} of {marked:b}");
            }
        }
        Ok(())
    }

    #[test]
    fn it_can_be_stopped_anywhere() -> Result<()> {
        let whole = network(15, &LINKS)?;
        let stops = |at| Reduced::of(&whole, &StopAt::poll(at)).is_err();
        let first = (0..).find(|at| !stops(*at));
        assert!(first > Some(2));
        Ok(())
    }
}
