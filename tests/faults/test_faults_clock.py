"""Clocks that are wrong by a day, step while a node runs, or are wrong at its start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from passerelle.protocol.records import Record
from tests.faults.harness import Node, assert_each_once, check_pair, digests_of, group
from tests.rows import rows_of

Pair = Callable[[str], tuple[Node, Node]]
DAY = 86_400
MORE_THAN_A_DAY = 90_000
"""Beyond it a record from the future is held."""


def issued(node: Node) -> list[str]:
    """``issued`` of all that a node has published, in the order of its public feed and of its feed to its partner."""
    with rows_of(node.home) as rows:
        query = (
            "select feed_id, data from place join vault_record using (record)"
            " join feed on feed.id = feed_id where origin like ? order by feed_id, idx"
        )
        found = rows.execute(query, (f"passerelle/{node.scid}/%",)).fetchall()
    return [f"{feed} {Record.parse(data).issued.isoformat()}" for feed, data in found]


def receipt_times(node: Node) -> list[int]:
    """The times of our own cosignatures, in the order in which they were given on the public feed."""
    with rows_of(node.home) as rows:
        query = "select receipt.size, time from receipt join feed on feed.id = feed_id where witness = ?"
        return [time for _, time in sorted(rows.execute(query, (node.scid,)))]


def setbacks(node: Node) -> list[str]:
    """The codes of what did not become a record."""
    with rows_of(node.home) as rows:
        return [code for (code,) in rows.execute("select code from setback")]


async def exchange(author: Node, follower: Node, name: str) -> None:
    """The author publishes; the follower holds and confirms it, and each asks the other for what only it may read."""
    await author.publish(group(author, follower, name), name)
    for visitor, visited in ((follower, author), (author, follower)):
        visit = await visitor.sync(visited)
        # F-43: a receipt dated more than a day ahead is not kept, and nothing else is different for it.
        assert visit["error"] is None or visit["error"]["code"] == "cosignature.ahead", visit["error"]
        assert {feed["state"] for feed in visit["feeds"]} == {"current"}


@pytest.mark.parametrize("step", [DAY, -DAY])
async def test_a_clock_that_steps_while_a_node_runs(pair: Pair, tmp_path: Path, step: int) -> None:
    """Q-34: requests adapt by the server's time, before and after the step, at whichever end the clock is wrong."""
    author, follower = pair("homes")
    await asyncio.gather(author.start(), follower.start())
    await exchange(author, follower, "before")
    follower.set_clock(step)
    await exchange(author, follower, "the follower is off")
    author.set_clock(step)
    await exchange(author, follower, "both are off")
    follower.set_clock(0)
    await exchange(author, follower, "the author is off")
    await asyncio.gather(author.stop(), follower.stop())
    await asyncio.gather(author.start(), follower.start())
    await exchange(author, follower, "after")
    await check_pair(author, follower, tmp_path / "audit")


@pytest.mark.parametrize("wrong", [0, 1])
async def test_a_start_with_a_clock_that_lost_a_day(pair: Pair, tmp_path: Path, wrong: int) -> None:
    """I-41: what was in force stays in force: a node starts, signs and follows before its own identity was made."""
    homes = pair("homes")
    author, follower = homes
    homes[wrong].set_clock(-DAY)
    await asyncio.gather(author.start(), follower.start())
    assert await homes[wrong].read_only() is None
    await exchange(author, follower, "a day before")
    await exchange(follower, author, "a day before")
    await check_pair(author, follower, tmp_path / "audit")


async def test_no_time_that_a_node_signs_goes_back(pair: Pair, tmp_path: Path) -> None:
    """R-19, F-27: over steps and starts, `issued` and the times of receipts never go back."""
    author, follower = pair("homes")
    times = [receipt_times(follower)]
    for number, step in enumerate((0, DAY, -DAY, 0)):
        author.set_clock(step)
        follower.set_clock(step)
        if number in {0, 3}:
            await asyncio.gather(author.start(), follower.start())
        await exchange(author, follower, f"at {step} for the {number}. time")
        times.append(receipt_times(follower))
        if number == 2:
            await asyncio.gather(author.stop(), follower.stop())
    assert issued(author) == sorted(issued(author))
    assert times == sorted(times)
    await check_pair(author, follower, tmp_path / "audit")


async def test_a_record_from_the_future_waits_for_its_time(pair: Pair) -> None:
    """R-20: more than a day ahead it is held, its receipt is given, and it counts when its time has come."""
    author, follower = pair("homes")
    author.set_clock(MORE_THAN_A_DAY)
    await asyncio.gather(author.start(), follower.start())
    before = digests_of(follower, author.scid)
    await exchange(author, follower, "tomorrow")
    assert set(setbacks(follower)) == {"record.ahead"}
    assert digests_of(follower, author.scid) == before
    follower.set_clock(MORE_THAN_A_DAY)
    await exchange(follower, author, "a day later")
    await follower.sync(author)
    assert setbacks(follower) == []
    assert digests_of(follower, author.scid) == digests_of(author, author.scid)
    for node in (author, follower):
        assert_each_once(node)


async def test_a_descriptor_out_of_date_is_old_not_void(pair: Pair) -> None:
    """I-35: past `validUntil` a partner is still followed, sealed to and answered."""
    author, follower = pair("homes")
    follower.set_clock(100 * DAY)
    await asyncio.gather(author.start(), follower.start())
    await exchange(author, follower, "now")
    await exchange(follower, author, "in a hundred days")
    assert "record.ahead" in setbacks(author)
