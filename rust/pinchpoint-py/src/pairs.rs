//! All pairs of some nodes, orbit by orbit.

use numpy::{IntoPyArray, PyArray1};
use pinchpoint_core::bandwidth as core;
use pyo3::prelude::*;

use crate::bandwidth::{forwarding_of, nodes};
use crate::fabric::Fabric;
use crate::gate;
use crate::selection::Selection;

/// Values between all pairs of some nodes of a structured fabric.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct AllPairs {
    inner: core::AllPairs,
}

/// Values between all pairs of the selected nodes.
#[pyfunction]
pub fn all_pairs(
    py: Python<'_>,
    fabric: &Fabric,
    chosen: Vec<PyRef<'_, Selection>>,
    forwarding: &str,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<AllPairs> {
    let chosen = nodes(&chosen);
    let forwarding = forwarding_of(forwarding);
    let fabric = fabric.inner.clone();
    let inner = gate::run(py, time_limit, |monitor| {
        core::AllPairs::new(&fabric, &chosen, forwarding, monitor)
    })?;
    Ok(AllPairs { inner })
}

#[pymethods]
impl AllPairs {
    #[getter]
    fn num_nodes(&self) -> usize {
        self.inner.num_nodes()
    }

    /// Value in units, number of ordered pairs, and ids of the pair that was solved.
    fn orbits(&self) -> Vec<(i128, u128, u64, u64)> {
        let plain = |orbit: &core::PairOrbit| {
            let [a, b] = orbit.example;
            (orbit.value, orbit.count, a, b)
        };
        self.inner.orbits.iter().map(plain).collect()
    }

    /// The orbit of a pair, by positions of the nodes.
    fn orbit(&self, i: usize, j: usize) -> Option<u32> {
        let n = self.inner.num_nodes();
        (i < n && j < n).then(|| self.inner.orbit(i, j)).flatten()
    }

    /// Orbits of the pairs from nodes `first` to `last`, row-major; their number on the diagonal.
    fn rows<'py>(
        &self,
        py: Python<'py>,
        first: usize,
        last: usize,
    ) -> PyResult<Bound<'py, PyArray1<u32>>> {
        let last = last.min(self.inner.num_nodes());
        let found = gate::run(py, None, |monitor| {
            self.inner.rows(first.min(last)..last, monitor)
        })?;
        Ok(found.into_pyarray(py))
    }
}
