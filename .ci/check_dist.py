"""Check a built wheel and sdist, and the wheel as installed beside numpy only.

``check_dist.py DIST`` is run by the Python of an environment that holds the wheel and its needs.
"""

import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

WHEEL_HAS = [
    "pinchpoint/__init__.py",
    "pinchpoint/_core.abi3.so",
    "pinchpoint/_core.pyi",
    "pinchpoint/py.typed",
    "pinchpoint/catalogue/figures.json",
    "licenses/LICENSE-APACHE",
    "licenses/LICENSE-MIT",
    "entry_points.txt",
]
SDIST_HAS = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "pyproject.toml",
    "python/pinchpoint/__init__.py",
    "rust/pinchpoint-core/src/lib.rs",
    "rust/pinchpoint-py/src/lib.rs",
]
NEVER = ["__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", "/target/", ".venv"]

TRY = """
import sys
before = set(sys.modules)
import pinchpoint as pp

fabric = pp.Fabric.from_links([0, 1], [1, 2], [400.0, 200.0])
assert fabric.bandwidth(0, 2).gbit_per_s == 200.0
rack = pp.clusters.gb200_nvl72()
assert rack.bandwidth("chip[chip=0]", "chip[chip=1]").gbyte_per_s == 900.0
allowed = {"pinchpoint", "numpy"} | set(sys.stdlib_module_names)
other = {name.partition(".")[0] for name in set(sys.modules) - before} - allowed
assert not other, f"imports {sorted(other)}"
"""


def main(dist: Path) -> None:
    """Stop with the first thing that is missing."""
    (wheel,) = dist.glob("*.whl")
    (sdist,) = dist.glob("*.tar.gz")
    assert "-cp311-abi3-" in wheel.name, wheel.name
    inside = zipfile.ZipFile(wheel).namelist()
    require(wheel.name, inside, WHEEL_HAS)
    sources = {p.name for p in Path(__file__).parents[1].glob("python/pinchpoint/**/*.py")}
    require(wheel.name, [Path(name).name for name in inside], sorted(sources))
    with tarfile.open(sdist) as archive:
        require(sdist.name, archive.getnames(), SDIST_HAS)

    installed = {d.metadata["Name"].lower() for d in metadata.distributions()}
    assert installed <= {"pinchpoint", "numpy", "pip", "setuptools", "wheel"}, installed
    about = metadata.metadata("pinchpoint")
    assert about["License-Expression"] == "MIT OR Apache-2.0", about["License-Expression"]
    assert about["Description-Content-Type"].startswith("text/markdown")
    subprocess.run([sys.executable, "-I", "-c", TRY], check=True)
    refused = subprocess.run(
        [Path(sys.executable).with_name("pinchpoint"), "clusters"], capture_output=True, text=True
    )
    assert refused.returncode == 2, refused.stderr
    assert "pinchpoint[cli]" in refused.stderr, refused.stderr
    print(
        f"wheel: {wheel.name}, {wheel.stat().st_size / 1e6:.2f} MB, {len(inside)} files, "
        f"works with numpy {metadata.version('numpy')} only"
    )


def require(where: str, names: list[str], wanted: list[str]) -> None:
    """Each wanted name ends some name, and nothing stands there that never should."""
    missing = [want for want in wanted if not any(name.endswith(want) for name in names)]
    assert not missing, f"{where} lacks {missing}"
    stray = [name for name in names if any(bad in name for bad in NEVER)]
    assert not stray, f"{where} holds {stray}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
