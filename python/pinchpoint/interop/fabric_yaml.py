"""``fabric.yaml``: pinchpoint's own format, for structured and explicit fabrics.

The format is described in ``docs/reference/fabric-yaml.md``. Every value is exact: a fabric that is
saved and loaded has the same groups, bundles, changes and answers.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint import _core
from pinchpoint._wording import counted
from pinchpoint.builder import CoordinateView, FabricBuilder, NodeGroup
from pinchpoint.errors import FormatError, PinchpointError
from pinchpoint.fabric import Fabric, listing
from pinchpoint.interop._source import MAX_BYTES, Source, as_path, shown_path
from pinchpoint.interop._yaml import Node, parse, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinchpoint.builder import Recipe
    from pinchpoint.catalogue import Figure

__all__ = ["load", "save"]

_FORMAT = "pinchpoint-fabric"
_VERSION = 1
_LARGEST = (1 << 31) - 1
_MATERIALIZE_LIMIT = 8_000_000_000
_FORWARDS = {"always": "true", "never": "false", "scale_up": "scale_up"}
_ROLES = ("chip", "host", "nic", "switch")
_RUN = re.compile(r"([0-9]{1,10}):([0-9]{1,10})")
_SLICE = re.compile(r"(-?[0-9]{1,10})?:(-?[0-9]{1,10})?(?::(-?[0-9]{1,10}))?")
_BAD_LINK = re.compile(r"^(?![0-9]{1,10} [0-9]{1,10} [0-9]{1,19}$)", re.MULTILINE)


def save(fabric: Fabric, path: str | os.PathLike[str]) -> None:
    """Write a fabric; see :meth:`Fabric.save`."""
    own = as_path(path)
    if own.suffix.lower() not in (".yaml", ".yml"):
        raise FormatError(f"{shown_path(own)}: a fabric is saved as .yaml")
    lines = "\n".join(_written(fabric)) + "\n"
    # The old file stays until the new one is whole.
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=own.parent, delete=False
        ) as file:
            try:
                file.write(lines)
            except BaseException:
                Path(file.name).unlink()
                raise
        _publish(Path(file.name), own)
    except OSError as error:
        raise FormatError(f"{shown_path(own)}: {error.strerror or error}") from None


def _publish(written: Path, own: Path) -> None:
    """Give the finished file its name, and the access rights a new file has."""
    mask = os.umask(0)
    os.umask(mask)
    written.chmod(0o666 & ~mask)
    written.replace(own)


def _written(fabric: Fabric) -> Iterator[str]:
    recipe = fabric._recipe
    yield f"format: {_FORMAT}"
    yield f"version: {_VERSION}"
    if recipe is None:
        yield from _explicit_lines(fabric)
    else:
        yield f"kind: {'structured' if fabric.is_structured else 'materialized'}"
        yield from _recipe_lines(recipe)
    if fabric.rounded:
        yield "rounded: true"
    yield from _change_lines(fabric)


def _recipe_lines(recipe: Recipe) -> Iterator[str]:
    yield f"name: {quote(recipe.name)}"
    yield "groups:" + ("" if recipe.nodes else " []")
    for name, role, forwards, capacity, coordinates in recipe.nodes:
        fields = [f"name: {quote(name)}", f"role: {role}", f"forwards: {_FORWARDS[forwards]}"]
        if capacity is not None:
            fields.append(f"capacity: {quote(_rate_text(*capacity))}")
        if coordinates:
            shown = ", ".join(_coordinate_text(*coordinate) for coordinate in coordinates)
            fields.append(f"coordinates: {{{shown}}}")
        yield f"- {{{', '.join(fields)}}}"
    yield "bundles:" + ("" if recipe.links else " []")
    for a, b, capacity, join, ring, multiplicity, name in recipe.links:
        fields = [] if name is None else [f"name: {quote(name)}"]
        if ring is not None:
            axis, wrap = ring
            fields.append(f"ring: {quote(a[0])}")
            fields.append(f"axis: {quote(axis)}")
            fields.append(f"wrap: {'true' if wrap else 'false'}")
        else:
            fields += [f"a: {_part_text(*a)}", f"b: {_part_text(*b)}"]
        fields.append(f"capacity: {quote(_rate_text(*capacity))}")
        if join is not None:
            shown = ", ".join(f"{quote(x)}: {quote(y)}" for x, y in join)
            fields.append(f"join: {{{shown}}}")
        if multiplicity != 1:
            fields.append(f"multiplicity: {multiplicity}")
        yield f"- {{{', '.join(fields)}}}"
    if recipe.figures:
        yield "figures:"
        yield from (f"- {_figure_text(figure)}" for figure in recipe.figures)


def _rate_text(mantissa: int, shift: int) -> str:
    """Exact decimal text: 1/2^n is 5^n/10^n, so every such fraction ends."""
    if not shift and mantissa % 1_000_000 == 0:
        return f"{mantissa // 1_000_000}Gb/s"
    digits = str(mantissa * 5**shift).rjust(shift + 1, "0")
    whole, decimals = (digits[:-shift], "." + digits[-shift:]) if shift else (digits, "")
    return f"{whole}{decimals}kb/s"


def _coordinate_text(name: str, size: int | None, code: str, digits: list[tuple[str, int]]) -> str:
    if code == "radix" and size is None and digits == [(name, digits[0][1])]:
        return f"{quote(name)}: {digits[0][1]}"
    shown = ", ".join(f"{quote(digit)}: {values}" for digit, values in digits)
    limit = "" if size is None else f", size: {size}"
    return f"{quote(name)}: {{{code}: {{{shown}}}{limit}}}"


def _part_text(group: str, conditions: list[tuple[str, Any]]) -> str:
    if not conditions:
        return quote(group)
    shown = ", ".join(f"{{{quote(name)}: {_values_text(value)}}}" for name, value in conditions)
    return f"{{group: {quote(group)}, where: [{shown}]}}"


def _values_text(value: Any) -> str:
    if isinstance(value, slice):
        ends = [value.start, value.stop] + ([] if value.step is None else [value.step])
        return '"' + ":".join("" if end is None else str(end.__index__()) for end in ends) + '"'
    if hasattr(value, "__index__"):
        return str(value.__index__())
    return "[" + ", ".join(str(one.__index__()) for one in value) + "]"


def _figure_text(figure: Figure) -> str:
    value = figure.value
    if isinstance(value, tuple):
        shown = "[" + ", ".join(map(str, value)) + "]"
    else:
        shown = quote(value) if isinstance(value, str) else repr(value)
    fields = [f"name: {quote(figure.name)}", f"value: {shown}", f"unit: {quote(figure.unit)}"]
    fields += [f"direction: {quote(figure.direction)}", f"status: {quote(figure.status)}"]
    if figure.sources:
        fields.append("sources: [" + ", ".join(map(quote, figure.sources)) + "]")
    if figure.note:
        fields.append(f"note: {quote(figure.note)}")
    if figure.others:
        fields.append("others: [" + ", ".join(map(_figure_text, figure.others)) + "]")
    return f"{{{', '.join(fields)}}}"


def _explicit_lines(fabric: Fabric) -> Iterator[str]:
    core = fabric._handle
    groups, bundles = listing(core)
    names = fabric._names
    yield "kind: explicit"
    yield f"name: {quote(fabric.name)}"
    if core.is_directed:
        yield "directed: true"
    if core.unit_shift:
        yield f"unit_shift: {core.unit_shift}"
    yield "groups:"
    first = 0
    for name, role, forwards, size in groups:
        yield f"- name: {quote(name)}"
        yield f"  role: {role}"
        yield f"  forwards: {_FORWARDS[forwards]}"
        yield f"  nodes: {size}"
        if names is not None:
            yield "  names:"
            yield from (f"  - {quote(own)}" for own in names[first : first + size])
        first += size
    tails, heads = fabric.tails.tolist(), fabric.heads.tolist()
    built = core.built_capacity()
    capacity = [] if built is None else built.tolist()
    yield "bundles:" + ("" if bundles else " []")
    first = 0
    for name, a, b, count in bundles:
        yield f"- name: {quote(name)}"
        yield f"  a: {quote(groups[a][0])}"
        yield f"  b: {quote(groups[b][0])}"
        yield "  links: " + ("|" if count else '""')
        own = slice(first, first + count)
        rows = zip(tails[own], heads[own], capacity[own], strict=True)
        yield from (f"    {tail} {head} {units}" for tail, head, units in rows)
        first += count


def _change_lines(fabric: Fabric) -> Iterator[str]:
    if not fabric._handle.is_changed:
        return
    overrides, removed = fabric._handle.state()
    yield "changes:"
    yield "  links:" + ("" if any(overrides) else " []")
    for bundle, changes in zip(fabric._handle.bundles(), overrides, strict=True):
        for axes, capacity, up in changes:
            what = f"capacity: {capacity}" if up else "up: false"
            yield f"  - {{bundle: {quote(bundle[0])}, {what}, where: {_block_text(axes)}}}"
    yield "  nodes:" + ("" if any(removed) else " []")
    for group, blocks in zip(fabric._handle.groups(), removed, strict=True):
        for axes in blocks:
            yield f"  - {{group: {quote(group[0])}, where: {_block_text(axes)}}}"


def _block_text(axes: list[list[tuple[int, int]]]) -> str:
    return "[" + ", ".join(f'"{_runs_text(runs)}"' for runs in axes) + "]"


def _runs_text(runs: list[tuple[int, int]]) -> str:
    return " ".join(f"{low}:{high}" for low, high in runs)


@contextmanager
def _at(node: Node) -> Iterator[None]:
    """Give an error of the builder the file and line of what was refused."""
    try:
        yield
    except FormatError:
        raise
    except PinchpointError as error:
        node.source.fail(node.line, str(error))


def load(source: Source) -> Fabric:
    """Read a fabric from the text of a file.

    Raises
    ------
    FormatError
        Anything that is not as the format says, with file, line and field.
    """
    root = parse(source)
    if not isinstance(root.value, dict) or "format" not in root.value:
        root.fail(
            f"is no fabric: it would start with 'format: {_FORMAT}', InfraGraph has devices and "
            "instances at its top, NetGraph a network"
        )
    common = ("format", "version", "kind", "name")
    shared = ("groups", "bundles")
    later = ("figures", "changes", "rounded", "directed", "unit_shift")
    if root.value["format"].text() != _FORMAT:
        root.value["format"].fail(f"is {root.value['format'].shown()}; it must be {_FORMAT}")
    version = root.value.get("version")
    if version is not None and version.integer(1, _LARGEST) != _VERSION:
        version.fail(f"is {version.value}; this version of pinchpoint reads {_VERSION}")
    found = root.entries((*common, *shared), later)
    kind = found["kind"].text()
    if kind not in ("structured", "materialized", "explicit"):
        found["kind"].fail(f"is {kind!r}; it must be structured, materialized or explicit")
    for key in ("directed", "unit_shift") if kind != "explicit" else ("figures",):
        if key in found:
            found[key].fail(f"does not go with kind {kind}")
    rounded = "rounded" in found and found["rounded"].flag()
    if kind == "explicit":
        with _at(root):
            core, names = _explicit(found)
            return Fabric(_changed(core, found, listed=True), None, names, rounded)
    builder = _structured(found)
    with _at(root):
        built = builder.build()
        core = _changed(built._handle, found, listed=False)
        if kind == "materialized":
            core = core.materialize(_MATERIALIZE_LIMIT, None)
    return Fabric(core, built._recipe, None, rounded)


def _structured(found: dict[str, Node]) -> FabricBuilder:
    builder = FabricBuilder(found["name"].text())
    groups: dict[str, NodeGroup] = {}
    for node in found["groups"].items():
        fields = node.entries(("name", "role", "forwards"), ("capacity", "coordinates"))
        name = fields["name"].text()
        given = fields["coordinates"].pairs() if "coordinates" in fields else {}
        coordinates: dict[str, Any] = {key: _coordinate(each) for key, each in given.items()}
        for key in coordinates:
            if key in ("role", "forwards", "capacity"):
                given[key].fail("cannot be the name of a coordinate")
        with _at(node):
            groups[name] = builder.nodes(
                name,
                role=_role(fields["role"]),
                forwards=_forwards(fields["forwards"]),
                capacity=fields["capacity"].text() if "capacity" in fields else None,
                **coordinates,
            )
    for node in found["bundles"].items():
        _bundle(builder, groups, node)
    if "figures" in found:
        builder.annotate(*(_figure(node) for node in found["figures"].items()))
    return builder


def _role(node: Node) -> Any:
    if node.text() not in _ROLES:
        node.fail(f"is {node.shown()}; roles are {', '.join(_ROLES)}")
    return node.value


def _forwards(node: Node) -> Any:
    if not (isinstance(node.value, bool) or node.value == "scale_up"):
        node.fail(f"is {node.shown()}; it must be true, false or scale_up")
    return node.value


def _coordinate(node: Node) -> int | CoordinateView:
    if not isinstance(node.value, dict):
        return node.integer(1, _LARGEST)
    fields = node.entries((), ("radix", "gray", "size"))
    size = fields["size"].integer(1, _LARGEST) if "size" in fields else None
    if ("radix" in fields) == ("gray" in fields) or (size is not None and "gray" in fields):
        node.fail("must have either radix, perhaps with a size, or gray")
    code: Any = "radix" if "radix" in fields else "gray"
    digits = fields[code].pairs()
    if not digits:
        fields[code].fail("is empty")
    own = tuple((name, each.integer(1, _LARGEST)) for name, each in digits.items())
    return CoordinateView(code, size, own)


def _bundle(builder: FabricBuilder, groups: dict[str, NodeGroup], node: Node) -> None:
    ring = "ring" in node.pairs()
    ends = ("ring", "axis", "wrap") if ring else ("a", "b")
    more = ("name", "multiplicity") if ring else ("name", "multiplicity", "join")
    fields = node.entries((*ends, "capacity"), more)
    options: dict[str, Any] = {"name": fields["name"].text() if "name" in fields else None}
    if "multiplicity" in fields:
        options["multiplicity"] = fields["multiplicity"].integer(1, _LARGEST)
    capacity = fields["capacity"].text()
    with _at(node):
        if ring:
            group = _group(groups, fields["ring"])
            wrap = fields["wrap"].flag()
            builder.ring(group, fields["axis"].text(), capacity, wrap=wrap, **options)
            return
        join = None
        if "join" in fields:
            join = {name: each.text() for name, each in fields["join"].pairs().items()}
        a, b = _part(groups, fields["a"]), _part(groups, fields["b"])
        builder.links(a, b, capacity, join=join, **options)


def _group(groups: dict[str, NodeGroup], node: Node) -> NodeGroup:
    name = node.text()
    if name not in groups:
        from pinchpoint._suggest import did_you_mean

        node.fail(f"is {node.shown()}, and no group has that name{did_you_mean(name, groups)}")
    return groups[name]


def _part(groups: dict[str, NodeGroup], node: Node) -> NodeGroup:
    if not isinstance(node.value, dict):
        return _group(groups, node)
    fields = node.entries(("group", "where"))
    part = _group(groups, fields["group"])
    for condition in fields["where"].items():
        pairs = condition.pairs()
        if len(pairs) != 1:
            condition.fail(f"has {counted(len(pairs), 'coordinate')}; each entry has one")
        part = part.where(**{name: _values(each) for name, each in pairs.items()})
    return part


def _values(node: Node) -> int | slice | list[int]:
    if isinstance(node.value, list):
        return [each.integer(-_LARGEST, _LARGEST) for each in node.value]
    if isinstance(node.value, str):
        match = _SLICE.fullmatch(node.value)
        if match is None:
            node.fail(f"is {node.shown()}; it must be an integer, a list or a range 'low:high'")
        return slice(*(None if end is None else int(end) for end in match.groups()))
    return node.integer(-_LARGEST, _LARGEST)


def _figure(node: Node) -> Figure:
    from pinchpoint.catalogue import Figure

    needed = ("name", "value", "unit", "direction", "status")
    fields = node.entries(needed, ("sources", "note", "others"))
    shown = fields["value"].value
    value: Any = shown
    if isinstance(shown, list):
        value = tuple(each.integer(-(1 << 62), 1 << 62) for each in shown)
    elif shown is None or isinstance(shown, dict | bool):
        fields["value"].fail(f"is {fields['value'].shown()}; it must be a number, text or a list")
    direction, status = fields["direction"], fields["status"]
    directions = ("per direction", "both directions", "memory", "")
    statuses = ("primary", "secondary", "derived", "announced", "assumed")
    for each, known in ((direction, directions), (status, statuses)):
        if each.text() not in known:
            each.fail(f"is {each.shown()}; it must be one of {', '.join(map(repr, known))}")
    own: Any = {"direction": direction.value, "status": status.value}
    sources = fields["sources"].items() if "sources" in fields else []
    others = fields["others"].items() if "others" in fields else []
    return Figure(
        fields["name"].text(),
        value,
        fields["unit"].text(),
        sources=tuple(each.text() for each in sources),
        note=fields["note"].text(1 << 16) if "note" in fields else "",
        others=tuple(map(_figure, others)),
        **own,
    )


def _explicit(found: dict[str, Node]) -> tuple[_core.Fabric, tuple[str, ...] | None]:
    groups: list[tuple[str, str, str, int]] = []
    names: list[str] = []
    places: dict[str, int] = {}
    for node in found["groups"].items():
        fields = node.entries(("name", "role", "forwards", "nodes"), ("names",))
        count = fields["nodes"].integer(1, (1 << 32) - 1)
        forwards = _forwards(fields["forwards"])
        spelled = {True: "always", False: "never"}.get(forwards, "scale_up")
        places[fields["name"].text()] = len(groups)
        groups.append((fields["name"].text(), _role(fields["role"]), spelled, count))
        if len(groups) > 1 and ("names" in fields) != bool(names):
            node.fail("has names where other groups have none, or the other way round")
        if "names" in fields:
            own = [each.text() for each in fields["names"].items()]
            if len(own) != count:
                entries = counted(len(own), "entry", "entries")
                fields["names"].fail(f"has {entries} for {counted(count, 'node')}")
            names.extend(own)
    if not groups:
        found["groups"].fail("is empty; a fabric has at least one node")
    bundles: list[tuple[str, int, int, int]] = []
    tables = [np.zeros((0, 3), np.int64)]
    for node in found["bundles"].items():
        fields = node.entries(("name", "a", "b", "links"))
        ends = []
        for end in ("a", "b"):
            if fields[end].text() not in places:
                fields[end].fail(f"is {fields[end].shown()}, and no group has that name")
            ends.append(places[fields[end].text()])
        tables.append(_link_table(fields["links"]))
        bundles.append((fields["name"].text(), ends[0], ends[1], len(tables[-1])))
    table = np.concatenate(tables)
    core = _core.Fabric.listed(
        found["name"].text(),
        groups,
        bundles,
        table[:, 0].astype(np.uint32),
        table[:, 1].astype(np.uint32),
        np.ascontiguousarray(table[:, 2]),
        "directed" in found and found["directed"].flag(),
        found["unit_shift"].integer(0, 60) if "unit_shift" in found else 0,
    )
    return core, tuple(names) if names else None


def _link_table(node: Node) -> Any:
    """Lines of "tail head capacity" as an array, shape (links, 3)."""
    text = node.text(MAX_BYTES).removesuffix("\n")
    if not text:
        return np.zeros((0, 3), np.int64)
    bad = _BAD_LINK.search(text)
    if bad is not None:
        # A literal block starts on the line after its field.
        line = node.line + 1 + text.count("\n", 0, bad.start())
        shown = text[bad.start() : bad.start() + 60].partition("\n")[0]
        node.source.fail(line, f"{node.path}: {shown!r} is no link 'tail head capacity'")
    table = np.fromstring(text, np.int64, sep=" ").reshape(-1, 3)
    wrong = np.flatnonzero(
        (table < 0).any(axis=1) | (table[:, :2] >= 1 << 32).any(axis=1) | (table[:, 2] >= 1 << 62)
    )
    if wrong.size:
        place = int(wrong[0])
        shown = text.split("\n", place + 1)[place][:60]
        line = node.line + 1 + place
        node.source.fail(line, f"{node.path}: {shown!r} is out of range")
    return table


def _changed(core: _core.Fabric, found: dict[str, Node], listed: bool) -> _core.Fabric:
    if "changes" not in found:
        return core
    fields = found["changes"].entries(("links", "nodes"))
    bundles = {bundle[0]: place for place, bundle in enumerate(core.bundles())}
    groups = {group[0]: place for place, group in enumerate(core.groups())}
    sizes = [bundle[5] for bundle in core.bundles()]
    overrides: list[list[Any]] = [[] for _ in bundles]
    removed: list[list[Any]] = [[] for _ in groups]
    for node in fields["links"].items():
        entry = node.entries(("bundle", "where"), ("capacity", "up"))
        if ("capacity" in entry) == ("up" in entry) or ("up" in entry and entry["up"].flag()):
            node.fail("must have either a capacity or 'up: false'")
        units = entry["capacity"].integer(0, (1 << 62) - 1) if "capacity" in entry else 0
        place = _place(bundles, entry["bundle"])
        blocks = [_block(entry["where"])]
        if listed:
            blocks = _single(blocks[0], sizes[place], entry["where"])
        overrides[place].extend((axes, units, "capacity" in entry) for axes in blocks)
    for node in fields["nodes"].items():
        entry = node.entries(("group", "where"))
        removed[_place(groups, entry["group"])].append(_block(entry["where"]))
    with _at(found["changes"]):
        return core.with_state((overrides, removed))


def _single(axes: list[list[tuple[int, int]]], size: int, node: Node) -> list[Any]:
    """Split a change of listed links, which change one by one."""
    if len(axes) != 1 or any(high > size for _, high in axes[0]):
        node.fail("is out of range")
    return [[[(link, link + 1)]] for low, high in axes[0] for link in range(low, high)]


def _place(known: dict[str, int], node: Node) -> int:
    name = node.text()
    if name not in known:
        node.fail(f"is {node.shown()}, which is not in the fabric")
    return known[name]


def _block(node: Node) -> list[list[tuple[int, int]]]:
    return [_runs(axis) for axis in node.items()]


def _runs(node: Node) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for word in node.text(1 << 24).split():
        match = _RUN.fullmatch(word)
        low, high = (int(match[1]), int(match[2])) if match else (0, 0)
        if not (runs[-1][1] if runs else 0) <= low < high < 1 << 32:
            node.fail(f"holds {word[:60]!r}; runs are 'low:high', in increasing order")
        runs.append((low, high))
    if not runs:
        node.fail("is empty")
    return runs
