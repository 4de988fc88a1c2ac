"""Loads by orbits are those of the links listed, whatever the wiring and whatever has failed."""

import numpy as np
import pinchpoint as pp
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.orbits import OrbitCongestion

from oracle.world import World
from property.fabrics import changed_specs, drawn, node_choices
from property.profile import cases


@st.composite
def questions(draw):
    spec = draw(changed_specs())
    sources = draw(node_choices(spec, 0))
    parts = []
    for _ in range(drawn(draw, 1, 1, 2)):
        sinks = sources if drawn(draw, True, False) else draw(node_choices(spec, 0))
        parts.append((sources, sinks, float(drawn(draw, 1, 3))))
        sources = draw(node_choices(spec, 0))
    mode = drawn(draw, "hardware", "hardware", "all", "none")
    return spec, parts, mode, drawn(draw, *ROUTINGS)


ROUTINGS = (("ecmp", "link"), ("ecmp", "link"), ("ecmp", "neighbor"), ("wcmp", "link"),
            ("valiant", "link"), ("valiant", "neighbor"))  # fmt: skip


def asked(world, parts):
    traffic = pp.traffic.Traffic(())
    for sources, sinks, rate in parts:
        ends = world.select_nodes([sources]), world.select_nodes([sinks])
        traffic += pp.traffic.between(*ends, gbit_per_s=rate)
    return traffic


@cases(500)
@given(questions())
def test_loads_by_orbits_are_those_of_the_listed_links(question):
    spec, parts, mode, (routing, split) = question
    world = World(spec)
    traffic = asked(world, parts)
    options = {"routing": routing, "split": split, "forwarding": mode}
    ours = world.fabric.congestion(traffic, **options)
    listed = world.fabric.materialize().congestion(traffic, **options)
    scale = max(listed.loads().max(initial=0.0), 1e-9)
    np.testing.assert_allclose(ours.loads(), listed.loads(), rtol=1e-9, atol=1e-9 * scale)
    assert ours.unreachable.pairs == listed.unreachable.pairs
    assert np.isclose(ours.unreachable.gbit_per_s, listed.unreachable.gbit_per_s)
    assert np.isclose(ours.max_utilization, listed.max_utilization)
    if isinstance(ours, OrbitCongestion):
        assert set(ours.unreachable.listed) <= set(listed.unreachable.listed)
        tiers, theirs = ours._columns(), listed._columns()
        assert tiers["tier"] == theirs["tier"]
        assert tiers["direction"] == theirs["direction"]
        assert tiers["links"] == theirs["links"]
        for name in ("max_utilization", "mean_utilization", "gbit_per_s"):
            np.testing.assert_allclose(tiers[name], theirs[name], rtol=1e-9, atol=1e-9 * scale)


@cases(40)
@given(questions())
def test_throughput_by_orbits_is_that_of_the_listed_links(question):
    spec, parts, mode, _ = question
    world = World(spec)
    traffic = asked(world, parts)
    listed = world.fabric.materialize()
    options = {"forwarding": mode, "unreachable": "drop"}
    try:
        theirs = listed.throughput(traffic, gap=1e-9, time_limit=2, **options)
    except pp.errors.PinchpointError:
        return
    ours = world.fabric.throughput(traffic, **options)
    assert ours.unreachable.pairs == theirs.unreachable.pairs
    assert ours.upper >= theirs.lower * (1 - 1e-9)
    assert ours.lower <= theirs.upper * (1 + 1e-9)
    if ours.method == "exact" and theirs.gap <= 1e-8:
        assert np.isclose(ours.lower, theirs.lower, rtol=1e-7)
    # The proof of kinds of links holds link by link.
    assert ours.verify()
    if ours.cut is not None:
        side = ours.cut.source_side
        tails, heads = listed.tails.astype(int), listed.heads.astype(int)
        over = (side[tails] != side[heads]) & (listed.gbit_per_s > 0)
        assert np.isclose(listed.gbit_per_s[over].sum(), ours.cut.gbit_per_s)
        assert over.sum() == sum(row.links for row in ours.cut.tiers)
