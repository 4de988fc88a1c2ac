"""SciPy's face: `scipy.sparse.csgraph.maximum_flow` without its 32-bit limit."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pinchpoint._extras import needed
from pinchpoint._wording import a_type
from pinchpoint.errors import InputTypeError
from pinchpoint.maxflow import MaximumFlow
from pinchpoint.maxflow import maximum_flow as _maximum_flow

__all__ = ["MaximumFlowResult", "maximum_flow"]


@dataclass(frozen=True, repr=False)
class MaximumFlowResult:
    """What SciPy's function of the same name returns, with the cut besides.

    Attributes
    ----------
    flow_value : int or float
        The value, in the unit of the capacities.
    flow : sparse array or matrix in CSR format, shape (nodes, nodes)
        Net flow: antisymmetric, as SciPy has it; int64, float64 for float capacities.
    result : MaximumFlow
        The answer by arc, with its minimum cut and certificate.
    """

    flow_value: int | float
    flow: Any
    result: MaximumFlow

    def __repr__(self) -> str:
        return f"MaximumFlowResult with value of {self.flow_value}"


def maximum_flow(csgraph: Any, source: int, sink: int, *, method: str | None = None) -> Any:
    """Send as much as possible from source to sink of a sparse graph.

    Parameters
    ----------
    csgraph : sparse array or matrix, shape (nodes, nodes)
        Entry ``(i, j)`` is the capacity of the arc from ``i`` to ``j``: any integer dtype, or
        float64. Duplicate entries add up.
    source, sink : int
        Where flow starts and ends.
    method : str, optional
        Accepted for SciPy's sake (``"edmonds_karp"``, ``"dinic"``) and without effect.

    Returns
    -------
    MaximumFlowResult
        With ``flow_value`` and ``flow``, the net flow in CSR format.

    Raises
    ------
    GraphError, CapacityError, InputTypeError, UnboundedError
        As `pinchpoint.maximum_flow`.

    Notes
    -----
    Takes as long as :func:`pinchpoint.maximum_flow`, and O(entries) beside it.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> from scipy.sparse import csr_array
    >>> graph = csr_array([[0, 2**40], [0, 0]])
    >>> pp.csgraph.maximum_flow(graph, 0, 1).flow_value
    1099511627776
    """
    sparse = needed("scipy.sparse", "pinchpoint.csgraph")
    if not sparse.issparse(csgraph):
        raise InputTypeError(f"csgraph is {a_type(csgraph)}; it must be a sparse array")
    if method not in (None, "edmonds_karp", "dinic"):
        raise InputTypeError(f"method is {method!r}; it must be 'edmonds_karp' or 'dinic'")
    rows, columns = csgraph.shape
    if rows != columns:
        raise InputTypeError(f"csgraph has shape {csgraph.shape}; it must be square")
    graph = csgraph.tocsr()
    tails = np.repeat(np.arange(rows, dtype=graph.indices.dtype), np.diff(graph.indptr))
    result = _maximum_flow(tails, graph.indices, graph.data, source, sink, num_nodes=rows)
    matrix = sparse.csr_array if isinstance(csgraph, sparse.sparray) else sparse.csr_matrix
    forward = matrix((result.flow, graph.indices, graph.indptr), shape=(rows, rows))
    flow = (forward - forward.T).tocsr()
    flow.eliminate_zeros()
    return MaximumFlowResult(result.value, flow, result)
