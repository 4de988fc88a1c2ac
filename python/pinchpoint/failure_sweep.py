"""What each of many failures leaves of one bandwidth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pinchpoint import _core
from pinchpoint._clock import Clock
from pinchpoint._ends import Finder
from pinchpoint._result import RepeatableResult, checked
from pinchpoint._validation import as_items
from pinchpoint._wording import counted
from pinchpoint.bandwidth import FlowsCertificate, exact_kbit
from pinchpoint.selection import LinkSelection, Selection, flattened
from pinchpoint.units import format_bandwidth

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    import numpy as np
    import numpy.typing as npt

    from pinchpoint.fabric import Ends, Fabric

    Failure = LinkSelection | Selection | str | Iterable[LinkSelection | Selection | str]

__all__ = ["FailureSweep", "failure_sweep"]


@dataclass(frozen=True, repr=False)
class FailureSweep(RepeatableResult):
    """What each of many failures leaves of one bandwidth. Its table has a row per failure.

    Attributes
    ----------
    kbit_per_s : tuple of int or Fraction
        Exact value under each failure, in the order given.
    intact_kbit_per_s : int or Fraction
        Exact value without any of them.
    """

    kbit_per_s: tuple[int | Fraction, ...]
    intact_kbit_per_s: int | Fraction
    _question: tuple[Any, ...] = field(compare=False)

    @property
    def gbit_per_s(self) -> npt.NDArray[np.float64]:
        """Value under each failure in Gbit/s, shape (failures,)."""
        import numpy as np

        return np.array([float(kbit / 1_000_000) for kbit in self.kbit_per_s])

    @property
    def gbyte_per_s(self) -> npt.NDArray[np.float64]:
        """The same in GB/s."""
        return self.gbit_per_s / 8

    @property
    def intact_gbit_per_s(self) -> float:
        """Value without failures, in Gbit/s."""
        return float(self.intact_kbit_per_s / 1_000_000)

    @property
    def worst(self) -> int:
        """Position of the failure that leaves least; the first of several."""
        return min(range(len(self.kbit_per_s)), key=lambda place: self.kbit_per_s[place])

    @property
    def certificate(self) -> FlowsCertificate:
        """What proves the answer: a flow and a cut for each failure, and for none."""
        return FlowsCertificate(1 + len(self.kbit_per_s))

    def _again(self) -> FailureSweep:
        fabric, sources, sinks, failures, forwarding = self._question
        return failure_sweep(fabric, sources, sinks, failures, forwarding, None)

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain values."""
        return {
            "intact_gbit_per_s": self.intact_gbit_per_s,
            **self._columns(),
            "certificate": checked(self.certificate),
        }

    def _columns(self) -> dict[str, list[Any]]:
        intact = self.intact_kbit_per_s
        return {
            "failure": list(range(len(self.kbit_per_s))),
            "gbit_per_s": self.gbit_per_s.tolist(),
            "left": [float(kbit / intact) if intact else 0.0 for kbit in self.kbit_per_s],
        }

    def __repr__(self) -> str:
        worst = f", least {format_bandwidth(min(self.kbit_per_s))}" if self.kbit_per_s else ""
        intact = format_bandwidth(self.intact_kbit_per_s)
        return f"FailureSweep({counted(len(self.kbit_per_s), 'failure')}; intact {intact}{worst})"


def failure_sweep(
    fabric: Fabric,
    sources: Ends,
    sinks: Ends,
    failures: Iterable[Failure],
    forwarding: str,
    time_limit: float | None,
) -> FailureSweep:
    """Sweep; see :meth:`Fabric.failure_sweep`."""
    kinds = (LinkSelection, Selection)
    outages = []
    clock, find = Clock(time_limit), Finder(fabric)
    for place, failure in enumerate(as_items("failures", failures, "what fails in turn")):
        clock.check()
        items = flattened(failure, kinds, f"failures[{place}]", find)
        links = [item._handle for item in items if isinstance(item, LinkSelection)]
        nodes = [item._handle for item in items if isinstance(item, Selection)]
        outages.append((links, nodes))
    own = (fabric._ends(sources, "sources"), fabric._ends(sinks, "sinks"))
    intact, values = _core.failure_sweep(fabric._handle, *own, outages, forwarding, clock.left)
    shift = fabric._handle.unit_shift
    failed = [[*map(LinkSelection, links), *map(Selection, nodes)] for links, nodes in outages]
    ends = [[Selection(part) for part in end] for end in own]
    return FailureSweep(
        tuple(exact_kbit(value, shift) for value in values),
        exact_kbit(intact, shift),
        (fabric, *ends, failed, forwarding),
    )
