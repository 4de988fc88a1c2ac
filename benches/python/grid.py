"""The rows of the race, by name; `SMALL` are the same families at sizes for a smoke run."""

from collections.abc import Callable

from instances import (
    Instance,
    acyclic_dense,
    dragonfly,
    fat_tree,
    genrmf,
    networkx_test,
    nvl72,
    rail_optimised,
    random_graph,
    streets,
    torus,
    torus_slabs,
    trn3,
    washington_rlg,
)


def _rows(k: int, side: int, scale: int) -> dict[str, Callable[[], Instance]]:
    """Every family around one size."""

    def tree(name: str, **options: int) -> str:
        over = " 2:1" if options else ""
        return f"fat tree {k}{over} {name}"

    return {
        tree("halves"): lambda: fat_tree(k).halves("halves"),
        tree("halves", over=2): lambda: fat_tree(k, 2).halves("halves"),
        tree("halves, 1 failure"): lambda: fat_tree(k).failed_links(1).halves(""),
        tree("halves, 10 failures"): lambda: fat_tree(k).failed_links(10).halves(""),
        tree("halves, 100 failures"): lambda: fat_tree(k).failed_links(100).halves(""),
        tree("halves, 2 % failed, 10 % slow"): lambda: (
            fat_tree(k).failed(0.02).degraded(0.1).halves("")
        ),
        tree("halves, jitter"): lambda: fat_tree(k).jittered().halves(""),
        tree("random halves"): lambda: fat_tree(k).random_halves(""),
        tree("rack to rack"): lambda: fat_tree(k).groups("", k // 2),
        tree("pair"): lambda: fat_tree(k).pair(""),
        tree("halves, permuted"): lambda: fat_tree(k).halves("").permuted(),
        tree("halves, shuffled"): lambda: fat_tree(k).halves("").shuffled(),
        f"rails {scale} pods halves": lambda: rail_optimised(scale, 64).halves(""),
        f"rails {scale} pods random": lambda: rail_optimised(scale, 64).random_halves(""),
        f"nvl72 x {scale} halves of a rack": lambda: nvl72(scale).groups("", 36),
        f"torus {side}^3 random halves": lambda: torus(side, 0).random_halves(""),
        f"torus {side}^3 slabs": lambda: torus_slabs(side),
        f"dragonfly {2 * side + 1} halves": lambda: dragonfly(2 * side + 1).halves(""),
        f"genrmf long {scale // 2}": lambda: genrmf(scale // 2, 8 * scale),
        f"genrmf wide {2 * scale}": lambda: genrmf(2 * scale, scale // 2),
        f"rlg wide {64 * scale}": lambda: washington_rlg(64, 64 * scale),
        f"rlg long {32 * scale}": lambda: washington_rlg(32 * scale, 64),
        f"ac dense {25 * scale}": lambda: acyclic_dense(25 * scale),
        f"streets {16 * side}^2": lambda: streets(16 * side),
        f"random {3000 * scale}": lambda: random_graph(3000 * scale, 30_000 * scale),
    }


FULL: dict[str, Callable[[], Instance]] = {
    "nvl72 rack": lambda: nvl72().groups("", 36),
    "fat tree 16 halves": lambda: fat_tree(16).halves(""),
    "fat tree 48 halves": lambda: fat_tree(48).halves(""),
    **_rows(96, 32, 32),
    "networkx gl1": lambda: networkx_test("gl1"),
    "networkx gw1": lambda: networkx_test("gw1"),
    "networkx wlm3": lambda: networkx_test("wlm3"),
    "networkx netgen-2": lambda: networkx_test("netgen-2"),
    "torus 16^3 slabs": lambda: torus_slabs(16),
    "torus 64^3 random halves": lambda: torus(64, 0).random_halves(""),
    "torus 64^3 slabs": lambda: torus_slabs(64),
    "fat tree 160 halves": lambda: fat_tree(160).halves(""),
    "fat tree 160 halves, 2 % failed, 10 % slow": lambda: (
        fat_tree(160).failed(0.02).degraded(0.1).halves("")
    ),
    "fat tree 160 halves, permuted": lambda: fat_tree(160).halves("").permuted(),
    "trn3 million chips halves": lambda: trn3(7168).halves(""),
    "trn3 million chips halves, 2 % failed, 10 % slow": lambda: (
        trn3(7168).failed(0.02).degraded(0.1).halves("")
    ),
    "trn3 million chips rack to rack": lambda: trn3(7168).groups("", 144),
}

SMALL: dict[str, Callable[[], Instance]] = _rows(8, 6, 4)
