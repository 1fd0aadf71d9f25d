"""Many rows at once: what a batch of publishing and a stretch of following write and look up.

The rows pass as plain tuples, in the order of the columns named, straight to the driver.
Core's own way builds a mapping for each row and costs as much again as the database does
(docs/performance.md); everywhere else it is the right one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import TypeVar

from sqlalchemy import Column, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.postgresql import copy_rows

IN_AT_ONCE = 500
"""How many values one query names at the most; databases bound it."""

Key = TypeVar("Key", str, int)
Value = int | str | bytes | None


async def insert_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Value, ...]]
) -> None:
    """Add rows to a table.

    Args:
        connection: The open transaction.
        table: Where to.
        columns: Names, in the order of the values.
        rows: Values; no conversion is made.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(_insert(table.name, tuple(columns)), list(rows))
        return
    await copy_rows(connection, table.name, columns, rows)


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608  names of our own tables


async def find_rows(
    connection: AsyncConnection, wanted: Column[Key], values: Collection[Key], *also: Column[Value]
) -> list[tuple[Value, ...]]:
    """The rows in which a column has one of some values: that column, then others.

    Args:
        connection: The transaction.
        wanted: The column; it wants an index.
        values: Any number of them.
        also: Further columns of the same table.
    """
    names = ", ".join(f'"{name}"' for name in (wanted.name, *(column.name for column in also)))
    table = wanted.table.description  # its name
    query = f'SELECT {names} FROM "{table}" WHERE "{wanted.name}" '  # noqa: S608  names of our own tables
    listed = list(values)
    found: list[tuple[Value, ...]] = []
    for start in range(0, len(listed), IN_AT_ONCE):
        some = listed[start : start + IN_AT_ONCE]
        if connection.dialect.name == "sqlite":
            rows = await connection.exec_driver_sql(f"{query} IN ({', '.join('?' * len(some))})", tuple(some))
        else:
            rows = await connection.exec_driver_sql(f"{query} = ANY($1)", (some,))
        found.extend(tuple(row) for row in rows)
    return found
