//! Selections of nodes and of links.

use pinchpoint_core::fabric::{self as core, Block, SetOp, Subset, Values};
use pinchpoint_core::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PySlice};

use crate::error::{named, shown, to_py};

/// Blocks as plain lists of runs: how selections travel between processes.
pub type PlainBlocks = Vec<Vec<Vec<(u32, u32)>>>;

/// Node selection.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
#[derive(Clone)]
pub struct Selection {
    pub inner: core::Selection,
}

/// Link selection.
#[pyclass(frozen, module = "pinchpoint._core", skip_from_py_object)]
#[derive(Clone)]
pub struct LinkSelection {
    pub inner: core::LinkSelection,
}

/// Blocks as lists of runs.
pub fn to_plain(blocks: &[Block]) -> PlainBlocks {
    let axes = |block: &Block| {
        block
            .axes()
            .iter()
            .map(|axis| axis.iter_runs().collect())
            .collect()
    };
    blocks.iter().map(axes).collect()
}

/// Lists of runs as blocks, checked against the sizes of the coordinates.
pub fn from_plain(blocks: PlainBlocks, sizes: &[u32]) -> Result<Vec<Block>, Error> {
    let refuse = || {
        Error::new(
            ErrorKind::Selection,
            "a stored selection does not fit its coordinates",
        )
    };
    let mut out = Vec::with_capacity(blocks.len());
    for axes in blocks {
        if axes.len() != sizes.len() {
            return Err(refuse());
        }
        let mut block = Vec::with_capacity(axes.len());
        for (runs, size) in axes.into_iter().zip(sizes) {
            if runs.iter().any(|(low, high)| low >= high || high > size) {
                return Err(refuse());
            }
            block.push(Subset::from_runs(runs));
        }
        out.push(Block::new(block));
    }
    Ok(core::disjoint_union(out))
}

/// One coordinate's values as Python writes them: an int, a slice, or integers.
pub fn values(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Values> {
    if let Ok(slice) = value.cast::<PySlice>() {
        let bound = |what: &str| -> PyResult<Option<i64>> { slice.getattr(what)?.extract() };
        return Ok(Values::Slice {
            start: bound("start")?,
            stop: bound("stop")?,
            step: bound("step")?,
        });
    }
    let refuse = || {
        let message = format!(
            "{name}={} is no integer, slice or list of integers",
            shown(value)
        );
        named(value.py(), "InputTypeError", message)
    };
    if value.is_instance_of::<PyBool>() {
        return Err(refuse());
    }
    if let Ok(one) = value.extract::<i64>() {
        return Ok(Values::One(one));
    }
    if value.is_instance_of::<pyo3::types::PyString>() {
        return Err(refuse());
    }
    let mut list = Vec::new();
    for item in value.try_iter().map_err(|_| refuse())? {
        let item = item?;
        if item.is_instance_of::<PyBool>() {
            return Err(refuse());
        }
        list.push(item.extract::<i64>().map_err(|_| refuse())?);
    }
    Ok(Values::List(list))
}

/// Conditions as pairs of name and values.
pub fn conditions(pairs: Vec<(String, Bound<'_, PyAny>)>) -> PyResult<Vec<(String, Values)>> {
    pairs
        .into_iter()
        .map(|(name, value)| {
            let read = values(&name, &value)?;
            Ok((name, read))
        })
        .collect()
}

fn set_op(op: &str) -> SetOp {
    match op {
        "|" => SetOp::Union,
        "&" => SetOp::Intersection,
        _ => SetOp::Difference,
    }
}

#[pymethods]
impl Selection {
    #[new]
    fn new(py: Python<'_>, group: String, sizes: Vec<u32>, blocks: PlainBlocks) -> PyResult<Self> {
        let blocks = from_plain(blocks, &sizes).map_err(|error| to_py(py, error))?;
        Ok(Selection {
            inner: core::Selection {
                group,
                sizes,
                blocks,
            },
        })
    }

    #[getter]
    fn group(&self) -> &str {
        &self.inner.group
    }

    #[getter]
    fn num_nodes(&self) -> u64 {
        self.inner.num_nodes()
    }

    #[getter]
    fn sizes(&self) -> Vec<u32> {
        self.inner.sizes.clone()
    }

    fn blocks(&self) -> PlainBlocks {
        to_plain(&self.inner.blocks)
    }

    fn combine(&self, py: Python<'_>, other: &Selection, op: &str) -> PyResult<Self> {
        let inner = self
            .inner
            .combine(&other.inner, set_op(op))
            .map_err(|error| to_py(py, error))?;
        Ok(Selection { inner })
    }

    fn same_nodes(&self, other: &Selection) -> bool {
        let (a, b) = (&self.inner, &other.inner);
        a.group == b.group
            && a.sizes == b.sizes
            && core::subtract(&a.blocks, &b.blocks).is_empty()
            && core::subtract(&b.blocks, &a.blocks).is_empty()
    }
}

#[pymethods]
impl LinkSelection {
    #[new]
    fn new(
        py: Python<'_>,
        bundle: String,
        sizes: Vec<u32>,
        blocks: PlainBlocks,
        own_pair: Option<Vec<(usize, usize)>>,
    ) -> PyResult<Self> {
        let blocks = from_plain(blocks, &sizes).map_err(|error| to_py(py, error))?;
        Ok(LinkSelection {
            inner: core::LinkSelection {
                bundle,
                sizes,
                blocks,
                own_pair,
            },
        })
    }

    #[getter]
    fn bundle(&self) -> &str {
        &self.inner.bundle
    }

    #[getter]
    fn num_links(&self) -> u64 {
        self.inner.num_links()
    }

    #[getter]
    fn sizes(&self) -> Vec<u32> {
        self.inner.sizes.clone()
    }

    #[getter]
    fn own_pair(&self) -> Option<Vec<(usize, usize)>> {
        self.inner.own_pair.clone()
    }

    fn blocks(&self) -> PlainBlocks {
        to_plain(&self.inner.blocks)
    }

    fn combine(&self, py: Python<'_>, other: &LinkSelection, op: &str) -> PyResult<Self> {
        let inner = self
            .inner
            .combine(&other.inner, set_op(op))
            .map_err(|error| to_py(py, error))?;
        Ok(LinkSelection { inner })
    }

    fn same_links(&self, other: &LinkSelection) -> bool {
        self.inner.same_links(&other.inner)
    }
}
