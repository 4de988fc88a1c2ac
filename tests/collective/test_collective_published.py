"""Collectives against ForestColl's own answers, closed forms and published figures."""

import json
import math
from pathlib import Path

import networkx as nx
import pinchpoint as pp
import pytest

DATA = Path(__file__).parent.parent / "data"
FORESTCOLL = json.loads((DATA / "forestcoll" / "forestcoll_answers.json").read_text())
# Pairs of GCDs of one MI250 box and how many 50 GB/s links join them, as in ForestColl's topology.
MI250 = (
    "0-1:4 0-4:2 0-8:1 1-5:1 1-9:1 1-10:1 2-3:4 2-6:1 2-9:1 2-10:1 3-7:2 3-11:1 4-5:4 4-6:1 "
    "5-6:1 5-7:1 6-7:4 8-9:4 8-12:2 9-13:1 10-11:4 10-14:1 11-15:2 12-13:4 12-14:1 13-14:1 "
    "13-15:1 14-15:4"
)


def a100(boxes):
    """Eight GPUs on a 300 GB/s NVSwitch; 25 GB/s NICs to one of two InfiniBand switches."""
    builder = pp.FabricBuilder("a100")
    gpu = builder.nodes("chip", box=boxes, half=4, rail=2)
    builder.links(gpu, builder.nodes("switch", box=boxes), "300GB/s")
    if boxes > 1:
        builder.links(gpu, builder.nodes("leaf", rail=2), "25GB/s")
    return builder.build()


def mi250(boxes):
    tails, heads, rates = [], [], []
    switch = 16 * boxes
    for box in range(boxes):
        for text in MI250.split():
            pair, _, count = text.partition(":")
            ends = [16 * box + int(end) for end in pair.split("-")]
            tails.append(ends[0])
            heads.append(ends[1])
            rates.append(400.0 * int(count))
        for gpu in range(16):
            tails.append(16 * box + gpu)
            heads.append(switch)
            rates.append(128.0)
    return pp.Fabric.from_links(tails, heads, rates)


@pytest.mark.parametrize(
    ("name", "fabric", "ranks"),
    [
        ("a100_1x8", a100(1), "chip"),
        ("a100_4x8", a100(4), "chip"),
        ("mi250_2x16", mi250(2), list(range(32))),
    ],
)
def test_forestcoll_answers(name, fabric, ranks):
    answer = FORESTCOLL[name]
    gather = fabric.collective("all_gather", ranks, gbyte=3.0)
    assert gather.num_ranks == answer["N"]
    assert gather.algbw_gbyte_per_s == pytest.approx(answer["allgather_algbw"], rel=1e-12)
    assert gather.optimal
    assert gather.seconds == pytest.approx(3.0 * answer["inv_x_star"] / answer["N"], rel=1e-12)
    scatter = fabric.collective("reduce_scatter", ranks)
    assert scatter.algbw_gbyte_per_s == pytest.approx(answer["allgather_algbw"], rel=1e-12)
    reduce = fabric.collective("all_reduce", ranks)
    expected = answer["allreduce_algbw_if_rs_plus_ag"]
    assert reduce.algbw_gbyte_per_s == pytest.approx(expected, rel=1e-12)
    assert reduce.seconds_lower <= reduce.seconds


def racks(n, g, su, so, rail, relays=True):
    """With `relays` False, chips that are no ranks pass nothing on, and neither does a fat host."""
    builder = pp.FabricBuilder("racks")
    chip = builder.nodes("chip", rack=n, chip=g, forwards=relays)
    if not relays:
        builder.links(chip, builder.nodes("host", forwards=False), "9TB/s", join={})
    builder.links(chip, builder.nodes("switch", rack=n), f"{su}GB/s")
    if rail:
        builder.links(chip, builder.nodes("leaf", chip=g), f"{so}GB/s")
    else:
        builder.links(chip, builder.nodes("leaf"), f"{so}GB/s", join={})
    return builder.build()


@pytest.mark.parametrize(
    "case",
    json.loads((DATA / "forestcoll" / "hier_allgather.json").read_text()),
    ids=lambda case: f"{case['n']}x{case['g']}{'r' if case['rail'] else ''}",
)
def test_racks_equal_forestcoll_and_formula(case):
    fabric = racks(case["n"], case["g"], case["su"], case["so"], case["rail"])
    for own in (fabric, fabric.materialize()):
        gather = own.collective("all_gather", "chip")
        assert gather.algbw_gbyte_per_s == pytest.approx(case["formula"], rel=1e-12)
        assert gather.algbw_gbyte_per_s == pytest.approx(
            case["forestcoll_allgather_algbw"], rel=1e-9
        )
        reduce = own.collective("all_reduce", "chip")
        assert reduce.algbw_gbyte_per_s == pytest.approx(case["formula"] / 2, rel=1e-12)


@pytest.mark.parametrize("case", json.loads((DATA / "closed_forms" / "hier_a2a.json").read_text()))
def test_all_to_all_of_racks(case):
    ranks = case["n"] * case["g"]
    for relays in (True, False):
        # Ranks relay for each other whatever the hardware does for others.
        fabric = racks(case["n"], case["g"], case["su"], case["so"], case["rail"], relays)
        answer = fabric.collective("all_to_all", "chip", gbyte=2.0, gap=1e-9)
        # S is what a rank has for all ranks, itself included.
        assert answer.seconds == pytest.approx(2.0 / ranks / case["formula"], rel=1e-6)
        assert answer.busbw_gbyte_per_s == pytest.approx((ranks - 1) * case["formula"], rel=1e-6)
        assert answer.optimal


def test_nvls_on_eight_h100():
    """S (1 + 1/n) each way (nccl issue 2140): 2 (n - 1) / (n + 1) of 450 GB/s; ring reaches 450."""
    box = pp.clusters.hgx_h100()
    inside = box.collective("all_reduce", in_network=True)
    assert inside.busbw_gbyte_per_s == pytest.approx(700.0, rel=1e-12)
    assert inside.busbw_upper_gbyte_per_s == pytest.approx(2 * 7 / 8 * 450, rel=1e-12)
    assert inside.algorithm == "nvls"
    assert not inside.optimal
    assert box.collective("all_reduce").busbw_gbyte_per_s == 450.0
    # Published: 480 with NVLS and 370 with rings (nccl-tests issue 212), below the bounds.
    listed = box.materialize().collective("all_reduce", in_network=True)
    assert listed.busbw_gbyte_per_s == inside.busbw_gbyte_per_s


@pytest.mark.parametrize(("ranks", "link"), [(8, 450.0), (4, 450.0), (2, 450.0)])
def test_nvls_of_some_of_the_chips(ranks, link):
    chips = [f"chip[chip={i}]" for i in range(ranks)]
    answer = pp.clusters.hgx_h100().collective("all_reduce", chips, in_network=True)
    best = max(2 * (ranks - 1) / (ranks + 1) * link, link)
    assert answer.busbw_gbyte_per_s == pytest.approx(best, rel=1e-12)


def test_in_network_over_racks_is_a_bound():
    """No switch serves two racks: what is reached is the plain optimum, above it only a bound."""
    fabric = pp.clusters.trn3_ultracluster(ultraservers=64)
    plain = fabric.collective("all_reduce")
    inside = fabric.collective("all_reduce", in_network=True)
    assert inside.seconds == plain.seconds
    assert inside.seconds_lower < plain.seconds
    assert not inside.optimal
    assert inside.algorithm == "optimum"
    assert "no one switch serves all of them" in inside.binding
    assert f"{inside.seconds_lower:.4g} s is a bound only, not known" in inside.binding
    # S crosses the cut between a chip and all others once each way.
    assert inside.seconds_lower == pytest.approx(1 / 1177.0, rel=1e-12)
    assert inside.busbw_upper_gbyte_per_s > plain.busbw_gbyte_per_s


@pytest.mark.parametrize("ultraservers", [7168, 716_800])
def test_a_million_chips_and_a_hundred_million(ultraservers):
    """What a chip can take in binds: 512 + 512 + 128 within the rack and 25 outside, in GB/s."""
    fabric = pp.clusters.trn3_ultracluster(ultraservers=ultraservers)
    answer = fabric.collective("all_reduce", "chip")
    assert answer.num_ranks == 144 * ultraservers
    assert answer.busbw_gbyte_per_s == pytest.approx(1177.0, rel=1e-12)
    assert answer.optimal
    assert answer.certificate.classes < 100
    assert "chip[ultraserver=0,chip=0] can take in no more than 1.177 TB/s" in answer.binding
    answer.verify()


@pytest.mark.parametrize(("bundle", "lost"), [("leaf-spine", 0), ("chip-switch", 512)])
def test_a_million_chips_with_failed_links(bundle, lost):
    """A chip that lost a link binds; failures above the chips do not."""
    fabric = pp.clusters.trn3_ultracluster(ultraservers=7168)
    worse = fabric.without(fabric.sample_links(bundle, 40, seed=3))
    answer = worse.collective("all_reduce", "chip")
    assert answer.busbw_gbyte_per_s == pytest.approx(1177.0 - lost / 8, rel=1e-12)
    assert answer.optimal == (not lost)
    assert answer.certificate.receivers > 100 or not lost
    assert answer.certificate.near >= answer.certificate.receivers - 2


def test_ring_and_broadcast_by_hand():
    """A ring of n unit links: all-gather 2 in per rank, broadcast 2, send/receive 1 and back."""
    ring = pp.Fabric.from_links([0, 1, 2, 3, 4], [1, 2, 3, 4, 0], 8.0)
    own = list(range(5))
    assert ring.collective("all_gather", own).algbw_gbyte_per_s == 5 * 2 / 4
    assert ring.collective("broadcast", own, root=3).algbw_gbyte_per_s == 2.0
    assert ring.collective("reduce", own, root=3).algbw_gbyte_per_s == 2.0
    reduce = ring.collective("all_reduce", own)
    assert reduce.busbw_gbyte_per_s == 2.0
    assert reduce.optimal


def test_one_way_links_tell_gather_from_scatter():
    """A star whose links to the middle are half as fast: only what leaves the ranks is slow."""
    tails, heads = [0, 1, 2, 3, 3, 3], [3, 3, 3, 0, 1, 2]
    star = pp.Fabric.from_links(tails, heads, [8.0] * 3 + [16.0] * 3, directed=True)
    ranks = [0, 1, 2]
    # Nobody but the ranks makes copies: two thirds of a GB leave each of them, at 1 GB/s.
    gather = star.collective("all_gather", ranks)
    assert math.isclose(gather.algbw_gbyte_per_s, 1.5)
    assert "can take in no more than" in gather.binding
    assert "some node has more capacity in than out" in gather.binding
    scatter = star.collective("reduce_scatter", ranks)
    assert math.isclose(scatter.algbw_gbyte_per_s, 1.5)
    reduce = star.collective("all_reduce", ranks)
    assert math.isclose(reduce.seconds, 2 / 3 + 2 / 3)
    assert reduce.seconds == reduce.seconds_lower
    assert not any(answer.optimal for answer in (gather, scatter, reduce))
    # As wide as it is in: proved again.
    even = pp.Fabric.from_links(tails, heads, 8.0, directed=True)
    assert even.collective("all_gather", ranks).optimal


def test_words_name_the_part_that_is_short():
    # 8 boxes of 4, a thin link each: each box takes in 1 GB/s for what 28 others have.
    builder = pp.FabricBuilder("thin")
    chip = builder.nodes("chip", box=8, chip=4)
    switch = builder.nodes("switch", box=8)
    builder.links(chip, switch, "100GB/s")
    builder.links(switch, builder.nodes("spine"), "1GB/s", join={})
    thin = builder.build()
    answer = thin.collective("all_reduce", "chip")
    assert answer.optimal
    assert math.isclose(answer.algbw_gbyte_per_s, 32 / (2 * 28))
    assert "the 4 ranks in chip[box=0] can take in no more than 1 GB/s" in answer.binding
    assert [row.bundle for row in answer.bottleneck] == ["switch-spine"]
    down = thin.without(thin.select_links("switch-spine", box=3))
    cut = down.collective("all_reduce", "chip")
    assert cut.algbw_gbyte_per_s == 0
    assert cut.busbw_gbyte_per_s == 0
    assert math.isinf(cut.seconds)


@pytest.mark.parametrize(
    ("op", "algbw", "factor"),
    [
        ("all_reduce", 900 * 4 / 6, 2 * 3 / 4),
        ("all_gather", 900 * 4 / 3, 3 / 4),
        ("reduce_scatter", 900 * 4 / 3, 3 / 4),
        ("all_to_all", 900 * 4 / 3, 3 / 4),
        ("broadcast", 900, 1),
        ("reduce", 900, 1),
        ("send_recv", 900, 1),
    ],
)
def test_nccl_tests_definitions(op, algbw, factor):
    """Four chips of 900 GB/s on switches: what must leave or reach one chip for S says it all.

    S is what a rank ends with (all-gather) or starts with; 3/4 of it goes to or from others.
    """
    answer = pp.clusters.gb200_nvl72().collective(op, "chip[chip=0:4]", gbyte=3.0)
    assert answer.algbw_gbyte_per_s == pytest.approx(algbw, rel=1e-9)
    assert answer.busbw_gbyte_per_s == pytest.approx(factor * algbw, rel=1e-9)
    assert answer.seconds == pytest.approx(3.0 / algbw, rel=1e-9)


def test_the_first_rank_of_a_list_is_the_root():
    """Node 0 can send little; nodes are ranks in the order of the list."""
    links = ([0, 1, 2, 0], [1, 2, 0, 2], [8.0, 16.0, 24.0, 8.0])
    ring = pp.Fabric.from_links(*links, directed=True)
    for ranks in ([0, 1, 2], [1, 0, 2], [2, 1, 0]):
        for op in ("broadcast", "reduce"):
            named = ring.collective(op, ranks, root=ranks[0])
            assert ring.collective(op, ranks).algbw_gbyte_per_s == named.algbw_gbyte_per_s
    assert ring.collective("broadcast", [1, 0, 2]).algbw_gbyte_per_s == 2.0


def test_result_reads_and_travels():
    import pickle

    answer = pp.clusters.gb200_nvl72().collective("all_gather", gbyte=2.0)
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert answer.to_dict()["binding"] == answer.binding
    assert answer.to_frame()["tier"].tolist() == ["chip-switch"]
    assert "<table>" in answer._repr_html_()
    assert "busbw 900 GB/s" in repr(answer)


def test_nodes_with_names_are_called_by_them():
    graph = nx.DiGraph()
    for leaf, rate in (("leaf 0", 10.0), ("leaf[1]", 5.0), ("leaf2", 10.0)):
        for spine in ("s0", "s1"):
            graph.add_edge(leaf, spine, capacity=10.0)
            graph.add_edge(spine, leaf, capacity=rate)
    ranks = ["leaf 0", "leaf[1]", "leaf2"]
    for group in ("leaf", "a[b]", "a=b,c"):
        nx.set_node_attributes(graph, {rank: {"role": "chip", "group": group} for rank in ranks})
        fabric = pp.interop.from_networkx(graph, unit="Gbit/s").fabric
        assert group in {own.name for own in fabric.groups}
        for op in ("all_gather", "all_to_all") if group == "leaf" else ("all_gather",):
            answer = fabric.collective(op, ranks)
            assert answer.binding.startswith("leaf[1] can take in no more than")
    down = fabric.without(fabric.select("leaf2")).collective("all_gather", ranks)
    assert down.binding.startswith("leaf2 is down")
