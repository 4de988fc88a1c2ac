//! Partition refinement on blocks: the coarsest equitable partition below the seeds (docs/theory.md,
//! "Refinement that does not look at nodes").

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::partition::Partition;
use super::symbolic::Symbolic;
use crate::error::Result;
use crate::fabric::{Block, BlockIndex, Piece, Weighted, divide};
use crate::monitor::Monitor;

/// How a refinement ended.
#[derive(Debug)]
pub enum Refined {
    /// Equitable.
    Done(Partition),
    /// Given up: it cost more than it may.
    TooFine,
}

/// The arms by the group at their far end, found by the far blocks they touch.
pub(super) struct Arms {
    far: Vec<BlockIndex>,
    near: Vec<BlockIndex>,
}

impl Arms {
    pub(super) fn new(graph: &Symbolic) -> Self {
        let empty = || {
            (0..graph.num_groups)
                .map(|_| BlockIndex::default())
                .collect()
        };
        let mut arms = Arms {
            far: empty(),
            near: empty(),
        };
        for (id, arm) in graph.arms.iter().enumerate() {
            arms.far[arm.far_group].insert(id as u32, &arm.far);
            arms.near[arm.near_group].insert(id as u32, &arm.near);
        }
        arms
    }

    /// The arms whose far end meets a block of `group`.
    fn ending_in(
        &mut self,
        graph: &Symbolic,
        group: usize,
        block: &Block,
        mut visit: impl FnMut(u32),
    ) {
        self.far[group].candidates(
            block,
            |id| Some(&graph.arms[id as usize].far),
            |id, _| visit(id),
        );
    }

    /// The arms whose near end holds a node of `group`.
    pub(super) fn starting_at(
        &mut self,
        graph: &Symbolic,
        group: usize,
        node: &Block,
        mut visit: impl FnMut(u32),
    ) {
        self.near[group].candidates(
            node,
            |id| Some(&graph.arms[id as usize].near),
            |id, _| visit(id),
        );
    }
}

/// Refines the seeds of `graph` until every node of a class has the same capacity to each class.
///
/// Links have one capacity for both directions, so that what goes out and what comes in are one
/// condition. Every class is queued at first; after a split all parts but the one with the most
/// blocks are. Splitters are counted from a snapshot, before anything splits. A refinement that
/// looks at more than `budget` blocks is given up.
pub fn refine(graph: &Symbolic, budget: u64, monitor: &dyn Monitor) -> Result<Refined> {
    let mut partition = Partition::new(graph.num_groups);
    for seed in &graph.seeds {
        partition.add_class(seed.group, seed.terminal, seed.blocks.iter().cloned());
    }
    if partition.num_blocks() as u64 > budget {
        return Ok(Refined::TooFine);
    }
    let mut arms = Arms::new(graph);
    let mut queue: VecDeque<u32> = (0..partition.classes.len() as u32).collect();
    let mut queued = vec![true; partition.classes.len()];
    let mut given: Vec<Vec<Weighted>> = (0..graph.num_groups).map(|_| Vec::new()).collect();
    let mut hits: Vec<Hit> = Vec::new();
    let mut parts = Parts::default();
    while let Some(splitter) = queue.pop_front() {
        monitor.poll()?;
        queued[splitter as usize] = false;
        let group = partition.classes[splitter as usize].group;
        for block in partition.blocks_of(splitter) {
            arms.ending_in(graph, group, block, |id| {
                let arm = &graph.arms[id as usize];
                arm.given_by(block, |weighted| given[arm.near_group].push(weighted));
            });
        }
        for (group, given) in given.iter_mut().enumerate() {
            if given.is_empty() {
                continue;
            }
            hits.clear();
            for (place, weighted) in given.iter().enumerate() {
                partition.meeting(group, &weighted.block, |block, class, _| {
                    hits.push(Hit {
                        class,
                        block,
                        given: place as u32,
                    });
                });
            }
            hits.retain(|hit| partition.classes[hit.class as usize].size > 1);
            hits.sort_unstable();
            for hits in hits.chunk_by(|a, b| a.class == b.class) {
                let class = hits[0].class;
                if !parts.cut(&partition, class, hits, given) {
                    continue;
                }
                let was_queued = queued[class as usize];
                let ids = parts.commit(&mut partition, class);
                queued.resize(partition.classes.len(), false);
                let largest = ids.iter().copied().max_by_key(|id| {
                    let class = &partition.classes[*id as usize];
                    (class.blocks.len(), class.size, std::cmp::Reverse(*id))
                });
                for id in ids {
                    let spared = !was_queued && Some(id) == largest;
                    if !spared && !queued[id as usize] {
                        queued[id as usize] = true;
                        queue.push_back(id);
                    }
                }
            }
            given.clear();
        }
        if partition.looked_at() > budget {
            return Ok(Refined::TooFine);
        }
    }
    Ok(Refined::Done(partition))
}

/// A given block that meets a block of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    class: u32,
    block: u32,
    given: u32,
}

/// Whole blocks, and pieces of cut ones.
type PartBlocks = (Vec<u32>, Vec<Block>);

/// The parts of one class under one splitter, tried out before anything is changed.
#[derive(Default)]
struct Parts {
    /// By weight: whole blocks, and pieces of cut ones.
    by_weight: FxHashMap<i128, PartBlocks>,
    cut: Vec<u32>,
    untouched: bool,
    pieces: Vec<Piece>,
}

impl Parts {
    /// Works out the parts; false if the class does not split.
    fn cut(&mut self, partition: &Partition, class: u32, hits: &[Hit], given: &[Weighted]) -> bool {
        if is_even(partition, class, hits, given) {
            return false;
        }
        self.by_weight.clear();
        self.cut.clear();
        let mut touched = 0;
        for hits in hits.chunk_by(|a, b| a.block == b.block) {
            touched += 1;
            let id = hits[0].block;
            let block = partition.block(id);
            let over: Vec<&Weighted> = hits.iter().map(|hit| &given[hit.given as usize]).collect();
            self.pieces.clear();
            divide(block, &over, &mut self.pieces);
            if let [whole] = self.pieces.as_slice() {
                self.by_weight.entry(whole.weight).or_default().0.push(id);
                continue;
            }
            self.cut.push(id);
            for piece in self.pieces.drain(..) {
                self.by_weight
                    .entry(piece.weight)
                    .or_default()
                    .1
                    .push(piece.block);
            }
        }
        self.untouched = touched < partition.classes[class as usize].blocks.len();
        let mut others = self.by_weight.len();
        if self.untouched && !self.by_weight.contains_key(&0) {
            others += 1;
        }
        others > 1
    }

    /// Splits the class; returns the ids of its parts. The part that keeps the id is the one with
    /// untouched blocks, else the one with the most.
    fn commit(&mut self, partition: &mut Partition, class: u32) -> Vec<u32> {
        for id in self.cut.drain(..) {
            partition.remove_block(id);
        }
        let mut parts: Vec<(i128, PartBlocks)> = self.by_weight.drain().collect();
        parts.sort_unstable_by_key(|part| part.0);
        let keeper = if self.untouched {
            0
        } else {
            let size = |part: &PartBlocks| part.0.len() + part.1.len();
            parts
                .iter()
                .max_by_key(|(weight, part)| (size(part), *weight))
                .map_or(0, |part| part.0)
        };
        let mut ids = vec![class];
        let (group, terminal) = {
            let class = &partition.classes[class as usize];
            (class.group, class.terminal)
        };
        for (weight, (whole, pieces)) in parts {
            let id = if weight == keeper {
                class
            } else {
                let id = partition.add_class(group, terminal, Vec::new());
                ids.push(id);
                for block in whole {
                    partition.move_block(block, id);
                }
                id
            };
            for piece in merged(pieces) {
                partition.add_block(id, piece);
            }
        }
        ids
    }
}

/// Whether all nodes of a class get the same by a look at whole blocks alone: what most classes do
/// under most splitters.
fn is_even(partition: &Partition, class: u32, hits: &[Hit], given: &[Weighted]) -> bool {
    let mut common = None;
    let mut touched = 0;
    for hits in hits.chunk_by(|a, b| a.block == b.block) {
        let block = partition.block(hits[0].block);
        let mut sum = 0;
        for hit in hits {
            let weighted = &given[hit.given as usize];
            if !block.is_subset(&weighted.block) {
                return false;
            }
            sum += weighted.weight;
        }
        if *common.get_or_insert(sum) != sum {
            return false;
        }
        touched += 1;
    }
    common == Some(0) || touched == partition.classes[class as usize].blocks.len()
}

/// Pieces joined where two make a block again: fewer blocks, the same nodes.
fn merged(mut pieces: Vec<Block>) -> Vec<Block> {
    if pieces.len() > 64 {
        return pieces;
    }
    let mut place = 0;
    while place < pieces.len() {
        let found =
            (0..place).find_map(|other| Some((other, pieces[other].merged(&pieces[place])?)));
        match found {
            Some((other, whole)) => {
                pieces[other] = whole;
                pieces.swap_remove(place);
                place = other;
            }
            None => place += 1,
        }
    }
    pieces
}
