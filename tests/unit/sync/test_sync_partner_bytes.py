"""Bytes of a partner that are not as they must be: its own loss, and nobody else's."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from structlog.testing import capture_logs

from passerelle.errors import ProtocolError
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.profile import Json, format_time
from passerelle.protocol.schemas import Schemas
from passerelle.storage import peers as peer_rows
from passerelle.sync import contact
from passerelle.sync.client import Answer, problem_of
from passerelle.sync.directory import Directory, begun_keys
from tests.unit.sync.author import START, instead
from tests.unit.sync.conftest import Follower

MALFORMED: tuple[Json, ...] = (
    5,
    None,
    {},
    {"from": "yesterday", "key": "AAAA"},
    {"from": 5, "key": "AAAA"},
    {"from": "2027-01-01T00:00:00Z"},
    {"from": "2027-01-01T00:00:00Z", "key": 5},
    {"from": "2027-01-01T00:00:00Z", "key": "A"},
    {"from": "2027-01-01T00:00:00Z", "key": "é"},
)


async def test_a_descriptor_that_its_schema_refuses(follower: Follower) -> None:
    """First contact reads no more of a descriptor than its schema promises."""
    record = follower.author.descriptor(follower.site.address)
    follower.site.files["/.well-known/passerelle"] = record.data
    with pytest.raises(ProtocolError, match=r"schema\.violation"):
        await contact.introduce(follower.client, follower.site.address, START, Schemas.packaged())


async def test_a_descriptor_of_a_major_that_is_not_read(follower: Follower) -> None:
    """What this version cannot read tells it no address."""
    body: dict[str, Json] = {"addresses": [follower.site.address], "lang": "fr"}
    record = follower.author.record(type="node", schema="urn:passerelle:schema:node:9.0", body=body)
    follower.site.files["/.well-known/passerelle"] = record.data
    with pytest.raises(ProtocolError, match=r"descriptor\.wrong"):
        await contact.introduce(follower.client, follower.site.address, START, Schemas.packaged())


def test_a_sealing_key_that_is_malformed(follower: Follower) -> None:
    """One entry that cannot be read hides no other."""
    key = follower.author.keys.sealing[0].public
    good = {"from": "2027-01-01T00:00:00Z", "key": base64.urlsafe_b64encode(key).rstrip(b"=").decode()}
    document = parse_identity(follower.author.log, now=START).newest
    assert begun_keys({"sealing": [*MALFORMED, good, *MALFORMED]}, document, START) == [key]
    assert begun_keys({"sealing": "none"}, document, START) == []


def test_only_keys_that_the_identity_names_are_sealed_to(follower: Follower) -> None:
    """I-33, I-36: who can sign a descriptor alone brings no key of its own."""
    document = parse_identity(follower.author.log, now=START).newest
    stranger = {"from": "2020-01-01T00:00:00Z", "key": _encoded(bytes(1216))}
    assert begun_keys({"sealing": [stranger]}, document, START) == []


def test_the_identity_says_when_a_sealing_key_begins(follower: Follower) -> None:
    """I-37: the latest that has begun is the last of the answer, whatever times the descriptor gives."""
    keys = [bytes([number]) * 1216 for number in range(3)]
    days = [START - timedelta(days=90), START, START + timedelta(days=1)]
    hashed = [sha256(key).hexdigest() for key in keys]
    newest = parse_identity(follower.author.log, now=START).newest
    document = replace(newest, sealing=tuple(zip(days, hashed, strict=True)))
    told = ("2029-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")
    entries = [{"from": begins, "key": _encoded(key)} for begins, key in zip(told, keys, strict=True)]
    assert begun_keys({"sealing": entries}, document, START) == keys[:2]
    assert begun_keys({"sealing": entries[2:]}, document, START) == keys[2:]


def test_a_sender_takes_the_key_that_began_last(follower: Follower) -> None:
    """I-37: of two that have begun the newer one, the first one alone before that, and none of tomorrow."""
    author, directory = follower.author, follower.tools.directory
    keys = [bytes([number]) * 1216 for number in range(3)]
    begins = [START - timedelta(days=90), START, START + timedelta(days=1)]
    known = parse_identity(author.log, now=START)
    (entry,) = known.entries
    sealing = tuple((when, sha256(key).hexdigest()) for when, key in zip(begins, keys, strict=True))
    directory.keep_identity(
        replace(known, entries=(replace(entry, document=replace(entry.document, sealing=sealing)),))
    )
    told: list[Json] = [
        {"from": format_time(when), "key": _encoded(key)} for when, key in zip(begins, keys, strict=True)
    ]
    descriptor = author.record(type="node", body={"addresses": [follower.site.address], "sealing": told})
    partner = directory.peer(author.scid)
    assert partner is not None
    directory.keep_peer(replace(partner, descriptor=descriptor.data))
    for hours, number in ((-24 * 365, 0), (-1, 0), (0, 1), (23, 1), (24, 2)):
        follower.now[0] = START + timedelta(hours=hours)
        assert directory.sealing_key(author.scid) == keys[number]


def _encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


async def test_the_log_of_a_partner_that_does_not_parse(follower: Follower) -> None:
    """The node starts without that identity; its own is another matter."""
    async with follower.database.writing() as connection:
        await peer_rows.put_identity(connection, follower.author.scid, b"spoilt\n", 1)
    directory = Directory(follower.me.scid, lambda: START)
    with capture_logs() as logs:
        await directory.load(follower.database)
    assert directory.identity(follower.author.scid) is None
    assert directory.peer(follower.author.scid) is not None
    assert directory.own.scid == follower.me.scid
    (warning,) = [entry for entry in logs if entry["event"] == "identity-left-out"]
    assert warning["peer"] == follower.author.scid
    assert warning["log_level"] == "warning"
    follower.tools.directory._identities.pop(follower.author.scid)
    assert await contact.refresh_identity(
        follower.client, follower.database, follower.tools.directory, follower.road, START
    )
    await directory.load(follower.database)
    assert directory.identity(follower.author.scid) is not None
    async with follower.database.writing() as connection:
        await peer_rows.put_identity(connection, follower.me.scid, b"spoilt\n", 1)
    with pytest.raises(ProtocolError):
        await directory.load(follower.database)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"code":"request.time"}', "request.time"),
        (b'{"code":"' + b"a" * 60 + b'.bcd"}', "a" * 60 + ".bcd"),
        (b'{"code":"' + b"a" * 60 + b'.bcde"}', "http-418"),
        (b'{"code":"Request.Time"}', "http-418"),
        (b'{"code":"<b>.x"}', "http-418"),
        (b'{"code":"a.b\\n"}', "http-418"),
        (b'{"code":5}', "http-418"),
        (b'{"code":"a.b","code":"c.d"}', "http-418"),
        (b'["code"]', "http-418"),
        (b"[" * 16_000, "http-418"),
        (b"\xff", "http-418"),
        (b"", "http-418"),
        (b'{"code":"a.b"}' + b" " * 20_000, "http-418"),
    ],
)
def test_the_code_of_a_problem(body: bytes, code: str) -> None:
    """What goes into logs and before people's eyes has the form of a code."""
    assert problem_of(Answer(418, {}, body)) == code


async def test_an_offset_that_does_not_help_is_forgotten(follower: Follower) -> None:
    """Q-15: a partner cannot leave its wrong time behind in what is signed later."""
    theirs = START + timedelta(hours=7)
    told = json.dumps({"code": "request.time", "serverTime": format_time(theirs)}).encode()
    follower.site.spoilt["/notices"] = follower.site.spoilt["/x"] = instead(told, status=401)
    answer = await follower.client.get(follower.road, "/x", max_bytes=10_000, signed=True)
    assert (answer.status, follower.client._offsets) == (401, {})
    answer = await follower.client.post(follower.road, "/notices", b"{}")
    assert (answer.status, follower.client._offsets) == (401, {})
    assert len(follower.site.asked) == 4
