//! Concurrent flow: reduced, narrowed, and its bounds derived again.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pinchpoint_core::certify::lengths::upper as by_lengths;
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
type Flags<'py> = Bound<'py, PyArray1<bool>>;

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

/// The upper bound that lengths of links, forward and backward, prove; see
/// `certify::lengths::upper`.
#[pyfunction]
pub fn bound_by_lengths(
    py: Python<'_>,
    fabric: &Fabric,
    products: Products<'_>,
    pairs: Pairs<'_>,
    plan: Plan<'_>,
    lengths: (PyReadonlyArray1<'_, f64>, PyReadonlyArray1<'_, f64>),
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<f64> {
    let query = query(py, fabric, products, pairs, plan)?;
    let fabric = fabric.inner.clone();
    let own = [
        lengths.0.as_slice()?.to_vec(),
        lengths.1.as_slice()?.to_vec(),
    ];
    gate::run(py, time_limit, |monitor| {
        let lengths = [&own[0][..], &own[1][..]];
        by_lengths(&fabric, &query.demands, query.forwarding, lengths, monitor)
    })
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

    /// Largest utilization under ECMP, which is a flow.
    #[getter]
    fn routed(&self) -> f64 {
        self.inner.routed
    }

    /// By node: whether what it sends out of this set must take the forced edge. Empty if none.
    fn forced_side<'py>(&self, py: Python<'py>) -> Flags<'py> {
        PyArray1::from_slice(py, &self.inner.forced_side)
    }

    /// Of each node: its place in the core, or that of the core node it hangs off.
    fn place<'py>(&self, py: Python<'py>) -> Ints<'py> {
        PyArray1::from_slice(py, &self.inner.place)
    }

    /// Lengths of the links, forward and backward, from those of the core's edges; without, of the
    /// forced edge.
    fn of_links<'py>(
        &self,
        py: Python<'py>,
        lengths: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<(Floats<'py>, Floats<'py>)> {
        let [forward, backward] = match lengths {
            Some(lengths) => self.inner.of_links(lengths.as_slice()?),
            None => self.inner.of_forced(),
        };
        Ok((forward.into_pyarray(py), backward.into_pyarray(py)))
    }

    /// The sparsest cut among the balls of lengths: whether each core node sends, Gbit/s that can
    /// leave, Gbit/s that are sent.
    fn sparsest<'py>(
        &self,
        py: Python<'py>,
        lengths: PyReadonlyArray1<'_, f64>,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<Option<(Flags<'py>, f64, f64)>> {
        let lengths = lengths.as_slice()?.to_vec();
        let found = gate::run(py, time_limit, |monitor| {
            core::sparsest(&self.inner, &lengths, monitor)
        })?;
        Ok(found.map(|cut| (cut.side.into_pyarray(py), cut.capacity, cut.demand)))
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

    /// Lower and upper bound, lengths, whether the search was stopped, and what a signal handler
    /// raised meanwhile.
    #[allow(clippy::type_complexity)]
    fn approximate<'py>(
        &self,
        py: Python<'py>,
        gap: f64,
        quick: bool,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<(f64, f64, Floats<'py>, bool, Option<PyErr>)> {
        let (bounds, raised) = gate::run_until(py, time_limit, |monitor| {
            approximate(&self.inner, gap, quick, monitor)
        })?;
        Ok((
            bounds.lower,
            bounds.upper,
            bounds.lengths.into_pyarray(py),
            bounds.stopped,
            raised,
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
