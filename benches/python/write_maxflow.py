"""Race the plain solver and write docs/benchmarks/maxflow.md and its picture.

python benches/python/write_maxflow.py [--store FILE] [--rounds 3] [--peers ...] [--page NAME]

What FILE holds is not measured again, so that a run can be stopped and go on, or the page be
written anew with `--rounds 0`. `--page NAME` writes another page, for another machine.
"""

import argparse
import platform
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import contenders
import cpp_peers
import grid
import pinchpoint as pp
import race
from write_tables import machine

FOLDER = Path(__file__).parents[2] / "docs" / "benchmarks"
LARGE = 100_000

HEAD = """\
# Maximum flow on plain graphs{where}

Written by `make bench`: {machine}; Python {python}, pinchpoint {version}; {date}.

Every cell runs in a process of its own, rounds interleaved over solvers, {often} times as many
where a solver takes less than {quick} ms; the median counts. There a solver runs at
least {runs} times, as long as that takes less than {patience} s, and the median counts: build +
solve in milliseconds, from NumPy arrays to value, flow and minimum cut, as far as a solver has
them (SciPy and networkit have no cut, PyMaxflow no flow). Ours builds while it solves, and its
time includes the check of flow and cut by separate code. What took longer than {seconds} s or
more than {gigabytes} GB is said so and asked once; on larger rows of the same family it is not
asked again. *ratio* is the time of the best other solver over ours; *first runs* is the same for
the first run of each process, which also pays for memory that was never touched. *MB* is what the
runs add to the memory of the process at their peak. Where a solver disagrees with the others,
both values are given.

LEMON and Boost come as C++ headers (Debian's `liblemon-dev` and `libboost-dev`). Where they and g++
are installed, `benches/cpp/maxflow_peers.cpp` is compiled with `{flags}` and called
through ctypes: LEMON's `Preflow` on its `StaticDigraph` (*static*) and `SmartDigraph` (*smart*),
Boost's push-relabel (*PR*) and Boykov-Kolmogorov (*BK*) on its compressed sparse row graph. As
SciPy and PyMaxflow do, they compute in 32 bits where that is enough. Their graphs are freed off
the clock.

{note}

{summary}

![Time over ours]({picture})

{table}
"""


def summary(results: race.Results) -> str:
    """Say how many rows are won, and by how much."""
    large = [cells for cells in results.values() if race.size(cells) > LARGE]
    compiled = contenders.COMPILED
    installed = [{n: r for n, r in cells.items() if n not in compiled} for cells in large]
    said = [
        f"Of {len(large)} rows with more than {LARGE:,} arcs the best other solver takes\n"
        f"{counted(large, 1)}. In first runs it takes\n{counted(large, 2)}.",
        f"Of those that pip installs, LEMON and Boost left out, the best takes\n"
        f"{counted(installed, 1)}.",
    ]
    return "\n\n".join(said) if large else ""


def counted(rows: list[dict[str, list[dict[str, Any]]]], which: Literal[1, 2]) -> str:
    """How the ratios of all runs (1) or of first runs (2) are spread."""
    ratios = [found[which] for cells in rows if (found := race.ratios(cells))]
    return (
        f"at least twice our time on {sum(r >= 2 for r in ratios)}, and less than ours on\n"
        f"{sum(r < 1 for r in ratios)}; the median ratio is {statistics.median(ratios):.1f}, "
        f"the range {min(ratios):.1f} to {max(ratios):.1f}"
    )


def main() -> None:
    """Race and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default="", help="names of peers, separated by commas")
    parser.add_argument("--note", default="", help="what a reader should know of this run")
    parser.add_argument("--page", default="maxflow", help="name of the page and its picture")
    parser.set_defaults(small=False)
    options = parser.parse_args()
    peers = [name for name in options.peers.split(",") if name]
    names = [n for n in contenders.installed() if not peers or n in ("pinchpoint", *peers)]
    with tempfile.TemporaryDirectory() as folder:
        results = race.race(list(grid.FULL), names, options, Path(folder))
    results = {row: results[row] for row in grid.FULL if results.get(row)}
    rows = [race.summary(row, cells, names) for row, cells in results.items()]
    table = "\n".join([race.header(names), *rows])
    race.picture(results, names, FOLDER / f"{options.page}.svg")
    page = HEAD.format(
        where="" if options.page == "maxflow" else f", on {machine()}",
        machine=machine(),
        python=platform.python_version(),
        version=pp.__version__,
        date=datetime.now(UTC).date().isoformat(),
        seconds=race.TIME_LIMIT,
        runs=race.RUNS,
        often=race.OFTEN,
        quick=f"{1e3 * race.QUICK:g}",
        patience=race.PATIENCE,
        gigabytes=race.MEMORY_LIMIT >> 30,
        flags=" ".join(flag for flag in cpp_peers.FLAGS if flag.startswith(("-O", "-D"))),
        note=options.note,
        summary=summary(results),
        picture=f"{options.page}.svg",
        table=table,
    )
    (FOLDER / f"{options.page}.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
