"""Collectives of fabrics with tiers and failures: flows from near by prove what whole flows do."""

from collections import Counter

import pinchpoint as pp
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint import _core

from property.fabrics import drawn
from property.profile import cases
from property.test_collective import rate


@st.composite
def three_tiers(draw):
    """A fabric of pods, hosts and chips with thin and fat tiers, and some of its links changed."""
    pods, hosts, chips = (draw(st.integers(low, 4)) for low in (3, 2, 2))
    rate = st.sampled_from(["1GB/s", "2GB/s", "5GB/s"])
    builder = pp.FabricBuilder("tiers")
    chip = builder.nodes("chip", pod=pods, host=hosts, chip=chips, forwards=draw(st.booleans()))
    builder.links(chip, builder.nodes("switch", pod=pods, host=hosts), draw(rate))
    leaf = builder.nodes("leaf", pod=pods, chip=chips)
    builder.links(chip, leaf, draw(rate))
    limit = draw(st.sampled_from([None, None, "9GB/s"]))
    spine = builder.nodes("spine", pod=pods, spine=2, capacity=limit)
    builder.links(leaf, spine, draw(rate))
    builder.links(spine, builder.nodes("core", spine=2, core=draw(st.integers(1, 4))), draw(rate))
    fabric = builder.build()
    for bundle in draw(st.lists(st.sampled_from(fabric.bundles), min_size=1, max_size=6)):
        one = fabric.sample_links(bundle.name, 1, seed=draw(st.integers(0, 99)))
        if draw(st.integers(0, 3)):
            fabric = fabric.without(one)
        else:
            fabric = fabric.scaled(one, draw(st.sampled_from([0.5, 3.0])))
    return fabric


def test_ranks_shown_from_near_by_receive_as_much():
    """What is proved by flows from near by is what whole flows into every rank prove."""
    seen = Counter()

    @cases(150)
    @given(st.data())
    def check(data):
        fabric = data.draw(three_tiers())
        part = data.draw(st.sampled_from([{}, {}, {"pod": slice(0, 2)}, {"host": 0}]))
        ranks = [fabric.select("chip", **part)]
        mode = drawn(data.draw, "hardware", "hardware", "all")
        one = drawn(data.draw, False, False, False, True)
        found, answer = rate(fabric, ranks, mode, one)
        listed, plain = rate(fabric.materialize(), ranks, mode, one)
        assert listed == found
        _, receivers, near = answer.reached
        assert near <= receivers
        assert receivers == plain.reached[1] or not found
        assert not plain.reached[2]
        seen["near"] += near > 0
        # Some orbit other than the first binds.
        seen["lowered"] += 0 < near < receivers - 1
        seen["all"] += 0 < near == receivers - 1
        seen["pods"] += answer.binding[1] > 1 and near > 0

    check()
    for kind in ("near", "lowered", "all", "pods"):
        assert seen[kind] >= 5, seen


@cases(30)
@given(st.data())
def test_parts_are_cuts_whether_by_flows_or_not(data):
    """With many failures the bound comes from cuts that need no flow, and still holds."""
    fabric = data.draw(three_tiers())
    worse = fabric.without(fabric.sample_links("chip-leaf", 8, seed=data.draw(st.integers(0, 99))))
    answer = worse.collective("all_reduce", "chip")
    listed = worse.materialize().collective("all_reduce", "chip")
    assert answer.seconds == listed.seconds
    if answer.algbw_gbyte_per_s:
        assert 0 < answer.seconds_lower <= answer.seconds
        names = [*data.draw(st.sampled_from([(), ("pod",), ("pod", "host"), ("host", "chip")]))]
        ranks = [worse.select("chip")._handle]
        ask = (ranks, names or None, "hardware", False)
        cheap = _core.rank_parts(worse._handle, *ask, 10_000, None)
        exact = _core.rank_parts(worse.materialize()._handle, *ask, 10_000, None)
        assert (cheap is None) == (exact is None)
        if cheap:
            assert cheap[0] == exact[0]
            assert cheap[1] >= exact[1]
