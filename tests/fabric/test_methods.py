"""The methods of a fabric, which live in files of their own: docs, names, pickles."""

import doctest
import importlib
import pickle

import pinchpoint as pp
import pytest

PARTS = ("_fabric_select", "_fabric_flow", "_fabric_traffic", "_fabric_output")


@pytest.mark.parametrize("name", ["fabric", *PARTS])
def test_examples_in_docstrings_run(name):
    result = doctest.testmod(importlib.import_module(f"pinchpoint.{name}"))
    assert result.failed == 0


@pytest.mark.parametrize("name", PARTS)
def test_every_function_of_a_part_is_a_method_of_the_same_name(name):
    part = importlib.import_module(f"pinchpoint.{name}")
    public = [one for one in part.__all__ if one not in ("by_id", "by_text", "ends_of")]
    assert public
    for one in public:
        assert getattr(pp.Fabric, one) is getattr(part, one)
        assert getattr(part, one).__doc__


def test_a_bound_method_can_be_pickled():
    rack = pp.clusters.gb200_nvl72()
    again = pickle.loads(pickle.dumps(rack.bandwidth))
    assert again("chip[chip=0]", "chip[chip=1]").gbyte_per_s == 900.0
