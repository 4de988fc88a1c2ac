//! Structured fabrics: one refinement per receiver, then flows on its classes.

use super::newton::{Found, Outcome, lower};
use super::{Node, PLAIN_LIMIT_BYTES, Search};
use crate::bandwidth::{ClassFlow, FlowClass, Side};
use crate::certify::collective::{Sent, check_flow};
use crate::error::Result;
use crate::fabric::{Block, Fabric, intersection, subtract};
use crate::flow::{FlowProblem, Options, Terminal as FlowTerminal, max_flow};
use crate::monitor::Monitor;
use crate::quotient::{
    Partition, QuotientArc, Refined, Scope, Seed, Symbolic, Terminal, arcs, refine,
};

/// Refinement may look at this many blocks per link before the links are listed instead.
const BLOCKS_PER_LINK: u64 = 2;
const MIN_BUDGET: u64 = 1_000_000;

fn budget(fabric: &Fabric) -> u64 {
    if fabric.materialized_bytes() > PLAIN_LIMIT_BYTES {
        return u64::MAX;
    }
    (fabric.layout().num_links().saturating_mul(BLOCKS_PER_LINK)).max(MIN_BUDGET)
}

/// The graph in which senders are told from other ranks.
pub fn graph<'a>(search: &Search<'a>, ends: &crate::bandwidth::Ends) -> Symbolic {
    let mut graph = Symbolic::new(search.fabric, ends, Scope::All);
    let seeds = std::mem::take(&mut graph.seeds);
    for seed in seeds {
        let senders = &search.members.senders[seed.group];
        if seed.terminal != Terminal::Source {
            graph.seeds.push(seed);
            continue;
        }
        for blocks in [
            intersection(&seed.blocks, senders),
            subtract(&seed.blocks, senders),
        ] {
            if !blocks.is_empty() {
                graph.seeds.push(Seed { blocks, ..seed });
            }
        }
    }
    graph
}

/// One rank per class that nothing but a pinned receiver could tell apart.
pub fn receivers(search: &Search<'_>, monitor: &dyn Monitor) -> Result<Vec<Node>> {
    let mut ends = search.blank.clone();
    ends.sources = search.members.ranks.clone();
    let graph = graph(search, &ends);
    let Refined::Done(partition) = refine(&graph, u64::MAX, monitor)? else {
        return Ok(Vec::new());
    };
    let classes = 0..partition.classes.len() as u32;
    let own =
        classes.filter(|class| partition.classes[*class as usize].terminal == Terminal::Source);
    let first = |class: u32| {
        let node = partition.blocks_of(class).next().and_then(Block::first);
        node.map(|node| (partition.classes[class as usize].group, node))
    };
    Ok(own.filter_map(first).collect())
}

/// Lowers the rate until it passes to `receiver`; false if the fabric does not compress.
pub fn solve(
    search: &Search<'_>,
    receiver: &Node,
    found: &mut Found,
    monitor: &dyn Monitor,
) -> Result<bool> {
    let ends = search.ends(receiver);
    let graph = graph(search, &ends);
    let Refined::Done(mut partition) = refine(&graph, budget(search.fabric), monitor)? else {
        return Ok(false);
    };
    let arcs = arcs(&graph, &mut partition, monitor)?;
    let classes = Classes::new(search, &graph, &partition, &arcs);
    found.effort = found.effort.max((classes.len(), arcs.len()));
    let into: i128 = (arcs.iter())
        .filter(|arc| arc.tail == classes.sink || arc.head == classes.sink)
        .map(|arc| arc.capacity)
        .sum();
    lower(search, receiver, into, found, |rate| {
        let asked = rate.capacity * i128::from(search.weight(receiver));
        let (sent, stopped) = classes.send(search, &partition, &arcs, rate, asked, monitor)?;
        if let Some(stopped) = stopped {
            return Ok(stopped);
        }
        check_flow(search.fabric, &ends, search.members, receiver, &sent, &[])?;
        Ok(Outcome::Passed)
    })?;
    Ok(true)
}

/// The quotient graph of a search.
pub struct Classes {
    sink: u32,
    tails: Vec<u32>,
    heads: Vec<u32>,
    capacity: Vec<i128>,
    /// Class and number of its nodes, which are senders.
    senders: Vec<(u32, u64)>,
    /// Classes that send without limit.
    free: Vec<u32>,
    limits: Vec<i128>,
}

impl Classes {
    pub fn new(
        search: &Search<'_>,
        graph: &Symbolic,
        partition: &Partition,
        arcs: &[QuotientArc],
    ) -> Classes {
        let classes = || (0u32..).zip(&partition.classes);
        let is_sender = |class: u32| {
            let group = partition.classes[class as usize].group;
            let node = partition.blocks_of(class).next().and_then(Block::first);
            node.is_some_and(|node| search.members.sends(&(group, node)))
        };
        Classes {
            sink: classes()
                .find(|(_, class)| class.terminal == Terminal::Sink)
                .map_or(0, |(id, _)| id),
            tails: arcs.iter().map(|arc| arc.tail).collect(),
            heads: arcs.iter().map(|arc| arc.head).collect(),
            capacity: arcs.iter().map(|arc| arc.capacity).collect(),
            senders: classes()
                .filter(|(id, class)| class.terminal == Terminal::Source && is_sender(*id))
                .map(|(id, class)| (id, class.size))
                .collect(),
            free: Vec::new(),
            limits: classes()
                .map(|(_, class)| match graph.node_capacity[class.group] {
                    Some(limit) => i128::from(limit) * i128::from(class.size),
                    None => i128::MAX,
                })
                .collect(),
        }
    }

    fn len(&self) -> usize {
        self.limits.len()
    }

    /// Lets the classes of ranks that are `free` send without limit.
    pub fn free_where(&mut self, partition: &Partition, free: impl Fn(usize, &[u32]) -> bool) {
        for (id, class) in (0u32..).zip(&partition.classes) {
            let node = partition.blocks_of(id).next().and_then(Block::first);
            if class.terminal == Terminal::Source
                && node.is_some_and(|node| free(class.group, &node))
            {
                self.free.push(id);
            }
        }
        self.senders.retain(|own| !self.free.contains(&own.0));
    }

    /// A flow of `asked` at `rate`, and the cut that stopped it if one did.
    pub fn send(
        &self,
        search: &Search<'_>,
        partition: &Partition,
        arcs: &[QuotientArc],
        rate: super::Rate,
        asked: i128,
        monitor: &dyn Monitor,
    ) -> Result<(Sent, Option<Outcome>)> {
        let units = i128::from(rate.senders);
        let wide = |capacity: &i128| match *capacity {
            i128::MAX => i128::MAX,
            capacity => capacity * units,
        };
        let capacity: Vec<i128> = self.capacity.iter().map(wide).collect();
        let limits: Vec<i128> = self.limits.iter().map(wide).collect();
        let mut sources: Vec<FlowTerminal<i128>> = (self.senders.iter())
            .map(|(class, size)| FlowTerminal {
                node: *class,
                limit: Some(rate.capacity * i128::from(*size)),
            })
            .collect();
        sources.extend(
            self.free
                .iter()
                .map(|class| FlowTerminal::unlimited(*class)),
        );
        let problem = FlowProblem {
            num_nodes: self.len() as u32,
            tails: &self.tails,
            heads: &self.heads,
            capacity: &capacity,
            duplex: true,
            sources: &sources,
            sinks: &[FlowTerminal {
                node: self.sink,
                limit: Some(asked),
            }],
            node_capacity: (limits.iter().any(|limit| *limit < i128::MAX))
                .then_some(limits.as_slice()),
        };
        let solution = max_flow(&problem, &Options::default(), monitor)?;
        let mut sent = Sent {
            rate,
            classes: Vec::new(),
            flows: Vec::new(),
        };
        if solution.value == asked {
            let class = |id: u32| FlowClass {
                group: partition.classes[id as usize].group,
                blocks: partition.blocks_of(id).cloned().collect(),
                size: partition.classes[id as usize].size,
            };
            sent.classes = (0..self.len() as u32).map(class).collect();
            for (arc, flow) in arcs.iter().zip(&solution.flow) {
                let (tail, head) = if *flow > 0 {
                    (arc.tail, arc.head)
                } else {
                    (arc.head, arc.tail)
                };
                if *flow != 0 {
                    sent.flows.push(ClassFlow {
                        tail: tail as usize,
                        head: head as usize,
                        capacity: arc.capacity,
                        flow: flow.abs(),
                    });
                }
            }
            return Ok((sent, None));
        }
        let groups = search.blank.relays.len();
        let mut side = Side {
            of_source: true,
            enters: vec![Vec::new(); groups],
            leaves: vec![Vec::new(); groups],
        };
        for (id, class) in (0u32..).zip(&partition.classes) {
            let blocks = || partition.blocks_of(id).cloned();
            if solution.source_side[id as usize] {
                side.enters[class.group].extend(blocks());
            }
            if solution.leaves_source_side(id) {
                side.leaves[class.group].extend(blocks());
            }
        }
        let inside = |(class, _): &&(u32, u64)| solution.source_side[*class as usize];
        let stopped = Outcome::Stopped {
            value: solution.value,
            senders: self.senders.iter().filter(inside).map(|own| own.1).sum(),
            side,
        };
        Ok((sent, Some(stopped)))
    }
}
