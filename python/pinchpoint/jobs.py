"""Jobs that share a fabric: who slows whom, what a drain costs each, how good a placement is.

A job repeats a round of communication: a pattern, any traffic between its ranks, or a collective
by a named algorithm. Traffic takes the paths of a routing; where jobs meet, links are shared
max-min fairly between jobs, each measured against its own speed alone. Packet-level effects are
not in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from pinchpoint import traffic as traffics
from pinchpoint._ends import is_id, kept
from pinchpoint._job_loads import (
    Load,
    arcs,
    by_rank,
    cut_off,
    cut_pairs,
    listed,
    measured,
    placed,
    rate,
    sent,
)
from pinchpoint._patterns import Traffic, _above_zero
from pinchpoint._placement import Placement, placement
from pinchpoint._result import TabularResult
from pinchpoint._suggest import shorten
from pinchpoint._table import text_table
from pinchpoint._validation import as_items, as_text, check_fabric
from pinchpoint._wording import a_type, counted
from pinchpoint.algorithms import phases_of
from pinchpoint.errors import InputTypeError, SelectionError
from pinchpoint.fair import _ask
from pinchpoint.ranks import read_ranks
from pinchpoint.selection import Selection
from pinchpoint.studies.scenario import chosen_in

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.congestion import Routing
    from pinchpoint.fabric import Fabric
    from pinchpoint.selection import LinkSelection

    Floats = npt.NDArray[np.float64]
    Ids = npt.NDArray[np.int64]

__all__ = ["Drain", "Job", "Placement", "Schedule", "Sharing", "drain", "placement", "share"]


@dataclass(frozen=True)
class Schedule:
    """A collective by a named algorithm, as what a job repeats.

    Attributes
    ----------
    op : str
        As :meth:`Fabric.collective` takes it: "all_reduce", "all_gather", "reduce_scatter",
        "all_to_all", "broadcast", "reduce" or "send_recv".
    algorithm : {"ring", "tree", "hierarchical", "rail-aligned", "direct"}, default "ring"
        "direct" is for all-to-all.
    gbyte : float, default 1
        nccl-tests' S in 10^9 bytes.
    domain : str or int, optional
        Scale-up domain of "hierarchical" and "rail-aligned": a coordinate of the ranks, or a number
        of consecutive ranks.
    """

    op: str
    algorithm: str = "ring"
    gbyte: float = 1.0
    domain: str | int | None = None

    def __post_init__(self) -> None:
        _above_zero("gbyte", self.gbyte)


Pattern: TypeAlias = Literal["all_to_all", "ring"] | Traffic | Schedule


@dataclass(frozen=True)
class Job:
    """Ranks and what they send each other, round after round.

    Attributes
    ----------
    name : str
        For tables.
    ranks : selections, text, node ids, or a path to a rank file
        Which nodes, in rank order.
    pattern : {"all_to_all", "ring"}, Traffic or Schedule, default "all_to_all"
        What a round is. "all_to_all" between all ranks, or "ring", each rank to the next: 1 Gbit
        from each. A :mod:`pinchpoint.traffic` value: what it sends in a second; numbers in it are
        ranks from 0, selections and text name nodes of the job. A :class:`Schedule`: one
        collective, phase after phase.
    """

    name: str
    ranks: Any
    pattern: Pattern = "all_to_all"

    def __post_init__(self) -> None:
        as_text("name", self.name)
        object.__setattr__(self, "ranks", kept("ranks", self.ranks))

    def ids(self, fabric: Fabric) -> list[int]:
        """Return the node ids of the ranks in `fabric`, in order.

        Parameters
        ----------
        fabric : Fabric
            Where the job runs.

        Returns
        -------
        list of int
            Node ids in rank order.

        Raises
        ------
        SelectionError
            Fewer than two ranks, a node with two of them, nothing of a name, or a number that is
            no node id.
        FormatError
            A rank file that cannot be read.

        Notes
        -----
        Takes O(ranks) time.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> pp.jobs.Job("a", [3, "chip[chip=8:10]"]).ids(rack)
        [3, 8, 9]
        """
        check_fabric(fabric)
        if isinstance(self.ranks, os.PathLike):
            return read_ranks(fabric, self.ranks)
        several = isinstance(self.ranks, tuple | range | np.ndarray)
        ids: list[int] = []
        for one in self.ranks if several else [self.ranks]:
            found = [int(one)] if is_id(one) else fabric.node_ids(one)
            ids += [int(node) for node in found]
        try:
            fabric._by_id(ids, "ranks")
        except SelectionError as error:
            raise SelectionError(f"job {self.name!r}: {error}") from None
        if len(set(ids)) != len(ids):
            raise SelectionError(f"job {self.name!r}: a node has two ranks")
        if len(ids) < 2:
            raise SelectionError(
                f"job {self.name!r} has {counted(len(ids), 'rank')}; it needs two at least"
            )
        return ids

    def phases(self, fabric: Fabric) -> list[Traffic]:
        """Return what a round sends on `fabric`, phase after phase, between ranks numbered from 0.

        Rates are those that do a phase in a second. A scale-up domain is the one of the ranks where
        they are now.

        Parameters
        ----------
        fabric : Fabric
            Where the job runs.

        Returns
        -------
        list of Traffic
            One after the other; node ids in them are ranks.

        Raises
        ------
        SelectionError
            As :meth:`ids`; traffic between nodes that have no rank, or that sends nothing; a
            pattern or an algorithm that there is not.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> work = pp.jobs.Schedule("all_reduce", "hierarchical", gbyte=1.0, domain=4)
        >>> pp.jobs.Job("a", "chip[chip=0:8]", work).phases(rack)
        [Traffic(24 pairs), Traffic(8 pairs), Traffic(24 pairs)]
        """
        ids = self.ids(fabric)
        every = list(range(len(ids)))
        if isinstance(self.pattern, Schedule):
            own = self.pattern
            try:
                steps = phases_of(fabric, own.op, own.algorithm, ids, own.gbyte, own.domain)
            except SelectionError as error:
                raise SelectionError(f"job {self.name!r}: {error}") from None
            rank_of = np.zeros(max(ids) + 1, np.int64)
            rank_of[ids] = every
            return [placed(step, rank_of.tolist()) for _, step in steps]
        if isinstance(self.pattern, Traffic):
            own_traffic = by_rank(self.name, self.pattern, fabric, ids)
            if not sent(own_traffic, len(ids))[0].any():
                raise SelectionError(f"job {self.name!r}: its traffic sends nothing")
            return [own_traffic]
        named = self.pattern if isinstance(self.pattern, str) else ""
        if named == "ring":
            return [traffics.ring(every, gbit_per_s=1.0)]
        if named == "all_to_all":
            return [traffics.all_to_all(every, gbit_per_s=1.0 / (len(ids) - 1))]
        raise SelectionError(
            f"job {self.name!r}: pattern is {shorten(self.pattern)}; it must be 'all_to_all', "
            "'ring', a pinchpoint.traffic value or a Schedule"
        )


def _busiest(phases: Sequence[Traffic], count: int) -> float:
    """Return what the busiest rank sends in a round, in Gbit."""
    return float(sum((sent(phase, count)[0] for phase in phases), np.zeros(count)).max())


@dataclass(frozen=True)
class Sharing(TabularResult):
    """Several jobs at once.

    Attributes
    ----------
    jobs : tuple of str
        Their names; the other tuples are in their order, but for `shared`.
    alone_gbit_per_s : tuple of float
        What the busiest rank sends when the job is alone, averaged over a round, in Gbit/s.
    together_gbit_per_s : tuple of float
        The same at the max-min fair rate when all jobs run.
    round_gbit : tuple of float
        What the busiest rank sends in a round, in Gbit.
    shared : tuple of (str, int, tuple of str)
        By bundle: how many links carry several jobs, and which jobs those are.
    binds : tuple of str
        For each job the bundle that holds it back when all run.
    """

    jobs: tuple[str, ...]
    alone_gbit_per_s: tuple[float, ...]
    together_gbit_per_s: tuple[float, ...]
    round_gbit: tuple[float, ...]
    shared: tuple[tuple[str, int, tuple[str, ...]], ...]
    binds: tuple[str, ...]

    @property
    def slow_down(self) -> tuple[float, ...]:
        """How many times longer each job's rounds take than alone."""
        pairs = zip(self.alone_gbit_per_s, self.together_gbit_per_s, strict=True)
        return tuple(alone / own if own else float("inf") for alone, own in pairs)

    @property
    def alone_seconds(self) -> tuple[float, ...]:
        """Seconds of a round when the job is alone."""
        return _over(self.round_gbit, self.alone_gbit_per_s)

    @property
    def together_seconds(self) -> tuple[float, ...]:
        """Seconds of a round when all jobs run."""
        return _over(self.round_gbit, self.together_gbit_per_s)

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "job": list(self.jobs),
            "alone_gbit_per_s": list(self.alone_gbit_per_s),
            "together_gbit_per_s": list(self.together_gbit_per_s),
            "slow_down": list(self.slow_down),
            "alone_seconds": list(self.alone_seconds),
            "together_seconds": list(self.together_seconds),
            "binds": list(self.binds),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {**self._columns(), "shared": [list(row) for row in self.shared]}

    def __str__(self) -> str:
        rows = [
            (name, rate(alone), rate(own), f"{slow:.2f} x", what)
            for name, alone, own, slow, what in zip(
                self.jobs,
                self.alone_gbit_per_s,
                self.together_gbit_per_s,
                self.slow_down,
                self.binds,
                strict=True,
            )
        ]
        table = text_table(("job", "alone", "together", "takes", "binds"), rows, right=(1, 2, 3))
        lines = [
            f"{counted(links, f'link {bundle} carries', f'links {bundle} carry')} {', '.join(who)}"
            for bundle, links, who in self.shared
        ]
        return "\n".join([table, "", *(lines or ["no link is shared"])])


def _over(gbit: tuple[float, ...], rates: tuple[float, ...]) -> tuple[float, ...]:
    rows = zip(gbit, rates, strict=True)
    return tuple(one / rate if rate else float("inf") for one, rate in rows)


def share(fabric: Fabric, jobs: Iterable[Job], /, *, routing: Routing = "ecmp") -> Sharing:
    """Find how several jobs slow each other down.

    Parameters
    ----------
    fabric : Fabric
        Written out if it is structured, so a part of a large one is better given.
    jobs : iterable of Job
        All run at once.
    routing : {"ecmp", "wcmp", "ecmp-hash", "single", "valiant"}, default "ecmp"
        As :meth:`Fabric.congestion` takes it; of "ecmp-hash" the mean over its draws.

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
    Each job is one flow that is spread over its links in the proportions of a round; its weight
    and its most are its rate alone. The rates are max-min fair [1]_ and checked. Phases of
    different jobs are taken to fall at random against each other, so that a link is shared by
    averages over a round; where the busiest phases of two jobs coincide, they slow each other down
    more. Costs one :meth:`Fabric.congestion` for each job and phase, on listed links, and one
    :func:`pinchpoint.max_min_fair` with a flow per job.

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
    fabric = listed(fabric)
    capacity, bundles = arcs(fabric)
    seen: dict[int, str] = {}
    loads, gbit = [], []
    for job in own:
        ids = job.ids(fabric)
        for node in ids:
            if node in seen:
                raise SelectionError(f"node {node} belongs to jobs {seen[node]!r} and {job.name!r}")
            seen[node] = job.name
        phases = job.phases(fabric)
        loads.append(measured(fabric, capacity, phases, ids, routing))
        gbit.append(_busiest(phases, len(ids)))
        if loads[-1].cut:
            raise SelectionError(cut_off(job.name, fabric, phases, ids, routing))
    pace = _fair(capacity, loads)
    busy = [load.gbit * own_pace / load.seconds for load, own_pace in zip(loads, pace, strict=True)]
    total = sum(busy, np.zeros(capacity.size))
    names = [bundle.name for bundle in fabric.bundles]
    binds = []
    for load in loads:
        full = total[load.used] / capacity[load.used]
        binds.append(names[int(bundles[load.used[int(full.argmax())]])])
    alone = [one / load.seconds for one, load in zip(gbit, loads, strict=True)]
    return Sharing(
        tuple(job.name for job in own),
        tuple(alone),
        tuple(one * float(own_pace) for one, own_pace in zip(alone, pace, strict=True)),
        tuple(gbit),
        _shared(own, [load.used for load in loads], bundles, names, capacity.size),
        tuple(binds),
    )


def _checked(jobs: Iterable[Job]) -> list[Job]:
    own = as_items("jobs", jobs, "jobs")
    for place, job in enumerate(own):
        if not isinstance(job, Job):
            raise InputTypeError(f"jobs[{place}] is {a_type(job)}; it must be a Job")
    if not own:
        raise SelectionError("there are no jobs")
    return own


def _fair(capacity: Floats, loads: list[Load]) -> Floats:
    """Share links between jobs whose unit is their rate alone: 0 to 1."""
    used = [load.used for load in loads]
    first = np.concatenate([[0], np.cumsum([own.size for own in used])]).astype(np.int64)
    shares = np.concatenate(
        [load.gbit[own] / load.seconds for load, own in zip(loads, used, strict=True)]
    )
    ones = np.ones(len(loads))
    return _ask(capacity, first, np.concatenate(used), shares, None, ones).rates


def _shared(
    jobs: list[Job], used: list[Ids], bundles: Ids, names: list[str], size: int
) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    users = np.zeros(size, dtype=np.int64)
    for place in used:
        users[place] += 1
    half = size // 2
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
        Their names; the other tuples are in their order.
    before_gbit_per_s, after_gbit_per_s : tuple of float
        What the busiest rank sends, averaged over a round, in Gbit/s; 0 where ranks are lost or
        cut off.
    lost_ranks : tuple of tuple of int
        Ranks whose node is taken out.
    cut_off_pairs : tuple of int
        Pairs of ranks that send and that nothing joins any more, each counted once; 0 where ranks
        are lost.
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

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {**self._columns(), "lost_ranks": [list(own) for own in self.lost_ranks]}

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

    def __str__(self) -> str:
        columns = self._columns()
        rows = [
            (name, rate(before), rate(after), f"{100 * loss:.3g} %", str(lost), f"{cut:,}")
            for name, before, after, loss, lost, cut in zip(*columns.values(), strict=True)
        ]
        headers = ("job", "before", "after", "loss", "lost ranks", "pairs cut off")
        return text_table(headers, rows, right=(1, 2, 3, 4, 5))


def drain(
    fabric: Fabric,
    jobs: Iterable[Job],
    /,
    *taken: Selection | LinkSelection | str,
    routing: Routing = "ecmp",
) -> Drain:
    """Find what a drain costs each job.

    Parameters
    ----------
    fabric : Fabric
        As it is now; written out if it is structured.
    jobs : iterable of Job
        What runs on it.
    *taken : Selection, LinkSelection or str
        What is to be drained.
    routing : {"ecmp", "wcmp", "ecmp-hash", "single", "valiant"}, default "ecmp"
        As :meth:`Fabric.congestion` takes it.

    Returns
    -------
    Drain
        A row per job.

    Raises
    ------
    SelectionError
        Jobs without ranks, or ranks that the fabric does not have.
    ScenarioError
        Nothing of that name to drain, or selections of another fabric.

    Notes
    -----
    Costs two :meth:`Fabric.congestion` for each job and phase, on listed links, and one more for a
    job with pairs that are cut off: O(links) memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.leaf_spine(64, radix=16)
    >>> jobs = [pp.jobs.Job("a", "chip[chip=0:16]"), pp.jobs.Job("b", "chip[chip=16:24]")]
    >>> cost = pp.jobs.drain(net, jobs, "spine[spine=0:3]")
    >>> cost.affected  # b stays below its leaf
    ('a',)
    >>> round(cost.after_gbit_per_s[0] / cost.before_gbit_per_s[0], 3)
    0.469
    """
    own = _checked(jobs)
    before = listed(fabric)
    out = chosen_in(fabric, taken, "drain")
    after = listed(fabric.without(*out))
    nodes = [one for one in out if isinstance(one, Selection)]
    gone = {int(node) for one in nodes for node in fabric.node_ids(one)}
    rows = []
    for job in own:
        ids, phases = job.ids(before), job.phases(before)
        lost = tuple(rank for rank, node in enumerate(ids) if node in gone)
        gbit = _busiest(phases, len(ids))
        first = measured(before, arcs(before)[0], phases, ids, routing)
        then, cut = 0.0, 0
        if not lost:
            left = measured(after, arcs(after)[0], phases, ids, routing)
            then = gbit / left.seconds
            cut = cut_pairs(after, phases, ids, routing) if left.cut else 0
        rows.append((gbit / first.seconds, then, lost, cut))
    starts, ends, lost_all, cuts = zip(*rows, strict=True)
    return Drain(tuple(job.name for job in own), starts, ends, lost_all, cuts)
