//! Whether every node of a class has the same capacity to another class, and the other way round.

use std::collections::HashSet;

use super::buckets::Buckets;
use super::refuse;
use crate::bandwidth::{ClassFlow, FlowClass, Witness};
use crate::error::Result;
use crate::fabric::{Block, Bundle, Fabric, hull};

/// For each class, the changed link blocks that end in it: (bundle, place of the change, at end a).
pub(super) struct Changes {
    of_class: Vec<HashSet<(usize, usize)>>,
}

impl Changes {
    pub(super) fn new(fabric: &Fabric, classes: &[FlowClass]) -> Self {
        let layout = fabric.layout();
        let mut of_class = vec![HashSet::new(); classes.len()];
        if fabric.state().overrides.iter().all(Vec::is_empty) {
            return Changes { of_class };
        }
        let mut owners: Vec<Vec<usize>> = vec![Vec::new(); layout.groups.len()];
        let mut blocks: Vec<Vec<&Block>> = vec![Vec::new(); layout.groups.len()];
        for (place, class) in classes.iter().enumerate() {
            blocks[class.group].extend(&class.blocks);
            owners[class.group].resize(blocks[class.group].len(), place);
        }
        let buckets: Vec<Buckets> = blocks.iter().map(|blocks| Buckets::new(blocks)).collect();
        let around: Vec<Option<Block>> = blocks
            .iter()
            .map(|blocks| hull(blocks.iter().copied()))
            .collect();
        for (index, bundle) in layout.bundles.iter().enumerate() {
            let (Some(a), Some(b)) = (&around[bundle.a], &around[bundle.b]) else {
                continue;
            };
            for (place, change) in fabric.state().overrides[index].iter().enumerate() {
                if !bundle.may_join(&change.links, a, b) {
                    continue;
                }
                let mut note = |group: usize, end: Block| {
                    buckets[group].meeting(&end, |block| {
                        if blocks[group][block].intersects(&end) {
                            of_class[owners[group][block]].insert((index, place));
                        }
                    });
                };
                note(
                    bundle.a,
                    bundle.a_end(&change.links, &layout.groups[bundle.a]),
                );
                note(
                    bundle.b,
                    bundle.b_end(&change.links, &layout.groups[bundle.a]),
                );
            }
        }
        Changes { of_class }
    }

    /// Changes at both classes.
    fn between(&self, one: usize, other: usize) -> impl Iterator<Item = &(usize, usize)> {
        let (few, many) = (&self.of_class[one], &self.of_class[other]);
        let (few, many) = if few.len() <= many.len() {
            (few, many)
        } else {
            (many, few)
        };
        few.iter().filter(|change| many.contains(change))
    }
}

/// Every node of the tail has the same capacity to the head class, every node of the head the same
/// from the tail class, and both add up to what the flow states.
pub(super) fn biregular(
    fabric: &Fabric,
    witness: &Witness,
    changes: &Changes,
    flow: &ClassFlow,
) -> Result<()> {
    for (one, other) in [(flow.tail, flow.head), (flow.head, flow.tail)] {
        let (near, far) = (&witness.classes[one], &witness.classes[other]);
        let size = i128::from(near.size);
        if flow.capacity % size != 0 {
            return refuse("a class pair's capacity does not divide among its nodes");
        }
        let each = flow.capacity / size;
        for block in &near.blocks {
            let mut given: Vec<(Block, i128)> = Vec::new();
            for bundle in &fabric.layout().bundles {
                for links in &bundle.links {
                    give(
                        fabric,
                        bundle,
                        links,
                        bundle.capacity.into(),
                        (near.group, block),
                        far,
                        &mut given,
                    );
                }
            }
            for (index, place) in changes.between(one, other) {
                let bundle = &fabric.layout().bundles[*index];
                let change = &fabric.state().overrides[*index][*place];
                let more = i128::from(change.capacity) - i128::from(bundle.capacity);
                give(
                    fabric,
                    bundle,
                    &change.links,
                    more,
                    (near.group, block),
                    far,
                    &mut given,
                );
            }
            if !constant(block, &given, each) {
                return refuse(format!(
                    "nodes of group {:?} that should be alike differ in capacity to a class",
                    fabric.layout().groups[near.group].name
                ));
            }
        }
    }
    Ok(())
}

/// Adds what the links of a block give to the nodes of `near`: parts of it, each with the capacity
/// that every node there has to the class `far`.
fn give(
    fabric: &Fabric,
    bundle: &Bundle,
    links: &Block,
    per_cable: i128,
    (group, near): (usize, &Block),
    far: &FlowClass,
    given: &mut Vec<(Block, i128)>,
) {
    let group_a = &fabric.layout().groups[bundle.a];
    for other in &far.blocks {
        if bundle.a == group
            && bundle.b == far.group
            && let Some(part) = bundle
                .product(near, other)
                .and_then(|part| part.intersect(links))
        {
            let end = bundle.a_end(&part, group_a);
            let cables = i128::from(part.len() / end.len());
            given.push((end, per_cable * cables));
        }
        // Pairs within a group stand in the block both ways already.
        if bundle.b == group
            && bundle.a == far.group
            && !bundle.is_within()
            && let Some(part) = bundle
                .product(other, near)
                .and_then(|part| part.intersect(links))
        {
            let end = bundle.b_end(&part, group_a);
            let cables = i128::from(part.len() / end.len());
            given.push((end, per_cable * cables));
        }
    }
}

/// Whether weighted parts of a block add up to `each` at every node of it.
///
/// A function on the block is the constant k if and only if its mean is k and the mean of its
/// square is k squared. Both follow from the sizes of parts and of their pairwise overlaps.
fn constant(block: &Block, given: &[(Block, i128)], each: i128) -> bool {
    let size = i128::from(block.len());
    let mean: i128 = given
        .iter()
        .map(|(part, weight)| weight * i128::from(part.len()))
        .sum();
    if mean != each * size {
        return false;
    }
    if given.iter().all(|(part, _)| part.len() == block.len()) {
        return true;
    }
    let parts: Vec<&Block> = given.iter().map(|(part, _)| part).collect();
    let buckets = Buckets::new(&parts);
    // Squares are formed in a common unit, modulo 2^128. Floats, whose error is far below 2^127 up to
    // sums of 2^160, show that the two differ by less than that modulus.
    let unit = given
        .iter()
        .fold(each, |unit, (_, weight)| gcd(unit, *weight))
        .max(1);
    let product = |nodes: u64, a: i128, b: i128| {
        let (a, b) = (a / unit, b / unit);
        let exact = i128::from(nodes).wrapping_mul(a).wrapping_mul(b);
        (exact, nodes as f64 * a as f64 * b as f64)
    };
    let (wanted, about) = product(block.len(), each, each);
    let (mut square, mut sum, mut magnitude) = (0i128, 0.0f64, about.abs());
    for (part, weight) in given {
        buckets.meeting(part, |other| {
            let nodes = part.common_len(parts[other]);
            let (exact, about) = product(nodes, *weight, given[other].1);
            square = square.wrapping_add(exact);
            sum += about;
            magnitude += about.abs();
        });
    }
    let modulus = 2f64.powi(128);
    square == wanted && magnitude < modulus * 2f64.powi(32) && (sum - about).abs() < modulus / 4.0
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_capacities_are_compared_exactly() {
        let whole = Block::full([1 << 20]);
        let halves = [0, 1].map(|half| {
            let values = crate::fabric::Subset::range(half << 19, (half + 1) << 19);
            whole.with_axis(0, values)
        });
        let large = (1i128 << 61) - 1;
        let weighted = |more: i128| {
            vec![
                (halves[0].clone(), large + more),
                (halves[1].clone(), large - more),
            ]
        };
        assert!(constant(&whole, &weighted(0), large));
        for more in [1, 2, 1 << 54, 1 << 55, large - 1] {
            assert!(!constant(&whole, &weighted(more), large), "off by {more}");
        }
    }
}
