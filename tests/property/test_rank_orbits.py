"""Orbits of ranks against all automorphisms of small fabrics, found by search."""

from collections import Counter

import networkx as nx
import pinchpoint as pp
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint import _core

from property.profile import cases


def orbits(fabric):
    """Orbits of the chips under all automorphisms that keep groups and capacities."""
    listed = fabric.materialize()
    graph = nx.MultiGraph()
    for group in listed.groups:
        for node in range(group.first_node, group.first_node + group.size):
            graph.add_node(node, group=group.name)
    for tail, head, capacity in zip(*listed._handle.arrays(), strict=True):
        if capacity:
            graph.add_edge(int(tail), int(head), capacity=int(capacity))
    simple = nx.Graph()
    simple.add_nodes_from(graph.nodes(data=True))
    for a, b, own in graph.edges(data="capacity"):
        before = simple.get_edge_data(a, b, {"kinds": ()})["kinds"]
        simple.add_edge(a, b, kinds=tuple(sorted((*before, own))))
    for *_, own in simple.edges(data=True):
        own["kind"] = str(own["kinds"])
    # One of each orbit so far, by a hash that automorphisms keep.
    found = {}
    for chip in (node for node, group in graph.nodes(data="group") if group == "chip"):
        marked = simple.copy()
        marked.nodes[chip]["group"] = "marked"
        name = nx.weisfeiler_lehman_graph_hash(
            marked, edge_attr="kind", node_attr="group", iterations=6
        )
        alike = (
            nx.isomorphism.GraphMatcher(
                own,
                marked,
                node_match=lambda a, b: a["group"] == b["group"],
                edge_match=lambda a, b: a["kinds"] == b["kinds"],
            ).is_isomorphic()
            for own in found.setdefault(name, [])
        )
        if not any(alike):
            found[name].append(marked)
    return sum(map(len, found.values()))


def receivers(fabric):
    ranks = [fabric.select("chip")._handle]
    answer = _core.collective(fabric._handle, ranks, [], False, "all", False, 10_000, None)
    return answer.reached[1]


@st.composite
def nested(draw):
    """Pods of hosts of chips; with rails, coordinates do not nest."""
    builder = pp.FabricBuilder("nested")
    pods, hosts = draw(st.sampled_from([(2, 2), (3, 2), (2, 3)]))
    chip = builder.nodes("chip", pod=pods, host=hosts, chip=2)
    switch = builder.nodes("switch", pod=pods, host=hosts)
    leaf = builder.nodes("leaf", pod=pods)
    builder.links(chip, switch, "2GB/s")
    builder.links(switch, leaf, "1GB/s", multiplicity=draw(st.integers(1, 2)))
    builder.links(leaf, builder.nodes("core"), "1GB/s", join={})
    rails = draw(st.booleans())
    if rails:
        builder.links(chip, builder.nodes("rail", pod=pods, chip=2), "1GB/s")
    return builder.build(), rails


def test_orbits_of_ranks_are_those_of_all_automorphisms():
    """With one failure that leaves a way they are the same; with more, what could change places
    with its like elsewhere is told apart, so there may be more of them, and never fewer."""
    seen = Counter()

    @cases(60)
    @given(st.data())
    def check(data):
        fabric, rails = data.draw(nested())
        lost = data.draw(st.integers(0, 3))
        kinds = data.draw(st.lists(st.sampled_from(fabric.bundles), min_size=lost, max_size=lost))
        for bundle in kinds:
            seed = data.draw(st.integers(0, 99))
            fabric = fabric.scaled(fabric.sample_links(bundle.name, 1, seed=seed), 0.5)
        wanted, found = orbits(fabric), receivers(fabric)
        assert found >= wanted
        if lost <= 1:
            assert found == wanted
        seen[rails, lost, found == wanted] += 1

    check()
    assert all(seen[rails, lost, True] for rails in (False, True) for lost in (0, 1))
    assert sum(count for (_, lost, _), count in seen.items() if lost > 1)


def test_rings_turn_as_long_as_nothing_is_marked_on_them():
    """Every chip of a torus is like every other; with a failed link few are."""
    torus = pp.clusters.torus((5, 6))
    assert receivers(torus) == 1
    worse = torus.without(torus.sample_links(torus.bundles[0].name, 1, seed=1))
    assert receivers(worse) == 30
    assert orbits(worse) < 30
