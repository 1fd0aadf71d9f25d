"""Examining in worker processes gives what examining here gives, and a lost worker loses nothing."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from passerelle.protocol import intake
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.origins import Origin
from passerelle.protocol.schemas import Schemas
from passerelle.sync import examiner, findings
from passerelle.sync.examiner import MANY, PORTION, PORTION_BYTES, Examiner, portions
from passerelle.sync.findings import Finding, Terms, examine_all
from passerelle.sync.pipes import LENGTH_BYTES
from tests.unit.sync.author import START
from tests.unit.sync.conftest import Follower


@pytest.fixture
async def workers() -> AsyncIterator[Examiner]:
    made = Examiner(Schemas.packaged(), workers=1)
    yield made
    await made.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def bundle(follower: Follower) -> tuple[Terms, list[bytes], list[bytes | None]]:
    """Records, one of them spoilt, and leaves without an object."""
    feed = follower.feed(follower.public, 3)
    spoilt = bytearray(feed.objects[1] or b"")
    spoilt[40] ^= 1
    feed.objects[1] = bytes(spoilt)
    feed.pad(MANY)
    author = follower.author
    terms = Terms(follower.public, follower.me.scid, author.log, 1, {}, START)
    return terms, list(feed.leaves), list(feed.objects)


async def test_a_worker_finds_what_is_found_here(follower: Follower, workers: Examiner) -> None:
    """Chapter 09, examination: where a record is examined changes nothing of what is found."""
    given = bundle(follower)
    found = await workers.examine(*given)
    assert found == examine_all(*given)
    assert [item.status for item in found[:3]] == ["accepted", "quarantined", "accepted"]
    assert workers.processes, "it was a worker that examined"


async def test_a_lost_worker_costs_time_alone(follower: Follower, workers: Examiner) -> None:
    """Chapter 09, examination: killed under its work, its bundle is examined here, and the next one by a new worker."""
    given = bundle(follower)
    expected = await workers.examine(*given)
    (pid,) = workers.processes
    os.kill(pid, signal.SIGKILL)
    assert await workers.examine(*given) == expected
    assert await workers.examine(*given) == expected
    assert workers.processes
    assert pid not in workers.processes


async def test_a_worker_that_hangs_ends_the_visit_alone(
    follower: Follower, workers: Examiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-3: it is given up in time and not waited for here; whoever asked it behind that one, and after it, is answered."""
    given = bundle(follower)
    expected = await workers.examine(*given)
    monkeypatch.setattr(examiner, "ANSWER_SECONDS", 4.0)  # a busy machine takes a second to start the next
    monkeypatch.setattr(examiner, "END_SECONDS", 0.2)
    (pid,) = workers.processes
    os.kill(pid, signal.SIGSTOP)
    first = asyncio.ensure_future(workers.examine(*given))
    await asyncio.sleep(0.3)
    behind = asyncio.ensure_future(workers.examine(*given))
    async with asyncio.timeout(60):
        with pytest.raises(TimeoutError):
            await first
        assert await behind == expected
        assert await workers.examine(*given) == expected
        await workers.close()
    assert not is_alive(pid)


async def test_a_worker_that_is_asked_again_before_it_answers(follower: Follower, workers: Examiner) -> None:
    """Chapter 09, examination: each gets the answer to its own question, also where the one before it is given up."""
    terms, leaves, objects = bundle(follower)
    parts = [(leaves[at:] + leaves[:at], objects[at:] + objects[:at]) for at in range(6)]
    expected = [examine_all(terms, *part) for part in parts]
    assert len({str(found[0]) for found in expected}) > 2, "another order gives another answer"
    assert await asyncio.gather(*(workers.examine(terms, *part) for part in parts)) == expected
    asked = [asyncio.ensure_future(workers.examine(terms, *part)) for part in parts]
    await asyncio.sleep(0)  # all are on their way, and none is answered
    asked[0].cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(found.pop(0), asyncio.CancelledError)
    assert found == expected[1:]


async def test_together_or_alone(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chapter 09, examination: how many are examined at a time changes nothing of what is found."""
    terms, leaves, objects = bundle(follower)
    alone = [examine_all(terms, [leaf], [item])[0] for leaf, item in zip(leaves, objects, strict=True)]
    assert examine_all(terms, leaves, objects) == alone
    monkeypatch.setattr(intake, "MAX_BYTES_TOGETHER", 1_000)
    assert examine_all(terms, leaves, objects) == alone


async def test_workers_without_work_end(
    follower: Follower, workers: Examiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs: a node at rest holds no memory for a sync that is over."""
    monkeypatch.setattr(examiner, "IDLE_SECONDS", 0.05)
    await workers.examine(*bundle(follower))
    pids = workers.processes
    for _ in range(200):
        if not any(map(is_alive, pids)) and not workers.processes:
            return
        await asyncio.sleep(0.05)
    pytest.fail("a worker outlived its work")


@pytest.mark.parametrize("place", ["worker", "thread"])
async def test_a_giant_lets_another_pass(
    follower: Follower, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """F-3: behind what is under way, and before all that the other has in line."""
    order: list[str] = []
    is_in_line = threading.Event()

    def examine(terms: Terms, *_: object) -> list[Finding]:
        order.append(terms.origin.author)
        assert is_in_line.wait(60)
        return []

    async def in_worker(_self: Examiner, asked: bytes) -> list[Finding]:
        terms, *_ = pickle.loads(asked[LENGTH_BYTES:])
        return await asyncio.to_thread(examine, terms)

    monkeypatch.setattr(examiner, "examine_all", examine)
    monkeypatch.setattr(Examiner, "_in_worker", in_worker)
    giant = Terms(follower.public, follower.me.scid, b"", 1, {}, START)
    small = replace(giant, origin=Origin(follower.me.scid, None, 1))
    made = Examiner(Schemas.packaged(), workers=1 if place == "worker" else 0)
    count = MANY if place == "worker" else PORTION
    bundle: tuple[list[bytes], list[bytes | None]] = [b""] * count, [None] * count
    begun = [asyncio.create_task(made.examine(giant, *bundle)) for _ in range(6)]
    async with asyncio.timeout(60):
        while not order:  # noqa: ASYNC110  a thread fills it
            await asyncio.sleep(0.01)
    begun.append(asyncio.create_task(made.examine(small, *bundle)))
    await asyncio.sleep(0)
    is_in_line.set()
    await asyncio.gather(*begun)
    assert order.index(small.origin.author) <= 2, order


def test_portions_are_bounded_in_number_and_bytes() -> None:
    """F-3: the largest objects that there may be do not make one long turn."""
    large: list[bytes | None] = [bytes(PORTION_BYTES // 2)] * 5
    assert [len(large[part]) for part in portions(large)] == [2, 2, 1]
    small: list[bytes | None] = [None] * (2 * PORTION + 1)
    assert [len(small[part]) for part in portions(small)] == [PORTION, PORTION, 1]
    assert list(portions([])) == []


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    """docs: however a node ends, nothing of it stays."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    for _ in range(200):
        if not is_alive(pid):
            return
        time.sleep(0.05)
    pytest.fail("a worker outlived its parent")


PARENT = """
import asyncio
from passerelle.sync import examiner, workers

async def main():
    worker, questions = await workers.start(examiner.PROGRAM)
    print(worker.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_of_an_author_one_log_is_kept(follower: Follower) -> None:
    """An author that gives a new log again and again does not fill the memory of whoever examines."""
    terms, leaves, objects = bundle(follower)
    findings._identities.clear()
    for seed in range(1, 4):
        log = follower.author.rotate(SigningKey(bytes([seed]) * 32))
        (found,) = examine_all(replace(terms, log=log, entries=2), leaves[:1], objects[:1])
        assert found.code == "key.not-valid-then", "by the new log, the record's key has been replaced"
    assert len(findings._identities) == 1
