"""Measure congestion, throughput and fair rates and write docs/benchmarks/congestion.md.

python benches/python/write_congestion.py [--smoke]     --smoke: small sizes, printed, not written
"""

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pinchpoint as pp
from write_tables import machine, seconds

import congestion

TARGET = Path(__file__).parents[2] / "docs" / "benchmarks" / "congestion.md"

HEAD = """\
# Congestion, throughput and fair rates

Written by `make bench-tables`: {machine}; Python {python}, pinchpoint {version}; {date}.

Times are wall clock in seconds, certificates and checks included, the first import of another
package left out.
"""

STRUCTURED = """
## Structured fabrics

All-to-all among all chips of the Trainium3 UltraCluster of `pp.clusters`. *Failed* links are drawn
at random from one tier; building the fabric and drawing them is not counted. Where a gap is named
it is the one reached.

| chips | failed | ECMP loads | throughput to 1 % | its gap | throughput, gap 0 | its gap |
|---:|---|---:|---:|---:|---:|---:|
"""

LISTED = """
## Links listed one by one

| question | fabric | seconds |
|---|---|---:|
"""

PEERS = """
## Against peers

The same question on the same links, in the same run; the answers were compared.

| question | solver | seconds | times pinchpoint |
|---|---|---:|---:|
"""

NOTES = """
netgraph-core (`spf_to` and `place_on_dag`, equal split) routes pair by pair; building its graph is
not counted. HiGHS solves the linear program with a flow by source and arc, hosts left out, from a
model in memory. Its interior point method is given the same gap as tolerance and no crossover;
it stops within 1 % of the optimum but does not prove it. SimGrid has no wheel on PyPI; its max-min
rates are compared in the tests, from recorded runs.
"""


def main(smoke: bool) -> None:
    parts = [
        HEAD.format(
            machine=machine(),
            python=platform.python_version(),
            version=pp.__version__,
            date=datetime.now(UTC).date().isoformat(),
        ),
        structured([128] if smoke else [7168, 694_445], smoke),
        listed(smoke),
        peers(smoke),
    ]
    text = "\n".join(part.strip("\n") + "\n" for part in parts)
    print(text)
    if not smoke:
        TARGET.write_text(text, encoding="utf-8")


def structured(sizes: list[int], smoke: bool) -> str:
    """All-to-all over whole clusters, healthy and with failures."""
    traffic = pp.traffic.all_to_all("chip", per_chip_gbyte_per_s=1.0)
    lines = []
    most = 5 if smoke else 100
    failed = [("", 0), ("leaf-spine", most // 10 or 1), ("leaf-spine", most), ("spine-core", most)]
    for size in sizes:
        cluster = pp.clusters.trn3_ultracluster(ultraservers=size)
        for bundle, count in failed if size == sizes[0] else failed[:2]:
            worse = cluster
            if count:
                worse = cluster.without(cluster.sample_links(bundle, count, seed=1))
            worse.congestion(traffic), worse.throughput(traffic)
            rounds = 1 if smoke else 3 if count else 20
            loads, _ = timed(rounds, lambda: worse.congestion(traffic))  # noqa: B023
            loose, near = timed(rounds, lambda: worse.throughput(traffic))  # noqa: B023
            close, exact = timed(1, lambda: worse.throughput(traffic, gap=0))  # noqa: B023
            name = f"{count} {bundle}" if count else "none"
            lines.append(
                f"| {cluster.num_chips:,} | {name} | {loads:.4f} | {loose:.4f} | {near.gap:.0e} "
                f"| {close:.4f} | {exact.gap:.0e} |"
            )
    return STRUCTURED + "\n".join(lines)


def listed(smoke: bool) -> str:
    """Questions on explicit fat trees, and such as make a cluster explicit."""
    lines = []

    def row(question: str, fabric: str, taken: float) -> None:
        lines.append(f"| {question} | {fabric} | {taken:.2f} |")

    k = 8 if smoke else 64
    tree, hosts = congestion.fat_tree(k, 0.01, hosts_too=True)
    everyone = pp.traffic.all_to_all(np.arange(hosts), gbit_per_s=1.0)
    taken, _ = seconds(lambda: tree.congestion(everyone))
    row("ECMP all-to-all", f"k = {k}, {hosts:,} hosts, 1 % of links failed", taken)
    for servers in [2] if smoke else [32, 128, 512]:
        cluster = pp.clusters.trn3_ultracluster(ultraservers=servers)
        what = f"Trainium3 UltraCluster, {cluster.num_chips:,} chips"
        ring = pp.traffic.ring("chip", gbit_per_s=1.0)
        row("ECMP, a ring of all chips", what, seconds(lambda: cluster.congestion(ring))[0])  # noqa: B023
        if servers < 512:
            mixed = pp.traffic.permutation("chip", gbit_per_s=1.0, seed=1)
            taken, _ = seconds(lambda: cluster.congestion(mixed))  # noqa: B023
            row("ECMP, a random permutation of all chips", what, taken)
    k, flows = (8, 1000) if smoke else (48, 1_000_000)
    tree, hosts = congestion.fat_tree(k)
    pairs = congestion.random_pairs(hosts, flows)
    taken, _ = seconds(lambda: tree.fair_rates(pairs))
    row(f"max-min fair rates of {flows:,} random pairs, D-mod-k", f"k = {k}", taken)
    taken, _ = seconds(lambda: tree.congestion(pairs, routing="ecmp-hash"))
    row(f"hash ECMP of the same {flows:,} pairs, 10 seeds", f"k = {k}", taken)
    for k in [4] if smoke else [8, 16]:
        tree, _ = congestion.fat_tree(k, 0.05)
        traffic = pp.traffic.all_to_all(congestion.edge_switches(k), gbit_per_s=1.0)
        taken, _ = timed(3, lambda: tree.throughput(traffic))  # noqa: B023
        what = f"k = {k}, 5 % of switch links failed"
        row("throughput to 1 %, a unit between every two edge switches", what, taken)
    return LISTED + "\n".join(lines)


def peers(smoke: bool) -> str:
    """The same question for others."""
    lines = []
    k = 4 if smoke else 12
    tree, hosts = congestion.fat_tree(k, 0.01)
    traffic = pp.traffic.all_to_all(np.arange(hosts), gbit_per_s=1.0)
    question = f"ECMP all-to-all, {hosts:,} hosts"
    ours, found = timed(3, lambda: tree.congestion(traffic))
    lines.append(f"| {question} | pinchpoint | {ours:.4f} | 1 |")
    if congestion.HAS_NETGRAPH:
        loads, taken = congestion.netgraph_ecmp(tree, hosts)
        # It numbers the links its own way.
        both = np.sort(loads), np.sort(found.loads(), axis=None)
        np.testing.assert_allclose(*both, rtol=1e-6, atol=1e-6)
        lines.append(f"| {question} | netgraph-core | {taken:.2f} | {taken / ours:,.0f} |")
    k = 4 if smoke else 8
    tree, _ = congestion.fat_tree(k, 0.05)
    ends = congestion.edge_switches(k)
    traffic = pp.traffic.all_to_all(ends, gbit_per_s=1.0)
    question = f"throughput to 1 %, k = {k}, 5 % of switch links failed"
    ours, best = timed(21, lambda: tree.throughput(traffic))
    lines.append(f"| {question} | pinchpoint | {ours:.4f} | 1 |")
    for solver in ("ipm", "simplex") if congestion.HAS_HIGHS else ():
        taken, value = congestion.highs_throughput(tree, ends, solver, 0.01, 300.0)
        assert best.lower * 0.98 <= value <= best.upper * 1.02, (solver, value, best)
        lines.append(f"| {question} | HiGHS, {solver} | {taken:.4f} | {taken / ours:,.1f} |")
    return PEERS + "\n".join(lines) + "\n" + NOTES


def timed(rounds: int, ask: Any) -> tuple[float, Any]:
    """The median time of some rounds, and an answer."""
    runs = [seconds(ask) for _ in range(rounds)]
    return median(taken for taken, _ in runs), runs[0][1]


if __name__ == "__main__":
    main("--smoke" in sys.argv[1:])
