//! The best rate of a collective, by cuts.

use pinchpoint_core::collective::{self as core, Query};
use pyo3::prelude::*;

use crate::bandwidth::{Rows, forwarding_of, named, nodes};
use crate::fabric::Fabric;
use crate::gate;
use crate::selection::Selection;

/// A checked answer; keeps the fabric it belongs to.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct CollectiveAnswer {
    fabric: pinchpoint_core::fabric::Fabric,
    inner: core::Optimum,
    reversed: bool,
}

/// The best rate per sender from `senders` (if empty, all ranks or the first) to all `ranks`.
#[pyfunction]
#[pyo3(signature = (fabric, ranks, senders, first_sends, forwarding, reversed, max_receivers, time_limit))]
#[allow(clippy::too_many_arguments)]
pub fn collective(
    py: Python<'_>,
    fabric: &Fabric,
    ranks: Vec<PyRef<'_, Selection>>,
    senders: Vec<PyRef<'_, Selection>>,
    first_sends: bool,
    forwarding: &str,
    reversed: bool,
    max_receivers: u64,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<CollectiveAnswer> {
    let query = Query {
        ranks: nodes(&ranks),
        senders: nodes(&senders),
        first_sends,
        forwarding: forwarding_of(forwarding),
        reversed,
        max_receivers,
    };
    let fabric = fabric.inner.clone();
    let inner = gate::run(py, time_limit, |monitor| {
        core::optimum(&fabric, &query, monitor)
    })?;
    Ok(CollectiveAnswer {
        fabric,
        inner,
        reversed,
    })
}

/// Number of parts, and the sum of what can leave one for the others in units, of the partition of
/// the ranks by coordinates (each rank a part if `None`); `None` if too many parts differ.
#[pyfunction]
#[pyo3(signature = (fabric, ranks, names, forwarding, reversed, max_parts, time_limit))]
#[allow(clippy::too_many_arguments)]
pub fn rank_parts(
    py: Python<'_>,
    fabric: &Fabric,
    ranks: Vec<PyRef<'_, Selection>>,
    names: Option<Vec<String>>,
    forwarding: &str,
    reversed: bool,
    max_parts: u64,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<Option<(u64, i128)>> {
    let query = Query {
        ranks: nodes(&ranks),
        senders: Vec::new(),
        first_sends: false,
        forwarding: forwarding_of(forwarding),
        reversed,
        max_receivers: max_parts,
    };
    let fabric = fabric.inner.clone();
    let found = gate::run(py, time_limit, |monitor| {
        core::parts(&fabric, &query, names.as_deref(), monitor)
    })?;
    Ok(found.map(|parts| (parts.count, parts.capacity)))
}

/// Number of switches that every rank hangs off alike, and what a rank has to them in units.
#[pyfunction]
pub fn shared_switches(
    py: Python<'_>,
    fabric: &Fabric,
    ranks: Vec<PyRef<'_, Selection>>,
    forwarding: &str,
) -> PyResult<(u64, i128)> {
    let query = Query {
        ranks: nodes(&ranks),
        senders: Vec::new(),
        first_sends: false,
        forwarding: forwarding_of(forwarding),
        reversed: false,
        max_receivers: 0,
    };
    let fabric = fabric.inner.clone();
    let found = gate::run(py, None, |monitor| core::switched(&fabric, &query, monitor))?;
    Ok((found.switches, found.capacity))
}

#[pymethods]
impl CollectiveAnswer {
    /// Numerator, in units of 2^-unit_shift kbit/s, and denominator of the rate per sender.
    #[getter]
    fn rate(&self) -> (i128, u64) {
        (self.inner.rate.capacity, self.inner.rate.senders)
    }

    #[getter]
    fn num_ranks(&self) -> u64 {
        self.inner.members.num_ranks
    }

    /// Senders inside, ranks outside, and a rank outside by name, of the set that binds.
    #[getter]
    fn binding(&self) -> (u64, u64, String) {
        let own = &self.inner.binding;
        let group = &self.fabric.layout().groups[own.receiver.0];
        let name = pinchpoint_core::bandwidth::node_name(group, &own.receiver.1);
        (own.senders, own.receivers, name)
    }

    /// Rows (name, is a bundle, count, capacity in units) of what leaves the set that binds.
    #[getter]
    fn crossing(&self) -> Rows {
        named(&self.fabric, self.inner.binding.rows.clone())
    }

    /// By coordinate of the ranks outside: group, name and the one value they share, or -1.
    #[getter]
    fn outside(&self) -> Vec<(String, Vec<(String, i64)>)> {
        let outside = self.inner.outside(&self.fabric);
        let named = outside.into_iter().map(|(group, values)| {
            let group = &self.fabric.layout().groups[group];
            let names = group.coordinates.iter().map(|c| c.name.clone());
            (group.name.clone(), names.zip(values).collect())
        });
        named.collect()
    }

    /// Whether flows were found for one receiver of every orbit, for how many receivers, and for how
    /// many of them from ranks near by.
    #[getter]
    fn reached(&self) -> (bool, u64, u64) {
        (self.inner.reached, self.inner.tried, self.inner.near)
    }

    /// Classes and arcs of the quotient; zero if solved link by link.
    #[getter]
    fn quotient(&self) -> (usize, usize) {
        self.inner.effort
    }

    /// Counts the binding set's capacity once more.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        gate::run(py, None, |_| self.inner.verify(&self.fabric, self.reversed))
    }
}
