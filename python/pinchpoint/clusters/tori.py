"""Tori and meshes: Google's TPU pods and slices, and a generic torus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinchpoint._validation import check_flag
from pinchpoint.catalogue import assumed, hardware
from pinchpoint.clusters import _options
from pinchpoint.clusters._nvlink import whole
from pinchpoint.clusters._registry import cluster
from pinchpoint.clusters._system import System
from pinchpoint.errors import CatalogueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinchpoint import Fabric
    from pinchpoint.catalogue import Entry, Figure

__all__ = ["torus", "tpu7x", "tpu_v4", "tpu_v5e", "tpu_v5p", "tpu_v6e"]

_AXES = "xyz"
_LARGEST = 1 << 16
_GOOGLE = "Google Cloud documentation; How to Scale Your Model"


@cluster(
    what="Torus or mesh of bare chips, any number of dimensions up to six",
    chips=4096,
    status="generic",
    sources="k-ary n-cube (Dally 1990)",
)
def torus(
    shape: str | Sequence[int] = "16x16x16", *, link: str = "50GB/s", wrap: bool = True
) -> Fabric:
    """Build a torus, or a mesh without wraparound.

    Parameters
    ----------
    shape : str or sequence of int, default "16x16x16"
        Chips along each axis, one to six axes of 2 to 65536.
    link : str, default "50GB/s"
        Capacity of every link per direction.
    wrap : bool, default True
        Whether an axis longer than two is closed to a ring.

    Returns
    -------
    Fabric
        Group ``chip`` with a coordinate per axis (``x``, ``y``, ``z``, ``u``, ``v``, ``w``), a
        bundle per axis.

    Raises
    ------
    CatalogueError
        A shape out of range.
    UnitError
        A bandwidth without a unit.

    Notes
    -----
    Building takes the same time and memory whatever the size. Questions cost more on longer axes:
    every distance from their ends is another class.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> net = pp.clusters.torus("8x8", link="50GB/s")
    >>> net.bandwidth("chip[x=0:4]", "chip[x=4:8]").gbyte_per_s  # 16 links cross
    800.0
    """
    sizes = _options.shape("shape", shape, range(1, 7), low=2)
    for size in sizes:
        _options.count("shape", size, 2, _LARGEST)
    link = _options.bandwidth("link", link)
    check_flag("wrap", wrap)
    system = System("torus")
    _wire(system, sizes, link, (wrap,) * len(sizes), axes="xyzuvw")
    return system.build()


@cluster(what="TPU v4 pod or slice: 3D torus", chips=4096, status="shipping", sources=_GOOGLE)
def tpu_v4(slice_shape: str | Sequence[int] = "16x16x16") -> Fabric:
    """Build a TPU v4 pod, or a slice of one.

    Parameters
    ----------
    slice_shape : str or sequence of int, default "16x16x16"
        Chips along x, y and z; an axis wraps when it is a multiple of 4.

    Returns
    -------
    Fabric
        Groups ``chip`` (coordinates ``x``, ``y``, ``z``) and ``nic``.

    Raises
    ------
    CatalogueError
        A shape larger than the pod.

    Notes
    -----
    Figures: ``pinchpoint.hardware["tpu_v4"]``, nominal 50 GB/s per direction a link. The NIC, a
    chip's share of its host's, is assumed. Hosts (of 2x2x1 chips) are not modelled: they carry no
    ICI traffic, and a ring of chips runs along one coordinate, not along one of hosts and one of
    chips within. Their figures are in the catalogue.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pod = pp.clusters.tpu_v4()
    >>> pod.bandwidth("chip[z=0:8]", "chip[z=8:16]").gbyte_per_s  # 2 x 256 links
    25600.0
    """
    return tpu_system("tpu_v4", slice_shape).build()


@cluster(what="TPU v5e pod or slice: 2D torus", chips=256, status="shipping", sources=_GOOGLE)
def tpu_v5e(slice_shape: str | Sequence[int] = "16x16") -> Fabric:
    """Build a TPU v5e pod, or a slice of one.

    Parameters
    ----------
    slice_shape : str or sequence of int, default "16x16"
        Chips along x and y; only an axis of 16 wraps.

    Returns
    -------
    Fabric
        Groups ``chip`` (coordinates ``x``, ``y``) and ``nic``.

    Raises
    ------
    CatalogueError
        A shape larger than the pod.

    Notes
    -----
    Figures: ``pinchpoint.hardware["tpu_v5e"]``, nominal 50 GB/s per direction a link. A NIC is a
    chip's share of its host's two of 100 Gb/s. Hosts are not modelled.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pod = pp.clusters.tpu_v5e()
    >>> pod.bandwidth("chip[x=0:8]", "chip[x=8:16]").gbyte_per_s  # Google: 1.6 TB/s
    1600.0
    """
    return tpu_system("tpu_v5e", slice_shape).build()


@cluster(what="TPU v5p pod or slice: 3D torus", chips=8960, status="shipping", sources=_GOOGLE)
def tpu_v5p(slice_shape: str | Sequence[int] = "16x20x28") -> Fabric:
    """Build a TPU v5p pod, or a slice of one.

    Parameters
    ----------
    slice_shape : str or sequence of int, default "16x20x28"
        Chips along x, y and z; an axis wraps when it is a multiple of 4. The pod has 16x20x28; the
        largest slice one can rent is 16x16x24.

    Returns
    -------
    Fabric
        Groups ``chip`` (coordinates ``x``, ``y``, ``z``) and ``nic`` (50 Gb/s per direction).

    Raises
    ------
    CatalogueError
        A shape larger than the pod.

    Notes
    -----
    Figures: ``pinchpoint.hardware["tpu_v5p"]``, nominal 100 GB/s per direction a link. Hosts are
    not modelled.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pp.clusters.tpu_v5p("4x4x4").bandwidth("chip[z=0:2]", "chip[z=2:4]").gbyte_per_s
    3200.0
    """
    return tpu_system("tpu_v5p", slice_shape).build()


@cluster(
    what="TPU v6e (Trillium) pod or slice: 2D torus", chips=256, status="shipping", sources=_GOOGLE
)
def tpu_v6e(slice_shape: str | Sequence[int] = "16x16") -> Fabric:
    """Build a TPU v6e pod, or a slice of one.

    Parameters
    ----------
    slice_shape : str or sequence of int, default "16x16"
        Chips along x and y; only an axis of 16 wraps.

    Returns
    -------
    Fabric
        Groups ``chip`` (coordinates ``x``, ``y``) and ``nic``.

    Raises
    ------
    CatalogueError
        A shape larger than the pod.

    Notes
    -----
    Figures: ``pinchpoint.hardware["tpu_v6e"]``, nominal 100 GB/s per direction a link. A NIC is a
    chip's share of its host's four of 200 Gb/s. Hosts are not modelled.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pod = pp.clusters.tpu_v6e()
    >>> pod.bandwidth("chip[x=0:8]", "chip[x=8:16]").gbyte_per_s  # Google: 3.2 TB/s
    3200.0
    """
    return tpu_system("tpu_v6e", slice_shape).build()


@cluster(
    what="TPU7x (Ironwood) pod or slice: 3D torus", chips=9216, status="shipping", sources=_GOOGLE
)
def tpu7x(slice_shape: str | Sequence[int] = "16x24x24") -> Fabric:
    """Build a TPU7x pod, or a slice of one.

    Parameters
    ----------
    slice_shape : str or sequence of int, default "16x24x24"
        Chips along x, y and z; an axis wraps when it is a multiple of 4. The shape of the 9,216
        chips of a pod is not published: the default is assumed, and so is the wrap rule.

    Returns
    -------
    Fabric
        Groups ``chip`` (coordinates ``x``, ``y``, ``z``) and ``nic`` (100 Gb/s per direction).

    Raises
    ------
    CatalogueError
        More chips than the pod has.

    Notes
    -----
    Figures: ``pinchpoint.hardware["tpu7x"]``, nominal 100 GB/s per direction a link. Hosts are not
    modelled.

    Examples
    --------
    >>> import pinchpoint as pp
    >>> pod = pp.clusters.tpu7x()
    >>> pod.bandwidth("chip[x=0,y=0,z=0]", "chip[x=8]").gbyte_per_s
    600.0
    """
    return tpu_system("tpu7x", slice_shape).build()


def tpu_system(name: str, slice_shape: str | Sequence[int]) -> System:
    """Describe a slice: chips on a torus, and a NIC for each chip's share of its host's."""
    entry = hardware[name]
    link = entry["link"]
    system = System(name, [link])
    if "torus" in entry:
        largest = entry["torus"].value
        system.figures += [entry["torus"], entry["wrap_multiple"]]
        multiple = whole(entry["wrap_multiple"])
    else:
        largest, multiple = (16, 24, 24), 4
        system.figures += [
            entry["chips"],
            assumed("torus", (16, 24, 24), "shape", "9,216 chips; the shape is not published"),
            assumed("wrap_multiple", 4, "chips", "as TPU v4 and v5p"),
        ]
    assert isinstance(largest, tuple)
    sizes = _options.shape("slice_shape", slice_shape, (len(largest),))
    pod = whole(entry["chips"])
    chips = 1
    for size in sizes:
        chips *= size
    if chips > pod or ("torus" in entry and any(map(int.__gt__, sorted(sizes), sorted(largest)))):
        shown = "x".join(str(size) for size in largest)
        raise CatalogueError(
            f"slice_shape={'x'.join(map(str, sizes))} does not fit a pod of {pod:,} chips ({shown})"
        )
    _wire(system, sizes, link.per_direction, [size % multiple == 0 for size in sizes])
    nic = _share(entry)
    system.figures.append(nic)
    axes = system.groups["chip"].coordinates
    system.nodes("nic", True, **axes)
    system.links("chip", "nic", nic.per_direction, join=list(axes))
    system.rails = tuple(axes)
    return system


def _share(entry: Entry) -> Figure:
    """Return a chip's share of its host's NICs."""
    if "network_per_chip" in entry:
        return entry["network_per_chip"]
    if "nic" in entry:
        total = entry["nic"].kbit_per_s * whole(entry["nics_per_host"])
        per_chip = total // whole(entry["chips_per_host"]) / 1_000_000
        return assumed("nic", per_chip, "Gb/s", "a chip's share of its host's NICs", link=True)
    return assumed("nic", 50, "Gb/s", "as TPU v5p; none is published", link=True)


def _wire(
    system: System,
    sizes: Sequence[int],
    link: str,
    wrap: Sequence[bool],
    axes: str = _AXES,
) -> None:
    named = dict(zip(axes, sizes, strict=False))
    system.nodes("chip", "scale_up", **named)
    for (axis, size), closed in zip(named.items(), wrap, strict=True):
        if size > 1:
            # Two chips along an axis share one link: closing that ring would count it twice.
            system.ring("chip", axis, link, wrap=closed and size > 2)
