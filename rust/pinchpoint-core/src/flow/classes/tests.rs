//! Classes of nodes: their definition, the plain solver, and the checker.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::monitor::StopAt;
use crate::{NoMonitor, certify};

use super::*;

type Case = OwnedProblem<i64>;

/// A problem of these arcs: tail, head, capacity.
fn case(
    n: u32,
    arcs: impl IntoIterator<Item = (u32, u32, i64)>,
    sources: &[u32],
    sinks: &[u32],
) -> Case {
    let mut case = Case {
        num_nodes: n,
        tails: Vec::new(),
        heads: Vec::new(),
        capacity: Vec::new(),
        duplex: false,
        sources: sources.iter().copied().map(Terminal::unlimited).collect(),
        sinks: sinks.iter().copied().map(Terminal::unlimited).collect(),
        node_capacity: None,
    };
    arcs.into_iter().for_each(|arc| case.push(arc));
    case
}

impl Case {
    fn push(&mut self, (tail, head, capacity): (u32, u32, i64)) {
        self.tails.push(tail);
        self.heads.push(head);
        self.capacity.push(capacity);
    }

    fn arcs(&self) -> Vec<(u32, u32, i64)> {
        let ends = self.tails.iter().zip(&self.heads);
        let arcs = ends.zip(&self.capacity);
        arcs.map(|((tail, head), capacity)| (*tail, *head, *capacity))
            .collect()
    }

    /// The same with other arcs.
    fn with_arcs(mut self, arcs: impl IntoIterator<Item = (u32, u32, i64)>) -> Self {
        [&mut self.tails, &mut self.heads]
            .into_iter()
            .for_each(Vec::clear);
        self.capacity.clear();
        arcs.into_iter().for_each(|arc| self.push(arc));
        self
    }

    /// The answer by classes, if there is one; checked, and compared with the plain solver.
    fn by_classes(&self) -> Option<MaxFlow<i64>> {
        let problem = &self.view();
        problem.validate().unwrap();
        let found = solve(problem, 1, &Options::default(), &NoMonitor).unwrap()?;
        certify::flow::check(problem, &found, &NoMonitor).unwrap();
        let brief = Options { want_flow: false };
        let cut = solve(problem, 1, &brief, &NoMonitor).unwrap().unwrap();
        for (found, options) in [(&found, Options::default()), (&cut, brief)] {
            let plain = super::super::max_flow(problem, &options, &NoMonitor).unwrap();
            assert_eq!(found.value, plain.value);
            assert_eq!(found.source_side, plain.source_side);
            assert_eq!(found.source_side_out, plain.source_side_out);
            assert_eq!(found.flow.len(), plain.flow.len());
        }
        Some(found)
    }

    /// The same under other ids, arcs in another order.
    fn scattered(mut self, seed: u64) -> Self {
        let shuffle = |len: usize, seed: u64| -> Vec<u32> {
            let mut order: Vec<u32> = (0..len as u32).collect();
            order.sort_by_key(|at| partition::mix(seed ^ u64::from(*at)));
            order
        };
        let name = shuffle(self.num_nodes as usize, seed);
        for ends in [&mut self.tails, &mut self.heads] {
            ends.iter_mut()
                .for_each(|node| *node = name[*node as usize]);
        }
        for end in self.sources.iter_mut().chain(&mut self.sinks) {
            end.node = name[end.node as usize];
        }
        if let Some(limits) = &mut self.node_capacity {
            let given = limits.clone();
            for (node, limit) in given.into_iter().enumerate() {
                limits[name[node] as usize] = limit;
            }
        }
        let arcs = self.arcs();
        let order = shuffle(arcs.len(), !seed);
        self.with_arcs(order.iter().map(|arc| arcs[*arc as usize]))
    }

    /// Two-tier Clos network: `leaves` of four hosts each below as many spines as `up`; the hosts of one
    /// half send to those of the other.
    fn clos(leaves: u32, up: u32, capacity: i64) -> Self {
        let hosts = 4 * leaves;
        let links = (0..hosts).map(|host| (host, hosts + host / 4));
        let ups = (0..leaves * up).map(|at| (hosts + at / up, hosts + leaves + at % up));
        let half = hosts / 2;
        let links = links.chain(ups).map(|(a, b)| (a, b, capacity));
        let ids: Vec<u32> = (0..hosts).collect();
        let (sources, sinks) = ids.split_at(half as usize);
        let mut clos = case(hosts + leaves + up, links, sources, sinks);
        clos.duplex = true;
        clos
    }

    /// Its links as two arcs each.
    fn in_arcs(mut self) -> Self {
        let links = self.arcs();
        links.into_iter().for_each(|(a, b, c)| self.push((b, a, c)));
        self.duplex = false;
        self
    }

    /// Its terminals joined by one source and one sink with arcs of `capacity`.
    fn joined(mut self, capacity: i64) -> Self {
        let [s, t] = [self.num_nodes, self.num_nodes + 1];
        self.num_nodes += 2;
        for end in std::mem::replace(&mut self.sources, vec![Terminal::unlimited(s)]) {
            self.push((s, end.node, capacity));
        }
        for end in std::mem::replace(&mut self.sinks, vec![Terminal::unlimited(t)]) {
            self.push((end.node, t, capacity));
        }
        self
    }
}

#[test]
fn solves_clos_networks_in_any_order() {
    for seed in 0..4 {
        let full = Case::clos(8, 4, 10).in_arcs();
        let half = Case::clos(8, 2, 10).in_arcs();
        for (case, value) in [
            (full.clone(), 160),
            (half.clone(), 80),
            (full.clone().joined(10), 160),
            (half.joined(10), 80),
            (Case::clos(8, 4, 10), 160),
            (Case::clos(8, 4, i64::MAX).in_arcs().joined(7), 112),
        ] {
            let answer = case.scattered(seed).by_classes().expect("few classes");
            assert_eq!(answer.value, value);
        }
        // Ten for three links: no whole amount for each.
        assert!(Case::clos(8, 3, 10).scattered(seed).by_classes().is_none());
        assert!(Case::clos(8, 3, 12).scattered(seed).by_classes().is_some());

        let mut limited = Case::clos(8, 4, 10).scattered(seed);
        limited
            .sources
            .iter_mut()
            .for_each(|end| end.limit = Some(3));
        limited.sinks.iter_mut().for_each(|end| end.limit = Some(5));
        assert_eq!(limited.by_classes().unwrap().value, 48);

        let mut nodes = Case::clos(8, 4, 10);
        nodes.node_capacity = Some(
            (0..nodes.num_nodes)
                .map(|v| if v < 40 { 100 } else { 12 })
                .collect(),
        );
        let answer = nodes.scattered(seed).by_classes().expect("few classes");
        assert_eq!(answer.value, 48);
    }
}

#[test]
fn says_nothing_where_classes_are_many_or_small() {
    let path = case(100, (1..100).map(|v| (v - 1, v, 5)), &[0], &[99]);
    assert!(path.by_classes().is_none());
    let clos = Case::clos(64, 4, 10);
    let answer = |min| solve(&clos.view(), min, &Options::default(), &NoMonitor).unwrap();
    assert!(answer(4).is_some());
    assert!(answer(5).is_none());
}

#[test]
fn unlimited_paths_are_found_between_classes() {
    let case = Case::clos(8, 4, i64::MAX).in_arcs().scattered(1);
    let found = solve(&case.view(), 1, &Options::default(), &NoMonitor);
    assert_eq!(found.unwrap_err().kind, crate::ErrorKind::Unbounded);
}

#[test]
fn stops_whenever_it_is_asked_to() {
    let case = Case::clos(8, 4, 10).in_arcs().scattered(3);
    let whole = case.by_classes();
    let run = |poll| solve(&case.view(), 1, &Options::default(), &StopAt::poll(poll));
    let first = (0..).find(|poll| match run(*poll) {
        Ok(found) => {
            assert_eq!(found, whole);
            true
        }
        Err(error) => {
            assert_eq!(error.kind, crate::ErrorKind::Interrupted);
            false
        }
    });
    assert!(first > Some(5));
}

#[test]
fn a_sample_tells_what_is_worth_a_try() {
    let tries = |case: &Case| may_be_few(&case.view());
    let fabric = Case::clos(1 << 13, 8, 10);
    assert!(tries(&fabric));
    assert!(tries(&fabric.clone().in_arcs().joined(10)));
    assert!(!tries(&Case::clos(1 << 10, 8, 10)), "small");
    let mut pair = fabric.clone();
    pair.sources.truncate(1);
    pair.sinks.truncate(1);
    assert!(!tries(&pair), "one host to one other");
    let mut uneven = fabric;
    uneven.capacity = (0..).take(uneven.capacity.len()).collect();
    assert!(!tries(&uneven), "capacities of all kinds");
}

/// Classes of up to four nodes, each pair of them joined evenly or not at all: whatever is chosen, the
/// nodes of a class cannot be told apart.
fn blown_up() -> impl Strategy<Value = Case> {
    let joins = prop::collection::vec((0..6usize, 0..6usize, 0..3u32, 0..20i64), 1..16);
    let sizes = prop::collection::vec(1..5u32, 6);
    let limits = prop::collection::vec(prop::option::of(0..30i64), 2);
    let node_capacity = prop::option::of(prop::collection::vec(0..60i64, 6));
    (
        joins,
        sizes,
        limits,
        node_capacity,
        any::<bool>(),
        any::<u64>(),
    )
        .prop_map(|(joins, sizes, limits, node_capacity, duplex, seed)| {
            let first: Vec<u32> = sizes
                .iter()
                .scan(0, |sum, size| Some(std::mem::replace(sum, *sum + size)))
                .collect();
            let mut arcs = Vec::new();
            for (from, to, times, capacity) in joins {
                let (own, other) = (sizes[from], sizes[to]);
                let even = (1..).map(|k| k * own).find(|all| all % other == 0).unwrap();
                for at in 0..times * even {
                    let ends = (first[from] + at % own, first[to] + at % other);
                    arcs.push((ends.0, ends.1, 12 * capacity));
                }
            }
            let ends = |class: usize| -> Vec<Terminal<i64>> {
                let nodes = first[class]..first[class] + sizes[class];
                let limit = limits[class].map(|limit| 12 * limit);
                nodes.map(|node| Terminal { node, limit }).collect()
            };
            let mut case = case(sizes.iter().sum(), arcs, &[], &[]);
            case.duplex = duplex;
            (case.sources, case.sinks) = (ends(0), ends(1));
            case.node_capacity = node_capacity.map(|given| {
                let each = given.iter().zip(&sizes);
                each.flat_map(|(limit, size)| vec![12 * limit; *size as usize])
                    .collect()
            });
            case.scattered(seed)
        })
}

/// Any arcs, few capacities.
fn any_case() -> impl Strategy<Value = Case> {
    (2..12u32).prop_flat_map(|n| {
        let arcs = prop::collection::vec((0..n, 0..n, 0..3i64), 0..40);
        (arcs, any::<bool>(), 1..n).prop_map(move |(arcs, duplex, sink)| {
            let mut case = case(n, arcs, &[0], &[sink]);
            case.duplex = duplex;
            case
        })
    })
}

/// Classes by the definition: nodes of one class see the same multiset of arcs, until that is so.
fn classes_by_definition(case: &Case) -> Vec<usize> {
    let side = |ends: &[Terminal<i64>], node: u32| {
        let end = ends.iter().find(|end| end.node == node);
        end.map(|end| end.limit.unwrap_or(i64::MAX))
    };
    let limit = |node: u32| case.node_capacity.as_ref().map(|k| k[node as usize]);
    let number = |keys: Vec<_>| -> Vec<usize> {
        let mut known = BTreeMap::new();
        let each = keys.into_iter();
        each.map(|key| {
            let next = known.len();
            *known.entry(key).or_insert(next)
        })
        .collect()
    };
    let given = |v| (side(&case.sources, v), side(&case.sinks, v), limit(v));
    let mut known = BTreeMap::new();
    let mut class: Vec<usize> = (0..case.num_nodes)
        .map(|v| {
            let next = known.len();
            *known.entry(given(v)).or_insert(next)
        })
        .collect();
    loop {
        let nothing = Vec::<(i32, usize, i64)>::new();
        let with_class = |class: &usize| (*class, nothing.clone());
        let mut seen: Vec<_> = class.iter().map(with_class).collect();
        for (a, b, capacity) in case.arcs() {
            let [a, b] = [a, b].map(|v| v as usize);
            seen[a].1.push((1, class[b], capacity));
            seen[b].1.push((-1, class[a], capacity));
            if case.duplex {
                seen[b].1.push((1, class[a], capacity));
                seen[a].1.push((-1, class[b], capacity));
            }
        }
        seen.iter_mut().for_each(|(_, seen)| seen.sort_unstable());
        let next = number(seen);
        if next == class {
            return class;
        }
        class = next;
    }
}

proptest! {
    #[test]
    fn even_graphs_are_solved_on_their_classes(case in blown_up()) {
        case.by_classes();
    }

    #[test]
    fn any_graph_is_solved_right_or_not_at_all(case in any_case()) {
        case.by_classes();
    }

    #[test]
    fn classes_are_those_of_the_definition(case in prop_oneof![blown_up(), any_case()]) {
        let found = refine(&case.view(), 1, &NoMonitor).unwrap().expect("few nodes");
        let class: Vec<usize> = found.class.iter().map(|class| (*class).into()).collect();
        prop_assert_eq!(class, classes_by_definition(&case));
        let sizes: u32 = found.sizes.iter().sum();
        prop_assert_eq!(sizes, case.num_nodes);
    }
}
