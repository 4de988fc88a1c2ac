"""What traffic is made of: products of selections, pairs, and patterns over ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._clock import Clock
from pinchpoint._ends import checked_ids, is_id, repeated
from pinchpoint._memory import check_pairs
from pinchpoint._suggest import shorten
from pinchpoint._validation import as_number, check_choice
from pinchpoint._wording import a_type, counted
from pinchpoint.errors import CapacityError, InputTypeError, SelectionError, UnitError
from pinchpoint.selection import Selection

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint import _core
    from pinchpoint.fabric import Fabric

    Ids = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

__all__ = ["Traffic", "check_traffic", "each_to_each", "each_within", "num_nodes", "products_of"]

# Which part of its size each pair of a collective that sends exchanges, by the number of ranks.
COLLECTIVES: dict[str, Callable[[int], float]] = {
    "all_reduce": lambda count: 2 * ((count - 1) / count),
    "reduce_scatter": lambda count: (count - 1) / count,
    "all_gather": lambda count: (count - 1) / count,
    "broadcast": lambda count: 1.0,
    "reduce": lambda count: 1.0,
    "send_recv": lambda count: 1.0,
    "all_to_all": lambda count: 1 / count,
}
# Pairs that are listed between two looks at the clock.
_BLOCK = 1 << 21


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
    # A collective whose size the rate is: what a pair gets of it follows from the number of ranks.
    op: str | None = None

    def rates(self, sources: Ids, sinks: Ids, count: int) -> Floats:
        """Rate of each pair of ranks."""
        if self.pattern != "zipf":
            part = 1.0 if self.op is None else COLLECTIVES[self.op](count)
            return np.full(sources.size, self.gbit_per_s * part)
        place = np.random.default_rng(self.seed).permutation(count)
        weight = (1.0 + place) ** -self.exponent
        # A rank's own popularity is shared among the others: each sends as much.
        rates: Floats = self.gbit_per_s * weight[sinks] / (weight.sum() - weight[sources])
        return rates

    def pairs(self, count: int, clock: Clock | None = None) -> tuple[Ids, Ids]:
        """Ranks of each pair."""
        index = np.arange(count, dtype=np.int64)
        if self.pattern == "zipf":
            return each_to_each(index, index, clock)
        if self.pattern == "ring":
            return index, np.roll(index, -1)
        if self.pattern == "permutation":
            return index, _derangement(count, self.seed)
        groups = np.moveaxis(index.reshape(self.shape), self.axis, -1).reshape(
            -1, self.shape[self.axis]
        )
        if self.pattern == "groups-ring":
            return groups.ravel(), np.roll(groups, -1, axis=1).ravel()
        if self.pattern == "groups-pipeline":
            return groups[:, :-1].ravel(), groups[:, 1:].ravel()
        return each_within(groups)

    def num_pairs(self, count: int) -> int:
        """How many pairs :meth:`pairs` lists."""
        if self.pattern == "zipf":
            return count * (count - 1)
        width = self.shape[self.axis] if self.pattern == "groups-all_to_all" else 2
        return count * (width - 1)


def each_to_each(sources: Ids, sinks: Ids, clock: Clock | None = None) -> tuple[Ids, Ids]:
    """List every source to every other sink, source by source."""
    check_pairs(sources.size * sinks.size)
    step = max(1, _BLOCK // max(sinks.size, 1))
    tails, heads = [], []
    for start in range(0, max(sources.size, 1), step):
        if clock is not None:
            clock.check()
        own = sources[start : start + step]
        tail, head = np.repeat(own, sinks.size), np.tile(sinks, own.size)
        differ = tail != head
        tails.append(tail[differ])
        heads.append(head[differ])
    return np.concatenate(tails), np.concatenate(heads)


def each_within(rows: Ids) -> tuple[Ids, Ids]:
    """List every node to every other of its row."""
    width = rows.shape[1]
    check_pairs(rows.size * width)
    tails = np.repeat(rows, width, axis=1).ravel()
    heads = np.tile(rows, (1, width)).ravel()
    differ = tails != heads
    return tails[differ], heads[differ]


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
    """Who sends how much to whom; made by the functions of :mod:`pinchpoint.traffic`.

    ``+`` puts traffic on top of traffic, ``*`` multiplies its rates by a number of zero or more.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> line = pp.Fabric.from_links([0, 1], [1, 2], 100.0)
    >>> both = pp.traffic.pairs([0], [2], 40.0) + 2 * pp.traffic.pairs([1], [2], 5.0)
    >>> both
    Traffic(1 pair + 1 pair)
    >>> line.congestion(both).loads()[0].tolist()
    [40.0, 50.0]
    """

    parts: tuple[_Product | _Pairs | _Ranked, ...]

    def __add__(self, other: Traffic) -> Traffic:
        if not isinstance(other, Traffic):
            return NotImplemented
        return Traffic(self.parts + other.parts)

    def __mul__(self, factor: float) -> Traffic:
        factor = _zero_or_more("factor", factor)
        return Traffic(tuple(_scaled(part, factor) for part in self.parts))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"Traffic({' + '.join(_named(part) for part in self.parts)})"

    def __eq__(self, other: object) -> bool:
        """Whether both are made of the same parts, in the same order."""
        if not isinstance(other, Traffic):
            return NotImplemented
        return _alike(self.parts, other.parts)

    def __hash__(self) -> int:
        return hash(tuple(type(part) for part in self.parts))

    def _check_size(self, fabric: Fabric, *, products: bool = False) -> None:
        """Refuse more pairs than memory holds before the fabric is written out.

        Products count if they are to be listed as well.
        """
        count = 0
        for part in self.parts:
            if isinstance(part, _Ranked):
                count += part.num_pairs(_rank_ids(fabric, part.ranks).size)
            elif products and isinstance(part, _Product):
                ends = (part.sources, "sources"), (part.sinks, "sinks")
                sources, sinks = (num_nodes(fabric._ends(*end)) for end in ends)
                count += sources * sinks
        check_pairs(count)

    def _resolve(
        self, fabric: Fabric, clock: Clock | None = None
    ) -> tuple[
        list[tuple[list[_core.Selection], list[_core.Selection], float]],
        tuple[Ids, Ids, Floats],
    ]:
        """Products of selections, and pairs of node ids."""
        self._check_size(fabric)
        clock = Clock(None) if clock is None else clock
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
                    ranks = counted(int(np.prod(part.shape)), "rank")
                    raise SelectionError(
                        f"the parallel dimensions make {ranks}, but "
                        f"{counted(ids.size, 'chip is', 'chips are')} selected"
                    )
                sources_at, sinks_at = part.pairs(ids.size, clock)
                clock.check()
                rates = part.rates(sources_at, sinks_at, ids.size)
                clock.check()
                listed.append((ids[sources_at], ids[sinks_at], rates))
        if not listed:
            return products, (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        clock.check()
        own = [np.ascontiguousarray(np.concatenate(column)) for column in zip(*listed, strict=True)]
        return products, (own[0], own[1], own[2])


def _alike(one: Any, other: Any) -> bool:
    """Whether two parts of traffic, or what they hold, are the same."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, _Product | _Pairs | _Ranked):
        names = (field.name for field in fields(one))
        return all(_alike(getattr(one, name), getattr(other, name)) for name in names)
    return bool(one == other)


def check_traffic(traffic: object) -> None:
    """Refuse what is no traffic."""
    if not isinstance(traffic, Traffic):
        raise InputTypeError(f"traffic is {a_type(traffic)}; make it with pinchpoint.traffic")


def _scaled(part: Any, factor: float) -> Any:
    return replace(part, gbit_per_s=part.gbit_per_s * factor)


def _named(part: _Product | _Pairs | _Ranked) -> str:
    if isinstance(part, _Pairs):
        return counted(part.sources.size, "pair")
    if isinstance(part, _Ranked):
        return part.pattern.replace("_", "-")
    return "all-to-all" if part.sources is part.sinks else "each to each"


def _per_pair(
    part: _Product, sources: list[_core.Selection], sinks: list[_core.Selection]
) -> float:
    if not part.shared and not part.per_source:
        return part.gbit_per_s
    count = num_nodes(sinks)
    if count < 2 and part.sources is part.sinks:
        raise SelectionError("an all-to-all needs two nodes or more")
    return part.gbit_per_s / (max(count, 1) if part.shared else count - 1)


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
    if not selections:
        return np.zeros(0, np.int64)
    return np.concatenate([fabric._handle.node_ids(one) for one in selections]).astype(np.int64)


def _rank_ids(fabric: Fabric, ranks: Any) -> Ids:
    """Node ids in rank order: that of the list if ids are listed, else increasing."""
    if isinstance(ranks, Selection | str | bytes) or not isinstance(ranks, Iterable):
        return _ids(fabric, fabric._ends(ranks, "ranks"))
    own = ranks.tolist() if isinstance(ranks, np.ndarray) else list(ranks)
    if all(map(is_id, own)):
        ids = np.array(checked_ids("ranks", own), np.int64)
    else:
        ids = _ids(fabric, [one for part in own for one in fabric._ends(part, "ranks")])
    twice = repeated(ids)
    if twice is not None:
        raise SelectionError(f"node {twice} has two ranks")
    return ids


def _each_once(nodes: Any) -> Any:
    """Refuse a list that names a node id twice; what else there is may overlap, and is a set."""
    if isinstance(nodes, tuple | np.ndarray):
        seen: set[Any] = set()
        for node in filter(is_id, nodes):
            if node in seen:
                raise SelectionError(f"node {node} is named twice")
            seen.add(node)
    return nodes


def _rate(options: Mapping[str, float | None]) -> tuple[str, float]:
    """Return the name of the one rate that is given, and its value in Gbit/s."""
    given = [(name, value) for name, value in options.items() if value is not None]
    if len(given) != 1:
        raise UnitError(f"give one of {', '.join(options)}; {len(given)} are given")
    name, value = given[0]
    return name, _zero_or_more(name, value) * (8 if "gbyte" in name else 1)


def _zero_or_more(name: str, value: float | None) -> float:
    number = as_number(name, value)
    if not np.isfinite(number) or number < 0:
        raise CapacityError(f"{name} is {shorten(value)}; it must be finite and zero or more")
    return number


def _above_zero(name: str, value: float) -> float:
    number = as_number(name, value)
    if not np.isfinite(number) or number <= 0:
        raise CapacityError(f"{name} is {shorten(value)}; it must be finite and above zero")
    return number


def _volume(op: str, count: int, gbyte: float) -> float:
    """Say what each pair of a collective exchanges, in the unit of `gbyte`."""
    check_choice("op", op, COLLECTIVES)
    return _above_zero("gbyte", gbyte) * COLLECTIVES[op](count)
