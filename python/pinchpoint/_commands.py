"""The subcommands of ``pinchpoint``."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinchpoint import __version__, clusters
from pinchpoint._arguments import fabric_from, fail, is_file, split_options
from pinchpoint._capacities import capacities
from pinchpoint._extras import needed
from pinchpoint._table import WIDTH, hanging, text_table
from pinchpoint._wording import counted
from pinchpoint.errors import CatalogueError, StudyError
from pinchpoint.units import format_bandwidth, format_bytes

if TYPE_CHECKING:
    from pinchpoint.bandwidth import NextBottleneck, PinchRow

__all__ = ["app"]

app = typer.Typer(
    name="pinchpoint",
    add_completion=False,
)
# Options of the builder are not known to typer: they are found in its signature.
_BUILDER_OPTIONS = {"ignore_unknown_options": True}

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Words = Annotated[
    list[str],
    typer.Argument(
        metavar="CLUSTER [--OPTION VALUE]...",
        help="A cluster that `pinchpoint clusters` lists, or a fabric file; its options, such as "
        "--ultraservers 7168. After -- no word is an option.",
        show_default=False,
    ),
]
Fail = Annotated[
    list[str] | None,
    typer.Option(
        "--fail",
        metavar="WHAT",
        help="Take elements out first: 'leaf-spine:100' draws 100 links, 'spine[pod=0,spine=4]' "
        "names nodes. May be repeated.",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of the draws; 0 by default.")]


def _version(asked: bool) -> None:
    if asked:
        print(f"pinchpoint {__version__}")
        raise typer.Exit


@app.callback()
def every_command(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Find where a fabric pinches: exact, certified bandwidth answers."""


@app.command("clusters")
def list_clusters(
    name: Annotated[
        str | None, typer.Argument(help="Show the options of this one.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List what can be built, or the options of one cluster."""
    listed = clusters.available()
    if name is None:
        _print(listed.to_dict() if as_json else repr(listed))
        return
    found = clusters.find(name)
    if as_json:
        _print(next(row for row in listed.to_dict() if row["name"] == found.name))
        return
    rows = [
        ("--" + option.replace("_", "-"), "" if p.default is None else str(p.default))
        for option, p in found.options.items()
    ]
    print(f"{found.name}")
    print(hanging(found.what))
    print()
    print(text_table(("option", "default"), rows) if rows else "It has no options.")


@app.command(context_settings=_BUILDER_OPTIONS)
def show(
    context: typer.Context,
    words: Words,
    fails: Fail = None,
    seed: Seed = None,
    as_json: Json = False,
) -> None:
    """Show the tiers of a fabric: counts, capacities, oversubscription, what is assumed."""
    fabric, rest, _ = _fabric(context, words, fails, seed)
    if rest:
        raise CatalogueError(f"show takes one cluster, and {rest[0]!r} besides was given")
    if not as_json:
        print(fabric)
        return
    now, removed = capacities(fabric), dict(fabric._handle.removed())
    bundles = fabric.bundles
    chips = [group.size for group in fabric.groups if group.role == "chip"]
    _print(
        {
            "name": fabric.name,
            "num_chips": sum(chips),
            "num_chips_up": fabric.num_chips,
            "num_nodes": sum(group.size for group in fabric.groups),
            "num_nodes_up": fabric.num_nodes,
            "num_links": sum(bundle.num_links for bundle in bundles),
            "num_links_up": fabric.num_links,
            "groups": [
                {
                    "name": g.name,
                    "size": g.size,
                    "num_nodes_up": g.size - removed.get(g.name, 0),
                    "coordinates": dict(g.coordinates),
                }
                for g in fabric.groups
            ],
            "bundles": [
                {
                    "name": b.name,
                    "num_links": b.num_links,
                    "num_links_up": b.num_links_up,
                    "num_links_degraded": capacity.degraded,
                    "gbit_per_s": None if b.gbit_per_s != b.gbit_per_s else b.gbit_per_s,
                    "gbit_per_s_least": float(capacity.least / 10**6),
                    "gbit_per_s_most": float(capacity.most / 10**6),
                    "total_gbit_per_s": float(capacity.total / 10**6),
                }
                for b, capacity in zip(bundles, now, strict=True)
            ],
            "figures": [
                {
                    "name": f.name,
                    "value": f.value,
                    "unit": f.unit,
                    "direction": f.direction,
                    "status": f.status,
                    "source": f.source,
                    "note": f.note,
                }
                for f in fabric.figures
            ],
        }
    )


@app.command(context_settings=_BUILDER_OPTIONS)
def bandwidth(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="CLUSTER [--OPTION VALUE]... SOURCES SINKS",
            help="A cluster or a fabric file with its options, then two selections such as "
            "'chip[ultraserver=0]'. After -- no word is an option.",
            show_default=False,
        ),
    ],
    fails: Fail = None,
    seed: Seed = None,
    forwarding: Annotated[
        str, typer.Option(help="Who passes traffic on: hardware, all or none.")
    ] = "hardware",
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds after which to give up.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how much one selection can send to another, and where it pinches."""
    fabric, ends, cluster = _fabric(context, words, fails, seed)
    if len(ends) != 2:
        raise CatalogueError(
            "bandwidth takes two selections after the cluster, such as 'chip[chip=0]' and "
            f"'chip[chip=1]', and {counted(len(ends), 'was', 'were')} given"
        )
    result = fabric.bandwidth(
        fabric.select(ends[0]), fabric.select(ends[1]), forwarding=forwarding, time_limit=time_limit
    )
    pinch = result.bottleneck.rows
    if as_json:
        _print(
            {
                "fabric": cluster,
                "chips": fabric.num_chips,
                "sources": ends[0],
                "sinks": ends[1],
                "forwarding": forwarding,
                "direction": "per direction",
                **result.to_dict(),
            }
        )
        return
    print(f"{ends[0]} -> {ends[1]}")
    print(f"{cluster}, {counted(fabric.num_chips, 'chip')}")
    print()
    print(format_bandwidth(result.kbit_per_s))
    print()
    if pinch:
        rows = [
            (row.bundle, f"{row.links:,}", format_bytes(round(row.gbit_per_s * 1e6)), _share(row))
            for row in pinch
        ]
        print(text_table(("bottleneck", "links", "capacity", "share"), rows, right=(1, 3)))
        print()
        print(textwrap.fill(_gain(pinch, result.next_bottleneck), WIDTH))
    else:
        print("The two are not connected.")
    print()
    print("Certified: the flow and the cut were checked and agree.")


@app.command()
def report(
    study: Annotated[Path, typer.Argument(help="A file that pp.sweep wrote.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The page; by default beside the study.")
    ] = None,
) -> None:
    """Write a study as one HTML page that needs nothing else."""
    needed("pyarrow", "a report", "report", StudyError)
    from pinchpoint.studies.report import report as write
    from pinchpoint.studies.study import read

    print(write(read(study), out or study.with_suffix(".html")))


def _fabric(
    context: typer.Context, words: list[str], fails: list[str] | None, seed: int | None
) -> tuple[Any, list[str], str]:
    """Build the fabric; return it, the remaining words, and the cluster as it was named."""
    own = [flag for option in context.command.params for flag in option.opts]
    flags = (flag[2:] for flag in own if flag.startswith("--"))
    rest, options = split_options(words, flags, literal=context.obj or 0)
    if not rest:
        raise CatalogueError("name a cluster that `pinchpoint clusters` lists, or a fabric file")
    cluster = rest[0]
    if seed is not None and not is_file(cluster) and "seed" in clusters.find(cluster).options:
        # Random graphs have a seed too; one flag serves both.
        options["seed"] = seed
    return fail(fabric_from(cluster, options), fails or (), seed or 0), rest[1:], cluster


def _gain(pinch: tuple[PinchRow, ...], following: NextBottleneck | None) -> str:
    """Say what raising the pinch buys, until what binds next."""
    raised = " and ".join(row.bundle for row in pinch)
    if following is None:
        return f"Raising {raised}: nothing else binds."
    binds = " and ".join(row.bundle for row in following.bottleneck)
    if following.factor == 1:
        return f"Raising {raised} alone buys nothing: {binds} would bind at once."
    value = format_bytes(round(following.gbit_per_s * 1e6))
    return f"Raising {raised} {following.factor:.3g} times gives {value}, until {binds} binds."


def _share(row: PinchRow) -> str:
    return f"{100 * row.share:.3g} %"


def _print(value: Any) -> None:
    if isinstance(value, str):
        print(value)
    else:
        json.dump(value, sys.stdout, indent=2, default=str)
        print()


# They register themselves with the app.
from pinchpoint import _built_commands, _traffic_commands  # noqa: E402, F401
