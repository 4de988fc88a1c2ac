//! The switches that every rank hangs off: where one switch can reduce for all of them.

use super::{Members, Query};
use crate::bandwidth::{Ends, Forwarding, Relay};
use crate::error::Result;
use crate::fabric::{
    Block, Fabric, Group, Role, Weighted, disjoint_union, divide, subtract, total_len,
};
use crate::monitor::Monitor;
use crate::quotient::{Scope, Symbolic};

/// Switches are looked at one by one up to this many.
const MOST: u64 = 4096;

/// Switches that every rank has the same links to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switched {
    pub switches: u64,
    /// Of one rank, to all of them, in the fabric's units.
    pub capacity: i128,
}

/// The switches that all ranks share. A switch with different capacities to the ranks is left out,
/// and so are those that do not pass on everything or that have a limit.
///
/// # Errors
/// `Selection` for ranks that do not exist; what the monitor says.
pub fn switched(fabric: &Fabric, query: &Query, monitor: &dyn Monitor) -> Result<Switched> {
    let members = Members::new(fabric, query)?;
    let mut found = if fabric.arrays().is_some() {
        by_links(fabric, &members, query.forwarding)
    } else {
        by_arms(fabric, &members, query.forwarding, monitor)?
    };
    let ranks = members.ranks.iter().zip(&fabric.layout().groups);
    let limits = ranks.filter_map(|(own, group)| group.capacity.filter(|_| !own.is_empty()));
    for limit in limits {
        found.capacity = found.capacity.min(limit.into());
    }
    Ok(found)
}

/// Whether nodes of a group can reduce for all that hang off them.
fn reduces(group: &Group, forwarding: Forwarding) -> bool {
    group.role == Role::Switch
        && group.capacity.is_none()
        && forwarding.relay(group) == Relay::Always
}

fn by_arms(
    fabric: &Fabric,
    members: &Members,
    forwarding: Forwarding,
    monitor: &dyn Monitor,
) -> Result<Switched> {
    let layout = fabric.layout();
    let ends = Ends {
        sources: members.ranks.clone(),
        sinks: vec![Vec::new(); layout.groups.len()],
        relays: layout
            .groups
            .iter()
            .map(|group| forwarding.relay(group))
            .collect(),
    };
    let graph = Symbolic::new(fabric, &ends, Scope::All);
    let mut found = Switched {
        switches: 0,
        capacity: 0,
    };
    for (index, group) in layout.groups.iter().enumerate() {
        if !reduces(group, forwarding) {
            continue;
        }
        // Only switches that the first rank has links to can be shared by all.
        let mut near: Vec<Block> = Vec::new();
        let first = members.ranks.iter().enumerate().find_map(|(group, ranks)| {
            let node = ranks.first()?.first()?;
            Some((group, node))
        });
        let Some((home, node)) = first else { continue };
        for arm in &graph.arms {
            if arm.near_group == home && arm.far_group == index {
                near.extend(arm.neighbours(&node));
            }
        }
        let taken = [
            &members.ranks[index][..],
            &fabric.state().removed[index][..],
        ];
        let near = subtract(&disjoint_union(near), &taken.concat());
        if total_len(&near) > MOST {
            continue;
        }
        for block in &near {
            let mut own = Vec::new();
            block.for_each_point(|digits| own.push(digits.to_vec()));
            for switch in own {
                monitor.poll()?;
                if let Some(capacity) = shared(&graph, members, index, &switch) {
                    found.switches += 1;
                    found.capacity += capacity;
                }
            }
        }
    }
    Ok(found)
}

/// What each rank has to a switch, if all have the same.
fn shared(graph: &Symbolic, members: &Members, group: usize, switch: &[u32]) -> Option<i128> {
    let mut given: Vec<Vec<Weighted>> = vec![Vec::new(); members.ranks.len()];
    for arm in graph.arms.iter().filter(|arm| arm.near_group == group) {
        if let Some(block) = arm.neighbours(switch) {
            let weight = arm.weight;
            given[arm.far_group].push(Weighted { block, weight });
        }
    }
    let mut pieces = Vec::new();
    for (ranks, given) in members.ranks.iter().zip(&given) {
        let given: Vec<&Weighted> = given.iter().collect();
        for block in ranks {
            divide(block, &given, &mut pieces);
        }
    }
    let weight = pieces.first()?.weight;
    let alike = pieces.iter().all(|piece| piece.weight == weight);
    (alike && weight > 0).then_some(weight)
}

fn by_links(fabric: &Fabric, members: &Members, forwarding: Forwarding) -> Switched {
    let layout = fabric.layout();
    let arrays = fabric.arrays().expect("an explicit fabric has arrays");
    let count = layout.num_nodes() as usize;
    let (mut rank, mut switch) = (vec![false; count], vec![false; count]);
    for (group, ranks) in layout.groups.iter().zip(&members.ranks) {
        let own = group.first_node as usize..(group.first_node + group.num_nodes) as usize;
        switch[own].fill(reduces(group, forwarding));
        for block in ranks {
            block.for_each_point(|point| {
                let node = (group.first_node + group.rank(point)) as usize;
                rank[node] = true;
                switch[node] = false;
            });
        }
    }
    // By switch and rank: what joins them.
    let mut joined = std::collections::BTreeMap::<(u32, u32), i128>::new();
    for ((tail, head), capacity) in arrays
        .tails
        .iter()
        .zip(arrays.heads.iter())
        .zip(&arrays.capacity)
    {
        for (one, other) in [(*tail, *head), (*head, *tail)] {
            if rank[one as usize] && switch[other as usize] && *capacity > 0 {
                *joined.entry((other, one)).or_default() += i128::from(*capacity);
            }
        }
    }
    let mut found = Switched {
        switches: 0,
        capacity: 0,
    };
    let joined: Vec<((u32, u32), i128)> = joined.into_iter().collect();
    for own in joined.chunk_by(|a, b| a.0.0 == b.0.0) {
        let alike = own.iter().all(|(_, capacity)| *capacity == own[0].1);
        // One-way links are counted once for each way, and both are needed.
        if alike && own.len() as u64 == members.num_ranks && !arrays.directed {
            found.switches += 1;
            found.capacity += own[0].1;
        }
    }
    found
}
