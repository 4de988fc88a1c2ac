"""Bandwidth between halves of the chips, and between every two of many selections."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pinchpoint._result import RepeatableResult, TabularResult, checked
from pinchpoint.bandwidth import FlowsCertificate
from pinchpoint.units import format_bandwidth

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    import numpy.typing as npt

    from pinchpoint.bandwidth import Bandwidth, Bottleneck, Certificate

__all__ = ["Bisection", "BisectionSplit", "Pairwise"]


@dataclass(frozen=True)
class BisectionSplit:
    """One split of the chips into a lower and an upper half, and the bandwidth between them.

    Attributes
    ----------
    by : str
        The coordinate that is split.
    lower, upper : slice
        Its values in each half; with an odd size the middle value is in neither.
    bandwidth : Bandwidth
        Max flow from the lower to the upper half.
    """

    by: str
    lower: slice
    upper: slice
    bandwidth: Bandwidth

    def __str__(self) -> str:
        low = f"{self.lower.start}-{self.lower.stop - 1}"
        high = f"{self.upper.start}-{self.upper.stop - 1}"
        value = format_bandwidth(self.bandwidth.kbit_per_s)
        return f"{self.by} {low} against {high}: {value}"


@dataclass(frozen=True, repr=False)
class Bisection(TabularResult):
    """Bandwidth between halves of the chips, for each way the coordinates split them.

    The worst over all partitions is NP-hard to find; these are the contiguous halves, and
    :attr:`split` says which of them is the smallest. Its table has a row per split.

    Attributes
    ----------
    splits : tuple of BisectionSplit
        One per coordinate that was split.
    """

    splits: tuple[BisectionSplit, ...]

    @property
    def split(self) -> BisectionSplit:
        """The split with the smallest bandwidth; the first of several."""
        return min(self.splits, key=lambda split: split.bandwidth.kbit_per_s)

    @property
    def bandwidth(self) -> Bandwidth:
        """The smallest bandwidth."""
        return self.split.bandwidth

    @property
    def gbit_per_s(self) -> float:
        """The smallest bandwidth in Gbit/s, per direction."""
        return self.bandwidth.gbit_per_s

    @property
    def gbyte_per_s(self) -> float:
        """The smallest bandwidth in GB/s, per direction."""
        return self.bandwidth.gbyte_per_s

    @property
    def bottleneck(self) -> Bottleneck:
        """Where the smallest one pinches."""
        return self.bandwidth.bottleneck

    @property
    def certificate(self) -> Certificate:
        """What proves the smallest bandwidth; the other splits have theirs."""
        return self.bandwidth.certificate

    def verify(self) -> None:
        """Check every split's flow and cuts again with independent code.

        Raises
        ------
        CertificateError
            The answer is wrong: a bug.
        """
        for split in self.splits:
            split.bandwidth.verify()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "gbit_per_s": self.gbit_per_s,
            "split": str(self.split),
            "table": self._columns(),
            "certificate": self.bandwidth.to_dict()["certificate"],
        }

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "by": [split.by for split in self.splits],
            "half": [split.lower.stop - split.lower.start for split in self.splits],
            "gbit_per_s": [split.bandwidth.gbit_per_s for split in self.splits],
            "bottleneck": [str(split.bandwidth.bottleneck) for split in self.splits],
        }

    def __repr__(self) -> str:
        return f"Bisection({self.split})"


@dataclass(frozen=True, repr=False)
class Pairwise(RepeatableResult):
    """Bandwidth between every two of many selections. Its table has a row per ordered pair.

    Attributes
    ----------
    kbit_per_s : tuple of tuples of int or Fraction
        Exact values from row to column; 0 on the diagonal.
    """

    kbit_per_s: tuple[tuple[int | Fraction, ...], ...]
    _question: tuple[Any, ...] = field(compare=False)

    @property
    def gbit_per_s(self) -> npt.NDArray[np.float64]:
        """Shape (selections, selections), from row to column, in Gbit/s; 0 on the diagonal."""
        import numpy as np

        return np.array([[float(kbit / 1_000_000) for kbit in row] for row in self.kbit_per_s])

    @property
    def gbyte_per_s(self) -> npt.NDArray[np.float64]:
        """The same in GB/s."""
        return self.gbit_per_s / 8

    @property
    def certificate(self) -> FlowsCertificate:
        """What proves the answer."""
        return FlowsCertificate(len(self.kbit_per_s) * (len(self.kbit_per_s) - 1))

    def _again(self) -> Pairwise:
        fabric, groups, forwarding = self._question
        again: Pairwise = fabric.pairwise(groups, forwarding=forwarding)
        return again

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain values."""
        return {**self._columns(), "certificate": checked(self.certificate)}

    def _columns(self) -> dict[str, list[Any]]:
        matrix = self.gbit_per_s
        pairs = [(i, j) for i in range(len(matrix)) for j in range(len(matrix)) if i != j]
        return {
            "source": [i for i, _ in pairs],
            "sink": [j for _, j in pairs],
            "gbit_per_s": [float(matrix[i, j]) for i, j in pairs],
        }

    def __repr__(self) -> str:
        values = [v for i, row in enumerate(self.kbit_per_s) for j, v in enumerate(row) if i != j]
        low, high = format_bandwidth(min(values)), format_bandwidth(max(values))
        return f"Pairwise({len(self.kbit_per_s)} selections; least {low}, most {high})"
