"""The questions that are measured on structured fabrics, and their peers' versions.

A case is set up once and asked many times. The peers, SciPy and OR-tools, get the same fabric
written out as arcs; to make it the same problem for them, everybody forwards.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pinchpoint as pp
from ortools.graph.python import max_flow
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

UNIT = 1_000_000  # kbit/s to Gbit/s, which SciPy's 32-bit capacities can hold


@dataclass(frozen=True)
class Case:
    """A question: `ask` is timed."""

    name: str
    ask: Callable[[], Any]


def cluster(ultraservers: int) -> pp.Fabric:
    """The cluster of all cases: Trainium3 UltraServers of 144 chips on an EFA network."""
    return pp.clusters.trn3_ultracluster(ultraservers=ultraservers)


def ends(fabric: pp.Fabric, ultraservers: int) -> tuple[Any, Any]:
    """The first and the last UltraServer."""
    return fabric.select("chip", ultraserver=0), fabric.select("chip", ultraserver=ultraservers - 1)


def structured_cases(ultraservers: int, failures: tuple[int, ...]) -> list[Case]:
    """Construction, and UltraServer to UltraServer: healthy, half a tier degraded, failures."""
    fabric = cluster(ultraservers)
    source, sink = ends(fabric, ultraservers)
    uplinks = fabric.select_links("leaf-spine")
    half = fabric.select_links("leaf-spine", spine=slice(0, 36))
    cases = [
        Case("construction", lambda: cluster(ultraservers)),
        Case("healthy", lambda: fabric.bandwidth(source, sink)),
        Case(
            "half of leaf-spine at half speed",
            lambda: fabric.scaled(half, 0.5).bandwidth(source, sink),
        ),
    ]
    for count in failures:
        lost = fabric.sample_links("leaf-spine", min(count, uplinks.num_links // 2), seed=1)
        cases.append(
            Case(
                f"{count:,} failed links",
                lambda lost=lost: fabric.without(lost).bandwidth(source, sink),  # type: ignore[misc]
            )
        )
    return cases


@dataclass(frozen=True)
class Written:
    """The same question on arcs: one source, one sink, capacities in Gbit/s."""

    num_nodes: int
    tails: npt.NDArray[np.int32]
    heads: npt.NDArray[np.int32]
    capacity: npt.NDArray[np.int64]
    source: int
    sink: int


def written(ultraservers: int) -> Written:
    """Materialise the healthy question."""
    fabric = cluster(ultraservers)
    sources, sinks = (fabric.node_ids(end) for end in ends(fabric, ultraservers))
    listed = fabric.materialize()
    nodes = fabric.num_nodes
    tails = np.concatenate(
        [listed.tails, listed.heads, np.full(len(sources), nodes), sinks],
        dtype=np.int32,
        casting="unsafe",
    )
    heads = np.concatenate(
        [listed.heads, listed.tails, sources, np.full(len(sinks), nodes + 1)],
        dtype=np.int32,
        casting="unsafe",
    )
    own = np.rint(listed.gbit_per_s).astype(np.int64)
    if not np.array_equal(own, listed.gbit_per_s):
        raise ValueError("a capacity is no whole Gbit/s")
    unlimited = np.full(len(sources) + len(sinks), 10_000_000, np.int64)
    capacity = np.concatenate([own, own, unlimited])
    return Written(nodes + 2, tails, heads, capacity, nodes, nodes + 1)


def solve_ours(ultraservers: int) -> int:
    """The structured answer with everybody forwarding, in Gbit/s."""
    fabric = cluster(ultraservers)
    answer = fabric.bandwidth(*ends(fabric, ultraservers), forwarding="all")
    return int(answer.kbit_per_s // UNIT)


def solve_plain(question: Written) -> int:
    """Our own solver for plain arcs."""
    q = question
    return int(pp.maximum_flow(q.tails, q.heads, q.capacity, q.source, q.sink, q.num_nodes).value)


def solve_scipy(question: Written) -> int:
    """SciPy, Dinic's method."""
    q = question
    arcs = (q.capacity.astype(np.int32), (q.tails, q.heads))
    matrix = csr_array(arcs, shape=(q.num_nodes, q.num_nodes), dtype=np.int32)
    return int(maximum_flow(matrix, q.source, q.sink).flow_value)


def solve_ortools(question: Written) -> int:
    """OR-tools, push-relabel."""
    q = question
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(q.tails, q.heads, q.capacity)
    if solver.solve(q.source, q.sink) != solver.OPTIMAL:
        raise RuntimeError("OR-tools found no optimum")
    return int(solver.optimal_flow())


PEERS = {"SciPy": solve_scipy, "OR-tools": solve_ortools}
