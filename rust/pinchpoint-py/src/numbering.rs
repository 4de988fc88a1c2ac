//! Names of nodes as numbers.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pinchpoint_core::fabric::{Texts, number};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::error::to_py;
use crate::gate;

type Chunk<'py> = (PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, u8>);

/// Numbers UTF-8 texts, given as chunks of bounds and bytes, in the order they first appear.
#[pyfunction]
pub fn number_names<'py>(
    py: Python<'py>,
    chunks: Vec<Chunk<'py>>,
) -> PyResult<(Bound<'py, PyArray1<u32>>, Bound<'py, PyList>)> {
    let mut texts = Texts::default();
    for (bounds, bytes) in &chunks {
        texts
            .extend(bounds.as_slice()?, bytes.as_slice()?)
            .map_err(|error| to_py(py, error))?;
    }
    let found = gate::run(py, None, |monitor| number(&texts, monitor))?;
    let names = (0..found.names.len())
        .map(|at| PyString::from_bytes(py, found.names.get(at)))
        .collect::<PyResult<Vec<_>>>()?;
    Ok((found.ids.into_pyarray(py), PyList::new(py, names)?))
}
