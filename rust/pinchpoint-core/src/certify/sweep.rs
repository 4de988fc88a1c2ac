//! Checks what failures leave of a maximum flow, at a cost of what they change.
//!
//! The intact flow and its minimum cuts are checked once; an answer then says how the flow differs
//! and which cut proves that no more gets through.

use std::ops::Range;

use super::refuse;
use super::touched::Incidence;
use crate::error::Result;
use crate::flow::{Failure, FlowProblem, WarmCut, WarmFlow};

/// An intact fabric and its maximum flow, which [`certify::flow`](super::flow) has passed.
pub struct Intact<'a> {
    pub problem: &'a FlowProblem<'a, i64>,
    pub incidence: &'a Incidence,
    pub value: i64,
    pub flow: &'a [i64],
    /// By node: a number. The nodes up to any number from the largest of a source to below the
    /// least of a sink are the source side of a minimum cut.
    pub level: &'a [u32],
    /// By node: 1 for a source, 2 for a sink.
    pub terminal: &'a [u8],
}

impl Intact<'_> {
    /// Checks that each of these cuts has the capacity of the value, and says which numbers they
    /// are.
    ///
    /// # Errors
    ///
    /// `Certificate`.
    ///
    /// # Complexity
    ///
    /// O(n + m).
    pub fn check_cuts(&self) -> Result<Range<u32>> {
        let range = self.cuts();
        if range.is_empty() {
            return refuse("no cut of the intact fabric separates the terminals");
        }
        // By cut, what it has more than the one before.
        let mut more = vec![0i128; range.len() + 1];
        let mut add = |tail: u32, head: u32, capacity: i64| {
            let (from, to) = (tail.max(range.start), head.min(range.end));
            if from < to {
                more[(from - range.start) as usize] += i128::from(capacity);
                more[(to - range.start) as usize] -= i128::from(capacity);
            }
        };
        let ends = self.problem.tails.iter().zip(self.problem.heads);
        for ((tail, head), own) in ends.zip(self.problem.capacity) {
            let (tail, head) = (self.level[*tail as usize], self.level[*head as usize]);
            add(tail, head, *own);
            if self.problem.duplex {
                add(head, tail, *own);
            }
        }
        let mut capacity = 0i128;
        for more in &more[..range.len()] {
            capacity += more;
            if capacity != i128::from(self.value) {
                return refuse("a cut of the intact fabric is no minimum cut");
            }
        }
        Ok(range)
    }

    /// The numbers at which a cut separates the terminals.
    fn cuts(&self) -> Range<u32> {
        let of = |kind: u8| {
            let own = self.terminal.iter().zip(self.level);
            own.filter(move |(terminal, _)| **terminal == kind)
                .map(|(_, level)| *level)
        };
        of(1).max().unwrap_or(0)..of(2).min().unwrap_or(0)
    }

    /// Checks that `answer` is a maximum flow without what fails. `cuts` are the numbers that
    /// [`Intact::check_cuts`] has passed.
    ///
    /// # Errors
    ///
    /// `Certificate`, naming the fault.
    ///
    /// # Complexity
    ///
    /// O(k log k) for k failed or changed links and links at nodes that the cut lists.
    pub fn check(&self, cuts: &Range<u32>, failures: &[Failure], answer: &WarmFlow) -> Result<()> {
        let mut lost: Vec<(u32, i64)> = failures.iter().map(|f| (f.arc, f.lost)).collect();
        lost.sort_unstable();
        if lost.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return refuse("a link fails twice");
        }
        let lost_of = |link: u32| match lost.binary_search_by_key(&link, |(own, _)| *own) {
            Ok(at) => lost[at].1,
            Err(_) => 0,
        };
        let capacity = |link: u32| self.problem.capacity[link as usize] - lost_of(link);
        self.check_flow(&lost, answer, &capacity)?;
        let across: i128 = match &answer.cut {
            WarmCut::Level(cut) => {
                if !cuts.contains(cut) {
                    return refuse("the cut does not separate the terminals");
                }
                let crosses = |tail: u32, head: u32| {
                    self.level[tail as usize] <= *cut && *cut < self.level[head as usize]
                };
                let gone = lost.iter().filter(|(link, _)| {
                    let (tail, head) = self.ends(*link);
                    crosses(tail, head) || (self.problem.duplex && crosses(head, tail))
                });
                i128::from(self.value) - gone.map(|(_, lost)| i128::from(*lost)).sum::<i128>()
            }
            WarmCut::SourceSide(listed) => self.across(listed, true, &capacity)?,
            WarmCut::SinkSide(listed) => self.across(listed, false, &capacity)?,
        };
        if across != i128::from(answer.value) {
            return refuse("the cut does not have the value");
        }
        Ok(())
    }

    fn check_flow(
        &self,
        lost: &[(u32, i64)],
        answer: &WarmFlow,
        capacity: &impl Fn(u32) -> i64,
    ) -> Result<()> {
        let changed = &answer.changed;
        if !changed.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return refuse("changed links are not listed once and in order");
        }
        let listed = |link: u32| changed.binary_search_by_key(&link, |(own, _)| *own).is_ok();
        if !lost.iter().all(|(link, _)| listed(*link)) {
            return refuse("a failed link is not among those that changed");
        }
        let mut net: Vec<(u32, i128)> = Vec::with_capacity(2 * changed.len());
        for (link, now) in changed {
            let most = capacity(*link);
            let least = if self.problem.duplex { -most } else { 0 };
            if !(least..=most).contains(now) {
                return refuse("a link carries more than is left of it");
            }
            let (tail, head) = self.ends(*link);
            let more = i128::from(*now) - i128::from(self.flow[*link as usize]);
            net.push((tail, more));
            net.push((head, -more));
        }
        net.sort_unstable_by_key(|(node, _)| *node);
        let mut sent = i128::from(self.value);
        for own in net.chunk_by(|a, b| a.0 == b.0) {
            let more: i128 = own.iter().map(|(_, amount)| amount).sum();
            match self.terminal[own[0].0 as usize] {
                0 if more != 0 => return refuse("a node keeps flow"),
                1 => sent += more,
                _ => {}
            }
        }
        if sent != i128::from(answer.value) {
            return refuse("the flow does not have the value");
        }
        Ok(())
    }

    /// Capacity out of a source side, or into a sink side.
    fn across(
        &self,
        listed: &[u32],
        of_source: bool,
        capacity: &impl Fn(u32) -> i64,
    ) -> Result<i128> {
        let mut inside = listed.to_vec();
        inside.sort_unstable();
        inside.dedup();
        let within = |node: u32| inside.binary_search(&node).is_ok();
        let own = if of_source { 1 } else { 2 };
        let ends = [self.problem.sources, self.problem.sinks];
        let apart = ends[usize::from(!of_source)]
            .iter()
            .all(|end| within(end.node))
            && inside
                .iter()
                .all(|node| matches!(self.terminal[*node as usize], t if t == 0 || t == own));
        if !apart {
            return refuse("the cut does not separate the terminals");
        }
        let mut sum = 0i128;
        for node in &inside {
            for link in self.incidence.at(*node) {
                let (tail, head) = self.ends(*link);
                let other = if tail == *node { head } else { tail };
                let counts = self.problem.duplex || (tail == *node) == of_source;
                if counts && !within(other) {
                    sum += i128::from(capacity(*link));
                }
            }
        }
        Ok(sum)
    }

    fn ends(&self, link: u32) -> (u32, u32) {
        let at = link as usize;
        (self.problem.tails[at], self.problem.heads[at])
    }
}
