"""Files of studies that are damaged, and studies as values."""

import json
import pickle
import random

import pinchpoint as pp
import pytest
from pinchpoint.errors import InputTypeError, PinchpointError, StudyError
from pinchpoint.studies.study import KEY, read

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ASK = pp.query.bandwidth("chip[chip=0]", "chip[chip=1]")


@pytest.fixture(scope="module")
def rack():
    return pp.clusters.gb200_nvl72()


@pytest.fixture(scope="module")
def whole(rack, tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "study.parquet"
    scenarios = pp.scenarios.each_node("switch") + pp.scenarios.each_node("chip")
    pp.sweep(rack, scenarios, ASK, out=path)
    return path


def used(path):
    """Read a study and ask all that a study answers."""
    study = read(path)
    study.quantile(0.5), study.worst(), study.to_arrow(), study.to_dict()
    return str(study), repr(study), study._repr_html_()


def refused(path, table, about, says):
    content = about if isinstance(about, bytes) else json.dumps(about).encode()
    pq.write_table(table.replace_schema_metadata({KEY: content}), path)
    with pytest.raises(StudyError, match=says):
        read(path)


def test_a_table_without_one_of_its_columns(whole, tmp_path):
    table = pq.read_table(whole)
    about = json.loads(table.schema.metadata[KEY])
    for name in table.column_names:
        refused(tmp_path / "bad.parquet", table.drop([name]), about, f"no column '{name}'")
    for name in set(table.column_names) - {"bottleneck", "bottleneck_links"}:
        kept = {one: kind for one, kind in about["columns"].items() if one != name}
        spoilt = {**about, "columns": kept}
        refused(tmp_path / "bad.parquet", table.drop([name]), spoilt, f"{name}'.* is missing")


def refused_without(about, missing):
    return {name: value for name, value in about.items() if name not in missing}


@pytest.mark.parametrize("wrong", [None, "x", 3, [], {}, [3], {"a": 1}, [{}]])
def test_a_description_with_a_wrong_field(whole, tmp_path, wrong):
    table = pq.read_table(whole)
    about = json.loads(table.schema.metadata[KEY])
    path = tmp_path / "bad.parquet"
    for name in set(about) - {"format"}:
        if isinstance(wrong, type(about[name])) and not isinstance(wrong, dict | list):
            if name in ("value", "better"):
                refused(path, table, {**about, name: wrong}, "is damaged")
        elif (name, wrong) not in (("designs", []), ("healthy", [{}])):
            refused(path, table, {**about, name: wrong}, "is damaged")


def test_a_description_without_a_field_or_that_is_none(whole, tmp_path):
    table = pq.read_table(whole)
    about = json.loads(table.schema.metadata[KEY])
    path = tmp_path / "bad.parquet"
    for name in set(about) - {"format"}:
        refused(path, table, refused_without(about, [name]), f"has no '{name}'")
    for content in (b"\xff\xfe", b"[]", b"3", b"{}", b"null", b"[" * 100_000):
        refused(path, table, content, "its description cannot be read")
    refused(path, table, b'{"format": 2}', "a study of format 2")


def test_values_that_are_no_numbers(whole, tmp_path):
    table = pq.read_table(whole)
    about = json.loads(table.schema.metadata[KEY])
    rows, place = table.num_rows, table.column_names.index("gbit_per_s")
    for column, says in (
        (pa.array([float("nan")] * rows), "a value in its column 'gbit_per_s' is nan"),
        (pa.array(["x"] * rows), "column 'gbit_per_s' of its table is no 'float'"),
    ):
        spoilt = table.set_column(place, "gbit_per_s", column)
        refused(tmp_path / "bad.parquet", spoilt, about, says)
    gaps = table.set_column(0, "scenario", pa.array([None] * rows, pa.int64()))
    refused(tmp_path / "bad.parquet", gaps, about, "column 'scenario' of its table has gaps")


def test_bytes_that_were_changed(whole, tmp_path):
    content, path = whole.read_bytes(), tmp_path / "bad.parquet"
    draw = random.Random(1)
    says = []
    for number in range(400):
        spoilt = bytearray(content)
        spoilt[draw.randrange(len(spoilt))] = draw.randrange(256)
        path.write_bytes(spoilt[: draw.randrange(len(spoilt))] if number % 10 == 0 else spoilt)
        try:
            used(path)
        except PinchpointError as error:
            says.append(str(error))
    assert len(says) > 100
    assert max(map(len, says)) < 1000


def test_a_path_that_is_none(tmp_path):
    with pytest.raises(InputTypeError, match="path is an int"):
        read(3)
    with pytest.raises(StudyError) as error:
        read("x" * 5000)
    assert len(str(error.value)) < 400


def test_a_stray_file_among_the_parts(rack, tmp_path):
    out = tmp_path / "study.parquet"
    parts = tmp_path / "study.parquet.parts"
    parts.mkdir()
    for name in ("x.rows", "1x.rows", "9" * 40 + ".rows"):
        (parts / name).write_text("{}")
    assert len(pp.sweep(rack, pp.scenarios.healthy(), ASK, out=out)) == 1


def test_nan_is_no_answer(rack):
    study = pp.sweep(rack, pp.scenarios.healthy(), lambda fabric: float("nan"))
    assert study.columns["error"] == ["CapacityError: value is nan; it must be a number"]
    assert study.columns["value"] == [None]
    assert "no scenario has an answer" in str(study)
    with pytest.raises(StudyError, match="no scenario"):
        study.quantile(0.5)


def test_an_answer_that_is_no_row(rack):
    class Odd(pp.query.Query):
        columns = {"links": "int"}  # noqa: RUF012

        def ask(self, fabric):
            return 3

        def describe(self):
            return {"query": "odd"}

    study = pp.sweep(rack, pp.scenarios.healthy(), Odd())
    assert study.columns["error"] == ["InputTypeError: the answer is an int; it must be a dict"]


def test_a_study_is_a_value(rack, whole):
    study = read(whole)
    assert pickle.loads(pickle.dumps(study)) == study
    scenarios = pp.scenarios.each_node("switch") + pp.scenarios.each_node("chip")
    assert pp.sweep(rack, scenarios, ASK) == study
    assert pp.sweep(rack, pp.scenarios.healthy(), ASK) != study
    assert study != 3
    plain = json.loads(json.dumps(study.to_dict()))
    assert plain["columns"] == study.columns
    assert plain["about"] == study.about
    plain = study.to_dict()
    plain["columns"]["label"].clear()
    plain["about"]["healthy"].clear()
    assert read(whole) == study
