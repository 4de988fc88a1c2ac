"""AWS Trainium2: the instance, a 4x4 torus, and the UltraServer, 4x4x4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters._registry import cluster
from pinchpoint.clusters._system import System, ring_of_four

if TYPE_CHECKING:
    from pinchpoint import Fabric

__all__ = ["trn2_instance", "trn2_system", "trn2_ultraserver"]


@cluster(
    what="Trainium2 instance (trn2.48xlarge): 16 chips in a 4x4 torus, EFA NICs",
    chips=16,
    status="shipping",
    sources="AWS Neuron documentation and driver; SemiAnalysis",
)
def trn2_instance() -> Fabric:
    """Build one Trainium2 instance, from its chips and host to its NICs.

    Returns
    -------
    Fabric
        16 ``chip`` with coordinates ``y`` and ``x``, one ``host``, 16 ``nic``.

    Notes
    -----
    Figures: ``pinchpoint.hardware["trn2"]``; the wiring is the neighbour table of the AWS driver,
    128 GB/s per direction an edge. The host link is assumed. A ring of four is written as two
    joins (it is the square of two bits), named ``chip-chip-x0``, ``chip-chip-x1`` and so on.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> instance = pp.clusters.trn2_instance()
    >>> instance.bandwidth("chip[x=0:2]", "chip[x=2:4]").gbyte_per_s
    1024.0
    """
    return trn2_system(ultraserver=False).build()


@cluster(
    what="Trainium2 UltraServer: 64 chips in a 4x4x4 torus, EFA NICs",
    chips=64,
    status="shipping",
    sources="AWS Neuron documentation and driver; SemiAnalysis",
)
def trn2_ultraserver() -> Fabric:
    """Build one Trainium2 UltraServer, from its chips and hosts to its NICs.

    Returns
    -------
    Fabric
        64 ``chip`` with coordinates ``z`` (the instance), ``y`` and ``x``, 4 ``host``, 64 ``nic``.

    Notes
    -----
    Figures: ``pinchpoint.hardware["trn2"]``: 128 GB/s per direction along x and y, 64 GB/s along
    z. The host link is assumed.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> server = pp.clusters.trn2_ultraserver()
    >>> server.bandwidth("chip[z=0:2]", "chip[z=2:4]").gbyte_per_s
    2048.0
    """
    return trn2_system(ultraserver=True).build()


def trn2_system(*, ultraserver: bool) -> System:
    """Describe an instance, or four of them joined along z."""
    trn2 = hardware["trn2"]
    host_link = assumed("chip-host", 64, "GB/s", "PCIe Gen5 x16; none is published", link=True)
    edges = {"y": trn2["edge_xy"], "x": trn2["edge_xy"]}
    if ultraserver:
        edges = {"z": trn2["edge_z"], **edges}
    system = System("trn2_ultraserver" if ultraserver else "trn2_instance")
    system.figures += [*dict.fromkeys(edges.values()), trn2["nic"], host_link]
    place = {axis: ring_of_four(axis) for axis in edges}
    system.nodes("chip", "scale_up", **place)
    system.nodes("host", False, **({"z": place["z"]} if ultraserver else {}))
    system.nodes("nic", True, **place)
    digits = list(system.groups["chip"].digits)
    for digit in digits:
        system.links(
            "chip",
            "chip",
            edges[digit[0]].per_direction,
            join=[other for other in digits if other != digit],
            name=f"chip-chip-{digit}",
        )
    instance = [digit for digit in digits if digit.startswith("z")]
    system.links("chip", "host", host_link.per_direction, join=instance)
    system.links("chip", "nic", trn2["nic"].per_direction, join=digits)
    system.rails = tuple(digit for digit in digits if digit not in instance)
    return system
