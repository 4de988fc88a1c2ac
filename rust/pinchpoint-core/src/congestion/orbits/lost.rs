//! Demands that no way joins.

use super::super::Unreachable;
use super::super::flows::MAX_LISTED;
use super::model::{Model, Weights};
use crate::fabric::Fabric;
use crate::symmetry::Pinned;

/// Counts what the nodes of a pinned class send in vain to all nodes of an orbit.
pub fn lose(
    fabric: &Fabric,
    model: &Model,
    pinned: &Pinned,
    class: u32,
    root: u32,
    lost: &mut Unreachable,
) {
    let from = pinned.orbit[class as usize];
    let pairs = pinned.size[class as usize] * model.orbits.list[root as usize].size;
    let ends = (
        pinned.point(&model.orbits, class),
        model.orbits.list[root as usize].point.clone(),
    );
    lose_pairs(fabric, model, (from, &ends.0), (root, &ends.1), pairs, lost);
}

fn lose_pairs(
    fabric: &Fabric,
    model: &Model,
    from: (u32, &[u32]),
    to: (u32, &[u32]),
    pairs: f64,
    lost: &mut Unreachable,
) {
    for (sources, sinks) in &model.weights {
        let rate = sources[from.0 as usize] * sinks[to.0 as usize];
        if rate > 0.0 && pairs > 0.0 {
            lost.pairs += pairs as u64;
            lost.rate += rate * pairs;
            let node = |(id, point): (u32, &[u32])| {
                let group = &fabric.layout().groups[model.orbits.list[id as usize].group];
                (group.first_node + group.rank(point)) as u32
            };
            let pair = (node(from), node(to));
            if lost.listed.len() < MAX_LISTED && pair.0 != pair.1 {
                lost.listed.push(pair);
            }
        }
    }
}

/// Counts the demands from and to failed nodes.
pub fn lost_to_failures(fabric: &Fabric, model: &Model, lost: &mut Unreachable) {
    let list = &model.orbits.list;
    let ends = |pick: fn(&Weights) -> &Vec<f64>| -> Vec<u32> {
        let any = |id: &u32| model.weights.iter().any(|w| pick(w)[*id as usize] > 0.0);
        (0..list.len() as u32).filter(any).collect()
    };
    if list.iter().all(|orbit| orbit.up) {
        return;
    }
    let (sources, sinks) = (ends(|w| &w.0), ends(|w| &w.1));
    for from in sources {
        for to in &sinks {
            let (x, y) = (&list[from as usize], &list[*to as usize]);
            if !x.up || !y.up {
                let own = if from == *to { x.size } else { 0.0 };
                let pairs = x.size * y.size - own;
                let other = second(model, *to);
                let end = if from == *to { &other } else { &y.point };
                lose_pairs(fabric, model, (from, &x.point), (*to, end), pairs, lost);
            }
        }
    }
}

/// Another node of an orbit, if there is one.
fn second(model: &Model, id: u32) -> Vec<u32> {
    let orbit = &model.orbits.list[id as usize];
    let mut point = orbit.point.clone();
    for (value, cell) in point.iter_mut().zip(&orbit.cells) {
        let values = &model.orbits.cells.list[*cell as usize].values;
        if let Some(other) = values.values().nth(1) {
            *value = other;
            break;
        }
    }
    point
}
