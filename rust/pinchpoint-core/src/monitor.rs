//! How a long run learns that it must stop.

/// Why a run was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The user pressed Ctrl-C.
    Interrupted,
    /// The query's time limit has passed.
    TimeLimit,
}

/// Asked by every loop whose length depends on the input, at least every few milliseconds.
///
/// `poll` must be cheap (a relaxed atomic load, mostly) and may be called from any thread.
pub trait Monitor: Sync {
    /// `Err` once the run must stop.
    fn poll(&self) -> Result<(), Stop>;
}

/// Never stops a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMonitor;

impl Monitor for NoMonitor {
    fn poll(&self) -> Result<(), Stop> {
        Ok(())
    }
}
