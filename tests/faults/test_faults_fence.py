"""Old copies put back: a node that has signed more than it remembers signs nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from passerelle import config
from passerelle.errors import PasserelleError, StorageError
from tests.faults.harness import Node, catch_up, check_pair, digests_of, group, own_heads, signed_checkpoints
from tests.postgresql import name_in
from tests.rows import copy_database, drop_database, rows_of

Pair = Callable[[str], tuple[Node, Node]]


def save(node: Node, folder: Path, *, heads: bool) -> Callable[[], None]:
    """Copy the database of a node at rest, or its head store too; returns what puts the copy back."""
    folder.mkdir()
    database = config.load(node.home).database
    in_file = database == config.SQLITE
    taken = [*([node.paths.database] if in_file else []), *([node.paths.heads] if heads else [])]
    for path in taken:
        shutil.copy2(path, folder / path.name)
    saved = "" if in_file else copy_database(database)

    def put_back() -> None:
        if saved:
            drop_database(database)
            copy_database(saved, name_in(database))
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


async def test_an_old_database_beside_a_newer_head_signs_nothing(either: Pair, tmp_path: Path) -> None:
    """W-8, W-13: read-only with fence.rows-behind, the head unchanged; all is well with the newer rows again."""
    node, other = either("homes")
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
    await node.sync(other)  # or a visit of its own, once the partner was there
    assert await node.read_only() in {"fence.partner-ahead", "fence.rows-differ"}
    assert await refused(node, other) == await node.read_only()
    assert await unconfirmed(node) == await node.read_only(), "W-21: whatever a person says"
    await asyncio.gather(node.stop(), other.stop())


# --- a person's confirmation ---------------------------------------------------------------


async def unconfirmed(node: Node) -> str:
    """The code with which a confirmation is refused."""
    with pytest.raises(PasserelleError) as caught:
        await node.call("fence_confirm")
    return caught.value.code


async def own_checkpoints(node: Node) -> int:
    """How many checkpoints of its own lie in a home, outside the head store."""
    with rows_of(node.home) as rows:
        query = "select count(*) from checkpoint join feed on feed.id = feed_id where role = 'own'"
        return int(rows.execute(query).fetchone()[0])


async def test_a_person_confirms_what_every_partner_bears_out(pair: Pair, tmp_path: Path) -> None:
    """W-14, W-17, W-21, W-23: the partners are asked, nothing is signed before, and the node goes on without a start."""
    node, other = pair("homes")
    node.paths.heads.unlink()
    await asyncio.gather(node.start(), other.start())
    before = await own_checkpoints(node)
    told = await node.call("fence_show")
    assert (told["read_only"]["code"], told["confirmable"], told["silent"]) == (
        "fence.head-missing",
        True,
        [],
    )
    (partner,) = told["partners"]
    assert partner["answered"]
    assert {held["origin"]: held["size"] for held in partner["feeds"]} == {
        feed["origin"]: feed["rows"] for feed in told["feeds"]
    }
    assert not node.paths.heads.exists(), "looking makes nothing"
    assert await own_checkpoints(node) == before
    await node.call("fence_confirm")
    assert await node.read_only() is None
    await node.publish(group(node, other, "goes on"), "goes on")
    await catch_up(node, other)
    await node.stop()
    assert await node.read_only() is None, "also after a new start"
    await check_pair(node, other, tmp_path / "audit")
    await other.stop()


async def test_a_person_confirms_without_an_answer(pair: Pair, tmp_path: Path) -> None:
    """W-17, W-21: who does not answer is named, and a person may confirm all the same, no server running."""
    node, other = pair("homes")
    node.paths.heads.unlink()
    told = await node.call("fence_show")
    assert (told["confirmable"], told["silent"]) == (True, [other.scid])
    await node.call("fence_confirm")
    assert await unconfirmed(node) == "fence.open"
    await node.publish(group(node, other, "goes on"), "goes on")
    await asyncio.gather(node.start(), other.start())
    await catch_up(node, other)
    assert await node.read_only() is None
    await check_pair(node, other, tmp_path / "audit")
    await asyncio.gather(node.stop(), other.stop())


async def test_a_partner_that_knows_better_stops_a_confirmation_for_good(pair: Pair, tmp_path: Path) -> None:
    """W-21, W-24: an old copy without a head is not confirmed, not even once the partner that knew is away."""
    node, other = pair("homes")
    put_old_back = save(node, tmp_path / "old", heads=False)
    await grow(node, other, "lost")
    put_new_back = save(node, tmp_path / "new", heads=False)
    put_old_back()
    node.paths.heads.unlink()
    await asyncio.gather(node.start(), other.start())
    await node.sync(other)
    await asyncio.gather(node.stop(), other.stop())
    assert await unconfirmed(node) == "fence.partner-ahead", "learnt at an ordinary visit, and kept"
    assert await refused(node, other) == "fence.head-missing"
    assert not node.paths.heads.exists()
    put_new_back()
    await node.call("fence_confirm")
    assert await node.read_only() is None


async def test_partners_are_asked_anew_whatever_was_learnt(pair: Pair, tmp_path: Path) -> None:
    """W-21: an old copy without a head, of which nothing was heard yet; only the confirmation asks, and is refused."""
    node, other = pair("homes")
    put_old_back = save(node, tmp_path / "old", heads=False)
    await grow(node, other, "lost")
    put_old_back()
    node.paths.heads.unlink()
    await other.start()
    before = await own_checkpoints(node)
    assert await unconfirmed(node) == "fence.partner-ahead"
    assert not node.paths.heads.exists()
    assert await own_checkpoints(node) == before
    await other.stop()


async def test_only_a_missing_head_is_confirmed(pair: Pair, tmp_path: Path) -> None:
    """W-22: rows behind their head, or that do not bear out their checkpoint, are no matter of a person's word."""
    node, other = pair("homes")
    put_old_back = save(node, tmp_path / "old", heads=False)
    await node.publish(group(node, other, "lost"), "lost")
    put_old_back()
    assert await unconfirmed(node) == "fence.rows-behind"
    node.paths.heads.unlink()
    with rows_of(node.home) as rows:
        rows.execute("delete from checkpoint where feed_id in (select id from feed where role = 'own')")
    assert await unconfirmed(node) == "fence.rows-damaged"
    assert not node.paths.heads.exists()


async def test_two_histories_are_forgotten_only_where_nobody_holds_the_other(pair: Pair) -> None:
    """W-20, W-25: every partner that the feed is for holds these rows, at that size or beyond; silence is not enough."""
    node, other = pair("homes")
    origin = f"passerelle/{node.scid}/to/{other.scid}/1"
    held = (await node.call("status"))["feeds"]
    size = next(feed["size"] for feed in held if feed["origin"] == origin)

    def proven(at: int) -> None:
        fact = json.dumps([{"origin": origin, "size": at}])
        with rows_of(node.home) as rows:
            rows.execute(
                "insert into node_fact values ('fence-rows-differ', ?) on conflict (name) do update set value = excluded.value",
                (fact,),
            )

    proven(size)
    assert await node.read_only() == "fence.rows-differ"
    assert await unconfirmed(node) == "fence.partners-silent"
    await other.start()
    proven(size + 1)
    assert await unconfirmed(node) == "fence.partners-silent", "it holds less than what was proven"
    proven(size)
    assert (await node.call("fence_show"))["confirmable"]
    await node.call("fence_confirm")
    assert await node.read_only() is None
    await node.publish(group(node, other, "goes on"), "goes on")
    await other.stop()
