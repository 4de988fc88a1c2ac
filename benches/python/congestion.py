"""Fabrics and traffic for the benchmarks of congestion and throughput, and what peers do."""

import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pinchpoint as pp

HAS_HIGHS = importlib.util.find_spec("highspy") is not None
HAS_NETGRAPH = importlib.util.find_spec("netgraph_core") is not None


def fat_tree(k: int, failed: float = 0.0, *, hosts_too: bool = False) -> tuple[pp.Fabric, int]:
    """A k-ary fat tree of unit links, hosts first, some links failed; and its number of hosts."""
    h = k // 2
    hosts, edges = k * h * h, k * h
    edge = hosts + np.arange(edges)
    agg, core = edge + edges, hosts + 2 * edges + np.arange(h * h)
    pod, up = np.divmod(np.arange(edges), h)
    tails = np.concatenate([np.arange(hosts), np.repeat(edge, h), np.repeat(agg, h)])
    heads = np.concatenate(
        [
            np.repeat(edge, h),
            hosts + edges + np.repeat(pod * h, h) + np.tile(np.arange(h), edges),
            core[np.repeat(up * h, h) + np.tile(np.arange(h), edges)],
        ]
    )
    may = np.arange(0 if hosts_too else hosts, tails.size)
    gone = np.random.default_rng(0).choice(may, round(failed * may.size), replace=False)
    keep = np.delete(np.arange(tails.size), gone)
    nodes = hosts + 2 * edges + h * h
    return pp.Fabric.from_links(tails[keep], heads[keep], 1.0, num_nodes=nodes), hosts


def edge_switches(k: int) -> np.ndarray[Any, Any]:
    """Ids of the edge switches of a fat tree."""
    return k**3 // 4 + np.arange(k * k // 2)


def random_pairs(hosts: int, count: int) -> pp.traffic.Traffic:
    """Unit flows between random hosts."""
    rng = np.random.default_rng(0)
    sources = rng.integers(0, hosts, count)
    return pp.traffic.pairs(sources, (sources + rng.integers(1, hosts, count)) % hosts, 1.0)


def netgraph_ecmp(fabric: pp.Fabric, hosts: int) -> tuple[np.ndarray[Any, Any], float]:
    """Loads of both ways of each link under an all-to-all by netgraph-core, and seconds."""
    import netgraph_core as ng

    tails, heads = fabric.tails.astype(np.int32), fabric.heads.astype(np.int32)
    both = np.concatenate([tails, heads]), np.concatenate([heads, tails])
    links = both[0].size
    graph = ng.StrictMultiDiGraph.from_arrays(
        fabric.num_nodes, *both, np.full(links, 1e12), np.ones(links, np.int64), np.arange(links)
    )
    algorithms = ng.Algorithms(ng.Backend.cpu())
    handle = algorithms.build_graph(graph)
    state = ng.FlowState(graph)
    begin = time.perf_counter()
    for sink in range(hosts):
        _, dag = algorithms.spf_to(handle, sink)
        for source in range(hosts):
            if source != sink:
                state.place_on_dag(source, sink, dag, 1.0, ng.FlowPlacement.EQUAL_BALANCED)
    return np.asarray(state.edge_flow_view()), time.perf_counter() - begin


def highs_throughput(
    fabric: pp.Fabric, ends: np.ndarray[Any, Any], solver: str, gap: float, limit: float
) -> tuple[float, float]:
    """Seconds and value of HiGHS on one unit between every two of some nodes, by source.

    In a process of its own: two builds of HiGHS do not load into one. The interior point method
    stops at a relative gap, without crossover; the simplex method has no bounds before its end. A
    value of 0 is no answer in time.
    """
    with TemporaryFile() as given:
        np.savez(
            given,
            tails=fabric.tails.astype(np.int64),
            heads=fabric.heads.astype(np.int64),
            capacity=fabric.gbit_per_s,
            ends=ends,
            solver=solver,
            gap=gap,
            limit=limit,
        )
        given.seek(0)
        child = [sys.executable, str(Path(__file__).with_name("highs_throughput.py"))]
        answer = subprocess.run(child, stdin=given, capture_output=True, check=True, text=True)
    seconds, value = answer.stdout.split()[-2:]
    return float(seconds), float(value)
