"""Rows of objects that did not become records: quarantined, pending, held or unopened, each with its code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.tables import feed, setback


@dataclass(frozen=True, slots=True)
class Setback:
    """An object that did not become a record.

    Args:
        index: Leaf index.
        status: ``pending``, ``held``, ``unopened``, ``empty`` or ``quarantined``.
        code: Stable code.
        params: Values for the sentence.
        object: The object as received, or None where there was none or too much is kept already.
        gap: Whether a receipt must stop before it: it did not open, did not match its leaf, or is not kept.
        again_at: Not looked at, or asked for, again before this time, POSIX seconds.
        under: Digest of what it was examined under, where it waits for that to change.
    """

    index: int
    status: str
    code: str
    params: Mapping[str, object]
    object: bytes | None
    gap: bool = False
    again_at: int = 0
    under: str = ""


async def put(connection: AsyncConnection, feed_id: int, found: Sequence[Setback], now: int) -> None:
    """Keep what did not become a record."""
    if found:
        await connection.execute(
            insert(setback),
            [
                {
                    "feed_id": feed_id,
                    "idx": item.index,
                    "status": item.status,
                    "code": item.code,
                    "params": json.dumps(item.params),
                    "object": item.object,
                    "gap": int(item.gap),
                    "seen_at": now,
                    "again_at": item.again_at,
                    "under": item.under,
                }
                for item in found
            ],
        )


async def every(
    connection: AsyncConnection, feed_id: int, *statuses: str, objects: bool = True
) -> list[Setback]:
    """What did not become a record, by index; of some statuses or all, with the bytes or without."""
    kept = setback.c.object if objects else null().label("object")
    columns = [column for column in setback.c if column.name != "object"]
    query = select(*columns, kept).where(setback.c.feed_id == feed_id).order_by(setback.c.idx)
    if statuses:
        query = query.where(setback.c.status.in_(statuses))
    return [to_setback(row) for row in await connection.execute(query)]


async def count(connection: AsyncConnection, feed_id: int | None = None) -> dict[str, int]:
    """How many objects met a setback, by status; of one feed or all."""
    query = select(setback.c.status, func.count()).group_by(setback.c.status)
    if feed_id is not None:
        query = query.where(setback.c.feed_id == feed_id)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def first_unjudged(connection: AsyncConnection, feed_id: int) -> int | None:
    """Index of the first object that is a record to come: pending, or held back; None where there is none."""
    query = select(func.min(setback.c.idx)).where(
        setback.c.feed_id == feed_id, setback.c.status.in_(("pending", "held"))
    )
    index: int | None = (await connection.execute(query)).scalar_one()
    return index


async def unreported(connection: AsyncConnection, feed_id: int, limit: int) -> list[Setback]:
    """Quarantined objects that their author was not told of yet."""
    rows = await connection.execute(
        select(setback.c.idx, setback.c.status, setback.c.code, setback.c.params)
        .where(setback.c.feed_id == feed_id, setback.c.status == "quarantined", setback.c.reported.is_(None))
        .order_by(setback.c.idx)
        .limit(limit)
    )
    return [Setback(row.idx, row.status, row.code, json.loads(row.params), None) for row in rows]


async def mark_reported(connection: AsyncConnection, feed_id: int, index: int, now: int) -> None:
    """Remember that the author of a quarantined object was told."""
    await connection.execute(
        update(setback).where(setback.c.feed_id == feed_id, setback.c.idx == index).values(reported=now)
    )


async def last_reported(connection: AsyncConnection, author: str) -> int:
    """When an author was last told of rejections, POSIX seconds; 0 for never."""
    row = await connection.execute(
        select(func.max(setback.c.reported))
        .join(feed, feed.c.id == setback.c.feed_id)
        .where(feed.c.author == author)
    )
    return row.scalar_one() or 0


async def drop(connection: AsyncConnection, feed_id: int, indexes: Sequence[int]) -> None:
    """Forget setbacks that were overcome, or are about to be put again."""
    await connection.execute(delete(setback).where(setback.c.feed_id == feed_id, setback.c.idx.in_(indexes)))


async def kept_bytes(connection: AsyncConnection, author: str) -> tuple[int, int]:
    """How many bytes of this author's objects lie in quarantine, and how many wait."""
    quarantined = setback.c.status == "quarantined"
    rows = await connection.execute(
        select(quarantined, func.coalesce(func.sum(func.length(setback.c.object)), 0))
        .join(feed, feed.c.id == setback.c.feed_id)
        .where(feed.c.author == author)
        .group_by(quarantined)
    )
    sums = {bool(row[0]): int(row[1]) for row in rows}
    return sums.get(True, 0), sums.get(False, 0)


def to_setback(row: object) -> Setback:
    """One row as a value."""
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001  SQLAlchemy's documented access
    return Setback(
        values["idx"],
        values["status"],
        values["code"],
        json.loads(values["params"]),
        values["object"],
        bool(values["gap"]),
        values["again_at"],
        values["under"],
    )
