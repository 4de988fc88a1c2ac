//! Checks the rate of a collective: its cut against the fabric, and the flows that reach it.
//!
//! The cut proves that no more is possible: its capacity and its senders are counted again. A flow
//! into each receiver, from all senders at once, proves that the rate is reached (docs/theory.md,
//! "Collectives").

use std::collections::HashSet;

use super::biregular::{Changes, biregular};
use super::buckets::disjoint;
use super::crossing::{Crossing, Through, crossing};
use super::refuse;
use super::structured::{Part, all_live, check_classes, live, own_traffic_only};
use crate::bandwidth::{ClassFlow, Ends, FlowClass, Relay, Side, Witness};
use crate::collective::{Binding, Members, Rate};
use crate::error::Result;
use crate::fabric::{Block, Fabric, Role, common_len, total_len};

/// A flow from all senders to one receiver, on classes of alike nodes.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What every sender sends. Flows are in units over its denominator.
    pub rate: Rate,
    pub classes: Vec<FlowClass>,
    pub flows: Vec<ClassFlow>,
}

/// Accepts a flow only if it shows that the rate passes to the receiver.
///
/// By group, `shown` are ranks to which it passes already. A set that stops the rate holds all of
/// them, so they may send without limit, and other senders no more than their share, which need not
/// take part at all; if none is shown, every sender's share must arrive.
pub fn check_flow(
    fabric: &Fabric,
    ends: &Ends,
    members: &Members,
    receiver: &(usize, Vec<u32>),
    sent: &Sent,
    shown: &[Vec<Block>],
) -> Result<()> {
    let parts = check_classes(fabric, ends, &all_live(fabric, ends), &sent.classes)?;
    let units = i128::from(sent.rate.senders);
    let nowhere = Side {
        of_source: true,
        enters: Vec::new(),
        leaves: Vec::new(),
    };
    let witness = Witness {
        classes: sent.classes.clone(),
        flows: Vec::new(),
        cuts: [nowhere.clone(), nowhere],
    };
    let changes = Changes::new(fabric, &witness.classes);
    let mut out = vec![0i128; parts.len()];
    let mut into = vec![0i128; parts.len()];
    let mut seen = HashSet::new();
    for flow in &sent.flows {
        if flow.tail == flow.head || !seen.insert((flow.tail, flow.head)) {
            return refuse("two classes exchange flow twice, or a class with itself");
        }
        if flow.flow <= 0 || flow.flow > flow.capacity * units {
            return refuse("a flow of a collective is not within its capacity");
        }
        for (one, other) in [(flow.tail, flow.head), (flow.head, flow.tail)] {
            let (group, next) = (sent.classes[one].group, sent.classes[other].group);
            if parts[one] == Part::Inner && own_traffic_only(fabric, ends, group, next) {
                return refuse("a node that is no rank relays to or from a NIC");
            }
        }
        biregular(fabric, &witness, &changes, flow)?;
        out[flow.tail] += flow.flow;
        into[flow.head] += flow.flow;
    }
    let mut senders = 0u64;
    let mut arrived = 0i128;
    for (place, class) in sent.classes.iter().enumerate() {
        let sending = match parts[place] {
            Part::Source => common_len(&class.blocks, &members.senders[class.group]),
            _ => 0,
        };
        if sending != 0 && sending != class.size {
            return refuse("a class mixes senders with other ranks");
        }
        senders += sending;
        let own = sent.rate.capacity * i128::from(sending);
        let more = out[place] - into[place];
        let free = || {
            let shown = &shown[class.group];
            parts[place] == Part::Source && common_len(&class.blocks, shown) == class.size
        };
        if parts[place] == Part::Sink {
            arrived -= more;
        } else if more != own && (shown.is_empty() || more < 0 || more > own && !free()) {
            return refuse("a class sends more or less than it has and receives");
        }
        if let Some(limit) = fabric.layout().groups[class.group].capacity
            && out[place].max(into[place]) > i128::from(limit) * i128::from(class.size) * units
        {
            return refuse("nodes pass more than their limit");
        }
    }
    let others = members.num_senders - u64::from(members.sends(receiver));
    let all = senders == others || !shown.is_empty();
    if !all || arrived != sent.rate.capacity * i128::from(others) {
        return refuse(format!(
            "{senders} of {others} senders reach the receiver, with {arrived}"
        ));
    }
    Ok(())
}

/// Accepts a cut only if it misses its receiver, and holds the senders and capacity it states.
pub fn check_cut(
    fabric: &Fabric,
    ends: &Ends,
    members: &Members,
    binding: &Binding,
    reversed: bool,
) -> Result<()> {
    let (group, node) = &binding.receiver;
    let is_in = |blocks: &[Block]| blocks.iter().any(|block| block.contains(node));
    if !is_in(&members.ranks[*group]) {
        return refuse("the receiver is no rank");
    }
    if is_in(&fabric.state().removed[*group]) {
        return match binding.capacity {
            0 => Ok(()),
            _ => refuse("a rank that is down receives"),
        };
    }
    let side = &binding.side;
    for (index, group) in fabric.layout().groups.iter().enumerate() {
        let live = live(fabric, ends, index);
        for half in [&side.enters[index], &side.leaves[index]] {
            let known = common_len(half, &live) == total_len(half);
            if !known || !disjoint(&half.iter().collect::<Vec<_>>()) {
                return refuse("a cut holds nodes twice, or nodes that take no part");
            }
        }
        if group.capacity.is_none() && side.enters[index] != side.leaves[index] {
            return refuse("a cut goes through nodes that have no limit");
        }
    }
    // What leaves the receiver is outside; its own limit may be part of the cut.
    if is_in(&side.leaves[*group]) == side.of_source {
        return refuse("a cut holds its receiver");
    }
    let senders = members.inside(side, &side.enters, &members.senders);
    if senders == 0 || senders != binding.senders {
        return refuse(format!(
            "a cut holds {senders} senders and states {}",
            binding.senders
        ));
    }
    let capacity: i128 = rows(fabric, ends, side, reversed)
        .iter()
        .map(|row| row.capacity)
        .sum();
    if capacity != binding.capacity {
        return refuse(format!(
            "a cut has capacity {capacity} and states {}",
            binding.capacity
        ));
    }
    Ok(())
}

/// What leaves a side by bundle, counted on blocks or, on an explicit fabric, on links.
pub fn rows(fabric: &Fabric, ends: &Ends, side: &Side, reversed: bool) -> Vec<Crossing> {
    if fabric.arrays().is_none() {
        return crossing(fabric, ends, side);
    }
    let layout = fabric.layout();
    let arrays = fabric.arrays().expect("an explicit fabric has arrays");
    let nodes = Nodes::new(fabric, ends, side);
    let mut rows = Vec::new();
    for index in 0..layout.bundles.len() {
        let (mut count, mut capacity) = (0u64, 0i128);
        for link in arrays.first_link[index]..arrays.first_link[index + 1] {
            let mut way = (arrays.tails[link] as usize, arrays.heads[link] as usize);
            if reversed {
                way = (way.1, way.0);
            }
            let crosses = |(from, to): (usize, usize)| nodes.leaves[from] && !nodes.enters[to];
            let crossed = crosses(way) || (!arrays.directed && crosses((way.1, way.0)));
            if crossed && nodes.usable(way.0, way.1) && arrays.capacity[link] > 0 {
                count += 1;
                capacity += i128::from(arrays.capacity[link]);
            }
        }
        if capacity > 0 {
            let through = Through::Bundle(index);
            rows.push(Crossing {
                through,
                count,
                capacity,
            });
        }
    }
    for (index, group) in layout.groups.iter().enumerate() {
        let Some(limit) = group.capacity else {
            continue;
        };
        let own = group.first_node as usize..(group.first_node + group.num_nodes) as usize;
        let cut =
            own.filter(|node| nodes.live[*node] && nodes.enters[*node] && !nodes.leaves[*node]);
        let count = cut.count() as u64;
        if count > 0 && limit > 0 {
            rows.push(Crossing {
                through: Through::Group(index),
                count,
                capacity: i128::from(count) * i128::from(limit),
            });
        }
    }
    rows
}

/// Per node of an explicit fabric: what it does and on which side it stands.
struct Nodes {
    live: Vec<bool>,
    /// Uses links to NICs for no one but itself, and is no rank.
    shuns_nics: Vec<bool>,
    nic: Vec<bool>,
    enters: Vec<bool>,
    leaves: Vec<bool>,
}

impl Nodes {
    fn new(fabric: &Fabric, ends: &Ends, side: &Side) -> Nodes {
        let layout = fabric.layout();
        let count = layout.num_nodes() as usize;
        let mut nodes = Nodes {
            live: vec![false; count],
            shuns_nics: vec![false; count],
            nic: vec![false; count],
            enters: vec![!side.of_source; count],
            leaves: vec![!side.of_source; count],
        };
        for (index, group) in layout.groups.iter().enumerate() {
            let own = group.first_node as usize..(group.first_node + group.num_nodes) as usize;
            nodes.nic[own.clone()].fill(group.role == Role::Nic);
            nodes.shuns_nics[own].fill(ends.relays[index] == Relay::ScaleUp);
            let set = |blocks: &[Block], flags: &mut [bool], value: bool| {
                for block in blocks {
                    block.for_each_point(|point| {
                        flags[(group.first_node + group.rank(point)) as usize] = value;
                    });
                }
            };
            set(&live(fabric, ends, index), &mut nodes.live, true);
            set(&ends.sources[index], &mut nodes.shuns_nics, false);
            set(&ends.sinks[index], &mut nodes.shuns_nics, false);
            set(&side.enters[index], &mut nodes.enters, side.of_source);
            set(&side.leaves[index], &mut nodes.leaves, side.of_source);
        }
        nodes
    }

    fn usable(&self, one: usize, other: usize) -> bool {
        let end =
            |own: usize, next: usize| self.live[own] && !(self.shuns_nics[own] && self.nic[next]);
        end(one, other) && end(other, one)
    }
}
