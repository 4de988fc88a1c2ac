"""One published figure, with what it takes to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pinchpoint.errors import CapacityError, UnitError
from pinchpoint.units import parse_bandwidth

__all__ = ["Direction", "Figure", "Status", "Value", "assumed"]

Status: TypeAlias = Literal["primary", "secondary", "derived", "announced", "assumed"]
Direction: TypeAlias = Literal["per direction", "both directions", "memory", ""]
Value: TypeAlias = int | float | str | tuple[int, ...]


@dataclass(frozen=True)
class Figure:
    """A value with unit, direction, status and source.

    Parameters
    ----------
    name : str
        Name of the figure in its entry, such as ``"cross_rack"``.
    value : int, float, str or tuple of int
        The value, in `unit`; a tuple for a shape or for several counts.
    unit : str
        Unit, such as ``"GB/s"``, ``"TFLOPS"`` or the counted thing in the plural.
    direction : {"per direction", "both directions", "memory", ""}
        What a bandwidth counts; empty for any other figure.
    status : {"primary", "secondary", "derived", "announced", "assumed"}
        Who says so: the maker, someone else, arithmetic on the others, an announcement of a
        product to come, or nobody (a default of a builder; never in ``pinchpoint.hardware``).
    sources : tuple of str
        Citations.
    note : str, default ""
        What to know before using it.
    others : tuple of Figure, default ()
        Published values that conflict with this one, which is the default.

    Examples
    --------
    >>> link = Figure("link", 100, "GB/s", "both directions", "primary", ("a data sheet",))
    >>> link.per_direction, link.kbit_per_s
    ('400Gb/s', 400000000)
    """

    name: str
    value: Value
    unit: str
    direction: Direction
    status: Status
    sources: tuple[str, ...] = ()
    note: str = ""
    others: tuple[Figure, ...] = ()

    @property
    def source(self) -> str:
        """The citations as one text."""
        return "; ".join(self.sources)

    @property
    def text(self) -> str:
        """The value with its unit, without the direction."""
        value = self.value
        if isinstance(value, tuple):
            value = (" x " if self.unit == "shape" else ", ").join(str(n) for n in value)
            return value if self.unit == "shape" else f"{value} {self.unit}"
        if isinstance(value, str):
            return value
        number = f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
        if self.unit == "%":
            return f"{number}%"
        counts = value == 1 and self.unit.isalpha() and len(self.unit) > 2
        return f"{number} {_one_of(self.unit) if counts else self.unit}"

    @property
    def kbit_per_s(self) -> int:
        """A bandwidth in kbit/s per direction, exact.

        Raises
        ------
        UnitError
            The figure is no bandwidth of a link, or its unit is a power of two.
        CapacityError
            Half of a figure for both directions is no whole kbit/s.
        """
        if self.direction not in ("per direction", "both directions"):
            raise UnitError(f"{self.name} ({self.text}) is no bandwidth of a link")
        total = parse_bandwidth(f"{self.value}{self.unit}")
        if self.direction == "per direction":
            return total
        if total % 2:
            raise CapacityError(f"half of {self.name} ({self.text}) is no whole kbit/s")
        return total // 2

    @property
    def per_direction(self) -> str:
        """A bandwidth as builders take it: exact, per direction, such as ``"400Gb/s"``."""
        whole, rest = divmod(self.kbit_per_s, 1_000_000)
        return f"{whole}.{rest:06}".rstrip("0").rstrip(".") + "Gb/s"

    def __str__(self) -> str:
        """Show name, value, direction and status on one line."""
        direction = f" {self.direction}" if self.direction else ""
        note = f"; {self.note}" if self.note else ""
        return f"{self.name}: {self.text}{direction} ({self.status}{note})"


def _one_of(unit: str) -> str:
    """Return the singular of a counted thing; other units do not end in "s"."""
    for plural, singular in (("leaves", "leaf"), ("switches", "switch")):
        if unit.endswith(plural):
            return unit.removesuffix(plural) + singular
    return unit.removesuffix("s")


def assumed(name: str, value: Value, unit: str, note: str, *, link: bool = False) -> Figure:
    """Make the figure of a builder's default that no source gives.

    Parameters
    ----------
    name : str
        What is assumed.
    value : int, float, str or tuple of int
        The default, in `unit`; a bandwidth is per direction.
    unit : str
        Its unit.
    note : str
        Why this value.
    link : bool, default False
        Whether it is a bandwidth of a link.

    Returns
    -------
    Figure
        A figure with status ``"assumed"``.

    Examples
    --------
    >>> print(assumed("switch radix", 256, "ports", "none is published"))
    switch radix: 256 ports (assumed; none is published)
    """
    direction: Direction = "per direction" if link else ""
    return Figure(name, value, unit, direction, "assumed", (), note)
