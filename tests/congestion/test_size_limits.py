"""Traffic that cannot be listed is refused at once, before anything is allocated."""

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint import _memory
from pinchpoint._job_loads import pairs_of
from pinchpoint.errors import SizeLimitError


@pytest.fixture(autouse=True)
def sixteen_gigabytes(monkeypatch):
    """The machine's memory is not asked: some have enough."""
    monkeypatch.setattr(_memory, "_available", lambda: 16 << 30)


@pytest.fixture(scope="module")
def clos():
    return pp.clusters.clos()


def _skewed():
    return pp.traffic.skewed("chip", per_chip_gbit_per_s=1.0)


def _experts():
    layout = pp.traffic.parallelism("chip", ep=16_384, dp=4)
    return layout.traffic("ep", "all_to_all", gbit_per_s=1.0)


QUESTIONS = {
    "congestion": lambda fabric: fabric.congestion(_skewed()),
    "throughput": lambda fabric: fabric.throughput(_skewed()),
    "groups": lambda fabric: fabric.congestion(_experts()),
    "sum of parts": lambda fabric: fabric.congestion(_experts() + _experts()),
    "flows": lambda fabric: fabric.fair_rates(pp.traffic.all_to_all("chip", gbit_per_s=1.0)),
    "both": lambda fabric: fabric.fair_rates(
        pp.traffic.between("leaf", "chip", gbit_per_s=1.0) + _experts()
    ),
    "algorithm": lambda fabric: fabric.collective(
        "all_reduce", algorithm="hierarchical", domain=65_536
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_refused_at_once(clos, name):
    words = r"listing [\d,]+ pairs of nodes needs about [\d.]+ GB of memory; the limit is 13\.7 GB"
    with pytest.raises(SizeLimitError, match=words):
        QUESTIONS[name](clos)


def test_a_million_chips_are_not_written_out_first():
    million = pp.clusters.clos(chips=1_048_576)
    with pytest.raises(SizeLimitError, match="listing 1,099,511,627,776 pairs"):
        million.fair_rates(pp.traffic.all_to_all("chip", gbit_per_s=1.0))


def test_jobs_list_pairs_the_same_way():
    ranks = list(range(40_000))
    with pytest.raises(SizeLimitError, match="listing 1,600,000,000 pairs"):
        pairs_of(pp.traffic.all_to_all(ranks, gbit_per_s=1.0))


def test_as_many_are_listed_as_are_counted():
    """The estimate is of what there is, for every pattern."""
    fabric = pp.Fabric.from_links(np.arange(23), np.arange(1, 24), 1.0)
    layout = pp.traffic.parallelism("node", tp=4, ep=3, dp=2)
    traffics = [
        pp.traffic.skewed("node", per_chip_gbit_per_s=1.0),
        pp.traffic.ring("node", gbit_per_s=1.0),
        pp.traffic.permutation("node", gbit_per_s=1.0),
        *(layout.traffic("ep", one, gbit_per_s=1.0) for one in ("ring", "all_to_all", "pipeline")),
    ]
    for traffic in traffics:
        (part,) = traffic.parts
        _, (sources, _, _) = traffic._resolve(fabric)
        assert part.num_pairs(24) >= sources.size
    assert traffics[0].parts[0].num_pairs(24) == 24 * 23
    assert traffics[4].parts[0].num_pairs(24) == 24 * 2


def test_memory_of_this_machine(monkeypatch):
    monkeypatch.undo()
    assert _memory._available() > 0
    _memory.check("a small thing", 1 << 20)
    with pytest.raises(SizeLimitError, match=r"a huge thing needs about 1152921504\.6 GB"):
        _memory.check("a huge thing", 1 << 60)
