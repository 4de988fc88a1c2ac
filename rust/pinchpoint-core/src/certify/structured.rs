//! Checks an answer on a structured fabric against the fabric itself.
//!
//! The flow proves a lower bound: every class pair that carries flow must be biregular, so that the
//! lifted flow keeps conservation and capacities node by node (theory 1). Each cut proves an upper
//! bound: its capacity is counted on blocks. Neither needs the rest of the partition, so nothing
//! about refinement is trusted. Capacities, live nodes and forwarding are derived here again from
//! bundles, changes and roles; only the algebra of blocks is common with the solver.

use std::collections::{HashMap, HashSet};

use crate::bandwidth::{ClassFlow, Ends, FlowClass, Relay, Side, Witness};
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::{Block, Bundle, Fabric, Role, hull, intersection, subtract, total_len};

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

fn refuse<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::new(ErrorKind::Certificate, message))
}

/// Accepts a witness only if it proves that the maximum flow is `value`.
pub fn check(fabric: &Fabric, ends: &Ends, witness: &Witness, value: i128) -> Result<()> {
    check_flow(fabric, ends, witness, value)?;
    for side in &witness.cuts {
        check_side(fabric, ends, side)?;
        let capacity: i128 = crossing(fabric, ends, side)
            .iter()
            .map(|row| row.capacity)
            .sum();
        if capacity != value {
            return refuse(format!(
                "a minimum cut has capacity {capacity}, the flow {value}"
            ));
        }
    }
    Ok(())
}

/// Nodes that are up and may carry traffic of the query at all.
pub(super) fn live(fabric: &Fabric, ends: &Ends, group: usize) -> Vec<Block> {
    let own: Vec<Block> = if ends.relays[group] == Relay::Never {
        [&ends.sources[group][..], &ends.sinks[group][..]].concat()
    } else {
        fabric.layout().groups[group].domain.clone()
    };
    subtract(&own, &fabric.state().removed[group])
}

/// Whether nodes of `group` use links to `other` for traffic of their own only.
pub(super) fn own_traffic_only(fabric: &Fabric, ends: &Ends, group: usize, other: usize) -> bool {
    ends.relays[group] == Relay::ScaleUp && fabric.layout().groups[other].role == Role::Nic
}

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
    let layout = fabric.layout();
    let mut rows = Vec::new();
    for (index, bundle) in layout.bundles.iter().enumerate() {
        let usable = |group: usize, other: usize, blocks: &[Block]| {
            if own_traffic_only(fabric, ends, group, other) {
                let own = [&ends.sources[group][..], &ends.sinks[group][..]].concat();
                Nodes::new(intersection(blocks, &own))
            } else {
                Nodes::new(blocks.to_vec())
            }
        };
        let (a, b) = (bundle.a, bundle.b);
        let all = [
            usable(a, b, &live(fabric, ends, a)),
            usable(b, a, &live(fabric, ends, b)),
        ];
        let enters = [usable(a, b, &side.enters[a]), usable(b, a, &side.enters[b])];
        let leaves = [usable(a, b, &side.leaves[a]), usable(b, a, &side.leaves[b])];
        let (mut cables, mut capacity) = (0i128, 0i128);
        for portion in portions(fabric, index) {
            let pairs = |a: &Nodes, b: &Nodes| pairs(fabric, bundle, portion.links, a, b);
            let mut count = if side.of_source {
                pairs(&leaves[0], &all[1]) - pairs(&leaves[0], &enters[1])
            } else {
                pairs(&all[0], &enters[1]) - pairs(&leaves[0], &enters[1])
            };
            // Pairs within a group stand in the block both ways already.
            if !bundle.is_within() {
                count += if side.of_source {
                    pairs(&all[0], &leaves[1]) - pairs(&enters[0], &leaves[1])
                } else {
                    pairs(&enters[0], &all[1]) - pairs(&enters[0], &leaves[1])
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
        let count = total_len(whole) - total_len(&intersection(enters, leaves));
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

/// Disjoint blocks of nodes of one group, and the smallest block around them.
struct Nodes {
    blocks: Vec<Block>,
    hull: Option<Block>,
}

impl Nodes {
    fn new(blocks: Vec<Block>) -> Self {
        let hull = hull(&blocks);
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
            let part = bundle
                .product(from, far[to])
                .and_then(|part| part.intersect(links));
            count += part.map_or(0, |part| i128::from(bundle.count(&part)));
        });
    }
    count
}

/// Blocks sorted by the axis on which most of them hold one value.
struct Buckets {
    axis: usize,
    single: HashMap<u32, Vec<usize>>,
    wide: Vec<usize>,
    len: usize,
}

impl Buckets {
    fn new(blocks: &[&Block]) -> Self {
        let axes = blocks.first().map_or(0, |block| block.axes().len());
        let singles = |axis: usize| {
            blocks
                .iter()
                .filter(|block| block.axis(axis).as_single().is_some())
                .count()
        };
        let axis = (0..axes).max_by_key(|axis| singles(*axis)).unwrap_or(0);
        let mut buckets = Buckets {
            axis,
            single: HashMap::new(),
            wide: Vec::new(),
            len: blocks.len(),
        };
        for (place, block) in blocks.iter().enumerate() {
            match block.axes().get(axis).and_then(|subset| subset.as_single()) {
                Some(value) => buckets.single.entry(value).or_default().push(place),
                None => buckets.wide.push(place),
            }
        }
        buckets
    }

    /// Visits a superset of the places whose blocks meet `target`.
    fn meeting(&self, target: &Block, mut visit: impl FnMut(usize)) {
        match target
            .axes()
            .get(self.axis)
            .and_then(|subset| subset.as_single())
        {
            Some(value) => {
                self.single
                    .get(&value)
                    .into_iter()
                    .flatten()
                    .for_each(|place| visit(*place));
                self.wide.iter().for_each(|place| visit(*place));
            }
            None => (0..self.len).for_each(visit),
        }
    }
}

/// Whether no two blocks share a node.
pub(super) fn disjoint(blocks: &[&Block]) -> bool {
    let buckets = Buckets::new(blocks);
    blocks.iter().enumerate().all(|(place, block)| {
        let mut alone = true;
        buckets.meeting(block, |other| {
            alone &= other >= place || !blocks[other].intersects(block)
        });
        alone
    })
}

fn check_side(fabric: &Fabric, ends: &Ends, side: &Side) -> Result<()> {
    for (index, group) in fabric.layout().groups.iter().enumerate() {
        let live = live(fabric, ends, index);
        for half in [&side.enters[index], &side.leaves[index]] {
            if !disjoint(&half.iter().collect::<Vec<_>>()) {
                return refuse(format!("a cut holds nodes of group {:?} twice", group.name));
            }
            if total_len(&intersection(half, &live)) != total_len(half) {
                return refuse(format!(
                    "a cut holds nodes of group {:?} that take no part",
                    group.name
                ));
            }
        }
        if group.capacity.is_none() && side.enters[index] != side.leaves[index] {
            return refuse(format!(
                "a cut goes through nodes of group {:?}, which have no limit",
                group.name
            ));
        }
        let (own, other) = if side.of_source {
            (&ends.sources[index], &ends.sinks[index])
        } else {
            (&ends.sinks[index], &ends.sources[index])
        };
        // What enters a source, and what leaves a sink, decides on which side it stands.
        let (near, far) = if side.of_source {
            (&side.enters[index], &side.leaves[index])
        } else {
            (&side.leaves[index], &side.enters[index])
        };
        let own = intersection(own, &live);
        if total_len(&intersection(near, &own)) != total_len(&own)
            || !intersection(far, other).is_empty()
        {
            return refuse(format!(
                "a cut does not part the sources from the sinks in group {:?}",
                group.name
            ));
        }
    }
    Ok(())
}

/// What a class of the witness is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Source,
    Sink,
    Inner,
}

fn check_flow(fabric: &Fabric, ends: &Ends, witness: &Witness, value: i128) -> Result<()> {
    let parts = check_classes(fabric, ends, &witness.classes)?;
    let layout = fabric.layout();
    let mut sent = vec![0i128; parts.len()];
    let mut received = vec![0i128; parts.len()];
    let mut seen = HashSet::new();
    let changes = Changes::new(fabric, &witness.classes);
    for flow in &witness.flows {
        let (tail, head) = (&witness.classes[flow.tail], &witness.classes[flow.head]);
        if flow.tail == flow.head || !seen.insert((flow.tail, flow.head)) {
            return refuse("two classes exchange flow twice, or a class with itself");
        }
        if flow.flow <= 0 || flow.flow > flow.capacity {
            return refuse(format!(
                "a flow of {} is not within its capacity {}",
                flow.flow, flow.capacity
            ));
        }
        if parts[flow.tail] == Part::Sink || parts[flow.head] == Part::Source {
            return refuse("a sink sends, or a source receives");
        }
        for (one, other, part) in [
            (tail, head, parts[flow.tail]),
            (head, tail, parts[flow.head]),
        ] {
            if part == Part::Inner && own_traffic_only(fabric, ends, one.group, other.group) {
                let name = &layout.groups[one.group].name;
                return refuse(format!("a node of group {name:?} relays to or from a NIC"));
            }
        }
        biregular(fabric, witness, &changes, flow)?;
        sent[flow.tail] += flow.flow;
        received[flow.head] += flow.flow;
    }
    let (mut out, mut into) = (0i128, 0i128);
    for (place, class) in witness.classes.iter().enumerate() {
        if parts[place] == Part::Inner && sent[place] != received[place] {
            return refuse("a class that only relays sends more or less than it receives");
        }
        if let Some(limit) = layout.groups[class.group].capacity
            && sent[place].max(received[place]) > i128::from(limit) * i128::from(class.size)
        {
            return refuse(format!(
                "nodes of group {:?} pass more than their limit",
                layout.groups[class.group].name
            ));
        }
        out += if parts[place] == Part::Source {
            sent[place]
        } else {
            0
        };
        into += if parts[place] == Part::Sink {
            received[place]
        } else {
            0
        };
    }
    if out != value || into != value {
        return refuse(format!(
            "sources send {out} and sinks receive {into}, the value is {value}"
        ));
    }
    Ok(())
}

/// Classes are disjoint, live, of the stated size, and all source, all sink or neither.
pub(super) fn check_classes(
    fabric: &Fabric,
    ends: &Ends,
    classes: &[FlowClass],
) -> Result<Vec<Part>> {
    let mut parts = Vec::with_capacity(classes.len());
    for (index, group) in fabric.layout().groups.iter().enumerate() {
        let own = classes.iter().filter(|class| class.group == index);
        let blocks: Vec<&Block> = own.flat_map(|class| &class.blocks).collect();
        if !disjoint(&blocks) {
            return refuse(format!("two classes share nodes of group {:?}", group.name));
        }
    }
    for class in classes {
        let size = total_len(&class.blocks);
        let within = |nodes: &[Block]| total_len(&intersection(&class.blocks, nodes));
        if size != class.size || size == 0 || within(&live(fabric, ends, class.group)) != size {
            return refuse("a class is not the live nodes it states");
        }
        let (sources, sinks) = (
            within(&ends.sources[class.group]),
            within(&ends.sinks[class.group]),
        );
        parts.push(match (sources, sinks) {
            (0, 0) => Part::Inner,
            (count, 0) if count == size => Part::Source,
            (0, count) if count == size => Part::Sink,
            _ => return refuse("a class mixes terminals with other nodes"),
        });
    }
    Ok(parts)
}

/// For each class, the changed link blocks that end in it: (bundle, place of the change, at end a).
pub(super) struct Changes {
    of_class: Vec<HashSet<(usize, usize)>>,
}

impl Changes {
    pub(super) fn new(fabric: &Fabric, classes: &[FlowClass]) -> Self {
        let layout = fabric.layout();
        let mut of_class = vec![HashSet::new(); classes.len()];
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
    // Weights and sizes stay far below 2^62, but their squares may not: compare in a common unit.
    let unit = given
        .iter()
        .fold(each, |unit, (_, weight)| gcd(unit, *weight))
        .max(1);
    let mut square = 0i128;
    for (part, weight) in given {
        buckets.meeting(part, |other| {
            let common = part.axes().iter().zip(parts[other].axes());
            let nodes: i128 = common
                .map(|(x, y)| i128::from(x.intersect(y).len()))
                .product();
            square += nodes * (weight / unit) * (given[other].1 / unit);
        });
    }
    square == (each / unit) * (each / unit) * size
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
