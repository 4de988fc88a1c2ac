"""What the links of each bundle carry now, failures and changed capacities included."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pinchpoint import _core
from pinchpoint.units import format_bytes

if TYPE_CHECKING:
    from pinchpoint.fabric import Fabric

__all__ = ["Capacity", "capacities"]


class Capacity(NamedTuple):
    """Capacities of one bundle now, per direction in kbit/s.

    Attributes
    ----------
    total : Fraction
        Of all links that are up.
    least, most : Fraction
        Of one link that is up; of one as built if none is.
    degraded, raised : int
        Links that are up, with less or more than they were built with.
    """

    total: Fraction
    least: Fraction
    most: Fraction
    degraded: int
    raised: int

    @property
    def each(self) -> str:
        """The capacity of a link, or its range."""
        least, most = (format_bytes(round(end)) for end in (self.least, self.most))
        if least == most:
            return least
        number, unit = least.split()
        return f"{number if unit == most.split()[1] else least} to {most}"


def capacities(fabric: Fabric) -> list[Capacity]:
    """Return the capacities of all bundles, in their order."""
    counted = _of_blocks(fabric) if fabric.is_structured else _of_arrays(fabric)
    unit = 1 << fabric._handle.unit_shift
    found = []
    for (built, now), *changed in counted:
        own = now or built or {0: 0}
        total = sum(capacity * links for capacity, links in now.items())
        ends = (Fraction(total, unit), Fraction(min(own), unit), Fraction(max(own), unit))
        found.append(Capacity(*ends, *changed))
    return found


# Links by capacity in the fabric's units, as built and now; the degraded; the raised.
_Counted = tuple[tuple[dict[int, int], dict[int, int]], int, int]


def _of_blocks(fabric: Fabric) -> list[_Counted]:
    core = fabric._handle
    overrides, removed = core.state()
    rows = core.bundles()
    found: list[_Counted] = []
    for place, ((name, a, b, capacity, _, links, up), changes) in enumerate(
        zip(rows, overrides, strict=True)
    ):
        blocks: dict[int, list[list[list[tuple[int, int]]]]] = {}
        for axes, value, is_up in changes:
            if is_up and value != capacity:
                blocks.setdefault(value, []).append(axes)
        now: dict[int, int] = {}
        for value, own in blocks.items():
            whole = core.select_links(name, [])
            chosen = _core.LinkSelection(name, whole.sizes, own, whole.own_pair)
            # Links of failed nodes keep their capacity in the state: count what their loss costs.
            if removed[a] or removed[b]:
                now[value] = up - core.without([chosen], []).bundles()[place][6]
            else:
                now[value] = chosen.num_links
        now[capacity] = up - sum(now.values())
        now = {value: count for value, count in now.items() if count}
        degraded = sum(count for value, count in now.items() if value < capacity)
        raised = sum(count for value, count in now.items() if value > capacity)
        found.append((({capacity: links}, now), degraded, raised))
    return found


def _of_arrays(fabric: Fabric) -> list[_Counted]:
    core = fabric._handle
    now, built = _capacity(core), core.built_capacity()
    assert built is not None
    alive = now > 0
    # A capacity may be rounded down to nothing, as a failed link has: a unit more tells them apart.
    overrides, removed = core.state()
    lifted = [
        [(axes, value + (1 if up and not value else 0), up) for axes, value, up in changes]
        for changes in overrides
    ]
    if lifted != overrides:
        alive = _capacity(core.with_state((lifted, removed))) > 0
    degraded, raised = alive & (now < built), now > built
    found: list[_Counted] = []
    first = 0
    for *_, links, up in core.bundles():
        own = slice(first, first + links)
        first += links
        counts = _counted(now[own][alive[own]])
        if idle := up - sum(counts.values()):  # built without any capacity
            counts[0] = counts.get(0, 0) + idle
        changed = int(degraded[own].sum()), int(raised[own].sum())
        found.append(((_counted(built[own]), counts), *changed))
    return found


def _capacity(core: _core.Fabric) -> Any:
    arrays = core.arrays()
    assert arrays is not None
    return arrays[2]


def _counted(values: Any) -> dict[int, int]:
    found, counts = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))
