"""Find where a fabric pinches: exact, certified bandwidth answers for AI-cluster fabrics."""

from pinchpoint._core import __version__
from pinchpoint.errors import PinchpointError, UnboundedError

__all__ = ["PinchpointError", "UnboundedError", "__version__"]
