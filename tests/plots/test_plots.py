"""What is drawn is what the results say."""

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint import plots
from pinchpoint.errors import GraphError, InputTypeError

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture
def ax():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    yield axes
    figure.savefig("/dev/null", format="png")
    pyplot.close(figure)


@pytest.fixture(scope="module")
def cluster():
    return pp.clusters.trn3_ultracluster(ultraservers=64, oversubscription=2)


def test_utilization_by_tier(ax, cluster):
    traffic = pp.traffic.all_to_all("chip", per_chip_gbyte_per_s=20.0)
    worse = cluster.without(cluster.sample_links("leaf-spine", 100, seed=1))
    result = worse.congestion(traffic)
    assert plots.utilization(result, ax=ax) is ax
    used = [tier for tier in result.to_dict()["tiers"] if tier["gbit_per_s"]]
    widths = sorted(bar.get_width() for bar in ax.patches)
    assert np.allclose(widths, sorted(100 * tier["mean_utilization"] for tier in used))
    marks = sorted(line.get_xdata()[0] for line in ax.lines[:-1])
    assert np.allclose(marks, sorted(100 * tier["max_utilization"] for tier in used))
    assert [text.get_text() for text in ax.get_yticklabels()][-1] == "leaf-spine"
    assert ax.get_xlim()[1] > 100


def test_spread_over_seeds(ax):
    box = pp.clusters.hgx_h100()
    traffic = pp.traffic.permutation("chip", gbyte_per_s=50.0)
    result = box.congestion(traffic, routing="ecmp-hash", seeds=range(20), queue_pairs=4)
    plots.seeds(result, ax=ax, label="4 queue pairs")
    curve = ax.lines[0]
    assert np.allclose(curve.get_xdata()[1:], 100 * np.sort(result.distribution))
    assert curve.get_ydata()[-1] == 1.0
    assert ax.lines[1].get_xdata()[0] == pytest.approx(100 * result.max_utilization)
    with pytest.raises(GraphError, match="one draw"):
        plots.seeds(box.congestion(traffic), ax=ax)


def test_a_figure_against_what_was_varied(ax, cluster):
    fabric = pp.Fabric.from_links([0, 1, 2, 3], [1, 2, 3, 0], 1.0)
    traffic = pp.traffic.all_to_all("node", gbit_per_s=1.0)
    bounds = [fabric.throughput(traffic * factor) for factor in (2.0, 1.0)]
    plots.against([2.0, 1.0], bounds, ax=ax, label="ring", xlabel="load")
    assert ax.lines[0].get_xdata().tolist() == [1.0, 2.0]
    assert np.allclose(ax.lines[0].get_ydata(), [bounds[1].lower, bounds[0].lower])
    assert ax.get_legend() is not None
    chips = [8, 16]
    busbw = [pp.clusters.gb200_nvl72().collective("all_reduce", f"chip[chip=0:{n}]") for n in chips]
    plots.against(chips, busbw, ax=ax)
    assert ax.get_ylabel() == "busbw, GB/s"
    assert np.allclose(ax.lines[1].get_ydata(), 900.0)
    loads = [fabric.congestion(traffic)]
    plots.against([1.0], loads, ax=ax)
    assert ax.lines[2].get_ydata() == pytest.approx(loads[0].multiplier)
    plots.against([1.0], [fabric.bandwidth(0, 1)], ax=ax)
    assert ax.lines[3].get_ydata() == pytest.approx(0.25)


def test_refused(ax):
    fabric = pp.Fabric.from_links([0, 1], [1, 2], 1.0)
    flow = fabric.bandwidth(0, 2)
    load = fabric.congestion(pp.traffic.pairs([0], [2]))
    with pytest.raises(InputTypeError, match="result is a Bandwidth"):
        plots.utilization(flow, ax=ax)
    with pytest.raises(InputTypeError, match="result is a Bandwidth"):
        plots.seeds(flow, ax=ax)
    with pytest.raises(GraphError, match="2 values and 1 result"):
        plots.against([1, 2], [flow], ax=ax)
    with pytest.raises(InputTypeError, match="Bandwidth, Congestion"):
        plots.against([1, 2], [flow, load], ax=ax)


def test_current_axes_by_default(ax):
    load = pp.Fabric.from_links([0, 1], [1, 2], 1.0).congestion(pp.traffic.pairs([0], [2]))
    assert plots.utilization(load) is ax
