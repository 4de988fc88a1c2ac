"""Every code block of README and docs does what it shows.

```python blocks are doctests that share a namespace per page; ```console blocks are commands
after `$`, with exactly the output that follows. `make` and `pip` are commands of .ci/run.
"""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(p for p in ROOT.glob("docs/**/*.md") if "_build" not in p.parts),
]
FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {"python", "console", "text", "toml", "yaml", "{toctree}", "{eval-rst}", "{math}"}


def page_id(page):
    return str(page.relative_to(ROOT))


def blocks(page, language):
    """(line, text) of each block of one language."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        if match[1] == language:
            yield text.count("\n", 0, match.start()) + 2, match[2]


def commands():
    for page in PAGES:
        for line, text in blocks(page, "console"):
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, shown = split_command(part)
                if not command.startswith(("make ", "pip ", "git ")):
                    yield pytest.param(command, shown, id=f"{page_id(page)}:{line}")


def split_command(part):
    """A command, which ends at the first line without a backslash, and what is shown below it."""
    lines = part.splitlines()
    last = next(i for i, line in enumerate(lines) if not line.endswith("\\"))
    return "\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :]).strip()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_blocks_are_of_known_kinds(page):
    found = {match[1] for match in FENCE.finditer(page.read_text(encoding="utf-8"))}
    assert found <= LANGUAGES


@pytest.mark.parametrize("page", [p for p in PAGES if any(blocks(p, "python"))], ids=page_id)
def test_python(page):
    parser, namespace = doctest.DocTestParser(), {}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    report = []
    for line, text in blocks(page, "python"):
        assert ">>> " in text, f"{page_id(page)}:{line} shows no prompt, so nothing would run"
        test = parser.get_doctest(text, namespace, page_id(page), str(page), line - 1)
        runner.run(test, out=report.append, clear_globs=False)
        namespace = test.globs
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize(("command", "shown"), list(commands()))
def test_console(command, shown):
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
    }
    run = subprocess.run(
        command, shell=True, cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True
    )
    printed = "\n".join(line.rstrip() for line in (run.stdout + run.stderr).strip().splitlines())
    assert printed == shown
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target
