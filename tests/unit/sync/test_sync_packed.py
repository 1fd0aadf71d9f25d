"""Compressed bundles are what the rows say now, never what they said once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import zstandard

from passerelle.protocol.tiles import TILE_WIDTH, Tile
from passerelle.storage import feeds, vault
from passerelle.storage.feeds import Feed
from passerelle.sync import files
from passerelle.sync import packed as packed_module
from passerelle.sync.packed import Packed, PackedBundles
from tests.unit.sync.conftest import Follower

ENTRIES, OBJECTS = Tile("entries", 0, 0), Tile("objects", 0, 0)


@pytest.fixture
async def held(follower: Follower) -> Feed:
    """A public feed with one full bundle and a little more."""
    feed = follower.feed(follower.public, 4)
    feed.pad(TILE_WIDTH)
    await follower.pull(feed.origin)
    return await follower.held(feed.origin)


@pytest.fixture
def packed(follower: Follower, tmp_path: Path) -> PackedBundles:
    return PackedBundles(tmp_path / "packed", follower.database)


async def plain(follower: Follower, held: Feed, tile: Tile) -> files.File:
    async with follower.database.reading() as connection:
        found = await files.read(connection, held, held.size, tile.path)
    assert found is not None
    return found


@pytest.mark.parametrize("tile", [ENTRIES, OBJECTS])
async def test_it_is_the_file_that_the_rows_give(
    follower: Follower, held: Feed, packed: PackedBundles, tile: Tile
) -> None:
    """P-5: under each coding the same bytes, under the same validator; made once, then read."""
    expected = await plain(follower, held, tile)
    for _ in range(2):
        found = await packed.get(held.origin, tile)
        assert found is not None
        assert (zstandard.ZstdDecompressor().decompress(found.zstd), found.etag) == (
            expected.data,
            expected.etag,
        )


async def test_what_was_erased_is_not_sent_again(
    follower: Follower, held: Feed, packed: PackedBundles, tmp_path: Path
) -> None:
    """P-5: when an object is erased the validator changes, and the old file is no answer any more."""
    before = await packed.get(held.origin, OBJECTS)
    async with follower.database.writing() as connection:
        await vault.destroy(connection, held.id, [2])
    expected = await plain(follower, held, OBJECTS)
    after = await packed.get(held.origin, OBJECTS)
    assert before is not None
    assert after is not None
    assert after.etag == expected.etag != before.etag
    assert zstandard.ZstdDecompressor().decompress(after.zstd) == expected.data
    packed.forget(held.origin, 2)
    assert not [
        path for path in (tmp_path / "packed").rglob("*") if path.is_file() and "objects" in str(path)
    ]


async def test_partial_and_bilateral_ones_are_not_kept(
    follower: Follower, held: Feed, packed: PackedBundles, tmp_path: Path
) -> None:
    """docs: what still grows, or is for one partner, is made when it is asked for."""
    assert await packed.get(held.origin, Tile("objects", 0, 1, held.size - TILE_WIDTH)) is None
    assert await packed.get(held.origin, Tile("hashes", 0, 0)) is None
    async with follower.database.writing() as connection:
        bilateral = await feeds.add(connection, follower.bilateral, own=False)
    assert await packed.get(bilateral.origin, OBJECTS) is None
    assert not (tmp_path / "packed").exists()


async def test_full_bundles_are_made_in_the_background(
    held: Feed, packed: PackedBundles, tmp_path: Path
) -> None:
    """docs: nobody waits for the compressing of what lies there for long."""
    task = asyncio.create_task(packed.run())
    packed.grown({held.origin.encode(): held.size})
    made: set[str] = set()
    for _ in range(500):
        made = {f"{path.parent.name}/{path.name}" for path in (tmp_path / "packed").rglob("*.zst")}
        if len(made) == 2:
            break
        await asyncio.sleep(0.01)
    task.cancel()
    assert made == {"entries/000.zst", "objects/000.zst"}


async def test_single_records_do_not_put_it_off(held: Feed, packed: PackedBundles, tmp_path: Path) -> None:
    """docs: bundles wait until no other one has become full for half a second, not until nothing is published."""
    task = asyncio.create_task(packed.run())
    made: set[str] = set()
    for more in range(TILE_WIDTH - held.size % TILE_WIDTH):  # ten seconds
        packed.grown({held.origin.encode(): held.size + more})
        await asyncio.sleep(0.04)
        made = {f"{path.parent.name}/{path.name}" for path in (tmp_path / "packed").rglob("*.zst")}
        if len(made) == 2:
            break
    task.cancel()
    assert made == {"entries/000.zst", "objects/000.zst"}


async def test_all_that_becomes_full_at_once_is_made(
    follower: Follower, packed: PackedBundles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs: of what was full at the start only the newest are looked at; of what becomes full later, all."""
    monkeypatch.setattr(packed_module, "FIRST_FILLED", 1)
    feed = follower.feed(follower.public, 4)
    feed.pad(4 * TILE_WIDTH)
    await follower.pull(feed.origin)
    task = asyncio.create_task(packed.run())
    packed.grown({feed.origin.encode(): 2 * TILE_WIDTH})
    packed.grown({feed.origin.encode(): 4 * TILE_WIDTH})
    made: set[str] = set()
    for _ in range(1_000):
        made = {path.name for path in (tmp_path / "packed").rglob("*.zst")}
        if len(made) == 3:
            break
        await asyncio.sleep(0.01)
    task.cancel()
    assert made == {"001.zst", "002.zst", "003.zst"}


async def test_a_disk_without_room_stops_nothing(held: Feed, packed: PackedBundles, tmp_path: Path) -> None:
    """docs: what cannot be kept is sent all the same."""
    (tmp_path / "packed").write_bytes(b"")  # no folder can be made here
    assert await packed.get(held.origin, OBJECTS) is not None


async def test_it_is_made_once_however_many_ask(
    follower: Follower, held: Feed, packed: PackedBundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that wrote the same file at a time would leave half of it where it is served from."""
    made: list[str] = []
    real = packed_module._compress

    def compress(found: files.File) -> Packed:
        made.append(found.kind)
        return real(found)

    monkeypatch.setattr(packed_module, "_compress", compress)
    found = await asyncio.gather(*(packed.get(held.origin, OBJECTS) for _ in range(4)))
    assert made == ["objects"]
    assert len(set(found)) == 1
