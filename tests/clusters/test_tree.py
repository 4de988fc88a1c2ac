"""How the tiers of a folded Clos are sized."""

from collections import Counter

import pinchpoint as pp
import pytest
from pinchpoint.clusters._tree import Tree, fit
from pinchpoint.clusters.networks import _bare_chips, place


def sizes(fabric):
    return {group.name: group.size for group in fabric.groups}


def tree(**options):
    size = fit(what="chips", leaves=1, ports=1, slots=None, **options)
    link = "400Gb/s"
    return place("tree", _bare_chips(), Tree("chip", size, link, link), endpoint="chip")


def test_the_top_tier_has_no_idle_switches():
    assert sizes(pp.clusters.clos(4096, radix=64))["core"] == 64
    assert sizes(pp.clusters.clos(512, radix=64))["spine"] == 8
    pods = pp.clusters.compose(pp.clusters.gb200_nvl72(), "clos", 8, oversubscription=2)
    assert sizes(pods)["spine"] == 2


def test_a_network_of_its_full_size_is_a_fat_tree():
    assert sizes(pp.clusters.clos(1024, radix=16)) == sizes(pp.clusters.fat_tree(16))


def test_named_systems_keep_ports_for_more_pods():
    # Published or documented shapes are not those of the fewest switches.
    found = sizes(pp.clusters.trn3_ultracluster(128))
    assert (found["spine"], found["core"]) == (2 * 72, 72 * 128)


@pytest.mark.parametrize("oversubscription", [1, 2, 3])
@pytest.mark.parametrize(
    ("systems", "radix", "tiers"),
    [
        (24, 8, None),
        (40, 8, None),
        (40, 12, 3),
        (100, 12, None),
        (100, 8, 4),
        (130, 12, 4),
        (70, 64, None),
        (70, 64, 3),
        (6, 8, 4),
    ],
)
def test_fewer_switches_carry_the_same(systems, radix, tiers, oversubscription):
    options = {
        "systems": systems,
        "radix_": radix,
        "tiers": tiers,
        "oversubscription": oversubscription,
    }
    few, many = tree(**options), tree(grow=True, **options)
    assert few.num_links == many.num_links
    assert few.num_nodes <= many.num_nodes
    top = few.groups[-1]
    arrays = few.materialize()
    ends = Counter([*arrays.tails.tolist(), *arrays.heads.tolist()])
    switches = [g for g in few.groups if g.role == "switch"]
    for group in switches:
        for node in range(group.first_node, group.first_node + group.size):
            assert ends[node] <= radix
    # One switch fewer per index either lacks ports or divides no uplinks.
    per_index, cables = top.coordinates[top.name], few.bundles[-1].multiplicity
    used, uplinks = ends[top.first_node] // cables, per_index * cables
    for fewer in range(1, per_index):
        assert uplinks % fewer or used * (uplinks // fewer) > radix
    for a, b in [(0, systems - 1), (0, 1), (slice(0, systems // 2), slice(systems // 2, systems))]:
        asked = [(f.select("chip", chip=a), f.select("chip", chip=b)) for f in (few, many)]
        assert few.bandwidth(*asked[0]).kbit_per_s == many.bandwidth(*asked[1]).kbit_per_s
    assert few.bisection().bandwidth.kbit_per_s == many.bisection().bandwidth.kbit_per_s
