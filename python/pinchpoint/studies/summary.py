"""What a study says: the figures that its report and its plots share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._wording import counted
from pinchpoint.units import format_bytes

if TYPE_CHECKING:
    from pinchpoint.studies.study import Study

__all__ = ["Curve", "answer", "bottlenecks", "curves", "percent", "shown", "unit", "worst_rows"]


@dataclass(frozen=True)
class Curve:
    """The share of the scenarios at or below each value, of one design.

    Attributes
    ----------
    name : str
        The design, or the fabric.
    values : list of float
        Increasing, in the unit of :func:`unit`.
    shares : list of float
        0 to 1.
    healthy : float or None
        The value when nothing has failed.
    """

    name: str
    values: list[float]
    shares: list[float]
    healthy: float | None


def _factor(study: Study) -> float:
    return 1 / 8 if study.value_name == "gbit_per_s" else 1.0


def unit(study: Study) -> str:
    """Return the unit of the figures: bandwidths are shown in GB/s."""
    return "GB/s per direction" if study.value_name == "gbit_per_s" else str(study.about["unit"])


def shown(study: Study, value: float | None) -> str:
    """Return a value as text, with its unit."""
    if value is None:
        return "no answer"
    if study.value_name == "gbit_per_s":
        return format_bytes(round(value * 1e6))
    return f"{value:.6g} {study.about['unit']}".strip()


def curves(study: Study) -> list[Curve]:
    """Return the distribution of the values, a curve per design."""
    designs = study.about["designs"]
    found = []
    for place, fabric in enumerate(study.about["fabrics"]):
        name = designs[place] if designs else fabric["name"]
        values, weights = study.values(name if designs else None)
        order = np.argsort(values, kind="stable")
        own, starts = np.unique(values[order], return_index=True)
        total = np.cumsum(weights[order])
        ends = np.append(starts[1:], len(order)) - 1
        shares = total[ends] / total[-1] if len(order) else total
        healthy = study.about["healthy"][place].get(study.value_name)
        factor = _factor(study)
        found.append(
            Curve(
                name,
                [float(value) * factor for value in own],
                [float(share) for share in shares],
                None if healthy is None else healthy * factor,
            )
        )
    return found


def bottlenecks(study: Study) -> list[tuple[str, float]]:
    """Return which tiers bind in which share of the scenarios, the most frequent first."""
    names = study.columns.get("bottleneck")
    if names is None:
        return []
    weights: dict[str, int] = {}
    for tiers, weight in zip(names, study.columns["stands_for"], strict=True):
        if tiers is not None:
            # Whichever of them has the larger share.
            name = " + ".join(sorted(tiers.split(" + ")))
            weights[name] = weights.get(name, 0) + weight
    total = sum(weights.values())
    return sorted(
        ((name, weight / total) for name, weight in weights.items()), key=lambda one: -one[1]
    )


def worst_rows(study: Study, count: int = 25) -> list[dict[str, Any]]:
    """Return the rows with the worst values, then those without an answer."""
    sign = 1 if study.about["better"] == "higher" else -1
    values = study.columns[study.value_name]
    known = [place for place, value in enumerate(values) if value is not None]
    known.sort(key=lambda place: (sign * values[place], place))
    missing = [place for place, value in enumerate(values) if value is None]
    return [
        {name: column[place] for name, column in study.columns.items()}
        for place in [*known, *missing][:count]
    ]


def answer(study: Study) -> list[str]:
    """Return the answer as sentences, a design each."""
    sentences = []
    designs = study.about["designs"]
    for place in range(len(study.about["fabrics"])):
        name = designs[place] if designs else None
        values, weights = study.values(name)
        where = f"{name}: " if name else ""
        if not len(values):
            sentences.append(f"{where}no scenario has an answer.")
            continue
        higher = study.about["better"] == "higher"
        worst = float(values.min() if higher else values.max())
        healthy = study.about["healthy"][place].get(study.value_name)
        scenarios = counted(int(weights.sum()), "scenario")
        text = f"{where}{shown(study, worst)} in the worst of {scenarios}"
        text += f" ({_first_with(study, name, worst)})"
        if healthy is not None:
            text += f", {shown(study, healthy)} when nothing more has failed"
            if healthy:
                text += f" ({_change(worst / healthy)})"
            touched = weights[values < healthy] if higher else weights[values > healthy]
            share = float(touched.sum()) / float(weights.sum())
            text += f". {percent(share)} of the scenarios lose something"
        sentences.append(text + ".")
    return sentences


def _first_with(study: Study, design: str | None, value: float) -> str:
    """Name the first scenario of a value, and say how many have the same."""
    columns = study.columns
    own = [
        place
        for place, found in enumerate(columns[study.value_name])
        if found == value and (design is None or columns["design"][place] == design)
    ]
    alike = sum(columns["stands_for"][place] for place in own) - 1
    label = str(columns["label"][own[0]])
    return f"{label}, and {alike:,} more" if alike else label


def percent(share: float) -> str:
    """Return a share as text that says 100 % only if all are meant."""
    text = f"{100 * share:.3g}"
    return f"{100 * share:.7g} %" if text == "100" and share < 1 else f"{text} %"


def _change(ratio: float) -> str:
    percent = 100 * (ratio - 1)
    return "unchanged" if abs(percent) < 0.005 else f"{percent:+.3g} %"
