"""Options of clusters that are on or off."""

import json

import pinchpoint as pp
import pytest
from pinchpoint.cli import main

pytest.importorskip("typer")


@pytest.mark.parametrize(
    ("word", "links"),
    [
        ("--wrap=no", 24),
        ("--wrap=false", 24),
        ("--wrap=0", 24),
        ("--no-wrap", 24),
        ("--wrap=yes", 32),
        ("--wrap=True", 32),
        ("--wrap=1", 32),
        ("--wrap", 32),
    ],
)
def test_words_of_a_flag(capsys, word, links):
    assert main(["show", "torus", "--shape=4x4", word, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert sum(bundle["num_links"] for bundle in shown["bundles"]) == links
    assert pp.clusters.torus("4x4", wrap=links == 32).num_links == links


def test_another_word(capsys):
    assert main(["show", "torus", "--shape=4x4", "--wrap=maybe"]) != 0
    assert "--wrap is 'maybe'; it must be yes or no" in capsys.readouterr().err
