//! Finding the blocks that meet a block without looking at all of them.

use rustc_hash::FxHashMap;

use super::block::Block;

/// Below this many blocks a scan beats any index.
const SCAN: usize = 12;

/// Ids of blocks of one space, by the coordinates in which they hold a single value.
///
/// A lookup goes through the one axis that promises the fewest candidates: the blocks with that
/// single value there, and the blocks that are wide there.
#[derive(Debug, Default)]
pub struct BlockIndex {
    axes: Vec<Axis>,
    all: Vec<u32>,
    /// Number of ids in `axes`: none while a scan is enough, then all.
    indexed: usize,
}

#[derive(Debug, Default)]
struct Axis {
    single: FxHashMap<u32, Vec<u32>>,
    wide: Vec<u32>,
}

impl BlockIndex {
    /// Adds a block under a new id.
    pub fn insert(&mut self, id: u32, block: &Block) {
        self.all.push(id);
        if self.indexed > 0 {
            self.index(id, block);
        }
    }

    fn index(&mut self, id: u32, block: &Block) {
        self.indexed += 1;
        self.axes.resize_with(block.axes().len(), Axis::default);
        for (axis, subset) in self.axes.iter_mut().zip(block.axes()) {
            match subset.as_single() {
                Some(value) => axis.single.entry(value).or_default().push(id),
                None => axis.wide.push(id),
            }
        }
    }

    /// Calls `visit` with a superset of the live ids whose blocks meet `target`, each once.
    ///
    /// `block_of` gives the block of an id, or `None` if it has died; dead ids are dropped on the way.
    pub fn candidates<'b>(
        &mut self,
        target: &Block,
        block_of: impl Fn(u32) -> Option<&'b Block>,
        mut visit: impl FnMut(u32, &'b Block),
    ) {
        let mut scan = |ids: &mut Vec<u32>| {
            let mut place = 0;
            while place < ids.len() {
                match block_of(ids[place]) {
                    Some(block) => {
                        visit(ids[place], block);
                        place += 1;
                    }
                    None => {
                        ids.swap_remove(place);
                    }
                }
            }
        };
        if self.all.len() <= SCAN {
            return scan(&mut self.all);
        }
        if self.indexed == 0 {
            for place in 0..self.all.len() {
                let id = self.all[place];
                if let Some(block) = block_of(id) {
                    self.index(id, block);
                }
            }
        }
        let promise =
            |axis: &Axis, value: u32| axis.single.get(&value).map_or(0, Vec::len) + axis.wide.len();
        let axes = self.axes.iter().zip(target.axes()).enumerate();
        let best = axes
            .filter_map(|(place, (axis, subset))| {
                let value = subset.as_single()?;
                Some((promise(axis, value), place, value))
            })
            .min();
        match best {
            Some((promised, place, value)) if promised < self.all.len() => {
                let axis = &mut self.axes[place];
                if let Some(ids) = axis.single.get_mut(&value) {
                    scan(ids);
                }
                scan(&mut axis.wide);
            }
            _ => scan(&mut self.all),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::fabric::subset::Subset;

    fn block() -> impl Strategy<Value = Block> {
        let axis = || {
            prop_oneof![
                (0u32..6).prop_map(Subset::single),
                prop::collection::btree_set(0u32..6, 1..6).prop_map(Subset::from_values),
            ]
        };
        (axis(), axis()).prop_map(|(a, b)| Block::new([a, b]))
    }

    proptest! {
        #[test]
        fn every_block_that_meets_the_target_is_found_once(
            blocks in prop::collection::vec(block(), 0..40),
            dead in prop::collection::vec(any::<bool>(), 40),
            targets in prop::collection::vec(block(), 1..6),
        ) {
            let mut index = BlockIndex::default();
            for (id, block) in blocks.iter().enumerate() {
                index.insert(id as u32, block);
            }
            for target in &targets {
                let mut seen = Vec::new();
                index.candidates(
                    target,
                    |id| (!dead[id as usize]).then(|| &blocks[id as usize]),
                    |id, block| if block.intersects(target) { seen.push(id) },
                );
                let found: BTreeSet<u32> = seen.iter().copied().collect();
                prop_assert_eq!(found.len(), seen.len());
                let wanted = (0..blocks.len()).filter(|i| !dead[*i] && blocks[*i].intersects(target));
                prop_assert_eq!(found, wanted.map(|i| i as u32).collect::<BTreeSet<_>>());
            }
        }
    }
}
