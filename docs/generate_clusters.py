"""Write docs/clusters.md: every cluster, measured on the fabric as built.

python docs/generate_clusters.py            # writes the file
python docs/generate_clusters.py --check    # exit status 1 where it is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

import pinchpoint as pp
from pinchpoint.units import format_bytes

TARGET = Path(__file__).with_name("clusters.md")

HEAD = """\
# Clusters

Written by `python docs/generate_clusters.py`; the tests check that it is up to date.

Every row is the default build. *Per chip* is what one chip can send to all others together;
*half to half* is `Fabric.bisection()`, the smallest maximum flow between the lower and the upper
half of the chips along one of their coordinates. Both are per direction, in 10^9 bytes, by the
forwarding of the hardware. Published totals are derived again by
max flow in `tests/clusters/test_published.py`, each with its source; the figures with their full
citations are in `pp.hardware`, and `pinchpoint show NAME` lists what is assumed.

| cluster | chips | switches | links | per chip | half to half | status | what (who describes it) |
|---|---:|---:|---:|---:|---:|---|---|
"""


def row(cluster: pp.clusters.Cluster) -> str:
    """Measure one cluster."""
    fabric = pp.clusters.build(cluster.name)
    group = next(g for g in fabric.groups if g.name == "chip")
    first = fabric.select("chip", **dict.fromkeys(group.coordinates, 0))
    chips, rest = fabric.num_chips, fabric.select("chip") - first
    switches = sum(g.size for g in fabric.groups if g.role == "switch")
    per_chip = fabric.bandwidth(first, rest).kbit_per_s
    half = fabric.bisection().bandwidth.kbit_per_s
    cells = [
        f"`{cluster.name}`",
        f"{chips:,}",
        f"{switches:,}",
        f"{fabric.num_links:,}",
        format_bytes(per_chip),
        format_bytes(half),
        cluster.status,
        f"{cluster.what} ({cluster.sources})",
    ]
    return f"| {' | '.join(cells)} |\n"


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(row(cluster) for cluster in pp.clusters.available())


def main() -> int:
    """Write the page, or check it."""
    text = page()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
