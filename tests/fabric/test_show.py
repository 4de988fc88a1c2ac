"""A fabric as text: what it carries now, after failures and changed capacities."""

import pinchpoint as pp
import pytest


def lab():
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", pod=2, chip=8)
    leaf = b.nodes("leaf", pod=2)
    spine = b.nodes("spine", spine=4)
    b.links(chip, leaf, "400Gb/s")
    b.links(leaf, spine, "800Gb/s")
    return b.build()


def row(fabric, name):
    return next(line.split() for line in str(fabric).split("\n") if line.startswith(name + " "))


def both(fabric):
    """Structured, listed with what it was built from, and listed without."""
    listed = fabric.materialize()
    return fabric, listed, pp.Fabric.from_links(listed.tails, listed.heads, listed.gbit_per_s)


def test_as_built():
    for fabric in both(lab())[:2]:
        assert " ".join(row(fabric, "leaf-spine")) == "leaf-spine 8 100 GB/s 800 GB/s 50 GB/s 1:1"
        assert "degraded" not in str(fabric)


def test_scaled_capacities_count():
    fabric = lab()
    for own in both(fabric.scaled(fabric.select_links("leaf-spine"), 0.5))[:2]:
        assert " ".join(row(own, "leaf-spine")) == "leaf-spine 8 50 GB/s 400 GB/s 25 GB/s 2:1"
        assert "8 links are degraded: leaf-spine" in str(own)
        assert "50 GB/s" in own._repr_html_()
    back = fabric.scaled(fabric.select_links("leaf-spine"), 0.5)
    assert str(back.scaled(back.select_links("leaf-spine"), 2)) == str(fabric)


def test_failures_and_degradations_count_together():
    fabric = lab()
    worse = fabric.scaled(fabric.select_links("leaf-spine", pod=0), 0.5)
    worse = worse.scaled(worse.select_links("chip-leaf", chip=0, pod=1), 4)
    worse = worse.without(worse.select("spine", spine=3), worse.select_links("chip-leaf", pod=0))
    for own in both(worse)[:2]:
        # 3 x 50 + 3 x 100 above; 7 x 50 + 200 below.
        ratio = f"{550 / 450:.3g}:1"
        says = f"leaf-spine 6 of 8 50 to 100 GB/s 450 GB/s 28.125 GB/s {ratio}"
        assert " ".join(row(own, "leaf-spine")) == says
        assert " ".join(row(own, "chip-leaf")[:9]) == "chip-leaf 8 of 16 50 to 200 GB/s 550"
        assert "3 links are degraded: leaf-spine" in str(own)
        assert "1 link is raised: chip-leaf" in str(own)
        assert row(own, "spine")[1:4] == ["3", "of", "4"]
        assert max(len(line) for line in str(own).split("\n")) <= 80


def test_listed_links_of_one_capacity_show_it():
    even = pp.Fabric.from_links([0, 1], [1, 2], 400.0)
    assert " ".join(row(even, "node-node")) == "node-node 2 50 GB/s 100 GB/s"
    odd = pp.Fabric.from_links([0, 1, 2], [1, 2, 3], [400.0, 12000.0, 0.0])
    assert " ".join(row(odd, "node-node")[:8]) == "node-node 3 0 GB/s to 1.5 TB/s 1.55"
    assert "degraded" not in str(odd)
    gone = even.without(even.select_links("node-node"))
    assert " ".join(row(gone, "node-node")) == "node-node 0 of 2 50 GB/s 0 GB/s"


def test_a_capacity_rounded_to_nothing_is_degraded_not_failed():
    fabric = pp.Fabric.from_links([0, 1, 2], [1, 2, 3], [400.0, 400.0, 0.0])
    fabric = fabric.scaled(fabric.select_links("node-node", link=0), 1e-12)
    fabric = fabric.without(fabric.select_links("node-node", link=2))
    assert " ".join(row(fabric, "node-node")) == "node-node 2 of 3 0 to 50 GB/s 50 GB/s"
    assert "1 link is degraded: node-node" in str(fabric)


@pytest.mark.parametrize(
    ("fabric", "tier", "per_chip"),
    [
        (pp.clusters.trn3_ultraserver(), "chip-chip", "128 GB/s"),
        (pp.clusters.torus(), "chip-x", "100 GB/s"),
        (lab(), "chip-leaf", "50 GB/s"),
    ],
)
def test_links_between_chips_count_for_both(fabric, tier, per_chip):
    assert f" {per_chip}" in " ".join(row(fabric, tier)[5:])
    assert ("counts for both" in str(fabric)) == (tier != "chip-leaf")
