//! Many maximum flows between pairs of nodes of one graph, each at a cost of what it touches.

use crate::error::{Error, ErrorKind, Result};
use crate::monitor::Monitor;

use super::augment::{Augment, End, Log, Task};
use super::graph::{Residual, Scale};
use super::network::{ExtraArc, Network};
use super::pairing::Pairing;
use super::problem::FlowProblem;

/// A graph laid out for searches; shared by solvers. Every arc has an edge of its own.
#[derive(Debug)]
pub struct PairGraph {
    residual: Residual<i64>,
    num_arcs: usize,
}

/// What a graph is laid out from.
#[derive(Debug, Clone, Copy)]
pub struct PairProblem<'a> {
    pub num_nodes: u32,
    pub tails: &'a [u32],
    pub heads: &'a [u32],
    pub capacity: &'a [i64],
    /// Whether arcs are full-duplex links.
    pub duplex: bool,
    /// One-way arcs beside: tail, head and capacity. Their edges follow those of the others.
    pub extra: &'a [(u32, u32, i64)],
}

/// The maximum flow between two nodes, and the minimum cuts that it was seen to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFlow {
    pub value: i64,
    /// The source-minimal cut as the nodes on the source side, and the sink-minimal one as those
    /// on the sink side; at least one of them.
    pub sides: [Option<Vec<u32>>; 2],
    /// Net flow from tail to head of the arcs that carry some, by index.
    pub flow: Vec<(u32, i64)>,
}

/// Residues and marks of one thread; as good as new after each use.
#[derive(Debug)]
pub struct PairScratch {
    residue: Vec<i64>,
    augment: Augment,
    log: Log<i64>,
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
    pub fn new(problem: &PairProblem<'_>, monitor: &dyn Monitor) -> Result<Self> {
        let PairProblem {
            num_nodes,
            tails,
            heads,
            capacity,
            duplex,
            extra,
        } = *problem;
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
        let beside = extra.iter().map(|(tail, head, capacity)| ExtraArc {
            tail: *tail,
            head: *head,
            capacity: Some(i128::from(*capacity)),
        });
        let network = Network {
            num_nodes,
            source: 0,
            sink: 0,
            enter: None,
            leave: None,
            extra: beside.collect(),
        };
        super::check_count(tails.len(), &network)?;
        let scale = Scale {
            divisor: 1,
            unlimited: 0,
        };
        let apart = Pairing::none(tails.len());
        let residual = Residual::lay_out(&problem, &network, scale, apart, monitor)?;
        let graph = PairGraph {
            residual,
            num_arcs: tails.len(),
        };
        for node in 0..num_nodes {
            for side in [0, 1] {
                let sum = graph.capacity_at(node, side, |_, _| true);
                if sum.is_none() {
                    let text = format!("the capacities at node {node} add up to 2^63 or more");
                    return Err(Error::new(ErrorKind::Overflow, text));
                }
            }
        }
        Ok(graph)
    }

    /// Total capacity out of (0) or into (1) a node over edges that may be used, loops left out.
    fn capacity_at(
        &self,
        node: u32,
        side: usize,
        carries: impl Fn(u32, u32) -> bool,
    ) -> Option<i64> {
        let halves = self
            .residual
            .halves(node)
            .iter()
            .filter(|half| half.head() != node && carries(node, half.head()));
        halves
            .map(|half| self.residual.residue[half.slot() as usize ^ side])
            .try_fold(0i64, i64::checked_add)
    }

    pub(super) fn residual(&self) -> &Residual<i64> {
        &self.residual
    }

    /// Number of arcs, extra ones left out.
    pub(super) fn num_arcs(&self) -> usize {
        self.num_arcs
    }

    /// Number of nodes.
    pub fn num_nodes(&self) -> usize {
        self.residual.num_nodes()
    }

    /// Scratch space for [`PairGraph::solve`].
    pub fn scratch(&self) -> PairScratch {
        PairScratch {
            residue: self.residual.residue.clone(),
            augment: Augment::new(self.num_nodes()),
            log: Log::default(),
        }
    }

    /// The maximum flow from `source` to `sink` over edges between nodes that `carries` admits,
    /// whichever way round it is asked. To be checked by
    /// [`certify::touched`](crate::certify::touched).
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
    pub fn solve(
        &self,
        scratch: &mut PairScratch,
        source: u32,
        sink: u32,
        carries: &impl Fn(u32, u32) -> bool,
        monitor: &dyn Monitor,
    ) -> Result<PairFlow> {
        assert_ne!(source, sink, "a pair has two nodes");
        let bound = |node, side| self.capacity_at(node, side, carries).unwrap_or(i64::MAX);
        let (out, into) = (bound(source, 0), bound(sink, 1));
        let PairScratch {
            residue,
            augment,
            log,
        } = scratch;
        let task = Task {
            graph: &self.residual,
            source,
            sink,
            limit: out.min(into),
            patience: usize::MAX,
            carries,
            monitor,
        };
        let outcome = augment.send(&task, residue, log);
        let used = augment.take_used(&self.residual);
        let net = |arc: u32| {
            let slot = 2 * arc as usize;
            let sent = self.residual.residue[slot] - residue[slot];
            (sent != 0).then_some((arc, sent))
        };
        let flow = used.into_iter().filter_map(net).collect();
        log.undo(residue);
        let (value, end) = outcome?;
        let whole = |wanted: End, side: usize, bound: i64, node: u32| {
            if end == wanted {
                Some(augment.reached(side).to_vec())
            } else {
                (value == bound).then(|| vec![node])
            }
        };
        let sides = [
            whole(End::SourceSide, 0, out, source),
            whole(End::SinkSide, 1, into, sink),
        ];
        Ok(PairFlow { value, sides, flow })
    }
}
