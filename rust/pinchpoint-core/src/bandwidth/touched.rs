//! Two nodes of an explicit fabric: a search from both ends, at a cost of what it touches.
//!
//! The arrays are laid out once per fabric, when a pair is first asked for, and kept with them.
//! Node capacities are left to the plain solver.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::ends::{Ends, Relay};
use super::listed::{TERMINAL, carries, kinds};
use super::{Bandwidth, Effort, Proof};
use crate::certify::crossing::{Crossing, Through};
use crate::certify::touched::{Incidence, Question};
use crate::error::{ErrorKind, Result};
use crate::fabric::{Arrays, Block, Fabric, intersection, total_len};
use crate::flow::{PairFlow, PairGraph, PairProblem, PairScratch};
use crate::memory;
use crate::monitor::Monitor;

/// Bytes per link and per node that layout and scratch take.
const BYTES_PER_LINK: u64 = 16 + 16 + 8 + 16;
const BYTES_PER_NODE: u64 = 32;

/// Rules of forwarding, and what they make of each node.
type Known = (Vec<Relay>, Arc<[u8]>);

/// Arrays laid out for pairs of nodes.
#[derive(Debug)]
pub struct PairIndex {
    graph: PairGraph,
    incidence: Incidence,
    kinds: Mutex<Vec<Known>>,
    idle: Mutex<Vec<PairScratch>>,
}

impl PairIndex {
    /// The index of `fabric`, laid out if it is not yet; none if it has limits that only the plain
    /// solver knows.
    ///
    /// # Errors
    /// `SizeLimit`; what the monitor says.
    pub fn of(fabric: &Fabric, monitor: &dyn Monitor) -> Result<Option<Arc<PairIndex>>> {
        let Some(arrays) = fabric.arrays() else {
            return Ok(None);
        };
        if let Some(index) = arrays.pairs.get() {
            return Ok(index.clone());
        }
        let layout = fabric.layout();
        let limited = layout.groups.iter().any(|group| group.capacity.is_some());
        let index = if limited {
            None
        } else {
            Self::lay_out(arrays, layout.num_nodes(), monitor)?.map(Arc::new)
        };
        Ok(arrays.pairs.get_or_init(|| index).clone())
    }

    fn lay_out(arrays: &Arrays, num_nodes: u64, monitor: &dyn Monitor) -> Result<Option<Self>> {
        let bytes = arrays.tails.len() as u64 * BYTES_PER_LINK + num_nodes * BYTES_PER_NODE;
        memory::check("the layout for pairs of nodes", bytes)?;
        let (tails, heads) = (&arrays.tails, &arrays.heads);
        let problem = PairProblem {
            num_nodes: num_nodes as u32,
            tails,
            heads,
            capacity: &arrays.capacity,
            duplex: !arrays.directed,
            extra: &[],
        };
        let graph = PairGraph::new(&problem, monitor);
        let graph = match graph {
            Err(error) if error.kind == ErrorKind::Overflow => return Ok(None),
            other => other?,
        };
        monitor.poll()?;
        Ok(Some(PairIndex {
            graph,
            incidence: Incidence::new(num_nodes as usize, tails, heads),
            kinds: Mutex::default(),
            idle: Mutex::default(),
        }))
    }

    /// The graph.
    pub fn graph(&self) -> &PairGraph {
        &self.graph
    }

    /// The links at each node.
    pub fn incidence(&self) -> &Incidence {
        &self.incidence
    }

    /// By node, what it may relay; none if every node relays all.
    fn kinds(&self, fabric: &Fabric, relays: &[Relay]) -> Option<Arc<[u8]>> {
        if relays.iter().all(|relay| *relay == Relay::Always) {
            return None;
        }
        let mut known = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kinds)) = known.iter().find(|(own, _)| own == relays) {
            return Some(Arc::clone(kinds));
        }
        let kinds: Arc<[u8]> = kinds(fabric, relays).into();
        known.push((relays.to_vec(), Arc::clone(&kinds)));
        Some(kinds)
    }

    /// Runs `work` with scratch space that was used before, if there is some.
    pub fn with_scratch<T>(&self, work: impl FnOnce(&mut PairScratch) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut scratch = kept.unwrap_or_else(|| self.graph.scratch());
        let outcome = work(&mut scratch);
        idle().push(scratch);
        outcome
    }
}

/// An answer about two nodes.
#[derive(Debug, Clone)]
pub struct Touched {
    /// The explicit fabric.
    pub plain: Fabric,
    pub source: u32,
    pub sink: u32,
    /// Net flow from tail to head of the links that carry some, by id, in the fabric's units.
    pub flow: Vec<(u32, i64)>,
    /// The source-minimal cut as nodes on the source side, the sink-minimal one as nodes on the
    /// sink side; at least one.
    pub sides: [Option<Vec<u32>>; 2],
}

/// Solves a query between two nodes; none if it is to be solved in another way.
pub fn solve(fabric: &Fabric, ends: &Ends, monitor: &dyn Monitor) -> Result<Option<Bandwidth>> {
    let (Some(source), Some(sink)) = (single(fabric, &ends.sources), single(fabric, &ends.sinks))
    else {
        return Ok(None);
    };
    let Some(index) = PairIndex::of(fabric, monitor)? else {
        return Ok(None);
    };
    let rules = Rules::new(&index, fabric, ends, source, sink);
    let found = index.with_scratch(|scratch| -> Result<PairFlow> {
        let graph = &index.graph;
        match &rules.kinds {
            None => graph.solve(scratch, source, sink, &|_, _| true, monitor),
            Some(_) => graph.solve(scratch, source, sink, &|a, b| rules.carries(a, b), monitor),
        }
    })?;
    let minimal = [found.sides[0].is_some(), found.sides[1].is_some()];
    Ok(Some(Bandwidth {
        value: found.value.into(),
        proof: Proof::Touched(Touched {
            plain: fabric.clone(),
            source,
            sink,
            flow: found.flow,
            sides: found.sides,
        }),
        effort: Effort::default(),
        minimal,
        whole: OnceLock::new(),
        ends: ends.clone(),
    }))
}

/// The one node that is selected, if it is one and has not failed.
fn single(fabric: &Fabric, blocks: &[Vec<Block>]) -> Option<u32> {
    let mut chosen = blocks.iter().enumerate().filter(|(_, own)| !own.is_empty());
    let (at, own) = chosen.next()?;
    if chosen.next().is_some() || total_len(own) != 1 {
        return None;
    }
    let gone = &fabric.state().removed[at];
    if !gone.is_empty() && !intersection(own, gone).is_empty() {
        return None;
    }
    let group = &fabric.layout().groups[at];
    let point = own.first()?.first()?;
    u32::try_from(group.first_node + group.rank(&point)).ok()
}

/// Who relays in a query between two nodes.
struct Rules {
    kinds: Option<Arc<[u8]>>,
    source: u32,
    sink: u32,
}

impl Rules {
    fn new(index: &PairIndex, fabric: &Fabric, ends: &Ends, source: u32, sink: u32) -> Self {
        Rules {
            kinds: index.kinds(fabric, &ends.relays),
            source,
            sink,
        }
    }

    #[inline(always)]
    fn carries(&self, a: u32, b: u32) -> bool {
        let Some(kinds) = &self.kinds else {
            return true;
        };
        let kind = |node: u32| {
            let terminal = node == self.source || node == self.sink;
            kinds[node as usize] | if terminal { TERMINAL } else { 0 }
        };
        carries(kind(a), kind(b))
    }
}

impl Touched {
    /// Calls `with` with the question as the checker wants it.
    fn ask<T>(&self, ends: &Ends, with: impl FnOnce(&Question<'_>) -> T) -> T {
        let arrays = self.plain.arrays().expect("it has arrays");
        let index = arrays.pairs.get().and_then(Option::as_ref);
        let index = index.expect("the answer was found on it");
        let rules = Rules::new(index, &self.plain, ends, self.source, self.sink);
        with(&Question {
            arrays,
            incidence: &index.incidence,
            source: self.source,
            sink: self.sink,
            carries: &|a, b| rules.carries(a, b),
        })
    }

    /// Checks flow and cuts again.
    pub(super) fn verify(&self, ends: &Ends, value: i128) -> Result<()> {
        let value = i64::try_from(value).expect("the layout holds sums in 64 bits");
        self.ask(ends, |question| {
            question.check(value, &self.flow, &self.sides)
        })
    }

    /// What crosses a minimum cut that is known, by bundle.
    pub(super) fn crossing(&self, ends: &Ends, cut: usize) -> Option<Vec<Crossing>> {
        let listed = self.sides[cut].as_ref()?;
        let across = self.ask(ends, |question| question.across(listed, cut == 0));
        let arrays = self.plain.arrays().expect("it has arrays");
        let mut rows: Vec<Crossing> = Vec::new();
        let bundle_of =
            |link: u32| arrays.first_link.partition_point(|at| *at <= link as usize) - 1;
        let mut across: Vec<_> = across
            .into_iter()
            .map(|(link, c)| (bundle_of(link), c))
            .collect();
        across.sort_unstable();
        for own in across.chunk_by(|a, b| a.0 == b.0) {
            rows.push(Crossing {
                through: Through::Bundle(own[0].0),
                count: own.len() as u64,
                capacity: own.iter().map(|(_, capacity)| i128::from(*capacity)).sum(),
            });
        }
        Some(rows)
    }
}
