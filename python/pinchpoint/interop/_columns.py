"""Columns of edge lists: which are the ends and the capacity, and what their rows say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pinchpoint import _core
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._wording import counted
from pinchpoint.errors import CapacityError, FormatError, GraphError, PinchpointError
from pinchpoint.explicit import Units, exact_kbit
from pinchpoint.interop._rates import gbit_per_s, kbit_of_text
from pinchpoint.interop._report import Notes

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MAX_FAULTS", "Rows", "capacities_of", "column_names", "ends_of"]

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
MAX_FAULTS = 10
_NO_CAPACITY = "a capacity is a finite number, zero or more"
_PLACE = re.compile(r"gbit_per_s\[(\d+)\] is [^:]*: (.*)", re.DOTALL)
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Rows:
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
        first = sorted(self.faults, key=lambda fault: fault[0])[:MAX_FAULTS]
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


def column_names(
    own: str, data: Any, given: tuple[str | None, str | None, str | None]
) -> list[str]:
    """Find the columns of tails, heads and capacities, by the names given or by usual ones."""
    known = (("tail", _TAILS), ("head", _HEADS), ("capacity", tuple(_CAPACITIES)))
    return [
        _column(own, data, what, name, usual)
        for name, (what, usual) in zip(given, known, strict=True)
    ]


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


class Ends(NamedTuple):
    """The ends of the links by node number, and the names of the nodes if they have any."""

    tails: npt.NDArray[Any]
    heads: npt.NDArray[Any]
    num_nodes: int
    names: list[str] | None


def ends_of(rows: Rows, notes: Notes, data: Any, columns: list[str]) -> Ends:
    """Give numbers to the nodes that two columns name, their own where those are dense."""
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
            return Ends(arrays[0], arrays[1], top + 1, None)
        notes.guess("node numbers are sparse; taken as names")
        labels, index = np.unique(np.concatenate(arrays), return_inverse=True)
        return Ends(index[:count], index[count:], labels.size, [str(x) for x in labels.tolist()])
    pieces = [piece for values in both for piece in pc.cast(values, pa.large_string()).chunks]
    try:
        numbers, names = _core.number_names(
            [_text_buffers(piece) for piece in pieces if len(piece)]
        )
    except GraphError as error:
        raise FormatError(f"{rows.own}: {columns[0]} and {columns[1]}: {error}") from None
    return Ends(numbers[:count], numbers[count:], len(names), names)


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


def _as_int64(rows: Rows, column: str, values: Any) -> npt.NDArray[np.int64]:
    array: npt.NDArray[Any] = values.to_numpy()
    if array.dtype == np.uint64:
        for row in np.flatnonzero(array >= 1 << 63)[:MAX_FAULTS].tolist():
            rows.fault(row, f"is {array[row]}; ids are below 2^63", column)
    return array.astype(np.int64)


def capacities_of(rows: Rows, notes: Notes, data: Any, column: str, unit: str | None) -> Units:
    """Read numbers in a unit, or text with units of its own."""
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
    for row in np.flatnonzero(~np.isfinite(gbit) | (gbit < 0))[:MAX_FAULTS].tolist():
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
    rows: Rows, column: str, words: list[str], place: npt.NDArray[np.integer[Any]]
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
        for row in np.flatnonzero(np.isin(place, list(says)))[:MAX_FAULTS].tolist():
            rows.fault(row, says[int(place[row])], column)
        rows.check()
    return kbit


def _number(word: str) -> str | None:
    """Return a word that is a plain number, else None."""
    own = word.strip()
    return own if _PLAIN.fullmatch(own) else None
