"""SQLite's log is written back beside the writer: nothing is lost by it, and it does not grow for ever."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from passerelle.errors import StorageError
from passerelle.storage import records as rows
from passerelle.storage import writeback
from passerelle.storage.bulk import insert_rows
from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.tables import node_fact


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.sqlite"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_url(path))
    await opened.open()
    yield opened
    await opened.close()


async def write(database: Database, first: int, end: int) -> None:
    """Facts in one transaction."""
    async with database.writing() as connection:
        names = [(f"fact-{number}", "x") for number in range(first, end)]
        await insert_rows(connection, node_fact, ("name", "value"), names)


def in_the_file(path: Path, folder: Path) -> int:
    """How many facts stand in the file itself, whatever its log holds."""
    with closing(sqlite3.connect(shutil.copy(path, folder / "alone.sqlite"))) as alone:
        found: int = alone.execute("SELECT count(*) FROM node_fact").fetchone()[0]
    return found


async def settled(database: Database) -> None:
    """Nothing is being written back."""
    assert database._log is not None
    await database._log.close()


async def test_a_log_that_grew_is_written_back(database: Database, path: Path, tmp_path: Path) -> None:
    """Once so many rows have changed, and not before: few rows are not worth two flushes."""
    await asyncio.to_thread(writeback.write_back, path)  # the tables
    before = in_the_file(path, tmp_path)
    await write(database, 0, 1)
    await settled(database)
    assert in_the_file(path, tmp_path) == before
    await write(database, 1, writeback.ROWS + 1)
    await settled(database)
    assert in_the_file(path, tmp_path) == before + writeback.ROWS + 1


async def test_the_log_begins_anew_under_a_writer_that_goes_on(database: Database, path: Path) -> None:
    """Many times as much as it holds is written, and it stays short; all that was written is in the file."""
    log, lengths = path.with_name(f"{path.name}-wal"), []
    for number in range(8):
        await write(database, number * writeback.ROWS, (number + 1) * writeback.ROWS)
        await settled(database)
        lengths.append(log.stat().st_size)
    assert max(lengths) < lengths[0] * 3
    await database.close()
    with closing(sqlite3.connect(path)) as alone:
        assert alone.execute("SELECT count(*) FROM node_fact").fetchone()[0] > 8 * writeback.ROWS


async def test_a_reader_holds_back_what_it_does_not_see(database: Database, path: Path) -> None:
    """What is written back goes no further than the oldest snapshot that is being read, which stays whole."""
    await write(database, 0, 10)
    async with database.reading() as connection:
        assert await rows.get_fact(connection, "fact-9") == "x"
        await write(database, 10, 20)
        assert not await asyncio.to_thread(writeback.write_back, path)
        assert await rows.get_fact(connection, "fact-19") is None
    assert await asyncio.to_thread(writeback.write_back, path)


async def test_a_flush_that_failed_under_it_stops_the_writer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-31: whichever flush of our own rows has failed, nothing is written before a new start has read the disk."""

    def fail(_path: Path) -> bool:
        raise OperationalError("", None, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(writeback, "write_back", fail)
    await write(database, 0, writeback.ROWS)
    await settled(database)
    with pytest.raises(StorageError) as told:
        await write(database, writeback.ROWS, writeback.ROWS + 1)
    assert told.value.code == "storage.disk-error"


async def test_a_full_disk_under_it_is_for_the_next_commit_to_tell(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """storage.disk-full: what was committed stands in the log, and room is all that is missing."""

    def fail(_path: Path) -> bool:
        raise OperationalError("", None, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(writeback, "write_back", fail)
    await write(database, 0, writeback.ROWS)
    await settled(database)
    await write(database, writeback.ROWS, writeback.ROWS + 1)
    assert database.failed is None
