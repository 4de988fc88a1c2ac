"""Bills of materials by counting, the front by its definition."""

import json
import pickle
from pathlib import Path

import pinchpoint as pp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.designs import Component, Components, _front, bill, grid, load_components, pareto
from pinchpoint.errors import (
    BuildError,
    CapacityError,
    FormatError,
    InputTypeError,
    SelectionError,
    StudyError,
)

ASK = pp.query.bandwidth("chip[leaf=0]", "chip[leaf=1]")
FILE = """\
components: 1
currency: invented coins
nodes:
  chip: {cost: 100, watts: 10}
  host: {cost: 0}
  leaf: {cost: 30.5, watts: 7}
  spine: {cost: 40, watts: 8}
links:
  host-leaf: {cost: 1, watts: 0.5}
  leaf-spine: {cost: 2, watts: 1}
  chip-leaf: {cost: 1, watts: 0.5}
"""


@pytest.fixture
def components(tmp_path):
    path = tmp_path / "components.yaml"
    path.write_text(FILE)
    return load_components(path)


def lab(spines, leaves=4):
    b = pp.FabricBuilder("lab")
    chip = b.nodes("chip", leaf=leaves, chip=8)
    leaf = b.nodes("leaf", leaf=leaves)
    spine = b.nodes("spine", spine=spines)
    b.links(chip, leaf, "100Gb/s")
    b.links(leaf, spine, "200Gb/s")
    return b.build()


def test_a_bill_by_hand(components):
    found = bill(lab(3), components)
    assert found.rows == (
        ("node", "chip", 32, 3200.0, 320.0),
        ("node", "leaf", 4, 122.0, 28.0),
        ("node", "spine", 3, 120.0, 24.0),
        ("link", "chip-leaf", 32, 32.0, 16.0),
        ("link", "leaf-spine", 12, 24.0, 12.0),
    )
    assert found.cost == 3498.0
    assert found.watts == 400.0
    assert found.currency == "invented coins"
    assert bill(lab(3).without(lab(3).select("spine"))).rows[2][2] == 3  # As built.


def test_pareto(components):
    designs = {f"{spines} spines": lab(spines) for spines in (1, 2, 3, 4, 5, 6)}
    ask = pp.query.bandwidth("chip[leaf=0]", "chip[leaf=1]")
    found = pareto(designs, ask, components, scenarios=pp.scenarios.each_node("spine"))
    assert found.value == (200.0, 400.0, 600.0, 800.0, 800.0, 800.0)
    assert found.worst == (0.0, 200.0, 400.0, 600.0, 800.0, 800.0)
    assert found.front == (True, True, True, True, True, False)
    assert found.cheapest(700) == "4 spines"
    assert found.cheapest(700, worst=True) == "5 spines"
    assert found.cheapest(900) is None
    assert found.to_frame()["design"].tolist() == list(designs)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_front_by_definition(points):
    front = _front(points)
    for point, on_it in zip(points, front, strict=True):
        beaten = [p for p in points if p != point and all(map(int.__le__, p, point))]
        assert on_it == (not beaten)


def test_grids():
    designs = grid("leaf-spine", chips=[64, 128], radix=32, oversubscription=[1, 3])
    assert list(designs) == [
        "chips=64, oversubscription=1",
        "chips=64, oversubscription=3",
        "chips=128, oversubscription=1",
        "chips=128, oversubscription=3",
    ]
    assert [one.num_chips for one in designs.values()] == [64, 64, 128, 128]
    sizes = [bill(one).rows[2][2] for one in designs.values()]
    assert sizes[0] > sizes[1]
    assert list(grid("gb200-nvl72")) == ["gb200-nvl72"]
    with pytest.raises(BuildError, match="no values"):
        grid("leaf-spine", chips=[])
    with pytest.raises(BuildError, match="designs"):
        grid("leaf-spine", chips=list(range(200)), radix=list(range(200)))
    with pytest.raises(pp.PinchpointError, match="chps"):
        grid("leaf-spine", chps=[2])


def test_grids_of_racks_on_a_network(components):
    """Domain size, NVLink generation and oversubscription, as a function of one's own."""

    def pods(domain, nvlink, oversubscription=1):
        rack = pp.clusters.nvlink_fusion_rack(domain, nvlink=nvlink)
        return pp.clusters.compose(rack, "clos", 144 // domain, oversubscription=oversubscription)

    designs = grid(pods, domain=[72, 144], nvlink=[5, 6])
    assert list(designs)[:2] == ["domain=72, nvlink=5", "domain=72, nvlink=6"]
    assert {one.num_chips for one in designs.values()} == {144}
    counts = {row[1]: row[2] for row in bill(designs["domain=72, nvlink=5"]).rows}
    rack = {row[1]: row[2] for row in bill(pp.clusters.nvlink_fusion_rack(72, nvlink=5)).rows}
    assert counts["switch"] == 2 * rack["switch"]
    assert counts["chip-switch"] == 2 * rack["chip-switch"]
    ask = pp.query.collective("all_reduce", ranks="chip", gbyte=1.0)
    every = Components(
        {group.name: Component(1) for one in designs.values() for group in one.groups},
        {bundle.name: Component(0, 1) for one in designs.values() for bundle in one.bundles},
        "coins",
    )
    found = pareto(designs, ask, every)
    # What a chip has: 900 and 1,800 GB/s of NVLink each way, and a NIC of 50.
    assert found.value == pytest.approx([950.0, 1850.0, 950.0, 1850.0])
    text = str(found)
    assert "domain=144, nvlink=6" in text
    assert text.endswith("value, worst: GB/s")
    assert "coins" in str(bill(designs["domain=72, nvlink=5"], every))
    with pytest.raises(pp.PinchpointError, match="design 'domain=70, nvlink=5': chips_per_tray"):
        grid(pods, domain=[72, 70], nvlink=[5])
    with pytest.raises(InputTypeError, match="returned an int"):
        grid(lambda size: size, size=[1])


@pytest.mark.parametrize(
    ("error", "match", "asked"),
    [
        (InputTypeError, "fabric is a NoneType", lambda: bill(None)),
        (InputTypeError, "components is an int", lambda: bill(lab(2), 3)),
        (InputTypeError, "cluster is None", lambda: grid(None, radix=[1])),
        (InputTypeError, "cost is 'x'", lambda: Component("x")),
        (InputTypeError, "watts is True", lambda: Component(1, True)),
        (CapacityError, "cost is an integer of", lambda: Component(10**5000)),
        (CapacityError, "watts is nan", lambda: Component(1, float("nan"))),
        (InputTypeError, "nodes is a NoneType", lambda: Components(None, {})),
        (InputTypeError, r"links\['a'\] is an int", lambda: Components({}, {"a": 3})),
        (InputTypeError, "currency is 3", lambda: Components({}, {}, 3)),
        (InputTypeError, "query is an int", lambda: pareto({"a": lab(2)}, 3, Components({}, {}))),
        (
            InputTypeError,
            "scenarios is an int",
            lambda: pareto({"a": lab(2)}, ASK, Components({}, {}), scenarios=3),
        ),
        (InputTypeError, "fabric is a NoneType", lambda: pareto(None, ASK, Components({}, {}))),
        (SelectionError, "node 'chip', node 'leaf'", lambda: bill(lab(2), Components({}, {}))),
    ],
)
def test_refused_with_one_sentence(error, match, asked):
    with pytest.raises(error, match=match):
        asked()


def test_long_options_are_cut():
    with pytest.raises(pp.PinchpointError) as refused:
        grid("torus", shape=["x" * 5000])
    assert len(str(refused.value)) < 300


def test_a_front_as_plain_values(components):
    designs = {f"{spines} spines": lab(spines) for spines in (1, 2)}
    found = pareto(designs, ASK, components)
    assert pickle.loads(pickle.dumps(found)) == found
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["design"] == list(designs)
    assert plain["value"] == [200.0, 400.0]
    assert plain["front"] == [True, True]
    assert (plain["unit"], plain["better"]) == (ASK.unit, "higher")
    assert plain["currency"] == "invented coins"
    with pytest.raises(InputTypeError, match="target is 'x'"):
        found.cheapest("x")
    with pytest.raises(CapacityError, match="target is nan"):
        found.cheapest(float("nan"))


def test_planes():
    designs = grid("clos", chips=4096, radix=64, planes=[1, 2, 4])
    counts = [{row[1]: row[2] for row in bill(one).rows} for one in designs.values()]
    assert [one["leaf"] // counts[0]["leaf"] for one in counts] == [1, 2, 4]
    assert [one.bisection().gbit_per_s for one in designs.values()] == [
        819_200.0 * planes for planes in (1, 2, 4)
    ]


def test_the_components_of_the_docs_are_those_shown():
    folder = Path(__file__).parents[2] / "docs" / "howto"
    shown = (folder / "designs.md").read_text().split("```yaml\n")[1].partition("```")[0]
    assert (folder / "components.yaml").read_text() == shown


def test_bad_input(tmp_path, components):
    with pytest.raises(SelectionError, match=r"node 'switch'.*link 'chip-switch'"):
        bill(pp.clusters.gb200_nvl72(), components)
    with pytest.raises(CapacityError, match="cost is -1"):
        Component(-1)
    with pytest.raises(StudyError, match=r"no designs"):
        pareto({}, pp.query.bisection(), components)
    with pytest.raises(pp.PinchpointError, match="leaf"):
        pareto({"a": lab(1)}, pp.query.bandwidth("chip[leaf=9]", "spine"), components)
    for old, new, match in [
        ("cost: 100", "cost: cheap", r":4: .*cost.*'cheap'"),
        ("cost: 40", "cost: -40", r":7: .*cost is -40"),
        ("components: 1", "components: 2", r":1: "),
        ("watts: 7", "wats: 7", r":6: .*wats"),
    ]:
        path = tmp_path / "bad.yaml"
        path.write_text(FILE.replace(old, new))
        with pytest.raises(FormatError, match=match):
            load_components(path)
    assert Components({}, {}).currency == ""
