"""The subcommands about traffic: ``congestion``, ``throughput`` and ``collective``."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinchpoint._arguments import is_file
from pinchpoint._commands import _BUILDER_OPTIONS, Fail, Json, Seed, Words, _fabric, _print, app
from pinchpoint._progress import progress
from pinchpoint._suggest import did_you_mean
from pinchpoint._table import WIDTH, text_table
from pinchpoint._wording import counted
from pinchpoint.errors import CatalogueError, SelectionError
from pinchpoint.units import format_bandwidth, format_bytes, parse_bandwidth

if TYPE_CHECKING:
    from pinchpoint import Fabric
    from pinchpoint.collective import Collective
    from pinchpoint.congestion import Congestion
    from pinchpoint.throughput import Throughput
    from pinchpoint.traffic import Traffic

__all__ = ["collective", "congestion", "throughput"]

_PATTERNS = ("all-to-all", "skewed", "permutation", "ring", "incast")
_HASHED = "ecmp-hash"

Pattern = Annotated[
    str,
    typer.Option(
        help="all-to-all, skewed (Zipf, drawn with --seed), permutation (drawn too), ring or "
        "incast."
    ),
]
Among = Annotated[
    str | None,
    typer.Option(
        metavar="NODES",
        help="Who takes part; chips, or hosts where there are none.",
        show_default=False,
    ),
]
Rate = Annotated[
    str, typer.Option(metavar="BANDWIDTH", help="What each node sends in all, such as 50GB/s.")
]
Forwarding = Annotated[str, typer.Option(help="Who passes traffic on: hardware, all or none.")]
Limit = Annotated[float | None, typer.Option(help="Seconds after which to give up.")]


@app.command(context_settings=_BUILDER_OPTIONS)
def congestion(
    context: typer.Context,
    words: Words,
    traffic: Pattern = "all-to-all",
    among: Among = None,
    rate: Rate = "1GB/s",
    routing: Annotated[
        str, typer.Option(help="ecmp, wcmp, ecmp-hash, single (D-mod-k) or valiant.")
    ] = "ecmp",
    queue_pairs: Annotated[int, typer.Option(help="Parts of each flow under ecmp-hash.")] = 1,
    fails: Fail = None,
    seed: Seed = None,
    forwarding: Forwarding = "hardware",
    time_limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Say what a traffic puts on every tier under a routing, and which links are too full."""
    fabric, cluster = _only_fabric("congestion", context, words, fails, seed)
    pattern, nodes = _pattern(fabric, traffic, among, rate, seed)
    with progress("congestion"):
        result = fabric.congestion(
            pattern,
            routing=routing,  # type: ignore[arg-type]
            queue_pairs=queue_pairs,
            seeds=range(seed or 0, (seed or 0) + 10),
            forwarding=forwarding,  # type: ignore[arg-type]
            time_limit=time_limit,
        )
        own = result.to_dict()
    asked = {"traffic": traffic, "among": nodes, "rate": rate, "routing": routing}
    if as_json:
        _print({"fabric": cluster, "chips": fabric.num_chips, **asked, **own})
        return
    _head(fabric, cluster, traffic, nodes, rate, f"{routing} routing")
    _tiers(own["tiers"])
    print()
    _say(_fullest(result, rate))
    if routing == _HASHED:
        low, high = result.distribution.min(), result.distribution.max()
        count = len(result.distribution)
        _say(
            f"Above are means over {counted(count, 'seed')}; in one draw the fullest link has "
            f"{_percent(low)} to {_percent(high)}."
        )
    _lost(result.unreachable.pairs)
    print()
    print("Certified: the loads were checked.")


def _tiers(tiers: list[dict[str, Any]]) -> None:
    rows = [
        (
            tier["tier"],
            tier["direction"],
            f"{tier['links']:,}",
            _percent(tier["max_utilization"]),
            _percent(tier["mean_utilization"]),
        )
        for tier in tiers
        if tier["gbit_per_s"]
    ]
    headers = ("tier", "direction", "links", "fullest", "mean")
    print(text_table(headers, rows, right=(2, 3, 4)) if rows else "No link carries anything.")


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _fullest(result: Congestion, rate: str) -> str:
    hot = result.bottlenecks(1)
    if not hot:
        return "Nothing is sent."
    fits = format_bytes(round(parse_bandwidth(rate) * result.multiplier))
    times = f"{result.multiplier:.3g} times"
    return f"Fullest: {hot[0]}. The traffic fits {times}: {fits} per node."


@app.command(context_settings=_BUILDER_OPTIONS)
def throughput(
    context: typer.Context,
    words: Words,
    traffic: Pattern = "all-to-all",
    among: Among = None,
    rate: Rate = "1GB/s",
    gap: Annotated[float, typer.Option(help="Stop once the bounds are this close.")] = 0.01,
    fails: Fail = None,
    seed: Seed = None,
    forwarding: Forwarding = "hardware",
    time_limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Bound how much of a traffic the wiring can carry, whatever the routing."""
    fabric, cluster = _only_fabric("throughput", context, words, fails, seed)
    pattern, nodes = _pattern(fabric, traffic, among, rate, seed)
    from pinchpoint.throughput import Interrupted

    interrupted = False
    with progress("throughput"):
        try:
            result = fabric.throughput(
                pattern,
                gap=gap,
                forwarding=forwarding,  # type: ignore[arg-type]
                time_limit=time_limit,
            )
        except Interrupted as stop:
            result, interrupted = stop.answer, True
    _show_throughput(result, (fabric, cluster), (traffic, nodes, rate), as_json)
    if interrupted:
        raise typer.Exit(130)


def _show_throughput(
    result: Throughput, of: tuple[Fabric, str], question: tuple[str, str, str], as_json: bool
) -> None:
    (fabric, cluster), (traffic, nodes, rate) = of, question
    asked = {"traffic": traffic, "among": nodes, "rate": rate}
    if as_json:
        _print({"fabric": cluster, "chips": fabric.num_chips, **asked, **result.to_dict()})
        return
    _head(fabric, cluster, traffic, nodes, rate, "any routing")
    kbit = parse_bandwidth(rate)
    rows = [
        (name, f"{bound:.6g}", format_bandwidth(round(kbit * bound)))
        for name, bound in (("carried", result.lower), ("no more than", result.upper))
    ]
    print(text_table(("bound", "of the traffic", "per node"), rows, right=(1,)))
    print()
    if result.binding:
        _say(f"What binds: {', '.join(result.binding[:3])}.")
    if result.cut is not None:
        cut = result.cut
        _say(
            f"A cut says so: {counted(cut.num_senders, 'node reaches', 'nodes reach')} the "
            f"other {cut.num_receivers:,} over {cut.tiers}."
        )
    if result.stopped:
        print("Stopped before the bounds were as close as asked.")
    apart = "meet" if result.gap <= 1e-9 else f"are {100 * result.gap:.2g} % apart"
    if not result.lower:
        apart = "no flow is known yet"
    print(f"Certified: the bounds were checked, and {apart}.")


@app.command(context_settings=_BUILDER_OPTIONS)
def collective(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="CLUSTER [--OPTION VALUE]... OP",
            help="A cluster or a fabric file with its options, then all_reduce, reduce_scatter, "
            "all_gather, all_to_all, broadcast, reduce or send_recv.",
            show_default=False,
        ),
    ],
    ranks: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NODES",
            help="Who takes part: a selection, or a file with one per line; may be repeated. All "
            "chips by default.",
            show_default=False,
        ),
    ] = None,
    gbyte: Annotated[float, typer.Option(help="nccl-tests' S in 10^9 bytes.")] = 1.0,
    in_network: Annotated[
        bool, typer.Option("--in-network", help="Switches add up (NVLS, SHARP).")
    ] = False,
    algorithm: Annotated[
        str | None,
        typer.Option(
            help="ring, tree, hierarchical, rail-aligned or direct; the optimum by default.",
            show_default=False,
        ),
    ] = None,
    domain: Annotated[
        str | None,
        typer.Option(help="Scale-up domain: a coordinate or a number.", show_default=False),
    ] = None,
    routing: Annotated[str, typer.Option(help="Routing of the algorithm.")] = "ecmp",
    fails: Fail = None,
    seed: Seed = None,
    forwarding: Forwarding = "hardware",
    time_limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Say how fast a collective can be: busbw as nccl-tests has it, and what binds."""
    fabric, rest, cluster = _fabric(context, words, fails, seed)
    if len(rest) != 1:
        raise CatalogueError(
            "collective takes one operation after the cluster, such as all_reduce, and "
            f"{counted(len(rest), 'was', 'were')} given"
        )
    with progress("collective"):
        result = fabric.collective(
            rest[0],
            _ranks(fabric, ranks),
            gbyte=gbyte,
            in_network=in_network,
            algorithm=algorithm,
            domain=int(domain) if domain is not None and domain.isdecimal() else domain,
            routing=routing,
            forwarding=forwarding,
            time_limit=time_limit,
        )
    if as_json:
        _print({"fabric": cluster, "chips": fabric.num_chips, **result.to_dict()})
        return
    print(
        f"{result.op} of {counted(result.num_ranks, 'rank')}, S = {gbyte:g} GB, {result.algorithm}"
    )
    print(f"{cluster}, {counted(fabric.num_chips, 'chip')}")
    print()
    _times(result)
    print()
    _say(f"What binds: {result.binding}.")
    print()
    print("Certified: cuts and flows were checked." if result.algorithm == "optimum" else _BOUND)


_BOUND = "The bound is certified; bandwidth only, without latency."


def _times(result: Collective) -> None:
    names = ("reached", "no better than")
    factor = result.busbw_upper_gbyte_per_s, result.busbw_gbyte_per_s
    rows = [
        (
            "optimal" if result.optimal else name,
            f"{busbw:.6g} GB/s",
            f"{result.gbyte / seconds if seconds else 0:.6g} GB/s",
            f"{seconds:.6g} s",
        )
        for name, busbw, seconds in (
            (names[0], factor[1], result.seconds),
            (names[1], factor[0], result.seconds_lower),
        )
    ]
    headers = ("", "busbw", "algbw", "time")
    print(text_table(headers, rows[:1] if result.optimal else rows, right=(1, 2, 3)))


def _ranks(fabric: Fabric, ranks: list[str] | None) -> Any:
    if not ranks:
        return _everyone(fabric)
    if len(ranks) == 1:
        return Path(ranks[0]) if is_file(ranks[0]) else ranks[0]
    if any(is_file(one) for one in ranks):
        raise CatalogueError("--ranks takes one file, or selections")
    return list(ranks)


def _everyone(fabric: Fabric) -> str:
    """Return the group of those who usually send: chips, hosts, or the one group there is."""
    names = [group.name for group in fabric.groups]
    for role in ("chip", "host"):
        for group in fabric.groups:
            if group.role == role:
                return group.name
    if len(names) == 1:
        return names[0]
    raise CatalogueError(f"say who takes part; the groups are {', '.join(names)}")


def _only_fabric(
    command: str,
    context: typer.Context,
    words: list[str],
    fails: list[str] | None,
    seed: int | None,
) -> tuple[Fabric, str]:
    fabric, rest, cluster = _fabric(context, words, fails, seed)
    if rest:
        raise CatalogueError(f"{command} takes one cluster, and {rest[0]!r} besides was given")
    return fabric, cluster


def _pattern(
    fabric: Fabric, name: str, among: str | None, rate: str, seed: int | None
) -> tuple[Traffic, str]:
    """Make the traffic a word names, and say among whom."""
    from pinchpoint import traffic

    if name not in _PATTERNS:
        raise SelectionError(
            f"--traffic {name!r} is none of {', '.join(_PATTERNS)}{did_you_mean(name, _PATTERNS)}"
        )
    nodes = among or _everyone(fabric)
    gbit = parse_bandwidth(rate) / 1e6
    if name == "all-to-all":
        return traffic.all_to_all(fabric.select(nodes), per_chip_gbit_per_s=gbit), nodes
    if name == "skewed":
        own = fabric.select(nodes)
        return traffic.skewed(own, seed=seed or 0, per_chip_gbit_per_s=gbit), nodes
    if name == "permutation":
        return traffic.permutation(nodes, seed=seed or 0, gbit_per_s=gbit), nodes
    if name == "ring":
        return traffic.ring(nodes, gbit_per_s=gbit), nodes
    return traffic.incast(nodes, int(fabric.node_ids(nodes)[0]), gbit_per_s=gbit), nodes


def _head(fabric: Fabric, cluster: str, traffic: str, nodes: str, rate: str, routing: str) -> None:
    each = format_bytes(parse_bandwidth(rate))
    _say(f"{traffic} among {nodes}, {each} from each, {routing}")
    print(f"{cluster}, {counted(fabric.num_chips, 'chip')}")
    print()


def _lost(pairs: int) -> None:
    if pairs:
        lost = counted(pairs, "pair of nodes has", "pairs of nodes have")
        _say(f"{lost} no way; that traffic is on no link.")


def _say(text: str) -> None:
    print(textwrap.fill(text, WIDTH, break_on_hyphens=False))
