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

use crate::error::Result;
use crate::monitor::Monitor;

use super::capacity::Residue;
use super::graph::{Half, Residual};

const NIL: u32 = u32::MAX;
/// Work charged for a lift beside the scanned halves, and taken off for a merge: lifts that lead to
/// merges are not in vain.
const LIFT_WORK: u64 = 12;
const MERGE_CREDIT: u64 = 40;
/// A global relabel after work of this per node, and one per half, over `BUDGETS`.
const WORK_PER_NODE: usize = 6;
const BUDGETS: u64 = 4;
/// Where the farthest label is at most this, excess is swept down the labels first.
const SHALLOW: u32 = 16;
/// Work units between two polls of the monitor.
const POLL_WORK: u64 = 1 << 14;

/// A node in its tree.
#[derive(Debug, Clone, Copy)]
struct Tree {
    /// First half not yet ruled out, an index into `adjacent`.
    current: u32,
    parent: u32,
    /// Slot of the direction toward the parent.
    up: u32,
    child: u32,
    /// Siblings; of a root, `next` is the next root of its label.
    next: u32,
    previous: u32,
    /// Next child to search.
    scan: u32,
}

const ALONE: Tree = Tree {
    current: 0,
    parent: NIL,
    up: 0,
    child: NIL,
    next: NIL,
    previous: NIL,
    scan: NIL,
};

/// The nodes of one label that can reach the sink.
#[derive(Debug, Clone, Copy)]
struct Level {
    count: u32,
    /// First root with excess.
    root: u32,
}

const EMPTY: Level = Level {
    count: 0,
    root: NIL,
};

/// A pseudoflow in the making: nothing below zero, excess at roots.
#[derive(Debug)]
pub struct Pseudoflow<'a, R: Residue> {
    graph: &'a mut Residual<R>,
    excess: Vec<R::Excess>,
    label: Vec<u32>,
    tree: Vec<Tree>,
    /// By label, up to the highest there is.
    levels: Vec<Level>,
    /// No root with excess has a higher label.
    highest: u32,
    /// Nodes in the order in which the search from the sink found them, and how many of them it
    /// has searched.
    queue: Vec<u32>,
    searched: usize,
    /// No node with a lower label was lifted since the last global relabel.
    lowest: u32,
    /// Nodes that had excess before the first search.
    waiting: usize,
    /// What left the source.
    sent: R::Excess,
    /// Lifts that led nowhere since the last global relabel.
    work: u64,
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
            levels: Vec::new(),
            highest: 0,
            queue: Vec::with_capacity(n),
            searched: 0,
            lowest: 0,
            waiting: 0,
            sent: R::Excess::default(),
            work: 0,
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
            let Half { head, slot } = self.graph.adjacent[at as usize];
            let residue = self.graph.residue[slot as usize];
            if head == source || residue == R::default() {
                continue;
            }
            self.sent += residue.to_excess();
            self.graph.pass(slot, residue);
            let on = match self.graph.halves(head) {
                [_, on] if on.head != source => *on,
                [on, _] if on.head != source => *on,
                _ => Half { head, slot },
            };
            let amount = residue.min(self.graph.residue[on.slot as usize]);
            self.graph.pass(on.slot, amount);
            self.receive(on.head, amount);
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
    fn relabel_lifted(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let (n, lowest) = (self.label.len() as u32, self.lowest);
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
        let mut wanted = wanted;
        let mut at = self.searched;
        while wanted > 0 && at < self.queue.len() {
            let v = self.queue[at];
            at += 1;
            let label = self.label[v as usize];
            let halves = self.graph.first[v as usize]..self.graph.first[v as usize + 1];
            self.unpolled += 1 + halves.len() as u64;
            if self.unpolled > POLL_WORK {
                self.unpolled = 0;
                monitor.poll()?;
            }
            let mut gained = zero;
            for half in &self.graph.adjacent[halves.start as usize..halves.end as usize] {
                let w = half.head as usize;
                if self.label[w] != n || half.head == self.graph.source {
                    continue;
                }
                let toward = half.slot as usize ^ 1;
                let residue = self.graph.residue[toward];
                if residue == R::default() {
                    continue;
                }
                if moving && self.excess[w] > zero {
                    let amount = self.excess[w].min(residue.to_excess());
                    let moved = R::from_excess(amount);
                    self.graph.residue[toward] -= moved;
                    self.graph.residue[toward ^ 1] += moved;
                    self.excess[w] -= amount;
                    gained += amount;
                    wanted -= usize::from(self.excess[w] == zero);
                    if moved == residue {
                        continue;
                    }
                }
                self.label[w] = label + 1;
                self.queue.push(half.head);
            }
            self.excess[v as usize] += gained;
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
        self.collect();
        let budget = (WORK_PER_NODE * n + self.graph.adjacent.len()) as u64 / BUDGETS;
        loop {
            if self.work > budget {
                self.relabel_lifted(monitor)?;
                self.collect();
            }
            let root = self.levels[self.highest as usize].root;
            if root == NIL {
                if self.highest == 0 {
                    return Ok(());
                }
                self.highest -= 1;
                continue;
            }
            self.levels[self.highest as usize].root = self.tree[root as usize].next;
            self.tree[root as usize].next = NIL;
            if self.levels[self.highest as usize - 1].count == 0 {
                self.give_up(root);
            } else {
                self.process(root);
            }
            if self.unpolled > POLL_WORK {
                self.unpolled = 0;
                monitor.poll()?;
            }
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
                if self.label[half.head as usize] != lower {
                    continue;
                }
                let residue = self.graph.residue[half.slot as usize];
                if residue == R::default() {
                    continue;
                }
                let amount = excess.min(residue.to_excess());
                self.graph.residue[half.slot as usize] -= R::from_excess(amount);
                self.graph.residue[half.slot as usize ^ 1] += R::from_excess(amount);
                self.excess[half.head as usize] += amount;
                excess -= amount;
                if excess == zero {
                    break;
                }
            }
            self.excess[v as usize] = excess;
        }
        let sink = self.graph.sink;
        for at in self.graph.first[sink as usize]..self.graph.first[sink as usize + 1] {
            let Half { head, slot } = self.graph.adjacent[at as usize];
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
                    self.graph.residue[half.slot as usize] == R::default()
                        || self.label[v as usize] <= self.label[half.head as usize] + 1
                })
            })
    }

    /// Makes trees fit new labels, which must not fall on the way from a root, and collects the
    /// roots with excess that can reach the sink.
    fn collect(&mut self) {
        debug_assert!(self.labels_hold(), "labels are distances at most");
        let n = self.label.len();
        self.work = 0;
        self.lowest = n as u32;
        self.highest = 0;
        let deepest = self.queue.last().map_or(0, |v| self.label[*v as usize]);
        self.levels.clear();
        self.levels.resize(deepest as usize + 1, EMPTY);
        for v in 0..n as u32 {
            self.tree[v as usize].current = self.graph.first[v as usize];
            let label = self.label[v as usize];
            if let Some(level) = self.level_of(v) {
                level.count += 1;
            }
            let parent = self.tree[v as usize].parent;
            if parent == NIL {
                self.tree[v as usize].next = NIL;
            } else if label < self.label[parent as usize] {
                self.detach(v);
            }
        }
        for at in (1..self.queue.len()).rev() {
            let v = self.queue[at];
            if self.tree[v as usize].parent == NIL && self.excess[v as usize] > R::Excess::default()
            {
                self.add_root(v);
            }
        }
    }

    /// The level of `v`; none if it cannot reach the sink.
    fn level_of(&mut self, v: u32) -> Option<&mut Level> {
        self.levels.get_mut(self.label[v as usize] as usize)
    }

    fn add_root(&mut self, v: u32) {
        let label = self.label[v as usize];
        let level = &mut self.levels[label as usize];
        self.tree[v as usize].next = level.root;
        level.root = v;
        self.highest = self.highest.max(label);
    }

    /// Nothing in the tree of `root` can reach the sink.
    fn give_up(&mut self, root: u32) {
        let n = self.label.len() as u32;
        let mut v = root;
        self.tree[root as usize].scan = self.tree[root as usize].child;
        self.retire(root, n);
        loop {
            let child = self.tree[v as usize].scan;
            if child != NIL {
                self.tree[v as usize].scan = self.tree[child as usize].next;
                self.tree[child as usize].scan = self.tree[child as usize].child;
                self.retire(child, n);
                v = child;
            } else if v == root {
                return;
            } else {
                v = self.tree[v as usize].parent;
            }
        }
    }

    fn retire(&mut self, v: u32, n: u32) {
        self.unpolled += 1;
        if let Some(level) = self.level_of(v) {
            level.count -= 1;
        }
        self.label[v as usize] = n;
    }

    /// Searches the nodes of the tree of `root` that have its label for an arc to a lower label, and
    /// sends the excess along it; or lifts all of them by one.
    fn process(&mut self, root: u32) {
        let mut v = root;
        loop {
            if let Some((w, slot)) = self.admissible(v) {
                self.work = self.work.saturating_sub(MERGE_CREDIT);
                let excess = self.excess[root as usize];
                let residue = self.graph.residue[slot as usize];
                if v == root && residue.to_excess() < excess {
                    // It would fill and be cut off at once.
                    self.graph.pass(slot, residue);
                    self.excess[root as usize] = excess - residue.to_excess();
                    self.send(w, residue.to_excess());
                    continue;
                }
                self.hang(v, w, slot);
                self.excess[root as usize] = R::Excess::default();
                self.send(root, excess);
                return;
            }
            self.tree[v as usize].scan = self.tree[v as usize].child;
            loop {
                let child = self.next_child(v);
                if child != NIL {
                    self.tree[v as usize].scan = self.tree[child as usize].next;
                    v = child;
                    break;
                }
                self.lift(v);
                if v == root {
                    self.add_root(root);
                    return;
                }
                v = self.tree[v as usize].parent;
            }
        }
    }

    /// The next child of `v` with its label.
    fn next_child(&mut self, v: u32) -> u32 {
        let label = self.label[v as usize];
        let mut child = self.tree[v as usize].scan;
        while child != NIL && self.label[child as usize] != label {
            child = self.tree[child as usize].next;
        }
        child
    }

    fn lift(&mut self, v: u32) {
        let degree = self.graph.first[v as usize + 1] - self.graph.first[v as usize];
        self.work += LIFT_WORK + u64::from(degree);
        let label = &mut self.label[v as usize];
        self.lowest = self.lowest.min(*label);
        self.levels[*label as usize].count -= 1;
        *label += 1;
        if *label as usize == self.levels.len() {
            self.levels.push(EMPTY);
        }
        self.levels[*label as usize].count += 1;
        self.tree[v as usize].current = self.graph.first[v as usize];
    }

    /// The head and slot of a residual arc from `v` to a node one label lower.
    #[inline(always)]
    fn admissible(&mut self, v: u32) -> Option<(u32, u32)> {
        let lower = self.label[v as usize] - 1;
        let begin = self.tree[v as usize].current as usize;
        let end = self.graph.first[v as usize + 1] as usize;
        let halves = &self.graph.adjacent[begin..end];
        let found = halves.iter().position(|half| {
            self.label[half.head as usize] == lower
                && self.graph.residue[half.slot as usize] > R::default()
        });
        let at = found.unwrap_or(halves.len());
        self.unpolled += 2 + at as u64;
        self.tree[v as usize].current = (begin + at) as u32;
        found.map(|at| (halves[at].head, halves[at].slot))
    }

    /// Turns the tree of `v` over, so that `v` is its root, and hangs it from `w` by `slot`.
    fn hang(&mut self, v: u32, w: u32, slot: u32) {
        let (mut child, mut parent, mut up) = (v, w, slot);
        loop {
            let (above, old_up) = (
                self.tree[child as usize].parent,
                self.tree[child as usize].up,
            );
            if above != NIL {
                self.detach(child);
            }
            self.attach(child, parent, up);
            self.unpolled += 1;
            if above == NIL {
                return;
            }
            (child, parent, up) = (above, child, old_up ^ 1);
        }
    }

    fn attach(&mut self, child: u32, parent: u32, up: u32) {
        let next = self.tree[parent as usize].child;
        self.tree[parent as usize].child = child;
        if next != NIL {
            self.tree[next as usize].previous = child;
        }
        let node = &mut self.tree[child as usize];
        (node.parent, node.up) = (parent, up);
        (node.next, node.previous) = (next, NIL);
    }

    fn detach(&mut self, child: u32) {
        let Tree {
            parent,
            next,
            previous,
            ..
        } = self.tree[child as usize];
        if next != NIL {
            self.tree[next as usize].previous = previous;
        }
        if previous == NIL {
            self.tree[parent as usize].child = next;
        } else {
            self.tree[previous as usize].next = next;
        }
        self.tree[child as usize].parent = NIL;
        self.tree[child as usize].next = NIL;
    }

    /// Sends `amount` from `v` up its tree; where an arc is too narrow, what lies below it is a tree
    /// of its own and keeps the rest.
    fn send(&mut self, mut v: u32, mut amount: R::Excess) {
        let zero = R::Excess::default();
        loop {
            let Tree { parent, up, .. } = self.tree[v as usize];
            if parent == NIL {
                break;
            }
            self.unpolled += 1;
            let residue = self.graph.residue[up as usize];
            if residue.to_excess() < amount {
                self.detach(v);
                self.excess[v as usize] = amount - residue.to_excess();
                self.add_root(v);
                amount = residue.to_excess();
                if amount == zero {
                    return;
                }
            }
            self.graph.pass(up, R::from_excess(amount));
            v = parent;
        }
        let had = self.excess[v as usize];
        self.excess[v as usize] = had + amount;
        if had == zero && v != self.graph.sink {
            self.add_root(v);
        }
    }
}
