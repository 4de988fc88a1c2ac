"""Congestion answers: what a routing puts on every link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from pinchpoint import _core
from pinchpoint._clock import Clock
from pinchpoint._patterns import check_traffic
from pinchpoint._result import RepeatableResult, checked
from pinchpoint._suggest import shorten
from pinchpoint._validation import (
    as_array,
    as_integer,
    as_items,
    as_text,
    check_choice,
    check_flag,
    check_forwarding,
)
from pinchpoint._wording import counted, whole_kbit
from pinchpoint.errors import GraphError, InputTypeError, SelectionError
from pinchpoint.traffic import Traffic
from pinchpoint.units import format_bandwidth

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pinchpoint.fabric import Fabric

    Routing = Literal["ecmp", "wcmp", "ecmp-hash", "single", "valiant"]

__all__ = ["Congestion", "CongestionCertificate", "HotLink", "Unreachable"]

# Utilisations above this are written with an exponent.
_READABLE = 1e6
_ROUTINGS = ("ecmp", "wcmp", "ecmp-hash", "single", "valiant")


class HotLink(NamedTuple):
    """A link in one direction and what it carries.

    Attributes
    ----------
    bundle : str
        Its bundle.
    link : int or None
        Its place in the bundle, in materialize order; None if it stands for all that are alike.
    tail, head : str
        Names of the nodes it carries traffic from and to.
    utilization : float
        Load over capacity; 1.0 is full, more is more than fits.
    gbit_per_s : float
        Load.
    capacity_gbit_per_s : float
        Capacity per direction.
    links : int
        Links of the bundle that are alike and carry as much, itself among them; 1 if not known.
    """

    bundle: str
    link: int | None
    tail: str
    head: str
    utilization: float
    gbit_per_s: float
    capacity_gbit_per_s: float
    links: int = 1

    def __str__(self) -> str:
        load = format_bandwidth(whole_kbit(self.gbit_per_s))
        alike = f", and {self.links - 1:,} alike" if self.links > 1 else ""
        used = self.utilization
        share = f"{used:.1%}" if used < _READABLE else f"{100 * used:.4g}%"
        return f"{self.tail} -> {self.head} ({self.bundle}): {share}, {load}{alike}"


class Unreachable(NamedTuple):
    """Pairs that no way joins.

    Attributes
    ----------
    pairs : int
        Number of ordered pairs. A pair counts once for each part of the traffic that has it, and
        once for each time that a part lists it.
    gbit_per_s : float
        Their demands, which are on no link.
    listed : tuple of (int, int)
        Node ids of the first thousand, each pair once; on a structured fabric, one pair for each
        kind.
    """

    pairs: int
    gbit_per_s: float
    listed: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class CongestionCertificate:
    """What proves the loads, already checked by code that shares nothing with the router.

    Attributes
    ----------
    resummed : bool
        Whether the loads were summed again, pair by pair; else what goes into and out of each
        node was checked.
    """

    resummed: bool


class Congestion(RepeatableResult):
    """Loads of all links under a routing, checked. Its table has a row per tier and direction.

    Attributes
    ----------
    distribution : ndarray of float64, shape (draws,)
        The largest utilisation under each seed of hashed routing; else one value. Loads are means
        over the draws.
    certificate : CongestionCertificate
        How the loads were checked.
    """

    __slots__ = ("_fabric", "_loads", "_question", "_unreachable", "certificate", "distribution")

    _fabric: Fabric
    _loads: npt.NDArray[np.float64]
    _unreachable: Unreachable
    _question: tuple[Any, ...]
    distribution: npt.NDArray[np.float64]
    certificate: CongestionCertificate

    def __init__(
        self,
        fabric: Fabric,
        loads: npt.NDArray[np.float64],
        unreachable: Unreachable,
        distribution: npt.NDArray[np.float64],
        resummed: bool,
        question: tuple[Any, ...],
    ) -> None:
        for array in (loads, distribution):
            array.flags.writeable = False
        fields = {
            "_fabric": fabric,
            "_loads": loads,
            "_unreachable": unreachable,
            "distribution": distribution,
            "certificate": CongestionCertificate(resummed),
            "_question": question,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a result cannot be changed")

    @property
    def max_utilization(self) -> float:
        """Load over capacity of the fullest link; with hashed flows, the mean over the seeds."""
        return float(self.distribution.mean()) if self.distribution.size else 0.0

    @property
    def multiplier(self) -> float:
        """How much of the traffic fits: 1 / max_utilization; infinity without load."""
        return 1.0 / self.max_utilization if self.max_utilization else float("inf")

    @property
    def unreachable(self) -> Unreachable:
        """The pairs that no way joins. Their traffic is on no link."""
        return self._unreachable

    @property
    def utilization(self) -> npt.NDArray[np.float64]:
        """Load over capacity, shape (2, links): forward, backward, in materialize order."""
        return _over(self._loads, self._fabric.gbit_per_s)

    def loads(self, bundle: str | None = None) -> npt.NDArray[np.float64]:
        """Return the loads of a bundle, or of all links.

        Parameters
        ----------
        bundle : str, optional
            Name of the bundle.

        Returns
        -------
        ndarray of float64, shape (2, links)
            Gbit/s forward and backward, in the order of :meth:`Fabric.materialize`.

        Raises
        ------
        SelectionError
            No such bundle.
        """
        if bundle is None:
            return self._loads
        as_text("bundle", bundle)
        known = []
        for name, span in self._spans():
            if name == bundle:
                return self._loads[:, span]
            known.append(name)
        raise SelectionError(f"no link bundle {shorten(bundle)}; there are {', '.join(known)}")

    def _spans(self) -> list[tuple[str, slice]]:
        spans, start = [], 0
        for name, _, _, _, _, links, _ in self._fabric._handle.bundles():
            spans.append((name, slice(start, start + links)))
            start += links
        return spans

    def bottlenecks(self, k: int = 10) -> tuple[HotLink, ...]:
        """Return the k fullest links, the fullest first."""
        k = as_integer("k", k)
        flat = self.utilization.ravel()
        order = np.argsort(-flat, kind="stable")[:k]
        tails, heads, capacity = (
            self._fabric.tails,
            self._fabric.heads,
            self._fabric.gbit_per_s,
        )
        spans = self._spans()
        found = []
        for place in order.tolist():
            back, link = divmod(place, capacity.size)
            if flat[place] == 0:
                break
            name, span = next(one for one in spans if one[1].start <= link < one[1].stop)
            ends = [self._name(int(end)) for end in (tails[link], heads[link])]
            if back:
                ends.reverse()
            own = (float(flat[place]), float(self._loads[back, link]), float(capacity[link]))
            found.append(HotLink(name, link - span.start, ends[0], ends[1], *own))
        return tuple(found)

    def _name(self, node: int) -> str:
        if self._fabric._names is not None:
            return self._fabric._names[node]
        return self._fabric._handle.node_name(node)

    def _again(self) -> Congestion:
        return _asked(*self._question)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values: tiers, hot links, unreachable pairs."""
        columns = self._columns()
        return {
            "max_utilization": self.max_utilization,
            "multiplier": self.multiplier if self.max_utilization else None,
            "tiers": [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ],
            "bottlenecks": [link._asdict() for link in self.bottlenecks()],
            "unreachable": self.unreachable._asdict(),
            "distribution": self.distribution.tolist(),
            "certificate": checked(self.certificate),
        }

    def _columns(self) -> dict[str, list[Any]]:
        rows: dict[str, list[Any]] = {
            "tier": [],
            "direction": [],
            "links": [],
            "max_utilization": [],
            "mean_utilization": [],
            "gbit_per_s": [],
        }
        utilization, capacity = self.utilization, self._fabric.gbit_per_s
        for name, span in self._spans():
            up = capacity[span] > 0
            for back, direction in enumerate(("forward", "backward")):
                own = utilization[back, span][up]
                rows["tier"].append(name)
                rows["direction"].append(direction)
                rows["links"].append(int(up.sum()))
                rows["max_utilization"].append(float(own.max()) if own.size else 0.0)
                rows["mean_utilization"].append(float(own.mean()) if own.size else 0.0)
                rows["gbit_per_s"].append(float(self._loads[back, span].sum()))
        return rows

    def __reduce__(self) -> tuple[Any, ...]:
        return _asked, self._question

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Congestion):
            return NotImplemented
        return np.array_equal(self._loads, other._loads) and self.unreachable == other.unreachable

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        hot = self.bottlenecks(1)
        what = f"fullest link {hot[0]}" if hot else "no load"
        lost = (
            f"; {counted(self.unreachable.pairs, 'pair')} unreachable"
            if self.unreachable.pairs
            else ""
        )
        return f"Congestion(max utilization {self.max_utilization:.4g}; {what}{lost})"


def _over(
    loads: npt.NDArray[np.float64], capacity: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.divide(loads, capacity, out=np.zeros_like(loads), where=capacity > 0)


def _asked(fabric: Fabric, traffic: Traffic, options: dict[str, Any]) -> Congestion:
    return fabric.congestion(traffic, **options)


def check_options(routing: str, split: str, forwarding: str) -> None:
    """Refuse names that are none."""
    check_choice("routing", routing, _ROUTINGS)
    check_choice("split", split, ("link", "neighbor"))
    check_forwarding(forwarding)


def _parts(queue_pairs: object, salted: object) -> int:
    """Check the options of hashed flows; return into how many parts each is cut."""
    check_flag("salted", salted)
    return as_integer("queue_pairs", queue_pairs, 1, (1 << 20) - 1)


def plan(
    fabric: Fabric,
    pairs: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]],
    *,
    routing: str,
    split: str,
    forwarding: str,
    queue_pairs: int,
    salted: bool,
    paths: Any,
    tables: Any,
) -> dict[str, Any]:
    """Check the options of a routing."""
    check_options(routing, split, forwarding)
    queue_pairs = _parts(queue_pairs, salted)
    ways = None
    if paths is not None or tables is not None:
        if routing != "single" or (paths is not None and tables is not None):
            raise SelectionError("paths or tables, one of them, go with routing='single'")
        ways = _listed(paths) if paths is not None else _looked_up(fabric, pairs, tables)
    return {
        "routing": "given" if ways is not None else routing,
        "split": "capacity" if routing == "wcmp" else split,
        "parts": queue_pairs,
        "seed": 0,
        "salted": bool(salted),
        "ways": ways,
        "forwarding": forwarding,
    }


def _listed(paths: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    from pinchpoint.fair import _entries

    if hasattr(paths, "tocsr"):
        raise InputTypeError("paths must list the links of each pair, in their order")
    first, links, _ = _entries(paths, 0)
    return first, links


def _looked_up(
    fabric: Fabric,
    pairs: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]],
    tables: Any,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Follow forwarding tables: link to take at a node for a destination, -1 for none."""
    table = as_array("tables", tables)
    nodes = sum(group[5] for group in fabric._handle.groups())
    if table.shape != (nodes, nodes) or table.dtype.kind not in "iu":
        raise GraphError(
            f"tables has shape {table.shape} and dtype {table.dtype}; it must hold the link to "
            f"take at each node (row) toward each destination (column), shape ({nodes}, {nodes})"
        )
    tails, heads = fabric.tails.astype(np.int64), fabric.heads.astype(np.int64)
    sources, sinks, _ = pairs
    node = sources.copy()
    steps: list[npt.NDArray[np.int64]] = []
    taken: list[npt.NDArray[np.int64]] = []
    going = np.arange(sources.size)
    for _ in range(nodes):
        going = going[node[going] != sinks[going]]
        if not going.size:
            break
        link = table[node[going], sinks[going]].astype(np.int64)
        bad = np.flatnonzero((link < 0) | (link >= tails.size))
        if bad.size:
            pair = going[bad[0]]
            raise GraphError(
                f"tables: dead end at node {node[pair]} toward node {sinks[pair]} "
                f"(from node {sources[pair]})"
            )
        here = node[going]
        joined = (tails[link] == here) | (heads[link] == here)
        if not joined.all():
            pair = going[np.flatnonzero(~joined)[0]]
            raise GraphError(
                f"tables: the link to take at node {node[pair]} toward node {sinks[pair]} "
                "does not end there"
            )
        steps.append(going)
        taken.append(link)
        node[going] = np.where(tails[link] == here, heads[link], tails[link])
    else:
        going = going[node[going] != sinks[going]]
        if going.size:
            pair = going[0]
            raise GraphError(
                f"tables: a loop toward node {sinks[pair]} (from node {sources[pair]})"
            )
    count = np.zeros(sources.size + 1, np.int64)
    if not steps:
        return count, np.zeros(0, np.int64)
    owner = np.concatenate(steps)
    order = np.argsort(owner, kind="stable")
    np.cumsum(np.bincount(owner, minlength=sources.size), out=count[1:])
    return count, np.concatenate(taken)[order]


def _seeds(seeds: Any) -> list[int]:
    if not isinstance(seeds, Iterable) or isinstance(seeds, str):
        raise InputTypeError(
            f"seeds is {shorten(seeds)}; it must be a list of integers of 0 to 2^64 - 1"
        )
    own = as_items("seeds", seeds, "integers")
    if not own:
        raise SelectionError("seeds is empty; it must hold one or more integers of 0 to 2^64 - 1")
    return [as_integer(f"seeds[{i}]", seed, 0, (1 << 64) - 1) for i, seed in enumerate(own)]


def congestion(
    fabric: Fabric,
    traffic: Traffic,
    *,
    unreachable: str,
    **options: Any,
) -> Congestion:
    """Ask, and refuse pairs without a way if that is asked; see :meth:`Fabric.congestion`."""
    check_choice("unreachable", unreachable, ("error", "drop"))
    answer = _congestion(fabric, traffic, **options)
    lost = answer.unreachable
    if lost.pairs and unreachable == "error":
        source, sink = lost.listed[0]
        raise GraphError(
            f"{counted(lost.pairs, 'pair has', 'pairs have')} no way, "
            f"node {source} to node {sink} among them; unreachable='drop' leaves them out"
        )
    return answer


def _congestion(
    fabric: Fabric,
    traffic: Traffic,
    *,
    seeds: Iterable[int] | Sequence[int],
    time_limit: float | None,
    **options: Any,
) -> Congestion:
    check_traffic(traffic)
    asked, clock = fabric, Clock(time_limit)
    check_options(options["routing"], options["split"], options["forwarding"])
    own_seeds, _ = _seeds(seeds), _parts(options["queue_pairs"], options["salted"])
    if fabric.is_structured:
        from pinchpoint.orbits import by_orbits

        answer = by_orbits(fabric, traffic, time_limit=clock.left, **options)
        if answer is not None:
            return answer
    traffic._check_size(fabric)
    fabric = fabric.materialize(time_limit=clock.left)
    products, pairs = traffic._resolve(fabric, clock)
    chosen = plan(fabric, pairs, **options)
    if chosen["routing"] != "ecmp-hash":
        own_seeds = [0]
    capacity = fabric.gbit_per_s
    total, largest = None, []
    for seed in own_seeds:
        chosen["seed"] = seed
        found = _core.congestion(fabric._handle, products, pairs, chosen, clock.left)
        loads = np.stack([found.forward(), found.backward()])
        largest.append(float(_over(loads, capacity).max(initial=0.0)))
        total = loads if total is None else total + loads
    assert total is not None
    count, rate, listed = found.unreachable()
    question = (asked, traffic, {**options, "seeds": tuple(own_seeds), "time_limit": None})
    return Congestion(
        fabric,
        total / len(own_seeds),
        Unreachable(count, rate, tuple(dict.fromkeys(listed))),
        np.array(largest),
        found.resummed,
        question,
    )
