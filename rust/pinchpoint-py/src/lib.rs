//! `pinchpoint._core`: a list of exports. One thin file per family of the core.

mod error;
mod gate;

use pyo3::prelude::*;

/// The compiled core of pinchpoint.
#[pymodule]
mod _core {
    use super::*;

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
