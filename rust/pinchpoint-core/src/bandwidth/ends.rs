//! Who sends, who receives, and who passes on what in between.

use crate::error::{Error, ErrorKind, Result, counted};
use crate::fabric::{
    Block, Bundle, Fabric, Forwards, Group, Layout, Role, Selection, disjoint_union, intersection,
    subtract, total_len,
};

/// Whose rules of forwarding hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Forwarding {
    /// As each group says.
    #[default]
    Hardware,
    /// Every node passes on everything.
    All,
    /// Only switches and NICs pass on traffic.
    None,
}

/// What the nodes of a group do with traffic that is not their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relay {
    Never,
    Always,
    /// Between links that do not end at a NIC.
    ScaleUp,
}

impl Forwarding {
    /// What it means for a group.
    pub fn relay(self, group: &Group) -> Relay {
        match self {
            Forwarding::All => Relay::Always,
            Forwarding::None if matches!(group.role, Role::Switch | Role::Nic) => Relay::Always,
            Forwarding::None => Relay::Never,
            Forwarding::Hardware => match group.forwards {
                Forwards::Never => Relay::Never,
                Forwards::Always => Relay::Always,
                Forwards::ScaleUp => Relay::ScaleUp,
            },
        }
    }
}

/// Sources, sinks and relays of a query, by group; sources and sinks are disjoint blocks and never
/// overlap. Nodes that have failed are still in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    pub sources: Vec<Vec<Block>>,
    pub sinks: Vec<Vec<Block>>,
    pub relays: Vec<Relay>,
}

impl Ends {
    /// The ends of a query on `fabric`.
    ///
    /// # Errors
    /// `Selection` for an unknown group, an empty list, or a node that is source and sink.
    pub fn new(
        fabric: &Fabric,
        sources: &[Selection],
        sinks: &[Selection],
        forwarding: Forwarding,
    ) -> Result<Ends> {
        let layout = fabric.layout();
        let gather = |selections: &[Selection], what: &str| -> Result<Vec<Vec<Block>>> {
            let mut blocks: Vec<Vec<Block>> = vec![Vec::new(); layout.groups.len()];
            for selection in selections {
                blocks[layout.resolve(selection)?].extend(selection.blocks.iter().cloned());
            }
            if blocks.iter().all(Vec::is_empty) {
                let message = format!("{what} selects no node");
                return Err(Error::new(ErrorKind::Selection, message));
            }
            let several = selections.len() > 1;
            let join = |blocks| {
                if several {
                    disjoint_union(blocks)
                } else {
                    blocks
                }
            };
            Ok(blocks.into_iter().map(join).collect())
        };
        let (sources, sinks) = (gather(sources, "sources")?, gather(sinks, "sinks")?);
        for (group, (from, to)) in layout.groups.iter().zip(sources.iter().zip(&sinks)) {
            let both = intersection(from, to);
            if let Some(point) = both.first().and_then(Block::first) {
                let message = format!(
                    "sources and sinks share {} of group {:?}, {} among them; they must not overlap",
                    counted(total_len(&both), "node"),
                    group.name,
                    node_name(group, &point)
                );
                return Err(Error::new(ErrorKind::Selection, message));
            }
        }
        Ok(Ends {
            sources,
            sinks,
            relays: layout
                .groups
                .iter()
                .map(|group| forwarding.relay(group))
                .collect(),
        })
    }

    /// Source and sink nodes of a group.
    pub fn terminals(&self, group: usize) -> Vec<Block> {
        self.sources[group]
            .iter()
            .chain(&self.sinks[group])
            .cloned()
            .collect()
    }

    /// The parts of a link block's ends between which traffic of the query may flow: a node that
    /// relays scale-up traffic only uses its NIC links just for traffic of its own.
    pub fn carrying(
        &self,
        layout: &Layout,
        bundle: &Bundle,
        a_end: &Block,
        b_end: &Block,
    ) -> Vec<(Block, Block)> {
        let part = |group: usize, other: usize, end: &Block| {
            if self.own_only(layout, group, other) {
                intersection(std::slice::from_ref(end), &self.terminals(group))
            } else {
                vec![end.clone()]
            }
        };
        let a_parts = part(bundle.a, bundle.b, a_end);
        let b_parts = part(bundle.b, bundle.a, b_end);
        a_parts
            .iter()
            .flat_map(|a| b_parts.iter().map(|b| (a.clone(), b.clone())))
            .collect()
    }

    /// Whether all links of a bundle may carry traffic of the query, whichever nodes they join.
    pub fn carries_all(&self, layout: &Layout, bundle: &Bundle) -> bool {
        !self.own_only(layout, bundle.a, bundle.b) && !self.own_only(layout, bundle.b, bundle.a)
    }

    /// Whether links from `group` to `other` carry only what begins or ends in `group`.
    fn own_only(&self, layout: &Layout, group: usize, other: usize) -> bool {
        self.relays[group] == Relay::ScaleUp && layout.groups[other].role == Role::Nic
    }

    /// Nodes of a group that take part: up, and terminals or relays.
    pub fn live(&self, fabric: &Fabric, group: usize) -> Vec<Block> {
        let all = match self.relays[group] {
            Relay::Never => self.terminals(group),
            _ => fabric.layout().groups[group].domain.clone(),
        };
        subtract(&all, &fabric.state().removed[group])
    }
}

/// A node as the user writes it: `chip[ultraserver=3,chip=17]`.
pub fn node_name(group: &Group, point: &[u32]) -> String {
    let values = group.coordinates.iter().zip(group.user_values(point));
    let parts: Vec<String> = values
        .map(|(c, value)| format!("{}={value}", c.name))
        .collect();
    if parts.is_empty() {
        return group.name.clone();
    }
    format!("{}[{}]", group.name, parts.join(","))
}
