//! Augmenting between two nodes at a cost of what the search touches.
//!
//! Dinitz' algorithm with searches from both ends (Bläsius, Friedrich & Weyand, "Efficiently
//! computing maximum flows in scale-free networks", ESA 2021). Marks are stamped with the number
//! of the search, so that nothing is cleared between searches.

use crate::error::Result;
use crate::monitor::Monitor;

use super::capacity::Residue;
use super::graph::Residual;

/// Halves scanned between two polls of the monitor.
const POLL_WORK: usize = 1 << 14;
/// So many halves at an end are few.
const FEW_HALVES: usize = 256;
/// The part of a graph that is quickly looked at.
const PATIENCE: usize = 32;

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
    /// The patience was over.
    Patience,
}

/// Residues as they were before they changed, oldest first.
#[derive(Debug, Default)]
pub struct Log<R>(Vec<(u32, R)>);

impl<R: Residue> Log<R> {
    /// Sets a residue.
    pub fn set(&mut self, residue: &mut [R], slot: u32, now: R) {
        self.0.push((slot, residue[slot as usize]));
        residue[slot as usize] = now;
    }

    /// Moves an amount from one direction of an edge to the other.
    pub fn push(&mut self, residue: &mut [R], slot: u32, amount: R) {
        self.set(residue, slot, residue[slot as usize] - amount);
        self.set(residue, slot ^ 1, residue[slot as usize ^ 1] + amount);
    }

    /// Puts everything back.
    pub fn undo(&mut self, residue: &mut [R]) {
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
pub struct Task<'a, R: Residue, F> {
    pub graph: &'a Residual<R>,
    pub source: u32,
    pub sink: u32,
    pub limit: R::Excess,
    /// Halves to look at before it gives up.
    pub patience: usize,
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
    pub fn take_used<R: Residue>(&mut self, graph: &Residual<R>) -> Vec<u32> {
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
    pub fn send<R: Residue, F: Fn(u32, u32) -> bool>(
        &mut self,
        task: &Task<'_, R, F>,
        residue: &mut [R],
        log: &mut Log<R>,
    ) -> Result<(R::Excess, End)> {
        let mut sent = R::Excess::default();
        let mut patience = task.patience;
        // One path often suffices, and is found before whole shells are known.
        let mut eager = true;
        while sent < task.limit {
            let eager = std::mem::take(&mut eager);
            let (depth, length) = match self.meet(task, residue, eager, &mut patience)? {
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
    fn meet<R: Residue, F: Fn(u32, u32) -> bool>(
        &mut self,
        task: &Task<'_, R, F>,
        residue: &[R],
        eager: bool,
        patience: &mut usize,
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
            let Some(left) = patience.checked_sub(cost[side]) else {
                return Ok(Meeting::Never(End::Patience));
            };
            *patience = left;
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
                    if residue[half.slot() as usize ^ side] <= R::default()
                        || self.distance(side, half.head()).is_some()
                        || !(task.carries)(v, half.head())
                    {
                        continue;
                    }
                    met |= self.distance(1 - side, half.head()).is_some();
                    self.mark(side, half.head(), depth[side], graph);
                    self.found[side].push(half.head());
                    next_cost += graph.halves(half.head()).len();
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
    fn mark<R>(&mut self, side: usize, node: u32, distance: u32, graph: &Residual<R>) {
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
    fn block<R: Residue, F: Fn(u32, u32) -> bool>(
        &mut self,
        task: &Task<'_, R, F>,
        residue: &mut [R],
        [depth, length]: [u32; 2],
        limit: R::Excess,
        log: &mut Log<R>,
    ) -> Result<R::Excess> {
        let Task {
            graph,
            source,
            monitor,
            ..
        } = *task;
        let zero = R::default();
        let mut sent = R::Excess::default();
        self.path.clear();
        let mut v = source;
        loop {
            let position = self.path.len() as u32;
            if position == length {
                let slots = self.path.iter().map(|at| slot_of(graph, *at));
                let least = slots.map(|slot| residue[slot as usize]).min();
                let least = least.unwrap_or(zero).to_excess();
                let amount = R::from_excess(least.min(limit - sent));
                let mut keep = self.path.len();
                for (index, at) in self.path.iter().enumerate().rev() {
                    let slot = slot_of(graph, *at);
                    log.push(residue, slot, amount);
                    if residue[slot as usize] == zero {
                        keep = index;
                    }
                }
                self.used.extend_from_slice(&self.path);
                sent += amount.to_excess();
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
                let fits = (next > depth || self.distance(0, half.head()) == Some(next))
                    && (next < depth || self.distance(1, half.head()) == Some(length - next));
                if fits && residue[half.slot() as usize] > zero && (task.carries)(v, half.head()) {
                    break;
                }
                at += 1;
            }
            self.current[v as usize] = at;
            if at < end {
                self.path.push(at);
                v = graph.adjacent[at as usize].head();
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

/// Sends all there is from the source to the sink, if one of them has few arcs and that is quicker
/// than to look at the whole graph; else nothing.
pub fn send_little<R: Residue>(
    graph: &mut Residual<R>,
    monitor: &dyn Monitor,
) -> Result<Option<R::Excess>> {
    let (source, sink) = (graph.source, graph.sink);
    let few = [source, sink].map(|end| graph.halves(end).len());
    if few.into_iter().min() > Some(FEW_HALVES) {
        return Ok(None);
    }
    let limit = [(source, 0), (sink, 1)].map(|(end, side)| {
        let others = graph.halves(end).iter().filter(|half| half.head() != end);
        let residues = others.map(|half| graph.residue[half.slot() as usize ^ side]);
        residues.fold(R::Excess::default(), |sum, own| sum + own.to_excess())
    });
    let mut residue = std::mem::take(&mut graph.residue);
    let task = Task {
        graph,
        source,
        sink,
        limit: limit[0].min(limit[1]),
        patience: (graph.num_nodes() + graph.adjacent.len()) / PATIENCE,
        carries: &|_, _| true,
        monitor,
    };
    let mut log = Log::default();
    let outcome = Augment::new(graph.num_nodes()).send(&task, &mut residue, &mut log);
    let sent = match outcome? {
        (_, End::Patience) => {
            // What took long was mostly not worth keeping.
            log.undo(&mut residue);
            None
        }
        (sent, _) => Some(sent),
    };
    graph.residue = residue;
    Ok(sent)
}

enum Meeting {
    At { depth: u32, length: u32 },
    Never(End),
}

fn slot_of<R>(graph: &Residual<R>, at: u32) -> u32 {
    graph.adjacent[at as usize].slot()
}

/// The node whose half is at a position.
fn tail_of<R>(graph: &Residual<R>, at: u32) -> u32 {
    graph.first.partition_point(|first| *first <= at) as u32 - 1
}

#[cfg(test)]
mod tests {
    use crate::NoMonitor;

    use super::*;

    /// What is sent from 0 to 1, and what is left on each arc.
    fn sent(n: u32, arcs: &[[u32; 2]], capacity: &[i32]) -> Result<(Option<i64>, Vec<i32>)> {
        let [tails, heads] = [0, 1].map(|end| arcs.iter().map(|arc| arc[end]).collect::<Vec<_>>());
        let mut graph = Residual::between_0_and_1(n, [&tails, &heads], capacity)?;
        let sent = send_little(&mut graph, &NoMonitor)?;
        let left = graph.residue.iter().step_by(2).copied().collect();
        Ok((sent, left))
    }

    #[test]
    fn sends_all_or_nothing() -> Result<()> {
        // A path beside much that has nothing to do with it: the first arc of the path fills.
        let mut arcs = vec![[0, 2], [2, 3], [3, 1]];
        let mut capacity = vec![4, 6, 5];
        for node in 4..400 {
            arcs.push([node, node + 1]);
            capacity.push(1);
        }
        let (value, left) = sent(401, &arcs, &capacity)?;
        assert_eq!((value, &left[..3]), (Some(4), &[0, 2, 1][..]));
        // The bottleneck is in the middle; searches from both ends look at everything.
        capacity[1] = 3;
        let (value, left) = sent(401, &arcs, &capacity)?;
        assert_eq!((value, &left[..3]), (Some(3), &[1, 0, 2][..]));
        // Arcs with much around them that must all be tried take more patience than there is.
        let mut arcs = vec![[0, 2], [3, 1]];
        let mut capacity = vec![9, 9];
        for node in 4..40 {
            arcs.extend([[2, node], [node, 3]]);
            capacity.extend([1, 1]);
        }
        let (value, left) = sent(40, &arcs, &capacity)?;
        assert_eq!((value, left), (None, capacity));
        Ok(())
    }
}
