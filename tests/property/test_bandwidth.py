"""Bandwidth on the quotient, link by link, and by other people's solvers: one and the same.

The oracle builds its graph from the description by trying every pair of nodes, so neither the
quotient nor `materialize` is trusted.
"""

import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oracle.flow import Network
from oracle.spec import bundle_name
from oracle.world import World
from property.fabrics import changed_specs, queries
from property.profile import cases


def expected_rows(spec, rows):
    named = {}
    for (kind, index), row in rows.items():
        is_link = kind == "link"
        name = bundle_name(spec, spec.bundles[index]) if is_link else spec.groups[index].name
        named[kind == "node", name] = (row.count, row.capacity)
    return named


def found_rows(bottleneck):
    rows = {}
    for row in bottleneck.rows:
        assert (row.is_nodes, row.bundle) not in rows
        rows[row.is_nodes, row.bundle] = (row.links, Fraction(row.gbit_per_s) * 10**6)
    return rows


def assert_rows(spec, bottleneck, rows, value):
    expected, found = expected_rows(spec, rows), found_rows(bottleneck)
    assert expected.keys() == found.keys()
    for name, (count, capacity) in expected.items():
        assert found[name][0] == count
        assert math.isclose(found[name][1], capacity, rel_tol=1e-12)
    shares = [row.share for row in bottleneck.rows]
    assert shares == sorted(shares, reverse=True)
    assert math.isclose(math.fsum(shares), 1.0) if value else not shares


def assert_flow(world, answer, sources, sinks, mode):
    """The flow is within capacities, conserved, by the rules, and adds up to the value."""
    flow = answer.flow()
    tails, heads, capacity = world.listed()
    assert flow.tails.tolist() == tails
    assert flow.heads.tolist() == heads
    amount = flow.gbit_per_s * 1e6
    slack = 1e-9 * max(1.0, float(answer.kbit_per_s))
    assert (np.abs(amount) <= np.array([float(c) for c in capacity]) + slack).all()
    network = Network(world.meaning, sources, sinks, mode)
    unused = np.ones(len(tails), bool)
    unused[network.usable] = False
    assert (amount[unused] == 0).all()
    quotient = answer.certificate.method == "quotient"
    into, out = np.zeros(len(world.meaning.nodes)), np.zeros(len(world.meaning.nodes))
    for tail, head, one in zip(tails, heads, amount, strict=True):
        one, tail, head = (one, tail, head) if one >= 0 else (-one, head, tail)
        out[tail] += one
        into[head] += one
    for node in range(len(world.meaning.nodes)):
        assert max(into[node], out[node]) <= network.limit(node) / network.unit + slack
        alone = network.rule[world.meaning.group_of[node]] == "none"
        if node in sources:
            assert out[node] >= into[node] - slack
            assert not (alone and quotient) or into[node] <= slack
        elif node in sinks:
            assert into[node] >= out[node] - slack
            assert not (alone and quotient) or out[node] <= slack
        else:
            assert abs(into[node] - out[node]) <= slack
            assert not alone or into[node] <= slack
    sent = sum(out[node] - into[node] for node in sources)
    assert math.isclose(sent, float(answer.kbit_per_s), rel_tol=1e-9, abs_tol=1e-9)


def ask(fabric, sources, sinks, mode):
    return fabric.bandwidth(sources, sinks, forwarding=mode)


def test_quotient_equals_listed_equals_oracles():
    seen = Counter()

    @cases(2000)
    @given(st.data())
    def check(data):
        world = World(data.draw(changed_specs(), label="fabric"))
        listed = world.fabric.materialize()
        sources, sinks, mode = data.draw(queries(world.spec), label="query")
        seen["fabrics"] += 1
        if not sinks:
            return
        source_ids, sink_ids = world.ids(sources), world.ids(sinks)
        expected = Network(world.meaning, source_ids, sink_ids, mode).answer()
        ends = (world.select_nodes(sources), world.select_nodes(sinks), mode)
        answers = [ask(world.fabric, *ends), ask(listed, *ends)]
        for answer in answers:
            assert answer.kbit_per_s == expected.value
            assert_rows(world.spec, answer.bottleneck, expected.near_sources, expected.value)
            assert_rows(world.spec, answer.bottleneck_sink, expected.near_sinks, expected.value)
            assert_flow(world, answer, source_ids, sink_ids, mode)
            answer.verify()
        seen["asked"] += 1
        seen["positive"] += expected.value > 0
        seen["two cuts"] += expected.near_sources != expected.near_sinks
        seen["several tiers"] += len(expected.near_sources) > 1
        seen["node limits"] += any(kind == "node" for kind, _ in expected.near_sources)
        seen["compressed"] += 0 < answers[0].certificate.classes < len(world.meaning.nodes)
        if world.spec.changes and expected.value:
            healthy = World(replace(world.spec, changes=()))
            before = Network(healthy.meaning, source_ids, sink_ids, mode).answer().value
            seen["changed"] += 1
            seen["change mattered"] += before != expected.value
        for other in ("all", "none"):
            if mode == "hardware":
                found = Network(world.meaning, source_ids, sink_ids, other).answer().value
                seen["forwarding mattered"] += found != expected.value

    check()
    print(dict(seen))
    # A test in which nothing flows and failures change nothing could not fail.
    assert seen["asked"] > 0.75 * seen["fabrics"]
    assert seen["positive"] > 0.4 * seen["asked"]
    assert seen["change mattered"] > 0.15 * seen["changed"]
    assert seen["forwarding mattered"] > 0.1 * seen["asked"]
    assert seen["compressed"] > 0.3 * seen["asked"]
    for what in ("two cuts", "several tiers", "node limits"):
        assert seen[what] > 0.01 * seen["asked"], what
