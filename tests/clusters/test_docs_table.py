"""The table in the docs is what its command writes."""

import importlib.util
from pathlib import Path

import pinchpoint as pp
import pytest

DOCS = Path(__file__).parents[2] / "docs"
# One chip against thousands leaves a 3D torus little symmetry: seconds each, so only their counts.
SLOW = {"tpu_v5p", "tpu7x"}


def written():
    lines = (DOCS / "clusters.md").read_text(encoding="utf-8").splitlines(keepends=True)
    return {line.split("`")[1]: line for line in lines if line.startswith("| `")}


def generator():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate_clusters.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_cluster_has_a_row():
    assert list(written()) == [cluster.name for cluster in pp.clusters.available()]


@pytest.mark.parametrize("name", [c.name for c in pp.clusters.available() if c.name not in SLOW])
def test_row_is_up_to_date(name):
    assert written()[name] == generator().row(pp.clusters.find(name))


@pytest.mark.parametrize("name", sorted(SLOW))
def test_counts_of_slow_rows(name):
    fabric = pp.clusters.build(name)
    cells = written()[name].split(" | ")
    assert cells[1:4] == [f"{fabric.num_chips:,}", "0", f"{fabric.num_links:,}"]
