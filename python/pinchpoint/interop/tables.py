"""Edge lists as tables: CSV, Parquet, Arrow, pandas, polars, and whatever speaks Arrow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pinchpoint import _core
from pinchpoint._extras import needed
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._validation import check_fabric
from pinchpoint._wording import counted
from pinchpoint.errors import (
    CapacityError,
    FormatError,
    GraphError,
    InputTypeError,
    PinchpointError,
    UnitError,
)
from pinchpoint.explicit import Units, exact_kbit
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import NODE, grouped
from pinchpoint.interop._rates import gbit_per_s, kbit_of_text
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import MAX_BYTES, as_path, shown_path

if TYPE_CHECKING:
    import os

    import numpy.typing as npt
    import pyarrow as pa

    from pinchpoint.fabric import Fabric

__all__ = ["from_table", "read_csv", "read_parquet", "read_table", "to_table"]

_TAILS = ("tail", "source", "src", "from", "node_a", "a", "u")
_HEADS = ("head", "target", "destination", "dest", "dst", "to", "node_b", "b", "v")
_CAPACITIES = {
    "gbit_per_s": "Gbit/s",
    "gbyte_per_s": "GB/s",
    "gbps": "Gbit/s",
    "mbps": "Mbit/s",
    "capacity": None,
    "bandwidth": None,
    "bw": None,
    "speed": None,
    "rate": None,
    "weight": None,
}
_MAX_LINKS = 400_000_000
_MAX_FAULTS = 10
_NO_CAPACITY = "a capacity is a finite number, zero or more"
_PLACE = re.compile(r"gbit_per_s\[(\d+)\] is [^:]*: (.*)", re.DOTALL)
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def read_csv(
    path: str | os.PathLike[str],
    /,
    *,
    tail: str | None = None,
    head: str | None = None,
    capacity: str | None = None,
    unit: str | None = None,
    directed: bool = False,
) -> Imported:
    """Read an edge list from a CSV file with a header (extra ``arrow``).

    Parameters
    ----------
    path : str or path-like
        A file; one that ends in ``.tsv`` is split at tabs.
    tail, head, capacity, unit, directed
        As in :func:`from_table`.

    Returns
    -------
    Imported
        As :func:`from_table`.

    Raises
    ------
    FormatError
        No such file, a file that cannot be read, or one without the columns; file and line are
        named.
    UnitError
        A `unit` that is none.

    Notes
    -----
    Linear in the number of rows, 400 million at most.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''source,target,gbit_per_s
    ... a,b,400
    ... b,c,200
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "links.csv")
    ...     _ = path.write_text(text)
    ...     found = pp.interop.read_csv(path)
    >>> found.fabric.names, found.fabric.bandwidth("a", "c").gbit_per_s
    (('a', 'b', 'c'), 200.0)
    """
    return _read(path, "csv", tail=tail, head=head, capacity=capacity, unit=unit, directed=directed)


def read_parquet(
    path: str | os.PathLike[str],
    /,
    *,
    tail: str | None = None,
    head: str | None = None,
    capacity: str | None = None,
    unit: str | None = None,
    directed: bool = False,
) -> Imported:
    """Read an edge list from a Parquet file (extra ``arrow``).

    Parameters
    ----------
    path : str or path-like
        A file.
    tail, head, capacity, unit, directed
        As in :func:`from_table`.

    Returns
    -------
    Imported
        As :func:`from_table`.

    Raises
    ------
    FormatError
        No such file, a file that cannot be read, or one without the columns; column and row are
        named.
    UnitError
        A `unit` that is none.

    Notes
    -----
    Linear in the number of rows, 400 million at most.

    Examples
    --------
    >>> import tempfile, pyarrow, pyarrow.parquet, pinchpoint as pp
    >>> table = pyarrow.table({"tail": [0, 1], "head": [1, 2], "capacity": ["400Gb/s", "25GB/s"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pyarrow.parquet.write_table(table, folder + "/links.parquet")
    ...     found = pp.interop.read_parquet(folder + "/links.parquet")
    >>> found.fabric.gbit_per_s.tolist()
    [400.0, 200.0]
    """
    return _read(
        path, "parquet", tail=tail, head=head, capacity=capacity, unit=unit, directed=directed
    )


def read_table(path: str | os.PathLike[str], /) -> Imported | None:
    """Read an edge list by the ending of its name; None for another ending."""
    kind = _SUFFIXES.get(as_path(path).suffix.lower())
    return None if kind is None else _read(path, kind)


def _read(path: Any, kind: str, **options: Any) -> Imported:
    own = as_path(path)
    shown = shown_path(own)
    pa = _arrow(shown)
    rows = _Rows(shown, own if kind == "csv" else None)
    try:
        if own.stat().st_size > MAX_BYTES * 16:
            raise FormatError(f"{shown}: larger than the limit of {MAX_BYTES >> 16:,} GB")
        table = _table(own, kind, rows)
    except OSError as error:
        # Arrow raises these for broken files too.
        raise FormatError(f"{shown}: {error.strerror or _first_line(error)}") from None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise FormatError(f"{shown}: no {_NAMES[kind]}: {_first_line(error)}") from None
    try:
        return _built(table, rows, name=str(own), kind=f"{_NAMES[kind]} edge list", **options)
    except (FormatError, UnitError):
        raise
    except PinchpointError as error:
        raise FormatError(f"{shown}: {error}") from None


_NAMES = {"csv": "CSV", "parquet": "Parquet", "arrow": "Arrow"}


def _table(path: Path, kind: str, rows: _Rows) -> pa.Table:
    if kind == "parquet":
        from pyarrow import parquet

        file = parquet.ParquetFile(path)
        count = file.metadata.num_rows
        if not 0 <= count <= _MAX_LINKS:
            raise FormatError(f"{shown_path(path)}: {count:,} rows; the limit is {_MAX_LINKS:,}")
        return file.read()
    if kind == "arrow":
        from pyarrow import feather

        return feather.read_table(path)
    return _csv(path, rows)


def _csv(path: Path, rows: _Rows) -> pa.Table:
    """Read a CSV file; an empty cell is a gap, also among names, unless it is quoted."""
    import pyarrow as pa
    from pyarrow import csv

    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    gaps = csv.ConvertOptions(
        null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    try:
        return csv.read_csv(
            path, parse_options=csv.ParseOptions(delimiter=delimiter), convert_options=gaps
        )
    except pa.ArrowInvalid:
        _not_utf8(path)

        # Rows are numbered only when they are read by one thread.
        def note(row: Any) -> str:
            if len(rows.faults) < _MAX_FAULTS:
                cells = f"{row.actual_columns} cells, the header has {row.expected_columns}"
                rows.fault(row.number - 2, f"the line has {cells}")
            return "skip"

        csv.read_csv(
            path,
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(delimiter=delimiter, invalid_row_handler=note),
        )
        rows.check()
        raise


class _Rows:
    """Collects faults in the rows of a table and says where they are.

    Parameters
    ----------
    own : str
        What messages call the table.
    path : Path, optional
        The CSV file it was read from: then a row is told by its line.
    """

    def __init__(self, own: str, path: Path | None = None) -> None:
        self.own = own
        self.path = path
        self.faults: list[tuple[int, str, str]] = []

    def fault(self, row: int, says: str, column: str = "") -> None:
        """Note a fault in a row, counted from 0."""
        self.faults.append((row, column, says))

    def check(self) -> None:
        """Raise if there were faults: the first ten."""
        if not self.faults:
            return
        first = sorted(self.faults, key=lambda fault: fault[0])[:_MAX_FAULTS]
        shown = []
        lines = {} if self.path is None else _lines(self.path, {row for row, _, _ in first})
        for row, column, says in first:
            if row in lines:
                shown.append(f"{self.own}:{lines[row]}: {f'{column} ' if column else ''}{says}")
            else:
                shown.append(f"{self.own}: {column}[{row}] {says}")
        raise FormatError("\n".join(shown))


def _lines(path: Path, rows: set[int]) -> dict[int, int]:
    """Find the lines at which rows of a CSV file start; the header is row -1."""
    found: dict[int, int] = {}
    row, within = -2, False
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            # Empty lines are no rows, and a quoted cell may go on over several.
            if not within and line.strip(b"\r\n"):
                row += 1
                if row in rows:
                    found[row] = number
                    if len(found) == len(rows):
                        break
            within ^= line.count(b'"') % 2 == 1
    return found


def _not_utf8(path: Path) -> None:
    """Raise if a line is no UTF-8 text."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                byte = line[error.start]
                shown = shown_path(path)
                raise FormatError(f"{shown}:{number}: byte 0x{byte:02x} is no UTF-8 text") from None


def _first_line(error: object) -> str:
    return shorten(str(error).partition("\n")[0], 200)


def _arrow(name: str) -> Any:
    return needed("pyarrow", f"{name}: an edge list", "arrow", FormatError)


def from_table(
    table: Any,
    /,
    *,
    tail: str | None = None,
    head: str | None = None,
    capacity: str | None = None,
    unit: str | None = None,
    directed: bool = False,
    name: str | None = None,
    kind: str = "edge list",
) -> Imported:
    """Make a fabric of a table with a row per link.

    Parameters
    ----------
    table : object with ``__arrow_c_stream__``, or dict of arrays
        A pyarrow table, a pandas or polars frame, a result of DuckDB, and so on.
    tail, head, capacity : str, optional
        Columns; by default the first known name there is, such as ``source``, ``target`` and
        ``gbit_per_s``. Ends are node numbers from 0, or names of any kind. Capacities are numbers,
        or text with a unit such as ``"400Gb/s"``.
    unit : {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "MB/s", "GB/s", "TB/s"}, optional
        Unit of the numbers, per direction. By default as the column's name says; Gbit/s where it
        does not, and the report says so.
    directed : bool, default False
        Whether links are one-way arcs.
    name : str, optional
        What messages call the table.
    kind : str, default "edge list"
        What the report calls its format.

    Returns
    -------
    Imported
        An explicit fabric with the group ``node``; row i is link i. Parallel links are kept.

    Raises
    ------
    FormatError
        A missing column, an empty cell, ends of the wrong type, a capacity that is none; up to ten
        are named by column and row, from 0 (by line, if the table is a CSV file).
    UnitError
        A `unit` that is none.
    InputTypeError
        No table.

    Notes
    -----
    Linear in the number of rows. Integers are node numbers as they are, unless they are too
    sparse for that (larger than 8 per link): then they are names.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> links = {"source": ["a", "b"], "target": ["b", "c"], "gbit_per_s": [400, 200]}
    >>> pp.interop.from_table(links).fabric.bandwidth("a", "c").gbit_per_s
    200.0
    """
    own = name or type(table).__name__
    return _built(
        table,
        _Rows(own),
        tail=tail,
        head=head,
        capacity=capacity,
        unit=unit,
        directed=directed,
        name=name,
        kind=kind,
    )


def _built(
    table: Any,
    rows: _Rows,
    *,
    name: str | None,
    kind: str,
    tail: str | None = None,
    head: str | None = None,
    capacity: str | None = None,
    unit: str | None = None,
    directed: bool = False,
) -> Imported:
    own = rows.own
    pa = _arrow(own)
    notes = Notes()
    try:
        data = pa.table(table)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise InputTypeError(f"{own} is no table of columns: {_first_line(error)}") from None
    if data.num_rows > _MAX_LINKS:
        raise FormatError(f"{own}: {data.num_rows:,} rows; the limit is {_MAX_LINKS:,}")
    if not data.num_rows:
        raise FormatError(f"{own}: it has no rows")
    columns = [
        _column(own, data, what, given, known)
        for what, given, known in (
            ("tail", tail, _TAILS),
            ("head", head, _HEADS),
            ("capacity", capacity, tuple(_CAPACITIES)),
        )
    ]
    for column in columns:
        if rows.path is not None and pa.types.is_binary(data[column].type):
            _not_utf8(rows.path)
        if data[column].null_count:
            for row in np.flatnonzero(data[column].is_null().to_numpy())[:_MAX_FAULTS].tolist():
                rows.fault(row, "is empty", column)
    rows.check()
    ends = _ends(rows, notes, data, columns[:2])
    kbit = _capacities(rows, notes, data, columns[2], unit)
    notes.capacities(kbit)
    for other in data.column_names:
        if other not in columns:
            notes.skip(f"column {shorten(other)}")
    report = notes.report(own, kind, {"nodes": ends.num_nodes, "links": data.num_rows})
    built = grouped(
        Path(own).stem if name else "table",
        [NODE],
        np.zeros(ends.num_nodes, np.int64),
        ends.names,
        (ends.tails, ends.heads, kbit.units),
        shift=kbit.shift,
        rounded=kbit.rounded > 0,
        directed=directed,
        report=report,
    )
    return Imported(built.fabric, report)


def _column(own: str, data: Any, what: str, given: str | None, known: tuple[str, ...]) -> str:
    names: list[str] = data.column_names
    if given is not None:
        found = [name for name in names if name == given]
        asked = f"no column is called {shorten(given)}{did_you_mean(str(given)[:100], names)}"
    else:
        lower = [name for name in names if name.lower() in known]
        found = sorted(lower, key=lambda name: known.index(name.lower()))[:1]
        shown = ", ".join(shorten(name) for name in names[:10])
        asked = f"no column for the {what} (such as {known[0]}); there is {shown or 'none'}"
    if len(found) != 1:
        several = f"{counted(len(found), 'column')} {shorten(given)}"
        raise FormatError(f"{own}: {several if found else asked}")
    return found[0]


class _Ends(NamedTuple):
    tails: npt.NDArray[Any]
    heads: npt.NDArray[Any]
    num_nodes: int
    names: list[str] | None


def _ends(rows: _Rows, notes: Notes, data: Any, columns: list[str]) -> _Ends:
    import pyarrow as pa
    import pyarrow.compute as pc

    both = [_plain(data[column]) for column in columns]
    integers = [pa.types.is_integer(values.type) for values in both]
    texts = [_is_text(values.type) for values in both]
    if not (all(integers) or all(texts)):
        shown = " and ".join(
            f"{column} is {values.type}" for column, values in zip(columns, both, strict=True)
        )
        raise FormatError(f"{rows.own}: {shown}; ends are both integers or both text")
    count = data.num_rows
    if all(integers):
        arrays = [
            _as_int64(rows, column, values) for column, values in zip(columns, both, strict=True)
        ]
        rows.check()
        top = max(int(array.max()) for array in arrays)
        low = min(int(array.min()) for array in arrays)
        if low >= 0 and top < 8 * count + 1000:
            return _Ends(arrays[0], arrays[1], top + 1, None)
        notes.guess("node numbers are sparse; taken as names")
        labels, index = np.unique(np.concatenate(arrays), return_inverse=True)
        return _Ends(index[:count], index[count:], labels.size, [str(x) for x in labels.tolist()])
    pieces = [piece for values in both for piece in pc.cast(values, pa.large_string()).chunks]
    try:
        numbers, names = _core.number_names(
            [_text_buffers(piece) for piece in pieces if len(piece)]
        )
    except GraphError as error:
        raise FormatError(f"{rows.own}: {columns[0]} and {columns[1]}: {error}") from None
    return _Ends(numbers[:count], numbers[count:], len(names), names)


def _text_buffers(piece: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Show where the texts of an Arrow array of large strings lie, and their bytes."""
    _, bounds, text = piece.buffers()
    own = np.frombuffer(bounds, np.int64, len(piece) + 1, 8 * piece.offset)
    return own, np.frombuffer(b"" if text is None else text, np.uint8)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    checks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(check(kind) for check in checks)


def _plain(values: Any) -> Any:
    """Take a column that is not encoded by a dictionary; chunked."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, values.type.value_type)
    return values


def _whole(values: Any) -> Any:
    """Make one array of the chunks."""
    import pyarrow as pa

    one = values.combine_chunks()
    # Older pyarrow keeps the shell, or none where there are no rows.
    if isinstance(one, pa.ChunkedArray):
        one = one.chunk(0) if one.num_chunks else pa.array([], values.type)
    return one


def _as_int64(rows: _Rows, column: str, values: Any) -> npt.NDArray[np.int64]:
    array: npt.NDArray[Any] = values.to_numpy()
    if array.dtype == np.uint64:
        for row in np.flatnonzero(array >= 1 << 63)[:_MAX_FAULTS].tolist():
            rows.fault(row, f"is {array[row]}; ids are below 2^63", column)
    return array.astype(np.int64)


def _capacities(rows: _Rows, notes: Notes, data: Any, column: str, unit: str | None) -> Units:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _plain(data[column])
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        encoded = _whole(pc.dictionary_encode(values).unify_dictionaries())
        words = encoded.dictionary.to_pylist()
        if not all(isinstance(word, str) for word in words):
            raise FormatError(f"{rows.own}: {column} is {values.type}; it must be numbers or text")
        place = encoded.indices.to_numpy(zero_copy_only=False)
        return Units(_kbit(rows, column, words, place)[place], 0)
    if unit is None:
        unit = _CAPACITIES.get(column.lower())
        if unit is None:
            unit = "Gbit/s"
            notes.guess(f"column {shorten(column)} has no unit; taken as Gbit/s")
    numbers = values.to_numpy()
    gbit = gbit_per_s(numbers, unit)
    for row in np.flatnonzero(~np.isfinite(gbit) | (gbit < 0))[:_MAX_FAULTS].tolist():
        rows.fault(row, f"is {numbers[row]}: {_NO_CAPACITY}", column)
    rows.check()
    try:
        return exact_kbit(gbit)
    except CapacityError as error:
        found = _PLACE.match(str(error))
        if found is None:
            raise
        rows.fault(int(found[1]), f"is {numbers[int(found[1])]}: {found[2]}", column)
        rows.check()
        raise


def _kbit(
    rows: _Rows, column: str, words: list[str], place: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.int64]:
    """Read the words of a column; what is wrong is told where it stands."""
    kbit = np.zeros(len(words), np.int64)
    says: dict[int, str] = {}
    for index, word in enumerate(words):
        try:
            kbit[index] = kbit_of_text(word)
        except PinchpointError as error:
            says[index] = f"is {shorten(word)}: {error}"
    if says:
        plain = {index: number for index, word in enumerate(words) if (number := _number(word))}
        if len(says) == len(words) > len(plain) > 0:
            # A column of numbers, but for a few words: those are the faults.
            odd = "is {}: neither a number nor a bandwidth such as '400Gb/s'"
            says = {i: odd.format(shorten(words[i])) for i in says if i not in plain}
            negative = (i for i, text in plain.items() if text.startswith("-"))
            says |= {i: f"is {words[i]}: {_NO_CAPACITY}" for i in negative}
        for row in np.flatnonzero(np.isin(place, list(says)))[:_MAX_FAULTS].tolist():
            rows.fault(row, says[int(place[row])], column)
        rows.check()
    return kbit


def _number(word: str) -> str | None:
    """Return a word that is a plain number, else None."""
    own = word.strip()
    return own if _PLAIN.fullmatch(own) else None


def to_table(fabric: Fabric, /) -> pa.Table:
    """Write the links of an explicit fabric as a pyarrow table.

    Parameters
    ----------
    fabric : Fabric
        Explicit; a structured one is written out by ``materialize()``.

    Returns
    -------
    pyarrow.Table
        A row per link that is up: ``source``, ``target`` (names), ``gbit_per_s`` per direction.

    Raises
    ------
    GraphError
        A structured fabric.

    Notes
    -----
    Takes O(links) time and memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72().materialize()
    >>> pp.interop.to_table(rack).num_rows
    1440
    """
    check_fabric(fabric)
    pa = _arrow("to_table")
    names = np.array(fabric.names, dtype=object)
    up = fabric.gbit_per_s > 0
    return pa.table(
        {
            "source": pa.array(names[fabric.tails[up]], pa.string()),
            "target": pa.array(names[fabric.heads[up]], pa.string()),
            "gbit_per_s": fabric.gbit_per_s[up],
        }
    )
