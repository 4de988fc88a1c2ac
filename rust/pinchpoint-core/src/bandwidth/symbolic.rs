//! Structured fabrics: refine, solve on the quotient, read off flow and cuts.

use std::sync::OnceLock;

use super::ends::Ends;
use super::nearby::solve_nearby;
use super::{Bandwidth, ClassFlow, Effort, FlowClass, Proof, Side, Witness, listed};
use crate::error::Result;
use crate::fabric::{Block, Fabric, total_len};
use crate::flow::{FlowProblem, Options, Terminal as FlowTerminal, max_flow, sink_minimal_cut};
use crate::monitor::Monitor;
use crate::quotient::{Partition, QuotientArc, Refined, Scope, Symbolic, Terminal, arcs, refine};

/// With fewer changes than this the whole fabric is refined at once.
const FEW_CHANGES: usize = 4;
/// Refinement may look at this many blocks per link of the fabric; past that the plain solver, which
/// passes over the links a few times, is about as fast.
const BLOCKS_PER_LINK: u64 = 2;
/// Less is never worth listing the links for.
const MIN_BUDGET: u64 = 1_000_000;
/// Materialising is tried up to this size.
const PLAIN_LIMIT_BYTES: u64 = 8_000_000_000;

/// Solves a query on a structured fabric.
pub fn solve(fabric: &Fabric, ends: Ends, monitor: &dyn Monitor) -> Result<Bandwidth> {
    if count_changes(fabric) >= FEW_CHANGES
        && let Some(answer) = solve_nearby(fabric, &ends, monitor)?
    {
        return Ok(answer);
    }
    solve_whole(fabric, ends, monitor)
}

/// Solves a query on the partition of the whole fabric.
pub fn solve_whole(fabric: &Fabric, ends: Ends, monitor: &dyn Monitor) -> Result<Bandwidth> {
    let graph = Symbolic::new(fabric, &ends, Scope::All);
    match refine(&graph, budget(fabric), monitor)? {
        Refined::Done(mut partition) => {
            let solved = Solved::new(&graph, &mut partition, monitor)?;
            Ok(solved.into_answer(fabric, &partition, ends, &[]))
        }
        Refined::TooFine => {
            let plain = fabric.materialize(PLAIN_LIMIT_BYTES, monitor)?;
            listed::solve(&plain, ends, monitor)
        }
    }
}

/// Blocks that refinement may look at before the links are listed instead.
pub(super) fn budget(fabric: &Fabric) -> u64 {
    if fabric.materialized_bytes() > PLAIN_LIMIT_BYTES {
        return u64::MAX;
    }
    (fabric.layout().num_links().saturating_mul(BLOCKS_PER_LINK)).max(MIN_BUDGET)
}

/// By group: whether links of its nodes were changed.
fn changed_groups(fabric: &Fabric) -> Vec<bool> {
    let mut changed = vec![false; fabric.layout().groups.len()];
    let bundles = fabric.layout().bundles.iter();
    for (bundle, _) in bundles
        .zip(&fabric.state().overrides)
        .filter(|(_, changes)| !changes.is_empty())
    {
        (changed[bundle.a], changed[bundle.b]) = (true, true);
    }
    changed
}

fn count_changes(fabric: &Fabric) -> usize {
    let state = fabric.state();
    let links: usize = state.overrides.iter().map(Vec::len).sum();
    links + state.removed.iter().map(Vec::len).sum::<usize>()
}

/// Live nodes that a partition leaves out, none of them a terminal.
pub(super) struct Beside {
    pub(super) group: usize,
    pub(super) blocks: Vec<Block>,
    /// Whether they are with the source, by cut.
    pub(super) with_source: [bool; 2],
}

/// A solved quotient.
pub(super) struct Solved {
    pub(super) value: i128,
    pub(super) flows: Vec<(QuotientArc, i128)>,
    /// Per class, of the source-minimal cut: whether what enters and what leaves is with the source.
    pub(super) source_side: Vec<(bool, bool)>,
    /// The same of the sink-minimal cut.
    pub(super) sink_side: Vec<(bool, bool)>,
    effort: Effort,
}

impl Solved {
    pub(super) fn new(
        graph: &Symbolic,
        partition: &mut Partition,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let arcs = arcs(graph, partition, monitor)?;
        let role = |class: u32| partition.classes[class as usize].terminal;
        // Nothing needs to enter a source or to leave a sink, so no flow does.
        let turned = arcs.iter().map(|arc| QuotientArc {
            tail: arc.head,
            head: arc.tail,
            ..*arc
        });
        let mut one_way: Vec<QuotientArc> = arcs.iter().copied().chain(turned).collect();
        one_way
            .retain(|arc| role(arc.head) != Terminal::Source && role(arc.tail) != Terminal::Sink);
        let tails: Vec<u32> = one_way.iter().map(|arc| arc.tail).collect();
        let heads: Vec<u32> = one_way.iter().map(|arc| arc.head).collect();
        let capacity: Vec<i128> = one_way.iter().map(|arc| arc.capacity).collect();
        let terminals = |wanted: Terminal| -> Vec<FlowTerminal<i128>> {
            let classes = partition.classes.iter().enumerate();
            let found = classes.filter(|(_, class)| class.terminal == wanted && class.size > 0);
            found
                .map(|(id, _)| FlowTerminal::unlimited(id as u32))
                .collect()
        };
        let (sources, sinks) = (terminals(Terminal::Source), terminals(Terminal::Sink));
        let limits: Vec<i128> = partition
            .classes
            .iter()
            .map(|class| match graph.node_capacity[class.group] {
                Some(limit) => i128::from(limit) * i128::from(class.size),
                None => i128::MAX,
            })
            .collect();
        let limited = limits.iter().any(|limit| *limit < i128::MAX);
        let effort = Effort {
            classes: partition.classes.len(),
            arcs: arcs.len(),
        };
        // Where every source or every sink has failed, all that is left is on the other's side.
        if sources.is_empty() || sinks.is_empty() {
            let side = vec![(!sources.is_empty(), !sources.is_empty()); partition.classes.len()];
            return Ok(Solved {
                value: 0,
                flows: Vec::new(),
                source_side: side.clone(),
                sink_side: side,
                effort,
            });
        }
        let problem = FlowProblem {
            num_nodes: partition.classes.len() as u32,
            tails: &tails,
            heads: &heads,
            capacity: &capacity,
            duplex: false,
            sources: &sources,
            sinks: &sinks,
            node_capacity: limited.then_some(limits.as_slice()),
        };
        let solution = max_flow(&problem, &Options::default(), monitor)?;
        let enters = &solution.source_side;
        let leaves = solution.source_side_out.as_ref().unwrap_or(enters);
        let source_side = enters.iter().copied().zip(leaves.iter().copied()).collect();
        let (enters, leaves) = sink_minimal_cut(&problem, &solution);
        let sink_side = enters.into_iter().zip(leaves).collect();
        Ok(Solved {
            value: solution.value,
            flows: one_way.into_iter().zip(solution.flow).collect(),
            source_side,
            sink_side,
            effort,
        })
    }

    /// The answer in terms of nodes; of each cut the side that fewer changed links may touch.
    pub(super) fn into_answer(
        self,
        fabric: &Fabric,
        partition: &Partition,
        ends: Ends,
        beside: &[Beside],
    ) -> Bandwidth {
        let mut place = vec![usize::MAX; partition.classes.len()];
        let mut classes = Vec::new();
        let mut flows = Vec::new();
        let mut place_of = |class: u32| {
            if place[class as usize] == usize::MAX {
                place[class as usize] = classes.len();
                let own = &partition.classes[class as usize];
                classes.push(FlowClass {
                    group: own.group,
                    blocks: partition.blocks_of(class).cloned().collect(),
                    size: own.size,
                });
            }
            place[class as usize]
        };
        for (arc, flow) in &self.flows {
            if *flow == 0 {
                continue;
            }
            flows.push(ClassFlow {
                tail: place_of(arc.tail),
                head: place_of(arc.head),
                capacity: arc.capacity,
                flow: *flow,
            });
        }
        let num_groups = fabric.layout().groups.len();
        let changed = changed_groups(fabric);
        let side = |cut: usize, flags: &[(bool, bool)]| {
            let (mut with_source, mut with_sink) = (0, 0);
            let mut weigh = |group: usize, size: u64, is_with_source: bool| {
                if changed[group] {
                    *(if is_with_source {
                        &mut with_source
                    } else {
                        &mut with_sink
                    }) += size;
                }
            };
            for ((enters, _), class) in flags.iter().zip(&partition.classes) {
                weigh(class.group, class.size, *enters);
            }
            for nodes in beside {
                weigh(
                    nodes.group,
                    total_len(&nodes.blocks),
                    nodes.with_source[cut],
                );
            }
            let of_source = with_source <= with_sink;
            let mut side = Side {
                of_source,
                enters: vec![Vec::new(); num_groups],
                leaves: vec![Vec::new(); num_groups],
            };
            for (id, (enters, leaves)) in flags.iter().enumerate() {
                let group = partition.classes[id].group;
                let blocks = || partition.blocks_of(id as u32).cloned();
                if *enters == of_source {
                    side.enters[group].extend(blocks());
                }
                if *leaves == of_source {
                    side.leaves[group].extend(blocks());
                }
            }
            for nodes in beside {
                if nodes.with_source[cut] == of_source {
                    side.enters[nodes.group].extend(nodes.blocks.iter().cloned());
                    side.leaves[nodes.group].extend(nodes.blocks.iter().cloned());
                }
            }
            side
        };
        let cuts = [side(0, &self.source_side), side(1, &self.sink_side)];
        Bandwidth {
            value: self.value,
            proof: Proof::Symbolic(Witness {
                classes,
                flows,
                cuts,
            }),
            effort: self.effort,
            minimal: [true; 2],
            whole: OnceLock::new(),
            ends,
        }
    }
}
