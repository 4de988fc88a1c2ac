//! Maximum flow: definition first, then a textbook oracle, then laws that relate two problems.

use pinchpoint_core::flow::{Capacity, FlowProblem, MaxFlow, Options, Terminal, max_flow};
use pinchpoint_core::{ErrorKind, NoMonitor, certify};
use proptest::prelude::*;

/// A problem that owns its arrays.
#[derive(Debug, Clone)]
struct Case<C> {
    n: u32,
    arcs: Vec<(u32, u32, C)>,
    duplex: bool,
    sources: Vec<Terminal<C>>,
    sinks: Vec<Terminal<C>>,
    node_capacity: Option<Vec<C>>,
}

impl<C: Capacity> Case<C> {
    fn with<T>(&self, use_it: impl FnOnce(&FlowProblem<'_, C>) -> T) -> T {
        let tails: Vec<u32> = self.arcs.iter().map(|arc| arc.0).collect();
        let heads: Vec<u32> = self.arcs.iter().map(|arc| arc.1).collect();
        let capacity: Vec<C> = self.arcs.iter().map(|arc| arc.2).collect();
        use_it(&FlowProblem {
            num_nodes: self.n,
            tails: &tails,
            heads: &heads,
            capacity: &capacity,
            duplex: self.duplex,
            sources: &self.sources,
            sinks: &self.sinks,
            node_capacity: self.node_capacity.as_deref(),
        })
    }

    /// Solves and checks; the value-only answer must agree and prove its cut too.
    fn solve(&self) -> MaxFlow<C> {
        self.with(|problem| {
            problem.validate().unwrap();
            let answer = max_flow(problem, &Options::default(), &NoMonitor).unwrap();
            certify::flow::check(problem, &answer, &NoMonitor).unwrap();
            let brief = max_flow(problem, &Options { want_flow: false }, &NoMonitor).unwrap();
            assert_eq!(brief.value, answer.value);
            certify::flow::check(problem, &brief, &NoMonitor).unwrap();
            let inside = |node: usize| !answer.source_side[node] || brief.source_side[node];
            assert!(
                (0..self.n as usize).all(inside),
                "the cut is not the source-minimal one"
            );
            answer
        })
    }

    /// Shortest augmenting paths on a dense matrix of the split network.
    fn oracle(&self) -> i128 {
        let n = self.n as usize;
        let (source, sink) = (2 * n, 2 * n + 1);
        let mut residue = vec![vec![0i128; 2 * n + 2]; 2 * n + 2];
        let none = i128::from(u64::MAX);
        let wide = |c: C| if c == C::MAX { none } else { c.wide() };
        for v in 0..n {
            residue[v][n + v] = self.node_capacity.as_ref().map_or(none, |k| wide(k[v]));
        }
        for (a, b, c) in &self.arcs {
            residue[n + *a as usize][*b as usize] += wide(*c);
            if self.duplex {
                residue[n + *b as usize][*a as usize] += wide(*c);
            }
        }
        for end in &self.sources {
            residue[source][end.node as usize] = end.limit.map_or(none, wide);
        }
        for end in &self.sinks {
            residue[n + end.node as usize][sink] = end.limit.map_or(none, wide);
        }
        let mut value = 0;
        loop {
            let mut parent = vec![usize::MAX; 2 * n + 2];
            let mut queue = std::collections::VecDeque::from([source]);
            while let Some(v) = queue.pop_front() {
                for w in 0..2 * n + 2 {
                    if residue[v][w] > 0 && w != source && parent[w] == usize::MAX {
                        parent[w] = v;
                        queue.push_back(w);
                    }
                }
            }
            if parent[sink] == usize::MAX {
                return value;
            }
            let mut path = vec![sink];
            while path[path.len() - 1] != source {
                path.push(parent[path[path.len() - 1]]);
            }
            let amount = path
                .windows(2)
                .map(|step| residue[step[1]][step[0]])
                .min()
                .unwrap();
            for step in path.windows(2) {
                residue[step[1]][step[0]] -= amount;
                residue[step[0]][step[1]] += amount;
            }
            value += amount;
        }
    }
}

fn cases() -> impl Strategy<Value = Case<i64>> {
    cases_of(2..14, 0..60)
}

/// Trees of links with a few more arcs: dead ends and chains are most of them.
fn sparse_cases() -> impl Strategy<Value = Case<i64>> {
    (
        cases_of(4..30, 0..15),
        prop::collection::vec(any::<u32>(), 30),
    )
        .prop_map(|(mut case, random)| {
            for (v, random) in (1..case.n).zip(random) {
                let capacity = i64::from(random >> 8 & 15);
                let before = if random & 1 == 0 {
                    v - 1
                } else {
                    (random >> 16) % v
                };
                case.arcs.push((before, v, capacity));
                if random & 2 == 0 {
                    case.arcs.push((v, before, 20 - capacity));
                }
            }
            case
        })
}

fn cases_of(
    nodes: std::ops::Range<u32>,
    arcs: std::ops::Range<usize>,
) -> impl Strategy<Value = Case<i64>> {
    (nodes, any::<[bool; 4]>(), 0u32..3).prop_flat_map(
        move |(n, [duplex, nodes, limits, big], many)| {
            let top = if big { 1i64 << 40 } else { 12 };
            let arcs = prop::collection::vec(
                (0..n, 0..n, prop_oneof![Just(0), 0..top, Just(6)]),
                arcs.clone(),
            );
            let kappa = prop::collection::vec(prop_oneof![0..2 * top, Just(i64::MAX)], n as usize);
            let ends = (1 + many as usize).min(n as usize / 2);
            let order = Just((0..n).collect::<Vec<u32>>()).prop_shuffle();
            let limit = prop::collection::vec(prop::option::of(0..2 * top), 2 * ends);
            (arcs, kappa, order, limit).prop_map(move |(arcs, kappa, order, limit)| {
                let end = |at: usize| Terminal {
                    node: order[at],
                    limit: limit[at].filter(|_| limits),
                };
                Case {
                    n,
                    arcs,
                    duplex,
                    sources: (0..ends).map(end).collect(),
                    sinks: (ends..2 * ends).map(end).collect(),
                    node_capacity: nodes.then_some(kappa),
                }
            })
        },
    )
}

fn as_type<C: Capacity>(case: &Case<i64>) -> Case<C> {
    let convert = |c: i64| {
        if c == i64::MAX {
            C::MAX
        } else {
            C::truncate(c.into())
        }
    };
    let terminal = |end: &Terminal<i64>| Terminal {
        node: end.node,
        limit: end.limit.map(convert),
    };
    Case {
        n: case.n,
        arcs: case
            .arcs
            .iter()
            .map(|(a, b, c)| (*a, *b, convert(*c)))
            .collect(),
        duplex: case.duplex,
        sources: case.sources.iter().map(terminal).collect(),
        sinks: case.sinks.iter().map(terminal).collect(),
        node_capacity: case
            .node_capacity
            .as_ref()
            .map(|kappa| kappa.iter().map(|c| convert(*c)).collect()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn equals_the_oracle_and_passes_its_check(case in cases()) {
        prop_assert_eq!(case.solve().value, case.oracle());
    }

    #[test]
    fn sparse_graphs_equal_the_oracle(case in sparse_cases()) {
        prop_assert_eq!(case.solve().value, case.oracle());
    }

    #[test]
    fn integer_widths_agree(case in cases()) {
        let answer = case.solve();
        let wide = as_type::<i128>(&case).solve();
        prop_assert_eq!(answer.value, wide.value);
        prop_assert_eq!(&answer.source_side, &wide.source_side);
        let limits = case.sources.iter().chain(&case.sinks).filter_map(|end| end.limit);
        let kappas = case.node_capacity.iter().flatten().copied().filter(|c| *c < i64::MAX);
        if case.arcs.iter().map(|arc| arc.2).chain(limits).chain(kappas).all(|c| c <= 24) {
            let narrow = as_type::<i32>(&case).solve();
            prop_assert_eq!(answer.value, narrow.value);
            prop_assert_eq!(&answer.source_side, &narrow.source_side);
        }
    }

    #[test]
    fn scaling_scales(case in cases(), factor in 1i64..1000) {
        let mut scaled = case.clone();
        let times = |c: i64| if c == i64::MAX { c } else { c * factor };
        scaled.arcs.iter_mut().for_each(|arc| arc.2 = times(arc.2));
        scaled.node_capacity.iter_mut().flatten().for_each(|c| *c = times(*c));
        for end in scaled.sources.iter_mut().chain(&mut scaled.sinks) {
            end.limit = end.limit.map(times);
        }
        let (before, after) = (case.solve(), scaled.solve());
        prop_assert_eq!(before.value * i128::from(factor), after.value);
        prop_assert_eq!(before.source_side, after.source_side);
    }

    #[test]
    fn reversing_keeps_the_value(case in cases()) {
        let mut reversed = case.clone();
        reversed.arcs.iter_mut().for_each(|arc| (arc.0, arc.1) = (arc.1, arc.0));
        std::mem::swap(&mut reversed.sources, &mut reversed.sinks);
        prop_assert_eq!(case.solve().value, reversed.solve().value);
    }

    #[test]
    fn unlimited_arcs_are_exact_or_unbounded(case in cases(), which in any::<u64>()) {
        let mut open = case.clone();
        for (at, arc) in open.arcs.iter_mut().enumerate() {
            if which >> (at % 64) & 1 == 1 {
                arc.2 = i64::MAX;
            }
        }
        let oracle = open.oracle();
        let outcome = open.with(|problem| {
            max_flow(problem, &Options::default(), &NoMonitor).inspect(|answer| {
                certify::flow::check(problem, answer, &NoMonitor).unwrap();
            })
        });
        match outcome {
            Ok(answer) => prop_assert_eq!(answer.value, oracle),
            Err(error) => {
                prop_assert_eq!(error.kind, ErrorKind::Unbounded);
                prop_assert!(oracle >= i128::from(u64::MAX));
            }
        }
    }

    #[test]
    fn the_checker_notices_every_single_change(case in cases(), at in any::<prop::sample::Index>(), by in 1i64..3) {
        case.with(|problem| {
            let answer = max_flow(problem, &Options::default(), &NoMonitor).unwrap();
            let refused = |wrong: &MaxFlow<i64>| {
                certify::flow::check(problem, wrong, &NoMonitor)
                    .is_err_and(|error| error.kind == ErrorKind::Certificate)
            };
            let mut wrong = answer.clone();
            wrong.value += i128::from(by);
            prop_assert!(refused(&wrong));
            if !case.arcs.is_empty() {
                let arc = at.index(case.arcs.len());
                let kind = |node: u32| {
                    let is_in = |ends: &[Terminal<i64>]| ends.iter().any(|end| end.node == node);
                    (is_in(&case.sources), is_in(&case.sinks))
                };
                let (tail, head, _) = case.arcs[arc];
                // Between two sources, or two sinks, other flows are maximum as well.
                if tail != head && (kind(tail) != kind(head) || kind(tail) == (false, false)) {
                    let mut wrong = answer.clone();
                    wrong.flow[arc] += by;
                    prop_assert!(refused(&wrong));
                }
            }
            Ok(())
        })?;
    }
}

proptest! {
    /// Sides of any width, whether the source's nodes are the few or the sink's.
    #[test]
    fn the_checker_adds_up_every_arc_of_a_cut(
        n in 2u32..500,
        picked in prop::collection::vec((any::<u32>(), any::<u32>(), 0i64..9), 0..600),
        (first, width) in (any::<u32>(), 1u32..80),
        (outside, scattered, duplex) in any::<(bool, bool, bool)>(),
    ) {
        let first = first % n;
        let chosen = |node: u32| {
            node == first || (node > first && node < first + width && (!scattered || node.is_multiple_of(3)))
        };
        let source_side: Vec<bool> = (0..n).map(|node| chosen(node) != outside).collect();
        let at = |wanted: bool| source_side.iter().position(|side| *side == wanted);
        let (Some(source), Some(sink)) = (at(true), at(false)) else {
            return Ok(());
        };
        let arcs: Vec<(u32, u32, i64)> = picked.iter().map(|(t, h, c)| (t % n, h % n, *c)).collect();
        let forward = |tail: u32, head: u32| source_side[tail as usize] && !source_side[head as usize];
        let crosses = |(tail, head, _): &&(u32, u32, i64)| {
            forward(*tail, *head) || (duplex && forward(*head, *tail))
        };
        let value: i64 = arcs.iter().filter(crosses).map(|arc| arc.2).sum();
        let case = Case {
            n,
            arcs: arcs.clone(),
            duplex,
            sources: vec![Terminal::unlimited(source as u32)],
            sinks: vec![Terminal::unlimited(sink as u32)],
            node_capacity: None,
        };
        case.with(|problem| {
            for (stated, is_right) in [(value, true), (value - 1, false), (value + 1, false)] {
                let answer = MaxFlow {
                    value: stated.into(),
                    flow: Vec::new(),
                    source_side: source_side.clone(),
                    source_side_out: None,
                };
                let checked = certify::flow::check(problem, &answer, &NoMonitor);
                prop_assert_eq!(checked.is_ok(), is_right);
            }
            Ok(())
        })?;
    }
}

#[test]
fn a_path_of_a_million_nodes() {
    let n = 1_000_000u32;
    let arcs = (0..n - 1).map(|v| (v, v + 1, 7i64)).collect();
    let case = Case {
        n,
        arcs,
        duplex: false,
        sources: vec![Terminal::unlimited(0)],
        sinks: vec![Terminal::unlimited(n - 1)],
        node_capacity: None,
    };
    assert_eq!(case.solve().value, 7);
}

/// Squares in a row, two chains of 1,000 links and one of 1 between corners, a comb of dead ends on all.
#[test]
fn chains_and_dead_ends_of_any_length() {
    let (squares, long) = (20u32, 1000u32);
    let mut arcs = Vec::new();
    let mut n = squares + 1;
    let mut chain = |from: u32, to: u32, links: u32, capacity: i64| {
        let mut at = from;
        for link in 1..=links {
            let next = if link == links { to } else { n };
            n += u32::from(link < links);
            // The last link is the narrowest; back it is wide.
            arcs.push((at, next, capacity + i64::from(links - link)));
            arcs.push((next, at, 5000));
            arcs.push((next, n, 9000));
            n += 1;
            at = next;
        }
    };
    for corner in 0..squares {
        chain(corner, corner + 1, long, 3 + i64::from(corner));
        chain(corner, corner + 1, long, 40 - i64::from(corner));
        chain(corner + 1, corner, 1, 5000);
    }
    let case = Case {
        n,
        arcs,
        duplex: false,
        sources: vec![Terminal::unlimited(0)],
        sinks: vec![Terminal::unlimited(squares)],
        node_capacity: None,
    };
    // The two chains, and against the last link; every square passes as much.
    let answer = case.solve();
    assert_eq!(answer.value, 43 + 5000);
    // The first narrowest links are those of the first square: all before them is on the source's
    // side, each node with its dead end.
    let inside = answer.source_side.iter().filter(|inside| **inside).count();
    assert_eq!(inside as u32, 2 * (1 + 2 * (long - 1)));
}

#[test]
fn sums_beyond_64_bits_are_exact() {
    let huge = i128::from(i64::MAX);
    let case = Case {
        n: 4,
        arcs: vec![(0, 1, huge), (1, 3, huge), (0, 2, huge), (2, 3, huge)],
        duplex: false,
        sources: vec![Terminal::unlimited(0)],
        sinks: vec![Terminal::unlimited(3)],
        node_capacity: None,
    };
    assert_eq!(case.solve().value, 2 * huge);
}

#[test]
fn the_checker_names_the_first_arc_at_fault_anywhere() {
    // Parallel arcs, of which a stretch carries nothing.
    let open = |arc: usize| !(60..150).contains(&arc);
    let arcs = (0..200)
        .map(|arc| (0, 1, if open(arc) { 3i64 } else { 0 }))
        .collect();
    let case = Case {
        n: 2,
        arcs,
        duplex: false,
        sources: vec![Terminal::unlimited(0)],
        sinks: vec![Terminal::unlimited(1)],
        node_capacity: None,
    };
    let answer = case.solve();
    case.with(|problem| {
        for (change, other) in [(1, 199), (-4, 199), (1, 0), (-4, 0)] {
            for arc in (0..200).filter(|arc| *arc != other) {
                let mut wrong = answer.clone();
                wrong.flow[arc] += change;
                // What the arc has too much another lacks, so that nothing else is amiss.
                wrong.flow[other] -= change;
                let first = if change < 0 { arc.min(other) } else { arc };
                let (flow, capacity) = (wrong.flow[first], problem.capacity[first]);
                let error = certify::flow::check(problem, &wrong, &NoMonitor).unwrap_err();
                let expected = format!("arc {first} carries {flow} of {capacity}");
                assert!(
                    error.message.ends_with(&expected),
                    "{error:?}, not {expected}"
                );
            }
        }
    });
}
