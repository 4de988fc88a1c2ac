"""Random numbers that are the same on every machine and for every numpy."""

from __future__ import annotations

import math

__all__ = ["SplitMix64", "seeded"]

_MASK = (1 << 64) - 1


class SplitMix64:
    """A stream of 64-bit numbers (Steele, Lea and Flood, OOPSLA 2014), as the core has it."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def bits(self) -> int:
        """Return the next 64 random bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, bound: int) -> int:
        """Return a uniform number below `bound`, at most 2^64, without bias (Lemire 2019)."""
        threshold = ((1 << 64) - bound) % bound
        while True:
            wide = self.bits() * bound
            if (wide & _MASK) >= threshold:
                return wide >> 64

    def unit(self) -> float:
        """Return a uniform number above 0 and at most 1, a multiple of 2^-53."""
        return ((self.bits() >> 11) + 1) * 2.0**-53

    def skips(self, probability: float) -> int:
        """Return how many trials fail before the next one that succeeds."""
        if probability >= 1:
            return 0
        return int(math.log(self.unit()) / math.log1p(-probability))


def seeded(*parts: int) -> SplitMix64:
    """Return a stream for a study's seed and a scenario's index, unrelated to its neighbours."""
    state = 0
    for part in parts:
        state = SplitMix64(state ^ (part & _MASK)).bits()
    return SplitMix64(state)
