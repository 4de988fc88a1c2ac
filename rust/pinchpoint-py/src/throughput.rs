//! Concurrent flow: reduced, narrowed, and its bounds derived again.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pinchpoint_core::certify::throughput::{Paths, lower, upper};
use pinchpoint_core::throughput::{self as core, approximate};
use pinchpoint_core::{Error, ErrorKind};
use pyo3::prelude::*;

use crate::congestion::{Pairs, Plan, Products, query};
use crate::error::to_py;
use crate::fabric::Fabric;
use crate::gate;

/// A concurrent flow between core nodes.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct Concurrent {
    inner: core::Reduced,
}

type Ints<'py> = Bound<'py, PyArray1<u32>>;
type Floats<'py> = Bound<'py, PyArray1<f64>>;

/// Reduces the traffic of a plan on an explicit fabric; see `core::Reduced`.
#[pyfunction]
pub fn concurrent(
    py: Python<'_>,
    fabric: &Fabric,
    products: Products<'_>,
    pairs: Pairs<'_>,
    plan: Plan<'_>,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<Concurrent> {
    let query = query(py, fabric, products, pairs, plan)?;
    let fabric = fabric.inner.clone();
    let inner = gate::run(py, time_limit, |monitor| {
        core::Reduced::new(&fabric, &query.demands, query.forwarding, monitor)
    })?;
    Ok(Concurrent { inner })
}

#[pymethods]
impl Concurrent {
    #[getter]
    fn num_nodes(&self) -> usize {
        self.inner.num_nodes
    }

    /// Node id of each core node.
    fn nodes<'py>(&self, py: Python<'py>) -> Ints<'py> {
        PyArray1::from_slice(py, &self.inner.nodes)
    }

    /// Smallest ratio of capacity to load where routes are forced, and that edge's nodes.
    #[getter]
    fn forced(&self) -> (f64, Option<(u32, u32)>) {
        let edge = self.inner.forced_edge.map(|edge| (edge.tail, edge.head));
        (self.inner.forced, edge)
    }

    /// Number of unreachable pairs, their Gbit/s, and the first of them.
    fn unreachable(&self) -> (u64, f64, Vec<(u32, u32)>) {
        let lost = &self.inner.unreachable;
        (lost.pairs, lost.rate, lost.listed.clone())
    }

    /// Tails, heads, capacities, and whether transit leaves the tail and enters the head.
    #[allow(clippy::type_complexity)]
    fn edges<'py>(
        &self,
        py: Python<'py>,
    ) -> (Ints<'py>, Ints<'py>, Floats<'py>, Vec<bool>, Vec<bool>) {
        let edges = &self.inner.edges;
        let ints = |of: fn(&pinchpoint_core::routing::Edge) -> u32| {
            edges.iter().map(of).collect::<Vec<u32>>().into_pyarray(py)
        };
        let capacity: Vec<f64> = edges.iter().map(|edge| edge.capacity).collect();
        (
            ints(|edge| edge.tail),
            ints(|edge| edge.head),
            capacity.into_pyarray(py),
            edges.iter().map(|edge| edge.leaves).collect(),
            edges.iter().map(|edge| edge.enters).collect(),
        )
    }

    /// Source, sink and Gbit/s, by source.
    fn demands<'py>(&self, py: Python<'py>) -> (Ints<'py>, Ints<'py>, Floats<'py>) {
        let (mut sources, mut sinks, mut rates) = (Vec::new(), Vec::new(), Vec::new());
        for commodities in &self.inner.commodities {
            for (sink, rate) in &commodities.sinks {
                sources.push(commodities.source);
                sinks.push(*sink);
                rates.push(*rate);
            }
        }
        (
            sources.into_pyarray(py),
            sinks.into_pyarray(py),
            rates.into_pyarray(py),
        )
    }

    /// Lower and upper bound, lengths, loads, and whether time ran out.
    #[allow(clippy::type_complexity)]
    fn approximate<'py>(
        &self,
        py: Python<'py>,
        gap: f64,
        quick: bool,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<(f64, f64, Floats<'py>, Floats<'py>, bool)> {
        let bounds = gate::run(py, time_limit, |monitor| {
            approximate(&self.inner, gap, quick, monitor)
        })?;
        Ok((
            bounds.lower,
            bounds.upper,
            bounds.lengths.into_pyarray(py),
            bounds.loads.into_pyarray(py),
            bounds.stopped,
        ))
    }

    /// The upper bound that lengths of the edges prove.
    fn upper(&self, py: Python<'_>, lengths: PyReadonlyArray1<'_, f64>) -> PyResult<f64> {
        let lengths = lengths.as_slice()?.to_vec();
        let sound = |length: &f64| length.is_finite() && *length >= 0.0;
        if lengths.len() != self.inner.edges.len() || !lengths.iter().all(sound) {
            let message = "lengths must be finite and zero or more, one per edge";
            return Err(to_py(py, Error::new(ErrorKind::Graph, message)));
        }
        gate::run(py, None, |_| {
            Ok(upper(&self.inner, &lengths, &mut Paths::new(&self.inner)))
        })
    }

    /// The lower bound that flows by source and edge prove at `value`; none if they are no flows.
    fn lower(
        &self,
        py: Python<'_>,
        flows: PyReadonlyArray2<'_, f64>,
        value: f64,
    ) -> PyResult<Option<f64>> {
        let array = flows.as_array();
        let flows: Vec<Vec<f64>> = array.rows().into_iter().map(|row| row.to_vec()).collect();
        gate::run(py, None, |_| Ok(lower(&self.inner, &flows, value)))
    }
}
