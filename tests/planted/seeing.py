"""How a partner asks our node, and how it sees the faults of `again`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp

from passerelle.protocol import identity as identities
from passerelle.protocol import requests
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.identityentries import parse_entry
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import SealedLeaf, parse_leaf
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.origins import Origin, witness_name
from passerelle.protocol.profile import Json, format_time
from passerelle.protocol.records import Record
from passerelle.protocol.recordsigning import sign_record
from passerelle.protocol.seals import open_sealed
from passerelle.protocol.tiles import parse_entry_bundle, parse_objects
from tests.faults.harness import agreement
from tests.hostile.partner import Ask, Partner, Wire, honest
from tests.hostile.requests import PUBLIC, notice
from tests.hostile.scene import Scene

PATIENCE: Final = 10.0
AHEAD: Final = timedelta(hours=2)
"""By which the clock of a partner is wrong."""

Look = Callable[[Scene, Partner], Awaitable[bool]]
"""Whether a partner sees one fault."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, header fields and bytes of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def get(made: Scene, path: str, partner: Partner | None = None, **headers: str) -> Answer:
    """Ask for a path, under a partner's signature where one is given."""
    sent = headers | ({} if partner is None else signature(partner, "GET", path))
    async with (
        aiohttp.ClientSession() as session,
        session.get(made.target.address + path, headers=sent) as answer,
    ):
        return Answer(answer.status, answer.headers, await answer.read())


def signature(
    partner: Partner, method: str, path: str, body: bytes = b"", key: SigningKey | None = None
) -> dict[str, str]:
    """A good signature of a partner."""
    key = key or partner.agency.keys.request
    return requests.sign_request(
        method,
        PUBLIC + path,
        key=key,
        key_id=f"{partner.agency.did}#{key.multikey}",
        now=datetime.now(UTC),
        nonce=partner.random(16),
        body=body or None,
        content_type="application/json" if body else None,
    )


def size_in(answer: Answer) -> int:
    """The size in a checkpoint."""
    return Checkpoint.parse(SignedNote.parse(answer.body).text).tree_size


async def is_taken(made: Scene, partner: Partner, key: SigningKey) -> bool:
    """Whether our node comes to take a request key that the log names which the partner shows now."""
    asked = asyncio.Event()

    async def shown(ask: Ask, wire: Wire, data: bytes) -> None:
        await honest(ask, wire, data)
        asked.set()

    partner.twists["identity"] = shown
    assert await notice_under(made, partner, key) == 401  # a reason to ask for the log
    await asyncio.wait_for(asked.wait(), PATIENCE)
    for _ in range(10):
        await asyncio.sleep(0.2)
        if await notice_under(made, partner, key) == 202:
            return True
    return False


# --- an update key that nobody announced -------------------------------------------------------------------


async def an_unannounced_key_is_listed(made: Scene, partner: Partner) -> bool:
    """Rotate the request key by an entry that lists a second update key, and send a notice under the new one."""
    key = SigningKey.generate(partner.random)
    partner.log = _listing_another(partner, partner.agency.rotate_request_key(key))
    return await is_taken(made, partner, key)


def _listing_another(partner: Partner, log: bytes) -> bytes:
    """The same log, of which the last entry lists one more update key beside the one that signs it."""
    parameters, other = parse_entry(log.splitlines()[-1])["parameters"], SigningKey.generate(partner.random)
    assert isinstance(parameters, dict)
    signer = partner.agency._updates[1]
    assert parameters["updateKeys"] == [signer.multikey]
    listed: list[Json] = [signer.multikey, other.multikey]
    return signed_anew(partner, log, parameters={**parameters, "updateKeys": listed})


def signed_anew(partner: Partner, log: bytes, **members: Json) -> bytes:
    """The same log of two entries, the second signed with other members."""
    first, last = log.splitlines(keepends=True)
    entry = {name: value for name, value in parse_entry(last).items() if name != "proof"}
    before = parse_identity(first, now=None).entries[-1].version_id
    changed: dict[str, Json] = {**entry, "versionId": before, **members}
    return first + identities._signed_line(changed, 2, partner.agency._updates[1])


async def notice_under(made: Scene, partner: Partner, key: SigningKey) -> int:
    """Send a notice under a request key; the status of the answer."""
    body = notice(partner)
    headers = signature(partner, "POST", "/notices", body, key)
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{made.target.address}/notices", data=body, headers=headers) as answer,
    ):
        return answer.status


# --- a receipt by another clock ----------------------------------------------------------------------------


async def a_receipt_is_dated_by_us(made: Scene, partner: Partner) -> bool:
    """Refuse what is not signed by a clock two hours ahead, and look by which clock the receipt is dated."""
    refused: list[int] = []

    async def late(ask: Ask, wire: Wire, data: bytes) -> None:
        ours = datetime.now(UTC) + AHEAD
        created = int(ask.headers["signature-input"].partition("created=")[2].partition(";")[0])
        if abs(created - ours.timestamp()) <= 30:
            await honest(ask, wire, data)
            return
        refused.append(created)
        problem = {"status": 401, "code": "request.time", "serverTime": format_time(ours)}
        await wire.answer(401, json.dumps(problem).encode(), Content_Type="application/problem+json")

    folder = f"/{partner.bilateral.origin.received_path()}"
    before = size_in(await get(made, f"{folder}/receipt", partner))
    partner.add_bilateral(1)
    partner.twists["to checkpoint"] = late
    await made.visit(partner)
    del partner.twists["to checkpoint"]
    receipt = await get(made, f"{folder}/receipt", partner)
    assert len(refused) == 1  # it was told the time, and has signed anew
    assert size_in(receipt) == before + 1
    name = witness_name(made.target.scid)
    (line,) = (line for line in SignedNote.parse(receipt.body).signatures if line.name == name)
    dated = int.from_bytes(line.blob[:8], "big")
    assert dated >= min(refused)
    return dated > datetime.now(UTC).timestamp() + AHEAD.total_seconds() / 2


# --- a lie that is believed --------------------------------------------------------------------------------


async def a_lie_is_seen(made: Scene, partner: Partner) -> bool:
    """Claim to have seen a feed that was never opened, and be told of another record that it is refused."""
    place = len(partner.bilateral.leaves)
    partner.bilateral.add(_having_seen_feed_2(partner), recipient=partner.seal_to)
    partner.public.add(partner.agency.record(issued=partner.now, body={"lang": "fr"}))  # breaks its schema
    await made.visit(partner)
    receipt = await get(made, f"/{partner.bilateral.origin.received_path()}/receipt", partner)
    assert size_in(receipt) == place + 1  # it counts as received all the same
    (rejection,) = [record for record in await records_to(made, partner) if record.type == "rejection"]
    seen = rejection.seen[partner.scid]
    assert (seen.feed, seen.size) in {(1, place), (1, place + 1)}
    return seen.size > place


def _having_seen_feed_2(partner: Partner) -> Record:
    value: dict[str, Json] = dict(partner.to_us().value)
    del value["proof"]
    value["seen"] = {partner.us: {"feed": 2, "size": 1}}
    signer = partner.agency.keys.record
    return sign_record(value, signer, f"{partner.agency.did}#{signer.multikey}")


async def records_to(made: Scene, partner: Partner) -> list[Record]:
    """What our node's feed to a partner holds; of an empty one there is no file of leaves."""
    origin = Origin(made.target.scid, partner.scid, 1)
    folder = f"/{origin.path}"
    size = size_in(await get(made, f"{folder}/checkpoint", partner))
    if not size:
        return []
    leaves = parse_entry_bundle((await get(made, f"{folder}/tile/entries/000.p/{size}", partner)).body, size)
    objects = parse_objects((await get(made, f"{folder}/objects/000.p/{size}", partner)).body, size)
    keys = {key.key_id: key for key in partner.agency.keys.sealing}
    found = []
    for data, sealed in zip(leaves, objects, strict=True):
        leaf = parse_leaf(data, origin)
        assert isinstance(leaf, SealedLeaf)
        assert sealed is not None
        _, record = open_sealed(sealed, keys, origin=origin, commitment=leaf.commitment)
        found.append(Record.parse(record))
    return found


# --- a receipt of another feed -----------------------------------------------------------------------------


async def another_feed_halts_us(made: Scene, partner: Partner) -> bool:
    """Answer for the receipt of our feed to it with the checkpoint of our public feed; then wait for a receipt."""
    await made.target.publish([agreement(made.target, partner, "receipt")], "receipt")  # type: ignore[arg-type]
    folder = f"/{partner.public.origin.received_path()}"
    ours = Origin(made.target.scid, partner.scid, 1).received_path()
    partner.files[f"/{ours}/receipt"] = (await get(made, "/feeds/public/1/checkpoint")).body
    await made.visit(partner)
    before = size_in(await get(made, f"{folder}/receipt", partner))
    partner.add_public(1)
    await made.visit(partner)
    assert size_in(await get(made, f"{folder}/checkpoint", partner)) == before + 1  # it follows in any case
    return size_in(await get(made, f"{folder}/receipt", partner)) == before


SEEN: Final[Mapping[str, Look]] = {
    "signer-announced": an_unannounced_key_is_listed,
    "partner-clock": a_receipt_is_dated_by_us,
    "unopened-feed": a_lie_is_seen,
    "own-word": another_feed_halts_us,
}
"""How each fault of `again` is seen. The last one halts a node that has it, so it comes last."""

OTHERS: Final[Mapping[str, str]] = {
    "signer-announced": "BJ-FICT",
    "partner-clock": "SN-FICT",
    "unopened-feed": "BF-FICT",
    "own-word": "NE-FICT",
}
"""Who sees it: a partner of its own, for each does what no later look could do without."""
