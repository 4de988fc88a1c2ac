"""Any rack on any network."""

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.clusters._recipe import system_of
from pinchpoint.errors import CatalogueError, InputTypeError, SelectionError

RACKS = {
    "trn2_instance": 3_200,
    "trn2_ultraserver": 12_800,
    "trn3_ultraserver": 28_800,
    "trn4_rack": 14_400,
    "hgx_h100": 3_200,
    "hgx_h200": 3_200,
    "hgx_b200": 3_200,
    "hgx_b300": 6_400,
    "p5": 3_200,
    "p5en": 3_200,
    "p6_b200": 3_200,
    "p6_b300": 6_400,
    "p6e_gb200": 28_800,
    "gh200_nvl32": 12_800,
    "gb200_nvl72": 28_800,
    "gb300_nvl72": 57_600,
    "vera_rubin_nvl72": 115_200,
    "nvlink_fusion_rack": 28_800,
    "tpu_v4": 4096 * 50,
    "tpu_v5e": 256 * 25,
    "tpu_v5p": 8960 * 50,
    "tpu_v6e": 256 * 100,
    "tpu7x": 9216 * 100,
}
TREES = ["fat_tree", "leaf_spine", "clos", "rail_optimized", "rail_only", "efa"]
NETWORKS = [*TREES, "dragonfly"]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(("rack", "gbit_per_s"), RACKS.items())
def test_a_million_chips(rack, gbit_per_s, network):
    system = pp.clusters.build(rack)
    count = -(-(2**20) // system.num_chips)
    cluster = pp.clusters.compose(system, network, count)
    last = f"chip[system={count - 1}]"
    # A rack of a non-blocking network can send what its NICs can.
    assert cluster.bandwidth("chip[system=0]", last).gbit_per_s == gbit_per_s
    assert cluster.is_structured
    assert cluster.num_chips >= 2**20


@pytest.mark.parametrize("rack", ["hgx_h100", "gb200_nvl72", "trn3_ultraserver"])
def test_torus_of_racks(rack):
    system = pp.clusters.build(rack)
    cluster = pp.clusters.compose(system, "torus", 27)
    nics = sum(group.size for group in system.groups if group.name == "nic")
    nic = system.bandwidth("chip", "nic").gbit_per_s / nics
    # A 3x3x3 torus: six links a NIC, but the chips behind it have one.
    one, rest = "chip[system=0]", "chip[system=1:27]"
    assert cluster.bandwidth(one, rest).gbit_per_s == nics * nic
    line = pp.clusters.compose(system, "torus", 3, shape="3", wrap=False)
    between = line.bandwidth("chip[system=0]", "chip[system=2]")
    assert between.gbit_per_s == nics * nic


@pytest.mark.parametrize("network", [*NETWORKS, "torus"])
def test_small_ones_agree_with_the_explicit_solver(network):
    rack = pp.clusters.hgx_h100()
    cluster = pp.clusters.compose(rack, network, 12)
    explicit = cluster.materialize()
    for ends in (("chip[system=0]", "chip[system=11]"), ("chip[system=0:6]", "chip[system=6:12]")):
        quick, slow = cluster.bandwidth(*ends), explicit.bandwidth(*ends)
        assert quick.kbit_per_s == slow.kbit_per_s


@pytest.mark.parametrize("slice_shape", ["4x16", "16x4", "2x2"])
def test_rings_in_a_partial_last_pod(slice_shape):
    # Seven slices on leaves that take several: the last row is short, no ring is cut.
    cluster = pp.clusters.compose(pp.clusters.tpu_v5e(slice_shape), "clos", 7, radix=256, tiers=3)
    explicit = cluster.materialize()
    assert cluster.num_links == explicit.num_links == len(explicit.tails)
    axis = "x" if slice_shape == "16x4" else "y"
    size = int(slice_shape.split("x")[axis == "y"])
    for system in range(7):
        ends = (
            f"chip[system={system},{axis}=0:{size // 2}]",
            f"chip[system={system},{axis}={size // 2}:{size}]",
        )
        assert cluster.bandwidth(*ends).kbit_per_s == explicit.bandwidth(*ends).kbit_per_s


def test_oversubscription_and_radix_are_passed_on():
    rack = pp.clusters.gb200_nvl72()
    cluster = pp.clusters.compose(rack, "clos", 64, radix=128, oversubscription=3, tiers=3)
    assert cluster.bandwidth("chip[system=0]", "chip[system=63]").gbit_per_s == 9_600


def picks(network, count, **options):
    rack = pp.clusters.gb200_nvl72()
    composed = pp.clusters.compose(rack, network, count, **options)
    own = [figure for figure in composed.figures if figure not in rack.figures]
    assert all(figure.status == "assumed" for figure in own)
    assert all(figure.name in str(composed) for figure in own)
    assert all(figure.note for figure in own)
    return {figure.name: figure.value for figure in own}, composed


@pytest.mark.parametrize("network", [*NETWORKS, "torus"])
def test_what_compose_picks_is_listed(network):
    found, composed = picks(network, 100)
    size = {group.name: group.size for group in composed.groups}
    if "spine" in size and network != "fat_tree":
        pods = -(-100 // found.get("systems per pod", 100))
        rails = 4 if network == "rail_only" else 1
        per = next(value for name, value in found.items() if name.startswith("spines"))
        assert per * pods * rails == size["spine"]
    if network in TREES:
        assert found["switch radix"] > found["systems per leaf"]
    if network == "dragonfly":
        assert found["groups"] * found["switches per group"] == size["leaf"]
    if network == "torus":
        assert found == {"torus shape": (4, 5, 5)}


def test_what_is_given_is_not_assumed():
    given = {"radix": 256, "oversubscription": 1, "tiers": 3}
    found, composed = picks("clos", 100, **given)
    assert found == {
        "systems per leaf": 1,
        "systems per pod": 100,
        "spines per pod": 72,
        "cores per spine index": 1,
    }
    names = [group.name for group in composed.groups]
    assert names[-2:] == ["spine", "core"]
    assert picks("torus", 27, shape="3x9")[0] == {}


def test_rail_only_lets_chips_forward():
    rack = pp.clusters.gb200_nvl72()
    one, other = "chip[system=0,chip=0]", "chip[system=99,chip=1]"
    only = pp.clusters.compose(rack, "rail-only", 100)
    assert only.bandwidth(one, other).gbit_per_s > 400
    assert only.bandwidth(one, other, forwarding="none").gbit_per_s == 0
    assert pp.clusters.compose(rack, "rail-optimized", 100).bandwidth(one, other).gbit_per_s == 400


def test_a_rail_has_its_own_leaf():
    # NVIDIA's GB200 SuperPOD: NIC i of every tray on rail i, four rails.
    cluster = pp.clusters.compose(pp.clusters.gb200_nvl72(), "rail-optimized", 8)
    leaf = next(group for group in cluster.groups if group.name == "leaf")
    assert leaf.coordinates["rail"] == 4
    trn3 = pp.clusters.compose(pp.clusters.trn3_ultraserver(), "clos", 8)
    leaf = next(group for group in trn3.groups if group.name == "leaf")
    assert leaf.coordinates["rack"] == 2


def test_the_ultracluster_is_a_composition():
    composed = pp.clusters.compose(pp.clusters.trn3_ultraserver(), "efa", 64, radix=256)
    built = pp.clusters.trn3_ultracluster(64)
    for fabric, name in ((composed, "system"), (built, "ultraserver")):
        half, other = f"chip[{name}=0:32]", f"chip[{name}=32:64]"
        assert fabric.bandwidth(half, other).gbit_per_s == 32 * 28_800


def lab(**nic):
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", forwards=False, tray=pp.radix(5, row=2, column=3), chip=4)
    switch = b.nodes("switch", tray=pp.radix(5, row=2, column=3), capacity="3.2Tb/s")
    card = b.nodes("nic", tray=pp.radix(5, row=2, column=3), chip=4)
    b.links(chip, switch, "0.0009765625kb/s", name="thin")
    b.links(chip.where(chip=slice(0, 2)), switch, "900Gb/s", name="wide", multiplicity=2)
    b.links(chip, card, "100Gb/s")
    b.links(chip, chip, "1Gb/s", join={"tray": "tray"})
    return b.build()


def test_a_fabric_of_ones_own():
    # Views, parts, limits, odd units and default joins come through as built.
    own = lab()
    system = system_of(own)
    again = system.build()
    assert str(again) == str(own)
    a, b = own.materialize(), again.materialize()
    assert np.array_equal(a.tails, b.tails)
    assert np.array_equal(a.heads, b.heads)
    assert np.array_equal(a.gbit_per_s, b.gbit_per_s)
    cluster = pp.clusters.compose(own, "leaf-spine", 30)
    assert cluster.num_chips == 30 * own.num_chips
    assert cluster.bandwidth("chip[system=0]", "chip[system=29]").gbit_per_s == 2_000


@pytest.mark.parametrize(
    ("network", "count", "options", "says"),
    [
        ("leaf-spin", 4, {}, "no network is called 'leaf-spin': did you mean \"leaf_spine\""),
        ("clos", 0, {}, "count=0 is below 1"),
        ("clos", 4, {"radx": 4}, "clos has no option 'radx': did you mean \"radix\""),
        ("clos", 4, {"radix": 64}, r"a leaf needs 144 ports \(72 down and 72 up\) and has 64"),
        ("clos", 4, {"tiers": 1}, "tiers=1 must be one of 2, 3, 4"),
        ("clos", 4, {"oversubscription": 0}, "oversubscription=0"),
        ("leaf-spine", 10**6, {"radix": 256}, "a spine of 2 tiers"),
        ("fat-tree", 4, {"k": 7}, "k=7 must be even"),
        ("fat-tree", 4, {"k": 100}, "a leaf needs 72 ports"),
        ("fat-tree", 10**6, {"k": 144}, "a core for 1,000,000 systems needs"),
        ("torus", 4, {"shape": "3x3"}, "shape=3x3 has 9 places for 4 systems"),
        ("torus", 4, {"shape": "2xx2"}, "must look like"),
        ("dragonfly", 4, {"groups": 1}, "groups=1 is below 2"),
    ],
)
def test_bad_options(network, count, options, says):
    with pytest.raises(CatalogueError, match=says.replace("a leaf needs 72", ".*needs 72")):
        pp.clusters.compose(pp.clusters.gb200_nvl72(), network, count, **options)


def test_only_structured_fabrics_as_built_with_nics():
    rack = pp.clusters.gb200_nvl72()
    with pytest.raises(InputTypeError, match="scale_up is a str"):
        pp.clusters.compose("gb200_nvl72", "clos", 4)
    with pytest.raises(InputTypeError, match="name of a network"):
        pp.clusters.compose(rack, 4, 4)
    with pytest.raises(CatalogueError, match="no group called nic"):
        pp.clusters.compose(pp.clusters.fat_tree(4), "clos", 4)
    with pytest.raises(CatalogueError, match="explicit"):
        pp.clusters.compose(rack.materialize(), "clos", 4)
    with pytest.raises(CatalogueError, match="failed or scaled"):
        pp.clusters.compose(rack.without(rack.select("switch[switch=0]")), "clos", 4)
    with pytest.raises(SelectionError):
        pp.clusters.compose(rack, "clos", 4).select("chip", system=4)
