//! Routing: which links traffic between two nodes takes.
//!
//! A [`Network`] is an explicit fabric as routing sees it: parallel links merged into edges, who
//! may pass on what, and the trees that hang off its core, in which routes are forced. [`Shortest`]
//! finds the next hops of all nodes toward one destination of the core.

mod network;
mod shortest;
mod trees;

pub use network::{Edge, NO_EDGE, Network};
pub use shortest::{Core, Hop, Shortest, UNREACHED};
pub use trees::Trees;
