"""DIMACS, GraphML, SNDlib and Repetita."""

import networkx as nx
import numpy as np
import pinchpoint as pp
import pytest
from faults import refuses, survives
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.errors import GraphError, InputTypeError
from pinchpoint.interop import (
    read,
    read_dimacs,
    read_graphml,
    read_repetita,
    read_sndlib,
    write_dimacs,
)

MAX = "c a comment\np max 4 5\nn 1 s\nn 4 t\na 1 2 4\na 1 3 2\na 2 3 3\na 2 4 2\na 3 4 5\n"


def test_dimacs(tmp_path):
    path = tmp_path / "a.max"
    path.write_text(MAX)
    problem = read_dimacs(path)
    assert (problem.source, problem.sink, problem.num_nodes) == (0, 3, 4)
    assert problem.maximum_flow().value == 6
    found = read(path)
    assert found.terminals == (0, 3)
    assert found.fabric.bandwidth(*found.terminals).gbit_per_s == 6
    assert found.fabric.bandwidth("4", "1").gbit_per_s == 0
    assert found.report.guessed == ("capacities have no unit; taken as Gbit/s",)


@given(st.data())
def test_dimacs_round_trip(tmp_path_factory, data):
    size = data.draw(st.integers(2, 9))
    node = st.integers(0, size - 1)
    arcs = data.draw(st.lists(st.tuples(node, node, st.integers(0, 10**30)), max_size=20))
    tails, heads, capacity = ([arc[i] for arc in arcs] for i in range(3))
    path = tmp_path_factory.mktemp("dimacs") / "a.max"
    write_dimacs(path, tails, heads, np.array(capacity, object), 0, 1, size)
    again = read_dimacs(path)
    assert (again.tails.tolist(), again.heads.tolist()) == (tails, heads)
    assert again.capacity.tolist() == capacity
    assert (again.source, again.sink, again.num_nodes) == (0, 1, size)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("p max 4 5", "p max 4 6", "9: 5 arcs, and the header says 6"),
        ("p max 4 5", "p max 4 4", "9: more arcs than the 4"),
        ("p max 4 5", "p max 4 500000000000", "2: the number of arcs"),
        ("p max 4 5", "p min 4 5", "2: .*is no 'p max"),
        ("n 1 s\n", "", "8: no source"),
        ("n 4 t\n", "n 4 t\nn 3 t\n", "5: a second sink"),
        ("n 4 t", "n 1 t", "node 1 is both"),
        ("a 1 2 4", "a 1 5 4", "5: the head is '5'"),
        ("a 1 2 4", "a 1 2 -4", "5: the capacity is '-4'"),
        ("a 1 2 4", "a 1 2 4.5", "5: the capacity"),
        ("a 1 2 4", "a 1 2", "5: .*cut off"),
        ("p max 4 5\n", "", "2: .*before the line 'p max"),
    ],
)
def test_dimacs_faults(tmp_path, old, new, says):
    refuses(tmp_path, "a.max", MAX.replace(old, new), read_dimacs, says)


def test_dimacs_limits(tmp_path):
    big = MAX.replace("a 1 2 4", f"a 1 2 {10**30}")
    refuses(tmp_path, "a.max", big, read, "too large for Gbit/s")
    (tmp_path / "a.max").write_text(big)
    assert read_dimacs(tmp_path / "a.max").maximum_flow().value == 7
    for arrays, says in (
        (([0], [1], [1.5]), r"capacity\[0\] is 1.5"),
        (([0], [1, 2], [1]), "lengths 1, 2 and 1"),
        (([0], [7], [1]), r"heads\[0\] is 7"),
        (([0], [1], [10**39]), r"capacity\[0\] is 1"),
        (([0], [1], [True]), r"capacity\[0\] is True"),
    ):
        with pytest.raises(GraphError, match=says):
            write_dimacs(tmp_path / "b.max", *arrays, 0, 1, 3)
    line = [0], [1], [1]
    for ends, error, says in (
        ((0, 0), GraphError, "source and sink are both node 0"),
        ((0, 3, 3), GraphError, "sink is 3; it must be 0 to 2"),
        ((-1, 1), GraphError, "source is -1"),
        (("a", 1), InputTypeError, "source is 'a'"),
        ((0, 1, "x"), InputTypeError, "num_nodes is 'x'"),
    ):
        with pytest.raises(error, match=says):
            write_dimacs(tmp_path / "b.max", *line, *ends)
    with pytest.raises(InputTypeError, match="tails"):
        write_dimacs(tmp_path / "b.max", ["a"], [1], [1], 0, 1)
    assert not (tmp_path / "b.max").exists()
    write_dimacs(tmp_path / "b.max", [], [], [], 0, 1)
    assert read_dimacs(tmp_path / "b.max").maximum_flow().value == 0


def graphml(tmp_path, graph):
    path = tmp_path / "a.graphml"
    nx.write_graphml(graph, path)
    return path


def test_graphml_of_networkx(tmp_path):
    graph = nx.MultiGraph()
    graph.add_node("n0", label="Paris")
    graph.add_node("n1", label="Rome")
    graph.add_node("n2", label="Rome")
    graph.add_edge("n0", "n1", capacity=10)
    graph.add_edge("n0", "n1", capacity=2.5)
    graph.add_edge("n1", "n2", capacity=40)
    found = read(graphml(tmp_path, graph))
    assert found.fabric.names == ("Paris", "Rome (n1)", "Rome (n2)")
    assert found.fabric.bandwidth("Paris", "Rome (n2)").gbit_per_s == 12.5
    assert found.report.guessed == (
        "attribute 'capacity' has no unit; numbers are taken as Gbit/s",
    )
    arcs = read(graphml(tmp_path, nx.DiGraph([(0, 1, {"gbit_per_s": 5})])))
    assert arcs.report.is_complete
    assert [arcs.fabric.bandwidth(*ends).gbit_per_s for ends in ((0, 1), (1, 0))] == [5, 0]


def test_graphml_of_the_topology_zoo(tmp_path):
    # LinkSpeedRaw is in bit/s; many links have none.
    graph = nx.Graph()
    graph.add_edge(0, 1, LinkSpeedRaw=10e9, LinkLabel="10 Gbps")
    graph.add_edge(1, 2, LinkLabel="unknown")
    path = graphml(tmp_path, graph)
    refuses(tmp_path, path.name, path.read_bytes(), read, "'1' - '2' has no LinkSpeedRaw")
    found = read_graphml(path, default="2.5 Gbps")
    assert found.fabric.gbit_per_s.tolist() == [10, 2.5]
    assert found.report.guessed == ("an edge has no LinkSpeedRaw; taken as 2.5 Gbps",)


def test_graphml_without_any_capacity_says_what_to_do(tmp_path):
    # As most files of the Topology Zoo are.
    path = graphml(tmp_path, nx.Graph([(0, 1, {"LinkLabel": "OC-3"}), (1, 2, {"LinkType": "E"})]))
    says = r":\d+: edges have no capacity \(their attributes: 'Link.*', 'Link.*'\)"
    refuses(tmp_path, path.name, path.read_bytes(), read, says + ".*default='10Gb/s'")
    assert read_graphml(path, default="155 Mbps").fabric.gbit_per_s.tolist() == [0.155] * 2
    with pytest.raises(pp.errors.InputTypeError, match=r"default is 1.0; it must be text"):
        read_graphml(path, default=1.0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('<?xml version="1.0"', '<!DOCTYPE x [<!ENTITY a "b">]><x', "no XML|document types"),
        ("</graphml>", "", "no XML: no element found"),
        ('target="n1"', 'target="n9"', "target 'n9' is no node"),
        ('id="n1"', 'id="n0"', "'n0' is twice"),
        (">5<", ">five<", "capacity: .*five"),
        (">5<", ">-5<", "capacity is '-5'"),
        (">5<", "><", "has no capacity"),
        ('edgedefault="undirected"', 'edgedefault="directed"', None),
    ],
)
def test_graphml_faults(tmp_path, old, new, says):
    text = graphml(tmp_path, nx.Graph([("n0", "n1", {"capacity": 5})])).read_text()
    if says is None:
        (tmp_path / "b.graphml").write_text(text.replace(old, new))
        fabric = pp.load(tmp_path / "b.graphml")
        assert fabric.bandwidth("n1", "n0").gbit_per_s == 0
        return
    text = text.replace("<?xml version='1.0'", '<?xml version="1.0"')
    assert old in text
    refuses(tmp_path, "a.graphml", text.replace(old, new, 1), read, says)


def test_graphml_names_what_there_is(tmp_path):
    path = graphml(tmp_path, nx.Graph([(0, 1, {"speed": 5})]))
    with pytest.raises(
        pp.PinchpointError, match=r"no attribute 'sped' \(their attributes: 'speed'\)"
    ):
        read_graphml(path, capacity="sped")
    assert read_graphml(path, capacity="speed", unit="Mbit/s").fabric.gbit_per_s.tolist() == [0.005]


NATIVE = """\
?SNDlib native format; type: network; version: 1.0
# network tiny

META ( granularity = 1 )
NODES (
  a ( 1.0 2.0 )
  b ( 1.0 3.0 )
  c ( 0.0 -3.5 )
)
LINKS (
  ab ( a b ) 100.0 0.0 0.0 0.0 ( 40.0 5.0 160.0 9.0 )
  bc ( b c ) 0.00 0.0 0.0 0.0 ( 155.0 5.0 622.0 9.0 )
)
DEMANDS (
  d1 ( a c ) 1 30.0 UNLIMITED
  d2 ( c a ) 1 12.5 UNLIMITED
)
"""
XML = """\
<?xml version="1.0"?>
<network xmlns="http://sndlib.zib.de/network" version="1.0">
 <networkStructure>
  <nodes coordinatesType="pixel"><node id="a"/><node id="b"/><node id="c"/></nodes>
  <links>
   <link id="ab"><source>a</source><target>b</target>
    <preInstalledModule><capacity>100.0</capacity><cost>0</cost></preInstalledModule></link>
   <link id="bc"><source>b</source><target>c</target>
    <additionalModules><addModule><capacity>622.0</capacity><cost>9</cost></addModule>
     <addModule><capacity>155.0</capacity><cost>5</cost></addModule></additionalModules></link>
  </links>
 </networkStructure>
 <demands>
  <demand id="d1"><source>a</source><target>c</target><demandValue>30.0</demandValue></demand>
  <demand id="d2"><source>c</source><target>a</target><demandValue>12.5</demandValue></demand>
 </demands>
</network>
"""


@pytest.mark.parametrize("text", [NATIVE, XML])
def test_sndlib(tmp_path, text):
    path = tmp_path / "tiny.txt"
    path.write_text(text)
    found = read(path)
    assert found.fabric.names == ("a", "b", "c")
    assert found.fabric.bandwidth("a", "b").kbit_per_s == 100_000
    assert found.fabric.bandwidth("c", "b").kbit_per_s == 155_000
    assert dict(found.report.read) == {"nodes": 3, "links": 2, "demands": 2}
    assert [note.split(";")[0] for note in found.report.guessed] == [
        "capacities and demands have no unit",
        "a link has nothing installed",
    ]
    loads = found.fabric.congestion(found.demands.traffic())
    assert loads.loads()[0].tolist() == pytest.approx([0.03, 0.03])
    assert loads.max_utilization == pytest.approx(0.3)
    assert read_sndlib(path, unit="Gbit/s").fabric.bandwidth("a", "b").gbit_per_s == 100
    # Demand matrices name their unit.
    meta = "<meta><unit>GBITPERSEC</unit></meta>\n <networkStructure>"
    text = text.replace("granularity = 1 )", "granularity = 1\n unit = GBITPERSEC\n)")
    path.write_text(text.replace("<networkStructure>", meta))
    found = read(path)
    assert found.fabric.bandwidth("a", "b").gbit_per_s == 100
    assert found.demands.amount.tolist() == [30, 12.5]
    assert len(found.report.guessed) == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ab ( a b )", "ab ( a x )", "11: link 'ab': 'x' is no node"),
        ("ab ( a b )", "ab ( a a )", "11: link 'ab' joins 'a' to itself"),
        ("ab ( a b ) 100.0", "ab ( a b ) -100.0", "11: link 'ab': its capacity is '-100.0'"),
        ("ab ( a b )", "ab ( a b", "11: link 'ab' is cut off"),
        ("bc ( b c )", "ab ( b c )", "12: link 'ab' is listed twice"),
        ("  b ( 1.0 3.0 )", "  a ( 1.0 3.0 )", "7: node 'a' is listed twice"),
        ("( 155.0 5.0 622.0 9.0 )", "( )", "12: link 'bc' has no capacity"),
        ("DEMANDS (", "DEMAND (", "the section 'DEMAND' is unknown"),
        ("type: network", "type: model", "no network of SNDlib"),
        ("UNLIMITED\n)\n", "UNLIMITED\n", "DEMANDS is cut off"),
        ("1 30.0 UNLIMITED", "1", "15: demand 'd1'"),
    ],
)
def test_sndlib_faults(tmp_path, old, new, says):
    assert old in NATIVE
    refuses(tmp_path, "a.txt", NATIVE.replace(old, new, 1), read_sndlib, says)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('<?xml version="1.0"?>', '<!DOCTYPE n SYSTEM "x">', "document types"),
        ("<target>b</target>", "", "6: <link> has no <target>"),
        ("<target>b</target>", "<target>z</target>", "6: link 'ab': 'z' is no node"),
        ("<capacity>100.0", "<capacity>1e999", "7: link 'ab' is '1e999', which is too large"),
        ('<node id="b"/>', '<node id="a"/>', "node 'a' is listed twice"),
        ('<node id="b"/>', "<node/>", "<node> has no id"),
    ],
)
def test_sndlib_xml_faults(tmp_path, old, new, says):
    refuses(tmp_path, "a.xml", XML.replace(old, new, 1), read, says)


GRAPH = """\
NODES 3
label x y
0_Paris 2.3 48.8
1_Rome 12.5 41.9
2_Bonn 7.1 50.7

EDGES 4
label src dest weight bw delay
edge_0 0 1 10 10000000 1913
edge_1 1 0 10 10000000 1913
edge_2 1 2 10 2500000 552
edge_3 2 1 10 2500000 552
"""
DEMANDS = "DEMANDS 2\nlabel src dest bw\ndemand_0 0 2 1000000\ndemand_1 2 0 500000\n"


def test_repetita(tmp_path):
    (tmp_path / "a.graph").write_text(GRAPH)
    (tmp_path / "a.demands").write_text(DEMANDS)
    assert read(tmp_path / "a.graph").demands is None
    found = read_repetita(tmp_path / "a.graph", tmp_path / "a.demands")
    assert found.report.is_complete
    assert dict(found.report.read) == {"nodes": 3, "arcs": 4, "demands": 2}
    assert found.fabric.bandwidth("0_Paris", "2_Bonn").gbit_per_s == 2.5
    loads = found.fabric.congestion(found.demands.traffic())
    assert loads.max_utilization == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("NODES 3", "NODES 4", "7: row 3 of 4 of NODES has 2 words"),
        ("NODES 3", "NODES 2", "5: .*is no 'EDGES COUNT'"),
        ("NODES 3", "NODES 99999999999", "1: NODES is"),
        ("EDGES 4", "EDGES 3", "12: .*comes after the edges"),
        ("EDGES 4", "EDGES 5", "row 4 of 5 of EDGES"),
        ("label src dest weight", "label src dst weight", "8: .*is no line 'label src dest"),
        ("edge_2 1 2", "edge_2 1 3", "11: dest is '3'"),
        ("2500000 552\nedge_3", "2.5e6 552\nedge_3", "11: bw is '2.5e6'"),
    ],
)
def test_repetita_faults(tmp_path, old, new, says):
    assert old in GRAPH
    refuses(tmp_path, "a.graph", GRAPH.replace(old, new, 1), read_repetita, says)


def test_damaged_files(tmp_path):
    survives(tmp_path, "a.max", MAX.encode(), read)
    survives(tmp_path, "a.graph", GRAPH.encode(), read_repetita)
    survives(tmp_path, "b.txt", NATIVE.encode(), read_sndlib)
    survives(tmp_path, "c.xml", XML.encode(), read_sndlib)
    graph = nx.barbell_graph(4, 2)
    nx.set_edge_attributes(graph, 5, "capacity")
    survives(tmp_path, "d.graphml", graphml(tmp_path, graph).read_bytes(), read_graphml)


def test_xml_that_says_latin_1(tmp_path):
    text = XML.replace('version="1.0"?>', 'version="1.0" encoding="ISO-8859-1"?>')
    path = tmp_path / "a.xml"
    path.write_bytes(text.replace('id="a"', 'id="\xe9"').replace(">a<", ">\xe9<").encode("latin-1"))
    assert read(path).fabric.names == ("\xe9", "b", "c")
    refuses(
        tmp_path, "b.xml", XML.replace('id="a"', 'id="\xe9"').encode("latin-1"), read, ":4: byte"
    )


def test_wrong_encoding(tmp_path):
    for name, text in (("a.graph", GRAPH), ("b.txt", NATIVE), ("c.max", MAX)):
        refuses(tmp_path, name, text.encode("utf-16"), read, ":1: byte 0xff is no UTF-8")
