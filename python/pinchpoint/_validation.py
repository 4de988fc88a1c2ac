"""The one place where what users pass becomes arrays of the few types the core reads.

The core takes arrays that it can read as they are by itself and asks here for all others. Types are
decided here, values in the core: ids that are no nodes and capacities that are negative are found
there, in the pass that copies them.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pinchpoint._suggest import shorten
from pinchpoint._wording import a_type
from pinchpoint.errors import (
    CapacityError,
    GraphError,
    InputTypeError,
    PinchpointError,
    SelectionError,
    SizeLimitError,
)

__all__ = [
    "as_array",
    "as_floats",
    "as_ids",
    "as_integer",
    "as_items",
    "as_limits",
    "as_number",
    "as_numbers",
    "as_seed",
    "as_size_limit",
    "as_terminals",
    "as_text",
    "as_time_limit",
    "as_vector",
    "check_choice",
    "check_fabric",
    "check_flag",
    "check_forwarding",
    "check_gap",
]

_INT32 = np.dtype(np.int32)
_INT64 = np.dtype(np.int64)
_FLOAT64 = np.dtype(np.float64)


def as_array(field: str, values: Any) -> npt.NDArray[Any]:
    """Return `values` as an array of whatever shape and dtype it has."""
    if type(values).__name__ == "MaskedArray" and values.mask.any():
        raise InputTypeError(f"{field} has masked values; fill them in or leave them out")
    try:
        return np.asarray(values)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputTypeError(f"{field} cannot be read as an array: {error}") from None


def as_vector(field: str, values: Any) -> npt.NDArray[Any]:
    """Return `values` as a one-dimensional array of whatever dtype it has."""
    array = as_array(field, values)
    if array.ndim == 0 and array.dtype.kind not in "iuf":
        raise InputTypeError(f"{field} is {shorten(values)}; it must be an array of numbers")
    if array.ndim != 1:
        raise GraphError(f"{field} has {array.ndim} dimensions; it must have one")
    return array


def _native(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return `array` contiguous, aligned and in native byte order; a copy only if it is not."""
    return np.require(array, dtype, ["C_CONTIGUOUS", "ALIGNED"])


def _narrow_int(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """Return int32 or int64, whichever holds every value of an integer dtype, if one does."""
    for wide in (_INT32, _INT64):
        if dtype.kind in "iu" and np.can_cast(dtype, wide):
            return wide
    return None


def as_ids(field: str, values: Any) -> npt.NDArray[Any]:
    """Return node ids as an int32 or int64 array.

    Raises
    ------
    InputTypeError
        If `values` are not integers.
    GraphError
        If `values` is not one-dimensional, or an id is far out of range.
    """
    array = as_vector(field, values)
    kind = array.dtype.kind
    if array.size == 0 and kind in "iuf":
        return np.zeros(0, _INT32)
    narrow = _narrow_int(array.dtype)
    if narrow is not None:
        return _native(array, narrow)
    if kind in "uO":
        for at, value in enumerate(array.tolist()):
            if not isinstance(value, int) or isinstance(value, bool):
                raise InputTypeError(f"{field}[{at}] is {shorten(value)}; node ids are integers")
            if not -(2**63) <= value < 2**63:
                raise GraphError(
                    f"{field}[{at}] is {shorten(value)}; node ids are at most 2^32 - 2"
                )
        return _native(array, _INT64)
    raise InputTypeError(f"{field} has dtype {array.dtype}; node ids are integers")


def as_terminals(field: str, values: Any) -> npt.NDArray[Any]:
    """Return one node id or several as an array of ids."""
    if isinstance(values, list | tuple):
        values = as_array(field, values)
    if np.ndim(values) == 0:
        if not isinstance(values, int | np.integer) or isinstance(values, bool | np.bool_):
            raise InputTypeError(
                f"{field} is {shorten(values)}; it is a node id or an array of them"
            )
        values = [int(values)]
    return as_ids(field, values)


def as_numbers(field: str, values: Any) -> npt.NDArray[Any] | list[int]:
    """Return capacities as int32, int64 or float64, or as a list where ints are larger than that.

    Raises
    ------
    InputTypeError
        If `values` are not numbers, or of a dtype that cannot be read exactly.
    """
    array = as_vector(field, values)
    kind, size = array.dtype.kind, array.dtype.itemsize
    if array.size == 0 and kind in "iuf":
        return np.zeros(0, _FLOAT64 if kind == "f" and _has_dtype(values) else _INT64)
    if (
        kind == "f"
        and isinstance(values, list | tuple)
        and all(isinstance(value, int | np.integer) for value in values)
    ):
        # NumPy makes floats of lists that mix integers below and above 2^63.
        return [int(value) for value in values]
    if kind == "f" and size <= 8:
        return _native(array, _FLOAT64)
    narrow = _narrow_int(array.dtype)
    if narrow is not None:
        return _native(array, narrow)
    if kind == "u":
        if array.size == 0 or int(array.max()) < 2**63:
            return _native(array, _INT64)
        return [int(value) for value in array]
    if kind == "O":
        numbers: list[int] = array.tolist()
        for at, value in enumerate(numbers):
            if not isinstance(value, int) or isinstance(value, bool):
                raise InputTypeError(
                    f"{field}[{at}] is {shorten(value)}; capacities are int or float"
                )
        return numbers
    raise InputTypeError(f"{field} has dtype {array.dtype}; capacities are integers or float64")


def _has_dtype(values: Any) -> bool:
    return hasattr(values, "dtype")


def as_limits(
    field: str, values: Any, capacity: npt.NDArray[Any] | Sequence[int], count: int | None
) -> npt.NDArray[Any] | list[int] | None:
    """Return optional limits in the kind of numbers that the capacities are; infinity is none.

    Integers and floats do not mix, except that floats may say "no limit" beside integers.
    """
    if values is None:
        return None
    if isinstance(values, list | tuple):
        as_array(field, values)
    if np.ndim(values) == 0 and count == 1:
        values = [values]
    numbers = as_numbers(field, values)
    floats = isinstance(capacity, np.ndarray) and capacity.dtype == _FLOAT64
    if floats or not isinstance(numbers, np.ndarray) or numbers.dtype != _FLOAT64:
        return numbers
    finite = np.isfinite(numbers)
    if not np.array_equal(numbers[finite], np.trunc(numbers[finite])):
        raise InputTypeError(
            f"{field} holds fractions but capacity holds integers; make both float"
        )
    return numbers


def as_floats(field: str, values: Any, count: int | None = None) -> npt.NDArray[np.float64]:
    """Return numbers as a contiguous float64 array; what they may be is checked in the core.

    With `count`, one number stands for that many.
    """
    array = as_array(field, values)
    if count is not None and array.ndim == 0 and array.dtype.kind in "iuf":
        array = np.full(count, array)
    array = as_vector(field, array if array.ndim else values)
    if array.size and array.dtype.kind not in "iuf":
        raise InputTypeError(f"{field} has dtype {array.dtype}; it must hold numbers")
    return _native(array, _FLOAT64)


def as_integer(
    field: str,
    value: object,
    low: int = 0,
    high: int | None = None,
    error: type[PinchpointError] = SelectionError,
) -> int:
    """Return an integer, one of numpy's too, that is from `low` to `high`.

    Raises
    ------
    InputTypeError
        If it is none.
    PinchpointError
        Of the class `error`, if it is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputTypeError(f"{field} is {shorten(value)}; it must be a whole number")
    if value < low or (high is not None and value > high):
        span = f"{low} or more" if high is None else f"from {low} to {_shown(high)}"
        raise error(f"{field} is {shorten(value)}; it must be {span}")
    return int(value)


def _shown(limit: int) -> str:
    """Write a limit as a reader knows it."""
    power = limit.bit_length()
    return f"2^{power} - 1" if limit + 1 == 1 << power and power > 16 else f"{limit:,}"


def as_seed(seed: object, high: int | None = None) -> int:
    """Return a seed, an integer from zero on."""
    return as_integer("seed", seed, 0, high)


def as_number(field: str, value: object) -> float:
    """Return a real number, one of numpy's too; whether it may be negative the caller knows."""
    if isinstance(value, bool | np.bool_) or not isinstance(
        value, int | float | np.integer | np.floating
    ):
        raise InputTypeError(f"{field} is {shorten(value)}; it must be a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def as_size_limit(field: str, value: object) -> int:
    """Return a number of bytes that the core can hold; what is larger is no limit."""
    number = as_number(field, value)
    if not number >= 0:
        raise SizeLimitError(f"{field} is {shorten(value)}; it must be zero or more")
    return (1 << 64) - 1 if number >= 2.0**64 else int(value)  # type: ignore[call-overload]


def as_text(field: str, value: object) -> str:
    """Return text."""
    if not isinstance(value, str):
        raise InputTypeError(f"{field} is {shorten(value)}, {a_type(value)}; it must be text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputTypeError(
                f"{field} is {shorten(value)}; it has a lone surrogate, which no text may have"
            ) from None
    return value


def as_items(field: str, values: Any, what: str) -> list[Any]:
    """Return the items of a list or any other iterable but text."""
    if isinstance(values, Iterable) and not isinstance(values, str | bytes):
        try:
            return list(values)
        except TypeError:  # arrays without a dimension say they are iterable
            pass
    raise InputTypeError(f"{field} is {a_type(values)}; it must be a list of {what}")


def check_choice(field: str, value: object, choices: Iterable[str]) -> None:
    """Refuse what is no text, and text that is none of the choices."""
    names = tuple(choices)
    if not isinstance(value, str):
        raise InputTypeError(f"{field} is {shorten(value)}; it must be text such as {names[0]!r}")
    if value not in names:
        *most, last = (repr(name) for name in names)
        raise SelectionError(f"{field} is {shorten(value)}; it must be {', '.join(most)} or {last}")


def check_forwarding(forwarding: object) -> None:
    """Refuse a name of a mode of forwarding that is none."""
    check_choice("forwarding", forwarding, ("hardware", "all", "none"))


def check_gap(gap: object) -> None:
    """Refuse a gap between bounds that is no finite number from zero on."""
    if not 0 <= as_number("gap", gap) < math.inf:
        raise CapacityError(f"gap is {shorten(gap)}; it must be a finite number, zero or more")


def as_time_limit(value: object) -> float | None:
    """Return a time limit in seconds, from zero on; None is no limit."""
    if value is None:
        return None
    says = f"time_limit is {shorten(value)}; it must be a number of seconds, zero or more"
    try:
        limit = as_number("time_limit", value)
    except InputTypeError:
        raise InputTypeError(says) from None
    if not 0 <= limit < 2.0**64:
        raise PinchpointError(says + (", below 2^64" if limit > 0 else ""))
    return limit


def check_flag(field: str, value: object) -> None:
    """Refuse what is neither True nor False."""
    if not isinstance(value, bool | np.bool_):
        raise InputTypeError(f"{field} is {shorten(value)}; it must be True or False")


def check_fabric(fabric: object) -> None:
    """Refuse what is no fabric."""
    from pinchpoint.fabric import Fabric

    if not isinstance(fabric, Fabric):
        raise InputTypeError(f"fabric is {a_type(fabric)}; it must be a Fabric")
