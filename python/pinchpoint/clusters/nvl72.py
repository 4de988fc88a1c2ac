"""NVIDIA racks with NVLink switches: GB200, GB300 and Vera Rubin NVL72, GH200 NVL32."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters._nvlink import rack_of
from pinchpoint.clusters._registry import cluster

if TYPE_CHECKING:
    from pinchpoint import Fabric
    from pinchpoint.catalogue import Figure
    from pinchpoint.clusters._system import System

__all__ = ["gb200_nvl72", "gb300_nvl72", "gh200_nvl32", "nvl72_system", "vera_rubin_nvl72"]


@cluster(
    what="GB200 NVL72: 72 Blackwell, 36 Grace, 18 NVLink 5 switch chips",
    chips=72,
    status="shipping",
    sources="NVIDIA DGX SuperPOD GB200 and DGX GB200 documentation",
)
def gb200_nvl72() -> Fabric:
    """Build a GB200 NVL72 rack, from its chips and hosts to its NICs.

    Returns
    -------
    Fabric
        72 ``chip``, 36 ``host`` (Grace), 18 ``switch``, 72 ``nic``; a chip is ``chip[chip=0]`` to
        71, or by ``tray``, ``socket`` and ``position``.

    Notes
    -----
    Figures: ``pinchpoint.hardware["gb200_nvl72"]`` and ``["nvlink5"]``: one link of 50 GB/s per
    direction from every chip to every switch chip. Grace's 450 GB/s per direction is taken to be
    shared by its two chips, which no source settles.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> rack.bandwidth("chip", "switch").gbyte_per_s  # half of the 129.6 TB/s sold as 130
    64800.0
    """
    return nvl72_system("gb200_nvl72").build()


@cluster(
    what="GB300 NVL72: 72 Blackwell Ultra, 36 Grace, 18 NVLink 5 switch chips",
    chips=72,
    status="shipping",
    sources="NVIDIA NVL72 AI factory documentation; switch chips as GB200",
)
def gb300_nvl72() -> Fabric:
    """Build a GB300 NVL72 rack, from its chips and hosts to its NICs.

    Returns
    -------
    Fabric
        72 ``chip``, 36 ``host`` (Grace), 18 ``switch``, 72 ``nic`` of 800 Gb/s per direction.

    Notes
    -----
    Figures: ``pinchpoint.hardware["gb300_nvl72"]`` and ``["nvlink5"]``. The wiring is that of
    GB200, derived from the same 9 switch trays and the same 130 TB/s.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.gb300_nvl72().bandwidth("chip", "nic").gbit_per_s
    57600.0
    """
    return nvl72_system("gb300_nvl72").build()


@cluster(
    what="Vera Rubin NVL72: 72 Rubin, 36 Vera, 36 NVLink 6 switch chips",
    chips=72,
    status="announced",
    sources="Hot Chips 2026 notes; notes citing NVIDIA's blog",
)
def vera_rubin_nvl72() -> Fabric:
    """Build a Vera Rubin NVL72 rack, from its chips and hosts to its NICs.

    Returns
    -------
    Fabric
        72 ``chip`` (packages of two dies), 36 ``host`` (Vera), 36 ``switch`` and 144 ``nic`` of
        800 Gb/s per direction; a NIC adds the digit ``port`` to its chip's.

    Notes
    -----
    Figures: ``pinchpoint.hardware["vera_rubin_nvl72"]`` and ``["nvlink6"]``: one link of 50 GB/s
    per direction from every chip to every switch chip.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.vera_rubin_nvl72()
    >>> rack.bandwidth("chip", "switch").gbyte_per_s  # half of the 259.2 TB/s sold as 260
    129600.0
    """
    return nvl72_system("vera_rubin_nvl72").build()


@cluster(
    what="GH200 NVL32: 32 Grace Hopper, NVLink 4 switches in 9 trays",
    chips=32,
    status="shipping",
    sources="NVIDIA developer blog; two switch chips a tray are assumed",
)
def gh200_nvl32() -> Fabric:
    """Build a GH200 NVL32 rack, from its chips and hosts to its NICs.

    Returns
    -------
    Fabric
        32 ``chip`` (Hopper), 32 ``host`` (Grace), 18 ``switch``, 32 ``nic``.

    Notes
    -----
    Figures: ``pinchpoint.hardware["gh200_nvl32"]``, ``["nvlink4"]`` and ``["grace"]``. Two switch
    chips a tray, hence one link from every chip to every switch chip, and one NIC of 400 Gb/s per
    direction are assumed.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.gh200_nvl32().bandwidth("chip", "host").gbyte_per_s
    14400.0
    """
    return gh200_system().build()


def nvl72_system(name: str) -> System:
    """Describe one of the three NVL72 racks."""
    rubin = name == "vera_rubin_nvl72"
    cpu: Figure = hardware["vera" if rubin else "grace"]["c2c"]
    link: Figure = hardware["nvlink6" if rubin else "nvlink5"]["link"]
    # One CPU serves two chips; whether GB200's figure is per chip or shared is not published.
    per_chip = assumed(
        "chip-host",
        cpu.kbit_per_s / 2 / 8_000_000,
        "GB/s",
        "half of the CPU's NVLink-C2C" + ("" if rubin else "; shared or per chip is not stated"),
        link=True,
    )
    return rack_of(
        hardware[name],
        name,
        link=link,
        host_link=per_chip.per_direction,
        figures=[cpu, per_chip],
    )


def gh200_system() -> System:
    """Describe a GH200 NVL32 rack."""
    c2c = hardware["grace"]["c2c"]
    nic = assumed("nic", 400, "Gb/s", "one per chip; the NIC is not fixed", link=True)
    switches = assumed("switches per tray", 2, "switches", "none is published")
    entry = hardware["gh200_nvl32"]
    trays = entry["switch_trays"].value
    return rack_of(
        entry,
        "gh200_nvl32",
        link=hardware["nvlink4"]["link"],
        host_link=c2c.per_direction,
        figures=[c2c, switches, nic],
        switches=2 * int(str(trays)),
        nic=nic.per_direction,
        nics_per_chip=1,
    )
