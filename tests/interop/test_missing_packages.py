"""What needs a package that is not installed says so in one sentence."""

import subprocess
import sys

import networkx as nx
import pinchpoint as pp
import pytest
from pinchpoint import plots
from pinchpoint.cli import main
from pinchpoint.errors import PinchpointError, StudyError
from pinchpoint.studies import figures
from pinchpoint.studies.study import read
from scipy.sparse import csr_array

LINE = pp.Fabric.from_links([0, 1], [1, 2], 400.0)
MATRIX = csr_array([[0, 1], [0, 0]])
GRAPH = nx.DiGraph([(0, 1, {"capacity": 1})])
FLOW = pp.maximum_flow([0], [1], [1], 0, 1)


class Columns:
    def __arrow_c_stream__(self, requested_schema=None):
        raise AssertionError("never asked")


@pytest.mark.parametrize(
    ("package", "call", "says"),
    [
        ("networkx", lambda: pp.nx.maximum_flow(GRAPH, 0, 1), "pinchpoint.nx needs networkx"),
        ("networkx", lambda: pp.interop.to_networkx(LINE), "to_networkx needs networkx"),
        ("igraph", lambda: pp.interop.to_igraph(LINE), "to_igraph needs igraph"),
        ("scipy", lambda: pp.csgraph.maximum_flow(MATRIX, 0, 1), "pinchpoint.csgraph needs scipy"),
        ("scipy", lambda: pp.interop.from_scipy(MATRIX), "from_scipy needs scipy"),
        ("scipy", lambda: pp.interop.to_scipy(LINE), "to_scipy needs scipy"),
        ("pyarrow", lambda: read("x.parquet"), r"study needs pyarrow: .*'pinchpoint\[arrow\]'"),
        ("pyarrow", FLOW.to_arrow, r"to_arrow needs pyarrow: .*'pinchpoint\[arrow\]'"),
        ("pyarrow", lambda: pp.traffic.from_table(Columns()), "from_table needs pyarrow"),
        ("pandas", FLOW.to_frame, "to_frame needs pandas: pip install pandas"),
        ("matplotlib", lambda: plots._axes(None), r"'pinchpoint\[plot\]'"),
        ("matplotlib", lambda: figures._axes(None), r"'pinchpoint\[plot\]'"),
    ],
)
def test_a_missing_package_is_named(package, call, says, monkeypatch):
    for module in [name for name in sys.modules if name.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(PinchpointError, match=says):
        call()


def test_a_report_without_pyarrow(monkeypatch, capsys, tmp_path):
    pytest.importorskip("typer")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(StudyError):
        read(tmp_path / "study.parquet")
    assert main(["report", str(tmp_path / "study.parquet")]) == 2
    assert capsys.readouterr() == (
        "",
        "pinchpoint: a report needs pyarrow: pip install 'pinchpoint[report]'\n",
    )


def test_importing_needs_neither():
    code = (
        "import sys; sys.modules.update(networkx=None, scipy=None)\n"
        "import pinchpoint.csgraph, pinchpoint.nx"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
