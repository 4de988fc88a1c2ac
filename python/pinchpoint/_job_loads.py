"""What a job sends, written by rank, and the loads that it puts on links where it is placed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._ends import is_id
from pinchpoint._patterns import Traffic, _Pairs, _Product, _Ranked, each_to_each
from pinchpoint._validation import as_items, check_fabric
from pinchpoint._wording import counted, whole_kbit
from pinchpoint.errors import SelectionError
from pinchpoint.selection import Selection
from pinchpoint.units import format_bytes

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.congestion import Routing
    from pinchpoint.fabric import Fabric

    Floats = npt.NDArray[np.float64]
    Ids = npt.NDArray[np.int64]

__all__ = [
    "Load",
    "arcs",
    "by_rank",
    "cut_off",
    "cut_pairs",
    "listed",
    "measured",
    "pairs_of",
    "placed",
    "rate",
    "sent",
]

# A smaller part of a round than this is rounding.
_TOUCHED = 1e-9


def by_rank(name: str, traffic: Traffic, fabric: Fabric, ids: Sequence[int]) -> Traffic:
    """Write traffic between nodes of a job as traffic between its ranks.

    Numbers are ranks already; selections and text name nodes of the fabric, all of the job.
    """
    rank_of = {node: rank for rank, node in enumerate(ids)}

    def ranks(ends: Any) -> list[int]:
        if is_id(ends):
            if not 0 <= ends < len(ids):
                raise SelectionError(
                    f"job {name!r}: its traffic names rank {ends}; there are {len(ids)}"
                )
            return [int(ends)]
        if isinstance(ends, Selection | str):
            nodes = [int(node) for node in fabric.node_ids(ends)]
            outside = [node for node in nodes if node not in rank_of]
            if outside:
                raise SelectionError(
                    f"job {name!r}: its traffic names node {outside[0]}, which is none of its ranks"
                )
            return [rank_of[node] for node in nodes]
        return [
            rank
            for one in as_items("ranks", ends, "ranks, selections and text")
            for rank in ranks(one)
        ]

    def once(ends: Any) -> list[int]:
        return list(dict.fromkeys(ranks(ends)))

    parts: list[Any] = []
    for part in traffic.parts:
        if isinstance(part, _Product):
            sources = once(part.sources)
            sinks = sources if part.sinks is part.sources else once(part.sinks)
            parts.append(replace(part, sources=sources, sinks=sinks))
        elif isinstance(part, _Ranked):
            parts.append(replace(part, ranks=ranks(part.ranks)))
        else:
            for end in (part.sources, part.sinks):
                ranks(end.tolist())
            parts.append(part)
    return Traffic(tuple(parts))


def placed(traffic: Traffic, ids: Sequence[int]) -> Traffic:
    """Put traffic between ranks on the nodes that hold them."""
    node_of = np.asarray(ids, np.int64)

    def nodes(ranks: Iterable[int]) -> list[int]:
        return [ids[rank] for rank in ranks]

    parts: list[Any] = []
    for part in traffic.parts:
        if isinstance(part, _Product):
            sources = nodes(part.sources)
            sinks = sources if part.sinks is part.sources else nodes(part.sinks)
            parts.append(replace(part, sources=sources, sinks=sinks))
        elif isinstance(part, _Ranked):
            parts.append(replace(part, ranks=nodes(part.ranks)))
        else:
            parts.append(replace(part, sources=node_of[part.sources], sinks=node_of[part.sinks]))
    return Traffic(tuple(parts))


def pairs_of(traffic: Traffic) -> tuple[Ids, Ids, Floats]:
    """List traffic between ranks: sources, sinks and Gbit of a round."""
    listed: list[tuple[Ids, Ids, Floats]] = []
    for part in traffic.parts:
        if isinstance(part, _Product):
            ends = np.array(part.sources, np.int64), np.array(part.sinks, np.int64)
            tails, heads = each_to_each(*ends)
            listed.append((tails, heads, np.full(tails.size, _rate(part))))
        elif isinstance(part, _Ranked):
            ranks = np.array(part.ranks, np.int64)
            tails, heads = part.pairs(ranks.size)
            listed.append((ranks[tails], ranks[heads], part.rates(tails, heads, ranks.size)))
        else:
            listed.append((part.sources, part.sinks, part.gbit_per_s))
    columns = [np.concatenate(column) for column in zip(*listed, strict=True)]
    return columns[0], columns[1], columns[2]


def _rate(part: _Product) -> float:
    if part.shared:
        return part.gbit_per_s / max(len(part.sinks), 1)
    return part.gbit_per_s / (len(part.sources) - 1) if part.per_source else part.gbit_per_s


def cut_pairs(
    fabric: Fabric, phases: Sequence[Traffic], ids: Sequence[int], routing: Routing
) -> int:
    """Count the pairs that send in some phase and that nothing joins, each once."""
    parts = tuple(part for phase in phases for part in phase.parts)
    answer = fabric.congestion(placed(_once(parts, len(ids)), ids), routing=routing)
    return answer.unreachable.pairs


def cut_off(
    name: str, fabric: Fabric, phases: Sequence[Traffic], ids: Sequence[int], routing: Routing
) -> str:
    """Say how many pairs of a job are cut off."""
    pairs = cut_pairs(fabric, phases, ids, routing)
    cut = counted(pairs, "pair of its ranks is", "pairs of its ranks are")
    return f"job {name!r}: {cut} cut off"


def _once(parts: Sequence[Any], count: int) -> Traffic:
    """Write traffic between ranks anew, with each pair in one of its parts, at a rate of 1.

    Sinks that the same products have are one kind: all that some of these products let send to
    them do. What is listed is kept where no product has it.
    """
    products = [part for part in parts if isinstance(part, _Product)]
    sends, receives = (np.zeros((len(products) + 1, count), bool) for _ in range(2))
    for row, part in enumerate(products):
        sends[row, list(part.sources)] = receives[row, list(part.sinks)] = True
    kinds, kind_of = np.unique(receives, axis=1, return_inverse=True)
    kind_of = kind_of.ravel()
    reach = kinds.T.astype(np.int64) @ sends.astype(np.int64) > 0
    own: list[Any] = [
        _Product(np.flatnonzero(row).tolist(), np.flatnonzero(kind_of == kind).tolist(), 1.0)
        for kind, row in enumerate(reach)
        if row.any()
    ]
    rest = tuple(part for part in parts if not isinstance(part, _Product))
    if rest:
        sources, sinks, _ = pairs_of(Traffic(rest))
        fresh = ~reach[kind_of[sinks], sources]
        pairs = np.unique(np.stack([sources[fresh], sinks[fresh]]), axis=1)
        own.append(_Pairs(pairs[0], pairs[1], np.ones(pairs.shape[1])))
    return Traffic(tuple(own))


def sent(traffic: Traffic, count: int) -> tuple[Floats, Floats]:
    """Return what each rank sends and receives in a round, in Gbit."""
    out, into = np.zeros(count), np.zeros(count)
    for part in traffic.parts:
        if isinstance(part, _Product):
            # Without listing the pairs: all ends but oneself.
            for own, ends, others in (
                (out, part.sources, part.sinks),
                (into, part.sinks, part.sources),
            ):
                both = set(others)
                own[list(ends)] += [_rate(part) * (len(both) - (rank in both)) for rank in ends]
        else:
            tails, heads, rates = pairs_of(Traffic((part,)))
            out += np.bincount(tails, rates, count)
            into += np.bincount(heads, rates, count)
    return out, into


def listed(fabric: Fabric) -> Fabric:
    """Return the fabric written out."""
    check_fabric(fabric)
    return fabric.materialize() if fabric.is_structured else fabric


def arcs(fabric: Fabric) -> tuple[Floats, Ids]:
    """Return capacity in Gbit/s and bundle of every arc, forward ones first."""
    both = np.concatenate([fabric.gbit_per_s, fabric.gbit_per_s])
    sizes = [bundle.num_links for bundle in fabric.bundles]
    bundles = np.repeat(np.arange(len(sizes)), sizes)
    return both, np.concatenate([bundles, bundles])


@dataclass(frozen=True, eq=False)
class Load:
    """What one round of a job asks of the links.

    Attributes
    ----------
    gbit : ndarray of float64, shape (arcs,)
        Carried by every arc in a round, all phases together.
    seconds : float
        Of a round when the job is alone: its phases one after another, each as long as its fullest
        arc; infinite where pairs are cut off.
    uneven : float
        The sum over phases and arcs of the fourth power of the seconds that an arc is busy: of two
        placements with equal times the one with less is nearer to a better one.
    cut : int
        Pairs of ranks that nothing joins, once for each phase and part of one that has them.
    """

    gbit: Floats
    seconds: float
    uneven: float
    cut: int

    @property
    def used(self) -> Ids:
        """Arcs that carry something."""
        return np.flatnonzero(self.gbit > _TOUCHED * self.gbit.max(initial=0.0))


def measured(
    fabric: Fabric,
    capacity: Floats,
    phases: Sequence[Traffic],
    ids: Sequence[int],
    routing: Routing,
) -> Load:
    """Route every phase of a job placed on these nodes."""
    total, seconds, uneven, cut = np.zeros(capacity.size), 0.0, 0.0, 0
    for phase in phases:
        answer = fabric.congestion(placed(phase, ids), routing=routing)
        loads = answer.loads().ravel()
        used = loads > _TOUCHED * loads.max(initial=0.0)
        busy = loads[used] / capacity[used]
        seconds += float(busy.max(initial=0.0))
        uneven += float((busy**4).sum())
        cut += answer.unreachable.pairs
        total += loads
    return Load(total, float("inf") if cut else seconds, uneven, cut)


def rate(gbit_per_s: float) -> str:
    """Write a rate for a table."""
    return format_bytes(whole_kbit(gbit_per_s))
