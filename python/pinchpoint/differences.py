"""A fabric as designed against the fabric as built: what differs, by port, and what it costs."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pinchpoint._suggest import shorten
from pinchpoint._table import text_table
from pinchpoint._validation import as_text
from pinchpoint._wording import a_type, counted
from pinchpoint.errors import GraphError, InputTypeError
from pinchpoint.fabric import Fabric
from pinchpoint.interop._imported import Imported
from pinchpoint.units import format_bits

if TYPE_CHECKING:
    from pinchpoint.fabric import Ends, Forwarding

__all__ = ["Cable", "Difference", "LinkFault", "SlowCable", "check", "diff"]

_SHOWN = 20
_COSTED = 10
_ORDER = ("missing", "miscabled", "slow", "extra", "fast")


class Cable(NamedTuple):
    """A link by its ends.

    Attributes
    ----------
    a, b : str
        Names of the nodes.
    port_a, port_b : str
        Ports, "" where the fabric has none.
    gbit_per_s : float
        Capacity per direction.
    link : int
        Place of the link in its fabric.
    rate : str
        The rate as its tool calls it, such as "4x QDR", or "".
    """

    a: str
    b: str
    port_a: str
    port_b: str
    gbit_per_s: float
    link: int
    rate: str = ""

    def __str__(self) -> str:
        ends = (_end(self.a, self.port_a), _end(self.b, self.port_b))
        return f"{ends[0]} - {ends[1]}"


def _end(name: str, port: str) -> str:
    return f"{name} port {port}" if port else name


class LinkFault(NamedTuple):
    """A link that is not as designed.

    Attributes
    ----------
    kind : {"missing", "extra", "miscabled", "slow", "fast"}
        What is wrong. A miscabled link has one end where it belongs and the other elsewhere.
    designed, built : Cable or None
        What should be there, and what is.
    """

    kind: str
    designed: Cable | None
    built: Cable | None

    @property
    def lost_gbit_per_s(self) -> float:
        """Capacity per direction that was designed at that place and is not there."""
        there = self.built.gbit_per_s if self.built is not None and self.kind != "miscabled" else 0
        return max(0.0, (self.designed.gbit_per_s if self.designed is not None else 0.0) - there)

    def __str__(self) -> str:
        if self.kind == "miscabled":
            return f"{self.designed} leads to {self.built}"
        rates = [
            format_bits(round(cable.gbit_per_s * 1e6))
            for cable in (self.built, self.designed)
            if cable is not None
        ]
        return f"{self.built or self.designed}, {' instead of '.join(rates)}"


class Cost(NamedTuple):
    """What two nodes could exchange as designed, and can as built; Gbit/s, every node relaying."""

    a: str
    b: str
    designed_gbit_per_s: float
    built_gbit_per_s: float


@dataclass(frozen=True, eq=False)
class Difference:
    """How a built fabric differs from its design; made by :func:`pinchpoint.diff`.

    Attributes
    ----------
    designed, built : Fabric
        Explicit; nodes of the built one by their designed names.
    faults : tuple of LinkFault
        Missing links first, then miscabled, slow, extra and fast ones.
    missing_nodes, extra_nodes : tuple of str
        Nodes that only one of the two has.
    costs : tuple of Cost
        Maximum flows between the ends of up to ten designed links with the largest losses, largest
        loss first.
    """

    designed: Fabric
    built: Fabric
    faults: tuple[LinkFault, ...]
    missing_nodes: tuple[str, ...]
    extra_nodes: tuple[str, ...]
    costs: tuple[Cost, ...]

    def __bool__(self) -> bool:
        return bool(self.faults or self.missing_nodes or self.extra_nodes)

    def __eq__(self, other: object) -> bool:
        """Tell whether both compare the same links and found the same."""
        if not isinstance(other, Difference):
            return NotImplemented
        return self.to_dict() == other.to_dict() and all(
            _same_links(one, another)
            for one, another in ((self.designed, other.designed), (self.built, other.built))
        )

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Return the faults, the nodes that only one has, and the costs as plain values."""
        return {
            "faults": [
                {
                    "kind": fault.kind,
                    "designed": None if fault.designed is None else fault.designed._asdict(),
                    "built": None if fault.built is None else fault.built._asdict(),
                    "lost_gbit_per_s": fault.lost_gbit_per_s,
                }
                for fault in self.faults
            ],
            "missing_nodes": list(self.missing_nodes),
            "extra_nodes": list(self.extra_nodes),
            "costs": [cost._asdict() for cost in self.costs],
        }

    def of(self, kind: str) -> tuple[LinkFault, ...]:
        """Return the faults of one kind."""
        return tuple(fault for fault in self.faults if fault.kind == kind)

    def bandwidth(
        self, sources: Ends, sinks: Ends, /, *, forwarding: Forwarding = "hardware"
    ) -> tuple[float, float]:
        """Ask both fabrics the same question.

        Parameters
        ----------
        sources, sinks : str, or list of str
            Names of nodes that both have.
        forwarding : {"hardware", "all", "none"}, default "hardware"
            As in :meth:`Fabric.bandwidth`.

        Returns
        -------
        tuple of two float
            Gbit/s as designed, and as built.
        """
        asked = (sources, sinks)
        return (
            self.designed.bandwidth(*asked, forwarding=forwarding).gbit_per_s,
            self.built.bandwidth(*asked, forwarding=forwarding).gbit_per_s,
        )

    def __str__(self) -> str:
        if not self:
            return f"as designed: {counted(self.designed.num_links, 'link')}"
        counts = Counter(fault.kind for fault in self.faults)
        kinds = ", ".join(f"{counts[kind]:,} {kind}" for kind in _ORDER if counts[kind])
        lines = [f"links: {kinds}" if kinds else "links: as designed"]
        for what, names in (("missing", self.missing_nodes), ("extra", self.extra_nodes)):
            if names:
                more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
                lines.append(f"{what} nodes: {', '.join(names[:5])}{more}")
        # Parallel links that fail alike are one line.
        alike = Counter(f"{fault.kind}: {fault}" for fault in self.faults)
        for text, times in list(alike.items())[:_SHOWN]:
            lines.append(f"  {text}" + (f" ({times:,} times)" if times > 1 else ""))
        if (rest := sum(list(alike.values())[_SHOWN:])) > 0:
            lines.append(f"  and {rest:,} more")
        if self.costs:
            rows = [
                (f"{cost.a} - {cost.b}", *_bits(cost.designed_gbit_per_s, cost.built_gbit_per_s))
                for cost in self.costs
            ]
            titles = ("bandwidth between", "designed", "built")
            lines += ["", text_table(titles, rows, right=[1, 2])]
        return "\n".join(lines)


def _same_links(one: Fabric, other: Fabric) -> bool:
    return one.names == other.names and all(
        np.array_equal(getattr(one, field), getattr(other, field))
        for field in ("tails", "heads", "gbit_per_s")
    )


def _bits(*gbit_per_s: float) -> tuple[str, ...]:
    return tuple(format_bits(round(value * 1e6)) for value in gbit_per_s)


def diff(
    designed: Fabric | Imported | str | os.PathLike[str],
    built: Fabric | Imported | str | os.PathLike[str],
    /,
    *,
    names: Mapping[str, str] | None = None,
) -> Difference:
    """Compare a fabric as built with its design: missing, extra, miscabled and slow links.

    Parameters
    ----------
    designed, built : Fabric, Imported, or path of a file
        The two. Nodes are matched by name. Where both come from files that name ports
        (ibnetdiscover, netloc), cables are matched by port; otherwise by the nodes they join.
        Structured fabrics are written out.
    names : mapping of str to str, optional
        The designed name of nodes that are called otherwise in the built fabric.

    Returns
    -------
    Difference
        The faults, and what they cost: maximum flows between the ends of the worst of them, as
        designed and as built.

    Raises
    ------
    GraphError
        Names that several nodes share, fabrics of arcs against fabrics of links, a name to map
        that no node has.
    InputTypeError
        Neither fabrics nor imports nor paths, or `names` that are no mapping of text to text.

    Notes
    -----
    Linear in the number of links, and up to twenty maximum flows. Failed links count as missing.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> names = ["leaf 0", "leaf 1", "spine"]
    >>> designed = pp.Fabric.from_links([0, 1], [2, 2], [400, 400], names=names)
    >>> built = pp.Fabric.from_links([0, 1], [2, 2], [400, 100], names=names)
    >>> print(pp.diff(designed, built))
    links: 1 slow
      slow: leaf 1 - spine, 100 Gb/s instead of 400 Gb/s
    <BLANKLINE>
    bandwidth between  designed     built
    -----------------  --------  --------
    leaf 1 - spine     400 Gb/s  100 Gb/s
    """
    own, theirs = _taken(designed, "designed"), _taken(built, "built")
    if own.fabric._handle.is_directed != theirs.fabric._handle.is_directed:
        raise GraphError("one fabric has one-way arcs and the other full-duplex links")
    renamed = _renamed(names)
    known = set(theirs.names)
    for name in renamed:
        if name not in known:
            raise GraphError(f"names has {shorten(name)}, and no node of the built fabric is that")
    built_names = [renamed.get(name, name) for name in theirs.names]
    for what, each in (("designed", list(own.names)), ("built", built_names)):
        if len(set(each)) < len(each):
            twice = next(name for name, count in Counter(each).items() if count > 1)
            raise GraphError(f"several nodes of the {what} fabric are named {shorten(twice)}")
    cables = own.cables(own.names)
    others = theirs.cables(built_names)
    by_port = own.has_ports and theirs.has_ports
    faults = _by_port(cables, others) if by_port else _by_nodes(cables, others)
    rank = {kind: place for place, kind in enumerate(_ORDER)}
    faults.sort(key=lambda fault: (rank[fault.kind], -fault.lost_gbit_per_s))
    built_fabric = Fabric(
        theirs.fabric._handle,
        theirs.fabric._recipe,
        tuple(built_names),
        theirs.fabric.rounded,
        theirs.fabric.report,
    )
    there, here = set(own.names), set(built_names)
    return Difference(
        own.fabric,
        built_fabric,
        tuple(faults),
        tuple(name for name in own.names if name not in here),
        tuple(name for name in built_names if name not in there),
        _costs(own.fabric, built_fabric, faults, here),
    )


def _renamed(names: Mapping[str, str] | None) -> dict[str, str]:
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise InputTypeError(f"names is {a_type(names)}; it must be a mapping of names to names")
    return {
        as_text("a key of names", name): as_text(f"names[{shorten(name)}]", own)
        for name, own in names.items()
    }


class _Side(NamedTuple):
    fabric: Fabric
    names: tuple[str, ...]
    ports: tuple[tuple[str, str], ...] | None
    rates: tuple[str, ...] | None

    @property
    def has_ports(self) -> bool:
        return self.ports is not None

    def cables(self, names: Iterable[str]) -> list[Cable]:
        own = list(names)
        capacity = self.fabric.gbit_per_s
        tails, heads = self.fabric.tails, self.fabric.heads
        up = np.flatnonzero(capacity > 0)
        cables = []
        for link, a, b, gbit in zip(
            up.tolist(), tails[up].tolist(), heads[up].tolist(), capacity[up].tolist(), strict=True
        ):
            ports = ("", "") if self.ports is None else self.ports[link]
            rate = "" if self.rates is None else self.rates[link]
            cables.append(Cable(own[a], own[b], *ports, gbit, link, rate))
        return cables


def _taken(given: object, what: str) -> _Side:
    if isinstance(given, str | os.PathLike):
        from pinchpoint.interop import read

        given = read(given)
    ports = given.cables if isinstance(given, Imported) else None
    fabric = given.fabric if isinstance(given, Imported) else given
    if not isinstance(fabric, Fabric):
        raise InputTypeError(f"{what} is {a_type(given)}; it must be a fabric, an import or a path")
    if fabric.is_structured:
        fabric = fabric.materialize()
    pairs = None if ports is None else tuple(zip(ports.port_a, ports.port_b, strict=True))
    return _Side(fabric, fabric.names, pairs, None if ports is None else ports.rate)


def _pair(cable: Cable) -> tuple[str, str]:
    return (cable.a, cable.b) if cable.a <= cable.b else (cable.b, cable.a)


def _by_nodes(cables: list[Cable], others: list[Cable]) -> list[LinkFault]:
    """Match links of the same two nodes: equal ones first, the rest from the fastest down."""
    sides: list[dict[tuple[str, str], list[Cable]]] = [defaultdict(list), defaultdict(list)]
    for side, each in zip(sides, (cables, others), strict=True):
        for cable in each:
            side[_pair(cable)].append(cable)
    faults: list[LinkFault] = []
    missing: list[Cable] = []
    extra: list[Cable] = []
    for pair in dict.fromkeys([*sides[0], *sides[1]]):
        own, theirs = sides[0].get(pair, []), sides[1].get(pair, [])
        own, theirs = _without_equal(own, theirs)
        for one, other in zip(own, theirs, strict=False):
            kind = "slow" if other.gbit_per_s < one.gbit_per_s else "fast"
            faults.append(LinkFault(kind, one, other))
        missing += own[len(theirs) :]
        extra += theirs[len(own) :]
    return faults + _miscabled(missing, extra, lambda cable: (cable.a, cable.b))


def _without_equal(own: list[Cable], theirs: list[Cable]) -> tuple[list[Cable], list[Cable]]:
    if [c.gbit_per_s for c in own] == [c.gbit_per_s for c in theirs]:
        return [], []
    both = Counter(c.gbit_per_s for c in own) & Counter(c.gbit_per_s for c in theirs)
    rests = []
    for side in (own, theirs):
        left, rest = Counter(both), []
        for cable in sorted(side, key=lambda cable: -cable.gbit_per_s):
            if left[cable.gbit_per_s]:
                left[cable.gbit_per_s] -= 1
            else:
                rest.append(cable)
        rests.append(rest)
    return rests[0], rests[1]


def _by_port(cables: list[Cable], others: list[Cable]) -> list[LinkFault]:
    def ends(cable: Cable) -> tuple[tuple[str, str], tuple[str, str]]:
        one, other = (cable.a, cable.port_a), (cable.b, cable.port_b)
        return (one, other) if one <= other else (other, one)

    built = {ends(cable): cable for cable in others}
    faults, missing = [], []
    for cable in cables:
        other = built.pop(ends(cable), None)
        if other is None:
            missing.append(cable)
        elif other.gbit_per_s != cable.gbit_per_s:
            kind = "slow" if other.gbit_per_s < cable.gbit_per_s else "fast"
            faults.append(LinkFault(kind, cable, other))
    return faults + _miscabled(missing, list(built.values()), ends)


def _miscabled(missing: list[Cable], extra: list[Cable], ends) -> list[LinkFault]:  # type: ignore[no-untyped-def]
    """Pair what is missing with what is there instead: links that share an end."""
    at: dict[object, list[int]] = defaultdict(list)
    for place, cable in enumerate(extra):
        for end in ends(cable):
            at[end].append(place)
    used: set[int] = set()
    faults = []
    for cable in missing:
        near = [place for end in ends(cable) for place in at[end] if place not in used]
        near.sort(key=lambda place: extra[place].gbit_per_s != cable.gbit_per_s)
        if near:
            used.add(near[0])
            faults.append(LinkFault("miscabled", cable, extra[near[0]]))
        else:
            faults.append(LinkFault("missing", cable, None))
    rest = (cable for place, cable in enumerate(extra) if place not in used)
    return faults + [LinkFault("extra", None, cable) for cable in rest]


def _costs(
    designed: Fabric, built: Fabric, faults: list[LinkFault], there: set[str]
) -> tuple[Cost, ...]:
    lost: dict[tuple[str, str], float] = {}
    for fault in faults:
        if fault.designed is not None and fault.lost_gbit_per_s:
            pair = (fault.designed.a, fault.designed.b)
            lost[pair] = lost.get(pair, 0.0) + fault.lost_gbit_per_s
    worst = sorted(lost, key=lambda pair: -lost[pair])[:_COSTED]
    costs = []
    places = {name: place for place, name in enumerate(designed.names)}
    others = {name: place for place, name in enumerate(built.names)}
    for a, b in worst:
        before = designed.bandwidth(places[a], places[b], forwarding="all").gbit_per_s
        after = (
            built.bandwidth(others[a], others[b], forwarding="all").gbit_per_s
            if {a, b} <= there
            else 0.0
        )
        costs.append(Cost(a, b, before, after))
    return tuple(sorted(costs, key=lambda cost: cost.built_gbit_per_s - cost.designed_gbit_per_s))


class SlowCable(NamedTuple):
    """A cable slower than others of its trunk.

    Attributes
    ----------
    cable : Cable
        The cable.
    trunk : int
        Cables between its two nodes, this one included.
    usual_gbit_per_s : float
        Capacity of the fastest of them.
    usual_rate : str
        The same as its tool calls it, or "".
    spread_gbit_per_s : float
        What the trunk carries when traffic is spread equally over its cables, as ECMP does: the
        slowest one times their number.
    without_gbit_per_s : float
        The same when the slow cables are pulled.
    """

    cable: Cable
    trunk: int
    usual_gbit_per_s: float
    usual_rate: str
    spread_gbit_per_s: float
    without_gbit_per_s: float

    def __str__(self) -> str:
        own, usual, spread, without = _bits(
            self.cable.gbit_per_s,
            self.usual_gbit_per_s,
            self.spread_gbit_per_s,
            self.without_gbit_per_s,
        )
        rates = [f" ({rate})" if rate else "" for rate in (self.cable.rate, self.usual_rate)]
        return (
            f"{self.cable}: {own}{rates[0]} in a {self.trunk}-cable trunk of {usual}{rates[1]}; "
            f"spread equally the trunk carries {spread}, without the slow cable {without}"
        )


def check(built: Fabric | Imported | str | os.PathLike[str], /) -> tuple[SlowCable, ...]:
    """Find cables that are slower than others of their trunk, with no design to compare with.

    Parameters
    ----------
    built : Fabric, Imported, or path of a file
        What to look at; a trunk is all links between the same two nodes.

    Returns
    -------
    tuple of SlowCable
        The one that costs its trunk most first.

    Raises
    ------
    FormatError
        A file that cannot be read.
    InputTypeError
        Neither a fabric nor an import nor a path.

    Notes
    -----
    Takes O(links) time and memory; a structured fabric is written out.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> fabric = pp.Fabric.from_links([0, 0, 0], [1, 1, 1], [32, 32, 8], names=["a", "b"])
    >>> print(*pp.check(fabric))
    a - b: 8 Gb/s in a 3-cable trunk of 32 Gb/s; spread equally the trunk carries 24 Gb/s, \
without the slow cable 64 Gb/s
    """
    side = _taken(built, "built")
    trunks: dict[tuple[str, str], list[Cable]] = defaultdict(list)
    for cable in side.cables(side.names):
        trunks[_pair(cable)].append(cable)
    found = []
    for trunk in trunks.values():
        usual = max(trunk, key=lambda cable: cable.gbit_per_s)
        slow = [cable for cable in trunk if cable.gbit_per_s < usual.gbit_per_s]
        if not slow:
            continue
        spread = len(trunk) * min(cable.gbit_per_s for cable in slow)
        without = (len(trunk) - len(slow)) * usual.gbit_per_s
        found += [
            SlowCable(cable, len(trunk), usual.gbit_per_s, usual.rate, spread, without)
            for cable in slow
        ]
    return tuple(sorted(found, key=lambda item: item.spread_gbit_per_s - item.without_gbit_per_s))
