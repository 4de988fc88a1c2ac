"""How many threads the core uses."""

import operator

from pinchpoint import _core
from pinchpoint._suggest import shorten
from pinchpoint.errors import InputTypeError, PinchpointError

__all__ = ["get_threads", "set_threads"]


def set_threads(n: int) -> None:
    """Set the number of threads the core uses from now on.

    Results never depend on it. The default is ``PINCHPOINT_THREADS``, or one per core.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    PinchpointError
        A number below 1 or above 1024.
    InputTypeError
        No integer.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> before = pp.get_threads()
    >>> pp.set_threads(1)
    >>> pp.get_threads()
    1
    >>> pp.set_threads(before)
    """
    try:
        count = operator.index(n)
    except TypeError:
        raise InputTypeError(f"n is {shorten(n)}; it is a number of threads") from None
    if not 1 <= count <= 1024:
        raise PinchpointError(f"n is {shorten(count)}; it must be in 1..1024")
    _core.set_threads(count)


def get_threads() -> int:
    """Return the number of threads the core uses.

    Returns
    -------
    int
        What :func:`set_threads` has set, else ``PINCHPOINT_THREADS``, else one per core.
    """
    return _core.get_threads()
