"""SQLite's write-ahead log, written back into the file beside the writer instead of in its COMMIT.

SQLite would do it in the COMMIT that makes the log long: thousands of pages and two flushes,
for which that batch, and a single record behind it, would wait (docs/performance.md). Here a
connection of its own does it in a thread, and the writer goes on meanwhile: nothing is taken
from the log that is not on the disk, so what has been committed lasts as before.

Under a writer that never pauses the log is not always found whole; where it has grown to
`database.LOG_PAGES` all the same, SQLite does the rest in a COMMIT, as it always did.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import structlog

from passerelle.errors import StorageError
from passerelle.storage.failures import storage_errors
from passerelle.storage.sqlite import driver_errors

ROWS = 10_000
"""Rows changed until the log is written back: of a batch of offers each is written into some 0.4 pages of 4 KiB."""
PASSES = 3
"""How often what was committed meanwhile is written too: the log begins anew only where nothing is left of it."""

_log = structlog.get_logger()


class WriteBack:
    """Writes the log of one file back, now and then.

    Args:
        path: The database.
        failed: Told once a flush has failed: what the disk holds is unknown then (W-31).
    """

    def __init__(self, path: Path, failed: Callable[[StorageError], None]) -> None:
        self._path = path
        self._failed = failed
        self._written_at = 0
        self._task: asyncio.Task[None] | None = None

    def committed(self, changes: int) -> None:
        """Say how many rows the writer has changed since it was opened."""
        if changes - self._written_at >= ROWS and (self._task is None or self._task.done()):
            self._written_at = changes
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            with storage_errors():
                await asyncio.to_thread(write_back, self._path)
        except StorageError as error:
            _log.warning("log-not-written-back", code=error.code)
            if error.fatal:
                self._failed(error)

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)


def write_back(path: Path) -> bool:
    """Write what the log holds into the file, without waiting for anybody; returns whether nothing was left.

    Raises:
        DBAPIError: A read, a write or a flush failed.
    """
    with driver_errors(), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # opens the log
        for _ in range(PASSES):
            _, pages, written = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages == written:
                return True
    return False
