//! Edges of arcs in no order: arcs against each other are paired, parallel ones merged.
//!
//! Arcs are grouped by their smaller end; inside a group, `latest[v]` is the edge that last joined
//! the node of the group to `v`. Each thread takes a share of the groups.

use std::ops::Range;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::threads;

use super::capacity::{Capacity, Residue};
use super::graph::{Edges, NO_SLOT, Scale};
use super::layout::{Grouped, group, item_ranges, node_shares};
use super::network::Network;
use super::problem::FlowProblem;

/// Arcs that make a second thread worth starting.
const GRAIN: usize = 1 << 17;
/// Arcs between two polls of the monitor.
const BLOCK: usize = 1 << 19;

/// An arc in the group of its smaller end.
#[derive(Debug, Clone, Copy, Default)]
struct Member<R> {
    /// The larger end; then the slot among those of the share.
    high: u32,
    /// Twice the arc, odd if the larger end is its tail.
    code: u32,
    capacity: R,
}

struct Arcs<'a, C, R> {
    problem: &'a FlowProblem<'a, C>,
    network: &'a Network,
    scale: Scale<R>,
}

impl<C: Capacity, R: Residue> Grouped for Arcs<'_, C, R> {
    type Item = Member<R>;

    fn len(&self) -> usize {
        self.problem.tails.len()
    }

    #[inline(always)]
    fn visit(&self, range: Range<usize>, mut put: impl FnMut(u32, Member<R>)) {
        let ends = self.problem.tails[range.clone()]
            .iter()
            .zip(&self.problem.heads[range.clone()]);
        let arcs = ends.zip(&self.problem.capacity[range.clone()]).zip(range);
        for (((tail, head), capacity), arc) in arcs {
            let capacity = self.scale.residue(*capacity);
            let (tail, head) = (self.network.leaves(*tail), self.network.enters(*head));
            if capacity == R::default() || tail == head {
                continue;
            }
            let code = 2 * arc as u32 + u32::from(tail > head);
            let high = tail.max(head);
            let member = Member {
                high,
                code,
                capacity,
            };
            put(tail.min(head), member);
        }
    }
}

/// The edges of the arcs of `problem`, ordered by their smaller end.
///
/// # Errors
///
/// What the monitor says.
///
/// # Complexity
///
/// O(n + m).
pub fn merge_arcs<C: Capacity, R: Residue>(
    problem: &FlowProblem<'_, C>,
    network: &Network,
    scale: Scale<R>,
    monitor: &dyn Monitor,
) -> Result<Edges<R>> {
    let (n, m) = (network.num_nodes as usize, problem.tails.len());
    let arcs = Arcs {
        problem,
        network,
        scale,
    };
    let (first, mut members) = group(n, &arcs, monitor)?;
    let workers = threads::worth(m, GRAIN);
    let shares = node_shares(&first, workers);
    let ranges = item_ranges(&first, &shares);
    let parts = threads::split(&mut members, &ranges);
    let parts = threads::join(parts.into_iter().zip(shares).map(|(part, nodes)| {
        let first = &first[..];
        move || merge_groups(part, nodes, first, monitor)
    }));
    let parts = parts.into_iter().collect::<Result<Vec<_>>>()?;
    let mut begins = Vec::new();
    let mut total = 0;
    for part in &parts {
        begins.push(2 * total as u32);
        total += part.table.len();
    }
    let slot_of = slots_by_arc(m, &members, &ranges, &begins);
    drop(members);
    let mut parts = parts.into_iter();
    let mut edges = parts.next().unwrap_or_default();
    edges.slot_of = slot_of;
    let more = total - edges.table.len() + network.extra.len();
    edges.table.reserve_exact(more);
    edges.residue.reserve_exact(2 * more);
    for part in parts {
        edges.merged |= part.merged;
        edges.table.extend(part.table);
        edges.residue.extend(part.residue);
    }
    Ok(edges)
}

/// The slot of each arc: that of its member, counted on from where the share of the member begins.
fn slots_by_arc<R: Residue>(
    arcs: usize,
    members: &[Member<R>],
    ranges: &[Range<usize>],
    begins: &[u32],
) -> Vec<u32> {
    let mut slot_of = vec![NO_SLOT; arcs];
    let shares = threads::ranges(arcs, threads::worth(arcs, GRAIN));
    let parts = threads::split(&mut slot_of, &shares);
    threads::join(parts.into_iter().zip(shares).map(|(part, arcs)| {
        move || {
            for (range, begin) in ranges.iter().zip(begins) {
                for member in &members[range.clone()] {
                    let arc = (member.code >> 1) as usize;
                    if let Some(slot) = part.get_mut(arc.wrapping_sub(arcs.start)) {
                        *slot = begin + member.high;
                    }
                }
            }
        }
    }));
    slot_of
}

/// The edges of the groups of `nodes`; members get their slots.
fn merge_groups<R: Residue>(
    members: &mut [Member<R>],
    nodes: Range<usize>,
    first: &[u32],
    monitor: &dyn Monitor,
) -> Result<Edges<R>> {
    let zero = R::default();
    let mut edges = Edges::default();
    edges.table.reserve(members.len() / 2 + 1);
    edges.residue.reserve(members.len() + 2);
    let mut latest = vec![NO_SLOT; first.len() - 1];
    let mut unpolled = 0;
    let mut rest = members;
    for low in nodes {
        let begin = edges.table.len() as u32;
        let (own, others) = rest.split_at_mut((first[low + 1] - first[low]) as usize);
        rest = others;
        unpolled += 1 + own.len();
        if unpolled > BLOCK {
            unpolled = 0;
            monitor.poll()?;
        }
        for Member {
            high,
            code,
            capacity,
        } in own
        {
            let direction = *code & 1;
            let known = latest[*high as usize];
            if known != NO_SLOT && known >= begin {
                let slot = 2 * known + direction;
                let residue = &mut edges.residue[slot as usize];
                if *residue <= R::HALF - *capacity {
                    edges.merged |= *residue > zero;
                    *residue += *capacity;
                    *high = slot;
                    continue;
                }
            }
            let edge = edges.table.len() as u32;
            latest[*high as usize] = edge;
            edges.table.push([low as u32, *high]);
            let mut pair = [zero; 2];
            pair[direction as usize] = *capacity;
            edges.residue.extend(pair);
            *high = 2 * edge + direction;
        }
    }
    Ok(edges)
}
