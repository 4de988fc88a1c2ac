"""Ranks: the nodes that take part in a collective, as a selection, a list, or a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._ends import checked_ids, is_id, repeated
from pinchpoint.errors import FormatError, PinchpointError, SelectionError

if TYPE_CHECKING:
    from pinchpoint import _core
    from pinchpoint.fabric import Fabric

__all__ = ["read_ranks", "resolved"]

# Lists longer than this are turned to node ids first, so that blocks of them are found at once.
_FEW = 16


def read_ranks(fabric: Fabric, path: str | os.PathLike[str], /) -> list[int]:
    """Read a rank file: one rank per line, in order, each a selection of one node.

    Parameters
    ----------
    fabric : Fabric
        Whose nodes are meant.
    path : str or path-like
        A text file. Lines such as ``chip[ultraserver=0,chip=3]``; empty lines, and what follows a
        ``#``, are passed over.

    Returns
    -------
    list of int
        Node ids in rank order.

    Raises
    ------
    FormatError
        A line that selects no node or several, or one that an earlier line has; file and line are
        named.
    """
    place = Path(path)
    if not place.exists():
        raise FormatError(f"{place}: there is no such file")
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{place}: cannot be read: {error}") from None
    ids: list[int] = []
    line_of: dict[int, int] = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            found = fabric.node_ids(text)
        except PinchpointError as error:
            raise FormatError(f"{place}:{number}: {error}") from None
        if found.size != 1:
            raise FormatError(f"{place}:{number}: {text} are {found.size} nodes; a rank is one")
        node = int(found[0])
        if node in line_of:
            raise FormatError(f"{place}:{number}: {text} is rank {line_of[node]} already")
        line_of[node] = len(ids)
        ids.append(node)
    if not ids:
        raise FormatError(f"{place}: holds no rank")
    return ids


def resolved(fabric: Fabric, ranks: Any) -> tuple[Any, list[_core.Selection]]:
    """Return ranks that were `kept` in their order, and as selections for the core."""
    if isinstance(ranks, os.PathLike):
        ranks = tuple(read_ranks(fabric, ranks))
    if not isinstance(ranks, tuple | range | np.ndarray):
        return ranks, fabric._ends(ranks, "ranks")
    if len(ranks) == 0:
        raise SelectionError("ranks is empty; a collective needs two ranks or more")
    whole = [is_id(one) for one in ranks]
    if len(ranks) <= _FEW and not any(whole):
        return list(ranks), fabric._ends(ranks, "ranks")
    # Every node once, in order; which is named twice is told, as the core merges them.
    if all(whole):
        ids = np.array(checked_ids("ranks", ranks), np.int64)
    else:
        parts = [own for one in ranks for own in fabric._ends(one, "ranks")]
        ids = np.concatenate([fabric._handle.node_ids(own) for own in parts]).astype(np.int64)
    own = fabric._by_id(ids.tolist(), "ranks")
    twice = repeated(ids)
    if twice is not None:
        raise SelectionError(f"{_name(fabric, twice)} is a rank twice")
    return ids.tolist(), own


def _name(fabric: Fabric, node: int) -> str:
    if fabric._names is not None:
        return fabric._names[node]
    return fabric._handle.node_name(node)
