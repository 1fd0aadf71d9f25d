"""The vault: record bytes, salts and sealed objects, each put, read and destroyed alone.

Erasure and encryption at rest act here and nowhere else: no other table holds the
bytes of a record, and no leaf tells them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.bulk import IN_AT_ONCE, find_rows, insert_rows
from passerelle.storage.tables import place, record, vault_object, vault_record, vault_salt


async def put_records(connection: AsyncConnection, records: Mapping[int, bytes]) -> None:
    """Keep canonical record bytes by the record's number; what is already kept stays as it is."""
    known = await _numbers_kept(connection, records)
    await put_new(connection, [(number, data) for number, data in records.items() if number not in known])


async def put_new(connection: AsyncConnection, records: Sequence[tuple[int, bytes]]) -> None:
    """Keep the bytes of records, by number, of which none is kept yet."""
    await insert_rows(connection, vault_record, ("record", "data"), records)


async def _numbers_kept(connection: AsyncConnection, numbers: Collection[int]) -> set[int]:
    """Those of some numbers under which bytes are kept. New ones are the largest, so mostly none is to be looked up."""
    largest = (await connection.execute(select(func.max(vault_record.c.record)))).scalar_one() or 0
    asked = [number for number in numbers if number <= largest]
    return {int(number or 0) for (number,) in await find_rows(connection, vault_record.c.record, asked)}


async def put_salts(connection: AsyncConnection, feed_id: int, salts: Mapping[int, bytes]) -> None:
    """Keep the salt of each place, 32 bytes."""
    rows = [(feed_id, index, salt) for index, salt in salts.items()]
    await insert_rows(connection, vault_salt, ("feed_id", "idx", "salt"), rows)


async def put_objects(connection: AsyncConnection, feed_id: int, objects: Mapping[int, bytes]) -> None:
    """Keep the sealed object of each place, as sent."""
    if objects:
        rows = [{"feed_id": feed_id, "idx": index, "data": data} for index, data in objects.items()]
        await connection.execute(insert(vault_object), rows)


async def get_record(connection: AsyncConnection, digest: str) -> bytes | None:
    """The canonical bytes of one record, or None where it is erased or unknown."""
    return (await get_records(connection, [digest])).get(digest)


async def get_records(connection: AsyncConnection, digests: Iterable[str]) -> Mapping[str, bytes]:
    """The canonical bytes of those of the records that are held."""
    found: dict[str, bytes] = {}
    wanted = list(digests)
    for start in range(0, len(wanted), IN_AT_ONCE):
        rows = await connection.execute(
            select(record.c.digest, vault_record.c.data)
            .join(vault_record, vault_record.c.record == record.c.number)
            .where(record.c.digest.in_(wanted[start : start + IN_AT_ONCE]))
        )
        found.update({row.digest: row.data for row in rows})
    return found


async def public_after(
    connection: AsyncConnection,
    *,
    type: str,  # noqa: A002  the field's own word
    issuer: str,
    above: int,
    limit: int,
) -> list[tuple[int, bytes]]:
    """Number and canonical bytes of public records of one type by one agency, as they came, after a number.

    For who reads all of them, however many an agency has published, a few at a time.
    """
    query = (
        select(record.c.number, vault_record.c.data)
        .join(vault_record, vault_record.c.record == record.c.number)
        .where(record.c.type == type, record.c.issuer == issuer, record.c.public == 1)
        .where(record.c.number > above)
    )
    rows = await connection.execute(query.order_by(record.c.number).limit(limit))
    return [(row.number, row.data) for row in rows]


async def public_objects(
    connection: AsyncConnection, feed_id: int, first: int, end: int
) -> Mapping[int, tuple[bytes, bytes]]:
    """Salt and record bytes of the public objects with first <= index < end."""
    joined = place.join(vault_record, place.c.record == vault_record.c.record).join(
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
    numbers = [row.record for row in await connection.execute(select(place.c.record).where(at))]
    for table in (vault_salt, vault_object):
        await connection.execute(delete(table).where(table.c.feed_id == feed_id, table.c.idx.in_(indexes)))
    await connection.execute(delete(place).where(at))
    still = {
        row.record
        for row in await connection.execute(select(place.c.record).where(place.c.record.in_(numbers)))
    }
    gone = [number for number in numbers if number not in still]
    await connection.execute(delete(vault_record).where(vault_record.c.record.in_(gone)))
