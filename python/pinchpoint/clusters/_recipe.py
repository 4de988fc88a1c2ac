"""Reads a structured fabric back as the system it was built from, to be placed many times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinchpoint._wording import a_type
from pinchpoint.clusters._system import Bundle, Coordinate, Gray, Group, Radix, Ring, System
from pinchpoint.errors import CatalogueError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pinchpoint import Fabric

__all__ = ["system_of"]

_FORWARDS: dict[str, Any] = {"always": True, "never": False, "scale_up": "scale_up"}


def system_of(fabric: Fabric) -> System:
    """Describe a structured fabric as a system; what has failed since it was built is refused."""
    recipe = getattr(fabric, "_recipe", None)
    if not hasattr(fabric, "num_chips"):
        raise InputTypeError(f"scale_up is {a_type(fabric)}; it must be a Fabric")
    if recipe is None or not fabric.is_structured:
        raise CatalogueError(f"scale_up: fabric {fabric.name!r} is explicit, not structured")
    if fabric._handle.is_changed:
        raise CatalogueError(
            f"scale_up: fabric {fabric.name!r} has failed or scaled elements; compose it as built"
        )
    system = System(recipe.name, list(recipe.figures))
    for name, role, forwards, capacity, coordinates in recipe.nodes:
        system.groups[name] = Group(
            name,
            {coordinate[0]: _coordinate(*coordinate) for coordinate in coordinates},
            _FORWARDS[forwards],
            role,
            None if capacity is None else _rate(*capacity),
        )
    for (a, where_a), (b, where_b), rate, join, ring, multiplicity, name in recipe.links:
        if ring is not None:
            axis, wrap = ring
            system.bundles.append(Ring(a, axis, _rate(*rate), wrap, multiplicity, name))
            continue
        pairs = (
            _same_names(system.groups[a].coordinates, system.groups[b].coordinates)
            if join is None
            else dict(join)
        )
        system.bundles.append(
            Bundle(a, b, _rate(*rate), pairs, multiplicity, name, dict(where_a), dict(where_b))
        )
    return system


def _coordinate(
    name: str, size: int | None, code: str, digits: Sequence[tuple[str, int]]
) -> Coordinate:
    if code == "gray":
        return Gray(tuple(digits))
    if size is None and len(digits) == 1 and digits[0][0] == name:
        return digits[0][1]
    product = 1
    for _, values in digits:
        product *= values
    return Radix(product if size is None else size, tuple(digits))


def _same_names(a: Mapping[str, Coordinate], b: Mapping[str, Coordinate]) -> dict[str, str]:
    """Spell out ``join=None``: coordinates of one name, then digits of one name."""
    shared = [name for name in a if name in b]
    left = {digit for name, c in a.items() if name not in shared for digit in _digits(name, c)}
    right = {digit for name, c in b.items() if name not in shared for digit in _digits(name, c)}
    return {name: name for name in (*shared, *sorted(left & right))}


def _digits(name: str, coordinate: Coordinate) -> list[str]:
    if isinstance(coordinate, int):
        return [name]
    return [digit for digit, _ in coordinate.digits]


def _rate(mantissa: int, shift: int) -> str:
    """Write kbit/s over a power of two as decimal text, exactly."""
    # 1/2^n is 5^n/10^n: every such fraction ends.
    digits = str(mantissa * 5**shift).rjust(shift + 1, "0")
    whole, decimals = (digits[:-shift], digits[-shift:]) if shift else (digits, "")
    return f"{whole}.{decimals}kb/s" if decimals else f"{whole}kb/s"
