//! Highest-label push-relabel with exact labels, gap and a global relabel that moves excess.
//!
//! Cherkassky & Goldberg, "On implementing the push-relabel method for the maximum flow problem"
//! (Algorithmica 19, 1997). The same kernel serves both phases: phase one sends excess toward the
//! sink until none can reach it, which fixes the value and the minimum cut; phase two sends what
//! is left back, with the source as its target, which turns the preflow into a flow.

use crate::error::Result;
use crate::monitor::Monitor;

use super::capacity::Residue;
use super::graph::Residual;

const NIL: u32 = u32::MAX;
/// Work charged for a relabel beside the scanned arcs, and the work per node between global
/// relabels; both as in the paper's implementation.
const RELABEL_WORK: u64 = 12;
const WORK_PER_NODE: u64 = 6;
/// Work units between two polls of the monitor.
const POLL_WORK: u64 = 1 << 14;

/// State that belongs to a node and is used together.
#[derive(Debug, Clone, Copy)]
struct NodeState {
    /// Current arc, an index into `adjacent`.
    current: u32,
    /// Neighbours in the list of inactive nodes of its label; `next` also links active ones.
    next: u32,
    previous: u32,
}

/// First active and first inactive node of a label.
#[derive(Debug, Clone, Copy)]
struct Level {
    active: u32,
    inactive: u32,
}

const EMPTY: Level = Level {
    active: NIL,
    inactive: NIL,
};

/// A preflow in the making.
#[derive(Debug)]
pub struct PushRelabel<'a, R: Residue> {
    graph: &'a mut Residual<R>,
    pub excess: Vec<R::Excess>,
    label: Vec<u32>,
    node: Vec<NodeState>,
    level: Vec<Level>,
    /// Highest label in use, and highest label with an active node.
    top: usize,
    highest: usize,
    queue: Vec<u32>,
    /// What left the source.
    sent: R::Excess,
    /// Where excess is sent, and the node left out.
    target: u32,
    barred: u32,
    work: u64,
    unpolled: u64,
}

impl<'a, R: Residue> PushRelabel<'a, R> {
    /// No excess anywhere yet.
    pub fn new(graph: &'a mut Residual<R>) -> Self {
        let n = graph.num_nodes();
        let (target, barred) = (graph.sink, graph.source);
        PushRelabel {
            excess: vec![R::Excess::default(); n],
            label: vec![n as u32; n],
            node: vec![
                NodeState {
                    current: 0,
                    next: NIL,
                    previous: NIL
                };
                n
            ],
            level: vec![EMPTY; n + 1],
            top: 0,
            highest: 0,
            queue: Vec::new(),
            sent: R::Excess::default(),
            target,
            barred,
            work: 0,
            unpolled: 0,
            graph,
        }
    }

    /// Phase one: the value, and the nodes that can still reach the sink have `label < n`.
    pub fn send_to_sink(&mut self, monitor: &dyn Monitor) -> Result<R::Excess> {
        (self.target, self.barred) = (self.graph.sink, self.graph.source);
        self.saturate_source();
        self.relabel_all(monitor)?;
        self.drain(monitor)?;
        Ok(self.excess[self.graph.sink as usize])
    }

    /// Phase two: returns all excess to the source.
    pub fn return_to_source(&mut self, monitor: &dyn Monitor) -> Result<()> {
        if self.sent == self.excess[self.graph.sink as usize] {
            return Ok(());
        }
        (self.target, self.barred) = (self.graph.source, self.graph.sink);
        self.relabel_all(monitor)?;
        self.drain(monitor)
    }

    /// By node: whether it can still send to the sink. Valid after phase one.
    pub fn reaches_target(&mut self, monitor: &dyn Monitor) -> Result<Vec<bool>> {
        self.relabel_all(monitor)?;
        let n = self.label.len() as u32;
        Ok(self.label.iter().map(|label| *label < n).collect())
    }

    /// Fills every arc out of the source.
    fn saturate_source(&mut self) {
        let source = self.graph.source as usize;
        let halves = self.graph.first[source] as usize..self.graph.first[source + 1] as usize;
        for half in &self.graph.adjacent[halves] {
            let residue = self.graph.residue[half.slot as usize];
            if half.head == self.graph.source || residue == R::default() {
                continue;
            }
            self.graph.residue[half.slot as usize] = R::default();
            self.graph.residue[half.slot as usize ^ 1] += residue;
            self.excess[half.head as usize] += residue.to_excess();
            self.sent += residue.to_excess();
        }
    }

    /// Exact labels by a breadth-first search from the target against residual arcs.
    ///
    /// A node with excess is discharged into the node that finds it before it gets a label, which
    /// moves most excess on shallow networks at no cost.
    fn relabel_all(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let n = self.label.len() as u32;
        let zero = R::Excess::default();
        self.label.fill(n);
        let used = self.top.min(n as usize);
        self.level[..=used].fill(EMPTY);
        self.highest = 0;
        self.work = 0;
        self.queue.clear();
        self.queue.push(self.target);
        self.label[self.target as usize] = 0;
        let mut at = 0;
        while at < self.queue.len() {
            let v = self.queue[at];
            at += 1;
            let label = self.label[v as usize];
            let (begin, end) = (
                self.graph.first[v as usize] as usize,
                self.graph.first[v as usize + 1] as usize,
            );
            self.unpolled += 1 + (end - begin) as u64;
            if self.unpolled > POLL_WORK {
                self.unpolled = 0;
                monitor.poll()?;
            }
            let mut gained = zero;
            for half in &self.graph.adjacent[begin..end] {
                let w = half.head as usize;
                if self.label[w] != n || half.head == self.barred {
                    continue;
                }
                let toward = half.slot as usize ^ 1;
                let residue = self.graph.residue[toward];
                if residue == R::default() {
                    continue;
                }
                if self.excess[w] > zero {
                    let amount = self.excess[w].min(residue.to_excess());
                    let moved = R::from_excess(amount);
                    self.graph.residue[toward] -= moved;
                    self.graph.residue[toward ^ 1] += moved;
                    self.excess[w] -= amount;
                    gained += amount;
                    if moved == residue {
                        continue;
                    }
                }
                self.label[w] = label + 1;
                self.queue.push(half.head);
            }
            self.excess[v as usize] += gained;
            self.node[v as usize].current = begin as u32;
            if v == self.target {
                continue;
            }
            if self.excess[v as usize] > zero {
                self.activate(v, label as usize);
            } else {
                self.enlist(v, label as usize);
            }
            self.top = label as usize;
        }
        Ok(())
    }

    /// Discharges active nodes, highest label first, until no excess can reach the target.
    fn drain(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let budget = WORK_PER_NODE * self.label.len() as u64 + self.graph.adjacent.len() as u64;
        loop {
            let v = self.level[self.highest].active;
            if v == NIL {
                if self.highest == 0 {
                    return Ok(());
                }
                self.highest -= 1;
                continue;
            }
            self.level[self.highest].active = self.node[v as usize].next;
            self.discharge(v);
            if self.unpolled > POLL_WORK {
                self.unpolled = 0;
                monitor.poll()?;
            }
            if self.work > budget {
                self.relabel_all(monitor)?;
            }
        }
    }

    /// Pushes from `v`, relabelling it as needed, until its excess is gone or cannot leave.
    fn discharge(&mut self, v: u32) {
        let zero = R::Excess::default();
        let n = self.label.len() as u32;
        let begin = self.graph.first[v as usize] as usize;
        let end = self.graph.first[v as usize + 1] as usize;
        let mut excess = self.excess[v as usize];
        let mut label = self.label[v as usize];
        let mut current = self.node[v as usize].current as usize;
        loop {
            let mut at = current;
            while at < end {
                let half = self.graph.adjacent[at];
                let w = half.head as usize;
                if self.label[w] + 1 == label {
                    let slot = half.slot as usize;
                    let residue = self.graph.residue[slot];
                    if residue > R::default() {
                        let amount = excess.min(residue.to_excess());
                        let moved = R::from_excess(amount);
                        self.graph.residue[slot] -= moved;
                        self.graph.residue[slot ^ 1] += moved;
                        if self.excess[w] == zero && half.head != self.target {
                            self.delist(half.head, label as usize - 1);
                            self.activate(half.head, label as usize - 1);
                        }
                        self.excess[w] += amount;
                        excess -= amount;
                        if excess == zero {
                            self.unpolled += (at - current) as u64 + 1;
                            self.excess[v as usize] = zero;
                            self.node[v as usize].current = at as u32;
                            self.enlist(v, label as usize);
                            self.highest = label as usize;
                            return;
                        }
                    }
                }
                at += 1;
            }
            let scanned = (end - begin) as u64;
            self.work += RELABEL_WORK + scanned;
            self.unpolled += RELABEL_WORK + 2 * scanned;
            let here = self.level[label as usize];
            if here.active == NIL && here.inactive == NIL {
                // No other node has this label, so nothing above it can reach the target.
                self.close_gap(label as usize);
                break;
            }
            let mut lowest = n;
            for at in begin..end {
                let half = self.graph.adjacent[at];
                let there = self.label[half.head as usize];
                if there < lowest && self.graph.residue[half.slot as usize] > R::default() {
                    lowest = there;
                    current = at;
                }
            }
            if lowest + 1 >= n {
                break;
            }
            label = lowest + 1;
            self.label[v as usize] = label;
            self.top = self.top.max(label as usize);
        }
        self.label[v as usize] = n;
        self.excess[v as usize] = excess;
        self.highest = (label as usize).min(self.top);
    }

    /// Takes the inactive nodes above `gap` out of the search. None above it is active, because
    /// the highest active node is discharged first.
    fn close_gap(&mut self, gap: usize) {
        let n = self.label.len() as u32;
        for level in gap + 1..=self.top {
            let mut v = self.level[level].inactive;
            while v != NIL {
                self.label[v as usize] = n;
                v = self.node[v as usize].next;
            }
            self.level[level].inactive = NIL;
        }
        self.top = gap;
    }

    fn activate(&mut self, v: u32, level: usize) {
        self.node[v as usize].next = self.level[level].active;
        self.level[level].active = v;
        self.highest = self.highest.max(level);
    }

    fn enlist(&mut self, v: u32, level: usize) {
        let next = self.level[level].inactive;
        self.node[v as usize].next = next;
        self.node[v as usize].previous = NIL;
        if next != NIL {
            self.node[next as usize].previous = v;
        }
        self.level[level].inactive = v;
    }

    fn delist(&mut self, v: u32, level: usize) {
        let NodeState { next, previous, .. } = self.node[v as usize];
        if next != NIL {
            self.node[next as usize].previous = previous;
        }
        if previous == NIL {
            self.level[level].inactive = next;
        } else {
            self.node[previous as usize].next = next;
        }
    }
}
