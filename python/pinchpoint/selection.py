"""Selections: nodes of one group, or links of one bundle, by coordinates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from pinchpoint import _core
from pinchpoint._suggest import shorten
from pinchpoint._wording import a_type, counted
from pinchpoint.errors import InputTypeError

__all__ = ["LinkSelection", "Selection"]

# Texts of selections are for readers: they are cut before they fill a screen.
_MOST_PARTS = 3
_LONGEST = 100


class Label(NamedTuple):
    """How a reader is told what is selected; it has no part in what is.

    Attributes
    ----------
    parts : tuple of str
        The first parts of a union, as :meth:`Fabric.select` reads them.
    total : int
        How many parts there are in all.
    """

    parts: tuple[str, ...]
    total: int

    def __str__(self) -> str:
        more = f" + ... ({self.total:,} parts)" if self.total > len(self.parts) else ""
        return " + ".join(self.parts) + more

    @property
    def inner(self) -> str:
        """The text as an operand of a difference or intersection."""
        plain = self.total == 1 and " " not in self.parts[0]
        return str(self) if plain else f"({self})"

    def combined(self, other: Label, op: str) -> Label:
        """Return the label of a union, intersection or difference."""
        if op != "|":
            return Label((_cut(f"{self.inner} {op} {other.inner}"),), 1)
        own, theirs = (one.parts if one.total > 1 else (_cut(one.inner),) for one in (self, other))
        fresh = tuple(part for part in theirs if part not in own)
        total = self.total + other.total - (len(theirs) - len(fresh))
        return Label((own + fresh)[:_MOST_PARTS], total)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def listed(coordinates: Mapping[str, Any]) -> dict[str, Any]:
    """Read values that can be read only once, such as a generator's, into lists."""
    return {
        name: list(value) if isinstance(value, Iterator) else value
        for name, value in coordinates.items()
    }


def labelled(name: str, coordinates: Mapping[str, Any]) -> Label:
    """Write a selection by coordinates as one would on the command line."""
    if not coordinates:
        return Label((_cut(name.strip()),), 1)
    words = ",".join(f"{key}={_values(value)}" for key, value in coordinates.items())
    return Label((_cut(f"{name}[{words}]"),), 1)


def label_of(texts: Iterable[str], count: int) -> Label:
    """Return the label of `count` single elements, of which the first are written."""
    return Label(tuple(texts)[:_MOST_PARTS], count)


def _values(value: Any) -> str:
    """Write what one coordinate was asked for: an int, a slice or several ints."""
    if isinstance(value, slice):
        bounds = ["" if one is None else str(one) for one in (value.start, value.stop)]
        return ":".join(bounds if value.step is None else [*bounds, str(value.step)])
    if not isinstance(value, Iterable):
        return str(value)
    runs: list[list[int]] = []
    for one in sorted({int(one) for one in value}):
        if runs and runs[-1][1] == one:
            runs[-1][1] += 1
        else:
            runs.append([one, one + 1])
    return ",".join(str(low) if high == low + 1 else f"{low}:{high}" for low, high in runs)


def shown(ends: Any) -> str:
    """Write the ends of a question for a reader: selections, text, node ids, lists of them."""
    if isinstance(ends, str | Selection | LinkSelection):
        return _cut(str(ends))
    if not isinstance(ends, Iterable):
        return f"node {shorten(ends)}"
    own = list(ends)
    if len(own) > _MOST_PARTS:
        return f"{shown(own[0])} + ... ({len(own):,} in all)"
    return " + ".join(shown(one) for one in own)


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
    >>> half | rack.select("chip", chip=[40, 41, 42, 50])
    Selection(chip[chip=0:36] + chip[chip=40:43,50]: 40 nodes)
    """

    __slots__ = ("_handle", "_label")

    _handle: _core.Selection
    _label: Label | None

    def __init__(self, core: _core.Selection, label: Label | None = None) -> None:
        object.__setattr__(self, "_handle", core)
        object.__setattr__(self, "_label", label)

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
        return Selection(self._handle.combine(other._handle, op), _both(self, other, op))

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
        return _selection, (core.group, core.sizes, core.blocks(), self._label)

    def __str__(self) -> str:
        if self._label is None:
            return f"{counted(self.num_nodes, 'node')} of {self.group}"
        return str(self._label)

    def __repr__(self) -> str:
        what = self.group if self._label is None else self._label
        return f"Selection({what}: {counted(self.num_nodes, 'node')})"


class LinkSelection:
    """Links of one bundle.

    Made by :meth:`Fabric.select_links` or :meth:`Fabric.sample_links`. It holds coordinates, not
    a fabric, and is never enumerated. ``|``, ``&`` and ``-`` combine selections of one bundle.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> tray = rack.select_links("chip-switch", chip=slice(0, 4))
    >>> len(tray), len(tray - rack.select_links("chip-switch[switch=0]"))
    (72, 68)
    >>> tray & rack.select_links("chip-switch[switch=0]")
    LinkSelection(chip-switch[chip=0:4] & chip-switch[switch=0]: 4 links)
    """

    __slots__ = ("_handle", "_label")

    _handle: _core.LinkSelection
    _label: Label | None

    def __init__(self, core: _core.LinkSelection, label: Label | None = None) -> None:
        object.__setattr__(self, "_handle", core)
        object.__setattr__(self, "_label", label)

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
        return LinkSelection(self._handle.combine(other._handle, op), _both(self, other, op))

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
        return _link_selection, (
            core.bundle,
            core.sizes,
            core.blocks(),
            core.own_pair,
            self._label,
        )

    def __str__(self) -> str:
        if self._label is None:
            return f"{counted(self.num_links, 'link')} of {self.bundle}"
        return str(self._label)

    def __repr__(self) -> str:
        what = self.bundle if self._label is None else self._label
        return f"LinkSelection({what}: {counted(self.num_links, 'link')})"


def _both(one: Any, other: Any, op: str) -> Label:
    """Return the label of two combined; what has none is told by its size."""
    labels = [own._label or Label((str(own),), 1) for own in (one, other)]
    return labels[0].combined(labels[1], op)


def _selection(group: str, sizes: list[int], blocks: Any, label: Label | None) -> Selection:
    return Selection(_core.Selection(group, sizes, blocks), label)


def _link_selection(
    bundle: str,
    sizes: list[int],
    blocks: Any,
    own_pair: list[tuple[int, int]] | None,
    label: Label | None,
) -> LinkSelection:
    return LinkSelection(_core.LinkSelection(bundle, sizes, blocks, own_pair), label)


def flattened(
    items: object, kinds: tuple[type, ...], what: str, read: Callable[[str], Any]
) -> list[Any]:
    """One item or a list of items, all of `kinds` or text that `read` turns into one."""
    if isinstance(items, (str, *kinds)):
        items = [items]
    if isinstance(items, list | tuple):
        for place, item in enumerate(items):
            if not isinstance(item, (str, *kinds)):
                raise InputTypeError(f"{what}[{place}] is {a_type(item)}, no selection")
        return [read(item) if isinstance(item, str) else item for item in items]
    raise InputTypeError(f"{what} is {a_type(items)}, no selection or list of them")
