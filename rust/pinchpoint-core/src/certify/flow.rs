//! Checks a maximum flow against the definition.
//!
//! A flow that is feasible and a cut of the same capacity prove each other optimal. The checker
//! reads the problem as it was asked, arc by arc, and knows nothing of how it was solved.

use std::ops::Range;

use super::{fault, refuse};
use crate::error::Result;
use crate::flow::{Capacity, FlowProblem, Integer, MaxFlow, Terminal};
use crate::monitor::Monitor;
use crate::threads;

/// Arcs looked at between two polls of the monitor.
const BLOCK: usize = 1 << 14;
/// Arcs looked at without a branch.
const LANES: usize = 64;
/// Fewer than one of so many nodes are few.
const FEW: usize = 8;
/// Arcs that make a second thread worth starting.
const GRAIN: usize = 1 << 15;

/// Checks that `answer` is a maximum flow and a minimum cut of `problem`.
///
/// That is: every flow within its capacity; nothing lost or made at inner nodes; terminals within
/// their limits; node capacities kept; sources on the source side and sinks not; and the capacity
/// of the cut equal to the value. If the answer holds no flow, only the cut is checked, which
/// proves that the value is not too small.
///
/// # Errors
///
/// `Certificate`, naming the first fault found; what the monitor says.
///
/// # Complexity
///
/// O(n + m).
pub fn check<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    answer: &MaxFlow<C>,
    monitor: &dyn Monitor,
) -> Result<()> {
    check_lengths(problem, answer)?;
    if sums_fit_64_bits(problem, answer) {
        check_sums::<C, i64>(problem, answer, monitor)
    } else {
        check_sums::<C, i128>(problem, answer, monitor)
    }
}

/// Accepts the value of an answer only if it is the one that was proved: 0 where every source or
/// every sink has failed.
pub fn check_value(stated: i128, proved: i128) -> Result<()> {
    if stated != proved {
        return refuse(format!("its value is {stated}, not {proved}"));
    }
    Ok(())
}

fn check_lengths<C: Capacity>(problem: &FlowProblem<'_, C>, answer: &MaxFlow<C>) -> Result<()> {
    let (n, m) = (problem.num_nodes as usize, problem.tails.len());
    let out = answer.source_side_out.as_ref().map_or(n, Vec::len);
    if answer.source_side.len() != n || out != n {
        return refuse(format!(
            "the cut does not have one entry for each of {n} nodes"
        ));
    }
    if !answer.flow.is_empty() && answer.flow.len() != m {
        return refuse(format!("{} flows for {m} arcs", answer.flow.len()));
    }
    Ok(())
}

/// Whether no sum over arcs or nodes can leave 64 bits.
fn sums_fit_64_bits<C: Capacity>(problem: &FlowProblem<'_, C>, answer: &MaxFlow<C>) -> bool {
    let mut largest = largest(problem.capacity).max(largest(&answer.flow));
    let limits = problem
        .sources
        .iter()
        .chain(problem.sinks)
        .filter_map(|end| end.limit);
    for limit in limits.chain(problem.node_capacity.unwrap_or_default().iter().copied()) {
        largest = largest.max(if limit == C::MAX { 0 } else { limit.wide() });
    }
    let terms = 2 * (problem.tails.len() + problem.num_nodes as usize) + 2;
    largest
        .checked_mul(terms as i128)
        .is_some_and(|sum| sum <= i64::MAX.wide())
}

/// A bound on the absolute amounts that are not "no limit".
fn largest<C: Capacity>(amounts: &[C]) -> i128 {
    if size_of::<C>() <= 4 {
        return C::MAX.wide();
    }
    let limited = |amount: C| {
        if amount == C::MAX {
            C::default()
        } else {
            amount
        }
    };
    if size_of::<C>() > 8 {
        let absolute = amounts.iter().map(|x| limited(*x).wide().saturating_abs());
        return absolute.max().unwrap_or_default();
    }
    // All the bits that some amount has, which is at most twice the largest.
    let all = amounts.iter().fold(0, |all, amount| all | amount.low64());
    if (0..i64::MAX >> 1).contains(&all) {
        // None of them is negative, nor without a limit.
        return i128::from(all) + 1;
    }
    let bits = amounts.iter().fold(0, |bits, amount| {
        let amount = limited(*amount).low64();
        bits | (amount ^ (amount >> 63))
    });
    i128::from(bits) + 1
}

/// The sum of `terms`, which overflows only beyond what the solver itself would have refused.
struct Total<S>(S);

impl<S: Integer> Total<S> {
    fn add<C: Capacity>(&mut self, term: C, what: impl Fn() -> String) -> Result<()> {
        if term == C::MAX {
            return refuse(format!("{} crosses the cut and has no limit", what()));
        }
        self.add_sum(S::truncate(term.wide()))
    }

    fn add_sum(&mut self, term: S) -> Result<()> {
        let sum = self.0.wide().checked_add(term.wide());
        self.0 = S::truncate(sum.ok_or_else(|| fault("the cut overflows"))?);
        Ok(())
    }
}

/// Adds up the cut and the flow, each thread a share of the arcs, and checks both.
fn check_sums<C: Capacity, S: Integer>(
    problem: &FlowProblem<'_, C>,
    answer: &MaxFlow<C>,
    monitor: &dyn Monitor,
) -> Result<()> {
    let m = problem.tails.len();
    let with_flow = answer.flow.len() == m;
    let few = Few::of(answer);
    let shares = threads::ranges(m, threads::worth(m, GRAIN));
    let parts = threads::join(shares.into_iter().map(|arcs| {
        move || -> Result<(Total<S>, Balance<S>)> {
            let mut cut = Total(S::default());
            let mut balance = Balance::new(problem, with_flow);
            for block in threads::blocks(arcs, BLOCK) {
                monitor.poll()?;
                add_crossing(&mut cut, problem, answer, few, block.clone())?;
                if with_flow {
                    balance.add(problem, &answer.flow, block)?;
                }
            }
            Ok((cut, balance))
        }
    }));
    let mut parts = parts.into_iter();
    let (mut cut, mut balance) = parts.next().expect("there is a share")?;
    for part in parts {
        let (more, other) = part?;
        cut.add_sum(more.0)?;
        balance.merge(other);
    }
    check_cut(problem, answer, cut)?;
    if with_flow {
        check_flow(problem, answer, balance)?;
    }
    Ok(())
}

/// Adds the capacity of the arcs of `block` that cross the cut.
fn add_crossing<C: Capacity, S: Integer>(
    total: &mut Total<S>,
    problem: &FlowProblem<'_, C>,
    answer: &MaxFlow<C>,
    few: Option<Few>,
    block: Range<usize>,
) -> Result<()> {
    let enters = &answer.source_side[..];
    let leaves = answer.source_side_out.as_deref().unwrap_or(enters);
    let forward = |tail: u32, head: u32| leaves[tail as usize] & !enters[head as usize];
    let crosses = |(tail, head): (&u32, &u32)| {
        forward(*tail, *head) | (problem.duplex && forward(*head, *tail))
    };
    for arcs in threads::blocks(block, LANES) {
        let (tails, heads) = (&problem.tails[arcs.clone()], &problem.heads[arcs.clone()]);
        let ends = tails.iter().zip(heads);
        let may_cross = match few {
            Some(few) => few.may_cross(tails, heads, problem.duplex),
            None => ends.clone().fold(false, |any, ends| any | crosses(ends)),
        };
        if !may_cross {
            continue;
        }
        for (ends, arc) in ends.zip(arcs) {
            if crosses(ends) {
                total.add(problem.capacity[arc], || format!("arc {arc}"))?;
            }
        }
    }
    Ok(())
}

/// The nodes from the first to the last one of a side of the cut, if they are few: an arc that crosses
/// has an end there, which takes less to see than to look up two ends.
#[derive(Debug, Clone, Copy)]
struct Few {
    first: u32,
    last: u32,
    /// Whether they are around the source side.
    source_side: bool,
}

impl Few {
    fn of<C>(answer: &MaxFlow<C>) -> Option<Few> {
        let side = &answer.source_side[..];
        if answer.source_side_out.is_some() {
            return None;
        }
        [true, false].into_iter().find_map(|source_side| {
            let (first, last) = first_and_last(side, source_side)?;
            (last - first < side.len() / FEW).then_some(Few {
                first: first as u32,
                last: last as u32,
                source_side,
            })
        })
    }

    fn may_cross(&self, tails: &[u32], heads: &[u32], duplex: bool) -> bool {
        let has = |ids: &[u32]| {
            let here = |id: &u32| (self.first..=self.last).contains(id);
            ids.iter().fold(false, |any, id| any | here(id))
        };
        (self.source_side || duplex) && has(tails) || (!self.source_side || duplex) && has(heads)
    }
}

/// Where `wanted` is for the first and for the last time.
fn first_and_last(side: &[bool], wanted: bool) -> Option<(usize, usize)> {
    let has = |nodes: &[bool]| nodes.iter().fold(false, |any, own| any | (*own == wanted));
    let is_it = |own: &bool| *own == wanted;
    let (chunks, mut back) = (side.chunks(LANES), side.rchunks(LANES));
    let before = LANES * chunks.clone().position(has)?;
    let first = before + side[before..].iter().position(is_it)?;
    let after = side.len() - LANES * back.position(has)?;
    let last = side[..after].iter().rposition(is_it)?;
    Some((first, last))
}

/// The cut separates the terminals and its capacity, arcs in `total`, is the value.
fn check_cut<C: Capacity, S: Integer>(
    problem: &FlowProblem<'_, C>,
    answer: &MaxFlow<C>,
    mut total: Total<S>,
) -> Result<()> {
    let enters = &answer.source_side[..];
    let leaves = answer.source_side_out.as_deref().unwrap_or(enters);
    if let Some(limits) = problem.node_capacity {
        for (node, limit) in limits.iter().enumerate() {
            if enters[node] && !leaves[node] {
                total.add(*limit, || format!("node {node}"))?;
            }
        }
    } else if enters.len() != leaves.len() || answer.source_side_out.is_some() {
        return refuse("a cut through nodes that have no capacity");
    }
    let limit_of = |end: &Terminal<C>| end.limit.unwrap_or(C::MAX);
    for end in problem
        .sources
        .iter()
        .filter(|end| !enters[end.node as usize])
    {
        total.add(limit_of(end), || format!("source {}", end.node))?;
    }
    for end in problem.sinks.iter().filter(|end| leaves[end.node as usize]) {
        total.add(limit_of(end), || format!("sink {}", end.node))?;
    }
    if total.0.wide() != answer.value {
        return refuse(format!(
            "the cut has capacity {} but the value is {}",
            total.0, answer.value
        ));
    }
    Ok(())
}

/// The flow that `balance` adds up carries the value and stays within the limits of the nodes.
fn check_flow<C: Capacity, S: Integer>(
    problem: &FlowProblem<'_, C>,
    answer: &MaxFlow<C>,
    balance: Balance<S>,
) -> Result<()> {
    let Balance { mut net, inflow } = balance;
    if let Some(limits) = problem.node_capacity {
        for (node, limit) in limits
            .iter()
            .enumerate()
            .filter(|(_, limit)| **limit < C::MAX)
        {
            let through = inflow[node].max(inflow[node] + net[node]);
            if through.wide() > limit.wide() {
                return refuse(format!("node {node} carries {through} of {limit}"));
            }
        }
    }
    let mut value = 0;
    for (ends, is_source) in [(problem.sources, true), (problem.sinks, false)] {
        for end in ends {
            let sent = net[end.node as usize].wide();
            let amount = if is_source { sent } else { -sent };
            let over = end
                .limit
                .is_some_and(|limit| limit < C::MAX && amount > limit.wide());
            if amount < 0 || over {
                return refuse(format!("terminal {} moves {amount}", end.node));
            }
            net[end.node as usize] = S::default();
            value += if is_source { amount } else { 0 };
        }
    }
    if let Some(node) = net.iter().position(|net| *net != S::default()) {
        return refuse(format!("node {node} keeps {}", S::default() - net[node]));
    }
    if value != answer.value {
        return refuse(format!("the flow carries {value}, not {}", answer.value));
    }
    Ok(())
}

/// What a share of the arcs brings to each node.
struct Balance<S> {
    /// Outflow less inflow.
    net: Vec<S>,
    /// Inflow by itself, where nodes have capacities.
    inflow: Vec<S>,
}

impl<S: Integer> Balance<S> {
    fn new<C: Capacity>(problem: &FlowProblem<'_, C>, with_flow: bool) -> Self {
        let n = problem.num_nodes as usize;
        let entries = |wanted: bool| vec![S::default(); if wanted { n } else { 0 }];
        Balance {
            net: entries(with_flow),
            inflow: entries(with_flow && problem.node_capacity.is_some()),
        }
    }

    /// Checks the flow of `arcs` against their capacities and adds it up by node.
    ///
    /// Arcs that carry nothing mostly come together; where they do not, it costs less to add up
    /// zeros than to guess which they are.
    fn add<C: Capacity>(
        &mut self,
        problem: &FlowProblem<'_, C>,
        flow: &[C],
        arcs: Range<usize>,
    ) -> Result<()> {
        let zero = C::default();
        for arcs in threads::blocks(arcs, LANES) {
            let flows = &flow[arcs.clone()];
            if !flows.iter().fold(false, |any, flow| any | (*flow != zero)) {
                continue;
            }
            let capacity = &problem.capacity[arcs.clone()];
            let fits = |flow: C, capacity: C| {
                let low = if problem.duplex {
                    zero - capacity
                } else {
                    zero
                };
                (flow >= low) & (flow <= capacity)
            };
            let fit = flows.iter().zip(capacity).map(|(f, c)| fits(*f, *c));
            if !fit.clone().fold(true, |all, fits| all & fits) {
                let at = fit.take_while(|fits| *fits).count();
                let (arc, flow, capacity) = (arcs.start + at, flows[at], capacity[at]);
                return refuse(format!("arc {arc} carries {flow} of {capacity}"));
            }
            let (tails, heads) = (&problem.tails[arcs.clone()], &problem.heads[arcs]);
            add_net(&mut self.net, tails, heads, flows);
            if !self.inflow.is_empty() {
                for ((tail, head), flow) in tails.iter().zip(heads).zip(flows) {
                    let amount = S::truncate(flow.wide());
                    let (node, amount) = if *flow > zero {
                        (*head, amount)
                    } else {
                        (*tail, S::default() - amount)
                    };
                    self.inflow[node as usize] += amount;
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        for (sums, more) in [(&mut self.net, other.net), (&mut self.inflow, other.inflow)] {
            sums.iter_mut()
                .zip(more)
                .for_each(|(sum, more)| *sum += more);
        }
    }
}

/// Adds flows to what their tails send and takes them off what their heads send. What a node sends or
/// gets in a row is added up first: adding each to memory would wait for the one before.
fn add_net<C: Capacity, S: Integer>(net: &mut [S], tails: &[u32], heads: &[u32], flows: &[C]) {
    let (mut tail, mut out) = (tails[0], S::default());
    let (mut head, mut into) = (heads[0], S::default());
    for ((next_tail, next_head), flow) in tails.iter().zip(heads).zip(flows) {
        if *next_tail != tail {
            net[tail as usize] += out;
            (tail, out) = (*next_tail, S::default());
        }
        if *next_head != head {
            net[head as usize] -= into;
            (head, into) = (*next_head, S::default());
        }
        let amount = S::truncate(flow.wide());
        out += amount;
        into += amount;
    }
    net[tail as usize] += out;
    net[head as usize] -= into;
}
