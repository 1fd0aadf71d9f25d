"""Runs the page's own script under Node.js, and the page in Chromium where this machine has one."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent

# What a script answers has as many forms as there are scripts.
Core = Callable[[str, object], Any]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Without a browser the tests in it are not collected, and the run says so below.
collect_ignore = [] if CHROMIUM else ["test_verify_browser.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what this machine could not try."""
    if not CHROMIUM:
        terminalreporter.write_line(
            "Left out: the tests of docs/auditor/verify.html in a browser, which need Chromium (apt install chromium).",
            yellow=True,
        )


def run(node_js: Path, what: str, given: object = None) -> Any:
    """One run of ``run.mjs``; its answer."""
    done = subprocess.run(
        [node_js, "--no-warnings", HERE / "run.mjs", what],
        input=json.dumps(given).encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def core(node_js: Path) -> Core:
    """Calls a script with the page's core, as it stands in the page: ``(V, value, tools) => answer``."""

    def call(script: str, value: object) -> Any:
        return run(node_js, "call", {"script": script, "value": value})

    return call


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    assert CHROMIUM
    return CHROMIUM
