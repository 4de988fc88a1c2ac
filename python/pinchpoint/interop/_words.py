"""Numbers in text files, with the line and the field they stand in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinchpoint._suggest import shorten

if TYPE_CHECKING:
    from pinchpoint.interop._source import Source

__all__ = ["integer", "number"]

_INTEGER = re.compile(r"[0-9]{1,40}")
_NUMBER = re.compile(r"[0-9]{0,40}\.?[0-9]{0,40}(?:[eE][-+]?[0-9]{1,3})?")


def integer(source: Source, line: int, field: str, text: str, low: int, high: int) -> int:
    """Read a whole number between two bounds, both included."""
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        source.fail(line, f"{field} is {shorten(text)}; it must be a whole number, {low} to {high}")
    return int(text)


def number(source: Source, line: int, field: str, text: str) -> float:
    """Read a finite number of zero or more."""
    if not _NUMBER.fullmatch(text) or not any(map(str.isdigit, text)):
        source.fail(line, f"{field} is {shorten(text)}; it must be a number, zero or more")
    value = float(text)
    if value == float("inf"):
        source.fail(line, f"{field} is {shorten(text)}, which is too large")
    return value
