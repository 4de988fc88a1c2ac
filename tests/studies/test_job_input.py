"""What jobs refuse, and that pairs of ranks are counted once."""

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint import jobs, traffic
from pinchpoint.errors import InputTypeError, PinchpointError, SelectionError
from pinchpoint.jobs import Job

NET = pp.clusters.leaf_spine(64, radix=16)
RANKS = [0, 1, 9, 10]
EACH = list(range(4))


def ring(ranks=EACH):
    return traffic.ring(ranks, gbit_per_s=1.0)


def all_to_all(ranks=EACH):
    return traffic.all_to_all(ranks, gbit_per_s=1.0)


def sending(*parts):
    """Pairs of ranks that send, listed one by one."""
    pairs = set()
    for part in parts:
        rates = NET.fair_rates(part)
        pairs |= set(zip(rates.sources.tolist(), rates.sinks.tolist(), strict=True))
    return pairs


@pytest.mark.parametrize(
    "parts",
    [
        (all_to_all(),),
        (ring(),),
        (all_to_all(), ring()),
        (ring(), ring([3, 2, 1, 0])),
        (traffic.pairs([0, 0, 0, 2], [3, 3, 2, 3]),),
        (traffic.between([0, 1], [2, 3], gbit_per_s=1), traffic.between([1], EACH, gbit_per_s=1)),
        (traffic.experts(EACH, [[0, 1], [1, 2], [3]], exponent=1, per_chip_gbit_per_s=1), ring()),
        (traffic.between([0, 1], [2], gbit_per_s=1), traffic.pairs([0, 0, 2], [2, 3, 0]), ring()),
    ],
)
def test_a_drain_counts_pairs_once(parts):
    whole = parts[0]
    for part in parts[1:]:
        whole += part
    # Ranks 2 and 3 are below leaf 1: what they send and receive is cut.
    expected = sum(1 for pair in sending(*parts) if {2, 3} & set(pair))
    cost = jobs.drain(NET, [Job("a", RANKS, whole)], "leaf[leaf=1]")
    assert cost.cut_off_pairs == (expected,)
    cut = NET.without("leaf[leaf=1]")
    says = f"job 'a': {expected} pairs? of its ranks (is|are) cut off"
    with pytest.raises(SelectionError, match=says):
        jobs.share(cut, [Job("a", RANKS, whole)])
    with pytest.raises(SelectionError, match=says):
        jobs.placement(cut, Job("a", RANKS, whole), free="chip")


def test_a_drain_counts_pairs_of_all_phases_once():
    work = jobs.Schedule("all_reduce", "ring")
    cost = jobs.drain(NET, [Job("a", RANKS, work), Job("b", [2, 3])], "leaf[leaf=1]")
    assert cost.cut_off_pairs == (3, 0)


@pytest.mark.parametrize("node", [-1, 76, 2**40, 2**70])
@pytest.mark.parametrize("pattern", ["all_to_all", "ring", jobs.Schedule("all_reduce")])
def test_ranks_out_of_range(node, pattern):
    for fabric in (NET, NET.materialize()):
        with pytest.raises(SelectionError, match=f"job 'a': .*node id {node} at position 1"):
            Job("a", [0, node], pattern).phases(fabric)


@pytest.mark.parametrize("node", [4, 2**40, 2**70])
def test_traffic_of_ranks_there_are_not(node):
    for pattern in (ring([0, node]), all_to_all([0, node])):
        with pytest.raises(SelectionError, match=f"names rank {node}; there are 4"):
            Job("a", RANKS, pattern).phases(NET)


def test_ranks_stay_as_they_are():
    job = Job("a", (node for node in RANKS))
    assert job.ids(NET) == job.ids(NET) == RANKS
    for own in (list(RANKS), np.array(RANKS)):
        job = Job("a", own)
        own[0] = 30
        assert job.ids(NET) == RANKS


@pytest.mark.parametrize(
    "ranks",
    [np.array(3), np.ma.array([1, 2], mask=[0, 1]), [True, False], [None], None, 3.5, b"ab", []],
)
def test_no_ranks(ranks):
    with pytest.raises(PinchpointError):
        Job("a", ranks).ids(NET)


@pytest.mark.parametrize("pattern", [np.array([1, 2]), None, 3, "rings", ring(3.5), ring([True])])
def test_no_pattern(pattern):
    with pytest.raises(PinchpointError):
        Job("a", RANKS, pattern).phases(NET)


@pytest.mark.parametrize("seed", [None, "a", 1.5, True])
def test_seeds_of_a_placement(seed):
    with pytest.raises(InputTypeError, match=r"seed is .*; it must be a whole number"):
        jobs.placement(NET, Job("a", RANKS), free="chip", seed=seed)


def test_a_placement_of_no_job():
    with pytest.raises(InputTypeError, match="job is a str; it must be a Job"):
        jobs.placement(NET, "a", free="chip")
    with pytest.raises(InputTypeError, match="topology is a str; it must be a Topology"):
        jobs.placement(NET, Job("a", RANKS), free="chip", topology="a")
    with pytest.raises(InputTypeError, match="fabric is a str; it must be a Fabric"):
        Job("a", RANKS).ids("a")
