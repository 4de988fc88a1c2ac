"""Single links and nodes out of selections: drawn at random, or one by one."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pinchpoint import _core
from pinchpoint._wording import counted
from pinchpoint.errors import ScenarioError, SelectionError, SizeLimitError
from pinchpoint.selection import LinkSelection, Selection, label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinchpoint.fabric import Fabric
    from pinchpoint.studies.random import SplitMix64

    Runs = list[tuple[int, int]]
    Block = list[Runs]
    Point = tuple[int, ...]
    Element = tuple[str, str, Point]

__all__ = ["Population", "Wiring", "gathered"]

_MOST_HITS = 2_000_000


def block_size(block: Block) -> int:
    """Count the points of a block."""
    size = 1
    for runs in block:
        size *= sum(high - low for low, high in runs)
    return size


def holds(block: Block, point: Sequence[int]) -> bool:
    """Tell whether a point lies in a block."""
    return all(
        any(low <= value < high for low, high in runs)
        for runs, value in zip(block, point, strict=True)
    )


def _point(block: Block, rank: int) -> Point:
    """Return the point at a rank of a block, row-major."""
    values = []
    for runs in reversed(block):
        rank, place = divmod(rank, sum(high - low for low, high in runs))
        for low, high in runs:
            if place < high - low:
                values.append(low + place)
                break
            place -= high - low
    return tuple(reversed(values))


@dataclass(frozen=True)
class LinkAxes:
    """How the axes of a bundle's link blocks belong to the digits of its two ends."""

    kind: str
    ring: int | None
    axes: tuple[tuple[int, int] | None, ...]
    ends: tuple[int, ...]
    blocks: list[Block]
    a: int
    b: int


class Wiring:
    """How a fabric is wired, and which of its links and nodes are down."""

    def __init__(self, fabric: Fabric) -> None:
        core = fabric._handle
        groups, bundles = core.wiring()
        rows = core.bundles()
        self.fabric = fabric
        self.regular = all(kind != "listed" for kind, *_ in bundles)
        self.groups = [group[0] for group in core.groups()]
        self.bundles = [row[0] for row in rows]
        self.digits = [digits for digits, _ in groups]
        self.domains = [domain for _, domain in groups]
        self.links = [
            LinkAxes(kind, ring, tuple(axes), tuple(ends), blocks, row[1], row[2])
            for (kind, ring, axes, ends, blocks), row in zip(bundles, rows, strict=True)
        ]
        overrides, removed = core.state()
        self.overrides = overrides
        self.removed = removed
        self.down = [[axes for axes, _, up in changes if not up] for changes in overrides]
        self._whole: dict[str, _core.LinkSelection] = {}
        self._of_node: dict[tuple[int, Point], list[tuple[str, str]]] = {}
        self._keys: dict[int, list[tuple[str, int, str]] | None] = {}
        self._arrays = None if self.regular else core.arrays()
        self._first = _first_links(rows)

    def whole(self, bundle: str) -> _core.LinkSelection:
        """Return the selection of all links of a bundle."""
        if bundle not in self._whole:
            self._whole[bundle] = self.fabric.select_links(bundle)._handle
        return self._whole[bundle]

    def mirrored(self, bundle: int, point: Point) -> Point:
        """Return a link within a group from its other end."""
        pairs = self.whole(self.bundles[bundle]).own_pair or []
        values = list(point)
        for one, other in pairs:
            values[one], values[other] = values[other], values[one]
        return tuple(values)

    def is_loop(self, bundle: int, point: Point) -> bool:
        """Tell whether a point of a link block would join a node to itself."""
        pairs = self.whole(self.bundles[bundle]).own_pair
        return pairs is not None and all(point[one] == point[other] for one, other in pairs)

    def link_ends(self, bundle: int, point: Point) -> tuple[Point, Point]:
        """Return the digits of both ends of a link of a structured fabric."""
        link = self.links[bundle]
        digits = self.digits[link.b]
        b = [point[axis] for axis in link.ends]
        if link.ring is not None:
            b[link.ring] = (b[link.ring] + 1) % digits[link.ring][1]
        return point[: len(self.digits[link.a])], tuple(b)

    def link_is_down(self, bundle: int, point: Point) -> bool:
        """Tell whether a link, or a node at one of its ends, has failed."""
        if any(holds(block, point) for block in self.down[bundle]):
            return True
        link = self.links[bundle]
        if not (self.removed[link.a] or self.removed[link.b]):
            return False
        if link.kind == "listed" and self._arrays is not None:
            place = self._first[bundle] + point[0]
            return any(self._node_is_down(int(ends[place])) for ends in self._arrays[:2])
        a, b = self.link_ends(bundle, point)
        return self.node_is_down(link.a, a) or self.node_is_down(link.b, b)

    def _node_is_down(self, node: int) -> bool:
        firsts = [group.first_node for group in self.fabric.groups]
        group = bisect.bisect_right(firsts, node) - 1
        rank, values = node - firsts[group], []
        for _, size in reversed(self.digits[group]):
            rank, value = divmod(rank, size)
            values.append(value)
        return self.node_is_down(group, tuple(reversed(values)))

    def node_is_down(self, group: int, point: Point) -> bool:
        """Tell whether a node has failed."""
        return any(holds(block, point) for block in self.removed[group])

    def link_label(self, bundle: int, point: Point) -> str:
        """Name one link as :meth:`Fabric.select_links` reads it, or by its ends within a group."""
        link, name = self.links[bundle], self.bundles[bundle]
        if link.kind == "listed":
            return f"{name}[link={point[0]}]"
        if link.kind == "join":
            if bundle not in self._keys:
                self._keys[bundle] = self._found_keys(bundle, point)
            keys = self._keys[bundle]
            if keys is not None:
                words = [f"{key}={value}" for key, value in self._values(bundle, point, keys)]
                return f"{name}[{','.join(words)}]" if words else name
        a, b = self.link_ends(bundle, point)
        ends = f"{self.node_label(link.a, a)} - {self.node_label(link.b, b)}"
        return f"{name}: {ends}{f', cable {point[-1]}' if self._cables(bundle) > 1 else ''}"

    def _values(
        self, bundle: int, point: Point, keys: Iterable[tuple[str, int, str]]
    ) -> list[tuple[str, str]]:
        """Return the values that some coordinates of the ends of a link have."""
        link = self.links[bundle]
        ends = zip((link.a, link.b), self.link_ends(bundle, point), strict=True)
        own = [dict(self._coordinates(group, end)) for group, end in ends]
        own.append({"cable": str(point[-1])})
        return [(key, own[end][name]) for key, end, name in keys]

    def _coordinates(self, group: int, point: Point) -> list[tuple[str, str]]:
        """Return the coordinates of a node as users count them."""
        known = self._of_node.get((group, point))
        if known is None:
            inside = self.node_label(group, point).partition("[")[2].rstrip("]")
            pairs = [word.partition("=") for word in inside.split(",") if word]
            known = self._of_node[group, point] = [(name, value) for name, _, value in pairs]
        return known

    def _found_keys(self, bundle: int, point: Point) -> list[tuple[str, int, str]] | None:
        """Find coordinates of the ends of a link that name it, as few of the second as will do."""
        link, name = self.links[bundle], self.bundles[bundle]
        a, b = self.link_ends(bundle, point)
        of_a = [one for one, _ in self._coordinates(link.a, a)]
        of_b = [one for one, _ in self._coordinates(link.b, b)]
        cable = [("cable", 2, "cable")] if self._cables(bundle) > 1 else []

        def count(keys: list[tuple[str, int, str]]) -> int:
            values = self._values(bundle, point, keys)
            conditions = [(key, int(value)) for key, value in values]
            try:
                return self.fabric._handle.select_links(name, conditions).num_links
            except SelectionError:
                return 0

        for prefixed in (False, True):
            both = set(of_a) & set(of_b) if prefixed else set()
            keys = [(f"{self.groups[link.a]}_{x}" if x in both else x, 0, x) for x in of_a]
            more = [
                (f"{self.groups[link.b]}_{x}" if x in both else x, 1, x)
                for x in of_b
                if prefixed or x not in of_a
            ]
            if count([*keys, *more, *cable]) != 1:
                continue
            for one in list(more):
                fewer = [other for other in more if other != one]
                if count([*keys, *fewer, *cable]) == 1:
                    more = fewer
            return [*keys, *more, *cable]
        return None

    def _cables(self, bundle: int) -> int:
        return max(block[-1][-1][1] for block in self.links[bundle].blocks)

    def node_label(self, group: int, point: Point) -> str:
        """Name one node as :meth:`Fabric.select` reads it."""
        blocks = [[[(value, value + 1)] for value in point]]
        sizes = [size for _, size in self.digits[group]]
        one = _core.Selection(self.groups[group], sizes, blocks)
        node = int(self.fabric._handle.node_ids(one)[0])
        names = self.fabric._names
        return self.fabric._handle.node_name(node) if names is None else names[node]

    def label(self, element: Element) -> str:
        """Name one element."""
        kind, name, point = element
        if kind == "link":
            return self.link_label(self.bundles.index(name), point)
        return self.node_label(self.groups.index(name), point)


def _first_links(rows: list[Any]) -> list[int]:
    first, total = [], 0
    for row in rows:
        first.append(total)
        total += row[5]
    return first


@dataclass
class Population:
    """The single links or nodes of some selections, those that are up."""

    wiring: Wiring
    parts: list[tuple[str, int, Block]] = field(default_factory=list)
    # All of them, once few of what is drawn were up.
    up: list[Element] | None = None

    @classmethod
    def of(cls, wiring: Wiring, chosen: Iterable[Selection | LinkSelection]) -> Population:
        """Gather the elements of selections."""
        links: dict[str, LinkSelection] = {}
        nodes: dict[str, Selection] = {}
        for item in chosen:
            if isinstance(item, LinkSelection):
                own = links.get(item.bundle)
                links[item.bundle] = item if own is None else own | item
            else:
                known = nodes.get(item.group)
                nodes[item.group] = item if known is None else known | item
        found = cls(wiring)
        for bundle, link in links.items():
            index = wiring.bundles.index(bundle)
            found.parts += [("link", index, block) for block in link._handle.blocks()]
        for group, node in nodes.items():
            index = wiring.groups.index(group)
            found.parts += [("node", index, block) for block in node._handle.blocks()]
        return found

    def _element(self, part: tuple[str, int, Block], rank: int) -> Element | None:
        """Return the element at a rank, or None for none, one that is down or seen from b."""
        kind, index, block = part
        point = _point(block, rank)
        if kind == "node":
            down = self.wiring.node_is_down(index, point)
            return None if down else (kind, self.wiring.groups[index], point)
        if self.wiring.is_loop(index, point) or self.wiring.link_is_down(index, point):
            return None
        if self.wiring.mirrored(index, point) < point:
            return None
        return kind, self.wiring.bundles[index], point

    def sizes(self) -> list[int]:
        """Count the points of every part."""
        return [block_size(block) for _, _, block in self.parts]

    def draw(self, count: int, random: SplitMix64) -> list[Element]:
        """Draw `count` different elements uniformly."""
        ends = []
        total = 0
        for size in self.sizes():
            total += size
            ends.append(total)
        found: dict[Element, None] = {}
        tries = 0
        while len(found) < count:
            tries += 1
            if tries > 1000 + 200 * count or not total:
                return list(found) + self._draw_listed(count - len(found), found, random)
            rank = random.below(total)
            part = bisect.bisect_right(ends, rank)
            element = self._element(self.parts[part], rank - (ends[part - 1] if part else 0))
            if element is not None:
                found.setdefault(element)
        return list(found)

    def _draw_listed(
        self, count: int, known: Mapping[Element, None], random: SplitMix64
    ) -> list[Element]:
        """Draw from a list of those that are up and not known: where they are few among many."""
        total = sum(self.sizes())
        if self.up is None:
            self.up = list(self.each()) if total <= _MOST_HITS else []
        up = [element for element in self.up if element not in known]
        if len(up) < count:
            raise ScenarioError(
                f"cannot draw {count + len(known)} different elements: too few are up among "
                f"{total} selected"
            )
        for place in range(count):
            other = place + random.below(len(up) - place)
            up[place], up[other] = up[other], up[place]
        return up[:count]

    def each_with(self, probability: float, random: SplitMix64) -> list[Element]:
        """Draw every element with a probability of its own, independently."""
        found: dict[Element, None] = {}
        if probability <= 0:
            return []
        sizes = self.sizes()
        if sum(sizes) * probability > _MOST_HITS:
            raise SizeLimitError(
                f"probability {probability} of {counted(sum(sizes), 'element')} fails more than "
                f"{_MOST_HITS:,}; select boxes instead"
            )
        for part, size in zip(self.parts, sizes, strict=True):
            rank = random.skips(probability)
            while rank < size:
                element = self._element(part, rank)
                if element is not None:
                    found.setdefault(element)
                rank += 1 + random.skips(probability)
        return list(found)

    def each(self) -> Iterator[Element]:
        """List the elements one by one."""
        for part in self.parts:
            for rank in range(block_size(part[2])):
                element = self._element(part, rank)
                if element is not None:
                    yield element


def gathered(wiring: Wiring, elements: Iterable[Element]) -> tuple[Selection | LinkSelection, ...]:
    """Make selections, one per bundle and group, of single elements."""
    links: dict[str, list[Point]] = {}
    nodes: dict[str, list[Point]] = {}
    for kind, name, point in elements:
        (links if kind == "link" else nodes).setdefault(name, []).append(point)
    out: list[Selection | LinkSelection] = []
    for bundle, points in links.items():
        whole = wiring.whole(bundle)
        index = wiring.bundles.index(bundle)
        label = label_of((wiring.link_label(index, point) for point in points[:3]), len(points))
        if whole.own_pair is not None:
            points = [p for point in points for p in (point, wiring.mirrored(index, point))]
        blocks = [[[(value, value + 1)] for value in point] for point in points]
        core = _core.LinkSelection(bundle, whole.sizes, blocks, whole.own_pair)
        out.append(LinkSelection(core, label))
    for group, points in nodes.items():
        index = wiring.groups.index(group)
        sizes = [size for _, size in wiring.digits[index]]
        label = label_of((wiring.node_label(index, point) for point in points[:3]), len(points))
        blocks = [[[(value, value + 1)] for value in point] for point in points]
        out.append(Selection(_core.Selection(group, sizes, blocks), label))
    return tuple(out)
