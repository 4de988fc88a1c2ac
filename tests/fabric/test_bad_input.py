"""Bad input: one typed error that names the element, the field and the value."""

import pickle
import re
from fractions import Fraction

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import (
    BuildError,
    CapacityError,
    CapacityOverflowError,
    GraphError,
    InputTypeError,
    PinchpointError,
    SelectionError,
    SizeLimitError,
    TimeLimitError,
    UnitError,
)


@pytest.fixture(scope="module")
def lab():
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", pod=4, host=16, chip=8)
    leaf = b.nodes("leaf", pod=4, rail=8)
    b.links(chip, leaf, "400Gb/s", join={"pod": "pod", "chip": "rail"})
    b.links(chip.where(chip=0), leaf, "100Gb/s", join={}, multiplicity=2, name="boot")
    return b.build()


@pytest.fixture(scope="module", params=["structured", "explicit"])
def fabric(request, lab):
    return lab if request.param == "structured" else lab.materialize()


def refuses(error, *says):
    assert issubclass(error, PinchpointError)
    return pytest.raises(error, match=".*".join(re.escape(part) for part in says))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chp", ['no group is named "chp"', 'did you mean "chip"?']),
        ("wombat", ['no group is named "wombat"', '"chip", "leaf"']),
        ("chip[pdo=1]", ['no coordinate of group "chip" is named "pdo"', 'did you mean "pod"?']),
        ("chip[pod=4]", ['pod=4 is out of range: coordinate "pod" of group "chip"', "0 to 3"]),
        ("chip[pod=-1]", ["pod=-1 is out of range"]),
        ("chip[pod=]", ['"chip[pod=]"']),
        ("chip[pod=1", ["closing bracket is missing"]),
        ("chip[pod=x]", ['"x" is no number, slice or list']),
        ("chip[pod=1,pod=2]", ['coordinate "pod" comes twice']),
        ("chip[pod=1:1]", ['pod of group "chip" selects no value']),
        ("", ["names no group"]),
        ("[pod=1]", ["names no group"]),
        ("chip[pod=" + 40 * "9" + "]", ["is no number"]),
    ],
)
def test_selections_as_text(fabric, text, says):
    with refuses(SelectionError, *says):
        fabric.select(text)
    with refuses(SelectionError, *says):
        fabric.bandwidth(text, "leaf")
    with refuses(SelectionError, *says):
        fabric.bandwidth("leaf", text)


def test_a_long_name_is_cut(fabric):
    with pytest.raises(SelectionError) as caught:
        fabric.select("x" * 100_000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (4, SelectionError),
        (-1, SelectionError),
        ([0, 9], SelectionError),
        ([], SelectionError),
        (slice(3, 1), SelectionError),
        (1.5, InputTypeError),
        ("1", InputTypeError),
        (None, InputTypeError),
        (True, InputTypeError),
        ([True], InputTypeError),
        ([1.0], InputTypeError),
        (10**30, InputTypeError),
    ],
)
def test_coordinates(fabric, value, error):
    with pytest.raises(error, match="pod"):
        fabric.select("chip", pod=value)
    with pytest.raises(error, match="pod"):
        fabric.select_links("chip-leaf", pod=value)


@pytest.mark.parametrize(
    "value",
    [2, np.int64(2), np.uint8(2), [2, 2], (2,), {2}, range(2, 3), np.array([2]), slice(2, 3)],
)
def test_coordinates_that_mean_the_same(fabric, value):
    assert fabric.select("chip", pod=value) == fabric.select("chip[pod=2]")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("chip-lef", ['no link bundle is named "chip-lef"', 'did you mean "chip-leaf"?']),
        ("chip-leaf[cabel=0]", ['no coordinate of bundle "chip-leaf"', 'did you mean "cable"?']),
        ("chip-leaf[cable=1]", ["cable=1 is out of range", "0 to 0"]),
        ("boot[pod=0]", ['"pod"', "both ends", "chip_pod", "leaf_pod"]),
        ("boot[chip=1]", ['bundle "boot" has no link']),
    ],
)
def test_link_selections(fabric, text, says):
    with refuses(SelectionError, *says):
        fabric.select_links(text)


def test_more_links_sampled_than_there_are(fabric):
    with refuses(SelectionError, "513", "512"):
        fabric.sample_links("chip-leaf", 513)
    with refuses(SelectionError, "none is up"):
        fabric.without("chip-leaf").sample_links("chip-leaf", 1)
    for count, seed in ((-1, 0), (1, -1), (1, 2**64)):
        with pytest.raises(SelectionError):
            fabric.sample_links("chip-leaf", count, seed=seed)
    for count, seed in ((1.0, 0), (True, 0), (1, "0")):
        with pytest.raises(InputTypeError):
            fabric.sample_links("chip-leaf", count, seed=seed)


@pytest.mark.parametrize(
    ("sources", "sinks", "says"),
    [
        ("chip", "chip", ["share 512 nodes", '"chip"', "must not overlap"]),
        ("chip[pod=0]", "chip[pod=0,host=1]", ["share 8 nodes", "chip[pod=0,host=1,chip=0]"]),
        (0, 0, ["share 1 node", "chip[pod=0,host=0,chip=0]"]),
        ([], "chip", ["sources selects no node"]),
        ("leaf", [], ["sinks selects no node"]),
        (0, 10**9, ["node id 1000000000", "544 nodes"]),
        (0, 2**32 + 1, ["node id 4294967297"]),
        (0, 2**70, ["node id", "out of range"]),
        (-1, 0, ["sources: node id -1"]),
    ],
)
def test_ends(fabric, sources, sinks, says):
    with refuses(SelectionError, *says):
        fabric.bandwidth(sources, sinks)


@pytest.mark.parametrize("ends", [1.5, None, True, np.array([0.5]), [1.5]])
def test_ends_of_a_wrong_type(fabric, ends):
    with pytest.raises(InputTypeError):
        fabric.bandwidth(ends, "leaf")


def test_an_empty_selection(fabric):
    nothing = fabric.select("chip") - fabric.select("chip")
    assert len(nothing) == 0
    with refuses(SelectionError, "sources selects no node"):
        fabric.bandwidth(nothing, "leaf")
    assert fabric.without(nothing).num_nodes == fabric.num_nodes


def test_options(fabric):
    with refuses(SelectionError, "forwarding is 'hw'"):
        fabric.bandwidth("chip", "leaf", forwarding="hw")
    for limit in (-1, float("nan"), float("-inf")):
        with refuses(PinchpointError, "time_limit is"):
            fabric.bandwidth("chip", "leaf", time_limit=limit)
    with refuses(InputTypeError, "time_limit is 'soon'"):
        fabric.bandwidth("chip", "leaf", time_limit="soon")
    for limit in (True, np.bool_(True), 10**5000):
        with refuses(InputTypeError, "time_limit is"):
            fabric.bandwidth("chip", "leaf", time_limit=limit)
    with pytest.raises(InputTypeError) as refused:
        fabric.select("chip", chip="z" * 5000)
    assert len(str(refused.value)) < 200
    if fabric.is_structured:
        with pytest.raises(TimeLimitError):
            fabric.bandwidth("chip", "leaf", time_limit=0)


def test_scaling(fabric):
    links = fabric.select_links("chip-leaf")
    for factor in (0, -1, 0.0, float("nan"), float("inf"), -0.5):
        with refuses(CapacityError, "factor is"):
            fabric.scaled(links, factor)
    for factor in ("2", None, True, 1j):
        with refuses(InputTypeError, "factor is"):
            fabric.scaled(links, factor)
    with refuses(CapacityOverflowError, '"chip-leaf"'):
        fabric.scaled(links, 1e300)
    with pytest.raises(InputTypeError):
        fabric.scaled(fabric.select("chip"), 0.5)
    with refuses(SelectionError, 'no link bundle is named "chip"'):
        fabric.scaled("chip", 0.5)
    with refuses(SelectionError, "no group or bundle is named 'chip-lef'", "chip-leaf"):
        fabric.without("chip-lef")
    with refuses(InputTypeError, "failed is an int"):
        fabric.without(3)


def test_a_selection_of_another_fabric(fabric):
    b = pp.FabricBuilder("other")
    chip = b.nodes("chip", pod=3)
    spine = b.nodes("spine", pod=4)
    b.links(chip, spine, "1Gb/s", join={}, name="chip-leaf")
    other = b.build()
    for foreign in (other.select("chip"), other.select("spine")):
        with pytest.raises(SelectionError):
            fabric.bandwidth(foreign, "leaf")
        with pytest.raises(SelectionError):
            fabric.without(foreign)
    with pytest.raises(SelectionError):
        fabric.without(other.select_links("chip-leaf"))
    with pytest.raises(SelectionError):
        fabric.select("chip") | other.select("chip")


def test_fabrics_and_selections_cannot_be_changed(fabric):
    for thing in (fabric, fabric.select("chip"), fabric.select_links("boot")):
        with pytest.raises(AttributeError):
            thing.name = "x"
    with pytest.raises(AttributeError):
        fabric.bandwidth("chip", "leaf").value = 3
    with pytest.raises(TypeError):
        fabric.groups[0].coordinates["pod"] = 3


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda f: f.bandwidth(0, 1, forwarding=None), InputTypeError, ["forwarding is None"]),
        (lambda f: f.bandwidth(0, 1, forwarding=[]), InputTypeError, ["forwarding is []"]),
        (lambda f: f.bandwidth("chip", "leaf").flow(3), InputTypeError, ["bundle is 3"]),
        (
            lambda f: f.bandwidth("chip", "leaf").breakpoints("boot", 3),
            InputTypeError,
            ["bundles[1] is 3"],
        ),
        (lambda f: f.bisection(by=[]), InputTypeError, ["by is []"]),
        (lambda f: f.bisection(by=3), InputTypeError, ["by is 3"]),
        (lambda f: f.pairwise(None), InputTypeError, ["groups is a NoneType"]),
        (lambda f: f.pairwise(3), InputTypeError, ["groups is an int"]),
        (lambda f: f.pairwise(np.array(3)), InputTypeError, ["groups is an ndarray"]),
        (lambda f: f.failure_sweep("chip", "leaf", None), InputTypeError, ["failures is a None"]),
        (lambda f: f.sample_links(3, 1), InputTypeError, ["bundle is 3"]),
        (lambda f: f.materialize(limit_bytes="x"), InputTypeError, ["limit_bytes is 'x'"]),
        (lambda f: f.materialize(limit_bytes=-1), SizeLimitError, ["limit_bytes is -1"]),
        (lambda f: f.materialize(limit_bytes=float("nan")), SizeLimitError, ["limit_bytes is nan"]),
    ],
)
def test_questions(fabric, ask, error, says):
    with refuses(error, *says):
        ask(fabric)


@pytest.mark.parametrize("limit", [8e9, np.int64(10**9), float("inf"), 2**70])
def test_limits_of_any_kind(lab, limit):
    assert lab.materialize(limit_bytes=limit).num_links == lab.num_links


# Building.


@pytest.mark.parametrize(
    ("capacity", "error", "says"),
    [
        ("400", UnitError, ["'chip-leaf'", "400"]),
        ("400G", UnitError, ["400G"]),
        ("400Gbps", UnitError, ["400Gbps"]),
        ("1GiB/s", UnitError, ["1GiB/s"]),
        (400, UnitError, ["400", "Gb/s"]),
        (400.0, UnitError, ["400"]),
        ("-400Gb/s", CapacityError, ["-400Gb/s"]),
        ("nan Gb/s", UnitError, ["nan"]),
        ("lots", UnitError, ["lots"]),
        ("", UnitError, ["'chip-leaf'"]),
        ("0.0001kb/s", CapacityError, ["'chip-leaf'"]),
        ("100000000000000Eb/s", CapacityError, ["'chip-leaf'"]),
        (None, InputTypeError, ["'chip-leaf'"]),
    ],
)
def test_capacities(capacity, error, says):
    b = pp.FabricBuilder("lab")
    chip, leaf = b.nodes("chip", pod=4), b.nodes("leaf", pod=4)
    with refuses(error, *says):
        b.links(chip, leaf, capacity)
    if capacity is not None:
        with refuses(error, "'spine'"):
            b.nodes("spine", capacity=capacity)


@pytest.mark.parametrize("size", [0, -1, 2**31])
def test_sizes(size):
    b = pp.FabricBuilder("lab")
    with refuses(BuildError, "'pod'", "'chip'", str(size)):
        b.nodes("chip", pod=size)


@pytest.mark.parametrize("size", [1.5, "4", None, True])
def test_sizes_of_a_wrong_type(size):
    b = pp.FabricBuilder("lab")
    with refuses(InputTypeError, "'pod'"):
        b.nodes("chip", pod=size)


def test_views():
    b = pp.FabricBuilder("lab")
    with refuses(BuildError, "21", "20"):
        b.nodes("a", rack=pp.radix(21, pod=4, slot=5))
    with pytest.raises(BuildError):
        b.nodes("b", x=pp.gray(x1=2, x0=3))
    with pytest.raises(BuildError):
        b.nodes("c", x=pp.gray(x1=2))
    with pytest.raises(BuildError):
        b.nodes("d", x=pp.radix(pod=4), y=pp.radix(pod=4))
    with pytest.raises(BuildError):
        b.nodes("e", **{f"d{i}": 2 for i in range(17)})
    with pytest.raises(BuildError):
        b.nodes("f", x=2**20, y=2**20, z=2**30)
    for most in (65536, 65537):
        with refuses(BuildError, '"x" of group "g"', "2^32 - 1 is the most"):
            b.nodes("g", x=pp.radix(4, a=2, b=most, d=most))
    with refuses(BuildError, "digits", "2^48"):
        b.nodes("h", x=pp.radix(4, a=2**30), y=pp.radix(4, c=2**30))


def test_what_would_be_written_out_is_bounded():
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", pod=2**30, chip=2**15)
    b.links(chip, b.nodes("leaf", leaf=1), "1Gb/s")
    fabric = b.build()
    with refuses(SizeLimitError, "node ids"):
        fabric.node_ids("chip")
    with refuses(SizeLimitError, "pod", "536870912", "2^24"):
        fabric.select("chip", pod=slice(None, None, 2))
    assert len(fabric.select("chip", pod=slice(None, None, 2**10), chip=0)) == 2**20


def test_node_ids_are_those_of_one_group():
    rack = pp.clusters.gb200_nvl72()
    for several in ([], ["chip", "switch"], [0, 100]):
        with refuses(SelectionError, "node_ids takes one"):
            rack.node_ids(several)
    assert rack.node_ids([3, 1]).tolist() == [1, 3]


def test_lists_of_ends_hold_no_lists():
    ends: list = []
    for _ in range(5000):
        ends = [ends]
    with refuses(InputTypeError, "sources holds a list"):
        pp.clusters.gb200_nvl72().bandwidth(ends, "switch")


def test_capacities_may_add_up_to_more_than_64_bits():
    b = pp.FabricBuilder("lab")
    chip, switch = b.nodes("chip", chip=4), b.nodes("switch", switch=2)
    b.links(chip, switch, "4000000000000000000kb/s", multiplicity=4)
    fabric = b.build()
    answer = fabric.bandwidth("chip[chip=0]", "chip[chip=1]")
    assert answer.kbit_per_s == 8 * 4 * 10**18
    degraded = fabric.without(fabric.select("switch", switch=0))
    assert degraded.bandwidth("chip[chip=0]", "chip[chip=1]").kbit_per_s == 4 * 4 * 10**18
    assert fabric.collective("all_gather").seconds_lower > 0


def test_groups():
    b = pp.FabricBuilder("lab")
    b.nodes("chip")
    with refuses(BuildError, "chip"):
        b.nodes("chip")
    with refuses(InputTypeError, "name is 3"):
        b.nodes(3)
    with refuses(BuildError, "role 'gpu'"):
        b.nodes("gpu", role="gpu")
    with refuses(BuildError, "forwards='maybe'"):
        b.nodes("gpu", forwards="maybe")
    with pytest.raises(BuildError):
        b.nodes("")
    with pytest.raises(BuildError):
        pp.FabricBuilder("empty").build()


def test_links():
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", pod=4, chip=8)
    leaf = b.nodes("leaf", pod=4, rail=2)
    with refuses(BuildError, "pdo", 'did you mean "pod"?'):
        b.links(chip, leaf, "1Gb/s", join={"pdo": "pod"})
    with refuses(BuildError, "wing"):
        b.links(chip, leaf, "1Gb/s", join={"pod": "wing"})
    with refuses(BuildError, "chip.chip of size 8", "leaf.rail of size 2"):
        b.links(chip, leaf, "1Gb/s", join={"chip": "rail"})
    with pytest.raises(BuildError):
        b.links(chip, leaf, "1Gb/s", join={"pod": "pod", "chip": "pod"})
    with pytest.raises(InputTypeError):
        b.links(chip, leaf, "1Gb/s", join="pod")
    with pytest.raises(InputTypeError):
        b.links(chip, "leaf", "1Gb/s")
    with refuses(SelectionError, "pod=9 is out of range"):
        b.links(chip.where(pod=9), leaf, "1Gb/s")
    with refuses(SelectionError, 'did you mean "pod"?'):
        b.links(chip.where(pdo=1), leaf, "1Gb/s")
    with refuses(BuildError, "links nothing", "name="):
        b.links(chip.where(pod=0), leaf.where(pod=1), "1Gb/s")
    for multiplicity in (0, -1, 2**31):
        with refuses(BuildError, "multiplicity"):
            b.links(chip, leaf, "1Gb/s", multiplicity=multiplicity)
    for multiplicity in (1.0, True, "2"):
        with refuses(InputTypeError, "multiplicity"):
            b.links(chip, leaf, "1Gb/s", multiplicity=multiplicity)
    with refuses(InputTypeError, "name is 3"):
        b.links(chip, leaf, "1Gb/s", name=3)
    with refuses(BuildError, "join"):
        b.links(chip, chip, "1Gb/s")
    with refuses(BuildError, "links nothing"):
        b.links(chip, chip, "1Gb/s", join={"pod": "pod", "chip": "chip"})
    b.links(chip, leaf, "1Gb/s")
    with refuses(BuildError, "chip-leaf", "name="):
        b.links(chip, leaf, "1Gb/s")
    with refuses(BuildError, "another builder"):
        pp.FabricBuilder("two").links(chip, leaf, "1Gb/s")
    # What was refused left nothing behind.
    assert [bundle.name for bundle in b.build().bundles] == ["chip-leaf"]


def test_rings():
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", x=5, one=1, both=pp.radix(p=2, q=3))
    with refuses(BuildError, "whole group"):
        b.ring(chip.where(x=0), "x", "1Gb/s")
    with refuses(InputTypeError, "axis is 3"):
        b.ring(chip, 3, "1Gb/s")
    with refuses(SelectionError, '"z"'):
        b.ring(chip, "z", "1Gb/s")
    with refuses(BuildError, "both"):
        b.ring(chip, "both", "1Gb/s")
    with refuses(BuildError, "links nothing"):
        b.ring(chip, "one", "1Gb/s")
    with pytest.raises(InputTypeError):
        b.ring("chip", "x", "1Gb/s")


def test_capacities_with_no_common_scale():
    b = pp.FabricBuilder("lab")
    chip, leaf = b.nodes("chip"), b.nodes("leaf")
    b.links(chip, leaf, "4Eb/s", name="large")
    b.links(chip, leaf, f"{2.0**-30:.30f}kb/s", name="small")
    with pytest.raises(CapacityError):
        b.build()


def test_more_nodes_than_can_be_counted():
    b = pp.FabricBuilder("huge")

    def build():
        for i in range(40):
            b.nodes(f"g{i}", x=2**31 - 1, y=2**31 - 1)
        return b.build()

    with pytest.raises(PinchpointError):
        build()


# Arrays.


LAYOUTS = {
    "list": lambda a: a.tolist(),
    "strided": lambda a: np.repeat(a, 2)[::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "read-only": lambda a: (a.setflags(write=False), a)[1],
    "column": lambda a: np.stack([a, a], axis=1)[:, 0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "ids", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64]
)
@pytest.mark.parametrize("numbers", [np.float64, np.float32, np.int32, np.uint64])
def test_from_links_takes_any_layout(layout, ids, numbers):
    change = LAYOUTS[layout]
    tails, heads = np.array([0, 1, 0], ids), np.array([1, 2, 2], ids)
    gbit = np.array([4, 3, 2], numbers)
    fabric = pp.Fabric.from_links(change(tails), change(heads), change(gbit))
    assert fabric.bandwidth(0, 2).gbit_per_s == 5
    assert fabric.gbit_per_s.tolist() == [4, 3, 2]
    assert (fabric.tails.tolist(), fabric.heads.tolist()) == ([0, 1, 0], [1, 2, 2])


def test_from_links_takes_integers_as_objects():
    ids = np.array([0, 1], object)
    fabric = pp.Fabric.from_links(ids, np.array([1, 2], object), [4.0, 3.0])
    assert (fabric.tails.tolist(), fabric.heads.tolist()) == ([0, 1], [1, 2])
    for bad, says in ((True, "tails[1] is True"), (1.0, "tails[1] is 1.0"), ("a", "'a'")):
        with refuses(InputTypeError, says):
            pp.Fabric.from_links(np.array([0, bad], object), [1, 2], 1.0)
    with refuses(GraphError, "tails[1] is an integer of 16,610 bits"):
        pp.Fabric.from_links(np.array([0, 10**5000], object), [1, 2], 1.0)


def test_from_links_owns_its_arrays():
    tails, heads, gbit = np.array([0, 1]), np.array([1, 2]), np.array([4.0, 3.0])
    fabric = pp.Fabric.from_links(tails, heads, gbit)
    tails[:], heads[:], gbit[:] = 9, 9, 9
    assert fabric.bandwidth(0, 2).gbit_per_s == 3
    fabric.gbit_per_s[:] = 0
    for array in (fabric.tails, fabric.heads):
        if array.flags.writeable:
            array[:] = 0
    assert fabric.bandwidth(0, 2).gbit_per_s == 3


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (([0], [1, 2], [1.0]), GraphError, ["1, 2 and 1", "equally long"]),
        (([0], [1], [1.0, 2.0]), GraphError, ["equally long"]),
        (([0, -1], [1, 1], 1.0), GraphError, ["tails[1] is -1"]),
        (([0, 1], [1, 2**32 + 1], 1.0), GraphError, ["heads[1] is 4294967297"]),
        (([0, 1], [1, 2**70], 1.0), PinchpointError, ["heads"]),
        (([0], [5], 1.0, 3), GraphError, ["heads[0] is 5", "3 nodes"]),
        (([0.5], [1], 1.0), InputTypeError, ["tails", "float64"]),
        (([True], [1], 1.0), InputTypeError, ["tails", "bool"]),
        ((["a"], [1], 1.0), InputTypeError, ["tails"]),
        (([[0]], [[1]], 1.0), GraphError, ["tails has 2 dimensions"]),
        (([0], [1], [-1.0]), CapacityError, ["gbit_per_s[0] is -1.0"]),
        (([0], [1], [float("nan")]), CapacityError, ["gbit_per_s[0] is nan"]),
        (([0], [1], [float("inf")]), CapacityError, ["gbit_per_s[0] is inf"]),
        (([0], [1], [1e300]), CapacityError, ["gbit_per_s[0] is 1e+300"]),
        (([0], [1], ["1"]), InputTypeError, ["gbit_per_s"]),
        (([0], [1], None), InputTypeError, ["gbit_per_s"]),
        (([0], [1], [[1], [2, 3]]), InputTypeError, ["gbit_per_s cannot be read"]),
        (("x", [1], 1.0), InputTypeError, ["tails is 'x'"]),
        (([0], None, 1.0), InputTypeError, ["heads is None"]),
        (([[1], [2, 3]], [1], 1.0), InputTypeError, ["tails cannot be read"]),
        (([0], [1], 1.0, None, 3), InputTypeError, ["names is an int"]),
        (([0], [1], 1.0, None, "ab"), InputTypeError, ["names is a str"]),
        (([0], [1], 1.0, None, ["a", 1]), InputTypeError, ["names[1] is 1"]),
        (([0], [1], [[1.0]]), InputTypeError, ["gbit_per_s"]),
        (([0], [1], 1.0, 0), GraphError, ["num_nodes is 0"]),
        (([0], [1], 1.0, 2**32), GraphError, ["num_nodes is 4294967296"]),
        (([0], [1], 1.0, 2.0), InputTypeError, ["num_nodes is 2.0"]),
        (([0], [1], 1.0, None, ["a"]), GraphError, ["names has 1 entry for 2 nodes"]),
        (([], [], []), GraphError, ["num_nodes"]),
        (([0, 1], [1, 2], [2.0**-40, 4e12]), CapacityError, ["gbit_per_s[0]"]),
    ],
)
def test_from_links_refuses(arguments, error, says):
    with refuses(error, *says):
        pp.Fabric.from_links(*arguments)


def test_up_to_ten_faults_are_named():
    with pytest.raises(GraphError) as caught:
        pp.Fabric.from_links([-1] * 50, [1] * 50, 1.0)
    assert str(caught.value).count("is -1") == 10


def test_from_links_exactness():
    """A float that is nearest to a whole number of kbit/s is that; others stay what they are."""
    whole = pp.Fabric.from_links([0], [1], [0.1])
    assert whole.bandwidth(0, 1).kbit_per_s == 100_000
    fine = pp.Fabric.from_links([0, 0], [1, 1], [2.0**-30, 400.0])
    assert fine.bandwidth(0, 1).kbit_per_s == 400_000_000 + Fraction(10**6, 2**30)


def test_from_links_rounds_down_what_fits_no_unit():
    """Floats of real measurements have no common unit: 100/3, pi, 0.1 + 0.2."""
    gbit = [100 / 3, np.pi, 0.1 + 0.2, 400.0, 0.1]
    fabric = pp.Fabric.from_links([0, 0, 0, 0, 0], [1, 1, 1, 1, 1], gbit)
    assert fabric.rounded
    kept = [Fraction(kbit) for kbit in _kbit_of_each(fabric, 5)]
    for own, asked in zip(kept[:3], gbit, strict=False):
        assert 0 <= Fraction(asked) * 10**6 - own < Fraction(400 * 10**6, 10**12)
    assert kept[3:] == [400_000_000, 100_000]
    answer = fabric.bandwidth(0, 1)
    assert answer.kbit_per_s == sum(kept)
    # Room is left for what raises capacities.
    assert answer.next_bottleneck is None
    links = fabric.select_links("node-node")
    assert fabric.scaled(links, 1000).bandwidth(0, 1).kbit_per_s == 1000 * answer.kbit_per_s
    assert pickle.loads(pickle.dumps(fabric)).rounded
    for exact in ([400.0, 0.1], [2.0**-30, 400.0], 1 / 3 * 0):
        ends = np.zeros(np.size(exact), int)
        assert not pp.Fabric.from_links(ends, ends + 1, exact).rounded


def _kbit_of_each(fabric, count):
    return [
        fabric.without(
            [fabric.select_links("node-node", link=other) for other in range(count) if other != one]
        )
        .bandwidth(0, 1)
        .kbit_per_s
        for one in range(count)
    ]


@pytest.mark.parametrize("gbit", [1e-7 / 3, 1e-3 / 3, 1.0 / 3, 1e3 / 3, 1e6 / 3, 1e8 / 3])
def test_from_links_takes_floats_of_any_size(gbit):
    fabric = pp.Fabric.from_links([0], [1], [gbit])
    kbit = Fraction(fabric.bandwidth(0, 1).kbit_per_s)
    exact = Fraction(gbit) * 10**6
    assert 0 <= exact - kbit <= max(exact / 10**12, kbit > 2**42)
    assert fabric.rounded == (exact != kbit)


def test_hostile_shapes():
    loops = pp.Fabric.from_links([0, 0, 1, 1], [0, 1, 1, 1], [9.0, 1.0, 9.0, 9.0])
    assert loops.bandwidth(0, 1).gbit_per_s == 1
    parallel = pp.Fabric.from_links([0, 0, 1], [1, 1, 0], [4.0, 6.0, 5.0])
    assert parallel.bandwidth(0, 1).gbit_per_s == 15
    one_way = pp.Fabric.from_links([0, 0, 1], [1, 1, 0], [4.0, 6.0, 5.0], directed=True)
    assert one_way.bandwidth(0, 1).gbit_per_s == 10
    assert one_way.bandwidth(1, 0).gbit_per_s == 5
    empty = pp.Fabric.from_links([], [], [], num_nodes=3)
    assert empty.bandwidth(0, 1).kbit_per_s == 0
    zero = pp.Fabric.from_links([0], [1], [0.0])
    assert zero.bandwidth(0, 1).kbit_per_s == 0
    assert zero.bandwidth(0, 1).bottleneck.rows == ()


# Limits.


def test_materializing_past_the_limit(lab):
    with refuses(SizeLimitError, "materializing", "limit"):
        lab.materialize(limit_bytes=1000)
    b = pp.FabricBuilder("huge")
    b.links(b.nodes("chip", chip=2**31 - 1), b.nodes("leaf", leaf=2**20), "1Gb/s", join={})
    huge = b.build()
    assert huge.num_links == (2**31 - 1) * 2**20
    with refuses(SizeLimitError, "needs about", "GB", "the limit is 8.0 GB"):
        huge.materialize()
    with pytest.raises(SizeLimitError):
        huge.materialize(limit_bytes=2**63)
    answer = huge.bandwidth("chip[chip=0]", "chip[chip=1]")
    assert answer.gbit_per_s == 2**20
    with pytest.raises(SizeLimitError):
        answer.flow()


def test_arrays_of_a_structured_fabric(lab):
    for name in ("tails", "heads", "gbit_per_s", "names"):
        with refuses(GraphError, "structured", "materialize()"):
            getattr(lab, name)


def test_flow_of_an_unknown_bundle(fabric):
    answer = fabric.bandwidth("chip[pod=0]", "leaf")
    with refuses(SelectionError, "boto", 'did you mean "boot"?'):
        answer.flow("boto")
    assert len(answer.flow("boot").tails) == 2 * 64 * 32


LONE = "\udcff"


def test_text_with_a_lone_surrogate(fabric):
    """What Python makes of bytes that are no UTF-8, such as arguments of a command line."""
    for ask in (
        lambda: fabric.select(LONE),
        lambda: fabric.select(f"chip[{LONE}=0]"),
        lambda: fabric.select_links(LONE),
        lambda: pp.FabricBuilder(LONE),
        lambda: pp.FabricBuilder("lab").nodes(LONE),
        lambda: pp.Fabric.from_links([0], [1], [1.0], names=["a", LONE]),
    ):
        with refuses(InputTypeError, "udcff", "lone surrogate"):
            ask()


def test_integers_of_thousands_of_digits(lab):
    huge = 10**5000
    for ask, error in (
        (lambda: lab.sample_links("chip-leaf", huge), SelectionError),
        (lambda: lab.sample_links("chip-leaf", 1, seed=huge), SelectionError),
        (lambda: pp.FabricBuilder("lab").nodes("chip", pod=huge), BuildError),
        (lambda: pp.traffic.all_to_all("chip", gbit_per_s=huge), CapacityError),
        (lambda: lab.scaled("chip-leaf", huge), CapacityError),
    ):
        with pytest.raises(error):
            ask()
    with pytest.raises(InputTypeError, match="longer integer than can be written"):
        lab.select([huge])


def test_directed_is_true_or_false():
    with pytest.raises(InputTypeError, match="directed is 'no'; it must be True or False"):
        pp.Fabric.from_links([0], [1], [1.0], directed="no")
    assert pp.Fabric.from_links([0], [1], [1.0], directed=np.bool_(False)).num_links == 1


def test_groups_can_be_pickled_and_not_changed(fabric):
    again = pickle.loads(pickle.dumps(fabric.groups))
    assert again == fabric.groups
    with pytest.raises(TypeError):
        again[0].coordinates["pod"] = 5
