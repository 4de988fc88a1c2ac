//! Graphs whose nodes are of few kinds, solved on the kinds.
//!
//! A fabric whose arcs arrive in no order is mostly as regular as one made by rule. To lay it out
//! costs several cache misses an arc; to find which nodes neither arcs nor terminals tell apart, one
//! byte a node and passes over the arcs as they are listed. The flow between classes is the flow of
//! the graph (`docs/theory.md`), and writing it down is one more pass. What is not so regular shows
//! it in a sample, or after a pass.

mod partition;
mod refine;
#[cfg(test)]
mod tests;

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
                let node = partition.class_of(terminal.node) as u32;
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
