//! Explicit fabrics: the plain solver on the arrays, under the same rules of forwarding.

use std::sync::OnceLock;

use super::ends::{Ends, Relay};
use super::{Bandwidth, Effort, Proof};
use crate::certify::{self, crossing::Crossing, crossing::Through};
use crate::error::Result;
use crate::fabric::{Block, Fabric, Role, total_len};
use crate::flow::{FlowProblem, MaxFlow, Options, Terminal, max_flow};
use crate::memory;
use crate::monitor::Monitor;

/// An answer on arrays.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The explicit fabric it was found on: the query's own, or its materialised twin.
    pub plain: Fabric,
    /// By link, net flow from tail to head, in the fabric's units.
    pub solution: MaxFlow<i64>,
}

/// What of a link's capacity the query may use, and the query's nodes.
pub(crate) struct Statement {
    pub capacity: Vec<i64>,
    pub sources: Vec<Terminal<i64>>,
    pub sinks: Vec<Terminal<i64>>,
    pub node_capacity: Option<Vec<i64>>,
}

/// Solves a query on an explicit fabric.
pub fn solve(fabric: &Fabric, ends: Ends, monitor: &dyn Monitor) -> Result<Bandwidth> {
    let statement = Statement::new(fabric, &ends)?;
    let solution = if statement.sources.is_empty() || statement.sinks.is_empty() {
        statement.nothing(fabric)
    } else {
        max_flow(&statement.problem(fabric), &Options::default(), monitor)?
    };
    Ok(Bandwidth {
        value: solution.value,
        proof: Proof::Listed(Listed {
            plain: fabric.clone(),
            solution,
        }),
        effort: Effort::default(),
        minimal: [true; 2],
        whole: OnceLock::new(),
        ends,
    })
}

impl Statement {
    /// # Errors
    /// `SizeLimit`.
    pub fn new(fabric: &Fabric, ends: &Ends) -> Result<Self> {
        let layout = fabric.layout();
        let arrays = fabric.arrays().expect("an explicit fabric has arrays");
        let nodes = layout.num_nodes() as usize;
        let terminals: u64 = (0..layout.groups.len())
            .map(|index| total_len(&ends.terminals(index)))
            .sum();
        let each = size_of::<Terminal<i64>>() as u64;
        let bytes = 12 * nodes as u64 + 8 * arrays.tails.len() as u64 + each * terminals;
        memory::check("a query of listed links", bytes)?;
        let mut kind = kinds(fabric, &ends.relays);
        for index in 0..layout.groups.len() {
            for_each_node(fabric, index, &ends.terminals(index), |node| {
                kind[node] |= TERMINAL;
            });
        }
        for (node, removed) in fabric.removed_nodes().into_iter().enumerate() {
            if removed {
                kind[node] = 0;
            }
        }
        let links = arrays
            .tails
            .iter()
            .zip(arrays.heads.iter())
            .zip(&arrays.capacity);
        let capacity = links.map(|((tail, head), capacity)| {
            if carries(kind[*tail as usize], kind[*head as usize]) {
                *capacity
            } else {
                0
            }
        });
        let terminals = |blocks: &[Vec<Block>]| {
            let mut found = Vec::new();
            for (index, blocks) in blocks.iter().enumerate() {
                for_each_node(fabric, index, blocks, |node| {
                    if kind[node] != 0 {
                        found.push(Terminal::unlimited(node as u32));
                    }
                });
            }
            found
        };
        let limited = layout.groups.iter().any(|group| group.capacity.is_some());
        let limits = || {
            let mut limits = vec![i64::MAX; nodes];
            for group in &layout.groups {
                let first = group.first_node as usize;
                let own = &mut limits[first..first + group.num_nodes as usize];
                own.fill(group.capacity.unwrap_or(i64::MAX));
            }
            limits
        };
        let capacity = capacity.collect();
        let (sources, sinks) = (terminals(&ends.sources), terminals(&ends.sinks));
        Ok(Statement {
            capacity,
            sources,
            sinks,
            node_capacity: limited.then(limits),
        })
    }

    pub fn problem<'a>(&'a self, fabric: &'a Fabric) -> FlowProblem<'a, i64> {
        let arrays = fabric.arrays().expect("an explicit fabric has arrays");
        FlowProblem {
            num_nodes: fabric.layout().num_nodes() as u32,
            tails: &arrays.tails,
            heads: &arrays.heads,
            capacity: &self.capacity,
            duplex: !arrays.directed,
            sources: &self.sources,
            sinks: &self.sinks,
            node_capacity: self.node_capacity.as_deref(),
        }
    }

    /// No flow at all: every source or every sink has failed.
    fn nothing(&self, fabric: &Fabric) -> MaxFlow<i64> {
        let nodes = fabric.layout().num_nodes() as usize;
        let source_side = vec![!self.sources.is_empty(); nodes];
        MaxFlow {
            value: 0,
            flow: vec![0; self.capacity.len()],
            source_side_out: self.node_capacity.as_ref().map(|_| source_side.clone()),
            source_side,
        }
    }
}

const ALL: u8 = 1;
const SCALE_UP: u8 = 2;
const NIC: u8 = 4;
/// What a source or a sink has beside the kind of its group.
pub const TERMINAL: u8 = ALL;

/// By node: what it may do with the traffic of others, and whether it is a NIC.
pub fn kinds(fabric: &Fabric, relays: &[Relay]) -> Vec<u8> {
    let layout = fabric.layout();
    let mut kind = vec![0u8; layout.num_nodes() as usize];
    for (group, relay) in layout.groups.iter().zip(relays) {
        let relay = match relay {
            Relay::Always => ALL,
            Relay::ScaleUp => SCALE_UP,
            Relay::Never => 0,
        };
        let nic = if group.role == Role::Nic { NIC } else { 0 };
        let first = group.first_node as usize;
        kind[first..first + group.num_nodes as usize].fill(relay | nic);
    }
    kind
}

/// Whether nodes of these kinds may both use a link between them for the query's traffic.
pub fn carries(a: u8, b: u8) -> bool {
    // A node that relays scale-up traffic only does not pass on to or from a NIC.
    let end = |own: u8, other: u8| own & ALL != 0 || (own & SCALE_UP != 0 && other & NIC == 0);
    end(a, b) && end(b, a)
}

/// Visits the ids of nodes in blocks of one group.
fn for_each_node(fabric: &Fabric, index: usize, blocks: &[Block], mut visit: impl FnMut(usize)) {
    let group = &fabric.layout().groups[index];
    for block in blocks {
        block.for_each_point(|point| visit((group.first_node + group.rank(point)) as usize));
    }
}

impl Listed {
    /// Checks flow and cut again.
    pub(super) fn verify(&self, ends: &Ends, value: i128, monitor: &dyn Monitor) -> Result<()> {
        let statement = Statement::new(&self.plain, ends)?;
        if statement.sources.is_empty() || statement.sinks.is_empty() {
            return certify::flow::check_value(value, 0);
        }
        certify::flow::check_value(value, self.solution.value)?;
        certify::flow::check(&statement.problem(&self.plain), &self.solution, monitor)
    }

    /// Per node: whether it is on the source side of the source-minimal (0) or sink-minimal (1) cut,
    /// for what enters it and for what leaves it.
    fn sides(&self, ends: &Ends, cut: usize) -> Result<(Vec<bool>, Vec<bool>)> {
        if cut == 0 {
            let enters = self.solution.source_side.clone();
            let leaves = self
                .solution
                .source_side_out
                .clone()
                .unwrap_or_else(|| enters.clone());
            return Ok((enters, leaves));
        }
        let statement = Statement::new(&self.plain, ends)?;
        if statement.sources.is_empty() || statement.sinks.is_empty() {
            return self.sides(ends, 0);
        }
        let problem = statement.problem(&self.plain);
        Ok(crate::flow::sink_minimal_cut(&problem, &self.solution))
    }

    /// What crosses a minimum cut, by bundle.
    pub(super) fn crossing(&self, ends: &Ends, cut: usize) -> Result<Vec<Crossing>> {
        let layout = self.plain.layout();
        let arrays = self.plain.arrays().expect("an explicit fabric has arrays");
        let statement = Statement::new(&self.plain, ends)?;
        let (enters, leaves) = self.sides(ends, cut)?;
        let mut rows = Vec::new();
        for index in 0..layout.bundles.len() {
            let (mut count, mut capacity) = (0u64, 0i128);
            for link in arrays.first_link[index]..arrays.first_link[index + 1] {
                let (tail, head) = (arrays.tails[link] as usize, arrays.heads[link] as usize);
                let forward = leaves[tail] && !enters[head];
                let backward = !arrays.directed && leaves[head] && !enters[tail];
                if (forward || backward) && statement.capacity[link] > 0 {
                    count += 1;
                    capacity += i128::from(statement.capacity[link]);
                }
            }
            if capacity > 0 {
                rows.push(Crossing {
                    through: Through::Bundle(index),
                    count,
                    capacity,
                });
            }
        }
        let Some(limits) = &statement.node_capacity else {
            return Ok(rows);
        };
        for (index, group) in layout
            .groups
            .iter()
            .enumerate()
            .filter(|(_, group)| group.capacity.is_some())
        {
            let first = group.first_node as usize;
            let cut = (first..first + group.num_nodes as usize)
                .filter(|node| enters[*node] && !leaves[*node]);
            let count = cut.clone().count() as u64;
            let capacity: i128 = cut.map(|node| i128::from(limits[node])).sum();
            if capacity > 0 {
                rows.push(Crossing {
                    through: Through::Group(index),
                    count,
                    capacity,
                });
            }
        }
        Ok(rows)
    }
}
