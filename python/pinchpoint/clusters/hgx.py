"""HGX boards of eight GPUs, as NVIDIA describes them and as AWS sells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters._nvlink import whole
from pinchpoint.clusters._registry import cluster
from pinchpoint.clusters._system import System, radix

if TYPE_CHECKING:
    from pinchpoint import Fabric
    from pinchpoint.catalogue import Figure

__all__ = [
    "hgx_b200",
    "hgx_b300",
    "hgx_h100",
    "hgx_h200",
    "hgx_system",
    "p5",
    "p5en",
    "p6_b200",
    "p6_b300",
]

_NVIDIA = "NVIDIA documentation; NCCL topology dump by IBM"
_AWS = "AWS OFI NCCL plugin and VPC CNI sources"


@cluster(what="HGX H100: 8 GPUs on 4 NVSwitches", chips=8, status="shipping", sources=_NVIDIA)
def hgx_h100() -> Fabric:
    """Build an HGX H100 board with its hosts and NICs.

    Returns
    -------
    Fabric
        8 ``chip``, 2 ``host``, 4 ``switch`` (coordinate ``index``), 8 ``nic`` of 400 Gb/s per
        direction.

    Notes
    -----
    Figures: ``pinchpoint.hardware["hgx_h100"]`` and ``["nvlink4"]``. Every GPU has 4, 5, 5 and 4
    links of 25 GB/s per direction to the four switches, which makes two bundles, ``chip-switch-4``
    and ``chip-switch-5``.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> board = pp.clusters.hgx_h100()
    >>> board.bandwidth("chip[chip=0]", "chip[chip=1:8]").gbyte_per_s
    450.0
    """
    return hgx_system("hgx_h100").build()


@cluster(what="HGX H200: 8 GPUs on 4 NVSwitches", chips=8, status="shipping", sources=_NVIDIA)
def hgx_h200() -> Fabric:
    """Build an HGX H200 board with its hosts and NICs.

    Returns
    -------
    Fabric
        As `hgx_h100`; the wiring is the same.

    Notes
    -----
    Figures: ``pinchpoint.hardware["hgx_h200"]`` and ``["nvlink4"]``.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.hgx_h200().bandwidth("chip", "switch[index=1]").gbyte_per_s
    1000.0
    """
    return hgx_system("hgx_h200").build()


@cluster(
    what="HGX B200: 8 GPUs on 2 NVLink 5 switches",
    chips=8,
    status="shipping",
    sources="Third parties citing NVIDIA's Fabric Manager guide",
)
def hgx_b200() -> Fabric:
    """Build an HGX B200 board with its hosts and NICs.

    Returns
    -------
    Fabric
        8 ``chip``, 2 ``host``, 2 ``switch`` (coordinate ``index``), 8 ``nic`` of 400 Gb/s per
        direction.

    Notes
    -----
    Figures: ``pinchpoint.hardware["hgx_b200"]`` and ``["nvlink5"]``: nine links of 50 GB/s per
    direction from every GPU to each of the two switches.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.hgx_b200().bandwidth("chip[chip=0]", "chip[chip=1]").gbyte_per_s
    900.0
    """
    return hgx_system("hgx_b200").build()


@cluster(
    what="HGX B300: 8 GPUs, NVLink 5, 800 Gb/s NICs",
    chips=8,
    status="shipping",
    sources="Third-party teardown; switches assumed as B200",
)
def hgx_b300() -> Fabric:
    """Build an HGX B300 board with its hosts and NICs.

    Returns
    -------
    Fabric
        As `hgx_b200`, with ``nic`` of 800 Gb/s per direction.

    Notes
    -----
    Figures: ``pinchpoint.hardware["hgx_b300"]`` and ``["nvlink5"]``. Two switches with nine links
    from every GPU, as on B200, are assumed.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.hgx_b300().bandwidth("chip", "nic").gbit_per_s
    6400.0
    """
    return hgx_system("hgx_b300").build()


@cluster(what="AWS p5: 8 H100, 32 EFA NICs of 100 Gb/s", chips=8, status="shipping", sources=_AWS)
def p5() -> Fabric:
    """Build an AWS p5.48xlarge, from its chips and hosts to its EFA NICs.

    Returns
    -------
    Fabric
        The board of `hgx_h100` with four ``nic`` of 100 Gb/s per direction a chip.

    Notes
    -----
    Figures: ``pinchpoint.hardware["p5"]`` and ``["hgx_h100"]``.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.p5().bandwidth("chip", "nic").gbit_per_s
    3200.0
    """
    return hgx_system("p5").build()


@cluster(what="AWS p5en: 8 H200, 16 EFA NICs of 200 Gb/s", chips=8, status="shipping", sources=_AWS)
def p5en() -> Fabric:
    """Build an AWS p5en.48xlarge, from its chips and hosts to its EFA NICs.

    Returns
    -------
    Fabric
        The board of `hgx_h200` with two ``nic`` of 200 Gb/s per direction a chip.

    Notes
    -----
    Figures: ``pinchpoint.hardware["p5en"]`` and ``["hgx_h200"]``.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.p5en().bandwidth("chip", "nic").gbit_per_s
    3200.0
    """
    return hgx_system("p5en").build()


@cluster(
    what="AWS p6-b200: 8 B200, 8 EFA NICs of 400 Gb/s", chips=8, status="shipping", sources=_AWS
)
def p6_b200() -> Fabric:
    """Build an AWS p6-b200.48xlarge, from its chips and hosts to its EFA NICs.

    Returns
    -------
    Fabric
        The board of `hgx_b200` with one ``nic`` of 400 Gb/s per direction a chip.

    Notes
    -----
    Figures: ``pinchpoint.hardware["p6_b200"]`` and ``["hgx_b200"]``.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.p6_b200().bandwidth("chip", "nic").gbit_per_s
    3200.0
    """
    return hgx_system("p6_b200").build()


@cluster(
    what="AWS p6-b300: 8 B300, 16 EFA NICs of 400 Gb/s", chips=8, status="shipping", sources=_AWS
)
def p6_b300() -> Fabric:
    """Build an AWS p6-b300.48xlarge, from its chips and hosts to its EFA NICs.

    Returns
    -------
    Fabric
        The board of `hgx_b300` with two ``nic`` of 400 Gb/s per direction a chip; the card
        without EFA is left out.

    Notes
    -----
    Figures: ``pinchpoint.hardware["p6_b300"]`` and ``["hgx_b300"]``.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.p6_b300().bandwidth("chip", "nic").gbit_per_s
    6400.0
    """
    return hgx_system("p6_b300").build()


_BOARDS = {"p5": "hgx_h100", "p5en": "hgx_h200", "p6_b200": "hgx_b200", "p6_b300": "hgx_b300"}
_CHIPS = {"hgx_h100": "h100", "hgx_h200": "h200", "hgx_b200": "b200"}


def hgx_system(name: str) -> System:
    """Describe a board, or an instance that carries one with NICs of its own."""
    board_name = _BOARDS.get(name, name)
    board, sold = hardware[board_name], hardware[name]
    link = hardware["nvlink4" if board_name in ("hgx_h100", "hgx_h200") else "nvlink5"]["link"]
    figures: list[Figure] = [link]
    links: tuple[int, ...]
    if "links_per_switch" in board:
        links = tuple(board["links_per_switch"].value)  # type: ignore[arg-type]
        figures.append(board["links_per_switch"])
    else:
        # No source counts the switches of B300; only B200's are published.
        links = tuple(hardware["hgx_b200"]["links_per_switch"].value)  # type: ignore[arg-type]
        figures.append(assumed("links_per_switch", links, "links", "as HGX B200"))
    if board_name in _CHIPS:
        host_link = hardware[_CHIPS[board_name]]["host_link"]
    else:
        host_link = assumed("chip-host", 64, "GB/s", "PCIe Gen5 x16, as B200", link=True)
    nic, per_chip = sold["nic"], sold["nics_per_chip"]
    hosts = whole(board["hosts"])
    system = System(name, [*figures, host_link, nic, per_chip])

    chip = {"socket": hosts, "position": whole(board["chips"]) // hosts}
    ports = {"port": whole(per_chip)} if whole(per_chip) > 1 else {}
    system.nodes("chip", False, chip=radix(**chip))
    system.nodes("host", False, host=radix(socket=hosts))
    system.nodes("switch", True, index=len(links))
    system.nodes("nic", True, nic=radix(**chip, **ports))
    for number in sorted(set(links)):
        alike = len(set(links)) == 1
        system.links(
            "chip",
            "switch",
            link.per_direction,
            multiplicity=number,
            where_b={} if alike else {"index": [i for i, n in enumerate(links) if n == number]},
            name=None if alike else f"chip-switch-{number}",
        )
    system.links("chip", "host", host_link.per_direction, join=["socket"])
    system.links("chip", "nic", nic.per_direction, join=list(chip))
    system.rails = (*chip, *ports)
    return system
