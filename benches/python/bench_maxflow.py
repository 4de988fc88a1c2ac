"""Ours against SciPy and OR-tools on the same inputs in the same run, by pytest-benchmark."""

import os
from functools import cache

import contenders
import grid
import pytest

ROWS = grid.SMALL if os.environ.get("BENCH_SMOKE") else grid.FULL
PEERS = ("pinchpoint", "OR-tools", "SciPy")


@cache
def instance(row):
    return ROWS[row]()


@pytest.mark.parametrize("name", [name for name in contenders.installed() if name in PEERS])
@pytest.mark.parametrize("row", ROWS)
def test_max_flow(benchmark, row, name):
    run = contenders.installed()[name]
    x = instance(row)
    benchmark.group = row
    rounds = 1 if os.environ.get("BENCH_SMOKE") else 3
    timing = benchmark.pedantic(run, args=(x,), rounds=rounds, iterations=1)
    assert timing.value == contenders.pinchpoint(x).value
