"""Traffic: who sends how much to whom. Patterns stay patterns until a fabric is asked.

Rates are per ordered pair unless said otherwise, in Gbit/s or GB/s (10^9 bytes), and a node sends
nothing to itself. Traffic adds up with ``+`` and scales with ``*``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._suggest import did_you_mean
from pinchpoint._validation import as_floats
from pinchpoint.errors import CapacityError, GraphError, InputTypeError, SelectionError, UnitError
from pinchpoint.selection import Selection

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint import _core
    from pinchpoint.fabric import Ends, Fabric

    Ids = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

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

_DIMENSIONS = ("tp", "cp", "ep", "pp", "dp")


@dataclass(frozen=True)
class _Product:
    """Every source to every other sink; never listed."""

    sources: Any
    sinks: Any
    gbit_per_s: float
    per_source: bool = False
    # Whether the rate is shared among the sinks.
    shared: bool = False


@dataclass(frozen=True)
class _Pairs:
    """Listed pairs of node ids."""

    sources: Ids
    sinks: Ids
    gbit_per_s: Floats


@dataclass(frozen=True)
class _Ranked:
    """A pattern over ranks: pairs follow from the number of ranks."""

    ranks: Any
    pattern: str
    gbit_per_s: float
    seed: int = 0
    shape: tuple[int, ...] = ()
    axis: int = 0
    exponent: float = 0.0

    def rates(self, sources: Ids, sinks: Ids, count: int) -> Floats:
        """Rate of each pair of ranks."""
        if self.pattern != "zipf":
            return np.full(sources.size, self.gbit_per_s)
        place = np.random.default_rng(self.seed).permutation(count)
        weight = (1.0 + place) ** -self.exponent
        # A rank's own popularity is shared among the others: each sends as much.
        rates: Floats = self.gbit_per_s * weight[sinks] / (weight.sum() - weight[sources])
        return rates

    def pairs(self, count: int) -> tuple[Ids, Ids]:
        index = np.arange(count, dtype=np.int64)
        if self.pattern == "zipf":
            sources, sinks = np.repeat(index, count), np.tile(index, count)
            return sources[sources != sinks], sinks[sources != sinks]
        if self.pattern == "ring":
            return index, np.roll(index, -1)
        if self.pattern == "permutation":
            return index, _derangement(count, self.seed)
        groups = np.moveaxis(index.reshape(self.shape), self.axis, -1).reshape(
            -1, self.shape[self.axis]
        )
        width = groups.shape[1]
        if self.pattern == "groups-ring":
            return groups.ravel(), np.roll(groups, -1, axis=1).ravel()
        if self.pattern == "groups-pipeline":
            return groups[:, :-1].ravel(), groups[:, 1:].ravel()
        sources = np.repeat(groups, width, axis=1).ravel()
        sinks = np.tile(groups, (1, width)).ravel()
        differ = sources != sinks
        return sources[differ], sinks[differ]


def _derangement(count: int, seed: int) -> Ids:
    """Draw a permutation and swap its fixed points away."""
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(count).astype(np.int64)
    fixed = np.flatnonzero(drawn == np.arange(count))
    if fixed.size == 1:
        other = (fixed[0] + 1) % count
        drawn[[fixed[0], other]] = drawn[[other, fixed[0]]]
    elif fixed.size:
        drawn[fixed] = np.roll(drawn[fixed], 1)
    return drawn


@dataclass(frozen=True, eq=False)
class Traffic:
    """Who sends how much to whom; made by the functions of :mod:`pinchpoint.traffic`."""

    parts: tuple[_Product | _Pairs | _Ranked, ...]

    def __add__(self, other: Traffic) -> Traffic:
        if not isinstance(other, Traffic):
            return NotImplemented
        return Traffic(self.parts + other.parts)

    def __mul__(self, factor: float) -> Traffic:
        if not np.isfinite(factor) or factor < 0:
            raise CapacityError(f"factor is {factor}; it must be finite and zero or more")
        return Traffic(tuple(_scaled(part, factor) for part in self.parts))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"Traffic({' + '.join(_named(part) for part in self.parts)})"

    def _resolve(
        self, fabric: Fabric
    ) -> tuple[
        list[tuple[list[_core.Selection], list[_core.Selection], float]],
        tuple[Ids, Ids, Floats],
    ]:
        """Products of selections, and pairs of node ids."""
        products = []
        listed: list[tuple[Ids, Ids, Floats]] = []
        for part in self.parts:
            if isinstance(part, _Product):
                sources = fabric._ends(part.sources, "sources")
                sinks = fabric._ends(part.sinks, "sinks")
                products.append((sources, sinks, _per_pair(part, sources, sinks)))
            elif isinstance(part, _Pairs):
                listed.append((part.sources, part.sinks, part.gbit_per_s))
            else:
                ids = _rank_ids(fabric, part.ranks)
                if ids.size < 2:
                    raise SelectionError(f"a {part.pattern} needs two nodes or more")
                if part.shape and ids.size != np.prod(part.shape):
                    raise SelectionError(
                        f"the parallel dimensions make {np.prod(part.shape)} ranks, but "
                        f"{ids.size} chips are selected"
                    )
                sources_at, sinks_at = part.pairs(ids.size)
                rates = part.rates(sources_at, sinks_at, ids.size)
                listed.append((ids[sources_at], ids[sinks_at], rates))
        if not listed:
            return products, (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        own = [np.ascontiguousarray(np.concatenate(column)) for column in zip(*listed, strict=True)]
        return products, (own[0], own[1], own[2])


def _scaled(part: Any, factor: float) -> Any:
    return replace(part, gbit_per_s=part.gbit_per_s * factor)


def _named(part: _Product | _Pairs | _Ranked) -> str:
    if isinstance(part, _Pairs):
        return "1 pair" if part.sources.size == 1 else f"{part.sources.size:,} pairs"
    if isinstance(part, _Ranked):
        return part.pattern.replace("_", "-")
    return "all-to-all" if part.sources is part.sinks else "each to each"


def _per_pair(
    part: _Product, sources: list[_core.Selection], sinks: list[_core.Selection]
) -> float:
    if part.shared:
        return part.gbit_per_s / max(num_nodes(sinks), 1)
    if not part.per_source:
        return part.gbit_per_s
    count = num_nodes(sources)
    if count < 2:
        raise SelectionError("an all-to-all needs two nodes or more")
    return part.gbit_per_s / (count - 1)


def num_nodes(selections: list[_core.Selection]) -> int:
    """Count the nodes of some selections, each once; no node is listed."""
    by_group: dict[str, _core.Selection] = {}
    for one in selections:
        known = by_group.get(one.group)
        by_group[one.group] = one if known is None else known.combine(one, "|")
    return sum(one.num_nodes for one in by_group.values())


def products_of(
    fabric: Fabric, traffic: Traffic
) -> list[tuple[list[_core.Selection], list[_core.Selection], float]] | None:
    """Products of selections, or None if some of the traffic is listed pair by pair."""
    products = []
    for part in traffic.parts:
        if not isinstance(part, _Product):
            return None
        sources = fabric._ends(part.sources, "sources")
        sinks = sources if part.sinks is part.sources else fabric._ends(part.sinks, "sinks")
        products.append((sources, sinks, _per_pair(part, sources, sinks)))
    return products


def _ids(fabric: Fabric, selections: list[_core.Selection]) -> Ids:
    return np.concatenate([fabric._handle.node_ids(one) for one in selections]).astype(np.int64)


def _rank_ids(fabric: Fabric, ranks: Any) -> Ids:
    """Node ids in rank order: that of the list if ids are listed, else increasing."""
    if not isinstance(ranks, Selection | str) and isinstance(ranks, Iterable):
        own = list(ranks)
        if own and all(isinstance(one, int | np.integer) for one in own):
            ids = np.array(own, np.int64)
            repeated = np.flatnonzero(np.bincount(ids[ids >= 0]) > 1)
            if repeated.size:
                raise SelectionError(f"node {repeated[0]} has two ranks")
            return ids
        found = np.concatenate([_ids(fabric, fabric._ends(one, "ranks")) for one in own])
        if np.unique(found).size != found.size:
            raise SelectionError("the ranks name a node twice")
        return found
    return _ids(fabric, fabric._ends(ranks, "ranks"))


def _rate(options: Mapping[str, float | None]) -> tuple[str, float]:
    """Return the name of the one rate that is given, and its value in Gbit/s."""
    given = [(name, value) for name, value in options.items() if value is not None]
    if len(given) != 1:
        raise UnitError(f"give one of {', '.join(options)}; {len(given)} are given")
    name, value = given[0]
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise InputTypeError(f"{name} is {value!r}; it must be a number")
    if not np.isfinite(value) or value < 0:
        raise CapacityError(f"{name} is {value}; it must be finite and zero or more")
    return name, float(value) * (8 if "gbyte" in name else 1)


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
    return Traffic((_Product(nodes, nodes, rate, name.startswith("per_chip")),))


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
    CapacityError
        An exponent that is negative or not finite.

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
    number = isinstance(exponent, int | float | np.number) and not isinstance(exponent, bool)
    if not number or not np.isfinite(exponent) or exponent < 0:
        raise CapacityError(f"exponent is {exponent!r}; it must be finite and zero or more")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputTypeError(f"seed is {seed!r}; it must be an integer, zero or more")
    return Traffic((_Ranked(nodes, "zipf", rate, seed, exponent=float(exponent)),))


def between(
    sources: Ends,
    sinks: Ends,
    *,
    gbit_per_s: float | None = None,
    gbyte_per_s: float | None = None,
) -> Traffic:
    """Every source sends to every sink other than itself, at this rate per ordered pair."""
    _, rate = _rate({"gbit_per_s": gbit_per_s, "gbyte_per_s": gbyte_per_s})
    return Traffic((_Product(sources, sinks, rate),))


def incast(
    sources: Ends,
    sink: Ends,
    *,
    gbit_per_s: float | None = None,
    gbyte_per_s: float | None = None,
) -> Traffic:
    """Every source sends to one sink, at this rate each."""
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
    own = list(groups)
    if not own:
        raise SelectionError("groups is empty; traffic needs one group at least")
    if (exponent is None) == (shares is None):
        raise SelectionError("give exponent or shares, one of them")
    if exponent is not None:
        if not np.isfinite(exponent) or exponent < 0:
            raise CapacityError(f"exponent is {exponent}; it must be finite and zero or more")
        parts = np.arange(1, len(own) + 1, dtype=np.float64) ** -exponent
    else:
        parts = as_floats("shares", shares)
        if parts.size != len(own):
            raise SelectionError(f"shares has {parts.size} numbers for {len(own)} groups")
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

    The same seed and number of nodes give the same pairs.
    """
    _, rate = _rate({"gbit_per_s": gbit_per_s, "gbyte_per_s": gbyte_per_s})
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputTypeError(f"seed is {seed!r}; it must be an integer, zero or more")
    return Traffic((_Ranked(nodes, "permutation", rate, seed),))


def ring(
    nodes: Ends, /, *, gbit_per_s: float | None = None, gbyte_per_s: float | None = None
) -> Traffic:
    """Every node sends to the next one, the last to the first.

    Ranks are in the order of the list if node ids are listed, else in the order of ids.
    """
    _, rate = _rate({"gbit_per_s": gbit_per_s, "gbyte_per_s": gbyte_per_s})
    return Traffic((_Ranked(nodes, "ring", rate),))


def pairs(sources: npt.ArrayLike, sinks: npt.ArrayLike, gbit_per_s: npt.ArrayLike = 1.0) -> Traffic:
    """Single pairs of node ids.

    Parameters
    ----------
    sources, sinks : array_like of int, shape (pairs,)
        Node ids; a source must differ from its sink.
    gbit_per_s : array_like of float, shape (pairs,) or scalar, default 1
        Rate of each pair; repeated pairs add up.

    Returns
    -------
    Traffic

    Raises
    ------
    GraphError
        Arrays of different lengths.
    """
    own = []
    for name, values in (("sources", sources), ("sinks", sinks)):
        array = np.asarray(values)
        if array.ndim != 1:
            raise GraphError(f"{name} has {array.ndim} dimensions; it must have one")
        if array.size and array.dtype.kind not in "iu":
            raise InputTypeError(f"{name} has dtype {array.dtype}; node ids are integers")
        own.append(array.astype(np.int64))
    if np.ndim(gbit_per_s) == 0:
        gbit_per_s = np.full(own[0].size, gbit_per_s)
    rate = as_floats("gbit_per_s", gbit_per_s).copy()
    if not own[0].size == own[1].size == rate.size:
        raise GraphError(
            f"sources, sinks and gbit_per_s have {own[0].size}, {own[1].size} and {rate.size} "
            "entries; they must be equally long"
        )
    return Traffic((_Pairs(own[0], own[1], rate),))


def from_matrix(matrix: Any, nodes: npt.ArrayLike | None = None) -> Traffic:
    """Read a square matrix of rates in Gbit/s: row sends to column.

    Parameters
    ----------
    matrix : ndarray or SciPy sparse matrix, shape (n, n)
        Rates; zeros are no traffic. The diagonal must be zero.
    nodes : array_like of int, shape (n,), optional
        Node id of each row; default 0 to n - 1.

    Returns
    -------
    Traffic

    Raises
    ------
    GraphError
        A matrix that is not square, or whose size does not fit `nodes`.
    """
    if hasattr(matrix, "tocoo"):
        entries = matrix.tocoo()
        shape, own = entries.shape, (entries.row, entries.col, entries.data)
    else:
        dense = np.asarray(matrix)
        if dense.ndim != 2:
            raise GraphError(f"matrix has {dense.ndim} dimensions; it must have two")
        rows, columns = np.nonzero(dense)
        shape, own = dense.shape, (rows, columns, dense[rows, columns])
    if shape[0] != shape[1]:
        raise GraphError(f"matrix has shape {shape}; it must be square")
    sources, sinks = (np.asarray(ids).astype(np.int64) for ids in own[:2])
    if nodes is not None:
        ids = np.asarray(nodes)
        if ids.shape != (shape[0],):
            raise GraphError(f"nodes has shape {ids.shape} for a matrix of shape {shape}")
        sources, sinks = ids[sources], ids[sinks]
    return pairs(sources, sinks, own[2])


def from_table(
    table: Any, *, source: str = "source", sink: str = "sink", gbit_per_s: str = "gbit_per_s"
) -> Traffic:
    """Read pairs from the rows of a table: an edge list of who sends how much to whom.

    Parameters
    ----------
    table : Arrow table, DataFrame, or mapping of str to array_like
        Anything with ``__arrow_c_stream__`` (pyarrow, pandas, polars, DuckDB; needs pyarrow), or
        columns by name.
    source, sink : str
        Names of the columns of node ids.
    gbit_per_s : str
        Name of the column of rates in Gbit/s; repeated pairs add up.

    Returns
    -------
    Traffic

    Raises
    ------
    GraphError
        A column that is not there, or that has empty entries.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> table = {"source": [0, 0], "sink": [1, 2], "gbit_per_s": [100.0, 50.0]}
    >>> pp.traffic.from_table(table)
    Traffic(2 pairs)
    """
    if isinstance(table, Mapping):
        columns = {name: np.asarray(values) for name, values in table.items()}
    elif hasattr(table, "__arrow_c_stream__"):
        import pyarrow as pa

        own = pa.table(table)
        for name in (source, sink, gbit_per_s):
            if name in own.column_names and own[name].null_count:
                raise GraphError(f"column {name!r} has {own[name].null_count} empty entries")
        columns = {name: own[name].to_numpy() for name in own.column_names}
    else:
        raise InputTypeError(
            f"table is a {type(table).__name__}; it must be a mapping of columns or speak Arrow"
        )
    for name in (source, sink, gbit_per_s):
        if name not in columns:
            raise GraphError(f"no column is called {name!r}{did_you_mean(name, columns)}")
    return pairs(columns[source], columns[sink], columns[gbit_per_s])


def collective(op: str, nodes: Any, *, gbyte: float, seconds: float = 1.0) -> Traffic:
    """Write a collective as demands: rates that move it all in a given time.

    Parameters
    ----------
    op : str
        "all_reduce", "reduce_scatter", "all_gather", "broadcast" and "reduce" go around a ring in
        the order of the ranks, "send_recv" from each rank to the next, "all_to_all" straight.
    nodes : Selection, or a list of selections or node ids
        The ranks.
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

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> chips = rack.select("chip")
    >>> job = pp.traffic.collective("all_reduce", chips, gbyte=1.0)
    >>> round(rack.congestion(job).max_utilization * 1e3, 3)
    2.191
    """
    count = len(nodes) if isinstance(nodes, Selection) else 0
    if not isinstance(nodes, Selection | str) and isinstance(nodes, Iterable):
        nodes = list(nodes)
        count = sum(len(one) if isinstance(one, Selection) else 1 for one in nodes)
    if isinstance(nodes, str):
        raise InputTypeError(f"nodes is {nodes!r}; give a selection or a list, which has a length")
    if count < 2:
        raise SelectionError(f"a collective needs two ranks or more, and {count} is given")
    each = _volume(op, count, gbyte) / _above_zero("seconds", seconds)
    if op == "all_to_all":
        return all_to_all(nodes, gbyte_per_s=each)
    return ring(nodes, gbyte_per_s=each)


def _above_zero(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise InputTypeError(f"{name} is {value!r}; it must be a number")
    if not np.isfinite(value) or value <= 0:
        raise CapacityError(f"{name} is {value}; it must be finite and above zero")
    return float(value)


def _volume(op: str, count: int, gbyte: float) -> float:
    """Say what each pair of a collective exchanges, in the unit of `gbyte`."""
    part = (count - 1) / count
    factors = {
        "all_reduce": 2 * part,
        "reduce_scatter": part,
        "all_gather": part,
        "broadcast": 1.0,
        "reduce": 1.0,
        "send_recv": 1.0,
        "all_to_all": 1 / count,
    }
    if op not in factors:
        raise SelectionError(f"op is {op!r}; there are {', '.join(factors)}")
    return _above_zero("gbyte", gbyte) * factors[op]


@dataclass(frozen=True, eq=False)
class Parallelism:
    """Ranks laid out along parallel dimensions; made by :func:`parallelism`.

    Attributes
    ----------
    ranks : Selection, str or list
        The chips, in rank order.
    sizes : mapping of str to int
        Size of each dimension, the fastest first.
    """

    ranks: Any
    sizes: Mapping[str, int]

    @property
    def num_ranks(self) -> int:
        """The product of the sizes."""
        return int(np.prod(list(self.sizes.values())))

    def _axis(self, dimension: str) -> tuple[tuple[int, ...], int]:
        if dimension not in self.sizes:
            raise SelectionError(
                f"dimension is {dimension!r}; there are {', '.join(self.sizes) or 'none'}"
            )
        # Row-major: the slowest dimension comes first.
        names = list(self.sizes)[::-1]
        return tuple(self.sizes[name] for name in names), names.index(dimension)

    def groups(self, dimension: str) -> Ids:
        """Ranks of each group along a dimension, shape (groups, size)."""
        shape, axis = self._axis(dimension)
        index = np.arange(self.num_ranks, dtype=np.int64).reshape(shape)
        return np.moveaxis(index, axis, -1).reshape(-1, shape[axis])

    def traffic(
        self,
        dimension: str,
        pattern: str = "ring",
        *,
        gbit_per_s: float | None = None,
        gbyte_per_s: float | None = None,
    ) -> Traffic:
        """Traffic within the groups of a dimension.

        Parameters
        ----------
        dimension : str
            Which groups.
        pattern : {"ring", "all_to_all", "pipeline"}
            Each rank to the next and the last to the first, each to each, or each to the next.
        gbit_per_s, gbyte_per_s : float
            Per ordered pair that sends.

        Returns
        -------
        Traffic
        """
        _, rate = _rate({"gbit_per_s": gbit_per_s, "gbyte_per_s": gbyte_per_s})
        if pattern not in ("ring", "all_to_all", "pipeline"):
            raise SelectionError(
                f"pattern is {pattern!r}; it must be 'ring', 'all_to_all' or 'pipeline'"
            )
        shape, axis = self._axis(dimension)
        if shape[axis] < 2:
            raise SelectionError(f"dimension {dimension!r} has size 1: its groups send nothing")
        part = _Ranked(self.ranks, f"groups-{pattern}", rate, shape=shape, axis=axis)
        return Traffic((part,))

    def volumes(self, **collectives: tuple[str, float]) -> dict[str, float]:
        """Find what each rank sends per dimension, in GB.

        Parameters
        ----------
        **collectives : (str, float)
            By dimension: the collective of its groups, as :func:`collective` takes it, and its S in
            10^9 bytes; for "send_recv" each rank but the last of a group sends to the next.

        Returns
        -------
        dict of str to float
            By dimension, in GB per rank that sends.
        """
        found = {}
        for name, (op, gbyte) in collectives.items():
            shape, axis = self._axis(name)
            pairs_of_rank = shape[axis] - 1 if op == "all_to_all" else 1
            found[name] = _volume(op, shape[axis], gbyte) * pairs_of_rank
        return found

    def demands(self, *, seconds: float = 1.0, **collectives: tuple[str, float]) -> Traffic:
        """Write collectives of all groups of some dimensions as rates, all at once.

        Parameters
        ----------
        seconds : float, default 1
            The time in which all of it moves; with 1, the largest utilisation is the time.
        **collectives : (str, float)
            As in :meth:`volumes`. Groups of one rank send nothing.

        Returns
        -------
        Traffic

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> layout = pp.traffic.parallelism(rack.select("chip"), tp=8, dp=9)
        >>> layout.volumes(tp=("all_reduce", 0.5), dp=("reduce_scatter", 9.0))
        {'tp': 0.875, 'dp': 8.0}
        >>> step = layout.demands(tp=("all_reduce", 0.5), dp=("reduce_scatter", 9.0))
        >>> round(rack.congestion(step).max_utilization, 6)
        0.009861
        """
        time = _above_zero("seconds", seconds)
        patterns = {"all_to_all": "all_to_all", "send_recv": "pipeline"}
        parts: list[_Product | _Pairs | _Ranked] = []
        for name, (op, gbyte) in collectives.items():
            shape, axis = self._axis(name)
            rate = _volume(op, shape[axis], gbyte) * 8 / time
            pattern = f"groups-{patterns.get(op, 'ring')}"
            if shape[axis] > 1:
                parts.append(_Ranked(self.ranks, pattern, rate, shape=shape, axis=axis))
        return Traffic(tuple(parts))


def parallelism(
    ranks: Ends = "chip", *, order: Iterable[str] = _DIMENSIONS, **sizes: int
) -> Parallelism:
    """Lay ranks out along parallel dimensions.

    Parameters
    ----------
    ranks : Selection, str, or list of node ids, default "chip"
        The chips; ranks are in the order of the list if ids are listed, else in that of ids.
    order : iterable of str, default ("tp", "cp", "ep", "pp", "dp")
        Dimensions, the fastest first: neighbours in rank differ in it.
    **sizes : int
        Size of each dimension (``tp``, ``cp``, ``ep``, ``pp``, ``dp``); 1 if left out. Their
        product must be the number of chips.

    Returns
    -------
    Parallelism

    Raises
    ------
    SelectionError
        A dimension that `order` does not name, or sizes that do not fit the chips.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> layout = pp.traffic.parallelism(list(range(8)), tp=2, pp=2, dp=2)
    >>> layout.groups("pp").tolist()
    [[0, 2], [1, 3], [4, 6], [5, 7]]
    """
    names = tuple(order)
    for name, size in sizes.items():
        if name not in names:
            raise SelectionError(f"dimension {name!r} is not in the order {', '.join(names)}")
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise SelectionError(f"{name} is {size!r}; it must be an integer above zero")
    own = {name: sizes[name] for name in names if name in sizes}
    layout = Parallelism(ranks, own)
    if isinstance(ranks, Selection | list | tuple | np.ndarray) and len(ranks) != layout.num_ranks:
        shown = " x ".join(f"{name} {size}" for name, size in own.items())
        if not isinstance(ranks, list) or all(isinstance(one, int) for one in ranks):
            raise SelectionError(
                f"{shown or 'no dimension'} makes {layout.num_ranks} ranks, but {len(ranks)} chips "
                "are selected"
            )
    return layout
