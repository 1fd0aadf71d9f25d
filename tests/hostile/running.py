"""Runs rows of the table against one node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.hostile.partner import as_it_is
from tests.hostile.scene import Outcome, Scene, attempt, scene, worst
from tests.hostile.table import Behaviour

BYSTANDER: Final = "XX-BYSTANDER"
"""One partner that is honest throughout."""
AT_ONCE: Final = 6
"""Behaviours under way at one time."""


async def run_all(
    rows: Sequence[Behaviour], folder: Path, home: Path, mutant: str = "-", patience: float | None = None
) -> dict[str, Outcome | Exception]:
    """What comes of each row; an exception where it could not be tried to the end, or not in so many seconds."""
    codes = {row.name: f"XX-{number:03}" for number, row in enumerate(rows)}
    found: dict[str, Outcome | Exception] = {}
    places = asyncio.Semaphore(AT_ONCE)
    ways = {codes[row.name]: row.peer for row in rows}
    async with scene(folder, home, ways | {BYSTANDER: as_it_is}, mutant) as made:

        async def one(row: Behaviour) -> None:
            async with places:
                try:
                    found[row.name] = await asyncio.wait_for(run(made, row, codes[row.name]), patience)
                except Exception as error:  # noqa: BLE001  the test of this row tells it
                    found[row.name] = error

        await asyncio.gather(*(one(row) for row in rows if not row.alone))
        for row in rows:
            if row.alone:
                await one(row)
    return found


async def run(made: Scene, row: Behaviour, code: str) -> Outcome:
    """Arm one partner, look at what comes of it, and look once more when it is honest again."""
    partner = made.partners[code]
    row.arm(partner)
    outcome = await attempt(made, partner, row.act, closely=bool(row.answers))
    partner.twists.clear()
    partner.public.note = partner.bilateral.note = None
    await made.visit(partner)
    outcome.again = worst(item["state"] for item in await made.states(partner))
    return outcome
