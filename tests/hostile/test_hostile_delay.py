"""An attack delays nobody else's sync: a light look here, the strict one with ``make soak``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.hostile.behaviours import behaviour_named
from tests.hostile.delay import measure

LIGHT = ("endless-body", "thousands-of-notices")


@pytest.mark.parametrize("name", LIGHT)
def test_another_partners_sync_is_hardly_delayed(name: str, tmp_path: Path, target_home: Path) -> None:
    """F-3: while one attacks, the records of another come nearly as fast; here with room for a busy machine."""
    delay = asyncio.run(measure(behaviour_named(name), tmp_path, target_home, records=256, rounds=3))
    assert delay.attacked <= 2 * delay.calm + 0.5, delay
