"""Look-ups of records by what their headers say; the bytes come from the vault."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.protocol.records import Heading
from passerelle.storage.bulk import change, find_rows, insert_rows
from passerelle.storage.tables import answered, feed, node_fact, place, record


@dataclass(frozen=True, slots=True)
class Row:
    """One record as the tables know it.

    Args:
        digest: SHA-256 of the canonical bytes, 64 hex digits.
        id: The record's id, the same across versions.
        version: 1 or more.
        type: Record type, such as ``offer``.
        issuer: SCID of its author.
        public: Whether everybody may read it.
        issued: POSIX seconds.
        readable: False where type or major version are unknown to this code.
    """

    digest: str
    id: str
    version: int
    type: str
    issuer: str
    public: bool
    issued: int
    readable: bool


async def add(connection: AsyncConnection, records: Sequence[tuple[Heading, bool]]) -> dict[str, int]:
    """Add records with their readability; a digest already there stays as it is.

    Returns:
        The number of each, new or not, by digest.
    """
    fresh = {heading.digest: (heading, readable) for heading, readable in records}
    if not fresh:
        return {}
    found = await find_rows(connection, record.c.digest, fresh, record.c.number)
    numbers = {str(digest): int(number or 0) for digest, number in found}
    return numbers | await _insert(
        connection, [item for digest, item in fresh.items() if digest not in numbers]
    )


async def add_new(connection: AsyncConnection, headings: Sequence[Heading]) -> dict[str, int]:
    """Add records that were just made, each with fresh random bytes in it, so none is there; returns their numbers."""
    return await _insert(connection, [(heading, True) for heading in headings])


async def _insert(connection: AsyncConnection, new: Sequence[tuple[Heading, bool]]) -> dict[str, int]:
    if not new:
        return {}
    largest = (await connection.execute(_LARGEST)).scalar_one() or 0
    rows = [
        (
            *(number, heading.digest, heading.id, heading.version, heading.type),
            *(heading.issuer, int(heading.public), heading.issued, int(readable)),
        )
        for number, (heading, readable) in enumerate(new, start=largest + 1)
    ]
    await insert_rows(connection, record, _COLUMNS, rows)
    return {heading.digest: number for number, (heading, _) in enumerate(new, start=largest + 1)}


_LARGEST = select(func.max(record.c.number))
_COLUMNS = ("number", "digest", "id", "version", "type", "issuer", "public", "issued", "readable")


async def add_places(connection: AsyncConnection, feed_id: int, numbers: Mapping[int, int]) -> None:
    """Say which record, by its number, stands at which index of a feed."""
    rows = [(feed_id, index, number) for index, number in numbers.items()]
    await insert_rows(connection, place, ("feed_id", "idx", "record"), rows)


async def find(
    connection: AsyncConnection,
    *,
    type: str | None = None,  # noqa: A002  the field's own word
    issuer: str | None = None,
    public: bool | None = None,
    newest_only: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> list[Row]:
    """Records, newest first."""
    query: Select[tuple[object, ...]] = select(record).order_by(record.c.issued.desc(), record.c.digest)
    if type is not None:
        query = query.where(record.c.type == type)
    if issuer is not None:
        query = query.where(record.c.issuer == issuer)
    if public is not None:
        query = query.where(record.c.public == int(public))
    if newest_only:
        newer = record.alias("newer")
        query = query.where(
            ~select(newer.c.digest)
            .where(
                newer.c.id == record.c.id,
                newer.c.issuer == record.c.issuer,
                newer.c.version > record.c.version,
            )
            .exists()
        )
    return [_row(row) for row in await connection.execute(query.limit(limit).offset(offset))]


async def newest_of_each(
    connection: AsyncConnection,
    record_type: str,
    *,
    each: int,
    own: str | None = None,
    issuers: Collection[str] | None = None,
    public: bool | None = None,
) -> list[Row]:
    """Readable records of a type in their newest version, the newest first, some of each issuer.

    Of each issuer by itself, so that however much one writes, no other is pushed out.

    Args:
        connection: Where to read.
        record_type: Such as ``statistic``.
        each: How many of one issuer.
        own: An issuer of which every record is wanted.
        issuers: Only of these.
        public: Only what is, or is not, public.
    """
    newer = record.alias("newer")
    rank = func.row_number().over(
        partition_by=record.c.issuer, order_by=(record.c.issued.desc(), record.c.digest)
    )
    query = select(record, rank.label("rank")).where(
        record.c.type == record_type,
        record.c.readable == 1,
        ~select(newer.c.digest)
        .where(
            newer.c.id == record.c.id,
            newer.c.issuer == record.c.issuer,
            newer.c.version > record.c.version,
        )
        .exists(),
    )
    if issuers is not None:
        query = query.where(record.c.issuer.in_(sorted(issuers)))
    if public is not None:
        query = query.where(record.c.public == int(public))
    ranked = query.subquery()
    columns = [ranked.c[column.name] for column in record.c]
    wanted = select(*columns).where((ranked.c.rank <= each) | (ranked.c.issuer == (own or "")))
    rows = await connection.execute(wanted.order_by(ranked.c.issued.desc(), ranked.c.digest))
    return [_row(row) for row in rows]


async def newest_by_id(
    connection: AsyncConnection, record_type: str, ids: Sequence[str], issuers: Collection[str]
) -> list[Row]:
    """Readable records of a type with some ids, of some issuers, each issuer's newest version only.

    The database looks for the newest: whoever has written down an id of ours ten thousand times costs no more.
    """
    of_it = (record.c.type == record_type, record.c.readable == 1, record.c.id.in_(ids))
    newest = (
        select(func.max(record.c.version).label("version"), record.c.id, record.c.issuer)
        .where(*of_it, record.c.issuer.in_(sorted(issuers)))
        .group_by(record.c.id, record.c.issuer)
        .subquery()
    )
    same = (
        (record.c.id == newest.c.id)
        & (record.c.issuer == newest.c.issuer)
        & (record.c.version == newest.c.version)
    )
    found = {}
    for row in await connection.execute(select(record).join(newest, same).where(*of_it)):
        found[row.issuer, row.id] = _row(row)  # two of one version are one author's lie: either
    return list(found.values())


async def first_issuers(
    connection: AsyncConnection, record_type: str, ids: Collection[str]
) -> dict[str, str]:
    """By id, whose record of a type came here first: whoever wrote the id down later has it from there."""
    first = (
        select(func.min(record.c.number))
        .where(record.c.type == record_type, record.c.id.in_(sorted(ids)))
        .group_by(record.c.id)
    )
    rows = await connection.execute(select(record.c.id, record.c.issuer).where(record.c.number.in_(first)))
    return {row.id: row.issuer for row in rows}


async def count_newest(connection: AsyncConnection, record_type: str) -> int:
    """How many records of a type are held, versions of one counted once."""
    rows = await connection.execute(
        select(func.count(func.distinct(record.c.issuer + record.c.id))).where(record.c.type == record_type)
    )
    return int(rows.scalar_one())


async def by_name(connection: AsyncConnection, name: str) -> list[Row]:
    """Every version of the record with this id, or the one with this digest, newest version first."""
    query = select(record).where((record.c.id == name) | (record.c.digest == name))
    return [_row(row) for row in await connection.execute(query.order_by(record.c.version.desc()))]


async def count(connection: AsyncConnection) -> dict[str, int]:
    """How many records of each type are held."""
    rows = await connection.execute(select(record.c.type, func.count()).group_by(record.c.type))
    return {row[0]: row[1] for row in rows}


async def places_of(connection: AsyncConnection, digest: str) -> list[tuple[str, int]]:
    """Origin and index of every place of a record."""
    rows = await connection.execute(
        select(feed.c.origin, place.c.idx)
        .join(feed, feed.c.id == place.c.feed_id)
        .join(record, record.c.number == place.c.record)
        .where(record.c.digest == digest)
        .order_by(feed.c.origin, place.c.idx)
    )
    return [(row.origin, row.idx) for row in rows]


async def unreadable(connection: AsyncConnection, *, above: int, limit: int) -> dict[int, str]:
    """Digests, by number, of records whose type or major version was not known; the oldest above a number."""
    query = select(record.c.number, record.c.digest).where(record.c.readable == 0, record.c.number > above)
    rows = await connection.execute(query.order_by(record.c.number).limit(limit))
    return {row.number: row.digest for row in rows}


async def make_readable(connection: AsyncConnection, numbers: Sequence[int]) -> None:
    """Let records count whose schema is known now."""
    await connection.execute(update(record).where(record.c.number.in_(numbers)).values(readable=1))


async def places_in_feeds(connection: AsyncConnection, numbers: Sequence[int]) -> list[tuple[int, int, int]]:
    """Number, feed and index of every place of some records."""
    query = select(place.c.record, place.c.feed_id, place.c.idx).where(place.c.record.in_(numbers))
    return [(row.record, row.feed_id, row.idx) for row in await connection.execute(query)]


async def last_issued(connection: AsyncConnection) -> datetime | None:
    """The largest `issued` that this node has written; its next one is never before it."""
    value = await get_fact(connection, "last-issued")
    return None if value is None else datetime.fromisoformat(value)


async def get_fact(connection: AsyncConnection, name: str) -> str | None:
    """A small fact of the node itself."""
    row = await connection.execute(select(node_fact.c.value).where(node_fact.c.name == name))
    return row.scalar_one_or_none()


async def put_fact(connection: AsyncConnection, name: str, value: str) -> None:
    """Keep a small fact of the node itself."""
    await change(connection, _SAY, {"name": name, "value": value})


_SAY = text(
    "INSERT INTO node_fact (name, value) VALUES (:name, :value)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


async def drop_fact(connection: AsyncConnection, name: str) -> None:
    """Forget a small fact of the node itself."""
    await connection.execute(delete(node_fact).where(node_fact.c.name == name))


async def get_answer(connection: AsyncConnection, key: str) -> tuple[str, object] | None:
    """What was asked (its digest) and answered under an idempotency key."""
    row = (await connection.execute(select(answered).where(answered.c.key == key))).one_or_none()
    return None if row is None else (row.request, json.loads(row.answer))


async def put_answer(connection: AsyncConnection, key: str, request: str, answer: object) -> None:
    """Keep an answer in the transaction that made it true."""
    await connection.execute(insert(answered).values(key=key, request=request, answer=json.dumps(answer)))


async def get_answers(
    connection: AsyncConnection, keys: Sequence[str]
) -> dict[str | None, tuple[str, dict[str, object]]]:
    """What was asked and answered under the keys of single records; keys not used yet are left out."""
    found = await find_rows(connection, answered.c.key, set(keys), answered.c.request, answered.c.answer)
    return {str(key): (str(request), json.loads(str(answer))) for key, request, answer in found}


async def put_answers(connection: AsyncConnection, answers: Sequence[tuple[str, str, object]]) -> None:
    """Keep key, request and answer of single records in the transaction that makes them true."""
    rows = [(key, request, json.dumps(answer)) for key, request, answer in answers]
    await insert_rows(connection, answered, ("key", "request", "answer"), rows)


def _row(row: object) -> Row:
    values = dict(row._mapping)  # type: ignore[attr-defined]  # noqa: SLF001  SQLAlchemy's documented access
    del values["number"]
    values["public"] = bool(values["public"])
    values["readable"] = bool(values["readable"])
    return Row(**values)


@dataclass(frozen=True, slots=True)
class Placed:
    """One place of one record."""

    origin: str
    index: int
    digest: str
    id: str
    type: str
    issued: int


async def count_places(connection: AsyncConnection) -> tuple[int, int]:
    """How many places of readable records are held, and the largest number of any record."""
    query = select(func.count()).select_from(place.join(record)).where(record.c.readable == 1)
    places = (await connection.execute(query)).scalar_one()
    largest = (await connection.execute(select(func.max(record.c.number)))).scalar_one()
    return int(places), int(largest or 0)


async def count_places_above(connection: AsyncConnection, number: int) -> int:
    """How many places are of readable records with a larger number."""
    held = place.join(record)
    query = select(func.count()).select_from(held).where(record.c.number > number, record.c.readable == 1)
    return int((await connection.execute(query)).scalar_one())


async def placed(
    connection: AsyncConnection,
    *,
    above: int = 0,
    leaving_out: Sequence[str] = (),
    but_for: Sequence[str] = (),
    ids: Sequence[str] = (),
) -> list[Placed]:
    """Every place of readable records: of all types but some, or of the records with some ids.

    Args:
        connection: Where to read.
        above: Only of records with a larger number: what came since.
        leaving_out: Types.
        but_for: Ids of records of those types that are not left out.
        ids: Records; of all types then.
    """
    query = (
        select(feed.c.origin, place.c.idx, record.c.digest, record.c.id, record.c.type, record.c.issued)
        .join(feed, feed.c.id == place.c.feed_id)
        .join(record, record.c.number == place.c.record)
        .where(record.c.readable == 1, record.c.number > above)
        .order_by(feed.c.id, place.c.idx)
    )
    if ids:
        query = query.where(record.c.id.in_(ids))
    else:
        query = query.where(record.c.type.not_in(leaving_out) | record.c.id.in_(but_for))
    return [Placed(*row) for row in await connection.execute(query)]
