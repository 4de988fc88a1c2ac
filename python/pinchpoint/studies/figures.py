"""The figures of a report as matplotlib functions that draw on given axes (extra ``plot``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint._extras import needed
from pinchpoint.studies import summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pinchpoint.studies.curve import FailureCurve
    from pinchpoint.studies.study import Study

__all__ = ["bottlenecks", "distribution", "failure_curve"]


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    own: Axes = needed("matplotlib.pyplot", "a plot", "plot").gca()
    return own


def distribution(study: Study, ax: Axes | None = None) -> Axes:
    """Draw the share of the scenarios at or below each value.

    Parameters
    ----------
    study : Study
        Made by :func:`pinchpoint.sweep`.
    ax : matplotlib axes, optional
        Default the current ones.

    Returns
    -------
    matplotlib axes
    """
    own = _axes(ax)
    for curve in summary.curves(study):
        xs = [*curve.values[:1], *curve.values]
        ys = [0.0, *(100 * share for share in curve.shares)]
        (line,) = own.step(xs, ys[: len(xs)], where="post", label=curve.name)
        if curve.healthy is not None:
            own.axvline(curve.healthy, color=line.get_color(), linestyle=":", linewidth=1)
    own.set_xlabel(
        f"{study.value_name.replace('_gbit_per_s', '')} [{summary.unit(study)}]".replace(
            "gbit_per_s", "bandwidth"
        )
    )
    own.set_ylabel("scenarios at or below [%]")
    own.set_ylim(0, 102)
    own.legend(frameon=False)
    return own


def bottlenecks(study: Study, ax: Axes | None = None) -> Axes:
    """Draw which tiers bind, by share of the scenarios.

    Parameters
    ----------
    study : Study
        Whose query tells a bottleneck; the twelve most frequent are drawn.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
    """
    own = _axes(ax)
    rows = summary.bottlenecks(study)[:12][::-1]
    own.barh([name for name, _ in rows], [100 * share for _, share in rows])
    own.set_xlabel("scenarios in which it binds [%]")
    own.set_xlim(0, 100)
    return own


def failure_curve(curve: FailureCurve, ax: Axes | None = None) -> Axes:
    """Draw the estimated probability of falling below the threshold, with its intervals.

    Parameters
    ----------
    curve : FailureCurve
        Made by :func:`pinchpoint.failure_curve`.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
    """
    own = _axes(ax)
    low = [share - one for share, one in zip(curve.share_below, curve.low, strict=True)]
    high = [one - share for share, one in zip(curve.share_below, curve.high, strict=True)]
    own.errorbar(
        curve.failures, curve.share_below, yerr=[low, high], fmt="o-", capsize=3, markersize=4
    )
    own.set_xlabel("random failures")
    own.set_ylabel(f"probability, {100 * curve.confidence:g} % intervals")
    own.set_ylim(-0.02, 1.02)
    return own
