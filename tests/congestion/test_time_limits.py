"""A time limit is for a whole call: every step gets what those before leave."""

import itertools

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint import _clock, _core, flows
from pinchpoint._clock import Clock
from pinchpoint._patterns import each_to_each
from pinchpoint.errors import TimeLimitError


@pytest.fixture
def ticking(monkeypatch):
    """A clock that goes on by a second whenever it is looked at."""
    ticks = itertools.count()
    monkeypatch.setattr(_clock.time, "monotonic", lambda: float(next(ticks)))


def recorded(monkeypatch, owner, name):
    """Limits that a step is given, the last argument of its function, which then has no limit."""
    limits, ask = [], getattr(owner, name)

    def asked(*arguments):
        limits.append(arguments[-1])
        return ask(*arguments[:-1], None)

    monkeypatch.setattr(owner, name, asked)
    return limits


def falls(limits, most):
    return len(limits) > 1 and limits[0] < most and all(np.diff(limits) < 0)


def test_a_clock_stops():
    Clock(None).check()
    Clock(60).check()
    with pytest.raises(TimeLimitError, match="the time limit was reached"):
        Clock(0).check()
    ends = np.arange(4)
    with pytest.raises(TimeLimitError):
        each_to_each(ends, ends, Clock(0))
    assert [own.size for own in each_to_each(ends, ends, Clock(60))] == [12, 12]
    assert [own.size for own in each_to_each(ends[:0], ends)] == [0, 0]


def test_draws_share_a_limit(monkeypatch, ticking):
    limits = recorded(monkeypatch, _core, "congestion")
    traffic = pp.traffic.ring("chip", gbit_per_s=1.0)
    fabric = pp.clusters.clos(1024)
    fabric.congestion(traffic, routing="ecmp-hash", seeds=range(5), time_limit=100.0)
    assert len(limits) == 5
    assert falls(limits, 100)


def test_steps_of_fair_rates_share_a_limit(monkeypatch, ticking):
    ways, shared = recorded(monkeypatch, _core, "ways"), recorded(monkeypatch, flows, "_ask")
    traffic = pp.traffic.skewed("chip", per_chip_gbit_per_s=1.0)
    pp.clusters.gb200_nvl72().fair_rates(traffic, time_limit=100.0)
    assert falls(ways + shared, 100)


def test_sharings_of_a_completion_share_a_limit(monkeypatch):
    line = pp.Fabric.from_links([0, 1], [1, 2], 10.0)
    rates = line.fair_rates(pp.traffic.pairs([0, 0, 1], [1, 2, 2]), capped=False)
    limits = recorded(monkeypatch, flows, "_ask")
    rates.completion([1.0, 2.0, 3.0], time_limit=100.0)
    assert falls(limits, 100)
    with pytest.raises(TimeLimitError):
        rates.completion([1.0, 2.0, 3.0], time_limit=0)


def test_many_pairs_stop_while_they_are_listed():
    with pytest.raises(TimeLimitError):
        pp.clusters.clos(8192).fair_rates(
            pp.traffic.all_to_all("chip[chip=0:6000]", gbit_per_s=1.0), time_limit=0.1
        )
