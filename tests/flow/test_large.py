"""Instances large enough for several threads, renumbering and deep searches."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import instances
import numpy as np
import pinchpoint as pp
import pytest
from ortools.graph.python import max_flow

CASES = {
    "fat tree": lambda: instances.fat_tree(48).halves("fat tree"),
    "faulty fat tree": lambda: instances.fat_tree(48).failed(0.02).degraded(0.1).halves("faulty"),
    "rack to rack": lambda: instances.fat_tree(48).groups("rack", 24),
    "pair": lambda: instances.fat_tree(48).pair("pair"),
    "permuted": lambda: instances.fat_tree(48).halves("fat tree").permuted(),
    "shuffled": lambda: instances.fat_tree(48).halves("fat tree").shuffled(),
    "shuffled 2:1": lambda: instances.fat_tree(48, 2).halves("fat tree").shuffled(),
    "shuffled 3:1": lambda: instances.fat_tree(48, 3).halves("fat tree").shuffled(),
    "shuffled random halves": lambda: instances.fat_tree(48).random_halves("").shuffled(),
    "shuffled faulty": lambda: instances.fat_tree(48).failed_links(20).halves("").shuffled(),
    "rails": lambda: instances.rail_optimised(8, 32).random_halves("rails"),
    "torus slabs": lambda: instances.torus_slabs(24),
    "torus halves": lambda: instances.torus(32, seed=1).random_halves("torus"),
    "dragonfly": lambda: instances.dragonfly(33).halves("dragonfly"),
    "genrmf long": lambda: instances.genrmf(12, 96),
    "genrmf wide": lambda: instances.genrmf(40, 12),
    "rlg": lambda: instances.washington_rlg(64, 512),
    "dense": lambda: instances.acyclic_dense(500),
    "random": lambda: instances.random_graph(50_000, 400_000),
}


def solve(x):
    return pp.maximum_flow(x.tails, x.heads, x.capacity, x.source, x.sink, num_nodes=x.num_nodes)


@pytest.mark.parametrize("case", CASES)
def test_equals_or_tools_on_any_number_of_threads(case):
    x = CASES[case]()
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(x.tails, x.heads, x.capacity)
    assert solver.solve(x.source, x.sink) == solver.OPTIMAL
    before = pp.get_threads()
    results = []
    try:
        for threads in (1, 2, 3, 8):
            pp.set_threads(threads)
            results.append(solve(x))
    finally:
        pp.set_threads(before)
    first = results[0]
    assert first.value == solver.optimal_flow()
    for other in results[1:]:
        assert other.value == first.value
        assert other.flow.tobytes() == first.flow.tobytes()
        assert other.source_side.tobytes() == first.source_side.tobytes()


def test_many_calls_at_once():
    x = instances.fat_tree(48).failed(0.02).halves("faulty")
    alone = solve(x)
    with ThreadPoolExecutor(6) as pool:
        assert all(res == alone for res in pool.map(solve, [x] * 24))


FORK = """
import os
import numpy as np
import pinchpoint as pp

rng = np.random.default_rng(0)
tails, heads = rng.integers(0, 20_000, (2, 200_000))
capacity = rng.integers(1, 100, 200_000)
pp.set_threads(4)
solve = lambda: pp.maximum_flow(tails, heads, capacity, 0, 1)
parent = solve()
for generation in range(3):
    pid = os.fork()
    if pid:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    assert solve() == parent
print("equal", flush=True)
os._exit(0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_after_a_fork():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "equal\n"), done.stderr


def test_permuting_ids_permutes_the_cut():
    x = instances.fat_tree(48).failed(0.05).halves("fat tree")
    y = x.permuted(3)
    order = np.empty(x.num_nodes, int)
    order[x.tails], order[x.heads] = y.tails, y.heads
    a, b = solve(x), solve(y)
    assert a.value == b.value
    assert (a.source_side == b.source_side[order]).all()


@pytest.mark.parametrize("n", [0, -1, 5000, pytest.param(10**5000, id="huge")])
def test_set_threads_refuses(n):
    with pytest.raises(pp.PinchpointError, match="must be in"):
        pp.set_threads(n)


def test_set_threads_refuses_other_types():
    with pytest.raises(TypeError):
        pp.set_threads(2.5)  # type: ignore[arg-type]
