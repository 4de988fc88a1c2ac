"""Repetita: backbone topologies (``.graph``) and traffic matrices (``.demands``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pinchpoint._suggest import shorten
from pinchpoint._wording import counted
from pinchpoint.interop._imported import Demands, Imported
from pinchpoint.interop._listing import NODE, Listing
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source
from pinchpoint.interop._words import integer

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = ["looks_like", "parse", "read_repetita"]

_MAX_KBIT = 1 << 52


def looks_like(head: str) -> bool:
    """Tell whether the first characters of a file are of this format."""
    return bool(re.match(r"\s*NODES\s+[0-9]+\s*\n", head))


def read_repetita(
    graph: str | os.PathLike[str], demands: str | os.PathLike[str] | None = None, /
) -> Imported:
    """Read a topology of the Repetita collection, with a traffic matrix if one is given.

    Parameters
    ----------
    graph : str or path-like
        The ``.graph`` file.
    demands : str or path-like, optional
        A ``.demands`` file of it.

    Returns
    -------
    Imported
        A fabric of one-way arcs with the bandwidths of the file, in kbit/s; demands in Gbit/s.

    Raises
    ------
    FormatError
        Another number of nodes, edges or demands than a header says, an id that is no node, a
        bandwidth that is no number.

    Notes
    -----
    Linear in the size of the files, 1 GiB each at most.

    References
    ----------
    .. [1] S. Gay, P. Schaus and S. Vissicchio, REPETITA: repeatable experiments for performance
       evaluation of traffic-engineering algorithms, arXiv:1710.08665, 2017.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''NODES 2
    ... label x y
    ... Paris 2.3 48.8
    ... Rome 12.5 41.9
    ... EDGES 2
    ... label src dest weight bw delay
    ... there 0 1 10 10000000 1913
    ... back 1 0 10 2500000 1913
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "two.graph")
    ...     _ = path.write_text(text)
    ...     fabric = pp.interop.read_repetita(path).fabric
    >>> [fabric.bandwidth(*ends).gbit_per_s for ends in (("Paris", "Rome"), ("Rome", "Paris"))]
    [10.0, 2.5]
    """
    return parse(Source.open(graph), None if demands is None else Source.open(demands))


def parse(source: Source, demands: Source | None = None) -> Imported:
    """Read the text of the files."""
    notes = Notes()
    lines = _lines(source)
    listing = Listing([NODE])
    for number, (line, words) in enumerate(_section(source, lines, "NODES", ("label", "x", "y"))):
        listing.node(str(number), NODE, words[0])
        if len(words) != 3:
            source.fail(line, f"node {number} has {counted(len(words), 'word')}; it must have 3")
    if "0" not in listing:
        source.fail(1, "no nodes")
    titles = ("label", "src", "dest", "weight", "bw", "delay")
    nodes = listing.count(NODE)
    for line, words in _section(source, lines, "EDGES", titles):
        ends = [
            integer(source, line, w, words[i], 0, nodes - 1) for i, w in ((1, "src"), (2, "dest"))
        ]
        kbit = integer(source, line, "bw", words[4], 0, _MAX_KBIT)
        if ends[0] == ends[1]:
            notes.skip(f"line {line}: {shorten(words[0])} joins node {ends[0]} to itself")
        elif not kbit:
            notes.skip(f"line {line}: {shorten(words[0])} has no bandwidth")
        else:
            listing.link(ends[0], ends[1], kbit)
    for line, words in lines:
        source.fail(line, f"{shorten(' '.join(words))} comes after the edges")
    counts = {"nodes": nodes, "arcs": listing.num_links}
    wanted = None if demands is None else _demands(demands, nodes)
    if wanted is not None:
        counts["demands"] = len(wanted.sources)
    report = notes.report(source.name, "Repetita", counts)
    return Imported(listing.build("backbone", report, directed=True).fabric, report, wanted)


def _demands(source: Source, nodes: int) -> Demands:
    lines = _lines(source)
    rows = []
    for line, words in _section(source, lines, "DEMANDS", ("label", "src", "dest", "bw")):
        a = integer(source, line, "src", words[1], 0, nodes - 1)
        b = integer(source, line, "dest", words[2], 0, nodes - 1)
        rows.append((a, b, integer(source, line, "bw", words[3], 0, _MAX_KBIT)))
    array = np.array(rows, np.int64).reshape(-1, 3)
    return Demands(array[:, 0], array[:, 1], array[:, 2] / 1e6, "Gbit/s")


def _lines(source: Source) -> Iterator[tuple[int, list[str]]]:
    return ((line, words) for line, text in source.lines() if (words := text.split()))


def _section(
    source: Source, lines: Iterator[tuple[int, list[str]]], title: str, fields: tuple[str, ...]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a section; the count in its header must be right."""
    line, words = next(lines, (0, []))
    if len(words) != 2 or words[0] != title:
        source.fail(line or None, f"{shorten(' '.join(words))} is no '{title} COUNT'")
    count = integer(source, line, title, words[1], 0, len(source.text) // 4)
    line, words = next(lines, (line, []))
    if tuple(words) != fields:
        source.fail(line, f"{shorten(' '.join(words))} is no line '{' '.join(fields)}'")
    for place in range(count):
        line, words = next(lines, (line, []))
        if len(words) != len(fields):
            source.fail(
                line,
                f"row {place} of {count} of {title} has {counted(len(words), 'word')}; "
                f"it must have {len(fields)}: {' '.join(fields)}",
            )
        yield line, words
