//! Finding the blocks that meet a block, apart from the index that the solvers use.

use std::collections::HashMap;

use crate::fabric::Block;

/// Up to this many blocks are looked at one by one.
const FEW: usize = 8;

/// Blocks sorted by the axis on which most of them hold one value.
pub(super) struct Buckets {
    /// `None` while there are few.
    axis: Option<usize>,
    single: HashMap<u32, Vec<usize>>,
    wide: Vec<usize>,
    len: usize,
}

impl Buckets {
    pub(super) fn new(blocks: &[&Block]) -> Self {
        let axes = blocks.first().map_or(0, |block| block.axes().len());
        let singles = |axis: usize| {
            blocks
                .iter()
                .filter(|block| block.axis(axis).as_single().is_some())
                .count()
        };
        let few = blocks.len() <= FEW;
        let axis = (0..if few { 0 } else { axes }).max_by_key(|axis| singles(*axis));
        let mut buckets = Buckets {
            axis,
            single: HashMap::new(),
            wide: Vec::new(),
            len: blocks.len(),
        };
        let Some(axis) = axis else {
            return buckets;
        };
        for (place, block) in blocks.iter().enumerate() {
            match block.axis(axis).as_single() {
                Some(value) => buckets.single.entry(value).or_default().push(place),
                None => buckets.wide.push(place),
            }
        }
        buckets
    }

    /// Visits a superset of the places whose blocks meet `target`.
    pub(super) fn meeting(&self, target: &Block, mut visit: impl FnMut(usize)) {
        match self.axis.and_then(|axis| target.axis(axis).as_single()) {
            Some(value) => {
                self.single
                    .get(&value)
                    .into_iter()
                    .flatten()
                    .for_each(|place| visit(*place));
                self.wide.iter().for_each(|place| visit(*place));
            }
            None => (0..self.len).for_each(visit),
        }
    }
}

/// Whether no two blocks share a node.
pub(super) fn disjoint(blocks: &[&Block]) -> bool {
    let buckets = Buckets::new(blocks);
    blocks.iter().enumerate().all(|(place, block)| {
        let mut alone = true;
        buckets.meeting(block, |other| {
            alone &= other >= place || !blocks[other].intersects(block)
        });
        alone
    })
}
