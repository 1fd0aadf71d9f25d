"""A statement is complete only where the partner has answered lately."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from passerelle.node import utc_now
from passerelle.storage.tables import feed
from tests.unit.desk.story import Pair
from tests.unit.federation.world import introduce

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
