"""The report in a real browser: it draws, asks nobody else for anything, and fits a phone."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.cli import main
from pinchpoint.errors import StudyError
from pinchpoint.studies import figures, summary
from pinchpoint.studies.report import report
from pinchpoint.studies.study import read

pytest.importorskip("plotly")
pytest.importorskip("pyarrow")
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    pod = pp.clusters.trn3_ultracluster(ultraservers=128)
    ask = pp.query.bandwidth("chip[ultraserver=0]", "chip[ultraserver=127]")
    scenarios = pp.scenarios.each_link("leaf-spine") + pp.scenarios.each(
        {"<b>both racks</b> & more": ["leaf[ultraserver=0]"]}
    )
    out = tmp_path_factory.mktemp("study") / "study.parquet"
    pp.sweep(pod, scenarios, ask, out=out)
    return out


@pytest.fixture(scope="module")
def page(path):
    assert main(["report", str(path)]) == 0
    return path.with_suffix(".html")


def test_the_answer_comes_first(page):
    text = page.read_text()
    body = text[text.index("<body>") :]
    plain = re.sub(r"<[^>]+>", "", body[: body.index("Worst scenarios")])
    assert "0 kB/s in the worst" in plain or "0 " in plain.split("in the worst")[0]
    assert "scenarios (&lt;b&gt;both racks&lt;/b&gt; &amp; more), 3.6 TB/s when" in plain
    assert "3.6 TB/s when nothing more has failed" in plain
    assert body.index('class="answer"') < body.index("Scenarios at or below")
    assert "&lt;b&gt;both racks&lt;/b&gt; &amp; more" in body
    assert "<b>both" not in body
    assert "How it was checked" in body
    assert "pinchpoint report study.parquet" in body


def test_figures_say_what_the_rows_say(path):
    study = read(path)
    (curve,) = summary.curves(study)
    weights = np.array(study.columns["stands_for"])
    values = np.array(study.columns["gbit_per_s"]) / 8
    for value, share in zip(curve.values, curve.shares, strict=True):
        assert share == pytest.approx(weights[values <= value].sum() / weights.sum())
    assert curve.healthy == 3600.0
    tiers = dict(summary.bottlenecks(study))
    assert sum(tiers.values()) == pytest.approx(1)
    assert tiers["disconnected"] == pytest.approx(1 / weights.sum())
    assert summary.percent(0.99999) == "99.999 %"
    assert summary.percent(1) == "100 %"


def shot(page, out, width, height):
    """Photograph a page in a frame, since windows have a least width; return its DOM."""
    frame = out.with_suffix(".frame.html")
    frame.write_text(
        f"<style>body {{ margin: 0 }} iframe {{ border: 0; width: {width}px; height: {height}px }}"
        f"</style><iframe src='{page.name}'></iframe>"
    )
    own = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
           "--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND",
           "--virtual-time-budget=8000", f"--user-data-dir={out.parent / 'profile'}"]  # fmt: skip
    size = f"--window-size={max(width, 500)},{height}"
    picture = [*own, size, f"--screenshot={out}", frame.as_uri()]
    subprocess.run(picture, check=True, capture_output=True, timeout=120)
    dump = [*own, size, "--dump-dom", page.as_uri()]
    return subprocess.run(dump, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed")
@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser(page, width):
    out = page.with_name(f"report-{width}.png")
    dom = shot(page, out, width, 2400)
    head = dom[: dom.index("<head>")]
    assert 'data-ready="2"' in head
    assert "data-error" not in head
    assert "data-blocked" not in head
    assert dom.count('class="main-svg"') >= 2
    assert "leaf-spine" in dom
    pixels = pytest.importorskip("matplotlib.image").imread(out)[:, :width, :3]
    # The bars are drawn, and stay inside the page's margin.
    blue = (abs(pixels - np.array([11, 92, 173]) / 255) < 0.02).all(axis=2)
    assert blue.sum() > 500
    assert not blue[:, -8:].any()


def test_nothing_is_loaded_from_elsewhere(page):
    text = page.read_text()
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"""(src|href|url)\s*[=(]""", outside)
    assert "default-src 'none'" in outside


def test_matplotlib_draws_the_same(path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    study = read(path)
    figure, (left, right) = plt.subplots(1, 2)
    assert figures.distribution(study, left) is left
    steps = left.lines[0].get_ydata()
    assert list(steps)[1:] == [100 * share for share in summary.curves(study)[0].shares]
    figures.bottlenecks(study, right)
    widths = sorted(bar.get_width() for bar in right.patches)
    assert widths == sorted(100 * share for _, share in summary.bottlenecks(study))
    figure.canvas.draw()
    plt.close(figure)


def test_bad_files(tmp_path, capsys):
    missing = tmp_path / "none.parquet"
    assert main(["report", str(missing)]) == 2
    assert "none.parquet" in capsys.readouterr().err
    import pyarrow as pa
    import pyarrow.parquet as pq

    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    with pytest.raises(StudyError, match="no study"):
        read(other)
    about = {"format": 9}
    table = pa.table({"a": [1]}).replace_schema_metadata({"pinchpoint.study": json.dumps(about)})
    pq.write_table(table, other)
    with pytest.raises(StudyError, match="format 9"):
        read(other)
    for damaged in ("[]", "{", "{}"):
        pq.write_table(table.replace_schema_metadata({"pinchpoint.study": damaged}), other)
        with pytest.raises(StudyError, match="cannot be read"):
            read(other)
    path = tmp_path / "cut.parquet"
    path.write_bytes(other.read_bytes()[:-9])
    with pytest.raises(StudyError, match="Parquet"):
        read(path)


def test_plotly_is_asked_for(path, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(StudyError, match=r"pip install 'pinchpoint\[report\]'"):
        report(read(path), tmp_path / "page.html")
