"""The commands about traffic: tables of 80 columns, JSON, refusals, signs of life."""

import io
import json
import sys
import time

import pinchpoint as pp
import pytest
from pinchpoint.cli import main

pytest.importorskip("typer")

SMALL = ["trn3-ultracluster", "--ultraservers", "64", "--oversubscription", "2"]


def run(capsys, *words):
    status = main(words)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    if "--json" not in words:
        assert max(map(len, captured.out.splitlines()), default=0) <= 80
    return status, captured.out, captured.err


def test_congestion_of_a_million_chips(capsys):
    words = ["trn3-ultracluster", "--ultraservers", "7168", "--rate", "25GB/s"]
    status, out, err = run(capsys, "congestion", *words, "--traffic", "all-to-all")
    assert (status, err) == (0, "")
    assert "1,032,192 chips" in out
    assert "spine-core" in out
    assert "The traffic fits 1 times: 25.0034 GB/s per node." in " ".join(out.split())


def test_congestion_with_failures_says_what_is_too_full(capsys):
    words = [*SMALL, "--rate", "12.5GB/s", "--fail", "leaf-spine:100", "--seed", "1"]
    status, out, _ = run(capsys, "congestion", *words, "--routing", "ecmp")
    assert status == 0
    assert "leaf-spine   " in out
    status, out, _ = run(capsys, "congestion", *words, "--json")
    answer = json.loads(out)
    cluster = pp.clusters.build("trn3-ultracluster", ultraservers=64, oversubscription=2)
    worse = cluster.without(cluster.sample_links("leaf-spine", 100, seed=1))
    pattern = pp.traffic.all_to_all("chip", per_chip_gbyte_per_s=12.5)
    assert answer["max_utilization"] == worse.congestion(pattern).max_utilization
    assert answer["max_utilization"] > 1
    assert answer["routing"] == "ecmp"


@pytest.mark.parametrize("pattern", ["permutation", "ring", "incast", "skewed"])
@pytest.mark.parametrize("routing", ["single", "ecmp-hash"])
def test_patterns_and_routings(capsys, pattern, routing):
    words = ["hgx-h100", "--traffic", pattern, "--routing", routing, "--seed", "3"]
    status, out, _ = run(capsys, "congestion", *words)
    assert status == 0
    assert f"{pattern} among chip, 1 GB/s from each, {routing} routing" in out
    assert ("10 seeds" in out) == (routing == "ecmp-hash")


def test_throughput(capsys):
    status, out, _ = run(capsys, "throughput", "hgx-h100", "--traffic", "all-to-all")
    assert status == 0
    assert "450 GB/s (3.6 Tb/s) per direction" in out
    status, out, _ = run(capsys, "throughput", "hgx-h100", "--json")
    assert json.loads(out)["lower"] == pytest.approx(450, rel=1e-9)


def test_collective(capsys):
    status, out, _ = run(capsys, "collective", "hgx-h100", "all-reduce")
    assert status == 0
    assert "optimal  450 GB/s" in out
    assert "chip[chip=0] can take in no more than 450 GB/s" in out
    status, out, _ = run(capsys, "collective", "hgx-h100", "all_reduce", "--in-network", "--json")
    answer = json.loads(out)
    assert answer["busbw_gbyte_per_s"] == pytest.approx(700)
    assert answer["busbw_upper_gbyte_per_s"] == pytest.approx(787.5)
    words = ["all_reduce", "--algorithm", "rail-aligned", "--domain", "ultraserver"]
    status, out, _ = run(capsys, "collective", "trn3-ultracluster", "--ultraservers", "2", *words)
    assert status == 0
    assert "no better than" in out


def test_rank_file(capsys, tmp_path):
    path = tmp_path / "ranks.txt"
    path.write_text("".join(f"chip[chip={i}]\n" for i in range(8)))
    words = ["collective", "gb200-nvl72", "all_gather", "--ranks", str(path)]
    status, out, _ = run(capsys, *words)
    assert status == 0
    assert "all_gather of 8 ranks" in out
    path.write_text("chip[chip=0]\nchip[chip=0]\n")
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert "ranks.txt:2: chip[chip=0] is rank 0 already" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["congestion", "hgx-h100", "--traffic", "al-to-all"], 'did you mean "all-to-all"'),
        (["congestion", "hgx-h100", "--routing", "best"], "routing is 'best'"),
        (["congestion", "hgx-h100", "--rate", "1GB"], "unit"),
        (["congestion", "hgx-h100", "chip"], "congestion takes one cluster"),
        (["throughput", "hgx-h100", "--gap", "-1"], "gap is -1"),
        (["collective", "hgx-h100"], "collective takes one operation"),
        (["collective", "hgx-h100", "allreduze"], 'did you mean "all_reduce"'),
        (["collective", "hgx-h100", "all_reduce", "--ranks", "no.txt"], "no such file"),
        (["collective", "hgx-h100", "all_reduce", "--gbyte", "0"], "gbyte is 0"),
    ],
)
def test_one_clear_sentence(capsys, words, sentence):
    status, out, err = run(capsys, *words)
    assert status == 2
    assert out == ""
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_signs_of_life_on_a_terminal_only(monkeypatch):
    from pinchpoint import _progress

    monkeypatch.setattr(_progress, "_QUIET_SECONDS", 0.01)
    for terminal in (True, False):
        heard = io.StringIO()
        heard.isatty = lambda own=terminal: own
        monkeypatch.setattr(sys, "stderr", heard)
        with _progress.progress("work"):
            time.sleep(0.1)
        assert ("work: 0 s" in heard.getvalue()) == terminal
        assert heard.getvalue().endswith("\r") == terminal
