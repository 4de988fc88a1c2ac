"""Loads of many pairs are the sums of the loads of each, however far a search had to go."""

import numpy as np
import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st


@st.composite
def graphs(draw):
    """A connected graph of up to twelve nodes, and pairs of them."""
    n = draw(st.integers(3, 12))
    node = st.integers(0, n - 1)
    path = [(v, v + 1) for v in range(n - 1)]
    links = path + draw(st.lists(st.tuples(node, node).filter(lambda x: x[0] != x[1]), max_size=14))
    pairs = st.tuples(node, node).filter(lambda x: x[0] != x[1])
    return links, draw(st.lists(pairs, min_size=1, max_size=12, unique=True))


@pytest.mark.parametrize("routing", ["ecmp", "wcmp"])
@given(graphs())
def test_pairs_add_up(routing, graph):
    links, pairs = graph
    ends = [np.array(column) for column in zip(*links, strict=True)]
    fabric = pp.Fabric.from_links(*ends, np.arange(100.0, 100 + len(links)))
    rates = np.arange(1.0, len(pairs) + 1)
    sources, sinks = (list(column) for column in zip(*pairs, strict=True))
    together = fabric.congestion(pp.traffic.pairs(sources, sinks, rates), routing=routing).loads()
    alone = [
        fabric.congestion(pp.traffic.pairs([a], [b], [rate]), routing=routing).loads()
        for a, b, rate in zip(sources, sinks, rates, strict=True)
    ]
    assert together == pytest.approx(np.sum(alone, axis=0))
