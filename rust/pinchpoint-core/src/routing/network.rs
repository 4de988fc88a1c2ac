//! An explicit fabric as routing sees it.

use crate::bandwidth::{Forwarding, Relay};
use crate::error::Result;
use crate::fabric::{Fabric, Role};
use crate::memory;
use crate::monitor::{Monitor, Pace};

/// No edge: the link is down, one-way, or joins a node to itself.
pub const NO_EDGE: u32 = u32::MAX;

/// All live links from one node to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    pub tail: u32,
    pub head: u32,
    /// Number of links.
    pub links: u32,
    /// Of all its links, in Gbit/s.
    pub capacity: f64,
    /// Whether traffic in transit at the tail may leave by it.
    pub leaves: bool,
    /// Whether traffic in transit at the head may enter by it.
    pub enters: bool,
}

/// Nodes and merged edges, one each way for a full-duplex link.
#[derive(Debug, Clone)]
pub struct Network {
    pub num_nodes: usize,
    /// By tail, then by head.
    pub edges: Vec<Edge>,
    /// Of each node: its first edge; one more at the end.
    pub first: Vec<usize>,
    /// Of each link: the edge from tail to head and the one back.
    pub edge_of: Vec<[u32; 2]>,
    /// Capacity of each link, in Gbit/s.
    pub capacity: Vec<f64>,
    /// Whether a node passes on everything.
    pub always: Vec<bool>,
    /// Nodes that have failed; empty if none.
    pub removed: Vec<bool>,
    pub directed: bool,
}

impl Network {
    /// The network of an explicit fabric.
    ///
    /// # Errors
    /// `SizeLimit`; what the monitor says.
    pub fn new(fabric: &Fabric, forwarding: Forwarding, monitor: &dyn Monitor) -> Result<Network> {
        let layout = fabric.layout();
        let arrays = fabric.arrays().expect("an explicit fabric has arrays");
        let num_nodes = layout.num_nodes() as usize;
        let num_links = arrays.tails.len();
        memory::check("routing", 96 * num_links as u64 + 32 * num_nodes as u64)?;
        let mut relay = vec![Relay::Never; num_nodes];
        let mut nic = vec![false; num_nodes];
        for group in &layout.groups {
            let nodes = group.first_node as usize..(group.first_node + group.num_nodes) as usize;
            relay[nodes.clone()].fill(forwarding.relay(group));
            nic[nodes].fill(group.role == Role::Nic);
        }
        let removed = fabric.removed_nodes();
        let gone = |node: u32| removed.get(node as usize).copied().unwrap_or(false);
        let passes = |node: u32, other: u32| match relay[node as usize] {
            Relay::Always => true,
            Relay::ScaleUp => !nic[other as usize],
            Relay::Never => false,
        };
        let unit = 1e6 * 2f64.powi(fabric.unit_shift() as i32);
        let capacity: Vec<f64> = arrays.capacity.iter().map(|c| *c as f64 / unit).collect();
        let mut pace = Pace::new(monitor);
        let ways = |link: usize| {
            let (tail, head) = (arrays.tails[link], arrays.heads[link]);
            let is_up = arrays.capacity[link] != 0 && tail != head && !gone(tail) && !gone(head);
            let there = is_up.then_some((tail, head, 2 * link as u32));
            let back = there.filter(|_| !arrays.directed);
            there
                .into_iter()
                .chain(back.map(|(tail, head, way)| (head, tail, way + 1)))
        };
        // By tail, each node's by head and link.
        let mut end = vec![0usize; num_nodes + 1];
        for link in 0..num_links {
            pace.spend(1)?;
            ways(link).for_each(|(tail, ..)| end[tail as usize + 1] += 1);
        }
        for node in 0..num_nodes {
            end[node + 1] += end[node];
        }
        let mut leaving = vec![(0u32, 0u32); end[num_nodes]];
        for link in 0..num_links {
            pace.spend(1)?;
            for (tail, head, way) in ways(link) {
                leaving[end[tail as usize]] = (head, way);
                end[tail as usize] += 1;
            }
        }
        let mut edges: Vec<Edge> = Vec::with_capacity(leaving.len());
        let mut edge_of = vec![[NO_EDGE; 2]; num_links];
        let mut first = Vec::with_capacity(num_nodes + 1);
        let mut begin = 0;
        for (tail, end) in (0u32..).zip(&end[..num_nodes]) {
            let own = &mut leaving[begin..*end];
            begin = *end;
            pace.spend(1 + own.len())?;
            own.sort_unstable();
            first.push(edges.len());
            for (head, way) in own {
                let link = *way as usize / 2;
                match edges.last_mut() {
                    Some(last) if (last.tail, last.head) == (tail, *head) => {
                        last.links += 1;
                        last.capacity += capacity[link];
                    }
                    _ => edges.push(Edge {
                        tail,
                        head: *head,
                        links: 1,
                        capacity: capacity[link],
                        leaves: passes(tail, *head),
                        enters: passes(*head, tail),
                    }),
                }
                edge_of[link][*way as usize % 2] = edges.len() as u32 - 1;
            }
        }
        first.push(edges.len());
        Ok(Network {
            num_nodes,
            edges,
            first,
            edge_of,
            capacity,
            always: relay.iter().map(|relay| *relay == Relay::Always).collect(),
            removed,
            directed: arrays.directed,
        })
    }

    /// Whether every edge has one back.
    pub fn is_mutual(&self) -> bool {
        let back = |edge: &Edge| self.edge(edge.head, edge.tail).is_some();
        !self.directed || self.edges.iter().all(back)
    }

    /// Ids of the edges that leave a node.
    pub fn leaving(&self, node: u32) -> std::ops::Range<usize> {
        self.first[node as usize]..self.first[node as usize + 1]
    }

    /// The edge from one node to another.
    pub fn edge(&self, tail: u32, head: u32) -> Option<usize> {
        let range = self.leaving(tail);
        let place = self.edges[range.clone()].binary_search_by_key(&head, |edge| edge.head);
        place.ok().map(|place| range.start + place)
    }

    /// Links of each edge: offsets by edge, and ways (twice the link, plus one backward).
    pub fn ways(&self) -> (Vec<usize>, Vec<u32>) {
        let mut first = vec![0usize; self.edges.len() + 1];
        for (edge, data) in self.edges.iter().enumerate() {
            first[edge + 1] = first[edge] + data.links as usize;
        }
        let mut place = first.clone();
        let mut ways = vec![0u32; *first.last().unwrap_or(&0)];
        for (link, edges) in self.edge_of.iter().enumerate() {
            for (back, edge) in edges
                .iter()
                .enumerate()
                .filter(|(_, edge)| **edge != NO_EDGE)
            {
                ways[place[*edge as usize]] = (2 * link + back) as u32;
                place[*edge as usize] += 1;
            }
        }
        (first, ways)
    }
}

impl Network {
    /// Whether a node has failed.
    pub fn is_removed(&self, node: u32) -> bool {
        self.removed.get(node as usize).copied().unwrap_or(false)
    }
}
