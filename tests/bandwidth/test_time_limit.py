"""A time limit is a number of seconds everywhere, and refused in one way."""

import pinchpoint as pp
import pytest

FABRIC = pp.Fabric.from_links([0], [1], [1.0])
CALLS = {
    "bandwidth": lambda limit: FABRIC.bandwidth(0, 1, time_limit=limit),
    "pairwise": lambda limit: FABRIC.pairwise([0, 1], time_limit=limit),
    "materialize": lambda limit: FABRIC.materialize(time_limit=limit),
    "maximum_flow": lambda limit: pp.maximum_flow([0], [1], [1], 0, 1, time_limit=limit),
    "max_min_fair": lambda limit: pp.max_min_fair([1.0], [[0]], time_limit=limit),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("limit", [-1, float("nan"), float("inf"), "3", True, [1]])
def test_a_limit_that_is_no_time_is_refused(call, limit) -> None:
    with pytest.raises(pp.PinchpointError, match="time_limit is"):
        call(limit)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_long_limit_changes_nothing(call) -> None:
    call(60)


def test_ids_past_the_limit_are_named() -> None:
    with pytest.raises(pp.PinchpointError, match=r"tails\[1\] is 4294967297"):
        pp.Fabric.from_links([0, 2**32 + 1], [1, 0], [1.0, 2.0])
