"""The names of arguments are part of the face."""

import pinchpoint as pp


def test_queries_by_name():
    b = pp.FabricBuilder("two tiers")
    chip, leaf = b.nodes("chip", leaf=2, chip=4), b.nodes("leaf", leaf=2)
    b.links(chip, leaf, "100Gb/s")
    b.links(leaf, b.nodes("spine", spine=2), "200Gb/s")
    fabric = b.build()
    a, b = fabric.select("chip[leaf=0]"), fabric.select("chip[leaf=1]")
    value = fabric.bandwidth(sources=a, sinks=b).gbit_per_s
    assert value > 0
    assert fabric.pairwise(groups=[a, b]).gbit_per_s[0, 1] == value
    assert fabric.bisection(by="leaf").gbit_per_s == value
    uplinks = fabric.select_links("leaf-spine")
    assert fabric.scaled(links=uplinks, factor=0.5).bisection(by=None).gbit_per_s <= value
    traffic = pp.traffic.all_to_all(fabric.select("chip"), gbit_per_s=1.0)
    assert fabric.congestion(traffic=traffic).max_utilization > 0
    assert fabric.throughput(traffic=traffic).lower > 0
    assert fabric.fair_rates(traffic=traffic).rates.min() > 0
    assert fabric.collective(op="all_gather", ranks=a).busbw_gbyte_per_s > 0
    assert fabric.routing_gap(traffic=traffic).congestion.max_utilization > 0
    assert fabric.priorities(classes=[traffic]).served == (1.0,)
    assert fabric.failure_sweep(sources=a, sinks=b, failures=[uplinks]).gbit_per_s[0] == 0
    assert fabric.cut_tree(nodes=a).value.max() == 100.0
