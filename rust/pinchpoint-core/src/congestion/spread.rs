//! Loads when every node shares what it forwards among its shortest next hops.

use super::flows::{Side, Unreachable, lost_to_failures};
use super::{Loads, Split};
use crate::error::Result;
use crate::memory;
use crate::monitor::Monitor;
use crate::parallel;
use crate::routing::{Core, NO_EDGE, Network, Shortest, Trees, UNREACHED};
use crate::traffic::{Demands, Pair};

/// Destinations are dealt out in this many pieces, whatever the number of threads, and the loads
/// of the pieces are added in order: the same bytes come out on every machine.
const PIECES: usize = 16;

/// What one piece of the destinations gives.
struct Piece {
    /// By edge.
    loads: Vec<f64>,
    /// By product and core node: weight of the sinks it reaches outside its own tree.
    reached: Vec<Vec<f64>>,
    /// By product: core node of a destination and weight of the sources that reach it.
    reaching: Vec<Vec<(u32, f64)>>,
    /// Core nodes between which there is no way: from, to.
    cut_off: Vec<(u32, u32)>,
}

/// The demands, by product and by tree.
struct Gathered<'a> {
    products: Vec<(Side, Side)>,
    /// Pairs between different trees, by the tree of the sink, then of the source.
    pairs: Vec<&'a Pair>,
}

/// Loads of all links under shortest-path spreading.
pub fn spread(
    network: &Network,
    trees: &Trees,
    core: &Core,
    demands: &Demands,
    split: Split,
    monitor: &dyn Monitor,
) -> Result<Loads> {
    let (nodes, edges) = (network.num_nodes as u64, network.edges.len() as u64);
    let products = demands.products.len() as u64;
    memory::check(
        "congestion",
        (PIECES as u64 + 2) * 8 * (edges + products * core.len() as u64) + 32 * products * nodes,
    )?;
    let place = |node: u32| trees.place[trees.root[node as usize] as usize];
    let side = |ends: &[(u32, f64)]| Side::new(network, trees, ends);
    let mut gathered = Gathered {
        products: demands
            .products
            .iter()
            .map(|product| (side(&product.sources), side(&product.sinks)))
            .collect(),
        pairs: Vec::new(),
    };
    let up = |pair: &&Pair| !network.is_removed(pair.source) && !network.is_removed(pair.sink);
    let (own, far): (Vec<&Pair>, Vec<&Pair>) = demands
        .pairs
        .iter()
        .filter(up)
        .partition(|pair| place(pair.source) == place(pair.sink));
    gathered.pairs = far;
    gathered
        .pairs
        .sort_by_key(|pair| (place(pair.sink), place(pair.source)));
    let mut roots: Vec<u32> = (0..core.len() as u32)
        .filter(|root| {
            gathered
                .products
                .iter()
                .any(|(_, sinks)| sinks.tree[*root as usize] > 0.0)
        })
        .chain(gathered.pairs.iter().map(|pair| place(pair.sink)))
        .collect();
    roots.sort_unstable();
    roots.dedup();
    let length = roots.len().div_ceil(PIECES).max(1);
    let pieces: Vec<&[u32]> = roots.chunks(length).collect();
    let pieces = parallel::in_pieces(pieces.len(), |piece| {
        one_piece(
            network,
            trees,
            core,
            &gathered,
            split,
            pieces[piece],
            monitor,
        )
    })?;
    let mut loads = vec![0.0f64; network.edges.len()];
    let mut reached = vec![vec![0.0f64; core.len()]; gathered.products.len()];
    let mut reaching = reached.clone();
    let mut cut_off = std::collections::HashSet::new();
    let mut ordered = Vec::new();
    for piece in pieces {
        add(&mut loads, &piece.loads);
        for (product, values) in piece.reached.iter().enumerate() {
            add(&mut reached[product], values);
            for (root, weight) in &piece.reaching[product] {
                reaching[product][*root as usize] = *weight;
            }
        }
        ordered.extend(piece.cut_off.iter().copied());
        cut_off.extend(piece.cut_off);
    }
    for (product, (sources, sinks)) in gathered.products.iter().enumerate() {
        in_trees(
            trees,
            sources,
            sinks,
            &reached[product],
            &reaching[product],
            &mut loads,
        );
    }
    for pair in own {
        trees.between(pair.source, pair.sink, |edge| {
            loads[edge as usize] += pair.rate
        });
    }
    for pair in &gathered.pairs {
        if !cut_off.contains(&(place(pair.source), place(pair.sink))) {
            let roots = (
                trees.root[pair.source as usize],
                trees.root[pair.sink as usize],
            );
            trees.between(pair.source, roots.0, |edge| {
                loads[edge as usize] += pair.rate
            });
            trees.between(roots.1, pair.sink, |edge| loads[edge as usize] += pair.rate);
        }
    }
    let mut unreachable = Unreachable::default();
    lost_to_failures(network, demands, &mut unreachable);
    if !ordered.is_empty() {
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); core.len()];
        for node in 0..network.num_nodes as u32 {
            members[place(node) as usize].push(node);
        }
        for (from, to) in &ordered {
            for (sources, sinks) in &gathered.products {
                for source in &members[*from as usize] {
                    let own = sources.node[*source as usize];
                    if own > 0.0 {
                        for sink in &members[*to as usize] {
                            unreachable.add(*source, *sink, own * sinks.node[*sink as usize]);
                        }
                    }
                }
            }
        }
        for pair in &gathered.pairs {
            if cut_off.contains(&(place(pair.source), place(pair.sink))) {
                unreachable.add(pair.source, pair.sink, pair.rate);
            }
        }
    }
    let share = |link: usize, edge: u32| {
        if edge == NO_EDGE {
            return 0.0;
        }
        let whole = &network.edges[edge as usize];
        let part = match split {
            Split::Capacity => network.capacity[link] / whole.capacity,
            _ => 1.0 / f64::from(whole.links),
        };
        loads[edge as usize] * part
    };
    let of = |back: usize| -> Vec<f64> {
        let links = network.edge_of.iter().enumerate();
        links
            .map(|(link, edges)| share(link, edges[back]))
            .collect()
    };
    Ok(Loads {
        forward: of(0),
        backward: of(1),
        unreachable,
        resummed: false,
    })
}

fn add(sum: &mut [f64], values: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

fn one_piece(
    network: &Network,
    trees: &Trees,
    core: &Core,
    gathered: &Gathered<'_>,
    split: Split,
    roots: &[u32],
    monitor: &dyn Monitor,
) -> Result<Piece> {
    let place = |node: u32| trees.place[trees.root[node as usize] as usize];
    let n = core.len();
    let products = &gathered.products;
    let mut piece = Piece {
        loads: vec![0.0; network.edges.len()],
        reached: vec![vec![0.0; n]; products.len()],
        reaching: vec![Vec::new(); products.len()],
        cut_off: Vec::new(),
    };
    let mut shortest = Shortest::new(core);
    let mut senders: Vec<u32> = Vec::new();
    let mut sent = vec![0.0f64; n];
    let mut carried = vec![0.0f64; n];
    let mut width = vec![0.0f64; n];
    let mut hops: Vec<(u32, u32, f64)> = Vec::new();
    for root in roots {
        monitor.poll()?;
        senders.clear();
        let mut by_pairs = true;
        for (sources, sinks) in products {
            let weight = sinks.tree[*root as usize];
            if weight > 0.0 {
                for (sent, from) in sent.iter_mut().zip(&sources.tree) {
                    *sent += from * weight;
                }
                by_pairs = false;
            }
        }
        if !by_pairs {
            senders.extend(0..n as u32);
        }
        let start = gathered
            .pairs
            .partition_point(|pair| place(pair.sink) < *root);
        for pair in gathered.pairs[start..]
            .iter()
            .take_while(|pair| place(pair.sink) == *root)
        {
            let source = place(pair.source);
            sent[source as usize] += pair.rate;
            if by_pairs && senders.last() != Some(&source) {
                senders.push(source);
            }
        }
        sent[*root as usize] = 0.0;
        if by_pairs {
            shortest.find_from(*root, &senders);
        } else {
            shortest.find(*root);
        }
        for (product, (sources, sinks)) in products.iter().enumerate() {
            let weight = sinks.tree[*root as usize];
            if weight > 0.0 {
                let mut all = 0.0;
                for node in 0..n {
                    if node != *root as usize && shortest.distance(node as u32) != UNREACHED {
                        piece.reached[product][node] += weight;
                        all += sources.tree[node];
                    }
                }
                piece.reaching[product].push((*root, all));
            }
        }
        if split == Split::Capacity {
            widths(network, &shortest, *root, &mut width);
        }
        let mut share = |node: u32, starts: bool, amount: f64, carried: &mut [f64]| {
            hops.clear();
            let mut total = 0.0;
            for hop in shortest.next_hops(node, starts) {
                let weight = match split {
                    Split::Link => f64::from(hop.links),
                    Split::Neighbor => 1.0,
                    Split::Capacity => {
                        let capacity = network.edges[hop.edge as usize].capacity;
                        capacity.min(width[hop.node as usize])
                    }
                };
                total += weight;
                hops.push((hop.node, hop.edge, weight));
            }
            let each = amount / total;
            for (next, edge, weight) in &hops {
                let part = weight * each;
                piece.loads[*edge as usize] += part;
                carried[*next as usize] += part;
            }
        };
        for node in senders.iter().copied() {
            let amount = std::mem::take(&mut sent[node as usize]);
            if amount <= 0.0 {
                continue;
            }
            if shortest.distance(node) == UNREACHED {
                piece.cut_off.push((node, *root));
            } else if shortest.is_router(node) {
                carried[node as usize] += amount;
            } else {
                share(node, true, amount, &mut carried);
            }
        }
        for node in shortest.order().iter().skip(1).rev() {
            let amount = std::mem::take(&mut carried[*node as usize]);
            if amount > 0.0 {
                share(*node, false, amount, &mut carried);
            }
        }
        carried[*root as usize] = 0.0;
    }
    Ok(piece)
}

/// What each node can pass on toward the destination, as WCMP counts it: over each next hop the
/// smaller of the edge's capacity and what the next node can pass on.
fn widths(network: &Network, shortest: &Shortest<'_>, root: u32, width: &mut [f64]) {
    width[root as usize] = f64::INFINITY;
    for node in shortest.order().iter().skip(1) {
        let hops = shortest.next_hops(*node, false);
        let sum = hops.map(|hop| {
            let capacity = network.edges[hop.edge as usize].capacity;
            capacity.min(width[hop.node as usize])
        });
        width[*node as usize] = sum.sum();
    }
}

/// Loads of a product on tree edges: what leaves each subtree, and what enters it.
fn in_trees(
    trees: &Trees,
    sources: &Side,
    sinks: &Side,
    reached: &[f64],
    reaching: &[f64],
    loads: &mut [f64],
) {
    let (mut from, mut to) = (sources.node.clone(), sinks.node.clone());
    // Differences of sums are zero up to rounding where a subtree holds all of its tree.
    let rest = |all: f64, part: f64| {
        if all - part < 1e-14 * all {
            0.0
        } else {
            all - part
        }
    };
    for node in &trees.order {
        let (own, up) = (*node as usize, trees.parent[*node as usize] as usize);
        let root = trees.place[trees.root[own] as usize] as usize;
        let [rising, falling] = trees.edges[own];
        loads[rising as usize] += from[own] * (rest(sinks.tree[root], to[own]) + reached[root]);
        loads[falling as usize] += to[own] * (rest(sources.tree[root], from[own]) + reaching[root]);
        from[up] += from[own];
        to[up] += to[own];
    }
}
