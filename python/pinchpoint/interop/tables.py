"""Edge lists as tables: CSV, Parquet, Arrow, pandas, polars, and whatever speaks Arrow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pinchpoint import _core
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint.errors import (
    CapacityError,
    FormatError,
    GraphError,
    InputTypeError,
    PinchpointError,
)
from pinchpoint.explicit import Units, exact_kbit
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import NODE, grouped
from pinchpoint.interop._rates import gbit_per_s, kbit_of_text
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import MAX_BYTES, as_path

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
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def read_csv(path: str | os.PathLike[str], /, **options: Any) -> Imported:
    """Read an edge list from a CSV file with a header (extra ``arrow``).

    Parameters
    ----------
    path : str or path-like
        A file; one that ends in ``.tsv`` is split at tabs.
    **options
        As in :func:`from_table`.

    Returns
    -------
    Imported

    Raises
    ------
    FormatError
        No such file, a file that cannot be read, or one without the columns; file and line are
        named.
    """
    return _read(path, "csv", options)


def read_parquet(path: str | os.PathLike[str], /, **options: Any) -> Imported:
    """Read an edge list from a Parquet file (extra ``arrow``).

    Parameters
    ----------
    path : str or path-like
        A file.
    **options
        As in :func:`from_table`.

    Returns
    -------
    Imported

    Raises
    ------
    FormatError
        No such file, a file that cannot be read, or one without the columns; file and line are
        named.
    """
    return _read(path, "parquet", options)


def read_table(path: str | os.PathLike[str], /) -> Imported | None:
    """Read an edge list by the ending of its name; None for another ending."""
    kind = _SUFFIXES.get(as_path(path).suffix.lower())
    return None if kind is None else _read(path, kind, {})


def _read(path: Any, kind: str, options: dict[str, Any]) -> Imported:
    own = as_path(path)
    pa = _arrow(str(own))
    try:
        if own.stat().st_size > MAX_BYTES * 16:
            raise FormatError(f"{own}: larger than the limit of {MAX_BYTES >> 16:,} GB")
        table = _table(own, kind)
    except OSError as error:
        # Arrow raises these for broken files too.
        raise FormatError(f"{own}: {_first_line(error.strerror or error)}") from None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise FormatError(f"{own}: no {_NAMES[kind]}: {_first_line(error)}") from None
    try:
        return from_table(table, name=str(own), kind=f"{_NAMES[kind]} edge list", **options)
    except PinchpointError as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{own}: {error}") from None


_NAMES = {"csv": "CSV", "parquet": "Parquet", "arrow": "Arrow"}


def _table(path: Path, kind: str) -> pa.Table:
    if kind == "parquet":
        from pyarrow import parquet

        file = parquet.ParquetFile(path)
        rows = file.metadata.num_rows
        if not 0 <= rows <= _MAX_LINKS:
            raise FormatError(f"{path}: {rows:,} rows; the limit is {_MAX_LINKS:,}")
        return file.read()
    if kind == "arrow":
        from pyarrow import feather

        return feather.read_table(path)
    from pyarrow import csv

    tabs = csv.ParseOptions(delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    return csv.read_csv(path, parse_options=tabs)


def _first_line(error: object) -> str:
    return shorten(str(error).partition("\n")[0], 200)


def _arrow(name: str) -> Any:
    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        raise FormatError(
            f"{name}: edge lists need pyarrow: pip install 'pinchpoint[arrow]'"
        ) from None
    return pa


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
        A missing column, an empty cell, ends of the wrong type; the row and the value are named.

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
    ends = _ends(own, notes, data, columns[:2])
    kbit = _capacities(own, notes, data, columns[2], unit)
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
        raise FormatError(f"{own}: " + (f"{len(found)} columns {given!r}" if found else asked))
    return found[0]


class _Ends(NamedTuple):
    tails: npt.NDArray[Any]
    heads: npt.NDArray[Any]
    num_nodes: int
    names: list[str] | None


def _ends(own: str, notes: Notes, data: Any, columns: list[str]) -> _Ends:
    import pyarrow as pa
    import pyarrow.compute as pc

    both = [_plain(own, data, column) for column in columns]
    integers = [pa.types.is_integer(values.type) for values in both]
    texts = [_is_text(values.type) for values in both]
    if not (all(integers) or all(texts)):
        shown = " and ".join(
            f"{column} is {values.type}" for column, values in zip(columns, both, strict=True)
        )
        raise FormatError(f"{own}: {shown}; ends are both integers or both text")
    rows = data.num_rows
    if all(integers):
        arrays = [
            _as_int64(own, column, values) for column, values in zip(columns, both, strict=True)
        ]
        top = max((int(array.max()) for array in arrays if rows), default=-1)
        low = min((int(array.min()) for array in arrays if rows), default=0)
        if low >= 0 and top < 8 * rows + 1000:
            return _Ends(arrays[0], arrays[1], top + 1, None)
        notes.guess("node numbers are sparse; taken as names")
        labels, index = np.unique(np.concatenate(arrays), return_inverse=True)
        return _Ends(index[:rows], index[rows:], labels.size, [str(x) for x in labels.tolist()])
    pieces = [piece for values in both for piece in pc.cast(values, pa.large_string()).chunks]
    try:
        numbers, names = _core.number_names(
            [_text_buffers(piece) for piece in pieces if len(piece)]
        )
    except GraphError as error:
        raise FormatError(f"{own}: {columns[0]} and {columns[1]}: {error}") from None
    return _Ends(numbers[:rows], numbers[rows:], len(names), names)


def _text_buffers(piece: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Show where the texts of an Arrow array of large strings lie, and their bytes."""
    _, bounds, text = piece.buffers()
    own = np.frombuffer(bounds, np.int64, len(piece) + 1, 8 * piece.offset)
    return own, np.frombuffer(b"" if text is None else text, np.uint8)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    checks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(check(kind) for check in checks)


def _plain(own: str, data: Any, column: str) -> Any:
    """Take a column without gaps, not encoded by a dictionary; chunked."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = data[column]
    _no_gaps(own, column, values)
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


def _no_gaps(own: str, column: str, values: Any) -> None:
    if values.null_count:
        row = int(np.flatnonzero(values.is_null().to_numpy())[0])
        raise FormatError(
            f"{own}: {column} has {values.null_count:,} empty cells, the first in row {row}"
        )


def _as_int64(own: str, column: str, values: Any) -> npt.NDArray[np.int64]:
    array: npt.NDArray[Any] = values.to_numpy()
    if array.dtype == np.uint64 and array.size and array.max() >= 1 << 63:
        row = int(array.argmax())
        raise FormatError(f"{own}: {column} is {array[row]} in row {row}; ids are below 2^63")
    return array.astype(np.int64)


def _capacities(own: str, notes: Notes, data: Any, column: str, unit: str | None) -> Units:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = _plain(own, data, column)
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        encoded = _whole(pc.dictionary_encode(values).unify_dictionaries())
        words = encoded.dictionary.to_pylist()
        if not all(isinstance(word, str) for word in words):
            raise FormatError(f"{own}: {column} is {values.type}; it must be numbers or text")
        kbit = np.array([_kbit(own, column, word) for word in words], np.int64)
        return Units(kbit[encoded.indices.to_numpy(zero_copy_only=False)], 0)
    if unit is None:
        unit = _CAPACITIES.get(column.lower())
        if unit is None:
            unit = "Gbit/s"
            notes.guess(f"column {shorten(column)} has no unit; taken as Gbit/s")
    numbers = values.to_numpy()
    try:
        return exact_kbit(gbit_per_s(numbers, unit))
    except CapacityError as error:
        shown = str(error).replace("gbit_per_s[", f"{column}[")
        raise FormatError(f"{own}: {shown}") from None


def _kbit(own: str, column: str, word: str) -> int:
    try:
        return kbit_of_text(word)
    except PinchpointError as error:
        raise FormatError(f"{own}: {column}: {error}") from None


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

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72().materialize()
    >>> pp.interop.to_table(rack).num_rows
    1440
    """
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
