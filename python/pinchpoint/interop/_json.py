"""JSON under limits: no key twice, no deep nesting, faults with line and field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pinchpoint._suggest import shorten

if TYPE_CHECKING:
    from pinchpoint.interop._source import Source

__all__ = ["Fields", "parse"]


class _TwiceError(ValueError):
    pass


def parse(source: Source) -> Any:
    """Read the JSON value that a file is.

    Raises
    ------
    FormatError
        No JSON, a key twice in one object, numbers such as NaN, or nesting too deep.
    """
    try:
        return json.loads(source.text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        source.fail(error.lineno, f"no JSON: {error.msg} (column {error.colno})")
    except _TwiceError as error:
        source.fail(None, str(error))
    except RecursionError:
        source.fail(None, "nested too deeply")
    except ValueError as error:  # an integer of thousands of digits
        source.fail(None, f"no JSON: {str(error)[:100]}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _TwiceError(f"the key {shorten(key)} comes twice in one object")
            seen.add(key)
    return found


def _no_constant(word: str) -> Any:
    raise _TwiceError(f"the number {word} is not allowed")


class Fields:
    """Reads members of objects and names them when they are wrong."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def get(self, value: Any, key: str, kind: type, where: str) -> Any:
        """Return the member `key` of an object, of the kind asked for."""
        if not isinstance(value, dict):
            self._source.fail(
                None, f"{where or 'the file'} is {_shown(value)}; it must be an object"
            )
        path = f"{where}.{key}" if where else key
        if key not in value:
            self._source.fail(None, f"{path} is missing")
        return self.check(value[key], kind, path)

    def check(self, value: Any, kind: type, path: str) -> Any:
        """Return a value of the kind asked for; booleans are no numbers."""
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or (isinstance(value, bool) and kind is not bool):
            self._source.fail(None, f"{path} is {_shown(value)}; it must be {_KINDS[kind]}")
        return value


_KINDS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "an integer",
    float: "a number",
}


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return shorten(value)
