"""Traffic from tables and by name, and how it prints."""

import numpy as np
import pandas as pd
import pinchpoint as pp
import pyarrow as pa
import pytest
from pinchpoint.errors import GraphError, InputTypeError

COLUMNS = {"source": [0, 0, 2], "sink": [1, 2, 1], "gbit_per_s": [10.0, 20.0, 30.0]}


def line():
    return pp.Fabric.from_links([0, 1], [1, 2], [100.0, 100.0])


@pytest.mark.parametrize("make", [dict, pa.table, pd.DataFrame])
def test_a_table_is_its_pairs(make):
    read = pp.traffic.from_table(make(COLUMNS))
    by_hand = pp.traffic.pairs(*COLUMNS.values())
    loads = [line().congestion(traffic).loads() for traffic in (read, by_hand)]
    assert np.array_equal(*loads)
    assert repr(read) == "Traffic(3 pairs)"


def test_columns_by_other_names():
    table = pa.table({"from": [0], "to": [2], "rate": [5.0]})
    read = pp.traffic.from_table(table, source="from", sink="to", gbit_per_s="rate")
    assert line().congestion(read).max_utilization == pytest.approx(0.05)


def test_bad_tables():
    with pytest.raises(GraphError, match="no column is called 'sink'"):
        pp.traffic.from_table({"source": [0], "sinks": [1], "gbit_per_s": [1.0]})
    with pytest.raises(GraphError, match="column 'sink' has 1 empty"):
        pp.traffic.from_table(pa.table({**COLUMNS, "sink": [1, None, 1]}))
    with pytest.raises(InputTypeError, match="table is a list"):
        pp.traffic.from_table([1, 2, 3])
    with pytest.raises(InputTypeError, match="sources has dtype"):
        pp.traffic.from_table({**COLUMNS, "source": [0.5, 0.0, 2.0]})


def test_parallelism_is_of_all_chips_unless_told():
    fabric = pp.clusters.gb200_nvl72()
    layout = pp.traffic.parallelism(tp=8, dp=9)
    assert layout.num_ranks == fabric.num_chips
    given = pp.traffic.parallelism(ranks="chip", tp=8, dp=9)
    loads = [
        fabric.congestion(own.traffic("tp", gbit_per_s=1.0)).loads() for own in (layout, given)
    ]
    assert np.array_equal(*loads)


def test_traffic_says_what_it_is():
    some = pp.traffic.all_to_all(nodes="chip", gbit_per_s=1.0)
    assert repr(some + pp.traffic.permutation(nodes="chip", gbit_per_s=1.0)) == (
        "Traffic(all-to-all + permutation)"
    )
    assert repr(pp.traffic.incast("chip[rail=0]", "chip[rail=1]", gbit_per_s=1.0)) == (
        "Traffic(each to each)"
    )
