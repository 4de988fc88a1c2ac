"""What an importer returns."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pinchpoint._suggest import shorten
from pinchpoint._validation import as_number
from pinchpoint.errors import UnitError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric
    from pinchpoint.interop._report import Report
    from pinchpoint.traffic import Traffic

__all__ = ["Cables", "Demands", "Imported", "Paths"]


@dataclass(frozen=True)
class Cables:
    """Where the links of an import are plugged in, by link of the fabric.

    Attributes
    ----------
    port_a, port_b : tuple of str, one per link
        Ports at the tail and at the head.
    rate : tuple of str, one per link
        The rate as the tool calls it, such as "4x QDR".
    """

    port_a: tuple[str, ...]
    port_b: tuple[str, ...]
    rate: tuple[str, ...]


@dataclass(frozen=True)
class Demands:
    """Traffic that came with a file.

    Attributes
    ----------
    sources, sinks : ndarray of int64, shape (demands,)
        Node ids of the imported fabric.
    amount : ndarray of float64, shape (demands,)
        How much, in `unit`.
    unit : str
        ``"Gbit/s"`` or ``"bytes"``.
    """

    sources: npt.NDArray[np.int64]
    sinks: npt.NDArray[np.int64]
    amount: npt.NDArray[np.float64]
    unit: str

    def traffic(self, *, seconds: float | None = None) -> Traffic:
        """Make it traffic that :meth:`Fabric.congestion` and its kin take.

        Parameters
        ----------
        seconds : float, optional
            For demands in bytes, and only for those: the time in which they are to be sent, above
            zero.

        Returns
        -------
        Traffic
            Demands of a node to itself are left out.

        Raises
        ------
        UnitError
            Bytes without a time, a time for what is a rate already, or one that is not above zero.
        InputTypeError
            A time that is no number.

        Notes
        -----
        Takes O(demands) time and memory.

        Examples
        --------
        >>> import numpy as np, pinchpoint as pp
        >>> line = pp.Fabric.from_links([0, 1], [1, 2], 100.0)
        >>> sources, sinks, amount = np.array([0, 1]), np.array([2, 2]), np.array([5e9, 1e9])
        >>> own = pp.interop.Demands(sources, sinks, amount, "bytes")
        >>> line.congestion(own.traffic(seconds=1.0)).loads()[0].tolist()
        [40.0, 48.0]
        """
        from pinchpoint.traffic import pairs

        if (self.unit == "bytes") != (seconds is not None):
            raise UnitError(f"demands are in {self.unit}; seconds= goes with bytes only")
        if seconds is not None and not 0 < as_number("seconds", seconds) < math.inf:
            raise UnitError(f"seconds is {shorten(seconds)}; it must be finite and above zero")
        rate = self.amount if seconds is None else self.amount * 8e-9 / seconds
        apart = self.sources != self.sinks
        return pairs(self.sources[apart], self.sinks[apart], rate[apart])


@dataclass(frozen=True)
class Paths:
    """Forwarding paths that came with a file, one per ordered pair of nodes.

    Attributes
    ----------
    sources, sinks : ndarray of int64, shape (paths,)
        Node ids of the imported fabric.
    first : ndarray of int64, shape (paths + 1,)
        Path i is ``links[first[i]:first[i + 1]]``.
    links : ndarray of int64, shape (steps,)
        Links of the imported fabric in order; ``steps`` is ``first[-1]``.
    forward : ndarray of bool, shape (steps,)
        Whether the path goes from the tail of the link to its head.
    """

    sources: npt.NDArray[np.int64]
    sinks: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    links: npt.NDArray[np.int64]
    forward: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Imported:
    """A fabric and what else its file holds.

    Attributes
    ----------
    fabric : Fabric
        Its ``report`` is the same as here.
    report : Report
        What was read, guessed and skipped.
    demands : Demands or None
        Traffic, where the file gives some.
    paths : Paths or None
        Forwarding paths, where the file gives them.
    terminals : tuple of two int, or None
        Source and sink, where the file names them.
    cables : Cables or None
        Ports and rates, where the file gives them.
    """

    fabric: Fabric
    report: Report
    demands: Demands | None = field(default=None)
    paths: Paths | None = field(default=None)
    terminals: tuple[int, int] | None = field(default=None)
    cables: Cables | None = field(default=None)
