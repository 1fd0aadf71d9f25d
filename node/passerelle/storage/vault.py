"""The vault: record bytes, salts and sealed objects, each put, read and destroyed alone.

Erasure and encryption at rest act here and nowhere else: no other table holds the
bytes of a record, and no leaf tells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.records import IN_AT_ONCE
from passerelle.storage.tables import place, vault_object, vault_record, vault_salt


async def put_records(connection: AsyncConnection, records: Mapping[str, bytes]) -> None:
    """Keep canonical record bytes by digest; a digest already kept stays as it is."""
    if not records:
        return
    wanted = list(records)
    known: set[str] = set()
    for start in range(0, len(wanted), IN_AT_ONCE):
        query = select(vault_record.c.digest).where(
            vault_record.c.digest.in_(wanted[start : start + IN_AT_ONCE])
        )
        known.update((await connection.execute(query)).scalars())
    rows = [{"digest": digest, "data": data} for digest, data in records.items() if digest not in known]
    if rows:
        await connection.execute(insert(vault_record), rows)


async def put_salts(connection: AsyncConnection, feed_id: int, salts: Mapping[int, bytes]) -> None:
    """Keep the salt of each place, 32 bytes."""
    if salts:
        rows = [{"feed_id": feed_id, "idx": index, "salt": salt} for index, salt in salts.items()]
        await connection.execute(insert(vault_salt), rows)


async def put_objects(connection: AsyncConnection, feed_id: int, objects: Mapping[int, bytes]) -> None:
    """Keep the sealed object of each place, as sent."""
    if objects:
        rows = [{"feed_id": feed_id, "idx": index, "data": data} for index, data in objects.items()]
        await connection.execute(insert(vault_object), rows)


async def get_record(connection: AsyncConnection, digest: str) -> bytes | None:
    """The canonical bytes of one record, or None where it is erased or unknown."""
    found = await connection.execute(select(vault_record.c.data).where(vault_record.c.digest == digest))
    return found.scalar_one_or_none()


async def get_records(connection: AsyncConnection, digests: Iterable[str]) -> Mapping[str, bytes]:
    """The canonical bytes of those of the records that are held."""
    found: dict[str, bytes] = {}
    wanted = list(digests)
    for start in range(0, len(wanted), IN_AT_ONCE):
        rows = await connection.execute(
            select(vault_record).where(vault_record.c.digest.in_(wanted[start : start + IN_AT_ONCE]))
        )
        found.update({row.digest: row.data for row in rows})
    return found


async def public_objects(
    connection: AsyncConnection, feed_id: int, first: int, end: int
) -> Mapping[int, tuple[bytes, bytes]]:
    """Salt and record bytes of the public objects with first <= index < end."""
    joined = place.join(vault_record, place.c.digest == vault_record.c.digest).join(
        vault_salt, and_(vault_salt.c.feed_id == place.c.feed_id, vault_salt.c.idx == place.c.idx)
    )
    rows = await connection.execute(
        select(place.c.idx, vault_salt.c.salt, vault_record.c.data)
        .select_from(joined)
        .where(place.c.feed_id == feed_id, place.c.idx >= first, place.c.idx < end)
    )
    return {row.idx: (row.salt, row.data) for row in rows}


async def sealed_objects(
    connection: AsyncConnection, feed_id: int, first: int, end: int
) -> Mapping[int, bytes]:
    """The sealed objects with first <= index < end."""
    rows = await connection.execute(
        select(vault_object.c.idx, vault_object.c.data).where(
            vault_object.c.feed_id == feed_id, vault_object.c.idx >= first, vault_object.c.idx < end
        )
    )
    return {row.idx: row.data for row in rows}


async def destroy(connection: AsyncConnection, feed_id: int, indexes: Sequence[int]) -> None:
    """Delete object, salt and, where no other place needs them, record bytes of these places."""
    at = and_(place.c.feed_id == feed_id, place.c.idx.in_(indexes))
    digests = [row.digest for row in await connection.execute(select(place.c.digest).where(at))]
    for table in (vault_salt, vault_object):
        await connection.execute(delete(table).where(table.c.feed_id == feed_id, table.c.idx.in_(indexes)))
    await connection.execute(delete(place).where(at))
    still = {
        row.digest
        for row in await connection.execute(select(place.c.digest).where(place.c.digest.in_(digests)))
    }
    gone = [digest for digest in digests if digest not in still]
    await connection.execute(delete(vault_record).where(vault_record.c.digest.in_(gone)))
