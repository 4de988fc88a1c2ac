"""Loads and throughput of structured fabrics, against figures worked out by hand."""

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint import linear

highs = pytest.mark.skipif(not linear.available(), reason="needs highspy")


def leaf_spine(leaves=4, spines=2, hosts=3, up=1):
    b = pp.FabricBuilder("clos")
    chip = b.nodes("chip", forwards=False, leaf=leaves, port=hosts)
    leaf = b.nodes("leaf", leaf=leaves)
    spine = b.nodes("spine", spine=spines)
    b.links(chip, leaf, "1Gb/s")
    b.links(leaf, spine, f"{up}Gb/s")
    return b.build()


def everyone(rate=1.0):
    return pp.traffic.all_to_all("chip", gbit_per_s=rate)


def test_all_to_all_on_leaf_and_spine_loads_each_tier_alike():
    loads = leaf_spine().congestion(everyone())
    # 11 others; 9 of them behind other leaves; 3 hosts share 2 uplinks.
    assert loads.loads("chip-leaf") == pytest.approx(np.full((2, 12), 11.0))
    assert loads.loads("leaf-spine") == pytest.approx(np.full((2, 8), 3 * 9 / 2))
    assert loads.max_utilization == pytest.approx(13.5)
    assert loads.orbits == (3, 2, 1)
    hot = loads.bottlenecks(1)[0]
    assert (hot.bundle, hot.links, hot.link) == ("leaf-spine", 8, None)


def test_a_failed_uplink_moves_its_load_to_the_other():
    fabric = leaf_spine()
    worse = fabric.without(fabric.select_links("leaf-spine", leaf=0, spine=0))
    loads = worse.congestion(everyone()).loads("leaf-spine")
    assert loads[:, 0].tolist() == [0.0, 0.0]
    assert loads[:, 1] == pytest.approx([27.0, 27.0])
    # Leaf 1 sends 9 flows to leaf 0 over spine 1, and 18 to the others over both.
    assert loads[0, 2:4] == pytest.approx([9.0, 18.0])


def test_a_million_chips_load_their_nics_with_all_but_the_ultraserver():
    cluster = pp.clusters.trn3_ultracluster(ultraservers=7168)
    traffic = pp.traffic.all_to_all("chip", per_chip_gbyte_per_s=25.0)
    loads = cluster.congestion(traffic)
    chips = 7168 * 144
    away = (chips - 144) / (chips - 1)
    table = loads.to_dict()["tiers"]
    used = {(row["tier"], row["direction"]): row["gbit_per_s"] for row in table}
    # What leaves a pod of 64 UltraServers goes over the cores once.
    pods = (chips - 64 * 144) / (chips - 1)
    assert used["spine-core", "forward"] == pytest.approx(200.0 * chips * pods)
    assert loads.max_utilization >= away
    best = cluster.throughput(traffic)
    assert best.gap <= 1e-9
    assert best.lower == pytest.approx(1 / away, rel=1e-9)


def test_links_that_differ_only_in_equal_values_are_kept_apart():
    b = pp.FabricBuilder("rails")
    chip, leaf = b.nodes("chip", rail=2), b.nodes("leaf", rail=2)
    b.links(chip, leaf, "1Gb/s", name="main")
    b.links(chip, leaf, "1Gb/s", join={}, name="boot")
    best = b.build().throughput(everyone())
    assert best.lower <= 2 * (1 + 1e-9)
    assert best.upper >= 2 * (1 - 1e-9)


@highs
def test_rail_only_with_forwarding_has_its_closed_form():
    racks, chips, scale_up, scale_out = 4, 4, 6.0, 1.0
    b = pp.FabricBuilder("rail-only")
    chip = b.nodes("chip", forwards=True, rack=racks, rail=chips)
    switch = b.nodes("switch", rack=racks)
    rail = b.nodes("leaf", rail=chips)
    b.links(chip, switch, f"{scale_up:g}Gb/s")
    b.links(chip, rail, f"{scale_out:g}Gb/s")
    best = b.build().throughput(everyone())
    n = racks * chips
    wanted = min(scale_out / (n - chips), scale_up * chips / (n * (chips - 1)))
    assert best.method == "exact"
    assert best.lower == pytest.approx(wanted, rel=1e-8)


def test_pairs_without_a_way_are_counted_and_named():
    fabric = leaf_spine()
    cut = fabric.without(fabric.select_links("chip-leaf", leaf=1, port=2))
    lost = cut.congestion(everyone(2.0)).unreachable
    assert (lost.pairs, lost.gbit_per_s) == (22, 44.0)
    assert all(5 in pair for pair in lost.listed)
    with pytest.raises(pp.errors.GraphError, match="22 pairs have no way"):
        cut.throughput(everyone())
    assert cut.throughput(everyone(), unreachable="drop").lower > 0


def test_scaling_traffic_scales_loads_and_throughput():
    fabric = leaf_spine()
    one, three = fabric.congestion(everyone()), fabric.congestion(everyone() * 3)
    assert three.loads() == pytest.approx(3 * one.loads())
    assert fabric.throughput(everyone() * 3).lower == pytest.approx(
        fabric.throughput(everyone()).lower / 3
    )


@pytest.mark.parametrize(("bundle", "count"), [("leaf-spine", 12), ("spine-core", 5)])
def test_failures_are_evened_out_to_the_optimum(bundle, count, monkeypatch):
    """Without a linear program: a flow that meets the bound, where ECMP does not."""
    cluster = pp.clusters.trn3_ultracluster(ultraservers=128)
    worse = cluster.without(cluster.sample_links(bundle, count, seed=1))
    traffic = pp.traffic.all_to_all("chip", per_chip_gbyte_per_s=1.0)
    monkeypatch.setattr("pinchpoint._concurrent._SMALL", 0)
    best = worse.throughput(traffic, gap=0)
    assert best.gap <= 1e-9
    assert best.method == "exact"
    assert worse.congestion(traffic).multiplier < best.lower * (1 - 1e-7)


@highs
def test_evened_flows_are_no_better_than_the_linear_program(monkeypatch):
    fabric = leaf_spine(leaves=5, spines=3, hosts=3)
    worse = fabric.without(fabric.sample_links("leaf-spine", 2, seed=4))
    exact = worse.throughput(everyone(), gap=0)
    monkeypatch.setattr("pinchpoint._concurrent._SMALL", 0)
    monkeypatch.setattr("pinchpoint.throughput._LISTED", 0)
    evened = worse.throughput(everyone(), gap=0)
    assert exact.gap <= 1e-9
    assert evened.lower <= exact.upper * (1 + 1e-9)
    assert evened.upper >= exact.lower * (1 - 1e-9)
    assert worse.congestion(everyone()).multiplier <= evened.lower * (1 + 1e-9)


def test_equal_values_below_different_rigid_ones_mean_nothing() -> None:
    # The ring makes q rigid, and v a coordinate of its own at each q: all leaves of q = 0 are
    # joined alike to all of q = 2, whatever their v.
    b = pp.FabricBuilder("rigid")
    leaf, nic = b.nodes("leaf", q=3, v=2), b.nodes("nic", q=3, forwards=False)
    b.ring(nic, "q", "3Gb/s")
    b.links(leaf.where(q=1), nic, "3Gb/s")
    b.links(leaf, leaf.where(q=2), "1Gb/s", join={}, name="full")
    fabric = b.build()
    traffic = pp.traffic.all_to_all("leaf", gbyte_per_s=1.0)
    loads = fabric.congestion(traffic).loads("full")
    assert np.allclose(loads, fabric.materialize().congestion(traffic).loads("full"))
    assert np.allclose(loads, [[20.0] * 8 + [8.0]] * 2)
    found = fabric.throughput(traffic)
    assert found.upper == pytest.approx(0.05)
    assert found.verify()


def test_loads_do_not_depend_on_the_number_of_threads():
    fabric = pp.clusters.clos(chips=4096)
    failed = [fabric.sample_links(tier, 100, seed=7) for tier in ("leaf-spine", "spine-core")]
    worse = fabric.without(*failed)
    before = pp.get_threads()
    seen = set()
    try:
        for threads in (1, 2, 3, 8):
            pp.set_threads(threads)
            loads = worse.congestion(everyone(0.1))
            assert loads.orbits[1] > 2048  # More than one thread is worth starting.
            tiers = (loads.loads(bundle.name).tobytes() for bundle in worse.bundles)
            seen.add((loads.max_utilization, *tiers))
    finally:
        pp.set_threads(before)
    assert len(seen) == 1
