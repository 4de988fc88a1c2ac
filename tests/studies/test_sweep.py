"""Sweeps: the same bytes on every engine, interrupted or not; every bad input has its error."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pinchpoint as pp
import pytest
from pinchpoint.errors import InputTypeError, ScenarioError, StudyError
from pinchpoint.studies.store import Store
from pinchpoint.studies.study import read

from studies import functions

pytest.importorskip("pyarrow")
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def rack():
    return pp.clusters.gb200_nvl72()


@pytest.fixture(scope="module")
def pod():
    return pp.clusters.trn3_ultracluster(ultraservers=128)


ASK = pp.query.bandwidth("chip[ultraserver=0]", "chip[ultraserver=127]")
DRAWN = pp.scenarios.random_links(k=10, count=120, seed=3, among="leaf-spine")


@pytest.fixture(scope="module")
def expected(pod, tmp_path_factory):
    path = tmp_path_factory.mktemp("expected") / "study.parquet"
    pp.sweep(pod, DRAWN, ASK, out=path)
    return path.read_bytes()


def pool(workers=2):
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def test_rows_are_what_each_scenario_gives(pod, expected, tmp_path):
    study = pp.sweep(pod, DRAWN, ASK)
    for row, scenario in enumerate(DRAWN.resolve(pod)):
        answer = scenario.apply(pod).bandwidth(ASK.sources, ASK.sinks)
        assert study.columns["gbit_per_s"][row] == answer.gbit_per_s
        tiers = " + ".join(tier.bundle for tier in answer.bottleneck)
        assert study.columns["bottleneck"][row] == tiers
        assert study.columns["bottleneck_links"][row] == answer.bottleneck.num_links
        assert study.columns["links_failed"][row] == 10
    assert len(set(study.columns["gbit_per_s"])) >= 3
    (tmp_path / "own.parquet").write_bytes(expected)
    again = read(tmp_path / "own.parquet")
    assert again.columns == study.columns
    assert again.about == study.about
    assert study.worst()["gbit_per_s"] == min(study.columns["gbit_per_s"]) == study.quantile(0)


def test_threads_and_processes_write_the_same_bytes(pod, expected, tmp_path):
    with ThreadPoolExecutor(3) as threads:
        pp.sweep(pod, DRAWN, ASK, executor=threads, out=tmp_path / "threads.parquet")
    with pool() as processes:
        pp.sweep(pod, DRAWN, ASK, executor=processes, out=tmp_path / "processes.parquet")
    assert (tmp_path / "threads.parquet").read_bytes() == expected
    assert (tmp_path / "processes.parquet").read_bytes() == expected
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "processes.parquet",
        "threads.parquet",
    ]


def test_draws_depend_on_seed_and_index_only(pod):
    def draws(count, seed=0, own=5):
        drawn = pp.scenarios.random_links(k=3, count=count, seed=own)
        return drawn.resolve(pod, seed=seed)

    assert draws(40)[:7] == draws(7)
    assert draws(7) != draws(7, seed=1)
    assert draws(7) != draws(7, own=6)
    assert len({repr(one.failed[0]._handle.blocks()) for one in draws(40)}) == 40


def test_a_worker_that_is_killed_loses_no_finished_row(rack, tmp_path):
    scenarios = pp.scenarios.healthy() + pp.scenarios.each(
        [rack.select("host", host=h) for h in range(18)]
        + [rack.select("chip", chip=c) for c in range(3)]
    )
    whole = pp.sweep(rack, scenarios, functions.Slow(), out=tmp_path / "whole.parquet")
    assert whole.columns["chips"] == [72.0] * 19 + [71.0] * 3
    flag, out = tmp_path / "flag", tmp_path / "out.parquet"
    ask = functions.Slow(str(flag))
    with (
        pytest.raises(StudyError, match=r"a worker died.*run the study again") as died,
        pool(1) as one,
    ):
        pp.sweep(rack, scenarios, ask, executor=one, out=out)
    kept = sum(
        len(json.loads(p.read_bytes().partition(b"\n")[2]))
        for p in (tmp_path / "out.parquet.parts").glob("*.rows")
    )
    assert kept >= 4
    assert f"{kept} of 22 rows are kept in {tmp_path}" in str(died.value)
    with pool(1) as one:
        found = pp.sweep(rack, scenarios, ask, executor=one, out=out)
    assert found.columns == whole.columns


def test_a_study_goes_on_in_a_new_pool_when_a_worker_is_killed(rack, tmp_path):
    scenarios = pp.scenarios.each([rack.select("chip", chip=c) for c in range(24)])
    ask = functions.Slow(str(tmp_path / "flag"), seconds=0.01)
    made = []

    def make():
        made.append(pool())
        return made[-1]

    pp.sweep(rack, scenarios, ask, executor=make, out=tmp_path / "killed.parquet")
    assert len(made) == 2
    # The flag exists now, so that nobody is killed here.
    pp.sweep(rack, scenarios, ask, out=tmp_path / "threads.parquet")
    killed, threads = ((tmp_path / f"{how}.parquet").read_bytes() for how in ("killed", "threads"))
    assert killed == threads


def test_a_task_that_kills_every_worker_is_given_up(rack, tmp_path):
    scenarios = pp.scenarios.healthy() + pp.scenarios.each_node("chip[chip=0:3]")
    made = []

    def make():
        made.append(pool(1))
        return made[-1]

    with pytest.raises(
        StudyError, match=r"a worker died.*of 4 rows were solved and are lost.*out="
    ):
        pp.sweep(rack, scenarios, functions.Deadly(), executor=make)
    assert 3 <= len(made) <= 5
    with pytest.raises(InputTypeError, match="makes an int"):
        pp.sweep(rack, scenarios, functions.Deadly(), executor=lambda: 3)


class Flaky(ThreadPoolExecutor):
    """An executor that stops taking tasks."""

    def __init__(self, most):
        super().__init__(2)
        self.most = most
        self.futures = []

    def submit(self, *task, **options):
        self.most -= 1
        if self.most < 0:
            raise RuntimeError("cannot schedule new futures after shutdown")
        self.futures.append(super().submit(*task, **options))
        return self.futures[-1]


def test_what_was_running_when_an_executor_fails_is_kept(rack, tmp_path):
    scenarios = pp.scenarios.each([rack.select("chip", chip=c) for c in range(60)])
    out = tmp_path / "out.parquet"
    with Flaky(5) as flaky, pytest.raises(StudyError, match=r"executor failed.*shutdown") as failed:
        pp.sweep(rack, scenarios, functions.Slow(seconds=0.01), executor=flaky, out=out)
    head = json.loads((tmp_path / "out.parquet.parts" / "study.json").read_bytes())
    kept = Store(out, head["key"]).rows()
    answers = [future.result() for future in flaky.futures]
    assert kept == {index: row for answer in answers if answer for index, row in answer[1]} != {}
    assert f"{len(kept)} of 60 rows" in str(failed.value)
    assert len(pp.sweep(rack, scenarios, functions.Slow(seconds=0.01), out=out)) == 60


RUN = """
import sys, pinchpoint as pp
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from studies import functions
rack = pp.clusters.gb200_nvl72()
scenarios = pp.scenarios.each([rack.select("chip", chip=c) for c in range(14)])
pools = {"threads": None, "pool": lambda: ProcessPoolExecutor(1, get_context("spawn"))}
ask = functions.Slow(seconds=0.05)
pp.sweep(rack, scenarios, ask, executor=pools[sys.argv[2]], out=sys.argv[1])
"""


@pytest.mark.parametrize("engine", ["threads", "pool"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_study_that_is_killed_goes_on(rack, tmp_path, how, engine):
    out, parts = tmp_path / "killed.parquet", tmp_path / "killed.parquet.parts"
    own = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, "-c", RUN, str(out), engine]
    run = subprocess.Popen(command, env=own, stderr=subprocess.DEVNULL)
    while run.poll() is None and len(list(parts.glob("*.rows"))) < 2:
        time.sleep(0.02)
    run.send_signal(how)
    assert run.wait() != 0
    assert len(list(parts.glob("*.rows"))) >= 2
    assert not out.exists()
    scenarios = pp.scenarios.each([rack.select("chip", chip=c) for c in range(14)])
    ask = functions.Slow(seconds=0.05)
    pp.sweep(rack, scenarios, ask, out=out)
    assert not parts.exists()
    pp.sweep(rack, scenarios, ask, out=tmp_path / "whole.parquet")
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_damaged_chunk_is_solved_again(tmp_path):
    store = Store(tmp_path / "own.parquet", "key")
    store.add([(0, {"value": 1.0}), (1, {"value": 0.1})])
    store.add([(2, {"value": 3.0})])
    first = tmp_path / "own.parquet.parts" / "00000000.rows"
    assert Store(tmp_path / "own.parquet", "key").rows() == {
        0: {"value": 1.0},
        1: {"value": 0.1},
        2: {"value": 3.0},
    }
    content = bytearray(first.read_bytes())
    content[-4] ^= 1
    first.write_bytes(content)
    again = Store(tmp_path / "own.parquet", "key")
    assert again.rows() == {2: {"value": 3.0}}
    assert again.damaged == 1
    again.add([(0, {"value": 1.0})])
    assert again.rows() == {0: {"value": 1.0}, 2: {"value": 3.0}}


def test_designs_are_studied_side_by_side(rack):
    designs = {"NVL72": rack, "H100": pp.clusters.hgx_h100()}
    ask = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")
    study = pp.sweep(designs, pp.scenarios.healthy() + pp.scenarios.failed("chip[chip=2]"), ask)
    assert study.columns["design"] == ["NVL72", "NVL72", "H100", "H100"]
    assert study.columns["gbit_per_s"] == [7200.0, 7200.0, 3600.0, 3600.0]
    assert study.quantile(0.5, "H100") == 3600


def test_a_query_that_fails_leaves_its_error(rack):
    chips = pp.scenarios.each([rack.select("chip", chip=c) for c in range(2)])
    study = pp.sweep(rack, pp.scenarios.healthy() + chips, functions.fails_without_chips)
    assert study.columns["value"] == [1.0, None, None]
    assert study.columns["error"] == [None] + ["RuntimeError: a chip is missing"] * 2
    assert study.num_errors == 2
    assert study.about["healthy"] == [{"value": 1.0}]
    own = pp.sweep(rack, pp.scenarios.healthy() + chips, functions.Broken())
    assert own.columns["error"] == ["OSError: no licence"] * 3
    assert own.about["healthy"] == [{"error": "OSError: no licence"}]
    asked = pp.query.bandwidth("chip[chip=0]", "chip[chip=99]")
    with pytest.raises(pp.PinchpointError, match="99"):
        pp.sweep(rack, pp.scenarios.healthy(), asked)


def test_a_function_runs_in_every_scenario(rack):
    calls = []
    pp.sweep(rack, pp.scenarios.each_node("chip"), lambda fabric: calls.append(1) or 0.0)
    assert len(calls) == 72 + 1  # And once for the healthy fabric.


def test_another_function_is_another_study(rack, tmp_path):
    out = tmp_path / "study.parquet"
    two, three = 2.0, 3.0

    def study(function):
        return pp.sweep(rack, pp.scenarios.healthy(), function, out=out).columns["value"]

    assert study(lambda fabric: 1.0) == [1.0]
    assert study(lambda fabric: 1.0) == [1.0]
    for other in (lambda fabric: two, lambda fabric: three):
        with pytest.raises(StudyError, match="another study"):
            study(other)


def test_symmetry_is_left_alone_where_the_order_of_ranks_matters(rack):
    def pins(*args, **options):
        return pp.query.collective(*args, ranks="chip", gbyte=1.0, **options).pins(rack)

    assert len(pins("all_reduce")) == 1
    assert pins("send_recv") is None
    assert pins("all_reduce", algorithm="ring") is None
    assert pins("broadcast", root="chip[chip=0]") is None


def test_collectives(rack):
    ask = pp.query.collective("all_reduce", ranks="chip", gbyte=1.0)
    study = pp.sweep(rack, pp.scenarios.healthy() + pp.scenarios.each_node("switch"), ask)
    assert study.columns["stands_for"] == [1, 18]
    one = rack.without(rack.select("switch[switch=3]")).collective("all_reduce", gbyte=1.0)
    assert study.columns["busbw_gbyte_per_s"][1] == pytest.approx(one.busbw_gbyte_per_s)


def test_other_queries(rack):
    halves = pp.sweep(rack, pp.scenarios.each_node("switch"), pp.query.bisection())
    assert halves.columns["gbit_per_s"] == [
        rack.without(rack.select("switch[switch=0]")).bisection().gbit_per_s
    ]
    traffic = pp.traffic.all_to_all("chip", gbyte_per_s=1.0)
    loads = pp.sweep(rack, pp.scenarios.each_node("switch"), pp.query.congestion(traffic))
    assert len(loads) == 1
    assert loads.columns["max_utilization"][0] == pytest.approx(71 / (900 * 17 / 18))
    ranked = pp.query.congestion(pp.traffic.ring("chip", gbyte_per_s=1.0))
    assert len(pp.sweep(rack, pp.scenarios.each_node("switch"), ranked)) == 18


def test_bad_input(rack, tmp_path):
    ask = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")
    with pytest.raises(ScenarioError, match=r"spine.*groups: .*switch"):
        pp.sweep(rack, pp.scenarios.failed("spine[pod=0]"), ask)
    with pytest.raises(ScenarioError, match=r"too few|cannot draw"):
        pp.sweep(rack, pp.scenarios.random_nodes(73, 1, among="chip"), ask)
    with pytest.raises(InputTypeError, match="scenarios\\[0\\]"):
        pp.sweep(rack, [3], ask)
    with pytest.raises(InputTypeError, match="query is an int"):
        pp.sweep(rack, pp.scenarios.healthy(), 3)
    with pytest.raises(InputTypeError, match="executor is a str"):
        pp.sweep(rack, pp.scenarios.healthy(), ask, executor="dask")
    other = pp.clusters.hgx_h100().select("chip", chip=0)
    with pytest.raises(ScenarioError, match="scenario"):
        pp.sweep(rack, pp.scenarios.failed(other), ask)


def test_files_of_others_are_left_alone(rack, tmp_path):
    ask = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")
    out = tmp_path / "study.parquet"
    pp.sweep(rack, pp.scenarios.healthy(), ask, out=out)
    before = out.read_bytes()
    assert pp.sweep(rack, pp.scenarios.healthy(), ask, out=out).columns["gbit_per_s"] == [7200.0]
    with pytest.raises(StudyError, match="another study"):
        pp.sweep(rack, pp.scenarios.failed("chip[chip=5]"), ask, out=out)
    assert out.read_bytes() == before
    text = tmp_path / "notes.parquet"
    text.write_text("mine")
    with pytest.raises(StudyError, match="Parquet"):
        pp.sweep(rack, pp.scenarios.healthy(), ask, out=text)
    assert text.read_text() == "mine"
    Store(tmp_path / "half.parquet", "another key")
    with pytest.raises(StudyError, match="unfinished rows of another study"):
        pp.sweep(rack, pp.scenarios.healthy(), ask, out=tmp_path / "half.parquet")
    with pytest.raises(StudyError, match="cannot make"):
        pp.sweep(rack, pp.scenarios.healthy(), ask, out=text / "below.parquet")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk(tmp_path, monkeypatch):
    store = Store(tmp_path / "own.parquet", "key")
    store.add([(0, {})])
    real = Path.open

    def full(self, mode="r", *args, **kwargs):
        return real(Path("/dev/full") if "w" in mode else self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StudyError, match=r"No space left.*finished rows are kept"):
        store.add([(1, {})])
    monkeypatch.undo()
    assert store.rows() == {0: {}}
