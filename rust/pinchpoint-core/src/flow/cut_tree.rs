//! All-pairs minimum cuts of a graph with equal capacities both ways, in n - 1 flows.

use crate::error::Result;
use crate::monitor::Monitor;

use super::pair::{PairFlow, PairGraph, PairScratch};

/// A Gomory-Hu tree over some nodes: the minimum cut between two of them is the least on the way.
///
/// If it spans all nodes, taking an edge away leaves the two sides of a minimum cut between its
/// ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutTree {
    /// The nodes that the tree spans.
    pub nodes: Vec<u32>,
    /// By index into `nodes`: index of the parent; the root, index 0, is its own.
    pub parent: Vec<u32>,
    /// By index: minimum cut between the node and its parent; 0 for the root.
    pub value: Vec<i64>,
    /// The flows that were solved, one for each index but the first.
    pub solved: Vec<SolvedPair>,
}

/// A flow that a tree was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolvedPair {
    /// Indices of source and sink; the sink is the lower one.
    pub ends: [u32; 2],
    pub value: i64,
    /// Indices of the nodes on one side of the cut, in increasing order.
    pub side: Vec<u32>,
}

impl CutTree {
    /// Gusfield, "Very simple methods for all pairs network flow analysis" (SIAM J. Comput. 19,
    /// 1990). Each flow is shown to `check`, whose refusal ends the run.
    ///
    /// The graph must have the same capacity both ways between every two nodes.
    ///
    /// # Errors
    ///
    /// What `check` and the monitor say.
    ///
    /// # Complexity
    ///
    /// One flow for each node but the first.
    pub fn new(
        graph: &PairGraph,
        scratch: &mut PairScratch,
        nodes: &[u32],
        mut check: impl FnMut([u32; 2], &PairFlow) -> Result<()>,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let mut tree = CutTree {
            nodes: nodes.to_vec(),
            parent: vec![0; nodes.len()],
            value: vec![0; nodes.len()],
            solved: Vec::with_capacity(nodes.len()),
        };
        let mut index = vec![u32::MAX; graph.num_nodes()];
        for (at, node) in nodes.iter().enumerate() {
            index[*node as usize] = at as u32;
        }
        let mut seen = vec![0u32; nodes.len()];
        for at in 1..nodes.len() {
            let p = tree.parent[at] as usize;
            let pair = [nodes[at], nodes[p]];
            let flow = graph.solve(scratch, pair[0], pair[1], &|_, _| true, monitor)?;
            check(pair, &flow)?;
            let of_source = flow.sides[0].is_some();
            let listed = flow.sides.into_iter().flatten().next().unwrap_or_default();
            let members = listed.iter().map(|node| index[*node as usize]);
            let mut side: Vec<u32> = members.filter(|member| *member != u32::MAX).collect();
            side.sort_unstable();
            side.iter()
                .for_each(|member| seen[*member as usize] = at as u32);
            tree.hang(at, p, flow.value, |other| {
                (seen[other] == at as u32) == of_source
            });
            tree.solved.push(SolvedPair {
                ends: [at as u32, p as u32],
                value: flow.value,
                side,
            });
        }
        Ok(tree)
    }

    /// Enters the cut between `at` and its parent `p`; `with_source` says who is on the side of
    /// `at`.
    fn hang(&mut self, at: usize, p: usize, cut: i64, with_source: impl Fn(usize) -> bool) {
        let CutTree { parent, value, .. } = self;
        for (other, own) in parent.iter_mut().enumerate() {
            if *own as usize == p && other != at && other != p && with_source(other) {
                *own = at as u32;
            }
        }
        value[at] = cut;
        if p != 0 && with_source(parent[p] as usize) {
            parent[at] = parent[p];
            parent[p] = at as u32;
            value[at] = value[p];
            value[p] = cut;
        }
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
