"""The command line: tables, JSON, exit statuses and sentences."""

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path

import pinchpoint as pp
import pytest
from pinchpoint.cli import main

pytest.importorskip("typer")

FROM, TO = "chip[ultraserver=0]", "chip[ultraserver=7167]"
CLUSTER = ["trn3-ultracluster", "--ultraservers", "7168"]


def run(capsys, *words):
    status = main(words)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    if "--json" not in words:
        assert max(map(len, captured.out.splitlines()), default=0) <= 80
    return status, captured.out, captured.err


def test_clusters(capsys):
    status, out, _ = run(capsys, "clusters")
    assert status == 0
    for cluster in pp.clusters.available():
        assert cluster.name in out


def test_clusters_json(capsys):
    status, out, _ = run(capsys, "clusters", "--json")
    assert status == 0
    assert {row["name"] for row in json.loads(out)} >= {"trn3_ultracluster", "gb200_nvl72"}


def test_options_of_one_cluster(capsys):
    status, out, _ = run(capsys, "clusters", "trn3-ultracluster")
    assert status == 0
    assert "--ultraservers" in out
    assert "7168" in out
    status, out, _ = run(capsys, "clusters", "gb200-nvl72")
    assert "no options" in out
    status, out, _ = run(capsys, "clusters", "trn4-rack", "--json")
    assert json.loads(out)["options"]["nic"] == "200Gb/s"


def test_bandwidth_names_the_pinch(capsys):
    status, out, err = run(capsys, "bandwidth", *CLUSTER, FROM, TO)
    assert status == 0
    assert err == ""
    assert "3.6 TB/s (28.8 Tb/s) per direction" in out
    assert "1,032,192 chips" in out
    assert "chip-nic" in out
    assert "100 %" in out
    assert "Raising chip-nic alone buys nothing: nic-leaf would bind at once." in out


def test_bandwidth_says_what_raising_the_pinch_buys(capsys):
    words = ["gb200-nvl72", "chip[chip=0]", "chip[chip=1:72]"]
    _, out, _ = run(capsys, "bandwidth", *words)
    assert "Raising chip-switch: nothing else binds." in out
    words = ["trn3-ultracluster", "--ultraservers", "8", "--oversubscription", "4"]
    ends = ["chip[ultraserver=0]", "chip[ultraserver=7]"]
    _, out, _ = run(capsys, "bandwidth", *words, *ends)
    assert "Raising leaf-spine 4 times gives 3.6 TB/s, until chip-nic binds." in out


def test_bandwidth_json(capsys):
    status, out, _ = run(capsys, "bandwidth", *CLUSTER, FROM, TO, "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["gbit_per_s"] == 28_800
    assert answer["gbyte_per_s"] == 3_600
    assert answer["kbit_per_s"] == 28_800_000_000
    assert answer["certificate"]["checked"] is True
    (row,) = answer["bottleneck"]
    assert row["bundle"] == "chip-nic"
    assert (row["links"], row["gbit_per_s"], row["share"]) == (144, 28_800, 1)


@pytest.mark.parametrize(
    "words",
    [
        ["--ultraservers=8", "trn3-ultracluster"],
        ["trn3-ultracluster", "--ultraservers=8"],
        ["trn3-ultracluster", "--ultraservers", "8", "--wiring", "aws_text", "--tiers", "none"],
        ["trn3_ultracluster", "--ultraservers", "8", "--oversubscription", "1.0"],
        ["--ultraservers", "8", "trn3-ultracluster"],
    ],
)
def test_options_in_any_place(capsys, words):
    ends = ["chip[ultraserver=0]", "chip[ultraserver=7]"]
    status, out, err = run(capsys, "bandwidth", *words, *ends)
    assert (status, err) == (0, "")
    assert "3.6 TB/s" in out


@pytest.mark.parametrize(
    ("words", "links"),
    [
        (["--no-wrap", "torus"], 11_520),
        (["torus", "--no-wrap"], 11_520),
        (["--no-wrap", "--", "torus"], 11_520),
        (["--wrap", "torus"], 12_288),
        (["--wrap=false", "torus"], 11_520),
    ],
)
def test_flags_without_a_value_may_come_before_the_cluster(capsys, words, links):
    status, out, err = run(capsys, "show", "--json", *words)
    assert (status, err) == (0, "")
    assert json.loads(out)["num_links"] == links


def test_after_two_dashes_no_word_is_an_option(capsys, tmp_path):
    path = str(tmp_path / "lab.yaml")
    pp.Fabric.from_links([0, 1], [1, 2], [400.0, 200.0], names=["a", "--b", "--"]).save(path)
    assert run(capsys, "bandwidth", path, "a", "--b")[0] == 2
    for words in ([path, "--", "a", "--b"], ["--", path, "a", "--b"], [path, "a", "--", "--b"]):
        status, out, err = run(capsys, "bandwidth", "--json", *words)
        assert (status, err) == (0, "")
        assert json.loads(out)["gbit_per_s"] == 400
    status, out, _ = run(capsys, "bandwidth", "--json", path, "--", "--b", "--")
    assert json.loads(out)["gbit_per_s"] == 200


def test_failed_links_are_seeded(capsys):
    small = ["trn3-ultracluster", "--ultraservers", "128"]
    ends = ["chip[ultraserver=0:64]", "chip[ultraserver=64:128]"]
    fail = ["--fail", "nic-leaf:100", "--seed", "1", "--json"]
    _, first, _ = run(capsys, "bandwidth", *small, *ends, *fail)
    _, again, _ = run(capsys, "bandwidth", *small, *ends, *fail)
    assert first == again
    assert json.loads(first)["gbit_per_s"] < 64 * 28_800


def test_failed_nodes_and_named_links(capsys):
    small = ["trn3-ultracluster", "--ultraservers", "128"]
    ends = ["chip[ultraserver=0]", "chip[ultraserver=127]"]
    for what, gbit in (
        ("spine[pod=0,spine=4]", 28_800 - 400),
        ("leaf-spine[pod=0,spine=4]", 28_800 - 400),
        ("nic[ultraserver=0,nic=7]", 28_800 - 200),
    ):
        status, out, _ = run(capsys, "bandwidth", *small, *ends, "--fail", what, "--json")
        assert status == 0
        assert json.loads(out)["gbit_per_s"] == gbit


def test_unconnected(capsys):
    words = ["gb200-nvl72", "chip[chip=0]", "host[host=9]", "--forwarding", "none"]
    status, out, _ = run(capsys, "bandwidth", *words)
    assert status == 0
    assert "0 GB/s" in out


def test_show(capsys):
    status, out, _ = run(capsys, "show", *CLUSTER)
    assert status == 0
    assert "leaf-spine" in out
    assert "Assumed, no source gives it" in out


def test_show_json(capsys):
    status, out, _ = run(capsys, "show", "gb200-nvl72", "--json")
    shown = json.loads(out)
    assert status == 0
    assert shown["num_chips"] == shown["num_chips_up"] == 72
    assert {g["name"] for g in shown["groups"]} == {"chip", "host", "switch", "nic"}
    assert any(f["status"] == "assumed" for f in shown["figures"])


def test_show_counts_what_is_built_and_what_is_up(capsys):
    words = ["leaf-spine", "--fail", "leaf[leaf=0]", "--fail", "leaf-spine:3"]
    status, out, _ = run(capsys, "show", *words, "--json")
    shown = json.loads(out)
    assert status == 0
    rows = {row["name"]: row for row in shown["groups"] + shown["bundles"]}
    net = pp.clusters.leaf_spine()
    for bundle in net.bundles:
        assert rows[bundle.name]["num_links"] == bundle.num_links
    leaves = rows["leaf"]["size"]
    assert rows["leaf"]["num_nodes_up"] == leaves - 1
    assert shown["num_nodes_up"] == shown["num_nodes"] - 1
    tier = rows["leaf-spine"]
    assert tier["num_links_up"] == tier["num_links"] * (leaves - 1) // leaves - 3
    assert tier["total_gbit_per_s"] == tier["num_links_up"] * tier["gbit_per_s_least"]
    for count in ("num_links", "num_links_up"):
        assert shown[count] == sum(row[count] for row in shown["bundles"])
    _, text, _ = run(capsys, "show", *words)
    assert f"{leaves - 1} of {leaves}" in text


def test_show_json_of_listed_links_is_json(capsys, tmp_path):
    links = pp.Fabric.from_links([0, 1], [1, 2], [400.0, 100.0])
    links.scaled(links.select_links("node-node", link=0), 0.5).save(tmp_path / "lab.yaml")
    _, out, _ = run(capsys, "show", str(tmp_path / "lab.yaml"), "--json")
    [row] = json.loads(out, parse_constant=pytest.fail)["bundles"]
    assert row["gbit_per_s"] is None
    assert (row["gbit_per_s_least"], row["gbit_per_s_most"]) == (100, 200)
    assert (row["num_links_degraded"], row["total_gbit_per_s"]) == (1, 300)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["bandwith"], "bandwith"),
        (["show"], "CLUSTER"),
        (["show", "trn9-rack"], "did you mean"),
        (["show", "trn3-ultracluster", "gb200-nvl72"], "besides"),
        (["show", "trn3-ultracluster", "--ultraserver", "4"], "did you mean"),
        (["show", "trn3-ultracluster", "--ultraservers"], "--ultraservers needs a value"),
        (["show", "trn3-ultracluster", "--ultraservers", "0"], "ultraservers=0 is below 1"),
        (["show", "trn3-ultracluster", "--ultraservers", "many"], "whole number"),
        (["show", "trn4-rack", "--nic", "400"], "has no unit"),
        (["show", "no/such/file.yaml"], "no file"),
        (["show", "lab.yaml", "--ultraservers", "4"], "takes no option"),
        (["show", "--shape", "torus"], "no cluster is named before '--shape'"),
        (["show", "torus", "--no-wrap=1"], "did you mean"),
        (["bandwidth", "gb200-nvl72"], "two selections"),
        (["bandwidth", "gb200-nvl72", "chip"], "two selections"),
        (["bandwidth", "gb200-nvl72", "chip", "chip"], "chip"),
        (["bandwidth", "gb200-nvl72", "chap", "nic"], "chap"),
        (["bandwidth", "gb200-nvl72", "chip[chip=72]", "nic"], "72"),
        (["bandwidth", "gb200-nvl72", "chip[chip=", "nic"], "chip"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--forwarding", "some"], "some"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--fail", "chip-nik:3"], "did you mean"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--fail", "chip-nic:x"], "whole number"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--fail", "chip-nic:-1"], "whole number"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--fail", "chip-nic:99999"], "99999"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--fail", "swich[switch=0]"], "did you mean"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--fail"], "--fail"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--seed", "one"], "--seed"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(capsys, words, says):
    status, out, err = run(capsys, *words)
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert says in err.replace(",", "")


def test_help(capsys):
    status, out, err = run(capsys)
    assert (status, err) == (0, "")
    assert "bandwidth" in out
    assert main(["--help"]) == 0
    assert main(["bandwidth", "--help"]) == 0


def test_version(capsys):
    assert run(capsys, "--version") == (0, f"pinchpoint {pp.__version__}\n", "")
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert "Find where a fabric pinches" in out


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["--versoin"], "--version"),
        (["clusters", "--jsn"], "--json"),
        (["report", "study.parquet", "--ot", "page.html"], "--out"),
        (["show", "gb200-nvl72", "--fial", "chip-nic:1"], "--fail"),
        (["show", "lab.yaml", "--fial", "chip-nic:1"], "--fail"),
        (["show", "trn3-ultracluster", "--ultraserver", "4"], "--ultraservers"),
        (["bandwidth", "gb200-nvl72", "chip", "nic", "--time-limt", "1"], "--time-limit"),
        (["congestion", "gb200-nvl72", "--trafic", "all-to-all"], "--traffic"),
        (["throughput", "gb200-nvl72", "--amog", "chip"], "--among"),
        (["collective", "gb200-nvl72", "all_reduce", "--rank", "chip"], "--ranks"),
    ],
)
def test_a_mistyped_option_is_told_the_right_one(capsys, words, near):
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert err.endswith(f': did you mean "{near}"?\n')


def test_without_the_extra(capsys, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == "typer":
            raise ModuleNotFoundError("No module named 'typer'", name="typer")
        return real(name, *args, **kwargs)

    for module in ("pinchpoint._commands", "typer"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.delattr(pp, "_commands", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    assert main(["clusters"]) == 2
    assert capsys.readouterr().err == (
        "pinchpoint: the command line needs its extra: pip install 'pinchpoint[cli]'\n"
    )


def test_a_reader_that_goes_away():
    command = f"{sys.executable} -m pinchpoint.cli clusters | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize("words", [["clusters"], ["clusters", "--json"], ["show", "torus"]])
def test_a_reader_that_never_reads(words):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "pinchpoint.cli", *words],
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("closed", "status", "says"),
    [
        ("clusters >&-", 1, "pinchpoint: the answer cannot be written: standard output is closed"),
        ("clusters >&- 2>&-", 1, ""),
        ("clusters nothing 2>&-", 2, ""),
    ],
)
def test_closed_streams(closed, status, says):
    command = f"{sys.executable} -m pinchpoint.cli {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (status, "", says)


def test_names_that_the_encoding_lacks_are_escaped(tmp_path):
    path = tmp_path / "lab.yaml"
    pp.Fabric.from_links([0], [1], [400.0], names=["a", "ü c"]).save(path)
    done = subprocess.run(
        [sys.executable, "-m", "pinchpoint.cli", "bandwidth", str(path), "a", "ü c"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("a -> \\xfc c\n")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_an_answer_that_cannot_be_written():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pinchpoint.cli", "clusters"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "pinchpoint: the answer cannot be written: No space left on device\n"
