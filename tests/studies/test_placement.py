"""Placements: bounds against all placements, and the search where the best is known."""

import itertools

import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pinchpoint.errors import SelectionError
from pinchpoint.jobs import Job, Schedule, placement


def tree(leaves, chips, uplink, spines=1):
    b = pp.FabricBuilder("tree")
    chip = b.nodes("chip", leaf=leaves, chip=chips)
    leaf = b.nodes("leaf", leaf=leaves)
    spine = b.nodes("spine", spine=spines)
    b.links(chip, leaf, "100Gb/s")
    b.links(leaf, spine, f"{uplink}Gb/s")
    return b.build()


def rate(fabric, traffic, busiest):
    """What the busiest rank sends, by the definition."""
    return busiest / fabric.congestion(traffic).max_utilization


def test_all_placements_are_routed_if_they_are_few():
    lab = tree(2, 4, 100)
    job = Job("job", [0, 1, 4, 5])
    found = placement(lab, job, free="chip")
    rates = [
        rate(lab, pp.traffic.all_to_all(list(nodes), per_chip_gbit_per_s=1.0), 1.0)
        for nodes in itertools.combinations(range(8), 4)
    ]
    assert found.exhaustive
    assert found.optimal
    assert found.tried == 70
    assert found.gbit_per_s == pytest.approx(75.0)
    assert found.best_gbit_per_s == pytest.approx(max(rates)) == pytest.approx(100.0)
    assert found.bound_gbit_per_s == 100.0
    assert found.score == found.score_to_bound == pytest.approx(0.75)


@pytest.mark.parametrize("count", [3, 5, 6, 7, 9])
def test_the_search_finds_the_best_where_it_is_known(count):
    """Of all 12 over count choices, at most half of which are tried."""
    lab = tree(3, 4, 70)
    start = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3][:count]
    best = max(
        rate(lab, pp.traffic.all_to_all(list(nodes), per_chip_gbit_per_s=1.0), 1.0)
        for nodes in itertools.combinations(range(12), count)
    )
    found = placement(lab, Job("job", start), free="chip", tries=60)
    assert not found.exhaustive
    assert found.tried <= 60
    assert found.best_gbit_per_s == pytest.approx(best)
    assert found.bound_gbit_per_s >= best * (1 - 1e-9)
    again = placement(lab, Job("job", start), free="chip", tries=60)
    assert found == again


def test_the_bound_by_cuts_is_met():
    """Six of an all-to-all over leaves of four: 4 + 2, so 4 send 2/5 each over 100 Gb/s."""
    lab = tree(3, 4, 100)
    found = placement(lab, Job("job", [0, 4, 8, 1, 5, 9]), free="chip", tries=40)
    assert found.bound_gbit_per_s == pytest.approx(100 / (4 * 2 / 5))
    assert found.best_gbit_per_s == pytest.approx(found.bound_gbit_per_s)
    assert found.optimal


def test_a_ring_is_put_in_order():
    """A ring of eight over two leaves needs each uplink once; scattered, four times."""
    lab = tree(4, 4, 100)
    job = Job("job", [0, 4, 1, 5, 2, 6, 3, 7], "ring")
    found = placement(lab, job, free="chip", tries=60)
    assert found.gbit_per_s == pytest.approx(25.0)
    assert found.best_gbit_per_s == pytest.approx(100.0)
    assert found.optimal
    fixed = placement(lab, job, free=[0], tries=60)
    assert fixed.best_gbit_per_s == pytest.approx(100.0)
    assert sorted(fixed.best_nodes) == list(range(8))


def test_ranks_that_talk_are_put_together():
    """Four pairs of heavy talkers, each to be put under one leaf; nothing else crosses."""
    lab = tree(4, 2, 10)
    heavy = pp.traffic.pairs([0, 1, 2, 3, 4, 5, 6, 7], [4, 5, 6, 7, 0, 1, 2, 3], 1.0)
    found = placement(lab, Job("job", "chip", heavy), free="chip", tries=400, seed=1)
    assert found.gbit_per_s == pytest.approx(5.0)
    assert found.best_gbit_per_s == pytest.approx(100.0)
    assert found.optimal
    leaf_of = [node // 2 for node in found.best_nodes]
    assert leaf_of[:4] == leaf_of[4:]


def test_two_tiers_of_racks():
    """Two pods of three leaves of two: a job of six fits one pod, and is put there."""
    b = pp.FabricBuilder("pods")
    chip = b.nodes("chip", pod=2, leaf=3, chip=2)
    leaf = b.nodes("leaf", pod=2, leaf=3)
    spine = b.nodes("spine", pod=2)
    b.links(chip, leaf, "100Gb/s")
    b.links(leaf, spine, "200Gb/s")
    b.links(spine, b.nodes("core"), "60Gb/s")
    pods = b.build()
    found = placement(pods, Job("job", [0, 2, 4, 6, 8, 10]), free="chip", tries=30)
    assert found.best_gbit_per_s == pytest.approx(100.0)
    assert {node // 6 for node in found.best_nodes} in ({0}, {1})
    # With one chip of each pod taken, one rank must be on the other side of the cores.
    left = [*range(1, 6), *range(7, 12)]
    found = placement(pods, Job("job", left[:3] + left[5:8]), free=left, tries=60)
    every = [
        rate(pods, pp.traffic.all_to_all(list(nodes), per_chip_gbit_per_s=1.0), 1.0)
        for nodes in itertools.combinations(left, 6)
    ]
    assert found.best_gbit_per_s == pytest.approx(max(every)) == pytest.approx(60.0)
    assert found.bound_gbit_per_s == pytest.approx(60.0)


def test_collectives():
    lab = tree(4, 4, 100)
    scattered = [0, 4, 8, 12, 1, 5, 9, 13]
    job = Job("job", scattered, Schedule("all_reduce", "hierarchical", 1.0, 4))
    found = placement(lab, job, free="chip", tries=80)
    asked = lab.collective(
        "all_reduce", list(found.best_nodes), gbyte=1.0, algorithm="hierarchical", domain=4
    )
    # Both domains under a leaf each: 6 Gbit at 100 Gb/s within, 8 between, 6 within again.
    assert asked.seconds == pytest.approx(0.2)
    sent = 8 * (2 * 3 / 4 + 1 / 4)
    assert found.best_gbit_per_s == pytest.approx(sent / asked.seconds)
    assert found.gbit_per_s < 0.8 * found.best_gbit_per_s
    assert found.best_gbit_per_s <= found.bound_gbit_per_s * (1 + 1e-9)


@st.composite
def cases(draw):
    leaves = draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    tails, heads, capacity = [], [], []
    chips = sum(leaves)
    node = 0
    for leaf, size in enumerate(leaves):
        for _ in range(size):
            tails.append(node)
            heads.append(chips + leaf)
            capacity.append(draw(st.sampled_from([50.0, 100.0])))
            node += 1
        tails.append(chips + leaf)
        heads.append(chips + len(leaves))
        capacity.append(draw(st.sampled_from([20.0, 60.0, 150.0, 1000.0])))
    fabric = pp.Fabric.from_links(tails, heads, capacity)
    ranks = draw(st.integers(2, min(4, chips)))
    kind = draw(st.sampled_from(["all_to_all", "ring", "matrix"]))
    if kind == "matrix":
        size = ranks * ranks
        entries = draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
        matrix = np.array(entries, float).reshape(ranks, ranks)
        np.fill_diagonal(matrix, 0.0)
        matrix[0, 1] += 1
        kind = pp.traffic.from_matrix(matrix)
    return fabric, Job("job", list(range(ranks)), kind), chips


@settings(max_examples=40, deadline=None)
@given(cases())
def test_no_placement_passes_the_bound(case):
    """Any placement, by the definition; the exhaustive search finds the best of them."""
    fabric, job, chips = case
    ranks = len(job.ranks)
    matrix = np.zeros((ranks, ranks))
    for a, b in itertools.permutations(range(ranks), 2):
        if job.pattern == "ring":
            matrix[a, b] = float(b == (a + 1) % ranks)
        elif job.pattern == "all_to_all":
            matrix[a, b] = 1 / (ranks - 1)
        else:
            (part,) = job.pattern.parts
            matrix[a, b] = part.gbit_per_s[(part.sources == a) & (part.sinks == b)].sum()
    sources, sinks = np.nonzero(matrix)
    best = max(
        rate(
            fabric,
            pp.traffic.pairs(
                np.array(nodes)[sources], np.array(nodes)[sinks], matrix[sources, sinks]
            ),
            matrix.sum(axis=1).max(),
        )
        for nodes in itertools.permutations(range(chips), ranks)
    )
    free = list(range(chips))
    found = placement(fabric, job, free=free, tries=1)
    assert best <= found.bound_gbit_per_s * (1 + 1e-9)
    every = placement(fabric, job, free=free, tries=2000)
    assert every.exhaustive
    assert every.best_gbit_per_s == pytest.approx(best)


def test_bad_input():
    lab = tree(2, 4, 100)
    with pytest.raises(SelectionError, match="tries is 0"):
        placement(lab, Job("job", [0, 1]), free="chip", tries=0)
    cut = lab.without(lab.select("leaf[leaf=1]"))
    with pytest.raises(SelectionError, match="2 pairs of its ranks are cut off"):
        placement(cut, Job("job", [0, 4]), free="chip")
    # Nodes that nothing reaches are not free.
    assert set(placement(cut, Job("job", [0, 1]), free="chip").best_nodes) <= {0, 1, 2, 3}
