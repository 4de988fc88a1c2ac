"""NetGraph scenarios, expanded by NetGraph itself."""

import pytest
from faults import refuses
from pinchpoint.errors import InputTypeError
from pinchpoint.interop import from_netgraph, read, read_netgraph

SCENARIO = """\
blueprints:
  clos:
    nodes:
      leaf: {count: 4, template: "leaf{n}"}
      spine: {count: 2, template: "spine{n}"}
    links:
    - {source: /leaf, target: /spine, pattern: mesh, capacity: 400, count: 2}
network:
  nodes:
    "pod[1-2]": {blueprint: clos}
    core: {}
  links:
  - {source: "^pod1/spine", target: "^core$", pattern: mesh, capacity: 100}
  - {source: "^pod2/spine", target: "^core$", pattern: mesh, capacity: 100.5}
demands:
  default:
  - {source: "^pod1/leaf", target: "^pod2/leaf", volume: 32, mode: pairwise}
  - {source: "^core$", target: "^pod1/leaf/leaf1$", volume: 5, priority: 2}
"""


def scenario(tmp_path, text=SCENARIO):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    return path


def test_topology_and_demands(tmp_path):
    pytest.importorskip("ngraph")
    found = read(scenario(tmp_path))
    fabric = found.fabric
    assert dict(found.report.read) == {"nodes": 13, "links": 36, "demands": 17}
    assert fabric.bandwidth("pod1/leaf/leaf1", "pod1/leaf/leaf2").gbit_per_s == 1600
    pods = [[f"pod{i}/leaf/leaf{j}" for j in range(1, 5)] for i in (1, 2)]
    assert fabric.bandwidth(*pods).gbit_per_s == 200
    assert found.demands.amount.tolist() == [2.0] * 16 + [5.0]
    loads = fabric.congestion(found.demands.traffic(), split="link")
    # 32 over each side's two links to the core, and 2.5 more down each of pod 1's.
    assert loads.max_utilization == pytest.approx(16 / 100)
    assert found.report.skipped == ("priority of a demand",)
    assert read_netgraph(tmp_path / "a.yaml", unit="Gbit/s").report.guessed == ()


def test_same_flow_as_netgraph(tmp_path):
    pytest.importorskip("ngraph")
    from ngraph import analyze
    from ngraph.scenario import Scenario

    own = Scenario.from_yaml(SCENARIO)
    fabric = from_netgraph(own).fabric
    for source, sink in (("^pod1/leaf", "^pod2/leaf"), ("^pod1/leaf/leaf1$", "^core$")):
        answer = analyze(own.network, source=source, sink=sink).max_flow()
        (value,) = answer.values()
        names = fabric.names
        import re

        ends = [
            [place for place, name in enumerate(names) if re.match(pattern, name)]
            for pattern in (source, sink)
        ]
        assert fabric.bandwidth(*ends).gbit_per_s == pytest.approx(value)


def test_disabled_elements_are_failed(tmp_path):
    pytest.importorskip("ngraph")
    text = SCENARIO.replace("capacity: 100}", "capacity: 100, disabled: true}")
    found = read(scenario(tmp_path, text))
    assert found.fabric.bandwidth("pod1/leaf/leaf1", "core").gbit_per_s == 0
    assert dict(found.report.read)["links disabled"] == 2


@pytest.mark.parametrize(
    ("group_mode", "mode", "amounts"),
    [
        # One group of 4 x 4 pairs; or groups by the capture, whose volume is shared first.
        ("flatten", "combine", [16, 2.0]),
        ("per_group", "pairwise", [4, 8.0]),
        ("group_pairwise", "combine", [12, 32 / 12]),
    ],
)
def test_group_modes(tmp_path, group_mode, mode, amounts):
    pytest.importorskip("ngraph")
    pick = '"^pod1/leaf/leaf(.)"', '"^pod2/leaf/leaf(.)"'
    text = SCENARIO.replace('"^pod1/leaf", target: "^pod2/leaf"', f"{pick[0]}, target: {pick[1]}")
    text = text.replace("mode: pairwise", f"mode: {mode}, group_mode: {group_mode}")
    demands = read(scenario(tmp_path, text)).demands
    count, each = amounts
    assert len(demands.amount) == count + 1
    assert demands.amount[:-1].tolist() == pytest.approx([each] * count)
    assert demands.amount[:-1].sum() == pytest.approx(32)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("pattern: mesh, capacity: 400", "pattern: rings, capacity: 400", "NetGraph refuses it"),
        ("capacity: 400", "capacity: -4", "is -4"),
        ("count: 4,", "count: 4000000000,", "4: .*makes 8,000,000,000 nodes"),
        ('"pod[1-2]"', '"pod[1-999999999]"', "10: .*makes 999,999,999 nodes"),
        ("core: {}", "core: {blueprint: loop}", "NetGraph refuses it"),
        ("core: {}", "core: &a {}", "11: the anchor"),
        ("core: {}", "core: {}\n    core: {}", "twice"),
        ("core: {}", "core: {disable: 1}", "NetGraph refuses it"),
        ('source: "^core$"', "source: {}", "demand {}.* of 'default': NetGraph refuses {}: 'Node"),
        ('source: "^core$"', 'source: "("', "refuses"),
    ],
)
def test_faults(tmp_path, old, new, says):
    pytest.importorskip("ngraph")
    assert old in SCENARIO
    refuses(tmp_path, "a.yaml", SCENARIO.replace(old, new, 1), read, says)


def test_blueprints_that_hold_each_other_are_refused(tmp_path):
    text = SCENARIO.replace("spine: {count: 2,", "x: {blueprint: clos}\n      spine: {count: 2,")
    refuses(tmp_path, "a.yaml", text, read, "nested too deeply|nodes with those before|makes ")


def test_other_types():
    with pytest.raises(InputTypeError, match="NetGraph's"):
        from_netgraph(5)
