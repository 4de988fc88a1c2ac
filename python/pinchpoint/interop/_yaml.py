"""The part of YAML that pinchpoint reads: maps, lists and plain values, each with its line.

No anchors, aliases, tags or merge keys; no words that mean truth; nothing nested deeply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from pinchpoint._extras import needed
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint.errors import FormatError
from pinchpoint.interop._source import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinchpoint.interop._source import Source

__all__ = ["Node", "parse", "quote"]

_MAX_DEPTH = 24
_MAX_EVENTS = 10_000_000
_MAX_TEXT = 4096
_INT = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(
    r"[-+]?(([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,4})?|[0-9]+[eE][-+]?[0-9]{1,4})"
)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None}

Value: TypeAlias = "dict[str, Node] | list[Node] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Node:
    """A value, the line it starts at, and its path for messages.

    Attributes
    ----------
    value : dict, list, str, int, float, bool or None
        The value; entries of maps and lists are nodes.
    line : int
        From 1.
    path : str
        Such as ``groups[2].name``.
    source : Source
        The file.
    """

    value: Value
    line: int
    path: str
    source: Source

    def fail(self, message: str) -> NoReturn:
        """Raise a FormatError that names file, line and field."""
        self.source.fail(self.line, f"{self.path or 'the file'} {message}")

    def _as(self, kinds: type | tuple[type, ...], what: str) -> Any:
        if not isinstance(self.value, kinds) or (
            isinstance(self.value, bool) and kinds is not bool
        ):
            self.fail(f"is {self.shown()}; it must be {what}")
        return self.value

    def shown(self) -> str:
        """Show the value in a message."""
        if isinstance(self.value, dict):
            return "a map"
        return "a list" if isinstance(self.value, list) else shorten(self.value)

    def entries(
        self, required: Iterable[str] = (), optional: Iterable[str] = ()
    ) -> dict[str, Node]:
        """Read a map with these keys and no others."""
        value: dict[str, Node] = self._as(dict, "a map")
        known = [*required, *optional]
        for key, entry in value.items():
            if key not in known:
                entry.source.fail(
                    entry.line,
                    f"{self.path or 'the file'} has the unknown key {shorten(key)}"
                    f"{did_you_mean(key[:100], known)}",
                )
        for key in required:
            if key not in value:
                self.fail(f"has no {key!r}")
        return value

    def pairs(self) -> dict[str, Node]:
        """Read a map with any keys."""
        value: dict[str, Node] = self._as(dict, "a map")
        return value

    def items(self) -> list[Node]:
        """Read a list."""
        value: list[Node] = self._as(list, "a list")
        return value

    def text(self, limit: int = _MAX_TEXT) -> str:
        """Read text of bounded length."""
        value: str = self._as(str, "text (write numbers and words such as true in quotes)")
        if len(value) > limit:
            self.fail(f"has {len(value):,} characters; the limit is {limit:,}")
        return value

    def integer(self, low: int, high: int) -> int:
        """Read an integer between two bounds, both included."""
        value: int = self._as(int, "an integer")
        if not low <= value <= high:
            self.fail(f"is {value}; it must be {low} to {high}")
        return value

    def flag(self) -> bool:
        """Read true or false."""
        value: bool = self._as(bool, "true or false")
        return value


def parse(source: Source) -> Node:
    """Read the one document of a file."""
    yaml = needed("yaml", f"{shown_path(source.name)}: a YAML file", "yaml", FormatError)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _tree(source, yaml.parse(source.text, Loader=loader), yaml)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        if mark is None and (place := getattr(error, "position", None)) is not None:
            line = source.text.count("\n", 0, place) + 1
        else:
            line = 1 if mark is None else mark.line + 1
        source.fail(line, f"no YAML: {what}")


def _tree(source: Source, events: Any, yaml: Any) -> Node:
    # The open maps and lists: (container, its node, the key that waits for a value).
    open_nodes: list[tuple[Node, tuple[str, int] | None]] = []
    root: Node | None = None
    documents = 0
    for count, event in enumerate(events):
        line = event.start_mark.line + 1
        if count >= _MAX_EVENTS:
            source.fail(line, f"more than {_MAX_EVENTS:,} values")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                source.fail(line, "a second document starts; a file holds one")
            if event.tags:
                source.fail(line, "tags are not allowed")
            continue
        if isinstance(event, yaml.AliasEvent):
            source.fail(line, f"the alias *{event.anchor[:60]}: aliases are not allowed")
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            open_nodes.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        if event.anchor is not None:
            source.fail(line, f"the anchor &{event.anchor[:60]}: anchors are not allowed")
        if event.tag is not None:
            source.fail(line, f"the tag {event.tag[:60]}: tags are not allowed")
        value: Value
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
            if open_nodes and isinstance(open_nodes[-1][0].value, dict):
                parent, key = open_nodes[-1]
                if key is None:
                    _take_key(source, parent, event.value, line)
                    open_nodes[-1] = (parent, (event.value, line))
                    continue
        elif isinstance(event, yaml.MappingStartEvent):
            value = {}
        else:
            value = []
        node = _place(source, open_nodes, value, line)
        if root is None:
            root = node
        if isinstance(value, dict | list):
            open_nodes.append((node, None))
            if len(open_nodes) > _MAX_DEPTH:
                source.fail(line, f"nested more than {_MAX_DEPTH} deep")
    if root is None:
        source.fail(1, "the file is empty")
    return root


def _take_key(source: Source, parent: Node, key: str, line: int) -> None:
    where = parent.path or "the file"
    if len(key) > _MAX_TEXT:
        source.fail(line, f"{where} has a key of {len(key):,} characters")
    if key in parent.pairs():
        source.fail(line, f"{where} has the key {shorten(key)} twice")


def _place(
    source: Source, open_nodes: list[tuple[Node, tuple[str, int] | None]], value: Value, line: int
) -> Node:
    """Put a value where it belongs: at the root, in a list, or under the key that waits."""
    if not open_nodes:
        return Node(value, line, "", source)
    parent, key = open_nodes[-1]
    if isinstance(parent.value, list):
        node = Node(value, line, f"{parent.path}[{len(parent.value)}]", source)
        parent.value.append(node)
        return node
    if key is None:
        source.fail(line, f"{parent.path or 'the file'} has a map or list as a key")
    dot = f"{parent.path}." if parent.path else ""
    node = Node(value, line, f"{dot}{key[0][:60]}", source)
    parent.pairs()[key[0]] = node
    open_nodes[-1] = (parent, None)
    return node


def _scalar(event: Any) -> Value:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block
        return text
    if text in _CONSTANTS or not text:
        return _CONSTANTS.get(text)
    if _INT.fullmatch(text):
        return int(text)
    if len(text) < 64 and _FLOAT.fullmatch(text):
        return float(text)
    return text


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def quote(text: str) -> str:
    """Write text so that any YAML reader reads the same text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    out = []
    for character in text:
        code = ord(character)
        if character in _ESCAPES:
            out.append(_ESCAPES[character])
        elif 0xD800 <= code < 0xE000:
            raise FormatError(f"{shorten(text)} holds half a character and cannot be written")
        elif character.isprintable() and code != 0xFEFF:
            out.append(character)
        else:
            out.append(f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}")
    return '"' + "".join(out) + '"'
