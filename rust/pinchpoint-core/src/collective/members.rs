//! Who takes part, by group.

use rustc_hash::FxHashMap;

use super::{Node, Query};
use crate::bandwidth::{Side, node_name};
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::{
    Block, Fabric, Selection, Subset, common_len, disjoint_union, intersection, subtract, total_len,
};
use crate::monitor::Monitor;
use crate::symmetry::{Boundary, Families, Orbits};

/// The ranks of a query, by group, as disjoint blocks.
#[derive(Debug, Clone)]
pub struct Members {
    pub ranks: Vec<Vec<Block>>,
    pub senders: Vec<Vec<Block>>,
    pub num_ranks: u64,
    pub num_senders: u64,
}

impl Members {
    pub(super) fn new(fabric: &Fabric, query: &Query) -> Result<Members> {
        let layout = fabric.layout();
        let gather = |selections: &[Selection]| -> Result<Vec<Vec<Block>>> {
            let mut blocks: Vec<Vec<Block>> = vec![Vec::new(); layout.groups.len()];
            for selection in selections {
                let index = layout.resolve(selection)?;
                let twice = intersection(&blocks[index], &selection.blocks);
                if let Some(node) = twice.first().and_then(Block::first) {
                    let name = node_name(&layout.groups[index], &node);
                    let message = format!("{name} is a rank twice");
                    return Err(Error::new(ErrorKind::Selection, message));
                }
                blocks[index].extend(selection.blocks.iter().cloned());
            }
            let own = blocks.into_iter().map(|own| merged(disjoint_union(own)));
            Ok(own.collect())
        };
        let ranks = gather(&query.ranks)?;
        let senders = if query.senders.is_empty() && query.first_sends {
            first(fabric, &ranks)
        } else if query.senders.is_empty() {
            ranks.clone()
        } else {
            gather(&query.senders)?
        };
        for (index, own) in senders.iter().enumerate() {
            let strange = subtract(own, &ranks[index]);
            if let Some(node) = strange.first().and_then(Block::first) {
                let name = node_name(&layout.groups[index], &node);
                let message = format!("{name} is the root and no rank");
                return Err(Error::new(ErrorKind::Selection, message));
            }
        }
        let count = |blocks: &[Vec<Block>]| blocks.iter().map(|own| total_len(own)).sum();
        let members = Members {
            num_ranks: count(&ranks),
            num_senders: count(&senders),
            ranks,
            senders,
        };
        if members.num_ranks < 2 {
            return Err(few(members.num_ranks));
        }
        Ok(members)
    }

    /// What every symmetry of the collective keeps.
    pub(super) fn boundary(&self, fabric: &Fabric) -> Boundary {
        let mut boundary = Boundary::of(fabric);
        for (group, blocks) in self.ranks.iter().enumerate() {
            boundary.add(group, blocks);
            boundary.add(group, &self.senders[group]);
        }
        boundary
    }

    /// The orbits of ranks; none if there are more than `most`.
    pub(super) fn orbits(
        &self,
        fabric: &Fabric,
        most: u64,
        monitor: &dyn Monitor,
    ) -> Result<Option<Orbits>> {
        let boundary = self.boundary(fabric);
        let families = Families::new(fabric.layout()).turning(&boundary);
        let ranks: Vec<&[Block]> = self.ranks.iter().map(Vec::as_slice).collect();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(Orbits::among(fabric, families, &boundary, &ranks, most, monitor)?.ok())
    }

    /// Whether a node is a sender.
    pub fn sends(&self, node: &Node) -> bool {
        let senders = &self.senders[node.0];
        senders.iter().any(|block| block.contains(&node.1))
    }

    /// How many of `nodes` are on the source side, of which `half` is what enters or leaves.
    pub fn inside(&self, side: &Side, half: &[Vec<Block>], nodes: &[Vec<Block>]) -> u64 {
        let both = nodes.iter().zip(half);
        let shared: u64 = both.map(|(own, side)| common_len(own, side)).sum();
        if side.of_source {
            return shared;
        }
        nodes.iter().map(|own| total_len(own)).sum::<u64>() - shared
    }
}

/// Joins disjoint blocks that differ in one axis, axis by axis: ranks that were listed one by one
/// become the boxes that they fill, and are then known to be alike.
fn merged(mut blocks: Vec<Block>) -> Vec<Block> {
    let axes = blocks.first().map_or(0, |block| block.axes().len());
    for axis in (0..axes).rev() {
        let mut places: FxHashMap<Block, usize> = FxHashMap::default();
        let mut joined: Vec<(Block, Vec<(u32, u32)>)> = Vec::new();
        for block in blocks {
            let rest = block.with_axis(axis, Subset::empty());
            let place = *places.entry(rest).or_insert_with(|| {
                joined.push((block.clone(), Vec::new()));
                joined.len() - 1
            });
            joined[place].1.extend(block.axis(axis).iter_runs());
        }
        let whole = joined.into_iter();
        blocks = whole
            .map(|(block, runs)| block.with_axis(axis, Subset::from_runs(runs)))
            .collect();
    }
    blocks
}

/// The rank with the smallest node id, alone.
fn first(fabric: &Fabric, ranks: &[Vec<Block>]) -> Vec<Vec<Block>> {
    let mut alone = vec![Vec::new(); ranks.len()];
    for (index, blocks) in ranks.iter().enumerate() {
        let group = &fabric.layout().groups[index];
        let nodes = blocks.iter().filter_map(Block::first);
        if let Some(node) = nodes.min_by_key(|node| group.rank(node)) {
            alone[index].push(Block::point(&node));
            break;
        }
    }
    alone
}

pub(super) fn few(count: u64) -> Error {
    Error::new(
        ErrorKind::Selection,
        format!("a collective needs two ranks or more, and {count} is given"),
    )
}
