//! Checks max-min fair rates against their definition.

use super::refuse;
use crate::error::Result;
use crate::fair::{FairProblem, FairRates};
use crate::monitor::{Monitor, Pace};

/// Rates are floats: loads, levels and demands may be off by this part of themselves.
const TOLERANCE: f64 = 1e-9;

/// Checks that `answer` holds the max-min fair rates of `problem`.
///
/// That is: no link carries more than its capacity; no flow more than its demand; and every flow
/// has its demand, or a full link it uses on which no other flow has more for its weight. What the
/// solver says limits a flow is not looked at.
///
/// # Errors
/// `Certificate`, naming the first fault found; what the monitor says.
///
/// # Complexity
/// O(entries).
pub fn check(problem: &FairProblem<'_>, answer: &FairRates, monitor: &dyn Monitor) -> Result<()> {
    let mut pace = Pace::new(monitor);
    let flows = problem.paths.num_flows();
    if answer.rates.len() != flows {
        return refuse(format!("{} rates for {flows} flows", answer.rates.len()));
    }
    let mut load = vec![0.0f64; problem.capacity.len()];
    let mut most = vec![0.0f64; problem.capacity.len()];
    for (flow, rate) in answer.rates.iter().enumerate() {
        let demand = problem.demand(flow);
        if !rate.is_finite() || *rate < 0.0 || *rate > demand * (1.0 + TOLERANCE) {
            return refuse(format!("flow {flow} has rate {rate} and demand {demand}"));
        }
        pace.spend(1 + problem.paths.len_of(flow))?;
        let level = rate / problem.weight(flow);
        for (link, share) in problem.paths.of(flow) {
            load[link] += share * rate;
            most[link] = most[link].max(level);
        }
    }
    for (link, (load, capacity)) in load.iter().zip(problem.capacity).enumerate() {
        if *load > capacity * (1.0 + TOLERANCE) {
            return refuse(format!("link {link} carries {load} of {capacity}"));
        }
    }
    for (flow, rate) in answer.rates.iter().enumerate() {
        if *rate >= problem.demand(flow) * (1.0 - TOLERANCE) {
            continue;
        }
        pace.spend(1 + problem.paths.len_of(flow))?;
        let level = rate / problem.weight(flow);
        let held = problem.paths.of(flow).any(|(link, _)| {
            load[link] >= problem.capacity[link] * (1.0 - TOLERANCE)
                && most[link] <= level * (1.0 + TOLERANCE)
        });
        if !held {
            return refuse(format!("flow {flow} has rate {rate} and could have more"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NoMonitor;
    use crate::fair::Paths;

    #[test]
    fn wrong_rates_are_refused() {
        let paths = Paths {
            first: &[0, 1, 2, 4],
            links: &[0, 1, 0, 1],
            shares: None,
        };
        let problem = FairProblem {
            capacity: &[1.0, 2.0],
            paths,
            weights: None,
            demands: Some(&[f64::INFINITY, 1.2, 9.0]),
        };
        let verdict = |rates: [f64; 3]| {
            let answer = FairRates {
                rates: rates.to_vec(),
                limits: Vec::new(),
            };
            check(&problem, &answer, &NoMonitor)
        };
        assert!(verdict([0.5, 1.2, 0.5]).is_ok());
        for wrong in [
            [0.6, 1.2, 0.5],
            [0.6, 1.2, 0.4],
            [0.5, 1.1, 0.5],
            [0.5, 1.3, 0.5],
            [0.4, 1.2, 0.5],
            [f64::NAN, 1.2, 0.5],
            [-0.1, 1.2, 0.5],
        ] {
            assert!(verdict(wrong).is_err(), "{wrong:?}");
        }
    }
}
