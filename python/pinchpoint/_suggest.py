"""Near names for error messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["did_you_mean", "shorten"]


def did_you_mean(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Suggest the nearest known name, or list the known ones when they are few.

    Parameters
    ----------
    name : str
        What was asked for.
    known : iterable of str
        What there is.
    prefix : str, optional
        Written before each suggestion, and not compared.

    Returns
    -------
    str
        A clause to append to an error message, empty when there is nothing useful to say.

    Examples
    --------
    >>> did_you_mean("spin", ["leaf", "spine"])
    ': did you mean "spine"?'
    """
    import difflib

    names = sorted(set(known))
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    if near:
        return f': did you mean "{prefix}{near[0]}"?'
    if 0 < len(names) <= 12:
        return f" (known: {', '.join(prefix + one for one in names)})"
    return ""


def shorten(value: object, limit: int = 60) -> str:
    """Show a value in an error message, truncated.

    Parameters
    ----------
    value : object
        Any value.
    limit : int, default 60
        The most characters to show.

    Returns
    -------
    str
        Its repr, cut at the limit.

    Examples
    --------
    >>> shorten("x" * 100, limit=8)
    "'xxxx..."
    """
    # Slicing text before repr keeps a hostile megabyte out of the message and out of memory.
    text = repr(value[: limit + 1] if isinstance(value, str) else value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
