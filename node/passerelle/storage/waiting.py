"""Rows of objects that may still become records: what waits, until when, and what is to be asked for again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.setbacks import Setback, to_setback
from passerelle.storage.tables import leaf, setback

FOR_GOOD = "leaf.commitment-twice"
"""What no upgrade mends: the fault is in the feed, and the record stands at its first place."""


async def change(connection: AsyncConnection, feed_id: int, item: Setback) -> None:
    """Say anew what became of an object; when it was first seen, and whether it was reported, stay."""
    await connection.execute(
        update(setback)
        .where(setback.c.feed_id == feed_id, setback.c.idx == item.index)
        .values(
            status=item.status,
            code=item.code,
            params=json.dumps(item.params),
            object=item.object,
            gap=int(item.gap),
            again_at=item.again_at,
            under=item.under,
        )
    )


async def put_off(connection: AsyncConnection, feed_id: int, times: Mapping[int, int]) -> None:
    """Do not ask for these objects again before a time each, where they are still missed."""
    for index, again_at in times.items():
        await connection.execute(
            update(setback)
            .where(setback.c.feed_id == feed_id, setback.c.idx == index, setback.c.gap == 1)
            .values(again_at=again_at)
        )


async def due(
    connection: AsyncConnection, feed_id: int, under: Mapping[str, str], now: int, limit: int
) -> list[int]:
    """Indexes of objects that may become records now, those first that have waited longest.

    Args:
        connection: The transaction.
        feed_id: Which feed.
        under: By status what it is examined under: one that was under the same is left out.
        now: POSIX seconds.
        limit: How many at most.
    """
    changed = [and_(setback.c.status == status, setback.c.under != held) for status, held in under.items()]
    query = (
        select(setback.c.idx)
        .where(setback.c.feed_id == feed_id, setback.c.object.is_not(None))
        .where(setback.c.code != FOR_GOOD)
        .where(or_(and_(setback.c.status == "held", setback.c.again_at <= now), *changed))
        .order_by(setback.c.again_at, setback.c.idx)
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())


async def setbacks_at(
    connection: AsyncConnection, feed_id: int, indexes: Sequence[int]
) -> list[tuple[Setback, bytes]]:
    """Some setbacks with their objects, each beside its leaf."""
    rows = await connection.execute(
        select(setback, leaf.c.data)
        .join(leaf, and_(leaf.c.feed_id == setback.c.feed_id, leaf.c.idx == setback.c.idx))
        .where(setback.c.feed_id == feed_id, setback.c.idx.in_(indexes))
        .order_by(setback.c.idx)
    )
    return [(to_setback(row), row.data) for row in rows]


async def to_ask_for(connection: AsyncConnection, feed_id: int, size: int, now: int) -> list[tuple[int, int]]:
    """Indexes below a size, and times first seen, of objects that are due and not held as their author meant them.

    None came, too much waited already, or what came does not open or match its leaf.
    """
    lost = and_(setback.c.status != "quarantined", setback.c.object.is_(None))
    query = (
        select(setback.c.idx, setback.c.seen_at)
        .where(setback.c.feed_id == feed_id, setback.c.gap == 1, setback.c.again_at <= now)
        .where(setback.c.idx < size)
        .where(or_(lost, setback.c.code.like("object.%")))
        .order_by(setback.c.again_at, setback.c.idx)
    )
    return [(row.idx, row.seen_at) for row in await connection.execute(query)]
