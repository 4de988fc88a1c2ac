"""Collective rates on the quotient, link by link, and by linear programs: one and the same.

The oracle's graph is built pair by pair from the description. The rate by definition: the most
that every sender can send to a receiver at once, for the worst receiver.
"""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint import _core
from scipy.optimize import linprog
from scipy.sparse import csr_array

from oracle.flow import Network
from oracle.spec import Nodes
from oracle.world import World
from property.fabrics import changed_specs, conditions, drawn
from property.profile import cases


def expected(world, ranks, senders, mode):
    """Largest x such that each sender can send x to each rank, one after another, in kbit/s."""
    if ranks & world.meaning.down:
        return 0.0
    rows, columns, values, bounds, kept = [], [], [], [(0, None)], []
    offset = 0
    for receiver in sorted(ranks):
        own = senders - {receiver}
        if not own:
            continue
        network = Network(world.meaning, ranks - {receiver}, {receiver}, mode)
        arcs = [pair for pair in network.arcs if pair[0] != network.source]
        # Conservation at every node but the sink; column 0 is x, which every sender brings in.
        for column, (tail, head) in enumerate(arcs, len(bounds)):
            rows += [offset + tail, offset + head]
            columns += [column, column]
            values += [1.0, -1.0]
        rows += [offset + 2 * node for node in own]
        columns += [0] * len(own)
        values += [-1.0] * len(own)
        bounds += [(0, network.arcs[pair]) for pair in arcs]
        kept += [node not in (network.source, network.sink) for node in range(network.size)]
        offset += network.size
    balance = csr_array((values, (rows, columns)), shape=(offset, len(bounds)))[np.array(kept)]
    cost = np.zeros(len(bounds))
    cost[0] = -1.0
    zero = np.zeros(balance.shape[0])
    found = linprog(cost, A_eq=balance, b_eq=zero, bounds=bounds, method="highs")
    assert found.status == 0
    return -found.fun / network.unit


def rate(fabric, ranks, mode, one):
    """Rate per sender in kbit/s, by the core."""
    own = [item._handle for item in ranks]
    answer = _core.collective(fabric._handle, own, [], one, mode, False, 10_000, None)
    capacity, senders = answer.rate
    answer.verify()
    assert answer.reached[0] or not capacity
    return capacity / senders / (1 << fabric._handle.unit_shift), answer


def test_quotient_equals_listed_equals_programs():
    seen = Counter()

    @cases(800)
    @given(st.data())
    def check(data):
        world = World(data.draw(changed_specs(), label="fabric"))
        spec = world.spec
        groups = {data.draw(st.integers(0, len(spec.groups) - 1)) for _ in range(2)}
        most = drawn(data.draw, 0, 0, 1)
        choices = [Nodes(g, conditions(data.draw, spec.groups[g], most)) for g in sorted(groups)]
        mode = drawn(data.draw, "hardware", "hardware", "all", "none")
        ranks = world.ids(choices)
        one = drawn(data.draw, False, False, True)
        if not 2 <= len(ranks) <= 9:
            return
        senders = {min(ranks)} if one else ranks
        wanted = expected(world, ranks, senders, mode)
        chosen = world.select_nodes(choices)
        found, answer = rate(world.fabric, chosen, mode, one)
        assert abs(found - wanted) <= 1e-7 * max(1.0, wanted)
        listed, plain = rate(world.fabric.materialize(), chosen, mode, one)
        assert listed == found
        seen["asked"] += 1
        seen["positive"] += wanted > 0
        seen["changed"] += bool(spec.changes)
        seen["compressed"] += 0 < answer.quotient[0] < len(world.meaning.nodes)
        seen["alike"] += 0 < answer.reached[1] < len(ranks)
        seen["several outside"] += answer.binding[1] > 1 and wanted > 0
        seen["inside and outside"] += answer.binding[0] > 1 and answer.binding[1] > 1
        seen["one sender"] += one
        seen["plain"] += plain.quotient == (0, 0)

    check()
    assert seen["positive"] > 0.3 * seen["asked"]
    for kind in ("changed", "compressed", "alike", "several outside", "one sender", "plain"):
        assert seen[kind], kind
    assert seen["inside and outside"]


@cases(150)
@given(st.data())
def test_all_reduce_lies_between_its_bounds(data):
    """No partition proves more than reduce-scatter and all-gather reach."""
    world = World(data.draw(changed_specs()))
    group = data.draw(st.integers(0, len(world.spec.groups) - 1))
    ranks = world.ids([Nodes(group)])
    if not 2 <= len(ranks) <= 9 or ranks & world.meaning.down:
        return
    chosen = world.select_nodes([Nodes(group)])
    for fabric in (world.fabric, world.fabric.materialize()):
        answer = fabric.collective("all_reduce", chosen)
        if not answer.algbw_gbyte_per_s:
            continue
        assert 0 < answer.seconds_lower <= answer.seconds
        assert answer.optimal == (answer.seconds_lower == answer.seconds)
        # Twice the data takes twice the time.
        twice = fabric.collective("all_reduce", chosen, gbyte=2.0)
        assert np.isclose(twice.seconds, 2 * answer.seconds, rtol=1e-12)
