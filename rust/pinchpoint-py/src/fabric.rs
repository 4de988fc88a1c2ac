//! Fabrics and how they are built.

use std::collections::HashSet;
use std::sync::Mutex;

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pinchpoint_core::fabric::{
    self as core, Block, Code, CoordinateSpec, Digit, Forwards, JoinSpec, LinkSpec, ListedBundle,
    ListedGroup, ListedSpec, NodeSpec, Override, PartSpec, Rate, Role, State, parse,
};
use pinchpoint_core::{Error, ErrorKind};
use pyo3::prelude::*;

use crate::error::to_py;
use crate::gate;
use crate::selection::{LinkSelection, PlainBlocks, Selection, conditions, from_plain, to_plain};

/// A fabric of either kind.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct Fabric {
    pub inner: core::Fabric,
}

/// Describes a structured fabric.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
pub struct FabricBuilder {
    inner: Mutex<core::Builder>,
}

/// What changed since a fabric was built, as plain lists.
type PlainState = (
    Vec<Vec<(Vec<Vec<(u32, u32)>>, i64, bool)>>,
    Vec<PlainBlocks>,
);
/// A user coordinate: name, size, code, digits.
type PlainCoordinate = (String, Option<u32>, String, Vec<(String, u32)>);
/// One end of a bundle: group and conditions.
type PlainPart<'py> = (String, Vec<(String, Bound<'py, PyAny>)>);

fn role(name: &str) -> Role {
    match name {
        "chip" => Role::Chip,
        "host" => Role::Host,
        "nic" => Role::Nic,
        _ => Role::Switch,
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Chip => "chip",
        Role::Host => "host",
        Role::Nic => "nic",
        Role::Switch => "switch",
    }
}

fn forwarding(name: &str) -> Forwards {
    match name {
        "never" => Forwards::Never,
        "scale_up" => Forwards::ScaleUp,
        _ => Forwards::Always,
    }
}

fn forwards_name(forwards: Forwards) -> &'static str {
    match forwards {
        Forwards::Never => "never",
        Forwards::Always => "always",
        Forwards::ScaleUp => "scale_up",
    }
}

#[pymethods]
impl FabricBuilder {
    #[new]
    fn new(name: &str) -> Self {
        FabricBuilder {
            inner: Mutex::new(core::Builder::new(name)),
        }
    }

    fn nodes(
        &self,
        py: Python<'_>,
        name: String,
        role_text: &str,
        forwards: &str,
        capacity: Option<(i64, u32)>,
        coordinates: Vec<PlainCoordinate>,
    ) -> PyResult<()> {
        let forwards = forwarding(forwards);
        let coordinates =
            coordinates
                .into_iter()
                .map(|(name, size, code, digits)| CoordinateSpec {
                    name,
                    size,
                    code: if code == "gray" {
                        Code::Gray
                    } else {
                        Code::Radix
                    },
                    digits: digits
                        .into_iter()
                        .map(|(name, size)| Digit { name, size })
                        .collect(),
                });
        let spec = NodeSpec {
            name,
            role: role(role_text),
            forwards,
            capacity: capacity.map(|(mantissa, shift)| Rate { mantissa, shift }),
            coordinates: coordinates.collect(),
        };
        self.with(py, |builder| builder.nodes(spec))
    }

    #[allow(clippy::too_many_arguments)]
    fn links(
        &self,
        py: Python<'_>,
        a: PlainPart<'_>,
        b: PlainPart<'_>,
        capacity: (i64, u32),
        join: Option<Vec<(String, String)>>,
        ring: Option<(String, bool)>,
        multiplicity: u32,
        name: Option<String>,
    ) -> PyResult<String> {
        let part = |(group, asked): PlainPart<'_>| -> PyResult<PartSpec> {
            Ok(PartSpec {
                group,
                conditions: conditions(asked)?,
            })
        };
        let join = match (join, ring) {
            (_, Some((axis, wrap))) => JoinSpec::Ring { axis, wrap },
            (Some(pairs), None) => JoinSpec::Pairs(pairs),
            (None, None) => JoinSpec::SameName,
        };
        let (a, b) = (part(a)?, part(b)?);
        let built = name
            .clone()
            .unwrap_or_else(|| format!("{}-{}", a.group, b.group));
        let spec = LinkSpec {
            a,
            b,
            capacity: Rate {
                mantissa: capacity.0,
                shift: capacity.1,
            },
            join,
            multiplicity,
            name,
        };
        self.with(py, |builder| builder.links(spec))?;
        Ok(built)
    }

    fn build(&self, py: Python<'_>) -> PyResult<Fabric> {
        let builder = self
            .inner
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
            .clone();
        let layout = builder.build().map_err(|error| to_py(py, error))?;
        Ok(Fabric {
            inner: core::Fabric::structured(layout),
        })
    }
}

/// Whether every link within a group is changed alike from both its ends.
fn is_symmetric(bundle: &core::Bundle, changes: &[Override]) -> bool {
    if !bundle.is_within() {
        return true;
    }
    let alike = |change: &Override| -> Vec<Block> {
        let same = changes
            .iter()
            .filter(|other| (other.capacity, other.up) == (change.capacity, change.up));
        same.map(|other| other.links.clone()).collect()
    };
    let kinds: HashSet<(i64, bool)> = changes.iter().map(|c| (c.capacity, c.up)).collect();
    let one_of_each = kinds.iter().filter_map(|kind| {
        changes
            .iter()
            .find(|change| (change.capacity, change.up) == *kind)
    });
    one_of_each.map(alike).all(|blocks| {
        let mirrored: Vec<Block> = blocks.iter().map(|links| bundle.mirrored(links)).collect();
        core::subtract(&mirrored, &blocks).is_empty()
    })
}

impl FabricBuilder {
    fn with(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut core::Builder) -> pinchpoint_core::Result<()>,
    ) -> PyResult<()> {
        let mut builder = self
            .inner
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        work(&mut builder).map_err(|error| to_py(py, error))
    }
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

    /// Per group: name, role, forwarding, capacity, coordinates, node count, first id.
    #[allow(clippy::type_complexity)]
    fn groups(
        &self,
    ) -> Vec<(
        String,
        &'static str,
        &'static str,
        Option<i64>,
        Vec<(String, u32)>,
        u64,
        u64,
    )> {
        let groups = self.inner.layout().groups.iter();
        groups
            .map(|group| {
                let coordinates = group
                    .coordinates
                    .iter()
                    .map(|c| (c.name.clone(), c.size))
                    .collect();
                (
                    group.name.clone(),
                    role_name(group.role),
                    forwards_name(group.forwards),
                    group.capacity,
                    coordinates,
                    group.num_nodes,
                    group.first_node,
                )
            })
            .collect()
    }

    /// Per bundle: name, groups a and b, capacity of a cable, cables, links as built, links up.
    #[allow(clippy::type_complexity)]
    fn bundles(&self) -> Vec<(String, usize, usize, i64, u32, u64, u64)> {
        let bundles = self.inner.layout().bundles.iter().enumerate();
        bundles
            .map(|(index, bundle)| {
                let up = self.inner.links_up(index);
                (
                    bundle.name.clone(),
                    bundle.a,
                    bundle.b,
                    bundle.capacity,
                    bundle.multiplicity,
                    bundle.num_links,
                    up,
                )
            })
            .collect()
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
        let inner = Self::raise(py, self.inner.layout().select(group, &asked))?;
        Ok(Selection { inner })
    }

    fn select_text(&self, py: Python<'_>, text: &str) -> PyResult<Selection> {
        let parsed = Self::raise(py, parse(text))?;
        let inner = Self::raise(
            py,
            self.inner.layout().select(&parsed.name, &parsed.conditions),
        )?;
        Ok(Selection { inner })
    }

    fn select_ids(&self, py: Python<'_>, ids: Vec<u64>) -> PyResult<Vec<Selection>> {
        let found = Self::raise(py, self.inner.layout().select_ids(&ids))?;
        Ok(found.into_iter().map(|inner| Selection { inner }).collect())
    }

    fn select_links(
        &self,
        py: Python<'_>,
        bundle: &str,
        asked: Vec<(String, Bound<'_, PyAny>)>,
    ) -> PyResult<LinkSelection> {
        let asked = conditions(asked)?;
        let inner = Self::raise(py, self.inner.layout().select_links(bundle, &asked))?;
        Ok(LinkSelection { inner })
    }

    fn select_links_text(&self, py: Python<'_>, text: &str) -> PyResult<LinkSelection> {
        let parsed = Self::raise(py, parse(text))?;
        let inner = Self::raise(
            py,
            self.inner
                .layout()
                .select_links(&parsed.name, &parsed.conditions),
        )?;
        Ok(LinkSelection { inner })
    }

    fn sample_links(
        &self,
        py: Python<'_>,
        bundle: &str,
        count: u64,
        seed: u64,
    ) -> PyResult<LinkSelection> {
        let inner = Self::raise(py, self.inner.sample_links(bundle, count, seed))?;
        Ok(LinkSelection { inner })
    }

    /// Ids of the nodes of a selection, in increasing order.
    fn node_ids<'py>(
        &self,
        py: Python<'py>,
        selection: &Selection,
    ) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let index = Self::raise(py, self.inner.layout().resolve(&selection.inner))?;
        let group = &self.inner.layout().groups[index];
        let mut ids = Vec::with_capacity(selection.inner.num_nodes() as usize);
        for block in &selection.inner.blocks {
            block.for_each_point(|point| ids.push(group.first_node + group.rank(point)));
        }
        ids.sort_unstable();
        Ok(ids.into_pyarray(py))
    }

    /// The name of a node: its group and the user's coordinates.
    fn node_name(&self, py: Python<'_>, node: u64) -> PyResult<String> {
        let layout = self.inner.layout();
        let Some(index) = layout.group_of_node(node) else {
            let message = format!(
                "node id {node} is out of range: the fabric has {} nodes",
                layout.num_nodes()
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
        let inner = Self::raise(py, self.inner.without(&links, &nodes))?;
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
        let scaled = Self::raise(py, self.inner.scaled(&links, factor))?;
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

    /// What changed since it was built.
    fn state(&self) -> PlainState {
        let state = self.inner.state();
        let plain = |change: &Override| {
            let axes = change
                .links
                .axes()
                .iter()
                .map(|axis| axis.iter_runs().collect())
                .collect();
            (axes, change.capacity, change.up)
        };
        let overrides = state
            .overrides
            .iter()
            .map(|changes| changes.iter().map(plain).collect());
        (
            overrides.collect(),
            state
                .removed
                .iter()
                .map(|blocks| to_plain(blocks))
                .collect(),
        )
    }

    /// The same fabric as built, with those changes.
    fn with_state(&self, py: Python<'_>, state: PlainState) -> PyResult<Self> {
        let layout = self.inner.layout();
        let misfit = || Error::new(ErrorKind::Build, "the stored changes do not fit the fabric");
        let (overrides, removed) = state;
        if overrides.len() != layout.bundles.len() || removed.len() != layout.groups.len() {
            return Err(to_py(py, misfit()));
        }
        let mut own = State::default();
        for (bundle, changes) in layout.bundles.iter().zip(overrides) {
            let whole = Self::raise(py, layout.select_links(&bundle.name, &[]))?;
            let mut read = Vec::with_capacity(changes.len());
            for (axes, capacity, up) in changes {
                let blocks = Self::raise(py, from_plain(vec![axes], &whole.sizes))?;
                let [links]: [Block; 1] = blocks.try_into().map_err(|_| to_py(py, misfit()))?;
                if !(0..1 << 62).contains(&capacity) || (!up && capacity != 0) {
                    return Err(to_py(py, misfit()));
                }
                read.push(Override {
                    links,
                    capacity,
                    up,
                });
            }
            let all: u64 = read.iter().map(|change| change.links.len()).sum();
            let inside = core::intersection(
                &whole.blocks,
                &core::disjoint_union(read.iter().map(|change| change.links.clone())),
            );
            if core::total_len(&inside) != all || !is_symmetric(bundle, &read) {
                return Err(to_py(py, misfit()));
            }
            own.overrides.push(read);
        }
        for (group, blocks) in layout.groups.iter().zip(removed) {
            let blocks = Self::raise(py, from_plain(blocks, &group.digit_sizes()))?;
            own.removed.push(core::intersection(&blocks, &group.domain));
        }
        Ok(Fabric {
            inner: self.inner.with_state(own),
        })
    }

    /// How a structured fabric is wired, for those who look for symmetry. Per group: digits with
    /// their sizes, and the blocks of nodes that exist. Per bundle: the kind of wiring, the digit
    /// along which a ring runs, group and digit of each axis of a link block (none for the cable),
    /// for each digit of b its axis, and the link blocks as built.
    #[allow(clippy::type_complexity)]
    fn wiring(
        &self,
    ) -> (
        Vec<(Vec<(String, u32)>, PlainBlocks)>,
        Vec<(
            &'static str,
            Option<usize>,
            Vec<Option<(usize, usize)>>,
            Vec<usize>,
            PlainBlocks,
        )>,
    ) {
        let layout = self.inner.layout();
        let groups = layout.groups.iter().map(|group| {
            let digits = group.digits.iter();
            let digits = digits.map(|digit| (digit.name.clone(), digit.size));
            (digits.collect(), to_plain(&group.domain))
        });
        let bundles = layout.bundles.iter().map(|bundle| {
            let own = layout.groups[bundle.a].digits.len();
            let theirs = layout.groups[bundle.b].digits.len();
            let mut joined: Vec<Option<usize>> = vec![None; theirs];
            let mut ring = None;
            let kind = match &bundle.wiring {
                core::Wiring::Join(pairs) => {
                    pairs.iter().for_each(|(a, b)| joined[*b] = Some(*a));
                    "join"
                }
                core::Wiring::Within(digits) => {
                    digits
                        .iter()
                        .for_each(|digit| joined[*digit] = Some(*digit));
                    "within"
                }
                core::Wiring::Ring { axis } => {
                    ring = Some(*axis);
                    (0..theirs).for_each(|digit| joined[digit] = Some(digit));
                    "ring"
                }
                core::Wiring::Listed => {
                    return ("listed", None, Vec::new(), Vec::new(), Vec::new());
                }
            };
            let mut axes: Vec<_> = (0..own).map(|digit| Some((bundle.a, digit))).collect();
            let mut ends = Vec::with_capacity(theirs);
            for (digit, joined) in joined.into_iter().enumerate() {
                ends.push(joined.unwrap_or(axes.len()));
                if joined.is_none() {
                    axes.push(Some((bundle.b, digit)));
                }
            }
            axes.push(None);
            (kind, ring, axes, ends, to_plain(&bundle.links))
        });
        (groups.collect(), bundles.collect())
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
