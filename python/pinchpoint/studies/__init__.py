"""Studies: ten thousand scenarios of one question, on one machine or many."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinchpoint.studies import figures, report, study

__all__ = ["figures", "report", "study"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'pinchpoint.studies' has no attribute {name!r}")
    import importlib

    return importlib.import_module(f"pinchpoint.studies.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
