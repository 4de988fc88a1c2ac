#!/bin/sh
# The tour: each command is shown, then run.
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PATH"
COLUMNS=80
export PATH COLUMNS

step() {
    printf '\n%s\n\n$ %s\n\n' "$1" "$2"
    sh -c "$2" || exit 1
}

cluster='trn3-ultracluster --ultraservers 7168'
ends="\\
    'chip[ultraserver=0]' 'chip[ultraserver=7167]'"

step "1. From one UltraServer of a million-chip cluster to another: how much, and why?" \
    "pinchpoint bandwidth $cluster $ends"
step "2. The same with 100 random links down between leaves and spines:" \
    "pinchpoint bandwidth $cluster $ends \\
    --fail 'leaf-spine:100' --seed 1"
step "3. What that cluster is made of:" \
    "pinchpoint show $cluster"

cat <<'END'

That was exact, and checked: README.md goes on from here. In this shell:

    . .venv/bin/activate
    pinchpoint --help
END
