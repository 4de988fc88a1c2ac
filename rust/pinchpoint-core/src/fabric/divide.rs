//! Cutting a block where a sum of weighted blocks changes its value.

use std::collections::BTreeMap;

use super::block::Block;
use super::subset::Subset;

/// A weighted block of nodes: what one piece of a splitter gives to each of them.
#[derive(Debug, Clone)]
pub struct Weighted {
    pub block: Block,
    pub weight: i128,
}

/// A part of a block on which the sum is constant.
#[derive(Debug, Clone)]
pub struct Piece {
    pub block: Block,
    pub weight: i128,
}

/// Appends to `out` a division of `block` into pieces on each of which the summed weight of the
/// `given` blocks is constant.
///
/// Works axis by axis, on the boundaries of the given blocks only: `k` blocks cost `O(k log k)` per
/// axis and piece, whatever their size. Values with the same blocks over them stay in one piece.
pub fn divide(block: &Block, given: &[&Weighted], out: &mut Vec<Piece>) {
    let mut sum = 0;
    let mut open: Vec<Open<'_>> = Vec::new();
    for weighted in given {
        let axes = block.axes().iter().zip(weighted.block.axes());
        match axes
            .clone()
            .rposition(|(own, theirs)| !own.is_subset(theirs))
        {
            None => sum += weighted.weight,
            Some(last) => {
                if axes.clone().all(|(own, theirs)| own.intersects(theirs)) {
                    open.push(Open { weighted, last });
                }
            }
        }
    }
    let [Open { weighted, .. }] = open.as_slice() else {
        return divide_from(block.clone(), 0, sum, &open, out);
    };
    let mut outside = Vec::with_capacity(block.axes().len());
    block.minus_into(&weighted.block, &mut outside);
    let outside = outside.into_iter();
    out.extend(outside.map(|block| Piece { block, weight: sum }));
    out.extend(block.intersect(&weighted.block).map(|block| Piece {
        block,
        weight: sum + weighted.weight,
    }));
}

/// A given block that does not cover the whole block at hand.
#[derive(Debug, Clone, Copy)]
struct Open<'a> {
    weighted: &'a Weighted,
    /// The last axis on which it does not: past it, it counts as a plain number.
    last: usize,
}

/// What lies over a run of values: the blocks that narrow on later axes, and the plain sum.
type Cover = (Vec<usize>, i128);

fn divide_from(block: Block, axis: usize, sum: i128, open: &[Open<'_>], out: &mut Vec<Piece>) {
    if open.is_empty() {
        out.push(Piece { block, weight: sum });
        return;
    }
    let own = block.axis(axis).clone();
    // What covers this axis goes on as it is; the rest opens and closes along the axis.
    let mut through: Vec<Open<'_>> = Vec::new();
    let mut events: Vec<(u32, Event)> = Vec::new();
    for (place, entry) in open.iter().enumerate() {
        let theirs = entry.weighted.block.axis(axis);
        if entry.last > axis && own.is_subset(theirs) {
            through.push(*entry);
            continue;
        }
        for (low, high) in own.intersect(theirs).iter_runs() {
            let (start, end) = if entry.last == axis {
                (
                    Event::Add(entry.weighted.weight),
                    Event::Add(-entry.weighted.weight),
                )
            } else {
                (Event::Open(place), Event::Close(place))
            };
            events.push((low, start));
            events.push((high, end));
        }
    }
    if events.is_empty() {
        divide_from(block, axis + 1, sum, &through, out);
        return;
    }
    events.sort_unstable_by_key(|event| event.0);
    let mut parts: BTreeMap<Cover, Vec<(u32, u32)>> = BTreeMap::new();
    let (mut active, mut extra) = (Vec::new(), 0i128);
    let mut next = 0;
    for (mut low, high) in own.iter_runs() {
        while low < high {
            while next < events.len() && events[next].0 <= low {
                match events[next].1 {
                    Event::Add(weight) => extra += weight,
                    Event::Open(place) => active.push(place),
                    Event::Close(place) => active.retain(|other| *other != place),
                }
                next += 1;
            }
            let until = events.get(next).map_or(high, |event| event.0.min(high));
            active.sort_unstable();
            parts
                .entry((active.clone(), extra))
                .or_default()
                .push((low, until));
            low = until;
        }
    }
    // As deep as there are axes, and those are bounded when a fabric is built.
    for ((active, extra), runs) in parts {
        let part = block.with_axis(axis, Subset::from_runs(runs));
        let mut rest = through.clone();
        rest.extend(active.into_iter().map(|place| open[place]));
        divide_from(part, axis + 1, sum + extra, &rest, out);
    }
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// The sum changes by this much.
    Add(i128),
    /// A block that narrows on later axes begins or ends.
    Open(usize),
    Close(usize),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn block() -> impl Strategy<Value = Block> {
        let axis = || prop::collection::btree_set(0u32..5, 1..5).prop_map(Subset::from_values);
        (axis(), axis(), axis()).prop_map(|(a, b, c)| Block::new([a, b, c]))
    }

    proptest! {
        #[test]
        fn pieces_tile_the_block_and_carry_the_sum(
            whole in block(),
            given in prop::collection::vec((block(), -3i128..4), 0..8),
        ) {
            let given: Vec<Weighted> =
                given.into_iter().map(|(block, weight)| Weighted { block, weight }).collect();
            let mut pieces = Vec::new();
            divide(&whole, &given.iter().collect::<Vec<_>>(), &mut pieces);
            let mut found: BTreeMap<Vec<u32>, i128> = BTreeMap::new();
            for piece in &pieces {
                piece.block.for_each_point(|point| {
                    assert!(found.insert(point.to_vec(), piece.weight).is_none());
                });
            }
            let mut wanted = BTreeMap::new();
            whole.for_each_point(|point| {
                let over = given.iter().filter(|weighted| weighted.block.contains(point));
                wanted.insert(point.to_vec(), over.map(|weighted| weighted.weight).sum::<i128>());
            });
            prop_assert_eq!(found, wanted);
        }
    }
}
