"""Small fabrics whose bandwidths are published or follow by hand, and how far they compress."""

import pinchpoint as pp
import pytest


def torus_4x4x4():
    """4 x 4 x 4 torus, x and y 128 GB/s, z 64 GB/s: every 4-ring is a 2 x 2 hypercube."""
    b = pp.FabricBuilder("torus")
    axes = {name: pp.gray(**{f"{name}1": 2, f"{name}0": 2}) for name in "xyz"}
    chip = b.nodes("chip", forwards="scale_up", **axes)
    digits = [f"{axis}{digit}" for axis in "xyz" for digit in (1, 0)]
    for digit in digits:
        rest = {name: name for name in digits if name != digit}
        b.links(chip, chip, "64GB/s" if "z" in digit else "128GB/s", join=rest, name=digit)
    return b.build()


def torus_of_rings():
    """The same torus from rings along plain coordinates."""
    b = pp.FabricBuilder("torus")
    chip = b.nodes("chip", forwards="scale_up", x=4, y=4, z=4)
    for axis in "xyz":
        b.ring(chip, axis, "64GB/s" if axis == "z" else "128GB/s")
    return b.build()


def nvl72():
    """72 GPUs, 18 switch chips, one link of 50 GB/s from every GPU to every chip."""
    b = pp.FabricBuilder("nvl72")
    chip = b.nodes("chip", forwards=False, chip=72)
    b.links(chip, b.nodes("switch", switch=18), "50GB/s", join={})
    return b.build()


def hgx():
    """8 GPUs and 4 switch chips, 4, 5, 5 and 4 links of 25 GB/s from every GPU."""
    b = pp.FabricBuilder("hgx")
    chip = b.nodes("chip", forwards=False, chip=8)
    switch = b.nodes("switch", switch=4)
    outer, inner = switch.where(switch=[0, 3]), switch.where(switch=[1, 2])
    b.links(chip, outer, "25GB/s", join={}, multiplicity=4, name="outer")
    b.links(chip, inner, "25GB/s", join={}, multiplicity=5, name="inner")
    return b.build()


def fat_tree(k):
    """The k-ary fat tree of Al-Fares et al. (SIGCOMM 2008): full bisection of k^3/4 hosts."""
    b = pp.FabricBuilder("fat tree")
    h = k // 2
    host = b.nodes("host", role="chip", forwards=False, pod=k, edge=h, host=h)
    edge = b.nodes("edge", pod=k, edge=h)
    agg = b.nodes("agg", pod=k, agg=h)
    core = b.nodes("core", agg=h, core=h)
    b.links(host, edge, "1Gb/s")
    b.links(edge, agg, "1Gb/s")
    b.links(agg, core, "1Gb/s")
    return b.build()


@pytest.mark.parametrize("make", [torus_4x4x4, torus_of_rings])
def test_torus_has_three_links_per_chip_and_axis_pair(make):
    torus = make()
    assert torus.num_links == 192
    assert torus.num_nodes == torus.num_chips == 64


@pytest.mark.parametrize("make", [torus_4x4x4, torus_of_rings])
@pytest.mark.parametrize(
    ("offset", "classes"),
    [((1, 0, 0), 24), ((2, 0, 0), 27), ((1, 2, 1), 32), ((2, 2, 2), 15)],
)
def test_torus_one_to_one(make, offset, classes):
    torus = make()
    there = "chip[x={},y={},z={}]".format(*offset)
    answer = torus.bandwidth("chip[x=0,y=0,z=0]", there)
    assert answer.gbyte_per_s == 640  # 2 x 128 + 2 x 128 + 2 x 64: all links of one chip
    assert answer.certificate.classes == classes
    assert torus.materialize().bandwidth("chip[x=0,y=0,z=0]", there).gbyte_per_s == 640


@pytest.mark.parametrize("make", [torus_4x4x4, torus_of_rings])
def test_torus_plane_to_plane(make):
    answer = make().bandwidth("chip[z=0]", "chip[z=2]")
    assert answer.gbyte_per_s == 2_048  # 16 chips x 2 directions x 64
    assert answer.certificate.classes == 3


def test_nvl72():
    rack = nvl72()
    assert rack.num_links == 1_296
    one = rack.bandwidth("chip[chip=0]", "chip[chip=1]")
    assert (one.gbyte_per_s, one.certificate.classes) == (900, 3)  # 18 links of 50
    rest = rack.bandwidth("chip[chip=0]", "chip[chip=1:72]")
    assert (rest.gbyte_per_s, rest.certificate.classes) == (900, 3)
    half = rack.bandwidth("chip[chip=0:36]", "chip[chip=36:72]")
    assert half.gbyte_per_s == 32_400  # 36 x 900
    assert str(one.bottleneck) == "18 links chip-switch, 900 GB/s, 100 % of the cut"


def test_nvl72_chips_that_do_not_relay_change_nothing_and_relaying_adds_nothing():
    rack = nvl72()
    for forwarding in ("hardware", "all", "none"):
        one = rack.bandwidth("chip[chip=0]", "chip[chip=1]", forwarding=forwarding)
        assert one.gbyte_per_s == 900
        # Chips that may not relay take no part; where they may, they are one class more.
        assert one.certificate.classes == (4 if forwarding == "all" else 3)


def test_hgx():
    box = hgx()
    assert box.num_links == 8 * 18
    one = box.bandwidth("chip[chip=0]", "chip[chip=1]")
    assert (one.gbyte_per_s, one.certificate.classes) == (450, 4)
    one = box.bandwidth("chip[chip=0]", "chip[chip=1]", forwarding="all")
    assert (one.gbyte_per_s, one.certificate.classes) == (450, 5)
    half = box.bandwidth("chip[chip=0:4]", "chip[chip=4:8]")
    assert half.gbyte_per_s == 1_800
    rows = {row.bundle: (row.links, row.gbit_per_s) for row in half.bottleneck}
    assert rows == {"inner": (40, 8_000.0), "outer": (32, 6_400.0)}


@pytest.mark.parametrize("k", [4, 8, 96])
def test_fat_tree_has_full_bisection(k):
    tree = fat_tree(k)
    assert tree.num_chips == k**3 // 4
    half = slice(0, k // 2), slice(k // 2, k)
    ends = [tree.select("host", pod=pods) for pods in half]
    assert tree.bandwidth(*ends).gbit_per_s == k**3 // 8
    near, far = "host[pod=0,edge=0,host=0]", "host[pod=1,edge=0,host=0]"
    assert tree.bandwidth(near, far).gbit_per_s == 1
    edge, other = "edge[pod=0,edge=0]", "edge[pod=1,edge=0]"
    assert tree.bandwidth(edge, other).gbit_per_s == k // 2


@pytest.mark.parametrize("dimension", [6, 10])
def test_hypercube_one_to_one_is_its_dimension(dimension):
    b = pp.FabricBuilder("hypercube")
    digits = [f"d{i}" for i in range(dimension)]
    node = b.nodes("chip", **dict.fromkeys(digits, 2))
    for digit in digits:
        rest = {name: name for name in digits if name != digit}
        b.links(node, node, "1Gb/s", join=rest, name=digit)
    cube = b.build()
    assert cube.num_links == dimension * 2 ** (dimension - 1)
    last = "chip[" + ",".join(f"{digit}=1" for digit in digits) + "]"
    first = last.replace("=1", "=0")
    assert cube.bandwidth(first, last).gbit_per_s == dimension
    # One class per distance; past some dimension listing the links is cheaper than finding them.
    found = cube.bandwidth(first, last).certificate
    assert (found.method, found.classes) in {("quotient", dimension + 1), ("listed", 0)}
    assert found.method == "quotient" or dimension > 6


def test_rings():
    b = pp.FabricBuilder("ring")
    chip = b.nodes("chip", x=9)
    b.ring(chip, "x", "10Gb/s")
    ring = b.build()
    assert ring.num_links == 9
    assert ring.bandwidth("chip[x=0]", "chip[x=4]").gbit_per_s == 20
    b = pp.FabricBuilder("line")
    chip = b.nodes("chip", x=9)
    b.ring(chip, "x", "10Gb/s", wrap=False)
    line = b.build()
    assert line.num_links == 8
    assert line.bandwidth("chip[x=0]", "chip[x=8]").gbit_per_s == 10
    assert line.bandwidth("chip[x=0]", "chip[x=8]", forwarding="none").gbit_per_s == 0


def test_disconnected_ends_have_no_bandwidth():
    b = pp.FabricBuilder("islands")
    chip = b.nodes("chip", island=3, chip=4)
    b.links(chip, b.nodes("leaf", island=3), "400Gb/s")
    islands = b.build()
    for fabric in (islands, islands.materialize()):
        answer = fabric.bandwidth("chip[island=0]", "chip[island=2]")
        assert answer.kbit_per_s == 0
        assert answer.bottleneck.rows == answer.bottleneck_sink.rows == ()
        assert str(answer.bottleneck) == "nothing joins the two ends"
        assert not answer.flow().gbit_per_s.any()
        answer.verify()


def test_removed_ends_send_nothing():
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", chip=4)
    b.links(chip, b.nodes("leaf"), "400Gb/s")
    lab = b.build()
    worse = lab.without(lab.select("chip", chip=0))
    for fabric in (
        worse,
        worse.materialize(),
        lab.materialize().without(lab.select("chip[chip=0]")),
    ):
        assert fabric.num_chips == 3
        assert fabric.num_links == 3
        assert fabric.bandwidth("chip[chip=0]", "chip[chip=1]").kbit_per_s == 0
        assert fabric.bandwidth("chip[chip=1]", "chip[chip=0]").kbit_per_s == 0
        assert fabric.bandwidth("chip[chip=0:2]", "leaf").gbit_per_s == 400
        assert fabric.materialize().gbit_per_s.tolist() == [0, 400, 400, 400]
    gone = lab.without(lab.select("leaf"))
    for fabric in (gone, gone.materialize()):
        assert fabric.num_links == 0
        assert fabric.bandwidth("chip[chip=0]", "chip[chip=1]").kbit_per_s == 0


def test_what_is_lost_at_an_end_counts_and_what_is_lost_elsewhere_does_not():
    b = pp.FabricBuilder("leaves")
    chip, leaf = b.nodes("chip", leaf=1000, chip=8), b.nodes("leaf", leaf=1000)
    b.links(chip, leaf, "100Gb/s")
    b.links(leaf, b.nodes("spine", spine=8), "100Gb/s", join={})
    lost = [f"leaf-spine[leaf={leaf},spine={leaf % 8}]" for leaf in range(1, 1000, 7)]
    fabric = b.build().without(*lost)
    # Leaves 1 and 8 have lost an uplink, leaves 0 and 2 have not; nobody else matters.
    for ends, gbit_per_s, pinch in [
        ((0, 1), 700, "leaf-spine"),
        ((1, 0), 700, "leaf-spine"),
        ((1, 8), 700, "leaf-spine"),
        ((0, 2), 800, "chip-leaf"),
    ]:
        answer = fabric.bandwidth(*(f"chip[leaf={own}]" for own in ends))
        assert answer.gbit_per_s == gbit_per_s
        for bottleneck in (answer.bottleneck, answer.bottleneck_sink):
            assert [row.bundle for row in bottleneck.rows] == [pinch]
            assert [row.links for row in bottleneck.rows] == [gbit_per_s // 100]


def test_a_node_limit_binds_and_is_named():
    b = pp.FabricBuilder("limited")
    chip = b.nodes("chip", chip=8)
    b.links(chip, b.nodes("leaf", capacity="1Tb/s"), "400Gb/s")
    fabric = b.build()
    for own in (fabric, fabric.materialize()):
        answer = own.bandwidth("chip[chip=0:4]", "chip[chip=4:8]")
        assert answer.gbit_per_s == 1_000
        (row,) = answer.bottleneck
        assert (row.bundle, row.links, row.is_nodes) == ("leaf", 1, True)


def test_fractions_of_a_kbit_are_exact():
    from fractions import Fraction

    b = pp.FabricBuilder("fine")
    chip = b.nodes("chip", chip=3)
    b.links(chip, b.nodes("leaf"), "0.375kb/s")
    fine = b.build()
    assert fine.bandwidth("chip[chip=0]", "chip[chip=1]").kbit_per_s == Fraction(3, 8)
    assert fine.bandwidth("chip[chip=0:2]", "leaf").kbit_per_s == Fraction(3, 4)


def test_large_totals_are_exact():
    b = pp.FabricBuilder("large")
    chip = b.nodes("chip", chip=1 << 20)
    b.links(chip, b.nodes("leaf"), "4000000.000000001Tb/s")  # 4e15 + 1 kbit/s each
    large = b.build()
    assert large.bandwidth("chip", "leaf").kbit_per_s == (4 * 10**15 + 1) << 20
