"""How a partner sees the faults of `third`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final

from passerelle.protocol import notes, profile, proofs
from passerelle.protocol.identityentries import parse_entry
from passerelle.protocol.keys import SigningKey, encode_multikey
from passerelle.protocol.leaves import PublicRecordLeaf, encode_leaf
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.objects import commitment, encode_public
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record
from tests.hostile.partner import Partner
from tests.hostile.scene import Scene
from tests.planted.seeing import Look, get, is_taken, notice_under, records_to, signed_anew, size_in

OF_ORDER_8: Final = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
"""A point of small order, as the specification writes it."""


# --- a key of small order ----------------------------------------------------------------------------------


async def a_weak_key_is_listed(made: Scene, partner: Partner) -> bool:
    """Rotate the request key by an entry that names a key of small order beside it; use the good one."""
    key = SigningKey.generate(partner.random)
    assert await notice_under(made, partner, partner.agency.keys.request) == 202
    partner.log = _naming_too(partner, partner.agency.rotate_request_key(key), encode_multikey(OF_ORDER_8))
    return await is_taken(made, partner, key)


def _naming_too(partner: Partner, log: bytes, multikey: str) -> bytes:
    """The same log, in whose last entry one more key may sign requests."""
    state = parse_entry(log.splitlines()[-1])["state"]
    assert isinstance(state, dict)
    methods, named = state["verificationMethod"], state["authentication"]
    assert isinstance(methods, list)
    assert isinstance(named, list)
    did = partner.agency.did
    method: dict[str, Json] = {
        "id": f"{did}#{multikey}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": multikey,
    }
    changed: dict[str, Json] = {
        **state,
        "verificationMethod": [*methods, method],
        "authentication": [*named, f"{did}#{multikey}"],
    }
    return signed_anew(partner, log, state=changed)


# --- an id of another version ------------------------------------------------------------------------------


async def another_uuid_is_an_id(made: Scene, partner: Partner) -> bool:
    """Publish a record whose id is a UUID of version 7, and one that breaks its schema; be told of both."""
    place = len(partner.public.leaves)
    _add_version_7(partner)
    partner.public.add(partner.agency.record(issued=partner.now, body={"lang": "fr"}))
    await made.visit(partner)
    (rejection,) = [record for record in await records_to(made, partner) if record.type == "rejection"]
    items = rejection.body["items"]
    assert isinstance(items, list)
    origin = partner.public.origin.encode()
    told = {"origin": origin, "index": place, "code": "record.malformed"}
    assert {"origin": origin, "index": place + 1, "code": "schema.violation"} in items
    return told not in items


def _add_version_7(partner: Partner) -> None:
    """Of a type that no schema is known of, so that the header's form alone decides."""
    good = partner.agency.record(type="later", issued=partner.now, body={})
    id_ = _version_7(good)
    value: dict[str, Json] = {**good.value, "id": id_}
    del value["proof"]
    signer = partner.agency.keys.record
    signed = proofs.sign(value, signer, verification_method=good.verification_method, created=good.created)
    data, salt = profile.encode(signed), partner.random(32)
    leaf = PublicRecordLeaf(commitment(salt, data), id_, good.type, good.version)
    partner.public.append(encode_leaf(leaf), encode_public(salt, data))


def _version_7(good: Record) -> str:
    was = uuid.UUID(good.id)
    assert was.version == 4
    return f"urn:uuid:{uuid.UUID(int=was.int ^ (3 << 76))}"


# --- a fourth line -----------------------------------------------------------------------------------------


async def a_fourth_line_is_passed(made: Scene, partner: Partner) -> bool:
    """Sign a checkpoint with a line more, and look whether it is followed; then without it."""
    path = f"/{partner.public.origin.received_path()}/checkpoint"
    before = size_in(await get(made, path, partner))
    partner.add_public(1)
    text = SignedNote.parse(partner.public.checkpoint()).text
    origin, key = partner.public.origin.encode(), partner.agency.keys.log
    partner.public.note = notes.sign_note(f"{text}Timestamp: 1795255200\n", origin, key).encode()
    await made.visit(partner)
    # Read by hand: what is held by a node that passed the fourth line over has it.
    held = SignedNote.parse((await get(made, path, partner)).body).text.split("\n")
    partner.public.note = None
    partner.add_public(1)
    await made.visit(partner)
    assert size_in(await get(made, path, partner)) == before + 2
    return int(held[1]) == before + 1


# --- a checkpoint of before --------------------------------------------------------------------------------


async def a_smaller_one_stops_us(made: Scene, partner: Partner) -> bool:
    """Show the checkpoint of one leaf, then all there is and one more; look what is followed."""
    path = f"/{partner.public.origin.received_path()}/checkpoint"
    before = size_in(await get(made, path, partner))
    assert before > 1
    partner.public.note = partner.public.checkpoint(1)
    await made.visit(partner)
    assert size_in(await get(made, path, partner)) == before
    partner.public.note = None
    partner.add_public(1)
    for _ in range(2):  # what is only put off comes at the second visit
        await made.visit(partner)
    return size_in(await get(made, path, partner)) == before


SEEN: Final[Mapping[str, Look]] = {
    "any-point": a_weak_key_is_listed,
    "any-uuid": another_uuid_is_an_id,
    "more-lines": a_fourth_line_is_passed,
    "shrinking-stops": a_smaller_one_stops_us,
}
"""How each fault of `third` is seen."""

OTHERS: Final[Mapping[str, str]] = {
    "any-point": "CI-FICT",
    "any-uuid": "GN-FICT",
    "more-lines": "MR-FICT",
    "shrinking-stops": "TD-FICT",
}
"""Who sees it: a partner of its own, as in `seeing`."""
