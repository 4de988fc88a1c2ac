//! A fabric: a layout, what has changed since it was built, and arrays if it is explicit.

use std::sync::Arc;

use super::block::{self, Block};
use super::bundle::{Bundle, Wiring};
use super::explicit::Arrays;
use super::group::Role;
use super::layout::Layout;

/// Links whose capacity is no longer the one they were built with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// A link block of the bundle; disjoint from the other overrides of the bundle.
    pub links: Block,
    /// Capacity of one cable now, in the fabric's units.
    pub capacity: i64,
    /// False for failed links, whose capacity is zero.
    pub up: bool,
}

/// What has failed or changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Per bundle.
    pub overrides: Vec<Vec<Override>>,
    /// Per group: failed nodes, as disjoint blocks.
    pub removed: Vec<Vec<Block>>,
}

/// An immutable network of nodes and full-duplex links.
///
/// Cloning and deriving ([`Fabric::without`], [`Fabric::scaled`]) share what did not change.
#[derive(Debug, Clone)]
pub struct Fabric {
    layout: Arc<Layout>,
    state: Arc<State>,
    arrays: Option<Arc<Arrays>>,
}

impl Fabric {
    /// A structured fabric.
    pub fn structured(layout: Layout) -> Self {
        Self::assemble(Arc::new(layout), None)
    }

    pub(super) fn assemble(layout: Arc<Layout>, arrays: Option<Arrays>) -> Self {
        let state = State {
            overrides: vec![Vec::new(); layout.bundles.len()],
            removed: vec![Vec::new(); layout.groups.len()],
        };
        Fabric {
            layout,
            state: Arc::new(state),
            arrays: arrays.map(Arc::new),
        }
    }

    pub(super) fn derived(&self, state: State, arrays: Option<Arrays>) -> Self {
        Fabric {
            layout: Arc::clone(&self.layout),
            state: Arc::new(state),
            arrays: arrays.map(Arc::new),
        }
    }

    /// Groups and bundles as built.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn shared_layout(&self) -> Arc<Layout> {
        Arc::clone(&self.layout)
    }

    /// What has failed or changed.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The arrays of an explicit fabric.
    pub fn arrays(&self) -> Option<&Arrays> {
        self.arrays.as_deref()
    }

    /// Number of nodes that are up.
    pub fn num_nodes(&self) -> u64 {
        let removed = self
            .state
            .removed
            .iter()
            .map(|blocks| block::total_len(blocks));
        self.layout.num_nodes() - removed.sum::<u64>()
    }

    /// Number of nodes of the role `chip` that are up.
    pub fn num_chips(&self) -> u64 {
        let groups = self.layout.groups.iter().zip(&self.state.removed);
        let chips = groups.filter(|(group, _)| group.role == Role::Chip);
        chips
            .map(|(group, removed)| group.num_nodes - block::total_len(removed))
            .sum()
    }

    /// Number of links that are up: not failed, and with both ends up.
    pub fn num_links(&self) -> u64 {
        (0..self.layout.bundles.len())
            .map(|index| self.links_up(index))
            .sum()
    }

    /// Number of links of one bundle that are up.
    pub fn links_up(&self, index: usize) -> u64 {
        let bundle = &self.layout.bundles[index];
        if let (Some(arrays), Wiring::Listed) = (self.arrays(), &bundle.wiring) {
            return arrays.num_up(self, index);
        }
        let removed = &self.state.removed;
        let cables = |links: &[Block]| -> u64 {
            links
                .iter()
                .map(|links| self.count_with(bundle, links, &removed[bundle.a], &removed[bundle.b]))
                .sum()
        };
        let down = self.state.overrides[index]
            .iter()
            .filter(|change| !change.up);
        let down: Vec<Block> = down.map(|change| change.links.clone()).collect();
        let up = cables(&bundle.links) - cables(&down);
        up / if bundle.is_within() { 2 } else { 1 }
    }

    /// Points of a link block that end at none of the nodes `gone_a`, `gone_b`.
    fn count_with(
        &self,
        bundle: &Bundle,
        links: &Block,
        gone_a: &[Block],
        gone_b: &[Block],
    ) -> u64 {
        let group_a = &self.layout.groups[bundle.a];
        let all_a = [bundle.a_end(links, group_a)];
        let all_b = [bundle.b_end(links, group_a)];
        let pairs = |a: &[Block], b: &[Block]| -> u64 {
            let inside = bundle.products(a, b).into_iter();
            inside
                .filter_map(|pairs| pairs.intersect(links))
                .map(|pairs| bundle.count(&pairs))
                .sum()
        };
        pairs(&all_a, &all_b) + pairs(gone_a, gone_b)
            - pairs(gone_a, &all_b)
            - pairs(&all_a, gone_b)
    }

    /// Whether anything differs from the fabric as built.
    pub fn is_changed(&self) -> bool {
        self.state
            .overrides
            .iter()
            .any(|changes| !changes.is_empty())
            || self.state.removed.iter().any(|blocks| !blocks.is_empty())
    }

    /// Capacity in kbit/s of `units`, as an integer and a power of two to divide by.
    pub fn unit_shift(&self) -> u32 {
        self.layout.unit_shift
    }
}
