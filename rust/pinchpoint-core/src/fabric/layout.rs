//! A fabric as built: its groups, its bundles, the unit of its capacities.

use super::block::Block;
use super::bundle::Bundle;
use super::group::Group;
use super::names::{no_such, quoted};
use super::values::Values;
use crate::error::{Error, ErrorKind, Result};

/// The groups and bundles of a fabric, never changed after it is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub name: String,
    pub groups: Vec<Group>,
    pub bundles: Vec<Bundle>,
    /// Capacities are whole multiples of `2^-unit_shift` kbit/s.
    pub unit_shift: u32,
}

impl Layout {
    /// The position of the group `name`.
    pub fn group(&self, name: &str) -> Result<usize> {
        let position = self.groups.iter().position(|group| group.name == name);
        position.ok_or_else(|| {
            let known: Vec<&str> = self
                .groups
                .iter()
                .map(|group| group.name.as_str())
                .collect();
            no_such(ErrorKind::Selection, "group", name, &known)
        })
    }

    /// The position of the bundle `name`.
    pub fn bundle(&self, name: &str) -> Result<usize> {
        let position = self.bundles.iter().position(|bundle| bundle.name == name);
        position.ok_or_else(|| {
            let known: Vec<&str> = self.bundles.iter().map(|b| b.name.as_str()).collect();
            no_such(ErrorKind::Selection, "link bundle", name, &known)
        })
    }

    /// Number of nodes as built.
    pub fn num_nodes(&self) -> u64 {
        self.groups.iter().map(|group| group.num_nodes).sum()
    }

    /// Number of links as built.
    pub fn num_links(&self) -> u64 {
        self.bundles.iter().map(|bundle| bundle.num_links).sum()
    }

    /// The group that holds a node id.
    pub fn group_of_node(&self, node: u64) -> Option<usize> {
        let after = self
            .groups
            .partition_point(|group| group.first_node <= node);
        let index = after.checked_sub(1)?;
        (node < self.groups[index].first_node + self.groups[index].num_nodes).then_some(index)
    }
}

/// The part of a group that conditions leave.
pub(super) fn narrowed(group: &Group, conditions: &[(String, Values)]) -> Result<Vec<Block>> {
    let owner = format!("group {}", quoted(&group.name));
    let mut blocks = group.domain.clone();
    for (name, values) in conditions {
        let size = group
            .size_of(name)
            .ok_or_else(|| group.no_coordinate(name))?;
        blocks = group.narrow(&blocks, name, &values.resolve(size, &owner, name)?)?;
    }
    if blocks.is_empty() {
        let asked: Vec<&str> = conditions.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!(
            "{owner} has no node with those values of {}",
            asked.join(", ")
        );
        return Err(Error::new(ErrorKind::Selection, message));
    }
    Ok(blocks)
}
