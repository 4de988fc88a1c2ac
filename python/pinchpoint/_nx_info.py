"""What networkx asks about the backend when it is imported; next to nothing is imported here."""

from __future__ import annotations

from typing import Any

__all__ = ["get_info"]

_EXTRA = (
    "Exact for integers of any size; floats are scaled exactly or with a stated bound. Negative "
    "and undefined capacities are errors. `flow_func` may be any of networkx's and has no effect; "
    "other keyword arguments are left to networkx."
)


def get_info() -> dict[str, Any]:
    """Describe the backend to networkx."""
    names = ("maximum_flow", "maximum_flow_value", "minimum_cut", "minimum_cut_value")
    return {
        "backend_name": "pinchpoint",
        "project": "pinchpoint",
        "package": "pinchpoint",
        "short_summary": "Exact, certified maximum flows and minimum cuts.",
        "functions": {name: {"additional_docs": _EXTRA} for name in names},
    }
