//! Partitions of the ranks: what must leave the parts bounds an all-reduce (docs/theory.md,
//! "Collectives").

use super::{Members, Query};
use crate::bandwidth::{self, Ends, Side, bandwidth};
use crate::certify::collective::rows;
use crate::error::Result;
use crate::fabric::{Block, Fabric, Selection, State, Subset, intersection, subtract};
use crate::monitor::Monitor;
use crate::symmetry::{Boundary, Cells, Families};

/// Flows are asked for while kinds of parts times changes of the fabric are no more than this.
const MOST_FLOWS: usize = 512;
/// The same for an explicit fabric, where changes cost nothing.
const MOST_LISTED: usize = 2_000;

/// A partition of the ranks, and the sum over its parts of what can leave one for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub count: u64,
    /// In the fabric's units; a cut of each part at least, not always its smallest.
    pub capacity: i128,
}

/// The partition of the ranks by the values of some coordinates; by all of them if `names` is
/// `None`, so that every rank is a part.
///
/// `None` if more than `query.max_receivers` parts differ. Parts that an automorphism maps to each
/// other are asked once. A part's capacity is a certified minimum cut between its ranks and the
/// others; where that would take too many flows, the smaller of what its own links carry and of the
/// minimum cut before anything failed.
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
    let most = usize::try_from(query.max_receivers).unwrap_or(usize::MAX);
    let own = Partition::new(fabric, &members, names);
    let Some(kinds) = own.kinds(&members.boundary(fabric), most) else {
        return Ok(None);
    };
    if kinds.len() == 1 && kinds[0].alike == 1 {
        return Ok(None);
    }
    let state = fabric.state();
    let links = state.overrides.iter().flatten();
    let changes = links.count() + state.removed.iter().map(Vec::len).sum::<usize>();
    let few = match fabric.arrays() {
        Some(_) => kinds.len() <= MOST_LISTED,
        None => kinds.len() * (1 + changes) <= MOST_FLOWS,
    };
    let mut built = Vec::new();
    let mut before = None;
    if !few && fabric.arrays().is_none() {
        before = own.before();
    }
    if let Some(before) = &before
        && let Some(kinds) = own.kinds(&members.boundary(before), MOST_FLOWS)
    {
        for kind in kinds {
            let value = own.flow(before, query, &kind, monitor)?;
            built.push((kind, value));
        }
    }
    let mut total = Parts {
        count: 0,
        capacity: 0,
    };
    for kind in kinds {
        monitor.poll()?;
        let each = if few {
            own.flow(fabric, query, &kind, monitor)?
        } else {
            let around = built.iter().find(|(built, _)| built.holds(&kind));
            let most = around.map_or(i128::MAX, |own| own.1);
            most.min(own.links(query, &kind))
        };
        total.count += kind.alike;
        total.capacity += each * i128::from(kind.alike);
    }
    Ok(Some(total))
}

/// The partition that is asked for.
struct Partition<'a> {
    fabric: &'a Fabric,
    members: &'a Members,
    /// Groups that have ranks, and the digits that tell their parts.
    told: Vec<(usize, Vec<usize>)>,
}

/// Parts that are alike.
struct Kind {
    group: usize,
    /// By digit, the values that the parts have, or all of them.
    values: Vec<Subset>,
    /// The ranks of one part.
    part: Vec<Block>,
    alike: u64,
}

impl Kind {
    /// Whether the part of another kind is one of these.
    fn holds(&self, other: &Kind) -> bool {
        let mut both = self.values.iter().zip(&other.values);
        self.group == other.group && both.all(|(own, other)| other.is_subset(own))
    }
}

impl<'a> Partition<'a> {
    fn new(fabric: &'a Fabric, members: &'a Members, names: Option<&[String]>) -> Self {
        let groups = fabric.layout().groups.iter().enumerate();
        let ranked = groups.filter(|(index, _)| !members.ranks[*index].is_empty());
        let told = ranked.map(|(index, group)| {
            let digits = match names {
                None => (0..group.digits.len()).collect(),
                Some(names) => {
                    let own = names.iter().filter_map(|name| group.digits_of(name));
                    own.flatten().collect()
                }
            };
            (index, digits)
        });
        Partition {
            fabric,
            members,
            told: told.collect(),
        }
    }

    /// A part of each orbit of parts.
    fn kinds(&self, boundary: &Boundary, most: usize) -> Option<Vec<Kind>> {
        let layout = self.fabric.layout();
        let mut kinds = Vec::new();
        for (group, digits) in &self.told {
            let ranks = &self.members.ranks[*group];
            let families = Families::new(layout)
                .turning(boundary)
                .told_by(*group, digits);
            let order = families.order[*group].iter().copied();
            let order: Vec<usize> = order.filter(|digit| digits.contains(digit)).collect();
            let mut cells = Cells::new(&families, boundary);
            for own in cells.products(&families, *group, &order, ranks, most - kinds.len())? {
                let mut around = Block::full(layout.groups[*group].digit_sizes());
                let mut values = around.axes().to_vec();
                let mut alike = 1;
                for digit in &order {
                    let cell = &cells.list[own[*digit] as usize];
                    around = around.with_axis(*digit, Subset::single(cell.first));
                    values[*digit] = cell.values.clone();
                    alike *= cell.size;
                }
                kinds.push(Kind {
                    group: *group,
                    values,
                    part: intersection(ranks, &[around]),
                    alike,
                });
            }
            if kinds.len() > most {
                return None;
            }
        }
        Some(kinds)
    }

    /// The fabric before anything failed, if links have lost capacity and none has gained any.
    fn before(&self) -> Option<Fabric> {
        let layout = self.fabric.layout();
        let mut both = layout.bundles.iter().zip(&self.fabric.state().overrides);
        let lost = both.all(|(bundle, own)| own.iter().all(|own| own.capacity <= bundle.capacity));
        lost.then(|| {
            self.fabric.with_state(State {
                overrides: vec![Vec::new(); layout.bundles.len()],
                removed: vec![Vec::new(); layout.groups.len()],
            })
        })
    }

    /// By group, the ranks that are not in a part.
    fn others(&self, kind: &Kind) -> Vec<Vec<Block>> {
        let mut others = self.members.ranks.clone();
        others[kind.group] = subtract(&others[kind.group], &kind.part);
        others
    }

    /// The smallest cut between a part and the other ranks.
    fn flow(
        &self,
        fabric: &Fabric,
        query: &Query,
        kind: &Kind,
        monitor: &dyn Monitor,
    ) -> Result<i128> {
        let groups = &self.fabric.layout().groups;
        let select = |group: usize, blocks: Vec<Block>| Selection {
            group: groups[group].name.clone(),
            sizes: groups[group].digit_sizes(),
            blocks,
        };
        let others = self.others(kind).into_iter().enumerate();
        let others: Vec<Selection> = others
            .filter(|(_, blocks)| !blocks.is_empty())
            .map(|(other, blocks)| select(other, blocks))
            .collect();
        let part = vec![select(kind.group, kind.part.clone())];
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
        Ok(bandwidth(fabric, &cut, monitor)?.value)
    }

    /// What the links at the ranks of a part carry.
    fn links(&self, query: &Query, kind: &Kind) -> i128 {
        let groups = &self.fabric.layout().groups;
        let mut part = vec![Vec::new(); groups.len()];
        part[kind.group].clone_from(&kind.part);
        let ends = Ends {
            sources: part.clone(),
            sinks: self.others(kind),
            relays: groups
                .iter()
                .map(|own| query.forwarding.relay(own))
                .collect(),
        };
        let side = Side {
            of_source: true,
            enters: part.clone(),
            leaves: part,
        };
        let rows = rows(self.fabric, &ends, &side, query.reversed);
        rows.iter().map(|row| row.capacity).sum()
    }
}
