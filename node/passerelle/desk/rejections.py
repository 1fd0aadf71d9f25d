"""Telling a partner which of its records could not be taken: at most once a day, never about a rejection."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.desk.context import Context
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json
from passerelle.storage import feeds
from passerelle.storage import setbacks as setback_rows
from passerelle.sync.signing import Draft

ONCE_IN_SECONDS = 86_400
MAX_ITEMS = 200
NEVER = 0
"""Noted instead of a time where a place is not to be reported."""


async def report(context: Context, scid: str) -> None:
    """Publish a `rejection` for what a partner's feeds brought and was quarantined since the last one."""
    now = int(context.clock().timestamp())
    if context.publisher.closed is not None or Origin(context.own, scid, 1).encode() not in context.heads:
        return
    async with context.database.reading() as connection:
        if now - await setback_rows.last_reported(connection, scid) < ONCE_IN_SECONDS:
            return
        found = await _unreported(connection, context.own, scid)
    told = [item for item in found if not item.of_rejection]

    async def mark(connection: AsyncConnection) -> None:
        for item in found:
            # What is passed over is done with as well, or enough of it would hide the rest for ever.
            reported = NEVER if item.of_rejection else now
            await setback_rows.mark_reported(connection, item.feed_id, item.index, reported)

    if told:
        body: dict[str, Json] = {"items": [item.told() for item in told]}
        if context.config.agency.fictitious:
            body["synthetic"] = True
        # In one transaction: a crash between the two would tell the partner again, or never.
        await context.publisher.publish([Draft("rejection", (scid,), body)], also=mark)
    elif found:
        async with context.database.writing() as connection:
            await mark(connection)


@dataclass(frozen=True, slots=True)
class _Quarantined:
    """One place that nobody has looked at for a report."""

    feed_id: int
    origin: str
    index: int
    code: str
    of_rejection: bool

    def told(self) -> Json:
        """The item of a `rejection`."""
        return {"origin": self.origin, "index": self.index, "code": self.code}


async def _unreported(connection: AsyncConnection, own: str, scid: str) -> list[_Quarantined]:
    found: list[_Quarantined] = []
    for origin in (Origin(scid, None, 1), Origin(scid, own, 1)):
        held = await feeds.get(connection, origin)
        if held is None:
            continue
        for item in await setback_rows.unreported(connection, held.id, MAX_ITEMS - len(found)):
            of_rejection = item.params.get("type") == "rejection"
            found.append(_Quarantined(held.id, origin.encode(), item.index, item.code, of_rejection))
    return found
