"""Find where a fabric pinches: exact, certified bandwidth answers for AI-cluster fabrics."""

from typing import TYPE_CHECKING, Any

from pinchpoint import csgraph
from pinchpoint._core import __version__
from pinchpoint.builder import FabricBuilder, gray, radix
from pinchpoint.errors import PinchpointError, UnboundedError
from pinchpoint.fabric import Fabric
from pinchpoint.fair import max_min_fair
from pinchpoint.maxflow import maximum_flow, minimum_cut
from pinchpoint.threads import get_threads, set_threads

if TYPE_CHECKING:
    from pinchpoint import clusters
    from pinchpoint.catalogue import hardware

__all__ = [
    "Fabric",
    "FabricBuilder",
    "PinchpointError",
    "UnboundedError",
    "__version__",
    "clusters",
    "csgraph",
    "get_threads",
    "gray",
    "hardware",
    "max_min_fair",
    "maximum_flow",
    "minimum_cut",
    "radix",
    "set_threads",
]


def __getattr__(name: str) -> Any:
    # The catalogue and its builders are read when first used: `import pinchpoint` stays light.
    if name == "hardware":
        from pinchpoint.catalogue import hardware

        globals()[name] = hardware
        return hardware
    if name == "clusters":
        import importlib

        return importlib.import_module("pinchpoint.clusters")
    raise AttributeError(f"module 'pinchpoint' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
