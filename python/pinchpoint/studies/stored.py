"""What the file of a study must hold, so that everything a study can do works on it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pinchpoint._suggest import shorten
from pinchpoint._wording import a_type

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMAT", "described", "faults"]

FORMAT = 1
_KINDS = {"int": "int64", "float": "double", "text": "string"}
# Fields of the description; in a list every entry is of the type that is named second.
_FIELDS: dict[str, tuple[type, ...]] = {
    "pinchpoint": (str,),
    "key": (str,),
    "designs": (list, str),
    "fabrics": (list, dict),
    "query": (dict,),
    "value": (str,),
    "unit": (str,),
    "better": (str,),
    "scenarios": (str,),
    "seed": (int,),
    "healthy": (list, dict),
    "solved": (int,),
    "columns": (dict,),
}
_OF_A_FABRIC: dict[str, type] = {"name": str, "chips": int, "nodes": int, "links": int, "kind": str}
_WHOLE = ("scenario", "stands_for", "solved_as", "links_failed", "nodes_failed")


def described(content: bytes) -> dict[str, Any] | None:
    """Read the description of a study; None if it is none."""
    try:
        about = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return about if isinstance(about, dict) and "format" in about else None


def faults(about: dict[str, Any], table: pa.Table) -> Iterator[str]:
    """Say what is wrong with a description and its table, if anything is; the first thing first."""
    yield from _of_fields(about)
    yield from _of_entries(about)
    yield from _of_columns(about, table)
    yield from _of_rows(about, table)


def _of_fields(about: dict[str, Any]) -> Iterator[str]:
    for name, (kind, *inner) in _FIELDS.items():
        if name not in about:
            yield f"its description has no {name!r}"
        elif not _is(about[name], kind):
            yield f"{name!r} of its description is {a_type(about[name])}"
        elif inner and not all(_is(one, inner[0]) for one in about[name]):
            yield f"{name!r} of its description is {shorten(about[name])}"


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _of_entries(about: dict[str, Any]) -> Iterator[str]:
    for place, fabric in enumerate(about["fabrics"]):
        for name, kind in _OF_A_FABRIC.items():
            if not _is(fabric.get(name), kind):
                yield f"{name!r} of fabric {place} is {shorten(fabric.get(name))}"
    count = len(about["fabrics"])
    if len(about["healthy"]) != count or len(about["designs"]) not in (0, count):
        yield "it does not have a design and a healthy value for each fabric"
    if about["better"] not in ("higher", "lower"):
        yield f"'better' is {shorten(about['better'])}; it must be 'higher' or 'lower'"
    if not isinstance(about["query"].get("query"), str):
        yield f"its query is {shorten(about['query'])}"
    for own in about["healthy"]:
        value = own.get(about["value"])
        if value is not None and not (_is(value, int) or _is(value, float)):
            yield f"a healthy value is {shorten(value)}; it must be a number"


def _of_columns(about: dict[str, Any], table: pa.Table) -> Iterator[str]:
    kinds = about["columns"]
    needed = {**dict.fromkeys(_WHOLE, "int"), "label": "text", "error": "text"}
    if about["designs"]:
        needed["design"] = "text"
    if "bottleneck" in kinds:
        needed["bottleneck"] = "text"
    for name, kind in needed.items():
        if kinds.get(name) != kind:
            yield f"its column {name!r} is missing or is no {kind}"
    if kinds.get(about["value"]) not in ("int", "float"):
        yield f"its column of values, {shorten(about['value'])}, is missing or holds no numbers"
    for name, kind in kinds.items():
        if table.schema.names.count(name) != 1:
            yield f"its table has no column {shorten(name)}"
        elif str(table.schema.field(name).type) != _KINDS.get(kind):
            yield f"column {shorten(name)} of its table is no {shorten(kind)}"
    if len(table.schema.names) != len(kinds):
        yield "its table has columns that its description does not name"


def _of_rows(about: dict[str, Any], table: pa.Table) -> Iterator[str]:
    for name in (*_WHOLE, "label", *(["design"] if about["designs"] else [])):
        if table.column(name).null_count:
            yield f"column {name!r} of its table has gaps"
    if any(count < 1 for count in table.column("stands_for").to_pylist()):
        yield "a row of its table stands for no scenario"
    if any(
        isinstance(value, float) and math.isnan(value)
        for value in table.column(about["value"]).to_pylist()
    ):
        yield f"a value in its column {shorten(about['value'])} is nan"
