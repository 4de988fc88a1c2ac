//! Fair rates: what each flow gets when links are shared.
//!
//! [`max_min`] is the one entry: weighted max-min fair rates with demand caps and fractional use of
//! links, by progressive filling. Every answer has passed [`certify::fair`](crate::certify::fair).

mod filling;
mod problem;
mod sprayed;

pub use filling::{FairRates, Limit, max_min};
pub use problem::{FairProblem, Paths};
pub use sprayed::{Sprayed, sprayed};
