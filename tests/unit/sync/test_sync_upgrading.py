"""Records of a type that was not known are looked at again by a version that knows it, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record
from passerelle.protocol.schemas import Schemas
from passerelle.storage import records as record_rows
from passerelle.sync import again, upgrading
from passerelle.sync.examiner import Examiner
from passerelle.sync.upgrading import Upgraded, examine_unreadable
from tests.unit.sync.author import START, Feed
from tests.unit.sync.conftest import Follower
from tests.versions import schemas_that_know

NOW = int(START.timestamp())


async def as_before(follower: Follower, bodies: list[dict[str, Json] | None]) -> tuple[Feed, list[Record]]:
    """Offers, pulled by a version that does not know what an offer is."""
    older = schemas_that_know("without:offer")
    follower.tools = replace(follower.tools, examiner=Examiner(older, workers=0))
    feed = follower.feed(follower.public)
    records = [follower.author.record(body=body) for body in bodies]
    for record in records:
        feed.add(record)
    pulled = await follower.pull(feed.origin)
    assert (pulled.setbacks, pulled.state) == ({}, "current")
    await examine_unreadable(follower.database, older, NOW)
    return feed, records


async def readable(follower: Follower) -> dict[str, bool]:
    """Whether each record of the author is readable, by digest."""
    async with follower.database.reading() as connection:
        return {row.digest: row.readable for row in await record_rows.find(connection)}


async def test_what_fits_is_readable_and_what_does_not_is_in_quarantine(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-16: each by the schema that is known now; a fault does not stop the others."""
    feed, records = await as_before(follower, [None, {"lang": "fr", "synthetic": True}, None])
    monkeypatch.setattr(again, "this_code", lambda: "newer")
    found = await examine_unreadable(follower.database, Schemas.packaged(), NOW)
    assert found == Upgraded(read=2, quarantined=1)
    shown = await readable(follower)
    assert [shown[record.digest] for record in records] == [True, False, True]
    (item,) = await follower.setbacks(feed.origin)
    assert (item.index, item.status, item.code, item.gap) == (1, "quarantined", "schema.violation", False)
    assert await examine_unreadable(follower.database, Schemas.packaged(), NOW) == Upgraded(), (
        "once is enough"
    )
    assert (await follower.pull(feed.origin)).cosigned == 3, "a receipt says stored, not valid"


async def test_the_same_version_does_not_look_again(follower: Follower) -> None:
    """F-16: after an upgrade, and not at each start."""
    _, records = await as_before(follower, [None])
    assert await examine_unreadable(follower.database, Schemas.packaged(), NOW) == Upgraded()
    assert await readable(follower) == {records[0].digest: False}


async def test_what_is_broken_off_is_taken_up_again(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-16: a start that ends in the middle leaves the rest to the next one."""
    _, records = await as_before(follower, [None] * 5)
    monkeypatch.setattr(again, "this_code", lambda: "newer")
    monkeypatch.setattr(upgrading, "AT_ONCE", 2)
    settle, calls = upgrading._settle, iter([True, False])

    async def failing(*given: object) -> Upgraded:
        if not next(calls):
            raise OSError("power cut")
        return await settle(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(upgrading, "_settle", failing)
        with pytest.raises(OSError, match="power"):
            await examine_unreadable(follower.database, Schemas.packaged(), NOW)
    assert sum((await readable(follower)).values()) == 2
    assert await examine_unreadable(follower.database, Schemas.packaged(), NOW) == Upgraded(read=3)
    assert await readable(follower) == {record.digest: True for record in records}


async def test_a_fault_of_one_version_is_mended_by_another(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-16: quarantine after an upgrade ends with the upgrade under whose schemas the record fits."""
    feed, records = await as_before(follower, [{"lang": "fr", "synthetic": True}])
    monkeypatch.setattr(again, "this_code", lambda: "newer")
    await examine_unreadable(follower.database, Schemas.packaged(), NOW)
    assert [item.code for item in await follower.setbacks(feed.origin)] == ["schema.violation"]
    monkeypatch.setattr(again, "this_code", lambda: "newest")
    lenient = Schemas.packaged()
    with monkeypatch.context() as patch:
        patch.setattr(Schemas, "check_incoming", lambda *_: "known")
        assert await examine_unreadable(follower.database, lenient, NOW) == Upgraded(read=1)
    assert await follower.setbacks(feed.origin) == []
    assert await readable(follower) == {records[0].digest: True}
