"""Small hostile inputs: each gets the right answer or one typed error that names the fault.

The first part walks the table of what other libraries do on such inputs, row by row; the second
goes through bug classes that were found in shipped libraries.
"""

import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import networkx as nx
import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import (
    CapacityError,
    CapacityOverflowError,
    GraphError,
    InputTypeError,
    PinchpointError,
    TimeLimitError,
    UnboundedError,
)

INF = float("inf")


# The table, row by row.


def test_source_equals_sink():
    with pytest.raises(GraphError, match="source and sink are both node 1"):
        pp.maximum_flow([0, 1], [1, 2], [1, 1], 1, 1)


def test_parallel_edges_add_up():
    res = pp.maximum_flow([0, 0], [1, 1], [4, 6], 0, 1)
    assert res.value == 10
    assert res.flow.tolist() == [4, 6]


@pytest.mark.parametrize("parallel", [[], [5]])
def test_negative_capacity(parallel):
    capacity = [-3, *parallel]
    with pytest.raises(CapacityError, match=r"capacity\[0\] is -3"):
        pp.maximum_flow([0] * len(capacity), [1] * len(capacity), capacity, 0, 1)


def test_nan_capacity():
    with pytest.raises(CapacityError, match=r"capacity\[1\] is NaN, not a number"):
        pp.maximum_flow([0, 1], [1, 2], [1.0, float("nan")], 0, 2)


def test_infinite_path():
    with pytest.raises(UnboundedError):
        pp.maximum_flow([0, 1], [1, 2], [INF, INF], 0, 2)


def test_infinite_edge_with_a_finite_cut():
    res = pp.maximum_flow([0, 1], [1, 2], [INF, 2.5], 0, 2)
    assert res.value == 2.5
    assert res.flow.tolist() == [2.5, 2.5]


@pytest.mark.parametrize("capacity", [2**31 - 1, 2**31, 2**31 + 5, 2**32 + 7, 2**33, 2**63 - 1])
def test_capacities_past_32_bits(capacity):
    res = pp.maximum_flow([0, 1], [1, 2], [capacity, capacity], 0, 2)
    assert res.value == capacity
    assert res.flow.tolist() == [capacity, capacity]


def test_two_paths_of_the_largest_int64():
    top = 2**63 - 1
    res = pp.maximum_flow([0, 0, 1, 2], [1, 2, 3, 3], np.full(4, top), 0, 3)
    assert res.value == 2 * top
    assert res.flow.tolist() == [top] * 4


def test_python_ints_past_int64():
    res = pp.maximum_flow([0, 0], [1, 1], [2**100, 2**64], 0, 1)
    assert res.value == 2**100 + 2**64
    assert res.flow.tolist() == [2**100, 2**64]
    with pytest.raises(CapacityError, match=r"capacity\[0\] is 16069380442589902755"):
        pp.maximum_flow([0], [1], [2**200], 0, 1)
    with pytest.raises(CapacityOverflowError):
        pp.maximum_flow([0] * 4, [1] * 4, [2**125] * 4, 0, 1)


def test_small_float_capacity():
    assert pp.maximum_flow([0], [1], [2e-4], 0, 1).value == 2e-4


def test_float_capacities_in_bulk():
    res = pp.maximum_flow([0, 0], [1, 1], np.array([2.75, 0.5]), 0, 1)
    assert res.value == 3.25
    assert res.flow.tolist() == [2.75, 0.5]


@pytest.mark.parametrize(("field", "lengths"), [("heads", (2, 1, 2)), ("capacity", (2, 2, 3))])
def test_lengths_differ(field, lengths):
    a, b, c = lengths
    with pytest.raises(GraphError, match=f"{field} has length"):
        pp.maximum_flow([0] * a, [1] * b, [1] * c, 0, 1)


@pytest.mark.parametrize("node", [2**32 + 1, 2**32 - 1, 2**63 - 1, 2**70])
def test_id_past_32_bits(node):
    with pytest.raises(GraphError, match=rf"heads\[1\] is {node}"):
        pp.maximum_flow([0, 0], [1, node], [1, 1], 0, 1)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_negative_id(dtype):
    with pytest.raises(GraphError, match=r"tails\[1\] is -1, node ids are not negative"):
        pp.maximum_flow(np.array([0, -1], dtype), np.array([1, 1], dtype), [1, 1], 0, 1)


def test_path_of_200_000_nodes():
    n = 200_000
    res = pp.maximum_flow(np.arange(n - 1), np.arange(1, n), np.full(n - 1, 3), 0, n - 1)
    assert res.value == 3


def test_misspelt_argument():
    with pytest.raises(TypeError, match="capacities"):
        pp.maximum_flow([0], [1], source=0, sink=1, capacities=[3])  # type: ignore[call-arg]


SLOW = """
    import sys, threading, time
    import numpy as np
    import pinchpoint as pp

    rng = np.random.default_rng(0)
    rows, columns = 100, 6000
    node = 1 + np.arange(rows * columns).reshape(rows, columns)
    tails = np.repeat(node[:-1].ravel(), 3)
    heads = np.repeat(np.arange(1, rows), 3 * columns) * columns + 1
    heads += rng.integers(0, columns, len(tails))
    sink = rows * columns + 1
    capacity = rng.integers(1, 10_000, len(tails))
    tails = np.concatenate([np.zeros(columns, int), tails, node[-1]])
    heads = np.concatenate([node[0], heads, np.full(columns, sink)])
    end = np.full(columns, 30_000)
    capacity = np.concatenate([end, capacity, end])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_stops_a_solve():
    code = textwrap.dedent(SLOW) + textwrap.dedent("""
        print("ready", flush=True)
        try:
            while True:
                pp.maximum_flow(tails, heads, capacity, 0, sink)
        except KeyboardInterrupt:
            print("stopped", flush=True)
        assert pp.maximum_flow([0], [1], [3], 0, 1).value == 3
        print("usable", flush=True)
    """)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        time.sleep(0.3)
        begin = time.perf_counter()
        run.send_signal(signal.SIGINT)
        assert run.stdout.readline() == "stopped\n"
        waited = time.perf_counter() - begin
        assert run.stdout.readline() == "usable\n"
    assert run.returncode == 0
    assert waited < 0.2


def slow_problem():
    scope: dict = {}
    exec(textwrap.dedent(SLOW), scope)
    return [scope[name] for name in ("tails", "heads", "capacity")], scope["sink"]


def test_other_threads_run_meanwhile():
    arcs, sink = slow_problem()
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    pp.maximum_flow(*arcs, 0, sink)
    end = time.perf_counter()
    done.set()
    thread.join()
    during = [at for at in ticks if begin < at < end]
    assert len(during) > 20 * (end - begin)
    assert max(np.diff([begin, *during, end])) < 0.15


def test_time_limit():
    arcs, sink = slow_problem()
    begin = time.perf_counter()
    with pytest.raises(TimeLimitError):
        pp.maximum_flow(*arcs, 0, sink, time_limit=0.05)
    assert time.perf_counter() - begin < 0.25


# Bug classes.


def test_no_edges():
    res = pp.maximum_flow([], [], [], 0, 1, num_nodes=2)
    assert (res.value, res.flow.tolist(), res.source_side.tolist()) == (0, [], [True, False])


def test_no_nodes():
    with pytest.raises(GraphError, match="source") as caught:
        pp.maximum_flow([], [], [], 0, 1)
    assert "sink" in str(caught.value)


def test_disconnected():
    res = pp.maximum_flow([0, 2], [1, 3], [5, 5], 0, 3)
    assert (res.value, res.cut_arcs.tolist()) == (0, [])


@pytest.mark.parametrize("node", [0, 1, 2])
def test_self_loops(node):
    res = pp.maximum_flow([node, 0, 1], [node, 1, 2], [9, 4, 3], 0, 2)
    assert (res.value, res.flow.tolist()) == (3, [0, 3, 3])


def test_antiparallel_edges():
    res = pp.maximum_flow([0, 1, 1, 2], [1, 0, 2, 1], [4, 9, 3, 9], 0, 2)
    assert (res.value, res.flow.tolist()) == (3, [3, 0, 3, 0])


@pytest.mark.parametrize("capacity", [0, 0.0])
def test_zero_capacity_as_the_only_edge(capacity):
    res = pp.maximum_flow([0], [1], [capacity], 0, 1)
    assert (res.value, type(res.value)) == (0, type(capacity))
    assert res.cut_arcs.tolist() == [0]


def test_source_outside():
    with pytest.raises(GraphError, match=r"source\[0\] is 7, outside the 2 nodes"):
        pp.maximum_flow([0], [1], [1], 7, 1)


def test_up_to_ten_faults_at_once():
    with pytest.raises(PinchpointError) as caught:
        pp.maximum_flow([-1] * 20, [1] * 20, [1] * 20, 0, 1)
    message = str(caught.value)
    assert message.count("tails[") == 10
    assert "and 10 more" in message


def test_faults_of_several_fields():
    with pytest.raises(PinchpointError) as caught:
        pp.maximum_flow([0, 5], [1, 1], [1, -2], 0, 9, num_nodes=3)
    for part in ("capacity[1] is -2", "tails[1] is 5", "sink[0] is 9"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("tails", "capacity"),
    [
        ([0.0], [1]),
        (["a"], [1]),
        ([None], [1]),
        ([True], [1]),
        ([0], ["1"]),
        ([0], [None]),
        ([0], [True]),
        ([0], [1j]),
        ([0], np.array([1], "M8[s]")),
        ([0], np.array([1], np.longdouble)),
    ],
)
def test_wrong_types(tails, capacity):
    with pytest.raises(InputTypeError):
        pp.maximum_flow(tails, [1], capacity, 0, 1)
    with pytest.raises(TypeError):
        pp.maximum_flow(tails, [1], capacity, 0, 1)


@pytest.mark.parametrize("source", [0.0, "0", None, True])
def test_wrong_type_of_source(source):
    with pytest.raises(InputTypeError):
        pp.maximum_flow([0], [1], [1], source, 1)


def test_terminals():
    with pytest.raises(GraphError, match="source names no node"):
        pp.maximum_flow([0], [1], [1], [], 1)
    with pytest.raises(GraphError, match="source names node 0 twice"):
        pp.maximum_flow([0], [1], [1], [0, 0], 1)
    with pytest.raises(GraphError, match=r"supplies has length 2, but source has 1 node$"):
        pp.maximum_flow([0], [1], [1], [0], 1, supplies=[1, 2])
    with pytest.raises(CapacityError, match=r"demands\[0\] is -1"):
        pp.maximum_flow([0], [1], [1], 0, 1, demands=[-1])
    with pytest.raises(InputTypeError, match="fractions"):
        pp.maximum_flow([0], [1], [1], 0, 1, demands=[0.5])


@pytest.mark.parametrize("num_nodes", [-1, 2**32])
def test_node_count_out_of_range(num_nodes):
    with pytest.raises(GraphError, match="num_nodes"):
        pp.maximum_flow([0], [1], [1], 0, 1, num_nodes=num_nodes)


def test_too_large_for_memory():
    with pytest.raises(PinchpointError, match="GB"):
        pp.maximum_flow([0], [2**32 - 2], [1], 0, 2**32 - 2)


def test_index_past_16_bits():
    n = 70_000
    res = pp.maximum_flow(np.zeros(n, int), np.arange(1, n + 1), np.ones(n, int), 0, n)
    assert res.value == 1
    assert res.cut_arcs.tolist() == [n - 1]


def test_floats_that_never_settle():
    # Ford-Fulkerson does not terminate here; integers of a power of two do.
    r = (5**0.5 - 1) / 2
    tails = [0, 0, 0, 1, 2, 2, 3, 1, 2, 4]
    heads = [1, 2, 4, 2, 1, 3, 2, 5, 5, 5]
    capacity = [4.0, 4.0, 4.0, 1.0, 1.0, r, 1.0, 4.0, 4.0, 4.0]
    res = pp.maximum_flow(tails, heads, capacity, 0, 5)
    assert res.value == 12.0
    assert res.error_bound == 0.0


@pytest.mark.parametrize("k", [-1000, -300, -60, -1, 1, 60, 300, 900])
def test_scale_invariance(k):
    capacity = np.array([0.1, 0.7, 0.3, 0.9])
    base = pp.maximum_flow([0, 0, 1, 2], [1, 2, 3, 3], capacity, 0, 3)
    scaled = pp.maximum_flow([0, 0, 1, 2], [1, 2, 3, 3], capacity * 2.0**k, 0, 3)
    assert scaled.value == base.value * 2.0**k
    assert (scaled.flow == base.flow * 2.0**k).all()


def test_spread_too_wide_states_its_bound():
    res = pp.maximum_flow([0, 0], [1, 1], [1e30, 1e-30], 0, 1)
    assert 0 < res.error_bound < 1e15
    assert abs(res.value - 1e30) <= res.error_bound
    exact = pp.maximum_flow([0, 0], [1, 1], [1.0, 2.0**-40], 0, 1)
    assert (exact.value, exact.error_bound) == (1 + 2.0**-40, 0.0)


def test_no_circulation_is_left():
    rng = np.random.default_rng(3)
    tails, heads = rng.integers(0, 30, (2, 300))
    res = pp.maximum_flow(tails, heads, rng.integers(1, 50, 300), 0, 29)
    net = np.bincount(tails, res.flow, 30) - np.bincount(heads, res.flow, 30)
    assert net[0] == res.value == -net[29]
    assert not net[1:29].any()
    into_source = res.flow[heads == 0]
    assert not into_source.any()


def test_layered_graph_with_exponentially_many_paths():
    layers = 60
    tails = np.repeat(np.arange(2 * layers), 2)
    heads = np.minimum(tails // 2 * 2 + 2 + np.tile([0, 1], 2 * layers), 2 * layers)
    res = pp.maximum_flow(tails, heads, np.full(len(tails), 5), 0, 2 * layers)
    assert res.value == 10


@pytest.mark.parametrize(
    "make",
    [
        lambda x: np.repeat(x, 2)[::2],
        lambda x: x.astype(x.dtype.newbyteorder(">")),
        lambda x: x.astype(np.int8),
        lambda x: x.astype(np.uint16),
        lambda x: x.astype(np.uint64),
        lambda x: x.tolist(),
        lambda x: tuple(x.tolist()),
        lambda x: np.asarray(x.tolist(), object),
        lambda x: np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(x.dtype),
    ],
)
def test_array_layouts(make):
    arrays = [np.array(x) for x in ([0, 0, 1, 2], [1, 2, 3, 3], [4, 2, 3, 5])]
    res = pp.maximum_flow(*(make(x) for x in arrays), 0, 3)
    assert (res.value, res.flow.tolist()) == (5, [3, 2, 3, 2])


def test_read_only_arrays():
    arrays = [np.array(x) for x in ([0, 0, 1, 2], [1, 2, 3, 3], [4, 2, 3, 5])]
    for array in arrays:
        array.setflags(write=False)
    assert pp.maximum_flow(*arrays, 0, 3).value == 5


def test_two_dimensions_are_refused():
    with pytest.raises(GraphError, match="tails has 2 dimensions"):
        pp.maximum_flow(np.zeros((1, 1), int), [1], [1], 0, 1)


def test_input_changed_afterwards():
    tails, heads, capacity = np.array([0]), np.array([1]), np.array([4])
    res = pp.maximum_flow(tails, heads, capacity, 0, 1)
    capacity[0] = tails[0] = 7
    res.verify()
    assert (res.value, res.flow.tolist()) == (4, [4])


def test_results_are_frozen():
    res = pp.maximum_flow([0], [1], [4], 0, 1)
    with pytest.raises(AttributeError):
        res.value = 5  # type: ignore[misc]
    for array in (res.flow, res.source_side, res.cut_arcs):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("capacity", [[4, 2, 3, 5], [2**40] * 4, [2**70] * 4, [0.5, INF, 0.1, 3]])
def test_pickle(capacity):
    res = pp.maximum_flow(
        [0, 0, 1, 2], [1, 2, 3, 3], capacity, 0, 3, supplies=[2**71], node_capacity=[2**71] * 4
    )
    again = pickle.loads(pickle.dumps(res))
    assert again == res
    assert again.value == res.value
    assert again.flow.tolist() == res.flow.tolist()
    again.verify()


def test_wrong_cut_with_the_right_value():
    # An unpaired shipped bug: the value was right and the cut was not a cut.
    graph = nx.gnp_random_graph(40, 0.2, seed=5, directed=True)
    rng = np.random.default_rng(5)
    ends = np.array(graph.edges)
    capacity = rng.integers(1, 20, len(ends))
    res = pp.maximum_flow(ends[:, 0], ends[:, 1], capacity, 0, 39)
    side = res.source_side
    assert side[0]
    assert not side[39]
    crossing = side[ends[:, 0]] & ~side[ends[:, 1]]
    assert np.flatnonzero(crossing).tolist() == res.cut_arcs.tolist()
    assert capacity[crossing].sum() == res.value


def test_integers_of_a_list_stay_exact() -> None:
    # NumPy makes floats of a list that mixes integers below and above 2^63.
    assert pp.maximum_flow([0, 0], [1, 1], [2**63 - 1, 2**63], 0, 1).value == 2**64 - 1
    assert pp.maximum_flow([0, 0], [1, 1], [2**53 + 1, 2**63], 0, 1).value == 2**63 + 2**53 + 1


def test_masked_values_are_no_values() -> None:
    capacity = np.ma.array([5, 7], mask=[0, 1])
    with pytest.raises(InputTypeError, match="capacity has masked values"):
        pp.maximum_flow([0, 0], [1, 1], capacity, 0, 1)
    whole = np.ma.array([5, 7])
    assert pp.maximum_flow([0, 0], [1, 1], whole, 0, 1).value == 12


def test_bytes_are_no_node_ids() -> None:
    with pytest.raises(InputTypeError, match="sources is a bytes"):
        pp.clusters.gb200_nvl72().bandwidth(b"chip", "switch")


def test_a_value_that_no_float_holds():
    """Two arcs of 1e308 each: infinity would be a wrong number."""
    for ask in (pp.maximum_flow, pp.minimum_cut):
        with pytest.raises(CapacityOverflowError, match=r"above 1\.8e308"):
            ask([0, 0], [1, 1], [1e308, 1e308], 0, 1)
    assert pp.maximum_flow([0, 0], [1, 1], [1e308, 7e307], 0, 1).value == 1.7e308


@pytest.mark.parametrize("digits", [400, 5000])
def test_integers_of_very_many_digits(digits):
    """Python itself does not write those of more than 4,300."""
    huge = 10**digits
    for bad, error, field in [
        (lambda: pp.maximum_flow([0], [1], [huge], 0, 1), CapacityError, r"capacity\[0\]"),
        (lambda: pp.maximum_flow([0], [1], [1], huge, 1), GraphError, "source"),
        (lambda: pp.maximum_flow([0, huge], [1, 1], [1, 1], 0, 1), GraphError, "tails"),
        (lambda: pp.maximum_flow([0], [1], [1], 0, 1, huge), GraphError, "num_nodes"),
    ]:
        with pytest.raises(error, match=field) as caught:
            bad()
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize("field", ["source", "sink", "supplies", "demands", "node_capacity"])
def test_lists_of_unequal_lists(field: str) -> None:
    own = {"source": 0, "sink": 2, field: [[0, 1], [2]]}
    with pytest.raises(InputTypeError, match=f"{field} cannot be read as an array"):
        pp.maximum_flow([0, 1], [1, 2], [1, 1], **own)


@pytest.mark.parametrize("ask", [pp.maximum_flow, pp.minimum_cut])
def test_time_limits_that_are_none(ask) -> None:
    for limit in (np.bool_(True), True, "soon"):
        with pytest.raises(InputTypeError, match="time_limit is"):
            ask([0], [1], [1], 0, 1, time_limit=limit)
    for limit in (10**5000, float("inf"), float("nan"), -1):
        with pytest.raises(PinchpointError, match="time_limit is"):
            ask([0], [1], [1], 0, 1, time_limit=limit)
