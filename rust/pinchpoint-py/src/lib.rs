//! `pinchpoint._core`: a list of exports. One thin file per family of the core.

mod convert;
mod error;
mod flow;
mod gate;
mod scale;

use pyo3::prelude::*;

/// The compiled core of pinchpoint.
#[pymodule]
mod _core {
    use super::*;

    #[pymodule_export]
    use crate::flow::{FlowAnswer, maximum_flow};

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
