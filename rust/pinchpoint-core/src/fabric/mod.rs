//! What a fabric is: node groups with coordinates, link bundles that join them, and what has failed.
//!
//! Start from [`Builder`] for a structured fabric (a [`Layout`] of groups and bundles; its size is
//! that of the description) or from [`Fabric::from_links`] or [`Fabric::listed`] for an explicit one (arrays). Both are a
//! [`Fabric`]; [`Fabric::materialize`] turns the first into the second. [`Selection`] and
//! [`LinkSelection`] name nodes and links by coordinates and fit every fabric of the same build.

mod block;
mod builder;
mod bundle;
mod change;
mod divide;
mod explicit;
mod group;
mod index;
mod layout;
mod materialize;
mod names;
mod numbering;
mod sample;
mod selection;
mod spec;
mod state;
mod subset;
mod term;
mod values;

pub use block::{Block, common_len, disjoint_union, hull, intersection, subtract, total_len};
pub use builder::Builder;
pub use bundle::{Bundle, Wiring};
pub use divide::{Piece, Weighted, divide};
pub use explicit::{Arrays, ListedBundle, ListedGroup, ListedSpec};
pub use group::{Code, Coordinate, Digit, Forwards, Group, Role};
pub use index::BlockIndex;
pub use layout::Layout;
pub use numbering::{Numbering, Texts, number};
pub use selection::{LinkSelection, Selection, SetOp};
pub use spec::{CoordinateSpec, JoinSpec, LinkSpec, NodeSpec, PartSpec, Rate};
pub use state::{Fabric, Override, State};
pub use subset::Subset;
pub use term::Term;
pub use values::{Parsed, Values, parse};
