//! The quotient against the same fabric with every link listed.

mod common;

use std::collections::HashMap;

use pinchpoint_core::NoMonitor;
use pinchpoint_core::bandwidth::{Ends, Proof, bandwidth};
use pinchpoint_core::fabric::{Block, Fabric, Subset};
use pinchpoint_core::quotient::{Partition, Refined, Scope, Symbolic, arcs, refine};
use proptest::prelude::*;

const LIMIT: u64 = 1 << 30;

/// Class of every node that takes part.
fn classes_of_nodes(fabric: &Fabric, partition: &Partition) -> HashMap<u64, u32> {
    let mut class_of = HashMap::new();
    for (id, class) in partition.classes.iter().enumerate() {
        let group = &fabric.layout().groups[class.group];
        let mut size = 0;
        for block in partition.blocks_of(id as u32) {
            block.for_each_point(|point| {
                size += 1;
                assert!(
                    class_of
                        .insert(group.first_node + group.rank(point), id as u32)
                        .is_none()
                );
            });
        }
        assert_eq!(size, class.size);
    }
    class_of
}

/// Capacity of each node to each class, link by link, under the query's forwarding rules.
fn enumerate(
    fabric: &Fabric,
    ends: &Ends,
    class_of: &HashMap<u64, u32>,
) -> HashMap<(u64, u32), i128> {
    let plain = fabric.materialize(LIMIT, &NoMonitor).unwrap();
    let (arrays, layout) = (plain.arrays().unwrap(), plain.layout());
    let mut to = HashMap::new();
    for link in 0..arrays.tails.len() {
        let (tail, head) = (u64::from(arrays.tails[link]), u64::from(arrays.heads[link]));
        let index = arrays.first_link.partition_point(|first| *first <= link) - 1;
        let bundle = &layout.bundles[index];
        let point = |node: u64| {
            let group = &layout.groups[layout.group_of_node(node).unwrap()];
            let point = group.point(node - group.first_node);
            Block::point(&point)
        };
        if ends
            .carrying(layout, bundle, &point(tail), &point(head))
            .is_empty()
        {
            continue;
        }
        let (Some(a), Some(b)) = (class_of.get(&tail), class_of.get(&head)) else {
            continue;
        };
        *to.entry((tail, *b)).or_insert(0) += i128::from(arrays.capacity[link]);
        *to.entry((head, *a)).or_insert(0) += i128::from(arrays.capacity[link]);
    }
    to
}

fn check_partition(fabric: &Fabric, ends: &Ends) {
    let graph = Symbolic::new(fabric, ends, Scope::All);
    let Refined::Done(mut partition) = refine(&graph, 1 << 20, &NoMonitor).unwrap() else {
        panic!("a small fabric is never too fine");
    };
    let arcs = arcs(&graph, &mut partition, &NoMonitor).unwrap();
    let class_of = classes_of_nodes(fabric, &partition);
    for (index, group) in fabric.layout().groups.iter().enumerate() {
        let live = ends.live(fabric, index);
        let mut count = 0;
        live.iter().for_each(|block| {
            block.for_each_point(|point| {
                count += 1;
                assert!(class_of.contains_key(&(group.first_node + group.rank(point))));
            })
        });
        let mine = partition
            .classes
            .iter()
            .filter(|class| class.group == index);
        assert_eq!(count, mine.map(|class| class.size).sum::<u64>());
    }
    let to = enumerate(fabric, ends, &class_of);
    let mut between: HashMap<(u32, u32), i128> = HashMap::new();
    let mut each: HashMap<(u32, u32), Vec<i128>> = HashMap::new();
    for (node, class) in &class_of {
        for other in 0..partition.classes.len() as u32 {
            let capacity = to.get(&(*node, other)).copied().unwrap_or(0);
            each.entry((*class, other)).or_default().push(capacity);
            *between.entry((*class, other)).or_insert(0) += capacity;
        }
    }
    for (pair, capacities) in each {
        assert!(
            capacities.iter().all(|capacity| *capacity == capacities[0]),
            "classes {pair:?} are not equitable"
        );
    }
    let mut formula: HashMap<(u32, u32), i128> = HashMap::new();
    for arc in arcs {
        assert!(
            formula
                .insert(
                    (arc.tail.min(arc.head), arc.tail.max(arc.head)),
                    arc.capacity
                )
                .is_none()
        );
    }
    for ((a, b), capacity) in between {
        if a < b {
            assert_eq!(
                formula.get(&(a, b)).copied().unwrap_or(0),
                capacity,
                "formula of {a}-{b}"
            );
        }
    }
}

/// A block within another one.
fn part_of(random: &mut common::Choices, whole: &Block) -> Block {
    Block::new(whole.axes().iter().map(|axis| {
        let some = axis.values().filter(|_| random.chance(60));
        Subset::from_values(some)
    }))
}

/// `PINCHPOINT_CASES` asks for a longer run.
fn cases() -> ProptestConfig {
    let asked = std::env::var("PINCHPOINT_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(asked.unwrap_or(3000))
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn quotient_equals_explicit(seed in any::<u64>()) {
        let Some((fabric, query)) = common::fabric_and_query(seed) else { return Ok(()) };
        let plain = fabric.materialize(LIMIT, &NoMonitor).unwrap();
        prop_assert_eq!(fabric.num_links(), plain.num_links());
        let answer = match bandwidth(&fabric, &query, &NoMonitor) {
            Ok(answer) => answer,
            Err(error) => {
                prop_assert_eq!(error.kind, pinchpoint_core::ErrorKind::Selection, "{}", error);
                return Ok(());
            }
        };
        let explicit = bandwidth(&plain, &query, &NoMonitor).unwrap();
        prop_assert_eq!(answer.value, explicit.value);
        for cut in 0..2 {
            let rows = answer.crossing(&fabric, cut, &NoMonitor).unwrap();
            let listed = explicit.crossing(&plain, cut, &NoMonitor).unwrap();
            prop_assert_eq!(rows, listed, "cut {}", cut);
        }
        if matches!(answer.proof, Proof::Symbolic(_)) {
            check_partition(&fabric, answer.ends());
        }
    }

    #[test]
    fn links_between_blocks_are_those_of_their_product(seed in any::<u64>()) {
        let Some((fabric, _)) = common::fabric_and_query(seed) else { return Ok(()) };
        let random = &mut common::Choices::new(seed);
        let layout = fabric.layout();
        for bundle in &layout.bundles {
            let links = part_of(random, &bundle.links[0]);
            let a = part_of(random, &layout.groups[bundle.a].domain[0]);
            let b = part_of(random, &layout.groups[bundle.b].domain[0]);
            let part = bundle.product(&a, &b).and_then(|part| part.intersect(&links));
            prop_assert_eq!(
                bundle.count_between(&links, &a, &b),
                part.map_or(0, |part| bundle.count(&part))
            );
        }
    }
}
