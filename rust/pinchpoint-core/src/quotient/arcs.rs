//! The quotient graph: a node per class, an arc per pair of classes with capacity between them.

use super::partition::Partition;
use super::refine::Arms;
use super::symbolic::Symbolic;
use crate::error::Result;
use crate::fabric::Block;
use crate::monitor::Monitor;

/// A full-duplex arc between two classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotientArc {
    pub tail: u32,
    pub head: u32,
    /// Capacity between the two classes, each direction, in the fabric's units.
    pub capacity: i128,
}

/// The arcs of an equitable partition, from one node of each class (docs/theory.md): what that node
/// has to a class, times the size of its own.
///
/// Between two groups the arcs are counted from the group with fewer classes only.
pub fn arcs(
    graph: &Symbolic,
    partition: &mut Partition,
    monitor: &dyn Monitor,
) -> Result<Vec<QuotientArc>> {
    let mut arms = Arms::new(graph);
    let mut num_classes = vec![0usize; graph.num_groups];
    for class in &partition.classes {
        num_classes[class.group] += 1;
    }
    let order = |group: usize| (num_classes[group], group);
    let mut out = Vec::new();
    let mut to = vec![0i128; partition.classes.len()];
    let mut touched: Vec<u32> = Vec::new();
    let mut starting: Vec<u32> = Vec::new();
    for tail in 0..partition.classes.len() as u32 {
        monitor.poll()?;
        let (group, size) = {
            let class = &partition.classes[tail as usize];
            (class.group, i128::from(class.size))
        };
        let Some(node) = partition.blocks_of(tail).next().and_then(Block::first) else {
            continue;
        };
        let point = Block::point(&node);
        starting.clear();
        arms.starting_at(graph, group, &point, |id| starting.push(id));
        for id in &starting {
            let arm = &graph.arms[*id as usize];
            if order(arm.far_group) < order(group) {
                continue;
            }
            let Some(far) = arm.neighbours(&node) else {
                continue;
            };
            partition.meeting(arm.far_group, &far, |_, head, block| {
                if to[head as usize] == 0 {
                    touched.push(head);
                }
                let nodes = i128::from(block.common_len(&far));
                to[head as usize] += nodes * arm.weight;
            });
        }
        touched.sort_unstable();
        touched.dedup();
        for head in touched.drain(..) {
            let capacity = std::mem::take(&mut to[head as usize]) * size;
            let same_group = partition.classes[head as usize].group == group;
            // Within a group a pair of classes comes up from both; it counts once. What a class has
            // to itself carries nothing.
            if capacity != 0 && (!same_group || head > tail) {
                out.push(QuotientArc {
                    tail,
                    head,
                    capacity,
                });
            }
        }
    }
    Ok(out)
}
