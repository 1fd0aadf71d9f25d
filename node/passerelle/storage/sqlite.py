"""SQLite behind the adapter: one trip to the connection's thread for each statement.

The driver runs each call of its own on that thread, and makes four of a statement: open a
cursor, execute, fetch, close. Each trip wakes a thread and then the loop, which costs more
than most statements do (docs/performance.md). Here the four are one, but for long results. A
BEGIN, and what changes rows and gives none, waits for the next statement and goes with it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias
from weakref import WeakSet

import aiosqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

Step: TypeAlias = "tuple[str, Any, bool]"
"""A statement, its parameters, and whether they are those of many executions."""

AT_ONCE = 1_000
"""Rows fetched in the trip that executes; what streams a long result asks for more."""


async def connect(path: Path | str) -> Connection:
    """A connection to a file, in a thread of its own that ends with the process."""
    connection = Connection(lambda: sqlite3.connect(path, check_same_thread=False), AT_ONCE)
    connection._thread.daemon = True  # noqa: SLF001  as SQLAlchemy does with those that it makes
    await connection
    return connection


@contextmanager
def driver_errors() -> Iterator[None]:
    """Raise what the driver raises as SQLAlchemy does, for who goes past it: with its kind, and without the values."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True) from error


def driver_of(connection: AsyncConnection) -> Connection | None:
    """The connection below one of SQLAlchemy's that has one; None where that is another database's."""
    raw = None if connection.sync_connection is None else connection.sync_connection.connection
    driver = None if raw is None else raw.driver_connection
    return driver if isinstance(driver, Connection) else None


class Connection(aiosqlite.Connection):
    """The driver's connection, with cursors that go to its thread as seldom as can be."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        super().__init__(connector, iter_chunk_size)
        self._unread: WeakSet[_Done] = WeakSet()
        """Statements that have more to give; of the connection's thread."""
        self._begin = ""
        self._ahead: list[Step] = []

    def cursor(self) -> Cursor:  # type: ignore[override]  # SQLAlchemy enters it, and awaits nothing before
        """A cursor for SQLAlchemy's adapter."""
        return Cursor(self)

    _given_up = 0
    """Statements that somebody stopped waiting for; each may still begin a transaction."""

    def begin_with_next(self, begin: str) -> None:
        """Begin a transaction with its first statement: that one's trip carries this too. Where none comes, none is begun."""
        self._begin = begin

    def execute_with_next(self, sql: str, parameters: Any, *, many: bool) -> None:
        """Have a statement executed before the next one, or the COMMIT, in the same trip; what is wrong with it is told then.

        Args:
            sql: It gives no rows, and nothing is asked of it.
            parameters: Not changed any more by the caller.
            many: Whether they are those of many executions.
        """
        self._ahead.append((sql, parameters, many))

    async def execute_ahead(self) -> None:
        """Execute now what waits for the next statement."""
        if self._ahead:
            await self._execute(self._run_ahead, self._take_ahead())  # type: ignore[no-untyped-call]

    async def change_rows(self, changes: Sequence[tuple[str, Sequence[Any]]]) -> bool:
        """Execute statements in a transaction of their own, in one trip; durable where it returns True.

        Returns:
            False where one of them changed no row, or more than one: then nothing is changed.
        """
        done: bool = await self._execute(self._run_changes, changes)  # type: ignore[no-untyped-call]
        return done

    def _run_changes(self, changes: Sequence[tuple[str, Sequence[Any]]]) -> bool:
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            changed = all(self._conn.execute(*change).rowcount == 1 for change in changes)
            if changed:
                self._conn.commit()
        finally:
            if self._conn.in_transaction:
                with suppress(sqlite3.Error):  # what came first is told
                    self._conn.rollback()
        return changed

    def _take_ahead(self) -> list[Step]:
        ahead, self._ahead = self._ahead, []
        if self._begin:
            ahead.insert(0, (self._begin, (), False))
            self._begin = ""
        return ahead

    async def commit(self) -> None:
        """Commit, in one trip with what waits; nothing is done where nothing was."""
        if self._begin and not self._ahead:
            self._begin = ""
            return
        await self._execute(self._run_commit, self._take_ahead())  # type: ignore[no-untyped-call]

    async def rollback(self) -> None:
        """Roll back, where there may be anything to: every connection that is given back is asked to."""
        self._begin = ""
        self._ahead.clear()
        if self.in_transaction or self._given_up:
            await super().rollback()  # on the thread, behind whatever is still to be executed there
            self._given_up = 0

    async def execute_at_once(self, sql: str, parameters: Iterable[Any], *, many: bool) -> _Done:
        """Execute a statement and fetch what it gives, or the beginning of it."""
        try:
            ahead = self._take_ahead()
            done: _Done = await self._execute(self._run, ahead, sql, parameters, many)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            self._given_up += 1
            raise
        return done

    async def fetch(self, done: _Done, size: int | None) -> Sequence[Any]:
        """More rows of a statement: as many as that, or all that are left."""
        rows: Sequence[Any] = await self._execute(done.fetch, size)  # type: ignore[no-untyped-call]
        return rows

    async def end(self, done: _Done) -> None:
        """Give up what a statement has left."""
        await self._execute(done.end)  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Close it; what nobody has read to its end would keep its transaction, and its locks, beyond that."""
        if self._connection is not None:
            self._tx.put_nowait((None, self._end_unread))
        await super().close()

    def stop(self) -> asyncio.Future[Any] | None:
        """Close it without waiting for that."""
        self._tx.put_nowait((None, self._end_unread))
        return super().stop()

    def _run_ahead(self, ahead: Iterable[Step]) -> None:
        for sql, parameters, many in ahead:
            execute = self._conn.executemany if many else self._conn.execute
            execute(sql, parameters).close()

    def _run_commit(self, ahead: Iterable[Step]) -> None:
        self._run_ahead(ahead)
        self._conn.commit()

    def _run(self, ahead: Iterable[Step], sql: str, parameters: Any, many: bool) -> _Done:  # noqa: FBT001  on its thread
        self._run_ahead(ahead)
        execute = self._conn.executemany if many else self._conn.execute
        done = _Done(execute(sql, parameters))
        if not done.is_at_end:
            self._unread.add(done)
        return done

    def _end_unread(self) -> None:
        for done in tuple(self._unread):
            done.end()
        self._unread.clear()


class _Done:
    """A statement that was executed, and what was fetched of it; used in the connection's thread."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid
        self.is_at_end = False
        self._cursor = cursor
        self.rows: deque[Any] = deque(() if self.description is None else self.fetch(AT_ONCE))
        if self.description is None:
            self.end()

    def fetch(self, size: int | None) -> Sequence[Any]:
        rows = self._cursor.fetchall() if size is None else self._cursor.fetchmany(size)
        if size is None or len(rows) < size:
            self.end()
        return rows

    def end(self) -> None:
        self._cursor.close()
        self.is_at_end = True


class Cursor:
    """The part of a cursor that SQLAlchemy's adapter uses.

    Args:
        connection: Where it executes.
    """

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._done: _Done | None = None

    @property
    def description(self) -> Any:
        """Names of the columns, None where the last statement gives no rows."""
        return None if self._done is None else self._done.description

    @property
    def rowcount(self) -> int:
        """Rows changed by the last statement, -1 where it is not told."""
        return -1 if self._done is None else self._done.rowcount

    @property
    def lastrowid(self) -> int | None:
        """Row that the last statement added."""
        return None if self._done is None else self._done.lastrowid

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Execute a statement."""
        await self.close()
        self._done = await self._connection.execute_at_once(sql, parameters, many=False)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> Self:
        """Execute a statement with each of some parameters."""
        await self.close()
        self._done = await self._connection.execute_at_once(sql, parameters, many=True)
        return self

    async def fetchall(self) -> Sequence[Any]:
        """The rows that are left."""
        return await self._fetch(None)

    async def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        """The next rows."""
        return await self._fetch(size or self.arraysize)

    async def fetchone(self) -> Any:
        """The next row, or None."""
        rows = await self._fetch(1)
        return rows[0] if rows else None

    async def _fetch(self, size: int | None) -> Sequence[Any]:
        done = self._done
        if done is None:
            return []
        held = len(done.rows) if size is None else min(size, len(done.rows))
        rows = [done.rows.popleft() for _ in range(held)]
        if done.is_at_end or len(rows) == size:
            return rows
        return [*rows, *await self._connection.fetch(done, None if size is None else size - len(rows))]

    async def close(self) -> None:
        """Give up what is left; mostly there is nothing."""
        if self._done is not None and not self._done.is_at_end:
            await self._connection.end(self._done)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
