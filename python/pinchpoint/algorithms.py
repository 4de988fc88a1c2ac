"""Named algorithms of collectives: what each sends to whom, and how long that takes when routed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._clock import Clock
from pinchpoint._patterns import Traffic, _ids, _rank_ids, each_within
from pinchpoint._suggest import did_you_mean
from pinchpoint._validation import as_integer, as_text
from pinchpoint._wording import counted
from pinchpoint.bandwidth import Bottleneck
from pinchpoint.collective import Asked, Collective, CollectiveCertificate, optimum
from pinchpoint.errors import SelectionError
from pinchpoint.traffic import all_to_all, pairs
from pinchpoint.units import format_bandwidth

if TYPE_CHECKING:
    import numpy.typing as npt

    from pinchpoint.fabric import Fabric

    Ids = npt.NDArray[np.int64]

__all__ = ["achieved", "phases_of"]

_ALGORITHMS = {
    "ring": ("all_reduce", "reduce_scatter", "all_gather", "broadcast", "reduce", "send_recv"),
    "tree": ("all_reduce",),
    "hierarchical": ("all_reduce", "reduce_scatter", "all_gather"),
    "rail-aligned": ("all_reduce", "reduce_scatter", "all_gather"),
    "direct": ("all_to_all",),
}


def achieved(asked: Asked) -> Collective:
    """Time of an algorithm: its phases one after another, each as long as its fullest link."""
    fabric, op, ordered, options = asked.fabric, asked.op, asked.ordered, asked.options
    algorithm, gbyte = options["algorithm"], float(options["gbyte"])
    _check(op, algorithm)
    if options["in_network"]:
        raise SelectionError("in_network goes with the optimum, not with a named algorithm")
    domain, root = options["domain"], options["root"]
    clock = Clock(options["time_limit"])
    phases = phases_of(fabric, op, algorithm, ordered, gbyte, domain, root)
    count = _rank_ids(fabric, ordered).size
    seconds, longest, words = 0.0, -1.0, ""
    lost = 0
    for name, traffic in phases:
        loads = fabric.congestion(
            traffic,
            routing=options["routing"],
            forwarding=options["forwarding"],
            time_limit=clock.left,
        )
        lost += loads.unreachable.pairs
        seconds += loads.max_utilization
        hot = loads.bottlenecks(1)
        if loads.max_utilization > longest and hot:
            longest = loads.max_utilization
            link = hot[0]
            rate = format_bandwidth(round(link.capacity_gbit_per_s * 1e6))
            words = f"{name}: {link.tail} -> {link.head} ({link.bundle}, {rate}) is the fullest"
    if lost:
        pairs = counted(
            lost, "pair that should exchange data has", "pairs that should exchange data have"
        )
        seconds, words = float("inf"), f"{pairs} no way"
    best = {**options, "algorithm": None, "time_limit": clock.left}
    lower = min(seconds, optimum(replace(asked, options=best)).seconds_lower)
    return Collective(
        op,
        algorithm,
        count,
        gbyte,
        seconds,
        lower,
        bool(seconds <= lower * (1 + 1e-12)),
        f"{words}; {options['routing']} routing" if words else "no link is used",
        Bottleneck(),
        CollectiveCertificate("routing"),
        (_exact(seconds), _exact(lower)),
        asked.question,
    )


def _check(op: str, algorithm: Any) -> None:
    if as_text("algorithm", algorithm) not in _ALGORITHMS:
        raise SelectionError(
            f"algorithm is {algorithm!r}; there are {', '.join(_ALGORITHMS)}"
            f"{did_you_mean(algorithm, list(_ALGORITHMS))}"
        )
    if op not in _ALGORITHMS[algorithm]:
        raise SelectionError(
            f"algorithm {algorithm!r} does {', '.join(_ALGORITHMS[algorithm])}, not {op}"
        )


def phases_of(
    fabric: Fabric,
    op: str,
    algorithm: str,
    ordered: Any,
    gbyte: float,
    domain: Any,
    root: Any = None,
) -> list[tuple[str, Traffic]]:
    """Write an algorithm as phases, one after another: rates that do each in a second."""
    _check(op, algorithm)
    ids = _rank_ids(fabric, ordered)
    count, gbit = ids.size, 8 * gbyte
    if count < 2:
        raise SelectionError(f"a collective needs two ranks or more, and {count} is given")
    if algorithm == "direct":
        return [("all pairs", all_to_all(ordered, gbit_per_s=gbit / count))]
    if op in ("broadcast", "reduce"):
        return [("the chain", _chain(fabric, op, ids, gbit, root))]
    if algorithm == "ring":
        return [("the ring", _ring([ids], _share(op, count) * gbit))]
    if algorithm == "tree":
        return [("the trees", _trees(ids, gbit))]
    rows = _domains(fabric, ids, domain)
    return (_hierarchy if algorithm == "hierarchical" else _rails)(op, rows, gbit)


def _exact(seconds: float) -> Fraction:
    return Fraction(seconds) if np.isfinite(seconds) else Fraction(0)


def _share(op: str, count: int) -> float:
    """Say what one ring carries over each of its edges, per unit of S."""
    if op == "all_reduce":
        return 2 * (count - 1) / count
    return (count - 1) / count if op in ("reduce_scatter", "all_gather") else 1.0


def _ring(rings: list[Ids], gbit: float) -> Traffic:
    """Every ring's nodes to the next, so much over each edge."""
    tails = np.concatenate(rings)
    heads = np.concatenate([np.roll(ring, -1) for ring in rings])
    return pairs(tails, heads, gbit)


def _chain(fabric: Fabric, op: str, ids: Ids, gbit: float, root: Any) -> Traffic:
    """From the root through all others in their order, or through all of them to the root."""
    if root is not None:
        own = _ids(fabric, fabric._ends(root, "root"))
        place = np.flatnonzero(ids == own[0])
        if own.size != 1 or not place.size:
            raise SelectionError("root must be one node, and a rank")
        ids = np.roll(ids, -place[0])
    if op == "reduce":
        ids = np.roll(ids, -1)
    return pairs(ids[:-1], ids[1:], gbit)


def _trees(ids: Ids, gbit: float) -> Traffic:
    """NCCL's double binary tree: half the data up and down each of two trees, all at once."""
    count = ids.size
    index = np.arange(1, count, dtype=np.int64)
    bit = index & -index
    parent = (index ^ bit) | (bit << 1)
    parent = np.where(parent < count, parent, index ^ bit)
    ends = [(index, parent)]
    # Who has children in the first tree has none in the second.
    if count % 2:
        ends.append(((index + 1) % count, (parent + 1) % count))
    else:
        ends.append((count - 1 - index, count - 1 - parent))
    up = ids[np.concatenate([end[0] for end in ends])]
    down = ids[np.concatenate([end[1] for end in ends])]
    return pairs(np.concatenate([up, down]), np.concatenate([down, up]), gbit / 2)


def _domains(fabric: Fabric, ids: Ids, domain: Any) -> Ids:
    """Ranks by scale-up domain, shape (domains, ranks of each)."""
    if domain is None:
        raise SelectionError(
            "domain must say what a scale-up domain is: a coordinate of the ranks, such as "
            "'rack', or a number of consecutive ranks"
        )
    if not isinstance(domain, str):
        domain = as_integer("domain", domain, 1)
        if ids.size % domain:
            ranks = counted(ids.size, "rank is", "ranks are")
            raise SelectionError(f"domain is {domain}; {ranks} no multiple of it")
        return ids.reshape(-1, domain)
    for group in fabric.groups:
        if group.first_node <= ids[0] < group.first_node + group.size:
            break
    if domain not in group.coordinates or ids.max() >= group.first_node + group.size:
        known = ", ".join(group.coordinates) or "none"
        raise SelectionError(
            f"domain is {domain!r}; the ranks' coordinates are {known}, all in one group"
        )
    inner = 1
    for name, size in reversed(list(group.coordinates.items())):
        if name == domain:
            break
        inner *= size
    number = (ids - group.first_node) // inner
    order = np.argsort(number, kind="stable")
    sizes = np.bincount(number)
    if np.unique(sizes[sizes > 0]).size != 1:
        raise SelectionError(f"{domain!r} has unlike numbers of ranks; each needs the same")
    return ids[order].reshape(-1, int(sizes.max()))


def _hierarchy(op: str, rows: Ids, gbit: float) -> list[tuple[str, Traffic]]:
    """Within each domain, then between equal places of all domains, then within again."""
    domains, width = rows.shape
    phases = []
    within = None
    if width > 1:
        # Every rank straight to every other of its domain: a part of 1/width to each.
        within = pairs(*each_within(rows), gbit / width)
    between = None
    if domains > 1:
        share = _share(op, domains) * gbit / width
        between = _ring(list(rows.T), share)
    if within is not None and op in ("all_reduce", "reduce_scatter"):
        phases.append(("reduce-scatter within domains", within))
    if between is not None:
        phases.append(("between domains", between))
    if within is not None and op in ("all_reduce", "all_gather"):
        phases.append(("all-gather within domains", within))
    return phases


def _rails(op: str, rows: Ids, gbit: float) -> list[tuple[str, Traffic]]:
    """One ring per place in a domain: through each domain from that place, out by its own rail."""
    domains, width = rows.shape
    # Where each domain is entered, counted from the ring's rail: it is left where the next one is
    # entered, so that ways between domains are one rail's, and by another node than it is entered.
    enters = [(width - 1) * (place % 2) for place in range(domains)]
    if domains % 2 and width > 2 and domains > 1:
        enters[-1] = 1
    rings = []
    for rail in range(width):
        ring = []
        for place, enter in enumerate(enters):
            leave = enters[(place + 1) % domains]
            others = [own for own in range(width) if own not in (enter, leave)]
            if enter > leave:
                others.reverse()
            path = [enter, *others, leave] if leave != enter else [enter, *others]
            ring.append(rows[place, (rail + np.array(path)) % width])
        rings.append(np.concatenate(ring))
    count = domains * width
    return [("the rings", _ring(rings, _share(op, count) * gbit / width))]
