"""XML under limits: no document types, no entities, nothing nested deeply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pinchpoint._suggest import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pinchpoint.interop._source import Source

__all__ = ["Element", "parse"]

_MAX_DEPTH = 64
_MAX_ELEMENTS = 20_000_000
_MAX_ATTRIBUTE = 1 << 16


@dataclass(slots=True)
class Element:
    """An element with its attributes, children, text and line."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> Iterator[Element]:
        """Yield the children of that tag."""
        return (child for child in self.children if child.tag == tag)


def parse(source: Source, check_root: Callable[[str, int], None] | None = None) -> Element:
    """Read the root element of a file; `check_root` may refuse it by its tag."""
    from xml.parsers import expat

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    open_elements: list[Element] = []
    roots: list[Element] = []
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        line = parser.CurrentLineNumber
        if not open_elements and check_root is not None:
            check_root(tag, line)
        if count > _MAX_ELEMENTS:
            source.fail(line, f"more than {_MAX_ELEMENTS:,} elements")
        if len(open_elements) >= _MAX_DEPTH:
            source.fail(line, f"nested more than {_MAX_DEPTH} deep")
        for name, value in attributes.items():
            if len(value) > _MAX_ATTRIBUTE:
                source.fail(line, f"{tag}: {shorten(name)} has {len(value):,} characters")
        element = Element(tag, attributes, line)
        (open_elements[-1].children if open_elements else roots).append(element)
        open_elements.append(element)

    def end(_tag: str) -> None:
        open_elements.pop()

    def text(data: str) -> None:
        if not data.isspace():
            open_elements[-1].text += data

    def doctype(*_: object) -> None:
        source.fail(parser.CurrentLineNumber, "document types and entities are not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    try:
        parser.Parse(source.text.encode(), True)
    except expat.ExpatError as error:
        source.fail(error.lineno, f"no XML: {expat.errors.messages[error.code]}")
    except (ValueError, LookupError) as error:
        if type(error).__module__ != "builtins":
            raise
        source.fail(1, f"no XML: {error}")
    return roots[0]
