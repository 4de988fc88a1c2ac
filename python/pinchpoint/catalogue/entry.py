"""One entry of the catalogue: the figures of a chip, link, rack or network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._table import hanging, html_table, text_table
from pinchpoint.catalogue.figure import Figure
from pinchpoint.errors import CatalogueError

__all__ = ["Entry"]

_HEADERS = ("figure", "value", "direction", "status", "source")


class Entry(Mapping[str, Figure]):
    """The figures published for one thing, by name.

    Printing it gives every figure with its direction, status and source, and each conflicting
    value under the one that builders use by default.

    Parameters
    ----------
    name : str
        Its name in the catalogue, such as ``"trn3"``.
    title : str
        Its name in words.
    figures : mapping of str to Figure
        The figures, in order.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.hardware["trn3"]["cross_rack"].text
    '128 GB/s'
    """

    __slots__ = ("_figures", "name", "title")

    name: str
    title: str
    _figures: Mapping[str, Figure]

    def __init__(self, name: str, title: str, figures: Mapping[str, Figure]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "_figures", MappingProxyType(dict(figures)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an entry of the catalogue cannot be changed; {name} stays")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"an entry of the catalogue cannot be changed; {name} stays")

    def __reduce__(self) -> tuple[Any, ...]:
        return Entry, (self.name, self.title, dict(self._figures))

    def __getitem__(self, name: str) -> Figure:
        """Look a figure up, with a suggestion where there is none."""
        try:
            return self._figures[name]
        except (KeyError, TypeError):
            raise CatalogueError(
                f"{self.name} has no figure {shorten(name)}{did_you_mean(str(name), self._figures)}"
            ) from None

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
        """Return a figure, or the default where there is none.

        Parameters
        ----------
        name : str
            Name of the figure.
        default : object, optional
            What to return where there is none.

        Returns
        -------
        Figure or object
            The figure or the default.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> pp.hardware["trn4"].get("nic") is None
        True
        """
        # Mapping.get waits for a KeyError; ours is a CatalogueError with a suggestion.
        return self._figures.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._figures

    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)

    def _rows(self) -> tuple[list[tuple[str, ...]], list[tuple[str, str]], list[str]]:
        """Rows of the table, notes by figure, and the numbered citations."""
        citations: list[str] = []
        rows: list[tuple[str, ...]] = []
        notes: list[tuple[str, str]] = []
        for figure in self._figures.values():
            for shown in (figure, *figure.others):
                citations += [s for s in shown.sources if s not in citations]
                numbers = ",".join(str(citations.index(s) + 1) for s in shown.sources)
                first = shown is figure
                rows.append(
                    (
                        figure.name if first else "  conflicting",
                        shown.text,
                        shown.direction,
                        shown.status,
                        numbers,
                    )
                )
                if shown.note:
                    label = figure.name if first else f"{figure.name}, {shown.text}"
                    notes.append((label, shown.note))
        return rows, notes, citations

    def __repr__(self) -> str:
        rows, notes, citations = self._rows()
        lines = [f"{self.title}  ({self.name})", "", text_table(_HEADERS, rows)]
        if notes:
            lines += ["", "Notes"]
            lines += [hanging(f"{label}: {note}") for label, note in notes]
        lines += ["", "Sources"]
        lines += [hanging(f"{i}. {citation}") for i, citation in enumerate(citations, 1)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows, notes, citations = self._rows()
        parts = [html_table(_HEADERS, rows, self.title)]
        if notes:
            parts.append(html_table(("figure", "note"), notes))
        parts.append(
            html_table(("", "source"), [(str(i), text) for i, text in enumerate(citations, 1)])
        )
        return "".join(parts)
