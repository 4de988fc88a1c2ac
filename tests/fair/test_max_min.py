"""Max-min fair rates: the definition, SimGrid's answers, laws, and inputs to refuse."""

import doctest
import importlib
import json
import pickle
import time
from pathlib import Path

import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.errors import (
    CapacityError,
    CapacityOverflowError,
    GraphError,
    InputTypeError,
    TimeLimitError,
)
from scipy import sparse

DATA = Path(__file__).parent.parent / "data" / "maxmin"


@st.composite
def systems(draw):
    links = draw(st.integers(1, 6))
    amount = st.floats(0.01, 100)
    capacity = draw(st.lists(st.one_of(st.just(0.0), amount), min_size=links, max_size=links))
    path = st.lists(st.integers(0, links - 1), min_size=1, max_size=4)
    flows = draw(st.lists(path, max_size=12))
    each = {"min_size": len(flows), "max_size": len(flows)}
    weights = draw(st.none() | st.lists(st.sampled_from([0.5, 1.0, 3.0, 1e-7, 1e7]), **each))
    demands = draw(st.none() | st.lists(st.just(np.inf) | amount | st.just(0.0), **each))
    return np.array(capacity), flows, weights, demands


def reference(capacity, flows, weights, demands):
    """Progressive filling as the textbook has it: every round looks at everything."""
    n = len(flows)
    use = np.zeros((n, len(capacity)))
    for flow, path in enumerate(flows):
        for link in path:
            use[flow, link] += 1
    weight = np.ones(n) if weights is None else np.array(weights)
    demand = np.full(n, np.inf) if demands is None else np.array(demands)
    rates, growing = np.zeros(n), np.ones(n, bool)
    while growing.any():
        need = weight[growing] @ use[growing]
        room = capacity - rates[~growing] @ use[~growing]
        level = np.where(need > 0, np.maximum(room, 0) / np.where(need > 0, need, 1), np.inf)
        at_demand = np.where(growing, demand / weight, np.inf)
        lowest = min(level.min(), at_demand.min())
        full = use[:, level <= lowest * (1 + 1e-13)].any(axis=1)
        stop = growing & (full | (at_demand <= lowest))
        rates[stop] = np.minimum(lowest * weight, demand)[stop]
        growing &= ~stop
    return rates


@given(systems())
def test_against_the_textbook(system):
    capacity, flows, weights, demands = system
    answer = pp.max_min_fair(capacity, flows, weights, demands)
    expected = reference(capacity, flows, weights, demands)
    np.testing.assert_allclose(answer.rates, expected, rtol=1e-9, atol=1e-11)
    answer.verify()
    assert (answer.loads <= capacity * (1 + 1e-9)).all()


@given(systems(), st.integers(-200, 200))
def test_scale_and_order_do_not_matter(system, power):
    capacity, flows, weights, demands = system
    rates = pp.max_min_fair(capacity, flows, weights, demands).rates
    scale = 2.0**power
    scaled = None if demands is None else np.array(demands) * scale
    assert (pp.max_min_fair(capacity * scale, flows, weights, scaled).rates == rates * scale).all()
    turned = [None if v is None else v[::-1] for v in (weights, demands)]
    back = pp.max_min_fair(capacity, flows[::-1], *turned).rates[::-1]
    np.testing.assert_allclose(back, rates, rtol=1e-9)


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.json")))
def test_simgrid(name):
    case = json.loads((DATA / name).read_text())
    rates = pp.max_min_fair(case["caps"], case["flows"]).rates
    np.testing.assert_allclose(rates, case["ref"], rtol=1e-9)
    # SimGrid stops at a precision of its own.
    np.testing.assert_allclose(rates, case["simgrid_rates"], rtol=1e-6)


def test_weights_and_demands():
    answer = pp.max_min_fair([12.0], [[0], [0], [0]], weights=[1, 2, 3])
    assert answer.rates.tolist() == [2.0, 4.0, 6.0]
    assert answer.limits.tolist() == [0, 0, 0]
    answer = pp.max_min_fair([12.0], [[0], [0], [0]], weights=[1, 2, 3], demands=[9, 1, 9])
    assert answer.rates.tolist() == [2.75, 1.0, 8.25]
    assert answer.limits.tolist() == [0, -1, 0]


def test_sprayed_flows_use_parts_of_links():
    use = sparse.csr_array([[0.5, 0.5], [1.0, 0.0]])
    answer = pp.max_min_fair([1.0, 1.0], use)
    np.testing.assert_allclose(answer.rates, [2 / 3, 2 / 3])
    np.testing.assert_allclose(answer.loads, [1.0, 1 / 3])
    dense = pp.max_min_fair([4.0, 4.0], np.array([[0, 1], [1, 1]]))
    np.testing.assert_allclose(dense.rates, [4 / 3, 4 / 3])


def test_a_flow_without_links_has_its_demand():
    answer = pp.max_min_fair([1.0, np.inf], [[], [1], [0, 1]], demands=[3, 5, np.inf])
    assert answer.rates.tolist() == [3.0, 5.0, 1.0]
    assert pp.max_min_fair([1.0], []).rates.shape == (0,)


def test_what_a_result_can_do():
    answer = pp.max_min_fair([1.0, 2.0], [[0], [1], [0, 1]])
    again = pickle.loads(pickle.dumps(answer))
    assert again == answer
    assert answer.to_dict()["rates"] == [0.5, 1.5, 0.5]
    assert answer.to_frame()["rate"].tolist() == [0.5, 1.5, 0.5]
    assert answer.to_arrow().column_names == ["flow", "rate", "limit"]
    assert "3 flows: 0.5 to 1.5" in repr(answer)
    with pytest.raises(ValueError, match="read-only"):
        answer.rates[0] = 1
    with pytest.raises(AttributeError):
        answer.rates = None


@pytest.mark.parametrize(
    ("question", "error", "says"),
    [
        (([1.0], [[0], [1]]), GraphError, "flow 1 uses link 1, outside the 1 link$"),
        (([1.0], [[], [-1]]), GraphError, "flow 1 uses link -1"),
        (([-1.0], [[0]]), CapacityError, r"capacity\[0\] is -1"),
        (
            ([1.0], [[0], [0]], [1e-300, 1e300]),
            CapacityError,
            r"weights\[0\] is 1e-300; it must be at least 1e-100 of the largest, 1e300",
        ),
        (([float("nan")], [[0]]), CapacityError, r"capacity\[0\] is NaN"),
        (([1.0], [[0]], [0.0]), CapacityError, r"weights\[0\] is 0"),
        (([1.0], [[0]], [float("inf")]), CapacityError, r"weights\[0\] is inf"),
        (([1.0], [[0], [0]], [1e308, 1e308]), CapacityOverflowError, "link 0 add up to infinity"),
        (([1.0], [[0]], None, [-1.0]), CapacityError, r"demands\[0\] is -1"),
        (([1.0], [[0]], None, [1.0, 2.0]), GraphError, "demands has 2 entries for 1 flow"),
        (([np.inf], [[0]]), pp.UnboundedError, "nothing limits flow 0"),
        (([1.0], [[]]), pp.UnboundedError, "nothing limits flow 0"),
        (([1.0], [0]), InputTypeError, "links of each flow"),
        (([1.0], [[0.5]]), InputTypeError, "by index"),
        (([1.0], [["a"]]), InputTypeError, "by index"),
        (([[1.0]], [[0]]), GraphError, "2 dimensions"),
        ((["x"], [[0]]), InputTypeError, "capacity"),
        (([1.0], sparse.csr_array([[1.0, 1.0]])), GraphError, "2 columns for 1 link"),
        (([1.0], sparse.csr_array([[-1.0]])), CapacityError, r"shares\[0\] is -1"),
        (([1.0], np.zeros(3, int)), GraphError, "1 dimension"),
    ],
)
def test_bad_input(question, error, says):
    with pytest.raises(error, match=says):
        pp.max_min_fair(*question)


def test_many_flows_in_seconds():
    rng = np.random.default_rng(1)
    capacity = np.ones(165_888)
    flows = rng.integers(0, capacity.size, (200_000, 6))
    start = time.perf_counter()
    answer = pp.max_min_fair(capacity, flows)
    assert time.perf_counter() - start < 10
    assert answer.loads.max() <= 1 + 1e-9
    with pytest.raises(TimeLimitError):
        pp.max_min_fair(capacity, flows, time_limit=0)


def test_examples():
    assert doctest.testmod(importlib.import_module("pinchpoint.fair")).failed == 0
