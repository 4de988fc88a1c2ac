//! A structured fabric and a traffic, up to symmetry.

use super::route::Halves;
use crate::bandwidth::{Forwarding, Relay};
use crate::error::Result;
use crate::fabric::{Block, Fabric, Role, Selection};
use crate::monitor::{Monitor, Pace};
use crate::symmetry::{Boundary, Finder, Links, Orbits, Pinned};
use crate::traffic::check_total;

/// Orbits and link orbits past this are too many.
const MOST: usize = 2_000_000;

/// Every source sends to every sink other than itself.
#[derive(Debug, Clone)]
pub struct SelectedProduct {
    pub sources: Vec<Selection>,
    pub sinks: Vec<Selection>,
    /// Gbit/s per pair.
    pub rate: f64,
}

/// Weight of a node of each orbit as source and as sink.
pub type Weights = (Vec<f64>, Vec<f64>);

/// A fabric and a traffic up to symmetry.
#[derive(Debug)]
pub struct Model {
    pub orbits: Orbits,
    pub links: Links,
    /// By product.
    pub weights: Vec<Weights>,
    /// Of each orbit.
    pub relay: Vec<Relay>,
    pub nic: Vec<bool>,
    /// Fabric units in a Gbit/s.
    pub unit: f64,
}

impl Model {
    /// None if there are too many orbits.
    pub fn new(
        fabric: &Fabric,
        products: &[SelectedProduct],
        forwarding: Forwarding,
        monitor: &dyn Monitor,
    ) -> Result<Option<Model>> {
        let layout = fabric.layout();
        let mut boundary = Boundary::of(fabric);
        let mut ends: Vec<[Vec<(usize, Block)>; 2]> = Vec::new();
        for product in products {
            let mut sides = [Vec::new(), Vec::new()];
            for (side, selections) in sides.iter_mut().zip([&product.sources, &product.sinks]) {
                for selection in selections {
                    let group = layout.resolve(selection)?;
                    boundary.add(group, &selection.blocks);
                    side.extend(selection.blocks.iter().map(|block| (group, block.clone())));
                }
            }
            ends.push(sides);
        }
        let Ok(mut orbits) = Orbits::new(fabric, &boundary, MOST, monitor)? else {
            return Ok(None);
        };
        let Ok(links) = Links::new(fabric, &mut orbits, MOST, monitor)? else {
            return Ok(None);
        };
        let finders: Vec<Finder> = (0..layout.groups.len())
            .map(|group| orbits.finder(group))
            .collect();
        let mut pace = Pace::new(monitor);
        let mut found = Vec::new();
        let mut weigh = |side: &[(usize, Block)], weight: f64| -> Result<Vec<f64>> {
            let mut weights = vec![0.0; orbits.list.len()];
            for (group, block) in side {
                found.clear();
                finders[*group].find(block, &mut found, &mut pace)?;
                for id in &found {
                    weights[*id as usize] = weight;
                }
            }
            Ok(weights)
        };
        let weights = ends.iter().zip(products);
        let weights = weights
            .map(|([from, to], product)| Ok((weigh(from, product.rate)?, weigh(to, 1.0)?)))
            .collect::<Result<Vec<Weights>>>()?;
        let all = |weights: &[f64]| -> f64 {
            let sizes = orbits.list.iter().map(|orbit| orbit.size);
            weights
                .iter()
                .zip(sizes)
                .map(|(weight, size)| weight * size)
                .sum()
        };
        check_total(weights.iter().map(|(from, to)| all(from) * all(to)))?;
        let group = |id: &crate::symmetry::Orbit| &layout.groups[id.group];
        let relay = orbits
            .list
            .iter()
            .map(|orbit| forwarding.relay(group(orbit)))
            .collect();
        let nic = orbits
            .list
            .iter()
            .map(|orbit| group(orbit).role == Role::Nic)
            .collect();
        Ok(Some(Model {
            relay,
            nic,
            weights,
            unit: 1e6 * 2f64.powi(fabric.unit_shift() as i32),
            orbits,
            links,
        }))
    }

    /// Whether a node of one orbit passes on to or from a node of another.
    pub fn passes(&self, node: u32, other: u32) -> bool {
        match self.relay[node as usize] {
            Relay::Always => true,
            Relay::ScaleUp => !self.nic[other as usize],
            Relay::Never => false,
        }
    }

    /// Orbits that something is sent to.
    pub fn destinations(&self) -> Vec<u32> {
        let all = 0..self.orbits.list.len();
        all.filter(|id| {
            self.orbits.list[*id].up && self.weights.iter().any(|(_, to)| to[*id] > 0.0)
        })
        .map(|id| id as u32)
        .collect()
    }

    /// Holds a node of the orbit `root` fixed: the quotient, its halves by class, and what each class
    /// sends to the node.
    pub fn fix(&self, root: u32, pinned: &mut Pinned, halves: &mut Halves, sent: &mut Vec<f64>) {
        pinned.pin(&self.orbits, &self.links, root);
        halves.fill(self, pinned);
        self.sent(pinned, root, sent);
    }

    /// Gbit/s that the nodes of each pinned class send to the fixed node, all together.
    fn sent(&self, pinned: &Pinned, root: u32, sent: &mut Vec<f64>) {
        sent.clear();
        sent.resize(pinned.len(), 0.0);
        for (from, to) in &self.weights {
            let own = to[root as usize];
            if own > 0.0 {
                for (class, sent) in sent.iter_mut().enumerate() {
                    let orbit = pinned.orbit[class] as usize;
                    if from[orbit] > 0.0 && self.orbits.list[orbit].up {
                        *sent += from[orbit] * own * pinned.size[class];
                    }
                }
            }
        }
        sent[pinned.root as usize] = 0.0;
    }

    /// Turns the traffic into two phases through a random endpoint that is up.
    pub fn valiant(&mut self) {
        let list = &self.orbits.list;
        let mut out = vec![0.0; list.len()];
        let mut back = vec![0.0; list.len()];
        let mut ends = vec![false; list.len()];
        for (from, to) in &self.weights {
            let total = |weights: &[f64]| -> f64 {
                weights
                    .iter()
                    .zip(list)
                    .map(|(weight, orbit)| weight * orbit.size)
                    .sum()
            };
            let (all_from, all_to) = (total(from), total(to));
            for id in 0..list.len() {
                out[id] += from[id] * (all_to - to[id]);
                back[id] += to[id] * (all_from - from[id]);
                ends[id] |= from[id] > 0.0 || to[id] > 0.0;
            }
        }
        let middle: Vec<f64> = ends
            .iter()
            .zip(list)
            .map(|(end, o)| f64::from(u8::from(*end && o.up)))
            .collect();
        let count: f64 = middle
            .iter()
            .zip(list)
            .map(|(one, orbit)| one * orbit.size)
            .sum();
        let shared: Vec<f64> = middle.iter().map(|one| one / count.max(1.0)).collect();
        self.weights = vec![(out, shared.clone()), (shared, back)];
    }

    /// Whether two bundles join the same pairs: their links would have to be merged.
    pub fn has_parallel_bundles(&self) -> bool {
        let mut pairs: Vec<(u32, u32, u32)> = self
            .links
            .list
            .iter()
            .filter(|link| link.cables > 0.0)
            .map(|link| (link.a.min(link.b), link.a.max(link.b), link.bundle))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
            .windows(2)
            .any(|two| (two[0].0, two[0].1) == (two[1].0, two[1].1))
    }
}
