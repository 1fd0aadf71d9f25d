#!/bin/sh
# The checks behind `make lint`, `make test` and `make soak`. Runs from any folder; ends at the first that fails.
set -eu
cd "$(dirname "$0")/.."
. scripts/say.sh
bin=.venv/bin
export PYTHONDONTWRITEBYTECODE=1

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
    if [ $# -eq 0 ]; then
        step "tests" "$bin/python" -m tests.whole
    else
        step "tests" "$bin/python" -m pytest -q "$@"
    fi
    ;;
soak)
    shift
    exec "$bin/python" -m tests.soak "$@"
    ;;
*)
    echo "scripts/check.sh lint | tests | soak" >&2
    exit 2
    ;;
esac
