"""Runs the programs of others: Node.js scripts beside this file, one JSON value in, one out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent

# What a script answers has as many forms as there are scripts.
Outside = Callable[[str, object], Any]


@pytest.fixture(scope="session")
def outside(node_js: Path) -> Outside:
    """Calls ``NAME.mjs`` with a value and gives back its answer; no network is needed."""
    if not (HERE / "node_modules").is_dir():
        pytest.fail("tests/interop/node_modules is missing: run `make test`, which installs it")

    def call(name: str, value: object) -> Any:
        done = subprocess.run(
            [node_js, f"{name}.mjs"],
            cwd=HERE,
            input=json.dumps(value).encode(),
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return call
