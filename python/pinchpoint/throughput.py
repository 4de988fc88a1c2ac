"""Throughput answers: how much of a traffic the wiring can carry, between two certified bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint import _core, linear
from pinchpoint._clock import Clock
from pinchpoint._listed_program import EXACT, solve
from pinchpoint._patterns import check_traffic, num_nodes
from pinchpoint._result import TabularResult
from pinchpoint._validation import check_choice, check_gap
from pinchpoint._wording import counted
from pinchpoint.congestion import Unreachable, check_options
from pinchpoint.errors import (
    GraphError,
    SelectionError,
    TimeLimitError,
)
from pinchpoint.traffic import Traffic
from pinchpoint.witness import Question, TightCut, Witness, check, listed_cut

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric

    Floats = npt.NDArray[np.float64]

__all__ = ["Interrupted", "Throughput", "ThroughputCertificate"]

# Variables up to which the linear program is solved exactly.
_SMALL = 30_000
# Variables up to which it is solved whatever gap is asked: an iterative answer is no quicker.
_TINY = 3_000
# Gaps from which an iterative answer is tried first.
_COARSE = 1e-4
# Links up to which a structured fabric is listed if symmetry does not reach the gap.
_LISTED = 300_000
# Links named as binding, at most.
_NAMED = 10
# Part that rounding may have added to a sum; bounds give it away.
_SLACK = 1e-12
# Bounds equal but for rounding: the one with a cut, or with more links, is kept.
_SAME = 1e-11


@dataclass(frozen=True, eq=False)
class Throughput(TabularResult):
    """The largest multiple of a traffic that can be carried, whatever the routing.

    Attributes
    ----------
    lower, upper : float
        The optimum is between these, as multiples of the traffic. Both are proved: the lower one
        by a flow, the upper one by :meth:`lengths` of the links (no flow carries more than
        capacity times length over demand times distance). Infinity if nothing is asked for.
    stopped : bool
        Whether the time limit, or Ctrl-C, ended the search before the gap was reached.
    method : str
        "exact" (a linear program, or ECMP where lengths prove that nothing does better),
        "iterative", "forced" (no choice of routes binds), "routed" (the better of ECMP and WCMP
        against the best lengths known: the fabric was too large, or the time too short, for
        more), or "none" (stopped before
        there was a flow: `lower` is 0).
    unreachable : Unreachable
        Pairs that were dropped because no way joins them.
    binding : tuple of str
        What weighs most in the proof of the upper bound: up to ten pairs of neighbours, the
        heaviest first. If `method` is "forced", the one link that binds.
    cut : TightCut or None
        A cut that proves `upper` on its own: capacity over demand across it is `upper`. None if
        none was found: often the optimum is below what any cut says, and no quick search finds
        every cut (the balls around each source and sink by the lengths are tried).
    """

    lower: float
    upper: float
    stopped: bool
    method: str
    unreachable: Unreachable
    binding: tuple[str, ...]
    cut: TightCut | None
    _witness: Witness | None = field(repr=False)

    @property
    def gap(self) -> float:
        """How far apart the bounds are: upper / lower - 1."""
        if self.lower == self.upper:
            return 0.0
        return self.upper / self.lower - 1 if self.lower else float("inf")

    def lengths(self, bundle: str | None = None) -> Floats:
        """Return the lengths of links that prove the upper bound.

        Parameters
        ----------
        bundle : str, optional
            Name of the bundle; default all links.

        Returns
        -------
        ndarray of float64, shape (2, links)
            Forward and backward, in the order of :meth:`Fabric.materialize`; zero or more, in any
            scale. The sum over links and directions of capacity times length, over the sum over
            pairs of demand times distance under the forwarding asked for, is `upper` or less. All
            zero where there is no bound.

        Raises
        ------
        SelectionError
            No such bundle.
        """
        if self._witness is None:
            raise SelectionError("nothing is asked for, so no lengths bound it")
        return self._witness.of(bundle)

    def verify(self) -> bool:
        """Derive `upper` again from the lengths alone, with code that shares nothing with a solver.

        Returns
        -------
        bool
            Whether that was done: link by link where that takes seconds, else by orbits; False if
            the fabric is too large for the first and not solved by orbits.

        Raises
        ------
        CertificateError
            The bound is wrong: a bug.
        """
        return self._witness is None or check(self._witness, self.upper, patient=True)

    @property
    def certificate(self) -> ThroughputCertificate:
        """What proves both bounds."""
        return ThroughputCertificate(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values; what is not finite is None."""
        bounds = {"lower": self.lower, "upper": self.upper, "gap": self.gap}
        return {
            **{name: value if np.isfinite(value) else None for name, value in bounds.items()},
            "stopped": self.stopped,
            "method": self.method,
            "unreachable": self.unreachable._asdict(),
            "binding": list(self.binding),
            "cut": None if self.cut is None else self.cut.to_dict(),
            "certificate": {"checked": True},
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


class ThroughputCertificate:
    """A flow that carries `lower`, and lengths of the links that allow no more than `upper`.

    Both were checked, by code that shares nothing with the solver, when the answer was made. The
    flow is then let go; `verify` derives the upper bound again.
    """

    __slots__ = ("_result",)

    def __init__(self, result: Throughput) -> None:
        self._result = result

    @property
    def lower(self) -> float:
        """The multiple of the traffic that the flow carries."""
        return self._result.lower

    @property
    def upper(self) -> float:
        """The multiple that no flow exceeds."""
        return self._result.upper

    @property
    def cut(self) -> TightCut | None:
        """A cut that proves `upper` on its own, if one was found."""
        return self._result.cut

    def lengths(self, bundle: str | None = None) -> Floats:
        """Return the lengths; see :meth:`Throughput.lengths`."""
        return self._result.lengths(bundle)

    def verify(self) -> bool:
        """Derive `upper` again; see :meth:`Throughput.verify`."""
        return self._result.verify()

    def __repr__(self) -> str:
        return (
            f"ThroughputCertificate(lower={self.lower:.6g}, upper={self.upper:.6g}, checked=True)"
        )


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a throughput.

    Attributes
    ----------
    answer : Throughput
        The bounds so far.
    """

    answer: Throughput

    def __init__(self, answer: Throughput) -> None:
        super().__init__(f"stopped at {answer!r}")
        self.answer = answer


class Search:
    """What is known of a throughput so far. Bounds only get better."""

    def __init__(self, question: Question, unreachable: str, gap: float, clock: Clock) -> None:
        self.question, self.drop = question, unreachable == "drop"
        self.gap, self.clock = gap, clock
        self.lower, self.upper = 0.0, np.inf
        self.method, self.stopped = "none", False
        self.lost = Unreachable(0, 0.0, ())
        self.binding: tuple[str, ...] = ()
        self.cut: TightCut | None = None
        self.witness: Witness | None = None

    def carries(self, lower: float, method: str) -> None:
        """Take in a multiple that a flow carries."""
        if lower > self.lower:
            self.lower, self.method = lower, method

    def bounded(
        self,
        upper: float,
        lengths: Floats,
        kind: str,
        binding: tuple[str, ...] = (),
        cut: TightCut | None = None,
    ) -> None:
        """Take in a bound, if it is better or as good and a cut."""
        if upper < self.upper or (cut is not None and upper <= self.upper * (1 + _SAME)):
            self.upper = min(upper, self.upper)
            self.witness = Witness(self.question, lengths, kind)
            self.binding, self.cut = binding, cut

    def reached(self, gap: float | None = None) -> bool:
        """Whether the bounds are as close as asked."""
        return self.upper <= self.lower * (1 + (self.gap if gap is None else gap))

    def answer(self) -> Throughput:
        """Gather."""
        lower = min(self.lower, self.upper)
        if self.method == "routed" and self.reached(EXACT):
            self.method = "exact"
        if self.witness is not None:
            check(self.witness, self.upper, patient=False)
        return Throughput(
            lower, self.upper, self.stopped and not self.reached(), self.method, self.lost,
            self.binding, self.cut, self.witness,
        )  # fmt: skip


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
    check_traffic(traffic)
    check_gap(gap)
    check_choice("unreachable", unreachable, ("error", "drop"))
    check_options("ecmp", "link", forwarding)
    search = Search(Question(fabric, traffic, forwarding), unreachable, gap, Clock(time_limit))
    try:
        _run(search)
    except TimeLimitError:
        search.stopped = True
        _at_once(search)
    except KeyboardInterrupt as stop:
        if search.method == "none":
            raise
        search.stopped = True
        raise Interrupted(search.answer()) from stop
    return search.answer()


def _run(search: Search) -> None:
    fabric = search.question.fabric
    if fabric.is_structured:
        from pinchpoint._concurrent import by_orbits

        known = by_orbits(search)
        if known and (search.reached() or fabric.num_links > _LISTED):
            return
    search.question.traffic._check_size(fabric)
    _listed(search, fabric.materialize(time_limit=search.clock.left))


def lost_pairs(problem: _core.Concurrent | _core.OrbitConcurrent, drop: bool) -> Unreachable:
    """Return the pairs that no way joins, unless that is an error."""
    count, rate, listed = problem.unreachable()
    lost = Unreachable(count, rate, tuple(listed))
    if lost.pairs and not drop:
        source, sink = lost.listed[0]
        raise GraphError(
            f"{counted(lost.pairs, 'pair has', 'pairs have')} no way, "
            f"node {source} to node {sink} among them: no multiple of the traffic can be carried; "
            "unreachable='drop' leaves them out"
        )
    return lost


def _at_once(search: Search) -> None:
    """Bound by what the links at the sources can take, which needs no search."""
    # Pairs without a way ask for nothing if they are dropped, and which those are is not known.
    if search.drop or np.isfinite(search.upper):
        return
    fabric, traffic = search.question.fabric, search.question.traffic
    products, (sources, _, rates) = traffic._resolve(fabric)
    asked = float(rates.sum())
    for own, to, rate in products:
        asked += rate * _pairs_of(own, to)
    if asked == 0:
        return
    handle = fabric._handle
    if fabric.is_structured:
        groups = handle.groups()
        first = np.array([group[6] for group in groups], np.int64)
        using = {selection.group for own, _, _ in products for selection in own}
        using |= {groups[at][0] for at in np.unique(np.searchsorted(first, sources, "right") - 1)}
        rows = handle.bundles()
        tails, heads = [groups[row[1]][0] for row in rows], [groups[row[2]][0] for row in rows]
        lengths = np.array([[float(one in using) for one in ends] for ends in (tails, heads)])
        offered = float((lengths * np.array(handle.most_gbit_per_s())).sum())
        search.bounded(offered / asked * (1 + _SLACK), lengths, "bundles")
        return
    sends = np.zeros(fabric.num_nodes, bool)
    sends[sources] = True
    for own, _, _ in products:
        for selection in own:
            sends[handle.node_ids(selection)] = True
    lengths = np.stack([sends[fabric.tails], sends[fabric.heads]]).astype(np.float64)
    if handle.is_directed:
        lengths[1] = 0.0
    offered = float((lengths * fabric.gbit_per_s).sum())
    search.bounded(offered / asked * (1 + _SLACK), lengths, "links")


def _pairs_of(sources: list[_core.Selection], sinks: list[_core.Selection]) -> float:
    both = num_nodes(sources) + num_nodes(sinks) - num_nodes([*sources, *sinks])
    return float(num_nodes(sources)) * num_nodes(sinks) - both


def _listed(search: Search, fabric: Fabric) -> None:
    """Narrow the bounds link by link."""
    question, clock = search.question, search.clock
    products, pairs = question.traffic._resolve(fabric, clock)
    options = question.plan(fabric, pairs)
    problem = _core.concurrent(fabric._handle, products, pairs, options, clock.left)
    search.lost = lost_pairs(problem, search.drop)
    search.carries((1 - _SLACK) / problem.routed if problem.routed else np.inf, "routed")
    core = _Core(search, fabric, problem)
    core.forced()
    if search.reached(0.0):
        return
    core.at_nodes()
    if not search.reached(EXACT):
        core.narrow()


class _Core:
    """The part of listed links where there is a choice of routes."""

    def __init__(self, search: Search, fabric: Fabric, problem: _core.Concurrent) -> None:
        self.search, self.fabric, self.problem = search, fabric, problem
        self.most = problem.forced[0]
        self.demands = problem.demands()
        self.edges = problem.edges()

    def forced(self) -> None:
        """Bound by the link that carries most where routes are forced."""
        bound, edge = self.problem.forced
        if not self.demands[0].size:
            # Nothing else is asked for.
            self.search.lower, self.search.method = bound, "forced"
            if edge is None:
                self.search.upper = bound
        if edge is not None:
            if self.search.lower >= bound * (1 - _SAME):
                self.search.lower, self.search.method = bound, "forced"
            side = self.problem.forced_side()
            ends = [_name(self.fabric, node) for node in edge]
            cut = listed_cut(self.search.question, self.fabric, side, self._sent(side))
            lengths = np.stack(self.problem.of_links(None))
            self.search.bounded(bound, lengths, "links", (f"{ends[0]} -> {ends[1]}",), cut)

    def at_nodes(self) -> None:
        """Bound by what can leave or enter one node of the core."""
        tails, heads, capacity, *_ = self.edges
        sources, sinks, rates = self.demands
        best: tuple[float, Any, int] = (np.inf, tails, 0)
        for at, ends in ((tails, sources), (heads, sinks)):
            count = self.problem.num_nodes
            asked = np.bincount(ends, rates, count)
            own = np.bincount(at, capacity, count)
            part = np.divide(own, asked, out=np.full(count, np.inf), where=asked > 0)
            if part.min() < best[0]:
                best = (float(part.min()), at, int(part.argmin()))
        bound, at, node = best
        if bound < self.search.upper:
            lengths = (at == node).astype(np.float64)
            side = (np.arange(self.problem.num_nodes) == node) == (at is tails)
            sent = float(rates[side[sources] & ~side[sinks]].sum())
            self.proved(bound * (1 + _SLACK), lengths, self._cut_of(side, sent))

    def proved(self, upper: float, lengths: Floats, cut: TightCut | None) -> None:
        """Take in lengths of the core's edges."""
        if upper < self.search.upper or cut is not None:
            all_links = np.stack(self.problem.of_links(np.ascontiguousarray(lengths)))
            binding = self._binding(lengths)
            self.search.bounded(upper, all_links, "links", binding, cut)

    def carries(self, lower: float, method: str) -> None:
        """Take in a flow of the core, which the trees may hold back."""
        if lower >= self.most * (1 - _SLACK):
            lower, method = self.most, "forced"
        self.search.carries(lower, method)

    def narrow(self) -> None:
        """Solve, or narrow to the gap, and look for a cut."""
        search, problem, clock = self.search, self.problem, self.search.clock
        size = np.unique(self.demands[0]).size * self.edges[0].size
        gap = search.gap
        if _TINY < size <= _SMALL and gap >= _COARSE:
            self._iterate(gap, quick=True)
        if size <= _SMALL and not search.reached() and not search.stopped:
            exact = solve(problem, self.demands, clock.left) if linear.available() else None
            if exact is not None:
                lower, upper, lengths = exact
                self.carries(lower, "exact")
                self.proved(upper, lengths, None)
                self._cut(lengths)
                return
        if not search.reached() and not search.stopped:
            self._iterate(max(gap, EXACT), quick=False)

    def _iterate(self, gap: float, *, quick: bool) -> None:
        search = self.search
        found = self.problem.approximate(gap, quick, search.clock.left)
        lower, upper, lengths, stopped, raised = found
        self.carries(lower, "iterative")
        if search.method == "routed" and not stopped:
            search.method = "iterative"
        search.stopped |= stopped
        if np.isfinite(upper):
            self.proved(upper, lengths, None)
        if raised is not None:
            raise raised
        if not stopped and (not quick or search.reached()):
            self._cut(lengths)

    def _cut(self, lengths: Floats) -> None:
        """Look for a cut that is as good as the lengths."""
        found = self.problem.sparsest(lengths, self.search.clock.left)
        if found is None or found[1] / found[2] > self.search.upper * (1 + EXACT):
            return
        side, capacity, demand = found
        tails, heads, *_ = self.edges
        own = (side[tails] & ~side[heads]).astype(np.float64)
        cut = self._cut_of(side, demand)
        bound = capacity / demand * (1 + _SLACK)
        # A cut that is no better but for rounding is told with the lengths of a solver's bound.
        if bound < self.search.upper:
            self.proved(bound, own, cut)
        elif self.search.cut is None:
            self.search.cut = cut

    def _cut_of(self, side: npt.NDArray[np.bool_], demand: float) -> TightCut:
        nodes = side[self.problem.place()]
        return listed_cut(self.search.question, self.fabric, nodes, demand)

    def _sent(self, side: npt.NDArray[np.bool_]) -> float:
        """Sum what a side of all nodes sends to the other, pairs without a way left out."""
        products, (sources, sinks, rates) = self.search.question.traffic._resolve(self.fabric)
        sent = float(rates[side[sources] & ~side[sinks]].sum())
        handle = self.fabric._handle
        weight = []
        for own, to, rate in products:
            ends = [
                np.unique(np.concatenate([handle.node_ids(one) for one in x])) for x in (own, to)
            ]
            sent += rate * float(side[ends[0]].sum()) * float((~side[ends[1]]).sum())
            weight.append((set(ends[0].tolist()), set(ends[1].tolist()), rate))
        for source, sink in self.search.lost.listed:
            if side[source] and not side[sink]:
                sent -= sum(rate for own, to, rate in weight if source in own and sink in to)
                sent -= float(rates[(sources == source) & (sinks == sink)].sum())
        return sent

    def _binding(self, lengths: Floats) -> tuple[str, ...]:
        """Name the edges that weigh most in the proof of the upper bound."""
        if not lengths.size:
            return ()
        tails, heads, capacity, *_ = self.edges
        weight = lengths * capacity
        nodes = self.problem.nodes()
        order = np.argsort(-weight, kind="stable")[:_NAMED]
        return tuple(
            f"{_name(self.fabric, int(nodes[tails[edge]]))} -> "
            f"{_name(self.fabric, int(nodes[heads[edge]]))}"
            for edge in order.tolist()
            if weight[edge] > 1e-3 * weight[order[0]]
        )


def _name(fabric: Fabric, node: int) -> str:
    if fabric._names is not None:
        return fabric._names[node]
    return fabric._handle.node_name(node)
