"""Jobs on one fabric, by hand and against the definition."""

import itertools

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import FormatError, InputTypeError, SelectionError
from pinchpoint.jobs import Job, drain, placement, share
from pinchpoint.slurm import read_topology


@pytest.fixture(scope="module")
def lab():
    """Two leaves of four hosts of 100 Gb/s, two spines, 200 Gb/s up from each leaf in all."""
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", leaf=2, chip=4)
    leaf = b.nodes("leaf", leaf=2)
    spine = b.nodes("spine", spine=2)
    b.links(chip, leaf, "100Gb/s")
    b.links(leaf, spine, "100Gb/s")
    return b.build()


def chips(*places):
    return [4 * leaf + chip for leaf, chip in places]


def test_two_jobs_across_the_leaves_share_the_uplinks(lab):
    a = Job("a", chips((0, 0), (0, 1), (1, 0), (1, 1)), "all_to_all")
    b = Job("b", chips((0, 2), (1, 2)))
    c = Job("c", chips((0, 3), (1, 3)))
    found = share(lab, [a, b, c])
    # a: 2/3 of what each of two ranks sends goes up, 4/3 of 200; alone its hosts bind.
    assert found.alone_gbit_per_s == (100.0, 100.0, 100.0)
    # Together 4/3 + 1 + 1 units of 100 on 200 Gb/s of uplinks.
    assert found.together_gbit_per_s == pytest.approx([60.0] * 3)
    assert found.slow_down == pytest.approx([5 / 3] * 3)
    assert found.shared == (("leaf-spine", 4, ("a", "b", "c")),)
    assert found.binds == ("leaf-spine",) * 3
    assert next(iter(found.to_frame().columns)) == "job"


def test_jobs_apart_do_not_meet(lab):
    a = Job("a", "chip[leaf=0]", "ring")
    b = Job("b", "chip[leaf=1]")
    found = share(lab, [a, b])
    assert found.slow_down == (1.0, 1.0)
    assert found.shared == ()
    assert found.binds == ("chip-leaf", "chip-leaf")


def test_shares_are_max_min(lab):
    """No job can be raised without lowering one that has no more of its own speed."""
    jobs = [
        Job("a", chips((0, 0), (1, 0))),
        Job("b", chips((0, 1), (0, 2), (1, 1)), "ring"),
        Job("c", chips((1, 2), (1, 3), (0, 3))),
    ]
    found = share(lab, jobs)
    listed = lab.materialize()
    capacity = np.concatenate([listed.gbit_per_s] * 2)
    loads = [
        listed.congestion(job.traffic(job.ids(listed))).loads().ravel() * rate
        for job, rate in zip(jobs, found.together_gbit_per_s, strict=True)
    ]
    total = sum(loads)
    assert (total <= capacity * (1 + 1e-9)).all()
    pace = [1 / one for one in found.slow_down]
    for own, load in zip(pace, loads, strict=True):
        full = (load > 1e-9) & (total >= capacity * (1 - 1e-9))
        least = [
            max(other for other, theirs in zip(pace, loads, strict=True) if theirs[link] > 1e-9)
            for link in np.flatnonzero(full)
        ]
        assert own == pytest.approx(1.0) or any(own >= most - 1e-9 for most in least)


def test_a_drain(lab):
    inside = Job("inside", "chip[leaf=0]")
    across = Job("across", chips((1, 0), (1, 1)), "ring")
    wide = Job("wide", chips((1, 2), (1, 3)), "ring")
    far = Job("far", chips((0, 0), (0, 1), (1, 0), (1, 1)))
    found = drain(lab, [inside, across, wide], lab.select("spine[spine=0]"))
    assert found.affected == ()
    found = drain(lab, [far], lab.select("spine[spine=0]"))
    # 4/3 of the pace over one uplink of 100.
    assert found.after_gbit_per_s == pytest.approx([75.0])
    assert found.affected == ("far",)
    found = drain(lab, [far, inside], lab.select("spine"))
    assert found.after_gbit_per_s == (0.0, 100.0)
    assert found.cut_off_pairs == (8, 0)
    found = drain(lab, [far, across], lab.select("chip[leaf=0,chip=1]"))
    assert found.lost_ranks == ((1,), ())
    assert found.after_gbit_per_s[0] == 0
    assert found.to_frame()["loss"].tolist() == [1.0, 0.0]


def test_placement_against_all_placements(lab):
    thin = lab.without(lab.select("spine[spine=0]"))
    job = Job("job", chips((0, 0), (0, 1), (1, 0), (1, 1)))
    found = placement(thin, job, free="chip", tries=60)
    rates = []
    for nodes in itertools.combinations(range(8), 4):
        rates.append(1 / thin.congestion(job.traffic(nodes)).max_utilization)
    assert found.gbit_per_s == pytest.approx(75.0)
    assert found.best_gbit_per_s == pytest.approx(max(rates)) == pytest.approx(100.0)
    assert found.score == pytest.approx(0.75)
    assert max(rates) <= found.bound_gbit_per_s == 100.0
    assert found.score_to_bound == pytest.approx(0.75)
    assert found == placement(thin, job, free="chip", tries=60)


TOPOLOGY = """\
# a comment
SwitchName=s0 Nodes=n[0-3] LinkSpeed=100
switchname=s1 nodes=n[4-5],n6,n[7]
SwitchName=top Switches=s[0-1]
"""


def test_slurm_topology(tmp_path):
    path = tmp_path / "topology.conf"
    path.write_text(TOPOLOGY)
    tree = read_topology(path)
    assert tree.nodes["s1"] == ("n4", "n5", "n6", "n7")
    assert tree.nodes["top"] == tuple(f"n{i}" for i in range(8))
    free = {"n0", "n4", "n5", "n6"}
    assert tree.smallest(3, free) == ("n4", "n5", "n6")
    assert tree.smallest(4, free) == ("n0", "n4", "n5", "n6")
    assert tree.smallest(5, free) is None
    tails = [*range(8), 8, 9]
    heads = [8] * 4 + [9] * 4 + [10, 10]
    names = [f"n{i}" for i in range(8)] + ["s0", "s1", "top"]
    fabric = pp.Fabric.from_links(tails, heads, 100.0, names=names)
    job = Job("job", ["n0", "n1", "n6", "n7"])
    found = placement(
        fabric, job, free=["n0", "n1", "n4", "n5", "n6", "n7"], topology=tree, tries=1
    )
    assert found.best_nodes == (4, 5, 6, 7)
    assert found.best_gbit_per_s == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("SwitchName=s0", ":1: .*Nodes or its Switches"),
        ("SwitchName=s0 Nodes=a Switches=b", ":1: "),
        ("SwitchName=s0 Nodes=a\nSwitchName=s0 Nodes=b", ":2: .*line 1"),
        ("SwitchName=s0 Switches=s1", ":1: .*'s1' is not defined"),
        ("SwitchName=a Switches=b\nSwitchName=b Switches=a", "below itself"),
        ("SwitchName=s0 Nodes=n[5-2]", "empty or too long"),
        ("SwitchName=s0 Nodes=n[0-99999999]", "empty or too long"),
        ("SwitchName=s0 Nodes=n[x]", "no number or range"),
        ("SwitchName=s0 Nodes=n[0", "no list of names"),
        ("Switch=s0 Nodes=n", "'Switch=s0' is none"),
        ("# nothing", "no switch"),
    ],
)
def test_bad_topologies(tmp_path, text, match):
    path = tmp_path / "topology.conf"
    path.write_text(text)
    with pytest.raises(FormatError, match=match):
        read_topology(path)


def test_rank_files_and_bad_jobs(lab, tmp_path):
    ranks = tmp_path / "ranks.txt"
    ranks.write_text("chip[leaf=1,chip=0]\nchip[leaf=0,chip=0]\n")
    assert Job("job", ranks).ids(lab) == [4, 0]
    with pytest.raises(SelectionError, match="'a' and 'b'"):
        share(lab, [Job("a", [0, 1]), Job("b", [1, 2])])
    with pytest.raises(SelectionError, match="two ranks"):
        share(lab, [Job("a", [0, 0])])
    with pytest.raises(SelectionError, match="needs two"):
        share(lab, [Job("a", [0])])
    with pytest.raises(SelectionError, match="pattern is 'star'"):
        share(lab, [Job("a", [0, 1], "star")])
    with pytest.raises(InputTypeError, match=r"jobs\[0\]"):
        share(lab, ["a"])
    with pytest.raises(SelectionError, match="no jobs"):
        share(lab, [])
    with pytest.raises(SelectionError, match="cut off"):
        share(lab.without(lab.select("leaf")), [Job("a", [0, 1])])
