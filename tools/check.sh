#!/bin/sh
# Name what keeps the project from being built here, in one sentence; print nothing if all is there.
# Usage: check.sh [PYTHON]    prints to stdout, so that make can stop with it.
oldest_rust=1.88

cd "$(dirname "$0")/.." || exit 1
python=$(sh tools/python.sh "$1")
if [ -z "$python" ]; then
    found=$(${1:-python3} --version 2>&1) || found="none"
    echo "pinchpoint needs Python 3.11 or newer, found: $found; install one, or name it: make PYTHON=/path/to/python3"
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "pinchpoint needs Python's venv and ensurepip modules, which $python lacks; install its venv package (python3-venv on Debian and Ubuntu)"
elif ! command -v cargo >/dev/null 2>&1 || ! command -v rustc >/dev/null 2>&1; then
    echo "pinchpoint needs a Rust toolchain ($oldest_rust or newer) and finds no cargo; install one from rustup.rs and open a new shell"
elif ! rust=$(rustc --version 2>/dev/null | cut -d' ' -f2) || [ -z "$rust" ]; then
    echo "pinchpoint needs a Rust toolchain ($oldest_rust or newer) and rustc does not run; try: rustup default stable"
elif [ "$(printf '%s\n%s\n' "$oldest_rust" "$rust" | sort -t. -k1,1n -k2,2n | head -n 1)" != "$oldest_rust" ]; then
    echo "pinchpoint needs Rust $oldest_rust or newer, found: $rust; try: rustup update stable"
elif ! command -v cc >/dev/null 2>&1 && ! command -v gcc >/dev/null 2>&1 && ! command -v clang >/dev/null 2>&1; then
    echo "pinchpoint needs a C compiler, which links Rust too, and finds no cc; install a C compiler (build-essential on Debian and Ubuntu, xcode-select --install on macOS)"
fi
