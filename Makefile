# Every target makes the environment it needs (.venv) by itself, from a fresh clone too.
# Name another Python with `make PYTHON=python3.12 ...`.

BIN := .venv/bin
RUST_FILES := $(shell find rust -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock

ifneq ($(MAKECMDGOALS),clean)
MISSING := $(shell sh tools/check.sh $(PYTHON))
ifneq ($(MISSING),)
$(error $(MISSING))
endif
endif

.DEFAULT_GOAL := help
.PHONY: help tour test test-rust test-python test-long races bench bench-profile bench-smoke bench-tables lint format docs wheel clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

tour: .venv/built  ## build, then the main job on a million-chip cluster
	@sh tools/tour.sh

test: test-rust test-python  ## all tests, Rust and Python

test-rust:
	cargo test --locked

test-python: .venv/built .venv/group-test
	$(BIN)/python -m pytest

test-long: .venv/built .venv/group-test  ## the same with many more random cases
	PINCHPOINT_CASES=100000 PROPTEST_CASES=10000 cargo test --locked
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest

races:  ## look for data races between the helper threads
	sh tools/races.sh

bench: .venv/built .venv/group-test .venv/group-bench  ## race every peer, hours; docs/benchmarks/maxflow.md
	$(BIN)/python benches/python/write_maxflow.py --store .venv/maxflow.json

bench-smoke: .venv/built .venv/group-test  ## run every benchmark once, on small sizes
	BENCH_SMOKE=1 $(BIN)/python -m pytest benches/python
	$(BIN)/python benches/python/race.py --small --rounds 1 --only pair,torus
	$(BIN)/python benches/python/import_time.py
	$(BIN)/python benches/python/write_tables.py --smoke
	$(BIN)/python benches/python/write_queries.py --smoke
	$(BIN)/python benches/python/bench_failures.py --smoke
	$(BIN)/python benches/python/write_congestion.py --smoke
	if command -v valgrind >/dev/null; then $(BIN)/python benches/python/write_profile.py --smoke; fi

lint: .venv/built .venv/group-test .venv/group-lint  ## format, lints, types, stubs
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest pinchpoint._core

bench-profile: .venv/built .venv/group-test  ## count instructions of the plain solver (needs valgrind); docs/benchmarks/profile.md
	$(BIN)/python benches/python/write_profile.py

bench-tables: .venv/built .venv/group-test  ## measure on this machine and write the tables of the docs
	$(BIN)/python benches/python/import_time.py
	$(BIN)/python benches/python/write_tables.py
	$(BIN)/python benches/python/write_queries.py
	$(BIN)/python benches/python/bench_failures.py
	$(BIN)/python benches/python/write_congestion.py

format: .venv/group-lint  ## format both languages
	cargo fmt --all
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: .venv/built .venv/group-docs  ## the documentation, warnings as errors, in docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

wheel: .venv/tools  ## wheel and sdist in dist
	rm -rf dist
	CARGO_TARGET_DIR="$(CURDIR)/target" $(BIN)/maturin build --release --sdist --out dist

clean:  ## remove what was built
	rm -rf .venv dist docs/_build target
	find python tests benches -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f python/pinchpoint/_core*.so

# Environment. The empty files are stamps, dated when the work on them began: a source that
# changes meanwhile is newer, and built again.

.venv/tools:
	@echo "Making .venv ..."
	@"$$(sh tools/python.sh $(PYTHON))" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1" "maturin>=1.9,<2"
	@touch $@

.venv/built: .venv/tools pyproject.toml $(RUST_FILES)
	@echo "Building pinchpoint, a minute or two the first time ..."
	@touch $@.begun
	@PIP_QUIET=1 VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/maturin develop --quiet --release --extras cli
	@$(BIN)/python -m compileall -q python/pinchpoint
	@mv $@.begun $@

.venv/group-%: .venv/tools pyproject.toml
	@$(BIN)/python -m pip install --quiet --group $*
	@touch $@
