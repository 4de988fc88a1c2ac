"""Designs: what a fabric is made of, what it costs, and which designs no other beats.

Prices and powers come from a file that the user writes; pinchpoint knows none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from pinchpoint._result import TabularResult
from pinchpoint._suggest import shorten
from pinchpoint._table import text_table
from pinchpoint._validation import as_number, as_text, check_fabric, check_flag
from pinchpoint._wording import a_type
from pinchpoint.errors import (
    BuildError,
    CapacityError,
    InputTypeError,
    PinchpointError,
    SelectionError,
    StudyError,
)
from pinchpoint.interop._source import Source
from pinchpoint.interop._yaml import Node, parse

if TYPE_CHECKING:
    import os

    from pinchpoint.fabric import Fabric
    from pinchpoint.query import Query
    from pinchpoint.scenarios import Scenarios

__all__ = [
    "Bill",
    "Component",
    "Components",
    "Pareto",
    "bill",
    "grid",
    "load_components",
    "pareto",
]

_MOST_DESIGNS = 10_000
# Names of designs and numbers are not broken.
_WIDEST = 200
# Names in one message.
_NAMED = 10


@dataclass(frozen=True)
class Component:
    """What one piece costs and draws.

    Attributes
    ----------
    cost : float
        In the currency of the file, zero or more.
    watts : float, default 0
        Power in W, zero or more.
    """

    cost: float
    watts: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("cost", self.cost), ("watts", self.watts)):
            if not 0 <= as_number(name, value) < float("inf"):
                raise CapacityError(
                    f"{name} is {shorten(value)}; it must be finite and zero or more"
                )


@dataclass(frozen=True)
class Components:
    """Components by name.

    Attributes
    ----------
    nodes : mapping of str to Component
        By group of nodes: one node.
    links : mapping of str to Component
        By bundle: one link with what is at both of its ends.
    currency : str
        For printing.
    """

    nodes: Mapping[str, Component]
    links: Mapping[str, Component]
    currency: str = ""

    def __post_init__(self) -> None:
        as_text("currency", self.currency)
        for field, own in (("nodes", self.nodes), ("links", self.links)):
            if not isinstance(own, Mapping):
                raise InputTypeError(
                    f"{field} is {a_type(own)}; it must be a mapping of names to components"
                )
            for name, one in own.items():
                if not isinstance(one, Component):
                    raise InputTypeError(
                        f"{field}[{shorten(name)}] is {a_type(one)}; it must be a Component"
                    )


def load_components(path: str | os.PathLike[str], /) -> Components:
    """Read components from a YAML file (extra ``yaml``); the how-to page shows one.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Components
        By name, as the file has them.

    Raises
    ------
    FormatError
        A file that cannot be read or is none, a cost that is negative or no number, with file,
        line and field.

    Notes
    -----
    Files up to 16 MB are read. Names are compared with a fabric by :func:`bill`.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''
    ... components: 1
    ... currency: coins
    ... nodes: {chip: {cost: 20000, watts: 1000}, leaf: {cost: 30000}, spine: {cost: 45000}}
    ... links: {chip-leaf: {cost: 300, watts: 12}, leaf-spine: {cost: 900}}
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "components.yaml")
    ...     _ = path.write_text(text)
    ...     parts = pp.designs.load_components(path)
    >>> parts.nodes["leaf"], parts.currency
    (Component(cost=30000.0, watts=0.0), 'coins')
    >>> pp.designs.bill(pp.clusters.leaf_spine(64, radix=16), parts).cost
    1776800.0
    """
    source = Source.open(path, 1 << 24)
    top = parse(source).entries(("components", "currency"), ("nodes", "links"))
    top["components"].integer(1, 1)
    return Components(_priced(top.get("nodes")), _priced(top.get("links")), top["currency"].text())


def _priced(node: Node | None) -> dict[str, Component]:
    out = {}
    for name, entry in {} if node is None else node.pairs().items():
        fields = entry.entries(("cost",), ("watts",))
        numbers = {}
        for key, value in fields.items():
            if isinstance(value.value, bool) or not isinstance(value.value, int | float):
                value.fail(f"is {value.shown()}; it must be a number")
            numbers[key] = float(value.value)
        try:
            out[name] = Component(**numbers)
        except CapacityError as error:
            entry.fail(str(error))
    return out


@dataclass(frozen=True)
class Bill(TabularResult):
    """Bill of materials of a fabric.

    Attributes
    ----------
    rows : tuple of (str, str, int, float, float)
        Component ("node" or "link"), its name, how many, what they cost in all, their power in all
        in W.
    currency : str
        Of the costs.
    """

    rows: tuple[tuple[str, str, int, float, float], ...]
    currency: str = ""

    @property
    def cost(self) -> float:
        """Total cost."""
        return sum(row[3] for row in self.rows)

    @property
    def watts(self) -> float:
        """Total power in W."""
        return sum(row[4] for row in self.rows)

    def _columns(self) -> dict[str, list[Any]]:
        names = ("component", "name", "count", "cost", "watts")
        return {name: [row[place] for row in self.rows] for place, name in enumerate(names)}

    def __str__(self) -> str:
        rows = [
            (kind, name, f"{count:,}", f"{cost:,.0f}", f"{watts / 1000:,.1f} kW")
            for kind, name, count, cost, watts in self.rows
        ]
        rows.append(("", "in all", "", f"{self.cost:,.0f}", f"{self.watts / 1000:,.1f} kW"))
        headers = ("component", "name", "count", self.currency or "cost", "power")
        return text_table(headers, rows, right=(2, 3, 4), width=_WIDEST)

    def __repr__(self) -> str:
        return f"Bill({self.cost:,.0f} {self.currency}, {self.watts / 1000:,.1f} kW)"


def bill(fabric: Fabric, components: Components | None = None, /) -> Bill:
    """List what a fabric is made of, as it is built, and what that costs.

    Parameters
    ----------
    fabric : Fabric
        Any.
    components : Components, optional
        Costs; without them only the counts are meaningful.

    Returns
    -------
    Bill
        A row per group and per bundle.

    Raises
    ------
    SelectionError
        Groups or bundles that have no component: a part of the cost would be missing. Give those
        that are not counted a cost of 0.
    InputTypeError
        No fabric, or `components` that are none.

    Notes
    -----
    Takes O(groups + bundles) time, whatever the size of the fabric.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> [row[:3] for row in pp.designs.bill(rack).rows][:2]
    [('node', 'chip', 72), ('node', 'host', 36)]
    """
    check_fabric(fabric)
    if components is not None:
        _check_components(components)
    parts = [("node", group.name, group.size) for group in fabric.groups]
    parts += [("link", bundle.name, bundle.num_links) for bundle in fabric.bundles]
    if components is None:
        return Bill(tuple((*part, 0.0, 0.0) for part in parts))
    known = {"node": components.nodes, "link": components.links}
    missing = [f"{kind} {shorten(name)}" for kind, name, _ in parts if name not in known[kind]]
    if missing:
        shown = ", ".join(missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
        raise SelectionError(f"no component for {shown} of fabric {shorten(fabric.name)}")
    rows = []
    for kind, name, count in parts:
        own = known[kind][name]
        rows.append((kind, name, count, count * own.cost, count * own.watts))
    return Bill(tuple(rows), components.currency)


def _check_components(components: object) -> None:
    if not isinstance(components, Components):
        raise InputTypeError(f"components is {a_type(components)}; it must be Components")


def grid(cluster: str | Callable[..., Fabric], /, **options: Any) -> dict[str, Fabric]:
    """Build a cluster with every combination of options.

    Parameters
    ----------
    cluster : str or callable
        A name that :func:`pinchpoint.clusters.available` lists, or a function that takes the
        options and returns a fabric, such as one that composes racks and a network.
    **options
        Options of its builder; a list or tuple gives the values to try.

    Returns
    -------
    dict of str to Fabric
        By the options that vary.

    Raises
    ------
    BuildError
        An option without values, more than 10,000 designs.
    InputTypeError
        A `cluster` that is neither a name nor a function, or one that makes no fabric.
    PinchpointError
        What the builder raises, with the name of the design.

    Notes
    -----
    Builds a fabric for each combination.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> list(pp.designs.grid("leaf-spine", chips=256, radix=[32, 64], oversubscription=2))
    ['radix=32', 'radix=64']
    """
    from pinchpoint import clusters

    if not (isinstance(cluster, str) or callable(cluster)):
        raise InputTypeError(
            f"cluster is {shorten(cluster)}; it must be the name of a cluster or a function"
        )
    varied = {
        name: list(value) for name, value in options.items() if isinstance(value, list | tuple)
    }
    fixed = {name: value for name, value in options.items() if name not in varied}
    total = 1
    for name, values in varied.items():
        if not values:
            raise BuildError(f"option {shorten(name)} has no values to try")
        total *= len(values)
    if total > _MOST_DESIGNS:
        raise BuildError(f"{total:,} designs; {_MOST_DESIGNS:,} is the most")
    out = {}
    for choice in product(*varied.values()):
        own = dict(zip(varied, choice, strict=True))
        name = cluster if isinstance(cluster, str) else getattr(cluster, "__name__", "design")
        label = ", ".join(f"{name}={value}" for name, value in own.items()) or name
        try:
            if isinstance(cluster, str):
                out[label] = clusters.build(cluster, **fixed, **own)
            else:
                out[label] = _built(cluster(**fixed, **own), name)
        except PinchpointError as error:
            raise type(error)(f"design {shorten(label)}: {error}") from None
    return out


def _built(fabric: Any, name: str) -> Fabric:
    from pinchpoint.fabric import Fabric

    if not isinstance(fabric, Fabric):
        raise InputTypeError(f"{name[:60]} returned {a_type(fabric)}; it must return a Fabric")
    return fabric


@dataclass(frozen=True)
class Pareto(TabularResult):
    """Designs with what they cost and what they do.

    Attributes
    ----------
    designs : tuple of str
        Their names; the other tuples are in their order.
    cost, watts : tuple of float
        In all, in `currency` and in W.
    value : tuple of float
        The query's value when nothing has failed, in `unit`.
    worst : tuple of float
        The worst value over the scenarios, in `unit`; the healthy one without scenarios.
    front : tuple of bool
        Whether no other design is at least as good in all four and better in one.
    unit : str
        Of `value` and `worst`.
    better : {"higher", "lower"}
        Which values are good.
    currency : str
        Of `cost`.
    """

    designs: tuple[str, ...]
    cost: tuple[float, ...]
    watts: tuple[float, ...]
    value: tuple[float, ...]
    worst: tuple[float, ...]
    front: tuple[bool, ...]
    unit: str
    better: str
    currency: str

    def cheapest(self, target: float, *, worst: bool = False) -> str | None:
        """Return the cheapest design whose value (or worst value) meets a target, if any does.

        Parameters
        ----------
        target : float
            In the unit of the query's value.
        worst : bool, default False
            Whether the target must hold in every scenario.

        Returns
        -------
        str or None
            Its name, the first of equally cheap ones; None if no design meets the target.

        Raises
        ------
        InputTypeError
            A target that is no number.
        CapacityError
            A target of nan.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> from pinchpoint.designs import Component, Components
        >>> parts = Components(
        ...     nodes={"chip": Component(20), "leaf": Component(30), "spine": Component(45)},
        ...     links={"chip-leaf": Component(0.3), "leaf-spine": Component(0.9)},
        ... )
        >>> nets = pp.designs.grid("leaf-spine", chips=64, radix=16, oversubscription=[1, 3])
        >>> ask = pp.query.bandwidth("chip[chip=0:32]", "chip[chip=32:64]")
        >>> table = pp.designs.pareto(nets, ask, parts)
        >>> table.cheapest(6_000), table.cheapest(10_000), table.cheapest(100_000)
        ('oversubscription=3', 'oversubscription=1', None)
        """
        target = as_number("target", target)
        if target != target:
            raise CapacityError("target is nan; it must be a number")
        check_flag("worst", worst)
        values = self.worst if worst else self.value
        sign = 1 if self.better == "higher" else -1
        enough = [place for place, value in enumerate(values) if sign * value >= sign * target]
        if not enough:
            return None
        return self.designs[min(enough, key=lambda place: (self.cost[place], place))]

    def to_dict(self) -> dict[str, Any]:
        """Return the designs, their values and what those mean as plain values."""
        own = {"unit": self.unit, "better": self.better, "currency": self.currency}
        return {**self._columns(), **own}

    def __str__(self) -> str:
        rows = [
            (
                name,
                f"{cost:,.0f}",
                f"{watts / 1000:,.1f} kW",
                *(f"{one:,.0f}" if abs(one) >= 1000 else f"{one:.6g}" for one in (value, least)),
                "*" if own else "",
            )
            for name, cost, watts, value, least, own in zip(
                self.designs, self.cost, self.watts, self.value, self.worst, self.front, strict=True
            )
        ]
        headers = ("design", self.currency or "cost", "power", "value", "worst", "front")
        table = text_table(headers, rows, right=(1, 2, 3, 4), width=_WIDEST)
        return f"{table}\nvalue, worst: {self.unit}"

    def _columns(self) -> dict[str, list[Any]]:
        names = ("designs", "cost", "watts", "value", "worst", "front")
        return {
            name.removesuffix("s") if name == "designs" else name: list(getattr(self, name))
            for name in names
        }


def pareto(
    designs: Mapping[str, Fabric],
    query: Query,
    components: Components,
    /,
    *,
    scenarios: Scenarios | None = None,
) -> Pareto:
    """Compare designs by cost, power, a query's value, and its worst value under failures.

    Parameters
    ----------
    designs : mapping of str to Fabric
        Such as :func:`grid` makes.
    query : Query
        A :mod:`pinchpoint.query` value; its selections are best given as text, which fits them all.
    components : Components
        Costs and powers.
    scenarios : Scenarios, optional
        Failures.

    Returns
    -------
    Pareto
        A row per design, in the order given.

    Raises
    ------
    StudyError
        No design, or one in which the query has no answer.
    SelectionError
        Groups or bundles that have no component.
    InputTypeError
        Designs, `components`, a query or scenarios that are none.

    Notes
    -----
    Costs one :func:`pinchpoint.sweep` over all designs: a query for each of them, and for each
    scenario that symmetry tells apart. The front takes O(d^2) for d designs.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> from pinchpoint.designs import Component, Components
    >>> parts = Components(
    ...     nodes={"chip": Component(20), "leaf": Component(30), "spine": Component(45)},
    ...     links={"chip-leaf": Component(0.3), "leaf-spine": Component(0.9)},
    ... )
    >>> nets = pp.designs.grid("leaf-spine", chips=64, radix=16, oversubscription=[1, 3])
    >>> ask = pp.query.bandwidth("chip[chip=0:32]", "chip[chip=32:64]")
    >>> table = pp.designs.pareto(nets, ask, parts, scenarios=pp.scenarios.each_node("spine"))
    >>> list(zip(table.designs, table.value, table.worst))
    [('oversubscription=1', 12800.0, 9600.0), ('oversubscription=3', 6400.0, 4000.0)]
    """
    from pinchpoint.query import of as query_of
    from pinchpoint.scenarios import healthy
    from pinchpoint.studies.scenario import of as scenarios_of
    from pinchpoint.studies.sweep import sweep

    _check_components(components)
    query = query_of(query)
    sets = healthy() if scenarios is None else healthy() + scenarios_of(scenarios)
    study = sweep(designs, sets, query, progress=False)
    for label, design, error in zip(
        study.columns["label"], study.columns["design"], study.columns["error"], strict=True
    ):
        if error is not None:
            raise StudyError(f"design {design!r}, {label}: {error}")
    value, worst = [], []
    for place, name in enumerate(study.about["designs"]):
        values, _ = study.values(name)
        value.append(float(study.about["healthy"][place][study.value_name]))
        worst.append(float(values.min() if query.better == "higher" else values.max()))
    bills = [bill(fabric, components) for fabric in designs.values()]
    sign = 1 if query.better == "higher" else -1
    points = [
        (own.cost, own.watts, -sign * one, -sign * least)
        for own, one, least in zip(bills, value, worst, strict=True)
    ]
    return Pareto(
        tuple(str(name) for name in designs),
        tuple(own.cost for own in bills),
        tuple(own.watts for own in bills),
        tuple(value),
        tuple(worst),
        tuple(_front(points)),
        query.unit,
        query.better,
        components.currency,
    )


def _front(points: Iterable[tuple[float, ...]]) -> list[bool]:
    """Tell for each point whether no other is at most it everywhere and below it somewhere."""
    own = list(points)
    return [
        not any(
            other != point and all(a <= b for a, b in zip(other, point, strict=True))
            for other in own
        )
        for point in own
    ]
