"""The clusters that can be built, by name."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeAlias, TypeVar, overload

from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._table import html_table, text_table
from pinchpoint.clusters._options import plain
from pinchpoint.errors import CatalogueError, InputTypeError

if TYPE_CHECKING:
    from pinchpoint import Fabric

__all__ = ["Cluster", "Clusters", "available", "build", "cluster", "find"]

P = ParamSpec("P")
R = TypeVar("R")
Status: TypeAlias = Literal["shipping", "announced", "design", "generic"]
_HEADERS = ("name", "what", "chips", "status", "sources")


@dataclass(frozen=True)
class Cluster:
    """A cluster that can be built.

    Parameters
    ----------
    name : str
        Its name, as `build` and the command line take it.
    what : str
        One line that says what it is.
    chips : int
        Chips of the default build.
    status : {"shipping", "announced", "design", "generic"}
        Whether it can be bought, is announced, is a design someone published, or is a
        parametric network.
    sources : str
        Who describes it; the figures with full citations are in ``pinchpoint.hardware``.
    builder : callable
        The function that builds it.
    """

    name: str
    what: str
    chips: int
    status: Status
    sources: str
    builder: Callable[..., Any]

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The options of the builder, by name, in order."""
        return dict(inspect.signature(self.builder).parameters)


class Clusters(Sequence[Cluster]):
    """The clusters that can be built: a sequence of :class:`Cluster` that prints as a table.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> everything = pp.clusters.available()
    >>> everything[0].name, everything[0].chips, list(pp.clusters.find("fat_tree").options)
    ('trn2_instance', 16, ['k', 'link'])
    """

    def __init__(self, clusters: Sequence[Cluster]) -> None:
        self._clusters = tuple(clusters)

    @overload
    def __getitem__(self, index: int) -> Cluster: ...
    @overload
    def __getitem__(self, index: slice) -> Clusters: ...
    def __getitem__(self, index: int | slice) -> Cluster | Clusters:
        if isinstance(index, slice):
            return Clusters(self._clusters[index])
        return self._clusters[index]

    def __iter__(self) -> Iterator[Cluster]:
        return iter(self._clusters)

    def __len__(self) -> int:
        return len(self._clusters)

    def to_dict(self) -> list[dict[str, Any]]:
        """Return one dict per cluster, as ``pinchpoint clusters --json`` prints them.

        Returns
        -------
        list of dict
            Name, what, chips, status, sources and options of each.

        Examples
        --------
        >>> import pinchpoint as pp
        >>> pp.clusters.available().to_dict()[0]["name"]
        'trn2_instance'
        """
        return [
            {
                "name": c.name,
                "what": c.what,
                "chips": c.chips,
                "status": c.status,
                "sources": c.sources,
                "options": {name: option.default for name, option in c.options.items()},
            }
            for c in self
        ]

    def _rows(self) -> list[tuple[str, ...]]:
        return [(c.name, c.what, f"{c.chips:,}", c.status, c.sources) for c in self]

    def __repr__(self) -> str:
        return text_table(_HEADERS, self._rows(), right=(2,), whole=(0,))

    def _repr_html_(self) -> str:
        return html_table(_HEADERS, self._rows(), "Clusters")


# The module of every builder, in the order of `available`: from chips to racks to networks.
_HOMES = {
    "trn2_instance": "trainium2",
    "trn2_ultraserver": "trainium2",
    "trn3_ultraserver": "trainium3",
    "trn3_ultracluster": "trainium3",
    "trn4_rack": "trainium4",
    "trn4_ultracluster": "trainium4",
    "hgx_h100": "hgx",
    "hgx_h200": "hgx",
    "hgx_b200": "hgx",
    "hgx_b300": "hgx",
    "p5": "hgx",
    "p5en": "hgx",
    "p6_b200": "hgx",
    "p6_b300": "hgx",
    "gb200_nvl72": "nvl72",
    "gb300_nvl72": "nvl72",
    "vera_rubin_nvl72": "nvl72",
    "gh200_nvl32": "nvl72",
    "nvlink_fusion_rack": "fusion",
    "p6e_gb200": "fusion",
    "torus": "tori",
    "tpu_v4": "tori",
    "tpu_v5e": "tori",
    "tpu_v5p": "tori",
    "tpu_v6e": "tori",
    "tpu7x": "tori",
    "fat_tree": "networks",
    "leaf_spine": "networks",
    "clos": "networks",
    "rail_optimized": "networks",
    "rail_only": "networks",
    "efa": "networks",
    "superpod_b200": "designs",
    "superpod_b300": "designs",
    "meta_24k": "designs",
    "alibaba_hpn": "designs",
    "dragonfly": "dragonflies",
    "jellyfish": "expanders",
    "xpander": "expanders",
}
_CLUSTERS: dict[str, Cluster] = {}


def cluster(
    *, what: str, chips: int, status: Status, sources: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a builder under its own name.

    It is given Python's own numbers for numpy's, and unknown options are refused with a suggestion.
    """

    def register(builder: Callable[P, R]) -> Callable[P, R]:
        name = builder.__name__

        @functools.wraps(builder)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for option in kwargs:
                if option not in found.options:
                    raise CatalogueError(
                        f"{name} has no option {shorten(option)}"
                        f"{did_you_mean(option, found.options)}"
                    )
            given: Any = {option: plain(value) for option, value in kwargs.items()}
            return builder(*map(plain, args), **given)

        found = Cluster(name, what, chips, status, sources, checked)
        _CLUSTERS[name] = found
        return checked

    return register


def available() -> Clusters:
    """List every cluster that can be built.

    Returns
    -------
    Clusters
        A sequence of :class:`Cluster` with name, what it is, chips of the default build, status
        (shipping, announced, design, generic) and sources; prints as a table.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> [c.chips for c in pp.clusters.available() if c.name == "gb200_nvl72"]
    [72]
    """
    return Clusters([find(name) for name in _HOMES])


def find(name: str) -> Cluster:
    """Look a cluster up by name; "-" and "_" are the same.

    Parameters
    ----------
    name : str
        Name of a cluster.

    Returns
    -------
    Cluster
        What `available` lists under that name.

    Raises
    ------
    CatalogueError
        No cluster has that name.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.find("trn4-rack").status
    'announced'
    """
    if not isinstance(name, str):
        raise InputTypeError(f"the name of a cluster must be text, not {type(name).__name__}")
    key = name.lower().replace("-", "_")
    if key not in _HOMES:
        raise CatalogueError(f"no cluster is called {shorten(name)}{_meant(key[:100])}")
    if key not in _CLUSTERS:
        importlib.import_module(f"pinchpoint.clusters.{_HOMES[key]}")
    return _CLUSTERS[key]


def _meant(key: str) -> str:
    """List the clusters whose name, or else description, has the text in it; else a near name."""
    text = "".join(filter(str.isalnum, key))
    names = [name for name in _HOMES if text and text in name.replace("_", "")]
    if text and not names:
        whats = {name: filter(str.isalnum, find(name).what.lower()) for name in _HOMES}
        names = [name for name, what in whats.items() if text in "".join(what)]
    if not names:
        return did_you_mean(key, _HOMES)
    more = ", ..." if len(names) > 6 else ""
    return ": there is " + ", ".join(f'"{name}"' for name in names[:6]) + more


def build(name: str, /, **options: Any) -> Fabric:
    """Build a cluster by name.

    Parameters
    ----------
    name : str
        A name that `available` lists; "-" and "_" are the same.
    **options
        Options of that builder.

    Returns
    -------
    Fabric
        The fabric.

    Raises
    ------
    CatalogueError
        An unknown name or option, or a value the builder refuses.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.build("trn3-ultraserver", gen=2).num_chips
    144
    """
    found = find(name)
    fabric: Fabric = found.builder(**options)
    return fabric
