"""Counts and kinds in messages, in the number and with the article that English asks for."""

from __future__ import annotations

__all__ = ["a_type", "counted", "whole_kbit"]


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Write a count with what it counts.

    Parameters
    ----------
    number : int
        How many there are.
    singular : str
        What one of them is called, with any words that go with one.
    plural : str, optional
        What several are called; by default an "s" follows the singular.

    Returns
    -------
    str
        The number, with thousands set apart, and the words for it.

    Examples
    --------
    >>> counted(1, "failure"), counted(2000, "failure")
    ('1 failure', '2,000 failures')
    >>> counted(1, "pair has", "pairs have")
    '1 pair has'
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def whole_kbit(gbit_per_s: float) -> int:
    """Round Gbit/s to whole kbit/s, for text; numbers too large to be multiplied are not.

    Parameters
    ----------
    gbit_per_s : float
        A finite rate.

    Returns
    -------
    int
        kbit/s.

    Examples
    --------
    >>> whole_kbit(0.25), whole_kbit(1e308) > 10**313
    (250000, True)
    """
    product = gbit_per_s * 1e6
    return round(product) if product < float("inf") else round(gbit_per_s) * 1_000_000


def a_type(value: object) -> str:
    """Name the type of a value with its article.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    str
        Such as "a str" or "an int".

    Examples
    --------
    >>> a_type(3), a_type("3")
    ('an int', 'a str')
    """
    name = type(value).__name__
    spoken_vowel = name[:1] in "AEIOaeio" or name.startswith("ndarray")
    return f"{'an' if spoken_vowel else 'a'} {name}"
