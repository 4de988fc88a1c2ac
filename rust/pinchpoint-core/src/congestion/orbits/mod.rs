//! Loads on a structured fabric, orbit by orbit: exact, and no node is ever listed.
//!
//! One node of each orbit of destinations is held fixed. Routes to it are alike on the pinned
//! quotient, and a symmetry carries them to every other node of its orbit. So a link's load is the
//! sum over those destinations of what its whole orbit carries to one, divided by the orbit's links.

mod lost;
mod model;
mod route;
mod rows;

pub use model::{Model, SelectedProduct};
pub use route::{FAR, Half, Halves, Route};
pub use rows::{LoadRow, OrbitLoads};

use super::{Split, Unreachable};
use crate::bandwidth::Forwarding;
use crate::certify;
use crate::error::Result;
use crate::fabric::Fabric;
use crate::monitor::Monitor;
use crate::symmetry::Pinned;

/// Link orbits times orbits of destinations past this are too many.
const MOST_WORK: f64 = 3e9;

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
    let (mut pinned, mut halves, mut way) =
        (Pinned::default(), Halves::default(), Route::default());
    let (mut sent, mut cut_off, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    let mut check = certify::orbits::Totals::new(&model);
    for root in &destinations {
        monitor.poll()?;
        pinned.pin(&model.orbits, &model.links, *root);
        halves.fill(&model, &pinned);
        model.sent(&pinned, *root, &mut sent);
        cut_off.clear();
        way.spread(
            &model,
            (&pinned, &halves),
            (split, &hung),
            &sent,
            &mut cut_off,
        );
        let alike = model.orbits.list[*root as usize].size;
        certify::orbits::route(&model, &pinned, &way, split, &sent, &cut_off)?;
        check.add(&pinned, &way, alike);
        for (arc, flow) in pinned.arcs.iter().zip(&way.flow) {
            if flow[0] + flow[1] == 0.0 {
                continue;
            }
            let link = &model.links.list[arc.link as usize];
            let whole = link.a == link.b && model.links.plans[link.bundle as usize].within;
            pinned.patterns(&model.orbits, &model.links, arc, &mut shares);
            for (pattern, share) in shares.iter().enumerate() {
                let own = &mut loads[first[arc.link as usize] + pattern];
                own[0] += flow[0] * share * alike;
                own[usize::from(!whole)] += flow[1] * share * alike;
            }
        }
        for class in &cut_off {
            lost::lose(fabric, &model, &pinned, *class, *root, &mut missed);
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
