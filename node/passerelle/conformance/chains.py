"""Entries of the kit's identity log whose times are written as no other writer of the kit writes them; how a node is made to look."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from passerelle.conformance.partner import Partner
from passerelle.errors import ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol.identity import MAX_LOG_BYTES
from passerelle.protocol.identityentries import Entry, multihash, parse_entry
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.profile import JsonObject, format_time

LOOK_SECONDS: Final = 15.0
"""In which a node looks at the log once it has met an unknown key."""
MIRROR_SECONDS: Final = 10.0
"""In which it shows what it took of that. The next log cannot be shown much sooner anyway (Q-11)."""
IDENTITY: Final = "/.well-known/did.jsonl"
LATER: Final = (".040Z", ".05Z", ".9+00:00")
"""After the second of an entry without a fraction: three times that rise, in whatever form, by less than a second each."""


def chain(before: Sequence[Entry], times: Sequence[str], keys: Sequence[SigningKey]) -> bytes:
    """More entries under the document in force, each by the key that the one before announces.

    Args:
        before: The entries that they continue.
        times: Of each, as it is written.
        keys: Of each; one more is announced by the last.
    """
    version, lines = before[-1].version_id, b""
    for number, (told, signer, following) in enumerate(
        zip(times, keys, keys[1:], strict=False), start=len(before) + 1
    ):
        body: JsonObject = {
            "versionId": version,
            "versionTime": told,
            "parameters": {
                "updateKeys": [signer.multikey],
                "nextKeyHashes": [multihash(following.multikey.encode())],
            },
            "state": dict(before[-1].state),
        }
        version = f"{number}-{multihash(profile.encode(body))}"
        versioned: JsonObject = {**body, "versionId": version}
        method = f"did:key:{signer.multikey}#{signer.multikey}"
        signed = proofs.sign(versioned, signer, verification_method=method, created=told)
        lines += profile.encode({**versioned, "proof": [signed["proof"]]}) + b"\n"
    return lines


def second_of(entry: Entry) -> str:
    """The second of an entry, as text without a zone."""
    return format_time(entry.version_time.replace(microsecond=0))[:-1]


async def looks(partner: Partner) -> bool:
    """Ask by a key that the log does not name, so that the node looks whether there is a newer one (Q-11).

    Raises:
        NoAnswer: As the asker.
    """
    began, key = time.monotonic(), SigningKey.generate(secrets.token_bytes)
    path = f"{partner.own_path}/checkpoint"
    key_id = partner.agency.request_key_id(key)
    signed = replace(partner.signature("GET", path), key=key, key_id=key_id).headers()
    await partner.asker.get(path, headers=signed)
    return await partner.stand.until(began, IDENTITY, LOOK_SECONDS)


async def is_mirrored(partner: Partner, log: bytes) -> bool:
    """Whether the node comes to serve a log as what it holds of the kit (I-5).

    Raises:
        NoAnswer: As the asker.
    """
    began, path = time.monotonic(), f"/mirrors/{partner.agency.scid}/did.jsonl"
    while time.monotonic() - began < MIRROR_SECONDS:
        mirror = await partner.get(path, most=MAX_LOG_BYTES)
        if mirror.status == 200 and says_the_same(mirror.body, log):
            return True
        await asyncio.sleep(0.5)
    return False


def says_the_same(mirror: bytes, log: bytes) -> bool:
    """Whether two logs have the same entries, in whatever form: which log is held is not how it is kept (I-8)."""
    return mirror == log or (_entries(log) is not None and _entries(mirror) == _entries(log))


def _entries(log: bytes) -> list[JsonObject] | None:
    try:
        return [parse_entry(line) for line in log.splitlines()]
    except ProtocolError:
        return None
