"""Skewed traffic, what a routing loses, and classes of traffic."""

import doctest
import importlib

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import CapacityError, InputTypeError, SelectionError
from pinchpoint.orbits import OrbitCongestion
from test_loads_by_orbits import everyone, leaf_spine


def test_skewed_traffic_is_the_sum_of_its_groups():
    fabric = leaf_spine()
    groups = [fabric.select("chip", leaf=leaf) for leaf in range(4)]
    skewed = pp.traffic.experts("chip", groups, exponent=1, per_chip_gbit_per_s=1.0)
    loads = fabric.congestion(skewed)
    assert isinstance(loads, OrbitCongestion)
    shares = np.array([1, 1 / 2, 1 / 3, 1 / 4]) / (25 / 12)
    received = loads.loads("chip-leaf")[1].reshape(4, 3)
    # 12 senders, less what a node would send to itself.
    assert received == pytest.approx(np.repeat(shares[:, None] * 11 / 3, 3, axis=1))
    listed = fabric.materialize().congestion(skewed)
    assert loads.loads() == pytest.approx(listed.loads())
    by_share = pp.traffic.experts("chip", groups, shares=[12, 6, 4, 3], per_chip_gbit_per_s=1.0)
    assert fabric.congestion(by_share).loads() == pytest.approx(loads.loads())


def test_uniform_shares_are_an_all_to_all():
    fabric = leaf_spine()
    groups = [fabric.select("chip", leaf=leaf) for leaf in range(4)]
    flat = pp.traffic.experts("chip", groups, exponent=0, per_chip_gbit_per_s=12.0)
    assert fabric.congestion(flat).loads() == pytest.approx(fabric.congestion(everyone()).loads())


def test_oversubscription_and_skew_lower_throughput():
    values = []
    for up in (3, 2, 1):
        fabric = leaf_spine(up=up)
        groups = [fabric.select("chip", leaf=leaf) for leaf in range(4)]
        traffic = pp.traffic.experts("chip", groups, exponent=1, per_chip_gbit_per_s=1.0)
        values.append(fabric.throughput(traffic).lower)
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, SelectionError),
        ({"exponent": 1, "shares": [1]}, SelectionError),
        ({"exponent": float("nan")}, CapacityError),
        ({"shares": [-1.0]}, CapacityError),
        ({"shares": [0.0]}, CapacityError),
        ({"shares": [1.0, 2.0]}, SelectionError),
        ({"shares": ["a"]}, InputTypeError),
    ],
)
def test_bad_shares_are_refused(options, error):
    with pytest.raises(error):
        pp.traffic.experts("chip", ["chip"], per_chip_gbit_per_s=1.0, **options)


def test_ecmp_loses_what_a_failed_uplink_makes_uneven():
    fabric = leaf_spine(leaves=3, spines=2, hosts=4)
    worse = fabric.without(fabric.select_links("leaf-spine", leaf=0, spine=0))
    found = worse.routing_gap(everyone())
    low, high = found.lost
    assert 0 <= low <= high <= 1
    assert found.routed <= found.throughput.upper * (1 + 1e-9)
    healthy = fabric.routing_gap(everyone())
    assert healthy.lost[1] == pytest.approx(0, abs=1e-9)
    assert set(found.to_dict()) == {"routed", "lost", "congestion", "throughput"}


def test_classes_take_what_is_left():
    fabric = leaf_spine()
    one = fabric.congestion(everyone()).multiplier
    first, second = everyone(one * 0.75), everyone(one)
    served = fabric.priorities([first, second]).served
    assert served == pytest.approx((1.0, 0.25))
    assert fabric.priorities([second, first]).served == pytest.approx((1.0, 0.0), abs=1e-9)
    listed = fabric.materialize().priorities([first, second])
    assert listed.served == pytest.approx(served)
    away = pp.traffic.between("chip[leaf=0]", "chip[leaf=1]", gbit_per_s=0.1)
    mixed = fabric.priorities([away, second])
    assert mixed.served == pytest.approx(fabric.materialize().priorities([away, second]).served)
    with pytest.raises(SelectionError, match="classes is empty"):
        fabric.priorities([])
    with pytest.raises(InputTypeError, match="a class is a str"):
        fabric.priorities(["chip"])


def test_examples():
    failures, tried = doctest.testmod(importlib.import_module("pinchpoint.traffic"))
    assert tried
    assert not failures
