"""Bandwidth answers: the value, the pinch, and the proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pinchpoint import _core
from pinchpoint._result import TabularResult
from pinchpoint._validation import as_text
from pinchpoint._wording import counted
from pinchpoint.errors import SelectionError
from pinchpoint.units import format_bandwidth, format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    import numpy as np
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric

__all__ = [
    "Bandwidth",
    "Bottleneck",
    "Certificate",
    "FlowsCertificate",
    "LinkFlow",
    "NextBottleneck",
    "PinchRow",
]

_FLOW_LIMIT = 8_000_000_000


@dataclass(frozen=True)
class PinchRow:
    """What one tier adds to a minimum cut.

    Attributes
    ----------
    bundle : str
        Bundle of links, or group of nodes with a limit of their own.
    links : int
        Number of links (or nodes) with capacity across the cut.
    gbit_per_s : float
        Their capacity in Gbit/s, in the direction of the flow.
    share : float
        Part of the cut, 0 to 1.
    is_nodes : bool
        Whether nodes rather than links are meant.
    """

    bundle: str
    links: int
    gbit_per_s: float
    share: float
    is_nodes: bool = False

    def __str__(self) -> str:
        what = "node" if self.is_nodes else "link"
        capacity = format_bytes(_whole(self.gbit_per_s))
        count = f"{counted(self.links, what)} {self.bundle}"
        return f"{count}, {capacity}, {_percent(self.share)} of the cut"


class Bottleneck(tuple[PinchRow, ...]):
    """A minimum cut by tier, the largest part first. Printed, it is a sentence per tier."""

    __slots__ = ()

    @property
    def rows(self) -> tuple[PinchRow, ...]:
        """The tiers."""
        return tuple(self)

    @property
    def num_links(self) -> int:
        """Number of links across the cut."""
        return sum(row.links for row in self if not row.is_nodes)

    def __str__(self) -> str:
        return "; ".join(str(row) for row in self) or "nothing joins the two ends"

    def __repr__(self) -> str:
        return f"Bottleneck({self})"


@dataclass(frozen=True)
class NextBottleneck:
    """How far raising the capacity of some bundles helps.

    Attributes
    ----------
    bundles : tuple of str
        The bundles that are raised together.
    factor : float
        Of their capacity now, at which another cut begins to bind.
    gbit_per_s : float
        The value there, in Gbit/s per direction.
    bottleneck : Bottleneck
        The cut that binds beyond, with capacities at that factor.
    still_rises : bool
        Whether raising the bundles further still gains something.
    """

    bundles: tuple[str, ...]
    factor: float
    gbit_per_s: float
    bottleneck: Bottleneck
    still_rises: bool

    @property
    def gbyte_per_s(self) -> float:
        """The value there, in GB/s per direction."""
        return self.gbit_per_s / 8

    def __str__(self) -> str:
        value = format_bytes(_whole(self.gbit_per_s))
        raised = " and ".join(self.bundles)
        return f"{raised} x {self.factor:.4g} gives {value}; then {self.bottleneck}"


@dataclass(frozen=True)
class Certificate:
    """What proves an answer, already checked by code that shares nothing with the solver.

    Attributes
    ----------
    method : "quotient" or "listed"
        Whether the fabric was solved on classes of equal nodes or link by link.
    classes, arcs : int
        Size of the quotient; 0 where there is none.
    kbit_per_s : int or Fraction
        Value of the flow, equal to the capacity of both minimum cuts.
    """

    method: str
    classes: int
    arcs: int
    kbit_per_s: int | Fraction


@dataclass(frozen=True)
class FlowsCertificate:
    """What proves many values: a flow and a cut for each, already checked and then let go.

    Attributes
    ----------
    flows : int
        Number of values that have a flow and a cut of their own.
    """

    flows: int


@dataclass(frozen=True)
class LinkFlow:
    """Flow of each link, in the order of :meth:`Fabric.materialize`.

    Attributes
    ----------
    tails, heads : ndarray of uint32, shape (links,)
        Node ids of the ends.
    gbit_per_s : ndarray of float64, shape (links,)
        Net flow from tail to head in Gbit/s; negative the other way.
    """

    tails: npt.NDArray[np.uint32]
    heads: npt.NDArray[np.uint32]
    gbit_per_s: npt.NDArray[np.float64]


class Bandwidth(TabularResult):
    """The most that a set of nodes can send to another at once: a maximum flow.

    Exact, and checked before it is handed out. Its table has a row per tier of the bottleneck.
    """

    __slots__ = ("_answer", "_question")

    _answer: _core.BandwidthAnswer
    _question: tuple[Any, ...]

    def __init__(self, answer: _core.BandwidthAnswer, question: tuple[Any, ...]) -> None:
        object.__setattr__(self, "_answer", answer)
        object.__setattr__(self, "_question", question)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a result cannot be changed")

    @property
    def kbit_per_s(self) -> int | Fraction:
        """The exact value in kbit/s, per direction."""
        return exact_kbit(self._answer.value, self._answer.unit_shift)

    @property
    def gbit_per_s(self) -> float:
        """The value in Gbit/s, per direction; the nearest float to the exact one."""
        return self._answer.value / (1_000_000 << self._answer.unit_shift)

    @property
    def gbyte_per_s(self) -> float:
        """The value in GB/s (10^9 bytes), per direction; the nearest float to the exact one."""
        return self._answer.value / (8_000_000 << self._answer.unit_shift)

    @property
    def bottleneck(self) -> Bottleneck:
        """The minimum cut nearest to the sources, by tier."""
        return self._cut(0)

    @property
    def bottleneck_sink(self) -> Bottleneck:
        """The minimum cut nearest to the sinks, by tier."""
        return self._cut(1)

    def _cut(self, which: int) -> Bottleneck:
        return _bottleneck(self._answer.crossing(which), self._answer.unit_shift)

    @property
    def next_bottleneck(self) -> NextBottleneck | None:
        """What raising the capacity of the pinch buys, until something else binds.

        All bundles of :attr:`bottleneck` are raised by one factor. A factor of 1 says that
        something else binds already and nothing is gained; None, that nothing else binds up to a
        factor of 2^20.
        """
        bundles = [row.bundle for row in self.bottleneck if not row.is_nodes]
        points = self.breakpoints(*bundles) if bundles else ()
        return points[0] if points else None

    def breakpoints(
        self, *bundles: str, time_limit: float | None = None
    ) -> tuple[NextBottleneck, ...]:
        """Find every capacity of some bundles at which another cut begins to bind.

        Parameters
        ----------
        *bundles : str
            Names of bundles, raised together by one factor from 1 on.
        time_limit : float, optional
            Seconds.

        Returns
        -------
        tuple of NextBottleneck
            In increasing order of the factor, up to 2^20. Between two of them the value is linear.

        Raises
        ------
        SelectionError
            No bundle given, or no such bundle.

        Notes
        -----
        Exact, by Eisner and Severance's method: at most two bandwidth queries per breakpoint.
        """
        for place, bundle in enumerate(bundles):
            as_text(f"bundles[{place}]", bundle)
        if not bundles:
            raise SelectionError("breakpoints needs the name of a bundle at least")
        shift = self._answer.unit_shift
        found = self._answer.breakpoints(list(bundles), time_limit)
        points = []
        for numerator, denominator, value, slope, rows in found:
            # Capacities of the raised bundles are given at factor 1. A group may have their name.
            at_factor = [
                (
                    name,
                    is_bundle,
                    count,
                    capacity * (numerator if is_bundle and name in bundles else denominator),
                )
                for name, is_bundle, count, capacity in rows
            ]
            points.append(
                NextBottleneck(
                    bundles,
                    numerator / denominator,
                    value / (denominator * (1_000_000 << shift)),
                    _bottleneck(at_factor, shift, denominator),
                    slope > 0,
                )
            )
        return tuple(points)

    @property
    def certificate(self) -> Certificate:
        """What proves the answer."""
        classes, arcs = self._answer.quotient or (0, 0)
        method = "listed" if self._answer.quotient is None else "quotient"
        return Certificate(method, classes, arcs, self.kbit_per_s)

    def verify(self) -> None:
        """Check flow and cuts again with independent code.

        Raises
        ------
        CertificateError
            The answer is wrong: a bug.
        """
        self._answer.verify()

    def flow(self, bundle: str | None = None) -> LinkFlow:
        """Spread the flow over the links.

        Parameters
        ----------
        bundle : str, optional
            Only the links of this bundle.

        Returns
        -------
        LinkFlow
            In the order of :meth:`Fabric.materialize`.

        Raises
        ------
        SelectionError
            No such bundle.
        SizeLimitError
            More links than fit 8 GB.
        """
        if bundle is not None:
            as_text("bundle", bundle)
        tails, heads, flow = self._answer.flow(bundle, _FLOW_LIMIT)
        return LinkFlow(tails, heads, flow / (1_000_000 << self._answer.unit_shift))

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        kbit = self.kbit_per_s
        return {
            "gbit_per_s": self.gbit_per_s,
            "gbyte_per_s": self.gbyte_per_s,
            "kbit_per_s": kbit if isinstance(kbit, int) else str(kbit),
            "bottleneck": [vars(row) for row in self.bottleneck],
            "bottleneck_sink": [vars(row) for row in self.bottleneck_sink],
            "certificate": {
                "method": self.certificate.method,
                "classes": self.certificate.classes,
                "arcs": self.certificate.arcs,
                "checked": True,
            },
        }

    def _columns(self) -> dict[str, list[Any]]:
        rows = list(self._rows())
        return {
            "tier": [row.bundle for row in rows],
            "links": [row.links for row in rows],
            "gbit_per_s": [row.gbit_per_s for row in rows],
            "share": [row.share for row in rows],
        }

    def _rows(self) -> Iterator[PinchRow]:
        return iter(self.bottleneck)

    def __reduce__(self) -> tuple[Any, ...]:
        # The same question has the same answer, byte for byte; asking again also checks it again.
        fabric, sources, sinks, forwarding = self._question
        return _ask_again, (fabric, sources, sinks, forwarding)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bandwidth) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self._answer.value)

    def __repr__(self) -> str:
        value = format_bandwidth(self.kbit_per_s)
        return f"Bandwidth({value}; bottleneck: {self.bottleneck})"


def _ask_again(fabric: Fabric, *question: Any) -> Bandwidth:
    sources, sinks, forwarding = question
    return fabric.bandwidth(sources, sinks, forwarding=forwarding)


def _bottleneck(
    rows: list[tuple[str, bool, int, int]], shift: int, denominator: int = 1
) -> Bottleneck:
    total = sum(capacity for _, _, _, capacity in rows)
    unit = denominator * (1_000_000 << shift)
    parts = [
        PinchRow(name, count, capacity / unit, capacity / total, not is_bundle)
        for name, is_bundle, count, capacity in rows
    ]
    return Bottleneck(sorted(parts, key=lambda row: -row.share))


def exact_kbit(units: int, shift: int) -> int | Fraction:
    """Units of 2^-shift kbit/s as kbit/s, a whole number where it is one."""
    if not units & ((1 << shift) - 1):
        return units >> shift
    from fractions import Fraction

    return Fraction(units, 1 << shift)


def _whole(gbit_per_s: float) -> int:
    return round(gbit_per_s * 1e6)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
