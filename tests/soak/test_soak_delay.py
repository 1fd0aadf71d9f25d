"""At length: an attack delays nobody else's sync, measured strictly. Run by ``make soak``, with nothing beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.behaviours import BEHAVIOURS
from tests.hostile.delay import AT_ONCE, measure


@pytest.mark.parametrize("start", range(0, len(BEHAVIOURS), AT_ONCE))
def test_another_partners_sync_is_not_delayed(
    start: int, tmp_path: Path, target_home: Path, conclude: Callable[[str], None]
) -> None:
    """F-3: less than a tenth longer while one attacks, each behaviour by the median of its pairs."""
    found = measure(BEHAVIOURS[start : start + AT_ONCE], tmp_path, target_home, records=1_024)
    for delay in found:
        conclude(str(delay))
    slow = [str(delay) for delay in found if delay.ratio >= 1.1]
    assert not slow, slow
