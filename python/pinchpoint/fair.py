"""Max-min fair rates: what each flow gets when flows share links."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint import _core
from pinchpoint._result import TabularResult, checked
from pinchpoint._validation import as_floats
from pinchpoint._wording import counted
from pinchpoint.errors import GraphError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    Flows = Sequence[Sequence[int]] | npt.NDArray[np.integer[Any]] | Any

__all__ = ["FairCertificate", "FairRates", "max_min_fair"]


@dataclass(frozen=True)
class FairCertificate:
    """What proves that rates are max-min fair, already checked by independent code.

    Each flow has its whole demand, or uses a full link on which no flow has more for its weight.

    Attributes
    ----------
    limited : int
        Flows that a full link limits; :attr:`FairRates.limits` names it.
    satisfied : int
        Flows that have their whole demand.
    """

    limited: int
    satisfied: int


class FairRates(TabularResult):
    """Max-min fair rates, checked; what :func:`max_min_fair` returns. Its table has a row per flow.

    Attributes
    ----------
    rates : ndarray of float64, shape (flows,)
        Rate of each flow, in the unit of the capacities.
    limits : ndarray of int64, shape (flows,)
        The full link that keeps the flow from getting more; -1 where it has its whole demand.
    loads : ndarray of float64, shape (links,)
        What each link carries.
    """

    _answer: _core.FairAnswer
    _question: tuple[Any, ...]

    def __init__(self, answer: _core.FairAnswer, question: tuple[Any, ...]) -> None:
        object.__setattr__(self, "_answer", answer)
        object.__setattr__(self, "_question", question)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a result cannot be changed")

    @cached_property
    def rates(self) -> npt.NDArray[np.float64]:
        """Rate of each flow, in the unit of the capacities."""
        return _frozen(self._answer.rates())

    @cached_property
    def limits(self) -> npt.NDArray[np.int64]:
        """The full link that limits each flow; -1 where it has its whole demand."""
        return _frozen(self._answer.limits())

    @cached_property
    def loads(self) -> npt.NDArray[np.float64]:
        """What each link carries, in the unit of the capacities."""
        return _frozen(self._answer.loads())

    @property
    def certificate(self) -> FairCertificate:
        """What proves the answer."""
        satisfied = int((self.limits < 0).sum())
        return FairCertificate(self.limits.size - satisfied, satisfied)

    def verify(self) -> None:
        """Check the rates again, against the definition and with independent code.

        Raises
        ------
        CertificateError
            The rates are wrong: a bug.
        """
        self._answer.verify()

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "rates": self.rates.tolist(),
            "limits": self.limits.tolist(),
            "loads": self.loads.tolist(),
            "certificate": checked(self.certificate),
        }

    def _columns(self) -> dict[str, Any]:
        return {"flow": np.arange(self.rates.size), "rate": self.rates, "limit": self.limits}

    def __reduce__(self) -> tuple[Any, ...]:
        return _ask, self._question

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FairRates):
            return NotImplemented
        return np.array_equal(self.rates, other.rates) and np.array_equal(self.limits, other.limits)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if not self.rates.size:
            return "FairRates(no flow)"
        low, mean, high = self.rates.min(), self.rates.mean(), self.rates.max()
        flows = counted(self.rates.size, "flow")
        return f"FairRates({flows}: {low:.6g} to {high:.6g}, mean {mean:.6g})"


def max_min_fair(
    capacity: npt.ArrayLike,
    flows: Flows,
    weights: npt.ArrayLike | None = None,
    demands: npt.ArrayLike | None = None,
    *,
    time_limit: float | None = None,
) -> FairRates:
    """Share links fairly: no flow can get more without taking from one that has no more.

    Parameters
    ----------
    capacity : array_like of float, shape (links,)
        Capacity of each link, in any unit; zero or more, infinity for no limit.
    flows : sequence of sequences of int, 2-D array of int, or SciPy sparse matrix
        The links each flow uses, by index. A link named twice carries the flow twice. A sparse
        matrix of shape (flows, links) says which part of a flow's rate each link carries, for flows
        that are spread over several paths; an entry of 0 is no use.
    weights : array_like of float, shape (flows,), optional
        Rates grow in proportion to these; above zero, none below 1e-100 of the largest. Default 1.
    demands : array_like of float, shape (flows,), optional
        The most each flow takes, in the unit of the capacities. Default no limit.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    FairRates
        Checked against the definition before it is handed out.

    Raises
    ------
    GraphError
        A link that does not exist, or lengths that do not fit.
    CapacityError
        A capacity, weight or demand that is negative or not a number.
    UnboundedError
        A flow that uses no link of finite capacity and has no demand.
    TimeLimitError
        The time limit was reached.

    Notes
    -----
    Progressive filling [1]_: all rates grow together, in proportion to the weights, until a link is
    full or a demand is met; what is held back stays. The rates are unique and do not depend on the
    order of flows or links. Cost O(entries + events log links); a million flows over six links each
    take seconds. The check: no link over its capacity, no flow over its demand, and every flow at
    its demand or on a full link where no flow has more for its weight, each within 1e-9.

    References
    ----------
    .. [1] D. Bertsekas and R. Gallager, Data Networks, 2nd ed., section 6.5.2, 1992.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.max_min_fair([1.0, 2.0], [[0], [1], [0, 1]]).rates
    array([0.5, 1.5, 0.5])
    >>> pp.max_min_fair([1.0, 2.0], [[0], [1], [0, 1]], demands=[0.1, 9, 9]).rates
    array([0.1, 1.1, 0.9])
    """
    limits = as_floats("capacity", capacity)
    first, links, shares = _entries(flows, limits.size)
    count = first.size - 1
    own_weights = _per_flow("weights", weights, count)
    own_demands = _per_flow("demands", demands, count)
    return _ask(limits, first, links, shares, own_weights, own_demands, time_limit)


def _per_flow(
    name: str, values: npt.ArrayLike | None, count: int
) -> npt.NDArray[np.float64] | None:
    if values is None:
        return None
    array = as_floats(name, values)
    if array.size != count:
        entries = counted(array.size, "entry", "entries")
        raise GraphError(f"{name} has {entries} for {counted(count, 'flow')}")
    return array


def _ask(
    capacity: npt.NDArray[np.float64],
    first: npt.NDArray[np.int64],
    links: npt.NDArray[np.int64],
    shares: npt.NDArray[np.float64] | None,
    weights: npt.NDArray[np.float64] | None,
    demands: npt.NDArray[np.float64] | None,
    time_limit: float | None = None,
) -> FairRates:
    question = (capacity, first, links, shares, weights, demands)
    return FairRates(_core.max_min_fair(*question, time_limit), question)


def _entries(
    flows: Flows, num_links: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64] | None]:
    """Offsets, link ids and shares of the flows."""
    if hasattr(flows, "tocsr"):
        matrix = flows.tocsr()
        if matrix.shape[1] != num_links:
            raise GraphError(
                f"flows has {counted(matrix.shape[1], 'column')} for "
                f"{counted(num_links, 'link')}; a sparse matrix has "
                "a row per flow and a column per link"
            )
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        if (matrix.data == 0).any():
            matrix = matrix.copy()
            matrix.eliminate_zeros()
        shares = as_floats("shares", matrix.data)
        return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), shares
    if isinstance(flows, np.ndarray) and flows.dtype != object:
        if flows.ndim != 2:
            raise GraphError(
                f"flows has {counted(flows.ndim, 'dimension')}; an array has a row per flow"
            )
        if flows.size and flows.dtype.kind not in "iu":
            raise InputTypeError(f"flows has dtype {flows.dtype}; links are named by index")
        rows, width = flows.shape
        first = np.arange(rows + 1, dtype=np.int64) * width
        return first, np.ascontiguousarray(flows, np.int64).ravel(), None
    return _listed(flows)


def _listed(
    flows: Iterable[Iterable[int]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], None]:
    try:
        rows: list[Any] = [row if isinstance(row, list | tuple) else list(row) for row in flows]
    except TypeError:
        raise InputTypeError(
            "flows must be a sequence with the links of each flow, such as [[0], [0, 1]]"
        ) from None
    first = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=first[1:])
    try:
        links = np.array(list(chain.from_iterable(rows)))
    except ValueError:
        raise InputTypeError("flows must hold the indices of links") from None
    if links.size == 0:
        return first, np.zeros(0, np.int64), None
    if links.ndim != 1 or links.dtype.kind not in "iu":
        raise InputTypeError(f"flows holds {links.dtype}; links are named by index")
    if links.dtype.kind == "u" and int(links.max()) >= 1 << 63:
        raise GraphError(f"flows uses link {links.max()}, which is no index")
    return first, links.astype(np.int64), None


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
