"""Runs the behaviours of one mutant, and expects each to break its row."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from tests.hostile.behaviours import behaviour_named
from tests.hostile.mutants import MUTANTS
from tests.hostile.running import run_all

PATIENCE_SECONDS: Final = 40.0


def assert_harm(mutant: str, folder: Path, home: Path) -> None:
    """Raises AssertionError where a behaviour ends as its row says, though its guard is gone."""
    rows = [behaviour_named(name) for name in MUTANTS[mutant][1]]
    found = asyncio.run(run_all(rows, folder, home, mutant, PATIENCE_SECONDS))
    for row in rows:
        outcome = found[row.name]
        if isinstance(outcome, Exception):
            continue
        with pytest.raises(AssertionError):
            row.check(outcome)
