"""Sizes are estimated before anything is allocated, as in the core."""

from __future__ import annotations

from pathlib import Path

from pinchpoint.errors import SizeLimitError

__all__ = ["check", "check_pairs"]

# Estimates up to this are never refused.
_ALWAYS = 256 << 20
# The limit where the machine does not say how much memory it has.
_FALLBACK = 16 << 30
# What listing a pair takes at its peak: ends and rate, and those of one step before.
_PAIR_BYTES = 64


def check(what: str, num_bytes: int) -> None:
    """Refuse what would need more than 80 % of the memory that is available now.

    Raises
    ------
    SizeLimitError
        With the estimate and the limit.
    """
    if num_bytes <= _ALWAYS:
        return
    limit = _available() * 4 // 5
    if num_bytes > limit:
        raise SizeLimitError(
            f"{what} needs about {num_bytes / 1e9:.1f} GB of memory; the limit is "
            f"{limit / 1e9:.1f} GB"
        )


def check_pairs(count: int) -> None:
    """Refuse to list more pairs of nodes than memory holds."""
    check(f"listing {count:,} pairs of nodes", count * _PAIR_BYTES)


def _available() -> int:
    """Bytes available to new work, where the system says so."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.removesuffix("kB")) << 10
    except (OSError, ValueError):
        pass
    return _FALLBACK
