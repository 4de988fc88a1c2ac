"""Measure the cases of `million.py` and write docs/benchmarks/fabrics.md.

python benches/python/write_tables.py [--smoke]     --smoke: small sizes, printed and not written
"""

import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import million
import pinchpoint as pp

TARGET = Path(__file__).parents[2] / "docs" / "benchmarks" / "fabrics.md"
FAILURES = (10, 100, 1000)
STATM = Path("/proc/self/statm")

HEAD = """\
# Structured fabrics

Written by `make bench-tables`: {machine}; Python {python}, pinchpoint {version}; {date}.

The fabric is the Trainium3 UltraCluster of `pp.clusters`, the question the bandwidth from the
first UltraServer (144 chips) to the last. Times are wall clock in milliseconds and include
`without` or `scaled`, the solution, its certificate and the check; *first* is the first call, the
others repeat it.
"""

PEERS = """
## The same question, written out as arcs

{chips:,} chips, {arcs:,} arcs, every node forwarding, so that all solve the same problem; all gave
{value:,} Gbit/s. SciPy and OR-tools are timed from arrays in memory to the value, construction of
their graphs included; writing the arrays out took {writing:.1f} s and is counted for nobody.

| solver | seconds | times the structured query |
|---|---:|---:|
"""


def main(smoke: bool) -> None:
    sizes = [128] if smoke else [7168, 694_445]
    rounds = 3 if smoke else 50
    parts = [
        HEAD.format(
            machine=machine(),
            python=platform.python_version(),
            version=pp.__version__,
            date=datetime.now(UTC).date().isoformat(),
        ),
        structured(sizes, rounds),
        memory(sizes[0]),
        peers(8 if smoke else 7168, rounds),
    ]
    text = "\n".join(part.strip("\n") + "\n" for part in parts)
    print(text)
    if not smoke:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(text, encoding="utf-8")


def structured(sizes: list[int], rounds: int) -> str:
    """The cases by size: first call, median, best."""
    lines = ["| chips | case | first | median | best |", "|---:|---|---:|---:|---:|"]
    for size in sizes:
        for case in million.structured_cases(size, FAILURES):
            first, *others = (1e3 * seconds(case.ask)[0] for _ in range(rounds + 1))
            lines.append(
                f"| {size * 144:,} | {case.name} | {first:.3f} | {median(others):.3f} "
                f"| {min(others):.3f} |"
            )
    return "\n".join(lines)


def memory(size: int) -> str:
    """What a fabric keeps in memory: the growth of the process over many of them. Linux only."""
    if not STATM.exists():
        return ""
    million.cluster(size)
    before = resident_bytes()
    kept = [million.cluster(size) for _ in range(1000)]
    each = (resident_bytes() - before) / len(kept)
    return f"\nA fabric of {size * 144:,} chips keeps {each / 1e3:.0f} kB."


def resident_bytes() -> int:
    pages = int(STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def peers(size: int, rounds: int) -> str:
    """The quotient against plain solvers on the same fabric in the same run."""
    writing, question = seconds(lambda: million.written(size))
    runs = [seconds(lambda: million.solve_ours(size)) for _ in range(rounds)]
    ours, value = median(time for time, _ in runs), runs[0][1]
    lines = [f"| pinchpoint, structured (built and solved) | {ours:.6f} | 1 |"]
    solvers: dict[str, Callable[[million.Written], int]] = {
        "pinchpoint, `maximum_flow`": million.solve_plain,
        **million.PEERS,
    }
    for name, solve in solvers.items():
        taken, own = seconds(lambda solve=solve: solve(question))  # type: ignore[misc]
        if own != value:
            raise SystemExit(f"{name} says {own}, the structured query {value}")
        lines.append(f"| {name} | {taken:.2f} | {taken / ours:,.0f} |")
    head = PEERS.format(chips=size * 144, arcs=len(question.tails), value=value, writing=writing)
    return head + "\n".join(lines)


def seconds(ask: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    answer = ask()
    return time.perf_counter() - begin, answer


def machine() -> str:
    """Processor and cores, without the machine's name."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} cores of {model}, {platform.system()}"


if __name__ == "__main__":
    main("--smoke" in sys.argv[1:])
