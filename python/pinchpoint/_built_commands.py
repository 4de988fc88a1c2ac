"""The subcommands about a fabric as built: ``check`` and ``diff``."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from pinchpoint import Fabric, clusters
from pinchpoint._arguments import is_file
from pinchpoint._commands import Json, app
from pinchpoint._table import WIDTH

__all__ = ["check", "diff"]

File = Annotated[str, typer.Argument(metavar="FILE", help="A fabric file, of whatever format.")]


@app.command()
def check(file: File, as_json: Json = False) -> None:
    """Say what a file holds, and which cables are slower than others of their trunk."""
    from pinchpoint import differences
    from pinchpoint.interop import read

    found = read(file)
    slow = differences.check(found)
    if as_json:
        report = {
            "read": dict(found.report.read),
            "guessed": list(found.report.guessed),
            "skipped": list(found.report.skipped),
        }
        rows = [{**item._asdict(), "cable": item.cable._asdict()} for item in slow]
        _print_json({"file": file, "format": found.report.format, **report, "slow": rows})
        return
    print(_wrapped(str(found.report)))
    print()
    for item in slow:
        print(_wrapped(str(item)))
    if not slow:
        print("Every trunk has cables of one speed.")


@app.command()
def diff(
    designed: Annotated[
        str, typer.Argument(metavar="FILE|CLUSTER", help="A file, or the name of a cluster.")
    ],
    built: Annotated[str, typer.Argument(metavar="FILE|CLUSTER", help="The same as it was built.")],
    as_json: Json = False,
) -> None:
    """Compare a fabric as built with its design: missing, miscabled, slow and extra links."""
    from pinchpoint import differences

    found = differences.diff(_file_or_cluster(designed), _file_or_cluster(built))
    if as_json:
        faults: list[dict[str, Any]] = [
            {
                "kind": fault.kind,
                "designed": None if fault.designed is None else fault.designed._asdict(),
                "built": None if fault.built is None else fault.built._asdict(),
                "lost_gbit_per_s": fault.lost_gbit_per_s,
            }
            for fault in found.faults
        ]
        nodes = {"missing_nodes": found.missing_nodes, "extra_nodes": found.extra_nodes}
        costs = [cost._asdict() for cost in found.costs]
        _print_json({"faults": faults, **nodes, "costs": costs})
        return
    print("\n".join(_wrapped(line) for line in str(found).split("\n")))


def _file_or_cluster(word: str) -> str | Fabric:
    return word if is_file(word) or Path(word).exists() else clusters.build(word)


def _wrapped(text: str) -> str:
    """Break long lines of a report; what follows is indented."""
    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip()))
        lines += textwrap.wrap(line, WIDTH, subsequent_indent=indent + "  ") or [line]
    return "\n".join(lines)


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2, default=str)
    print()
