//! Which arcs share an edge.
//!
//! Arcs that run against each other are worth pairing: a full-duplex link is then one edge and not
//! two. Array programs write such arcs in **runs**, one block after its mirror image or each arc
//! next to its own, and a run needs no table: the slot of an arc is an affine function of its
//! index. Where there are no runs, a sample tells whether sorting would find pairs at all.

use std::ops::Range;

use crate::threads;

/// Edges `edge..edge + count` are made of arcs `arc, arc + stride, ...` and their partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub edge: u32,
    pub count: u32,
    pub arc: u32,
    /// From the arc of an edge to the arc of the next: 1, or 2 where partners are neighbours.
    pub stride: u32,
    /// From an arc to the one against it; 0 if there is none.
    pub partner: u32,
}

/// Arcs `begin..end` have slots `slot, slot + stride, ...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub begin: u32,
    pub end: u32,
    pub slot: u32,
    pub stride: u32,
}

impl Segment {
    /// Those of `runs`, in order of the arcs.
    pub fn all_of(runs: &[Run]) -> Vec<Segment> {
        let mut segments: Vec<Segment> = runs.iter().flat_map(Run::segments).collect();
        segments.sort_unstable_by_key(|segment| segment.begin);
        segments
    }

    /// Which arcs of `range` are in the segment, if any, and the slot of the first of them.
    #[inline(always)]
    pub fn within(&self, range: &Range<usize>) -> Option<(Range<usize>, usize)> {
        let first = self.begin as usize;
        let arcs = range.start.max(first)..range.end.min(self.end as usize);
        let slot = || self.slot as usize + (arcs.start - first) * self.stride as usize;
        (!arcs.is_empty()).then(|| (arcs.clone(), slot()))
    }
}

impl Run {
    /// Which edges of `range` are in the run, if any, and the arc of the first of them.
    #[inline(always)]
    pub fn within(&self, range: &Range<usize>) -> Option<(Range<usize>, usize)> {
        let first = self.edge as usize;
        let begin = range.start.max(first);
        let edges = begin..range.end.min(first + self.count as usize);
        let arc = || self.arc as usize + (begin - first) * self.stride as usize;
        (!edges.is_empty()).then(|| (edges.clone(), arc()))
    }

    /// The slots of the run's arcs.
    pub fn segments(&self) -> Vec<Segment> {
        let Run {
            edge,
            count,
            arc,
            stride,
            partner,
        } = *self;
        let slot = 2 * edge;
        let block = |begin: u32, slot: u32| Segment {
            begin,
            end: begin + count,
            slot,
            stride: 2,
        };
        match partner {
            0 => vec![block(arc, slot)],
            1 if stride == 2 => {
                vec![Segment {
                    begin: arc,
                    end: arc + 2 * count,
                    slot,
                    stride: 1,
                }]
            }
            _ => vec![block(arc, slot), block(arc + partner, slot + 1)],
        }
    }
}

/// How arcs become edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pairing {
    /// In runs that cover every arc, in order of edges.
    Runs(Vec<Run>),
    /// Sorting finds the pairs.
    Sort,
}

/// Pairs that make a second thread worth starting.
const GRAIN: usize = 1 << 15;

/// Shorter runs are left to chance.
const MIN_RUN: usize = 16;
/// More runs than this are left to chance too.
const MAX_RUNS: usize = 12;
/// Searches for a partner through all the rest of the arcs that may be in vain.
const MAX_FAILURES: usize = 4;
/// Arcs compared at once.
const BLOCK: usize = 1024;
/// Arcs searched by all threads before one looks whether any of them found what is wanted.
const FAR: usize = 1 << 18;
/// Arcs compared without a branch.
const LANES: usize = 64;
/// Arcs in a sample.
const SAMPLE: usize = 256;
/// One arc in so many is looked at for partners of the sample.
const PART: usize = 8;

impl Pairing {
    /// Every arc is an edge of its own.
    pub fn none(arcs: usize) -> Self {
        Pairing::Runs(vec![Run {
            edge: 0,
            count: arcs as u32,
            arc: 0,
            stride: 1,
            partner: 0,
        }])
    }

    /// Looks how the arcs are written.
    pub fn find(tails: &[u32], heads: &[u32]) -> Self {
        let mut finder = Finder {
            tails,
            heads,
            runs: Vec::new(),
            edges: 0,
            paired: 0,
            worth_sorting: None,
        };
        finder.search();
        if 2 * finder.paired >= finder.tails.len() / 2 {
            return Pairing::Runs(finder.runs);
        }
        if finder.is_worth_sorting() {
            Pairing::Sort
        } else {
            Self::none(tails.len())
        }
    }
}

struct Finder<'a> {
    tails: &'a [u32],
    heads: &'a [u32],
    runs: Vec<Run>,
    edges: usize,
    paired: usize,
    /// What a sample said, if it was asked.
    worth_sorting: Option<bool>,
}

impl Finder<'_> {
    fn against(&self, a: usize, b: usize) -> bool {
        self.tails[a] == self.heads[b] && self.heads[a] == self.tails[b]
    }

    /// How many pairs from arcs `a` and `b` on, `stride` apart, run against each other; at most `most`.
    fn pairs(&self, a: usize, b: usize, stride: usize, most: usize) -> usize {
        let shares = threads::ranges(most, threads::worth(most, GRAIN));
        let found = threads::join(shares.iter().map(|share| {
            let skip = share.start * stride;
            move || {
                if stride == 1 {
                    return self.mirrored(a + skip, b + skip, share.len());
                }
                let steps = (skip..).step_by(stride).take(share.len());
                steps.take_while(|at| self.against(a + at, b + at)).count()
            }
        }));
        // Up to the first share that has one that does not.
        let mut counts = found.iter().zip(&shares);
        let whole = counts.position(|(found, share)| *found < share.len());
        found[..whole.map_or(found.len(), |short| short + 1)]
            .iter()
            .sum()
    }

    /// The same for arcs in a row, on one thread.
    fn mirrored(&self, a: usize, b: usize, most: usize) -> usize {
        let blocks = (0..most).step_by(BLOCK);
        let whole = blocks.take_while(|at| {
            let len = BLOCK.min(most - at);
            self.tails[a + at..][..len] == self.heads[b + at..][..len]
                && self.heads[a + at..][..len] == self.tails[b + at..][..len]
        });
        let done = most.min(whole.count() * BLOCK);
        let rest = (done..most).take_while(|at| self.against(a + at, b + at));
        done + rest.count()
    }

    fn push(&mut self, arc: usize, count: usize, stride: usize, partner: usize) {
        if count == 0 {
            return;
        }
        let [edge, count32, arc, stride, partner32] =
            [self.edges, count, arc, stride, partner].map(|x| x as u32);
        self.runs.push(Run {
            edge,
            count: count32,
            arc,
            stride,
            partner: partner32,
        });
        self.edges += count;
        if partner > 0 {
            self.paired += count;
        }
    }

    fn is_worth_sorting(&mut self) -> bool {
        let (tails, heads) = (self.tails, self.heads);
        *self
            .worth_sorting
            .get_or_insert_with(|| worth_sorting(tails, heads))
    }

    /// The run that begins with arc `at`, if it is one: how far ahead the partner is, the step from
    /// pair to pair, and the number of pairs.
    fn run_at(&self, at: usize) -> Option<(usize, usize, usize)> {
        let m = self.tails.len();
        let (tail, head) = (self.tails[at], self.heads[at]);
        let partner = 1 + arc_from(head, tail, &self.tails[at + 1..], &self.heads[at + 1..])?;
        let (stride, most) = if partner == 1 {
            (2, (m - at) / 2)
        } else {
            (1, partner)
        };
        let most = most.min(m - at - partner);
        let count = self.pairs(at, at + partner, stride, most);
        (count >= MIN_RUN.min(m / 2)).then_some((partner, stride, count))
    }

    fn search(&mut self) {
        let m = self.tails.len();
        // Arcs before `done` are in runs; those from there to `at` will be single.
        let (mut done, mut at, mut skip, mut runs, mut failures) = (0, 0, MIN_RUN, 0, 0);
        while at < m && runs < MAX_RUNS && failures < MAX_FAILURES {
            let Some((partner, stride, count)) = self.run_at(at) else {
                failures += 1;
                if runs == 0 && !self.is_worth_sorting() {
                    break;
                }
                at += skip;
                skip *= 4;
                continue;
            };
            runs += 1;
            self.push(done, at - done, 1, 0);
            self.push(at, count, stride, partner);
            if stride == 1 {
                self.push(at + count, partner - count, 1, 0);
            }
            done = if stride == 1 {
                at + partner + count
            } else {
                at + 2 * count
            };
            (at, skip) = (done, MIN_RUN);
        }
        self.push(done, m - done, 1, 0);
    }
}

/// Where the first arc from `tail` to `head` is.
fn arc_from(tail: u32, head: u32, tails: &[u32], heads: &[u32]) -> Option<usize> {
    threads::blocks(0..tails.len(), FAR).find_map(|block| {
        let shares = threads::ranges(block.len(), threads::worth(block.len(), GRAIN));
        let found = threads::join(shares.into_iter().map(|share| {
            let begin = block.start + share.start;
            let (tails, heads) = (
                &tails[begin..][..share.len()],
                &heads[begin..][..share.len()],
            );
            move || arc_in(tail, head, tails, heads).map(|at| begin + at)
        }));
        found.into_iter().flatten().next()
    })
}

/// The same on one thread.
fn arc_in(tail: u32, head: u32, tails: &[u32], heads: &[u32]) -> Option<usize> {
    let is_it = |(t, h): (&u32, &u32)| (*t == tail) & (*h == head);
    let mut blocks = tails.chunks(LANES).zip(heads.chunks(LANES));
    // All of a block are compared, at once.
    let (block, (tails, heads)) = blocks.by_ref().enumerate().find(|(_, (tails, heads))| {
        let ends = tails.iter().zip(*heads);
        ends.fold(false, |found, ends| found | is_it(ends))
    })?;
    let within = tails.iter().zip(heads).position(is_it);
    Some(block * LANES + within.expect("it is in the block"))
}

/// Whether many arcs of a sample have a parallel or antiparallel one in a part of all arcs.
fn worth_sorting(tails: &[u32], heads: &[u32]) -> bool {
    const SLOT_BITS: u32 = 10;
    const SLOTS: usize = 1 << SLOT_BITS;
    let m = tails.len();
    let step = m.div_ceil(SAMPLE).max(1);
    let hash = |a: u32, b: u32| {
        let (low, high) = (a.min(b), a.max(b));
        let key = (u64::from(low) << 32 | u64::from(high)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (key >> (u64::BITS - SLOT_BITS)) as usize
    };
    let mut table = [u32::MAX; SLOTS];
    let mut sampled = 0;
    for arc in (0..m).step_by(step) {
        let slot = &mut table[hash(tails[arc], heads[arc])];
        if *slot == u32::MAX {
            *slot = arc as u32;
            sampled += 1;
        }
    }
    let mut hit = [false; SLOTS];
    let mut hits = 0;
    for begin in (0..m).step_by(PART * LANES) {
        for arc in begin..m.min(begin + LANES) {
            let (tail, head) = (tails[arc], heads[arc]);
            let at = hash(tail, head);
            let known = table[at];
            if known == u32::MAX || known as usize == arc || hit[at] {
                continue;
            }
            let (t, h) = (tails[known as usize], heads[known as usize]);
            if (t, h) == (tail, head) || (h, t) == (tail, head) {
                hit[at] = true;
                hits += 1;
                if 4 * PART * hits >= sampled {
                    return true;
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers_all(runs: &[Run], m: usize) {
        let mut seen = vec![0; m];
        for segment in runs.iter().flat_map(Run::segments) {
            (segment.begin..segment.end).for_each(|arc| seen[arc as usize] += 1);
        }
        assert_eq!(seen, vec![1; m]);
    }

    #[test]
    fn finds_blocks_and_neighbours() {
        let a: Vec<u32> = (0..100).collect();
        let b: Vec<u32> = (0..100).map(|x| x * 7 % 100 + 100).collect();
        let tails = [&a[..], &b[..], &[7, 8, 9]].concat();
        let heads = [&b[..], &a[..], &[3, 2, 1]].concat();
        let Pairing::Runs(runs) = Pairing::find(&tails, &heads) else {
            panic!("blocks are runs");
        };
        covers_all(&runs, 203);
        assert_eq!(
            runs[0],
            Run {
                edge: 0,
                count: 100,
                arc: 0,
                stride: 1,
                partner: 100
            }
        );
        let zip = |x: &[u32], y: &[u32]| -> Vec<u32> {
            x.iter().zip(y).flat_map(|(x, y)| [*x, *y]).collect()
        };
        let Pairing::Runs(runs) = Pairing::find(&zip(&a, &b), &zip(&b, &a)) else {
            panic!("neighbours are runs");
        };
        covers_all(&runs, 200);
        assert_eq!(
            runs,
            [Run {
                edge: 0,
                count: 100,
                arc: 0,
                stride: 2,
                partner: 1
            }]
        );
    }

    #[test]
    fn sorts_only_where_there_are_pairs() {
        let tails: Vec<u32> = (0..1000).map(|x| x * 37 % 1000).collect();
        let heads: Vec<u32> = (0..1000).map(|x| x * 37 % 1000 + 1000).collect();
        assert_eq!(Pairing::find(&tails, &heads), Pairing::none(1000));
        let back = |x: &[u32]| -> Vec<u32> { (0..1000).map(|i| x[i * 91 % 1000]).collect() };
        let both = [&tails[..], &back(&heads)].concat();
        let against = [&heads[..], &back(&tails)].concat();
        assert_eq!(Pairing::find(&both, &against), Pairing::Sort);
    }
}
