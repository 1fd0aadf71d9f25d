"""What waits is kept or asked for again, and is looked at again when there is a reason."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol import intake
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.intake import Examined
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.records import FeedPosition, Record
from passerelle.storage import feeds
from passerelle.sync import again, keeping, pull
from passerelle.sync.batch import largest_cosigned
from passerelle.sync.findings import Finding
from tests.unit.sync.author import START, Feed, flipped
from tests.unit.sync.conftest import Follower

KEY = SigningKey(bytes(range(32)))


def add_pending(follower: Follower, feed: Feed) -> int:
    """A record under a key that we have not heard of."""
    record = follower.author.record(to=[follower.me.scid], key=KEY)
    return feed.add(record, recipient=follower.me.keys.sealing[0].public)


def rotate(follower: Follower) -> None:
    """The identity log that names the key comes."""
    follower.tools.directory.keep_identity(parse_identity(follower.author.rotate(KEY), now=START))


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The thread in which each leaf was examined."""
    threads: list[str] = []
    real = intake.Examination.examine

    def examine(
        self: intake.Examination, leaves: Sequence[bytes], objects: Sequence[bytes | None]
    ) -> list[Examined]:
        threads.extend([threading.current_thread().name] * len(leaves))
        return real(self, leaves, objects)

    monkeypatch.setattr(intake.Examination, "examine", examine)
    return threads


# --- nothing that a receipt covers is lost -------------------------------------------------------------------


async def test_what_waits_is_not_counted_as_quarantined(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-15: the limit of the quarantine drops nothing that may still become a record."""
    monkeypatch.setattr(keeping, "MAX_QUARANTINED_BYTES", 0)
    feed = follower.feed(follower.bilateral, 1)
    add_pending(follower, feed)
    assert (await follower.pull(feed.origin)).cosigned == 2
    rotate(follower)
    assert (await follower.pull(feed.origin)).freed == 1


@pytest.mark.parametrize("status", ["pending", "held"])
async def test_seen_stops_before_what_is_not_judged_yet(follower: Follower, status: str) -> None:
    """S-15: what we sign now says nothing of a record whose claim counts only later, though a receipt covers it."""
    feed = follower.feed(follower.bilateral, 1)
    if status == "pending":
        add_pending(follower, feed)
    else:
        ahead = follower.author.record(to=[follower.me.scid], issued=START + timedelta(days=2))
        feed.add(ahead, recipient=follower.me.keys.sealing[0].public)
    assert (await follower.pull(feed.origin)).cosigned == 2
    assert [item.status for item in await follower.setbacks(feed.origin)] == [status]

    async def said() -> FeedPosition:
        async with follower.database.reading() as connection:
            return await largest_cosigned(connection, follower.author.scid, follower.me.scid)

    assert await said() == FeedPosition(1, 1)
    if status == "pending":
        rotate(follower)
        await follower.pull(feed.origin)
        assert await said() == FeedPosition(1, 2)


async def test_what_waits_and_is_not_kept_is_a_gap(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-39: past the limit a receipt stops before it, and it is asked for again when there is room."""
    monkeypatch.setattr(keeping, "MAX_WAITING_BYTES", 10)
    feed = follower.feed(follower.bilateral, 1)
    await follower.pull(feed.origin)
    add_pending(follower, feed)
    follower.add(feed)
    assert (await follower.pull(feed.origin)).cosigned == 1
    (item,) = await follower.setbacks(feed.origin)
    assert (item.index, item.status, item.object, item.gap) == (1, "pending", None, True)
    monkeypatch.undo()
    pulled = await follower.pull(feed.origin)
    (item,) = await follower.setbacks(feed.origin)
    assert (item.object, item.gap, pulled.cosigned) == (feed.objects[1], False, 3)
    rotate(follower)
    assert (await follower.pull(feed.origin)).freed == 1


@pytest.mark.parametrize("spoilt", ["missing", "flipped"])
async def test_an_object_that_did_not_come_is_asked_for_again(follower: Follower, spoilt: str) -> None:
    """F-40: once the author serves it, it becomes a record, and the receipt goes on."""
    feed = follower.feed(follower.bilateral, 3)
    good = feed.objects[1]
    feed.objects[1] = None if spoilt == "missing" else feed.objects[0]
    await follower.pull(feed.origin)
    assert len(await follower.records()) == 2
    feed.objects[1] = good
    pulled = await follower.pull(feed.origin)
    assert (pulled.freed, pulled.cosigned, await follower.setbacks(feed.origin)) == (1, 3, [])
    assert len(await follower.records()) == 3


async def test_asking_again_takes_one_bundle_and_grows_patient(follower: Follower) -> None:
    """F-40: one bundle a pull, and the next attempt waits as long as the object has been missed."""
    feed = follower.feed(follower.public, 1)
    feed.pad(400)
    follower.add(feed)
    feed.objects[0] = feed.objects[401] = None
    await follower.pull(feed.origin)

    async def asked() -> list[str]:
        follower.site.asked.clear()
        await follower.pull(feed.origin)
        return [path.partition("/objects/")[2] for path in follower.site.paths() if "/objects/" in path]

    assert [await asked() for _ in range(3)] == [["000"], ["001.p/146"], []]
    follower.now[0] += timedelta(hours=1)
    assert [await asked() for _ in range(3)] == [["000"], ["001.p/146"], []]
    follower.now[0] += timedelta(minutes=50)
    assert await asked() == []
    follower.now[0] += timedelta(minutes=11)
    assert await asked() == ["000"]


async def test_what_comes_again_worse_changes_nothing(follower: Follower) -> None:
    """F-13: an author cannot take back what is held by answering otherwise later."""
    feed = follower.feed(follower.bilateral, 2)
    kept = feed.objects[1] = flipped(feed.objects[0] or b"")
    await follower.pull(feed.origin)
    before = await follower.setbacks(feed.origin)
    feed.objects[1] = None
    await follower.pull(feed.origin)
    (item,) = await follower.setbacks(feed.origin)
    assert (item.code, item.object) == (before[0].code, kept)


# --- only where there is a reason ----------------------------------------------------------------------------


async def test_what_waits_is_looked_at_when_its_reason_changes(
    follower: Follower, examined: list[str]
) -> None:
    """R-14, R-20: the log for `pending`, the time for `held`, our keys for `unopened`; in a thread."""
    feed = follower.feed(follower.bilateral)
    add_pending(follower, feed)
    late = follower.author.record(to=[follower.me.scid], issued=START + timedelta(hours=30))
    feed.add(late, recipient=follower.me.keys.sealing[0].public)
    feed.add(follower.author.record(to=[follower.me.scid]), recipient=follower.author.keys.sealing[0].public)
    await follower.pull(feed.origin)
    examined.clear()
    assert (await follower.pull(feed.origin)).freed == 0
    assert examined == [], "nothing has changed"
    follower.now[0] += timedelta(hours=5)
    await follower.pull(feed.origin)
    assert examined == [], "its time has not come"
    follower.now[0] += timedelta(hours=1)
    assert (await follower.pull(feed.origin)).freed == 1
    sealing = (*follower.me.keys.sealing, *follower.author.keys.sealing)
    keys = replace(follower.me.keys, sealing=sealing)
    follower.tools = replace(follower.tools, keys=keys)
    assert (await follower.pull(feed.origin)).freed == 1
    rotate(follower)
    assert (await follower.pull(feed.origin)).freed == 1
    assert len(examined) == 3
    assert threading.main_thread().name not in examined


async def test_looking_again_is_bounded(
    follower: Follower, examined: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-3: however much waits, one pull looks at some of it and the next ones at the rest."""
    monkeypatch.setattr(again, "MAX_OBJECTS", 3)
    feed = follower.feed(follower.bilateral)
    for _ in range(8):
        add_pending(follower, feed)
    await follower.pull(feed.origin)
    examined.clear()
    rotate(follower)
    assert [(await follower.pull(feed.origin)).freed for _ in range(4)] == [3, 3, 2, 0]
    assert len(examined) == 8


# --- what a pull takes of memory and rows --------------------------------------------------------------------


async def test_a_transaction_is_closed_by_bytes_too(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-36: large objects are kept a bundle at a time, whatever the number of leaves."""
    monkeypatch.setattr(pull, "GROUP_BYTES", 10)
    feed = follower.feed(follower.public, 1)
    feed.pad(300)
    follower.add(feed)
    sizes: list[int] = []
    real = feeds.append

    async def append(connection: object, held: feeds.Feed, *leaves: object) -> feeds.Feed:
        grown = await real(connection, held, *leaves)  # type: ignore[arg-type]
        sizes.append(grown.size)
        return grown

    monkeypatch.setattr(feeds, "append", append)
    await follower.pull(feed.origin)
    assert sizes == [256, 302]


async def test_no_parsed_tree_is_kept_in_memory(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found costs what it says and no more: a parsed tree is many times a record's bytes."""
    feed = follower.feed(follower.bilateral, 1)
    add_pending(follower, feed)
    seen: list[Finding] = []
    real = keeping.keep

    async def keep(*given: object) -> keeping.Kept:
        seen.extend(
            item for value in given if isinstance(value, list) for item in value if isinstance(item, Finding)
        )
        return await real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping, "keep", keep)
    await follower.pull(feed.origin)
    assert [item.heading is not None for item in seen] == [True, True]
    assert not any(isinstance(part, Record) for item in seen for part in item)
    assert (await follower.setbacks(feed.origin))[0].params["type"] == "agreement"


async def test_a_partner_writes_no_essays_in_our_rows(follower: Follower) -> None:
    """The values of a setback are cut where they come from, and together."""
    assert len(str(ProtocolError("key.unknown", method="k" * 9_000).params["method"])) == 200
    assert keeping.bounded({"a": "x" * 900, "b": "y" * 200, "c": 1}) == {"b": "y" * 200, "c": 1}
    feed = follower.feed(follower.public)
    record = follower.author.record()
    method = f"{follower.author.did}#" + "z" * 50_000
    feed.add(Record.parse(record.data.replace(record.verification_method.encode(), method.encode())))
    await follower.pull(feed.origin)
    (item,) = await follower.setbacks(feed.origin)
    assert item.code == "key.unknown"
    assert len(json.dumps(item.params)) < 1_024


# --- quarantine after an upgrade ---------------------------------------------------------------------------


def by_other_code(monkeypatch: pytest.MonkeyPatch, name: str, *, strict: bool) -> None:
    """Judge as another version does: a strict one knows a schema that refuses every record."""
    real = intake.Examination.examine

    def examine(
        self: intake.Examination, leaves: Sequence[bytes], objects: Sequence[bytes | None]
    ) -> list[Examined]:
        found = real(self, leaves, objects)
        refused = [replace(item, status="quarantined", code="schema.violation") for item in found]
        return refused if strict else found

    monkeypatch.setattr(intake.Examination, "examine", examine)
    monkeypatch.setattr(again, "this_code", lambda: name)


async def test_quarantine_is_examined_again_after_an_upgrade(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-16: what another version can take becomes a record; the same version does not look at it again."""
    feed = follower.feed(follower.bilateral, 2)
    with monkeypatch.context() as old:
        by_other_code(old, "old", strict=True)
        await follower.pull(feed.origin)
    with monkeypatch.context() as same:
        by_other_code(same, "old", strict=False)
        assert (await follower.pull(feed.origin)).freed == 0
    assert [item.status for item in await follower.setbacks(feed.origin)] == ["quarantined", "quarantined"]
    with monkeypatch.context() as new:
        by_other_code(new, "new", strict=False)
        assert (await follower.pull(feed.origin)).freed == 2
    assert await follower.setbacks(feed.origin) == []
    assert len(await follower.records()) == 2


async def test_what_no_upgrade_mends_stays(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-16, L-24: still refused, it waits for the next version; a commitment met twice is never taken."""
    feed = follower.feed(follower.public, 2)
    feed.append(feed.leaves[0], feed.objects[0])
    feed.objects[1] = feed.objects[0]
    for name in ("old", "new", "newer"):
        with monkeypatch.context() as code:
            by_other_code(code, name, strict=False)
            assert (await follower.pull(feed.origin)).freed == 0
        found = await follower.setbacks(feed.origin)
        assert [(item.index, item.status) for item in found] == [(1, "quarantined"), (2, "quarantined")]
    assert len(await follower.records()) == 1
