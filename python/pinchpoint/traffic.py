"""Traffic: who sends how much to whom. Patterns stay patterns until a fabric is asked.

Rates are per ordered pair unless said otherwise, in Gbit/s or GB/s (10^9 bytes), and a node sends
nothing to itself. Traffic adds up with ``+`` and scales with ``*``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._ends import is_id, kept
from pinchpoint._listed_traffic import from_matrix, from_table, pairs
from pinchpoint._patterns import (
    COLLECTIVES,
    Traffic,
    _above_zero,
    _each_once,
    _Product,
    _Ranked,
    _rate,
    _zero_or_more,
)
from pinchpoint._validation import as_floats, as_items, as_seed, check_choice
from pinchpoint._wording import counted
from pinchpoint.errors import CapacityError, SelectionError
from pinchpoint.parallelism import Parallelism, parallelism
from pinchpoint.selection import Selection

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Ends

__all__ = [
    "Parallelism",
    "Traffic",
    "all_to_all",
    "between",
    "collective",
    "experts",
    "from_matrix",
    "from_table",
    "incast",
    "pairs",
    "parallelism",
    "permutation",
    "ring",
    "skewed",
]


def all_to_all(
    nodes: Ends,
    *,
    gbit_per_s: float | None = None,
    gbyte_per_s: float | None = None,
    per_chip_gbit_per_s: float | None = None,
    per_chip_gbyte_per_s: float | None = None,
) -> Traffic:
    """Every node sends to every other.

    Parameters
    ----------
    nodes : Selection, str, node id, or a list of them
        Who takes part.
    gbit_per_s, gbyte_per_s : float
        Per ordered pair.
    per_chip_gbit_per_s, per_chip_gbyte_per_s : float
        What each node sends in all, shared equally among the others.

    Returns
    -------
    Traffic
        Never listed: a million chips are one selection and a rate.

    Raises
    ------
    UnitError
        Not exactly one rate is given.
    CapacityError
        A rate that is negative or not finite.
    SelectionError
        A node id that is listed twice.

    Notes
    -----
    A selection takes the same time and memory, whatever its size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> ring = pp.Fabric.from_links([0, 1, 2, 3], [1, 2, 3, 0], 1.0)
    >>> ring.congestion(pp.traffic.all_to_all("node", gbit_per_s=1.0)).max_utilization
    2.0
    """
    name, rate = _rate(
        {
            "gbit_per_s": gbit_per_s,
            "gbyte_per_s": gbyte_per_s,
            "per_chip_gbit_per_s": per_chip_gbit_per_s,
            "per_chip_gbyte_per_s": per_chip_gbyte_per_s,
        }
    )
    own = _each_once(kept("nodes", nodes))
    return Traffic((_Product(own, own, rate, name.startswith("per_chip")),))


def skewed(
    nodes: Ends,
    *,
    exponent: float = 1.0,
    seed: int = 0,
    per_chip_gbit_per_s: float | None = None,
    per_chip_gbyte_per_s: float | None = None,
) -> Traffic:
    """Every node sends to every other, more to some: Zipf's law, as of popular experts.

    Parameters
    ----------
    nodes : Selection, str, node id, or a list of them
        Who takes part.
    exponent : float, default 1
        The k-th most popular node gets a part in proportion to k to the power of minus this; 0 is
        an even all-to-all.
    seed : int, default 0
        Who is how popular is drawn; the same seed and number of nodes give the same.
    per_chip_gbit_per_s, per_chip_gbyte_per_s : float
        What each node sends in all.

    Returns
    -------
    Traffic
        Listed pair by pair when a fabric is asked, so it is for thousands of nodes; `experts` is
        not.

    Raises
    ------
    UnitError
        Not exactly one rate is given.
    CapacityError
        A rate or an exponent that is negative or not finite.

    Notes
    -----
    Takes constant time; a fabric that is asked lists O(n^2) pairs for n nodes.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> even, uneven = (
    ...     pp.traffic.skewed("chip", exponent=e, per_chip_gbyte_per_s=90.0) for e in (0.0, 1.0)
    ... )
    >>> round(rack.congestion(even).max_utilization, 3)
    0.1
    >>> round(rack.congestion(uneven).max_utilization, 3)
    1.478
    """
    _, rate = _rate(
        {"per_chip_gbit_per_s": per_chip_gbit_per_s, "per_chip_gbyte_per_s": per_chip_gbyte_per_s}
    )
    exponent = _zero_or_more("exponent", exponent)
    ranked = _Ranked(kept("nodes", nodes), "zipf", rate, as_seed(seed), exponent=exponent)
    return Traffic((ranked,))


def between(
    sources: Ends,
    sinks: Ends,
    *,
    gbit_per_s: float | None = None,
    gbyte_per_s: float | None = None,
) -> Traffic:
    """Every source sends to every sink other than itself, at this rate per ordered pair.

    Parameters
    ----------
    sources, sinks : Selection, str, node id, or a list of them
        Who sends, and to whom.
    gbit_per_s, gbyte_per_s : float
        Of each pair that sends, in Gbit/s or 10^9 bytes/s; one of them.

    Returns
    -------
    Traffic
        Never listed before a fabric is asked.

    Raises
    ------
    UnitError
        Not exactly one rate is given.
    CapacityError
        A rate that is negative or not finite.
    SelectionError
        A node id that is listed twice at one end.

    Notes
    -----
    A selection takes the same time and memory, whatever its size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> halves = pp.traffic.between("chip[chip=0:36]", "chip[chip=36:72]", gbyte_per_s=1.0)
    >>> round(rack.congestion(halves).max_utilization * 900, 6)  # 36 GB/s of the 900 of a chip
    36.0
    """
    _, rate = _rate({"gbit_per_s": gbit_per_s, "gbyte_per_s": gbyte_per_s})
    own = (_each_once(kept("sources", sources)), _each_once(kept("sinks", sinks)))
    return Traffic((_Product(*own, rate),))


def incast(
    sources: Ends,
    sink: Ends,
    *,
    gbit_per_s: float | None = None,
    gbyte_per_s: float | None = None,
) -> Traffic:
    """Every source sends to one sink, at this rate each.

    Parameters
    ----------
    sources : Selection, str, node id, or a list of them
        Who sends.
    sink : Selection, str or node id
        Who receives.
    gbit_per_s, gbyte_per_s : float
        Of each pair that sends, in Gbit/s or 10^9 bytes/s; one of them.

    Returns
    -------
    Traffic
        Never listed before a fabric is asked.

    Raises
    ------
    UnitError
        Not exactly one rate is given.
    CapacityError
        A rate that is negative or not finite.
    SelectionError
        A node id that is listed twice.

    Notes
    -----
    A selection takes the same time and memory, whatever its size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> star = pp.Fabric.from_links([0, 1, 2, 3], [4, 4, 4, 4], 100.0)
    >>> burst = star.congestion(pp.traffic.incast([0, 1, 2], 3, gbit_per_s=100.0))
    >>> burst.max_utilization
    3.0
    >>> burst.bottlenecks(1)[0].head
    'node[node=3]'
    """
    return between(sources, sink, gbit_per_s=gbit_per_s, gbyte_per_s=gbyte_per_s)


def experts(
    nodes: Ends,
    groups: Iterable[Ends],
    *,
    exponent: float | None = None,
    shares: npt.ArrayLike | None = None,
    per_chip_gbit_per_s: float | None = None,
    per_chip_gbyte_per_s: float | None = None,
) -> Traffic:
    """Every node sends to every group of nodes, more to some groups than to others.

    What a mixture of experts sends when some experts are in demand: a group is the chips that hold
    one expert.

    Parameters
    ----------
    nodes : Selection, str, node id, or a list of them
        Who sends.
    groups : iterable of selections, str, node ids, or lists of them
        Who receives, the most wanted first if `exponent` is given.
    exponent : float, optional
        Zipf's law: group ``i`` (from 1) gets a share in proportion to ``i ** -exponent``; 0 is
        uniform.
    shares : array_like of float, shape (groups,), optional
        Share of each group instead, in any scale.
    per_chip_gbit_per_s, per_chip_gbyte_per_s : float
        What each node sends in all. The share of a group is split equally among its nodes; what a
        node would send to itself stays with it.

    Returns
    -------
    Traffic
        One implicit pattern per group; no pair is listed.

    Raises
    ------
    SelectionError
        No group, or neither or both of `exponent` and `shares`.
    CapacityError
        A share or an exponent that is negative or not finite, or shares that are all zero.
    UnitError
        Not exactly one rate is given.

    Notes
    -----
    Takes O(groups) time and memory, whatever the number of nodes.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> star = pp.Fabric.from_links([0, 1, 2], [3, 3, 3], 10.0)
    >>> traffic = pp.traffic.experts([0, 1, 2], [0, 1, 2], exponent=1, per_chip_gbit_per_s=11)
    >>> star.congestion(traffic).loads()[1].round(6).tolist()
    [12.0, 6.0, 4.0]
    """
    _, rate = _rate(
        {"per_chip_gbit_per_s": per_chip_gbit_per_s, "per_chip_gbyte_per_s": per_chip_gbyte_per_s}
    )
    nodes = kept("nodes", nodes)
    own = [kept("groups", one) for one in as_items("groups", groups, "selections")]
    if not own:
        raise SelectionError("groups is empty; traffic needs one group at least")
    if (exponent is None) == (shares is None):
        raise SelectionError("give exponent or shares, one of them")
    if exponent is not None:
        parts = np.arange(1, len(own) + 1, dtype=np.float64) ** -_zero_or_more("exponent", exponent)
    else:
        parts = as_floats("shares", shares)
        if parts.size != len(own):
            raise SelectionError(
                f"shares has {counted(parts.size, 'number')} for {counted(len(own), 'group')}"
            )
    if not np.isfinite(parts).all() or (parts < 0).any() or not parts.any():
        raise CapacityError("shares must be finite and zero or more, and not all zero")
    parts = parts / parts.sum()
    products = zip(own, parts.tolist(), strict=True)
    return Traffic(tuple(_Product(nodes, one, rate * part, shared=True) for one, part in products))


def permutation(
    nodes: Ends,
    *,
    seed: int = 0,
    gbit_per_s: float | None = None,
    gbyte_per_s: float | None = None,
) -> Traffic:
    """Every node sends to one other, drawn so that each also receives from one.

    Parameters
    ----------
    nodes : Selection, str, node id, or a list of them
        Who takes part.
    seed : int, default 0
        The same seed and number of nodes give the same pairs.
    gbit_per_s, gbyte_per_s : float
        Of each pair that sends, in Gbit/s or 10^9 bytes/s; one of them.

    Returns
    -------
    Traffic
        Not listed before a fabric is asked.

    Raises
    ------
    UnitError
        Not exactly one rate is given.
    CapacityError
        A rate that is negative or not finite.
    SelectionError
        A seed below zero.

    Notes
    -----
    Takes constant time; a fabric that is asked lists n pairs for n nodes.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.leaf_spine(64, radix=16, oversubscription=3)
    >>> pairs = pp.traffic.permutation("chip", seed=1, gbit_per_s=400.0)
    >>> round(net.congestion(pairs).max_utilization, 3)
    2.75
    >>> net.fair_rates(pairs).sources.size
    64
    """
    _, rate = _rate({"gbit_per_s": gbit_per_s, "gbyte_per_s": gbyte_per_s})
    return Traffic((_Ranked(kept("nodes", nodes), "permutation", rate, as_seed(seed)),))


def ring(
    nodes: Ends, /, *, gbit_per_s: float | None = None, gbyte_per_s: float | None = None
) -> Traffic:
    """Every node sends to the next one, the last to the first.

    Parameters
    ----------
    nodes : Selection, str, node id, or a list of them
        Who takes part; ranks are in the order of the list if node ids are listed, else in the
        order of ids.
    gbit_per_s, gbyte_per_s : float
        Of each pair that sends, in Gbit/s or 10^9 bytes/s; one of them.

    Returns
    -------
    Traffic
        Not listed before a fabric is asked.

    Raises
    ------
    UnitError
        Not exactly one rate is given.
    CapacityError
        A rate that is negative or not finite.

    Notes
    -----
    Takes constant time; a fabric that is asked lists n pairs for n nodes.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> star = pp.Fabric.from_links([0, 1, 2, 3], [4, 4, 4, 4], 100.0)
    >>> rates = star.fair_rates(pp.traffic.ring([0, 2, 1, 3], gbit_per_s=50.0))
    >>> list(zip(rates.sources.tolist(), rates.sinks.tolist()))
    [(0, 2), (2, 1), (1, 3), (3, 0)]
    """
    _, rate = _rate({"gbit_per_s": gbit_per_s, "gbyte_per_s": gbyte_per_s})
    return Traffic((_Ranked(kept("nodes", nodes), "ring", rate),))


def collective(op: str, nodes: Any, *, gbyte: float, seconds: float = 1.0) -> Traffic:
    """Write a collective as demands: rates that move it all in a given time.

    Parameters
    ----------
    op : str
        "all_reduce", "reduce_scatter", "all_gather", "broadcast" and "reduce" go around a ring in
        the order of the ranks, "send_recv" from each rank to the next, "all_to_all" straight.
    nodes : Selection, str, node id, or a list of them
        The ranks, counted when a fabric is asked: a node that several selections have is one, and
        is refused where ranks have an order.
    gbyte : float
        nccl-tests' S in 10^9 bytes, as in :meth:`pinchpoint.Fabric.collective`.
    seconds : float, default 1
        The time; with 1, the largest utilisation is the time in seconds.

    Returns
    -------
    Traffic

    Raises
    ------
    SelectionError
        An unknown `op`, or fewer than two ranks.
    CapacityError
        A `gbyte` or `seconds` that is not above zero.

    Notes
    -----
    A ring is listed when a fabric is asked, a pair for each rank; an all-to-all never is.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> chips = rack.select("chip")
    >>> job = pp.traffic.collective("all_reduce", chips, gbyte=1.0)
    >>> round(rack.congestion(job).max_utilization * 1e3, 3)
    2.191
    """
    check_choice("op", op, COLLECTIVES)
    own = kept("nodes", nodes)
    count = _at_most(own)
    if count < 2:
        raise SelectionError(f"a collective needs two ranks or more, and {count} is given")
    rate = _above_zero("gbyte", gbyte) * 8 / _above_zero("seconds", seconds)
    if op == "all_to_all":
        return Traffic((_Product(_each_once(own), own, rate, shared=True),))
    return Traffic((_Ranked(own, "ring", rate, op=op),))


def _at_most(nodes: Any) -> float:
    """Count the nodes there can be, before a fabric says what text names."""
    if isinstance(nodes, Selection | range):
        return len(nodes)
    if isinstance(nodes, np.ndarray):
        return nodes.size
    if isinstance(nodes, tuple):
        return sum(map(_at_most, nodes))
    return 1 if is_id(nodes) else math.inf
