"""NetGraph scenarios: the topology they expand to, and their demands."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._suggest import shorten
from pinchpoint._wording import a_type, counted
from pinchpoint.errors import FormatError, InputTypeError, PinchpointError
from pinchpoint.explicit import exact_kbit
from pinchpoint.interop import _yaml
from pinchpoint.interop._imported import Demands, Imported
from pinchpoint.interop._listing import NODE, grouped
from pinchpoint.interop._rates import gbit_per_s
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source, shown_path

if TYPE_CHECKING:
    import os

    from pinchpoint.interop._yaml import Node

__all__ = ["from_netgraph", "parse", "read_netgraph"]

_MAX_PAIRS = 50_000_000
_MAX_NODES = 1_000_000
_MAX_DEPTH = 32
_MAX_NAME = 4096
_BRACKETS = re.compile(r"\[([^\]]*)\]")


def read_netgraph(path: str | os.PathLike[str], /, *, unit: str = "Gbit/s") -> Imported:
    """Read a scenario of NetGraph. Needs NetGraph (``pip install ngraph``), which expands it.

    Parameters
    ----------
    path : str or path-like
        The YAML file.
    unit : str, default "Gbit/s"
        Unit of capacities and volumes; NetGraph has none.

    Returns
    -------
    Imported
        As :func:`from_netgraph`.

    Raises
    ------
    FormatError
        Anchors and aliases, what NetGraph refuses, counts that make too many nodes, or a `unit`
        that is none; NetGraph is not installed.

    Notes
    -----
    NetGraph expands the scenario in Python; a million nodes are the most.
    """
    return parse(_yaml.parse(Source.open(path)), unit)


def parse(root: Node, unit: str | None = None) -> Imported:
    """Read the root of a YAML file."""
    source = root.source
    _bound(root)
    try:
        from ngraph.scenario import Scenario
    except ModuleNotFoundError:
        source.fail(None, "NetGraph scenarios need NetGraph: pip install ngraph")
    try:
        scenario = Scenario.from_yaml(source.text)
    except Exception as error:
        if isinstance(error, MemoryError | PinchpointError):
            raise
        source.fail(None, f"NetGraph refuses it: {shorten(str(error).partition(chr(10))[0], 300)}")
    return from_netgraph(scenario, unit=unit, name=source.name)


def _bound(root: Node) -> None:
    """Refuse a scenario that would make NetGraph build too many nodes, before it starts."""
    top = root.pairs()
    blueprints = top["blueprints"].pairs() if "blueprints" in top else {}
    network = top["network"].pairs() if "network" in top else {}
    if "nodes" not in network:
        return
    total = 0
    # Definitions that wait: a node of the file, how many times it comes, and how deep it is.
    waiting = [(network["nodes"], 1, 0)]
    while waiting:
        group, times, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            group.fail("is nested too deeply, or blueprints hold each other")
        if not isinstance(group.value, dict):
            continue
        for name, node in group.value.items():
            entry = node.value if isinstance(node.value, dict) else {}
            count = entry.get("count")
            own = times * _expanded(name)
            if count is not None and isinstance(count.value, int):
                own *= max(1, count.value)
            if own > _MAX_NODES:
                node.fail(f"makes {own:,} nodes; the limit is {_MAX_NODES:,}")
            inner = entry.get("nodes")
            reference = entry.get("blueprint")
            if reference is not None and isinstance(reference.value, str):
                blueprint = blueprints.get(reference.value)
                if blueprint is not None and isinstance(blueprint.value, dict):
                    inner = blueprint.value.get("nodes")
            if inner is None:
                total += own
            else:
                waiting.append((inner, own, depth + 1))
            if total > _MAX_NODES:
                node.fail(f"makes {total:,} nodes with those before; the limit is {_MAX_NODES:,}")


def _expanded(name: str) -> int:
    """How many names a name with brackets stands for: ``pod[1-3]`` is three."""
    number = 1
    for inside in _BRACKETS.findall(name[:_MAX_NAME]):
        parts = 0
        for part in inside.split(","):
            low, dash, high = part.strip().partition("-")
            ranged = dash and low.isdecimal() and high.isdecimal() and len(low + high) < 40
            parts += max(1, int(high) - int(low) + 1) if ranged else 1
        number *= parts
    return number


def from_netgraph(
    scenario: Any, /, *, unit: str | None = None, name: str | None = None
) -> Imported:
    """Make a fabric of a NetGraph scenario or network.

    Parameters
    ----------
    scenario : ngraph.scenario.Scenario or ngraph.model.network.Network
        What to take; neither is changed.
    unit : str, optional
        Unit of capacities and volumes. By default they are taken as Gbit/s, and the report says
        so.
    name : str, optional
        What the report calls it.

    Returns
    -------
    Imported
        A fabric with a full-duplex link per link, as NetGraph itself adds the way back; disabled
        nodes and links are failed. Demands in Gbit/s, with the selectors resolved: the volume is
        split evenly over the pairs of nodes, which for ``combine`` is a guess. Priorities and flow
        policies are skipped and reported.

    Raises
    ------
    FormatError
        A network without nodes, a capacity or unit that is none, too many pairs of demands.
    InputTypeError
        Nothing of NetGraph's.

    Notes
    -----
    Takes O(nodes + links + pairs of demands), of which 50 million are the most.
    """
    network = getattr(scenario, "network", scenario)
    if not hasattr(network, "nodes") or not hasattr(network, "links"):
        raise InputTypeError(f"scenario is {a_type(scenario)}; it must be NetGraph's")
    own = type(scenario).__name__ if name is None else shown_path(name)
    notes = Notes()
    if unit is None:
        unit = "Gbit/s"
        notes.guess("capacities and volumes have no unit; taken as Gbit/s")
    ids = {node: place for place, node in enumerate(network.nodes)}
    if not ids:
        raise FormatError(f"{own}: the network has no nodes")
    links = [link for link in network.links.values() if link.source != link.target]
    if len(links) < len(network.links):
        notes.skip(f"{counted(len(network.links) - len(links), 'link')} from a node to itself")
    ends = np.array([(ids[link.source], ids[link.target]) for link in links], np.int64)
    ends = ends.reshape(-1, 2)
    try:
        capacity = np.array([link.capacity for link in links], np.float64)
        kbit = exact_kbit(gbit_per_s(capacity, unit))
    except PinchpointError as error:
        raise FormatError(f"{own}: links: {error}") from None
    notes.capacities(kbit)
    demands = _demands(own, notes, scenario, ids, unit)
    counts = {"nodes": len(ids), "links": len(links)}
    if demands is not None:
        counts["demands"] = len(demands.sources)
    down = [ids[name] for name, node in network.nodes.items() if node.disabled]
    dead = np.flatnonzero(np.array([link.disabled for link in links], bool))
    counts |= {
        what: number
        for what, number in (("nodes disabled", len(down)), ("links disabled", len(dead)))
        if number
    }
    report = notes.report(own, "NetGraph", counts)
    fabric = grouped(
        "netgraph",
        [NODE],
        np.zeros(len(ids), np.int64),
        list(ids),
        (ends[:, 0], ends[:, 1], kbit.units),
        shift=kbit.shift,
        rounded=kbit.rounded > 0,
        report=report,
    ).fabric
    failed: list[Any] = []
    if down:
        failed.append(fabric.select("node", node=down))
    if len(dead):
        failed.append(fabric.select_links("node-node", link=dead.tolist()))
    return Imported(fabric.without(*failed) if failed else fabric, report, demands)


def _demands(
    own: str, notes: Notes, scenario: Any, ids: dict[str, int], unit: str
) -> Demands | None:
    found = getattr(scenario, "demand_set", None)
    if found is None or not found.sets:
        return None
    sources: list[int] = []
    sinks: list[int] = []
    volumes: list[float] = []
    for label, entries in found.sets.items():
        for demand in entries:
            what = (
                f"demand {shorten(demand.source)} to {shorten(demand.target)} of {shorten(label)}"
            )
            for pairs, volume in _pairs(own, notes, what, scenario.network, demand):
                if len(sources) + len(pairs) > _MAX_PAIRS:
                    raise FormatError(f"{own}: {what}: more than {_MAX_PAIRS:,} pairs")
                for a, b in pairs:
                    sources.append(ids[a])
                    sinks.append(ids[b])
                    volumes.append(volume / len(pairs))
            if getattr(demand, "priority", 0):
                notes.skip("priority of a demand")
            if getattr(demand, "flow_policy", None) is not None:
                notes.skip("flow policy of a demand")
    amount = gbit_per_s(np.array(volumes), unit)
    return Demands(np.array(sources, np.int64), np.array(sinks, np.int64), amount, "Gbit/s")


def _selected(where: str, network: Any, end: Any) -> dict[Any, list[str]]:
    """Name the nodes that one end of a demand selects, by their group."""
    from ngraph.dsl.selectors.normalize import normalize_selector
    from ngraph.model.selectors.select import select_nodes

    try:
        chosen = normalize_selector(end, "demand")
        found = select_nodes(network, chosen, default_active_only=True)
    except (ValueError, TypeError, KeyError, re.error) as error:
        raise FormatError(
            f"{where}: NetGraph refuses {shorten(end)}: {shorten(str(error), 200)}"
        ) from None
    return {label: [node.name for node in nodes] for label, nodes in found.items()}


def _pairs(
    own: str, notes: Notes, what: str, network: Any, demand: Any
) -> list[tuple[list[tuple[str, str]], float]]:
    """List the pairs of nodes that share each part of a demand, and what part it is."""
    left = _selected(f"{own}: {what}", network, demand.source)
    right = _selected(f"{own}: {what}", network, demand.target)
    combine = demand.mode == "combine"
    every = [list(itertools.chain.from_iterable(side.values())) for side in (left, right)]
    if demand.group_mode == "flatten":
        sides = [(every[0], every[1])]
    elif demand.group_mode == "per_group":
        sides = (
            [(nodes, every[1]) for nodes in left.values()]
            if combine
            else [(nodes, right[label]) for label, nodes in left.items() if label in right]
        )
    else:
        sides = [(a, b) for i, a in left.items() for j, b in right.items() if i != j]
    found = []
    for sources, sinks in sides:
        # A combined demand never ends where it may start.
        again = set(sources) if combine else set()
        targets = [sink for sink in sinks if sink not in again]
        pairs = [(a, b) for a in sources for b in targets if a != b]
        if pairs:
            found.append((pairs, demand.volume / len(sides)))
            if combine and len(pairs) > 1:
                notes.guess("a combined demand is split evenly over its pairs of nodes")
    if not found:
        notes.skip(f"{what}: its selectors match no pair of nodes")
    return found
