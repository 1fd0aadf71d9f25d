"""Homes that exist twice, and homes on a disk that takes no writes."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from passerelle.scenario.nodes import free_port
from tests.faults import harness
from tests.faults.harness import Node, catch_up, check_pair, digests_of, group, own_heads
from tests.faults.test_faults_start import CONFIGURATION, refusal
from tests.rows import rows_of

Pair = Callable[[str], tuple[Node, Node]]
STORAGE = 5


def point_to(node: Node, other: Node) -> None:
    """Let a node at rest find its partner elsewhere."""
    with rows_of(node.home) as rows:
        rows.execute("update peer set address = ?", (other.address,))


async def test_a_home_that_was_copied_is_found_out(either: Pair, tmp_path: Path) -> None:
    """W-18, F-19: of two copies that both publish, the later stops at its first contact, for good, and says why."""
    author, follower = either("homes")
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
    with rows_of(follower.home) as rows:
        assert rows.execute("select count(*) from fork").fetchone() == (2,)
    await follower.publish(group(follower, author, "own"), "own")
    await harness.audit_copy(follower, tmp_path / "audit")


async def test_a_home_cloned_beside_its_database_waits_for_its_owner(remote: Pair) -> None:
    """W-2: the folder exists twice, the database once: whoever comes second is refused, and the first goes on."""
    node, other = remote("homes")
    clone = Node(node.home.with_name("clone"), node.code)
    shutil.copytree(node.home, clone.home)
    harness.set_ports(clone, free_port(), free_port())
    await node.start()
    try:
        code, said = await refusal(clone)
        assert (code, said["code"]) == (STORAGE, "storage.in-use")
        for name in ("goes", "on"):
            await node.publish(group(node, other, name), name)
        node.kill()
        await clone.start()
        assert await clone.read_only() == "fence.head-behind", "its head is older than the rows"
    finally:
        clone.kill()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that takes no writes, even from root, while the block lasts."""
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.needs_mount
async def test_a_home_on_a_read_only_disk_does_not_start(pair: Pair) -> None:
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
