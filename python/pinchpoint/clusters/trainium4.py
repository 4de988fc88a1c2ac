"""AWS Trainium4 as announced: the NVLink Fusion envelope, with Graviton hosts and EFA NICs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters import _options
from pinchpoint.clusters._efa import efa_tree
from pinchpoint.clusters._nvlink import nvlink_rack, whole
from pinchpoint.clusters._registry import cluster

if TYPE_CHECKING:
    from pinchpoint import Fabric
    from pinchpoint.clusters._system import System

__all__ = ["trn4_rack", "trn4_system", "trn4_ultracluster"]

_CHIPS_PER_TRAY = 4
_SWITCHES_PER_TRAY = 4


@cluster(
    what="Trainium4 rack: 72 chips in the NVLink Fusion envelope, Graviton, EFA",
    chips=72,
    status="announced",
    sources="AWS and NVIDIA announcements (2025-12)",
)
def trn4_rack(*, nic: str = "200Gb/s", host_link: str = "64GB/s") -> Fabric:
    """Build the announced Trainium4 rack, from its chips and hosts to its NICs.

    Parameters
    ----------
    nic : str, default "200Gb/s"
        EFA bandwidth per chip and direction; assumed.
    host_link : str, default "64GB/s"
        Bandwidth between a chip and its host per direction; assumed.

    Returns
    -------
    Fabric
        72 ``chip``, 18 ``host`` (Graviton), 36 ``switch``, 72 ``nic``.

    Raises
    ------
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Trainium4 has no published specification. Built here is what is announced: up to 72 chips,
    all-to-all at 1.8 TB/s per direction each, over the switch trays of Vera Rubin
    (``pinchpoint.hardware["trn4"]``, ``["nvlink_fusion"]``, ``["nvlink6"]``). Trays of four chips
    with one Graviton, the host link and the NIC are assumed.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.trn4_rack().bandwidth("chip", "switch").gbyte_per_s
    129600.0
    """
    return trn4_system(nic, host_link).build()


@cluster(
    what="Trainium4 racks on a three-tier EFA network without rails",
    chips=294_912,
    status="announced",
    sources="AWS and NVIDIA announcements (2025-12); the network is assumed",
)
def trn4_ultracluster(
    racks: int = 4096,
    *,
    nic: str = "200Gb/s",
    host_link: str = "64GB/s",
    radix: int = 256,
    oversubscription: float = 1,
    tiers: int | None = None,
) -> Fabric:
    """Build announced Trainium4 racks on a parametric EFA network.

    Parameters
    ----------
    racks : int, default 4096
        Racks of 72 chips.
    nic : str, default "200Gb/s"
        EFA bandwidth per chip and direction, and of every switch port; assumed.
    host_link : str, default "64GB/s"
        Bandwidth between a chip and its host per direction; assumed.
    radix : int, default 256
        Ports of every network switch.
    oversubscription : float, default 1
        Ports down over ports up at the leaf.
    tiers : {2, 3, 4}, optional
        Switch tiers; by default the fewest that fit.

    Returns
    -------
    Fabric
        The groups of the rack and ``leaf``, ``spine``, ``core`` and, above 256 pods, ``super``;
        ``rack`` counts across the cluster, ``chip`` inside a rack.

    Raises
    ------
    CatalogueError
        An option out of range, or switches with too few ports.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    As `trn4_rack`; the network is that of `trn3_ultracluster`, one leaf a rack and 128 racks a pod
    at radix 256, and assumed throughout. Building takes the same time and memory whatever the
    size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> cluster = pp.clusters.build("trn4-ultracluster", racks=4096)
    >>> cluster.bandwidth("chip[rack=0]", "chip[rack=4095]").gbit_per_s
    14400.0
    """
    from pinchpoint import FabricBuilder

    _options.count("racks", racks)
    system = trn4_system(nic, host_link)
    tree, figures = efa_tree(
        system,
        copies="rack",
        systems=racks,
        radix_=radix,
        oversubscription=oversubscription,
        tiers=tiers,
    )
    builder = FabricBuilder("trn4_ultracluster")
    handles = system.write(builder, tree.place())
    tree.write(builder, handles["nic"], system.groups["nic"].digits)
    builder.annotate(*figures)
    return builder.build()


def trn4_system(nic: str, host_link: str) -> System:
    """Describe the announced rack."""
    trn4, nvlink = hardware["trn4"], hardware["nvlink6"]
    nic = _options.bandwidth("nic", nic)
    host_link = _options.bandwidth("host_link", host_link)
    trays = whole(trn4["rack_chips"]) // _CHIPS_PER_TRAY
    switches = whole(nvlink["links_per_chip"])
    return nvlink_rack(
        "trn4_rack",
        trays=trays,
        chips_per_tray=_CHIPS_PER_TRAY,
        hosts_per_tray=1,
        switches=switches,
        switch_trays=switches // _SWITCHES_PER_TRAY,
        links=1,
        link=nvlink["link"],
        host_link=host_link,
        nic=nic,
        nics_per_chip=1,
        figures=[
            trn4["rack_chips"],
            trn4["scale_up_per_chip"],
            assumed("chips per tray", _CHIPS_PER_TRAY, "chips", "as Trainium3 and Vera Rubin"),
            assumed("hosts per tray", 1, "Graviton", "as Trainium3"),
            assumed("switches", switches, "switches", "the Vera Rubin switch trays"),
            assumed("nic", nic, "", "as Trainium3; none is published"),
            assumed("chip-host", host_link, "", "PCIe Gen5 x16; none is published"),
        ],
    )
