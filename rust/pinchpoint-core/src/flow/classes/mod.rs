//! Graphs whose nodes are of few kinds, solved on the kinds.
//!
//! A fabric whose arcs arrive in no order is mostly as regular as one made by rule. To lay it out
//! costs several cache misses an arc; to find which nodes neither arcs nor terminals tell apart, one
//! byte a node and passes over the arcs as they are listed. The flow between classes is the flow of
//! the graph (`docs/theory.md`), and writing it down is one more pass. What is not so regular shows
//! it in a sample, or after a pass.

mod partition;
mod refine;

use std::ops::Range;

use crate::error::Result;
use crate::memory;
use crate::monitor::Monitor;
use crate::threads::{self, Part};

use super::capacity::{Capacity, Integer};
use super::problem::{FlowProblem, MaxFlow, Options, OwnedProblem, Terminal};
use partition::{MAX_CLASSES, Partition};
use refine::{Between, refine};

/// Fewer arcs are laid out in less time than their nodes are told apart.
const MIN_ARCS: usize = 1 << 16;
/// Arcs that are looked at first.
const SAMPLE: usize = 256;
/// Different capacities among them, at most.
const FEW: usize = 8;
/// One node, or one arc of the sample, in so many is a terminal, at least: what goes from few nodes to
/// few touches little of the graph, and would be spread thin.
const TERMINALS: usize = 64;
/// Arcs that make a second thread worth starting.
const GRAIN: usize = 1 << 15;
/// Arcs between two polls of the monitor.
const BLOCK: usize = 1 << 16;

/// Nodes of the smallest class that is one of few.
const MIN_SIZE: u32 = 16;

/// The answer to `problem` from the flow between classes of nodes; `None` if they are many, or if what
/// goes from one to another is no whole amount for each arc.
///
/// # Errors
///
/// As of [`max_flow`](super::max_flow).
pub fn max_flow<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<Option<MaxFlow<C>>> {
    let (n, m) = (problem.num_nodes as usize, problem.tails.len());
    let sums = size_of::<u64>() * threads::worth(m, GRAIN);
    let bytes = n * (1 + sums) + m * size_of::<C>();
    memory::check("the classes of nodes", bytes as u64)?;
    solve(problem, MIN_SIZE, options, monitor)
}

fn solve<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    min_size: u32,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<Option<MaxFlow<C>>> {
    let Some(partition) = refine(problem, min_size, monitor)? else {
        return Ok(None);
    };
    let Some(between) = Between::count(problem, &partition, monitor)? else {
        return Ok(None);
    };
    let Some(quotient) = Quotient::of(problem, &partition, &between) else {
        return Ok(None);
    };
    let answer = super::max_flow(&quotient.0.view(), options, monitor)?;
    let flow = if options.want_flow {
        let Some(shares) = quotient.shares(&answer.flow, &between) else {
            return Ok(None);
        };
        lifted(problem, &partition, &shares, monitor)?
    } else {
        Vec::new()
    };
    let by_node = |side: &[bool]| -> Vec<bool> {
        let class = partition.class.iter();
        class.map(|class| side[usize::from(*class)]).collect()
    };
    Ok(Some(MaxFlow {
        value: answer.value,
        flow,
        source_side: by_node(&answer.source_side),
        source_side_out: answer.source_side_out.as_deref().map(by_node),
    }))
}

/// Whether a sample of `problem` looks as if its nodes were of few kinds.
pub fn may_be_few<C: Capacity>(problem: &FlowProblem<'_, C>) -> bool {
    let m = problem.tails.len();
    if m < MIN_ARCS {
        return false;
    }
    let (mut capacities, mut ends) = (Vec::with_capacity(FEW), 0);
    let [source, sink] = [problem.sources[0].node, problem.sinks[0].node];
    // An odd step, as arcs come in blocks.
    for arc in (0..m).step_by((m / SAMPLE) | 1) {
        let capacity = problem.capacity[arc];
        if !capacities.contains(&capacity) {
            if capacities.len() == FEW {
                return false;
            }
            capacities.push(capacity);
        }
        let [tail, head] = [problem.tails[arc], problem.heads[arc]];
        ends += usize::from(tail == source || head == sink);
    }
    let terminals = problem.sources.len() + problem.sinks.len();
    TERMINALS * terminals >= problem.num_nodes as usize || TERMINALS * ends >= SAMPLE
}

/// The problem on classes.
struct Quotient(OwnedProblem<i64>);

/// `count` times `capacity`, where no limit stays none; `None` if it takes more than 62 bits.
fn times<C: Capacity>(capacity: C, count: u32) -> Option<i64> {
    if capacity == C::MAX {
        return Some(i64::MAX);
    }
    let product = capacity.wide().checked_mul(count.into())?;
    i64::try_from(product)
        .ok()
        .filter(|product| *product < i64::MAX / 2)
}

impl Quotient {
    /// `None` if a sum takes more than 62 bits.
    fn of<C: Capacity>(
        problem: &FlowProblem<'_, C>,
        partition: &Partition,
        between: &Between<C>,
    ) -> Option<Self> {
        let k = partition.len();
        let (mut tails, mut heads, mut capacity) = (Vec::new(), Vec::new(), Vec::new());
        for tail in 0..k {
            for head in (0..k).filter(|head| *head != tail) {
                let (count, each) = between.arcs(tail, head);
                if count > 0 {
                    tails.push(tail as u32);
                    heads.push(head as u32);
                    capacity.push(times(each, count)?);
                }
            }
        }
        let ends = |terminals: &[Terminal<C>]| -> Option<Vec<Terminal<i64>>> {
            let mut ends: Vec<Terminal<i64>> = Vec::new();
            for terminal in terminals {
                let node = u32::from(partition.class[terminal.node as usize]);
                if ends.iter().all(|end| end.node != node) {
                    let size = partition.sizes[node as usize];
                    let limit = match terminal.limit {
                        Some(limit) => Some(times(limit, size)?),
                        None => None,
                    };
                    ends.push(Terminal { node, limit });
                }
            }
            Some(ends)
        };
        let node_capacity = match problem.node_capacity {
            None => None,
            Some(limits) => {
                let mut own = vec![0; k];
                for (limit, class) in limits.iter().zip(&partition.class) {
                    let class = usize::from(*class);
                    own[class] = times(*limit, partition.sizes[class])?;
                }
                Some(own)
            }
        };
        Some(Quotient(OwnedProblem {
            num_nodes: k as u32,
            tails,
            heads,
            capacity,
            duplex: false,
            sources: ends(problem.sources)?,
            sinks: ends(problem.sinks)?,
            node_capacity,
        }))
    }

    /// What each arc from one class to another carries, by classes; `None` unless whole.
    fn shares<C: Capacity>(&self, flow: &[i64], between: &Between<C>) -> Option<Vec<C>> {
        let mut shares = vec![C::default(); MAX_CLASSES * MAX_CLASSES];
        for ((tail, head), flow) in self.0.tails.iter().zip(&self.0.heads).zip(flow) {
            let [tail, head] = [*tail as usize, *head as usize];
            let (count, _) = between.arcs(tail, head);
            let count = i64::from(count);
            let share = (flow / count).wide();
            // Arcs without limit may have more than fits.
            if flow % count != 0 || share >= C::MAX.wide() {
                return None;
            }
            shares[tail * MAX_CLASSES + head] = C::truncate(share);
        }
        Some(shares)
    }
}

/// The flow of every arc: the share of its classes, or nothing if it has no capacity.
fn lifted<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    partition: &Partition,
    shares: &[C],
    monitor: &dyn Monitor,
) -> Result<Vec<C>> {
    let m = problem.tails.len();
    let ranges = threads::ranges(m, threads::worth(m, GRAIN));
    let jobs = ranges.iter().map(|range| {
        move |part: &mut Part<'_, C>| -> Result<()> {
            let mut stopped = Ok(());
            for arcs in threads::blocks(range.clone(), BLOCK) {
                stopped = stopped.and_then(|()| monitor.poll());
                match stopped {
                    Ok(()) => write_shares(part, problem, arcs, &partition.class, shares),
                    // A part is written as a whole, even if nobody will read it.
                    Err(_) => part.extend(arcs.map(|_| C::default())),
                }
            }
            Ok(stopped?)
        }
    });
    let (flow, done) = threads::made(0, &ranges, jobs);
    done.into_iter().collect::<Result<()>>()?;
    Ok(flow)
}

// Not inlined, so that profilers tell it from other jobs.
#[inline(never)]
fn write_shares<C: Capacity>(
    part: &mut Part<'_, C>,
    problem: &FlowProblem<'_, C>,
    arcs: Range<usize>,
    class: &[u8],
    shares: &[C],
) {
    let shares: &[C; MAX_CLASSES * MAX_CLASSES] = shares.try_into().expect("one for each pair");
    let share = |tail: u32, head: u32, capacity: C| {
        let [from, to] = [tail, head].map(|node| usize::from(class[node as usize]) % MAX_CLASSES);
        shares[from * MAX_CLASSES + to].min(capacity)
    };
    let (tails, heads) = (&problem.tails[arcs.clone()], &problem.heads[arcs.clone()]);
    let ends = tails.iter().zip(heads);
    part.extend(
        ends.zip(&problem.capacity[arcs])
            .map(|((tail, head), capacity)| {
                let there = share(*tail, *head, *capacity);
                if problem.duplex {
                    there - share(*head, *tail, *capacity)
                } else {
                    there
                }
            }),
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use crate::monitor::StopAt;
    use crate::{NoMonitor, certify};

    use super::*;

    /// A problem that owns its arrays.
    #[derive(Debug, Clone)]
    struct Case {
        n: u32,
        arcs: Vec<(u32, u32, i64)>,
        duplex: bool,
        sources: Vec<Terminal<i64>>,
        sinks: Vec<Terminal<i64>>,
        node_capacity: Option<Vec<i64>>,
    }

    impl Case {
        fn with<T>(&self, use_it: impl FnOnce(&FlowProblem<'_, i64>) -> T) -> T {
            let tails: Vec<u32> = self.arcs.iter().map(|arc| arc.0).collect();
            let heads: Vec<u32> = self.arcs.iter().map(|arc| arc.1).collect();
            let capacity: Vec<i64> = self.arcs.iter().map(|arc| arc.2).collect();
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

        /// The answer by classes, if there is one; checked, and compared with the plain solver.
        fn by_classes(&self) -> Option<MaxFlow<i64>> {
            self.with(|problem| {
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
            })
        }

        /// The same under other ids, arcs in another order.
        fn scattered(mut self, seed: u64) -> Self {
            let shuffle = |len: usize, seed: u64| -> Vec<u32> {
                let mut order: Vec<u32> = (0..len as u32).collect();
                order.sort_by_key(|at| partition::mix(seed ^ u64::from(*at)));
                order
            };
            let name = shuffle(self.n as usize, seed);
            for (tail, head, _) in &mut self.arcs {
                (*tail, *head) = (name[*tail as usize], name[*head as usize]);
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
            let order = shuffle(self.arcs.len(), !seed);
            self.arcs = order.iter().map(|arc| self.arcs[*arc as usize]).collect();
            self
        }

        /// Two-tier Clos network: `leaves` of four hosts each below as many spines as `up`; the hosts of one
        /// half send to those of the other.
        fn clos(leaves: u32, up: u32, capacity: i64) -> Self {
            let hosts = 4 * leaves;
            let links = (0..hosts).map(|host| (host, hosts + host / 4));
            let ups = (0..leaves * up).map(|at| (hosts + at / up, hosts + leaves + at % up));
            let half = hosts / 2;
            Case {
                n: hosts + leaves + up,
                arcs: links.chain(ups).map(|(a, b)| (a, b, capacity)).collect(),
                duplex: true,
                sources: (0..half).map(Terminal::unlimited).collect(),
                sinks: (half..hosts).map(Terminal::unlimited).collect(),
                node_capacity: None,
            }
        }

        /// Its links as two arcs each.
        fn in_arcs(mut self) -> Self {
            let back: Vec<_> = self.arcs.iter().map(|(a, b, c)| (*b, *a, *c)).collect();
            self.arcs.extend(back);
            self.duplex = false;
            self
        }

        /// Its terminals joined by one source and one sink with arcs of `capacity`.
        fn joined(mut self, capacity: i64) -> Self {
            let [s, t] = [self.n, self.n + 1];
            self.n += 2;
            self.arcs
                .extend(self.sources.iter().map(|end| (s, end.node, capacity)));
            self.arcs
                .extend(self.sinks.iter().map(|end| (end.node, t, capacity)));
            (self.sources, self.sinks) =
                (vec![Terminal::unlimited(s)], vec![Terminal::unlimited(t)]);
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
                (0..nodes.n)
                    .map(|v| if v < 40 { 100 } else { 12 })
                    .collect(),
            );
            let answer = nodes.scattered(seed).by_classes().expect("few classes");
            assert_eq!(answer.value, 48);
        }
    }

    #[test]
    fn says_nothing_where_classes_are_many_or_small() {
        let path = Case {
            n: 100,
            arcs: (1..100).map(|v| (v - 1, v, 5)).collect(),
            duplex: false,
            sources: vec![Terminal::unlimited(0)],
            sinks: vec![Terminal::unlimited(99)],
            node_capacity: None,
        };
        assert!(path.by_classes().is_none());
        let clos = Case::clos(64, 4, 10);
        let answer = |min| clos.with(|p| solve(p, min, &Options::default(), &NoMonitor).unwrap());
        assert!(answer(4).is_some());
        assert!(answer(5).is_none());
    }

    #[test]
    fn unlimited_paths_are_found_between_classes() {
        let case = Case::clos(8, 4, i64::MAX).in_arcs().scattered(1);
        let found = case.with(|p| solve(p, 1, &Options::default(), &NoMonitor));
        assert_eq!(found.unwrap_err().kind, crate::ErrorKind::Unbounded);
    }

    #[test]
    fn stops_whenever_it_is_asked_to() {
        let case = Case::clos(8, 4, 10).in_arcs().scattered(3);
        let whole = case.by_classes();
        let run = |poll| case.with(|p| solve(p, 1, &Options::default(), &StopAt::poll(poll)));
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
        let tries = |case: &Case| case.with(may_be_few);
        let fabric = Case::clos(1 << 13, 8, 10);
        assert!(tries(&fabric));
        assert!(tries(&fabric.clone().in_arcs().joined(10)));
        assert!(!tries(&Case::clos(1 << 10, 8, 10)), "small");
        let mut pair = fabric.clone();
        pair.sources.truncate(1);
        pair.sinks.truncate(1);
        assert!(!tries(&pair), "one host to one other");
        let mut uneven = fabric;
        for (arc, (_, _, capacity)) in uneven.arcs.iter_mut().enumerate() {
            *capacity = arc as i64;
        }
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
                Case {
                    n: sizes.iter().sum(),
                    arcs,
                    duplex,
                    sources: ends(0),
                    sinks: ends(1),
                    node_capacity: node_capacity.map(|given| {
                        let each = given.iter().zip(&sizes);
                        each.flat_map(|(limit, size)| vec![12 * limit; *size as usize])
                            .collect()
                    }),
                }
                .scattered(seed)
            })
    }

    /// Any arcs, few capacities.
    fn any_case() -> impl Strategy<Value = Case> {
        (2..12u32).prop_flat_map(|n| {
            let arcs = prop::collection::vec((0..n, 0..n, 0..3i64), 0..40);
            (arcs, any::<bool>(), 1..n).prop_map(move |(arcs, duplex, sink)| Case {
                n,
                arcs,
                duplex,
                sources: vec![Terminal::unlimited(0)],
                sinks: vec![Terminal::unlimited(sink)],
                node_capacity: None,
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
        let mut class: Vec<usize> = (0..case.n)
            .map(|v| {
                let next = known.len();
                *known.entry(given(v)).or_insert(next)
            })
            .collect();
        loop {
            let nothing = Vec::<(i32, usize, i64)>::new();
            let with_class = |class: &usize| (*class, nothing.clone());
            let mut seen: Vec<_> = class.iter().map(with_class).collect();
            for (a, b, capacity) in &case.arcs {
                let [a, b] = [*a, *b].map(|v| v as usize);
                seen[a].1.push((1, class[b], *capacity));
                seen[b].1.push((-1, class[a], *capacity));
                if case.duplex {
                    seen[b].1.push((1, class[a], *capacity));
                    seen[a].1.push((-1, class[b], *capacity));
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
            let found = case.with(|p| refine(p, 1, &NoMonitor).unwrap()).expect("few nodes");
            let class: Vec<usize> = found.class.iter().map(|class| (*class).into()).collect();
            prop_assert_eq!(class, classes_by_definition(&case));
            let sizes: u32 = found.sizes.iter().sum();
            prop_assert_eq!(sizes, case.n);
        }
    }
}
