//! `pinchpoint._core`: a list of exports. One thin file per family of the core.

mod bandwidth;
mod builder;
mod collective;
mod concurrent;
mod congestion;
mod convert;
mod described;
mod error;
mod fabric;
mod fair;
mod flow;
mod gate;
mod memory;
mod numbering;
mod orbits;
mod pairs;
mod random;
mod scale;
mod selection;
mod state;
mod sweep;
mod throughput;

use pyo3::prelude::*;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: pinchpoint_alloc::LargeBlocks = pinchpoint_alloc::LargeBlocks;

/// The compiled core of pinchpoint.
#[pymodule]
mod _core {
    use super::*;

    #[pymodule_export]
    use crate::bandwidth::{BandwidthAnswer, bandwidth, bandwidth_many, pairwise};
    #[pymodule_export]
    use crate::builder::FabricBuilder;
    #[pymodule_export]
    use crate::collective::{CollectiveAnswer, collective, rank_parts, shared_switches};
    #[pymodule_export]
    use crate::concurrent::{OrbitConcurrent, concurrent_by_orbits};
    #[pymodule_export]
    use crate::congestion::{CongestionAnswer, congestion, ways};
    #[pymodule_export]
    use crate::fabric::Fabric;
    #[pymodule_export]
    use crate::fair::{FairAnswer, max_min_fair, sprays};
    #[pymodule_export]
    use crate::flow::{FlowAnswer, get_threads, maximum_flow, set_threads};
    #[pymodule_export]
    use crate::memory::{available_memory, check_memory};
    #[pymodule_export]
    use crate::numbering::number_names;
    #[pymodule_export]
    use crate::orbits::{OrbitAnswer, congestion_by_orbits};
    #[pymodule_export]
    use crate::pairs::{AllPairs, all_pairs};
    #[pymodule_export]
    use crate::random::SplitMix64;
    #[pymodule_export]
    use crate::selection::{LinkSelection, Selection};
    #[pymodule_export]
    use crate::sweep::{cut_tree, failure_sweep};
    #[pymodule_export]
    use crate::throughput::{Concurrent, bound_by_lengths, concurrent};

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
