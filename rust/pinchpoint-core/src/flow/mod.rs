//! Exact maximum flow and minimum cut on plain graphs.
//!
//! **Which one to use.** [`max_flow`] answers any [`FlowProblem`]: arcs or full-duplex links,
//! several terminals with or without limits, node capacities. For many questions on one graph,
//! [`PairGraph`] is laid out once: it answers pair after pair at a cost of what each touches;
//! [`WarmSolver`] what failures leave of one flow, [`CutTree`] all pairs at once.
//!
//! Arcs in no order go to `classes` first, which solves graphs whose nodes are of few kinds. Else a
//! run goes one way: `network` reduces the problem to one source and one sink, `pairing` and `merge`
//! list the edges, and `passes` over them may do already, as on fabrics in order. If not, `locality`
//! renumbers nodes where it helps, `layout` and `graph` lay out the residual network, `augment` sends
//! what takes few paths, `reduction` leaves dead ends and chains out where they are many,
//! `pseudoflow` finds the value and the minimum cut, `give_back` makes a flow of what it left, and
//! `extract` reads the answer off the residues.
//! The answer is checked by [`certify::flow`](crate::certify::flow), which shares no code with
//! this module; callers decide when.

mod augment;
mod capacity;
mod classes;
mod cut_tree;
mod extract;
mod give_back;
mod graph;
mod layout;
mod levels;
mod locality;
mod merge;
mod network;
mod pair;
mod pairing;
mod passes;
mod problem;
mod pseudoflow;
mod reduction;
mod sink_cut;
mod warm;

use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::monitor::Monitor;
use crate::threads;

pub use capacity::{Capacity, Integer};
pub use cut_tree::{CutTree, SolvedPair};
pub use pair::{PairFlow, PairGraph, PairProblem, PairScratch};
pub use problem::{FlowProblem, MaxFlow, Options, OwnedProblem, Terminal};
pub use sink_cut::sink_minimal_cut;
pub use warm::{Failure, WarmBase, WarmCut, WarmFlow, WarmSolver, WarmStart};

use augment::send_little;
use capacity::Residue;
use extract::{extract_flow, flow_of_amounts};
use give_back::give_back;
use graph::{Residual, Scale};
use layout::Ends;
use network::Network;
use pairing::Pairing;
use passes::{Listed, Route};
use pseudoflow::Pseudoflow;
use reduction::Reduced;

/// Arcs that make a second thread worth starting.
const GRAIN: usize = 1 << 15;

/// A maximum flow and a minimum cut of `problem`.
///
/// Highest-label pseudoflow on paired residues, in 32-bit integers where capacities allow, else in
/// 64 or 128 bits; exact in every case.
///
/// # Errors
///
/// `Unbounded` if a path without limits joins source and sink; `Overflow` if the capacities add up
/// to more than 127 bits hold; what the monitor says.
///
/// # Panics
///
/// If ids are out of range; [`FlowProblem::validate`] finds out first.
///
/// # Complexity
///
/// O(n² m) time at worst, about 30 bytes per arc beside the input.
///
/// # Example
///
/// ```
/// use pinchpoint_core::NoMonitor;
/// use pinchpoint_core::flow::{FlowProblem, Options, Terminal, max_flow};
///
/// let problem = FlowProblem {
///     num_nodes: 4,
///     tails: &[0, 0, 1, 2],
///     heads: &[1, 2, 3, 3],
///     capacity: &[4i64, 2, 3, 5],
///     duplex: false,
///     sources: &[Terminal::unlimited(0)],
///     sinks: &[Terminal::unlimited(3)],
///     node_capacity: None,
/// };
/// let answer = max_flow(&problem, &Options::default(), &NoMonitor)?;
/// assert_eq!(answer.value, 5);
/// assert_eq!(answer.flow, [3, 2, 3, 2]);
/// assert_eq!(answer.source_side, [true, true, false, false]);
/// # Ok::<(), pinchpoint_core::Error>(())
/// ```
pub fn max_flow<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<MaxFlow<C>> {
    let mut network = Network::plan(problem)?;
    // Passes over the arcs as listed need no better numbers.
    let mut by_passes = network.extra.is_empty() && passes::may_help(problem.capacity);
    let renumber = || locality::renumber(problem.num_nodes, problem.tails, problem.heads);
    let (mut rank, (survey, pairing)) = threads::both(
        problem.tails.len() >= GRAIN && !by_passes,
        || (!by_passes).then(renumber).flatten(),
        || (Survey::of(problem, &network), pairing_of(problem, &network)),
    );
    monitor.poll()?;
    let survey = survey?;
    if pairing == Pairing::Sort
        && classes::may_be_few(problem)
        && let Some(answer) = classes::max_flow(problem, options, monitor)?
    {
        return Ok(answer);
    }
    if by_passes && pairing == Pairing::Sort {
        by_passes = false;
        rank = renumber();
    }
    if let Some(rank) = rank {
        network.rename(&rank);
    }
    let plan = Plan {
        problem,
        network,
        survey: &survey,
        pairing,
        by_passes,
    };
    if let Some(scale) = survey.scale::<i32>() {
        plan.solve(scale, options, monitor)
    } else if let Some(scale) = survey.scale::<i64>() {
        plan.solve(scale, options, monitor)
    } else if let Some(scale) = survey.scale::<i128>() {
        plan.solve(scale, options, monitor)
    } else {
        Err(Error::new(
            ErrorKind::Overflow,
            "the capacities add up to more than 2^127; divide them by a common factor",
        ))
    }
}

/// How the arcs of `problem` become edges.
fn pairing_of<C: Capacity>(problem: &FlowProblem<'_, C>, network: &Network) -> Pairing {
    match (network.leave.is_some(), problem.duplex) {
        (true, _) => Pairing::Sort,
        (false, true) => Pairing::none(problem.tails.len()),
        (false, false) => Pairing::find(problem.tails, problem.heads),
    }
}

/// What is known before it is decided which integers to solve in.
struct Plan<'a, C> {
    problem: &'a FlowProblem<'a, C>,
    network: Network,
    survey: &'a Survey,
    pairing: Pairing,
    /// Whether to try passes over the arcs first.
    by_passes: bool,
}

impl<C: Capacity> Plan<'_, C> {
    fn solve<R: Residue>(
        mut self,
        scale: Scale<R>,
        options: &Options,
        monitor: &dyn Monitor,
    ) -> Result<MaxFlow<C>> {
        let problem = self.problem;
        check_count(problem.tails.len(), &self.network)?;
        memory::check(
            "the residual network",
            estimate::<C, R>(problem, &self.network),
        )?;
        if self.by_passes {
            if let Some(answer) = self.pass(scale, options, monitor)? {
                return Ok(answer);
            }
            let rank = locality::renumber(problem.num_nodes, problem.tails, problem.heads);
            if let Some(rank) = rank {
                self.network.rename(&rank);
            }
        }
        let network = &self.network;
        let mut graph = Residual::build(problem, network, scale, self.pairing.clone(), monitor)?;
        let mut reduced = None;
        let (value, excess) = if let Some(sent) = send_little(&mut graph, monitor)? {
            (sent, None)
        } else {
            reduced = Reduced::of(&graph, monitor)?;
            let core = reduced.as_mut().map(|reduced| &mut reduced.core);
            let mut pseudoflow = Pseudoflow::new(core.unwrap_or(&mut graph));
            let value = pseudoflow.send_to_sink(monitor)?;
            (value, pseudoflow.into_excess())
        };
        let value = self.in_units(value, scale)?;
        let (side, flow) = if options.want_flow {
            if let Some(mut excess) = excess {
                if let Some(reduced) = &mut reduced {
                    reduced.give_back(&mut excess, &graph, monitor)?;
                } else {
                    let initial =
                        |graph: &Residual<R>| graph.initial(problem, network, scale, monitor);
                    give_back(&mut graph, &mut excess, initial, monitor)?;
                }
            }
            if let Some(reduced) = &reduced {
                reduced.send_in(&mut graph, monitor)?;
            }
            graph.mark_closed();
            let (side, flow) = threads::both(
                problem.tails.len() >= GRAIN,
                || match &reduced {
                    Some(reduced) => reduced.reached_from_source(&graph, monitor),
                    None => graph.reached_from_source(monitor),
                },
                || extract_flow(&graph, problem, network, scale, monitor),
            );
            (side?, flow?)
        } else {
            let mut reaches = if let Some(reduced) = &mut reduced {
                reduced.send_in(&mut graph, monitor)?;
                let core = Pseudoflow::new(&mut reduced.core).reaches_sink(monitor)?;
                reduced.reaches_sink(&core, &graph, monitor)?
            } else {
                Pseudoflow::new(&mut graph).reaches_sink(monitor)?
            };
            reaches.iter_mut().for_each(|reaches| *reaches = !*reaches);
            (reaches, Vec::new())
        };
        Ok(self.answer(value, flow, side))
    }

    /// The answer that passes over the edges find, if they find any.
    fn pass<R: Residue>(
        &self,
        scale: Scale<R>,
        options: &Options,
        monitor: &dyn Monitor,
    ) -> Result<Option<MaxFlow<C>>> {
        let Pairing::Runs(runs) = &self.pairing else {
            return Ok(None);
        };
        let (problem, network) = (self.problem, &self.network);
        let route = Route {
            num_nodes: network.num_nodes as usize,
            source: network.source,
            sink: network.sink,
            nearest_to: usize::from(!options.want_flow),
        };
        let ends = Ends::of_runs(runs, [problem.tails, problem.heads]);
        let table = network.enter.as_deref().map(|name| ends.renamed(name));
        let listed = Listed {
            ends: table.as_deref().map_or(ends, Ends::of_table),
            runs,
            capacity: &scale.residues(problem.capacity),
            unlimited: scale.unlimited,
            duplex: problem.duplex,
        };
        let Some(passed) = passes::send(&listed, route, monitor)? else {
            return Ok(None);
        };
        let value = self.in_units(passed.value, scale)?;
        let flow = if options.want_flow {
            let [pushed, pulled] = &passed.amounts;
            flow_of_amounts(runs, [pushed, pulled], problem.duplex, scale)
        } else {
            Vec::new()
        };
        Ok(Some(self.answer(value, flow, passed.source_side)))
    }

    /// The value as asked.
    fn in_units<R: Residue>(&self, value: R::Excess, scale: Scale<R>) -> Result<i128> {
        let value = value.wide() * scale.divisor;
        if self.survey.unlimited && value > self.survey.finite {
            return Err(Error::new(
                ErrorKind::Unbounded,
                "the maximum flow is unbounded: a path of unlimited capacity joins source and sink",
            ));
        }
        Ok(value)
    }

    /// The answer whose cut has the nodes of the network in `side` on the source's side.
    fn answer(&self, value: i128, flow: Vec<C>, side: Vec<bool>) -> MaxFlow<C> {
        let (problem, network) = (self.problem, &self.network);
        let by_node = |internal: &dyn Fn(u32) -> u32| -> Vec<bool> {
            (0..problem.num_nodes)
                .map(|node| side[internal(node) as usize])
                .collect()
        };
        let source_side_out = problem
            .node_capacity
            .map(|_| by_node(&|node| network.leaves(node)));
        let source_side = if network.enter.is_none() && network.extra.is_empty() {
            side
        } else {
            by_node(&|node| network.enters(node))
        };
        MaxFlow {
            value,
            flow,
            source_side,
            source_side_out,
        }
    }
}

/// Refuses arcs of which both directions have no number in 32 bits.
fn check_count(arcs: usize, network: &Network) -> Result<()> {
    if 2 * arcs + network.extra.len() < u32::MAX as usize / 2 {
        return Ok(());
    }
    let message = format!("{arcs} arcs are too many; the limit is 2^30");
    Err(Error::new(ErrorKind::SizeLimit, message))
}

/// Bytes that a run needs at most, beside the problem itself.
fn estimate<C, R>(problem: &FlowProblem<'_, C>, network: &Network) -> u64 {
    let arcs = (problem.tails.len() + network.extra.len()) as u64;
    let edges = if problem.duplex && problem.node_capacity.is_some() {
        2 * arcs
    } else {
        arcs
    };
    let per_edge = 24 + 2 * size_of::<R>() as u64;
    let per_arc = 8 + size_of::<C>() as u64;
    let nodes = u64::from(network.num_nodes);
    let whole = edges * per_edge + 96 * nodes;
    // Sparse graphs may be laid out again without what decides nothing.
    let core = if edges < 2 * nodes {
        edges * per_edge + 24 * nodes
    } else {
        0
    };
    whole + core + arcs * per_arc
}

/// What the capacities are like: decides the integers to solve in.
#[derive(Debug)]
struct Survey {
    /// Largest finite capacity.
    largest: i128,
    /// Sum of all finite capacities, or a bound on it.
    finite: i128,
    /// Some capacity has no limit.
    unlimited: bool,
    /// Number of capacities, each direction counted.
    count: i128,
    /// Divides every finite capacity.
    divisor: i128,
}

impl Survey {
    fn of<C: Capacity>(problem: &FlowProblem<'_, C>, network: &Network) -> Result<Self> {
        let directions = if problem.duplex { 2 } else { 1 };
        let count = problem.capacity.len() as i128 * directions + network.extra.len() as i128;
        let largest = largest(problem.capacity);
        let mut survey = Survey {
            largest: largest.wide(),
            finite: 0,
            unlimited: largest == C::MAX || network.extra.iter().any(|arc| arc.capacity.is_none()),
            count,
            divisor: 1,
        };
        if largest == C::MAX {
            let finite = problem
                .capacity
                .iter()
                .copied()
                .filter(|c| *c < C::MAX)
                .max();
            survey.largest = finite.unwrap_or_default().wide();
        }
        for limit in network.extra.iter().filter_map(|arc| arc.capacity) {
            survey.largest = survey.largest.max(limit);
        }
        let bound = survey.largest.checked_mul(count);
        survey.finite = match bound {
            Some(bound) if !survey.unlimited && bound <= i64::MAX.wide() => bound,
            _ => survey.total(problem, network)?,
        };
        if survey.largest > i32::HALF.wide() && size_of::<C>() == 8 {
            survey.divisor = common_divisor(problem, network);
        }
        Ok(survey)
    }

    /// The exact sum of all finite capacities.
    fn total<C: Capacity>(&self, problem: &FlowProblem<'_, C>, network: &Network) -> Result<i128> {
        let mut finite = problem
            .capacity
            .iter()
            .filter(|c| **c < C::MAX)
            .map(|c| c.wide());
        let limits = network.extra.iter().filter_map(|arc| arc.capacity);
        let sum = if size_of::<C>() <= 8 {
            Some(finite.sum::<i128>())
        } else {
            finite.try_fold(0, |sum: i128, c| sum.checked_add(c))
        };
        let directions = if problem.duplex { 2 } else { 1 };
        let sum = sum.and_then(|sum| sum.checked_mul(directions));
        limits
            .fold(sum, |sum, limit| sum?.checked_add(limit))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Overflow,
                    "the capacities add up to more than 2^127; divide them by a common factor",
                )
            })
    }

    /// How to solve in `R`, if it can hold every residue and every sum.
    fn scale<R: Residue>(&self) -> Option<Scale<R>> {
        let mut largest = self.largest / self.divisor;
        let mut total = self.finite / self.divisor;
        let mut unlimited = R::default();
        if self.unlimited {
            largest = total + 1;
            total = largest.checked_mul(self.count + 1)?;
        }
        if largest > R::HALF.wide() || total > R::Excess::MAX.wide() {
            return None;
        }
        if self.unlimited {
            unlimited = R::truncate(largest);
        }
        Some(Scale {
            divisor: self.divisor,
            unlimited,
        })
    }
}

/// The largest of `capacity`; zero if there is none.
fn largest<C: Capacity>(capacity: &[C]) -> C {
    let shares = threads::ranges(capacity.len(), threads::worth(capacity.len(), GRAIN));
    let most = threads::join(shares.into_iter().map(|share| {
        || {
            let own = capacity[share].iter().copied();
            own.max().unwrap_or_default()
        }
    }));
    most.into_iter().max().unwrap_or_default()
}

/// The greatest common divisor of all finite capacities.
fn common_divisor<C: Capacity>(problem: &FlowProblem<'_, C>, network: &Network) -> i128 {
    let mut divisor = 0u64;
    let mut last = 0;
    let limits = network
        .extra
        .iter()
        .filter_map(|arc| arc.capacity)
        .map(|limit| limit as i64);
    let finite = problem
        .capacity
        .iter()
        .filter(|c| **c < C::MAX)
        .map(|c| c.low64());
    for capacity in finite.chain(limits) {
        if capacity == last || capacity == 0 {
            continue;
        }
        last = capacity;
        let (mut a, mut b) = (divisor, capacity.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
        if divisor == 1 {
            break;
        }
    }
    divisor.max(1).into()
}
