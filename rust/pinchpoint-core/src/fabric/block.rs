//! Boxes: products of one [`Subset`] per coordinate, and unions of disjoint boxes.

use super::divide::{Weighted, divide};
use super::index::BlockIndex;
use super::subset::Subset;

/// A product of one subset per coordinate: a block of nodes of one group, or of links of one bundle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Block(Box<[Subset]>);

impl Block {
    /// The product of `axes`.
    pub fn new(axes: impl IntoIterator<Item = Subset>) -> Self {
        Block(axes.into_iter().collect())
    }

    /// The whole space of coordinates of these sizes.
    pub fn full(sizes: impl IntoIterator<Item = u32>) -> Self {
        Self::new(sizes.into_iter().map(Subset::full))
    }

    /// One point.
    pub fn point(values: &[u32]) -> Self {
        Self::new(values.iter().map(|value| Subset::single(*value)))
    }

    /// One subset per coordinate.
    pub fn axes(&self) -> &[Subset] {
        &self.0
    }

    /// The subset of one coordinate.
    pub fn axis(&self, axis: usize) -> &Subset {
        &self.0[axis]
    }

    /// The same block with one coordinate replaced.
    pub fn with_axis(&self, axis: usize, subset: Subset) -> Self {
        let mut axes = self.0.clone();
        axes[axis] = subset;
        Block(axes)
    }

    /// Keeps of one coordinate what is in `subset` too.
    pub fn narrow(&mut self, axis: usize, subset: &Subset) {
        self.0[axis] = self.0[axis].intersect(subset);
    }

    /// Number of points.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|axis| u64::from(axis.len())).product()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.0.iter().any(Subset::is_empty)
    }

    /// Whether the two blocks share a point.
    pub fn intersects(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a.intersects(b))
    }

    /// The points in both, if any.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let mut axes = Vec::with_capacity(self.0.len());
        for (a, b) in self.0.iter().zip(&other.0) {
            let both = a.intersect(b);
            if both.is_empty() {
                return None;
            }
            axes.push(both);
        }
        Some(Block::new(axes))
    }

    /// Number of points in both.
    pub fn common_len(&self, other: &Self) -> u64 {
        let axes = self.0.iter().zip(&other.0);
        axes.map(|(a, b)| u64::from(a.common_len(b))).product()
    }

    /// Whether every point of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a.is_subset(b))
    }

    /// Whether `point` is in the block.
    pub fn contains(&self, point: &[u32]) -> bool {
        self.0.iter().zip(point).all(|(axis, v)| axis.contains(*v))
    }

    /// The point with the smallest coordinates.
    pub fn first(&self) -> Option<Vec<u32>> {
        self.0.iter().map(Subset::first).collect()
    }

    /// Appends `self` minus `other` to `out`, as disjoint blocks, one at most per coordinate.
    pub fn minus_into(&self, other: &Self, out: &mut Vec<Self>) {
        if !self.intersects(other) {
            out.push(self.clone());
            return;
        }
        let mut rest = self.clone();
        for axis in 0..self.0.len() {
            let outside = rest.0[axis].minus(&other.0[axis]);
            if !outside.is_empty() {
                out.push(rest.with_axis(axis, outside));
                rest.narrow(axis, &other.0[axis]);
            }
        }
    }

    /// The union with `other`, if that is a block again (equal but for one coordinate).
    pub fn merged(&self, other: &Self) -> Option<Self> {
        let mut differing = None;
        for axis in 0..self.0.len() {
            if self.0[axis] != other.0[axis] {
                if differing.is_some() {
                    return None;
                }
                differing = Some(axis);
            }
        }
        let axis = differing?;
        Some(self.with_axis(axis, self.0[axis].union(&other.0[axis])))
    }

    /// Visits every point in row-major order. Work and time are those of enumerating.
    pub fn for_each_point(&self, mut visit: impl FnMut(&[u32])) {
        if self.is_empty() {
            return;
        }
        let values: Vec<Vec<u32>> = self.0.iter().map(|axis| axis.values().collect()).collect();
        let mut index = vec![0usize; values.len()];
        let mut point: Vec<u32> = values.iter().map(|axis| axis[0]).collect();
        loop {
            visit(&point);
            let mut axis = values.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                index[axis] += 1;
                if index[axis] < values[axis].len() {
                    point[axis] = values[axis][index[axis]];
                    break;
                }
                index[axis] = 0;
                point[axis] = values[axis][0];
            }
        }
    }
}

/// Total number of points of disjoint blocks.
pub fn total_len(blocks: &[Block]) -> u64 {
    blocks.iter().map(Block::len).sum()
}

/// The smallest block around some blocks, if there are any.
pub fn hull<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Option<Block> {
    let mut blocks = blocks.into_iter();
    let mut around = blocks.next()?.clone();
    for block in blocks {
        for (axis, own) in around.0.iter_mut().zip(block.axes()) {
            if !own.is_subset(axis) {
                *axis = axis.union(own);
            }
        }
    }
    Some(around)
}

/// Below this many pairs, comparing each with each beats building an index.
const FEW_PAIRS: usize = 256;
/// A block is cut by this many others one after the other; by more, in one sweep.
const FEW_CUTS: usize = 8;

/// The places in `others` of the blocks that meet each of `blocks`, in increasing order.
pub(super) fn for_each_meeting(
    blocks: &[Block],
    others: &[Block],
    mut visit: impl FnMut(usize, &[usize]),
) {
    let mut meeting = Vec::new();
    let few = blocks.len() * others.len() <= FEW_PAIRS;
    let mut index = BlockIndex::default();
    if !few {
        others
            .iter()
            .enumerate()
            .for_each(|(id, other)| index.insert(id as u32, other));
    }
    for (place, block) in blocks.iter().enumerate() {
        meeting.clear();
        if few {
            meeting.extend((0..others.len()).filter(|id| others[*id].intersects(block)));
        } else {
            let add = |id: u32, other: &Block| {
                if other.intersects(block) {
                    meeting.push(id as usize);
                }
            };
            index.candidates(block, |id| Some(&others[id as usize]), add);
            meeting.sort_unstable();
        }
        visit(place, &meeting);
    }
}

/// `block` minus those of `cuts` listed in `which`.
fn cut_up(block: &Block, cuts: &[Block], which: &[usize], out: &mut Vec<Block>) {
    match which {
        [] => out.push(block.clone()),
        [only] => block.minus_into(&cuts[*only], out),
        few if few.len() <= FEW_CUTS => {
            let mut rest = vec![block.clone()];
            for cut in few {
                let mut next = Vec::new();
                rest.iter()
                    .for_each(|part| part.minus_into(&cuts[*cut], &mut next));
                rest = next;
            }
            out.append(&mut rest);
        }
        many => {
            let weighted = |cut: &usize| Weighted {
                block: cuts[*cut].clone(),
                weight: 1,
            };
            let given: Vec<Weighted> = many.iter().map(weighted).collect();
            let mut pieces = Vec::new();
            divide(block, &given.iter().collect::<Vec<_>>(), &mut pieces);
            let outside = pieces.into_iter().filter(|piece| piece.weight == 0);
            out.extend(outside.map(|piece| piece.block));
        }
    }
}

/// `blocks` minus `cuts`; disjoint blocks stay disjoint.
pub fn subtract(blocks: &[Block], cuts: &[Block]) -> Vec<Block> {
    if cuts.is_empty() {
        return blocks.to_vec();
    }
    let mut rest = Vec::new();
    for_each_meeting(blocks, cuts, |place, which| {
        cut_up(&blocks[place], cuts, which, &mut rest);
    });
    rest
}

/// Number of points in both unions of disjoint blocks.
pub fn common_len(a: &[Block], b: &[Block]) -> u64 {
    let mut count = 0;
    if a.is_empty() || b.is_empty() {
        return count;
    }
    for_each_meeting(a, b, |place, which| {
        let others = which.iter().map(|other| a[place].common_len(&b[*other]));
        count += others.sum::<u64>();
    });
    count
}

/// The points in both unions.
pub fn intersection(a: &[Block], b: &[Block]) -> Vec<Block> {
    let mut out = Vec::new();
    if a.is_empty() || b.is_empty() {
        return out;
    }
    for_each_meeting(a, b, |place, which| {
        out.extend(
            which
                .iter()
                .filter_map(|other| a[place].intersect(&b[*other])),
        );
    });
    out
}

/// The union of any blocks as disjoint ones.
pub fn disjoint_union(blocks: impl IntoIterator<Item = Block>) -> Vec<Block> {
    let mut union: Vec<Block> = Vec::new();
    let mut index = BlockIndex::default();
    for block in blocks {
        if block.is_empty() {
            continue;
        }
        let mut meeting = Vec::new();
        let note = |id: u32, other: &Block| {
            if other.intersects(&block) {
                meeting.push(id as usize);
            }
        };
        index.candidates(&block, |id| union.get(id as usize), note);
        meeting.sort_unstable();
        let first = union.len();
        let mut fresh = Vec::new();
        cut_up(&block, &union, &meeting, &mut fresh);
        union.append(&mut fresh);
        for (id, block) in union.iter().enumerate().skip(first) {
            index.insert(id as u32, block);
        }
    }
    union
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn block() -> impl Strategy<Value = Block> {
        let axis = || prop::collection::btree_set(0u32..4, 1..4).prop_map(Subset::from_values);
        (axis(), axis(), axis()).prop_map(|(a, b, c)| Block::new([a, b, c]))
    }

    fn points(blocks: &[Block]) -> Vec<Vec<u32>> {
        let mut out = Vec::new();
        for block in blocks {
            block.for_each_point(|point| out.push(point.to_vec()));
        }
        out
    }

    fn set(blocks: &[Block]) -> BTreeSet<Vec<u32>> {
        points(blocks).into_iter().collect()
    }

    proptest! {
        #[test]
        fn unions_of_blocks_are_sets_of_points(
            a in prop::collection::vec(block(), 0..4),
            b in prop::collection::vec(block(), 0..4),
        ) {
            let (x, y) = (disjoint_union(a.clone()), disjoint_union(b.clone()));
            prop_assert_eq!(points(&x).len(), set(&a).len(), "disjoint");
            prop_assert_eq!(total_len(&x) as usize, set(&a).len());
            prop_assert_eq!(set(&x), set(&a));
            let rest = subtract(&x, &y);
            prop_assert_eq!(points(&rest).len(), set(&rest).len());
            prop_assert_eq!(set(&rest), set(&a).difference(&set(&b)).cloned().collect::<BTreeSet<_>>());
            prop_assert_eq!(common_len(&x, &y), total_len(&intersection(&x, &y)));
            let both = intersection(&x, &y);
            prop_assert_eq!(points(&both).len(), set(&both).len());
            prop_assert_eq!(set(&both), set(&a).intersection(&set(&b)).cloned().collect::<BTreeSet<_>>());
        }

        #[test]
        fn merging_keeps_the_points(a in block(), b in block()) {
            if let Some(both) = a.merged(&b) {
                prop_assert_eq!(set(&[both]), set(&[a, b]));
            }
        }
    }
}
