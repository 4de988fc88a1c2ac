"""The networkx backend: dispatch, networkx's own flow tests, and what differs from networkx."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import networkx as nx
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint._nx_info import get_info
from pinchpoint.errors import CapacityError

ROOT = Path(__file__).parents[2]
GROUPS = ("networkx.backends", "networkx.backend_info")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """An environment in which networkx finds the entry points of this tree."""
    folder = tmp_path_factory.mktemp("site")
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    info = folder / "pinchpoint_tree-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pinchpoint-tree\nVersion: 0\n")
    lines = [
        line
        for group in GROUPS
        for line in (f"[{group}]", *(f"{k} = {v}" for k, v in entries[group].items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    package = str(Path(pp.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), package))}


def run(environment, *words):
    return subprocess.run(
        [sys.executable, "-W", "ignore", *words], env=environment, capture_output=True, text=True
    )


def test_dispatch_by_name(environment):
    code = """
import networkx as nx
graph = nx.DiGraph([("a", "b", {"capacity": 2**70}), ("b", "c", {"capacity": 5})])
assert "pinchpoint" in nx.config.backends
print(nx.maximum_flow_value(graph, "a", "b", backend="pinchpoint"))
print(nx.maximum_flow(graph, "a", "c", backend="pinchpoint"))
print(nx.minimum_cut_value(graph, "a", "c", backend="pinchpoint"))
print(nx.minimum_cut(graph, "a", "c", backend="pinchpoint")[0])
print("pinchpoint" in nx.maximum_flow.__doc__)
"""
    ran = run(environment, "-c", code)
    assert ran.stderr == ""
    assert ran.stdout.split("\n")[:-1] == [
        str(2**70),
        "(5, {'a': {'b': 5}, 'b': {'c': 5}, 'c': {}})",
        "5",
        "5",
        "True",
    ]


def test_changes_that_networkx_does_not_notice(environment):
    # networkx keeps what it converted, and item assignment does not make it forget.
    code = """
import networkx as nx
nx.config.backend_priority.algos = ["pinchpoint"]
for kind in (nx.Graph, nx.DiGraph):
    graph = kind([("a", "b", {"capacity": 9}), ("b", "c", {"capacity": 5})])
    def asked():
        print(nx.maximum_flow_value(graph, "a", "c"), nx.minimum_cut(graph, "a", "c")[0], end=" ")
    asked()
    graph["b"]["c"]["capacity"] = 7
    assert graph.__networkx_cache__["backends"]["pinchpoint"]
    asked()
    graph.edges["b", "c"].clear()
    asked()
    graph._adj["a"]["c"] = {"capacity": 1}
    getattr(graph, "_pred", graph._adj)["c"]["a"] = graph._adj["a"]["c"]
    asked()
    graph._node["d"] = {}
    graph._adj["d"] = {}
    if graph.is_directed():
        graph._pred["d"] = {}
    print(nx.maximum_flow(graph, "a", "d")[0])
"""
    ran = run(environment, "-c", code)
    assert ran.stderr == ""
    assert ran.stdout == 2 * "5 5 7 7 9 9 10 10 0\n"


def test_networkx_imports_little_of_it(environment):
    code = "import sys, networkx; print(sorted(m for m in sys.modules if 'pinchpoint' in m))"
    found = run(environment, "-c", code).stdout
    assert "pinchpoint._nx_info" in found
    assert "pinchpoint.nx" not in found.replace("pinchpoint._nx", "")
    assert "maxflow" not in found


def test_networkx_runs_its_own_flow_tests(environment, tmp_path):
    # With fallback, every call that the backend takes goes to it; the log counts them.
    plugin = tmp_path / "counting.py"
    plugin.write_text(
        "import atexit, os, collections\n"
        "import pinchpoint.nx as own\n"
        "calls = collections.Counter()\n"
        "def counted(name, function):\n"
        "    def call(*args, **kwargs):\n"
        "        calls[name] += 1\n"
        "        return function(*args, **kwargs)\n"
        "    return call\n"
        "from pinchpoint._nx_info import get_info\n"
        "for name in get_info()['functions']:\n"
        "    setattr(own, name, counted(name, getattr(own, name)))\n"
        "def pytest_unconfigure(config):\n"
        "    print('CALLS', dict(calls))\n"
    )
    own = {
        **environment,
        "PYTHONPATH": os.pathsep.join((str(tmp_path), environment["PYTHONPATH"])),
        "NETWORKX_TEST_BACKEND": "pinchpoint",
        "NETWORKX_FALLBACK_TO_NX": "True",
    }
    package = str(Path(nx.__file__).parent)
    words = ("-m", "pytest", "-q", "-p", "counting", "-p", "no:cacheprovider", "--runslow")
    where = ("-c", os.devnull, "--rootdir", package, package + "/algorithms/flow/tests")
    # These pass too, and take half a minute to convert thousands of small graphs or a large one.
    if os.environ.get("HYPOTHESIS_PROFILE") != "long":
        where = (*where, "-k", "not (les_miserables or karate or davis or gw1)")
    ran = run(own, *words, *where)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
    summary = re.search(r"(\d+) passed(.*) in ", ran.stdout)
    assert int(summary[1]) >= 85
    assert "failed" not in summary[2]
    assert "skipped" not in summary[2]
    counts = dict(re.findall(r"'(\w+)': (\d+)", ran.stdout.split("CALLS")[1]))
    assert set(counts) == set(get_info()["functions"])
    assert int(counts["minimum_cut"]) > 50
    assert int(counts["maximum_flow_value"]) > 30


@st.composite
def graphs(draw):
    size = draw(st.integers(2, 7))
    graph = draw(st.sampled_from([nx.Graph, nx.DiGraph]))()
    graph.add_nodes_from(range(size))
    pair = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    for a, b in draw(st.lists(pair, max_size=20)):
        graph.add_edge(a, b, capacity=draw(st.integers(0, 9)))
    return graph


@given(graphs())
def test_same_as_networkx(graph):
    value, flow = pp.nx.maximum_flow(graph, 0, 1)
    assert value == nx.maximum_flow_value(graph, 0, 1)
    assert type(value) is int
    assert set(flow) == set(graph)
    for node in graph:
        out, into = sum(flow[node].values()), sum(flow[other].get(node, 0) for other in graph)
        assert out - into == (value if node == 0 else -value if node == 1 else 0)
        for other, amount in flow[node].items():
            assert 0 <= amount <= graph[node][other]["capacity"]
            assert not amount or not flow[other].get(node, 0)
    assert pp.nx.minimum_cut(graph, 0, 1) == nx.minimum_cut(graph, 0, 1)
    assert pp.nx.minimum_cut_value(graph, 0, 1) == value


def line(*capacities):
    graph = nx.DiGraph()
    for place, capacity in enumerate(capacities):
        graph.add_edge(place, place + 1, **({} if capacity is None else {"capacity": capacity}))
    return graph


def test_edges_without_capacity_have_no_limit():
    assert pp.nx.maximum_flow_value(line(None, 2**80), 0, 2) == 2**80
    assert pp.nx.maximum_flow(line(3, None), 0, 2) == (3, {0: {1: 3}, 1: {2: 3}, 2: {}})
    for function in (pp.nx.maximum_flow, pp.nx.minimum_cut, pp.nx.minimum_cut_value):
        with pytest.raises(nx.NetworkXUnbounded):
            function(line(None, None), 0, 2)


def test_floats_give_floats():
    assert pp.nx.maximum_flow_value(line(0.1, 0.25), 0, 2) == 0.1
    assert pp.nx.maximum_flow(line(1.5, 2), 0, 2) == (1.5, {0: {1: 1.5}, 1: {2: 1.5}, 2: {}})


@pytest.mark.parametrize("capacity", [-1, float("nan"), -0.5, "3", True])
def test_what_networkx_ignores_is_an_error(capacity):
    with pytest.raises(CapacityError, match="capacity"):
        pp.nx.maximum_flow(line(3, capacity), 0, 2)


def test_errors_of_networkx():
    graph = line(3, 4)
    for ends, says in (((0, 9), "node 9 not in graph"), ((1, 1), "same node")):
        with pytest.raises(nx.NetworkXError, match=says):
            pp.nx.maximum_flow(graph, *ends)
    with pytest.raises(nx.NetworkXError, match="MultiGraph"):
        pp.nx.maximum_flow(nx.MultiDiGraph(graph), 0, 2)


def test_what_is_left_to_networkx():
    graph = line(3, 4)
    can = pp.nx.can_run
    assert can("maximum_flow", (graph, 0, 2), {}) is True
    assert can("maximum_flow", (graph, 0, 2), {"flow_func": nx.flow.dinitz}) is True
    assert "cutoff" in can("maximum_flow", (graph, 0, 2), {"cutoff": 1})
    assert "flow_func" in can("maximum_flow", (graph, 0, 2), {"flow_func": "dinitz"})
    from fractions import Fraction

    assert "Fraction" in can("maximum_flow", (line(Fraction(1, 3)), 0, 1), {})
