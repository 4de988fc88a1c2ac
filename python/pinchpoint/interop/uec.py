"""Ultra Ethernet simulator files: fat trees (``.topo``) and connections (``.cm``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._wording import counted
from pinchpoint.builder import FabricBuilder
from pinchpoint.fabric import Fabric
from pinchpoint.interop._imported import Demands, Imported
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source
from pinchpoint.interop._words import integer

if TYPE_CHECKING:
    import os

    from pinchpoint.interop._report import Report

__all__ = ["looks_like", "parse", "read_uec"]

_HEADER = ("nodes", "tiers", "podsize")
_TIER = ("downlink_speed_gbps", "radix_down", "radix_up", "oversubscribed", "bundle")
_IGNORED = ("switch_latency_ns", "downlink_latency_ns", "queue_down", "queue_up")
_MAX_HOSTS = 1 << 32
_CONNECTION = re.compile(r"([0-9]{1,10})->([0-9]{1,10})(?:\s+(.*))?")
_PAIRED = (
    "id",
    "msg",
    "start",
    "size",
    "trigger",
    "send_done_trigger",
    "recv_done_trigger",
    "prio",
)


def looks_like(head: str) -> bool:
    """Tell whether the first characters of a file are of this format."""
    return bool(
        re.search(r"^nodes[ \t]+[0-9]+", head, re.MULTILINE | re.IGNORECASE)
        and re.search(r"^tiers[ \t]+[0-9]+", head, re.MULTILINE | re.IGNORECASE)
    )


def read_uec(
    topology: str | os.PathLike[str], connections: str | os.PathLike[str] | None = None, /
) -> Imported:
    """Read a fat tree of the Ultra Ethernet simulator, with its connections if they are given.

    Parameters
    ----------
    topology : str or path-like
        The ``.topo`` file.
    connections : str or path-like, optional
        A ``.cm`` file.

    Returns
    -------
    Imported
        A structured fabric with the groups ``host``, ``leaf``, ``spine`` and, of three tiers,
        ``core``, wired as the simulator does: a leaf to every spine of its pod, the spine in place
        i of each pod to the cores i, i + spines, and so on. Demands are in bytes.

    Raises
    ------
    FormatError
        A missing or repeated field, numbers of ports that fit no whole number of switches, a
        connection to no host.

    Notes
    -----
    Linear in the size of the files, 1 GiB each at most; the fabric takes kilobytes whatever the
    number of hosts.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''Nodes 32
    ... Tiers 2
    ... Podsize 32
    ... Tier 0
    ... Downlink_speed_Gbps 100
    ... Radix_Up 4
    ... Radix_Down 8
    ... Tier 1
    ... Downlink_speed_Gbps 100
    ... Radix_Down 4
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "tiny.topo")
    ...     _ = path.write_text(text)
    ...     fabric = pp.interop.read_uec(path).fabric
    >>> fabric.bandwidth("host[leaf=0]", "host[leaf=1]").gbit_per_s  # 4 uplinks
    400.0
    """
    return parse(Source.open(topology), None if connections is None else Source.open(connections))


def parse(source: Source, connections: Source | None = None) -> Imported:
    """Read the text of the files."""
    notes = Notes()
    header, tiers = _fields(source, notes)
    fabric = _build(source, notes, header, tiers)
    counts = {group.name: group.size for group in fabric.groups} | {"links": fabric.num_links}
    demands = None
    if connections is not None:
        demands = _connections(connections, notes, header["nodes"][0])
        counts["connections"] = len(demands.sources)
    report = notes.report(source.name, "Ultra Ethernet topology", counts)
    return Imported(_reported(fabric, report), report, demands)


def _reported(fabric: Fabric, report: Report) -> Fabric:
    return Fabric(fabric._handle, fabric._recipe, fabric._names, fabric.rounded, report)


_Field = tuple[int, int]  # value, line


def _fields(source: Source, notes: Notes) -> tuple[dict[str, _Field], list[dict[str, _Field]]]:
    header: dict[str, _Field] = {}
    tiers: dict[int, dict[str, _Field]] = {}
    own: dict[str, _Field] = header
    line = 1
    for line, text in source.lines():
        words = text.split()
        if not words or words[0].startswith("#"):
            continue
        key = words[0].lower()
        if len(words) < 2:
            source.fail(line, f"{shorten(text)} has no value")
        if key == "tier":
            tier = integer(source, line, "Tier", words[1], 0, 2)
            if tier in tiers:
                source.fail(line, f"Tier {tier} comes twice")
            own = tiers[tier] = {"tier": (tier, line)}
            continue
        known = _HEADER if own is header else _TIER
        if key in _IGNORED:
            notes.skip(words[0])
        elif key not in known:
            source.fail(line, f"{shorten(words[0])} is unknown{did_you_mean(key[:60], known)}")
        elif key in own:
            source.fail(line, f"{words[0]} comes twice, first in line {own[key][1]}")
        else:
            own[key] = (integer(source, line, words[0], words[1], 1, _MAX_HOSTS), line)
    for key in _HEADER:
        if key not in header:
            source.fail(line, f"no {key.title()}")
    count, at = header["tiers"]
    if count not in (2, 3):
        source.fail(at, f"Tiers is {count}; it must be 2 or 3")
    if sorted(tiers) != list(range(count)):
        shown = ", ".join(map(str, sorted(tiers))) or "none"
        source.fail(at, f"Tiers is {count}, and the tiers described are {shown}")
    for tier, fields in sorted(tiers.items()):
        needed = ["downlink_speed_gbps", "radix_down"] + ["radix_up"] * (tier < count - 1)
        for key in needed:
            if key not in fields:
                source.fail(fields["tier"][1], f"Tier {tier} has no {key.title()}")
        if tier == count - 1 and "radix_up" in fields:
            source.fail(fields["radix_up"][1], f"Tier {tier} is the top and has no Radix_Up")
    return header, [tiers[tier] for tier in range(count)]


def _build(
    source: Source, notes: Notes, header: dict[str, _Field], tiers: list[dict[str, _Field]]
) -> Fabric:
    def whole(a: int, b: int, line: int, what: str) -> int:
        if a % b:
            source.fail(line, f"{what}: {a:,} is no multiple of {b:,}")
        return a // b

    def bundle(tier: int) -> int:
        return tiers[tier].get("bundle", (1, 0))[0]

    hosts, per_pod = header["nodes"][0], header["podsize"]
    pods = whole(hosts, per_pod[0], per_pod[1], "Nodes over Podsize")
    down, up = tiers[0]["radix_down"], tiers[0]["radix_up"]
    if bundle(0) != 1:
        source.fail(tiers[0]["bundle"][1], "Bundle of tier 0 must be 1: a host has one link")
    leaves = whole(per_pod[0], down[0], down[1], "Podsize over Radix_Down of tier 0")
    spines = whole(up[0], bundle(1), up[1], "Radix_Up of tier 0 over Bundle of tier 1")
    into = tiers[1]["radix_down"]
    if leaves * bundle(1) != into[0]:
        source.fail(
            into[1],
            f"Radix_Down of tier 1 is {into[0]}; {counted(leaves, 'leaf', 'leaves')} a pod with "
            f"{counted(bundle(1), 'link')} each to a spine need {leaves * bundle(1)}",
        )
    builder = FabricBuilder("uec")
    speeds = [f"{fields['downlink_speed_gbps'][0]}Gb/s" for fields in tiers]
    host = builder.nodes("host", forwards=False, pod=pods, leaf=leaves, host=down[0])
    leaf = builder.nodes("leaf", pod=pods, leaf=leaves)
    spine = builder.nodes("spine", pod=pods, spine=spines)
    builder.links(host, leaf, speeds[0])
    builder.links(leaf, spine, speeds[1], join={"pod": "pod"}, multiplicity=bundle(1))
    if len(tiers) == 3:
        top, above = tiers[1]["radix_up"], tiers[2]["radix_down"]
        cores = whole(top[0], bundle(2), top[1], "Radix_Up of tier 1 over Bundle of tier 2")
        if pods * bundle(2) != above[0]:
            source.fail(
                above[1],
                f"Radix_Down of tier 2 is {above[0]}; {counted(pods, 'pod')} with "
                f"{counted(bundle(2), 'link')} each to a core need {pods * bundle(2)}",
            )
        core = builder.nodes("core", spine=spines, core=cores)
        builder.links(spine, core, speeds[2], join={"spine": "spine"}, multiplicity=bundle(2))
    elif pods != 1:
        source.fail(per_pod[1], f"two tiers are one pod; Podsize gives {pods}")
    _oversubscribed(notes, tiers)
    return builder.build()


def _oversubscribed(notes: Notes, tiers: list[dict[str, _Field]]) -> None:
    for tier, fields in enumerate(tiers[:-1]):
        said = fields.get("oversubscribed", (1, 0))[0]
        below = fields["radix_down"][0] * fields["downlink_speed_gbps"][0]
        above = fields["radix_up"][0] * tiers[tier + 1]["downlink_speed_gbps"][0]
        if below != said * above:
            notes.guess(
                f"tier {tier}: Oversubscribed says {said}:1, its ports say {below / above:g}:1; "
                "the ports are taken"
            )


def _pairs(source: Source, line: int, words: list[str]) -> dict[str, str]:
    """Read the fields of a connection; only ``msg`` may go without its number."""
    fields: dict[str, str] = {}
    waiting = iter(enumerate(words, 1))
    for after, field in waiting:
        value = words[after] if after < len(words) else None
        if field == "msg" and (value is None or not value.isdecimal()):
            continue
        if field not in _PAIRED:
            source.fail(line, f"{shorten(field)} is unknown{did_you_mean(field[:60], _PAIRED)}")
        if value is None:
            source.fail(line, f"{shorten(field)} has no value")
        fields[field] = value
        next(waiting)
    return fields


def _connections(source: Source, notes: Notes, hosts: int) -> Demands:
    rows: list[tuple[int, int, int]] = []
    counts: dict[str, tuple[int, int]] = {}
    line = 1
    for line, text in source.lines():
        own = text.strip()
        if not own or own.startswith("#"):
            continue
        words = own.split()
        if (key := words[0].lower()) in ("nodes", "connections", "triggers", "failures"):
            if len(words) != 2:
                source.fail(line, f"{shorten(own)} has no count")
            counts[key] = (integer(source, line, words[0], words[1], 0, _MAX_HOSTS), line)
            continue
        if key in ("trigger", "failure"):
            notes.skip(f"{source.name}: {key}")
            continue
        match = _CONNECTION.fullmatch(own)
        if match is None:
            source.fail(line, f"{shorten(own)} is cut off or no connection such as '0->1 size 9'")
        ends = [integer(source, line, "host", match[i], 0, hosts - 1) for i in (1, 2)]
        fields = _pairs(source, line, (match[3] or "").split())
        if "size" not in fields:
            source.fail(line, f"connection {ends[0]}->{ends[1]} has no size")
        size = integer(source, line, "size", fields["size"], 0, 1 << 62)
        for field in ("start", "trigger", "send_done_trigger", "recv_done_trigger", "prio"):
            if fields.get(field, "0") != "0":
                notes.skip(f"{source.name}: {field} of a connection")
        rows.append((ends[0], ends[1], size))
    if counts.get("nodes", (hosts, 0))[0] > hosts:
        source.fail(counts["nodes"][1], f"Nodes is {counts['nodes'][0]}; the topology has {hosts}")
    said, at = counts.get("connections", (len(rows), line))
    if said != len(rows):
        source.fail(at, f"Connections is {said}, and there are {len(rows)}: the file is cut off")
    array = np.array(rows, np.int64).reshape(-1, 3)
    return Demands(array[:, 0], array[:, 1], array[:, 2].astype(np.float64), "bytes")
