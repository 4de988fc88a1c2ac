"""Contenders of the race: each builds and solves an instance, with value, flow and minimum cut.

A contender that is not installed is left out. What one cannot return (a cut, a flow) it is not
asked for, and it cannot lose by that.
"""

import functools
import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cpp_peers
import numpy as np
from instances import Instance


@dataclass(frozen=True)
class Timing:
    """What one run took, in seconds."""

    value: int
    build: float
    solve: float


def pinchpoint(x: Instance) -> Timing:
    """Value, flow, source-minimal cut, and the certificate check. It builds while it solves."""
    import pinchpoint as pp

    begin = time.perf_counter()
    res = pp.maximum_flow(x.tails, x.heads, x.capacity, x.source, x.sink, x.num_nodes)
    _ = res.flow, res.source_side
    return Timing(int(res.value), 0.0, time.perf_counter() - begin)


def ortools(x: Instance) -> Timing:
    """Value, flow and cut."""
    from ortools.graph.python import max_flow

    begin = time.perf_counter()
    solver = max_flow.SimpleMaxFlow()
    arcs = solver.add_arcs_with_capacity(x.tails, x.heads, x.capacity)
    built = time.perf_counter()
    assert solver.solve(x.source, x.sink) == solver.OPTIMAL
    _ = solver.flows(arcs), solver.get_source_side_min_cut()
    return Timing(solver.optimal_flow(), built - begin, time.perf_counter() - built)


def scipy(x: Instance) -> Timing:
    """Value and flow; it has no cut."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_flow

    begin = time.perf_counter()
    shape = (x.num_nodes, x.num_nodes)
    graph = csr_matrix((x.capacity.astype(np.int32), (x.tails, x.heads)), shape=shape)
    built = time.perf_counter()
    res = maximum_flow(graph, x.source, x.sink)
    return Timing(int(res.flow_value), built - begin, time.perf_counter() - built)


def igraph(x: Instance) -> Timing:
    """Value, flow and cut."""
    import igraph as ig

    begin = time.perf_counter()
    graph = ig.Graph(n=x.num_nodes, edges=np.column_stack([x.tails, x.heads]), directed=True)
    built = time.perf_counter()
    res = graph.maxflow(x.source, x.sink, capacity=x.capacity.tolist())
    _ = res.flow, res.partition
    return Timing(round(res.value), built - begin, time.perf_counter() - built)


def pymaxflow(x: Instance) -> Timing:
    """Value and cut; it has no flow."""
    import maxflow

    begin = time.perf_counter()
    graph = maxflow.GraphInt(x.num_nodes, x.num_arcs)
    nodes = graph.add_nodes(x.num_nodes)
    graph.add_edges(x.tails, x.heads, x.capacity, np.zeros_like(x.capacity))
    huge = int(x.capacity[x.tails == x.source].sum())
    graph.add_tedge(x.source, huge, 0)
    graph.add_tedge(x.sink, 0, huge)
    built = time.perf_counter()
    value = graph.maxflow()
    _ = graph.get_grid_segments(nodes)
    return Timing(value, built - begin, time.perf_counter() - built)


def networkit(x: Instance) -> Timing:
    """Value, by the only algorithm it has (Edmonds-Karp)."""
    import networkit as nk

    begin = time.perf_counter()
    ends = (x.tails.astype(np.uint64), x.heads.astype(np.uint64))
    arcs = (x.capacity.astype(float), ends)
    graph = nk.GraphFromCoo(arcs, n=x.num_nodes, weighted=True, directed=True)
    graph.indexEdges()
    built = time.perf_counter()
    run = nk.flow.EdmondsKarp(graph, x.source, x.sink)
    run.run()
    return Timing(round(run.getMaxFlow()), built - begin, time.perf_counter() - built)


def netgraph(x: Instance) -> Timing:
    """Value, flow and cut."""
    import netgraph_core as ng

    begin = time.perf_counter()
    ends = (x.tails.astype(np.int32), x.heads.astype(np.int32))
    costs, ids = np.ones(x.num_arcs, np.int64), np.arange(x.num_arcs)
    capacity = x.capacity.astype(float)
    graph = ng.StrictMultiDiGraph.from_arrays(x.num_nodes, *ends, capacity, costs, ids)
    algorithms = ng.Algorithms(ng.Backend.cpu())
    handle = algorithms.build_graph(graph)
    built = time.perf_counter()
    value, _ = algorithms.max_flow(
        handle, x.source, x.sink, with_edge_flows=True, with_reachable=True
    )
    return Timing(round(value), built - begin, time.perf_counter() - built)


def compiled(library: str, function: str, x: Instance) -> Timing:
    """Value, flow and cut."""
    answer = cpp_peers.solve(library, function, x)
    return Timing(answer.value, answer.build, answer.solve)


_MODULES: dict[str, tuple[str, Callable[[Instance], Timing]]] = {
    "pinchpoint": ("pinchpoint", pinchpoint),
    "OR-tools": ("ortools", ortools),
    "SciPy": ("scipy", scipy),
    "igraph": ("igraph", igraph),
    "PyMaxflow": ("maxflow", pymaxflow),
    "networkit": ("networkit", networkit),
    "netgraph-core": ("netgraph_core", netgraph),
}


# Names of a library and of its function in benches/cpp.
COMPILED: dict[str, tuple[str, str]] = {
    "LEMON static": ("LEMON", "lemon_static"),
    "LEMON smart": ("LEMON", "lemon_smart"),
    "Boost PR": ("BOOST", "boost_push_relabel"),
    "Boost BK": ("BOOST", "boost_boykov_kolmogorov"),
}


def installed() -> dict[str, Callable[[Instance], Any]]:
    """Contenders by name, ours first."""
    found: dict[str, Callable[[Instance], Any]] = {
        name: run
        for name, (module, run) in _MODULES.items()
        if importlib.util.find_spec(module) is not None
    }
    for name, peer in COMPILED.items():
        if cpp_peers.compiled(peer[0]) is not None:
            found[name] = functools.partial(compiled, *peer)
    return found
