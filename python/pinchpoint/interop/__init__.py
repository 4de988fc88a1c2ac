"""Files and objects of other tools, in and out; one module per format, imported when used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint.interop._report import Report
from pinchpoint.interop._source import Source

if TYPE_CHECKING:
    import os

    from pinchpoint.fabric import Fabric

__all__ = ["Report", "load"]


def load(path: str | os.PathLike[str], /) -> Fabric:
    """Read a fabric from a file, of whatever format it is.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Fabric
        Structured or explicit, as it was saved.

    Raises
    ------
    FormatError
        A file that cannot be read; the message has file, line and field.

    Examples
    --------
    >>> import tempfile, pinchpoint as pp
    >>> fabric = pp.Fabric.from_links([0, 1], [1, 2], [400.0, 200.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fabric.save(folder + "/line.yaml")
    ...     pp.load(folder + "/line.yaml").bandwidth(0, 2).gbit_per_s
    200.0
    """
    from pinchpoint.interop.fabric_yaml import load as load_yaml

    return load_yaml(Source.open(path))
