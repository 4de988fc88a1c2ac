//! Explicit fabrics: flows on the links themselves.

use super::newton::{Found, Outcome, lower};
use super::{Node, Search};
use crate::bandwidth::{Side, Statement};
use crate::certify;
use crate::error::Result;
use crate::fabric::{Block, Fabric, disjoint_union};
use crate::flow::{FlowProblem, Options, Terminal, max_flow};
use crate::monitor::Monitor;

/// Lowers the rate until it passes to `receiver` through the links of `plain`.
pub fn solve(
    search: &Search<'_>,
    plain: &Fabric,
    receiver: &Node,
    found: &mut Found,
    monitor: &dyn Monitor,
) -> Result<()> {
    let layout = plain.layout();
    let arrays = plain.arrays().expect("an explicit fabric has arrays");
    let ends = search.ends(receiver);
    let statement = Statement::new(plain, &ends)?;
    let (tails, heads) = if search.reversed {
        (&arrays.heads, &arrays.tails)
    } else {
        (&arrays.tails, &arrays.heads)
    };
    let id = |node: &Node| {
        let group = &layout.groups[node.0];
        (group.first_node + group.rank(&node.1)) as u32
    };
    let sink = id(receiver);
    let mut senders: Vec<u32> = Vec::new();
    for (group, blocks) in search.members.senders.iter().enumerate() {
        for block in blocks {
            block.for_each_point(|digits| senders.push(id(&(group, digits.to_vec()))));
        }
    }
    senders.retain(|sender| *sender != sink);
    let mut into = 0i128;
    for ((tail, head), capacity) in tails.iter().zip(heads.iter()).zip(&statement.capacity) {
        if tail != head && (*head == sink || (!arrays.directed && *tail == sink)) {
            into += i128::from(*capacity);
        }
    }
    lower(search, receiver, into, found, |rate| {
        let units = i128::from(rate.senders);
        let wide = |capacity: &i64| match *capacity {
            i64::MAX => i128::MAX,
            capacity => i128::from(capacity) * units,
        };
        let capacity: Vec<i128> = statement
            .capacity
            .iter()
            .map(|capacity| i128::from(*capacity) * units)
            .collect();
        let limits: Option<Vec<i128>> = statement
            .node_capacity
            .as_ref()
            .map(|limits| limits.iter().map(wide).collect());
        let sources: Vec<Terminal<i128>> = senders
            .iter()
            .map(|node| Terminal {
                node: *node,
                limit: Some(rate.capacity),
            })
            .collect();
        let problem = FlowProblem {
            num_nodes: layout.num_nodes() as u32,
            tails,
            heads,
            capacity: &capacity,
            duplex: !arrays.directed,
            sources: &sources,
            sinks: &[Terminal::unlimited(sink)],
            node_capacity: limits.as_deref(),
        };
        let solution = max_flow(&problem, &Options::default(), monitor)?;
        certify::flow::check(&problem, &solution, monitor)?;
        if solution.value == rate.capacity * senders.len() as i128 {
            return Ok(Outcome::Passed);
        }
        let inside = senders
            .iter()
            .filter(|node| solution.source_side[**node as usize]);
        let part = |holds: &dyn Fn(u32) -> bool| -> Vec<Vec<Block>> {
            let nodes = |group: &crate::fabric::Group| {
                let own = (0..group.num_nodes)
                    .filter(|rank| holds((group.first_node + rank) as u32))
                    .map(|rank| Block::point(&group.point(rank)));
                disjoint_union(own)
            };
            layout.groups.iter().map(nodes).collect()
        };
        Ok(Outcome::Stopped {
            value: solution.value,
            senders: inside.count() as u64,
            side: Side {
                of_source: true,
                enters: part(&|node| solution.source_side[node as usize]),
                leaves: part(&|node| solution.leaves_source_side(node)),
            },
        })
    })
}
