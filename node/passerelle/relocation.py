"""Moving the rows of a home from one database to another, as ``passerelle database move`` does.

The order makes an interruption harmless at any point; the same command then finishes it:

    1  the node is stopped and its rows pass the fence, as at a start
    2  every row goes into the new database in one transaction; killed before its end, nothing
       is there. A new file of SQLite is written beside its place until it is whole
    3  both are read again: rows and digest of each table, and of each own feed the root over
       all leaves against the head store
    4  the setting changes, by the renaming of one file: from here on the new database counts

The old database is read and nothing else. The head store stays where it is, and so does
everything else in the home.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from passerelle import config as settings
from passerelle.config import Config
from passerelle.errors import ConfigError, InputError, StorageError
from passerelle.protocol.merkle import Frontier, leaf_hash
from passerelle.storage import feeds, moving
from passerelle.storage.database import Database, name_of, sqlite_url
from passerelle.storage.heads import HeadStore
from passerelle.storage.home import HomeLock, Paths
from passerelle.storage.moving import Content, Progress
from passerelle.storage.postgresql import Access
from passerelle.storage.private import sync_folder
from passerelle.sync import fence

LEAVES_AT_ONCE = 4_096


async def move_database(
    home: Path, database: str, *, password_file: Path | None = None, progress: Progress
) -> dict[str, object]:
    """Move the rows of a stopped home, and let its setting name the new place.

    Args:
        home: The folder.
        database: As :class:`passerelle.config.Config` has it: ``sqlite`` or an address.
        password_file: The same, for the new address.
        progress: Told of every stretch of every table, first copied, then read again.

    Returns:
        ``from`` and ``to`` by name, ``old`` as the setting was, ``rows`` by table.

    Raises:
        InputError: ``storage.same``.
        ConfigError: ``home.in-use``, ``home.no-database``, ``config.*``.
        StorageError: ``storage.not-empty``; ``storage.copy-differs``, with nothing switched;
            what the fence finds wrong; what opening either database raises.
    """
    paths = Paths(home)
    before = settings.load(home)
    after = before.model_validate(
        {**before.model_dump(), "database": database, "database_password_file": password_file}
    )
    if after.place(paths) == before.place(paths):
        raise InputError("storage.same")
    lock = HomeLock(paths.lock)
    lock.take()
    try:
        content = await _move(paths, before, after, progress)
        settings.switch_database(home, after)
    finally:
        lock.release()
    return {
        "from": name_of(before.place(paths)),
        "to": name_of(after.place(paths)),
        "old": before.database if before.database != settings.SQLITE else str(paths.database),
        "rows": {name: held.rows for name, held in content.items()},
    }


async def _move(paths: Paths, before: Config, after: Config, progress: Progress) -> Mapping[str, Content]:
    if before.database == settings.SQLITE and not paths.database.exists():
        raise ConfigError("home.no-database", path=str(paths.database))
    heads = HeadStore(paths.heads)
    source = Database(before.place(paths))
    try:
        await source.open()
        _, closed = await fence.check(source, heads)
        if closed is not None:
            raise closed
        async with _destination(paths, after) as (target, name):
            content = await _copied(source, target, progress, name)
            await _audit(target, heads, name)
            return content
    finally:
        await source.close()
        await heads.close()


@asynccontextmanager
async def _destination(paths: Paths, after: Config) -> AsyncIterator[tuple[Database, str]]:
    """The database to be filled; a file gets its name only when the block has left without an error."""
    place = after.place(paths)
    unfinished = paths.database.with_name(f"{paths.database.name}.moving")
    in_file = not isinstance(place, Access) and not paths.database.exists()
    if in_file:
        for leftover in (
            unfinished,
            *(unfinished.with_name(unfinished.name + end) for end in ("-wal", "-shm")),
        ):
            leftover.unlink(missing_ok=True)
        place = sqlite_url(unfinished)
    target = Database(place)
    name = name_of(after.place(paths))
    try:
        await target.open(to_be_filled=name)
        yield target, name
    finally:
        await target.close()
    if in_file:
        unfinished.rename(paths.database)
        sync_folder(paths.home)


async def _copied(source: Database, target: Database, progress: Progress, name: str) -> Mapping[str, Content]:
    """Copy, and read again what arrived; where an earlier move got that far, only compare."""
    async with source.reading() as old:
        async with target.writing() as new:
            content = await moving.copy(old, new, progress) if await moving.is_empty(new) else None
        there_already = content is None
        content = content or await moving.inspect(old, progress)
    async with target.reading() as new:
        held = await moving.inspect(new, progress)
    for table, expected in content.items():
        if held[table] != expected:
            if there_already:
                raise StorageError("storage.not-empty", database=name)
            raise StorageError("storage.copy-differs", database=name, table=table)
    return content


async def _audit(target: Database, heads: HeadStore, name: str) -> None:
    """Each head that we let out is the root over the leaves that arrived."""
    known = await heads.read()
    async with target.reading() as connection:
        for held in await feeds.every(connection, own=True):
            head = known.get(held.origin.encode())
            frontier = Frontier()
            while frontier.size < held.size:
                some = await feeds.leaves(
                    connection, held.id, frontier.size, min(held.size, frontier.size + LEAVES_AT_ONCE)
                )
                if not some:
                    break
                frontier = frontier.extend([leaf_hash(data) for data in some])
            if head is None or (head.size, head.root) != (frontier.size, frontier.root()):
                raise StorageError("storage.copy-differs", database=name, table="leaf")
