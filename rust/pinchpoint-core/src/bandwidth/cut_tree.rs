//! Gomory-Hu trees of fabrics.

use super::ends::{Forwarding, Relay, node_name};
use super::touched::PairIndex;
use crate::certify;
use crate::certify::touched::Question;
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::{Arrays, Fabric, Selection};
use crate::flow::CutTree;
use crate::memory;
use crate::monitor::Monitor;

/// The Gomory-Hu tree over the nodes that are up, or over the selected ones, in increasing order
/// of ids. A structured fabric is materialised within `limit_bytes`.
///
/// # Errors
/// `Graph` where there is none: a group does not forward, or has a limit of its own, or arcs
/// differ in their two directions; `Selection` for fewer than two nodes; `SizeLimit`;
/// `Certificate` if the check refuses the answer, which is a bug; what the monitor says.
///
/// # Complexity
/// One flow between two nodes for each node but one, and O(n^2) steps for n nodes.
pub fn cut_tree(
    fabric: &Fabric,
    chosen: Option<&[Selection]>,
    forwarding: Forwarding,
    limit_bytes: u64,
    monitor: &dyn Monitor,
) -> Result<CutTree> {
    let layout = fabric.layout();
    for group in &layout.groups {
        let why = if group.capacity.is_some() {
            "has a capacity of its own, and a cut tree knows capacities of links only"
        } else if forwarding.relay(group) != Relay::Always {
            "does not forward everything; a cut tree needs that of every node: forwarding=\"all\""
        } else {
            continue;
        };
        let message = format!("group {:?} {why}", group.name);
        return Err(Error::new(ErrorKind::Graph, message));
    }
    let plain = fabric.materialize(limit_bytes, monitor)?;
    let arrays = plain.arrays().expect("it has been materialised");
    check_both_ways(&plain, arrays)?;
    let nodes = nodes(&plain, chosen)?;
    let Some(index) = PairIndex::of(&plain, monitor)? else {
        let message = "the capacities at a node add up to 2^63 or more; divide them";
        return Err(Error::new(ErrorKind::Overflow, message));
    };
    let check = |[source, sink]: [u32; 2], flow: &crate::flow::PairFlow| {
        let question = Question {
            arrays,
            incidence: index.incidence(),
            source,
            sink,
            carries: &|_, _| true,
        };
        question.check(flow.value, &flow.flow, &flow.sides)
    };
    let tree = index
        .with_scratch(|scratch| CutTree::new(index.graph(), scratch, &nodes, check, monitor))?;
    certify::cut_tree::check(&tree, arrays, layout.num_nodes() as usize)?;
    Ok(tree)
}

/// Ids of the selected nodes, or of all that are up.
fn nodes(plain: &Fabric, chosen: Option<&[Selection]>) -> Result<Vec<u32>> {
    let layout = plain.layout();
    memory::check("a cut tree", 6 * layout.num_nodes())?;
    let mut wanted = vec![chosen.is_none(); layout.num_nodes() as usize];
    for selection in chosen.unwrap_or_default() {
        let group = &layout.groups[layout.resolve(selection)?];
        for block in &selection.blocks {
            block.for_each_point(|point| {
                wanted[(group.first_node + group.rank(point)) as usize] = true;
            });
        }
    }
    if chosen.is_none() {
        for (node, gone) in plain.removed_nodes().into_iter().enumerate() {
            wanted[node] &= !gone;
        }
    }
    let nodes: Vec<u32> = (0..wanted.len() as u32)
        .filter(|node| wanted[*node as usize])
        .collect();
    if nodes.len() < 2 {
        let message = format!("{} node for a cut tree; it needs two at least", nodes.len());
        return Err(Error::new(ErrorKind::Selection, message));
    }
    Ok(nodes)
}

/// Arcs of a directed fabric add up to the same capacity both ways.
fn check_both_ways(plain: &Fabric, arrays: &Arrays) -> Result<()> {
    if !arrays.directed {
        return Ok(());
    }
    let ends = arrays.tails.iter().zip(arrays.heads.iter());
    let mut between: Vec<([u32; 2], i64)> = ends
        .zip(&arrays.capacity)
        .map(|((tail, head), capacity)| {
            if tail < head {
                ([*tail, *head], *capacity)
            } else {
                ([*head, *tail], -capacity)
            }
        })
        .filter(|(ends, _)| ends[0] != ends[1])
        .collect();
    between.sort_unstable();
    for same in between.chunk_by(|a, b| a.0 == b.0) {
        if same.iter().map(|(_, own)| i128::from(*own)).sum::<i128>() != 0 {
            let name = |node: u32| {
                let layout = plain.layout();
                let found = layout.groups.iter().rev();
                let mut found = found.filter(|group| group.first_node <= u64::from(node));
                let group = found.next().expect("the first group starts at 0");
                node_name(group, &group.point(u64::from(node) - group.first_node))
            };
            let [a, b] = same[0].0;
            let message = format!(
                "{} and {} are joined by another capacity one way than the other; a cut tree \
                 needs the same both ways",
                name(a),
                name(b)
            );
            return Err(Error::new(ErrorKind::Graph, message));
        }
    }
    Ok(())
}
