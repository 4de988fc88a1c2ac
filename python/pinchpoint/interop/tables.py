"""Edge lists as tables: CSV, Parquet, Arrow, pandas, polars, and whatever speaks Arrow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._extras import needed
from pinchpoint._suggest import shorten
from pinchpoint._validation import check_fabric
from pinchpoint.errors import FormatError, InputTypeError, PinchpointError, UnitError
from pinchpoint.interop._columns import MAX_FAULTS, Rows, capacities_of, column_names, ends_of
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import NODE, grouped
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import MAX_BYTES, as_path, shown_path

if TYPE_CHECKING:
    import os

    import pyarrow as pa

    from pinchpoint.fabric import Fabric

__all__ = ["from_table", "read_csv", "read_parquet", "read_table", "to_table"]

_MAX_LINKS = 400_000_000
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
    rows = Rows(shown, own if kind == "csv" else None)
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


def _table(path: Path, kind: str, rows: Rows) -> pa.Table:
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


def _csv(path: Path, rows: Rows) -> pa.Table:
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
            if len(rows.faults) < MAX_FAULTS:
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
        Rows(own),
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
    rows: Rows,
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
    columns = column_names(own, data, (tail, head, capacity))
    for column in columns:
        if rows.path is not None and pa.types.is_binary(data[column].type):
            _not_utf8(rows.path)
        if data[column].null_count:
            for row in np.flatnonzero(data[column].is_null().to_numpy())[:MAX_FAULTS].tolist():
                rows.fault(row, "is empty", column)
    rows.check()
    ends = ends_of(rows, notes, data, columns[:2])
    kbit = capacities_of(rows, notes, data, columns[2], unit)
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
