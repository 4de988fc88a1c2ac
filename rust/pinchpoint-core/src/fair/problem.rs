//! What is shared by whom.

use crate::error::{Error, ErrorKind, Result, counted};
use crate::monitor::{Monitor, Pace};

/// Of the largest weight; far below it rates are no float any more.
const LEAST_PART: f64 = 1e-100;

/// Which links each flow uses, and how much of its rate each of them carries.
#[derive(Debug, Clone, Copy)]
pub struct Paths<'a> {
    /// Of each flow: its first entry in `links`; one more at the end.
    pub first: &'a [usize],
    /// Link ids. A link that comes twice carries the flow twice.
    pub links: &'a [u32],
    /// Part of the flow's rate on the link, above zero, as long as `links`; `None` is all of it.
    pub shares: Option<&'a [f64]>,
}

/// Links with capacities, and flows over them. Capacities, demands and rates have one unit.
#[derive(Debug, Clone, Copy)]
pub struct FairProblem<'a> {
    /// Capacity of each link: zero or more; infinity is no limit.
    pub capacity: &'a [f64],
    pub paths: Paths<'a>,
    /// Rates grow in proportion to these, which are above zero and finite; `None` is all equal.
    pub weights: Option<&'a [f64]>,
    /// The most each flow takes: zero or more; infinity is no limit.
    pub demands: Option<&'a [f64]>,
}

impl<'a> Paths<'a> {
    /// Number of flows.
    pub fn num_flows(&self) -> usize {
        self.first.len() - 1
    }

    /// Number of entries of a flow.
    pub fn len_of(&self, flow: usize) -> usize {
        self.first[flow + 1] - self.first[flow]
    }

    /// Entries of a flow: link, and part of the rate.
    pub fn of(&self, flow: usize) -> impl Iterator<Item = (usize, f64)> + 'a {
        let range = self.first[flow]..self.first[flow + 1];
        let (links, shares) = (self.links, self.shares);
        range.map(move |at| (links[at] as usize, shares.map_or(1.0, |shares| shares[at])))
    }
}

impl FairProblem<'_> {
    /// Weight of a flow.
    pub fn weight(&self, flow: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[flow])
    }

    /// The most a flow takes.
    pub fn demand(&self, flow: usize) -> f64 {
        self.demands.map_or(f64::INFINITY, |demands| demands[flow])
    }

    /// Checks lengths, ids and values.
    ///
    /// # Errors
    /// `Graph` for lengths and ids that do not fit, `Capacity` for values out of range, `Unbounded`
    /// for a flow that nothing limits; what the monitor says.
    pub fn check(&self, monitor: &dyn Monitor) -> Result<()> {
        let graph = |message: String| Err(Error::new(ErrorKind::Graph, message));
        let flows = self.paths.num_flows();
        let entries = self.paths.links.len();
        if *self.paths.first.last().unwrap_or(&0) != entries
            || self.paths.first.windows(2).any(|pair| pair[0] > pair[1])
        {
            return graph("the offsets of flows do not fit their links".to_owned());
        }
        let fields = [
            ("weights", self.weights, flows, "flow"),
            ("demands", self.demands, flows, "flow"),
            ("shares", self.paths.shares, entries, "flow link"),
        ];
        for (name, values, wanted, what) in fields {
            let Some(values) = values else { continue };
            if values.len() != wanted {
                return graph(format!(
                    "{name} has length {} for {}",
                    values.len(),
                    counted(wanted as u64, what)
                ));
            }
        }
        let value = |name: &str, at: usize, value: f64, must: &str| {
            let message = format!("{name}[{at}] is {value}; it must be {must}");
            Err(Error::new(ErrorKind::Capacity, message))
        };
        if let Some(at) = self.capacity.iter().position(|c| c.is_nan() || *c < 0.0) {
            return value("capacity", at, self.capacity[at], "zero or more");
        }
        for (name, values) in [("weights", self.weights), ("shares", self.paths.shares)] {
            let values = values.unwrap_or(&[]);
            if let Some(at) = values.iter().position(|w| !w.is_finite() || *w <= 0.0) {
                return value(name, at, values[at], "finite and above zero");
            }
        }
        let weights = self.weights.unwrap_or(&[]);
        let most = weights.iter().copied().fold(0.0, f64::max);
        if let Some(at) = weights.iter().position(|own| *own < LEAST_PART * most) {
            let least = format!("at least {LEAST_PART:e} of the largest, {most:e}");
            let message = format!("weights[{at}] is {:e}; it must be {least}", weights[at]);
            return Err(Error::new(ErrorKind::Capacity, message));
        }
        let demands = self.demands.unwrap_or(&[]);
        if let Some(at) = demands.iter().position(|d| d.is_nan() || *d < 0.0) {
            return value("demands", at, demands[at], "zero or more");
        }
        let mut pace = Pace::new(monitor);
        for flow in 0..flows {
            pace.spend(1 + self.paths.len_of(flow))?;
            let range = self.paths.first[flow]..self.paths.first[flow + 1];
            let mut limited = self.demand(flow).is_finite();
            for link in &self.paths.links[range] {
                let Some(capacity) = self.capacity.get(*link as usize) else {
                    return graph(format!(
                        "flow {flow} uses link {link}, outside the {}",
                        counted(self.capacity.len() as u64, "link")
                    ));
                };
                limited |= capacity.is_finite();
            }
            if !limited {
                let message = format!(
                    "nothing limits flow {flow}: it uses no link of finite capacity and has no demand"
                );
                return Err(Error::new(ErrorKind::Unbounded, message));
            }
        }
        Ok(())
    }
}
