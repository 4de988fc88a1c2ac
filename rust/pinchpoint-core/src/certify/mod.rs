//! Independent checkers: every answer is checked by code that shares nothing with its solver.

mod biregular;
mod buckets;
pub mod collective;
pub mod concurrent;
pub mod crossing;
pub mod cut_tree;
pub mod fair;
pub mod flow;
pub mod lengths;
pub mod loads;
pub mod orbits;
pub mod structured;
pub mod sweep;
pub mod throughput;
pub mod touched;

use std::fmt::Display;

use crate::error::{Error, ErrorKind, Result};

/// What is wrong with an answer: a bug of ours.
fn fault(why: impl Display) -> Error {
    Error::new(
        ErrorKind::Certificate,
        format!("the answer failed its check: {why}"),
    )
}

/// Refuses an answer; see [`fault`].
pub(crate) fn refuse<T>(why: impl Display) -> Result<T> {
    Err(fault(why))
}
