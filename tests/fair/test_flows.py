"""Fair rates of flows on fabrics, by definition, against fractions, and published statistics."""

import itertools
import json
import pickle
from fractions import Fraction
from pathlib import Path

import networkx as nx
import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.errors import CapacityError, GraphError, InputTypeError, SelectionError

DATA = Path(__file__).parent.parent / "data"
HASH = json.loads((DATA / "closed_forms" / "hash_ecmp.json").read_text())


def fat_tree(k):
    """A k-ary fat tree of 1 Gb/s links: hosts, edge, aggregation and core switches."""
    h = k // 2
    builder = pp.FabricBuilder("fat tree")
    host = builder.nodes("host", pod=k, edge=h, host=h, forwards=False)
    edge = builder.nodes("edge", pod=k, edge=h)
    up = builder.nodes("aggregation", pod=k, up=h)
    core = builder.nodes("core", up=h, core=h)
    for a, b in ((host, edge), (edge, up), (up, core)):
        builder.links(a, b, "1Gb/s")
    return builder.build()


def filled(capacity, flows, demands, weights):
    """Progressive filling in fractions, straight from the definition."""
    rates = [Fraction(0)] * len(flows)
    held = [not flow for flow in flows]
    while not all(held):
        growth = {}
        for flow, links in enumerate(flows):
            if not held[flow]:
                for link, share in links.items():
                    growth[link] = growth.get(link, 0) + share * weights[flow]
        steps = []
        for link, speed in growth.items():
            used = sum(flow.get(link, 0) * rates[i] for i, flow in enumerate(flows))
            steps.append((capacity[link] - used) / speed)
        steps += [(demands[i] - rates[i]) / weights[i] for i in range(len(flows)) if not held[i]]
        step = min(steps)
        for i in range(len(flows)):
            if not held[i]:
                rates[i] += step * weights[i]
        for i, links in enumerate(flows):
            full = any(
                sum(flow.get(link, 0) * rates[j] for j, flow in enumerate(flows)) == capacity[link]
                for link in links
            )
            held[i] = held[i] or full or rates[i] == demands[i]
    return rates


@st.composite
def networks(draw):
    count = draw(st.integers(3, 7))
    tree = [(draw(st.integers(0, node - 1)), node) for node in range(1, count)]
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    more = draw(st.lists(ends.filter(lambda pair: pair[0] != pair[1]), max_size=5))
    links = tree + more
    rates = [draw(st.integers(1, 8)) for _ in links]
    pairs = draw(st.lists(ends.filter(lambda pair: pair[0] != pair[1]), min_size=1, max_size=8))
    demands = [draw(st.integers(1, 9)) for _ in pairs]
    weights = [draw(st.integers(1, 3)) for _ in pairs]
    return count, links, rates, pairs, demands, weights


@given(networks())
def test_given_paths_equal_fractions(network):
    _count, links, rates, pairs, demands, weights = network
    graph = nx.MultiGraph()
    for place, (tail, head) in enumerate(links):
        graph.add_edge(tail, head, place)
    paths, used = [], []
    for source, sink in pairs:
        nodes = nx.shortest_path(graph, source, sink)
        way = [min(graph[a][b]) for a, b in itertools.pairwise(nodes)]
        paths.append(way)
        steps = zip(way, nodes, strict=False)
        used.append({2 * link + (links[link][0] != node): Fraction(1) for link, node in steps})
    fabric = pp.Fabric.from_links(*zip(*links, strict=True), [float(rate) for rate in rates])
    sources, sinks = zip(*pairs, strict=True)
    traffic = pp.traffic.pairs(sources, sinks, [float(demand) for demand in demands])
    answer = fabric.fair_rates(traffic, paths=paths, weights=[float(w) for w in weights])
    capacity = np.repeat([Fraction(rate) for rate in rates], 2)
    expected = filled(capacity, used, [Fraction(d) for d in demands], weights)
    np.testing.assert_allclose(answer.rates, [float(rate) for rate in expected], rtol=1e-9)
    answer.verify()


@given(networks())
def test_sprayed_flows_load_links_as_congestion_does(network):
    _count, links, _, pairs, demands, _ = network
    fabric = pp.Fabric.from_links(*zip(*links, strict=True), 1000.0)
    sources, sinks = zip(*pairs, strict=True)
    traffic = pp.traffic.pairs(sources, sinks, [float(demand) for demand in demands])
    for split in ("link", "neighbor"):
        answer = fabric.fair_rates(traffic, routing="ecmp", split=split)
        np.testing.assert_allclose(answer.rates, demands, rtol=1e-12)
        loads = fabric.congestion(traffic, routing="ecmp", split=split).loads()
        np.testing.assert_allclose(answer.loads, loads, rtol=1e-9, atol=1e-9)


def test_all_to_all_on_hosts_that_do_not_forward():
    tree = fat_tree(4)
    traffic = pp.traffic.all_to_all("host", gbit_per_s=1.0)
    for routing in ("single", "ecmp", "ecmp-hash"):
        answer = tree.fair_rates(traffic, routing=routing)
        assert answer.rates.size == 16 * 15
        assert answer.reachable.all()
    # Sprayed, every host's link is shared by 15 flows each way and nothing else binds.
    sprayed = tree.fair_rates(traffic, routing="ecmp")
    np.testing.assert_allclose(sprayed.rates, 1 / 15, rtol=1e-9)
    link = sprayed.bottlenecks(1)[0]
    assert (link.bundle, link.flows) == ("host-edge", 15)


@pytest.mark.parametrize("name", ["fattree_k8_perm_qp1", "fattree_k8_perm_qp16"])
def test_hashed_permutations_have_published_means(name):
    expected, parts = HASH[name], int(name.rpartition("qp")[2])
    tree = fat_tree(8)
    means, least = [], []
    for seed in range(5):
        traffic = pp.traffic.permutation("host", seed=seed, gbit_per_s=1.0)
        answer = tree.fair_rates(
            traffic, routing="ecmp-hash", seed=seed, queue_pairs=parts, capped=False
        )
        means.append(answer.rates.mean())
        least.append(answer.rates.min())
    assert np.mean(means) == pytest.approx(expected["mean_rate"], rel=0.05)
    assert np.mean(least) == pytest.approx(expected["min_rate"], rel=0.15)


def test_weights_caps_and_flows_without_a_way():
    fabric = pp.Fabric.from_links([0, 2], [1, 3], 12.0)
    traffic = pp.traffic.pairs([0, 0, 0, 2], [1, 1, 3, 3], [1.0, 20.0, 5.0, 20.0])
    answer = fabric.fair_rates(traffic, weights=[1.0, 2.0, 1.0, 1.0])
    assert answer.rates.tolist() == [1.0, 11.0, 0.0, 12.0]
    assert answer.reachable.tolist() == [True, True, False, True]
    free = fabric.fair_rates(traffic, weights=[1.0, 2.0, 1.0, 1.0], capped=False)
    np.testing.assert_allclose(free.rates, [4.0, 8.0, 0.0, 12.0])
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert answer.to_frame()["gbit_per_s"].tolist() == answer.rates.tolist()
    assert "1 without a way" in repr(answer)


def test_completion_by_hand():
    """Two flows share 8 Gb/s; when the short one is done the long one has all of it."""
    fabric = pp.Fabric.from_links([0, 1], [1, 2], 8.0)
    flows = fabric.fair_rates(pp.traffic.pairs([0, 0, 2], [2, 1, 1], 100.0))
    done = flows.completion([2.0, 1.0, 0.0])
    # 1 GB/s shared: at 2 s the second has its 1 GB; then 1 GB is left at 1 GB/s.
    np.testing.assert_allclose(done.seconds, [3.0, 2.0, 0.0])
    assert done.makespan == pytest.approx(3.0)
    capped = fabric.fair_rates(pp.traffic.pairs([0, 0], [2, 1], 2.0))
    np.testing.assert_allclose(capped.completion(1.0).seconds, [4.0, 4.0])
    lost = pp.Fabric.from_links([0], [1], 8.0, num_nodes=3)
    assert lost.fair_rates(pp.traffic.pairs([0], [2])).completion(1.0).makespan == np.inf


@given(networks(), st.data())
def test_completion_in_small_steps(network, data):
    """The fluid by definition: rates hold until a flow ends, and what was sent adds up."""
    _, links, rates, pairs, demands, _ = network
    fabric = pp.Fabric.from_links(*zip(*links, strict=True), [float(rate) for rate in rates])
    sources, sinks = zip(*pairs, strict=True)
    volumes = np.array([data.draw(st.integers(0, 4)) for _ in pairs], float)
    traffic = pp.traffic.pairs(sources, sinks, [float(demand) for demand in demands])
    seconds = fabric.fair_rates(traffic).completion(volumes).seconds
    sent, before = np.zeros(len(pairs)), 0.0
    for moment in np.unique(seconds):
        going = np.flatnonzero(seconds >= moment - 1e-12)
        going = going[volumes[going] > 0]
        if going.size and moment > before:
            part = pp.traffic.pairs(
                np.array(sources)[going], np.array(sinks)[going], np.array(demands, float)[going]
            )
            sent[going] += fabric.fair_rates(part).rates * (moment - before) / 8
        before = moment
    np.testing.assert_allclose(sent, volumes, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"routing": "valiant"}, SelectionError, "routing is 'valiant'"),
        ({"seed": -1}, SelectionError, "seed is -1"),
        ({"seed": "a"}, InputTypeError, "seed is 'a'"),
        ({"routing": []}, InputTypeError, r"routing is \[\]"),
        ({"queue_pairs": 0}, SelectionError, "queue_pairs is 0"),
        ({"queue_pairs": 1.0}, InputTypeError, "queue_pairs is 1.0"),
        ({"weights": [1.0]}, GraphError, "weights has 1 entry for 2 flows"),
        ({"weights": [1.0, 0.0]}, CapacityError, r"weights\[1\] is 0.0"),
        ({"forwarding": "no"}, SelectionError, "forwarding is 'no'"),
        ({"paths": [[0], [9]]}, GraphError, "9"),
    ],
)
def test_refused(options, error, words):
    fabric = pp.Fabric.from_links([0, 1], [1, 2], 8.0)
    with pytest.raises(error, match=words):
        fabric.fair_rates(pp.traffic.pairs([0, 1], [1, 2]), **options)


def test_results_cannot_be_changed():
    fabric = pp.Fabric.from_links([0, 1], [1, 2], 8.0)
    found = fabric.fair_rates(pp.traffic.pairs([0, 1], [1, 2]))
    for rates in (found, pickle.loads(pickle.dumps(found))):
        with pytest.raises(AttributeError, match="cannot be changed"):
            rates.rates = 3
        for name in ("sources", "sinks", "demands", "rates", "reachable", "loads"):
            with pytest.raises(ValueError, match="read-only"):
                getattr(rates, name)[...] = 0
        assert rates == found


def test_refused_volumes_and_traffic():
    fabric = pp.Fabric.from_links([0, 1], [1, 2], 8.0)
    with pytest.raises(InputTypeError, match="traffic is an int"):
        fabric.fair_rates(3)
    rates = fabric.fair_rates(pp.traffic.pairs([0, 1], [1, 2]))
    for wrong in ("x", None, [[1], [2, 3]]):
        with pytest.raises(InputTypeError, match="gbyte"):
            rates.completion(wrong)
    with pytest.raises(GraphError, match="gbyte has 1 entry for 2 flows"):
        rates.completion([1.0])
    with pytest.raises(CapacityError, match=r"gbyte\[1\] is -1"):
        rates.completion([1.0, -1.0])
