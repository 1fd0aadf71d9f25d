"""The rules that hold the code and the tests are seen to refuse what they must refuse."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent


def _ruff_codes(source: str, place: str) -> set[str]:
    """The rules that ``source`` would break if it stood at ``place``."""
    command = [str(BIN / "ruff"), "check", "--output-format=concise", f"--stdin-filename={place}", "-"]
    done = subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=False)
    return {line.split(": ")[1].split()[0] for line in done.stdout.splitlines() if line.count(": ")}


@pytest.mark.parametrize(
    "call",
    [
        "import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)\n",
        "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
        "import json\n\nDATA = json.dumps({})\n",
        "import uuid\n\nID = uuid.uuid4()\n",
        "import secrets\n\nSALT = secrets.token_bytes(32)\n",
    ],
)
@pytest.mark.parametrize("layer", ["protocol", "exchange"])
def test_the_core_is_given_its_time_and_its_randomness(call: str, layer: str) -> None:
    """No clock, no randomness and no second JSON encoder in the core; elsewhere they are used."""
    assert "TID251" in _ruff_codes(call, f"node/passerelle/{layer}/planted.py")
    assert "TID251" not in _ruff_codes(call, "node/passerelle/desk/planted.py")


LINT_IMPORTS = (
    "import sys; sys.path.insert(0, {}); from importlinter.cli import lint_imports_command as run; run()"
)


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("protocol", "import time"),
        ("protocol", "import logging"),
        ("protocol", "import passerelle.storage"),
        ("exchange", "import os"),
        ("exchange", "import passerelle.desk"),
        ("audit", "import passerelle.exchange"),
        ("audit", "import passerelle.storage"),
        ("storage", "import passerelle.sync"),
        ("desk", "import passerelle.server"),
    ],
)
def test_a_module_imports_only_from_below(tmp_path: Path, package: str, line: str) -> None:
    """docs/developer/layers.md: an import from a row above, or of I/O in the core, fails `make lint`."""
    copy = tmp_path / "passerelle"
    shutil.copytree(ROOT / "node" / "passerelle", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / package / "planted.py").write_text(f"{line}\n", "utf-8")
    options = ["--no-cache", f"--config={ROOT / 'pyproject.toml'}"]
    command = [sys.executable, "-c", LINT_IMPORTS.format(repr(str(tmp_path))), *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "planted" in done.stdout


def _run_pytest(folder: Path, test: str) -> subprocess.CompletedProcess[str]:
    """A run of one test file under the conftest of this tree."""
    (folder / "tests").mkdir(exist_ok=True)
    for name in ("conftest.py", "produced.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "tests" / "test_planted.py").write_text(test, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "tests"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        ("def test_a():\n    pass\n", True),
        ("import pytest\ndef test_a():\n    pass\ndef test_b():\n    pytest.skip('no reason')\n", False),
        ("X = 1\n", False),
        ("import warnings\ndef test_a():\n    warnings.warn('old')\n", False),
    ],
    ids=["a test that passes", "a skip", "no test", "a warning"],
)
def test_a_run_passes_only_if_every_test_ran(tmp_path: Path, body: str, passes: bool) -> None:
    """CONTRIBUTING.md: a skipped test fails the run, and so does a run without tests."""
    done = _run_pytest(tmp_path, body)
    assert (done.returncode == 0) is passes, done.stdout


REPORTS = (
    "import pytest\nfrom passerelle.errors import ProtocolError\nfrom passerelle.protocol import profile\n"
)


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        (
            "with pytest.raises(ProtocolError, match=r'json\\.nul'):\n        profile.parse(b'[\"\\\\u0000\"]')",
            True,
        ),
        ("with pytest.raises(ProtocolError):\n        profile.parse(b'[\"\\\\u0000\"]')", False),
        ("assert 'json.nul'", False),
        ("with pytest.raises(ProtocolError):\n        raise ProtocolError('json.nul')", False),
        ("assert profile.parse(b'1') == 1, 'json.nul'", False),
    ],
)
def test_a_code_is_produced_by_the_test_that_is_named_for_it(tmp_path: Path, body: str, passes: bool) -> None:
    """CONTRIBUTING.md: the node makes it while the test runs, and the test looks for it; a mention is not enough."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "produced.json").write_text(
        '{"json.nul": "tests/test_planted.py::test_it"}', "utf-8"
    )
    done = _run_pytest(tmp_path, f"{REPORTS}\n\ndef test_it():\n    {body}\n")
    assert (done.returncode == 0) is passes, done.stdout


def test_a_test_that_is_named_for_a_code_is_there(tmp_path: Path) -> None:
    """A renamed test leaves no code without one."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "produced.json").write_text(
        '{"json.nul": "tests/test_planted.py::test_other"}', "utf-8"
    )
    done = _run_pytest(tmp_path, "def test_it():\n    pass\n")
    assert done.returncode != 0
    assert "test_other" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "call",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "socket.create_connection(('2001:db8::1', 80), timeout=1)",
        "socket.getaddrinfo('agency.example', 443)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    ],
)
def test_tests_stay_on_this_machine(call: str) -> None:
    """CONTRIBUTING.md: a connection to anything but loopback fails."""
    code = f"import socket\nimport tests.conftest\n{call}\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "tests stay on this machine" in done.stderr


def test_node_js_is_one_that_reads_json_right(node_js: Path) -> None:
    """The independent implementations run under Node.js 20 to 22, from the machine or from a wheel."""
    done = subprocess.run([node_js, "--version"], capture_output=True, text=True, check=True)
    assert 20 <= int(done.stdout.removeprefix("v").split(".")[0]) <= 22


def test_node_js_reads_an_escaped_member_name_after_a_backslash(node_js: Path) -> None:
    """nodejs/node issue 63785: the Node.js that judges our bytes is one without it."""
    program = r"""
        JSON.parse('{"h":[],"\\\\":0}')
        console.log(Object.keys(JSON.parse('{"h":1,"\\"":2}'))[1])
    """
    done = subprocess.run([node_js, "--eval", program], capture_output=True, text=True, check=True)
    assert done.stdout == '"\n'
