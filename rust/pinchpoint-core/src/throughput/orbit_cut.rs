//! Cuts of structured fabrics: the balls around one destination of each kind.

use super::orbits::{OrbitProblem, Toward};
use crate::error::Result;
use crate::fabric::Fabric;
use crate::monitor::Monitor;

/// Visits of steps up to which destinations are tried.
const MOST_WORK: usize = 50_000_000;
/// Balls tried around one destination.
const MOST_BALLS: usize = 64;
/// Distances closer than this, relative to the farthest, are one.
const SAME: f64 = 1e-9;

/// Links of one bundle across a cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutRow {
    pub bundle: u32,
    pub links: f64,
    /// Gbit/s.
    pub capacity: f64,
}

/// Nodes around one destination, what can enter them, and what is sent to them from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct OrbitCut {
    /// The orbit whose first node is in the middle, and whether each class around it is inside.
    pub root: u32,
    pub inside: Vec<bool>,
    /// Gbit/s.
    pub capacity: f64,
    pub demand: f64,
    /// Number of nodes inside.
    pub nodes: f64,
    pub rows: Vec<CutRow>,
    /// Of each slot: the part of it that enters this cut or one that is like it.
    pub lengths: Vec<f64>,
}

impl OrbitProblem {
    /// The sparsest cut among the balls of these lengths; none if nothing is sent, or some of it
    /// has no way.
    ///
    /// # Errors
    /// What the monitor says.
    pub fn sparsest(&self, lengths: &[f64], monitor: &dyn Monitor) -> Result<Option<OrbitCut>> {
        if self.routed.unreachable.pairs > 0 {
            return Ok(None);
        }
        let mut toward = Toward::default();
        let mut best: Option<(f64, u32, Vec<bool>)> = None;
        let mut used = 0;
        for root in &self.destinations {
            monitor.poll()?;
            self.toward(*root, &mut toward);
            let (far, mut radii) = radii(&toward, lengths);
            radii.truncate(MOST_BALLS);
            for radius in radii {
                let inside: Vec<bool> = far.iter().map(|far| *far <= radius).collect();
                let (capacity, demand) = self.weigh(&toward, &inside);
                used += toward.steps.len();
                let ratio = capacity / demand;
                if demand > 0.0 && best.as_ref().is_none_or(|b| ratio < b.0 * (1.0 - SAME)) {
                    best = Some((ratio, *root, inside));
                }
            }
            if used > MOST_WORK {
                break;
            }
        }
        Ok(best.map(|(_, root, inside)| self.described(root, inside, &mut toward)))
    }

    /// What can enter a set of classes, and what is sent to it from outside.
    fn weigh(&self, toward: &Toward, inside: &[bool]) -> (f64, f64) {
        let model = self.model();
        let crossing = toward
            .steps
            .iter()
            .filter(|step| !inside[step.tail as usize] && inside[step.head as usize]);
        let capacity = crossing
            .map(|step| step.width * toward.pinned.size[step.tail as usize])
            .sum::<f64>();
        let side = |weights: &[f64], wanted: bool| -> f64 {
            let classes = toward.pinned.orbit.iter().zip(&toward.pinned.size);
            classes
                .zip(inside)
                .filter(|((orbit, _), own)| {
                    **own == wanted && model.orbits.list[**orbit as usize].up
                })
                .map(|((orbit, size), _)| weights[*orbit as usize] * size)
                .sum()
        };
        let products = model.weights.iter();
        let demand = products.map(|(from, to)| side(from, false) * side(to, true));
        (capacity / model.unit, demand.sum())
    }

    fn described(&self, root: u32, inside: Vec<bool>, toward: &mut Toward) -> OrbitCut {
        let model = self.model();
        self.toward(root, toward);
        let (capacity, demand) = self.weigh(toward, &inside);
        let mut lengths = vec![0.0; self.capacity.len()];
        let mut rows: Vec<CutRow> = Vec::new();
        for step in &toward.steps {
            if inside[step.tail as usize] || !inside[step.head as usize] {
                continue;
            }
            let own = step.width * toward.pinned.size[step.tail as usize];
            let slot = step.slot as usize;
            lengths[slot] += own / model.unit / self.capacity[slot];
            let id = self.first.partition_point(|first| *first <= slot) - 1;
            let link = &model.links.list[id];
            let row = CutRow {
                bundle: link.bundle,
                links: own / link.capacity * link.cables,
                capacity: own / model.unit,
            };
            match rows.iter_mut().find(|other| other.bundle == row.bundle) {
                Some(sum) => {
                    sum.links += row.links;
                    sum.capacity += row.capacity;
                }
                None => rows.push(row),
            }
        }
        let sizes = toward.pinned.size.iter().zip(&inside);
        OrbitCut {
            nodes: sizes.filter(|own| *own.1).map(|own| own.0).sum(),
            root,
            capacity,
            demand,
            rows,
            lengths,
            inside,
        }
    }

    /// Whether each node of the fabric is outside a cut: on its sending side.
    ///
    /// # Errors
    /// What the monitor says.
    pub fn side(
        &self,
        fabric: &Fabric,
        root: u32,
        inside: &[bool],
        monitor: &dyn Monitor,
    ) -> Result<Vec<bool>> {
        let (model, layout) = (self.model(), fabric.layout());
        let mut toward = Toward::default();
        self.toward(root, &mut toward);
        let mut side = vec![true; layout.num_nodes() as usize];
        for (class, _) in inside.iter().enumerate().filter(|(_, inside)| **inside) {
            monitor.poll()?;
            let orbit = toward.pinned.orbit[class] as usize;
            let group = &layout.groups[model.orbits.list[orbit].group];
            let block = toward.pinned.block(&model.orbits, class as u32);
            block.for_each_point(|point| {
                side[(group.first_node + group.rank(point)) as usize] = false;
            });
        }
        Ok(side)
    }
}

/// Distance of each class to the fixed node, and the different ones, the smallest first.
fn radii(toward: &Toward, lengths: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (n, root) = (toward.pinned.len(), toward.pinned.root as usize);
    let (mut starts, mut through) = (vec![f64::INFINITY; n], vec![f64::INFINITY; n]);
    (starts[root], through[root]) = (0.0, 0.0);
    // Few classes, few rounds: as many as the longest way has steps.
    let mut changed = true;
    while changed {
        changed = false;
        for step in toward.steps.iter().filter(|step| step.enters) {
            let far = through[step.head as usize] + lengths[step.slot as usize];
            let tail = step.tail as usize;
            starts[tail] = starts[tail].min(far);
            if step.leaves && far < through[tail] {
                through[tail] = far;
                changed = true;
            }
        }
    }
    let mut all: Vec<f64> = starts
        .iter()
        .copied()
        .filter(|far| far.is_finite())
        .collect();
    all.sort_by(f64::total_cmp);
    let farthest = all.last().copied().unwrap_or(0.0);
    let mut radii: Vec<f64> = Vec::new();
    for far in all {
        match radii.last_mut() {
            Some(last) if far <= *last + SAME * farthest => *last = far,
            _ => radii.push(far),
        }
    }
    // All classes are no cut.
    radii.pop();
    (starts, radii)
}
