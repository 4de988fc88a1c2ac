//! Random links of a bundle, without listing the bundle.

use std::collections::BTreeSet;

use super::block::Block;
use super::bundle::Wiring;
use super::names::quoted;
use super::selection::LinkSelection;
use super::state::Fabric;
use crate::error::{Error, ErrorKind, Result, counted};
use crate::random::SplitMix64;

/// More failures than anyone samples; bounds the memory of the answer.
const MAX_SAMPLE: u64 = 20_000_000;

impl Fabric {
    /// `count` different links of `bundle` that are up, uniformly, the same for the same seed.
    ///
    /// The draw depends on the layout and the changes only, so a structured fabric and its
    /// materialised twin give the same links.
    pub fn sample_links(&self, bundle: &str, count: u64, seed: u64) -> Result<LinkSelection> {
        let layout = self.layout();
        let index = layout.bundle(bundle)?;
        let bundle = &layout.bundles[index];
        let whole = layout.select_links(&bundle.name, &[])?;
        let up = self.links_up(index);
        if count == 0 || count > up || count > MAX_SAMPLE {
            let message = format!(
                "cannot sample {} of bundle {}: from 1 to {}",
                counted(count, "link"),
                quoted(&bundle.name),
                up.min(MAX_SAMPLE)
            );
            return Err(Error::new(ErrorKind::Selection, message));
        }
        let ends: Vec<u64> = bundle
            .links
            .iter()
            .scan(0, |sum, block| {
                *sum += block.len();
                Some(*sum)
            })
            .collect();
        let total = ends.last().copied().unwrap_or(0);
        let removed = self.arrays().map(|_| self.removed_nodes());
        let mut random = SplitMix64(seed);
        let mut chosen: BTreeSet<Vec<u32>> = BTreeSet::new();
        let mut order = Vec::with_capacity(count as usize);
        while (chosen.len() as u64) < count {
            let draw = random.below(total);
            let block = ends.partition_point(|end| *end <= draw);
            let start = if block == 0 { 0 } else { ends[block - 1] };
            let point = point_of(&bundle.links[block], draw - start);
            let mut link = Block::point(&point);
            if bundle.count(&link) == 0 || !self.is_up(index, &link, removed.as_deref()) {
                continue;
            }
            if bundle.is_within() {
                let mirror = bundle.mirrored(&link);
                if mirror.first() < link.first() {
                    link = mirror;
                }
            }
            if chosen.insert(link.first().unwrap_or_default()) {
                if bundle.is_within() {
                    order.push(bundle.mirrored(&link));
                }
                order.push(link);
            }
        }
        Ok(LinkSelection {
            blocks: order,
            ..whole
        })
    }

    /// Whether a single link is up and both its ends are.
    fn is_up(&self, index: usize, link: &Block, removed: Option<&[bool]>) -> bool {
        let (layout, state) = (self.layout(), self.state());
        let bundle = &layout.bundles[index];
        if state.overrides[index]
            .iter()
            .any(|change| !change.up && change.links.intersects(link))
        {
            return false;
        }
        if let (Some(arrays), Some(removed), Wiring::Listed) =
            (self.arrays(), removed, &bundle.wiring)
        {
            let link = arrays.first_link[index] + link.axis(0).first().unwrap_or(0) as usize;
            let ends = [arrays.tails[link], arrays.heads[link]];
            return !ends
                .iter()
                .any(|end| removed.get(*end as usize).copied().unwrap_or(false));
        }
        let group_a = &layout.groups[bundle.a];
        let (a, b) = (bundle.a_end(link, group_a), bundle.b_end(link, group_a));
        !state.removed[bundle.a]
            .iter()
            .any(|gone| gone.intersects(&a))
            && !state.removed[bundle.b]
                .iter()
                .any(|gone| gone.intersects(&b))
    }
}

/// The point of a block at `rank`, row-major.
fn point_of(block: &Block, mut rank: u64) -> Vec<u32> {
    let mut point = vec![0; block.axes().len()];
    for (axis, value) in block.axes().iter().zip(&mut point).rev() {
        let size = u64::from(axis.len());
        let mut place = (rank % size) as u32;
        rank /= size;
        for (low, high) in axis.iter_runs() {
            if place < high - low {
                *value = low + place;
                break;
            }
            place -= high - low;
        }
    }
    point
}
