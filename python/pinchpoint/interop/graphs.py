"""Graphs of networkx, igraph and scipy.sparse, in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pinchpoint._extras import needed
from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._validation import check_fabric
from pinchpoint._wording import a_type
from pinchpoint.errors import BuildError, CapacityError, InputTypeError, PinchpointError
from pinchpoint.explicit import Units, exact_kbit
from pinchpoint.interop._imported import Imported
from pinchpoint.interop._listing import NODE, GroupKind, grouped
from pinchpoint.interop._rates import check_unit, gbit_per_s, kbit_of_text
from pinchpoint.interop._report import Notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from pinchpoint.fabric import Fabric

__all__ = [
    "from_igraph",
    "from_networkx",
    "from_scipy",
    "to_igraph",
    "to_networkx",
    "to_scipy",
]

_ROLES = ("chip", "host", "nic", "switch")
_BY_ROLE = {"chip": False, "host": False, "nic": True, "switch": True}
_MAX_FAULTS = 10


def from_networkx(
    graph: Any, /, *, capacity: str = "capacity", unit: str | None = None
) -> Imported:
    """Make a fabric of a networkx graph.

    Parameters
    ----------
    graph : Graph, MultiGraph, DiGraph or MultiDiGraph
        An edge of an undirected graph is a full-duplex link; directed edges are one-way arcs.
    capacity : str, default "capacity"
        The attribute of edges that holds the capacity per direction: a number, or text with a unit
        such as ``"400Gb/s"``.
    unit : str, optional
        Unit of capacities that are numbers: ``"bit/s"`` to ``"Tbit/s"``, ``"GB/s"``, ``"TB/s"``. By
        default they are taken as Gbit/s, and the report says so.

    Returns
    -------
    Imported
        An explicit fabric; nodes are named by their text. Their attributes, as :func:`to_networkx`
        writes them, say what they are: ``role`` is "chip", "host", "nic" or "switch", by default
        the group if that is one of these, else "switch"; ``group`` is the name of their group, by
        default the role, else "node"; ``forwards`` is True, False or "scale_up", by default False
        for chips and hosts.

    Raises
    ------
    BuildError
        Another role or ``forwards``, or a group whose nodes differ in them; up to ten nodes are
        named.
    CapacityError
        Edges without the attribute (which networkx takes for infinite), or with a capacity that is
        negative or no number; up to ten are named.
    UnitError
        A `unit` that is none.

    Notes
    -----
    Takes O(nodes + edges) time and memory.

    Examples
    --------
    >>> import networkx as nx, pinchpoint as pp
    >>> graph = nx.Graph()
    >>> graph.add_edge("a", "b", capacity=400)
    >>> pp.interop.from_networkx(graph).fabric.bandwidth("a", "b").gbit_per_s
    400.0
    """
    if not hasattr(graph, "adj") or not hasattr(graph, "is_directed"):
        raise InputTypeError(f"graph is {a_type(graph)}; it must be a networkx graph")
    place = {node: i for i, node in enumerate(graph.nodes)}
    edges = list(graph.edges(data=True))
    ends = np.array([(place[a], place[b]) for a, b, _ in edges], np.int64).reshape(-1, 2)
    return _built(
        "networkx graph",
        list(graph.nodes(data=True)),
        ends,
        [data for _, _, data in edges],
        capacity,
        unit,
        bool(graph.is_directed()),
    )


def from_igraph(graph: Any, /, *, capacity: str = "capacity", unit: str | None = None) -> Imported:
    """Make a fabric of an igraph graph.

    Parameters
    ----------
    graph : igraph.Graph
        An undirected edge is a full-duplex link, a directed one a one-way arc. Vertices keep their
        attribute ``name``; without, they are numbered.
    capacity, unit : str
        As in :func:`from_networkx`.

    Returns
    -------
    Imported
        An explicit fabric, with groups as in :func:`from_networkx`.

    Raises
    ------
    BuildError, CapacityError
        As :func:`from_networkx`.

    Notes
    -----
    Takes O(nodes + edges) time and memory.

    Examples
    --------
    >>> import igraph, pinchpoint as pp
    >>> graph = igraph.Graph([(0, 1), (1, 2)], edge_attrs={"capacity": [400, 200]})
    >>> pp.interop.from_igraph(graph).fabric.bandwidth(0, 2).gbit_per_s
    200.0
    """
    if not hasattr(graph, "get_edgelist"):
        raise InputTypeError(f"graph is {a_type(graph)}; it must be an igraph graph")
    ends = np.array(graph.get_edgelist(), np.int64).reshape(-1, 2)
    nodes = []
    for vertex in graph.vs:
        data = vertex.attributes()
        nodes.append((data.get("name", vertex.index), data))
    data = [edge.attributes() for edge in graph.es]
    return _built("igraph graph", nodes, ends, data, capacity, unit, graph.is_directed())


def from_scipy(matrix: Any, /, *, unit: str | None = None) -> Imported:
    """Make a fabric of a sparse adjacency matrix.

    Parameters
    ----------
    matrix : sparse array or matrix, shape (nodes, nodes)
        Entry ``(i, j)`` is the capacity from i to j. A symmetric matrix gives full-duplex links,
        any other one-way arcs. Duplicate entries add up; zeros are no links.
    unit : str, optional
        As in :func:`from_networkx`.

    Returns
    -------
    Imported
        An explicit fabric.

    Raises
    ------
    CapacityError
        A capacity that is negative or not a number.
    UnitError
        A `unit` that is none.
    InputTypeError
        A matrix that is not sparse, not square, or of no numbers.

    Notes
    -----
    Takes O(nodes + entries) time and memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> from scipy.sparse import csr_array
    >>> pp.interop.from_scipy(csr_array([[0, 400], [400, 0]])).fabric.num_links
    1
    """
    sparse = needed("scipy.sparse", "from_scipy")
    if not sparse.issparse(matrix):
        raise InputTypeError(f"matrix is {a_type(matrix)}; it must be a sparse array")
    rows, columns = matrix.shape
    if rows != columns:
        raise InputTypeError(f"matrix has shape {matrix.shape}; it must be square")
    own = sparse.csr_array(matrix)
    if own.dtype.kind not in "iuf":
        raise InputTypeError(f"matrix has dtype {own.dtype}; it must hold numbers")
    own.sum_duplicates()
    own.eliminate_zeros()
    symmetric = (own != own.T).nnz == 0
    if symmetric:
        own = sparse.triu(own, format="csr")
    coo = own.tocoo()
    ends = np.stack([coo.row, coo.col], axis=1).astype(np.int64)
    notes = Notes()
    links = _not_loops(notes, ends)
    if unit is None:
        notes.guess("numbers have no unit; taken as Gbit/s")
    numbers = gbit_per_s(coo.data[links], unit or "Gbit/s")
    return _fabric(
        "sparse matrix", notes, [NODE], np.zeros(rows, np.int64), None, ends[links],
        exact_kbit(numbers), not symmetric,
    )  # fmt: skip


def _not_loops(notes: Notes, ends: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    keep: npt.NDArray[np.bool_] = ends[:, 0] != ends[:, 1]
    for node in ends[~keep, 0][:_MAX_FAULTS].tolist():
        notes.skip(f"a loop at node {node}")
    if (extra := int((~keep).sum()) - _MAX_FAULTS) > 0:
        notes.skip(f"{extra:,} more loops")
    return keep


def _built(
    kind: str,
    nodes: Sequence[tuple[Any, Mapping[str, Any]]],
    ends: npt.NDArray[np.int64],
    data: Sequence[Mapping[str, Any]],
    capacity: str,
    unit: str | None,
    directed: bool,
) -> Imported:
    notes = Notes()
    keep = _not_loops(notes, ends)
    kept = np.flatnonzero(keep).tolist()
    shown = [
        f"{shorten(nodes[ends[i, 0]][0], 30)} - {shorten(nodes[ends[i, 1]][0], 30)}"
        for i in kept[:1000]
    ]
    own = [data[i] for i in kept]
    units = _units(own, shown, capacity, unit or "Gbit/s")
    if unit is None and not all(isinstance(attributes[capacity], str) for attributes in own):
        notes.guess(f"numbers in {shorten(capacity)} have no unit; taken as Gbit/s")
    kinds, kind_of = _kinds(nodes)
    names = _names([node for node, _ in nodes])
    return _fabric(kind, notes, kinds, kind_of, names, ends[keep], units, directed)


def _fabric(
    kind: str,
    notes: Notes,
    kinds: Sequence[GroupKind],
    kind_of: npt.NDArray[np.int64],
    names: Sequence[str] | None,
    ends: npt.NDArray[np.int64],
    kbit: Units,
    directed: bool,
) -> Imported:
    notes.capacities(kbit)
    report = notes.report(
        kind, "links with capacities", {"nodes": len(kind_of), "links": len(ends)}
    )
    built = grouped(
        "graph",
        kinds,
        kind_of,
        names,
        (ends[:, 0], ends[:, 1], kbit.units),
        shift=kbit.shift,
        rounded=kbit.rounded > 0,
        directed=directed,
        report=report,
    )
    return Imported(built.fabric, report)


def _names(labels: Sequence[Any]) -> list[str]:
    names = [str(label) for label in labels]
    if len(set(names)) < len(names):
        names = [repr(label) for label in labels]
    return names


def _kinds(
    nodes: Sequence[tuple[Any, Mapping[str, Any]]],
) -> tuple[list[GroupKind], npt.NDArray[np.int64]]:
    kinds: list[GroupKind] = []
    kind_of = np.zeros(len(nodes), np.int64)
    index: dict[str, int] = {}
    faults: list[str] = []
    for place, (node, data) in enumerate(nodes):
        try:
            kind = _kind(data)
            number = index.setdefault(kind.name, len(kinds))
            if number == len(kinds):
                kinds.append(kind)
            if kinds[number] != kind:
                raise BuildError(
                    f"is a {_shown(kind)}, and its group {shorten(kind.name)} began with a "
                    f"{_shown(kinds[number])}"
                )
        except BuildError as error:
            faults.append(f"node {shorten(node, 30)} {error}")
            if len(faults) == _MAX_FAULTS:
                break
            continue
        kind_of[place] = number
    if faults:
        raise BuildError("; ".join(faults))
    return kinds, kind_of


def _kind(data: Mapping[str, Any]) -> GroupKind:
    """Read what a node says it is."""
    role, group, forwards = (data.get(name) for name in ("role", "group", "forwards"))
    if role is not None and role not in _ROLES:
        raise BuildError(f"has the role {shorten(role)}{did_you_mean(str(role)[:40], _ROLES)}")
    own = role or (group if group in _ROLES else NODE.role)
    if group is None:
        group = NODE.name if role is None else role
    if forwards is None:
        forwards = _BY_ROLE[own]
    if isinstance(forwards, np.bool_):
        forwards = bool(forwards)
    if not (isinstance(forwards, bool) or forwards == "scale_up"):
        raise BuildError(f"has forwards {shorten(forwards)}; it must be True, False or 'scale_up'")
    return GroupKind(str(group), own, forwards)


def _shown(kind: GroupKind) -> str:
    passes: dict[bool | str, str] = {True: "that forwards", False: "that forwards nothing"}
    return f"{kind.role} {passes.get(kind.forwards, 'that forwards within its scale-up network')}"


def _units(
    data: Sequence[Mapping[str, Any]], shown: Sequence[str], capacity: str, unit: str
) -> Units:
    check_unit(unit)
    values = [attributes.get(capacity) for attributes in data]
    if values and not any(capacity in attributes for attributes in data):
        known = did_you_mean(capacity, map(str, data[0]))
        raise CapacityError(
            f"no edge has {capacity!r}{known}; capacity= names the attribute that holds it"
        )
    faults = []
    numbers: list[float] = []
    for place, value in enumerate(values):
        try:
            numbers.append(_number(value, unit))
        except PinchpointError as error:
            where = shown[place] if place < len(shown) else f"number {place}"
            faults.append(f"edge {where}: {error}")
        except TypeError:
            known = did_you_mean(capacity, data[place])
            what = "has no" if value is None else f"is {shorten(value)} by its"
            where = shown[place] if place < len(shown) else f"number {place}"
            faults.append(f"edge {where} {what} {capacity!r}{known if value is None else ''}")
        if len(faults) >= _MAX_FAULTS:
            break
    if faults:
        raise CapacityError("; ".join(faults))
    try:
        return exact_kbit(np.array(numbers, np.float64))
    except CapacityError as error:
        raise CapacityError(str(error).replace("gbit_per_s", f"edge {capacity}")) from None


def _number(value: Any, unit: str) -> float:
    if isinstance(value, str):
        return kbit_of_text(value) / 1e6
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError
    return float(gbit_per_s(np.asarray(value), unit))


def _links(fabric: Fabric) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    check_fabric(fabric)
    capacity = fabric.gbit_per_s
    up = np.flatnonzero(capacity > 0)
    ends = np.stack([fabric.tails[up], fabric.heads[up]], axis=1).astype(np.int64)
    return ends, capacity[up]


def _node_rows(fabric: Fabric) -> Iterable[tuple[int, dict[str, Any]]]:
    for group in fabric.groups:
        data = {"group": group.name, "role": group.role, "forwards": group.forwards}
        for node in range(group.first_node, group.first_node + group.size):
            yield node, data


def to_networkx(fabric: Fabric, /) -> Any:
    """Make a networkx graph of an explicit fabric.

    Parameters
    ----------
    fabric : Fabric
        Explicit; a structured one is written out by ``materialize()``.

    Returns
    -------
    networkx.MultiGraph or networkx.MultiDiGraph
        Nodes by name, with ``group``, ``role`` and ``forwards``; links that are up, with
        ``capacity`` in Gbit/s per direction.

    Raises
    ------
    GraphError
        A structured fabric.

    Notes
    -----
    Takes O(nodes + links) time and memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> graph = pp.interop.to_networkx(pp.clusters.hgx_h100().materialize())
    >>> graph.number_of_edges()
    160
    """
    nx = needed("networkx", "to_networkx")
    ends, capacity = _links(fabric)
    names = fabric.names
    graph = nx.MultiDiGraph() if fabric._handle.is_directed else nx.MultiGraph()
    graph.add_nodes_from((names[node], dict(data)) for node, data in _node_rows(fabric))
    graph.add_edges_from(
        (names[a], names[b], {"capacity": value})
        for (a, b), value in zip(ends.tolist(), capacity.tolist(), strict=True)
    )
    return graph


def to_igraph(fabric: Fabric, /) -> Any:
    """Make an igraph graph of an explicit fabric; vertex ids are node ids.

    Parameters
    ----------
    fabric : Fabric
        Explicit; a structured one is written out by ``materialize()``.

    Returns
    -------
    igraph.Graph
        Vertices with ``name``, ``group``, ``role`` and ``forwards``; edges that are up, with
        ``capacity`` in Gbit/s per direction.

    Raises
    ------
    GraphError
        A structured fabric.

    Notes
    -----
    Takes O(nodes + links) time and memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> graph = pp.interop.to_igraph(pp.clusters.hgx_h100().materialize())
    >>> graph.vcount(), graph.ecount(), graph.es[0]["capacity"]
    (22, 160, 200.0)
    >>> graph.vs[0].attributes()
    {'name': 'chip[chip=0]', 'group': 'chip', 'role': 'chip', 'forwards': False}
    """
    igraph = needed("igraph", "to_igraph")
    ends, capacity = _links(fabric)
    graph = igraph.Graph(
        n=len(fabric.names), edges=ends.tolist(), directed=fabric._handle.is_directed
    )
    graph.vs["name"] = list(fabric.names)
    rows = [data for _, data in _node_rows(fabric)]
    for key in ("group", "role", "forwards"):
        graph.vs[key] = [row[key] for row in rows]
    graph.es["capacity"] = capacity.tolist()
    return graph


def to_scipy(fabric: Fabric, /) -> Any:
    """Make a sparse adjacency matrix of an explicit fabric.

    Parameters
    ----------
    fabric : Fabric
        Explicit; a structured one is written out by ``materialize()``.

    Returns
    -------
    scipy.sparse.csr_array, shape (nodes, nodes), dtype float64
        Capacity from i to j in Gbit/s; both ways for full-duplex links, parallel ones added up.

    Raises
    ------
    GraphError
        A structured fabric.

    Notes
    -----
    Takes O(nodes + links) time and memory.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> line = pp.Fabric.from_links([0, 1, 1], [1, 2, 2], [400.0, 100.0, 100.0])
    >>> pp.interop.to_scipy(line).toarray()
    array([[  0., 400.,   0.],
           [400.,   0., 200.],
           [  0., 200.,   0.]])
    """
    sparse = needed("scipy.sparse", "to_scipy")
    ends, capacity = _links(fabric)
    a, b = ends[:, 0], ends[:, 1]
    if not fabric._handle.is_directed:
        a, b, capacity = np.r_[a, b], np.r_[b, a], np.r_[capacity, capacity]
    size = len(fabric.names)
    return sparse.coo_array((capacity, (a, b)), shape=(size, size)).tocsr()
