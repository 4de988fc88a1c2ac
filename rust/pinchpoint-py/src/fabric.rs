//! Fabrics.

use std::collections::HashSet;

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pinchpoint_core::fabric::{self as core, ListedBundle, ListedGroup, ListedSpec, parse};
use pinchpoint_core::{Error, ErrorKind, error::counted};
use pyo3::prelude::*;

use crate::builder::{forwarding, role};
use crate::described::{self, PlainBundle, PlainDigits, PlainGroup, PlainWiring};
use crate::error::to_py;
use crate::gate;
use crate::selection::{LinkSelection, Selection, conditions};
use crate::state::{self, PlainState};

/// A fabric of either kind.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct Fabric {
    pub inner: core::Fabric,
}

impl Fabric {
    fn raise<T>(py: Python<'_>, result: pinchpoint_core::Result<T>) -> PyResult<T> {
        result.map_err(|error| to_py(py, error))
    }

    /// The bundle of that name, or an error with the names there are.
    pub fn bundle_index(&self, py: Python<'_>, name: Option<&str>) -> PyResult<Option<usize>> {
        name.map(|name| Self::raise(py, self.inner.layout().bundle(name)))
            .transpose()
    }
}

#[pymethods]
impl Fabric {
    #[staticmethod]
    #[allow(clippy::too_many_arguments)]
    fn from_links(
        py: Python<'_>,
        tails: PyReadonlyArray1<'_, u32>,
        heads: PyReadonlyArray1<'_, u32>,
        capacity: PyReadonlyArray1<'_, i64>,
        num_nodes: u32,
        directed: bool,
        unit_shift: u32,
    ) -> PyResult<Self> {
        let own = (
            tails.as_slice()?.to_vec(),
            heads.as_slice()?.to_vec(),
            capacity.as_slice()?.to_vec(),
        );
        let inner = gate::run(py, None, move |_| {
            core::Fabric::from_links(own.0, own.1, own.2, num_nodes, directed, unit_shift)
        })?;
        Ok(Fabric { inner })
    }

    /// An explicit fabric of several groups (name, role, forwarding, nodes) and bundles (name,
    /// position of group a and of b, links).
    #[staticmethod]
    #[allow(clippy::too_many_arguments)]
    fn listed(
        py: Python<'_>,
        name: String,
        groups: Vec<(String, String, String, u32)>,
        bundles: Vec<(String, usize, usize, u32)>,
        tails: PyReadonlyArray1<'_, u32>,
        heads: PyReadonlyArray1<'_, u32>,
        capacity: PyReadonlyArray1<'_, i64>,
        directed: bool,
        unit_shift: u32,
    ) -> PyResult<Self> {
        let groups = groups
            .into_iter()
            .map(|(name, role_text, forwards, num_nodes)| ListedGroup {
                name,
                role: role(&role_text),
                forwards: forwarding(&forwards),
                num_nodes,
            });
        let bundles = bundles
            .into_iter()
            .map(|(name, a, b, num_links)| ListedBundle {
                name,
                a,
                b,
                num_links,
            });
        let spec = ListedSpec {
            name,
            groups: groups.collect(),
            bundles: bundles.collect(),
            tails: tails.as_slice()?.to_vec(),
            heads: heads.as_slice()?.to_vec(),
            capacity: capacity.as_slice()?.to_vec(),
            directed,
            unit_shift,
        };
        let inner = gate::run(py, None, move |_| core::Fabric::listed(spec))?;
        Ok(Fabric { inner })
    }

    #[getter]
    fn name(&self) -> &str {
        &self.inner.layout().name
    }

    #[getter]
    fn num_nodes(&self) -> u64 {
        self.inner.num_nodes()
    }

    #[getter]
    fn num_links(&self) -> u64 {
        self.inner.num_links()
    }

    #[getter]
    fn num_chips(&self) -> u64 {
        self.inner.num_chips()
    }

    #[getter]
    fn unit_shift(&self) -> u32 {
        self.inner.unit_shift()
    }

    #[getter]
    fn is_structured(&self) -> bool {
        self.inner.arrays().is_none()
    }

    #[getter]
    fn is_directed(&self) -> bool {
        self.inner.arrays().is_some_and(|arrays| arrays.directed)
    }

    #[getter]
    fn is_changed(&self) -> bool {
        self.inner.is_changed()
    }

    #[getter]
    fn materialized_bytes(&self) -> u64 {
        self.inner.materialized_bytes()
    }

    /// By bundle of a structured fabric: Gbit/s of all its links that are up, at most.
    fn most_gbit_per_s(&self) -> Vec<f64> {
        let unit = 1e6 * 2f64.powi(self.inner.unit_shift() as i32);
        let bundles = self.inner.layout().bundles.iter().enumerate();
        bundles
            .map(|(index, bundle)| {
                let changed = &self.inner.state().overrides[index];
                let changed = changed.iter().map(|change| change.capacity);
                let each = changed.fold(bundle.capacity, i64::max);
                self.inner.links_up(index) as f64 * (each as f64 / unit)
            })
            .collect()
    }

    /// Coordinates of a group that selections take, the user's first.
    fn coordinate_names(&self, py: Python<'_>, group: &str) -> PyResult<Vec<String>> {
        let index = Self::raise(py, self.inner.layout().group(group))?;
        let names = self.inner.layout().groups[index].coordinate_names();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn select(
        &self,
        py: Python<'_>,
        group: &str,
        asked: Vec<(String, Bound<'_, PyAny>)>,
    ) -> PyResult<Selection> {
        let asked = conditions(asked)?;
        let inner = gate::run(py, None, |_| self.inner.layout().select(group, &asked))?;
        Ok(Selection { inner })
    }

    fn select_text(&self, py: Python<'_>, text: &str) -> PyResult<Selection> {
        let parsed = Self::raise(py, parse(text))?;
        let inner = gate::run(py, None, |_| {
            self.inner.layout().select(&parsed.name, &parsed.conditions)
        })?;
        Ok(Selection { inner })
    }

    fn select_ids(&self, py: Python<'_>, ids: Vec<u64>) -> PyResult<Vec<Selection>> {
        let found = gate::run(py, None, |_| self.inner.layout().select_ids(&ids))?;
        Ok(found.into_iter().map(|inner| Selection { inner }).collect())
    }

    fn select_links(
        &self,
        py: Python<'_>,
        bundle: &str,
        asked: Vec<(String, Bound<'_, PyAny>)>,
    ) -> PyResult<LinkSelection> {
        let asked = conditions(asked)?;
        let inner = gate::run(py, None, |_| {
            self.inner.layout().select_links(bundle, &asked)
        })?;
        Ok(LinkSelection { inner })
    }

    fn select_links_text(&self, py: Python<'_>, text: &str) -> PyResult<LinkSelection> {
        let parsed = Self::raise(py, parse(text))?;
        let inner = gate::run(py, None, |_| {
            self.inner
                .layout()
                .select_links(&parsed.name, &parsed.conditions)
        })?;
        Ok(LinkSelection { inner })
    }

    fn sample_links(
        &self,
        py: Python<'_>,
        bundle: &str,
        count: u64,
        seed: u64,
    ) -> PyResult<LinkSelection> {
        let inner = gate::run(py, None, |monitor| {
            self.inner.sample_links(bundle, count, seed, monitor)
        })?;
        Ok(LinkSelection { inner })
    }

    /// Ids of the nodes of a selection, in increasing order.
    fn node_ids<'py>(
        &self,
        py: Python<'py>,
        selection: &Selection,
    ) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let ids = gate::run(py, None, |monitor| {
            self.inner.layout().node_ids(&selection.inner, monitor)
        })?;
        Ok(ids.into_pyarray(py))
    }

    /// The name of a node: its group and the user's coordinates.
    fn node_name(&self, py: Python<'_>, node: u64) -> PyResult<String> {
        let layout = self.inner.layout();
        let Some(index) = layout.group_of_node(node) else {
            let message = format!(
                "node id {node} is out of range: the fabric has {}",
                counted(layout.num_nodes(), "node")
            );
            return Err(to_py(py, Error::new(ErrorKind::Graph, message)));
        };
        let group = &layout.groups[index];
        Ok(pinchpoint_core::bandwidth::node_name(
            group,
            &group.point(node - group.first_node),
        ))
    }

    fn without(
        &self,
        py: Python<'_>,
        links: Vec<PyRef<'_, LinkSelection>>,
        nodes: Vec<PyRef<'_, Selection>>,
    ) -> PyResult<Self> {
        let links: Vec<core::LinkSelection> = links
            .iter()
            .map(|selection| selection.inner.clone())
            .collect();
        let nodes: Vec<core::Selection> = nodes
            .iter()
            .map(|selection| selection.inner.clone())
            .collect();
        let inner = gate::run(py, None, |_| self.inner.without(&links, &nodes))?;
        Ok(Fabric { inner })
    }

    fn scaled(
        &self,
        py: Python<'_>,
        links: Vec<PyRef<'_, LinkSelection>>,
        factor: f64,
    ) -> PyResult<(Self, bool)> {
        let links: Vec<core::LinkSelection> = links
            .iter()
            .map(|selection| selection.inner.clone())
            .collect();
        let scaled = gate::run(py, None, |_| self.inner.scaled(&links, factor))?;
        Ok((
            Fabric {
                inner: scaled.fabric,
            },
            scaled.rounded,
        ))
    }

    fn materialize(
        &self,
        py: Python<'_>,
        limit_bytes: u64,
        time_limit: Option<gate::TimeLimit>,
    ) -> PyResult<Self> {
        let inner = gate::run(py, time_limit, |monitor| {
            self.inner.materialize(limit_bytes, monitor)
        })?;
        Ok(Fabric { inner })
    }

    /// Tails, heads and capacities now, of an explicit fabric.
    #[allow(clippy::type_complexity)]
    fn arrays<'py>(
        &self,
        py: Python<'py>,
    ) -> Option<(
        Bound<'py, PyArray1<u32>>,
        Bound<'py, PyArray1<u32>>,
        Bound<'py, PyArray1<i64>>,
    )> {
        let arrays = self.inner.arrays()?;
        Some((
            PyArray1::from_slice(py, &arrays.tails),
            PyArray1::from_slice(py, &arrays.heads),
            PyArray1::from_slice(py, &arrays.capacity),
        ))
    }

    /// Capacities as built, of an explicit fabric.
    fn built_capacity<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<i64>>> {
        Some(PyArray1::from_slice(py, &self.inner.arrays()?.built))
    }

    /// Per group: see [`described::PlainGroup`].
    fn groups(&self) -> Vec<PlainGroup> {
        described::groups(&self.inner)
    }

    /// Per bundle: see [`described::PlainBundle`].
    fn bundles(&self) -> Vec<PlainBundle> {
        described::bundles(&self.inner)
    }

    /// How a structured fabric is wired, for those who look for symmetry.
    fn wiring(&self) -> (Vec<PlainDigits>, Vec<PlainWiring>) {
        described::wiring(&self.inner)
    }

    /// What changed since it was built.
    fn state(&self) -> PlainState {
        state::state(&self.inner)
    }

    /// The same fabric as built, with those changes.
    fn with_state(&self, py: Python<'_>, state: PlainState) -> PyResult<Self> {
        let inner = state::with_state(py, &self.inner, state)?;
        Ok(Fabric { inner })
    }

    /// Nodes that have failed: group and count.
    fn removed(&self) -> HashSet<(String, u64)> {
        let groups = self
            .inner
            .layout()
            .groups
            .iter()
            .zip(&self.inner.state().removed);
        let down = groups.filter(|(_, blocks)| !blocks.is_empty());
        down.map(|(group, blocks)| (group.name.clone(), core::total_len(blocks)))
            .collect()
    }
}
