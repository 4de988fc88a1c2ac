"""Turns words of the command line into a fabric, its options and its failed elements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinchpoint import clusters
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint.errors import CatalogueError, SelectionError
from pinchpoint.interop._source import is_there

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from inspect import Parameter

    from pinchpoint import Fabric
    from pinchpoint.clusters import Cluster

__all__ = ["fabric_from", "fail", "is_file", "split_options"]

_WORDS = {"true": True, "false": False, "none": None}
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def split_options(
    words: Sequence[str], own: Iterable[str] = (), *, literal: int = 0
) -> tuple[list[str], dict[str, Any]]:
    """Part positional words from ``--name value``, ``--name=value``, ``--name`` and ``--no-name``.

    The first positional word names the cluster, whose options say which flags take a value. The
    command's `own` options are suggested for what is mistyped. The last `literal` words came after
    ``--``: they are positional whatever they look like.
    """
    end = max(0, len(words) - literal)
    cluster = _cluster_in(words, end)
    known = cluster.options if cluster is not None else {}
    rest: list[str] = []
    options: dict[str, Any] = {}
    i = 0
    while i < end:
        word = words[i]
        i += 1
        if not word.startswith("--"):
            rest.append(word)
            continue
        flag, equals, text = word[2:].partition("=")
        name = flag.replace("-", "_")
        if _takes_none(word, known):
            options[name if name in known else name.removeprefix("no_")] = name in known
            continue
        if name not in known:
            where = f"{cluster.name} has" if cluster is not None else "a fabric file takes"
            near = [*(option.replace("_", "-") for option in known), *own]
            raise CatalogueError(
                f"{where} no option {shorten('--' + flag)}{did_you_mean(flag[:100], near, '--')}"
            )
        if not equals:
            if i == end:
                raise CatalogueError(f"--{flag} needs a value")
            text = words[i]
            i += 1
        on_or_off = isinstance(known[name].default, bool)
        options[name] = _flag(flag, text) if on_or_off else _value(text)
    return rest + list(words[end:]), options


def _cluster_in(words: Sequence[str], end: int) -> Cluster | None:
    """Find the cluster that the words name; None for a file, or none at all.

    It is the first word that is no flag. A word right after a flag may be the flag's value: it is
    the cluster only if one of that name has such a flag that takes none.
    """
    for i, word in enumerate(words):
        before = words[i - 1] if 0 < i < end else ""
        if i < end and word.startswith("--"):
            continue
        if not before.startswith("--") or "=" in before:
            return None if is_file(word) else clusters.find(word)
        # Looking for a near name would read every builder.
        if word.lower().replace("-", "_") in clusters.__all__:
            try:
                found = clusters.find(word)
            except CatalogueError:
                continue
            if _takes_none(before, found.options):
                return found
    flag = next((word for word in words[:end] if word.startswith("--")), None)
    if flag is not None:
        raise CatalogueError(f"no cluster is named before {shorten(flag)}: its options follow it")
    return None


def _takes_none(word: str, known: Mapping[str, Parameter]) -> bool:
    """Whether a flag such as ``--name`` or ``--no-name`` takes no value."""
    name = word[2:].replace("-", "_")
    option = known.get(name, known.get(name.removeprefix("no_")))
    return option is not None and isinstance(option.default, bool)


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


def _flag(flag: str, text: str) -> bool:
    """Read the value of an option that is on or off."""
    if text.lower() not in _FLAGS:
        raise CatalogueError(f"--{flag} is {shorten(text)}; it must be yes or no")
    return _FLAGS[text.lower()]


def fabric_from(word: str, options: dict[str, Any]) -> Fabric:
    """Build the named cluster, or load the file."""
    if is_file(word):
        return _load(word, options)
    return clusters.build(word, **options)


def _load(word: str, options: dict[str, Any]) -> Fabric:
    import pinchpoint

    if options:
        raise CatalogueError(f"a fabric file takes no option --{next(iter(options))}")
    if not is_there(Path(word)):
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
