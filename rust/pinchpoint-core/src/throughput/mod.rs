//! Throughput: the largest multiple of a traffic that the wiring can carry, whatever the routing.
//!
//! [`Reduced`] strips the trees of a network, in which every route is forced, and leaves a maximum
//! concurrent flow between the nodes of its core. [`approximate`] narrows that from both sides;
//! [`certify::throughput`](crate::certify::throughput) derives every bound again. [`OrbitProblem`] is
//! the same of a structured fabric, up to its symmetries.

mod approximate;
mod balance;
mod cut;
mod orbit_cut;
mod orbits;
mod reduced;
mod soft;

pub use approximate::{Bounds, approximate};
pub use cut::{Cut, sparsest};
pub use orbit_cut::{CutRow, OrbitCut};
pub use orbits::{OrbitProblem, Step, Toward};
pub use reduced::{Commodities, Reduced};
