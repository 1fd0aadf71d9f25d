"""How a partner sees the faults of `fifth`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from tests.faults.harness import offer
from tests.hostile.partner import Ask, Partner, Wire, honest
from tests.hostile.scene import Scene
from tests.planted.seeing import Look, records_to

# --- a head that is not asked for --------------------------------------------------------------------------


async def a_head_is_not_asked_for(made: Scene, partner: Partner) -> bool:
    """Start our node anew, and note which of its heads it asks for at its first visit."""
    asked: set[str] = set()

    async def noted(ask: Ask, wire: Wire, _data: bytes) -> None:
        asked.add(ask.target)
        await wire.answer(404)

    partner.twists["received"] = noted
    await made.target.stop()
    await made.target.start()
    await made.visit(partner)
    await asyncio.sleep(1.1)  # what is signed in the second of its start is refused as late
    folder = f"/received/{made.target.scid}"
    assert f"{folder}/to/1/checkpoint" in asked
    return f"{folder}/public/1/checkpoint" not in asked


# --- a part of it says not what ----------------------------------------------------------------------------


async def a_part_is_asked_for_alone(made: Scene, partner: Partner) -> bool:
    """Let the feed to our node grow within one object file, and note how the rest of that is asked for."""
    asked: list[Ask] = []

    async def noted(ask: Ask, wire: Wire, data: bytes) -> None:
        asked.append(ask)
        await honest(ask, wire, data)

    partner.add_bilateral(1)
    await made.visit(partner)
    partner.twists["to objects"] = noted
    partner.add_bilateral(1)
    await made.visit(partner)
    (ask,) = (ask for ask in asked if "range" in ask.headers)
    return "if-range" not in ask.headers


# --- a withdrawal that only partners hear of ---------------------------------------------------------------


async def a_withdrawal_is_told_to_us(made: Scene, partner: Partner) -> bool:
    """Have our node withdraw an offer, and look in its feed to us for the decision."""
    (told,) = await made.target.publish([offer("retrait", "ML")], "retrait")
    await made.target.call("decide", about=told["id"], outcome="withdraw")
    decided = [
        record.body["about"] for record in await records_to(made, partner) if record.type == "decision"
    ]
    return [about["id"] for about in decided if isinstance(about, dict)] == [told["id"]]


SEEN: Final[Mapping[str, Look]] = {
    "told-to-partners": a_withdrawal_is_told_to_us,
    "own-feed-alone": a_head_is_not_asked_for,
    "unconditional-range": a_part_is_asked_for_alone,
}
"""How each fault of `fifth` is seen."""

OTHERS: Final[Mapping[str, str]] = {
    "told-to-partners": "SC-FICT",
    "own-feed-alone": "RW-FICT",
    "unconditional-range": "CV-FICT",
}
"""Who sees it: a partner of its own, as in `seeing`."""
