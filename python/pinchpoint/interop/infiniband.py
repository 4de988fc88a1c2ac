"""``ibnetdiscover``: every cable of an InfiniBand subnet, as both of its ends report it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinchpoint._suggest import shorten
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import HOST, SWITCH, Listing
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source

if TYPE_CHECKING:
    import os

__all__ = ["lane_kbit_per_s", "looks_like", "parse", "read_ibnetdiscover"]

# Data rate of one lane in kbit/s per direction, after line coding: 8b/10b up to QDR, 64b/66b from
# FDR10 on (InfiniBand Architecture Specification, volume 2). FDR is 14.0625 Gbaud x 64/66, cut to
# whole kbit/s.
_LANE = {
    "SDR": 2_000_000,
    "DDR": 4_000_000,
    "QDR": 8_000_000,
    "FDR10": 10_000_000,
    "FDR": 13_636_363,
    "EDR": 25_000_000,
    "HDR": 50_000_000,
    "NDR": 100_000_000,
    "XDR": 200_000_000,
}
_WIDTHS = (1, 2, 4, 8, 12)
_DESCRIBED = r'(?:\s*#\s*"(?P<desc>[^"]*)".*)?'
_NODE = re.compile(
    r'(?P<kind>Switch|Ca|Rt)\s+(?P<ports>[0-9]{1,5})\s+"(?P<guid>[^"]{1,64})"' + _DESCRIBED + r".*"
)
_PORT = re.compile(
    r'\[(?P<port>[0-9]{1,5})\](?:\[ext [0-9]+\])?(?:\([0-9a-fA-F]*\))?\s+"(?P<peer>[^"]{1,64})"'
    r"\s*\[(?P<peer_port>[0-9]{1,5})\](?:\[ext [0-9]+\])?(?:\([0-9a-fA-F]*\))?(?P<rest>.*)"
)
_RATE = re.compile(r"(?:^|\s)(?P<width>[0-9]{1,3})x(?P<speed>[A-Za-z]{3,4}(?:10)?)(?=\s|$)")
_HEADER = re.compile(
    r"(?:vendid|devid|sysimgguid|switchguid|caguid|rtguid)=|#|Non-Chassis|Chassis|\s*$",
    re.IGNORECASE,
)
# Aggregation nodes of in-network reduction are listed as channel adapters; they are no endpoints.
_AGGREGATION = re.compile(r"aggregation node|\bSHARP\b", re.IGNORECASE)
_MAX_NODES = 4_000_000


@dataclass(slots=True)
class _End:
    """What one end says about a cable."""

    line: int
    peer: tuple[str, int]
    width: int
    speed: str


def lane_kbit_per_s(speed: str) -> int | None:
    """Give the data rate of one lane by the name of the speed, such as ``"NDR"``.

    Parameters
    ----------
    speed : str
        Name of the speed.

    Returns
    -------
    int or None
        Exact kbit/s per direction; None for an unknown name.

    Examples
    --------
    >>> lane_kbit_per_s("NDR")
    100000000
    """
    return _LANE.get(speed.upper())


def looks_like(head: str) -> bool:
    """Tell whether the first characters of a file are of this format."""
    return bool(
        re.search(r"^(?:switchguid|caguid)=|^(?:Switch|Ca)\s+[0-9]+\s+\"", head, re.MULTILINE)
    )


def read_ibnetdiscover(path: str | os.PathLike[str], /) -> Imported:
    """Read what ``ibnetdiscover`` prints.

    Parameters
    ----------
    path : str or path-like
        The file with its output.

    Returns
    -------
    Imported
        A fabric with the groups ``switch`` and ``host`` (one node per channel adapter, named as it
        describes itself). Hosts pass nothing on. Aggregation nodes are left out.

    Raises
    ------
    FormatError
        A port that is used twice, ends that name each other wrongly, an unknown speed or width, no
        nodes at all. Other lines, such as errors of the tool, are skipped and counted.

    Notes
    -----
    Capacities are data rates: 8, 16, 32, 54.5, 100, 200, 400 and 800 Gbit/s for 4x SDR, DDR, QDR,
    FDR, EDR, HDR, NDR and XDR. Where the two ends of a cable disagree about its rate, the lower
    one counts, and the report says so. Linear in the size of the file, 1 GiB at most.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''
    ... Switch 2 "S-1" # "leaf 1" enhanced port 0 lid 1 lmc 0
    ... [1] "H-1"[1] # "node 1 HCA-1" lid 2 4xNDR
    ... [2] "H-2"[1] # "node 2 HCA-1" lid 3 2xNDR
    ... Ca 1 "H-1" # "node 1 HCA-1"
    ... [1] "S-1"[1] # lid 2 lmc 0 "leaf 1" lid 1 4xNDR
    ... Ca 1 "H-2" # "node 2 HCA-1"
    ... [1] "S-1"[2] # lid 3 lmc 0 "leaf 1" lid 1 4xNDR
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "dump.topo")
    ...     _ = path.write_text(text)
    ...     found = pp.interop.read_ibnetdiscover(path)
    >>> found.fabric.bandwidth("node 1 HCA-1", "node 2 HCA-1").gbit_per_s
    200.0
    >>> found.cables.rate  # the ends of the second differ: the lower one counts
    ('4x NDR', '2x NDR')
    """
    return parse(Source.open(path))


def parse(source: Source) -> Imported:
    """Read the text of a file."""
    notes = Notes()
    fabric = Listing([SWITCH, HOST])
    ends: dict[tuple[str, int], _End] = {}
    aggregation: set[str] = set()
    # The block that ports belong to; None where it is not known, "" where it is skipped.
    owner: str | None = None
    for number, line in source.lines():
        text = line.strip()
        if node := _NODE.fullmatch(text):
            owner = _add_node(source, notes, fabric, aggregation, number, node)
            continue
        if port := _PORT.fullmatch(text):
            if owner is None:
                source.fault(number, f"port [{port['port']}] comes before any Switch or Ca")
            elif owner:
                _add_end(source, ends, (owner, int(port["port"])), number, port)
            continue
        if text.startswith(("Switch", "Ca\t", "Ca ", "Rt\t", "Rt ", "[")):
            source.fault(number, f"{shorten(text)} is cut off or no line of ibnetdiscover")
        elif not _HEADER.match(text):
            notes.skip(f"line {number}: {shorten(text)}")
    source.check()
    if not fabric.count(SWITCH) and not fabric.count(HOST):
        source.fail(None, "no Switch and no Ca line: this is no output of ibnetdiscover")
    _join(source, notes, fabric, ends, aggregation)
    source.check()
    counts = {
        "switches": fabric.count(SWITCH),
        "hosts": fabric.count(HOST),
        "links": fabric.num_links,
    }
    report = notes.report(source.name, "ibnetdiscover", counts)
    built = fabric.build("infiniband", report)
    return Imported(built.fabric, report, cables=fabric.cables(built))


def _add_node(
    source: Source,
    notes: Notes,
    fabric: Listing,
    aggregation: set[str],
    number: int,
    node: re.Match[str],
) -> str:
    guid, name = node["guid"], node["desc"] or node["guid"]
    if guid in fabric or guid in aggregation:
        source.fault(number, f"node {guid!r} is listed twice")
        return ""
    if node["kind"] == "Ca" and _AGGREGATION.search(name):
        aggregation.add(guid)
        notes.skip(f"aggregation node {shorten(name)}")
        return ""
    if node["kind"] == "Rt":
        notes.guess(f"router {shorten(name)} taken as a switch")
    fabric.node(guid, HOST if node["kind"] == "Ca" else SWITCH, name)
    return guid


def _add_end(
    source: Source,
    ends: dict[tuple[str, int], _End],
    own: tuple[str, int],
    number: int,
    port: re.Match[str],
) -> None:
    if own in ends:
        where = f"line {ends[own].line}"
        source.fault(number, f"port [{own[1]}] of {own[0]!r} is listed twice, first in {where}")
        return
    # The description of the peer may hold anything: the rate is looked for behind it.
    rates = list(_RATE.finditer(port["rest"].rpartition('"')[2]))
    if not rates:
        source.fault(number, f"port [{own[1]}] of {own[0]!r} has no rate such as 4xNDR")
        return
    wide, speed = int(rates[-1]["width"]), rates[-1]["speed"]
    if speed not in _LANE:
        source.fault(number, f"speed {speed!r} is unknown (known: {', '.join(_LANE)})")
        return
    if wide not in _WIDTHS:
        source.fault(number, f"width {wide}x is unknown; it is 1x, 2x, 4x, 8x or 12x")
        return
    ends[own] = _End(number, (port["peer"], int(port["peer_port"])), wide, speed)


def _join(
    source: Source,
    notes: Notes,
    fabric: Listing,
    ends: dict[tuple[str, int], _End],
    aggregation: set[str],
) -> None:
    """Make one link of the two ends of every cable."""
    for own, end in ends.items():
        peer, back = end.peer, ends.get(end.peer)
        if peer[0] in aggregation:
            notes.skip("cable to an aggregation node")
            continue
        shown = f"{own[0]}[{own[1]}] - {peer[0]}[{peer[1]}]"
        if peer[0] not in fabric:
            notes.skip(f"line {end.line}: cable {shown}: its other end is not in the file")
            continue
        kbit, rate = end.width * _LANE[end.speed], f"{end.width}x {end.speed}"
        if peer == own:
            notes.skip(f"line {end.line}: port {own[0]}[{own[1]}] is looped back to itself")
            continue
        if back is None:
            notes.guess(
                f"line {end.line}: cable {shown} is reported by one end only; taken as there"
            )
        elif back.peer != own:
            other = f"{back.peer[0]}[{back.peer[1]}]"
            source.fault(
                end.line, f"cable {shown}: line {back.line} says that port leads to {other}"
            )
            continue
        elif peer < own:
            continue  # made when the other end came up
        else:
            theirs = back.width * _LANE[back.speed]
            if theirs != kbit:
                if theirs < kbit:
                    kbit, rate = theirs, f"{back.width}x {back.speed}"
                notes.guess(
                    f"lines {end.line} and {back.line}: the ends of cable {shown} report "
                    f"{end.width}x{end.speed} and {back.width}x{back.speed}; the lower one is taken"
                )
        if peer[0] == own[0]:
            notes.skip(f"line {end.line}: cable {shown} joins a node to itself")
            continue
        ports = (str(own[1]), str(peer[1]))
        fabric.link(fabric[own[0]], fabric[peer[0]], kbit, ports, rate)
