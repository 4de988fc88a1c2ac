"""What a fabric answers about traffic: those methods of :class:`Fabric`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import numpy.typing as npt

    from pinchpoint.collective import Collective
    from pinchpoint.congestion import Congestion, Routing
    from pinchpoint.fabric import Ends, Fabric, Forwarding
    from pinchpoint.flows import FlowRates
    from pinchpoint.routing_gap import Priorities, RoutingGap
    from pinchpoint.throughput import Throughput
    from pinchpoint.traffic import Traffic

__all__ = [
    "collective",
    "congestion",
    "fair_rates",
    "priorities",
    "routing_gap",
    "throughput",
]


def congestion(
    self: Fabric,
    traffic: Traffic,
    *,
    routing: Routing = "ecmp",
    split: Literal["link", "neighbor"] = "link",
    seeds: Iterable[int] = range(10),
    queue_pairs: int = 1,
    salted: bool = True,
    paths: Any = None,
    tables: Any = None,
    unreachable: Literal["drop", "error"] = "drop",
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> Congestion:
    """Find what a routing puts on every link when traffic is sent as asked.

    Parameters
    ----------
    traffic : Traffic
        Made with :mod:`pinchpoint.traffic`.
    routing : {"ecmp", "wcmp", "ecmp-hash", "single", "valiant"}, default "ecmp"
        All are shortest by hop count. "ecmp" shares equally among next hops (ideal spraying);
        "wcmp" in proportion to what each can carry on toward the destination (or the switch it
        hangs off); "ecmp-hash" sends
        each flow one way, drawn per node; "single" picks by the destination's number (D-mod-k)
        or as `paths` or `tables` say; "valiant" shares as "ecmp" does, to a random endpoint of
        the traffic first.
    split : {"link", "neighbor"}, default "link"
        Whether "ecmp" counts next-hop links or next-hop nodes.
    seeds : iterable of int, default 0 to 9
        Draws of "ecmp-hash"; loads are means over them.
    queue_pairs : int, default 1
        Parts that "ecmp-hash" cuts each flow into, drawn one by one.
    salted : bool, default True
        Whether every node draws for itself under "ecmp-hash"; without, choices are polarised.
    paths : sequence of sequences of int, optional
        With "single": the links of each pair, in the order of the pairs.
    tables : array_like of int, shape (nodes, nodes), optional
        With "single": the link to take at each node (row) toward each destination (column),
        -1 for none.
    unreachable : {"drop", "error"}, default "drop"
        What to do about pairs that no way joins: leave them out and list them, or refuse.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        Who passes on traffic that is not its own.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Congestion
        Checked. Utilisation may exceed 1: that is the answer. Pairs that no way joins are
        listed and are on no link.

    Raises
    ------
    SelectionError
        Nodes that do not exist, a node that sends to itself, an unknown routing.
    CapacityError
        A rate that is negative or not finite.
    GraphError
        Paths or tables that do not lead from source to sink; a pair that no way joins, if asked.
    SizeLimitError
        A fabric or traffic too large to be listed.
    TimeLimitError
        The time limit was reached.

    Notes
    -----
    On a structured fabric, traffic between selections under "ecmp", "wcmp" and "valiant" is
    routed by symmetry: to one node of each kind of destination, on a quotient that holds that
    node fixed, O(kinds of destinations * kinds of links) and exact. No node is listed, and
    failures only make more kinds. Other questions write the fabric out: one pass per
    destination, or one for all destinations that hang off the same node, such as the hosts of
    a leaf. Routes and loads are checked by separate code: shares and conservation at every
    node or kind, and sums where that is cheap. Limits of nodes (``capacity=`` of a group) are
    not part of the answer.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> leaf_spine = pp.Fabric.from_links([0, 1, 2, 3, 2, 3], [2, 3, 4, 4, 5, 5], 1.0)
    >>> loads = leaf_spine.congestion(pp.traffic.pairs([0], [1], 1.0))
    >>> loads.loads().tolist()[0]
    [1.0, 0.0, 0.5, 0.0, 0.5, 0.0]
    """
    from pinchpoint.congestion import congestion

    return congestion(
        self,
        traffic,
        routing=routing,
        split=split,
        seeds=seeds,
        queue_pairs=queue_pairs,
        salted=salted,
        paths=paths,
        tables=tables,
        unreachable=unreachable,
        forwarding=forwarding,
        time_limit=time_limit,
    )


def throughput(
    self: Fabric,
    traffic: Traffic,
    *,
    gap: float = 0.01,
    unreachable: Literal["error", "drop"] = "error",
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> Throughput:
    """Bound how much of a traffic the wiring can carry at once, whatever the routing.

    Parameters
    ----------
    traffic : Traffic
        Made with :mod:`pinchpoint.traffic`.
    gap : float, default 0.01
        Stop once upper / lower - 1 is at most this. Symmetric problems, and tiny ones if
        highspy is installed, are solved exactly (to 1e-9) whatever is asked.
    unreachable : {"error", "drop"}, default "error"
        What to do about pairs that no way joins.
    forwarding : {"hardware", "all", "none"}, default "hardware"
        Who passes on traffic that is not its own.
    time_limit : float, optional
        Seconds; then the bounds so far are the answer. Ctrl-C raises
        :class:`pinchpoint.throughput.Interrupted`, which holds them.

    Returns
    -------
    Throughput
        ``lower <= optimum <= upper``, as multiples of the traffic, and what proves it.

    Raises
    ------
    GraphError
        A pair that no way joins, unless they are dropped.
    SelectionError, CapacityError
        As :meth:`congestion`.

    Notes
    -----
    A maximum concurrent flow [1]_. On a structured fabric, traffic between selections is solved
    by symmetry: flow toward one node of each kind of destination, one row of capacity for each
    kind of links. Where lengths of the fullest links prove that a routing is best there is
    nothing to solve. Where ECMP is uneven, as with failed links, ways are weighted until it is
    not; else the linear program is solved if it is small, or the fabric is listed if that is
    small. On listed links, trees that hang off the network, such as the hosts of a
    leaf, leave no choice of routes and are taken off first. What is left is a linear program if
    it is tiny, else narrowed by descent on the weights of ways, then by multiplicative
    weights [2]_ or, if it is small, the linear program. Either way both bounds are
    derived again by separate code: the upper one from lengths of the links, the lower one from
    flows. Limits of nodes are not part of the answer.

    References
    ----------
    .. [1] F. Shahrokhi and D. W. Matula, The maximum concurrent flow problem, JACM 37, 1990.
    .. [2] N. Garg and J. Koenemann, Faster and simpler algorithms for multicommodity flow and
       other fractional packing problems, SIAM J. Comput. 37, 2007.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> ring = pp.Fabric.from_links([0, 1, 2, 3], [1, 2, 3, 0], 1.0)
    >>> ring.throughput(pp.traffic.all_to_all("node", gbit_per_s=1.0)).lower > 0.495
    True
    """
    from pinchpoint.throughput import throughput

    return throughput(
        self,
        traffic,
        gap=gap,
        unreachable=unreachable,
        forwarding=forwarding,
        time_limit=time_limit,
    )


def routing_gap(
    self: Fabric,
    traffic: Traffic,
    *,
    routing: Routing = "ecmp",
    split: Literal["link", "neighbor"] = "link",
    gap: float = 0.01,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> RoutingGap:
    """Find what a routing loses against the best routing there could be.

    Parameters
    ----------
    traffic : Traffic
        Made with :mod:`pinchpoint.traffic`.
    routing, split, forwarding : str
        As :meth:`congestion` has them.
    gap : float, default 0.01
        How close the bounds on the optimum are to be; see :meth:`throughput`.
    time_limit : float, optional
        Seconds, of each of the two questions.

    Returns
    -------
    RoutingGap
        The multiple of the traffic that is routed, bounds on the optimum, and the part lost.

    Raises
    ------
    SelectionError, CapacityError, GraphError, SizeLimitError, TimeLimitError
        As :meth:`congestion` and :meth:`throughput`; pairs that no way joins are an error.

    Notes
    -----
    Costs one :meth:`throughput` and one :meth:`congestion`.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> detour = pp.Fabric.from_links([0, 0, 1], [2, 1, 2], 1.0)
    >>> detour.routing_gap(pp.traffic.pairs([0], [2])).lost[0] > 0.49
    True
    """
    from pinchpoint.routing_gap import RoutingGap

    common: Any = {"forwarding": forwarding, "time_limit": time_limit}
    best = self.throughput(traffic, gap=gap, **common)
    return RoutingGap(self.congestion(traffic, routing=routing, split=split, **common), best)


def priorities(
    self: Fabric,
    classes: Iterable[Traffic],
    *,
    routing: Routing = "ecmp",
    split: Literal["link", "neighbor"] = "link",
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> Priorities:
    """Serve classes of traffic one after the other, each on what those before leave.

    Parameters
    ----------
    classes : iterable of Traffic
        The most important first.
    routing, split, forwarding : str
        As :meth:`congestion` has them, for all classes.
    time_limit : float, optional
        Seconds, of each class.

    Returns
    -------
    Priorities
        The part of each class that fits, all its pairs cut alike, and its loads alone.

    Raises
    ------
    SelectionError, CapacityError, SizeLimitError, TimeLimitError
        As :meth:`congestion`; also without any class.

    Notes
    -----
    Costs one :meth:`congestion` for each class.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> line = pp.Fabric.from_links([0, 1], [1, 2], 10.0)
    >>> first, second = pp.traffic.pairs([0], [2], 8.0), pp.traffic.pairs([1], [2], 4.0)
    >>> line.priorities([first, second]).served
    (1.0, 0.5)
    """
    from pinchpoint.routing_gap import priorities

    return priorities(
        self,
        classes,
        routing=routing,
        split=split,
        forwarding=forwarding,
        time_limit=time_limit,
    )


def fair_rates(
    self: Fabric,
    traffic: Traffic,
    *,
    routing: Literal["single", "ecmp-hash", "ecmp"] = "single",
    split: Literal["link", "neighbor"] = "link",
    seed: int = 0,
    queue_pairs: int = 1,
    salted: bool = True,
    paths: Any = None,
    tables: Any = None,
    weights: npt.ArrayLike | None = None,
    capped: bool = True,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> FlowRates:
    """Find what each flow of a traffic gets when flows share links max-min fairly.

    Parameters
    ----------
    traffic : Traffic
        Made with :mod:`pinchpoint.traffic`. Each ordered pair is a flow.
    routing : {"single", "ecmp-hash", "ecmp"}, default "single"
        As in :meth:`congestion`: one path per flow by the destination's number or as given, one
        drawn at random, or every flow spread over all shortest ways.
    split, queue_pairs, salted, paths, tables, forwarding
        As in :meth:`congestion`. Every queue pair shares links for itself.
    seed : int, default 0
        Of "ecmp-hash".
    weights : array_like of float, shape (flows,), optional
        Rates grow in proportion to these; default 1.
    capped : bool, default True
        Whether a flow takes no more than the traffic's rate; else each takes what it can get.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    FlowRates
        Checked against the definition. Flows without a way are there, with rate 0.

    Raises
    ------
    SelectionError, CapacityError, GraphError
        As :meth:`congestion`; weights that are not one per flow or not above zero.
    SizeLimitError
        A fabric or flows too many to be listed.
    TimeLimitError
        The time limit was reached.

    Notes
    -----
    Progressive filling, as :func:`pinchpoint.max_min_fair`. The fabric and the flows are written
    out. Rates are those of long flows under perfect congestion control. Finding the ways takes
    O(roots * links + flows * hops), a root being a destination, or all of them that hang off the
    same node; the rest is as fast as there.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> line = pp.Fabric.from_links([0, 1], [1, 2], [10.0, 4.0])
    >>> line.fair_rates(pp.traffic.pairs([0, 0, 1], [1, 2, 2], 100.0)).rates
    array([8., 2., 2.])
    """
    from pinchpoint.flows import fair_rates

    return fair_rates(
        self,
        traffic,
        routing=routing,
        split=split,
        seed=seed,
        queue_pairs=queue_pairs,
        salted=salted,
        paths=paths,
        tables=tables,
        weights=weights,
        capped=capped,
        forwarding=forwarding,
        time_limit=time_limit,
    )


def collective(
    self: Fabric,
    op: str,
    ranks: Ends | os.PathLike[str] = "chip",
    *,
    gbyte: float = 1.0,
    in_network: bool = False,
    root: Ends | None = None,
    algorithm: str | None = None,
    domain: str | int | None = None,
    routing: Routing = "ecmp",
    gap: float = 0.01,
    forwarding: Forwarding = "hardware",
    time_limit: float | None = None,
) -> Collective:
    """Find how long a collective takes at best, or with a named algorithm.

    Parameters
    ----------
    op : str
        "all_reduce", "reduce_scatter", "all_gather", "all_to_all", "broadcast", "reduce" or
        "send_recv".
    ranks : Selection, str, node id, a list of them, or path-like, default "chip"
        Who takes part. A path names a file with a selection of one node per line. Order
        matters to named algorithms and to "send_recv": that of the list, else that of ids.
    gbyte : float, default 1
        nccl-tests' S in 10^9 bytes: for all-gather and reduce-scatter what is gathered or
        scattered in all, for the others what each rank has.
    in_network : bool, default False
        Whether switches add up and multicast. It changes the all-reduce only.
    root : Selection, str or node id, optional
        Where "broadcast" starts and "reduce" ends; default the first rank.
    algorithm : {"ring", "tree", "hierarchical", "rail-aligned", "direct"}, optional
        What this algorithm reaches under `routing`, instead of the optimum: one ring in rank
        order; NCCL's double binary tree; reduce-scatter within domains, rings between equal
        places of all domains and all-gather within, one after another; a ring per place in a
        domain that leaves it by its own rail; each rank straight to each ("all_to_all").
    domain : str or int, optional
        What "hierarchical" and "rail-aligned" take as the scale-up domain: a coordinate of the
        ranks, such as "ultraserver", or a number of consecutive ranks.
    routing : str, default "ecmp"
        As in :meth:`congestion`; for named algorithms.
    gap : float, default 0.01
        As in :meth:`throughput`; for "all_to_all" and "send_recv".
    forwarding : {"hardware", "all", "none"}, default "hardware"
        Who else passes on traffic; ranks relay for each other in any case.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Collective
        Time, busbw and algbw in nccl-tests' definition, and what binds, in words.

    Raises
    ------
    SelectionError
        An unknown `op` or `routing`, fewer than two ranks, a rank used twice, a `root` that is no
        rank, a `domain` without an `algorithm`.
    FormatError
        A rank file that cannot be read; file and line are named.
    CapacityError
        A `gbyte` that is not above zero.
    TimeLimitError
        The time limit was reached.

    Notes
    -----
    All-gather, reduce-scatter, broadcast and reduce: the optimum, exact, by ForestColl's
    theorem [1]_: the time is the largest, over the sets S of nodes that miss a rank, of the
    data in S over the capacity that leaves S. It is reached by trees that may split data as
    finely as they like. All-reduce: reduce-scatter and then all-gather at their optimum, and as
    a lower bound what must leave the parts of a partition of the ranks; `optimal` says whether
    the two meet. With `in_network` no more than a bound, and for ranks that hang off the same
    switches what NCCL's NVLS reaches. All-to-all and send/receive (each rank to the next):
    concurrent flow, between two bounds. Bandwidth only: neither latency nor protocol is in it.

    Structured fabrics cost a refinement and a few small flows per kind of ranks; a million
    alike chips are one kind. Every cut is counted again, every flow checked by separate code.

    References
    ----------
    .. [1] L. Zhao et al., ForestColl: Throughput-Optimal Collective Communications on
       Heterogeneous Network Fabrics, 2024, arXiv:2402.06787.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.hgx_h100().collective("all_reduce").busbw_gbyte_per_s
    450.0
    """
    from pinchpoint.collective import collective

    return collective(
        self,
        op,
        ranks,
        gbyte=gbyte,
        in_network=in_network,
        root=root,
        algorithm=algorithm,
        domain=domain,
        routing=routing,
        gap=gap,
        forwarding=forwarding,
        time_limit=time_limit,
    )
