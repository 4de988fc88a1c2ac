//! Symmetries of a structured fabric that its coordinates show, and what is alike under them.
//!
//! [`Families`] ties the coordinates that bundles join. A permutation of a family's values, chosen
//! freely for each combination of its parents' values, maps the wiring to itself as long as it keeps
//! every part, failure and selection ([`Boundary`]) in place (docs/theory.md, "Symmetry that
//! coordinates show"). The orbits of nodes are products of [`Cells`]: the [`Orbits`]. Unlike the classes of
//! `quotient`, orbits are safe for loads and for concurrent flow. [`Pinned`] is the finer quotient
//! with one node held fixed: routes to that node are alike on it.

mod cells;
mod families;
mod links;
mod orbits;
mod pairs;
mod pinned;

pub use cells::{Boundary, Cell, Cells};
pub use families::{Families, Family};
pub use links::{Flavor, LinkOrbit, Links, Plan};
pub use orbits::{Finder, Orbit, Orbits, TooFine};
pub use pairs::{PairClass, PairKey, Pairing, Place};
pub use pinned::{Pinned, PinnedArc};
