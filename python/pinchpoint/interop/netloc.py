"""netloc: the cables of an InfiniBand subnet and the paths its switches are programmed with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._suggest import shorten
from pinchpoint.interop import _json
from pinchpoint.interop._imported import Imported, Paths
from pinchpoint.interop._listing import HOST, SWITCH, Grouped, Listing
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source, as_path, is_there
from pinchpoint.interop.infiniband import lane_kbit_per_s

if TYPE_CHECKING:
    import os

__all__ = ["looks_like", "parse", "read_netloc"]

_NODES, _PATHS = "-nodes.ndat", "-log-paths.ndat"
_WIDTH = re.compile(r"(1|2|4|8|12)x", re.IGNORECASE)


def looks_like(head: str) -> bool:
    """Tell whether the first characters of a file are of this format."""
    return '"network_info"' in head[:200] or '"node_info"' in head[:200]


def read_netloc(
    nodes: str | os.PathLike[str], paths: str | os.PathLike[str] | None = None, /
) -> Imported:
    """Read netloc's description of an InfiniBand subnet.

    Parameters
    ----------
    nodes : str or path-like
        The file ``...-nodes.ndat``.
    paths : str or path-like, optional
        The file with forwarding paths; default ``...-log-paths.ndat`` beside it, if there is one.

    Returns
    -------
    Imported
        A fabric with the groups ``switch`` and ``host``, a full-duplex link per cable, and the
        forwarding paths. Hosts pass nothing on. Capacities are data rates.

    Raises
    ------
    FormatError
        An edge to a node that is not there, an unknown speed, a path that is no path.

    Notes
    -----
    Linear in the size of the files, 1 GiB each at most.

    Examples
    --------
    >>> import json, pathlib, tempfile, pinchpoint as pp
    >>> def edge(a, b, a_port, b_port):
    ...     ends = {"src_node_id": a, "dest_node_id": b}
    ...     ports = {"src_port_id": a_port, "dest_port_id": b_port}
    ...     return {**ends, **ports, "speed": "QDR", "width": "4x"}
    >>> nodes = {"h": {"node_type": 2, "desc": "host 1"}, "s": {"node_type": 1, "desc": "leaf"}}
    >>> edges = {"1": edge("h", "s", "1", "7"), "2": edge("s", "h", "7", "1")}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "IB-0-nodes.ndat")
    ...     _ = path.write_text(json.dumps({"node_info": nodes, "edge_info": edges}))
    ...     found = pp.interop.read_netloc(path)
    >>> found.fabric.bandwidth("host 1", "leaf").gbit_per_s, found.cables.rate, found.paths
    (32.0, ('4x QDR',), None)
    """
    own = as_path(nodes)
    if paths is None and own.name.endswith(_NODES):
        beside = own.with_name(own.name.removesuffix(_NODES) + _PATHS)
        paths = beside if is_there(beside) else None
    return parse(Source.open(own), None if paths is None else Source.open(paths))


def parse(source: Source, paths: Source | None = None) -> Imported:
    """Read the text of the two files."""
    if paths is None and (name := Path(source.name)).name.endswith(_NODES):
        beside = name.with_name(name.name.removesuffix(_NODES) + _PATHS)
        paths = Source.open(beside) if is_there(beside) else None
    notes = Notes()
    fields = _json.Fields(source)
    root = _json.parse(source)
    fabric = Listing([SWITCH, HOST])
    for key, node in fields.get(root, "node_info", dict, "").items():
        _add_node(source, fields, fabric, key, node)
    if not fabric.count(SWITCH) and not fabric.count(HOST):
        source.fail(None, "node_info is empty")
    edges = _edges(source, fields, fabric, fields.get(root, "edge_info", dict, ""))
    links = _join(source, notes, fabric, edges)
    counts = {
        "switches": fabric.count(SWITCH),
        "hosts": fabric.count(HOST),
        "edges": len(edges),
        "links": fabric.num_links,
    }
    routes = None if paths is None else _routes(paths, fabric, edges, links)
    if routes is not None:
        counts["paths"] = len(routes[0])
    report = notes.report(source.name, "netloc", counts)
    built = fabric.build("infiniband", report)
    mapped = None if routes is None else _mapped(routes, built)
    return Imported(built.fabric, report, paths=mapped, cables=fabric.cables(built))


class _Edge:
    """A cable as one of its ends reports it: an arc."""

    __slots__ = ("a", "b", "kbit", "ports", "rate", "shown")

    def __init__(
        self, a: int, b: int, kbit: int, ports: tuple[str, str], rate: str, shown: str
    ) -> None:
        self.a, self.b, self.kbit, self.ports = a, b, kbit, ports
        self.rate, self.shown = rate, shown


def _add_node(source: Source, fields: _json.Fields, fabric: Listing, key: str, node: Any) -> None:
    where = f"node_info.{key[:60]}"
    kind = fields.get(node, "node_type", int, where)
    if kind not in (1, 2):
        source.fault(
            None, f"{where}.node_type is {shorten(kind)}; it must be 1 (switch) or 2 (host)"
        )
        return
    name = fields.check(node.get("desc", ""), str, f"{where}.desc").strip("'") or key
    fabric.node(key, SWITCH if kind == 1 else HOST, name)


def _edges(
    source: Source, fields: _json.Fields, fabric: Listing, given: dict[str, Any]
) -> dict[str, _Edge]:
    edges: dict[str, _Edge] = {}
    for key, edge in given.items():
        where = f"edge_info.{key[:60]}"
        ends = [fields.get(edge, f"{end}_node_id", str, where) for end in ("src", "dest")]
        ports = [fields.get(edge, f"{end}_port_id", str, where) for end in ("src", "dest")]
        speed = fields.get(edge, "speed", str, where)
        width = _WIDTH.fullmatch(fields.get(edge, "width", str, where))
        lane = lane_kbit_per_s(speed)
        for end, word in zip(ends, ("src", "dest"), strict=True):
            if end not in fabric:
                source.fault(
                    None, f"{where}.{word}_node_id is {shorten(end)}, no node of node_info"
                )
        if lane is None:
            source.fault(None, f"{where}.speed is {shorten(speed)}, which is unknown")
        if width is None:
            source.fault(None, f"{where}.width is {shorten(edge['width'])}; it must be such as 4x")
        if lane is None or width is None or not all(end in fabric for end in ends):
            continue
        a, b = fabric[ends[0]], fabric[ends[1]]
        shown = f"{ends[0]}[{ports[0]}] - {ends[1]}[{ports[1]}]"
        edges[key] = _Edge(
            a, b, int(width[1]) * lane, (ports[0], ports[1]), f"{width[1]}x {speed}", shown
        )
    source.check()
    return edges


def _join(
    source: Source, notes: Notes, fabric: Listing, edges: dict[str, _Edge]
) -> dict[str, tuple[int, bool]]:
    """Make one link of the two arcs of every cable; say which arc is which way along which link."""
    at: dict[tuple[int, str], str] = {}
    for key, edge in edges.items():
        first = at.setdefault((edge.a, edge.ports[0]), key)
        if first != key:
            source.fault(
                None, f"edge_info.{key}: cable {edge.shown} leaves from the port of {first}"
            )
    source.check()
    links: dict[str, tuple[int, bool]] = {}
    for key, edge in edges.items():
        if key in links:
            continue
        back_key = at.get((edge.b, edge.ports[1]))
        back = None if back_key is None else edges[back_key]
        kbit, rate = edge.kbit, edge.rate
        if back is None or back_key is None or back_key == key:
            notes.guess(f"cable {edge.shown} is reported by one end only; taken as there")
        elif (back.b, back.ports[1]) != (edge.a, edge.ports[0]):
            source.fault(None, f"cable {edge.shown}, but back from there it is {back.shown}")
            continue
        else:
            if back.kbit != kbit:
                if back.kbit < kbit:
                    kbit, rate = back.kbit, back.rate
                notes.guess(
                    f"the ends of cable {edge.shown} differ in rate; the lower one is taken"
                )
            links[back_key] = (fabric.num_links, False)
        links[key] = (fabric.num_links, True)
        fabric.link(edge.a, edge.b, kbit, edge.ports, rate)
    source.check()
    return links


def _routes(
    source: Source, fabric: Listing, edges: dict[str, _Edge], links: dict[str, tuple[int, bool]]
) -> tuple[list[int], list[int], list[int], list[int], list[bool]]:
    fields = _json.Fields(source)
    sources: list[int] = []
    sinks: list[int] = []
    first, own, forward = [0], [], []
    for src, targets in fields.get(_json.parse(source), "path_info", dict, "").items():
        for dst, steps in fields.check(targets, dict, f"path_info.{src[:60]}").items():
            where = f"path_info.{src[:60]}.{dst[:60]}"
            for end in (src, dst):
                if end not in fabric:
                    source.fail(None, f"{where}: {shorten(end)} is no node")
            node = fabric[src]
            for step in fields.check(steps, list, where):
                edge = edges.get(str(step)) if isinstance(step, int | str) else None
                if edge is None:
                    source.fail(None, f"{where}: {shorten(step)} is no edge")
                if edge.a != node:
                    source.fail(
                        None, f"{where}: edge {step} ({edge.shown}) does not go on from there"
                    )
                node = edge.b
                link, along = links[str(step)]
                own.append(link)
                forward.append(along)
            if node != fabric[dst]:
                source.fail(None, f"{where}: the path does not end there")
            sources.append(fabric[src])
            sinks.append(fabric[dst])
            first.append(len(own))
    return sources, sinks, first, own, forward


def _mapped(
    routes: tuple[list[int], list[int], list[int], list[int], list[bool]], built: Grouped
) -> Paths:
    sources, sinks, first, own, along = routes
    links = np.array(own, np.int64)
    return Paths(
        built.node_ids[np.array(sources, np.int64)],
        built.node_ids[np.array(sinks, np.int64)],
        np.array(first, np.int64),
        built.link_ids[links],
        np.array(along, bool) ^ built.flipped[links],
    )
