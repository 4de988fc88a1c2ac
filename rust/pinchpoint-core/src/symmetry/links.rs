//! Orbits of links: pairs of node orbits that a bundle joins.

use rustc_hash::FxHashMap;

use super::families::joined;
use super::orbits::{Orbits, TooFine};
use crate::error::Result;
use crate::fabric::{Bundle, Fabric, Subset, Wiring};
use crate::monitor::{Monitor, Pace};

/// How a bundle's digits meet.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// (digit of a, digit of b) that agree.
    pub joined: Vec<(usize, usize)>,
    /// Digits of a that b does not settle, and of b that a does not.
    pub free_a: Vec<usize>,
    pub free_b: Vec<usize>,
    /// Free digits of one family, parents first: links with equal values are not like others.
    pub both: Vec<Both>,
    /// Pairs of distinct nodes of one group.
    pub within: bool,
    /// The axis of a ring: b is the next along it.
    pub ring: Option<usize>,
}

/// A family that both ends have and the bundle does not join.
#[derive(Debug, Clone)]
pub struct Both {
    pub a: usize,
    pub b: usize,
    /// Places in [`Plan::both`] of its parents.
    pub parents: Vec<usize>,
}

/// Cables of a pair of nodes that have one capacity now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Flavor {
    /// In the fabric's units; zero for failed ones.
    pub capacity: i64,
    pub cables: Subset,
}

/// The links of a bundle between two orbits. Within one group `a <= b`.
#[derive(Debug, Clone, Copy)]
pub struct LinkOrbit {
    pub bundle: u32,
    pub a: u32,
    pub b: u32,
    /// Place in [`Links::flavors`].
    pub flavors: u32,
    /// Nodes of b joined to one of a, and of a to one of b.
    pub out: f64,
    pub back: f64,
    /// Of each pair: cables that carry anything, and capacity in the fabric's units.
    pub cables: f64,
    pub capacity: f64,
}

/// All link orbits of a fabric.
#[derive(Debug)]
pub struct Links {
    pub plans: Vec<Plan>,
    pub list: Vec<LinkOrbit>,
    pub flavors: Vec<Vec<Flavor>>,
}

impl Plan {
    fn new(fabric: &Fabric, orbits: &Orbits, bundle: &Bundle) -> Plan {
        let layout = fabric.layout();
        let families = &orbits.families;
        let mut plan = Plan {
            joined: joined(layout, bundle),
            within: bundle.is_within(),
            ..Plan::default()
        };
        if let Wiring::Ring { axis } = bundle.wiring {
            plan.ring = Some(axis);
            return plan;
        }
        let (a, b) = (bundle.a, bundle.b);
        let free = |group: usize, taken: &dyn Fn(usize) -> bool| -> Vec<usize> {
            families.order[group]
                .iter()
                .copied()
                .filter(|digit| !taken(*digit))
                .collect()
        };
        plan.free_a = free(a, &|digit| plan.joined.iter().any(|pair| pair.0 == digit));
        plan.free_b = free(b, &|digit| plan.joined.iter().any(|pair| pair.1 == digit));
        let mut found: Vec<usize> = Vec::new();
        for digit in &plan.free_a {
            let family = families.of[a][*digit];
            let own = &families.list[family];
            let Some(other) = plan.free_b.iter().find(|d| families.of[b][**d] == family) else {
                continue;
            };
            if own.rigid {
                continue;
            }
            let above = own.parents.iter();
            plan.both.push(Both {
                a: *digit,
                b: *other,
                parents: above
                    .filter_map(|p| found.iter().position(|f| f == p))
                    .collect(),
            });
            found.push(family);
        }
        plan
    }

    /// Ordered pairs by pattern of equal values, up to a common factor: bit `i` of a pattern says
    /// that the ends agree on `both[i]`. `same` and `width` tell of a free digit whether both ends
    /// have one cell, and how many values each has.
    pub fn patterns(
        &self,
        same: impl Fn(&Both) -> bool,
        width: impl Fn(&Both) -> (f64, f64),
        out: &mut Vec<f64>,
    ) {
        out.clear();
        out.push(1.0);
        for (place, both) in self.both.iter().enumerate() {
            let (a, b) = width(both);
            let half = out.len();
            for pattern in 0..half {
                let below = both.parents.iter().all(|parent| pattern >> parent & 1 == 1);
                let equal = if below && same(both) { a } else { 0.0 };
                let count = out[pattern];
                out[pattern] = count * (a * b - equal);
                out.push(count * equal);
            }
            debug_assert_eq!(out.len(), 2 << place);
        }
    }
}

impl Links {
    /// The link orbits, or none if there are more than `most`.
    pub fn new(
        fabric: &Fabric,
        orbits: &mut Orbits,
        most: usize,
        monitor: &dyn Monitor,
    ) -> Result<std::result::Result<Links, TooFine>> {
        let layout = fabric.layout();
        let mut links = Links {
            plans: Vec::new(),
            list: Vec::new(),
            flavors: Vec::new(),
        };
        for (index, bundle) in layout.bundles.iter().enumerate() {
            monitor.poll()?;
            let plan = Plan::new(fabric, orbits, bundle);
            let start = links.list.len();
            links.flavors.push(vec![Flavor {
                capacity: bundle.capacity,
                cables: Subset::full(bundle.multiplicity),
            }]);
            let flavors = links.flavors.len() as u32 - 1;
            let group_a = &layout.groups[bundle.a];
            let steps = match plan.ring {
                Some(axis) => {
                    let family = orbits.families.of[bundle.a][axis];
                    orbits.cells.below(&orbits.families, family, Vec::new())
                }
                None => Vec::new(),
            };
            for block in &bundle.links {
                let (a_end, b_end) = (bundle.a_end(block, group_a), bundle.b_end(block, group_a));
                let mut by_key: FxHashMap<Vec<u32>, Vec<u32>> = FxHashMap::default();
                for b in orbits.first[bundle.b]..orbits.first[bundle.b + 1] {
                    let orbit = &orbits.list[b];
                    if orbit.up && b_end.contains(&orbit.point) {
                        let key = match plan.ring {
                            Some(_) => orbit.cells.clone(),
                            None => plan.joined.iter().map(|(_, d)| orbit.cells[*d]).collect(),
                        };
                        by_key.entry(key).or_default().push(b as u32);
                    }
                }
                for a in orbits.first[bundle.a]..orbits.first[bundle.a + 1] {
                    let orbit = &orbits.list[a];
                    if !orbit.up || !a_end.contains(&orbit.point) {
                        continue;
                    }
                    let key: Vec<u32> = match plan.ring {
                        Some(axis) => {
                            let mut key = orbit.cells.clone();
                            key[axis] = steps[(orbit.point[axis] as usize + 1) % steps.len()];
                            key
                        }
                        None => plan.joined.iter().map(|(d, _)| orbit.cells[*d]).collect(),
                    };
                    let a = a as u32;
                    for b in by_key.get(&key).map_or(&[][..], Vec::as_slice) {
                        if plan.within && a > *b {
                            continue;
                        }
                        let own = if a == *b && plan.within { 1.0 } else { 0.0 };
                        let other = &orbits.list[*b as usize];
                        let out: f64 = plan
                            .free_b
                            .iter()
                            .map(|d| orbits.width(other, *d))
                            .product();
                        let back: f64 = plan
                            .free_a
                            .iter()
                            .map(|d| orbits.width(orbit, *d))
                            .product();
                        if out > own {
                            links.list.push(LinkOrbit {
                                bundle: index as u32,
                                a,
                                b: *b,
                                flavors,
                                out: out - own,
                                back: back - own,
                                cables: 0.0,
                                capacity: 0.0,
                            });
                        }
                    }
                    if links.list.len() > most {
                        return Ok(Err(TooFine));
                    }
                }
            }
            links.change(fabric, orbits, index, start, monitor)?;
            links.plans.push(plan);
        }
        for link in &mut links.list {
            for flavor in &links.flavors[link.flavors as usize] {
                let cables = f64::from(flavor.cables.len());
                link.cables += if flavor.capacity > 0 { cables } else { 0.0 };
                link.capacity += flavor.capacity as f64 * cables;
            }
        }
        Ok(Ok(links))
    }

    /// Gives the link orbits of a bundle, from place `start`, the capacities they have now.
    fn change(
        &mut self,
        fabric: &Fabric,
        orbits: &Orbits,
        index: usize,
        start: usize,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let changes = &fabric.state().overrides[index];
        if changes.is_empty() {
            return Ok(());
        }
        let bundle = &fabric.layout().bundles[index];
        let group_a = &fabric.layout().groups[bundle.a];
        let own = &self.list[start..];
        let places: FxHashMap<(u32, u32), usize> = own
            .iter()
            .enumerate()
            .map(|(at, link)| ((link.a, link.b), start + at))
            .collect();
        let finders = [bundle.a, bundle.b].map(|group| orbits.finder(group));
        let mut pace = Pace::new(monitor);
        let (mut a_side, mut b_side) = (Vec::new(), Vec::new());
        let mut hit: Vec<usize> = Vec::new();
        for change in changes {
            a_side.clear();
            b_side.clear();
            hit.clear();
            let (a_end, b_end) = (
                bundle.a_end(&change.links, group_a),
                bundle.b_end(&change.links, group_a),
            );
            finders[0].find(&a_end, &mut a_side, &mut pace)?;
            finders[1].find(&b_end, &mut b_side, &mut pace)?;
            pace.spend(places.len().min(a_side.len() * b_side.len()))?;
            if a_side.len() * b_side.len() > places.len() {
                let own = self.list[start..].iter().enumerate();
                let both = own.filter(|(_, link)| {
                    a_side.binary_search(&link.a).is_ok() && b_side.binary_search(&link.b).is_ok()
                });
                hit.extend(both.map(|(at, _)| start + at));
            } else {
                let pairs = a_side
                    .iter()
                    .flat_map(|a| b_side.iter().map(move |b| (*a, *b)));
                hit.extend(pairs.filter_map(|pair| places.get(&pair)));
            }
            let mut made: FxHashMap<u32, u32> = FxHashMap::default();
            for place in &hit {
                let old = self.list[*place].flavors;
                let flavors = &mut self.flavors;
                self.list[*place].flavors = *made.entry(old).or_insert_with(|| {
                    let cables = bundle.cables(&change.links);
                    let mut next = flavors[old as usize].clone();
                    next.iter_mut()
                        .for_each(|flavor| flavor.cables = flavor.cables.minus(cables));
                    next.retain(|flavor| !flavor.cables.is_empty());
                    next.push(Flavor {
                        capacity: change.capacity,
                        cables: cables.clone(),
                    });
                    flavors.push(next);
                    flavors.len() as u32 - 1
                });
            }
        }
        Ok(())
    }

    /// Whether a link orbit joins an orbit of nodes with itself, so that both directions are one.
    pub fn is_whole(&self, link: &LinkOrbit) -> bool {
        link.a == link.b && self.plans[link.bundle as usize].within
    }

    /// Ordered pairs of nodes of each pattern of a link orbit; see [`Plan::patterns`].
    pub fn pairs(&self, orbits: &Orbits, link: &LinkOrbit, out: &mut Vec<f64>) {
        let plan = &self.plans[link.bundle as usize];
        let (a, b) = (&orbits.list[link.a as usize], &orbits.list[link.b as usize]);
        plan.patterns(
            |both| a.cells[both.a] == b.cells[both.b],
            |both| (orbits.width(a, both.a), orbits.width(b, both.b)),
            out,
        );
        if self.is_whole(link) {
            // A node is not joined to itself.
            if let Some(last) = out.last_mut() {
                *last = 0.0;
            }
        }
        let sum: f64 = out.iter().sum();
        let all = a.size * link.out;
        out.iter_mut().for_each(|count| *count *= all / sum);
    }
}
