"""A study as one HTML page that needs nothing else: no server, no network."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinchpoint._extras import needed
from pinchpoint._wording import counted
from pinchpoint.errors import StudyError
from pinchpoint.studies import summary
from pinchpoint.studies.store import write_whole

if TYPE_CHECKING:
    import os

    from pinchpoint.studies.study import Study

__all__ = ["report"]

# The browser itself refuses anything from elsewhere.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

_STYLE = """
:root { color-scheme: light; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --accent: #0b5cad; }
* { box-sizing: border-box; }
body { margin: 0; background: #f6f7f9; color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 1.05rem; font-weight: 600; color: var(--soft); margin: 0 0 4px; }
h2 { font-size: 1.15rem; margin: 40px 0 8px; }
.answer { font-size: 1.45rem; line-height: 1.35; font-weight: 600; margin: 0 0 10px; }
.asked { color: var(--soft); margin: 0; }
section.plot, .card { background: #fff; border: 1px solid var(--line); border-radius: 8px;
  padding: 12px; }
.figure { width: 100%; height: 360px; }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
td.label { min-width: 9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
pre { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 12px;
  overflow-x: auto; font-size: 0.85rem; }
@media (max-width: 640px) {
  main { padding: 16px 12px 48px; } .answer { font-size: 1.2rem; }
  .figure { height: 320px; } th, td { padding: 6px; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; }
  /* A row becomes a card: scenario and value, then what binds and how many are alike. */
  thead { display: none; }
  tr { display: grid; grid-template-columns: 1fr auto; grid-auto-flow: dense; padding: 6px 0;
    border-bottom: 1px solid var(--line); }
  td { grid-column: 1; border: 0; padding: 1px 4px; color: var(--soft); overflow-wrap: anywhere; }
  td.label, td.value { min-width: 0; color: var(--ink); } td.number { grid-column: 2; }
  td.alike::before { content: "stands for "; }
}
"""

_SCRIPT = """
const root = document.documentElement;
addEventListener("error", e => root.dataset.error = e.message);
addEventListener("securitypolicyviolation", e => root.dataset.blocked = e.blockedURI);
"""

_DRAW = """
const narrow = innerWidth < 640;
const drawn = FIGURES.map(([id, data, layout]) => {
  if (narrow) {
    layout.margin = {l: 50, r: 10, t: 10, b: 50};
    layout.legend = {orientation: "h", y: -0.3};
    if (id === "tiers") layout.xaxis.range = [0, 140];
  }
  return Plotly.newPlot(id, data, layout, {responsive: true, displayModeBar: false});
});
Promise.all(drawn).then(() => document.documentElement.dataset.ready = drawn.length);
"""


def report(study: Study, path: str | os.PathLike[str], /) -> Path:
    """Write a study as one self-contained HTML page (extra ``report``).

    Parameters
    ----------
    study : Study
        Made by :func:`pinchpoint.sweep` or read from its file.
    path : str or path-like
        The page to write.

    Returns
    -------
    Path
        The page: what was asked, the answer first, bottlenecks by tier, curves, the worst
        scenarios, how it was checked, and how to run it again. It loads nothing from elsewhere.

    Raises
    ------
    StudyError
        The page cannot be written, or plotly is not installed.
    """
    plotly = needed("plotly.offline", "a report", "report", StudyError)
    own = Path(path)
    write_whole(own, page(study, plotly.get_plotlyjs()).encode())
    return own


def page(study: Study, plotly: str) -> str:
    """Return the page as text."""
    answers = "".join(f'<p class="answer">{escape(text)}</p>' for text in summary.answer(study))
    figures: list[Any] = []
    plots = _distribution(study, figures) + _tiers(study, figures)
    drawn = _script(figures)
    scenarios = counted(sum(study.columns["stands_for"]), "scenario")
    title = f"{study.about['query']['query']} in {scenarios}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
<script>{_SCRIPT}</script>
<script>{plotly}</script>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{answers}
<p class="asked">{escape(_asked(study))}</p>
{plots}
<h2>Worst scenarios</h2>
<div class="card scroll">{_table(study)}</div>
<h2>What was asked</h2>
<div class="card"><dl>{_facts(study)}</dl></div>
<h2>How it was checked</h2>
<p>{escape(_checked(study))}</p>
<p>A flow model does not give the latency of small messages, transients of congestion control, or
incast loss: values are what the wiring allows, and an upper bound on what is measured.</p>
<h2>Run it again</h2>
<pre>{escape(_again(study))}</pre>
</main>
<script>const FIGURES = {drawn};{_DRAW}</script>
</body>
</html>
"""


def _script(figures: list[Any]) -> str:
    return json.dumps(figures).replace("<", "\\u003c")


def _asked(study: Study) -> str:
    about = study.about
    own = about["designs"] or [fabric["name"] for fabric in about["fabrics"]]
    names = ", ".join(
        f"{name} ({counted(fabric['chips'], 'chip')}, {counted(fabric['links'], 'link')})"
        for name, fabric in zip(own, about["fabrics"], strict=True)
    )
    query = about["query"]
    if {"sources", "sinks"} <= set(query):
        return f"{query['sources']} to {query['sinks']} on {names}."
    return f"{query['query']} on {names}."


def _layout(x: str, y: str) -> dict[str, Any]:
    grid = {"gridcolor": "#e8ebef", "zeroline": False, "automargin": True}
    return {
        "xaxis": {"title": {"text": x}, **grid},
        "yaxis": {"title": {"text": y}, **grid},
        "margin": {"l": 70, "r": 20, "t": 10, "b": 60},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#1c2430"},
        "paper_bgcolor": "#fff",
        "plot_bgcolor": "#fff",
        "colorway": ["#0b5cad", "#c2571a", "#2c7a4b", "#8a3d8f", "#8c6d1f", "#3b7f8c"],
    }


def _distribution(study: Study, figures: list[Any]) -> str:
    found = [curve for curve in summary.curves(study) if curve.values]
    if not found:
        return ""
    unit = summary.unit(study)
    data: list[dict[str, Any]] = []
    marks = []
    for curve in found:
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(curve.values) < 40 else "lines",
                "line": {"shape": "hv", "width": 2.5},
                "name": curve.name,
                "x": [curve.values[0], *curve.values],
                "y": [0, *(100 * share for share in curve.shares)],
                "hovertemplate": f"%{{y:.4g}} % of scenarios at or below %{{x:,.6g}} {unit}",
            }
        )
        if curve.healthy is not None:
            marks.append(
                {
                    "type": "line", "x0": curve.healthy, "x1": curve.healthy, "yref": "paper",
                    "y0": 0, "y1": 1, "line": {"dash": "dot", "width": 1.5, "color": "#5b6675"},
                }
            )  # fmt: skip
    layout = _layout(unit, "% of scenarios")
    layout["yaxis"]["range"] = [0, 103]
    layout["shapes"] = marks
    layout["showlegend"] = len(found) > 1
    figures.append(["distribution", data, layout])
    return (
        "<h2>Scenarios at or below each value</h2>"
        '<section class="plot"><div class="figure" id="distribution"></div></section>'
        '<p class="asked">The dotted line is the value when nothing more has failed.</p>'
    )


def _tiers(study: Study, figures: list[Any]) -> str:
    rows = summary.bottlenecks(study)[:10][::-1]
    if not rows:
        return ""
    layout = _layout("% of scenarios", "")
    layout["xaxis"]["range"] = [0, 112]
    layout["yaxis"]["ticksuffix"] = " "
    data = {
        "type": "bar",
        "orientation": "h",
        "y": [_wrapped(name) for name, _ in rows],
        "x": [100 * share for _, share in rows],
        "text": [summary.percent(share) for _, share in rows],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    figures.append(["tiers", [data], layout])
    return (
        "<h2>Where it pinches</h2>"
        '<section class="plot"><div class="figure" id="tiers"></div></section>'
    )


def _wrapped(name: str) -> str:
    """Break the names of several tiers into lines, so that a phone has room for the bars."""
    return escape(name).replace(" + ", " +<br>")


def _table(study: Study) -> str:
    rows = summary.worst_rows(study)
    tall = [name for name in ("design", "bottleneck") if name in study.columns]
    heads = ["scenario", "value", "stands for", *tall]
    numbers = {"stands for", "value"}
    head = "".join(
        f'<th class="number">{one}</th>' if one in numbers else f"<th>{one}</th>" for one in heads
    )
    body = []
    for row in rows:
        value = row[study.value_name]
        text = summary.shown(study, value) if row["error"] is None else row["error"]
        cells = [
            f'<td class="label">{escape(str(row["label"])).replace(",", ",<wbr>")}</td>',
            f'<td class="{"value" if row["error"] else "number value"}">{escape(text)}</td>',
            f'<td class="number alike">{row["stands_for"]:,}</td>',
            *(f"<td>{escape(str(row[name] or ''))}</td>" for name in tall),
        ]
        body.append(f"<tr>{''.join(cells)}</tr>")
    more = len(study) - len(rows)
    rest = counted(more, "more row is", "more rows are")
    note = f"<p class='asked'>{rest} in the file.</p>" if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{note}"


def _facts(study: Study) -> str:
    about = study.about
    facts = {
        **about["query"],
        "scenarios": about["scenarios"],
        "seed": about["seed"],
        "rows": f"{len(study):,}",
        "solved": f"{study.num_solved:,}",
        "without an answer": f"{study.num_errors:,}",
        "fabric": "; ".join(
            f"{one['name']}: {counted(one['chips'], 'chip')}, {counted(one['nodes'], 'node')}, "
            f"{counted(one['links'], 'link')}, {one['kind']}"
            for one in about["fabrics"]
        ),
        "pinchpoint": about["pinchpoint"],
        "study": about["key"][:16],
    }
    return "".join(
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in facts.items()
        if value is not None
    )


def _checked(study: Study) -> str:
    total, solved = sum(study.columns["stands_for"]), study.num_solved
    kind = study.about["query"]["query"]
    proof = {
        "bandwidth": "its flow and its minimum cuts were checked by code that shares nothing with "
        "the solver",
        "bisection": "its flow and its minimum cuts were checked by code that shares nothing with "
        "the solver",
        "congestion": "the loads were checked for conservation at every node",
        "throughput": "both bounds were derived again by separate code",
    }.get(kind, "the query's own checks ran")
    return (
        f"{counted(solved, 'scenario was', 'scenarios were')} solved; for each, {proof}. "
        f"The other {total - solved:,} are mapped onto one of these by the symmetry of the "
        "fabric, which leaves the query's selections where they are, and have the same answer. "
        "Rows do not depend on the engine, the number of workers or their order."
    )


def _again(study: Study) -> str:
    where = study.path.name if study.path is not None else "study.parquet"
    names = ", ".join(one["name"] for one in study.about["fabrics"])
    query = study.about["query"]
    arguments = ", ".join(f"{name}={value!r}" for name, value in query.items() if name != "query")
    return (
        f"# fabric: {names}\n"
        f"# query: {query['query']}({arguments})\n"
        f"# scenarios: {study.about['scenarios']}\n"
        f"pp.sweep(fabric, scenarios, query, seed={study.about['seed']}, out={where!r})\n\n"
        f"pinchpoint report {where}\n"
    )
