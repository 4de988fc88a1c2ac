"""How a fabric is written and drawn: those methods of :class:`Fabric`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    from pinchpoint.bandwidth import Bandwidth
    from pinchpoint.congestion import Congestion
    from pinchpoint.fabric import Fabric

__all__ = ["plot", "save", "save_html"]


def save(self: Fabric, path: str | os.PathLike[str]) -> None:
    """Write the fabric to a file that :func:`pinchpoint.load` reads back, changes included.

    Parameters
    ----------
    path : str or path-like
        A name that ends in ``.yaml``. An existing file is replaced once all is written.

    Raises
    ------
    FormatError
        Another ending.

    Notes
    -----
    A structured fabric takes what its description takes, not what it describes; an explicit one
    O(links).

    Examples
    --------
    >>> import tempfile, pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rack.save(folder + "/rack.yaml")
    ...     print(pp.load(folder + "/rack.yaml").num_chips)
    72
    """
    from pinchpoint.interop.fabric_yaml import save

    save(self, path)


def plot(self: Fabric, ax: Any = None, *, use: Bandwidth | Congestion | None = None) -> Any:
    """Draw the fabric's tiers with matplotlib, nodes collapsed into blocks.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.
    use : Bandwidth or Congestion, optional
        An answer about this fabric: the use of links becomes their colour.

    Returns
    -------
    matplotlib Axes
        At most 240 marks, whatever the size of the fabric. Needs the extra ``plot``.

    Raises
    ------
    FormatError
        The extra ``plot`` is not installed.
    InputTypeError
        A `use` that is neither.
    GraphError
        An answer about another number of links than the fabric has.

    Notes
    -----
    Up to 3 million links are looked at one by one; a larger structured fabric is drawn by bundle.
    """
    from pinchpoint.draw import plot

    return plot(self, ax, use)


def save_html(
    self: Fabric, path: str | os.PathLike[str], /, *, use: Bandwidth | Congestion | None = None
) -> None:
    """Write an interactive page of the fabric that needs nothing but a browser.

    Parameters
    ----------
    path : str or path-like
        The file; an existing one is replaced. It holds its scripts (about 5 MB) and asks the
        network for nothing.
    use : Bandwidth or Congestion, optional
        As in :meth:`plot`.

    Raises
    ------
    FormatError
        The file cannot be written, or the extra ``plot`` is not installed.
    InputTypeError
        A `use` that is neither.
    GraphError
        An answer about another number of links than the fabric has.

    Notes
    -----
    Up to 3 million links are looked at one by one; a larger structured fabric is drawn by bundle.
    At most 240 marks are drawn.

    Examples
    --------
    >>> import os, tempfile, pinchpoint as pp
    >>> server = pp.clusters.hgx_h100()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     server.save_html(folder + "/server.html", use=server.bandwidth("chip[chip=0]", "nic"))
    ...     print(os.path.getsize(folder + "/server.html") > 1_000_000)  # its scripts are in it
    True
    """
    from pinchpoint.draw import save_html

    save_html(self, path, use)
