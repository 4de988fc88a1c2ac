"""Cut trees against networkx, brute force and the conditions under which they exist."""

from __future__ import annotations

import pickle
from itertools import pairwise

import networkx as nx
import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.errors import SizeLimitError

from property.profile import cases


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, int]]]:
    n = draw(st.integers(2, 12))
    node = st.integers(0, n - 1)
    links = draw(st.lists(st.tuples(node, node, st.integers(0, 9)), max_size=40))
    return n, links


def explicit(n: int, links: list[tuple[int, int, int]]) -> pp.Fabric:
    tails, heads, capacity = (np.array([link[i] for link in links], int) for i in range(3))
    return pp.Fabric.from_links(tails, heads, capacity.astype(float), num_nodes=n)


@cases(60)
@given(graphs())
def test_equals_networkx_and_every_edge_is_a_cut(case: tuple[int, list[tuple[int, int, int]]]):
    n, links = case
    tree = explicit(n, links).cut_tree()
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    for a, b, capacity in links:
        if a != b:
            before = graph.get_edge_data(a, b, {"capacity": 0})["capacity"]
            graph.add_edge(a, b, capacity=before + capacity)
    theirs = nx.gomory_hu_tree(graph)
    for a in range(n):
        for b in range(a):
            way = nx.shortest_path(theirs, a, b)
            least = min(theirs[u][v]["weight"] for u, v in pairwise(way))
            assert tree.min_cut(a, b) == tree.min_cut(b, a) == least
    ours = nx.Graph(zip(tree.nodes[1:].tolist(), tree.parent[1:].tolist(), strict=True))
    ours.add_node(0)
    assert nx.is_tree(ours)
    for node, parent, value in zip(tree.nodes[1:], tree.parent[1:], tree.value[1:], strict=True):
        ours.remove_edge(int(node), int(parent))
        side = nx.node_connected_component(ours, int(node))
        assert sum(c for a, b, c in links if (a in side) != (b in side)) == value
        ours.add_edge(int(node), int(parent))


@cases(100)
@given(graphs(), st.data())
def test_some_nodes_have_the_same_cuts(
    case: tuple[int, list[tuple[int, int, int]]], data: st.DataObject
):
    n, links = case
    fabric = explicit(n, links)
    chosen = data.draw(st.sets(st.integers(0, n - 1), min_size=2))
    tree = fabric.cut_tree(list(chosen))
    assert tree.nodes.tolist() == sorted(chosen)
    for a in chosen:
        for b in chosen - {a}:
            assert tree.exact_min_cut(a, b) == fabric.bandwidth(a, b).kbit_per_s


def test_structured_fabrics_are_written_out() -> None:
    fabric = pp.clusters.build("fat-tree", k=4)
    tree = fabric.cut_tree()
    assert len(tree.nodes) == fabric.num_nodes
    plain = fabric.materialize()
    for a, b in [(0, 1), (0, 20), (3, 30), (16, 35)]:
        assert tree.exact_min_cut(a, b) == plain.bandwidth(a, b, forwarding="all").kbit_per_s
    assert tree == plain.cut_tree()
    chips = fabric.groups[0].name
    assert len(fabric.cut_tree(chips).nodes) == fabric.groups[0].size


def test_failed_nodes_are_left_out() -> None:
    fabric = explicit(4, [(0, 1, 3), (1, 2, 3), (2, 3, 3), (3, 0, 3)])
    tree = fabric.without(fabric.select("node", node=2)).cut_tree()
    assert tree.nodes.tolist() == [0, 1, 3]
    assert tree.min_cut(1, 3) == 3


def test_as_a_table() -> None:
    tree = explicit(3, [(0, 1, 3), (1, 2, 5)]).cut_tree()
    frame = tree.to_frame()
    assert list(frame.columns) == ["node", "parent", "gbit_per_s"]
    assert sorted(frame.gbit_per_s) == [3, 5]
    assert tree.to_arrow().num_rows == 2
    assert tree.to_dict()["node"] == [1, 2]
    assert repr(tree).startswith("CutTree(3 nodes; least 375 MB/s (3 Gb/s) per direction, most ")


def test_directed_links_that_agree_both_ways() -> None:
    both = pp.Fabric.from_links([0, 1, 1, 2, 1], [1, 0, 2, 1, 2], [4, 4, 3, 5, 2.0], directed=True)
    assert both.cut_tree().min_cut(0, 2) == 4
    one = pp.Fabric.from_links([0, 1, 2], [1, 0, 1], [4, 4, 1.0], directed=True)
    with pytest.raises(pp.PinchpointError, match=r"node\[node=1\] and node\[node=2\]"):
        one.cut_tree()


def test_where_there_is_none() -> None:
    b = pp.FabricBuilder("limits")
    chip = b.nodes("chip", chip=3, forwards=False)
    b.links(chip, b.nodes("switch"), "1Gb/s")
    with pytest.raises(pp.PinchpointError, match='"chip" does not forward') as caught:
        b.build().cut_tree(forwarding="hardware")
    assert type(caught.value).__name__ == "GraphError"
    b = pp.FabricBuilder("limits")
    chip = b.nodes("chip", chip=3)
    b.links(chip, b.nodes("switch", capacity="5Gb/s"), "1Gb/s")
    with pytest.raises(pp.PinchpointError, match='"switch" has a capacity of its own'):
        b.build().cut_tree()
    ring = explicit(3, [(0, 1, 1), (1, 2, 1)])
    with pytest.raises(pp.PinchpointError, match="two at least"):
        ring.cut_tree(0)
    with pytest.raises(pp.PinchpointError, match="given twice"):
        ring.cut_tree().min_cut(1, 1)
    with pytest.raises(pp.PinchpointError, match="not in the tree"):
        ring.cut_tree([0, 1]).min_cut(0, 2)
    with pytest.raises(pp.PinchpointError, match="is 3 nodes"):
        ring.cut_tree().min_cut("node", 2)


def test_too_much_work_is_refused_before_it_starts() -> None:
    million = pp.clusters.clos(chips=1_048_576)
    for nodes in (None, "chip", ["chip", "leaf"]):
        with pytest.raises(SizeLimitError, match=r"limit is 1e\+11.*pairwise\('chip'\)"):
            million.cut_tree(nodes, forwarding="all")
    # Few nodes of many need few flows.
    clos = pp.clusters.clos()
    assert len(clos.cut_tree("chip[chip=0:3]", forwarding="all").nodes) == 3


def test_a_tree_cannot_be_changed() -> None:
    tree = pp.Fabric.from_links([0, 1], [1, 2], 8.0).cut_tree()
    for one in (tree, pickle.loads(pickle.dumps(tree))):
        for array in (one.nodes, one.parent):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 7
        assert one == tree
