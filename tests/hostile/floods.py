"""Behaviours of an author: records and objects in numbers and sizes that nobody needs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any, Final

from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import PublicRecordLeaf, SealedLeaf, encode_leaf
from passerelle.protocol.objects import commitment, encode_public
from passerelle.protocol.profile import Json
from tests.hostile.partner import Partner
from tests.hostile.scene import Outcome, Scene
from tests.hostile.table import MIB, Arm, Behaviour
from tests.unit.sync.author import Agency, offer

SMALL_QUARANTINE_BYTES: Final = 4 * MIB
SMALL_WAITING_BYTES: Final = 4 * MIB
"""Limits of the node in these tests (`launch.py`): a flood that passes the true ones takes minutes to make."""


def committed(partner: Partner, data: bytes) -> None:
    """Append any bytes as the record of a public leaf."""
    salt = partner.random(32)
    record = partner.public.leaves and partner.agency.random(16).hex()
    leaf = PublicRecordLeaf(commitment(salt, data), f"urn:uuid:{_uuid(str(record))}", "offer", 1)
    partner.public.append(encode_leaf(leaf), encode_public(salt, data))


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def garbage(count: int, size: int) -> Arm:
    """So many objects of that size that are no record."""

    def arm(partner: Partner) -> None:
        for number in range(count):
            committed(partner, b'{"n":%d,"x":"%s"}' % (number, b"x" * size))

    return arm


def long_names(partner: Partner) -> None:
    """Records whose one fault has a name of a hundred kilobytes; a second one could be told in its place."""
    for _ in range(16):
        body: dict[str, Json] = {**offer(partner.scid), "x" * 100_000: 1}
        partner.public.add(partner.agency.record(body=body, issued=partner.now))


async def _short_reasons(scene: Scene, partner: Partner, outcome: Outcome) -> Any:
    """A visit, after which no reason kept is longer than a kilobyte."""
    found = await scene.visit(partner)
    query = "select max(length(params)) from setback join feed on feed.id = feed_id where author = ?"
    with closing(sqlite3.connect(scene.target.paths.database)) as rows:
        (outcome.notes["longest"],) = rows.execute(query, (partner.scid,)).fetchone()
    assert outcome.notes["longest"] <= 1_024, outcome
    return found


def by_unknown_keys(partner: Partner) -> None:
    """Records signed with keys that no identity log names."""
    for _ in range(32):
        key = SigningKey.generate(partner.random)
        body: dict[str, Json] = {**offer(partner.scid), "description": {"fr": "x" * 200_000}}
        partner.public.add(partner.agency.record(body=body, key=key, issued=partner.now))


def far_ahead(partner: Partner) -> None:
    """Records issued in a year."""
    for number in range(60):
        later = partner.now + timedelta(days=365, seconds=number)
        partner.public.add(partner.agency.record(issued=later))


def never_opening(partner: Partner) -> None:
    """Sealed objects under a key that we do not have."""
    stranger = Agency(f"{partner.code.lower()}-stranger", made=partner.now).keys.sealing[0].public
    for _ in range(60):
        partner.bilateral.add(partner.to_us(), recipient=stranger)


def large_sealed(partner: Partner) -> None:
    """Sealed objects of half a mebibyte that are none."""
    for _ in range(12):
        leaf = SealedLeaf(commitment(partner.random(32), b"nothing"))
        partner.bilateral.append(encode_leaf(leaf), b"\x01\x20" + bytes(500_000))


def large_records(partner: Partner) -> None:
    """Records as large as a record may be, each well-signed."""
    for _ in range(24):
        body: dict[str, Json] = {**offer(partner.scid), "description": {"fr": "x" * 255_000}}
        partner.public.add(partner.agency.record(body=body, issued=partner.now))


def audience_of_thousands(partner: Partner) -> None:
    """Records addressed to us and to more than a thousand who do not exist."""
    crowd = sorted({partner.us, *(f"Qm{_base58(partner.random(44))}" for _ in range(1_300))})
    for _ in range(4):
        record = partner.agency.record(to=crowd, issued=partner.now)
        partner.bilateral.add(record, recipient=partner.seal_to)


def _base58(data: bytes) -> str:
    letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    return "".join(letters[byte % 58] for byte in data)


def deep(partner: Partner) -> None:
    """Objects that nest as deep as their size allows."""
    for _ in range(8):
        committed(partner, b"[" * 130_000 + b"]" * 130_000)


def objects_withheld(partner: Partner) -> None:
    """Leaves whose objects never come."""
    for _ in range(80):
        record, salt = partner.agency.record(issued=partner.now), partner.random(32)
        leaf = PublicRecordLeaf(commitment(salt, record.data), record.id, record.type, record.version)
        partner.public.append(encode_leaf(leaf), None)


async def _no_receipt(scene: Scene, partner: Partner, outcome: Outcome) -> Any:
    """A visit, after which the receipt stops before what did not open."""
    found = await scene.visit(partner)
    outcome.notes["cosigned"] = [row["cosigned"] for row in await scene.states(partner)]
    assert outcome.notes["cosigned"] == [2, 1], outcome
    return found


FLOODS: Final = (
    Behaviour(
        name="quarantine-flood",
        does="publishes two thousand objects that are no records",
        guard="quarantine by index and code; no fault stops a feed (F-11 to F-13)",
        arm=garbage(2_000, 100),
        state="current",
        code="record.malformed",
        sent=2 * MIB,
        seconds=6.0,
        rows=4_020,
        stored=2 * MIB,
    ),
    Behaviour(
        name="quarantine-of-large-objects",
        does="publishes thirty objects of 200 KB that are no records",
        guard="bytes kept in quarantine for each partner (F-15)",
        arm=garbage(30, 200_000),
        state="current",
        code="record.malformed",
        sent=8 * MIB,
        seconds=6.0,
        rows=70,
        stored=SMALL_QUARANTINE_BYTES + MIB,
    ),
    Behaviour(
        name="reasons-without-end",
        does="publishes records whose faults have names of 100 KB, to be kept as reasons",
        guard="a kilobyte of reasons for one object; texts of a partner are cut at 200 characters",
        arm=long_names,
        act=_short_reasons,
        state="current",
        code="schema.violation",
        sent=4 * MIB,
        seconds=4.0,
        rows=40,
        stored=4 * MIB,
    ),
    Behaviour(
        name="pending-flood",
        does="publishes large records under keys that no log names, each new",
        guard="bytes kept of what waits for each partner; past them a gap (F-39)",
        arm=by_unknown_keys,
        state="current",
        code="key.unknown",
        sent=12 * MIB,
        seconds=4.0,
        rows=80,
        stored=SMALL_WAITING_BYTES + MIB,
    ),
    Behaviour(
        name="held-flood",
        does="publishes records issued in a year",
        guard="bytes kept of what waits for each partner; not looked at before its time (R-20)",
        arm=far_ahead,
        state="current",
        code="record.ahead",
        sent=2 * MIB,
        seconds=4.0,
        rows=410,
        stored=MIB,
    ),
    Behaviour(
        name="never-opening",
        does="seals sixty objects to a key that nobody has",
        guard="the receipt stops before them (F-23); asked again one bundle a pull, in growing pauses (F-40)",
        arm=never_opening,
        act=_no_receipt,
        state="current",
        code="object.unopened",
        sent=2 * MIB,
        seconds=4.0,
        rows=410,
        stored=2 * MIB,
    ),
    Behaviour(
        name="large-sealed-objects",
        does="publishes sealed objects of half a mebibyte that are none",
        guard="bytes kept of what waits for each partner; past them a gap (F-39)",
        arm=large_sealed,
        state="current",
        code="object.unopened",
        sent=12 * MIB,
        seconds=6.0,
        rows=60,
        stored=SMALL_WAITING_BYTES + MIB,
    ),
    Behaviour(
        name="records-of-256-kib",
        does="publishes records as large as a record may be",
        guard="limit of a record; leaves and bytes of one partner by visit and day (F-62)",
        arm=large_records,
        state="current",
        code="schema.violation",
        sent=16 * MIB,
        seconds=4.0,
        rows=60,
        stored=8 * MIB,
    ),
    Behaviour(
        name="audience-of-thousands",
        does="addresses records to us and to more than a thousand that do not exist",
        guard="limit of a record; nobody but the addressee in question is looked up",
        arm=audience_of_thousands,
        state="current",
        code="schema.violation",
        sent=4 * MIB,
        seconds=4.0,
        rows=12,
        stored=2 * MIB,
    ),
    Behaviour(
        name="deep-nesting",
        does="publishes objects that nest 130,000 deep",
        guard="depth of JSON, by a parser that does not recurse on it",
        arm=deep,
        state="current",
        code="json.too-deep",
        sent=4 * MIB,
        seconds=4.0,
        rows=20,
        stored=4 * MIB,
    ),
    Behaviour(
        name="objects-withheld",
        does="serves leaves without ever serving their objects",
        guard="empty, by index and code; asked again one bundle a pull, in growing pauses (F-40)",
        arm=objects_withheld,
        state="current",
        code="object.missing",
        sent=MIB,
        seconds=4.0,
        rows=620,
        stored=MIB,
    ),
)
