"""The fence at a start: rows that are not those of the heads that were let out sign nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from passerelle.protocol.leaves import SealedLeaf, encode_leaf
from passerelle.protocol.origins import Origin
from passerelle.storage import feeds
from passerelle.storage.heads import Head, HeadStore, Swap
from passerelle.sync import fence
from passerelle.sync.batch import sign_head
from tests.unit.sync.conftest import Follower


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[HeadStore]:
    """An empty head store."""
    made = HeadStore(tmp_path / "head.sqlite")
    await made.create()
    yield made
    await made.close()


async def rows_of(follower: Follower, size: int) -> tuple[str, Head]:
    """Rows of an own feed of that size; its origin, and the head of them."""
    origin = Origin(follower.me.scid, follower.author.scid, 1)
    leaves = [encode_leaf(SealedLeaf(index.to_bytes(32, "big"))) for index in range(size)]
    async with follower.database.writing() as connection:
        held = await feeds.add(connection, origin, own=True)
        held = await feeds.append(connection, held, leaves)
        swap = await sign_head(connection, held, follower.me.keys, None, 1)
    return swap.origin, swap.new


async def closed_by(follower: Follower, store: HeadStore, origin: str, head: Head) -> str | None:
    """Why nothing may be signed beside that head, None where all is well."""
    await store.replace([Swap(origin, None, head)])
    _, closed = await fence.check(follower.database, store)
    return None if closed is None else closed.code


async def test_rows_of_the_head_go_on(follower: Follower, store: HeadStore) -> None:
    """W-6: what was let out is what the rows hold."""
    origin, head = await rows_of(follower, 3)
    assert await closed_by(follower, store, origin, head) is None


@pytest.mark.parametrize(("size", "code"), [(4, "fence.rows-behind"), (3, "fence.rows-differ")])
async def test_rows_of_another_tree_sign_nothing(
    follower: Follower, store: HeadStore, size: int, code: str
) -> None:
    """L-15: what an old copy, or another one, would sign next is no continuation of what was let out."""
    origin, head = await rows_of(follower, 3)
    let_out = replace(head, size=size, root=bytes(32))
    assert await closed_by(follower, store, origin, let_out) == code


async def test_a_feed_whose_rows_are_lost_is_not_begun_again(follower: Follower, store: HeadStore) -> None:
    """L-2: an origin under which a checkpoint was let out is no name for a new feed, though no row knows it."""
    origin = Origin(follower.me.scid, follower.author.scid, 1).encode()
    assert await closed_by(follower, store, origin, Head(3, bytes(32), b"note")) == "fence.rows-behind"
