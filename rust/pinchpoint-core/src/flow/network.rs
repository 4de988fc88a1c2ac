//! From the problem as asked to one source, one sink and plain arcs.
//!
//! Nodes with a capacity are split in two, several terminals are joined by one node each. Nothing
//! is copied for that: maps say which internal node an arc leaves and enters, and a few extra arcs
//! carry the limits.

use crate::error::{Error, ErrorKind, Result};

use super::capacity::Capacity;
use super::problem::{FlowProblem, Terminal};

/// An arc that stands for a limit rather than for an arc of the problem.
#[derive(Debug, Clone, Copy)]
pub struct ExtraArc {
    pub tail: u32,
    pub head: u32,
    /// `None` is no limit.
    pub capacity: Option<i128>,
}

/// The internal network.
#[derive(Debug)]
pub struct Network {
    pub num_nodes: u32,
    pub source: u32,
    pub sink: u32,
    /// Internal node that arcs into a node enter; `None` is the identity.
    pub enter: Option<Vec<u32>>,
    /// Internal node that arcs out of a node leave; `None` is the same as `enter`.
    pub leave: Option<Vec<u32>>,
    pub extra: Vec<ExtraArc>,
}

impl Network {
    /// Plans the network of `problem`.
    pub fn plan<C: Capacity>(problem: &FlowProblem<'_, C>) -> Result<Self> {
        let unlimited =
            |terminals: &[Terminal<C>]| terminals.iter().all(|terminal| terminal.limit.is_none());
        let plain = problem.node_capacity.is_none()
            && unlimited(problem.sources)
            && unlimited(problem.sinks);
        if plain {
            return Ok(Self::join_terminals(problem));
        }
        Self::with_limits(problem)
    }

    /// Gives the nodes of the problem new numbers.
    pub fn rename(&mut self, rank: &[u32]) {
        let rename = |node: &mut u32| {
            if let Some(new) = rank.get(*node as usize) {
                *node = *new;
            }
        };
        rename(&mut self.source);
        rename(&mut self.sink);
        for arc in &mut self.extra {
            rename(&mut arc.tail);
            rename(&mut arc.head);
        }
        self.leave.iter_mut().flatten().for_each(rename);
        match self.enter.as_mut() {
            Some(enter) => enter.iter_mut().for_each(rename),
            None => self.enter = Some(rank.to_vec()),
        }
    }

    /// Terminals without limits are one node: contracting them is exact.
    fn join_terminals<C: Capacity>(problem: &FlowProblem<'_, C>) -> Self {
        let (source, sink) = (problem.sources[0].node, problem.sinks[0].node);
        let several = problem.sources.len() + problem.sinks.len() > 2;
        let enter = several.then(|| {
            let mut map: Vec<u32> = (0..problem.num_nodes).collect();
            for terminal in problem.sources {
                map[terminal.node as usize] = source;
            }
            for terminal in problem.sinks {
                map[terminal.node as usize] = sink;
            }
            map
        });
        Network {
            num_nodes: problem.num_nodes,
            source,
            sink,
            enter,
            leave: None,
            extra: Vec::new(),
        }
    }

    fn with_limits<C: Capacity>(problem: &FlowProblem<'_, C>) -> Result<Self> {
        let mut next = u64::from(problem.num_nodes) + 2;
        let (source, sink) = (problem.num_nodes, problem.num_nodes.wrapping_add(1));
        let mut enter: Vec<u32> = (0..problem.num_nodes).collect();
        let mut extra = Vec::new();
        let mut leave = None;
        if let Some(limits) = problem.node_capacity {
            let mut out = enter.clone();
            for (node, limit) in limits.iter().enumerate() {
                if *limit == C::MAX {
                    continue;
                }
                out[node] = next as u32;
                extra.push(ExtraArc {
                    tail: node as u32,
                    head: next as u32,
                    capacity: Some(limit.wide()),
                });
                next += 1;
            }
            leave = Some(out);
        }
        if next > u64::from(u32::MAX) {
            return Err(Error::new(
                ErrorKind::SizeLimit,
                format!(
                    "node capacities make {next} internal nodes; the limit is {}",
                    u32::MAX
                ),
            ));
        }
        for (terminals, is_source) in [(problem.sources, true), (problem.sinks, false)] {
            for terminal in terminals {
                let node = terminal.node as usize;
                let limit = terminal.limit.filter(|limit| *limit < C::MAX);
                let split = leave.as_ref().is_some_and(|out| out[node] != enter[node]);
                if limit.is_none() && !split {
                    let joined = if is_source { source } else { sink };
                    enter[node] = joined;
                    if let Some(out) = leave.as_mut() {
                        out[node] = joined;
                    }
                    continue;
                }
                let capacity = limit.map(|limit| limit.wide());
                let out = leave.as_ref().map_or(node as u32, |out| out[node]);
                extra.push(if is_source {
                    ExtraArc {
                        tail: source,
                        head: node as u32,
                        capacity,
                    }
                } else {
                    ExtraArc {
                        tail: out,
                        head: sink,
                        capacity,
                    }
                });
            }
        }
        Ok(Network {
            num_nodes: next as u32,
            source,
            sink,
            enter: Some(enter),
            leave,
            extra,
        })
    }

    /// Internal node that arcs out of `node` leave.
    #[inline(always)]
    pub fn leaves(&self, node: u32) -> u32 {
        match self.leave.as_ref().or(self.enter.as_ref()) {
            Some(map) => map[node as usize],
            None => node,
        }
    }

    /// Internal node that arcs into `node` enter.
    #[inline(always)]
    pub fn enters(&self, node: u32) -> u32 {
        match self.enter.as_ref() {
            Some(map) => map[node as usize],
            None => node,
        }
    }
}
