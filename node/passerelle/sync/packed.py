"""Full bundles of our public feed, compressed once: what a new follower asks for, ready to be sent.

Derived from the rows, beside them in the home, and made again where one is missing: a
backup may leave them out. Each file is one line with the validator of the bundle, then
its zstd form. Compressing well takes ten times as long as everything else that serving a
bundle does, so it is done in the background when a bundle becomes full.

An object that is erased changes the validator of its bundle: the file is then not served,
and made anew without it when it is next asked for. Whoever erases calls `forget` as well,
for until then its bytes lie in the file (spec/07-paths.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
import zstandard

from passerelle.errors import StorageError
from passerelle.protocol.origins import Origin
from passerelle.protocol.tiles import TILE_WIDTH, Tile
from passerelle.storage import feeds
from passerelle.storage.database import Database
from passerelle.storage.feeds import Feed
from passerelle.sync import files

LEVEL = 7
"""Of zstd; level 12 saves half a hundredth of the bytes more and takes nearly twice as long (docs/performance.md)."""
QUIET_SECONDS = 0.5
"""Bundles are made once none has become full for so long: whoever publishes many records is answered first.
Single ones are no reason to wait, or a follower would have to."""
LONGEST_SECONDS = 30.0
"""After which they are made although more become full all the time."""
FIRST_FILLED = 8
"""Bundles looked at when the feed first grows after a start; older ones are made when they are asked for."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle, compressed.

    Args:
        kind: ``entries`` or ``objects``.
        etag: Validator of the plain bundle, without quotes.
        zstd: Its zstd form, one frame.
    """

    kind: str
    etag: str
    zstd: bytes


class PackedBundles:
    """Compressed bundles in a folder.

    Args:
        folder: Made when the first one is kept.
        database: The rows that they are derived from.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        self._feeds: dict[Origin, Feed] = {}
        self._full: dict[Origin, int] = {}
        """How many bundles are full."""
        self._filled: dict[Origin, int] = {}
        self._grown = asyncio.Event()
        self._making = asyncio.Lock()
        """One is compressed at a time: it takes a core, and two would write into the same file."""

    async def get(self, origin: Origin, tile: Tile) -> Packed | None:
        """The compressed form of a bundle; None for what is not kept so.

        Args:
            origin: The feed.
            tile: A file of it, which is published.
        """
        if not origin.is_public or tile.kind == "hashes" or tile.width < TILE_WIDTH:
            return None
        held = await self._feed(origin)
        if held is None:
            return None
        path = self._path(origin, tile)
        kept = await self._kept(held, tile, path)
        if kept is not None:
            return kept
        async with self._making:  # somebody may have made it meanwhile
            return await self._kept(held, tile, path) or await self._make(held, tile, path)

    async def _kept(self, held: Feed, tile: Tile, path: Path) -> Packed | None:
        """What lies in the folder, where it is still what the rows say."""
        kept = await asyncio.to_thread(_read, path, tile.kind)
        if kept is None or kept.etag != await self._etag(held, tile, kept):
            return None
        return kept

    async def _feed(self, origin: Origin) -> Feed | None:
        """The row of a feed, of which nothing is asked here that ever changes."""
        if origin not in self._feeds:
            async with self._database.reading() as connection:
                found = await feeds.get(connection, origin)
            if found is None:
                return None
            self._feeds[origin] = found
        return self._feeds[origin]

    async def _etag(self, held: Feed, tile: Tile, kept: Packed) -> str:
        if tile.kind == "entries":
            return kept.etag  # entries never change
        async with self._database.reading() as connection:
            missing = await feeds.without_object(connection, held, tile.first, tile.end)
        return files.objects_etag(missing)

    async def _make(self, held: Feed, tile: Tile, path: Path) -> Packed | None:
        async with self._database.reading() as connection:
            found = await files.read(connection, held, tile.end, tile.path)
        if found is None:
            return None
        made = await asyncio.to_thread(_compress, found)
        try:
            await asyncio.to_thread(_write, path, made)
        except OSError as error:  # it is served all the same, and made again next time
            _log.warning("bundle-not-kept", detail=type(error).__name__)
        return made

    def grown(self, sizes: Mapping[str, int]) -> None:
        """Say how large our feeds are now; full bundles are then made in the background."""
        for name, size in sizes.items():
            origin = Origin.parse(name)
            full = size // TILE_WIDTH
            if not origin.is_public:
                continue
            self._filled.setdefault(origin, max(0, full - FIRST_FILLED))
            if full > self._full.get(origin, 0):
                self._full[origin] = full
                self._grown.set()

    async def run(self) -> None:
        """Make the bundles that became full, until cancelled."""
        while True:
            await self._grown.wait()
            await self._until_quiet()
            for origin, full in tuple(self._full.items()):
                with contextlib.suppress(StorageError):  # then they are made when they are asked for
                    await self._fill(origin, full)

    async def _until_quiet(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_SECONDS):
                while self._grown.is_set():
                    self._grown.clear()
                    await asyncio.sleep(QUIET_SECONDS)
        self._grown.clear()

    async def _fill(self, origin: Origin, end: int) -> None:
        for index in range(self._filled[origin], end):
            await self.get(origin, Tile("entries", 0, index))
            await self.get(origin, Tile("objects", 0, index))
            self._filled[origin] = index + 1

    def forget(self, origin: Origin, index: int) -> None:
        """Delete the file in which the object of one leaf may lie."""
        tile = Tile("objects", 0, index // TILE_WIDTH)
        self._path(origin, tile).unlink(missing_ok=True)

    def _path(self, origin: Origin, tile: Tile) -> Path:
        return self._folder / origin.path / f"{tile.path}.zst"


def _read(path: Path, kind: str) -> Packed | None:
    try:
        etag, _, data = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return Packed(kind, etag.decode("ascii", "replace"), data)


def _compress(found: files.File) -> Packed:
    return Packed(found.kind, found.etag, zstandard.ZstdCompressor(level=LEVEL).compress(found.data))


def _write(path: Path, made: Packed) -> None:
    """Whole or not at all: half a bundle would be served for ever."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("wb") as out:
        out.write(made.etag.encode("ascii") + b"\n" + made.zstd)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
