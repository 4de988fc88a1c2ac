"""Where to put a job: candidates by tier, moves of ranks, and what no placement passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from math import comb, perm
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._job_loads import Load, arcs, cut_off, listed, measured, rate, sent
from pinchpoint._patterns import _Product
from pinchpoint._placement_bound import least_seconds
from pinchpoint._result import TabularResult
from pinchpoint._tiers import coordinate_partitions, nearest, partitions
from pinchpoint._validation import as_integer, as_seed
from pinchpoint._wording import a_type
from pinchpoint.errors import InputTypeError, PinchpointError, SelectionError
from pinchpoint.studies.random import SplitMix64, seeded

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint._patterns import Traffic
    from pinchpoint.congestion import Routing
    from pinchpoint.fabric import Ends, Fabric
    from pinchpoint.jobs import Job
    from pinchpoint.slurm import Topology

    Ids = npt.NDArray[np.int64]
    Nodes = tuple[int, ...]

__all__ = ["Placement", "placement"]

_MOST_SEEDS = 32
# Moves in a row that help nothing, before the search goes elsewhere.
_PATIENCE = 60
_SAME = 1e-9


@dataclass(frozen=True)
class Placement(TabularResult):
    """How good a placement is.

    Attributes
    ----------
    gbit_per_s : float
        What the busiest rank sends as placed, averaged over a round, in Gbit/s.
    best_gbit_per_s : float
        The best rate found, in Gbit/s, which need not be the best there is.
    best_nodes : tuple of int
        Node ids where that was, in rank order.
    bound_gbit_per_s : float
        No placement on the free nodes is faster, in Gbit/s.
    tried : int
        Placements that were routed.
    exhaustive : bool
        Whether those were all there are, so that the best found is the best.
    """

    gbit_per_s: float
    best_gbit_per_s: float
    best_nodes: tuple[int, ...]
    bound_gbit_per_s: float
    tried: int
    exhaustive: bool = False

    @property
    def score(self) -> float:
        """Rate over the best found, 0 to 1."""
        return self.gbit_per_s / self.best_gbit_per_s if self.best_gbit_per_s else 0.0

    @property
    def score_to_bound(self) -> float:
        """Rate over the bound, 0 to 1."""
        return self.gbit_per_s / self.bound_gbit_per_s if self.bound_gbit_per_s else 0.0

    @property
    def optimal(self) -> bool:
        """Whether the best found is known to be the best there is."""
        return self.exhaustive or self.best_gbit_per_s >= self.bound_gbit_per_s * (1 - _SAME)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            **vars(self),
            "best_nodes": list(self.best_nodes),
            "score": self.score,
            "score_to_bound": self.score_to_bound,
            "optimal": self.optimal,
        }

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "placement": ["as placed", "best found", "bound"],
            "gbit_per_s": [self.gbit_per_s, self.best_gbit_per_s, self.bound_gbit_per_s],
        }

    def __str__(self) -> str:
        known = "the best there is" if self.optimal else f"best of {self.tried:,} tried"
        return (
            f"{rate(self.gbit_per_s)} as placed, {rate(self.best_gbit_per_s)} {known}, "
            f"{rate(self.bound_gbit_per_s)} at most: score {self.score:.2f}"
        )


def placement(
    fabric: Fabric,
    job: Job,
    /,
    *,
    free: Ends,
    topology: Topology | None = None,
    tries: int = 200,
    seed: int = 0,
    routing: Routing = "ecmp",
) -> Placement:
    """Score a job's placement against the best found and against a bound.

    Parameters
    ----------
    fabric : Fabric
        Written out if it is structured, so a part of a large one is better given.
    job : Job
        Where its ranks are now.
    free : selections, text, or node ids
        Nodes that the job may use; its own count as free.
    topology : Topology, optional
        Slurm's tree of switches (:func:`pinchpoint.slurm.read_topology`); its groups of nodes are
        tried too. Nodes are named as in the file.
    tries : int, default 200
        Placements to route at most; each costs one :meth:`Fabric.congestion` per phase.
    seed : int, default 0
        Of the moves.
    routing : {"ecmp", "wcmp", "ecmp-hash", "single", "valiant"}, default "ecmp"
        As :meth:`Fabric.congestion` takes it.

    Returns
    -------
    Placement
        The rate as placed, the best found and where, and the bound.

    Raises
    ------
    SelectionError
        Ranks or free nodes that the fabric does not have, ranks that are cut off where they are.

    Notes
    -----
    Finding the best placement is NP-hard. If `tries` placements are all there are, all are routed.
    Otherwise the search starts from the ranks as they are and in the order of tiers, from groups of
    free nodes that meet within 1, 2, ... hops or share coordinates, filled one after another and
    evenly, from the nodes nearest to some seeds, and from Slurm's groups. The best of those is
    improved by moving single ranks to free nodes and, where their order matters, by swapping ranks,
    as long as the time of a round, or at equal times the unevenness of the loads, gets smaller;
    then the next one.

    The bound: of the k busiest ranks one sits on a node no faster than the k-th fastest free one;
    and around every group of free nodes, what the ranks in it must exchange with the others fits
    the maximum flow between the group and the rest, however the ranks are spread over the groups.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> tails, heads = [0, 1, 2, 3, 4, 5], [4, 4, 5, 5, 6, 6]
    >>> net = pp.Fabric.from_links(tails, heads, [100.0, 100.0, 100.0, 100.0, 40.0, 40.0])
    >>> found = pp.jobs.placement(net, pp.jobs.Job("a", [0, 2]), free=[1, 3])
    >>> found.best_nodes, found.score, found.optimal
    ((0, 1), 0.4, True)
    """
    from pinchpoint.jobs import Job

    if not isinstance(job, Job):
        raise InputTypeError(f"job is {a_type(job)}; it must be a Job")
    if topology is not None and not hasattr(topology, "node_groups"):
        raise InputTypeError(f"topology is {a_type(topology)}; it must be a Topology")
    tries, seed = as_integer("tries", tries, 1), as_seed(seed)
    before, fabric = fabric, listed(fabric)
    ids, phases = job.ids(fabric), job.phases(fabric)
    search = _Search(fabric, job.name, ids, phases, free, tries, routing)
    own = search.load(tuple(ids))
    if own.cut:
        raise SelectionError(cut_off(job.name, fabric, phases, ids, routing))
    least = least_seconds(fabric, phases, search.pool.tolist())
    exhaustive = search.choices() <= tries
    if exhaustive:
        search.every()
    else:
        search.starts(_slurm_groups(before, topology))
        search.climb(seeded(seed), least)
    gbit = float(sum((sent(one, len(ids))[0] for one in phases), np.zeros(len(ids))).max())
    best = search.best()
    return Placement(
        gbit / own.seconds,
        gbit / search.known[best][0],
        best,
        gbit / least,
        len(search.known),
        exhaustive,
    )


def _slurm_groups(fabric: Fabric, topology: Topology | None) -> list[list[int]]:
    groups = []
    for group in topology.node_groups() if topology is not None else ():
        nodes: list[int] = []
        for name in group:
            try:
                nodes += [int(node) for node in fabric.node_ids(name)]
            except PinchpointError as error:
                raise SelectionError(f"topology names {name!r}: {error}") from None
        groups.append(nodes)
    return groups


class _Search:
    """Placements that were routed, each by its seconds and its unevenness."""

    def __init__(
        self,
        fabric: Fabric,
        name: str,
        ids: list[int],
        phases: Sequence[Traffic],
        free: Ends,
        tries: int,
        routing: Routing,
    ) -> None:
        self.fabric, self.phases, self.routing, self.tries = fabric, phases, routing, tries
        self.ids, self.count = ids, len(ids)
        self.capacity = arcs(fabric)[0]
        given = fabric._ends(free, "free")
        nodes = {int(node) for core in given for node in fabric._handle.node_ids(core)}
        linked = {*fabric.tails[fabric.gbit_per_s > 0], *fabric.heads[fabric.gbit_per_s > 0]}
        self.pool: Ids = np.array(sorted({*ids, *(nodes & linked)}), np.int64)
        # In an all-to-all it does not matter which rank is where.
        self.ordered = not all(
            isinstance(part, _Product)
            and part.sources is part.sinks
            and len(part.sources) == self.count
            for phase in phases
            for part in phase.parts
        )
        self.known: dict[Nodes, tuple[float, float]] = {}

    def _key(self, nodes: Sequence[int]) -> Nodes:
        return tuple(nodes) if self.ordered else tuple(sorted(nodes))

    def load(self, nodes: Nodes) -> Load:
        load = measured(self.fabric, self.capacity, self.phases, nodes, self.routing)
        self.known[self._key(nodes)] = load.seconds, load.uneven
        return load

    def score(self, nodes: Sequence[int]) -> tuple[float, float] | None:
        """Route a placement; None once enough have been."""
        key = self._key(nodes)
        if key not in self.known:
            if len(self.known) >= self.tries:
                return None
            self.load(key)
        return self.known[key]

    def best(self) -> Nodes:
        """Return the fastest placement; of equals the most even, then the first."""
        fastest = min(seconds for seconds, _ in self.known.values())
        equal = [key for key, one in self.known.items() if one[0] <= fastest * (1 + _SAME)]
        return min(equal, key=lambda key: self.known[key][1])

    def choices(self) -> int:
        """Count the placements there are."""
        return (perm if self.ordered else comb)(self.pool.size, self.count)

    def every(self) -> None:
        """Route all placements."""
        listing = permutations if self.ordered else combinations
        for nodes in listing(self.pool.tolist(), self.count):
            self.score(nodes)

    def starts(self, groups: list[list[int]]) -> None:
        """Route placements that look good, half of the tries at most."""
        most = 1 + self.tries // 2
        for nodes in self._candidates(groups):
            if len(self.known) >= most:
                return
            self.score(nodes)

    def _candidates(self, groups: list[list[int]]) -> Iterator[list[int]]:
        tiers = partitions(self.fabric, self.pool)
        rank = _tier_order(self.pool, tiers)
        place_of = {int(node): place for place, node in enumerate(self.pool)}

        def sorted_by_tier(nodes: Sequence[int]) -> list[int]:
            return sorted(nodes, key=lambda node: rank[place_of[node]])

        yield sorted_by_tier(self.ids)
        for own in groups:
            inside = [node for node in own if node in place_of]
            if len(inside) >= self.count:
                yield sorted_by_tier(inside)[: self.count]
        for number in [*tiers[::-1], *coordinate_partitions(self.fabric, self.pool)]:
            for nodes in _by_groups(self.pool, number, rank, self.count):
                yield sorted_by_tier(nodes)
        step = max(1, self.pool.size // _MOST_SEEDS)
        for nodes in nearest(self.fabric, self.pool, self.pool[::step], self.count):
            if len(nodes) == self.count:
                yield nodes
                yield sorted_by_tier(nodes)
        for start in range(0, self.pool.size - self.count + 1, step):
            yield self.pool[start : start + self.count].tolist()

    def climb(self, random: SplitMix64, least: float) -> None:
        """Move ranks of the best placement, then of the next best, while there are tries.

        It ends where nothing can be better: at the fewest seconds there can be.
        """
        climbed: set[Nodes] = set()
        while len(self.known) < self.tries:
            waiting = [key for key in self.known if key not in climbed]
            if not waiting:
                return
            now = min(waiting, key=lambda key: self.known[key])
            if self.known[now][0] <= least * (1 + _SAME):
                return
            climbed.add(now)
            idle = 0
            while idle < _PATIENCE and len(self.known) < self.tries:
                moved = self._moved(now, random)
                score = None if moved is None else self.score(moved)
                idle += 1
                if moved is not None and score is not None and _better(score, self.known[now]):
                    now, idle = self._key(moved), 0
                    climbed.add(now)

    def _moved(self, nodes: Nodes, random: SplitMix64) -> list[int] | None:
        """Swap two ranks, or move one to a free node."""
        own = list(nodes)
        free = self.pool.size - self.count
        place = random.below(self.count)
        if self.ordered and (not free or random.below(2)):
            other = random.below(self.count)
            own[place], own[other] = own[other], own[place]
            return own if other != place else None
        if not free:
            return None
        taken = set(own)
        while (node := int(self.pool[random.below(self.pool.size)])) in taken:
            pass
        own[place] = node
        return own


def _better(one: tuple[float, float], other: tuple[float, float]) -> bool:
    if one[0] < other[0] * (1 - _SAME):
        return True
    return one[0] <= other[0] * (1 + _SAME) and one[1] < other[1] * (1 - _SAME)


def _tier_order(pool: Ids, tiers: list[Ids]) -> Ids:
    """Rank nodes so that those that share low tiers are next to each other."""
    order = np.lexsort([pool, *tiers])
    rank = np.empty(pool.size, np.int64)
    rank[order] = np.arange(pool.size)
    return rank


def _by_groups(pool: Ids, number: Ids, rank: Ids, count: int) -> Iterator[list[int]]:
    """Fill groups of free nodes: one that holds all, the fewest, and all of several evenly."""
    members = [np.flatnonzero(number == group) for group in range(int(number.max()) + 1)]
    members = [own[np.argsort(rank[own])] for own in members]
    holding = sorted((own for own in members if own.size >= count), key=lambda own: own.size)
    for own in holding:
        yield pool[own[:count]].tolist()
    largest = sorted(members, key=lambda own: -own.size)
    if not holding:
        yield pool[np.concatenate(largest)[:count]].tolist()
    fewest = int(np.searchsorted(np.cumsum([own.size for own in largest]), count)) + 1
    for many in sorted({fewest, fewest + 1, 2 * fewest, len(members)}):
        if 1 < many <= len(members):
            parts = [own[:0] for own in largest[:many]]
            left, turn = count, 0
            while left and turn < max(own.size for own in largest[:many]):
                for place, own in enumerate(largest[:many]):
                    if left and turn < own.size:
                        parts[place] = own[: turn + 1]
                        left -= 1
                turn += 1
            if not left:
                yield pool[np.concatenate(parts)].tolist()
