"""Find where a fabric pinches: exact, certified bandwidth answers for AI-cluster fabrics."""

from typing import TYPE_CHECKING, Any

import numpy  # noqa: F401  every answer needs it: loaded here, not within the first question

from pinchpoint._core import __version__

if TYPE_CHECKING:
    from pinchpoint import (
        clusters,
        csgraph,
        designs,
        errors,
        interop,
        jobs,
        nx,
        plots,
        query,
        scenarios,
        slurm,
        studies,
        traffic,
        units,
    )
    from pinchpoint.builder import FabricBuilder, gray, radix
    from pinchpoint.catalogue import hardware
    from pinchpoint.differences import check, diff
    from pinchpoint.errors import PinchpointError, UnboundedError
    from pinchpoint.fabric import Fabric
    from pinchpoint.fair import max_min_fair
    from pinchpoint.interop import load
    from pinchpoint.maxflow import maximum_flow, minimum_cut
    from pinchpoint.studies.curve import failure_curve
    from pinchpoint.studies.sweep import sweep
    from pinchpoint.studies.until import failures_until
    from pinchpoint.threads import get_threads, set_threads

__all__ = [
    "Fabric",
    "FabricBuilder",
    "PinchpointError",
    "UnboundedError",
    "__version__",
    "check",
    "clusters",
    "csgraph",
    "designs",
    "diff",
    "errors",
    "failure_curve",
    "failures_until",
    "get_threads",
    "gray",
    "hardware",
    "interop",
    "jobs",
    "load",
    "max_min_fair",
    "maximum_flow",
    "minimum_cut",
    "nx",
    "plots",
    "query",
    "radix",
    "scenarios",
    "set_threads",
    "slurm",
    "studies",
    "sweep",
    "traffic",
    "units",
]

# Where each name lives; "" for a module of its own. Modules are read when a name of theirs is first
# used, so that `import pinchpoint` adds next to nothing to `import numpy`
# (benches/python/import_time.py).
_HOMES = {
    "Fabric": "fabric",
    "FabricBuilder": "builder",
    "PinchpointError": "errors",
    "UnboundedError": "errors",
    "check": "differences",
    "clusters": "",
    "csgraph": "",
    "designs": "",
    "diff": "differences",
    "errors": "",
    "failure_curve": "studies.curve",
    "failures_until": "studies.until",
    "get_threads": "threads",
    "gray": "builder",
    "hardware": "catalogue",
    "interop": "",
    "jobs": "",
    "load": "interop",
    "max_min_fair": "fair",
    "maximum_flow": "maxflow",
    "minimum_cut": "maxflow",
    "plots": "",
    "nx": "",
    "query": "",
    "radix": "builder",
    "scenarios": "",
    "set_threads": "threads",
    "slurm": "",
    "studies": "",
    "sweep": "studies.sweep",
    "traffic": "",
    "units": "",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pinchpoint' has no attribute {name!r}")
    import importlib

    module = importlib.import_module(f"pinchpoint.{home or name}")
    value = getattr(module, name) if home else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
