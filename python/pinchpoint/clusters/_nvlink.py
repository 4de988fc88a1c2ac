"""Racks in which every chip has links to every NVLink switch chip: one switched tier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinchpoint.clusters._options import count
from pinchpoint.clusters._system import System, radix

if TYPE_CHECKING:
    from pinchpoint.catalogue import Entry, Figure

__all__ = ["nvlink_rack", "whole"]


def whole(figure: Figure) -> int:
    """Return a figure's value as the whole number it must be."""
    return count(figure.name, figure.value)


def nvlink_rack(
    name: str,
    *,
    trays: int,
    chips_per_tray: int,
    hosts_per_tray: int,
    switches: int,
    switch_trays: int,
    links: int,
    link: Figure,
    host_link: str,
    nic: str,
    nics_per_chip: int,
    figures: list[Figure],
) -> System:
    """Describe a rack: trays of chips and hosts, every chip to every switch, NICs per chip.

    Capacities are per direction; ``links`` counts the links between one chip and one switch.
    """
    system = System(name, [link, *figures])
    per_host, rest = divmod(chips_per_tray, hosts_per_tray)
    if rest:
        raise ValueError(f"{chips_per_tray} chips over {hosts_per_tray} hosts")
    tray: dict[str, int] = {"tray": trays}
    if hosts_per_tray > 1:
        tray["socket"] = hosts_per_tray
    chip: dict[str, int] = {**tray, "position": per_host} if per_host > 1 else dict(tray)
    ports: dict[str, int] = {"port": nics_per_chip} if nics_per_chip > 1 else {}
    system.nodes("chip", False, chip=radix(**chip))
    system.nodes("host", False, host=radix(**tray))
    system.nodes(
        "switch", True, switch=radix(switch_tray=switch_trays, index=switches // switch_trays)
    )
    system.nodes("nic", True, nic=radix(**chip, **ports))
    system.links("chip", "switch", link.per_direction, multiplicity=links)
    system.links("chip", "host", host_link, join=list(tray))
    system.links("chip", "nic", nic, join=list(chip))
    # Rail i is NIC i of every tray.
    system.rails = tuple(digit for digit in (*chip, *ports) if digit != "tray")
    return system


def rack_of(
    entry: Entry, name: str, *, link: Figure, host_link: str, figures: list[Figure], **also: Any
) -> System:
    """Describe a rack from its catalogue entry; `also` fills what the entry does not state."""
    trays, hosts = whole(entry["trays"]), whole(entry["hosts"])
    shown = [n for n in ("chips", "trays", "hosts", "switches", "nic") if n in entry]
    settings: dict[str, Any] = {
        "trays": trays,
        "chips_per_tray": whole(entry["chips_per_tray"]),
        "hosts_per_tray": hosts // trays,
        "switch_trays": whole(entry["switch_trays"]),
        "links": 1,
    }
    if "switches" in entry:
        settings["switches"] = whole(entry["switches"])
    if "nic" in entry:
        settings["nic"] = entry["nic"].per_direction
        settings["nics_per_chip"] = whole(entry["nics_per_chip"])
    settings.update(also)
    return nvlink_rack(
        name,
        link=link,
        host_link=host_link,
        figures=[*(entry[n] for n in shown), *figures],
        **settings,
    )
