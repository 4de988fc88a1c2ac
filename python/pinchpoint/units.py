"""Bandwidth as text and as exact integers.

Inside, a capacity is a whole number of kbit/s in one direction, in powers of ten. This module is
the only place where such numbers meet text, so the three traps (bit or byte, 10^9 or 2^30, one
direction or both) are guarded once.
"""

from __future__ import annotations

import math
import re
from numbers import Real
from typing import TYPE_CHECKING, Final

from pinchpoint._suggest import shorten
from pinchpoint.errors import CapacityError, CapacityOverflowError, InputTypeError, UnitError

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["format_bandwidth", "format_bits", "format_bytes", "parse_bandwidth"]

_INT64_MAX: Final = 2**63 - 1
_LONGEST: Final = 64
_PREFIXES: Final = "kMGTPE"
_UNITS: Final[dict[str, int]] = {
    spelling: bits * 1000**power
    for power, prefix in enumerate(_PREFIXES)
    for bits, spellings in ((1, ("b/s", "bit/s")), (8, ("B/s", "Byte/s")))
    for spelling in (prefix + unit for unit in spellings)
}
_NUMBER_AND_UNIT: Final = re.compile(r"\s*([+-]?)([0-9]+)(?:\.([0-9]+))?\s*(.*?)\s*", re.DOTALL)
_WHY_A_UNIT: Final = "bits and bytes differ by a factor of 8"


def parse_bandwidth(text: str) -> int:
    """Read a bandwidth with its unit as exact kbit/s.

    Parameters
    ----------
    text : str
        A decimal number and a unit, such as ``"400Gb/s"`` or ``"2.5 TB/s"``: prefix k, M, G, T, P
        or E in powers of ten, then ``b`` or ``bit`` for bits, ``B`` or ``Byte`` for bytes, then
        ``/s``. Case matters. The value is per direction.

    Returns
    -------
    int
        The same bandwidth in kbit/s, exact.

    Raises
    ------
    UnitError
        No unit, an ambiguous or unknown one (``"400G"``, ``"1GiB/s"``), or a bare number.
    CapacityError
        A negative bandwidth, or one that is no whole number of kbit/s.
    CapacityOverflowError
        A bandwidth of 2^63 kbit/s or more.
    InputTypeError
        Neither text nor a number.

    Examples
    --------
    >>> parse_bandwidth("400Gb/s")
    400000000
    >>> parse_bandwidth("50 GB/s") == parse_bandwidth("400Gb/s")
    True
    """
    kbit = parse_rate(text)
    if kbit.denominator != 1:
        raise CapacityError(f"bandwidth {text!r} is no whole number of kbit/s")
    return kbit.numerator


def parse_rate(text: str) -> Fraction:
    """Read a bandwidth as :func:`parse_bandwidth` does, fractions of a kbit/s included."""
    if isinstance(text, int | float):
        shown = shorten(text)
        number = shown if len(shown) < _LONGEST // 4 else "400"
        raise UnitError(
            f"bandwidth {shown} has no unit: write '{number}Gb/s' or '{number}GB/s', "
            f"since {_WHY_A_UNIT}"
        )
    if not isinstance(text, str):
        raise InputTypeError(
            f"a bandwidth must be text such as '400Gb/s', not {type(text).__name__}"
        )
    if len(text) > _LONGEST:
        raise UnitError(f"bandwidth {text[:24]!r}... is {len(text)} characters long")
    match = _NUMBER_AND_UNIT.fullmatch(text)
    if match is None:
        raise UnitError(f"bandwidth {text!r} is no number with a unit, such as '400Gb/s'")
    sign, whole, decimals, unit = match.groups(default="")
    if unit not in _UNITS:
        raise UnitError(f"bandwidth {text!r} {_what_is_wrong(whole, decimals, unit)}")
    from fractions import Fraction  # heavier than all of this module; needed only when used

    kbit = Fraction(int(whole + decimals) * _UNITS[unit], 10 ** len(decimals))
    if sign == "-" and kbit:
        raise CapacityError(f"bandwidth {text!r} is negative")
    if kbit > _INT64_MAX:
        raise CapacityOverflowError(f"bandwidth {text!r} is 2^63 kbit/s or more")
    return kbit


def _what_is_wrong(whole: str, decimals: str, unit: str) -> str:
    """Say why a unit is refused, and what to write instead."""
    number = f"{whole}.{decimals}" if decimals else whole
    if not unit:
        return f"has no unit: write '{number}Gb/s' or '{number}GB/s', since {_WHY_A_UNIT}"
    if unit in _PREFIXES:
        return f"does not say bits or bytes: write '{number}{unit}b/s' or '{number}{unit}B/s'"
    if re.fullmatch(f"[{_PREFIXES}]i.*", unit):
        return f"is in powers of two: write it in powers of ten, such as '{number}{unit[0]}B/s'"
    near = re.fullmatch(r"([kKmMgGtTpPeE])(b|B)(?:it|yte)?s?(?:ps|/s|/sec)?", unit)
    if near is not None:
        prefix = near[1].upper().replace("K", "k")
        return f"has the unit {unit!r}: did you mean '{number}{prefix}{near[2]}/s'?"
    return f"has the unknown unit {unit!r}: use one such as Gb/s, Tb/s, GB/s or TB/s"


def format_bandwidth(kbit: int | Fraction) -> str:
    """Write a bandwidth in bytes and in bits.

    Parameters
    ----------
    kbit : int or fractions.Fraction
        Bandwidth per direction in kbit/s.

    Returns
    -------
    str
        Both units, rounded to six significant digits.

    Raises
    ------
    InputTypeError
        No number.
    CapacityError
        A number that is not finite.

    Examples
    --------
    >>> format_bandwidth(400_000_000)
    '50 GB/s (400 Gb/s) per direction'
    """
    return f"{format_bytes(kbit)} ({format_bits(kbit)}) per direction"


def format_bytes(kbit: int | Fraction) -> str:
    """Write a bandwidth in bytes per second.

    Parameters
    ----------
    kbit : int or fractions.Fraction
        Bandwidth in kbit/s.

    Returns
    -------
    str
        The bandwidth with the prefix that fits, rounded to six significant digits.

    Raises
    ------
    InputTypeError
        No number.
    CapacityError
        A number that is not finite.

    Examples
    --------
    >>> format_bytes(28_800_000_000)
    '3.6 TB/s'
    """
    return _format(kbit, 8, "B/s")


def format_bits(kbit: int | Fraction) -> str:
    """Write a bandwidth in bits per second.

    Parameters
    ----------
    kbit : int or fractions.Fraction
        Bandwidth in kbit/s.

    Returns
    -------
    str
        The bandwidth with the prefix that fits, rounded to six significant digits.

    Raises
    ------
    InputTypeError
        No number.
    CapacityError
        A number that is not finite.

    Examples
    --------
    >>> format_bits(28_800_000_000)
    '28.8 Tb/s'
    """
    return _format(kbit, 1, "b/s")


def _format(kbit: int | Fraction, bits: int, unit: str) -> str:
    if isinstance(kbit, bool) or not isinstance(kbit, Real):
        raise InputTypeError(f"kbit is {shorten(kbit)}; it must be a number of kbit/s")
    if kbit != kbit or kbit in (math.inf, -math.inf):
        raise CapacityError(f"kbit is {shorten(kbit)}; it must be finite")
    prefix = "G" if kbit == 0 else "k"
    # Compare exactly and divide once: a float loop would print 999.9999 for a whole 1000.
    scale = bits
    for larger in _PREFIXES[1:]:
        if kbit < scale * 1000:
            break
        scale *= 1000
        prefix = larger
    try:
        return f"{float(kbit / scale):.6g} {prefix}{unit}"
    except OverflowError:
        raise CapacityError(f"kbit is {shorten(kbit)}; it is too large to write") from None
