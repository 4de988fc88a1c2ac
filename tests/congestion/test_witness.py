"""What throughput hands out as its proof, derived again in plain Python, and stopping early."""

import os
import pickle
import signal
import threading
import time
from dataclasses import replace

import networkx as nx
import numpy as np
import pinchpoint as pp
import pytest
from fattree import fat_tree
from hypothesis import given, settings
from pinchpoint.errors import CertificateError, SelectionError
from pinchpoint.throughput import Interrupted
from test_congestion import fabrics


def bound_by_hand(plain, demand, lengths, relays=lambda node: True):
    """Capacity times length over demand times distance, by networkx; nodes that relay or not."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((x, node) for node in range(plain.num_nodes) for x in ("out", "in"))
    for node in filter(relays, range(plain.num_nodes)):
        graph.add_edge(("in", node), ("out", node), length=0.0)
    offered = 0.0
    links = zip(plain.tails.tolist(), plain.heads.tolist(), plain.gbit_per_s, strict=True)
    for link, (a, b, capacity) in enumerate(links):
        if capacity > 0 and a != b:
            for back, (x, y) in enumerate(
                [(a, b), (b, a)][: 1 if plain._handle.is_directed else 2]
            ):
                graph.add_edge(("out", x), ("in", y), length=lengths[back, link])
                offered += capacity * lengths[back, link]
    needed = 0.0
    for source in {source for source, _ in demand}:
        far = nx.single_source_dijkstra_path_length(graph, ("out", source), weight="length")
        own = ((sink, rate) for (start, sink), rate in demand.items() if start == source)
        needed += sum(rate * far[("in", sink)] for sink, rate in own if ("in", sink) in far)
    return offered / needed


def cut_by_hand(plain, demand, side):
    """Capacity and demand from one side to the other."""
    tails, heads, capacity = plain.tails.astype(int), plain.heads.astype(int), plain.gbit_per_s
    leaving = capacity[side[tails] & ~side[heads]].sum()
    if not plain._handle.is_directed:
        leaving += capacity[side[heads] & ~side[tails]].sum()
    return leaving, sum(rate for (a, b), rate in demand.items() if side[a] and not side[b])


def check_proof(answer, plain, demand, relays=lambda node: True):
    again = bound_by_hand(plain, demand, answer.lengths(), relays)
    assert again <= answer.upper * (1 + 1e-9)
    assert again >= answer.lower * (1 - 1e-9)
    if answer.gap <= 1e-9:
        assert again == pytest.approx(answer.upper, rel=1e-8)
    assert answer.verify()
    if answer.cut is not None:
        side = answer.cut.source_side
        assert (side.sum(), (~side).sum()) == (answer.cut.num_senders, answer.cut.num_receivers)
        capacity, sent = cut_by_hand(plain, demand, side)
        assert answer.cut.gbit_per_s == pytest.approx(capacity, rel=1e-9)
        assert answer.cut.demand_gbit_per_s == pytest.approx(sent, rel=1e-9)
        assert answer.cut.sparsity == pytest.approx(answer.upper, rel=1e-8)
        assert sum(row.share for row in answer.cut.tiers) == pytest.approx(1.0)


@settings(max_examples=80, deadline=None)
@given(fabrics())
def test_lengths_and_cut_by_hand(case):
    fabric, traffic, some, n, _, _, changed = case
    if changed:
        return
    asked = sum(traffic[1:], traffic[0])
    answer = fabric.throughput(asked, unreachable="drop")
    lost = set(answer.unreachable.listed)
    demand = {(a, b): 1.0 for a in range(n) for b in range(n) if a != b}
    for a, b, rate in some:
        demand[a, b] += rate
    demand = {pair: rate for pair, rate in demand.items() if pair not in lost}
    if demand:
        check_proof(answer, fabric, demand)


def test_the_tight_cut_of_small_networks_is_found():
    """Over all cuts of networks of eight nodes: where one is tight, one is handed out."""
    rng, n = np.random.default_rng(9), 8
    ring = np.array([np.arange(n), (np.arange(n) + 1) % n])
    found = set()
    for _ in range(14):
        links = rng.integers(0, n, (2, 6))
        links = np.concatenate([ring, links[:, links[0] != links[1]]], axis=1)
        capacity = rng.choice([1.0, 2.0, 4.0], links.shape[1])
        ends = rng.integers(0, n, (2, 12))
        ends = ends[:, ends[0] != ends[1]]
        demand = {}
        for pair in map(tuple, ends.T.tolist()):
            demand[pair] = demand.get(pair, 0.0) + 1.0
        fabric = pp.Fabric.from_links(*links, capacity)
        answer = fabric.throughput(pp.traffic.pairs(*ends, 1.0), gap=0)
        best = np.inf
        for mask in range(1, 2**n - 1):
            side = (mask >> np.arange(n) & 1).astype(bool)
            leaving, sent = cut_by_hand(fabric, demand, side)
            best = min(best, leaving / sent if sent else np.inf)
        assert best >= answer.lower * (1 - 1e-9)
        assert (answer.cut is not None) == (best <= answer.upper * (1 + 1e-9))
        found.add(answer.cut is not None)
    assert found == {True, False}


def test_no_cut_where_none_is_tight():
    """Okamura & Seymour, JCTB 31, 1981: K(2,3), every two nodes of a side ask for a unit."""
    fabric = pp.Fabric.from_links([0, 0, 0, 1, 1, 1], [2, 3, 4, 2, 3, 4], 1.0)
    ends = [(0, 1), (2, 3), (2, 4), (3, 4)]
    both = np.array([*ends, *(end[::-1] for end in ends)])
    answer = fabric.throughput(pp.traffic.pairs(both[:, 0], both[:, 1], 1.0))
    assert answer.lower == pytest.approx(0.75, rel=1e-9)
    assert answer.gap <= 1e-9
    assert answer.cut is None
    assert answer.to_dict()["cut"] is None
    check_proof(answer, fabric, dict.fromkeys(map(tuple, both.tolist()), 1.0))


def test_forced_links_have_a_cut():
    fabric, hosts = fat_tree(4)
    answer = fabric.throughput(pp.traffic.all_to_all(list(range(hosts)), gbit_per_s=1.0))
    assert answer.method == "forced"
    assert min(answer.cut.num_senders, answer.cut.num_receivers) == 1
    demand = {(a, b): 1.0 for a in range(hosts) for b in range(hosts) if a != b}
    check_proof(answer, fabric, demand)
    assert answer.lengths("node-node").shape == (2, fabric.num_links)
    with pytest.raises(SelectionError, match="no link bundle 'spine'"):
        answer.lengths("spine")


@pytest.mark.parametrize("failed", [0, 1])
@pytest.mark.parametrize("over", [1, 3])
def test_kinds_of_links_of_a_structured_fabric(over, failed):
    b = pp.FabricBuilder("clos")
    chip = b.nodes("chip", forwards=False, pod=2, leaf=2, port=2)
    leaf, spine = b.nodes("leaf", pod=2, leaf=2), b.nodes("spine", pod=2, spine=2)
    core = b.nodes("core", spine=2, core=2)
    b.links(chip, leaf, "3Gb/s")
    b.links(leaf, spine, f"{3 / over}Gb/s")
    b.links(spine, core, f"{3 / over}Gb/s")
    fabric = b.build()
    fabric = fabric.without(fabric.sample_links("leaf-spine", failed, seed=2)) if failed else fabric
    answer = fabric.throughput(pp.traffic.all_to_all("chip", gbit_per_s=1.0))
    assert answer.gap <= 1e-9
    plain = fabric.materialize()
    chips = plain._handle.node_ids(fabric.select("chip")._handle).tolist()
    demand = {(a, b): 1.0 for a in chips for b in chips if a != b}
    check_proof(answer, plain, demand, lambda node: node not in set(chips))
    names = [bundle.name for bundle in fabric.bundles]
    parts = [answer.lengths(name) for name in names]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), answer.lengths())


def test_wrong_bounds_are_refused():
    fabric = pp.Fabric.from_links([0, 0, 1, 2], [1, 2, 3, 3], [1.0, 2.0, 1.0, 1.5])
    answer = fabric.throughput(pp.traffic.pairs([0], [3], 1.0))
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert "links node-node" in str(answer.cut)
    with pytest.raises(CertificateError, match=r"its lengths prove 2\.5"):
        replace(answer, upper=2.4).verify()
    nothing = fabric.throughput(pp.traffic.pairs([0], [3], 0.0))
    assert nothing.verify()
    with pytest.raises(SelectionError, match="nothing is asked for"):
        nothing.lengths()


@pytest.mark.parametrize("limit", [0.0, 1e-4, 0.02])
def test_time_limits_leave_valid_bounds(limit):
    """However early it ends: a structured fabric, a listed one, and pairs on both."""
    cluster = pp.clusters.fat_tree(8)
    worse = cluster.without(cluster.sample_links("leaf-spine", 9, seed=3))
    everyone = pp.traffic.all_to_all("chip", gbit_per_s=1.0)
    some = pp.traffic.permutation("chip", seed=2, gbit_per_s=7.0)
    for fabric in (worse, worse.materialize()):
        for traffic in (everyone, some, everyone + some):
            best = fabric.throughput(traffic, gap=1e-3)
            hasty = fabric.throughput(traffic, gap=0, time_limit=limit)
            assert hasty.stopped or hasty.gap <= 1e-9
            assert 0 <= hasty.lower <= best.upper * (1 + 1e-9)
            assert best.lower * (1 - 1e-9) <= hasty.upper < np.inf
            assert hasty.verify()
            dropped = fabric.throughput(traffic, gap=0, time_limit=limit, unreachable="drop")
            assert dropped.lower <= best.upper * (1 + 1e-9)
            assert dropped.upper >= best.lower * (1 - 1e-9)


def test_interrupts_leave_valid_bounds():
    fabric, hosts = fat_tree(16)
    bad = fabric.without(fabric.select_links("node-node", link=list(range(1024, 3072, 20))))
    traffic = pp.traffic.all_to_all(list(range(hosts)), gbit_per_s=1.0)
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt) as stop:
        bad.throughput(traffic, gap=0)
    timer.join()
    assert isinstance(stop.value, Interrupted)
    assert time.perf_counter() - start < 10
    assert stop.value.answer.stopped
    assert 0 < stop.value.answer.lower <= stop.value.answer.upper < np.inf
