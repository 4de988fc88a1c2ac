//! Bandwidth queries and their answers.

use numpy::{IntoPyArray, PyArray1};
use pinchpoint_core::ErrorKind;
use pinchpoint_core::bandwidth::{self as core, Forwarding, Proof, Query};
use pinchpoint_core::certify::crossing::{Crossing, Through};
use pinchpoint_core::parallel::in_pieces;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::fabric::Fabric;
use crate::gate;
use crate::selection::Selection;

/// A checked answer; keeps the fabric it belongs to.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct BandwidthAnswer {
    fabric: pinchpoint_core::fabric::Fabric,
    query: Query,
    inner: core::Bandwidth,
}

/// Rows of what crosses a cut: name, is a bundle, count, capacity in units.
pub type Rows = Vec<(String, bool, u64, i128)>;

/// The rules of a name.
pub fn forwarding_of(text: &str) -> Forwarding {
    match text {
        "all" => Forwarding::All,
        "none" => Forwarding::None,
        _ => Forwarding::Hardware,
    }
}

/// The selections themselves.
pub fn nodes(selections: &[PyRef<'_, Selection>]) -> Vec<pinchpoint_core::fabric::Selection> {
    selections
        .iter()
        .map(|selection| selection.inner.clone())
        .collect()
}

/// Max flow from `sources` to `sinks`; `forwarding` is "hardware", "all" or "none".
#[pyfunction]
pub fn bandwidth(
    py: Python<'_>,
    fabric: &Fabric,
    sources: Vec<PyRef<'_, Selection>>,
    sinks: Vec<PyRef<'_, Selection>>,
    forwarding: &str,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<BandwidthAnswer> {
    let query = Query {
        sources: nodes(&sources),
        sinks: nodes(&sinks),
        forwarding: forwarding_of(forwarding),
    };
    let fabric = fabric.inner.clone();
    let inner = gate::run(py, time_limit, |monitor| {
        core::bandwidth(&fabric, &query, monitor)
    })?;
    Ok(BandwidthAnswer {
        fabric,
        query,
        inner,
    })
}

/// Values in units between every two of many selections, row-major.
#[pyfunction]
pub fn pairwise(
    py: Python<'_>,
    fabric: &Fabric,
    groups: Vec<Vec<PyRef<'_, Selection>>>,
    forwarding: &str,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<Vec<i128>> {
    let groups: Vec<_> = groups.iter().map(|group| nodes(group)).collect();
    let forwarding = forwarding_of(forwarding);
    let fabric = fabric.inner.clone();
    gate::run(py, time_limit, |monitor| {
        core::pairwise(&fabric, &groups, forwarding, monitor)
    })
}

/// Value in units and rows of the cut nearest to the sources; or class and message of an error.
type Solved = Result<(i128, Vec<Crossing>), pinchpoint_core::Error>;

/// The same question on many fabrics of one layout, side by side without the GIL.
///
/// Per fabric: value in units and the rows of the minimum cut nearest to the sources, or the class
/// and the message of an error. An interrupt ends them all.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn bandwidth_many(
    py: Python<'_>,
    fabrics: Vec<PyRef<'_, Fabric>>,
    sources: Vec<PyRef<'_, Selection>>,
    sinks: Vec<PyRef<'_, Selection>>,
    forwarding: &str,
) -> PyResult<Vec<(Option<(i128, Rows)>, Option<(&'static str, String)>)>> {
    let query = Query {
        sources: nodes(&sources),
        sinks: nodes(&sinks),
        forwarding: forwarding_of(forwarding),
    };
    let fabrics: Vec<_> = fabrics.iter().map(|fabric| fabric.inner.clone()).collect();
    let solve = |fabric, monitor: &dyn pinchpoint_core::Monitor| -> Solved {
        let answer = core::bandwidth(fabric, &query, monitor)?;
        let rows = answer.crossing(fabric, 0, monitor)?;
        Ok((answer.value, rows))
    };
    let solved = gate::run(py, None, |monitor| {
        in_pieces(fabrics.len(), |place| {
            match solve(&fabrics[place], monitor) {
                Err(error) if error.kind == ErrorKind::Interrupted => Err(error),
                other => Ok(other),
            }
        })
    })?;
    let rows = fabrics.iter().zip(solved).map(|(fabric, one)| match one {
        Ok((value, rows)) => (Some((value, named(fabric, rows))), None),
        Err(error) => (
            None,
            Some((crate::error::class_name(error.kind), error.message)),
        ),
    });
    Ok(rows.collect())
}

pub fn named(fabric: &pinchpoint_core::fabric::Fabric, rows: Vec<Crossing>) -> Rows {
    let layout = fabric.layout();
    let name = |row: Crossing| match row.through {
        Through::Bundle(index) => (
            layout.bundles[index].name.clone(),
            true,
            row.count,
            row.capacity,
        ),
        Through::Group(index) => (
            layout.groups[index].name.clone(),
            false,
            row.count,
            row.capacity,
        ),
    };
    rows.into_iter().map(name).collect()
}

#[pymethods]
impl BandwidthAnswer {
    /// In units of 2^-unit_shift kbit/s.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyInt>> {
        Ok(self.inner.value.into_pyobject(py)?)
    }

    #[getter]
    fn unit_shift(&self) -> u32 {
        self.fabric.unit_shift()
    }

    /// Classes and arcs of the quotient solved; `None` for the plain solver.
    #[getter]
    fn quotient(&self) -> Option<(usize, usize)> {
        match self.inner.proof {
            Proof::Symbolic(_) => Some((self.inner.effort.classes, self.inner.effort.arcs)),
            Proof::Listed(_) | Proof::Touched(_) => None,
        }
    }

    /// Rows (name, is a bundle, count, capacity in units) of what crosses minimum cut 0 or 1.
    fn crossing(&self, py: Python<'_>, cut: usize) -> PyResult<Rows> {
        let rows = gate::run(py, None, |monitor| {
            self.inner.crossing(&self.fabric, cut.min(1), monitor)
        })?;
        Ok(named(&self.fabric, rows))
    }

    /// Breakpoints of the value when the capacity of some bundles grows by a factor from 1 on:
    /// numerator and denominator of the factor, the value times the denominator, the slope beyond,
    /// and the rows of the cut that binds beyond.
    #[allow(clippy::type_complexity)]
    fn breakpoints(
        &self,
        py: Python<'_>,
        bundles: Vec<String>,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<Vec<(i64, i64, i128, i128, Rows)>> {
        let places: pinchpoint_core::Result<Vec<usize>> = bundles
            .iter()
            .map(|name| self.fabric.layout().bundle(name))
            .collect();
        let places = places.map_err(|error| crate::error::to_py(py, error))?;
        let one = core::Factor {
            numerator: 1,
            denominator: 1,
        };
        let found = gate::run(py, time_limit, |monitor| {
            core::breakpoints(&self.fabric, &self.query, &places, one, monitor)
        })?;
        let plain = found.into_iter().map(|point| {
            let rows = named(&self.fabric, point.beyond);
            let factor = point.factor;
            (
                factor.numerator,
                factor.denominator,
                point.scaled_value,
                point.slope_after,
                rows,
            )
        });
        Ok(plain.collect())
    }

    /// Checks flow and cuts once more.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        gate::run(py, None, |monitor| self.inner.verify(&self.fabric, monitor))
    }

    /// Tails, heads and net flow in units, of one bundle or of all.
    #[allow(clippy::type_complexity)]
    fn flow<'py>(
        &self,
        py: Python<'py>,
        bundle: Option<&str>,
        limit_bytes: u64,
    ) -> PyResult<(
        Bound<'py, PyArray1<u32>>,
        Bound<'py, PyArray1<u32>>,
        Bound<'py, PyArray1<f64>>,
    )> {
        let index = bundle
            .map(|name| self.fabric.layout().bundle(name))
            .transpose();
        let index = index.map_err(|error| crate::error::to_py(py, error))?;
        let links = gate::run(py, None, |monitor| {
            self.inner
                .link_flow(&self.fabric, index, limit_bytes, monitor)
        })?;
        Ok((
            links.tails.into_pyarray(py),
            links.heads.into_pyarray(py),
            links.flow.into_pyarray(py),
        ))
    }
}
