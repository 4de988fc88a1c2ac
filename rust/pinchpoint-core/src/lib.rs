//! Bandwidth of AI-cluster fabrics: an exact, certified max-flow engine.
//!
//! The crate knows no Python. Data takes one way through it: a [`fabric`](crate) says what is
//! wired, a query asks, a solver answers on a plain graph or on a symmetry quotient, and
//! `certify` checks the answer with code that shares nothing with the solver.
#![forbid(unsafe_code)]

pub mod bandwidth;
pub mod certify;
pub mod collective;
pub mod congestion;
pub mod error;
pub mod fabric;
pub mod fair;
pub mod flow;
pub mod memory;
pub mod monitor;
pub mod parallel;
pub mod quotient;
pub mod random;
pub mod routing;
pub mod symmetry;
pub mod threads;
pub mod throughput;
pub mod traffic;

pub use error::{Error, ErrorKind, Result};
pub use monitor::{Monitor, NoMonitor, Stop};
