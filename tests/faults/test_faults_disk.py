"""Disks that are full or fail while a node publishes: nothing is half written, and room makes it work again."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from passerelle import config
from passerelle.errors import StorageError
from passerelle.node import Node as OpenNode
from passerelle.node import open_node
from tests.faults import harness, inject
from tests.faults.harness import Item, Node, catch_up, check_pair, digests_of, group, offer, own_heads
from tests.postgresql import Server, name_in

Pair = Callable[[str], tuple[Node, Node]]
DISK_BYTES = 8 * 2**20
SERVER_DISK_BYTES = 48 * 2**20


def big_group(author: Node, partner: Node) -> list[Item]:
    """More than the little room that is left can take."""
    many = [offer(f"numéro {number}", author.code[:2]) for number in range(120)]
    return [*group(author, partner, "too much"), *many]


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as out:
        for block in (65_536, 4_096, 1):
            while True:
                try:
                    out.write(bytes(block))
                except OSError:
                    break
    return path


def limit_files(node: Node, size: int) -> None:
    """Let the process write no file beyond a size, as a quota would."""
    resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def refused(node: Node, other: Node) -> str:
    """The code with which publishing fails."""
    with pytest.raises(StorageError) as caught:
        await node.publish(big_group(node, other), "full")
    return caught.value.code


async def assert_works(node: Node, other: Node, before: set[str], folder: Path) -> None:
    """The same request again is published once, and both homes are sound."""
    assert digests_of(node, node.scid) == before, "nothing half written"
    answer = await node.publish(big_group(node, other), "full")
    assert answer == await node.publish(big_group(node, other), "full")
    assert digests_of(node, node.scid) == before | {item["digest"] for item in answer}
    await other.start()
    await catch_up(node, other)
    await check_pair(node, other, folder)


async def test_a_full_database_refuses_and_recovers(pair: Pair, tmp_path: Path) -> None:
    """storage.disk-full: the transaction is rolled back whole, W-6; the same process goes on with room."""
    node, other = pair("homes")
    before, heads = digests_of(node, node.scid), own_heads(node)
    async with open_node(node.home) as opened:
        await _bound_pages(opened, extra=4)
        with pytest.raises(StorageError) as caught:
            await opened.desk.publish(big_group(node, other), "full")
        assert caught.value.code == "storage.disk-full"
        assert (await opened.desk.status())["read_only"] is None
        assert digests_of(node, node.scid) == before
        assert own_heads(node) == heads
        small = await opened.desk.publish([offer("petite")], "small")
        await _bound_pages(opened, extra=1_000_000)
        await opened.desk.publish(big_group(node, other), "full")
    await node.start()
    await assert_works_again(node, other, before, small, tmp_path / "audit")


async def assert_works_again(
    node: Node, other: Node, before: set[str], small: list[Item], folder: Path
) -> None:
    """After the process that had no room has ended."""
    again = await node.publish(big_group(node, other), "full")
    assert digests_of(node, node.scid) == before | {item["digest"] for item in (*small, *again)}
    await other.start()
    await catch_up(node, other)
    await check_pair(node, other, folder)


async def _bound_pages(opened: OpenNode, *, extra: int) -> None:
    async with opened.database.writing() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + extra}")


async def test_a_failing_disk_stops_publishing_until_a_start(pair: Pair, tmp_path: Path) -> None:
    """storage.disk-error: what is on the disk is unknown, so nothing is signed before a new start looked, W-9."""
    node, other = pair("homes")
    before, heads = digests_of(node, node.scid), own_heads(node)
    await node.start()
    limit_files(node, 4_096)
    assert await refused(node, other) == "storage.disk-error"
    assert await node.read_only() == "storage.disk-error"
    assert own_heads(node) == heads
    limit_files(node, resource.RLIM_INFINITY)
    await node.stop()
    await node.start()
    assert await node.read_only() is None
    await assert_works(node, other, before, tmp_path / "audit")


@pytest.mark.parametrize("kind", ["mounted"] if inject.CAN_MOUNT else ["bounded"])
async def test_a_full_disk_refuses_and_recovers(
    base_pair: tuple[Node, Node], tmp_path: Path, kind: str
) -> None:
    """storage.disk-full on a real file system, where this machine lets a test mount one; else by a small database."""
    if kind == "bounded":
        await test_a_full_database_refuses_and_recovers(
            lambda name: harness.clone(base_pair, tmp_path), tmp_path
        )
        return
    folder = tmp_path / "small"
    folder.mkdir()
    with inject.small_disk(folder, DISK_BYTES):
        node, other = harness.clone(base_pair, folder)
        try:
            before, heads = digests_of(node, node.scid), own_heads(node)
            await node.start()
            filler = fill(folder)
            assert os.statvfs(folder).f_bavail == 0
            assert await refused(node, other) == "storage.disk-full"
            assert await node.read_only() is None
            assert own_heads(node) == heads
            filler.unlink()
            await assert_works(node, other, before, tmp_path / "audit")
        finally:
            node.kill()
            other.kill()


@contextmanager
def small_tablespace(server: Server, address: str) -> Iterator[Path]:
    """Moves a database that nobody uses to a disk with little room beside what it holds; it is gone with the block."""
    folder = server.folder / "small"
    folder.mkdir()
    with inject.small_disk(folder, SERVER_DISK_BYTES):
        shutil.chown(folder, server.folder.stat().st_uid, server.folder.stat().st_gid)
        server.run(f"create tablespace small location '{folder}'")
        server.run(f"alter database {name_in(address)} set tablespace small")
        try:
            yield folder
        finally:
            server.drop(address)
            server.run("drop tablespace small")
    folder.rmdir()


@pytest.mark.needs_mount
async def test_a_server_without_room_refuses_and_recovers(
    remote: Pair, postgresql_server: Server, tmp_path: Path
) -> None:
    """storage.disk-full: the server says it of its own disk, W-6; the same process goes on once there is room."""
    node, other = remote("homes")
    with small_tablespace(postgresql_server, config.load(node.home).database) as folder:
        before, heads = digests_of(node, node.scid), own_heads(node)
        await node.start()
        try:
            filler = fill(folder)
            assert await refused(node, other) == "storage.disk-full"
            assert await node.read_only() is None
            assert own_heads(node) == heads
            filler.unlink()
            await assert_works(node, other, before, tmp_path / "audit")
        finally:
            node.kill()


@pytest.mark.needs_strace
async def test_a_disk_that_turns_read_only_stops_the_signing(pair: Pair, tmp_path: Path) -> None:
    """W-31: what a kernel does to a disk that it no longer trusts; the node serves on, and a start goes on."""
    node, other = pair("homes")
    before = digests_of(node, node.scid)
    node.begin(crash="stop before-publish-rows")
    assert await node.ready()
    asked = asyncio.create_task(node.publish(group(node, other, "new"), "key"))
    assert await inject.is_halted(node.process.pid)
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
