"""Loads of structured fabrics, orbit by orbit: links that are alike are never told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint import _core
from pinchpoint._patterns import products_of
from pinchpoint._suggest import shorten
from pinchpoint._validation import as_integer, as_text
from pinchpoint.congestion import Congestion, HotLink, Unreachable, check_options
from pinchpoint.errors import SelectionError

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric
    from pinchpoint.traffic import Traffic

__all__ = ["OrbitCongestion"]

_LIMIT = 8_000_000_000


class OrbitCongestion(Congestion):
    """Loads of a structured fabric: one row for all links that are alike.

    The loads of single links are worked out when :meth:`loads` or :attr:`utilization` is asked for.
    """

    __slots__ = ("_answer", "_rows")

    _answer: _core.OrbitAnswer
    _rows: tuple[npt.NDArray[Any], ...]

    def __init__(
        self,
        fabric: Fabric,
        answer: _core.OrbitAnswer,
        question: tuple[Any, ...],
    ) -> None:
        rows = answer.rows()
        capacity = rows[5]
        used = [_used(load, capacity).max(initial=0.0) for load in rows[6:]]
        count, rate, listed = answer.unreachable()
        lost = Unreachable(count, rate, tuple(listed))
        super().__init__(fabric, np.zeros((2, 0)), lost, np.array([max(used)]), True, question)
        object.__setattr__(self, "_answer", answer)
        object.__setattr__(self, "_rows", rows)

    @property
    def orbits(self) -> tuple[int, int, int]:
        """How many kinds of nodes, of links and of destinations there were."""
        return self._answer.orbits

    @property
    def utilization(self) -> npt.NDArray[np.float64]:
        """Load over capacity, shape (2, links): forward, backward, in materialize order."""
        return _used(self.loads(), self._fabric.materialize().gbit_per_s)

    def loads(self, bundle: str | None = None) -> npt.NDArray[np.float64]:
        """Return the loads of a bundle, or of all links; see :meth:`Congestion.loads`."""
        names = [row[0] for row in self._fabric._handle.bundles()]
        if bundle is not None and as_text("bundle", bundle) not in names:
            raise SelectionError(f"no link bundle {shorten(bundle)}; there are {', '.join(names)}")
        own = names if bundle is None else [bundle]
        handle = self._fabric._handle
        lifted = [np.stack(self._answer.lift(handle, names.index(name), _LIMIT)) for name in own]
        return np.concatenate(lifted, axis=1) if lifted else np.zeros((2, 0))

    def bottlenecks(self, k: int = 10) -> tuple[HotLink, ...]:
        """Return the k fullest kinds of links, the fullest first: one link of each.

        Its `link` is None, and its `links` counts the links that carry as much.
        """
        k = as_integer("k", k)
        bundles, tails, heads, links, _, capacity, *loads = self._rows
        names = [row[0] for row in self._fabric._handle.bundles()]
        both = np.concatenate([_used(load, capacity) for load in loads])
        found: list[HotLink] = []
        for place in np.argsort(-both, kind="stable").tolist():
            if len(found) == k or both[place] == 0:
                break
            back, row = divmod(place, capacity.size)
            if not links[row]:
                continue
            ends = [self._name(int(end)) for end in (tails[row], heads[row])]
            if back:
                ends.reverse()
            own = (float(both[place]), float(loads[back][row]), float(capacity[row]))
            name = names[bundles[row]]
            found.append(HotLink(name, None, ends[0], ends[1], *own, round(links[row])))
        return tuple(found)

    def _columns(self) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {
            "tier": [],
            "direction": [],
            "links": [],
            "max_utilization": [],
            "mean_utilization": [],
            "gbit_per_s": [],
        }
        bundles, _, _, links, ahead, capacity, *loads = self._rows
        # Links of a row that are listed the other way round have its loads the other way round.
        counts = np.stack([ahead, links - ahead])
        for index, (name, *_) in enumerate(self._fabric._handle.bundles()):
            own = (bundles == index) & (links > 0)
            up = own & (capacity > 0)
            number = float(links[up].sum())
            for direction, both in (("forward", loads), ("backward", loads[::-1])):
                used = np.stack([_used(load[up], capacity[up]) for load in both])
                count = counts[:, up]
                columns["tier"].append(name)
                columns["direction"].append(direction)
                columns["links"].append(round(number))
                columns["max_utilization"].append(float(used[count > 0.5].max(initial=0.0)))
                mean = float((used * count).sum()) / number if number else 0.0
                columns["mean_utilization"].append(mean)
                carried = np.stack([load[own] for load in both]) * counts[:, own]
                columns["gbit_per_s"].append(float(carried.sum()))
        return columns

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OrbitCongestion):
            return super().__eq__(other)
        same = (np.array_equal(x, y) for x, y in zip(self._rows, other._rows, strict=True))
        return all(same) and self.unreachable == other.unreachable

    __hash__ = None


def _used(
    load: npt.NDArray[np.float64], capacity: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.divide(load, capacity, out=np.zeros_like(load), where=capacity > 0)


def by_orbits(
    fabric: Fabric,
    traffic: Traffic,
    *,
    routing: str,
    split: str,
    forwarding: str,
    time_limit: float | None,
    **others: Any,
) -> OrbitCongestion | None:
    """Ask; None if the routing, the traffic or the fabric is not symmetric enough."""
    check_options(routing, split, forwarding)
    if routing not in ("ecmp", "wcmp", "valiant") or others["paths"] is not None:
        return None
    if others["tables"] is not None:
        return None
    products = products_of(fabric, traffic)
    if products is None:
        return None
    shared = "capacity" if routing == "wcmp" else split
    answer = _core.congestion_by_orbits(
        fabric._handle, products, shared, routing == "valiant", forwarding, time_limit
    )
    if answer is None:
        return None
    options = {"routing": routing, "split": split, "forwarding": forwarding, **others}
    return OrbitCongestion(fabric, answer, (fabric, traffic, {**options, "time_limit": None}))
