"""A fabric as text: its groups, its tiers, and what they were built from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint._table import hanging, html_table, text_table
from pinchpoint._wording import counted
from pinchpoint.units import format_bytes

if TYPE_CHECKING:
    from pinchpoint.fabric import Bundle, Fabric

__all__ = ["show", "show_html"]

_GROUP_TITLES = ("group", "nodes", "role", "forwards", "coordinates")
_YES_NO = {"True": "yes", "False": "no"}
_TIER_TITLES = ("tier", "links", "each", "in all", "per chip", "down:up")


def show(fabric: Fabric) -> str:
    """Return a summary of at most 80 columns: groups, tiers, assumptions."""
    parts = [
        f"{fabric.name}: {counted(fabric.num_chips, 'chip')}, {counted(fabric.num_nodes, 'node')}, "
        f"{counted(fabric.num_links, 'link')}",
        text_table(_GROUP_TITLES, _group_rows(fabric), right=[1]),
        text_table(_TIER_TITLES, _tier_rows(fabric), right=[1, 2, 3, 4, 5]),
        "Capacities are per direction; GB/s is 10^9 bytes. down:up compares the capacity\n"
        "on the two sides of a tier of switches.",
    ]
    assumed = [figure for figure in fabric.figures if figure.status == "assumed"]
    if assumed:
        lines = (hanging(f"{figure.name}: {figure.text}; {figure.note}") for figure in assumed)
        parts.append("\n".join(("Assumed, no source gives it:", *lines)))
    return "\n\n".join(parts)


def show_html(fabric: Fabric) -> str:
    """Return the same tables as HTML."""
    return html_table(_GROUP_TITLES, _group_rows(fabric)) + html_table(
        _TIER_TITLES, _tier_rows(fabric)
    )


def _group_rows(fabric: Fabric) -> list[tuple[str, ...]]:
    return [
        (
            group.name,
            f"{group.size:,}",
            group.role,
            _YES_NO.get(str(group.forwards), "scale-up"),
            " x ".join(f"{name} {size}" for name, size in group.coordinates.items()) or "-",
        )
        for group in fabric.groups
    ]


def _tier_rows(fabric: Fabric) -> list[tuple[str, ...]]:
    bundles = fabric.bundles
    ratios = _oversubscription(fabric, bundles)
    chips = fabric.num_chips
    rows: list[tuple[str, ...]] = []
    for bundle in bundles:
        if bundle.gbit_per_s != bundle.gbit_per_s:  # each link has its own capacity
            rows.append((bundle.name, f"{bundle.num_links_up:,}", "various", "", "", ""))
            continue
        total = round(bundle.gbit_per_s * 1e6) * bundle.num_links_up
        rows.append(
            (
                bundle.name,
                f"{bundle.num_links_up:,}",
                format_bytes(round(bundle.gbit_per_s * 1e6)),
                format_bytes(total),
                format_bytes(round(total / chips)) if chips else "",
                ratios.get(bundle.name, ""),
            )
        )
    return rows


def _oversubscription(fabric: Fabric, bundles: tuple[Bundle, ...]) -> dict[str, str]:
    """Capacity below a tier of switches over the capacity above it, by the bundle above."""
    depth = _depths(fabric, bundles)
    below: dict[str, float] = {}
    above: dict[str, float] = {}
    for bundle in bundles:
        low, high = sorted((bundle.a, bundle.b), key=lambda name: depth.get(name, 0))
        if depth.get(low) == depth.get(high):
            continue
        capacity = bundle.gbit_per_s * bundle.num_links_up
        below[high] = below.get(high, 0.0) + capacity
        above[low] = above.get(low, 0.0) + capacity
    ratios = {}
    roles = {group.name: group.role for group in fabric.groups}
    for bundle in bundles:
        low = min((bundle.a, bundle.b), key=lambda name: depth.get(name, 0))
        if roles[low] == "switch" and below.get(low) and above.get(low):
            ratios[bundle.name] = f"{below[low] / above[low]:.3g}:1"
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
