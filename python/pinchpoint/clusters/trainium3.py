"""AWS Trainium3 UltraServers, alone and in an UltraCluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters import _options
from pinchpoint.clusters._efa import efa_tree
from pinchpoint.clusters._registry import cluster
from pinchpoint.clusters._system import System, radix

if TYPE_CHECKING:
    from pinchpoint import Fabric
    from pinchpoint.catalogue import Figure

__all__ = ["trn3_system", "trn3_ultracluster", "trn3_ultraserver"]

_LEVELS = ("intra_sled", "in_rack", "cross_rack")


@cluster(
    what="Trainium3 UltraServer: 144 chips in two racks (gen 1: 64), NeuronLink-v4, EFA NICs",
    chips=144,
    status="shipping",
    sources="AWS Neuron documentation; notes on SemiAnalysis' report",
)
def trn3_ultraserver(
    *, gen: int = 2, wiring: Literal["reconciled", "aws_text"] = "reconciled"
) -> Fabric:
    """Build one Trainium3 UltraServer, from its chips and hosts to its NICs.

    Parameters
    ----------
    gen : {1, 2}, default 2
        1 is 4 servers of 16 chips with x86 hosts; 2 is 36 trays of 4 chips with Graviton hosts.
    wiring : {"reconciled", "aws_text"}, default "reconciled"
        Which published link counts to use. "reconciled" is the 20-link chip that three of the
        four published figures agree with: per direction 512 GB/s in the sled, 512 GB/s in the
        rack and 128 GB/s to the other rack. "aws_text" is the AWS connectivity text: 256, 320 and
        128 GB/s. Neither is settled.

    Returns
    -------
    Fabric
        Groups ``chip``, ``host``, ``switch`` (in the rack), ``nic`` and, in gen 2,
        ``tray_switch``. A chip is ``chip[chip=0]`` to 143, or by ``rack``, ``sled`` and
        ``position``.

    Raises
    ------
    CatalogueError
        An unknown generation or wiring.

    Notes
    -----
    Figures: ``pinchpoint.hardware["trn3"]``. In gen 2 a plane of 10 switches joins one tray
    position across the 18 trays of a rack, and 8 switches join the 4 chips of a tray; spare
    backplane lanes stay off, so switches 8 and 9 of a plane carry nothing. The racks are joined by
    direct links between chips of the same position. The host link is assumed.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> server = pp.clusters.trn3_ultraserver()
    >>> server.num_chips
    144
    >>> server.bandwidth("chip[rack=0]", "chip[rack=1]").gbyte_per_s
    9216.0
    """
    return trn3_system(gen, wiring).build()


@cluster(
    what="Trainium3 UltraServers on a three-tier EFA network without rails",
    chips=1_032_192,
    status="shipping",
    sources="AWS Neuron documentation; the network above the NICs is assumed",
)
def trn3_ultracluster(
    ultraservers: int = 7168,
    *,
    gen: int = 2,
    wiring: Literal["reconciled", "aws_text"] = "reconciled",
    radix: int = 256,
    oversubscription: float = 1,
    tiers: int | None = None,
) -> Fabric:
    """Build Trainium3 UltraServers on a parametric EFA network.

    Parameters
    ----------
    ultraservers : int, default 7168
        UltraServers, 144 chips each; 7168 are 1,032,192 chips.
    gen : {1, 2}, default 2
        Generation of the UltraServer.
    wiring : {"reconciled", "aws_text"}, default "reconciled"
        Wiring inside the UltraServer, as in `trn3_ultraserver`.
    radix : int, default 256
        Ports of every network switch, each at the NIC's 200 Gb/s per direction.
    oversubscription : float, default 1
        Ports down over ports up at the leaf.
    tiers : {2, 3, 4}, optional
        Switch tiers; by default the fewest that fit.

    Returns
    -------
    Fabric
        The groups of the UltraServer and ``leaf``, ``spine``, ``core`` and, above 256 pods,
        ``super``. ``ultraserver`` counts across the cluster, ``chip`` inside an UltraServer;
        ``pod`` and ``slot`` (with four tiers ``zone``, ``zone_pod`` and ``slot``) are its digits.

    Raises
    ------
    CatalogueError
        An option out of range, or switches with too few ports.

    Notes
    -----
    AWS publishes no topology, so the network is assumed: no rails, one leaf a rack with as many
    ports up as down, 64 UltraServers a pod at radix 256, cores joined on the spine index, up to
    256 pods. ``print(fabric)`` lists what is assumed. Building takes the same time and memory
    whatever the size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> cluster = pp.clusters.trn3_ultracluster(ultraservers=7168)
    >>> cluster.num_chips
    1032192
    >>> cluster.bandwidth("chip[ultraserver=0]", "chip[ultraserver=7167]").gbit_per_s
    28800.0
    """
    from pinchpoint import FabricBuilder

    _options.count("ultraservers", ultraservers)
    system = trn3_system(gen, wiring)
    tree, figures = efa_tree(
        system,
        copies="ultraserver",
        systems=ultraservers,
        radix_=radix,
        oversubscription=oversubscription,
        tiers=tiers,
    )
    builder = FabricBuilder("trn3_ultracluster")
    handles = system.write(builder, tree.place())
    tree.write(builder, handles["nic"], system.groups["nic"].digits)
    builder.annotate(*figures)
    return builder.build()


def trn3_system(gen: int, wiring: str) -> System:
    """Describe one UltraServer."""
    gen = _options.choice("gen", gen, (1, 2))
    wiring = _options.choice("wiring", wiring, ("reconciled", "aws_text"))
    trn3 = hardware["trn3"]
    counts: dict[str, Figure] = {level: trn3[f"{level}_links"] for level in _LEVELS}
    if wiring == "aws_text":
        counts = {level: (*figure.others, figure)[0] for level, figure in counts.items()}
    links = {level: _whole(figure) for level, figure in counts.items()}
    system = System("trn3_ultraserver", [trn3["link"], *counts.values(), trn3["nic"]])
    if gen == 1:
        _gen1(system, links, trn3["link"].per_direction)
    else:
        _gen2(system, links, trn3["link"].per_direction, spare=wiring == "reconciled")
    host_link = assumed(
        "chip-host", 64, "GB/s", "PCIe Gen5 x16 per chip, none is published", link=True
    )
    system.figures.append(host_link)
    digits: dict[str, Any] = {**system.groups["chip"].digits}
    system.nodes("nic", True, nic=radix(**digits))
    system.links("chip", "host", host_link.per_direction, join=_host_digits(gen))
    system.links("chip", "nic", trn3["nic"].per_direction, join=list(digits))
    system.racks, system.rails = ("rack",), ("position",)
    return system


def _host_digits(gen: int) -> list[str]:
    return ["rack", "server"] if gen == 1 else ["rack", "sled"]


def _gen1(system: System, links: dict[str, int], link: str) -> None:
    """Two racks of two 16-chip servers; chips in pairs, one switch block a rack."""
    trn3 = hardware["trn3"]
    planes, switches = _whole(trn3["gen1_planes"]), _whole(trn3["gen1_switches_per_plane"])
    system.nodes("chip", "scale_up", chip=radix(rack=2, server=2, sled=8, position=planes))
    system.nodes("host", False, host=radix(rack=2, server=2))
    system.nodes("switch", True, rack=2, plane=planes, index=switches)
    system.figures += [
        trn3["gen1_planes"],
        trn3["gen1_switches_per_plane"],
        assumed("sled", 2, "chips", "in pairs joined on the board, as the two planes suggest"),
    ]
    pair = ["rack", "server", "sled"]
    system.links(
        "chip", "chip", link, join=pair, multiplicity=links["intra_sled"], name="chip-chip-sled"
    )
    system.links(
        "chip",
        "switch",
        link,
        join={"rack": "rack", "position": "plane"},
        where_b={"index": slice(0, links["in_rack"])},
    )
    across = ["server", "sled", "position"]
    system.links("chip", "chip", link, join=across, multiplicity=links["cross_rack"])


def _gen2(system: System, links: dict[str, int], link: str, *, spare: bool) -> None:
    """Two racks of 18 trays; a plane of switches per tray position, and switches in the tray."""
    trn3 = hardware["trn3"]
    racks, sleds = _whole(trn3["gen2_racks"]), _whole(trn3["gen2_servers_per_rack"])
    planes = _whole(trn3["gen2_planes"])
    if spare:
        in_rack = _whole(trn3["gen2_switches_per_plane"])
        in_tray = _whole(trn3["gen2_switches_per_tray"])
        system.figures += [
            trn3[f"gen2_{name}"] for name in ("planes", "switches_per_plane", "switches_per_tray")
        ]
    else:
        in_rack, in_tray = links["in_rack"], links["intra_sled"]
        system.figures += [
            assumed("switches per plane", in_rack, "switches", "one per link; AWS states none"),
            assumed("switches per tray", in_tray, "switches", "one per link; AWS states none"),
        ]
    system.nodes("chip", "scale_up", chip=radix(rack=racks, sled=sleds, position=planes))
    system.nodes("host", False, host=radix(rack=racks, sled=sleds))
    system.nodes("tray_switch", True, rack=racks, sled=sleds, index=in_tray)
    system.nodes("switch", True, rack=racks, plane=planes, index=in_rack)
    system.links("chip", "tray_switch", link, join=["rack", "sled"])
    system.links(
        "chip",
        "switch",
        link,
        join={"rack": "rack", "position": "plane"},
        where_b={"index": slice(0, links["in_rack"])},
    )
    across = ["sled", "position"]
    system.links("chip", "chip", link, join=across, multiplicity=links["cross_rack"])


def _whole(figure: Figure) -> int:
    return _options.count(figure.name, figure.value)
