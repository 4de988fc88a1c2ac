"""LEMON and Boost for the race: compiled once from benches/cpp, called through ctypes.

Debian has them as liblemon-dev and libboost-dev. Where g++ or the headers are missing, so is the
peer; that the source does not compile with them is an error.
"""

import ctypes
import functools
import hashlib
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from instances import Instance

SOURCE = Path(__file__).parents[1] / "cpp" / "maxflow_peers.cpp"
FOLDER = Path(__file__).parents[2] / "target" / "peers"
FLAGS = ("-std=c++17", "-O3", "-DNDEBUG", "-Wall", "-Wextra", "-shared", "-fPIC")
# A header by which a library is known to be there.
HEADERS = {"LEMON": "lemon/preflow.h", "BOOST": "boost/graph/compressed_sparse_row_graph.hpp"}


@dataclass(frozen=True)
class Answer:
    """A maximum flow, its cut, and the seconds spent."""

    value: int
    flow: npt.NDArray[np.int64]
    source_side: npt.NDArray[np.bool_]
    build: float
    solve: float


class Run(ctypes.Structure):
    """The struct of the same name in the source."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("num_nodes", "source", "sink", "narrow")),
        ("num_arcs", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("tails", "heads", "capacity")),
        *((name, ctypes.c_void_p) for name in ("flow", "source_side")),
        ("value", ctypes.c_int64),
        *((name, ctypes.c_double) for name in ("build", "solve")),
    )


def solve(library: str, function: str, x: Instance) -> Answer:
    """Value, flow and cut. The graph is freed off the clock."""
    if ((x.tails == x.source) & (x.heads == x.source)).any():
        # With them Boost's Boykov-Kolmogorov can be wrong, or not end.
        raise ValueError("the race has no loops at the source")
    call = _load(compiled(library))[function]
    most = np.iinfo(np.int32).max
    largest = max(x.capacity.max(initial=0), x.capacity[x.tails == x.source].sum())
    begin = time.perf_counter()
    given = (x.tails, np.int32), (x.heads, np.int32), (x.capacity, np.int64)
    arrays = [np.ascontiguousarray(array, kind) for array, kind in given]
    arrays += [np.empty(x.num_arcs, np.int64), np.empty(x.num_nodes, np.bool_)]
    pointers = (array.ctypes.data for array in arrays)
    run = Run(x.num_nodes, x.source, x.sink, int(largest <= most), x.num_arcs, *pointers)
    entered = time.perf_counter()
    call(ctypes.byref(run))
    return Answer(run.value, arrays[3], arrays[4], entered - begin + run.build, run.solve)


@functools.cache
def compiled(library: str, source: Path = SOURCE) -> Path | None:
    """The shared object of a library, compiled unless it has been; None where that is missing."""
    compiler = shutil.which("g++")
    if compiler is None:
        return None
    asked = f"#if !__has_include(<{HEADERS[library]}>)\n#error\n#endif\n"
    probe = [compiler, "-E", "-x", "c++", "-"]
    if subprocess.run(probe, input=asked, text=True, capture_output=True).returncode != 0:
        return None
    version = subprocess.run([compiler, "--version"], capture_output=True, check=True).stdout
    key = hashlib.sha256(version + " ".join(FLAGS).encode() + source.read_bytes()).hexdigest()[:16]
    path = FOLDER / f"{library.lower()}-{key}.so"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(".new")
        command = [compiler, *FLAGS, f"-DPEER_{library}", str(source), "-o", str(made)]
        done = subprocess.run(command, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"{source.name} does not compile with {library}:\n{done.stderr}")
        made.replace(path)
    return path


@functools.cache
def _load(path: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(path))
