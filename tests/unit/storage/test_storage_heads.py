"""The head store moves by compare-and-swap or not at all."""

from pathlib import Path

import pytest

from passerelle.errors import StorageError
from passerelle.storage.heads import Head, HeadStore, Swap

FIRST, SECOND, THIRD = (Head(size, bytes([size]) * 32, b"note") for size in (1, 2, 3))


async def opened(path: Path) -> HeadStore:
    store = HeadStore(path / "head.sqlite")
    await store.create()
    return store


async def test_a_head_moves_from_what_it_was(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.replace([Swap("a", None, FIRST)])
    await store.replace([Swap("a", FIRST, SECOND)])
    assert await store.read() == {"a": SECOND}
    await store.close()


async def test_a_head_that_another_process_moved_stops_us(tmp_path: Path) -> None:
    """W-9: a compare-and-swap that fails is fatal."""
    store, other = await opened(tmp_path), HeadStore(tmp_path / "head.sqlite")
    await store.replace([Swap("a", None, FIRST)])
    await other.replace([Swap("a", FIRST, THIRD)])
    with pytest.raises(StorageError) as caught:
        await store.replace([Swap("a", FIRST, SECOND)])
    assert caught.value.code == "head.moved"
    assert caught.value.fatal
    assert await store.read() == {"a": THIRD}
    await store.close()
    await other.close()


async def test_several_heads_move_together_or_none(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.replace([Swap("a", None, FIRST), Swap("b", None, FIRST)])
    with pytest.raises(StorageError):
        await store.replace([Swap("a", FIRST, SECOND), Swap("b", SECOND, THIRD)])
    assert await store.read() == {"a": FIRST, "b": FIRST}
    await store.close()


async def test_a_store_is_never_made_by_opening_it(tmp_path: Path) -> None:
    """W-8: a home without its head store was restored, and must be seen to be."""
    store = HeadStore(tmp_path / "head.sqlite")
    assert not store.exists
    await store.close()
    assert not (tmp_path / "head.sqlite").exists()
