"""Messages count one thing in the singular, and take the article that is spoken."""

import pinchpoint as pp
import pytest
from pinchpoint._wording import a_type, counted
from pinchpoint.catalogue import assumed
from pinchpoint.errors import GraphError, InputTypeError, SelectionError
from pinchpoint.jobs import Job


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "an int"),
        ("3", "a str"),
        ([], "a list"),
        (None, "a NoneType"),
        (object(), "an object"),
    ],
)
def test_articles(value, text):
    assert a_type(value) == text


def test_counts():
    assert [counted(n, "link") for n in (0, 1, 2, 1000)] == [
        "0 links",
        "1 link",
        "2 links",
        "1,000 links",
    ]
    assert counted(2, "switch", "switches") == "2 switches"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1, "leaves", "1 leaf"),
        (1, "switches", "1 switch"),
        (1, "systems", "1 system"),
        (2, "leaves", "2 leaves"),
        (1, "NICs", "1 NIC"),
        (1, "TFLOPS", "1 TFLOPS"),
        (1, "us", "1 us"),
        (1, "to 1", "1 to 1"),
        (1, "%", "1%"),
    ],
)
def test_figures(value, unit, text):
    assert assumed("figure", value, unit, "why").text == text


def test_one_of_a_kind():
    fabric = pp.Fabric.from_links([0], [1], 1.0)
    assert "0 chips, 2 nodes, 1 link\n" in str(fabric)
    assert "1 link" in repr(fabric)
    assert repr(fabric.failure_sweep(0, 1, [fabric.select_links("node-node")])).startswith(
        "FailureSweep(1 failure;"
    )
    with pytest.raises(GraphError, match="1 entry for 2 nodes"):
        pp.Fabric.from_links([0], [1], 1.0, names=["a"])
    with pytest.raises(InputTypeError, match="an int"):
        fabric.without(3)
    with pytest.raises(SelectionError, match="has 1 rank;"):
        Job("job", 0, pp.traffic.all_to_all("node", gbyte_per_s=1.0)).ids(fabric)
    study = pp.sweep(fabric, pp.scenarios.healthy(), pp.query.bandwidth(0, 1))
    assert "1 scenario in 1 row," in repr(study)
