//! Checks link loads: conserved at every node, and, where that is cheap, summed again.
//!
//! The second sum goes destination by destination over the plain list of links: no merged links,
//! no aggregation. It shares with the solver only what a routing means.

use super::refuse;
use crate::congestion::{Loads, Split};
use crate::error::Result;
use crate::fabric::Fabric;
use crate::monitor::Monitor;
use crate::routing::{Network, Trees};
use crate::traffic::Demands;

/// Link visits up to which loads are summed again.
const CHEAP: u64 = 250_000;
const TOLERANCE: f64 = 1e-9;

/// Checks the loads of an explicit fabric; `split` is none for flows that go one way each.
///
/// Returns whether they were summed again.
///
/// # Errors
/// `Certificate`, naming the first fault found; what the monitor says.
pub fn check(
    fabric: &Fabric,
    network: &Network,
    demands: &Demands,
    split: Option<Split>,
    loads: &Loads,
    monitor: &dyn Monitor,
) -> Result<bool> {
    conserved(fabric, demands, loads)?;
    let Some(split) = split else { return Ok(false) };
    let links = network.capacity.len() as u64;
    let sinks = demands.endpoints().len() as u64;
    if sinks * links > CHEAP || demands.num_pairs() > CHEAP {
        return Ok(false);
    }
    let again = resum(fabric, network, demands, split, monitor)?;
    let scale = again.iter().flatten().fold(0.0f64, |a, b| a.max(*b));
    for (link, (forward, backward)) in again[0].iter().zip(&again[1]).enumerate() {
        for (ours, theirs) in [
            (loads.forward[link], forward),
            (loads.backward[link], backward),
        ] {
            if (ours - theirs).abs() > TOLERANCE * (theirs + scale * 1e-3) {
                return refuse(format!("link {link} carries {theirs}, not {ours}"));
            }
        }
    }
    Ok(true)
}

/// What leaves a node less what enters it is what it sends less what it receives, over all that
/// has a way.
fn conserved(fabric: &Fabric, demands: &Demands, loads: &Loads) -> Result<()> {
    let arrays = fabric.arrays().expect("an explicit fabric has arrays");
    let nodes = fabric.layout().num_nodes() as usize;
    let (mut net, mut most) = (vec![0.0f64; nodes], vec![0.0f64; nodes]);
    for (link, (tail, head)) in arrays.tails.iter().zip(arrays.heads.iter()).enumerate() {
        let (forward, backward) = (loads.forward[link], loads.backward[link]);
        let sound = |load: f64| load.is_finite() && load >= 0.0;
        if !sound(forward) || !sound(backward) {
            return refuse(format!("link {link} carries {forward} and {backward}"));
        }
        net[*tail as usize] += forward - backward;
        net[*head as usize] -= forward - backward;
        most[*tail as usize] += forward + backward;
        most[*head as usize] += forward + backward;
    }
    let lost = &loads.unreachable;
    if lost.pairs as usize != lost.listed.len() {
        return Ok(());
    }
    let mut expect = vec![0.0f64; nodes];
    for product in &demands.products {
        let total = |ends: &[(u32, f64)]| ends.iter().map(|end| end.1).sum::<f64>();
        let (from, to) = (total(&product.sources), total(&product.sinks));
        for (node, weight) in &product.sources {
            expect[*node as usize] += weight * to;
            most[*node as usize] += weight * to;
        }
        for (node, weight) in &product.sinks {
            expect[*node as usize] -= weight * from;
            most[*node as usize] += weight * from;
        }
    }
    for pair in &demands.pairs {
        expect[pair.source as usize] += pair.rate;
        expect[pair.sink as usize] -= pair.rate;
        most[pair.source as usize] += pair.rate;
        most[pair.sink as usize] += pair.rate;
    }
    if lost.pairs > 0 {
        let gone: std::collections::HashSet<(u32, u32)> = lost.listed.iter().copied().collect();
        let mut take = |source: u32, sink: u32, rate: f64| {
            if gone.contains(&(source, sink)) {
                expect[source as usize] -= rate;
                expect[sink as usize] += rate;
            }
        };
        for product in &demands.products {
            let sinks: std::collections::HashMap<u32, f64> =
                product.sinks.iter().copied().collect();
            let sources: std::collections::HashMap<u32, f64> =
                product.sources.iter().copied().collect();
            for (source, sink) in &gone {
                if let (Some(a), Some(b)) = (sources.get(source), sinks.get(sink)) {
                    take(*source, *sink, a * b);
                }
            }
        }
        for pair in &demands.pairs {
            take(pair.source, pair.sink, pair.rate);
        }
    }
    for (node, (net, expect)) in net.iter().zip(&expect).enumerate() {
        let slack = TOLERANCE * most[node];
        if (net - expect).abs() > slack {
            return refuse(format!("node {node} sends {net} net, not {expect}"));
        }
    }
    Ok(())
}

/// Loads by link, forward and backward, one destination at a time.
fn resum(
    fabric: &Fabric,
    network: &Network,
    demands: &Demands,
    split: Split,
    monitor: &dyn Monitor,
) -> Result<[Vec<f64>; 2]> {
    let arrays = fabric.arrays().expect("an explicit fabric has arrays");
    let (nodes, links) = (network.num_nodes, arrays.tails.len());
    let mut loads = [vec![0.0f64; links], vec![0.0f64; links]];
    let trees = Trees::new(network);
    // (tail, head, link, back) of every live direction.
    let mut ways: Vec<(usize, usize, usize, usize)> = Vec::new();
    for link in 0..links {
        let (tail, head) = (arrays.tails[link] as usize, arrays.heads[link] as usize);
        let gone = network.is_removed(tail as u32) || network.is_removed(head as u32);
        if arrays.capacity[link] > 0 && tail != head && !gone {
            ways.push((tail, head, link, 0));
            if !arrays.directed {
                ways.push((head, tail, link, 1));
            }
        }
    }
    let passing = |way: &(usize, usize, usize, usize)| {
        let edge = &network.edges[network.edge_of[way.2][way.3] as usize];
        (edge.leaves, edge.enters)
    };
    for sink in demands.endpoints() {
        let mut sent = vec![0.0; nodes];
        for product in &demands.products {
            for weight in product
                .sinks
                .iter()
                .filter(|end| end.0 == sink)
                .map(|end| end.1)
            {
                for (source, own) in product.sources.iter().filter(|end| end.0 != sink) {
                    sent[*source as usize] += own * weight;
                }
            }
        }
        for pair in demands.pairs.iter().filter(|pair| pair.sink == sink) {
            sent[pair.source as usize] += pair.rate;
        }
        monitor.poll()?;
        let sink = sink as usize;
        // Distances in transit, level by level over all links.
        let mut far = vec![usize::MAX; nodes];
        far[sink] = 0;
        let mut level = 0;
        loop {
            let mut grew = false;
            for way in &ways {
                let (leaves, enters) = passing(way);
                if far[way.1] == level
                    && far[way.0] == usize::MAX
                    && leaves
                    && (way.1 == sink || enters)
                {
                    far[way.0] = level + 1;
                    grew = true;
                }
            }
            if !grew {
                break;
            }
            level += 1;
        }
        let open = |way: &(usize, usize, usize, usize)| {
            far[way.1] != usize::MAX && (way.1 == sink || passing(way).1)
        };
        let mut wide = vec![0.0f64; nodes];
        // The way down to the destination from what it hangs off does not count.
        let mut hung = sink;
        wide[hung] = f64::INFINITY;
        while trees.parent[hung] as usize != hung {
            hung = trees.parent[hung] as usize;
            wide[hung] = f64::INFINITY;
        }
        let mut out: Vec<Vec<&(usize, usize, usize, usize)>> = vec![Vec::new(); nodes];
        ways.iter().for_each(|way| out[way.0].push(way));
        let tight = |node: usize, starts: bool| -> Vec<&(usize, usize, usize, usize)> {
            let usable = out[node]
                .iter()
                .filter(|way| open(way) && (starts || passing(way).0));
            let best = usable.clone().map(|way| far[way.1]).min();
            usable
                .filter(|way| Some(far[way.1]) == best)
                .copied()
                .collect()
        };
        let shares = |hops: &[&(usize, usize, usize, usize)], wide: &[f64]| -> Vec<f64> {
            let mut heads: std::collections::BTreeMap<usize, (f64, f64)> = Default::default();
            for way in hops {
                let entry = heads.entry(way.1).or_default();
                entry.0 += 1.0;
                entry.1 += network.capacity[way.2];
            }
            let weight = |way: &&(usize, usize, usize, usize)| {
                let (count, capacity) = heads[&way.1];
                match split {
                    Split::Link => 1.0,
                    Split::Neighbor => 1.0 / count,
                    Split::Capacity => {
                        capacity.min(wide[way.1]) * network.capacity[way.2] / capacity
                    }
                }
            };
            hops.iter().map(weight).collect()
        };
        let mut order: Vec<usize> = (0..nodes).filter(|node| far[*node] != usize::MAX).collect();
        order.sort_by_key(|node| far[*node]);
        for node in &order {
            if wide[*node] == 0.0 {
                wide[*node] = shares(&tight(*node, false), &wide).iter().sum();
            }
        }
        let mut carried = vec![0.0f64; nodes];
        let mut pass = |node: usize, starts: bool, amount: f64, carried: &mut [f64]| {
            let hops = tight(node, starts);
            let weights = shares(&hops, &wide);
            let total: f64 = weights.iter().sum();
            for (way, weight) in hops.iter().zip(weights) {
                loads[way.3][way.2] += amount * weight / total;
                carried[way.1] += amount * weight / total;
            }
        };
        for node in (0..nodes).filter(|node| sent[*node] > 0.0) {
            pass(node, true, sent[node], &mut carried);
        }
        for node in order.iter().rev().filter(|node| **node != sink) {
            if carried[*node] > 0.0 {
                pass(*node, false, carried[*node], &mut carried);
            }
        }
    }
    Ok(loads)
}
