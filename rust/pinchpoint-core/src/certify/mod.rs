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
