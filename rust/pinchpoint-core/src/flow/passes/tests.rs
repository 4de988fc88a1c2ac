//! Passes: the solver for all graphs, both of whose cuts they must find, and the checker.

use proptest::prelude::*;

use crate::flow::graph::Scale;
use crate::flow::layout::Ends;
use crate::flow::network::Network;
use crate::flow::pairing::Pairing;
use crate::flow::{MaxFlow, Options, OwnedProblem, Terminal, max_flow};
use crate::monitor::StopAt;
use crate::random::SplitMix64;
use crate::{NoMonitor, certify};

use super::*;

type Arc = (u32, u32, i32);

/// A fat tree of pods with as many racks as spines, hosts of the first pods to those of the last ones.
#[derive(Debug, Clone)]
struct Case {
    pods: u32,
    /// Racks of a pod, its spines, and the cores of a spine.
    width: u32,
    cores: u32,
    hosts: u32,
    /// Of links between racks and spines, and of those to the cores.
    capacity: [i32; 2],
    /// How source and sink split the hosts: by pods, or every second one.
    alternating: bool,
    seed: u64,
    /// Links that are left out, and such as carry one way only.
    failed: usize,
    one_way: usize,
    permuted: bool,
    order: Order,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    /// Links one way, then all of them the other way.
    Mirrored,
    /// The same from the cores down.
    Reversed,
    /// Each arc next to the one against it.
    Neighbours,
    /// Arcs in any order.
    Shuffled,
}

fn below(random: &mut SplitMix64, bound: usize) -> usize {
    random.below(bound as u64) as usize
}

fn shuffle<T>(random: &mut SplitMix64, items: &mut [T]) {
    for at in (1..items.len()).rev() {
        items.swap(at, below(random, at + 1));
    }
}

impl Case {
    /// Arcs of a problem from node 0 to node 1, and how many nodes there are.
    fn arcs(&self) -> (u32, Vec<Arc>) {
        let random = &mut SplitMix64(self.seed);
        let Case {
            pods,
            width,
            cores,
            hosts,
            ..
        } = *self;
        let racks = pods * width;
        let first = [
            2,
            2 + racks * hosts,
            2 + racks * (hosts + 1),
            2 + racks * (hosts + 2),
        ];
        let [host, rack, spine, core] = first;
        let mut links: Vec<Arc> = (0..racks * hosts)
            .map(|at| (host + at, rack + at / hosts, 1))
            .collect();
        for at in 0..racks {
            let pod = at / width;
            let up = (0..width).map(|s| (rack + at, spine + pod * width + s, self.capacity[0]));
            links.extend(up);
        }
        for at in 0..racks {
            let up =
                (0..cores).map(|c| (spine + at, core + at % width * cores + c, self.capacity[1]));
            links.extend(up);
        }
        for _ in 0..self.failed {
            links.swap_remove(
                (racks * hosts) as usize + below(random, links.len() - (racks * hosts) as usize),
            );
        }
        let mut back: Vec<Arc> = links.iter().map(|(a, b, c)| (*b, *a, *c)).collect();
        for _ in 0..self.one_way {
            let at = below(random, back.len());
            back[at].2 = 0;
        }
        let outer: Vec<Arc> = (0..racks * hosts)
            .map(|at| {
                let sends = if self.alternating {
                    at % 2 == 0
                } else {
                    2 * at < racks * hosts
                };
                if sends {
                    (0, host + at, 1)
                } else {
                    (host + at, 1, 1)
                }
            })
            .collect();
        let mut arcs: Vec<Arc> = match self.order {
            Order::Neighbours => links
                .iter()
                .zip(&back)
                .flat_map(|(a, b)| [*a, *b])
                .collect(),
            _ => [links, back].concat(),
        };
        arcs.extend(outer);
        match self.order {
            Order::Reversed => arcs.reverse(),
            Order::Shuffled => shuffle(random, &mut arcs),
            _ => {}
        }
        let n = core + width * cores;
        let mut name: Vec<u32> = (0..n).collect();
        if self.permuted {
            shuffle(random, &mut name[2..]);
        }
        for (tail, head, _) in &mut arcs {
            (*tail, *head) = (name[*tail as usize], name[*head as usize]);
        }
        (n, arcs)
    }

    fn problem(&self) -> OwnedProblem<i32> {
        let (num_nodes, arcs) = self.arcs();
        problem(num_nodes, &arcs, &[0], &[1])
    }
}

fn problem(num_nodes: u32, arcs: &[Arc], sources: &[u32], sinks: &[u32]) -> OwnedProblem<i32> {
    let ends = |nodes: &[u32]| nodes.iter().copied().map(Terminal::unlimited).collect();
    OwnedProblem {
        num_nodes,
        tails: arcs.iter().map(|arc| arc.0).collect(),
        heads: arcs.iter().map(|arc| arc.1).collect(),
        capacity: arcs.iter().map(|arc| arc.2).collect(),
        duplex: false,
        sources: ends(sources),
        sinks: ends(sinks),
        node_capacity: None,
    }
}

/// What passes find; value, flow and the wanted cut are those of the solver for all graphs.
fn passed(problem: &OwnedProblem<i32>, pairing: Pairing) -> Option<i128> {
    let mut value = None;
    for nearest_to in [0, 1] {
        let view = problem.view();
        let network = Network::plan(&view).unwrap();
        let scale = Scale::<i32> {
            divisor: 1,
            unlimited: i32::MAX / 2,
        };
        let Pairing::Runs(runs) = &pairing else {
            panic!("edges are arcs in runs");
        };
        let ends = Ends::of_runs(runs, [view.tails, view.heads]);
        let table = network.enter.as_deref().map(|name| ends.renamed(name));
        let listed = Listed {
            ends: table.as_deref().map_or(ends, Ends::of_table),
            runs,
            capacity: view.capacity,
            unlimited: scale.unlimited,
            duplex: view.duplex,
        };
        let route = Route {
            num_nodes: network.num_nodes as usize,
            source: network.source,
            sink: network.sink,
            nearest_to,
        };
        let sent = send(&listed, route, &NoMonitor).unwrap();
        let Passed {
            value: sent,
            amounts: [pushed, pulled],
            source_side,
        } = sent?;
        let flow =
            crate::flow::extract::flow_of_amounts(runs, [&pushed, &pulled], problem.duplex, scale);
        let by_node = |node: u32| source_side[network.enters(node) as usize];
        let answer = MaxFlow {
            value: sent.into(),
            flow,
            source_side: (0..problem.num_nodes).map(by_node).collect(),
            source_side_out: None,
        };
        certify::flow::check(&view, &answer, &NoMonitor).unwrap();
        let plain = max_flow(
            &view,
            &Options {
                want_flow: nearest_to == 0,
            },
            &NoMonitor,
        )
        .unwrap();
        assert_eq!(
            (answer.value, &answer.source_side),
            (plain.value, &plain.source_side)
        );
        value = Some(answer.value);
    }
    value
}

impl Case {
    fn passed(&self) -> Option<i128> {
        let problem = self.problem();
        let pairing = match Pairing::find(&problem.tails, &problem.heads) {
            Pairing::Sort => Pairing::none(problem.tails.len()),
            pairing => pairing,
        };
        passed(&problem, pairing)
    }
}

/// In order, with as many links up as down.
fn healthy() -> Case {
    Case {
        pods: 4,
        width: 12,
        cores: 12,
        hosts: 12,
        capacity: [1, 1],
        alternating: false,
        seed: 1,
        failed: 0,
        one_way: 0,
        permuted: false,
        order: Order::Mirrored,
    }
}

#[test]
fn fabrics_in_order_are_solved() {
    for permuted in [false, true] {
        for order in [Order::Mirrored, Order::Reversed, Order::Neighbours] {
            let case = Case {
                permuted,
                order,
                ..healthy()
            };
            assert_eq!(case.passed(), Some(288), "{case:?}");
            let case = Case { cores: 6, ..case };
            assert_eq!(case.passed(), Some(144), "oversubscribed: {case:?}");
            let case = Case {
                capacity: [2, 5],
                hosts: 20,
                ..case
            };
            assert_eq!(case.passed(), Some(480), "two capacities: {case:?}");
        }
    }
    let failures = (0..8).filter(|seed| {
        let case = Case {
            failed: 1,
            seed: *seed,
            ..healthy()
        };
        case.passed() == Some(287)
    });
    assert_eq!(failures.count(), 8);
}

#[test]
fn sums_may_need_more_bits_than_capacities() {
    let (num_nodes, mut arcs) = healthy().arcs();
    arcs.iter_mut().for_each(|arc| arc.2 *= 400_000_000);
    arcs.iter_mut()
        .for_each(|arc| arc.2 = arc.2.min(i32::MAX / 2));
    let problem = problem(num_nodes, &arcs, &[0], &[1]);
    let pairing = Pairing::find(&problem.tails, &problem.heads);
    assert_eq!(passed(&problem, pairing), Some(288 * 400_000_000));
}

#[test]
fn several_terminals_and_links_serve_as_well() {
    let case = healthy();
    let (num_nodes, arcs) = case.arcs();
    let ends = |at: usize| -> Vec<u32> { (2 + 288 * at as u32..).take(288).collect() };
    let inner: Vec<Arc> = arcs
        .into_iter()
        .filter(|arc| arc.0 > 1 && arc.1 > 1)
        .collect();
    let problem = problem(num_nodes, &inner, &ends(0), &ends(1));
    let pairing = Pairing::find(&problem.tails, &problem.heads);
    assert_eq!(passed(&problem, pairing), Some(288));
    let half = inner.len() / 2;
    let links = OwnedProblem {
        duplex: true,
        ..self::problem(num_nodes, &inner[..half], &ends(0), &ends(1))
    };
    assert_eq!(passed(&links, Pairing::none(half)), Some(288));
}

#[test]
fn what_passes_do_not_solve_is_left_alone() {
    // Terminals in the same racks, and few of them.
    assert_eq!(
        Case {
            alternating: true,
            ..healthy()
        }
        .passed(),
        None
    );
    assert_eq!(
        Case {
            width: 4,
            ..healthy()
        }
        .passed(),
        None
    );
    // A long way, and none.
    let mut arcs: Vec<Arc> = (0..300)
        .flat_map(|at| [(0, 2 + at, 1), (302 + at, 1, 1)])
        .collect();
    arcs.extend((0..300).map(|at| (2 + at, 602, 1)));
    arcs.extend((0..40).map(|at| (602 + at, 603 + at, 400)));
    arcs.extend((0..300).map(|at| (642, 302 + at, 1)));
    let all = Pairing::none(arcs.len());
    assert_eq!(passed(&problem(643, &arcs, &[0], &[1]), all.clone()), None);
    let cut: Vec<Arc> = arcs
        .iter()
        .map(|arc| (arc.0, arc.1, if arc.0 == 610 { 0 } else { arc.2 }))
        .collect();
    assert_eq!(passed(&problem(643, &cut, &[0], &[1]), all.clone()), None);
    // An edge from source to sink.
    let (num_nodes, mut arcs) = healthy().arcs();
    arcs.push((0, 1, 3));
    let all = Pairing::none(arcs.len());
    assert_eq!(passed(&problem(num_nodes, &arcs, &[0], &[1]), all), None);
}

#[test]
fn hosts_without_a_way_keep_nobody_waiting() {
    let (num_nodes, mut arcs) = healthy().arcs();
    for arc in arcs
        .iter_mut()
        .filter(|arc| arc.0 == 5 || (arc.1 == 5 && arc.0 != 0))
    {
        arc.2 = 0;
    }
    let problem = problem(num_nodes, &arcs, &[0], &[1]);
    let pairing = Pairing::find(&problem.tails, &problem.heads);
    assert_eq!(passed(&problem, pairing), Some(287));
}

#[test]
fn large_fabrics_go_this_way() {
    let case = Case {
        pods: 46,
        width: 46,
        cores: 46,
        hosts: 46,
        permuted: true,
        ..healthy()
    };
    let problem = case.problem();
    assert!(may_help(&problem.capacity));
    let mut answers = Vec::new();
    for threads in [1, 2, 3, 8] {
        threads::set(threads);
        answers.push(max_flow(&problem.view(), &Options::default(), &NoMonitor).unwrap());
    }
    threads::set(2);
    certify::flow::check(&problem.view(), &answers[0], &NoMonitor).unwrap();
    assert_eq!(answers[0].value, 46 * 46 * 23);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let stopped = (0..40).filter(|number| {
        let monitor = StopAt::poll(*number);
        max_flow(&problem.view(), &Options::default(), &monitor).is_err()
    });
    assert_eq!(stopped.count(), 40);
}

#[test]
fn only_capacities_of_tiers_may_help() {
    let tiers = [vec![400; 200_000], vec![100; 100_000], vec![400; 50_000]].concat();
    assert!(may_help(&tiers));
    assert!(!may_help(&tiers[..100_000]));
    let slower: Vec<i32> = (0..350_000)
        .map(|at| if at % 7 < 2 { 100 } else { 400 })
        .collect();
    assert!(!may_help(&slower));
}

proptest! {
    #[test]
    fn passes_find_what_the_solver_finds(
        shape in (2u32..5, 6u32..9, 2u32..9, 40u32..48),
        capacity in (1i32..12, 1i32..12),
        seed: u64,
        lost in (0usize..4, 0usize..3),
        flags in (prop::bool::weighted(0.1), any::<bool>()),
        order in prop_oneof![
            Just(Order::Mirrored), Just(Order::Reversed),
            Just(Order::Neighbours), Just(Order::Shuffled),
        ],
    ) {
        let case = Case {
            pods: shape.0,
            width: shape.1,
            cores: shape.2,
            hosts: shape.3,
            capacity: [capacity.0, capacity.1],
            alternating: flags.0,
            seed,
            failed: lost.0,
            one_way: lost.1,
            permuted: flags.1,
            order,
        };
        case.passed();
    }
}
