"""What a scenario is, and sets of them that are given one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pinchpoint._suggest import shorten
from pinchpoint._validation import as_number
from pinchpoint._wording import a_type, counted
from pinchpoint.errors import InputTypeError, ScenarioError, SelectionError
from pinchpoint.selection import LinkSelection, Selection

if TYPE_CHECKING:
    from pinchpoint.fabric import Fabric

__all__ = ["Chosen", "Listed", "Scenario", "Scenarios", "chosen_in", "multiplier", "of", "several"]

# A selection, its text, or several that fail together.
Chosen: TypeAlias = "Selection | LinkSelection | str | Sequence[Selection | LinkSelection | str]"


@dataclass(frozen=True)
class Scenario:
    """One state of a fabric.

    Attributes
    ----------
    label : str
        What a reader calls it.
    failed : tuple of Selection and LinkSelection
        Links and nodes that are down.
    scaled : tuple of (LinkSelection, float)
        Links whose capacity is multiplied, in this order, before anything fails.
    stands_for : int, default 1
        How many scenarios, alike under the fabric's symmetry, this one stands for.
    """

    label: str = ""
    failed: tuple[Selection | LinkSelection, ...] = ()
    scaled: tuple[tuple[LinkSelection, float], ...] = ()
    stands_for: int = 1

    def apply(self, fabric: Fabric) -> Fabric:
        """Return the fabric in this state.

        Parameters
        ----------
        fabric : Fabric
            Of the build that the selections are of.

        Returns
        -------
        Fabric
            Scaled first, then without what has failed.

        Raises
        ------
        SelectionError
            A selection of another fabric.

        Notes
        -----
        As cheap as :meth:`Fabric.scaled` and :meth:`Fabric.without`.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> bad = pp.scenarios.Scenario("two links", failed=(rack.sample_links("chip-switch", 2),))
        >>> bad.apply(rack).num_links
        1438
        """
        for links, factor in self.scaled:
            fabric = fabric.scaled(links, factor)
        return fabric.without(*self.failed) if self.failed else fabric

    @property
    def links_failed(self) -> int:
        """Number of links named as failed; links of failed nodes are not counted."""
        return sum(len(item) for item in self.failed if isinstance(item, LinkSelection))

    @property
    def nodes_failed(self) -> int:
        """Number of nodes named as failed."""
        return sum(len(item) for item in self.failed if isinstance(item, Selection))


@dataclass(frozen=True)
class Scenarios:
    """Many scenarios, described and not listed; ``+`` puts one after another."""

    def resolve(
        self,
        fabric: Fabric,
        pins: Sequence[Selection | LinkSelection] | None = None,
        seed: int = 0,
    ) -> Sequence[Scenario]:
        """List the scenarios of a fabric.

        Parameters
        ----------
        fabric : Fabric
            Which links and nodes there are.
        pins : list of Selection, optional
            What the query tells apart. Where it is given, sets such as :func:`each_link` list one
            scenario per orbit of the symmetry that is left; otherwise one per element.
        seed : int, default 0
            Moves all draws; 0 leaves them as the scenarios' own seeds give them.

        Returns
        -------
        sequence of Scenario
            In order; the same fabric, pins and seed give the same ones.

        Raises
        ------
        ScenarioError
            A selection that the fabric does not have, or that matches nothing.
        SizeLimitError
            Too many to list.

        Notes
        -----
        Takes time and memory for each scenario that is listed, whatever the size of a structured
        fabric; telling scenarios apart by symmetry follows the kinds of links and nodes.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> every = pp.scenarios.each_link("chip-switch")
        >>> len(every.resolve(rack)), len(every.resolve(rack, pins=[rack.select("chip", chip=0)]))
        (1296, 8)
        """
        raise NotImplementedError

    def describe(self) -> str:
        """Return in words what the scenarios are, for reports.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> (pp.scenarios.failed("spine") + pp.scenarios.random_links(k=2, count=100)).describe()
        'failed: spine + random_links(k=2, count=100, seed=0)'
        """
        raise NotImplementedError

    def __add__(self, other: Scenarios) -> Scenarios:
        if not isinstance(other, Scenarios):
            return NotImplemented
        return _Chain((self, other))


@dataclass(frozen=True)
class _Chain(Scenarios):
    parts: tuple[Scenarios, ...]

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        return [one for part in self.parts for one in part.resolve(fabric, pins, seed)]

    def describe(self) -> str:
        return " + ".join(part.describe() for part in self.parts)


@dataclass(frozen=True)
class Listed(Scenarios):
    """Scenarios by name: (label, what fails, links and factors)."""

    rows: tuple[tuple[str, tuple[Any, ...], tuple[tuple[Any, float], ...]], ...]

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        """List them; see :meth:`Scenarios.resolve`."""
        out = []
        for label, down, scaled in self.rows:
            where = f"scenario {shorten(label)}"
            own = chosen_in(fabric, down, where)
            factors = []
            for what, factor in scaled:
                for one in chosen_in(fabric, (what,), where):
                    factors += [(links, float(factor)) for links in _links(fabric, one)]
            out.append(Scenario(label, tuple(own), tuple(factors)))
        return out

    def describe(self) -> str:
        """Return in words what they are."""
        if len(self.rows) > 3:
            return counted(len(self.rows), "named scenario")
        return ", ".join(label for label, _, _ in self.rows)


def chosen_in(fabric: Fabric, chosen: Iterable[Any], where: str) -> list[Selection | LinkSelection]:
    """Resolve text, and check that selections fit."""
    bundles = {bundle.name for bundle in fabric.bundles}
    out: list[Selection | LinkSelection] = []
    for item in chosen:
        try:
            if isinstance(item, str):
                own = fabric._by_name(item)
            elif isinstance(item, Selection | LinkSelection):
                own = item
                fabric.without(own)
            else:
                raise InputTypeError(
                    f"{where}: {shorten(item)} is {a_type(item)}; it must be a selection or text"
                )
        except SelectionError as error:
            groups = ", ".join(group.name for group in fabric.groups)
            known = f"groups: {groups}; bundles: {', '.join(sorted(bundles))}"
            raise ScenarioError(f"{where}: {error} ({known})") from None
        if not len(own):
            raise ScenarioError(
                f"{where}: {shorten(item)} matches nothing in fabric {shorten(fabric.name)}"
            )
        out.append(own)
    return out


def _links(fabric: Fabric, one: Selection | LinkSelection) -> list[LinkSelection]:
    """Return links as they are, and of nodes all of their links."""
    if isinstance(one, LinkSelection):
        return [one]
    from pinchpoint.studies.touching import links_at

    return links_at(fabric, one)


def multiplier(factor: Any) -> float:
    """Take a factor of capacities; it is finite and above zero."""
    own = as_number("factor", factor)
    if not 0 < own < float("inf"):
        raise ScenarioError(f"factor is {shorten(factor)}; it must be finite and above 0")
    return own


def several(chosen: Chosen) -> tuple[Any, ...]:
    """Take one selection, or several that fail together, as a tuple."""
    if isinstance(chosen, Selection | LinkSelection | str):
        return (chosen,)
    if not isinstance(chosen, Iterable):
        raise InputTypeError(f"{shorten(chosen)} is no selection, text, or list of them")
    return tuple(chosen)


def of(chosen: Scenarios | Scenario | Iterable[Scenario]) -> Scenarios:
    """Take a set of scenarios, or a list of single ones."""
    if isinstance(chosen, Scenarios):
        return chosen
    if isinstance(chosen, str) or not isinstance(chosen, Iterable | Scenario):
        raise InputTypeError(f"scenarios is {a_type(chosen)}; make it with pinchpoint.scenarios")
    own = [chosen] if isinstance(chosen, Scenario) else list(chosen)
    for place, one in enumerate(own):
        if not isinstance(one, Scenario):
            raise InputTypeError(f"scenarios[{place}] is {a_type(one)}; it must be a Scenario")
    return _Given(tuple(own))


@dataclass(frozen=True)
class _Given(Scenarios):
    own: tuple[Scenario, ...]

    def describe(self) -> str:
        return counted(len(self.own), "given scenario")

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        out = []
        for place, one in enumerate(self.own):
            chosen_in(fabric, one.failed, f"scenarios[{place}]")
            chosen_in(fabric, [links for links, _ in one.scaled], f"scenarios[{place}]")
            out.append(replace(one, label=one.label or f"scenario {place}"))
        return out
