"""Selections say what they select; what they say has no part in what they are."""

import functools
import operator
import pickle

import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.studies.fingerprint import fingerprint


@pytest.fixture(scope="module")
def lab():
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", pod=3, host=4, chip=2)
    leaf = b.nodes("leaf", pod=3, leaf=2)
    b.links(chip, leaf, "100Gb/s", multiplicity=2)
    return b.build()


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({}, "chip"),
        ({"pod": 2}, "chip[pod=2]"),
        ({"pod": 0, "host": slice(1, 3)}, "chip[pod=0,host=1:3]"),
        ({"host": slice(None, None, 2)}, "chip[host=::2]"),
        ({"host": slice(2)}, "chip[host=:2]"),
        ({"host": [3, 0, 1]}, "chip[host=0:2,3]"),
        ({"host": range(1, 4)}, "chip[host=1:4]"),
    ],
)
def test_what_is_said_is_what_select_reads(lab, asked, text):
    own = lab.select("chip", **asked)
    assert str(own) == text
    assert repr(own) == f"Selection({text}: {len(own)} nodes)"
    assert lab.select(text) == own
    assert str(lab.select(text)) == text


def test_what_can_be_read_only_once(lab):
    hosts = lambda: (host for host in (3, 0, 1))  # noqa: E731
    for values in (hosts(), iter([3, 0, 1]), map(int, "301")):
        own = lab.select("chip", host=values)
        assert str(own) == "chip[host=0:2,3]"
        assert own == lab.select(str(own))
    links = lab.select_links("chip-leaf", host=hosts())
    assert str(links) == "chip-leaf[host=0:2,3]"
    assert links == lab.select_links(str(links))
    b = pp.FabricBuilder("part")
    chip = b.nodes("chip", host=4).where(host=hosts())
    b.links(chip, b.nodes("leaf", leaf=2), "100Gb/s")
    part = b.build()
    assert part.num_links == pickle.loads(pickle.dumps(part)).num_links == 6


def test_links(lab):
    own = lab.select_links("chip-leaf", pod=1, leaf=0)
    assert repr(own) == "LinkSelection(chip-leaf[pod=1,leaf=0]: 16 links)"
    assert lab.select_links(str(own)) == own
    drawn = lab.sample_links("chip-leaf", 1, seed=7)
    assert repr(drawn) == "LinkSelection(1 of chip-leaf, seed 7: 1 link)"


def test_combinations(lab):
    a, b, c = (lab.select("chip", pod=pod) for pod in range(3))
    host = lab.select("chip[host=0]")
    assert str(a | b) == "chip[pod=0] + chip[pod=1]"
    assert str(a | a) == "chip[pod=0]"
    assert str(a & host) == "chip[pod=0] & chip[host=0]"
    assert str((a | b) - host) == "(chip[pod=0] + chip[pod=1]) - chip[host=0]"
    assert str(a | (b - host) | c) == "chip[pod=0] + (chip[pod=1] - chip[host=0]) + chip[pod=2]"
    every = [lab.select("chip", pod=p, host=h) for p in range(3) for h in range(4)]
    many = functools.reduce(operator.or_, every)
    assert str(many) == (
        "chip[pod=0,host=0] + chip[pod=0,host=1] + chip[pod=0,host=2] + ... (12 parts)"
    )
    assert many == lab.select("chip")
    long = lab.select("chip", host=[0, 2], pod=[0, 2], chip=[0] * 99)
    for _ in range(30):
        long = long - c
    assert len(str(long)) <= 100


@given(st.sampled_from(["|", "&", "-"]), st.integers(0, 2), st.integers(0, 3))
def test_labels_change_nothing(lab, op, pod, host):
    do = {"|": operator.or_, "&": operator.and_, "-": operator.sub}[op]
    one = do(lab.select("chip", pod=pod), lab.select("chip", host=host))
    other = do(lab.select("chip", pod=[pod]), lab.select("chip", host=slice(host, host + 1)))
    assert one == other
    assert hash(one) == hash(other)
    assert fingerprint(one) == fingerprint(other)
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert repr(again) == repr(one)
    links = lab.select_links("chip-leaf", pod=pod)
    assert repr(pickle.loads(pickle.dumps(links))) == repr(links)


def test_studies_and_queries_say_who(lab):
    pod = lab.select("chip", pod=0)
    assert pp.query.bandwidth(pod, ["leaf[pod=1]", 3]).describe()["sinks"] == "leaf[pod=1] + node 3"
    traffic = pp.traffic.all_to_all(pod, gbit_per_s=2.0) + pp.traffic.ring("chip", gbyte_per_s=1)
    assert pp.query.congestion(traffic).describe()["traffic"] == (
        "all-to-all of chip[pod=0], 2 Gbit/s per pair + ring of chip, 8 Gbit/s per pair"
    )
    assert pp.scenarios.failed(pod, "leaf").describe() == "failed: chip[pod=0] + leaf"
    (one,) = pp.scenarios.each_node("chip[pod=1,host=2,chip=1]").resolve(lab)
    assert one.label == str(one.failed[0]) == "chip[pod=1,host=2,chip=1]"
    (drawn,) = pp.scenarios.random_links(k=5, count=1, among="chip-leaf[pod=0]").resolve(lab)
    assert str(drawn.failed[0]).endswith("+ ... (5 parts)")
    rack = pp.clusters.gb200_nvl72()
    (first, *_) = pp.scenarios.each_node("chip").resolve(rack)
    assert first.label == "chip[chip=0]"


@pytest.mark.parametrize(
    ("cluster", "options"),
    [
        ("trn3-ultracluster", {"ultraservers": 128}),
        ("gb200-nvl72", {}),
        ("clos", {"chips": 4096, "planes": 2}),
        ("fat-tree", {"k": 8}),
        ("dragonfly", {}),
    ],
)
def test_labels_of_single_links_name_exactly_them(cluster, options):
    fabric = pp.clusters.build(cluster, **options)
    within = {bundle.name for bundle in fabric.bundles if bundle.a == bundle.b}
    read = 0
    for one in pp.scenarios.each_link().resolve(fabric, pins=[]):
        (links,) = one.failed
        if links.bundle in within:
            # A pair within a group is named by its two ends.
            _, _, ends = one.label.partition(": ")
            ends = ends.partition(", cable")[0].split(" - ")
            assert all(len(fabric.select(end)) == 1 for end in ends)
            continue
        assert fabric.select_links(one.label) == links
        read += 1
    assert read


def test_parallel_links_are_told_apart(lab):
    labels = [one.label for one in pp.scenarios.each_link("chip-leaf").resolve(lab)]
    assert len(set(labels)) == len(labels) == 96
    assert labels[1] == "chip-leaf[pod=0,host=0,chip=0,leaf=0,cable=1]"
    assert all(len(lab.select_links(label)) == 1 for label in labels)
