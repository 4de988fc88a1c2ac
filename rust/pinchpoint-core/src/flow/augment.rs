//! Augmenting between two nodes at a cost of what the search touches.
//!
//! Dinitz' algorithm with searches from both ends (Bläsius, Friedrich & Weyand, "Efficiently
//! computing maximum flows in scale-free networks", ESA 2021). Marks are stamped with the number
//! of the search, so that nothing is cleared between searches.

use crate::error::Result;
use crate::monitor::Monitor;

use super::graph::Residual;

/// Halves scanned between two polls of the monitor.
const POLL_WORK: usize = 1 << 14;

/// What one side of a search knows of a node.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    search: u32,
    distance: u32,
}

/// How a run of augmentations ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The limit was reached.
    Limit,
    /// Nothing more leaves the nodes that the source reaches, which are `reached(0)`.
    SourceSide,
    /// Nothing more enters the nodes that reach the sink, which are `reached(1)`.
    SinkSide,
}

/// Residues as they were before they changed, oldest first.
#[derive(Debug, Default)]
pub struct Log(Vec<(u32, i64)>);

impl Log {
    /// Sets a residue.
    pub fn set(&mut self, residue: &mut [i64], slot: u32, now: i64) {
        self.0.push((slot, residue[slot as usize]));
        residue[slot as usize] = now;
    }

    /// Moves an amount from one direction of an edge to the other.
    pub fn push(&mut self, residue: &mut [i64], slot: u32, amount: i64) {
        self.set(residue, slot, residue[slot as usize] - amount);
        self.set(residue, slot ^ 1, residue[slot as usize ^ 1] + amount);
    }

    /// Puts everything back.
    pub fn undo(&mut self, residue: &mut [i64]) {
        for (slot, before) in self.0.drain(..).rev() {
            residue[slot as usize] = before;
        }
    }
}

/// Scratch space of one thread.
#[derive(Debug)]
pub struct Augment {
    search: u32,
    /// Distance from the source, and to the sink.
    marks: [Vec<Mark>; 2],
    current: Vec<u32>,
    /// Nodes in order of discovery, from either end.
    found: [Vec<u32>; 2],
    path: Vec<u32>,
    /// Positions of the halves that flow was pushed along, in `adjacent`.
    used: Vec<u32>,
    unpolled: usize,
}

/// What to send, on which graph.
pub struct Task<'a, F> {
    pub graph: &'a Residual<i64>,
    pub source: u32,
    pub sink: u32,
    pub limit: i64,
    /// Whether an edge between two nodes may be used.
    pub carries: &'a F,
    pub monitor: &'a dyn Monitor,
}

impl Augment {
    pub fn new(num_nodes: usize) -> Self {
        Augment {
            search: 0,
            marks: [
                vec![Mark::default(); num_nodes],
                vec![Mark::default(); num_nodes],
            ],
            current: vec![0; num_nodes],
            found: [Vec::new(), Vec::new()],
            path: Vec::new(),
            used: Vec::new(),
            unpolled: 0,
        }
    }

    /// What the last search found from its source (0) or its sink (1).
    pub fn reached(&self, side: usize) -> &[u32] {
        &self.found[side]
    }

    /// The edges that flow was pushed along since the last call, in increasing order.
    pub fn take_used(&mut self, graph: &Residual<i64>) -> Vec<u32> {
        let mut used: Vec<u32> = self
            .used
            .drain(..)
            .map(|at| slot_of(graph, at) >> 1)
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Sends up to the limit from source to sink; `log` gets what every changed residue was.
    pub fn send<F: Fn(u32, u32) -> bool>(
        &mut self,
        task: &Task<'_, F>,
        residue: &mut [i64],
        log: &mut Log,
    ) -> Result<(i64, End)> {
        let mut sent = 0;
        // One path often suffices, and is found before whole shells are known.
        let mut eager = true;
        while sent < task.limit {
            let (depth, length) = match self.meet(task, residue, std::mem::take(&mut eager))? {
                Meeting::At { depth, length } => (depth, length),
                Meeting::Never(end) => return Ok((sent, end)),
            };
            sent += self.block(task, residue, [depth, length], task.limit - sent, log)?;
        }
        Ok((sent, End::Limit))
    }

    fn next_search(&mut self) {
        self.search = self.search.wrapping_add(1);
        if self.search == 0 {
            self.marks
                .iter_mut()
                .flatten()
                .for_each(|mark| mark.search = 0);
            self.search = 1;
        }
    }

    /// Grows balls around both ends, always the one whose shell has fewer halves, until they meet:
    /// at all if `eager`, else in every node of the shell.
    fn meet<F: Fn(u32, u32) -> bool>(
        &mut self,
        task: &Task<'_, F>,
        residue: &[i64],
        eager: bool,
    ) -> Result<Meeting> {
        let Task {
            graph,
            source,
            sink,
            monitor,
            ..
        } = *task;
        self.next_search();
        let mut shell = [0..1, 0..1];
        let mut depth = [0u32; 2];
        for (side, end) in [source, sink].into_iter().enumerate() {
            self.found[side].clear();
            self.found[side].push(end);
            self.mark(side, end, 0, graph);
        }
        let halves =
            |nodes: &[u32]| -> usize { nodes.iter().map(|v| graph.halves(*v).len()).sum() };
        let mut cost = [halves(&[source]), halves(&[sink])];
        loop {
            if shell[0].is_empty() {
                return Ok(Meeting::Never(End::SourceSide));
            }
            if shell[1].is_empty() {
                return Ok(Meeting::Never(End::SinkSide));
            }
            let side = usize::from(cost[1] < cost[0]);
            self.unpolled += cost[side];
            if self.unpolled > POLL_WORK {
                self.unpolled = 0;
                monitor.poll()?;
            }
            depth[side] += 1;
            let mut met = false;
            let mut next_cost = 0;
            for at in shell[side].clone() {
                let v = self.found[side][at];
                for half in graph.halves(v) {
                    if residue[half.slot as usize ^ side] <= 0
                        || self.distance(side, half.head).is_some()
                        || !(task.carries)(v, half.head)
                    {
                        continue;
                    }
                    met |= self.distance(1 - side, half.head).is_some();
                    self.mark(side, half.head, depth[side], graph);
                    self.found[side].push(half.head);
                    next_cost += graph.halves(half.head).len();
                }
                if met && eager {
                    break;
                }
            }
            shell[side] = shell[side].end..self.found[side].len();
            cost[side] = next_cost;
            if met {
                return Ok(Meeting::At {
                    depth: depth[0],
                    length: depth[0] + depth[1],
                });
            }
        }
    }

    #[inline(always)]
    fn mark(&mut self, side: usize, node: u32, distance: u32, graph: &Residual<i64>) {
        self.marks[side][node as usize] = Mark {
            search: self.search,
            distance,
        };
        self.current[node as usize] = graph.first[node as usize];
    }

    #[inline(always)]
    fn distance(&self, side: usize, node: u32) -> Option<u32> {
        let mark = self.marks[side][node as usize];
        (mark.search == self.search).then_some(mark.distance)
    }

    /// Fills the shortest paths: up to position `depth` they follow distances from the source,
    /// from there on distances to the sink.
    fn block<F: Fn(u32, u32) -> bool>(
        &mut self,
        task: &Task<'_, F>,
        residue: &mut [i64],
        [depth, length]: [u32; 2],
        limit: i64,
        log: &mut Log,
    ) -> Result<i64> {
        let Task {
            graph,
            source,
            monitor,
            ..
        } = *task;
        let mut sent = 0;
        self.path.clear();
        let mut v = source;
        loop {
            let position = self.path.len() as u32;
            if position == length {
                let slots = self.path.iter().map(|at| slot_of(graph, *at));
                let least = slots.map(|slot| residue[slot as usize]).min();
                let amount = least.unwrap_or(0).min(limit - sent);
                let mut keep = self.path.len();
                for (index, at) in self.path.iter().enumerate().rev() {
                    let slot = slot_of(graph, *at);
                    log.push(residue, slot, amount);
                    if residue[slot as usize] == 0 {
                        keep = index;
                    }
                }
                self.used.extend_from_slice(&self.path);
                sent += amount;
                if sent == limit {
                    return Ok(sent);
                }
                v = tail_of(graph, self.path[keep]);
                self.path.truncate(keep);
                continue;
            }
            self.unpolled += 1;
            if self.unpolled > POLL_WORK {
                self.unpolled = 0;
                monitor.poll()?;
            }
            let next = position + 1;
            let end = graph.first[v as usize + 1];
            let mut at = self.current[v as usize];
            while at < end {
                let half = graph.adjacent[at as usize];
                let fits = (next > depth || self.distance(0, half.head) == Some(next))
                    && (next < depth || self.distance(1, half.head) == Some(length - next));
                if fits && residue[half.slot as usize] > 0 && (task.carries)(v, half.head) {
                    break;
                }
                at += 1;
            }
            self.current[v as usize] = at;
            if at < end {
                self.path.push(at);
                v = graph.adjacent[at as usize].head;
            } else {
                let Some(back) = self.path.pop() else {
                    return Ok(sent);
                };
                v = tail_of(graph, back);
                self.current[v as usize] += 1;
            }
        }
    }
}

enum Meeting {
    At { depth: u32, length: u32 },
    Never(End),
}

fn slot_of(graph: &Residual<i64>, at: u32) -> u32 {
    graph.adjacent[at as usize].slot
}

/// The node whose half is at a position.
fn tail_of(graph: &Residual<i64>, at: u32) -> u32 {
    graph.first.partition_point(|first| *first <= at) as u32 - 1
}
