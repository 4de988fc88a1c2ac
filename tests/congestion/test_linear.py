"""Linear programs in a child process: right, whatever else is loaded, and ended at once."""

import _thread
import threading
import time

import numpy as np
import ortools.linear_solver.pywraplp  # noqa: F401  its HiGHS does not get in the way
import pytest
import scipy.optimize
from pinchpoint import linear


def assignment(size, seed=0):
    """Rows: people, then jobs; columns: pairs."""
    pairs = np.arange(size * size)
    rows = np.column_stack([pairs // size, size + pairs % size]).ravel()
    ones = np.ones(2 * size)
    return linear.LinearProgram(
        cost=np.random.default_rng(seed).random(size * size),
        lower=np.zeros(size * size),
        upper=np.full(size * size, np.inf),
        row_lower=ones,
        row_upper=ones,
        starts=2 * np.arange(size * size + 1),
        rows=rows,
        coefficients=np.ones(2 * size * size),
    )


def test_values_and_duals():
    program = assignment(12)
    solution = linear.solve(program, None)
    cost = program.cost.reshape(12, 12)
    best = cost[scipy.optimize.linear_sum_assignment(cost)].sum()
    assert program.cost @ solution.values == pytest.approx(best)
    assert solution.duals.sum() == pytest.approx(best)


def test_no_optimum():
    program = assignment(3)
    program.row_lower[0] = program.row_upper[0] = 2.0
    assert linear.solve(program, None) is None


def test_time_limit_ends_it():
    started = time.monotonic()
    assert linear.solve(assignment(300), 0.05) is None
    assert time.monotonic() - started < 5


def test_ctrl_c_ends_it():
    threading.Timer(0.5, _thread.interrupt_main).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        linear.solve(assignment(500), None)
    assert time.monotonic() - started < 5
