"""Pairs of nodes and failures on explicit fabrics, against questions asked one by one."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.flow import Network
from oracle.spec import select
from oracle.world import World
from property.fabrics import changed_specs, link_choice, node_choices, queries
from property.profile import cases
from property.test_bandwidth import assert_flow, assert_rows


def test_pairs_equal_the_oracle() -> None:
    seen = Counter[str]()

    @cases(150)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        world = World(data.draw(changed_specs(), label="fabric"))
        listed = world.fabric.materialize()
        count = len(world.meaning.nodes)
        if count < 2:
            return
        a = data.draw(st.integers(0, count - 1))
        b = (a + data.draw(st.integers(1, count - 1))) % count
        mode = data.draw(st.sampled_from(["hardware", "all", "none"]))
        expected = Network(world.meaning, {a}, {b}, mode).answer()
        for _ in range(2):
            answer = listed.bandwidth(a, b, forwarding=mode)
            assert answer.kbit_per_s == expected.value
            assert_rows(world.spec, answer.bottleneck, expected.near_sources, expected.value)
            assert_rows(world.spec, answer.bottleneck_sink, expected.near_sinks, expected.value)
            assert_flow(world, answer, {a}, {b}, mode)
            answer.verify()
        assert pickle.loads(pickle.dumps(answer)) == answer
        seen["asked"] += 1
        seen["positive"] += expected.value > 0
        seen["two cuts"] += expected.near_sources != expected.near_sinks

    check()
    print(dict(seen))
    assert seen["positive"] > 0.3 * seen["asked"]
    assert seen["two cuts"] > 0.01 * seen["asked"]


def test_failure_sweeps_equal_fabrics_without() -> None:
    seen = Counter[str]()

    @cases(100)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        world = World(data.draw(changed_specs(), label="fabric"))
        sources, sinks, mode = data.draw(queries(world.spec), label="query")
        if not sinks or not world.spec.bundles:
            return
        ends = (world.select_nodes(sources), world.select_nodes(sinks))
        failures = []
        for _ in range(data.draw(st.integers(1, 4))):
            if data.draw(st.integers(0, 3)) == 0:
                choice = data.draw(node_choices(world.spec))
                known = world.meaning.ids(choice)
            else:
                index = data.draw(st.integers(0, len(world.spec.bundles) - 1))
                choice = link_choice(data.draw, world.spec, index)
                known = world.meaning.places(choice)
            failures.append([select(world.fabric, world.spec, choice)] if known else [])
        for fabric in (world.fabric, world.fabric.materialize()):
            swept = fabric.failure_sweep(*ends, failures, forwarding=mode)
            intact = fabric.bandwidth(*ends, forwarding=mode).kbit_per_s
            assert swept.intact_kbit_per_s == intact
            for value, failure in zip(swept.kbit_per_s, failures, strict=True):
                left = fabric.without(*failure).bandwidth(*ends, forwarding=mode)
                assert value == left.kbit_per_s
                seen["asked"] += 1
                seen["less"] += 0 < value < intact

    check()
    print(dict(seen))
    assert seen["less"] > 0.05 * seen["asked"]


@pytest.fixture
def tree() -> pp.Fabric:
    return pp.clusters.build("fat-tree", k=4).materialize()


def test_a_sweep_as_a_table(tree: pp.Fabric) -> None:
    uplinks = [tree.select_links("leaf-spine", leaf=0, spine=i) for i in (0, 1)]
    swept = tree.failure_sweep([0, 1], [14, 15], [uplinks[0], uplinks, []])
    full = swept.intact_gbit_per_s
    assert swept.gbit_per_s.tolist() == [full / 2, 0, full]
    assert swept.worst == 1
    assert swept.to_frame().left.tolist() == [0.5, 0, 1]
    assert repr(swept).startswith("FailureSweep(3 failures; intact ")
    with pytest.raises(pp.PinchpointError, match="list of what fails in turn"):
        tree.failure_sweep([0], [1], uplinks[0])
    with pytest.raises(pp.PinchpointError, match=r"failures\[1\]"):
        tree.failure_sweep([0], [1], [uplinks[0], 3])


def test_threads_do_not_change_an_answer(tree: pp.Fabric) -> None:
    before = pp.get_threads()
    links = [tree.sample_links(tree.bundles[1].name, 2, seed=seed) for seed in range(64)]
    found = []
    try:
        for threads in (1, 2, 3, 8):
            pp.set_threads(threads)
            swept = tree.failure_sweep([0, 1, 2], [13, 14, 15], links)
            pairs = tree.pairwise(range(12))
            flow = tree.bandwidth(0, 15).flow().gbit_per_s
            found.append((swept, pairs.gbit_per_s.tobytes(), flow.tobytes(), tree.cut_tree()))
    finally:
        pp.set_threads(before)
    assert all(one == found[0] for one in found)
    assert np.frombuffer(found[0][1]).max() > 0
