"""Hypothesis strategies: small structured fabrics, changes to them, and queries."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import strategies as st

from oracle.spec import (
    Bundle,
    Change,
    Coordinate,
    Group,
    Links,
    Nodes,
    Spec,
    fits,
    meaning,
    pairs,
)

MAX_GROUP = 16
MAX_LINKS = 260
NAMES = ("chip", "leaf", "nic", "spine", "host")
# Coordinate names are shared by all groups, with one size each, so that joins by name happen.
POOL = ("p", "q", "r", "s")


def drawn(draw, *options):
    """One of the options; repeat one to make it likelier."""
    return options[draw(st.integers(0, len(options) - 1))]


def capacities(draw, fine):
    if fine and drawn(draw, True, False):
        return Fraction(draw(st.integers(0, 40)), 8)
    return Fraction(drawn(draw, 1, 2, 1, 3, 4, 6, 10, 0, 7))


def coordinates(draw, sizes):
    found, left = [], list(POOL)
    for _ in range(drawn(draw, 0, 1, 1, 2, 2, 3)):
        shape = drawn(draw, "int", "int", "int", "radix", "gray")
        if shape == "radix" and len(left) >= 2:
            digits = tuple((left.pop(draw(st.integers(0, len(left) - 1))), 0) for _ in range(2))
            digits = tuple((name, sizes[name]) for name, _ in digits)
            name = "u" + "".join(name for name, _ in digits)
            full = digits[0][1] * digits[1][1]
            # Of one name there is one size, since coordinates of the same name may be joined.
            if name not in sizes:
                sizes[name] = full if drawn(draw, True, False) else draw(st.integers(1, full))
            size = sizes[name]
            found.append(Coordinate(name, digits, size, "radix"))
        elif shape == "gray" and not any(c.code == "gray" for c in found):
            found.append(Coordinate("g", (("g1", 2), ("g0", 2)), 4, "gray"))
        elif left:
            name = left.pop(draw(st.integers(0, len(left) - 1)))
            found.append(Coordinate(name, ((name, sizes[name]),), sizes[name]))
    total = 1
    kept = []
    for coordinate in found:
        if total * coordinate.size <= MAX_GROUP:
            total *= coordinate.size
            kept.append(coordinate)
    return tuple(kept)


def conditions(draw, group, most=2):
    """Values for some coordinates that leave at least one node of the group."""
    names = list(group.all_sizes().items())
    found = []
    for _ in range(draw(st.integers(0, most))):
        if not names:
            break
        name, size = names.pop(draw(st.integers(0, len(names) - 1)))
        shape = drawn(draw, "int", "list", "slice")
        if shape == "int":
            value = draw(st.integers(0, size - 1))
        elif shape == "list":
            value = [i for i in range(size) if draw(st.booleans())] or [size - 1]
        else:
            start = draw(st.integers(0, size - 1))
            stop = draw(st.integers(start + 1, size))
            value = slice(drawn(draw, start, start or None), drawn(draw, stop, None))
            value = slice(value.start, value.stop, drawn(draw, None, None, 2))
        found.append((name, value))
    while not any(fits(node, found) for node in group.nodes()):
        found.pop()
    return tuple(found)


def joins(draw, a, b, within):
    own, other = a.wiring_sizes(), b.wiring_sizes()
    if not within and drawn(draw, True, True, False):
        return None
    join = {}
    for name, size in own.items():
        same = [far for far, far_size in other.items() if far_size == size]
        if within or (name in same and drawn(draw, True, True, False)):
            same = [name]
        same = [far for far in same if far not in join.values()]
        if same and draw(st.booleans()):
            join[name] = same[draw(st.integers(0, len(same) - 1))]
    return tuple(join.items())


def bundles(draw, groups, a, b, fine, place):
    own, other = groups[a], groups[b]
    bundle = Bundle(
        a,
        b,
        capacities(draw, fine),
        multiplicity=drawn(draw, 1, 1, 1, 2, 3),
        name=f"bundle{place}",
    )
    if a == b:
        axes = [c.name for c in own.coordinates if c.code == "int" and c.size > 1]
        if axes and drawn(draw, True, False, False):
            axis = axes[draw(st.integers(0, len(axes) - 1))]
            return replace(bundle, ring=(axis, draw(st.booleans())))
    bundle = replace(bundle, join=joins(draw, own, other, a == b))
    if drawn(draw, True, False, False):
        bundle = replace(bundle, a_part=conditions(draw, own), b_part=conditions(draw, other))
    return bundle


@st.composite
def specs(draw):
    """A fabric as built."""
    sizes = {name: draw(st.integers(1, 4)) for name in POOL}
    fine = drawn(draw, False, False, True)
    groups = []
    names = NAMES if drawn(draw, True, False) else draw(st.permutations(NAMES))
    for name in names[: drawn(draw, 3, 2, 4, 3, 1)]:
        role = drawn(draw, None, None, None, "chip", "nic", "switch", "host")
        forwards = drawn(draw, None, None, True, False, "scale_up", "scale_up")
        limit = capacities(draw, fine) * 3 if drawn(draw, True, *[False] * 5) else None
        groups.append(Group(name, coordinates(draw, sizes), role, forwards, limit))
    groups = tuple(groups)
    wanted = [
        (drawn(draw, i - 1, i - 1, draw(st.integers(0, i - 1))), i) for i in range(1, len(groups))
    ]
    for _ in range(draw(st.integers(0 if wanted else 1, 3))):
        wanted.append(
            (draw(st.integers(0, len(groups) - 1)), draw(st.integers(0, len(groups) - 1)))
        )
    found, links = [], 0
    for place, (a, b) in enumerate(wanted):
        if drawn(draw, True, False, False):
            a, b = b, a
        bundle = bundles(draw, groups, a, b, fine, place)
        own = len(pairs(Spec(groups, ()), bundle)) * bundle.multiplicity
        if own and links + own <= MAX_LINKS:
            found.append(bundle)
            links += own
    return Spec(groups, tuple(found))


def link_choice(draw, spec, index):
    """Links of a bundle, with the names that select them."""
    bundle = spec.bundles[index]
    a, b = spec.groups[bundle.a], spec.groups[bundle.b]
    cable = None
    if bundle.multiplicity > 1 and draw(st.booleans()):
        cable = draw(st.integers(0, bundle.multiplicity - 1))
    if bundle.a == bundle.b:
        return within_choice(draw, spec, index, cable)
    on_a, on_b = conditions(draw, a), conditions(draw, b)
    joined = dict(bundle.join) if bundle.join is not None else None
    arguments = {}
    for group, other, own in ((a, b, on_a), (b, a, on_b)):
        for name, value in own:
            alone = name not in other.all_sizes()
            same = joined is None or joined.get(name) == name
            digit = name in group.wiring_sizes() and name in other.wiring_sizes()
            if alone or (same and digit and name not in arguments):
                arguments[name] = value
            else:
                arguments[f"{group.name}_{name}"] = value
    return Links(index, on_a, on_b, (), cable, tuple(arguments.items()))


def within_choice(draw, spec, index, cable):
    bundle = spec.bundles[index]
    group = spec.groups[bundle.a]
    own = conditions(draw, group)
    if bundle.ring is not None:
        # Along a ring a link is known by the end it starts from; other coordinates are equal.
        own = tuple((name, value) for name, value in own if name != bundle.ring[0])
    return Links(index, (), (), own, cable, own)


def changes(draw, spec):
    found = []
    for _ in range(drawn(draw, 0, 1, 1, 2, 3)):
        kind = drawn(draw, "without", "without", "scaled", "sampled", "nodes")
        if kind == "nodes":
            group = draw(st.integers(0, len(spec.groups) - 1))
            choice = Nodes(group, conditions(draw, spec.groups[group], 3))
            found.append(Change("without", (choice,)))
        elif spec.bundles:
            index = draw(st.integers(0, len(spec.bundles) - 1))
            if kind == "sampled":
                count, seed = draw(st.integers(0, 4)), draw(st.integers(0, 99))
                found.append(Change("sampled", (index,), count=count, seed=seed))
            else:
                choice = link_choice(draw, spec, index)
                factor = drawn(draw, 0.5, 0.25, 2.0, 1.5, 0.75, 3.0)
                found.append(Change(kind, (choice,), factor))
    return tuple(found)


@st.composite
def changed_specs(draw):
    """A fabric as built, and what has changed since."""
    spec = draw(specs())
    return replace(spec, changes=changes(draw, spec))


@st.composite
def node_choices(draw, spec, likely=None):
    """Nodes of any group, or rather often of the likely one."""
    group = draw(st.integers(0, len(spec.groups) - 1))
    if likely is not None and drawn(draw, True, False):
        group = likely
    return Nodes(group, conditions(draw, spec.groups[group], 3))


@st.composite
def queries(draw, spec):
    """Sources, sinks and a mode; ends do not overlap."""
    built = meaning(spec)
    sources = [draw(node_choices(spec, 0)) for _ in range(drawn(draw, 1, 1, 1, 2))]
    taken = set().union(*(built.ids(choice) for choice in sources))
    sinks = []
    for _ in range(10):
        choice = draw(node_choices(spec, len(spec.groups) - 1))
        if not built.ids(choice) & taken:
            sinks.append(choice)
            if drawn(draw, True, True, False):
                break
    mode = drawn(draw, "hardware", "hardware", "all", "none")
    return tuple(sources), tuple(sinks), mode
