"""Linear programs, solved by HiGHS in a child process.

A process of its own, because two builds of HiGHS (highspy's, OR-tools', SciPy's) do not load into
one, and because a child can be killed: Ctrl-C and a time limit end it at once.
"""

from __future__ import annotations

import io
import math
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_CHILD = Path(__file__).with_name("_highs.py")
# Seconds between looks for Ctrl-C, which the standard library delays while it waits.
_LOOK = 0.1


@dataclass(frozen=True)
class LinearProgram:
    """Minimise ``cost @ x`` with ``lower <= x <= upper`` and ``row_lower <= A @ x <= row_upper``.

    `A` is given by columns: column ``j`` has `coefficients` at `rows`, from ``starts[j]`` up to
    ``starts[j + 1]``.
    """

    cost: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    row_lower: npt.NDArray[np.float64]
    row_upper: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    coefficients: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Solution:
    """The columns' values and the rows' dual values. Floating point: to be checked by the asker."""

    values: npt.NDArray[np.float64]
    duals: npt.NDArray[np.float64]


def available() -> bool:
    """Whether programs can be solved here."""
    return bool(sys.executable) and find_spec("highspy") is not None


def solve(program: LinearProgram, time_limit: float | None) -> Solution | None:
    """Solve a program, or return None if that gives no optimum in time, or highspy does not work.

    Takes a process start of about a fifth of a second besides the solving itself.
    """
    limit = math.inf if time_limit is None else time_limit
    deadline = monotonic() + limit
    with TemporaryFile() as packed:
        np.savez(packed, time_limit=np.float64(limit), **vars(program))
        packed.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-P", str(_CHILD)],
            stdin=packed,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    try:
        while True:
            try:
                answer, _ = process.communicate(timeout=_LOOK)
                break
            except subprocess.TimeoutExpired:
                if monotonic() > deadline:
                    return None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode or not answer:
        return None
    with np.load(io.BytesIO(answer), allow_pickle=False) as fields:
        return Solution(fields["values"], fields["duals"])
