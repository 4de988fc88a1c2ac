"""Links at some nodes, as boxes of links and never listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pinchpoint import _core
from pinchpoint.selection import Label, LinkSelection, Selection
from pinchpoint.studies.elements import Wiring

if TYPE_CHECKING:
    from pinchpoint.fabric import Fabric
    from pinchpoint.studies.elements import Block, LinkAxes, Runs

__all__ = ["links_at"]


def links_at(fabric: Fabric, nodes: Selection) -> list[LinkSelection]:
    """Return the links that have an end among some nodes, a selection per bundle."""
    wiring = Wiring(fabric)
    group = wiring.groups.index(nodes.group)
    found = []
    for place, link in enumerate(wiring.links):
        if group not in (link.a, link.b):
            continue
        whole = wiring.whole(wiring.bundles[place])
        if link.kind == "listed":
            blocks = _listed(fabric, wiring, place, nodes)
        else:
            blocks = _blocks(wiring, link, group, nodes._handle.blocks())
        if blocks:
            name = wiring.bundles[place]
            core = _core.LinkSelection(name, whole.sizes, blocks, whole.own_pair)
            found.append(LinkSelection(core, Label((f"{name} at {nodes}",), 1)))
    return found


def _listed(fabric: Fabric, wiring: Wiring, place: int, nodes: Selection) -> list[Block]:
    """Return runs of the links of an explicit bundle that touch the nodes."""
    arrays = fabric._handle.arrays()
    if arrays is None:
        return []
    first, count = wiring._first[place], fabric.bundles[place].num_links
    ends = [np.asarray(one[first : first + count]) for one in arrays[:2]]
    ids = fabric._handle.node_ids(nodes._handle)
    hit = np.flatnonzero(np.isin(ends[0], ids) | np.isin(ends[1], ids))
    starts = np.flatnonzero(np.diff(hit, prepend=-2) != 1)
    stops = np.append(starts[1:], hit.size) - 1
    return [
        [[(int(hit[low]), int(hit[high]) + 1)]] for low, high in zip(starts, stops, strict=True)
    ]


def _blocks(wiring: Wiring, link: LinkAxes, group: int, chosen: list[Block]) -> list[Block]:
    """Cut the link blocks of a bundle to those with an end in the chosen blocks of nodes."""
    ends: list[tuple[list[int], int | None]] = []
    if link.a == group:
        ends.append((list(range(len(wiring.digits[link.a]))), None))
    if link.b == group:
        ends.append((list(link.ends), link.ring))
    out = []
    for axes, ring in ends:
        for nodes in chosen:
            runs = list(nodes)
            if ring is not None:
                # Along a ring the second end is one further than the link's own place.
                runs[ring] = _one_back(runs[ring], wiring.digits[link.b][ring][1])
            for block in link.blocks:
                cut = list(block)
                for axis, own in zip(axes, runs, strict=True):
                    cut[axis] = _common(cut[axis], own)
                if all(cut):
                    out.append(cut)
    return out


def _one_back(runs: Runs, size: int) -> Runs:
    values = sorted({(value - 1) % size for low, high in runs for value in range(low, high)})
    return [(value, value + 1) for value in values]


def _common(a: Runs, b: Runs) -> Runs:
    pairs = [(max(x[0], y[0]), min(x[1], y[1])) for x in a for y in b]
    return [(low, high) for low, high in pairs if low < high]
