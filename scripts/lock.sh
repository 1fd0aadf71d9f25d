#!/bin/sh
# Pins what pyproject.toml asks for: every library and its hashes for each platform, naming no host.
#
# Versions younger than a week are passed over: a release that was taken over is mostly found out by then.
# `demo.txt` is what a node runs with, `test.txt` adds what checks it, `node.txt` is Node.js where there is none.
# Needs the uv of PATH; run by `make lock` when pyproject.toml changes or libraries are to be renewed.
set -eu
cd "$(dirname "$0")/.."

before=$(python3 -c 'import datetime as d; print((d.datetime.now(d.UTC) - d.timedelta(days=7)).strftime("%Y-%m-%dT00:00:00Z"))')

pin() {
    output=$1
    shift
    printf '· %s\n' "$output" >&2
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --exclude-newer "$before" \
        --no-emit-index-url --no-emit-find-links --no-header --output-file "$output" "$@"
}

pin requirements/demo.txt "$@" pyproject.toml --group build
pin requirements/test.txt "$@" pyproject.toml --group build --group test --constraint requirements/demo.txt
pin requirements/node.txt "$@" --group node
