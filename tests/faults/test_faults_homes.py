"""Homes that exist twice, and homes on a disk that takes no writes."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from passerelle.errors import StorageError
from tests.faults import harness, inject
from tests.faults.harness import Node, catch_up, check_pair, digests_of, group, own_heads
from tests.faults.test_faults_disk import may_mount
from tests.faults.test_faults_start import CONFIGURATION, refusal

Pair = Callable[[str], tuple[Node, Node]]


def point_to(node: Node, other: Node) -> None:
    """Let a node at rest find its partner elsewhere."""
    with closing(sqlite3.connect(node.paths.database)) as rows, rows:
        rows.execute("update peer set address = ?", (other.address,))


async def test_a_home_that_was_copied_is_found_out(pair: Pair, tmp_path: Path) -> None:
    """W-18, F-19: of two copies that both publish, the later stops at its first contact, for good, and says why."""
    author, follower = pair("homes")
    twin = harness.clone((author, follower), tmp_path / "twin")[0]
    await asyncio.gather(author.start(), follower.start())
    await author.publish(group(author, follower, "original"), "a")
    await catch_up(author, follower)
    await author.stop()
    held = digests_of(follower, author.scid)

    point_to(twin, follower)
    await twin.publish(group(twin, follower, "copy"), "b")
    await twin.start()
    try:
        await twin.sync(follower)
        assert await twin.read_only() == "fence.rows-differ"
        await twin.stop()
        assert await twin.read_only() == "fence.rows-differ", "over a start, without the partner"
    finally:
        twin.kill()
    assert digests_of(follower, author.scid) == held, "nothing of the copy was taken"
    await author.start()
    await author.publish(group(author, follower, "goes on"), "c")
    await catch_up(author, follower)
    await check_pair(author, follower, tmp_path / "audit")


async def test_a_partner_that_meets_both_copies_has_proof(pair: Pair, tmp_path: Path) -> None:
    """F-19 to F-22: two checkpoints of one size are kept, the feeds stand still, and what was held stays."""
    author, follower = pair("homes")
    twin = harness.clone((author, follower), tmp_path / "twin")[0]
    await asyncio.gather(author.start(), follower.start())
    await author.publish(group(author, follower, "original"), "a")
    await catch_up(author, follower)
    await asyncio.gather(author.stop(), follower.stop())
    held = digests_of(follower, author.scid)
    await twin.publish(group(twin, follower, "copy"), "b")
    point_to(follower, twin)
    await asyncio.gather(twin.start(), follower.start())
    try:
        visit = await follower.sync(twin)
        assert {feed["state"] for feed in visit["feeds"]} == {"forked"}
    finally:
        twin.kill()
    assert digests_of(follower, author.scid) == held
    with closing(sqlite3.connect(follower.paths.database)) as rows:
        assert rows.execute("select count(*) from fork").fetchone() == (2,)
    await follower.publish(group(follower, author, "own"), "own")
    await harness.audit_copy(follower, tmp_path / "audit")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that takes no writes, even from root, while the block lasts."""
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("_how", ["mounted"] if may_mount() else [])
async def test_a_home_on_a_read_only_disk_does_not_start(pair: Pair, _how: str) -> None:
    """home.not-writable: said at once, with the folder; nothing is changed, and with the disk back all is well."""
    node, _ = pair("homes")
    heads = own_heads(node)
    with read_only(node.home):
        code, said = await refusal(node)
    assert (code, said["code"]) == (CONFIGURATION, "home.not-writable")
    assert str(node.home) in said["user"]
    assert own_heads(node) == heads
    await node.start()
    assert await node.read_only() is None


@pytest.mark.parametrize("_how", ["traced"] if inject.CAN_INJECT else [])
async def test_a_disk_that_turns_read_only_stops_the_signing(pair: Pair, tmp_path: Path, _how: str) -> None:
    """W-21: what a kernel does to a disk that it no longer trusts; the node serves on, and a start goes on."""
    node, other = pair("homes")
    before = digests_of(node, node.scid)
    node.begin(crash="stop before-publish-rows")
    assert await node.ready()
    asked = asyncio.create_task(node.publish(group(node, other, "new"), "key"))
    assert await inject.halted(node.process.pid)
    files = inject.files_of(node.paths.database)
    refused = f"{inject.WRITES},{inject.FLUSHES}:error=EROFS"
    async with inject.failing(node.process.pid, refused, files, tmp_path / "calls"):
        with pytest.raises(StorageError) as caught:
            await asked
        assert caught.value.code == await node.read_only() == "storage.disk-error"
        await other.start()
        visit = await other.sync(node)
        assert visit["error"] is None, "it serves what it holds"
    await node.stop()
    assert digests_of(node, node.scid) == before
    await node.start()
    again = await node.publish(group(node, other, "new"), "key")
    assert digests_of(node, node.scid) == before | {item["digest"] for item in again}
    await catch_up(node, other)
    await check_pair(node, other, tmp_path / "audit")
