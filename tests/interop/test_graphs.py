"""networkx, igraph and scipy.sparse, in and out."""

import igraph
import networkx as nx
import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import BuildError, CapacityError, InputTypeError, UnitError
from pinchpoint.interop import (
    from_igraph,
    from_networkx,
    from_scipy,
    to_igraph,
    to_networkx,
    to_scipy,
)
from scipy import sparse

FABRICS = {
    "rack": pp.clusters.hgx_h100().materialize(),
    "torus": pp.clusters.trn2_instance().materialize(),
    "ids": pp.Fabric.from_links([0, 1, 0], [1, 2, 1], [400.0, 0.1, 7.25], num_nodes=5),
    "arcs": pp.Fabric.from_links([0, 1, 2], [1, 2, 0], [4.0, 2.0, 3.0], directed=True),
}


@pytest.mark.parametrize("name", FABRICS)
@pytest.mark.parametrize(("out", "back"), [(to_networkx, from_networkx), (to_igraph, from_igraph)])
def test_round_trip(name, out, back):
    fabric = FABRICS[name]
    found = back(out(fabric), unit="Gbit/s")
    again = found.fabric
    assert found.report.is_complete
    assert again.names == fabric.names
    assert [g[:3] for g in again.groups] == [g[:3] for g in fabric.groups]
    assert sorted(again.gbit_per_s.tolist()) == sorted(fabric.gbit_per_s.tolist())
    for ends in ((0, 2), (2, 1), (1, 0)):
        assert again.bandwidth(*ends).kbit_per_s == fabric.bandwidth(*ends).kbit_per_s


@pytest.mark.parametrize("name", FABRICS)
def test_scipy_round_trip(name):
    fabric = FABRICS[name]
    matrix = to_scipy(fabric)
    again = from_scipy(matrix, unit="Gbit/s")
    assert again.report.is_complete
    for ends in ((0, 2), (2, 1), (1, 0)):
        expected = fabric.bandwidth(*ends, forwarding="all").kbit_per_s
        assert again.fabric.bandwidth(*ends).kbit_per_s == expected
    assert abs(to_scipy(again.fabric) - matrix).nnz == 0


def test_numbers_without_a_unit_are_a_guess():
    said = "numbers in 'capacity' have no unit; taken as Gbit/s"
    graph = nx.Graph([(0, 1, {"capacity": 5}), (1, 2, {"capacity": "5Gb/s"})])
    assert from_networkx(graph).report.guessed == (said,)
    assert from_igraph(to_igraph(FABRICS["ids"])).report.guessed == (said,)
    assert from_networkx(graph.edge_subgraph([(1, 2)])).report.is_complete
    (guess,) = from_scipy(to_scipy(FABRICS["ids"])).report.guessed
    assert guess == "numbers have no unit; taken as Gbit/s"


def test_failed_links_are_not_written():
    rack = pp.clusters.hgx_h100()
    worse = rack.without(rack.select("switch[index=0]")).materialize()
    gone = rack.num_links - worse.num_links
    assert gone > 0
    assert to_networkx(worse).number_of_edges() == rack.num_links - gone
    assert to_igraph(worse).ecount() == rack.num_links - gone


def test_parallel_edges_and_loops():
    graph = nx.MultiGraph()
    graph.add_edge("a", "b", capacity=1)
    graph.add_edge("b", "a", capacity=2)
    graph.add_edge("a", "a", capacity=9)
    found = from_networkx(graph)
    assert found.fabric.bandwidth("a", "b").gbit_per_s == 3
    assert len(found.report.skipped) == 1
    loops = from_scipy(sparse.csr_array(np.eye(30)))
    assert loops.fabric.num_links == 0
    assert loops.report.skipped[-1] == "20 more loops"


def test_capacities_as_text_and_in_units():
    graph = nx.Graph()
    graph.add_edge(1, 2, bandwidth="100 Gbps")
    graph.add_edge(2, 3, bandwidth="25GB/s")
    assert from_networkx(graph, capacity="bandwidth").fabric.gbit_per_s.tolist() == [100, 200]
    plain = nx.path_graph(2)
    plain.edges[0, 1]["capacity"] = 1500
    assert from_networkx(plain, unit="Mbit/s").fabric.gbit_per_s.tolist() == [1.5]
    with pytest.raises(UnitError, match=r"unit is 'Mbits': did you mean \"Mbit/s\""):
        from_networkx(plain, unit="Mbits")


def test_labels_of_different_types():
    graph = nx.Graph([(1, "1", {"capacity": 5})])
    assert from_networkx(graph).fabric.names == ("1", "'1'")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"capasity": 5}, "no edge has 'capacity': did you mean \"capasity\"\\?; capacity= names"),
        ({"capacity": -5}, "is -5"),
        ({"capacity": float("inf")}, "is inf"),
        ({"capacity": True}, "edge 0 - 1 is True by its 'capacity'"),
        ({"capacity": "5"}, "'5' has no unit"),
        ({}, "no edge has 'capacity'; capacity= names the attribute"),
    ],
)
def test_bad_capacities(data, says):
    graph = nx.Graph([(0, 1, data)])
    with pytest.raises(CapacityError, match=says):
        from_networkx(graph)


def test_up_to_ten_edges_are_named():
    with pytest.raises(CapacityError) as caught:
        from_networkx(nx.Graph([(0, 1, {"capacity": 1}), *nx.path_graph(range(1, 100)).edges]))
    assert str(caught.value).count("edge ") == 10


def test_other_types():
    for function in (from_networkx, from_igraph, from_scipy):
        with pytest.raises(InputTypeError, match="is a list"):
            function([1, 2])
    for function in (to_networkx, to_igraph, to_scipy):
        with pytest.raises(InputTypeError, match="fabric is an int; it must be a Fabric"):
            function(3)
    with pytest.raises(InputTypeError, match="square"):
        from_scipy(sparse.csr_array((2, 3)))
    with pytest.raises(InputTypeError, match="complex"):
        from_scipy(sparse.csr_array([[0, 1j], [1j, 0]]))


def graph_of(**attributes):
    graph = nx.path_graph(20)
    nx.set_edge_attributes(graph, 1, "capacity")
    for name, values in attributes.items():
        nx.set_node_attributes(graph, dict(enumerate(values)), name)
    return graph


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"role": ["host", "gpu"]}, "node 1 has the role 'gpu' .known: chip, host, nic, switch"),
        ({"role": ["swich"]}, "node 0 has the role 'swich': did you mean \"switch\""),
        ({"role": [3]}, "node 0 has the role 3"),
        ({"role": [["chip"]]}, r"node 0 has the role \['chip'\]"),
        ({"forwards": ["maybe"]}, "node 0 has forwards 'maybe'; it must be True, False or"),
        (
            {"role": ["switch", "chip"], "group": ["a", "a"]},
            "node 1 is a chip that forwards nothing, and its group 'a' began with a switch that",
        ),
        ({"role": ["gpu"] * 20}, "(node . has the role 'gpu'[^;]*(; |$)){10}"),
    ],
)
def test_nodes_that_are_nothing_known(attributes, says):
    with pytest.raises(BuildError, match=says) as caught:
        from_networkx(graph_of(**attributes))
    assert str(caught.value).count("node ") <= 10


def test_groups_and_roles():
    roles = [None, None, "chip", "chip", "host"] + [None] * 15
    groups = ["rack", "chip", None, "fast", None] + ["rack"] * 5 + [None] * 10
    fabric = from_networkx(graph_of(role=roles, group=groups)).fabric
    assert [(g.name, g.role, g.forwards, g.size) for g in fabric.groups] == [
        ("rack", "switch", True, 6),
        ("chip", "chip", False, 2),
        ("fast", "chip", False, 1),
        ("host", "host", False, 1),
        ("node", "switch", True, 10),
    ]


def test_igraph_without_names():
    graph = igraph.Graph([(0, 1), (1, 2)], directed=True, edge_attrs={"capacity": [3, 2]})
    fabric = from_igraph(graph).fabric
    assert fabric.names == ("0", "1", "2")
    assert fabric.bandwidth(0, 2).gbit_per_s == 2
    assert fabric.bandwidth(2, 0).gbit_per_s == 0
