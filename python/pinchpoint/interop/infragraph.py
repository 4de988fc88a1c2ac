"""InfraGraph (YAML): devices of components, instances of devices, edges by endpoint patterns."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._wording import counted
from pinchpoint.errors import PinchpointError
from pinchpoint.interop import _yaml
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import GroupKind, grouped
from pinchpoint.interop._rates import kbit_of_text
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import numpy.typing as npt

    from pinchpoint.interop._yaml import Node

    Ids = npt.NDArray[np.int64]

__all__ = ["parse", "read_infragraph"]

_MAX_NODES = 5_000_000
_MAX_LINKS = 50_000_000
_MAX_NESTING = 8
_ELEMENT = re.compile(r"([^\[\].]{1,200})(?:\[([0-9:\-]{0,40})\])?")
_GIGA = {"gigabits_per_second": 1, "gigabytes_per_second": 8}
# A CPU stands for its root complex, which passes traffic between PCI devices.
_KINDS = {
    "cpu": GroupKind("host", "host", True),
    "xpu": GroupKind("chip", "chip", False),
    "nic": GroupKind("nic", "nic", True),
    "memory": GroupKind("memory", "host", False),
    "port": GroupKind("port", "switch", True),
    "switch": GroupKind("switch", "switch", True),
    "custom": GroupKind("custom", "host", False),
}
_MESH_CHIP = GroupKind("chip", "chip", "scale_up")


@dataclass
class _Device:
    name: str
    line: int
    # Component: kind (or "device"), count.
    components: dict[str, tuple[str, int]] = field(default_factory=dict)
    links: dict[str, int | None] = field(default_factory=dict)
    edges: list[Node] = field(default_factory=list)
    # Nodes in order of the components; nested devices in their place.
    size: int = 0
    offsets: dict[str, int] = field(default_factory=dict)


def read_infragraph(
    path: str | os.PathLike[str],
    /,
    bandwidths: Mapping[str, str | None] | None = None,
) -> Imported:
    """Read an infrastructure in InfraGraph's YAML.

    Parameters
    ----------
    path : str or path-like
        The file.
    bandwidths : mapping of str to str or None, optional
        Bandwidth per direction by the name of a link, such as ``{"pcie": "64 GB/s"}``: most files
        give none for links inside of devices. It wins over what the file says. None means no
        limit: the ends of such links become one node.

    Returns
    -------
    Imported
        A fabric with the groups ``chip`` (xpu), ``host`` (cpu, with its root complex), ``nic``,
        ``switch``, ``port``, ``memory`` and ``custom``, as far as there are any. Nodes are named as
        InfraGraph does: ``server.0.xpu.3``. A CPU in a device of ports without an xpu is taken as
        the switching chip it stands for.

    Raises
    ------
    FormatError
        A link without a bandwidth (all of them are named), an unknown device or instance, an index
        out of range, anchors and aliases.

    Notes
    -----
    Known faults of published blueprints are tolerated and reported: edges that name a component
    which is not there, components without any link, links that are described and never used.
    ``many2many`` joins every pair by one link, whatever the hardware has. Linear in the size of
    the file and in the nodes and links that it makes, 5 and 50 million at most.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''
    ... devices:
    ...   - name: box
    ...     components:
    ...       - {name: xpu, choice: xpu, count: 4}
    ...       - {name: sw, choice: switch, count: 1}
    ...     links: [{name: nvlink}]
    ...     edges:
    ...       - scheme: many2many
    ...         link: nvlink
    ...         ep1: {component: "xpu[0:4]"}
    ...         ep2: {component: "sw[0]"}
    ... instances:
    ...   - {name: host, device: box, count: 2}
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "infra.yaml")
    ...     _ = path.write_text(text)
    ...     fabric = pp.interop.read_infragraph(path, {"nvlink": "450GB/s"}).fabric
    >>> fabric.num_links, fabric.bandwidth("host.0.xpu.0", "host.0.xpu.3").gbyte_per_s
    (8, 450.0)
    """
    return parse(_yaml.parse(Source.open(path)), bandwidths or {})


def parse(root: Node, bandwidths: Mapping[str, str | None] | None = None) -> Imported:
    """Read the root of a YAML file."""
    return _Reader(root, dict(bandwidths or {})).read()


class _Reader:
    def __init__(self, root: Node, bandwidths: dict[str, str | None]) -> None:
        self.root = root
        self.source = root.source
        self.notes = Notes()
        self.given: dict[str, int | None] = {}
        for name, text in bandwidths.items():
            try:
                self.given[name] = None if text is None else kbit_of_text(text)
            except PinchpointError as error:
                self.source.fail(None, f"bandwidths[{shorten(name)}]: {error}")
        self.devices: dict[str, _Device] = {}
        self.missing: dict[str, int] = {}
        self.tails: list[Ids] = []
        self.heads: list[Ids] = []
        self.kbit: list[Ids] = []
        self.merged: list[tuple[Ids, Ids]] = []
        self.used: set[str] = set()

    def read(self) -> Imported:
        top = self.root.pairs()
        for node in _list(top, "devices"):
            self._device(node)
        for name in self.devices:
            self._size(name)
        instances: dict[str, tuple[int, str, int]] = {}
        total = 0
        for node in _list(top, "instances"):
            entry = node.pairs()
            name, device = _text(node, "name"), _text(node, "device")
            if device not in self.devices:
                near = did_you_mean(device[:100], self.devices)
                entry["device"].fail(f"is {shorten(device)}, which is no device{near}")
            if name in instances:
                node.fail(f"is a second instance {shorten(name)}")
            count = entry["count"].integer(1, _MAX_NODES) if "count" in entry else 1
            instances[name] = (total, device, count)
            total += count * self.devices[device].size
            if total > _MAX_NODES:
                node.fail(f"makes {total:,} nodes; the limit is {_MAX_NODES:,}")
        if not total:
            self.root.fail("has no instances")
        for first, name, count in instances.values():
            self._inside(first, self.devices[name], count)
        links = self._links(top)
        for node in _list(top, "edges"):
            ends = []
            for end in ("ep1", "ep2"):
                found = (
                    self._instances(node.pairs()[end], instances) if end in node.pairs() else None
                )
                if found is None:
                    node.fail(f"has no {end}") if end not in node.pairs() else None
                    break
                ends.append(found)
            if len(ends) == 2:
                self._join(node, ends[0], ends[1], links)
        return self._finish(instances, total)

    def _device(self, node: Node) -> None:
        entry = node.pairs()
        device = _Device(_text(node, "name"), node.line)
        if device.name in self.devices:
            node.fail(f"is a second device {shorten(device.name)}")
        for component in _list(entry, "components"):
            own = component.pairs()
            name, choice = _text(component, "name"), _text(component, "choice")
            if name in device.components:
                component.fail(f"is a second component {shorten(name)}")
            if choice not in _KINDS and choice != "device":
                own["choice"].fail(f"is {shorten(choice)}{did_you_mean(choice[:60], _KINDS)}")
            count = own["count"].integer(0, _MAX_NODES) if "count" in own else 1
            device.components[name] = (choice, count)
        kinds = {choice for choice, _ in device.components.values()}
        if "port" in kinds and "cpu" in kinds and not kinds & {"xpu", "memory", "device"}:
            for name, (choice, count) in device.components.items():
                if choice == "cpu":
                    device.components[name] = ("switch", count)
                    self.notes.guess(
                        f"device {shorten(device.name)}: the cpu {shorten(name)} between its ports "
                        "is taken as a switch"
                    )
        device.links = self._links(entry)
        device.edges = _list(entry, "edges")
        self.devices[device.name] = device

    def _links(self, entry: Mapping[str, Node]) -> dict[str, int | None]:
        """Read the bandwidths of links by name; -1 where the file has none."""
        links: dict[str, int | None] = {}
        for node in _list(entry, "links"):
            name = _text(node, "name")
            if name in self.given:
                links[name] = self.given[name]
                continue
            links[name] = -1
            physical = node.pairs().get("physical")
            bandwidth = None if physical is None else physical.pairs().get("bandwidth")
            if bandwidth is None:
                continue
            for unit, bits in _GIGA.items():
                value = bandwidth.pairs().get(unit)
                if value is None:
                    continue
                if isinstance(value.value, bool) or not isinstance(value.value, int | float):
                    value.fail(f"is {value.shown()}; it must be a number")
                kbit = value.value * bits * 1_000_000
                if not 0 <= kbit < 1 << 62:
                    value.fail(f"is {value.shown()}; it must be 0 to 2^62 kbit/s")
                links[name] = round(kbit)
            if "gigatransfers_per_second" in bandwidth.pairs():
                self.notes.skip(f"link {shorten(name)}: GT/s say nothing without a width")
        return links

    def _size(self, name: str) -> None:
        """Give numbers to the nodes of a device and of those inside of it, without recursion."""
        waiting = [(name, 0)]
        while waiting:
            own, depth = waiting[-1]
            device = self.devices[own]
            if depth > _MAX_NESTING:
                self.source.fail(
                    device.line, f"device {shorten(own)} is nested too deeply or in itself"
                )
            inner = [c for c, (kind, _) in device.components.items() if kind == "device"]
            for each in inner:
                if each not in self.devices:
                    near = did_you_mean(each[:100], self.devices)
                    self.source.fail(
                        device.line, f"device {shorten(own)}: {shorten(each)} is no device{near}"
                    )
            undone = [each for each in inner if not self.devices[each].offsets]
            if undone and not device.offsets:
                waiting.append((undone[0], depth + 1))
                continue
            waiting.pop()
            if device.offsets:
                continue
            size = 0
            for component, (kind, count) in device.components.items():
                device.offsets[component] = size
                size += count * (self.devices[component].size if kind == "device" else 1)
                if size > _MAX_NODES:
                    self.source.fail(
                        device.line, f"device {shorten(own)} has more than {_MAX_NODES:,} nodes"
                    )
            device.size = size

    def _inside(self, first: int, device: _Device, count: int) -> None:
        """Add the links inside of instances, and of the devices inside of those."""
        starts = first + np.arange(count, dtype=np.int64) * device.size
        waiting = [(device, starts)]
        while waiting:
            own, at = waiting.pop()
            for edge in own.edges:
                ends = [self._component(edge, end, own) for end in ("ep1", "ep2")]
                if ends[0] is not None and ends[1] is not None:
                    self._join(edge, ends[0], ends[1], own.links, at)
            for component, (kind, number) in own.components.items():
                if kind == "device":
                    inner = self.devices[component]
                    places = own.offsets[component] + np.arange(number, dtype=np.int64) * inner.size
                    waiting.append((inner, (at[:, None] + places).ravel()))

    def _component(self, edge: Node, end: str, device: _Device) -> Ids | None:
        if end not in edge.pairs():
            edge.fail(f"has no {end}")
        node = edge.pairs()[end]
        entry = node.pairs()
        text = _text(node, "component")
        if entry.get("device") is not None and entry["device"].value is not None:
            text = f"{_text(node, 'device')}.{text}"
        return self._expand(node, text, device)

    def _expand(self, node: Node, text: str, device: _Device) -> Ids | None:
        """Turn ``cx5[0:2].port[0]`` into offsets in a device; None for components not there."""
        offsets = np.zeros(1, np.int64)
        own: _Device | None = device
        for part in text.split("."):
            match = _ELEMENT.fullmatch(part)
            if match is None:
                node.fail(f"is {shorten(text)}, which is no endpoint such as 'xpu[0:8]'")
            if own is None or match[1] not in own.components:
                where = (
                    "a component without parts" if own is None else f"device {shorten(own.name)}"
                )
                near = "" if own is None else did_you_mean(match[1][:100], own.components)
                self.notes.skip(
                    f"line {node.line}: an edge names {shorten(match[1])}, which {where} does not "
                    f"have{near}"
                )
                return None
            kind, count = own.components[match[1]]
            inner = self.devices[match[1]] if kind == "device" else None
            width = 1 if inner is None else inner.size
            indices = _indices(node, match[2], count) * width + own.offsets[match[1]]
            offsets = (offsets[:, None] + indices).ravel()
            own = inner
        if own is not None:
            node.fail(f"is {shorten(text)}, a whole device; name a component of it")
        return offsets

    def _instances(self, node: Node, instances: dict[str, tuple[int, str, int]]) -> Ids | None:
        text = _text(node, "instance")
        match = _ELEMENT.fullmatch(text)
        if match is None or match[1] not in instances:
            near = did_you_mean((match[1] if match else text)[:100], instances)
            node.fail(f"names {shorten(text)}, which is no instance{near}")
        first, device, count = instances[match[1]]
        offsets = self._expand(node, _text(node, "component"), self.devices[device])
        if offsets is None:
            return None
        starts = first + _indices(node, match[2], count) * self.devices[device].size
        return (starts[:, None] + offsets).ravel()

    def _join(
        self,
        edge: Node,
        a: Ids,
        b: Ids,
        links: dict[str, int | None],
        at: Ids | None = None,
    ) -> None:
        entry = edge.pairs()
        scheme, name = _text(edge, "scheme"), _text(edge, "link")
        if name not in links:
            entry["link"].fail(
                f"is {shorten(name)}, which is no link{did_you_mean(name[:100], links)}"
            )
        self.used.add(name)
        copies = 1 if at is None else len(at)
        if scheme == "many2many":
            if len(a) * len(b) * copies > _MAX_LINKS:
                edge.fail(f"makes {len(a) * len(b) * copies:,} links; the limit is {_MAX_LINKS:,}")
            a, b = np.repeat(a, len(b)), np.tile(b, len(a))
            if at is not None and len(a) > 1:
                self.notes.guess(f"many2many by {shorten(name)}: one link for every pair")
        elif scheme == "one2one":
            if len(a) != len(b):
                self.notes.skip(
                    f"line {edge.line}: one2one of {len(a)} and {len(b)} ends; the rest is left"
                )
            a, b = a[: len(b)], b[: len(a)]
        elif scheme == "ring":
            if not np.array_equal(a, b):
                edge.fail("is a ring between different ends")
            b = np.roll(a, -1)
            if len(a) == 2:
                a, b = a[:1], b[:1]
        else:
            entry["scheme"].fail(f"is {shorten(scheme)}; it must be one2one, many2many or ring")
        apart = a != b
        a, b = a[apart], b[apart]
        if scheme == "many2many" and len(a):
            # A pair of two ends of one list comes in both orders and is one link.
            pairs = np.unique(np.stack([np.minimum(a, b), np.maximum(a, b)], 1), axis=0)
            a, b = pairs[:, 0], pairs[:, 1]
        if at is not None:
            a, b = (at[:, None] + a).ravel(), (at[:, None] + b).ravel()
        kbit = links[name]
        if kbit is None:
            self.merged.append((a, b))
        elif kbit < 0 and len(a):
            self.missing.setdefault(name, edge.line)
        elif kbit >= 0:
            self.tails.append(a)
            self.heads.append(b)
            self.kbit.append(np.full(len(a), kbit, np.int64))

    def _finish(self, instances: dict[str, tuple[int, str, int]], total: int) -> Imported:
        how = "; pinchpoint.interop.read_infragraph(path, {NAME: '64GB/s'}) gives it, None no limit"
        for name, line in itertools.islice(self.missing.items(), 9):
            self.source.fault(line, f"link {shorten(name)} has no bandwidth{how}")
            how = ""
        self.source.check()
        every = [*self.devices.values()]
        described = {name for device in every for name in device.links}
        described |= set(self._links(self.root.pairs()))
        for name in sorted(described - self.used):
            self.notes.skip(f"link {shorten(name)} is described and never used")
        for name in sorted(set(self.given) - described):
            self.source.fail(
                None, f"bandwidths names {shorten(name)}{did_you_mean(name[:100], described)}"
            )
        none = np.zeros(0, np.int64)
        tails = np.concatenate([none, *self.tails])
        heads = np.concatenate([none, *self.heads])
        kbit = np.concatenate([none, *self.kbit])
        names, kind_of, kinds, isolated = self._names(instances, total, tails, heads)
        for component, count in isolated.items():
            have = counted(count, f"node {component} has", f"nodes {component} have")
            self.notes.guess(f"{have} no link")
        merged = self._merge(total, kind_of, kinds)
        if merged is not None:
            kept, place = merged
            gone = total - len(kept)
            nodes = counted(gone, "node is", "nodes are")
            self.notes.guess(f"links without a limit: {nodes} one with another")
            tails, heads = place[tails], place[heads]
            apart = tails != heads
            tails, heads, kbit = tails[apart], heads[apart], kbit[apart]
            names = [names[node] for node in kept.tolist()]
            kind_of = kind_of[kept]
        counts: dict[str, int] = {
            kinds[k].name: int(n) for k, n in enumerate(np.bincount(kind_of)) if n
        }
        counts["links"] = len(tails)
        report = self.notes.report(self.source.name, "InfraGraph", counts)
        built = grouped("infragraph", kinds, kind_of, names, (tails, heads, kbit), report=report)
        return Imported(built.fabric, report)

    def _names(
        self,
        instances: dict[str, tuple[int, str, int]],
        total: int,
        tails: Ids,
        heads: Ids,
    ) -> tuple[list[str], Ids, list[GroupKind], dict[str, int]]:
        kinds = list(_KINDS.values())
        order = list(_KINDS)
        parts: dict[str, tuple[list[str], list[int], list[str]]] = {}
        for _, name, _ in instances.values():
            if name not in parts:
                parts[name] = self._parts(name, order)
        names: list[str] = []
        own: list[Ids] = []
        labels: list[str] = []
        for instance, (_, device, count) in instances.items():
            suffixes, codes, where = parts[device]
            names += [f"{instance}.{i}.{s}" for i in range(count) for s in suffixes]
            own.append(np.tile(np.array(codes, np.int64), count))
            labels += where * count
        kind_of = np.concatenate(own)
        chip = order.index("xpu")
        direct = (kind_of[tails] == chip) & (kind_of[heads] == chip)
        if direct.any():
            kinds[chip] = _MESH_CHIP
        linked = np.zeros(total, bool)
        for a, b in [(tails, heads), *self.merged]:
            linked[a] = linked[b] = True
        isolated: dict[str, int] = {}
        for node in np.flatnonzero(~linked).tolist():
            isolated[labels[node]] = isolated.get(labels[node], 0) + 1
        return names, kind_of, kinds, isolated

    def _parts(self, name: str, order: list[str]) -> tuple[list[str], list[int], list[str]]:
        """Names, kinds and labels of the nodes of a device, in order."""
        suffixes: list[str] = []
        codes: list[int] = []
        labels: list[str] = []
        waiting = [("", name)]
        while waiting:
            prefix, own = waiting.pop()
            if not own.startswith("="):
                below = []
                for component, (kind, count) in self.devices[own].components.items():
                    for i in range(count):
                        step = f"{prefix}{component}.{i}"
                        if kind == "device":
                            below.append((step + ".", component))
                        else:
                            below.append((step, f"={order.index(kind)} {own}.{component}"))
                waiting.extend(reversed(below))
                continue
            code, _, label = own[1:].partition(" ")
            suffixes.append(prefix)
            codes.append(int(code))
            labels.append(label)
        return suffixes, codes, labels

    def _merge(self, total: int, kind_of: Ids, kinds: list[GroupKind]) -> tuple[Ids, Ids] | None:
        """Contract links without a limit: the nodes kept, and where each node is now."""
        if not self.merged:
            return None
        parent = list(range(total))

        def find(node: int) -> int:
            while parent[node] != node:
                parent[node] = parent[parent[node]]
                node = parent[node]
            return node

        for a, b in self.merged:
            for one, other in zip(a.tolist(), b.tolist(), strict=True):
                low, high = sorted((find(one), find(other)))
                parent[high] = low
        roots = np.array([find(node) for node in range(total)], np.int64)
        forwards = np.array([kind.forwards is True for kind in kinds])[kind_of]
        for node in np.flatnonzero((roots != np.arange(total)) & ~forwards)[:1].tolist():
            self.source.fail(
                None,
                f"a link without a limit ends at {kinds[kind_of[node]].name} {node}, which "
                "passes nothing on; give it a bandwidth",
            )
        kept, place = np.unique(roots, return_inverse=True)
        return kept, place


def _indices(node: Node, text: str | None, count: int) -> Ids:
    everything = np.arange(count, dtype=np.int64)
    if text is None or text == ":":
        return everything
    parts = text.split(":")
    if len(parts) > 3 or any(part and not re.fullmatch(r"-?[0-9]{1,10}", part) for part in parts):
        node.fail(f"has the index {shorten(text)}; it must be such as '3' or '0:8'")
    numbers = [int(part) if part else None for part in parts]
    if len(parts) == 1:
        one = numbers[0]
        if one is None or not -count <= one < count:
            node.fail(f"has the index {shorten(text)}; there are {count}")
        return everything[[one]]
    if (len(numbers) > 2 and numbers[2] == 0) or any(
        n is not None and n > count for n in numbers[:2]
    ):
        node.fail(f"has the index {shorten(text)}; there are {count}")
    found = everything[slice(*numbers)]
    if not len(found):
        node.fail(f"has the index {shorten(text)}, which selects nothing of {count}")
    return found


def _list(entry: Mapping[str, Node], key: str) -> list[Node]:
    node = entry.get(key)
    return [] if node is None or node.value is None else node.items()


def _text(node: Node, key: str) -> str:
    entry = node.pairs()
    if key not in entry:
        node.fail(f"has no {key}")
    return entry[key].text()
