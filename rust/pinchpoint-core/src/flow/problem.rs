//! What is asked, and the answer.

use crate::error::{Error, ErrorKind, Result, counted};

use super::capacity::Capacity;

/// A node that sends (as a source) or receives (as a sink), and how much it may at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal<C> {
    /// Node id.
    pub node: u32,
    /// Supply of a source, demand of a sink; `None` is no limit.
    pub limit: Option<C>,
}

impl<C> Terminal<C> {
    /// A terminal without a limit.
    pub fn unlimited(node: u32) -> Self {
        Terminal { node, limit: None }
    }
}

/// A max-flow problem over parallel arrays of arcs.
///
/// Ids and capacities are trusted: call [`validate`](Self::validate) where they come from outside.
/// A capacity of `C::MAX` is no limit.
#[derive(Debug, Clone, Copy)]
pub struct FlowProblem<'a, C> {
    /// Nodes are `0..num_nodes`.
    pub num_nodes: u32,
    /// Tail of each arc.
    pub tails: &'a [u32],
    /// Head of each arc.
    pub heads: &'a [u32],
    /// Capacity of each arc, not negative.
    pub capacity: &'a [C],
    /// Every entry is a full-duplex link: the capacity holds for each direction, and the flow of
    /// the answer is the net flow from tail to head.
    pub duplex: bool,
    /// At least one; no node twice.
    pub sources: &'a [Terminal<C>],
    /// At least one; no node twice, none of them a source.
    pub sinks: &'a [Terminal<C>],
    /// Bounds the larger of a node's total inflow and outflow, terminals' own traffic included.
    pub node_capacity: Option<&'a [C]>,
}

/// A [`FlowProblem`] with arrays of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedProblem<C> {
    pub num_nodes: u32,
    pub tails: Vec<u32>,
    pub heads: Vec<u32>,
    pub capacity: Vec<C>,
    pub duplex: bool,
    pub sources: Vec<Terminal<C>>,
    pub sinks: Vec<Terminal<C>>,
    pub node_capacity: Option<Vec<C>>,
}

impl<C> OwnedProblem<C> {
    /// The problem, to be asked.
    pub fn view(&self) -> FlowProblem<'_, C> {
        FlowProblem {
            num_nodes: self.num_nodes,
            tails: &self.tails,
            heads: &self.heads,
            capacity: &self.capacity,
            duplex: self.duplex,
            sources: &self.sources,
            sinks: &self.sinks,
            node_capacity: self.node_capacity.as_deref(),
        }
    }
}

/// How to solve.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Without it the answer holds the value and the sink-minimal min cut only, and the second
    /// phase of the solver is left out. Default: true.
    pub want_flow: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { want_flow: true }
    }
}

/// A maximum flow and a minimum cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaxFlow<C> {
    /// The value, exact whatever `C` is.
    pub value: i128,
    /// Flow by arc id; net flow from tail to head for duplex links. Empty if not wanted.
    pub flow: Vec<C>,
    /// By node id: whether what enters the node is on the source side of the minimum cut.
    ///
    /// The cut is the source-minimal one; if the flow was not wanted, the sink-minimal one.
    pub source_side: Vec<bool>,
    /// By node id: whether what leaves the node is on the source side. `None` without node
    /// capacities, when it would equal `source_side`. A node is part of the cut where they differ.
    pub source_side_out: Option<Vec<bool>>,
}

impl<C> MaxFlow<C> {
    /// Whether what leaves `node` is on the source side.
    pub fn leaves_source_side(&self, node: u32) -> bool {
        let side = self.source_side_out.as_ref().unwrap_or(&self.source_side);
        side[node as usize]
    }
}

/// At most this many faults are named in one error.
const MAX_FAULTS: usize = 10;

/// Collects faults and says how many were left out.
struct Faults {
    shown: Vec<String>,
    total: usize,
    kind: ErrorKind,
}

impl Faults {
    fn new() -> Self {
        Faults {
            shown: Vec::new(),
            total: 0,
            kind: ErrorKind::Graph,
        }
    }

    fn add(&mut self, kind: ErrorKind, fault: impl FnOnce() -> String) {
        if self.total == 0 {
            self.kind = kind;
        }
        self.total += 1;
        if self.shown.len() < MAX_FAULTS {
            self.shown.push(fault());
        }
    }

    fn into_result(self) -> Result<()> {
        if self.total == 0 {
            return Ok(());
        }
        let mut message = self.shown.join("; ");
        if self.total > self.shown.len() {
            message += &format!("; and {} more", self.total - self.shown.len());
        }
        Err(Error::new(self.kind, message))
    }
}

impl<C: Capacity> FlowProblem<'_, C> {
    /// Checks everything that the solver trusts.
    ///
    /// # Errors
    ///
    /// One error of kind `Graph` or `Capacity` that names up to ten faults by element, field and
    /// value.
    pub fn validate(&self) -> Result<()> {
        let mut faults = Faults::new();
        let n = self.num_nodes;
        let arcs = self.tails.len();
        for (field, len) in [
            ("heads", self.heads.len()),
            ("capacity", self.capacity.len()),
        ] {
            if len != arcs {
                faults.add(ErrorKind::Graph, || {
                    format!("{field} has length {len} but tails has {arcs}; they must be equal")
                });
            }
        }
        if let Some(limits) = self.node_capacity {
            if limits.len() != n as usize {
                faults.add(ErrorKind::Graph, || {
                    format!(
                        "node_capacity has length {} for {}",
                        limits.len(),
                        counted(n, "node")
                    )
                });
            }
            for (node, limit) in limits.iter().enumerate() {
                if *limit < C::default() {
                    faults.add(ErrorKind::Capacity, || {
                        format!("node_capacity[{node}] is {limit}; it must not be negative")
                    });
                }
            }
        }
        for (field, ids) in [("tails", self.tails), ("heads", self.heads)] {
            for (arc, id) in ids.iter().enumerate() {
                if *id >= n {
                    faults.add(ErrorKind::Graph, || {
                        format!("{field}[{arc}] is {id}, outside the {}", counted(n, "node"))
                    });
                }
            }
        }
        for (arc, capacity) in self.capacity.iter().enumerate() {
            if *capacity < C::default() {
                faults.add(ErrorKind::Capacity, || {
                    format!("capacity[{arc}] is {capacity}; it must not be negative")
                });
            }
        }
        self.check_terminals(&mut faults);
        faults.into_result()
    }

    fn check_terminals(&self, faults: &mut Faults) {
        let mut all: Vec<(u32, usize, usize)> = Vec::new();
        for (side, (field, terminals)) in [("source", self.sources), ("sink", self.sinks)]
            .into_iter()
            .enumerate()
        {
            if terminals.is_empty() {
                faults.add(ErrorKind::Graph, || format!("{field} names no node"));
            }
            for (at, terminal) in terminals.iter().enumerate() {
                if terminal.node >= self.num_nodes {
                    faults.add(ErrorKind::Graph, || {
                        format!(
                            "{field} {} is outside the {}",
                            terminal.node,
                            counted(self.num_nodes, "node")
                        )
                    });
                }
                if let Some(limit) = terminal.limit.filter(|limit| *limit < C::default()) {
                    let name = if side == 0 { "supplies" } else { "demands" };
                    faults.add(ErrorKind::Capacity, || {
                        format!("{name}[{at}] is {limit}; it must not be negative")
                    });
                }
                all.push((terminal.node, side, at));
            }
        }
        all.sort_unstable();
        for pair in all.windows(2) {
            let [(a, side_a, _), (b, side_b, _)] = [pair[0], pair[1]];
            if a != b {
                continue;
            }
            faults.add(ErrorKind::Graph, || {
                if side_a == side_b {
                    let field = if side_a == 0 { "source" } else { "sink" };
                    format!("{field} names node {a} twice")
                } else {
                    format!("source and sink are both node {a}; they must differ")
                }
            });
        }
    }
}
