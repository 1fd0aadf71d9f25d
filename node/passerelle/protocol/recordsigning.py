"""Signing records: from a draft to the canonical bytes that are kept and shipped.

What a record is and how a reader checks it is in `records`; here is written what that reads.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal

from passerelle.errors import InputError, ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol import recordheaders as header
from passerelle.protocol.recordheaders import CONTEXT, FeedPosition
from passerelle.protocol.records import Record, hash_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from passerelle.protocol.keys import SigningKey
    from passerelle.protocol.profile import Json, JsonObject

_AFTER_PROOF: Final = b',"schema":"'
_BODY: Final = b'{"body":'


def draft(
    *,
    id: str,  # noqa: A002  # the record's member has this name
    type: str,  # noqa: A002  # likewise
    schema: str,
    nonce: bytes,
    issuer: str,
    audience: Literal["public"] | Sequence[str],
    issued: datetime,
    body: Mapping[str, Json],
    seen: Mapping[str, FeedPosition] | None = None,
    version: int = 1,
    previous: str | None = None,
) -> JsonObject:
    """A record without its proof, for :func:`sign_record`, which checks it.

    Args:
        id: ``urn:uuid:…``.
        type: The record type's code.
        schema: ``urn:passerelle:schema:<type>:<major>.<minor>``.
        nonce: 16 fresh random bytes.
        issuer: Our DID as it stands now.
        audience: ``"public"`` or the SCIDs addressed, in any order.
        issued: The later of our clock and our last ``issued``.
        body: What the record says.
        seen: One position per addressee; left out if public.
        version: 1, or the next.
        previous: Digest of the version before, from version 2 on.
    """
    value: JsonObject = {
        "@context": [CONTEXT],
        "id": id,
        "type": type,
        "schema": schema,
        "version": version,
        "nonce": nonce.hex(),
        "issuer": issuer,
        "audience": audience if isinstance(audience, str) else [*sorted(audience)],
        "issued": profile.format_time(issued),
        "body": dict(body),
    }
    if previous is not None:
        value["previous"] = previous
    if seen is not None:
        value["seen"] = {scid: {"feed": at.feed, "size": at.size} for scid, at in seen.items()}
    return value


def sign_record(value: JsonObject, key: SigningKey, verification_method: str) -> Record:
    """Signs a draft.

    Args:
        value: From :func:`draft`; its ``issued`` becomes the proof's ``created``.
        key: A record key of ours.
        verification_method: Its id in our identity document, ``<issuer>#<multikey>``.

    Raises:
        InputError: ``record.too-large`` where the body makes more than 256 KiB.
        ValueError: The header is not as a reader wants it, or the value is outside the JSON profile.
    """
    ((signed, data),) = sign_drafts([value], key, verification_method)
    try:
        return Record.of_tree(signed, data)  # what was just written need not be parsed
    except ProtocolError as exc:
        raise ValueError(f"not a record that a reader accepts: {exc}") from exc


def sign_drafts(
    values: Sequence[JsonObject], key: SigningKey, verification_method: str
) -> list[tuple[JsonObject, bytes]]:
    """Signs drafts; each step for all of them before the next begins, so that it finds itself in the cache.

    Args:
        values: From :func:`draft`.
        key: A record key of ours.
        verification_method: Its id in our identity document.

    Returns:
        The tree of each record, and its canonical bytes. The caller holds the tree to its schema, which has all that a
        reader asks of a header in it; :func:`sign_record` reads it as a partner does.

    Raises:
        InputError: ``record.too-large`` where the body of one makes more than 256 KiB.
        ValueError: A body is outside the JSON profile.
    """
    written = [_write(value) for value in values]
    messages = [
        hash_configuration(_issued_of(value), verification_method) + sha256(data).digest()
        for value, data in zip(values, written, strict=True)
    ]
    signatures = [key.sign(message) for message in messages]
    return [
        _complete(value, data, signature, verification_method)
        for value, data, signature in zip(values, written, signatures, strict=True)
    ]


def _issued_of(value: JsonObject) -> str:
    return header.parse_text(value["issued"], "issued")


def _write(value: JsonObject) -> bytes:
    """What is hashed of a draft: its canonical form. Only the body is looked at: all of the header has one form, which `of_tree` checks."""
    if "proof" in value:
        raise ValueError("the document carries a proof already")
    return profile.encode_plain({**value, "body": profile.embedded(_encode_body(value["body"]))})


def _complete(value: JsonObject, written: bytes, signature: bytes, method: str) -> tuple[JsonObject, bytes]:
    """The record of a draft, its canonical form and its signature: as a tree and as bytes."""
    proof: JsonObject = {
        "@context": value["@context"],
        "created": _issued_of(value),
        "cryptosuite": proofs.CRYPTOSUITE,
        "proofPurpose": proofs.PURPOSE,
        "proofValue": proofs.encode_signature(signature),
        "type": proofs.PROOF_TYPE,
        "verificationMethod": method,
    }
    # Behind the schema stand members without objects or without strings, so its last beginning is the schema's.
    at = written.rindex(_AFTER_PROOF) + 1
    data = b"".join((written[:at], b'"proof":', profile.encode_plain(proof), b",", written[at:]))
    if len(data) > profile.MAX_RECORD_BYTES:
        raise InputError("record.too-large", size=len(data), max=profile.MAX_RECORD_BYTES)
    return {**value, "proof": proof}, data


def _encode_body(body: Json) -> bytes:
    """The canonical form of a body, as deep as one may be inside a record."""
    return profile.encode({"body": body})[len(_BODY) : -1]
