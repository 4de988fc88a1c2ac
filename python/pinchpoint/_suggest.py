"""Near names, and values cut short, for error messages."""

from __future__ import annotations

from numbers import Number
from typing import TYPE_CHECKING

from pinchpoint._wording import a_type

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
    by_lower = {one.lower(): one for one in reversed(names)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f': did you mean "{prefix}{by_lower[near[0]]}"?'
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
        A number as printed, or the repr of anything else, cut at the limit.

    Examples
    --------
    >>> shorten("x" * 100, limit=8), shorten(1.5), shorten(10**5000)
    ("'xxxx...", '1.5', 'an integer of 16,610 bits')
    """
    try:
        if isinstance(value, Number):
            text = str(value)
        else:
            # Slicing first keeps a hostile megabyte out of the message and out of memory.
            text = repr(value[: limit + 1] if isinstance(value, str) else value)
    except ValueError:  # Python does not write integers of more than some thousand digits
        return (
            f"an integer of {value.bit_length():,} bits"
            if isinstance(value, int)
            else f"{a_type(value)} with a longer integer than can be written"
        )
    return text if len(text) <= limit else text[: limit - 3] + "..."
