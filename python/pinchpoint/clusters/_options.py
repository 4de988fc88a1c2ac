"""Checks of builder options; every message names the option and its value.

Builders are given options that went through `plain`: numbers of numpy are Python's by then.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pinchpoint._suggest import shorten
from pinchpoint.errors import CatalogueError, InputTypeError, PinchpointError
from pinchpoint.units import parse_bandwidth

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bandwidth", "choice", "count", "plain", "ratio", "shape"]

Choice = TypeVar("Choice", int, str)
# A leaf needs a port up, so no ratio is above the ports of a switch.
_MAX_RATIO = 1 << 20


def plain(value: Any) -> Any:
    """Return an option, or the items of a list, as Python's own number or text where it is one.

    Sums and products of numpy's integers wrap around, and no text or choice equals them.
    """
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return value.tolist()
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return [_plain(item) for item in value] if isinstance(value, list) else _plain(value)


def _plain(value: Any) -> Any:
    for kind, own in ((np.bool_, bool), (np.floating, float), (np.str_, str)):
        if isinstance(value, kind):
            return own(value)
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return value
    try:
        return operator.index(value)
    except TypeError:  # arrays that hold no single integer
        return value


def count(option: str, value: object, low: int = 1, high: int | None = None) -> int:
    """Check a whole number between two bounds, both included."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputTypeError(f"{option}={shorten(value)} must be a whole number")
    if value < low:
        raise CatalogueError(f"{option}={shorten(value)} is below {low}")
    if high is not None and value > high:
        raise CatalogueError(f"{option}={shorten(value)} is above {high}")
    return value


def choice(option: str, value: object, known: Sequence[Choice]) -> Choice:
    """Check one of a few values."""
    for candidate in known:
        if type(value) is type(candidate) and value == candidate:
            return candidate
    listed = ", ".join(repr(candidate) for candidate in known)
    raise CatalogueError(f"{option}={shorten(value)} must be one of {listed}")


def bandwidth(option: str, value: object) -> str:
    """Check a bandwidth with its unit, and return it as text."""
    try:
        if parse_bandwidth(value) > 0:  # type: ignore[arg-type]
            return str(value)
    except PinchpointError as error:
        raise type(error)(f"{option}: {error}") from None
    raise CatalogueError(f"{option}={shorten(value)} must be above zero")


def ratio(option: str, value: object, low: float = 1) -> float:
    """Check a finite number of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputTypeError(f"{option}={shorten(value)} must be a number")
    if not low <= value < float("inf"):
        raise CatalogueError(f"{option}={shorten(value)} must be a finite number of at least {low}")
    if value > _MAX_RATIO:
        raise CatalogueError(f"{option}={shorten(value)} is above {_MAX_RATIO}")
    return value


def shape(option: str, value: object, dimensions: Sequence[int], low: int = 1) -> tuple[int, ...]:
    """Check a list of whole numbers, or text such as ``"16x16x24"``, of one of some lengths."""
    parts: object = value
    if isinstance(value, str):
        fields = value.replace(",", "x").split("x")
        if not all(field.isdecimal() and field.isascii() and len(field) < 10 for field in fields):
            raise CatalogueError(f"{option}={shorten(value)} must look like '4x4x4'")
        parts = [int(field) for field in fields]
    if not isinstance(parts, list | tuple):
        raise InputTypeError(f"{option}={shorten(value)} must be a list of whole numbers")
    if len(parts) not in dimensions:
        wanted = " or ".join(str(n) for n in dimensions)
        raise CatalogueError(f"{option}={shorten(value)} must have {wanted} numbers")
    return tuple(count(option, part, low) for part in parts)
