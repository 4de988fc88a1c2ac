//! The core's random numbers.

use std::sync::Mutex;

use pinchpoint_core::random as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A stream of random numbers.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct SplitMix64 {
    inner: Mutex<core::SplitMix64>,
}

impl SplitMix64 {
    fn with<T>(&self, draw: impl FnOnce(&mut core::SplitMix64) -> T) -> T {
        draw(
            &mut self
                .inner
                .lock()
                .unwrap_or_else(|broken| broken.into_inner()),
        )
    }
}

#[pymethods]
impl SplitMix64 {
    #[new]
    fn new(seed: u64) -> Self {
        SplitMix64 {
            inner: Mutex::new(core::SplitMix64(seed)),
        }
    }

    /// The next 64 random bits.
    fn bits(&self) -> u64 {
        self.with(core::SplitMix64::next_u64)
    }

    /// A uniform number below `bound`, which is 1 to 2^64 - 1, without bias.
    fn below(&self, bound: u64) -> PyResult<u64> {
        if bound == 0 {
            return Err(PyValueError::new_err("no number is below 0"));
        }
        Ok(self.with(|own| own.below(bound)))
    }

    /// A uniform number above 0 and at most 1, a multiple of 2^-53.
    fn unit(&self) -> f64 {
        self.with(core::SplitMix64::unit)
    }

    /// How many trials fail before the next one that succeeds.
    fn skips(&self, probability: f64) -> u128 {
        self.with(|own| own.skips(probability))
    }
}
