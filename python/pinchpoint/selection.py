"""Selections: nodes of one group, or links of one bundle, by coordinates."""

from __future__ import annotations

from typing import Any, cast

from pinchpoint import _core
from pinchpoint.errors import InputTypeError

__all__ = ["LinkSelection", "Selection"]


class Selection:
    """Nodes of one group.

    Made by :meth:`Fabric.select`. It holds coordinates, not a fabric, and fits every fabric
    derived from the same build. ``|``, ``&`` and ``-`` combine selections of one group.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> half = rack.select("chip", chip=slice(0, 36))
    >>> len(half), len(half - rack.select("chip[chip=0:4]"))
    (36, 32)
    """

    __slots__ = ("_handle",)

    _handle: _core.Selection

    def __init__(self, core: _core.Selection) -> None:
        object.__setattr__(self, "_handle", core)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a selection cannot be changed")

    @property
    def group(self) -> str:
        """Name of the group."""
        return self._handle.group

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self._handle.num_nodes

    def __len__(self) -> int:
        return self._handle.num_nodes

    def __bool__(self) -> bool:
        return self._handle.num_nodes > 0

    def _combined(self, other: Selection, op: str) -> Selection:
        if not isinstance(other, Selection):
            return cast("Any", NotImplemented)
        return Selection(self._handle.combine(other._handle, op))

    def __or__(self, other: Selection) -> Selection:
        return self._combined(other, "|")

    def __and__(self, other: Selection) -> Selection:
        return self._combined(other, "&")

    def __sub__(self, other: Selection) -> Selection:
        return self._combined(other, "-")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selection) and self._handle.same_nodes(other._handle)

    def __hash__(self) -> int:
        return hash((self.group, self.num_nodes))

    def __reduce__(self) -> tuple[Any, ...]:
        core = self._handle
        return _selection, (core.group, core.sizes, core.blocks())

    def __repr__(self) -> str:
        return f"Selection({self.group}: {_count(self.num_nodes, 'node')})"


class LinkSelection:
    """Links of one bundle.

    Made by :meth:`Fabric.select_links` or :meth:`Fabric.sample_links`. It holds coordinates, not
    a fabric, and is never enumerated. ``|``, ``&`` and ``-`` combine selections of one bundle.
    """

    __slots__ = ("_handle",)

    _handle: _core.LinkSelection

    def __init__(self, core: _core.LinkSelection) -> None:
        object.__setattr__(self, "_handle", core)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a selection cannot be changed")

    @property
    def bundle(self) -> str:
        """Name of the bundle."""
        return self._handle.bundle

    @property
    def num_links(self) -> int:
        """Number of links, parallel ones counted each."""
        return self._handle.num_links

    def __len__(self) -> int:
        return self._handle.num_links

    def __bool__(self) -> bool:
        return self._handle.num_links > 0

    def _combined(self, other: LinkSelection, op: str) -> LinkSelection:
        if not isinstance(other, LinkSelection):
            return cast("Any", NotImplemented)
        return LinkSelection(self._handle.combine(other._handle, op))

    def __or__(self, other: LinkSelection) -> LinkSelection:
        return self._combined(other, "|")

    def __and__(self, other: LinkSelection) -> LinkSelection:
        return self._combined(other, "&")

    def __sub__(self, other: LinkSelection) -> LinkSelection:
        return self._combined(other, "-")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LinkSelection) and self._handle.same_links(other._handle)

    def __hash__(self) -> int:
        return hash((self.bundle, self.num_links))

    def __reduce__(self) -> tuple[Any, ...]:
        core = self._handle
        return _link_selection, (core.bundle, core.sizes, core.blocks(), core.own_pair)

    def __repr__(self) -> str:
        return f"LinkSelection({self.bundle}: {_count(self.num_links, 'link')})"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _selection(group: str, sizes: list[int], blocks: Any) -> Selection:
    return Selection(_core.Selection(group, sizes, blocks))


def _link_selection(
    bundle: str, sizes: list[int], blocks: Any, own_pair: list[tuple[int, int]] | None
) -> LinkSelection:
    return LinkSelection(_core.LinkSelection(bundle, sizes, blocks, own_pair))


def flattened(items: object, kinds: tuple[type, ...], what: str) -> list[Any]:
    """One item or a list of items, all of `kinds`."""
    if isinstance(items, kinds):
        return [items]
    if isinstance(items, list | tuple):
        for place, item in enumerate(items):
            if not isinstance(item, kinds):
                raise InputTypeError(f"{what}[{place}] is a {type(item).__name__}, no selection")
        return list(items)
    raise InputTypeError(f"{what} is a {type(items).__name__}, no selection or list of them")
