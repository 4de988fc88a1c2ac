"""Jobs on one fabric, by hand and against the definition."""

import time

import numpy as np
import pinchpoint as pp
import pytest
from pinchpoint.errors import (
    CapacityError,
    FormatError,
    InputTypeError,
    ScenarioError,
    SelectionError,
)
from pinchpoint.jobs import Job, Schedule, drain, placement, share
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


def sent_by(job, ids):
    """One Gbit/s from every rank, written without the library's jobs."""
    if job.pattern == "ring":
        return pp.traffic.ring(list(ids), gbit_per_s=1.0)
    return pp.traffic.all_to_all(list(ids), per_chip_gbit_per_s=1.0)


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
        listed.congestion(sent_by(job, job.ids(listed))).loads().ravel() * rate
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


def test_any_traffic_between_ranks(lab):
    """Rank 0 of one job sends 30 to rank 1 across the leaves, rank 1 sends 10 back."""
    sends = pp.traffic.pairs([0, 1], [1, 0], [30.0, 10.0])
    a = Job("a", chips((0, 0), (1, 0)), sends)
    b = Job("b", chips((0, 1), (1, 1)), 0.5 * sends)
    alone = share(lab, [a])
    assert alone.round_gbit == (30.0,)
    assert alone.alone_gbit_per_s == pytest.approx([100.0])
    assert alone.alone_seconds == pytest.approx([0.3])
    thin = lab.without(lab.select("spine[spine=0]"))
    both = share(thin, [a, b])
    # Each wants all of the 100 Gb/s up from leaf 0; half the traffic is done in half the time.
    assert both.together_gbit_per_s == pytest.approx([50.0, 50.0])
    assert both.together_seconds == pytest.approx([0.6, 0.3])
    assert both.to_frame()["together_seconds"].tolist() == pytest.approx([0.6, 0.3])


def test_traffic_names_nodes_or_ranks(lab):
    own = [5, 1, 4, 0]
    by_rank = pp.traffic.all_to_all([0, 1], gbit_per_s=2.0) + pp.traffic.ring(
        [3, 2, 1, 0], gbit_per_s=1.0
    )
    by_name = pp.traffic.all_to_all(
        [lab.select("chip[leaf=1,chip=1]"), "chip[leaf=0,chip=1]"], gbit_per_s=2.0
    ) + pp.traffic.ring(["chip[leaf=0,chip=0]", "chip[leaf=1,chip=0]", 1, 0], gbit_per_s=1.0)
    one, other = (share(lab, [Job("job", own, sends)]) for sends in (by_rank, by_name))
    assert one == other
    layout = pp.traffic.parallelism(list(range(4)), tp=2, dp=2)
    step = layout.demands(tp=("all_reduce", 1.0), dp=("reduce_scatter", 4.0))
    found = share(lab, [Job("job", own, step)])
    # Each rank sends 1 GB of the one and 2 GB of the other.
    assert found.round_gbit == pytest.approx((24.0,))


@pytest.mark.parametrize(
    ("op", "algorithm", "domain"),
    [
        ("all_reduce", "ring", None),
        ("all_reduce", "tree", None),
        ("all_reduce", "hierarchical", 4),
        ("all_reduce", "hierarchical", "leaf"),
        ("all_gather", "rail-aligned", "leaf"),
        ("reduce_scatter", "hierarchical", "leaf"),
        ("all_to_all", "direct", None),
        ("broadcast", "ring", None),
    ],
)
def test_a_collective_alone_takes_what_the_collective_query_says(lab, op, algorithm, domain):
    ranks = [4, 5, 6, 7, 0, 1, 2, 3]
    job = Job("job", ranks, Schedule(op, algorithm, 2.0, domain))
    found = share(lab, [job])
    asked = lab.collective(op, ranks, gbyte=2.0, algorithm=algorithm, domain=domain)
    assert found.alone_seconds == pytest.approx([asked.seconds])
    if algorithm == "ring":
        assert found.alone_gbit_per_s == pytest.approx([8 * asked.busbw_gbyte_per_s])


def test_phases_are_shared_by_their_averages(lab):
    """Two hierarchical all-reduces: S = 1 GB, two ranks of each leaf in each job."""
    jobs = [
        Job(
            name,
            chips((0, c), (0, c + 1), (1, c), (1, c + 1)),
            Schedule("all_reduce", "hierarchical", 1.0, 2),
        )
        for name, c in (("a", 0), ("b", 2))
    ]
    thin = lab.without(lab.select("spine[spine=0]"))
    found = share(thin, jobs)
    # Within: 4 Gbit from each rank to the other, twice, at 100 Gb/s. Between: each pair of equal
    # places 4 Gbit each way, both over the one uplink of 100 Gb/s.
    alone = 2 * 4 / 100 + 2 * 4 / 100
    assert found.alone_seconds == pytest.approx([alone] * 2)
    # The uplink is busy 8 / 100 of 16 / 100 s for each: on average both fit.
    assert found.slow_down == pytest.approx([1.0, 1.0])
    assert ("leaf-spine", 2, ("a", "b")) in found.shared
    third = share(thin.scaled(thin.select_links("leaf-spine"), 0.25), jobs)
    # Now 8 / 25 of 0.4 s each: 0.8 + 0.8 of a link.
    assert third.slow_down == pytest.approx([1.6, 1.6])
    cost = drain(thin, jobs, thin.select_links("leaf-spine", leaf=0))
    assert cost.cut_off_pairs == (4, 4)
    assert cost.after_gbit_per_s == (0.0, 0.0)


def test_a_drain(lab):
    inside = Job("inside", "chip[leaf=0]")
    across = Job("across", chips((1, 0), (1, 1)), "ring")
    wide = Job("wide", chips((1, 2), (1, 3)), "ring")
    far = Job("far", chips((0, 0), (0, 1), (1, 0), (1, 1)))
    found = drain(lab, [inside, across, wide], "spine[spine=0]")
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
        fabric, job, free=["n0", "n1", "n4", "n5", "n6", "n7"], topology=tree, tries=2
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


def test_a_long_line_of_a_topology_is_cut(tmp_path):
    path = tmp_path / "topology.conf"
    long = "x" * 5000
    for text in (
        long,
        f"SwitchName={long} Switches=b",
        f"SwitchName={long} Nodes=a\nSwitchName={long} Nodes=a",
        f"SwitchName=a Switches={long}",
        f"SwitchName={long} Switches={long}",
        f"SwitchName=a Nodes=n[{long}]",
        f"SwitchName=a Nodes={long}[",
        f"SwitchName=a Nodes={long}[5-2]",
    ):
        path.write_text(text)
        with pytest.raises(FormatError) as refused:
            read_topology(path)
        assert len(str(refused.value)) < 500


def test_a_chain_of_switches_takes_linear_time(tmp_path):
    count = 20_000
    path = tmp_path / "topology.conf"
    lines = [f"SwitchName=s{i} Switches=s{i + 1}" for i in range(count)]
    path.write_text("\n".join([*lines, f"SwitchName=s{count} Nodes=n[0-1]"]))
    start = time.monotonic()
    found = read_topology(path)
    assert time.monotonic() - start < 10
    assert set(found.nodes.values()) == {("n0", "n1")}
    assert list(found.nodes) == [f"s{i}" for i in range(count + 1)]


def test_which_switch_is_below_itself(tmp_path):
    path = tmp_path / "topology.conf"
    path.write_text("SwitchName=top Switches=a\nSwitchName=a Switches=b\nSwitchName=b Switches=a")
    with pytest.raises(FormatError, match=":2: switch 'a' is below itself"):
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
    for sends, match in [
        (pp.traffic.pairs([0], [2]), "names rank 2; there are 2"),
        (pp.traffic.ring("chip", gbit_per_s=1.0), "node 2, which is none of its ranks"),
        (0.0 * pp.traffic.pairs([0], [1]), "sends nothing"),
        (Schedule("all_reduce", "rings"), "did you mean"),
        (Schedule("all_to_all", "ring"), "not all_to_all"),
        (Schedule("all_reduce", "hierarchical"), "domain must say"),
    ]:
        with pytest.raises(SelectionError, match=f"(?s)job 'a': .*{match}"):
            share(lab, [Job("a", [0, 1], sends)])
    with pytest.raises(CapacityError, match="gbyte is 0"):
        Schedule("all_reduce", gbyte=0)
    with pytest.raises(InputTypeError, match="gbyte is '1GB'"):
        Schedule("all_reduce", gbyte="1GB")
    with pytest.raises(SelectionError, match="pattern is 'star'"):
        share(lab, [Job("a", [0, 1], "star")])
    with pytest.raises(InputTypeError, match=r"jobs\[0\]"):
        share(lab, ["a"])
    with pytest.raises(InputTypeError, match="fabric is a str"):
        share("lab", [Job("a", [0, 1])])
    with pytest.raises(ScenarioError, match=r"drain: .*spin"):
        drain(lab, [Job("a", [0, 1])], "spin")
    with pytest.raises(SelectionError, match="no jobs"):
        share(lab, [])
    with pytest.raises(SelectionError, match="cut off"):
        share(lab.without(lab.select("leaf")), [Job("a", [0, 1])])
