//! Max-min fair rates.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pinchpoint_core::congestion::{Routing, Split};
use pinchpoint_core::fair::{FairProblem, FairRates, Limit, Paths, max_min, sprayed};
use pinchpoint_core::{Error, ErrorKind, error::counted};
use pyo3::prelude::*;

use crate::congestion::{self, Pairs, Plan, Products};
use crate::error::to_py;
use crate::fabric::Fabric;
use crate::gate;

/// The arrays of a question, owned.
struct Question {
    capacity: Vec<f64>,
    first: Vec<usize>,
    links: Vec<u32>,
    shares: Option<Vec<f64>>,
    weights: Option<Vec<f64>>,
    demands: Option<Vec<f64>>,
}

impl Question {
    fn problem(&self) -> FairProblem<'_> {
        FairProblem {
            capacity: &self.capacity,
            paths: Paths {
                first: &self.first,
                links: &self.links,
                shares: self.shares.as_deref(),
            },
            weights: self.weights.as_deref(),
            demands: self.demands.as_deref(),
        }
    }
}

/// Checked rates and the question they answer.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct FairAnswer {
    question: Question,
    inner: FairRates,
}

type Floats<'py> = PyReadonlyArray1<'py, f64>;

/// Rates of flows that share links; `first` and `links` list the links of each flow.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn max_min_fair(
    py: Python<'_>,
    capacity: Floats<'_>,
    first: PyReadonlyArray1<'_, i64>,
    links: PyReadonlyArray1<'_, i64>,
    shares: Option<Floats<'_>>,
    weights: Option<Floats<'_>>,
    demands: Option<Floats<'_>>,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<FairAnswer> {
    let floats = |array: Option<Floats<'_>>| -> PyResult<Option<Vec<f64>>> {
        array
            .map(|array| Ok(array.as_slice()?.to_vec()))
            .transpose()
    };
    let capacity = capacity.as_slice()?.to_vec();
    let first: Vec<usize> = first.as_slice()?.iter().map(|at| *at as usize).collect();
    let mut ids = Vec::with_capacity(links.as_slice()?.len());
    for (at, link) in links.as_slice()?.iter().enumerate() {
        if *link < 0 || *link >= capacity.len() as i64 {
            let flow = first.partition_point(|start| *start <= at) - 1;
            let message = format!(
                "flow {flow} uses link {link}, outside the {}",
                counted(capacity.len() as u64, "link")
            );
            return Err(to_py(py, Error::new(ErrorKind::Graph, message)));
        }
        ids.push(*link as u32);
    }
    let question = Question {
        capacity,
        first,
        links: ids,
        shares: floats(shares)?,
        weights: floats(weights)?,
        demands: floats(demands)?,
    };
    let inner = gate::run(py, time_limit, |monitor| {
        max_min(&question.problem(), monitor)
    })?;
    Ok(FairAnswer { question, inner })
}

#[pymethods]
impl FairAnswer {
    fn rates<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, &self.inner.rates)
    }

    /// By flow: the link that limits it, -1 where its demand does.
    fn limits<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let limits = self.inner.limits.iter().map(|limit| match limit {
            Limit::Demand => -1,
            Limit::Link(link) => i64::from(*link),
        });
        limits.collect::<Vec<i64>>().into_pyarray(py)
    }

    /// By link: what it carries.
    fn loads<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let paths = self.question.problem().paths;
        let mut loads = vec![0.0; self.question.capacity.len()];
        for (flow, rate) in self.inner.rates.iter().enumerate() {
            for (link, share) in paths.of(flow) {
                loads[link] += share * rate;
            }
        }
        loads.into_pyarray(py)
    }

    /// Checks the rates once more.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        gate::run(py, None, |monitor| {
            pinchpoint_core::certify::fair::check(&self.question.problem(), &self.inner, monitor)
        })
    }
}

/// How flows spread over links: place of each flow, offsets, ways (twice the link, plus one against
/// its direction) and the part of the flow on each.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn sprays<'py>(
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
    Bound<'py, PyArray1<f64>>,
)> {
    let query = congestion::query(py, fabric, products, pairs, plan)?;
    let split = match query.routing {
        Routing::Spread(split) => split,
        _ => Split::Link,
    };
    let fabric = fabric.inner.clone();
    let found = gate::run(py, time_limit, |monitor| {
        sprayed(&fabric, &query.demands, split, query.forwarding, monitor)
    })?;
    let first: Vec<i64> = found.first.iter().map(|at| *at as i64).collect();
    Ok((
        found.flow.into_pyarray(py),
        first.into_pyarray(py),
        found.ways.into_pyarray(py),
        found.shares.into_pyarray(py),
    ))
}
