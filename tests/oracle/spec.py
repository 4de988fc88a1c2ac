"""A structured fabric written down as plain data, and what it means, pair by pair.

Nothing here knows how the library works inside: nodes are dictionaries of coordinates, and links
are found by trying every pair of nodes. `build` says the same to the library through its public
builder.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

import pinchpoint as pp


@dataclass(frozen=True)
class Coordinate:
    """A coordinate of a group as users count it, and the digits the wiring sees."""

    name: str
    digits: tuple[tuple[str, int], ...]
    size: int
    code: str = "int"

    def value(self):
        """What the builder is told."""
        if self.code == "int":
            return self.size
        if self.code == "gray":
            return pp.gray(**dict(self.digits))
        full = prod(size for _, size in self.digits)
        return pp.radix(None if full == self.size else self.size, **dict(self.digits))

    def wiring(self, number):
        """Values of the digits of one user value."""
        if self.code == "gray":
            number ^= number >> 1
        values = []
        for name, size in reversed(self.digits):
            number, digit = divmod(number, size)
            values.append((name, digit))
        return values


@dataclass(frozen=True)
class Group:
    name: str
    coordinates: tuple[Coordinate, ...]
    role: str | None = None
    forwards: bool | str | None = None
    capacity: Fraction | None = None

    @property
    def real_role(self):
        own = self.name if self.name in ("chip", "host", "nic", "switch") else "switch"
        return self.role or own

    def nodes(self):
        """Every node as {coordinate: value}, user and wiring names alike, row-major."""
        found = []
        for values in itertools.product(*(range(c.size) for c in self.coordinates)):
            node = {}
            for coordinate, value in zip(self.coordinates, values, strict=True):
                node[coordinate.name] = value
                node.update(coordinate.wiring(value))
            found.append(node)
        return found

    def wiring_sizes(self):
        return {name: size for c in self.coordinates for name, size in c.digits}

    def all_sizes(self):
        return {c.name: c.size for c in self.coordinates} | self.wiring_sizes()


def fits(node, conditions):
    return all(chosen(node[name], value) for name, value in conditions)


def chosen(number, value):
    """Whether a coordinate's number is among an int, a slice with plain bounds or a list."""
    if isinstance(value, slice):
        start, stop, step = value.start or 0, value.stop, value.step or 1
        return number >= start and (stop is None or number < stop) and (number - start) % step == 0
    if isinstance(value, int):
        return number == value
    return number in value


@dataclass(frozen=True)
class Bundle:
    a: int
    b: int
    capacity: Fraction
    a_part: tuple = ()
    b_part: tuple = ()
    join: tuple[tuple[str, str], ...] | None = None
    ring: tuple[str, bool] | None = None
    multiplicity: int = 1
    name: str | None = None


@dataclass(frozen=True)
class Links:
    """A choice of links of one bundle: conditions on its a end, its b end, and cables."""

    bundle: int
    a: tuple = ()
    b: tuple = ()
    either: tuple = ()
    cable: object = None
    arguments: tuple = ()


@dataclass(frozen=True)
class Nodes:
    """A choice of nodes of one group."""

    group: int
    conditions: tuple = ()


@dataclass(frozen=True)
class Change:
    kind: str  # "without", "scaled", "sampled"
    what: tuple = ()
    factor: float = 1.0
    count: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Spec:
    groups: tuple[Group, ...]
    bundles: tuple[Bundle, ...]
    changes: tuple[Change, ...] = ()


@dataclass
class Link:
    bundle: int
    tail: int
    head: int
    cable: int
    capacity: Fraction
    up: bool = True


@dataclass
class Meaning:
    """The nodes and links of a fabric, one by one."""

    spec: Spec
    nodes: list[dict] = field(default_factory=list)
    group_of: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    down: set[int] = field(default_factory=set)

    def ids(self, choice: Nodes):
        start = self.first[choice.group]
        own = self.spec.groups[choice.group].nodes()
        return {start + i for i, node in enumerate(own) if fits(node, choice.conditions)}

    def places(self, choice: Links):
        """Places in `links` of the chosen ones."""
        found = set()
        for place, link in enumerate(self.links):
            if link.bundle != choice.bundle:
                continue
            tail, head = self.nodes[link.tail], self.nodes[link.head]
            if not (fits(tail, choice.a) and fits(head, choice.b)):
                continue
            if not (fits(tail, choice.either) or fits(head, choice.either)):
                continue
            if choice.cable is None or chosen(link.cable, choice.cable):
                found.add(place)
        return found

    def is_up(self, link):
        return link.up and link.tail not in self.down and link.head not in self.down

    def capacity_now(self, link):
        return link.capacity if self.is_up(link) else Fraction(0)


def pairs(spec, bundle):
    """Node pairs of a bundle as (place in a's group, place in b's group), in the listed order."""
    a, b = spec.groups[bundle.a], spec.groups[bundle.b]
    a_nodes, b_nodes = a.nodes(), b.nodes()
    if bundle.ring is not None:
        return ring_pairs(a, a_nodes, *bundle.ring)
    if bundle.join is not None:
        join = bundle.join
    else:
        join = tuple((name, name) for name in a.wiring_sizes() if name in b.wiring_sizes())
    agree = [
        (i, j)
        for (i, u), (j, v) in itertools.product(enumerate(a_nodes), enumerate(b_nodes))
        if all(u[x] == v[y] for x, y in join) and fits(u, bundle.a_part) and fits(v, bundle.b_part)
    ]
    if bundle.a == bundle.b:
        return sorted({(min(pair), max(pair)) for pair in agree if pair[0] != pair[1]})
    return agree


def ring_pairs(group, nodes, axis, wrap):
    """From each node to the next along the axis; of two values there is one link."""
    size = group.wiring_sizes()[axis]
    others = [name for name in group.wiring_sizes() if name != axis]
    found = []
    for (i, u), (j, v) in itertools.permutations(enumerate(nodes), 2):
        steps = v[axis] == u[axis] + 1 or (wrap and size > 2 and (v[axis] + size - u[axis]) == 1)
        if steps and all(u[name] == v[name] for name in others):
            found.append((i, j))
    return found


def meaning(spec) -> Meaning:
    """The fabric as built, before its changes."""
    result = Meaning(spec)
    for index, group in enumerate(spec.groups):
        result.first.append(len(result.nodes))
        result.nodes.extend(group.nodes())
        result.group_of.extend([index] * len(group.nodes()))
    for index, bundle in enumerate(spec.bundles):
        for i, j in pairs(spec, bundle):
            for cable in range(bundle.multiplicity):
                ends = (result.first[bundle.a] + i, result.first[bundle.b] + j)
                result.links.append(Link(index, *ends, cable, bundle.capacity))
    return result


def rate(kbit: Fraction) -> str:
    """A capacity as text with its unit, exactly."""
    whole = kbit * 10**9
    assert whole.denominator == 1
    text = f"{whole.numerator:010d}"
    return f"{text[:-9]}.{text[-9:]}kb/s".replace(".000000000", "")


def build(spec) -> pp.Fabric:
    """The same fabric from the library, before its changes."""
    builder = pp.FabricBuilder("random")
    handles = [add_group(builder, group) for group in spec.groups]
    for bundle in spec.bundles:
        add_bundle(builder, handles, bundle)
    return builder.build()


def add_group(builder, group):
    return builder.nodes(
        group.name,
        role=group.role,
        forwards=group.forwards,
        capacity=None if group.capacity is None else rate(group.capacity),
        **{c.name: c.value() for c in group.coordinates},
    )


def add_bundle(builder, handles, bundle):
    if bundle.ring is not None:
        axis, wrap = bundle.ring
        builder.ring(
            handles[bundle.a],
            axis,
            rate(bundle.capacity),
            wrap=wrap,
            multiplicity=bundle.multiplicity,
            name=bundle.name,
        )
        return
    a = handles[bundle.a].where(**dict(bundle.a_part)) if bundle.a_part else handles[bundle.a]
    b = handles[bundle.b].where(**dict(bundle.b_part)) if bundle.b_part else handles[bundle.b]
    builder.links(
        a,
        b,
        rate(bundle.capacity),
        join=None if bundle.join is None else dict(bundle.join),
        multiplicity=bundle.multiplicity,
        name=bundle.name,
    )


def bundle_name(spec, bundle):
    if bundle.name is not None:
        return bundle.name
    if bundle.ring is not None:
        return f"{spec.groups[bundle.a].name}-{bundle.ring[0]}"
    return f"{spec.groups[bundle.a].name}-{spec.groups[bundle.b].name}"


def select(fabric, spec, choice):
    """The library's selection for a choice."""
    if isinstance(choice, Nodes):
        return fabric.select(spec.groups[choice.group].name, **dict(choice.conditions))
    name = bundle_name(spec, spec.bundles[choice.bundle])
    arguments = dict(choice.arguments)
    if choice.cable is not None:
        arguments["cable"] = choice.cable
    return fabric.select_links(name, **arguments)
