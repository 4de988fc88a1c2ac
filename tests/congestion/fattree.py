"""A k-ary fat tree of unit links as arrays (Al-Fares, Loukissas & Vahdat, SIGCOMM 2008)."""

import numpy as np
import pinchpoint as pp


def fat_tree(k):
    """Hosts come first, then edge switches, aggregation switches and cores."""
    h = k // 2
    hosts, edges = k * h * h, k * h
    edge = hosts + np.arange(edges)
    agg, core = edge + edges, hosts + 2 * edges + np.arange(h * h)
    pod, up = np.divmod(np.arange(edges), h)
    tails = [np.arange(hosts), np.repeat(edge, h), np.repeat(agg, h)]
    heads = [
        np.repeat(edge, h),
        (hosts + edges + np.repeat(pod * h, h) + np.tile(np.arange(h), edges)),
        core[(np.repeat(up * h, h) + np.tile(np.arange(h), edges))],
    ]
    return pp.Fabric.from_links(np.concatenate(tails), np.concatenate(heads), 1.0), hosts
