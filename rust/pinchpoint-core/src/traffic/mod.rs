//! Traffic: who sends how much to whom.
//!
//! [`Demands`] hold it on node ids: products of two sets (an all-to-all is one, and is never
//! listed) and single pairs. Rates are in Gbit/s. A node sends nothing to itself.

mod demands;

pub(crate) use demands::check_total;
pub use demands::{Demands, Pair, Product};
