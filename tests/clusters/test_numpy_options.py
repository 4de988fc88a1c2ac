"""Options from NumPy, such as those of a sweep over an array, build what Python's own build."""

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint import clusters
from pinchpoint.errors import CatalogueError, InputTypeError

INTEGERS = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64, np.uint64)
WHOLE = [
    (cluster.name, option)
    for cluster in clusters.available()
    for option, parameter in cluster.options.items()
    if str(parameter.annotation) in ("int", "int | None")
]


def content(fabric):
    arrays = () if fabric.is_structured else (fabric.tails, fabric.heads, fabric.gbit_per_s)
    # The rate of a bundle of listed links is NaN, which equals nothing.
    bundles = [str(bundle) for bundle in fabric.bundles]
    return fabric.name, fabric.groups, bundles, fabric.figures, [own.tolist() for own in arrays]


def values_of(name, option):
    """The default of an option and a value that fits eight bits, both of which can be built."""
    default = clusters.find(name).options[option].default
    kept = []
    for value in (default, 72, 64, 36, 16, 8, 4, 3, 2, 1):
        if value is None or (kept and value >= 128):
            continue
        try:
            kept.append((value, clusters.build(name, **{option: value})))
        except CatalogueError:
            continue
        if value < 128:
            break
    return kept


def test_options_are_found():
    assert len(WHOLE) > 40
    assert ("nvlink_fusion_rack", "nics_per_chip") in WHOLE


@pytest.mark.parametrize(("name", "option"), WHOLE)
def test_integers(name, option):
    kept = values_of(name, option)
    assert kept
    for value, fabric in kept:
        for kind in INTEGERS:
            if value <= np.iinfo(kind).max:
                again = clusters.build(name, **{option: kind(value)})
                assert content(again) == content(fabric), kind


@pytest.mark.parametrize(
    ("builder", "args", "options"),
    [
        ("nvlink_fusion_rack", (72,), {"nics_per_chip": 4}),
        ("fat_tree", (16,), {}),
        ("leaf_spine", (120,), {"radix": 64}),
        ("p6e_gb200", (72,), {}),
        ("alibaba_hpn", (15,), {"pods": 2}),
        ("trn4_ultracluster", (100,), {"oversubscription": 4}),
        ("rail_optimized", (64,), {"chips_per_server": 8}),
        ("rail_only", (64,), {"chips_per_server": 8}),
        ("efa", (64,), {"planes": 2, "tiers": 3}),
    ],
)
def test_all_options_in_eight_bits(builder, args, options):
    build = getattr(clusters, builder)
    fabric = build(*args, **options)
    small = build(*map(np.int8, args), **{name: np.int8(one) for name, one in options.items()})
    assert content(small) == content(fabric)


@pytest.mark.parametrize(
    "ratio", [np.int64(2), np.uint8(2), np.float16(2), np.float32(2), np.longdouble(2)]
)
def test_ratios(ratio):
    fabric = clusters.leaf_spine(1024, oversubscription=2)
    assert content(clusters.leaf_spine(1024, oversubscription=ratio)) == content(fabric)
    rack = clusters.gb200_nvl72()
    composed = [clusters.compose(rack, "clos", 8, oversubscription=one) for one in (2, ratio)]
    assert content(composed[0]) == content(composed[1])


def test_shapes():
    mesh = clusters.torus("4x4", wrap=False)
    for sizes in ((4, 4), [np.int8(4), np.uint64(4)], np.array([4, 4], np.uint8)):
        assert content(clusters.torus(sizes, wrap=np.bool_(False))) == content(mesh)


def test_text():
    rack = clusters.nvlink_fusion_rack(cpu="vera", nic="800Gb/s")
    again = clusters.nvlink_fusion_rack(cpu=np.str_("vera"), nic=np.str_("800Gb/s"))
    assert content(again) == content(rack)


@pytest.mark.parametrize("network", ["fat_tree", "leaf_spine", "clos", "rail_only", "torus"])
def test_composed(network):
    rack = clusters.gb200_nvl72()
    fabrics = [clusters.compose(rack, network, count) for count in (100, np.int8(100))]
    assert content(fabrics[0]) == content(fabrics[1])


def test_composed_of_groups():
    rack = clusters.hgx_h100()
    numbers = {"groups": 9, "switches_per_group": 16}
    small = {name: np.int8(value) for name, value in numbers.items()}
    fabric = clusters.compose(rack, "dragonfly", 100, **numbers)
    again = clusters.compose(rack, "dragonfly", np.uint8(100), **small)
    assert content(again) == content(fabric)


def test_what_has_an_index_is_an_integer():
    class Eight:
        def __index__(self):
            return 8

    assert content(clusters.fat_tree(Eight())) == content(clusters.fat_tree(8))


@pytest.mark.parametrize(
    "value", [True, np.bool_(True), np.float64(16), 16.0, np.array([16]), int, None, [16]]
)
def test_no_integers(value):
    with pytest.raises(InputTypeError, match=r"k=.* must be a whole number"):
        clusters.fat_tree(value)


def test_ratio_beyond_any_switch():
    for ratio in (1e308, 2.0**21, 10**400):
        with pytest.raises(CatalogueError, match=r"oversubscription=.* is above 1048576"):
            clusters.leaf_spine(oversubscription=ratio)
    with pytest.raises(CatalogueError, match=r"leaves 0\.01 uplinks"):
        clusters.leaf_spine(oversubscription=100)


@pytest.mark.parametrize("wrap", ["no", 0, None, np.array([True, False])])
def test_flags(wrap):
    says = r"wrap is .*; it must be True or False"
    with pytest.raises(InputTypeError, match=says):
        clusters.torus("4x4", wrap=wrap)
    with pytest.raises(InputTypeError, match=says):
        clusters.compose(clusters.hgx_h100(), "torus", 8, wrap=wrap)
    builder = pp.FabricBuilder("ring")
    chip = builder.nodes("chip", x=4)
    with pytest.raises(InputTypeError, match=says):
        builder.ring(chip, "x", "50GB/s", wrap=wrap)


def test_sweeps_over_numbers_of_an_array():
    chips = list(np.array([4, 8]))
    racks = pp.designs.grid("rail_optimized", servers=np.uint8(64), chips_per_server=chips)
    assert [fabric.num_chips for fabric in racks.values()] == [256, 512]
