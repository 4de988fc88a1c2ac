"""Builders of AI clusters: racks people buy, and the networks that join them.

`available` lists them, `build` builds one by name, and each is a function of this module. Figures
come from ``pinchpoint.hardware``; what no source states is a default, marked as assumed where the
fabric is printed.
"""

from typing import TYPE_CHECKING, Any

from pinchpoint.clusters._registry import Cluster, Clusters, available, build, find

if TYPE_CHECKING:
    from pinchpoint.clusters.composed import compose
    from pinchpoint.clusters.designs import alibaba_hpn, meta_24k, superpod_b200, superpod_b300
    from pinchpoint.clusters.dragonflies import dragonfly
    from pinchpoint.clusters.expanders import jellyfish, xpander
    from pinchpoint.clusters.fusion import nvlink_fusion_rack, p6e_gb200
    from pinchpoint.clusters.hgx import (
        hgx_b200,
        hgx_b300,
        hgx_h100,
        hgx_h200,
        p5,
        p5en,
        p6_b200,
        p6_b300,
    )
    from pinchpoint.clusters.networks import (
        clos,
        efa,
        fat_tree,
        leaf_spine,
        rail_only,
        rail_optimized,
    )
    from pinchpoint.clusters.nvl72 import gb200_nvl72, gb300_nvl72, gh200_nvl32, vera_rubin_nvl72
    from pinchpoint.clusters.tori import torus, tpu7x, tpu_v4, tpu_v5e, tpu_v5p, tpu_v6e
    from pinchpoint.clusters.trainium2 import trn2_instance, trn2_ultraserver
    from pinchpoint.clusters.trainium3 import trn3_ultracluster, trn3_ultraserver
    from pinchpoint.clusters.trainium4 import trn4_rack, trn4_ultracluster

__all__ = [
    "Cluster",
    "Clusters",
    "alibaba_hpn",
    "available",
    "build",
    "clos",
    "compose",
    "dragonfly",
    "efa",
    "fat_tree",
    "find",
    "gb200_nvl72",
    "gb300_nvl72",
    "gh200_nvl32",
    "hgx_b200",
    "hgx_b300",
    "hgx_h100",
    "hgx_h200",
    "jellyfish",
    "leaf_spine",
    "meta_24k",
    "nvlink_fusion_rack",
    "p5",
    "p5en",
    "p6_b200",
    "p6_b300",
    "p6e_gb200",
    "rail_only",
    "rail_optimized",
    "superpod_b200",
    "superpod_b300",
    "torus",
    "tpu7x",
    "tpu_v4",
    "tpu_v5e",
    "tpu_v5p",
    "tpu_v6e",
    "trn2_instance",
    "trn2_ultraserver",
    "trn3_ultracluster",
    "trn3_ultraserver",
    "trn4_rack",
    "trn4_ultracluster",
    "vera_rubin_nvl72",
    "xpander",
]


def __getattr__(name: str) -> Any:
    # Builders are read when first used: one of them needs few of the modules here.
    if name == "compose":
        from pinchpoint.clusters.composed import compose

        return compose
    if name not in __all__:
        raise AttributeError(f"module 'pinchpoint.clusters' has no attribute {name!r}")
    return find(name).builder


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
