//! Concurrent flow of a structured fabric, by orbits (docs/theory.md, "Symmetry that coordinates
//! show").
//!
//! Some optimum looks the same under every symmetry. So flow toward one node of each orbit of
//! destinations is enough, on the quotient that holds that node fixed, and one row of capacity for
//! each kind of links: a *slot*, which is a link orbit, a pattern of equal values and a direction.

use crate::bandwidth::{Forwarding, Relay};
use crate::congestion::{
    FAR, Halves, LoadRow, Model, OrbitLoads, Route, SelectedProduct, Split, by_orbits,
};
use crate::error::Result;
use crate::fabric::Fabric;
use crate::monitor::Monitor;
use crate::symmetry::{LinkOrbit, Pinned};

/// A concurrent flow up to symmetry.
#[derive(Debug)]
pub struct OrbitProblem {
    /// The same traffic under ECMP: a flow to start from, and what has no way.
    pub routed: OrbitLoads,
    pub destinations: Vec<u32>,
    /// Of each link orbit: its first slot; one more at the end.
    pub first: Vec<usize>,
    /// Of each slot, in Gbit/s, all its links together.
    pub capacity: Vec<f64>,
}

/// A step of the flow toward one destination.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub tail: u32,
    pub head: u32,
    pub slot: u32,
    /// Capacity that one node of the tail has by it, in the fabric's units.
    pub width: f64,
    /// Whether traffic in transit at the tail may take it, and traffic may pass on at the head, or
    /// ends there.
    pub leaves: bool,
    pub enters: bool,
}

/// The flow toward one destination: classes, what they send (if it has a way), steps between them.
#[derive(Debug, Default)]
pub struct Toward {
    pub pinned: Pinned,
    pub halves: Halves,
    pub sent: Vec<f64>,
    pub steps: Vec<Step>,
    pub(super) route: Route,
    shares: Vec<f64>,
}

impl OrbitProblem {
    /// None if there is too little symmetry.
    ///
    /// # Errors
    /// As [`by_orbits`].
    pub fn new(
        fabric: &Fabric,
        products: &[SelectedProduct],
        forwarding: Forwarding,
        monitor: &dyn Monitor,
    ) -> Result<Option<OrbitProblem>> {
        let Some(routed) = by_orbits(fabric, products, Split::Link, false, forwarding, monitor)?
        else {
            return Ok(None);
        };
        let model = routed.model();
        let (mut first, mut capacity, mut pairs) = (vec![0usize], Vec::new(), Vec::new());
        for link in &model.links.list {
            let whole = model.links.is_whole(link);
            model.links.pairs(&model.orbits, link, &mut pairs);
            for count in &pairs {
                let own = count * link.capacity / model.unit;
                capacity.push(own);
                // Links within an orbit are taken both ways alike: one slot for both.
                capacity.push(if whole { 0.0 } else { own });
            }
            first.push(capacity.len());
        }
        Ok(Some(OrbitProblem {
            destinations: model.destinations(),
            routed,
            first,
            capacity,
        }))
    }

    /// Fabric and traffic.
    pub fn model(&self) -> &Model {
        self.routed.model()
    }

    /// Number of nodes of a destination's orbit.
    pub fn alike(&self, root: u32) -> f64 {
        self.model().orbits.list[root as usize].size
    }

    /// The length of every link of a bundle, forward and backward, in materialize order.
    ///
    /// # Errors
    /// `SizeLimit`; what the monitor says.
    pub fn lift(
        &self,
        fabric: &Fabric,
        index: usize,
        lengths: &[f64],
        limit_bytes: u64,
        monitor: &dyn Monitor,
    ) -> Result<[Vec<f64>; 2]> {
        let model = self.model();
        let value = |id: usize, pattern: usize, row: &LoadRow| {
            if row.capacity == 0.0 {
                return (0.0, 0.0);
            }
            let link = &model.links.list[id];
            let whole = model.links.is_whole(link);
            let slot = self.first[id] + 2 * pattern;
            (lengths[slot], lengths[slot + usize::from(!whole)])
        };
        self.routed
            .lift_by(fabric, index, limit_bytes, monitor, value)
    }

    /// The steps toward a destination, in a fixed order.
    pub fn toward(&self, root: u32, toward: &mut Toward) {
        let model = self.model();
        let Toward {
            pinned,
            halves,
            sent,
            steps,
            route,
            shares,
        } = toward;
        model.fix(root, pinned, halves, sent);
        route.find(pinned, halves);
        for (sent, steps) in sent.iter_mut().zip(&route.start) {
            if *steps == FAR {
                *sent = 0.0;
            }
        }
        steps.clear();
        for arc in &pinned.arcs {
            let link = &model.links.list[arc.link as usize];
            let whole = model.links.is_whole(link);
            let (x, y) = (pinned.orbit[arc.a as usize], pinned.orbit[arc.b as usize]);
            pinned.patterns(&model.orbits, &model.links, arc, shares);
            for (pattern, share) in shares.iter().enumerate() {
                if *share == 0.0 {
                    continue;
                }
                let slot = (self.first[arc.link as usize] + 2 * pattern) as u32;
                let ways = [
                    (0, arc.a, arc.b, arc.out, (x, y)),
                    (1, arc.b, arc.a, arc.back, (y, x)),
                ];
                for (back, tail, head, count, (from, to)) in ways {
                    steps.push(Step {
                        tail,
                        head,
                        slot: slot + if whole { 0 } else { back },
                        width: count * link.capacity * share,
                        leaves: model.passes(from, to),
                        enters: head == pinned.root || model.passes(to, from),
                    });
                }
            }
        }
    }

    /// Lengths that may prove that little is better than ECMP: one on its fullest links, on each kind
    /// of them, and on the cuts around their ends, for at most `most` kinds.
    pub fn fullest(&self, most: usize) -> Vec<Vec<f64>> {
        let model = self.model();
        let mut used = vec![0.0f64; self.capacity.len()];
        for (id, link) in model.links.list.iter().enumerate() {
            let whole = model.links.is_whole(link);
            let flavors = &model.links.flavors[link.flavors as usize];
            for pattern in 0..(self.first[id + 1] - self.first[id]) / 2 {
                for place in 0..flavors.len() {
                    let row = self.routed.row(id, pattern * flavors.len() + place);
                    if row.capacity > 0.0 {
                        let slot = self.first[id] + 2 * pattern;
                        used[slot] = used[slot].max(row.forward / row.capacity);
                        if !whole {
                            used[slot + 1] = used[slot + 1].max(row.backward / row.capacity);
                        }
                    }
                }
            }
        }
        let top = used.iter().copied().fold(0.0, f64::max);
        let hot: Vec<usize> = (0..used.len())
            .filter(|slot| used[*slot] >= top * (1.0 - 1e-9))
            .collect();
        let with = |slots: &[usize]| {
            let mut lengths = vec![0.0; used.len()];
            slots.iter().for_each(|slot| lengths[*slot] = 1.0);
            lengths
        };
        let mut found = vec![with(&hot)];
        for slot in hot.iter().take(most) {
            let id = self.first.partition_point(|first| first <= slot) - 1;
            let back = (slot - self.first[id]) % 2;
            let ends = |link: &LinkOrbit| [(link.a, link.b), (link.b, link.a)][back];
            let link = &model.links.list[id];
            found.push(with(std::slice::from_ref(slot)));
            // All that leaves the tail by that bundle, all that enters the head: cuts around them.
            for end in [|ends: (u32, u32)| ends.0, |ends: (u32, u32)| ends.1] {
                let own = model.links.list.iter().enumerate().filter(|(_, other)| {
                    other.bundle == link.bundle && end(ends(other)) == end(ends(link))
                });
                let slots: Vec<usize> = own
                    .flat_map(|(id, _)| (self.first[id] + back..self.first[id + 1]).step_by(2))
                    .collect();
                found.push(with(&slots));
            }
        }
        let mut kept: Vec<Vec<f64>> = Vec::new();
        for lengths in found {
            if !kept.contains(&lengths) {
                kept.push(lengths);
            }
        }
        kept
    }

    /// A flow that stays off links with a length as far as it can, then takes the fewest steps;
    /// by destination and step.
    ///
    /// # Errors
    /// What the monitor says.
    pub fn along(&self, lengths: &[f64], monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let model = self.model();
        let (mut toward, mut flows) = (Toward::default(), Vec::new());
        for root in &self.destinations {
            monitor.poll()?;
            self.toward(*root, &mut toward);
            let start = flows.len();
            flows.resize(start + toward.steps.len(), 0.0);
            self.send(model, &toward, lengths, &mut flows[start..]);
        }
        Ok(flows)
    }

    fn send(&self, model: &Model, toward: &Toward, lengths: &[f64], flow: &mut [f64]) {
        let (n, root) = (toward.pinned.len(), toward.pinned.root);
        let metric = |step: &Step| {
            if lengths[step.slot as usize] > 0.0 {
                1 << 20
            } else {
                1u64
            }
        };
        let far = u64::MAX / 2;
        let (mut through, mut starts) = (vec![far; n], vec![far; n]);
        through[root as usize] = 0;
        // Few classes, few rounds: as many as the longest way has steps.
        let mut changed = true;
        while changed {
            changed = false;
            for step in toward
                .steps
                .iter()
                .filter(|step| step.enters && step.tail != root)
            {
                let ahead = through[step.head as usize] + metric(step);
                let tail = step.tail as usize;
                starts[tail] = starts[tail].min(ahead);
                if step.leaves && ahead < through[tail] {
                    through[tail] = ahead;
                    changed = true;
                }
            }
        }
        let mut by_tail: Vec<Vec<u32>> = vec![Vec::new(); n];
        for (id, step) in toward.steps.iter().enumerate() {
            if step.enters && step.tail != root {
                by_tail[step.tail as usize].push(id as u32);
            }
        }
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_by_key(|class| std::cmp::Reverse(through[*class as usize]));
        let mut amount = vec![0.0f64; n];
        let mut share = |class: u32, started: bool, all: f64, amount: &mut [f64]| {
            let label = if started {
                starts[class as usize]
            } else {
                through[class as usize]
            };
            let tight = |id: &&u32| {
                let step = &toward.steps[**id as usize];
                (started || step.leaves) && through[step.head as usize] + metric(step) == label
            };
            let own = &by_tail[class as usize];
            let weight = |id: u32| toward.steps[id as usize].width;
            let total: f64 = own.iter().filter(tight).map(|id| weight(*id)).sum();
            for id in own.iter().filter(tight) {
                let part = all * weight(*id) / total;
                flow[*id as usize] += part;
                amount[toward.steps[*id as usize].head as usize] += part;
            }
        };
        let relays =
            |class: usize| model.relay[toward.pinned.orbit[class] as usize] == Relay::Always;
        for (class, sent) in toward.sent.iter().enumerate() {
            if *sent > 0.0 && relays(class) {
                amount[class] += sent;
            } else if *sent > 0.0 {
                share(class as u32, true, *sent, &mut amount);
            }
        }
        for class in order {
            let own = amount[class as usize];
            if own > 0.0 && class != root {
                share(class, false, own, &mut amount);
            }
        }
    }
}
