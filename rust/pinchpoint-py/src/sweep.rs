//! Many failures of one query, and cut trees.

use numpy::{IntoPyArray, PyArray1};
use pinchpoint_core::bandwidth::{self as core, Outage, Query};
use pyo3::prelude::*;

use crate::bandwidth::{forwarding_of, nodes};
use crate::fabric::Fabric;
use crate::gate;
use crate::selection::{LinkSelection, Selection};

/// Links and nodes that fail together.
type PlainOutage<'py> = (Vec<PyRef<'py, LinkSelection>>, Vec<PyRef<'py, Selection>>);

/// The value of a query without failures, and under each of `outages`, in units.
#[pyfunction]
pub fn failure_sweep(
    py: Python<'_>,
    fabric: &Fabric,
    sources: Vec<PyRef<'_, Selection>>,
    sinks: Vec<PyRef<'_, Selection>>,
    outages: Vec<PlainOutage<'_>>,
    forwarding: &str,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<(i128, Vec<i128>)> {
    let query = Query {
        sources: nodes(&sources),
        sinks: nodes(&sinks),
        forwarding: forwarding_of(forwarding),
    };
    let outages: Vec<Outage> = outages
        .iter()
        .map(|(links, failed)| Outage {
            links: links.iter().map(|links| links.inner.clone()).collect(),
            nodes: nodes(failed),
        })
        .collect();
    let fabric = fabric.inner.clone();
    let swept = gate::run(py, time_limit, |monitor| {
        core::failure_sweep(&fabric, &query, &outages, monitor)
    })?;
    Ok((swept.intact, swept.values))
}

/// Ids of nodes, position of each one's parent, and the cut between the two in units.
type PlainTree<'py> = (
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<i64>>,
);

/// The Gomory-Hu tree over all nodes, or over the chosen ones.
#[pyfunction]
pub fn cut_tree<'py>(
    py: Python<'py>,
    fabric: &Fabric,
    chosen: Option<Vec<PyRef<'_, Selection>>>,
    forwarding: &str,
    limit_bytes: u64,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<PlainTree<'py>> {
    let chosen = chosen.map(|chosen| nodes(&chosen));
    let forwarding = forwarding_of(forwarding);
    let fabric = fabric.inner.clone();
    let tree = gate::run(py, time_limit, |monitor| {
        core::cut_tree(&fabric, chosen.as_deref(), forwarding, limit_bytes, monitor)
    })?;
    Ok((
        tree.nodes.into_pyarray(py),
        tree.parent.into_pyarray(py),
        tree.value.into_pyarray(py),
    ))
}
