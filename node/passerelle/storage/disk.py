"""The disk under the files of a home: what an earlier process left on it, and what it says when it fails."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.exc import OperationalError

from passerelle.errors import StorageError
from passerelle.storage.failures import storage_errors

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_MAY_BE_FULL = frozenset({"storage.disk-error", "storage.unusable"})
ROOM_TO_OPEN_BYTES = 65_536
"""What opening a file of SQLite takes at least: its shared memory, and a page of the log."""


def settle(path: Path) -> None:
    """Write what stands in the write-ahead log of a database file into the file itself, and flush it.

    After a flush that failed, the kernel may show pages that it never wrote and will not
    write: the next process reads a transaction as committed, and a power cut takes it away
    for good. Read once and written anew, they are on the disk or the call fails (W-32).
    A file that is not there is not made.

    Raises:
        StorageError: The disk failed, or somebody else keeps the file from being written.
    """
    if not path.exists():
        return
    command = "PRAGMA wal_checkpoint(FULL)"
    with storage_errors():
        try:
            with closing(sqlite3.connect(path)) as rows:
                rows.execute("PRAGMA synchronous=FULL")
                ((busy, _, _),) = rows.execute(command)
        except sqlite3.Error as exc:
            raise OperationalError(command, None, exc) from exc
    if busy:
        raise StorageError("storage.unusable", detail="checkpoint")


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Tell a disk without room from one that fails: SQLite says *I/O error* of both while it opens a file.

    Raises:
        StorageError: ``storage.disk-full``, or what the block raised.
    """
    try:
        yield
    except StorageError as error:
        if error.code not in _MAY_BE_FULL or shutil.disk_usage(path.parent).free >= ROOM_TO_OPEN_BYTES:
            raise
        raise StorageError("storage.disk-full") from error


def disk_error(error: OSError) -> StorageError:
    """What the operating system said of a file, as a code of ours."""
    if error.errno in _FULL:
        return StorageError("storage.disk-full")
    if error.errno == errno.EROFS:
        return StorageError("storage.read-only-disk")
    return StorageError("storage.disk-error", fatal=True)
