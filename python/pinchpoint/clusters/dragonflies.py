"""Dragonfly: groups of switches, all to all inside and between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters import _options
from pinchpoint.clusters._registry import cluster
from pinchpoint.errors import CatalogueError
from pinchpoint.interop._listing import CHIP, GroupKind, grouped
from pinchpoint.units import parse_bandwidth

if TYPE_CHECKING:
    from pinchpoint import Fabric

__all__ = ["dragonfly"]

_LEAF = GroupKind("leaf", "switch", True)
_MOST_LINKS = 200_000_000


@cluster(
    what="Dragonfly of Slingshot groups: 32 switches of 64 ports a group",
    chips=8704,
    status="design",
    sources="ALCF Aurora documentation; dragonfly notes",
)
def dragonfly(
    groups: int = 17,
    *,
    switches_per_group: int = 32,
    chips_per_switch: int = 16,
    global_ports: int = 16,
    link: str = "200Gb/s",
) -> Fabric:
    """Build a dragonfly: switches join their group, and groups join each other.

    Parameters
    ----------
    groups : int, default 17
        Groups; at most one more than the global ports of a group have places for.
    switches_per_group : int, default 32
        Switches in a group, all joined to each other.
    chips_per_switch : int, default 16
        Chips on a switch.
    global_ports : int, default 16
        Ports of a switch to other groups, shared out equally; what does not divide stays unused.
    link : str, default "200Gb/s"
        Capacity of every link per direction.

    Returns
    -------
    Fabric
        Groups ``chip`` (coordinates ``group``, ``leaf``, ``chip``) and ``leaf``; bundles
        ``chip-leaf``, ``leaf-leaf-local`` and ``leaf-leaf-global``. With more groups than
        `global_ports` + 1 it is explicit: ``chip[chip=i]`` counts group by group and switch by
        switch, and the links between switches are the bundle ``leaf-leaf``.

    Raises
    ------
    CatalogueError
        An option out of range, or more groups than the switches of one have global ports for.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    The ports are those of ``pinchpoint.hardware["slingshot_dragonfly"]``. Which switch holds which
    global link is not published: where there are ports for it, a link joins switches of the same
    place, which makes the wiring a join and every pair of groups equal. Otherwise every two groups
    have the same number of links, dealt out to the switches of a group in turn. Then every pair of
    groups meets on switches of its own, and only turning all groups by as many places keeps the
    wiring: with two groups told apart, as every question does, all others differ, and coordinates
    would save nothing over a list. At the default switches that ends at 513 groups, 262,656 chips,
    some 650,000 links. With coordinates, building takes the same time and memory whatever the
    size; else O(links).

    References
    ----------
    Kim, Dally, Scott, Abts, Technology-driven, highly-scalable dragonfly topology, ISCA 2008.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.dragonfly()
    >>> net.bandwidth("chip[group=0]", "chip[group=1:17]").gbit_per_s  # 512 global links
    102400.0
    """
    entry = hardware["slingshot_dragonfly"]
    _options.count("groups", groups, 2, 4096)
    _options.count("switches_per_group", switches_per_group, 2, 4096)
    _options.count("chips_per_switch", chips_per_switch, 1, 4096)
    _options.count("global_ports", global_ports, 1, 4096)
    link = _options.bandwidth("link", link)
    parallel = global_ports // (groups - 1)
    if not parallel:
        return _dealt(groups, switches_per_group, chips_per_switch, global_ports, link)
    from pinchpoint import FabricBuilder

    builder = FabricBuilder("dragonfly")
    chip = builder.nodes(
        "chip", forwards=False, group=groups, leaf=switches_per_group, chip=chips_per_switch
    )
    leaf = builder.nodes("leaf", group=groups, leaf=switches_per_group)
    builder.links(chip, leaf, link, join={"group": "group", "leaf": "leaf"})
    builder.links(leaf, leaf, link, join={"group": "group"}, name="leaf-leaf-local")
    builder.links(
        leaf, leaf, link, join={"leaf": "leaf"}, multiplicity=parallel, name="leaf-leaf-global"
    )
    builder.annotate(
        *(entry[n] for n in ("switches_per_group", "endpoint_ports", "global_ports", "port")),
        assumed("groups", groups, "groups", "a parameter"),
        assumed("global links", parallel, "links", "per pair of switches of one place"),
    )
    return builder.build()


def _dealt(groups: int, switches: int, chips: int, ports: int, link: str) -> Fabric:
    """Deal the links between groups out to switches in turn; explicit."""
    parallel = switches * ports // (groups - 1)
    if not parallel:
        raise CatalogueError(
            f"groups={groups} needs {groups - 1} global ports in a group (one to every other) and "
            f"has {switches * ports}"
        )
    leaves = groups * switches
    size = leaves * (chips + (switches - 1) // 2 + 1) + groups * (groups - 1) // 2 * parallel
    if size > _MOST_LINKS:
        raise CatalogueError(f"groups={groups} makes {size:,} links; the limit is {_MOST_LINKS:,}")
    leaf = np.arange(leaves)
    below = np.stack([np.arange(leaves * chips), np.repeat(leaf, chips)])
    below[1] += leaves * chips
    # All pairs of switches of a group.
    a, b = np.triu_indices(switches, 1)
    first = np.repeat(np.arange(groups) * switches, a.size)
    local = np.stack([first + np.tile(a, groups), first + np.tile(b, groups)])
    # Group i reaches group j by its global ports from (j - i - 1 mod groups) * parallel on; group j
    # counts its ports for i from the other end.
    one, other = (np.repeat(end, parallel) for end in np.triu_indices(groups, 1))
    copy = np.tile(np.arange(parallel), one.size // parallel)
    ahead = (other - one - 1) * parallel + copy
    back = (groups - 2 - (other - one - 1)) * parallel + parallel - 1 - copy
    across = np.stack([one * switches + ahead // ports, other * switches + back // ports])
    links = np.concatenate([below, local + leaves * chips, across + leaves * chips], axis=1)
    kbit = np.full(links.shape[1], parse_bandwidth(link), np.int64)
    kind_of = (np.arange(leaves * (1 + chips)) >= leaves * chips).astype(np.int64)
    found = grouped("dragonfly", [CHIP, _LEAF], kind_of, None, (links[0], links[1], kbit))
    return found.fabric
