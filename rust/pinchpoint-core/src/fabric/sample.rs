//! Random links of a bundle, without listing the bundle.

use rustc_hash::FxHashSet;

use super::block::Block;
use super::bundle::Wiring;
use super::index::BlockIndex;
use super::names::quoted;
use super::selection::LinkSelection;
use super::state::Fabric;
use crate::error::{Error, ErrorKind, Result, counted};
use crate::monitor::{Monitor, Pace};
use crate::random::SplitMix64;

/// More failures than anyone samples; bounds the memory of the answer.
const MAX_SAMPLE: u64 = 20_000_000;

impl Fabric {
    /// `count` different links of `bundle` that are up, uniformly, the same for the same seed.
    ///
    /// The draw depends on the layout and the changes only, so a structured fabric and its
    /// materialised twin give the same links.
    pub fn sample_links(
        &self,
        bundle: &str,
        count: u64,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<LinkSelection> {
        let layout = self.layout();
        let index = layout.bundle(bundle)?;
        let bundle = &layout.bundles[index];
        let whole = layout.select_links(&bundle.name, &[])?;
        let up = self.links_up(index);
        if count == 0 || count > up || count > MAX_SAMPLE {
            let may = match up.min(MAX_SAMPLE) {
                0 => "none is up".to_owned(),
                most => format!("from 1 to {most}"),
            };
            let message = format!(
                "cannot sample {} of bundle {}: {may}",
                counted(count, "link"),
                quoted(&bundle.name),
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
        let changes = &self.state().overrides[index];
        let failed = |id: u32| Some(&changes[id as usize].links);
        let mut down = BlockIndex::default();
        for (id, change) in changes.iter().enumerate().filter(|(_, change)| !change.up) {
            down.insert(id as u32, &change.links);
        }
        let mut chosen: FxHashSet<Vec<u32>> = FxHashSet::default();
        let mut order = Vec::with_capacity(count as usize);
        let mut pace = Pace::new(monitor);
        while (chosen.len() as u64) < count {
            // A draw takes longer than a step.
            pace.spend(16)?;
            let draw = random.below(total);
            let block = ends.partition_point(|end| *end <= draw);
            let start = if block == 0 { 0 } else { ends[block - 1] };
            let point = point_of(&bundle.links[block], draw - start);
            let mut link = Block::point(&point);
            let mut is_down = false;
            down.candidates(&link, failed, |_, links| is_down |= links.intersects(&link));
            if is_down
                || bundle.count(&link) == 0
                || self.ends_down(index, &link, removed.as_deref())
            {
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

    /// Whether an end of a single link has failed.
    fn ends_down(&self, index: usize, link: &Block, removed: Option<&[bool]>) -> bool {
        let (layout, state) = (self.layout(), self.state());
        let bundle = &layout.bundles[index];
        if let (Some(arrays), Some(removed), Wiring::Listed) =
            (self.arrays(), removed, &bundle.wiring)
        {
            let link = arrays.first_link[index] + link.axis(0).first().unwrap_or(0) as usize;
            let ends = [arrays.tails[link], arrays.heads[link]];
            return ends
                .iter()
                .any(|end| removed.get(*end as usize).copied().unwrap_or(false));
        }
        let group_a = &layout.groups[bundle.a];
        let (a, b) = (bundle.a_end(link, group_a), bundle.b_end(link, group_a));
        let gone = |group: usize, end: &Block| {
            let mut removed = state.removed[group].iter();
            removed.any(|gone| gone.intersects(end))
        };
        gone(bundle.a, &a) || gone(bundle.b, &b)
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
