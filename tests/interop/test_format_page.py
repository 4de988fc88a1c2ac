"""The files that the description of the format shows are read."""

import re
from pathlib import Path

import pinchpoint as pp

DOCS = Path(__file__).parents[2] / "docs"


def test_the_files_shown_in_the_format_description(tmp_path):
    blocks = re.findall(
        r"```yaml\n(.*?)```", (DOCS / "reference" / "fabric-yaml.md").read_text(), re.DOTALL
    )
    structured, explicit, changes = blocks
    (tmp_path / "a.yaml").write_text(structured)
    assert [bundle.num_links for bundle in pp.load(tmp_path / "a.yaml").bundles] == [40, 20, 8]
    (tmp_path / "b.yaml").write_text(explicit)
    assert pp.load(tmp_path / "b.yaml").bandwidth("a", "b").gbit_per_s == 400
    (tmp_path / "c.yaml").write_text(structured + changes)
    assert pp.load(tmp_path / "c.yaml").num_nodes == 8 + 3
