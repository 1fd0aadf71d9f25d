"""Rows of feeds hold the same tree as the pure Merkle code, at every size."""

import asyncio

import pytest

from passerelle.protocol.leaves import SealedLeaf, encode_leaf
from passerelle.protocol.merkle import Frontier, leaf_hash, root_of
from passerelle.protocol.origins import Origin
from passerelle.storage import feeds
from passerelle.storage.database import Database

ORIGIN = Origin("Qm" + "1" * 44, "Qm" + "2" * 44, 1)


def leaves(first: int, end: int) -> list[bytes]:
    return [encode_leaf(SealedLeaf(index.to_bytes(32, "big"))) for index in range(first, end)]


def hashed(first: int, end: int) -> feeds.Hashed:
    """As a follower has hashed them: the roots of the bundles that are all new."""
    hashes = [leaf_hash(data) for data in leaves(first, end)]
    bundles = range(-(-first // 256), end // 256)
    return feeds.Hashed(hashes, {bundle: root_of(hashes[bundle * 256 - first :][:256]) for bundle in bundles})


@pytest.mark.parametrize("is_hashed", [False, True])
@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("steps", [[1, 255, 1, 300], [256, 256], [700, 1], [65_536, 300], [65_000, 600]])
async def test_appending_in_steps_gives_the_tree_of_all_leaves(
    database: Database, steps: list[int], *, is_known: bool, is_hashed: bool
) -> None:
    """W-1: leaves, tile hashes and frontier grow in one transaction and agree, whoever has hashed, whatever is known."""
    size = 0
    async with database.writing() as connection:
        held = await feeds.add(connection, ORIGIN, own=True)
    for step in steps:
        async with database.writing() as connection:
            before = held if is_known else await feeds.get(connection, ORIGIN)
            assert before is not None
            new = hashed(size, size + step) if is_hashed else None
            held = await feeds.append(connection, before, leaves(size, size + step), hashed=new)
        size += step
    hashes = [leaf_hash(data) for data in leaves(0, size)]
    async with database.reading() as connection:
        kept = await feeds.get(connection, ORIGIN)
        assert kept is not None
        assert kept.frontier == Frontier().extend(hashes)
        assert await feeds.leaves(connection, held.id, 0, size) == leaves(0, size)
        level_two = await feeds.tile_hashes(connection, held.id, 2, 0, size // 65_536)
        assert level_two == [root_of(hashes[:65_536])][: size // 65_536]
        level_one = await feeds.tile_hashes(connection, held.id, 1, 0, size // 256)
        assert level_one == [root_of(hashes[at : at + 256]) for at in range(0, size - size % 256, 256)]
        for smaller in {0, 1, size // 2, size - 1, size, min(size, 257)}:
            ours = await feeds.frontier_at(connection, held.id, smaller)
            assert ours.root() == root_of(hashes[:smaller])


async def test_whoever_appends_beside_whom_each_leaf_has_an_index_of_its_own(database: Database) -> None:
    """W-1: the end of a feed is looked up in the transaction that grows it, and no other grows it meanwhile."""
    async with database.writing() as connection:
        await feeds.add(connection, ORIGIN, own=True)

    async def append(number: int) -> None:
        async with database.writing() as connection:
            held = await feeds.get(connection, ORIGIN)
            assert held is not None
            await asyncio.sleep(0)
            await feeds.append(connection, held, leaves(number, number + 1))

    await asyncio.gather(*(append(number) for number in range(20)))
    async with database.reading() as connection:
        kept = await feeds.get(connection, ORIGIN)
        assert kept is not None
        assert sorted(await feeds.leaves(connection, kept.id, 0, 20)) == leaves(0, 20)
        assert kept.frontier == await feeds.frontier_at(connection, kept.id, 20)


async def test_a_leaf_that_does_not_parse_is_kept_and_hashed(database: Database) -> None:
    """F-13: a malformed leaf under a signed root stops nothing."""
    async with database.writing() as connection:
        held = await feeds.add(connection, ORIGIN, own=False)
        held = await feeds.append(connection, held, [b"{", *leaves(0, 1)])
    async with database.reading() as connection:
        assert held.frontier.root() == root_of([leaf_hash(b"{"), leaf_hash(leaves(0, 1)[0])])
        assert await feeds.without_object(connection, held, 0, 2) == [1]


async def test_the_largest_checkpoint_within_a_bound_is_found(database: Database) -> None:
    async with database.writing() as connection:
        held = await feeds.add(connection, ORIGIN, own=False)
        for size in (0, 3, 9):
            head = feeds.SignedHead(size, bytes(32), b"note %d" % size)
            await feeds.put_checkpoint(connection, held.id, head, 1)
            await feeds.put_checkpoint(connection, held.id, feeds.SignedHead(size, bytes(32), b"later"), 2)
    async with database.reading() as connection:
        newest = await feeds.get_checkpoint(connection, held.id)
        bounded = await feeds.get_checkpoint(connection, held.id, at_most=8)
        exact = await feeds.get_checkpoint(connection, held.id, size=4)
    assert newest is not None
    assert newest.note == b"note 9"
    assert bounded is not None
    assert bounded.note == b"note 3"
    assert exact is None
