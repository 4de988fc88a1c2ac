//! Link loads under a routing.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pinchpoint_core::congestion::{self as core, Query, Routing, Split};
use pinchpoint_core::traffic::Demands;
use pyo3::prelude::*;

use crate::bandwidth::{forwarding_of, nodes};
use crate::error::to_py;
use crate::fabric::Fabric;
use crate::gate;
use crate::selection::Selection;

type Ids<'py> = PyReadonlyArray1<'py, i64>;
/// Sources, sinks and Gbit/s per pair.
pub type Products<'py> = Vec<(Vec<PyRef<'py, Selection>>, Vec<PyRef<'py, Selection>>, f64)>;
/// Sources, sinks and Gbit/s of single pairs.
pub type Pairs<'py> = (Ids<'py>, Ids<'py>, PyReadonlyArray1<'py, f64>);

/// A routing by name and its numbers: parts, seed, salted; and given ways.
#[derive(FromPyObject)]
pub struct Plan<'py> {
    #[pyo3(item)]
    routing: String,
    #[pyo3(item)]
    split: String,
    #[pyo3(item)]
    parts: u32,
    #[pyo3(item)]
    seed: u64,
    #[pyo3(item)]
    salted: bool,
    #[pyo3(item)]
    ways: Option<(Ids<'py>, Ids<'py>)>,
    #[pyo3(item)]
    forwarding: String,
}

/// The way of splitting of a name.
pub fn split_of(text: &str) -> Split {
    match text {
        "neighbor" => Split::Neighbor,
        "capacity" => Split::Capacity,
        _ => Split::Link,
    }
}

/// A question from its plain parts.
pub fn query(
    py: Python<'_>,
    fabric: &Fabric,
    products: Products<'_>,
    pairs: Pairs<'_>,
    plan: Plan<'_>,
) -> PyResult<Query> {
    let raise = |error| to_py(py, error);
    let mut demands = Demands::default();
    for (sources, sinks, rate) in products {
        demands
            .add_product(&fabric.inner, &nodes(&sources), &nodes(&sinks), rate)
            .map_err(raise)?;
    }
    demands
        .add_pairs(
            &fabric.inner,
            pairs.0.as_slice()?,
            pairs.1.as_slice()?,
            pairs.2.as_slice()?,
        )
        .map_err(raise)?;
    demands.check_total().map_err(raise)?;
    let split = split_of(&plan.split);
    let routing = match (plan.routing.as_str(), plan.ways) {
        ("given", Some((first, links))) => Routing::Given {
            first: first.as_slice()?.iter().map(|at| *at as usize).collect(),
            links: links
                .as_slice()?
                .iter()
                .map(|link| u32::try_from(*link).unwrap_or(u32::MAX))
                .collect(),
        },
        ("ecmp-hash", _) => Routing::Hash {
            parts: plan.parts,
            seed: plan.seed,
            salted: plan.salted,
        },
        ("single", _) => Routing::Modulo,
        ("valiant", _) => Routing::Valiant(split),
        _ => Routing::Spread(split),
    };
    Ok(Query {
        demands,
        routing,
        forwarding: forwarding_of(&plan.forwarding),
    })
}

/// Checked loads of an explicit fabric.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct CongestionAnswer {
    inner: core::Loads,
}

/// Loads of an explicit fabric under a plan; see `core::congestion`.
#[pyfunction]
pub fn congestion(
    py: Python<'_>,
    fabric: &Fabric,
    products: Products<'_>,
    pairs: Pairs<'_>,
    plan: Plan<'_>,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<CongestionAnswer> {
    let query = query(py, fabric, products, pairs, plan)?;
    let fabric = fabric.inner.clone();
    let inner = gate::run(py, time_limit, |monitor| {
        core::congestion(&fabric, &query, monitor)
    })?;
    Ok(CongestionAnswer { inner })
}

/// The ways of single-path flows: place of each flow, offsets, and ways (twice the link, plus one
/// against its direction).
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn ways<'py>(
    py: Python<'py>,
    fabric: &Fabric,
    products: Products<'_>,
    pairs: Pairs<'_>,
    plan: Plan<'_>,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<(
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<u32>>,
)> {
    let query = query(py, fabric, products, pairs, plan)?;
    let fabric = fabric.inner.clone();
    let found = gate::run(py, time_limit, |monitor| {
        core::ways(&fabric, &query, monitor)
    })?;
    let first: Vec<i64> = found.first.iter().map(|at| *at as i64).collect();
    Ok((
        found.flow.into_pyarray(py),
        first.into_pyarray(py),
        found.ways.into_pyarray(py),
    ))
}

#[pymethods]
impl CongestionAnswer {
    fn forward<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.inner.forward)
    }

    fn backward<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.inner.backward)
    }

    /// Number of unreachable pairs, their Gbit/s, and the first of them.
    fn unreachable(&self) -> (u64, f64, Vec<(u32, u32)>) {
        let lost = &self.inner.unreachable;
        (lost.pairs, lost.rate, lost.listed.clone())
    }

    #[getter]
    fn resummed(&self) -> bool {
        self.inner.resummed
    }
}
