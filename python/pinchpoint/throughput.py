"""Throughput answers: how much of a traffic the wiring can carry, between two certified bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint import _core, linear
from pinchpoint._result import TabularResult
from pinchpoint.congestion import Unreachable, check_options, plan
from pinchpoint.errors import CapacityError, GraphError, InputTypeError, SelectionError
from pinchpoint.traffic import Traffic

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric

__all__ = ["Throughput"]

# Variables up to which the linear program is solved exactly.
_SMALL = 30_000
# Variables up to which it is solved whatever gap is asked: an iterative answer is no quicker.
_TINY = 3_000
# Gaps from which an iterative answer is tried first.
_COARSE = 1e-4
_EXACT = 1e-9
# Links up to which a structured fabric is listed if symmetry does not reach the gap.
_LISTED = 300_000
# Links named as binding, at most.
_NAMED = 10


@dataclass(frozen=True, eq=False)
class Throughput(TabularResult):
    """The largest multiple of a traffic that can be carried, whatever the routing.

    Attributes
    ----------
    lower, upper : float
        The optimum is between these, as multiples of the traffic. Both are proved: the lower one
        by a flow, the upper one by lengths of the links (no flow carries more than capacity times
        length over demand times distance). Infinity if nothing is asked for.
    stopped : bool
        Whether the time limit ended the search before the gap was reached.
    method : str
        "exact" (a linear program, or ECMP where lengths prove that nothing does better),
        "iterative", "forced" (no choice of routes binds), or "routed" (the better of ECMP and WCMP
        against the best lengths known, on a fabric too large for more).
    unreachable : Unreachable
        Pairs that were dropped because no way joins them.
    binding : tuple of str
        What weighs most in the proof of the upper bound: up to ten pairs of neighbours, the
        heaviest first. If `method` is "forced", the one link that binds.
    """

    lower: float
    upper: float
    stopped: bool
    method: str
    unreachable: Unreachable
    binding: tuple[str, ...]

    @property
    def gap(self) -> float:
        """How far apart the bounds are: upper / lower - 1."""
        if self.lower == self.upper:
            return 0.0
        return self.upper / self.lower - 1 if self.lower else float("inf")

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "lower": self.lower,
            "upper": self.upper,
            "gap": self.gap,
            "stopped": self.stopped,
            "method": self.method,
            "unreachable": self.unreachable._asdict(),
            "binding": list(self.binding),
        }

    def _columns(self) -> dict[str, list[Any]]:
        return {"lower": [self.lower], "upper": [self.upper], "gap": [self.gap]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Throughput) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"Throughput({self.lower:.6g} to {self.upper:.6g}, gap {self.gap:.2g}; {self.method})"
        )


def throughput(
    fabric: Fabric,
    traffic: Traffic,
    *,
    gap: float,
    unreachable: str,
    forwarding: str,
    time_limit: float | None,
) -> Throughput:
    """Ask; see :meth:`Fabric.throughput`."""
    if not isinstance(traffic, Traffic):
        raise InputTypeError(
            f"traffic is a {type(traffic).__name__}; make it with pinchpoint.traffic"
        )
    if isinstance(gap, bool) or not isinstance(gap, int | float) or not 0 <= gap < float("inf"):
        raise CapacityError(f"gap is {gap!r}; it must be a finite number, zero or more")
    if unreachable not in ("error", "drop"):
        raise SelectionError(f"unreachable is {unreachable!r}; it must be 'error' or 'drop'")
    check_options("ecmp", "link", forwarding)
    if fabric.is_structured:
        from pinchpoint._concurrent import by_orbits

        answer = by_orbits(
            fabric,
            traffic,
            gap=gap,
            unreachable=unreachable,
            forwarding=forwarding,
            time_limit=time_limit,
        )
        if answer is not None and (answer.gap <= gap or fabric.num_links > _LISTED):
            return answer
    fabric = fabric.materialize(time_limit=time_limit)
    products, pairs = traffic._resolve(fabric)
    options = plan(
        fabric,
        pairs,
        routing="ecmp",
        split="link",
        forwarding=forwarding,
        queue_pairs=1,
        salted=True,
        paths=None,
        tables=None,
    )
    problem = _core.concurrent(fabric._handle, products, pairs, options, time_limit)
    lost = lost_pairs(problem, unreachable)
    forced, forced_edge = problem.forced
    lower, upper, lengths, stopped, method = _of_core(problem, gap, time_limit)
    binding = _binding(fabric, problem, lengths)
    if forced <= lower:
        lower = upper = forced
        method, binding, stopped = "forced", (), False
        if forced_edge is not None:
            ends = [_name(fabric, node) for node in forced_edge]
            binding = (f"{ends[0]} -> {ends[1]}",)
    return Throughput(lower, min(upper, forced), stopped, method, lost, binding)


def lost_pairs(problem: _core.Concurrent | _core.OrbitConcurrent, unreachable: str) -> Unreachable:
    """Return the pairs that no way joins, unless that is an error."""
    count, rate, listed = problem.unreachable()
    lost = Unreachable(count, rate, tuple(listed))
    if lost.pairs and unreachable == "error":
        source, sink = lost.listed[0]
        raise GraphError(
            f"{lost.pairs} pairs have no way, node {source} to node {sink} among them: no multiple "
            "of the traffic can be carried; unreachable='drop' leaves them out"
        )
    return lost


def _name(fabric: Fabric, node: int) -> str:
    if fabric._names is not None:
        return fabric._names[node]
    return fabric._handle.node_name(node)


def _binding(
    fabric: Fabric, problem: _core.Concurrent, lengths: npt.NDArray[np.float64]
) -> tuple[str, ...]:
    """Name the edges that weigh most in the proof of the upper bound."""
    if not lengths.size:
        return ()
    tails, heads, capacity, _, _ = problem.edges()
    weight = lengths * capacity
    nodes = problem.nodes()
    order = np.argsort(-weight, kind="stable")[:_NAMED]
    return tuple(
        f"{_name(fabric, int(nodes[tails[edge]]))} -> {_name(fabric, int(nodes[heads[edge]]))}"
        for edge in order.tolist()
        if weight[edge] > 1e-3 * weight[order[0]]
    )


def _of_core(
    problem: _core.Concurrent, gap: float, time_limit: float | None
) -> tuple[float, float, npt.NDArray[np.float64], bool, str]:
    """Return bounds and lengths of the part where there is a choice of routes."""
    sources, sinks, rates = problem.demands()
    if not sources.size:
        return float("inf"), float("inf"), np.zeros(0), False, "forced"
    tails = problem.edges()[0]
    size = np.unique(sources).size * tails.size
    if _TINY < size <= _SMALL and gap >= _COARSE:
        lower, upper, lengths, _, stopped = problem.approximate(gap, True, time_limit)
        if stopped or upper <= lower * (1 + gap):
            return lower, upper, lengths, stopped, "iterative"
    if size <= _SMALL:
        exact = _solved(problem, (sources, sinks, rates), time_limit)
        if exact is not None:
            return (*exact, False, "exact")
    lower, upper, lengths, _, stopped = problem.approximate(max(gap, _EXACT), False, time_limit)
    return lower, upper, lengths, stopped, "iterative"


def _solved(
    problem: _core.Concurrent, demands: tuple[Any, Any, Any], time_limit: float | None
) -> tuple[float, float, npt.NDArray[np.float64]] | None:
    """Solve the linear program; the bounds are derived again from its flows and its prices."""
    if not linear.available():
        return None
    sources, sinks, rates = demands
    tails, heads, capacity, leaves, enters = problem.edges()
    count, edges = problem.num_nodes, tails.size
    unique = np.unique(sources)
    # One scale for demands and one for capacities: the program's numbers are near 1.
    demand_unit, capacity_unit = rates.max(), capacity.max()
    program = _program(
        count, (tails, heads, capacity / capacity_unit, leaves, enters),
        unique, (sources, sinks, rates / demand_unit),
    )  # fmt: skip
    solution = linear.solve(program, time_limit)
    if solution is None:
        return None
    values = solution.values
    unit = capacity_unit / demand_unit
    flows = np.maximum(values[1:].reshape(unique.size, edges), 0.0) * capacity_unit
    prices = np.abs(solution.duals[-edges:])
    lower = problem.lower(np.ascontiguousarray(flows), float(values[0] * unit))
    prices[prices < 1e-14 * prices.max()] = 0.0
    upper = problem.upper(prices)
    if lower is None or not upper <= lower * (1 + _EXACT):
        return None
    return lower, max(lower, upper), prices


def _program(
    count: int, edges: tuple[Any, ...], unique: Any, demands: tuple[Any, Any, Any]
) -> linear.LinearProgram:
    """Build the program: the multiple, then a flow by source and edge; rows of capacity last."""
    tails, heads, capacity, leaves, enters = edges
    sources, sinks, rates = demands
    leaves, enters = np.array(leaves), np.array(enters)
    per, total = tails.size, unique.size * tails.size
    place = np.arange(per)
    row, column, value = [], [], []
    for at, source in enumerate(unique):
        base = at * count
        first = 1 + at * per
        row += [base + tails, base + heads]
        column += [first + place, first + place]
        value += [np.full(per, -1.0), np.full(per, 1.0)]
        own = sources == source
        row.append(base + sinks[own])
        column.append(np.zeros(own.sum(), np.int64))
        value.append(-rates[own])
    # What passes on at a node must have come in by an edge that lets it.
    relay = unique.size * count
    limited = np.unique(np.concatenate([tails[~leaves], heads[~enters]]))
    for at in range(unique.size):
        base = relay + at * count
        first = 1 + at * per
        row += [base + tails, base + heads[enters]]
        column += [first + place, first + place[enters]]
        value += [np.full(per, -1.0), np.full(int(enters.sum()), 1.0)]
    caps = 2 * relay
    row.append(caps + np.tile(place, unique.size))
    column.append(1 + np.arange(total))
    value.append(np.ones(total))
    rows = caps + per
    low, high = np.zeros(rows), np.zeros(rows)
    low[:relay] = high[:relay] = 0.0
    low[np.arange(unique.size) * count + unique] = -np.inf
    high[np.arange(unique.size) * count + unique] = np.inf
    low[relay:caps], high[relay:caps] = -np.inf, np.inf
    for at, source in enumerate(unique):
        bound = limited[limited != source]
        low[relay + at * count + bound] = 0.0
    low[caps:], high[caps:] = -np.inf, capacity
    most = np.full(1 + total, np.inf)
    for at, source in enumerate(unique):
        shut = ~leaves & (tails != source)
        most[1 + at * per + place[shut]] = 0.0
    entries = np.concatenate(row).astype(np.int64), np.concatenate(column).astype(np.int64)
    order = np.lexsort((entries[0], entries[1]))
    return linear.LinearProgram(
        cost=np.concatenate([[-1.0], np.zeros(total)]),
        lower=np.zeros(1 + total),
        upper=most,
        row_lower=low,
        row_upper=high,
        starts=np.searchsorted(entries[1][order], np.arange(2 + total)),
        rows=entries[0][order],
        coefficients=np.concatenate(value)[order],
    )
