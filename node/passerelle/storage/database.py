"""The database: SQLite in the home or PostgreSQL, opened by one process, with one writer.

SQLite runs in WAL mode with ``synchronous=FULL``, PostgreSQL with ``synchronous_commit``:
a commit that has returned is on the disk. Both are reached through SQLAlchemy Core only;
which of the two it is, is a matter of the address (:mod:`passerelle.storage.postgresql`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, make_url, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from passerelle.errors import StorageError
from passerelle.storage import postgresql, sqlite, tables
from passerelle.storage.failures import storage_errors
from passerelle.storage.postgresql import Access
from passerelle.storage.writeback import WriteBack

MIGRATIONS = Path(__file__).parent / "migrations"
READERS = 4
"""Transactions that read at once, at the most."""
LOG_PAGES = 12_000
"""Pages of SQLite's write-ahead log, 4 KiB each, before a COMMIT writes it into the file. Mostly it has been written
there before (:mod:`passerelle.storage.writeback`): this is how long it grows where that could not keep up."""
CACHE_KIB = 8_192
"""Of pages that a SQLite connection keeps: the look-ups of a long pull fall anywhere in two indexes."""
UNKNOWN_AFTER = frozenset({"storage.disk-error", "storage.damaged"})
"""Failures of a write after which what the disk holds is unknown."""

# At this level the driver writes values and the engine writes rows, and whoever sets it wanted neither.
for _name in ("aiosqlite", "asyncpg", "sqlalchemy.engine.Engine"):
    logging.getLogger(_name).addFilter(lambda line: line.levelno > logging.DEBUG)


class Database:
    """A pool of readers and one writer over the same rows.

    Args:
        place: The address of a file as :func:`sqlite_url` gives it, or how to reach PostgreSQL.
    """

    def __init__(self, place: str | Access) -> None:
        if isinstance(place, Access):
            self._writer = postgresql.new_engine(place, writer=True, pool_size=1)
            self._reader = postgresql.new_engine(place, writer=False, pool_size=READERS)
        else:
            self._writer = new_engine(place, begin="BEGIN IMMEDIATE", pool_size=1)
            self._reader = new_engine(place, begin="BEGIN", pool_size=READERS)
        self._remote = isinstance(place, Access)
        self._name = name_of(place)
        self._turn = asyncio.Lock()
        self.failed: StorageError | None = None
        self._log = None if isinstance(place, Access) else WriteBack(_file_of(place), self._fail)

    async def open(self, *, to_be_filled: str = "") -> None:
        """Create or migrate the tables; refuse a database that newer code has changed.

        Args:
            to_be_filled: What to call a database that is opened to be filled: one with tables of
                another version than ours, or of somebody else, is then left as it is.

        Raises:
            StorageError: ``storage.newer-schema``, ``storage.not-empty``; ``storage.unusable`` where the file cannot be opened;
                what :mod:`passerelle.storage.postgresql` raises where the server or another owner refuses.
        """
        with storage_errors(remote=self._remote):
            async with self._writer.begin() as connection:
                revision = await connection.run_sync(_revision)
                foreign = not revision and await connection.run_sync(_has_tables)
                if foreign or (to_be_filled and revision not in {"", tables.REVISION}):
                    raise StorageError("storage.not-empty", database=to_be_filled or self._name)
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
                with storage_errors(remote=self._remote):
                    async with self._writer.begin() as connection:
                        yield connection
                        driver = sqlite.driver_of(connection)
                if self._log is not None and driver is not None:
                    self._log.committed(driver.total_changes)
            except StorageError as error:
                if error.code in UNKNOWN_AFTER:
                    self.failed = error
                raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent snapshot, never waiting for the writer."""
        with storage_errors(remote=self._remote):
            async with self._reader.connect() as connection:
                yield connection

    def _fail(self, error: StorageError) -> None:
        self.failed = self.failed or error

    async def close(self) -> None:
        """Give back every connection; SQLite then folds its WAL into the file, PostgreSQL frees the owner's lock."""
        if self._log is not None:
            await self._log.close()
        await self._reader.dispose()
        await self._writer.dispose()


def _file_of(url: str) -> Path:
    return Path(make_url(url).database or ":memory:")


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy address of a database file."""
    return f"sqlite+aiosqlite:///{path}"


def name_of(place: str | Access) -> str:
    """What to call a database before people: a file by its name, another by where it is."""
    return place.name if isinstance(place, Access) else Path(place).name


def new_engine(url: str, *, begin: str, pool_size: int) -> AsyncEngine:
    """An engine over a file whose transactions open with `begin`, and whose commits last when they return."""
    # An error of the driver names the statement, never the rows: they hold people's data.
    engine = create_async_engine(
        url,
        async_creator=partial(sqlite.connect, make_url(url).database or ":memory:"),
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,
    )

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
            f"wal_autocheckpoint={LOG_PAGES}",
            f"cache_size=-{CACHE_KIB}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.begin_with_next(begin)

    return engine


def _revision(connection: Connection) -> str:
    """The newest migration that the tables went through, empty for a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def _has_tables(connection: Connection) -> bool:
    """Whether tables with our names are there that no migration of ours made."""
    return not tables.metadata.tables.keys().isdisjoint(inspect(connection).get_table_names())


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
