"""The database: one file of SQLite, opened by one process, with one writer.

SQLite runs in WAL mode with ``synchronous=FULL``: a commit that has returned is on the
disk. The engine is reached through SQLAlchemy Core only, so that PostgreSQL is a
matter of the address.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from passerelle.errors import StorageError
from passerelle.storage import tables

MIGRATIONS = Path(__file__).parent / "migrations"
UNKNOWN_AFTER = frozenset({"storage.disk-error", "storage.damaged"})
"""Failures of a write after which what the disk holds is unknown."""

# At this level the driver writes values and the engine writes rows, and whoever sets it wanted neither.
for _name in ("aiosqlite", "sqlalchemy.engine.Engine"):
    logging.getLogger(_name).addFilter(lambda line: line.levelno > logging.DEBUG)


class Database:
    """A pool of readers and one writer over the same rows.

    Args:
        url: SQLAlchemy address, such as ``sqlite+aiosqlite:////var/lib/passerelle/passerelle.sqlite``.
    """

    def __init__(self, url: str) -> None:
        self._writer = new_engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
        self._reader = new_engine(url, begin="BEGIN", pool_size=4)
        self._turn = asyncio.Lock()
        self.failed: StorageError | None = None

    async def open(self) -> None:
        """Create or migrate the tables; refuse a database that newer code has changed.

        Raises:
            StorageError: ``storage.newer-schema``, or ``storage.unusable`` where the file cannot be opened.
        """
        with storage_errors():
            async with self._writer.begin() as connection:
                revision = await connection.run_sync(_revision)
                if revision:
                    await _check_compatibility(connection)
                if revision < tables.REVISION:
                    async with _one_at_a_time():
                        await connection.run_sync(_migrate)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction at a time; durable when the block has left without an exception.

        Once the disk has failed under a write, no other is begun: what it holds is unknown
        until a new start has read it (W-31).
        """
        async with self._turn:
            if self.failed is not None:
                raise self.failed
            try:
                with storage_errors():
                    async with self._writer.begin() as connection:
                        yield connection
            except StorageError as error:
                if error.code in UNKNOWN_AFTER:
                    self.failed = error
                raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent snapshot, never waiting for the writer."""
        with storage_errors():
            async with self._reader.connect() as connection:
                yield connection

    async def close(self) -> None:
        """Give back every connection; SQLite then folds its WAL into the file."""
        await self._reader.dispose()
        await self._writer.dispose()


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy address of a database file."""
    return f"sqlite+aiosqlite:///{path}"


def new_engine(url: str, *, begin: str, pool_size: int) -> AsyncEngine:
    """An engine whose transactions open with `begin`, and whose commits are on the disk when they return."""
    # An error of the driver names the statement, never the rows: they hold people's data.
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, hide_parameters=True)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def _pragmas(connection: Any, _record: object) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves, the driver must not
            cursor = connection.cursor()
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "busy_timeout=5000",
                "secure_delete=ON",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def _revision(connection: Connection) -> str:
    """The newest migration that the tables went through, empty for a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


_MIGRATING = threading.Lock()


@asynccontextmanager
async def _one_at_a_time() -> AsyncIterator[None]:
    """Alembic keeps the migration under way in its modules: one for the process, whatever loop runs it.

    Asked for again and again rather than waited for: a thread that waited would stop the
    loop that is to finish the other migration.
    """
    while not _MIGRATING.acquire(blocking=False):  # noqa: ASYNC110  an event belongs to one loop
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        _MIGRATING.release()


def _migrate(connection: Connection) -> None:
    # Only here: it takes long to load, and a start seldom needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _check_compatibility(connection: AsyncConnection) -> None:
    row = await connection.execute(
        select(tables.node_fact.c.value).where(tables.node_fact.c.name == "oldest-code-that-may-run")
    )
    if int(row.scalar_one()) > tables.THIS_CODE:
        raise StorageError("storage.newer-schema")


class storage_errors:  # noqa: N801  reads as a statement: `with storage_errors():`
    """Turn the driver's errors into ours, with what a person can do about them."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, DBAPIError):
            return
        text = str(error.orig).lower()
        if "full" in text or "no space" in text:
            raise StorageError("storage.disk-full") from error
        if "readonly" in text or "read-only" in text:
            raise StorageError("storage.read-only-disk") from error
        if "disk i/o" in text:
            raise StorageError("storage.disk-error", fatal=True) from error
        if "malformed" in text or "not a database" in text:
            raise StorageError("storage.damaged", fatal=True) from error
        if isinstance(error, OperationalError):
            raise StorageError("storage.unusable", detail=type(error.orig).__name__) from error
