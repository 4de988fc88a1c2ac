"""Collectives: the best time that the wiring allows, and what named algorithms reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint import _core
from pinchpoint._clock import Clock
from pinchpoint._ends import kept
from pinchpoint._patterns import _above_zero, _rank_ids
from pinchpoint._result import TabularResult, check_again, checked
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._validation import check_flag, check_gap
from pinchpoint._wording import counted
from pinchpoint.bandwidth import Bottleneck, _bottleneck
from pinchpoint.congestion import check_options
from pinchpoint.errors import CertificateError, InputTypeError, SelectionError
from pinchpoint.ranks import resolved
from pinchpoint.selection import Selection
from pinchpoint.units import format_bandwidth

if TYPE_CHECKING:
    from pinchpoint.fabric import Fabric

__all__ = ["Collective", "CollectiveCertificate"]

_OPS = {
    name.replace("_", ""): name
    for name in (
        "all_reduce",
        "reduce_scatter",
        "all_gather",
        "all_to_all",
        "broadcast",
        "reduce",
        "send_recv",
    )
}
# Ranks that are told apart, at most; beyond, one per class is tried and nothing more is claimed.
_MOST_RECEIVERS = 10_000
_MOST_PARTS = 10_000


@dataclass(frozen=True)
class CollectiveCertificate:
    """What proves an optimum by cuts, already checked by code that shares nothing with the solver.

    Attributes
    ----------
    method : str
        "quotient" or "listed" for cuts and flows, "throughput" for concurrent flow, "routing" for a
        named algorithm.
    receivers : int
        Ranks into which a flow was found and checked: one of each kind.
    near : int
        Those among them whose flow comes from ranks near by that are known to receive; for the
        others it comes from all senders.
    classes, arcs : int
        Size of the largest quotient.
    """

    method: str
    receivers: int = 0
    near: int = 0
    classes: int = 0
    arcs: int = 0


@dataclass(frozen=True, eq=False)
class Collective(TabularResult):
    """How long a collective takes. Its table has a row per tier of what binds.

    Attributes
    ----------
    op : str
        The collective.
    algorithm : str
        "optimum", "nvls", or the named algorithm.
    num_ranks : int
        Number of ranks.
    gbyte : float
        nccl-tests' S: for all-gather and reduce-scatter what is gathered or scattered in all, for
        the others what each rank has; 10^9 bytes.
    seconds : float
        Time that is reached by a schedule whose steps overlap; infinity if ranks are cut off.
    seconds_lower : float
        No schedule is faster.
    optimal : bool
        Whether the two are the same.
    binding : str
        What holds the time up, in words.
    bottleneck : Bottleneck
        What binds, by tier; empty where that is no cut.
    certificate : CollectiveCertificate
        How it is known.
    """

    op: str
    algorithm: str
    num_ranks: int
    gbyte: float
    seconds: float
    seconds_lower: float
    optimal: bool
    binding: str
    bottleneck: Bottleneck
    certificate: CollectiveCertificate
    _exact: tuple[Fraction, Fraction]
    _question: tuple[Any, ...]

    @property
    def algbw_gbyte_per_s(self) -> float:
        """nccl-tests' algorithm bandwidth in GB/s: S over the time."""
        return self._speed(0, Fraction(1))

    @property
    def busbw_gbyte_per_s(self) -> float:
        """nccl-tests' bus bandwidth in GB/s.

        That is algbw times 2 (n - 1) / n for all-reduce, (n - 1) / n for reduce-scatter, all-gather
        and all-to-all, and 1 for the others.
        """
        return self._speed(0, _factor(self.op, self.num_ranks))

    @property
    def busbw_upper_gbyte_per_s(self) -> float:
        """Bus bandwidth at `seconds_lower`, in GB/s: no schedule reaches more."""
        return self._speed(1, _factor(self.op, self.num_ranks))

    def _speed(self, which: int, factor: Fraction) -> float:
        """S over a time, times a factor; 0 for a time without end."""
        exact = self._exact[which]
        return float(Fraction(self.gbyte) / exact * factor) if exact else 0.0

    def verify(self) -> None:
        """Ask again without a time limit, which checks every bound again with independent code.

        Raises
        ------
        CertificateError
            The two answers contradict each other: a bug.
        """
        again, slack = _again(*self._question), 1 + 1e-9
        first = again.seconds_lower <= self.seconds * slack
        second = self.seconds_lower <= again.seconds * slack
        check_again(self, again, agree=first and second)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values."""
        return {
            "op": self.op,
            "algorithm": self.algorithm,
            "num_ranks": self.num_ranks,
            "gbyte": self.gbyte,
            "seconds": self.seconds,
            "seconds_lower": self.seconds_lower,
            "optimal": self.optimal,
            "algbw_gbyte_per_s": self.algbw_gbyte_per_s,
            "busbw_gbyte_per_s": self.busbw_gbyte_per_s,
            "busbw_upper_gbyte_per_s": self.busbw_upper_gbyte_per_s,
            "binding": self.binding,
            "bottleneck": [vars(row) for row in self.bottleneck],
            "certificate": checked(self.certificate),
        }

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "tier": [row.bundle for row in self.bottleneck],
            "links": [row.links for row in self.bottleneck],
            "gbit_per_s": [row.gbit_per_s for row in self.bottleneck],
            "share": [row.share for row in self.bottleneck],
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, self._question

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Collective) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        best = "optimal" if self.optimal else f"at least {self.seconds_lower:.4g} s"
        return (
            f"Collective({self.op} of {counted(self.num_ranks, 'rank')}, {self.algorithm}: busbw "
            f"{self.busbw_gbyte_per_s:.6g} GB/s, {self.seconds:.4g} s, {best}; {self.binding})"
        )


def _factor(op: str, ranks: int) -> Fraction:
    """Bus over algorithm bandwidth, as nccl-tests defines it."""
    part = Fraction(ranks - 1, ranks)
    if op == "all_reduce":
        return 2 * part
    return part if op in ("reduce_scatter", "all_gather", "all_to_all") else Fraction(1)


def _seconds(exact: Fraction) -> float:
    """Return a time as the results show it; what has no end is kept as 0."""
    return float(exact) if exact else float("inf")


def _again(fabric: Fabric, op: str, ranks: Any, options: dict[str, Any]) -> Collective:
    return fabric.collective(op, ranks, **options)


def op_named(op: object) -> str:
    """Return a collective by its name, however that is spelt."""
    if not isinstance(op, str):
        raise InputTypeError(f"op is {shorten(op)}; it must be text such as 'all_reduce'")
    name = _OPS.get(op.replace("_", "").replace("-", "").lower())
    if name is None:
        raise SelectionError(
            f"op is {shorten(op)}; there are {', '.join(_OPS.values())}"
            f"{did_you_mean(op[:100], list(_OPS.values()))}"
        )
    return name


def collective(fabric: Fabric, op: str, ranks: Any, **options: Any) -> Collective:
    """Ask; see :meth:`Fabric.collective`."""
    name = op_named(op)
    _above_zero("gbyte", options["gbyte"])
    check_flag("in_network", options["in_network"])
    check_options(options["routing"], "link", options["forwarding"])
    check_gap(options["gap"])
    if options["domain"] is not None and options["algorithm"] is None:
        raise SelectionError("domain goes with a named algorithm, not with the optimum")
    if options["root"] is not None and name not in ("broadcast", "reduce"):
        raise SelectionError(f"root goes with broadcast and reduce, not with {name}")
    ranks = kept("ranks", ranks)
    ordered, own = resolved(fabric, ranks)
    question = (fabric, name, ranks, {**options, "time_limit": None})
    if name in ("broadcast", "reduce") and options["root"] is None:
        options["root"] = _first(fabric, ordered)
    if options["algorithm"] is not None:
        from pinchpoint.algorithms import achieved

        return achieved(Asked(fabric, name, ordered, own, options, question))
    return optimum(Asked(fabric, name, ordered, own, options, question))


@dataclass(frozen=True)
class Asked:
    """A question: ranks as given and as selections, options filled in, and as the user put it."""

    fabric: Fabric
    op: str
    ordered: Any
    own: list[_core.Selection]
    options: dict[str, Any]
    question: tuple[Any, ...]


def optimum(asked: Asked) -> Collective:
    """Find the best time, or bounds of it."""
    if asked.op in ("all_to_all", "send_recv"):
        return _carried(asked)
    return _Cuts(asked).answer()


def _first(fabric: Fabric, ordered: Any) -> int | None:
    """Rank 0 of ranks that have an order; the core takes the first node of others."""
    if isinstance(ordered, Selection | str) or not isinstance(ordered, list | tuple | np.ndarray):
        return None
    return int(_rank_ids(fabric, ordered)[0])


class _Cuts:
    """Collectives whose optimum is a matter of cuts (ForestColl's theorem)."""

    def __init__(self, asked: Asked) -> None:
        fabric, options = asked.fabric, asked.options
        self.fabric, self.op, self.own = fabric, asked.op, asked.own
        self.question = asked.question
        self.forwarding = options["forwarding"]
        self.in_network = bool(options["in_network"])
        self.size = Fraction(float(options["gbyte"])) * 8  # Gbit
        self.gbyte = float(options["gbyte"])
        self.clock = Clock(options["time_limit"])
        self.unit = 1_000_000 << fabric._handle.unit_shift
        # Trees of ranks reach what the cuts allow where every node has as much in as out.
        self.balanced = not fabric._handle.is_directed or _is_balanced(fabric)
        self.root: list[_core.Selection] = []
        if options["root"] is not None:
            self.root = fabric._ends(options["root"], "root")
            if sum(one.num_nodes for one in self.root) != 1:
                raise SelectionError("root must be one node")

    def optimum(self, reverse: bool, one: bool) -> _core.CollectiveAnswer:
        """Rate per sender, from all ranks or from one; on the reversed graph or not."""
        # Links of a structured fabric are the same both ways.
        reverse = reverse and self.fabric._handle.is_directed
        return _core.collective(
            self.fabric._handle,
            self.own,
            self.root,
            one,
            self.forwarding,
            reverse,
            _MOST_RECEIVERS,
            self.clock.left,
        )

    def rate(self, answer: _core.CollectiveAnswer) -> Fraction:
        """Gbit/s per sender."""
        capacity, senders = answer.rate
        return Fraction(capacity, senders * self.unit)

    def answer(self) -> Collective:
        one = self.op in ("broadcast", "reduce")
        backward = self.op in ("reduce", "reduce_scatter")
        first = self.optimum(backward, one)
        answers = [first]
        if self.op == "all_reduce" and self.fabric._handle.is_directed:
            answers.append(self.optimum(True, False))
        count = first.num_ranks
        rates = [self.rate(one) for one in answers]
        worst = answers[rates.index(min(rates))]
        if not min(rates):
            return self.cut_off(worst)
        if one:
            reached = self.size / rates[0]
        elif self.op == "all_reduce":
            reached = sum((self.size / count / rate for rate in (rates * 2)[:2]), Fraction(0))
        else:
            reached = self.size / count / rates[0]
        proved = all(answer.reached[0] for answer in answers)
        binding = self.words(worst, backward)
        if self.op != "all_reduce":
            if not self.balanced and not one:
                # Half of an all-reduce: what enters all parts must have left them.
                reached = max(reached, self.lower(worst, 2 * reached)[0] / 2)
            return self.result(worst, reached, reached, binding, proved)
        if self.in_network:
            return self.reduced_inside(worst, reached, proved)
        lower, parts = self.lower(worst, reached)
        if not self.balanced:
            reached = max(reached, lower)
        if lower < reached:
            binding += (
                f"; that is for reduce-scatter and all-gather one after the other, and what leaves "
                f"{parts:,} parts of the ranks only proves {float(lower):.4g} s"
            )
        return self.result(worst, reached, lower, binding, proved)

    def lower(self, worst: _core.CollectiveAnswer, reached: Fraction) -> tuple[Fraction, int]:
        """Bound an all-reduce by what must leave the parts of a partition of the ranks."""
        best, parts = Fraction(0), 0
        for names in self.partitions(worst):
            found = None
            for reverse in (False, True) if self.fabric._handle.is_directed else (False,):
                one = _core.rank_parts(
                    self.fabric._handle,
                    self.own,
                    names,
                    self.forwarding,
                    reverse,
                    _MOST_PARTS,
                    self.clock.left,
                )
                if one is not None and (found is None or one[1] < found[1]):
                    found = one
            if found is None or found[0] < 2:
                continue
            count, capacity = found
            bound = 2 * (count - 1) * self.size * self.unit / capacity
            if bound > best:
                best, parts = bound, count
            if best >= reached:
                break
        if not best:
            # Two parts: one side of the cut that binds, and the other. S goes across, either way.
            capacity, _ = worst.rate
            best, parts = min(reached, self.size * self.unit / capacity), 2
        return best, parts

    def partitions(self, worst: _core.CollectiveAnswer) -> list[list[str] | None]:
        """Partitions worth trying: as the cut that binds suggests, single ranks, by coordinate."""
        tried: list[list[str] | None] = []
        outside = worst.outside
        if len(outside) == 1:
            shared = [name for name, value in outside[0][1] if value >= 0]
            if shared:
                tried.append(shared)
        tried.append(None)
        for _, values in outside:
            names = [name for name, _ in values]
            tried += [names[:end] for end in range(1, len(names))]
            tried += [[name] for name in names[1:]]
        return [one for place, one in enumerate(tried) if one not in tried[:place]]

    def reduced_inside(
        self, plain: _core.CollectiveAnswer, reached: Fraction, proved: bool
    ) -> Collective:
        """All-reduce where switches reduce: S crosses every cut between ranks once each way."""
        if not any(group.role == "switch" for group in self.fabric.groups):
            raise SelectionError(
                f"in_network needs switches that reduce, and fabric {self.fabric.name!r} has none"
            )
        answers = [self.optimum(False, True)]
        if self.fabric._handle.is_directed:
            answers.append(self.optimum(True, True))
        worst = min(answers, key=self.rate)
        lower = self.size / self.rate(worst)
        count = worst.num_ranks
        switches, capacity = _core.shared_switches(self.fabric._handle, self.own, self.forwarding)
        if switches:
            inside = self.size * (1 + Fraction(1, count)) * self.unit / capacity
            if inside < reached:
                through = format_bandwidth(Fraction(capacity, 1 << self.fabric._handle.unit_shift))
                binding = (
                    f"NVLS through {counted(switches, 'switch', 'switches')} that all ranks share: "
                    f"every rank sends and receives S (1 + 1/{count}) at {through}; no schedule is "
                    "faster than S over what a rank has"
                )
                return self.result(worst, inside, lower, binding, True, "nvls")
        binding = (
            self.words(plain, False) + "; that is for ranks that reduce, since no one switch "
            f"serves all of them: for reducing in switches {float(lower):.4g} s is a bound only, "
            "not known to be reached"
        )
        return self.result(worst, reached, lower, binding, proved)

    def words(self, answer: _core.CollectiveAnswer, backward: bool) -> str:
        """Say which ranks are short of what."""
        senders, receivers, _ = answer.binding
        capacity, _ = answer.rate
        rate = format_bandwidth(Fraction(capacity, 1 << self.fabric._handle.unit_shift))
        if receivers == 1:
            who = self.receiver(answer)
            takes = "can send no more than" if backward else "can take in no more than"
        else:
            shared = [
                f"{group}[{','.join(f'{key}={value}' for key, value in values if value >= 0)}]"
                for group, values in answer.outside
            ]
            who = f"the {counted(receivers, 'rank')} in {' and '.join(shared).replace('[]', '')}"
            takes = "can send no more than" if backward else "can take in no more than"
        tiers = ", ".join(f"{row.bundle} {100 * row.share:.3g} %" for row in self.cut(answer))
        return f"{who} {takes} {rate} ({tiers}) {'to' if backward else 'from'} " + counted(
            senders, "rank"
        )

    def receiver(self, answer: _core.CollectiveAnswer) -> str:
        """Name one node outside the set that binds, by its own name if it has one."""
        name, names = answer.binding[2], self.fabric._names
        if names is None:
            return name
        handle = self.fabric._handle
        try:
            node = int(handle.node_ids(handle.select_text(name))[0])
        except SelectionError:
            # Groups of graphs may have names that no selection can spell.
            node = next(node for node in range(len(names)) if handle.node_name(node) == name)
        return names[node]

    def cut(self, answer: _core.CollectiveAnswer) -> Bottleneck:
        return _bottleneck(answer.crossing, self.fabric._handle.unit_shift)

    def cut_off(self, answer: _core.CollectiveAnswer) -> Collective:
        binding = f"{self.receiver(answer)} is down, or no way joins it to some rank"
        return self.result(answer, Fraction(0), Fraction(0), binding, True)

    def result(
        self,
        answer: _core.CollectiveAnswer,
        reached: Fraction,
        lower: Fraction,
        binding: str,
        proved: bool,
        algorithm: str = "optimum",
    ) -> Collective:
        classes, arcs = answer.quotient
        if 0 < reached < lower:
            raise CertificateError(
                f"{algorithm} takes {float(reached):.4g} s, but every schedule "
                f"{float(lower):.4g} s or more; this is a bug, please report it with the input"
            )
        if not proved:
            tried = counted(answer.reached[1], "kind of rank was", "kinds of ranks were")
            binding += (
                f"; only {tried} tried, so the time is known to be no "
                "less, and not known to be reached"
            )
        elif not self.balanced:
            binding += (
                "; some node has more capacity in than out, or less, so the time is known to be no "
                "less, and not known to be reached"
            )
        return Collective(
            self.op,
            algorithm,
            answer.num_ranks,
            self.gbyte,
            _seconds(reached),
            _seconds(lower),
            bool(proved and self.balanced and reached == lower),
            binding,
            self.cut(answer),
            CollectiveCertificate(
                "quotient" if classes else "listed", *answer.reached[1:], classes, arcs
            ),
            (reached, lower),
            self.question,
        )


def _is_balanced(fabric: Fabric) -> bool:
    """Whether as much can enter each node of a fabric of one-way arcs as can leave it."""
    ends, capacity = (fabric.tails, fabric.heads), fabric.gbit_per_s
    size = 1 + max(int(end.max(initial=0)) for end in ends)
    out, into = (np.bincount(end, capacity, size) for end in ends)
    return np.allclose(out, into, rtol=1e-12, atol=0.0)


def _all_relay(fabric: Fabric, own: list[_core.Selection], forwarding: str) -> tuple[Fabric, bool]:
    """Take out what relays nothing and is no rank: whoever is left may relay, ranks included.

    Also says whether that is exact; it is not where some pass on scale-up traffic alone.
    """
    idle, exact = [], True
    for group in fabric.groups:
        passes = group.forwards
        if forwarding != "hardware":
            passes = forwarding == "all" or group.role in ("switch", "nic")
        rest = fabric.select(group.name)
        for ranks in own:
            if ranks.group == group.name:
                rest -= Selection(ranks)
        if passes is True or not rest:
            continue
        if passes is False:
            idle.append(rest)
        else:
            exact = False
    return fabric.without(*idle) if idle else fabric, exact


def _carried(asked: Asked) -> Collective:
    """All-to-all and send/receive: a concurrent flow, whose bounds are bounds of the time."""
    from pinchpoint import traffic

    fabric, op, own, options = asked.fabric, asked.op, asked.own, asked.options
    count = sum(one.num_nodes for one in own)
    if count < 2:
        raise SelectionError(f"a collective needs two ranks or more, and {count} is given")
    gbyte = float(options["gbyte"])
    make = traffic.all_to_all if op == "all_to_all" else traffic.ring
    # At rate 1, all of it in `seconds` is a multiple of 1 / seconds.
    pair = gbyte / count if op == "all_to_all" else gbyte
    pattern = make(asked.ordered, gbyte_per_s=pair)
    clock = Clock(options["time_limit"])
    ask = {"gap": options["gap"], "unreachable": "drop"}
    relaying, exact = _all_relay(fabric, own, options["forwarding"])
    bound = relaying.throughput(pattern, forwarding="all", time_limit=clock.left, **ask)
    lost = bound.unreachable.pairs
    lower, upper, binding = bound.lower, bound.upper, bound.binding
    if not exact:
        # Some that are no ranks would relay too: what is reached is what goes without any relay.
        strict = fabric.throughput(
            pattern, forwarding=options["forwarding"], time_limit=clock.left, **ask
        )
        lower = 0.0 if strict.unreachable.pairs else strict.lower
    # A way passes a node once, so that no node passes more than all there is.
    pairs = count * (count - 1) if op == "all_to_all" else count
    limits = [group.gbit_per_s for group in fabric.groups if group.gbit_per_s is not None]
    lower = min([lower, *(limit / (pairs * pair * 8) for limit in limits)])
    words = "no routing carries more: " + (", ".join(binding[:3]) or "links") + " are full"
    cuts = _Cuts(replace(asked, options={**options, "root": None, "time_limit": clock.left}))
    answer = cuts.optimum(False, False)
    rows = Bottleneck()
    # Senders inside the cut have data for every rank outside; in a ring at least one has.
    inside, outside, _ = answer.binding
    across = Fraction(pair) * 8 * (inside * outside if op == "all_to_all" else 1)
    crossing = Fraction(answer.rate[0], cuts.unit)
    if crossing and across and (not upper or crossing / across <= upper):
        upper, rows = float(crossing / across), cuts.cut(answer)
        words = cuts.words(answer, False)
    if lost:
        words = f"{counted(lost, 'pair of ranks has', 'pairs of ranks have')} no way"
        lower = upper = 0.0
    times = tuple(1 / Fraction(one) if one else Fraction(0) for one in (lower, upper))
    return Collective(
        op,
        "optimum",
        count,
        gbyte,
        _seconds(times[0]),
        _seconds(times[1]),
        bool(lower == upper or (lower and upper / lower - 1 <= 1e-9)),
        words,
        rows,
        CollectiveCertificate("throughput"),
        (times[0], times[1]),
        asked.question,
    )
