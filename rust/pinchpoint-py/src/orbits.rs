//! Link loads of structured fabrics, orbit by orbit.

use numpy::{IntoPyArray, PyArray1};
use pinchpoint_core::congestion::{self as core, SelectedProduct};
use pyo3::prelude::*;

use crate::bandwidth::{forwarding_of, nodes};
use crate::congestion::{Products, split_of};
use crate::fabric::Fabric;
use crate::gate;

/// Checked loads of a structured fabric.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct OrbitAnswer {
    inner: core::OrbitLoads,
}

/// Products of selections as the core takes them.
pub fn selected(products: &Products<'_>) -> Vec<SelectedProduct> {
    products
        .iter()
        .map(|(sources, sinks, rate)| SelectedProduct {
            sources: nodes(sources),
            sinks: nodes(sinks),
            rate: *rate,
        })
        .collect()
}

/// Loads of a structured fabric; see `core::by_orbits`. None if it has too little symmetry.
#[pyfunction]
pub fn congestion_by_orbits(
    py: Python<'_>,
    fabric: &Fabric,
    products: Products<'_>,
    split: &str,
    valiant: bool,
    forwarding: &str,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<Option<OrbitAnswer>> {
    let products = selected(&products);
    let split = split_of(split);
    let forwarding = forwarding_of(forwarding);
    let fabric = fabric.inner.clone();
    let inner = gate::run(py, time_limit, |monitor| {
        core::by_orbits(&fabric, &products, split, valiant, forwarding, monitor)
    })?;
    Ok(inner.map(|inner| OrbitAnswer { inner }))
}

type Columns<'py> = (
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<u64>>,
    Bound<'py, PyArray1<u64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
);

type BothWays<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl OrbitAnswer {
    /// By row: bundle, tail and head of one link, links, those of them that are listed that way
    /// round, capacity, load forward and backward.
    fn rows<'py>(&self, py: Python<'py>) -> Columns<'py> {
        // A link within a group is listed from its lower node.
        let turned = |row: &core::LoadRow| core::LoadRow {
            tail: row.head,
            head: row.tail,
            forward: row.backward,
            backward: row.forward,
            ahead: row.links - row.ahead,
            ..row.clone()
        };
        let own = self.inner.rows.iter();
        let rows: Vec<core::LoadRow> = own
            .map(|row| {
                if row.within && row.tail > row.head {
                    turned(row)
                } else {
                    row.clone()
                }
            })
            .collect();
        let numbers = |pick: fn(&core::LoadRow) -> f64| {
            rows.iter().map(pick).collect::<Vec<f64>>().into_pyarray(py)
        };
        (
            rows.iter()
                .map(|row| row.bundle)
                .collect::<Vec<_>>()
                .into_pyarray(py),
            rows.iter()
                .map(|row| row.tail)
                .collect::<Vec<_>>()
                .into_pyarray(py),
            rows.iter()
                .map(|row| row.head)
                .collect::<Vec<_>>()
                .into_pyarray(py),
            numbers(|row| row.links),
            numbers(|row| row.ahead),
            numbers(|row| row.capacity),
            numbers(|row| row.forward),
            numbers(|row| row.backward),
        )
    }

    /// Number of unreachable pairs, their Gbit/s, and some of them.
    fn unreachable(&self) -> (u64, f64, Vec<(u32, u32)>) {
        let lost = &self.inner.unreachable;
        (lost.pairs, lost.rate, lost.listed.clone())
    }

    /// Orbits of nodes, of links and of destinations.
    #[getter]
    fn orbits(&self) -> (usize, usize, usize) {
        (
            self.inner.orbits,
            self.inner.link_orbits,
            self.inner.destinations,
        )
    }

    /// Gbit/s on every link of a bundle, forward and backward.
    fn lift<'py>(
        &self,
        py: Python<'py>,
        fabric: &Fabric,
        bundle: usize,
        limit_bytes: u64,
    ) -> PyResult<BothWays<'py>> {
        let fabric = fabric.inner.clone();
        let [forward, backward] = gate::run(py, None, |monitor| {
            self.inner.lift(&fabric, bundle, limit_bytes, monitor)
        })?;
        Ok((forward.into_pyarray(py), backward.into_pyarray(py)))
    }
}
