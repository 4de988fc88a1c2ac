"""Which switches reduce for all ranks: the same on the quotient and link by link."""

import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from property.profile import cases


def test_switches_that_are_down_do_not_reduce():
    """Half of them are left: a chip has half of 900 GB/s, for S (1 + 1/72) each way."""
    rack = pp.clusters.gb200_nvl72().without("switch[switch=0:9]")
    for fabric in (rack, rack.materialize()):
        answer = fabric.collective("all_reduce", in_network=True)
        assert answer.algorithm == "nvls"
        assert answer.busbw_gbyte_per_s == pytest.approx(2 * 71 / 73 * 450, rel=1e-12)
        assert "through 9 switches" in answer.binding


def test_two_bundles_of_one_rank_are_no_two_ranks():
    b = pp.FabricBuilder("lopsided")
    chip, switch, leaf = b.nodes("chip", chip=2), b.nodes("switch"), b.nodes("leaf")
    for name in ("x", "y"):
        b.links(chip.where(chip=0), switch, "400Gb/s", join={}, name=name)
    b.links(chip.where(chip=1), leaf, "8Gb/s", join={})
    b.links(leaf, switch, "8Gb/s", join={}, name="z")
    fabric = b.build()
    for own in (fabric, fabric.materialize()):
        answer = own.collective("all_reduce", in_network=True)
        assert (answer.algorithm, answer.seconds, answer.seconds_lower) == ("optimum", 1.0, 1.0)


@st.composite
def racks(draw):
    """Chips on switches by one or two bundles, some of it failed or slower."""
    chips, switches = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    b = pp.FabricBuilder("rack")
    chip = b.nodes("chip", forwards=False, chip=chips)
    switch = b.nodes("switch", switch=switches)
    b.links(chip, switch, "100Gb/s", join={}, multiplicity=draw(st.integers(1, 2)), name="all")
    some = st.sets(st.integers(0, 4), min_size=1)
    if draw(st.booleans()):
        part = [own for own in draw(some) if own < chips] or [0]
        b.links(chip.where(chip=part), switch, "50Gb/s", join={}, name="some")
    fabric = b.build()
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, chips - 1)), draw(st.integers(0, switches - 1))
        link = f"all[chip={at[0]},switch={at[1]}]"
        what = draw(st.sampled_from(["link", "switch", "slow", "slow switch"]))
        if what == "link":
            fabric = fabric.without(link)
        elif what == "switch":
            fabric = fabric.without(f"switch[switch={at[1]}]")
        elif what == "slow":
            fabric = fabric.scaled(link, 0.5)
        else:
            fabric = fabric.scaled(f"all[switch={at[1]}]", 0.5)
    ranks = draw(some)
    return fabric, [f"chip[chip={own}]" for own in sorted(ranks) if own < chips]


@cases(300)
@given(racks(), st.sampled_from(["hardware", "all"]))
def test_the_quotient_finds_what_the_links_say(rack, forwarding):
    fabric, ranks = rack
    if len(ranks) < 2:
        return
    ask = {"ranks": ranks, "in_network": True, "forwarding": forwarding}
    answers = [own.collective("all_reduce", **ask) for own in (fabric, fabric.materialize())]
    one, other = ((a.algorithm, a.seconds, a.seconds_lower, a.optimal) for a in answers)
    assert one == other
    assert answers[0].seconds >= answers[0].seconds_lower
