"""Leaf, spine, core and super switches above any endpoints: every folded Clos is one of these.

A *row* is the set of systems that share leaves; a *pod* is the set of rows under one set of
spines. Spines carry an index inside their pod; cores join the spines of one index in every pod, so
a core reaches a pod over one spine. Planes (and rails, where they never meet) keep their own
spines and cores. The layout is that of Al-Fares, Loukissas, Vahdat (SIGCOMM 2008), with port
counts that need not be equal in every tier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pinchpoint._wording import counted
from pinchpoint.clusters._system import Coordinate, Copies, digits_of, radix, written
from pinchpoint.errors import CatalogueError

if TYPE_CHECKING:
    from pinchpoint import FabricBuilder

__all__ = ["Tree", "TreeSize", "divisor_at_least", "fit", "needs"]


@dataclass(frozen=True)
class TreeSize:
    """How many systems, switches and parallel links each tier has.

    Counts are those of a full pod and of one plane; ``systems`` may leave the last pod short.
    """

    systems: int
    slots: int
    rows: int
    spines: int
    spine_links: int = 1
    cores: int = 0
    core_links: int = 1
    pods_per_zone: int = 0
    supers: int = 0
    super_links: int = 1

    @property
    def systems_per_pod(self) -> int:
        """Systems under one set of spines."""
        return self.slots * self.rows

    @property
    def pods(self) -> int:
        """Pods, the last one perhaps short."""
        return -(-self.systems // self.systems_per_pod)

    @property
    def zones(self) -> int:
        """Sets of pods under one set of cores; one unless there are four tiers."""
        return -(-self.pods // self.pods_per_zone) if self.pods_per_zone else 1

    @property
    def tiers(self) -> int:
        """Switch tiers: 2 with spines, 3 with cores, 4 with supers."""
        return 2 + bool(self.cores) + bool(self.supers)


@dataclass(frozen=True)
class Tree:
    """A folded Clos network, ready to be written above the endpoints of many systems.

    Parameters
    ----------
    copies : str
        Name of the coordinate that counts the systems.
    size : TreeSize
        Counts of every tier.
    port : str
        Capacity of an endpoint's link per direction.
    uplink : str
        Capacity of a link between switches per direction.
    leaf_by : mapping of str to str
        Endpoint digits that choose the leaf inside a row, and the leaf's coordinate for each;
        digits with the same coordinate make it a mixed-radix one.
    planes : tuple of str
        Those leaf coordinates that spines and cores keep apart.
    copies_of_leaf : mapping of str to int
        Further leaf coordinates, such as the planes an endpoint has a port in each of.
    top : str or None
        Capacity of a link above the spines where it differs from ``uplink``.
    """

    copies: str
    size: TreeSize
    port: str
    uplink: str
    leaf_by: Mapping[str, str] = field(default_factory=dict)
    planes: tuple[str, ...] = ()
    copies_of_leaf: Mapping[str, int] = field(default_factory=dict)
    top: str | None = None

    def place(self) -> Copies:
        """Return the coordinate that counts the systems, over the digits the tree joins on."""
        size = self.size
        # Digits of different names keep `chip[pod=3]` and `leaf[row=7]` both sayable.
        digits = self._pod_digits()
        if size.slots == 1:
            digits["slot"] = size.rows
        else:
            digits.update(pod_row=size.rows, slot=size.slots)
        return Copies(self.copies, radix(size.systems, **digits))

    def _pod_digits(self) -> dict[str, int]:
        if self.size.pods_per_zone:
            return {"zone": self.size.zones, "zone_pod": self.size.pods_per_zone}
        return {"pod": self.size.pods}

    def _row(self) -> tuple[dict[str, Coordinate], str]:
        """Return the leaf's coordinate that counts rows, and its digit inside the pod."""
        size = self.size
        if size.slots == 1:
            return {self.copies: self.place().coordinate}, "slot"
        rows = -(-size.systems // size.slots)
        name = "row" if self.leaf_by or self.copies_of_leaf else "leaf"
        return {name: radix(rows, **self._pod_digits(), pod_row=size.rows)}, "pod_row"

    def _chosen(self, digits: Mapping[str, int]) -> tuple[dict[str, Coordinate], dict[str, str]]:
        """Return the leaf's coordinates beside its row, and the digits joined to them."""
        chosen: dict[str, Coordinate] = dict(self.copies_of_leaf)
        join: dict[str, str] = {}
        for name in dict.fromkeys(self.leaf_by.values()):
            own = [digit for digit, coordinate in self.leaf_by.items() if coordinate == name]
            if len(own) == 1:
                chosen[name] = digits[own[0]]
                join[own[0]] = name
            else:
                chosen[name] = radix(**{digit: digits[digit] for digit in own})
                join.update({digit: digit for digit in own})
        return chosen, join

    def write(self, builder: FabricBuilder, endpoint: Any, digits: Mapping[str, int]) -> None:
        """Write every tier above the endpoints, which have the digits of `place` and `digits`."""
        size = self.size
        row, row_digit = self._row()
        pod = list(self._pod_digits())
        chosen, own = self._chosen(digits)
        leaf = builder.nodes("leaf", role="switch", forwards=True, **written({**row, **chosen}))
        same_row = {digit: digit for digit in (*pod, row_digit)}
        builder.links(endpoint, leaf, self.port, join={**same_row, **own})

        kept = {name: chosen[name] for name in self.planes}
        planes = written(kept)
        same_plane = {digit: digit for digit in digits_of(kept)}
        pods: dict[str, Coordinate] = {"pod": radix(size.pods, **self._pod_digits())}
        if not size.pods_per_zone:
            pods = {"pod": size.pods}
        spine = builder.nodes(
            "spine",
            role="switch",
            forwards=True,
            **written(pods),
            **planes,
            spine=size.spines,
        )
        builder.links(
            leaf,
            spine,
            self.uplink,
            join={**{digit: digit for digit in pod}, **same_plane},
            multiplicity=size.spine_links,
        )
        if not size.cores:
            return
        top = self.top or self.uplink
        zone = {"zone": size.zones} if size.pods_per_zone else {}
        core = builder.nodes(
            "core",
            role="switch",
            forwards=True,
            **{**zone, **planes, "spine": size.spines, "core": size.cores},
        )
        same_index = {**{name: name for name in zone}, **same_plane, "spine": "spine"}
        builder.links(spine, core, top, join=same_index, multiplicity=size.core_links)
        if not size.supers:
            return
        super_ = builder.nodes(
            "super",
            role="switch",
            forwards=True,
            **{**planes, "spine": size.spines, "core": size.cores, "super": size.supers},
        )
        same_core = {**same_plane, "spine": "spine", "core": "core"}
        builder.links(core, super_, top, join=same_core, multiplicity=size.super_links)


def fit(
    *,
    what: str,
    systems: int,
    leaves: int,
    ports: int,
    radix_: int,
    oversubscription: float = 1,
    tiers: int | None = None,
    slots: int | None = 1,
    grow: bool = False,
) -> TreeSize:
    """Size a folded Clos of equal switches for some systems, or say which ports are short.

    The top tier is the fewest switches that have the ports and divide the uplinks below evenly.

    Parameters
    ----------
    what : str
        What the systems are called in messages, in the plural.
    systems : int
        Systems to connect.
    leaves : int
        Leaves that serve one row: one per rack of a system, or one per rail.
    ports : int
        Endpoint ports of one system on each of these leaves.
    radix_ : int
        Ports of every switch.
    oversubscription : float, default 1
        Ports down over ports up at the leaf.
    tiers : int or None
        2, 3 or 4; None takes the fewest that fit where a spine has half its ports for leaves.
    slots : int or None, default 1
        Systems that share their leaves; None fills the leaves.
    grow : bool, default False
        Give a top tier that `tiers` does not bound to two a switch per uplink instead, whose other
        ports are free for further pods.

    Returns
    -------
    TreeSize
        Counts of every tier.

    Raises
    ------
    CatalogueError
        The switches have too few ports, or the uplinks are no whole number.
    """
    if slots is None:
        most = int(radix_ * oversubscription / (1 + oversubscription)) // ports
        whole = [n for n in range(1, most + 1) if (n * ports / oversubscription).is_integer()]
        slots = min(max(whole, default=1), systems)
    down = slots * ports
    share = down / oversubscription
    if not float(share).is_integer() or share < 1:
        raise CatalogueError(
            f"oversubscription={oversubscription:g} leaves {share:g} uplinks for the "
            f"{counted(down, 'port')} down of a leaf: their number must be whole"
        )
    uplinks = int(share)
    needs("a leaf", down + uplinks, radix_, f"{down} down and {uplinks} up")

    if tiers == 2:
        rows = -(-systems // slots)
        needs(f"a spine of 2 tiers for {systems:,} {what}", rows * leaves, radix_, "one per leaf")
        spines = divisor_at_least(uplinks, -(-rows * leaves * uplinks // radix_))
        return TreeSize(systems, slots, rows, spines, uplinks // spines)

    def fewest(number: int, below: int) -> int:
        """Count the switches of a top tier, into which each of `below` has `number` uplinks."""
        return number if grow else divisor_at_least(number, -(-below * number // radix_))

    half = radix_ // 2
    rows = half // leaves
    needs("the lower half of a spine", leaves, half, f"one per leaf of one of the {what}")
    pods = -(-systems // (slots * rows))
    if pods == 1 and tiers is None:
        rows = min(rows, -(-systems // slots))
        spines = fewest(uplinks, rows * leaves)
        return TreeSize(systems, slots, rows, spines, uplinks // spines)
    # As many up as down, so that the oversubscription is that of the leaf alone.
    up = rows * leaves
    if tiers == 3 or (tiers is None and pods <= radix_):
        needs(f"a core of 3 tiers for {systems:,} {what}", pods, radix_, "one per pod")
        cores = fewest(up, pods)
        return TreeSize(systems, slots, rows, uplinks, cores=cores, core_links=up // cores)
    zones = -(-pods // half)
    needs(f"a super of 4 tiers for {systems:,} {what}", zones, radix_, "one per zone")
    supers = fewest(half, zones)
    return TreeSize(
        systems,
        slots,
        rows,
        uplinks,
        cores=up,
        pods_per_zone=min(half, pods),
        supers=supers,
        super_links=half // supers,
    )


def needs(switch: str, need: int, have: int, why: str) -> None:
    """Refuse a switch with too few ports, naming need and have."""
    if need > have:
        raise CatalogueError(f"{switch} needs {counted(need, 'port')} ({why}) and has {have:,}")


def divisor_at_least(number: int, least: int) -> int:
    """Return the smallest divisor of a number that is not below a bound, at most the number."""
    return next((n for n in range(max(least, 1), number) if number % n == 0), number)
