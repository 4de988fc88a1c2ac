"""How many failures: bounds against trying every choice, intervals against the definition."""

from itertools import combinations
from math import comb

import pinchpoint as pp
import pytest
from pinchpoint.errors import InputTypeError, ScenarioError
from pinchpoint.scenarios import Scenario
from pinchpoint.studies.curve import interval
from pinchpoint.studies.elements import Population, Wiring, gathered


def brute_force(fabric, ends, limit_gbit, among):
    """The fewest failures below the limit, by trying all choices; None if there is none."""
    chosen = [fabric.select_links(one) if "-" in one else fabric.select(one) for one in among]
    wiring = Wiring(fabric)
    elements = list(Population.of(wiring, chosen).each())
    for k in range(len(elements) + 1):
        for some in combinations(elements, k):
            changed = Scenario("", gathered(wiring, some)).apply(fabric)
            if changed.bandwidth(*ends).gbit_per_s < limit_gbit:
                return k
    return None


def small(uplink="100Gb/s", direct=0):
    b = pp.FabricBuilder("small")
    chip = b.nodes("chip", leaf=2, chip=2)
    leaf = b.nodes("leaf", leaf=2)
    spine = b.nodes("spine", spine=3)
    b.links(chip, leaf, "200Gb/s")
    b.links(leaf, spine, uplink)
    if direct:
        b.links(leaf, leaf, f"{direct}Gb/s", join={}, name="leaf-leaf")
    return b.build()


@pytest.mark.parametrize("effort", [4000, 30, 1])
@pytest.mark.parametrize("direct", [0, 150])
@pytest.mark.parametrize("below", [90, 100, 200, 210, 300, 310])
def test_bounds_hold_against_every_choice(effort, direct, below):
    fabric = small(direct=direct)
    ends = "chip[leaf=0]", "chip[leaf=1]"
    for among in (["leaf-spine"], ["chip-leaf"], ["leaf-spine", "chip-leaf"], ["spine"]):
        if direct and len(among) == 1 and among[0] == "leaf-spine":
            among = ["leaf-spine", "leaf-leaf"]
        found = pp.failures_until(fabric, *ends, below=f"{below}Gb/s", among=among, effort=effort)
        expected = brute_force(fabric, ends, below, among)
        if expected is None:
            assert found.upper is None
            continue
        assert found.lower <= expected <= found.upper, (among, found)
        if effort == 4000:
            assert found.exact == expected
        if found.witness is not None:
            assert found.witness.apply(fabric).bandwidth(*ends).gbit_per_s < below


def test_a_million_chips_by_the_cut():
    fabric = pp.clusters.trn3_ultracluster(ultraservers=7168)
    ends = "chip[ultraserver=0]", "chip[ultraserver=7167]"
    found = pp.failures_until(fabric, *ends, below="3TB/s", among="leaf-spine", effort=40)
    # 28.8 Tb/s over links of 200 Gb/s: 24 leave exactly 24 Tb/s, 25 leave less.
    assert (found.lower, found.upper, found.exact) == (25, 25, 25)
    assert "25 failures" in str(found)
    assert found.to_dict()["exact"] == 25


def test_slack_needs_more_failures():
    """Uplinks carry twice what the chips can send: half of them may fail for nothing."""
    fabric = small(uplink="400Gb/s")
    found = pp.failures_until(
        fabric, "chip[leaf=0]", "chip[leaf=1]", below="400Gb/s", among="leaf-spine", effort=1
    )
    assert found.lower <= 3 <= found.upper
    never = pp.failures_until(
        small(direct=500), "chip[leaf=0]", "chip[leaf=1]", below="400Gb/s", among="leaf-spine"
    )
    assert never.upper is None
    assert "no number" in str(never)


def test_explicit_fabrics():
    fabric = pp.Fabric.from_links([0, 0, 0, 1, 2, 3], [1, 2, 3, 4, 4, 4], [5, 4, 3, 5, 4, 3])
    found = pp.failures_until(fabric, 0, 4, below="6Gb/s", among="node-node")
    assert found.exact == brute_force(fabric, (0, 4), 6, ["node-node"]) == 2
    bounds = pp.failures_until(fabric, 0, 4, below="6Gb/s", among="node-node", effort=7)
    assert bounds.lower <= 2 <= bounds.upper


def test_already_below():
    found = pp.failures_until(small(), "chip[leaf=0]", "chip[leaf=1]", below="1Tb/s", among="spine")
    assert found.exact == 0


def test_random_failures():
    fabric = small()
    ends = "chip[leaf=0]", "chip[leaf=1]"
    curve = pp.failure_curve(
        fabric, *ends, below="200Gb/s", among="leaf-spine", failures=[1, 2, 3, 6], count=150
    )
    # Of the 15 pairs of uplinks, 12 use two spines and leave 100 Gb/s; 3 share one, leaving 200.
    exact = [0.0, 12 / 15, 1.0, 1.0]
    for low, probability, high in zip(curve.low, exact, curve.high, strict=True):
        assert low <= probability <= high
    assert curve.share_below[0] == 0
    assert curve.min_gbit_per_s[3] == 0
    again = pp.failure_curve(
        fabric, *ends, below="200Gb/s", among="leaf-spine", failures=[1, 2, 3, 6], count=150
    )
    assert again == curve


def test_intervals_are_exact():
    for hits, count in ((0, 20), (1, 20), (7, 20), (20, 20)):
        low, high = interval(hits, count, 0.9)

        def tail(p, some, count=count):
            return sum(comb(count, k) * p**k * (1 - p) ** (count - k) for k in some)

        if hits:
            assert tail(low, range(hits, count + 1)) == pytest.approx(0.05)
        if hits < count:
            assert tail(high, range(hits + 1)) == pytest.approx(0.05)


def test_bad_input():
    ends = "chip[leaf=0]", "chip[leaf=1]"
    with pytest.raises(pp.PinchpointError, match="unit"):
        pp.failures_until(small(), *ends, below="200", among="spine")
    with pytest.raises(ScenarioError, match="never below zero"):
        pp.failures_until(small(), *ends, below="0Gb/s", among="spine")
    with pytest.raises(ScenarioError, match="between 0 and 1"):
        pp.failure_curve(small(), *ends, below="1Gb/s", among="spine", failures=[1], confidence=95)
    with pytest.raises(InputTypeError, match="both links and nodes"):
        pp.failure_curve(small(), *ends, below="1Gb/s", among=["spine", "leaf-spine"], failures=[1])
    for effort in ("x", 1.5, None, True):
        with pytest.raises(InputTypeError, match="effort is"):
            pp.failures_until(small(), *ends, below="1Gb/s", among="spine", effort=effort)
    with pytest.raises(ScenarioError, match="effort is -1"):
        pp.failures_until(small(), *ends, below="1Gb/s", among="spine", effort=-1)
