"""Many rows at once: what a batch of publishing and a stretch of following write and look up.

The rows pass as plain tuples, in the order of the columns named, straight to the driver.
Core's own way builds a mapping for each row and costs as much again as the database does
(docs/performance.md); everywhere else it is the right one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TypeVar

from sqlalchemy import Column, Executable, Table
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage import sqlite
from passerelle.storage.postgresql import copy_rows

IN_AT_ONCE = 500
"""How many values one query names at the most; databases bound it."""

Key = TypeVar("Key", str, int)
Value = int | str | bytes | None


async def insert_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Value, ...]]
) -> None:
    """Add rows to a table; on SQLite with the next statement, or when :func:`write_now` says so.

    Args:
        connection: The open transaction.
        table: Where to.
        columns: Names, in the order of the values.
        rows: Values; no conversion is made, and nothing is changed in them any more.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        _driver(connection).execute_with_next(_insert(table.name, tuple(columns)), rows, many=True)
        return
    await copy_rows(connection, table.name, columns, rows)


async def change(connection: AsyncConnection, statement: Executable, values: Mapping[str, object]) -> None:
    """Execute a statement that gives no rows and of which nothing is asked; on SQLite as `insert_rows` does.

    Args:
        connection: The open transaction.
        statement: Put together once, in its module: the text that SQLite is given is kept for it.
        values: By the names that it binds.
    """
    if connection.dialect.name == "sqlite":
        _driver(connection).execute_with_next(_text_of(statement), values, many=False)
        return
    await connection.execute(statement, values)


async def write_now(connection: AsyncConnection) -> None:
    """Execute what still waits for a next statement, in one trip to SQLite's thread: what is wrong with it is told here.

    The COMMIT would execute it too, but whoever has to know whether a transaction failed before
    its COMMIT, or in it, calls this.
    """
    if connection.dialect.name == "sqlite":
        with sqlite.driver_errors():
            await _driver(connection).execute_ahead()


def _driver(connection: AsyncConnection) -> sqlite.Connection:
    found = sqlite.driver_of(connection)
    if found is None:
        raise TypeError("a connection in a transaction has a driver's")
    return found


@cache
def _text_of(statement: Executable) -> str:
    return str(statement.compile(dialect=_NAMED))  # type: ignore[attr-defined]  # those that are executed here can


_NAMED = SQLiteDialect(paramstyle="named")


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
