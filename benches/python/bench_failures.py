"""A failure policy on a fat tree: the same envelope as NetGraph, pattern by pattern, and the times.

NetGraph draws the failures; both solve every pattern. Run as a script it writes
docs/benchmarks/failures.md; with ``--smoke`` it prints a small table.
"""

import os
import re
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

import pinchpoint as pp
import pytest
from pinchpoint.scenarios import Scenario
from write_tables import machine

TARGET = Path(__file__).parents[2] / "docs" / "benchmarks" / "failures.md"

HEAD = """\
# A failure policy, against NetGraph

Written by `make bench-tables`: {machine}; ngraph {netgraph}, pinchpoint {pinchpoint}; {date}.

Fat trees of k pods with unit links, built in both. The policy fails ten random links per scenario.
NetGraph draws the failures with a seed and solves each pattern it drew
(`run_max_flow_monte_carlo`); the same patterns are then a `pp.sweep`. The question is the flow from
the hosts of one pod to those of another, or from one half of the pods to the other. All values are
equal, pattern by pattern, so the envelope is the same; pinchpoint also checks each with its
certificate. Times are wall clock per pattern in milliseconds, the median of three runs, without
building the fabric. What NetGraph takes grows with the links, what a structured fabric takes with
the failures.

| k | hosts | links | question | patterns | envelope | NetGraph | pinchpoint | ratio |
|---:|---:|---:|---|---:|---|---:|---:|---:|
"""

LINKS = ("host-edge", "edge-agg", "agg-core")
SMOKE = os.environ.get("BENCH_SMOKE") == "1"


def fat_tree(k):
    """A k-ary fat tree of unit links, structured."""
    half = k // 2
    b = pp.FabricBuilder(f"fat tree {k}")
    host = b.nodes("host", role="chip", pod=k, edge=half, host=half)
    edge = b.nodes("edge", pod=k, edge=half)
    agg = b.nodes("agg", pod=k, agg=half)
    core = b.nodes("core", agg=half, core=half)
    b.links(host, edge, "1Gb/s")
    b.links(edge, agg, "1Gb/s")
    b.links(agg, core, "1Gb/s")
    return b.build()


def name(text):
    """``agg[pod=0,agg=3]`` as ``agg_0_3``, which regular expressions of NetGraph can hold."""
    return re.sub(r"[^\w]+", "_", re.sub(r"\w+=", "", text)).strip("_")


def netgraph(fabric, failures):
    """The same fabric as NetGraph's model, and a policy that fails so many random links."""
    from ngraph import Link, Network, Node
    from ngraph.analysis.failure_manager import FailureManager
    from ngraph.model.failure.policy import FailureMode, FailurePolicy, FailureRule
    from ngraph.model.failure.policy_set import FailurePolicySet

    listed = fabric.materialize()
    names = [name(text) for text in listed.names]
    network = Network()
    for one in names:
        network.add_node(Node(one))
    for tail, head in zip(listed.tails, listed.heads, strict=True):
        network.add_link(Link(names[tail], names[head], capacity=1.0))
    rule = FailureRule("link", mode="choice", count=failures)
    policies = FailurePolicySet()
    policies.add("random", FailurePolicy(modes=[FailureMode(1.0, [rule])]))
    return FailureManager(network, policies, "random")


def scenario(fabric, excluded):
    """NetGraph's pattern as a scenario."""
    down = []
    for link in excluded:
        a, b, _ = link.split("|")
        (kind, *at), (other, *to) = a.split("_"), b.split("_")
        at, to = list(map(int, at)), list(map(int, to))
        bundle = f"{kind}-{other}"
        if bundle == "host-edge":
            where = {"pod": at[0], "edge": at[1], "host": at[2]}
        elif bundle == "edge-agg":
            where = {"pod": at[0], "edge": at[1], "agg": to[1]}
        else:
            where = {"pod": at[0], "agg": at[1], "core": to[1]}
        down.append(fabric.select_links(bundle, **where))
    return Scenario("", tuple(down))


def _pods(low, high):
    return f"^host_(?:{'|'.join(map(str, range(low, high)))})_"


def race(k, failures, iterations, pods=1):
    """Times of both for `pods` pods to as many others, and whether every pattern agrees."""
    fabric = fat_tree(k)
    manager = netgraph(fabric, failures)
    start = time.perf_counter()
    theirs = manager.run_max_flow_monte_carlo(
        _pods(0, pods), _pods(pods, 2 * pods), iterations=iterations, seed=1
    )
    their_time = time.perf_counter() - start
    scenarios, values, weights = [], [], []
    for result in theirs["results"]:
        scenarios.append(scenario(fabric, result.failure_state["excluded_links"]))
        values.append(round(sum(flow.placed for flow in result.flows)))
        weights.append(result.occurrence_count)
    ask = pp.query.bandwidth(f"host[pod=0:{pods}]", f"host[pod={pods}:{2 * pods}]")
    start = time.perf_counter()
    study = pp.sweep(fabric, scenarios, ask, progress=False)
    own_time = time.perf_counter() - start
    own = [round(value) for value in study.columns["gbit_per_s"]]
    envelope = Counter()
    for value, weight in zip(values, weights, strict=True):
        envelope[value] += weight
    return own == values, envelope, their_time, own_time, len(values)


@pytest.mark.skipif(sys.platform == "win32", reason="NetGraph is for other systems")
def test_the_same_envelope():
    pytest.importorskip("ngraph")
    for pods in (1, 2):
        same, envelope, *_ = race(4 if SMOKE else 8, 6, 20 if SMOKE else 100, pods)
        assert same
        assert len(envelope) > 1


def test_random_failures(benchmark, tmp_path):
    size, count = (128, 100) if SMOKE else (7168, 10_000)
    cluster = pp.clusters.trn3_ultracluster(ultraservers=size)
    benchmark.group = f"{count:,} x 10 failed links, {cluster.num_chips:,} chips, with Parquet"
    ask = pp.query.bandwidth("chip[ultraserver=0]", f"chip[ultraserver={size - 1}]")
    failures = pp.scenarios.random_links(k=10, count=count)

    def study():
        path = tmp_path / "study.parquet"
        path.unlink(missing_ok=True)
        return pp.sweep(cluster, failures, ask, out=path, progress=False)

    assert len(benchmark.pedantic(study, rounds=1).columns["gbit_per_s"]) == count


def rows(sizes, rounds):
    """A row of the table for each size and question; medians of the rounds."""
    for k in sizes:
        for pods, words, iterations in ((1, "pod to pod", 100), (k // 2, "half to half", 20)):
            found = [race(k, 10, iterations, pods) for _ in range(rounds)]
            if not all(same for same, *_ in found):
                raise SystemExit(f"k = {k}, {words}: the envelopes differ")
            theirs, own = (median(1000 * one[at] / one[4] for one in found) for at in (2, 3))
            fabric, envelope = fat_tree(k), found[0][1]
            yield (
                f"| {k} | {fabric.num_chips:,} | {fabric.num_links:,} | {words} | {found[0][4]} | "
                f"{min(envelope):,} to {max(envelope):,} | {theirs:.1f} | {own:.2f} | "
                f"{theirs / own:.0f} |"
            )


def main():
    """Write docs/benchmarks/failures.md, or print a small table with ``--smoke``."""
    smoke = "--smoke" in sys.argv[1:]
    race(4, 3, 5)
    head = HEAD.format(
        machine=machine(),
        netgraph=version("ngraph"),
        pinchpoint=pp.__version__,
        date=datetime.now(UTC).date().isoformat(),
    )
    text = head + "\n".join(rows((4,) if smoke else (16, 32, 48), 1 if smoke else 3)) + "\n"
    print(text)
    if not smoke:
        TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
