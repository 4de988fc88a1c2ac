"""A digest of what a study asks: the same in every process, for the same fabric and questions."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from pinchpoint.fabric import Fabric
from pinchpoint.selection import LinkSelection, Selection

__all__ = ["fingerprint"]


def fingerprint(*values: Any) -> str:
    """Return a SHA-256 over plain values, dataclasses, selections, arrays and fabrics."""
    digest = hashlib.sha256()
    # A list of what is still to be read, so that nesting costs no stack.
    stack = list(reversed(values))
    while stack:
        value = stack.pop()
        if isinstance(value, Fabric):
            core = value._handle
            plain = (value.name, core.groups(), core.bundles(), core.state(), core.unit_shift)
            digest.update(repr((plain, core.wiring(), core.is_directed)).encode())
            arrays = (*(core.arrays() or ()), core.built_capacity())
            stack += [array for array in arrays if array is not None]
        elif isinstance(value, Selection):
            digest.update(repr(("nodes", value.group, value._handle.blocks())).encode())
        elif isinstance(value, LinkSelection):
            digest.update(repr(("links", value.bundle, value._handle.blocks())).encode())
        elif isinstance(value, np.ndarray):
            digest.update(f"array {value.dtype.str} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            digest.update(type(value).__qualname__.encode())
            stack += [getattr(value, item.name) for item in reversed(dataclasses.fields(value))]
        elif isinstance(value, Mapping):
            digest.update(f"map {len(value)}".encode())
            stack += [part for item in reversed(list(value.items())) for part in reversed(item)]
        elif isinstance(value, list | tuple):
            digest.update(f"list {len(value)}".encode())
            stack += reversed(value)
        elif isinstance(value, CodeType):
            digest.update(value.co_code)
            stack += [value.co_names, value.co_consts]
        elif isinstance(value, FunctionType):
            # What it does, not only its name: two lambdas have the same one.
            digest.update(f"function {value.__module__}.{value.__qualname__}".encode())
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            stack += [value.__code__, value.__defaults__, value.__kwdefaults__, cells]
        elif isinstance(value, partial):
            digest.update(b"partial")
            stack += [value.func, value.args, value.keywords]
        else:
            digest.update(repr(value).encode())
        digest.update(b"\0")
    return digest.hexdigest()
