"""Every exception pinchpoint raises for an input it refuses.

All of them are :class:`PinchpointError` and :class:`ValueError`, so either can be caught.
"""

__all__ = [
    "BuildError",
    "CapacityError",
    "CapacityOverflowError",
    "CatalogueError",
    "CertificateError",
    "FormatError",
    "GraphError",
    "InputTypeError",
    "PinchpointError",
    "ScenarioError",
    "SelectionError",
    "SizeLimitError",
    "StudyError",
    "TimeLimitError",
    "UnboundedError",
    "UnitError",
]


class PinchpointError(ValueError):
    """Base class of every error pinchpoint raises."""


class InputTypeError(PinchpointError, TypeError):
    """A value of the wrong type."""


class GraphError(PinchpointError):
    """An id, length or shape that does not fit the graph."""


class CapacityError(PinchpointError):
    """A capacity that is negative, not a number, or not representable."""


class CapacityOverflowError(CapacityError):
    """A total capacity that does not fit the integers used for it."""


class UnitError(PinchpointError):
    """A bandwidth without a unit, or with an ambiguous one."""


class SelectionError(PinchpointError):
    """An unknown name, a coordinate out of range, an empty or overlapping selection."""


class BuildError(PinchpointError):
    """A fabric that cannot be built as described."""


class CatalogueError(PinchpointError):
    """A cluster or hardware name that the catalogue does not hold, or options it refuses."""


class UnboundedError(PinchpointError):
    """A flow that no cut bounds: a path of infinite capacity joins source and sink."""


class SizeLimitError(PinchpointError):
    """A result too large for the memory limit, found before anything was allocated."""


class FormatError(PinchpointError):
    """A file that cannot be read; the message starts with file and line."""


class TimeLimitError(PinchpointError):
    """The time limit was reached before an exact answer."""


class ScenarioError(PinchpointError):
    """A scenario that does not fit the fabric, or a policy that contradicts itself."""


class StudyError(PinchpointError):
    """A study that cannot go on: another study's file, a full disk, workers that died."""


class CertificateError(PinchpointError):
    """An answer that its independent checker refused. Always a bug: please report it."""
