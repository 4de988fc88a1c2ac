//! Loads when every flow goes one way: hashed per flow, by destination number, or as given.

use super::flows::{Unreachable, lost_to_failures};
use super::{Loads, Routing, Ways};
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::monitor::{Monitor, Pace};
use crate::parallel;
use crate::routing::{Core, Network, Shortest, Trees, UNREACHED};
use crate::traffic::{Demands, Pair};

/// Pieces of the destinations, fixed so that results do not depend on threads.
const PIECES: usize = 64;

/// Every single pair of the demands, with its place.
fn listed(network: &Network, demands: &Demands, monitor: &dyn Monitor) -> Result<Vec<Flow>> {
    let count = demands.num_pairs();
    memory::check("flow by flow routing", 96 * count)?;
    if count >= u64::from(u32::MAX) {
        let message = format!("{count} flows; flow by flow routing takes fewer than 2^32");
        return Err(Error::new(ErrorKind::SizeLimit, message));
    }
    let mut pairs = Vec::with_capacity(count as usize);
    let mut pace = Pace::new(monitor);
    let mut place = 0;
    let mut push = |pair: Pair| {
        if !network.is_removed(pair.source) && !network.is_removed(pair.sink) {
            pairs.push((place, pair));
        }
        place += 1;
    };
    for product in &demands.products {
        for (source, from) in &product.sources {
            pace.spend(product.sinks.len())?;
            for (sink, to) in product.sinks.iter().filter(|sink| sink.0 != *source) {
                push(Pair {
                    source: *source,
                    sink: *sink,
                    rate: from * to,
                });
            }
        }
    }
    demands.pairs.iter().for_each(|pair| push(*pair));
    Ok(pairs)
}

/// Flows by the `place` of their destination, below `most`; those of one place keep their order.
fn dealt(
    flows: &[Flow],
    most: usize,
    place: impl Fn(u32) -> u32,
    monitor: &dyn Monitor,
) -> Result<Vec<Flow>> {
    let mut pace = Pace::new(monitor);
    let place = |flow: &Flow| place(flow.1.sink) as usize;
    let mut next = vec![0usize; most + 1];
    for flow in flows {
        pace.spend(1)?;
        next[place(flow) + 1] += 1;
    }
    for at in 0..most {
        next[at + 1] += next[at];
    }
    let mut sorted = flows.to_vec();
    for flow in flows {
        pace.spend(1)?;
        let at = &mut next[place(flow)];
        sorted[*at] = *flow;
        *at += 1;
    }
    Ok(sorted)
}

/// A well-mixed number (splitmix64).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How a flow picks among `count` links at a node.
enum Picker {
    /// By a hash of the flow, and of the node if salted.
    Hash { flow: u64, salted: bool },
    /// By what is left of the destination's number.
    Modulo { rest: u64 },
}

impl Picker {
    fn pick(&mut self, node: u32, count: u64) -> u64 {
        match self {
            Picker::Hash { flow, salted } => {
                let salt = if *salted { u64::from(node) + 1 } else { 0 };
                let drawn = mixed(*flow ^ mixed(salt));
                ((u128::from(drawn) * u128::from(count)) >> 64) as u64
            }
            Picker::Modulo { rest } if count > 1 => {
                let choice = *rest % count;
                *rest /= count;
                choice
            }
            Picker::Modulo { .. } => 0,
        }
    }
}

/// Next-hop links of the nodes that flows to one destination have come to, gathered once.
struct NextLinks {
    /// By node, in transit or starting: first and last entry, if of this destination.
    spans: Vec<Option<(u32, u32)>>,
    /// Next node and way.
    links: Vec<(u32, u32)>,
}

impl NextLinks {
    fn new(nodes: usize) -> Self {
        NextLinks {
            spans: vec![None; 2 * nodes],
            links: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.spans.fill(None);
        self.links.clear();
    }
}

/// The ways of some flows, and those that have none.
type Piece = (Ways, Vec<u32>);
/// A flow: its place, and its demand.
type Flow = (u32, Pair);

struct Walker<'a> {
    network: &'a Network,
    trees: &'a Trees,
    core: &'a Core,
    /// Links of each edge.
    first: Vec<usize>,
    ways: Vec<u32>,
}

impl Walker<'_> {
    /// The ways of flows, which come by the tree of their sink.
    fn run(&self, flows: &[Flow], routing: &Routing, monitor: &dyn Monitor) -> Result<Piece> {
        let place = |node: u32| self.trees.place[self.trees.root[node as usize] as usize];
        let mut out = Ways {
            first: vec![0],
            ..Ways::default()
        };
        let mut lost = Vec::new();
        let mut shortest = Shortest::new(self.core);
        let mut next = NextLinks::new(self.core.len());
        let mut found = None;
        let parts = match routing {
            Routing::Hash { parts, .. } => *parts,
            _ => 1,
        };
        for (count, (id, pair)) in flows.iter().enumerate() {
            if count % 1024 == 0 {
                monitor.poll()?;
            }
            let (from, to) = (place(pair.source), place(pair.sink));
            if from != to && found != Some(to) {
                monitor.poll()?;
                shortest.find(to);
                next.clear();
                found = Some(to);
            }
            if from != to && shortest.distance(from) == UNREACHED {
                lost.push(*id);
                continue;
            }
            for part in 0..parts {
                let mut picker = match routing {
                    Routing::Hash { seed, salted, .. } => Picker::Hash {
                        flow: mixed(
                            mixed(*seed)
                                ^ mixed(u64::from(*id) << 20 | u64::from(part))
                                    .wrapping_add(u64::from(pair.source) << 32)
                                ^ u64::from(pair.sink),
                        ),
                        salted: *salted,
                    },
                    _ => Picker::Modulo {
                        rest: u64::from(pair.sink),
                    },
                };
                self.one(
                    pair,
                    from,
                    to,
                    &shortest,
                    &mut next,
                    &mut picker,
                    &mut out.ways,
                );
                out.flow.push(*id);
                out.first.push(out.ways.len());
            }
        }
        Ok((out, lost))
    }

    fn next_links(
        &self,
        node: u32,
        starts: bool,
        shortest: &Shortest<'_>,
        next: &mut NextLinks,
    ) -> (u32, u32) {
        let place = 2 * node as usize + usize::from(starts);
        if let Some(span) = next.spans[place] {
            return span;
        }
        let low = next.links.len() as u32;
        for hop in shortest.next_hops(node, starts) {
            let range = self.first[hop.edge as usize]..self.first[hop.edge as usize + 1];
            let ways = self.ways[range].iter();
            next.links.extend(ways.map(|way| (hop.node, *way)));
        }
        let span = (low, next.links.len() as u32);
        next.spans[place] = Some(span);
        span
    }

    #[allow(clippy::too_many_arguments)]
    fn one(
        &self,
        pair: &Pair,
        from: u32,
        to: u32,
        shortest: &Shortest<'_>,
        next: &mut NextLinks,
        picker: &mut Picker,
        ways: &mut Vec<u32>,
    ) {
        let take = |edge: u32, picker: &mut Picker, ways: &mut Vec<u32>| {
            let range = self.first[edge as usize]..self.first[edge as usize + 1];
            let node = self.network.edges[edge as usize].tail;
            let choice = picker.pick(node, range.len() as u64) as usize;
            ways.push(self.ways[range.start + choice]);
        };
        if from == to {
            let mut edges = Vec::new();
            self.trees
                .between(pair.source, pair.sink, |edge| edges.push(edge));
            edges.sort_by_key(|edge| {
                // Up toward the common node first, then down from it.
                let edge = &self.network.edges[*edge as usize];
                let (tail, head) = (
                    self.trees.depth[edge.tail as usize],
                    self.trees.depth[edge.head as usize],
                );
                if tail > head {
                    (0, u32::MAX - tail)
                } else {
                    (1, tail)
                }
            });
            edges.into_iter().for_each(|edge| take(edge, picker, ways));
            return;
        }
        let roots = (
            self.trees.root[pair.source as usize],
            self.trees.root[pair.sink as usize],
        );
        self.trees
            .between(pair.source, roots.0, |edge| take(edge, picker, ways));
        let mut node = from;
        let mut starts = !shortest.is_router(node);
        while node != to {
            let (low, high) = self.next_links(node, starts, shortest, next);
            let choice = picker.pick(self.trees.core[node as usize], u64::from(high - low));
            let (ahead, way) = next.links[low as usize + choice as usize];
            ways.push(way);
            node = ahead;
            starts = false;
        }
        let mut down = Vec::new();
        self.trees
            .between(roots.1, pair.sink, |edge| down.push(edge));
        down.into_iter()
            .rev()
            .for_each(|edge| take(edge, picker, ways));
    }
}

fn pieces(
    network: &Network,
    trees: &Trees,
    core: &Core,
    demands: &Demands,
    routing: &Routing,
    monitor: &dyn Monitor,
) -> Result<(Vec<Piece>, Vec<Flow>)> {
    let place = |node: u32| trees.place[trees.root[node as usize] as usize];
    let flows = listed(network, demands, monitor)?;
    let flows = dealt(&flows, core.len(), place, monitor)?;
    let (first, ways) = network.ways();
    let walker = Walker {
        network,
        trees,
        core,
        first,
        ways,
    };
    // Cut between destinations, so that each is searched for once.
    let length = flows.len().div_ceil(PIECES).max(1);
    let mut cuts = vec![0];
    while *cuts.last().unwrap_or(&0) < flows.len() {
        let mut end = (cuts.last().unwrap_or(&0) + length).min(flows.len());
        while end < flows.len() && place(flows[end].1.sink) == place(flows[end - 1].1.sink) {
            end += 1;
        }
        cuts.push(end);
    }
    let found = parallel::in_pieces(cuts.len() - 1, |piece| {
        walker.run(&flows[cuts[piece]..cuts[piece + 1]], routing, monitor)
    })?;
    Ok((found, flows))
}

/// The ways of flows, in the order of their places.
pub fn ways(
    network: &Network,
    trees: &Trees,
    core: &Core,
    demands: &Demands,
    routing: &Routing,
    monitor: &dyn Monitor,
) -> Result<Ways> {
    let (pieces, _) = pieces(network, trees, core, demands, routing, monitor)?;
    let mut all: Vec<(u32, &[u32])> = Vec::new();
    for (ways, _) in &pieces {
        for (at, flow) in ways.flow.iter().enumerate() {
            all.push((*flow, &ways.ways[ways.first[at]..ways.first[at + 1]]));
        }
    }
    all.sort_by_key(|(flow, _)| *flow);
    let mut out = Ways {
        first: vec![0],
        ..Ways::default()
    };
    for (flow, ways) in all {
        out.flow.push(flow);
        out.ways.extend_from_slice(ways);
        out.first.push(out.ways.len());
    }
    Ok(out)
}

/// Loads of all links when each flow goes one way.
pub fn walk(
    network: &Network,
    trees: &Trees,
    core: &Core,
    demands: &Demands,
    routing: &Routing,
    monitor: &dyn Monitor,
) -> Result<Loads> {
    let (pieces, flows) = pieces(network, trees, core, demands, routing, monitor)?;
    let mut by_place = vec![u32::MAX; demands.num_pairs() as usize];
    for (at, (place, _)) in flows.iter().enumerate() {
        by_place[*place as usize] = at as u32;
    }
    let pair = |place: u32| flows[by_place[place as usize] as usize].1;
    let parts = match routing {
        Routing::Hash { parts, .. } => f64::from(*parts),
        _ => 1.0,
    };
    let links = network.capacity.len();
    let mut loads = Loads {
        forward: vec![0.0; links],
        backward: vec![0.0; links],
        unreachable: Unreachable::default(),
        resummed: false,
    };
    lost_to_failures(network, demands, &mut loads.unreachable);
    for (ways, lost) in &pieces {
        for (at, flow) in ways.flow.iter().enumerate() {
            let rate = pair(*flow).rate / parts;
            add_way(
                &mut loads,
                &ways.ways[ways.first[at]..ways.first[at + 1]],
                rate,
            );
        }
        for flow in lost {
            let pair = pair(*flow);
            loads.unreachable.add(pair.source, pair.sink, pair.rate);
        }
    }
    Ok(loads)
}

pub(super) fn add_way(loads: &mut Loads, ways: &[u32], rate: f64) {
    for way in ways {
        let link = *way as usize / 2;
        if way % 2 == 0 {
            loads.forward[link] += rate;
        } else {
            loads.backward[link] += rate;
        }
    }
}
