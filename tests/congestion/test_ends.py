"""Who sends: nodes given in any form stay as they were, are counted once and are in range."""

import pickle

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint import traffic
from pinchpoint.errors import GraphError, InputTypeError, PinchpointError, SelectionError

NET = pp.clusters.leaf_spine(64, radix=16)
FABRICS = (NET, NET.materialize())
MAKERS = {
    "ring": lambda nodes: traffic.ring(nodes, gbit_per_s=1.0),
    "permutation": lambda nodes: traffic.permutation(nodes, gbit_per_s=1.0),
    "skewed": lambda nodes: traffic.skewed(nodes, per_chip_gbit_per_s=1.0),
    "all_to_all": lambda nodes: traffic.all_to_all(nodes, per_chip_gbit_per_s=1.0),
    "incast": lambda nodes: traffic.incast(nodes, 60, gbit_per_s=1.0),
    "between": lambda nodes: traffic.between([60, 61], nodes, gbit_per_s=1.0),
    "experts": lambda nodes: traffic.experts(nodes, [nodes], exponent=0, per_chip_gbit_per_s=1.0),
    "all_reduce": lambda nodes: traffic.collective("all_reduce", nodes, gbyte=1.0),
    "all_to_all collective": lambda nodes: traffic.collective("all_to_all", nodes, gbyte=1.0),
    "parallelism": lambda nodes: traffic.parallelism(nodes, tp=4).traffic("tp", gbit_per_s=1.0),
}


def used(asked):
    found = [fabric.congestion(asked).max_utilization for fabric in FABRICS]
    assert found[0] == pytest.approx(found[1])
    return found[0]


@pytest.mark.parametrize("maker", MAKERS)
def test_what_can_be_read_once_is_asked_many_times(maker):
    make, nodes = MAKERS[maker], [0, 5, 17, 33]
    expected = used(make(nodes))
    assert expected > 0
    once = [lambda: iter(nodes), lambda: (node for node in nodes)]
    for fresh in once if maker != "experts" else ():
        asked = make(fresh())
        assert used(asked) == used(asked) == expected
        assert used(pickle.loads(pickle.dumps(asked))) == expected


def test_groups_that_can_be_read_once():
    groups = ((node for node in own) for own in ([1, 2], [3]))
    options = {"exponent": 1, "per_chip_gbit_per_s": 1.0}
    asked = traffic.experts((node for node in range(8)), groups, **options)
    assert used(asked) == used(asked)
    assert used(asked) == used(traffic.experts(list(range(8)), [[1, 2], [3]], **options))


@pytest.mark.parametrize("maker", MAKERS)
def test_what_is_changed_later_is_no_matter(maker):
    for nodes in ([0, 1, 2, 3], np.array([0, 1, 2, 3])):
        asked = MAKERS[maker](nodes)
        before = FABRICS[1].congestion(asked)
        nodes[:] = [8, 16, 24, 32]
        assert FABRICS[1].congestion(asked) == before


def test_a_bandwidth_of_a_generator_is_asked_again():
    answer = NET.bandwidth((node for node in range(4)), iter([9]))
    answer.verify()
    again = pickle.loads(pickle.dumps(answer))
    assert again.kbit_per_s == answer.kbit_per_s == 400_000_000
    again.verify()


RANKS = {
    "selection": NET.select("chip", chip=slice(0, 16)),
    "text": "chip[chip=0:16]",
    "list of texts": ["chip[chip=0:8]", "chip[chip=8:16]"],
    "list of selections": [NET.select("chip", pod_row=row) for row in (0, 1)],
    "list of arrays": [np.arange(8), np.arange(8, 16)],
    "array": np.arange(16),
    "range": range(16),
    "generator": None,
    "set": set(range(16)),
    "mixed": [0, "chip[chip=1:8]", np.arange(8, 16)],
}


@pytest.mark.parametrize("form", RANKS)
def test_a_collective_counts_ranks(form):
    def ranks():
        return (node for node in range(16)) if RANKS[form] is None else RANKS[form]

    # Each of 16 ranks sends 15/16 of 1 GB twice around the ring, over 400 Gb/s.
    ring = traffic.collective("all_reduce", ranks(), gbyte=1)
    assert used(ring) == pytest.approx(2 * 15 / 16 * 8 / 400)
    straight = traffic.collective("all_to_all", ranks(), gbyte=1)
    assert used(straight) == pytest.approx(15 / 16 * 8 / 400)
    assert used(straight * 2) == pytest.approx(2 * used(straight))


def test_ranks_of_several_selections_are_one():
    both = [NET.select("chip", chip=slice(0, 12)), NET.select("chip", chip=slice(4, 16))]
    straight = traffic.collective("all_to_all", both, gbyte=1)
    assert used(straight) == pytest.approx(15 / 16 * 8 / 400)
    with pytest.raises(SelectionError, match="node 4 has two ranks"):
        NET.congestion(traffic.collective("all_reduce", both, gbyte=1))


@pytest.mark.parametrize("op", ["all_reduce", "all_to_all"])
def test_a_collective_of_one(op):
    for nodes in ([], [3], NET.select("chip", chip=0), [np.array([3])], 3):
        with pytest.raises(SelectionError, match=r"two ranks or more, and [01] is given"):
            traffic.collective(op, nodes, gbyte=1)
    with pytest.raises(SelectionError, match="needs two nodes or more"):
        NET.congestion(traffic.collective(op, "chip[chip=0]", gbyte=1))


def test_jobs_count_the_ranks_of_a_collective():
    for op, each in (("all_reduce", 2 * 15 / 16 * 8), ("all_to_all", 15 / 16 * 8)):
        work = traffic.collective(op, ["chip[chip=0:8]", "chip[chip=8:16]"], gbyte=1)
        alone = pp.jobs.share(NET, [pp.jobs.Job("a", "chip[chip=0:16]", work)])
        assert alone.round_gbit[0] == pytest.approx(each)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("node", [-1, 76, 2**32, 2**40, 2**62, 2**63, 2**70])
def test_ids_out_of_range(maker, node):
    for fabric in FABRICS:
        with pytest.raises(SelectionError, match=f"{node} "):
            fabric.congestion(MAKERS[maker]([0, 1, 2, node]))


@pytest.mark.parametrize("node", [-1, 76, 2**40, 2**70])
def test_ranks_out_of_range(node):
    for fabric in FABRICS:
        for ranks in ([0, node], [node, node], ["chip[chip=0]", node]):
            with pytest.raises(SelectionError, match=f"{node} "):
                fabric.collective("all_reduce", ranks)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    ("nodes", "error"),
    [
        (np.ma.array([1, 2, 3, 4], mask=[0, 1, 0, 0]), InputTypeError),
        ([np.ma.array([1, 2, 3, 4], mask=[0, 1, 0, 0])], InputTypeError),
        (np.array(["a", "b", "c", "d"]), PinchpointError),
        (np.array([1.0, 2.0, 3.0, 4.0]), InputTypeError),
        ([True, False, 2, 3], InputTypeError),
        (b"abcd", InputTypeError),
        (None, InputTypeError),
        (2.0, InputTypeError),
    ],
)
def test_no_nodes(maker, nodes, error):
    for fabric in FABRICS:
        with pytest.raises(error):
            fabric.congestion(MAKERS[maker](nodes))


@pytest.mark.parametrize("maker", ["ring", "permutation", "skewed"])
def test_too_few(maker):
    for nodes in ([], (), np.array([], int), np.array(3), 3, "chip[chip=0]"):
        with pytest.raises(SelectionError, match="needs two nodes or more"):
            NET.congestion(MAKERS[maker](nodes))


def test_an_array_without_a_dimension_is_a_node():
    assert used(MAKERS["incast"](np.array(3))) == used(MAKERS["incast"](3))


@pytest.mark.parametrize(
    "ask",
    [
        lambda bad: traffic.from_table({"source": [0]}, source=bad),
        lambda bad: traffic.parallelism("chip", tp=2).traffic("tp", bad, gbit_per_s=1),
        lambda bad: traffic.collective(bad, [0, 1], gbyte=1),
        lambda bad: traffic.ring([0, 1], gbit_per_s=bad),
        lambda bad: pp.jobs.Job(bad, [0, 1]),
        lambda bad: pp.FabricBuilder("a").nodes("chip", forwards=bad),
        *(
            lambda bad, option=option: NET.congestion(MAKERS["ring"]([0, 1]), **{option: bad})
            for option in ("routing", "split", "salted", "unreachable", "forwarding")
        ),
        lambda bad: NET.fair_rates(MAKERS["ring"]([0, 1]), capped=bad),
    ],
)
def test_arrays_are_no_text_and_no_flag(ask):
    with pytest.raises(PinchpointError, match="array"):
        ask(np.array([1, 2]))


@pytest.mark.parametrize("routing", ["ecmp", "ecmp-hash", "single"])
@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"salted": "no"}, InputTypeError),
        ({"salted": 1}, InputTypeError),
        ({"queue_pairs": 0}, SelectionError),
        ({"queue_pairs": "x"}, InputTypeError),
        ({"queue_pairs": True}, InputTypeError),
        ({"seeds": "x"}, InputTypeError),
        ({"seeds": None}, InputTypeError),
        ({"seeds": []}, SelectionError),
        ({"seeds": [-1]}, SelectionError),
        ({"seeds": [1 << 64]}, SelectionError),
        ({"seeds": [1.5]}, InputTypeError),
        ({"seeds": np.array(3)}, InputTypeError),
    ],
)
def test_options_are_checked_whatever_the_fabric_and_routing(routing, option, error):
    asked = traffic.all_to_all("chip", gbit_per_s=1.0)
    (name,) = option
    for fabric in FABRICS:
        with pytest.raises(error, match=f"{name}.* is "):
            fabric.congestion(asked, routing=routing, **option)


def test_capped_is_a_flag():
    for value in ("no", None, 0):
        with pytest.raises(InputTypeError, match=r"capped is .*; it must be True or False"):
            NET.fair_rates(MAKERS["ring"]([0, 1]), capped=value)
    assert NET.fair_rates(MAKERS["ring"]([0, 1]), capped=np.bool_(False)).rates.max() == 400


def test_zeros_of_a_sparse_matrix_are_no_traffic():
    sparse = pytest.importorskip("scipy.sparse")
    for make in (sparse.coo_array, sparse.csr_array):
        matrix = make(sparse.coo_array(([0.0, 2.0, 0.0], ([0, 0, 1], [0, 1, 0])), shape=(2, 2)))
        assert repr(traffic.from_matrix(matrix)) == "Traffic(1 pair)"
    kept = sparse.coo_array(([3.0], ([0], [0])), shape=(2, 2))
    with pytest.raises(PinchpointError):
        NET.congestion(traffic.from_matrix(kept))
    with pytest.raises(GraphError, match="nodes has 0 dimensions"):
        traffic.from_matrix([[0, 1], [0, 0]], nodes=np.array(3))


def test_rates_near_the_largest_float_print():
    asked = traffic.pairs([0, 2], [1, 3], 8e307)
    for fabric in FABRICS:
        text = repr(fabric.congestion(asked))
        assert "2e+307%" in text
        assert len(text) < 300


def test_pairs_without_a_way_are_listed_once():
    cut = FABRICS[1].without("leaf[leaf=0]")
    lost = cut.congestion(traffic.pairs([0, 0, 0], [3, 3, 3])).unreachable
    assert lost.listed == ((0, 3),)
    assert lost.pairs == 3  # once for each time that it is listed
    assert "once for each time" in type(lost).__doc__
