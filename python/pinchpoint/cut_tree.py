"""Minimum cuts between all pairs of nodes, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pinchpoint import _core
from pinchpoint._patterns import num_nodes
from pinchpoint._result import RepeatableResult, checked
from pinchpoint._wording import counted
from pinchpoint.bandwidth import FlowsCertificate, exact_kbit
from pinchpoint.errors import SelectionError, SizeLimitError
from pinchpoint.selection import Selection
from pinchpoint.units import format_bandwidth

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    import numpy.typing as npt

    from pinchpoint.fabric import Ends, Fabric

__all__ = ["CutTree", "cut_tree"]

_LIMIT = 8_000_000_000
# Nodes times links, at most: minutes where flows touch little, as on a Clos of 131,072 chips.
_WORK = 100_000_000_000


@dataclass(frozen=True, eq=False, repr=False)
class CutTree(RepeatableResult):
    """A Gomory-Hu tree: the minimum cut of two nodes is the least on the way between them.

    If it spans all nodes of the fabric, taking an edge away leaves the two sides of a minimum cut
    between the edge's ends. Its table has a row per edge.

    Attributes
    ----------
    fabric : Fabric
        The fabric it is about.
    nodes : ndarray of int64, shape (n,)
        Ids of the nodes it spans, in increasing order.
    parent : ndarray of int64, shape (n,)
        Id of the next node toward the root ``nodes[0]``, which is its own parent.
    kbit_per_s : tuple of int or Fraction
        Exact minimum cut between each node and its parent; 0 for the root.
    """

    fabric: Fabric
    nodes: npt.NDArray[np.int64]
    parent: npt.NDArray[np.int64]
    kbit_per_s: tuple[int | Fraction, ...]
    _question: tuple[Any, ...]

    def __post_init__(self) -> None:
        for array in (self.nodes, self.parent):
            array.flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        return CutTree, (self.fabric, self.nodes, self.parent, self.kbit_per_s, self._question)

    @property
    def value(self) -> npt.NDArray[np.float64]:
        """Minimum cut between each node and its parent in Gbit/s, shape (n,); 0 for the root."""
        import numpy as np

        return np.array([float(kbit / 1_000_000) for kbit in self.kbit_per_s])

    def min_cut(self, a: Ends, b: Ends, /) -> float:
        """Return the minimum cut between two nodes, in Gbit/s.

        Parameters
        ----------
        a, b : Selection, str or node id
            One node each, both in the tree.

        Returns
        -------
        float

        Raises
        ------
        SelectionError
            More than one node, a node that is not in the tree, or the same node twice.
        """
        return float(self.exact_min_cut(a, b) / 1_000_000)

    def exact_min_cut(self, a: Ends, b: Ends, /) -> int | Fraction:
        """Return the minimum cut between two nodes exactly, in kbit/s."""
        place, other = self._place(a), self._place(b)
        if place == other:
            raise SelectionError(f"node {self.nodes[place]} is given twice; a cut has two sides")
        up, down = self._way(place), self._way(other)
        while up and down and up[-1] == down[-1]:
            up.pop()
            down.pop()
        return min(self.kbit_per_s[at] for at in up + down)

    def _place(self, end: Ends) -> int:
        ids = [
            int(node)
            for own in self.fabric._ends(end, "node")
            for node in self.fabric._handle.node_ids(own)
        ]
        if len(ids) != 1:
            raise SelectionError(f"{end!r} is {len(ids)} nodes; a minimum cut is between two")
        place = int(self.nodes.searchsorted(ids[0]))
        if place == len(self.nodes) or self.nodes[place] != ids[0]:
            raise SelectionError(f"node {ids[0]} is not in the tree")
        return place

    def _way(self, place: int) -> list[int]:
        """Positions from a node to the root, the root left out."""
        way = []
        while place:
            way.append(place)
            place = int(self.nodes.searchsorted(self.parent[place]))
        return way

    @property
    def certificate(self) -> FlowsCertificate:
        """What proves the answer: a flow and a cut for each edge of the tree."""
        return FlowsCertificate(len(self.nodes) - 1)

    def _again(self) -> CutTree:
        nodes, forwarding = self._question
        return cut_tree(self.fabric, nodes, forwarding, None)

    def to_dict(self) -> dict[str, Any]:
        """Return the edges as plain values."""
        return {**self._columns(), "certificate": checked(self.certificate)}

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "node": self.nodes[1:].tolist(),
            "parent": self.parent[1:].tolist(),
            "gbit_per_s": self.value[1:].tolist(),
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CutTree) and (
            self.nodes.tolist() == other.nodes.tolist()
            and self.parent.tolist() == other.parent.tolist()
            and self.kbit_per_s == other.kbit_per_s
        )

    def __hash__(self) -> int:
        return hash(self.kbit_per_s)

    def __repr__(self) -> str:
        low, high = (format_bandwidth(one(self.kbit_per_s[1:])) for one in (min, max))
        return f"CutTree({counted(len(self.nodes), 'node')}; least {low}, most {high})"


def cut_tree(
    fabric: Fabric, nodes: Ends | None, forwarding: str, time_limit: float | None
) -> CutTree:
    """Build the tree; see :meth:`Fabric.cut_tree`."""
    chosen = None if nodes is None else fabric._ends(nodes, "nodes")
    count = fabric.num_nodes if chosen is None else num_nodes(chosen)
    if count * fabric.num_links > _WORK:
        raise SizeLimitError(
            f"a cut tree over {count:,} nodes takes a flow for each over {fabric.num_links:,} "
            f"links, {count * fabric.num_links:.2g} in all; the limit is {_WORK:.0e}. Fewer nodes "
            "need less, and so does pairwise('chip') on a structured fabric"
        )
    ids, place, values = _core.cut_tree(fabric._handle, chosen, forwarding, _LIMIT, time_limit)
    own = ids.astype("int64")
    shift = fabric._handle.unit_shift
    exact = tuple(exact_kbit(value, shift) for value in values.tolist())
    ends = None if chosen is None else [Selection(part) for part in chosen]
    return CutTree(fabric, own, own[place], exact, (ends, forwarding))
