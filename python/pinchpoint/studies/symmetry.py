"""Which scenarios are equal under the symmetry of a fabric and a query.

Digits that joins tie together form a *family*; one permutation acts on a whole family. Values of
a family that lie in the same bundle parts, changed boxes and selections of the query are alike:
permuting them maps wiring, changes and query to themselves. Scenarios that such permutations map
to each other have equal answers. Two scenarios with equal forms are always equal; equal scenarios
may keep different forms and are then solved more than once: rings are left rigid, and permutations
of a child below one parent alone are not used.

The core's orbits (rust/pinchpoint-core/src/symmetry) do use those, and are products of cells that
depend on the cells above them. A form needs the other kind, classes of values that hold wherever
the value stands, because a scenario is a set of boxes that one permutation per family must map at
once. That is why the classes here are not the core's cells.
"""

from __future__ import annotations

import bisect
from collections import Counter
from itertools import product
from math import perm
from typing import TYPE_CHECKING, Any

from pinchpoint.selection import LinkSelection, Selection
from pinchpoint.studies.elements import Wiring, holds

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from pinchpoint.studies.elements import Block, Element, Point, Runs

    # What is done, and blocks over axes of these families.
    Box = tuple[Hashable, tuple[int, ...], Block]

__all__ = ["Symmetry"]

# Orders tried where refinement leaves several open. What is merely merged needs one, since mostly
# all of them are alike; what is counted gets more.
_MOST_LEAVES = 24


class _Classes:
    """The values of one family by class: runs of alike values, and each class's size."""

    def __init__(self, size: int, rigid: bool) -> None:
        self.size = size
        self.rigid = rigid
        self.starts = [0]
        self.of = [0]
        self.sizes = [size]

    def refine(self, marks: list[tuple[int, int, int]]) -> None:
        """Tell values apart by the marked runs (low, high, mark) that hold them."""
        if self.rigid:
            self.starts = list(range(self.size))
            self.of = list(range(self.size))
            self.sizes = [1] * self.size
            return
        points = sorted({0, *(p for low, high, _ in marks for p in (low, high) if p < self.size)})
        held: list[list[int]] = [[] for _ in points]
        for low, high, mark in marks:
            for place in range(bisect.bisect_left(points, low), len(points)):
                if points[place] >= high:
                    break
                held[place].append(mark)
        known: dict[tuple[int, ...], int] = {}
        self.starts, self.of, self.sizes = points, [], []
        for place, marked in enumerate(held):
            own = known.setdefault(tuple(marked), len(known))
            if own == len(self.sizes):
                self.sizes.append(0)
            end = points[place + 1] if place + 1 < len(points) else self.size
            self.sizes[own] += end - points[place]
            self.of.append(own)

    def class_of(self, value: int) -> int:
        return self.of[bisect.bisect_right(self.starts, value) - 1]

    def inside(self, runs: Runs) -> list[int]:
        """Return the classes of a run set, which is a union of classes."""
        found: dict[int, None] = {}
        for low, high in runs:
            for place in range(bisect.bisect_left(self.starts, low), len(self.starts)):
                if self.starts[place] >= high:
                    break
                found.setdefault(self.of[place])
        return list(found)

    def nth(self, own: int, rank: int) -> int:
        """Return a value of a class by its rank."""
        for place, start in enumerate(self.starts):
            if self.of[place] == own:
                end = self.starts[place + 1] if place + 1 < len(self.starts) else self.size
                if rank < end - start:
                    return start + rank
                rank -= end - start
        raise IndexError(rank)


class Symmetry:
    """The symmetry of a fabric that leaves some selections where they are."""

    def __init__(self, wiring: Wiring, pins: Iterable[Selection | LinkSelection]) -> None:
        self.wiring = wiring
        self._families: dict[tuple[str, int, int], int] = {}
        sizes, rigid = self._tie()
        self.classes = [_Classes(size, one in rigid) for one, size in enumerate(sizes)]
        self.link_families = [
            tuple(
                self._families["cable", index, 0]
                if axis is None
                else self._families["digit", *axis]
                for axis in link.axes
            )
            for index, link in enumerate(wiring.links)
        ]
        self.node_families = [
            tuple(self._families["digit", group, digit] for digit in range(len(digits)))
            for group, digits in enumerate(wiring.digits)
        ]
        self.pins = list(pins)
        self._refine(self._built_boxes() + self.boxes(self.pins, "pin"))

    def pinned(self, more: Iterable[Selection | LinkSelection]) -> Symmetry:
        """Return the smaller symmetry that leaves these where they are, too."""
        return Symmetry(self.wiring, [*self.pins, *more])

    def _tie(self) -> tuple[list[int], set[int]]:
        wiring = self.wiring
        slots = [
            (group, digit)
            for group, digits in enumerate(wiring.digits)
            for digit in range(len(digits))
        ]
        parent = {slot: slot for slot in slots}

        def root(slot: tuple[int, int]) -> tuple[int, int]:
            while parent[slot] != slot:
                slot = parent[slot]
            return slot

        rigid_slots = []
        for link in wiring.links:
            for digit, axis in enumerate(link.ends):
                own = link.axes[axis]
                assert own is not None, "an end never sits on the cable axis"
                parent[root((link.b, digit))] = root(own)
            if link.ring is not None:
                rigid_slots.append((link.a, link.ring))
        sizes: list[int] = []
        numbers: dict[tuple[int, int], int] = {}
        for slot in slots:
            top = root(slot)
            if top not in numbers:
                numbers[top] = len(sizes)
                sizes.append(wiring.digits[slot[0]][slot[1]][1])
            self._families["digit", slot[0], slot[1]] = numbers[top]
        for index, link in enumerate(wiring.links):
            self._families["cable", index, 0] = len(sizes)
            sizes.append(max((runs[-1][1] for *_, runs in link.blocks), default=1))
        return sizes, {numbers[root(slot)] for slot in rigid_slots}

    def _refine(self, boxes: list[Box]) -> None:
        marks: list[list[tuple[int, int, int]]] = [[] for _ in self.classes]
        number = 0
        for _, families, block in boxes:
            for family, runs in zip(families, block, strict=True):
                size = self.classes[family].size
                if runs != [(0, size)]:
                    marks[family] += [(low, high, number) for low, high in runs]
                number += 1
        for family, own in enumerate(self.classes):
            own.refine(marks[family])

    def _built_boxes(self) -> list[Box]:
        wiring = self.wiring
        boxes: list[Box] = []
        for index, link in enumerate(wiring.links):
            families = self.link_families[index]
            boxes += [("built", families, block) for block in link.blocks]
            boxes += [("changed", families, axes) for axes, _, _ in wiring.overrides[index]]
        for group, families in enumerate(self.node_families):
            boxes += [("domain", families, block) for block in wiring.domains[group]]
            boxes += [("removed", families, block) for block in wiring.removed[group]]
        return boxes

    def boxes(self, chosen: Iterable[Selection | LinkSelection], what: Hashable) -> list[Box]:
        """Return selections as boxes over families."""
        boxes: list[Box] = []
        for item in chosen:
            if isinstance(item, LinkSelection):
                index = self.wiring.bundles.index(item.bundle)
                families, name = self.link_families[index], ("link", index, what)
            else:
                index = self.wiring.groups.index(item.group)
                families, name = self.node_families[index], ("node", index, what)
            boxes += [(name, families, block) for block in item._handle.blocks()]
        return boxes

    def form(self, boxes: list[Box], leaves: int = _MOST_LEAVES) -> Hashable:
        """Return a value that equal boxes share; different boxes never do."""
        return _Incidence(self.classes, boxes).form(leaves)

    def sketch(self, boxes: list[Box]) -> Hashable:
        """Return a value that boxes of one form share; cheap, and mostly different otherwise."""
        single: dict[tuple[int, int], int] = {}
        names = []
        for name, families, block in boxes:
            wide = 0
            for family, runs in zip(families, block, strict=True):
                low, high = runs[0]
                if high - low == 1 and len(runs) == 1:
                    single[family, low] = single.get((family, low), 0) + 1
                else:
                    wide = wide * 1_000_003 + sum(high - low for low, high in runs)
            names.append((name, wide))
        counts = [
            (family, self.classes[family].class_of(value), count)
            for (family, value), count in single.items()
        ]
        return tuple(sorted(counts)), frozenset(Counter(names).items())

    def leaders(self, scenarios: Iterable[list[Box]]) -> list[int]:
        """For each of many scenarios return the first one that is equal to it."""
        listed = list(scenarios)
        alike: dict[Hashable, list[int]] = {}
        for place, boxes in enumerate(listed):
            alike.setdefault(self.sketch(boxes), []).append(place)
        found = list(range(len(listed)))
        for places in alike.values():
            if len(places) > 1:
                first: dict[Hashable, int] = {}
                for place in places:
                    found[place] = first.setdefault(self.form(listed[place], 1), place)
        return found

    def link_orbits(self, bundle: str) -> Iterator[tuple[Element, int]]:
        """Yield a link of each orbit of the links that are up, and the orbit's size."""
        index = self.wiring.bundles.index(bundle)
        families = self.link_families[index]
        within = self.wiring.links[index].kind == "within"
        merged: dict[Hashable, tuple[Element, int]] = {}
        for point, count in self._points(families, self.wiring.links[index].blocks):
            if self.wiring.is_loop(index, point) or self.wiring.link_is_down(index, point):
                continue
            element = ("link", bundle, point)
            if not within:
                yield element, count
                continue
            mirror = self.wiring.mirrored(index, point)
            form = self.form(
                [("link", families, [[(v, v + 1)] for v in one]) for one in (point, mirror)]
            )
            element = ("link", bundle, min(point, mirror))
            known = merged.get(form)
            merged[form] = (known[0], known[1] + count) if known else (element, count)
        for element, count in merged.values():
            # Both directions of each pair were counted.
            yield element, count // 2

    def node_orbits(self, group: str) -> Iterator[tuple[Element, int]]:
        """Yield a node of each orbit of the nodes that are up, and the orbit's size."""
        index = self.wiring.groups.index(group)
        for point, count in self._points(self.node_families[index], self.wiring.domains[index]):
            if not self.wiring.node_is_down(index, point):
                yield ("node", group, point), count

    def _points(
        self, families: Sequence[int], blocks: Sequence[Block]
    ) -> Iterator[tuple[Point, int]]:
        for block in blocks:
            inside = [
                self.classes[family].inside(runs)
                for family, runs in zip(families, block, strict=True)
            ]
            for own in product(*inside):
                slots: dict[tuple[int, int], list[int]] = {}
                for axis, key in enumerate(zip(families, own, strict=True)):
                    slots.setdefault(key, []).append(axis)
                patterns = [list(_patterns(len(axes))) for axes in slots.values()]
                for choice in product(*patterns):
                    point, count = [0] * len(own), 1
                    for (key, axes), pattern in zip(slots.items(), choice, strict=True):
                        classes, distinct = self.classes[key[0]], max(pattern) + 1
                        count *= perm(classes.sizes[key[1]], distinct)
                        if not count:
                            break
                        for axis, rank in zip(axes, pattern, strict=True):
                            point[axis] = classes.nth(key[1], rank)
                    if count:
                        yield tuple(point), count


def _patterns(count: int) -> Iterator[tuple[int, ...]]:
    """Yield which of `count` values are equal: restricted growth strings."""
    grown: list[tuple[int, ...]] = [(0,)]
    for _ in range(count - 1):
        grown = [(*one, new) for one in grown for new in range(max(one) + 2)]
    yield from grown


class _Incidence:
    """Boxes over atoms: sets of values of one class that the same axes of boxes hold."""

    def __init__(self, classes: list[_Classes], boxes: list[Box]) -> None:
        self.tags = [name for name, _, _ in boxes]
        self.axes: list[list[list[int]]] = [[] for _ in boxes]
        self.kinds: list[tuple[int, int, int]] = []
        runs_of: dict[int, list[tuple[int, int, int, int]]] = {}
        for box, (_, families, block) in enumerate(boxes):
            for axis, (family, runs) in enumerate(zip(families, block, strict=True)):
                self.axes[box].append([])
                held = runs_of.setdefault(family, [])
                held += [(low, high, box, axis) for low, high in runs]
        for family in sorted(runs_of):
            self._atoms(family, classes[family], runs_of[family])

    def _atoms(self, family: int, own: _Classes, held: list[tuple[int, int, int, int]]) -> None:
        found: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
        if all(high - low == 1 for low, high, _, _ in held):
            at: dict[int, list[tuple[int, int]]] = {}
            for low, _, box, axis in held:
                at.setdefault(low, []).append((box, axis))
            for value, refs in at.items():
                key = (own.class_of(value), tuple(refs))
                found[key] = found.get(key, 0) + 1
        else:
            ends = {p for low, high, _, _ in held for p in (low, high)}
            points = sorted({*own.starts, *(p for p in ends if p < own.size)})
            cover: list[list[tuple[int, int]]] = [[] for _ in points]
            for low, high, box, axis in held:
                for place in range(bisect.bisect_left(points, low), len(points)):
                    if points[place] >= high:
                        break
                    cover[place].append((box, axis))
            for place, refs in enumerate(cover):
                if refs:
                    end = points[place + 1] if place + 1 < len(points) else own.size
                    key = (own.class_of(points[place]), tuple(refs))
                    found[key] = found.get(key, 0) + end - points[place]
        for (one, refs_of), size in found.items():
            atom = len(self.kinds)
            self.kinds.append((family, one, size))
            for box, axis in refs_of:
                self.axes[box][axis].append(atom)

    def form(self, most: int) -> Hashable:
        """Return the smallest encoding over the orders that refinement leaves open."""
        best: tuple[Any, ...] | None = None
        leaves = 0
        stack = [self._refined(_ranked(self.kinds))]
        while stack and leaves < most:
            colours = stack.pop()
            cell = _first_tie(colours)
            if cell is None:
                leaves += 1
                encoded = self._encoded(colours)
                if best is None or encoded < best:
                    best = encoded
                continue
            for atom in cell:
                split = [(colour, other == atom) for other, colour in enumerate(colours)]
                stack.append(self._refined(_ranked(split)))
        return best

    def _refined(self, colours: list[int]) -> list[int]:
        count = len(set(colours))
        while count < len(colours):
            boxes = [
                (str(tag), [sorted(colours[atom] for atom in axis) for axis in axes])
                for tag, axes in zip(self.tags, self.axes, strict=True)
            ]
            ranks = _ranked(boxes)
            seen: list[list[tuple[int, int]]] = [[] for _ in colours]
            for box, axes in enumerate(self.axes):
                for axis, atoms in enumerate(axes):
                    for atom in atoms:
                        seen[atom].append((ranks[box], axis))
            finer = _ranked([(c, sorted(s)) for c, s in zip(colours, seen, strict=True)])
            now = len(set(finer))
            colours = finer
            if now == count:
                break
            count = now
        return colours

    def _encoded(self, colours: list[int]) -> tuple[Any, ...]:
        order = sorted(range(len(colours)), key=colours.__getitem__)
        place = {atom: rank for rank, atom in enumerate(order)}
        boxes = sorted(
            (str(tag), tuple(tuple(sorted(place[atom] for atom in axis)) for axis in axes))
            for tag, axes in zip(self.tags, self.axes, strict=True)
        )
        return tuple(self.kinds[atom] for atom in order), tuple(boxes)


def _ranked(values: list[Any]) -> list[int]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, rank = [0] * len(values), -1
    previous: Any = None
    for place in order:
        if rank < 0 or values[place] != previous:
            rank += 1
            previous = values[place]
        ranks[place] = rank
    return ranks


def _first_tie(colours: list[int]) -> list[int] | None:
    counts: dict[int, list[int]] = {}
    for atom, colour in enumerate(colours):
        counts.setdefault(colour, []).append(atom)
    ties = [colour for colour, atoms in counts.items() if len(atoms) > 1]
    return counts[min(ties)] if ties else None


def inside_any(blocks: Iterable[Block], point: Point) -> bool:
    """Tell whether a point lies in one of some blocks."""
    return any(holds(block, point) for block in blocks)
