"""Telling a partner which of its records could not be taken: at most once a day, never about a rejection."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.desk.context import Context
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json
from passerelle.storage import feeds
from passerelle.sync.batch import Draft

ONCE_IN_SECONDS = 86_400
MAX_ITEMS = 200


async def report(context: Context, scid: str) -> None:
    """Publish a `rejection` for what a partner's feeds brought and was quarantined since the last one."""
    now = int(context.clock().timestamp())
    if context.publisher.closed is not None or Origin(context.own, scid, 1).encode() not in context.heads:
        return
    async with context.database.reading() as connection:
        if now - await feeds.last_reported(connection, scid) < ONCE_IN_SECONDS:
            return
        items, places = await _unreported(connection, context.own, scid)
    if not items:
        return
    body: dict[str, Json] = {"items": items}
    if context.config.agency.fictitious:
        body["synthetic"] = True
    await context.publisher.publish([Draft("rejection", (scid,), body)])
    async with context.database.writing() as connection:
        for feed_id, index in places:
            await feeds.mark_reported(connection, feed_id, index, now)


async def _unreported(
    connection: AsyncConnection, own: str, scid: str
) -> tuple[list[Json], list[tuple[int, int]]]:
    items: list[Json] = []
    places: list[tuple[int, int]] = []
    for origin in (Origin(scid, None, 1), Origin(scid, own, 1)):
        held = await feeds.get(connection, origin)
        if held is None:
            continue
        for found in await feeds.unreported(connection, held.id, MAX_ITEMS - len(items)):
            places.append((held.id, found.index))
            if found.params.get("type") != "rejection":
                items.append({"origin": origin.encode(), "index": found.index, "code": found.code})
    return items, places
