"""InfraGraph: blueprints as published, their known faults, and files with one thing wrong."""

from pathlib import Path

import pinchpoint as pp
import pytest
from faults import refuses, survives
from pinchpoint.errors import FormatError
from pinchpoint.interop import read, read_infragraph

DATA = Path(__file__).parents[1] / "data" / "infragraph"
CLOS = {"pcie": "64 GB/s", "nvlink": "450GB/s", "ic": "10 Tb/s", "fabric": "50GB/s"}


def test_clos_network():
    # InfraGraph 3.1.0 expands it to 164 nodes and 192 edges: 80 ic, 48 pcie, 32 tier_1_link, 16
    # nvlink, 16 tier_0_link.
    found = read_infragraph(DATA / "clos3.yaml", CLOS)
    assert found.fabric.num_nodes == 164
    assert found.fabric.num_links == 192
    counts = dict(found.report.read)
    assert (counts["chip"], counts["nic"], counts["port"]) == (16, 16, 80)
    sums = {}
    for value in found.fabric.gbit_per_s.tolist():
        sums[value] = sums.get(value, 0) + 1
    assert sums == {10_000: 80, 512: 48, 3600: 16, 100: 16, 200: 32}
    assert "server.0.xpu.1" in found.fabric.names
    # The third tier is wired with the second tier's link: one is described and never used.
    assert "link 'tier_2_link' is described and never used" in found.report.skipped
    # Its own cable, and its neighbour's over PCIe.
    assert found.fabric.bandwidth("server.0.nic.0", "server.1.nic.0").gbit_per_s == 200


def test_no_limit_makes_one_node():
    loose = read_infragraph(DATA / "clos3.yaml", {**CLOS, "ic": None})
    tight = read_infragraph(DATA / "clos3.yaml", CLOS)
    # 20 switches lose their four ports each.
    assert loose.fabric.num_nodes == 164 - 80
    assert loose.fabric.num_links == 192 - 80
    for i, j in ((0, 1), (0, 5), (2, 7)):
        ends = (f"server.{i}.xpu.0", f"server.{j}.xpu.0")
        assert loose.fabric.bandwidth(*ends) is not None
        assert (
            loose.fabric.bandwidth(*ends).kbit_per_s == tight.fabric.bandwidth(*ends).kbit_per_s > 0
        )


def test_dgx2_and_its_isolated_switches():
    # The blueprint wires "nvlsw" and calls the component "nvsw": 12 NVSwitches a box without links.
    found = read_infragraph(
        DATA / "dgx2.yaml", {"pcie": "16GB/s", "cpu_fabric": "20GB/s", "xpu_fabric": "25GB/s"}
    )
    assert found.fabric.num_nodes == 120
    assert found.fabric.num_links == 90
    text = str(found.report)
    assert "an edge names 'nvlsw', which device 'dgx2' does not have: did you mean" in text
    assert "24 nodes dgx2.nvsw have no link" in text


def test_dgx_h100():
    given = {"pcie": "64GB/s", "cpu_fabric": "20GB/s", "xpu_fabric": "112.5GB/s"}
    found = read_infragraph(DATA / "dgx_h100.yaml", given)
    assert (found.fabric.num_nodes, found.fabric.num_links) == (66, 124)
    # One link per pair of chip and switch, whatever the board has: four of them.
    assert "many2many by 'xpu_fabric': one link for every pair" in found.report.guessed
    ends = ("box.0.xpu.0", "box.0.xpu.7")
    assert found.fabric.bandwidth(*ends).gbyte_per_s == 4 * 112.5
    assert found.fabric.bandwidth("box.0.xpu.0", "box.1.xpu.0").gbyte_per_s == 0


def test_missing_bandwidths_are_all_named():
    with pytest.raises(FormatError) as caught:
        read(DATA / "clos3.yaml")
    for name in ("pcie", "nvlink", "ic"):
        assert f"link '{name}' has no bandwidth" in str(caught.value)
    assert str(caught.value).count("pinchpoint.interop.read_infragraph(path, ") == 1
    with pytest.raises(FormatError, match="'nvlnk': did you mean \"nvlink\""):
        read_infragraph(DATA / "clos3.yaml", {**CLOS, "nvlnk": "1Gb/s"})
    with pytest.raises(FormatError, match=r"bandwidths\['ic'\]: bandwidth '5' has no unit"):
        read_infragraph(DATA / "clos3.yaml", {**CLOS, "ic": "5"})


NESTED = """\
devices:
- name: card
  components:
  - {name: asic, choice: custom, count: 1, custom: {type: asic}}
  - {name: port, choice: port, count: 2}
  links:
  - name: inner
    physical: {bandwidth: {gigabytes_per_second: 50}}
  edges:
  - {ep1: {component: asic}, ep2: {component: port}, link: inner, scheme: many2many}
- name: box
  components:
  - {name: xpu, choice: xpu, count: 4}
  - {name: card, choice: device, count: 2}
  links:
  - name: bus
    physical: {bandwidth: {gigabits_per_second: 64.5}}
  - name: mesh
    physical: {bandwidth: {gigabits_per_second: 100}}
  edges:
  - {ep1: {component: "xpu[0:2]"}, ep2: {device: "card[0]", component: port}, link: bus,
     scheme: one2one}
  - {ep1: {component: "xpu"}, ep2: {component: "xpu"}, link: mesh, scheme: ring}
instances:
- {name: lab, device: box, count: 3}
links:
- name: wire
  physical: {bandwidth: {gigabits_per_second: 400}}
edges:
- ep1: {instance: "lab[0]", component: "card[1].port[0]"}
  ep2: {instance: "lab[2]", component: "card[1].port[-1]"}
  link: wire
  scheme: one2one
"""


def nested(tmp_path, text=NESTED):
    path = tmp_path / "lab.yaml"
    path.write_text(text)
    return path


def test_nested_devices_slices_and_rings(tmp_path):
    found = read(nested(tmp_path))
    fabric = found.fabric
    # 3 boxes of 4 xpu and 2 cards of 1 + 2; links: 2 x 2 inside the cards, 2 buses, a ring of 4.
    assert fabric.num_nodes == 3 * (4 + 2 * 3)
    assert fabric.num_links == 3 * (2 * 2 + 2 + 4) + 1
    assert fabric.bandwidth("lab.0.card.1.port.0", "lab.2.card.1.port.1").gbit_per_s == 400
    assert fabric.bandwidth("lab.1.xpu.1", "lab.1.card.0.port.1").gbit_per_s == 64.5
    # Chips of a ring pass on between themselves.
    assert fabric.bandwidth("lab.0.xpu.0", "lab.0.xpu.2").gbit_per_s == 200


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("device: box,", "device: bocks,", "25: instances.0..device is 'bocks'"),
        ("count: 3}", "count: 30000000000}", "25: .*must be 1 to"),
        ("lab[0]", "lab[3]", "30: .*has the index '3'; there are 3"),
        ("lab[0]", "lap[0]", "30: .*no instance: did you mean"),
        ("xpu[0:2]", "xpu[0:5]", "21: .*has the index '0:5'; there are 4"),
        ("xpu[0:2]", "xpu[2:2]", "21: .*selects nothing"),
        ("xpu[0:2]", "xpu[a]", "21: .*no endpoint"),
        ("link: bus", "link: buss", "21: .*is 'buss', which is no link: did you mean"),
        ("scheme: ring", "scheme: mesh", "23: .*must be one2one"),
        ("{gigabits_per_second: 64.5}", "{gigabits_per_second: -1}", "17: .*is -1"),
        ("{gigabits_per_second: 64.5}", "{gigatransfers_per_second: 64}", "'bus' has no bandwidth"),
        ("choice: xpu", "choice: gpu", "13: .*is 'gpu'"),
        ("- name: card\n", "- name: card\n  x: &a 1\n", "3: the anchor"),
        (
            "name: card, choice: device",
            "name: box, choice: device",
            "nested too deeply",
        ),
        ("name: card, choice: device", "name: cart, choice: device", "'cart' is no device"),
        ("- name: box\n", "- name: card\n", "a second device 'card'"),
        ("card[1].port[0]", "card[1]", "a whole device"),
    ],
)
def test_faults(tmp_path, old, new, says):
    assert old in NESTED
    refuses(tmp_path, "lab.yaml", NESTED.replace(old, new, 1), read, says)


def test_damaged_files(tmp_path):
    survives(tmp_path, "lab.yaml", NESTED.encode(), read)
    survives(
        tmp_path,
        "clos.yaml",
        (DATA / "clos3.yaml").read_bytes(),
        lambda path: read_infragraph(path, CLOS),
        50,
    )


def test_large_counts_are_quick(tmp_path):
    fabric = pp.load(nested(tmp_path, NESTED.replace("count: 3}", "count: 20000}")))
    assert fabric.num_nodes == 200_000
