"""Throughput: real networks, closed forms, an independent linear program, laws, bad input."""

import json
import time
from collections import defaultdict

import numpy as np
import pinchpoint as pp
import pytest
from fattree import fat_tree
from hypothesis import given, settings
from pinchpoint import linear
from pinchpoint.errors import CapacityError, GraphError, InputTypeError, SelectionError
from real import DATA, plafrim, sndlib, sndlib_names
from scipy.optimize import linprog
from test_congestion import CLOSED, closed, fabrics


@pytest.mark.parametrize("kind", ["org", "uni"])
@pytest.mark.parametrize("name", sndlib_names())
def test_sndlib_optima(name, kind):
    """Orlowski et al., Networks 55, 2010; optima by HiGHS on the whole program."""
    fabric, matrices, _ = sndlib(name)
    expected = json.loads((DATA / "sndlib_topohub" / "answers.json").read_text())
    expected = expected[f"sndlib/{name}"][kind].get("lambda_unit_caps")
    if expected is None:
        pytest.skip("no recorded optimum")
    answer = fabric.throughput(pp.traffic.from_matrix(matrices[kind]), gap=0.05)
    assert answer.gap <= 0.05
    assert answer.lower * (1 - 1e-6) <= expected <= answer.upper * (1 + 1e-6)
    if answer.method != "iterative":
        assert answer.gap <= 1e-9
        assert answer.lower == pytest.approx(expected, rel=1e-6)


def test_plafrim():
    own = plafrim()
    core = pp.traffic.all_to_all([own.ids[host] for host in own.core], gbit_per_s=1.0)
    answer = own.fabric.throughput(core)
    assert answer.lower == pytest.approx(0.49230769230769234, rel=1e-8)
    assert answer.gap <= 1e-9
    whole = pp.traffic.all_to_all([own.ids[host] for host in own.hosts], gbit_per_s=1.0)
    assert own.fabric.throughput(whole).lower == pytest.approx(0.010752688172043012, rel=1e-8)
    ecmp = own.fabric.congestion(core).multiplier
    assert 1 - ecmp / answer.lower == pytest.approx(0.6427, abs=1e-3)


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name):
    links, ends = closed(name)
    fabric = pp.Fabric.from_links(*zip(*links, strict=True), 1.0)
    answer = fabric.throughput(pp.traffic.all_to_all(list(ends), gbit_per_s=1.0))
    assert answer.gap <= 0.01
    assert answer.lower * (1 - 1e-6) <= CLOSED[name]["formula"] <= answer.upper * (1 + 1e-6)


HIER = json.loads((DATA / "closed_forms" / "hier_a2a.json").read_text())


@pytest.mark.parametrize("case", HIER)
def test_racks(case):
    """Racks of chips that forward, any-to-any scale-out or rails (theory 6.6)."""
    n, g = case["n"], case["g"]
    chips = np.arange(n * g)
    racks = n * g + chips // g
    out = n * g + n + (chips % g if case["rail"] else 0 * chips)
    capacity = np.repeat([float(case["su"]), float(case["so"])], n * g)
    fabric = pp.Fabric.from_links(np.tile(chips, 2), np.concatenate([racks, out]), capacity)
    answer = fabric.throughput(pp.traffic.all_to_all(chips.tolist(), gbit_per_s=1.0))
    assert answer.lower * (1 - 1e-6) <= case["lp"] <= answer.upper * (1 + 1e-6)
    assert answer.gap <= 0.01


def whole_program(fabric, demand, directed, n):
    """The concurrent flow with a commodity per pair, through SciPy."""
    arcs = []
    for a, b, c in zip(
        fabric.tails.tolist(), fabric.heads.tolist(), fabric.gbit_per_s, strict=True
    ):
        if a != b and c > 0:
            arcs.append((a, b, c, len(arcs)))
            if not directed:
                arcs.append((b, a, c, len(arcs)))
    m, k = len(arcs), len(demand)
    equal = np.zeros((k * n, 1 + k * m))
    for at, ((source, sink), rate) in enumerate(demand.items()):
        for a, b, _, arc in arcs:
            equal[at * n + a, 1 + at * m + arc] -= 1
            equal[at * n + b, 1 + at * m + arc] += 1
        equal[at * n + source, 0] += rate
        equal[at * n + sink, 0] -= rate
    most = np.hstack([np.zeros((m, 1)), np.tile(np.eye(m), k)])
    cost = np.r_[-1.0, np.zeros(k * m)]
    answer = linprog(cost, most, [arc[2] for arc in arcs], equal, np.zeros(k * n))
    return -answer.fun


@settings(max_examples=60, deadline=None)
@given(fabrics())
def test_against_the_whole_program(case):
    fabric, traffic, some, n, directed, _, changed = case
    if changed:
        return
    lost = set(fabric.congestion(traffic[0]).unreachable.listed)
    demand = defaultdict(float)
    for a in range(n):
        for b in range(n):
            if a != b and (a, b) not in lost:
                demand[a, b] += 1.0
    for a, b, rate in some:
        if (a, b) not in lost:
            demand[a, b] += rate
    asked = sum(traffic[1:], traffic[0])
    if lost:
        with pytest.raises(GraphError, match="have no way"):
            fabric.throughput(asked)
    answer = fabric.throughput(asked, unreachable="drop")
    if not demand:
        assert answer.lower == np.inf
        return
    expected = whole_program(fabric, demand, directed, n)
    assert answer.lower == pytest.approx(expected, rel=1e-6)
    assert answer.gap <= 1e-9
    # No routing beats the optimum.
    assert fabric.congestion(asked).multiplier <= answer.upper * (1 + 1e-9)


def test_iterative_bounds_hold():
    fabric, hosts = fat_tree(8)
    bad = fabric.without(fabric.sample_links("node-node", 12, seed=4))
    traffic = pp.traffic.all_to_all(list(range(hosts)), gbit_per_s=1.0)
    loose = bad.throughput(traffic, gap=0.1, unreachable="drop")
    tight = bad.throughput(traffic, gap=0.05, unreachable="drop")
    assert loose.gap <= 0.1
    assert tight.gap <= 0.05
    assert max(loose.lower, tight.lower) <= min(loose.upper, tight.upper)


def test_time_limit_returns_bounds():
    fabric, hosts = fat_tree(16)
    bad = fabric.without(fabric.select_links("node-node", link=list(range(1024, 3072, 20))))
    traffic = pp.traffic.all_to_all(list(range(hosts)), gbit_per_s=1.0)
    start = time.perf_counter()
    answer = bad.throughput(traffic, gap=1e-6, time_limit=3.0)
    assert time.perf_counter() - start < 12
    assert answer.stopped
    assert 0 < answer.lower <= answer.upper < np.inf


def test_chips_that_do_not_relay():
    """Two ends joined by a middle node that forwards, or not."""
    b = pp.FabricBuilder("line")
    left, middle = b.nodes("left", forwards=False), b.nodes("middle", forwards=False)
    right, other = b.nodes("right", forwards=False), b.nodes("other")
    b.links(left, middle, "10Gb/s")
    b.links(middle, right, "10Gb/s")
    b.links(left, other, "4Gb/s")
    b.links(other, right, "4Gb/s")
    line = b.build()
    traffic = pp.traffic.between("left", "right", gbit_per_s=1.0)
    assert line.throughput(traffic).lower == pytest.approx(4.0)
    assert line.throughput(traffic, forwarding="all").lower == pytest.approx(14.0)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"gap": -1.0}, CapacityError, "gap is -1"),
        ({"gap": float("nan")}, CapacityError, "gap is nan"),
        ({"unreachable": "skip"}, SelectionError, "unreachable is 'skip'"),
        ({"forwarding": "some"}, SelectionError, "forwarding is 'some'"),
    ],
)
def test_bad_input(options, error, says):
    fabric = pp.Fabric.from_links([0], [1], 1.0)
    with pytest.raises(error, match=says):
        fabric.throughput(pp.traffic.pairs([0], [1]), **options)
    with pytest.raises(InputTypeError, match="traffic is an int"):
        fabric.throughput(3)


def test_what_a_result_can_do():
    fabric = pp.Fabric.from_links([0, 0, 1, 2], [1, 2, 3, 3], [1.0, 2.0, 1.0, 1.5])
    answer = fabric.throughput(pp.traffic.pairs([0], [3], 1.0))
    assert answer.lower == pytest.approx(2.5)
    assert json.loads(json.dumps(answer.to_dict()))["method"] == "exact"
    assert answer.to_frame()["gap"][0] <= 1e-9
    assert "2.5" in repr(answer)
    assert answer.binding


@pytest.mark.parametrize("seed", range(4))
def test_iterative_bounds_hold_the_optimum_of_irregular_networks(seed):
    rng = np.random.default_rng(seed)
    nodes, links = 30, 70
    tails = np.concatenate([np.arange(nodes), rng.integers(0, nodes, links)])
    heads = np.concatenate([(np.arange(nodes) + 1) % nodes, rng.integers(0, nodes, links)])
    keep = tails != heads
    fabric = pp.Fabric.from_links(tails[keep], heads[keep], rng.choice([1.0, 4.0], keep.sum()))
    ends = rng.integers(0, nodes, (2, 400))
    ends = ends[:, ends[0] != ends[1]]
    traffic = pp.traffic.pairs(*ends, rng.exponential(size=ends.shape[1]))
    close = fabric.throughput(traffic, gap=0.01)
    assert close.gap <= 0.01
    if linear.available():
        exact = fabric.throughput(traffic, gap=0)
        assert exact.method == "exact"
        assert close.lower <= exact.upper * (1 + 1e-9)
        assert close.upper >= exact.lower * (1 - 1e-9)


def test_a_fat_tree_with_failures_is_narrowed_to_a_percent():
    fabric, hosts = fat_tree(8)
    rng = np.random.default_rng(0)
    failed = rng.choice(np.arange(hosts, fabric.num_links), 25, replace=False)
    left = np.delete(np.arange(fabric.num_links), failed)
    ends = fabric.tails[left].astype(np.int64), fabric.heads[left].astype(np.int64)
    best = pp.Fabric.from_links(*ends, 1.0).throughput(
        pp.traffic.all_to_all(np.arange(hosts, hosts + 32), gbit_per_s=1.0)
    )
    assert best.gap <= 0.01
    assert best.method == "iterative"
    # The edge switch with the fewest links left takes in 31 flows.
    ids = np.concatenate([*ends])
    ways = np.bincount(ids, minlength=hosts + 32)[hosts : hosts + 32] - 4
    assert best.lower <= ways.min() / 31 * (1 + 1e-9)
    assert best.upper >= ways.min() / 31 * 0.9
