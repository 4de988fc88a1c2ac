"""Pictures of fabrics: tiers of groups, nodes collapsed into blocks, link use as colour.

A picture has at most a few hundred marks and lines, whatever the size of the fabric.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._capacities import Capacity, capacities
from pinchpoint._extras import needed
from pinchpoint._wording import a_type, counted
from pinchpoint.bandwidth import Bandwidth
from pinchpoint.errors import FormatError, GraphError, InputTypeError, SelectionError
from pinchpoint.show import _depths
from pinchpoint.units import format_bytes

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

    from pinchpoint.congestion import Congestion
    from pinchpoint.fabric import Bundle, Fabric, Group

__all__ = ["Drawing", "layout", "plot", "save_html"]

_MAX_MARKS = 240
_MAX_BLOCKS = 12
_LISTED = 3_000_000
_BINS = 16
# From no load to full, and what has no load known.
_COLOURS = ("#c3cddb", "#f6c85f", "#e8743b", "#a50026")
_GREY = "#7a8ba6"
_FILL = {"chip": "#3b7dd8", "host": "#8b6fc0", "nic": "#2a9d8f", "switch": "#e07a3f"}


@dataclass(frozen=True)
class Mark:
    """A node, or a block of them.

    Attributes
    ----------
    x, y : float
        Where it is drawn.
    role : str
        What the nodes are.
    label : str
        Name, or range of the leading coordinate.
    nodes : int
        How many it stands for.
    """

    x: float
    y: float
    role: str
    label: str
    nodes: int


@dataclass(frozen=True)
class Line:
    """All links of a bundle between two marks.

    Attributes
    ----------
    a, b : tuple of float
        Where it starts and ends.
    bundle : str
        Name of the bundle.
    links : int
        How many it stands for.
    gbit_per_s : float
        Capacity of all of them per direction.
    use : float
        Load over capacity of the fullest, or nan.
    bend : float
        How far it curves, for links between marks of one tier.
    """

    a: tuple[float, float]
    b: tuple[float, float]
    bundle: str
    links: int
    gbit_per_s: float
    use: float
    bend: float = 0.0


@dataclass
class Drawing:
    """Marks, lines and labels, which matplotlib and plotly draw alike."""

    title: str
    marks: list[Mark] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    # Position and text of the labels of groups, and of the bundles between tiers.
    groups: list[tuple[float, float, str]] = field(default_factory=list)
    bundles: list[tuple[float, str]] = field(default_factory=list)
    tiers: int = 1
    has_use: bool = False


def layout(fabric: Fabric, use: Bandwidth | Congestion | None = None) -> Drawing:
    """Place the groups of a fabric on tiers by their distance from the chips.

    Parameters
    ----------
    fabric : Fabric
        What to draw.
    use : Bandwidth or Congestion, optional
        An answer about this fabric, whose link use becomes colour.

    Returns
    -------
    Drawing
        At most 240 marks. Up to 3 million links are looked at one by one; of a larger fabric,
        bundles are drawn as a whole, and use is known of the bottleneck only.
    """
    groups, bundles = fabric.groups, fabric.bundles
    depth = _tiers(groups, bundles)
    now = capacities(fabric)
    drawing = Drawing(fabric.name, tiers=max(depth.values()) + 1)
    blocks = _blocks(fabric, groups)
    places = _place(drawing, groups, depth, blocks)
    total = sum(bundle.num_links for bundle in bundles)
    listed = fabric if not fabric.is_structured else None
    if listed is None and total <= _LISTED:
        listed = fabric.materialize()
    if listed is not None:
        _listed_lines(drawing, listed, blocks, places, _use_per_link(listed, use))
    else:
        _whole_lines(drawing, fabric, now, blocks, places, use)
    drawing.has_use = use is not None
    _label_bundles(drawing, fabric, now, depth)
    return drawing


def _tiers(groups: tuple[Group, ...], bundles: tuple[Bundle, ...]) -> dict[str, int]:
    """Hops from the chips, or from what comes nearest to them."""
    from types import SimpleNamespace

    depth: dict[str, int] = {}
    for role in ("chip", "host", "nic", "switch"):
        if any(group.role == role and group.name not in depth for group in groups):
            rooted = [
                SimpleNamespace(name=g.name, role="chip" if g.role == role else "")
                for g in groups
                if g.name not in depth
            ]
            if not depth:
                depth = dict(_depths(SimpleNamespace(groups=rooted), bundles))  # type: ignore[arg-type]
    return depth | {group.name: 0 for group in groups if group.name not in depth}


@dataclass(frozen=True)
class _Blocks:
    """How the nodes of a group are collapsed: node n is in block (n // stride) * count // size."""

    count: int
    stride: int
    size: int
    labels: tuple[str, ...]
    nodes: tuple[int, ...]

    def of(self, local: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return (local // self.stride) * self.count // self.size


def _blocks(fabric: Fabric, groups: tuple[Group, ...]) -> dict[str, _Blocks]:
    every = sum(group.size for group in groups) <= _MAX_MARKS
    names = fabric.names if every and not fabric.is_structured else None
    found = {}
    for group in groups:
        if every:
            ids = range(group.first_node, group.first_node + group.size)
            own = tuple(names[i] if names else f"{group.name} {i - ids[0]}" for i in ids)
            found[group.name] = _Blocks(group.size, 1, group.size, own, (1,) * group.size)
            continue
        # The coordinates before the first that counts anything are of size one.
        lead, size = next(((n, s) for n, s in group.coordinates.items() if s > 1), ("", 1))
        count, stride = min(size, _MAX_BLOCKS), group.size // size
        starts = [-(-i * size // count) for i in range(count + 1)]
        spans = list(pairwise(starts))
        labels = tuple(
            f"{group.name}[{lead}={a}]" if b - a == 1 else f"{group.name}[{lead}={a}:{b}]"
            for a, b in spans
        )
        found[group.name] = _Blocks(
            count, stride, size, labels, tuple((b - a) * stride for a, b in spans)
        )
    return found


def _place(
    drawing: Drawing,
    groups: tuple[Group, ...],
    depth: dict[str, int],
    blocks: dict[str, _Blocks],
) -> dict[str, list[tuple[float, float]]]:
    places: dict[str, list[tuple[float, float]]] = {}
    for tier in range(drawing.tiers):
        own = [group for group in groups if depth[group.name] == tier]
        # A gap of two marks between groups; single marks stand in the middle.
        width = sum(blocks[g.name].count for g in own) + 2 * (len(own) - 1)
        at = 0.5
        for group in own:
            block = blocks[group.name]
            xs = [(at + i) / width for i in range(block.count)]
            places[group.name] = [(x, float(tier)) for x in xs]
            for x, label, nodes in zip(xs, block.labels, block.nodes, strict=True):
                drawing.marks.append(Mark(x, float(tier), group.role, label, nodes))
            text = f"{group.name}: {group.size:,}"
            drawing.groups.append(((xs[0] + xs[-1]) / 2, float(tier), text))
            at += block.count + 2
    return places


def _use_per_link(
    fabric: Fabric, use: Bandwidth | Congestion | None
) -> npt.NDArray[np.float64] | None:
    if use is None:
        return None
    capacity = fabric.gbit_per_s
    if isinstance(use, Bandwidth):
        loads = np.abs(use.flow().gbit_per_s)
    elif hasattr(use, "loads"):
        loads = np.asarray(use.loads()).max(axis=0)
    else:
        raise InputTypeError(
            f"use is {a_type(use)}; it must be an answer of bandwidth or congestion"
        )
    if loads.shape != capacity.shape:
        links = counted(loads.size, "link")
        raise GraphError(f"use is about {links}, and the fabric has {capacity.size:,}")
    with np.errstate(divide="ignore", invalid="ignore"):
        share: npt.NDArray[np.float64] = np.where(capacity > 0, loads / capacity, 0.0)
    return share


def _listed_lines(
    drawing: Drawing,
    fabric: Fabric,
    blocks: dict[str, _Blocks],
    places: dict[str, list[tuple[float, float]]],
    use: npt.NDArray[np.float64] | None,
) -> None:
    firsts = {group.name: group.first_node for group in fabric.groups}
    capacity = fabric.gbit_per_s
    start = 0
    for bundle in fabric.bundles:
        span = slice(start, start + bundle.num_links)
        start += bundle.num_links
        ends = (fabric.tails[span], fabric.heads[span])
        own = None if use is None else use[span]
        _block_lines(drawing, bundle, firsts, blocks, places, ends, capacity[span], own)


def _block_lines(
    drawing: Drawing,
    bundle: Bundle,
    firsts: dict[str, int],
    blocks: dict[str, _Blocks],
    places: dict[str, list[tuple[float, float]]],
    ends: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    capacity: npt.NDArray[np.float64],
    use: npt.NDArray[np.float64] | None,
) -> None:
    """Draw a line for every two blocks that links of a bundle join."""
    a, b = (
        blocks[name].of(nodes.astype(np.int64) - firsts[name])
        for name, nodes in zip((bundle.a, bundle.b), ends, strict=True)
    )
    if bundle.a == bundle.b:
        a, b = np.minimum(a, b), np.maximum(a, b)
    key = np.where(capacity > 0, a * blocks[bundle.b].count + b, -1)
    pairs, place, counts = np.unique(key, return_inverse=True, return_counts=True)
    sums = np.bincount(place, capacity, len(pairs))
    fullest = np.full(len(pairs), np.nan)
    if use is not None:
        fullest = np.zeros(len(pairs))
        np.maximum.at(fullest, place, use)
    for pair, count, total, full in zip(
        pairs.tolist(), counts.tolist(), sums.tolist(), fullest.tolist(), strict=True
    ):
        one, other = divmod(pair, blocks[bundle.b].count)
        if pair >= 0 and not (bundle.a == bundle.b and one == other):
            points = places[bundle.a][one], places[bundle.b][other]
            _add_line(drawing, bundle.name, points, count, total, full)


def _whole_lines(
    drawing: Drawing,
    fabric: Fabric,
    now: list[Capacity],
    blocks: dict[str, _Blocks],
    places: dict[str, list[tuple[float, float]]],
    use: Bandwidth | Congestion | None,
) -> None:
    """Draw bundles as a whole: rack to rack where they stay in it, else from group to group."""
    if use is not None and not isinstance(use, Bandwidth):
        raise InputTypeError("use of a fabric this large must be an answer of bandwidth")
    full = set() if use is None else {row.bundle for row in use.bottleneck.rows}
    lead = {g.name: next(iter(g.coordinates), "") for g in fabric.groups}
    for bundle, capacity in zip(fabric.bundles, now, strict=True):
        if bundle.a == bundle.b:
            continue
        share = 1.0 if bundle.name in full else float("nan")
        a, b = blocks[bundle.a], blocks[bundle.b]
        name = lead[bundle.a]
        joined = name == lead[bundle.b] and a.size == b.size and _stays(fabric, bundle, name)
        pairs = [(i, i) for i in range(a.count)] if joined else [(-1, -1)]
        total = float(capacity.total / 10**6)
        for one, other in pairs:
            if one >= 0:
                points = places[bundle.a][one], places[bundle.b][other]
            else:
                points = _middle(places[bundle.a]), _middle(places[bundle.b])
            links = bundle.num_links_up // len(pairs)
            _add_line(drawing, bundle.name, points, links, total / len(pairs), share)


def _stays(fabric: Fabric, bundle: Bundle, name: str) -> bool:
    """Whether each link of a bundle has one value of a coordinate, at both of its ends."""
    size = dict(next(g for g in fabric.groups if g.name == bundle.a).coordinates).get(name, 1)
    try:
        return fabric.select_links(bundle.name, **{name: 0}).num_links * size == bundle.num_links
    except SelectionError:
        return False


def _middle(places: list[tuple[float, float]]) -> tuple[float, float]:
    return (places[0][0] + places[-1][0]) / 2, places[0][1]


def _add_line(
    drawing: Drawing,
    bundle: str,
    ends: tuple[tuple[float, float], tuple[float, float]],
    links: int,
    gbit_per_s: float,
    use: float,
) -> None:
    (ax, ay), (bx, by) = ends
    bend = 0.14 + 0.2 * abs(ax - bx) if ay == by else 0.0
    drawing.lines.append(Line(*ends, bundle, links, gbit_per_s, use, bend))


def _label_bundles(
    drawing: Drawing, fabric: Fabric, now: list[Capacity], depth: dict[str, int]
) -> None:
    at: dict[float, list[str]] = {}
    for bundle, capacity in zip(fabric.bundles, now, strict=True):
        height = (depth[bundle.a] + depth[bundle.b]) / 2
        if depth[bundle.a] == depth[bundle.b]:
            height += 0.25
        text = f"{bundle.name}: {bundle.num_links_up:,} x {capacity.each}"
        at.setdefault(height, []).append(text)
    drawing.bundles = [(height, "\n".join(texts)) for height, texts in sorted(at.items())]


def _path(line: Line) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Points of a line; straight between tiers, a curve above its tier within one."""
    if not line.bend:
        return np.array([line.a[0], line.b[0]]), np.array([line.a[1], line.b[1]])
    t = np.linspace(0, 1, 17)
    x = line.a[0] + (line.b[0] - line.a[0]) * t
    return x, line.a[1] + line.bend * 4 * t * (1 - t)


def _widths(drawing: Drawing) -> npt.NDArray[np.float64]:
    """Widths by the logarithm of capacity: 0.4 to 3 points."""
    capacity: npt.NDArray[np.float64]
    capacity = np.log1p(np.array([line.gbit_per_s for line in drawing.lines], np.float64))
    if not len(capacity):
        return capacity
    low, high = capacity.min(), capacity.max()
    many = 1.0 if len(capacity) < 300 else 0.5
    spread = (capacity - low) / (high - low) if high > low else np.full(len(capacity), 0.5)
    widths: npt.NDArray[np.float64] = many * (0.6 + 2.4 * spread)
    return widths


def plot(fabric: Fabric, ax: Any = None, use: Bandwidth | Congestion | None = None) -> Any:
    """Draw with matplotlib; see :meth:`Fabric.plot`."""
    plt = needed("matplotlib.pyplot", "plot", "plot", FormatError)
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb

    drawing = layout(fabric, use)
    if ax is None:
        _, ax = plt.subplots(figsize=(11, 1.4 + 1.5 * drawing.tiers), layout="constrained")
    paths = [np.stack(_path(line), 1) for line in drawing.lines]
    lines = LineCollection(paths, linewidths=_widths(drawing).tolist(), zorder=1)
    if drawing.has_use:
        values = np.array([line.use for line in drawing.lines])
        shades = LinearSegmentedColormap.from_list("load", _COLOURS)
        colours = shades.with_extremes(bad=(*to_rgb(_GREY), 0.4))
        lines.set(cmap=colours, norm=Normalize(0, max(1.0, float(np.nanmax(values, initial=0.0)))))
        lines.set_array(values)
        label = "load over capacity of the fullest link"
        if (unknown := np.isnan(values)).any():
            # Grey alone would look like no load.
            lines.set(linestyle=[":" if one else "-" for one in unknown])
            label += "; dotted: not known"
        ax.figure.colorbar(lines, ax=ax, label=label, shrink=0.7)
    else:
        lines.set(color=_GREY, alpha=0.6)
    ax.add_collection(lines)
    size = float(np.clip(4000 / max(1, len(drawing.marks)), 14, 140))
    for role, colour in _FILL.items():
        own = [mark for mark in drawing.marks if mark.role == role]
        marker = "s" if role == "switch" else "o"
        xs, ys = [mark.x for mark in own], [mark.y for mark in own]
        ax.scatter(xs, ys, s=size, c=colour, marker=marker, zorder=2, linewidths=0)
    for x, y, text in drawing.groups:
        box = {"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none", "alpha": 0.85}
        ax.annotate(
            text, (x, y), (0, -12), textcoords="offset points", ha="center", va="top", bbox=box
        )
    for y, text in drawing.bundles:
        ax.text(1.02, y, text, ha="left", va="center", fontsize="small", color="#444444")
    ax.set(xlim=(-0.02, 1.3), ylim=(-0.5, drawing.tiers - 0.4), title=drawing.title)
    ax.set_axis_off()
    return ax


def save_html(
    fabric: Fabric, path: str | os.PathLike[str], use: Bandwidth | Congestion | None = None
) -> None:
    """Write an interactive page; see :meth:`Fabric.save_html`."""
    from pinchpoint.interop._source import as_path

    own = as_path(path)
    go = needed("plotly.graph_objects", f"{own}: a page", "plot", FormatError)
    figure = _figure(go, layout(fabric, use))
    # The script is in the page itself: no request leaves the browser.
    page = figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    try:
        own.write_text(page, encoding="utf-8")
    except OSError as error:
        raise FormatError(f"{own}: {error.strerror or error}") from None


def _figure(go: Any, drawing: Drawing) -> Any:
    from plotly.colors import sample_colorscale

    figure = go.Figure()
    uses = np.array([line.use for line in drawing.lines])
    top = max(1.0, float(np.nanmax(uses, initial=0.0))) if drawing.has_use else 1.0
    widths = _widths(drawing)
    # Lines of one colour and width are one trace: a page stays quick with thousands of lines.
    traces: dict[tuple[int, int], list[int]] = {}
    for place, line in enumerate(drawing.lines):
        known = line.use == line.use
        colour = int(line.use / top * (_BINS - 1)) if known else -1
        traces.setdefault((colour, round(widths[place])), []).append(place)
    for (colour, width), places in sorted(traces.items()):
        xs: list[float | None] = []
        ys: list[float | None] = []
        for place in places:
            x, y = _path(drawing.lines[place])
            xs += [*x.tolist(), None]
            ys += [*y.tolist(), None]
        shade = _GREY
        if colour >= 0:
            shade = sample_colorscale(list(_COLOURS), [colour / (_BINS - 1)])[0]
        figure.add_scatter(
            x=xs, y=ys, mode="lines", hoverinfo="skip", showlegend=False,
            line={
                "color": shade,
                "width": max(1, width),
                "dash": "dot" if drawing.has_use and colour < 0 else "solid",
            },
        )  # fmt: skip
    _hover_points(figure, drawing, uses, top)
    for role, fill in _FILL.items():
        own = [mark for mark in drawing.marks if mark.role == role]
        symbol = "square" if role == "switch" else "circle"
        if own:
            figure.add_scatter(
                x=[mark.x for mark in own],
                y=[mark.y for mark in own],
                mode="markers",
                name=role,
                marker={"color": fill, "size": 11, "symbol": symbol},
                text=[_about_mark(mark) for mark in own],
                hoverinfo="text",
            )
    for x_at, y_at, text in drawing.groups:
        figure.add_annotation(
            x=x_at,
            y=y_at,
            text=_plain(text),
            yshift=-18,
            showarrow=False,
            bgcolor="rgba(255,255,255,0.8)",
        )
    figure.update_layout(
        title=_plain(drawing.title),
        template="plotly_white",
        height=220 + 150 * drawing.tiers,
        xaxis={"visible": False, "range": [-0.03, 1.03]},
        yaxis={"visible": False, "range": [-0.5, drawing.tiers - 0.4]},
        hovermode="closest",
        legend={"orientation": "h"},
    )
    return figure


def _hover_points(figure: Any, drawing: Drawing, uses: npt.NDArray[np.float64], top: float) -> None:
    """Put a small point in the middle of each line, which tells about it."""
    if not drawing.lines:
        return
    middles = []
    for line in drawing.lines:
        xs, ys = _path(line)
        middle = len(xs) // 2
        curved = len(xs) > 2
        middles.append((xs[middle] if curved else xs.mean(), ys[middle] if curved else ys.mean()))
    marker: dict[str, Any] = {"size": 5, "color": _GREY}
    if drawing.has_use:
        bar = {"title": "load over capacity"}
        marker = {
            "size": 5, "color": np.nan_to_num(uses).tolist(), "colorscale": list(_COLOURS),
            "cmin": 0, "cmax": top, "colorbar": bar,
        }  # fmt: skip
    figure.add_scatter(
        x=[float(x) for x, _ in middles],
        y=[float(y) for _, y in middles],
        mode="markers",
        name="links",
        marker=marker,
        text=[_about_line(line) for line in drawing.lines],
        hoverinfo="text",
    )


def _plain(text: str) -> str:
    """Escape what plotly would take for markup: names come from files."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _about_mark(mark: Mark) -> str:
    return _plain(mark.label) + (f"<br>{mark.nodes:,} nodes" if mark.nodes > 1 else "")


def _about_line(line: Line) -> str:
    text = f"{_plain(line.bundle)}<br>{counted(line.links, 'link')}, "
    text += format_bytes(round(line.gbit_per_s * 1e6))
    return text if line.use != line.use else f"{text}<br>fullest link: {100 * line.use:.3g} %"
