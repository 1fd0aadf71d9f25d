"""Behaviours of an identity: logs that grow, shrink, split or belong to somebody else; descriptors that lie."""

from __future__ import annotations

import base64
import itertools
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any, Final

import aiohttp

from passerelle.protocol import identity as identities
from passerelle.protocol.checkpoints import cosign
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.identityentries import parse_entry
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.origins import Origin, witness_name
from passerelle.protocol.profile import Json, JsonObject, format_time
from tests.hostile.partner import Partner, head
from tests.hostile.roads import endless, whole
from tests.hostile.scene import Outcome, Scene
from tests.hostile.table import IN_FLIGHT_BYTES, KIB, MIB, Arm, Behaviour
from tests.hostile.trees import by_another_key, only
from tests.unit.sync.author import Agency

FAR: Final = 10 * 365 * 86_400


def saying(log: Callable[[Partner], bytes]) -> Arm:
    """Another identity log, and a checkpoint under an unknown key, for which the log is asked for at once."""

    def arm(partner: Partner) -> None:
        by_another_key(partner)
        partner.twists["identity"] = whole(log(partner))

    return arm


def endless_log(partner: Partner) -> None:
    """An identity log without end."""
    by_another_key(partner)
    partner.twists["identity"] = endless(head(200, {"Connection": "close"}), b"{}\n" * 10_000)


def long_log(partner: Partner) -> bytes:
    """A valid log of nearly a mebibyte, each entry signed by the key that the last one committed to."""
    state = parse_identity(partner.agency.log, now=None).entries[-1].state

    def states() -> Iterator[JsonObject]:
        while True:
            keys: list[Json] = [SigningKey.generate(partner.random).multikey for _ in range(5)]
            yield {**state, "passerelle": _own(state, log=[partner.agency.keys.log.multikey, *keys])}

    return _grown(partner, states(), 512)


def many_entries(partner: Partner) -> bytes:
    """A log of entries as short as they may be, and more of them than a log may have."""
    state = parse_identity(partner.agency.log, now=None).entries[-1].state
    return _grown(partner, itertools.repeat({**state, "passerelle": _own(state, sealing=[])}), 600)


def many_keys(partner: Partner) -> bytes:
    """A log whose second entry names five thousand keys for one use."""
    state = parse_identity(partner.agency.log, now=None).entries[-1].state
    keys: list[Json] = [SigningKey.generate(partner.random).multikey for _ in range(5_000)]
    return _grown(partner, itertools.repeat({**state, "passerelle": _own(state, log=keys)}), 2)


def _own(state: JsonObject, **changes: list[Json]) -> JsonObject:
    """The part of a document that is our own, changed."""
    own = state["passerelle"]
    if not isinstance(own, dict):
        raise TypeError("an object")
    return {**own, **changes}


def _grown(partner: Partner, states: Iterable[JsonObject], most: int) -> bytes:
    """The log with an entry for each document, up to a mebibyte and a number of entries."""
    last, log = parse_identity(partner.agency.log, now=None).entries[-1], partner.agency.log
    update, version, at = partner.agency._updates[1], last.version_id, last.version_time
    for number, state in zip(range(2, most + 1), states, strict=False):
        coming, at = SigningKey.generate(partner.random), at + timedelta(seconds=1)
        entry: dict[str, Json] = {
            "versionId": version,
            "versionTime": format_time(at),
            "parameters": identities._rotation(update, [coming.multikey]),
            "state": state,
        }
        line = identities._signed_line(entry, number, update)
        if len(log) + len(line) > MIB:
            break
        log, update = log + line, coming
        version = str(parse_entry(line)["versionId"])
    return log


def rotated(partner: Partner, seed: int) -> bytes:
    """The log with one more entry, other for each seed."""
    return partner.agency.rotate(SigningKey(bytes([seed]) * 32))


async def _fork(scene: Scene, partner: Partner, _outcome: Outcome) -> Any:
    """One second entry, and then another."""
    partner.twists["identity"] = whole(rotated(partner, 1))
    await scene.visit(partner)
    partner.twists["identity"] = whole(rotated(partner, 2))
    return await scene.visit(partner)


async def _shorter(scene: Scene, partner: Partner, _outcome: Outcome) -> Any:
    """A log of two entries, and then of one."""
    partner.twists["identity"] = whole(rotated(partner, 1))
    await scene.visit(partner)
    partner.twists["identity"] = whole(partner.agency.log)
    found = await scene.visit(partner)
    with closing(sqlite3.connect(scene.target.paths.database)) as rows:
        (log,) = rows.execute("select log from identity_log where scid = ?", (partner.scid,)).fetchone()
    assert log == rotated(partner, 1), "the longer one is kept"
    return found


def described(addresses: Callable[[Partner], list[Json]]) -> Arm:
    """A newer descriptor with other addresses."""

    def arm(partner: Partner) -> None:
        key = base64.urlsafe_b64encode(partner.agency.keys.sealing[0].public).rstrip(b"=").decode()
        body: dict[str, Json] = {
            "names": {"fr": "Agence fictive"},
            "addresses": addresses(partner),
            "protocols": ["passerelle-v1"],
            "limits": {"maxRecordBytes": 262_144},
            "identityVersion": parse_identity(partner.log, now=None).entries[-1].version_id,
            "validUntil": format_time(partner.now + timedelta(days=60)),
            "sealing": [{"from": format_time(partner.now), "key": key}],
            "lang": "fr",
            "synthetic": True,
        }
        partner.public.add(partner.agency.record(type="node", body=body, issued=partner.now))

    return arm


async def _same_way(scene: Scene, partner: Partner, outcome: Outcome) -> Any:
    """A visit, after which the way to the partner is what it was."""
    query = "select address, length(descriptor) from peer where scid = ?"
    with closing(sqlite3.connect(scene.target.paths.database)) as rows:
        before = rows.execute(query, (partner.scid,)).fetchone()
        found = await scene.visit(partner)
        outcome.notes["way"] = rows.execute(query, (partner.scid,)).fetchone()
    assert outcome.notes["way"] == before, outcome
    return found


def receipt_of_nothing(partner: Partner) -> None:
    """A receipt for a tree of ours that we never published, under its own key."""
    origin = Origin(partner.us, None, 1).encode()
    forged = partner.public.copy()
    forged.origin = Origin.parse(origin)
    partner.twists["received"] = whole(forged.checkpoint(size=1_000, root=bytes(32)))


async def _receipt_ahead(scene: Scene, partner: Partner, _outcome: Outcome) -> Any:
    """Our own newest checkpoint, cosigned for a day in ten years."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{scene.target.address}/feeds/public/1/checkpoint") as response,
    ):
        note = SignedNote.parse(await response.read())
    line = cosign(note, partner.agency.keys.witness, witness_name(partner.scid), int(time.time()) + FAR)
    ahead = whole(note.with_signatures(line).encode())
    partner.twists["received"] = only("/public/1/receipt", ahead)
    return await scene.visit(partner)


IDENTITIES: Final = (
    Behaviour(
        name="identity-without-end",
        does="serves an identity log that never ends",
        guard="byte limit of the path (Q-21)",
        arm=endless_log,
        state="blocked",
        code="road.too-long",
        sent=MIB + IN_FLIGHT_BYTES,
    ),
    Behaviour(
        name="identity-of-a-mebibyte",
        does="serves a valid identity log as long as one may be, hundreds of rotations with new keys in each",
        guard="limits of a log (I-6, I-44, I-46); it is verified beside the loop, and kept once",
        arm=saying(long_log),
        state="blocked",
        code="note.unsigned",
        sent=2 * MIB,
        seconds=8.0,
        stored=MIB + 64 * KIB,
        alone=True,
        answers=0.35,
    ),
    Behaviour(
        name="identity-of-many-entries",
        does="serves a valid identity log of six hundred short entries",
        guard="entries of a log, counted before one is looked at (I-44)",
        arm=saying(many_entries),
        state="blocked",
        code="identity.too-many",
        sent=2 * MIB,
    ),
    Behaviour(
        name="identity-of-many-keys",
        does="serves a valid identity log whose document names five thousand keys",
        guard="items of a list in an entry, counted before one is looked at (I-45)",
        arm=saying(many_keys),
        state="blocked",
        code="identity.too-many",
        sent=2 * MIB,
    ),
    Behaviour(
        name="identity-repeats-itself",
        does="serves an identity log whose second entry is its first",
        guard="number and hash chain of the entries (chapter 03)",
        arm=saying(lambda partner: partner.agency.log * 2),
        state="blocked",
        code="identity.unsupported",
    ),
    Behaviour(
        name="identity-of-another",
        does="serves the identity log of another agency",
        guard="a log belongs to the SCID that is its first entry's hash (chapter 03)",
        arm=saying(lambda partner: Agency(f"{partner.code.lower()}-other", made=partner.now).log),
        state="blocked",
        code="identity.another",
    ),
    Behaviour(
        name="identity-deeply-nested",
        does="serves an identity log of one line that nests half a million deep",
        guard="depth of JSON, by a parser that does not recurse on it",
        arm=saying(lambda _partner: b"[" * 500_000 + b"]" * 500_000),
        state="blocked",
        code="identity.malformed",
        sent=2 * MIB,
    ),
    Behaviour(
        name="identity-shortened",
        does="serves a shorter identity log than before",
        guard="a shorter log is old news (chapter 03)",
        arm=by_another_key,
        act=_shorter,
        state="blocked",
        code="note.unsigned",
    ),
    Behaviour(
        name="identity-forked",
        does="serves two identity logs that differ in one entry",
        guard="the log held stays in force, its feeds are blocked (chapter 03)",
        arm=by_another_key,
        act=_fork,
        state="blocked",
        code="identity.forked",
        again="blocked",
    ),
    Behaviour(
        name="descriptor-of-thousands",
        does="publishes a descriptor with five thousand addresses",
        guard="the schema, or the first address alone (P-17); the way given by our operator stays",
        arm=described(lambda partner: [f"https://{n}.{partner.code.lower()}.example" for n in range(5_000)]),
        act=_same_way,
        state="current",
        code="schema.violation",
        sent=MIB,
        stored=512 * KIB,
    ),
    Behaviour(
        name="descriptor-of-our-address",
        does="publishes a descriptor that claims our own address",
        guard="an address belongs to one agency (Q-9)",
        arm=described(lambda _partner: ["https://ml.example"]),
        act=_same_way,
        state="current",
    ),
    Behaviour(
        name="receipt-of-nothing",
        does="gives a receipt for a tree of ours that we never signed",
        guard="a receipt holds our own signature (F-28)",
        arm=receipt_of_nothing,
        state="current",
        code="note.unsigned",
    ),
    Behaviour(
        name="receipt-of-the-future",
        does="gives a receipt dated ten years ahead",
        guard="a receipt's time lies at most 24 hours ahead (F-43)",
        arm=lambda _partner: None,
        act=_receipt_ahead,
        state="current",
        code="cosignature.ahead",
    ),
)
