"""How a fabric finds nodes and links: the selecting methods of :class:`Fabric`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._ends import Finder, alike, checked_ids, is_id, node_named
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._validation import as_array, as_integer, as_seed, as_text
from pinchpoint._wording import a_type
from pinchpoint.errors import InputTypeError, SelectionError
from pinchpoint.selection import Label, LinkSelection, Selection, labelled, listed

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint import _core
    from pinchpoint.fabric import Ends, Fabric

__all__ = [
    "by_id",
    "by_name",
    "by_text",
    "ends_of",
    "node_ids",
    "sample_links",
    "select",
    "select_links",
]


def select(self: Fabric, group: str, /, **coordinates: Any) -> Selection:
    """Select nodes of one group.

    Parameters
    ----------
    group : str
        Name of a group, a whole selection such as ``"chip[pod=3,slot=0:4]"``, or the name of
        a node where nodes have names of their own.
    **coordinates : int, slice or sequence of int
        Values of coordinates, as users or the wiring count them.

    Returns
    -------
    Selection
        Fits every fabric derived from the same build.

    Raises
    ------
    SelectionError
        An unknown group or coordinate, a value out of range, or no node.

    Notes
    -----
    The cost follows the values that are asked for, not the size of the group.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> rack.select("chip", chip=slice(0, 4))
    Selection(chip[chip=0:4]: 4 nodes)
    >>> rack.select("chip[chip=0:4]") | rack.select("chip", chip=[70, 71])
    Selection(chip[chip=0:4] + chip[chip=70:72]: 6 nodes)
    """
    as_text("group", group)
    if not coordinates:
        return Selection(self._by_text(group), labelled(group, {}))
    if "[" in group:
        raise SelectionError(f"give coordinates in {group!r} or as arguments, not both")
    coordinates = listed(coordinates)
    core = self._handle.select(group, list(coordinates.items()))
    return Selection(core, labelled(group, coordinates))


def by_text(self: Fabric, text: str) -> _core.Selection:
    """Find a group, a group with coordinates, or the node of that name."""
    text = as_text("the selection", text)
    if self._names is not None and text not in {group.name for group in self.groups}:
        if text in self._names:
            return node_named(self, self._names, text)
        if "[" not in text:
            groups = ", ".join(shorten(group.name) for group in self.groups[:12])
            near = did_you_mean(text[:100], alike(self._names, text))
            raise SelectionError(
                f"no node or group is named {shorten(text)}{near}; the groups are {groups}"
            )
    return self._handle.select_text(text)


def by_name(self: Fabric, text: str) -> Selection | LinkSelection:
    """Find the nodes or links that a text names: a group, a bundle, a part of one, or a node."""
    return Finder(self)(text)


def select_links(self: Fabric, bundle: str, /, **coordinates: Any) -> LinkSelection:
    """Select links of one bundle by the coordinates of their ends.

    Parameters
    ----------
    bundle : str
        Name of a bundle, or a whole selection such as ``"leaf-spine[pod=3]"``.
    **coordinates : int, slice or sequence of int
        Coordinates of either end. A name that both ends have and that is not joined says which
        is meant: ``leaf_slot``, ``spine_slot``. Within one group a link is chosen if one of
        its ends has all of them; along a ring, if the end it starts from has. ``cable``
        numbers the parallel links of a pair.

    Returns
    -------
    LinkSelection
        Never enumerated; fits every fabric derived from the same build.

    Raises
    ------
    SelectionError
        An unknown or ambiguous name, a value out of range, or no link.

    Notes
    -----
    The cost follows the values that are asked for, not the number of links.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> rack.select_links("chip-switch", chip=0)
    LinkSelection(chip-switch[chip=0]: 18 links)
    >>> rack.select_links("chip-switch[chip=0:36,switch=0]")
    LinkSelection(chip-switch[chip=0:36,switch=0]: 36 links)
    """
    as_text("bundle", bundle)
    if not coordinates:
        return LinkSelection(self._handle.select_links_text(bundle), labelled(bundle, {}))
    if "[" in bundle:
        raise SelectionError(f"give coordinates in {bundle!r} or as arguments, not both")
    coordinates = listed(coordinates)
    core = self._handle.select_links(bundle, list(coordinates.items()))
    return LinkSelection(core, labelled(bundle, coordinates))


def sample_links(self: Fabric, bundle: str, count: int, *, seed: int = 0) -> LinkSelection:
    """Draw links of a bundle that are up, uniformly and without repetition.

    Parameters
    ----------
    bundle : str
        Name of the bundle.
    count : int
        Number of links, from 1 to 20 million.
    seed : int, default 0
        0 to 2^64 - 1. The same seed gives the same links, structured or materialised.

    Returns
    -------
    LinkSelection
        Of `count` links. It fits every fabric derived from the same build.

    Raises
    ------
    SelectionError
        No such bundle, fewer links up than asked for, or a number out of range.

    Notes
    -----
    Links are drawn, and drawn again if they are down or known: about `count` draws while that is
    few of the links. The bundle is never listed.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> bad = rack.sample_links("chip-switch", 100, seed=1)
    >>> bad
    LinkSelection(100 of chip-switch, seed 1: 100 links)
    >>> rack.without(bad).num_links
    1340
    """
    as_text("bundle", bundle)
    count = as_integer("count", count, 0, (1 << 64) - 1)
    seed = as_seed(seed, (1 << 64) - 1)
    core = self._handle.sample_links(bundle, count, seed)
    return LinkSelection(core, Label((f"{count:,} of {bundle}, seed {seed}",), 1))


def node_ids(self: Fabric, selection: Selection | str) -> npt.NDArray[np.uint64]:
    """Return the ids of selected nodes.

    Parameters
    ----------
    selection : Selection, str, node id, or a list of them
        Nodes of one group.

    Returns
    -------
    ndarray of uint64, shape (nodes,)
        Increasing.

    Raises
    ------
    SelectionError
        Nothing of that name, nodes of several groups, or a selection of another fabric.
    SizeLimitError
        More nodes than fit the memory.

    Notes
    -----
    Takes O(nodes) time and memory, of the nodes that are selected.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> rack.node_ids("switch[switch=0:3]").tolist()
    [108, 109, 110]
    """
    own = self._ends(selection, "selection")
    if len(own) != 1:
        raise SelectionError(f"selection has nodes of {len(own)} groups; node_ids takes one")
    return self._handle.node_ids(own[0])


def ends_of(self: Fabric, ends: Ends, what: str) -> list[_core.Selection]:
    if isinstance(ends, Selection):
        return [ends._handle]
    if isinstance(ends, str):
        return [self._by_text(ends)]
    if isinstance(ends, bool):
        raise InputTypeError(f"{what} is {ends!r}; it must be a selection, text or a node id")
    if isinstance(ends, int | np.integer):
        return self._by_id([ends], what)
    if isinstance(ends, np.ndarray):
        ends = as_array(what, ends)
        if ends.dtype.kind not in "iu":
            raise InputTypeError(f"{what} has dtype {ends.dtype}; node ids are integers")
        return self._by_id(ends.ravel().tolist(), what)
    if not isinstance(ends, Iterable) or isinstance(ends, bytes | bytearray):
        raise InputTypeError(f"{what} is {a_type(ends)}; it must be a selection, text or a node id")
    found: list[_core.Selection] = []
    ids: list[int] = []
    for item in ends:
        if is_id(item):
            ids.append(int(item))
        elif isinstance(item, Selection | str | np.ndarray):
            found.extend(self._ends(item, what))
        else:
            raise InputTypeError(
                f"{what} holds {a_type(item)}; it must hold selections, text and node ids"
            )
    return found + (self._by_id(ids, what) if ids else [])


def by_id(self: Fabric, ids: Iterable[int | np.integer[Any]], what: str) -> list[_core.Selection]:
    return self._handle.select_ids(checked_ids(what, ids))
