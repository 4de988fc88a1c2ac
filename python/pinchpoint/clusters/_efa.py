"""The EFA network above AWS racks, with every assumption as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.catalogue import assumed
from pinchpoint.clusters import _options
from pinchpoint.clusters._tree import Tree, fit
from pinchpoint.units import format_bits, parse_bandwidth

if TYPE_CHECKING:
    from pinchpoint.catalogue import Figure
    from pinchpoint.clusters._system import System

__all__ = ["efa_tree"]

_PER_SWITCH = 4096


def efa_tree(
    system: System,
    *,
    copies: str,
    systems: int,
    radix_: int,
    oversubscription: float,
    tiers: int | None,
) -> tuple[Tree, list[Figure]]:
    """Size a network of one leaf a rack without rails, and list what it assumes.

    Parameters
    ----------
    system : System
        The rack or UltraServer whose ``nic`` group connects.
    copies : str
        Coordinate that counts the systems.
    systems : int
        How many there are.
    radix_ : int
        Ports of every switch.
    oversubscription : float
        Ports down over ports up at the leaf.
    tiers : int or None
        2, 3 or 4; None takes the fewest that fit.

    Returns
    -------
    tuple of Tree and list of Figure
        The network, and the figures it assumes.

    Raises
    ------
    CatalogueError
        An option out of range, or switches with too few ports.
    """
    _options.count("radix", radix_, 2, _PER_SWITCH)
    _options.ratio("oversubscription", oversubscription)
    if tiers is not None:
        _options.choice("tiers", tiers, (2, 3, 4))
    digits = system.groups["nic"].digits
    leaves = nics = 1
    for digit, number in digits.items():
        nics *= number
        leaves *= number if digit in system.racks else 1
    port = next(b.capacity for b in system.bundles if getattr(b, "b", None) == "nic")
    size = fit(
        what=f"{copies}s",
        systems=systems,
        leaves=leaves,
        ports=nics // leaves,
        radix_=radix_,
        oversubscription=oversubscription,
        tiers=tiers,
        grow=True,
    )
    tree = Tree(copies, size, port, port, {digit: digit for digit in system.racks})
    why = "AWS publishes no topology"
    figures = [
        assumed("switch radix", radix_, "ports", f"{format_bits(parse_bandwidth(port))} each"),
        assumed("network tiers", size.tiers, "tiers", why),
        assumed("leaves per rack", 1, "leaves", "no rails"),
        assumed("leaf oversubscription", oversubscription, "to 1", "described as non-blocking"),
        assumed(f"{copies}s per pod", size.systems_per_pod, f"{copies}s", why),
        assumed("spines per pod", size.spines, "spines", why),
    ]
    if size.cores:
        figures.append(assumed("cores per spine index", size.cores, "cores", why))
    return tree, figures
