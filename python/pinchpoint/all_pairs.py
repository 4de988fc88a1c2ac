"""Bandwidth between all pairs of nodes, one flow for each kind of pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pinchpoint import _core
from pinchpoint._result import RepeatableResult, checked
from pinchpoint._wording import counted
from pinchpoint.bandwidth import FlowsCertificate, exact_kbit
from pinchpoint.errors import SelectionError, SizeLimitError
from pinchpoint.units import format_bandwidth

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    import numpy.typing as npt

    from pinchpoint.fabric import Ends, Fabric

__all__ = ["AllPairs", "PairOrbit", "all_pairs"]

_MATRIX_LIMIT = 8_000_000_000
_ROWS = 256


@dataclass(frozen=True)
class PairOrbit:
    """Pairs of nodes that a symmetry of the fabric maps to each other.

    Attributes
    ----------
    example : tuple of int
        Ids of the pair that was solved.
    pairs : int
        Number of ordered pairs.
    kbit_per_s : int or Fraction
        Exact bandwidth of each.
    """

    example: tuple[int, int]
    pairs: int
    kbit_per_s: int | Fraction

    @property
    def gbit_per_s(self) -> float:
        """Bandwidth of each in Gbit/s."""
        return float(self.kbit_per_s / 1_000_000)


class AllPairs(RepeatableResult):
    """Bandwidth between all pairs of some nodes. Its table has a row per orbit of pairs.

    Attributes
    ----------
    nodes : ndarray of uint64, shape (n,)
        Ids of the nodes, in increasing order.
    orbits : tuple of PairOrbit
        Each pair is in one of them; one flow was solved, and checked, for each.
    """

    __slots__ = ("_answer", "_question", "nodes", "orbits")

    nodes: npt.NDArray[np.uint64]
    orbits: tuple[PairOrbit, ...]
    _answer: _core.AllPairs
    _question: tuple[Any, ...]

    def __init__(
        self,
        answer: _core.AllPairs,
        nodes: npt.NDArray[np.uint64],
        orbits: tuple[PairOrbit, ...],
        question: tuple[Any, ...],
    ) -> None:
        nodes.flags.writeable = False
        object.__setattr__(self, "_answer", answer)
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "orbits", orbits)
        object.__setattr__(self, "_question", question)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a result cannot be changed")

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def least(self) -> PairOrbit:
        """The orbit with the smallest bandwidth; the first of several."""
        return min(self.orbits, key=lambda orbit: orbit.kbit_per_s)

    @property
    def certificate(self) -> FlowsCertificate:
        """What proves the answer: a flow and a cut for each orbit."""
        return FlowsCertificate(len(self.orbits))

    def _again(self) -> AllPairs:
        fabric, nodes, forwarding = self._question
        return all_pairs(fabric, nodes, forwarding, None)

    def orbit(self, a: int, b: int, /) -> PairOrbit:
        """Return the orbit of a pair of nodes.

        Parameters
        ----------
        a, b : int
            Node ids, both among :attr:`nodes`.

        Returns
        -------
        PairOrbit
            Its ``gbit_per_s`` is the bandwidth of the pair.

        Raises
        ------
        SelectionError
            A node that was not asked about, or the same node twice.
        """
        places = []
        for node in (a, b):
            place = int(self.nodes.searchsorted(node)) if node >= 0 else len(self.nodes)
            if place == len(self.nodes) or self.nodes[place] != node:
                raise SelectionError(
                    f"node {node} is not among the {counted(len(self.nodes), 'node')}"
                )
            places.append(place)
        found = self._answer.orbit(*places)
        if found is None:
            raise SelectionError(f"node {a} is given twice; a pair has two nodes")
        return self.orbits[found]

    @property
    def gbit_per_s(self) -> npt.NDArray[np.float64]:
        """Matrix by position of the nodes, shape (n, n), in Gbit/s; 0 on the diagonal.

        Written out when asked for; :class:`SizeLimitError` above 8 GB (31,622 nodes).
        """
        import numpy as np

        count = len(self.nodes)
        if 8 * count * count > _MATRIX_LIMIT:
            raise SizeLimitError(
                f"a matrix of {count} nodes takes {8 * count * count / 1e9:.1f} GB, the limit is "
                f"{_MATRIX_LIMIT / 1e9:.1f} GB; orbit(a, b) and orbits need none"
            )
        values = np.array([*(orbit.gbit_per_s for orbit in self.orbits), 0.0])
        matrix = np.empty((count, count))
        for first in range(0, count, _ROWS):
            last = min(first + _ROWS, count)
            own = values[self._answer.rows(first, last)]
            matrix[first:last] = own.reshape(last - first, count)
        return matrix

    @property
    def gbyte_per_s(self) -> npt.NDArray[np.float64]:
        """The same in GB/s."""
        matrix = self.gbit_per_s
        matrix /= 8
        return matrix

    def to_dict(self) -> dict[str, Any]:
        """Return the orbits as plain values."""
        return {**self._columns(), "certificate": checked(self.certificate)}

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "source": [orbit.example[0] for orbit in self.orbits],
            "sink": [orbit.example[1] for orbit in self.orbits],
            "pairs": [orbit.pairs for orbit in self.orbits],
            "gbit_per_s": [orbit.gbit_per_s for orbit in self.orbits],
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return all_pairs, (*self._question, None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AllPairs) and (
            self.orbits == other.orbits and self.nodes.tolist() == other.nodes.tolist()
        )

    def __hash__(self) -> int:
        return hash(self.orbits)

    def __repr__(self) -> str:
        most = max(orbit.kbit_per_s for orbit in self.orbits)
        low, high = format_bandwidth(self.least.kbit_per_s), format_bandwidth(most)
        size = f"{counted(len(self), 'node')}, {counted(len(self.orbits), 'orbit')}"
        return f"AllPairs({size}; least {low}, most {high})"


def all_pairs(fabric: Fabric, nodes: Ends, forwarding: str, time_limit: float | None) -> AllPairs:
    """Solve one flow for each orbit; see :meth:`Fabric.pairwise`."""
    import numpy as np

    chosen = fabric._ends(nodes, "groups")
    answer = _core.all_pairs(fabric._handle, chosen, forwarding, time_limit)
    ids = np.unique(np.concatenate([fabric._handle.node_ids(own) for own in chosen]))
    shift = fabric._handle.unit_shift
    orbits = tuple(
        PairOrbit((a, b), pairs, exact_kbit(value, shift)) for value, pairs, a, b in answer.orbits()
    )
    return AllPairs(answer, ids, orbits, (fabric, nodes, forwarding))
