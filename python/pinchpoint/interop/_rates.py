"""Capacities of other tools: numbers in a named unit, or text such as ``"400 Gbps"``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint.errors import UnitError
from pinchpoint.units import parse_bandwidth

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["UNITS", "check_unit", "gbit_per_s", "kbit_of_text"]

# Unit: (times, over) turns a number in it into Gbit/s with one rounding.
UNITS: dict[str, tuple[int, int]] = {
    "bit/s": (1, 10**9),
    "kbit/s": (1, 10**6),
    "Mbit/s": (1, 1000),
    "Gbit/s": (1, 1),
    "Tbit/s": (1000, 1),
    "MB/s": (8, 1000),
    "GB/s": (8, 1),
    "TB/s": (8000, 1),
}
_SPELT = re.compile(r"\s*([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*([kKMGTPE])(b|B)(?:it|yte)?ps\s*")


def check_unit(unit: object) -> None:
    """Refuse what is no unit of bandwidth."""
    if not isinstance(unit, str) or unit not in UNITS:
        raise UnitError(f"unit is {shorten(unit)}{did_you_mean(str(unit)[:40], UNITS)}")


def gbit_per_s(values: npt.NDArray[Any], unit: str) -> npt.NDArray[np.float64]:
    """Turn numbers in a unit into Gbit/s; a whole kbit/s stays the nearest float to itself."""
    check_unit(unit)
    times, over = UNITS[unit]
    own = np.asarray(values, np.float64)
    return own * times if over == 1 else own * times / over


def kbit_of_text(text: str) -> int:
    """Read ``"400Gb/s"``, and ``"400 Gbps"`` or ``"50 GBps"`` as tools write it, as kbit/s."""
    match = _SPELT.fullmatch(text) if len(text) < 60 else None
    if match is not None:
        text = f"{match[1]}{match[2].replace('K', 'k')}{match[3]}/s"
    return parse_bandwidth(text)
