//! What changed since a fabric was built, out and in.

use std::collections::HashSet;

use pinchpoint_core::fabric::{self as core, Block, Override, State};
use pinchpoint_core::{Error, ErrorKind};
use pyo3::prelude::*;

use crate::error::to_py;
use crate::selection::{PlainBlocks, from_plain, to_plain};

/// What changed since a fabric was built, as plain lists.
pub type PlainState = (
    Vec<Vec<(Vec<Vec<(u32, u32)>>, i64, bool)>>,
    Vec<PlainBlocks>,
);

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

fn raise<T>(py: Python<'_>, result: pinchpoint_core::Result<T>) -> PyResult<T> {
    result.map_err(|error| to_py(py, error))
}

/// What changed.
pub fn state(fabric: &core::Fabric) -> PlainState {
    let state = fabric.state();
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
pub fn with_state(
    py: Python<'_>,
    fabric: &core::Fabric,
    state: PlainState,
) -> PyResult<core::Fabric> {
    let layout = fabric.layout();
    let misfit = || Error::new(ErrorKind::Build, "the stored changes do not fit the fabric");
    let (overrides, removed) = state;
    if overrides.len() != layout.bundles.len() || removed.len() != layout.groups.len() {
        return Err(to_py(py, misfit()));
    }
    let mut own = State::default();
    for (bundle, changes) in layout.bundles.iter().zip(overrides) {
        let whole = raise(py, layout.select_links(&bundle.name, &[]))?;
        let mut read = Vec::with_capacity(changes.len());
        for (axes, capacity, up) in changes {
            let blocks = raise(py, from_plain(vec![axes], &whole.sizes))?;
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
        let blocks = raise(py, from_plain(blocks, &group.digit_sizes()))?;
        own.removed.push(core::intersection(&blocks, &group.domain));
    }
    Ok(fabric.with_state(own))
}
