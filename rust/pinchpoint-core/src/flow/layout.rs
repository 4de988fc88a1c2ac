//! What belongs to each node, side by side: grouping on several threads.

use std::ops::{Range, RangeFrom};

use crate::error::Result;
use crate::monitor::Monitor;
use crate::threads::{self, Part};

use super::graph::Half;
use super::pairing::Run;

/// Edges that make a second thread worth starting.
const GRAIN: usize = 1 << 15;
/// Edges between two polls of the monitor.
const BLOCK: usize = 1 << 19;
/// Edges asked whether the next one has the same tail.
const SAMPLE: usize = 64;

/// The ends of every edge: those of the arcs of `runs`, then those of `table`.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    pub runs: &'a [Run],
    pub tails: &'a [u32],
    pub heads: &'a [u32],
    pub table: &'a [[u32; 2]],
}

impl<'a> Ends<'a> {
    /// Those of a table alone.
    pub fn of_table(table: &'a [[u32; 2]]) -> Self {
        Ends {
            runs: &[],
            tails: &[],
            heads: &[],
            table,
        }
    }

    /// Those of arcs in runs.
    pub fn of_runs(runs: &'a [Run], [tails, heads]: [&'a [u32]; 2]) -> Self {
        Ends {
            runs,
            tails,
            heads,
            table: &[],
        }
    }

    fn in_runs(&self) -> usize {
        self.runs.iter().map(|run| run.count as usize).sum()
    }

    pub fn len(&self) -> usize {
        self.in_runs() + self.table.len()
    }

    /// Calls `visit` with each edge of `range` and its ends.
    #[inline(always)]
    fn visit(&self, range: Range<usize>, mut visit: impl FnMut(usize, [u32; 2])) {
        for run in self.runs {
            let Some((edges, arc)) = run.within(&range) else {
                continue;
            };
            let (tails, heads) = (&self.tails[arc..], &self.heads[arc..]);
            match run.stride {
                1 => visit_every::<1>(tails, heads, edges, &mut visit),
                _ => visit_every::<2>(tails, heads, edges, &mut visit),
            }
        }
        let first = self.in_runs();
        for edge in range.start.max(first)..range.end {
            visit(edge, self.table[edge - first]);
        }
    }

    /// Whether edges mostly have the tail of the one before, as those out of adjacency lists and
    /// sparse matrices have.
    fn come_by_tail(&self) -> bool {
        let is_plain = self.table.is_empty() && self.runs.iter().all(|run| run.stride == 1);
        let step = (self.tails.len() / SAMPLE).max(2);
        let asked = self.tails.chunks_exact(step);
        let alike = asked.clone().filter(|tails| tails[0] == tails[1]).count();
        is_plain && 4 * alike > 3 * asked.count()
    }

    /// Calls `visit` with the first edge of each row with the same tail, and their ends.
    #[inline(always)]
    fn visit_by_tail(&self, range: Range<usize>, mut visit: impl FnMut(usize, u32, &[u32])) {
        for run in self.runs {
            let Some((edges, arc)) = run.within(&range) else {
                continue;
            };
            let (tails, mut heads) = (&self.tails[arc..][..edges.len()], &self.heads[arc..]);
            let mut edge = edges.start;
            for tails in tails.chunk_by(|tail, next| tail == next) {
                let (own, rest) = heads.split_at(tails.len());
                visit(edge, tails[0], own);
                (heads, edge) = (rest, edge + own.len());
            }
        }
    }

    /// The same as one table, with nodes renamed.
    pub fn renamed(&self, name: &[u32]) -> Vec<[u32; 2]> {
        let ranges = threads::ranges(self.len(), threads::worth(self.len(), GRAIN));
        let jobs = ranges.iter().map(|range| {
            move |part: &mut Part<'_, [u32; 2]>| self.write_renamed(part, range.clone(), name)
        });
        threads::made(0, &ranges, jobs).0
    }

    // Not inlined, so that profilers tell it from what other jobs write.
    #[inline(never)]
    fn write_renamed(&self, part: &mut Part<'_, [u32; 2]>, range: Range<usize>, name: &[u32]) {
        let (first, part) = (range.start, part.fill([0; 2]));
        self.visit(range, |edge, ends| {
            part[edge - first] = ends.map(|node| name[node as usize]);
        });
    }
}

/// Calls `visit` with the ends of `edges`: every `STRIDE`-th of `tails` and `heads`.
#[inline(always)]
fn visit_every<const STRIDE: usize>(
    tails: &[u32],
    heads: &[u32],
    edges: Range<usize>,
    mut visit: impl FnMut(usize, [u32; 2]),
) {
    let (tails, heads) = (tails.as_chunks::<STRIDE>().0, heads.as_chunks::<STRIDE>().0);
    let ends = tails.iter().zip(heads).zip(edges);
    ends.for_each(|((tail, head), edge)| visit(edge, [tail[0], head[0]]));
}

/// The halves of each node in the order of the edges: offsets by node, and the halves.
///
/// Each thread counts a share of the edges, then places all halves of a share of the nodes, so that
/// no two threads write to the same place and the outcome does not depend on their number.
pub fn group(n: usize, ends: &Ends<'_>, monitor: &dyn Monitor) -> Result<(Vec<u32>, Vec<Half>)> {
    let workers = threads::worth(ends.len(), GRAIN);
    let by_tail = ends.come_by_tail();
    let mut counts: Vec<Result<Vec<u32>>> = threads::join(
        threads::ranges(ends.len(), workers)
            .into_iter()
            .map(|range| {
                move || {
                    let mut count = vec![0u32; n + 1];
                    for block in threads::blocks(range, BLOCK) {
                        monitor.poll()?;
                        if by_tail {
                            ends.visit_by_tail(block, |_, tail, heads| {
                                count[tail as usize] += heads.len() as u32;
                                heads.iter().for_each(|v| count[*v as usize] += 1);
                            });
                        } else {
                            ends.visit(block, |_, ends| {
                                ends.into_iter().for_each(|v| count[v as usize] += 1);
                            });
                        }
                    }
                    Ok(count)
                }
            }),
    );
    let mut first = counts.pop().expect("there is a share")?;
    for count in counts {
        first
            .iter_mut()
            .zip(count?)
            .for_each(|(sum, part)| *sum += part);
    }
    let mut total = 0;
    for count in &mut first {
        (*count, total) = (total, total + *count);
    }
    let shares = node_shares(&first, workers);
    let offsets = &first[..];
    let jobs = shares.iter().map(|nodes| {
        move |part: &mut Part<'_, Half>| place(part, nodes.clone(), offsets, ends, by_tail, monitor)
    });
    let (adjacent, placed) = threads::made(0, &item_ranges(&first, &shares), jobs);
    placed.into_iter().collect::<Result<()>>()?;
    Ok((first, adjacent))
}

/// Fills `part` with the halves of `nodes`.
// Not inlined, so that profilers tell it from what other jobs write.
#[inline(never)]
fn place(
    part: &mut Part<'_, Half>,
    nodes: Range<usize>,
    first: &[u32],
    ends: &Ends<'_>,
    by_tail: bool,
    monitor: &dyn Monitor,
) -> Result<()> {
    let base = first[nodes.start];
    let mut places = Places {
        halves: part.fill(Half::default()),
        begin: nodes.start,
        next: first[nodes].iter().map(|at| at - base).collect(),
    };
    for block in threads::blocks(0..ends.len(), BLOCK) {
        monitor.poll()?;
        if by_tail {
            ends.visit_by_tail(block, |edge, tail, heads| {
                let edges = edge as u32..;
                places.put_row(tail, heads, edges.clone());
                for (head, edge) in heads.iter().zip(edges) {
                    places.put(*head, Half::new(tail, 2 * edge + 1));
                }
            });
        } else {
            ends.visit(block, |edge, [a, b]| {
                let slot = 2 * edge as u32;
                places.put(a, Half::new(b, slot));
                let slot = slot + 1;
                places.put(b, Half::new(a, slot));
            });
        }
    }
    Ok(())
}

/// Where the halves of a share of the nodes go.
struct Places<'a> {
    halves: &'a mut [Half],
    /// The first of the nodes.
    begin: usize,
    /// By node: the place of its next half.
    next: Vec<u32>,
}

impl Places<'_> {
    /// Puts a half where it belongs, if that is in this share.
    #[inline(always)]
    fn put(&mut self, node: u32, half: Half) {
        if let Some(at) = self.next.get_mut((node as usize).wrapping_sub(self.begin)) {
            self.halves[*at as usize] = half;
            *at += 1;
        }
    }

    /// The same for the halves of `edges` in a row, from one tail to `heads`.
    #[inline(always)]
    fn put_row(&mut self, tail: u32, heads: &[u32], edges: RangeFrom<u32>) {
        if let Some(at) = self.next.get_mut((tail as usize).wrapping_sub(self.begin)) {
            let row = &mut self.halves[*at as usize..][..heads.len()];
            for ((half, head), edge) in row.iter_mut().zip(heads).zip(edges) {
                *half = Half::new(*head, 2 * edge);
            }
            *at += heads.len() as u32;
        }
    }
}

/// Where the items of each share of the nodes are.
pub fn item_ranges(first: &[u32], shares: &[Range<usize>]) -> Vec<Range<usize>> {
    let items = |nodes: &Range<usize>| first[nodes.start] as usize..first[nodes.end] as usize;
    shares.iter().map(items).collect()
}

/// Cuts the nodes so that each share has about as many items.
pub fn node_shares(first: &[u32], parts: usize) -> Vec<Range<usize>> {
    let n = first.len() - 1;
    let total = first[n] as usize;
    let cut = |part: usize| match part {
        0 => 0,
        _ if part == parts => n,
        _ => first[..n].partition_point(|at| (*at as usize) < total * part / parts),
    };
    (0..parts).map(|part| cut(part)..cut(part + 1)).collect()
}
