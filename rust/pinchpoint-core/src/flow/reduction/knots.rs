//! Nodes by the edges that are left to them.
//!
//! A node keeps how many edges it has, and what its halves make in exclusive or. Of one edge that is
//! the edge itself, and of two it gives the other one to whoever comes along the first.

use crate::error::Result;
use crate::flow::capacity::Residue;
use crate::flow::graph::{Half, Residual};
use crate::flow::layout::node_shares;
use crate::monitor::{Monitor, Pace};
use crate::threads::{self, Part};

/// Halves that make a second thread worth starting.
pub const GRAIN: usize = 1 << 16;
/// Nodes looked at between two polls of the monitor.
const BLOCK: usize = 1 << 16;
/// Chains pass nodes with just two edges.
pub const PASSING: u8 = 2;
/// Too many edges to be left out, whatever goes.
const STAYS: u8 = u8::MAX;

/// The nodes by their edges that are left.
#[derive(Debug)]
pub struct Knots {
    /// How many, as far as it matters; [`STAYS`] for the source, the sink, and nodes with that many.
    pub edges: Vec<u8>,
    /// Halves of the node in exclusive or; once that is known, the head is its number in the core.
    others: Vec<Half>,
}

/// How many edges a node has, and its halves in exclusive or; loops do not count.
fn knot<R: Residue>(whole: &Residual<R>, node: u32) -> (u8, Half) {
    let (mut count, mut other) = (0u32, Half::default());
    for half in whole.halves(node).iter().filter(|half| half.head() != node) {
        count += 1;
        other = other.without(*half);
    }
    if node == whole.source || node == whole.sink {
        count = STAYS.into();
    }
    (count.min(STAYS.into()) as u8, other)
}

impl Knots {
    /// All nodes by their edges.
    pub fn of<R: Residue>(whole: &Residual<R>, monitor: &dyn Monitor) -> Result<Self> {
        let shares = node_shares(&whole.first, threads::worth(whole.adjacent.len(), GRAIN));
        let jobs = shares.iter().map(|share| {
            move |part: &mut Part<'_, Half>| {
                let mut edges = Vec::with_capacity(share.len());
                for block in threads::blocks(share.clone(), BLOCK) {
                    if let Err(stop) = monitor.poll() {
                        part.fill(Half::default());
                        return Err(stop.into());
                    }
                    part.extend((block.start as u32..block.end as u32).map(|node| {
                        let (count, other) = knot(whole, node);
                        edges.push(count);
                        other
                    }));
                }
                Ok(edges)
            }
        });
        let (others, edges) = threads::made(0, &shares, jobs);
        let edges = edges.into_iter().collect::<Result<Vec<_>>>()?.concat();
        Ok(Knots { edges, others })
    }

    /// Takes off the dead ends, each before the node it hangs from, and returns each with the half that
    /// leads there and the node it leads from.
    pub fn peel(&mut self, monitor: &dyn Monitor) -> Result<Vec<(u32, Half)>> {
        let mut dead = Vec::new();
        for first in 0..self.edges.len() {
            if first.is_multiple_of(BLOCK) {
                monitor.poll()?;
            }
            let mut node = first;
            // What is left of a later node is looked at when its turn comes.
            while node <= first && self.edges[node] == 1 {
                let from = self.others[node].head();
                let there = Half::new(node as u32, self.others[node].slot() ^ 1);
                self.edges[node] = 0;
                dead.push((from, there));
                node = from as usize;
                self.others[node] = self.others[node].without(there);
                if self.edges[node] < STAYS {
                    self.edges[node] -= 1;
                }
            }
        }
        Ok(dead)
    }

    /// Numbers the nodes of the core, `most` at most, and returns them.
    ///
    /// Which ones they are is anybody's guess, so that nothing branches on it.
    pub fn number(&mut self, most: usize) -> Vec<u32> {
        let (mut nodes, mut count) = (vec![0; most + 1], 0);
        for (node, edges) in (0u32..).zip(&self.edges) {
            nodes[count] = node;
            count += usize::from(*edges > PASSING);
        }
        nodes.truncate(count);
        for (node, number) in nodes.iter().zip(0u32..) {
            let other = &mut self.others[*node as usize];
            *other = Half::new(number, other.slot());
        }
        nodes
    }

    /// The number of a node of the core, once it has one.
    #[inline(always)]
    pub fn core_number(&self, node: u32) -> u32 {
        self.others[node as usize].head()
    }

    /// Follows a chain from the node `from` of the core along `step`, writes down its steps, and
    /// returns the node of the core where it ends. The nodes that it passes are done with.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    pub fn walk(
        &mut self,
        mut from: u32,
        mut step: Half,
        steps: &mut Vec<Half>,
        pace: &mut Pace<'_>,
    ) -> Result<u32> {
        loop {
            steps.push(step);
            pace.spend(1)?;
            let edges = &mut self.edges[step.head() as usize];
            if *edges != PASSING {
                return Ok(step.head());
            }
            *edges = 0;
            let back = Half::new(from, step.slot() ^ 1);
            (from, step) = (step.head(), self.others[step.head() as usize].without(back));
        }
    }
}
