"""Reads figures.json when a figure is first asked for.

The file holds "sources", citations by key, and the entries. An entry has a title and figures; a
figure, on a line of its own, has

- value: number, text, or a list of whole numbers (a shape, links per switch); or instead
  product: figures whose product it is ("chips", or "trn3.gen2_chips" from another entry);
- unit: "GB/s", "Gb/s", "TFLOPS", "GiB", or the counted thing in the plural;
- direction, of a bandwidth: "per direction", "both directions" (their sum), or "memory";
- status: primary (maker's document, source code, paper), secondary (press, notes, copies), derived
  (arithmetic on the others), or announced (no product yet);
- sources: keys of "sources"; note, optional;
- others, optional: published values that conflict with it, which is the default.

What no source states is not there. Powers of ten throughout, unless the unit says GiB.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._table import html_table, text_table
from pinchpoint.catalogue.entry import Entry
from pinchpoint.catalogue.figure import Figure, Value
from pinchpoint.errors import CatalogueError, InputTypeError

__all__ = ["Hardware", "hardware"]

_FILE: Final = os.path.join(os.path.dirname(__file__), "figures.json")  # noqa: PTH118, PTH120
_SCALED: Final = re.compile(r"([kMGTPE])(B/s|b/s|B|FLOPS|OPS)")
_POWER: Final = {prefix: 1000**i for i, prefix in enumerate("kMGTPE", 1)}


class Hardware(Mapping[str, Entry]):
    """Every hardware figure pinchpoint knows, by entry.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> print(pp.hardware["trn3"]["gen2_cross_rack_cut"])
    gen2_cross_rack_cut: 9,216 GB/s per direction (derived; rack to rack, the same in both wirings)
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    @cached_property
    def _data(self) -> dict[str, Any]:
        with open(_FILE, encoding="utf-8") as file:  # noqa: PTH123
            data: dict[str, Any] = json.load(file)
        return data

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name in self._data if name != "sources")

    def __getitem__(self, name: str) -> Entry:
        """Look an entry up, with a suggestion where there is none."""
        if not isinstance(name, str):
            raise InputTypeError(f"the name of hardware must be text, not {type(name).__name__}")
        key = _key(name)
        if key not in self._names:
            raise CatalogueError(
                f"no hardware is called {shorten(name)}{did_you_mean(name, self._names)}"
            )
        if key not in self._entries:
            self._entries[key] = self._read(key)
        return self._entries[key]

    def __contains__(self, name: object) -> bool:
        return _key(name) in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _read(self, name: str) -> Entry:
        table = self._data[name]
        figures: dict[str, Figure] = {}
        for figure, fields in table["figures"].items():
            # A product may use the figures above it in its own entry.
            figures[figure] = self._figure(name, figure, fields, figures)
        return Entry(name, table["title"], figures)

    def _figure(
        self, entry: str, name: str, fields: dict[str, Any], above: Mapping[str, Figure]
    ) -> Figure:
        value: Value
        if "product" in fields:
            factors = [self._factor(reference, above) for reference in fields["product"]]
            value = _product(factors, fields["unit"])
        else:
            stated = fields["value"]
            value = tuple(stated) if isinstance(stated, list) else stated
        others = [self._figure(entry, name, other, above) for other in fields.get("others", ())]
        return Figure(
            name,
            value,
            fields["unit"],
            fields.get("direction", ""),
            fields["status"],
            tuple(self._data["sources"][key] for key in fields["sources"]),
            fields.get("note", ""),
            tuple(others),
        )

    def _factor(self, reference: str, above: Mapping[str, Figure]) -> Figure:
        entry, _, figure = reference.rpartition(".")
        return self[entry][figure] if entry else above[figure]

    def __repr__(self) -> str:
        rows = [(name, self[name].title, str(len(self[name]))) for name in self]
        return text_table(("name", "hardware", "figures"), rows, right=(2,))

    def _repr_html_(self) -> str:
        rows = [(name, self[name].title, str(len(self[name]))) for name in self]
        return html_table(("name", "hardware", "figures"), rows, "Hardware catalogue")


def _key(name: object) -> str:
    return name.lower().replace("-", "_") if isinstance(name, str) else ""


def _product(factors: list[Figure], unit: str) -> Value:
    """Multiply figures exactly, in the unit asked for."""
    from fractions import Fraction

    result = Fraction(1, _scale(unit))
    for factor in factors:
        result *= Fraction(str(factor.value)) * _scale(factor.unit)
    return int(result) if result.denominator == 1 else float(result)


def _scale(unit: str) -> int:
    match = _SCALED.fullmatch(unit)
    return _POWER[match[1]] if match else 1


hardware: Final = Hardware()
