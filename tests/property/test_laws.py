"""Laws that answers keep when a fabric is changed in a way whose effect is known."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from oracle.spec import Bundle, Coordinate, Group, meaning
from oracle.world import World
from property.fabrics import changed_specs, queries, specs
from property.profile import cases


@st.composite
def questions(draw, changed=True):
    spec = draw(changed_specs() if changed else specs())
    return spec, *draw(queries(spec))


def bandwidth(spec, sources, sinks, mode):
    world = World(spec)
    ends = world.select_nodes(sources), world.select_nodes(sinks)
    return world.fabric.bandwidth(*ends, forwarding=mode).kbit_per_s


def rescaled(spec, factor):
    groups = tuple(
        group if group.capacity is None else replace(group, capacity=group.capacity * factor)
        for group in spec.groups
    )
    bundles = tuple(replace(b, capacity=b.capacity * factor) for b in spec.bundles)
    return replace(spec, groups=groups, bundles=bundles)


@cases(150)
@given(questions(changed=False), st.sampled_from([Fraction(1, 64), 1024, 10**9, 3]))
def test_capacities_times_k_give_bandwidth_times_k(question, factor):
    spec, sources, sinks, mode = question
    if sinks:
        before = bandwidth(spec, sources, sinks, mode)
        after = bandwidth(rescaled(spec, factor), sources, sinks, mode)
        assert after == before * factor


@cases(150)
@given(questions())
def test_links_carry_as_much_the_other_way(question):
    spec, sources, sinks, mode = question
    if sinks:
        there = bandwidth(spec, sources, sinks, mode)
        assert there == bandwidth(spec, sinks, sources, mode)


@cases(150)
@given(questions(), st.randoms(use_true_random=False))
def test_order_of_groups_and_bundles_does_not_matter(question, random):
    spec, sources, sinks, mode = question
    if not sinks or any(change.kind == "sampled" for change in spec.changes):
        return
    groups, bundles = list(range(len(spec.groups))), list(range(len(spec.bundles)))
    random.shuffle(groups)
    random.shuffle(bundles)

    def moved(choice):
        if hasattr(choice, "group"):
            return replace(choice, group=groups.index(choice.group))
        return replace(choice, bundle=bundles.index(choice.bundle))

    other = replace(
        spec,
        groups=tuple(spec.groups[i] for i in groups),
        bundles=tuple(
            replace(
                spec.bundles[i],
                a=groups.index(spec.bundles[i].a),
                b=groups.index(spec.bundles[i].b),
            )
            for i in bundles
        ),
        changes=tuple(replace(c, what=tuple(map(moved, c.what))) for c in spec.changes),
    )
    before = bandwidth(spec, sources, sinks, mode)
    after = bandwidth(other, tuple(map(moved, sources)), tuple(map(moved, sinks)), mode)
    assert before == after


@cases(150)
@given(questions(), st.integers(0, 10), st.sampled_from([True, False, "scale_up"]))
def test_a_dead_end_adds_nothing(question, place, forwards):
    spec, sources, sinks, mode = question
    if not sinks or any(change.kind == "sampled" for change in spec.changes):
        return
    end = Group("stub", (Coordinate("stub", (("stub", 3),), 3),), "switch", forwards)
    bundle = Bundle(len(spec.groups), place % len(spec.groups), Fraction(9), name="dead")
    one = replace(bundle, a_part=(("stub", 1),), join=())
    first = ((name, 0) for name in spec.groups[bundle.b].wiring_sizes())
    other = replace(
        spec,
        groups=(*spec.groups, end),
        bundles=(*spec.bundles, replace(one, b_part=tuple(first))),
    )
    before = bandwidth(spec, sources, sinks, mode)
    assert bandwidth(other, sources, sinks, mode) == before


@cases(150)
@given(questions(changed=False), st.integers(0, 5))
def test_more_capacity_never_hurts_and_helps_by_what_was_added(question, place):
    spec, sources, sinks, mode = question
    if not sinks or not spec.bundles:
        return
    place %= len(spec.bundles)
    raised = replace(spec.bundles[place], capacity=spec.bundles[place].capacity + 2)
    other = replace(spec, bundles=(*spec.bundles[:place], raised, *spec.bundles[place + 1 :]))
    before = bandwidth(spec, sources, sinks, mode)
    after = bandwidth(other, sources, sinks, mode)
    added = 2 * sum(link.bundle == place for link in meaning(spec).links)
    assert before <= after <= before + added


@cases(100)
@given(questions())
def test_forwarding_by_more_nodes_never_hurts(question):
    spec, sources, sinks, _ = question
    if sinks:
        hardware = bandwidth(spec, sources, sinks, "hardware")
        everyone = bandwidth(spec, sources, sinks, "all")
        assert hardware <= everyone
        assert bandwidth(spec, sources, sinks, "none") <= everyone
