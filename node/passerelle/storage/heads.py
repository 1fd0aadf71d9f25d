"""The head store: the last checkpoint let out of each own feed, and nothing else.

It is a file of its own, left out of backups on purpose: when an old database is
restored beside it, the head is ahead of the rows, and the node knows that signing
now would fork its own feed (spec/08-publishing.md, rollback fence). The store is
never created implicitly: only `init` makes one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    String,
    Table,
    select,
)

from passerelle.errors import StorageError
from passerelle.storage import sqlite
from passerelle.storage.database import UNKNOWN_AFTER, new_engine, sqlite_url
from passerelle.storage.failures import storage_errors

_metadata = MetaData()
_head = Table(
    "head",
    _metadata,
    Column("origin", String(200), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
)


_ADD = "INSERT INTO head (size, root, note, origin) VALUES (?, ?, ?, ?)"
_MOVE = "UPDATE head SET size = ?, root = ?, note = ? WHERE origin = ? AND size = ? AND root = ?"
"""Compare and swap. In one trip to SQLite's thread: every commit of what is published waits for it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest signed checkpoint of one own feed.

    Args:
        size: Tree size, leaves.
        root: Root hash of those leaves, 32 bytes.
        note: The signed checkpoint, exactly as published.
    """

    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class Swap:
    """One head to move: from `old`, None where the feed is new, to `new`."""

    origin: str
    old: Head | None
    new: Head


class HeadStore:
    """Compare-and-swap over the heads; durable when :meth:`replace` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = new_engine(sqlite_url(path), begin="BEGIN IMMEDIATE", pool_size=1)
        self._failed: StorageError | None = None

    @property
    def exists(self) -> bool:
        """Whether the file is there. A database without one was restored or copied."""
        return self._path.exists()

    async def create(self) -> None:
        """Make an empty store; only for a new home, or after a person confirmed a restore."""
        with storage_errors():
            async with self._engine.begin() as connection:
                await connection.run_sync(_metadata.create_all)

    async def read(self) -> Mapping[str, Head]:
        """Every head, by origin."""
        with storage_errors():
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(_head))
                return {row.origin: Head(row.size, row.root, row.note) for row in rows}

    async def replace(self, swaps: Sequence[Swap]) -> None:
        """Move all the heads named, or none.

        Raises:
            StorageError: ``head.moved``, fatal: another process wrote, or the store is another one than it was;
                what the disk said, and from then on nothing is moved: what it holds is unknown (W-31).
        """
        if self._failed is not None:
            raise self._failed
        try:
            await self._replace(swaps)
        except StorageError as error:
            if error.code in UNKNOWN_AFTER:
                self._failed = error
            raise

    async def _replace(self, swaps: Sequence[Swap]) -> None:
        with storage_errors():
            async with self._engine.connect() as connection:
                driver = sqlite.driver_of(connection)
                if driver is None:
                    raise TypeError("the head store is a file of SQLite's")
                with sqlite.driver_errors():
                    moved = await driver.change_rows([_change(swap) for swap in swaps])
        if not moved:
            raise StorageError("head.moved", fatal=True, origin=", ".join(swap.origin for swap in swaps))

    async def close(self) -> None:
        """Give back the connection."""
        await self._engine.dispose()


def _change(swap: Swap) -> tuple[str, tuple[object, ...]]:
    new = (swap.new.size, swap.new.root, swap.new.note, swap.origin)
    return (_ADD, new) if swap.old is None else (_MOVE, (*new, swap.old.size, swap.old.root))
