//! Checks an answer on a structured fabric against the fabric itself.
//!
//! The flow proves a lower bound: every class pair that carries flow must be biregular, so that the
//! lifted flow keeps conservation and capacities node by node (docs/theory.md). Each cut proves an
//! upper bound: its capacity is counted on blocks. Neither needs the rest of the partition, so
//! nothing about refinement is trusted. Capacities, live nodes and forwarding are derived here
//! again from bundles, changes and roles; only the algebra of blocks is common with the solver.

use std::collections::HashSet;

use super::biregular::{Changes, biregular};
use super::buckets::disjoint;
use super::crossing::crossing_among;
use super::refuse;
use crate::bandwidth::{Ends, FlowClass, Relay, Side, Witness};
use crate::error::Result;
use crate::fabric::{Block, Fabric, Role, common_len, intersection, subtract, total_len};

/// Accepts a witness only if it proves that the maximum flow is `value`.
pub fn check(fabric: &Fabric, ends: &Ends, witness: &Witness, value: i128) -> Result<()> {
    let live = all_live(fabric, ends);
    check_flow(fabric, ends, &live, witness, value)?;
    for side in &witness.cuts {
        check_side(fabric, ends, &live, side)?;
        let capacity: i128 = crossing_among(fabric, ends, &live, side)
            .iter()
            .map(|row| row.capacity)
            .sum();
        if capacity != value {
            return refuse(format!(
                "a minimum cut has capacity {capacity}, the flow {value}"
            ));
        }
    }
    Ok(())
}

/// Nodes that are up and may carry traffic of the query at all.
pub(super) fn live(fabric: &Fabric, ends: &Ends, group: usize) -> Vec<Block> {
    let own: Vec<Block> = if ends.relays[group] == Relay::Never {
        [&ends.sources[group][..], &ends.sinks[group][..]].concat()
    } else {
        fabric.layout().groups[group].domain.clone()
    };
    subtract(&own, &fabric.state().removed[group])
}

/// The same of every group.
pub(super) fn all_live(fabric: &Fabric, ends: &Ends) -> Vec<Vec<Block>> {
    let groups = 0..fabric.layout().groups.len();
    groups.map(|group| live(fabric, ends, group)).collect()
}

/// Whether nodes of `group` use links to `other` for traffic of their own only.
pub(super) fn own_traffic_only(fabric: &Fabric, ends: &Ends, group: usize, other: usize) -> bool {
    ends.relays[group] == Relay::ScaleUp && fabric.layout().groups[other].role == Role::Nic
}

fn check_side(fabric: &Fabric, ends: &Ends, live: &[Vec<Block>], side: &Side) -> Result<()> {
    for (index, group) in fabric.layout().groups.iter().enumerate() {
        let live = &live[index];
        for half in [&side.enters[index], &side.leaves[index]] {
            if !disjoint(&half.iter().collect::<Vec<_>>()) {
                return refuse(format!("a cut holds nodes of group {:?} twice", group.name));
            }
            if common_len(half, live) != total_len(half) {
                return refuse(format!(
                    "a cut holds nodes of group {:?} that take no part",
                    group.name
                ));
            }
        }
        if group.capacity.is_none() && side.enters[index] != side.leaves[index] {
            return refuse(format!(
                "a cut goes through nodes of group {:?}, which have no limit",
                group.name
            ));
        }
        let (own, other) = if side.of_source {
            (&ends.sources[index], &ends.sinks[index])
        } else {
            (&ends.sinks[index], &ends.sources[index])
        };
        // What enters a source, and what leaves a sink, decides on which side it stands.
        let (near, far) = if side.of_source {
            (&side.enters[index], &side.leaves[index])
        } else {
            (&side.leaves[index], &side.enters[index])
        };
        let own = intersection(own, live);
        if common_len(near, &own) != total_len(&own) || common_len(far, other) != 0 {
            return refuse(format!(
                "a cut does not part the sources from the sinks in group {:?}",
                group.name
            ));
        }
    }
    Ok(())
}

/// What a class of the witness is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Source,
    Sink,
    Inner,
}

fn check_flow(
    fabric: &Fabric,
    ends: &Ends,
    live: &[Vec<Block>],
    witness: &Witness,
    value: i128,
) -> Result<()> {
    let parts = check_classes(fabric, ends, live, &witness.classes)?;
    let layout = fabric.layout();
    let mut sent = vec![0i128; parts.len()];
    let mut received = vec![0i128; parts.len()];
    let mut seen = HashSet::new();
    let changes = Changes::new(fabric, &witness.classes);
    for flow in &witness.flows {
        let (tail, head) = (&witness.classes[flow.tail], &witness.classes[flow.head]);
        if flow.tail == flow.head || !seen.insert((flow.tail, flow.head)) {
            return refuse("two classes exchange flow twice, or a class with itself");
        }
        if flow.flow <= 0 || flow.flow > flow.capacity {
            return refuse(format!(
                "a flow of {} is not within its capacity {}",
                flow.flow, flow.capacity
            ));
        }
        if parts[flow.tail] == Part::Sink || parts[flow.head] == Part::Source {
            return refuse("a sink sends, or a source receives");
        }
        for (one, other, part) in [
            (tail, head, parts[flow.tail]),
            (head, tail, parts[flow.head]),
        ] {
            if part == Part::Inner && own_traffic_only(fabric, ends, one.group, other.group) {
                let name = &layout.groups[one.group].name;
                return refuse(format!("a node of group {name:?} relays to or from a NIC"));
            }
        }
        biregular(fabric, witness, &changes, flow)?;
        sent[flow.tail] += flow.flow;
        received[flow.head] += flow.flow;
    }
    let (mut out, mut into) = (0i128, 0i128);
    for (place, class) in witness.classes.iter().enumerate() {
        if parts[place] == Part::Inner && sent[place] != received[place] {
            return refuse("a class that only relays sends more or less than it receives");
        }
        if let Some(limit) = layout.groups[class.group].capacity
            && sent[place].max(received[place]) > i128::from(limit) * i128::from(class.size)
        {
            return refuse(format!(
                "nodes of group {:?} pass more than their limit",
                layout.groups[class.group].name
            ));
        }
        out += if parts[place] == Part::Source {
            sent[place]
        } else {
            0
        };
        into += if parts[place] == Part::Sink {
            received[place]
        } else {
            0
        };
    }
    if out != value || into != value {
        return refuse(format!(
            "sources send {out} and sinks receive {into}, the value is {value}"
        ));
    }
    Ok(())
}

/// Classes are disjoint, live, of the stated size, and all source, all sink or neither.
pub(super) fn check_classes(
    fabric: &Fabric,
    ends: &Ends,
    live: &[Vec<Block>],
    classes: &[FlowClass],
) -> Result<Vec<Part>> {
    let mut parts = Vec::with_capacity(classes.len());
    for (index, group) in fabric.layout().groups.iter().enumerate() {
        let own = classes.iter().filter(|class| class.group == index);
        let blocks: Vec<&Block> = own.flat_map(|class| &class.blocks).collect();
        if !disjoint(&blocks) {
            return refuse(format!("two classes share nodes of group {:?}", group.name));
        }
    }
    for class in classes {
        let size = total_len(&class.blocks);
        let within = |nodes: &[Block]| common_len(&class.blocks, nodes);
        if size != class.size || size == 0 || within(&live[class.group]) != size {
            return refuse("a class is not the live nodes it states");
        }
        let (sources, sinks) = (
            within(&ends.sources[class.group]),
            within(&ends.sinks[class.group]),
        );
        parts.push(match (sources, sinks) {
            (0, 0) => Part::Inner,
            (count, 0) if count == size => Part::Source,
            (0, count) if count == size => Part::Sink,
            _ => return refuse("a class mixes terminals with other nodes"),
        });
    }
    Ok(parts)
}
