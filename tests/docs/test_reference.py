"""The reference names everything public, and every public function tells what it takes."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pinchpoint as pp
import pytest

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "index.md"
# networkx calls these, or says what they take.
NETWORKX = {"pinchpoint.nx"}
ALSO = ("pinchpoint.studies.figures",)


def documented():
    """Objects that the page's directives show."""
    found = set()
    directive = re.compile(r"^\.\. auto(\w+):: (\S+)\n((?:   :.*\n)*)", re.MULTILINE)
    for kind, name, options in directive.findall(REFERENCE.read_text(encoding="utf-8")):
        if kind == "module":
            module = importlib.import_module(name)
            chosen = re.search(r":members: (.+)", options)
            members = chosen[1].split(", ") if chosen else getattr(module, "__all__", vars(module))
            found |= {id(getattr(module, member)) for member in members}
        else:
            home, _, own = name.rpartition(".")
            found.add(id(getattr(importlib.import_module(home), own)))
    return found


def public():
    """Names and objects of the package and its public modules."""
    modules = [getattr(pp, name) for name in pp.__all__]
    modules = [one for one in modules if isinstance(one, ModuleType)]
    modules += [importlib.import_module(name) for name in ALSO]
    for name in pp.__all__:
        if callable(getattr(pp, name)):
            yield f"pinchpoint.{name}", getattr(pp, name)
    for module in modules:
        if module.__name__ in NETWORKX:
            continue
        for name in getattr(module, "__all__", ()):
            if callable(getattr(module, name)):
                yield f"{module.__name__}.{name}", getattr(module, name)


def functions():
    for name, own in public():
        if inspect.isclass(own):
            for method, value in vars(own).items():
                if not method.startswith("_") and inspect.isfunction(value):
                    yield f"{name}.{method}", value
        else:
            yield name, own


def test_everything_public_is_in_the_reference():
    shown = documented()
    assert [name for name, own in public() if id(own) not in shown] == []


def test_public_modules_are_there_at_once():
    names = [name for name in pp.__all__ if isinstance(getattr(pp, name), ModuleType)]
    assert "errors" in names
    for name in names:
        code = f"import pinchpoint as pp; assert '{name}' in dir(pp); pp.{name}.__doc__"
        subprocess.run([sys.executable, "-c", code], check=True)


def test_modules_that_the_reference_shows_by_name_are_there():
    for name in ("jobs", "slurm", "units", "studies.figures"):
        code = f"import pinchpoint as pp; pp.{name}.__doc__"
        subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", [name for name, _ in functions()])
def test_docstrings_tell_what_is_taken(name):
    own = dict(functions())[name]
    text = inspect.getdoc(own) or ""
    assert text.split("\n")[0].endswith((".", "?")), name
    taken = [one for one in inspect.signature(own).parameters if one not in ("self", "cls")]
    silent = [one for one in taken if not re.search(rf"\b{one}\b", text)]
    assert silent == []
