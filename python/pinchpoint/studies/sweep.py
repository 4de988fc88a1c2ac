"""Sweeps: one question in many scenarios, on one machine or many."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinchpoint._core import __version__
from pinchpoint._extras import needed
from pinchpoint._wording import a_type
from pinchpoint.errors import InputTypeError, StudyError
from pinchpoint.fabric import Fabric
from pinchpoint.interop._source import as_path, is_there
from pinchpoint.query import of as query_of
from pinchpoint.studies.drawn import whole_number
from pinchpoint.studies.elements import Wiring
from pinchpoint.studies.engine import (
    ExecutorError,
    Progress,
    answered,
    on_executor,
    on_pools,
    on_threads,
)
from pinchpoint.studies.fingerprint import fingerprint
from pinchpoint.studies.scenario import of as scenarios_of
from pinchpoint.studies.store import Store
from pinchpoint.studies.stored import FORMAT
from pinchpoint.studies.study import Study, read
from pinchpoint.studies.symmetry import Symmetry

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from pinchpoint.query import Query
    from pinchpoint.scenarios import Scenario, Scenarios

__all__ = ["sweep"]


def sweep(
    fabric: Fabric | Mapping[str, Fabric],
    scenarios: Scenarios | Iterable[Scenario],
    query: Query | Callable[[Fabric], float],
    /,
    *,
    executor: Executor | Callable[[], Executor] | None = None,
    seed: int = 0,
    progress: bool = True,
    out: str | os.PathLike[str] | None = None,
) -> Study:
    """Ask one question in many scenarios.

    Parameters
    ----------
    fabric : Fabric or mapping of str to Fabric
        One fabric, or designs by name: every scenario of each.
    scenarios : Scenarios or list of Scenario
        Made with :mod:`pinchpoint.scenarios`.
    query : Query or callable
        Made with :mod:`pinchpoint.query`. A function of a fabric that returns a number is asked in
        every scenario, never fewer.
    executor : concurrent.futures.Executor or a function that makes one, optional
        Where to solve, such as a process pool or Dask's ``Client.get_executor()``. Default: the
        threads of the core. A process pool is of no use once one of its workers has died; of a
        function, such as ``lambda: ProcessPoolExecutor(8)``, a new one is asked for then, and the
        study goes on.
    seed : int, default 0
        Moves all draws; 0 leaves them as the scenarios' own seeds give them.
    progress : bool, default True
        Whether to show progress on stderr, where that is a terminal.
    out : str or path-like, optional
        A Parquet file to write (extra ``arrow``). Finished rows are kept beside it until it is
        complete: a study that was interrupted or killed goes on when it is run again.

    Returns
    -------
    Study
        Rows in the order of the scenarios.

    Raises
    ------
    ScenarioError
        A scenario that does not fit the fabric.
    StudyError
        A file of another study, a full disk, an executor that died: finished rows are kept if
        `out` is given, and the same call goes on from them.

    Notes
    -----
    Scenarios that the fabric's symmetry maps to each other, leaving the query's selections where
    they are, have equal answers and are solved once. Rows, and the bytes of the file, do not
    depend on the engine, the number of workers or their order. A query that fails in a scenario
    leaves its error in the row. Queries are checked as always before their values are used. Costs
    one query for each scenario that symmetry tells apart, and O(rows) memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> ask = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")
    >>> study = pp.sweep(rack, pp.scenarios.each_link("chip-switch"), ask)
    >>> len(study), sum(study.columns["stands_for"]), min(study.columns["gbit_per_s"])
    (8, 1296, 6800.0)
    """
    names, fabrics = _designs(fabric)
    asked = query_of(query)
    seed = whole_number("seed", seed, 0, (1 << 64) - 1)
    own = scenarios_of(scenarios)
    tasks, leaders = _tasks(fabrics, own, asked, seed)
    key = fingerprint(FORMAT, __version__, names, fabrics, asked, asked.columns, tasks, leaders)
    path = None if out is None else _writable(out)
    if path is not None:
        known = _finished(path, key)
        if known is not None:
            return known
    store = None if path is None else Store(path, key)
    done = {} if store is None else store.rows()
    wanted = [task for task in tasks if leaders[task[0]] == task[0] and task[0] not in done]
    shown = Progress(len(wanted), progress)
    solved = 0
    try:
        with contextlib.closing(_run(executor, key, fabrics, asked, wanted)) as chunks:
            for rows in chunks:
                done.update(rows)
                if store is not None:
                    store.add(rows)
                solved += len(rows)
                shown.at(solved)
    except ExecutorError as error:
        total = len(done) + len(wanted) - solved
        raise StudyError(f"{error}; {_kept(store, len(done), total)}") from error.__cause__
    finally:
        shown.end()
    found = _study(names, fabrics, asked, own, seed, key, tasks, leaders, done)
    if path is None or store is None:
        return found
    found = found.save(path)
    store.remove()
    return found


def _designs(fabric: Any) -> tuple[list[str], list[Fabric]]:
    if isinstance(fabric, Fabric):
        return [], [fabric]
    if not isinstance(fabric, Mapping):
        raise InputTypeError(
            f"fabric is {a_type(fabric)}; it must be a Fabric or a mapping of names to fabrics"
        )
    if not fabric:
        raise StudyError("there are no designs to study")
    for name, one in fabric.items():
        if not isinstance(one, Fabric):
            raise InputTypeError(f"design {name!r} is {a_type(one)}; it must be a Fabric")
    return [str(name) for name in fabric], list(fabric.values())


def _tasks(
    fabrics: Sequence[Fabric], scenarios: Scenarios, query: Query, seed: int
) -> tuple[list[tuple[int, int, Scenario]], list[int]]:
    """List rows, and for each the first row that is equal to it under symmetry."""
    tasks: list[tuple[int, int, Scenario]] = []
    leaders: list[int] = []
    for design, fabric in enumerate(fabrics):
        pins = query.pins(fabric)
        own = scenarios.resolve(fabric, pins, seed)
        wiring = Wiring(fabric) if pins is not None else None
        symmetry = (
            Symmetry(wiring, pins) if wiring and pins is not None and wiring.regular else None
        )
        start = len(tasks)
        tasks += [(start + place, design, scenario) for place, scenario in enumerate(own)]
        if symmetry is None:
            leaders += range(start, len(tasks))
        else:
            found = symmetry.leaders(_boxes(symmetry, scenario) for scenario in own)
            leaders += [start + place for place in found]
    return tasks, leaders


def _boxes(symmetry: Symmetry, scenario: Scenario) -> list[Any]:
    boxes = symmetry.boxes(scenario.failed, "failed")
    for place, (links, factor) in enumerate(scenario.scaled):
        boxes += symmetry.boxes([links], (place, factor))
    return boxes


def _writable(out: str | os.PathLike[str]) -> Path:
    """Refuse now what could not be written in hours."""
    path = as_path(out, "out")
    if is_there(path) and path.is_dir():
        raise StudyError(f"{path} is a folder; out= is the file to write")
    needed("pyarrow", "out=", "arrow", StudyError)
    return path


def _kept(store: Store | None, done: int, total: int) -> str:
    """Say what is left when an executor has failed."""
    if store is None:
        return f"{done:,} of {total:,} rows were solved and are lost: give out= to keep them"
    return (
        f"{done:,} of {total:,} rows are kept in {store.folder}: run the study again with a new "
        "executor to go on"
    )


def _finished(path: Path, key: str) -> Study | None:
    """Return the study if it is finished already; refuse another one's file."""
    if not is_there(path):
        return None
    try:
        known = read(path)
    except StudyError as error:
        raise StudyError(f"{error}; out= would replace it: delete it or choose another") from None
    if known.about["key"] != key:
        raise StudyError(
            f"{path} holds another study, or one of another version or fabric; delete it or choose "
            "another out="
        )
    return known


def _run(
    executor: Executor | Callable[[], Executor] | None,
    key: str,
    fabrics: Sequence[Fabric],
    query: Query,
    tasks: list[tuple[int, int, Scenario]],
) -> Generator[list[tuple[int, dict[str, Any]]], None, None]:
    if executor is None:
        return on_threads(fabrics, query, tasks)
    if isinstance(executor, Executor):
        return on_executor(executor, key, fabrics, query, tasks)
    if callable(executor):
        return on_pools(executor, key, fabrics, query, tasks)
    raise InputTypeError(
        f"executor is {a_type(executor)}; it must be a concurrent.futures.Executor, "
        "such as Dask's Client.get_executor(), or a function that makes one"
    )


def _study(
    names: list[str],
    fabrics: Sequence[Fabric],
    query: Query,
    scenarios: Scenarios,
    seed: int,
    key: str,
    tasks: list[tuple[int, int, Scenario]],
    leaders: list[int],
    done: dict[int, dict[str, Any]],
) -> Study:
    columns: dict[str, list[Any]] = {"scenario": [index for index, _, _ in tasks]}
    kinds = {"scenario": "int"}
    if names:
        columns["design"] = [names[design] for _, design, _ in tasks]
        kinds["design"] = "text"
    columns["label"] = [scenario.label for _, _, scenario in tasks]
    columns["stands_for"] = [scenario.stands_for for _, _, scenario in tasks]
    columns["solved_as"] = leaders
    columns["links_failed"] = [scenario.links_failed for _, _, scenario in tasks]
    columns["nodes_failed"] = [scenario.nodes_failed for _, _, scenario in tasks]
    kinds.update({name: "int" for name in columns if name not in ("scenario", "design", "label")})
    kinds["label"] = "text"
    for name, kind in (*query.columns.items(), ("error", "text")):
        columns[name] = [done[leader].get(name) for leader in leaders]
        kinds[name] = kind
    about = {
        "format": FORMAT,
        "pinchpoint": __version__,
        "key": key,
        "designs": names,
        "fabrics": [_about(fabric) for fabric in fabrics],
        "query": query.describe(),
        "value": next(iter(query.columns)),
        "unit": query.unit,
        "better": query.better,
        "scenarios": scenarios.describe(),
        "seed": seed,
        "healthy": [_healthy(query, fabric) for fabric in fabrics],
        "solved": sum(leader == index for index, leader in enumerate(leaders)),
        "columns": {name: kinds[name] for name in columns},
    }
    return Study(columns, about)


def _about(fabric: Fabric) -> dict[str, Any]:
    return {
        "name": fabric.name,
        "chips": fabric.num_chips,
        "nodes": fabric.num_nodes,
        "links": fabric.num_links,
        "kind": "structured" if fabric.is_structured else "explicit",
    }


def _healthy(query: Query, fabric: Fabric) -> dict[str, Any]:
    """Return the answer when nothing more has failed."""
    try:
        answer: dict[str, Any] | Exception = query.ask(fabric)
    except Exception as error:  # Any error of a user's function.
        answer = error
    return answered(query, answer)
