"""What studies refuse, in one typed error each, and what they keep when a disk is full."""

import errno
import os
import sys

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import InputTypeError, ScenarioError, StudyError
from pinchpoint.scenarios import Mode, Rule
from pinchpoint.studies import sweep

from studies import functions

S = pp.scenarios
ASK = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")
BIG = 10**5000
TRAFFIC = pp.traffic.all_to_all("chip", gbyte_per_s=1.0)


def until(fabric, **options):
    ends = "chip[chip=0]", "chip[chip=1]"
    return pp.failures_until(fabric, *ends, below="700GB/s", among="chip-switch", **options)


def curve(fabric, **options):
    own = {"below": "1GB/s", "among": "chip-switch", "failures": [1], **options}
    return pp.failure_curve(fabric, "chip[chip=0]", "chip[chip=1]", **own)


@pytest.fixture(scope="module")
def rack():
    return pp.clusters.gb200_nvl72()


@pytest.mark.parametrize(
    ("error", "match", "asked"),
    [
        (InputTypeError, "seed is 'a'", lambda f: pp.sweep(f, S.healthy(), ASK, seed="a")),
        (ScenarioError, "seed is -1", lambda f: pp.sweep(f, S.healthy(), ASK, seed=-1)),
        (InputTypeError, "scenarios is an int", lambda f: pp.sweep(f, 3, ASK)),
        (InputTypeError, "scenarios is a str", lambda f: pp.sweep(f, "chip", ASK)),
        (InputTypeError, "fabric is a list", lambda f: pp.sweep([f], S.healthy(), ASK)),
        (InputTypeError, "out is an int", lambda f: pp.sweep(f, S.healthy(), ASK, out=3)),
        (StudyError, "is a folder", lambda f: pp.sweep(f, S.healthy(), ASK, out=os.sep)),
        (StudyError, "no designs", lambda f: pp.sweep({}, S.healthy(), ASK)),
        (ScenarioError, "factor is 0", lambda f: S.degraded("chip-switch", 0)),
        (ScenarioError, "factor is nan", lambda f: S.degraded("chip-switch", float("nan"))),
        (InputTypeError, "factor is '2'", lambda f: S.upgrades("chip-switch", ["2"])),
        (ScenarioError, "nothing is named", lambda f: S.failed()),
        (InputTypeError, "groups is an int", lambda f: S.each(3)),
        (InputTypeError, "probability is 'x'", lambda f: Rule("chip", probability="x")),
        (ScenarioError, "factor is inf", lambda f: Rule("chip-switch", factor=float("inf"))),
        (InputTypeError, "weight is '1'", lambda f: Mode("1", ())),
        (InputTypeError, r"rules\[0\] of mode 'a' is a str", lambda f: Mode(1, ("chip",), "a")),
        (InputTypeError, r"modes\[0\] is a Rule", lambda f: S.policy([Rule("chip")], 3)),
        (InputTypeError, "modes is a NoneType", lambda f: S.policy(None, 1)),
        (InputTypeError, "factors is a NoneType", lambda f: S.upgrades("chip-switch", None)),
        (InputTypeError, "share is 'x'", lambda f: pp.sweep(f, S.healthy(), ASK).quantile("x")),
        (InputTypeError, "fabric is an int", lambda f: until(3)),
        (InputTypeError, "effort is 'x'", lambda f: until(f, effort="x")),
        (ScenarioError, "effort is -1", lambda f: until(f, effort=-1)),
        (InputTypeError, "fabric is an int", lambda f: curve(3)),
        (InputTypeError, "failures is an int", lambda f: curve(f, failures=3)),
        (InputTypeError, "confidence is 'x'", lambda f: curve(f, confidence="x")),
        (
            ScenarioError,
            "mode 'power': only links have a capacity to multiply",
            lambda f: S.policy(
                [Mode(1, (Rule({"a": "chip[chip=0]"}, factor=0.5),), "power")], 1
            ).resolve(f),
        ),
        (ScenarioError, "chip are no links", lambda f: S.each_link("chip").resolve(f)),
        (ScenarioError, "switch are no nodes", lambda f: S.each_node("chip-switch").resolve(f)),
        (ScenarioError, "no links", lambda f: S.random_links(k=1, among="chip").resolve(f)),
        (InputTypeError, "traffic is a str", lambda f: pp.query.congestion("x")),
        (InputTypeError, "no option 'rooting'", lambda f: pp.query.throughput(TRAFFIC, rooting=1)),
        (
            InputTypeError,
            "no option 'algoritm'.*algorithm",
            lambda f: pp.query.collective("all_reduce", ranks="chip", gbyte=1.0, algoritm="ring"),
        ),
        (StudyError, r"share is 1\.5", lambda f: pp.sweep(f, S.healthy(), ASK).quantile(1.5)),
        (StudyError, "no scenario", lambda f: pp.sweep(f, [], ASK).worst()),
        (InputTypeError, "label is 3, an int", lambda f: S.failed("chip", label=3)),
        (InputTypeError, "label is 3", lambda f: S.degraded("chip-switch", 0.5, label=3)),
        (InputTypeError, "lone surrogate", lambda f: S.failed("chip", label="\ud800")),
        (InputTypeError, "factor is 'x'", lambda f: S.degraded("chip-switch", "x")),
        (ScenarioError, "factor is an integer", lambda f: S.degraded("chip-switch", BIG)),
        (InputTypeError, "rules of mode '' is a NoneType", lambda f: Mode(1.0, None)),
        (InputTypeError, "name is 3", lambda f: Mode(1.0, (), 3)),
        (ScenarioError, "mode 0 is 2.0; it must be", lambda f: S.policy([Mode(2.0, ())], 1)),
        (InputTypeError, "an integer of", lambda f: S.failed(["chip"], BIG)),
        (InputTypeError, "1.5 is a float", lambda f: pp.query.bandwidth(1.5, 2)),
        (InputTypeError, "lone surrogate", lambda f: pp.query.bandwidth("\ud800", 2)),
        (InputTypeError, "op is an integer", lambda f: f.collective(BIG, "chip")),
    ],
)
def test_refused_with_one_sentence(rack, error, match, asked):
    with pytest.raises(error, match=match) as refused:
        asked(rack)
    assert isinstance(refused.value, pp.PinchpointError | ValueError)


@pytest.mark.parametrize(
    "asked",
    [
        lambda f, text: S.failed(text).resolve(f),
        lambda f, text: S.failed([text, text]).resolve(f),
        lambda f, text: S.failed("chap", label=text).resolve(f),
        lambda f, text: S.degraded(text, 0.5).resolve(f),
        lambda f, text: S.each({text: "chap"}).resolve(f),
        lambda f, text: S.policy([Mode(2, (), text)], 1),
        lambda f, text: S.policy([Mode(1, (Rule(text),), text)], 1).resolve(f),
        lambda f, text: S.policy([Mode(1, (Rule({text: text}),), text)], 1).resolve(f),
        lambda f, text: S.load(text),
        lambda f, text: pp.sweep(f, S.healthy(), ASK, out=text),
        lambda f, text: pp.query.collective(text, ranks="chip", gbyte=1.0),
        lambda f, text: pp.query.congestion(TRAFFIC, **{text: 1}),
    ],
)
def test_long_texts_are_cut(rack, asked):
    with pytest.raises(pp.PinchpointError) as refused:
        asked(rack, "x" * 5000)
    assert len(str(refused.value)) < 600


def test_integers_of_numpy_are_integers(rack):
    rule = Rule("chip-switch", choose=np.int8(1), factor=np.float32(0.5))
    assert rule == Rule("chip-switch", choose=1, factor=0.5)
    drawn = S.policy([Mode(np.float32(1), [rule])], count=300).resolve(rack)
    assert {len(one.scaled) for one in drawn} == {1}
    assert pp.query.bandwidth(np.int64(0), np.array([1, 2])) == pp.query.bandwidth(0, [1, 2])
    assert pp.query.bandwidth(10**5000, 1).describe()["sources"] == (
        "node an integer of 16,610 bits"
    )


def test_unknown_selections_in_a_scenario_file(rack, tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(
        "policy: 1\ncount: 3\nmodes:\n  - weight: 1\n    name: optics\n"
        "    rules:\n      - {among: chip-swich, choose: 1}\n"
    )
    with pytest.raises(ScenarioError, match=r"mode 'optics': .*chip-swich.*chip-switch"):
        pp.sweep(rack, S.load(path), ASK)


def test_out_is_refused_before_anything_is_solved(rack, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    calls = []
    with pytest.raises(StudyError, match=r"pip install 'pinchpoint\[arrow\]'"):
        pp.sweep(rack, S.healthy(), lambda f: calls.append(1) or 0.0, out=tmp_path / "x.parquet")
    assert not calls


def test_a_file_of_another_version_is_left_alone(rack, tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    out = tmp_path / "study.parquet"
    pp.sweep(rack, S.healthy(), ASK, out=out)
    before = out.read_bytes()
    monkeypatch.setattr(sweep, "__version__", "9.9")
    with pytest.raises(StudyError, match="another study, or one of another version"):
        pp.sweep(rack, S.healthy(), ASK, out=out)
    assert out.read_bytes() == before


@pytest.mark.parametrize("writes", [1, 2, 4])
def test_a_disk_that_fills_up_keeps_what_was_written(rack, tmp_path, monkeypatch, writes):
    pytest.importorskip("pyarrow")
    scenarios = S.each([rack.select("chip", chip=c) for c in range(30)])
    ask = functions.Slow(seconds=0.02)
    real, left = os.fsync, [writes]

    def full(file):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    out = tmp_path / "study.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StudyError, match=r"cannot write .*No space left.*run the study again"):
            pp.sweep(rack, scenarios, ask, out=out)
    parts = tmp_path / "study.parquet.parts"
    # The first write is what says whose rows these are.
    assert len(list(parts.glob("*.rows"))) == writes - 1
    assert not list(tmp_path.rglob("*.draft"))
    assert not out.exists()
    pp.sweep(rack, scenarios, ask, out=out)
    pp.sweep(rack, scenarios, ask, out=tmp_path / "whole.parquet")
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_pairs_of_nodes_and_links():
    b = pp.FabricBuilder("two tiers")
    chip, leaf = b.nodes("chip", leaf=2, chip=2), b.nodes("leaf", leaf=2)
    b.links(chip, leaf, "100Gb/s")
    b.links(leaf, b.nodes("spine", spine=3), "100Gb/s")
    fabric = b.build()
    ask = pp.query.bandwidth("chip[leaf=0]", "chip[leaf=1]")
    study = pp.sweep(fabric, S.each_pair(["spine", "leaf-spine"]), ask)
    assert sum(study.columns["stands_for"]) == 9 * 8 // 2
    elements = [fabric.select("spine", spine=s) for s in range(3)]
    elements += [
        fabric.select_links("leaf-spine", leaf=a, spine=s) for a in (0, 1) for s in range(3)
    ]
    values = sorted(
        fabric.without(one, other).bandwidth("chip[leaf=0]", "chip[leaf=1]").gbit_per_s
        for place, one in enumerate(elements)
        for other in elements[:place]
    )
    found = zip(study.columns["gbit_per_s"], study.columns["stands_for"], strict=True)
    assert sorted(value for value, many in found for _ in range(many)) == values
