"""What was signed before its turn came: when it is taken as it is, and when it is signed anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from passerelle.errors import InputError, ProtocolError
from passerelle.node import Node
from passerelle.protocol.records import Record
from passerelle.storage import feeds, vault
from passerelle.storage import records as record_rows
from passerelle.sync.signing import Draft, Early, sign_alone, stand_alone
from tests.unit.federation.world import TOGO, offer

FRACTION: Final[dict[str, Any]] = {"places": 0.5}


def drafted(node: Node, *titles: str) -> list[Draft]:
    """Offers as the desk hands them over."""
    own: dict[str, Any] = {"synthetic": True, "lang": "fr"}
    bodies: list[Any] = [offer(TOGO, title)["body"] for title in titles]
    for body in bodies:
        body.update(own)
        body["host"] = {**body["host"], "agency": node.directory.own_scid}
    return [Draft("offer", "public", body) for body in bodies]


async def published(node: Node) -> list[Record]:
    """Our public records, in the order of their places."""
    async with node.database.reading() as connection:
        (own,) = [feed for feed in await feeds.every(connection, own=True) if feed.origin.is_public]
        rows = await record_rows.placed(connection)
        data = await vault.get_records(connection, [row.digest for row in rows])
    ours = sorted((row for row in rows if row.origin == own.origin.encode()), key=lambda row: row.index)
    return [Record.parse(data[row.digest]) for row in ours]


async def checkpoints(node: Node) -> list[int]:
    """Sizes of our public feed at which we have signed it."""
    async with node.database.reading() as connection:
        (own,) = [feed for feed in await feeds.every(connection, own=True) if feed.origin.is_public]
        return await feeds.checkpoint_sizes(connection, own.id, at_most=own.size)


def signing_early(
    node: Node, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[Early], Any]
) -> list[Early]:
    """Let something happen between the signing of a group and its turn."""
    real, kept = node.publisher._sign_early, []

    async def sign_early(drafts: Sequence[Draft]) -> Early | None:
        early = await real(drafts)
        assert early is not None
        monkeypatch.undo()
        kept.append(early)
        found = meanwhile(early)
        chosen: Early = await found if asyncio.iscoroutine(found) else found
        return chosen

    monkeypatch.setattr(node.publisher, "_sign_early", sign_early)
    return kept


async def test_what_was_signed_early_is_published_as_it_is(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing came between: the records are those that were signed while another batch was written."""
    kept = signing_early(node, monkeypatch, lambda early: early)
    answers = await node.publisher.publish(drafted(node, "First", "Second"))
    assert [answer["digest"] for answer in answers] == [item.record.digest for item in kept[0].signed]


async def test_issued_never_goes_back_when_another_group_overtakes(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-5, spec/04-records.md: a group that was signed before what is published already is signed anew."""
    publisher = node.publisher
    now = publisher._tools.clock

    def later() -> datetime:
        return now() + timedelta(seconds=5)

    async def overtake(early: Early) -> Early:
        publisher._tools = replace(publisher._tools, clock=later)
        await publisher.publish(drafted(node, "Later, and first"))
        return early

    kept = signing_early(node, monkeypatch, overtake)
    answers = await publisher.publish(drafted(node, "Earlier, and second"))
    assert answers[0]["digest"] != kept[0].signed[0].record.digest
    issued = [record.issued for record in await published(node)]
    assert issued == sorted(issued)


async def test_issued_never_goes_back_with_the_clock(node: Node) -> None:
    """R-19: the later of the clock and the last `issued`, when the clock has been put back by an hour."""
    publisher = node.publisher
    honest = publisher._tools
    ahead = replace(honest, clock=lambda: honest.clock() + timedelta(hours=1))
    for tools, title in (
        (honest, "Before"),
        (ahead, "By a fast clock"),
        (honest, "Put back"),
        (honest, "Again"),
    ):
        publisher._tools = tools
        await publisher.publish(drafted(node, title))
    before, fast, back, again = [record.issued for record in await published(node)][-4:]
    assert before < fast == back == again


async def test_a_new_entry_of_our_identity_is_named(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """What names another document than the one in force is signed anew."""
    kept = signing_early(
        node, monkeypatch, lambda early: replace(early, under=replace(early.under, did="did:webvh:another"))
    )
    answers = await node.publisher.publish(drafted(node, "Mission"))
    assert answers[0]["digest"] != kept[0].signed[0].record.digest


async def test_each_record_has_the_index_after_the_one_before(node: Node) -> None:
    """W-1: whoever publishes beside whom, what is answered is where the record stands, and no index is left out."""
    before, told = len(await published(node)), dict[int, object]()
    for turn in "AB":
        calls = [node.publisher.publish(drafted(node, f"{turn}{number}")) for number in range(12)]
        for (answer,) in await asyncio.gather(*calls):
            places: Any = answer["places"]
            told[places[0]["index"]] = answer["digest"]
    new = [record.digest for record in await published(node)][before:]
    assert told == dict(enumerate(new, start=before))
    assert len(told) == 24


async def test_what_waits_together_is_signed_under_one_checkpoint(node: Node) -> None:
    """W-12: of twenty records that come at once each is not under a checkpoint of its own; the first may be."""
    before = await checkpoints(node)
    drafts = drafted(node, *(f"{number}" for number in range(20)))
    await asyncio.gather(*(node.publisher.publish([item]) for item in drafts))
    new = (await checkpoints(node))[len(before) :]
    assert new[-1] == before[-1] + 20
    assert len(new) <= 2


async def test_a_key_used_before_is_answered_whatever_is_signed_early(node: Node) -> None:
    """W-11: of a group whose first record is published already, the others alone are written."""
    first, second = (replace(item, key=str(at)) for at, item in enumerate(drafted(node, "A", "B")))
    (one,) = await node.publisher.publish([first])
    before = len(await published(node))
    again, other = await node.publisher.publish([first, second])
    assert again == {**one, "already": True}
    assert other["id"] != one["id"]
    assert len(await published(node)) == before + 1


async def test_the_record_at_fault_is_named_by_its_number(node: Node) -> None:
    """A float in the second body, or a body that is no offer: refused as ever, and nothing is published."""
    fine, broken = drafted(node, "A", "B")
    before = len(await published(node))
    with pytest.raises(InputError) as caught:
        await node.publisher.publish([fine, replace(broken, body={**broken.body, **FRACTION})])
    assert (caught.value.code, caught.value.params["number"]) == ("publish.not-in-profile", 2)
    with pytest.raises(ProtocolError, match=r"schema\.violation"):
        await node.publisher.publish([fine, replace(broken, body={"title": "none"})])
    assert len(await published(node)) == before


def test_what_builds_on_other_records_waits_for_its_turn(node: Node) -> None:
    """A revision, a record to a partner, a type that the rules judge: none is signed early, checked or not."""
    tools, (fresh,) = node.publisher._tools, drafted(node, "A")
    assert stand_alone(tools, [fresh])
    others = [
        replace(fresh, revises="urn:uuid:…"),
        replace(fresh, audience=("Qm",)),
        replace(fresh, type="decision"),
    ]
    assert [stand_alone(tools, [fresh, other]) for other in others] == [False] * 3
    assert stand_alone(tools, [replace(fresh, type="decision", unchecked=True)])
    early = sign_alone(tools, [fresh], tools.clock() + timedelta(days=1))
    assert early.issued > tools.clock(), "never before what was issued last"
