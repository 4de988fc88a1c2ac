"""Dragonfly: groups of switches, all to all inside and between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters import _options
from pinchpoint.clusters._registry import cluster
from pinchpoint.errors import CatalogueError

if TYPE_CHECKING:
    from pinchpoint import Fabric

__all__ = ["dragonfly"]


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
    """Build a dragonfly whose switches join their group, and their own place in other groups.

    Parameters
    ----------
    groups : int, default 17
        Groups; at most one more than `global_ports`.
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
        ``chip-leaf``, ``leaf-leaf-local`` and ``leaf-leaf-global``.

    Raises
    ------
    CatalogueError
        An option out of range, or more groups than a switch has global ports for.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    The ports are those of ``pinchpoint.hardware["slingshot_dragonfly"]``. Which switch holds which
    global link is not published: a link joins switches of the same place, which makes the wiring a
    join and every pair of groups equal.

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
        raise CatalogueError(
            f"groups={groups} needs {groups - 1} global ports a switch (one to its own place in "
            f"every other group) and has {global_ports}"
        )
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
