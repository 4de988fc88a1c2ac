"""The real fabrics of tests/data as pinchpoint fabrics."""

import functools
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pinchpoint as pp

DATA = Path(__file__).parent.parent / "data"
GBIT_PER_S = {"SDR": 8.0, "DDR": 16.0, "QDR": 32.0}


class Plafrim(NamedTuple):
    """One directed arc per entry of `edge_info`; `arcs` numbers them."""

    fabric: pp.Fabric
    ids: dict
    arcs: dict
    routes: dict
    hosts: list
    core: list
    slow: list


@functools.cache
def plafrim() -> Plafrim:
    folder = DATA / "netloc_plafrim"
    nodes = json.loads((folder / "IB-fe80:0000:0000:0000-nodes.ndat").read_text())
    info, edges = nodes["node_info"], nodes["edge_info"]
    ids = {name: place for place, name in enumerate(info)}
    arcs = {edge["euid"]: place for place, edge in enumerate(edges.values())}
    tails = [ids[edge["src_node_id"]] for edge in edges.values()]
    heads = [ids[edge["dest_node_id"]] for edge in edges.values()]
    capacity = [GBIT_PER_S[edge["speed"]] for edge in edges.values()]
    names = [one["desc"].strip("'") for one in info.values()]
    fabric = pp.Fabric.from_links(tails, heads, capacity, len(ids), names, directed=True)
    paths = json.loads((folder / "IB-fe80:0000:0000:0000-log-paths.ndat").read_text())["path_info"]
    hosts = [name for name, one in info.items() if one["node_type"] == 2]
    home = {
        edge["src_node_id"]: edge["dest_node_id"]
        for edge in edges.values()
        if edge["src_node_type"] == 2
    }
    core = [
        host
        for host in hosts
        if "Voltaire" in info[home[host]]["desc"] and "8C9E" not in info[home[host]]["desc"]
    ]
    slow = [
        arcs[edge["euid"]]
        for edge in edges.values()
        if edge["speed"] == "SDR" and edge["src_node_type"] == edge["dest_node_type"] == 1
    ]
    routes = {
        (source, sink): [arcs[edge] for edge in path]
        for source, sinks in paths.items()
        for sink, path in sinks.items()
    }
    return Plafrim(fabric, ids, arcs, routes, hosts, core, slow)


def every_pair(hosts):
    return [(a, b) for a in hosts for b in hosts if a != b]


def sndlib_names():
    return sorted(
        path.stem for path in (DATA / "sndlib_topohub").glob("*.json") if path.stem != "answers"
    )


@functools.cache
def sndlib(name):
    """Fabric of unit links, demands both ways, uniform demands, and the published loads in %."""
    case = json.loads((DATA / "sndlib_topohub" / f"{name}.json").read_text())
    place = {node["id"]: at for at, node in enumerate(case["nodes"])}
    edges = case["edges"]
    tails = [place[edge["source"]] for edge in edges]
    heads = [place[edge["target"]] for edge in edges]
    n = len(place)
    matrix = np.zeros((n, n))
    for source, sinks in case["graph"]["demands"].items():
        for sink, rate in sinks.items():
            matrix[place[int(source)], place[int(sink)]] += rate
    matrix += matrix.T
    uniform = 1.0 - np.eye(n)
    published = {
        kind: np.array([[edge[way][kind] for edge in edges] for way in ("ecmp_fwd", "ecmp_bwd")])
        for kind in ("org", "uni")
    }
    fabric = pp.Fabric.from_links(tails, heads, 1.0, n)
    return fabric, {"org": matrix, "uni": uniform}, published
