"""Throughput of structured fabrics: one program row for all links that are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pinchpoint import _core, linear
from pinchpoint._listed_program import EXACT
from pinchpoint._patterns import products_of
from pinchpoint.throughput import _NAMED, _SAME, _SLACK, lost_pairs
from pinchpoint.witness import orbit_cut

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric
    from pinchpoint.throughput import Search

    Floats = npt.NDArray[np.float64]

__all__ = ["by_orbits"]

# Variables up to which the linear program is solved.
_SMALL = 60_000
# Single kinds of links that are tried as the proof of an upper bound.
_TRIED = 3
# Steps of all destinations up to which a flow is written out.
_FOLLOWED = 4_000_000
# The same where ways are evened out, which takes a pass over all steps for each round.
_BALANCED = 40_000_000
# Gap to which they are, and bounds so far apart that it is not tried.
_CLOSE, _NEAR = 2e-10, 1.05


def by_orbits(search: Search) -> bool:
    """Bound; False if the traffic or the fabric is not symmetric enough."""
    question, clock = search.question, search.clock
    handle = question.fabric._handle
    products = products_of(question.fabric, question.traffic)
    if products is None:
        return False
    problem = _core.concurrent_by_orbits(handle, products, question.forwarding, clock.left)
    if problem is None:
        return False
    search.lost = lost_pairs(problem, search.drop)
    if not problem.routed:
        search.lower = search.upper = np.inf
        search.method = "forced"
        return True
    search.carries((1 - _SLACK) / problem.routed, "routed")
    small = problem.size <= _SMALL and linear.available()
    enough = EXACT if small else max(search.gap, EXACT)
    known, evened = np.zeros(0), False
    for candidate in problem.fullest(_TRIED):
        bound = problem.upper(candidate, clock.left)
        # Of bounds equal but for rounding, the first has the most links to stay off.
        if bound < search.upper * (1 - _SAME):
            known = candidate
            binding = _binding(question.fabric, problem, candidate)
            search.bounded(bound, candidate, "slots", binding)
        if search.upper <= search.lower * _NEAR and not evened:
            evened = True
            if not search.reached(enough) and problem.size <= _BALANCED:
                weights, _ = problem.balance(search.upper, _CLOSE, clock.left)
                flows = problem.weighted(weights, clock.left)
                search.carries(problem.lower(flows, clock.left), "routed")
        if search.reached(enough):
            break
    if known.size and not search.reached(enough) and problem.size <= _FOLLOWED:
        search.carries(problem.lower(problem.along(known, clock.left), clock.left), "routed")
    if not search.reached(EXACT) and small:
        found = _solved(problem, search.lower, clock.left)
        if found is not None:
            lower, upper, known = found
            search.carries(lower, "exact")
            search.bounded(upper, known, "slots", _binding(question.fabric, problem, known))
    if not search.reached(enough):
        wide = _core.congestion_by_orbits(
            handle, products, "capacity", False, question.forwarding, clock.left
        )
        if wide is not None:
            *_, capacity, forward, backward = wide.rows()
            up = capacity > 0
            used = np.maximum(forward, backward)[up] / capacity[up]
            search.carries((1 - _SLACK) / used.max(), "routed")
    if known.size:
        _cut(search, problem, known)
    return True


def _cut(search: Search, problem: _core.OrbitConcurrent, lengths: Floats) -> None:
    """Look for a cut that is as good as the lengths."""
    found = problem.sparsest(lengths, search.clock.left)
    if found is None or found[2] / found[3] > search.upper * (1 + EXACT):
        return
    question, own = search.question, found[-1]
    cut = orbit_cut(question, found)
    bound = problem.upper(own, search.clock.left)
    if bound < search.upper:
        search.bounded(bound, own, "slots", _binding(question.fabric, problem, own), cut)
    elif search.cut is None:
        search.cut = cut


def _binding(fabric: Fabric, problem: _core.OrbitConcurrent, lengths: Floats) -> tuple[str, ...]:
    """Name the kinds of links that weigh most in the proof of the upper bound."""
    weight = lengths * problem.capacity() if lengths.size else np.zeros(1)
    order = np.argsort(-weight, kind="stable")[:_NAMED]
    named = []
    for slot in order.tolist():
        if weight[slot] > 1e-3 * weight[order[0]]:
            _, tail, head = problem.slot(slot)
            names = [fabric._handle.node_name(node) for node in (tail, head)]
            named.append(f"{names[0]} -> {names[1]}")
    return tuple(named)


def _solved(
    problem: _core.OrbitConcurrent, guess: float, time_limit: float | None
) -> tuple[float, float, Floats] | None:
    """Solve the linear program; both bounds are derived again from its flows and prices."""
    steps, flags, sent, ends, alike = problem.program(time_limit)
    into, tails, heads, slots = steps
    leaves, enters = flags
    capacity = problem.capacity()
    # A variable is the part of its slot's capacity that a step takes for all alike destinations;
    # the multiple is counted in what ECMP reaches. The program's numbers are then near 1.
    flow = capacity[slots] / alike[into]
    wanted = sent * guess
    through = np.zeros(sent.size)
    np.add.at(through, heads, flow)
    np.add.at(through, tails, flow)
    scale = np.where(through > 0, 1 / np.maximum(through, 1e-300), 1.0)
    keep = enters & ~ends[tails]
    places = 1 + np.arange(int(keep.sum()))
    into, tails, heads, slots = (array[keep] for array in (into, tails, heads, slots))
    leaves, flow = leaves[keep], flow[keep]
    classes, count = sent.size, capacity.size
    senders = np.flatnonzero(sent > 0)
    # Out less in is what a class sends; only that may take the steps that transit must not.
    row = [tails, heads, senders, classes + tails[~leaves], classes + senders, 2 * classes + slots]
    column = [
        places, places, np.zeros(senders.size, np.int64),
        places[~leaves], np.zeros(senders.size, np.int64), places,
    ]  # fmt: skip
    value = [
        flow * scale[tails], -flow * scale[heads], -wanted[senders] * scale[senders],
        -(flow * scale[tails])[~leaves], wanted[senders] * scale[senders], np.ones(places.size),
    ]  # fmt: skip
    rows = 2 * classes + count
    low, high = np.zeros(rows), np.zeros(rows)
    low[:classes][ends], high[:classes][ends] = -np.inf, np.inf
    high[classes : 2 * classes] = np.inf
    low[2 * classes :], high[2 * classes :] = -np.inf, 1.0
    entries = np.concatenate(row), np.concatenate(column)
    order = np.lexsort(entries)
    total = 1 + places.size
    solution = linear.solve(
        linear.LinearProgram(
            cost=np.concatenate([[-1.0], np.zeros(total - 1)]),
            lower=np.zeros(total),
            upper=np.full(total, np.inf),
            row_lower=low,
            row_upper=high,
            starts=np.searchsorted(entries[1][order], np.arange(1 + total)),
            rows=entries[0][order].astype(np.int64),
            coefficients=np.concatenate(value)[order],
        ),
        time_limit,
    )
    if solution is None:
        return None
    flows = np.zeros(keep.size)
    flows[keep] = np.maximum(solution.values[1:], 0.0) * flow
    prices = np.abs(solution.duals[2 * classes :])
    prices[prices < 1e-12 * prices.max(initial=0.0)] = 0.0
    lengths = np.divide(prices, capacity, out=np.zeros(count), where=capacity > 0)
    lower = problem.lower(flows, time_limit)
    upper = problem.upper(lengths, time_limit)
    if not lower > 0 or not upper <= lower * (1 + EXACT):
        return None
    return lower, upper, lengths
