//! What crosses a cut, counted on blocks.

use std::borrow::Cow;

use super::buckets::Buckets;
use super::structured::{all_live, own_traffic_only};
use crate::bandwidth::{Ends, Side};
use crate::fabric::{Block, Bundle, Fabric, common_len, hull, intersection, total_len};

/// What crosses a cut within one bundle, or through the nodes of one group that have a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    pub through: Through,
    /// Links with capacity, or nodes.
    pub count: u64,
    /// In the fabric's units.
    pub capacity: i128,
}

/// What a [`Crossing`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through {
    /// Links of a bundle.
    Bundle(usize),
    /// Nodes of a group.
    Group(usize),
}

/// Up to this many pairs of blocks are counted one by one.
const FEW_PAIRS: usize = 64;

/// Links that have one capacity per cable: as built, or what a change adds to that.
struct Portion<'a> {
    links: &'a Block,
    capacity: i128,
    /// Cables gained or lost, per cable of the block.
    cables: i128,
}

fn portions<'a>(fabric: &'a Fabric, index: usize) -> impl Iterator<Item = Portion<'a>> {
    let bundle = &fabric.layout().bundles[index];
    let built = bundle.links.iter().map(|links| Portion {
        links,
        capacity: i128::from(bundle.capacity),
        cables: 1,
    });
    let changes = fabric.state().overrides[index]
        .iter()
        .map(|change| Portion {
            links: &change.links,
            capacity: i128::from(change.capacity) - i128::from(bundle.capacity),
            cables: if change.capacity > 0 { 0 } else { -1 },
        });
    built.chain(changes)
}

/// What crosses one side of a cut, from the source side to the sink side.
pub fn crossing(fabric: &Fabric, ends: &Ends, side: &Side) -> Vec<Crossing> {
    crossing_among(fabric, ends, &all_live(fabric, ends), side)
}

/// The same, given the nodes that take part, by group.
pub(super) fn crossing_among(
    fabric: &Fabric,
    ends: &Ends,
    live: &[Vec<Block>],
    side: &Side,
) -> Vec<Crossing> {
    let layout = fabric.layout();
    let mut rows = Vec::new();
    let groups = live.iter().enumerate();
    let groups: Vec<Standing> = groups
        .map(|(group, live)| Standing::new(live, side, group))
        .collect();
    for (index, bundle) in layout.bundles.iter().enumerate() {
        let usable = |group: usize, other: usize| {
            let own_only = own_traffic_only(fabric, ends, group, other);
            own_only.then(|| groups[group].of_terminals(ends, group))
        };
        let own = [usable(bundle.a, bundle.b), usable(bundle.b, bundle.a)];
        let a = own[0].as_ref().unwrap_or(&groups[bundle.a]);
        let b = own[1].as_ref().unwrap_or(&groups[bundle.b]);
        // What crosses leaves the source side, and enters the sink side.
        let crossed = |nodes: &Standing| match side.of_source {
            true => nodes.leaves.hull.is_some(),
            false => nodes.enters.hull.is_some(),
        };
        if !crossed(a) && !crossed(b) {
            continue;
        }
        let (mut cables, mut capacity) = (0i128, 0i128);
        for portion in portions(fabric, index) {
            let pairs = |a: &Nodes, b: &Nodes| pairs(fabric, bundle, portion.links, a, b);
            let mut count = if side.of_source {
                pairs(&a.leaves, &b.all) - pairs(&a.leaves, &b.enters)
            } else {
                pairs(&a.all, &b.enters) - pairs(&a.leaves, &b.enters)
            };
            // Pairs within a group stand in the block both ways already.
            if !bundle.is_within() {
                count += if side.of_source {
                    pairs(&a.all, &b.leaves) - pairs(&a.enters, &b.leaves)
                } else {
                    pairs(&a.enters, &b.all) - pairs(&a.enters, &b.leaves)
                };
            }
            cables += count * portion.cables;
            capacity += count * portion.capacity;
        }
        if capacity != 0 {
            rows.push(Crossing {
                through: Through::Bundle(index),
                count: cables as u64,
                capacity,
            });
        }
    }
    for (index, group) in layout.groups.iter().enumerate() {
        let Some(limit) = group.capacity else {
            continue;
        };
        let (enters, leaves) = (&side.enters[index], &side.leaves[index]);
        let whole = if side.of_source { enters } else { leaves };
        let count = total_len(whole) - common_len(enters, leaves);
        if count > 0 && limit > 0 {
            rows.push(Crossing {
                through: Through::Group(index),
                count,
                capacity: i128::from(count) * i128::from(limit),
            });
        }
    }
    rows
}

/// The nodes of one group that take part, and those that are entered or left on a side of a cut.
struct Standing<'a> {
    all: Nodes<'a>,
    enters: Nodes<'a>,
    leaves: Nodes<'a>,
}

impl<'a> Standing<'a> {
    fn new(live: &'a [Block], side: &'a Side, group: usize) -> Self {
        Standing {
            all: Nodes::new(Cow::Borrowed(live)),
            enters: Nodes::new(Cow::Borrowed(&side.enters[group])),
            leaves: Nodes::new(Cow::Borrowed(&side.leaves[group])),
        }
    }

    /// Sources and sinks among them.
    fn of_terminals(&self, ends: &Ends, group: usize) -> Standing<'static> {
        let own = [&ends.sources[group][..], &ends.sinks[group][..]].concat();
        let part = |nodes: &Nodes| Nodes::new(Cow::Owned(intersection(&nodes.blocks, &own)));
        Standing {
            all: part(&self.all),
            enters: part(&self.enters),
            leaves: part(&self.leaves),
        }
    }
}

/// Disjoint blocks of nodes of one group, and the smallest block around them.
struct Nodes<'a> {
    blocks: Cow<'a, [Block]>,
    hull: Option<Block>,
}

impl<'a> Nodes<'a> {
    fn new(blocks: Cow<'a, [Block]>) -> Self {
        let hull = hull(blocks.iter());
        Nodes { blocks, hull }
    }
}

/// Number of links (times cables) of a link block from nodes `a` to nodes `b`.
fn pairs(fabric: &Fabric, bundle: &Bundle, links: &Block, a: &Nodes, b: &Nodes) -> i128 {
    let (Some(hull_a), Some(hull_b)) = (&a.hull, &b.hull) else {
        return 0;
    };
    if !bundle.may_join(links, hull_a, hull_b) {
        return 0;
    }
    if a.blocks.len() * b.blocks.len() <= FEW_PAIRS {
        let from = a.blocks.iter().filter(|a| bundle.may_leave(links, a));
        let counts = from.flat_map(|a| b.blocks.iter().map(|b| bundle.count_between(links, a, b)));
        return counts.map(i128::from).sum();
    }
    let group_a = &fabric.layout().groups[bundle.a];
    let a_end = bundle.a_end(links, group_a);
    let b_end = bundle.b_end(links, group_a);
    let far: Vec<&Block> = b
        .blocks
        .iter()
        .filter(|block| block.intersects(&b_end))
        .collect();
    let mut count = 0i128;
    let mut buckets = None;
    for from in a.blocks.iter().filter(|block| block.intersects(&a_end)) {
        // The nodes that a block's links can end at bound the search.
        let Some(fan) = bundle
            .product(from, &b_end)
            .and_then(|fan| fan.intersect(links))
        else {
            continue;
        };
        let buckets = buckets.get_or_insert_with(|| Buckets::new(&far));
        buckets.meeting(&bundle.b_end(&fan, group_a), |to| {
            count += i128::from(bundle.count_between(links, from, far[to]));
        });
    }
    count
}
