//! One query under many failures, one after the other.
//!
//! On an explicit fabric the intact flow is found once, and each failure changes what it must
//! (`flow::WarmSolver`). On a structured fabric each is a query of its own, on the quotient.

use super::ends::Ends;
use super::listed::Statement;
use super::{Query, bandwidth};
use crate::certify::{self, sweep::Intact, touched::Incidence};
use crate::error::{ErrorKind, Result};
use crate::fabric::{Fabric, LinkSelection, Selection};
use crate::flow::{
    Failure, FlowProblem, Options, PairGraph, PairProblem, Terminal, WarmBase, WarmStart, max_flow,
};
use crate::memory;
use crate::monitor::Monitor;
use crate::parallel;
use crate::threads;

/// Bytes per link and per node beside the fabric.
const BYTES_PER_LINK: u64 = 8 + 16 + 16 + 16 + 8 + 8;
const BYTES_PER_NODE: u64 = 64;
/// Answers that a thread gives before it looks for more.
const PIECE: usize = 16;

/// What fails together.
#[derive(Debug, Clone, Default)]
pub struct Outage {
    pub links: Vec<LinkSelection>,
    pub nodes: Vec<Selection>,
}

/// Values of a query without failures and under each outage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// In the fabric's units, per direction.
    pub intact: i128,
    pub values: Vec<i128>,
}

/// What is left of a query under each of `outages`; each value has been checked.
///
/// # Errors
/// As [`bandwidth`], and for selections that do not fit the fabric.
///
/// # Complexity
/// On an explicit fabric one maximum flow, then searches around what fails; on a structured one
/// that of a query for each outage.
pub fn failure_sweep(
    fabric: &Fabric,
    query: &Query,
    outages: &[Outage],
    monitor: &dyn Monitor,
) -> Result<Swept> {
    let limited = fabric.layout().groups.iter().any(|g| g.capacity.is_some());
    if fabric.arrays().is_some()
        && !limited
        && let Some(swept) = warm(fabric, query, outages, monitor)?
    {
        return Ok(swept);
    }
    let intact = bandwidth(fabric, query, monitor)?.value;
    let values = parallel::in_pieces(outages.len(), |at| {
        let left = fabric.without(&outages[at].links, &outages[at].nodes)?;
        Ok(bandwidth(&left, query, monitor)?.value)
    })?;
    Ok(Swept { intact, values })
}

/// By warm restarts; none if the capacities are too large for that, or an end is gone.
fn warm(
    fabric: &Fabric,
    query: &Query,
    outages: &[Outage],
    monitor: &dyn Monitor,
) -> Result<Option<Swept>> {
    let ends = Ends::new(fabric, &query.sources, &query.sinks, query.forwarding)?;
    let statement = Statement::new(fabric, &ends)?;
    if statement.sources.is_empty() || statement.sinks.is_empty() {
        return Ok(None);
    }
    let problem = statement.problem(fabric);
    let (n, m) = (problem.num_nodes, problem.tails.len());
    let bytes = m as u64 * BYTES_PER_LINK + u64::from(n) * BYTES_PER_NODE;
    memory::check("the failure sweep", bytes)?;
    let solution = max_flow(&problem, &Options::default(), monitor)?;
    certify::flow::check(&problem, &solution, monitor)?;
    let Ok(value) = i64::try_from(solution.value) else {
        return Ok(None);
    };
    let Some(extra) = gates(&problem, &solution.flow) else {
        return Ok(None);
    };
    let pairs = PairProblem {
        num_nodes: n + 2,
        tails: problem.tails,
        heads: problem.heads,
        capacity: problem.capacity,
        duplex: problem.duplex,
        extra: &extra.arcs,
    };
    let graph = match PairGraph::new(&pairs, monitor) {
        Err(error) if error.kind == ErrorKind::Overflow => return Ok(None),
        other => other?,
    };
    let mut terminal = vec![0u8; n as usize];
    let kinds = [(problem.sources, 1), (problem.sinks, 2)];
    for (terminals, kind) in kinds {
        terminals
            .iter()
            .for_each(|end| terminal[end.node as usize] = kind);
    }
    let flow: Vec<i64> = solution.flow.iter().chain(&extra.flow).copied().collect();
    let start = WarmStart {
        source: n,
        sink: n + 1,
        value,
        flow: &flow,
    };
    let base = WarmBase::new(&graph, start, monitor)?;
    let incidence = Incidence::new(n as usize, problem.tails, problem.heads);
    let intact = Intact {
        problem: &problem,
        incidence: &incidence,
        value,
        flow: &solution.flow,
        level: &base.levels()[..n as usize],
        terminal: &terminal,
    };
    let cuts = intact.check_cuts()?;
    let workers = threads::worth(outages.len(), PIECE);
    let parts = threads::join(
        threads::ranges(outages.len(), workers)
            .into_iter()
            .map(|own| {
                let (base, intact, problem, cuts) = (&base, &intact, &problem, &cuts);
                move || -> Result<Vec<i128>> {
                    let mut solver = base.solver();
                    let mut values = Vec::with_capacity(own.len());
                    for outage in &outages[own] {
                        let failures = failures(fabric, problem, intact.incidence, outage)?;
                        let mut answer = solver.without(&failures, monitor)?;
                        answer.forget_nodes(n);
                        intact.check(cuts, &failures, &answer)?;
                        values.push(i128::from(answer.value));
                    }
                    Ok(values)
                }
            }),
    );
    let mut values = Vec::with_capacity(outages.len());
    for part in parts {
        values.extend(part?);
    }
    Ok(Some(Swept {
        intact: solution.value,
        values,
    }))
}

/// Arcs from a node beside the fabric to every source, and from every sink to another.
struct Gates {
    arcs: Vec<(u32, u32, i64)>,
    flow: Vec<i64>,
}

/// Wider than what a terminal's links can carry, so that a cut never leaves one out; none if that
/// overflows.
fn gates(problem: &FlowProblem<'_, i64>, flow: &[i64]) -> Option<Gates> {
    let n = problem.num_nodes as usize;
    let (mut width, mut net) = (vec![1i64; n], vec![0i64; n]);
    for (link, (tail, head)) in problem.tails.iter().zip(problem.heads).enumerate() {
        for end in [*tail, *head] {
            let sum = &mut width[end as usize];
            *sum = sum.checked_add(problem.capacity[link])?;
        }
        net[*tail as usize] += flow[link];
        net[*head as usize] -= flow[link];
    }
    let mut gates = Gates {
        arcs: Vec::with_capacity(problem.sources.len() + problem.sinks.len()),
        flow: Vec::new(),
    };
    let end = |terminal: &Terminal<i64>| terminal.node as usize;
    for at in problem.sources.iter().map(end) {
        gates.arcs.push((problem.num_nodes, at as u32, width[at]));
        gates.flow.push(net[at]);
    }
    for at in problem.sinks.iter().map(end) {
        gates
            .arcs
            .push((at as u32, problem.num_nodes + 1, width[at]));
        gates.flow.push(-net[at]);
    }
    Some(gates)
}

/// The links of an outage that have capacity, each once.
fn failures(
    fabric: &Fabric,
    problem: &FlowProblem<'_, i64>,
    incidence: &Incidence,
    outage: &Outage,
) -> Result<Vec<Failure>> {
    let layout = fabric.layout();
    let arrays = fabric.arrays().expect("an explicit fabric has arrays");
    let mut links = Vec::new();
    for selection in &outage.links {
        let index = layout.resolve_links(selection)?;
        for block in &selection.blocks {
            arrays.for_each_link(layout, index, block, |link| links.push(link as u32));
        }
    }
    for selection in &outage.nodes {
        let group = &layout.groups[layout.resolve(selection)?];
        for block in &selection.blocks {
            block.for_each_point(|point| {
                links.extend(incidence.at((group.first_node + group.rank(point)) as u32));
            });
        }
    }
    links.sort_unstable();
    links.dedup();
    let failure = |link: u32| Failure {
        arc: link,
        tail: problem.tails[link as usize],
        head: problem.heads[link as usize],
        lost: problem.capacity[link as usize],
        both_ways: problem.duplex,
    };
    let found = links.into_iter().map(failure);
    Ok(found.filter(|f| f.lost > 0 && f.tail != f.head).collect())
}
