//! A concurrent flow without the trees that hang off the network.

use crate::bandwidth::Forwarding;
use crate::congestion::{Query, Routing, Split, Unreachable, congestion};
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::Fabric;
use crate::memory;
use crate::monitor::Monitor;
use crate::routing::{Edge, NO_EDGE, Network, Trees};
use crate::traffic::Demands;

/// What one node sends, by sink.
#[derive(Debug, Clone, PartialEq)]
pub struct Commodities {
    pub source: u32,
    /// Sink and Gbit/s, by sink.
    pub sinks: Vec<(u32, f64)>,
}

/// A maximum concurrent flow between the nodes of a network's core.
#[derive(Debug, Clone)]
pub struct Reduced {
    /// Number of core nodes.
    pub num_nodes: usize,
    /// Node id of each core node.
    pub nodes: Vec<u32>,
    /// Merged edges of the core; ends are places in the core.
    pub edges: Vec<Edge>,
    /// Whether a core node passes on everything.
    pub always: Vec<bool>,
    /// By source, in increasing order.
    pub commodities: Vec<Commodities>,
    /// The smallest ratio of capacity to forced load over the trees' edges; infinity without any.
    pub forced: f64,
    /// The edge that has it.
    pub forced_edge: Option<Edge>,
    pub unreachable: Unreachable,
    /// Largest utilization under ECMP, which is a flow.
    pub routed: f64,
    /// Of each node: its place in the core, or that of the node its tree hangs off.
    pub place: Vec<u32>,
    /// By node: what can leave these by the forced edge alone. Empty without a forced edge.
    pub forced_side: Vec<bool>,
    /// Of each link, forward and backward: its edge of the core and whether it is the forced one.
    links: Vec<[(u32, bool); 2]>,
}

impl Reduced {
    /// Reduces the concurrent flow of `demands` on an explicit fabric.
    ///
    /// # Errors
    /// `SizeLimit`; what the monitor says.
    pub fn new(
        fabric: &Fabric,
        demands: &Demands,
        forwarding: Forwarding,
        monitor: &dyn Monitor,
    ) -> Result<Reduced> {
        let network = Network::new(fabric, forwarding, monitor)?;
        let trees = Trees::new(&network);
        // Any routing puts the same on trees; shortest paths also tell which pairs have a way.
        let query = Query {
            demands: demands.clone(),
            routing: Routing::Spread(Split::Link),
            forwarding,
        };
        let loads = congestion(fabric, &query, monitor)?;
        let listed = loads.unreachable.listed.len() as u64;
        if loads.unreachable.pairs > listed {
            let message = format!(
                "{} pairs have no way; throughput drops at most {listed} of them",
                loads.unreachable.pairs
            );
            return Err(Error::new(ErrorKind::Graph, message));
        }
        let mut forced = f64::INFINITY;
        let mut forced_by = None;
        let mut on_edge = vec![0.0f64; network.edges.len()];
        for (link, edges) in network.edge_of.iter().enumerate() {
            for (edge, load) in edges
                .iter()
                .zip([loads.forward[link], loads.backward[link]])
            {
                if let Some(sum) = on_edge.get_mut(*edge as usize) {
                    *sum += load;
                }
            }
        }
        for node in &trees.order {
            for (falls, edge) in trees.edges[*node as usize].into_iter().enumerate() {
                let whole = network.edges[edge as usize];
                let load = on_edge[edge as usize];
                if load > 0.0 && whole.capacity / load < forced {
                    forced = whole.capacity / load;
                    forced_by = Some((*node, falls == 1, edge));
                }
            }
        }
        let used = network.edges.iter().zip(&on_edge);
        let routed = used
            .map(|(edge, load)| load / edge.capacity)
            .fold(0.0, f64::max);
        let place = |node: u32| trees.place[trees.root[node as usize] as usize];
        let n = trees.core.len();
        let mut edges = Vec::new();
        let mut own = vec![NO_EDGE; network.edges.len()];
        for (id, edge) in network.edges.iter().enumerate() {
            let ends = (
                trees.place[edge.tail as usize],
                trees.place[edge.head as usize],
            );
            if ends.0 != u32::MAX && ends.1 != u32::MAX {
                own[id] = edges.len() as u32;
                edges.push(Edge {
                    tail: ends.0,
                    head: ends.1,
                    ..*edge
                });
            }
        }
        let commodities = gather(&network, demands, &loads.unreachable, n, place)?;
        let forced_id = forced_by.map_or(NO_EDGE, |found| found.2);
        let links = network.edge_of.iter().map(|ways| {
            ways.map(|edge| match own.get(edge as usize) {
                Some(core) => (*core, edge == forced_id),
                None => (NO_EDGE, false),
            })
        });
        Ok(Reduced {
            routed,
            place: (0..network.num_nodes as u32).map(place).collect(),
            forced_side: forced_by.map_or(Vec::new(), |(node, falls, _)| {
                below(&trees, node)
                    .into_iter()
                    .map(|in_it| in_it != falls)
                    .collect()
            }),
            links: links.collect(),
            forced_edge: forced_by.map(|found| network.edges[found.2 as usize]),
            num_nodes: n,
            edges,
            always: trees
                .core
                .iter()
                .map(|node| network.always[*node as usize])
                .collect(),
            commodities,
            nodes: trees.core,
            forced,
            unreachable: loads.unreachable,
        })
    }

    /// Lengths of the links, forward and backward, from those of the core's edges.
    pub fn of_links(&self, lengths: &[f64]) -> [Vec<f64>; 2] {
        let length = |edge: u32| lengths.get(edge as usize).copied().unwrap_or(0.0);
        [0, 1].map(|back| self.links.iter().map(|ways| length(ways[back].0)).collect())
    }

    /// One for each link of the forced edge, forward and backward.
    pub fn of_forced(&self) -> [Vec<f64>; 2] {
        let one = |forced: bool| f64::from(u8::from(forced));
        [0, 1].map(|back| self.links.iter().map(|ways| one(ways[back].1)).collect())
    }
}

/// Whether each node hangs off a peeled node, or is it.
fn below(trees: &Trees, node: u32) -> Vec<bool> {
    let mut found = vec![false; trees.parent.len()];
    found[node as usize] = true;
    for other in trees.order.iter().rev() {
        if found[trees.parent[*other as usize] as usize] {
            found[*other as usize] = true;
        }
    }
    found
}

/// Demands between core nodes, without the pairs that have no way.
fn gather(
    network: &Network,
    demands: &Demands,
    lost: &Unreachable,
    nodes: usize,
    place: impl Fn(u32) -> u32,
) -> Result<Vec<Commodities>> {
    let gone: std::collections::HashSet<(u32, u32)> = lost.listed.iter().copied().collect();
    let mut rows: Vec<Option<Vec<f64>>> = vec![None; nodes];
    let mut used = 0u64;
    let mut add = |from: u32, to: u32, rate: f64| -> Result<()> {
        if from == to || rate == 0.0 {
            return Ok(());
        }
        let row = match &mut rows[from as usize] {
            Some(row) => row,
            empty => {
                used += 8 * nodes as u64;
                memory::check("throughput", used)?;
                empty.insert(vec![0.0; nodes])
            }
        };
        row[to as usize] += rate;
        Ok(())
    };
    let by_root = |ends: &[(u32, f64)]| {
        let mut sums = std::collections::BTreeMap::<u32, f64>::new();
        for (node, weight) in ends.iter().filter(|end| !network.is_removed(end.0)) {
            *sums.entry(place(*node)).or_default() += weight;
        }
        sums
    };
    for product in &demands.products {
        let (from, to) = (by_root(&product.sources), by_root(&product.sinks));
        for (source, own) in &from {
            for (sink, weight) in &to {
                add(*source, *sink, own * weight)?;
            }
        }
        let weight = |ends: &[(u32, f64)], node: u32| -> f64 {
            ends.iter()
                .filter(|end| end.0 == node)
                .map(|end| end.1)
                .sum()
        };
        for (source, sink) in &gone {
            if !network.is_removed(*source) && !network.is_removed(*sink) {
                let rate = weight(&product.sources, *source) * weight(&product.sinks, *sink);
                add(place(*source), place(*sink), -rate)?;
            }
        }
    }
    for pair in &demands.pairs {
        if !gone.contains(&(pair.source, pair.sink)) {
            add(place(pair.source), place(pair.sink), pair.rate)?;
        }
    }
    // Whole trees are cut off from one another, so what is left of such a sum is rounding.
    let cut: std::collections::HashSet<(u32, u32)> = lost
        .listed
        .iter()
        .map(|(source, sink)| (place(*source), place(*sink)))
        .collect();
    let mut out = Vec::new();
    for (source, row) in rows.into_iter().enumerate() {
        let source = source as u32;
        let entries = row.into_iter().flatten().enumerate();
        let sinks: Vec<(u32, f64)> = entries
            .map(|(sink, rate)| (sink as u32, rate))
            .filter(|(sink, rate)| *rate > 0.0 && !cut.contains(&(source, *sink)))
            .collect();
        if !sinks.is_empty() {
            out.push(Commodities { source, sinks });
        }
    }
    Ok(out)
}
