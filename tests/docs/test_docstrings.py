"""The examples in docstrings run."""

import doctest
import importlib
import pkgutil

import pinchpoint as pp
import pytest

MODULES = [
    module.name
    for module in pkgutil.walk_packages(pp.__path__, "pinchpoint.")
    if not module.name.endswith("._core")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, capsys):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert not result.failed, capsys.readouterr().out
