"""What becomes of leaves and objects that are not as they should be: kept with a code, and nothing stops."""

from __future__ import annotations

from datetime import timedelta

import pytest

from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import PublicRecordLeaf, encode_leaf
from passerelle.protocol.objects import commitment, encode_public
from passerelle.protocol.recordsigning import sign_record
from passerelle.sync import keeping
from tests.unit.sync.author import START, Agency, Feed, flipped
from tests.unit.sync.conftest import Follower


@pytest.fixture(scope="session")
def third() -> Agency:
    """An agency that is neither the author nor we."""
    return Agency("france")


async def assert_one_setback(follower: Follower, feed: Feed, index: int, status: str, code: str) -> None:
    """One object met a setback; all others are records, and so is what comes after."""
    follower.add(feed)
    pulled = await follower.pull(feed.origin)
    assert (pulled.state, pulled.size, dict(pulled.setbacks)) == ("current", len(feed.leaves), {code: 1})
    found = await follower.setbacks(feed.origin)
    assert [(item.index, item.status, item.code) for item in found] == [(index, status, code)]
    good = sum(item is not None for item in feed.objects) - (feed.objects[index] is not None)
    assert len(await follower.records()) == good
    follower.add(feed)
    assert (await follower.pull(feed.origin)).setbacks == {}
    assert len(await follower.records()) == good + 1


async def test_a_tampered_object_is_quarantined(follower: Follower) -> None:
    """O-2, F-11 to F-13: bytes that miss their commitment are kept with the code and stop nothing."""
    feed = follower.feed(follower.public, 2)
    feed.objects[1] = flipped(feed.objects[1] or b"")
    await assert_one_setback(follower, feed, 1, "quarantined", "object.commitment")
    assert (await follower.setbacks(feed.origin))[0].object == feed.objects[1]


async def test_a_missing_object_is_noted(follower: Follower) -> None:
    """Chapter 09, step 3: nothing stands beside the leaf."""
    feed = follower.feed(follower.public, 2)
    feed.objects[0] = None
    await assert_one_setback(follower, feed, 0, "empty", "object.missing")


@pytest.mark.parametrize("pulled_between", [True, False])
async def test_a_commitment_counts_once(follower: Follower, pulled_between: bool) -> None:
    """L-24: the same commitment again, in one pull or in two, is quarantined; the record stays at its first place."""
    feed = follower.feed(follower.public, 2)
    if pulled_between:
        await follower.pull(feed.origin)
    feed.append(feed.leaves[1], feed.objects[1])
    follower.add(feed)
    await follower.pull(feed.origin)
    found = await follower.setbacks(feed.origin)
    assert [(item.index, item.code) for item in found] == [(2, "leaf.commitment-twice")]
    assert len(await follower.records()) == 3


@pytest.mark.parametrize("member", ["id", "type", "version"])
async def test_leaf_and_record_agree(follower: Follower, member: str) -> None:
    """L-23: a leaf that says something else than its record."""
    feed = follower.feed(follower.public, 1)
    record, salt = follower.author.record(), bytes(32)
    other = follower.author.record()
    leaf = PublicRecordLeaf(
        commitment(salt, record.data),
        other.id if member == "id" else record.id,
        "event" if member == "type" else record.type,
        2 if member == "version" else record.version,
    )
    feed.append(encode_leaf(leaf), encode_public(salt, record.data))
    await assert_one_setback(follower, feed, 1, "quarantined", "leaf.record-mismatch")


async def test_a_record_of_another_issuer_is_quarantined(follower: Follower, third: Agency) -> None:
    """O-12: nobody speaks for another in its own feed."""
    feed = follower.feed(follower.public, 1)
    feed.add(third.record())
    await assert_one_setback(follower, feed, 1, "quarantined", "record.not-the-owner")


async def test_a_record_to_somebody_else_is_quarantined(follower: Follower, third: Agency) -> None:
    """O-13, R-25: what is sealed to us must be addressed to us."""
    feed = follower.feed(follower.bilateral, 1)
    feed.add(follower.author.record(to=[third.scid]), recipient=follower.me.keys.sealing[0].public)
    await assert_one_setback(follower, feed, 1, "quarantined", "record.not-addressed")


async def test_a_tampered_proof_is_quarantined(follower: Follower) -> None:
    """R-9: signed with a key of the author's that is not the one named."""
    feed = follower.feed(follower.public, 1)
    record = follower.author.record()
    at = record.data.index(b"Exemple")
    data = record.data[:at] + b"Example" + record.data[at + 7 :]
    salt = bytes(32)
    leaf = PublicRecordLeaf(commitment(salt, data), record.id, record.type, record.version)
    feed.append(encode_leaf(leaf), encode_public(salt, data))
    await assert_one_setback(follower, feed, 1, "quarantined", "proof.invalid")


async def test_a_schema_violation_coming_in_is_quarantined(follower: Follower) -> None:
    """R-31, F-12: a known type that breaks its schema; its bytes are kept, and it is no record."""
    feed = follower.feed(follower.public, 1)
    feed.add(follower.author.record(body={"lang": "fr", "synthetic": True}))
    await assert_one_setback(follower, feed, 1, "quarantined", "schema.violation")


@pytest.mark.parametrize(("kind", "schema"), [("novelty", "novelty:1.0"), ("offer", "offer:9.0")])
async def test_unknown_types_and_majors_are_kept(follower: Follower, kind: str, schema: str) -> None:
    """R-33: verified and kept, to be read after an upgrade."""
    feed = follower.feed(follower.public)
    record = follower.author.record(type=kind, schema=f"urn:passerelle:schema:{schema}", body={"anything": 1})
    feed.add(record)
    pulled = await follower.pull(feed.origin)
    assert pulled.setbacks == {}
    assert await follower.records() == {record.digest}


async def test_what_rests_on_other_records_is_no_reason(follower: Follower) -> None:
    """F-14: a second version without a first, of an offer of whoever: what is right of it the fold says, not the quarantine."""
    feed = follower.feed(follower.public)
    first = follower.author.record()
    later = {name: value for name, value in first.value.items() if name != "proof"}
    later |= {"version": 2, "previous": first.digest}
    key = follower.author.keys.record
    record = sign_record(later, key, f"{follower.author.did}#{key.multikey}")
    feed.add(record)
    pulled = await follower.pull(feed.origin)
    assert (pulled.setbacks, await follower.records()) == ({}, {record.digest})


async def test_malformed_and_unknown_leaves_stop_nothing(follower: Follower) -> None:
    """L-22, L-26, F-13: an unknown kind is passed over, a broken leaf is quarantined, both are hashed."""
    feed = follower.feed(follower.public, 1)
    feed.append(b'{"kind":"later"}')
    feed.append(b"{")
    follower.add(feed)
    pulled = await follower.pull(feed.origin)
    assert (pulled.state, pulled.size) == ("current", 4)
    assert [item.index for item in await follower.setbacks(feed.origin)] == [2]
    assert len(await follower.records()) == 2


async def test_a_record_under_an_unheard_key_waits_for_the_log(follower: Follower) -> None:
    """R-14, chapter 09 step 11: pending, then accepted when the identity log has come by any road."""
    feed = follower.feed(follower.public, 1)
    key = SigningKey(bytes(range(32)))
    record = follower.author.record(key=key)
    feed.add(record)
    pulled = await follower.pull(feed.origin)
    assert [(item.index, item.status) for item in await follower.setbacks(feed.origin)] == [(1, "pending")]
    assert dict(pulled.setbacks) == {"key.unknown": 1}
    assert (await follower.pull(feed.origin)).freed == 0, "nothing new was learnt"
    follower.tools.directory.keep_identity(parse_identity(follower.author.rotate(key), now=START))
    again = await follower.pull(feed.origin)
    assert (again.freed, again.new) == (1, 0)
    assert record.digest in await follower.records()
    assert await follower.setbacks(feed.origin) == []


async def test_a_record_from_the_future_is_held_until_then(follower: Follower) -> None:
    """R-20: more than 24 hours ahead is held, not refused."""
    feed = follower.feed(follower.public, 1)
    record = follower.author.record(issued=START + timedelta(hours=30))
    feed.add(record)
    await follower.pull(feed.origin)
    found = await follower.setbacks(feed.origin)
    assert [(item.status, item.code) for item in found] == [("held", "record.ahead")]
    follower.now[0] = START + timedelta(hours=7)
    assert (await follower.pull(feed.origin)).freed == 1
    assert record.digest in await follower.records()


async def test_quarantined_bytes_are_bounded(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-15: past the limit of a partner, over all its feeds and pulls, index and code alone are kept."""
    feed = follower.feed(follower.public, 3)
    size = len(feed.objects[0] or b"")
    monkeypatch.setattr(keeping, "MAX_QUARANTINED_BYTES", 4 * size + size // 2)
    feed.objects[:] = [flipped(item or b"") for item in feed.objects]
    await follower.pull(feed.origin)
    for _ in range(4):
        follower.add(feed)
    feed.objects[3:] = [flipped(item or b"") for item in feed.objects[3:]]
    await follower.pull(feed.origin)
    found = await follower.setbacks(feed.origin)
    assert [item.code for item in found] == ["object.commitment"] * 7
    assert [item.object is not None for item in found] == [True] * 4 + [False] * 3
