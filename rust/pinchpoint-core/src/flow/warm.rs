//! What a maximum flow becomes when links fail, without solving anew.
//!
//! The flow on a failed arc is rerouted between its ends first, which mostly succeeds nearby; what
//! cannot be is taken back to the source and from the sink, and then sent another way if there is
//! one.

use crate::error::Result;
use crate::monitor::Monitor;

use super::augment::{Augment, Log};
use super::graph::{NO_SLOT, Residual, Slots};
use super::pair::PairGraph;
use super::pairing::Segment;

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

/// A maximum flow that answers what failures leave of it.
#[derive(Debug)]
pub struct WarmSolver {
    state: Residual<i64>,
    augment: Augment,
    source: u32,
    sink: u32,
    value: i64,
    log: Log,
}

impl WarmSolver {
    /// Solves the intact graph.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub fn new(graph: &PairGraph, source: u32, sink: u32, monitor: &dyn Monitor) -> Result<Self> {
        let mut solver = WarmSolver {
            state: graph.residual().clone(),
            augment: Augment::new(graph.num_nodes()),
            source,
            sink,
            value: 0,
            log: Log::default(),
        };
        solver.value = solver.send(source, sink, i64::MAX, monitor)?;
        solver.log.forget();
        Ok(solver)
    }

    /// The value of the intact graph.
    pub fn value(&self) -> i64 {
        self.value
    }

    /// The value without what fails. The intact flow is back in place afterwards.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    ///
    /// # Complexity
    ///
    /// For each failed arc that carries flow, that of searches between its ends; to the terminals
    /// where rerouting fails.
    pub fn value_without(&mut self, failures: &[Failure], monitor: &dyn Monitor) -> Result<i64> {
        let outcome = self.fail(failures, monitor);
        self.log.undo(&mut self.state);
        outcome
    }

    fn fail(&mut self, failures: &[Failure], monitor: &dyn Monitor) -> Result<i64> {
        let mut losses = Vec::with_capacity(2 * failures.len());
        for failure in failures {
            let Some(slot) = self.slot(failure.arc) else {
                continue;
            };
            let Failure {
                tail, head, lost, ..
            } = *failure;
            losses.push((slot, tail, head, lost));
            if failure.both_ways {
                losses.push((slot ^ 1, head, tail, lost));
            }
        }
        // What is free goes first, so that nothing is rerouted over what fails as well. Then each
        // arc loses what it carries, one after the other, so that there is a flow in between.
        for (slot, .., lost) in &mut losses {
            *lost -= self.take_free(*slot, *lost);
        }
        let mut value = self.value;
        for (slot, tail, head, lost) in losses {
            let carried = lost - self.take_free(slot, lost);
            if carried == 0 {
                continue;
            }
            let WarmSolver { state, log, .. } = self;
            let against = state.residue[slot as usize ^ 1];
            log.set(state, slot ^ 1, against - carried);
            let missing = carried - self.send(tail, head, carried, monitor)?;
            if missing == 0 {
                continue;
            }
            if tail != self.source {
                self.send(tail, self.source, missing, monitor)?;
            }
            if head != self.sink {
                self.send(self.sink, head, missing, monitor)?;
            }
            value -= missing;
        }
        if value < self.value {
            value += self.send(self.source, self.sink, self.value - value, monitor)?;
        }
        Ok(value)
    }

    /// The slot of an arc; none if it can carry nothing.
    fn slot(&self, arc: u32) -> Option<u32> {
        match &self.state.slots {
            Slots::Table(slots) => Some(slots[arc as usize]).filter(|slot| *slot != NO_SLOT),
            Slots::Segments(segments) => {
                let of = |s: &&Segment| (s.begin..s.end).contains(&arc);
                segments
                    .iter()
                    .find(of)
                    .map(|s| s.slot + (arc - s.begin) * s.stride)
            }
        }
    }

    /// Takes up to `lost` from what a direction does not use.
    fn take_free(&mut self, slot: u32, lost: i64) -> i64 {
        let free = self.state.residue[slot as usize];
        let taken = free.min(lost);
        self.log.set(&mut self.state, slot, free - taken);
        taken
    }

    fn send(&mut self, from: u32, to: u32, limit: i64, monitor: &dyn Monitor) -> Result<i64> {
        let WarmSolver {
            state,
            augment,
            log,
            ..
        } = self;
        Ok(augment.send(state, from, to, limit, log, monitor)?.0)
    }
}
