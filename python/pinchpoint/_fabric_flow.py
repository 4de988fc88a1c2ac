"""What a fabric answers by maximum flow: those methods of :class:`Fabric`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, overload

from pinchpoint import _core
from pinchpoint._ends import kept
from pinchpoint._validation import as_items, as_text, check_forwarding
from pinchpoint.bandwidth import Bandwidth, exact_kbit
from pinchpoint.errors import SelectionError
from pinchpoint.selection import LinkSelection, Selection

if TYPE_CHECKING:
    from pinchpoint.all_pairs import AllPairs
    from pinchpoint.bisection import Bisection, Pairwise
    from pinchpoint.cut_tree import CutTree
    from pinchpoint.fabric import Ends, Fabric, Forwarding
    from pinchpoint.failure_sweep import FailureSweep

__all__ = ["bandwidth", "bisection", "cut_tree", "failure_sweep", "pairwise"]


def bandwidth(
    self: Fabric,
    sources: Ends,
    sinks: Ends,
    *,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> Bandwidth:
    """Find the most that `sources` can send to `sinks` at once: a maximum flow.

    Parameters
    ----------
    sources, sinks : Selection, str, node id, or a list of them
        The two ends; they must not overlap.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        Who passes on traffic that is not its own: as the groups say, every node, or only
        switches and NICs. Sources and sinks always send and receive.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Bandwidth
        Exact and checked; 0 between ends that nothing joins.

    Raises
    ------
    SelectionError
        Unknown, empty or overlapping ends.
    TimeLimitError
        The time limit was reached.

    Notes
    -----
    A structured fabric is solved on its symmetry quotient: the cost follows what ends and failures
    tell apart, not the number of nodes. An explicit one is solved link by link. That takes at
    worst what :func:`pinchpoint.maximum_flow` does, and so does a structured fabric without enough
    symmetry, which is listed.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> rack.bandwidth("chip[chip=0]", "chip[chip=1]").gbyte_per_s
    900.0
    """
    check_forwarding(forwarding)
    sources, sinks = kept("sources", sources), kept("sinks", sinks)
    own = (self._ends(sources, "sources"), self._ends(sinks, "sinks"))
    answer = _core.bandwidth(self._handle, *own, forwarding, time_limit)
    return Bandwidth(answer, (self, sources, sinks, forwarding))


def bisection(
    self: Fabric,
    by: str | None = None,
    *,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> Bisection:
    """Find the bandwidth between halves of the chips.

    Parameters
    ----------
    by : str, optional
        A coordinate of the chips; default each one.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        As in :meth:`bandwidth`.
    time_limit : float, optional
        Seconds for each split.

    Returns
    -------
    Bisection
        The lower against the upper contiguous half of each coordinate; of an odd number of
        values the middle one is in neither. The smallest is the answer, with its split.

    Raises
    ------
    SelectionError
        No chips, no such coordinate, or one of a single value.
    TimeLimitError
        The time limit was reached.

    Notes
    -----
    One :meth:`bandwidth` for each coordinate that is split.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> print(pp.clusters.gb200_nvl72().bisection().split)
    chip 0-35 against 36-71: 32.4 TB/s (259.2 Tb/s) per direction
    """
    from pinchpoint.bisection import Bisection, BisectionSplit

    check_forwarding(forwarding)
    chips = [group for group in self.groups if group.role == "chip"]
    sizes = {name: size for group in chips for name, size in group.coordinates.items()}
    if not sizes:
        raise SelectionError(f"fabric {self.name!r} has no chips with coordinates to split")
    if by is not None and as_text("by", by) not in sizes:
        raise SelectionError(
            f"no coordinate of the chips is named {by!r}; there is {', '.join(sizes)}"
        )
    splits = []
    for name in [by] if by is not None else [name for name in sizes if sizes[name] > 1]:
        half = sizes[name] // 2
        if not half:
            raise SelectionError(f"coordinate {name!r} has one value and cannot be split")
        lower, upper = slice(0, half), slice(sizes[name] - half, sizes[name])
        own = [group.name for group in chips if name in group.coordinates]
        ends = [[self.select(group, **{name: part}) for group in own] for part in (lower, upper)]
        answer = self.bandwidth(*ends, forwarding=forwarding, time_limit=time_limit)
        splits.append(BisectionSplit(name, lower, upper, answer))
    if not splits:
        raise SelectionError(f"fabric {self.name!r} has a single chip")
    return Bisection(tuple(splits))


@overload
def pairwise(  # type: ignore[overload-overlap]  # text is a sequence too
    self: Fabric,
    groups: Selection | str,
    *,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> AllPairs: ...


@overload
def pairwise(
    self: Fabric,
    groups: Sequence[Ends],
    *,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> Pairwise: ...


def pairwise(
    self: Fabric,
    groups: Sequence[Ends] | Selection | str,
    *,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> Pairwise | AllPairs:
    """Find the bandwidth between every two of many selections, or of one selection's nodes.

    Parameters
    ----------
    groups : sequence of Selection, str, node id, or lists of them
        At least two ends; no two of them may overlap. One selection, or one text, of a
        structured fabric means all pairs of its nodes.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        As in :meth:`bandwidth`.
    time_limit : float, optional
        Seconds for all of them.

    Returns
    -------
    Pairwise
        A matrix, from row to column; 0 on the diagonal. Each value is exact and checked.
    AllPairs
        For one selection: the orbits of pairs under the symmetry that the coordinates show,
        with the value of each; the matrix when asked for.

    Raises
    ------
    SelectionError
        Unknown, empty or overlapping selections, fewer than two nodes.
    SizeLimitError
        A matrix too large for the memory, or more than 30,000 selections.
    TimeLimitError
        The time limit was reached.

    Notes
    -----
    Queries run side by side without the GIL; the result does not depend on the number of threads.
    Single nodes of a structured fabric are solved once for all pairs that symmetry makes alike:
    hosts of a three-tier fat tree are three kinds of pairs. Other n selections take n (n - 1) / 2
    queries, twice as many on one-way arcs, and O(n^2) memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> pairs = rack.pairwise([rack.select("chip", chip=i) for i in range(3)])
    >>> pairs.gbyte_per_s[0].tolist()
    [0.0, 900.0, 900.0]
    >>> pairs = rack.pairwise("chip")
    >>> len(pairs), len(pairs.orbits), pairs.least.gbit_per_s
    (72, 3, 7200.0)
    """
    from pinchpoint.bisection import Pairwise

    check_forwarding(forwarding)
    if isinstance(groups, Selection | str):
        if self.is_structured:
            from pinchpoint.all_pairs import all_pairs

            return all_pairs(self, groups, forwarding, time_limit)
        raise SelectionError(
            f"fabric {self.name!r} is explicit and shows no symmetry; give pairwise its nodes "
            "one by one, as node_ids() lists them"
        )
    listed = as_items("groups", groups, "selections")
    own = [self._ends(group, f"groups[{place}]") for place, group in enumerate(listed)]
    if len(own) < 2:
        raise SelectionError(f"groups has {len(own)} selections; pairwise needs two at least")
    values = _core.pairwise(self._handle, own, forwarding, time_limit)
    count, shift = len(own), self._handle.unit_shift
    exact = tuple(exact_kbit(value, shift) for value in values)
    rows = tuple(exact[row * count : (row + 1) * count] for row in range(count))
    ends = [[Selection(part) for part in group] for group in own]
    return Pairwise(rows, (self, ends, forwarding))


def cut_tree(
    self: Fabric,
    nodes: Ends | None = None,
    *,
    forwarding: Forwarding = "all",
    time_limit: float | None = None,
) -> CutTree:
    """Find the minimum cuts between all pairs of nodes, as a Gomory-Hu tree.

    Parameters
    ----------
    nodes : Selection, str, node id, or a list of them, optional
        The nodes whose cuts are wanted; default all that are up.
    forwarding : {"hardware", "all", "none"}, default "all"
        As in :meth:`bandwidth`. A tree exists only where every node forwards.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    CutTree
        Exact; every flow and cut it was made from is checked, and the tree as a whole.

    Raises
    ------
    GraphError
        There is no cut tree: a group does not forward, or has a capacity of its own, or
        one-way links differ in their two directions. It says which.
    SelectionError
        Fewer than two nodes.
    SizeLimitError
        A structured fabric too large to be written out; nodes times links above 10^11.

    Notes
    -----
    Gusfield's method [1]_: one flow fewer than nodes, each at a cost of what it touches, and
    O(n^2) steps for n nodes. At 10^11 nodes times links that is minutes on a Clos (131,072 chips)
    and hours on a grid. For all pairs on a structured fabric, :meth:`pairwise` needs fewer.

    References
    ----------
    .. [1] D. Gusfield, Very simple methods for all pairs network flow analysis, SIAM J.
       Comput. 19, 1990.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> ring = pp.Fabric.from_links([0, 1, 2, 3], [1, 2, 3, 0], [400.0, 100.0, 400.0, 400.0])
    >>> tree = ring.cut_tree()
    >>> tree.min_cut(0, 3), tree.min_cut(0, 2)
    (500.0, 500.0)
    """
    from pinchpoint.cut_tree import cut_tree

    check_forwarding(forwarding)
    return cut_tree(self, nodes, forwarding, time_limit)


def failure_sweep(
    self: Fabric,
    sources: Ends,
    sinks: Ends,
    failures: Iterable[LinkSelection | Selection | str | Iterable[LinkSelection | Selection | str]],
    *,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> FailureSweep:
    """Find what each of many failures leaves of a bandwidth.

    Parameters
    ----------
    sources, sinks : Selection, str, node id, or a list of them
        As in :meth:`bandwidth`.
    failures : list of LinkSelection, Selection, str, or lists of them
        What fails together, one after the other; as in :meth:`without`.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        As in :meth:`bandwidth`.
    time_limit : float, optional
        Seconds for all of them.

    Returns
    -------
    FailureSweep
        Each value is exact and checked, and equal to that of ``without(...).bandwidth(...)``.

    Raises
    ------
    SelectionError
        As :meth:`bandwidth`; a failure that does not fit the fabric.
    TimeLimitError
        The time limit was reached.

    Notes
    -----
    On an explicit fabric the intact flow is found once; a failure then costs searches around
    what fails, and nothing where it carried no flow. On a structured fabric each failure is a
    query of its own.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72().materialize()
    >>> links = [rack.select_links("chip-switch", chip=chip, switch=0) for chip in (0, 1, 40)]
    >>> rack.failure_sweep("chip[chip=0]", "chip[chip=1]", links).gbyte_per_s.tolist()
    [850.0, 850.0, 900.0]
    """
    from pinchpoint.failure_sweep import failure_sweep

    check_forwarding(forwarding)
    return failure_sweep(self, sources, sinks, failures, forwarding, time_limit)
