//! From a preflow to a flow: excess goes back along the arcs that brought it.
//!
//! Cherkassky & Goldberg, "On implementing the push-relabel method for the maximum flow problem"
//! (Algorithmica 19, 1997), the second stage. A depth-first search against the flow, from the nodes
//! with excess, cancels the cycles it meets, so that the rest has an order; in that order every
//! node is emptied once.

use crate::error::Result;
use crate::monitor::{Monitor, Pace};

use super::capacity::Residue;
use super::graph::{Half, Residual};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnTheWay,
    Done,
}

/// Returns all `excess` but the sink's to the source; `initial` makes the residues without flow.
///
/// # Errors
///
/// What the monitor says.
///
/// # Complexity
///
/// O(n + m) for a flow without cycles, O(n m) at worst, over what lies upstream of the excess.
pub fn give_back<R: Residue>(
    graph: &mut Residual<R>,
    excess: &mut [R::Excess],
    initial: impl FnOnce(&Residual<R>) -> Result<Vec<R>>,
    monitor: &dyn Monitor,
) -> Result<()> {
    let zero = R::Excess::default();
    for end in [graph.source, graph.sink] {
        excess[end as usize] = zero;
    }
    // What the source itself sent to a node needs no order, and mostly is all there is. Nothing
    // else ever opens an arc into the source.
    let source = graph.source;
    let mut pace = Pace::new(monitor);
    for v in 0..excess.len() as u32 {
        if excess[v as usize] == zero {
            continue;
        }
        let scanned = empty(graph, excess, v, |graph, half| {
            if half.head() == source {
                graph.residue[half.slot() as usize]
            } else {
                R::default()
            }
        });
        pace.spend(scanned)?;
    }
    if excess.iter().all(|excess| *excess == zero) {
        return Ok(());
    }
    let initial = initial(graph)?;
    for v in upstream(graph, &initial, excess, monitor)?
        .into_iter()
        .rev()
    {
        let scanned = empty(graph, excess, v, |graph, half| {
            graph.residue[half.slot() as usize] - initial[half.slot() as usize]
        });
        debug_assert!(
            excess[v as usize] == zero,
            "what a node has was brought to it"
        );
        pace.spend(scanned)?;
    }
    Ok(())
}

/// Returns the excess of `v` along the halves that `brought` some; says how many were scanned.
#[inline(always)]
fn empty<R: Residue>(
    graph: &mut Residual<R>,
    excess: &mut [R::Excess],
    v: u32,
    brought: impl Fn(&Residual<R>, Half) -> R,
) -> usize {
    let zero = R::Excess::default();
    let mut left = excess[v as usize];
    if left == zero {
        return 0;
    }
    let begin = graph.first[v as usize] as usize;
    let end = graph.first[v as usize + 1] as usize;
    for at in begin..end {
        let half = graph.adjacent[at];
        let brought = brought(graph, half);
        if brought <= R::default() {
            continue;
        }
        let amount = left.min(brought.to_excess());
        graph.pass(half.slot(), R::from_excess(amount));
        left -= amount;
        if half.head() != graph.source {
            excess[half.head() as usize] += amount;
        }
        if left == zero {
            break;
        }
    }
    excess[v as usize] = left;
    end - begin
}

/// The nodes from which flow comes to `excess`, each before those it sends to; cancels cycles.
fn upstream<R: Residue>(
    graph: &mut Residual<R>,
    initial: &[R],
    excess: &[R::Excess],
    monitor: &dyn Monitor,
) -> Result<Vec<u32>> {
    let n = graph.num_nodes();
    let mut state = vec![State::New; n];
    let mut current: Vec<u32> = graph.first[..n].to_vec();
    let mut order = Vec::new();
    // Each node of the way got flow from the next along its current half.
    let mut way: Vec<u32> = Vec::new();
    let mut pace = Pace::new(monitor);
    for start in 0..n as u32 {
        if excess[start as usize] == R::Excess::default() || state[start as usize] != State::New {
            continue;
        }
        state[start as usize] = State::OnTheWay;
        way.push(start);
        while let Some(v) = way.last().copied() {
            let end = graph.first[v as usize + 1];
            let begin = current[v as usize];
            let halves = &graph.adjacent[begin as usize..end as usize];
            let found = halves.iter().position(|half| {
                half.head() != graph.source
                    && state[half.head() as usize] != State::Done
                    && graph.residue[half.slot() as usize] > initial[half.slot() as usize]
            });
            let passed = found.unwrap_or(halves.len());
            current[v as usize] = begin + passed as u32;
            pace.spend(1 + passed)?;
            let Some(found) = found else {
                state[v as usize] = State::Done;
                order.push(v);
                way.pop();
                continue;
            };
            let head = halves[found].head();
            if state[head as usize] == State::New {
                state[head as usize] = State::OnTheWay;
                way.push(head);
                continue;
            }
            let first = way.iter().rposition(|node| *node == head);
            let first = first.expect("it is on the way");
            pace.spend(way.len() - first)?;
            let keep = cancel(graph, initial, &current, &way[first..]);
            for node in way.drain(first + keep + 1..) {
                state[node as usize] = State::New;
            }
        }
    }
    Ok(order)
}

/// Takes off what goes round a cycle, and returns the place of the first node whose half it empties.
fn cancel<R: Residue>(
    graph: &mut Residual<R>,
    initial: &[R],
    current: &[u32],
    cycle: &[u32],
) -> usize {
    let slot = |node: &u32| graph.adjacent[current[*node as usize] as usize].slot();
    let slots: Vec<u32> = cycle.iter().map(slot).collect();
    let brought =
        |graph: &Residual<R>, slot: u32| graph.residue[slot as usize] - initial[slot as usize];
    let amounts = slots.iter().map(|slot| brought(graph, *slot));
    let amount = amounts.min().expect("a cycle has arcs");
    for slot in &slots {
        graph.pass(*slot, amount);
    }
    let empty = slots
        .iter()
        .position(|slot| brought(graph, *slot) == R::default());
    empty.expect("the least is empty now")
}

#[cfg(test)]
mod tests {
    use crate::NoMonitor;
    use crate::flow::network::Network;
    use crate::flow::pairing::Pairing;
    use crate::flow::problem::{FlowProblem, Terminal};

    use super::super::graph::{Scale, Slots};
    use super::*;

    #[test]
    fn excess_returns_and_cycles_go() -> Result<()> {
        // 0 -> 1 -> 2 -> 4, and 2 -> 3 -> 1 closes a cycle; 5 hangs off 3.
        let problem = FlowProblem {
            num_nodes: 6,
            tails: &[0, 1, 2, 3, 2, 3],
            heads: &[1, 2, 3, 1, 4, 5],
            capacity: &[9i64, 20, 9, 9, 4, 9],
            duplex: false,
            sources: &[Terminal::unlimited(0)],
            sinks: &[Terminal::unlimited(4)],
            node_capacity: None,
        };
        let network = Network::plan(&problem)?;
        let scale = Scale {
            divisor: 1,
            unlimited: 0,
        };
        let pairing = Pairing::none(problem.tails.len());
        let mut graph = Residual::<i64>::build(&problem, &network, scale, pairing, &NoMonitor)?;
        let Slots::Runs(runs) = &graph.slots else {
            panic!("no two arcs join the same nodes");
        };
        let slots: Vec<u32> =
            runs.iter()
                .flat_map(|run| run.segments())
                .fold(vec![0; 6], |mut slots, segment| {
                    for (arc, at) in (segment.begin..segment.end).zip(0..) {
                        slots[arc as usize] = segment.slot + at * segment.stride;
                    }
                    slots
                });
        // Seven from the source, four to the sink, five round the cycle; one waits at 2, two at 5.
        let untouched = graph.residue.clone();
        for (slot, flow) in slots.iter().zip([7, 12, 7, 5, 4, 2]) {
            graph.pass(*slot, flow);
        }
        let mut excess = [0, 0, 1, 0, 4, 2];
        let initial = |graph: &Residual<i64>| {
            let initial = graph.initial(&problem, &network, scale, &NoMonitor)?;
            assert_eq!(initial, untouched);
            Ok(initial)
        };
        give_back(&mut graph, &mut excess, initial, &NoMonitor)?;
        assert_eq!(excess, [0; 6]);
        let flow = |arc: usize| untouched[slots[arc] as usize] - graph.residue[slots[arc] as usize];
        assert_eq!([0, 1, 2, 3, 4, 5].map(flow), [4, 4, 0, 0, 4, 0]);
        Ok(())
    }
}
