"""The ends of questions as users give them: node ids, texts, and lists of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._validation import as_array, as_items
from pinchpoint.errors import SelectionError
from pinchpoint.selection import LinkSelection, Selection, labelled

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint import _core
    from pinchpoint.fabric import Fabric

__all__ = ["Finder", "alike", "checked_ids", "is_id", "kept", "node_named", "repeated"]

_COMPARED = 2_000


def checked_ids(what: str, ids: Iterable[int | np.integer[Any]]) -> list[int]:
    """Return ids as Python's integers, none of which is negative or beyond int64."""
    own = [int(node) for node in ids]
    for place, node in enumerate(own):
        if not 0 <= node < 1 << 63:
            raise SelectionError(
                f"{what}: node id {shorten(node)} at position {place} is out of range"
            )
    return own


def repeated(ids: npt.NDArray[np.int64]) -> int | None:
    """Return the smallest id that comes twice, if one does."""
    order = np.sort(ids)
    twice = order[:-1][order[1:] == order[:-1]]
    return int(twice[0]) if twice.size else None


def is_id(item: object) -> TypeGuard[int | np.integer[Any]]:
    """Whether an item is an integer, one of numpy's too; no bool is."""
    return isinstance(item, int | np.integer) and not isinstance(item, bool)


def kept(what: str, ends: Any) -> Any:
    """Return ends that stay as they are: read what can be read once, copy what can change."""
    if isinstance(ends, np.ndarray):
        return np.atleast_1d(as_array(what, ends)).copy()
    if isinstance(ends, Selection | str | bytes | bytearray | range):
        return ends
    if not isinstance(ends, Iterable):
        return ends
    items = as_items(what, ends, "selections, text and node ids")
    if isinstance(ends, set | frozenset) and all(map(is_id, items)):
        items.sort()  # a set has no order of its own
    return tuple(kept(what, one) if isinstance(one, np.ndarray) else one for one in items)


class Finder:
    """Finds what texts name, one after another; the fabric says once what there is."""

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        self.names = fabric._names or ()
        self.asked = 0

    def __call__(self, text: str) -> Selection | LinkSelection:
        head = text.partition("[")[0].strip()
        found: dict[str, Selection | LinkSelection] = {}
        self.asked += 1
        node = self._node(text)
        if node is not None:
            found["a node"] = Selection(node, labelled(text, {}))
        if head in self.groups:
            handle = self.fabric._handle
            found["a group"] = Selection(handle.select_text(text), labelled(text, {}))
        if head in self.bundles:
            found["a bundle"] = self.fabric.select_links(text)
        if not found:
            known = [*self.groups, *self.bundles, *alike(self.names, head)]
            what = "node, group or bundle" if self.names else "group or bundle"
            raise SelectionError(
                f"no {what} is named {shorten(head)}{did_you_mean(head[:100], known)}"
            )
        first, *others = found.values()
        # A node alone in its group often has the group's name.
        if any(other != first for other in others):
            raise SelectionError(
                f"{shorten(text)} names {' and '.join(found)}; select() and select_links() say "
                "which"
            )
        return first

    @cached_property
    def bundles(self) -> set[str]:
        """Names of bundles."""
        return {bundle[0] for bundle in self.fabric._handle.bundles()}

    @cached_property
    def groups(self) -> set[str]:
        """Names of groups."""
        return {group[0] for group in self.fabric._handle.groups()}

    def _node(self, text: str) -> _core.Selection | None:
        # Looking through the names is faster than an index of them, but only once.
        if self.asked == 1:
            there = text in self.names
        elif (place := self._places.get(text)) is not None and self._unique:
            return self.fabric._handle.select_ids([place])[0]
        else:
            there = place is not None
        return node_named(self.fabric, self.names, text) if there else None

    @cached_property
    def _places(self) -> dict[str, int]:
        return dict(zip(self.names, range(len(self.names)), strict=True))

    @property
    def _unique(self) -> bool:
        return len(self._places) == len(self.names)


def node_named(self: Fabric, names: tuple[str, ...], text: str) -> _core.Selection:
    """Find the only node of a name that there is."""
    if (found := names.count(text)) > 1:
        nodes = (node for node, name in enumerate(names) if name == text)
        ids = ", ".join(map(str, islice(nodes, 10)))
        raise SelectionError(f"{found} nodes are named {text!r}: ids {ids}")
    return self._handle.select_ids([names.index(text)])[0]


def alike(names: tuple[str, ...], text: str) -> list[str]:
    """Pick the names worth comparing with a text: those that hold it, else some of about all."""
    own = text.lower()
    holding = list(islice((name for name in names if own and own in name.lower()), 1))
    return holding or list(names[:_COMPARED])
