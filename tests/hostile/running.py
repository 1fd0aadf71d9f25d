"""Runs rows of the table against one node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.hostile.scene import Outcome, Scene, attempt, scene, worst
from tests.hostile.table import Behaviour

AT_ONCE: Final = 6
"""Behaviours under way at one time."""


async def run_all(
    rows: Sequence[Behaviour], folder: Path, home: Path, mutant: str = "-"
) -> dict[str, Outcome | Exception]:
    """What comes of each row; an exception where it could not be tried to the end."""
    codes = {row.name: f"XX-{number:03}" for number, row in enumerate(rows)}
    found: dict[str, Outcome | Exception] = {}
    places = asyncio.Semaphore(AT_ONCE)
    async with scene(folder, home, list(codes.values()), mutant) as made:

        async def one(row: Behaviour) -> None:
            async with places:
                try:
                    found[row.name] = await run(made, row, codes[row.name])
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
    outcome = await attempt(made, partner, row.act)
    partner.twists.clear()
    partner.public.note = partner.bilateral.note = None
    await made.visit(partner)
    outcome.again = worst(item["state"] for item in await made.states(partner))
    return outcome
