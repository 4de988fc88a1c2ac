"""DIMACS maximum flow problems (``p max``), read and written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._suggest import shorten
from pinchpoint._validation import as_ids, as_integer, as_vector
from pinchpoint._wording import counted
from pinchpoint.errors import FormatError, GraphError
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import NODE, grouped
from pinchpoint.interop._report import Notes, Report
from pinchpoint.interop._source import Source, as_path, shown_path
from pinchpoint.interop._words import integer

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

    from pinchpoint.maxflow import MaximumFlow

__all__ = ["FlowProblem", "looks_like", "parse", "read_dimacs", "write_dimacs"]

_MAX_NODES = (1 << 32) - 2
_MAX_CAPACITY = 10**38
_KBIT_PER_GBIT = 1_000_000


@dataclass(frozen=True)
class FlowProblem:
    """A maximum flow problem as arrays; ids count from 0.

    Attributes
    ----------
    tails, heads : ndarray of int64, shape (arcs,)
        Ends of the arcs.
    capacity : ndarray of int64, or of object where numbers are larger, shape (arcs,)
        Capacities, without a unit.
    source, sink : int
        Terminals.
    num_nodes : int
        Number of nodes.
    report : Report
        What was read, guessed and skipped.
    """

    tails: npt.NDArray[np.int64]
    heads: npt.NDArray[np.int64]
    capacity: npt.NDArray[Any]
    source: int
    sink: int
    num_nodes: int
    report: Report

    def maximum_flow(self) -> MaximumFlow:
        """Solve it; see :func:`pinchpoint.maximum_flow`."""
        from pinchpoint.maxflow import maximum_flow

        ends = (self.source, self.sink)
        return maximum_flow(self.tails, self.heads, self.capacity, *ends, num_nodes=self.num_nodes)


def looks_like(head: str) -> bool:
    """Tell whether the first characters of a file are of this format."""
    return bool(re.search(r"^p\s+max\s", head, re.MULTILINE))


def read_dimacs(path: str | os.PathLike[str], /) -> FlowProblem:
    """Read a maximum flow problem in DIMACS format.

    Parameters
    ----------
    path : str or path-like
        The file, with lines ``p max NODES ARCS``, ``n NODE s``, ``n NODE t``, ``a FROM TO
        CAPACITY`` and comments ``c``.

    Returns
    -------
    FlowProblem
        Arrays that :func:`pinchpoint.maximum_flow` takes; its ``maximum_flow()`` does so.
        (:func:`pinchpoint.load` takes the numbers as Gbit/s and returns a fabric of one-way arcs.)

    Raises
    ------
    FormatError
        A line of no known kind, ids out of range, a missing or second terminal, another number of
        arcs than the header says.

    Notes
    -----
    Linear in the size of the file, 1 GiB at most.

    Examples
    --------
    >>> import tempfile, pinchpoint as pp
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = folder + "/line.max"
    ...     pp.interop.write_dimacs(path, [0, 1], [1, 2], [5, 4], 0, 2)
    ...     pp.interop.read_dimacs(path).maximum_flow().value
    4
    """
    return _problem(Source.open(path))


def _problem(source: Source) -> FlowProblem:
    header: tuple[int, int] | None = None
    terminals: dict[str, int] = {}
    flat: list[int] = []
    last = 0
    for line, text in source.lines():
        words = text.split()
        if not words or words[0] == "c":
            continue
        last = line
        kind = words[0]
        if kind == "p":
            header = _header(source, line, words, header)
            continue
        if header is None:
            source.fail(line, f"{shorten(text)} comes before the line 'p max NODES ARCS'")
        if kind == "a" and len(words) == 4:
            flat.append(integer(source, line, "the tail", words[1], 1, header[0]))
            flat.append(integer(source, line, "the head", words[2], 1, header[0]))
            flat.append(integer(source, line, "the capacity", words[3], 0, _MAX_CAPACITY))
            if len(flat) > 3 * header[1]:
                source.fail(line, f"more arcs than the {header[1]:,} of the header")
        elif kind == "n" and len(words) == 3 and words[2] in ("s", "t"):
            if words[2] in terminals:
                source.fail(line, f"a second {'source' if words[2] == 's' else 'sink'}")
            terminals[words[2]] = integer(source, line, "the node", words[1], 1, header[0])
        else:
            source.fail(line, f"{shorten(text)} is cut off or no line of a DIMACS file")
    if header is None:
        source.fail(1, "no line 'p max NODES ARCS'")
    for letter, what in (("s", "source"), ("t", "sink")):
        if letter not in terminals:
            source.fail(last, f"no {what} (a line 'n NODE {letter}')")
    if len(flat) != 3 * header[1]:
        source.fail(
            last,
            f"{counted(len(flat) // 3, 'arc')}, and the header says {header[1]:,}: "
            "the file is cut off",
        )
    if terminals["s"] == terminals["t"]:
        source.fail(last, f"node {terminals['s']} is both source and sink")
    report = Report(source.name, "DIMACS", (("nodes", header[0]), ("arcs", header[1])))
    capacity: npt.NDArray[Any] = np.array(
        flat[2::3], object if max(flat[2::3], default=0) >> 63 else np.int64
    )
    return FlowProblem(
        np.array(flat[::3], np.int64) - 1,
        np.array(flat[1::3], np.int64) - 1,
        capacity,
        terminals["s"] - 1,
        terminals["t"] - 1,
        header[0],
        report,
    )


def _header(
    source: Source, line: int, words: list[str], before: tuple[int, int] | None
) -> tuple[int, int]:
    if before is not None:
        source.fail(line, "a second line 'p'")
    if len(words) != 4 or words[1] != "max":
        source.fail(line, f"{shorten(' '.join(words))} is no 'p max NODES ARCS'")
    nodes = integer(source, line, "the number of nodes", words[2], 1, _MAX_NODES)
    # An arc takes eight characters at least: a larger count is no plan for memory.
    arcs = integer(source, line, "the number of arcs", words[3], 0, len(source.text) // 8)
    return nodes, arcs


def parse(source: Source) -> Imported:
    """Make a fabric of one-way arcs, capacities taken as Gbit/s."""
    problem = _problem(source)
    notes = Notes()
    notes.guess("capacities have no unit; taken as Gbit/s")
    if problem.num_nodes > 4 * len(problem.tails) + 1_000_000:
        arcs = counted(len(problem.tails), "arc")
        source.fail(None, f"{counted(problem.num_nodes, 'node')} for {arcs}")
    loops = problem.tails == problem.heads
    for node in problem.tails[loops].tolist():
        notes.skip(f"a loop at node {node + 1}")
    tails, heads = problem.tails[~loops], problem.heads[~loops]
    numbers = problem.capacity[~loops]
    if len(numbers) and int(numbers.max()) >= (1 << 62) // _KBIT_PER_GBIT:
        place = int(numbers.argmax())
        source.fail(
            None,
            f"arc {place}: capacity {numbers[place]} is too large for Gbit/s; "
            "pinchpoint.interop.read_dimacs reads numbers without a unit",
        )
    names = [str(node + 1) for node in range(problem.num_nodes)]
    counts = {"nodes": problem.num_nodes, "arcs": len(problem.tails)}
    report = notes.report(source.name, "DIMACS", counts)
    built = grouped(
        "dimacs",
        [NODE],
        np.zeros(problem.num_nodes, np.int64),
        names,
        (tails, heads, numbers.astype(np.int64) * _KBIT_PER_GBIT),
        directed=True,
        report=report,
    )
    return Imported(built.fabric, report, terminals=(problem.source, problem.sink))


def write_dimacs(
    path: str | os.PathLike[str],
    tails: npt.ArrayLike,
    heads: npt.ArrayLike,
    capacity: npt.ArrayLike,
    source: int,
    sink: int,
    num_nodes: int | None = None,
) -> None:
    """Write a maximum flow problem in DIMACS format.

    Parameters
    ----------
    path : str or path-like
        The file; an existing one is replaced.
    tails, heads, capacity : array_like of int, shape (arcs,)
        Arcs by node ids from 0; capacities are whole numbers, zero or more.
    source, sink : int
        Terminals.
    num_nodes : int, optional
        Number of nodes; default the largest id + 1.

    Raises
    ------
    GraphError
        Arrays of different lengths, ids out of range, capacities that are no whole numbers, one
        node as source and sink.
    InputTypeError
        Ids that are no integers.
    FormatError
        The file cannot be written.

    Notes
    -----
    Takes O(arcs) time and memory.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "line.max")
    ...     pp.interop.write_dimacs(path, [0, 1], [1, 2], [5, 4], 0, 2)
    ...     print(path.read_text(), end="")
    p max 3 2
    n 1 s
    n 3 t
    a 1 2 5
    a 2 3 4
    """
    own = as_path(path)
    ends = as_ids("tails", tails), as_ids("heads", heads)
    amounts = as_vector("capacity", capacity)
    if len({array.size for array in (*ends, amounts)}) != 1:
        sizes = f"{ends[0].size}, {ends[1].size} and {amounts.size}"
        raise GraphError(f"tails, heads and capacity have lengths {sizes}; they must be equal")
    a, b, values = ends[0].tolist(), ends[1].tolist(), amounts.tolist()
    source = as_integer("source", source, 0, _MAX_NODES - 1, GraphError)
    sink = as_integer("sink", sink, 0, _MAX_NODES - 1, GraphError)
    if source == sink:
        raise GraphError(f"source and sink are both node {source}; they must differ")
    if num_nodes is None:
        num_nodes = max(*a, *b, source, sink) + 1
    size = as_integer("num_nodes", num_nodes, 1, _MAX_NODES, GraphError)
    for what, ids in (("tails", a), ("heads", b), ("source", [source]), ("sink", [sink])):
        for place, node in enumerate(ids):
            if not 0 <= node < size:
                where = f"{what}[{place}]" if ids is a or ids is b else what
                raise GraphError(f"{where} is {node}; it must be 0 to {size - 1}")
    for place, value in enumerate(values):
        if type(value) is not int or not 0 <= value <= _MAX_CAPACITY:
            what = "a whole number of at most 10^38"
            raise GraphError(f"capacity[{place}] is {shorten(value)}; it must be {what}")
    lines = [f"p max {size} {len(a)}", f"n {source + 1} s", f"n {sink + 1} t"]
    lines += [f"a {i + 1} {j + 1} {c}" for i, j, c in zip(a, b, values, strict=True)]
    try:
        own.write_text("\n".join(lines) + "\n", encoding="ascii")
    except OSError as error:
        raise FormatError(f"{shown_path(own)}: {error.strerror or error}") from None
