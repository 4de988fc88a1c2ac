"""Collectives on nodes that have a limit, or that do not pass on: no time below its bound."""

from typing import Any

import pinchpoint as pp
import pytest
from pinchpoint.errors import SizeLimitError


def star(leaf: bool = False, **switch: Any) -> pp.Fabric:
    b = pp.FabricBuilder("star")
    chip = b.nodes("chip", n=4)
    b.links(chip, b.nodes("switch", k=1, **switch), "400Gb/s", join={})
    if leaf:
        b.links(chip, b.nodes("leaf"), "100Gb/s", join={})
    return b.build()


@pytest.mark.parametrize("op", ["all_to_all", "send_recv"])
@pytest.mark.parametrize("listed", [False, True])
def test_a_limited_switch_slows_what_crosses_it(op: str, listed: bool) -> None:
    fabric = star(capacity="1Gb/s")
    answer = (fabric.materialize() if listed else fabric).collective(op)
    assert answer.seconds >= answer.seconds_lower > 1
    assert not answer.optimal
    assert star(capacity="100000Gb/s").collective(op).optimal


@pytest.mark.parametrize("switch", [{"forwards": False}, {"capacity": "1Gb/s"}])
@pytest.mark.parametrize("listed", [False, True])
def test_only_switches_that_pass_on_everything_reduce(switch: dict[str, Any], listed: bool) -> None:
    fabric = star(leaf=True, **switch)
    fabric = fabric.materialize() if listed else fabric
    answer = fabric.collective("all_reduce", in_network=True)
    # The leaf alone: S (1 + 1/4) at 100 Gb/s.
    assert answer.seconds == pytest.approx(1.25 * 8 / 100)
    assert answer.seconds >= answer.seconds_lower


@pytest.mark.parametrize("listed", [False, True])
def test_a_limited_rank_sends_no_more_than_its_limit(listed: bool) -> None:
    b = pp.FabricBuilder("limited ranks")
    chip = b.nodes("chip", n=4, capacity="50Gb/s")
    b.links(chip, b.nodes("switch", k=2), "400Gb/s", join={})
    fabric = b.build().materialize() if listed else b.build()
    answer = fabric.collective("all_reduce", in_network=True)
    assert answer.seconds == pytest.approx(1.25 * 8 / 50)


def test_ranks_that_are_switches_do_not_reduce_for_themselves() -> None:
    b = pp.FabricBuilder("ring of switches")
    x = b.nodes("x", role="switch", p=2, q=3)
    b.links(x, x, "10Gb/s", join={})
    fabric = b.build()
    answers = [
        one.collective("all_reduce", ranks="x[p=1]", in_network=True)
        for one in (fabric, fabric.materialize())
    ]
    assert answers[0].seconds == answers[1].seconds
    assert answers[0].algorithm == answers[1].algorithm


def test_a_fabric_too_large_to_cut_is_refused() -> None:
    fabric = pp.Fabric.from_links([0], [1], [1.0], num_nodes=4 * 10**9)
    with pytest.raises(SizeLimitError, match="a collective"):
        fabric.collective("all_gather", ranks=[0, 1])
