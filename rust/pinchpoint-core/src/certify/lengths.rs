//! The upper bound that lengths of links prove, from the plain list of links.
//!
//! No link is merged, no tree is taken off, no node is told by its orbit: distances are found over
//! the links as they are listed, one search for each node that sends. It shares with the solvers
//! only what a fabric and a traffic are.

use std::collections::{BTreeMap, BinaryHeap};

use crate::bandwidth::{Forwarding, Relay};
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::{Fabric, Role};
use crate::memory;
use crate::monitor::Monitor;
use crate::traffic::Demands;

/// Part that rounding may have added to a distance or a sum; bounds give it away.
const SLACK: f64 = 1e-12;

/// The largest multiple of the demands that fits, at most: capacity times length over demand times
/// distance. Pairs without a way are left out; infinity without a distance.
///
/// # Errors
/// `Graph` for lengths that are none, one per link and direction; `SizeLimit`; what the monitor
/// says.
///
/// # Complexity
/// O(sources * (links * log nodes + sinks)).
pub fn upper(
    fabric: &Fabric,
    demands: &Demands,
    forwarding: Forwarding,
    lengths: [&[f64]; 2],
    monitor: &dyn Monitor,
) -> Result<f64> {
    let layout = fabric.layout();
    let arrays = fabric.arrays().expect("an explicit fabric has arrays");
    let (n, m) = (layout.num_nodes() as usize, arrays.tails.len());
    memory::check("a certificate", 48 * m as u64 + 64 * n as u64)?;
    let sound = |length: &f64| length.is_finite() && *length >= 0.0;
    if lengths
        .iter()
        .any(|own| own.len() != m || !own.iter().all(sound))
    {
        let message = "lengths must be finite and zero or more, one per link and direction";
        return Err(Error::new(ErrorKind::Graph, message));
    }
    let mut kind = vec![(Relay::Never, false); n];
    for group in &layout.groups {
        let nodes = group.first_node as usize..(group.first_node + group.num_nodes) as usize;
        kind[nodes].fill((forwarding.relay(group), group.role == Role::Nic));
    }
    let removed = fabric.removed_nodes();
    let gone = |node: usize| removed.get(node).copied().unwrap_or(false);
    let passes = |node: usize, other: usize| match kind[node].0 {
        Relay::Always => true,
        Relay::ScaleUp => !kind[other].1,
        Relay::Never => false,
    };
    let unit = 1e6 * 2f64.powi(fabric.unit_shift() as i32);
    let mut ways: Vec<(usize, usize, f64)> = Vec::with_capacity(2 * m);
    let mut offered = 0.0;
    for (link, capacity) in arrays.capacity.iter().enumerate() {
        let (tail, head) = (arrays.tails[link] as usize, arrays.heads[link] as usize);
        if *capacity == 0 || tail == head || gone(tail) || gone(head) {
            continue;
        }
        let capacity = *capacity as f64 / unit;
        ways.push((tail, head, lengths[0][link]));
        offered += capacity * lengths[0][link];
        if !arrays.directed {
            ways.push((head, tail, lengths[1][link]));
            offered += capacity * lengths[1][link];
        }
    }
    ways.sort_by_key(|way| way.0);
    let first: Vec<usize> = (0..=n)
        .map(|node| ways.partition_point(|way| way.0 < node))
        .collect();
    let mut wanted: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
    for pair in &demands.pairs {
        wanted
            .entry(pair.source)
            .or_default()
            .push((pair.sink, pair.rate));
    }
    for product in &demands.products {
        for (source, _) in &product.sources {
            wanted.entry(*source).or_default();
        }
    }
    let mut needed = 0.0;
    let (mut through, mut ends) = (vec![f64::INFINITY; n], vec![f64::INFINITY; n]);
    let weights: Vec<BTreeMap<u32, f64>> = demands
        .products
        .iter()
        .map(|product| product.sources.iter().copied().collect())
        .collect();
    for (source, pairs) in &wanted {
        monitor.poll()?;
        let start = *source as usize;
        if gone(start) {
            continue;
        }
        through.fill(f64::INFINITY);
        ends.fill(f64::INFINITY);
        // Finite and zero or more, so the bits of a distance are in its order.
        let mut heap = BinaryHeap::new();
        through[start] = 0.0;
        heap.push(std::cmp::Reverse((0u64, start)));
        while let Some(std::cmp::Reverse((bits, node))) = heap.pop() {
            let distance = f64::from_bits(bits);
            if distance > through[node] {
                continue;
            }
            for (_, head, length) in &ways[first[node]..first[node + 1]] {
                if node != start && !passes(node, *head) {
                    continue;
                }
                let far = distance + length;
                ends[*head] = ends[*head].min(far);
                if passes(*head, node) && far < through[*head] {
                    through[*head] = far;
                    heap.push(std::cmp::Reverse((far.to_bits(), *head)));
                }
            }
        }
        let mut add = |sink: u32, rate: f64| {
            let far = ends[sink as usize];
            if sink != *source && far.is_finite() {
                needed += rate * far;
            }
        };
        pairs.iter().for_each(|(sink, rate)| add(*sink, *rate));
        for (product, weights) in demands.products.iter().zip(&weights) {
            if let Some(own) = weights.get(source) {
                product
                    .sinks
                    .iter()
                    .for_each(|(sink, weight)| add(*sink, own * weight));
            }
        }
    }
    Ok(if needed > 0.0 {
        offered / needed * (1.0 + SLACK)
    } else {
        f64::INFINITY
    })
}
