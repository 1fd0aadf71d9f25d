"""The files of a feed (spec/07-paths.md), derived from rows on demand.

The same bytes are served over HTTP, copied to a folder and put into a bundle. Tiles and
entry bundles never change; objects do, when one is erased, so they carry a validator
that tells what is missing, the same for every width that holds the same items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.protocol.objects import encode_public
from passerelle.protocol.tiles import (
    TILE_WIDTH,
    Tile,
    encode_entry_bundle,
    encode_objects,
    encode_tile,
    parse_checkpoint_path,
)
from passerelle.storage import feeds, vault
from passerelle.storage.feeds import Feed


@dataclass(frozen=True, slots=True)
class File:
    """Bytes of one path.

    Args:
        data: The bytes.
        kind: ``checkpoint``, ``hashes``, ``entries`` or ``objects``; decides media type and caching.
        etag: Strong validator, without quotes.
    """

    data: bytes
    kind: str
    etag: str


async def read(connection: AsyncConnection, held: Feed, size: int, tail: str) -> File | None:
    """The file at `tail` (below the feed's folder) of the first `size` leaves, or None.

    Args:
        connection: A snapshot.
        held: The feed.
        size: What is published; rows beyond it do not exist for readers.
        tail: Such as ``tile/entries/000.p/7`` or ``checkpoints/x001/234``.

    Raises:
        ProtocolError: ``tile.path``.
    """
    if tail.startswith("checkpoints/"):
        wanted_size = parse_checkpoint_path(tail)
        found = (
            await feeds.get_checkpoint(connection, held.id, size=wanted_size) if wanted_size <= size else None
        )
        return None if found is None else File(found.note, "checkpoint", etag_of(found.note))
    wanted = Tile.parse_path(tail)
    if wanted.end > size // TILE_WIDTH**wanted.level:
        return None
    if wanted.kind == "hashes":
        hashes = await feeds.tile_hashes(connection, held.id, wanted.level, wanted.first, wanted.end)
        return _immutable(encode_tile(hashes), "hashes")
    if wanted.kind == "entries":
        leaves = await feeds.leaves(connection, held.id, wanted.first, wanted.end)
        return _immutable(encode_entry_bundle(leaves), "entries")
    return await _objects_file(connection, held, wanted)


async def _objects_file(connection: AsyncConnection, held: Feed, wanted: Tile) -> File:
    present = await objects(connection, held, wanted.first, wanted.end)
    missing = await feeds.without_object(connection, held, wanted.first, wanted.end)
    data = encode_objects([present.get(index) for index in range(wanted.first, wanted.end)])
    return File(data, "objects", objects_etag(missing))


async def objects(connection: AsyncConnection, held: Feed, first: int, end: int) -> Mapping[int, bytes]:
    """Objects first <= index < end by index; a leaf without one, or erased, is left out."""
    if held.origin.is_public:
        parts = await vault.public_objects(connection, held.id, first, end)
        return {index: encode_public(salt, data) for index, (salt, data) in parts.items()}
    return await vault.sealed_objects(connection, held.id, first, end)


def objects_etag(missing: Sequence[int]) -> str:
    """Validator of an object bundle: it changes with each rewriting, and not with the width."""
    return "whole" if not missing else etag_of(repr(list(missing)).encode())


def etag_of(data: bytes) -> str:
    """Validator of bytes that may change: half of their SHA-256, in hex."""
    return sha256(data).hexdigest()[:32]


def _immutable(data: bytes, kind: str) -> File:
    return File(data, kind, etag_of(data))
