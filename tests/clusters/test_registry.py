"""Names, options and what is said about bad ones."""

import doctest
import importlib
import pkgutil

import pinchpoint as pp
import pytest
from pinchpoint import clusters
from pinchpoint.errors import CatalogueError, InputTypeError, SizeLimitError, UnitError

NAMES = [c.name for c in clusters.available()]


def test_available_lists_every_builder():
    listed = set(NAMES)
    public = {name for name in clusters.__all__ if name.islower()}
    assert listed == public - {"available", "build", "compose", "find"}


def test_available_prints_in_80_columns():
    text = repr(clusters.available())
    assert max(map(len, text.splitlines())) <= 80
    assert "announced" in text
    assert "<table>" in clusters.available()._repr_html_()
    assert len(clusters.available()[:3]) == 3


@pytest.mark.parametrize("name", NAMES)
def test_default_build_has_the_chips_it_lists(name):
    found = clusters.find(name)
    fabric = clusters.build(name.replace("_", "-"))
    assert fabric.name != "explicit"
    assert fabric.num_chips == found.chips
    roles = {group.name for group in fabric.groups}
    assert "chip" in roles
    for group in fabric.groups:
        if group.name == "host":
            assert group.forwards is False
        elif group.name != "chip":
            assert group.forwards is True


@pytest.mark.parametrize("name", NAMES)
def test_every_builder_is_documented(name):
    doc = clusters.find(name).builder.__doc__
    for heading in ("Returns", "Examples"):
        assert f"{heading}\n    ---" in doc
    if clusters.find(name).options:
        assert "Parameters\n    ---" in doc
        assert "Raises\n    ---" in doc
    for option in clusters.find(name).options:
        assert f"    {option} : " in doc


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("gb300-nvl2", {}, "no cluster is called 'gb300-nvl2': did you mean \"gb300_nvl72\""),
        ("GB200", {}, 'no cluster is called \'GB200\': there is "gb200_nvl72", "p6e_gb200"'),
        ("nvl72", {}, 'there is "gb200_nvl72", "gb300_nvl72", "vera_rubin_nvl72"'),
        ("trainium-3", {}, "called 'trainium-3': there is \"trn3_ultraserver\""),
        ("-", {}, "no cluster is called '-'"),
        ("trn3-ultracluster", {"ultraserver": 4}, 'did you mean "ultraservers"'),
        ("trn3-ultracluster", {"ultraservers": 0}, "ultraservers=0 is below 1"),
        ("trn3-ultracluster", {"ultraservers": 2**40}, "needs .* ports .* and has 256"),
        ("trn3-ultracluster", {"radix": 100}, r"a leaf needs 144 ports .* and has 100"),
        ("trn3-ultracluster", {"oversubscription": 0.5}, "oversubscription=0.5"),
        ("trn3-ultracluster", {"oversubscription": float("nan")}, "oversubscription=nan"),
        ("trn3-ultracluster", {"oversubscription": 7}, "uplinks .* must be whole"),
        ("trn3-ultracluster", {"tiers": 5}, "tiers=5 must be one of 2, 3, 4"),
        ("trn3-ultracluster", {"tiers": 2}, r"2 tiers for 7,168 ultraservers needs 14,336 ports"),
        ("trn3-ultracluster", {"gen": 3}, "gen=3 must be one of 1, 2"),
        ("trn3-ultracluster", {"gen": True}, "gen=True must be one of 1, 2"),
        ("trn3-ultraserver", {"wiring": "aws"}, "wiring='aws' must be one of"),
        ("p6e-gb200", {"chips": 18}, "chips=18 must be one of 72, 36"),
        ("nvlink-fusion-rack", {"chips": 70}, "chips_per_tray=4 does not divide chips=70"),
        ("nvlink-fusion-rack", {"chips": 577}, "chips=577 is above 576"),
        ("nvlink-fusion-rack", {"cpu": "epyc"}, "cpu='epyc' must be one of"),
        ("fat-tree", {"k": 5}, "k=5 must be even"),
        ("superpod-b300", {"units": 19}, "units=19 is above 18"),
        ("leaf-spine", {"chips": 10**6}, "a spine of 2 tiers .* ports .* and has 64"),
        ("x" * 10**6, {}, "no cluster is called 'xxx"),
    ],
)
def test_bad_options_name_option_and_value(name, options, says):
    with pytest.raises(CatalogueError, match=says):
        clusters.build(name, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("trn3-ultracluster", {"ultraservers": "many"}),
        ("trn3-ultracluster", {"ultraservers": 2.5}),
        ("trn3-ultracluster", {"ultraservers": True}),
        ("trn3-ultracluster", {"oversubscription": "2:1"}),
        (7, {}),
    ],
)
def test_wrong_types(name, options):
    with pytest.raises(InputTypeError):
        clusters.build(name, **options)


@pytest.mark.parametrize("nic", ["200", "200G", 200])
def test_bandwidth_options_need_a_unit(nic):
    with pytest.raises(UnitError, match="nic: bandwidth"):
        clusters.trn4_rack(nic=nic)


def test_zero_bandwidth():
    with pytest.raises(CatalogueError, match="above zero"):
        clusters.trn4_rack(nic="0Gb/s")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("jellyfish", {"switches": 1 << 22, "degree": 4096}),
        ("xpander", {"lift": 1 << 13, "degree": 511, "chips_per_switch": 4096}),
    ],
)
def test_size_is_estimated_first(name, options):
    with pytest.raises(SizeLimitError, match=r"need about [0-9]+ GB, limit 8 GB"):
        clusters.build(name, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("jellyfish", {"switches": 9, "degree": 3}),
        ("jellyfish", {"switches": 4, "degree": 4}),
        ("xpander", {"degree": 10**9}),
        ("torus", {"shape": "65536x65536x65536x65536x65536x65536"}),
        ("torus", {"shape": "1x4"}),
        ("torus", {"shape": "4x" * 10_000}),
        ("clos", {"chips": 10**30}),
        ("fat-tree", {"k": 10**30}),
        ("trn4-ultracluster", {"racks": 10**30}),
        ("dragonfly", {"groups": 514}),
    ],
)
def test_hostile_sizes(name, options):
    with pytest.raises(pp.PinchpointError) as caught:
        clusters.build(name, **options)
    assert len(str(caught.value)) < 400


def test_what_no_source_gives_is_marked_assumed():
    figures = pp.clusters.trn3_ultracluster(64).figures
    assumed = {figure.name for figure in figures if figure.status == "assumed"}
    assert {"switch radix", "chip-host", "ultraservers per pod"} <= assumed
    assert all(figure.sources for figure in figures if figure.status != "assumed")


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(clusters.__path__)])
def test_examples(name):
    module = importlib.import_module(f"pinchpoint.clusters.{name}")
    assert doctest.testmod(module).failed == 0
