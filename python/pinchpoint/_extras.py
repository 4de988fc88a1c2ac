"""Packages that only some functions need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pinchpoint.errors import PinchpointError

__all__ = ["needed"]


def needed(
    module: str, what: str, extra: str = "", error: type[PinchpointError] = PinchpointError
) -> Any:
    """Import a module, or say which package is missing and how to install it.

    Parameters
    ----------
    module : str
        Such as ``"pyarrow.parquet"``.
    what : str
        What needs it, to start the sentence with.
    extra : str, optional
        The extra of pinchpoint that holds the package; by default it is installed by its own name.
    error : type, default PinchpointError
        What is raised.

    Returns
    -------
    module
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError:
        install = f"'pinchpoint[{extra}]'" if extra else package
        raise error(f"{what} needs {package}: pip install {install}") from None
