"""Ultra Ethernet topologies and connections."""

from pathlib import Path

import pinchpoint as pp
import pytest
from faults import refuses, survives
from pinchpoint.errors import InputTypeError, UnitError
from pinchpoint.interop import read, read_uec

DATA = Path(__file__).parents[1] / "data" / "uec"
TINY, PERM = DATA / "leaf_spine_tiny.topo", DATA / "perm_32n_32c_2MB.cm"


@pytest.mark.parametrize(
    ("name", "sizes", "links", "half"),
    [
        ("leaf_spine_tiny", (32, 4, 2), 40, 2 * 2 * 100),
        ("leaf_spine_8192_800g_4_to_1", (8192, 128, 16), 10_240, 64 * 16 * 800),
        ("fat_tree_1024_1os", (1024, 128, 128, 64), 3_072, 512 * 200),
        ("fat_tree_1024_4os", (1024, 128, 32, 16), 1_536, 512 * 200 // 4),
    ],
)
def test_real_files(name, sizes, links, half):
    found = read(DATA / f"{name}.topo")
    fabric = found.fabric
    assert tuple(group.size for group in fabric.groups) == sizes
    assert fabric.num_links == links
    assert fabric.is_structured
    assert fabric.report is found.report
    assert not found.report.guessed
    axis = "pod" if len(sizes) == 4 else "leaf"
    size = fabric.groups[0].coordinates[axis]
    ends = [f"host[{axis}=0:{size // 2}]", f"host[{axis}={size // 2}:{size}]"]
    assert fabric.bandwidth(*ends).gbit_per_s == half


def test_fat_tree_is_wired_as_the_simulator_does():
    # Spine i of every pod goes to cores i, i + spines, ...: two pods meet only in equal places.
    fabric = read(DATA / "fat_tree_1024_1os.topo").fabric
    tops = fabric.without(fabric.select("leaf"))
    one = "spine[pod=0,spine=3]"
    assert tops.bandwidth(one, "core[spine=3]").gbit_per_s == 8 * 200
    assert tops.bandwidth(one, "spine[pod=1,spine=3]").gbit_per_s == 8 * 200
    assert tops.bandwidth(one, "spine[pod=1,spine=4]").gbit_per_s == 0
    assert fabric.bandwidth(one, "spine[pod=1,spine=4]").gbit_per_s == 16 * 200


def test_connections_are_traffic():
    found = read_uec(TINY, PERM)
    demands = found.demands
    assert len(demands.sources) == 32
    assert sorted(demands.sinks.tolist()) == list(range(32))
    assert demands.unit == "bytes"
    assert (demands.sources[0], demands.sinks[0], demands.amount[0]) == (19, 0, 2e6)
    for seconds, error in ((0, UnitError), (-1.0, UnitError), ("1", InputTypeError)):
        with pytest.raises(error, match="seconds is"):
            demands.traffic(seconds=seconds)
    # 2 MB in a millisecond is 16 Gbit/s; of a leaf's eight hosts' flows most leave by two spines.
    loads = found.fabric.congestion(demands.traffic(seconds=1e-3))
    leaving = max(
        sum(
            a // 8 == leaf and b // 8 != leaf
            for a, b in zip(demands.sources, demands.sinks, strict=True)
        )
        for leaf in range(4)
    )
    assert loads.max_utilization == pytest.approx(leaving * 16 / 200)
    with pytest.raises(UnitError, match="bytes"):
        demands.traffic()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Nodes 32", "Nodes 33", "3: Nodes over Podsize: 33 is no multiple of 32"),
        ("Nodes 32", "Nodes 10000000000000", "1: Nodes is .*must be a whole number"),
        ("Nodes 32", "Nodes", "1: .*has no value"),
        ("Nodes 32\n", "", "no Nodes"),
        ("Tiers 2", "Tiers 4", "2: Tiers is 4"),
        ("Tiers 2", "Tiers 3", "tiers described are 0, 1"),
        ("Radix_Up 2", "Radix_Up 0", "8: Radix_Up is '0'"),
        ("Radix_Up 2", "Radix_Upp 2", "8: 'Radix_Upp' is unknown: did you mean"),
        ("Radix_Up 2\n", "", "Tier 0 has no Radix_Up"),
        ("Radix_Down 4", "Radix_Down 5", "Radix_Down of tier 1 is 5; 4 leaves"),
        ("Tier 1", "Tier 0", "Tier 0 comes twice"),
        ("Podsize 32", "Podsize 16", "Radix_Down of tier 1 is 4; 2 leaves"),
        (
            "Oversubscribed 4\n\n",
            "Oversubscribed 4\nOversubscribed 4\n",
            "comes twice, first in line",
        ),
    ],
)
def test_faults(tmp_path, old, new, says):
    text = TINY.read_text()
    assert text.count(old) >= 1
    refuses(tmp_path, "a.topo", text.replace(old, new, 1), read_uec, says)


def test_a_wrong_oversubscription_is_reported(tmp_path):
    path = tmp_path / "a.topo"
    path.write_text(TINY.read_text().replace("Oversubscribed 4", "Oversubscribed 2"))
    (guess,) = read(path).report.guessed
    assert guess == "tier 0: Oversubscribed says 2:1, its ports say 4:1; the ports are taken"


def test_messages_of_a_connection_may_have_no_number(tmp_path):
    # As the simulator's test_cr_1f10m1p.cm has them.
    path = tmp_path / "a.cm"
    path.write_text(
        "Nodes 2\nConnections 3\n0->1 id 1 msg start 0 size 4\n"
        "1->0 id 2 msg 7 size 5\n0->1 size 6 msg\n"
    )
    assert read_uec(TINY, path).demands.amount.tolist() == [4, 5, 6]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("19->0 id 1", "19->32 id 1", "3: host is '32'"),
        ("19->0 id 1", "19=>0 id 1", "3: .*is cut off or no connection"),
        ("size 2000000\n", "size\n", "3: 'size' has no value"),
        (" size 2000000\n", "\n", "3: connection 19->0 has no size"),
        ("19->0 id 1", "19->0 idd 1", "'idd' is unknown"),
        ("Connections 32", "Connections 99", "2: Connections is 99, and there are 32"),
        ("Nodes 32", "Nodes 64", "1: Nodes is 64; the topology has 32"),
    ],
)
def test_faults_of_connections(tmp_path, old, new, says):
    text = PERM.read_text()
    assert old in text
    refuses(tmp_path, "a.cm", text.replace(old, new, 1), lambda path: read_uec(TINY, path), says)


def test_damaged_files(tmp_path):
    survives(tmp_path, "a.topo", TINY.read_bytes(), read_uec)
    survives(tmp_path, "a.cm", PERM.read_bytes(), lambda path: read_uec(TINY, path))


def test_million_hosts_stay_structured(tmp_path):
    path = tmp_path / "a.topo"
    text = (
        TINY.read_text()
        .replace("32", str(1 << 20))
        .replace("Radix_Down 4", f"Radix_Down {1 << 17}")
    )
    path.write_text(text)
    assert pp.load(path).num_nodes == (1 << 20) + (1 << 17) + 2
