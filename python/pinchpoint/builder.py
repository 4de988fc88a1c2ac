"""Structured fabrics by hand: groups with coordinates, bundles that join them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pinchpoint import _core
from pinchpoint._suggest import shorten
from pinchpoint._validation import as_integer, as_text, check_flag
from pinchpoint._wording import a_type
from pinchpoint.errors import BuildError, CapacityError, InputTypeError
from pinchpoint.selection import listed
from pinchpoint.units import parse_rate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from pinchpoint.catalogue import Figure
    from pinchpoint.fabric import Fabric

__all__ = ["CoordinateView", "FabricBuilder", "NodeGroup", "gray", "radix"]

_ROLES = ("chip", "host", "nic", "switch")
_FORWARDS = {True: "always", False: "never", "scale_up": "scale_up"}


@dataclass(frozen=True)
class CoordinateView:
    """A coordinate that users count differently from the wiring; see :func:`radix`, :func:`gray`.

    Attributes
    ----------
    code : "radix" or "gray"
        How the user's number is written in digits.
    size : int or None
        Number of values; None for the product of the digit sizes.
    digits : tuple of (str, int)
        Wiring coordinates and their sizes, most significant first.
    """

    code: Literal["radix", "gray"]
    size: int | None
    digits: tuple[tuple[str, int], ...]


def radix(size: int | None = None, /, **digits: int) -> CoordinateView:
    """View several wiring coordinates as one mixed-radix number.

    Parameters
    ----------
    size : int, optional
        Number of values, at most the product of the digits. A smaller one leaves the last nodes
        out of the fabric: a partial last pod.
    **digits : int
        Wiring coordinates and their sizes, most significant first.

    Returns
    -------
    CoordinateView
        To be given to :meth:`FabricBuilder.nodes` in place of a size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> b = pp.FabricBuilder("pods")
    >>> leaf = b.nodes("leaf", rack=pp.radix(100, pod=2, slot=64))
    >>> spine = b.nodes("spine", pod=2, spine=8)
    >>> b.links(leaf, spine, "400Gb/s", join={"pod": "pod"})
    >>> b.build().num_links
    800
    """
    return CoordinateView("radix", size, tuple(digits.items()))


def gray(**digits: int) -> CoordinateView:
    """View two wiring coordinates of size 2 as the positions of a ring of four (Gray code).

    A step along the ring changes one digit, so a 4-ring is two joins.

    Parameters
    ----------
    **digits : int
        Two wiring coordinates of size 2, most significant first.

    Returns
    -------
    CoordinateView
        To be given to :meth:`FabricBuilder.nodes` in place of a size.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> b = pp.FabricBuilder("rings")
    >>> chip = b.nodes("chip", ring=16, place=pp.gray(high=2, low=2))
    >>> b.links(chip, chip, "128GB/s", join={"ring": "ring", "high": "high"}, name="low")
    >>> b.links(chip, chip, "128GB/s", join={"ring": "ring", "low": "low"}, name="high")
    >>> rings = b.build()
    >>> two = [f"chip[ring=0,place={place}]" for place in (1, 2)]
    >>> rings.bandwidth(two[0], two[1], forwarding="none").gbyte_per_s  # the link between them
    128.0
    >>> rings.bandwidth(two[0], two[1]).gbyte_per_s  # and the way around
    256.0
    """
    return CoordinateView("gray", None, tuple(digits.items()))


class _Part(NamedTuple):
    group: str
    conditions: tuple[tuple[str, Any], ...]


class NodeGroup:
    """A group under construction, or the part of it that :meth:`where` leaves."""

    __slots__ = ("_builder", "_part")

    def __init__(self, builder: FabricBuilder, part: _Part) -> None:
        self._builder = builder
        self._part = part

    @property
    def name(self) -> str:
        """Name of the group."""
        return self._part.group

    def where(self, **coordinates: Any) -> NodeGroup:
        """Take the part of the group with these coordinates.

        Parameters
        ----------
        **coordinates : int, slice or sequence of int
            Values of coordinates, as users or the wiring count them.

        Returns
        -------
        NodeGroup
            The part, for :meth:`FabricBuilder.links`, which finds what is out of range.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> b = pp.FabricBuilder("lab")
        >>> chip, leaf = b.nodes("chip", host=16, chip=8), b.nodes("leaf", leaf=2)
        >>> b.links(chip.where(chip=slice(0, 4)), leaf.where(leaf=0), "400Gb/s", join={})
        >>> b.build().num_links
        64
        """
        conditions = (*self._part.conditions, *listed(coordinates).items())
        return NodeGroup(self._builder, _Part(self._part.group, conditions))

    def __repr__(self) -> str:
        asked = ", ".join(f"{name}={value}" for name, value in self._part.conditions)
        return f"NodeGroup({self.name}{'[' + asked + ']' if asked else ''})"


@dataclass(frozen=True)
class Recipe:
    """How a fabric was described: enough to build it again."""

    name: str
    nodes: tuple[tuple[Any, ...], ...] = ()
    links: tuple[tuple[Any, ...], ...] = ()
    figures: tuple[Figure, ...] = field(default=(), compare=False)


class FabricBuilder:
    """Describe a structured fabric group by group and bundle by bundle.

    Parameters
    ----------
    name : str
        Name of the fabric.

    Notes
    -----
    Groups and bundles are kept as they are described: time and memory follow the description, not
    the nodes and links it stands for.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> b = pp.FabricBuilder("lab")
    >>> chip = b.nodes("chip", pod=4, host=16, chip=8)
    >>> leaf = b.nodes("leaf", pod=4, rail=8)
    >>> b.links(chip, leaf, "400Gb/s", join={"pod": "pod", "chip": "rail"})
    >>> b.build().num_chips
    512
    """

    def __init__(self, name: str) -> None:
        self._name = as_text("name", name)
        self._handle = _core.FabricBuilder(name)
        self._nodes: list[tuple[Any, ...]] = []
        self._links: list[tuple[Any, ...]] = []
        self._figures: list[Figure] = []

    def nodes(
        self,
        name: str,
        /,
        *,
        role: Literal["chip", "host", "nic", "switch"] | None = None,
        forwards: bool | Literal["scale_up"] | None = None,
        capacity: str | None = None,
        **coordinates: int | CoordinateView,
    ) -> NodeGroup:
        """Add a group of nodes.

        Parameters
        ----------
        name : str
            Name of the group, unique in the fabric.
        role : {"chip", "host", "nic", "switch"}, optional
            What the nodes are; by default the name if it is one of these, else "switch".
        forwards : bool or "scale_up", optional
            Whether a node passes on traffic that is not its own; "scale_up": between links that
            do not end at a NIC. Default True.
        capacity : str, optional
            Traffic a node can pass, with its unit, such as "12.8Tb/s". Default no limit.
        **coordinates : int or CoordinateView
            Names and sizes. No coordinate makes the group one node.

        Returns
        -------
        NodeGroup
            A handle for :meth:`links`.

        Raises
        ------
        BuildError
            A name that is taken or cannot be one, another role or `forwards`, a size below 1, more
            than 16 wiring coordinates.
        UnitError, CapacityError
            A capacity without a unit, negative, or not representable.

        Notes
        -----
        A group costs what its coordinates do, whatever their sizes.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> b = pp.FabricBuilder("lab")
        >>> chip = b.nodes("chip", forwards=False, host=16, chip=8)
        >>> switch = b.nodes("switch", capacity="12.8Tb/s", switch=4)
        >>> b.links(chip, switch, "400Gb/s")
        >>> [(group.name, group.role, group.size, group.gbit_per_s) for group in b.build().groups]
        [('chip', 'chip', 128, None), ('switch', 'switch', 4, 12800.0)]
        """
        as_text("name", name)
        if role is None:
            role = name if name in _ROLES else "switch"  # type: ignore[assignment]
        elif role not in _ROLES:
            raise BuildError(f"group {name!r} has role {role!r}; roles are {', '.join(_ROLES)}")
        if forwards is None:
            forwards = True
        if not isinstance(forwards, bool | str) or forwards not in _FORWARDS:
            raise BuildError(
                f"group {name!r} has forwards={shorten(forwards)}; it must be True, False or "
                "'scale_up'"
            )
        spec: tuple[Any, ...] = (
            name,
            role,
            _FORWARDS[forwards],
            None if capacity is None else _rate(capacity, f"group {name!r}"),
            [_coordinate(name, *item) for item in coordinates.items()],
        )
        self._handle.nodes(*spec)
        self._nodes.append(spec)
        return NodeGroup(self, _Part(name, ()))

    def links(
        self,
        a: NodeGroup,
        b: NodeGroup,
        capacity: str,
        /,
        *,
        join: Mapping[str, str] | None = None,
        multiplicity: int = 1,
        name: str | None = None,
    ) -> None:
        """Link all pairs of two groups, or parts of them, that agree on the joined coordinates.

        Parameters
        ----------
        a, b : NodeGroup
            The ends. Within one group every unordered pair of distinct nodes is linked once.
        capacity : str
            Of one link per direction, with its unit, such as "400Gb/s".
        join : mapping of str to str, optional
            Coordinates of `a` to coordinates of `b` that must be equal. Default: every coordinate
            of the same name. ``{}`` links all pairs. Within one group it must be given.
        multiplicity : int, default 1
            Number of parallel links per pair.
        name : str, optional
            Name of the bundle; default "a-b".

        Raises
        ------
        BuildError
            Unknown or unequal coordinates, a bundle that links nothing, a name that is taken or
            cannot be one, a group of another builder, a multiplicity below 1.
        SelectionError
            A part that is out of range.
        UnitError, CapacityError
            A capacity without a unit, negative, or not representable.

        Notes
        -----
        A bundle costs what its coordinates and parts do, not the links that it stands for.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> b = pp.FabricBuilder("lab")
        >>> chip = b.nodes("chip", pod=4, host=16, chip=8)
        >>> leaf = b.nodes("leaf", pod=4, rail=8)
        >>> b.links(chip, leaf, "400Gb/s", join={"pod": "pod", "chip": "rail"})
        >>> b.links(chip.where(chip=0), leaf, "100Gb/s", multiplicity=2, name="boot")
        >>> [(bundle.name, bundle.num_links) for bundle in b.build().bundles]
        [('chip-leaf', 512), ('boot', 1024)]
        """
        pairs = None if join is None else _pairs(join)
        self._add_links(a, b, capacity, pairs, None, multiplicity, name)

    def ring(
        self,
        group: NodeGroup,
        axis: str,
        capacity: str,
        /,
        *,
        wrap: bool = True,
        multiplicity: int = 1,
        name: str | None = None,
    ) -> None:
        """Link each node of a group to the next along one coordinate, all others equal.

        Parameters
        ----------
        group : NodeGroup
            A whole group.
        axis : str
            The coordinate to step along.
        capacity : str
            Of one link per direction, with its unit.
        wrap : bool, default True
            Whether the last value is linked to the first. With two values there is one link.
        multiplicity : int, default 1
            Number of parallel links per pair.
        name : str, optional
            Name of the bundle; default "group-axis".

        Raises
        ------
        BuildError
            A part of a group, a coordinate of several digits, a ring that links nothing, a name
            that is taken or cannot be one, a multiplicity below 1.
        SelectionError
            An unknown coordinate.
        UnitError, CapacityError
            A capacity without a unit, negative, or not representable.

        Notes
        -----
        Describing a ring costs the same whatever its length. Questions about it cost more than
        those about joins: every distance from their ends is another class.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> b = pp.FabricBuilder("torus")
        >>> chip = b.nodes("chip", x=4, y=3)
        >>> b.ring(chip, "x", "50GB/s")
        >>> b.ring(chip, "y", "50GB/s", wrap=False)
        >>> torus = b.build()
        >>> [(bundle.name, bundle.num_links) for bundle in torus.bundles]
        [('chip-x', 12), ('chip-y', 8)]
        >>> torus.bandwidth("chip[x=0,y=0]", "chip[x=2,y=1]").gbyte_per_s
        150.0
        """
        as_text("axis", axis)
        check_flag("wrap", wrap)
        if name is None and isinstance(group, NodeGroup):
            name = f"{group.name}-{axis}"
        self._add_links(group, group, capacity, None, (axis, bool(wrap)), multiplicity, name)

    def _add_links(
        self,
        a: NodeGroup,
        b: NodeGroup,
        capacity: str,
        join: list[tuple[str, str]] | None,
        ring: tuple[str, bool] | None,
        multiplicity: int,
        name: str | None,
    ) -> None:
        for end, group in (("a", a), ("b", b)):
            if not isinstance(group, NodeGroup):
                raise InputTypeError(
                    f"links: {end} is {a_type(group)}; it must be a group of this builder"
                )
            if group._builder is not self:
                raise BuildError(f"links: group {group.name!r} belongs to another builder")
        multiplicity = as_integer("links: multiplicity", multiplicity, 1, 2**31 - 1, BuildError)
        if name is not None:
            as_text("links: name", name)
        owner = f"bundle {name or a.name + '-' + b.name!r}"
        spec = (
            (a.name, list(a._part.conditions)),
            (b.name, list(b._part.conditions)),
            _rate(capacity, owner),
            join,
            ring,
            multiplicity,
            name,
        )
        self._handle.links(*spec)
        self._links.append(spec)

    def annotate(self, *figures: Figure) -> None:
        """Attach the hardware figures the fabric was built from; `print(fabric)` shows them.

        Parameters
        ----------
        *figures : Figure
            Of the entries of ``pinchpoint.hardware``.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> b = pp.FabricBuilder("lab")
        >>> chip = b.nodes("chip", chip=8)
        >>> b.annotate(pp.hardware["nvlink5"]["link"])
        >>> [figure.name for figure in b.build().figures]
        ['link']
        """
        self._figures.extend(figures)

    def build(self) -> Fabric:
        """Finish the fabric.

        Returns
        -------
        Fabric
            Structured; its size in memory is that of the description.

        Raises
        ------
        BuildError
            A fabric without nodes.
        CapacityError
            Capacities that fit no common integer scale.

        Notes
        -----
        Time and memory follow the description, not the nodes and links it stands for.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> b = pp.FabricBuilder("million")
        >>> chip = b.nodes("chip", pod=1024, leaf=32, chip=32)
        >>> leaf = b.nodes("leaf", pod=1024, leaf=32)
        >>> b.links(chip, leaf, "400Gb/s")
        >>> b.build()
        Fabric('million', structured: 1,081,344 nodes, 1,048,576 links, 1,048,576 chips)
        """
        recipe = Recipe(self._name, tuple(self._nodes), tuple(self._links), tuple(self._figures))
        from pinchpoint.fabric import Fabric

        return Fabric(self._handle.build(), recipe)


def rebuilt(recipe: Recipe) -> _core.Fabric:
    """Build the core fabric of a recipe again."""
    core = _core.FabricBuilder(recipe.name)
    for nodes in recipe.nodes:
        core.nodes(*nodes)
    for links in recipe.links:
        core.links(*links)
    return core.build()


def _coordinate(
    group: str, name: str, value: int | CoordinateView
) -> tuple[str, int | None, str, list[tuple[str, int]]]:
    if isinstance(value, CoordinateView):
        for digit, size in value.digits:
            _check_size(f"coordinate {digit!r} of group {group!r}", size)
        if value.size is not None:
            _check_size(f"coordinate {name!r} of group {group!r}", value.size)
        return name, value.size, value.code, list(value.digits)
    _check_size(f"coordinate {name!r} of group {group!r}", value)
    return name, None, "radix", [(name, int(value))]


def _check_size(what: str, size: object) -> None:
    if isinstance(size, bool) or not hasattr(size, "__index__"):
        raise InputTypeError(f"{what} has size {shorten(size)}; it must be an integer")
    number = size.__index__()
    if not 0 < number < 1 << 31:
        raise BuildError(f"{what} has size {shorten(number)}; it must be 1 to 2^31 - 1")


def _pairs(join: Mapping[str, str]) -> list[tuple[str, str]]:
    try:
        pairs = [(str(a), str(b)) for a, b in join.items()]
    except AttributeError:
        raise InputTypeError(
            f"links: join is {a_type(join)}; it must map coordinates of a to those of b"
        ) from None
    return pairs


def _rate(capacity: str, owner: str) -> tuple[int, int]:
    """Capacity as mantissa and power of two in kbit/s, exactly."""
    try:
        return dyadic(parse_rate(capacity))
    except ValueError as error:
        raise type(error)(f"{owner}: {error}") from None


def dyadic(kbit: Fraction) -> tuple[int, int]:
    """Mantissa and shift of a number of kbit/s that is a whole number over a power of two."""
    shift = kbit.denominator.bit_length() - 1
    if kbit.denominator != 1 << shift or shift > 60 or kbit.numerator >= 1 << 62:
        raise CapacityError(
            f"{float(kbit):g} kbit/s is no whole number of kbit/s over a power of two; round it"
        )
    return kbit.numerator, shift
