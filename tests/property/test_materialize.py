"""What a fabric is made of: links in their order, selections, changes, copies."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint._capacities import capacities
from pinchpoint.errors import SelectionError

from oracle.spec import bundle_name, select
from oracle.world import World
from property.fabrics import changed_specs, link_choice, node_choices, queries, specs
from property.profile import cases


def kbit(fabric):
    return fabric.gbit_per_s * 1e6


@cases(500)
@given(changed_specs())
def test_links_are_listed_as_described(spec):
    world = World(spec)
    listed = world.fabric.materialize()
    tails, heads, capacity = world.listed()
    assert listed.tails.tolist() == tails
    assert listed.heads.tolist() == heads
    assert listed.tails.dtype == listed.heads.dtype == np.uint32
    assert np.allclose(kbit(listed), [float(c) for c in capacity], rtol=1e-12, atol=0)
    assert world.fabric.rounded == world.was_rounded
    up = [link for link in world.meaning.links if world.meaning.is_up(link)]
    for fabric in (world.fabric, listed):
        assert fabric.num_links == len(up)
        assert fabric.num_nodes == len(world.meaning.nodes) - len(world.meaning.down)
        chips = [
            node
            for node, group in enumerate(world.meaning.group_of)
            if spec.groups[group].real_role == "chip" and node not in world.meaning.down
        ]
        assert fabric.num_chips == len(chips)
        for index, bundle in enumerate(fabric.bundles):
            own = [link for link in world.meaning.links if link.bundle == index]
            assert bundle.name == bundle_name(spec, spec.bundles[index])
            assert bundle.num_links == len(own)
            assert bundle.num_links_up == sum(link in own for link in up)
            now, built = capacities(fabric)[index], spec.bundles[index].capacity
            left = [link.capacity for link in own if link in up]
            ends = min(left or [built]), max(left or [built])
            assert own == [] or (now.total, now.least, now.most) == (sum(left), *ends)
            assert now.degraded == sum(capacity < built for capacity in left)
            assert now.raised == sum(capacity > built for capacity in left)
        for index, group in enumerate(fabric.groups):
            own = spec.groups[index]
            assert list(group.coordinates.items()) == [(c.name, c.size) for c in own.coordinates]
            assert group.size == world.meaning.group_of.count(index)
            assert group.first_node == world.meaning.first[index]
            assert group.role == own.real_role
    assert listed.materialize().gbit_per_s.tolist() == listed.gbit_per_s.tolist()


@cases(400)
@given(st.data())
def test_selections_are_sets(data):
    spec = data.draw(specs())
    world = World(spec)
    for fabric in (world.fabric, world.fabric.materialize()):
        one, two = data.draw(node_choices(spec)), data.draw(node_choices(spec))
        if one.group != two.group:
            first, second = select(fabric, spec, one), select(fabric, spec, two)
            with pytest.raises(SelectionError):
                first | second
            continue
        sets = [world.meaning.ids(choice) for choice in (one, two)]
        picks = [select(fabric, spec, choice) for choice in (one, two)]
        assert fabric.node_ids(picks[0]).tolist() == sorted(sets[0])
        assert (picks[0] == picks[1]) == (sets[0] == sets[1])
        for expected, found in (
            (sets[0] | sets[1], picks[0] | picks[1]),
            (sets[0] & sets[1], picks[0] & picks[1]),
            (sets[0] - sets[1], picks[0] - picks[1]),
        ):
            assert len(found) == len(expected)
            assert fabric.node_ids(found).tolist() == sorted(expected)
            assert bool(found) == bool(expected)
            again = pickle.loads(pickle.dumps(found))
            assert again == found
            assert hash(again) == hash(found)


def places_of(fabric, selection):
    """Which links a selection holds, seen by scaling them: all are up and have capacity."""
    before = fabric.materialize().gbit_per_s
    after = fabric.scaled(selection, 2.0).materialize().gbit_per_s
    listed = fabric.materialize().scaled(selection, 2.0).gbit_per_s
    assert after.tolist() == listed.tolist()
    failed = fabric.without(selection).materialize().gbit_per_s
    assert ((failed == 0) == (before != after)).all()
    return set(np.flatnonzero(before != after).tolist())


@cases(400)
@given(st.data())
def test_link_selections_are_sets(data):
    spec = data.draw(specs())
    world = World(spec)
    able = [i for i, bundle in enumerate(spec.bundles) if bundle.capacity]
    if len(able) < len(spec.bundles) or not able:
        return
    index = data.draw(st.sampled_from(able))
    choices = data.draw(pairs_of_links(spec, index))
    sets = [world.meaning.places(choice) for choice in choices]
    if not all(sets):
        empty = choices[0 if not sets[0] else 1]
        with pytest.raises(SelectionError):
            select(world.fabric, spec, empty)
        return
    picks = [select(world.fabric, spec, choice) for choice in choices]
    assert (picks[0] == picks[1]) == (sets[0] == sets[1])
    for expected, found in (
        (sets[0], picks[0]),
        (sets[0] | sets[1], picks[0] | picks[1]),
        (sets[0] & sets[1], picks[0] & picks[1]),
        (sets[0] - sets[1], picks[0] - picks[1]),
    ):
        assert len(found) == len(expected)
        assert bool(found) == bool(expected)
        if expected:
            assert places_of(world.fabric, found) == expected
        again = pickle.loads(pickle.dumps(found))
        assert again == found
        assert hash(again) == hash(found)


@st.composite
def pairs_of_links(draw, spec, index):
    return link_choice(draw, spec, index), link_choice(draw, spec, index)


@cases(200)
@given(st.data())
def test_copies_are_equal(data):
    spec = data.draw(changed_specs())
    world = World(spec)
    sources, sinks, mode = data.draw(queries(spec))
    listed = world.fabric.materialize()
    for fabric in (world.fabric, listed):
        again = pickle.loads(pickle.dumps(fabric))
        assert again.is_structured == fabric.is_structured
        assert again.rounded == fabric.rounded
        assert (again.groups, again.bundles) == (fabric.groups, fabric.bundles)
        assert again.materialize().tails.tolist() == listed.tails.tolist()
        assert again.materialize().heads.tolist() == listed.heads.tolist()
        assert again.materialize().gbit_per_s.tolist() == listed.gbit_per_s.tolist()
        assert (again.num_nodes, again.num_links) == (fabric.num_nodes, fabric.num_links)
        if not sinks:
            continue
        ends = world.select_nodes(sources), world.select_nodes(sinks)
        answer = fabric.bandwidth(*ends, forwarding=mode)
        other = pickle.loads(pickle.dumps(answer))
        assert other == answer == again.bandwidth(*ends, forwarding=mode)
        assert repr(other) == repr(answer)
        assert other.flow().gbit_per_s.tobytes() == answer.flow().gbit_per_s.tobytes()
        answer.verify()
        other.verify()


@cases(200)
@given(st.data())
def test_changes_after_listing_equal_changes_before(data):
    spec = data.draw(specs())
    base = World(spec)
    changed = World(data.draw(changes_of(spec)))
    listed = base.fabric.materialize()
    for change in changed.spec.changes:
        if change.kind == "sampled":
            return
        choice = change.what[0]
        if not (base.meaning.ids if hasattr(choice, "group") else base.meaning.places)(choice):
            continue
        selection = select(listed, spec, choice)
        if change.kind == "scaled":
            listed = listed.scaled(selection, change.factor)
        else:
            listed = listed.without(selection)
    assert listed.gbit_per_s.tolist() == changed.fabric.materialize().gbit_per_s.tolist()
    assert listed.num_links == changed.fabric.num_links
    assert listed.num_nodes == changed.fabric.num_nodes


@st.composite
def changes_of(draw, spec):
    from dataclasses import replace

    from property.fabrics import changes

    return replace(spec, changes=changes(draw, spec))
