"""Identity logs with one fault: of the node's own log, or of another one made like it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from passerelle.protocol import identity as identities
from passerelle.protocol import profile, proofs
from passerelle.protocol.identityentries import METHOD, PLACEHOLDER, multihash
from passerelle.protocol.keydocuments import build_document
from passerelle.protocol.keys import SigningKey, encode_multikey
from passerelle.protocol.objects import parse_public
from passerelle.protocol.profile import Json, JsonObject, format_time
from passerelle.protocol.records import Record
from tests.conformance.world import World

Change = Callable[[JsonObject], JsonObject]
SMALL_ORDER = bytes(32)
NON_CANONICAL = (2**255 - 19 + 3).to_bytes(32, "little")
NO_POINT = (2).to_bytes(32, "little")
_P = 2**255 - 19


def second(
    world: World,
    *,
    entry: Change = dict,
    parameters: Change = dict,
    state: Change = dict,
    key: SigningKey | None = None,
    at: datetime | None = None,
) -> bytes:
    """The node's log with a second entry that was changed before it was hashed and signed."""
    last = identities.parse_identity(world.log, now=None).entries[-1]
    update = key or world.update
    when = at or _free_second(world, last.version_time)
    made: JsonObject = {
        "versionId": last.version_id,
        "versionTime": format_time(when),
        "parameters": parameters(identities._rotation(update, [SigningKey(bytes([9]) * 32).multikey])),
        "state": state(dict(last.state)),
    }
    return world.log + _line(entry(made), update)


def _free_second(world: World, after: datetime) -> datetime:
    """The first in which the node has issued nothing: R-36 is not to be broken besides."""
    records = (Record.parse(parse_public(item)[1]) for item in world.feed.objects if item)
    taken = {record.issued for record in records}
    seconds = (after + timedelta(seconds=number) for number in itertools.count(1))
    return next(second for second in seconds if second not in taken)


def _line(made: JsonObject, update: SigningKey) -> bytes:
    versioned: JsonObject = {**made, "versionId": f"2-{multihash(profile.encode(made))}"}
    return sign(versioned, update)


def sign(versioned: JsonObject, update: SigningKey) -> bytes:
    """A line of a log."""
    method = f"did:key:{update.multikey}#{update.multikey}"
    signed = proofs.sign(versioned, update, verification_method=method, created=str(versioned["versionTime"]))
    return profile.encode({**versioned, "proof": [signed["proof"]]}) + b"\n"


def long(world: World, count: int, keys: int = 1) -> bytes:
    """The node's log with more entries, each a second after the one before.

    Args:
        world: Whose log it is.
        count: Entries in all.
        keys: Keys that each of them names for each use, all of them new.
    """
    last = identities.parse_identity(world.log, now=None).entries[-1]
    fresh = (SigningKey(number.to_bytes(32, "big")) for number in itertools.count(1))
    version, update, lines = last.version_id, world.update, world.log
    state = own(dict(last.state), "sealing", [])  # 513 entries that name sealing keys would be too many bytes
    for number in range(2, count + 1):
        if keys > 1:
            state = _with_keys(state, [next(fresh).public for _ in range(3 * keys)], keys)
        following = next(fresh)
        made: JsonObject = {
            "versionId": version,
            "versionTime": format_time(last.version_time + timedelta(seconds=number)),
            "parameters": identities._rotation(update, [following.multikey]),
            "state": state,
        }
        version = f"{number}-{multihash(profile.encode(made))}"
        lines += sign({**made, "versionId": version}, update)
        update = following
    return lines


def _with_keys(state: JsonObject, keys: list[bytes], each: int) -> JsonObject:
    half = each // 2
    return build_document(
        did=str(state["id"]),
        record_keys=keys[:half],
        request_keys=keys[half:each],
        log_keys=keys[each : 2 * each],
        witness_keys=keys[2 * each :],
        sealing=[],
        successors=(),
    )


def crowded(state: JsonObject) -> JsonObject:
    """The document with 65 log keys."""
    keys = [encode_multikey(SigningKey(bytes([number]) * 32).public) for number in range(100, 165)]
    return own(state, "log", [*keys])


def another_hash(world: World) -> bytes:
    """A second entry that does not carry its own hash."""
    line = second(world).splitlines()[1]
    value = profile.parse(line)
    assert isinstance(value, dict)
    body = {name: item for name, item in value.items() if name != "proof"}
    return world.log + sign({**body, "versionId": f"2-{multihash(b'another')}"}, world.update)


def two_proofs(world: World) -> bytes:
    """A second entry with two proofs."""
    value = profile.parse(second(world).splitlines()[1])
    assert isinstance(value, dict)
    proof = value["proof"]
    assert isinstance(proof, list)
    return world.log + profile.encode({**value, "proof": [*proof, *proof]}) + b"\n"


def first(world: World, parameters: Change) -> bytes:
    """Another log, of one entry, of which the parameters were changed before anything was hashed."""
    keys = [SigningKey(bytes([number]) * 32) for number in range(1, 7)]

    def made(scid: str) -> JsonObject:
        did = f"did:webvh:{scid}:tg.example"
        state = build_document(
            did=did,
            record_keys=[keys[0].public],
            request_keys=[keys[1].public],
            log_keys=[keys[2].public],
            witness_keys=[keys[3].public],
            sealing=[],
            successors=(),
        )
        told: JsonObject = {"method": METHOD, "scid": scid, "portable": True}
        told |= identities._rotation(keys[4], [keys[5].multikey])
        began = format_time(world.author.began)
        return {"versionId": scid, "versionTime": began, "parameters": parameters(told), "state": state}

    scid = multihash(profile.encode(made(PLACEHOLDER)))
    return identities._signed_line(made(scid), 1, keys[4])


def own(state: JsonObject, member: str, value: Json) -> JsonObject:
    """The document with one member of ours another."""
    told = state["passerelle"]
    assert isinstance(told, dict)
    return {**state, "passerelle": {**told, member: value}}


def with_log_key(public: bytes) -> Change:
    """The document with any 32 bytes as a second log key."""

    def change(state: JsonObject) -> JsonObject:
        told = state["passerelle"]
        assert isinstance(told, dict)
        keys = told["log"]
        assert isinstance(keys, list)
        return own(state, "log", [*keys, encode_multikey(public)])

    return change


def witness_signs_logs(state: JsonObject) -> JsonObject:
    """The document with its log key as a witness key too."""
    told = state["passerelle"]
    assert isinstance(told, dict)
    keys = told["log"]
    assert isinstance(keys, list)
    return own(state, "witness", keys)


def no_point() -> bytes:
    """32 bytes with a small y for which there is no x."""
    d = -121665 * pow(121666, -1, _P) % _P
    return next(
        y.to_bytes(32, "little")
        for y in range(2, 100)
        if pow((y * y - 1) * (d * y * y + 1), (_P - 1) // 2, _P) != 1
    )
