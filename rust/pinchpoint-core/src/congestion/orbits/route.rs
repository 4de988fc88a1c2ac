//! Shortest routes to one fixed node, on the quotient that holds it fixed.

use super::super::Split;
use super::model::Model;
use crate::bandwidth::Relay;
use crate::symmetry::Pinned;

/// A half of a pinned arc, seen from one of its ends.
#[derive(Debug, Clone, Copy)]
pub struct Half {
    pub arc: u32,
    /// Class at the other end.
    pub to: u32,
    /// Whether this end is the b of the arc.
    pub back: bool,
    /// Nodes there joined to one node here.
    pub count: f64,
    /// Whether traffic in transit here may leave by it, and traffic may pass on at the other end.
    pub leaves: bool,
    pub enters: bool,
}

/// The arcs of a pinned quotient by class.
#[derive(Debug, Default)]
pub struct Halves {
    first: Vec<u32>,
    list: Vec<Half>,
}

impl Halves {
    pub fn fill(&mut self, model: &Model, pinned: &Pinned) {
        let n = pinned.len();
        self.first.clear();
        self.first.resize(n + 1, 0);
        for arc in &pinned.arcs {
            self.first[arc.a as usize + 1] += 1;
            self.first[arc.b as usize + 1] += 1;
        }
        for class in 0..n {
            self.first[class + 1] += self.first[class];
        }
        let none = Half {
            arc: 0,
            to: 0,
            back: false,
            count: 0.0,
            leaves: false,
            enters: false,
        };
        self.list.clear();
        self.list.resize(2 * pinned.arcs.len(), none);
        let mut place = self.first.clone();
        for (id, arc) in pinned.arcs.iter().enumerate() {
            let (x, y) = (pinned.orbit[arc.a as usize], pinned.orbit[arc.b as usize]);
            let (a_passes, b_passes) = (model.passes(x, y), model.passes(y, x));
            let mut put = |from: u32, half: Half| {
                self.list[place[from as usize] as usize] = half;
                place[from as usize] += 1;
            };
            put(
                arc.a,
                Half {
                    arc: id as u32,
                    to: arc.b,
                    back: false,
                    count: arc.out,
                    leaves: a_passes,
                    enters: b_passes,
                },
            );
            put(
                arc.b,
                Half {
                    arc: id as u32,
                    to: arc.a,
                    back: true,
                    count: arc.back,
                    leaves: b_passes,
                    enters: a_passes,
                },
            );
        }
    }

    pub fn of(&self, class: u32) -> &[Half] {
        &self.list[self.first[class as usize] as usize..self.first[class as usize + 1] as usize]
    }
}

/// No way.
pub const FAR: u32 = u32::MAX;

/// Routes to one fixed node.
#[derive(Debug, Default)]
pub struct Route {
    /// Steps of what is in transit at a class, and of what starts there.
    pub transit: Vec<u32>,
    pub start: Vec<u32>,
    order: Vec<u32>,
    width: Vec<f64>,
    carried: Vec<f64>,
    /// Gbit/s of each pinned arc, all its links together: forward and backward.
    pub flow: Vec<[f64; 2]>,
}

impl Route {
    /// Finds the distances of all classes to the fixed node.
    pub fn find(&mut self, pinned: &Pinned, halves: &Halves) {
        let n = pinned.len();
        for distance in [&mut self.transit, &mut self.start] {
            distance.clear();
            distance.resize(n, FAR);
        }
        let root = pinned.root;
        self.transit[root as usize] = 0;
        self.start[root as usize] = 0;
        self.order.clear();
        self.order.push(root);
        let mut next = 0;
        while let Some(class) = self.order.get(next).copied() {
            next += 1;
            let distance = self.transit[class as usize] + 1;
            for half in halves.of(class) {
                // Seen from here: `leaves` is passing here, `enters` is passing there.
                if class != root && !half.leaves {
                    continue;
                }
                let from = half.to as usize;
                if self.start[from] == FAR {
                    self.start[from] = distance;
                }
                if half.enters && self.transit[from] == FAR {
                    self.transit[from] = distance;
                    self.order.push(half.to);
                }
            }
        }
    }

    /// The next hops of a class.
    fn hops<'a>(
        &'a self,
        halves: &'a Halves,
        root: u32,
        class: u32,
        starts: bool,
    ) -> impl Iterator<Item = &'a Half> + 'a {
        let distance = if starts {
            self.start[class as usize]
        } else {
            self.transit[class as usize]
        };
        halves.of(class).iter().filter(move |half| {
            let ahead = self.transit[half.to as usize];
            ahead != FAR
                && ahead + 1 == distance
                && (starts || half.leaves)
                && (half.to == root || half.enters)
        })
    }

    /// Routes what is `sent` to the fixed node; adds the classes that have no way to `lost`.
    pub fn spread(
        &mut self,
        model: &Model,
        (pinned, halves): (&Pinned, &Halves),
        (split, hung): (Split, &[u32]),
        sent: &[f64],
        lost: &mut Vec<u32>,
    ) {
        self.find(pinned, halves);
        self.flow.clear();
        self.flow.resize(pinned.arcs.len(), [0.0; 2]);
        self.carried.clear();
        self.carried.resize(pinned.len(), 0.0);
        let root = pinned.root;
        let weight = |half: &Half, width: &[f64]| {
            let link = &model.links.list[pinned.arcs[half.arc as usize].link as usize];
            half.count
                * match split {
                    Split::Link => link.cables,
                    Split::Neighbor => 1.0,
                    Split::Capacity => link.capacity.min(width[half.to as usize]),
                }
        };
        if split == Split::Capacity {
            let mut width = std::mem::take(&mut self.width);
            width.clear();
            width.resize(pinned.len(), 0.0);
            width[root as usize] = f64::INFINITY;
            // The way down to the destination from what it hangs off does not count.
            let mut at = root;
            while hung[pinned.orbit[at as usize] as usize] != u32::MAX {
                let up = hung[pinned.orbit[at as usize] as usize];
                let own = halves
                    .of(at)
                    .iter()
                    .find(|half| pinned.orbit[half.to as usize] == up);
                let Some(half) = own else { break };
                at = half.to;
                width[at as usize] = f64::INFINITY;
            }
            for class in self.order.iter().skip(1) {
                if width[*class as usize] == 0.0 {
                    let hops = self.hops(halves, root, *class, false);
                    width[*class as usize] = hops.map(|half| weight(half, &width)).sum();
                }
            }
            self.width = width;
        }
        let (mut flow, mut carried) = (
            std::mem::take(&mut self.flow),
            std::mem::take(&mut self.carried),
        );
        let mut share = |class: u32, starts: bool, amount: f64, carried: &mut [f64]| {
            let total: f64 = self
                .hops(halves, root, class, starts)
                .map(|half| weight(half, &self.width))
                .sum();
            for half in self.hops(halves, root, class, starts) {
                let part = amount * weight(half, &self.width) / total;
                flow[half.arc as usize][usize::from(half.back)] += part;
                carried[half.to as usize] += part;
            }
        };
        for (class, amount) in sent.iter().enumerate() {
            if *amount <= 0.0 {
                continue;
            }
            let id = class as u32;
            if self.start[class] == FAR {
                lost.push(id);
            } else if model.relay[pinned.orbit[class] as usize] == Relay::Always {
                carried[class] += amount;
            } else {
                share(id, true, *amount, &mut carried);
            }
        }
        for class in self.order.iter().skip(1).rev() {
            let amount = carried[*class as usize];
            if amount > 0.0 {
                share(*class, false, amount, &mut carried);
            }
        }
        (self.flow, self.carried) = (flow, carried);
    }
}

/// Of each orbit: the one that its nodes hang off, having one neighbour once others are peeled.
pub fn hanging(model: &Model) -> Vec<u32> {
    let n = model.orbits.list.len();
    let mut degree = vec![0.0f64; n];
    let mut near: Vec<Vec<(u32, f64)>> = vec![Vec::new(); n];
    for link in model.links.list.iter().filter(|link| link.cables > 0.0) {
        degree[link.a as usize] += link.out;
        near[link.a as usize].push((link.b, link.out));
        if link.a != link.b {
            degree[link.b as usize] += link.back;
            near[link.b as usize].push((link.a, link.back));
        }
    }
    let mut up = vec![u32::MAX; n];
    let mut stack: Vec<u32> = (0..n as u32)
        .rev()
        .filter(|id| degree[*id as usize] == 1.0)
        .collect();
    while let Some(id) = stack.pop() {
        if degree[id as usize] != 1.0 || up[id as usize] != u32::MAX {
            continue;
        }
        let open = |other: &&(u32, f64)| up[other.0 as usize] == u32::MAX;
        let Some((next, _)) = near[id as usize].iter().find(open).copied() else {
            continue;
        };
        if next == id || model.relay[next as usize] != Relay::Always {
            continue;
        }
        up[id as usize] = next;
        degree[id as usize] = 0.0;
        let back = near[next as usize].iter().filter(|(other, _)| *other == id);
        degree[next as usize] -= back.map(|(_, count)| count).sum::<f64>();
        if degree[next as usize] == 1.0 {
            stack.push(next);
        }
    }
    up
}
