"""Failure policies as YAML: strict, with file and line in every message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinchpoint import scenarios
from pinchpoint.errors import ScenarioError
from pinchpoint.interop._source import Source
from pinchpoint.interop._yaml import Node, parse

if TYPE_CHECKING:
    import os

__all__ = ["read"]

_MOST_BYTES = 1 << 24


def read(path: str | os.PathLike[str]) -> scenarios.Scenarios:
    """Read a policy; selections are resolved when a fabric is asked."""
    source = Source.open(path, _MOST_BYTES)
    top = parse(source).entries(("policy", "modes", "count"), ("seed", "risk_groups"))
    top["policy"].integer(1, 1)
    groups = {name: _texts(chosen) for name, chosen in _map(top.get("risk_groups"))}
    modes = [_mode(entry, groups) for entry in top["modes"].items()]
    count = top["count"].integer(1, 10_000_000)
    seed = top["seed"].integer(0, (1 << 64) - 1) if "seed" in top else 0
    try:
        return scenarios.policy(modes, count, seed)
    except ScenarioError as error:
        raise ScenarioError(f"{source.name}: {error}") from None


def _map(node: Node | None) -> list[tuple[str, Node]]:
    return [] if node is None else list(node.pairs().items())


def _texts(node: Node) -> tuple[str, ...]:
    own = (
        [entry.text() for entry in node.items()] if isinstance(node.value, list) else [node.text()]
    )
    if not own:
        node.fail("selects nothing")
    return tuple(own)


def _number(node: Node) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        node.fail(f"is {node.shown()}; it must be a number")
    return float(node.value)


def _mode(node: Node, groups: dict[str, tuple[str, ...]]) -> scenarios.Mode:
    entries = node.entries(("weight", "rules"), ("name",))
    rules = tuple(_rule(rule, groups) for rule in entries["rules"].items())
    name = entries["name"].text() if "name" in entries else ""
    return scenarios.Mode(_number(entries["weight"]), rules, name)


def _rule(node: Node, groups: dict[str, tuple[str, ...]]) -> scenarios.Rule:
    entries = node.entries((), ("among", "risk_groups", "choose", "probability", "factor"))
    if ("among" in entries) == ("risk_groups" in entries):
        node.fail("needs either 'among' (selections) or 'risk_groups' (names)")
    among: Any
    if "among" in entries:
        among = _texts(entries["among"])
    else:
        among = {}
        for name in _texts(entries["risk_groups"]):
            if name not in groups:
                entries["risk_groups"].fail(
                    f"names {name!r}; the file's risk groups are {', '.join(groups) or 'none'}"
                )
            among[name] = groups[name]
    own: dict[str, Any] = {
        name: _number(entries[name]) for name in ("probability", "factor") if name in entries
    }
    if "choose" in entries:
        own["choose"] = entries["choose"].integer(1, 1_000_000)
    try:
        return scenarios.Rule(among, **own)
    except ScenarioError as error:
        node.fail(str(error))
