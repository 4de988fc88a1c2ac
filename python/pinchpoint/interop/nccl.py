"""NCCL and RCCL topology files: what a server looks like to a collective library."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pinchpoint._suggest import shorten
from pinchpoint.interop import _xml
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import GroupKind, Listing
from pinchpoint.interop._report import Notes
from pinchpoint.interop._source import Source

if TYPE_CHECKING:
    import os

    from pinchpoint.interop._xml import Element

__all__ = ["looks_like", "parse", "read_nccl"]

# A CPU stands for its root complex here, which passes traffic between PCI devices.
_CPU = GroupKind("host", "host", True)
_BRIDGE = GroupKind("bridge", "switch", True)
_SWITCH = GroupKind("switch", "switch", True)
_NIC = GroupKind("nic", "nic", True)
_CHIP = GroupKind("chip", "chip", False)
# Chips with direct links pass traffic on between those.
_MESH_CHIP = GroupKind("chip", "chip", "scale_up")
_DEVICE = GroupKind("device", "host", False)

# Units of 100 Mbit/s per lane, by GT/s, and 60 for what is unknown: NCCL, src/graph/topo.cc.
_PCI_LANE = {"2.5": 15, "5": 30, "8": 60, "16": 120, "32": 240, "64": 480}
_PCI_DEFAULT, _PCI_WIDTH = 60, 16
_PCI_SPEED = re.compile(r"([0-9]{1,3}(?:\.[0-9])?) ?GT/s(?: PCIe)?", re.IGNORECASE)
# kbit/s of one NVLink per direction, from this compute capability on: NCCL, src/graph/topo.h.
_NVLINK = ((100, 320_800_000), (90, 164_800_000), (70, 160_000_000), (60, 144_000_000))
_NVLINK_86 = 96_000_000
_NVLINK_DEFAULT = 160_000_000
# kbit/s of one xGMI link per direction, by the architecture; every use is reported as a guess.
_XGMI = (("gfx94", 384_000_000), ("94", 384_000_000), ("gfx90a", 288_000_000), ("910", 288_000_000))
_XGMI_DEFAULT = 192_000_000
# kbit/s between two CPUs, which files do not say: the older generations that NCCL tells apart
# (src/graph/topo.h: SKL_QPI_BW, AMD_ZEN12_BW, ARM_BW); every use is reported as a guess.
_CPU_CPU = {"AuthenticAMD": 128_000_000, "GenuineIntel": 80_000_000}
_CPU_DEFAULT = 48_000_000
_CLASSES = (
    ("0x0680", _SWITCH),
    ("0x0604", _BRIDGE),
    ("0x1200", _CHIP),
    ("0x03", _CHIP),
    ("0x02", _NIC),
)
_MAX_COUNT = 1024


def looks_like(head: str) -> bool:
    """Tell whether the first characters of a file are of this format."""
    return bool(re.search(r"<(?:system|graphs)\b", head))


def read_nccl(path: str | os.PathLike[str], /) -> Imported:
    """Read a topology file of NCCL or RCCL.

    Parameters
    ----------
    path : str or path-like
        The XML file, as ``NCCL_TOPO_DUMP_FILE`` writes it or ``NCCL_TOPO_FILE`` takes it.

    Returns
    -------
    Imported
        A fabric with the groups ``host`` (a CPU with its root complex), ``bridge``, ``chip``,
        ``nic``, ``switch`` (NVSwitch) and ``device`` (a PCI device of no known class), as far as
        the file has them, with the bandwidths that NCCL takes for each link.

    Raises
    ------
    FormatError
        A file of search results (``<graphs>``), a document type, an attribute that is no number, a
        GPU that is there twice.

    Notes
    -----
    Linear in the size of the file, 1 GiB at most, but for a link between every two CPUs of a host.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''<system version="1"><cpu numaid="0">
    ... <pci busid="0000:01" class="0x060400" link_speed="32.0 GT/s PCIe" link_width="16">
    ... <pci busid="0000:02" class="0x030200" link_speed="32.0 GT/s PCIe" link_width="16">
    ... <gpu dev="0" sm="90"/></pci>
    ... <pci busid="0000:03" class="0x020000" link_speed="16.0 GT/s PCIe" link_width="16"/>
    ... </pci></cpu></system>'''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "topo.xml")
    ...     _ = path.write_text(text)
    ...     found = pp.interop.read_nccl(path)
    >>> found.fabric.bandwidth("chip", "nic").gbyte_per_s
    24.0
    """
    return parse(Source.open(path))


def parse(source: Source) -> Imported:
    """Read the text of a file."""

    def check_root(tag: str, line: int) -> None:
        if tag == "graphs":
            source.fail(line, "<graphs> holds channels that NCCL found, not a topology (<system>)")
        if tag != "system":
            source.fail(line, f"the root is <{tag[:60]}>; a topology is a <system>")

    return _System(source).read(_xml.parse(source, check_root))


@dataclass(slots=True)
class _Direct:
    """Links that one device says lead to another."""

    device: int
    target: str
    count: int
    kbit: int
    tag: str
    line: int
    target_class: str


@dataclass
class _System:
    source: Source
    notes: Notes = field(default_factory=Notes)
    direct: list[_Direct] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def read(self, root: Element) -> Imported:
        mesh = any(self._is_direct(element) for element in _walk(root))
        self.chip = _MESH_CHIP if mesh else _CHIP
        kinds = [_CPU, _BRIDGE, self.chip, _NIC, _SWITCH, _DEVICE]
        self.fabric = Listing(kinds)
        self.counts = dict.fromkeys(("cpu", "pci", "gpu", "nvlink", "xgmi"), 0)
        cpus: list[tuple[int, Element]] = []
        for element in root.children:
            if element.tag != "cpu":
                self.notes.skip(f"line {element.line}: <{element.tag[:60]}>")
                continue
            self.counts["cpu"] += 1
            key = (
                f"{element.attributes.get('host_hash', '')}/{element.attributes.get('numaid', '')}"
            )
            cpu = self._node(f"cpu {key}", _CPU, f"cpu{len(cpus)}", element.line)
            cpus.append((cpu, element))
            self._children(cpu, cpu, element)
        self.source.check()
        if not cpus:
            self.source.fail(root.line, "the <system> has no <cpu>")
        self._between_cpus(cpus)
        self._between_devices()
        self.source.check()
        counts = {what: number for what, number in self.counts.items() if number}
        shown = (
            (_BRIDGE, "bridges"),
            (self.chip, "chips"),
            (_NIC, "NICs"),
            (_SWITCH, "NVSwitches"),
        )
        counts |= {what: number for kind, what in shown if (number := self.fabric.count(kind))}
        counts["links"] = self.fabric.num_links
        report = self.notes.report(self.source.name, "NCCL topology", counts)
        return Imported(self.fabric.build("server", report).fabric, report)

    def _is_direct(self, element: Element) -> bool:
        return element.tag == "xgmi" or (
            element.tag == "nvlink" and element.attributes.get("tclass", "").startswith("0x03")
        )

    def _node(self, key: str, kind: GroupKind, name: str, line: int) -> int:
        if key in self.fabric:
            self.source.fail(line, f"{shorten(key)} is there twice")
        return self.fabric.node(key, kind, name)

    def _children(self, node: int, cpu: int, element: Element) -> None:
        """Add what hangs below; files are nested at most as deep as the reader allows."""
        waiting = [(node, child) for child in reversed(element.children)]
        while waiting:
            above, child = waiting.pop()
            if child.tag == "pci":
                below = self._pci(above, child)
                waiting.extend((below, each) for each in reversed(child.children))
            elif child.tag == "gpu":
                self._gpu(above, cpu, child)
            elif child.tag == "nic":
                self._nic(above, child)
            else:
                self.notes.skip(f"line {child.line}: <{child.tag[:60]}> in <{element.tag}>")

    def _pci(self, above: int, element: Element) -> int:
        self.counts["pci"] += 1
        busid = element.attributes.get("busid", "")
        if not busid:
            self.source.fail(element.line, "<pci> has no busid")
        kind = self._kind(element)
        key = f"pci {busid}"
        if key in self.fabric and self.chip not in (kind, self.fabric.kind(self.fabric[key])):
            # Files edited by hand repeat bridges, and NCCL makes a device of each.
            self.notes.guess(f"line {element.line}: {shorten(key)} is there twice; taken as two")
            key = f"{key} at line {element.line}"
        own = self._node(key, kind, busid, element.line)
        self.fabric.link(above, own, self._pci_kbit(element))
        return own

    def _kind(self, element: Element) -> GroupKind:
        given = element.attributes.get("class", "").lower()
        tags = {child.tag for child in element.children}
        for prefix, kind in _CLASSES:
            if given.startswith(prefix):
                return self.chip if kind is _CHIP else kind
        inside = ("gpu", self.chip), ("nic", _NIC), ("pci", _BRIDGE)
        kind = next((kind for tag, kind in inside if tag in tags), _DEVICE)
        what = f"class {shorten(given)} is unknown" if given else "a class is missing"
        self.notes.guess(f"<pci>: {what}; taken as a {kind.name}")
        return kind

    def _pci_kbit(self, element: Element) -> int:
        speed = element.attributes.get("link_speed", "")
        match = _PCI_SPEED.fullmatch(speed.strip())
        lane = _PCI_LANE.get(match[1].removesuffix(".0")) if match else None
        if lane is None:
            lane = _PCI_DEFAULT
            self.notes.guess(f"<pci>: link_speed {shorten(speed)} taken as 8 GT/s, as NCCL does")
        width = self._number(element, "link_width", 0, 64)
        if not width:
            width = _PCI_WIDTH
            self.notes.guess("<pci>: no link_width, taken as 16, as NCCL does")
        return lane * width * 100_000

    def _number(self, element: Element, name: str, default: int, high: int) -> int:
        text = element.attributes.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 12 and int(text) <= high):
            where = f"<{element.tag}>: {name} is {shorten(text)}"
            self.source.fail(element.line, f"{where}; it must be an integer up to {high}")
        return int(text)

    def _gpu(self, device: int, cpu: int, element: Element) -> None:
        self.counts["gpu"] += 1
        sm = self._number(element, "sm", 0, 100_000)
        for child in element.children:
            count = self._number(child, "count", 1, _MAX_COUNT)
            if child.tag == "c2c":
                # In MB/s for each link; to the CPU the chip sits on.
                kbit = self._number(child, "bw", 0, 100_000_000) * 8000
                for _ in range(count):
                    self.fabric.link(cpu, device, kbit)
                continue
            if child.tag not in ("nvlink", "xgmi"):
                self.notes.skip(f"line {child.line}: <{child.tag[:60]}> in <gpu>")
                continue
            self.counts[child.tag] += count
            kbit = self._nvlink_kbit(sm) if child.tag == "nvlink" else self._xgmi_kbit(element)
            target = child.attributes.get("target", "")
            target_class = child.attributes.get("tclass", "")
            self.direct.append(
                _Direct(device, target, count, kbit, child.tag, child.line, target_class)
            )

    def _nvlink_kbit(self, sm: int) -> int:
        if sm == 86:
            return _NVLINK_86
        found = next((kbit for least, kbit in _NVLINK if sm >= least), None)
        if found is None:
            self.notes.guess(f"<gpu>: sm {sm or 'missing'}: NVLink taken as 20 GB/s")
        return found or _NVLINK_DEFAULT

    def _xgmi_kbit(self, element: Element) -> int:
        arch = element.attributes.get("gcn", "")
        found = next((kbit for prefix, kbit in _XGMI if arch.startswith(prefix)), _XGMI_DEFAULT)
        gbyte = found / 8e6
        self.notes.guess(f"<gpu>: gcn {shorten(arch)}: an xGMI link taken as {gbyte:g} GB/s")
        return found

    def _nic(self, above: int, element: Element) -> None:
        if self.fabric.kind(above) is _NIC:
            return  # its <net> tags are ports to the outside
        for net in element.all("net"):
            mbit = self._number(net, "speed", 0, 100_000_000)
            name = net.attributes.get("name") or f"net{net.attributes.get('dev', '')}"
            own = self._node(f"net {name} at line {net.line}", _NIC, name, net.line)
            self.notes.guess(f"<net>: {shorten(name)} has no PCI device; its own speed taken")
            self.fabric.link(above, own, mbit * 1000)

    def _between_cpus(self, cpus: list[tuple[int, Element]]) -> None:
        for place, (one, element) in enumerate(cpus):
            for other, beside in cpus[place + 1 :]:
                if element.attributes.get("host_hash") != beside.attributes.get("host_hash"):
                    continue
                vendor = element.attributes.get("vendor", "")
                kbit = _CPU_CPU.get(vendor, _CPU_DEFAULT)
                self.notes.guess(
                    f"CPU to CPU ({shorten(vendor) if vendor else 'no vendor'}): the file does not "
                    f"say; taken as {kbit / 8e6:g} GB/s"
                )
                self.fabric.link(one, other, kbit)

    def _between_devices(self) -> None:
        counts: dict[tuple[int, int], _Direct] = {}
        for item in self.direct:
            what = f"line {item.line}: <{item.tag}>"
            key = f"pci {item.target}"
            if key not in self.fabric and item.target_class.startswith("0x068"):
                self.fabric.node(key, _SWITCH, item.target or "NVSwitch")
            if key not in self.fabric:
                self.notes.skip(f"{what} to {shorten(item.target)}, which is not in the file")
                continue
            target = self.fabric[key]
            if target == item.device:
                self.notes.skip(f"{what} from a device to itself")
                continue
            if (item.device, target) in counts:
                self.source.fault(item.line, f"<{item.tag}> to {item.target} is there twice")
                continue
            counts[item.device, target] = item
        for (one, other), item in counts.items():
            back = counts.get((other, one))
            number = item.count
            if back is None:
                if self.fabric.kind(other) is self.chip:
                    self.notes.guess(f"<{item.tag}> reported by one end only; taken as there")
            elif other < one:
                continue
            elif back.count != number:
                number = min(number, back.count)
                self.notes.guess(f"<{item.tag}>: the ends differ in count; the lower one is taken")
            for _ in range(number):
                self.fabric.link(one, other, item.kbit)


def _walk(root: Element) -> list[Element]:
    found = [root]
    for element in found:
        found.extend(element.children)
    return found
