"""Our cosignatures of what we hold, and what partners tell of our own feeds."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from passerelle.errors import ProtocolError, StorageError
from passerelle.protocol.checkpoints import Checkpoint, cosign, sign_checkpoint, verify_cosignature
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import ErasedLeaf, encode_leaf
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.origins import Origin, witness_name
from passerelle.storage import evidence, feeds, gaps
from passerelle.storage.heads import Head, HeadStore, Swap
from passerelle.sync import fence, pull, receipts
from passerelle.sync.directory import Directory
from tests.unit.sync.author import START, Feed, flipped, instead
from tests.unit.sync.conftest import Follower

LEAVES = [b'{"kind":"later","n":%d}' % index for index in range(6)]


def unopened(follower: Follower, feed: Feed) -> None:
    feed.add(follower.author.record(to=[follower.me.scid]), recipient=follower.author.keys.sealing[0].public)


def missing(follower: Follower, feed: Feed) -> None:
    feed.objects[follower.add(feed)] = None


def mismatching(follower: Follower, feed: Feed) -> None:
    feed.objects[follower.add(feed)] = feed.objects[0]


def damaged(follower: Follower, feed: Feed) -> None:
    at = follower.add(feed)
    feed.objects[at] = flipped(feed.objects[at] or b"")


@pytest.mark.parametrize("gap", [unopened, missing, mismatching, damaged])
async def test_a_receipt_stops_before_a_gap(follower: Follower, gap: object) -> None:
    """F-23: of a bilateral feed the last checkpoint below an object that did not open or match is cosigned."""
    assert callable(gap)
    feed = follower.feed(follower.bilateral, 2)
    assert (await follower.pull(feed.origin)).cosigned == 2
    follower.add(feed)
    await follower.pull(feed.origin)
    gap(follower, feed)
    follower.add(feed)
    pulled = await follower.pull(feed.origin)
    assert (pulled.size, pulled.cosigned) == (5, 3)
    follower.add(feed)
    assert (await follower.pull(feed.origin)).cosigned == 3, "and stays there"
    assert [item.gap for item in await follower.setbacks(feed.origin)] == [True]


def close(follower: Follower, feed: Feed, index: int) -> None:
    feed.append(encode_leaf(ErasedLeaf(index, "unreadable")))


@pytest.mark.parametrize("gap", [unopened, missing, mismatching, damaged])
async def test_an_erased_leaf_closes_the_gap_that_it_names(follower: Follower, gap: object) -> None:
    """F-23, F-42: the receipt goes on past what its author has erased, and nobody asks for it any more."""
    assert callable(gap)
    feed = follower.feed(follower.bilateral, 2)
    gap(follower, feed)
    assert (await follower.pull(feed.origin)).cosigned == 0
    close(follower, feed, 0)
    assert (await follower.pull(feed.origin)).cosigned == 0, "that leaf was no gap"
    close(follower, feed, 2)
    follower.add(feed)
    assert (await follower.pull(feed.origin)).cosigned == 6
    assert await follower.setbacks(feed.origin) == []


async def test_a_gap_is_closed_only_for_trees_that_say_so(follower: Follower) -> None:
    """F-42: a checkpoint between the gap and the leaf that closes it says nothing of it."""
    feed = follower.feed(follower.bilateral, 1)
    await follower.pull(feed.origin)
    missing(follower, feed)
    await follower.pull(feed.origin)
    close(follower, feed, 1)
    missing(follower, feed)
    pulled = await follower.pull(feed.origin)
    assert (pulled.size, pulled.cosigned) == (4, 1), (
        "4 has a gap of its own, 2 does not hold what closes the other"
    )
    close(follower, feed, 3)
    assert (await follower.pull(feed.origin)).cosigned == 5


async def test_more_gaps_than_are_looked_at(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-23: however many gaps there are, a receipt stops before one that was not looked at."""
    monkeypatch.setattr(gaps, "MAX_GAPS", 1)
    feed = follower.feed(follower.bilateral, 1)
    await follower.pull(feed.origin)
    for index in (1, 3):
        missing(follower, feed)
        close(follower, feed, index)
    missing(follower, feed)
    assert (await follower.pull(feed.origin)).cosigned == 1


async def test_what_opened_and_was_quarantined_counts_as_stored(follower: Follower) -> None:
    """F-23: the receipt says stored, not valid."""
    feed = follower.feed(follower.bilateral, 1)
    record = follower.author.record(to=[follower.me.scid], body={"lang": "fr", "synthetic": True})
    feed.add(record, recipient=follower.me.keys.sealing[0].public)
    pulled = await follower.pull(feed.origin)
    assert dict(pulled.setbacks) == {"schema.violation": 1}
    assert pulled.cosigned == 2


async def test_a_public_receipt_means_the_tree_alone(follower: Follower) -> None:
    """F-24: the largest consistent tree seen, whatever became of the objects."""
    feed = follower.feed(follower.public, 3)
    feed.objects[1] = None
    assert (await follower.pull(feed.origin)).cosigned == 3


@pytest.mark.parametrize("older", [256, 512])
async def test_a_checkpoint_is_not_cosigned_before_its_leaves_are_here(
    follower: Follower, monkeypatch: pytest.MonkeyPatch, older: int
) -> None:
    """F-38: of a pull that has brought a part, what is cosigned is a checkpoint below it, though a larger one is kept."""
    monkeypatch.setattr(pull, "MAX_GROWTH", 512)
    feed = follower.feed(follower.public)
    feed.pad(1_100)
    assert (await follower.pull(feed.origin)).size == 512
    feed.note = feed.checkpoint(older)
    pulled = await follower.pull(feed.origin)
    assert (pulled.size, pulled.cosigned) == (512, older)
    feed.note = None
    assert (await follower.pull(feed.origin)).size == 1_024
    assert await follower.cosigned(feed.origin) == older
    assert (await follower.pull(feed.origin)).cosigned == 1_100


async def test_what_is_said_to_be_cosigned_is_kept(follower: Follower) -> None:
    """F-26: the size that a pull tells, and that its author is told, is that of the receipt in the rows."""
    feed = follower.feed(follower.bilateral, 2)
    assert (await follower.pull(feed.origin)).cosigned == 2
    assert await follower.cosigned(feed.origin) == 2


async def test_receipts_never_go_back_in_time_or_size(follower: Follower) -> None:
    """F-25, F-27: a clock set back dates no receipt back, and old news is not cosigned."""
    feed = follower.feed(follower.public, 2)
    await follower.pull(feed.origin)
    follower.now[0] = START - timedelta(hours=2)
    follower.add(feed)
    await follower.pull(feed.origin)
    held = await follower.held(feed.origin)
    async with follower.database.reading() as connection:
        receipt = await evidence.get_receipt(connection, held.id, follower.me.scid)
    assert receipt is not None
    note = SignedNote.parse(receipt[0].note)
    keys = [follower.me.keys.witness.public]
    assert verify_cosignature(note, witness_name(follower.me.scid), keys) == int(START.timestamp())
    feed.note = feed.checkpoint(2)
    assert (await follower.pull(feed.origin)).cosigned == 3


# --- our own feeds, as a partner holds them ------------------------------------------------------------------


async def own_feed(follower: Follower, size: int) -> dict[str, Head]:
    """Our public feed with some leaves, and its head."""
    origin = Origin(follower.me.scid, None, 1)
    async with follower.database.writing() as connection:
        held = await feeds.append(connection, await feeds.add(connection, origin, own=True), LEAVES[:size])
        root = held.frontier.root()
        head = Head(size, root, _note(follower, size, root))
        await feeds.put_checkpoint(connection, held.id, feeds.SignedHead(size, root, head.note), 1)
    return {origin.encode(): head}


def _note(follower: Follower, size: int, root: bytes, key: SigningKey | None = None) -> bytes:
    origin = Origin(follower.me.scid, None, 1).encode()
    return sign_checkpoint(Checkpoint(origin, size, root), key or follower.me.keys.log).encode()


async def ask(follower: Follower, heads: dict[str, Head], note: bytes) -> tuple[bool, list[str]]:
    """What a partner that shows this note makes of us."""
    follower.site.files[f"/received/{follower.me.scid}/public/1/checkpoint"] = note
    answered, found = await fence.ask(
        follower.client, follower.database, follower.tools.directory, follower.road, lambda: heads
    )
    return answered, [item.error.code for item in found]


async def test_a_later_head_under_our_own_signature_counts(follower: Follower) -> None:
    """W-16, W-18: a partner that holds more of our feed than we do proves that our home is an old copy."""
    heads = await own_feed(follower, 3)
    assert await ask(follower, heads, _note(follower, 5, bytes(32))) == (True, ["fence.partner-ahead"])


async def test_a_later_head_under_a_retired_key_of_ours_counts(follower: Follower) -> None:
    """L-13, W-15: what we signed before a rotation is still ours; else a restored copy would sign it anew."""
    heads = await own_feed(follower, 3)
    log, witness = (SigningKey(bytes([number]) * 32) for number in (7, 8))
    rotated = parse_identity(follower.me.rotate_log_keys(log, witness), now=START)
    follower.tools.directory.keep_identity(rotated)
    assert await ask(follower, heads, _note(follower, 5, bytes(32))) == (True, ["fence.partner-ahead"])
    assert await ask(follower, heads, _note(follower, 5, bytes(32), log)) == (True, ["fence.partner-ahead"])


async def test_a_receipt_under_a_retired_witness_key_is_kept(follower: Follower) -> None:
    """L-13, F-28: the partner has changed its witness key since; the receipt of before is good."""
    heads = await own_feed(follower, 3)
    origin, head = next(iter(heads.items()))
    note = SignedNote.parse(head.note)
    line = cosign(
        note, follower.author.keys.witness, witness_name(follower.author.scid), int(START.timestamp())
    )
    path = f"/received/{follower.me.scid}/public/1/receipt"
    follower.site.files[path] = note.with_signatures(line).encode()
    log, witness = (SigningKey(bytes([number]) * 32) for number in (7, 8))
    rotated = parse_identity(follower.author.rotate_log_keys(log, witness), now=START)
    follower.tools.directory.keep_identity(rotated)
    found = await receipts.fetch(
        follower.client, follower.tools, follower.road, Origin.parse(origin), lambda: heads
    )
    assert found == 3


@pytest.mark.parametrize("size", [2, 3])
async def test_another_root_under_our_own_signature_counts(follower: Follower, size: int) -> None:
    """W-13: we have signed two histories, whichever is the larger."""
    heads = await own_feed(follower, 3)
    assert await ask(follower, heads, _note(follower, size, bytes(32))) == (True, ["fence.rows-differ"])


@pytest.mark.parametrize("size", [0, 2, 3])
async def test_what_a_partner_truly_holds_is_no_reason_to_stop(follower: Follower, size: int) -> None:
    """W-18: equal, behind or empty."""
    heads = await own_feed(follower, 3)
    async with follower.database.reading() as connection:
        held = await feeds.get(connection, Origin(follower.me.scid, None, 1))
        assert held is not None
        root = (await feeds.frontier_at(connection, held.id, size)).root()
    assert await ask(follower, heads, _note(follower, size, root)) == (True, [])


async def test_a_lying_partner_cannot_halt_us(follower: Follower) -> None:
    """W-15: a head under any other key, or no note at all, counts for nothing."""
    heads = await own_feed(follower, 3)
    theirs = _note(follower, 9, bytes(32), follower.author.keys.log)
    forged = flipped(_note(follower, 9, bytes(32)), -8)
    for note in (theirs, forged, b"<html></html>", b"", bytes(16_000)):
        assert await ask(follower, heads, note) == (True, [])


async def test_a_partner_that_cannot_say_is_asked_again(follower: Follower) -> None:
    """W-18: 404 is an answer, a broken server is none."""
    heads = await own_feed(follower, 3)
    path = f"/received/{follower.me.scid}/public/1/checkpoint"
    follower.site.spoilt[path] = instead(b"", status=500)
    assert await ask(follower, heads, b"") == (False, [])
    follower.site.spoilt[path] = instead(b"", status=404)
    assert await ask(follower, heads, b"") == (True, [])


async def test_two_histories_are_known_at_the_next_start(follower: Follower, tmp_path: Path) -> None:
    """W-20: another root at a size that we hold moves no head, and must not be forgotten for that."""
    heads = await own_feed(follower, 3)
    origin, head = next(iter(heads.items()))
    store = HeadStore(tmp_path / "head.sqlite")
    await store.create()
    await store.replace([Swap(origin, None, head)])
    assert await fence.remembered(follower.database) == []
    found = await fence.compare(
        follower.database,
        Origin.parse(origin),
        Checkpoint(origin, 3, bytes(32)),
        _note(follower, 3, bytes(32)),
        head,
    )
    assert found is not None
    await fence.remember(follower.database, store, found)
    assert (await store.read())[origin] == head
    assert (await fence.check(follower.database, store))[1] is None, "rows and head alone do not tell"
    await store.close()
    (closed,) = await fence.remembered(follower.database)
    assert (closed.code, closed.params) == ("fence.rows-differ", {"origin": origin, "size": 3})


async def test_a_head_is_remembered_past_a_publication_under_way(
    follower: Follower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W-19: the head store moves to what was proven even where a publication moves it first."""
    heads = await own_feed(follower, 3)
    origin, head = next(iter(heads.items()))
    store = HeadStore(tmp_path / "head.sqlite")
    await store.create()
    await store.replace([Swap(origin, None, head)])
    seen = Head(5, bytes(32), _note(follower, 5, bytes(32)))
    real = store.read
    stale = [{origin: Head(2, bytes(32), head.note)}]

    async def read() -> object:
        return stale.pop() if stale else await real()

    monkeypatch.setattr(store, "read", read)
    error = StorageError("fence.partner-ahead", origin=origin, rows=3, head=5)
    await fence.remember(follower.database, store, fence.Contradiction(error, origin, seen))
    assert (await real())[origin] == seen
    await store.close()


async def test_a_read_only_node_cosigns_nothing(follower: Follower) -> None:
    """W-13, F-25, F-47: it takes what is new, and gives its receipt once it may sign again, though no leaf has come since."""
    feed = follower.feed(follower.bilateral, 2)
    closed: list[StorageError | None] = [StorageError("fence.rows-behind")]
    tools, follower.tools = follower.tools, replace(follower.tools, closed=lambda: closed[0])
    pulled = await follower.pull(feed.origin)
    assert (pulled.size, pulled.cosigned) == (2, 0)
    assert await follower.cosigned(feed.origin) == 0
    closed[0] = None
    assert (await follower.pull(feed.origin)).cosigned == 2
    assert tools.closed() is None


async def test_a_note_may_carry_many_signatures(follower: Follower) -> None:
    """C2SP signed-note: a checkpoint with witnesses' lines past 16 KiB is still one."""
    feed = follower.feed(follower.public, 1)
    line = "\N{EM DASH} witness.example " + base64.b64encode(bytes(4_000)).decode() + "\n"
    feed.note = feed.checkpoint() + line.encode() * 5
    assert (await follower.pull(feed.origin)).size == 1


async def test_what_was_learnt_moves_the_head_and_never_back(follower: Follower, tmp_path: Path) -> None:
    """W-13, W-16: the next start knows it without the partner."""
    heads = await own_feed(follower, 3)
    origin, head = next(iter(heads.items()))
    store = HeadStore(tmp_path / "head.sqlite")
    await store.create()
    await store.replace([Swap(origin, None, head)])
    for size, expected in ((5, 5), (4, 5)):
        theirs = Checkpoint(origin, size, bytes(32))
        found = await fence.compare(
            follower.database, Origin.parse(origin), theirs, _note(follower, size, bytes(32)), head
        )
        assert found is not None
        await fence.remember(follower.database, store, found)
        assert (await store.read())[origin].size == expected
    _, closed = await fence.check(follower.database, store)
    await store.close()
    assert closed is not None
    assert closed.code == "fence.rows-behind"


async def receipt_dated(follower: Follower, at: datetime) -> int | fence.Contradiction:
    """Ask the author for its receipt of our feed of three leaves, dated as told."""
    heads = await own_feed(follower, 3)
    origin = Origin(follower.me.scid, None, 1)
    note = SignedNote.parse(heads[origin.encode()].note)
    name = witness_name(follower.author.scid)
    line = cosign(note, follower.author.keys.witness, name, int(at.timestamp()))
    receipt = replace(note, signatures=(*note.signatures, line)).encode()
    follower.site.files[f"/{origin.received_path()}/receipt"] = receipt
    return await receipts.fetch(follower.client, follower.tools, follower.road, origin, lambda: heads)


async def test_a_receipt_of_tomorrow_is_taken(follower: Follower) -> None:
    """F-43: a partner's clock may be ahead by a day."""
    assert await receipt_dated(follower, START + timedelta(hours=24)) == 3


async def test_a_receipt_dated_too_far_ahead_is_not_kept(follower: Follower) -> None:
    """F-43: what a clock gone wrong has dated is no receipt yet, and is asked for again."""
    with pytest.raises(ProtocolError, match=r"cosignature\.ahead"):
        await receipt_dated(follower, START + timedelta(hours=24, seconds=1))
    async with follower.database.reading() as connection:
        held = await feeds.get(connection, Origin(follower.me.scid, None, 1))
        assert held is not None
        assert await evidence.get_receipt(connection, held.id, follower.author.scid) is None


async def test_nothing_is_taken_of_an_agency_without_a_log(follower: Follower) -> None:
    """Chapter 12: without the identity log of its author no checkpoint can be checked, and none is kept."""
    feed = follower.feed(follower.public, 1)
    directory = Directory(follower.me.scid, follower.tools.clock)
    tools, follower.tools = follower.tools, replace(follower.tools, directory=directory)
    assert await follower.refused(feed.origin) == "identity.unknown"
    assert (await follower.held(feed.origin)).size == 0
    follower.tools = tools
    assert (await follower.pull(feed.origin)).size == 1
