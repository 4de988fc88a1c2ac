//! Edges of arcs in no order: arcs against each other are paired, parallel ones merged.
//!
//! Arcs are dealt to **bins** of neighbouring smaller ends: few enough bins that all are filled in
//! order at once, and so small that one stays in the cache while its arcs are grouped by their
//! smaller end. Inside a group, `latest[v]` is the edge that last joined its node to `v`. Dealing
//! once more, arcs pick up what belongs to them in the order in which they were put down: flows, of
//! which a bin's are as near each other as its edges, not slots whose residues lie anywhere.
//!
//! Each thread deals a share of the arcs and merges a share of the bins; a bin holds its arcs in
//! their order, whatever the number of threads.

use std::ops::Range;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::threads::{self, Part};

use super::capacity::{Capacity, Residue};
use super::graph::{Edges, NO_SLOT, Residual, Scale};
use super::layout::{item_ranges, node_shares};
use super::network::Network;
use super::problem::FlowProblem;

/// Arcs that make a second thread worth starting.
const GRAIN: usize = 1 << 15;
/// Arcs between two polls of the monitor.
const BLOCK: usize = 1 << 18;
/// Arcs in a bin, and nodes at most.
const BIN_ARCS: usize = 1 << 12;
const BIN_NODES: usize = 1 << 20;
/// Bins at most.
const BINS: usize = 1 << 12;

/// One edge in so many may be more than foreseen.
const SLACK: usize = 32;

/// An arc in its bin.
#[derive(Debug, Clone, Copy, Default)]
struct Member<R> {
    /// The larger end; then the slot among those of the share.
    high: u32,
    /// Twice the smaller end less the first node of the bin; odd if the larger end is the tail.
    code: u32,
    capacity: R,
}

/// The nodes, `1 << shift` to a bin.
#[derive(Debug, Clone, Copy)]
struct Nodes {
    count: usize,
    shift: u32,
}

impl Nodes {
    fn bins(self) -> usize {
        self.count.div_ceil(1 << self.shift)
    }
}

struct Arcs<'a, C, R> {
    problem: &'a FlowProblem<'a, C>,
    network: &'a Network,
    scale: Scale<R>,
    nodes: Nodes,
}

impl<C: Capacity, R: Residue> Arcs<'_, C, R> {
    /// Calls `visit` with each arc of `range` that can carry flow, its bin and what is dealt.
    #[inline(always)]
    fn visit(
        &self,
        range: Range<usize>,
        monitor: &dyn Monitor,
        mut visit: impl FnMut(usize, usize, Member<R>),
    ) -> Result<()> {
        let shift = self.nodes.shift;
        let mask = (1 << shift) - 1;
        for block in threads::blocks(range, BLOCK) {
            monitor.poll()?;
            let ends = self.problem.tails[block.clone()]
                .iter()
                .zip(&self.problem.heads[block.clone()]);
            let arcs = ends.zip(&self.problem.capacity[block.clone()]).zip(block);
            for (((tail, head), capacity), arc) in arcs {
                let capacity = self.scale.residue(*capacity);
                let (tail, head) = (self.network.leaves(*tail), self.network.enters(*head));
                if capacity == R::default() || tail == head {
                    continue;
                }
                let low = tail.min(head);
                let member = Member {
                    high: tail.max(head),
                    code: 2 * (low & mask) + u32::from(tail > head),
                    capacity,
                };
                visit((low >> shift) as usize, arc, member);
            }
        }
        Ok(())
    }
}

/// The edges of the arcs of `problem`, ordered by their smaller end, and which arcs they are.
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
) -> Result<(Edges<R>, Dealt)> {
    let (n, m) = (network.num_nodes as usize, problem.tails.len());
    let wanted = (m / BIN_ARCS).max(n / BIN_NODES).clamp(1, BINS);
    let nodes = Nodes {
        count: n,
        shift: n.div_ceil(wanted).next_power_of_two().ilog2(),
    };
    let arcs = Arcs {
        problem,
        network,
        scale,
        nodes,
    };
    let dealers = threads::ranges(m, threads::worth(m, GRAIN));
    let counts = threads::join(dealers.iter().map(|range| {
        || {
            let mut count = vec![0; nodes.bins()];
            arcs.visit(range.clone(), monitor, |bin, _, _| count[bin] += 1)?;
            Ok(count)
        }
    }));
    let counts = counts.into_iter().collect::<Result<Vec<Vec<usize>>>>()?;
    let (first, pieces) = cut_bins(&counts);
    let mut members = vec![Member::default(); pieces.last().map_or(0, |piece| piece.end)];

    deal(
        &arcs,
        &dealers,
        threads::split(&mut members, &pieces),
        monitor,
    )?;

    let shares = node_shares(&first, dealers.len());
    let parts = threads::split(&mut members, &item_ranges(&first, &shares));
    let parts = threads::join(parts.into_iter().zip(&shares).map(|(part, bins)| {
        let first = &first[..];
        move || merge_bins(part, bins.clone(), first, nodes, monitor)
    }));
    let parts = parts.into_iter().collect::<Result<Vec<_>>>()?;
    let slots = slots_of(&members, &item_ranges(&first, &shares), &parts);
    drop(members);
    let dealt = Dealt {
        nodes,
        dealers,
        pieces,
        slots,
    };
    Ok((joined(parts, network.extra.len()), dealt))
}

/// The slots of `members`, of which each part has those of `items`.
fn slots_of<R: Residue>(
    members: &[Member<R>],
    items: &[Range<usize>],
    parts: &[Edges<R>],
) -> Vec<u32> {
    let mut edges = 0;
    let begins = parts.iter().map(|part| {
        let begin = 2 * edges;
        edges += part.table.len() as u32;
        begin
    });
    let jobs = items.iter().zip(begins).map(|(items, begin)| {
        move |part: &mut Part<'_, u32>| {
            let members = members[items.clone()].iter();
            part.extend(members.map(|member| begin + member.high));
        }
    });
    threads::made(0, items, jobs).0
}

/// The edges of all parts in order, with room for `more`.
fn joined<R: Residue>(parts: Vec<Edges<R>>, more: usize) -> Edges<R> {
    let total: usize = parts.iter().map(|part| part.table.len()).sum();
    let merged = parts.iter().any(|part| part.merged);
    let ends = parts.into_iter().map(|part| (part.table, part.residue));
    let (tables, residues): (Vec<_>, Vec<_>) = ends.unzip();
    let (table, residue) = threads::both(
        total >= GRAIN,
        || concatenated(tables, total + more),
        || concatenated(residues, 2 * (total + more)),
    );
    Edges {
        table,
        residue,
        merged,
    }
}

fn concatenated<T: Copy>(parts: Vec<Vec<T>>, room: usize) -> Vec<T> {
    let mut all = Vec::with_capacity(room);
    for part in parts {
        all.extend_from_slice(&part);
    }
    all
}

/// Where arcs were put down, and their slots there.
#[derive(Debug, Clone)]
pub struct Dealt {
    nodes: Nodes,
    dealers: Vec<Range<usize>>,
    pieces: Vec<Range<usize>>,
    slots: Vec<u32>,
}

impl Dealt {
    fn arcs<'a, C, R>(
        &self,
        problem: &'a FlowProblem<'a, C>,
        network: &'a Network,
        scale: Scale<R>,
    ) -> Arcs<'a, C, R> {
        Arcs {
            problem,
            network,
            scale,
            nodes: self.nodes,
        }
    }

    /// By arc: its slot, [`NO_SLOT`] if it can carry nothing.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub fn table<C: Capacity, R: Residue>(
        &self,
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<u32>> {
        let arcs = self.arcs(problem, network, scale);
        let mut table = vec![NO_SLOT; problem.tails.len()];
        self.pick_up(&arcs, &self.slots, &mut table, |_, slot| slot, monitor)?;
        Ok(table)
    }

    /// By arc: the flow that its slot says it carries, by `flow_of` its capacity and the residue left.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub fn flows<C: Capacity, R: Residue>(
        &self,
        graph: &Residual<R>,
        problem: &FlowProblem<'_, C>,
        network: &Network,
        scale: Scale<R>,
        flow_of: impl Fn(R, R) -> C + Copy + Send + Sync,
        monitor: &dyn Monitor,
    ) -> Result<Vec<C>> {
        let arcs = self.arcs(problem, network, scale);
        let ranges = threads::ranges(self.slots.len(), threads::worth(self.slots.len(), GRAIN));
        let jobs = ranges.iter().map(|range| {
            |part: &mut Part<'_, R>| {
                let own = self.slots[range.clone()].iter();
                part.extend(own.map(|slot| graph.residue[*slot as usize]));
            }
        });
        let left = threads::made(0, &ranges, jobs).0;
        let mut flows = vec![C::default(); problem.tails.len()];
        self.pick_up(&arcs, &left, &mut flows, flow_of, monitor)?;
        Ok(flows)
    }

    /// Writes by arc what `of` makes of its capacity and of what lies where it was put down.
    fn pick_up<C: Capacity, R: Residue, T: Copy + Sync, U: Send>(
        &self,
        arcs: &Arcs<'_, C, R>,
        values: &[T],
        to: &mut [U],
        of: impl Fn(R, T) -> U + Copy + Send + Sync,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let pieces = self.pieces.iter().map(|piece| &values[piece.clone()]);
        let hands = hands(pieces.collect(), self.dealers.len()).into_iter();
        let to = threads::split(to, &self.dealers).into_iter();
        let picked = threads::join(hands.zip(to).zip(&self.dealers).map(|((hand, to), range)| {
            let mut hand: Vec<_> = hand.into_iter().map(|piece| piece.iter()).collect();
            move || {
                arcs.visit(range.clone(), monitor, |bin, arc, member| {
                    let value = hand[bin].next().expect("it was dealt");
                    to[arc - range.start] = of(member.capacity, *value);
                })
            }
        }));
        picked.into_iter().collect()
    }
}

/// Puts each arc down in its bin: each dealer the arcs of its range, in order, in its pieces.
fn deal<C: Capacity, R: Residue>(
    arcs: &Arcs<'_, C, R>,
    dealers: &[Range<usize>],
    pieces: Vec<&mut [Member<R>]>,
    monitor: &dyn Monitor,
) -> Result<()> {
    let hands = hands(pieces, dealers.len());
    let dealt = threads::join(hands.into_iter().zip(dealers).map(|(hand, range)| {
        let mut hand: Vec<_> = hand.into_iter().map(|piece| piece.iter_mut()).collect();
        move || {
            arcs.visit(range.clone(), monitor, |bin, _, member| {
                *hand[bin].next().expect("it was counted") = member;
            })
        }
    }));
    dealt.into_iter().collect()
}

/// Where each bin begins, and the pieces of the bins, one for each dealer, of the sizes in `counts`.
fn cut_bins(counts: &[Vec<usize>]) -> (Vec<u32>, Vec<Range<usize>>) {
    let bins = counts[0].len();
    let (mut first, mut pieces) = (Vec::with_capacity(bins + 1), Vec::new());
    let mut total = 0;
    for bin in 0..bins {
        first.push(total as u32);
        for count in counts {
            pieces.push(total..total + count[bin]);
            total += count[bin];
        }
    }
    first.push(total as u32);
    (first, pieces)
}

/// Gives each dealer its piece of every bin.
fn hands<T>(pieces: Vec<T>, dealers: usize) -> Vec<Vec<T>> {
    let mut hands: Vec<Vec<T>> = (0..dealers).map(|_| Vec::new()).collect();
    for (at, piece) in pieces.into_iter().enumerate() {
        hands[at % dealers].push(piece);
    }
    hands
}

/// The edges of the arcs of `bins`, which hold `members`; these get their slots.
///
/// Whether a member is the first between its ends is anybody's guess, so that nothing branches on
/// it: a place for one more edge is always ready, and taken or not.
fn merge_bins<R: Residue>(
    members: &mut [Member<R>],
    bins: Range<usize>,
    first: &[u32],
    nodes: Nodes,
    monitor: &dyn Monitor,
) -> Result<Edges<R>> {
    let (mut edges, all) = (Edges::default(), members.len());
    let mut latest = vec![NO_SLOT; nodes.count];
    let (mut next, mut order) = (Vec::new(), Vec::new());
    let (mut table, mut residue) = (Vec::new(), Vec::new());
    let mut rest = members;
    for bin in bins {
        let (own, others) = rest.split_at_mut((first[bin + 1] - first[bin]) as usize);
        rest = others;
        next.clear();
        next.resize(1 << nodes.shift, 0);
        by_smaller_end(own, &mut next, &mut order, monitor)?;
        table.resize(own.len(), [0; 2]);
        residue.clear();
        residue.resize(own.len(), [R::default(); 2]);
        // Edges `base..begin` are those of the bin's earlier groups, `begin..end` of this one.
        let base = edges.table.len() as u32;
        let (mut group, mut begin, mut end) = (NO_SLOT, base, base);
        for block in order.chunks(BLOCK) {
            monitor.poll()?;
            for at in block {
                let member = &mut own[*at as usize];
                let Member { high, code, .. } = *member;
                let (low, direction) = (((bin as u32) << nodes.shift) + (code >> 1), code & 1);
                begin = if low == group { begin } else { end };
                group = low;
                let known = latest[high as usize];
                let is_known = known.wrapping_sub(begin) < end - begin;
                let mut edge = if is_known { known } else { end };
                let place = (edge - base) as usize;
                let mut sum = &mut residue[place][direction as usize];
                edges.merged |= *sum > R::default();
                if *sum > R::HALF - member.capacity {
                    edge = end;
                    sum = &mut residue[(edge - base) as usize][direction as usize];
                }
                *sum += member.capacity;
                latest[high as usize] = edge;
                table[(edge - base) as usize] = [low, high];
                end += u32::from(edge == end);
                member.high = 2 * edge + direction;
            }
        }
        let count = (end - base) as usize;
        edges.make_room(count, all - rest.len(), all);
        edges.table.extend_from_slice(&table[..count]);
        let pairs = residue[..count].as_flattened();
        edges.residue.extend_from_slice(pairs);
    }
    Ok(edges)
}

impl<R> Edges<R> {
    /// Room for `count` edges more: where it is short, for as many as there will be if all arcs become
    /// edges as the `done` ones did.
    fn make_room(&mut self, count: usize, done: usize, all: usize) {
        let now = self.table.len() + count;
        if now > self.table.capacity() {
            let then = (now * all).div_ceil(done);
            let more = then + then / SLACK - self.table.len();
            self.table.reserve_exact(more);
            self.residue.reserve_exact(2 * more);
        }
    }
}

/// Puts the places of the members of a bin into `order`, by smaller end, else as they are; `next`
/// has a zero for each of its nodes.
fn by_smaller_end<R>(
    members: &[Member<R>],
    next: &mut [u32],
    order: &mut Vec<u32>,
    monitor: &dyn Monitor,
) -> Result<()> {
    for block in members.chunks(BLOCK) {
        monitor.poll()?;
        for member in block {
            next[(member.code >> 1) as usize] += 1;
        }
    }
    let mut total = 0;
    for next in next.iter_mut() {
        (*next, total) = (total, total + *next);
    }
    order.resize(members.len(), 0);
    for (block, base) in members.chunks(BLOCK).zip((0u32..).step_by(BLOCK)) {
        monitor.poll()?;
        for (member, at) in block.iter().zip(base..) {
            let to = &mut next[(member.code >> 1) as usize];
            order[*to as usize] = at;
            *to += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::NoMonitor;
    use crate::flow::problem::Terminal;

    use super::*;

    /// The edges of arcs between nodes that are all inner ones but 0 and 1.
    fn merged(
        num_nodes: u32,
        arcs: [&[u32]; 2],
        capacity: &[i32],
    ) -> Result<(Edges<i32>, Vec<u32>)> {
        let problem = FlowProblem {
            num_nodes,
            tails: arcs[0],
            heads: arcs[1],
            capacity,
            duplex: false,
            sources: &[Terminal::unlimited(0)],
            sinks: &[Terminal::unlimited(1)],
            node_capacity: None,
        };
        let scale = Scale {
            divisor: 1,
            unlimited: 0,
        };
        let network = Network::plan(&problem)?;
        let (edges, dealt) = merge_arcs(&problem, &network, scale, &NoMonitor)?;
        let slot_of = dealt.table(&problem, &network, scale, &NoMonitor)?;
        Ok((edges, slot_of))
    }

    #[test]
    fn every_arc_finds_its_edge() -> Result<()> {
        // Enough arcs for two threads and many bins; loops, zeros, parallel and antiparallel ones.
        let (n, m) = (5000u32, 300_000u32);
        let hash = |x: u32| (u64::from(x) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let tails: Vec<u32> = (0..m).map(|arc| hash(arc) as u32 % n).collect();
        let near = |arc: u32| (tails[arc as usize] + hash(arc + m) as u32 % 40) % n;
        let heads: Vec<u32> = (0..m).map(near).collect();
        let capacity: Vec<i32> = (0..m).map(|arc| hash(arc) as i32 % 4).collect();
        let (edges, slot_of) = merged(n, [&tails, &heads], &capacity)?;

        let mut sums = HashMap::new();
        for arc in 0..m as usize {
            let (tail, head, slot) = (tails[arc], heads[arc], slot_of[arc]);
            assert_eq!(
                slot == NO_SLOT,
                tail == head || capacity[arc] == 0,
                "arc {arc}"
            );
            if slot != NO_SLOT {
                let [low, high] = edges.table[slot as usize / 2];
                let ends = if slot % 2 == 0 {
                    [low, high]
                } else {
                    [high, low]
                };
                assert_eq!([tail, head], ends, "arc {arc}");
                *sums.entry(slot).or_insert(0) += capacity[arc];
            }
        }
        for (slot, residue) in edges.residue.iter().enumerate() {
            assert_eq!(*residue, sums.get(&(slot as u32)).copied().unwrap_or(0));
        }
        assert!(edges.merged);
        assert!(edges.table.iter().all(|[low, high]| low < high));
        assert!(edges.table.is_sorted_by_key(|[low, _]| *low));
        let mut pairs = edges.table;
        pairs.sort_unstable();
        assert!(pairs.windows(2).all(|pair| pair[0] != pair[1]));
        Ok(())
    }

    #[test]
    fn what_overflows_gets_an_edge_of_its_own() -> Result<()> {
        let arcs: [&[u32]; 2] = [&[0, 1, 0, 0], &[1, 0, 1, 1]];
        let (edges, slot_of) = merged(2, arcs, &[i32::HALF, 5, i32::HALF - 7, 7])?;
        assert_eq!(edges.table, [[0, 1], [0, 1]]);
        assert_eq!(slot_of, [0, 1, 2, 2]);
        assert_eq!(edges.residue, [i32::HALF, 5, i32::HALF, 0]);
        Ok(())
    }
}
