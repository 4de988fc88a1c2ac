"""Skewed traffic, collectives as demands, and volumes of parallel layouts, by definition."""

import pickle

import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.errors import CapacityError, InputTypeError, SelectionError


def listed(fabric, traffic):
    """Every pair's rate as a matrix in GB/s, products written out."""
    handle = fabric.materialize()
    products, pairs = traffic._resolve(handle)
    count = sum(group.size for group in fabric.groups)
    rates = np.zeros((count, count))
    for sources, sinks, rate in products:
        rows = np.concatenate([handle._handle.node_ids(one) for one in sources])
        columns = np.concatenate([handle._handle.node_ids(one) for one in sinks])
        rates[np.ix_(rows, columns)] += rate
    np.fill_diagonal(rates, 0.0)
    np.add.at(rates, (pairs[0], pairs[1]), pairs[2])
    return rates / 8


STAR = pp.Fabric.from_links(range(12), [12] * 12, 8.0)


@given(st.floats(0, 3), st.integers(0, 5))
def test_zipf_sends_as_much_from_each_and_more_to_some(exponent, seed):
    own = list(range(12))
    rates = listed(
        STAR, pp.traffic.skewed(own, exponent=exponent, seed=seed, per_chip_gbyte_per_s=3.0)
    )[:12, :12]
    np.testing.assert_allclose(rates.sum(axis=1), 3.0)
    # To any two others, each sender's rates are as the popularity of the two.
    order = np.argsort(-rates.sum(axis=0), kind="stable")
    sender, first, last = order[5], order[0], order[-1]
    assert rates[sender, first] / rates[sender, last] == pytest.approx(12.0**exponent)


def test_even_zipf_is_all_to_all():
    even = listed(STAR, pp.traffic.skewed("node", exponent=0.0, per_chip_gbit_per_s=2.0))
    plain = listed(STAR, pp.traffic.all_to_all("node", per_chip_gbit_per_s=2.0))
    np.testing.assert_allclose(even, plain)


@pytest.mark.parametrize(
    ("op", "edge"),
    [("all_reduce", 2 * 11 / 12), ("all_gather", 11 / 12), ("broadcast", 1.0), ("send_recv", 1.0)],
)
def test_rings_carry_what_the_algorithm_needs(op, edge):
    own = list(range(12))
    rates = listed(STAR, pp.traffic.collective(op, own, gbyte=6.0, seconds=2.0))
    expected = np.zeros_like(rates)
    expected[own, np.roll(own, -1)] = 3.0 * edge
    np.testing.assert_allclose(rates, expected)
    # The time of a named algorithm is the fullest link of the same demands.
    if op != "send_recv":
        ring = STAR.collective(op, own, gbyte=6.0, algorithm="ring")
        demands = pp.traffic.collective(op, own, gbyte=6.0)
        assert ring.seconds == pytest.approx(STAR.congestion(demands).max_utilization)


def test_all_to_all_has_one_part_for_oneself():
    rates = listed(STAR, pp.traffic.collective("all_to_all", list(range(12)), gbyte=6.0))
    np.testing.assert_allclose(rates[:12, :12] + 0.5 * np.eye(12), 0.5)


def test_volumes_and_demands_agree():
    layout = pp.traffic.parallelism(list(range(12)), tp=2, ep=3, dp=2)
    own = {"tp": ("all_reduce", 1.0), "ep": ("all_to_all", 3.0), "dp": ("send_recv", 5.0)}
    assert layout.volumes(**own) == {"tp": 1.0, "ep": 2.0, "dp": 5.0}
    rates = listed(STAR, layout.demands(**own))
    total = np.zeros_like(rates)
    for name, (op, gbyte) in own.items():
        for group in layout.groups(name):
            size = group.size
            for place, rank in enumerate(group):
                if op == "all_reduce":
                    total[rank, group[(place + 1) % size]] += 2 * (size - 1) / size * gbyte
                elif op == "all_to_all":
                    total[rank, group[group != rank]] += gbyte / size
                elif place + 1 < size:
                    total[rank, group[place + 1]] += gbyte
    np.testing.assert_allclose(rates, total)


def experts(traffic, groups=("node",), **options):
    return traffic.experts("node", groups, per_chip_gbit_per_s=1.0, **{"exponent": 1, **options})


def test_seeds_of_numpy():
    fabric = pp.Fabric.from_links([0, 1, 2], [1, 2, 3], 1.0)
    drawn = [pp.traffic.permutation("node", seed=s, gbit_per_s=1.0) for s in (3, np.int64(3))]
    assert fabric.congestion(drawn[0]) == fabric.congestion(drawn[1])
    one, other = (fabric.fair_rates(drawn[0], seed=seed) for seed in (3, np.int64(3)))
    assert one == other


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda t: t.skewed("node", exponent=-1.0, per_chip_gbit_per_s=1.0), CapacityError, "-1"),
        (lambda t: t.skewed("node", seed=-1, per_chip_gbit_per_s=1.0), SelectionError, "seed"),
        (lambda t: t.skewed("node", exponent="x", per_chip_gbit_per_s=1.0), InputTypeError, "'x'"),
        (lambda t: t.permutation("node", seed=-1, gbit_per_s=1.0), SelectionError, "seed is -1"),
        (lambda t: t.permutation("node", seed="a", gbit_per_s=1.0), InputTypeError, "seed is 'a'"),
        (lambda t: experts(t, exponent="x"), InputTypeError, "exponent is 'x'"),
        (lambda t: experts(t, groups=None), InputTypeError, "groups is a NoneType"),
        (lambda t: experts(t, groups="chip"), InputTypeError, "groups is a str"),
        (lambda t: t.parallelism(order=3), InputTypeError, "order is an int"),
        (lambda t: t.parallelism(order=[3], tp=2), InputTypeError, r"order\[0\] is 3"),
        (lambda t: t.parallelism(tp="x"), InputTypeError, "tp is 'x'"),
        (lambda t: t.parallelism(tp=0), SelectionError, "tp is 0"),
        (lambda t: t.parallelism(tp=2).demands(tp=3), InputTypeError, "tp is 3"),
        (lambda t: t.parallelism(tp=2).groups([]), InputTypeError, "dimension is"),
        (lambda t: t.collective(3, [0, 1], gbyte=1.0), InputTypeError, "op is 3"),
        (lambda t: t.collective("gather", [0, 1], gbyte=1.0), SelectionError, "op is 'gather'"),
        (lambda t: t.collective("reduce", [0], gbyte=1.0), SelectionError, "two ranks"),
        (lambda t: t.collective("reduce", (), gbyte=1.0), SelectionError, "and 0 is given"),
        (lambda t: t.collective("reduce", [0, 1], gbyte=-1.0), CapacityError, "gbyte is -1.0"),
        (
            lambda t: t.parallelism([0, 1], dp=2).demands(dp=("reduce", 1.0), seconds=0),
            CapacityError,
            "seconds is 0",
        ),
        (
            lambda t: t.parallelism([0, 1], dp=2).volumes(tp=("reduce", 1.0)),
            SelectionError,
            "dimension is 'tp'",
        ),
    ],
)
def test_refused(ask, error, words):
    with pytest.raises(error, match=words):
        ask(pp.traffic)


def test_rates_that_add_up_to_infinity():
    b = pp.FabricBuilder("small")
    b.links(b.nodes("chip", chip=4), b.nodes("leaf"), "1Gb/s")
    fabric = b.build()
    everyone = pp.traffic.all_to_all("chip", gbit_per_s=1e308)
    for own in (fabric, fabric.materialize()):
        for ask in (own.congestion, own.throughput):
            with pytest.raises(CapacityError, match=r"add up to more than 1\.8e308"):
                ask(everyone)


def all_kinds():
    """Traffic of every kind, made anew each time."""
    some = STAR.select("node")
    return {
        "all to all": pp.traffic.all_to_all(some, gbit_per_s=1.0),
        "some ids": pp.traffic.all_to_all(np.arange(4), gbit_per_s=1.0),
        "between": pp.traffic.between([0, 1], [2, 3], gbit_per_s=1.0),
        "faster": pp.traffic.between([0, 1], [2, 3], gbit_per_s=2.0),
        "incast": pp.traffic.incast([0, 1], 3, gbit_per_s=1.0),
        "ring": pp.traffic.ring([0, 1, 2], gbit_per_s=1.0),
        "permutation": pp.traffic.permutation("node", seed=1, gbit_per_s=1.0),
        "another": pp.traffic.permutation("node", seed=2, gbit_per_s=1.0),
        "pairs": pp.traffic.pairs([0, 1], [2, 2], [1.0, 2.0]),
        "other pairs": pp.traffic.pairs([0, 1], [2, 2], [1.0, 3.0]),
        "sum": pp.traffic.ring([0, 1], gbit_per_s=1.0) + pp.traffic.pairs([0], [2]),
    }


def test_traffic_is_what_it_is_made_of():
    one, again = all_kinds(), all_kinds()
    for name, traffic in one.items():
        assert [other for other, own in again.items() if own == traffic] == [name]
        assert hash(traffic) == hash(again[name])
        assert pickle.loads(pickle.dumps(traffic)) == traffic
        assert traffic != name
        asked = pp.query.congestion(traffic)
        assert pickle.loads(pickle.dumps(asked)) == asked
