"""Maximum flow and minimum cut over plain arrays of arcs, exact and checked."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pinchpoint import _core
from pinchpoint._result import TabularResult
from pinchpoint._suggest import shorten
from pinchpoint.errors import GraphError, InputTypeError

__all__ = ["FlowCertificate", "MaximumFlow", "MinimumCut", "maximum_flow", "minimum_cut"]

IdArray = npt.ArrayLike
NumberArray = npt.ArrayLike


class _Answer:
    """What a maximum flow and a minimum cut have in common."""

    __slots__ = ("_answer", "_arrays")
    _answer: _core.FlowAnswer
    _arrays: dict[str, npt.NDArray[Any]]

    def __init__(self, answer: _core.FlowAnswer) -> None:
        object.__setattr__(self, "_answer", answer)
        object.__setattr__(self, "_arrays", {})

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    @property
    def value(self) -> int | float:
        """The maximum flow and minimum cut: an exact int, or a float for float capacities."""
        return self._answer.value

    @property
    def error_bound(self) -> float:
        """How far `value` may be from exact, in the unit of the capacities; 0.0 if it is exact."""
        return self._answer.error_bound

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self._answer.num_nodes

    @property
    def num_arcs(self) -> int:
        """Number of arcs."""
        return self._answer.num_arcs

    def _array(self, name: str) -> npt.NDArray[Any]:
        """Return an array of the answer, made when first asked for.

        The lock of `functools.cached_property` would take longer than to make a small array.
        """
        if name not in self._arrays:
            array = getattr(self._answer, name)()
            array.setflags(write=False)
            self._arrays[name] = array
        return self._arrays[name]

    @property
    def source_side(self) -> npt.NDArray[np.bool_]:
        """By node: whether it is on the source side of the minimum cut. bool, shape (nodes,)."""
        return self._array("source_side")

    @property
    def cut_arcs(self) -> npt.NDArray[np.int64]:
        """Indices of the arcs that cross the minimum cut. int64, ascending."""
        return self._array("cut_arcs")

    @property
    def cut_nodes(self) -> npt.NDArray[np.int64]:
        """Nodes whose own capacity is part of the minimum cut. int64, ascending."""
        return self._array("cut_nodes")

    def verify(self) -> None:
        """Check the answer again with code that shares nothing with the solver.

        Raises
        ------
        CertificateError
            If the answer is wrong.
        """
        self._answer.verify()

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (type(self), self._answer.state()))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(self._answer == other._answer)

    __hash__ = None  # type: ignore[assignment]


class MinimumCut(_Answer):
    """A minimum cut; what `minimum_cut` returns.

    Attributes
    ----------
    value : int or float
        Its capacity.
    source_side : ndarray of bool, shape (nodes,)
        The source side.
    cut_arcs : ndarray of int64, shape (arcs across,)
        Arcs from the source side to the other, by index, ascending.
    cut_nodes : ndarray of int64, shape (nodes cut through,)
        Nodes whose own capacity is part of the cut, ascending.
    error_bound : float
        How far `value` may be from exact; 0.0 if it is exact.
    """

    def __repr__(self) -> str:
        return f"MinimumCut(value={self.value}, {_cut_size(self)})"

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, by name."""
        return {
            "value": self.value,
            "error_bound": self.error_bound,
            "cut_arcs": self.cut_arcs.tolist(),
            "cut_nodes": self.cut_nodes.tolist(),
            "source_side": self.source_side.tolist(),
        }


class MaximumFlow(_Answer, TabularResult):
    """A maximum flow with a minimum cut that proves it; what `maximum_flow` returns.

    Its table has a row per arc: tail, head, capacity, flow, in_cut.

    Attributes
    ----------
    value : int or float
        The value.
    flow : ndarray, shape (arcs,)
        Flow of each arc: int64, float64 for float capacities, object if an amount is above 2^63.
    source_side : ndarray of bool, shape (nodes,)
        The source side of the source-minimal minimum cut.
    cut_arcs : ndarray of int64, shape (arcs across,)
        Arcs from the source side to the other, by index, ascending.
    cut_nodes : ndarray of int64, shape (nodes cut through,)
        Nodes whose own capacity is part of the cut, ascending.
    certificate : FlowCertificate
        Flow and cut, and the check that was made.
    error_bound : float
        How far `value` may be from exact; 0.0 if it is exact.
    """

    @property
    def flow(self) -> npt.NDArray[Any]:
        """Flow of each arc, in the unit of the capacities. Shape (arcs,)."""
        return self._array("flow")

    @property
    def certificate(self) -> "FlowCertificate":
        """The flow and the cut, which prove each other optimal."""
        return FlowCertificate(self)

    def __repr__(self) -> str:
        return (
            f"MaximumFlow(value={self.value}, arcs={self.num_arcs}, nodes={self.num_nodes}, "
            f"{_cut_size(self)})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, by name."""
        return {
            "value": self.value,
            "error_bound": self.error_bound,
            "flow": self.flow.tolist(),
            "cut_arcs": self.cut_arcs.tolist(),
            "cut_nodes": self.cut_nodes.tolist(),
            "source_side": self.source_side.tolist(),
            "certificate": {"checked": True},
        }

    def _columns(self) -> dict[str, npt.NDArray[Any]]:
        in_cut = np.zeros(self.num_arcs, np.bool_)
        in_cut[self.cut_arcs] = True
        return {
            "tail": self._answer.tails(),
            "head": self._answer.heads(),
            "capacity": self._answer.capacity(),
            "flow": self.flow,
            "in_cut": in_cut,
        }


class FlowCertificate:
    """A flow and a cut of the same capacity: each proves the other optimal.

    It was checked when the answer was made; `verify` checks again.
    """

    __slots__ = ("_result",)

    def __init__(self, result: MaximumFlow) -> None:
        self._result = result

    @property
    def value(self) -> int | float:
        """What the flow carries and the cut allows."""
        return self._result.value

    @property
    def flow(self) -> npt.NDArray[Any]:
        """The feasible flow."""
        return self._result.flow

    @property
    def source_side(self) -> npt.NDArray[np.bool_]:
        """The cut."""
        return self._result.source_side

    def verify(self) -> None:
        """Check that the flow is feasible and that flow and cut have the same value."""
        self._result.verify()

    def __repr__(self) -> str:
        return f"FlowCertificate(value={self.value}, checked=True)"


def _cut_size(answer: _Answer) -> str:
    inside = int(answer.source_side.sum())
    nodes = "node" if inside == 1 else "nodes"
    return f"cut_arcs={len(answer.cut_arcs)}, source_side={inside} {nodes}"


def _restore(kind: type[_Answer], state: tuple[Any, ...]) -> _Answer:
    return kind(_core.FlowAnswer.restore(state))


def _node_count(num_nodes: int | None) -> int | None:
    if num_nodes is None:
        return None
    if type(num_nodes) is not int and (
        not isinstance(num_nodes, int | np.integer) or isinstance(num_nodes, bool | np.bool_)
    ):
        raise InputTypeError(f"num_nodes is {shorten(num_nodes)}; it must be an integer")
    if not 0 <= num_nodes < 2**32:
        raise GraphError(f"num_nodes is {shorten(num_nodes)}; it must be in 0..2^32 - 1")
    return int(num_nodes)


def maximum_flow(
    tails: IdArray,
    heads: IdArray,
    capacity: NumberArray,
    source: int | IdArray,
    sink: int | IdArray,
    num_nodes: int | None = None,
    *,
    supplies: NumberArray | None = None,
    demands: NumberArray | None = None,
    node_capacity: NumberArray | None = None,
    time_limit: float | None = None,
) -> MaximumFlow:
    """Send as much as possible from source to sink.

    Parameters
    ----------
    tails, heads : array_like of int, shape (arcs,)
        End nodes of each arc, in ``0..num_nodes - 1``. Parallel and antiparallel arcs count
        each; loops are allowed and carry nothing.
    capacity : array_like of int or float, shape (arcs,)
        Capacity of each arc, zero or more, in any unit. Integers are exact, also above 2^63;
        ``inf`` is no limit.
    source, sink : int or array_like of int
        Where flow starts and ends. Several nodes act together.
    num_nodes : int, optional
        Number of nodes; the largest id of an arc plus one by default.
    supplies, demands : array_like, optional
        How much each source may send, each sink may take, at most; ``inf`` is no limit, the
        default for all.
    node_capacity : array_like, shape (num_nodes,), optional
        How much may flow through each node at most, what a terminal itself sends or takes
        included; ``inf`` is no limit, the default for all.
    time_limit : float, optional
        Seconds after which to give up.

    Returns
    -------
    MaximumFlow
        Value, flow, and the source-minimal minimum cut, checked by independent code.

    Raises
    ------
    GraphError
        If lengths differ, an id is no node, or source and sink are not apart. Up to ten faults
        are named at once.
    CapacityError
        If a capacity or limit is negative or not a number.
    InputTypeError
        If ids are not integers or capacities are not numbers.
    UnboundedError
        If a path without limits joins source and sink.
    TimeLimitError
        If `time_limit` has passed.

    Notes
    -----
    Float capacities are scaled to integers by a power of two, which is exact unless they span
    more than 100 bits; `MaximumFlow.error_bound` says what rounding may have cost. Highest-label
    pseudoflow [1]_ takes O(n² m) time at worst. The same input gives the same bytes, whatever
    the number of threads.

    References
    ----------
    .. [1] B. G. Chandran and D. S. Hochbaum, "A computational study of the pseudoflow and
       push-relabel algorithms for the maximum flow problem", Operations Research 57 (2009),
       358-376.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> res = pp.maximum_flow([0, 0, 1, 2], [1, 2, 3, 3], [4, 2, 3, 5], 0, 3)
    >>> res.value
    5
    >>> res.flow
    array([3, 2, 3, 2])
    >>> res.cut_arcs
    array([1, 2])
    """
    arcs = (tails, heads, capacity)
    limits = (supplies, demands, node_capacity)
    count = _node_count(num_nodes)
    return MaximumFlow(_core.maximum_flow(arcs, (source, sink), limits, count, True, time_limit))


def minimum_cut(
    tails: IdArray,
    heads: IdArray,
    capacity: NumberArray,
    source: int | IdArray,
    sink: int | IdArray,
    num_nodes: int | None = None,
    *,
    supplies: NumberArray | None = None,
    demands: NumberArray | None = None,
    node_capacity: NumberArray | None = None,
    time_limit: float | None = None,
) -> MinimumCut:
    """Find the cheapest set of arcs that separates source and sink.

    Parameters
    ----------
    tails, heads, capacity, source, sink, num_nodes
        As in :func:`maximum_flow`.
    supplies, demands, node_capacity, time_limit
        As in :func:`maximum_flow`.

    Returns
    -------
    MinimumCut
        The source-minimal minimum cut, checked by independent code.

    Raises
    ------
    PinchpointError
        What :func:`maximum_flow` raises, for the same reasons.

    Notes
    -----
    Takes as long as :func:`maximum_flow`, O(n² m) time at worst: a flow is what proves the cut.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> cut = pp.minimum_cut([0, 0, 1, 2], [1, 2, 3, 3], [4, 2, 3, 5], 0, 3)
    >>> cut.value, cut.cut_arcs.tolist(), cut.source_side.tolist()
    (5, [1, 2], [True, True, False, False])
    """
    arcs = (tails, heads, capacity)
    limits = (supplies, demands, node_capacity)
    count = _node_count(num_nodes)
    return MinimumCut(_core.maximum_flow(arcs, (source, sink), limits, count, True, time_limit))
