"""Maximum flow on random graphs: the definition, independent libraries, and laws."""

import itertools

import networkx as nx
import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ortools.graph.python import max_flow
from scipy import sparse
from scipy.sparse import csgraph


@st.composite
def graphs(draw, high=20, max_nodes=12):
    n = draw(st.integers(2, max_nodes))
    node = st.integers(0, n - 1)
    arcs = draw(st.lists(st.tuples(node, node, st.integers(0, high)), max_size=50))
    source, sink = draw(st.permutations(range(n)))[:2]
    tails, heads, capacity = np.array(arcs, np.int64).reshape(-1, 3).T.copy()
    return n, tails, heads, capacity, source, sink


def check(res, tails, heads, capacity, source, sink):
    """The definition: feasible, conserved, and as large as the cut."""
    assert (res.flow >= 0).all()
    assert (res.flow <= capacity).all()
    net = np.zeros(len(res.source_side), res.flow.dtype)
    np.add.at(net, tails, res.flow)
    np.subtract.at(net, heads, res.flow)
    assert net[source] == res.value == -net[sink]
    assert not np.delete(net, [source, sink]).any()
    side = res.source_side
    assert side[source]
    assert not side[sink]
    assert res.cut_arcs.tolist() == np.flatnonzero(side[tails] & ~side[heads]).tolist()
    assert capacity[res.cut_arcs].sum() == res.value
    res.verify()


@given(graphs())
def test_against_the_definition_and_others(graph):
    n, tails, heads, capacity, source, sink = graph
    res = pp.maximum_flow(tails, heads, capacity, source, sink, num_nodes=n)
    check(res, tails, heads, capacity, source, sink)

    g = nx.DiGraph()
    g.add_nodes_from(range(n))
    for tail, head, c in zip(tails.tolist(), heads.tolist(), capacity.tolist(), strict=True):
        known = g.get_edge_data(tail, head, {"capacity": 0})["capacity"]
        g.add_edge(tail, head, capacity=known + c)
    assert nx.maximum_flow_value(g, source, sink) == res.value

    matrix = sparse.csr_array((capacity.astype(np.int32), (tails, heads)), shape=(n, n))
    assert csgraph.maximum_flow(matrix, source, sink).flow_value == res.value
    ours = pp.csgraph.maximum_flow(matrix, source, sink)
    assert ours.flow_value == res.value
    assert abs(ours.flow + ours.flow.T).sum() == 0
    assert ours.flow[[source]].sum() == res.value

    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(tails, heads, capacity)
    solver.add_arc_with_capacity(source, sink, 0)
    assert solver.solve(source, sink) == solver.OPTIMAL
    assert solver.optimal_flow() == res.value


@given(graphs())
def test_cut_is_the_source_minimal_one(graph):
    n, tails, heads, capacity, source, sink = graph
    res = pp.maximum_flow(tails, heads, capacity, source, sink, num_nodes=n)
    cut = pp.minimum_cut(tails, heads, capacity, source, sink, num_nodes=n)
    assert cut.value == res.value
    assert (cut.source_side == res.source_side).all()
    if n > 8:
        return
    others = [v for v in range(n) if v not in (source, sink)]
    for size in range(len(others) + 1):
        for extra in itertools.combinations(others, size):
            side = np.zeros(n, bool)
            side[[source, *extra]] = True
            weight = capacity[side[tails] & ~side[heads]].sum()
            assert weight >= res.value
            if weight == res.value:
                assert (side | ~res.source_side).all()


@given(graphs(), st.integers(-40, 40))
def test_floats_equal_integers(graph, k):
    n, tails, heads, capacity, source, sink = graph
    res = pp.maximum_flow(tails, heads, capacity, source, sink, num_nodes=n)
    floats = pp.maximum_flow(tails, heads, capacity * 2.0**k, source, sink, num_nodes=n)
    assert isinstance(floats.value, float)
    assert floats.value == res.value * 2.0**k
    assert (floats.source_side == res.source_side).all()


@given(graphs(), st.data())
def test_limits_are_arcs_of_a_larger_graph(graph, data):
    n, tails, heads, capacity, source, sink = graph
    others = [v for v in range(n) if v not in (source, sink)]
    sources = [source, *others[: len(others) // 3]]
    sinks = [sink, *others[len(others) // 3 : len(others) // 2]]
    limits = st.lists(st.integers(0, 30) | st.just(np.inf), min_size=n, max_size=n)
    supplies = np.array(data.draw(limits))[: len(sources)]
    demands = np.array(data.draw(limits))[: len(sinks)]
    kappa = np.array(data.draw(limits))
    res = pp.maximum_flow(
        tails, heads, capacity, sources, sinks, n,
        supplies=supplies, demands=demands, node_capacity=kappa,
    )  # fmt: skip
    res.verify()
    s, t = 2 * n, 2 * n + 1
    large = [1e6 if np.isinf(x) else x for x in [*kappa, *supplies, *demands]]
    split = pp.maximum_flow(
        [*range(n), *(tails + n), *([s] * len(sources)), *(np.array(sinks) + n)],
        [*range(n, 2 * n), *heads, *sources, *([t] * len(sinks))],
        np.array([*large[:n], *capacity, *large[n:]]).astype(int),
        s,
        t,
    )
    assert split.value == res.value
    through = np.bincount(heads, res.flow, n)[others]
    assert (through <= np.maximum(kappa[others], 0)).all()


@given(graphs(), st.randoms())
def test_relabelling_and_splitting_keep_the_value(graph, random):
    n, tails, heads, capacity, source, sink = graph
    value = pp.maximum_flow(tails, heads, capacity, source, sink, num_nodes=n).value
    order = list(range(n))
    random.shuffle(order)
    names = np.array(order)
    moved = pp.maximum_flow(names[tails], names[heads], capacity, order[source], order[sink], n)
    assert moved.value == value
    middle = n + np.arange(len(tails))
    halves = pp.maximum_flow(
        np.concatenate([tails, middle]),
        np.concatenate([middle, heads]),
        np.concatenate([capacity, capacity]),
        source,
        sink,
        num_nodes=n + len(tails),
    )
    assert halves.value == value


def test_several_terminals_without_limits_act_as_one():
    res = pp.maximum_flow([0, 1, 2, 2], [2, 2, 3, 4], [3, 4, 5, 1], [0, 1], [3, 4])
    assert res.value == 6
    assert res.flow.tolist()[2:] == [5, 1]


def test_result_faces():
    res = pp.maximum_flow([0, 0, 1, 2], [1, 2, 3, 3], [4, 2, 3, 5], 0, 3)
    assert repr(res) == "MaximumFlow(value=5, arcs=4, nodes=4, cut_arcs=2, source_side=2 nodes)"
    assert res.to_dict()["flow"] == [3, 2, 3, 2]
    assert res.to_frame()["in_cut"].tolist() == [False, True, True, False]
    assert res.to_arrow().column_names == ["tail", "head", "capacity", "flow", "in_cut"]
    pyarrow = pytest.importorskip("pyarrow")
    assert pyarrow.table(res).num_rows == 4
    assert res.certificate.value == 5
    res.certificate.verify()


def test_csgraph_beyond_32_bits():
    matrix = sparse.csr_array(np.array([[0, 2**40, 0], [0, 0, 2**33], [0, 0, 0]]))
    res = pp.csgraph.maximum_flow(matrix, 0, 2)
    assert res.flow_value == 2**33
    assert res.flow[0, 1] == -res.flow[1, 0] == 2**33
