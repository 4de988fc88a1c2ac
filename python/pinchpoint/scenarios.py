"""Scenarios: what fails, degrades, is drained or upgraded, for :func:`pinchpoint.sweep`.

A scenario is one state of a fabric. The functions here describe many at once; nothing is drawn or
listed before a fabric is asked. Draws depend on the seed and the scenario's index alone.

Elements are named as :meth:`Fabric.select` and :meth:`Fabric.select_links` read them: selections,
or text such as ``"spine[pod=0]"`` (nodes of a group) and ``"leaf-spine"`` (links of a bundle).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pinchpoint.errors import InputTypeError, ScenarioError, SelectionError, SizeLimitError
from pinchpoint.selection import LinkSelection, Selection, shown
from pinchpoint.studies.elements import Population, Wiring, gathered
from pinchpoint.studies.random import SplitMix64, seeded
from pinchpoint.studies.symmetry import Symmetry

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from pinchpoint.fabric import Fabric
    from pinchpoint.studies.elements import Element

__all__ = [
    "Mode",
    "Rule",
    "Scenario",
    "Scenarios",
    "degraded",
    "drained",
    "each",
    "each_link",
    "each_node",
    "each_pair",
    "failed",
    "healthy",
    "load",
    "policy",
    "random_links",
    "random_nodes",
    "upgrades",
]

_MOST = 10_000_000
_MOST_LISTED = 2_000_000

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
    stands_for : int
        How many scenarios, alike under the fabric's symmetry, this one stands for.
    """

    label: str = ""
    failed: tuple[Selection | LinkSelection, ...] = ()
    scaled: tuple[tuple[LinkSelection, float], ...] = ()
    stands_for: int = 1

    def apply(self, fabric: Fabric) -> Fabric:
        """Return the fabric in this state."""
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

        Raises
        ------
        ScenarioError
            A selection that the fabric does not have, or that matches nothing.
        SizeLimitError
            Too many to list.
        """
        raise NotImplementedError

    def describe(self) -> str:
        """Return in words what the scenarios are, for reports."""
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
class _Listed(Scenarios):
    """Scenarios by name: (label, what fails, links and factors)."""

    rows: tuple[tuple[str, tuple[Any, ...], tuple[tuple[Any, float], ...]], ...]

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        out = []
        for label, down, scaled in self.rows:
            own = _found(fabric, down, f"scenario {label!r}")
            factors = []
            for what, factor in scaled:
                for links in _found(fabric, (what,), f"scenario {label!r}"):
                    if not isinstance(links, LinkSelection):
                        raise ScenarioError(
                            f"scenario {label!r}: {what!r} is a group of nodes; only links have a "
                            "capacity to change"
                        )
                    factors.append((links, float(factor)))
            out.append(Scenario(label, tuple(own), tuple(factors)))
        return out

    def describe(self) -> str:
        if len(self.rows) > 3:
            return f"{len(self.rows):,} named scenarios"
        return ", ".join(label for label, _, _ in self.rows)


def _found(fabric: Fabric, chosen: Iterable[Any], where: str) -> list[Selection | LinkSelection]:
    """Resolve text, and check that selections fit."""
    bundles = {bundle.name for bundle in fabric.bundles}
    out: list[Selection | LinkSelection] = []
    for item in chosen:
        try:
            if isinstance(item, str):
                own: Selection | LinkSelection
                name = item.partition("[")[0].strip()
                own = fabric.select_links(item) if name in bundles else fabric.select(item)
            elif isinstance(item, Selection | LinkSelection):
                own = item
                fabric.without(own)
            else:
                raise InputTypeError(
                    f"{where}: {item!r} is a {type(item).__name__}; it must be a selection or text"
                )
        except SelectionError as error:
            groups = ", ".join(group.name for group in fabric.groups)
            known = f"groups: {groups}; bundles: {', '.join(sorted(bundles))}"
            raise ScenarioError(f"{where}: {error} ({known})") from None
        if not len(own):
            raise ScenarioError(f"{where}: {item!r} matches nothing in fabric {fabric.name!r}")
        out.append(own)
    return out


def _several(chosen: Chosen) -> tuple[Any, ...]:
    if isinstance(chosen, Selection | LinkSelection | str):
        return (chosen,)
    if not isinstance(chosen, Iterable):
        raise InputTypeError(f"{chosen!r} is no selection, text, or list of them")
    return tuple(chosen)


def _name(chosen: tuple[Any, ...]) -> str:
    return shown(chosen)


def healthy() -> Scenarios:
    """Return the fabric as it is, as the only scenario."""
    return _Listed((("as it is", (), ()),))


def failed(*chosen: Chosen, label: str | None = None) -> Scenarios:
    """Fail all of these at once: one scenario.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> pp.scenarios.failed("chip[chip=0]").resolve(rack)[0].nodes_failed
    1
    """
    own = tuple(item for one in chosen for item in _several(one))
    return _Listed(((label or f"failed: {_name(own)}", own, ()),))


def drained(*chosen: Chosen) -> Scenarios:
    """Drain these nodes or links at once: they carry nothing. One scenario."""
    own = tuple(item for one in chosen for item in _several(one))
    return _Listed(((f"drained: {_name(own)}", own, ()),))


def degraded(links: Chosen, factor: float, label: str | None = None) -> Scenarios:
    """Multiply the capacity of links: one scenario."""
    own = _several(links)
    rows = tuple((one, factor) for one in own)
    return _Listed(((label or f"{_name(own)} x {factor:g}", (), rows),))


def upgrades(links: Chosen, factors: Iterable[float]) -> Scenarios:
    """Multiply the capacity of links by each factor: a scenario per factor.

    A tier's count or the generation of a link changes the wiring: see
    :func:`pinchpoint.designs.grid`.
    """
    own = _several(links)
    return _Listed(
        tuple(
            (f"{_name(own)} x {factor:g}", (), tuple((one, factor) for one in own))
            for factor in factors
        )
    )


def each(groups: Mapping[str, Chosen] | Iterable[Chosen]) -> Scenarios:
    """Fail risk groups one at a time: a tray, a power feed, a cable bundle.

    Parameters
    ----------
    groups : mapping of label to selections, or sequence of selections
        What fails together.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> feeds = {"feed A": ["switch[switch=0:9]"], "feed B": ["switch[switch=9:18]"]}
    >>> [one.label for one in pp.scenarios.each(feeds).resolve(rack)]
    ['feed A', 'feed B']
    """
    if isinstance(groups, Mapping):
        return _Listed(tuple((str(name), _several(one), ()) for name, one in groups.items()))
    own = [_several(one) for one in groups]
    return _Listed(tuple((f"failed: {_name(one)}", one, ()) for one in own))


def _whole(fabric: Fabric, among: tuple[Any, ...] | None, kind: str) -> list[Any]:
    if among is not None:
        return _found(fabric, among, "among")
    if kind == "link":
        return [fabric.select_links(bundle.name) for bundle in fabric.bundles]
    return [fabric.select(group.name) for group in fabric.groups]


def _orbits(symmetry: Symmetry, chosen: list[Any]) -> Iterator[tuple[Element, int]]:
    """Yield an element of each orbit within the chosen ones, and the orbit's size."""
    population = Population.of(symmetry.wiring, chosen)
    names = dict.fromkeys((kind, index) for kind, index, _ in population.parts)
    for kind, index in names:
        inside = [block for k, i, block in population.parts if (k, i) == (kind, index)]
        if kind == "link":
            found = symmetry.link_orbits(symmetry.wiring.bundles[index])
        else:
            found = symmetry.node_orbits(symmetry.wiring.groups[index])
        from pinchpoint.studies.symmetry import inside_any

        for element, count in found:
            if inside_any(inside, element[2]):
                yield element, count


@dataclass(frozen=True)
class _Each(Scenarios):
    """Every element alone, or every two of them."""

    among: tuple[Any, ...] | None
    kind: str
    pairs: bool = False

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        chosen = _whole(fabric, self.among, self.kind)
        wiring = Wiring(fabric)
        if pins is None or not wiring.regular:
            return self._listed(wiring, chosen)
        # Leaving the chosen parts where they are makes orbits lie inside or outside of them.
        symmetry = Symmetry(wiring, [*pins, *chosen])
        if not self.pairs:
            return [
                self._scenario(wiring, (element,), count)
                for element, count in _orbits(symmetry, chosen)
            ]
        merged: dict[Any, tuple[tuple[Element, Element], int]] = {}
        for one, count in _orbits(symmetry, chosen):
            fixed = symmetry.pinned(gathered(wiring, [one]))
            for other, further in _orbits(fixed, chosen):
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
        what = "each_pair" if self.pairs else f"each_{self.kind}"
        return f"{what}({'' if self.among is None else _name(self.among)})"

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


def each_link(among: Chosen | None = None) -> Scenarios:
    """Fail every link alone, parallel ones each.

    Parameters
    ----------
    among : selections or text, optional
        Only these; default all links of the fabric.

    Notes
    -----
    On a structured fabric, with a :mod:`pinchpoint.query` value, links that are alike under
    symmetry make one scenario; its `stands_for` counts them.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> alike = pp.scenarios.each_link("chip-switch").resolve(rack, pins=[])
    >>> [one.stands_for for one in alike]
    [1296]
    """
    return _Each(None if among is None else _several(among), "link")


def each_node(among: Chosen | None = None) -> Scenarios:
    """Fail every node alone; otherwise as :func:`each_link`."""
    return _Each(None if among is None else _several(among), "node")


def each_pair(among: Chosen) -> Scenarios:
    """Fail every two of these elements together; otherwise as :func:`each_link`."""
    return _Each(_several(among), "link", pairs=True)


@dataclass(frozen=True)
class _Random(Scenarios):
    k: int
    count: int
    seed: int
    among: tuple[Any, ...] | None
    kind: str

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        chosen = _whole(fabric, self.among, self.kind)
        up = _whole_bundles(fabric, chosen)
        wiring = Wiring(fabric)
        population = Population.of(wiring, chosen)
        words = f"{self.k} random {self.kind}{'' if self.k == 1 else 's'}"
        out = []
        for index in range(self.count):
            random = seeded(self.seed, seed, index)
            drawn: tuple[Selection | LinkSelection, ...]
            if up is not None:
                drawn = _sampled(fabric, dict(up), self.k, random)
            else:
                drawn = gathered(wiring, population.draw(self.k, random))
            out.append(Scenario(f"{words}, draw {index}", drawn))
        return out

    def describe(self) -> str:
        among = "" if self.among is None else f", among={_name(self.among)}"
        return f"random_{self.kind}s(k={self.k}, count={self.count}, seed={self.seed}{among})"


def _whole_bundles(fabric: Fabric, chosen: list[Any]) -> dict[str, int] | None:
    """Return how many links of each bundle are up, if whole bundles are chosen."""
    bundles = {bundle.name: bundle for bundle in fabric.bundles}
    out: dict[str, int] = {}
    for one in chosen:
        if not isinstance(one, LinkSelection) or one.bundle in out:
            return None
        if len(one) != bundles[one.bundle].num_links:
            return None
        out[one.bundle] = bundles[one.bundle].num_links_up
    return out


def _sampled(
    fabric: Fabric, left: dict[str, int], k: int, random: SplitMix64
) -> tuple[LinkSelection, ...]:
    """Draw links of whole bundles, each equally likely, by the core."""
    total = sum(left.values())
    if k > total:
        raise ScenarioError(f"cannot draw {k} different links: {total} are up")
    counts = dict.fromkeys(left, 0)
    if len(left) == 1:
        counts = dict.fromkeys(left, k)
    else:
        for drawn in range(k):
            rank = random.below(total - drawn)
            for bundle, up in left.items():
                if rank < up:
                    counts[bundle] += 1
                    left[bundle] -= 1
                    break
                rank -= up
    return tuple(
        fabric.sample_links(bundle, count, seed=random.bits())
        for bundle, count in counts.items()
        if count
    )


def random_links(
    k: int = 10, count: int = 10_000, seed: int = 0, among: Chosen | None = None
) -> Scenarios:
    """Fail `k` random links that are up, `count` times.

    Parameters
    ----------
    k : int, default 10
        Links per scenario, all different.
    count : int, default 10,000
        Scenarios.
    seed : int, default 0
        With the index of a scenario it decides the draw, whatever runs it.
    among : selections or text, optional
        Draw from these links; default from all links of the fabric, each equally likely.
    """
    return _random(k, count, seed, among, "link")


def random_nodes(k: int, count: int, seed: int = 0, among: Chosen | None = None) -> Scenarios:
    """Fail `k` random nodes that are up, `count` times; otherwise as :func:`random_links`."""
    return _random(k, count, seed, among, "node")


def _random(k: int, count: int, seed: int, among: Chosen | None, kind: str) -> Scenarios:
    _whole_number("k", k, 1, 1_000_000)
    _whole_number("count", count, 1, _MOST)
    _whole_number("seed", seed, 0, (1 << 64) - 1)
    return _Random(k, count, seed, None if among is None else _several(among), kind)


def _whole_number(what: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputTypeError(f"{what} is {value!r}; it must be a whole number")
    if not low <= value <= high:
        raise ScenarioError(f"{what} is {value}; it must be from {low} to {high:,}")


@dataclass(frozen=True)
class Rule:
    """What a mode of a policy does.

    Attributes
    ----------
    among : selections or text, or a mapping of risk groups
        Elements to choose from. A mapping names groups whose members fail together.
    choose : int, optional
        Fail so many of them, drawn at random.
    probability : float, optional
        Fail each of them with this probability, independently. With neither, all fail.
    factor : float, optional
        Multiply the capacity of the chosen links instead of failing them.
    """

    among: Any
    choose: int | None = None
    probability: float | None = None
    factor: float | None = None

    def __post_init__(self) -> None:
        if self.choose is not None and self.probability is not None:
            raise ScenarioError("a rule takes choose= or probability=, not both")
        if self.choose is not None:
            _whole_number("choose", self.choose, 1, 1_000_000)
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ScenarioError(f"probability is {self.probability}; it must be from 0 to 1")
        if self.factor is not None and not self.factor > 0:
            raise ScenarioError(f"factor is {self.factor}; it must be above 0")


@dataclass(frozen=True)
class Mode:
    """One way in which a fabric fails: its rules all act in the same scenario.

    Attributes
    ----------
    weight : float
        How likely this mode is; the weights of a policy sum to 1.
    rules : tuple of Rule
        What happens.
    name : str
        For labels.
    """

    weight: float
    rules: tuple[Rule, ...]
    name: str = ""


@dataclass(frozen=True)
class _Policy(Scenarios):
    modes: tuple[Mode, ...]
    count: int
    seed: int

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        wiring = Wiring(fabric)
        ready = [
            [(rule, _targets(fabric, wiring, rule, mode, place)) for rule in mode.rules]
            for place, mode in enumerate(self.modes)
        ]
        return [self._draw(wiring, ready, seed, index) for index in range(self.count)]

    def describe(self) -> str:
        names = ", ".join(
            f"{mode.name or f'mode {place}'} {mode.weight:g}"
            for place, mode in enumerate(self.modes)
        )
        return f"policy({names}; count={self.count}, seed={self.seed})"

    def _draw(self, wiring: Wiring, ready: list[Any], seed: int, index: int) -> Scenario:
        random = seeded(self.seed, seed, index)
        place, left = 0, random.unit()
        while place + 1 < len(self.modes) and left > self.modes[place].weight:
            left -= self.modes[place].weight
            place += 1
        mode = self.modes[place]
        down: list[Selection | LinkSelection] = []
        scaled: list[tuple[LinkSelection, float]] = []
        for rule, targets in ready[place]:
            chosen = _chosen(wiring, rule, targets, random)
            if rule.factor is None:
                down += chosen
            else:
                scaled += [(one, rule.factor) for one in chosen if isinstance(one, LinkSelection)]
        label = f"{mode.name or f'mode {place}'}, draw {index}"
        return Scenario(label, tuple(down), tuple(scaled))


def _targets(
    fabric: Fabric, wiring: Wiring, rule: Rule, mode: Mode, place: int
) -> Population | list[list[Any]] | list[Any]:
    where = f"mode {mode.name or place!r}"
    if isinstance(rule.among, Mapping):
        return [
            _found(fabric, _several(one), f"{where}, risk group {name!r}")
            for name, one in rule.among.items()
        ]
    found = _found(fabric, _several(rule.among), where)
    if rule.factor is not None and any(isinstance(one, Selection) for one in found):
        raise ScenarioError(f"{where}: only links have a capacity to multiply by {rule.factor}")
    if rule.choose is None and rule.probability is None:
        return [found]
    return Population.of(wiring, found)


def _chosen(
    wiring: Wiring, rule: Rule, targets: Any, random: SplitMix64
) -> list[Selection | LinkSelection]:
    if isinstance(targets, Population):
        if rule.choose is not None:
            return list(gathered(wiring, targets.draw(rule.choose, random)))
        return list(gathered(wiring, targets.each_with(rule.probability or 0.0, random)))
    places = list(range(len(targets)))
    if rule.choose is not None:
        order = places
        if rule.choose > len(order):
            raise ScenarioError(f"choose is {rule.choose}, and there are {len(order)} risk groups")
        for place in range(rule.choose):
            other = place + random.below(len(order) - place)
            order[place], order[other] = order[other], order[place]
        places = sorted(order[: rule.choose])
    elif rule.probability is not None:
        places = [place for place in places if random.unit() <= rule.probability]
    return [one for place in places for one in targets[place]]


def policy(modes: Iterable[Mode], count: int, seed: int = 0) -> Scenarios:
    """Draw scenarios from weighted modes of failure.

    Parameters
    ----------
    modes : iterable of Mode
        Each scenario draws one of them by weight and applies all of its rules.
    count : int
        Scenarios.
    seed : int, default 0
        With the index of a scenario it decides the draw.

    Raises
    ------
    ScenarioError
        Weights that are negative or do not sum to 1, or no modes.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> from pinchpoint.scenarios import Mode, Rule
    >>> optics = Mode(0.75, (Rule("chip-switch", choose=3),), "optics")
    >>> trays = Mode(0.25, (Rule("switch", probability=0.05),), "trays")
    >>> drawn = pp.scenarios.policy([optics, trays], count=4).resolve(pp.clusters.gb200_nvl72())
    >>> [one.label for one in drawn]
    ['optics, draw 0', 'trays, draw 1', 'trays, draw 2', 'optics, draw 3']
    """
    own = tuple(modes)
    if not own:
        raise ScenarioError("a policy needs a mode at least")
    for place, mode in enumerate(own):
        if not 0 <= mode.weight <= 1:
            raise ScenarioError(f"weight of mode {mode.name or place!r} is {mode.weight}")
    total = sum(mode.weight for mode in own)
    if abs(total - 1) > 1e-9:
        raise ScenarioError(f"weights of the modes sum to {total:.9g}; they must sum to 1")
    _whole_number("count", count, 1, _MOST)
    _whole_number("seed", seed, 0, (1 << 64) - 1)
    return _Policy(own, count, seed)


def load(path: str | os.PathLike[str], /) -> Scenarios:
    """Read a policy from a YAML file (extra ``yaml``); the how-to page shows one.

    Raises
    ------
    FormatError
        A file that is no policy, with file, line and field.
    ScenarioError
        Weights that do not sum to 1, rules that contradict themselves.
    """
    from pinchpoint.studies.policy_file import read

    return read(path)


def of(chosen: Scenarios | Scenario | Iterable[Scenario]) -> Scenarios:
    """Take a set of scenarios, or a list of single ones."""
    if isinstance(chosen, Scenarios):
        return chosen
    own = [chosen] if isinstance(chosen, Scenario) else list(chosen)
    for place, one in enumerate(own):
        if not isinstance(one, Scenario):
            raise InputTypeError(
                f"scenarios[{place}] is a {type(one).__name__}; it must be a Scenario"
            )
    return _Given(tuple(own))


@dataclass(frozen=True)
class _Given(Scenarios):
    own: tuple[Scenario, ...]

    def describe(self) -> str:
        return f"{len(self.own):,} given scenarios"

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        out = []
        for place, one in enumerate(self.own):
            _found(fabric, one.failed, f"scenarios[{place}]")
            _found(fabric, [links for links, _ in one.scaled], f"scenarios[{place}]")
            out.append(replace(one, label=one.label or f"scenario {place}"))
        return out
