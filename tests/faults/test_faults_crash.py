"""Nodes that die between durable writes in the middle of much work; one write at a time is test_faults_table.py."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from passerelle.storage.crash import POINTS
from tests.faults.harness import Died, Node, catch_up, check_pair, digests_of, group, own_heads

Pair = Callable[[str], tuple[Node, Node]]
PUBLISHING = [point for point in POINTS if point.endswith(("publish-rows", "publish-head"))]
FOLLOWING = [point for point in POINTS if point.endswith(("follow-rows", "follow-receipt"))]
MAX_TRIES = 6


@pytest.mark.parametrize("point", PUBLISHING)
async def test_a_publisher_killed_goes_on(point: str, pair: Pair, tmp_path: Path) -> None:
    """W-6, W-7, W-10, W-11: killed at any point, nothing acknowledged is lost, a retry adds nothing, no fork."""
    await _publisher_dies(f"{point}:2", *pair("homes"), tmp_path / "audit")


async def _publisher_dies(plan: str, author: Node, follower: Node, folder: Path) -> None:
    before = digests_of(author, author.scid)
    author.begin(crash=plan)
    follower.begin()
    assert await author.ready(), author.last_words()
    assert await follower.ready(), follower.last_words()
    acknowledged: set[str] = set()
    asked = 0
    while author.is_running and asked < MAX_TRIES:
        asked += 1
        try:
            answer = await author.publish(group(author, follower, f"n{asked}"), f"key-{asked}")
            acknowledged |= {item["digest"] for item in answer}
        except Died:
            break
    assert await author.ended() == -signal.SIGKILL, author.last_words()
    assert asked == int(plan.partition(":")[2] or 0) + 1

    await author.start()
    assert await author.read_only() is None
    rows = {feed["origin"]: feed["size"] for feed in (await author.call("status"))["feeds"]}
    heads = {origin: int(note.split(b"\n")[1]) for origin, note in own_heads(author).items()}
    assert heads == rows, "the start has finished what the crash cut in two"
    assert acknowledged <= digests_of(author, author.scid)
    again = await author.publish(group(author, follower, f"n{asked}"), f"key-{asked}")
    once_more = await author.publish(group(author, follower, f"n{asked}"), f"key-{asked}")
    assert again == once_more
    acknowledged |= {item["digest"] for item in again}
    await author.publish(group(author, follower, "after"), "key-after")
    await catch_up(author, follower)
    await check_pair(author, follower, folder)
    written = digests_of(author, author.scid) - before
    assert acknowledged <= written
    assert len(written) == 3 * (asked + 1), "each group once"
    assert digests_of(follower, author.scid) == before | written
    await asyncio.gather(author.stop(), follower.stop())


@pytest.mark.parametrize("point", FOLLOWING)
async def test_a_follower_killed_goes_on(point: str, pair: Pair, tmp_path: Path) -> None:
    """F-9, F-10, F-26: killed at any point, the next pull takes each record once and the receipt follows."""
    await _follower_dies(f"{point}:3", *pair("homes"), tmp_path / "audit")


async def _follower_dies(plan: str, author: Node, follower: Node, folder: Path) -> None:
    await author.start()
    await author.publish(group(author, follower, "n0"), "key-0")
    follower.begin(crash=plan)
    up = await follower.ready()
    tries = 0
    while up and follower.is_running and tries < MAX_TRIES:
        tries += 1
        await author.publish(group(author, follower, f"n{tries}"), f"key-{tries}")
        try:
            await follower.sync(author)
        except Died:
            break
    assert await follower.ended() == -signal.SIGKILL, follower.last_words()

    await follower.start()
    assert await follower.read_only() is None
    await author.publish(group(author, follower, "after"), "key-after")
    await follower.publish(group(follower, author, "after"), "key-after")
    await catch_up(author, follower)
    await check_pair(author, follower, folder)
    assert digests_of(follower, author.scid) == digests_of(author, author.scid)
    told = {feed["origin"]: feed for feed in (await author.call("peer_list"))[0]["feeds"]}
    ours = told[f"passerelle/{author.scid}/to/{follower.scid}/1"]
    assert ours["cosigned"] == ours["size"] > 0
    await asyncio.gather(author.stop(), follower.stop())
