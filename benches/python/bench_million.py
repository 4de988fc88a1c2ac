"""pytest-benchmark over the cases of `million.py`; BENCH_SMOKE=1 makes all of it small."""

import os

import million
import pytest

SMOKE = os.environ.get("BENCH_SMOKE", "0") != "0"
SIZES = [128] if SMOKE else [7168, 694_445]
PEER_SIZE = 8 if SMOKE else 7168
FAILURES = (10, 100, 1000)

CASES = [
    pytest.param(case, id=f"{size * 144:,} chips, {case.name}")
    for size in SIZES
    for case in million.structured_cases(size, FAILURES)
]


@pytest.mark.parametrize("case", CASES)
def test_structured(benchmark, case):
    benchmark.group = "structured"
    benchmark.pedantic(case.ask, rounds=2 if SMOKE else 20, warmup_rounds=1)


@pytest.fixture(scope="module")
def question():
    return million.written(PEER_SIZE)


@pytest.fixture(scope="module")
def answer():
    return million.solve_ours(PEER_SIZE)


def test_quotient(benchmark, answer):
    benchmark.group = f"one question, {PEER_SIZE * 144:,} chips"
    rounds = 2 if SMOKE else 20
    assert benchmark.pedantic(million.solve_ours, args=(PEER_SIZE,), rounds=rounds) == answer


@pytest.mark.parametrize("peer", ["pinchpoint arcs", *million.PEERS])
def test_peer(benchmark, question, answer, peer):
    benchmark.group = f"one question, {PEER_SIZE * 144:,} chips"
    solve = million.PEERS.get(peer, million.solve_plain)
    assert benchmark.pedantic(solve, args=(question,), rounds=1) == answer
