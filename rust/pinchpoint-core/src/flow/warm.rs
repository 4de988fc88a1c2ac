//! What a maximum flow becomes when links fail, without solving anew.
//!
//! The flow on a failed arc is rerouted between its ends first, which mostly succeeds nearby; what
//! cannot be is taken back to the source and from the sink, and then sent another way if there is
//! one. The minimum cuts of the intact graph say beforehand where neither can succeed.

use crate::error::Result;
use crate::monitor::Monitor;

use super::augment::{Augment, End, Log, Task};
use super::levels::levels;
use super::pair::PairGraph;

/// An arc or link that loses capacity: all of it if it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Index in the arrays that the graph was made from.
    pub arc: u32,
    pub tail: u32,
    pub head: u32,
    /// How much it loses, at most what it has.
    pub lost: i64,
    /// Both directions lose it, as with a full-duplex link.
    pub both_ways: bool,
}

/// A minimum cut after failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WarmCut {
    /// The nodes up to this level, which are on the source side of a minimum cut of the intact
    /// graph as well.
    Level(u32),
    /// All nodes on the source side.
    SourceSide(Vec<u32>),
    /// All nodes on the sink side.
    SinkSide(Vec<u32>),
}

/// What failures leave of a flow. To be checked by [`certify::sweep`](crate::certify::sweep).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarmFlow {
    pub value: i64,
    /// Net flow from tail to head of the arcs where it may have changed, by index.
    pub changed: Vec<(u32, i64)>,
    pub cut: WarmCut,
}

impl WarmFlow {
    /// Leaves nodes from `first` on out of the cut, which were added to the graph.
    pub fn forget_nodes(&mut self, first: u32) {
        if let WarmCut::SourceSide(nodes) | WarmCut::SinkSide(nodes) = &mut self.cut {
            nodes.retain(|node| *node < first);
        }
    }
}

/// The flow that failures are taken from.
#[derive(Debug, Clone, Copy)]
pub struct WarmStart<'a> {
    pub source: u32,
    pub sink: u32,
    pub value: i64,
    /// By arc, extra ones included.
    pub flow: &'a [i64],
}

/// The most cuts of the intact graph that are compared for one answer.
const MAX_LEVELS: usize = 64;

/// A maximum flow laid out for failures; shared by solvers.
#[derive(Debug)]
pub struct WarmBase<'a> {
    graph: &'a PairGraph,
    start: WarmStart<'a>,
    residue: Vec<i64>,
    level: Vec<u32>,
}

impl<'a> WarmBase<'a> {
    /// Lays out a maximum flow.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    ///
    /// # Complexity
    ///
    /// O(n + m).
    pub fn new(graph: &'a PairGraph, start: WarmStart<'a>, monitor: &dyn Monitor) -> Result<Self> {
        let mut residue = graph.residual().residue.clone();
        for (pair, flow) in residue.chunks_exact_mut(2).zip(start.flow) {
            pair[0] -= flow;
            pair[1] += flow;
        }
        let level = levels(graph.residual(), &residue, start.source, monitor)?;
        Ok(WarmBase {
            graph,
            start,
            residue,
            level,
        })
    }

    /// By node: nodes up to a level, from the source's to below the sink's, are the source side of
    /// a minimum cut.
    pub fn levels(&self) -> &[u32] {
        &self.level
    }

    /// A solver with residues of its own.
    pub fn solver(&self) -> WarmSolver<'_> {
        WarmSolver {
            base: self,
            residue: self.residue.clone(),
            augment: Augment::new(self.graph.num_nodes()),
            log: Log::default(),
        }
    }
}

/// Answers what failures leave of a maximum flow, one after the other.
#[derive(Debug)]
pub struct WarmSolver<'a> {
    base: &'a WarmBase<'a>,
    residue: Vec<i64>,
    augment: Augment,
    log: Log<i64>,
}

impl WarmSolver<'_> {
    /// The flow without what fails. The intact flow is back in place afterwards.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    ///
    /// # Complexity
    ///
    /// For each failed arc that carries flow, that of searches between its ends; to the terminals
    /// where rerouting fails. No search for arcs across a minimum cut of the intact graph.
    pub fn without(&mut self, failures: &[Failure], monitor: &dyn Monitor) -> Result<WarmFlow> {
        let outcome = self.fail(failures, monitor);
        let mut changed = self.augment.take_used(self.base.graph.residual());
        changed.extend(failures.iter().map(|failure| failure.arc));
        changed.sort_unstable();
        changed.dedup();
        let base = &self.base.graph.residual().residue;
        let extra = self.base.graph.num_arcs() as u32;
        let net = |arc: u32| {
            let slot = 2 * arc as usize;
            let lost = failures.iter().find(|failure| failure.arc == arc);
            let flow = base[slot] - lost.map_or(0, |f| f.lost) - self.residue[slot];
            (arc, flow)
        };
        let inner = changed.into_iter().filter(|arc| *arc < extra);
        let changed = inner.map(net).collect();
        self.log.undo(&mut self.residue);
        let (value, cut) = outcome?;
        Ok(WarmFlow {
            value,
            changed,
            cut,
        })
    }

    fn fail(&mut self, failures: &[Failure], monitor: &dyn Monitor) -> Result<(i64, WarmCut)> {
        let WarmStart {
            source,
            sink,
            value: intact,
            ..
        } = self.base.start;
        let level = &self.base.level;
        let level = |node: u32| level[node as usize];
        let mut losses = Vec::with_capacity(2 * failures.len());
        for failure in failures {
            let Failure {
                arc,
                tail,
                head,
                lost,
                ..
            } = *failure;
            losses.push((2 * arc, tail, head, lost));
            if failure.both_ways {
                losses.push((2 * arc + 1, head, tail, lost));
            }
        }
        let crosses = |cut: u32, tail: u32, head: u32| level(tail) <= cut && cut < level(head);
        let lost_across = |cut: u32| -> i64 {
            let lost = losses
                .iter()
                .filter(|(_, tail, head, _)| crosses(cut, *tail, *head));
            lost.map(|(.., lost)| lost).sum()
        };
        let mut cuts: Vec<u32> = vec![level(source)];
        let ends = losses
            .iter()
            .map(|(_, tail, head, _)| [level(*tail), level(*head)]);
        cuts.extend(ends.filter(|[a, b]| a < b).map(|[a, _]| a).take(MAX_LEVELS));
        cuts.retain(|cut| (level(source)..level(sink)).contains(cut));
        cuts.sort_unstable();
        cuts.dedup();
        let bounds = cuts.iter().map(|cut| (intact - lost_across(*cut), *cut));
        let (bound, known) = bounds.min().expect("the source is below the sink");
        let known = WarmCut::Level(known);
        // What is free goes first, so that nothing is rerouted over what fails as well. Then each
        // arc loses what it carries, one after the other, so that there is a flow in between.
        for (slot, .., lost) in &mut losses {
            *lost -= self.take_free(*slot, *lost);
        }
        let mut value = intact;
        // Capacity left across the known cuts. While one of them is full nothing goes round it.
        let mut left = vec![intact; cuts.len()];
        for (slot, tail, head, lost) in losses {
            let mut hopeless = false;
            for (cut, left) in cuts.iter().zip(&mut left) {
                if crosses(*cut, tail, head) {
                    hopeless |= *left == value;
                    *left -= lost;
                }
            }
            let carried = lost - self.take_free(slot, lost);
            if carried == 0 {
                continue;
            }
            let against = self.residue[slot as usize ^ 1];
            self.log.set(&mut self.residue, slot ^ 1, against - carried);
            let mut missing = carried;
            if !hopeless {
                missing -= self.send(tail, head, carried, monitor)?.0;
            }
            if missing == 0 {
                continue;
            }
            if tail != source {
                self.send(tail, source, missing, monitor)?;
            }
            if head != sink {
                self.send(sink, head, missing, monitor)?;
            }
            value -= missing;
        }
        if value == bound {
            return Ok((value, known));
        }
        let (sent, end) = self.send(source, sink, bound - value, monitor)?;
        let cut = match end {
            End::Limit | End::Patience => known,
            End::SourceSide => WarmCut::SourceSide(self.augment.reached(0).to_vec()),
            End::SinkSide => WarmCut::SinkSide(self.augment.reached(1).to_vec()),
        };
        Ok((value + sent, cut))
    }

    /// Takes up to `lost` from what a direction does not use.
    fn take_free(&mut self, slot: u32, lost: i64) -> i64 {
        let free = self.residue[slot as usize];
        let taken = free.min(lost);
        self.log.set(&mut self.residue, slot, free - taken);
        taken
    }

    fn send(
        &mut self,
        from: u32,
        to: u32,
        limit: i64,
        monitor: &dyn Monitor,
    ) -> Result<(i64, End)> {
        let task = Task {
            graph: self.base.graph.residual(),
            source: from,
            sink: to,
            limit,
            patience: usize::MAX,
            carries: &|_, _| true,
            monitor,
        };
        self.augment.send(&task, &mut self.residue, &mut self.log)
    }
}
