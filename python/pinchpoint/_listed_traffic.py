"""Traffic that is listed: single pairs, matrices and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._extras import needed
from pinchpoint._patterns import Traffic, _Pairs
from pinchpoint._suggest import did_you_mean
from pinchpoint._validation import as_array, as_floats, as_ids, as_text
from pinchpoint._wording import a_type, counted
from pinchpoint.errors import GraphError, InputTypeError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["from_matrix", "from_table", "pairs"]


def pairs(sources: npt.ArrayLike, sinks: npt.ArrayLike, gbit_per_s: npt.ArrayLike = 1.0) -> Traffic:
    """Single pairs of node ids.

    Parameters
    ----------
    sources, sinks : array_like of int, shape (pairs,)
        Node ids; a source must differ from its sink.
    gbit_per_s : array_like of float, shape (pairs,) or scalar, default 1
        Rate of each pair; repeated pairs add up.

    Returns
    -------
    Traffic
        A copy of the rates; what is wrong with single pairs is found when a fabric is asked.

    Raises
    ------
    GraphError
        Arrays of different lengths.
    InputTypeError
        Node ids that are no integers, rates that are no numbers.

    Notes
    -----
    Takes O(pairs) time and memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> line = pp.Fabric.from_links([0, 1], [1, 2], [100.0, 40.0])
    >>> traffic = pp.traffic.pairs([0, 1], [2, 2], [10.0, 30.0])
    >>> line.congestion(traffic).loads().tolist()
    [[10.0, 40.0], [0.0, 0.0]]
    >>> line.congestion(traffic * 2).max_utilization
    2.0
    """
    ends = (("sources", sources), ("sinks", sinks))
    own = [as_ids(name, values).astype(np.int64) for name, values in ends]
    rate = as_floats("gbit_per_s", gbit_per_s, own[0].size).copy()
    if not own[0].size == own[1].size == rate.size:
        raise GraphError(
            f"sources, sinks and gbit_per_s have {own[0].size}, {own[1].size} and {rate.size} "
            "entries; they must be equally long"
        )
    return Traffic((_Pairs(own[0], own[1], rate),))


def from_matrix(matrix: Any, nodes: npt.ArrayLike | None = None) -> Traffic:
    """Read a square matrix of rates in Gbit/s: row sends to column.

    Parameters
    ----------
    matrix : ndarray or SciPy sparse matrix, shape (n, n)
        Rates; zeros are no traffic. The diagonal must be zero.
    nodes : array_like of int, shape (n,), optional
        Node id of each row; default 0 to n - 1.

    Returns
    -------
    Traffic
        Listed: a pair for each entry that is not zero.

    Raises
    ------
    GraphError
        A matrix that is not square, or whose size does not fit `nodes`.
    InputTypeError
        A matrix that does not hold numbers.

    Notes
    -----
    Takes O(n^2) time for an array, O(entries) for a sparse matrix, and memory for the entries that
    are not zero.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> star = pp.Fabric.from_links([0, 1, 2], [3, 3, 3], 100.0)
    >>> traffic = pp.traffic.from_matrix([[0, 30, 10], [0, 0, 0], [20, 60, 0]])
    >>> traffic
    Traffic(4 pairs)
    >>> star.congestion(traffic).loads()[1].tolist()
    [20.0, 90.0, 10.0]
    """
    if hasattr(matrix, "tocoo"):
        entries = matrix.tocoo()
        sent = entries.data != 0
        shape, own = entries.shape, (entries.row[sent], entries.col[sent], entries.data[sent])
    else:
        dense = as_array("matrix", matrix)
        if dense.ndim == 0 or dense.dtype.kind not in "iuf":
            raise InputTypeError(f"matrix has dtype {dense.dtype}; it must hold numbers")
        if dense.ndim != 2:
            raise GraphError(f"matrix has {counted(dense.ndim, 'dimension')}; it must have two")
        rows, columns = np.nonzero(dense)
        shape, own = dense.shape, (rows, columns, dense[rows, columns])
    if shape[0] != shape[1]:
        raise GraphError(f"matrix has shape {shape}; it must be square")
    sources, sinks = (np.asarray(ids).astype(np.int64) for ids in own[:2])
    if nodes is not None:
        ids = as_ids("nodes", nodes)
        if ids.shape != (shape[0],):
            raise GraphError(f"nodes has shape {ids.shape} for a matrix of shape {shape}")
        sources, sinks = ids[sources], ids[sinks]
    return pairs(sources, sinks, own[2])


def from_table(
    table: Any, *, source: str = "source", sink: str = "sink", gbit_per_s: str = "gbit_per_s"
) -> Traffic:
    """Read pairs from the rows of a table: an edge list of who sends how much to whom.

    Parameters
    ----------
    table : Arrow table, DataFrame, or mapping of str to array_like
        Anything with ``__arrow_c_stream__`` (pyarrow, pandas, polars, DuckDB; needs pyarrow), or
        columns by name.
    source, sink : str
        Names of the columns of node ids.
    gbit_per_s : str
        Name of the column of rates in Gbit/s; repeated pairs add up.

    Returns
    -------
    Traffic
        Listed: a pair for each row.

    Raises
    ------
    GraphError
        A column that is not there, or that has empty entries.

    Notes
    -----
    Takes O(rows) time and memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> table = {"source": [0, 0], "sink": [1, 2], "gbit_per_s": [100.0, 50.0]}
    >>> pp.traffic.from_table(table)
    Traffic(2 pairs)
    """
    names = {"source": source, "sink": sink, "gbit_per_s": gbit_per_s}
    for option, name in names.items():
        as_text(option, name)
    if isinstance(table, Mapping):
        columns = {name: as_array(f"column {name!r}", values) for name, values in table.items()}
    elif hasattr(table, "__arrow_c_stream__"):
        own = needed("pyarrow", "from_table", "arrow").table(table)
        for name in names.values():
            if name in own.column_names and own[name].null_count:
                empty = counted(own[name].null_count, "empty entry", "empty entries")
                raise GraphError(f"column {name!r} has {empty}")
        columns = {name: own[name].to_numpy() for name in own.column_names}
    else:
        raise InputTypeError(
            f"table is {a_type(table)}; it must be a mapping of columns or speak Arrow"
        )
    for name in names.values():
        if name not in columns:
            raise GraphError(f"no column is called {name!r}{did_you_mean(name, columns)}")
    return pairs(columns[source], columns[sink], columns[gbit_per_s])
