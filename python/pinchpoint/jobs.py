"""Jobs that share a fabric: who slows whom, what a drain costs each, how good a placement is.

Rates are what every rank sends at once, in Gbit/s, when all pairs of a job go at one pace, as
collectives do. Traffic takes the paths of a routing; where jobs meet, links are shared max-min
fairly between jobs, each measured against its own speed alone. Packet-level effects are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pinchpoint import traffic as traffics
from pinchpoint._result import TabularResult
from pinchpoint.errors import InputTypeError, PinchpointError, SelectionError
from pinchpoint.fair import max_min_fair
from pinchpoint.ranks import read_ranks
from pinchpoint.selection import Selection
from pinchpoint.studies.random import seeded

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.congestion import Routing
    from pinchpoint.fabric import Ends, Fabric
    from pinchpoint.selection import LinkSelection
    from pinchpoint.slurm import Topology

    Floats = npt.NDArray[np.float64]

__all__ = ["Drain", "Job", "Placement", "Sharing", "drain", "placement", "share"]

Pattern = Literal["all_to_all", "ring"]
_TOUCHED = 1e-9


@dataclass(frozen=True)
class Job:
    """Ranks and what they send each other.

    Attributes
    ----------
    name : str
        For tables.
    ranks : selections, text, node ids, or a path to a rank file
        Which nodes; their order matters to "ring".
    pattern : {"all_to_all", "ring"}
        All-to-all between all ranks, or each rank to the next (ring all-reduce, pipelines).
    """

    name: str
    ranks: Any
    pattern: Pattern = "all_to_all"

    def ids(self, fabric: Fabric) -> list[int]:
        """Return the node ids of the ranks, in order."""
        import os

        if isinstance(self.ranks, os.PathLike):
            return read_ranks(fabric, self.ranks)
        items = self.ranks if isinstance(self.ranks, list | tuple) else [self.ranks]
        ids: list[int] = []
        for one in items:
            found = [int(one)] if isinstance(one, int | np.integer) else fabric.node_ids(one)
            ids += [int(node) for node in found]
        if len(set(ids)) != len(ids):
            raise SelectionError(f"job {self.name!r}: a node has two ranks")
        if len(ids) < 2:
            raise SelectionError(f"job {self.name!r} has {len(ids)} ranks; it needs two at least")
        return ids

    def traffic(self, ids: Sequence[int]) -> traffics.Traffic:
        """Return the traffic in which every rank sends 1 Gbit/s in all."""
        own = list(ids)
        if self.pattern == "ring":
            return traffics.ring(own, gbit_per_s=1.0)
        if self.pattern == "all_to_all":
            return traffics.all_to_all(own, gbit_per_s=1.0 / (len(own) - 1))
        raise SelectionError(
            f"job {self.name!r}: pattern is {self.pattern!r}; it must be 'all_to_all' or 'ring'"
        )


@dataclass(frozen=True)
class Sharing(TabularResult):
    """Several jobs at once.

    Attributes
    ----------
    jobs : tuple of str
        Their names.
    alone_gbit_per_s : tuple of float
        Rate of every rank when the job is alone.
    together_gbit_per_s : tuple of float
        Its max-min fair rate when all jobs run.
    shared : tuple of (str, int, tuple of str)
        By bundle: how many links carry several jobs, and which jobs those are.
    binds : tuple of str
        For each job the bundle that holds it back when all run.
    """

    jobs: tuple[str, ...]
    alone_gbit_per_s: tuple[float, ...]
    together_gbit_per_s: tuple[float, ...]
    shared: tuple[tuple[str, int, tuple[str, ...]], ...]
    binds: tuple[str, ...]

    @property
    def slow_down(self) -> tuple[float, ...]:
        """How many times longer each job's transfers take than alone."""
        pairs = zip(self.alone_gbit_per_s, self.together_gbit_per_s, strict=True)
        return tuple(alone / own if own else float("inf") for alone, own in pairs)

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "job": list(self.jobs),
            "alone_gbit_per_s": list(self.alone_gbit_per_s),
            "together_gbit_per_s": list(self.together_gbit_per_s),
            "slow_down": list(self.slow_down),
            "binds": list(self.binds),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {**self._columns(), "shared": [list(row) for row in self.shared]}


def _listed(fabric: Fabric) -> Fabric:
    return fabric.materialize() if fabric.is_structured else fabric


def _loads(fabric: Fabric, job: Job, ids: Sequence[int], routing: Routing) -> tuple[Floats, int]:
    """Return the load of every arc when each rank sends 1 Gbit/s, and the pairs cut off."""
    answer = fabric.congestion(job.traffic(ids), routing=routing)
    return answer.loads().ravel(), answer.unreachable.pairs


def _alone(capacity: Floats, loads: Floats) -> float:
    used = loads > _TOUCHED
    if not used.any():
        return 0.0
    return float((capacity[used] / loads[used]).min())


def _arcs(fabric: Fabric) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return capacity and bundle of every arc, forward ones first."""
    both = np.concatenate([fabric.gbit_per_s, fabric.gbit_per_s])
    sizes = [bundle.num_links for bundle in fabric.bundles]
    bundles = np.repeat(np.arange(len(sizes)), sizes)
    return both, np.concatenate([bundles, bundles])


def share(fabric: Fabric, jobs: Iterable[Job], /, *, routing: Routing = "ecmp") -> Sharing:
    """Find how several jobs slow each other down.

    Parameters
    ----------
    fabric : Fabric
        Written out if it is structured.
    jobs : iterable of Job
        All run at once.
    routing : {"ecmp", "wcmp", "valiant", "single"}, default "ecmp"
        As :meth:`Fabric.congestion` takes it.

    Returns
    -------
    Sharing
        Rates alone and together, and the links that several jobs use.

    Raises
    ------
    SelectionError
        Jobs without ranks, two jobs on one node, ranks that nothing joins.

    Notes
    -----
    Each job is one flow that is spread over its links in the proportions of its traffic; its
    weight and its most are its rate alone. The rates are max-min fair [1]_ and checked.

    References
    ----------
    .. [1] D. Bertsekas and R. Gallager, Data Networks, 2nd ed., section 6.5.2, 1992.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> links = pp.Fabric.from_links([0, 1, 2, 3, 4, 5], [4, 4, 5, 5, 6, 6], 100.0)
    >>> both = [pp.jobs.Job("a", [0, 2]), pp.jobs.Job("b", [1, 3])]
    >>> pp.jobs.share(links, both).slow_down
    (2.0, 2.0)
    """
    own = _checked(jobs)
    fabric = _listed(fabric)
    capacity, bundles = _arcs(fabric)
    seen: dict[int, str] = {}
    rows = []
    for job in own:
        ids = job.ids(fabric)
        for node in ids:
            if node in seen:
                raise SelectionError(f"node {node} belongs to jobs {seen[node]!r} and {job.name!r}")
            seen[node] = job.name
        loads, cut = _loads(fabric, job, ids, routing)
        if cut:
            raise SelectionError(f"job {job.name!r}: {cut} pairs of its ranks are cut off")
        rows.append(loads)
    alone = np.array([_alone(capacity, loads) for loads in rows])
    used = [np.flatnonzero(loads > _TOUCHED) for loads in rows]
    rates = _fair(capacity, rows, used, alone)
    total = sum((rate * loads for rate, loads in zip(rates, rows, strict=True)), 0 * capacity)
    names = [bundle.name for bundle in fabric.bundles]
    binds = []
    for place in used:
        with np.errstate(divide="ignore", invalid="ignore"):
            full = np.nan_to_num(total[place] / capacity[place])
        binds.append(names[int(bundles[place[int(full.argmax())]])])
    return Sharing(
        tuple(job.name for job in own),
        tuple(float(rate) for rate in alone),
        tuple(float(rate) for rate in rates),
        _shared(own, used, bundles, names, capacity.size),
        tuple(binds),
    )


def _checked(jobs: Iterable[Job]) -> list[Job]:
    own = list(jobs)
    for place, job in enumerate(own):
        if not isinstance(job, Job):
            raise InputTypeError(f"jobs[{place}] is a {type(job).__name__}; it must be a Job")
    if not own:
        raise SelectionError("there are no jobs")
    return own


def _fair(
    capacity: Floats, rows: list[Floats], used: list[npt.NDArray[np.int64]], alone: Floats
) -> Floats:
    """Share links between jobs whose unit is their rate alone."""
    import scipy.sparse

    data = np.concatenate(
        [row[place] * rate for row, place, rate in zip(rows, used, alone, strict=True)]
    )
    first = np.concatenate([[0], np.cumsum([place.size for place in used])])
    uses = scipy.sparse.csr_array(
        (data, np.concatenate(used), first), shape=(len(rows), capacity.size)
    )
    shares = max_min_fair(capacity, uses, demands=np.ones(len(rows))).rates
    return np.asarray(shares * alone)


def _shared(
    jobs: list[Job],
    used: list[npt.NDArray[np.int64]],
    bundles: npt.NDArray[np.int64],
    names: list[str],
    arcs: int,
) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    users = np.zeros(arcs, dtype=np.int64)
    for place in used:
        users[place] += 1
    half = arcs // 2
    links = np.maximum(users[:half], users[half:]) > 1
    found = []
    for number, name in enumerate(names):
        own = links & (bundles[:half] == number)
        if own.any():
            both = np.concatenate([own, own])
            who = tuple(
                job.name for job, place in zip(jobs, used, strict=True) if both[place].any()
            )
            found.append((name, int(own.sum()), who))
    return tuple(found)


@dataclass(frozen=True)
class Drain(TabularResult):
    """What taking elements out costs each job, alone.

    Attributes
    ----------
    jobs : tuple of str
        Their names.
    before_gbit_per_s, after_gbit_per_s : tuple of float
        Rate of every rank; 0 where ranks are lost or cut off.
    lost_ranks : tuple of tuple of int
        Ranks whose node is taken out.
    cut_off_pairs : tuple of int
        Pairs of ranks that nothing joins any more.
    """

    jobs: tuple[str, ...]
    before_gbit_per_s: tuple[float, ...]
    after_gbit_per_s: tuple[float, ...]
    lost_ranks: tuple[tuple[int, ...], ...]
    cut_off_pairs: tuple[int, ...]

    @property
    def affected(self) -> tuple[str, ...]:
        """Jobs that lose something."""
        rows = zip(self.jobs, self.before_gbit_per_s, self.after_gbit_per_s, strict=True)
        return tuple(name for name, before, after in rows if after < before * (1 - 1e-9))

    def _columns(self) -> dict[str, list[Any]]:
        rows = zip(self.before_gbit_per_s, self.after_gbit_per_s, strict=True)
        return {
            "job": list(self.jobs),
            "before_gbit_per_s": list(self.before_gbit_per_s),
            "after_gbit_per_s": list(self.after_gbit_per_s),
            "loss": [1 - after / before if before else 0.0 for before, after in rows],
            "lost_ranks": [len(lost) for lost in self.lost_ranks],
            "cut_off_pairs": list(self.cut_off_pairs),
        }


def drain(
    fabric: Fabric,
    jobs: Iterable[Job],
    /,
    *taken: Selection | LinkSelection,
    routing: Routing = "ecmp",
) -> Drain:
    """Find what a drain costs each job.

    Parameters
    ----------
    fabric : Fabric
        As it is now; written out if it is structured.
    jobs : iterable of Job
        What runs on it.
    *taken : Selection or LinkSelection
        What is to be drained.
    routing : {"ecmp", "wcmp", "valiant", "single"}, default "ecmp"
        As :meth:`Fabric.congestion` takes it.

    Returns
    -------
    Drain
        A row per job.
    """
    own = _checked(jobs)
    before, after = _listed(fabric), _listed(fabric.without(*taken))
    nodes = [one for one in taken if isinstance(one, Selection)]
    gone = {int(node) for one in nodes for node in fabric.node_ids(one)}
    rows = []
    for job in own:
        ids = job.ids(before)
        lost = tuple(rank for rank, node in enumerate(ids) if node in gone)
        loads, _ = _loads(before, job, ids, routing)
        rate, cut = 0.0, 0
        if not lost:
            left, cut = _loads(after, job, ids, routing)
            rate = 0.0 if cut else _alone(_arcs(after)[0], left)
        rows.append((_alone(_arcs(before)[0], loads), rate, lost, cut))
    first, then, lost_all, cuts = zip(*rows, strict=True)
    return Drain(tuple(job.name for job in own), first, then, lost_all, cuts)


@dataclass(frozen=True)
class Placement(TabularResult):
    """How good a placement is.

    Attributes
    ----------
    gbit_per_s : float
        Rate of every rank as placed.
    best_gbit_per_s : float
        The best rate found, which need not be the best there is.
    best_nodes : tuple of int
        Where that was, in rank order.
    bound_gbit_per_s : float
        No placement on the free nodes is faster.
    tried : int
        Placements that were tried.
    """

    gbit_per_s: float
    best_gbit_per_s: float
    best_nodes: tuple[int, ...]
    bound_gbit_per_s: float
    tried: int

    @property
    def score(self) -> float:
        """Rate over the best found, 0 to 1."""
        return self.gbit_per_s / self.best_gbit_per_s if self.best_gbit_per_s else 0.0

    @property
    def score_to_bound(self) -> float:
        """Rate over the bound, 0 to 1."""
        return self.gbit_per_s / self.bound_gbit_per_s if self.bound_gbit_per_s else 0.0

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "placement": ["as placed", "best found", "bound"],
            "gbit_per_s": [self.gbit_per_s, self.best_gbit_per_s, self.bound_gbit_per_s],
        }


def placement(
    fabric: Fabric,
    job: Job,
    /,
    *,
    free: Ends,
    topology: Topology | None = None,
    tries: int = 100,
    seed: int = 0,
    routing: Routing = "ecmp",
) -> Placement:
    """Score a job's placement against the best found and against a bound.

    Parameters
    ----------
    fabric : Fabric
        Written out if it is structured.
    job : Job
        Where its ranks are now.
    free : selections, text, or node ids
        Nodes that the job may use; its own count as free.
    topology : Topology, optional
        Slurm's tree of switches (:func:`pinchpoint.slurm.read_topology`); its groups of nodes are
        tried too. Nodes are named as in the file.
    tries : int, default 100
        Placements to try: runs of neighbours in the order of ids first, then random ones, each
        improved by moving one rank at a time.
    seed : int, default 0
        Of the random ones.
    routing : {"ecmp", "wcmp", "valiant", "single"}, default "ecmp"
        As :meth:`Fabric.congestion` takes it.

    Returns
    -------
    Placement

    Notes
    -----
    The bound: every rank sends at the job's rate, so the rate is at most the capacity of the links
    at the slowest rank's node; with n ranks no placement does better than the n-th best free node.
    """
    before = fabric
    fabric = _listed(fabric)
    ids = job.ids(fabric)
    pool = sorted({*ids, *Job("free", free).ids(fabric)})
    capacity = _arcs(fabric)[0]
    scores: dict[tuple[int, ...], float] = {}

    def rate(nodes: Sequence[int]) -> float:
        key = tuple(nodes)
        if key not in scores:
            loads, cut = _loads(fabric, job, key, routing)
            scores[key] = 0.0 if cut else _alone(capacity, loads)
        return scores[key]

    own = rate(ids)
    count, random = len(ids), seeded(seed)
    starts = range(0, len(pool) - count + 1, max(1, (len(pool) - count + 1) // max(1, tries // 2)))
    wanted = [tuple(pool[start : start + count]) for start in starts][: max(1, tries // 2)]
    for group in topology.node_groups() if topology is not None else ():
        known = [node for name in group for node in _named(before, name) if node in set(pool)]
        if len(known) >= count:
            wanted.append(tuple(sorted(known)[:count]))
    for nodes in wanted:
        rate(nodes)
    best = max(scores, key=scores.__getitem__)
    while len(scores) < tries:
        # Move one rank of the best placement, or start afresh.
        moved = list(best)
        outside = [node for node in pool if node not in set(moved)]
        if not outside:
            break
        place = random.below(count)
        moved[place] = outside[random.below(len(outside))]
        seen = len(scores)
        if rate(moved) > scores[best]:
            best = tuple(moved)
        if len(scores) == seen:
            break
    return Placement(own, scores[best], best, _bound(fabric, pool, count), len(scores))


def _named(fabric: Fabric, name: str) -> list[int]:
    try:
        return [int(node) for node in fabric.node_ids(name)]
    except PinchpointError as error:
        raise SelectionError(f"topology names {name!r}: {error}") from None


def _bound(fabric: Fabric, pool: list[int], count: int) -> float:
    total: Floats = np.zeros(int(fabric.groups[-1].first_node + fabric.groups[-1].size))
    np.add.at(total, fabric.tails, fabric.gbit_per_s)
    if not fabric._handle.is_directed:
        np.add.at(total, fabric.heads, fabric.gbit_per_s)
    return float(np.sort(total[pool])[::-1][count - 1])
