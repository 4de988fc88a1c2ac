"""Explicit fabrics from arrays: capacities made exact, everything checked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pinchpoint import _core
from pinchpoint._validation import (
    as_array,
    as_ids,
    as_integer,
    as_items,
    as_text,
    as_vector,
    check_flag,
)
from pinchpoint._wording import counted
from pinchpoint.errors import CapacityError, GraphError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

__all__ = ["Units", "exact_kbit", "from_links"]

_KBIT_PER_GBIT = 1_000_000
_MAX_NODES = (1 << 32) - 2
_MAX_FAULTS = 10
# Bits of the largest capacity where some are rounded: a 62-bit number is left room for 2^20.
_ROOM = 42


def from_links(
    tails: npt.ArrayLike,
    heads: npt.ArrayLike,
    gbit_per_s: npt.ArrayLike,
    num_nodes: int | None,
    names: Iterable[str] | None,
    directed: bool,
) -> tuple[_core.Fabric, tuple[str, ...] | None, bool]:
    """Check the arrays and build; see :meth:`Fabric.from_links`."""
    check_flag("directed", directed)
    ids = [_ids("tails", tails), _ids("heads", heads)]
    capacity = _numbers(gbit_per_s)
    if capacity.ndim == 0:
        capacity = np.full(ids[0].size, capacity)
    if not ids[0].size == ids[1].size == capacity.size:
        raise GraphError(
            f"tails, heads and gbit_per_s have {ids[0].size}, {ids[1].size} and {capacity.size} "
            "entries; they must be equally long"
        )
    largest = max((int(end.max()) for end in ids if end.size), default=-1)
    if num_nodes is None and largest > _MAX_NODES:
        for field, end in zip(("tails", "heads"), ids, strict=True):
            if end.max() == largest:
                place = int(end.argmax())
                raise GraphError(f"{field}[{place}] is {largest}; ids go up to 2^32 - 2")
    if num_nodes is None:
        num_nodes = largest + 1
    num_nodes = as_integer("num_nodes", num_nodes, 1, _MAX_NODES + 1, GraphError)
    for field, end in zip(("tails", "heads"), ids, strict=True):
        bad = np.flatnonzero((end < 0) | (end >= num_nodes))
        if bad.size:
            shown = ", ".join(f"{field}[{i}] is {end[i]}" for i in bad[:_MAX_FAULTS])
            raise GraphError(f"{shown}: outside the {counted(num_nodes, 'node')}")
    kbit = exact_kbit(capacity)
    own_names = None
    if names is not None:
        own_names = tuple(as_items("names", names, "text"))
        for place, name in enumerate(own_names):
            as_text(f"names[{place}]", name)
        if len(own_names) != num_nodes:
            entries = counted(len(own_names), "entry", "entries")
            raise GraphError(f"names has {entries} for {counted(num_nodes, 'node')}")
    own = (ids[0].astype(np.uint32), ids[1].astype(np.uint32))
    core = _core.Fabric.from_links(*own, kbit.units, num_nodes, bool(directed), kbit.shift)
    return core, own_names, kbit.rounded > 0


def _ids(field: str, values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    array = as_vector(field, values)
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.dtype.kind == "O":
        return as_ids(field, array).astype(np.int64)
    if array.dtype.kind not in "iu":
        raise InputTypeError(f"{field} has dtype {array.dtype}; node ids are integers")
    if array.dtype.kind == "u" and array.dtype.itemsize == 8 and array.max() > _MAX_NODES:
        place = int(array.argmax())
        raise GraphError(f"{field}[{place}] is {array[place]}; ids go up to 2^32 - 2")
    return array.astype(np.int64)


def _numbers(values: npt.ArrayLike) -> npt.NDArray[Any]:
    array = as_array("gbit_per_s", values)
    if array.dtype.kind not in "iuf" or array.ndim > 1:
        raise InputTypeError(
            f"gbit_per_s has dtype {array.dtype} and {counted(array.ndim, 'dimension')}; "
            "it must be a number or one number per link"
        )
    return array


class Units(NamedTuple):
    """Capacities as integers.

    Attributes
    ----------
    units : ndarray of int64, shape (links,)
        Capacities in units of 2^-shift kbit/s.
    shift : int
        How fine the unit is.
    rounded : int
        How many of them are no whole unit, and are rounded down.
    """

    units: npt.NDArray[np.int64]
    shift: int
    rounded: int = 0


def exact_kbit(gbit_per_s: npt.NDArray[Any]) -> Units:
    """Turn capacities into units of 2^-shift kbit/s, one shift for all.

    A float that is the nearest one to a whole number of kbit/s means that number. Any other keeps
    its exact binary value where one power of two makes all of them whole. Where none does, they
    are rounded down to the finest unit at which the largest can still be raised 2^20 times, as far
    as breakpoints are followed.
    """
    values = gbit_per_s.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if bad.size:
        shown = ", ".join(f"gbit_per_s[{i}] is {gbit_per_s[i]}" for i in bad[:_MAX_FAULTS])
        raise CapacityError(f"{shown}: a capacity is a finite number, zero or more")
    whole = np.rint(values * _KBIT_PER_GBIT)
    too_large = np.flatnonzero(whole >= float(1 << 62))
    if too_large.size:
        place = int(too_large[0])
        raise CapacityError(f"gbit_per_s[{place}] is {gbit_per_s[place]}: 2^62 kbit/s or more")
    units = whole.astype(np.int64)
    odd = np.flatnonzero(whole / _KBIT_PER_GBIT != values)
    if not odd.size:
        return Units(units, 0)
    distinct, which = np.unique(values[odd], return_inverse=True)
    ratios = [_kbit_ratio(value) for value in distinct.tolist()]
    shift = max(own for _, own in ratios)
    largest = int(units.max())
    fits = shift <= 60 and largest << shift < 1 << 62
    if not fits or any(numerator << (shift - own) >= 1 << 62 for numerator, own in ratios):
        shift = max(0, _ROOM - (largest + 1).bit_length())
    exact = [(numerator << shift) >> own for numerator, own in ratios]
    if 0 in exact:
        place = int(odd[which == exact.index(0)][0])
        raise CapacityError(
            f"gbit_per_s[{place}] is {gbit_per_s[place]}: no whole number of kbit/s, and nothing "
            f"in the finest unit that fits beside {gbit_per_s.max()}; round it to whole kbit/s"
        )
    units <<= shift
    units[odd] = np.array(exact, np.int64)[which]
    coarse = np.array([own > shift for _, own in ratios])
    return Units(units, shift, int(coarse[which].sum()))


def _kbit_ratio(gbit_per_s: float) -> tuple[int, int]:
    """Write a capacity in kbit/s exactly: a numerator, and the power of two it is divided by."""
    numerator, denominator = gbit_per_s.as_integer_ratio()
    numerator *= _KBIT_PER_GBIT
    own = denominator.bit_length() - 1
    spare = min(own, (numerator & -numerator).bit_length() - 1)
    return numerator >> spare, own - spare
