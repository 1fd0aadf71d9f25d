"""Files that are nobody else's business: who else can read or change them, and how they are written.

As ssh does, what is open to others is refused and not repaired: whoever opened it must
know, for a secret that was readable may have been read.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from passerelle.errors import ConfigError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NEW_SUFFIX = ".new"


def refuse_open_home(home: Path, *, visiting: bool = False) -> None:
    """Refuse a home that is another's, or in which others may read or write.

    Everything in it is guarded by this one folder: rows, socket, lock and keys.

    Args:
        home: The folder; one that is not there is for others to name.
        visiting: Whether the home is only asked through its running node, as root may.

    Raises:
        ConfigError: ``home.open-to-others`` or ``home.another-owner``.
    """
    try:
        found = home.stat()
    except OSError:
        return
    if found.st_mode & _OTHERS:
        raise ConfigError("home.open-to-others", path=str(home))
    if found.st_uid != os.geteuid() and not (visiting and os.geteuid() == 0):
        raise ConfigError("home.another-owner", path=str(home), uid=found.st_uid)


def refuse_open_file(path: Path) -> None:
    """Refuse a secret file that others can read or change, or that somebody else wrote.

    A file of root may be readable by one group: this is how a system gives a service a
    key, and how PostgreSQL has it too.

    Raises:
        ConfigError: ``keys.readable-by-others``, ``keys.another-owner`` or ``keys.missing``.
    """
    try:
        found = path.stat()
    except OSError as exc:
        raise ConfigError("keys.missing", path=str(path)) from exc
    if found.st_uid not in {os.geteuid(), 0}:
        raise ConfigError("keys.another-owner", path=str(path), uid=found.st_uid)
    allowed = stat.S_IRGRP if found.st_uid == 0 else 0
    if found.st_mode & _OTHERS & ~allowed:
        raise ConfigError("keys.readable-by-others", path=str(path))


def write_new(path: Path, data: bytes) -> None:
    """Write a file that was not there, for its owner alone; durable on return."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    sync_folder(path.parent)


def create_empty(path: Path) -> None:
    """Make an empty file for its owner alone, where there is none.

    Given to SQLite, which makes its log and its shared memory with the rights of the file.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def replace(path: Path, data: bytes) -> None:
    """Put new bytes in the place of a file: a reader, or a crash, finds the old ones or the new, whole."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_NEW_SUFFIX}")
    try:
        write_new(beside, data)
        beside.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def drop_unfinished(folder: Path) -> None:
    """Delete what a crash left of :func:`replace`."""
    for path in folder.glob(f".*{_NEW_SUFFIX}"):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
