"""The publisher where the result of a durable write is unknown, and where the fence closes while it works."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import InputError, PasserelleError, StorageError
from passerelle.node import Node, open_node
from passerelle.storage import feeds
from passerelle.storage import records as record_rows
from passerelle.storage.heads import Head, Swap
from passerelle.storage.home import Paths
from passerelle.sync import fence
from passerelle.sync.batch import Batch
from tests.unit.federation.world import TOGO, offer


async def refused(node: Node) -> StorageError:
    """Publish one offer in vain."""
    with pytest.raises(StorageError) as caught:
        async with asyncio.timeout(20):
            await node.desk.publish([offer(TOGO, "Mission")])
    return caught.value


async def signed(node: Node) -> int:
    """The largest size of our public feed under our own signature."""
    async with node.database.reading() as connection:
        (own,) = await feeds.every(connection, own=True)
        newest = await feeds.get_checkpoint(connection, own.id)
    assert newest is not None
    return newest.size


UNKNOWN: list[BaseException] = [
    StorageError("head.moved", fatal=True),
    IntegrityError("insert", None, ValueError("unique")),
    TimeoutError(),
    asyncio.CancelledError(),
]


@pytest.mark.parametrize("error", UNKNOWN, ids=lambda error: type(error).__name__)
async def test_an_unknown_result_of_the_heads_stops_publishing(
    node: Node, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """W-7, W-9, W-10: whatever comes out of the head store, nothing is signed before a new start has looked.

    Nobody was told meanwhile that a record is published, and no new size is served.
    """

    async def fail(_swaps: Sequence[Swap]) -> None:
        raise error

    served = dict(node.publisher.current)
    monkeypatch.setattr(node.heads, "replace", fail)
    await refused(node)
    assert node.publisher.current == served
    assert node.publisher.closed is not None
    assert node.publisher.closed.code == "publish.stopped"
    monkeypatch.undo()
    before = await signed(node)
    assert (await refused(node)).code == "publish.stopped"
    assert await signed(node) == before


def failing_commits(node: Node, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every COMMIT of the rows fail, though it may have happened."""
    real = node.database.writing

    @asynccontextmanager
    async def writing() -> AsyncIterator[AsyncConnection]:
        async with real() as connection:
            yield connection
        raise error

    monkeypatch.setattr(node.database, "writing", writing)


@pytest.mark.parametrize("code", ["storage.unusable", "storage.disk-error"])
async def test_an_unknown_result_of_the_rows_stops_publishing(
    node: Node, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """W-6, W-9: a COMMIT that failed may stand on the disk, with a signed checkpoint in it."""
    failing_commits(node, monkeypatch, StorageError(code, fatal=code == "storage.disk-error"))
    await refused(node)
    assert node.publisher.closed is not None
    monkeypatch.undo()
    before = await signed(node)
    await refused(node)
    assert await signed(node) == before


@pytest.mark.parametrize("error", [InputError("peer.unknown"), KeyError("a fault of ours")], ids=str)
async def test_what_stands_beside_a_group_fails_with_it(
    node: Node, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """W-1: whoever is told that a group has failed finds nothing of it published."""

    async def fail(*_: object) -> None:
        raise error

    before = await signed(node)
    monkeypatch.setattr(record_rows, "put_answer", fail)
    with pytest.raises(PasserelleError):
        await node.desk.publish([offer(TOGO, "Mission")], key="k")
    monkeypatch.undo()
    await node.desk.publish([offer(TOGO, "Mission")], key="k")  # behind whatever became of the first one
    assert await signed(node) == before + 1


async def test_a_full_disk_is_a_known_result(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """storage.disk-full: the database has rolled back, and room is all that is missing."""
    failing_commits(node, monkeypatch, StorageError("storage.disk-full"))
    assert (await refused(node)).code == "storage.disk-full"
    assert node.publisher.closed is None


async def test_the_fence_is_looked_at_again_before_signing(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-13: proof that came while a group was composed still stops its signature."""
    real, before = Batch.place, await signed(node)

    async def place(self: Batch, early: Any) -> Any:
        composed = await real(self, early)
        node.publisher.closed = StorageError("fence.partner-ahead")
        return composed

    monkeypatch.setattr(Batch, "place", place)
    assert (await refused(node)).code == "fence.partner-ahead"
    assert await signed(node) == before, "nothing was signed"


async def test_the_fence_is_looked_at_again_before_the_heads_move(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-13: proof that came with the last row still keeps the checkpoint from being let out."""
    real, heads = Batch.write, await node.heads.read()

    async def write(self: Batch, current: Any, now: int) -> Any:
        swaps = await real(self, current, now)
        node.publisher.closed = StorageError("fence.partner-ahead")
        return swaps

    monkeypatch.setattr(Batch, "write", write)
    assert (await refused(node)).code == "fence.partner-ahead"
    assert await node.heads.read() == heads


def alone(path: Path, query: str) -> int:
    """What the file of a database says, were its log lost."""
    copy = shutil.copy2(path, path.with_name("alone.sqlite"))
    with closing(sqlite3.connect(copy)) as rows:
        (found,) = rows.execute(query).fetchone()
    return int(found)


async def test_a_start_writes_anew_what_the_process_before_it_left(node: Node, tmp_path: Path) -> None:
    """W-32: rows and heads that a dead process left in its logs alone are in the files once the next one works."""
    await node.desk.publish([offer(TOGO, "Mission")])
    left = Paths(tmp_path / "left")
    # What lies on the disk while a node works is what its sudden death leaves; its memory is not.
    shutil.copytree(node.paths.home, left.home, ignore=shutil.ignore_patterns("*-shm"))
    files = {left.database: "SELECT max(size) FROM feed", left.heads: "SELECT max(size) FROM head"}
    size = await signed(node)
    assert max(alone(path, query) for path, query in files.items()) < size
    async with open_node(left.home):
        assert [alone(path, query) for path, query in files.items()] == [size, size]


async def test_two_histories_once_learnt_close_the_next_start(home_once: Path, tmp_path: Path) -> None:
    """W-20: proof from a partner holds over a restart, and the desk says why nothing is published."""
    home = tmp_path / "home"
    shutil.copytree(home_once, home)
    async with open_node(home) as first:
        origin, head = next(iter((await first.heads.read()).items()))
        error = StorageError("fence.rows-differ", origin=origin, size=head.size)
        found = fence.Contradiction(error, origin, Head(head.size, bytes(32), b""))
        await fence.remember(first.database, first.heads, found)
    async with open_node(home) as again:
        assert again.publisher.closed is not None
        assert (await refused(again)).code == "fence.rows-differ"
        visiting = again.follower._tools.closed()
        assert visiting is again.publisher.closed
