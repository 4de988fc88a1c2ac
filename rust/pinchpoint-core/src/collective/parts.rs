//! Partitions of the ranks: what must leave the parts bounds an all-reduce (`theory.md` 6.7).

use super::orbits::Families;
use super::{Members, Query};
use crate::bandwidth::{self, bandwidth};
use crate::error::Result;
use crate::fabric::{Block, Fabric, Selection, Subset, intersection, subtract};
use crate::monitor::Monitor;

/// A partition of the ranks, and the sum over its parts of what can leave one for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub count: u64,
    /// In the fabric's units.
    pub capacity: i128,
}

/// The partition of the ranks by the values of some coordinates; by all of them if `names` is
/// `None`, so that every rank is a part.
///
/// `None` if more than `query.max_receivers` parts differ. Each part's capacity is a certified
/// minimum cut between its ranks and the others; parts that an automorphism maps to each other are
/// asked once.
///
/// # Errors
/// As [`bandwidth`].
pub fn parts(
    fabric: &Fabric,
    query: &Query,
    names: Option<&[String]>,
    monitor: &dyn Monitor,
) -> Result<Option<Parts>> {
    let members = Members::new(fabric, query)?;
    let limit = query.max_receivers;
    let Some(families) = Families::new(fabric, &members, limit) else {
        return Ok(None);
    };
    let layout = fabric.layout();
    let mut total = Parts {
        count: 0,
        capacity: 0,
    };
    let mut asked = 0u64;
    for (index, ranks) in members.ranks.iter().enumerate() {
        if ranks.is_empty() {
            continue;
        }
        let group = &layout.groups[index];
        let mut digits: Vec<usize> = Vec::new();
        match names {
            None => digits.extend(0..group.digits.len()),
            Some(names) => {
                for name in names {
                    digits.extend(group.digits_of(name).unwrap_or_default());
                }
            }
        }
        // By ranks block: the cells of the digits, and a value of each.
        let mut kinds: Vec<Vec<Subset>> = Vec::new();
        for block in ranks {
            let mut own: Vec<Vec<Subset>> = vec![Vec::new()];
            for digit in &digits {
                let cells = &families.of(index, *digit).cells;
                let inside: Vec<Subset> = cells
                    .iter()
                    .map(|cell| cell.intersect(block.axis(*digit)))
                    .filter(|cell| !cell.is_empty())
                    .collect();
                if own.len() as u64 * inside.len() as u64 > limit {
                    return Ok(None);
                }
                let longer = |so_far: &Vec<Subset>| -> Vec<Vec<Subset>> {
                    let next = inside.iter().map(|cell| {
                        let mut longer = so_far.clone();
                        longer.push(cell.clone());
                        longer
                    });
                    next.collect()
                };
                own = own.iter().flat_map(longer).collect();
            }
            for kind in own {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        asked += kinds.len() as u64;
        if asked > limit {
            return Ok(None);
        }
        for kind in kinds {
            monitor.poll()?;
            let mut around = Block::full(group.digit_sizes());
            for (digit, cell) in digits.iter().zip(&kind) {
                let value = Subset::single(cell.first().unwrap_or(0));
                around = around.with_axis(*digit, value);
            }
            let part = intersection(ranks, std::slice::from_ref(&around));
            let alike: u64 = kind.iter().map(|cell| u64::from(cell.len())).product();
            let select = |group: usize, blocks: Vec<Block>| Selection {
                group: layout.groups[group].name.clone(),
                sizes: layout.groups[group].digit_sizes(),
                blocks,
            };
            let others: Vec<Selection> = (members.ranks.iter().enumerate())
                .map(|(other, blocks)| match other == index {
                    true => (other, subtract(blocks, &part)),
                    false => (other, blocks.clone()),
                })
                .filter(|(_, blocks)| !blocks.is_empty())
                .map(|(other, blocks)| select(other, blocks))
                .collect();
            let part = vec![select(index, part)];
            if others.is_empty() {
                return Ok(None);
            }
            let (sources, sinks) = if query.reversed {
                (others, part)
            } else {
                (part, others)
            };
            let cut = bandwidth::Query {
                sources,
                sinks,
                forwarding: query.forwarding,
            };
            total.count += alike;
            total.capacity += bandwidth(fabric, &cut, monitor)?.value * i128::from(alike);
        }
    }
    Ok(Some(total))
}
