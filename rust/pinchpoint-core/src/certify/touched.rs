//! Checks a maximum flow between two nodes against the definition, at a cost of what it touches.
//!
//! The flow is a short list of links and each cut a list of the nodes on one side. The checker has
//! an index of its own that says which links end at a node.

use super::refuse;
use crate::error::Result;
use crate::fabric::Arrays;

/// The links at each node.
#[derive(Debug)]
pub struct Incidence {
    first: Vec<u32>,
    links: Vec<u32>,
}

impl Incidence {
    /// By node of `0..num_nodes`: ids of links from and to it, in increasing order.
    ///
    /// # Complexity
    /// O(n + m).
    pub fn new(num_nodes: usize, tails: &[u32], heads: &[u32]) -> Self {
        let mut first = vec![0u32; num_nodes + 2];
        for (tail, head) in tails.iter().zip(heads) {
            first[*tail as usize + 2] += 1;
            first[*head as usize + 2] += u32::from(tail != head);
        }
        for node in 2..first.len() {
            first[node] += first[node - 1];
        }
        let mut links = vec![0u32; first[num_nodes + 1] as usize];
        for (link, (tail, head)) in tails.iter().zip(heads).enumerate() {
            let ends = [Some(*tail), (tail != head).then_some(*head)];
            for end in ends.into_iter().flatten() {
                let at = &mut first[end as usize + 1];
                links[*at as usize] = link as u32;
                *at += 1;
            }
        }
        first.pop();
        Incidence { first, links }
    }

    /// The links at a node.
    pub fn at(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.links[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

/// What was asked: the flow between two nodes over links that `carries` admits.
pub struct Question<'a> {
    pub arrays: &'a Arrays,
    pub incidence: &'a Incidence,
    pub source: u32,
    pub sink: u32,
    /// Whether traffic of the two nodes may use a link between two others.
    pub carries: &'a dyn Fn(u32, u32) -> bool,
}

/// What crosses a cut, link by link: (link, capacity in the direction of the flow).
pub type Across = Vec<(u32, i64)>;

impl Question<'_> {
    /// Checks that `flow` (ids in increasing order, net from tail to head) is a maximum flow of the
    /// value, with each of `sides` that is given a minimum cut: the nodes on the source side, and
    /// those on the sink side.
    ///
    /// # Errors
    ///
    /// `Certificate`, naming the first fault found.
    ///
    /// # Complexity
    ///
    /// O(k log k) for k links with flow and links at listed nodes.
    pub fn check(
        &self,
        value: i64,
        flow: &[(u32, i64)],
        sides: &[Option<Vec<u32>>; 2],
    ) -> Result<()> {
        self.check_flow(value, flow)?;
        if sides.iter().all(Option::is_none) {
            return refuse("there is no cut");
        }
        for (listed, of_source) in sides.iter().zip([true, false]) {
            let Some(listed) = listed else { continue };
            let (inside, outside) = if of_source {
                (self.source, self.sink)
            } else {
                (self.sink, self.source)
            };
            if !listed.contains(&inside) || listed.contains(&outside) {
                return refuse("the cut does not separate the two nodes");
            }
            let across = self.across(listed, of_source);
            let capacity: i128 = across.iter().map(|(_, own)| i128::from(*own)).sum();
            if capacity != i128::from(value) {
                return refuse(format!(
                    "the cut has capacity {capacity} but the value is {value}"
                ));
            }
        }
        Ok(())
    }

    fn check_flow(&self, value: i64, flow: &[(u32, i64)]) -> Result<()> {
        if !flow.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return refuse("links are not listed once and in order");
        }
        let mut net: Vec<(u32, i128)> = vec![(self.source, 0), (self.sink, 0)];
        for (link, amount) in flow {
            let (tail, head, capacity) = self.link(*link);
            let backward_too = !self.arrays.directed;
            let least = if backward_too { -capacity } else { 0 };
            if !(least..=capacity).contains(amount) || !(self.carries)(tail, head) {
                return refuse(format!("link {link} carries {amount} of {capacity}"));
            }
            net.push((tail, i128::from(*amount)));
            net.push((head, -i128::from(*amount)));
        }
        net.sort_unstable_by_key(|(node, _)| *node);
        for own in net.chunk_by(|a, b| a.0 == b.0) {
            let node = own[0].0;
            let sent: i128 = own.iter().map(|(_, amount)| amount).sum();
            let expected = match node {
                _ if node == self.source => i128::from(value),
                _ if node == self.sink => -i128::from(value),
                _ => 0,
            };
            if sent != expected {
                return refuse(format!("node {node} sends {sent}, not {expected}"));
            }
        }
        Ok(())
    }

    /// What leaves a set of nodes, or enters it.
    pub fn across(&self, listed: &[u32], of_source: bool) -> Across {
        let mut inside = listed.to_vec();
        inside.sort_unstable();
        inside.dedup();
        let within = |node: u32| inside.binary_search(&node).is_ok();
        let mut across = Across::new();
        for node in &inside {
            for link in self.incidence.at(*node) {
                let (tail, head, capacity) = self.link(*link);
                let other = if tail == *node { head } else { tail };
                let forward = (tail == *node) == of_source;
                let counts = !self.arrays.directed || forward;
                if counts && capacity > 0 && !within(other) && (self.carries)(tail, head) {
                    across.push((*link, capacity));
                }
            }
        }
        across
    }

    fn link(&self, link: u32) -> (u32, u32, i64) {
        let arrays = self.arrays;
        let at = link as usize;
        (arrays.tails[at], arrays.heads[at], arrays.capacity[at])
    }
}
