"""Random regular networks: Jellyfish and Xpander. Their wiring is no join, so they are explicit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pinchpoint import _core
from pinchpoint.clusters import _options
from pinchpoint.clusters._registry import cluster
from pinchpoint.errors import CatalogueError, SizeLimitError
from pinchpoint.units import parse_bandwidth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pinchpoint import Fabric

__all__ = ["jellyfish", "xpander"]

_MOST = 1 << 22
_LIMIT_BYTES = 8_000_000_000
# Ends, capacities and the copies that drawing, sorting and checking take, for each link.
_BYTES_PER_LINK = 100
_TRIES = 1000


@cluster(
    what="Jellyfish: a random regular graph of switches, explicit",
    chips=16_384,
    status="generic",
    sources="Singla and others, NSDI 2012",
)
def jellyfish(
    switches: int = 1024,
    *,
    degree: int = 16,
    chips_per_switch: int = 16,
    link: str = "400Gb/s",
    seed: int = 0,
) -> Fabric:
    """Build a random regular graph of switches with chips on each.

    Parameters
    ----------
    switches : int, default 1024
        Switches.
    degree : int, default 16
        Links of a switch to other switches; ``switches * degree`` is even.
    chips_per_switch : int, default 16
        Chips on a switch.
    link : str, default "400Gb/s"
        Capacity of every link per direction.
    seed : int, default 0
        Seed of the graph; the same seed gives the same graph.

    Returns
    -------
    Fabric
        An explicit fabric of the groups ``leaf`` and ``chip``, bundles ``chip-leaf`` and
        ``leaf-leaf``. Node ids are the switches, then the chips; those of switch 0 come first:
        ``chip[chip=i]`` is on switch ``i // chips_per_switch``.

    Raises
    ------
    CatalogueError
        An option out of range.
    SizeLimitError
        Arrays of more than 8 GB, found before they are made.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Takes O(links log links) time and about 100 bytes a link. Where `degree` is more than half of
    the other switches, the links that are left out are drawn: O(switches^2) time and memory.

    References
    ----------
    Singla, Hong, Popa, Godfrey, Jellyfish: networking data centers randomly, NSDI 2012.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.jellyfish(64, degree=8, chips_per_switch=8)
    >>> net.num_nodes, net.num_links, net.num_chips
    (576, 768, 512)
    """
    _check(switches, degree, chips_per_switch, seed)
    if switches * degree % 2:
        raise CatalogueError(f"switches={switches} times degree={degree} must be even")
    edges = _regular(switches, degree, np.random.default_rng(seed))
    return _listed("jellyfish", edges, switches, chips_per_switch, link)


@cluster(
    what="Xpander: a random lift of a complete graph of switches, explicit",
    chips=16_320,
    status="generic",
    sources="Valadarsky and others, CoNEXT 2016",
)
def xpander(
    lift: int = 60,
    *,
    degree: int = 16,
    chips_per_switch: int = 16,
    link: str = "400Gb/s",
    seed: int = 0,
) -> Fabric:
    """Build a lift of the complete graph on ``degree + 1`` switches, with chips on each.

    Parameters
    ----------
    lift : int, default 60
        Switches in each of the ``degree + 1`` meta-nodes.
    degree : int, default 16
        Links of a switch to other switches, one into every other meta-node.
    chips_per_switch : int, default 16
        Chips on a switch.
    link : str, default "400Gb/s"
        Capacity of every link per direction.
    seed : int, default 0
        Seed of the matchings; the same seed gives the same graph.

    Returns
    -------
    Fabric
        An explicit fabric of the groups ``leaf`` and ``chip``, bundles ``chip-leaf`` and
        ``leaf-leaf``. Node ids are the switches, meta-node by meta-node, then the chips; those of
        switch 0 come first: ``chip[chip=i]`` is on switch ``i // chips_per_switch``.

    Raises
    ------
    CatalogueError
        An option out of range.
    SizeLimitError
        Arrays of more than 8 GB, found before they are made.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Takes O(links) time and about 100 bytes a link.

    References
    ----------
    Valadarsky, Shahaf, Dinitz, Schapira, Xpander: towards optimal-performance datacenters,
    CoNEXT 2016.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.xpander(4, degree=4, chips_per_switch=2)
    >>> net.num_nodes, net.num_links, net.num_chips
    (60, 80, 40)
    """
    _options.count("lift", lift, 1, _MOST)
    _options.count("degree", degree, 1, 512)
    _check((degree + 1) * lift, degree, chips_per_switch, seed)
    rng = np.random.default_rng(seed)
    own = np.arange(lift)
    pairs = [(i, j) for i in range(degree + 1) for j in range(i + 1, degree + 1)]
    edges = np.concatenate(
        [np.stack([i * lift + own, j * lift + rng.permutation(lift)], axis=1) for i, j in pairs]
    )
    return _listed("xpander", edges, lift * (degree + 1), chips_per_switch, link)


def _check(switches: int, degree: int, chips_per_switch: int, seed: int) -> None:
    _options.count("switches", switches, 2, _MOST)
    _options.count("degree", degree, 1, min(switches - 1, 4096))
    _options.count("chips_per_switch", chips_per_switch, 0, 4096)
    _options.count("seed", seed, 0)
    need = switches * (degree // 2 + chips_per_switch) * _BYTES_PER_LINK
    if need > _LIMIT_BYTES:
        raise SizeLimitError(
            f"switches={switches} with degree={degree} and chips_per_switch={chips_per_switch} "
            f"need about {need / 1e9:.0f} GB, limit {_LIMIT_BYTES / 1e9:.0f} GB"
        )


def _regular(n: int, degree: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a simple regular graph: pair the stubs, then swap loops and repeats away.

    Swapping an offending pair with a random one keeps every degree (McKay, Wormald 1990); a dense
    graph may get stuck, so its complement is drawn instead.
    """
    if degree > (n - 1) / 2:
        drawn = _regular(n, n - 1 - degree, rng)
        missing = np.ones((n, n), dtype=bool)
        missing[drawn[:, 0], drawn[:, 1]] = missing[drawn[:, 1], drawn[:, 0]] = False
        return np.argwhere(np.triu(missing, 1))
    edges = rng.permutation(np.repeat(np.arange(n), degree)).reshape(-1, 2)
    for _ in range(_TRIES):
        edges.sort(axis=1)
        order = np.argsort(edges[:, 0] * n + edges[:, 1], kind="stable")
        edges = edges[order]
        repeated = np.zeros(len(edges), dtype=bool)
        repeated[1:] = (edges[1:] == edges[:-1]).all(axis=1)
        bad = np.flatnonzero(repeated | (edges[:, 0] == edges[:, 1]))
        if not bad.size:
            return edges
        others = rng.choice(len(edges), size=bad.size, replace=False)
        for one, other in zip(bad, others, strict=True):
            edges[one, 1], edges[other, 1] = edges[other, 1], edges[one, 1]
    raise CatalogueError(f"no simple graph of degree={degree} on switches={n} was found")


def _listed(
    name: str, edges: NDArray[np.int64], switches: int, per_switch: int, link: str
) -> Fabric:
    from pinchpoint import Fabric

    kbit = parse_bandwidth(_options.bandwidth("link", link))
    chips = switches * per_switch
    own = np.repeat(np.arange(switches), per_switch)
    tails = np.concatenate([switches + np.arange(chips), edges[:, 0]])
    heads = np.concatenate([own, edges[:, 1]])
    groups = [("leaf", "switch", "always", switches), ("chip", "chip", "never", chips)]
    bundles = [("chip-leaf", 1, 0, chips), ("leaf-leaf", 0, 0, len(edges))]
    # A group is never empty: switches without chips are one group and one bundle.
    core = _core.Fabric.listed(
        name,
        groups[: 1 + bool(chips)],
        bundles[not chips :],
        tails.astype(np.uint32),
        heads.astype(np.uint32),
        np.full(len(tails), kbit, np.int64),
        False,
        0,
    )
    return Fabric(core)
