"""Slurm's ``topology.conf`` (topology/tree): which nodes hang off which switches.

Format: https://slurm.schedmd.com/topology.conf.html, lines such as
``SwitchName=s0 Nodes=tux[0-11]`` and ``SwitchName=s3 Switches=s[0-2]``.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinchpoint.interop._source import Source, shorten

if TYPE_CHECKING:
    import os

__all__ = ["Topology", "read_topology"]

_MOST_NAMES = 1_000_000
_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")
_KEYS = ("SwitchName", "Nodes", "Switches", "LinkSpeed")


@dataclass(frozen=True)
class Topology:
    """A tree of switches.

    Attributes
    ----------
    nodes : dict of str to tuple of str
        By switch: the nodes that hang off it, through other switches too.
    switches : dict of str to tuple of str
        By switch: the switches right below it.
    """

    nodes: dict[str, tuple[str, ...]]
    switches: dict[str, tuple[str, ...]]

    def node_groups(self) -> tuple[tuple[str, ...], ...]:
        """Return the nodes of each switch, the smallest groups first."""
        return tuple(sorted(self.nodes.values(), key=lambda group: (len(group), group)))

    def smallest(self, count: int, free: set[str]) -> tuple[str, ...] | None:
        """Return `count` free nodes below the switch that has fewest but enough, as Slurm does."""
        groups = [[node for node in group if node in free] for group in self.node_groups()]
        enough = [group for group in groups if len(group) >= count]
        return tuple(min(enough, key=len)[:count]) if enough else None


def read_topology(path: str | os.PathLike[str], /) -> Topology:
    r"""Read a ``topology.conf``.

    Parameters
    ----------
    path : str or path-like
        The file, of Slurm's plugin topology/tree.

    Returns
    -------
    Topology

    Raises
    ------
    FormatError
        A line that is none, a switch that is defined twice or not at all, switches in a circle.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from pinchpoint.slurm import read_topology
    >>> text = ["SwitchName=s[0-1] Nodes=n[0-3]", "SwitchName=top Switches=s[0-1]"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "topology.conf")
    ...     _ = file.write_text("\n".join(text))
    ...     print(read_topology(file).nodes["top"])
    ('n0', 'n1', 'n2', 'n3')
    """
    source = Source.open(path, 1 << 26)
    direct: dict[str, tuple[str, ...]] = {}
    below: dict[str, tuple[str, ...]] = {}
    lines: dict[str, int] = {}
    for number, raw in source.lines():
        text = raw.partition("#")[0].strip()
        if not text:
            continue
        fields = {}
        for word in text.split():
            key, equals, value = word.partition("=")
            own = next((one for one in _KEYS if one.lower() == key.lower()), None)
            if own is None or not equals or not value or own in fields:
                source.fail(number, f"{shorten(word)} is none of {', '.join(_KEYS)} with a value")
            fields[own] = value
        name = fields.get("SwitchName")
        if name is None or ("Nodes" in fields) == ("Switches" in fields):
            source.fail(number, "a line names a switch, and either its Nodes or its Switches")
        for switch in expand(source, number, name):
            if switch in lines:
                shown = shorten(switch)
                source.fail(number, f"switch {shown} is defined in line {lines[switch]} already")
            lines[switch] = number
            direct[switch] = expand(source, number, fields["Nodes"]) if "Nodes" in fields else ()
            below[switch] = (
                expand(source, number, fields["Switches"]) if "Switches" in fields else ()
            )
    if not lines:
        source.fail(None, "no switch is defined")
    return Topology(_gathered(source, lines, direct, below), below)


def _gathered(
    source: Source,
    lines: dict[str, int],
    direct: dict[str, tuple[str, ...]],
    below: dict[str, tuple[str, ...]],
) -> dict[str, tuple[str, ...]]:
    """Gather the nodes below each switch, from the leaves up."""
    for switch, others in below.items():
        for other in others:
            if other not in lines:
                source.fail(lines[switch], f"switch {shorten(other)} is not defined")
    above: dict[str, list[str]] = {switch: [] for switch in lines}
    for switch, others in below.items():
        for other in others:
            above[other].append(switch)
    nodes: dict[str, tuple[str, ...]] = {}
    left = {switch: len(below[switch]) for switch in lines}
    ready = deque(switch for switch in lines if not left[switch])
    while ready:
        switch = ready.popleft()
        parts = [direct[switch], *(nodes[other] for other in below[switch])]
        # A switch with one other below it has the same nodes: they are kept once.
        nodes[switch] = (
            parts[1]
            if len(parts) == 2 and not parts[0]
            else tuple(dict.fromkeys(node for part in parts for node in part))
        )
        for other in above[switch]:
            left[other] -= 1
            if not left[other]:
                ready.append(other)
    if len(nodes) < len(lines):
        switch = next(one for one in lines if one not in nodes)
        seen: set[str] = set()
        while switch not in seen:
            seen.add(switch)
            switch = next(other for other in below[switch] if other not in nodes)
        source.fail(lines[switch], f"switch {shorten(switch)} is below itself")
    return {switch: nodes[switch] for switch in lines}


def expand(source: Source, number: int, text: str) -> tuple[str, ...]:
    """Expand a hostlist such as ``n[0-3,07],m5``."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == "," and not depth:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    names: list[str] = []
    for part in parts:
        found = re.fullmatch(r"([^\[\],]+)(?:\[([^\[\]]+)\]([^\[\],]*))?", part)
        if found is None:
            source.fail(number, f"{shorten(part)} is no list of names such as n[0-3,7]")
        if found[2] is None:
            names.append(found[1])
            continue
        for span in found[2].split(","):
            ends = _RANGE.fullmatch(span)
            if ends is None:
                source.fail(number, f"{shorten(span)} in {shorten(part)} is no number or range")
            low, high = int(ends[1]), int(ends[2] or ends[1])
            if high < low or high - low + len(names) > _MOST_NAMES:
                source.fail(number, f"{shorten(span)} in {shorten(part)} is empty or too long")
            width = len(ends[1]) if ends[1].startswith("0") else 0
            names += [f"{found[1]}{value:0{width}d}{found[3]}" for value in range(low, high + 1)]
    return tuple(names)
