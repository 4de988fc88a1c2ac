"""Scale-out networks as published: DGX SuperPODs, Meta's 24k cluster, Alibaba's HPN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters import _options
from pinchpoint.clusters._nvlink import whole
from pinchpoint.clusters._registry import cluster
from pinchpoint.clusters._tree import Tree, TreeSize, fit
from pinchpoint.clusters.hgx import hgx_system
from pinchpoint.clusters.networks import place, server

if TYPE_CHECKING:
    from pinchpoint import Fabric
    from pinchpoint.clusters._system import System

__all__ = ["alibaba_hpn", "meta_24k", "superpod_b200", "superpod_b300"]

_RAIL = "rail"


@cluster(
    what="DGX SuperPOD B200: 32 nodes a unit, rails, 400 Gb/s, two or three tiers",
    chips=16_384,
    status="design",
    sources="NVIDIA DGX SuperPOD B200 reference architecture",
)
def superpod_b200(units: int = 64) -> Fabric:
    """Build a DGX SuperPOD of B200 systems.

    Parameters
    ----------
    units : int, default 64
        Scalable units of 32 nodes, 1 to 64; above 8 there is a core tier.

    Returns
    -------
    Fabric
        Nodes of `hgx_b200` by ``node``, ``leaf`` by ``row`` (unit) and ``rail``, ``spine`` and
        ``core``.

    Raises
    ------
    CatalogueError
        A number of units out of range.

    Notes
    -----
    Switch and cable counts are those of NVIDIA's table (``pinchpoint.hardware["superpod_b200"]``).
    Which spine joins which leaf is not published above two tiers: groups of four units with one
    link from every leaf to every spine of the group are assumed, which gives the table's counts.
    Building takes the same time and memory whatever the size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pod = pp.clusters.superpod_b200(64)
    >>> {g.name: g.size for g in pod.groups if g.name in ("leaf", "spine", "core")}
    {'leaf': 512, 'spine': 512, 'core': 256}
    """
    design = hardware["superpod_b200"]
    _options.count("units", units, 1, 64)
    nodes, ports = whole(design["nodes_per_unit"]), whole(design["switch_ports"])
    system = hgx_system("hgx_b200")
    system.figures += [design["nodes_per_unit"], design["switch_ports"], design["port"]]
    two_tiers = units <= whole(design["largest_two_tier_units"])
    size = fit(
        what="nodes",
        systems=units * nodes,
        leaves=8,
        ports=1,
        radix_=ports,
        tiers=2 if two_tiers else 3,
        slots=nodes,
    )
    if not two_tiers:
        system.figures.append(
            assumed("units per spine group", size.rows, "units", "gives the published counts")
        )
    return _rail_pod("superpod_b200", system, size, design["port"].per_direction)


@cluster(
    what="DGX SuperPOD B300 XDR: 72 nodes a unit, rails, 800 Gb/s, two tiers",
    chips=10_368,
    status="design",
    sources="NVIDIA DGX SuperPOD B300 XDR reference architecture",
)
def superpod_b300(units: int = 18) -> Fabric:
    """Build a DGX SuperPOD of B300 systems on XDR InfiniBand.

    Parameters
    ----------
    units : int, default 18
        Scalable units of 72 nodes, 1 to 18.

    Returns
    -------
    Fabric
        Nodes of `hgx_b300` by ``node``, ``leaf`` by ``row`` (unit) and ``rail``, ``spine``.

    Raises
    ------
    CatalogueError
        A number of units out of range.

    Notes
    -----
    Switch and cable counts are those of NVIDIA's table (``pinchpoint.hardware["superpod_b300"]``);
    its 9,216 GPUs at 18 units are 10,368 by its own cables. Building takes the same time and
    memory whatever the size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pod = pp.clusters.superpod_b300(4)
    >>> {g.name: g.size for g in pod.groups if g.name in ("leaf", "spine")}
    {'leaf': 32, 'spine': 18}
    """
    design = hardware["superpod_b300"]
    _options.count("units", units, 1, 18)
    system = hgx_system("hgx_b300")
    system.figures += [design["nodes_per_unit"], design["switch_ports"], design["port"]]
    nodes = whole(design["nodes_per_unit"])
    size = fit(
        what="nodes",
        systems=units * nodes,
        leaves=8,
        ports=1,
        radix_=whole(design["switch_ports"]),
        tiers=2,
        slots=nodes,
    )
    return _rail_pod("superpod_b300", system, size, design["port"].per_direction)


@cluster(
    what="Meta 24k RoCE cluster of Llama 3: 8 pods of 3,072 GPUs, 1:7 above the pods",
    chips=24_576,
    status="design",
    sources="Llama 3 paper, section 3.3.1",
)
def meta_24k() -> Fabric:
    """Build Meta's 24,576-GPU RoCE cluster.

    Returns
    -------
    Fabric
        Servers of 8 H100 by ``server``, ``leaf`` (a rack of two servers) by ``leaf``, ``spine`` by
        ``pod`` and ``spine``, ``core``.

    Notes
    -----
    Figures: ``pinchpoint.hardware["meta_24k"]``. Published are racks of 16 GPUs, pods of 192
    racks with full bisection, 8 pods, and 1:7 above them. The numbers of cluster and aggregation
    switches and their wiring are assumed: 16 cluster switches a pod, with one link from every
    rack, and uplinks in proportion 1:7.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> cluster = pp.clusters.meta_24k()
    >>> inside = cluster.bandwidth("chip[pod=0,pod_row=0:96]", "chip[pod=0,pod_row=96:192]")
    >>> outside = cluster.bandwidth("chip[pod=0]", "chip[pod=1]")
    >>> round(inside.gbit_per_s / outside.gbit_per_s, 6)  # half a pod at 1:1, a pod at 1:7
    3.5
    """
    design = hardware["meta_24k"]
    system = hgx_system("hgx_h100")
    per_rack, racks, pods = (
        whole(design[name]) for name in ("chips_per_rack", "racks_per_pod", "pods")
    )
    servers = per_rack // 8
    taper = whole(design["aggregation_oversubscription"])
    spines = per_rack
    # 192 leaves below a spine and 192/7 of a port above are no whole number: the uplinks are
    # carried by 24 cores a spine, each link 8/7 of a port, which keeps the ratio exact.
    cores = 24
    rate = design["port"].kbit_per_s * racks
    port = design["port"].per_direction
    size = TreeSize(servers * racks * pods, servers, racks, spines, cores=cores)
    why = "gives full bisection in the pod; none is published"
    system.figures += [
        *(design[n] for n in ("chips_per_rack", "racks_per_pod", "pods", "port")),
        design["aggregation_oversubscription"],
        assumed("spines per pod", spines, "switches", why),
        assumed("cores per spine index", cores, "switches", "1:7 in sum; none is published"),
    ]
    top = f"{rate // (taper * cores)}kb/s"
    return place("meta_24k", system, Tree("server", size, port, port, top=top))


@cluster(
    what="Alibaba HPN pod: dual-plane, 15 segments of 1,024 GPUs, 15:1 to the core",
    chips=15_360,
    status="design",
    sources="Alibaba HPN, SIGCOMM 2024; SimAI",
)
def alibaba_hpn(segments: int = 15, *, pods: int = 1) -> Fabric:
    """Build Alibaba's HPN: NICs with two ports on two planes that never meet.

    Parameters
    ----------
    segments : int, default 15
        Segments of 128 hosts in a pod, 1 to 15.
    pods : int, default 1
        Pods, joined by cores at 15:1.

    Returns
    -------
    Fabric
        Hosts of 8 GPUs by ``server``, ``leaf`` by ``row`` (segment), ``rail`` and ``plane``,
        ``spine`` and ``core`` by ``plane``.

    Raises
    ------
    CatalogueError
        An option out of range.

    Notes
    -----
    Figures: ``pinchpoint.hardware["alibaba_hpn"]``: 16 leaves a segment, 128 active ports of
    200 Gb/s down and 60 of 400 Gb/s up each, 60 spines a plane with 120 ports down and 8 up. The
    spare hosts and ports are left out. The scale-up of the hosts (450 GB/s a GPU) and the number
    of cores (8 a spine index and plane, one link each) are assumed. Building takes the same time
    and memory whatever the size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> hpn = pp.clusters.alibaba_hpn()
    >>> {g.name: g.size for g in hpn.groups if g.name in ("leaf", "spine")}
    {'leaf': 240, 'spine': 120}
    """
    design = hardware["alibaba_hpn"]
    _options.count("segments", segments, 1, whole(design["segments"]))
    _options.count("pods", pods, 1, 64)
    chips = whole(design["chips_per_host"])
    port, uplink = design["nic_port"].per_direction, design["uplink"].per_direction
    scale_up = hardware["nvlink4"]["scale_up_per_chip"]
    system = server(
        "alibaba_hpn", chips, scale_up.per_direction, port, ports=whole(design["nic_ports"])
    )
    system.figures += [
        *(design[n] for n in ("nic_port", "uplink", "leaf_up_ports", "spine_up_ports")),
        assumed("scale_up", 450, "GB/s", "NVLink 4; the paper gives none", link=True),
    ]
    hosts = whole(design["chips_per_segment"]) // chips
    size = TreeSize(
        hosts * segments * pods,
        hosts,
        segments,
        whole(design["spines_per_plane"]),
        cores=whole(design["spine_up_ports"]) if pods > 1 else 0,
    )
    tree = Tree("server", size, port, uplink, {"nic": _RAIL, "port": "plane"}, planes=("plane",))
    return place("alibaba_hpn", system, tree)


def _rail_pod(name: str, system: System, size: TreeSize, port: str) -> Fabric:
    """Place nodes whose NIC i goes to leaf i of their unit."""
    rails = dict.fromkeys(system.rails, _RAIL)
    return place(name, system, Tree("node", size, port, port, rails))
