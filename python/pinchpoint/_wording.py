"""Counts and kinds in messages, in the number and with the article that English asks for."""

from __future__ import annotations

from numbers import Number

__all__ = ["a_type", "brief", "counted"]


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


def brief(value: object) -> str:
    """Write the beginning of a value.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    str
        Up to 40 characters of a number as printed, or of how Python writes another value.

    Examples
    --------
    >>> brief(1.5), brief("1.5"), brief(10**5000)
    ('1.5', "'1.5'", 'an integer of 16,610 bits')
    """
    try:
        return (str(value) if isinstance(value, Number) else ascii(value))[:40]
    except ValueError:  # Python does not write integers of more than some thousand digits
        return f"an integer of {int(value).bit_length():,} bits"  # type: ignore[call-overload]


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
