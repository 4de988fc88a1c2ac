"""Queries as values: what :func:`pinchpoint.sweep` asks of every scenario.

A query is a picklable value. It names the columns that it fills, knows which selections it tells
apart (they are *pinned* when scenarios are compared under symmetry), and asks a fabric. A subclass
of :class:`Query` is a query like those made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pinchpoint import _core, errors
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._validation import as_text, check_forwarding
from pinchpoint._wording import a_type
from pinchpoint.errors import InputTypeError, PinchpointError
from pinchpoint.selection import Selection, shown

if TYPE_CHECKING:
    from pinchpoint.fabric import Ends, Fabric, Forwarding
    from pinchpoint.traffic import Traffic

__all__ = ["Query", "bandwidth", "bisection", "collective", "congestion", "throughput"]

Row = dict[str, Any]


class Query:
    """A question that any fabric can be asked.

    The functions here make some. A subclass is another: it sets the attributes and has
    :meth:`ask`, :meth:`pins` and :meth:`describe`.

    Attributes
    ----------
    columns : mapping of str to {"float", "int", "text"}
        What :meth:`ask` fills, in order. The first is the value that figures show.
    unit : str
        Of that value.
    better : {"higher", "lower"}
        Which values are good.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> class Links(pp.query.Query):
    ...     columns = {"links": "int"}
    ...     unit = "links"
    ...     def pins(self, fabric):
    ...         return []  # every symmetry keeps the number
    ...     def ask(self, fabric):
    ...         return {"links": fabric.num_links}
    ...     def describe(self):
    ...         return {"query": "links"}
    >>> rack = pp.clusters.gb200_nvl72()
    >>> study = pp.sweep(rack, pp.scenarios.each_node("switch"), Links())
    >>> study.columns["links"], study.columns["stands_for"]
    ([1368], [18])
    """

    columns: ClassVar[Mapping[str, str]]
    unit: ClassVar[str] = ""
    better: ClassVar[str] = "higher"

    def pins(self, fabric: Fabric) -> Sequence[Selection] | None:
        """Return the selections that the question tells apart.

        None says that symmetry must not be used: the answer depends on ids or names of `fabric`.
        """
        return None

    def ask(self, fabric: Fabric) -> Row:
        """Return the answer about `fabric`, by column."""
        raise NotImplementedError

    def ask_many(self, fabrics: Sequence[Fabric]) -> list[Row | Exception]:
        """Return the answers of many fabrics of one build; a query that fails gives its error."""
        out: list[Row | Exception] = []
        for fabric in fabrics:
            try:
                out.append(self.ask(fabric))
            except Exception as error:  # Any error of a user's query belongs in its row.
                out.append(error)
        return out

    def describe(self) -> dict[str, Any]:
        """Return the question as plain values, for reports."""
        raise NotImplementedError


def _tiers(rows: Sequence[tuple[str, bool, int, int]]) -> Row:
    """Return the bottleneck as columns: its tiers, the largest share first, and their links."""
    own = sorted(rows, key=lambda row: -row[3])
    return {
        "bottleneck": " + ".join(row[0] for row in own) or "disconnected",
        "bottleneck_links": sum(row[2] for row in own if row[1]),
    }


@dataclass(frozen=True)
class _Bandwidth(Query):
    sources: Any
    sinks: Any
    forwarding: Any = "hardware"
    columns: ClassVar[Mapping[str, str]] = {
        "gbit_per_s": "float",
        "bottleneck": "text",
        "bottleneck_links": "int",
    }
    unit: ClassVar[str] = "Gbit/s per direction"

    def _ends(self, fabric: Fabric) -> tuple[list[_core.Selection], list[_core.Selection]]:
        return fabric._ends(self.sources, "sources"), fabric._ends(self.sinks, "sinks")

    def pins(self, fabric: Fabric) -> Sequence[Selection]:
        return [Selection(core) for ends in self._ends(fabric) for core in ends]

    def ask(self, fabric: Fabric) -> Row:
        found = self.ask_many([fabric])[0]
        if isinstance(found, Exception):
            raise found
        return found

    def ask_many(self, fabrics: Sequence[Fabric]) -> list[Row | Exception]:
        if not fabrics:
            return []
        try:
            ends = self._ends(fabrics[0])
        except PinchpointError as error:
            return [error] * len(fabrics)
        unit = 1_000_000 << fabrics[0]._handle.unit_shift
        handles = [fabric._handle for fabric in fabrics]
        out: list[Row | Exception] = []
        for solved, refused in _core.bandwidth_many(handles, *ends, self.forwarding):
            if solved is not None:
                value, rows = solved
                out.append({"gbit_per_s": value / unit, **_tiers(rows)})
            elif refused is not None:
                out.append(getattr(errors, refused[0])(refused[1]))
        return out

    def describe(self) -> dict[str, Any]:
        return {
            "query": "bandwidth",
            "sources": shown(self.sources),
            "sinks": shown(self.sinks),
            "forwarding": self.forwarding,
        }


def bandwidth(sources: Ends, sinks: Ends, /, *, forwarding: Forwarding = "hardware") -> Query:
    """Ask :meth:`Fabric.bandwidth`: the value, and the bottleneck by tier.

    Parameters
    ----------
    sources, sinks : Selection, str, node id, or a list of them
        The two ends.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        As in :meth:`Fabric.bandwidth`.

    Returns
    -------
    Query
        Its columns: ``gbit_per_s`` (per direction), ``bottleneck`` (tiers of the
        source-minimal cut, the largest share first), ``bottleneck_links``.

    Raises
    ------
    InputTypeError
        Ends that are no selection, text or node id.
    SelectionError
        An unknown `forwarding`.

    Notes
    -----
    Made in constant time; what the ends name is found when a fabric is asked. Scenarios that
    symmetry makes equal with the ends where they are cost one :meth:`Fabric.bandwidth`.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> ask = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")
    >>> ask.ask(pp.clusters.gb200_nvl72())["gbit_per_s"]
    7200.0
    """
    check_forwarding(forwarding)
    return _Bandwidth(_kept(sources), _kept(sinks), forwarding)


def _kept(ends: Any) -> Any:
    """Take ends as a value that can be compared and sent."""
    if isinstance(ends, str):
        return as_text("a selection", ends)
    if isinstance(ends, Selection | int):
        return ends
    if isinstance(ends, np.integer):
        return int(ends)
    try:
        return tuple(_kept(one) for one in ends)
    except TypeError:
        raise InputTypeError(
            f"{shorten(ends)} is {a_type(ends)}; it must be a selection, text or a node id"
        ) from None


def _checked(method: str, options: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Refuse options that the method does not have before anything is solved."""
    from inspect import signature

    from pinchpoint.fabric import Fabric

    known = list(signature(getattr(Fabric, method)).parameters)[2:]
    for name in options:
        if name not in known:
            near = did_you_mean(name[:100], known)
            raise InputTypeError(f"{method} has no option {shorten(name)}{near}")
    return tuple(sorted(options.items()))


@dataclass(frozen=True)
class _Bisection(Query):
    by: str | None = None
    forwarding: Any = "hardware"
    columns: ClassVar[Mapping[str, str]] = {
        "gbit_per_s": "float",
        "split": "text",
        "bottleneck": "text",
    }
    unit: ClassVar[str] = "Gbit/s per direction"

    def pins(self, fabric: Fabric) -> Sequence[Selection]:
        # Lower halves and upper halves of every coordinate that is split.
        out = []
        for group in fabric.groups:
            if group.role != "chip":
                continue
            for name, size in group.coordinates.items():
                half = size // 2
                if half and self.by in (None, name):
                    for part in (slice(0, half), slice(size - half, size)):
                        out.append(fabric.select(group.name, **{name: part}))
        return out

    def ask(self, fabric: Fabric) -> Row:
        answer = fabric.bisection(self.by, forwarding=self.forwarding)
        smallest = min(answer.splits, key=lambda split: split.bandwidth.kbit_per_s)
        tiers = [row.bundle for row in smallest.bandwidth.bottleneck]
        return {
            "gbit_per_s": smallest.bandwidth.gbit_per_s,
            "split": smallest.by,
            "bottleneck": " + ".join(tiers) or "disconnected",
        }

    def describe(self) -> dict[str, Any]:
        return {"query": "bisection", "by": self.by, "forwarding": self.forwarding}


def bisection(by: str | None = None, /, *, forwarding: Forwarding = "hardware") -> Query:
    """Ask :meth:`Fabric.bisection`: the value of the smallest split, and where it pinches.

    Parameters
    ----------
    by : str, optional
        Coordinate of the chips to split; default all of them in turn.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        As in :meth:`Fabric.bandwidth`.

    Returns
    -------
    Query
        Its columns: ``gbit_per_s`` (per direction), ``split``, ``bottleneck``.

    Raises
    ------
    InputTypeError
        A `by` that is no text.
    SelectionError
        An unknown `forwarding`.

    Notes
    -----
    Costs a :meth:`Fabric.bandwidth` for each coordinate that is split, in each scenario that
    symmetry tells apart.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> ask = pp.query.bisection()
    >>> ask.ask(pp.clusters.gb200_nvl72())
    {'gbit_per_s': 259200.0, 'split': 'chip', 'bottleneck': 'chip-switch'}
    """
    check_forwarding(forwarding)
    if by is not None:
        as_text("by", by)
    return _Bisection(by, forwarding)


def _traffic_pins(traffic: Traffic, fabric: Fabric) -> Sequence[Selection] | None:
    """Return the selections of patterns that name boxes, None where nodes are told by number."""
    from pinchpoint._patterns import _Product

    out: list[Selection] = []
    for part in traffic.parts:
        if not isinstance(part, _Product):
            return None
        for ends in (part.sources, part.sinks):
            out += [Selection(core) for core in fabric._ends(ends, "traffic")]
    return out


def _told(traffic: Traffic) -> str:
    """Write a traffic for a reader: its patterns, among whom, and their rates."""
    from pinchpoint._patterns import _named, _Pairs, _Product

    words = []
    for part in traffic.parts:
        name = _named(part)
        if isinstance(part, _Pairs):
            words.append(f"{name}, {part.gbit_per_s.sum():.6g} Gbit/s in all")
            continue
        per = "pair"
        if isinstance(part, _Product):
            alone = part.sources is part.sinks
            ends = shown(part.sources) if alone else f"{shown(part.sources)} to {shown(part.sinks)}"
            per = "source" if part.per_source or part.shared else per
        else:
            ends = shown(part.ranks)
        words.append(f"{name} of {ends}, {part.gbit_per_s:.6g} Gbit/s per {per}")
    return " + ".join(words)


@dataclass(frozen=True)
class _Congestion(Query):
    traffic: Any
    routing: Any = "ecmp"
    options: tuple[tuple[str, Any], ...] = ()
    columns: ClassVar[Mapping[str, str]] = {
        "max_utilization": "float",
        "bottleneck": "text",
        "unreachable_pairs": "int",
    }
    unit: ClassVar[str] = "of capacity"
    better: ClassVar[str] = "lower"

    def pins(self, fabric: Fabric) -> Sequence[Selection] | None:
        if self.routing not in ("ecmp", "wcmp", "valiant"):
            return None
        return _traffic_pins(self.traffic, fabric)

    def ask(self, fabric: Fabric) -> Row:
        options: dict[str, Any] = dict(self.options)
        answer = fabric.congestion(self.traffic, routing=self.routing, **options)
        hot = answer.bottlenecks(k=1)
        return {
            "max_utilization": float(answer.max_utilization),
            "bottleneck": hot[0].bundle if hot else "none",
            "unreachable_pairs": int(answer.unreachable.pairs),
        }

    def describe(self) -> dict[str, Any]:
        return {
            "query": "congestion",
            "traffic": _told(self.traffic),
            "routing": self.routing,
            **{name: repr(value) for name, value in self.options},
        }


def congestion(traffic: Traffic, /, *, routing: str = "ecmp", **options: Any) -> Query:
    """Ask :meth:`Fabric.congestion`: the utilisation of the fullest link, and its tier.

    Parameters
    ----------
    traffic : Traffic
        Made with :mod:`pinchpoint.traffic`.
    routing : str, default "ecmp"
        As :meth:`Fabric.congestion` takes it.
    **options
        Its other options.

    Returns
    -------
    Query
        Its columns: ``max_utilization`` (1 is full), ``bottleneck``,
        ``unreachable_pairs``.

    Raises
    ------
    InputTypeError
        No traffic, or an option that there is not.
    SelectionError
        An unknown routing.

    Notes
    -----
    Costs one :meth:`Fabric.congestion` for each scenario that symmetry tells apart: under "ecmp",
    "wcmp" and "valiant", with traffic between selections. Else for each scenario.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.leaf_spine(64, radix=16)
    >>> ask = pp.query.congestion(pp.traffic.all_to_all("chip", per_chip_gbit_per_s=400.0))
    >>> study = pp.sweep(net, pp.scenarios.each_node("spine"), ask)
    >>> ask.ask(net)["bottleneck"], round(ask.ask(net)["max_utilization"], 3)
    ('chip-leaf', 1.0)
    >>> study.columns["stands_for"], round(study.columns["max_utilization"][0], 3)
    ([4], 1.185)
    """
    from pinchpoint._patterns import check_traffic
    from pinchpoint.congestion import check_options

    check_traffic(traffic)
    names: list[Any] = [options.get("split", "link"), options.get("forwarding", "hardware")]
    check_options(routing, *names)
    return _Congestion(traffic, routing, _checked("congestion", options))


@dataclass(frozen=True)
class _Throughput(Query):
    traffic: Any
    options: tuple[tuple[str, Any], ...] = ()
    columns: ClassVar[Mapping[str, str]] = {"lower": "float", "upper": "float"}
    unit: ClassVar[str] = "times the traffic"

    def pins(self, fabric: Fabric) -> Sequence[Selection] | None:
        return _traffic_pins(self.traffic, fabric)

    def ask(self, fabric: Fabric) -> Row:
        options: dict[str, Any] = dict(self.options)
        answer = fabric.throughput(self.traffic, **options)
        return {"lower": float(answer.lower), "upper": float(answer.upper)}

    def describe(self) -> dict[str, Any]:
        own = {name: repr(value) for name, value in self.options}
        return {"query": "throughput", "traffic": _told(self.traffic), **own}


def throughput(traffic: Traffic, /, **options: Any) -> Query:
    """Ask :meth:`Fabric.throughput`: certified bounds, as multiples of the traffic.

    Parameters
    ----------
    traffic : Traffic
        Made with :mod:`pinchpoint.traffic`.
    **options
        Options of :meth:`Fabric.throughput`.

    Returns
    -------
    Query
        Its columns: ``lower``, ``upper``.

    Raises
    ------
    InputTypeError
        No traffic, or an option that there is not.

    Notes
    -----
    Costs one :meth:`Fabric.throughput` for each scenario that symmetry tells apart, if the traffic
    is between selections; else for each scenario.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> ask = pp.query.throughput(pp.traffic.all_to_all("chip", per_chip_gbit_per_s=400.0))
    >>> row = ask.ask(pp.clusters.leaf_spine(64, radix=16, oversubscription=3))
    >>> round(row["lower"], 6), round(row["upper"], 6)
    (0.403846, 0.403846)
    """
    from pinchpoint._patterns import check_traffic

    check_traffic(traffic)
    return _Throughput(traffic, _checked("throughput", options))


@dataclass(frozen=True)
class _Collective(Query):
    operation: str
    ranks: Any
    gbyte: float
    options: tuple[tuple[str, Any], ...] = field(default=())
    columns: ClassVar[Mapping[str, str]] = {
        "busbw_gbyte_per_s": "float",
        "algbw_gbyte_per_s": "float",
        "seconds": "float",
    }
    unit: ClassVar[str] = "GB/s"

    def pins(self, fabric: Fabric) -> Sequence[Selection] | None:
        # With a root, a schedule or neighbours, it matters which rank is which.
        plain = {"in_network", "gap", "forwarding"}
        if self.operation == "send_recv" or not {name for name, _ in self.options} <= plain:
            return None
        return [Selection(core) for core in fabric._ends(self.ranks, "ranks")]

    def ask(self, fabric: Fabric) -> Row:
        method = getattr(fabric, "collective", None)
        if method is None:
            raise PinchpointError("this version has no Fabric.collective")
        answer = method(self.operation, ranks=self.ranks, gbyte=self.gbyte, **dict(self.options))
        return {name: float(getattr(answer, name)) for name in self.columns}

    def describe(self) -> dict[str, Any]:
        return {
            "query": "collective",
            "operation": self.operation,
            "ranks": shown(self.ranks),
            "gbyte": self.gbyte,
            **{name: repr(value) for name, value in self.options},
        }


def collective(operation: str, /, *, ranks: Ends, gbyte: float, **options: Any) -> Query:
    """Ask :meth:`Fabric.collective`: bus and algorithm bandwidth and the time.

    Parameters
    ----------
    operation : str
        Such as "all_reduce".
    ranks : Selection, str, node id, or a list of them
        Who takes part.
    gbyte : float
        nccl-tests' S in 10^9 bytes.
    **options
        Other options of :meth:`Fabric.collective`.

    Returns
    -------
    Query
        Its columns: ``busbw_gbyte_per_s``, ``algbw_gbyte_per_s`` (10^9 bytes/s), ``seconds``.

    Raises
    ------
    InputTypeError
        An option that there is not, or a `gbyte` that is no number.
    SelectionError
        An unknown `operation`.
    CapacityError
        A `gbyte` that is not above zero.

    Notes
    -----
    Costs one :meth:`Fabric.collective` for each scenario that symmetry tells apart. Where the
    order of ranks matters (a root, a named algorithm, "send_recv"), for each scenario.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> ask = pp.query.collective("all_reduce", ranks="chip", gbyte=1.0)
    >>> row = ask.ask(pp.clusters.hgx_h100())
    >>> row["busbw_gbyte_per_s"], round(row["seconds"], 6)
    (450.0, 0.003889)
    """
    from pinchpoint._patterns import _above_zero
    from pinchpoint.collective import op_named

    op_named(operation)
    size = _above_zero("gbyte", gbyte)
    return _Collective(operation, _kept(ranks), size, _checked("collective", options))


@dataclass(frozen=True)
class Callable(Query):
    """A function of a fabric; it runs on every scenario, never fewer.

    Attributes
    ----------
    function : callable
        Takes a fabric, returns a number. To go to other processes it must be importable there.
    """

    function: Any
    columns: ClassVar[Mapping[str, str]] = {"value": "float"}

    def ask(self, fabric: Fabric) -> Row:
        return {"value": float(self.function(fabric))}

    def describe(self) -> dict[str, Any]:
        name = f"{self.function.__module__}.{getattr(self.function, '__qualname__', '?')}"
        return {"query": "function", "function": name}


def of(asked: Any) -> Query:
    """Take a query, or make one of a function."""
    if isinstance(asked, Query):
        return asked
    if callable(asked):
        return Callable(asked)
    raise InputTypeError(f"query is {a_type(asked)}; it must be a pp.query value or a function")
