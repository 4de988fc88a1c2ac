"""Scenarios that count as equal have equal answers, and none is lost: against listing them all."""

from collections import Counter

import pinchpoint as pp
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.scenarios import Scenario
from pinchpoint.studies.elements import Population, Wiring, gathered
from pinchpoint.studies.random import SplitMix64
from pinchpoint.studies.symmetry import Symmetry

from oracle.world import World
from property.fabrics import changed_specs, queries
from property.profile import cases


def answers(fabric, scenarios, query):
    """How many scenarios have which answer."""
    found = Counter()
    rows = query.ask_many([one.apply(fabric) for one in scenarios])
    for one, row in zip(scenarios, rows, strict=True):
        key = str(row) if isinstance(row, Exception) else tuple(row.values())
        found[key] += one.stands_for
    return found


def drawn_question(data):
    world = World(data.draw(changed_specs(), label="fabric"))
    sources, sinks, mode = data.draw(queries(world.spec), label="query")
    if not sinks:
        return None
    ends = world.select_nodes(sources), world.select_nodes(sinks)
    return world.fabric, pp.query.bandwidth(*ends, forwarding=mode)


def test_every_element_alone():
    seen = Counter()

    @cases(120)
    @given(st.data())
    def check(data):
        question = drawn_question(data)
        if question is None:
            return
        fabric, query = question
        sets = [pp.scenarios.each_node()]
        if fabric.bundles:
            sets.append(pp.scenarios.each_link())
        for scenarios in sets:
            alike = scenarios.resolve(fabric, query.pins(fabric))
            listed = scenarios.resolve(fabric)
            assert sum(one.stands_for for one in alike) == len(listed)
            assert answers(fabric, alike, query) == answers(fabric, listed, query)
            seen["orbits"] += len(alike)
            seen["listed"] += len(listed)
        assert len(pp.scenarios.each_node().resolve(fabric)) == fabric.num_nodes

    check()
    assert seen["orbits"] < 0.8 * seen["listed"]


def test_every_link_is_counted():
    @cases(100)
    @given(changed_specs())
    def check(spec):
        fabric = World(spec).fabric
        if fabric.bundles:
            alike = pp.scenarios.each_link().resolve(fabric, pins=[])
            assert sum(one.stands_for for one in alike) == fabric.num_links
            assert len(pp.scenarios.each_link().resolve(fabric)) == fabric.num_links

    check()


def test_every_two_links():
    seen = Counter()

    @cases(30)
    @given(st.data())
    def check(data):
        question = drawn_question(data)
        if question is None or not question[0].bundles:
            return
        fabric, query = question
        among = [bundle.name for bundle in fabric.bundles[:2]]
        scenarios = pp.scenarios.each_pair(among)
        listed = scenarios.resolve(fabric)
        if len(listed) > 1500:
            return
        alike = scenarios.resolve(fabric, query.pins(fabric))
        assert sum(one.stands_for for one in alike) == len(listed)
        assert answers(fabric, alike, query) == answers(fabric, listed, query)
        seen["orbits"] += len(alike)
        seen["listed"] += len(listed)

    check()
    assert 0 < seen["orbits"] < 0.8 * seen["listed"]


def test_equal_forms_have_equal_answers():
    seen = Counter()

    @cases(60)
    @given(st.data())
    def check(data):
        question = drawn_question(data)
        if question is None or not question[0].bundles:
            return
        fabric, query = question
        wiring = Wiring(fabric)
        whole = [fabric.select_links(bundle.name) for bundle in fabric.bundles]
        whole += [fabric.select(group.name) for group in fabric.groups]
        up = list(Population.of(wiring, whole).each())
        random = SplitMix64(data.draw(st.integers(0, 2**32)))
        k = data.draw(st.integers(1, 4))
        if not up:
            return
        scenarios = [
            Scenario("", gathered(wiring, {up[random.below(len(up))] for _ in range(k)}))
            for _ in range(30)
        ]
        leaders = Symmetry(wiring, query.pins(fabric)).leaders(
            _boxes(wiring, query.pins(fabric), scenarios)
        )
        rows = query.ask_many([one.apply(fabric) for one in scenarios])
        for place, leader in enumerate(leaders):
            assert str(rows[place]) == str(rows[leader])
        seen["scenarios"] += len(scenarios)
        seen["solved"] += len(set(leaders))

    check()
    assert seen["solved"] < 0.9 * seen["scenarios"]


def _boxes(wiring, pins, scenarios):
    symmetry = Symmetry(wiring, pins)
    return [symmetry.boxes(one.failed, "failed") for one in scenarios]


def test_boxes_of_many_nodes_merge_too():
    fabric = pp.clusters.trn3_ultracluster(ultraservers=128)
    ask = pp.query.bandwidth("chip[ultraserver=0]", "chip[ultraserver=127]")

    def nics(ultraserver, *numbers):
        return [fabric.select("nic", ultraserver=ultraserver, nic=list(numbers))]

    study = pp.sweep(fabric, pp.scenarios.each([nics(5, 2 * i, 2 * i + 1) for i in range(72)]), ask)
    assert study.num_solved == 1
    assert set(study.columns["gbit_per_s"]) == {28800.0}
    study = pp.sweep(fabric, pp.scenarios.each([nics(0, 0, i) for i in (1, 2, 3, 4, 80)]), ask)
    assert study.columns["gbit_per_s"] == [28400.0] * 5
    # The same tray three times; another tray of the rack; the other rack.
    assert study.columns["solved_as"] == [0, 0, 0, 3, 4]


def test_a_million_chips_take_as_many_orbits_as_a_few():
    fabric = pp.clusters.trn3_ultracluster(ultraservers=7168)
    ask = pp.query.bandwidth("chip[ultraserver=0]", "chip[ultraserver=7167]")
    study = pp.sweep(fabric, pp.scenarios.each_link(), ask)
    assert sum(study.columns["stands_for"]) == 22_708_224
    assert len(study) < 100
    wiring, pins = Wiring(fabric), ask.pins(fabric)
    symmetry = Symmetry(wiring, pins)
    forms = {
        symmetry.form(symmetry.boxes(one.failed, "failed")): row
        for row, one in enumerate(pp.scenarios.each_link().resolve(fabric, pins))
    }
    for place in range(200):
        bundle = fabric.bundles[place % len(fabric.bundles)]
        link = fabric.sample_links(bundle.name, 1, seed=place)
        row = forms[symmetry.form(symmetry.boxes([link], "failed"))]
        assert study.columns["gbit_per_s"][row] == ask.ask(fabric.without(link))["gbit_per_s"]
