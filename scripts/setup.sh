#!/bin/sh
# Sets up what the Makefile's targets need, inside the clone.
#
#   scripts/setup.sh venv             makes .venv with $PYTHON (3.11 or newer)
#   scripts/setup.sh packages demo    installs requirements/demo.txt and passerelle itself, from this tree
#   scripts/setup.sh packages test    the same with requirements/test.txt
#   scripts/setup.sh node             installs the JavaScript libraries that check our bytes
#   scripts/setup.sh strace           has the tests' disks fail: installed where this is Debian and we are root
#   scripts/setup.sh chromium         opens the auditor's page in a browser: likewise
#
# Every step may be repeated; a step that finds its work done asks the network for nothing.
set -eu
cd "$(dirname "$0")/.."
. scripts/say.sh

make_venv() {
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null 2>&1 ||
        give_up "$python is not here. Install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv)."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        give_up "$("$python" --version) is too old: 3.11 or newer is needed. Name another with PYTHON=python3.12."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        give_up "Python's venv module is not here (Debian, Ubuntu: apt install python3-venv)."
    say "making .venv with $("$python" --version)"
    "$python" -m venv .venv
}

# Shows how far pip is, and all that it said where it fails.
pip_install_locked() {
    lock=$1
    log=.venv/install.log
    {
        .venv/bin/python -m pip install --no-deps --require-hashes --requirement "$lock" 2>&1 || echo "pip failed"
    } | tee "$log" | progress "$(grep -c '^[a-z].*==' "$lock")" '^(Collecting|Processing|Requirement already satisfied)'
    if [ "$(tail -n 1 "$log")" = "pip failed" ]; then
        sed '$d' "$log" >&2
        give_up "the libraries of $lock could not be installed; what pip said stands above. The first set-up needs the network."
    fi
}

install_packages() {
    say "installing the libraries of requirements/$1.txt, each checked against its hash"
    pip_install_locked "requirements/$1.txt"
    say "installing passerelle from this tree"
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
}

install_node_libraries() {
    if ! node=$(scripts/node.sh); then
        say "no Node.js of version 20 to 22 here: installing one into .venv"
        pip_install_locked requirements/node.txt
        node=$(scripts/node.sh) || give_up "the Node.js of requirements/node.txt does not run on this machine."
    fi
    say "installing the JavaScript libraries of tests/interop with Node.js $("$node" --version)"
    npm=$(scripts/node.sh npm)
    (cd tests/interop && PATH="$(dirname "$node"):$PATH" "$node" "$npm" ci --ignore-scripts --no-audit --no-fund)
}

# Without it the cases of tests/faults that need a failing disk are not collected, and the run says so.
install_strace() {
    command -v strace >/dev/null 2>&1 && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing strace, with which the tests make a disk fail"
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends strace >/dev/null 2>&1 && return
    fi
    say "no strace here: the tests of failing disks are left out (Debian, Ubuntu: apt install strace)"
}

# Without it tests/verify runs the auditor's page under Node.js alone, and the run says so.
install_chromium() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing chromium, in which the tests open the auditor's page"
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends chromium >/dev/null 2>&1 && return
    fi
    say "no chromium here: the tests of docs/auditor/verify.html in a browser are left out (Debian, Ubuntu: apt install chromium)"
}

case "${1-}" in
venv) make_venv ;;
packages) install_packages "$2" ;;
node) install_node_libraries ;;
strace) install_strace ;;
chromium) install_chromium ;;
*) give_up "scripts/setup.sh venv | packages demo|test | node | strace | chromium" ;;
esac
