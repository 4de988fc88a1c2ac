"""All pairs by symmetry against the same pairs one by one."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.world import World
from property.fabrics import changed_specs
from property.profile import cases


def test_orbits_have_one_value() -> None:
    seen = Counter[str]()

    @cases(150)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        world = World(data.draw(changed_specs(), label="fabric"))
        fabric = world.fabric
        group = data.draw(st.sampled_from(fabric.groups))
        mode = data.draw(st.sampled_from(["hardware", "all", "none"]))
        if group.size < 2:
            return
        pairs = fabric.pairwise(group.name, forwarding=mode)
        count = group.size
        assert pairs.nodes.tolist() == list(range(group.first_node, group.first_node + count))
        assert sum(orbit.pairs for orbit in pairs.orbits) == count * (count - 1)
        listed = fabric.materialize()
        expected = listed.pairwise(pairs.nodes.tolist(), forwarding=mode)
        assert (pairs.gbit_per_s == expected.gbit_per_s).all()
        nodes = pairs.nodes.tolist()
        found = Counter(pairs.orbit(a, b) for a in nodes for b in nodes if a != b)
        assert found == {orbit: orbit.pairs for orbit in pairs.orbits}
        for orbit in pairs.orbits:
            assert pairs.orbit(*orbit.example) == orbit
        if count > 2:
            again = fabric.pairwise(nodes[::-1], forwarding=mode).gbit_per_s
            assert (again == expected.gbit_per_s[::-1, ::-1]).all()
        seen["asked"] += 1
        seen["fewer"] += len(pairs.orbits) < count * (count - 1) // 2
        seen["several values"] += len({orbit.kbit_per_s for orbit in pairs.orbits}) > 1
        seen["changed"] += bool(world.spec.changes)

    check()
    print(dict(seen))
    for what in ("fewer", "several values", "changed"):
        assert seen[what] > 0.1 * seen["asked"], what


def test_hosts_of_a_fat_tree_are_three_kinds_of_pairs() -> None:
    b = pp.FabricBuilder("fat tree")
    k, half = 8, 4
    host = b.nodes("host", pod=k, edge=half, host=half)
    edge = b.nodes("edge", pod=k, edge=half)
    agg = b.nodes("agg", pod=k, agg=half)
    core = b.nodes("core", agg=half, core=half)
    for ends in ((host, edge), (edge, agg), (agg, core)):
        b.links(*ends, "400Gb/s")
    fabric = b.build()
    pairs = fabric.pairwise("host")
    n = k * half * half
    assert sorted(orbit.pairs for orbit in pairs.orbits) == [
        n * (half - 1),
        n * (half - 1) * half,
        n * (k - 1) * half * half,
    ]
    assert {orbit.gbit_per_s for orbit in pairs.orbits} == {400}
    both = fabric.pairwise(fabric.select("edge"))
    assert len(both.orbits) == 2
    assert both.least.gbit_per_s == 1600
    assert pickle.loads(pickle.dumps(pairs)) == pairs
    assert list(pairs.to_frame().columns) == ["source", "sink", "pairs", "gbit_per_s"]
    assert repr(pairs).startswith("AllPairs(128 nodes, 3 orbits; least 50 GB/s (400 Gb/s)")


def test_built_in_fat_tree_of_27_648_hosts() -> None:
    fabric = pp.clusters.build("fat-tree", k=48)
    pairs = fabric.pairwise("chip")
    assert len(pairs) == 27_648
    assert len(pairs.orbits) <= 3
    assert pairs.orbit(0, 27_647).gbit_per_s == fabric.bandwidth(0, 27_647).gbit_per_s


def test_a_matrix_that_is_too_large_is_refused() -> None:
    pairs = pp.clusters.build("fat-tree", k=64).pairwise("chip")
    with pytest.raises(pp.PinchpointError, match=r"takes 34\.4 GB"):
        _ = pairs.gbit_per_s
    with pytest.raises(pp.PinchpointError, match="not among"):
        pairs.orbit(0, 10**9)
    with pytest.raises(pp.PinchpointError, match="given twice"):
        pairs.orbit(5, 5)
    with pytest.raises(pp.PinchpointError, match="two are needed"):
        pp.clusters.build("fat-tree", k=4).pairwise("chip[chip=0]")
    with pytest.raises(pp.PinchpointError, match="is explicit"):
        pp.clusters.build("fat-tree", k=4).materialize().pairwise("chip")
    assert np.isfinite(pairs.least.gbit_per_s)


def test_nodes_cannot_be_changed() -> None:
    pairs = pp.clusters.gb200_nvl72().pairwise("chip")
    with pytest.raises(ValueError, match="read-only"):
        pairs.nodes[0] = 7
