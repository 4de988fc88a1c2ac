//! From a structured fabric to arrays, after a look at what they will cost.

use super::block::Block;
use super::bundle::Bundle;
use super::explicit::Arrays;
use super::group::{Code, Group};
use super::state::Fabric;
use super::subset::Subset;
use crate::error::{Error, ErrorKind, Result, counted};
use crate::memory;
use crate::monitor::Monitor;

/// Bytes an explicit fabric holds per link.
const BYTES_PER_LINK: u64 = 4 + 4 + 8 + 8;

impl Fabric {
    /// What [`Fabric::materialize`] will hold, in bytes.
    pub fn materialized_bytes(&self) -> u64 {
        self.layout().num_links().saturating_mul(BYTES_PER_LINK)
    }

    /// The same fabric with its links listed: bundle by bundle as built, in the order of the node
    /// of a, then of b, then of the cable; a link within a group once, from its lower node.
    /// The links of a ring go from each node to the next instead. Failed links, and links of failed
    /// nodes, keep their place with capacity zero.
    ///
    /// # Errors
    /// `SizeLimit` if that takes more than `limit_bytes`, or ids that do not fit 32 bits.
    pub fn materialize(&self, limit_bytes: u64, monitor: &dyn Monitor) -> Result<Fabric> {
        if self.arrays().is_some() {
            return Ok(self.clone());
        }
        let layout = self.layout();
        let need = self.materialized_bytes();
        if need > limit_bytes {
            let message = format!(
                "materializing {} needs about {}, the limit is {}",
                counted(layout.num_links(), "link"),
                show_bytes(need),
                show_bytes(limit_bytes)
            );
            return Err(Error::new(ErrorKind::SizeLimit, message));
        }
        memory::check("materializing", need)?;
        if layout.num_nodes() >= u64::from(u32::MAX) || layout.num_links() >= u64::from(u32::MAX) {
            let message = format!(
                "an explicit fabric holds fewer than 2^32 nodes and links; this one has {} and {}",
                layout.num_nodes(),
                layout.num_links()
            );
            return Err(Error::new(ErrorKind::SizeLimit, message));
        }
        let links = layout.num_links() as usize;
        let (mut tails, mut heads) = (Vec::with_capacity(links), Vec::with_capacity(links));
        let mut built = Vec::with_capacity(links);
        let mut first_link = vec![0];
        for bundle in &layout.bundles {
            let groups = (&layout.groups[bundle.a], &layout.groups[bundle.b]);
            list(bundle, groups, &mut tails, &mut heads, monitor)?;
            debug_assert_eq!(
                tails.len() - first_link.last().unwrap_or(&0),
                bundle.num_links as usize
            );
            built.resize(tails.len(), bundle.capacity);
            first_link.push(tails.len());
        }
        let arrays = Arrays::new(tails, heads, built, false, first_link);
        let arrays = if self.is_changed() {
            arrays.changed(layout, self.state())
        } else {
            arrays
        };
        let mut fabric = Fabric::assemble(self.shared_layout(), None);
        fabric = fabric.derived(self.state().clone(), Some(arrays));
        Ok(fabric)
    }
}

/// Bytes as a person reads them.
pub(crate) fn show_bytes(bytes: u64) -> String {
    match bytes {
        0..=999 => format!("{bytes} bytes"),
        1_000..=999_999 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..=999_999_999 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// How much one step of each digit adds to a node's rank, where ranks are linear in digits.
fn strides(group: &Group) -> Option<Vec<u64>> {
    let mut strides = vec![0; group.digits.len()];
    let mut step = 1u64;
    for coordinate in group.coordinates.iter().rev() {
        if coordinate.code != Code::Radix {
            return None;
        }
        let mut inner = step;
        for digit in coordinate.digits.iter().rev() {
            strides[*digit] = inner;
            inner *= u64::from(group.digits[*digit].size);
        }
        step *= u64::from(coordinate.size);
    }
    Some(strides)
}

/// The nodes of b that a link block joins to a node of a.
struct Neighbours<'a> {
    bundle: &'a Bundle,
    links: &'a Block,
    a_end: Block,
    /// Ranks of the neighbours of the node whose joined digits are all zero, sorted.
    offsets: Vec<u64>,
}

fn list(
    bundle: &Bundle,
    (group_a, group_b): (&Group, &Group),
    tails: &mut Vec<u32>,
    heads: &mut Vec<u32>,
    monitor: &dyn Monitor,
) -> Result<()> {
    let strides = strides(group_b);
    let blocks: Vec<Neighbours<'_>> = bundle
        .links
        .iter()
        .map(|links| Neighbours {
            bundle,
            links,
            a_end: bundle.a_end(links, group_a),
            offsets: strides.as_ref().map_or(Vec::new(), |strides| {
                bundle.free_offsets(links, group_a, strides)
            }),
        })
        .collect();
    let mut ranks: Vec<u64> = Vec::new();
    for rank in 0..group_a.num_nodes {
        if rank % 4096 == 0 {
            monitor.poll()?;
        }
        let point = group_a.point(rank);
        ranks.clear();
        let mut sources = 0;
        for block in blocks.iter().filter(|block| block.a_end.contains(&point)) {
            sources += 1;
            block.append_ranks(&point, group_a, group_b, strides.as_deref(), &mut ranks);
        }
        if sources > 1 || strides.is_none() {
            ranks.sort_unstable();
        }
        let tail = (group_a.first_node + rank) as u32;
        for &other in &ranks {
            // Within a group each link comes up from both ends; it is listed from the lower one.
            if bundle.is_within() && other <= rank {
                continue;
            }
            let head = (group_b.first_node + other) as u32;
            for _ in 0..bundle.multiplicity {
                tails.push(tail);
                heads.push(head);
            }
        }
    }
    Ok(())
}

impl Neighbours<'_> {
    fn append_ranks(
        &self,
        point: &[u32],
        group_a: &Group,
        group_b: &Group,
        strides: Option<&[u64]>,
        ranks: &mut Vec<u64>,
    ) {
        match strides {
            Some(strides) => {
                let base = self.bundle.joined_offset(point, strides);
                ranks.extend(self.offsets.iter().map(|offset| base + offset));
            }
            None => {
                let own = point.iter().map(|value| Subset::single(*value));
                let rest = self.links.axes()[point.len()..].iter().cloned();
                let links = Block::new(own.chain(rest));
                let neighbours = self.bundle.b_end(&links, group_a);
                neighbours.for_each_point(|other| ranks.push(group_b.rank(other)));
            }
        }
    }
}
