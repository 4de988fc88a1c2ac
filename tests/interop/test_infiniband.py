"""ibnetdiscover and netloc: real dumps, and dumps with one thing wrong."""

import json
import random
from pathlib import Path

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import FormatError
from pinchpoint.interop import read, read_ibnetdiscover, read_netloc

DATA = Path(__file__).parents[1] / "data"
IB = DATA / "infiniband"
SUBNET = "IB-fe80:0000:0000:0000"
PLAFRIM = DATA / "netloc_plafrim" / f"{SUBNET}-nodes.ndat"
PATHS = PLAFRIM.with_name(f"{SUBNET}-log-paths.ndat")


@pytest.mark.parametrize(
    ("name", "switches", "hosts", "links", "guessed", "skipped"),
    [("1", 2, 4, 7, 2, 0), ("2", 1, 2, 2, 0, 0), ("3", 2, 6, 7, 0, 4), ("4", 1, 1, 1, 0, 0)],
)
def test_real_dumps(name, switches, hosts, links, guessed, skipped):
    found = read(IB / f"{name}.topo")
    assert dict(found.report.read) == {"switches": switches, "hosts": hosts, "links": links}
    assert [group.role for group in found.fabric.groups] == ["switch", "host"]
    assert found.fabric.num_links == links
    assert (len(found.report.guessed), len(found.report.skipped)) == (guessed, skipped)
    assert found.fabric.report is found.report


def test_rates_are_data_rates_and_the_lower_end_counts():
    fabric = pp.load(IB / "3.topo")
    assert fabric.bandwidth("r-ufm216 HCA-2", "r-ufm111 HCA-1").kbit_per_s == 4 * 13_636_363
    assert fabric.bandwidth("r-ufm101 HCA-1", "r-ufm101 HCA-2").gbit_per_s == 32
    slow = read_ibnetdiscover(IB / "1.topo")
    # Two cables between the switches, one of which trained at 1x on one side: 2 + 8 Gbit/s.
    assert slow.fabric.bandwidth("ISR9024 Voltaire", "SW-6IB4 Voltaire").gbit_per_s == 10
    assert "1xSDR and 4xSDR; the lower one" in str(slow.report)


SMALL = """\
vendid=0x2c9
switchguid=0xa(a)
Switch  8 "S-a"  # "leaf one" base port 0 lid 3 lmc 0
[1]     "H-b"[1](b1)          # "host b HCA-1" lid 1 4xNDR
[2]     "H-c"[1](c1)          # "host c 1xSDR fake" lid 2 4xHDR

caguid=0xb
Ca      2 "H-b"          # "host b HCA-1"
[1](b1)     "S-a"[1]         # lid 1 lmc 0 "leaf one" lid 3 4xNDR

caguid=0xc
Ca      2 "H-c"          # "host c 1xSDR fake"
[1](c1)     "S-a"[2]         # lid 2 lmc 0 "leaf one" lid 3 4xHDR
"""


def small(tmp_path, text):
    path = tmp_path / "dump.topo"
    path.write_text(text)
    return path


def test_a_small_dump(tmp_path):
    found = read(small(tmp_path, SMALL))
    assert found.report.is_complete
    assert found.fabric.gbit_per_s.tolist() == [400, 200]
    assert found.fabric.bandwidth("host b HCA-1", "leaf one").gbit_per_s == 400


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("4xNDR\n[2]", "4xZDR\n[2]", 4, "'ZDR' is unknown"),
        ("4xNDR\n[2]", "5xNDR\n[2]", 4, "5x is unknown"),
        ("4xNDR\n[2]", "\n[2]", 4, "no rate"),
        ("4xNDR\n[2]", "4xNDR\n[1]", 5, "listed twice"),
        ('"S-a"[2] ', '"S-a"[1] ', 13, "leads to H-b[1]"),
        ('"H-c"[1](c1)   ', '"H-b"[1](c1)   ', 5, "leads to S-a[1]"),
        ('"H-c"          #', '"H-b"          #', 12, "'H-b' is listed twice"),
        ('Switch  8 "S-a"', "Switch  8", 3, "cut off"),
        ('Ca      2 "H-b"', "Ca      2", 8, "cut off"),
        ('[1](b1)     "S-a"[1]', '[1](b1)     "S-a', 9, "cut off"),
    ],
)
def test_faults_have_file_and_line(old, new, line, message, tmp_path):
    assert SMALL.count(old) == 1
    path = small(tmp_path, SMALL.replace(old, new))
    with pytest.raises(FormatError) as caught:
        read(path)
    assert f"{path}:{line}: " in str(caught.value)
    assert message in str(caught.value)


def test_several_faults_come_at_once(tmp_path):
    with pytest.raises(FormatError) as caught:
        read(small(tmp_path, SMALL.replace("NDR", "QQQ").replace("HDR", "ZZZ")))
    assert len(str(caught.value).splitlines()) == 4


def test_errors_of_the_tool_are_skipped_and_said(tmp_path):
    noise = "ibwarn: [123] mad_rpc: timeout after 3\nsrc/query_smp.c:195; umad bad status 110\n"
    lines = SMALL.splitlines(keepends=True)
    for place in range(len(lines)):
        found = read(small(tmp_path, "".join([*lines[:place], noise, *lines[place:]])))
        assert found.fabric.num_links == 2
        assert len(found.report.skipped) == 2
    mixed = SMALL.replace("base port", "ibwarn: timeout base port")
    assert read(small(tmp_path, mixed)).fabric.num_links == 2


def test_blocks_may_come_in_any_order(tmp_path):
    blocks = SMALL.split("\n\n")
    found = read(small(tmp_path, "\n\n".join(blocks[::-1])))
    assert found.fabric.bandwidth("host b HCA-1", "leaf one").gbit_per_s == 400
    assert found.report.is_complete


def test_a_cable_that_one_end_reports_is_kept_and_said(tmp_path):
    line = next(line for line in SMALL.splitlines() if "lid 2 4xHDR" in line)
    found = read(small(tmp_path, SMALL.replace(line + "\n", "")))
    assert found.fabric.num_links == 2
    assert len(found.report.guessed) == 1
    assert "H-c[1] - S-a[2] is reported by one end only" in found.report.guessed[0]


def test_a_truncated_dump_says_so(tmp_path):
    lines = SMALL.splitlines(keepends=True)
    found = read(small(tmp_path, "".join(lines[:9])))
    assert found.fabric.num_links == 1
    assert "its other end is not in the file" in str(found.report)


def test_aggregation_nodes_are_no_hosts(tmp_path):
    text = SMALL.replace("host c 1xSDR fake", "Mellanox Technologies Aggregation Node")
    found = read(small(tmp_path, text))
    assert dict(found.report.read) == {"switches": 1, "hosts": 1, "links": 1}
    assert "aggregation node" in str(found.report)


def test_wrong_files_are_refused(tmp_path):
    with pytest.raises(FormatError, match="no known format"):
        read(small(tmp_path, "hello\n"))
    with pytest.raises(FormatError, match="before any Switch or Ca"):
        read_ibnetdiscover(small(tmp_path, SMALL.replace('Switch  8 "S-a"', '#"S-a"')))
    with pytest.raises(FormatError, match="this is no output of ibnetdiscover"):
        read_ibnetdiscover(small(tmp_path, ""))


def mutated(text, rng):
    start = rng.randrange(len(text))
    end = min(len(text), start + rng.choice([0, 1, 1, 5, 60]))
    other = rng.randrange(len(text))
    return text[:start] + text[other : other + rng.choice([0, 1, 8])] + text[end:]


@pytest.mark.parametrize("path", [IB / "1.topo", IB / "3.topo"], ids=lambda path: path.name)
def test_random_damage_gives_a_fabric_or_a_format_error(path, tmp_path):
    rng, text = random.Random(1), path.read_text()
    for _ in range(150):
        try:
            found = read_ibnetdiscover(small(tmp_path, mutated(text, rng)))
        except FormatError:
            continue
        assert found.fabric.num_links <= 12


def rate_per_pair(found, hosts):
    """All-to-all rate of every ordered pair of hosts over the paths, in Gbit/s."""
    paths, fabric = found.paths, found.fabric
    wanted = np.isin(paths.sources, hosts) & np.isin(paths.sinks, hosts)
    used = np.repeat(wanted, np.diff(paths.first))
    arcs = 2 * paths.links[used] + ~paths.forward[used]
    load = np.bincount(arcs, minlength=2 * fabric.num_links)
    return (np.repeat(fabric.gbit_per_s, 2)[load > 0] / load[load > 0]).min()


def test_plafrim_with_its_real_paths():
    answers = json.loads(PLAFRIM.with_name("answers.json").read_text())
    found = read(PLAFRIM)
    assert dict(found.report.read) == {
        "switches": 9,
        "hosts": answers["hosts"],
        "edges": answers["arcs"],
        "links": answers["arcs"] // 2,
        "paths": 125 * 124,
    }
    assert found.report.is_complete
    fabric = found.fabric
    hosts = fabric.node_ids("host")
    real = rate_per_pair(found, hosts)
    assert real == pytest.approx(answers["real_static_lft"]["lambda_gbps_per_pair"], rel=1e-9)
    # The hosts on the switches named Voltaire, save the one that ends in 8C9E.
    core = [
        switch
        for switch in fabric.node_ids("switch")
        if "Voltaire" in fabric.names[switch] and not fabric.names[switch].endswith("8C9E")
    ]
    own = hosts[[fabric.tails[fabric.heads == host][0] in core for host in hosts]]
    assert len(own) == answers["core"]["n"]
    assert rate_per_pair(found, own) == pytest.approx(answers["core"]["real"], rel=1e-9)
    # One cable in a trunk between two of the core switches trained at SDR.
    between = np.isin(fabric.tails, core) & np.isin(fabric.heads, core)
    slow = np.flatnonzero(between & (fabric.gbit_per_s == 8))
    assert len(slow) == 1
    ends = {fabric.names[end][-4:] for end in (fabric.tails[slow[0]], fabric.heads[slow[0]])}
    assert ends == {"8500", "8524"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: root.pop("node_info"), "node_info is missing"),
        (lambda root: root.update(node_info=[]), "node_info is a list; it must be an object"),
        (lambda root: root.update(node_info={}), "node_info is empty"),
        (lambda root: root["edge_info"]["801"].update(speed="ODR"), "edge_info.801.speed is 'ODR'"),
        (lambda root: root["edge_info"]["801"].update(width="3x"), "edge_info.801.width is '3x'"),
        (lambda root: root["edge_info"]["801"].pop("width"), "edge_info.801.width is missing"),
        (lambda root: root["edge_info"]["801"].update(dest_node_id="x"), "no node of node_info"),
        (lambda root: root["edge_info"]["801"].update(dest_port_id="1"), "edge_info.801"),
        (lambda root: root["edge_info"].pop("801"), "801' is no edge|801 is no edge"),
        (lambda root: root["node_info"]["0002:c903:0006:dc31"].update(node_type=3), "is 3"),
    ],
)
def test_netloc_faults_name_the_field(change, message, tmp_path):
    root = json.loads(PLAFRIM.read_text())
    change(root)
    path = tmp_path / "x-nodes.ndat"
    path.write_text(json.dumps(root))
    if message == "edge_info.801":
        # The port is another cable's: the two ends contradict each other.
        message = "but back from there it is|reported by one end"
        with pytest.raises(FormatError, match=message):
            read_netloc(path, PATHS)
        return
    with pytest.raises(FormatError, match=message):
        read_netloc(path, PATHS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"node_info": {}', ":1: no JSON"),
        ('{"node_info": {"a": 1, "a": 2}}', "'a' comes twice"),
        ('{"node_info": ' + "[" * 200_000, "deep|no JSON"),
        ('{"node_info": NaN}', "NaN"),
        ('{"node_info": ' + "9" * 10_000 + "}", "no JSON|must be"),
    ],
)
def test_hostile_json(content, message, tmp_path):
    path = tmp_path / "x-nodes.ndat"
    path.write_text(content)
    with pytest.raises(FormatError, match=message):
        read(path)


def test_paths_must_be_paths(tmp_path):
    root = json.loads(PATHS.read_text())
    source, targets = next(iter(root["path_info"].items()))
    target, steps = next(iter(targets.items()))
    for broken, message in [
        (steps[::-1], "does not go on from there"),
        (steps[:-1], "does not end there"),
        ([True], "is no edge"),
        ("text", "must be a list"),
    ]:
        path = tmp_path / "paths.ndat"
        path.write_text(json.dumps({"path_info": {source: {target: broken}}}))
        with pytest.raises(FormatError, match=message):
            read_netloc(PLAFRIM, path)
