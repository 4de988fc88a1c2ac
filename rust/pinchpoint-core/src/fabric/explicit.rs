//! Explicit fabrics: one entry per link, parallel links kept.

use super::block::Block;
use super::bundle::{Bundle, Wiring};
use super::group::{Code, Coordinate, Digit, Forwards, Group, Role};
use super::layout::Layout;
use super::state::{Fabric, State};
use crate::error::{Error, ErrorKind, Result};

/// Links as arrays. Links are listed bundle by bundle and keep their place when they fail.
#[derive(Debug, Clone)]
pub struct Arrays {
    pub tails: std::sync::Arc<Vec<u32>>,
    pub heads: std::sync::Arc<Vec<u32>>,
    /// Capacity as built, per direction, in the fabric's units.
    pub built: std::sync::Arc<Vec<i64>>,
    /// Capacity now; zero where the link, or a node it ends at, has failed.
    pub capacity: Vec<i64>,
    /// Ids of failed links, sorted.
    pub down: Vec<u32>,
    /// Whether links are one-way arcs.
    pub directed: bool,
    /// Of each bundle: its first link; one more at the end.
    pub first_link: Vec<usize>,
}

impl Arrays {
    pub(super) fn new(
        tails: Vec<u32>,
        heads: Vec<u32>,
        built: Vec<i64>,
        directed: bool,
        first_link: Vec<usize>,
    ) -> Self {
        Arrays {
            tails: tails.into(),
            heads: heads.into(),
            capacity: built.clone(),
            built: built.into(),
            down: Vec::new(),
            directed,
            first_link,
        }
    }

    /// The arrays with the changes of `state`.
    pub(super) fn changed(&self, layout: &Layout, state: &State) -> Self {
        let mut capacity = self.built.as_ref().clone();
        let mut down = Vec::new();
        for (index, changes) in state.overrides.iter().enumerate() {
            for change in changes {
                self.for_each_link(layout, index, &change.links, |link| {
                    capacity[link] = change.capacity;
                    if !change.up {
                        down.push(link as u32);
                    }
                });
            }
        }
        down.sort_unstable();
        let removed = removed_nodes(layout, state);
        if !removed.is_empty() {
            for (link, capacity) in capacity.iter_mut().enumerate() {
                let ends = [self.tails[link], self.heads[link]];
                if ends.iter().any(|end| removed[*end as usize]) {
                    *capacity = 0;
                }
            }
        }
        Arrays {
            tails: self.tails.clone(),
            heads: self.heads.clone(),
            built: self.built.clone(),
            capacity,
            down,
            directed: self.directed,
            first_link: self.first_link.clone(),
        }
    }

    /// Visits the ids of the links in a link block. Each link of a bundle within a group is held
    /// both ways by symmetric blocks and is visited once.
    pub fn for_each_link(
        &self,
        layout: &Layout,
        index: usize,
        links: &Block,
        mut visit: impl FnMut(usize),
    ) {
        let bundle = &layout.bundles[index];
        let (first, last) = (self.first_link[index], self.first_link[index + 1]);
        if bundle.wiring == Wiring::Listed {
            links
                .axis(0)
                .values()
                .for_each(|link| visit(first + link as usize));
            return;
        }
        let (group_a, group_b) = (&layout.groups[bundle.a], &layout.groups[bundle.b]);
        let cables = bundle.cables(links);
        let tails = &self.tails[first..last];
        bundle.a_end(links, group_a).for_each_point(|from| {
            let node = (group_a.first_node + group_a.rank(from)) as u32;
            let start = tails.partition_point(|tail| *tail < node);
            let mut cable = 0;
            for link in first + start..last {
                if self.tails[link] != node {
                    break;
                }
                let repeated = link > first + start && self.heads[link] == self.heads[link - 1];
                cable = if repeated { cable + 1 } else { 0 };
                if !cables.contains(cable) {
                    continue;
                }
                let to = group_b.point(u64::from(self.heads[link]) - group_b.first_node);
                if contains_pair(bundle, links, from, &to, group_a, cable) {
                    visit(link);
                }
            }
        });
    }

    /// Number of links that are up and have both ends up.
    pub(super) fn num_up(&self, fabric: &Fabric) -> u64 {
        let removed = fabric.removed_nodes();
        let mut down = self.down.iter().peekable();
        let mut up = 0;
        for link in 0..self.tails.len() {
            if down.next_if(|next| **next as usize == link).is_some() {
                continue;
            }
            let ends = [self.tails[link], self.heads[link]];
            up += u64::from(
                !ends
                    .iter()
                    .any(|end| removed.get(*end as usize).copied().unwrap_or(false)),
            );
        }
        up
    }
}

fn contains_pair(
    bundle: &Bundle,
    links: &Block,
    from: &[u32],
    to: &[u32],
    group_a: &Group,
    cable: u32,
) -> bool {
    let point = |node: &[u32]| {
        Block::new(
            node.iter()
                .map(|value| super::subset::Subset::single(*value))
                .collect(),
        )
    };
    let Some(pair) = bundle.product(&point(from), &point(to)) else {
        return false;
    };
    debug_assert_eq!(bundle.a_end(&pair, group_a).len(), 1);
    let last = pair.axes().len() - 1;
    links.intersects(&pair.with_axis(last, super::subset::Subset::single(cable)))
}

impl Fabric {
    /// An explicit fabric: one group `node`, one bundle `node-node`.
    ///
    /// Capacities are per direction in units of `2^-unit_shift` kbit/s; `directed` makes links
    /// one-way arcs. Ids must be below `num_nodes`, lengths equal, capacities non-negative.
    pub fn from_links(
        tails: Vec<u32>,
        heads: Vec<u32>,
        capacity: Vec<i64>,
        num_nodes: u32,
        directed: bool,
        unit_shift: u32,
    ) -> Result<Fabric> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Graph, message));
        if tails.len() != heads.len() || tails.len() != capacity.len() {
            return refuse(format!(
                "tails, heads and capacities have {}, {} and {} entries; they must be equally long",
                tails.len(),
                heads.len(),
                capacity.len()
            ));
        }
        if num_nodes == 0 {
            return refuse("num_nodes is 0; a fabric has at least one node".to_owned());
        }
        if tails.len() >= u32::MAX as usize {
            return refuse(format!(
                "{} links; an explicit fabric holds fewer than 2^32",
                tails.len()
            ));
        }
        for (link, (tail, head)) in tails.iter().zip(&heads).enumerate() {
            if let Some(end) = [tail, head].into_iter().find(|end| **end >= num_nodes) {
                return refuse(format!(
                    "link {link} ends at node {end}, but num_nodes is {num_nodes}"
                ));
            }
        }
        if let Some(link) = capacity.iter().position(|capacity| *capacity < 0) {
            let message = format!("link {link} has the negative capacity {}", capacity[link]);
            return Err(Error::new(ErrorKind::Capacity, message));
        }
        let mut group = Group {
            name: "node".to_owned(),
            role: Role::Switch,
            forwards: Forwards::Always,
            capacity: None,
            digits: vec![Digit {
                name: "node".to_owned(),
                size: num_nodes,
            }],
            coordinates: vec![Coordinate {
                name: "node".to_owned(),
                size: num_nodes,
                code: Code::Radix,
                digits: vec![0],
            }],
            num_nodes: u64::from(num_nodes),
            first_node: 0,
            domain: Vec::new(),
        };
        group.domain = group.compute_domain();
        let links = tails.len();
        let layout = Layout {
            name: "explicit".to_owned(),
            groups: vec![group],
            bundles: vec![Bundle::listed("node-node".to_owned(), 0, links as u32)],
            unit_shift,
        };
        let arrays = Arrays::new(tails, heads, capacity, directed, vec![0, links]);
        Ok(Fabric::assemble(layout.into(), Some(arrays)))
    }

    /// Per node id, whether it has failed.
    pub fn removed_nodes(&self) -> Vec<bool> {
        removed_nodes(self.layout(), self.state())
    }
}

fn removed_nodes(layout: &Layout, state: &State) -> Vec<bool> {
    let mut removed = Vec::new();
    if state.removed.iter().all(Vec::is_empty) {
        return removed;
    }
    removed.resize(layout.num_nodes() as usize, false);
    for (group, blocks) in layout.groups.iter().zip(&state.removed) {
        for block in blocks {
            block.for_each_point(|point| {
                removed[(group.first_node + group.rank(point)) as usize] = true
            });
        }
    }
    removed
}
