"""How likely random failures push a bandwidth below a threshold: estimates with intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING, Any

from pinchpoint._result import TabularResult
from pinchpoint._table import text_table
from pinchpoint._validation import as_items, as_number, check_fabric
from pinchpoint.errors import InputTypeError, ScenarioError, StudyError
from pinchpoint.query import bandwidth as bandwidth_query
from pinchpoint.scenarios import random_links, random_nodes
from pinchpoint.selection import LinkSelection
from pinchpoint.studies.drawn import MOST, whole_number
from pinchpoint.studies.scenario import chosen_in, several
from pinchpoint.units import format_bytes, parse_rate

if TYPE_CHECKING:
    from pinchpoint.fabric import Ends, Fabric, Forwarding
    from pinchpoint.studies.scenario import Chosen

__all__ = ["FailureCurve", "failure_curve"]


@dataclass(frozen=True)
class FailureCurve(TabularResult):
    """What random failures do: estimates with confidence intervals, no guarantees.

    Attributes
    ----------
    failures : tuple of int
        Numbers of failed elements; the other tuples are in their order.
    count : int
        Random scenarios per number.
    share_below : tuple of float
        Share of the scenarios with less than the threshold, 0 to 1.
    low, high : tuple of float
        Exact (Clopper-Pearson) confidence interval of that probability.
    mean_gbit_per_s, min_gbit_per_s : tuple of float
        Over the scenarios, in Gbit/s per direction.
    confidence : float
        Of each interval, alone.
    """

    failures: tuple[int, ...]
    count: int
    share_below: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mean_gbit_per_s: tuple[float, ...]
    min_gbit_per_s: tuple[float, ...]
    confidence: float

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "failures": list(self.failures),
            "scenarios": [self.count] * len(self.failures),
            "share_below": list(self.share_below),
            "low": list(self.low),
            "high": list(self.high),
            "mean_gbit_per_s": list(self.mean_gbit_per_s),
            "min_gbit_per_s": list(self.min_gbit_per_s),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as plain values."""
        return {"confidence": self.confidence, **self._columns()}

    def __str__(self) -> str:
        rows = [
            (
                f"{k:,}",
                f"{100 * share:.3g} %",
                f"{100 * low:.3g} to {100 * high:.3g} %",
                *(format_bytes(round(gbit * 1e6)) for gbit in (mean, least)),
            )
            for k, share, low, high, mean, least in zip(
                self.failures,
                self.share_below,
                self.low,
                self.high,
                self.mean_gbit_per_s,
                self.min_gbit_per_s,
                strict=True,
            )
        ]
        interval = f"{100 * self.confidence:g} % interval"
        headers = ("failures", "below", interval, "mean", "lowest seen")
        return text_table(headers, rows, right=range(5))


def failure_curve(
    fabric: Fabric,
    sources: Ends,
    sinks: Ends,
    /,
    *,
    below: str,
    among: Chosen,
    failures: Iterable[int],
    count: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    forwarding: Forwarding = "hardware",
) -> FailureCurve:
    """Estimate how likely random failures push a bandwidth below a threshold.

    Parameters
    ----------
    fabric, sources, sinks, below, among, forwarding
        As in :func:`failures_until`.
    failures : iterable of int
        Numbers of elements to fail at once.
    count : int, default 1000
        Random scenarios for each number.
    seed : int, default 0
        Of the draws.
    confidence : float, default 0.95
        Of the intervals.

    Returns
    -------
    FailureCurve
        An estimate; it says nothing about the worst case.

    Raises
    ------
    ScenarioError
        More failures than there are elements, or a confidence that is not between 0 and 1.
    StudyError
        A scenario without an answer.

    Notes
    -----
    `count` solves for each number of failures, and fewer where symmetry makes draws equal. The
    intervals are exact for a binomial (Clopper and Pearson), each of its own.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> ends = "chip[chip=0]", "chip[chip=1]"
    >>> curve = pp.failure_curve(
    ...     rack, *ends, below="850GB/s", among="chip-switch", failures=[10, 100], count=200
    ... )
    >>> [round(share, 2) for share in curve.share_below]
    [0.03, 0.8]
    """
    from pinchpoint.studies.sweep import sweep

    check_fabric(fabric)
    confidence = as_number("confidence", confidence)
    numbers = tuple(
        whole_number("k", k, 1, 1_000_000) for k in as_items("failures", failures, "numbers")
    )
    count = whole_number("count", count, 1, MOST)
    if not 0 < confidence < 1:
        raise ScenarioError(f"confidence is {confidence}; it must be between 0 and 1")
    threshold = float(Fraction(parse_rate(below)) / 10**6)
    chosen = chosen_in(fabric, several(among), "among")
    kinds = {isinstance(one, LinkSelection) for one in chosen}
    if len(kinds) > 1:
        raise InputTypeError("among holds both links and nodes; a curve is over one of them")
    drawn = random_links if kinds == {True} else random_nodes
    query = bandwidth_query(sources, sinks, forwarding=forwarding)
    rows: list[tuple[float, ...]] = []
    for k in numbers:
        # A stream of its own for every number of failures.
        scenarios = drawn(k, count, seed, tuple(chosen))
        study = sweep(fabric, scenarios, query, seed=k, progress=False)
        for label, error in zip(study.columns["label"], study.columns["error"], strict=True):
            if error is not None:
                raise StudyError(f"{label}: {error}")
        values = study.columns["gbit_per_s"]
        hits = sum(value < threshold for value in values)
        low, high = interval(hits, count, confidence)
        rows.append((hits / count, low, high, sum(values) / count, min(values)))
    share, low_all, high_all, mean, least = zip(*rows, strict=True) if rows else ((),) * 5
    return FailureCurve(numbers, count, share, low_all, high_all, mean, least, confidence)


def interval(hits: int, count: int, confidence: float) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a probability after so many hits."""
    tail = (1 - confidence) / 2

    def at_least(probability: float) -> float:
        return 1 - _cumulated(hits - 1, count, probability)

    low = 0.0 if hits == 0 else _bisected(lambda p: at_least(p) < tail)
    high = 1.0 if hits == count else _bisected(lambda p: _cumulated(hits, count, p) > tail)
    return low, high


def _cumulated(most: int, count: int, probability: float) -> float:
    """Return the probability of at most so many hits."""
    from math import exp, log, log1p

    if most < 0:
        return 0.0
    if probability in (0.0, 1.0):
        return 1.0 if probability == 0.0 or most >= count else 0.0
    own, other = log(probability), log1p(-probability)
    terms = (
        exp(_log_choose(count, hits) + hits * own + (count - hits) * other)
        for hits in range(most + 1)
    )
    return min(1.0, sum(terms))


def _log_choose(count: int, hits: int) -> float:
    from math import lgamma, log

    if count < 1000:
        return log(comb(count, hits))
    return lgamma(count + 1) - lgamma(hits + 1) - lgamma(count - hits + 1)


def _bisected(is_low: Any) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return (low + high) / 2
