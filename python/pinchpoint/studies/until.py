"""How many failures until bandwidth drops below a threshold, in the worst case.

What random failures do is another question with another answer, and the two are never mixed: see
:mod:`pinchpoint.studies.curve`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from pinchpoint._result import TabularResult
from pinchpoint._validation import as_integer, check_fabric
from pinchpoint._wording import counted
from pinchpoint.errors import ScenarioError
from pinchpoint.query import bandwidth as bandwidth_query
from pinchpoint.scenarios import Scenario
from pinchpoint.selection import LinkSelection
from pinchpoint.studies.elements import Population, Wiring, gathered
from pinchpoint.studies.elementwise import orbits
from pinchpoint.studies.scenario import chosen_in, several
from pinchpoint.studies.symmetry import Symmetry
from pinchpoint.units import format_bandwidth, parse_rate

if TYPE_CHECKING:
    from pinchpoint.bandwidth import Bandwidth
    from pinchpoint.fabric import Ends, Fabric, Forwarding
    from pinchpoint.query import Query
    from pinchpoint.studies.elements import Element
    from pinchpoint.studies.scenario import Chosen

__all__ = ["FailuresUntil", "failures_until"]


@dataclass(frozen=True)
class FailuresUntil(TabularResult):
    """The fewest failures that can push bandwidth below a threshold, whichever they are.

    Attributes
    ----------
    lower : int
        Certified: no choice of fewer failures does it.
    upper : int or None
        Certified: some choice of so many failures does it; None if even all of them do not.
        `lower` is then one more than there are.
    lower_by, upper_by : str
        What proves each.
    below_kbit_per_s : Fraction
        The threshold.
    healthy : Bandwidth
        The answer before.
    worst : tuple of (int, float)
        By number of failures, the lowest bandwidth any choice leaves, in Gbit/s: exact, by
        enumeration of all choices that symmetry tells apart.
    witness : Scenario or None
        Failures that do it, as many as `upper`, solved to make sure; None where only the cut says
        so, by tier and number.
    """

    lower: int
    upper: int | None
    lower_by: str
    upper_by: str
    below_kbit_per_s: Fraction
    healthy: Bandwidth
    worst: tuple[tuple[int, float], ...]
    witness: Scenario | None

    @property
    def exact(self) -> int | None:
        """The number, if both bounds agree."""
        return self.lower if self.lower == self.upper else None

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "lower": self.lower,
            "upper": self.upper,
            "exact": self.exact,
            "lower_by": self.lower_by,
            "upper_by": self.upper_by,
            "below_gbit_per_s": float(self.below_kbit_per_s / 10**6),
            "worst": [{"failures": k, "gbit_per_s": value} for k, value in self.worst],
        }

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "failures": [k for k, _ in self.worst],
            "worst_gbit_per_s": [value for _, value in self.worst],
        }

    def __str__(self) -> str:
        limit = format_bandwidth(self.below_kbit_per_s)
        if self.exact is not None:
            return f"{counted(self.exact, 'failure')} can push it below {limit}; no fewer can"
        if self.upper is None:
            return f"no number of these failures pushes it below {limit}"
        return (
            f"from {self.lower:,} to {counted(self.upper, 'failure')} can push it below {limit}; "
            f"fewer than {self.lower:,} cannot"
        )


def failures_until(
    fabric: Fabric,
    sources: Ends,
    sinks: Ends,
    /,
    *,
    below: str,
    among: Chosen,
    forwarding: Forwarding = "hardware",
    effort: int = 500,
) -> FailuresUntil:
    """Bound how few failures can push a bandwidth below a threshold, in the worst case.

    Parameters
    ----------
    fabric : Fabric
        As it is now.
    sources, sinks : Selection, str, node id, or a list of them
        As :meth:`Fabric.bandwidth` takes them.
    below : str
        The threshold with its unit, such as ``"3TB/s"``, per direction.
    among : selections or text
        What can fail: links, or nodes.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        As in :meth:`Fabric.bandwidth`.
    effort : int, default 500
        Scenarios to solve at most while enumerating.

    Returns
    -------
    FailuresUntil
        Bounds on the number, each with its proof.

    Raises
    ------
    ScenarioError
        A threshold of zero, or an `effort` below zero.
    InputTypeError
        An `effort` that is no integer.

    Notes
    -----
    Finding the number is network interdiction, which is NP-hard in general; the bounds meet where
    one tier of equal links is the bottleneck. Lower bound: all choices of k elements that symmetry
    tells apart are solved, for as many k as `effort` allows; and for links, if F(t) is the flow
    when no link that can fail carries more than t, k failures leave at least F(t) - k t [1]_.
    Upper bound: of a cut whose capacity is known by tier, enough links are taken away; and failing
    the worst element again and again, solved each time. At most `effort` scenarios are solved for
    each of the two bounds, and fewer than twenty bandwidths beside them.

    References
    ----------
    .. [1] Y. P. Aneja, R. Chandrasekaran and K. P. K. Nair, Maximizing residual flow under an arc
       destruction, Networks 38, 2001.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> ends = "chip[chip=0]", "chip[chip=1]"
    >>> print(pp.failures_until(rack, *ends, below="700GB/s", among="chip-switch"))
    5 failures can push it below 700 GB/s (5.6 Tb/s) per direction; no fewer can
    """
    check_fabric(fabric)
    effort = as_integer("effort", effort, error=ScenarioError)
    limit = Fraction(parse_rate(below))
    if limit <= 0:
        raise ScenarioError(f"below is {below!r}; bandwidth is never below zero")
    chosen = chosen_in(fabric, several(among), "among")
    query = bandwidth_query(sources, sinks, forwarding=forwarding)
    healthy = fabric.bandwidth(sources, sinks, forwarding=forwarding)
    if healthy.kbit_per_s < limit:
        return FailuresUntil(
            0, 0, "healthy", "healthy", limit, healthy, ((0, healthy.gbit_per_s),), Scenario("")
        )
    question = (sources, sinks, forwarding)
    gone = fabric.without(*chosen).bandwidth(sources, sinks, forwarding=forwarding)
    worst: list[tuple[int, float]] = [(0, healthy.gbit_per_s)]
    if gone.kbit_per_s >= limit:
        whole = sum(len(one) for one in chosen)
        by = "bandwidth without any of them"
        return FailuresUntil(whole + 1, None, by, by, limit, healthy, tuple(worst), None)
    lower, lower_by = 1, "healthy"
    upper, upper_by = sum(len(one) for one in chosen), "all of them failed"
    witness: Scenario | None = None
    links = [one for one in chosen if isinstance(one, LinkSelection)]
    if len(links) == len(chosen):
        lower, lower_by = _residual_bound(fabric, links, question, limit) + 1, "F(t) - k t"
        cut = _cut_bound(fabric, links, question, limit)
        if cut is not None and cut < upper:
            upper, upper_by = cut, "a cut by tier"
    if lower < upper:
        rows, witness = _enumerated(fabric, query, chosen, limit, effort)
        worst += rows
        if witness is not None:
            by = "all choices enumerated"
            k = worst[-1][0]
            return FailuresUntil(k, k, by, by, limit, healthy, tuple(worst), witness)
        if worst[-1][0] + 1 > lower:
            lower, lower_by = worst[-1][0] + 1, "all choices of fewer enumerated"
    if lower < upper:
        greedy = _greedy(fabric, query, chosen, limit, upper, effort)
        if greedy is not None and greedy[0] < upper:
            upper, witness = greedy
            upper_by = "failing the worst one again and again"
    return FailuresUntil(lower, upper, lower_by, upper_by, limit, healthy, tuple(worst), witness)


def _values(query: Query, fabrics: Sequence[Fabric]) -> list[float]:
    """Return bandwidths in Gbit/s; ends that have failed altogether get nothing."""
    out = []
    for row in query.ask_many(fabrics):
        if isinstance(row, Exception):
            raise row
        out.append(float(row["gbit_per_s"]))
    return out


def _next(symmetry: Symmetry, chosen: list[Any], sets: list[Any]) -> list[tuple[Element, ...]]:
    """Extend sets of elements by one in every way that symmetry tells apart."""
    found: dict[Any, tuple[Element, ...]] = {}
    for one in sets:
        fixed = symmetry.pinned(gathered(symmetry.wiring, one)) if one else symmetry
        for element, _ in orbits(fixed, chosen):
            if element not in one:
                longer = (*one, element)
                boxes = symmetry.boxes(gathered(symmetry.wiring, longer), "failed")
                found.setdefault(symmetry.form(boxes), longer)
    return list(found.values())


def _plain_next(elements: list[Element], sets: list[Any]) -> list[tuple[Element, ...]]:
    """Extend sets of elements of a fabric that follows no rule."""
    place = {element: rank for rank, element in enumerate(elements)}
    return [
        (*one, element)
        for one in sets
        for element in elements[(place[one[-1]] + 1 if one else 0) :]
    ]


class _Extender:
    def __init__(self, fabric: Fabric, query: Query, chosen: list[Any]) -> None:
        self.wiring = Wiring(fabric)
        self.chosen = chosen
        self.symmetry: Symmetry | None = None
        self.elements: list[Element] = []
        pins = query.pins(fabric)
        if self.wiring.regular and pins is not None:
            self.symmetry = Symmetry(self.wiring, [*pins, *chosen])
        else:
            self.elements = list(Population.of(self.wiring, chosen).each())

    def longer(self, sets: list[Any]) -> list[tuple[Element, ...]]:
        if self.symmetry is not None:
            return _next(self.symmetry, self.chosen, sets)
        return _plain_next(self.elements, sets)

    def scenario(self, elements: tuple[Element, ...]) -> Scenario:
        label = " + ".join(self.wiring.label(element) for element in elements)
        return Scenario(label, gathered(self.wiring, elements))


def _enumerated(
    fabric: Fabric, query: Query, chosen: list[Any], limit: Fraction, effort: int
) -> tuple[list[tuple[int, float]], Scenario | None]:
    """Solve all choices of 1, 2, ... elements until one is below the limit or effort runs out."""
    extender = _Extender(fabric, query, chosen)
    sets: list[tuple[Element, ...]] = [()]
    worst: list[tuple[int, float]] = []
    left = effort
    threshold = float(limit / 10**6)
    grown = 1
    while True:
        # What the next round would cost at least is known from the last one.
        if len(sets) * grown > left:
            return worst, None
        before = len(sets)
        sets = extender.longer(sets)
        if not sets:
            return worst, None
        if len(sets) > left:
            return worst, None
        left -= len(sets)
        grown = max(1, len(sets) // before)
        values = _values(query, [extender.scenario(one).apply(fabric) for one in sets])
        place = min(range(len(sets)), key=values.__getitem__)
        worst.append((len(sets[place]), values[place]))
        if values[place] < threshold:
            return worst, extender.scenario(sets[place])


def _greedy(
    fabric: Fabric, query: Query, chosen: list[Any], limit: Fraction, most: int | None, effort: int
) -> tuple[int, Scenario] | None:
    """Fail whatever hurts most, again and again."""
    extender = _Extender(fabric, query, chosen)
    own: tuple[Element, ...] = ()
    threshold, left = float(limit / 10**6), effort
    while most is None or len(own) + 1 < most:
        if extender.symmetry is not None:
            longer = extender.longer([own])
        else:
            longer = [(*own, one) for one in extender.elements if one not in own]
        left -= len(longer)
        if not longer or left < 0:
            return None
        values = _values(query, [extender.scenario(one).apply(fabric) for one in longer])
        place = min(range(len(longer)), key=values.__getitem__)
        own = longer[place]
        if values[place] < threshold:
            return len(own), extender.scenario(own)
    return None


def _capacity(fabric: Fabric, wiring: Wiring, bundle: str) -> Fraction:
    """Return the largest capacity of a link of a bundle that is up, in kbit/s."""
    core = fabric._handle
    index = wiring.bundles.index(bundle)
    if wiring.links[index].kind == "listed":
        arrays = core.arrays()
        units = [0 if arrays is None else int(arrays[2].max())]
    else:
        units = [core.bundles()[index][3]]
        units += [capacity for _, capacity, up in wiring.overrides[index] if up]
    return Fraction(max(units), 1 << core.unit_shift)


def _residual_bound(
    fabric: Fabric, links: list[LinkSelection], question: tuple[Any, Any, Any], limit: Fraction
) -> int:
    """Return a number of link failures that surely leave the bandwidth at the limit or above."""
    sources, sinks, forwarding = question
    wiring = Wiring(fabric)
    most = {one.bundle: _capacity(fabric, wiring, one.bundle) for one in links}
    ceiling = max(most.values())
    best = 0
    # Any t proves something; at the largest capacity nothing is held back.
    for share in (1.0, 0.75, 0.5, 0.375, 0.25, 0.125, 0.0625):
        held, carried = fabric, Fraction(0)
        for one in links:
            own = most[one.bundle]
            factor = float(ceiling * Fraction(share) / own) if own else 1.0
            if share < 1 and factor < 1:
                held = held.scaled(one, factor)
                # The factor counts as the decimal that it is written as, and rounds down.
                own *= Fraction(repr(factor))
            carried = max(carried, own)
        value = Fraction(held.bandwidth(sources, sinks, forwarding=forwarding).kbit_per_s)
        if value >= limit and carried:
            best = max(best, floor((value - limit) / carried))
    return best


def _cut_bound(
    fabric: Fabric, links: list[LinkSelection], question: tuple[Any, Any, Any], limit: Fraction
) -> int | None:
    """Return a number of links of some cut whose failure leaves it below the limit."""
    sources, sinks, forwarding = question
    if not fabric.is_structured or fabric._handle.is_changed:
        return None
    whole = {bundle.name: bundle for bundle in fabric.bundles}
    # Parts of a bundle cannot be told apart in a cut by tier.
    free = {one.bundle for one in links if len(one) == whole[one.bundle].num_links}
    best: int | None = None
    for factor in (1.0, 0.999, 0.75, 0.5, 0.25, 0.125, 0.03125, 0.001):
        own = [one for one in links if one.bundle in free]
        scaled = fabric.scaled(own, factor) if factor < 1 and own else fabric
        answer = scaled.bandwidth(sources, sinks, forwarding=forwarding)
        for cut in (answer.bottleneck, answer.bottleneck_sink):
            capacity = Fraction(0)
            removable: list[tuple[Fraction, int]] = []
            for row in cut:
                if row.is_nodes:
                    capacity += Fraction(ceil(row.gbit_per_s * 10**6))
                    continue
                each = Fraction(round(whole[row.bundle].gbit_per_s * 10**6))
                capacity += each * row.links
                if row.bundle in free:
                    removable.append((each, row.links))
            count = 0
            for each, number in sorted(removable, reverse=True):
                if capacity < limit or not each:
                    break
                needed = min(number, floor((capacity - limit) / each) + 1)
                capacity -= each * needed
                count += needed
            if capacity < limit and (best is None or count < best):
                best = count
    return best
