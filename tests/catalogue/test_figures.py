"""The data file: its schema, and its figures against each other."""

import doctest
import importlib
import json
import pickle
import re
from fractions import Fraction
from pathlib import Path

import pinchpoint as pp
import pytest
from pinchpoint import _suggest, _table, catalogue
from pinchpoint.catalogue import Figure
from pinchpoint.errors import CapacityError, CatalogueError, InputTypeError, UnitError

FILE = Path(catalogue.__file__).with_name("figures.json")


def unrepeated(pairs):
    assert len(dict(pairs)) == len(pairs), [key for key, _ in pairs]
    return dict(pairs)


DATA = json.loads(FILE.read_text(encoding="utf-8"), object_pairs_hook=unrepeated)
FIGURES = [
    pytest.param(entry, name, id=f"{entry}.{name}")
    for entry, table in DATA.items()
    if entry != "sources"
    for name in table["figures"]
]
BANDWIDTH = re.compile(r"[kMGTPE]i?[bB]/s")
UNITS = {
    *("GB/s", "Gb/s", "TB/s", "Tb/s", "PB/s", "GiB/s", "GB", "GiB", "TB"),
    *("TFLOPS", "PFLOPS", "EFLOPS", "TOPS", "us", "ratio", "%", "times Trainium3", "shape"),
    *("cables", "chips", "dimensions", "endpoints", "hosts", "instances", "lanes", "layers"),
    *("links", "makers", "NICs", "nodes", "planes", "pods", "ports", "racks", "segments"),
    *("servers", "switches", "technology", "trays", "units", "vCPUs", "wiring"),
}


def figures(entry, name):
    figure = pp.hardware[entry][name]
    return [figure, *figure.others]


def test_every_entry_and_figure_is_there():
    assert list(pp.hardware) == [name for name in DATA if name != "sources"]
    for entry in pp.hardware:
        assert list(pp.hardware[entry]) == list(DATA[entry]["figures"])
        assert pp.hardware[entry].title


@pytest.mark.parametrize(("entry", "name"), FIGURES)
def test_schema(entry, name):
    fields = DATA[entry]["figures"][name]
    assert ("value" in fields) != ("product" in fields)
    for table in (fields, *fields.get("others", ())):
        known = {"value", "product", "unit", "direction", "status", "sources", "note", "others"}
        assert set(table) <= known
    for figure in figures(entry, name):
        assert figure.status in {"primary", "secondary", "derived", "announced"}
        assert figure.sources
        assert all(figure.sources)
        assert figure.unit in UNITS
        if BANDWIDTH.fullmatch(figure.unit):
            assert figure.direction in {"per direction", "both directions", "memory"}
        else:
            assert figure.direction == ""
        if isinstance(figure.value, tuple):
            assert all(type(n) is int for n in figure.value)
        elif not isinstance(figure.value, str):
            assert figure.value > 0
        if figure.direction in ("per direction", "both directions") and "i" not in figure.unit:
            assert figure.kbit_per_s > 0
    assert len({(f.value, f.unit) for f in figures(entry, name)}) == len(figures(entry, name))


def test_every_source_is_cited():
    cited = {
        key
        for entry, table in DATA.items()
        if entry != "sources"
        for figure in table["figures"].values()
        for shown in (figure, *figure.get("others", ()))
        for key in shown["sources"]
    }
    assert cited == set(DATA["sources"])
    assert all(DATA["sources"].values())


def value(reference):
    entry, name = reference.split(".")
    return Fraction(str(pp.hardware[entry][name].value))


def kbit(reference):
    entry, name = reference.split(".")
    return pp.hardware[entry][name].kbit_per_s


@pytest.mark.parametrize("generation", ["nvlink4", "nvlink5", "nvlink6"])
def test_nvlink_per_chip_is_its_links(generation):
    links = value(f"{generation}.links_per_chip")
    assert links * kbit(f"{generation}.link") == kbit(f"{generation}.scale_up_per_chip")


def test_nvlink_raw_rate_is_17_16_of_payload():
    for generation in ("nvlink4", "nvlink5"):
        assert 16 * kbit(f"{generation}.link_raw") == 17 * kbit(f"{generation}.link")


def test_nvl72_totals():
    # NVIDIA sells 72 x 18 links of 100 GB/s, both directions, as "130 TB/s"; Rubin's as "260".
    assert pp.hardware["gb200_nvl72"]["scale_up_total"].text == "129.6 TB/s"
    assert pp.hardware["gb200_nvl72"]["scale_up_total"].kbit_per_s == 72 * 18 * 400_000_000
    assert pp.hardware["vera_rubin_nvl72"]["scale_up_total"].text == "259.2 TB/s"
    tray = pp.hardware["gb200_nvl72"]["switch_tray_total"]
    assert tray.kbit_per_s == 2 * 72 * kbit("nvlink5.link")
    for rack, generation in (("gb200_nvl72", "nvlink5"), ("vera_rubin_nvl72", "nvlink6")):
        ports = value(f"{rack}.switches") * value(f"{generation}.switch_ports")
        assert value(f"{rack}.chips") * value(f"{generation}.links_per_chip") == ports
        assert value(f"{rack}.switch_trays") * value(f"{rack}.switches_per_tray") == value(
            f"{rack}.switches"
        )


def test_hgx_h100_ports():
    links = pp.hardware["hgx_h100"]["links_per_switch"].value
    assert sum(links) == value("nvlink4.links_per_chip")
    assert [8 * n for n in links] == [32, 40, 40, 32]
    assert sum(pp.hardware["hgx_b200"]["links_per_switch"].value) == value("nvlink5.links_per_chip")


def test_trainium2_edges_give_the_published_sums():
    xy, z = kbit("trn2.edge_xy"), kbit("trn2.edge_z")
    assert xy == value("trn2.edge_xy_lanes") * kbit("pcie.gen5_lane")
    assert z == value("trn2.edge_z_lanes") * kbit("pcie.gen5_lane")
    assert 4 * xy == kbit("trn2.instance_scale_up_per_chip")
    assert 4 * xy + 2 * z == kbit("trn2.ultraserver_scale_up_per_chip")
    assert 16 * kbit("trn2.nic") == kbit("trn2.instance_efa")
    assert 64 * kbit("trn2.nic") == kbit("trn2.ultraserver_efa")


def test_trainium3_readings_agree_where_they_should():
    trn3 = pp.hardware["trn3"]
    link = kbit("trn3.link")
    assert trn3["link"].text == "64 GB/s"
    active = sum(trn3[f"{level}_links"].value for level in ("intra_sled", "in_rack", "cross_rack"))
    assert active == 18  # 1.2 TB/s per direction, rounded
    assert active + trn3["in_rack_spare_links"].value == trn3["links_per_chip"].value
    assert 20 * link == kbit("trn3.scale_up_per_chip")
    assert 11 * link == trn3["scale_up_per_chip"].others[1].kbit_per_s
    assert kbit("trn3.gen2_cross_rack_cut") == 72 * 128 * 8_000_000
    assert trn3["switch_ports"].value * 8 == trn3["switch_lanes"].value
    assert value("trn3.gen2_switches_per_rack") == 4 * 10 + 18 * 8
    for gen in (1, 2):
        chips = value(f"trn3.gen{gen}_chips")
        assert chips * kbit("trn3.nic") == kbit(f"trn3.gen{gen}_efa")
    assert trn3["gen1_mxfp8_total"].value == 161_088
    assert trn3["gen2_mxfp8_total"].value == 362_448
    assert trn3["gen2_hbm_bandwidth_total"].value == 705.6


def test_trainium4_implies_what_the_announcement_says():
    trn4 = pp.hardware["trn4"]
    assert trn4["ultraserver_144_chips_fp4"].unit == "EFLOPS"
    assert 2 < trn4["ultraserver_144_chips_fp4"].value < 2.2
    assert trn4["ultraserver_144_chips_hbm_bandwidth"].text == "2.8224 PB/s"
    # AWS publishes none of these.
    for name in ("hbm", "nic", "efa", "chips", "ultraserver_chips"):
        assert name not in trn4


def test_aws_gpu_instances():
    for name, total in (("p5", 3200), ("p5en", 3200), ("p6_b200", 3200), ("p6_b300", 6400)):
        assert value(f"{name}.efa") == total
        assert value(f"{name}.nics") == value(f"{name}.chips") * value(f"{name}.nics_per_chip")
    assert kbit("p6e_gb200.efa") == 28_800_000_000 == 72 * kbit("p6e_gb200.nic")


def test_tpu_links_give_the_published_sums():
    assert 4 * kbit("tpu_v5e.link") == kbit("tpu_v5e.ici_per_chip")
    assert 4 * kbit("tpu_v6e.link") == kbit("tpu_v6e.ici_per_chip")
    assert 6 * kbit("tpu_v5p.link") == kbit("tpu_v5p.ici_per_chip")
    assert 6 * kbit("tpu7x.link") == kbit("tpu7x.ici_per_chip")
    assert 32 * kbit("tpu_v5e.link") == kbit("tpu_v5e.pod_bisection")
    assert 32 * kbit("tpu_v6e.link") == kbit("tpu_v6e.pod_bisection")
    for name in ("tpu_v4", "tpu_v5e", "tpu_v5p", "tpu_v6e"):
        chips = 1
        for n in pp.hardware[name]["torus"].value:
            chips *= n
        assert chips == value(f"{name}.chips")
    assert "torus" not in pp.hardware["tpu7x"]


def test_superpod_tables_are_whole():
    for name, keys in (
        ("superpod_b200", ("chips", "leaves", "spines", "cores", "cables_per_tier")),
        ("superpod_b300", ("chips", "leaves", "spines", "cables_per_tier")),
    ):
        pod = pp.hardware[name]
        units = pod["units"].value
        assert all(len(pod[key].value) == len(units) for key in keys)
        for unit, chips, cables in zip(
            units, pod["chips"].value, pod["cables_per_tier"].value, strict=True
        ):
            assert chips == cables == unit * pod["nodes_per_unit"].value * 8


def test_hpn_and_meta():
    hpn = pp.hardware["alibaba_hpn"]
    assert hpn["chips"].value == 15_360
    assert hpn["spine_down_ports"].value == 15 * hpn["spine_up_ports"].value
    down = hpn["leaf_active_down_ports"].value * hpn["nic_port"].value
    up = hpn["leaf_up_ports"].value * hpn["uplink"].value
    assert down / up == pytest.approx(hpn["leaf_oversubscription"].value, abs=5e-4)
    meta = pp.hardware["meta_24k"]
    assert meta["chips_per_pod"].value * meta["pods"].value == meta["chips"].value


def test_dragonfly_group():
    group = pp.hardware["slingshot_dragonfly"]
    ports = sum(group[name].value for name in ("endpoint_ports", "local_ports", "global_ports"))
    assert ports + 1 == group["switch_ports"].value  # one of 64 is unused
    assert group["endpoints_per_group"].value == group["global_links_per_group"].value == 512


@pytest.mark.parametrize("width", [80])
def test_reprs_fit_a_terminal(width):
    for text in (repr(pp.hardware), *(repr(pp.hardware[name]) for name in pp.hardware)):
        assert max(map(len, text.splitlines())) <= width


def test_html_is_escaped():
    assert "<table>" in pp.hardware["trn3"]._repr_html_()
    assert "<table>" in pp.hardware._repr_html_()
    assert "<script>" not in _table.html_table(["<script>"], [], "<script>")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("trm3", "no hardware is called 'trm3': did you mean \"trn3\"?"),
        ("gb200-nvl7", 'did you mean "gb200_nvl72"'),
        ("x" * 10_000, r"no hardware is called 'x{56}\.\.\.$"),
    ],
)
def test_unknown_hardware(name, says):
    with pytest.raises(CatalogueError, match=says):
        pp.hardware[name]


def test_names_take_dashes():
    assert pp.hardware["gb200-nvl72"] is pp.hardware["gb200_nvl72"]


def test_unknown_figure():
    with pytest.raises(CatalogueError, match='did you mean "cross_rack"'):
        pp.hardware["trn3"]["crossrack"]
    assert pp.hardware["trn3"].get("crossrack", 1) == 1
    assert "crossrack" not in pp.hardware["trn3"]
    with pytest.raises(CatalogueError):
        pp.hardware["trn3"][["a"]]


def test_only_link_bandwidths_are_capacities():
    with pytest.raises(UnitError, match="no bandwidth of a link"):
        _ = pp.hardware["trn3"]["gen2_chips"].kbit_per_s
    with pytest.raises(UnitError, match="no bandwidth of a link"):
        _ = pp.hardware["trn3"]["hbm_bandwidth"].kbit_per_s
    with pytest.raises(UnitError, match="powers of two"):
        _ = pp.hardware["trn3"]["scale_up_per_chip"].others[0].kbit_per_s
    with pytest.raises(CapacityError, match="half of odd"):
        _ = Figure("odd", 1, "kb/s", "both directions", "primary").kbit_per_s


def test_per_direction_is_exact():
    assert pp.hardware["nvlink4"]["link_raw"].per_direction == "212.5Gb/s"
    assert pp.hardware["nvlink5"]["scale_up_per_chip"].per_direction == "7200Gb/s"
    assert Figure("a", 100, "kb/s", "per direction", "primary").per_direction == "0.0001Gb/s"


def test_figures_pickle():
    figure = pp.hardware["trn3"]["scale_up_per_chip"]
    assert pickle.loads(pickle.dumps(figure)) == figure


def test_suggestions():
    assert _suggest.did_you_mean("zzz", ["a", "b"]) == " (known: a, b)"
    assert _suggest.did_you_mean("zzz", []) == ""
    assert _suggest.did_you_mean("zzz", map(str, range(100))) == ""


@pytest.mark.parametrize(
    "name",
    ["_suggest", "_table", "catalogue.figure", "catalogue.entry", "catalogue.reader"],
)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(f"pinchpoint.{name}")).failed == 0


@pytest.mark.parametrize("name", [3, None, []])
def test_names_that_are_no_text(name):
    with pytest.raises(InputTypeError, match="must be text"):
        pp.hardware[name]
    assert name not in pp.hardware


def test_entries_cannot_be_changed():
    entry = pp.hardware["trn3"]
    title = entry.title
    for name in ("name", "title", "_figures", "other"):
        with pytest.raises(AttributeError, match="cannot be changed"):
            setattr(entry, name, "x")
    with pytest.raises(AttributeError, match="cannot be changed"):
        del entry.title
    with pytest.raises(TypeError):
        entry._figures["cross_rack"] = None
    assert (entry.name, entry.title) == ("trn3", title)
    again = pickle.loads(pickle.dumps(entry))
    assert (again.name, again.title, dict(again)) == ("trn3", title, dict(entry))
