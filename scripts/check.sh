#!/bin/sh
# The checks behind `make lint`, `make test` and `make soak`. Runs from any folder; ends at the first that fails.
set -eu
cd "$(dirname "$0")/.."
. scripts/say.sh
bin=.venv/bin
# Tests write nothing into the tree, so what a thousand processes are to load is compiled before they start: each
# would compile the whole package anew, which takes longer than all else in a start.
export PYTHONDONTWRITEBYTECODE=1
compiled() {
    "$bin/python" -m compileall -q node/passerelle
}

step() {
    say "$1"
    shift
    "$@"
}

lint() {
    step "style (ruff)" "$bin/ruff" check --quiet
    step "form (ruff format)" "$bin/ruff" format --check --quiet
    step "types (mypy --strict)" "$bin/mypy" --strict
    step "layers (import-linter)" "$bin/lint-imports" --no-logo
    step "dependencies (deptry)" "$bin/deptry" node
}

case "${1-}" in
lint)
    lint
    ;;
tests)
    shift
    compiled
    if [ $# -eq 0 ]; then
        step "tests" "$bin/python" -m tests.whole
    else
        step "tests" "$bin/python" -m pytest -q "$@"
    fi
    ;;
soak)
    shift
    compiled
    exec "$bin/python" -m tests.soak "$@"
    ;;
*)
    echo "scripts/check.sh lint | tests | soak" >&2
    exit 2
    ;;
esac
