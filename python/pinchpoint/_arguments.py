"""Turns words of the command line into a fabric, its options and its failed elements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinchpoint import clusters
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint.errors import CatalogueError, SelectionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinchpoint import Fabric

__all__ = ["fabric_from", "fail", "is_file", "split_options"]

_WORDS = {"true": True, "false": False, "none": None}


def split_options(
    words: Sequence[str], own: Iterable[str] = ()
) -> tuple[list[str], dict[str, Any]]:
    """Part positional words from ``--name value``, ``--name=value``, ``--name`` and ``--no-name``.

    The first positional word names the cluster, whose options say which flags take a value. The
    command's `own` options are suggested for what is mistyped.
    """
    first = next((w for i, w in enumerate(words) if _is_positional(words, i)), None)
    cluster = None if first is None or is_file(first) else clusters.find(first)
    known = cluster.options if cluster is not None else {}
    rest: list[str] = []
    options: dict[str, Any] = {}
    i = 0
    while i < len(words):
        word = words[i]
        i += 1
        if not word.startswith("--"):
            rest.append(word)
            continue
        flag, equals, text = word[2:].partition("=")
        name = flag.replace("-", "_")
        negated = name.removeprefix("no_")
        if negated != name and negated in known and isinstance(known[negated].default, bool):
            options[negated] = False
            continue
        if name not in known:
            where = f"{cluster.name} has" if cluster is not None else "a fabric file takes"
            near = [*(option.replace("_", "-") for option in known), *own]
            raise CatalogueError(
                f"{where} no option {shorten('--' + flag)}{did_you_mean(flag[:100], near, '--')}"
            )
        if not equals and isinstance(known[name].default, bool):
            options[name] = True
            continue
        if not equals:
            if i == len(words):
                raise CatalogueError(f"--{flag} needs a value")
            text = words[i]
            i += 1
        options[name] = _value(text)
    return rest, options


def _is_positional(words: Sequence[str], i: int) -> bool:
    """Whether a word is no flag and, as far as can be told yet, no flag's value."""
    before = words[i - 1] if i else ""
    return not words[i].startswith("--") and (not before.startswith("--") or "=" in before)


def is_file(word: str) -> bool:
    """Whether a word names a fabric file and not a cluster."""
    return "." in word or "/" in word


def _value(text: str) -> Any:
    """Read an option as the number it looks like; the builder checks it and names the option."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        # int() refuses thousands of digits by itself; "1_0" and "nan" are no numbers here.
        if text.replace(".", "").replace("-", "").isdecimal():
            try:
                return kind(text)
            except ValueError:
                continue
    return text


def fabric_from(word: str, options: dict[str, Any]) -> Fabric:
    """Build the named cluster, or load the file."""
    if is_file(word):
        return _load(word, options)
    return clusters.build(word, **options)


def _load(word: str, options: dict[str, Any]) -> Fabric:
    import pinchpoint

    if options:
        raise CatalogueError(f"a fabric file takes no option --{next(iter(options))}")
    if not Path(word).exists():
        raise CatalogueError(f"there is no file {shorten(word)}")
    return pinchpoint.load(word)


def fail(fabric: Fabric, failures: Iterable[str], seed: int) -> Fabric:
    """Take failed elements out.

    ``"leaf-spine:100"`` are 100 links of a bundle drawn at random, ``"leaf-spine[pod=0]"`` the
    links of a bundle by coordinate, ``"spine[pod=0,spine=4]"`` nodes; so is the name of a node.
    """
    bundles = {bundle.name for bundle in fabric.bundles}
    failed: list[Any] = []
    for number, text in enumerate(failures):
        drawn, colon, count = text.partition(":")
        # Names of nodes may hold colons.
        if colon and "[" not in text and text not in (fabric._names or ()):
            if drawn not in bundles:
                raise SelectionError(
                    f"--fail {shorten(text)}: no bundle is called {shorten(drawn)}"
                    f"{did_you_mean(drawn, bundles)}"
                )
            if not (count.isascii() and count.isdecimal() and len(count) < 19):
                raise SelectionError(
                    f"--fail {shorten(text)}: {shorten(count)} is no whole number of links"
                )
            # Each draw has its own stream, so that adding one leaves the others as they were.
            failed.append(fabric.sample_links(drawn, int(count), seed=seed + number))
            continue
        try:
            failed.append(fabric._by_name(text))
        except SelectionError as error:
            raise SelectionError(f"--fail {shorten(text)}: {error}") from None
    return fabric.without(*failed) if failed else fabric
