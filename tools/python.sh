#!/bin/sh
# Print a Python of at least 3.11: the one named, else the first one found. Prints nothing if none is.
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
for python in ${1:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if "$python" -c "$new_enough" >/dev/null 2>&1; then
        command -v "$python"
        exit
    fi
done
