"""NVLink Fusion racks for any custom chip and CPU, and the p6e UltraServer AWS sells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters import _options
from pinchpoint.clusters._nvlink import nvlink_rack, rack_of, whole
from pinchpoint.clusters._registry import cluster
from pinchpoint.errors import CatalogueError

if TYPE_CHECKING:
    from pinchpoint import Fabric
    from pinchpoint.catalogue import Figure

__all__ = ["nvlink_fusion_rack", "p6e_gb200"]

_C2C_CPUS = ("grace", "vera", "intel", "qualcomm", "fujitsu", "arm")
_PCIE_CPUS = ("graviton", "x86")


@cluster(
    what="NVLink rack for any chip and CPU: NVLink 4, 5 or 6, NVL32 to NVL576, MGX hosts",
    chips=72,
    status="announced",
    sources="NVIDIA NVLink Fusion announcements",
)
def nvlink_fusion_rack(
    chips: int = 72,
    *,
    nvlink: int = 6,
    cpu: str = "graviton",
    chips_per_tray: int = 4,
    hosts_per_tray: int = 1,
    nic: str = "400Gb/s",
    nics_per_chip: int = 1,
    host_link: str | None = None,
) -> Fabric:
    """Build a rack of custom chips on one tier of NVLink switches.

    Parameters
    ----------
    chips : int, default 72
        Chips in the domain, 2 to 576; 72 is the announced NVLink Fusion rack.
    nvlink : {4, 5, 6}, default 6
        Generation: 18 links of 25, 18 of 50 or 36 of 50 GB/s per direction a chip.
    cpu : str, default "graviton"
        "graviton" or "x86" on PCIe; "grace", "vera" or the announced "intel", "qualcomm",
        "fujitsu" and "arm" on NVLink-C2C.
    chips_per_tray : int, default 4
        Chips in an MGX tray; divides `chips`.
    hosts_per_tray : int, default 1
        CPUs in a tray; divides `chips_per_tray`.
    nic : str, default "400Gb/s"
        Bandwidth of a NIC per direction.
    nics_per_chip : int, default 1
        NICs of a chip.
    host_link : str, optional
        Bandwidth between a chip and its host per direction; by default 64 GB/s (PCIe Gen5 x16) or
        the chip's share of the CPU's NVLink-C2C.

    Returns
    -------
    Fabric
        Groups ``chip``, ``host``, ``switch`` and ``nic``.

    Raises
    ------
    CatalogueError
        An option out of range, or trays that do not divide the chips.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Figures: ``pinchpoint.hardware["nvlink4"]`` to ``["nvlink6"]`` and ``["nvlink_fusion"]``. Every
    chip has one link to each of as many switch chips as it has links; switches with a port per
    chip are assumed, and beyond the 72 ports of today's chips no product has one tier. Vendors
    publish no bandwidth for their CPUs: Grace's is assumed for those on C2C.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> for generation in (4, 5, 6):
    ...     rack = pp.clusters.nvlink_fusion_rack(nvlink=generation)
    ...     print(rack.bandwidth("chip[chip=0]", "chip[chip=1:72]").gbyte_per_s)
    450.0
    900.0
    1800.0
    """
    domain = hardware["nvlink5"]["largest_domain"]
    _options.count("chips", chips, 2, whole(domain))
    _options.count("chips_per_tray", chips_per_tray, 1, chips)
    _options.count("hosts_per_tray", hosts_per_tray, 1, chips_per_tray)
    _options.count("nics_per_chip", nics_per_chip, 1, 16)
    for name, part, whole_name, total in (
        ("chips_per_tray", chips_per_tray, "chips", chips),
        ("hosts_per_tray", hosts_per_tray, "chips_per_tray", chips_per_tray),
    ):
        if total % part:
            raise CatalogueError(f"{name}={part} does not divide {whole_name}={total}")
    generation = _options.choice("nvlink", nvlink, (4, 5, 6))
    cpu = _options.choice("cpu", cpu, (*_PCIE_CPUS, *_C2C_CPUS))
    entry = hardware[f"nvlink{generation}"]
    switches = whole(entry["links_per_chip"])
    figures = [
        entry["links_per_chip"],
        assumed("switches", switches, "switches", "one link of a chip to each"),
        assumed("switch ports", chips, "ports", "one per chip; 72 is the most in a product"),
        assumed("nic", _options.bandwidth("nic", nic), "", "a parameter"),
    ]
    if host_link is None:
        figures.append(_host_link(cpu, chips_per_tray // hosts_per_tray))
        host_link = figures[-1].per_direction
    else:
        host_link = _options.bandwidth("host_link", host_link)
        figures.append(assumed("chip-host", host_link, "", "a parameter"))
    return nvlink_rack(
        "nvlink_fusion_rack",
        trays=chips // chips_per_tray,
        chips_per_tray=chips_per_tray,
        hosts_per_tray=hosts_per_tray,
        switches=switches,
        switch_trays=1,
        links=1,
        link=entry["link"],
        host_link=host_link,
        nic=nic,
        nics_per_chip=nics_per_chip,
        figures=figures,
    ).build()


def _host_link(cpu: str, chips_per_host: int) -> Figure:
    if cpu in _PCIE_CPUS:
        return assumed("chip-host", 64, "GB/s", f"PCIe Gen5 x16 to {cpu}", link=True)
    c2c = hardware["vera" if cpu == "vera" else "grace"]["c2c"]
    per_chip = c2c.kbit_per_s // chips_per_host / 8_000_000
    note = f"NVLink-C2C of {cpu}, shared by its chips"
    if cpu not in ("grace", "vera"):
        note = f"NVLink-C2C to {cpu}: none is published, taken as Grace's"
    return assumed("chip-host", per_chip, "GB/s", note, link=True)


@cluster(
    what="AWS p6e-gb200 UltraServer: 72 (or 36) Blackwell, EFA NICs",
    chips=72,
    status="shipping",
    sources="Amazon EKS documentation; notes quoting EC2 documentation",
)
def p6e_gb200(chips: int = 72) -> Fabric:
    """Build an AWS p6e-gb200 UltraServer, from its chips and hosts to its EFA NICs.

    Parameters
    ----------
    chips : {72, 36}, default 72
        u-p6e-gb200x72, or x36 with half the trays in one NVLink domain.

    Returns
    -------
    Fabric
        The rack of `gb200_nvl72` with one ``nic`` of 400 Gb/s EFA per direction a chip.

    Raises
    ------
    CatalogueError
        Another number of chips.

    Notes
    -----
    Figures: ``pinchpoint.hardware["p6e_gb200"]`` and ``["gb200_nvl72"]``.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.p6e_gb200().bandwidth("chip", "nic").gbit_per_s
    28800.0
    """
    _options.choice("chips", chips, (72, 36))
    sold, rack = hardware["p6e_gb200"], hardware["gb200_nvl72"]
    host_link = _host_link("grace", 2)
    return rack_of(
        rack,
        "p6e_gb200",
        link=hardware["nvlink5"]["link"],
        host_link=host_link.per_direction,
        figures=[sold["nic"], sold["nics_per_chip"], host_link],
        trays=chips // whole(rack["chips_per_tray"]),
        hosts_per_tray=2,
        nic=sold["nic"].per_direction,
        nics_per_chip=whole(sold["nics_per_chip"]),
    ).build()
