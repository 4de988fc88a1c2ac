//! The quotient engine: a structured fabric and a query, solved on classes of equal nodes.
//!
//! [`Symbolic`] states the problem (live nodes, colours, weighted link blocks), [`refine`] finds the
//! coarsest equitable partition without touching a node, [`arcs`] writes down the quotient graph.
//! By theorem 1 of the theory its max flow is that of the fabric, and flow and cuts lift back.

mod arcs;
mod partition;
mod refine;
mod symbolic;

pub use arcs::{QuotientArc, arcs};
pub use partition::{Class, Partition, Terminal};
pub use refine::{Refined, refine};
pub use symbolic::{Scope, Seed, Symbolic};
