"""What a scale-up system is made of, before it is placed once or a million times.

A rack alone, a rack in an UltraCluster and a rack in a composed network are the same groups and
bundles; only the coordinates in front differ. So a system is recorded as data and written into a
`FabricBuilder` together with the coordinates that count its copies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from pinchpoint import Fabric, FabricBuilder
    from pinchpoint.catalogue import Figure

__all__ = [
    "Bundle",
    "Coordinate",
    "Copies",
    "Gray",
    "Group",
    "Radix",
    "Ring",
    "System",
    "digits_of",
    "radix",
    "ring_of_four",
    "written",
]

Forwards: TypeAlias = bool | Literal["scale_up"]
Role: TypeAlias = Literal["chip", "host", "nic", "switch"]


@dataclass(frozen=True)
class Radix:
    """A user's coordinate written over digits of the wiring, most significant first."""

    size: int
    digits: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Gray:
    """A user's coordinate of size 4 over two digits of size 2, neighbours one digit apart."""

    digits: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(size for _, size in self.digits)


Coordinate: TypeAlias = int | Radix | Gray


def radix(size: int | None = None, /, **digits: int) -> Radix:
    """Make a mixed-radix coordinate; without a size it is the product of its digits."""
    return Radix(math.prod(digits.values()) if size is None else size, tuple(digits.items()))


def ring_of_four(name: str) -> Gray:
    """Make a coordinate whose 4-ring is two joins: over ``<name>1``, and over ``<name>0``."""
    return Gray(((f"{name}1", 2), (f"{name}0", 2)))


@dataclass(frozen=True)
class Group:
    """A group of nodes of one copy of the system."""

    name: str
    coordinates: Mapping[str, Coordinate]
    forwards: Forwards
    role: Role | None = None
    capacity: str | None = None

    @property
    def digits(self) -> dict[str, int]:
        """The wiring coordinates with their sizes."""
        return digits_of(self.coordinates)


@dataclass(frozen=True)
class Bundle:
    """Links between two groups of one copy of the system, or within one group."""

    a: str
    b: str
    capacity: str
    join: Mapping[str, str]
    multiplicity: int = 1
    name: str | None = None
    where_a: Mapping[str, Any] = field(default_factory=dict)
    where_b: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ring:
    """Links from each node of a group to the next one along a coordinate."""

    group: str
    axis: str
    capacity: str
    wrap: bool
    multiplicity: int = 1
    name: str | None = None


@dataclass(frozen=True)
class Copies:
    """The coordinate that counts the copies of a system, and its digits."""

    name: str
    coordinate: Coordinate

    @property
    def digits(self) -> tuple[str, ...]:
        """The wiring coordinates that tell the copies apart."""
        if isinstance(self.coordinate, int):
            return (self.name,)
        return tuple(name for name, _ in self.coordinate.digits)

    @property
    def number(self) -> int:
        """How many copies there are."""
        return self.coordinate if isinstance(self.coordinate, int) else self.coordinate.size


@dataclass
class System:
    """The groups and bundles of a scale-up system, and the figures they rest on.

    ``racks`` and ``rails`` are the NIC's digits that tell racks apart inside one system, and rails.
    """

    name: str
    figures: list[Figure] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    bundles: list[Bundle | Ring] = field(default_factory=list)
    racks: tuple[str, ...] = ()
    rails: tuple[str, ...] = ()

    def nodes(self, name: str, forwards: Forwards, /, **coordinates: Coordinate) -> None:
        """Add a group of nodes; its name says its role."""
        self.groups[name] = Group(name, coordinates, forwards)

    def links(
        self,
        a: str,
        b: str,
        capacity: str,
        *,
        join: Sequence[str] | Mapping[str, str] = (),
        multiplicity: int = 1,
        name: str | None = None,
        where_a: Mapping[str, Any] | None = None,
        where_b: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a bundle between nodes that agree on the joined coordinates; by default all pairs."""
        joined = dict(join) if isinstance(join, Mapping) else {digit: digit for digit in join}
        self.bundles.append(
            Bundle(a, b, capacity, joined, multiplicity, name, where_a or {}, where_b or {})
        )

    def ring(self, group: str, axis: str, capacity: str, *, wrap: bool) -> None:
        """Add the links of one axis of a torus or mesh."""
        self.bundles.append(Ring(group, axis, capacity, wrap))

    def write(self, builder: FabricBuilder, copies: Copies | None = None) -> dict[str, Any]:
        """Write every copy into a builder and return its handles by group."""
        outer = {copies.name: copies.coordinate} if copies else {}
        same_copy = {digit: digit for digit in copies.digits} if copies else {}
        handles = {
            group.name: builder.nodes(
                group.name,
                role=group.role,
                forwards=group.forwards,
                capacity=group.capacity,
                **written({**outer, **group.coordinates}),
            )
            for group in self.groups.values()
        }
        for bundle in self.bundles:
            if isinstance(bundle, Ring):
                builder.ring(
                    handles[bundle.group],
                    bundle.axis,
                    bundle.capacity,
                    wrap=bundle.wrap,
                    multiplicity=bundle.multiplicity,
                    name=bundle.name,
                )
                continue
            a, b = handles[bundle.a], handles[bundle.b]
            builder.links(
                a.where(**bundle.where_a) if bundle.where_a else a,
                b.where(**bundle.where_b) if bundle.where_b else b,
                bundle.capacity,
                join={**same_copy, **bundle.join},
                multiplicity=bundle.multiplicity,
                name=bundle.name,
            )
        builder.annotate(*self.figures)
        return handles

    def build(self) -> Fabric:
        """Build one copy on its own; it ends at its NICs."""
        from pinchpoint import FabricBuilder

        builder = FabricBuilder(self.name)
        self.write(builder)
        return builder.build()


def digits_of(coordinates: Mapping[str, Coordinate]) -> dict[str, int]:
    """List the wiring coordinates under some coordinates, with their sizes."""
    digits: dict[str, int] = {}
    for name, coordinate in coordinates.items():
        digits.update({name: coordinate} if isinstance(coordinate, int) else coordinate.digits)
    return digits


def written(coordinates: Mapping[str, Coordinate]) -> dict[str, Any]:
    """Coordinates as `FabricBuilder.nodes` takes them."""
    import pinchpoint

    def one(coordinate: Coordinate) -> Any:
        if isinstance(coordinate, Radix):
            return pinchpoint.radix(coordinate.size, **dict(coordinate.digits))
        if isinstance(coordinate, Gray):
            return pinchpoint.gray(**dict(coordinate.digits))
        return coordinate

    return {name: one(coordinate) for name, coordinate in coordinates.items()}
