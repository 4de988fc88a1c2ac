//! Demands gathered by the trees that their ends are in.

use crate::routing::{Network, Trees};
use crate::traffic::Demands;

/// At most this many unreachable pairs are listed.
pub const MAX_LISTED: usize = 1000;

/// Pairs that no way joins; their traffic is on no link.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unreachable {
    /// Number of ordered pairs with a demand above zero.
    pub pairs: u64,
    /// Their demands, in Gbit/s.
    pub rate: f64,
    /// The first of them, by product or pair, then by the trees of their ends.
    pub listed: Vec<(u32, u32)>,
}

impl Unreachable {
    pub(super) fn add(&mut self, source: u32, sink: u32, rate: f64) {
        if rate > 0.0 && source != sink {
            self.pairs += 1;
            self.rate += rate;
            if self.listed.len() < MAX_LISTED {
                self.listed.push((source, sink));
            }
        }
    }
}

/// One end of a product, by tree.
#[derive(Debug, Clone)]
pub struct Side {
    /// By core place: weight of the tree's nodes.
    pub tree: Vec<f64>,
    /// By node: its weight. Failed nodes have none.
    pub node: Vec<f64>,
}

impl Side {
    pub fn new(network: &Network, trees: &Trees, ends: &[(u32, f64)]) -> Side {
        let mut side = Side {
            tree: vec![0.0; trees.core.len()],
            node: vec![0.0; network.num_nodes],
        };
        for (node, weight) in ends {
            if !network.is_removed(*node) {
                side.node[*node as usize] += weight;
                side.tree[trees.place[trees.root[*node as usize] as usize] as usize] += weight;
            }
        }
        side
    }
}

/// Counts the demands from and to failed nodes.
pub fn lost_to_failures(network: &Network, demands: &Demands, lost: &mut Unreachable) {
    if network.removed.is_empty() {
        return;
    }
    for product in &demands.products {
        let (gone, up): (Vec<_>, Vec<_>) = product
            .sinks
            .iter()
            .copied()
            .partition(|end| network.is_removed(end.0));
        for (source, weight) in &product.sources {
            let all = if network.is_removed(*source) {
                &up[..]
            } else {
                &[]
            };
            for (sink, own) in gone.iter().chain(all) {
                lost.add(*source, *sink, weight * own);
            }
        }
    }
    for pair in &demands.pairs {
        if network.is_removed(pair.source) || network.is_removed(pair.sink) {
            lost.add(pair.source, pair.sink, pair.rate);
        }
    }
}
