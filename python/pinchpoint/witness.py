"""What proves an upper bound on throughput: lengths of the links, and a cut where one binds.

For any lengths, no flow carries more of a traffic than the sum over links of capacity times length,
over the sum over pairs of demand times distance. A cut is the case of ones on the links that leave
a set of nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint import _core
from pinchpoint._patterns import num_nodes, products_of
from pinchpoint._wording import counted
from pinchpoint.bandwidth import Bottleneck, PinchRow
from pinchpoint.congestion import plan
from pinchpoint.errors import CertificateError, SelectionError

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric
    from pinchpoint.traffic import Traffic

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

__all__ = ["Question", "TightCut", "Witness"]

_LIMIT = 8_000_000_000
# Visits of links up to which a bound is derived again link by link: by verify, and by default.
_PATIENT = 200_000_000
_CHEAP = 300_000


@dataclass(frozen=True, eq=False)
class Question:
    """A traffic on a fabric."""

    fabric: Fabric
    traffic: Traffic
    forwarding: str

    def by_orbits(self) -> _core.OrbitConcurrent:
        """Set the problem up by orbits again."""
        products = products_of(self.fabric, self.traffic)
        assert products is not None
        handle = self.fabric._handle
        problem = _core.concurrent_by_orbits(handle, products, self.forwarding, None)
        assert problem is not None
        return problem

    def plan(self, fabric: Fabric, pairs: tuple[Any, Any, Any]) -> dict[str, Any]:
        """Say what the core needs to know of the routing."""
        return plan(
            fabric,
            pairs,
            routing="ecmp",
            split="link",
            forwarding=self.forwarding,
            queue_pairs=1,
            salted=True,
            paths=None,
            tables=None,
        )


@dataclass(frozen=True, eq=False)
class Witness:
    """Lengths of links, as they were found.

    `lengths` holds Gbit/s-free numbers: of all links, shape (2, links); of kinds of links, shape
    (slots,); or of whole bundles, shape (2, bundles).
    """

    question: Question
    lengths: Floats
    kind: str

    def of(self, bundle: str | None) -> Floats:
        """Lengths of the links of a bundle, or of all, shape (2, links)."""
        handle = self.question.fabric._handle
        rows = handle.bundles()
        names = [row[0] for row in rows]
        if bundle is not None and bundle not in names:
            raise SelectionError(f"no link bundle {bundle!r}; there are {', '.join(names)}")
        own = range(len(names)) if bundle is None else [names.index(bundle)]
        if self.kind == "links":
            first = np.concatenate([[0], np.cumsum([row[5] for row in rows])]).astype(np.int64)
            parts = [self.lengths[:, first[at] : first[at + 1]] for at in own]
        elif self.kind == "bundles":
            parts = [np.repeat(self.lengths[:, [at]], rows[at][5], axis=1) for at in own]
        else:
            problem = self.question.by_orbits()
            parts = [np.stack(problem.lift(handle, at, self.lengths, _LIMIT)) for at in own]
        return np.concatenate(parts, axis=1) if parts else np.zeros((2, 0))

    def upper(self, *, patient: bool) -> float | None:
        """Derive the bound again; None if that would take long and is not asked for."""
        question = self.question
        fabric = question.fabric
        products, pairs = _asked(question, listed=self.kind == "links")
        sources = sum(num_nodes(own) for own, _, _ in products) + np.unique(pairs[0]).size
        work = (2 * fabric.num_links + sum(num_nodes(to) for _, to, _ in products)) * sources
        if work <= (_PATIENT if patient else _CHEAP):
            plain = fabric.materialize()
            products, pairs = question.traffic._resolve(plain)
            lengths = np.ascontiguousarray(self.of(None))
            options = question.plan(plain, pairs)
            both = (lengths[0], lengths[1])
            return _core.bound_by_lengths(plain._handle, products, pairs, options, both, None)
        if patient and self.kind == "slots":
            return question.by_orbits().upper(self.lengths, None)
        return None


def _asked(question: Question, *, listed: bool) -> Any:
    if not listed:
        products = products_of(question.fabric, question.traffic)
        if products is not None:
            return products, (np.zeros(0, np.int64),) * 3
    return question.traffic._resolve(question.fabric)


def check(witness: Witness, upper: float, *, patient: bool) -> bool:
    """Derive a bound again with code that shares nothing with the solver; refuse a better one."""
    if not np.isfinite(upper):
        return True
    again = witness.upper(patient=patient)
    if again is not None and not again <= upper * (1 + 1e-9):
        raise CertificateError(
            f"the answer failed its check: its lengths prove {again:.12g}, not {upper:.12g}; "
            "this is a bug"
        )
    return again is not None


@dataclass(frozen=True, eq=False)
class TightCut:
    """Nodes that cannot send more of the traffic to the others than an upper bound says.

    Attributes
    ----------
    tiers : Bottleneck
        The links that leave, by tier, the largest part first.
    gbit_per_s : float
        Capacity of the links that leave.
    demand_gbit_per_s : float
        What the traffic sends from these nodes to the others.
    num_senders, num_receivers : int
        Nodes on either side.
    """

    tiers: Bottleneck
    gbit_per_s: float
    demand_gbit_per_s: float
    num_senders: int
    num_receivers: int
    _side: tuple[Question, Any]

    @property
    def sparsity(self) -> float:
        """Capacity over demand: no routing carries a larger multiple of the traffic."""
        return self.gbit_per_s / self.demand_gbit_per_s

    @cached_property
    def source_side(self) -> Flags:
        """Whether each node is on the sending side, by node id of the materialized fabric."""
        question, side = self._side
        if isinstance(side, np.ndarray):
            return np.unpackbits(side, count=self.num_senders + self.num_receivers).astype(bool)
        return question.by_orbits().side(question.fabric._handle, *side)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "sparsity": self.sparsity,
            "gbit_per_s": self.gbit_per_s,
            "demand_gbit_per_s": self.demand_gbit_per_s,
            "num_senders": self.num_senders,
            "num_receivers": self.num_receivers,
            "tiers": [vars(row) for row in self.tiers],
        }

    def __repr__(self) -> str:
        ends = f"{counted(self.num_senders, 'node')} to {self.num_receivers:,}"
        return f"TightCut({self.sparsity:.6g} from {ends}: {self.tiers})"


def _tiers(rows: list[tuple[str, int, float]]) -> Bottleneck:
    total = sum(capacity for *_, capacity in rows) or 1.0
    parts = [PinchRow(name, links, own, own / total) for name, links, own in rows if links]
    return Bottleneck(sorted(parts, key=lambda row: -row.share))


def listed_cut(question: Question, fabric: Fabric, side: Flags, demand: float) -> TightCut:
    """Describe a cut of listed links from the nodes that send."""
    tails, heads = fabric.tails.astype(np.int64), fabric.heads.astype(np.int64)
    capacity = fabric.gbit_per_s
    leaves = side[tails] & ~side[heads]
    if not fabric._handle.is_directed:
        leaves |= side[heads] & ~side[tails]
    leaves &= capacity > 0
    rows, start = [], 0
    for name, _, _, _, _, links, _ in fabric._handle.bundles():
        own = leaves[start : start + links]
        rows.append((name, int(own.sum()), float(capacity[start : start + links][own].sum())))
        start += links
    senders = int(side.sum())
    whole = sum(own for *_, own in rows)
    ends = (senders, side.size - senders)
    return TightCut(_tiers(rows), whole, demand, *ends, (question, np.packbits(side)))


def orbit_cut(question: Question, found: Any) -> TightCut:
    """Describe a cut of kinds of links from the classes around a node."""
    root, inside, capacity, demand, nodes, rows, _ = found
    names = [row[0] for row in question.fabric._handle.bundles()]
    tiers = _tiers([(names[bundle], round(links), own) for bundle, links, own in rows])
    ends = (question.fabric.num_nodes - round(nodes), round(nodes))
    return TightCut(tiers, capacity, demand, *ends, (question, (root, inside)))
