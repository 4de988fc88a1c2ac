//! Ways that the user gives, one for each pair.

use super::flows::Unreachable;
use super::walk::add_way;
use super::{Loads, Ways};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::fabric::Fabric;
use crate::routing::Network;
use crate::traffic::Demands;

/// The given ways of pairs, checked: each starts at the source, goes on from link to link, and ends
/// at the sink.
pub fn given_ways(
    network: &Network,
    fabric: &Fabric,
    demands: &Demands,
    first: &[usize],
    links: &[u32],
) -> Result<Ways> {
    let refuse = |message: String| Err(Error::new(ErrorKind::Graph, message));
    let arrays = fabric.arrays().expect("an explicit fabric has arrays");
    if !demands.products.is_empty() || first.len() != demands.pairs.len() + 1 {
        return refuse(format!(
            "{} for {}; given ways need traffic of single pairs, one way each",
            counted(first.len().saturating_sub(1) as u64, "way"),
            counted(demands.pairs.len() as u64, "pair")
        ));
    }
    let mut out = Ways {
        first: vec![0],
        ..Ways::default()
    };
    for (at, pair) in demands.pairs.iter().enumerate() {
        let mut node = pair.source;
        for link in &links[first[at]..first[at + 1]] {
            let index = *link as usize;
            if index >= arrays.tails.len() {
                let links = counted(arrays.tails.len() as u64, "link");
                return refuse(format!("way {at}: link {link} is outside the {links}"));
            }
            let (tail, head) = (arrays.tails[index], arrays.heads[index]);
            let back = !arrays.directed && node == head && node != tail;
            if node != tail && !back {
                return refuse(format!(
                    "way {at}: link {link} joins nodes {tail} and {head}, but the way is at node {node}"
                ));
            }
            if network.edge_of[index][usize::from(back)] == u32::MAX {
                return refuse(format!("way {at}: link {link} is down"));
            }
            node = if back { tail } else { head };
            out.ways.push(2 * link + u32::from(back));
        }
        if node != pair.sink {
            return refuse(format!(
                "way {at}: it ends at node {node}, but the pair's sink is node {}",
                pair.sink
            ));
        }
        out.flow.push(at as u32);
        out.first.push(out.ways.len());
    }
    Ok(out)
}

/// Loads of all links when pairs go the given ways.
pub fn given(
    network: &Network,
    fabric: &Fabric,
    demands: &Demands,
    first: &[usize],
    links: &[u32],
) -> Result<Loads> {
    let ways = given_ways(network, fabric, demands, first, links)?;
    let links = network.capacity.len();
    let mut loads = Loads {
        forward: vec![0.0; links],
        backward: vec![0.0; links],
        unreachable: Unreachable::default(),
        resummed: false,
    };
    for (at, pair) in demands.pairs.iter().enumerate() {
        add_way(
            &mut loads,
            &ways.ways[ways.first[at]..ways.first[at + 1]],
            pair.rate,
        );
    }
    Ok(loads)
}
