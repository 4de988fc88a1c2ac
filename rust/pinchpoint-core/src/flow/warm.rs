//! What a maximum flow becomes when links fail, without solving anew.
//!
//! The flow on a failed arc is rerouted between its ends first, which mostly succeeds nearby; what
//! cannot be is taken back to the source and from the sink, and then sent another way if there is
//! one. The minimum cuts of the intact graph say beforehand where neither can succeed.

use crate::error::Result;
use crate::monitor::Monitor;

use super::augment::{Augment, End, Log, Task};
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
    /// The source-minimal (0) or sink-minimal (1) cut of the intact graph.
    Known(usize),
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
    /// By node: whether it is on the source side of the source-minimal and the sink-minimal cut.
    pub cuts: [&'a [bool]; 2],
}

/// A maximum flow that answers what failures leave of it.
#[derive(Debug)]
pub struct WarmSolver<'a> {
    graph: &'a PairGraph,
    start: WarmStart<'a>,
    residue: Vec<i64>,
    augment: Augment,
    log: Log,
}

impl<'a> WarmSolver<'a> {
    /// A solver with residues of its own.
    pub fn new(graph: &'a PairGraph, start: WarmStart<'a>) -> Self {
        let mut residue = graph.residual().residue.clone();
        for (pair, flow) in residue.chunks_exact_mut(2).zip(start.flow) {
            pair[0] -= flow;
            pair[1] += flow;
        }
        WarmSolver {
            graph,
            start,
            residue,
            augment: Augment::new(graph.num_nodes()),
            log: Log::default(),
        }
    }

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
        let mut changed = self.augment.take_used(self.graph.residual());
        changed.extend(failures.iter().map(|failure| failure.arc));
        changed.sort_unstable();
        changed.dedup();
        let base = &self.graph.residual().residue;
        let extra = self.graph.num_arcs() as u32;
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
            cuts,
            ..
        } = self.start;
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
        let crosses = |cut: usize, tail: u32, head: u32| {
            cuts[cut][tail as usize] && !cuts[cut][head as usize]
        };
        let bounds = [0, 1].map(|cut| {
            let lost = losses
                .iter()
                .filter(|(_, tail, head, _)| crosses(cut, *tail, *head));
            intact - lost.map(|(.., lost)| lost).sum::<i64>()
        });
        // What is free goes first, so that nothing is rerouted over what fails as well. Then each
        // arc loses what it carries, one after the other, so that there is a flow in between.
        for (slot, .., lost) in &mut losses {
            *lost -= self.take_free(*slot, *lost);
        }
        let mut value = intact;
        // Capacity left across the known cuts. While one of them is full nothing goes round it.
        let mut left = [intact; 2];
        for (slot, tail, head, lost) in losses {
            let hopeless = [0, 1]
                .iter()
                .any(|cut| left[*cut] == value && crosses(*cut, tail, head));
            for cut in [0, 1] {
                left[cut] -= if crosses(cut, tail, head) { lost } else { 0 };
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
        let bound = bounds[0].min(bounds[1]);
        let known = WarmCut::Known(usize::from(bounds[1] < bounds[0]));
        if value == bound {
            return Ok((value, known));
        }
        let (sent, end) = self.send(source, sink, bound - value, monitor)?;
        let cut = match end {
            End::Limit => known,
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
            graph: self.graph.residual(),
            source: from,
            sink: to,
            limit,
            carries: &|_, _| true,
            monitor,
        };
        self.augment.send(&task, &mut self.residue, &mut self.log)
    }
}
