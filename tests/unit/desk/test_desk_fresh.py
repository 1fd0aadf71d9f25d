"""What a desk goes by is of now: what a visit has just kept, and when the partner last answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from passerelle.node import utc_now
from passerelle.storage.tables import feed
from tests.unit.desk.story import Pair, publish
from tests.unit.federation.world import MALI, TOGO, dossier, introduce

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize(("days", "complete"), [(6, True), (8, False)])
async def test_silence_makes_a_statement_incomplete(fresh: Pair, days: int, complete: bool) -> None:
    """Chapter 09, stale: a node that was off itself says current of feeds that it has not asked for."""
    await introduce(fresh.togo, fresh.mali)
    then = int((utc_now() - timedelta(days=days)).timestamp())
    async with fresh.togo.node.database.writing() as connection:
        await connection.execute(update(feed).where(feed.c.author == fresh.mali.scid).values(checked=then))
    told: Any = await fresh.togo.node.desk.statement(fresh.mali.scid)
    assert told["basis"]["feed_state"] == "current"
    assert told["basis"]["complete"] is complete


async def test_publishing_while_a_visit_is_under_way(fresh: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """S-14, R-28: `seen` names what was cosigned, and the fold has read as far, before the visit has said so."""
    await introduce(fresh.togo, fresh.mali)
    card = dossier(TOGO, MALI, fresh.togo.scid, fresh.mali.scid, "TG-VIR-000001")
    await publish(fresh.togo, card)
    await publish(fresh.mali, dossier(MALI, TOGO, fresh.mali.scid, fresh.togo.scid, "ML-VIR-000001"))
    await fresh.togo.node.desk.statement(fresh.mali.scid)  # the fold is up to date
    monkeypatch.setattr(fresh.togo.node.desk.ledger, "changed", lambda: None)  # as until a visit ends
    await fresh.togo.hear(fresh.mali)
    answer = await publish(fresh.togo, card)
    shown: Any = await fresh.togo.node.desk.records_show(answer["digest"])
    assert shown["record"]["seen"][fresh.mali.scid] == {"feed": 1, "size": 1}
