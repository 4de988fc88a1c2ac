"""Files and objects of other tools, in and out; one module per format, imported when used."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

from pinchpoint.interop._imported import Cables, Demands, Imported, Paths
from pinchpoint.interop._report import Report
from pinchpoint.interop._source import Source

if TYPE_CHECKING:
    import os

    from pinchpoint.fabric import Fabric
    from pinchpoint.interop._yaml import Node
    from pinchpoint.interop.dimacs import read_dimacs, write_dimacs
    from pinchpoint.interop.graphml import read_graphml
    from pinchpoint.interop.graphs import (
        from_igraph,
        from_networkx,
        from_scipy,
        to_igraph,
        to_networkx,
        to_scipy,
    )
    from pinchpoint.interop.infiniband import read_ibnetdiscover
    from pinchpoint.interop.infragraph import read_infragraph
    from pinchpoint.interop.nccl import read_nccl
    from pinchpoint.interop.netgraph import from_netgraph, read_netgraph
    from pinchpoint.interop.netloc import read_netloc
    from pinchpoint.interop.repetita import read_repetita
    from pinchpoint.interop.sndlib import read_sndlib
    from pinchpoint.interop.tables import from_table, read_csv, read_parquet, to_table
    from pinchpoint.interop.uec import read_uec

__all__ = [
    "Cables",
    "Demands",
    "Imported",
    "Paths",
    "Report",
    "from_igraph",
    "from_netgraph",
    "from_networkx",
    "from_scipy",
    "from_table",
    "load",
    "read",
    "read_csv",
    "read_dimacs",
    "read_graphml",
    "read_ibnetdiscover",
    "read_infragraph",
    "read_nccl",
    "read_netgraph",
    "read_netloc",
    "read_parquet",
    "read_repetita",
    "read_sndlib",
    "read_uec",
    "to_igraph",
    "to_networkx",
    "to_scipy",
    "to_table",
    "write_dimacs",
]

# Readers that are told by the start of a file, and what each module gives to this one.
_READERS = ("graphml", "sndlib", "nccl", "netloc", "infiniband", "uec", "repetita", "dimacs")
_KNOWN = (
    "fabric.yaml",
    "InfraGraph",
    "NetGraph",
    "CSV, Parquet or Arrow by its ending",
    "ibnetdiscover",
    "netloc",
    "NCCL topology",
    "GraphML",
    "SNDlib",
    "Repetita",
    "Ultra Ethernet topology",
    "DIMACS",
)
_EXPORTS = {
    "dimacs": ("read_dimacs", "write_dimacs"),
    "graphml": ("read_graphml",),
    "graphs": (
        "from_igraph",
        "from_networkx",
        "from_scipy",
        "to_igraph",
        "to_networkx",
        "to_scipy",
    ),
    "infiniband": ("read_ibnetdiscover",),
    "infragraph": ("read_infragraph",),
    "nccl": ("read_nccl",),
    "netgraph": ("from_netgraph", "read_netgraph"),
    "netloc": ("read_netloc",),
    "repetita": ("read_repetita",),
    "sndlib": ("read_sndlib",),
    "tables": ("from_table", "read_csv", "read_parquet", "to_table"),
    "uec": ("read_uec",),
}
_HEAD = 1 << 16


def load(path: str | os.PathLike[str]) -> Fabric:
    """Read a fabric from a file, of whatever format it is.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Fabric
        Structured or explicit, as it was saved. :attr:`Fabric.report` of an imported one says what
        was guessed and skipped; :func:`pinchpoint.interop.read` gives traffic and paths too.

    Raises
    ------
    FormatError
        A file that cannot be read; the message has file, line and field.

    Notes
    -----
    Linear in the size of the file; a structured fabric takes what its description takes.

    Examples
    --------
    >>> import tempfile, pinchpoint as pp
    >>> fabric = pp.Fabric.from_links([0, 1], [1, 2], [400.0, 200.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fabric.save(folder + "/line.yaml")
    ...     pp.load(folder + "/line.yaml").bandwidth(0, 2).gbit_per_s
    200.0
    """
    return read(path).fabric


def read(path: str | os.PathLike[str]) -> Imported:
    """Read a file of whatever format it is, with its report, traffic and paths.

    Parameters
    ----------
    path : str or path-like
        The file: ``fabric.yaml``, output of ibnetdiscover, netloc's ``-nodes.ndat`` (its paths are
        found beside it), an NCCL topology, a table of links, GraphML, SNDlib, Repetita, an Ultra
        Ethernet topology, DIMACS, InfraGraph or NetGraph. Formats with options or a second file
        have a reader of their own, such as :func:`read_sndlib`.

    Returns
    -------
    Imported
        The fabric, the report, and what else the file holds.

    Raises
    ------
    FormatError
        A file that cannot be read or is of no known format.

    Notes
    -----
    Linear in the size of the file, 1 GiB at most (16 GiB of a table).

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''p max 3 2
    ... n 1 s
    ... n 3 t
    ... a 1 2 5
    ... a 2 3 4
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "line.max")
    ...     _ = path.write_text(text)
    ...     found = pp.interop.read(path)
    >>> found.report.format, found.report.guessed, found.terminals
    ('DIMACS', ('capacities have no unit; taken as Gbit/s',), (0, 2))
    >>> found.fabric.bandwidth(*found.terminals).gbit_per_s
    4.0
    """
    from pinchpoint.interop import tables

    if (table := tables.read_table(path)) is not None:
        return table
    source = Source.open(path)
    name = source.name.lower()
    if name.endswith((".yaml", ".yml")):
        return _yaml_file(source)
    head = source.text[:_HEAD]
    for module in _READERS:
        reader = importlib.import_module(f"pinchpoint.interop.{module}")
        if reader.looks_like(head):
            found: Imported = reader.parse(source)
            return found
    return source.fail(1, f"of no known format (known: {', '.join(_KNOWN)})")


def _yaml_file(source: Source) -> Imported:
    """Tell fabric.yaml, InfraGraph and NetGraph by their first keys."""
    keys = set(re.findall(r"^([A-Za-z_]+):", source.text, re.MULTILINE))
    if {"devices", "instances"} <= keys:
        from pinchpoint.interop import infragraph

        return infragraph.parse(_parsed(source))
    if {"network", "blueprints"} & keys and "groups" not in keys:
        from pinchpoint.interop import netgraph

        return netgraph.parse(_parsed(source))
    from pinchpoint.interop import fabric_yaml

    fabric = fabric_yaml.load(source)
    return Imported(fabric, Report(source.name, "fabric.yaml", _counts(fabric)))


def _parsed(source: Source) -> Node:
    from pinchpoint.interop import _yaml

    return _yaml.parse(source)


def _counts(fabric: Fabric) -> tuple[tuple[str, int], ...]:
    return (("nodes", fabric.num_nodes), ("links", fabric.num_links))


def __getattr__(name: str) -> Any:
    for module, exported in _EXPORTS.items():
        if name in exported:
            return getattr(importlib.import_module(f"pinchpoint.interop.{module}"), name)
    raise AttributeError(f"module 'pinchpoint.interop' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
