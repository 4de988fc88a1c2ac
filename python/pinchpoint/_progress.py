"""Signs of life on stderr while something takes long, on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["progress"]

_QUIET_SECONDS = 1.0


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Write `what` and the seconds so far to stderr, once a second after the first.

    Nothing is written where stderr is no terminal, and the line is gone when the work is done.
    """
    if not sys.stderr.isatty():
        yield
        return
    done, start = threading.Event(), time.monotonic()
    width = 0

    def tell() -> None:
        nonlocal width
        while not done.wait(_QUIET_SECONDS):
            line = f"{what}: {time.monotonic() - start:.0f} s"
            width = max(width, len(line))
            print(f"\r{line}", end="", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        if width:
            print("\r" + " " * width + "\r", end="", file=sys.stderr, flush=True)
