"""Random numbers that are the same on every machine and for every numpy."""

from __future__ import annotations

from pinchpoint._core import SplitMix64

__all__ = ["SplitMix64", "seeded"]

_MASK = (1 << 64) - 1


def seeded(*parts: int) -> SplitMix64:
    """Return a stream for a study's seed and a scenario's index, unrelated to its neighbours."""
    state = 0
    for part in parts:
        state = SplitMix64(state ^ (part & _MASK)).bits()
    return SplitMix64(state)
