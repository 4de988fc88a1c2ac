"""SNDlib: backbone networks with their demands, in the native format or XML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pinchpoint._suggest import shorten
from pinchpoint._wording import counted
from pinchpoint.explicit import exact_kbit
from pinchpoint.interop import _xml
from pinchpoint.interop._imported import Demands, Imported
from pinchpoint.interop._listing import NODE, grouped
from pinchpoint.interop._rates import gbit_per_s
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source
from pinchpoint.interop._words import number

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from pinchpoint.interop._xml import Element

__all__ = ["looks_like", "parse", "read_sndlib"]

_TOKEN = re.compile(r"[()]|[^\s()]+")
_FORMAT = re.compile(r"\?SNDlib native format\s*;\s*type:\s*(\w+)", re.IGNORECASE)
# Units as the meta section of demand matrices names them.
_UNITS = {"KBITPERSEC": "kbit/s", "MBITPERSEC": "Mbit/s", "GBITPERSEC": "Gbit/s"}


class _Link(NamedTuple):
    line: int
    name: str
    ends: tuple[str, str]
    installed: float
    modules: tuple[float, ...]


class _Demand(NamedTuple):
    line: int
    name: str
    ends: tuple[str, str]
    value: float


@dataclass
class _Network:
    nodes: dict[str, int] = field(default_factory=dict)
    links: list[_Link] = field(default_factory=list)
    demands: list[_Demand] = field(default_factory=list)
    unit: str | None = None


def looks_like(head: str) -> bool:
    """Tell whether the first characters of a file are of this format."""
    return bool(_FORMAT.match(head) or re.search(r"<network\b[^>]*sndlib", head))


def read_sndlib(path: str | os.PathLike[str], /, *, unit: str | None = None) -> Imported:
    """Read a network of SNDlib.

    Parameters
    ----------
    path : str or path-like
        The file, in the native format or XML.
    unit : str, optional
        Unit of capacities and demands, such as ``"Mbit/s"``. Most files of SNDlib have none: they
        are taken as Mbit/s then, and the report says so.

    Returns
    -------
    Imported
        A fabric with a full-duplex link per link, and the demands in Gbit/s. The capacity is what
        is installed beforehand; where that is zero, the smallest module, which the report calls a
        guess.

    Raises
    ------
    FormatError
        A link or demand to a node that is not there, a name that comes twice, a number that is
        none, a link without any capacity.
    UnitError
        A `unit` that is none.

    Notes
    -----
    Linear in the size of the file, 1 GiB at most.

    References
    ----------
    .. [1] S. Orlowski, R. Wessaely, M. Pioro and A. Tomaszewski, SNDlib 1.0 - Survivable Network
       Design Library, Networks 55 (2010), 276-286.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''?SNDlib native format; type: network; version: 1.0
    ... NODES (
    ...   a ( 1.0 2.0 )
    ...   b ( 1.0 3.0 )
    ... )
    ... LINKS (
    ...   ab ( a b ) 100.0 0.0 0.0 0.0 ( 40.0 5.0 )
    ... )
    ... DEMANDS (
    ...   d ( a b ) 1 30.0 UNLIMITED
    ... )
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "tiny.txt")
    ...     _ = path.write_text(text)
    ...     found = pp.interop.read_sndlib(path, unit="Gbit/s")
    >>> found.fabric.congestion(found.demands.traffic()).max_utilization
    0.3
    """
    return parse(Source.open(path), unit)


def parse(source: Source, unit: str | None = None) -> Imported:
    """Read the text of a file."""
    notes = Notes()
    is_native = _FORMAT.match(source.text) is not None
    network = _native(source, notes) if is_native else _from_xml(source)
    unit = unit or network.unit
    if unit is None:
        unit = "Mbit/s"
        notes.guess("capacities and demands have no unit; taken as Mbit/s")
    capacity = []
    for link in network.links:
        value = link.installed
        if not value:
            value = min((module for module in link.modules if module), default=0.0)
            if not value:
                source.fault(link.line, f"link {shorten(link.name)} has no capacity")
                continue
            notes.guess("a link has nothing installed; its smallest module is taken")
        capacity.append(value)
    source.check()
    ids = {name: place for place, name in enumerate(network.nodes)}
    ends = np.array([[ids[end] for end in link.ends] for link in network.links], np.int64)
    ends = ends.reshape(-1, 2)
    kbit = exact_kbit(gbit_per_s(np.array(capacity), unit))
    notes.capacities(kbit)
    counts = {"nodes": len(ids), "links": len(capacity), "demands": len(network.demands)}
    report = notes.report(source.name, "SNDlib", counts)
    built = grouped(
        "backbone",
        [NODE],
        np.zeros(len(ids), np.int64),
        list(ids),
        (ends[:, 0], ends[:, 1], kbit.units),
        shift=kbit.shift,
        rounded=kbit.rounded > 0,
        report=report,
    )
    pairs = np.array([[ids[end] for end in demand.ends] for demand in network.demands], np.int64)
    pairs = pairs.reshape(-1, 2)
    amounts = gbit_per_s(np.array([demand.value for demand in network.demands]), unit)
    demands = Demands(pairs[:, 0], pairs[:, 1], amounts, "Gbit/s")
    return Imported(built.fabric, report, demands)


def _ends(
    source: Source, nodes: dict[str, int], line: int, what: str, ends: tuple[str, str]
) -> bool:
    for end in ends:
        if end not in nodes:
            source.fault(line, f"{what}: {shorten(end)} is no node")
            return False
    if ends[0] == ends[1]:
        source.fault(line, f"{what} joins {shorten(ends[0])} to itself")
        return False
    return True


def _native(source: Source, notes: Notes) -> _Network:
    found = _FORMAT.match(source.text)
    if found is None or found[1].lower() != "network":
        source.fail(1, "this is no network of SNDlib")
    tokens = _tokens(source)
    network = _Network()
    names: set[str] = set()
    for line, title in tokens:
        rows = _rows(source, tokens, line, title)
        if title == "NODES":
            for at, row in rows:
                if row[0] in network.nodes:
                    source.fail(at, f"node {shorten(row[0])} is listed twice")
                network.nodes[row[0]] = at
        elif title in ("LINKS", "DEMANDS"):
            for at, row in rows:
                what = f"{title[:-1].lower()} {shorten(row[0])}"
                if (title + row[0]) in names:
                    source.fail(at, f"{what} is listed twice")
                names.add(title + row[0])
                least = 9 if title == "LINKS" else 6
                if len(row) < least or row[1] != "(" or row[4] != ")":
                    source.fail(at, f"{what} is cut off or has no '( SOURCE TARGET )'")
                ends = (row[2], row[3])
                if not _ends(source, network.nodes, at, what, ends):
                    continue
                if title == "LINKS":
                    installed = number(source, at, f"{what}: its capacity", row[5])
                    modules = _modules(source, at, what, row)
                    network.links.append(_Link(at, row[0], ends, installed, modules))
                else:
                    value = number(source, at, f"{what}: its value", row[6] if len(row) > 6 else "")
                    network.demands.append(_Demand(at, row[0], ends, value))
        elif title == "META":
            for _, row in rows:
                if row[0] == "unit":
                    network.unit = _UNITS.get(row[-1])
        elif title == "ADMISSIBLE_PATHS":
            if count := sum(1 for _ in rows):
                notes.skip(f"{title}: {counted(count, 'entry', 'entries')}")
        else:
            source.fail(line, f"the section {shorten(title)} is unknown")
    if not network.nodes:
        source.fail(1, "no NODES")
    source.check()
    return network


def _modules(source: Source, line: int, what: str, row: list[str]) -> tuple[float, ...]:
    inside = row[row.index("(", 5) + 1 : -1] if "(" in row[5:] else []
    return tuple(number(source, line, f"{what}: a module", text) for text in inside[::2])


def _tokens(source: Source) -> Iterator[tuple[int, str]]:
    for line, text in source.lines():
        if not text.startswith("?"):
            for match in _TOKEN.finditer(text.partition("#")[0]):
                yield line, match[0]


def _rows(
    source: Source, tokens: Iterator[tuple[int, str]], line: int, title: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield the entries of a section: each starts with a name on a line of its own."""
    at, opening = next(tokens, (line, ""))
    if opening != "(":
        source.fail(at, f"{shorten(title)} is not followed by '('")
    depth, row, start = 1, list[str](), at
    for at, token in tokens:
        if depth == 1 and row and at != start:
            yield start, row
            row = []
        if not row:
            start = at
        depth += (token == "(") - (token == ")")
        if depth == 0:
            if row:
                yield start, row
            return
        row.append(token)
    source.fail(at, f"{title} is cut off: no ')' closes it")


def _from_xml(source: Source) -> _Network:
    def check_root(tag: str, line: int) -> None:
        if tag != "network":
            source.fail(line, f"the root is <{tag[:60]}>; SNDlib's is <network>")

    root = _xml.parse(source, check_root)
    network = _Network()
    for meta in root.all("meta"):
        network.unit = next((_UNITS.get(each.text.strip()) for each in meta.all("unit")), None)
    structure = _child(source, root, "networkStructure")
    for node in _child(source, structure, "nodes").all("node"):
        name = _attribute(source, node)
        if name in network.nodes:
            source.fail(node.line, f"node {shorten(name)} is listed twice")
        network.nodes[name] = node.line
    if not network.nodes:
        source.fail(structure.line, "no nodes")
    for link in _child(source, structure, "links").all("link"):
        what = f"link {shorten(_attribute(source, link))}"
        ends = (_text(source, link, "source"), _text(source, link, "target"))
        if not _ends(source, network.nodes, link.line, what, ends):
            continue
        installed, modules = 0.0, []
        for module in link.all("preInstalledModule"):
            installed = number(source, module.line, what, _text(source, module, "capacity"))
        for more in link.all("additionalModules"):
            for module in more.all("addModule"):
                text = _text(source, module, "capacity")
                modules.append(number(source, module.line, what, text))
        network.links.append(_Link(link.line, what, ends, installed, tuple(modules)))
    for group in root.all("demands"):
        for demand in group.all("demand"):
            what = f"demand {shorten(_attribute(source, demand))}"
            ends = (_text(source, demand, "source"), _text(source, demand, "target"))
            if _ends(source, network.nodes, demand.line, what, ends):
                value = number(source, demand.line, what, _text(source, demand, "demandValue"))
                network.demands.append(_Demand(demand.line, what, ends, value))
    source.check()
    return network


def _child(source: Source, element: Element, tag: str) -> Element:
    found = next(element.all(tag), None)
    if found is None:
        source.fail(element.line, f"<{element.tag}> has no <{tag}>")
    return found


def _text(source: Source, element: Element, tag: str) -> str:
    return _child(source, element, tag).text.strip()


def _attribute(source: Source, element: Element) -> str:
    name = element.attributes.get("id", "")
    if not name:
        source.fail(element.line, f"<{element.tag}> has no id")
    return name
