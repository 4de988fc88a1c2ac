"""pytest-benchmark of congestion and throughput; BENCH_SMOKE=1 makes all of it small."""

import os

import numpy as np
import pinchpoint as pp
import pytest

import congestion

SMOKE = os.environ.get("BENCH_SMOKE", "0") != "0"
SIZES = [128] if SMOKE else [7168, 694_445]
ROUNDS = 2 if SMOKE else 20
EVERYONE = pp.traffic.all_to_all("chip", per_chip_gbyte_per_s=1.0)


@pytest.mark.parametrize("question", ["congestion", "throughput"])
@pytest.mark.parametrize("size", SIZES)
def test_all_to_all(benchmark, size, question):
    benchmark.group = f"all-to-all, {size * 144:,} chips"
    ask = getattr(pp.clusters.trn3_ultracluster(ultraservers=size), question)
    benchmark.pedantic(ask, args=(EVERYONE,), rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.parametrize("bundle", ["leaf-spine", "spine-core"])
def test_all_to_all_with_failures(benchmark, bundle):
    benchmark.group = f"all-to-all, {SIZES[0] * 144:,} chips, 100 failed links"
    cluster = pp.clusters.trn3_ultracluster(ultraservers=SIZES[0])
    worse = cluster.without(cluster.sample_links(bundle, 100, seed=1))
    benchmark.pedantic(worse.congestion, args=(EVERYONE,), rounds=2)


def test_ecmp_on_a_listed_fat_tree(benchmark):
    fabric, hosts = congestion.fat_tree(8 if SMOKE else 64, 0.01, hosts_too=True)
    benchmark.group = f"ECMP all-to-all, {hosts:,} hosts listed, 1 % of links failed"
    traffic = pp.traffic.all_to_all(np.arange(hosts), gbit_per_s=1.0)
    benchmark.pedantic(fabric.congestion, args=(traffic,), rounds=1)


@pytest.mark.parametrize("who", ["pinchpoint", "netgraph-core"])
def test_ecmp_against_netgraph_core(benchmark, who):
    fabric, hosts = congestion.fat_tree(4 if SMOKE else 12, 0.01)
    benchmark.group = f"ECMP all-to-all, {hosts:,} hosts listed"
    traffic = pp.traffic.all_to_all(np.arange(hosts), gbit_per_s=1.0)
    if who == "pinchpoint":
        benchmark.pedantic(fabric.congestion, args=(traffic,), rounds=3, warmup_rounds=1)
        return
    if not congestion.HAS_NETGRAPH:
        pytest.skip("netgraph-core is not installed")
    flows, _ = benchmark.pedantic(congestion.netgraph_ecmp, args=(fabric, hosts), rounds=1)
    assert flows.sum() == pytest.approx(fabric.congestion(traffic).loads().sum())


def test_hashed_flows(benchmark):
    fabric, hosts = congestion.fat_tree(8 if SMOKE else 48)
    flows = 1000 if SMOKE else 1_000_000
    benchmark.group = f"hash ECMP, {flows:,} flows, 10 seeds"
    traffic = congestion.random_pairs(hosts, flows)
    benchmark.pedantic(
        fabric.congestion, args=(traffic,), kwargs={"routing": "ecmp-hash"}, rounds=1
    )


@pytest.mark.parametrize("k", [4] if SMOKE else [8, 16])
def test_throughput_of_a_listed_fat_tree(benchmark, k):
    fabric, _ = congestion.fat_tree(k, 0.05)
    benchmark.group = f"throughput to 1 %, k = {k} fat tree, 5 % of switch links failed"
    traffic = pp.traffic.all_to_all(congestion.edge_switches(k), gbit_per_s=1.0)
    best = benchmark.pedantic(fabric.throughput, args=(traffic,), rounds=3, warmup_rounds=1)
    assert best.gap <= 0.01


@pytest.mark.parametrize("solver", ["simplex", "ipm"])
def test_throughput_by_highs(benchmark, solver):
    if not congestion.HAS_HIGHS:
        pytest.skip("highspy is not installed")
    k = 4 if SMOKE else 8
    fabric, _ = congestion.fat_tree(k, 0.05)
    ends = congestion.edge_switches(k)
    benchmark.group = f"throughput to 1 %, k = {k} fat tree, 5 % of switch links failed"
    ask = (fabric, ends, solver, 0.01, 300.0)
    _, value = benchmark.pedantic(congestion.highs_throughput, args=ask, rounds=1)
    best = fabric.throughput(pp.traffic.all_to_all(ends, gbit_per_s=1.0))
    assert best.lower * 0.98 <= value <= best.upper * 1.02


def test_fair_rates(benchmark):
    fabric, hosts = congestion.fat_tree(8 if SMOKE else 48)
    flows = 1000 if SMOKE else 1_000_000
    benchmark.group = f"max-min fair rates, {flows:,} flows"
    traffic = congestion.random_pairs(hosts, flows)
    benchmark.pedantic(fabric.fair_rates, args=(traffic,), rounds=1)
