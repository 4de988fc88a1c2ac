//! Next hops toward one destination, shortest by hop count, under the rules of forwarding.
//!
//! Two distances are kept: of traffic in transit at a node, and of traffic that starts there. They
//! differ where a node does not pass on everything.

use crate::error::Result;
use crate::monitor::{Monitor, Pace};

use super::network::Network;
use super::trees::Trees;

/// The distance of what cannot reach the destination.
pub const UNREACHED: u32 = u32::MAX;

/// An edge of the core as seen from one end; nodes are places in the core.
#[derive(Debug, Clone, Copy)]
pub struct Hop {
    pub node: u32,
    pub edge: u32,
    /// Number of links.
    pub links: u32,
    pub leaves: bool,
    pub enters: bool,
}

/// The core of a network, for many searches.
#[derive(Debug, Clone)]
pub struct Core {
    first_out: Vec<usize>,
    out: Vec<Hop>,
    first_in: Vec<usize>,
    back: Vec<Hop>,
    always: Vec<bool>,
}

impl Core {
    /// The core of a network.
    ///
    /// # Errors
    /// What the monitor says.
    pub fn new(network: &Network, trees: &Trees, monitor: &dyn Monitor) -> Result<Core> {
        let mut pace = Pace::new(monitor);
        let n = trees.core.len();
        let (mut first_out, mut first_in) = (vec![0usize; n + 1], vec![0usize; n + 1]);
        let inner = |edge: &crate::routing::Edge| {
            let (tail, head) = (edge.tail as usize, edge.head as usize);
            let both = (trees.place[tail], trees.place[head]);
            (both.0 != u32::MAX && both.1 != u32::MAX).then_some(both)
        };
        let mut out = Vec::new();
        for (id, edge) in network.edges.iter().enumerate() {
            pace.spend(1)?;
            let Some((tail, head)) = inner(edge) else {
                continue;
            };
            first_out[tail as usize + 1] += 1;
            first_in[head as usize + 1] += 1;
            out.push(Hop {
                node: head,
                edge: id as u32,
                links: edge.links,
                leaves: edge.leaves,
                enters: edge.enters,
            });
        }
        for node in 0..n {
            first_out[node + 1] += first_out[node];
            first_in[node + 1] += first_in[node];
        }
        let mut place = first_in.clone();
        let mut back = out.clone();
        for tail in 0..n {
            pace.spend(1 + first_out[tail + 1] - first_out[tail])?;
            for hop in &out[first_out[tail]..first_out[tail + 1]] {
                back[place[hop.node as usize]] = Hop {
                    node: tail as u32,
                    ..*hop
                };
                place[hop.node as usize] += 1;
            }
        }
        Ok(Core {
            first_out,
            out,
            first_in,
            back,
            always: trees
                .core
                .iter()
                .map(|n| network.always[*n as usize])
                .collect(),
        })
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.always.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.always.is_empty()
    }

    fn out(&self, node: u32) -> &[Hop] {
        &self.out[self.first_out[node as usize]..self.first_out[node as usize + 1]]
    }
}

/// Distances to one destination, and buffers for the next.
#[derive(Debug, Clone)]
pub struct Shortest<'a> {
    core: &'a Core,
    root: u32,
    transit: Vec<u32>,
    start: Vec<u32>,
    order: Vec<u32>,
    /// Nodes that have a distance.
    touched: Vec<u32>,
    wanted: Vec<bool>,
}

impl<'a> Shortest<'a> {
    pub fn new(core: &'a Core) -> Self {
        Shortest {
            core,
            root: 0,
            transit: vec![UNREACHED; core.len()],
            start: vec![UNREACHED; core.len()],
            order: Vec::new(),
            touched: Vec::new(),
            wanted: vec![false; core.len()],
        }
    }

    /// Finds the distances of all nodes to `root`. O(nodes + edges).
    pub fn find(&mut self, root: u32) {
        self.search(root, usize::MAX);
    }

    /// Finds the distances to `root` of `sources`, and of all that is nearer than the farthest of
    /// them. O(what is as near).
    pub fn find_from(&mut self, root: u32, sources: &[u32]) {
        let mut missing = 0;
        for source in sources.iter().filter(|source| **source != root) {
            let wanted = &mut self.wanted[*source as usize];
            missing += usize::from(!*wanted);
            *wanted = true;
        }
        self.search(root, missing);
        for source in sources {
            self.wanted[*source as usize] = false;
        }
    }

    /// Searches until `missing` nodes that are wanted have a distance. All that is nearer than the
    /// last of them has its own then.
    fn search(&mut self, root: u32, mut missing: usize) {
        for node in self.touched.drain(..) {
            self.transit[node as usize] = UNREACHED;
            self.start[node as usize] = UNREACHED;
        }
        self.order.clear();
        self.root = root;
        self.transit[root as usize] = 0;
        self.start[root as usize] = 0;
        self.order.push(root);
        self.touched.push(root);
        let mut next = 0;
        while let Some(node) = self.order.get(next).copied()
            && missing > 0
        {
            next += 1;
            let distance = self.transit[node as usize] + 1;
            let range = self.core.first_in[node as usize]..self.core.first_in[node as usize + 1];
            for hop in &self.core.back[range] {
                if node != root && !hop.enters {
                    continue;
                }
                let from = hop.node as usize;
                if self.start[from] == UNREACHED {
                    self.start[from] = distance;
                    self.touched.push(hop.node);
                    missing -= usize::from(self.wanted[from]);
                }
                if hop.leaves && self.transit[from] == UNREACHED {
                    self.transit[from] = distance;
                    self.order.push(hop.node);
                }
            }
        }
    }

    /// Steps of traffic that starts at a node.
    pub fn distance(&self, node: u32) -> u32 {
        self.start[node as usize]
    }

    /// Nodes that traffic may be in transit at, the destination first, then by distance.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Whether what starts at a node goes the way of what passes through it.
    pub fn is_router(&self, node: u32) -> bool {
        self.core.always[node as usize]
    }

    /// Next hops of traffic that starts at a node (`starts`) or is in transit there.
    pub fn next_hops(&self, node: u32, starts: bool) -> impl Iterator<Item = &'a Hop> + '_ {
        let distance = if starts {
            self.start[node as usize]
        } else {
            self.transit[node as usize]
        };
        self.core.out(node).iter().filter(move |hop| {
            let ahead = self.transit[hop.node as usize];
            ahead != UNREACHED
                && ahead + 1 == distance
                && (starts || hop.leaves)
                && (hop.node == self.root || hop.enters)
        })
    }
}
