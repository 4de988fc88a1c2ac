//! Congestion: what a routing puts on every link when traffic is sent as asked.
//!
//! [`congestion`] answers for an explicit fabric. [`Routing::Spread`] is ideal: per destination, a
//! node shares what it forwards among its shortest next hops (one pass per destination, and one
//! for all hosts behind a leaf). [`Routing::Hash`] and [`Routing::Modulo`] send each flow one way,
//! and [`Routing::Given`] the way the user says. Loads may exceed capacity: that is the answer.

mod flows;
mod given;
mod orbits;
mod spread;
mod walk;

pub use flows::Unreachable;
pub use orbits::{
    FAR, Half, Halves, LoadRow, Model, OrbitLoads, Route, SelectedProduct, by_orbits,
};

use crate::bandwidth::Forwarding;
use crate::certify;
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::Fabric;
use crate::monitor::Monitor;
use crate::routing::{Core, Network, Trees};
use crate::traffic::Demands;

/// How a node shares traffic among its shortest next hops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// Equally per link (ECMP).
    Link,
    /// Equally per neighbour, then equally among its links.
    Neighbor,
    /// In proportion to what the way on can carry toward the destination, or toward what it hangs
    /// off if it has one neighbour (WCMP).
    Capacity,
}

/// Which way traffic takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Routing {
    /// Shared among all shortest ways.
    Spread(Split),
    /// Shared as above, to a random endpoint first and from there to the destination.
    Valiant(Split),
    /// Each flow is cut in `parts`, and each part picks one next-hop link per node at random.
    Hash {
        parts: u32,
        seed: u64,
        /// Whether each node draws for itself; else all draw alike, which polarises.
        salted: bool,
    },
    /// Each destination's number picks one next-hop link per node (D-mod-k).
    Modulo,
    /// The links of each pair, in the order of the pairs; no products.
    Given { first: Vec<usize>, links: Vec<u32> },
}

/// A question.
#[derive(Debug, Clone)]
pub struct Query {
    pub demands: Demands,
    pub routing: Routing,
    pub forwarding: Forwarding,
}

/// Loads of links, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Loads {
    /// Gbit/s on each link from tail to head.
    pub forward: Vec<f64>,
    /// Gbit/s on each link from head to tail.
    pub backward: Vec<f64>,
    pub unreachable: Unreachable,
    /// Whether the loads were summed again, pair by pair, or only checked for conservation.
    pub resummed: bool,
}

/// What `query` puts on every link of an explicit fabric.
///
/// # Errors
/// `Graph` for given ways that are no ways; `SizeLimit`; `Certificate` if the independent check
/// refuses the loads, which is a bug; what the monitor says.
///
/// # Complexity
/// Spread: O(roots * links), a root being a node, or all nodes of a tree that hangs off one.
/// Flow by flow: O(roots * links + flows * hops).
pub fn congestion(fabric: &Fabric, query: &Query, monitor: &dyn Monitor) -> Result<Loads> {
    let network = Network::new(fabric, query.forwarding, monitor)?;
    let through;
    let (demands, split) = match &query.routing {
        Routing::Spread(split) => (&query.demands, Some(*split)),
        Routing::Valiant(split) => {
            let mut middle = query.demands.endpoints();
            middle.retain(|node| !network.is_removed(*node));
            through = query.demands.through(&middle);
            (&through, Some(*split))
        }
        _ => (&query.demands, None),
    };
    let trees = Trees::new(&network);
    let core = Core::new(&network, &trees, monitor)?;
    let loads = match (&query.routing, split) {
        (_, Some(split)) => spread::spread(&network, &trees, &core, demands, split, monitor)?,
        (Routing::Given { first, links }, _) => {
            given::given(&network, fabric, demands, first, links)?
        }
        (routing, _) => walk::walk(&network, &trees, &core, demands, routing, monitor)?,
    };
    let resummed = certify::loads::check(fabric, &network, demands, split, &loads, monitor)?;
    Ok(Loads { resummed, ..loads })
}

/// The ways that flows take, for rates: one entry per flow part that has a way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ways {
    /// By flow: its demand's place (products first, source by source, then pairs).
    pub flow: Vec<u32>,
    pub first: Vec<usize>,
    /// Twice the link, plus one against its direction.
    pub ways: Vec<u32>,
}

/// The ways of single-path flows under `query`.
///
/// # Errors
/// `Graph` if the routing spreads flows; otherwise as [`congestion`].
pub fn ways(fabric: &Fabric, query: &Query, monitor: &dyn Monitor) -> Result<Ways> {
    let network = Network::new(fabric, query.forwarding, monitor)?;
    match &query.routing {
        Routing::Hash { .. } | Routing::Modulo => {
            let trees = Trees::new(&network);
            let core = Core::new(&network, &trees, monitor)?;
            walk::ways(
                &network,
                &trees,
                &core,
                &query.demands,
                &query.routing,
                monitor,
            )
        }
        Routing::Given { first, links } => {
            given::given_ways(&network, fabric, &query.demands, first, links)
        }
        _ => Err(Error::new(
            ErrorKind::Graph,
            "this routing spreads every flow over many ways",
        )),
    }
}
