//! The trees that excess is sent along.
//!
//! A node hangs from its parent by a residual arc; children of one parent are in a list. Labels never
//! fall on the way from a root, so that the nodes with the label of a root are at the top of its tree.

use crate::error::Result;
use crate::flow::capacity::Residue;
use crate::flow::graph::Half;
use crate::monitor::Monitor;

use super::POLL_WORK;

pub const NIL: u32 = u32::MAX;

/// Work charged for a lift beside the scanned halves, and taken off for a merge: lifts that lead to
/// merges are not in vain.
const LIFT_WORK: u64 = 12;
const MERGE_CREDIT: u64 = 40;

/// A node in its tree.
#[derive(Debug, Clone, Copy)]
pub struct Tree {
    /// First half not yet ruled out, an index into `adjacent`.
    pub current: u32,
    pub parent: u32,
    /// Slot of the direction toward the parent.
    pub up: u32,
    pub child: u32,
    /// Siblings; of a root, `next` is the next root of its label.
    pub next: u32,
    pub previous: u32,
    /// Next child to search.
    pub scan: u32,
}

pub const ALONE: Tree = Tree {
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
pub struct Level {
    pub count: u32,
    /// First root with excess.
    pub root: u32,
}

const EMPTY: Level = Level {
    count: 0,
    root: NIL,
};

/// The trees while excess is sent.
///
/// All are slices of its own, so that none is looked up again after each store.
pub struct Forest<'a, R: Residue> {
    pub sink: u32,
    pub first: &'a [u32],
    pub adjacent: &'a [Half],
    pub residue: &'a mut [R],
    pub excess: &'a mut [R::Excess],
    pub label: &'a mut [u32],
    pub tree: &'a mut [Tree],
    /// By label, up to the highest there is.
    pub levels: Vec<Level>,
    /// No root with excess has a higher label.
    pub highest: u32,
    /// No node with a lower label was lifted.
    pub lowest: u32,
    /// Lifts that led nowhere.
    pub work: u64,
    pub unpolled: u64,
}

impl<R: Residue> Forest<'_, R> {
    /// Sends the excess of nodes in `queue`, which have new labels, until none can reach the sink, or
    /// until `budget` of work was in vain: then it returns the lowest label that any node was lifted
    /// from.
    pub fn send_all(
        mut self,
        queue: &[u32],
        budget: u64,
        monitor: &dyn Monitor,
    ) -> Result<Option<u32>> {
        self.collect(queue);
        loop {
            if self.work > budget {
                return Ok(Some(self.lowest));
            }
            let root = self.levels[self.highest as usize].root;
            if root == NIL {
                if self.highest == 0 {
                    return Ok(None);
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

    /// Makes trees fit new labels, which must not fall on the way from a root, and collects the
    /// roots with excess that can reach the sink.
    fn collect(&mut self, queue: &[u32]) {
        let n = self.label.len();
        let deepest = queue.last().map_or(0, |v| self.label[*v as usize]);
        self.levels.resize(deepest as usize + 1, EMPTY);
        for v in 0..n as u32 {
            self.tree[v as usize].current = self.first[v as usize];
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
        for at in (1..queue.len()).rev() {
            let v = queue[at];
            if self.tree[v as usize].parent == NIL && self.excess[v as usize] > R::Excess::default()
            {
                self.add_root(v);
            }
        }
    }

    #[inline(always)]
    fn pass(&mut self, slot: u32, amount: R) {
        self.residue[slot as usize] -= amount;
        self.residue[slot as usize ^ 1] += amount;
    }

    /// The level of `v`; none if it cannot reach the sink.
    #[inline(always)]
    fn level_of(&mut self, v: u32) -> Option<&mut Level> {
        self.levels.get_mut(self.label[v as usize] as usize)
    }

    #[inline(always)]
    fn add_root(&mut self, v: u32) {
        let label = self.label[v as usize];
        let level = &mut self.levels[label as usize];
        self.tree[v as usize].next = level.root;
        level.root = v;
        self.highest = self.highest.max(label);
    }

    /// Nothing in the tree of `root` can reach the sink.
    #[inline(always)]
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

    #[inline(always)]
    fn retire(&mut self, v: u32, n: u32) {
        self.unpolled += 1;
        if let Some(level) = self.level_of(v) {
            level.count -= 1;
        }
        self.label[v as usize] = n;
    }

    /// Searches the nodes of the tree of `root` that have its label for an arc to a lower label, and
    /// sends the excess along it; or lifts all of them by one.
    #[inline(always)]
    fn process(&mut self, root: u32) {
        let mut v = root;
        loop {
            if let Some(half) = self.admissible(v) {
                let (w, slot) = (half.head(), half.slot());
                self.work = self.work.saturating_sub(MERGE_CREDIT);
                let excess = self.excess[root as usize];
                let residue = self.residue[slot as usize];
                if v == root && residue.to_excess() < excess {
                    // It would fill and be cut off at once.
                    self.pass(slot, residue);
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
    #[inline(always)]
    fn next_child(&mut self, v: u32) -> u32 {
        let label = self.label[v as usize];
        let mut child = self.tree[v as usize].scan;
        while child != NIL && self.label[child as usize] != label {
            child = self.tree[child as usize].next;
        }
        child
    }

    #[inline(always)]
    fn lift(&mut self, v: u32) {
        let degree = self.first[v as usize + 1] - self.first[v as usize];
        self.work += LIFT_WORK + u64::from(degree);
        let label = &mut self.label[v as usize];
        self.lowest = self.lowest.min(*label);
        self.levels[*label as usize].count -= 1;
        *label += 1;
        if *label as usize == self.levels.len() {
            self.levels.push(EMPTY);
        }
        self.levels[*label as usize].count += 1;
        self.tree[v as usize].current = self.first[v as usize];
    }

    /// The half of a residual arc from `v` to a node one label lower.
    #[inline(always)]
    fn admissible(&mut self, v: u32) -> Option<Half> {
        let lower = self.label[v as usize] - 1;
        let begin = self.tree[v as usize].current as usize;
        let end = self.first[v as usize + 1] as usize;
        let halves = &self.adjacent[begin..end];
        let found = halves.iter().position(|half| {
            self.label[half.head() as usize] == lower
                && self.residue[half.slot() as usize] > R::default()
        });
        let at = found.unwrap_or(halves.len());
        self.unpolled += 2 + at as u64;
        self.tree[v as usize].current = (begin + at) as u32;
        found.map(|at| halves[at])
    }

    /// Turns the tree of `v` over, so that `v` is its root, and hangs it from `w` by `slot`.
    #[inline(always)]
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

    #[inline(always)]
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

    #[inline(always)]
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
    #[inline(always)]
    fn send(&mut self, mut v: u32, mut amount: R::Excess) {
        let zero = R::Excess::default();
        loop {
            let Tree { parent, up, .. } = self.tree[v as usize];
            if parent == NIL {
                break;
            }
            self.unpolled += 1;
            let residue = self.residue[up as usize];
            if residue.to_excess() < amount {
                self.detach(v);
                self.excess[v as usize] = amount - residue.to_excess();
                self.add_root(v);
                amount = residue.to_excess();
                if amount == zero {
                    return;
                }
            }
            self.pass(up, R::from_excess(amount));
            v = parent;
        }
        let had = self.excess[v as usize];
        self.excess[v as usize] = had + amount;
        if had == zero && v != self.sink {
            self.add_root(v);
        }
    }
}
