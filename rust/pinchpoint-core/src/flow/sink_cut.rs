//! The minimum cut nearest to the sinks, from a maximum flow.

use super::Capacity;
use super::problem::{FlowProblem, MaxFlow};

/// The sink-minimal minimum cut: per node, whether what enters it and what leaves it is on the
/// source side, that is, can no longer reach a sink.
///
/// # Panics
///
/// If the answer holds no flow.
///
/// # Complexity
///
/// O(n + m).
pub fn sink_minimal_cut<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    answer: &MaxFlow<C>,
) -> (Vec<bool>, Vec<bool>) {
    assert_eq!(
        answer.flow.len(),
        problem.tails.len(),
        "the answer holds its flow"
    );
    let nodes = problem.num_nodes as usize;
    let incident = Incident::new(problem);
    let mut search = Search {
        problem,
        answer,
        passing: passing(problem, answer),
        reaches: vec![false; 2 * nodes],
        stack: Vec::new(),
    };
    for sink in problem.sinks {
        let node = sink.node as usize;
        let received = search.passing[node].0 - search.passing[node].1;
        // A sink that has all it may take is no way out any more.
        if sink.limit.is_none_or(|limit| received < limit.wide()) {
            search.mark(leaving(node));
        }
    }
    while let Some(half) = search.stack.pop() {
        search.expand(half, &incident);
    }
    let side = |half: usize| !search.reaches[half];
    (0..nodes)
        .map(|node| (side(entering(node)), side(leaving(node))))
        .unzip()
}

/// The half of a node that arcs enter.
fn entering(node: usize) -> usize {
    2 * node
}

/// The half of a node that arcs leave.
fn leaving(node: usize) -> usize {
    2 * node + 1
}

struct Search<'a, C> {
    problem: &'a FlowProblem<'a, C>,
    answer: &'a MaxFlow<C>,
    /// Inflow and outflow by node.
    passing: Vec<(i128, i128)>,
    /// By half: whether a sink can be reached in the residual graph.
    reaches: Vec<bool>,
    stack: Vec<usize>,
}

impl<C: Capacity> Search<'_, C> {
    fn mark(&mut self, half: usize) {
        if !self.reaches[half] {
            self.reaches[half] = true;
            self.stack.push(half);
        }
    }

    /// Marks what has a residual arc to `half`.
    fn expand(&mut self, half: usize, incident: &Incident) {
        let node = half / 2;
        let through = self.passing[node].0.max(self.passing[node].1);
        let limit = self
            .problem
            .node_capacity
            .map_or(C::MAX, |limits| limits[node]);
        let whole = limit == C::MAX;
        if half == leaving(node) && (whole || through < limit.wide()) {
            self.mark(entering(node));
        }
        if half == entering(node) && (whole || through > 0) {
            self.mark(leaving(node));
        }
        for place in incident.first[node]..incident.first[node + 1] {
            let arc = incident.arcs[place] as usize;
            let (tail, head) = (
                self.problem.tails[arc] as usize,
                self.problem.heads[arc] as usize,
            );
            let (capacity, net) = (self.problem.capacity[arc], self.answer.flow[arc].wide());
            let room = |flow: i128| capacity == C::MAX || flow < capacity.wide();
            if half == entering(node) {
                if node == head && room(net) {
                    self.mark(leaving(tail));
                }
                if node == tail && self.problem.duplex && room(-net) {
                    self.mark(leaving(head));
                }
            } else {
                // Flow on an arc out of the node can be taken back by the node it enters.
                if node == tail && net > 0 {
                    self.mark(entering(head));
                }
                if node == head && net < 0 {
                    self.mark(entering(tail));
                }
            }
        }
    }
}

/// Arcs by the nodes they touch.
struct Incident {
    first: Vec<usize>,
    arcs: Vec<u32>,
}

impl Incident {
    fn new<C>(problem: &FlowProblem<'_, C>) -> Self {
        let mut first = vec![0usize; problem.num_nodes as usize + 2];
        for node in problem.tails.iter().chain(problem.heads) {
            first[*node as usize + 2] += 1;
        }
        for node in 2..first.len() {
            first[node] += first[node - 1];
        }
        let mut arcs = vec![0; 2 * problem.tails.len()];
        for (arc, (tail, head)) in problem.tails.iter().zip(problem.heads).enumerate() {
            for node in [tail, head] {
                let place = &mut first[*node as usize + 1];
                arcs[*place] = arc as u32;
                *place += 1;
            }
        }
        Incident { first, arcs }
    }
}

/// Inflow and outflow of every node; what sources send and sinks take is not in it.
fn passing<C: Capacity>(problem: &FlowProblem<'_, C>, answer: &MaxFlow<C>) -> Vec<(i128, i128)> {
    let mut passing = vec![(0i128, 0i128); problem.num_nodes as usize];
    for (arc, net) in answer.flow.iter().enumerate() {
        let (tail, head) = (problem.tails[arc] as usize, problem.heads[arc] as usize);
        let net = net.wide();
        let (from, to) = if net >= 0 { (tail, head) } else { (head, tail) };
        passing[from].1 += net.abs();
        passing[to].0 += net.abs();
    }
    passing
}
