"""Failures that are named by text: what they mean, and that finding them is quick."""

import time

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import InputTypeError, SelectionError, TimeLimitError


def ring(count, names):
    nodes = np.arange(count)
    return pp.Fabric.from_links(nodes, (nodes + 1) % count, 100.0, names=names)


def test_texts_mean_what_selections_mean():
    rack = pp.clusters.gb200_nvl72().materialize()
    texts = [f"chip-switch[chip={chip},switch=0]" for chip in range(8)]
    texts += ["switch[switch=3]", "chip-switch[switch=1]"]
    items = [rack._by_name(text) for text in texts]
    asked = [rack.failure_sweep("chip[chip=0]", "chip[chip=1]", own) for own in (texts, items)]
    assert asked[0].kbit_per_s == asked[1].kbit_per_s


@pytest.mark.parametrize("names", [["a", "b", "c", "d"], ["a", "b", "c", "c"]])
def test_names_are_found_again_and_again(names):
    fabric = ring(4, names)
    if names.count("c") == 1:
        swept = fabric.failure_sweep("a", "c", ["b", "d", "b"])
        assert swept.gbit_per_s.tolist() == [100.0, 100.0, 100.0]
        return
    assert fabric.failure_sweep("a", 2, ["b", "b"]).gbit_per_s.tolist() == [100.0, 100.0]
    for texts in (["c"], ["b", "c"]):
        with pytest.raises(SelectionError, match="2 nodes are named 'c': ids 2, 3"):
            fabric.failure_sweep("a", 2, texts)
    for texts in (["x"], ["b", "x"]):
        with pytest.raises(SelectionError, match="no node, group or bundle is named 'x'"):
            fabric.failure_sweep("a", 2, texts)


def test_the_names_are_not_gone_through_for_each_text():
    count = 100_000
    fabric = ring(count, [f"n{node}" for node in range(count)])
    texts = [f"n{node}" for node in range(count // 2, count // 2 + 1000)]
    started = time.monotonic()
    with pytest.raises(TimeLimitError):
        fabric.failure_sweep("n0", "n1", texts * 4, time_limit=0.1)
    assert time.monotonic() - started < 1.0


def test_the_time_limit_holds_while_texts_are_found():
    fabric = ring(4, ["a", "b", "c", "d"])
    started = time.monotonic()
    with pytest.raises(TimeLimitError):
        fabric.failure_sweep("a", "c", ["b"] * 500_000, time_limit=0.05)
    assert time.monotonic() - started < 1.0
    with pytest.raises(InputTypeError, match="time_limit is"):
        fabric.failure_sweep("a", "c", ["b"], time_limit=np.array([1, 2]))
