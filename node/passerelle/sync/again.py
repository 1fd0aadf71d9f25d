"""Looking again: at objects that wait for something, and for objects that did not come as they were meant.

An object waits for its author's identity log, for its time, or for a key of ours, and one in
quarantine for another version of this program; it is examined again when that has changed and
not before. One that never came, or came spoilt,
or was too much to keep, is asked for again: one bundle a pull, after pauses that grow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import TransportError
from passerelle.protocol.schemas import Schemas
from passerelle.protocol.tiles import TILE_WIDTH
from passerelle.storage import setbacks as setback_rows
from passerelle.storage import waiting
from passerelle.storage.feeds import Feed
from passerelle.storage.setbacks import Setback
from passerelle.sync.findings import Finding
from passerelle.sync.keeping import Room, keep_accepted, setback_of

if TYPE_CHECKING:
    from passerelle.storage.database import Database
    from passerelle.sync.fetch import FeedReader

MAX_OBJECTS = 256
"""Objects examined again in one pull; the others in the next ones."""
MAX_SECONDS = 1.0
"""Time for that; what is begun is ended."""
AT_ONCE = 16
"""Objects in memory at a time."""
FIRST_PAUSE_SECONDS = 60
LAST_PAUSE_SECONDS = 86_400

Examine = Callable[[Sequence[bytes], Sequence[bytes | None]], Awaitable[list[Finding]]]
_log = structlog.get_logger()


@cache
def this_code() -> str:
    """A digest of what this version judges records by: a record in quarantine waits for another (F-16)."""
    return sha256(f"{version('passerelle')} {Schemas.packaged().digest}".encode()).hexdigest()


async def examine_again(
    database: Database, held: Feed, examine: Examine, under: Mapping[str, str], now: int
) -> int:
    """Examine what waits and has a reason to be looked at again.

    Args:
        database: The rows.
        held: The feed.
        examine: Examines leaves, each with its object.
        under: By status, a digest of what is examined under now.
        now: POSIX seconds.

    Returns:
        How many objects became records.
    """
    async with database.reading() as connection:
        indexes = await waiting.due(connection, held.id, under, now, MAX_OBJECTS)
    freed, end = 0, monotonic() + MAX_SECONDS
    for start in range(0, len(indexes), AT_ONCE):
        if monotonic() > end:
            break
        async with database.reading() as connection:
            found = await waiting.setbacks_at(connection, held.id, indexes[start : start + AT_ONCE])
        results = await examine([leaf for _, leaf in found], [item.object for item, _ in found])
        offers = [(item, item.object, result) for (item, _), result in zip(found, results, strict=True)]
        async with database.writing() as connection:
            freed += await _settle(connection, held, offers, under)
    return freed


async def _settle(
    connection: AsyncConnection,
    held: Feed,
    offers: Sequence[tuple[Setback, bytes | None, Finding]],
    under: Mapping[str, str],
) -> int:
    """Keep what came of it; returns how many became records."""
    accepted = {
        item.index: (result, offered) for item, offered, result in offers if result.status == "accepted"
    }
    await setback_rows.drop(connection, held.id, list(accepted))
    await keep_accepted(connection, held.id, accepted)
    room = await Room.of(connection, held)
    for item, offered, result in offers:
        if item.index in accepted:
            continue
        room.give_back(item)
        changed = room.take(setback_of(item.index, result, offered, under))
        await waiting.change(connection, held.id, changed)
    return len(accepted)


async def ask_again(
    database: Database,
    reader: FeedReader,
    held: Feed,
    examine: Examine,
    under: Mapping[str, str],
    now: int,
    *,
    below: int,
) -> int:
    """Fetch once more the bundle of the object below an index that has been missed for the longest.

    Its author may have lost it for a while, or the road have spoilt it; a receipt stops
    before it until it is there. A road that fails is no failure of the pull.

    Returns:
        How many objects became records.
    """
    async with database.reading() as connection:
        missed = await waiting.to_ask_for(connection, held.id, below, now)
    if not missed:
        return 0
    number = missed[0][0] // TILE_WIDTH
    seen = {index: at for index, at in missed if index // TILE_WIDTH == number}
    try:
        objects = await reader.objects(number, held.size)
    except TransportError as error:
        _log.info("not-asked-again", origin=held.origin.encode(), code=error.code)
        objects = ()
    offered = {index: item for index, item in enumerate(objects, start=number * TILE_WIDTH) if index in seen}
    async with database.reading() as connection:
        found = await waiting.setbacks_at(connection, held.id, list(seen))
    new = [(item, leaf) for item, leaf in found if offered.get(item.index) not in {None, item.object}]
    results = await examine([leaf for _, leaf in new], [offered[item.index] for item, _ in new])
    better = [
        (item, offered[item.index], result)
        for (item, _), result in zip(new, results, strict=True)
        if result.receipt_may_cover or result.status != item.status
    ]
    async with database.writing() as connection:
        freed = await _settle(connection, held, better, under)
        later = {index: now + _pause(now - at) for index, at in seen.items()}
        await waiting.put_off(connection, held.id, later)
    return freed


def _pause(missed_for: int) -> int:
    """As long again as it has been missed: seconds until it is asked for again."""
    return min(LAST_PAUSE_SECONDS, max(FIRST_PAUSE_SECONDS, missed_for))
