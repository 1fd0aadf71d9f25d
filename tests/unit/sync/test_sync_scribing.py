"""Great numbers of records signed by a process of its own: the same is published, and whatever becomes of it loses nothing."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from passerelle.desk import scribing
from passerelle.desk.dictation import Group, Hello, Question
from passerelle.desk.scribe import Scribe
from passerelle.desk.scribing import LEAST_BYTES, MANY_BYTES, Scribing
from passerelle.errors import InputError, StorageError
from passerelle.node import Node
from passerelle.protocol.records import Record, check_proof
from passerelle.sync.pipes import frame
from passerelle.sync.signing import earliest
from passerelle.sync.workers import Worker
from tests.unit.federation.world import TOGO, offer
from tests.unit.sync.test_sync_examiner import is_alive
from tests.unit.sync.test_sync_signing import published

Items = list[dict[str, Any]]


def items(count: int, word: str = "Mission", **more: object) -> Items:
    """Offers that fill a call worth its way."""
    filler = "Animer des ateliers. " * (LEAST_BYTES // (20 * count) + 1)
    return [offer(TOGO, f"{word} {at}", description={"fr": filler}) | more for at in range(count)]


def call_of(asked: Items, **more: object) -> bytes:
    body = orjson.dumps({"items": asked, **more})
    assert len(body) >= LEAST_BYTES
    return body


async def publish(node: Node, body: bytes) -> Any:
    """As the socket does."""
    answer = await node.desk.call_as_sent("publish", body)
    return await node.desk.call("publish", orjson.loads(body)) if answer is None else answer


@pytest.fixture
async def busy(node: Node) -> Node:
    """A node that was asked for so much that its scribe is there."""
    node.scribing._useful = True  # on a machine with one processor too
    node.scribing._stay(MANY_BYTES)
    async with asyncio.timeout(20):
        await asyncio.gather(*node.scribing._tasks)
    assert node.scribing.process is not None
    return node


async def test_a_scribe_signs_what_is_published(busy: Node) -> None:
    """Chapter 04: its records are ours, each read and checked as a partner does, and stand where it was answered."""
    before = await published(busy)
    body = call_of(items(12))
    answers: Any = await busy.desk.call_as_sent("publish", body)
    new = (await published(busy))[len(before) :]
    assert [(a["digest"], a["id"], a["version"]) for a in answers] == [(r.digest, r.id, 1) for r in new]
    assert [a["places"][0]["index"] for a in answers] == [*range(len(before), len(before) + 12)]
    for record, asked in zip(new, items(12), strict=True):
        check_proof(record, busy.directory.own, busy.clock())
        assert record.body["title"] == asked["body"]["title"]
        assert record.body["host"] == {**asked["body"]["host"], "agency": busy.directory.own_scid}
    assert len({record.nonce for record in new}) == len({record.id for record in new}) == 12


async def test_little_needs_no_scribe(node: Node) -> None:
    """docs: one is started where much comes in a row, and what is small is signed on the spot."""
    assert await node.desk.call_as_sent("publish", orjson.dumps({"items": items(1)[:1]})[:100]) is None
    assert await node.desk.call_as_sent("publish", call_of(items(4))) is None
    assert node.scribing._worker is None
    assert await node.desk.call_as_sent("status", b"{}") is None


@pytest.mark.parametrize("asked", ["before", "while"])
async def test_a_lost_scribe_costs_time_alone(busy: Node, asked: str) -> None:
    """W-10: killed before or under its work, the call is taken here; all of it is published, and once."""
    pid, before, body = busy.scribing.process, len(await published(busy)), call_of(items(6))
    assert pid is not None
    os.kill(pid, signal.SIGKILL if asked == "before" else signal.SIGSTOP)
    call = asyncio.ensure_future(publish(busy, body))
    await asyncio.sleep(0.2)
    if asked == "while":
        os.kill(pid, signal.SIGKILL)
    answers = await call
    assert [a["digest"] for a in answers] == [r.digest for r in (await published(busy))[before:]]
    assert len(answers) == 6
    assert busy.scribing.process is None
    busy.scribing._stay(MANY_BYTES)
    assert busy.scribing._worker is None, "the next one waits for a while"


async def test_a_scribe_that_hangs_is_not_waited_for(busy: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs: a call is delayed by a bound, whoever stands behind it too, and a hanging scribe is ended."""
    monkeypatch.setattr(scribing, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(scribing, "END_SECONDS", 0.2)
    pid, before = busy.scribing.process, len(await published(busy))
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*(publish(busy, call_of(items(4, word))) for word in "ABC"))
    told = {answer["digest"] for call in answers for answer in call}
    assert told == {record.digest for record in (await published(busy))[before:]}
    assert len(told) == 12
    await busy.scribing.close()
    assert not is_alive(pid)


async def test_what_was_overtaken_is_signed_anew(busy: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """W-5, R-19: `issued` never goes back, whoever signed; and what was signed too early is in no feed."""
    publisher, tools = busy.publisher, busy.publisher._tools
    real, told = publisher.publish_early, list[Any]()

    async def overtaken(asked: Any, early: Any, **more: Any) -> Any:
        if not told:
            later = replace(tools, clock=lambda: tools.clock() + timedelta(seconds=5))
            monkeypatch.setattr(publisher, "_tools", later)
            await publish(busy, orjson.dumps({"items": [offer(TOGO, "Later, and first")]}))
            monkeypatch.setattr(publisher, "_tools", tools)
        told.append(await real(asked, early, **more))
        return told[-1]

    monkeypatch.setattr(publisher, "publish_early", overtaken)
    before = len(await published(busy))
    answers: Any = await busy.desk.call_as_sent("publish", call_of(items(3)))
    assert told[0] is None
    assert answers == told[1]
    new = (await published(busy))[before:]
    assert [record.digest for record in new[1:]] == [answer["digest"] for answer in answers]
    assert [record.issued for record in new] == sorted(record.issued for record in new)


async def test_a_new_entry_of_our_identity_is_named_by_a_scribe(
    busy: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What names another document than the one in force is not published; after two turns the call is taken here."""
    publisher = busy.publisher
    real = publisher.publish_early

    async def another(asked: Any, early: Any, **more: Any) -> Any:
        return await real(asked, replace(early, under=replace(early.under)), **more)

    monkeypatch.setattr(publisher, "publish_early", another)
    before = len(await published(busy))
    assert await busy.desk.call_as_sent("publish", call_of(items(3))) is None
    assert len(await published(busy)) == before


async def test_a_key_used_before_is_answered_by_a_scribe_too(busy: Node) -> None:
    """W-11: the key of a call, and those of single records, whoever signed the first time."""
    before = len(await published(busy))
    whole = call_of(items(3), key="batch")
    first: Any = await busy.desk.call_as_sent("publish", whole)
    assert await busy.desk.call_as_sent("publish", whole) == first
    assert await busy.desk.call("publish", orjson.loads(whole)) == first
    with pytest.raises(InputError, match=r"publish\.key-reused"):
        await busy.desk.call_as_sent("publish", call_of(items(3, "Another"), key="batch"))
    keyed = [item | {"key": f"row-{at}"} for at, item in enumerate(items(4, "Keyed"))]
    some = await busy.desk.publish(keyed[:2])
    answers: Any = await busy.desk.call_as_sent("publish", call_of(keyed))
    assert answers[:2] == [{**one, "already": True} for one in some]
    assert all("already" not in one for one in answers[2:])
    assert len(await published(busy)) == before + 3 + 4


def _revising(node: Node, asked: Items) -> None:
    asked[1]["id"] = "urn:uuid:b75eda45-c06d-4bdb-9eac-71d297d07556"


def _addressed(node: Node, asked: Items) -> None:
    asked[1] |= {"type": "dossier", "to": ["ML-CNPV"]}


def _judged(node: Node, asked: Items) -> None:
    asked[1] |= {"type": "event", "to": "public"}


def _of_a_partner(node: Node, asked: Items) -> None:
    asked[1]["body"]["host"]["agency"] = "ML-CNPV"


def _fraction(node: Node, asked: Items) -> None:
    asked[1]["body"]["places"] = 0.5


def _no_offer(node: Node, asked: Items) -> None:
    del asked[1]["body"]["title"]


@pytest.mark.parametrize("change", [_revising, _addressed, _judged, _of_a_partner, _fraction, _no_offer])
async def test_what_is_not_for_a_scribe_is_taken_here(
    busy: Node, change: Callable[[Node, Items], None]
) -> None:
    """Chapter 08, W-4: a revision, a record to a partner, a type that the rules judge, a fault: nothing of it is published."""
    asked, before = items(4), len(await published(busy))
    change(busy, asked)
    assert await busy.desk.call_as_sent("publish", call_of(asked)) is None
    assert busy.scribing.process is not None, "to decline is no fault"
    assert len(await published(busy)) == before


@pytest.mark.parametrize(
    "arguments",
    [
        {"items": items(2), "unchecked": True},
        {"items": items(2), "key": 5},
        {"items": [*items(2), "x"]},
        {"items": [], "key": "x" * LEAST_BYTES},
        {"items": items(2), "other": 1},
    ],
)
async def test_a_call_of_another_form_is_taken_here(busy: Node, arguments: dict[str, object]) -> None:
    """What the desk refuses, it refuses with its own words."""
    assert await busy.desk.call_as_sent("publish", orjson.dumps(arguments)) is None


async def test_a_closed_node_asks_no_scribe(busy: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """W-13: where the fence is closed, nothing is signed, here or elsewhere."""
    monkeypatch.setattr(Scribing, "_signed", None)
    busy.publisher.closed = StorageError("fence.rows-behind")
    with pytest.raises(StorageError, match=r"fence\.rows-behind"):
        await busy.desk.call_as_sent("publish", call_of(items(3)))


async def test_a_scribe_without_work_ends(busy: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs: the key is held in a second process no longer than there is work for it."""
    monkeypatch.setattr(scribing, "IDLE_SECONDS", 0.05)
    pid = busy.scribing.process
    assert pid is not None
    await busy.desk.call_as_sent("publish", call_of(items(3)))
    for _ in range(200):
        if busy.scribing.process is None and not is_alive(pid):
            return
        await asyncio.sleep(0.05)
    pytest.fail("a scribe outlived its work")


async def test_a_scribe_knows_nothing_before_it_is_told(node: Node) -> None:
    """The key comes with the first question, and stands in no message that is ever printed."""
    scribe = Scribe()
    own, issued = node.directory.own, earliest(node.publisher._tools, None)
    question = pickle.dumps(Question(call_of(items(2)), own.did, issued))
    assert scribe.answer(question) == "Declined"
    hello = node._hello()
    assert hello.seed.hex() not in repr(hello)
    assert repr(hello.seed) not in repr(hello)
    assert isinstance(hello, Hello)
    assert scribe.answer(pickle.dumps(hello)) is None
    answer = scribe.answer(question)
    assert isinstance(answer, Group)
    assert len({made[4] for made in answer.made}) == 2, "O-1: a salt of its own for each"
    for made in answer.made:
        record = Record.parse(made[3])
        check_proof(record, own, node.clock())
        assert tuple(record.heading) == made[2]


async def test_a_scribe_loads_nothing_from_where_the_node_was_started(
    node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The record key is told to this program alone: a module that lies in the working folder is not run."""
    (tmp_path / "pickle.py").write_text("from os import _exit\n_exit(3)\n", "ascii")
    monkeypatch.chdir(tmp_path)
    worker = Worker(scribing.PROGRAM)
    try:
        assert await worker.ask(frame(node._hello()), 20) is None
    finally:
        await worker.finish(5)


async def test_on_one_processor_nothing_is_started(node: Node) -> None:
    """docs: two processes on one processor only take turns."""
    alone = Scribing(node.publisher, node.publisher._tools, node._hello, cores=1)
    assert await alone.publish(call_of(items(3)) + b" " * MANY_BYTES) is None
    assert alone._worker is None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"tutor": {"assigned": False}}, "rule.no-tutor"),
        ({"summary": {"fr": "Contact : Kossi Mensah"}}, "rule.personal-data"),
    ],
)
async def test_a_scribe_asks_the_rules_too(busy: Node, more: dict[str, object], code: str) -> None:
    """V04, V22: what breaks a rule is refused with its code, however many come in one call; nothing of it is published."""
    before = await published(busy)
    asked = [*items(5), offer(TOGO, "Mauvaise", **more)]
    with pytest.raises(InputError) as told:
        await publish(busy, call_of(asked))
    assert told.value.code == code
    assert await published(busy) == before
    assert busy.scribing.process is not None, "it declined, and is not lost"
