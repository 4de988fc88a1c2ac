"""Any rack on any network: copies of a structured fabric under a parametric scale-out."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pinchpoint._suggest import did_you_mean, shorten
from pinchpoint._validation import check_flag
from pinchpoint._wording import counted
from pinchpoint.catalogue import assumed
from pinchpoint.clusters import _options
from pinchpoint.clusters._recipe import system_of
from pinchpoint.clusters._system import Bundle, Copies, System, radix
from pinchpoint.clusters._tree import Tree, TreeSize, fit, needs
from pinchpoint.errors import CatalogueError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinchpoint import Fabric
    from pinchpoint.catalogue import Figure

__all__ = ["compose"]

_SYSTEM = "system"
_MAX_RADIX = 1 << 20
_PLACES = frozenset({"rack", "tray", "sled", "server", "instance", "z1", "z0"})


def compose(scale_up: Fabric, scale_out: str, count: int, **options: Any) -> Fabric:
    """Put copies of a scale-up system on a network.

    Parameters
    ----------
    scale_up : Fabric
        A structured fabric with a group ``nic``, such as ``pp.clusters.gb200_nvl72()``.
    scale_out : str
        "fat_tree", "leaf_spine", "clos", "rail_optimized", "rail_only", "efa", "dragonfly" or
        "torus"; "-" and "_" are the same.
    count : int
        Number of scale-up systems.
    **options
        Of the network. All trees but "fat_tree": ``radix`` (ports of a switch; by default the
        smallest power of two that fits), ``oversubscription`` (at the leaf, default 1) and, but
        for "leaf_spine", ``tiers`` (2 to 4; by default the fewest). "fat_tree": ``k`` (by default
        the smallest that fits). "dragonfly": ``groups``, ``switches_per_group``. "torus":
        ``shape`` ("8x8x8"; by default three factors of `count`), ``wrap``.

    Returns
    -------
    Fabric
        The groups of the system with the coordinate ``system`` in front, and those of the network.
        The network's links have the speed of a NIC.

    Raises
    ------
    CatalogueError
        An unknown network or option, a fabric without NICs, or too few ports.
    InputTypeError
        `scale_up` is no fabric, or `count` no whole number.

    Notes
    -----
    What was not given and is chosen here, such as the radix, the tiers, how many systems share a
    leaf and the numbers of switches, is among the figures of the fabric as assumed; printing it
    and ``pinchpoint show`` list them.

    A leaf of "rail_optimized" and "rail_only" takes one rail: NIC i of every tray or server. Other
    leaves take a rack, or as many whole systems as fit. In "rail_only" the chips forward. A torus
    joins NIC i of each system to NIC i of its neighbours, and the NICs route. A switch of a
    dragonfly takes as many whole systems as it must, one link per NIC, and has as many local and
    global ports as carry that; its radix is not bounded. The top tier of a tree is sized as that of
    :func:`pinchpoint.clusters.clos`.

    All networks but the torus are asked in well under a millisecond at a million chips. On a ring
    every distance from the ends of a question is another class, so a torus of a million chips
    takes from half a second (24x24x24 racks of 72 chips) to half a minute (51x51x51 servers of 8):
    its quotient is large, or its links are listed.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> rack = pp.clusters.gb200_nvl72()
    >>> pods = pp.clusters.compose(rack, "fat-tree", 100)
    >>> pods.num_chips
    7200
    >>> pods.bandwidth("chip[system=0]", "chip[system=99]").gbit_per_s
    28800.0
    """
    system = system_of(scale_up)
    count = _options.count("count", _options.plain(count))
    options = {option: _options.plain(value) for option, value in options.items()}
    if not isinstance(scale_out, str):
        raise InputTypeError(f"scale_out={shorten(scale_out)} must be the name of a network")
    name = scale_out.lower().replace("-", "_")
    if name not in _NETWORKS:
        raise CatalogueError(
            f"no network is called {shorten(scale_out)}{did_you_mean(name, _NETWORKS)}"
        )
    if "nic" not in system.groups:
        raise CatalogueError(f"scale_up: fabric {system.name!r} has no group called nic")
    network = _NETWORKS[name]
    known = list(inspect.signature(network).parameters)[2:]
    for option in options:
        if option not in known:
            raise CatalogueError(
                f"{name} has no option {shorten(option)}{did_you_mean(option, known)}"
            )
    system.name = f"{system.name}_{name}"
    for option, (what, unit) in _DEFAULTS.items():
        if option in known and option not in options:
            default = inspect.signature(network).parameters[option].default
            system.figures.append(assumed(what, default, unit, "the default of compose"))
    return network(system, count, **options)


def _leaves(system: System) -> tuple[dict[str, str], int, int]:
    """Return the digits that choose a rack's leaf, leaves per system, and NICs on each."""
    digits = system.groups["nic"].digits
    racks = {digit: digit for digit in digits if digit == "rack"}
    leaves = math.prod(digits[digit] for digit in racks)
    return racks, leaves, math.prod(digits.values()) // leaves


def _rails(system: System) -> dict[str, str]:
    digits = system.groups["nic"].digits
    return {digit: "rail" for digit in digits if digit not in _PLACES}


def _port(system: System) -> str:
    for bundle in system.bundles:
        if isinstance(bundle, Bundle) and "nic" in (bundle.a, bundle.b):
            return bundle.capacity
    raise CatalogueError(f"scale_up: no link of fabric {system.name!r} ends at a nic")


def _place(system: System, tree: Tree) -> Fabric:
    from pinchpoint import FabricBuilder

    builder = FabricBuilder(system.name)
    handles = system.write(builder, tree.place())
    tree.write(builder, handles["nic"], system.groups["nic"].digits)
    return builder.build()


def _smallest(
    least: int, size: Callable[[int], TreeSize], given: int | None
) -> tuple[TreeSize, int]:
    """Size a network with the switches asked for, or with the smallest that fit; and say which."""
    if given is not None:
        return size(_options.count("radix", given, 2, _MAX_RADIX)), given
    ports = 1 << max(least - 1, 15).bit_length()
    while True:
        try:
            return size(ports), ports
        except CatalogueError:
            ports *= 2
            if ports > _MAX_RADIX:
                raise


def _tree(
    system: System,
    count: int,
    by: dict[str, str],
    shape: tuple[int, int],
    settings: tuple[int | None, float, int | None],
    planes: Sequence[str] = (),
) -> Fabric:
    leaves, ports = shape
    given, oversubscription, tiers = settings
    _options.ratio("oversubscription", oversubscription)
    if tiers is not None:
        _options.choice("tiers", tiers, (2, 3, 4))

    def size(radix_: int) -> TreeSize:
        return fit(
            what="systems",
            systems=count,
            leaves=1 if planes else leaves,
            ports=ports,
            radix_=radix_,
            oversubscription=oversubscription,
            tiers=tiers,
            slots=None,
        )

    found, radix_ = _smallest(2 * ports, size, given)
    if given is None:
        why = "the smallest power of two that fits"
        system.figures.append(assumed("switch radix", radix_, "ports", why))
    if tiers is None:
        system.figures.append(
            assumed("network tiers", found.tiers, "tiers", "the fewest at this radix")
        )
    system.figures += [*_shares(found), *_switches(found, planes)]
    port = _port(system)
    return _place(system, Tree(_SYSTEM, found, port, port, by, tuple(planes)))


def _shares(size: TreeSize) -> list[Figure]:
    """List how systems share leaves and pods."""
    pod = min(size.systems_per_pod, size.systems)
    figures = [
        assumed("systems per leaf", min(size.slots, size.systems), "systems", "as many as fit")
    ]
    if size.cores:
        figures.append(assumed("systems per pod", pod, "systems", "as many as fit"))
    return figures


def _switches(size: TreeSize, planes: Sequence[str]) -> list[Figure]:
    """List the numbers of switches above the leaves."""
    per = [*(["pod"] if size.cores else []), *planes]
    tiers = [("spines" + (f" per {' and '.join(per)}" if per else ""), size.spines, "spines")]
    if size.cores:
        tiers.append(("cores per spine index", size.cores, "cores"))
    if size.supers:
        tiers.append(("supers per core index", size.supers, "supers"))
    *below, top = tiers
    return [
        *(assumed(*each, "one per uplink below") for each in below),
        assumed(*top, "the fewest that fit"),
    ]


def _fat_tree(system: System, count: int, k: int | None = None) -> Fabric:
    racks, leaves, ports = _leaves(system)

    def size(ports_of_switch: int) -> TreeSize:
        half = ports_of_switch // 2
        needs("the lower half of a leaf", ports, half, "one per NIC of a rack")
        needs("the leaves of a pod", leaves, half, "one per rack of a system")
        slots, rows = half // ports, half // leaves
        pods = -(-count // (slots * rows))
        needs(f"a core for {counted(count, 'system')}", pods, ports_of_switch, "one per pod")
        return TreeSize(count, slots, rows, half, cores=half)

    smallest = k is None
    if k is None:
        # A leaf has half its ports for NICs, a pod half for leaves: fewer cannot do.
        k = 2 * max(1, ports, leaves)
        while True:
            try:
                found = size(k)
                break
            except CatalogueError:
                k += 2
    else:
        _options.count("k", k, 2, _MAX_RADIX)
        if k % 2:
            raise CatalogueError(f"k={k} must be even")
        found = size(k)
    if smallest:
        system.figures.append(assumed("switch radix", k, "ports", "the smallest that fits"))
    system.figures += _shares(found)
    return _place(system, Tree(_SYSTEM, found, _port(system), _port(system), racks))


def _leaf_spine(
    system: System, count: int, radix: int | None = None, oversubscription: float = 1
) -> Fabric:
    racks, leaves, ports = _leaves(system)
    return _tree(system, count, racks, (leaves, ports), (radix, oversubscription, 2))


def _clos(
    system: System,
    count: int,
    radix: int | None = None,
    oversubscription: float = 1,
    tiers: int | None = None,
) -> Fabric:
    racks, leaves, ports = _leaves(system)
    return _tree(system, count, racks, (leaves, ports), (radix, oversubscription, tiers))


def _rail_optimized(
    system: System,
    count: int,
    radix: int | None = None,
    oversubscription: float = 1,
    tiers: int | None = None,
) -> Fabric:
    shape = _rail_shape(system)
    return _tree(system, count, _rails(system), shape, (radix, oversubscription, tiers))


def _rail_only(
    system: System,
    count: int,
    radix: int | None = None,
    oversubscription: float = 1,
    tiers: int | None = None,
) -> Fabric:
    # What crosses rails is passed on by the chips: that is the design.
    for name, group in system.groups.items():
        if group.role == "chip" or name == "chip":
            system.groups[name] = replace(group, forwards=True)
    shape = _rail_shape(system)
    settings = (radix, oversubscription, tiers)
    return _tree(system, count, _rails(system), shape, settings, planes=("rail",))


def _rail_shape(system: System) -> tuple[int, int]:
    digits = system.groups["nic"].digits
    rails = math.prod(digits[digit] for digit in _rails(system))
    return rails, math.prod(digits.values()) // rails


def _dragonfly(
    system: System, count: int, groups: int = 17, switches_per_group: int = 32
) -> Fabric:
    from pinchpoint import FabricBuilder

    _options.count("groups", groups, 2, 4096)
    _options.count("switches_per_group", switches_per_group, 2, 4096)
    # Every switch takes whole systems; each joins its group, and its own place in other groups.
    slots = -(-count // (groups * switches_per_group))
    copies = Copies(_SYSTEM, radix(count, group=groups, leaf=switches_per_group, slot=slots))
    nics = math.prod(system.groups["nic"].digits.values()) * slots
    local, across = -(-nics // (switches_per_group - 1)), -(-nics // (groups - 1))
    why = "as many as carry its NICs"
    system.figures += [
        assumed("systems per switch", slots, "systems", "as many as it must"),
        assumed("links to a switch of the group", local, "links", why),
        assumed("links to another group", across, "links", why),
    ]
    builder = FabricBuilder(system.name)
    handles = system.write(builder, copies)
    port = _port(system)
    leaf = builder.nodes("leaf", group=groups, leaf=switches_per_group)
    builder.links(handles["nic"], leaf, port, join={"group": "group", "leaf": "leaf"})
    builder.links(
        leaf, leaf, port, join={"group": "group"}, multiplicity=local, name="leaf-leaf-local"
    )
    builder.links(
        leaf, leaf, port, join={"leaf": "leaf"}, multiplicity=across, name="leaf-leaf-global"
    )
    return builder.build()


def _torus(
    system: System, count: int, shape: str | Sequence[int] | None = None, wrap: bool = True
) -> Fabric:
    from pinchpoint import FabricBuilder

    check_flag("wrap", wrap)
    sizes = _three_factors(count) if shape is None else _options.shape("shape", shape, range(1, 7))
    if math.prod(sizes) != count:
        shown = "x".join(str(size) for size in sizes)
        places = counted(math.prod(sizes), "place")
        raise CatalogueError(f"shape={shown} has {places} for {counted(count, 'system')}")
    if shape is None:
        why = "three factors as equal as they come"
        system.figures.append(assumed("torus shape", sizes, "shape", why))
    axes = {f"system_{axis}": size for axis, size in zip("xyzuvw", sizes, strict=False)}
    builder = FabricBuilder(system.name)
    handles = system.write(builder, Copies(_SYSTEM, radix(**axes)))
    for axis, size in axes.items():
        if size > 1:
            builder.ring(handles["nic"], axis, _port(system), wrap=wrap and size > 2)
    return builder.build()


def _three_factors(count: int) -> tuple[int, ...]:
    """Three factors as equal as they come."""
    low = next(n for n in range(round(count ** (1 / 3)), 0, -1) if count % n == 0)
    rest = count // low
    middle = next(n for n in range(math.isqrt(rest), 0, -1) if rest % n == 0)
    return tuple(sorted((low, middle, rest // middle)))


# What options that are not given are called among the figures.
_DEFAULTS = {
    "oversubscription": ("leaf oversubscription", "to 1"),
    "groups": ("groups", "groups"),
    "switches_per_group": ("switches per group", "switches"),
}
_NETWORKS: dict[str, Callable[..., Fabric]] = {
    "fat_tree": _fat_tree,
    "leaf_spine": _leaf_spine,
    "clos": _clos,
    "rail_optimized": _rail_optimized,
    "rail_only": _rail_only,
    "efa": _clos,
    "dragonfly": _dragonfly,
    "torus": _torus,
}
