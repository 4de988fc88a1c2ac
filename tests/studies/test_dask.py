"""The same study on a real cluster of Dask worker processes, one of which is killed."""

import warnings

import pinchpoint as pp
import pytest

from studies import functions

distributed = pytest.importorskip("distributed")
pytest.importorskip("pyarrow")

ASK = pp.query.bandwidth("chip[ultraserver=0]", "chip[ultraserver=127]")
DRAWN = pp.scenarios.random_links(k=10, count=120, seed=3, among="leaf-spine")


@pytest.fixture(scope="module")
def client():
    with warnings.catch_warnings():
        # What the cluster says while it starts and stops is not ours to fix.
        warnings.simplefilter("ignore")
        with (
            distributed.LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=50,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client


@pytest.mark.filterwarnings("ignore")
def test_same_bytes(client, tmp_path):
    pod = pp.clusters.trn3_ultracluster(ultraservers=128)
    pp.sweep(pod, DRAWN, ASK, out=tmp_path / "threads.parquet")
    executor = client.get_executor()
    pp.sweep(pod, DRAWN, ASK, executor=executor, out=tmp_path / "dask.parquet")
    assert (tmp_path / "dask.parquet").read_bytes() == (tmp_path / "threads.parquet").read_bytes()


@pytest.mark.filterwarnings("ignore")
def test_a_worker_is_killed(client, tmp_path):
    rack = pp.clusters.gb200_nvl72()
    scenarios = pp.scenarios.each([rack.select("chip", chip=c) for c in range(24)])
    flag = tmp_path / "flag"
    ask = functions.Slow(str(flag), seconds=0.01)
    client.run(_path, __file__)
    executor = client.get_executor()
    found = pp.sweep(rack, scenarios, ask, executor=executor, out=tmp_path / "dask.parquet")
    assert flag.exists(), "no worker was killed"
    assert found.columns["chips"] == [71.0] * 24
    before = (tmp_path / "dask.parquet").read_bytes()
    # The flag exists now, so that nobody is killed here.
    pp.sweep(rack, scenarios, ask, out=tmp_path / "threads.parquet")
    assert (tmp_path / "threads.parquet").read_bytes() == before


def _path(file):
    """Let workers find the modules of the tests, also those started later."""
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(file).parents[1]))
