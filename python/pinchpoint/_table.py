"""Plain text and HTML tables that fit a terminal of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["WIDTH", "hanging", "html_table", "text_table"]

WIDTH: Final = 80
_GAP: Final = "  "
_NARROWEST: Final = 8


def text_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    whole: Sequence[int] = (),
    width: int = WIDTH,
) -> str:
    """Lay rows out in columns, wrapping the widest columns until the table fits.

    Parameters
    ----------
    headers : sequence of str
        Column titles.
    rows : sequence of sequences of str
        Cells, as many per row as there are headers.
    right : sequence of int, optional
        Columns aligned to the right, for numbers.
    whole : sequence of int, optional
        Columns that are never wrapped, for names.
    width : int, default 80
        The most columns a line may have.

    Returns
    -------
    str
        Lines joined by newlines, without a trailing one.

    Examples
    --------
    >>> print(text_table(["tier", "links"], [["leaf-spine", "9216"]], right=[1]))
    tier        links
    ----------  -----
    leaf-spine   9216
    """
    import textwrap

    widths = _fit([headers, *rows], whole, width)
    lines = [_line(list(headers), widths, right), _line(["-" * w for w in widths], widths, ())]
    for row in rows:
        # Long words are cut rather than left to push the next column out of line.
        cells = [textwrap.wrap(c, w) or [""] for c, w in zip(row, widths, strict=True)]
        for i in range(max(len(cell) for cell in cells)):
            parts = [cell[i] if i < len(cell) else "" for cell in cells]
            lines.append(_line(parts, widths, right))
    return "\n".join(lines)


def _fit(rows: Sequence[Sequence[str]], whole: Sequence[int], width: int) -> list[int]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    room = width - len(_GAP) * (len(widths) - 1)
    free = [i for i in range(len(widths)) if i not in whole]
    while sum(widths) > room and free:
        widest = max(free, key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    aligned = [
        cell.rjust(w) if i in right else cell.ljust(w)
        for i, (cell, w) in enumerate(zip(cells, widths, strict=True))
    ]
    return _GAP.join(aligned).rstrip()


def hanging(text: str) -> str:
    """Wrap a line of a list, indented by two columns and what follows by four.

    Parameters
    ----------
    text : str
        The line.

    Returns
    -------
    str
        Lines joined by newlines.

    Examples
    --------
    >>> hanging("one line")
    '  one line'
    """
    import textwrap

    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def html_table(headers: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """Write rows as an HTML table, every cell escaped.

    Parameters
    ----------
    headers : sequence of str
        Column titles.
    rows : sequence of sequences of str
        Cells.
    caption : str, optional
        Caption of the table.

    Returns
    -------
    str
        A ``<table>`` element.

    Examples
    --------
    >>> html_table(["a"], [["1 < 2"]])
    '<table><tr><th>a</th></tr><tr><td>1 &lt; 2</td></tr></table>'
    """
    from html import escape  # its table of entities is slow to load and rarely needed

    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in headers)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{title}<tr>{head}</tr>{body}</table>"
