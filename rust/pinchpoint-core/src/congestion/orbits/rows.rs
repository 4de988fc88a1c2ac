//! Loads of links that are alike, and of each link when it is asked for.

use super::super::{Split, Unreachable};
use super::ahead::ahead;
use super::model::Model;
use crate::error::Result;
use crate::fabric::{Block, Fabric};
use crate::monitor::Monitor;
use crate::symmetry::{LinkOrbit, Plan};

/// Links that carry the same, and what.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadRow {
    pub bundle: u32,
    /// Nodes at the ends of one of the links.
    pub tail: u64,
    pub head: u64,
    /// Number of links, and of those of them that are listed from the tail's orbit: within a group
    /// links are listed from their lower node.
    pub links: f64,
    pub ahead: f64,
    /// Of each link, in Gbit/s; zero if they have failed.
    pub capacity: f64,
    /// Gbit/s on each from tail to head, and back.
    pub forward: f64,
    pub backward: f64,
    /// Whether both ends are of one group, and the bundle joins pairs of it.
    pub within: bool,
}

/// Loads by orbits, checked.
#[derive(Debug)]
pub struct OrbitLoads {
    pub rows: Vec<LoadRow>,
    pub unreachable: Unreachable,
    /// How many orbits of nodes, of links and of destinations there were.
    pub orbits: usize,
    pub link_orbits: usize,
    pub destinations: usize,
    pub(super) model: Model,
    /// Of each link orbit: its first row.
    pub(super) first_row: Vec<u32>,
}

/// One row per link orbit, pattern and capacity.
pub fn rows(
    fabric: &Fabric,
    model: &Model,
    split: Split,
    first: &[usize],
    loads: &[[f64; 2]],
) -> (Vec<LoadRow>, Vec<u32>) {
    let layout = fabric.layout();
    let (mut rows, mut first_row, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for (id, link) in model.links.list.iter().enumerate() {
        first_row.push(rows.len() as u32);
        model.links.pairs(&model.orbits, link, &mut pairs);
        let plan = &model.links.plans[link.bundle as usize];
        let whole = model.links.is_whole(link);
        for (pattern, count) in pairs.iter().enumerate() {
            let load = loads[first[id] + pattern];
            let (tail, head) = ends(model, link, plan, pattern);
            let node = |group: usize, point: &[u32]| {
                layout.groups[group].first_node + layout.groups[group].rank(point)
            };
            let groups = (
                model.orbits.list[link.a as usize].group,
                model.orbits.list[link.b as usize].group,
            );
            for flavor in &model.links.flavors[link.flavors as usize] {
                let cables = f64::from(flavor.cables.len());
                // What each cable has of a pair's load.
                let share = match split {
                    _ if flavor.capacity == 0 => 0.0,
                    Split::Capacity => flavor.capacity as f64 / link.capacity,
                    _ => 1.0 / link.cables,
                };
                let each = |load: f64| {
                    if *count > 0.0 {
                        load / count * share
                    } else {
                        0.0
                    }
                };
                let links = count * cables * if whole { 0.5 } else { 1.0 };
                let ahead = match plan.within && !whole {
                    true => links * ahead(&layout.groups[groups.0], model, link, plan, pattern),
                    false => links,
                };
                rows.push(LoadRow {
                    bundle: link.bundle,
                    tail: node(groups.0, &tail),
                    head: node(groups.1, &head),
                    links,
                    ahead,
                    capacity: flavor.capacity as f64 / model.unit,
                    forward: each(load[0]),
                    backward: each(load[usize::from(!whole)]),
                    within: plan.within,
                });
            }
        }
    }
    (rows, first_row)
}

/// The ends of one link of a link orbit and pattern.
fn ends(model: &Model, link: &LinkOrbit, plan: &Plan, pattern: usize) -> (Vec<u32>, Vec<u32>) {
    let (a, b) = (
        &model.orbits.list[link.a as usize],
        &model.orbits.list[link.b as usize],
    );
    let (tail, mut head) = (a.point.clone(), b.point.clone());
    for (own, theirs) in &plan.joined {
        head[*theirs] = tail[*own];
    }
    for (place, both) in plan.both.iter().enumerate() {
        if pattern >> place & 1 == 1 {
            head[both.b] = tail[both.a];
        } else if a.cells[both.a] == b.cells[both.b] {
            let values = &model.orbits.cells.list[b.cells[both.b] as usize].values;
            let mut other = values.values().filter(|value| *value != tail[both.a]);
            head[both.b] = other.next().unwrap_or(head[both.b]);
        }
    }
    (tail, head)
}

impl OrbitLoads {
    /// Fabric and traffic.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// A row of a link orbit: by pattern, then by capacity.
    pub fn row(&self, link: usize, place: usize) -> &LoadRow {
        &self.rows[self.first_row[link] as usize + place]
    }

    /// Gbit/s on every link of a bundle, forward and backward, in materialize order.
    ///
    /// # Errors
    /// `SizeLimit`; what the monitor says.
    pub fn lift(
        &self,
        fabric: &Fabric,
        index: usize,
        limit_bytes: u64,
        monitor: &dyn Monitor,
    ) -> Result<[Vec<f64>; 2]> {
        let loads = |_, _, row: &LoadRow| (row.forward, row.backward);
        self.lift_by(fabric, index, limit_bytes, monitor, loads)
    }

    /// What `value` says of each link of a bundle, from its link orbit, pattern and row: forward and
    /// backward, in materialize order.
    ///
    /// # Errors
    /// `SizeLimit`; what the monitor says.
    pub fn lift_by(
        &self,
        fabric: &Fabric,
        index: usize,
        limit_bytes: u64,
        monitor: &dyn Monitor,
        value: impl Fn(usize, usize, &LoadRow) -> (f64, f64),
    ) -> Result<[Vec<f64>; 2]> {
        let layout = fabric.layout();
        let plain = fabric.materialize(limit_bytes, monitor)?;
        let arrays = plain.arrays().expect("it has been materialised");
        let range = arrays.first_link[index]..arrays.first_link[index + 1];
        let bundle = &layout.bundles[index];
        let Model { orbits, links, .. } = &self.model;
        let mut home: [Vec<u32>; 2] = [Vec::new(), Vec::new()];
        for (home, group) in home.iter_mut().zip([bundle.a, bundle.b]) {
            home.resize(layout.groups[group].num_nodes as usize, u32::MAX);
            for id in orbits.first[group]..orbits.first[group + 1] {
                let axes = orbits.list[id].cells.iter();
                let axes = axes.map(|cell| orbits.cells.list[*cell as usize].values.clone());
                Block::new(axes).for_each_point(|point| {
                    if layout.groups[group]
                        .domain
                        .iter()
                        .any(|block| block.contains(point))
                    {
                        home[layout.groups[group].rank(point) as usize] = id as u32;
                    }
                });
            }
        }
        let cells = |orbit: u32, digit: usize| orbits.list[orbit as usize].cells[digit];
        let plan = &links.plans[index];
        let own = links
            .list
            .iter()
            .enumerate()
            .filter(|(_, link)| link.bundle as usize == index);
        let places: rustc_hash::FxHashMap<(u32, u32), usize> =
            own.map(|(id, link)| ((link.a, link.b), id)).collect();
        let mut out = [vec![0.0; range.len()], vec![0.0; range.len()]];
        let (first_a, first_b) = (
            layout.groups[bundle.a].first_node,
            layout.groups[bundle.b].first_node,
        );
        for (at, link) in range.enumerate() {
            if at % 65536 == 0 {
                monitor.poll()?;
            }
            let ranks = (
                u64::from(arrays.tails[link]) - first_a,
                u64::from(arrays.heads[link]) - first_b,
            );
            let pair = (home[0][ranks.0 as usize], home[1][ranks.1 as usize]);
            let turned = plan.within && pair.0 > pair.1;
            let key = if turned { (pair.1, pair.0) } else { pair };
            let Some(id) = places.get(&key).copied() else {
                continue;
            };
            let mut pattern = 0;
            if !plan.both.is_empty() {
                let points = (
                    layout.groups[bundle.a].point(ranks.0),
                    layout.groups[bundle.b].point(ranks.1),
                );
                for (place, both) in plan.both.iter().enumerate() {
                    let below = both.parents.iter().all(|parent| pattern >> parent & 1 == 1);
                    // Below different values of a rigid parent, equal values mean nothing.
                    let cells = (cells(pair.0, both.a), cells(pair.1, both.b));
                    if below && cells.0 == cells.1 && points.0[both.a] == points.1[both.b] {
                        pattern |= 1 << place;
                    }
                }
            }
            let flavors = &links.flavors[links.list[id].flavors as usize];
            let cable = at as u32 % bundle.multiplicity;
            let flavor = flavors
                .iter()
                .position(|flavor| flavor.cables.contains(cable));
            let row = self.first_row[id] as usize + pattern * flavors.len() + flavor.unwrap_or(0);
            let (forward, backward) = value(id, pattern, &self.rows[row]);
            out[usize::from(turned)][at] = forward;
            out[usize::from(!turned)][at] = backward;
        }
        Ok(out)
    }
}
