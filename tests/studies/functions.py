"""Questions and workers that tests send to other processes."""

import os
import signal
import time
from dataclasses import dataclass
from typing import ClassVar

from pinchpoint.query import Query


def chips(fabric):
    return fabric.num_chips


def fails_without_chips(fabric):
    if fabric.num_chips < 72:
        raise RuntimeError("a chip is missing")
    return 1.0


@dataclass(frozen=True)
class Slow(Query):
    """A slow query; the first worker to meet scenario number `kill_at` kills itself."""

    flag: str = ""
    seconds: float = 0.0
    columns: ClassVar[dict] = {"chips": "float"}

    def ask(self, fabric):
        time.sleep(self.seconds)
        if self.flag and fabric.num_chips < 72:
            try:
                os.close(os.open(self.flag, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        return {"chips": float(fabric.num_chips)}

    def describe(self):
        return {"query": "slow"}


@dataclass(frozen=True)
class Deadly(Slow):
    """Kills whoever asks it about a fabric without chip 0, each time."""

    def ask(self, fabric):
        if fabric.num_chips < 72:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"chips": float(fabric.num_chips)}


@dataclass(frozen=True)
class Broken(Slow):
    """A query of a user's that never works."""

    def ask(self, fabric):
        raise OSError("no licence")
