//! Maximum flow by highest-label pseudoflow, after a global relabel that moves excess.
//!
//! Hochbaum, "The pseudoflow algorithm: a new algorithm for the maximum-flow problem" (Operations
//! Research 56, 2008); Chandran & Hochbaum, "A computational study of the pseudoflow and
//! push-relabel algorithms for the maximum flow problem" (Operations Research 57, 2009). Nodes
//! hang in trees; only a root has excess. The tree of the highest root with excess is searched for
//! a residual arc to a node one label lower, is turned over to hang from there, and its excess runs
//! to the new root in one sweep. An arc on the way that fills cuts its subtree off, with what
//! excess could not pass.
//!
//! Excess is sent until none can reach the sink, which fixes the value and the minimum cut; what is
//! left is returned by `give_back`.

mod trees;

use crate::error::Result;
use crate::monitor::Monitor;

use super::capacity::Residue;
use super::graph::Residual;

use trees::{ALONE, Forest, Tree};

/// A global relabel after work of this per node, and one per half, over `BUDGETS`.
const WORK_PER_NODE: usize = 6;
const BUDGETS: u64 = 4;
/// Where the farthest label is at most this, excess is swept down the labels first.
const SHALLOW: u32 = 16;
/// Work units between two polls of the monitor.
const POLL_WORK: u64 = 1 << 14;

/// A pseudoflow in the making: nothing below zero, excess at roots.
#[derive(Debug)]
pub struct Pseudoflow<'a, R: Residue> {
    graph: &'a mut Residual<R>,
    excess: Vec<R::Excess>,
    label: Vec<u32>,
    tree: Vec<Tree>,
    /// Nodes in the order in which the search from the sink found them, and how many of them it
    /// has searched.
    queue: Vec<u32>,
    searched: usize,
    /// Nodes that had excess before the first search.
    waiting: usize,
    /// What left the source.
    sent: R::Excess,
    unpolled: u64,
}

impl<'a, R: Residue> Pseudoflow<'a, R> {
    /// No excess anywhere yet.
    pub fn new(graph: &'a mut Residual<R>) -> Self {
        let n = graph.num_nodes();
        Pseudoflow {
            excess: vec![R::Excess::default(); n],
            label: vec![n as u32; n],
            tree: Vec::new(),
            queue: Vec::with_capacity(n),
            searched: 0,
            waiting: 0,
            sent: R::Excess::default(),
            unpolled: 0,
            graph,
        }
    }

    /// Sends all the sink can get, and returns how much that is.
    // Not inlined, so that profilers tell solving from laying out.
    #[inline(never)]
    pub fn send_to_sink(&mut self, monitor: &dyn Monitor) -> Result<R::Excess> {
        self.saturate_source();
        self.drain(monitor)?;
        Ok(self.excess[self.graph.sink as usize])
    }

    /// By node: what it got and could not send on; `None` if all reached the sink.
    pub fn into_excess(self) -> Option<Vec<R::Excess>> {
        (self.sent != self.excess[self.graph.sink as usize]).then_some(self.excess)
    }

    /// By node: whether it can still send to the sink. Valid after `send_to_sink`.
    pub fn reaches_sink(&mut self, monitor: &dyn Monitor) -> Result<Vec<bool>> {
        self.relabel_all(false, monitor)?;
        let n = self.label.len() as u32;
        Ok(self.label.iter().map(|label| *label < n).collect())
    }

    /// Fills every arc out of the source, and sends on at once what goes to a node with one way on.
    fn saturate_source(&mut self) {
        let source = self.graph.source;
        for at in self.graph.first[source as usize]..self.graph.first[source as usize + 1] {
            let half = self.graph.adjacent[at as usize];
            let (head, slot) = (half.head(), half.slot());
            let residue = self.graph.residue[slot as usize];
            if head == source || residue == R::default() {
                continue;
            }
            self.sent += residue.to_excess();
            self.graph.pass(slot, residue);
            let on = match self.graph.halves(head) {
                [_, on] if on.head() != source => *on,
                [on, _] if on.head() != source => *on,
                _ => half,
            };
            let amount = residue.min(self.graph.residue[on.slot() as usize]);
            self.graph.pass(on.slot(), amount);
            self.receive(on.head(), amount);
            self.receive(head, residue - amount);
        }
    }

    /// Adds to the excess of a node before the first search, and counts the nodes that have some.
    fn receive(&mut self, v: u32, amount: R) {
        let excess = &mut self.excess[v as usize];
        let is_first = *excess == R::Excess::default() && amount > R::default();
        self.waiting += usize::from(is_first && v != self.graph.sink);
        *excess += amount.to_excess();
    }

    /// Exact labels by a breadth-first search from the sink against residual arcs; what it does
    /// not find has label `n`.
    ///
    /// If `moving`, a node with excess is discharged into the node that finds it before it gets a
    /// label, which moves most excess on shallow networks at no cost. Not with trees, where only
    /// roots may have excess.
    fn relabel_all(&mut self, moving: bool, monitor: &dyn Monitor) -> Result<()> {
        self.begin_labels();
        self.label_more(moving, usize::MAX, monitor)
    }

    /// The same for the nodes at or above the lowest label that any was lifted from. What lies
    /// below keeps its labels: no residual arc leads down by more than one, so that the search can
    /// go on from the label next to it.
    fn relabel_lifted(&mut self, lowest: u32, monitor: &dyn Monitor) -> Result<()> {
        let n = self.label.len() as u32;
        self.queue.retain(|v| self.label[*v as usize] < lowest);
        self.searched = self
            .queue
            .partition_point(|v| self.label[*v as usize] + 1 < lowest);
        for label in self.label.iter_mut().filter(|label| **label >= lowest) {
            *label = n;
        }
        self.label_more(false, usize::MAX, monitor)
    }

    fn begin_labels(&mut self) {
        let n = self.label.len();
        self.label.fill(n as u32);
        self.queue.clear();
        self.queue.push(self.graph.sink);
        self.label[self.graph.sink as usize] = 0;
        self.searched = 0;
    }

    /// Goes on with the search until it has found `wanted` nodes with excess.
    fn label_more(&mut self, moving: bool, wanted: usize, monitor: &dyn Monitor) -> Result<()> {
        let n = self.label.len() as u32;
        let zero = R::Excess::default();
        let source = self.graph.source;
        let Residual {
            residue,
            first,
            adjacent,
            ..
        } = &mut *self.graph;
        let (residue, first, adjacent) = (&mut residue[..], &first[..], &adjacent[..]);
        let (label, excess) = (&mut self.label[..], &mut self.excess[..]);
        let queue = &mut self.queue;
        let mut wanted = wanted;
        let mut at = self.searched;
        while wanted > 0 && at < queue.len() {
            let v = queue[at];
            at += 1;
            let next = label[v as usize] + 1;
            let halves = &adjacent[first[v as usize] as usize..first[v as usize + 1] as usize];
            self.unpolled += 1 + halves.len() as u64;
            if self.unpolled > POLL_WORK {
                self.unpolled = 0;
                monitor.poll()?;
            }
            let mut gained = zero;
            for half in halves {
                let w = half.head() as usize;
                if label[w] != n || half.head() == source {
                    continue;
                }
                let toward = half.slot() as usize ^ 1;
                let room = residue[toward];
                if room == R::default() {
                    continue;
                }
                if moving && excess[w] > zero {
                    let amount = excess[w].min(room.to_excess());
                    let moved = R::from_excess(amount);
                    residue[toward] -= moved;
                    residue[toward ^ 1] += moved;
                    excess[w] -= amount;
                    gained += amount;
                    wanted -= usize::from(excess[w] == zero);
                    if moved == room {
                        continue;
                    }
                }
                label[w] = next;
                queue.push(half.head());
            }
            excess[v as usize] += gained;
        }
        self.searched = at;
        Ok(())
    }

    /// Sends excess to the sink until none can reach it.
    fn drain(&mut self, monitor: &dyn Monitor) -> Result<()> {
        // Once all nodes with excess have labels, the rest can wait until it is needed.
        self.begin_labels();
        self.label_more(true, self.waiting, monitor)?;
        let deepest = self.queue.last().map_or(0, |v| self.label[*v as usize]);
        if deepest <= SHALLOW {
            self.sweep(monitor)?;
            let left = self.sent - self.excess[self.graph.sink as usize];
            if left > self.sent - left - left {
                // More than a third: on an oversubscribed fabric nothing of it can arrive.
                self.relabel_all(true, monitor)?;
            }
        }
        if !self.any_left() {
            return Ok(());
        }
        self.label_more(true, usize::MAX, monitor)?;
        let n = self.label.len();
        self.tree.clear();
        self.tree.resize(n, ALONE);
        let budget = (WORK_PER_NODE * n + self.graph.adjacent.len()) as u64 / BUDGETS;
        loop {
            debug_assert!(self.labels_hold(), "labels are distances at most");
            let forest = Forest {
                sink: self.graph.sink,
                first: &self.graph.first,
                adjacent: &self.graph.adjacent,
                residue: &mut self.graph.residue,
                excess: &mut self.excess,
                label: &mut self.label,
                tree: &mut self.tree,
                levels: Vec::new(),
                highest: 0,
                lowest: n as u32,
                work: 0,
                unpolled: 0,
            };
            let Some(lowest) = forest.send_all(&self.queue, budget, monitor)? else {
                return Ok(());
            };
            self.relabel_lifted(lowest, monitor)?;
        }
    }

    /// Sends excess down the labels, highest first, each node once; the last step from the sink.
    fn sweep(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let zero = R::Excess::default();
        for at in (1..self.queue.len()).rev() {
            let v = self.queue[at];
            let mut excess = self.excess[v as usize];
            if excess == zero {
                continue;
            }
            let lower = self.label[v as usize] - 1;
            if lower == 0 {
                break;
            }
            let halves = self.graph.first[v as usize]..self.graph.first[v as usize + 1];
            self.unpolled += 1 + halves.len() as u64;
            if self.unpolled > POLL_WORK {
                self.unpolled = 0;
                monitor.poll()?;
            }
            for half in &self.graph.adjacent[halves.start as usize..halves.end as usize] {
                if self.label[half.head() as usize] != lower {
                    continue;
                }
                let residue = self.graph.residue[half.slot() as usize];
                if residue == R::default() {
                    continue;
                }
                let amount = excess.min(residue.to_excess());
                self.graph.residue[half.slot() as usize] -= R::from_excess(amount);
                self.graph.residue[half.slot() as usize ^ 1] += R::from_excess(amount);
                self.excess[half.head() as usize] += amount;
                excess -= amount;
                if excess == zero {
                    break;
                }
            }
            self.excess[v as usize] = excess;
        }
        let sink = self.graph.sink;
        for at in self.graph.first[sink as usize]..self.graph.first[sink as usize + 1] {
            let half = self.graph.adjacent[at as usize];
            let (head, slot) = (half.head(), half.slot());
            let excess = self.excess[head as usize];
            if head == sink || excess == zero {
                continue;
            }
            let amount = excess.min(self.graph.residue[slot as usize ^ 1].to_excess());
            self.graph.pass(slot ^ 1, R::from_excess(amount));
            self.excess[head as usize] -= amount;
            self.excess[sink as usize] += amount;
        }
        Ok(())
    }

    /// Whether a node with excess can reach the sink.
    fn any_left(&self) -> bool {
        let zero = R::Excess::default();
        self.queue[1..]
            .iter()
            .any(|v| self.excess[*v as usize] > zero)
    }

    /// Whether no residual arc leads down by more than one label.
    fn labels_hold(&self) -> bool {
        (0..self.label.len() as u32)
            .filter(|v| *v != self.graph.source)
            .all(|v| {
                let mut halves = self.graph.halves(v).iter();
                halves.all(|half| {
                    self.graph.residue[half.slot() as usize] == R::default()
                        || self.label[v as usize] <= self.label[half.head() as usize] + 1
                })
            })
    }
}
