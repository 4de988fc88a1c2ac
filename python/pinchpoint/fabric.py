"""Fabrics: what is wired, what has failed, and the questions one can ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np

from pinchpoint import _core
from pinchpoint.bandwidth import Bandwidth, exact_kbit
from pinchpoint.errors import GraphError, InputTypeError, SelectionError
from pinchpoint.selection import LinkSelection, Selection, flattened

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

    from pinchpoint.all_pairs import AllPairs
    from pinchpoint.bisection import Bisection, Pairwise
    from pinchpoint.builder import Recipe
    from pinchpoint.catalogue import Figure
    from pinchpoint.collective import Collective
    from pinchpoint.congestion import Congestion, Routing
    from pinchpoint.cut_tree import CutTree
    from pinchpoint.failure_sweep import FailureSweep
    from pinchpoint.flows import FlowRates
    from pinchpoint.interop import Report
    from pinchpoint.routing_gap import Priorities, RoutingGap
    from pinchpoint.throughput import Throughput
    from pinchpoint.traffic import Traffic

    Ends = Selection | str | int | Iterable["Selection | str | int"]
    Forwarding = Literal["hardware", "all", "none"]

__all__ = ["Bundle", "Fabric", "Group"]

_MATERIALIZE_LIMIT = 8_000_000_000
_FORWARDS: dict[str, bool | str] = {"always": True, "never": False, "scale_up": "scale_up"}


class Group(NamedTuple):
    """A group of nodes as built.

    Attributes
    ----------
    name : str
        Name of the group.
    role : {"chip", "host", "nic", "switch"}
        What the nodes are.
    forwards : bool or "scale_up"
        Whether a node passes on traffic that is not its own.
    gbit_per_s : float or None
        Traffic a node can pass, in Gbit/s; None for no limit.
    coordinates : mapping of str to int
        Names and sizes as the user counts, in order.
    size : int
        Number of nodes.
    first_node : int
        Id of the first node; the others follow row-major.
    """

    name: str
    role: str
    forwards: bool | str
    gbit_per_s: float | None
    coordinates: Mapping[str, int]
    size: int
    first_node: int


class Bundle(NamedTuple):
    """A bundle of links as built.

    Attributes
    ----------
    name : str
        Name of the bundle.
    a, b : str
        Groups at its ends.
    gbit_per_s : float
        Capacity of one link per direction, in Gbit/s; nan where each link has its own.
    multiplicity : int
        Parallel links per pair.
    num_links : int
        Number of links, parallel ones counted each.
    num_links_up : int
        Those that have not failed, and whose ends have not.
    """

    name: str
    a: str
    b: str
    gbit_per_s: float
    multiplicity: int
    num_links: int
    num_links_up: int


class Fabric:
    """An immutable network of nodes and full-duplex links.

    *Structured* fabrics come from :class:`FabricBuilder` and :mod:`pinchpoint.clusters`: groups
    with coordinates and bundles that join them; a million chips cost kilobytes. *Explicit* ones
    come from :meth:`from_links` and :meth:`materialize`: arrays. Both answer the same questions.
    """

    __slots__ = ("_handle", "_names", "_recipe", "_report", "_rounded")

    _handle: _core.Fabric
    _recipe: Recipe | None
    _names: tuple[str, ...] | None
    _rounded: bool
    _report: Report | None

    def __init__(
        self,
        core: _core.Fabric,
        recipe: Recipe | None = None,
        names: tuple[str, ...] | None = None,
        rounded: bool = False,
        report: Report | None = None,
    ) -> None:
        object.__setattr__(self, "_handle", core)
        object.__setattr__(self, "_recipe", recipe)
        object.__setattr__(self, "_names", names)
        object.__setattr__(self, "_rounded", rounded)
        object.__setattr__(self, "_report", report)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a fabric cannot be changed; derive one with without() or scaled()")

    def _derived(self, core: _core.Fabric, rounded: bool = False) -> Fabric:
        return Fabric(core, self._recipe, self._names, self._rounded or rounded, self._report)

    @staticmethod
    def from_links(
        tails: npt.ArrayLike,
        heads: npt.ArrayLike,
        gbit_per_s: npt.ArrayLike,
        num_nodes: int | None = None,
        names: Iterable[str] | None = None,
        directed: bool = False,
    ) -> Fabric:
        """Build an explicit fabric from arrays of links.

        It has one group ``node`` with the coordinate ``node``, and one bundle ``node-node`` with
        the coordinate ``link``; parallel links are kept.

        Parameters
        ----------
        tails, heads : array_like of int, shape (links,)
            Node ids, from 0.
        gbit_per_s : array_like of float, shape (links,) or scalar
            Capacity per direction in Gbit/s. A value that is the nearest float to a whole number of
            kbit/s is taken as that; others are scaled exactly by a power of two.
        num_nodes : int, optional
            Number of nodes; default the largest id + 1.
        names : iterable of str, optional
            A name per node.
        directed : bool, default False
            Whether links are one-way arcs.

        Returns
        -------
        Fabric
            Explicit.

        Raises
        ------
        GraphError
            Ids out of range, arrays of different lengths.
        CapacityError
            A capacity that is negative, not a number, infinite, or fits no exact scale.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> fabric = pp.Fabric.from_links([0, 1], [1, 2], [400.0, 200.0])
        >>> fabric.bandwidth(0, 2).gbit_per_s
        200.0
        """
        from pinchpoint.explicit import from_links

        core, own_names = from_links(tails, heads, gbit_per_s, num_nodes, names, directed)
        return Fabric(core, names=own_names)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fabric to a file that :func:`pinchpoint.load` reads back, changes included.

        Parameters
        ----------
        path : str or path-like
            A name that ends in ``.yaml``. An existing file is replaced once all is written.

        Raises
        ------
        FormatError
            Another ending.

        Examples
        --------
        >>> import tempfile, pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rack.save(folder + "/rack.yaml")
        ...     print(pp.load(folder + "/rack.yaml").num_chips)
        72
        """
        from pinchpoint.interop.fabric_yaml import save

        save(self, path)

    def plot(self, ax: Any = None, *, use: Bandwidth | Congestion | None = None) -> Any:
        """Draw the fabric's tiers with matplotlib, nodes collapsed into blocks.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.
        use : Bandwidth or Congestion, optional
            An answer about this fabric: the use of links becomes their colour.

        Returns
        -------
        matplotlib Axes
            At most 240 marks, whatever the size of the fabric. Needs the extra ``plot``.
        """
        from pinchpoint.draw import plot

        return plot(self, ax, use)

    def save_html(
        self, path: str | os.PathLike[str], /, *, use: Bandwidth | Congestion | None = None
    ) -> None:
        """Write an interactive page of the fabric that needs nothing but a browser.

        Parameters
        ----------
        path : str or path-like
            The file; an existing one is replaced. It holds its scripts (about 5 MB) and asks the
            network for nothing.
        use : Bandwidth or Congestion, optional
            As in :meth:`plot`.

        Raises
        ------
        FormatError
            The file cannot be written, or the extra ``plot`` is not installed.
        """
        from pinchpoint.draw import save_html

        save_html(self, path, use)

    @property
    def report(self) -> Report | None:
        """What was read, guessed and skipped, where the fabric was imported; else None."""
        return self._report

    @property
    def name(self) -> str:
        """Name of the fabric."""
        return self._handle.name

    @property
    def num_nodes(self) -> int:
        """Number of nodes that are up."""
        return self._handle.num_nodes

    @property
    def num_links(self) -> int:
        """Number of links that are up, parallel ones counted each."""
        return self._handle.num_links

    @property
    def num_chips(self) -> int:
        """Number of nodes of the role "chip" that are up."""
        return self._handle.num_chips

    @property
    def is_structured(self) -> bool:
        """Whether the fabric is groups and bundles rather than arrays."""
        return self._handle.is_structured

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The hardware figures the fabric was built from."""
        return self._recipe.figures if self._recipe is not None else ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups of nodes, as built."""
        unit = 1_000_000 << self._handle.unit_shift
        return tuple(
            Group(
                name,
                role,
                _FORWARDS[forwards],
                None if capacity is None else capacity / unit,
                MappingProxyType(dict(coordinates)),
                size,
                first,
            )
            for name, role, forwards, capacity, coordinates, size, first in self._handle.groups()
        )

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """The bundles of links, as built."""
        unit = 1_000_000 << self._handle.unit_shift
        groups = [group[0] for group in self._handle.groups()]
        listed = not self._handle.is_structured and self._recipe is None
        return tuple(
            Bundle(
                name,
                groups[a],
                groups[b],
                float("nan") if listed else capacity / unit,
                multiplicity,
                links,
                up,
            )
            for name, a, b, capacity, multiplicity, links, up in self._handle.bundles()
        )

    def select(self, group: str, /, **coordinates: Any) -> Selection:
        """Select nodes of one group.

        Parameters
        ----------
        group : str
            Name of a group, a whole selection such as ``"chip[pod=3,slot=0:4]"``, or the name of
            a node where nodes have names of their own.
        **coordinates : int, slice or sequence of int
            Values of coordinates, as users or the wiring count them.

        Returns
        -------
        Selection
            Fits every fabric derived from the same build.

        Raises
        ------
        SelectionError
            An unknown group or coordinate, a value out of range, or no node.
        """
        return Selection(self._select(group, coordinates))

    def _select(self, group: str, coordinates: Mapping[str, Any]) -> _core.Selection:
        if not isinstance(group, str):
            raise InputTypeError(f"group is a {type(group).__name__}; it must be text")
        if not coordinates:
            return self._by_text(group)
        if "[" in group:
            raise SelectionError(f"give coordinates in {group!r} or as arguments, not both")
        return self._handle.select(group, list(coordinates.items()))

    def _by_text(self, text: str) -> _core.Selection:
        """Find a group, a group with coordinates, or the node of that name."""
        if self._names is not None and text not in {group.name for group in self.groups}:
            found = [node for node, name in enumerate(self._names) if name == text]
            if len(found) > 1:
                ids = ", ".join(map(str, found[:10]))
                raise SelectionError(f"{len(found)} nodes are named {text!r}: ids {ids}")
            if found:
                return self._handle.select_ids(found)[0]
        return self._handle.select_text(text)

    def select_links(self, bundle: str, /, **coordinates: Any) -> LinkSelection:
        """Select links of one bundle by the coordinates of their ends.

        Parameters
        ----------
        bundle : str
            Name of a bundle, or a whole selection such as ``"leaf-spine[pod=3]"``.
        **coordinates : int, slice or sequence of int
            Coordinates of either end. A name that both ends have and that is not joined says which
            is meant: ``leaf_slot``, ``spine_slot``. Within one group a link is chosen if one of
            its ends has all of them; along a ring, if the end it starts from has. ``cable``
            numbers the parallel links of a pair.

        Returns
        -------
        LinkSelection
            Never enumerated; fits every fabric derived from the same build.

        Raises
        ------
        SelectionError
            An unknown or ambiguous name, a value out of range, or no link.
        """
        if not isinstance(bundle, str):
            raise InputTypeError(f"bundle is a {type(bundle).__name__}; it must be text")
        if not coordinates:
            return LinkSelection(self._handle.select_links_text(bundle))
        if "[" in bundle:
            raise SelectionError(f"give coordinates in {bundle!r} or as arguments, not both")
        return LinkSelection(self._handle.select_links(bundle, list(coordinates.items())))

    def sample_links(self, bundle: str, count: int, *, seed: int = 0) -> LinkSelection:
        """Draw links of a bundle that are up, uniformly and without repetition.

        Parameters
        ----------
        bundle : str
            Name of the bundle.
        count : int
            Number of links.
        seed : int, default 0
            0 to 2^64 - 1. The same seed gives the same links, structured or materialised.

        Returns
        -------
        LinkSelection

        Raises
        ------
        SelectionError
            No such bundle, or fewer links than asked for.
        """
        for what, number in (("count", count), ("seed", seed)):
            if isinstance(number, bool) or not hasattr(number, "__index__"):
                raise InputTypeError(f"{what} is {number!r}; it must be an integer")
            if not 0 <= number.__index__() < 1 << 64:
                raise SelectionError(f"{what} is {number}; it must be 0 to 2^64 - 1")
        return LinkSelection(self._handle.sample_links(bundle, count, seed))

    def without(
        self, *failed: LinkSelection | Selection | Iterable[LinkSelection | Selection]
    ) -> Fabric:
        """Return the fabric without these links and nodes.

        Parameters
        ----------
        *failed : LinkSelection, Selection, or lists of them
            What has failed. What fails twice fails once.

        Returns
        -------
        Fabric
            Shares everything else with this one. Ids stay as they are.
        """
        items = [
            one for item in failed for one in flattened(item, (LinkSelection, Selection), "failed")
        ]
        links = [item._handle for item in items if isinstance(item, LinkSelection)]
        nodes = [item._handle for item in items if isinstance(item, Selection)]
        return self._derived(self._handle.without(links, nodes))

    def scaled(self, links: LinkSelection | Iterable[LinkSelection], factor: float) -> Fabric:
        """Return the fabric with the capacity of these links multiplied.

        Parameters
        ----------
        links : LinkSelection or list of them
            Which links.
        factor : float
            Any finite number above zero, taken as the decimal it is written as: 0.7 of 400 Gb/s is
            280 Gb/s. Repeated calls compose.

        Returns
        -------
        Fabric
            Capacities are rounded down to the fabric's unit (1 kbit/s, unless it was built finer);
            :attr:`rounded` says whether that happened.

        Raises
        ------
        CapacityError
            A factor of zero or below, or not finite.
        CapacityOverflowError
            A capacity that gets too large.
        """
        if isinstance(factor, bool) or not isinstance(factor, int | float | np.number):
            raise InputTypeError(f"factor is {factor!r}; it must be a number")
        chosen = flattened(links, (LinkSelection,), "links")
        core, rounded = self._handle.scaled([item._handle for item in chosen], float(factor))
        return self._derived(core, rounded)

    @property
    def rounded(self) -> bool:
        """Whether some scaled capacity was no whole unit and was rounded down."""
        return self._rounded

    def materialize(
        self, *, limit_bytes: int = _MATERIALIZE_LIMIT, time_limit: float | None = None
    ) -> Fabric:
        """Write the fabric out as arrays.

        Links are listed bundle by bundle as built, in the order of the node of the bundle's first
        group, then of its second, then of the cable; a link within a group once, from its lower
        node, and a link of a ring from each node to the next. Failed links, and links of failed
        nodes, keep their place with capacity 0.

        Parameters
        ----------
        limit_bytes : int, default 8e9
            Refuse to make arrays larger than this.
        time_limit : float, optional
            Seconds.

        Returns
        -------
        Fabric
            Explicit, with the same groups, bundles and failures.

        Raises
        ------
        SizeLimitError
            Larger than the limit; nothing has been allocated.
        """
        core = self._handle.materialize(int(limit_bytes), time_limit)
        return self._derived(core)

    def _arrays(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        arrays = self._handle.arrays()
        if arrays is None:
            raise GraphError(f"fabric {self.name!r} is structured; materialize() writes it out")
        return arrays

    @property
    def tails(self) -> npt.NDArray[np.uint32]:
        """Tail node id of each link of an explicit fabric, shape (links,)."""
        return self._arrays()[0]

    @property
    def heads(self) -> npt.NDArray[np.uint32]:
        """Head node id of each link of an explicit fabric, shape (links,)."""
        return self._arrays()[1]

    @property
    def gbit_per_s(self) -> npt.NDArray[np.float64]:
        """Capacity of each link of an explicit fabric per direction, in Gbit/s; failed ones 0."""
        capacity: npt.NDArray[np.float64] = self._arrays()[2] / (
            1_000_000 << self._handle.unit_shift
        )
        return capacity

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the nodes of an explicit fabric, by id."""
        if self._names is not None:
            return self._names
        self._arrays()
        total = sum(group[5] for group in self._handle.groups())
        return tuple(self._handle.node_name(node) for node in range(total))

    def node_ids(self, selection: Selection | str) -> npt.NDArray[np.uint64]:
        """Return the ids of selected nodes in increasing order, shape (nodes,)."""
        return self._handle.node_ids(self._ends(selection, "selection")[0])

    def _ends(self, ends: Ends, what: str) -> list[_core.Selection]:
        if isinstance(ends, Selection):
            return [ends._handle]
        if isinstance(ends, str):
            return [self._by_text(ends)]
        if isinstance(ends, bool):
            raise InputTypeError(f"{what} is {ends!r}; it must be a selection, text or a node id")
        if isinstance(ends, int | np.integer):
            return self._by_id([ends], what)
        if isinstance(ends, np.ndarray):
            if ends.dtype.kind not in "iu":
                raise InputTypeError(f"{what} has dtype {ends.dtype}; node ids are integers")
            return self._by_id(ends.ravel().tolist(), what)
        if not isinstance(ends, Iterable):
            raise InputTypeError(
                f"{what} is a {type(ends).__name__}; it must be a selection, text or a node id"
            )
        found: list[_core.Selection] = []
        ids: list[int] = []
        for item in ends:
            if isinstance(item, int | np.integer) and not isinstance(item, bool):
                ids.append(int(item))
            else:
                found.extend(self._ends(item, what))
        return found + (self._by_id(ids, what) if ids else [])

    def _by_id(self, ids: Iterable[int | np.integer[Any]], what: str) -> list[_core.Selection]:
        own = [int(node) for node in ids]
        for place, node in enumerate(own):
            if not 0 <= node < 1 << 63:
                raise SelectionError(f"{what}: node id {node} at position {place} is out of range")
        return self._handle.select_ids(own)

    def bandwidth(
        self,
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
        A structured fabric is solved on its symmetry quotient: the cost follows what ends and
        failures tell apart, not the number of nodes. An explicit one is solved link by link.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> rack.bandwidth("chip[chip=0]", "chip[chip=1]").gbyte_per_s
        900.0
        """
        _check_forwarding(forwarding)
        own = (self._ends(sources, "sources"), self._ends(sinks, "sinks"))
        answer = _core.bandwidth(self._handle, *own, forwarding, time_limit)
        return Bandwidth(answer, (self, sources, sinks, forwarding))

    def bisection(
        self,
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

        Examples
        --------
        >>> import pinchpoint as pp
        >>> print(pp.clusters.gb200_nvl72().bisection().split)
        chip 0-35 against 36-71: 32.4 TB/s (259.2 Tb/s) per direction
        """
        from pinchpoint.bisection import Bisection, BisectionSplit

        _check_forwarding(forwarding)
        chips = [group for group in self.groups if group.role == "chip"]
        sizes = {name: size for group in chips for name, size in group.coordinates.items()}
        if not sizes:
            raise SelectionError(f"fabric {self.name!r} has no chips with coordinates to split")
        if by is not None and by not in sizes:
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
            ends = [
                [self.select(group, **{name: part}) for group in own] for part in (lower, upper)
            ]
            answer = self.bandwidth(*ends, forwarding=forwarding, time_limit=time_limit)
            splits.append(BisectionSplit(name, lower, upper, answer))
        if not splits:
            raise SelectionError(f"fabric {self.name!r} has a single chip")
        return Bisection(tuple(splits))

    @overload
    def pairwise(  # type: ignore[overload-overlap]  # text is a sequence too
        self,
        groups: Selection | str,
        *,
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> AllPairs: ...

    @overload
    def pairwise(
        self,
        groups: Sequence[Ends],
        *,
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> Pairwise: ...

    def pairwise(
        self,
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
            A matrix too large for the memory.

        Notes
        -----
        Queries run side by side without the GIL; the result does not depend on the number of
        threads. Single nodes of a structured fabric are solved once for all pairs that symmetry
        makes alike: hosts of a three-tier fat tree are three kinds of pairs.

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

        _check_forwarding(forwarding)
        if isinstance(groups, Selection | str):
            if self.is_structured:
                from pinchpoint.all_pairs import all_pairs

                return all_pairs(self, groups, forwarding, time_limit)
            raise SelectionError(
                f"fabric {self.name!r} is explicit and shows no symmetry; give pairwise its nodes "
                "one by one, as node_ids() lists them"
            )
        own = [self._ends(group, f"groups[{place}]") for place, group in enumerate(groups)]
        if len(own) < 2:
            raise SelectionError(f"groups has {len(own)} selections; pairwise needs two at least")
        values = _core.pairwise(self._handle, own, forwarding, time_limit)
        count, shift = len(own), self._handle.unit_shift
        exact = tuple(exact_kbit(value, shift) for value in values)
        return Pairwise(tuple(exact[row * count : (row + 1) * count] for row in range(count)))

    def cut_tree(
        self,
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
            A structured fabric too large to be written out.

        Notes
        -----
        Gusfield's method [1]_: one flow fewer than nodes, each at a cost of what it touches. For
        all pairs on a structured fabric, :meth:`pairwise` needs fewer.

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

        _check_forwarding(forwarding)
        return cut_tree(self, nodes, forwarding, time_limit)

    def failure_sweep(
        self,
        sources: Ends,
        sinks: Ends,
        failures: Iterable[LinkSelection | Selection | Iterable[LinkSelection | Selection]],
        *,
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> FailureSweep:
        """Find what each of many failures leaves of a bandwidth.

        Parameters
        ----------
        sources, sinks : Selection, str, node id, or a list of them
            As in :meth:`bandwidth`.
        failures : list of LinkSelection, Selection, or lists of them
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

        _check_forwarding(forwarding)
        return failure_sweep(self, sources, sinks, failures, forwarding, time_limit)

    def congestion(
        self,
        traffic: Traffic,
        *,
        routing: Routing = "ecmp",
        split: Literal["link", "neighbor"] = "link",
        seeds: Iterable[int] = range(10),
        queue_pairs: int = 1,
        salted: bool = True,
        paths: Any = None,
        tables: Any = None,
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> Congestion:
        """Find what a routing puts on every link when traffic is sent as asked.

        Parameters
        ----------
        traffic : Traffic
            Made with :mod:`pinchpoint.traffic`.
        routing : {"ecmp", "wcmp", "ecmp-hash", "single", "valiant"}, default "ecmp"
            All are shortest by hop count. "ecmp" shares equally among next hops (ideal spraying);
            "wcmp" in proportion to what each can carry on toward the destination (or the switch it
            hangs off); "ecmp-hash" sends
            each flow one way, drawn per node; "single" picks by the destination's number (D-mod-k)
            or as `paths` or `tables` say; "valiant" shares as "ecmp" does, to a random endpoint of
            the traffic first.
        split : {"link", "neighbor"}, default "link"
            Whether "ecmp" counts next-hop links or next-hop nodes.
        seeds : iterable of int, default 0 to 9
            Draws of "ecmp-hash"; loads are means over them.
        queue_pairs : int, default 1
            Parts that "ecmp-hash" cuts each flow into, drawn one by one.
        salted : bool, default True
            Whether every node draws for itself under "ecmp-hash"; without, choices are polarised.
        paths : sequence of sequences of int, optional
            With "single": the links of each pair, in the order of the pairs.
        tables : array_like of int, shape (nodes, nodes), optional
            With "single": the link to take at each node (row) toward each destination (column),
            -1 for none.
        forwarding : {"hardware", "all", "none"}, default "hardware"
            Who passes on traffic that is not its own.
        time_limit : float, optional
            Seconds.

        Returns
        -------
        Congestion
            Checked. Utilisation may exceed 1: that is the answer. Pairs that no way joins are
            listed and are on no link.

        Raises
        ------
        SelectionError
            Nodes that do not exist, a node that sends to itself, an unknown routing.
        CapacityError
            A rate that is negative or not finite.
        GraphError
            Paths or tables that do not lead from source to sink.
        SizeLimitError
            A fabric or traffic too large to be listed.
        TimeLimitError
            The time limit was reached.

        Notes
        -----
        On a structured fabric, traffic between selections under "ecmp", "wcmp" and "valiant" is
        routed by symmetry: to one node of each kind of destination, on a quotient that holds that
        node fixed, O(kinds of destinations * kinds of links) and exact. No node is listed, and
        failures only make more kinds. Other questions write the fabric out: one pass per
        destination, or one for all destinations that hang off the same node, such as the hosts of
        a leaf. Routes and loads are checked by separate code: shares and conservation at every
        node or kind, and sums where that is cheap. Limits of nodes (``capacity=`` of a group) are
        not part of the answer.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> leaf_spine = pp.Fabric.from_links([0, 1, 2, 3, 2, 3], [2, 3, 4, 4, 5, 5], 1.0)
        >>> loads = leaf_spine.congestion(pp.traffic.pairs([0], [1], 1.0))
        >>> loads.loads().tolist()[0]
        [1.0, 0.0, 0.5, 0.0, 0.5, 0.0]
        """
        from pinchpoint.congestion import congestion

        return congestion(
            self,
            traffic,
            routing=routing,
            split=split,
            seeds=seeds,
            queue_pairs=queue_pairs,
            salted=salted,
            paths=paths,
            tables=tables,
            forwarding=forwarding,
            time_limit=time_limit,
        )

    def throughput(
        self,
        traffic: Traffic,
        *,
        gap: float = 0.01,
        unreachable: Literal["error", "drop"] = "error",
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> Throughput:
        """Bound how much of a traffic the wiring can carry at once, whatever the routing.

        Parameters
        ----------
        traffic : Traffic
            Made with :mod:`pinchpoint.traffic`.
        gap : float, default 0.01
            Stop once upper / lower - 1 is at most this. Symmetric problems, and tiny ones if
            highspy is installed, are solved exactly (to 1e-9) whatever is asked.
        unreachable : {"error", "drop"}, default "error"
            What to do about pairs that no way joins.
        forwarding : {"hardware", "all", "none"}, default "hardware"
            Who passes on traffic that is not its own.
        time_limit : float, optional
            Seconds. An iterative search that runs out of time returns its bounds so far.

        Returns
        -------
        Throughput
            ``lower <= optimum <= upper``, as multiples of the traffic.

        Raises
        ------
        GraphError
            A pair that no way joins, unless they are dropped.
        SelectionError, CapacityError
            As :meth:`congestion`.
        TimeLimitError
            Time ran out before there were bounds.

        Notes
        -----
        A maximum concurrent flow [1]_. On a structured fabric, traffic between selections is solved
        by symmetry: flow toward one node of each kind of destination, one row of capacity for each
        kind of links. Where lengths of the fullest links prove that a routing is best there is
        nothing to solve; else the linear program is solved if it is small, or the fabric is listed
        if that is small. On listed links, trees that hang off the network, such as the hosts of a
        leaf, leave no choice of routes and are taken off first. What is left is a linear program if
        it is tiny, else narrowed by descent on the weights of ways, then by multiplicative
        weights [2]_ or, if it is small, the linear program. Either way both bounds are
        derived again by separate code: the upper one from lengths of the links, the lower one from
        flows. Limits of nodes are not part of the answer.

        References
        ----------
        .. [1] F. Shahrokhi and D. W. Matula, The maximum concurrent flow problem, JACM 37, 1990.
        .. [2] N. Garg and J. Koenemann, Faster and simpler algorithms for multicommodity flow and
           other fractional packing problems, SIAM J. Comput. 37, 2007.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> ring = pp.Fabric.from_links([0, 1, 2, 3], [1, 2, 3, 0], 1.0)
        >>> ring.throughput(pp.traffic.all_to_all("node", gbit_per_s=1.0)).lower > 0.495
        True
        """
        from pinchpoint.throughput import throughput

        return throughput(
            self,
            traffic,
            gap=gap,
            unreachable=unreachable,
            forwarding=forwarding,
            time_limit=time_limit,
        )

    def routing_gap(
        self,
        traffic: Traffic,
        *,
        routing: Routing = "ecmp",
        split: Literal["link", "neighbor"] = "link",
        gap: float = 0.01,
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> RoutingGap:
        """Find what a routing loses against the best routing there could be.

        Parameters
        ----------
        traffic : Traffic
            Made with :mod:`pinchpoint.traffic`.
        routing, split, forwarding : str
            As :meth:`congestion` has them.
        gap : float, default 0.01
            How close the bounds on the optimum are to be; see :meth:`throughput`.
        time_limit : float, optional
            Seconds, of each of the two questions.

        Returns
        -------
        RoutingGap
            The multiple of the traffic that is routed, bounds on the optimum, and the part lost.

        Raises
        ------
        SelectionError, CapacityError, GraphError, SizeLimitError, TimeLimitError
            As :meth:`congestion` and :meth:`throughput`; pairs that no way joins are an error.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> detour = pp.Fabric.from_links([0, 0, 1], [2, 1, 2], 1.0)
        >>> detour.routing_gap(pp.traffic.pairs([0], [2])).lost[0] > 0.49
        True
        """
        from pinchpoint.routing_gap import RoutingGap

        common: Any = {"forwarding": forwarding, "time_limit": time_limit}
        best = self.throughput(traffic, gap=gap, **common)
        return RoutingGap(self.congestion(traffic, routing=routing, split=split, **common), best)

    def priorities(
        self,
        classes: Iterable[Traffic],
        *,
        routing: Routing = "ecmp",
        split: Literal["link", "neighbor"] = "link",
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> Priorities:
        """Serve classes of traffic one after the other, each on what those before leave.

        Parameters
        ----------
        classes : iterable of Traffic
            The most important first.
        routing, split, forwarding : str
            As :meth:`congestion` has them, for all classes.
        time_limit : float, optional
            Seconds, of each class.

        Returns
        -------
        Priorities
            The part of each class that fits, all its pairs cut alike, and its loads alone.

        Raises
        ------
        SelectionError, CapacityError, SizeLimitError, TimeLimitError
            As :meth:`congestion`; also without any class.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> line = pp.Fabric.from_links([0, 1], [1, 2], 10.0)
        >>> first, second = pp.traffic.pairs([0], [2], 8.0), pp.traffic.pairs([1], [2], 4.0)
        >>> line.priorities([first, second]).served
        (1.0, 0.5)
        """
        from pinchpoint.routing_gap import priorities

        return priorities(
            self,
            classes,
            routing=routing,
            split=split,
            forwarding=forwarding,
            time_limit=time_limit,
        )

    def fair_rates(
        self,
        traffic: Traffic,
        *,
        routing: Literal["single", "ecmp-hash", "ecmp"] = "single",
        split: Literal["link", "neighbor"] = "link",
        seed: int = 0,
        queue_pairs: int = 1,
        salted: bool = True,
        paths: Any = None,
        tables: Any = None,
        weights: npt.ArrayLike | None = None,
        capped: bool = True,
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> FlowRates:
        """Find what each flow of a traffic gets when flows share links max-min fairly.

        Parameters
        ----------
        traffic : Traffic
            Made with :mod:`pinchpoint.traffic`. Each ordered pair is a flow.
        routing : {"single", "ecmp-hash", "ecmp"}, default "single"
            As in :meth:`congestion`: one path per flow by the destination's number or as given, one
            drawn at random, or every flow spread over all shortest ways.
        split, queue_pairs, salted, paths, tables, forwarding
            As in :meth:`congestion`. Every queue pair shares links for itself.
        seed : int, default 0
            Of "ecmp-hash".
        weights : array_like of float, shape (flows,), optional
            Rates grow in proportion to these; default 1.
        capped : bool, default True
            Whether a flow takes no more than the traffic's rate; else each takes what it can get.
        time_limit : float, optional
            Seconds for each step.

        Returns
        -------
        FlowRates
            Checked against the definition. Flows without a way are there, with rate 0.

        Raises
        ------
        SelectionError, CapacityError, GraphError
            As :meth:`congestion`; weights that are not one per flow or not above zero.
        TimeLimitError
            The time limit was reached.

        Notes
        -----
        Progressive filling, as :func:`pinchpoint.max_min_fair`. The fabric and the flows are
        written out. Rates are those of long flows under perfect congestion control.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> line = pp.Fabric.from_links([0, 1], [1, 2], [10.0, 4.0])
        >>> line.fair_rates(pp.traffic.pairs([0, 0, 1], [1, 2, 2], 100.0)).rates
        array([8., 2., 2.])
        """
        from pinchpoint.flows import fair_rates

        return fair_rates(
            self,
            traffic,
            routing=routing,
            split=split,
            seed=seed,
            queue_pairs=queue_pairs,
            salted=salted,
            paths=paths,
            tables=tables,
            weights=weights,
            capped=capped,
            forwarding=forwarding,
            time_limit=time_limit,
        )

    def collective(
        self,
        op: str,
        ranks: Ends | os.PathLike[str] = "chip",
        *,
        gbyte: float = 1.0,
        in_network: bool = False,
        root: Ends | None = None,
        algorithm: str | None = None,
        domain: str | int | None = None,
        routing: Routing = "ecmp",
        gap: float = 0.01,
        forwarding: Forwarding = "hardware",
        time_limit: float | None = None,
    ) -> Collective:
        """Find how long a collective takes at best, or with a named algorithm.

        Parameters
        ----------
        op : str
            "all_reduce", "reduce_scatter", "all_gather", "all_to_all", "broadcast", "reduce" or
            "send_recv".
        ranks : Selection, str, node id, a list of them, or path-like, default "chip"
            Who takes part. A path names a file with a selection of one node per line. Order
            matters to named algorithms and to "send_recv": that of the list, else that of ids.
        gbyte : float, default 1
            nccl-tests' S in 10^9 bytes: for all-gather and reduce-scatter what is gathered or
            scattered in all, for the others what each rank has.
        in_network : bool, default False
            Whether switches add up and multicast. It changes the all-reduce only.
        root : Selection, str or node id, optional
            Where "broadcast" starts and "reduce" ends; default the first rank.
        algorithm : {"ring", "tree", "hierarchical", "rail-aligned", "direct"}, optional
            What this algorithm reaches under `routing`, instead of the optimum: one ring in rank
            order; NCCL's double binary tree; reduce-scatter within domains, rings between equal
            places of all domains and all-gather within, one after another; a ring per place in a
            domain that leaves it by its own rail; each rank straight to each ("all_to_all").
        domain : str or int, optional
            What "hierarchical" and "rail-aligned" take as the scale-up domain: a coordinate of the
            ranks, such as "ultraserver", or a number of consecutive ranks.
        routing : str, default "ecmp"
            As in :meth:`congestion`; for named algorithms.
        gap : float, default 0.01
            As in :meth:`throughput`; for "all_to_all" and "send_recv".
        forwarding : {"hardware", "all", "none"}, default "hardware"
            Who else passes on traffic; ranks relay for each other in any case.
        time_limit : float, optional
            Seconds.

        Returns
        -------
        Collective
            Time, busbw and algbw in nccl-tests' definition, and what binds, in words.

        Raises
        ------
        SelectionError
            An unknown `op`, fewer than two ranks, a rank used twice, a `root` that is no rank.
        FormatError
            A rank file that cannot be read; file and line are named.
        CapacityError
            A `gbyte` that is not above zero.
        TimeLimitError
            The time limit was reached.

        Notes
        -----
        All-gather, reduce-scatter, broadcast and reduce: the optimum, exact, by ForestColl's
        theorem [1]_: the time is the largest, over the sets S of nodes that miss a rank, of the
        data in S over the capacity that leaves S. It is reached by trees that may split data as
        finely as they like. All-reduce: reduce-scatter and then all-gather at their optimum, and as
        a lower bound what must leave the parts of a partition of the ranks; `optimal` says whether
        the two meet. With `in_network` no more than a bound, and for ranks that hang off the same
        switches what NCCL's NVLS reaches. All-to-all and send/receive (each rank to the next):
        concurrent flow, between two bounds. Bandwidth only: neither latency nor protocol is in it.

        Structured fabrics cost a refinement and a few small flows per kind of ranks; a million
        alike chips are one kind. Every cut is counted again, every flow checked by separate code.

        References
        ----------
        .. [1] L. Zhao et al., ForestColl: Throughput-Optimal Collective Communications on
           Heterogeneous Network Fabrics, 2024, arXiv:2402.06787.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> pp.clusters.hgx_h100().collective("all_reduce").busbw_gbyte_per_s
        450.0
        """
        from pinchpoint.collective import collective

        return collective(
            self,
            op,
            ranks,
            gbyte=gbyte,
            in_network=in_network,
            root=root,
            algorithm=algorithm,
            domain=domain,
            routing=routing,
            gap=gap,
            forwarding=forwarding,
            time_limit=time_limit,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        if self._recipe is not None:
            listed = not self._handle.is_structured
            state = (self._recipe, self._handle.state(), listed, self._rounded)
            return _from_recipe, state
        tails, heads, _ = self._arrays()
        groups, bundles = listing(self._handle)
        core = (self.name, groups, bundles, tails, heads, self._handle.built_capacity())
        own = (self._handle.is_directed, self._handle.unit_shift, self._handle.state())
        return _from_arrays, (*core, *own, self._names, self._rounded, self._report)

    def __repr__(self) -> str:
        kind = "structured" if self.is_structured else "explicit"
        return (
            f"Fabric({self.name!r}, {kind}: {self.num_nodes:,} nodes, {self.num_links:,} links, "
            f"{self.num_chips:,} chips)"
        )

    def __str__(self) -> str:
        from pinchpoint.show import show

        return show(self)

    def _repr_html_(self) -> str:
        from pinchpoint.show import show_html

        return show_html(self)


def _check_forwarding(forwarding: object) -> None:
    if forwarding not in ("hardware", "all", "none"):
        raise SelectionError(
            f"forwarding is {forwarding!r}; it must be 'hardware', 'all' or 'none'"
        )


def _from_recipe(recipe: Recipe, state: Any, listed: bool, rounded: bool) -> Fabric:
    from pinchpoint.builder import rebuilt

    core = rebuilt(recipe).with_state(state)
    if listed:
        core = core.materialize(1 << 62, None)
    return Fabric(core, recipe, None, rounded)


def listing(
    core: _core.Fabric,
) -> tuple[list[tuple[str, str, str, int]], list[tuple[str, int, int, int]]]:
    """List groups and bundles of an explicit fabric, as ``_core.Fabric.listed`` takes them."""
    groups = [(name, role, forwards, size) for name, role, forwards, _, _, size, _ in core.groups()]
    return groups, [(name, a, b, links) for name, a, b, _, _, links, _ in core.bundles()]


def _from_arrays(
    name: str,
    groups: list[tuple[str, str, str, int]],
    bundles: list[tuple[str, int, int, int]],
    tails: Any,
    heads: Any,
    built: Any,
    directed: bool,
    shift: int,
    state: Any,
    names: tuple[str, ...] | None,
    rounded: bool,
    report: Report | None,
) -> Fabric:
    core = _core.Fabric.listed(name, groups, bundles, tails, heads, built, directed, shift)
    return Fabric(core.with_state(state), None, names, rounded, report)
