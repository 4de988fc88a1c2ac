"""What no placement of a job passes: bounds by nodes, and by cuts around groups of free nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pinchpoint._job_loads import pairs_of, sent
from pinchpoint._tiers import coordinate_partitions, partitions

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint._patterns import Traffic
    from pinchpoint.fabric import Fabric

    Floats = npt.NDArray[np.float64]
    Ids = npt.NDArray[np.int64]

__all__ = ["least_seconds"]

# Partitions into more groups, and traffic between more ranks, are left to the bound by nodes.
_MOST_GROUPS = 64
_MOST_FLOWS = 200
_MOST_RANKS = 1024


def least_seconds(fabric: Fabric, phases: Sequence[Traffic], pool: Sequence[int]) -> float:
    """Return seconds that a round takes at least, wherever in the pool its ranks are.

    By nodes: of the k busiest ranks one sits on a node that is no faster than the k-th fastest. By
    cuts: a group of free nodes holds k ranks, and what k ranks must send to the others, whichever
    they are, crosses the maximum flow from the group to the rest of the pool; the ranks are spread
    over the groups as well as can be. Phases follow one another, so their bounds add up.
    """
    nodes = np.array(pool, np.int64)
    count = max(int(_ranks(phase).max()) for phase in phases) + 1
    cuts = _cuts(fabric, nodes) if count <= _MOST_RANKS else []
    ends = _ends(fabric)
    total = 0.0
    for phase in phases:
        least = 0.0
        for own, capacity in zip(sent(phase, count), ends, strict=True):
            best = np.sort(capacity[nodes])[::-1][:count]
            busy = np.divide(np.sort(own)[::-1], best, out=np.zeros(count), where=best > 0)
            least = max(least, float(busy.max()))
        if cuts:
            crossing = _crossing(phase, count)
            least = max([least, *(_spread(cut, crossing, count) for cut in cuts)])
        total += least
    return total


def _ranks(phase: Traffic) -> Ids:
    sources, sinks, _ = pairs_of(phase)
    return np.concatenate([sources, sinks])


def _ends(fabric: Fabric) -> tuple[Floats, Floats]:
    """Return what every node can send and receive, in Gbit/s."""
    last = fabric.groups[-1]
    out, into = (np.zeros(last.first_node + last.size) for _ in range(2))
    np.add.at(out, fabric.tails, fabric.gbit_per_s)
    np.add.at(into, fabric.heads, fabric.gbit_per_s)
    if fabric._handle.is_directed:
        return out, into
    return out + into, out + into


def _crossing(phase: Traffic, count: int) -> tuple[Floats, Floats]:
    """Return what any k ranks send to the others at least, and receive, in Gbit, for each k.

    A rank of the k keeps within them no more than its k - 1 largest parts.
    """
    sources, sinks, rates = pairs_of(phase)
    matrix = np.zeros((count, count))
    np.add.at(matrix, (sources, sinks), rates)
    found = []
    for own in (matrix, matrix.T):
        largest = -np.sort(-own, axis=1)
        kept = np.concatenate([np.zeros((count, 1)), np.cumsum(largest, axis=1)], axis=1)
        rest = np.maximum(kept[:, -1:] - kept, 0.0)
        least = np.zeros(count + 1)
        for k in range(1, count):
            least[k] = np.sort(rest[:, k - 1])[:k].sum()
        found.append(least)
    linked = _least_link(matrix)
    for least in found:
        least[1:count] = np.maximum(least[1:count], linked)
    # What leaves k ranks reaches the others.
    out, into = found
    return np.maximum(out, into[::-1]), np.maximum(into, out[::-1])


def _least_link(matrix: Floats) -> float:
    """Return what crosses any two sides at least, each way: the smallest part of a cycle."""
    count = len(matrix)
    targets = matrix.argmax(axis=1)
    rank, seen = 0, 0
    for _ in range(count):
        if matrix[rank, targets[rank]] <= 0:
            return 0.0
        rank, seen = int(targets[rank]), seen + 1
        if rank == 0:
            break
    if rank or seen < count:
        return 0.0
    return float(matrix[np.arange(count), targets].min())


def _cuts(fabric: Fabric, nodes: Ids) -> list[tuple[Ids, Floats, Floats]]:
    """Return partitions of the pool: group sizes, and what can leave and enter each group."""
    found, flows = [], 0
    known = [*partitions(fabric, nodes), *coordinate_partitions(fabric, nodes)]
    for number in known:
        groups = int(number.max()) + 1
        if groups > _MOST_GROUPS or flows + groups > _MOST_FLOWS:
            continue
        flows += groups
        out, into = np.zeros(groups), np.zeros(groups)
        for group in range(groups):
            ends = nodes[number == group].tolist(), nodes[number != group].tolist()
            out[group] = fabric.bandwidth(*ends).gbit_per_s
            into[group] = out[group]
            if fabric._handle.is_directed:
                into[group] = fabric.bandwidth(*ends[::-1]).gbit_per_s
        found.append((np.bincount(number), out, into))
    return found


def _spread(cut: tuple[Ids, Floats, Floats], crossing: tuple[Floats, Floats], count: int) -> float:
    """Return the fewest seconds in which ranks spread over the groups can be done."""
    sizes, *capacities = cut
    seconds = np.full((len(sizes), count + 1), np.inf)
    for group, size in enumerate(sizes):
        most = min(int(size), count)
        seconds[group, : most + 1] = 0.0
        for capacity, least in zip(capacities, crossing, strict=True):
            for k in range(1, most + 1):
                if least[k] > 0:
                    busy = least[k] / capacity[group] if capacity[group] else np.inf
                    seconds[group, k] = max(seconds[group, k], busy)
    values = np.unique(seconds[np.isfinite(seconds)])
    low, high = 0, values.size - 1
    if not _fits(seconds, values[high], count):
        return float("inf")
    while low < high:
        middle = (low + high) // 2
        if _fits(seconds, values[middle], count):
            high = middle
        else:
            low = middle + 1
    return float(values[low])


def _fits(seconds: Floats, limit: float, count: int) -> bool:
    """Tell whether numbers of ranks within the limit, one per group, add up to all ranks."""
    reached = 1
    for row in seconds:
        grown = 0
        for k in np.flatnonzero(row <= limit):
            grown |= reached << int(k)
        reached = grown & ((2 << count) - 1)
    return bool(reached >> count & 1)
