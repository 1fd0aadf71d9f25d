"""At length: every guard against hostile partners taken out, one by one. Run by ``make soak``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.harm import assert_harm
from tests.hostile.mutants import MUTANTS


@pytest.mark.parametrize("mutant", MUTANTS)
def test_without_its_guard_a_behaviour_does_harm(mutant: str, tmp_path: Path, target_home: Path) -> None:
    """Every behaviour was seen to break its row against a node that lacks what stops it."""
    assert_harm(mutant, tmp_path, target_home)
