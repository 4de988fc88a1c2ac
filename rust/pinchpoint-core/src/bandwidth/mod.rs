//! Bandwidth between two sets of nodes: max flow, min cut, and where it pinches.
//!
//! [`bandwidth`] is the one entry. A structured fabric is solved on its symmetry quotient
//! (`symbolic`), an explicit one by the plain solver (`listed`), or between two nodes by a search
//! (`touched`); a structured fabric that does not compress is materialised and solved plainly.
//! Either way the answer has been checked by
//! [`certify`](crate::certify) before it is handed out.

mod cut_tree;
mod ends;
mod lift;
mod listed;
mod nearby;
mod pairwise;
mod parametric;
mod sweep;
mod symbolic;
mod touched;

use std::sync::OnceLock;

use crate::certify;
use crate::error::Result;
use crate::fabric::{Block, Fabric, Selection};
use crate::monitor::Monitor;

pub use cut_tree::cut_tree;
pub use ends::{Ends, Forwarding, Relay, node_name};
pub use lift::LinkFlow;
pub use listed::Listed;
pub(crate) use listed::Statement;
pub use pairwise::{AllPairs, PairOrbit, pairwise};
pub use parametric::{Breakpoint, Factor, breakpoints};
pub use sweep::{Outage, Swept, failure_sweep};
pub use touched::{PairIndex, Touched};

/// A query: the most that `sources` can send to `sinks` at once.
#[derive(Debug, Clone)]
pub struct Query {
    pub sources: Vec<Selection>,
    pub sinks: Vec<Selection>,
    pub forwarding: Forwarding,
}

/// One side of a cut, as blocks of nodes by group.
///
/// A node with a limit of its own may be cut through: what enters it is on one side, what leaves
/// it on the other. For all other nodes `enters` and `leaves` agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Whether the blocks are the source side; else they are the sink side.
    pub of_source: bool,
    pub enters: Vec<Vec<Block>>,
    pub leaves: Vec<Vec<Block>>,
}

/// Nodes that carry flow alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowClass {
    pub group: usize,
    pub blocks: Vec<Block>,
    pub size: u64,
}

/// Flow between two classes, spread over their links in proportion to capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassFlow {
    pub tail: usize,
    pub head: usize,
    /// All capacity from tail to head.
    pub capacity: i128,
    /// Above zero.
    pub flow: i128,
}

/// What proves the value of a structured answer.
#[derive(Debug, Clone)]
pub struct Witness {
    /// The classes that carry flow.
    pub classes: Vec<FlowClass>,
    pub flows: Vec<ClassFlow>,
    /// The source-minimal and the sink-minimal minimum cut.
    pub cuts: [Side; 2],
}

/// How an answer was found, and its proof.
#[derive(Debug, Clone)]
pub enum Proof {
    Symbolic(Witness),
    Listed(Listed),
    Touched(Touched),
}

/// Facts about the work done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Classes and arcs of the quotient that was solved; zero for the plain solver.
    pub classes: usize,
    pub arcs: usize,
}

/// The answer to a [`Query`], checked.
#[derive(Debug, Clone)]
pub struct Bandwidth {
    /// In the fabric's units, per direction.
    pub value: i128,
    pub proof: Proof,
    pub effort: Effort,
    /// Whether the two cuts of the proof are known to be the minimal ones, not just minimum ones.
    minimal: [bool; 2],
    /// The answer from the whole fabric, once a minimal cut was asked for that is not known.
    whole: OnceLock<Box<Bandwidth>>,
    ends: Ends,
}

impl Bandwidth {
    /// Checks flow and cuts again with code that shares nothing with the solver.
    pub fn verify(&self, fabric: &Fabric, monitor: &dyn Monitor) -> Result<()> {
        match &self.proof {
            Proof::Symbolic(witness) => {
                certify::structured::check(fabric, &self.ends, witness, self.value)
            }
            Proof::Listed(listed) => listed.verify(&self.ends, self.value, monitor),
            Proof::Touched(touched) => touched.verify(&self.ends, self.value),
        }
    }

    /// What crosses the source-minimal (0) or the sink-minimal (1) minimum cut, by bundle.
    ///
    /// Where the proof is about part of the fabric, finding the one of several minimum cuts that is
    /// nearest may take solving the whole; that is done once, when asked for.
    pub fn crossing(
        &self,
        fabric: &Fabric,
        cut: usize,
        monitor: &dyn Monitor,
    ) -> Result<Vec<certify::crossing::Crossing>> {
        match &self.proof {
            Proof::Listed(listed) => return listed.crossing(&self.ends, cut),
            Proof::Touched(touched) => {
                if let Some(rows) = touched.crossing(&self.ends, cut) {
                    return Ok(rows);
                }
            }
            Proof::Symbolic(witness) if self.minimal[cut] => {
                return Ok(certify::crossing::crossing(
                    fabric,
                    &self.ends,
                    &witness.cuts[cut],
                ));
            }
            Proof::Symbolic(_) => {}
        }
        let whole = match self.whole.get() {
            Some(whole) => whole,
            None => {
                let ends = self.ends.clone();
                let answer = match &self.proof {
                    Proof::Touched(touched) => listed::solve(&touched.plain, ends, monitor)?,
                    _ => symbolic::solve_whole(fabric, ends, monitor)?,
                };
                answer.verify(fabric, monitor)?;
                debug_assert_eq!(answer.value, self.value);
                self.whole.get_or_init(|| Box::new(answer))
            }
        };
        whole.crossing(fabric, cut, monitor)
    }

    /// The sources, sinks and relays of the query.
    pub fn ends(&self) -> &Ends {
        &self.ends
    }
}

/// The most `query.sources` can send to `query.sinks`, with flow, cuts and a passed check.
///
/// # Errors
/// `Selection` for ends that are unknown, empty or overlap; `Certificate` if the independent check
/// refuses the answer, which is a bug; `SizeLimit` where the fabric must be materialised and
/// cannot be; what the monitor says.
///
/// # Complexity
/// On a structured fabric it follows the number of classes that ends and changes make, not the
/// number of nodes; on an explicit one it is that of [`flow::max_flow`](crate::flow::max_flow).
pub fn bandwidth(fabric: &Fabric, query: &Query, monitor: &dyn Monitor) -> Result<Bandwidth> {
    let ends = Ends::new(fabric, &query.sources, &query.sinks, query.forwarding)?;
    let answer = if fabric.arrays().is_some() {
        match touched::solve(fabric, &ends, monitor)? {
            Some(answer) => answer,
            None => listed::solve(fabric, ends, monitor)?,
        }
    } else {
        symbolic::solve(fabric, ends, monitor)?
    };
    answer.verify(fabric, monitor)?;
    Ok(answer)
}
