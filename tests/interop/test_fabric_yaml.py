"""``fabric.yaml``: what is saved comes back, and nothing else is read."""

import contextlib
import json
import pickle
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint import _core
from pinchpoint.errors import FormatError
from pinchpoint.fabric import Fabric


def again(fabric, tmp_path):
    fabric.save(tmp_path / "fabric.yaml")
    return pp.load(tmp_path / "fabric.yaml")


def assert_same(a, b):
    assert a._recipe == b._recipe
    assert a.figures == b.figures
    assert a._handle.state() == b._handle.state()
    assert (a.name, a.groups, a.is_structured) == (b.name, b.groups, b.is_structured)
    # nan of a listed bundle is no number and equals nothing.
    assert repr(a.bundles) == repr(b.bundles)
    assert (a.num_nodes, a.num_links, a.rounded) == (b.num_nodes, b.num_links, b.rounded)
    if not a.is_structured:
        assert a.names == b.names
        for one, other in zip(a._arrays(), b._arrays(), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", [c.name for c in pp.clusters.available()])
def test_every_cluster_comes_back(name, tmp_path):
    fabric = pp.clusters.build(name)
    assert_same(fabric, again(fabric, tmp_path))


def lab():
    b = pp.FabricBuilder('a lab "ü" \u2028 no')
    chip = b.nodes("chip", forwards="scale_up", pod=2, host=3, chip=pp.gray(y=2, x=2))
    leaf = b.nodes("leaf", capacity="12.8Tb/s", rack=pp.radix(5, pod=2, slot=3))
    one = b.nodes("on", role="switch", forwards=False)
    b.links(chip, leaf, "400Gb/s", join={"pod": "pod"}, multiplicity=2)
    b.links(chip.where(chip=slice(0, 4, 2)).where(chip=[0]), one, "0.5kb/s", join={}, name="null")
    b.links(leaf.where(rack=1), one, "100.0625kb/s", name="1.5")
    b.links(chip, chip, "64GB/s", join={"pod": "pod", "host": "host"}, name="in")
    b.ring(chip, "host", "1Gb/s", wrap=False)
    return b.build()


def test_all_parts_of_a_description_and_its_changes_come_back(tmp_path):
    fabric = lab()
    fabric = fabric.without(
        fabric.select_links("chip-leaf", pod=1, cable=1),
        fabric.sample_links("in", 3, seed=4),
        fabric.select("leaf", rack=[1, 4]),
    )
    fabric = fabric.scaled(fabric.select_links("chip-host"), 1 / 3)
    assert fabric.rounded
    loaded = again(fabric, tmp_path)
    assert_same(fabric, loaded)
    ends = "chip[pod=0,host=0]", "chip[pod=1]"
    assert loaded.bandwidth(*ends).kbit_per_s == fabric.bandwidth(*ends).kbit_per_s
    assert_same(fabric.materialize(), again(fabric.materialize(), tmp_path))


def test_explicit_fabrics_come_back(tmp_path):
    fabric = pp.Fabric.from_links(
        [0, 1, 1, 2], [1, 2, 2, 0], [400, 0.1, 2**-20, 0], 5, names=["a", "b: c", "", "-", "~"]
    )
    fabric = fabric.without(
        fabric.select_links("node-node[link=1:3]"), fabric.select("node[node=4]")
    )
    fabric = fabric.scaled(fabric.select_links("node-node[link=0]"), 0.5)
    assert_same(fabric, again(fabric, tmp_path))
    directed = pp.Fabric.from_links([0], [1], 3.0, directed=True)
    assert again(directed, tmp_path).bandwidth(1, 0).gbit_per_s == 0
    empty = pp.Fabric.from_links([], [], [], num_nodes=2)
    assert_same(empty, again(empty, tmp_path))


def two_tier():
    groups = [("leaf", "switch", "always", 2), ("host", "host", "never", 3)]
    bundles = [("leaf-leaf", 0, 0, 1), ("leaf-host", 0, 1, 4)]
    tails, heads = np.array([[0, 0, 0, 1, 1], [1, 2, 3, 3, 4]], np.uint32)
    core = _core.Fabric.listed(
        "two", groups, bundles, tails, heads, np.arange(1, 6, dtype=np.int64), False, 0
    )
    return Fabric(core, None, ("l0", "l1", "a", "b", "c"))


def test_explicit_groups_and_bundles(tmp_path):
    fabric = two_tier()
    assert [(b.name, b.a, b.b, b.num_links) for b in fabric.bundles] == [
        ("leaf-leaf", "leaf", "leaf", 1),
        ("leaf-host", "leaf", "host", 4),
    ]
    # b hangs on both leaves; hosts pass nothing on, so a reaches c through the leaf-leaf link only.
    answer = fabric.bandwidth("a", "c")
    assert answer.kbit_per_s == 1
    assert [row.bundle for row in answer.bottleneck.rows] == ["leaf-leaf"]
    assert fabric.bandwidth("a", "c", forwarding="all").kbit_per_s == 2
    worse = fabric.without(fabric.select_links("leaf-host", link=1), fabric.select("c"))
    assert [bundle.num_links_up for bundle in worse.bundles] == [1, 2]
    assert worse.gbit_per_s.tolist() == [1e-6, 2e-6, 0, 4e-6, 0]
    half = fabric.scaled(fabric.select_links("leaf-host", link=3), 2.0)
    assert half.gbit_per_s.tolist() == [1e-6, 2e-6, 3e-6, 4e-6, 10e-6]
    for seed in range(20):
        drawn = worse.sample_links("leaf-host", 2, seed=seed)
        assert drawn == worse.select_links("leaf-host", link=[0, 2])
    assert_same(worse, again(worse, tmp_path))
    assert_same(worse, pickle.loads(pickle.dumps(worse)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": [("leaf", "switch", "always", 5), ("host", "host", "never", 0)]}, "no nodes"),
        ({"groups": [("leaf", "switch", "always", 2), ("leaf", "host", "never", 3)]}, "two groups"),
        ({"groups": []}, "0 nodes"),
        ({"bundles": [("x", 0, 0, 2), ("y", 0, 1, 3)]}, "outside its groups"),
        ({"bundles": [("x", 0, 0, 1), ("x", 0, 1, 4)]}, "two bundles"),
        ({"bundles": [("x", 0, 0, 1), ("y", 0, 2, 4)]}, "not there"),
        ({"bundles": [("x", 0, 0, 1), ("y", 0, 1, 3)]}, "4 links, but 5"),
        ({"bundles": [("x", 0, 0, 1), ("y", 0, 1, 5)]}, "6 links, but 5"),
        ({"capacity": np.array([1, 1, 1, 1, -1])}, "negative"),
        ({"unit_shift": 61}, "unit_shift"),
    ],
)
def test_listed_fabrics_are_checked(change, message):
    tails, heads = np.array([[0, 0, 0, 1, 1], [1, 2, 3, 3, 4]], np.uint32)
    given = {
        "name": "two",
        "groups": [("leaf", "switch", "always", 2), ("host", "host", "never", 3)],
        "bundles": [("x", 0, 0, 1), ("y", 0, 1, 4)],
        "tails": tails,
        "heads": heads,
        "capacity": np.ones(5, np.int64),
        "directed": False,
        "unit_shift": 0,
    }
    _core.Fabric.listed(**given)
    with pytest.raises(pp.PinchpointError, match=message):
        _core.Fabric.listed(**{**given, **change})


GOOD = """\
format: pinchpoint-fabric
version: 1
kind: structured
name: lab
groups:
- {name: chip, role: chip, forwards: true, coordinates: {pod: 2, chip: 4}}
- {name: leaf, role: switch, forwards: true, coordinates: {pod: 2}}
bundles:
- {a: chip, b: leaf, capacity: 400Gb/s}
changes:
  links:
  - {bundle: chip-leaf, up: false, where: ["0:1", "0:4", "0:1"]}
  nodes: []
"""
LISTED = """\
format: pinchpoint-fabric
version: 1
kind: explicit
name: line
groups:
- {name: node, role: switch, forwards: true, nodes: 3}
bundles:
- name: node-node
  a: node
  b: node
  links: |
    0 1 400000000
    1 2 200000000
"""


def test_a_file_by_hand(tmp_path):
    (tmp_path / "a.yml").write_text(GOOD)
    assert pp.load(str(tmp_path / "a.yml")).num_links == 4
    (tmp_path / "a.yml").write_text(LISTED.replace("\n", "\r\n"))
    assert pp.load(tmp_path / "a.yml").bandwidth(0, 2).gbit_per_s == 200


@pytest.mark.parametrize(
    ("base", "old", "new", "line", "message"),
    [
        (GOOD, "version: 1\n", "", 1, "no 'version'"),
        (GOOD, "version: 1", "version: 2", 2, "version is 2"),
        (GOOD, "version: 1", "version: 1.0", 2, "must be an integer"),
        (GOOD, "pinchpoint-fabric", "other", 1, "format is 'other'"),
        (GOOD, "kind: structured", "kind: rack", 3, "kind is 'rack'"),
        (GOOD, "kind: structured", "kind: [a", 4, "no YAML"),
        (GOOD, "name: lab", "name: 5", 4, "name is 5"),
        (GOOD, "name: lab", "name: lab\nname: lab", 5, "twice"),
        (GOOD, "name: lab", "name: &a lab", 4, "anchor"),
        (GOOD, "name: lab", "name: *a", 4, "alias"),
        (GOOD, "name: lab", "name: !!python/object:os.system lab", 4, "tag"),
        (GOOD, "name: lab", "name: " + "x" * 5000, 4, "5,000 characters"),
        (GOOD, "name: lab", "name: " + "[" * 500 + "]" * 500, 4, "deep"),
        (GOOD, "name: lab", "? [a]\n: b\nname: lab", 4, "as a key"),
        (GOOD, "name: lab", "nam: lab", 4, 'did you mean "name"'),
        (GOOD, "groups:", "unit_shift: 3\ngroups:", 5, "does not go with"),
        (GOOD, "role: chip", "role: gpu", 6, "groups[0].role is 'gpu'"),
        (
            GOOD,
            "forwards: true, coordinates: {pod: 2, ",
            "forwards: 1, coordinates: {pod: 2, ",
            6,
            "forwards is 1",
        ),
        (GOOD, "pod: 2, chip: 4", "pod: 2, chip: 0", 6, "chip is 0"),
        (GOOD, "pod: 2, chip: 4", "pod: 2, chip: true", 6, "is True"),
        (GOOD, "pod: 2, chip: 4", "pod: 2, chip: 99999999999", 6, "must be 1 to 2147483647"),
        (GOOD, "pod: 2, chip: 4", "pod: 2, chip: " + "9" * 60, 6, "must be an integer"),
        (GOOD, "pod: 2, chip: 4", "pod: 2, chip: {radix: {}}", 6, "is empty"),
        (GOOD, "pod: 2, chip: 4", "pod: 2, chip: {gray: {a: 2}, size: 2}", 6, "radix"),
        (GOOD, "pod: 2, chip: 4", "pod: 2, role: 4", 6, "cannot be the name"),
        (GOOD, "a: chip", "a: chp", 9, 'did you mean "chip"'),
        (GOOD, "a: chip", "a: {group: chip, where: [{chip: 7}]}", 9, "7"),
        (GOOD, "a: chip", "a: {group: chip, where: [{chip: x}]}", 9, "'low:high'"),
        (GOOD, "400Gb/s", "400", 9, "must be text"),
        (GOOD, "400Gb/s", "400G", 9, "does not say bits or bytes"),
        (GOOD, "up: false", "up: true", 12, "up: false"),
        (GOOD, '["0:1", "0:4", "0:1"]', '["0:1", "0:4"]', 11, "fit"),
        (GOOD, '"0:4"', '"0:5"', 11, "fit"),
        (GOOD, '"0:4"', '"4:0"', 12, "'low:high'"),
        (GOOD, '"0:4"', '"2:3 0:1"', 12, "increasing"),
        (GOOD, "bundle: chip-leaf", "bundle: leaf", 12, "not in the fabric"),
        (GOOD, "nodes: []", "nodes: []\n---\na: 1", 14, "second document"),
        (LISTED, "1 2 200000000", "1 2 2.5", 13, "'1 2 2.5' is no link"),
        (LISTED, "1 2 200000000", "1 2", 13, "'1 2' is no link"),
        (LISTED, "1 2 200000000", "1 -2 5", 13, "is no link"),
        (LISTED, "1 2 200000000", "1 3 5", None, "ends at node 3"),
        (LISTED, "1 2 200000000", "1 4294967297 5", 13, "out of range"),
        (LISTED, "1 2 200000000", "1 2 4611686018427387904", 13, "out of range"),
        (LISTED, "1 2 200000000", "1 2 9999999999999999999", 13, "out of range"),
        (LISTED, "nodes: 3", "nodes: 3, names: [a]", 6, "1 entry for 3 nodes"),
        (LISTED, "kind: explicit", "kind: explicit\nfigures: []", 4, "does not go with"),
    ],
)
def test_faults_have_file_line_and_field(base, old, new, line, message, tmp_path):
    assert base.count(old) >= 1
    path = tmp_path / "bad.yaml"
    path.write_text(base.replace(old, new, 1))
    with pytest.raises(FormatError) as caught:
        pp.load(path)
    assert str(caught.value).startswith(f"{path}:{'' if line is None else line}")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_changes_within_a_group_must_be_the_same_from_both_ends(tmp_path):
    b = pp.FabricBuilder("mesh")
    chip = b.nodes("chip", chip=4)
    b.links(chip, chip, "1Gb/s", join={})
    fabric = b.build()
    fabric = fabric.without(fabric.sample_links("chip-chip", 1))
    fabric.save(tmp_path / "mesh.yaml")
    lines = (tmp_path / "mesh.yaml").read_text().splitlines()
    changes = [number for number, text in enumerate(lines) if "up: false" in text]
    assert len(changes) == 2
    del lines[changes[0]]
    (tmp_path / "mesh.yaml").write_text("\n".join(lines))
    with pytest.raises(FormatError, match="fit"):
        pp.load(tmp_path / "mesh.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", ":1: byte 0xff"),
        (b"format: pinchpoint-fabric\nname: \xe9\n", ":2: byte 0xe9"),
        (b"a: \x00", ":1: no YAML"),
        (b"- 1\n- 2\n", "is no fabric"),
        (b"text", "is no fabric"),
        (b"a: b: c", "no YAML"),
        (b"%YAML 9.9\n---\na: b", "no YAML"),
        (b"\t", "YAML"),
    ],
)
def test_what_is_no_fabric_is_refused(content, message, tmp_path):
    (tmp_path / "x.yaml").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        pp.load(tmp_path / "x.yaml")


def test_every_truncation_and_every_lost_line_is_an_answer_or_a_format_error(tmp_path):
    path = tmp_path / "cut.yaml"
    lab().save(path)
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    cuts = [text[:end] for end in range(0, len(text), 37)]
    cuts += ["".join(lines[:i] + lines[i + 1 :]) for i in range(len(lines))]
    cuts += ["".join([*lines[:i], lines[i], *lines[i:]]) for i in range(len(lines))]
    for cut in cuts:
        path.write_text(cut)
        with contextlib.suppress(FormatError):
            pp.load(path)


def test_paths(tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        pp.load(tmp_path / "none.yaml")
    with pytest.raises(FormatError, match="directory"):
        pp.load(tmp_path)
    with pytest.raises(pp.PinchpointError, match="must be text"):
        pp.load(3)
    fabric = pp.Fabric.from_links([0], [1], 1.0)
    with pytest.raises(FormatError, match=r"saved as \.yaml"):
        fabric.save(tmp_path / "a.txt")
    with pytest.raises(FormatError, match="No such file"):
        fabric.save(tmp_path / "none" / "a.yaml")
    graph = nx.Graph()
    graph.add_edge("a", "\ud800", capacity=1.0)
    half = pp.interop.from_networkx(graph, capacity="capacity").fabric
    with pytest.raises(FormatError, match="half a character"):
        half.save(tmp_path / "a.yaml")
    assert list(tmp_path.iterdir()) == []


def test_without_pyyaml_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    pp.Fabric.from_links([0], [1], 1.0).save(tmp_path / "a.yaml")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(FormatError, match=r"pip install 'pinchpoint\[yaml\]'"):
        pp.load(tmp_path / "a.yaml")


def test_importing_pinchpoint_reads_no_importer():
    import subprocess

    code = (
        "import sys, pinchpoint; print([m for m in sys.modules if 'interop' in m or 'yaml' in m])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
    assert Path(pp.__file__).exists()


def test_the_command_line_takes_a_file_and_names_of_nodes(tmp_path, capsys):
    from pinchpoint.cli import main

    path = tmp_path / "two.yaml"
    two_tier().save(path)
    assert main(["bandwidth", str(path), "a", "c", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gbit_per_s"] == 1e-6
    assert main(["bandwidth", str(path), "host[host=0]", "c", "--fail", "leaf-leaf"]) == 0
    assert "not connected" in capsys.readouterr().out
    path.write_text("format: other")
    assert main(["show", str(path)]) == 2
    assert f"{path}:1: format is 'other'" in capsys.readouterr().err
