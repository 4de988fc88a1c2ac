"""As designed against as built: by port where there are ports, else by the nodes joined."""

import json
import pickle
import random
from collections import Counter
from pathlib import Path

import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.cli import main
from pinchpoint.errors import FormatError, GraphError, InputTypeError

DATA = Path(__file__).parents[1] / "data"
PLAFRIM = DATA / "netloc_plafrim" / "IB-fe80:0000:0000:0000-nodes.ndat"
NAMES = ["leaf 0", "leaf 1", "spine 0", "spine 1"]


def lab(links, names=NAMES):
    tails, heads, gbit = zip(*links, strict=True)
    return pp.Fabric.from_links(tails, heads, gbit, num_nodes=len(names), names=names)


DESIGN = [(0, 2, 400), (0, 3, 400), (1, 2, 400), (1, 3, 400)]


def kinds(found):
    return Counter(fault.kind for fault in found.faults)


def test_as_designed():
    found = pp.diff(lab(DESIGN), lab(DESIGN[::-1]))
    assert not found
    assert str(found) == "as designed: 4 links"
    # The same links the other way round are the same links.
    assert not pp.diff(lab(DESIGN), lab([(b, a, gbit) for a, b, gbit in DESIGN]))


def test_each_kind():
    built = lab([(0, 2, 400), (0, 3, 100), (1, 0, 400), (2, 3, 50), (2, 3, 50)])
    found = pp.diff(lab(DESIGN), built)
    assert kinds(found) == {"slow": 1, "miscabled": 2, "extra": 1}
    (slow,) = found.of("slow")
    assert (slow.designed.gbit_per_s, slow.built.gbit_per_s) == (400, 100)
    assert slow.lost_gbit_per_s == 300
    wrong = found.of("miscabled")[0]
    assert wrong.designed[:2] == ("leaf 1", "spine 0")
    assert wrong.built[:2] == ("leaf 1", "leaf 0")
    assert wrong.lost_gbit_per_s == 400


def test_parallel_links_are_one_line():
    text = str(pp.diff(lab(DESIGN + [(0, 2, 400)] * 3), lab(DESIGN)))
    assert text.startswith("links: 3 missing\n  missing: leaf 0 - spine 0, 400 Gb/s (3 times)\n\n")
    rack = pp.clusters.gb200_nvl72()
    many = str(pp.diff(rack, rack.without(rack.select("switch[switch=0:9]"))))
    assert "and 628 more" in many
    assert len(many.splitlines()) < 40


def test_costs_are_maximum_flows():
    found = pp.diff(lab(DESIGN), lab([(0, 2, 400), (0, 3, 100), (1, 2, 400), (1, 3, 400)]))
    (cost,) = found.costs
    # leaf 0 reaches spine 1 by its own link and by the other two switches.
    assert cost == ("leaf 0", "spine 1", 800, 500)
    assert found.bandwidth("leaf 0", "leaf 1") == (800, 500)
    assert "leaf 0 - spine 1   800 Gb/s  500 Gb/s" in str(found)


def test_nodes_that_one_side_lacks():
    found = pp.diff(lab(DESIGN), lab([(0, 2, 400), (0, 1, 400)], ["leaf 0", "x", "spine 0"]))
    assert found.missing_nodes == ("leaf 1", "spine 1")
    assert found.extra_nodes == ("x",)
    assert kinds(found)["miscabled"] == 1
    assert kinds(found)["missing"] == 2
    assert {cost.built_gbit_per_s for cost in found.costs} == {0}


def test_names_of_the_site():
    renamed = ["sw-a", "leaf 1", "spine 0", "spine 1"]
    built = lab(DESIGN, renamed)
    assert pp.diff(lab(DESIGN), built)
    assert not pp.diff(lab(DESIGN), built, names={"sw-a": "leaf 0"})
    with pytest.raises(GraphError, match="sw-b"):
        pp.diff(lab(DESIGN), built, names={"sw-b": "leaf 0"})
    with pytest.raises(GraphError, match="several nodes of the built fabric are named 'leaf 1'"):
        pp.diff(lab(DESIGN), built, names={"sw-a": "leaf 1"})


def test_structured_designs_and_failures():
    rack = pp.clusters.gb200_nvl72()
    worse = rack.without(rack.sample_links("chip-switch", 5, seed=1))
    found = pp.diff(rack, worse)
    assert kinds(found) == {"missing": 5}
    half = rack.scaled(rack.select_links("chip-switch[chip=3]"), 0.5)
    found = pp.diff(rack, half)
    assert set(kinds(found)) == {"slow"}
    assert sum(fault.lost_gbit_per_s for fault in found.faults) == 900 * 8 / 2


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3)), max_size=14),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3)), max_size=14),
)
def test_faults_account_for_every_link(one, other):
    sides = [[link for link in links if link[0] != link[1]] + [(0, 1, 9)] for links in (one, other)]
    found = pp.diff(*map(lab, sides))

    # Taking the designed cables of all faults away and adding the built ones gives what was built.
    def bag(links):
        return Counter((*sorted((NAMES[a], NAMES[b])), gbit) for a, b, gbit in links)

    left = bag(sides[0])
    for fault in found.faults:
        for cable, sign in ((fault.designed, -1), (fault.built, 1)):
            if cable is not None:
                left[(*sorted(cable[:2]), int(cable.gbit_per_s))] += sign
    assert +left == bag(sides[1])
    assert all(count >= 0 for count in left.values())
    assert bool(found) == (bag(sides[0]) != bag(sides[1]))


SMALL = """\
Switch  8 "S-a"  # "leaf a" base port 0 lid 3 lmc 0
[1]     "H-b"[1](b1)          # "host b" lid 1 4xNDR
[2]     "H-c"[1](c1)          # "host c" lid 2 4xNDR
[3]     "H-b"[2](b1)          # "host b" lid 1 4xNDR

Ca      2 "H-b"          # "host b"
[1](b1)     "S-a"[1]         # lid 1 lmc 0 "leaf a" lid 3 4xNDR
[2](b1)     "S-a"[3]         # lid 1 lmc 0 "leaf a" lid 3 4xNDR

Ca      2 "H-c"          # "host c"
[1](c1)     "S-a"[2]         # lid 2 lmc 0 "leaf a" lid 3 4xNDR
"""


def swapped():
    """Two cables in each other's switch port, and one of the two slower."""
    text = SMALL.replace('[1]     "H-b"[1](b1)', '[1]     "H-c"[1](b1)')
    text = text.replace('[2]     "H-c"[1](c1)', '[2]     "H-b"[1](c1)')
    text = text.replace('[1](b1)     "S-a"[1] ', '[1](b1)     "S-a"[2] ')
    text = text.replace('[1](c1)     "S-a"[2] ', '[1](c1)     "S-a"[1] ')
    return text.replace('# "host b" lid 1 4xNDR\n\n', '# "host b" lid 1 4xHDR\n\n')


def test_by_port(tmp_path, capsys):
    designed, built = tmp_path / "designed.topo", tmp_path / "built.topo"
    designed.write_text(SMALL)
    built.write_text(swapped())
    found = pp.diff(designed, str(built))
    # The nodes are joined as before: only the ports tell.
    assert kinds(found) == {"miscabled": 2, "slow": 1}
    assert {fault.built.port_a for fault in found.of("miscabled")} == {"1", "2"}
    (slow,) = found.of("slow")
    assert str(slow) == "leaf a port 3 - host b port 2, 200 Gb/s instead of 400 Gb/s"
    assert not pp.diff(designed, designed)
    assert main(["diff", str(designed), str(built)]) == 0
    printed = capsys.readouterr().out
    assert "links: 2 miscabled, 1 slow" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert main(["diff", str(designed), str(built), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["faults"]) == 3


def test_ports_of_plafrim_are_those_of_the_file():
    found = pp.interop.read(PLAFRIM)
    raw = json.loads(PLAFRIM.read_text())
    edges = {
        frozenset(
            (edge[f"{end}_node_id"], edge[f"{end}_port_id"]) for end in ("src", "dest")
        ): f"{edge['width'].lower()} {edge['speed']}"
        for edge in raw["edge_info"].values()
    }
    names = {}
    for key, node in raw["node_info"].items():
        names.setdefault(node["desc"].strip("'"), []).append(key)
    fabric, cables = found.fabric, found.cables
    assert len(cables.rate) == fabric.num_links == 201
    own = Counter(cables.rate)
    assert sum(own.values()) == 201
    assert own == Counter(edges.values())
    checked = 0
    for link in random.Random(0).sample(range(201), 100):
        ends = [fabric.names[fabric.tails[link]], fabric.names[fabric.heads[link]]]
        if all(len(names.get(end, ())) == 1 for end in ends):
            ports = (cables.port_a[link], cables.port_b[link])
            key = frozenset((names[end][0], port) for end, port in zip(ends, ports, strict=True))
            assert edges[key] == cables.rate[link]
            checked += 1
    assert checked > 50


def test_the_slow_cable_of_plafrim(capsys):
    # The one SDR cable between switches, in a trunk of nine: what limits the fabric's core.
    (slow,) = pp.check(PLAFRIM)
    assert {slow.cable.a, slow.cable.b} == {
        "Voltaire 4036 # 4036-8500",
        "Voltaire 4036 # 4036-8524",
    }
    assert (slow.trunk, slow.cable.rate, slow.usual_rate) == (9, "4x SDR", "4x QDR")
    assert (slow.spread_gbit_per_s, slow.without_gbit_per_s) == (72, 256)
    assert main(["check", str(PLAFRIM)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "(4x SDR) in a 9-cable trunk of 32 Gb/s (4x QDR)" in printed
    assert main(["check", str(PLAFRIM), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["slow"][0]["trunk"] == 9


def test_check_finds_nothing_where_trunks_are_even(capsys):
    assert pp.check(lab(DESIGN)) == ()
    assert main(["check", str(DATA / "infiniband" / "3.topo")]) == 0
    assert "Every trunk has cables of one speed." in capsys.readouterr().out


def test_a_cluster_by_name_is_a_design(tmp_path, capsys):
    rack = pp.clusters.gb200_nvl72()
    rack.without(rack.select_links("chip-switch", chip=3, switch=5)).save(tmp_path / "built.yaml")
    assert main(["diff", "gb200-nvl72", str(tmp_path / "built.yaml")]) == 0
    assert "missing: " in capsys.readouterr().out
    assert main(["diff", "gb200-nvl72", "gb200-nvl27"]) == 2
    assert 'did you mean "gb200_nvl72"' in capsys.readouterr().err


@pytest.mark.parametrize("words", [["check", "nope.topo"], ["diff", "nope.topo", "nope.topo"]])
def test_command_line_refuses_what_is_not_there(words, capsys):
    assert main(words) == 2
    assert "nope.topo" in capsys.readouterr().err


def test_worst_first():
    links = [(0, 1, 10), (0, 1, 8)] + [(2, 3, 10)] * 8 + [(2, 3, 1)]
    found = pp.check(lab(links))
    assert [item.trunk for item in found] == [9, 2]
    assert [item.spread_gbit_per_s for item in found] == [9, 16]


def test_bad_input():
    with pytest.raises(InputTypeError, match="designed is an int"):
        pp.diff(5, lab(DESIGN))
    arcs = pp.Fabric.from_links([0], [1], [1.0], directed=True)
    with pytest.raises(GraphError, match="one-way"):
        pp.diff(lab(DESIGN), arcs)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("x", "names is a str"),
        (["x"], "names is a list"),
        ({"leaf 0": 3}, r"names\['leaf 0'\] is 3"),
        ({3: "leaf 0"}, "a key of names is 3"),
    ],
)
def test_names_that_are_no_mapping_of_text(names, says):
    with pytest.raises(InputTypeError, match=says):
        pp.diff(lab(DESIGN), lab(DESIGN), names=names)


def test_a_long_path_is_cut():
    for read in (pp.check, pp.load, lambda path: pp.diff(lab(DESIGN), path)):
        with pytest.raises(FormatError) as refused:
            read("x" * 5000)
        assert len(str(refused.value)) < 300


def test_a_difference_is_a_value():
    built = lab([(0, 2, 400), (0, 3, 100), (1, 0, 400), (2, 3, 50)])
    found = pp.diff(lab(DESIGN), built)
    assert pickle.loads(pickle.dumps(found)) == found
    assert pp.diff(lab(DESIGN), built) == found
    assert pp.diff(lab(DESIGN), lab(DESIGN)) != found
    assert pp.diff(lab(DESIGN), lab(DESIGN)) != pp.diff(lab(DESIGN[1:]), lab(DESIGN[1:]))
    assert found != 3
    plain = json.loads(json.dumps(found.to_dict()))
    assert [fault["kind"] for fault in plain["faults"]] == [one.kind for one in found.faults]
    assert plain["faults"][0]["designed"]["a"] == found.faults[0].designed.a
    assert plain["costs"][0]["built_gbit_per_s"] == found.costs[0].built_gbit_per_s
    assert plain["missing_nodes"] == plain["extra_nodes"] == []
