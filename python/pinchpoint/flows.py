"""What each flow of a traffic gets when flows share the links of a fabric fairly."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pinchpoint import _core
from pinchpoint._clock import Clock
from pinchpoint._patterns import _ids, check_traffic, each_to_each
from pinchpoint._result import TabularResult, checked
from pinchpoint._validation import as_floats, as_integer, as_seed, check_choice, check_flag
from pinchpoint._wording import counted
from pinchpoint.congestion import plan
from pinchpoint.errors import CapacityError, GraphError
from pinchpoint.fair import FairCertificate, FairRates, _ask
from pinchpoint.traffic import Traffic

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric

    Floats = npt.NDArray[np.float64]
    Ids = npt.NDArray[np.int64]

__all__ = ["Completion", "FlowRates", "FullLink"]

_ROUTINGS = ("single", "ecmp-hash", "ecmp")
# Rates below this part of the largest are rounding.
_SAME = 1e-12


class FullLink(NamedTuple):
    """A full link in one direction and the flows that it holds back.

    Attributes
    ----------
    bundle : str
        Its bundle.
    link : int
        Its place in the bundle, in materialize order.
    tail, head : str
        Names of the nodes it carries traffic from and to.
    flows : int
        Flows that it keeps from getting more.
    gbit_per_s : float
        Its capacity.
    """

    bundle: str
    link: int
    tail: str
    head: str
    flows: int
    gbit_per_s: float


class Completion(TabularResult):
    """When each flow is done; what :meth:`FlowRates.completion` returns.

    Its table has a row per flow.

    Attributes
    ----------
    seconds : ndarray of float64, shape (flows,)
        When the last byte of each flow leaves; 0 for no volume, infinity for flows without a way.
    """

    __slots__ = ("seconds",)

    seconds: Floats

    def __init__(self, seconds: Floats) -> None:
        seconds.flags.writeable = False
        object.__setattr__(self, "seconds", seconds)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a result cannot be changed")

    @property
    def makespan(self) -> float:
        """Seconds until all flows are done."""
        return float(self.seconds.max(initial=0.0))

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {"makespan": self.makespan, "seconds": self.seconds.tolist()}

    def _columns(self) -> dict[str, Any]:
        return {"flow": np.arange(self.seconds.size), "seconds": self.seconds}

    def __repr__(self) -> str:
        if not self.seconds.size:
            return "Completion(no flow)"
        flows = counted(self.seconds.size, "flow")
        return (
            f"Completion({flows}: first {self.seconds.min():.4g} s, median "
            f"{np.median(self.seconds):.4g} s, last {self.makespan:.4g} s)"
        )


class FlowRates(TabularResult):
    """Max-min fair rates of the flows of a traffic, checked. Its table has a row per flow.

    Flows are the pairs of the traffic, products first, source by source.

    Attributes
    ----------
    sources, sinks : ndarray of int64, shape (flows,)
        Node ids.
    demands : ndarray of float64, shape (flows,)
        Gbit/s that each flow asks for; infinity if `capped` was False.
    rates : ndarray of float64, shape (flows,)
        Gbit/s that each flow gets; 0 where it has no way.
    reachable : ndarray of bool, shape (flows,)
        Whether the flow has a way.
    """

    _fabric: Fabric
    _question: tuple[Any, ...]
    _flow: npt.NDArray[Any]
    _first: Ids
    _ways: Ids
    _shares: Floats | None
    _weights: Floats
    _capacity: Floats
    _fair: FairRates
    sources: Ids
    sinks: Ids
    demands: Floats
    rates: Floats
    reachable: npt.NDArray[np.bool_]

    def __init__(
        self,
        fabric: Fabric,
        flows: tuple[Ids, Ids, Floats],
        parts: tuple[npt.NDArray[Any], Ids, Ids, Floats | None],
        weights: Floats | None,
        number: int,
        question: tuple[Any, ...],
        clock: Clock,
    ) -> None:
        sources, sinks, demands = flows
        flow, first, ways, shares = parts
        capacity = np.repeat(fabric.gbit_per_s, 2)
        own_weights = (np.ones(demands.size) if weights is None else weights)[flow] / number
        limits = None
        if np.isfinite(demands).any() or not flow.size:
            limits = demands[flow] / number
        fair = _ask(capacity, first, ways, shares, own_weights, limits, clock.left)
        rates = np.bincount(flow, fair.rates, minlength=demands.size).astype(np.float64)
        reachable = np.zeros(demands.size, bool)
        reachable[flow] = True
        for array in (sources, sinks, demands, rates, reachable):
            array.flags.writeable = False
        vars(self).update(
            _fabric=fabric,
            _question=question,
            _flow=flow,
            _first=first,
            _ways=ways,
            _shares=shares,
            _weights=own_weights,
            _capacity=capacity,
            _fair=fair,
            sources=sources,
            sinks=sinks,
            demands=demands,
            rates=rates,
            reachable=reachable,
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a result cannot be changed")

    @cached_property
    def loads(self) -> Floats:
        """Gbit/s on each link, shape (2, links): forward, backward, in materialize order."""
        return self._fair.loads.reshape(-1, 2).T

    @property
    def certificate(self) -> FairCertificate:
        """What proves the answer; counts parts where flows are in several."""
        return self._fair.certificate

    def verify(self) -> None:
        """Check the rates again, against the definition and with independent code.

        Raises
        ------
        CertificateError
            The rates are wrong: a bug.
        """
        self._fair.verify()

    def bottlenecks(self, k: int = 10) -> tuple[FullLink, ...]:
        """Return the k links that hold back the most flows, those first."""
        k = as_integer("k", k)
        ways = self._fair.limits
        held = np.unique(np.stack([ways, self._flow.astype(np.int64)])[:, ways >= 0], axis=1)[0]
        count = np.bincount(held, minlength=self._capacity.size)
        order = np.argsort(-count, kind="stable")[:k]
        return tuple(self._link(int(way), int(count[way])) for way in order if count[way])

    def _link(self, way: int, flows: int) -> FullLink:
        fabric, (link, back) = self._fabric, divmod(way, 2)
        ends = [int(fabric.tails[link]), int(fabric.heads[link])]
        names = [
            fabric._names[end] if fabric._names is not None else fabric._handle.node_name(end)
            for end in (ends[::-1] if back else ends)
        ]
        start = 0
        for bundle in fabric.bundles:
            if link < start + bundle.num_links:
                break
            start += bundle.num_links
        return FullLink(
            bundle.name, link - start, names[0], names[1], flows, float(self._capacity[way])
        )

    def completion(self, gbyte: npt.ArrayLike, *, time_limit: float | None = None) -> Completion:
        """Find when each flow is done, if all start at once and share links fairly at all times.

        Parameters
        ----------
        gbyte : array_like of float, shape (flows,) or scalar
            Volume of each flow in 10^9 bytes.
        time_limit : float, optional
            Seconds.

        Returns
        -------
        Completion

        Raises
        ------
        GraphError
            Not one volume per flow.
        CapacityError
            A volume that is negative or not finite.
        TimeLimitError
            The time limit was reached.

        Notes
        -----
        A fluid: whenever a flow ends, the others share anew, and every sharing is checked. One
        sharing per moment at which flows end. A flow in several parts (queue pairs) has as much in
        each, and is done with its last. Neither latency nor the loss of packets is in it.
        """
        clock = Clock(time_limit)
        count = self.demands.size
        volumes = as_floats("gbyte", gbyte, count)
        if volumes.size != count:
            entries = counted(volumes.size, "entry", "entries")
            raise GraphError(f"gbyte has {entries} for {counted(count, 'flow')}")
        if not np.isfinite(volumes).all() or (volumes < 0).any():
            bad = int(np.flatnonzero(~(np.isfinite(volumes) & (volumes >= 0)))[0])
            raise CapacityError(
                f"gbyte[{bad}] is {volumes[bad]}; it must be finite and not below 0"
            )
        seconds = np.where(self.reachable | (volumes == 0), 0.0, np.inf)
        parts = np.bincount(self._flow, minlength=count)
        left = volumes[self._flow] * 8 / np.maximum(parts[self._flow], 1)
        limits = self.demands[self._flow] / np.maximum(parts[self._flow], 1)
        going = np.flatnonzero(left > 0)
        now = 0.0
        while going.size:
            clock.check()
            rates = self._shared(going, limits, clock.left)
            stuck = rates <= 0
            if stuck.any():
                seconds[self._flow[going[stuck]]] = np.inf
                going, rates = going[~stuck], rates[~stuck]
                if not going.size:
                    break
            until = left[going] / rates
            step = float(until.min())
            now += step
            left[going] -= rates * step
            done = until <= step * (1 + _SAME)
            ended = self._flow[going[done]]
            seconds[ended] = np.maximum(seconds[ended], now)
            going = going[~done]
        return Completion(seconds)

    def _shared(self, going: Ids, limits: Floats, time_limit: float | None) -> Floats:
        """Rates of the parts that are still going."""
        sizes = np.diff(self._first)[going]
        first = np.zeros(going.size + 1, np.int64)
        np.cumsum(sizes, out=first[1:])
        at = np.arange(first[-1]) - np.repeat(first[:-1] - self._first[going], sizes)
        shares = None if self._shares is None else self._shares[at]
        own = limits[going]
        caps = own if np.isfinite(own).any() else None
        question = (self._capacity, first, self._ways[at], shares, self._weights[going], caps)
        return _ask(*question, time_limit).rates

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "sources": self.sources.tolist(),
            "sinks": self.sinks.tolist(),
            "gbit_per_s": self.rates.tolist(),
            "reachable": self.reachable.tolist(),
            "bottlenecks": [link._asdict() for link in self.bottlenecks()],
            "certificate": checked(self.certificate),
        }

    def _columns(self) -> dict[str, Any]:
        return {
            "source": self.sources,
            "sink": self.sinks,
            "demand_gbit_per_s": self.demands,
            "gbit_per_s": self.rates,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, self._question

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FlowRates):
            return NotImplemented
        return np.array_equal(self.rates, other.rates) and np.array_equal(self.sinks, other.sinks)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if not self.rates.size:
            return "FlowRates(no flow)"
        low, mean, high = self.rates.min(), self.rates.mean(), self.rates.max()
        lost = int((~self.reachable).sum())
        more = f"; {lost:,} without a way" if lost else ""
        flows = counted(self.rates.size, "flow")
        return f"FlowRates({flows}: {low:.6g} to {high:.6g} Gb/s, mean {mean:.6g}{more})"


def _again(fabric: Fabric, traffic: Traffic, options: dict[str, Any]) -> FlowRates:
    return fabric.fair_rates(traffic, **options)


def fair_rates(
    fabric: Fabric,
    traffic: Traffic,
    *,
    routing: str,
    split: str,
    seed: int,
    queue_pairs: int,
    salted: bool,
    paths: Any,
    tables: Any,
    weights: npt.ArrayLike | None,
    capped: bool,
    forwarding: str,
    time_limit: float | None,
) -> FlowRates:
    """Ask; see :meth:`Fabric.fair_rates`."""
    check_traffic(traffic)
    check_choice("routing", routing, _ROUTINGS)
    seed = as_seed(seed, (1 << 64) - 1)
    queue_pairs = as_integer("queue_pairs", queue_pairs, 1, (1 << 20) - 1)
    check_flag("capped", capped)
    options = {
        "routing": routing,
        "split": split,
        "queue_pairs": queue_pairs,
        "salted": salted,
        "paths": paths,
        "tables": tables,
        "forwarding": forwarding,
    }
    asked, clock = fabric, Clock(time_limit)
    traffic._check_size(fabric, products=True)
    fabric = fabric.materialize(time_limit=clock.left)
    products, pairs = traffic._resolve(fabric, clock)
    chosen = plan(fabric, pairs, **options)
    chosen["seed"] = seed
    flows = _listed(fabric, products, pairs, clock)
    own = None if weights is None else as_floats("weights", weights)
    if own is not None and own.size != flows[0].size:
        entries = counted(own.size, "entry", "entries")
        raise GraphError(f"weights has {entries} for {counted(flows[0].size, 'flow')}")
    if own is not None and not ((own > 0) & np.isfinite(own)).all():
        bad = int(np.flatnonzero(~((own > 0) & np.isfinite(own)))[0])
        raise CapacityError(f"weights[{bad}] is {own[bad]}; it must be finite and above zero")
    if not capped:
        flows = (flows[0], flows[1], np.full(flows[0].size, np.inf))
    shares = None
    if routing == "ecmp":
        flow, first, ways, shares = _core.sprays(
            fabric._handle, products, pairs, chosen, clock.left
        )
    else:
        flow, first, ways = _core.ways(fabric._handle, products, pairs, chosen, clock.left)
    parts = (flow.astype(np.int64), first, ways.astype(np.int64), shares)
    again = {**options, "seed": seed, "weights": weights, "capped": capped}
    number = queue_pairs if routing == "ecmp-hash" else 1
    return FlowRates(fabric, flows, parts, own, number, (asked, traffic, again), clock)


def _listed(
    fabric: Fabric, products: Any, pairs: tuple[Ids, Ids, Floats], clock: Clock
) -> tuple[Ids, Ids, Floats]:
    """Every flow's source, sink and demand, in the order of the core."""
    listed: list[tuple[Ids, Ids, Floats]] = []
    for sources, sinks, rate in products:
        ends = [np.unique(_ids(fabric, own)) for own in (sources, sinks)]
        tails, heads = each_to_each(ends[0], ends[1], clock)
        listed.append((tails, heads, np.full(tails.size, rate)))
    listed.append(pairs)
    own = [np.ascontiguousarray(np.concatenate(column)) for column in zip(*listed, strict=True)]
    return own[0], own[1], own[2]
