"""Files under limits: read once, decoded strictly, faults named with file and line."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pinchpoint._suggest import shorten
from pinchpoint._wording import a_type
from pinchpoint.errors import FormatError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_BYTES", "Source", "as_path", "is_there", "read_bytes", "shorten", "shown_path"]

MAX_BYTES = 1 << 30
MAX_LINE = 1 << 16
_MAX_FAULTS = 10
_LONGEST_NAME = 200
# XML says in which encoding it is.
_DECLARED = re.compile(rb"<\?xml[^>]{0,100}\bencoding=[\"']([A-Za-z0-9._-]{1,40})[\"']")
_LATIN = (b"iso-8859-1", b"latin-1", b"latin1")


def as_path(path: object, field: str = "path") -> Path:
    """Return the path that was meant, or say that it is none."""
    if not isinstance(path, str | os.PathLike):
        raise InputTypeError(f"{field} is {a_type(path)}; it must be text or a path")
    text = os.fspath(path)
    if not isinstance(text, str) or "\0" in text:
        raise InputTypeError(f"{field} is {shorten(text)}; it must be text without zero bytes")
    try:
        os.fsencode(text)  # surrogates stand for the bytes of names that are no text
    except UnicodeEncodeError:
        raise InputTypeError(
            f"{field} is {shorten(text)}; it has a lone surrogate, which no name of a file may have"
        ) from None
    return Path(text)


def shown_path(path: object) -> str:
    """Write a path at the start of a message, its end only where it is very long."""
    text = str(path)
    return text if len(text) <= _LONGEST_NAME else f"...{text[3 - _LONGEST_NAME :]}"


def is_there(path: Path) -> bool:
    """Tell whether there is such a file; none has a name that is too long for one."""
    try:
        return path.exists()
    except OSError:
        return False


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Read a regular file that is no larger than `limit`."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise FormatError(f"{shown_path(path)}: {error.strerror or error}") from None
    if len(content) > limit:
        raise FormatError(f"{shown_path(path)}: larger than the limit of {limit >> 20:,} MB")
    return content


@dataclass
class Source:
    """The text of a file, and the faults found in it.

    Parameters
    ----------
    name : str
        The file, as messages show it.
    text : str
        What it holds.
    """

    name: str
    text: str
    _faults: list[str] = field(default_factory=list)

    @staticmethod
    def open(path: object, limit: int = MAX_BYTES) -> Source:
        """Read a text file; UTF-8, with or without a byte-order mark, or XML that says Latin-1."""
        own = as_path(path)
        return Source.decode(str(own), read_bytes(own, limit))

    @staticmethod
    def decode(name: str, content: bytes) -> Source:
        """Decode the content of a file."""
        declared = _DECLARED.match(content)
        encoding = "latin-1" if declared and declared[1].lower() in _LATIN else "utf-8-sig"
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            byte = content[error.start]
            shown = shown_path(name)
            raise FormatError(f"{shown}:{line}: byte 0x{byte:02x} is no UTF-8 text") from None
        return Source(name, text)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield number and text of each line; over-long ones are faults."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if len(line) > MAX_LINE:
                self.fail(
                    number, f"the line has {len(line):,} characters, the limit is {MAX_LINE:,}"
                )
            yield number, line.rstrip("\r")

    def fail(self, line: int | None, message: str) -> NoReturn:
        """Raise now, with the faults noted before."""
        self.fault(line, message)
        raise FormatError("\n".join(self._faults))

    def fault(self, line: int | None, message: str) -> None:
        """Note a fault; the tenth raises."""
        place = "" if line is None else f":{line}"
        self._faults.append(f"{shown_path(self.name)}{place}: {message}")
        if len(self._faults) >= _MAX_FAULTS:
            raise FormatError("\n".join(self._faults))

    def check(self) -> None:
        """Raise if there were faults."""
        if self._faults:
            raise FormatError("\n".join(self._faults))
