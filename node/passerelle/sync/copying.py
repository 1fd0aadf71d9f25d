"""Copying the feeds that a node holds into a folder, as files, for an auditor or a stick.

The folder has the paths of spec/07-paths.md, with the identity logs beside the feeds:

    .well-known/did.jsonl            our identity
    feeds/public/1/…                 our public feed
    feeds/to/<SCID>/1/…              our feed to a partner, its objects sealed as sent
    mirrors/<SCID>/did.jsonl         a partner's identity
    mirrors/<SCID>/public/1/…        a partner's public feed, as far as we hold it
    received/<SCID>/to/1/…           a partner's feed to us: leaves and receipt, no objects

Nothing that was sealed is written in the open: what we opened stays in the vault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import InputError, reason_of
from passerelle.protocol.origins import Origin
from passerelle.protocol.tiles import Tile, bundles_of, checkpoint_path, tiles_of
from passerelle.storage import evidence, feeds
from passerelle.storage import peers as peer_rows
from passerelle.storage.database import Database
from passerelle.storage.feeds import Feed
from passerelle.storage.heads import Head
from passerelle.sync import files


async def copy_feeds(
    database: Database, own: str, heads: Mapping[str, Head], folder: Path
) -> list[tuple[str, int]]:
    """Write every feed that is held into a new folder.

    Args:
        database: The rows.
        own: Our SCID.
        heads: Our heads in force: of our own feeds only what is published is copied.
        folder: Absent, or empty.

    Returns:
        Origin and size of each feed that was copied.

    Raises:
        InputError: ``copy.not-empty``, ``copy.not-writable``.
    """
    _refuse_used(folder)
    copied: list[tuple[str, int]] = []
    async with database.reading() as connection:
        for scid, log in (await peer_rows.identities(connection)).items():
            name = ".well-known/did.jsonl" if scid == own else f"mirrors/{scid}/did.jsonl"
            await _write(folder / name, log)
        for held in await feeds.every(connection):
            head = heads.get(held.origin.encode()) if held.own else None
            newest = await feeds.get_checkpoint(
                connection, held.id, at_most=held.size if head is None else head.size
            )
            if newest is not None:
                await _copy(connection, held, newest.size, folder / place_of(held.origin, own), own)
                copied.append((held.origin.encode(), newest.size))
    return copied


def _refuse_used(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("copy.not-empty", path=str(folder))


def place_of(origin: Origin, own: str) -> str:
    """Where a feed lies in such a folder."""
    if origin.author == own:
        return origin.path
    return origin.mirror_path() if origin.is_public else origin.received_path()


async def _copy(connection: AsyncConnection, held: Feed, size: int, folder: Path, own: str) -> None:
    received = not held.own and not held.origin.is_public
    wanted: list[Tile] = list(bundles_of("entries", 0, size))
    if not received:
        wanted += [*tiles_of(size), *bundles_of("objects", 0, size)]
    sizes = await feeds.checkpoint_sizes(connection, held.id, at_most=size)
    for path in _paths(wanted, sizes):
        found = await files.read(connection, held, size, path)
        if found is not None:
            await _write(folder / path, found.data)
    newest = await feeds.get_checkpoint(connection, held.id, size=size)
    if newest is not None:
        await _write(folder / "checkpoint", newest.note)
    receipt = await evidence.get_receipt(connection, held.id, own)
    if received and receipt is not None:
        await _write(folder / "receipt", receipt[0].note)


def _paths(tiles: Iterable[Tile], sizes: Iterable[int]) -> Iterable[str]:
    yield from (tile.path for tile in tiles)
    yield from (checkpoint_path(size) for size in sizes)


async def _write(path: Path, data: bytes) -> None:
    def write() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    try:
        await asyncio.to_thread(write)
    except OSError as exc:
        raise InputError("copy.not-writable", path=str(path.parent), detail=reason_of(exc)) from exc
