"""Parametric networks of equal switches, with bare chips or whole servers at their edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed
from pinchpoint.clusters import _options
from pinchpoint.clusters._registry import cluster
from pinchpoint.clusters._system import System
from pinchpoint.clusters._tree import Tree, TreeSize, fit
from pinchpoint.errors import CatalogueError

if TYPE_CHECKING:
    from pinchpoint import Fabric

__all__ = [
    "clos",
    "efa",
    "fat_tree",
    "leaf_spine",
    "place",
    "rail_only",
    "rail_optimized",
    "server",
]

MAX_RADIX = 4096


@cluster(
    what="k-ary fat tree of bare chips",
    chips=1024,
    status="generic",
    sources="Al-Fares, Loukissas, Vahdat, SIGCOMM 2008",
)
def fat_tree(k: int = 16, *, link: str = "400Gb/s") -> Fabric:
    """Build a k-ary fat tree: k pods of k/2 leaves and k/2 spines, (k/2)^2 cores.

    Parameters
    ----------
    k : int, default 16
        Ports of every switch, an even number.
    link : str, default "400Gb/s"
        Capacity of every link per direction.

    Returns
    -------
    Fabric
        k^3/4 ``chip``, ``leaf``, ``spine`` and ``core`` switches of k ports.

    Raises
    ------
    CatalogueError
        An odd `k`, or one out of range.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Building takes the same time and memory whatever the size.

    References
    ----------
    Al-Fares, Loukissas, Vahdat, A scalable, commodity data center network architecture,
    SIGCOMM 2008.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> tree = pp.clusters.fat_tree(16)
    >>> tree.num_nodes, tree.num_links
    (1344, 3072)
    """
    _options.count("k", k, 2, MAX_RADIX)
    if k % 2:
        raise CatalogueError(f"k={k} must be even")
    link = _options.bandwidth("link", link)
    half = k // 2
    size = TreeSize(k * half * half, half, half, half, cores=half)
    return place("fat_tree", _bare_chips(), Tree("chip", size, link, link), endpoint="chip")


@cluster(
    what="Leaf-spine network of bare chips",
    chips=1024,
    status="generic",
    sources="two-tier folded Clos",
)
def leaf_spine(
    chips: int = 1024,
    *,
    radix: int = 64,
    link: str = "400Gb/s",
    oversubscription: float = 1,
) -> Fabric:
    """Build a two-tier network with the fewest spines that give every leaf its uplinks.

    Parameters
    ----------
    chips : int, default 1024
        Chips, one port each.
    radix : int, default 64
        Ports of every switch.
    link : str, default "400Gb/s"
        Capacity of every link per direction.
    oversubscription : float, default 1
        Ports down over ports up at the leaf.

    Returns
    -------
    Fabric
        Groups ``chip``, ``leaf`` and ``spine``; bundles ``chip-leaf`` and ``leaf-spine``.

    Raises
    ------
    CatalogueError
        An option out of range, or switches with too few ports.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Building takes the same time and memory whatever the size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.leaf_spine(1024, oversubscription=3)
    >>> net.bandwidth("chip[pod_row=0]", "chip[pod_row=1]").gbit_per_s  # 16 uplinks
    6400.0
    """
    return _clos("leaf_spine", chips, radix, link, oversubscription, 2, 1)


@cluster(
    what="Folded Clos of bare chips: tiers, radix, oversubscription, planes",
    chips=65_536,
    status="generic",
    sources="folded Clos",
)
def clos(
    chips: int = 65_536,
    *,
    radix: int = 64,
    link: str = "400Gb/s",
    oversubscription: float = 1,
    tiers: int | None = None,
    planes: int = 1,
) -> Fabric:
    """Build a folded Clos of two to four tiers, in one or more planes.

    Parameters
    ----------
    chips : int, default 65536
        Chips, one port in each plane.
    radix : int, default 64
        Ports of every switch.
    link : str, default "400Gb/s"
        Capacity of every link per direction.
    oversubscription : float, default 1
        Ports down over ports up at the leaf.
    tiers : {2, 3, 4}, optional
        Switch tiers; by default the fewest that fit.
    planes : int, default 1
        Planes that never meet above the chips.

    Returns
    -------
    Fabric
        Groups ``chip``, ``leaf``, ``spine``, ``core`` and, with four tiers, ``super``.

    Raises
    ------
    CatalogueError
        An option out of range, or switches with too few ports.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    The top tier is the fewest switches that have the ports and divide the uplinks below evenly,
    with several cables between the same two switches; so it is in every tree here but `fat_tree`.
    The tiers below have a port up for every port down, and the leaf's `oversubscription`. Building
    takes the same time and memory whatever the size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.clos(4096, radix=32, planes=2)
    >>> net.bandwidth("chip[chip=0]", "chip[chip=4095]").gbit_per_s
    800.0
    >>> half_filled = pp.clusters.clos(4096)
    >>> {g.name: g.size for g in half_filled.groups}  # a core has 16 cables to each of 4 pods
    {'chip': 4096, 'leaf': 128, 'spine': 128, 'core': 64}
    """
    return _clos("clos", chips, radix, link, oversubscription, tiers, planes)


@cluster(
    what="Rail-optimised network of servers: chip i of every server on rail i",
    chips=8192,
    status="generic",
    sources="NVIDIA DGX SuperPOD documentation",
)
def rail_optimized(
    servers: int = 1024,
    *,
    chips_per_server: int = 8,
    scale_up: str = "450GB/s",
    nic: str = "400Gb/s",
    radix: int = 64,
    oversubscription: float = 1,
    tiers: int | None = None,
) -> Fabric:
    """Build servers on rails that meet at the spines.

    Parameters
    ----------
    servers : int, default 1024
        Servers.
    chips_per_server : int, default 8
        Chips, and rails.
    scale_up : str, default "450GB/s"
        Capacity of a chip to its server's scale-up switch per direction.
    nic : str, default "400Gb/s"
        Capacity of a chip's NIC, and of every link of the network, per direction.
    radix : int, default 64
        Ports of every network switch.
    oversubscription : float, default 1
        Ports down over ports up at the leaf.
    tiers : {2, 3, 4}, optional
        Switch tiers; by default the fewest that fit.

    Returns
    -------
    Fabric
        Groups ``chip``, ``switch``, ``nic``, ``leaf`` (with coordinate ``rail``), ``spine``,
        ``core``.

    Raises
    ------
    CatalogueError
        An option out of range, or switches with too few ports.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Building takes the same time and memory whatever the size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.rail_optimized(64)
    >>> net.bandwidth("chip[server=0]", "chip[server=63]").gbit_per_s
    3200.0
    """
    system = server("rail_optimized", chips_per_server, scale_up, nic)
    size = _rails(servers, radix, oversubscription, tiers, leaves=chips_per_server)
    tree = Tree("server", size, nic, nic, {"nic": "rail"})
    return place("rail_optimized", system, tree)


@cluster(
    what="Rail-only network: no switch joins two rails, chips forward between them",
    chips=8192,
    status="design",
    sources="Rail-only (arXiv 2307.12169)",
)
def rail_only(
    servers: int = 1024,
    *,
    chips_per_server: int = 8,
    scale_up: str = "450GB/s",
    nic: str = "400Gb/s",
    radix: int = 64,
    oversubscription: float = 1,
    tiers: int | None = None,
) -> Fabric:
    """Build servers on rails that never meet; a chip passes traffic on to another rail.

    Parameters
    ----------
    servers : int, default 1024
        Servers.
    chips_per_server : int, default 8
        Chips, and rails.
    scale_up : str, default "450GB/s"
        Capacity of a chip to its server's scale-up switch per direction.
    nic : str, default "400Gb/s"
        Capacity of a chip's NIC, and of every link of the network, per direction.
    radix : int, default 64
        Ports of every network switch.
    oversubscription : float, default 1
        Ports down over ports up at the leaf.
    tiers : {2, 3, 4}, optional
        Switch tiers of a rail; by default the fewest that fit.

    Returns
    -------
    Fabric
        As `rail_optimized`, with ``spine`` and ``core`` per ``rail``; the chips forward.

    Raises
    ------
    CatalogueError
        An option out of range, or switches with too few ports.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Building takes the same time and memory whatever the size.

    References
    ----------
    Wang, Ghobadi and others, Rail-only, arXiv 2307.12169.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.rail_only(64)
    >>> net.bandwidth("chip[server=0,chip=0]", "chip[server=63,chip=1]").gbit_per_s
    3200.0
    """
    system = server("rail_only", chips_per_server, scale_up, nic, forwards=True)
    # A rail is a network of its own: its spines see one leaf of every row.
    size = _rails(servers, radix, oversubscription, tiers, leaves=1)
    tree = Tree("server", size, nic, nic, {"nic": "rail"}, planes=("rail",))
    return place("rail_only", system, tree)


@cluster(
    what="Multi-plane EFA network of servers (10p10u-like, assumed throughout)",
    chips=32_768,
    status="generic",
    sources="assumed: AWS publishes no topology",
)
def efa(
    servers: int = 4096,
    *,
    chips_per_server: int = 8,
    scale_up: str = "450GB/s",
    nic: str = "200Gb/s",
    planes: int = 2,
    radix: int = 128,
    oversubscription: float = 1,
    tiers: int | None = None,
) -> Fabric:
    """Build servers on an EFA-like network: no rails, one NIC a chip and plane.

    Parameters
    ----------
    servers : int, default 4096
        Servers.
    chips_per_server : int, default 8
        Chips in a server.
    scale_up : str, default "450GB/s"
        Capacity of a chip to its server's scale-up switch per direction.
    nic : str, default "200Gb/s"
        Capacity of one NIC, and of every link of the network, per direction.
    planes : int, default 2
        Planes that never meet above the NICs; a chip has a NIC in each.
    radix : int, default 128
        Ports of every network switch; 25.6 Tb/s of 200 Gb/s ports.
    oversubscription : float, default 1
        Ports down over ports up at the leaf.
    tiers : {2, 3, 4}, optional
        Switch tiers; by default the fewest that fit.

    Returns
    -------
    Fabric
        Groups ``chip``, ``switch``, ``nic``, ``leaf``, ``spine`` and ``core``, the last three
        with coordinate ``plane``.

    Raises
    ------
    CatalogueError
        An option out of range, or switches with too few ports.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    AWS describes 10p10u as a non-blocking fat tree without rails and publishes neither radix nor
    tiers nor planes: all of these are assumed. See ``pinchpoint.hardware["efa"]``. Building takes
    the same time and memory whatever the size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.efa(64)
    >>> net.bandwidth("chip[server=0]", "chip[server=63]").gbit_per_s
    3200.0
    """
    _options.count("planes", planes, 1, MAX_RADIX)
    system = server("efa", chips_per_server, scale_up, nic, ports=planes)
    _check(radix, oversubscription, tiers)
    size = fit(
        what="servers",
        systems=_options.count("servers", servers),
        leaves=1,
        ports=chips_per_server,
        radix_=radix,
        oversubscription=oversubscription,
        tiers=tiers,
        slots=None,
    )
    by_plane = {"port": "plane"} if planes > 1 else {}
    tree = Tree("server", size, nic, nic, by_plane, planes=tuple(by_plane.values()))
    why = "AWS publishes no topology"
    system.figures += [
        assumed("network planes", planes, "planes", why),
        assumed("switch radix", radix, "ports", "25.6 Tb/s switches of 200 Gb/s ports"),
        assumed("network tiers", size.tiers, "tiers", why),
        assumed("leaf oversubscription", oversubscription, "to 1", "described as non-blocking"),
    ]
    return place("efa", system, tree)


def server(
    name: str,
    chips: int,
    scale_up: str,
    nic: str,
    *,
    ports: int = 1,
    forwards: bool = False,
) -> System:
    """Describe a server: chips on one scale-up switch, a NIC per chip and port."""
    _options.count("chips_per_server", chips, 1, MAX_RADIX)
    scale_up, nic = _options.bandwidth("scale_up", scale_up), _options.bandwidth("nic", nic)
    system = System(name)
    system.nodes("chip", forwards, chip=chips)
    system.nodes("switch", True)
    # The NIC keeps the chip's own number beside the port, so that it can choose a rail.
    port = {"port": ports} if ports > 1 else {}
    system.nodes("nic", True, nic=chips, **port)
    system.links("chip", "switch", scale_up)
    system.links("chip", "nic", nic, join={"chip": "nic"})
    system.rails = ("nic", *port)
    return system


def place(name: str, system: System, tree: Tree, *, endpoint: str = "nic") -> Fabric:
    """Build every copy of a system under a tree."""
    from pinchpoint import FabricBuilder

    builder = FabricBuilder(name)
    handles = system.write(builder, tree.place())
    tree.write(builder, handles[endpoint], system.groups[endpoint].digits)
    return builder.build()


def _bare_chips() -> System:
    system = System("chips")
    system.nodes("chip", False)
    return system


def _clos(
    name: str,
    chips: int,
    radix_: int,
    link: str,
    oversubscription: float,
    tiers: int | None,
    planes: int,
) -> Fabric:
    _options.count("planes", planes, 1, MAX_RADIX)
    _check(radix_, oversubscription, tiers)
    link = _options.bandwidth("link", link)
    size = fit(
        what="chips",
        systems=_options.count("chips", chips),
        leaves=1,
        ports=1,
        radix_=radix_,
        oversubscription=oversubscription,
        tiers=tiers,
        slots=None,
    )
    plane = {"plane": planes} if planes > 1 else {}
    tree = Tree("chip", size, link, link, planes=tuple(plane), copies_of_leaf=plane)
    return place(name, _bare_chips(), tree, endpoint="chip")


def _rails(
    servers: int, radix_: int, oversubscription: float, tiers: int | None, *, leaves: int
) -> TreeSize:
    _check(radix_, oversubscription, tiers)
    return fit(
        what="servers",
        systems=_options.count("servers", servers),
        leaves=leaves,
        ports=1,
        radix_=radix_,
        oversubscription=oversubscription,
        tiers=tiers,
        slots=None,
    )


def _check(radix_: int, oversubscription: float, tiers: int | None) -> None:
    _options.count("radix", radix_, 2, MAX_RADIX)
    _options.ratio("oversubscription", oversubscription)
    if tiers is not None:
        _options.choice("tiers", tiers, (2, 3, 4))
