"""What a sweep found: a row per scenario, and what was asked."""

from __future__ import annotations

import json
import textwrap
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._extras import needed
from pinchpoint._result import TabularResult
from pinchpoint._suggest import shorten
from pinchpoint._table import WIDTH, text_table
from pinchpoint._validation import as_number
from pinchpoint._wording import counted
from pinchpoint.errors import StudyError
from pinchpoint.interop._source import as_path, shown_path
from pinchpoint.studies.store import write_whole
from pinchpoint.studies.stored import FORMAT, described, faults

if TYPE_CHECKING:
    import os

    import numpy.typing as npt
    import pyarrow as pa

__all__ = ["Study", "read"]

KEY = b"pinchpoint.study"
# Rows of a printed study, the worst ones.
_SHOWN = 10
_WIDEST = 160


@dataclass(frozen=True, eq=False, repr=False)
class Study(TabularResult):
    """A finished study.

    Attributes
    ----------
    columns : dict of str to list
        ``scenario`` (its index), ``design`` (if there are several), ``label``, ``stands_for`` (how
        many scenarios the row is the answer of), ``solved_as`` (the first scenario that is equal
        under symmetry, whose answer this is), ``links_failed``, ``nodes_failed``, the columns of
        the query, and ``error``.
    about : dict
        What was asked: fabrics, query, scenarios, seed, the answer when nothing has failed, and
        how many scenarios were solved.
    path : Path or None
        The file.
    """

    columns: dict[str, list[Any]]
    about: dict[str, Any]
    path: Path | None = field(default=None)

    def _columns(self) -> dict[str, list[Any]]:
        return self.columns

    def to_dict(self) -> dict[str, Any]:
        """Return the table and what was asked as plain values: `columns` and `about`."""
        return {
            "columns": {name: list(column) for name, column in self.columns.items()},
            "about": deepcopy(self.about),
        }

    def __eq__(self, other: object) -> bool:
        """Tell whether both asked the same and have the same rows, wherever their files are."""
        if not isinstance(other, Study):
            return NotImplemented
        return _same(self.columns, other.columns) and _same(self.about, other.about)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.columns["scenario"])

    @property
    def value_name(self) -> str:
        """Name of the column that figures show."""
        return str(self.about["value"])

    @property
    def num_solved(self) -> int:
        """Scenarios that were solved; the others are equal to one of them."""
        return int(self.about["solved"])

    @property
    def num_errors(self) -> int:
        """Scenarios without an answer."""
        return sum(error is not None for error in self.columns["error"])

    def values(self, design: str | None = None) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return the values that were found, and how many scenarios each stands for."""
        designs = self.columns.get("design")
        rows = [
            (value, weight)
            for place, (value, weight) in enumerate(
                zip(self.columns[self.value_name], self.columns["stands_for"], strict=True)
            )
            if value is not None and (design is None or (designs and designs[place] == design))
        ]
        own = np.array(rows, dtype=np.float64).reshape(-1, 2)
        return own[:, 0], own[:, 1]

    def quantile(self, share: float, design: str | None = None) -> float:
        """Return the value that this share of the scenarios is at or below."""
        share = as_number("share", share)
        if not 0 <= share <= 1:
            raise StudyError(f"share is {share}; it must be from 0 to 1")
        values, weights = self.values(design)
        if not len(values):
            raise StudyError("no scenario of the study has an answer")
        order = np.argsort(values, kind="stable")
        total = np.cumsum(weights[order])
        place = int(np.searchsorted(total, share * total[-1], side="left"))
        return float(values[order][min(place, len(order) - 1)])

    def worst(self) -> dict[str, Any]:
        """Return the row with the worst value, the first of several."""
        values = self.columns[self.value_name]
        known = [place for place, value in enumerate(values) if value is not None]
        if not known:
            raise StudyError("no scenario of the study has an answer")
        sign = 1 if self.about["better"] == "higher" else -1
        place = min(known, key=lambda one: (sign * values[one], one))
        return {name: column[place] for name, column in self.columns.items()}

    def to_arrow(self) -> pa.Table:
        """Return the table as Arrow (extra ``arrow``), with what was asked as metadata."""
        pa = needed("pyarrow", "to_arrow", "arrow", StudyError)
        kinds = {"int": pa.int64(), "float": pa.float64(), "text": pa.string()}
        schema = pa.schema(
            [(name, kinds[kind]) for name, kind in self.about["columns"].items()],
            metadata={KEY: json.dumps(self.about).encode()},
        )
        return pa.table(self.columns, schema=schema)

    def save(self, path: str | os.PathLike[str]) -> Study:
        """Write a Parquet file; the same study gives the same bytes for one pyarrow version."""
        pa = needed("pyarrow", "saving a study", "arrow", StudyError)
        pq = needed("pyarrow.parquet", "saving a study", "arrow", StudyError)
        sink = pa.BufferOutputStream()
        pq.write_table(self.to_arrow(), sink, compression="zstd")
        own = as_path(path)
        write_whole(own, sink.getvalue().to_pybytes())
        return Study(self.columns, self.about, own)

    def __str__(self) -> str:
        from pinchpoint.studies import summary

        tall = [name for name in ("design", "bottleneck") if name in self.columns]
        rows = [
            (
                str(row["label"]),
                summary.shown(self, row[self.value_name]) if row["error"] is None else row["error"],
                f"{row['stands_for']:,}",
                *(str(row[name] or "") for name in tall),
            )
            for row in summary.worst_rows(self, _SHOWN)
        ]
        headers = ("scenario", "value", "stands for", *tall)
        table = text_table(headers, rows, right=(2,), width=_WIDEST)
        more = len(self) - len(rows)
        rest = [counted(more, "more row") + ("" if self.num_errors else ", none worse")]
        answers = [textwrap.fill(text, WIDTH) for text in summary.answer(self)]
        return "\n".join([*answers, "", table, *(rest if more else [])])

    def __repr__(self) -> str:
        total = sum(self.columns["stands_for"])
        return (
            f"Study({self.about['query']['query']}: {counted(total, 'scenario')} in "
            f"{counted(len(self), 'row')}, {self.num_solved:,} solved, "
            f"{self.num_errors:,} without an answer)"
        )


def _same(one: Any, other: Any) -> bool:
    """Tell whether plain values are equal, what is not a number being equal to itself."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other or (one != one and other != other))


def read(path: str | os.PathLike[str], /) -> Study:
    """Read a study that :func:`pinchpoint.sweep` wrote.

    Raises
    ------
    StudyError
        No such file, no Parquet, no study, one of another version, or one that is damaged.
    """
    pa = needed("pyarrow", "reading a study", "arrow", StudyError)
    pq = needed("pyarrow.parquet", "reading a study", "arrow", StudyError)
    own = as_path(path)
    shown = shown_path(own)
    try:
        with own.open("rb") as file:
            table = pq.ParquetFile(file).read()
        table.validate(full=True)
        about = (table.schema.metadata or {}).get(KEY)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        says = getattr(error, "strerror", None) or str(error).partition("\n")[0][:200]
        raise StudyError(f"{shown}: cannot be read as Parquet: {says}") from None
    if about is None:
        raise StudyError(f"{shown}: a Parquet file, but no study of pinchpoint")
    plain = described(about)
    if plain is None:
        raise StudyError(f"{shown}: its description cannot be read")
    if plain["format"] != FORMAT:
        raise StudyError(
            f"{shown}: a study of format {shorten(plain['format'])}; this version reads {FORMAT}"
        )
    for fault in faults(plain, table):
        raise StudyError(f"{shown}: the study is damaged: {fault}")
    return Study({name: table.column(name).to_pylist() for name in plain["columns"]}, plain, own)
