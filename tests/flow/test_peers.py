"""LEMON and Boost as the race runs them, where a compiler and their headers are installed."""

import shutil

import contenders
import cpp_peers
import numpy as np
import pinchpoint as pp
import pytest
from instances import Instance, fat_tree, genrmf, nvl72

PEERS = contenders.COMPILED


def instance(num_nodes, arcs, source=0, sink=1):
    tails, heads, capacity = np.array(arcs, np.int64).reshape(-1, 3).T
    ids = tails.astype(np.int32), heads.astype(np.int32)
    return Instance("", num_nodes, *ids, capacity.copy(), source, sink)


def random_instance(seed):
    """Few nodes, so with parallel arcs, and loops except at the source; some carry nothing."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    ends = rng.integers(0, n, (int(rng.integers(0, 50)), 2))
    source, sink = rng.permutation(n)[:2].tolist()
    ends = ends[(ends != source).any(1)]
    capacity = rng.integers(0, 10, len(ends)) * rng.integers(0, 2, len(ends))
    return instance(n, np.column_stack([ends, capacity]), source, sink)


CASES = {
    "parallel": instance(3, [(0, 2, 3), (0, 2, 4), (2, 1, 5), (2, 1, 1), (2, 0, 9)]),
    "straight": instance(2, [(0, 1, 3), (0, 1, 4), (1, 0, 5)]),
    "apart": instance(4, [(0, 2, 3), (3, 1, 4)]),
    "no way out": instance(3, [(2, 0, 3), (2, 1, 3)]),
    "no arcs": instance(3, []),
    "zeros": instance(4, [(0, 2, 0), (2, 1, 7), (0, 3, 7), (3, 1, 0)]),
    "wide": instance(4, [(0, 2, 1 << 40), (2, 1, 1 << 39), (0, 3, 5), (3, 1, 1 << 50)]),
    "wide in total": instance(3, [(0, 2, 2**31 - 1), (0, 2, 2**31 - 1), (2, 1, 2**32)]),
    "fat tree": fat_tree(8).failed(0.02).degraded(0.1).halves(""),
    "racks": nvl72(2).groups("", 36),
    "genrmf": genrmf(5, 8),
}


@pytest.fixture(params=PEERS)
def solve(request):
    library, function = PEERS[request.param]
    if cpp_peers.compiled(library) is None:
        pytest.skip(f"no g++ or no headers of {library}")
    return lambda x: cpp_peers.solve(library, function, x)


def check(x, answer):
    """The definition, and our value."""
    assert (answer.flow >= 0).all()
    assert (answer.flow <= x.capacity).all()
    net = np.zeros(x.num_nodes, np.int64)
    np.add.at(net, x.tails, answer.flow)
    np.subtract.at(net, x.heads, answer.flow)
    assert net[x.source] == answer.value == -net[x.sink]
    assert not np.delete(net, [x.source, x.sink]).any()
    side = answer.source_side
    assert side[x.source]
    assert not side[x.sink]
    assert x.capacity[side[x.tails] & ~side[x.heads]].sum() == answer.value
    ours = pp.maximum_flow(x.tails, x.heads, x.capacity, x.source, x.sink, x.num_nodes)
    assert answer.value == ours.value
    assert answer.build > 0
    assert answer.solve > 0


@pytest.mark.parametrize("case", CASES)
def test_flow_and_cut(solve, case):
    check(CASES[case], solve(CASES[case]))


def test_flow_and_cut_of_random_graphs(solve):
    for seed in range(300):
        x = random_instance(seed)
        check(x, solve(x))


def test_loops_at_the_source_are_refused():
    with pytest.raises(ValueError, match="loops"):
        cpp_peers.solve("BOOST", "boost_boykov_kolmogorov", instance(2, [(0, 0, 1), (0, 1, 1)]))


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Nothing compiled yet, and nothing kept afterwards."""
    monkeypatch.setattr(cpp_peers, "FOLDER", tmp_path / "made")
    cpp_peers.compiled.cache_clear()
    yield
    cpp_peers.compiled.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_without_a_compiler_the_race_goes_on(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert not set(contenders.installed()) & set(PEERS)


@pytest.mark.usefixtures("fresh")
def test_without_headers_the_race_goes_on(monkeypatch):
    monkeypatch.setattr(cpp_peers, "HEADERS", {"LEMON": "no/such.h", "BOOST": "no/such.h"})
    assert not set(contenders.installed()) & set(PEERS)


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
@pytest.mark.usefixtures("fresh")
def test_source_that_does_not_compile_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(cpp_peers, "HEADERS", {"LEMON": "vector"})
    source = tmp_path / "broken.cpp"
    source.write_text("int nothing(")
    with pytest.raises(RuntimeError, match=r"broken.cpp does not compile with LEMON:\n.*error"):
        cpp_peers.compiled("LEMON", source)
    assert not list((tmp_path / "made").iterdir())
