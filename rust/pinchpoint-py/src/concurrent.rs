//! Concurrent flow of structured fabrics, by orbits.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pinchpoint_core::certify::concurrent::{lower, upper};
use pinchpoint_core::throughput::{OrbitProblem, Toward};
use pyo3::prelude::*;

use crate::bandwidth::forwarding_of;
use crate::congestion::Products;
use crate::fabric::Fabric;
use crate::gate;
use crate::orbits::selected;

/// A concurrent flow up to symmetry.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct OrbitConcurrent {
    inner: OrbitProblem,
}

type Ints<'py> = Bound<'py, PyArray1<i64>>;
type Floats<'py> = Bound<'py, PyArray1<f64>>;
type Flags<'py> = Bound<'py, PyArray1<bool>>;

/// The concurrent flow of a structured fabric; none if it has too little symmetry.
#[pyfunction]
pub fn concurrent_by_orbits(
    py: Python<'_>,
    fabric: &Fabric,
    products: Products<'_>,
    forwarding: &str,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<Option<OrbitConcurrent>> {
    let products = selected(&products);
    let forwarding = forwarding_of(forwarding);
    let fabric = fabric.inner.clone();
    let inner = gate::run(py, time_limit, |monitor| {
        OrbitProblem::new(&fabric, &products, forwarding, monitor)
    })?;
    Ok(inner.map(|inner| OrbitConcurrent { inner }))
}

#[pymethods]
impl OrbitConcurrent {
    /// Largest utilization under ECMP, which is a flow.
    #[getter]
    fn routed(&self) -> f64 {
        let rows = self
            .inner
            .routed
            .rows
            .iter()
            .filter(|row| row.capacity > 0.0);
        rows.map(|row| row.forward.max(row.backward) / row.capacity)
            .fold(0.0, f64::max)
    }

    /// Number of unreachable pairs, their Gbit/s, and some of them.
    fn unreachable(&self) -> (u64, f64, Vec<(u32, u32)>) {
        let lost = &self.inner.routed.unreachable;
        (lost.pairs, lost.rate, lost.listed.clone())
    }

    /// About how many variables the linear program has.
    #[getter]
    fn size(&self) -> usize {
        self.inner.destinations.len() * self.inner.capacity.len()
    }

    /// Capacity of each slot, in Gbit/s.
    fn capacity<'py>(&self, py: Python<'py>) -> Floats<'py> {
        PyArray1::from_slice(py, &self.inner.capacity)
    }

    /// Lengths that put all on the fullest links.
    fn fullest<'py>(&self, py: Python<'py>, most: usize) -> Vec<Floats<'py>> {
        let found = self.inner.fullest(most).into_iter();
        found.map(|lengths| lengths.into_pyarray(py)).collect()
    }

    /// The ends of one link of a slot, in its direction, and the bundle.
    fn slot(&self, slot: usize) -> (usize, u64, u64) {
        let link = self.inner.first.partition_point(|first| *first <= slot) - 1;
        let place = slot - self.inner.first[link];
        let model = self.inner.model();
        let orbit = &model.links.list[link];
        let flavors = model.links.flavors[orbit.flavors as usize].len();
        let row = self.inner.routed.row(link, place / 2 * flavors);
        if place.is_multiple_of(2) {
            (row.bundle as usize, row.tail, row.head)
        } else {
            (row.bundle as usize, row.head, row.tail)
        }
    }

    /// The linear program's parts. By step: destination, tail and head (classes counted through
    /// all destinations), slot, leaves, enters. By class: what it sends, and whether it is the
    /// destination. By destination: nodes alike.
    #[allow(clippy::type_complexity)]
    fn program<'py>(
        &self,
        py: Python<'py>,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<(
        [Ints<'py>; 4],
        [Flags<'py>; 2],
        Floats<'py>,
        Flags<'py>,
        Floats<'py>,
    )> {
        let mut ints: [Vec<i64>; 4] = Default::default();
        let mut flags: [Vec<bool>; 2] = Default::default();
        let (mut sent, mut ends, mut alike) = (Vec::new(), Vec::new(), Vec::new());
        gate::run(py, time_limit, |monitor| {
            let mut toward = Toward::default();
            for (place, root) in self.inner.destinations.iter().enumerate() {
                monitor.poll()?;
                self.inner.toward(*root, &mut toward);
                let base = sent.len() as i64;
                for step in &toward.steps {
                    ints[0].push(place as i64);
                    ints[1].push(base + i64::from(step.tail));
                    ints[2].push(base + i64::from(step.head));
                    ints[3].push(i64::from(step.slot));
                    flags[0].push(step.leaves);
                    flags[1].push(step.enters);
                }
                sent.extend_from_slice(&toward.sent);
                let root_class = toward.pinned.root as usize;
                ends.extend((0..toward.sent.len()).map(|class| class == root_class));
                alike.push(self.inner.alike(*root));
            }
            Ok(())
        })?;
        Ok((
            ints.map(|column| column.into_pyarray(py)),
            flags.map(|column| column.into_pyarray(py)),
            sent.into_pyarray(py),
            ends.into_pyarray(py),
            alike.into_pyarray(py),
        ))
    }

    /// The upper bound that lengths of slots prove.
    fn upper(
        &self,
        py: Python<'_>,
        lengths: PyReadonlyArray1<'_, f64>,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<f64> {
        let lengths = lengths.as_slice()?.to_vec();
        gate::run(py, time_limit, |monitor| {
            upper(&self.inner, &lengths, monitor)
        })
    }

    /// The sparsest cut among the balls of lengths: root, classes inside, capacity, demand, nodes
    /// inside, rows by bundle (links, Gbit/s), and lengths of the slots that enter it.
    #[allow(clippy::type_complexity)]
    fn sparsest<'py>(
        &self,
        py: Python<'py>,
        lengths: PyReadonlyArray1<'_, f64>,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<
        Option<(
            u32,
            Vec<bool>,
            f64,
            f64,
            f64,
            Vec<(u32, f64, f64)>,
            Floats<'py>,
        )>,
    > {
        let lengths = lengths.as_slice()?.to_vec();
        let found = gate::run(py, time_limit, |monitor| {
            self.inner.sparsest(&lengths, monitor)
        })?;
        Ok(found.map(|cut| {
            let rows = cut.rows.iter();
            (
                cut.root,
                cut.inside,
                cut.capacity,
                cut.demand,
                cut.nodes,
                rows.map(|row| (row.bundle, row.links, row.capacity))
                    .collect(),
                cut.lengths.into_pyarray(py),
            )
        }))
    }

    /// Whether each node is on the sending side of a cut.
    fn side<'py>(
        &self,
        py: Python<'py>,
        fabric: &Fabric,
        root: u32,
        inside: Vec<bool>,
    ) -> PyResult<Flags<'py>> {
        let fabric = fabric.inner.clone();
        let side = gate::run(py, None, |monitor| {
            self.inner.side(&fabric, root, &inside, monitor)
        })?;
        Ok(side.into_pyarray(py))
    }

    /// The length of every link of a bundle, forward and backward.
    fn lift<'py>(
        &self,
        py: Python<'py>,
        fabric: &Fabric,
        bundle: usize,
        lengths: PyReadonlyArray1<'_, f64>,
        limit_bytes: u64,
    ) -> PyResult<(Floats<'py>, Floats<'py>)> {
        let lengths = lengths.as_slice()?.to_vec();
        let fabric = fabric.inner.clone();
        let [forward, backward] = gate::run(py, None, |monitor| {
            self.inner
                .lift(&fabric, bundle, &lengths, limit_bytes, monitor)
        })?;
        Ok((forward.into_pyarray(py), backward.into_pyarray(py)))
    }

    /// Flows of steps that stay off what has a length, then take the fewest steps.
    fn along<'py>(
        &self,
        py: Python<'py>,
        lengths: PyReadonlyArray1<'_, f64>,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<Floats<'py>> {
        let lengths = lengths.as_slice()?.to_vec();
        let flows = gate::run(py, time_limit, |monitor| {
            self.inner.along(&lengths, monitor)
        })?;
        Ok(flows.into_pyarray(py))
    }

    /// Weights of slots whose flow carries `bound`, but for `gap`, or the most that was found; and
    /// how much that is.
    fn balance<'py>(
        &self,
        py: Python<'py>,
        bound: f64,
        gap: f64,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<(Floats<'py>, f64)> {
        let (weights, carried) = gate::run(py, time_limit, |monitor| {
            self.inner.balance(bound, gap, monitor)
        })?;
        Ok((weights.into_pyarray(py), carried))
    }

    /// Flows of steps along shortest ways, shared by weights of slots.
    fn weighted<'py>(
        &self,
        py: Python<'py>,
        weights: PyReadonlyArray1<'_, f64>,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<Floats<'py>> {
        let weights = weights.as_slice()?.to_vec();
        let flows = gate::run(py, time_limit, |monitor| {
            self.inner.weighted(&weights, monitor)
        })?;
        Ok(flows.into_pyarray(py))
    }

    /// The lower bound that flows of steps prove; zero if they are none.
    fn lower(
        &self,
        py: Python<'_>,
        flows: PyReadonlyArray1<'_, f64>,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<f64> {
        let flows = flows.as_slice()?.to_vec();
        gate::run(py, time_limit, |monitor| {
            lower(&self.inner, &flows, monitor)
        })
    }
}
