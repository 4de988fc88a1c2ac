"""Text names nodes and links wherever a selection does: groups, bundles, parts, nodes."""

import pinchpoint as pp
import pytest
from pinchpoint.cli import main
from pinchpoint.errors import ScenarioError, SelectionError
from pinchpoint.interop import from_networkx

nx = pytest.importorskip("networkx")


@pytest.fixture(scope="module")
def lab():
    b = pp.FabricBuilder("lab")
    leaf = b.nodes("leaf", leaf=4)
    spine = b.nodes("spine", spine=2)
    b.links(leaf, spine, "400Gb/s", join={})
    return b.build()


@pytest.fixture(scope="module")
def imported():
    graph = nx.Graph()
    for leaf in range(4):
        graph.add_node(f"leaf{leaf}", role="switch", group="leaf")
        for spine in range(2):
            graph.add_node(f"spine{spine}", role="switch", group="spine")
            graph.add_edge(f"leaf{leaf}", f"spine{spine}", capacity=400)
    return from_networkx(graph, unit="Gbit/s").fabric


def value(fabric):
    return fabric.bandwidth("leaf[leaf=0]", "leaf[leaf=1]").gbit_per_s


@pytest.mark.parametrize("text", ["spine[spine=0]", "leaf-spine[spine=0]", ["spine[spine=0]"]])
def test_parts_by_text(lab, text):
    for fabric in (lab, lab.materialize()):
        assert value(fabric.without(text)) == 400
        swept = fabric.failure_sweep("leaf[leaf=0]", "leaf[leaf=1]", [text, "spine", "leaf-spine"])
        assert swept.gbit_per_s.tolist() == [400, 0, 0]
    assert value(lab.scaled("leaf-spine", 0.5)) == 400
    assert value(lab.scaled(["leaf-spine[spine=0]"], 0.5)) == 600


def test_nodes_by_name(imported):
    ends = "leaf0", "leaf1"
    assert imported.without("spine1").bandwidth(*ends).gbit_per_s == 400
    assert imported.without("spine1", "spine").bandwidth(*ends).gbit_per_s == 0
    assert imported.failure_sweep(*ends, ["spine1", "leaf2"]).gbit_per_s.tolist() == [400, 800]
    assert imported.scaled("leaf-spine", 0.5).bandwidth(*ends).gbit_per_s == 400
    (state,) = pp.scenarios.failed("spine1").resolve(imported)
    assert state.nodes_failed == 1
    with pytest.raises(SelectionError, match=r"no node, group or bundle is named 'spine9'.*spine"):
        imported.without("spine9")


def test_names_that_say_two_things():
    graph = nx.Graph([("leaf", "spine", {"capacity": 1}), ("leaf", "leaf-spine", {"capacity": 2})])
    for node, group in (("leaf", "leaf"), ("spine", "spine"), ("leaf-spine", "spine")):
        graph.nodes[node].update(role="switch", group=group)
    fabric = from_networkx(graph, unit="Gbit/s").fabric
    with pytest.raises(SelectionError, match="'spine' names a node and a group"):
        fabric.without("spine")
    with pytest.raises(SelectionError, match="'leaf-spine' names a node and a bundle"):
        fabric.failure_sweep("leaf", "spine", ["leaf-spine"])
    with pytest.raises(ScenarioError, match="'leaf-spine' names a node and a bundle"):
        pp.scenarios.failed("leaf-spine").resolve(fabric)
    # A node alone in its group is what the name of the group says.
    assert fabric.without("leaf").num_nodes == 2
    assert fabric.without(fabric.select_links("leaf-spine")).num_links == 0


def test_on_the_command_line(tmp_path, capsys):
    path = tmp_path / "links.csv"
    path.write_text("source,target,gbit_per_s\na,rack:1,100\nrack:1,b,100\na,b,50\n")
    assert main(["bandwidth", str(path), "a", "b", "--fail", "rack:1"]) == 0
    assert "50 Gb/s" in capsys.readouterr().out
    assert main(["bandwidth", str(path), "a", "b", "--fail", "rock"]) == 2
    assert "--fail 'rock': no node, group or bundle is named" in capsys.readouterr().err
