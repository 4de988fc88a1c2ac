"""What raising a tier buys, on numbers that can be done by hand."""

import pinchpoint as pp
import pytest


@pytest.fixture
def two_tiers() -> pp.Fabric:
    b = pp.FabricBuilder("two tiers")
    chip = b.nodes("chip", rack=2, chip=8)
    leaf = b.nodes("leaf", rack=2)
    spine = b.nodes("spine", spine=4)
    b.links(chip, leaf, "400Gb/s")
    b.links(leaf, spine, "200Gb/s")
    return b.build()


def test_raising_the_uplinks_pays_until_the_chips_bind(two_tiers: pp.Fabric) -> None:
    r = two_tiers.bandwidth("chip[rack=0]", "chip[rack=1]")
    assert r.gbit_per_s == 800
    assert str(r.bottleneck) == "4 links leaf-spine, 100 GB/s, 100 % of the cut"
    after = r.next_bottleneck
    assert after is not None
    assert (after.bundles, after.factor, after.gbit_per_s) == (("leaf-spine",), 4.0, 3200.0)
    assert [(row.bundle, row.links) for row in after.bottleneck] == [("chip-leaf", 8)]
    assert not after.still_rises


def test_a_tie_gains_nothing(two_tiers: pp.Fabric) -> None:
    even = two_tiers.scaled(two_tiers.select_links("leaf-spine"), 4)
    after = even.bandwidth("chip[rack=0]", "chip[rack=1]").next_bottleneck
    assert after is not None
    assert (after.factor, after.gbit_per_s) == (1.0, 3200.0)
    assert after.bottleneck[0].bundle == "leaf-spine"


def test_a_group_may_have_the_name_of_the_raised_bundle() -> None:
    def beyond(name: str) -> str:
        b = pp.FabricBuilder("limits")
        chip, leaf = b.nodes("chip", chip=4), b.nodes("leaf", leaf=2, capacity="20Gb/s")
        b.links(chip, leaf, "4Gb/s", name=name)
        answer = b.build().bandwidth("chip[chip=0:2]", "chip[chip=2:4]")
        return str(answer.breakpoints(name)[0].bottleneck)

    assert beyond("leaf") == beyond("up") == "2 nodes leaf, 5 GB/s, 100 % of the cut"


def test_a_single_tier_rises_without_end() -> None:
    fabric = pp.Fabric.from_links([0], [1], [100.0])
    r = fabric.bandwidth(0, 1)
    assert r.next_bottleneck is None


def test_breakpoints_need_a_bundle(two_tiers: pp.Fabric) -> None:
    r = two_tiers.bandwidth("chip[rack=0]", "chip[rack=1]")
    with pytest.raises(pp.PinchpointError, match="needs the name of a bundle"):
        r.breakpoints()
    with pytest.raises(pp.PinchpointError, match='did you mean "leaf-spine"'):
        r.breakpoints("leaf-spin")


def test_bisection_says_which_split_is_the_smallest(two_tiers: pp.Fabric) -> None:
    halves = two_tiers.bisection()
    assert [split.by for split in halves.splits] == ["rack", "chip"]
    assert halves.split.by == "rack"
    assert halves.gbit_per_s == 800
    assert str(halves.split) == "rack 0-0 against 1-1: 100 GB/s (800 Gb/s) per direction"
    assert two_tiers.bisection(by="chip").gbit_per_s == 3200


def test_an_odd_size_leaves_the_middle_out() -> None:
    b = pp.FabricBuilder("odd")
    chip = b.nodes("chip", chip=5)
    b.links(chip, b.nodes("switch"), "1Gb/s")
    split = b.build().bisection().split
    assert (split.lower, split.upper) == (slice(0, 2), slice(3, 5))
    assert split.bandwidth.gbit_per_s == 2


def test_pairwise_is_symmetric_and_equal_to_single_queries(two_tiers: pp.Fabric) -> None:
    ends = ["chip[rack=0,chip=0]", "chip[rack=0,chip=1]", "chip[rack=1]"]
    matrix = two_tiers.pairwise(ends).gbit_per_s
    assert matrix.tolist() == [[0, 400, 400], [400, 0, 400], [400, 400, 0]]
    with pytest.raises(pp.PinchpointError, match="two at least"):
        two_tiers.pairwise(ends[:1])
    with pytest.raises(pp.PinchpointError, match="share"):
        two_tiers.pairwise(["chip", "chip[rack=0]"])
