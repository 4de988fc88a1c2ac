"""The one place where what users pass becomes arrays of the few types the core reads.

The core takes arrays that it can read as they are by itself and asks here for all others. Types are
decided here, values in the core: ids that are no nodes and capacities that are negative are found
there, in the pass that copies them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pinchpoint.errors import CapacityError, GraphError, InputTypeError, SelectionError

__all__ = [
    "as_floats",
    "as_ids",
    "as_limits",
    "as_numbers",
    "as_terminals",
    "check_forwarding",
    "check_gap",
    "check_seed",
]

_INT32 = np.dtype(np.int32)
_INT64 = np.dtype(np.int64)
_FLOAT64 = np.dtype(np.float64)


def _as_vector(field: str, values: Any) -> npt.NDArray[Any]:
    """Return `values` as a one-dimensional array of whatever dtype it has."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise InputTypeError(f"{field} cannot be read as an array: {error}") from None
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
    array = _as_vector(field, values)
    kind = array.dtype.kind
    if array.size == 0 and kind in "iuf":
        return np.zeros(0, _INT32)
    narrow = _narrow_int(array.dtype)
    if narrow is not None:
        return _native(array, narrow)
    if kind in "uO":
        for at, value in enumerate(array.tolist()):
            if not isinstance(value, int) or isinstance(value, bool):
                raise InputTypeError(f"{field}[{at}] is {value!r:.40}; node ids are integers")
            if not -(2**63) <= value < 2**63:
                raise GraphError(f"{field}[{at}] is {value}; node ids are at most 2^32 - 2")
        return _native(array, _INT64)
    raise InputTypeError(f"{field} has dtype {array.dtype}; node ids are integers")


def as_terminals(field: str, values: Any) -> npt.NDArray[Any]:
    """Return one node id or several as an array of ids."""
    if np.ndim(values) == 0:
        if not isinstance(values, int | np.integer) or isinstance(values, bool | np.bool_):
            raise InputTypeError(f"{field} is {values!r:.40}; it is a node id or an array of them")
        values = [int(values)]
    return as_ids(field, values)


def as_numbers(field: str, values: Any) -> npt.NDArray[Any] | list[int]:
    """Return capacities as int32, int64 or float64, or as a list where ints are larger than that.

    Raises
    ------
    InputTypeError
        If `values` are not numbers, or of a dtype that cannot be read exactly.
    """
    array = _as_vector(field, values)
    kind, size = array.dtype.kind, array.dtype.itemsize
    if array.size == 0 and kind in "iuf":
        return np.zeros(0, _FLOAT64 if kind == "f" and _has_dtype(values) else _INT64)
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
                raise InputTypeError(f"{field}[{at}] is {value!r:.40}; capacities are int or float")
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


def as_floats(field: str, values: Any) -> npt.NDArray[np.float64]:
    """Return numbers as a contiguous float64 array; what they may be is checked in the core."""
    array = _as_vector(field, values)
    if array.size and array.dtype.kind not in "iuf":
        raise InputTypeError(f"{field} has dtype {array.dtype}; it must hold numbers")
    return _native(array, _FLOAT64)


def check_forwarding(forwarding: object) -> None:
    """Refuse a name of a mode of forwarding that is none."""
    if forwarding not in ("hardware", "all", "none"):
        raise SelectionError(
            f"forwarding is {forwarding!r}; it must be 'hardware', 'all' or 'none'"
        )


def check_gap(gap: object) -> None:
    """Refuse a gap between bounds that is no finite number from zero on."""
    if isinstance(gap, bool) or not isinstance(gap, int | float) or not 0 <= gap < float("inf"):
        raise CapacityError(f"gap is {gap!r}; it must be a finite number, zero or more")


def check_seed(seed: object) -> None:
    """Refuse a seed that is no integer from zero on."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputTypeError(f"seed is {seed!r}; it must be an integer, zero or more")
