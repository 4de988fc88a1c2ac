//! Checks loads by orbits: each route on its pinned quotient, and the sum of all.
//!
//! Of a route: labels are distances (no step gains more than one, each has a step that gains one),
//! every class passes on what it gets, in the shares the routing means, and pinned classes and arcs
//! add up to the orbits they cut up. Of the sum: each link orbit carries what its routes say, each
//! orbit sends net what the traffic asks, and each bundle has the links that block counting finds.
//! That the quotients are those of the wiring is left to the symmetry, which tests compare with
//! listed links.

use std::ops::Range;

use super::refuse;
use crate::congestion::{FAR, LoadRow, Model, Route, Split, Unreachable};
use crate::error::Result;
use crate::fabric::Fabric;
use crate::symmetry::{Pinned, PinnedArc};
use crate::threads;

const TOLERANCE: f64 = 1e-9;

fn differ(a: f64, b: f64, scale: f64) -> bool {
    let gap = (a - b).abs();
    gap.is_nan() || gap > TOLERANCE * (a.abs() + b.abs() + scale)
}

/// Accepts a route only if it is what `split` means on this quotient.
///
/// # Errors
/// `Certificate`.
pub fn route(
    model: &Model,
    pinned: &Pinned,
    route: &Route,
    split: Split,
    sent: &[f64],
    cut_off: &[u32],
) -> Result<()> {
    let n = pinned.len();
    let root = pinned.root as usize;
    let orbit = |class: u32| pinned.orbit[class as usize];
    let (mut into, mut out) = (vec![0.0f64; n], vec![0.0f64; n]);
    // Sums of the weights of next hops, for what starts at a class and for what passes through.
    let mut weights = vec![[0.0f64; 2]; n];
    let mut tight = vec![[false; 2]; n];
    let mut pairs = vec![0.0f64; model.links.list.len()];
    let ways = || {
        (0..2 * pinned.arcs.len()).map(|way| {
            let (arc, flow) = (&pinned.arcs[way / 2], route.flow[way / 2]);
            match way % 2 {
                0 => (arc, arc.a, arc.b, arc.out, flow[0]),
                _ => (arc, arc.b, arc.a, arc.back, flow[1]),
            }
        })
    };
    let kinds = |from: u32, to: u32| -> [bool; 2] {
        let passed_on = to as usize == root || model.passes(orbit(to), orbit(from));
        [passed_on, passed_on && model.passes(orbit(from), orbit(to))]
    };
    let weigh = |arc: &PinnedArc, count: f64| match split {
        Split::Link => count * model.links.list[arc.link as usize].cables,
        _ => count,
    };
    if route.transit[root] != 0 || pinned.size[root] != 1.0 {
        return refuse("the destination is not at distance 0");
    }
    for (arc, from, to, count, flow) in ways() {
        let (x, y) = (from as usize, to as usize);
        if !(flow.is_finite() && flow >= 0.0) {
            return refuse(format!("class {x} sends {flow}"));
        }
        if differ(
            count * pinned.size[x],
            arc.out * pinned.size[arc.a as usize],
            0.0,
        ) {
            return refuse(format!("classes {x} and {y} count their links differently"));
        }
        into[y] += flow;
        out[x] += flow;
        pairs[arc.link as usize] += 0.5 * count * pinned.size[x];
        let labels = [route.start[x], route.transit[x]];
        for (kind, usable) in kinds(from, to).into_iter().enumerate() {
            if x == root || !usable || route.transit[y] == FAR {
                continue;
            }
            let ahead = route.transit[y] + 1;
            if labels[kind] > ahead {
                return refuse(format!("class {x} is nearer than {}", labels[kind]));
            }
            if labels[kind] == ahead {
                tight[x][kind] = true;
                weights[x][kind] += weigh(arc, count);
            }
        }
    }
    for class in (0..n).filter(|class| *class != root) {
        for (kind, label) in [route.start[class], route.transit[class]]
            .into_iter()
            .enumerate()
        {
            if (label != FAR) != tight[class][kind] {
                return refuse(format!("class {class} has no step at distance {label}"));
            }
        }
    }
    let lost: f64 = cut_off.iter().map(|class| sent[*class as usize]).sum();
    let all: f64 = sent.iter().sum();
    if cut_off
        .iter()
        .any(|class| route.start[*class as usize] != FAR)
    {
        return refuse("a class with a way is listed as cut off");
    }
    if differ(into[root], all - lost, 0.0) || out[root] != 0.0 {
        return refuse(format!(
            "the destination receives {}, not {}",
            into[root],
            all - lost
        ));
    }
    for class in (0..n).filter(|class| *class != root) {
        let own = if route.start[class] == FAR {
            0.0
        } else {
            sent[class]
        };
        if differ(out[class], into[class] + own, all * 1e-6) {
            return refuse(format!(
                "class {class} passes on {}, not {}",
                out[class],
                into[class] + own
            ));
        }
    }
    if split != Split::Capacity {
        for (arc, from, to, count, flow) in ways() {
            let (x, y) = (from as usize, to as usize);
            if x == root {
                continue;
            }
            let labels = [route.start[x], route.transit[x]];
            let own = if route.start[x] == FAR { 0.0 } else { sent[x] };
            let mut meant = 0.0;
            for (kind, usable) in kinds(from, to).into_iter().enumerate() {
                let amount = if kind == 0 { own } else { into[x] };
                if usable
                    && amount > 0.0
                    && route.transit[y] != FAR
                    && labels[kind] == route.transit[y] + 1
                {
                    meant += amount * weigh(arc, count) / weights[x][kind];
                }
            }
            if differ(flow, meant, all * 1e-6) {
                return refuse(format!("class {x} sends {flow} to class {y}, not {meant}"));
            }
        }
    }
    let mut sizes = vec![0.0f64; model.orbits.list.len()];
    for (orbit, size) in pinned.orbit.iter().zip(&pinned.size) {
        sizes[*orbit as usize] += size;
    }
    let whole = sizes.iter().zip(&model.orbits.list);
    if whole
        .clone()
        .any(|(size, orbit)| differ(*size, orbit.size, 0.0))
    {
        return refuse("pinned classes do not make up an orbit");
    }
    for (link, pairs) in model.links.list.iter().zip(&pairs) {
        let all = model.orbits.list[link.a as usize].size * link.out;
        if link.cables > 0.0 && link.a != link.b && differ(*pairs, all, 0.0) {
            return refuse(format!("{pairs} pairs of nodes make up {all}"));
        }
    }
    Ok(())
}

/// The sums of a range of link orbits.
#[derive(Debug)]
pub struct Part<'a> {
    links: Range<usize>,
    on: &'a mut [[f64; 2]],
}

impl Part<'_> {
    /// Takes in a route to `alike` nodes.
    pub fn add(&mut self, pinned: &Pinned, route: &Route, alike: f64) {
        let arcs = pinned.arcs_of(&self.links);
        for (arc, flow) in pinned.arcs[arcs.clone()].iter().zip(&route.flow[arcs]) {
            let on = &mut self.on[arc.link as usize - self.links.start];
            on[0] += alike * flow[0];
            on[1] += alike * flow[1];
        }
    }
}

/// What all routes put on each link orbit, summed apart from the loads.
#[derive(Debug)]
pub struct Totals {
    /// Forward and backward.
    on: Vec<[f64; 2]>,
}

impl Totals {
    pub fn new(model: &Model) -> Totals {
        Totals {
            on: vec![[0.0; 2]; model.links.list.len()],
        }
    }

    /// The sums by ranges of link orbits, which follow each other from 0 to the last.
    pub fn parts(&mut self, ranges: &[Range<usize>]) -> Vec<Part<'_>> {
        let parts = threads::split(&mut self.on, ranges).into_iter();
        let parts = parts.zip(ranges.iter().cloned());
        parts.map(|(on, links)| Part { links, on }).collect()
    }

    /// Accepts rows only if they add up.
    ///
    /// # Errors
    /// `Certificate`.
    pub fn agree(
        &self,
        fabric: &Fabric,
        model: &Model,
        rows: &[LoadRow],
        first_row: &[u32],
        lost: &Unreachable,
    ) -> Result<()> {
        let list = &model.orbits.list;
        let (mut net, mut most) = (vec![0.0f64; list.len()], vec![0.0f64; list.len()]);
        let mut live = vec![0.0f64; fabric.layout().bundles.len()];
        for (id, link) in model.links.list.iter().enumerate() {
            let end = first_row
                .get(id + 1)
                .map_or(rows.len(), |row| *row as usize);
            let mut sum = [0.0f64; 2];
            for row in &rows[first_row[id] as usize..end] {
                sum[0] += row.forward * row.links;
                sum[1] += row.backward * row.links;
                live[link.bundle as usize] += if row.capacity > 0.0 { row.links } else { 0.0 };
            }
            let on = self.on[id];
            if differ(sum[0] + sum[1], on[0] + on[1], 0.0)
                || (link.a != link.b && differ(sum[0], on[0], on[1]))
            {
                return refuse(format!("link orbit {id} carries {on:?}, not {sum:?}"));
            }
            let (a, b) = (link.a as usize, link.b as usize);
            net[a] += sum[0] - sum[1];
            net[b] += sum[1] - sum[0];
            most[a] += sum[0] + sum[1];
            most[b] += sum[0] + sum[1];
        }
        for (index, live) in live.iter().enumerate() {
            let changes = &fabric.state().overrides[index];
            let zero = changes
                .iter()
                .any(|change| change.up && change.capacity == 0);
            if fabric.layout().bundles[index].capacity == 0 || zero {
                continue;
            }
            let counted = fabric.links_up(index) as f64;
            if differ(*live, counted, 0.0) {
                return refuse(format!("bundle {index} has {counted} links, not {live}"));
            }
        }
        if lost.pairs > 0 {
            return Ok(());
        }
        for (id, orbit) in list.iter().enumerate() {
            let mut meant = 0.0;
            for (from, to) in &model.weights {
                let all = |weights: &[f64]| -> f64 {
                    weights
                        .iter()
                        .zip(list)
                        .map(|(weight, orbit)| weight * orbit.size)
                        .sum()
                };
                if from[id] > 0.0 {
                    meant += orbit.size * from[id] * (all(to) - to[id]);
                }
                if to[id] > 0.0 {
                    meant -= orbit.size * to[id] * (all(from) - from[id]);
                }
            }
            if (net[id] - meant).abs() > TOLERANCE * (most[id] + meant.abs()) {
                return refuse(format!("orbit {id} sends {} net, not {meant}", net[id]));
            }
        }
        Ok(())
    }
}
