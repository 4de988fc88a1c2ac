"""What an import did, for people to read before they trust its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinchpoint.explicit import Units

__all__ = ["Notes", "Report"]

_SHOWN = 10


@dataclass(frozen=True)
class Report:
    """What an import read, guessed and skipped.

    Attributes
    ----------
    source : str
        The file, or the kind of object.
    format : str
        The format it was read as.
    read : tuple of (str, int)
        What was counted, such as ``("switch", 9)``.
    guessed : tuple of str
        Every value that the input does not give, and what was taken instead.
    skipped : tuple of str
        What was left out, and why.

    Examples
    --------
    >>> print(Report("dump.topo", "ibnetdiscover", (("switch", 2), ("host", 4))))
    dump.topo read as ibnetdiscover: 2 switch, 4 host; nothing guessed, nothing skipped
    """

    source: str
    format: str
    read: tuple[tuple[str, int], ...] = ()
    guessed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing was guessed and nothing skipped."""
        return not self.guessed and not self.skipped

    def __str__(self) -> str:
        counts = ", ".join(f"{number:,} {what}" for what, number in self.read)
        line = f"{self.source} read as {self.format}: {counts}"
        if self.is_complete:
            return f"{line}; nothing guessed, nothing skipped"
        return "\n".join(
            (line, *_listed("guessed", self.guessed), *_listed("skipped", self.skipped))
        )


def _listed(what: str, items: tuple[str, ...]) -> Iterable[str]:
    yield from (f"  {what}: {item}" for item in items[:_SHOWN])
    if len(items) > _SHOWN:
        yield f"  {what}: {len(items) - _SHOWN:,} more"


class Notes:
    """Collects what an importer guesses and skips; equal notes are counted, not repeated."""

    def __init__(self) -> None:
        self._guessed: dict[str, int] = {}
        self._skipped: dict[str, int] = {}

    def guess(self, note: str) -> None:
        """Note a value that the input does not give."""
        self._guessed[note] = self._guessed.get(note, 0) + 1

    def skip(self, note: str) -> None:
        """Note something left out."""
        self._skipped[note] = self._skipped.get(note, 0) + 1

    def capacities(self, kbit: Units) -> None:
        """Note how many capacities are rounded down, if any."""
        if kbit.rounded:
            unit = f"2^-{kbit.shift} kbit/s" if kbit.shift else "1 kbit/s"
            self.guess(f"{kbit.rounded:,} capacities are rounded down to whole units of {unit}")

    def report(self, source: str, kind: str, read: dict[str, int]) -> Report:
        """Make the report."""
        return Report(
            source, kind, tuple(read.items()), _counted(self._guessed), _counted(self._skipped)
        )


def _counted(notes: dict[str, int]) -> tuple[str, ...]:
    return tuple(
        f"{note} ({times:,} times)" if times > 1 else note for note, times in notes.items()
    )
