"""Entries of an identity log: each verified by itself and against the one before.

The steps are those of "Read (Resolve)" in did:webvh 1.0, narrowed as
:mod:`passerelle.protocol.identity` says. Errors here do not know the entry's number; the
log that the entry stands in adds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import base58

from passerelle.errors import ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol.keydocuments import KeyDocument, bounded, parse_document
from passerelle.protocol.keys import parse_multikey

if TYPE_CHECKING:
    from passerelle.protocol.profile import Json, JsonObject

MAX_LOG_BYTES: Final = 1_048_576
"""Largest identity log, in bytes (1 MiB), and so the largest entry."""

PLACEHOLDER: Final = "{SCID}"
"""What stands for the SCID while it is computed."""

METHOD: Final = "did:webvh:1.0"
_MULTIHASH: Final = re.compile("Qm[1-9A-HJ-NP-Za-km-z]{44}")  # base58btc of 0x12 0x20 and 32 bytes
_VERSION_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,3}))?(?:Z|\+00:00)"
)
_ENTRY_MEMBERS: Final = {"versionId", "versionTime", "parameters", "state", "proof"}
_PARAMETERS: Final = {
    *("method", "scid", "updateKeys", "nextKeyHashes", "portable"),
    *("witness", "watchers", "deactivated", "ttl"),
}
_IN_THE_FIRST: Final = {"method", "portable"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One verified version of an identity.

    Args:
        version_id: ``<number>-<hash>``.
        version_time: The author's word for when it was made; rises strictly.
        update_keys: Multikeys that may sign this entry.
        next_key_hashes: Commitments to the keys that may sign the next entry.
        state: The whole document, as parsed; read-only.
        document: What this node reads in it.
    """

    version_id: str
    version_time: datetime
    update_keys: tuple[str, ...]
    next_key_hashes: tuple[str, ...]
    state: JsonObject
    document: KeyDocument


def multihash(data: bytes) -> str:
    """base58btc of the multihash of SHA-256, without a multibase prefix: always ``Qm…``."""
    return base58.b58encode(b"\x12\x20" + sha256(data).digest()).decode("ascii")


def parse_entry(line: bytes) -> JsonObject:
    """One line of a log, checked for its five members only.

    Raises:
        ProtocolError: ``identity.malformed``, or ``json.*`` for bytes outside the profile.
    """
    entry = _object(profile.parse(line, max_bytes=MAX_LOG_BYTES), "entry")
    if set(entry) != _ENTRY_MEMBERS:
        raise ProtocolError("identity.malformed", member="entry")
    return entry


def verify_entry(entry: JsonObject, number: int, scid: str, previous: Entry | None) -> Entry:
    """Checks one entry; the number of each step of "Read (Resolve)" stands beside it.

    Args:
        entry: From :func:`parse_entry`.
        number: Its place in the log, from 1.
        scid: From :func:`check_scid`.
        previous: The entry before, None for the first.

    Raises:
        ProtocolError: As :func:`passerelle.protocol.identity.parse_identity`, and ``key.*``
            or ``proof.*`` where those checks fail.
    """
    proof = entry["proof"]
    body = {name: value for name, value in entry.items() if name != "proof"}
    parameters = _object(entry["parameters"], "parameters")
    _check_parameters(parameters, first=previous is None)  # 1
    update_keys = _update_keys(parameters, previous)  # 7
    _check_proof(body, proof, update_keys)  # 2
    version_id = _check_version(body, number, previous.version_id if previous else scid)  # 3
    version_time = _parse_version_time(entry["versionTime"])  # 4
    if previous and version_time <= previous.version_time:
        raise ProtocolError("identity.time")
    state = _object(entry["state"], "state")
    document = parse_document(state, scid)  # 6
    if previous and document.did != previous.document.did:
        _check_move(state, previous.document.did)
    return Entry(version_id, version_time, update_keys, _next_key_hashes(parameters), state, document)


def _check_parameters(parameters: JsonObject, *, first: bool) -> None:
    """Raises ProtocolError for parameters that the method or our narrowing of it does not allow."""
    expected: dict[str, Json] = {
        "method": METHOD,
        "portable": True,
        # Proofs of the method's witnesses would have to be fetched; our witnesses cosign feeds.
        "witness": {},
        # A retired identity is a state that the fold does not know; its feeds are closed instead.
        "deactivated": False,
    }
    for name, wanted in expected.items():
        if name not in parameters:  # null is not absent
            if first and name in _IN_THE_FIRST:
                raise ProtocolError("identity.unsupported", parameter=name)
            continue
        value = parameters[name]
        # Types too: 1 == True in Python, and not in JSON.
        if value != wanted or type(value) is not type(wanted):
            raise ProtocolError("identity.unsupported", parameter=name)
    if ("scid" in parameters) != first:
        raise ProtocolError("identity.unsupported", parameter="scid")
    if not set(parameters) <= _PARAMETERS:
        raise ProtocolError("identity.unsupported", parameter="other")


def _update_keys(parameters: JsonObject, previous: Entry | None) -> tuple[str, ...]:
    """The keys that may sign this entry: its own, each committed to by the entry before."""
    update_keys = _strings(parameters, "updateKeys")
    committed = frozenset(previous.next_key_hashes if previous else ())
    for multikey in update_keys:
        parse_multikey(multikey)
        if previous and multihash(multikey.encode("ascii")) not in committed:
            raise ProtocolError("identity.pre-rotation")
    return update_keys


def _next_key_hashes(parameters: JsonObject) -> tuple[str, ...]:
    hashes = _strings(parameters, "nextKeyHashes")
    if not all(map(_MULTIHASH.fullmatch, hashes)):
        raise ProtocolError("identity.unsupported", parameter="nextKeyHashes")
    return hashes


def _check_proof(body: JsonObject, proof: Json, update_keys: tuple[str, ...]) -> None:
    """One proof, by one of the update keys of this entry."""
    if not isinstance(proof, list) or len(proof) != 1:
        raise ProtocolError("identity.proof", fault="proof.malformed")
    only = _object(proof[0], "proof")
    for multikey in update_keys:
        if only.get("verificationMethod") == f"did:key:{multikey}#{multikey}":
            proofs.verify_proof(body, only, parse_multikey(multikey))
            return
    raise ProtocolError("identity.proof", fault="key.unknown")


def _check_version(body: JsonObject, number: int, predecessor: str) -> str:
    """The entry's version id, whose hash covers the entry and its predecessor's id."""
    version_id = f"{number}-{multihash(profile.encode({**body, 'versionId': predecessor}))}"
    if body["versionId"] != version_id:
        raise ProtocolError("identity.version")
    return version_id


def check_scid(first: JsonObject) -> str:
    """The SCID, which is the hash of the first entry with a placeholder wherever it stands.

    Raises:
        ProtocolError: ``identity.scid``, or ``identity.unsupported`` where there is none in the form of one.
    """
    scid = _object(first["parameters"], "parameters").get("scid")
    if not isinstance(scid, str) or not _MULTIHASH.fullmatch(scid):
        raise ProtocolError("identity.unsupported", parameter="scid")
    body = {name: value for name, value in first.items() if name != "proof"}
    text = profile.encode({**body, "versionId": PLACEHOLDER}).replace(scid.encode(), PLACEHOLDER.encode())
    try:
        replaced = profile.parse(text, max_bytes=MAX_LOG_BYTES)
    except ProtocolError as exc:  # two names of one object are now one
        raise ProtocolError("identity.scid", fault=exc.code) from exc
    if multihash(profile.encode(replaced)) != scid:
        raise ProtocolError("identity.scid")
    return scid


def _parse_version_time(text: Json) -> datetime:
    """ISO 8601 in UTC as did:webvh has it: ``Z`` or ``+00:00``, milliseconds allowed."""
    match = _VERSION_TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ProtocolError("identity.time")
    try:
        whole = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError as exc:
        raise ProtocolError("identity.time") from exc
    return whole.replace(microsecond=int((match[2] or "").ljust(6, "0")))


def _check_move(state: JsonObject, former: str) -> None:
    """A document under a new domain names the DID that it had."""
    names = state.get("alsoKnownAs")
    if not isinstance(names, list) or former not in names:
        raise ProtocolError("identity.document", member="alsoKnownAs")


def _object(value: Json, member: str) -> JsonObject:
    if not isinstance(value, dict):
        raise ProtocolError("identity.malformed", member=member)
    return value


def _strings(parameters: JsonObject, name: str) -> tuple[str, ...]:
    """A parameter that must be a list of strings, not empty."""
    items = bounded(parameters.get(name), name)
    strings = tuple(item for item in items if isinstance(item, str))
    if not strings or len(strings) != len(items):
        raise ProtocolError("identity.unsupported", parameter=name)
    return strings
