"""Records that this node could not read, looked at again after an upgrade (spec/09-following.md, F-16).

A record of an unknown type or major version is kept and verified like any other (R-33), and
shown as unreadable. The checks that it has passed hold for good; the one that was left out,
its schema, is made here, once for each version of this program that judges otherwise. What
fits counts from now on. What does not is in quarantine from now on: its bytes stay where
they are, for a receipt may cover them, and another version looks at it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import ProtocolError
from passerelle.protocol.records import Record
from passerelle.protocol.schemas import Schemas
from passerelle.storage import records as record_rows
from passerelle.storage import setbacks as setback_rows
from passerelle.storage import vault
from passerelle.storage.database import Database
from passerelle.storage.setbacks import Setback
from passerelle.sync import again
from passerelle.sync.keeping import bounded

AT_ONCE = 64
"""Records in memory, and in one transaction, at a time: 16 MiB at the most."""

_EXAMINED_UNDER = "unreadable-examined-under"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What came of records that could not be read before.

    Args:
        read: How many can be read now.
        quarantined: How many do not fit the schema that is known now.
    """

    read: int = 0
    quarantined: int = 0


async def examine_unreadable(database: Database, schemas: Schemas, now: int) -> Upgraded:
    """Hold every unreadable record to its schema, where this code has not yet done so.

    Broken off in the middle it begins again at the next start: what was done is not done twice.

    Args:
        database: The rows.
        schemas: What is known of record types now.
        now: POSIX seconds.
    """
    under = again.this_code()
    async with database.reading() as connection:
        if await record_rows.get_fact(connection, _EXAMINED_UNDER) == under:
            return Upgraded()
    done, last = Upgraded(), 0
    while True:
        async with database.reading() as connection:
            part = await record_rows.unreadable(connection, above=last, limit=AT_ONCE)
            held = await vault.get_records(connection, part.values())
        if not part:
            break
        last = max(part)
        data = {
            number: held[digest] for number, digest in part.items() if digest in held
        }  # others are erased
        found = await asyncio.to_thread(_readings, schemas, data)
        async with database.writing() as connection:
            done = await _settle(connection, found, under, now, done)
    async with database.writing() as connection:
        await record_rows.put_fact(connection, _EXAMINED_UNDER, under)
    if done != Upgraded():
        _log.info("unreadable-examined", read=done.read, quarantined=done.quarantined)
    return done


def _readings(schemas: Schemas, data: Mapping[int, bytes]) -> dict[int, str | ProtocolError]:
    """By number, what the schemas make of each record: a reading, or the fault."""
    found: dict[int, str | ProtocolError] = {}
    for number, item in data.items():
        try:
            found[number] = schemas.check_incoming(Record.parse(item).value)
        except ProtocolError as error:
            found[number] = error
    return found


async def _settle(
    connection: AsyncConnection,
    found: Mapping[int, str | ProtocolError],
    under: str,
    now: int,
    done: Upgraded,
) -> Upgraded:
    """Keep what came of some records."""
    read = [number for number, result in found.items() if result in {"known", "newer-minor"}]
    faults = {number: result for number, result in found.items() if isinstance(result, ProtocolError)}
    by_feed: dict[int, dict[int, int]] = {}
    for number, feed_id, index in await record_rows.places_in_feeds(connection, [*read, *faults]):
        by_feed.setdefault(feed_id, {})[index] = number
    for feed_id, numbers in by_feed.items():
        await setback_rows.drop(connection, feed_id, list(numbers))  # of an earlier version's look
        bad = [
            _setback(index, faults[number], under) for index, number in numbers.items() if number in faults
        ]
        await setback_rows.put(connection, feed_id, bad, now)
    await record_rows.make_readable(connection, read)
    return replace(done, read=done.read + len(read), quarantined=done.quarantined + len(faults))


def _setback(index: int, fault: ProtocolError, under: str) -> Setback:
    """A record in quarantine whose bytes lie in the vault already."""
    return Setback(index, "quarantined", fault.code, bounded(fault.params), None, under=under)
