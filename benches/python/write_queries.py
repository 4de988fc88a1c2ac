"""Measure many questions on one fabric and write docs/benchmarks/queries.md.

python benches/python/write_queries.py [--smoke]     --smoke: small sizes, printed and not written
"""

import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import contenders
import grid
import million
import numpy as np
import pinchpoint as pp
import race
from instances import Instance
from write_tables import machine, seconds

TARGET = Path(__file__).parents[2] / "docs" / "benchmarks" / "queries.md"
# Ourselves, and who takes longest on the questions asked here.
NOT_ASKED = ("pinchpoint", "igraph", "networkit", "netgraph-core", "PyMaxflow", "Boost BK")
SEEDS = 9

PAGE = """\
# Many questions on one fabric

Written by `make bench-tables`: {machine}; pinchpoint {version}; {date}. All times are
wall clock from Python, medians, checks included.

## Failures on structured fabrics

Links between leaves and spines of a Trainium3 UltraCluster fail at random, other ones in each of
{seeds} runs; asked is the bandwidth from the first UltraServer to the last. *new* is `without` and
the first query, *further* a query from the first UltraServer to another one on the same fabric
(without failures: the first query on a new fabric, and one of many). The slowest have lost links
at their ends.

| chips | failed links | new, ms | slowest | further, ms | slowest |
|---:|---:|---:|---:|---:|---:|
{failures}

{plain}

## One pair, and a thousand

{pairs}

## A sweep of single failures

{sweep}

## All pairs

{all_pairs}

## What raising a tier buys

{breakpoints}
"""


def ms(own: float) -> str:
    """Seconds as milliseconds with three figures."""
    return f"{1e3 * own:.3g}"


def failures(sizes: list[int], counts: tuple[int, ...]) -> str:
    """Rows of the table of failures."""
    rows = []
    for size in sizes:
        fabric = million.cluster(size)
        ends = million.ends(fabric, size)
        first = []
        for _ in range(SEEDS):
            other = million.cluster(size)
            own = million.ends(other, size)
            first.append(seconds(partial(other.bandwidth, *own))[0])
        again = [seconds(partial(fabric.bandwidth, *ends))[0] for _ in range(100)]
        rows.append(failures_row(size, 0, first, again))
        for count in counts:
            new, further = [], []
            for seed in range(SEEDS):
                lost = fabric.sample_links("leaf-spine", count, seed=seed)
                taken, degraded = seconds(partial(asked, fabric, lost, ends))
                new.append(taken)
                for ultraserver in range(1, min(6, size - 1)):
                    sink = fabric.select("chip", ultraserver=ultraserver)
                    further.append(seconds(partial(degraded.bandwidth, ends[0], sink))[0])
            rows.append(failures_row(size, count, new, further))
    return "\n".join(rows)


def failures_row(ultraservers: int, count: int, new: list[float], further: list[float]) -> str:
    """A row of the table: medians and the slowest."""
    times = [ms(own) for taken in (new, further) for own in (median(taken), max(taken))]
    return f"| {ultraservers * 144:,} | {count:,} | {' | '.join(times)} |"


def asked(fabric: pp.Fabric, lost: Any, ends: Any) -> pp.Fabric:
    """The fabric without `lost`, asked once."""
    degraded = fabric.without(lost)
    degraded.bandwidth(*ends)
    return degraded


def plain(size: int) -> str:
    """The plain solver on the same fabric, written out."""
    question = million.written(size)
    taken = median(seconds(partial(million.solve_plain, question))[0] for _ in range(3))
    return (
        f"`maximum_flow` on the {len(question.tails):,} arcs of {size * 144:,} healthy chips, "
        f"everybody forwarding, takes {ms(taken)} ms."
    )


def best_peer(instance: Instance, folder: Path) -> tuple[str, float]:
    """The quickest other solver on an instance, build and solve, each in a process of its own."""
    path = folder / "instance.npz"
    race.store(instance, path)
    names = [name for name in contenders.installed() if name not in NOT_ASKED]
    found = {name: race.total([race.run_cell(name, path)]) for name in names}
    times = {name: time for name, time in found.items() if time is not None}
    best = min(times, key=lambda name: times[name])
    return best, times[best]


def pairs(k: int, hosts: int, folder: Path) -> str:
    """Pairs of hosts of an explicit fat tree."""
    loading, fabric = seconds(pp.clusters.build("fat-tree", k=k).materialize)
    ids = fabric.node_ids("chip")
    rng = np.random.default_rng(1)
    some = rng.choice(ids, (hosts * (hosts - 1) // 2, 2), replace=False).tolist()
    first = seconds(partial(fabric.bandwidth, *some[0]))[0]
    single = [seconds(partial(fabric.bandwidth, *pair))[0] for pair in some]
    chosen = rng.choice(ids, hosts, replace=False).tolist()
    batch = median(seconds(partial(fabric.pairwise, chosen))[0] for _ in range(5))
    name, peer = best_peer(grid.fat_tree(k).pair(""), folder)
    count = len(some)
    return (
        f"Hosts of an explicit fat tree k = {k}: {len(ids):,} hosts, {fabric.num_links:,} links.\n"
        f"Loading takes {ms(loading)} ms, the first query {ms(first)} ms more. The best other "
        f"solver, {name},\nbuilds and solves one pair in {ms(peer)} ms, and the pairs one after "
        "the other.\n\n"
        "| question | ms | times as fast |\n|---|---:|---:|\n"
        f"| one pair | {ms(median(single))} | {peer / median(single):,.0f} |\n"
        f"| {count:,} pairs, one call each | {ms(sum(single))} | "
        f"{count * peer / sum(single):,.0f} |\n"
        f"| {count:,} pairs, `pairwise` of {hosts} hosts | {ms(batch)} | "
        f"{count * peer / batch:,.0f} |"
    )


def sweep(size: int, folder: Path) -> str:
    """Single failures on a fabric that is written out."""
    structured = million.cluster(size)
    ends = million.ends(structured, size)
    links = [structured.sample_links("leaf-spine", 1, seed=seed) for seed in range(100)]
    fabric = structured.materialize()
    taken, found = seconds(partial(fabric.failure_sweep, *ends, links))
    for place in range(0, 100, 10):
        value = structured.without(links[place]).bandwidth(*ends).kbit_per_s
        if found.kbit_per_s[place] != value:
            raise SystemExit(f"failure {place} leaves {value}, not what the sweep says")
    q = million.written(size)
    name, peer = best_peer(
        Instance("", q.num_nodes, q.tails, q.heads, q.capacity, q.source, q.sink), folder
    )
    return (
        f"100 single links between leaves and spines of {size * 144:,} explicit chips, one "
        "UltraServer to\nanother, by `failure_sweep`: "
        f"{ms(taken)} ms, and ten of them equal what the structured fabric says.\nThe best other "
        f"solver, {name}, needs {ms(peer)} ms to build and solve the {len(q.tails):,} arcs once;\n"
        f"100 times take {100 * peer / taken:,.0f} times as long."
    )


def all_pairs(k: int, sample: int) -> str:
    """All pairs of hosts of a structured fat tree, some of them compared with OR-tools."""
    fabric = pp.clusters.build("fat-tree", k=k)
    taken = median(
        seconds(lambda: pp.clusters.build("fat-tree", k=k).pairwise("chip"))[0] for _ in range(5)
    )
    found = fabric.pairwise("chip")
    listed = fabric.materialize()
    ids = fabric.node_ids("chip")
    tails = np.concatenate([listed.tails, listed.heads]).astype(np.int32)
    heads = np.concatenate([listed.heads, listed.tails]).astype(np.int32)
    capacity = np.tile(np.rint(listed.gbit_per_s).astype(np.int64), 2)
    rng = np.random.default_rng(2)
    for source, sink in rng.choice(ids, (sample, 2), replace=False).tolist():
        value = million.solve_ortools(
            million.Written(fabric.num_nodes, tails, heads, capacity, source, sink)
        )
        if value != found.orbit(source, sink).gbit_per_s:
            raise SystemExit(f"OR-tools says {value} from {source} to {sink}")
    count = len(ids) * (len(ids) - 1)
    return (
        f"All {count:,} pairs of hosts of a fat tree k = {k}: {len(found.orbits)} flows, "
        f"{ms(taken)} ms, fabric included;\n{sample:,} random pairs equal what OR-tools says."
    )


def breakpoints(size: int) -> str:
    """All breakpoints of a tier."""
    fabric = million.cluster(size)
    ends = million.ends(fabric, size)
    taken = median(
        seconds(lambda: fabric.bandwidth(*ends).breakpoints("leaf-spine"))[0] for _ in range(SEEDS)
    )
    return (
        f"All breakpoints of the leaf-spine tier of {size * 144:,} chips, from UltraServer to "
        f"UltraServer: {ms(taken)} ms."
    )


def main(smoke: bool) -> None:
    size, k = (16, 8) if smoke else (7168, 160)
    with tempfile.TemporaryDirectory() as folder:
        page = PAGE.format(
            machine=machine(),
            version=pp.__version__,
            date=datetime.now(UTC).date().isoformat(),
            seeds=SEEDS,
            failures=failures(
                [size] if smoke else [size, 694_445], (10,) if smoke else (100, 1000, 3000, 10_000)
            ),
            plain=plain(size),
            pairs=pairs(k, 5 if smoke else 45, Path(folder)),
            sweep=sweep(size, Path(folder)),
            all_pairs=all_pairs(8 if smoke else 48, 20 if smoke else 1000),
            breakpoints=breakpoints(size),
        )
    print(page)
    if not smoke:
        TARGET.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main("--smoke" in sys.argv[1:])
