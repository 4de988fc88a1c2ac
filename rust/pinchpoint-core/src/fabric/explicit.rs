//! Explicit fabrics: one entry per link, parallel links kept.

use std::sync::{Arc, OnceLock};

use super::block::Block;
use super::bundle::{Bundle, Wiring};
use super::group::{Code, Coordinate, Digit, Forwards, Group, Role};
use super::layout::Layout;
use super::names::quoted;
use super::state::{Fabric, State};
use crate::bandwidth::PairIndex;
use crate::error::{Error, ErrorKind, Result};

/// Links as arrays. Links are listed bundle by bundle and keep their place when they fail.
#[derive(Debug, Clone)]
pub struct Arrays {
    pub tails: Arc<Vec<u32>>,
    pub heads: Arc<Vec<u32>>,
    /// Capacity as built, per direction, in the fabric's units.
    pub built: Arc<Vec<i64>>,
    /// Capacity now; zero where the link, or a node it ends at, has failed.
    pub capacity: Vec<i64>,
    /// Ids of failed links, sorted.
    pub down: Vec<u32>,
    /// Whether links are one-way arcs.
    pub directed: bool,
    /// Of each bundle: its first link; one more at the end.
    pub first_link: Vec<usize>,
    /// The layout for pairs of nodes, once one was asked for; none if it is not to be had.
    pub(crate) pairs: OnceLock<Option<Arc<PairIndex>>>,
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
            pairs: OnceLock::new(),
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
            pairs: OnceLock::new(),
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

    /// Number of links of one bundle that are up and have both ends up.
    pub(super) fn num_up(&self, fabric: &Fabric, index: usize) -> u64 {
        let removed = fabric.removed_nodes();
        let (first, last) = (self.first_link[index], self.first_link[index + 1]);
        let start = self.down.partition_point(|link| (*link as usize) < first);
        let mut down = self.down[start..].iter().peekable();
        let mut up = 0;
        for link in first..last {
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
    let Some(pair) = bundle.product(&Block::point(from), &Block::point(to)) else {
        return false;
    };
    debug_assert_eq!(bundle.a_end(&pair, group_a).len(), 1);
    let last = pair.axes().len() - 1;
    links.intersects(&pair.with_axis(last, super::subset::Subset::single(cable)))
}

/// A group of an explicit fabric; its one coordinate has the group's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup {
    pub name: String,
    pub role: Role,
    pub forwards: Forwards,
    pub num_nodes: u32,
}

/// A bundle of an explicit fabric: which groups it joins, and how many links it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBundle {
    pub name: String,
    pub a: usize,
    pub b: usize,
    pub num_links: u32,
}

/// An explicit fabric, described. Nodes are numbered group by group, links listed bundle by bundle.
#[derive(Debug, Clone)]
pub struct ListedSpec {
    pub name: String,
    pub groups: Vec<ListedGroup>,
    pub bundles: Vec<ListedBundle>,
    pub tails: Vec<u32>,
    pub heads: Vec<u32>,
    /// Per direction in units of `2^-unit_shift` kbit/s.
    pub capacity: Vec<i64>,
    /// Whether links are one-way arcs.
    pub directed: bool,
    pub unit_shift: u32,
}

impl ListedSpec {
    /// Checks everything that a caller may get wrong; the first fault is the error.
    fn check(&self) -> Result<()> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Graph, message));
        let (tails, heads, capacity) = (&self.tails, &self.heads, &self.capacity);
        if tails.len() != heads.len() || tails.len() != capacity.len() {
            return refuse(format!(
                "tails, heads and capacities have {}, {} and {} entries; they must be equally long",
                tails.len(),
                heads.len(),
                capacity.len()
            ));
        }
        if tails.len() >= u32::MAX as usize {
            return refuse(format!(
                "{} links; an explicit fabric holds fewer than 2^32",
                tails.len()
            ));
        }
        for (place, group) in self.groups.iter().enumerate() {
            if group.num_nodes == 0 {
                return refuse(if self.groups.len() == 1 {
                    "num_nodes is 0; a fabric has at least one node".to_owned()
                } else {
                    format!("group {} has no nodes", quoted(&group.name))
                });
            }
            if self.groups[..place].iter().any(|g| g.name == group.name) {
                return refuse(format!("two groups are named {}", quoted(&group.name)));
            }
        }
        let starts = self.starts();
        let num_nodes = *starts.last().unwrap_or(&0);
        if num_nodes == 0 || num_nodes > u64::from(u32::MAX) {
            return refuse(format!(
                "the groups have {num_nodes} nodes; an explicit fabric has 1 to 2^32 - 1"
            ));
        }
        for (link, (tail, head)) in tails.iter().zip(heads).enumerate() {
            let mut ends = [tail, head].into_iter();
            if let Some(end) = ends.find(|end| u64::from(**end) >= num_nodes) {
                return refuse(format!(
                    "link {link} ends at node {end}, but num_nodes is {num_nodes}"
                ));
            }
        }
        if let Some(link) = capacity.iter().position(|capacity| *capacity < 0) {
            let message = format!("link {link} has the negative capacity {}", capacity[link]);
            return Err(Error::new(ErrorKind::Capacity, message));
        }
        if self.unit_shift > 60 {
            let message = format!("unit_shift is {}; it must be 0 to 60", self.unit_shift);
            return Err(Error::new(ErrorKind::Capacity, message));
        }
        let mut first = 0usize;
        for (place, bundle) in self.bundles.iter().enumerate() {
            let name = quoted(&bundle.name);
            if self.bundles[..place].iter().any(|b| b.name == bundle.name) {
                return refuse(format!("two bundles are named {name}"));
            }
            if bundle.a >= self.groups.len() || bundle.b >= self.groups.len() {
                return refuse(format!("bundle {name} joins a group that is not there"));
            }
            let last = first + bundle.num_links as usize;
            if last > tails.len() {
                break;
            }
            let inside = |node: u32, group: usize| {
                (starts[group]..starts[group + 1]).contains(&u64::from(node))
            };
            let astray = (first..last)
                .find(|link| !inside(tails[*link], bundle.a) || !inside(heads[*link], bundle.b));
            if let Some(link) = astray {
                return refuse(format!(
                    "link {link} of bundle {name} runs from node {} to node {}, outside its groups",
                    tails[link], heads[link]
                ));
            }
            first = last;
        }
        let listed: u64 = self.bundles.iter().map(|b| u64::from(b.num_links)).sum();
        if listed != tails.len() as u64 {
            return refuse(format!(
                "the bundles have {listed} links, but {} are listed",
                tails.len()
            ));
        }
        Ok(())
    }

    /// The first node of each group, and the number of nodes.
    fn starts(&self) -> Vec<u64> {
        let mut starts = vec![0];
        for group in &self.groups {
            starts.push(starts[starts.len() - 1] + u64::from(group.num_nodes));
        }
        starts
    }
}

impl Fabric {
    /// An explicit fabric of one group `node` and one bundle `node-node`; see [`ListedSpec`].
    ///
    /// # Errors
    /// Ids at or above `num_nodes`, arrays of different lengths, negative capacities.
    pub fn from_links(
        tails: Vec<u32>,
        heads: Vec<u32>,
        capacity: Vec<i64>,
        num_nodes: u32,
        directed: bool,
        unit_shift: u32,
    ) -> Result<Fabric> {
        let num_links = u32::try_from(tails.len()).unwrap_or(u32::MAX);
        Self::listed(ListedSpec {
            name: "explicit".to_owned(),
            groups: vec![ListedGroup {
                name: "node".to_owned(),
                role: Role::Switch,
                forwards: Forwards::Always,
                num_nodes,
            }],
            bundles: vec![ListedBundle {
                name: "node-node".to_owned(),
                a: 0,
                b: 0,
                num_links,
            }],
            tails,
            heads,
            capacity,
            directed,
            unit_shift,
        })
    }

    /// An explicit fabric of several groups and bundles.
    ///
    /// # Errors
    /// An empty group, a repeated name, an end outside its group, counts that do not add up,
    /// arrays of different lengths, negative capacities.
    pub fn listed(spec: ListedSpec) -> Result<Fabric> {
        spec.check()?;
        let starts = spec.starts();
        let groups = spec.groups.into_iter().zip(starts).map(|(own, first)| {
            let mut group = Group {
                name: own.name.clone(),
                role: own.role,
                forwards: own.forwards,
                capacity: None,
                digits: vec![Digit {
                    name: own.name.clone(),
                    size: own.num_nodes,
                }],
                coordinates: vec![Coordinate {
                    name: own.name,
                    size: own.num_nodes,
                    code: Code::Radix,
                    digits: vec![0],
                }],
                num_nodes: u64::from(own.num_nodes),
                first_node: first,
                domain: Vec::new(),
            };
            group.domain = group.compute_domain();
            group
        });
        let mut first_link = vec![0];
        for bundle in &spec.bundles {
            first_link.push(first_link[first_link.len() - 1] + bundle.num_links as usize);
        }
        let bundles = spec.bundles.into_iter();
        let layout = Layout {
            name: spec.name,
            groups: groups.collect(),
            bundles: bundles
                .map(|own| Bundle::listed(own.name, own.a, own.b, own.num_links))
                .collect(),
            unit_shift: spec.unit_shift,
        };
        let arrays = Arrays::new(
            spec.tails,
            spec.heads,
            spec.capacity,
            spec.directed,
            first_link,
        );
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
