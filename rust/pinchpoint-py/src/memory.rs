//! Sizes that Python estimates, by the rule of the core.

use pinchpoint_core::memory;
use pyo3::prelude::*;

use crate::error::to_py;

/// Refuses what would need more than 80 % of what `available` returns; that is asked of large
/// estimates only.
#[pyfunction]
pub fn check_memory(
    py: Python<'_>,
    what: &str,
    num_bytes: u128,
    available: &Bound<'_, PyAny>,
) -> PyResult<()> {
    if memory::is_small(num_bytes) {
        return Ok(());
    }
    let available = available.call0()?.extract()?;
    memory::check_within(what, num_bytes, available).map_err(|error| to_py(py, error))
}

/// Bytes of memory available to new work.
#[pyfunction]
pub fn available_memory() -> u64 {
    memory::available()
}
