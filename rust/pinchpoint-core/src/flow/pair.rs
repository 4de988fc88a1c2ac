//! Many maximum flows between pairs of nodes of one graph, each at a cost of what it touches.

use crate::error::{Error, ErrorKind, Result};
use crate::monitor::Monitor;
use crate::threads;

use super::augment::{Augment, End, Log};
use super::graph::{Residual, Scale};
use super::network::Network;
use super::problem::FlowProblem;

/// A graph laid out for searches; shared by solvers.
#[derive(Debug)]
pub struct PairGraph {
    residual: Residual<i64>,
}

/// A minimum cut, by whichever side of it the search has seen whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairCut {
    /// All nodes of the source side.
    SourceSide(Vec<u32>),
    /// All nodes of the sink side.
    SinkSide(Vec<u32>),
}

/// The maximum flow between two nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFlow {
    pub value: i64,
    pub cut: PairCut,
}

impl PairGraph {
    /// Lays out arcs, or full-duplex links.
    ///
    /// # Errors
    ///
    /// `Overflow` if a capacity is 2^62 or more, or those at one node add up to 2^63 or more; what
    /// the monitor says.
    ///
    /// # Complexity
    ///
    /// O(n + m).
    pub fn new(
        num_nodes: u32,
        tails: &[u32],
        heads: &[u32],
        capacity: &[i64],
        duplex: bool,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        if let Some(arc) = capacity.iter().position(|capacity| *capacity >= 1 << 62) {
            let text = format!(
                "capacity[{arc}] is {}; it must be below 2^62",
                capacity[arc]
            );
            return Err(Error::new(ErrorKind::Overflow, text));
        }
        let problem = FlowProblem {
            num_nodes,
            tails,
            heads,
            capacity,
            duplex,
            sources: &[],
            sinks: &[],
            node_capacity: None,
        };
        let network = Network {
            num_nodes,
            source: 0,
            sink: 0,
            enter: None,
            leave: None,
            extra: Vec::new(),
        };
        let scale = Scale {
            divisor: 1,
            unlimited: 0,
        };
        let residual = Residual::lay_out(&problem, &network, scale, monitor)?;
        let graph = PairGraph { residual };
        for node in 0..num_nodes {
            for side in [0, 1] {
                let sum = graph.capacity_at(node, side);
                if sum.is_none() {
                    let text = format!("the capacities at node {node} add up to 2^63 or more");
                    return Err(Error::new(ErrorKind::Overflow, text));
                }
            }
        }
        Ok(graph)
    }

    /// Total capacity out of (0) or into (1) a node, loops left out.
    fn capacity_at(&self, node: u32, side: usize) -> Option<i64> {
        let halves = self
            .residual
            .halves(node)
            .iter()
            .filter(|half| half.head != node);
        halves
            .map(|half| self.residual.residue[half.slot as usize ^ side])
            .try_fold(0i64, i64::checked_add)
    }

    pub(super) fn residual(&self) -> &Residual<i64> {
        &self.residual
    }

    /// Whether every edge has the same capacity both ways.
    pub fn is_symmetric(&self) -> bool {
        self.residual
            .residue
            .chunks_exact(2)
            .all(|pair| pair[0] == pair[1])
    }

    /// Number of nodes.
    pub fn num_nodes(&self) -> usize {
        self.residual.num_nodes()
    }

    /// Capacity across a cut.
    fn cut_capacity(&self, cut: &PairCut) -> i64 {
        let (nodes, side) = match cut {
            PairCut::SourceSide(nodes) => (nodes, 0),
            PairCut::SinkSide(nodes) => (nodes, 1),
        };
        let mut inside = nodes.clone();
        inside.sort_unstable();
        let halves = nodes.iter().flat_map(|node| self.residual.halves(*node));
        halves
            .filter(|half| inside.binary_search(&half.head).is_err())
            .map(|half| self.residual.residue[half.slot as usize ^ side])
            .sum()
    }

    /// Solves every pair, on several threads; the answers are in the order of the pairs.
    ///
    /// # Errors
    ///
    /// As [`PairSolver::solve`].
    pub fn solve_all(&self, pairs: &[[u32; 2]], monitor: &dyn Monitor) -> Result<Vec<PairFlow>> {
        let ranges = threads::ranges(pairs.len(), threads::worth(pairs.len(), 16));
        let parts = threads::join(ranges.into_iter().map(|range| {
            move || -> Result<Vec<PairFlow>> {
                let mut solver = PairSolver::new(self);
                pairs[range]
                    .iter()
                    .map(|[s, t]| solver.solve(*s, *t, monitor))
                    .collect()
            }
        }));
        let mut answers = Vec::with_capacity(pairs.len());
        for part in parts {
            answers.extend(part?);
        }
        Ok(answers)
    }
}

/// Solves pair after pair; one for each thread.
#[derive(Debug)]
pub struct PairSolver<'a> {
    graph: &'a PairGraph,
    state: Residual<i64>,
    augment: Augment,
    log: Log,
}

impl<'a> PairSolver<'a> {
    /// A solver with residues of its own.
    pub fn new(graph: &'a PairGraph) -> Self {
        PairSolver {
            graph,
            state: graph.residual.clone(),
            augment: Augment::new(graph.num_nodes()),
            log: Log::default(),
        }
    }

    /// The maximum flow from `source` to `sink`, and a minimum cut that was checked against it.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    ///
    /// # Panics
    ///
    /// If `source` and `sink` are the same or no nodes.
    ///
    /// # Complexity
    ///
    /// That of the arcs around both ends up to where searches from them meet, for each round of
    /// shortest paths; one round where what leaves or enters an end is the bottleneck.
    pub fn solve(&mut self, source: u32, sink: u32, monitor: &dyn Monitor) -> Result<PairFlow> {
        assert_ne!(source, sink, "a pair has two nodes");
        let bound = |node, side| self.graph.capacity_at(node, side).unwrap_or(i64::MAX);
        let (out, into) = (bound(source, 0), bound(sink, 1));
        let PairSolver {
            state,
            augment,
            log,
            ..
        } = self;
        let outcome = augment.send(state, source, sink, out.min(into), log, monitor);
        log.undo(state);
        let (value, end) = outcome?;
        let cut = match end {
            End::Limit if value == out => PairCut::SourceSide(vec![source]),
            End::Limit => PairCut::SinkSide(vec![sink]),
            End::SourceSide => PairCut::SourceSide(self.augment.reached(0).to_vec()),
            End::SinkSide => PairCut::SinkSide(self.augment.reached(1).to_vec()),
        };
        if self.graph.cut_capacity(&cut) != value {
            let text = format!("the cut between {source} and {sink} does not have its value");
            return Err(Error::new(ErrorKind::Certificate, text));
        }
        Ok(PairFlow { value, cut })
    }
}
