"""Count where a plain maximum flow spends its instructions and write docs/benchmarks/profile.md.

python benches/python/write_profile.py [--smoke]     --smoke: a small row, printed, not written

Needs valgrind and cargo. Counts are for one thread and do not depend on how busy the machine is;
the times of the second table do.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import contenders
import grid
import numpy as np
import pinchpoint as pp
import race
from instances import Instance
from write_tables import machine

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "benchmarks" / "profile.md"
ROWS = (
    "fat tree 48 halves",
    "fat tree 96 halves",
    "fat tree 96 2:1 halves",
    "fat tree 96 pair",
    "fat tree 96 halves, shuffled",
    "rails 32 pods halves",
    "ac dense 800",
)
# The step of a function, by the first of these that its name holds.
STEPS = {
    "certify": "check",
    "classes::write": "read off",
    "classes": "solve",
    "extract": "read off",
    "pairing": "pair",
    "merge": "pair",
    "passes": "solve",
    "pseudoflow": "solve",
    "reduction": "solve",
    "give_back": "solve",
    "reached_from_source": "solve",
    "checked_flow": "",
    "pinchpoint_core": "lay out",
    "pinchpoint_crew": "lay out",
    # Closures that other threads would run, and new memory: laying out has most of both.
    "FnOnce": "lay out",
    "memset": "lay out",
}
NAMES = ("pair", "lay out", "solve", "read off", "check")

PAGE = """\
# Where the time of a plain maximum flow goes

Written by `make bench-profile`: {machine}; pinchpoint {version}; {date}.

Counted by cachegrind with one thread on the rows of [the race](maxflow.md) where other solvers
come closest: instructions for each arc, from arrays to a checked answer, and misses of the first
cache for each arc. *pair* finds arcs against each other; *lay out* is the survey of the
capacities and the residual network; *solve* the search, the sweep, the trees, the way back of
what cannot arrive, and the cut; *read off* writes the flow of each arc.

| row | arcs | {names} | misses |
|---|---:|{rule}---:|
{counts}

In Python, with all cores: milliseconds and page faults of the first and of the fifth run in a
process.

| row | first run | faults | fifth run | faults |
|---|---:|---:|---:|---:|
{runs}

- No step stands out: each is a few passes over the arcs.
- The first run of a process touches its memory for the first time. Large arrays ask for huge
  pages as long as those come fast, and later runs get the memory of earlier ones; what a first
  run costs depends on whether the system has huge pages at hand.
- On `shuffled` arcs name nodes in no order. Nothing is laid out: its *solve* finds the classes of
  nodes in passes over the arcs, each of which misses the cache for both ends, as the check does.
- On `ac dense` no arc has one against it, which takes a search and a sample to find out.
"""


def write(instance: Instance, path: Path) -> None:
    """What the example `checked_flow` of the core reads."""
    assert instance.capacity.max() < 2**30
    numbers = [instance.num_nodes, instance.source, instance.sink, instance.num_arcs]
    words = np.concatenate([numbers, instance.tails, instance.heads, instance.capacity])
    path.write_bytes(words.astype("<u4").tobytes())


def program() -> Path:
    """The example, with the names of its functions."""
    target = ROOT / "target" / "profile"
    command = ["cargo", "build", "--release", "--locked", "--package", "pinchpoint-core"]
    command += ["--example", "checked_flow", "--target-dir", str(target)]
    settings = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_DEBUG": "1"}
    subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=True)
    return target / "release" / "examples" / "checked_flow"


def counted(binary: Path, instance: Instance, folder: Path) -> tuple[Counter[str], int]:
    """Instructions by step, and misses of the first data cache."""
    question, counts = folder / "question", folder / "counts"
    write(instance, question)
    command = ["valgrind", "-q", "--tool=cachegrind", "--cache-sim=yes"]
    command += [f"--cachegrind-out-file={counts}", str(binary), str(question)]
    one = {**os.environ, "PINCHPOINT_THREADS": "1"}
    subprocess.run(command, env=one, check=True, capture_output=True)
    steps: Counter[str] = Counter()
    misses, step = 0, ""
    events: list[str] = []
    with counts.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("events:"):
                events = line.split()[1:]
            elif line.startswith("fn="):
                step = next((own for part, own in STEPS.items() if part in line), "")
            elif line[0].isdigit() and step:
                values = dict(zip(events, map(int, line.split()[1:]), strict=True))
                steps[step] += values["Ir"]
                misses += values["D1mr"] + values["D1mw"]
    return steps, misses


def timed(row: str, folder: Path) -> str:
    """The first and the fifth run in a process of its own."""
    path = folder / "row.npz"
    race.store(made(row), path)
    command = [sys.executable, __file__, "--runs", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return f"| {row} | {done.stdout.strip()} |"


def runs(path: Path) -> None:
    """Body of a child process: run five times and print cells of the table."""
    instance = race.load(path)
    contenders.pinchpoint(race.WARM_UP)
    cells = []
    for turn in range(5):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        taken = contenders.pinchpoint(instance).solve
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        if turn in (0, 4):
            cells.append(f"{taken * 1e3:.1f} | {faults:,}")
    print(" | ".join(cells))


def made(row: str) -> Instance:
    """A row of the race."""
    return {**grid.SMALL, **grid.FULL}[row]()


def main(smoke: bool) -> None:
    rows = list(grid.SMALL)[:1] if smoke else ROWS
    binary = program()
    counts, times = [], []
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            instance = made(row)
            steps, misses = counted(binary, instance, Path(folder))
            arcs = instance.num_arcs
            cells = " | ".join(f"{steps[name] / arcs:.0f}" for name in NAMES)
            counts.append(f"| {row} | {arcs:,} | {cells} | {misses / arcs:.1f} |")
            times.append(timed(row, Path(folder)))
    text = PAGE.format(
        machine=machine(),
        version=pp.__version__,
        date=datetime.now(UTC).date().isoformat(),
        names=" | ".join(NAMES),
        rule="---:|" * len(NAMES),
        counts="\n".join(counts),
        runs="\n".join(times),
    )
    print(text)
    if not smoke:
        TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if "--runs" in sys.argv[1:]:
        runs(Path(sys.argv[-1]))
    else:
        main("--smoke" in sys.argv[1:])
