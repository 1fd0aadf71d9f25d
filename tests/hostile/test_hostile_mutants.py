"""Every behaviour was seen to do harm to a node without its guard; here by a few, by ``make soak`` all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.behaviours import BEHAVIOURS
from tests.hostile.harm import assert_harm
from tests.hostile.mutants import MUTANTS

LIGHT = ("any-status", "labels-believed", "replays-pass", "no-room-limit")


def test_every_behaviour_has_its_mutant() -> None:
    """The table and the mutants name the same behaviours, each once."""
    named = [name for _, names in MUTANTS.values() for name in names]
    assert sorted(named) == sorted(row.name for row in BEHAVIOURS)


@pytest.mark.parametrize("mutant", LIGHT)
def test_without_its_guard_a_behaviour_does_harm(
    mutant: str, tmp_path_factory: pytest.TempPathFactory, target_home: Path
) -> None:
    """A check of the table that cannot fail would check nothing."""
    assert_harm(mutant, tmp_path_factory.mktemp("mutant"), target_home)
