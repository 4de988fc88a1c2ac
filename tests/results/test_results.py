"""What every result of a query has: certificate, check, tables, plain values, pickle, words."""

import json
import pickle
from fractions import Fraction

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import CertificateError

RACK = pp.clusters.gb200_nvl72()
LISTED = pp.Fabric.from_links(
    [0, 1, 2, 3, 0], [1, 2, 3, 0, 2], [400.0, 100.0, 400.0, 400.0, 50.0], num_nodes=4
)
ENDS = ("chip[chip=0]", "chip[chip=1]")


def _failures(fabric, number):
    return [fabric.sample_links(fabric.bundles[0].name, 1, seed=seed) for seed in range(number)]


QUERIES = {
    "bandwidth": lambda: RACK.bandwidth(*ENDS),
    "bandwidth listed": lambda: LISTED.bandwidth(0, 2),
    "bisection": lambda: RACK.bisection(),
    "pairwise": lambda: RACK.pairwise(["chip[chip=0]", "chip[chip=1]", "chip[chip=2,3]"]),
    "pairwise listed": lambda: LISTED.pairwise([0, [1, 2], 3]),
    "all pairs": lambda: RACK.pairwise("chip"),
    "cut tree": lambda: LISTED.cut_tree(),
    "cut tree of some": lambda: LISTED.cut_tree([0, 2, 3], forwarding="hardware"),
    "failure sweep": lambda: RACK.failure_sweep(*ENDS, _failures(RACK, 3)),
    "failure sweep listed": lambda: LISTED.failure_sweep(0, 2, _failures(LISTED, 2)),
    "congestion": lambda: RACK.congestion(pp.traffic.all_to_all("chip", gbyte_per_s=1.0)),
    "congestion listed": lambda: LISTED.congestion(pp.traffic.pairs([0, 1], [2, 3], [1.0, 2.0])),
    "congestion hashed": lambda: LISTED.congestion(
        pp.traffic.pairs([0, 1], [2, 3], [1.0, 2.0]), routing="ecmp-hash"
    ),
    "throughput": lambda: RACK.throughput(pp.traffic.all_to_all("chip", gbyte_per_s=1.0)),
    "throughput listed": lambda: LISTED.throughput(pp.traffic.pairs([0, 1], [2, 3], [1.0, 2.0])),
    "fair rates": lambda: LISTED.fair_rates(pp.traffic.pairs([0, 1], [2, 3], [1.0, 2.0])),
    "max-min fair": lambda: pp.max_min_fair([1.0, 2.0], [[0, 1], [1], [0]]),
    "all-reduce": lambda: RACK.collective("all_reduce", "chip"),
    "all-to-all": lambda: RACK.collective("all_to_all", "chip"),
    "all-reduce by ring": lambda: RACK.collective("all_reduce", "chip", algorithm="ring"),
    "maximum flow": lambda: pp.maximum_flow([0, 1, 0], [1, 2, 2], [3, 2, 4], 0, 2),
}
ANSWERS = {name: ask() for name, ask in QUERIES.items()}


@pytest.mark.parametrize("name", QUERIES)
def test_it_has_a_certificate_and_can_be_checked_again(name):
    answer = ANSWERS[name]
    assert "Certificate" in type(answer.certificate).__name__
    assert answer.verify() in (None, True)
    assert answer.to_dict()["certificate"]["checked"] is True


@pytest.mark.parametrize("name", QUERIES)
def test_it_is_frozen(name):
    with pytest.raises(AttributeError):
        ANSWERS[name].certificate = None


@pytest.mark.parametrize("name", QUERIES)
def test_it_is_the_same_when_asked_again_or_unpickled(name):
    answer = ANSWERS[name]
    assert QUERIES[name]() == answer
    again = pickle.loads(pickle.dumps(answer))
    assert again == answer
    again.verify()


@pytest.mark.parametrize("name", QUERIES)
def test_it_has_tables_and_plain_values(name):
    answer = ANSWERS[name]
    frame, table = answer.to_frame(), answer.to_arrow()
    assert frame.shape == table.shape
    assert list(frame.columns) == table.column_names
    assert hasattr(answer, "__arrow_c_stream__")
    json.dumps(answer.to_dict())
    assert repr(answer).startswith(type(answer).__name__.removeprefix("Orbit"))
    assert "<table" in answer._repr_html_()


def test_a_notebook_shows_the_first_rows_of_many():
    count = 100_000
    few = pp.max_min_fair([1.0], [[0]] * 60)._repr_html_()
    assert "<caption>" not in few
    assert few.count("<tr>") == 61
    many = pp.max_min_fair([1.0], [[0]] * count)._repr_html_()
    assert "The first 60 of 100,000 rows" in many
    assert many.count("<tr>") == 61


# What is spoilt, and how: each is a wrong answer that has to be refused.
SPOILT = {
    "pairwise": ("kbit_per_s", lambda rows: ((0, rows[0][1] + 1, rows[0][2]), *rows[1:])),
    "cut tree": ("kbit_per_s", lambda values: (values[0], values[1] + 1, *values[2:])),
    "failure sweep": ("intact_kbit_per_s", lambda value: value - 1),
    "all-reduce": ("seconds", lambda value: value * 0.99),
    "all-to-all": ("seconds_lower", lambda value: value * 1.01),
    "throughput": ("upper", lambda value: value * 0.99),
    "throughput listed": ("upper", lambda value: value * 0.99),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_wrong_answer_is_refused(name):
    field, spoil = SPOILT[name]
    answer = QUERIES[name]()
    object.__setattr__(answer, field, spoil(getattr(answer, field)))
    with pytest.raises(CertificateError, match="this is a bug"):
        answer.verify()


def test_a_fraction_of_a_kbit_is_plain_too():
    b = pp.FabricBuilder("slow")
    b.links(b.nodes("chip", chip=4), b.nodes("leaf"), "0.00000025Gb/s")
    answer = b.build().bisection()
    assert answer.certificate.kbit_per_s == Fraction(1, 2)
    json.dumps(answer.to_dict())
    json.dumps(answer.bandwidth.to_dict())


def test_looser_bounds_of_a_shorter_search_are_no_fault():
    """A time limit may have ended the first search; the second has none."""
    answer = QUERIES["all-to-all"]()
    object.__setattr__(answer, "seconds", answer.seconds * 2)
    object.__setattr__(answer, "seconds_lower", answer.seconds_lower / 2)
    answer.verify()


def test_wrong_loads_are_refused():
    answer = QUERIES["congestion listed"]()
    object.__setattr__(answer, "_loads", answer.loads() * 1.001)
    with pytest.raises(CertificateError, match="this is a bug"):
        answer.verify()


def test_certificates_count_what_they_prove():
    assert ANSWERS["pairwise"].certificate.flows == 6
    assert ANSWERS["all pairs"].certificate.flows == len(ANSWERS["all pairs"].orbits)
    assert ANSWERS["cut tree"].certificate.flows == 3
    assert ANSWERS["failure sweep"].certificate.flows == 4
    fair = ANSWERS["max-min fair"].certificate
    assert (fair.limited, fair.satisfied) == (3, 0)
    capped = pp.max_min_fair([10.0], [[0], [0]], demands=[1.0, np.inf]).certificate
    assert (capped.limited, capped.satisfied) == (1, 1)
    bound = ANSWERS["throughput"].certificate
    assert (bound.lower, bound.upper) == (ANSWERS["throughput"].lower, ANSWERS["throughput"].upper)
    assert bound.verify()
    assert bound.lengths().shape == (2, RACK.num_links)


def test_parts_of_a_comparison_are_checked_again():
    traffic = pp.traffic.all_to_all("chip", gbyte_per_s=1.0)
    RACK.routing_gap(traffic).verify()
    RACK.priorities([traffic, traffic * 2.0]).verify()
    gap = RACK.routing_gap(traffic)
    object.__setattr__(gap.throughput, "upper", gap.throughput.upper * 0.99)
    with pytest.raises(CertificateError):
        gap.verify()
