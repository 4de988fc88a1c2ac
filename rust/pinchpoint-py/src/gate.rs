//! The one place that releases the GIL: Ctrl-C, time limits, panics and errors meet here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use pinchpoint_core::{Monitor, Stop};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::error::{named, shown, to_py};

/// Signals are looked for at most this often: the GIL has to be taken to ask.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

const RUNNING: u8 = 0;
const INTERRUPTED: u8 = 1;
const TIME_LIMIT: u8 = 2;

/// Stops a run on Ctrl-C or when its time is up. Worker threads only read the verdict.
struct SignalMonitor {
    owner: ThreadId,
    start: Instant,
    limit: Option<Duration>,
    verdict: AtomicU8,
    /// Milliseconds since `start` of the last look for signals.
    looked: AtomicU64,
    /// What a signal handler raised: usually `KeyboardInterrupt`.
    raised: Mutex<Option<PyErr>>,
}

impl Monitor for SignalMonitor {
    fn poll(&self) -> Result<(), Stop> {
        match self.verdict.load(Ordering::Relaxed) {
            INTERRUPTED => return Err(Stop::Interrupted),
            TIME_LIMIT => return Err(Stop::TimeLimit),
            _ => {}
        }
        let elapsed = self.start.elapsed();
        if self.limit.is_some_and(|limit| elapsed >= limit) {
            self.verdict.store(TIME_LIMIT, Ordering::Relaxed);
            return Err(Stop::TimeLimit);
        }
        let now = elapsed.as_millis() as u64;
        let due = self.looked.load(Ordering::Relaxed) + SIGNAL_INTERVAL.as_millis() as u64;
        if now >= due && thread::current().id() == self.owner {
            self.looked.store(now, Ordering::Relaxed);
            if let Err(raised) = Python::attach(|py| py.check_signals()) {
                *self.raised.lock().unwrap_or_else(|e| e.into_inner()) = Some(raised);
                self.verdict.store(INTERRUPTED, Ordering::Relaxed);
                return Err(Stop::Interrupted);
            }
        }
        Ok(())
    }
}

/// Runs `work` without the GIL, under a monitor, and maps whatever comes out of it.
///
/// `time_limit` is in seconds. A panic of the core is a bug and becomes a `RuntimeError`.
pub fn run<T, F>(py: Python<'_>, time_limit: Option<TimeLimit>, work: F) -> PyResult<T>
where
    T: Send,
    F: FnOnce(&dyn Monitor) -> pinchpoint_core::Result<T> + Send,
{
    match run_until(py, time_limit, work) {
        Ok((_, Some(raised))) => Err(raised),
        Ok((value, None)) => Ok(value),
        Err(error) => Err(error),
    }
}

/// As [`run`] for work that has something to say however early it is stopped: what it says, and
/// what a signal handler raised meanwhile.
pub fn run_until<T, F>(
    py: Python<'_>,
    time_limit: Option<TimeLimit>,
    work: F,
) -> PyResult<(T, Option<PyErr>)>
where
    T: Send,
    F: FnOnce(&dyn Monitor) -> pinchpoint_core::Result<T> + Send,
{
    let monitor = SignalMonitor {
        owner: thread::current().id(),
        start: Instant::now(),
        limit: time_limit.map(|limit| limit.0),
        verdict: AtomicU8::new(RUNNING),
        looked: AtomicU64::new(0),
        raised: Mutex::new(None),
    };
    let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(|| work(&monitor))));
    let raised = monitor
        .raised
        .into_inner()
        .unwrap_or_else(|e| e.into_inner());
    match (outcome, raised) {
        (Ok(Ok(value)), raised) => Ok((value, raised)),
        (_, Some(raised)) => Err(raised),
        (Ok(Err(error)), None) => Err(to_py(py, error)),
        (Err(_), None) => Err(PyRuntimeError::new_err(
            "pinchpoint broke one of its own invariants; please report this with the input",
        )),
    }
}

/// A time limit as Python gives it.
pub struct TimeLimit(Duration);

impl<'py> FromPyObject<'_, 'py> for TimeLimit {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let refuse = |class| {
            let message = format!(
                "time_limit is {}; it must be a number of seconds, zero or more",
                shown(&value)
            );
            named(value.py(), class, message)
        };
        // Those of numpy are called so too.
        let name = value.get_type().name()?;
        let is_flag = value.is_instance_of::<PyBool>() || name == "bool" || name == "bool_";
        let given = match is_flag {
            true => None,
            false => value.extract::<f64>().ok(),
        };
        let Some(seconds) = given else {
            return Err(refuse("InputTypeError"));
        };
        Duration::try_from_secs_f64(seconds)
            .map(TimeLimit)
            .map_err(|_| refuse("PinchpointError"))
    }
}
