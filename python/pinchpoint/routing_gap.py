"""What a routing loses against the best one, and what is left for traffic of lower priority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._result import TabularResult
from pinchpoint._validation import as_items
from pinchpoint._wording import a_type
from pinchpoint.errors import InputTypeError, SelectionError
from pinchpoint.orbits import OrbitCongestion
from pinchpoint.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from pinchpoint.congestion import Congestion
    from pinchpoint.fabric import Fabric
    from pinchpoint.throughput import Throughput

__all__ = ["Priorities", "RoutingGap"]


@dataclass(frozen=True)
class RoutingGap(TabularResult):
    """A routing against the best possible one.

    Attributes
    ----------
    congestion : Congestion
        Loads under the routing.
    throughput : Throughput
        Bounds on what any routing can carry.
    """

    congestion: Congestion
    throughput: Throughput

    @property
    def routed(self) -> float:
        """The multiple of the traffic that the routing carries."""
        return self.congestion.multiplier

    @property
    def lost(self) -> tuple[float, float]:
        """Between which parts of the optimum the routing loses: 0 is none of it."""
        lower, upper = self.throughput.lower, self.throughput.upper
        if not np.isfinite(self.routed):
            return 0.0, 0.0
        return max(0.0, 1 - self.routed / lower), max(0.0, 1 - self.routed / upper)

    def verify(self) -> bool:
        """Check both parts again; see :meth:`Throughput.verify` for what is returned.

        Raises
        ------
        CertificateError
            One of them is wrong: a bug.
        """
        self.congestion.verify()
        return self.throughput.verify()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "routed": self.routed,
            "lost": list(self.lost),
            "congestion": self.congestion.to_dict(),
            "throughput": self.throughput.to_dict(),
        }

    def _columns(self) -> dict[str, list[Any]]:
        lost = self.lost
        return {
            "routed": [self.routed],
            "lower": [self.throughput.lower],
            "upper": [self.throughput.upper],
            "lost_at_least": [lost[0]],
            "lost_at_most": [lost[1]],
        }

    def __repr__(self) -> str:
        low, high = self.lost
        return (
            f"RoutingGap(routed {self.routed:.6g}, optimum {self.throughput.lower:.6g} to "
            f"{self.throughput.upper:.6g}; {low:.1%} to {high:.1%} lost)"
        )


@dataclass(frozen=True)
class Priorities(TabularResult):
    """Traffic classes served one after the other, each on what those before leave.

    Attributes
    ----------
    served : tuple of float
        Part of each class that fits, at most 1; all its pairs are cut alike.
    congestion : tuple of Congestion
        Loads of each class alone, on the whole fabric.
    """

    served: tuple[float, ...]
    congestion: tuple[Congestion, ...]

    def verify(self) -> None:
        """Check the loads of each class again.

        Raises
        ------
        CertificateError
            One of them is wrong: a bug.
        """
        for one in self.congestion:
            one.verify()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "served": list(self.served),
            "classes": [one.to_dict() for one in self.congestion],
        }

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "class": list(range(len(self.served))),
            "served": list(self.served),
            "alone": [one.multiplier for one in self.congestion],
        }

    def __repr__(self) -> str:
        return f"Priorities(served {', '.join(f'{part:.1%}' for part in self.served)})"


def _parts(congestion: Congestion) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return loads and capacities: by link, or by kind of links."""
    if isinstance(congestion, OrbitCongestion):
        *_, capacity, forward, backward = congestion._rows
        return np.stack([forward, backward]), capacity
    return congestion.loads(), congestion._fabric.gbit_per_s


def priorities(fabric: Fabric, classes: Iterable[Traffic], **options: Any) -> Priorities:
    """Serve; see :meth:`Fabric.priorities`."""
    own = as_items("classes", classes, "traffic")
    if not own:
        raise SelectionError("classes is empty; there must be one at least")
    for one in own:
        if not isinstance(one, Traffic):
            raise InputTypeError(f"a class is {a_type(one)}; make it with pinchpoint.traffic")
    served: list[float] = []
    found: list[Congestion] = []
    used: npt.NDArray[np.float64] | None = None
    for place, one in enumerate(own):
        # The others take part at rate 0, so that kinds of links are the same for all.
        others = [other * 0.0 for other in own[:place] + own[place + 1 :]]
        congestion = fabric.congestion(sum(others, one), **options)
        loads, capacity = _parts(congestion)
        if used is None:
            used = np.zeros_like(loads)
        busy = loads > 0
        left = np.maximum(capacity - used, 0.0)
        part = float(min(1.0, (left[busy] / loads[busy]).min(initial=1.0)))
        used = used + part * loads
        served.append(part)
        found.append(congestion)
    return Priorities(tuple(served), tuple(found))
