"""Collectives refuse what they cannot mean, and say what it was."""

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import (
    CapacityError,
    FormatError,
    InputTypeError,
    PinchpointError,
    SelectionError,
    TimeLimitError,
)

INF = float("inf")


@pytest.fixture(scope="module")
def rack():
    return pp.clusters.gb200_nvl72()


@pytest.mark.parametrize(
    ("op", "options", "error", "words"),
    [
        ("allreduze", {}, SelectionError, 'did you mean "all_reduce"'),
        (3, {}, InputTypeError, "op is 3"),
        ("all_reduce", {"gbyte": 0}, CapacityError, "gbyte is 0"),
        ("all_reduce", {"gbyte": float("nan")}, CapacityError, "gbyte is nan"),
        ("all_reduce", {"gbyte": "1GB"}, InputTypeError, "gbyte is '1GB'"),
        ("all_reduce", {"forwarding": "some"}, SelectionError, "forwarding is 'some'"),
        ("all_reduce", {"ranks": "chip[chip=0]"}, SelectionError, "two ranks or more"),
        ("all_to_all", {"ranks": "chip[chip=0]"}, SelectionError, "two ranks or more"),
        ("all_reduce", {"ranks": []}, SelectionError, "ranks is empty"),
        ("all_reduce", {"ranks": ["chip[chip=0:4]", "chip[chip=3]"]}, SelectionError, "chip=3"),
        ("all_reduce", {"ranks": [4, 5, 4]}, SelectionError, "is a rank twice"),
        ("all_reduce", {"root": "chip[chip=0]"}, SelectionError, "root goes with broadcast"),
        ("broadcast", {"root": "chip"}, SelectionError, "root must be one node"),
        ("broadcast", {"root": "nic[nic=0]"}, SelectionError, "is the root and no rank"),
        ("all_to_all", {"root": "chip[chip=0]"}, SelectionError, "root goes with broadcast"),
        ("send_recv", {"root": "chip[chip=0]"}, SelectionError, "root goes with broadcast"),
        (
            "broadcast",
            {"algorithm": "ring", "root": "nic[nic=0]"},
            SelectionError,
            "root must be one node, and a rank",
        ),
        ("all_reduce", {"algorithm": "star"}, SelectionError, "algorithm is 'star'"),
        ("all_reduce", {"algorithm": "hierarchical"}, SelectionError, "domain"),
        ("all_reduce", {"algorithm": "hierarchical", "domain": 7}, SelectionError, "72 ranks"),
        ("broadcast", {"algorithm": "hierarchical", "domain": 8}, SelectionError, "all_reduce"),
        ("all_reduce", {"time_limit": 0}, TimeLimitError, "time limit"),
        ("all_reduce", {"time_limit": True}, InputTypeError, "time_limit is True"),
        ("all_reduce", {"routing": "x"}, SelectionError, "routing is 'x'; it must be 'ecmp'"),
        ("all_reduce", {"domain": "foo"}, SelectionError, "domain goes with a named algorithm"),
        ("all_reduce", {"in_network": "yes"}, InputTypeError, "in_network is 'yes'"),
        ("all_gather", {"in_network": 1}, InputTypeError, "in_network is 1"),
        ("all_reduce", {"gap": "x"}, InputTypeError, "gap is 'x'"),
    ],
)
def test_refused(rack, op, options, error, words):
    options = dict(options)
    ranks = options.pop("ranks", "chip")
    with pytest.raises(error, match=words.replace("[", r"\[")):
        rack.collective(op, ranks, **options)


def test_no_switch_no_reduction_inside():
    ring = pp.clusters.build("trn2_ultraserver")
    with pytest.raises(SelectionError, match="needs switches that reduce"):
        ring.collective("all_reduce", in_network=True)


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: pp.query.collective("x", ranks="chip", gbyte=1), SelectionError, "op is 'x'"),
        (lambda: pp.query.collective(3, ranks="chip", gbyte=1), InputTypeError, "op is 3"),
        (
            lambda: pp.query.collective("reduce", ranks="chip", gbyte="1GB"),
            InputTypeError,
            "gbyte is '1GB'",
        ),
        (
            lambda: pp.query.collective("reduce", ranks="chip", gbyte=0),
            CapacityError,
            "gbyte is 0",
        ),
        (lambda: pp.query.bisection(3), InputTypeError, "by is 3"),
        (
            lambda: pp.query.congestion(pp.traffic.ring("chip", gbit_per_s=1.0), routing="x"),
            SelectionError,
            "routing is 'x'",
        ),
    ],
)
def test_queries_are_refused_when_they_are_made(ask, error, words):
    with pytest.raises(error, match=words):
        ask()


def test_rank_files(rack, tmp_path):
    path = tmp_path / "ranks.txt"
    path.write_text("# two trays\n" + "".join(f"chip[chip={i}]\n" for i in range(8)) + "\n")
    answer = rack.collective("all_reduce", path)
    assert answer.num_ranks == 8
    same = rack.collective("all_reduce", "chip[chip=0:8]")
    assert answer.to_dict() == same.to_dict()
    for text, words in (
        ("chip[chip=0]\nchip[chip=99]\n", "ranks.txt:2: "),
        ("chip[chip=0]\nchip\n", "ranks.txt:2: chip are 72 nodes"),
        ("chip[chip=1]\nchip[chip=0]\n\nchip[chip=1] # again\n", "ranks.txt:4: .* rank 0 already"),
        ("# none\n", "holds no rank"),
    ):
        path.write_text(text)
        with pytest.raises(FormatError, match=words):
            rack.collective("all_reduce", path)
    with pytest.raises(FormatError, match="no such file"):
        rack.collective("all_reduce", tmp_path / "none.txt")


def test_a_rank_that_is_down_reaches_nobody(rack):
    worse = rack.without(rack.select("chip", chip=5))
    answer = worse.collective("all_gather")
    assert answer.algbw_gbyte_per_s == 0
    assert "chip[chip=5] is down" in answer.binding


@pytest.mark.parametrize("op", ["all_to_all", "send_recv", "all_reduce", "broadcast"])
def test_ranks_that_can_be_read_once(rack, op):
    found = rack.collective(op, iter(range(72)))
    assert found == rack.collective(op, range(72))
    found.verify()


@pytest.mark.parametrize("limit", [np.bool_(True), True, "soon"])
def test_a_time_limit_that_is_no_number(rack, limit):
    with pytest.raises(InputTypeError, match=r"time_limit is .*; it must be a number of seconds"):
        rack.collective("all_reduce", "chip", time_limit=limit)


@pytest.mark.parametrize("limit", [pytest.param(10**5000, id="huge"), INF, -INF, -1])
def test_a_time_limit_out_of_range(rack, limit):
    with pytest.raises(PinchpointError, match=r"time_limit is .*; it must be a number of seconds"):
        rack.collective("all_reduce", "chip", time_limit=limit)
