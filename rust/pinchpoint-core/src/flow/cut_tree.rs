//! All-pairs minimum cuts of a graph with equal capacities both ways, in n - 1 flows.

use crate::error::{Error, ErrorKind, Result};
use crate::monitor::Monitor;

use super::pair::{PairCut, PairGraph, PairSolver};

/// A Gomory-Hu tree over some nodes: the minimum cut between two of them is the least on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutTree {
    /// The nodes that the tree spans.
    pub nodes: Vec<u32>,
    /// By index into `nodes`: index of the parent; the root, index 0, is its own.
    pub parent: Vec<u32>,
    /// By index: minimum cut between the node and its parent; 0 for the root.
    pub value: Vec<i64>,
}

impl CutTree {
    /// Gusfield, "Very simple methods for all pairs network flow analysis" (SIAM J. Comput. 19,
    /// 1990).
    ///
    /// # Errors
    ///
    /// `Graph` if some capacity is not the same both ways: there is no cut tree then; what the
    /// monitor says.
    ///
    /// # Complexity
    ///
    /// One flow for each node but the first.
    pub fn new(graph: &PairGraph, nodes: &[u32], monitor: &dyn Monitor) -> Result<Self> {
        if !graph.is_symmetric() {
            return Err(Error::new(
                ErrorKind::Graph,
                "a cut tree needs the same capacity both ways on every link",
            ));
        }
        let mut parent = vec![0u32; nodes.len()];
        let mut value = vec![0i64; nodes.len()];
        let mut solver = PairSolver::new(graph);
        let mut seen = vec![0u32; graph.num_nodes()];
        for at in 1..nodes.len() {
            let p = parent[at] as usize;
            let flow = solver.solve(nodes[at], nodes[p], monitor)?;
            let (listed, listed_is_source) = match &flow.cut {
                PairCut::SourceSide(nodes) => (nodes, true),
                PairCut::SinkSide(nodes) => (nodes, false),
            };
            listed
                .iter()
                .for_each(|node| seen[*node as usize] = at as u32);
            let with_source = |node: u32| (seen[node as usize] == at as u32) == listed_is_source;
            for other in 0..nodes.len() {
                if other != at && parent[other] as usize == p && with_source(nodes[other]) {
                    parent[other] = at as u32;
                }
            }
            value[at] = flow.value;
            if p != 0 && with_source(nodes[parent[p] as usize]) {
                parent[at] = parent[p];
                parent[p] = at as u32;
                value[at] = value[p];
                value[p] = flow.value;
            }
        }
        Ok(CutTree {
            nodes: nodes.to_vec(),
            parent,
            value,
        })
    }

    /// The minimum cut between two nodes, by their indices.
    ///
    /// # Panics
    ///
    /// If they are the same.
    ///
    /// # Complexity
    ///
    /// Linear in the depth of the tree.
    pub fn min_cut(&self, a: usize, b: usize) -> i64 {
        assert_ne!(a, b, "a cut has two sides");
        let way = |mut at: usize| {
            let mut way = vec![at];
            while at != 0 {
                at = self.parent[at] as usize;
                way.push(at);
            }
            way
        };
        let (mut up, mut down) = (way(a), way(b));
        while up.last() == down.last() && !up.is_empty() {
            up.pop();
            down.pop();
        }
        up.iter()
            .chain(&down)
            .map(|at| self.value[*at])
            .min()
            .unwrap_or(0)
    }
}
