"""Pictures: how many marks, where the lines go, what colours say; the page in a real browser."""

import re
import shutil
import subprocess
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.draw import layout
from pinchpoint.errors import FormatError, GraphError, InputTypeError

mpl.use("Agg")
from matplotlib import pyplot as plt

DATA = Path(__file__).parents[1] / "data"
PLAFRIM = DATA / "netloc_plafrim" / "IB-fe80:0000:0000:0000-nodes.ndat"
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_every_node_of_a_small_fabric():
    fabric = pp.clusters.hgx_h100()
    drawing = layout(fabric)
    assert sum(mark.nodes for mark in drawing.marks) == fabric.num_nodes == len(drawing.marks)
    assert sum(line.links for line in drawing.lines) == fabric.num_links
    total = sum(bundle.gbit_per_s * bundle.num_links for bundle in fabric.bundles)
    assert sum(line.gbit_per_s for line in drawing.lines) == pytest.approx(total)


@pytest.mark.parametrize("ultraservers", [8, 7168])
def test_scaled_capacities_are_drawn(ultraservers):
    fabric = pp.clusters.trn3_ultracluster(ultraservers)
    slow = fabric.scaled(fabric.select_links("nic-leaf"), 0.5)
    totals = [
        sum(line.gbit_per_s for line in layout(own).lines if line.bundle == "nic-leaf")
        for own in (fabric, slow)
    ]
    assert totals[1] == pytest.approx(totals[0] / 2)
    assert any("x 12.5 GB/s" in text for _, text in layout(slow).bundles)


def test_blocks_of_a_larger_one():
    fabric = pp.clusters.trn3_ultracluster(30)
    drawing = layout(fabric)
    assert len(drawing.marks) < 240
    assert sum(mark.nodes for mark in drawing.marks) == fabric.num_nodes
    inside = {(line.bundle, line.a, line.b): line.links for line in drawing.lines}
    # UltraServers are blocks, so NICs and leaves stay within; leaves and spines do not.
    assert sum(key[0] == "nic-leaf" for key in inside) == 12
    assert sum(key[0] == "leaf-spine" for key in inside) == 12 * 12
    own = sum(links for key, links in inside.items() if key[0] == "leaf-spine")
    assert own == next(b.num_links for b in fabric.bundles if b.name == "leaf-spine")


@pytest.mark.parametrize("ultraservers", [7168, 10**6])
def test_a_million_chips_and_more_take_a_few_hundred_marks(ultraservers):
    fabric = pp.clusters.trn3_ultracluster(ultraservers)
    answer = fabric.bandwidth("chip[ultraserver=0]", "chip[ultraserver=1]")
    drawing = layout(fabric, answer)
    assert len(drawing.marks) < 240
    assert len(drawing.lines) < 240
    assert sum(mark.nodes for mark in drawing.marks) == fabric.num_nodes
    for line in drawing.lines:
        assert (line.use == 1) == (line.bundle == "chip-nic")
        assert line.use == 1 or np.isnan(line.use)


def test_what_is_not_known_is_dotted(tmp_path):
    fabric = pp.clusters.trn3_ultracluster(7168)
    answer = fabric.bandwidth("chip[ultraserver=0]", "chip[ultraserver=1]")
    _, ax = plt.subplots()
    lines = fabric.plot(ax, use=answer).collections[0]
    solid = [dashes is None for _, dashes in lines.get_linestyle()]
    assert solid == (~np.ma.getmaskarray(np.ma.masked_invalid(lines.get_array()))).tolist()
    assert set(solid) == {True, False}
    assert ax.figure.axes[-1].get_ylabel().endswith("; dotted: not known")
    plt.close("all")
    fabric.save_html(tmp_path / "a.html", use=answer)
    fabric.save_html(tmp_path / "b.html")
    pages = [(tmp_path / name).read_text() for name in ("a.html", "b.html")]
    assert ['"dash":"dot"' in page.replace(" ", "")[-400_000:] for page in pages] == [True, False]


def test_every_cluster_can_be_drawn():
    for cluster in pp.clusters.available():
        drawing = layout(pp.clusters.build(cluster.name))
        assert 0 < len(drawing.marks) <= 240
        assert 0 < len(drawing.lines) < 5000
        assert all(0 <= mark.x <= 1 and 0 <= mark.y < drawing.tiers for mark in drawing.marks)


def test_use_is_load_over_capacity():
    fabric = pp.Fabric.from_links([0, 1, 0], [1, 2, 2], [100.0, 50.0, 10.0])
    answer = fabric.bandwidth(0, 2)
    lines = {
        (line.a[0] < line.b[0], line.gbit_per_s): line.use for line in layout(fabric, answer).lines
    }
    assert sorted(lines.values()) == [0.5, 1, 1]
    hot = fabric.congestion(pp.traffic.pairs([0], [2], 20.0))
    assert max(line.use for line in layout(fabric, hot).lines) == 2
    with pytest.raises(GraphError, match="3 links"):
        layout(pp.clusters.hgx_h100(), answer)
    with pytest.raises(InputTypeError, match="use is an int"):
        layout(fabric, 5)


def test_failed_links_are_not_drawn():
    rack = pp.clusters.hgx_h100()
    worse = rack.without(rack.select("switch[index=0]"))
    drawn = sum(line.links for line in layout(worse).lines)
    assert drawn == worse.num_links < rack.num_links


def test_plot_draws_the_marks():
    fabric = pp.load(PLAFRIM)
    traffic = pp.traffic.all_to_all("host", gbit_per_s=0.01)
    ax = fabric.plot(use=fabric.congestion(traffic))
    marks = sum(len(c.get_offsets()) for c in ax.collections if len(c.get_offsets()) > 1)
    assert marks == 134
    texts = {text.get_text() for text in ax.texts}
    assert {"switch: 9", "host: 125"} <= texts
    own = plt.figure().add_subplot()
    assert pp.clusters.fat_tree(4).plot(own) is own
    ax.figure.canvas.draw()


def test_page_is_self_contained(tmp_path):
    path = tmp_path / "page.html"
    graph = pp.Fabric.from_links([0], [1], [1.0], names=["<script>alert(1)</script>", "b & c"])
    graph.save_html(path, use=graph.bandwidth(0, 1))
    text = path.read_text()
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)
    assert "<script>alert" not in text
    with pytest.raises(FormatError, match="none"):
        graph.save_html(tmp_path / "none" / "page.html")


@pytest.mark.skipif(BROWSER is None, reason="no chromium installed")
@pytest.mark.parametrize("name", ["plafrim", "million"])
def test_page_in_a_browser(tmp_path, name):
    if name == "plafrim":
        fabric = pp.load(PLAFRIM)
        use = fabric.congestion(pp.traffic.all_to_all("host", gbit_per_s=0.005))
        wanted = ("switch: 9", "host: 125", "load over capacity")
    else:
        fabric = pp.clusters.trn3_ultracluster()
        use = fabric.bandwidth("chip[ultraserver=0]", "chip[ultraserver=1]")
        wanted = ("chip: 1,032,192", "core: 9,216", "load over capacity")
    path = tmp_path / "page.html"
    fabric.save_html(path, use=use)
    flags = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile")
    flags += ("--virtual-time-budget=5000", "--run-all-compositor-stages-before-draw")
    # Any request to the network would fail, and be logged.
    flags += ("--host-resolver-rules=MAP * 127.0.0.1:9", "--enable-logging=stderr", "--v=0")
    ran = subprocess.run(
        [BROWSER, *flags, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120
    )
    page = re.sub(r"<script.*?</script>", "", ran.stdout, flags=re.DOTALL)
    for text in wanted:
        assert text in page
    drawing = layout(fabric, use)
    # The browser has drawn them: paths of lines, and a point for every mark and every line.
    assert page.count('class="point"') == len(drawing.marks) + len(drawing.lines)
    assert page.count('class="js-line"') >= 1
    assert "Uncaught" not in ran.stderr
    assert "ERR_" not in ran.stderr
