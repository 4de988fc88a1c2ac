"""Which nodes are near each other: partitions of some nodes by the tiers that join them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric

    Ids = npt.NDArray[np.int64]

__all__ = ["coordinate_partitions", "nearest", "partitions"]

_DEEPEST = 6


class _Neighbours:
    """Links of an explicit fabric that are up, by their ends."""

    def __init__(self, fabric: Fabric) -> None:
        up = np.flatnonzero(fabric.gbit_per_s > 0)
        ends = fabric.tails[up].astype(np.int64), fabric.heads[up].astype(np.int64)
        self.tails, self.heads = np.concatenate(ends), np.concatenate(ends[::-1])
        last = fabric.groups[-1]
        self.count = last.first_node + last.size
        # Traffic of others never passes through some nodes.
        self.passes = np.zeros(self.count, bool)
        for group in fabric.groups:
            self.passes[group.first_node : group.first_node + group.size] = bool(group.forwards)


def partitions(fabric: Fabric, nodes: Ids) -> list[Ids]:
    """Group nodes by what they meet within 1, 2, ... hops, the finest groups first.

    Returns
    -------
    list of ndarray of int64, shape (nodes,)
        A number per node, equal for nodes of one group. The coarsest with two groups or more is the
        last; empty where all nodes meet at once.
    """
    links = _Neighbours(fabric)
    reached = np.zeros(links.count, bool)
    reached[nodes] = True
    known: list[Ids] = []
    for _ in range(_DEEPEST):
        fresh = np.unique(links.heads[reached[links.tails]])
        grown = reached.copy()
        grown[fresh] = True
        label = _components(links, grown)[nodes]
        number = np.unique(label, return_inverse=True)[1].astype(np.int64)
        if number.max(initial=0) == 0:
            break
        if number.max() + 1 < nodes.size and not any(np.array_equal(number, one) for one in known):
            known.append(number)
        if np.array_equal(grown, reached):
            break
        reached = grown
    return known


def _components(links: _Neighbours, inside: npt.NDArray[np.bool_]) -> Ids:
    """Label the connected parts of a set of nodes by their smallest node."""
    both = inside[links.tails] & inside[links.heads]
    tails, heads = links.tails[both], links.heads[both]
    label = np.arange(links.count, dtype=np.int64)
    while True:
        least = label.copy()
        np.minimum.at(least, tails, label[heads])
        # Labels are nodes: following them halves the way to the smallest.
        least = least[least]
        if np.array_equal(least, label):
            return label
        label = least


def coordinate_partitions(fabric: Fabric, nodes: Ids) -> list[Ids]:
    """Group nodes of one group by each coordinate, and by the first few of them."""
    for group in fabric.groups:
        if group.first_node <= nodes.min() and nodes.max() < group.first_node + group.size:
            break
    else:
        return []
    left, values = nodes - group.first_node, []
    for size in reversed(list(group.coordinates.values())):
        left, value = np.divmod(left, size)
        values.append(value)
    own = values[::-1]
    prefix = np.zeros(nodes.size, np.int64)
    found: list[Ids] = []
    for value, size in zip(own, group.coordinates.values(), strict=True):
        prefix = prefix * size + value
        for number in (np.unique(one, return_inverse=True)[1] for one in (prefix, value)):
            alike = any(np.array_equal(number, one) for one in found)
            if 0 < number.max() < nodes.size - 1 and not alike:
                found.append(number.astype(np.int64))
    return found


def nearest(fabric: Fabric, nodes: Ids, seeds: Ids, count: int) -> list[list[int]]:
    """Return for each seed the `count` nodes with the fewest hops to it, itself the first."""
    links = _Neighbours(fabric)
    order = np.argsort(links.tails, kind="stable")
    heads = links.heads[order]
    starts = np.searchsorted(links.tails[order], np.arange(links.count + 1))
    wanted = np.zeros(links.count, bool)
    wanted[nodes] = True
    found = []
    for seed in seeds:
        seen = np.zeros(links.count, bool)
        seen[seed] = True
        front, own = np.array([seed], np.int64), [int(seed)]
        while front.size and len(own) < count:
            sizes = starts[front + 1] - starts[front]
            at = np.repeat(starts[front] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
            fresh = np.unique(heads[at])
            fresh = fresh[~seen[fresh]]
            seen[fresh] = True
            own += fresh[wanted[fresh]].tolist()
            front = fresh[links.passes[fresh]]
        found.append(own[:count])
    return found
