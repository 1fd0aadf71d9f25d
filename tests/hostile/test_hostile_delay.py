"""An attack delays nobody else's sync: a light look here, the strict one with ``make soak``."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.behaviours import behaviour_named
from tests.hostile.delay import measure

LIGHT = ("endless-body", "thousands-of-notices")


def test_another_partners_sync_is_hardly_delayed(tmp_path: Path, target_home: Path) -> None:
    """F-3: while one attacks, the records of another come nearly as fast; here with room for a busy machine."""
    rows = [behaviour_named(name) for name in LIGHT]
    for delay in measure(rows, tmp_path, target_home, records=256, pairs=2, rank=0):
        assert delay.ratio <= 4, delay
