"""Old copies put back: a node that has signed more than it remembers signs nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from passerelle.errors import PasserelleError, StorageError
from tests.faults.harness import Node, catch_up, check_pair, digests_of, group, own_heads, signed_checkpoints

Pair = Callable[[str], tuple[Node, Node]]


def save(node: Node, folder: Path, *, heads: bool) -> Callable[[], None]:
    """Copy the database of a node at rest, or its head store too; returns what puts the copy back."""
    folder.mkdir()
    taken = [node.paths.database, *([node.paths.heads] if heads else [])]
    for path in taken:
        shutil.copy2(path, folder / path.name)

    def put_back() -> None:
        for path in taken:
            for beside in path.parent.glob(f"{path.name}*"):
                beside.unlink()
            shutil.copy2(folder / path.name, path)

    return put_back


async def refused(node: Node, other: Node) -> str:
    """The code with which publishing is refused."""
    with pytest.raises(PasserelleError) as caught:
        await node.publish(group(node, other, "forbidden"), "forbidden")
    assert isinstance(caught.value, StorageError)
    return caught.value.code


async def follows_and_serves(node: Node, other: Node) -> None:
    """A read-only node takes what its partner says, and gives what it holds."""
    await other.publish(group(other, node, "meanwhile"), "meanwhile")
    await node.sync(other)
    assert digests_of(node, other.scid) == digests_of(other, other.scid)
    visit = await other.sync(node)
    assert visit["error"] is None
    assert [feed["state"] for feed in visit["feeds"]] == ["current", "current"]


async def grow(author: Node, other: Node, name: str) -> None:
    """Publish, let the partner hold it, and rest."""
    await asyncio.gather(author.start(), other.start())
    await author.publish(group(author, other, name), name)
    await catch_up(author, other)
    await asyncio.gather(author.stop(), other.stop())


async def test_an_old_database_beside_a_newer_head_signs_nothing(pair: Pair, tmp_path: Path) -> None:
    """W-8, W-13: read-only with fence.rows-behind, the head unchanged; all is well with the newer rows again."""
    node, other = pair("homes")
    put_old_back = save(node, tmp_path / "old", heads=False)
    await grow(node, other, "lost")
    put_new_back = save(node, tmp_path / "new", heads=False)
    heads = own_heads(node)
    put_old_back()

    assert await node.read_only() == "fence.rows-behind", "also where no server runs"
    await asyncio.gather(node.start(), other.start())
    assert await node.read_only() == "fence.rows-behind"
    assert await refused(node, other) == "fence.rows-behind"
    before = len(await signed_checkpoints(node))
    await follows_and_serves(node, other)
    new = [item for item in await signed_checkpoints(node) if item.where.endswith(f"{node.scid}/public/1")]
    assert own_heads(node) == heads
    assert len(await signed_checkpoints(node)) > before, "it took what the partner signed"
    assert max(item.checkpoint.tree_size for item in new) <= _size(heads, node), "nothing was signed"
    await node.stop()

    put_new_back()
    await node.start()
    assert await node.read_only() is None
    await node.publish(group(node, other, "goes on"), "goes on")
    await catch_up(node, other)
    await check_pair(node, other, tmp_path / "audit")
    await asyncio.gather(node.stop(), other.stop())


def _size(heads: dict[str, bytes], node: Node) -> int:
    return int(heads[f"passerelle/{node.scid}/public/1"].split(b"\n")[1])


async def test_a_missing_head_store_is_not_made_anew(pair: Pair, tmp_path: Path) -> None:
    """W-14, W-17: without its head a node with rows is read-only until somebody confirms; nothing makes one."""
    node, other = pair("homes")
    node.paths.heads.unlink()
    await asyncio.gather(node.start(), other.start())
    assert await node.read_only() == "fence.head-missing"
    assert await refused(node, other) == "fence.head-missing"
    await follows_and_serves(node, other)
    assert not node.paths.heads.exists()
    assert await node.stop() == 0
    await node.start()
    assert await node.read_only() == "fence.head-missing"
    await asyncio.gather(node.stop(), other.stop())


async def test_an_old_head_store_signs_nothing(pair: Pair, tmp_path: Path) -> None:
    """W-9, chapter 08: rows more than one checkpoint ahead of the head come from no crash."""
    node, other = pair("homes")
    old = tmp_path / "head.sqlite"
    shutil.copy2(node.paths.heads, old)
    for name in ("one", "two"):
        await node.publish(group(node, other, name), name)
    shutil.copy2(old, node.paths.heads)
    assert await node.read_only() == "fence.head-behind"
    assert await refused(node, other) == "fence.head-behind"


async def test_a_home_restored_whole_learns_it_from_its_partner(pair: Pair, tmp_path: Path) -> None:
    """W-16, W-18: the first contact shows a later head under our own signature, and signing stops for good."""
    node, other = pair("homes")
    put_old_back = save(node, tmp_path / "old", heads=True)
    await grow(node, other, "lost")
    put_new_back = save(node, tmp_path / "new", heads=True)
    known = own_heads(node)
    put_old_back()
    assert await node.read_only() is None, "nothing in the home itself tells"

    await asyncio.gather(node.start(), other.start())
    await node.sync(other)
    assert await node.read_only() == "fence.partner-ahead"
    assert await refused(node, other) == "fence.partner-ahead"
    await follows_and_serves(node, other)
    await node.stop()
    assert own_heads(node) == known, "learnt heads are kept, and none is new"

    await other.stop()
    assert await node.read_only() == "fence.rows-behind", "known again without the partner"
    put_new_back()
    await asyncio.gather(node.start(), other.start())
    assert await node.read_only() is None
    await node.publish(group(node, other, "goes on"), "goes on")
    await catch_up(node, other)
    assert await node.read_only() is None
    await check_pair(node, other, tmp_path / "audit")
    await asyncio.gather(node.stop(), other.stop())


async def test_a_home_restored_whole_starts_without_its_partner(pair: Pair, tmp_path: Path) -> None:
    """W-18: the question never holds up a start; an old copy that has signed meanwhile is found out at contact."""
    node, other = pair("homes")
    put_old_back = save(node, tmp_path / "old", heads=True)
    await grow(node, other, "lost")
    put_old_back()
    await node.start()
    assert await node.read_only() is None
    await node.publish([group(node, other, "fork")[0]], "fork")
    await other.start()
    visit = await node.sync(other)
    assert visit["error"]["code"] in {"fence.partner-ahead", "fence.rows-differ"}
    assert await refused(node, other) == await node.read_only()
    await asyncio.gather(node.stop(), other.stop())
