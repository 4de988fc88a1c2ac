"""What importers collect: typed nodes and links with exact capacities, made into a fabric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pinchpoint import _core
from pinchpoint.errors import SizeLimitError
from pinchpoint.fabric import Fabric
from pinchpoint.interop._imported import Cables

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pinchpoint.interop._report import Report

__all__ = ["GroupKind", "Listing", "grouped"]

_FORWARDS: dict[bool | str, str] = {True: "always", False: "never", "scale_up": "scale_up"}


class GroupKind(NamedTuple):
    """What the nodes of a group are.

    Attributes
    ----------
    name : str
        Name of the group.
    role : {"chip", "host", "nic", "switch"}
        What the nodes are.
    forwards : bool or "scale_up"
        Whether they pass on traffic that is not their own.
    """

    name: str
    role: str
    forwards: bool | str


CHIP = GroupKind("chip", "chip", False)
HOST = GroupKind("host", "host", False)
NIC = GroupKind("nic", "nic", True)
SWITCH = GroupKind("switch", "switch", True)
NODE = GroupKind("node", "switch", True)


class Grouped(NamedTuple):
    """A fabric, and where the nodes and links of the input went.

    Attributes
    ----------
    fabric : Fabric
        Explicit.
    node_ids : ndarray of int64, shape (nodes,)
        Id in the fabric of each node of the input.
    link_ids : ndarray of int64, shape (links,)
        Place in the fabric of each link of the input.
    flipped : ndarray of bool, shape (links,)
        Whether the fabric holds the link of the input the other way round.
    """

    fabric: Fabric
    node_ids: npt.NDArray[np.int64]
    link_ids: npt.NDArray[np.int64]
    flipped: npt.NDArray[np.bool_]


def grouped(
    name: str,
    kinds: Sequence[GroupKind],
    kind_of: npt.NDArray[np.int64],
    names: Sequence[str] | None,
    links: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]],
    *,
    shift: int = 0,
    rounded: bool = False,
    directed: bool = False,
    report: Report | None = None,
) -> Grouped:
    """Build an explicit fabric with a group per kind and a bundle per pair of kinds.

    Nodes are renumbered so that groups are contiguous, and listed in the order of the input within
    a group; so are links within a bundle. `links` are tails, heads and capacities in units of
    2^-shift kbit/s; `rounded` says whether some are rounded down.
    """
    tails, heads, units = links
    if len(kind_of) >= 1 << 32 or len(tails) >= (1 << 32) - 1:
        raise SizeLimitError(
            f"an explicit fabric holds fewer than 2^32 nodes and links; this one has "
            f"{len(kind_of):,} and {len(tails):,}"
        )
    if len(kinds) == 1:
        # Nothing changes its place: large edge lists come this way.
        node_ids, link_ids = np.arange(len(kind_of)), np.arange(len(tails))
        only = kinds[0]
        group = (only.name, only.role, _FORWARDS[only.forwards], len(kind_of))
        bundle = (f"{only.name}-{only.name}", 0, 0, len(tails))
        arrays = tails.astype(np.uint32), heads.astype(np.uint32), np.ascontiguousarray(units)
        core = _core.Fabric.listed(
            name, [group], [bundle] if len(tails) else [], *arrays, directed, shift
        )
        own = None if names is None else tuple(names)
        fabric = Fabric(core, None, own, rounded, report)
        return Grouped(fabric, node_ids, link_ids, np.zeros(len(tails), bool))
    used, kind_of = np.unique(kind_of, return_inverse=True)
    order = np.argsort(kind_of, kind="stable")
    node_ids = np.empty(len(order), np.int64)
    node_ids[order] = np.arange(len(order))
    a, b = kind_of[tails], kind_of[heads]
    tail_ids, head_ids = node_ids[tails], node_ids[heads]
    flip = np.zeros(len(tails), bool)
    if not directed:
        flip = a > b
        a, b = np.where(flip, b, a), np.where(flip, a, b)
        tail_ids, head_ids = np.where(flip, head_ids, tail_ids), np.where(flip, tail_ids, head_ids)
    key = a * len(used) + b
    link_order = np.argsort(key, kind="stable")
    pairs, counts = np.unique(key, return_counts=True)
    sizes = np.bincount(kind_of, minlength=len(used))
    groups = [
        (kind.name, kind.role, _FORWARDS[kind.forwards], int(size))
        for kind, size in zip((kinds[i] for i in used), sizes, strict=True)
    ]
    bundles = []
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        one, other = divmod(pair, len(used))
        bundles.append((f"{groups[one][0]}-{groups[other][0]}", one, other, count))
    core = _core.Fabric.listed(
        name,
        groups,
        bundles,
        tail_ids[link_order].astype(np.uint32),
        head_ids[link_order].astype(np.uint32),
        np.ascontiguousarray(units[link_order]),
        directed,
        shift,
    )
    own_names = None if names is None else tuple(names[i] for i in order.tolist())
    link_ids = np.empty(len(link_order), np.int64)
    link_ids[link_order] = np.arange(len(link_order))
    return Grouped(Fabric(core, None, own_names, rounded, report), node_ids, link_ids, flip)


@dataclass
class _Link:
    a: int
    b: int
    kbit: int
    ports: tuple[str, str]
    rate: str


class Listing:
    """Nodes by key and links between them, one by one."""

    def __init__(self, kinds: Sequence[GroupKind]) -> None:
        self._kinds = list(kinds)
        self._ids: dict[str, int] = {}
        self._kind_of: list[int] = []
        self._names: list[str] = []
        self._links: list[_Link] = []

    def node(self, key: str, kind: GroupKind, name: str) -> int:
        """Add a node; return its number."""
        self._ids[key] = len(self._names)
        self._kind_of.append(self._kinds.index(kind))
        self._names.append(name)
        return len(self._names) - 1

    def __contains__(self, key: str) -> bool:
        return key in self._ids

    def __getitem__(self, key: str) -> int:
        return self._ids[key]

    def kind(self, node: int) -> GroupKind:
        """Say what a node is."""
        return self._kinds[self._kind_of[node]]

    def count(self, kind: GroupKind) -> int:
        """Count the nodes of a kind."""
        return self._kind_of.count(self._kinds.index(kind))

    @property
    def num_links(self) -> int:
        """Number of links."""
        return len(self._links)

    def link(
        self, a: int, b: int, kbit: int, ports: tuple[str, str] = ("", ""), rate: str = ""
    ) -> None:
        """Add a link with its capacity per direction, and its ports and rate if they are known."""
        self._links.append(_Link(a, b, kbit, ports, rate))

    def cables(self, built: Grouped) -> Cables:
        """Give ports and rates in the order of the links of the fabric."""
        order = np.argsort(built.link_ids).tolist()
        links = [self._links[place] for place in order]
        flipped = [bool(built.flipped[place]) for place in order]
        both = list(zip(links, flipped, strict=True))
        return Cables(
            tuple(link.ports[flip] for link, flip in both),
            tuple(link.ports[not flip] for link, flip in both),
            tuple(link.rate for link in links),
        )

    def build(self, name: str, report: Report, *, directed: bool = False) -> Grouped:
        """Make the fabric. Names that several nodes have get their key added."""
        keys = {number: key for key, number in self._ids.items()}
        seen: dict[str, int] = {}
        for own in self._names:
            seen[own] = seen.get(own, 0) + 1
        names = [
            own if seen[own] == 1 else f"{own} ({keys[number]})"
            for number, own in enumerate(self._names)
        ]
        array = np.array([(link.a, link.b, link.kbit) for link in self._links], np.int64)
        array = array.reshape(-1, 3)
        return grouped(
            name,
            self._kinds,
            np.array(self._kind_of, np.int64),
            names,
            (array[:, 0], array[:, 1], array[:, 2]),
            directed=directed,
            report=report,
        )
