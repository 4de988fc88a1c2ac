"""Policies: weighted modes of failure, each with rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pinchpoint._suggest import shorten
from pinchpoint._validation import as_items, as_number, as_text
from pinchpoint._wording import a_type
from pinchpoint.errors import InputTypeError, ScenarioError
from pinchpoint.selection import LinkSelection, Selection
from pinchpoint.studies.drawn import whole_number
from pinchpoint.studies.elements import Population, Wiring, gathered
from pinchpoint.studies.random import SplitMix64, seeded
from pinchpoint.studies.scenario import Scenario, Scenarios, chosen_in, multiplier, several

if TYPE_CHECKING:
    from pinchpoint.fabric import Fabric

__all__ = ["Mode", "Policy", "Rule", "mode_called"]


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
            _keep(self, "choose", whole_number("choose", self.choose, 1, 1_000_000))
        if self.probability is not None:
            own = as_number("probability", self.probability)
            if not 0 <= own <= 1:
                shown = shorten(self.probability)
                raise ScenarioError(f"probability is {shown}; it must be from 0 to 1")
            _keep(self, "probability", own)
        if self.factor is not None:
            _keep(self, "factor", multiplier(self.factor))


def _keep(own: object, field: str, value: object) -> None:
    """Set a field of a value that is being made: numbers of NumPy become Python's."""
    object.__setattr__(own, field, value)


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

    def __post_init__(self) -> None:
        as_text("name", self.name)
        _keep(self, "weight", as_number("weight", self.weight))
        where = f"of mode {shorten(self.name)}"
        _keep(self, "rules", tuple(as_items(f"rules {where}", self.rules, "rules")))
        for place, rule in enumerate(self.rules):
            if not isinstance(rule, Rule):
                raise InputTypeError(f"rules[{place}] {where} is {a_type(rule)}; it must be a Rule")


@dataclass(frozen=True)
class Policy(Scenarios):
    """Scenarios drawn from weighted modes."""

    modes: tuple[Mode, ...]
    count: int
    seed: int

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        """List them; see :meth:`Scenarios.resolve`."""
        wiring = Wiring(fabric)
        ready = [
            [(rule, _targets(fabric, wiring, rule, mode, place)) for rule in mode.rules]
            for place, mode in enumerate(self.modes)
        ]
        return [self._draw(wiring, ready, seed, index) for index in range(self.count)]

    def describe(self) -> str:
        """Return in words what they are."""
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


def mode_called(mode: Mode, place: int) -> str:
    """Write which mode of a policy is meant, for messages."""
    return f"mode {shorten(mode.name) if mode.name else place}"


def _targets(
    fabric: Fabric, wiring: Wiring, rule: Rule, mode: Mode, place: int
) -> Population | list[list[Any]] | list[Any]:
    where = mode_called(mode, place)
    if isinstance(rule.among, Mapping):
        groups = [
            chosen_in(fabric, several(one), f"{where}, risk group {shorten(name)}")
            for name, one in rule.among.items()
        ]
        _scalable(rule, [one for group in groups for one in group], where)
        return groups
    found = chosen_in(fabric, several(rule.among), where)
    _scalable(rule, found, where)
    if rule.choose is None and rule.probability is None:
        return [found]
    return Population.of(wiring, found)


def _scalable(rule: Rule, found: list[Any], where: str) -> None:
    if rule.factor is not None and any(isinstance(one, Selection) for one in found):
        raise ScenarioError(f"{where}: only links have a capacity to multiply by {rule.factor}")


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
