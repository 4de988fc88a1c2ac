//! Pairs, failures and cut trees on one layout, against the plain solver asked anew.

use pinchpoint_core::certify::sweep::Intact;
use pinchpoint_core::certify::touched::{Incidence, Question};
use pinchpoint_core::fabric::Fabric;
use pinchpoint_core::flow::{
    CutTree, Failure, FlowProblem, MaxFlow, Options, PairGraph, PairProblem, Terminal, WarmBase,
    WarmCut, WarmStart, max_flow, sink_minimal_cut,
};
use pinchpoint_core::{NoMonitor, certify};
use proptest::prelude::*;

/// Arcs or links between a few nodes.
#[derive(Debug, Clone)]
struct Graph {
    n: u32,
    tails: Vec<u32>,
    heads: Vec<u32>,
    capacity: Vec<i64>,
    duplex: bool,
}

impl Graph {
    fn problem<'a>(&'a self, ends: &'a [Terminal<i64>; 2]) -> FlowProblem<'a, i64> {
        FlowProblem {
            num_nodes: self.n,
            tails: &self.tails,
            heads: &self.heads,
            capacity: &self.capacity,
            duplex: self.duplex,
            sources: &ends[..1],
            sinks: &ends[1..],
            node_capacity: None,
        }
    }

    fn solve(&self, source: u32, sink: u32) -> MaxFlow<i64> {
        let ends = [Terminal::unlimited(source), Terminal::unlimited(sink)];
        let problem = self.problem(&ends);
        let answer = max_flow(&problem, &Options::default(), &NoMonitor).unwrap();
        certify::flow::check(&problem, &answer, &NoMonitor).unwrap();
        answer
    }

    fn pairs(&self) -> PairGraph {
        let problem = PairProblem {
            num_nodes: self.n,
            tails: &self.tails,
            heads: &self.heads,
            capacity: &self.capacity,
            duplex: self.duplex,
            extra: &[],
        };
        PairGraph::new(&problem, &NoMonitor).unwrap()
    }

    fn fabric(&self) -> Fabric {
        let arrays = (
            self.tails.clone(),
            self.heads.clone(),
            self.capacity.clone(),
        );
        Fabric::from_links(arrays.0, arrays.1, arrays.2, self.n, !self.duplex, 0).unwrap()
    }
}

fn graphs() -> impl Strategy<Value = Graph> {
    (3u32..14, any::<[bool; 2]>()).prop_flat_map(|(n, [duplex, big])| {
        let top = if big { 1i64 << 40 } else { 12 };
        let arc = (0..n, 0..n, prop_oneof![Just(0), 0..top, Just(6)]);
        prop::collection::vec(arc, 0..60).prop_map(move |arcs| Graph {
            n,
            tails: arcs.iter().map(|arc| arc.0).collect(),
            heads: arcs.iter().map(|arc| arc.1).collect(),
            capacity: arcs.iter().map(|arc| arc.2).collect(),
            duplex,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_pair_equals_the_plain_solver(graph in graphs(), closed in any::<u16>()) {
        let pairs = graph.pairs();
        let mut scratch = pairs.scratch();
        let fabric = graph.fabric();
        let arrays = fabric.arrays().unwrap();
        let incidence = Incidence::new(graph.n as usize, &graph.tails, &graph.heads);
        for source in 0..graph.n.min(6) {
            for sink in (0..graph.n).filter(|sink| *sink != source) {
                let open = |v: u32| v == source || v == sink || closed >> v & 1 == 0;
                let carries = |a: u32, b: u32| open(a) && open(b);
                let found = pairs.solve(&mut scratch, source, sink, &carries, &NoMonitor).unwrap();
                let mut left = graph.clone();
                for arc in 0..left.tails.len() {
                    if !carries(left.tails[arc], left.heads[arc]) {
                        left.capacity[arc] = 0;
                    }
                }
                let plain = left.solve(source, sink);
                prop_assert_eq!(i128::from(found.value), plain.value);
                let question = Question { arrays, incidence: &incidence, source, sink, carries: &carries };
                question.check(found.value, &found.flow, &found.sides).unwrap();
                // The cuts that it gives are the minimal ones.
                let ends = [Terminal::unlimited(source), Terminal::unlimited(sink)];
                let (sink_side, _) = sink_minimal_cut(&left.problem(&ends), &plain);
                if let Some(listed) = &found.sides[0] {
                    let same = |v: u32| listed.contains(&v) == plain.source_side[v as usize];
                    prop_assert!((0..graph.n).all(same));
                }
                if let Some(listed) = &found.sides[1] {
                    let same = |v: u32| listed.contains(&v) != sink_side[v as usize];
                    prop_assert!((0..graph.n).all(same));
                }
                // The checker sees a wrong value, a wrong flow and a wrong cut.
                prop_assert!(question.check(found.value + 1, &found.flow, &found.sides).is_err());
                if let Some((link, amount)) = found.flow.first() {
                    let mut wrong = found.flow.clone();
                    wrong[0] = (*link, amount - 1);
                    prop_assert!(question.check(found.value, &wrong, &found.sides).is_err());
                }
                prop_assert!(question.check(found.value, &found.flow, &[Some(vec![sink]), None]).is_err());
            }
        }
    }

    #[test]
    fn failures_equal_solving_without(graph in graphs(), which in any::<u64>()) {
        let (source, sink) = (0, 1);
        let solution = graph.solve(source, sink);
        let ends = [Terminal::unlimited(source), Terminal::unlimited(sink)];
        let problem = graph.problem(&ends);
        let value = solution.value as i64;
        let flow = &solution.flow[..];
        let pairs = graph.pairs();
        let base = WarmBase::new(&pairs, WarmStart { source, sink, value, flow }, &NoMonitor).unwrap();
        let mut warm = base.solver();
        let incidence = Incidence::new(graph.n as usize, &graph.tails, &graph.heads);
        let mut terminal = vec![0u8; graph.n as usize];
        (terminal[0], terminal[1]) = (1, 2);
        let level = base.levels();
        let intact = Intact { problem: &problem, incidence: &incidence, value, flow, level, terminal: &terminal };
        let cuts = intact.check_cuts().unwrap();
        let higher = Intact { value: value + 1, ..intact };
        prop_assert!(higher.check_cuts().is_err());
        for round in 0..4 {
            let fails = |at: usize| which >> ((at * 7 + round * 13) % 64) & 3 == 0;
            let mut left = graph.clone();
            let mut failures = Vec::new();
            for at in (0..graph.tails.len()).filter(|at| fails(*at)) {
                let (tail, head) = (graph.tails[at], graph.heads[at]);
                if tail == head {
                    continue;
                }
                let whole = graph.capacity[at];
                let lost = if at % 3 == 0 { whole / 2 } else { whole };
                left.capacity[at] -= lost;
                let (arc, both_ways) = (at as u32, graph.duplex);
                failures.push(Failure { arc, tail, head, lost, both_ways });
            }
            let answer = warm.without(&failures, &NoMonitor).unwrap();
            prop_assert_eq!(i128::from(answer.value), left.solve(source, sink).value);
            intact.check(&cuts, &failures, &answer).unwrap();
            let mut wrong = answer.clone();
            wrong.value += 1;
            prop_assert!(intact.check(&cuts, &failures, &wrong).is_err());
            let mut wrong = answer.clone();
            wrong.cut = WarmCut::SourceSide(vec![sink]);
            prop_assert!(intact.check(&cuts, &failures, &wrong).is_err());
            if let Some(at) = answer.changed.iter().position(|(arc, _)| {
                let ends = [graph.tails[*arc as usize], graph.heads[*arc as usize]];
                ends[0] != ends[1]
            }) {
                let mut wrong = answer.clone();
                wrong.changed[at].1 += 1;
                prop_assert!(intact.check(&cuts, &failures, &wrong).is_err());
            }
        }
    }

    #[test]
    fn the_cut_tree_holds_all_pairs(graph in graphs(), chosen in any::<u16>()) {
        let graph = Graph { duplex: true, ..graph };
        let pairs = graph.pairs();
        let mut scratch = pairs.scratch();
        let some: Vec<u32> = (0..graph.n).filter(|v| chosen >> v & 1 == 1).collect();
        let fabric = graph.fabric();
        for nodes in [(0..graph.n).collect(), some] {
            if nodes.len() < 2 {
                continue;
            }
            let whole = nodes.len() == graph.n as usize;
            let tree = CutTree::new(&pairs, &mut scratch, &nodes, |_, _| Ok(()), &NoMonitor).unwrap();
            let check = |tree: &CutTree| certify::cut_tree::check(tree, fabric.arrays().unwrap(), graph.n as usize);
            check(&tree).unwrap();
            for a in 0..nodes.len() {
                for b in (0..nodes.len()).filter(|b| *b != a) {
                    let value = graph.solve(nodes[a], nodes[b]).value;
                    prop_assert_eq!(i128::from(tree.min_cut(a, b)), value);
                }
            }
            for at in 1..nodes.len() {
                if whole {
                    // Without the edge, the two parts are the sides of a minimum cut.
                    let below = |mut v: usize| loop {
                        if v == at || v == 0 {
                            break v == at;
                        }
                        v = tree.parent[v] as usize;
                    };
                    let arcs = 0..graph.tails.len();
                    let across = arcs.filter(|arc| below(graph.tails[*arc] as usize) != below(graph.heads[*arc] as usize));
                    prop_assert_eq!(across.map(|arc| graph.capacity[arc]).sum::<i64>(), tree.value[at]);
                }
                let mut wrong = tree.clone();
                wrong.value[at] += 1;
                prop_assert!(check(&wrong).is_err());
                let mut wrong = tree.clone();
                wrong.value[at] -= 1;
                prop_assert!(check(&wrong).is_err(), "{:?}", wrong);
            }
        }
    }
}
