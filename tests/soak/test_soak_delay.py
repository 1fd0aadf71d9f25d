"""At length: an attack delays nobody else's sync, measured strictly. Run by ``make soak``, with nothing beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.hostile.behaviours import BEHAVIOURS, behaviour_named
from tests.hostile.delay import AT_ONCE, Delay, measure
from tests.hostile.table import Behaviour

BAR: Final = 1.1
FEW: Final = 3
MANY: Final = 11
RECORDS: Final = 2_048
"""New at each sync: it lasts about half a second."""


@pytest.mark.parametrize("start", range(0, len(BEHAVIOURS), AT_ONCE))
def test_another_partners_sync_is_not_delayed(
    start: int, tmp_path_factory: pytest.TempPathFactory, target_home: Path, conclude: Callable[[str], None]
) -> None:
    """F-3: less than a tenth longer while one attacks.

    Each behaviour is judged by the median of a few pairs. Where that is not below the bar, all of it is
    measured anew at length, and the new pairs alone count: one sync differs from the next by more than a tenth.
    """

    def measured(rows: Sequence[Behaviour], pairs: int) -> list[Delay]:
        return measure(rows, tmp_path_factory.mktemp("delay"), target_home, records=RECORDS, pairs=pairs)

    found = measured(BEHAVIOURS[start : start + AT_ONCE], FEW)
    slow = []
    for delay in found:
        conclude(str(delay))
        if delay.ratio >= BAR:
            (again,) = measured([behaviour_named(delay.name)], MANY)
            conclude(f"again: {again}")
            slow += [str(again)] if again.ratio >= BAR else []
    assert not slow, slow
