"""Ranks laid out along parallel dimensions, and what they send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._ends import is_id, kept
from pinchpoint._patterns import Traffic, _above_zero, _Pairs, _Product, _Ranked, _rate, _volume
from pinchpoint._suggest import shorten
from pinchpoint._validation import as_integer, as_items, as_text, check_choice
from pinchpoint._wording import counted
from pinchpoint.errors import InputTypeError, SelectionError
from pinchpoint.selection import Selection

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Ends

    Ids = npt.NDArray[np.int64]

__all__ = ["Parallelism", "parallelism"]

_DIMENSIONS = ("tp", "cp", "ep", "pp", "dp")


@dataclass(frozen=True, eq=False)
class Parallelism:
    """Ranks laid out along parallel dimensions; made by :func:`parallelism`.

    Attributes
    ----------
    ranks : Selection, str or list
        The chips, in rank order.
    sizes : mapping of str to int
        Size of each dimension, the fastest first.
    """

    ranks: Any
    sizes: Mapping[str, int]

    @property
    def num_ranks(self) -> int:
        """The product of the sizes."""
        return int(np.prod(list(self.sizes.values())))

    def _axis(self, dimension: str) -> tuple[tuple[int, ...], int]:
        if as_text("dimension", dimension) not in self.sizes:
            raise SelectionError(
                f"dimension is {dimension!r}; there are {', '.join(self.sizes) or 'none'}"
            )
        # Row-major: the slowest dimension comes first.
        names = list(self.sizes)[::-1]
        return tuple(self.sizes[name] for name in names), names.index(dimension)

    def groups(self, dimension: str) -> Ids:
        """List the ranks of each group along a dimension.

        Parameters
        ----------
        dimension : str
            Which groups.

        Returns
        -------
        ndarray of int64, shape (groups, size)
            Ranks of each group, in order along the dimension.

        Raises
        ------
        SelectionError
            No such dimension.

        Notes
        -----
        Takes O(ranks) time and memory.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> layout = pp.traffic.parallelism(list(range(8)), tp=2, pp=2, dp=2)
        >>> layout.groups("dp").tolist()
        [[0, 4], [1, 5], [2, 6], [3, 7]]
        """
        shape, axis = self._axis(dimension)
        index = np.arange(self.num_ranks, dtype=np.int64).reshape(shape)
        return np.moveaxis(index, axis, -1).reshape(-1, shape[axis])

    def traffic(
        self,
        dimension: str,
        pattern: str = "ring",
        *,
        gbit_per_s: float | None = None,
        gbyte_per_s: float | None = None,
    ) -> Traffic:
        """Traffic within the groups of a dimension.

        Parameters
        ----------
        dimension : str
            Which groups.
        pattern : {"ring", "all_to_all", "pipeline"}, default "ring"
            Each rank to the next and the last to the first, each to each, or each to the next.
        gbit_per_s, gbyte_per_s : float
            Per ordered pair that sends, in Gbit/s or 10^9 bytes/s; one of them.

        Returns
        -------
        Traffic
            Not listed before a fabric is asked.

        Raises
        ------
        SelectionError
            No such dimension or pattern, or a dimension of size 1.
        UnitError
            Not exactly one rate is given.
        CapacityError
            A rate that is negative or not finite.

        Notes
        -----
        A fabric that is asked lists O(ranks) pairs, and O(ranks * size) of an all-to-all.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> layout = pp.traffic.parallelism("chip", tp=8, pp=9)
        >>> steps = layout.traffic("pp", "pipeline", gbyte_per_s=45.0)
        >>> round(rack.congestion(steps).max_utilization, 6)  # 45 GB/s of the 900 of a chip
        0.05
        """
        _, rate = _rate({"gbit_per_s": gbit_per_s, "gbyte_per_s": gbyte_per_s})
        check_choice("pattern", pattern, ("ring", "all_to_all", "pipeline"))
        shape, axis = self._axis(dimension)
        if shape[axis] < 2:
            raise SelectionError(f"dimension {dimension!r} has size 1: its groups send nothing")
        part = _Ranked(self.ranks, f"groups-{pattern}", rate, shape=shape, axis=axis)
        return Traffic((part,))

    def volumes(self, **collectives: tuple[str, float]) -> dict[str, float]:
        """Find what each rank sends per dimension, in GB.

        Parameters
        ----------
        **collectives : (str, float)
            By dimension: the collective of its groups, as :func:`collective` takes it, and its S in
            10^9 bytes; for "send_recv" each rank but the last of a group sends to the next.

        Returns
        -------
        dict of str to float
            By dimension, in GB per rank that sends.

        Raises
        ------
        SelectionError
            No such dimension or collective.
        CapacityError
            An S that is not above zero.
        InputTypeError
            A value that is no pair.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> layout = pp.traffic.parallelism("chip", tp=8, ep=4, dp=2)
        >>> layout.volumes(tp=("all_reduce", 1.0), ep=("all_to_all", 1.0), dp=("all_gather", 1.0))
        {'tp': 1.75, 'ep': 0.75, 'dp': 0.5}
        """
        found = {}
        for name, op, gbyte in _collectives(collectives):
            shape, axis = self._axis(name)
            pairs_of_rank = shape[axis] - 1 if op == "all_to_all" else 1
            found[name] = _volume(op, shape[axis], gbyte) * pairs_of_rank
        return found

    def demands(self, *, seconds: float = 1.0, **collectives: tuple[str, float]) -> Traffic:
        """Write collectives of all groups of some dimensions as rates, all at once.

        Parameters
        ----------
        seconds : float, default 1
            The time in which all of it moves; with 1, the largest utilisation is the time.
        **collectives : (str, float)
            As in :meth:`volumes`. Groups of one rank send nothing.

        Returns
        -------
        Traffic
            Not listed before a fabric is asked.

        Raises
        ------
        SelectionError
            No such dimension or collective.
        CapacityError
            An S or `seconds` that is not above zero.
        InputTypeError
            A value that is no pair.

        Notes
        -----
        A fabric that is asked lists O(ranks) pairs for each dimension, and O(ranks * size) for an
        all-to-all.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> layout = pp.traffic.parallelism(rack.select("chip"), tp=8, dp=9)
        >>> layout.volumes(tp=("all_reduce", 0.5), dp=("reduce_scatter", 9.0))
        {'tp': 0.875, 'dp': 8.0}
        >>> step = layout.demands(tp=("all_reduce", 0.5), dp=("reduce_scatter", 9.0))
        >>> round(rack.congestion(step).max_utilization, 6)
        0.009861
        """
        time = _above_zero("seconds", seconds)
        patterns = {"all_to_all": "all_to_all", "send_recv": "pipeline"}
        parts: list[_Product | _Pairs | _Ranked] = []
        for name, op, gbyte in _collectives(collectives):
            shape, axis = self._axis(name)
            rate = _volume(op, shape[axis], gbyte) * 8 / time
            pattern = f"groups-{patterns.get(op, 'ring')}"
            if shape[axis] > 1:
                parts.append(_Ranked(self.ranks, pattern, rate, shape=shape, axis=axis))
        return Traffic(tuple(parts))


def _collectives(asked: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Dimensions, the collective of each and its S."""
    for name, one in asked.items():
        if not isinstance(one, tuple | list) or len(one) != 2:
            raise InputTypeError(
                f"{name} is {shorten(one, 40)}; it must be an op and its GB, a pair"
            )
        yield name, one[0], one[1]


def parallelism(
    ranks: Ends = "chip", *, order: Iterable[str] = _DIMENSIONS, **sizes: int
) -> Parallelism:
    """Lay ranks out along parallel dimensions.

    Parameters
    ----------
    ranks : Selection, str, or list of node ids, default "chip"
        The chips; ranks are in the order of the list if ids are listed, else in that of ids.
    order : iterable of str, default ("tp", "cp", "ep", "pp", "dp")
        Dimensions, the fastest first: neighbours in rank differ in it.
    **sizes : int
        Size of each dimension (``tp``, ``cp``, ``ep``, ``pp``, ``dp``); 1 if left out. Their
        product must be the number of chips.

    Returns
    -------
    Parallelism

    Raises
    ------
    SelectionError
        A dimension that `order` does not name, or sizes that do not fit the chips.

    Notes
    -----
    Takes constant time; ranks are listed when a fabric is asked.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> layout = pp.traffic.parallelism(list(range(8)), tp=2, pp=2, dp=2)
    >>> layout.groups("pp").tolist()
    [[0, 2], [1, 3], [4, 6], [5, 7]]
    """
    names = tuple(as_items("order", order, "names of dimensions"))
    for place, name in enumerate(names):
        as_text(f"order[{place}]", name)
    for name, size in sizes.items():
        if name not in names:
            raise SelectionError(f"dimension {name!r} is not in the order {', '.join(names)}")
        sizes[name] = as_integer(name, size, 1)
    own = {name: sizes[name] for name in names if name in sizes}
    ranks = kept("ranks", ranks)
    layout = Parallelism(ranks, own)
    if isinstance(ranks, Selection | tuple | range | np.ndarray) and len(ranks) != layout.num_ranks:
        shown = " x ".join(f"{name} {size}" for name, size in own.items())
        if not isinstance(ranks, tuple) or all(map(is_id, ranks)):
            raise SelectionError(
                f"{shown or 'no dimension'} makes {counted(layout.num_ranks, 'rank')}, but "
                f"{counted(len(ranks), 'chip is', 'chips are')} selected"
            )
    return layout
