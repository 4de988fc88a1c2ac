"""Max flow and both minimal cuts of a fabric listed link by link, from other people's solvers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import networkx as nx
import numpy as np
from ortools.graph.python import max_flow as ortools_flow
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow as scipy_flow


@dataclass
class Row:
    """What one bundle, or one group of nodes with a limit, adds to a cut."""

    count: int
    capacity: Fraction


@dataclass
class Answer:
    value: Fraction
    near_sources: dict  # {("link", bundle) or ("node", group): Row}
    near_sinks: dict


def relays(group, mode):
    """What the nodes of a group do with traffic of others: "all", "scale_up" or "none"."""
    if mode == "all":
        return "all"
    if mode == "none":
        return "all" if group.real_role in ("switch", "nic") else "none"
    return {None: "all", True: "all", False: "none", "scale_up": "scale_up"}[group.forwards]


class Network:
    """The graph by definition: a node is what enters it and what leaves it."""

    def __init__(self, fabric, sources, sinks, mode):
        spec = fabric.spec
        self.fabric = fabric
        self.rule = [relays(group, mode) for group in spec.groups]
        self.ends = sources | sinks
        count = len(fabric.nodes)
        self.source, self.sink, self.size = 2 * count, 2 * count + 1, 2 * count + 2
        self.usable = [
            place
            for place, link in enumerate(fabric.links)
            if fabric.capacity_now(link) and self.may_use(link.tail, link.head)
        ]
        exact = [fabric.links[place].capacity for place in self.usable]
        limits = [group.capacity for group in spec.groups if group.capacity is not None]
        self.unit = lcm(1, *(number.denominator for number in [*exact, *limits]))
        self.infinite = 1 + int(sum(2 * number for number in exact) * self.unit)
        arcs = defaultdict(int)
        for place in self.usable:
            link = fabric.links[place]
            capacity = int(link.capacity * self.unit)
            arcs[2 * link.tail + 1, 2 * link.head] += capacity
            arcs[2 * link.head + 1, 2 * link.tail] += capacity
        for node in range(count):
            if node in fabric.down:
                continue
            if node in self.ends or self.rule[fabric.group_of[node]] != "none":
                arcs[2 * node, 2 * node + 1] = self.limit(node)
        for node in sources - fabric.down:
            arcs[self.source, 2 * node] = self.infinite
        for node in sinks - fabric.down:
            arcs[2 * node + 1, self.sink] = self.infinite
        self.arcs = {pair: capacity for pair, capacity in arcs.items() if capacity}

    def limit(self, node):
        capacity = self.fabric.spec.groups[self.fabric.group_of[node]].capacity
        return self.infinite if capacity is None else int(capacity * self.unit)

    def may_use(self, tail, head):
        groups = self.fabric.spec.groups
        for one, other in ((tail, head), (head, tail)):
            own, far = self.fabric.group_of[one], self.fabric.group_of[other]
            scale_out = groups[far].real_role == "nic"
            if self.rule[own] == "scale_up" and scale_out and one not in self.ends:
                return False
        return True

    def answer(self) -> Answer:
        flow = self.by_scipy()
        value = sum(amount for (tail, _), amount in flow.items() if tail == self.source)
        assert value == self.by_networkx()
        assert value == self.by_ortools()
        near, far = self.sides(flow)
        exact = Fraction(value, self.unit)
        return Answer(exact, self.rows(near, exact), self.rows(far, exact))

    def by_scipy(self):
        """Flow of each arc of the graph, with self.arcs as capacities."""
        tails, heads = (
            np.array([pair[end] for pair in self.arcs], dtype=np.int32) for end in (0, 1)
        )
        capacity = np.array(list(self.arcs.values()))
        assert capacity.sum() < 2**31, "SciPy computes in 32 bits"
        graph = csr_array((capacity.astype(np.int32), (tails, heads)), shape=(self.size,) * 2)
        found = scipy_flow(graph, self.source, self.sink).flow.tocoo()
        flow = defaultdict(int)
        for tail, head, amount in zip(found.row, found.col, found.data, strict=True):
            flow[int(tail), int(head)] += int(amount)
        return flow

    def by_networkx(self):
        graph = nx.DiGraph()
        graph.add_nodes_from((self.source, self.sink))
        graph.add_edges_from(
            (tail, head, {"capacity": capacity}) for (tail, head), capacity in self.arcs.items()
        )
        solver = nx.algorithms.flow.shortest_augmenting_path
        return nx.maximum_flow_value(graph, self.source, self.sink, flow_func=solver)

    def by_ortools(self):
        solver = ortools_flow.SimpleMaxFlow()
        for (tail, head), capacity in self.arcs.items():
            solver.add_arc_with_capacity(tail, head, capacity)
        if not self.arcs or {self.source, self.sink} - {n for pair in self.arcs for n in pair}:
            return 0
        assert solver.solve(self.source, self.sink) == solver.OPTIMAL
        return solver.optimal_flow()

    def sides(self, flow):
        """Source sides of the two minimal cuts: reached from the source, not reaching the sink."""
        onward, back = defaultdict(set), defaultdict(set)
        for (tail, head), capacity in self.arcs.items():
            net = flow.get((tail, head), 0)
            if net < capacity:
                onward[tail].add(head)
                back[head].add(tail)
            if net > 0:
                onward[head].add(tail)
                back[tail].add(head)
        everything = set(range(self.size))
        return reached(onward, self.source), everything - reached(back, self.sink)

    def rows(self, side, value):
        found = defaultdict(lambda: Row(0, Fraction(0)))
        for place in self.usable:
            link = self.fabric.links[place]
            for tail, head in ((link.tail, link.head), (link.head, link.tail)):
                if 2 * tail + 1 in side and 2 * head not in side:
                    row = found["link", link.bundle]
                    row.count += 1
                    row.capacity += link.capacity
        for node in range(len(self.fabric.nodes)):
            through = (2 * node, 2 * node + 1)
            if through in self.arcs and through[0] in side and through[1] not in side:
                row = found["node", self.fabric.group_of[node]]
                row.count += 1
                row.capacity += Fraction(self.limit(node), self.unit)
        assert sum((row.capacity for row in found.values()), Fraction(0)) == value
        return dict(found)


def reached(onward, start):
    seen, stack = {start}, [start]
    while stack:
        for node in onward[stack.pop()]:
            if node not in seen:
                seen.add(node)
                stack.append(node)
    return seen
