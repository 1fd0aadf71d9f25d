"""The rows of one database into another, and whether two hold the same.

It goes over the tables as they are declared, so that a table added later is moved too.
Rows are read in the order of their primary keys, which is the same on both databases:
text sorts by code point (:mod:`passerelle.storage.postgresql` refuses another order).
Memory is bounded by :data:`BATCH_BYTES` and the largest row.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, Integer, Row, Table, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage import tables

BATCH_BYTES: Final = 4 << 20
FETCHED_AT_ONCE: Final = 64
"""Rows that the driver holds; one may be as large as the largest object."""
_MADE_BY_MIGRATIONS: Final = frozenset({"oldest-code-that-may-run"})

Progress = Callable[[str, str, int, int], None]
"""Called with ``copy`` or ``check``, a table, how many of its rows are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Content:
    """What one table holds.

    Args:
        rows: How many.
        digest: SHA-256 over all values in the order of the primary key, each with its kind and length.
    """

    rows: int
    digest: str


async def is_empty(connection: AsyncConnection) -> bool:
    """Whether nothing is held but what the migrations wrote."""
    for table in tables.metadata.sorted_tables:
        query = select(table).limit(1)
        if table is tables.node_fact:
            query = query.where(table.c.name.not_in(_MADE_BY_MIGRATIONS))
        if (await connection.execute(query)).first() is not None:
            return False
    return True


async def empty(connection: AsyncConnection) -> None:
    """Delete every row but what the migrations wrote."""
    for table in reversed(tables.metadata.sorted_tables):
        query = delete(table)
        if table is tables.node_fact:
            query = query.where(table.c.name.not_in(_MADE_BY_MIGRATIONS))
        await connection.execute(query)


async def copy(source: AsyncConnection, target: AsyncConnection, progress: Progress) -> Mapping[str, Content]:
    """Copy every row into tables that hold nothing of their own, in the transaction of `target`.

    Returns:
        What was read from each table.
    """
    await target.execute(delete(tables.node_fact))  # the migrations' facts come along with the others
    copied = {}
    for table in tables.metadata.sorted_tables:
        tally = _Tally()
        async for batch in _batches(source, table, tally, partial(progress, "copy", table.name)):
            await target.execute(insert(table), [dict(row._mapping) for row in batch])  # noqa: SLF001  documented
        await _count_on(target, table)
        copied[table.name] = tally.content()
    return copied


async def inspect(connection: AsyncConnection, progress: Progress) -> Mapping[str, Content]:
    """What each table holds, by reading all of it."""
    found = {}
    for table in tables.metadata.sorted_tables:
        tally = _Tally()
        async for _ in _batches(connection, table, tally, partial(progress, "check", table.name)):
            pass
        found[table.name] = tally.content()
    return found


class _Tally:
    """Number and digest of the rows seen so far."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.sha256()

    def add(self, row: Sequence[object]) -> int:
        """Count a row in; its size in bytes, roughly."""
        size = 0
        for value in row:
            kind, data = _encoded(value)
            self._hash.update(b"%s%d:" % (kind, len(data)))
            self._hash.update(data)
            size += len(data) + 16
        self.rows += 1
        return size

    def content(self) -> Content:
        """So far."""
        return Content(self.rows, self._hash.hexdigest())


def _encoded(value: object) -> tuple[bytes, bytes]:
    match value:
        case None:
            return b"n", b""
        case int():
            return b"i", b"%d" % value
        case str():
            return b"t", value.encode()
        case bytes():
            return b"b", value
        case _:
            raise TypeError(f"a column of type {type(value).__name__}")


async def _batches(
    connection: AsyncConnection, table: Table, tally: _Tally, progress: Callable[[int, int], None]
) -> AsyncIterator[list[Row[tuple[object, ...]]]]:
    """All rows in the order of the primary key, some megabytes at a time."""
    total = int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=FETCHED_AT_ONCE)
    batch: list[Row[tuple[object, ...]]] = []
    size = 0
    async with connection.stream(query) as rows:
        async for row in rows:
            size += tally.add(row)
            batch.append(row)
            if size >= BATCH_BYTES:
                yield batch
                progress(tally.rows, total)
                batch, size = [], 0
    if batch:
        yield batch
    progress(tally.rows, total)


async def _count_on(target: AsyncConnection, table: Table) -> None:
    """Let PostgreSQL number the next row after the ones that came with their numbers; SQLite does by itself."""
    counted = table.autoincrement_column
    if target.dialect.name != "postgresql" or counted is None or not isinstance(counted.type, Integer):
        return
    name = select(func.pg_get_serial_sequence(table.name, counted.name))
    if (await target.execute(name)).scalar_one() is None:
        return
    largest: ColumnElement[int] = func.max(counted)
    held = (await target.execute(select(largest))).scalar_one()
    if held is not None:
        await target.execute(
            text("select setval(pg_get_serial_sequence(:of, :counted), :held)"),
            {"of": table.name, "counted": counted.name, "held": held},
        )
