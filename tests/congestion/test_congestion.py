"""Congestion on random fabrics against the definition, closed forms, laws, and bad input."""

import doctest
import importlib
import json
import pickle
import time
from collections import defaultdict

import numpy as np
import pinchpoint as pp
import pytest
from fattree import fat_tree
from hypothesis import given, settings
from hypothesis import strategies as st
from pinchpoint.errors import (
    CapacityError,
    GraphError,
    InputTypeError,
    SelectionError,
    TimeLimitError,
    UnitError,
)
from real import DATA


@st.composite
def fabrics(draw):
    n = draw(st.integers(2, 9))
    node = st.integers(0, n - 1)
    link = st.tuples(node, node, st.sampled_from([0.0, 1.0, 2.0, 5.0]))
    links = draw(st.lists(link, min_size=1, max_size=22))
    tails, heads, capacity = zip(*links, strict=True)
    directed = draw(st.booleans())
    fabric = pp.Fabric.from_links(tails, heads, capacity, n, directed=directed)
    if draw(st.booleans()):
        fabric = fabric.without(fabric.select("node", node=draw(node)))
    if draw(st.booleans()):
        down = draw(st.sets(st.integers(0, len(links) - 1), min_size=1, max_size=4))
        fabric = fabric.without(fabric.select_links("node-node", link=sorted(down)))
    traffic = [pp.traffic.all_to_all("node", gbit_per_s=1.0)]
    some = draw(st.lists(st.tuples(node, node, st.floats(0.1, 9)), max_size=5))
    some = [one for one in some if one[0] != one[1]]
    if some:
        traffic.append(pp.traffic.pairs(*zip(*some, strict=True)))
    gone = {name for name, _ in fabric._handle.removed()}
    return fabric, traffic, some, n, directed, links, bool(gone)


def spread(fabric, demand, directed, split):
    """Equal splitting by the definition: one pair at a time, over all links."""
    tails, heads, capacity = fabric.tails, fabric.heads, fabric.gbit_per_s
    removed = set()
    state = fabric._handle.state()[1]
    for runs in state:
        for block in runs:
            removed |= set(range(*block[0][0]))
    out = defaultdict(list)
    for link in range(len(tails)):
        a, b = int(tails[link]), int(heads[link])
        if capacity[link] > 0 and a != b and not {a, b} & removed:
            out[a].append((b, link, 0))
            if not directed:
                out[b].append((a, link, 1))
    loads, lost = np.zeros((2, len(tails))), []
    for (source, sink), rate in demand.items():
        far = {sink: 0}
        frontier = [sink]
        while frontier:
            frontier = [
                a for a in list(out) if a not in far and any(b in frontier for b, _, _ in out[a])
            ]
            far.update(dict.fromkeys(frontier, max(far.values()) + 1))
        if source not in far:
            lost.append((source, sink))
            continue
        carried = defaultdict(float, {source: rate})
        for node in sorted(far, key=lambda one: -far[one]):
            if node == sink or not carried[node]:
                continue
            tight = [hop for hop in out[node] if far.get(hop[0], 99) == far[node] - 1]
            beside = defaultdict(int)
            for b, _, _ in tight:
                beside[b] += 1
            for b, link, back in tight:
                share = 1 / len(tight) if split == "link" else 1 / len(beside) / beside[b]
                loads[back, link] += carried[node] * share
                carried[b] += carried[node] * share
    return loads, lost


@settings(max_examples=150, deadline=None)
@given(fabrics(), st.sampled_from(["link", "neighbor"]))
def test_against_the_definition(case, split):
    fabric, traffic, some, n, directed, _, _ = case
    demand = defaultdict(float)
    for a in range(n):
        for b in range(n):
            if a != b:
                demand[a, b] += 1.0
    for a, b, rate in some:
        demand[a, b] += rate
    loads, lost = spread(fabric, demand, directed, split)
    answer = fabric.congestion(sum(traffic[1:], traffic[0]), split=split)
    np.testing.assert_allclose(answer.loads(), loads, rtol=1e-9, atol=1e-12)
    assert set(answer.unreachable.listed) == set(lost)
    assert answer.unreachable.gbit_per_s == pytest.approx(sum(demand[one] for one in lost))
    assert answer.certificate.resummed


@settings(max_examples=120, deadline=None)
@given(fabrics(), st.sampled_from(["wcmp", "valiant", "ecmp-hash", "single"]))
def test_other_routings_pass_their_checks(case, routing):
    fabric, traffic, *_ = case
    ecmp = fabric.congestion(traffic[0])
    answer = fabric.congestion(traffic[0], routing=routing, seeds=[1, 2])
    if routing != "valiant":
        assert answer.unreachable.pairs == ecmp.unreachable.pairs
        # Shortest ways all: the same hops in all.
        assert answer.loads().sum() == pytest.approx(ecmp.loads().sum())


@settings(max_examples=40, deadline=None)
@given(fabrics(), st.integers(-3, 3), st.data())
def test_scale_relabel_and_dead_ends(case, power, data):
    fabric, traffic, _, n, directed, links, changed = case
    answer = fabric.congestion(traffic[0])
    more = fabric.congestion(traffic[0] * 2.0**power)
    assert (more.loads() == answer.loads() * 2.0**power).all()
    if changed or fabric._handle.is_changed:
        return
    turn = np.array(data.draw(st.permutations(range(n))))
    tails, heads, capacity = zip(*links, strict=True)
    turned = pp.Fabric.from_links(
        turn[list(tails)], turn[list(heads)], capacity, n, directed=directed
    )
    np.testing.assert_allclose(turned.congestion(traffic[0]).loads(), answer.loads(), atol=1e-12)
    stub = pp.Fabric.from_links(
        [*tails, 0], [*heads, n], [*capacity, 1.0], n + 1, directed=directed
    )
    nodes = pp.traffic.all_to_all(list(range(n)), gbit_per_s=1.0)
    np.testing.assert_allclose(stub.congestion(nodes).loads()[:, :-1], answer.loads(), atol=1e-12)


CLOSED = json.loads((DATA / "closed_forms" / "closed_forms.json").read_text())


def closed(name):
    """Links and endpoints of a case of closed_forms.json."""
    if name.startswith("ring"):
        n = CLOSED[name]["n"]
        return [(i, (i + 1) % n) for i in range(n)], range(n)
    if name.startswith("hypercube"):
        d = int(name[9])
        return [(i, i ^ 1 << b) for i in range(1 << d) for b in range(d) if i < i ^ 1 << b], range(
            1 << d
        )
    if name.startswith("full"):
        return [(i, j) for i in range(8) for j in range(i)], range(8)
    if name.startswith("torus"):
        a = int(name[5])
        links = [(x * a + y, (x + 1) % a * a + y) for x in range(a) for y in range(a)]
        return links + [
            (x * a + y, x * a + (y + 1) % a) for x in range(a) for y in range(a)
        ], range(a * a)
    leaves, spines, hosts = (int(name[name.index(letter) + 1]) for letter in "LSH")
    n = leaves * hosts
    links = [(i, n + i // hosts) for i in range(n)]
    links += [(n + i, n + leaves + j) for i in range(leaves) for j in range(spines)]
    return links, range(n)


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name):
    links, ends = closed(name)
    fabric = pp.Fabric.from_links(*zip(*links, strict=True), 1.0)
    traffic = pp.traffic.all_to_all(list(ends), gbit_per_s=1.0)
    assert fabric.congestion(traffic).multiplier == pytest.approx(
        CLOSED[name]["lam_ecmp"], rel=1e-6
    )


HASH = json.loads((DATA / "closed_forms" / "hash_ecmp.json").read_text())


@pytest.mark.parametrize(("k", "parts"), [(8, 1), (8, 16), (16, 4)])
def test_hashed_permutations(k, parts):
    fabric, hosts = fat_tree(k)
    largest = [
        fabric.congestion(
            pp.traffic.permutation(list(range(hosts)), seed=seed, gbit_per_s=1.0),
            routing="ecmp-hash",
            queue_pairs=parts,
            seeds=[seed],
        ).max_utilization
        for seed in range(20)
    ]
    expected = HASH[f"fattree_k{k}_perm_qp{parts}"]["max_link_congestion"]
    assert np.mean(largest) == pytest.approx(expected, rel=0.15)


def test_first_tier_hash_delivers_what_the_formula_says():
    """n unit flows over n uplinks deliver 1 - (1 - 1/n)^n of what they could."""
    n = 32
    tails = [*range(n), *([n] * n), *range(n + 1, 2 * n + 1)]
    heads = [*([n] * n), *range(n + 1, 2 * n + 1), *([2 * n + 1] * n)]
    links = [(2 * n + 1, 2 * n + 2 + i) for i in range(n)]
    tails += [a for a, _ in links]
    heads += [b for _, b in links]
    fabric = pp.Fabric.from_links(tails, heads, 1.0)
    traffic = pp.traffic.pairs(range(n), range(2 * n + 2, 3 * n + 2), 1.0)
    delivered = []
    for seed in range(200):
        answer = fabric.congestion(traffic, routing="ecmp-hash", seeds=[seed])
        delivered.append(np.minimum(answer.loads()[0, n : 2 * n], 1).sum() / n)
    assert np.mean(delivered) == pytest.approx(1 - (1 - 1 / n) ** n, rel=0.01)
    plain = fabric.congestion(traffic, routing="single")
    assert plain.max_utilization == 1.0


def test_unsalted_hashes_polarise():
    fabric, hosts = fat_tree(8)
    traffic = pp.traffic.permutation(list(range(hosts)), seed=3, gbit_per_s=1.0)
    salted = fabric.congestion(traffic, routing="ecmp-hash")
    alike = fabric.congestion(traffic, routing="ecmp-hash", salted=False)
    assert alike.max_utilization > 1.2 * salted.max_utilization
    assert salted.distribution.shape == (10,)
    with pytest.raises(pp.errors.InputTypeError, match="salted is 'no'; it must be True or False"):
        fabric.congestion(traffic, routing="ecmp-hash", salted="no")


def test_chips_that_do_not_relay():
    """Rail-only traffic to another rail's chip goes over scale-up, at the sender or not at all."""
    b = pp.FabricBuilder("rails")
    chip = b.nodes("chip", rack=2, chip=2, forwards="scale_up")
    nic = b.nodes("nic", rack=2, chip=2, role="nic")
    rail = b.nodes("leaf", chip=2)
    b.links(chip, chip, "800Gb/s", join={"rack": "rack"})
    b.links(chip, nic, "400Gb/s")
    b.links(nic, rail, "400Gb/s", join={"chip": "chip"})
    lab = b.build()
    traffic = pp.traffic.all_to_all("chip", gbit_per_s=100.0)
    answer = lab.congestion(traffic)
    # A chip may not pass on what came from a NIC, so crossing rails has no way.
    assert answer.unreachable.pairs == 4
    assert lab.congestion(traffic, forwarding="all").unreachable.pairs == 0
    assert lab.congestion(traffic, forwarding="none").unreachable.pairs == 4
    assert answer.loads("chip-chip").tolist() == [[100.0, 100.0], [100.0, 100.0]]


def test_threads_do_not_change_a_bit():
    fabric, hosts = fat_tree(8)
    bad = fabric.without(fabric.sample_links("node-node", 20, seed=1))
    traffic = pp.traffic.all_to_all(list(range(hosts)), gbit_per_s=1.0)
    before = pp.get_threads()
    try:
        answers = []
        for count in (1, 2, 5):
            pp.set_threads(count)
            answers.append(
                [bad.congestion(traffic, routing=r) for r in ("ecmp", "wcmp", "ecmp-hash")]
            )
    finally:
        pp.set_threads(before)
    assert answers[0] == answers[1] == answers[2]


def test_patterns():
    ring = pp.Fabric.from_links(range(8), [*range(1, 8), 0], 10.0)
    assert ring.congestion(pp.traffic.ring("node", gbit_per_s=5.0)).max_utilization == 0.5
    incast = ring.congestion(pp.traffic.incast("node", 0, gbyte_per_s=1.0))
    assert incast.loads().sum() == 8.0 * (1 + 2 + 3 + 4 + 3 + 2 + 1)
    whole = pp.traffic.all_to_all("node", per_chip_gbyte_per_s=7.0)
    each = pp.traffic.all_to_all("node", gbit_per_s=8.0)
    assert ring.congestion(whole) == ring.congestion(each)
    drawn = pp.traffic.permutation("node", seed=2, gbit_per_s=1.0)
    _, (sources, sinks, _) = drawn._resolve(ring)
    assert sorted(sinks) == sorted(sources) == list(range(8))
    assert (sources != sinks).all()
    layout = pp.traffic.parallelism("node", tp=2, pp=2, dp=2)
    assert layout.groups("tp").tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert layout.groups("dp").tolist() == [[0, 4], [1, 5], [2, 6], [3, 7]]
    tp = ring.congestion(layout.traffic("tp", "all_to_all", gbit_per_s=10.0))
    assert tp.loads()[0].tolist() == [10.0, 0.0] * 4
    pipeline = layout.traffic("pp", "pipeline", gbit_per_s=1.0)._resolve(ring)[1]
    assert pipeline[0].tolist() == [0, 1, 4, 5]
    assert pipeline[1].tolist() == [2, 3, 6, 7]


def test_what_a_result_can_do():
    fabric, hosts = fat_tree(4)
    answer = fabric.congestion(pp.traffic.all_to_all(list(range(hosts)), gbit_per_s=1.0))
    assert answer.max_utilization == 15.0
    assert answer.multiplier == 1 / 15
    again = pickle.loads(pickle.dumps(answer))
    assert again == answer
    frame = answer.to_frame()
    assert frame["tier"].tolist() == ["node-node", "node-node"]
    assert answer.to_arrow().num_rows == 2
    plain = json.loads(json.dumps(answer.to_dict()))
    assert plain["certificate"] == {"checked": True, "resummed": True}
    assert len(answer.bottlenecks(3)) == 3
    assert "max utilization 15" in repr(answer)
    assert answer.loads("node-node").shape == (2, 48)
    with pytest.raises(SelectionError, match="no link bundle 'x'"):
        answer.loads("x")


A2A = pp.traffic.all_to_all("node", gbit_per_s=1)


def a2a(fabric, **options):
    return fabric.congestion(A2A, **options)


@pytest.mark.parametrize("structured", [False, True])
def test_integers_of_numpy(structured):
    line = pp.Fabric.from_links([0, 1, 2], [1, 2, 3], 1.0)
    fabric = pp.clusters.gb200_nvl72() if structured else line
    traffic = pp.traffic.all_to_all("chip", gbit_per_s=1.0) if structured else A2A
    assert len(fabric.congestion(traffic).bottlenecks(np.int64(2))) == 2
    hashed = [
        line.congestion(A2A, routing="ecmp-hash", queue_pairs=parts) for parts in (2, np.int64(2))
    ]
    assert hashed[0] == hashed[1]


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda f: f.congestion(pp.traffic.pairs([0], [9])), SelectionError, "sink 9 is no node"),
        (lambda f: f.congestion(pp.traffic.pairs([1], [1])), SelectionError, "sends to itself"),
        (lambda f: f.congestion(pp.traffic.pairs([0], [1], -1.0)), CapacityError, "pair 0.*-1"),
        (lambda f: f.congestion(pp.traffic.pairs([0], [1], np.nan)), CapacityError, "NaN"),
        (lambda f: pp.traffic.pairs([0, 1], [1]), GraphError, "2, 1 and 2"),
        (lambda f: pp.traffic.pairs([0.5], [1]), InputTypeError, "float64"),
        (lambda f: pp.traffic.all_to_all("node"), UnitError, "0 are given"),
        (
            lambda f: pp.traffic.all_to_all("node", gbit_per_s=1, gbyte_per_s=1),
            UnitError,
            "2 are given",
        ),
        (lambda f: pp.traffic.all_to_all("node", gbit_per_s=-1), CapacityError, "is -1"),
        (lambda f: pp.traffic.from_matrix(np.zeros((2, 3))), GraphError, "square"),
        (lambda f: pp.traffic.from_matrix(np.eye(2), nodes=[0]), GraphError, "shape"),
        (
            lambda f: f.congestion(pp.traffic.from_matrix(np.eye(3))),
            SelectionError,
            "sends to itself",
        ),
        (
            lambda f: f.congestion(pp.traffic.ring([0, 1, 0], gbit_per_s=1)),
            SelectionError,
            "node 0 has two ranks",
        ),
        (
            lambda f: f.congestion(
                pp.traffic.parallelism("node", tp=2).traffic("tp", gbit_per_s=1)
            ),
            SelectionError,
            "make 2 ranks, but 4 chips",
        ),
        (lambda f: pp.traffic.parallelism([0, 1, 2], tp=2), SelectionError, "tp 2 makes 2 ranks"),
        (lambda f: pp.traffic.parallelism("node", xp=2), SelectionError, "'xp'"),
        (lambda f: f.congestion("a2a"), InputTypeError, "traffic is a str"),
        (
            lambda f: f.congestion(pp.traffic.pairs([0], [1]), routing="ospf"),
            SelectionError,
            "routing is 'ospf'",
        ),
        (
            lambda f: f.congestion(pp.traffic.pairs([0], [1]), paths=[[0]]),
            SelectionError,
            "routing='single'",
        ),
        (
            lambda f: f.congestion(pp.traffic.pairs([0], [2]), routing="single", paths=[[0]]),
            GraphError,
            "way 0: it ends at node 1",
        ),
        (
            lambda f: f.congestion(pp.traffic.pairs([0], [2]), routing="single", paths=[[1, 0]]),
            GraphError,
            "way 0: link 1 joins nodes 1 and 2",
        ),
        (
            lambda f: f.congestion(pp.traffic.pairs([0], [2]), routing="single", paths=[[7]]),
            GraphError,
            "link 7 is outside",
        ),
        (
            lambda f: f.congestion(pp.traffic.pairs([0], [2]), routing="single", paths=[]),
            GraphError,
            "0 ways for 1 pair;",
        ),
        (
            lambda f: f.congestion(
                pp.traffic.pairs([0], [2]), routing="single", tables=np.zeros((4, 4), int)
            ),
            GraphError,
            "loop toward node 2",
        ),
        (
            lambda f: f.congestion(
                pp.traffic.pairs([0], [2]), routing="single", tables=np.full((4, 4), -1)
            ),
            GraphError,
            "dead end at node 0",
        ),
        (
            lambda f: f.congestion(
                pp.traffic.pairs([0], [2]), routing="single", tables=np.full((4, 4), 2)
            ),
            GraphError,
            "does not end there",
        ),
        (
            lambda f: f.congestion(pp.traffic.pairs([0], [2]), routing="ecmp-hash", queue_pairs=0),
            SelectionError,
            "queue_pairs is 0",
        ),
        (lambda f: a2a(f, routing=[]), InputTypeError, r"routing is \[\]"),
        (lambda f: a2a(f, split=None), InputTypeError, "split is None"),
        (lambda f: a2a(f, unreachable=3), InputTypeError, "unreachable is 3"),
        (lambda f: a2a(f, forwarding=None), InputTypeError, "forwarding is None"),
        (lambda f: a2a(f).bottlenecks(-1), SelectionError, "k is -1"),
        (lambda f: a2a(f).bottlenecks(1.0), InputTypeError, "k is 1.0"),
        (lambda f: a2a(f).loads(3), InputTypeError, "bundle is 3"),
        (lambda f: pp.traffic.pairs([[1], [2, 3]], [1, 2]), InputTypeError, "sources cannot"),
        (lambda f: pp.traffic.pairs(None, None), InputTypeError, "sources is None"),
        (lambda f: pp.traffic.pairs([1], [2], "x"), InputTypeError, "gbit_per_s is 'x'"),
        (lambda f: pp.traffic.from_matrix(None), InputTypeError, "matrix has dtype object"),
        (lambda f: f.priorities(None), InputTypeError, "classes is a NoneType"),
        (lambda f: f.throughput(A2A, gap="x"), InputTypeError, "gap is 'x'"),
    ],
)
def test_bad_input(ask, error, says):
    path = pp.Fabric.from_links([0, 1, 2], [1, 2, 3], 1.0)
    with pytest.raises(error, match=says):
        ask(path)


def test_time_limit():
    fabric, hosts = fat_tree(16)
    traffic = pp.traffic.all_to_all(list(range(hosts)), gbit_per_s=1.0)
    start = time.perf_counter()
    with pytest.raises(TimeLimitError):
        fabric.congestion(traffic, routing="ecmp-hash", time_limit=0.05)
    assert time.perf_counter() - start < 2


def test_examples():
    for name in ("traffic", "congestion", "fabric"):
        assert doctest.testmod(importlib.import_module(f"pinchpoint.{name}")).failed == 0


def test_pairs_without_a_way_are_an_error_if_asked():
    explicit = pp.Fabric.from_links([0, 1, 3], [1, 2, 4], 1.0)
    structured = pp.clusters.fat_tree(4)
    structured = structured.without(structured.select_links("chip-leaf", leaf=0, chip=0))
    for fabric, group in ((explicit, "node"), (structured, "chip")):
        traffic = pp.traffic.all_to_all(group, gbit_per_s=1.0)
        assert fabric.congestion(traffic).unreachable.pairs > 0
        with pytest.raises(GraphError, match=r"pairs have no way, node \d+ to node \d+ among"):
            fabric.congestion(traffic, unreachable="error")
        with pytest.raises(SelectionError, match="unreachable is 'skip'"):
            fabric.congestion(traffic, unreachable="skip")
    whole = explicit.congestion(pp.traffic.pairs([0], [2]), unreachable="error")
    assert whole.max_utilization == 1.0


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda f, t: f.congestion(t, routing="ecmp-hash", seeds=["a"]), InputTypeError, "seeds"),
        (lambda f, t: f.congestion(t, routing="ecmp-hash", seeds=3), InputTypeError, "seeds is 3"),
        (lambda f, t: f.congestion(t, routing="ecmp-hash", seeds=[]), SelectionError, "one or"),
        (lambda f, t: t * "a", InputTypeError, "factor is 'a'"),
        (lambda f, t: pp.traffic.all_to_all([0, 1, 1], gbit_per_s=1), SelectionError, "node 1 is"),
        (lambda f, t: pp.traffic.incast([0, 0], 1, gbit_per_s=1), SelectionError, "node 0 is"),
    ],
)
def test_more_bad_input_is_told_by_name(ask, error, says):
    fabric, traffic = pp.Fabric.from_links([0, 1], [1, 2], 1.0), pp.traffic.pairs([0], [2])
    with pytest.raises(error, match=says):
        ask(fabric, traffic)
