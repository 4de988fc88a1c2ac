"""The methods of a fabric, which live in files of their own: docs, names, pickles."""

import doctest
import importlib
import pickle
import sys

import pinchpoint as pp
import pytest
from pinchpoint.errors import PinchpointError, SelectionError

PARTS = ("_fabric_select", "_fabric_flow", "_fabric_traffic", "_fabric_output")


@pytest.mark.parametrize("name", ["fabric", *PARTS])
def test_examples_in_docstrings_run(name):
    result = doctest.testmod(importlib.import_module(f"pinchpoint.{name}"))
    assert result.failed == 0


@pytest.mark.parametrize("name", PARTS)
def test_every_function_of_a_part_is_a_method_of_the_same_name(name):
    part = importlib.import_module(f"pinchpoint.{name}")
    public = [one for one in part.__all__ if one not in ("by_id", "by_name", "by_text", "ends_of")]
    assert public
    for one in public:
        assert getattr(pp.Fabric, one) is getattr(part, one)
        assert getattr(part, one).__doc__


def test_a_bound_method_can_be_pickled():
    rack = pp.clusters.gb200_nvl72()
    again = pickle.loads(pickle.dumps(rack.bandwidth))
    assert again("chip[chip=0]", "chip[chip=1]").gbyte_per_s == 900.0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("NODE046", "did you mean \"node046 HCA-1\"\\?; the groups are 'node'"),
        ("node46 HCA-1", 'did you mean "node046 HCA-1"'),
        ("wombat", "no node or group is named 'wombat'.*; the groups are 'node'"),
    ],
)
def test_a_near_name_of_a_node_is_offered(text, says):
    names = ["node046 HCA-1", "leaf 1", "bee02 HCA-1"]
    fabric = pp.Fabric.from_links([0, 1], [1, 2], 1.0, names=names)
    with pytest.raises(SelectionError, match=says):
        fabric.select(text)


@pytest.mark.parametrize(("method", "needs"), [("to_frame", "pandas"), ("to_arrow", "pyarrow")])
def test_a_table_without_its_package_says_what_to_install(method, needs, monkeypatch):
    monkeypatch.setitem(sys.modules, needs, None)
    answer = pp.clusters.gb200_nvl72().bandwidth("chip[chip=0]", "chip[chip=1]")
    with pytest.raises(PinchpointError, match=f"{method} needs {needs}: pip install"):
        getattr(answer, method)()
