"""Where the rows of a study wait until it is finished: checksummed files beside its output.

A chunk file is one line of JSON with the SHA-256 of the rest, then the rows as JSON. It appears
under its name only once it is whole and on disk, so a process that is killed loses no finished
row; a damaged file is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from pinchpoint.errors import StudyError
from pinchpoint.interop._source import is_there, shown_path

__all__ = ["Store", "write_whole"]

_FORMAT = 1


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is either whole or not there; a failure is a StudyError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    shown = shown_path(path)
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise StudyError(
            f"cannot write {shown}: {error.strerror or error}; finished rows are kept, run the "
            "study again to go on"
        ) from error


class Store:
    """The chunk files of one study."""

    def __init__(self, out: Path, key: str) -> None:
        self.folder = out.with_name(out.name + ".parts")
        self.damaged = 0
        self._next = 0
        head = self.folder / "study.json"
        if is_there(head):
            try:
                found = json.loads(head.read_bytes())
            except (OSError, ValueError, RecursionError) as error:
                raise StudyError(f"{head} cannot be read: {error}; delete {self.folder}") from None
            if found != {"format": _FORMAT, "key": key}:
                raise StudyError(
                    f"{self.folder} holds the unfinished rows of another study or version; "
                    "delete it or choose another out="
                )
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            shown = shown_path(self.folder)
            raise StudyError(f"cannot make {shown}: {error.strerror or error}") from None
        write_whole(head, json.dumps({"format": _FORMAT, "key": key}).encode())

    def rows(self) -> dict[int, dict[str, Any]]:
        """Read all finished rows, by index."""
        found: dict[int, dict[str, Any]] = {}
        for path in sorted(self.folder.glob("[0-9]*.rows")):
            if not (path.stem.isascii() and path.stem.isdecimal() and len(path.stem) < 19):
                continue
            self._next = max(self._next, int(path.stem) + 1)
            try:
                head, _, body = path.read_bytes().partition(b"\n")
            except OSError as error:
                raise StudyError(f"{path} cannot be read: {error.strerror or error}") from None
            try:
                own = json.loads(head)["sha256"] == hashlib.sha256(body).hexdigest()
                rows = json.loads(body) if own else None
                kept = {int(index): dict(row) for index, row in rows or ()}
            except (ValueError, KeyError, TypeError, RecursionError):
                rows = None
            if rows is None:
                self.damaged += 1
                continue
            found.update(kept)
        return found

    def add(self, rows: list[tuple[int, dict[str, Any]]]) -> None:
        """Keep some finished rows."""
        body = json.dumps(rows, separators=(",", ":")).encode()
        head = json.dumps({"sha256": hashlib.sha256(body).hexdigest()}).encode()
        write_whole(self.folder / f"{self._next:08d}.rows", head + b"\n" + body)
        self._next += 1

    def remove(self) -> None:
        """Delete the chunk files, once the output is written."""
        shutil.rmtree(self.folder, ignore_errors=True)
