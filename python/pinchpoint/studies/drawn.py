"""Scenarios of links or nodes drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pinchpoint._validation import as_integer
from pinchpoint.errors import ScenarioError
from pinchpoint.selection import LinkSelection, Selection, shown
from pinchpoint.studies.elements import Population, Wiring, gathered
from pinchpoint.studies.elementwise import whole
from pinchpoint.studies.random import SplitMix64, seeded
from pinchpoint.studies.scenario import Chosen, Scenario, Scenarios, several

if TYPE_CHECKING:
    from pinchpoint.fabric import Fabric

__all__ = ["MOST", "drawn", "whole_number"]

MOST = 10_000_000


@dataclass(frozen=True)
class Random(Scenarios):
    k: int
    count: int
    seed: int
    among: tuple[Any, ...] | None
    kind: str

    def resolve(self, fabric: Fabric, pins: Any = None, seed: int = 0) -> Sequence[Scenario]:
        chosen = whole(fabric, self.among, self.kind)
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
        among = "" if self.among is None else f", among={shown(self.among)}"
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


def drawn(k: int, count: int, seed: int, among: Chosen | None, kind: str) -> Scenarios:
    """Return scenarios of `k` links or nodes at random, once the numbers are checked."""
    k = whole_number("k", k, 1, 1_000_000)
    count = whole_number("count", count, 1, MOST)
    seed = whole_number("seed", seed, 0, (1 << 64) - 1)
    return Random(k, count, seed, None if among is None else several(among), kind)


def whole_number(what: str, value: Any, low: int, high: int) -> int:
    """Take a whole number from `low` to `high`."""
    return as_integer(what, value, low, high, ScenarioError)
