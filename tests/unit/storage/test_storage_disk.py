"""What an earlier process left in a write-ahead log, and what the operating system says of a disk."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from passerelle.errors import StorageError
from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.disk import ROOM_TO_OPEN_BYTES, disk_error, opening, settle
from passerelle.storage.private import create_empty


def left_by_a_dead_process(path: Path) -> None:
    """A database file whose newest row stands in its log alone."""
    living = path.with_name("living.sqlite")
    with closing(sqlite3.connect(living, isolation_level=None)) as rows:
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("CREATE TABLE t (a)")
        rows.execute("INSERT INTO t VALUES (1)")
        for suffix in ("", "-wal"):
            shutil.copy2(f"{living}{suffix}", f"{path}{suffix}")


def test_a_start_writes_anew_what_a_log_holds(tmp_path: Path) -> None:
    """W-32: after it, the file alone has every row that a start would see."""
    path = tmp_path / "rows.sqlite"
    left_by_a_dead_process(path)
    settle(path)
    alone = shutil.copy2(path, tmp_path / "alone.sqlite")
    with closing(sqlite3.connect(alone)) as rows:
        assert rows.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A head store is never made implicitly (chapter 08)."""
    settle(tmp_path / "head.sqlite")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """storage.damaged, as everywhere."""
    path = tmp_path / "rows.sqlite"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    with pytest.raises(StorageError) as caught:
        settle(path)
    assert caught.value.code == "storage.damaged"


@pytest.mark.parametrize(
    ("number", "code", "fatal"),
    [
        (errno.ENOSPC, "storage.disk-full", False),
        (errno.EDQUOT, "storage.disk-full", False),
        (errno.EROFS, "storage.read-only-disk", False),
        (errno.EIO, "storage.disk-error", True),
    ],
)
def test_what_the_system_says_has_a_code(number: int, code: str, fatal: bool) -> None:
    """A full disk is not a failing one."""
    error = disk_error(OSError(number, "words"))
    assert (error.code, error.fatal) == (code, fatal)


def _fail(code: str) -> Callable[[], None]:
    def fail() -> None:
        raise OperationalError("COMMIT", None, sqlite3.OperationalError(code))

    return fail


@pytest.mark.parametrize(
    ("said", "again"),
    [("disk I/O error", "storage.disk-error"), ("database or disk is full", None)],
)
async def test_nothing_is_written_after_the_disk_has_failed(
    tmp_path: Path, said: str, again: str | None
) -> None:
    """W-31: no transaction begins any more; after a disk that was only full, the next one does."""
    database = Database(sqlite_url(tmp_path / "rows.sqlite"))
    try:
        await database.open()
        with pytest.raises(StorageError):
            async with database.writing():
                _fail(said)()
        if again is None:
            async with database.writing():
                assert database.failed is None
            return
        with pytest.raises(StorageError) as caught:
            async with database.writing():
                pytest.fail("a transaction was begun")
        assert caught.value.code == again
        async with database.reading():
            pass
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("free", "code", "told"),
    [
        (0, "storage.disk-error", "storage.disk-full"),
        (0, "storage.unusable", "storage.disk-full"),
        (0, "storage.damaged", "storage.damaged"),
        (ROOM_TO_OPEN_BYTES, "storage.disk-error", "storage.disk-error"),
    ],
)
def test_a_start_without_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, code: str, told: str
) -> None:
    """SQLite calls it an I/O error where its shared memory finds no room; a person is to make room, not to buy a disk."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, free))
    with pytest.raises(StorageError) as caught, opening(tmp_path / "rows.sqlite"):
        raise StorageError(code)
    assert caught.value.code == told


def rights(folder: Path) -> dict[str, int]:
    """The rights of each file."""
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


async def test_the_files_of_a_new_home_are_its_owners_alone(tmp_path: Path) -> None:
    """The log and the shared memory of SQLite have the rights of the file that they belong to."""
    path = tmp_path / "rows.sqlite"
    create_empty(path)
    create_empty(path)
    database = Database(sqlite_url(path))
    await database.open()
    modes = rights(tmp_path)
    await database.close()
    assert modes.keys() > {"rows.sqlite", "rows.sqlite-wal"}
    assert set(modes.values()) == {0o600}
