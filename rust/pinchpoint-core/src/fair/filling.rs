//! Progressive filling, event by event (Bertsekas & Gallager, Data Networks, 6.5.2).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::problem::FairProblem;
use crate::certify;
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::monitor::{Monitor, Pace};

/// Running sums are formed afresh once differences have eaten this much of them.
const WORN: f64 = 1.0 / 1024.0;

/// What keeps a flow from growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// It has all it wants.
    Demand,
    /// A full link, on which no flow has a larger rate for its weight.
    Link(u32),
}

/// Max-min fair rates.
#[derive(Debug, Clone, PartialEq)]
pub struct FairRates {
    /// By flow.
    pub rates: Vec<f64>,
    /// By flow.
    pub limits: Vec<Limit>,
}

/// A link and the level at which it fills; the lowest level comes first out of a heap, ties in the
/// order of links.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fills {
    level: f64,
    link: u32,
}

impl Eq for Fills {}

impl PartialOrd for Fills {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fills {
    fn cmp(&self, other: &Self) -> Ordering {
        let level = other.level.total_cmp(&self.level);
        level.then_with(|| other.link.cmp(&self.link))
    }
}

/// All flows grow together, in proportion to their weights, until a link is full or a demand met.
struct Filling<'a> {
    problem: &'a FairProblem<'a>,
    /// By link: the flows on it.
    first: Vec<usize>,
    flows: Vec<u32>,
    shares: Vec<f64>,
    /// By link: number of entries that still grow, their weight, and the load of the others.
    growing: Vec<u32>,
    weight: Vec<f64>,
    frozen: Vec<f64>,
    /// By link: weight and room left when its sums were last formed afresh.
    fresh: Vec<(f64, f64)>,
    /// By flow; not a number while it grows.
    rates: Vec<f64>,
    limits: Vec<Limit>,
    done: usize,
}

/// Weighted max-min fair rates with demand caps.
///
/// The rates are those at which no flow can get more without taking from one that has no more for
/// its weight. They are unique; the result does not depend on the order of anything.
///
/// # Errors
/// What [`FairProblem::check`] finds; `Overflow` for weights whose sum is not finite; `SizeLimit`;
/// `Certificate` if the independent check refuses the answer, which is a bug; what the monitor says.
///
/// # Complexity
/// O(entries + events log links): an entry is a link of a flow, and every flow is frozen once.
///
/// # Examples
/// ```
/// use pinchpoint_core::{NoMonitor, fair::{FairProblem, Paths, max_min}};
///
/// let paths = Paths { first: &[0, 1, 2, 4], links: &[0, 1, 0, 1], shares: None };
/// let problem = FairProblem { capacity: &[1.0, 2.0], paths, weights: None, demands: None };
/// let answer = max_min(&problem, &NoMonitor).unwrap();
/// assert_eq!(answer.rates, [0.5, 1.5, 0.5]);
/// ```
pub fn max_min(problem: &FairProblem<'_>, monitor: &dyn Monitor) -> Result<FairRates> {
    problem.check(monitor)?;
    let (flows, entries) = (
        problem.paths.num_flows() as u64,
        problem.paths.links.len() as u64,
    );
    memory::check(
        "fair rates",
        24 * flows + 24 * entries + 48 * problem.capacity.len() as u64,
    )?;
    let mut filling = Filling::new(problem, monitor)?;
    filling.run(monitor)?;
    let answer = FairRates {
        rates: filling.rates,
        limits: filling.limits,
    };
    certify::fair::check(problem, &answer, monitor)?;
    Ok(answer)
}

impl<'a> Filling<'a> {
    fn new(problem: &'a FairProblem<'a>, monitor: &dyn Monitor) -> Result<Self> {
        let (links, flows) = (problem.capacity.len(), problem.paths.num_flows());
        let mut first = vec![0usize; links + 1];
        for link in problem.paths.links {
            first[*link as usize + 1] += 1;
        }
        let growing: Vec<u32> = first[1..].iter().map(|count| *count as u32).collect();
        for link in 0..links {
            first[link + 1] += first[link];
        }
        let entries = problem.paths.links.len();
        let mut place = first.clone();
        let mut on_link = vec![0u32; entries];
        let mut shares = vec![
            0.0;
            if problem.paths.shares.is_some() {
                entries
            } else {
                0
            }
        ];
        let mut weight = vec![0.0; links];
        let mut pace = Pace::new(monitor);
        for flow in 0..flows {
            let own = problem.weight(flow);
            pace.spend(1 + problem.paths.len_of(flow))?;
            for (link, share) in problem.paths.of(flow) {
                on_link[place[link]] = flow as u32;
                if let Some(slot) = shares.get_mut(place[link]) {
                    *slot = share;
                }
                place[link] += 1;
                weight[link] += own * share;
            }
        }
        if let Some(link) = weight.iter().position(|sum| !sum.is_finite()) {
            let message = format!("the weights of the flows on link {link} add up to infinity");
            return Err(Error::new(ErrorKind::Overflow, message));
        }
        Ok(Filling {
            problem,
            first,
            flows: on_link,
            shares,
            growing,
            fresh: weight
                .iter()
                .copied()
                .zip(problem.capacity.iter().copied())
                .collect(),
            weight,
            frozen: vec![0.0; links],
            rates: vec![f64::NAN; flows],
            limits: vec![Limit::Demand; flows],
            done: 0,
        })
    }

    /// The level at which a link fills, if all that still grows on it keeps growing.
    fn fills_at(&mut self, link: usize) -> f64 {
        let room = self.problem.capacity[link] - self.frozen[link];
        let (weight_then, room_then) = self.fresh[link];
        if self.weight[link] < WORN * weight_then || room < WORN * room_then {
            return self.sum_afresh(link);
        }
        (room / self.weight[link]).max(0.0)
    }

    fn run(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let problem = self.problem;
        let level_of = |flow: u32| problem.demand(flow as usize) / problem.weight(flow as usize);
        let mut demands: Vec<u32> = match problem.demands {
            Some(demands) => (0..demands.len() as u32)
                .filter(|flow| demands[*flow as usize].is_finite())
                .collect(),
            None => Vec::new(),
        };
        demands.sort_by(|a, b| level_of(*a).total_cmp(&level_of(*b)).then(a.cmp(b)));
        let mut demands = demands.into_iter().peekable();
        let mut filling: BinaryHeap<Fills> = (0..problem.capacity.len())
            .filter(|link| self.growing[*link] > 0 && problem.capacity[*link].is_finite())
            .map(|link| Fills {
                level: problem.capacity[link] / self.weight[link],
                link: link as u32,
            })
            .collect();
        // Rounding must not let a later link fill below an earlier one.
        let mut level = 0.0f64;
        let mut pace = Pace::new(monitor);
        loop {
            pace.spend(1)?;
            // A link's level only rises as others freeze below it, so a stale one is too low.
            let link_level = filling.peek().map_or(f64::INFINITY, |top| top.level);
            if let Some(flow) = demands.peek().copied()
                && level_of(flow) <= link_level
            {
                demands.next();
                if self.rates[flow as usize].is_nan() {
                    pace.spend(problem.paths.len_of(flow as usize))?;
                    level = level.max(level_of(flow));
                    self.freeze(flow as usize, problem.demand(flow as usize), Limit::Demand);
                }
                continue;
            }
            let Some(top) = filling.pop() else { break };
            let link = top.link as usize;
            if self.growing[link] == 0 {
                continue;
            }
            let flows = self.first[link]..self.first[link + 1];
            pace.spend(flows.len())?;
            let now = self.fills_at(link);
            if now > top.level {
                filling.push(Fills { level: now, ..top });
                continue;
            }
            level = level.max(self.sum_afresh(link));
            for at in flows {
                let flow = self.flows[at] as usize;
                if self.rates[flow].is_nan() {
                    pace.spend(problem.paths.len_of(flow))?;
                    let rate = (level * problem.weight(flow)).min(problem.demand(flow));
                    self.freeze(flow, rate, Limit::Link(link as u32));
                }
            }
        }
        debug_assert_eq!(self.done, self.rates.len());
        Ok(())
    }

    /// The level at which a link fills, from sums formed afresh: running differences drift.
    fn sum_afresh(&mut self, link: usize) -> f64 {
        let (mut frozen, mut weight) = (0.0, 0.0);
        for at in self.first[link]..self.first[link + 1] {
            let flow = self.flows[at] as usize;
            let share = self.shares.get(at).copied().unwrap_or(1.0);
            if self.rates[flow].is_nan() {
                weight += share * self.problem.weight(flow);
            } else {
                frozen += share * self.rates[flow];
            }
        }
        let room = self.problem.capacity[link] - frozen;
        self.weight[link] = weight;
        self.frozen[link] = frozen;
        self.fresh[link] = (weight, room);
        (room / weight).max(0.0)
    }

    fn freeze(&mut self, flow: usize, rate: f64, limit: Limit) {
        self.rates[flow] = rate;
        self.limits[flow] = limit;
        self.done += 1;
        let weight = self.problem.weight(flow);
        for (link, share) in self.problem.paths.of(flow) {
            self.growing[link] -= 1;
            self.weight[link] -= share * weight;
            self.frozen[link] += share * rate;
        }
    }
}
