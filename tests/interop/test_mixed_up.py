"""Every reader given every other reader's files, and files of no format at all."""

from pathlib import Path

import pinchpoint as pp
import pytest
from pinchpoint import interop
from pinchpoint.errors import FormatError, InputTypeError, PinchpointError

DATA = Path(__file__).parents[1] / "data"
FILES = {
    "ibnetdiscover": DATA / "infiniband" / "1.topo",
    "nccl": DATA / "nccl" / "azure" / "ndv5-topo.xml",
    "uec": DATA / "uec" / "leaf_spine_tiny.topo",
    "infragraph": DATA / "infragraph" / "dgx_h100.yaml",
}
TEXTS = {
    "netloc": '{"node_info": {"a": {"node_type": 1, "desc": "a"}}, "edge_info": {}}',
    "graphml": '<graphml><graph><node id="a"/></graph></graphml>',
    "sndlib": "?SNDlib native format; type: network; version: 1.0\nNODES (\n a ( 1 2 )\n)\n",
    "repetita": "NODES 1\nlabel x y\na 1 2\nEDGES 0\nlabel src dest weight bw delay\n",
    "dimacs": "p max 2 1\nn 1 s\nn 2 t\na 1 2 5\n",
    "csv": "source,target,gbps\na,b,1\n",
    "netgraph": "network:\n  nodes: {a: {}, b: {}}\n  links: [{source: a, target: b}]\n",
}
READERS = [name for name in interop.__all__ if name.startswith("read_")]


@pytest.fixture
def files(tmp_path):
    made = dict(FILES)
    for name, text in TEXTS.items():
        made[name] = tmp_path / f"{name}.{'yaml' if name == 'netgraph' else 'txt'}"
        made[name].write_text(text)
    return made


@pytest.mark.parametrize("reader", READERS)
def test_a_file_of_another_format_is_refused(files, reader):
    own = reader.removeprefix("read_")
    assert own in files or own == "parquet"
    for name, path in files.items():
        if name == own:
            continue
        with pytest.raises(PinchpointError) as caught:
            getattr(interop, reader)(path)
        assert path.name in str(caught.value), (reader, name)


def test_load_tells_them_apart(files):
    for name, path in files.items():
        if name in ("csv", "infragraph"):
            continue
        report = interop.read(path).report
        assert report.format.lower().replace(" ", "").startswith(name[:4]) or name == "uec"


HOSTILE = {
    "empty": b"",
    "nothing": b"\n\n\n",
    "zeros": bytes(100),
    "binary": bytes(range(256)),
    "utf-16": "NODES 1\nlabel x y\n".encode("utf-16"),
    "one long line": b"a" * 200_000,
    "brackets": b"[" * 100_000,
    "braces": b"{" * 100_000,
    "tags": b"<a>" * 100_000,
    "bomb": b'<!DOCTYPE a [<!ENTITY b "c">]><graphml>&b;</graphml>',
    "aliases": b"devices: &a [*a]\ninstances: []\n",
    "counts": b"NODES 99999999999999999999\nlabel x y\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_by_name(tmp_path, name):
    for ending in ("txt", "yaml", "csv", "parquet", "arrow", "xml"):
        path = tmp_path / f"hostile.{ending}"
        path.write_bytes(HOSTILE[name])
        with pytest.raises(FormatError, match="hostile"):
            pp.load(path)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_by_every_reader(tmp_path, reader, name):
    path = tmp_path / "hostile.txt"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(PinchpointError, match="hostile"):
        getattr(interop, reader)(path)
    with pytest.raises(PinchpointError, match="hostile"):
        getattr(interop, reader)(tmp_path / "not-there-hostile.txt")


@pytest.mark.parametrize("path", ["\ud800", "links\udfff.csv"])
def test_a_path_with_a_lone_surrogate(path):
    with pytest.raises(InputTypeError, match=r"path is .*; it has a lone surrogate"):
        pp.load(path)


@pytest.mark.parametrize("ending", ["", ".yaml", ".csv", ".parquet", ".max", "-nodes.ndat"])
def test_a_long_path_is_cut(ending):
    with pytest.raises(PinchpointError) as refused:
        pp.load("x" * 5000 + ending)
    assert len(str(refused.value)) < 300
    assert f"{ending}: " in str(refused.value)
