"""Throughput on listed links as a linear program: a flow by source and edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint import linear

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint import _core

__all__ = ["EXACT", "solve"]

# A gap up to which bounds meet.
EXACT = 1e-9


def solve(
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
    if lower is None or not upper <= lower * (1 + EXACT):
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
