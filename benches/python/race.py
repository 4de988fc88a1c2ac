"""Race the plain solver against every contender installed here.

One process per cell, rounds interleaved over contenders; in it a contender runs several times, of
which the median and the first are kept. A contender past the time or
memory limit is recorded as such and not asked again for that row. Every value is compared. Writes
a markdown table and, with matplotlib, a picture.

    python benches/python/race.py --out race.md --picture race.svg [--rounds 3] [--only fat,torus]

With `--store FILE` every cell is kept as it is measured, and a run that was stopped goes on from
there; `--rounds 0` writes table and picture from what is kept.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import contenders
import grid
import numpy as np
from instances import Instance, genrmf

# By row and contender: a report of each round.
Results = dict[str, dict[str, list[dict[str, Any]]]]

TIME_LIMIT = 120
MEMORY_LIMIT = 12 << 30
# Seconds to solve from which one round is enough.
SLOW = 20
# Seconds up to which rounds cost little, and how many times as many there are: neighbours on the
# machine change the times of a process as short as that by half.
QUICK = 1e-3
OFTEN = 5
# How often a cell runs at least, for how many seconds, unless that takes longer than `PATIENCE`.
RUNS = 5
ENOUGH = 0.1
PATIENCE = 4
# What loads lazy imports before.
WARM_UP = genrmf(3, 3)
# Writing 5 here forgets the peak of memory so far.
CLEAR_PEAK = Path("/proc/self/clear_refs")


def store(instance: Instance, path: Path) -> None:
    """Write an instance where a child finds it: making it there would blur its peak memory."""
    ends = np.array([instance.num_nodes, instance.source, instance.sink])
    np.savez(
        path, tails=instance.tails, heads=instance.heads, capacity=instance.capacity, ends=ends
    )


def load(path: Path) -> Instance:
    """Read what `store` wrote."""
    with np.load(path) as arrays:
        num_nodes, source, sink = arrays["ends"].tolist()
        tails, heads, capacity = (arrays[name] for name in ("tails", "heads", "capacity"))
        return Instance(path.stem, num_nodes, tails, heads, capacity, source, sink)


def resident(field: str) -> int:
    """Kilobytes in memory now (VmRSS) or at most (VmHWM). Linux only.

    Not `ru_maxrss`, which a process takes over from the one that started it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def cell(name: str, path: Path) -> None:
    """Run one contender on one row and print what it took; the body of a child process."""
    instance = load(path)
    before = resident("VmRSS")
    CLEAR_PEAK.write_text("5")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
    run = contenders.installed()[name]
    run(WARM_UP)
    timings = [run(instance)]
    first = timings[0].build + timings[0].solve
    spent = first
    while spent < PATIENCE and (len(timings) < RUNS or spent < ENOUGH) and len(timings) < 100:
        timings.append(run(instance))
        spent += timings[-1].build + timings[-1].solve
    timing = sorted(timings, key=lambda timing: timing.build + timing.solve)[len(timings) // 2]
    peak = resident("VmHWM")
    report = {
        "value": timing.value,
        "build": timing.build,
        "solve": timing.solve,
        "first": first,
        "grown_mb": (peak - before) / 1024,
        "arcs": instance.num_arcs,
    }
    print(json.dumps(report))


def run_cell(name: str, path: Path) -> dict[str, Any]:
    """One cell in a process of its own."""
    command = [sys.executable, __file__, "--cell", name, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT + 30)
    except subprocess.TimeoutExpired:
        return {"failed": f"> {TIME_LIMIT} s"}
    if done.returncode != 0:
        memory = "MemoryError" in done.stderr or done.returncode < 0
        return {"failed": "> 12 GB" if memory else "error"}
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if report["build"] + report["solve"] > TIME_LIMIT:
        return {"failed": f"> {TIME_LIMIT} s"}
    return report


def race(rows: list[str], names: list[str], options: argparse.Namespace, folder: Path) -> Results:
    """All cells, rounds interleaved over contenders."""
    store_path: Path | None = options.store
    results: Results = {}
    if store_path and store_path.exists():
        results = json.loads(store_path.read_text())
    for row in rows:
        cells = results.setdefault(row, {})
        if not any(_missing(cells.get(name, []), options.rounds) for name in names):
            continue
        path = folder / "instance.npz"
        instance = (grid.SMALL if options.small else grid.FULL)[row]()
        arcs = instance.num_arcs
        store(instance, path)
        del instance
        for turn in range(OFTEN * options.rounds):
            for name in names:
                reports = cells.setdefault(name, [])
                if len(reports) > turn or not _missing(reports, options.rounds):
                    continue
                smaller = _gave_up(results, row, name, arcs)
                reports.append({"failed": smaller} if smaller else run_cell(name, path))
                if store_path:
                    store_path.write_text(json.dumps(results))
        path.unlink()
        print(summary(row, cells, names), flush=True)
    return results


def _missing(reports: list[dict[str, Any]], rounds: int) -> bool:
    """Whether a cell is to be measured once more.

    What is slow or failed is measured once, what is quick in more rounds.
    """
    if any("failed" in report or report["solve"] > SLOW for report in reports):
        return False
    quick = bool(reports) and all(own["build"] + own["solve"] < QUICK for own in reports)
    return len(reports) < rounds * (OFTEN if quick else 1)


def _gave_up(results: Results, row: str, name: str, arcs: int) -> str:
    """Whether a contender was past a limit on a smaller row of the same family."""
    family = row.split()[0]
    for other, cells in results.items():
        own = size(cells) or arcs
        if other.split()[0] == family and own < arcs:
            for report in cells.get(name, []):
                if report.get("failed", "").startswith(">"):
                    return f"not asked: {report['failed']} on {other!r}"
    return ""


def total(reports: list[dict[str, Any]]) -> float | None:
    """Median of build and solve together, if it never failed."""
    if not reports or any("failed" in report for report in reports):
        return None
    return statistics.median(report["build"] + report["solve"] for report in reports)


def summary(row: str, cells: dict[str, list[dict[str, Any]]], names: list[str]) -> str:
    """One line of the table."""
    right = agreed(cells)
    best, *found = ratios({name: cells[name] for name in names if name in cells}) or ("",)
    ratio, cold = (f"{own:.1f}" for own in found) if found else ("", "")
    shown = [_shown(cells.get(name, []), right) for name in names]
    memory = [_memory(cells[name]) for name in ("pinchpoint", "OR-tools") if name in cells]
    last = [*shown, ratio, best, cold, *memory]
    return f"| {row} | {size(cells):,} | " + " | ".join(last) + " |"


def ratios(cells: dict[str, list[dict[str, Any]]]) -> tuple[str, float, float] | None:
    """The best peer, its time over ours, and that of the best first run; None without either."""
    ours, right = total(cells["pinchpoint"]), agreed(cells)
    peers = {
        name: (time, first(reports))
        for name, reports in cells.items()
        if name != "pinchpoint"
        and (time := total(reports)) is not None
        and {r["value"] for r in reports} == {right}
    }
    if not ours or not peers:
        return None
    best = min(peers, key=lambda name: peers[name][0])
    once = min(other for _, other in peers.values())
    return best, peers[best][0] / ours, once / first(cells["pinchpoint"])


def size(cells: dict[str, list[dict[str, Any]]]) -> int:
    """Number of arcs of a row."""
    return next((r["arcs"] for reports in cells.values() for r in reports if "arcs" in r), 0)


def first(reports: list[dict[str, Any]]) -> float:
    """Median of the first runs, by which new memory is touched; what is slow runs once."""
    return statistics.median(r.get("first", r["build"] + r["solve"]) for r in reports)


def agreed(cells: dict[str, list[dict[str, Any]]]) -> int:
    """The value that most solvers found."""
    found = [{r["value"] for r in reports if "value" in r} for reports in cells.values()]
    values = [value for own in found for value in own]
    return max(sorted(set(values)), key=values.count)


def _shown(reports: list[dict[str, Any]], right: int) -> str:
    time = total(reports)
    if time is None:
        return next((report["failed"] for report in reports if "failed" in report), "")
    wrong = next((r["value"] for r in reports if r["value"] != right), None)
    if wrong is not None:
        return f"wrong: {wrong}, not {right}"
    build = statistics.median(report["build"] for report in reports)
    return f"{build * 1e3:.3g} + {(time - build) * 1e3:.3g}" if build else f"{time * 1e3:.3g}"


def _memory(reports: list[dict[str, Any]]) -> str:
    if total(reports) is None:
        return ""
    return f"{statistics.median(report['grown_mb'] for report in reports):.0f}"


def header(names: list[str]) -> str:
    """The head of the table."""
    memory = [f"{name} MB" for name in ("pinchpoint", "OR-tools") if name in names]
    shown = [f"{name} ms" for name in names]
    titles = ["row", "arcs", *shown, "ratio", "best peer", "first runs", *memory]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, ["---"] * len(titles)))


def picture(results: Results, names: list[str], path: Path) -> None:
    """Time over ours, row by row, on a logarithmic axis."""
    import matplotlib.pyplot as plt

    names = [name for name in names if name != "pinchpoint"]
    figure, axes = plt.subplots(figsize=(8, 1 + 0.25 * len(results)))
    for name in names:
        ratios = []
        for cells in results.values():
            ours, theirs = total(cells["pinchpoint"]), total(cells.get(name, []))
            ratios.append(theirs / ours if ours and theirs else math.nan)
        axes.plot(ratios, range(len(results)), "o", label=name, markersize=5)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(results)), list(results))
    axes.invert_yaxis()
    axes.set_xlabel("time over pinchpoint's: build, solve, flow, cut (ours: and check)")
    axes.legend(loc="lower right", fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    """Parse the command line and race."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", nargs=2, metavar=("NAME", "PATH"), help=argparse.SUPPRESS)
    parser.add_argument("--small", action="store_true", help="sizes for a smoke run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="parts of row names, separated by commas")
    parser.add_argument("--peers", default="", help="names of peers, separated by commas")
    parser.add_argument("--store", type=Path, help="keep measurements here")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    if options.cell:
        cell(options.cell[0], Path(options.cell[1]))
        return
    rows = list(grid.SMALL if options.small else grid.FULL)
    wanted = [part for part in options.only.split(",") if part]
    rows = [row for row in rows if not wanted or any(part in row for part in wanted)]
    peers = options.peers.split(",")
    names = [name for name in contenders.installed() if name in ("pinchpoint", *peers)]
    names = names if options.peers else list(contenders.installed())
    print(header(names), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        results = race(rows, names, options, Path(folder))
    results = {row: results[row] for row in rows if row in results}
    if options.out:
        table = [header(names), *(summary(row, cells, names) for row, cells in results.items())]
        options.out.write_text("\n".join(table) + "\n")
    if options.picture:
        picture(results, names, options.picture)


if __name__ == "__main__":
    main()
