"""Fabrics: what is wired, what has failed, and the questions one can ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from pinchpoint import _core, _fabric_flow, _fabric_output, _fabric_select, _fabric_traffic
from pinchpoint._ends import Finder
from pinchpoint._memory import check
from pinchpoint._validation import as_number, as_size_limit
from pinchpoint._wording import counted
from pinchpoint.errors import GraphError
from pinchpoint.selection import LinkSelection, Selection, flattened

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.builder import Recipe
    from pinchpoint.catalogue import Figure
    from pinchpoint.interop import Report

    Ends = Selection | str | int | Iterable["Selection | str | int"]
    Forwarding = Literal["hardware", "all", "none"]

__all__ = ["Bundle", "Fabric", "Group"]

_MATERIALIZE_LIMIT = 8_000_000_000
# A text of some thirty characters, and its place in a tuple.
_NAME_BYTES = 96
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

    def __reduce__(self) -> tuple[Any, ...]:
        return _group, (*self._replace(coordinates=dict(self.coordinates)),)


def _group(*fields: Any) -> Group:
    """Make a group; its coordinates cannot be changed."""
    own = Group(*fields)
    return own._replace(coordinates=MappingProxyType(dict(own.coordinates)))


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

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> rack.num_chips, rack.num_links, rack.is_structured
    (72, 1440, True)
    >>> worse = rack.without("switch[switch=0]")
    >>> worse.bandwidth("chip[chip=0]", "chip[chip=1]").bottleneck
    Bottleneck(17 links chip-switch, 850 GB/s, 100 % of the cut)
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
            kbit/s is taken as that; others are scaled exactly by a power of two, or where none
            makes all of them whole, rounded down to the finest unit that fits (less than a part in
            10^12 of the largest, or 1 kbit/s), as :attr:`rounded` says.
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
            A capacity that is negative, not a number, infinite, or too small beside the largest.

        Notes
        -----
        Takes O(links) time and 24 bytes a link.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> fabric = pp.Fabric.from_links([0, 1], [1, 2], [400.0, 200.0])
        >>> fabric.bandwidth(0, 2).gbit_per_s
        200.0
        """
        from pinchpoint.explicit import from_links

        core, own_names, rounded = from_links(tails, heads, gbit_per_s, num_nodes, names, directed)
        return Fabric(core, names=own_names, rounded=rounded)

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
            _group(
                name,
                role,
                _FORWARDS[forwards],
                None if capacity is None else capacity / unit,
                coordinates,
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

    def without(
        self, *failed: LinkSelection | Selection | str | Iterable[LinkSelection | Selection | str]
    ) -> Fabric:
        """Return the fabric without these links and nodes.

        Parameters
        ----------
        *failed : LinkSelection, Selection, str, or lists of them
            What has failed, text being a group, a bundle, a part of one such as
            ``"leaf-spine[pod=0]"``, or the name of a node. What fails twice fails once.

        Returns
        -------
        Fabric
            Shares everything else with this one. Ids stay as they are.

        Raises
        ------
        SelectionError
            Nothing of that name, a name that both nodes and links or two of them have, or a
            selection of another fabric.

        Notes
        -----
        On a structured fabric the cost follows how many parts have changed, not how many links or
        nodes they have. An explicit one copies its capacities: O(links).

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> worse = rack.without("switch[switch=0]", rack.sample_links("chip-switch", 3, seed=1))
        >>> worse.num_nodes, worse.num_links
        (197, 1365)
        >>> ends = "chip[chip=0]", "chip[chip=1]"
        >>> rack.bandwidth(*ends).gbyte_per_s, worse.bandwidth(*ends).gbyte_per_s
        (900.0, 850.0)
        """
        kinds = (LinkSelection, Selection)
        find = Finder(self)
        items = [one for item in failed for one in flattened(item, kinds, "failed", find)]
        links = [item._handle for item in items if isinstance(item, LinkSelection)]
        nodes = [item._handle for item in items if isinstance(item, Selection)]
        return self._derived(self._handle.without(links, nodes))

    def scaled(
        self, links: LinkSelection | str | Iterable[LinkSelection | str], factor: float
    ) -> Fabric:
        """Return the fabric with the capacity of these links multiplied.

        Parameters
        ----------
        links : LinkSelection, str, or list of them
            Which links; text is a bundle, or a part of one.
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
        SelectionError
            No bundle of that name.
        CapacityError
            A factor of zero or below, or not finite.
        CapacityOverflowError
            A capacity that gets too large.

        Notes
        -----
        On a structured fabric the cost follows how many parts have changed, not how many links
        they have: half a tier costs what a few links do. An explicit one copies its capacities:
        O(links).

        Examples
        --------
        >>> import pinchpoint as pp
        >>> rack = pp.clusters.gb200_nvl72()
        >>> slow = rack.scaled("chip-switch[chip=0]", 0.5)
        >>> slow.bandwidth("chip[chip=0]", "chip[chip=1]").gbyte_per_s
        450.0
        >>> slow.bandwidth("chip[chip=1]", "chip[chip=2]").gbyte_per_s
        900.0
        """
        number = as_number("factor", factor)
        chosen = flattened(links, (LinkSelection,), "links", self.select_links)
        core, rounded = self._handle.scaled([item._handle for item in chosen], number)
        return self._derived(core, rounded)

    @property
    def rounded(self) -> bool:
        """Whether some capacity, listed or scaled, was no whole unit and was rounded down."""
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
            Larger than the limit or the memory, or 2^32 - 1 nodes or links or more; nothing has
            been allocated.
        TimeLimitError
            The time limit was reached.

        Notes
        -----
        Takes O(links) time and 24 bytes a link. An explicit fabric is returned as it is.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> listed = pp.clusters.gb200_nvl72().materialize()
        >>> listed
        Fabric('gb200_nvl72', explicit: 198 nodes, 1,440 links, 72 chips)
        >>> listed.tails[:3].tolist(), listed.heads[:3].tolist(), listed.gbit_per_s[:3].tolist()
        ([0, 0, 0], [108, 109, 110], [400.0, 400.0, 400.0])
        >>> listed.names[108]
        'switch[switch=0]'
        """
        core = self._handle.materialize(as_size_limit("limit_bytes", limit_bytes), time_limit)
        return self._derived(core)

    def _arrays(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        arrays = self._handle.arrays()
        if arrays is None:
            raise GraphError(f"fabric {self.name!r} is structured; materialize() writes it out")
        return arrays

    @property
    def tails(self) -> npt.NDArray[np.uint32]:
        """Tail node id of each link of an explicit fabric; uint32, shape (links,)."""
        return self._arrays()[0]

    @property
    def heads(self) -> npt.NDArray[np.uint32]:
        """Head node id of each link of an explicit fabric; uint32, shape (links,)."""
        return self._arrays()[1]

    @property
    def gbit_per_s(self) -> npt.NDArray[np.float64]:
        """Capacity of each link of an explicit fabric per direction, in Gbit/s; failed ones 0.

        float64, shape (links,).
        """
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
        check(f"naming {total:,} nodes", total * _NAME_BYTES)
        return tuple(self._handle.node_name(node) for node in range(total))

    # The questions are functions of a fabric in files of their own.
    select = _fabric_select.select
    select_links = _fabric_select.select_links
    sample_links = _fabric_select.sample_links
    node_ids = _fabric_select.node_ids
    _by_text = _fabric_select.by_text
    _by_id = _fabric_select.by_id
    _by_name = _fabric_select.by_name
    _ends = _fabric_select.ends_of

    bandwidth = _fabric_flow.bandwidth
    bisection = _fabric_flow.bisection
    pairwise = _fabric_flow.pairwise
    cut_tree = _fabric_flow.cut_tree
    failure_sweep = _fabric_flow.failure_sweep

    congestion = _fabric_traffic.congestion
    throughput = _fabric_traffic.throughput
    routing_gap = _fabric_traffic.routing_gap
    priorities = _fabric_traffic.priorities
    fair_rates = _fabric_traffic.fair_rates
    collective = _fabric_traffic.collective

    save = _fabric_output.save
    plot = _fabric_output.plot
    save_html = _fabric_output.save_html

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
            f"Fabric({self.name!r}, {kind}: {counted(self.num_nodes, 'node')}, "
            f"{counted(self.num_links, 'link')}, {counted(self.num_chips, 'chip')})"
        )

    def __str__(self) -> str:
        from pinchpoint.show import show

        return show(self)

    def _repr_html_(self) -> str:
        from pinchpoint.show import show_html

        return show_html(self)


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
