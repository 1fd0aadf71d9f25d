"""What a desk goes by is of now: what has just been kept or become readable, and when the partner last answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from passerelle.node import utc_now
from passerelle.storage.tables import feed, record
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


async def test_what_becomes_readable_counts_at_once(fresh: Pair) -> None:
    """R-33, F-16: the fold that is kept in memory takes up a record that it has passed over before."""
    await introduce(fresh.togo, fresh.mali)
    made = await fresh.proposed()
    node = fresh.mali.node

    async def known(readable: int) -> tuple[bool, str | None]:
        async with node.database.writing() as connection:
            await connection.execute(
                update(record).where(record.c.digest == made["digest"]).values(readable=readable)
            )
        node.desk.ledger.changed()
        told: Any = await node.desk.records_show(made["id"])
        return made["digest"] in (await node.desk.ledger.state(utc_now().date())).verdicts, told["code"]

    await fresh.mali.hear(fresh.togo)
    assert await known(0) == (False, "schema.unreadable")
    assert await known(1) == (True, None)
