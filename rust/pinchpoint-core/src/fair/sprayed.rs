//! What part of a flow each link carries when nodes share it among shortest next hops.

use std::collections::BTreeMap;

use crate::bandwidth::Forwarding;
use crate::congestion::Split;
use crate::error::Result;
use crate::fabric::Fabric;
use crate::memory;
use crate::monitor::Monitor;
use crate::parallel;
use crate::routing::{Core, NO_EDGE, Network, Shortest, Trees, UNREACHED};
use crate::traffic::Demands;

/// Flows are dealt out in this many pieces, whatever the number of threads.
const PIECES: usize = 64;

/// The links of flows and the part of the flow on each; one entry per flow that has a way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sprayed {
    /// By flow: its place, products first, source by source, then pairs.
    pub flow: Vec<u32>,
    pub first: Vec<usize>,
    /// Twice the link, plus one against its direction.
    pub ways: Vec<u32>,
    pub shares: Vec<f64>,
}

/// How every flow of `demands` spreads over the links of an explicit fabric.
///
/// # Errors
/// `SizeLimit`; what the monitor says.
///
/// # Complexity
/// A search per destination, or per tree of destinations, and per flow what it touches.
pub fn sprayed(
    fabric: &Fabric,
    demands: &Demands,
    split: Split,
    forwarding: Forwarding,
    monitor: &dyn Monitor,
) -> Result<Sprayed> {
    memory::check("fair rates", 24 * demands.num_pairs())?;
    let network = Network::new(fabric, forwarding, monitor)?;
    let trees = Trees::new(&network);
    let core = Core::new(&network, &trees, monitor)?;
    let (first, ways) = network.ways();
    let place = |node: u32| trees.place[trees.root[node as usize] as usize];
    let mut flows: Vec<(u32, u32, u32)> = Vec::new();
    for product in &demands.products {
        for (source, _) in &product.sources {
            for (sink, _) in &product.sinks {
                if source != sink {
                    flows.push((flows.len() as u32, *source, *sink));
                }
            }
        }
    }
    for pair in &demands.pairs {
        flows.push((flows.len() as u32, pair.source, pair.sink));
    }
    flows.retain(|(_, source, sink)| !network.is_removed(*source) && !network.is_removed(*sink));
    flows.sort_by_cached_key(|(_, _, sink)| place(*sink));
    let length = flows.len().div_ceil(PIECES).max(1);
    let pieces: Vec<&[(u32, u32, u32)]> = flows.chunks(length).collect();
    let spread = Spread {
        trees: &trees,
        core: &core,
        first: &first,
        ways: &ways,
        split,
    };
    let found = parallel::in_pieces(pieces.len(), |piece| spread.run(pieces[piece], monitor))?;
    let entries: u64 = found.iter().map(|own| own.ways.len() as u64).sum();
    memory::check("fair rates", 24 * entries)?;
    let mut order: Vec<(u32, usize, usize)> = Vec::new();
    for (piece, own) in found.iter().enumerate() {
        order.extend(
            own.flow
                .iter()
                .enumerate()
                .map(|(at, flow)| (*flow, piece, at)),
        );
    }
    order.sort_unstable();
    let mut out = Sprayed {
        first: vec![0],
        ..Sprayed::default()
    };
    for (flow, piece, at) in order {
        let own = &found[piece];
        let range = own.first[at]..own.first[at + 1];
        out.flow.push(flow);
        out.ways.extend_from_slice(&own.ways[range.clone()]);
        out.shares.extend_from_slice(&own.shares[range]);
        out.first.push(out.ways.len());
    }
    Ok(out)
}

struct Spread<'a> {
    trees: &'a Trees,
    core: &'a Core,
    first: &'a [usize],
    ways: &'a [u32],
    split: Split,
}

impl Spread<'_> {
    fn run(&self, flows: &[(u32, u32, u32)], monitor: &dyn Monitor) -> Result<Sprayed> {
        let mut shortest = Shortest::new(self.core);
        let mut root = UNREACHED;
        let mut out = Sprayed {
            first: vec![0],
            ..Sprayed::default()
        };
        let mut edges = BTreeMap::new();
        for (place, source, sink) in flows {
            monitor.poll()?;
            let roots = (
                self.trees.root[*source as usize],
                self.trees.root[*sink as usize],
            );
            let (from, to) = (
                self.trees.place[roots.0 as usize],
                self.trees.place[roots.1 as usize],
            );
            edges.clear();
            let mut take = |edge: u32| {
                if edge != NO_EDGE {
                    edges.insert(edge, 1.0);
                }
            };
            if from == to {
                self.trees.between(*source, *sink, take);
            } else {
                if root != to {
                    shortest.find(to);
                    root = to;
                }
                if shortest.distance(from) == UNREACHED {
                    continue;
                }
                self.trees.between(*source, roots.0, &mut take);
                self.trees.between(roots.1, *sink, &mut take);
                self.through_core(&shortest, from, to, &mut edges);
            }
            for (edge, share) in &edges {
                let edge = *edge as usize;
                let own = &self.ways[self.first[edge]..self.first[edge + 1]];
                out.ways.extend_from_slice(own);
                let each = share / own.len() as f64;
                out.shares.extend(std::iter::repeat_n(each, own.len()));
            }
            out.flow.push(*place);
            out.first.push(out.ways.len());
        }
        Ok(out)
    }

    /// Shares of the edges between two nodes of the core, step by step toward the destination.
    fn through_core(
        &self,
        shortest: &Shortest<'_>,
        from: u32,
        to: u32,
        edges: &mut BTreeMap<u32, f64>,
    ) {
        let mut here = BTreeMap::from([(from, 1.0f64)]);
        let mut starts = !shortest.is_router(from);
        while !here.contains_key(&to) && !here.is_empty() {
            let mut ahead = BTreeMap::new();
            for (node, amount) in &here {
                let weight = |links: u32| match self.split {
                    Split::Link => f64::from(links),
                    _ => 1.0,
                };
                let next = || shortest.next_hops(*node, starts);
                let total: f64 = next().map(|hop| weight(hop.links)).sum();
                for hop in next() {
                    let part = amount * weight(hop.links) / total;
                    *edges.entry(hop.edge).or_default() += part;
                    *ahead.entry(hop.node).or_default() += part;
                }
            }
            here = ahead;
            starts = false;
        }
    }
}
