//! Checks that a cut tree holds the minimum cut of every pair.
//!
//! The flows it was made from have been checked one by one. They join its nodes to a tree of their
//! own, so that a cut is at least the least flow on the way. That none is larger follows from
//! cuts: those that the edges of the tree stand for, if it spans all nodes, else those of the
//! flows.

use std::collections::HashMap;

use super::refuse;
use crate::error::Result;
use crate::fabric::Arrays;
use crate::flow::CutTree;

/// Checks `tree` over nodes of the fabric of `arrays`, which has `num_nodes` nodes.
///
/// # Errors
///
/// `Certificate`, naming the first fault found.
///
/// # Complexity
///
/// O((n + m) d) for a tree of depth d over all n nodes; over some of them O(n k) for k distinct
/// values, and what their cuts list.
pub fn check(tree: &CutTree, arrays: &Arrays, num_nodes: usize) -> Result<()> {
    let depth = depths(tree)?;
    check_flows(tree)?;
    if tree.nodes.len() == num_nodes {
        check_edges(tree, arrays, &depth)
    } else {
        check_pairs(tree)
    }
}

/// Depth of each node; finds out whether it is a tree.
fn depths(tree: &CutTree) -> Result<Vec<u32>> {
    let n = tree.nodes.len();
    if tree.parent.len() != n || tree.value.len() != n || tree.solved.len() + 1 != n {
        return refuse("its arrays are not equally long");
    }
    let mut depth = vec![u32::MAX; n];
    depth[0] = 0;
    let mut way = Vec::new();
    for start in 0..n {
        let mut at = start;
        while depth[at] == u32::MAX {
            way.push(at);
            at = tree.parent[at] as usize;
            if way.len() > n {
                return refuse(format!("node {start} never comes to the root"));
            }
        }
        let mut own = depth[at];
        while let Some(at) = way.pop() {
            own += 1;
            depth[at] = own;
        }
    }
    Ok(depth)
}

/// No edge is more than the flow that its ends are known to have.
fn check_flows(tree: &CutTree) -> Result<()> {
    let mut flows: Vec<(i64, [u32; 2])> = tree.solved.iter().map(|s| (s.value, s.ends)).collect();
    let edges = 1..tree.nodes.len();
    let mut edges: Vec<(i64, u32)> = edges.map(|at| (tree.value[at], at as u32)).collect();
    flows.sort_unstable();
    edges.sort_unstable();
    let mut sets = Sets::new(tree.nodes.len());
    while let Some((value, at)) = edges.pop() {
        while flows.last().is_some_and(|(flow, _)| *flow >= value) {
            let [a, b] = flows.pop().map_or([0; 2], |(_, ends)| ends);
            sets.join(a, b);
        }
        if sets.find(at) != sets.find(tree.parent[at as usize]) {
            return refuse(format!("no flow of {value} reaches node {at}"));
        }
    }
    Ok(())
}

/// Every edge is the capacity between the parts it joins.
fn check_edges(tree: &CutTree, arrays: &Arrays, depth: &[u32]) -> Result<()> {
    let n = tree.nodes.len();
    let mut index = vec![0u32; n];
    for (at, node) in tree.nodes.iter().enumerate() {
        index[*node as usize] = at as u32;
    }
    let mut across = vec![0i128; n];
    let links = arrays.tails.iter().zip(arrays.heads.iter());
    for ((tail, head), capacity) in links.zip(&arrays.capacity) {
        let (mut a, mut b) = (index[*tail as usize], index[*head as usize]);
        // Both directions of a link of an undirected fabric have its capacity; of a directed one
        // each arc is one direction, so that every cut is counted twice.
        while a != b {
            let lower = if depth[a as usize] >= depth[b as usize] {
                &mut a
            } else {
                &mut b
            };
            across[*lower as usize] += i128::from(*capacity);
            *lower = tree.parent[*lower as usize];
        }
    }
    let times = if arrays.directed { 2 } else { 1 };
    for (at, (across, value)) in across.iter().zip(&tree.value).enumerate().skip(1) {
        if *across != times * i128::from(*value) {
            return refuse(format!(
                "the edge of node {at} is {value}, its cut {across} / {times}"
            ));
        }
    }
    Ok(())
}

/// Nodes that only edges of at most some value join are told apart by cuts of at most that value.
fn check_pairs(tree: &CutTree) -> Result<()> {
    let n = tree.nodes.len();
    let mut levels: Vec<i64> = (1..n).map(|at| tree.value[at]).collect();
    levels.sort_unstable();
    levels.dedup();
    let mut cuts: Vec<(i64, usize)> = (0..n - 1).map(|at| (tree.solved[at].value, at)).collect();
    cuts.sort_unstable();
    let mut cuts = cuts.into_iter().peekable();
    // Two nodes with different marks are on different sides of some cut.
    let mut mark = vec![0u64; n];
    for level in levels {
        while let Some((_, at)) = cuts.next_if(|(value, _)| *value <= level) {
            let own = scrambled(at as u64 + 1);
            let side = &tree.solved[at].side;
            side.iter().for_each(|node| mark[*node as usize] ^= own);
        }
        let mut sets = Sets::new(n);
        for at in (1..n).filter(|at| tree.value[*at] > level) {
            sets.join(at as u32, tree.parent[at]);
        }
        let mut set_of = HashMap::new();
        for node in 0..n as u32 {
            let set = sets.find(node);
            if *set_of.entry(mark[node as usize]).or_insert(set) != set {
                return refuse(format!("no cut of {level} tells node {node} apart"));
            }
        }
    }
    Ok(())
}

/// A number without structure.
fn scrambled(x: u64) -> u64 {
    let x = x.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Disjoint sets.
struct Sets(Vec<u32>);

impl Sets {
    fn new(n: usize) -> Self {
        Sets((0..n as u32).collect())
    }

    fn find(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            let up = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = up;
            at = up;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a as usize] = b;
    }
}
