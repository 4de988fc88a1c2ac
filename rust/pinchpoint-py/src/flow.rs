//! `pinchpoint.maxflow`: plain maximum flow over arrays.

use numpy::{Element, IntoPyArray, PyArray1};
use pinchpoint_core::flow::{Capacity, MaxFlow, Options, OwnedProblem, Terminal, max_flow};
use pinchpoint_core::threads::{self, Part};
use pinchpoint_core::{Error, ErrorKind, Monitor, certify, error::counted};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::convert::{Faults, Ids, NARROW, Numbers, are_ready_numbers, prepared};
use crate::gate;
use crate::scale::Unit;

/// Arcs that make a second thread worth starting.
const GRAIN: usize = 1 << 15;

/// A problem and its answer.
#[derive(Debug, PartialEq)]
struct Solved<C> {
    problem: OwnedProblem<C>,
    answer: MaxFlow<C>,
}

impl<C: Capacity> Solved<C> {
    fn run(
        input: Input,
        unit: Unit,
        want_flow: bool,
        monitor: &dyn Monitor,
    ) -> pinchpoint_core::Result<Option<Self>> {
        let Some(capacity) = unit.integers(input.capacity) else {
            return Ok(None);
        };
        let terminals = |nodes: Vec<u32>, limits: Option<Numbers>| -> Option<Vec<Terminal<C>>> {
            let Some(limits) = limits else {
                return Some(nodes.into_iter().map(Terminal::unlimited).collect());
            };
            let limits = unit.integers::<C>(limits)?;
            let limit = |limit: C| (limit < C::MAX).then_some(limit);
            let ends = nodes.into_iter().zip(limits);
            Some(
                ends.map(|(node, l)| Terminal {
                    node,
                    limit: limit(l),
                })
                .collect(),
            )
        };
        let (Some(sources), Some(sinks)) = (
            terminals(input.sources, input.supplies),
            terminals(input.sinks, input.demands),
        ) else {
            return Ok(None);
        };
        let node_capacity = match input.node_capacity {
            None => None,
            Some(numbers) => match unit.integers(numbers) {
                None => return Ok(None),
                limits => limits,
            },
        };
        let problem = OwnedProblem {
            num_nodes: input.num_nodes,
            tails: input.tails,
            heads: input.heads,
            capacity,
            duplex: false,
            sources,
            sinks,
            node_capacity,
        };
        let answer = max_flow(&problem.view(), &Options { want_flow }, monitor)?;
        let solved = Solved { problem, answer };
        solved.check(monitor)?;
        Ok(Some(solved))
    }

    fn check(&self, monitor: &dyn Monitor) -> pinchpoint_core::Result<()> {
        certify::flow::check(&self.problem.view(), &self.answer, monitor)
    }

    fn cut_arcs(&self) -> Vec<i64> {
        let ends = self.problem.tails.iter().zip(&self.problem.heads);
        let ends = ends.enumerate();
        let crosses = |tail: u32, head: u32| {
            self.answer.leaves_source_side(tail) && !self.answer.source_side[head as usize]
        };
        ends.filter(|(_, (tail, head))| crosses(**tail, **head))
            .map(|(arc, _)| arc as i64)
            .collect()
    }

    fn flow<'py>(&self, py: Python<'py>, unit: Unit) -> PyResult<Bound<'py, PyAny>> {
        amounts(py, &self.answer.flow, unit)
    }
}

/// Amounts as a numpy array: float64, int64, or Python ints where 64 bits are too few.
fn amounts<'py, C: Capacity>(
    py: Python<'py>,
    values: &[C],
    unit: Unit,
) -> PyResult<Bound<'py, PyAny>> {
    if unit.float {
        return Ok(converted(py, values, |value| unit.float_of(value.wide())));
    }
    if size_of::<C>() <= 8 || values.iter().all(|v| i64::try_from(v.wide()).is_ok()) {
        return Ok(converted(py, values, |value| value.low64()));
    }
    let ints = PyList::new(py, values.iter().map(|value| value.wide()))?;
    let numpy = py.import("numpy")?;
    numpy.call_method1("array", (ints, "object"))
}

/// A solved problem as Python values: arrays of ids and raw integers, terminals, value, flow, cut.
type State<'py> = (
    (u32, Vec<u32>, Vec<u32>),
    Bound<'py, PyAny>,
    [Terminals; 2],
    Option<Bound<'py, PyAny>>,
    (i128, Bound<'py, PyAny>, Vec<bool>, Option<Vec<bool>>),
);

/// Node and limit of each terminal of one side.
type Terminals = Vec<(u32, Option<i128>)>;

impl<C: Capacity> Solved<C> {
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let ends = |ends: &[Terminal<C>]| -> Terminals {
            ends.iter()
                .map(|end| (end.node, end.limit.map(|limit| limit.wide())))
                .collect()
        };
        let raw = |values: &[C]| amounts(py, values, Unit::ONE);
        let ids = |ids: &[u32]| PyArray1::from_slice(py, ids);
        let (problem, answer) = (&self.problem, &self.answer);
        let side = PyArray1::from_slice(py, &answer.source_side);
        let out = answer
            .source_side_out
            .as_ref()
            .map(|out| PyArray1::from_slice(py, out));
        (
            (problem.num_nodes, ids(&problem.tails), ids(&problem.heads)),
            raw(&problem.capacity)?,
            [ends(&problem.sources), ends(&problem.sinks)],
            problem
                .node_capacity
                .as_ref()
                .map(|limits| raw(limits))
                .transpose()?,
            (answer.value, raw(&answer.flow)?, side, out),
        )
            .into_pyobject(py)
    }

    fn restore(state: State<'_>) -> PyResult<Self> {
        let ((num_nodes, tails, heads), capacity, [sources, sinks], limits, answer) = state;
        let raw = |values: Bound<'_, PyAny>| -> PyResult<Vec<C>> {
            let values: Vec<i128> = values.extract()?;
            Ok(values.into_iter().map(C::truncate).collect())
        };
        let ends = |ends: Terminals| -> Vec<Terminal<C>> {
            let end = |(node, limit): (u32, Option<i128>)| Terminal {
                node,
                limit: limit.map(C::truncate),
            };
            ends.into_iter().map(end).collect()
        };
        let (value, flow, source_side, source_side_out) = answer;
        let problem = OwnedProblem {
            num_nodes,
            tails,
            heads,
            capacity: raw(capacity)?,
            duplex: false,
            sources: ends(sources),
            sinks: ends(sinks),
            node_capacity: limits.map(raw).transpose()?,
        };
        problem
            .view()
            .validate()
            .map_err(|error| PyValueError::new_err(error.message))?;
        let answer = MaxFlow {
            value,
            flow: raw(flow)?,
            source_side,
            source_side_out,
        };
        Ok(Solved { problem, answer })
    }
}

/// A new array with each of `values` converted, on several threads.
fn converted<'py, C: Capacity, T: Element + Copy + Send>(
    py: Python<'py>,
    values: &[C],
    convert: impl Fn(C) -> T + Copy + Send,
) -> Bound<'py, PyAny> {
    let shares = threads::ranges(values.len(), threads::worth(values.len(), GRAIN));
    let jobs = shares.iter().map(|share| {
        let own = values[share.clone()].iter();
        move |part: &mut Part<'_, T>| part.extend(own.map(|value| convert(*value)))
    });
    let array = threads::made(0, &shares, jobs).0;
    array.into_pyarray(py).into_any()
}

/// Everything a run needs, owned.
struct Input {
    num_nodes: u32,
    tails: Vec<u32>,
    heads: Vec<u32>,
    capacity: Numbers,
    sources: Vec<u32>,
    sinks: Vec<u32>,
    supplies: Option<Numbers>,
    demands: Option<Numbers>,
    node_capacity: Option<Numbers>,
}

/// In the integers that the capacities came in or became.
#[derive(Debug, PartialEq)]
enum Held {
    I32(Solved<i32>),
    I64(Solved<i64>),
    I128(Solved<i128>),
}

/// Evaluates an expression on the solved problem, whatever its integers.
macro_rules! each {
    ($held:expr, $solved:ident => $use_it:expr) => {
        match $held {
            Held::I32($solved) => $use_it,
            Held::I64($solved) => $use_it,
            Held::I128($solved) => $use_it,
        }
    };
}

impl Input {
    /// The narrowest integers that hold every capacity and limit.
    fn solve(
        self,
        unit: Unit,
        want_flow: bool,
        monitor: &dyn Monitor,
    ) -> pinchpoint_core::Result<Held> {
        let fields = [
            Some(&self.capacity),
            self.supplies.as_ref(),
            self.demands.as_ref(),
        ];
        let fields: Vec<&Numbers> = fields
            .into_iter()
            .flatten()
            .chain(self.node_capacity.as_ref())
            .collect();
        let bits = fields
            .iter()
            .map(|field| unit.bits(field))
            .max()
            .unwrap_or(0);
        let held = if bits <= NARROW {
            Solved::run(self, unit, want_flow, monitor)?.map(Held::I32)
        } else if bits < 63 {
            Solved::run(self, unit, want_flow, monitor)?.map(Held::I64)
        } else {
            Solved::run(self, unit, want_flow, monitor)?.map(Held::I128)
        };
        let held = held.ok_or_else(|| {
            Error::new(
                ErrorKind::Overflow,
                "the capacities and limits span more than 126 bits; drop the smallest or the largest",
            )
        })?;
        let value = each!(&held, solved => solved.answer.value);
        if unit.float && !unit.float_of(value).is_finite() {
            return Err(Error::new(
                ErrorKind::Overflow,
                "the value is above 1.8e308, more than a float holds; give the capacities in a \
                 larger unit",
            ));
        }
        Ok(held)
    }
}

/// A solved and checked problem.
#[pyclass(frozen, eq, module = "pinchpoint._core")]
#[derive(PartialEq)]
pub struct FlowAnswer {
    held: Held,
    unit: Unit,
}

#[pymethods]
impl FlowAnswer {
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = each!(&self.held, solved => solved.answer.value);
        if self.unit.float {
            Ok(self.unit.float_of(value).into_pyobject(py)?.into_any())
        } else {
            Ok(value.into_pyobject(py)?.into_any())
        }
    }

    #[getter]
    fn error_bound(&self) -> f64 {
        let value = each!(&self.held, solved => solved.answer.value);
        self.unit.error_of(value)
    }

    #[getter]
    fn num_nodes(&self) -> u32 {
        each!(&self.held, solved => solved.problem.num_nodes)
    }

    #[getter]
    fn num_arcs(&self) -> usize {
        each!(&self.held, solved => solved.problem.tails.len())
    }

    fn flow<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        each!(&self.held, solved => solved.flow(py, self.unit))
    }

    fn capacity<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        each!(&self.held, solved => amounts(py, &solved.problem.capacity, self.unit))
    }

    fn tails<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        each!(&self.held, solved => PyArray1::from_slice(py, &solved.problem.tails))
    }

    fn heads<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        each!(&self.held, solved => PyArray1::from_slice(py, &solved.problem.heads))
    }

    fn source_side<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        each!(&self.held, solved => PyArray1::from_slice(py, &solved.answer.source_side))
    }

    fn cut_arcs<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let cut = py.detach(|| each!(&self.held, solved => solved.cut_arcs()));
        cut.into_pyarray(py)
    }

    fn cut_nodes<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let nodes: Vec<i64> = each!(&self.held, solved => {
            let enters = solved.answer.source_side.iter().zip(0u32..);
            enters
                .filter(|(enters, node)| **enters && !solved.answer.leaves_source_side(*node))
                .map(|(_, node)| i64::from(node))
                .collect()
        });
        nodes.into_pyarray(py)
    }

    /// Everything, for pickling.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let Unit {
            exponent,
            float,
            error_bound,
        } = self.unit;
        let unit = (exponent, float, error_bound);
        let (width, parts) = match &self.held {
            Held::I32(solved) => (32, solved.state(py)?),
            Held::I64(solved) => (64, solved.state(py)?),
            Held::I128(solved) => (128, solved.state(py)?),
        };
        (width, unit, parts).into_pyobject(py)
    }

    /// The inverse of `state`; checks the answer.
    #[staticmethod]
    fn restore(py: Python<'_>, state: (u32, (i32, bool, f64), State<'_>)) -> PyResult<Self> {
        let (width, (exponent, float, error_bound), parts) = state;
        let held = match width {
            32 => Held::I32(Solved::restore(parts)?),
            64 => Held::I64(Solved::restore(parts)?),
            _ => Held::I128(Solved::restore(parts)?),
        };
        let answer = FlowAnswer {
            held,
            unit: Unit {
                exponent,
                float,
                error_bound,
            },
        };
        answer.verify(py)?;
        Ok(answer)
    }

    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        gate::run(
            py,
            None,
            |monitor| each!(&self.held, solved => solved.check(monitor)),
        )
    }
}

/// Tails, heads and capacities; sources and sinks; supplies, demands and capacities of nodes: as
/// users give them.
type Arcs<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);
type Ends<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);
type Limits<'py> = (Limit<'py>, Limit<'py>, Limit<'py>);
type Limit<'py> = Option<Bound<'py, PyAny>>;

/// Copies and checks the arrays, solves without the GIL, and checks the answer.
#[pyfunction]
pub fn maximum_flow(
    py: Python<'_>,
    arcs: Arcs<'_>,
    terminals: Ends<'_>,
    limits: Limits<'_>,
    num_nodes: Option<u32>,
    want_flow: bool,
    time_limit: Option<gate::TimeLimit>,
) -> PyResult<FlowAnswer> {
    let mut faults = Faults::default();
    let (tails, heads, mut amounts) = arcs;
    if !are_ready_numbers(&amounts) {
        amounts = prepared(py, "as_numbers", ("capacity", amounts))?;
    }
    let tails = Ids::read("tails", &tails)?;
    let heads = Ids::read("heads", &heads)?;
    let capacity = Numbers::read("capacity", &amounts, &mut faults)?;
    let (sources, sinks) = terminals;
    let sources = Ids::read_terminals("source", &sources)?;
    let sinks = Ids::read_terminals("sink", &sinks)?;
    let mut read_limits = |field, values: Limit<'_>, count: Option<usize>| -> PyResult<_> {
        let Some(values) = values else {
            return Ok(None);
        };
        let numbers = prepared(py, "as_limits", (field, values, &amounts, count))?;
        Numbers::read(field, &numbers, &mut faults).map(Some)
    };
    let (supplies, demands, node_capacity) = limits;
    let supplies = read_limits("supplies", supplies, Some(sources.ids.len()))?;
    let demands = read_limits("demands", demands, Some(sinks.ids.len()))?;
    let node_capacity = read_limits("node_capacity", node_capacity, None)?;

    let bound = |ids: &Ids<'_>| ids.bound.unwrap_or(u32::MAX);
    let num_nodes = num_nodes.unwrap_or_else(|| bound(&tails).max(bound(&heads)));
    let m = tails.ids.len();
    for (field, len) in [("heads", heads.ids.len()), ("capacity", capacity.len())] {
        if len != m {
            faults.add(
                ErrorKind::Graph,
                format!("{field} has length {len}, but tails has length {m}"),
            );
        }
    }
    let pairs = [
        ("supplies", &supplies, "source", sources.ids.len()),
        ("demands", &demands, "sink", sinks.ids.len()),
        (
            "node_capacity",
            &node_capacity,
            "the graph",
            num_nodes as usize,
        ),
    ];
    for (field, numbers, whose, len) in pairs {
        let given = numbers.as_ref().map_or(len, Numbers::len);
        if given != len {
            let text = format!(
                "{field} has length {given}, but {whose} has {}",
                counted(len as u64, "node")
            );
            faults.add(ErrorKind::Graph, text);
        }
    }
    for ids in [&tails, &heads, &sources, &sinks] {
        ids.note_faults(num_nodes, &mut faults)?;
    }
    note_terminals(&sources.ids, &sinks.ids, &mut faults);
    faults.check(py)?;

    let given = [
        Some(&capacity),
        supplies.as_ref(),
        demands.as_ref(),
        node_capacity.as_ref(),
    ];
    let given: Vec<&Numbers> = given.into_iter().flatten().collect();
    let unit = Unit::of(&capacity, &given);
    let input = Input {
        num_nodes,
        tails: tails.ids,
        heads: heads.ids,
        capacity,
        sources: sources.ids,
        sinks: sinks.ids,
        supplies,
        demands,
        node_capacity,
    };
    let held = gate::run(py, time_limit, |monitor| {
        input.solve(unit, want_flow, monitor)
    })?;
    Ok(FlowAnswer { held, unit })
}

fn note_terminals(sources: &[u32], sinks: &[u32], faults: &mut Faults) {
    for (field, nodes) in [("source", sources), ("sink", sinks)] {
        if nodes.is_empty() {
            faults.add(ErrorKind::Graph, format!("{field} names no node"));
        }
    }
    let of_side = |nodes: &[u32], side: usize| -> Vec<(u32, usize)> {
        nodes.iter().map(|node| (*node, side)).collect()
    };
    let mut all = of_side(sources, 0);
    all.extend(of_side(sinks, 1));
    all.sort_unstable();
    for pair in all.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let node = pair[0].0;
        let text = match (pair[0].1, pair[1].1) {
            (0, 0) => format!("source names node {node} twice"),
            (1, 1) => format!("sink names node {node} twice"),
            _ => format!("source and sink are both node {node}; they must differ"),
        };
        faults.add(ErrorKind::Graph, text);
    }
}

/// Sets the number of threads that the core uses from now on.
#[pyfunction]
pub fn set_threads(count: usize) {
    threads::set(count);
}

/// The number of threads that the core uses.
#[pyfunction]
pub fn get_threads() -> usize {
    threads::count()
}
