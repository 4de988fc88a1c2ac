"""NCCL topology files: the machines they are, and files with one thing wrong."""

import random
from pathlib import Path

import pinchpoint as pp
import pytest
from pinchpoint.errors import FormatError
from pinchpoint.interop import read, read_nccl

DATA = Path(__file__).parents[1] / "data" / "nccl"


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("azure/ndv5", {"cpu": 2, "pci": 24, "bridges": 8, "chips": 8, "NICs": 8}),
        ("azure/ndv4", {"cpu": 4, "pci": 20, "bridges": 4, "chips": 8, "NICs": 8}),
        ("azure/ndv2", {"cpu": 2, "pci": 9, "chips": 8, "NICs": 1}),
        ("azure/ncv4", {"cpu": 4, "pci": 4, "gpu": 4, "nvlink": 48, "chips": 4, "NICs": 1}),
        ("aws/p4d-24xl", {"cpu": 2, "pci": 16, "bridges": 4, "chips": 8, "NICs": 4}),
        ("aws/p4de-24xl", {"cpu": 2, "pci": 16, "bridges": 4, "chips": 8, "NICs": 4}),
        ("aws/g5.48xl", {"cpu": 2, "pci": 9}),
    ],
)
def test_real_machines(name, counts):
    found = read(DATA / f"{name}-topo.xml")
    read_counts = dict(found.report.read)
    del read_counts["links"]
    assert read_counts == counts
    assert found.fabric.num_chips == counts.get("chips", 0)
    assert "CPU to CPU" in str(found.report)


def test_bandwidths_are_those_nccl_takes():
    ndv5 = pp.load(DATA / "azure" / "ndv5-topo.xml")
    # Gen5 x16 is 48 GB/s; a chip and a NIC below one bridge share nothing but the bridge.
    assert ndv5.bandwidth("chip[chip=0]", "nic[nic=0]").gbyte_per_s == 48
    p4d = pp.load(DATA / "aws" / "p4d-24xl-topo.xml")
    assert p4d.bandwidth("chip[chip=0]", "chip[chip=1]").gbyte_per_s == 12
    g5 = read(DATA / "aws" / "g5.48xl-topo.xml")
    assert "link_speed '' taken as 8 GT/s" in str(g5.report)


def test_a_file_of_channels_is_refused_as_such():
    with pytest.raises(FormatError, match=r"ncv4-graph\.xml:1: <graphs> holds channels"):
        read(DATA / "azure" / "ncv4-graph.xml")


def chip(busid, *links, attributes='sm="90"'):
    inside = "".join(links)
    return (
        f'<pci busid="{busid}" class="0x030200" link_speed="32.0 GT/s PCIe" link_width="16">'
        f'<gpu dev="0" {attributes}>{inside}</gpu></pci>\n'
    )


def system(*children):
    return '<system version="1"><cpu numaid="0">\n' + "".join(children) + "</cpu></system>\n"


def link(target, count=1, kind="nvlink", tclass="0x030200"):
    return f'<{kind} target="{target}" count="{count}" tclass="{tclass}"/>'


def written(tmp_path, text):
    path = tmp_path / "topo.xml"
    path.write_text(text)
    return path


def test_direct_links_and_switches(tmp_path):
    found = read(
        written(tmp_path, system(chip("a", link("b", 4)), chip("b", link("a", 4)), chip("c")))
    )
    assert found.fabric.bandwidth("a", "b").gbyte_per_s == 4 * 20.6 + 48
    switched = system(*(chip(name, link("s", 18, tclass="0x068000")) for name in "ab"))
    found = read_nccl(written(tmp_path, switched))
    assert dict(found.report.read)["NVSwitches"] == 1
    assert found.fabric.bandwidth("a", "b").gbyte_per_s == pytest.approx(18 * 20.6 + 48)
    lopsided = system(chip("a", link("b", 4)), chip("b", link("a", 3)))
    found = read_nccl(written(tmp_path, lopsided))
    assert "differ in count; the lower one" in str(found.report)
    assert found.fabric.select_links("chip-chip").num_links == 3
    one_sided = system(chip("b"), chip("a", link("b", 2)))
    found = read_nccl(written(tmp_path, one_sided))
    assert "reported by one end only" in str(found.report)
    assert found.fabric.select_links("chip-chip").num_links == 2


def test_amd_and_grace(tmp_path):
    pair = [chip(a, link(b, 2, "xgmi"), attributes='gcn="gfx942"') for a, b in ("ab", "ba")]
    found = read_nccl(written(tmp_path, system(*pair)))
    assert dict(found.report.read)["xgmi"] == 4
    assert found.fabric.select_links("chip-chip").num_links == 2
    grace = system(chip("a", '<c2c bw="112000" count="4"/>'))
    fabric = read_nccl(written(tmp_path, grace)).fabric
    assert fabric.bandwidth("a", "cpu0").gbyte_per_s == 4 * 112 + 48


def test_bridges_that_are_there_twice_are_two(tmp_path):
    # RCCL's model topo_4p4h.xml repeats the bus id of a bridge, topo_8p1h_1.xml that of a NIC.
    bridge = '<pci busid="c5" class="0x060400" link_speed="8 GT/s" link_width="16">{}</pci>'
    nic = '<pci busid="c5" class="0x020700" link_speed="8 GT/s" link_width="16"/>'
    text = system(bridge.format(chip("a")), bridge.format(chip("b")), nic)
    found = read_nccl(written(tmp_path, text))
    sizes = {group.name: group.size for group in found.fabric.groups}
    assert sizes == {"host": 1, "bridge": 2, "chip": 2, "nic": 1}
    assert found.fabric.bandwidth("a", "b").gbyte_per_s == 12
    assert [line for line in found.report.guessed if "there twice; taken as two" in line] == [
        "line 3: 'pci c5' is there twice; taken as two",
        "line 4: 'pci c5' is there twice; taken as two",
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("<system>", 1, "no XML: no element found"),
        ("<system></system>", 1, "no <cpu>"),
        ("<a></a>", 1, "the root is <a>"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><system/>", 1, "document types"),
        ('<!DOCTYPE system SYSTEM "http://example.org/x">\n<system/>', 1, "document types"),
        ("<system>&b;</system>", 1, "no XML: undefined entity"),
        (system("<pci/>"), 2, "no busid"),
        (system(chip("a"), chip("a")), 3, "'pci a' is there twice"),
        (system(chip("a", link("a", "x"))), 2, "count is 'x'"),
        (system(chip("a", link("a", 5000))), 2, "integer up to 1024"),
        (system(chip("a").replace('"16"', '"-1"')), 2, "link_width is '-1'"),
        (system(chip("a", attributes='sm="9" sm="9"')), 2, "no XML: duplicate attribute"),
        (system(chip("a"), chip("b", link("a"), link("a"))), 3, "is there twice"),
        ("<system>" + "<pci>" * 100 + "</pci>" * 100 + "</system>", 1, "deep"),
        ('<?xml version="1.0" encoding="x-none"?><system/>', None, "no XML|no <cpu>"),
        ("<system><cpu \x01/></system>", 1, "no XML"),
    ],
)
def test_faults(text, line, message, tmp_path):
    path = written(tmp_path, text)
    with pytest.raises(FormatError, match=message) as caught:
        read_nccl(path)
    assert str(caught.value).startswith(f"{path}:{'' if line is None else line}")


def test_random_damage_gives_a_fabric_or_a_format_error(tmp_path):
    rng, text = random.Random(2), (DATA / "azure" / "ncv4-topo.xml").read_text()
    for _ in range(200):
        start, other = rng.randrange(len(text)), rng.randrange(len(text))
        end = start + rng.choice([0, 1, 3, 40])
        broken = text[:start] + text[other : other + rng.choice([0, 1, 6])] + text[end:]
        try:
            read_nccl(written(tmp_path, broken))
        except FormatError:
            continue
