"""How a partner sees the faults of `fourth`."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol import identity as identities
from passerelle.protocol import seals
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.identityentries import multihash, parse_entry
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import SealedLeaf, encode_leaf
from passerelle.protocol.objects import commitment
from passerelle.protocol.profile import Json
from passerelle.protocol.requests import verify_request
from tests.hostile.identities import described
from tests.hostile.partner import Ask, Partner, Wire, honest
from tests.hostile.requests import PUBLIC
from tests.hostile.scene import Scene
from tests.planted.seeing import Look, get, is_taken, records_to, size_in
from tests.unit.sync.author import offer

ANOTHER_SPELLING: Final = PUBLIC.replace("https://ml", "https://ML") + ":443"
"""Of the address of our node."""

# --- a time before the one before --------------------------------------------------------------------------


async def a_time_goes_back(made: Scene, partner: Partner) -> bool:
    """Rotate the request key by an entry half a second before the one before it."""
    key = SigningKey.generate(partner.random)
    partner.log = _going_back(partner, key)
    return await is_taken(made, partner, key)


def _going_back(partner: Partner, key: SigningKey) -> bytes:
    """The log with two more entries, the first of half past a second, the second of that second."""
    first, second = partner.agency.log, partner.agency.rotate_request_key(key)
    entry = parse_entry(second.splitlines()[-1])
    before, at = parse_identity(first, now=None).entries[-1], str(entry["versionTime"])
    updates, last = partner.agency._updates, SigningKey.generate(partner.random)
    log = first
    for number, time, signer, following, state in (
        (2, at.replace("Z", ".500Z"), updates[1], updates[2], before.state),
        (3, at, updates[2], last, entry["state"]),
    ):
        told: dict[str, Json] = {
            "updateKeys": [signer.multikey],
            "nextKeyHashes": [multihash(following.multikey.encode())],
        }
        version = str(parse_entry(log.splitlines()[-1])["versionId"])
        body: dict[str, Json] = {
            "versionId": version,
            "versionTime": time,
            "parameters": told,
            "state": state,
        }
        log += identities._signed_line(body, number, signer)
    return log


# --- a member that nobody knows ----------------------------------------------------------------------------


async def an_inner_member_is_taken(made: Scene, partner: Partner) -> bool:
    """Publish an offer whose place says more than it may, and one without a title; be told of both."""
    place = len(partner.public.leaves)
    body = offer(partner.scid)
    body["place"] = {"country": "TG", "city": "Ville (fictive)", "surprise": 1}
    partner.public.add(partner.agency.record(issued=partner.now, body=body))
    partner.public.add(partner.agency.record(issued=partner.now, body={"lang": "fr"}))
    await made.visit(partner)
    (rejection,) = [record for record in await records_to(made, partner) if record.type == "rejection"]
    items = rejection.body["items"]
    assert isinstance(items, list)
    origin = partner.public.origin.encode()
    told = {"origin": origin, "index": place, "code": "schema.violation"}
    assert {**told, "index": place + 1} in items
    return told not in items


# --- something behind the stream ---------------------------------------------------------------------------


async def a_rest_is_passed_over(made: Scene, partner: Partner) -> bool:
    """Seal a record with four bytes behind its stream, inside the length that is stated; look for a receipt."""
    path = f"/{partner.bilateral.origin.received_path()}/receipt"
    before = size_in(await get(made, path, partner))
    record, salt = partner.to_us(), partner.random(32)

    def pad(salt: bytes, data: bytes) -> bytes:
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        stream = deflate.compress(data) + deflate.flush() + b"rest"
        text = salt + len(stream).to_bytes(4, "big") + stream
        return text.ljust(max(1_024, 1 << (len(text) - 1).bit_length()), b"\0")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seals, "_pad", pad)
        sealed = seals.seal(
            salt, record.data, recipient_public=partner.seal_to, origin=partner.bilateral.origin
        )
    partner.bilateral.append(encode_leaf(SealedLeaf(commitment(salt, record.data))), sealed)
    await made.visit(partner)
    return size_in(await get(made, path, partner)) == before + 1


# --- our address in other letters --------------------------------------------------------------------------


async def our_address_is_taken(made: Scene, partner: Partner) -> bool:
    """Publish a descriptor that names our node's address in another spelling; look for what it signs then."""
    described(lambda _partner: [ANOTHER_SPELLING])(partner)
    await made.visit(partner)
    asked: list[Ask] = []

    async def shown(ask: Ask, wire: Wire, data: bytes) -> None:
        asked.append(ask)
        await honest(ask, wire, data)

    partner.twists["to checkpoint"] = shown
    await made.visit(partner)
    log = (await get(made, "/.well-known/did.jsonl")).body
    (ask,) = asked
    own = f"https://{partner.code.lower()}.example"
    signed = [address for address in (own, ANOTHER_SPELLING, PUBLIC) if _is_signed_for(ask, address, log)]
    assert len(signed) == 1
    return signed != [own]


def _is_signed_for(ask: Ask, address: str, log: bytes) -> bool:
    keys = parse_identity(log, now=None).newest.request_keys
    try:
        verify_request(
            ask.method, address + ask.target, ask.headers, None, resolve_key=keys.get, now=datetime.now(UTC)
        )
    except ProtocolError as error:
        return error.code != "request.signature"
    return True


SEEN: Final[Mapping[str, Look]] = {
    "time-as-text": a_time_goes_back,
    "open-inside": an_inner_member_is_taken,
    "rest-of-stream": a_rest_is_passed_over,
    "address-as-text": our_address_is_taken,
}
"""How each fault of `fourth` is seen."""

OTHERS: Final[Mapping[str, str]] = {
    "time-as-text": "CM-FICT",
    "open-inside": "GA-FICT",
    "rest-of-stream": "CD-FICT",
    "address-as-text": "MG-FICT",
}
"""Who sees it: a partner of its own, as in `seeing`."""
