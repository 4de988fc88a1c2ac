"""Scenarios: what is drawn, in which proportions, and what files may say."""

from collections import Counter
from pathlib import Path

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import FormatError, InputTypeError, ScenarioError, SizeLimitError
from pinchpoint.scenarios import Mode, Rule, Scenario

POLICY = """\
policy: 1
count: 200
seed: 4
risk_groups:
  feed A: ["switch[switch=0:9]"]
  feed B: ["switch[switch=9:18]", "chip[chip=71]"]
modes:
  - name: optics
    weight: 0.5
    rules:
      - {among: chip-switch, choose: 3}
  - name: slow
    weight: 0.3
    rules:
      - {among: chip-switch, probability: 0.01, factor: 0.5}
  - name: power
    weight: 0.2
    rules:
      - {risk_groups: [feed A, feed B], choose: 1}
"""


@pytest.fixture(scope="module")
def rack():
    return pp.clusters.gb200_nvl72()


def test_policy_file(rack, tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    drawn = pp.scenarios.load(path).resolve(rack)
    modes = Counter(one.label.partition(",")[0] for one in drawn)
    assert sum(modes.values()) == 200
    # Three standard deviations of a binomial.
    assert abs(modes["optics"] - 100) < 22
    assert abs(modes["slow"] - 60) < 20
    for one in drawn:
        if one.label.startswith("optics"):
            assert one.links_failed == 3
            assert not one.scaled
        elif one.label.startswith("slow"):
            assert not one.failed
            assert all(factor == 0.5 for _, factor in one.scaled)
        else:
            assert one.nodes_failed in (9, 10)
    slow = [one for one in drawn if one.label.startswith("slow")]
    links = sum(len(links) for one in slow for links, _ in one.scaled)
    mean = 1296 * 0.01 * len(slow)
    assert abs(links - mean) < 4 * mean**0.5


def test_the_policy_of_the_docs(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "howto" / "studies.md"
    path = tmp_path / "policy.yaml"
    path.write_text(page.read_text().split("```yaml\n")[1].partition("```")[0])
    fabric = pp.clusters.trn3_ultracluster(ultraservers=128)
    drawn = pp.scenarios.load(path).resolve(fabric)
    modes = Counter(one.label.partition(",")[0] for one in drawn)
    assert set(modes) == {"optics", "aging", "power"}
    assert sum(modes.values()) == 1000
    assert abs(modes["optics"] - 700) < 60


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ("weight: 0.2", "weight: 0.3", ScenarioError, r"policy.yaml: .* sum to 1.1"),
        ("weight: 0.5", "wieght: 0.5", FormatError, r"policy.yaml:9: .*wieght"),
        ("choose: 3", "choose: 3, probability: 0.1", FormatError, r"not both"),
        ("[feed A, feed B]", "[feed C]", FormatError, r"'feed C'.*feed A, feed B"),
        ("policy: 1", "policy: 2", FormatError, r"policy.yaml:1"),
        ("factor: 0.5", "factor: 0", FormatError, r"factor is 0"),
        ("choose: 3", "choose: -3", FormatError, r"choose"),
    ],
)
def test_bad_policy_files(tmp_path, old, new, error, match):
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.replace(old, new, 1))
    with pytest.raises(error, match=match):
        pp.scenarios.load(path)


def test_what_a_policy_names_must_exist(rack):
    for among in ("spine", "chip[chip=99]", {"feed": ("spine",)}):
        with pytest.raises(ScenarioError, match=r"mode 'power'"):
            pp.scenarios.policy([Mode(1, (Rule(among),), "power")], 1).resolve(rack)
    empty = rack.select("chip[chip=0]") - rack.select("chip[chip=0]")
    with pytest.raises(ScenarioError, match="matches nothing"):
        pp.scenarios.each({"tray": [empty]}).resolve(rack)
    for groups in ({"a": "chip[chip=0]", "b": []}, [[]]):
        with pytest.raises(ScenarioError, match="nothing is named"):
            pp.scenarios.each(groups)
    rule = Rule({"a": "chip[chip=0]", "b": "chip[chip=1]"}, choose=3)
    with pytest.raises(ScenarioError, match="2 risk groups"):
        pp.scenarios.policy([Mode(1, (rule,))], 1).resolve(rack)


def test_bad_numbers():
    for arguments in ((0, 1), (1, 0)):
        with pytest.raises(ScenarioError, match="must be from 1"):
            pp.scenarios.random_links(*arguments)
    with pytest.raises(InputTypeError, match="whole number"):
        pp.scenarios.random_links(k=1.5)
    with pytest.raises(ScenarioError, match=r"sum to 0\.5"):
        pp.scenarios.policy([Mode(0.5, ())], 1)
    with pytest.raises(ScenarioError, match="is -1"):
        pp.scenarios.policy([Mode(-1, ()), Mode(2, ())], 1)
    with pytest.raises(ScenarioError, match="needs a mode"):
        pp.scenarios.policy([], 1)
    with pytest.raises(ScenarioError, match="from 0 to 1"):
        Rule("chip", probability=1.5)


def test_draws_are_uniform_over_links(rack):
    drawn = pp.scenarios.random_links(k=1, count=3000, seed=1).resolve(rack)
    found = Counter(one.failed[0].bundle for one in drawn)
    for bundle in rack.bundles:
        mean = 3000 * bundle.num_links / rack.num_links
        assert abs(found[bundle.name] - mean) < 4 * mean**0.5
    assert all(
        one.links_failed == 7 for one in pp.scenarios.random_links(k=7, count=50).resolve(rack)
    )


def test_what_is_down_is_not_drawn_again(rack):
    down = rack.without(rack.select("switch[switch=0:17]"), rack.sample_links("chip-switch", 40))
    left = pp.scenarios.each_link("chip-switch").resolve(down)
    assert len(left) == next(b.num_links_up for b in down.bundles if b.name == "chip-switch")
    every = pp.scenarios.random_links(k=len(left), count=1, among="chip-switch").resolve(down)[0]
    cut = down.without(*every.failed)
    assert next(b.num_links_up for b in cut.bundles if b.name == "chip-switch") == 0
    all_of_them = Mode(1, (Rule("chip-switch", probability=1.0),))
    assert pp.scenarios.policy([all_of_them], 1).resolve(down)[0].links_failed == len(left)


def test_upgrades_and_lists(rack):
    ask = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")
    study = pp.sweep(rack, pp.scenarios.upgrades("chip-switch", [0.5, 1, 2]), ask)
    assert study.columns["gbit_per_s"] == [3600.0, 7200.0, 14400.0]
    own = Scenario("two", (rack.select("switch[switch=0]"), rack.select_links("chip-switch")))
    assert pp.sweep(rack, [own], ask).columns["bottleneck"] == ["disconnected"]


def test_explicit_fabrics_list_one_by_one():
    fabric = pp.Fabric.from_links([0, 0, 1, 2], [1, 2, 3, 3], [1.0, 2.0, 3.0, 1.0])
    study = pp.sweep(fabric, pp.scenarios.each_link(), pp.query.bandwidth(0, 3))
    assert study.columns["gbit_per_s"] == [1.0, 1.0, 1.0, 1.0]
    assert study.columns["label"][2] == "node-node[link=2]"
    pairs = pp.sweep(fabric, pp.scenarios.each_pair("node-node"), pp.query.bandwidth(0, 3))
    assert sorted(pairs.columns["gbit_per_s"]) == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    assert len(pp.scenarios.each_node().resolve(fabric)) == 4


def test_too_many_to_list():
    fabric = pp.clusters.trn3_ultracluster(ultraservers=7168)
    with pytest.raises(SizeLimitError, match="one by one"):
        pp.scenarios.each_link().resolve(fabric)


def fabrics_with_all_kinds_of_bundles():
    b = pp.FabricBuilder("all kinds")
    chip = b.nodes("chip", pod=3, x=4)
    leaf = b.nodes("leaf", pod=3, leaf=2)
    b.links(chip, leaf, "100Gb/s", multiplicity=2)
    b.links(chip.where(x=[0, 3]), leaf, "50Gb/s", join={}, name="across")
    b.links(leaf, leaf, "200Gb/s", join={"leaf": "leaf"}, name="within")
    yield b.build()
    yield pp.clusters.build("trn2-ultraserver")
    yield pp.clusters.tpu_v4((4, 4, 8))
    yield pp.clusters.gb200_nvl72().materialize()
    yield pp.Fabric.from_links([0, 0, 1, 2, 4], [1, 2, 3, 3, 0], [4.0, 2.0, 6.0, 2.0, 8.0])


@pytest.mark.parametrize(
    "fabric", list(fabrics_with_all_kinds_of_bundles()), ids=lambda one: one.name
)
def test_degraded_nodes_have_all_their_links_degraded_once(fabric):
    """Against the definition, link by link, on the fabric written out."""
    for group in fabric.groups:
        name, size = next(iter(group.coordinates.items()), (None, 1))
        chosen = [fabric.select(group.name)]
        if name is not None:
            chosen += [fabric.select(group.name, **{name: values}) for values in (0, [0, size - 1])]
        for nodes in chosen:
            (one,) = pp.scenarios.degraded(nodes, 0.5).resolve(fabric)
            before, after = (
                one.materialize() if one.is_structured else one
                for one in (fabric, one.apply(fabric))
            )
            ids = fabric.node_ids(nodes)
            touched = np.isin(before.tails, ids) | np.isin(before.heads, ids)
            expected = np.where(touched, 0.5, 1.0) * before.gbit_per_s
            np.testing.assert_array_equal(after.gbit_per_s, expected)


def test_few_that_are_up_among_many():
    b = pp.FabricBuilder("mostly down")
    b.links(b.nodes("chip", chip=100_000), b.nodes("leaf"), "1Gb/s")
    fabric = b.build().without("chip[chip=10:100000]")
    draws = pp.scenarios.random_nodes(5, 20, among="chip").resolve(fabric)
    drawn = [tuple(fabric.node_ids(item).tolist()) for one in draws for item in one.failed]
    assert all(len(set(ids)) == 5 and set(ids) <= set(range(10)) for ids in drawn)
    assert len(set(drawn)) > 10
    assert set().union(*drawn) == set(range(10))
    with pytest.raises(ScenarioError, match="cannot draw 11 different elements: too few are up"):
        pp.scenarios.random_nodes(11, 1, among="chip").resolve(fabric)
