//! Loads on a structured fabric, orbit by orbit: exact, and no node is ever listed.
//!
//! One node of each orbit of destinations is held fixed. Routes to it are alike on the pinned
//! quotient, and a symmetry carries them to every other node of its orbit. So a link's load is the
//! sum over those destinations of what its whole orbit carries to one, divided by the orbit's links.

mod ahead;
mod lost;
mod model;
mod route;
mod rows;

pub use model::{Model, SelectedProduct};
pub use route::{FAR, Half, Halves, Route};
pub use rows::{LoadRow, OrbitLoads};

use std::ops::Range;

use super::{Split, Unreachable};
use crate::bandwidth::Forwarding;
use crate::certify;
use crate::error::Result;
use crate::fabric::Fabric;
use crate::monitor::Monitor;
use crate::symmetry::Pinned;
use crate::threads;

/// Link orbits times orbits of destinations past this are too many.
const MOST_WORK: f64 = 3e9;
/// Orbits of links and nodes that make a second thread worth starting.
const GRAIN: usize = 1 << 11;
/// Orbits of links and nodes of all destinations that are looked at side by side.
const AT_ONCE: usize = 1 << 22;

/// What spreading over shortest ways puts on every link of a structured fabric; `None` if it has
/// too little symmetry for that to be quick, or two bundles between the same nodes that `split`
/// counts as one.
///
/// # Errors
/// `Selection` for selections that do not fit; `Certificate` if the check refuses the loads, which
/// is a bug; what the monitor says.
///
/// # Complexity
/// O(orbits of destinations * link orbits).
pub fn by_orbits(
    fabric: &Fabric,
    products: &[SelectedProduct],
    split: Split,
    valiant: bool,
    forwarding: Forwarding,
    monitor: &dyn Monitor,
) -> Result<Option<OrbitLoads>> {
    let Some(mut model) = Model::new(fabric, products, forwarding, monitor)? else {
        return Ok(None);
    };
    if split != Split::Link && model.has_parallel_bundles() {
        return Ok(None);
    }
    if valiant {
        model.valiant();
    }
    let destinations = model.destinations();
    if destinations.len() as f64 * (model.links.list.len() + model.orbits.list.len()) as f64
        > MOST_WORK
    {
        return Ok(None);
    }
    let hung = route::hanging(&model);
    let mut first = vec![0usize];
    for link in &model.links.list {
        let both = model.links.plans[link.bundle as usize].both.len();
        first.push(first[first.len() - 1] + (1 << both));
    }
    let mut loads = vec![[0.0f64; 2]; first[first.len() - 1]];
    let mut missed = Unreachable::default();
    let mut check = certify::orbits::Totals::new(&model);
    let workers = workers(&model, destinations.len());
    let mut routed: Vec<Routed> = (0..workers).map(|_| Routed::default()).collect();
    let links = threads::ranges(model.links.list.len(), workers);
    let places: Vec<Range<usize>> = links
        .iter()
        .map(|links| first[links.start]..first[links.end])
        .collect();
    for roots in destinations.chunks(workers) {
        monitor.poll()?;
        let found = threads::join(routed.iter_mut().zip(roots).map(|(routed, root)| {
            let (model, hung) = (&model, &hung[..]);
            move || routed.find(model, *root, split, hung)
        }));
        found.into_iter().collect::<Result<()>>()?;
        let routed = &routed[..roots.len()];
        let loads = threads::split(&mut loads, &places).into_iter();
        let totals = check.parts(&links).into_iter();
        threads::join(
            loads
                .zip(totals)
                .zip(&links)
                .map(|((loads, mut total), links)| {
                    let (model, first) = (&model, &first[links.start..]);
                    move || {
                        for routed in routed {
                            routed.add(model, links, first, loads);
                            total.add(&routed.pinned, &routed.way, routed.alike(model));
                        }
                    }
                }),
        );
        for Routed {
            pinned,
            cut_off,
            root,
            ..
        } in routed
        {
            for class in cut_off {
                lost::lose(fabric, &model, pinned, *class, *root, &mut missed);
            }
        }
    }
    lost::lost_to_failures(fabric, &model, &mut missed);
    let (rows, first_row) = rows::rows(fabric, &model, split, &first, &loads);
    check.agree(fabric, &model, &rows, &first_row, &missed)?;
    Ok(Some(OrbitLoads {
        rows,
        unreachable: missed,
        orbits: model.orbits.list.len(),
        link_orbits: model.links.list.len(),
        destinations: destinations.len(),
        model,
        first_row,
    }))
}

/// How many destinations are looked at side by side.
fn workers(model: &Model, destinations: usize) -> usize {
    let work = model.links.list.len() + model.orbits.list.len();
    if work < GRAIN {
        return 1;
    }
    let most = destinations.min(AT_ONCE / work);
    threads::count().min(most).max(1)
}

/// The routes to one node.
#[derive(Debug, Default)]
struct Routed {
    pinned: Pinned,
    halves: Halves,
    way: Route,
    sent: Vec<f64>,
    /// Classes that have no way.
    cut_off: Vec<u32>,
    /// The orbit of the node.
    root: u32,
}

impl Routed {
    /// Finds the routes to a node of the orbit `root`, and checks them.
    fn find(&mut self, model: &Model, root: u32, split: Split, hung: &[u32]) -> Result<()> {
        let Routed {
            pinned,
            halves,
            way,
            sent,
            cut_off,
            ..
        } = self;
        model.fix(root, pinned, halves, sent);
        cut_off.clear();
        way.spread(model, (pinned, halves), (split, hung), sent, cut_off);
        self.root = root;
        certify::orbits::route(model, pinned, way, split, sent, cut_off)
    }

    /// Number of nodes that are like the one.
    fn alike(&self, model: &Model) -> f64 {
        model.orbits.list[self.root as usize].size
    }

    /// Adds to `loads` what the routes to all nodes alike put on the link orbits of `links`, whose
    /// places there, after those of the links before, are in `first`.
    fn add(&self, model: &Model, links: &Range<usize>, first: &[usize], loads: &mut [[f64; 2]]) {
        let (mut shares, alike) = (Vec::new(), self.alike(model));
        let arcs = self.pinned.arcs_of(links);
        for (arc, flow) in self.pinned.arcs[arcs.clone()]
            .iter()
            .zip(&self.way.flow[arcs])
        {
            if flow[0] + flow[1] == 0.0 {
                continue;
            }
            let link = &model.links.list[arc.link as usize];
            let whole = model.links.is_whole(link);
            self.pinned
                .patterns(&model.orbits, &model.links, arc, &mut shares);
            let place = first[arc.link as usize - links.start] - first[0];
            for (share, own) in shares.iter().zip(&mut loads[place..]) {
                own[0] += flow[0] * share * alike;
                own[usize::from(!whole)] += flow[1] * share * alike;
            }
        }
    }
}
