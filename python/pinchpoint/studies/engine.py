"""Solving scenarios: on threads of the core, or on any executor of :mod:`concurrent.futures`."""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from typing import TYPE_CHECKING, Any

from pinchpoint._suggest import shorten
from pinchpoint._wording import a_type, counted
from pinchpoint.errors import InputTypeError, PinchpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pinchpoint.fabric import Fabric
    from pinchpoint.query import Query
    from pinchpoint.scenarios import Scenario

    # Row index, design, scenario.
    Task = tuple[int, int, Scenario]
    Rows = list[tuple[int, dict[str, Any]]]

__all__ = ["ExecutorError", "answered", "on_executor", "on_pools", "on_threads"]

# A chunk should take this long: long against what a task costs, short against patience.
_CHUNK_SECONDS = 0.4
_MOST_IN_CHUNK = 4096
# Explicit fabrics are copied for every scenario.
_MOST_EXPLICIT = 8
# Pools in a row that die before they finish a chunk: then it is the task that kills them.
_MOST_BARREN = 3


def solve(fabrics: Sequence[Fabric], query: Query, tasks: Sequence[Task]) -> Rows:
    """Answer each task: its columns, or under ``error`` why there is no answer."""
    rows: Rows = []
    place = 0
    while place < len(tasks):
        design = tasks[place][1]
        fabric = fabrics[design]
        most = _MOST_IN_CHUNK if fabric.is_structured else _MOST_EXPLICIT
        end = place
        while end < len(tasks) and tasks[end][1] == design and end - place < most:
            end += 1
        ready: list[tuple[int, Fabric]] = []
        for index, _, scenario in tasks[place:end]:
            try:
                ready.append((index, scenario.apply(fabric)))
            except PinchpointError as error:
                rows.append((index, {"error": _sentence(error)}))
        answers = query.ask_many([changed for _, changed in ready])
        for (index, _), answer in zip(ready, answers, strict=True):
            rows.append((index, answered(query, answer)))
        place = end
    return rows


def answered(query: Query, answer: dict[str, Any] | Exception) -> dict[str, Any]:
    """Return the row of an answer; of an error, and of what is no answer, why there is none."""
    if isinstance(answer, Exception):
        return {"error": _sentence(answer)}
    if not isinstance(answer, dict):
        return {"error": f"InputTypeError: the answer is {a_type(answer)}; it must be a dict"}
    name = next(iter(query.columns))
    value = answer.get(name)
    if value is not None and value != value:
        return {"error": f"CapacityError: {name} is {shorten(value)}; it must be a number"}
    return answer


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


class _Chunks:
    """Chunks of tasks whose size follows the time that earlier ones took."""

    def __init__(self, tasks: Sequence[Task], at_once: int) -> None:
        self.tasks = tasks
        self.place = 0
        self.size = 4
        self.at_once = at_once

    def take(self) -> Sequence[Task]:
        left = len(self.tasks) - self.place
        size = min(self.size, max(1, -(-left // self.at_once)))
        taken = self.tasks[self.place : self.place + size]
        self.place += len(taken)
        return taken

    def took(self, count: int, seconds: float) -> None:
        wanted = int(count * _CHUNK_SECONDS / max(seconds, 1e-4))
        self.size = max(1, min(wanted, 8 * self.size, _MOST_IN_CHUNK))


def on_threads(
    fabrics: Sequence[Fabric], query: Query, tasks: Sequence[Task]
) -> Generator[Rows, None, None]:
    """Answer tasks chunk by chunk; a chunk runs on the threads of the core."""
    chunks = _Chunks(tasks, 1)
    while taken := chunks.take():
        start = time.monotonic()
        rows = solve(fabrics, query, taken)
        chunks.took(len(taken), time.monotonic() - start)
        yield rows


# Fabrics and query by the digest of their bytes; a worker reads them once.
_KNOWN: dict[str, tuple[Sequence[Fabric], Query]] = {}


def work(token: str, study: bytes | None, tasks: Sequence[Task]) -> tuple[float, Rows] | None:
    """Answer tasks in a worker; None if it has not been sent this study yet."""
    if token not in _KNOWN:
        if study is None:
            return None
        _KNOWN.clear()
        _KNOWN[token] = pickle.loads(study)
    fabrics, query = _KNOWN[token]
    start = time.monotonic()
    rows = solve(fabrics, query, tasks)
    return time.monotonic() - start, rows


def _workers(executor: Executor) -> int:
    client = getattr(executor, "_client", None)
    if client is not None and hasattr(client, "nthreads"):
        return max(1, int(sum(client.nthreads().values())))
    return int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


class ExecutorError(Exception):
    """The executor died, or cannot run tasks; what it had finished was handed over before."""


def on_executor(
    executor: Executor, token: str, fabrics: Sequence[Fabric], query: Query, tasks: Sequence[Task]
) -> Generator[Rows, None, None]:
    """Answer tasks chunk by chunk on an executor.

    Fabrics and query travel only to workers that say they lack them; a task is scenarios alone.
    When a chunk fails no further one starts, and those that still finish are handed over first.
    """
    try:
        study = pickle.dumps((list(fabrics), query), protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InputTypeError(f"the query cannot be sent to workers: {error}") from None
    at_once = 2 * _workers(executor)
    chunks = _Chunks(tasks, at_once)
    running: dict[Future[Any], Sequence[Task]] = {}
    again: list[Sequence[Task]] = []
    failed: Exception | None = None
    try:
        while True:
            try:
                while again and failed is None:
                    running[executor.submit(work, token, study, again[-1])] = again[-1]
                    again.pop()
                while failed is None and len(running) < at_once and (taken := chunks.take()):
                    running[executor.submit(work, token, None, taken)] = taken
            except Exception as error:
                failed = error
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                taken = running.pop(future)
                try:
                    answer = future.result()
                except Exception as error:
                    failed = failed or error
                    continue
                if answer is None:
                    again.append(taken)
                    continue
                seconds, rows = answer
                chunks.took(len(taken), seconds)
                yield rows
    finally:
        for future in running:
            future.cancel()
    if isinstance(failed, PinchpointError):
        raise failed
    if failed is not None:
        what = "a worker died" if isinstance(failed, BrokenExecutor) else "the executor failed"
        raise ExecutorError(f"{what}: {_sentence(failed).rstrip('.')}") from failed


def on_pools(
    make: Callable[[], Executor],
    token: str,
    fabrics: Sequence[Fabric],
    query: Query,
    tasks: Sequence[Task],
) -> Generator[Rows, None, None]:
    """Answer tasks on an executor of our own; when a worker dies, go on with a new one."""
    left, barren = tasks, 0
    while True:
        found: set[int] = set()
        executor = make()
        if not isinstance(executor, Executor):
            raise InputTypeError(
                f"the function given as executor makes {a_type(executor)}, no Executor"
            )
        with executor:
            try:
                for rows in on_executor(executor, token, fabrics, query, left):
                    found.update(index for index, _ in rows)
                    yield rows
                return
            except ExecutorError as error:
                barren = 0 if found else barren + 1
                if not isinstance(error.__cause__, BrokenExecutor) or barren == _MOST_BARREN:
                    raise
        left = [task for task in left if task[0] not in found]


class Progress:
    """A line on stderr, only on a terminal."""

    def __init__(self, total: int, wanted: bool) -> None:
        self.total = total
        self.shown = wanted and sys.stderr.isatty()
        self.start = time.monotonic()

    def at(self, done: int) -> None:
        """Say how far the study is."""
        if self.shown:
            seconds = time.monotonic() - self.start
            print(
                f"\r{done:,} of {counted(self.total, 'scenario')}, {seconds:.0f} s",
                end="",
                file=sys.stderr,
            )

    def end(self) -> None:
        """Leave the line."""
        if self.shown:
            print(file=sys.stderr)
