"""A fabric as text: its groups, its tiers, and what they were built from."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pinchpoint._capacities import capacities
from pinchpoint._table import hanging, html_table, text_table
from pinchpoint._wording import counted
from pinchpoint.units import format_bytes

if TYPE_CHECKING:
    from pinchpoint._capacities import Capacity
    from pinchpoint.fabric import Bundle, Fabric

__all__ = ["show", "show_html"]

_GROUP_TITLES = ("group", "nodes", "role", "forwards", "coordinates")
_YES_NO = {"True": "yes", "False": "no"}
_NOTE = (
    "Capacities are per direction; GB/s is 10^9 bytes. down:up compares the capacity\n"
    "on the two sides of a tier of switches."
)
_BOTH = "\nA link between two chips counts for both."
_TIER_TITLES = ("tier", "links", "each", "in all", "per chip", "down:up")


def show(fabric: Fabric) -> str:
    """Return a summary of at most 80 columns: groups, tiers, assumptions.

    Capacities are those of the links that are up, as they are now.
    """
    now = capacities(fabric)
    parts = [
        f"{fabric.name}: {counted(fabric.num_chips, 'chip')}, {counted(fabric.num_nodes, 'node')}, "
        f"{counted(fabric.num_links, 'link')}",
        text_table(_GROUP_TITLES, _group_rows(fabric), right=[1]),
        text_table(_TIER_TITLES, _tier_rows(fabric, now), right=[1, 2, 3, 4, 5]),
        *_changes(fabric, now),
        _NOTE + (_BOTH if any(_joins_chips(fabric)) else ""),
    ]
    assumed = [figure for figure in fabric.figures if figure.status == "assumed"]
    if assumed:
        lines = (hanging(f"{figure.name}: {figure.text}; {figure.note}") for figure in assumed)
        parts.append("\n".join(("Assumed, no source gives it:", *lines)))
    return "\n\n".join(parts)


def show_html(fabric: Fabric) -> str:
    """Return the same tables as HTML."""
    return html_table(_GROUP_TITLES, _group_rows(fabric)) + html_table(
        _TIER_TITLES, _tier_rows(fabric, capacities(fabric))
    )


def _group_rows(fabric: Fabric) -> list[tuple[str, ...]]:
    removed = dict(fabric._handle.removed())
    return [
        (
            group.name,
            _of(group.size - removed.get(group.name, 0), group.size),
            group.role,
            _YES_NO.get(str(group.forwards), "scale-up"),
            " x ".join(f"{name} {size}" for name, size in group.coordinates.items()) or "-",
        )
        for group in fabric.groups
    ]


def _of(up: int, built: int) -> str:
    return f"{up:,}" if up == built else f"{up:,} of {built:,}"


def _tier_rows(fabric: Fabric, now: list[Capacity]) -> list[tuple[str, ...]]:
    bundles = fabric.bundles
    ratios = _oversubscription(fabric, bundles, now)
    chips = fabric.num_chips
    rows: list[tuple[str, ...]] = []
    for bundle, capacity, both in zip(bundles, now, _joins_chips(fabric), strict=True):
        ends = 2 if both else 1
        rows.append(
            (
                bundle.name,
                _of(bundle.num_links_up, bundle.num_links),
                capacity.each,
                format_bytes(round(capacity.total)),
                format_bytes(round(ends * capacity.total / chips)) if chips else "",
                ratios.get(bundle.name, ""),
            )
        )
    return rows


def _joins_chips(fabric: Fabric) -> list[bool]:
    """Whether the links of each bundle serve a chip at both ends, which one-way links do not."""
    roles = {group.name: group.role for group in fabric.groups}
    both_ways = not fabric._handle.is_directed
    return [both_ways and roles[b.a] == roles[b.b] == "chip" for b in fabric.bundles]


def _changes(fabric: Fabric, now: list[Capacity]) -> list[str]:
    """Say how many links have another capacity than they were built with."""
    lines = []
    for bundle, capacity in zip(fabric.bundles, now, strict=True):
        for what, count in (("degraded", capacity.degraded), ("raised", capacity.raised)):
            if count:
                links = counted(count, "link is", "links are")
                lines.append(f"{links} {what}: {bundle.name}")
    return ["\n".join(lines)] if lines else []


def _oversubscription(
    fabric: Fabric, bundles: tuple[Bundle, ...], now: list[Capacity]
) -> dict[str, str]:
    """Capacity below a tier of switches over the capacity above it, by the bundle above."""
    depth = _depths(fabric, bundles)
    below: dict[str, Fraction] = {}
    above: dict[str, Fraction] = {}
    for bundle, capacity in zip(bundles, now, strict=True):
        low, high = sorted((bundle.a, bundle.b), key=lambda name: depth.get(name, 0))
        if depth.get(low) == depth.get(high):
            continue
        below[high] = below.get(high, Fraction()) + capacity.total
        above[low] = above.get(low, Fraction()) + capacity.total
    ratios = {}
    roles = {group.name: group.role for group in fabric.groups}
    for bundle in bundles:
        low = min((bundle.a, bundle.b), key=lambda name: depth.get(name, 0))
        if roles[low] == "switch" and below.get(low) and above.get(low):
            ratios[bundle.name] = f"{float(below[low] / above[low]):.3g}:1"
    return ratios


def _depths(fabric: Fabric, bundles: tuple[Bundle, ...]) -> dict[str, int]:
    """Hops of each group from the chips."""
    depth = {group.name: 0 for group in fabric.groups if group.role == "chip"}
    frontier = list(depth)
    while frontier:
        reached = []
        for bundle in bundles:
            for near, far in ((bundle.a, bundle.b), (bundle.b, bundle.a)):
                if near in frontier and far not in depth:
                    depth[far] = depth[near] + 1
                    reached.append(far)
        frontier = reached
    return depth
