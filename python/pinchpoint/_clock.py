"""What is left of a time limit."""

from __future__ import annotations

import time

from pinchpoint._validation import as_time_limit
from pinchpoint.errors import TimeLimitError

__all__ = ["Clock"]


class Clock:
    """Counts from when it is made; None is no limit."""

    def __init__(self, limit: float | None) -> None:
        self.limit, self.start = as_time_limit(limit), time.monotonic()

    @property
    def left(self) -> float | None:
        """Seconds left, zero once it is over."""
        if self.limit is None:
            return None
        return max(0.0, self.limit - (time.monotonic() - self.start))

    def check(self) -> None:
        """Stop where nothing is left.

        Raises
        ------
        TimeLimitError
            The time limit was reached.
        """
        if self.left == 0:
            raise TimeLimitError("the time limit was reached before the answer was exact")
