//! The trees that hang off a network: what a route does there is forced.
//!
//! Nodes with one neighbour are peeled off until none is left (hosts of a leaf, then NICs). All
//! destinations of a tree share the routes to its root, which are then found once.

use super::network::Network;

/// No parent: the node is in the core.
const NONE: u32 = u32::MAX;

/// The peeled trees and the core they hang off.
#[derive(Debug, Clone)]
pub struct Trees {
    /// Of each node: the next one toward the core, or itself in the core.
    pub parent: Vec<u32>,
    /// Of each node: the core node its tree hangs off; itself in the core.
    pub root: Vec<u32>,
    /// Peeled nodes, children before parents.
    pub order: Vec<u32>,
    /// Of each peeled node: edge to its parent and edge from it.
    pub edges: Vec<[u32; 2]>,
    /// Of each node: steps to its root.
    pub depth: Vec<u32>,
    /// Nodes of the core, in increasing order.
    pub core: Vec<u32>,
    /// Of each core node: its place in `core`.
    pub place: Vec<u32>,
}

impl Trees {
    /// Peels `network`. A node is peeled only if its neighbour passes on everything.
    pub fn new(network: &Network) -> Trees {
        let n = network.num_nodes;
        let mut degree: Vec<u32> = (0..n as u32)
            .map(|node| network.leaving(node).len() as u32)
            .collect();
        let mut parent = vec![NONE; n];
        let mut order: Vec<u32> = Vec::new();
        let mut stack: Vec<u32> = Vec::new();
        if network.is_mutual() {
            stack.extend(
                (0..n as u32)
                    .rev()
                    .filter(|node| degree[*node as usize] == 1),
            );
        }
        while let Some(node) = stack.pop() {
            if degree[node as usize] != 1 || parent[node as usize] != NONE {
                continue;
            }
            let mut edges = network.leaving(node);
            let next = edges.find(|edge| parent[network.edges[*edge].head as usize] == NONE);
            let Some(next) = next else { continue };
            let next = network.edges[next].head;
            if !network.always[next as usize] {
                continue;
            }
            parent[node as usize] = next;
            order.push(node);
            degree[node as usize] = 0;
            degree[next as usize] -= 1;
            if degree[next as usize] == 1 {
                stack.push(next);
            }
        }
        let mut root: Vec<u32> = (0..n as u32).collect();
        let mut depth = vec![0u32; n];
        let mut edges = vec![[NONE; 2]; n];
        for node in order.iter().rev() {
            let (node, up) = (*node as usize, parent[*node as usize]);
            root[node] = root[up as usize];
            depth[node] = depth[up as usize] + 1;
            let edge = |tail, head| network.edge(tail, head).map_or(NONE, |edge| edge as u32);
            edges[node] = [edge(node as u32, up), edge(up, node as u32)];
        }
        let core: Vec<u32> = (0..n as u32)
            .filter(|node| parent[*node as usize] == NONE)
            .collect();
        let mut place = vec![NONE; n];
        for (at, node) in core.iter().enumerate() {
            place[*node as usize] = at as u32;
            parent[*node as usize] = *node;
        }
        Trees {
            parent,
            root,
            order,
            edges,
            depth,
            core,
            place,
        }
    }

    /// Visits the tree edges of the route between two nodes of one tree.
    pub fn between(&self, mut from: u32, mut to: u32, mut visit: impl FnMut(u32)) {
        while from != to {
            if self.depth[from as usize] >= self.depth[to as usize] {
                visit(self.edges[from as usize][0]);
                from = self.parent[from as usize];
            } else {
                visit(self.edges[to as usize][1]);
                to = self.parent[to as usize];
            }
        }
    }
}
