"""Scenarios of every link or node alone, or every two: one for each orbit of the symmetry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pinchpoint.errors import ScenarioError, SizeLimitError
from pinchpoint.selection import LinkSelection, shown
from pinchpoint.studies.elements import Population, Wiring, gathered
from pinchpoint.studies.scenario import Scenario, Scenarios, chosen_in
from pinchpoint.studies.symmetry import Symmetry, inside_any

if TYPE_CHECKING:
    from pinchpoint.fabric import Fabric
    from pinchpoint.studies.elements import Element

__all__ = ["Each", "orbits", "whole"]

_MOST_LISTED = 2_000_000


def whole(fabric: Fabric, among: tuple[Any, ...] | None, kind: str) -> list[Any]:
    """Resolve what is chosen from, or take all links or nodes."""
    if among is not None:
        found = chosen_in(fabric, among, "among")
        for one in found if kind else ():
            if isinstance(one, LinkSelection) != (kind == "link"):
                raise ScenarioError(f"among: {one} are no {kind}s")
        return found
    if kind != "node":
        return [fabric.select_links(bundle.name) for bundle in fabric.bundles]
    return [fabric.select(group.name) for group in fabric.groups]


def orbits(symmetry: Symmetry, chosen: list[Any]) -> Iterator[tuple[Element, int]]:
    """Yield an element of each orbit within the chosen ones, and the orbit's size."""
    population = Population.of(symmetry.wiring, chosen)
    names = dict.fromkeys((kind, index) for kind, index, _ in population.parts)
    for kind, index in names:
        inside = [block for k, i, block in population.parts if (k, i) == (kind, index)]
        if kind == "link":
            found = symmetry.link_orbits(symmetry.wiring.bundles[index])
        else:
            found = symmetry.node_orbits(symmetry.wiring.groups[index])
        for element, count in found:
            if inside_any(inside, element[2]):
                yield element, count


@dataclass(frozen=True)
class Each(Scenarios):
    """Every element alone, or every two of them."""

    among: tuple[Any, ...] | None
    kind: str
    pairs: bool = False

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        """List them; see :meth:`Scenarios.resolve`."""
        chosen = whole(fabric, self.among, self.kind)
        wiring = Wiring(fabric)
        if pins is None or not wiring.regular:
            return self._listed(wiring, chosen)
        # Leaving the chosen parts where they are makes orbits lie inside or outside of them.
        symmetry = Symmetry(wiring, [*pins, *chosen])
        if not self.pairs:
            return [
                self._scenario(wiring, (element,), count)
                for element, count in orbits(symmetry, chosen)
            ]
        merged: dict[Any, tuple[tuple[Element, Element], int]] = {}
        for one, count in orbits(symmetry, chosen):
            fixed = symmetry.pinned(gathered(wiring, [one]))
            for other, further in orbits(fixed, chosen):
                if other == one:
                    continue
                boxes = symmetry.boxes(gathered(wiring, [one, other]), "failed")
                form = symmetry.form(boxes)
                known = merged.get(form)
                total = count * further
                merged[form] = (known[0], known[1] + total) if known else ((one, other), total)
                if len(merged) > _MOST_LISTED:
                    raise SizeLimitError(f"more than {_MOST_LISTED:,} kinds of pairs")
        # Every pair was met from both of its elements.
        return [self._scenario(wiring, pair, count // 2) for pair, count in merged.values()]

    def describe(self) -> str:
        """Return in words what they are."""
        what = f"each_{self.kind or 'pair'}"
        return f"{what}({'' if self.among is None else shown(self.among)})"

    def _listed(self, wiring: Wiring, chosen: list[Any]) -> Sequence[Scenario]:
        population = Population.of(wiring, chosen)
        points = sum(population.sizes())
        many = points * (points - 1) // 2 if self.pairs else points
        if many > 4 * _MOST_LISTED:
            raise SizeLimitError(
                f"about {many:,} scenarios would be listed one by one; a pp.query value on a "
                "structured fabric needs one per orbit only"
            )
        elements = list(population.each())
        if not self.pairs:
            return [self._scenario(wiring, (one,), 1) for one in elements]
        return [
            self._scenario(wiring, (one, other), 1)
            for place, one in enumerate(elements)
            for other in elements[:place]
        ]

    def _scenario(self, wiring: Wiring, elements: tuple[Element, ...], count: int) -> Scenario:
        label = " + ".join(wiring.label(element) for element in elements)
        return Scenario(label, gathered(wiring, elements), (), count)
