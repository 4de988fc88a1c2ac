"""Reading files, and any rack on any network at a million chips; BENCH_SMOKE=1 makes it small."""

import os
from pathlib import Path

import numpy as np
import pinchpoint as pp
import pyarrow as pa
import pytest
from pyarrow import parquet

SMOKE = os.environ.get("BENCH_SMOKE", "0") != "0"
ROUNDS = 2 if SMOKE else 10
LINKS = 10_000 if SMOKE else 1_500_000
CHIPS = 1 << (13 if SMOKE else 20)
DATA = Path(__file__).parents[2] / "tests" / "data"
RACKS = (
    "trn2_instance",
    "trn2_ultraserver",
    "trn3_ultraserver",
    "trn4_rack",
    "hgx_h100",
    "hgx_h200",
    "hgx_b200",
    "hgx_b300",
    "p5",
    "p5en",
    "p6_b200",
    "p6_b300",
    "p6e_gb200",
    "gh200_nvl32",
    "gb200_nvl72",
    "gb300_nvl72",
    "vera_rubin_nvl72",
    "nvlink_fusion_rack",
    "tpu_v4",
    "tpu_v5e",
    "tpu_v5p",
    "tpu_v6e",
    "tpu7x",
)
NETWORKS = (
    "fat_tree",
    "leaf_spine",
    "clos",
    "rail_optimized",
    "rail_only",
    "efa",
    "dragonfly",
)


@pytest.fixture(scope="module", params=["numbers", "names"])
def edges(request, tmp_path_factory):
    rng = np.random.default_rng(0)
    nodes = LINKS // 3
    tails = rng.integers(0, nodes, LINKS)
    heads = (tails + rng.integers(1, nodes, LINKS)) % nodes
    if request.param == "names":
        names = np.array([f"node-{i}" for i in range(nodes)], object)
        tails, heads = names[tails], names[heads]
    path = tmp_path_factory.mktemp("edges") / "links.parquet"
    capacity = np.full(LINKS, 400.0)
    parquet.write_table(pa.table({"source": tails, "target": heads, "gbit_per_s": capacity}), path)
    return path


def test_parquet(benchmark, edges):
    benchmark.group = f"{LINKS:,} links from Parquet"
    fabric = benchmark.pedantic(pp.load, args=(edges,), rounds=ROUNDS, warmup_rounds=1)
    assert fabric.num_links == LINKS


def test_check_of_a_real_fabric(benchmark):
    benchmark.group = "slow cable of PlaFRIM, from the files"
    path = DATA / "netloc_plafrim" / "IB-fe80:0000:0000:0000-nodes.ndat"
    (slow,) = benchmark.pedantic(pp.check, args=(path,), rounds=ROUNDS, warmup_rounds=1)
    assert slow.trunk == 9


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("rack", RACKS)
def test_any_rack_on_any_network(benchmark, rack, network):
    benchmark.group = f"build and ask rack to rack, {CHIPS:,} chips"
    system = pp.clusters.build(rack)
    count = max(2, -(-CHIPS // system.num_chips))

    def build_and_ask():
        cluster = pp.clusters.compose(system, network, count)
        return cluster.bandwidth("chip[system=0]", f"chip[system={count - 1}]").gbit_per_s

    expected = system.bandwidth("chip", "nic").gbit_per_s
    assert benchmark.pedantic(build_and_ask, rounds=ROUNDS, warmup_rounds=1) == expected
