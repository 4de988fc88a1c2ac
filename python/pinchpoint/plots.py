"""Plots of answers: use by tier, spread over seeds, and a figure against what was varied.

Every function draws on the axes it is given, or on the current ones, and returns them. They need
matplotlib (extra ``plot``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._extras import needed
from pinchpoint._wording import a_type, counted
from pinchpoint.bandwidth import Bandwidth
from pinchpoint.collective import Collective
from pinchpoint.congestion import Congestion
from pinchpoint.errors import GraphError, InputTypeError
from pinchpoint.throughput import Throughput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

__all__ = ["against", "seeds", "utilization"]

_FULL = "#a50026"
_COLOURS = {"forward": "#3b7dd8", "backward": "#e8743b"}


def utilization(result: Congestion, /, *, ax: Axes | None = None) -> Axes:
    """Draw how full each tier is: a bar to the mean of its links and a mark at the fullest.

    Parameters
    ----------
    result : Congestion
        Of :meth:`pinchpoint.Fabric.congestion`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default the current axes.

    Returns
    -------
    matplotlib.axes.Axes
        Horizontal: utilisation in %, with a line at 100 %. Tiers that carry nothing are left out.

    Raises
    ------
    InputTypeError
        Another kind of result.
    """
    if not isinstance(result, Congestion):
        raise InputTypeError(f"result is {a_type(result)}; it must be a Congestion")
    axes = _axes(ax)
    columns = result._columns()
    rows = list(zip(*columns.values(), strict=True))
    used = {row[0] for row in rows if row[5]}
    tiers = [name for name in dict.fromkeys(columns["tier"]) if name in used]
    height = 0.38
    for name, direction, _, fullest, mean, _ in rows:
        if name not in used:
            continue
        at = tiers.index(name) + (-height / 2 if direction == "forward" else height / 2)
        first = name == tiers[0]
        axes.barh(
            at, 100 * mean, height, color=_COLOURS[direction], label=direction if first else None
        )
        axes.plot(
            [100 * fullest] * 2,
            [at - height / 2, at + height / 2],
            color="black",
            linewidth=2,
            label="fullest link" if first and direction == "forward" else None,
        )
    axes.axvline(100, color=_FULL, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(tiers)), tiers)
    axes.invert_yaxis()
    axes.set_xlim(0, max(105.0, 105 * max(columns["max_utilization"], default=0.0)))
    axes.set_xlabel("utilization, % (bar: mean of the links)")
    if tiers:
        axes.legend(loc="best", fontsize="small")
    return axes


def seeds(result: Congestion, /, *, ax: Axes | None = None, label: str | None = None) -> Axes:
    """Draw how the fullest link varies over the seeds of hashed routing.

    Parameters
    ----------
    result : Congestion
        With ``routing="ecmp-hash"`` and several seeds.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default the current axes.
    label : str, optional
        For the legend, where several results share axes.

    Returns
    -------
    matplotlib.axes.Axes
        Share of the seeds (vertical) with a fullest link of at most so many % (horizontal), and a
        line at the mean.

    Raises
    ------
    InputTypeError
        Another kind of result.
    GraphError
        A result of one draw.
    """
    if not isinstance(result, Congestion):
        raise InputTypeError(f"result is {a_type(result)}; it must be a Congestion")
    values = 100 * np.sort(result.distribution)
    if values.size < 2:
        raise GraphError("the result has one draw; ask with routing='ecmp-hash' and several seeds")
    axes = _axes(ax)
    share = np.arange(1, values.size + 1) / values.size
    steps = axes.step(
        np.concatenate([values[:1], values]),
        np.concatenate([[0.0], share]),
        where="post",
        label=label or counted(values.size, "seed"),
    )
    axes.axvline(
        values.mean(),
        color=steps[0].get_color(),
        linestyle=":",
        label=f"mean {values.mean():.4g} %",
    )
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("utilization of the fullest link, %")
    axes.set_ylabel("share of the seeds")
    axes.legend(loc="best", fontsize="small")
    return axes


def against(
    values: Sequence[float],
    results: Sequence[Throughput | Congestion | Collective | Bandwidth],
    /,
    *,
    label: str | None = None,
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a figure against what was varied: oversubscription, failed links, chips.

    Parameters
    ----------
    values : sequence of float, shape (points,)
        What was varied.
    results : sequence of results, shape (points,)
        All of one kind: of a throughput both bounds (a band), of a congestion how much of the
        traffic fits, of a collective its busbw, of a bandwidth its GB/s.
    label : str, optional
        For the legend, where several curves share axes.
    xlabel : str, optional
        What was varied, in words.
    ax : matplotlib.axes.Axes, optional
        Where to draw; default the current axes.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    GraphError
        No result, or not one per value.
    InputTypeError
        Results of different kinds, or of one that has no such figure.
    """
    if len(values) != len(results) or not results:
        raise GraphError(
            f"{counted(len(values), 'value')} and {counted(len(results), 'result')}; "
            "give one result per value"
        )
    what, low, high = _figures(results)
    axes = _axes(ax)
    order = np.argsort(np.asarray(values, float), kind="stable")
    across = np.asarray(values, float)[order]
    lower, upper = np.array(low)[order], np.array(high)[order]
    (line,) = axes.plot(across, lower, marker="o", markersize=4, label=label)
    if (upper > lower).any():
        axes.fill_between(across, lower, upper, color=line.get_color(), alpha=0.25, linewidth=0)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(what)
    axes.set_ylim(bottom=0)
    if label is not None:
        axes.legend(loc="best", fontsize="small")
    return axes


def _figures(results: Sequence[Any]) -> tuple[str, list[float], list[float]]:
    """Find what the results have in common: its name, and lower and upper values."""
    kinds = {
        Throughput: ("throughput, multiples of the traffic", "lower", "upper"),
        Congestion: ("share of the traffic that fits", "multiplier", "multiplier"),
        Collective: ("busbw, GB/s", "busbw_gbyte_per_s", "busbw_upper_gbyte_per_s"),
        Bandwidth: ("GB/s per direction", "gbyte_per_s", "gbyte_per_s"),
    }
    for kind, (what, low, high) in kinds.items():
        if all(isinstance(one, kind) for one in results):
            return (
                what,
                [float(getattr(one, low)) for one in results],
                [float(getattr(one, high)) for one in results],
            )
    found = sorted({type(one).__name__ for one in results})
    raise InputTypeError(
        f"results are {', '.join(found)}; they must be of one kind with a figure to draw"
    )


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    own: Axes = needed("matplotlib.pyplot", "a plot", "plot").gca()
    return own
