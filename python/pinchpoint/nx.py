"""A backend of networkx: maximum flows and minimum cuts, exact and checked.

``networkx.maximum_flow(G, s, t, backend="pinchpoint")`` works once pinchpoint is installed:
networkx finds this module through the entry points of the package. The functions take networkx
graphs too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._extras import needed
from pinchpoint._suggest import shorten
from pinchpoint._wording import a_type
from pinchpoint.errors import CapacityError, UnboundedError
from pinchpoint.maxflow import maximum_flow as _maximum_flow
from pinchpoint.maxflow import minimum_cut as _minimum_cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from pinchpoint.maxflow import MaximumFlow, MinimumCut

__all__ = [
    "Graph",
    "can_run",
    "convert_from_nx",
    "convert_to_nx",
    "maximum_flow",
    "maximum_flow_value",
    "minimum_cut",
    "minimum_cut_value",
]

_FLOW_FUNCTIONS = {
    "boykov_kolmogorov",
    "dinitz",
    "edmonds_karp",
    "preflow_push",
    "shortest_augmenting_path",
}


class Graph:
    """What networkx hands to this backend: the networkx graph itself.

    networkx keeps this object with the graph and does not notice every change, so it holds nothing
    that was read from the graph: each call reads anew.
    """

    __networkx_backend__ = "pinchpoint"

    def __init__(self, graph: Any) -> None:
        self.graph = graph

    def is_directed(self) -> bool:
        """Whether edges are one-way arcs."""
        return bool(self.graph.is_directed())

    def is_multigraph(self) -> bool:
        """Whether there may be parallel edges."""
        return bool(self.graph.is_multigraph())


class _Problem:
    """The nodes and arcs of a graph as they are now; an edge without the attribute has no limit."""

    def __init__(self, graph: Any, capacity: str) -> None:
        self.graph = graph
        self.nodes = list(graph)
        self.place = place = {node: i for i, node in enumerate(self.nodes)}
        ends = np.array([(place[a], place[b]) for a, b in graph.edges], np.int64).reshape(-1, 2)
        self.tails, self.heads = ends[:, 0], ends[:, 1]
        self.values, self._total = _numbers(graph, capacity)
        if not graph.is_directed():
            self.tails, self.heads = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
            self.values = np.concatenate([self.values, self.values])

    def is_unbounded(self, value: int | float) -> bool:
        """Whether a flow of this value takes a path without limits."""
        return self._total is not None and value > self._total


def _numbers(graph: Any, capacity: str) -> tuple[Any, int | None]:
    """Read the capacities, and the total that only a flow without limits passes."""
    values = [value for _, _, value in graph.edges(data=capacity, default=math.inf)]
    for (a, b), value in zip(graph.edges, values, strict=True):
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not value >= 0:
            edge = f"edge {shorten(a, 40)} - {shorten(b, 40)}"
            why = "" if number else ", no number"
            raise CapacityError(f"{edge}: {capacity} is {shorten(value)}{why}")
    finite = [value for value in values if value != math.inf]
    if any(isinstance(value, float | np.floating) for value in finite):
        return np.array(values, np.float64), None
    # Whole numbers stay whole: no limit is one more than all the limits there are together.
    whole = [int(value) for value in finite]
    total = sum(whole)
    if len(whole) < len(values):
        whole = [total + 1 if value == math.inf else int(value) for value in values]
    small = total < 1 << 62
    return np.array(whole, np.int64 if small else object), total


def convert_from_nx(graph: Any, **_: Any) -> Graph:
    """Take a networkx graph; it is read when a question is asked."""
    return graph if isinstance(graph, Graph) else Graph(graph)


def convert_to_nx(result: Any, **_: Any) -> Any:
    """Give back the networkx graph, or the answer as it is."""
    return result.graph if isinstance(result, Graph) else result


def can_run(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool | str:
    """Tell networkx whether this backend answers a call; a text says why not."""
    known = {"flowG", "_s", "_t", "capacity", "flow_func"}
    if odd := sorted(set(kwargs) - known):
        return f"{name} of pinchpoint has no argument {odd[0]}"
    flow_func = args[4] if len(args) > 4 else kwargs.get("flow_func")
    if flow_func is not None and getattr(flow_func, "__name__", "") not in _FLOW_FUNCTIONS:
        return f"flow_func {shorten(flow_func)} is none of networkx's"
    graph = args[0] if args else kwargs.get("flowG")
    capacity = args[3] if len(args) > 3 else kwargs.get("capacity", "capacity")
    for _, _, value in convert_to_nx(graph).edges(data=capacity, default=0):
        if not isinstance(value, int | float | np.number):
            return f"a capacity is {a_type(value)}"
    return True


def _solve(
    solver: Callable[..., Any], graph: Any, ends: tuple[Any, Any], capacity: str, reverse: bool
) -> tuple[_Problem, Any]:
    nx = needed("networkx", "pinchpoint.nx")
    if graph.is_multigraph():
        raise nx.NetworkXError("MultiGraph and MultiDiGraph not supported (yet).")
    graph = convert_to_nx(graph)
    for node in ends:
        if node not in graph:
            raise nx.NetworkXError(f"node {node!s} not in graph")
    if ends[0] == ends[1]:
        raise nx.NetworkXError("source and sink are the same node")
    own = _Problem(graph, capacity)
    tails, heads, source, sink = own.tails, own.heads, own.place[ends[0]], own.place[ends[1]]
    if reverse:
        tails, heads, source, sink = heads, tails, sink, source
    try:
        result = solver(tails, heads, own.values, source, sink, num_nodes=len(own.nodes))
    except UnboundedError:
        result = None
    if result is None or own.is_unbounded(result.value):
        raise nx.NetworkXUnbounded("Infinite capacity path, flow unbounded above.")
    return own, result


def _plain(value: Any) -> int | float:
    return int(value) if isinstance(value, int | np.integer) else float(value)


def maximum_flow(
    flowG: Any,  # noqa: N803
    _s: Any,
    _t: Any,
    capacity: str = "capacity",
    flow_func: Any = None,
) -> tuple[int | float, dict[Any, dict[Any, int | float]]]:
    """Find a maximum flow, as `networkx.maximum_flow` does.

    Parameters
    ----------
    flowG : networkx graph
        Not a multigraph. Edges without the attribute `capacity` have no limit.
    _s, _t : node
        Source and sink.
    capacity : str, default "capacity"
        Attribute of the edges.
    flow_func : function, optional
        Has no effect.

    Returns
    -------
    value : int or float
        The value of the flow.
    flow : dict
        Flow along edge ``(u, v)`` as ``flow[u][v]``; opposite flows are cancelled.

    Raises
    ------
    networkx.NetworkXError
        A multigraph, a node that is not there, a source that is the sink.
    networkx.NetworkXUnbounded
        A path without limits from source to sink.
    CapacityError
        A capacity that is negative or not a number.

    Notes
    -----
    The graph is read anew by each call, O(nodes + edges) in Python; then it takes as long as
    :func:`pinchpoint.maximum_flow`.

    Examples
    --------
    >>> import networkx as nx, pinchpoint as pp
    >>> graph = nx.DiGraph([("a", "b", {"capacity": 3}), ("b", "c", {"capacity": 2})])
    >>> pp.nx.maximum_flow(graph, "a", "c")
    (2, {'a': {'b': 2}, 'b': {'c': 2}, 'c': {}})
    """
    result: MaximumFlow
    own, result = _solve(_maximum_flow, flowG, (_s, _t), capacity, False)
    flow: dict[Any, dict[Any, int | float]] = {
        node: dict.fromkeys(own.graph[node], 0) for node in own.nodes
    }
    tails, heads, nodes = own.tails, own.heads, own.nodes
    used = np.flatnonzero(np.asarray(result.flow != 0))
    for place in used.tolist():
        a, b, amount = nodes[tails[place]], nodes[heads[place]], _plain(result.flow[place])
        if a == b:
            continue
        back = flow[b].get(a, 0)
        if back:
            common = min(back, amount)
            flow[b][a] = back - common
            amount -= common
        flow[a][b] = amount
    return _plain(result.value), flow


def maximum_flow_value(
    flowG: Any,  # noqa: N803
    _s: Any,
    _t: Any,
    capacity: str = "capacity",
    flow_func: Any = None,
) -> int | float:
    """Find the value of a maximum flow, as `networkx.maximum_flow_value` does.

    Takes what `maximum_flow` takes, and raises what it raises.

    Returns
    -------
    int or float
        The value: an int if all capacities are.

    Notes
    -----
    Takes as long as `maximum_flow`, without the dict of flows.

    Examples
    --------
    >>> import networkx as nx, pinchpoint as pp
    >>> pp.nx.maximum_flow_value(nx.DiGraph([("a", "b", {"capacity": 2**70})]), "a", "b")
    1180591620717411303424
    """
    return _plain(_solve(_minimum_cut, flowG, (_s, _t), capacity, False)[1].value)


def minimum_cut(
    flowG: Any,  # noqa: N803
    _s: Any,
    _t: Any,
    capacity: str = "capacity",
    flow_func: Any = None,
) -> tuple[int | float, tuple[set[Any], set[Any]]]:
    """Find a minimum cut, as `networkx.minimum_cut` does.

    Takes what `maximum_flow` takes, and raises what it raises.

    Returns
    -------
    value : int or float
        Capacity of the cut.
    partition : tuple of two sets
        The nodes on the source's side, and those on the sink's: the smallest sink side there is,
        which is what networkx returns.

    Notes
    -----
    Takes as long as `maximum_flow`, without the dict of flows.

    Examples
    --------
    >>> import networkx as nx, pinchpoint as pp
    >>> graph = nx.DiGraph([("a", "b", {"capacity": 3}), ("b", "c", {"capacity": 2})])
    >>> value, (source_side, sink_side) = pp.nx.minimum_cut(graph, "a", "c")
    >>> value, sorted(source_side), sorted(sink_side)
    (2, ['a', 'b'], ['c'])
    """
    result: MinimumCut
    # The least source side of the reversed graph is the least sink side of this one.
    own, result = _solve(_minimum_cut, flowG, (_s, _t), capacity, True)
    sink_side = {own.nodes[place] for place in np.flatnonzero(result.source_side).tolist()}
    return _plain(result.value), (set(own.nodes) - sink_side, sink_side)


def minimum_cut_value(
    flowG: Any,  # noqa: N803
    _s: Any,
    _t: Any,
    capacity: str = "capacity",
    flow_func: Any = None,
) -> int | float:
    """Find the capacity of a minimum cut, as `networkx.minimum_cut_value` does.

    Takes what `maximum_flow` takes, and raises what it raises.

    Returns
    -------
    int or float
        The capacity: an int if all capacities are.

    Notes
    -----
    Takes as long as `maximum_flow`, without the dict of flows.

    Examples
    --------
    >>> import networkx as nx, pinchpoint as pp
    >>> graph = nx.Graph([("a", "b", {"capacity": 3}), ("b", "c", {"capacity": 2.5})])
    >>> pp.nx.minimum_cut_value(graph, "a", "c")
    2.5
    """
    return maximum_flow_value(flowG, _s, _t, capacity, flow_func)
