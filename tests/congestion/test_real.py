"""Congestion of real networks against published and recorded answers (tests/data)."""

import json

import numpy as np
import pinchpoint as pp
import pytest
from real import DATA, every_pair, plafrim, sndlib, sndlib_names


def multiplier(fabric, hosts, **options):
    ids = [plafrim().ids[host] for host in hosts]
    return fabric.congestion(pp.traffic.all_to_all(ids, gbit_per_s=1.0), **options)


@pytest.mark.parametrize("kind", ["org", "uni"])
@pytest.mark.parametrize("name", sndlib_names())
def test_sndlib_ecmp(name, kind):
    """Orlowski et al., Networks 55, 2010; loads published by topohub in % of the largest."""
    fabric, matrices, published = sndlib(name)
    answer = fabric.congestion(pp.traffic.from_matrix(matrices[kind]), split="neighbor")
    assert not answer.unreachable.pairs
    percent = 100 * answer.loads() / answer.loads().max()
    np.testing.assert_allclose(percent, published[kind], atol=0.0051)
    answers = json.loads((DATA / "sndlib_topohub" / "answers.json").read_text())
    expected = answers[f"sndlib/{name}"][kind]["max_load"]
    assert answer.max_utilization == pytest.approx(expected, rel=1e-9)


def test_plafrim_ecmp():
    known = json.loads((DATA / "netloc_plafrim" / "answers.json").read_text())
    own = plafrim()
    whole = multiplier(own.fabric, own.hosts)
    assert whole.multiplier == pytest.approx(
        known["ecmp_hop_equal_link"]["lambda_gbps_per_pair"], rel=1e-9
    )
    core = multiplier(own.fabric, own.core)
    assert core.multiplier == pytest.approx(known["core"]["ecmp"], rel=1e-9)
    guilty = core.bottlenecks(1)[0]
    assert "8524" in guilty.tail
    assert "8500" in guilty.head
    assert guilty.capacity_gbit_per_s == 8.0


def test_plafrim_without_the_slow_cable():
    own = plafrim()
    assert len(own.slow) == 2
    pulled = own.fabric.without(own.fabric.select_links("node-node", link=own.slow))
    assert multiplier(pulled, own.core).multiplier == pytest.approx(0.49230769230769234, rel=1e-9)


@pytest.mark.parametrize(
    ("which", "expected"), [("hosts", 0.009501187648456057), ("core", 0.16326530612244897)]
)
def test_plafrim_real_routes(which, expected):
    own = plafrim()
    pairs = every_pair(getattr(own, which))
    ids = np.array([(own.ids[a], own.ids[b]) for a, b in pairs])
    traffic = pp.traffic.pairs(ids[:, 0], ids[:, 1], 1.0)
    answer = own.fabric.congestion(
        traffic, routing="single", paths=[own.routes[pair] for pair in pairs]
    )
    assert answer.multiplier == pytest.approx(expected, rel=1e-9)


def test_plafrim_forwarding_tables():
    """The real routes follow the destination alone, so tables say the same as paths."""
    own = plafrim()
    tables = np.full((len(own.ids), len(own.ids)), -1)
    for (_, sink), path in own.routes.items():
        for arc in path:
            tables[own.fabric.tails[arc], own.ids[sink]] = arc
    pairs = np.array([(own.ids[a], own.ids[b]) for a, b in every_pair(own.core)])
    traffic = pp.traffic.pairs(pairs[:, 0], pairs[:, 1], 1.0)
    answer = own.fabric.congestion(traffic, routing="single", tables=tables)
    assert answer.multiplier == pytest.approx(0.16326530612244897, rel=1e-9)
