"""Sizes are estimated before anything is allocated, by the rule of the core."""

from __future__ import annotations

from pinchpoint import _core

__all__ = ["check", "check_pairs"]

# What listing a pair takes at its peak: ends and rate, and those of one step before.
_PAIR_BYTES = 64


def check(what: str, num_bytes: int) -> None:
    """Refuse what would need more than 80 % of the memory that is available now.

    Raises
    ------
    SizeLimitError
        With the estimate and the limit.
    """
    _core.check_memory(what, num_bytes, _available)


def check_pairs(count: int) -> None:
    """Refuse to list more pairs of nodes than memory holds."""
    check(f"listing {count:,} pairs of nodes", count * _PAIR_BYTES)


def _available() -> int:
    """Bytes available to new work."""
    return _core.available_memory()
