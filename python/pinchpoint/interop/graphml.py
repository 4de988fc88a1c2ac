"""GraphML, as networkx, igraph, yEd and the Topology Zoo write it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pinchpoint._suggest import shorten
from pinchpoint.errors import InputTypeError, PinchpointError
from pinchpoint.explicit import exact_kbit
from pinchpoint.interop import _xml
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import NODE, grouped
from pinchpoint.interop._rates import gbit_per_s, kbit_of_text
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source
from pinchpoint.interop._words import number

if TYPE_CHECKING:
    import os

    from pinchpoint.interop._xml import Element

__all__ = ["looks_like", "parse", "read_graphml"]

# Attributes of edges that hold a capacity, the surest first, with their unit where it is known.
# LinkSpeedRaw is the Topology Zoo's, in bit/s (Knight and others, IEEE JSAC 29, 2011).
_ATTRIBUTES = {
    "gbit_per_s": "Gbit/s",
    "LinkSpeedRaw": "bit/s",
    "capacity": None,
    "bandwidth": None,
    "weight": None,
}


def looks_like(head: str) -> bool:
    """Tell whether the first characters of a file are of this format."""
    return bool(re.search(r"<graphml\b", head))


def read_graphml(
    path: str | os.PathLike[str],
    /,
    *,
    capacity: str | None = None,
    unit: str | None = None,
    default: str | None = None,
) -> Imported:
    """Read a GraphML file.

    Parameters
    ----------
    path : str or path-like
        The file.
    capacity : str, optional
        Name of the edges' attribute; by default the first of ``gbit_per_s``, ``LinkSpeedRaw``
        (bit/s, as in the Topology Zoo), ``capacity``, ``bandwidth`` and ``weight`` that there is.
    unit : str, optional
        Unit of numbers; by default as the attribute's name says, else Gbit/s, which is reported.
    default : str, optional
        Capacity of edges that have none, such as ``"10Gb/s"``; reported. By default an error.

    Returns
    -------
    Imported
        An explicit fabric; nodes are named by their attribute ``label`` or their id.

    Raises
    ------
    FormatError
        No XML, a document type, an edge to no node, a capacity that is missing or no number.
    UnitError
        A `unit` or `default` that is none.

    Notes
    -----
    Linear in the size of the file, 1 GiB at most.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''<graphml><key id="c" for="edge" attr.name="LinkSpeedRaw"/>
    ... <graph edgedefault="undirected"><node id="Oslo"/><node id="Rome"/>
    ... <edge source="Oslo" target="Rome"><data key="c">1e10</data></edge></graph></graphml>'''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "zoo.graphml")
    ...     _ = path.write_text(text)
    ...     found = pp.interop.read_graphml(path)
    >>> found.fabric.bandwidth("Oslo", "Rome").gbit_per_s
    10.0
    >>> print(found.report.format, found.report.is_complete)
    GraphML True
    """
    return parse(Source.open(path), capacity, unit, default)


def parse(
    source: Source,
    capacity: str | None = None,
    unit: str | None = None,
    default: str | None = None,
) -> Imported:
    """Read the text of a file."""

    def check_root(tag: str, line: int) -> None:
        if tag != "graphml":
            source.fail(line, f"the root is <{tag[:60]}>, no <graphml>")

    notes = Notes()
    root = _xml.parse(source, check_root)
    graphs = list(root.all("graph"))
    if not graphs:
        source.fail(root.line, "no <graph>")
    for other in graphs[1:]:
        notes.skip(f"line {other.line}: a second <graph>")
    graph = graphs[0]
    # Writers give a name several keys where its values are of several types.
    keys: dict[str, set[str]] = {}
    for key in root.all("key"):
        for kind in ("node", "edge"):
            if key.attributes.get("for", "all") in (kind, "all"):
                name = f"{kind} {key.attributes.get('attr.name', '')}"
                keys.setdefault(name, set()).add(key.attributes.get("id", ""))
    ids, names = _nodes(source, notes, graph, keys)
    attribute, own, unit = _capacity(source, notes, graph, keys, capacity, unit)
    fallback = None if default is None else _default(default)
    if not own and fallback is None and next(graph.all("edge"), None) is not None:
        source.fail(
            graph.line,
            f"edges have no capacity ({_known(keys)}); pinchpoint.interop.read_graphml(path, "
            "default='10Gb/s') gives them one, capacity= names another attribute",
        )
    directed = graph.attributes.get("edgedefault") == "directed"
    ends: list[tuple[int, int]] = []
    values: list[float] = []
    for edge in graph.all("edge"):
        pair = [edge.attributes.get(end, "") for end in ("source", "target")]
        for end, word in zip(pair, ("source", "target"), strict=True):
            if end not in ids:
                source.fault(edge.line, f"<edge>: {word} {shorten(end)} is no node")
        if not all(end in ids for end in pair):
            continue
        if edge.attributes.get("directed", str(directed).lower()) != str(directed).lower():
            source.fault(edge.line, "<edge>: directed and undirected edges in one graph")
            continue
        text = _data(edge, own)
        if pair[0] == pair[1]:
            notes.skip(f"line {edge.line}: an edge from {shorten(pair[0])} to itself")
        elif not text and fallback is None:
            what = f"{shorten(pair[0])} - {shorten(pair[1])}"
            source.fault(edge.line, f"<edge> {what} has no {attribute} (default= gives one)")
        else:
            if not text:
                notes.guess(f"an edge has no {attribute}; taken as {default}")
            value = fallback if not text else _number(source, edge.line, attribute, text, unit)
            values.append(value or 0.0)
            ends.append((ids[pair[0]], ids[pair[1]]))
    source.check()
    for tag in ("hyperedge", "port"):
        for element in graph.all(tag):
            notes.skip(f"line {element.line}: <{tag}>")
    try:
        kbit = exact_kbit(np.array(values, np.float64))
    except PinchpointError as error:
        source.fail(None, str(error))
    notes.capacities(kbit)
    array = np.array(ends, np.int64).reshape(-1, 2)
    report = notes.report(source.name, "GraphML", {"nodes": len(ids), "links": len(values)})
    built = grouped(
        "graphml",
        [NODE],
        np.zeros(len(ids), np.int64),
        names,
        (array[:, 0], array[:, 1], kbit.units),
        shift=kbit.shift,
        rounded=kbit.rounded > 0,
        directed=directed,
        report=report,
    )
    return Imported(built.fabric, report)


def _nodes(
    source: Source, notes: Notes, graph: Element, keys: dict[str, set[str]]
) -> tuple[dict[str, int], list[str]]:
    ids: dict[str, int] = {}
    labels = []
    label = keys.get("node label", set())
    for node in graph.all("node"):
        own = node.attributes.get("id", "")
        if not own or own in ids:
            source.fail(node.line, f"<node> id {shorten(own)} is {'twice' if own else 'missing'}")
        ids[own] = len(ids)
        labels.append(_data(node, label) or own)
        if next(node.all("graph"), None) is not None:
            notes.skip(f"line {node.line}: the graph inside of node {shorten(own)}")
    if not ids:
        source.fail(graph.line, "no <node>")
    seen: dict[str, int] = {}
    for name in labels:
        seen[name] = seen.get(name, 0) + 1
    names = [
        name if seen[name] == 1 else f"{name} ({own})"
        for name, own in zip(labels, ids, strict=True)
    ]
    return ids, names


def _data(element: Element, keys: set[str]) -> str:
    found = (data.text for data in element.all("data") if data.attributes.get("key") in keys)
    return next(found, "").strip()


def _capacity(
    source: Source,
    notes: Notes,
    graph: Element,
    keys: dict[str, set[str]],
    capacity: str | None,
    unit: str | None,
) -> tuple[str, set[str], str]:
    wanted = [capacity] if capacity is not None else list(_ATTRIBUTES)
    for name in wanted:
        found = keys.get(f"edge {name}")
        if found:
            known = unit or _ATTRIBUTES.get(name)
            if known is None:
                known = "Gbit/s"
                notes.guess(f"attribute {shorten(name)} has no unit; numbers are taken as Gbit/s")
            return name, found, known
    if capacity is not None:
        source.fail(graph.line, f"edges have no attribute {shorten(capacity)} ({_known(keys)})")
    return "capacity", set(), "Gbit/s"


def _known(keys: dict[str, set[str]]) -> str:
    there = ", ".join(shorten(name[5:]) for name in keys if name.startswith("edge "))
    return f"their attributes: {there or 'none'}"


def _default(text: str) -> float:
    if not isinstance(text, str):
        raise InputTypeError(f"default is {text!r}; it must be text such as '10Gb/s'")
    return kbit_of_text(text) / 1e6


def _number(source: Source, line: int, attribute: str, text: str, unit: str) -> float:
    if text[-1].isalpha():
        try:
            return kbit_of_text(text) / 1e6
        except PinchpointError as error:
            source.fail(line, f"<edge> {attribute}: {error}")
    value = number(source, line, f"<edge> {attribute}", text)
    return float(gbit_per_s(np.asarray(value), unit))
