from collections.abc import Callable
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "AllPairs",
    "BandwidthAnswer",
    "CollectiveAnswer",
    "Concurrent",
    "CongestionAnswer",
    "Fabric",
    "FabricBuilder",
    "FairAnswer",
    "FlowAnswer",
    "LinkSelection",
    "OrbitAnswer",
    "OrbitConcurrent",
    "Selection",
    "SplitMix64",
    "__version__",
    "all_pairs",
    "available_memory",
    "bandwidth",
    "bandwidth_many",
    "bound_by_lengths",
    "check_memory",
    "collective",
    "concurrent",
    "concurrent_by_orbits",
    "congestion",
    "congestion_by_orbits",
    "cut_tree",
    "failure_sweep",
    "get_threads",
    "max_min_fair",
    "maximum_flow",
    "number_names",
    "pairwise",
    "rank_parts",
    "set_threads",
    "shared_switches",
    "sprays",
    "ways",
]
__version__: str

@final
class FlowAnswer:
    @property
    def value(self) -> int | float: ...
    @property
    def error_bound(self) -> float: ...
    @property
    def num_nodes(self) -> int: ...
    @property
    def num_arcs(self) -> int: ...
    def flow(self) -> npt.NDArray[Any]: ...
    def capacity(self) -> npt.NDArray[Any]: ...
    def tails(self) -> npt.NDArray[np.uint32]: ...
    def heads(self) -> npt.NDArray[np.uint32]: ...
    def source_side(self) -> npt.NDArray[np.bool_]: ...
    def cut_arcs(self) -> npt.NDArray[np.int64]: ...
    def cut_nodes(self) -> npt.NDArray[np.int64]: ...
    def verify(self) -> None: ...
    def state(self) -> tuple[Any, ...]: ...
    @staticmethod
    def restore(state: tuple[Any, ...]) -> FlowAnswer: ...

def maximum_flow(
    arcs: tuple[Any, Any, Any],
    terminals: tuple[Any, Any],
    limits: tuple[Any, Any, Any],
    num_nodes: int | None,
    want_flow: bool,
    time_limit: float | None,
) -> FlowAnswer: ...

_Blocks = list[list[list[tuple[int, int]]]]

@final
class Selection:
    def __new__(cls, group: str, sizes: list[int], blocks: _Blocks) -> Self: ...
    @property
    def group(self) -> str: ...
    @property
    def num_nodes(self) -> int: ...
    @property
    def sizes(self) -> list[int]: ...
    def blocks(self) -> _Blocks: ...
    def combine(self, other: Selection, op: str) -> Selection: ...
    def same_nodes(self, other: Selection) -> bool: ...

@final
class LinkSelection:
    def __new__(
        cls,
        bundle: str,
        sizes: list[int],
        blocks: _Blocks,
        own_pair: list[tuple[int, int]] | None,
    ) -> Self: ...
    @property
    def bundle(self) -> str: ...
    @property
    def num_links(self) -> int: ...
    @property
    def sizes(self) -> list[int]: ...
    @property
    def own_pair(self) -> list[tuple[int, int]] | None: ...
    def blocks(self) -> _Blocks: ...
    def combine(self, other: LinkSelection, op: str) -> LinkSelection: ...
    def same_links(self, other: LinkSelection) -> bool: ...

@final
class FabricBuilder:
    def __new__(cls, name: str) -> Self: ...
    def nodes(
        self,
        name: str,
        role_text: str,
        forwards: str,
        capacity: tuple[int, int] | None,
        coordinates: list[tuple[str, int | None, str, list[tuple[str, int]]]],
    ) -> None: ...
    def links(
        self,
        a: tuple[str, list[tuple[str, Any]]],
        b: tuple[str, list[tuple[str, Any]]],
        capacity: tuple[int, int],
        join: list[tuple[str, str]] | None,
        ring: tuple[str, bool] | None,
        multiplicity: int,
        name: str | None,
    ) -> str: ...
    def build(self) -> Fabric: ...

@final
class Fabric:
    @staticmethod
    def from_links(
        tails: npt.NDArray[np.uint32],
        heads: npt.NDArray[np.uint32],
        capacity: npt.NDArray[np.int64],
        num_nodes: int,
        directed: bool,
        unit_shift: int,
    ) -> Fabric: ...
    @staticmethod
    def listed(
        name: str,
        groups: list[tuple[str, str, str, int]],
        bundles: list[tuple[str, int, int, int]],
        tails: npt.NDArray[np.uint32],
        heads: npt.NDArray[np.uint32],
        capacity: npt.NDArray[np.int64],
        directed: bool,
        unit_shift: int,
    ) -> Fabric: ...
    @property
    def name(self) -> str: ...
    @property
    def num_nodes(self) -> int: ...
    @property
    def num_links(self) -> int: ...
    @property
    def num_chips(self) -> int: ...
    @property
    def unit_shift(self) -> int: ...
    @property
    def is_structured(self) -> bool: ...
    @property
    def is_directed(self) -> bool: ...
    @property
    def is_changed(self) -> bool: ...
    @property
    def materialized_bytes(self) -> int: ...
    def groups(
        self,
    ) -> list[tuple[str, str, str, int | None, list[tuple[str, int]], int, int]]: ...
    def most_gbit_per_s(self) -> list[float]: ...
    def bundles(self) -> list[tuple[str, int, int, int, int, int, int]]: ...
    def coordinate_names(self, group: str) -> list[str]: ...
    def select(self, group: str, asked: list[tuple[str, Any]]) -> Selection: ...
    def select_text(self, text: str) -> Selection: ...
    def select_ids(self, ids: list[int]) -> list[Selection]: ...
    def select_links(self, bundle: str, asked: list[tuple[str, Any]]) -> LinkSelection: ...
    def select_links_text(self, text: str) -> LinkSelection: ...
    def sample_links(self, bundle: str, count: int, seed: int) -> LinkSelection: ...
    def node_ids(self, selection: Selection) -> npt.NDArray[np.uint64]: ...
    def node_name(self, node: int) -> str: ...
    def without(self, links: list[LinkSelection], nodes: list[Selection]) -> Fabric: ...
    def scaled(self, links: list[LinkSelection], factor: float) -> tuple[Fabric, bool]: ...
    def materialize(self, limit_bytes: int, time_limit: float | None) -> Fabric: ...
    def arrays(
        self,
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.int64]] | None: ...
    def built_capacity(self) -> npt.NDArray[np.int64] | None: ...
    def state(self) -> tuple[Any, ...]: ...
    def with_state(self, state: tuple[Any, ...]) -> Fabric: ...
    def wiring(
        self,
    ) -> tuple[
        list[tuple[list[tuple[str, int]], _Blocks]],
        list[tuple[str, int | None, list[tuple[int, int] | None], list[int], _Blocks]],
    ]: ...
    def removed(self) -> set[tuple[str, int]]: ...

@final
class SplitMix64:
    def __new__(cls, seed: int) -> SplitMix64: ...
    def bits(self) -> int: ...
    def below(self, bound: int) -> int: ...
    def unit(self) -> float: ...
    def skips(self, probability: float) -> int: ...

@final
class BandwidthAnswer:
    @property
    def value(self) -> int: ...
    @property
    def unit_shift(self) -> int: ...
    @property
    def quotient(self) -> tuple[int, int] | None: ...
    def crossing(self, cut: int) -> list[tuple[str, bool, int, int]]: ...
    def breakpoints(
        self, bundles: list[str], time_limit: float | None
    ) -> list[tuple[int, int, int, int, list[tuple[str, bool, int, int]]]]: ...
    def verify(self) -> None: ...
    def flow(
        self, bundle: str | None, limit_bytes: int
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.float64]]: ...

def bandwidth(
    fabric: Fabric,
    sources: list[Selection],
    sinks: list[Selection],
    forwarding: str,
    time_limit: float | None,
) -> BandwidthAnswer: ...
def bandwidth_many(
    fabrics: list[Fabric],
    sources: list[Selection],
    sinks: list[Selection],
    forwarding: str,
) -> list[tuple[tuple[int, list[tuple[str, bool, int, int]]] | None, tuple[str, str] | None]]: ...

@final
class FairAnswer:
    def rates(self) -> npt.NDArray[np.float64]: ...
    def limits(self) -> npt.NDArray[np.int64]: ...
    def loads(self) -> npt.NDArray[np.float64]: ...
    def verify(self) -> None: ...

def max_min_fair(
    capacity: npt.NDArray[np.float64],
    first: npt.NDArray[np.int64],
    links: npt.NDArray[np.int64],
    shares: npt.NDArray[np.float64] | None,
    weights: npt.NDArray[np.float64] | None,
    demands: npt.NDArray[np.float64] | None,
    time_limit: float | None,
) -> FairAnswer: ...
def number_names(
    chunks: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]],
) -> tuple[npt.NDArray[np.uint32], list[str]]: ...
def available_memory() -> int: ...
def check_memory(what: str, num_bytes: int, available: Callable[[], int]) -> None: ...
def set_threads(count: int) -> None: ...
def get_threads() -> int: ...
def pairwise(
    fabric: Fabric,
    groups: list[list[Selection]],
    forwarding: str,
    time_limit: float | None,
) -> list[int]: ...

@final
class AllPairs:
    @property
    def num_nodes(self) -> int: ...
    def orbits(self) -> list[tuple[int, int, int, int]]: ...
    def orbit(self, i: int, j: int) -> int | None: ...
    def rows(self, first: int, last: int) -> npt.NDArray[np.uint32]: ...

def all_pairs(
    fabric: Fabric,
    chosen: list[Selection],
    forwarding: str,
    time_limit: float | None,
) -> AllPairs: ...
def cut_tree(
    fabric: Fabric,
    chosen: list[Selection] | None,
    forwarding: str,
    limit_bytes: int,
    time_limit: float | None,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.int64]]: ...
def failure_sweep(
    fabric: Fabric,
    sources: list[Selection],
    sinks: list[Selection],
    outages: list[tuple[list[LinkSelection], list[Selection]]],
    forwarding: str,
    time_limit: float | None,
) -> tuple[int, list[int]]: ...

_Products = list[tuple[list[Selection], list[Selection], float]]
_Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]

@final
class CongestionAnswer:
    def forward(self) -> npt.NDArray[np.float64]: ...
    def backward(self) -> npt.NDArray[np.float64]: ...
    def unreachable(self) -> tuple[int, float, list[tuple[int, int]]]: ...
    @property
    def resummed(self) -> bool: ...

def congestion(
    fabric: Fabric,
    products: _Products,
    pairs: _Pairs,
    plan: dict[str, Any],
    time_limit: float | None,
) -> CongestionAnswer: ...

@final
class OrbitAnswer:
    def rows(
        self,
    ) -> tuple[
        npt.NDArray[np.uint32],
        npt.NDArray[np.uint64],
        npt.NDArray[np.uint64],
        npt.NDArray[np.float64],
        npt.NDArray[np.float64],
        npt.NDArray[np.float64],
        npt.NDArray[np.float64],
        npt.NDArray[np.float64],
    ]: ...
    def unreachable(self) -> tuple[int, float, list[tuple[int, int]]]: ...
    @property
    def orbits(self) -> tuple[int, int, int]: ...
    def lift(
        self, fabric: Fabric, bundle: int, limit_bytes: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...

@final
class OrbitConcurrent:
    @property
    def routed(self) -> float: ...
    def unreachable(self) -> tuple[int, float, list[tuple[int, int]]]: ...
    @property
    def size(self) -> int: ...
    def capacity(self) -> npt.NDArray[np.float64]: ...
    def fullest(self, most: int) -> list[npt.NDArray[np.float64]]: ...
    def slot(self, slot: int) -> tuple[int, int, int]: ...
    def program(
        self, time_limit: float | None
    ) -> tuple[
        list[npt.NDArray[np.int64]],
        list[npt.NDArray[np.bool_]],
        npt.NDArray[np.float64],
        npt.NDArray[np.bool_],
        npt.NDArray[np.float64],
    ]: ...
    def balance(
        self, bound: float, gap: float, time_limit: float | None
    ) -> tuple[npt.NDArray[np.float64], float]: ...
    def weighted(
        self, weights: npt.NDArray[np.float64], time_limit: float | None
    ) -> npt.NDArray[np.float64]: ...
    def along(
        self, lengths: npt.NDArray[np.float64], time_limit: float | None
    ) -> npt.NDArray[np.float64]: ...
    def upper(self, lengths: npt.NDArray[np.float64], time_limit: float | None) -> float: ...
    def lower(self, flows: npt.NDArray[np.float64], time_limit: float | None) -> float: ...
    def sparsest(
        self, lengths: npt.NDArray[np.float64], time_limit: float | None
    ) -> (
        tuple[
            int,
            list[bool],
            float,
            float,
            float,
            list[tuple[int, float, float]],
            npt.NDArray[np.float64],
        ]
        | None
    ): ...
    def side(self, fabric: Fabric, root: int, inside: list[bool]) -> npt.NDArray[np.bool_]: ...
    def lift(
        self, fabric: Fabric, bundle: int, lengths: npt.NDArray[np.float64], limit_bytes: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...

def concurrent_by_orbits(
    fabric: Fabric,
    products: _Products,
    forwarding: str,
    time_limit: float | None,
) -> OrbitConcurrent | None: ...
def congestion_by_orbits(
    fabric: Fabric,
    products: _Products,
    split: str,
    valiant: bool,
    forwarding: str,
    time_limit: float | None,
) -> OrbitAnswer | None: ...
def ways(
    fabric: Fabric,
    products: _Products,
    pairs: _Pairs,
    plan: dict[str, Any],
    time_limit: float | None,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64], npt.NDArray[np.uint32]]: ...
def sprays(
    fabric: Fabric,
    products: _Products,
    pairs: _Pairs,
    plan: dict[str, Any],
    time_limit: float | None,
) -> tuple[
    npt.NDArray[np.uint32],
    npt.NDArray[np.int64],
    npt.NDArray[np.uint32],
    npt.NDArray[np.float64],
]: ...

@final
class CollectiveAnswer:
    @property
    def rate(self) -> tuple[int, int]: ...
    @property
    def num_ranks(self) -> int: ...
    @property
    def binding(self) -> tuple[int, int, str]: ...
    @property
    def crossing(self) -> list[tuple[str, bool, int, int]]: ...
    @property
    def outside(self) -> list[tuple[str, list[tuple[str, int]]]]: ...
    @property
    def reached(self) -> tuple[bool, int, int]: ...
    @property
    def quotient(self) -> tuple[int, int]: ...
    def verify(self) -> None: ...

def collective(
    fabric: Fabric,
    ranks: list[Selection],
    senders: list[Selection],
    first_sends: bool,
    forwarding: str,
    reversed: bool,
    max_receivers: int,
    time_limit: float | None,
) -> CollectiveAnswer: ...
def rank_parts(
    fabric: Fabric,
    ranks: list[Selection],
    names: list[str] | None,
    forwarding: str,
    reversed: bool,
    max_parts: int,
    time_limit: float | None,
) -> tuple[int, int] | None: ...
def shared_switches(fabric: Fabric, ranks: list[Selection], forwarding: str) -> tuple[int, int]: ...

@final
class Concurrent:
    @property
    def num_nodes(self) -> int: ...
    def nodes(self) -> npt.NDArray[np.uint32]: ...
    @property
    def forced(self) -> tuple[float, tuple[int, int] | None]: ...
    def forced_side(self) -> npt.NDArray[np.bool_]: ...
    @property
    def routed(self) -> float: ...
    def place(self) -> npt.NDArray[np.uint32]: ...
    def of_links(
        self, lengths: npt.NDArray[np.float64] | None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
    def sparsest(
        self, lengths: npt.NDArray[np.float64], time_limit: float | None
    ) -> tuple[npt.NDArray[np.bool_], float, float] | None: ...
    def unreachable(self) -> tuple[int, float, list[tuple[int, int]]]: ...
    def edges(
        self,
    ) -> tuple[
        npt.NDArray[np.uint32],
        npt.NDArray[np.uint32],
        npt.NDArray[np.float64],
        list[bool],
        list[bool],
    ]: ...
    def demands(
        self,
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.float64]]: ...
    def approximate(
        self, gap: float, quick: bool, time_limit: float | None
    ) -> tuple[float, float, npt.NDArray[np.float64], bool, BaseException | None]: ...
    def upper(self, lengths: npt.NDArray[np.float64]) -> float: ...
    def lower(self, flows: npt.NDArray[np.float64], value: float) -> float | None: ...

def bound_by_lengths(
    fabric: Fabric,
    products: _Products,
    pairs: _Pairs,
    plan: dict[str, Any],
    lengths: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    time_limit: float | None,
) -> float: ...
def concurrent(
    fabric: Fabric,
    products: _Products,
    pairs: _Pairs,
    plan: dict[str, Any],
    time_limit: float | None,
) -> Concurrent: ...
