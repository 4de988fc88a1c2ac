"""Instances for the race: fabrics, and the families that max-flow papers measure on.

Every generator returns an `Instance`: arcs by parallel arrays, one source, one sink. Ids are
int32 and capacities int64, which every contender takes without conversion.
"""

import bz2
import pickle
from dataclasses import dataclass, replace
from importlib import resources

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Amounts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Instance:
    """A max-flow problem with one source and one sink."""

    name: str
    num_nodes: int
    tails: Ids
    heads: Ids
    capacity: Amounts
    source: int
    sink: int

    @property
    def num_arcs(self) -> int:
        return len(self.tails)

    def permuted(self, seed: int = 0) -> "Instance":
        """The same graph under random node ids; arcs keep their order."""
        order = np.random.default_rng(seed).permutation(self.num_nodes).astype(np.int32)
        return replace(
            self,
            name=f"{self.name} permuted",
            tails=order[self.tails],
            heads=order[self.heads],
            source=int(order[self.source]),
            sink=int(order[self.sink]),
        )

    def shuffled(self, seed: int = 0) -> "Instance":
        """The same graph with its arcs in random order, too."""
        order = np.random.default_rng(seed + 1).permutation(self.num_arcs)
        other = self.permuted(seed)
        return replace(
            other,
            name=f"{self.name} shuffled",
            tails=other.tails[order],
            heads=other.heads[order],
            capacity=other.capacity[order],
        )


@dataclass(frozen=True)
class Links:
    """Full-duplex links of a fabric and the nodes at its edge."""

    num_nodes: int
    a: npt.NDArray[np.int64]
    b: npt.NDArray[np.int64]
    capacity: Amounts
    hosts: npt.NDArray[np.int64]

    def between(
        self,
        name: str,
        sources: npt.NDArray[np.int64],
        sinks: npt.NDArray[np.int64],
        terminal_capacity: int = 400,
    ) -> Instance:
        """Flow from `sources` to `sinks` through one source and one sink node."""
        s, t = self.num_nodes, self.num_nodes + 1
        tails = [self.a, self.b, np.full(len(sources), s), sinks]
        heads = [self.b, self.a, sources, np.full(len(sinks), t)]
        terminal = np.full(len(sources) + len(sinks), terminal_capacity, np.int64)
        return Instance(
            name,
            self.num_nodes + 2,
            np.concatenate(tails).astype(np.int32),
            np.concatenate(heads).astype(np.int32),
            np.concatenate([self.capacity, self.capacity, terminal]),
            s,
            t,
        )

    def halves(self, name: str) -> Instance:
        """First half of the hosts to the second."""
        middle = len(self.hosts) // 2
        return self.between(name, self.hosts[:middle], self.hosts[middle:])

    def random_halves(self, name: str, seed: int = 0) -> Instance:
        """A random half of the hosts to the other."""
        order = np.random.default_rng(seed).permutation(self.hosts)
        middle = len(order) // 2
        return self.between(name, np.sort(order[:middle]), np.sort(order[middle:]))

    def groups(self, name: str, size: int) -> Instance:
        """The first `size` hosts to the last `size`."""
        return self.between(name, self.hosts[:size], self.hosts[-size:])

    def pair(self, name: str, source: int | None = None, sink: int | None = None) -> Instance:
        """One host to one other: no terminal nodes."""
        s = int(self.hosts[0] if source is None else source)
        t = int(self.hosts[-1] if sink is None else sink)
        return Instance(
            name,
            self.num_nodes,
            np.concatenate([self.a, self.b]).astype(np.int32),
            np.concatenate([self.b, self.a]).astype(np.int32),
            np.concatenate([self.capacity, self.capacity]),
            s,
            t,
        )

    def failed(self, share: float, seed: int = 0) -> "Links":
        """Without a random share of the links between switches."""
        return self._without(np.random.default_rng(seed).random(len(self.a)) < share)

    def failed_links(self, count: int, seed: int = 0) -> "Links":
        """Without `count` random links between switches."""
        inner = np.flatnonzero(self._inner())
        lost = np.zeros(len(self.a), bool)
        lost[np.random.default_rng(seed).choice(inner, min(count, len(inner)), replace=False)] = (
            True
        )
        return self._without(lost)

    def degraded(self, share: float, factor: float = 0.5, seed: int = 0) -> "Links":
        """With a random share of the links between switches slower."""
        hit = (np.random.default_rng(seed + 7).random(len(self.a)) < share) & self._inner()
        return replace(
            self, capacity=np.where(hit, (self.capacity * factor).astype(np.int64), self.capacity)
        )

    def jittered(self, low: int = 200, high: int = 400, seed: int = 0) -> "Links":
        """With random capacities between switches."""
        random = np.random.default_rng(seed).integers(low, high + 1, len(self.a))
        return replace(self, capacity=np.where(self._inner(), random, self.capacity))

    def _inner(self) -> npt.NDArray[np.bool_]:
        host = np.zeros(self.num_nodes, bool)
        host[self.hosts] = True
        return ~(host[self.a] | host[self.b])

    def _without(self, lost: npt.NDArray[np.bool_]) -> "Links":
        keep = ~(lost & self._inner())
        return replace(self, a=self.a[keep], b=self.b[keep], capacity=self.capacity[keep])


def fat_tree(k: int, oversubscription: int = 1, capacity: int = 400) -> Links:
    """A three-tier fat tree of k-port switches; oversubscribed in its aggregation uplinks."""
    half = k // 2
    hosts, edges = k * half * half, k * half
    edge0, agg0 = hosts, hosts + edges
    core0 = agg0 + edges
    cores = half * (half // oversubscription)
    host = np.arange(hosts)
    pod, i, j = np.meshgrid(np.arange(k), np.arange(half), np.arange(half), indexing="ij")
    up, agg_core = [], np.arange(half // oversubscription)
    p2, a2, c2 = np.meshgrid(np.arange(k), np.arange(half), agg_core, indexing="ij")
    up = [
        (host, edge0 + host // half),
        ((edge0 + pod * half + i).ravel(), (agg0 + pod * half + j).ravel()),
        ((agg0 + p2 * half + a2).ravel(), (core0 + a2 * len(agg_core) + c2).ravel()),
    ]
    a = np.concatenate([x for x, _ in up])
    b = np.concatenate([y for _, y in up])
    return Links(core0 + cores, a, b, np.full(len(a), capacity, np.int64), host)


def rail_optimised(pods: int, servers: int, rails: int = 8, spines: int = 32) -> Links:
    """Servers of `rails` NICs, one leaf per pod and rail, spines per pod, cores across pods."""
    nics = pods * servers * rails
    nic = np.arange(nics)
    pod, rail = nic // (servers * rails), nic % rails
    leaf0, spine0 = nics, nics + pods * rails
    core0 = spine0 + pods * spines
    p, r, s = (
        x.ravel() for x in np.meshgrid(range(pods), range(rails), range(spines), indexing="ij")
    )
    q, u, c = (
        x.ravel() for x in np.meshgrid(range(pods), range(spines), range(spines), indexing="ij")
    )
    a = np.concatenate([nic, leaf0 + p * rails + r, spine0 + q * spines + u])
    b = np.concatenate(
        [leaf0 + pod * rails + rail, spine0 + p * spines + s, core0 + u * spines + c]
    )
    up = max(1, servers * 400 // spines)
    core = max(1, up * rails // spines)
    capacity = np.concatenate([np.full(nics, 400), np.full(len(p), up), np.full(len(q), core)])
    return Links(core0 + spines * spines, a, b, capacity.astype(np.int64), nic)


def trn3(racks: int, chips: int = 144, per_pod: int = 64) -> Links:
    """The million-chip shape: chips behind NICs, a leaf per rack, spines per pod, cores."""
    pods = -(-racks // per_pod)
    n_chips = racks * chips
    leaves, up = racks * 2, 72
    chip = np.arange(n_chips)
    nic0 = n_chips
    leaf0 = nic0 + n_chips
    spine0 = leaf0 + leaves
    core0 = spine0 + pods * up
    leaf, spine = (x.ravel() for x in np.meshgrid(range(leaves), range(up), indexing="ij"))
    leaf_pod = leaf // (per_pod * 2)
    p, s, c = (x.ravel() for x in np.meshgrid(range(pods), range(up), range(128), indexing="ij"))
    a = np.concatenate([chip, nic0 + chip, leaf0 + leaf, spine0 + p * up + s])
    b = np.concatenate(
        [nic0 + chip, leaf0 + chip // 72, spine0 + leaf_pod * up + spine, core0 + s * 128 + c]
    )
    capacity = np.full(len(a), 200, np.int64)
    return Links(core0 + up * 128, a, b, capacity, chip)


def nvl72(racks: int = 1) -> Links:
    """Racks of 72 GPUs with 18 switches, one link of 50 from every GPU to every switch."""
    r, g, s = (x.ravel() for x in np.meshgrid(range(racks), range(72), range(18), indexing="ij"))
    hosts = np.arange(racks * 72)
    a, b = r * 72 + g, racks * 72 + r * 18 + s
    return Links(racks * 90, a, b, np.full(len(a), 50, np.int64), hosts)


def torus(side: int, seed: int | None = None, low: int = 100, high: int = 1000) -> Links:
    """A 3D torus; with a seed, random capacities."""
    node = np.arange(side**3)
    x, y, z = node // side**2, node // side % side, node % side
    step = [
        (((x + 1) % side) * side + y) * side + z,
        (x * side + (y + 1) % side) * side + z,
        (x * side + y) * side + (z + 1) % side,
    ]
    a, b = np.tile(node, 3), np.concatenate(step)
    random = np.random.default_rng(seed)
    capacity = random.integers(low, high, len(a)) if seed is not None else np.full(len(a), 400)
    return Links(side**3, a, b, capacity.astype(np.int64), node)


def torus_slabs(side: int, seed: int | None = 0) -> Instance:
    """Plane x = 0 to plane x = side / 2 of a torus with random capacities."""
    links = torus(side, seed)
    plane = side * side
    middle = side // 2 * plane
    first, second = links.hosts[:plane], links.hosts[middle : middle + plane]
    return links.between(f"torus {side}^3 slabs", first, second, 10**7)


def dragonfly(groups: int, routers: int = 16, hosts: int = 8, globals_: int = 8) -> Links:
    """A dragonfly: complete groups, global links in the palm-tree arrangement."""
    n_routers = groups * routers
    n_hosts = n_routers * hosts
    host = np.arange(n_hosts)
    g, i, j = (
        x.ravel() for x in np.meshgrid(range(groups), range(routers), range(routers), indexing="ij")
    )
    local = i < j
    port = np.arange(n_routers * globals_)
    group, slot = port // (routers * globals_), port % (routers * globals_)
    other = (group + slot + 1) % groups
    back = (groups - slot - 2) % groups
    use = (slot < groups - 1) & (group < other)
    a = np.concatenate(
        [host, n_hosts + g[local] * routers + i[local], n_hosts + port[use] // globals_]
    )
    peer = n_hosts + other[use] * routers + back[use] // globals_ % routers
    b = np.concatenate([n_hosts + host // hosts, n_hosts + g[local] * routers + j[local], peer])
    return Links(n_hosts + n_routers, a, b, np.full(len(a), 400, np.int64), host)


def genrmf(a: int, depth: int, seed: int = 0, c1: int = 1, c2: int = 10_000) -> Instance:
    """Goldfarb & Grigoriadis: `depth` frames of a x a grid nodes, random matchings between."""
    random = np.random.default_rng(seed)
    size = a * a
    node = np.arange(size * depth).reshape(depth, a, a)
    pairs = [(node[:, :, :-1], node[:, :, 1:]), (node[:, :-1, :], node[:, 1:, :])]
    tails = [x.ravel() for u, v in pairs for x in (u, v)]
    heads = [x.ravel() for u, v in pairs for x in (v, u)]
    big = c2 * size
    inside = sum(len(x) for x in tails)
    for frame in range(depth - 1):
        tails.append(node[frame].ravel())
        heads.append(random.permutation(node[frame + 1].ravel()))
    between = size * (depth - 1)
    capacity = np.concatenate([np.full(inside, big), random.integers(c1, c2 + 1, between)])
    return Instance(
        f"genrmf {a}x{a}x{depth}",
        size * depth,
        np.concatenate(tails).astype(np.int32),
        np.concatenate(heads).astype(np.int32),
        capacity.astype(np.int64),
        0,
        size * depth - 1,
    )


def washington_rlg(rows: int, columns: int, seed: int = 0, high: int = 10_000) -> Instance:
    """A random level graph: each node to three random nodes of the next of `rows` levels."""
    random = np.random.default_rng(seed)
    node = 1 + np.arange(rows * columns).reshape(rows, columns)
    tails = np.repeat(node[:-1].ravel(), 3)
    level = np.repeat(np.arange(1, rows), 3 * columns)
    heads = 1 + level * columns + random.integers(0, columns, len(tails))
    s, t = 0, rows * columns + 1
    capacity = random.integers(1, high + 1, len(tails))
    end = np.full(columns, 3 * high)
    return Instance(
        f"rlg {rows}x{columns}",
        rows * columns + 2,
        np.concatenate([np.full(columns, s), tails, node[-1]]).astype(np.int32),
        np.concatenate([node[0], heads, np.full(columns, t)]).astype(np.int32),
        np.concatenate([end, capacity, end]).astype(np.int64),
        s,
        t,
    )


def streets(side: int, share: float = 0.62, seed: int = 0, high: int = 100) -> Instance:
    """A square grid with a random share of its links, so with dead ends and chains, as roads have.

    From one side to the other, in the middle row.
    """
    random = np.random.default_rng(seed)
    node = np.arange(side * side).reshape(side, side)
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    capacity = random.integers(1, high + 1, len(a))
    keep = random.random(len(a)) < share
    # Around either end all links are there, and wide, so that it is the streets that decide.
    ends = node[side // 2, [side // 16, side - side // 16 - 1]]
    for end in ends:
        row, column = divmod(int(end), side)
        near = (np.abs(node // side - row) < 3) & (np.abs(node % side - column) < 3)
        around = near.ravel()[a] & near.ravel()[b]
        keep |= around
        capacity[around] = 100 * high
    tails, heads = np.concatenate([a[keep], b[keep]]), np.concatenate([b[keep], a[keep]])
    return Instance(
        f"streets {side}^2",
        side * side,
        tails.astype(np.int32),
        heads.astype(np.int32),
        np.concatenate([capacity[keep]] * 2).astype(np.int64),
        int(ends[0]),
        int(ends[1]),
    )


def acyclic_dense(n: int, seed: int = 0, high: int = 10_000) -> Instance:
    """Every arc from a smaller to a larger node, random capacities."""
    tails, heads = np.triu_indices(n, 1)
    capacity = np.random.default_rng(seed).integers(1, high + 1, len(tails))
    return Instance(
        f"ac dense {n}", n, tails.astype(np.int32), heads.astype(np.int32), capacity, 0, n - 1
    )


def random_graph(n: int, m: int, seed: int = 0, high: int = 1000) -> Instance:
    """Arcs between random nodes, sorted by tail."""
    random = np.random.default_rng(seed)
    tails = np.sort(random.integers(0, n, m)).astype(np.int32)
    heads = random.integers(0, n, m).astype(np.int32)
    capacity = random.integers(1, high, m)
    return Instance(f"random {n}/{m}", n, tails, heads, capacity, 0, n - 1)


def networkx_test(name: str) -> Instance:
    """One of the graphs that networkx tests its flows with; they come with its package."""
    files = resources.files("networkx.algorithms.flow.tests")
    graph = pickle.loads(bz2.decompress((files / f"{name}.gpickle.bz2").read_bytes()))
    ids = {node: at for at, node in enumerate(graph)}
    arcs = [(ids[u], ids[v], c) for u, v, c in graph.edges(data="capacity")]
    tails, heads, capacity = (np.array(column) for column in zip(*arcs, strict=True))
    return Instance(
        f"networkx {name}",
        len(ids),
        tails.astype(np.int32),
        heads.astype(np.int32),
        capacity.astype(np.int64),
        ids[1],
        ids[len(ids)],
    )
