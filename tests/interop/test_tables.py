"""Edge lists as tables: CSV, Parquet, Arrow, pandas; what is guessed, and what is refused."""

import numpy as np
import pandas as pd
import pinchpoint as pp
import pyarrow as pa
import pytest
from pinchpoint.errors import FormatError, InputTypeError, UnitError
from pinchpoint.interop import from_table, read, read_csv, read_parquet, to_table
from pyarrow import feather, parquet

LINKS = {"source": ["a", "b", "a"], "target": ["b", "c", "b"], "gbit_per_s": [400, 200, 50.5]}


def check(found):
    assert found.fabric.names == ("a", "b", "c")
    assert found.fabric.gbit_per_s.tolist() == [400, 200, 50.5]
    assert found.fabric.bandwidth("a", "b").gbit_per_s == 450.5
    assert dict(found.report.read) == {"nodes": 3, "links": 3}
    assert found.report.is_complete


def test_anything_that_speaks_arrow():
    table = pa.table(LINKS)
    check(from_table(LINKS))
    check(from_table(table))
    check(from_table(pd.DataFrame(LINKS)))
    check(from_table(pd.DataFrame(LINKS).astype({"source": "category"})))

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return table.__arrow_c_stream__(requested_schema)

    check(from_table(Stream()))
    check(from_table(pa.concat_tables([table.slice(0, 1), table.slice(1)])))


def test_files(tmp_path):
    parquet.write_table(pa.table(LINKS), tmp_path / "a.parquet")
    feather.write_feather(pa.table(LINKS), tmp_path / "a.arrow")
    pd.DataFrame(LINKS).to_csv(tmp_path / "a.csv", index=False)
    pd.DataFrame(LINKS).to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    for ending in ("parquet", "arrow", "csv", "tsv"):
        check(read(tmp_path / f"a.{ending}"))
        assert pp.load(tmp_path / f"a.{ending}").name == "a"


def test_capacities_that_fit_no_unit_are_rounded_and_reported():
    links = {"u": [0, 0, 0], "v": [1, 1, 1], "gbit_per_s": [100 / 3, 200 / 3, 400]}
    found = from_table(links)
    assert found.fabric.rounded
    assert found.report.guessed == ("2 capacities are rounded down to whole units of 2^-13 kbit/s",)
    assert not from_table(LINKS).fabric.rounded


def test_round_trip():
    rack = pp.clusters.hgx_h100().materialize()
    again = from_table(to_table(rack)).fabric
    assert again.num_links == rack.num_links
    first, last = rack.names[0], rack.names[7]
    ends = (first, last)
    all_pass = rack.bandwidth(*ends, forwarding="all").kbit_per_s
    assert again.bandwidth(*ends).kbit_per_s == all_pass


@pytest.mark.parametrize(
    ("column", "values", "kbit"),
    [
        ("mbps", [100, 1], [100_000, 1_000]),
        ("gbyte_per_s", [0.1, 50], [800_000, 400_000_000]),
        ("Capacity", ["400Gb/s", "50 GBps"], [400_000_000, 400_000_000]),
        ("bw", ["1.5 Tbps", "10Mbps"], [1_500_000_000, 10_000]),
    ],
)
def test_units(column, values, kbit):
    found = from_table({"u": [0, 1], "v": [1, 2], column: values})
    assert [found.fabric.bandwidth(i, i + 1).kbit_per_s for i in range(2)] == kbit
    assert found.report.is_complete


def test_a_missing_unit_is_a_guess_and_an_odd_column_is_skipped():
    links = {"u": [0], "v": [1], "capacity": [5], "colour": ["red"]}
    report = from_table(links).report
    assert report.guessed == ("column 'capacity' has no unit; taken as Gbit/s",)
    assert report.skipped == ("column 'colour'",)
    known = from_table(links, unit="Mbit/s")
    assert known.report.guessed == ()
    assert known.fabric.bandwidth(0, 1).kbit_per_s == 5000


def test_integers_are_node_numbers_unless_sparse():
    found = from_table({"u": [0, 5], "v": [5, 9], "gbps": [1, 2]})
    assert found.fabric.num_nodes == 10
    sparse = from_table({"u": [10**12, 7], "v": [7, -3], "gbps": [1, 2]})
    assert set(sparse.fabric.names) == {"1000000000000", "7", "-3"}
    assert sparse.fabric.bandwidth("-3", "1000000000000").gbit_per_s == 1
    assert sparse.report.guessed == ("node numbers are sparse; taken as names",)


def test_directed():
    fabric = from_table({"u": [0], "v": [1], "gbps": [1]}, directed=True).fabric
    assert fabric.bandwidth(0, 1).gbit_per_s == 1
    assert fabric.bandwidth(1, 0).gbit_per_s == 0


def test_empty():
    with pytest.raises(FormatError, match="no rows"):
        from_table({"u": [], "v": [], "gbps": []})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"source": None}, "no column for the tail .such as tail."),
        ({"gbit_per_s": None}, "no column for the capacity"),
        ({"source": ["a", None, "a"]}, r"source\[1\] is empty"),
        ({"gbit_per_s": [1, -2, 3]}, r"gbit_per_s\[1\] is -2"),
        ({"gbit_per_s": [1, float("nan"), 3]}, r"gbit_per_s\[1\] is nan"),
        ({"gbit_per_s": [1, None, 3]}, r"gbit_per_s\[1\] is empty"),
        ({"gbit_per_s": ["1Gb/s", "2", "3Gb/s"]}, r"gbit_per_s\[1\] is '2': .* has no unit"),
        ({"gbit_per_s": [True, True, True]}, "must be numbers or text"),
        ({"source": [1, 2, 3]}, "source is int64 and target is string"),
        ({"source": [1.0, 2, 3]}, "source is double"),
        (
            {"source": [1 << 63, 2, 3], "target": [1, 2, 3]},
            r"source\[0\] is 9223372036854775808",
        ),
    ],
)
def test_faults_name_column_and_row(change, says):
    links = {k: v for k, v in {**LINKS, **change}.items() if v is not None}
    if links.get("source", [0])[0] == 1 << 63:
        links["source"] = np.array(links["source"], np.uint64)
    with pytest.raises(FormatError, match=says):
        from_table(links)


NO_CAPACITY = "a capacity is a finite number, zero or more"
NEITHER = "neither a number nor a bandwidth such as '400Gb/s'"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["a,b,400", "a,c,", "b,c,"], ["3: capacity is empty", "4: capacity is empty"]),
        (["a,b,400", "a,,5", ",c,"], ["3: head is empty", "4: tail is empty", "4: capacity is"]),
        (["a,b,400", "a,c,-5"], [f"3: capacity is -5: {NO_CAPACITY}"]),
        (["a,b,400.5", "a,c,nan"], [f"3: capacity is nan: {NO_CAPACITY}"]),
        (["a,b,1", "a,c,1e300"], ["3: capacity is 1e+300: 2^62 kbit/s or more"]),
        (
            ["a,b,400", "a,c,-5", "b,c,abc"],
            [f"3: capacity is -5: {NO_CAPACITY}", f"4: capacity is 'abc': {NEITHER}"],
        ),
        (
            ["a,b,400Gb/s", "a,c,5", "b,c,4G"],
            ["3: capacity is '5': bandwidth '5' has no unit", "4: capacity is '4G': bandwidth"],
        ),
        (["", "a,b,1", "", '"x', 'y",c,-5', "d,e,-6"], ["5: capacity is -5", "7: capacity is -6"]),
        (["a,b", "a,b,1", "a,c,1,2"], ["2: the line has 2 cells, the header has 3", "4: the line"]),
        (["a,b,1", *["a,c,-1"] * 50], [f"{line}: capacity is -1" for line in range(3, 13)]),
        (["a,b,1", *["a,c,"] * 50], [f"{line}: capacity is empty" for line in range(3, 13)]),
        (["a,b,1", *["a,c,x"] * 50], [f"{line}: capacity is 'x'" for line in range(3, 13)]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_faults_of_a_file_name_file_and_line(tmp_path, lines, says, end):
    path = tmp_path / "links.csv"
    path.write_bytes(end.join(["tail,head,capacity", *lines, ""]).encode())
    with pytest.raises(FormatError) as caught:
        read_csv(path)
    found = str(caught.value).split("\n")
    assert len(found) == len(says)
    for own, start in zip(found, says, strict=True):
        assert own.startswith(f"{path}:{start}")


def test_other_faults(tmp_path):
    with pytest.raises(FormatError, match="'sorce': did you mean \"source\""):
        from_table(LINKS, tail="sorce")
    with pytest.raises(InputTypeError, match="no table"):
        from_table(5)
    with pytest.raises(InputTypeError, match="fabric is an int"):
        to_table(5)
    with pytest.raises(FormatError, match=r"none.csv: No such file"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(UnitError, match="did you mean"):
        from_table(LINKS, unit="Gbits")
    csv = tmp_path / "links.csv"
    csv.write_text("tail,head,weight\na,b,4\n")
    with pytest.raises(UnitError, match=r"unit is 'GBs'"):
        read_csv(csv, unit="GBs")
    with pytest.raises(TypeError, match=r"read_csv\(\) got an unexpected keyword argument 'units'"):
        read_csv(csv, units="GB/s")
    for name, content in (("a.parquet", b"PAR1junk"), ("a.arrow", b""), ("a.csv", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=name):
            read(tmp_path / name)
    whole = tmp_path / "b.parquet"
    parquet.write_table(pa.table({**LINKS, "x": ["y" * 1000] * 3}), whole)
    content = whole.read_bytes()
    for cut in range(0, len(content), 97):
        whole.write_bytes(content[:cut])
        with pytest.raises(FormatError, match=r"b\.parquet"):
            read_parquet(whole)
    (tmp_path / "c.csv").write_bytes(b"source,target,gbit_per_s\na,b,1\na,b\n")
    with pytest.raises(FormatError, match=r"c\.csv:3: the line has 2 cells"):
        read_csv(tmp_path / "c.csv")
    (tmp_path / "d.csv").write_bytes("source,target,gbit_per_s\né,b,1\n".encode("latin-1"))
    with pytest.raises(FormatError, match=r"d\.csv:2: byte 0xe9 is no UTF-8 text"):
        read_csv(tmp_path / "d.csv")
    with pytest.raises(FormatError, match="No such file"):
        read(tmp_path / "none.csv")


NAMES = ["b", "", "caf\u00e9", "b", "node-1", "a", "", "node-10"]


@pytest.mark.parametrize(
    "shape",
    [
        lambda names: pa.array(names),
        lambda names: pa.array(names, pa.large_string()),
        lambda names: pa.array(names, pa.string_view()),
        lambda names: pa.array(names).dictionary_encode(),
        lambda names: pa.array(["x", *names, "y"]).slice(1, len(names)),
        lambda names: pa.chunked_array([names[:3], pa.array([], pa.string()), names[3:]]),
    ],
    ids=["string", "large", "view", "dictionary", "slice", "chunks"],
)
def test_names_are_numbered_as_they_first_appear(shape):
    heads = [f"h{i % 3}" for i in range(len(NAMES))]
    table = pa.table({"tail": shape(NAMES), "head": heads, "gbps": np.arange(len(NAMES))})
    fabric = from_table(table).fabric
    labels = list(dict.fromkeys([*NAMES, *heads]))
    assert fabric.names == tuple(labels)
    assert fabric.tails.tolist() == [labels.index(name) for name in NAMES]
    assert fabric.heads.tolist() == [labels.index(name) for name in heads]


def test_many_names_do_not_depend_on_the_number_of_threads():
    rng = np.random.default_rng(5)
    ends = [[f"n{i:x}" for i in rng.integers(0, 90_000, 300_000)] for _ in range(2)]
    table = pa.table({"source": ends[0], "target": ends[1], "gbps": np.ones(300_000)})
    labels = {name: i for i, name in enumerate(dict.fromkeys(ends[0] + ends[1]))}
    before = pp.get_threads()
    try:
        for threads in (1, 3):
            pp.set_threads(threads)
            fabric = from_table(table).fabric
            assert fabric.names == tuple(labels)
            assert fabric.tails.tolist() == [labels[name] for name in ends[0]]
            assert fabric.heads.tolist() == [labels[name] for name in ends[1]]
    finally:
        pp.set_threads(before)


@pytest.mark.parametrize(
    ("bounds", "text", "says"),
    [
        ([0, 1, 2], b"a\xff", "source and target: text 1 is not UTF-8"),
        ([0, 9, 2], b"ab", "source and target: text 0 lies outside its buffer"),
        ([1, 0, 2], b"ab", "source and target: text 0 lies outside its buffer"),
    ],
)
def test_names_that_are_no_text_are_refused(bounds, text, says):
    buffers = [None, pa.py_buffer(np.array(bounds, np.int64)), pa.py_buffer(text)]
    broken = pa.Array.from_buffers(pa.large_string(), 2, buffers)
    table = {"source": broken, "target": pa.array(["a", "b"], pa.large_string()), "gbps": [1, 1]}
    with pytest.raises(FormatError, match=says):
        from_table(pa.table(table))
