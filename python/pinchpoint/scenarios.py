"""Scenarios: what fails, degrades, is drained or upgraded, for :func:`pinchpoint.sweep`.

A scenario is one state of a fabric. The functions here describe many at once; nothing is drawn or
listed before a fabric is asked. Draws depend on the seed and the scenario's index alone.

Elements are named as :meth:`Fabric.select` and :meth:`Fabric.select_links` read them: selections,
or text such as ``"spine[pod=0]"`` (nodes of a group) and ``"leaf-spine"`` (links of a bundle).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pinchpoint._suggest import shorten
from pinchpoint._validation import as_items, as_text
from pinchpoint._wording import a_type
from pinchpoint.errors import InputTypeError, ScenarioError
from pinchpoint.selection import shown
from pinchpoint.studies.drawn import MOST, drawn, whole_number
from pinchpoint.studies.elementwise import Each
from pinchpoint.studies.policy import Mode, Policy, Rule, mode_called
from pinchpoint.studies.scenario import Chosen, Listed, Scenario, Scenarios, multiplier, several

if TYPE_CHECKING:
    import os

__all__ = [
    "Mode",
    "Rule",
    "Scenario",
    "Scenarios",
    "degraded",
    "drained",
    "each",
    "each_link",
    "each_node",
    "each_pair",
    "failed",
    "healthy",
    "load",
    "policy",
    "random_links",
    "random_nodes",
    "upgrades",
]


def _named_ones(chosen: tuple[Chosen, ...]) -> tuple[Any, ...]:
    own = tuple(item for one in chosen for item in several(one))
    if not own:
        raise ScenarioError("nothing is named; healthy() is the fabric as it is")
    return own


def _labelled(label: str | None) -> str:
    return "" if label is None else as_text("label", label)


def healthy() -> Scenarios:
    """Return the fabric as it is, as the only scenario.

    Returns
    -------
    Scenarios
        One, labelled "as it is".

    Examples
    --------
    >>> import pinchpoint as pp
    >>> both = pp.scenarios.healthy() + pp.scenarios.failed("switch[switch=0]")
    >>> [one.label for one in both.resolve(pp.clusters.gb200_nvl72())]
    ['as it is', 'failed: switch[switch=0]']
    """
    return Listed((("as it is", (), ()),))


def failed(*chosen: Chosen, label: str | None = None) -> Scenarios:
    """Fail all of these at once: one scenario.

    Parameters
    ----------
    *chosen : selections or text
        What is down.
    label : str, optional
        What a reader calls it.

    Returns
    -------
    Scenarios
        One.

    Raises
    ------
    ScenarioError
        Nothing is named.
    InputTypeError
        A label that is no text.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> pp.scenarios.failed("chip[chip=0]").resolve(rack)[0].nodes_failed
    1
    """
    own = _named_ones(chosen)
    return Listed(((_labelled(label) or f"failed: {shown(own)}", own, ()),))


def drained(*chosen: Chosen) -> Scenarios:
    """Drain these nodes or links at once: they carry nothing. One scenario.

    To a bandwidth a drain and a failure are the same; the label tells them apart.

    Parameters
    ----------
    *chosen : selections or text
        What is drained.

    Returns
    -------
    Scenarios
        One.

    Raises
    ------
    ScenarioError
        Nothing is named.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> drain = pp.scenarios.drained("switch[switch=0]", "switch[switch=9]").resolve(rack)[0]
    >>> drain.label, drain.nodes_failed
    ('drained: switch[switch=0] + switch[switch=9]', 2)
    """
    own = _named_ones(chosen)
    return Listed(((f"drained: {shown(own)}", own, ()),))


def degraded(links: Chosen, factor: float, label: str | None = None) -> Scenarios:
    """Multiply the capacity of links: one scenario.

    Parameters
    ----------
    links : selections or text
        Which links; of nodes all of their links, so that a switch runs at half speed.
    factor : float
        Of their capacity; finite and above zero.
    label : str, optional
        What a reader calls it.

    Returns
    -------
    Scenarios
        One.

    Raises
    ------
    ScenarioError
        A factor that is not above zero.

    Notes
    -----
    On a structured fabric links are boxes, never listed: half a tier costs what a few links do.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> slow = pp.scenarios.degraded("switch[switch=0:9]", 0.5).resolve(rack)[0].apply(rack)
    >>> slow.bandwidth("chip[chip=0]", "chip[chip=1]").gbyte_per_s
    675.0
    """
    own = several(links)
    rows = tuple((one, multiplier(factor)) for one in own)
    return Listed(((_labelled(label) or f"{shown(own)} x {multiplier(factor):g}", (), rows),))


def upgrades(links: Chosen, factors: Iterable[float]) -> Scenarios:
    """Multiply the capacity of links by each factor: a scenario per factor.

    A tier's count or the generation of a link changes the wiring: see
    :func:`pinchpoint.designs.grid`, whose designs :func:`pinchpoint.sweep` takes too.

    Parameters
    ----------
    links : selections or text
        Which links; of nodes all of their links.
    factors : iterable of float
        Of their capacity; each finite and above zero.

    Returns
    -------
    Scenarios
        One per factor, in order.

    Raises
    ------
    ScenarioError
        A factor that is not above zero.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> ask = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")
    >>> study = pp.sweep(rack, pp.scenarios.upgrades("chip-switch", [1, 2, 4]), ask)
    >>> study.columns["label"], study.columns["gbit_per_s"]
    (['chip-switch x 1', 'chip-switch x 2', 'chip-switch x 4'], [7200.0, 14400.0, 28800.0])
    """
    own = several(links)
    factors = [multiplier(factor) for factor in as_items("factors", factors, "numbers")]
    return Listed(
        tuple(
            (f"{shown(own)} x {factor:g}", (), tuple((one, factor) for one in own))
            for factor in factors
        )
    )


def each(groups: Mapping[str, Chosen] | Iterable[Chosen]) -> Scenarios:
    """Fail risk groups one at a time: a tray, a power feed, a cable bundle.

    Parameters
    ----------
    groups : mapping of label to selections, or sequence of selections
        What fails together.

    Returns
    -------
    Scenarios
        One per group, in order.

    Raises
    ------
    ScenarioError
        A group of nothing.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> feeds = {"feed A": ["switch[switch=0:9]"], "feed B": ["switch[switch=9:18]"]}
    >>> [one.label for one in pp.scenarios.each(feeds).resolve(rack)]
    ['feed A', 'feed B']
    """
    if isinstance(groups, Mapping):
        return Listed(
            tuple(
                (as_text("a label of groups", name), _named_ones((one,)), ())
                if isinstance(name, str)
                else (shorten(name), _named_ones((one,)), ())
                for name, one in groups.items()
            )
        )
    if not isinstance(groups, Iterable):
        raise InputTypeError(f"groups is {a_type(groups)}; it must be a mapping or a list")
    own = [_named_ones((one,)) for one in groups]
    return Listed(tuple((f"failed: {shown(one)}", one, ()) for one in own))


def each_link(among: Chosen | None = None) -> Scenarios:
    """Fail every link alone, parallel ones each.

    Parameters
    ----------
    among : selections or text, optional
        Only these; default all links of the fabric.

    Returns
    -------
    Scenarios
        One per link, or per kind of links.

    Notes
    -----
    On a structured fabric, with a :mod:`pinchpoint.query` value, links that are alike under
    symmetry make one scenario; its `stands_for` counts them. Otherwise every link is listed, up to
    8 million.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> alike = pp.scenarios.each_link("chip-switch").resolve(rack, pins=[])
    >>> [one.stands_for for one in alike]
    [1296]
    """
    return Each(None if among is None else several(among), "link")


def each_node(among: Chosen | None = None) -> Scenarios:
    """Fail every node alone; otherwise as :func:`each_link`.

    Parameters
    ----------
    among : selections or text, optional
        Only these; default all nodes of the fabric.

    Returns
    -------
    Scenarios
        One per node, or per kind of nodes.

    Notes
    -----
    With symmetry, as in :func:`each_link`, the cost follows the kinds of nodes; otherwise their
    number, up to 8 million.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> alike = pp.scenarios.each_node("switch").resolve(rack, pins=[])
    >>> [(one.label, one.stands_for) for one in alike]
    [('switch[switch=0]', 18)]
    """
    return Each(None if among is None else several(among), "node")


def each_pair(among: Chosen) -> Scenarios:
    """Fail every two of these elements together; otherwise as :func:`each_link`.

    Parameters
    ----------
    among : selections or text
        Links, nodes, or both.

    Returns
    -------
    Scenarios
        One per pair, or per kind of pairs.

    Notes
    -----
    With symmetry the cost follows the kinds of pairs (2 million at most), otherwise their number,
    which grows with the square of the elements (8 million pairs at most).

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.leaf_spine(64, radix=16)
    >>> alike = pp.scenarios.each_pair("spine").resolve(net, pins=[])
    >>> [(one.label, one.stands_for) for one in alike]
    [('spine[pod=0,spine=0] + spine[pod=0,spine=1]', 6)]
    """
    return Each(several(among), "", pairs=True)


def random_links(
    k: int = 10, count: int = 10_000, seed: int = 0, among: Chosen | None = None
) -> Scenarios:
    """Fail `k` random links that are up, `count` times.

    Parameters
    ----------
    k : int, default 10
        Links per scenario, all different; 1 to a million.
    count : int, default 10,000
        Scenarios; 1 to 10 million.
    seed : int, default 0
        With the index of a scenario it decides the draw, whatever runs it.
    among : selections or text, optional
        Draw from these links; default from all links of the fabric, each equally likely.

    Returns
    -------
    Scenarios
        `count` of them; a fabric that has fewer than `k` of the links up is an error when it is
        asked.

    Raises
    ------
    ScenarioError
        A number out of range.

    Notes
    -----
    A draw takes about O(k): links are drawn, never listed, and drawn again if they are down.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> draws = pp.scenarios.random_links(k=100, count=3, seed=7, among="chip-switch")
    >>> ends = "chip[chip=0]", "chip[chip=1]"
    >>> [one.apply(rack).bandwidth(*ends).gbyte_per_s for one in draws.resolve(rack)]
    [650.0, 850.0, 800.0]
    """
    return drawn(k, count, seed, among, "link")


def random_nodes(k: int, count: int, seed: int = 0, among: Chosen | None = None) -> Scenarios:
    """Fail `k` random nodes that are up, `count` times; otherwise as :func:`random_links`.

    Parameters
    ----------
    k : int
        Nodes per scenario, all different; 1 to a million.
    count : int
        Scenarios; 1 to 10 million.
    seed : int, default 0
        With the index of a scenario it decides the draw.
    among : selections or text, optional
        Only these; default all nodes of the fabric.

    Returns
    -------
    Scenarios
        `count` of them; a fabric that has fewer than `k` of the nodes up is an error when it is
        asked.

    Raises
    ------
    ScenarioError
        A number out of range.

    Notes
    -----
    A draw takes about O(k): nodes are drawn, never listed, and drawn again if they are down.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> drawn = pp.scenarios.random_nodes(2, count=3, among="switch").resolve(rack)
    >>> [one.nodes_failed for one in drawn]
    [2, 2, 2]
    """
    return drawn(k, count, seed, among, "node")


def policy(modes: Iterable[Mode], count: int, seed: int = 0) -> Scenarios:
    """Draw scenarios from weighted modes of failure.

    Parameters
    ----------
    modes : iterable of Mode
        Each scenario draws one of them by weight and applies all of its rules.
    count : int
        Scenarios.
    seed : int, default 0
        With the index of a scenario it decides the draw.

    Returns
    -------
    Scenarios
        `count` of them.

    Raises
    ------
    ScenarioError
        Weights that are negative or do not sum to 1, or no modes.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> from pinchpoint.scenarios import Mode, Rule
    >>> optics = Mode(0.75, (Rule("chip-switch", choose=3),), "optics")
    >>> trays = Mode(0.25, (Rule("switch", probability=0.05),), "trays")
    >>> drawn = pp.scenarios.policy([optics, trays], count=4).resolve(pp.clusters.gb200_nvl72())
    >>> [one.label for one in drawn]
    ['optics, draw 0', 'trays, draw 1', 'trays, draw 2', 'optics, draw 3']
    """
    own = tuple(as_items("modes", modes, "modes"))
    if not own:
        raise ScenarioError("a policy needs a mode at least")
    for place, mode in enumerate(own):
        if not isinstance(mode, Mode):
            raise InputTypeError(f"modes[{place}] is {a_type(mode)}; it must be a Mode")
        if not 0 <= mode.weight <= 1:
            raise ScenarioError(
                f"weight of {mode_called(mode, place)} is {mode.weight}; it must be from 0 to 1"
            )
    total = sum(mode.weight for mode in own)
    if abs(total - 1) > 1e-9:
        raise ScenarioError(f"weights of the modes sum to {total:.9g}; they must sum to 1")
    count = whole_number("count", count, 1, MOST)
    return Policy(own, count, whole_number("seed", seed, 0, (1 << 64) - 1))


def load(path: str | os.PathLike[str], /) -> Scenarios:
    """Read a policy from a YAML file (extra ``yaml``); the how-to page shows one.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Scenarios
        As :func:`policy` makes them.

    Raises
    ------
    FormatError
        A file that is no policy, with file, line and field.
    ScenarioError
        Weights that do not sum to 1.

    Notes
    -----
    Files up to 16 MB are read. Selections are found when a fabric is asked.

    Examples
    --------
    >>> import pathlib, tempfile, pinchpoint as pp
    >>> text = '''
    ... policy: 1
    ... count: 3
    ... modes:
    ...   - {weight: 0.9, name: optics, rules: [{among: chip-switch, choose: 2}]}
    ...   - {weight: 0.1, name: tray, rules: [{among: "switch[switch=0:2]"}]}
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "policy.yaml")
    ...     _ = path.write_text(text)
    ...     policy = pp.scenarios.load(path)
    >>> [one.label for one in policy.resolve(pp.clusters.gb200_nvl72())]
    ['optics, draw 0', 'optics, draw 1', 'optics, draw 2']
    """
    from pinchpoint.studies.policy_file import read

    return read(path)
