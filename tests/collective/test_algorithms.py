"""Named algorithms: times by hand, and never better than the optimum."""

import math

import pinchpoint as pp
import pytest


@pytest.fixture(scope="module")
def racks():
    """Four racks of eight, 450 GB/s to the rack's switch and 50 GB/s to one of eight rails."""
    builder = pp.FabricBuilder("racks")
    chip = builder.nodes("chip", rack=4, chip=8)
    builder.links(chip, builder.nodes("switch", rack=4), "450GB/s")
    builder.links(chip, builder.nodes("leaf", chip=8), "50GB/s")
    return builder.build()


def test_ring_on_one_switch_has_the_full_rate():
    rack = pp.clusters.gb200_nvl72()
    for op, factor in (("all_reduce", 2 * 71 / 72), ("all_gather", 71 / 72), ("broadcast", 1.0)):
        ring = rack.collective(op, algorithm="ring")
        assert ring.seconds == pytest.approx(factor / 900, rel=1e-9)
        assert ring.busbw_gbyte_per_s == pytest.approx(900, rel=1e-9)
        assert ring.algorithm == "ring"
    assert rack.collective("all_reduce", algorithm="ring").optimal
    assert "chip-switch" in ring.binding


def test_double_tree_sends_everything_twice():
    """Every rank but the two on top passes all of S up and all of it down again."""
    for count in (8, 7, 72):
        chips = f"chip[chip=0:{count}]"
        tree = pp.clusters.gb200_nvl72().collective("all_reduce", chips, algorithm="tree")
        assert tree.seconds == pytest.approx(2 / 900, rel=1e-9)


@pytest.mark.parametrize("count", range(2, 40))
def test_double_tree_is_two_trees(count):
    import networkx as nx
    import numpy as np
    from pinchpoint.algorithms import _trees

    (part,) = _trees(np.arange(count), 2.0).parts
    ups = len(part.sources) // 2
    leaves = []
    for tree in (slice(0, ups // 2), slice(ups // 2, ups)):
        graph = nx.DiGraph(zip(part.sinks[tree], part.sources[tree], strict=True))
        assert nx.is_arborescence(graph)
        assert len(graph) == count
        assert nx.dag_longest_path_length(graph) <= math.ceil(math.log2(count)) + 1
        leaves.append({node for node in graph if not graph.out_degree(node)})
    inner = [set(range(count)) - own for own in leaves]
    # At most one rank has children in both trees.
    assert len(inner[0] & inner[1]) <= 1


def test_hierarchical_is_the_sum_of_its_phases(racks):
    """Theory 6.8: 2 (g-1)/g S/su + 2 (n-1)/n (S/g)/so."""
    answer = racks.collective("all_reduce", algorithm="hierarchical", domain="rack")
    expected = 2 * 7 / 8 / 450 + 2 * 3 / 4 / 8 / 50
    assert answer.seconds == pytest.approx(expected, rel=1e-9)
    same = racks.collective("all_reduce", algorithm="hierarchical", domain=8)
    assert same.seconds == pytest.approx(expected, rel=1e-12)
    gather = racks.collective("all_gather", algorithm="hierarchical", domain="rack")
    assert gather.seconds == pytest.approx(expected / 2, rel=1e-9)
    assert "between domains: " in answer.binding


def test_rail_aligned_rings_use_every_rail(racks):
    """Each rail carries one of eight rings, and one ring alone is eight times slower out."""
    answer = racks.collective("all_reduce", algorithm="rail-aligned", domain="rack")
    out, inside = 1 / 50, 7 / 450
    assert answer.seconds == pytest.approx(2 * 31 / 32 / 8 * max(out, inside), rel=1e-9)
    ring = racks.collective("all_reduce", algorithm="ring")
    assert ring.seconds > answer.seconds


@pytest.mark.parametrize(
    ("count", "width"), [(2, 4), (3, 4), (4, 3), (5, 3), (3, 8), (4, 2), (3, 1)]
)
def test_rail_aligned_rings_never_change_rails_between_domains(count, width):
    """On rails that nothing joins they have a way, whether domains are odd or even in number."""
    builder = pp.FabricBuilder("rails")
    chip = builder.nodes("chip", rack=count, chip=width, forwards="scale_up")
    builder.links(chip, builder.nodes("switch", rack=count), "450GB/s")
    nic = builder.nodes("nic", rack=count, nic=width)
    builder.links(chip, nic, "50GB/s", join={"rack": "rack", "chip": "nic"})
    builder.links(nic, builder.nodes("leaf", nic=width), "50GB/s")
    answer = builder.build().collective("all_reduce", algorithm="rail-aligned", domain="rack")
    ranks = count * width
    fullest = max(1 / 50, (width - 1) / 450)
    assert answer.seconds == pytest.approx(2 * (ranks - 1) / ranks / width * fullest, rel=1e-9)


def test_a_ring_is_a_chain_from_or_to_the_root():
    """One of a ring's edges is slow; a broadcast that starts behind it never uses it."""
    ring = pp.Fabric.from_links([0, 1, 2, 3], [1, 2, 3, 0], [8.0, 8.0, 8.0, 0.8], directed=True)
    ranks = [0, 1, 2, 3]
    for op, good in (("broadcast", 0), ("reduce", 3)):
        for root in ranks:
            answer = ring.collective(op, ranks, algorithm="ring", root=root)
            assert answer.seconds == pytest.approx(1.0 if root == good else 10.0)
            assert answer.seconds >= answer.seconds_lower
    # Without a root it is rank 0.
    for ranks, seconds in (([0, 1, 2, 3], 1.0), ([1, 2, 3, 0], 10.0)):
        answer = ring.collective("broadcast", ranks, algorithm="ring")
        assert answer.seconds == pytest.approx(seconds)
        assert ring.collective("broadcast", ranks).seconds == pytest.approx(seconds)


@pytest.mark.parametrize("op", ["all_reduce", "all_gather", "reduce_scatter"])
@pytest.mark.parametrize("algorithm", ["ring", "tree", "hierarchical", "rail-aligned"])
def test_no_algorithm_beats_the_optimum(racks, op, algorithm):
    if algorithm == "tree" and op != "all_reduce":
        return
    answer = racks.collective(op, algorithm=algorithm, domain="rack")
    best = racks.collective(op)
    assert answer.seconds >= best.seconds_lower * (1 - 1e-12)
    assert answer.seconds_lower == pytest.approx(best.seconds_lower, rel=1e-12)
    twice = racks.collective(op, algorithm=algorithm, domain="rack", gbyte=2.0)
    assert twice.seconds == pytest.approx(2 * answer.seconds, rel=1e-9)


def test_direct_all_to_all_under_a_routing(racks):
    answer = racks.collective("all_to_all", algorithm="direct", routing="valiant")
    assert answer.seconds > racks.collective("all_to_all").seconds_lower
    worse = racks.without(racks.select("leaf", chip=0))
    cut = worse.collective("all_to_all", algorithm="direct")
    assert cut.seconds >= answer.seconds_lower


@pytest.mark.parametrize(
    ("op", "algorithm"), [("all_to_all", "direct"), ("send_recv", "ring"), ("all_reduce", "ring")]
)
def test_the_bound_of_an_algorithm_is_that_of_the_optimum(racks, op, algorithm):
    """On one switch it is reached; elsewhere it is what the optimum is bounded by."""
    rack = pp.clusters.gb200_nvl72()
    answer = rack.collective(op, algorithm=algorithm)
    assert answer.optimal
    assert answer.busbw_upper_gbyte_per_s == pytest.approx(900, rel=1e-9)
    answer, best = racks.collective(op, algorithm=algorithm), racks.collective(op)
    assert answer.seconds_lower == pytest.approx(min(answer.seconds, best.seconds_lower), rel=1e-12)
    assert 0 < answer.busbw_gbyte_per_s <= answer.busbw_upper_gbyte_per_s * (1 + 1e-12)


def test_ranks_that_cannot_meet(racks):
    split = racks.without(racks.select("leaf"))
    for op, algorithm in (("all_reduce", "ring"), ("all_to_all", "direct")):
        answer = split.collective(op, algorithm=algorithm)
        assert math.isinf(answer.seconds)
        assert math.isinf(answer.seconds_lower)
        assert answer.busbw_gbyte_per_s == answer.busbw_upper_gbyte_per_s == 0
        assert "no way" in answer.binding


def test_more_one_way_ranks_than_parts_are_counted():
    """A cut bounds an all-reduce where there are too many ranks for finer partitions."""
    count = 10_001
    ranks, hub = list(range(count)), [count] * count
    star = pp.Fabric.from_links(ranks + hub, hub + ranks, 8.0, directed=True)
    answer = star.collective("all_reduce", ranks)
    assert answer.seconds_lower == pytest.approx(1.0)
    assert answer.seconds == pytest.approx(2 * (count - 1) / count)
