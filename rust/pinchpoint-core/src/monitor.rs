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

/// Asks a monitor once in so much work.
pub struct Pace<'a> {
    monitor: &'a dyn Monitor,
    work: usize,
}

impl<'a> Pace<'a> {
    /// Steps of some nanoseconds each between two polls.
    const WORK: usize = 1 << 14;

    /// No work done yet.
    pub fn new(monitor: &'a dyn Monitor) -> Self {
        Pace { monitor, work: 0 }
    }

    /// Says that so many steps were made, or are about to be.
    #[inline(always)]
    pub fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        self.work += steps;
        if self.work > Self::WORK {
            self.work = 0;
            self.monitor.poll()?;
        }
        Ok(())
    }
}

/// Never stops a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMonitor;

impl Monitor for NoMonitor {
    fn poll(&self) -> Result<(), Stop> {
        Ok(())
    }
}

/// For tests: stops a run at the poll of a number, counted from 0.
#[cfg(test)]
#[derive(Debug)]
pub struct StopAt(std::sync::atomic::AtomicUsize);

#[cfg(test)]
impl StopAt {
    pub fn poll(number: usize) -> Self {
        StopAt(number.into())
    }
}

#[cfg(test)]
impl Monitor for StopAt {
    fn poll(&self) -> Result<(), Stop> {
        match self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Err(Stop::Interrupted),
            _ => Ok(()),
        }
    }
}
