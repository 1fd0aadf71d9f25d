"""Records: one author's signed statements, kept and shipped as exactly their canonical bytes.

The header is the same for every type (spec/ "Records and proofs")::

    {"@context":["urn:passerelle:v1"],"id":"urn:uuid:…","type":"offer",
     "schema":"urn:passerelle:schema:offer:1.0","version":2,"previous":"<digest of version 1>",
     "nonce":"<32 hex>","issuer":"did:webvh:…","audience":"public","issued":"…Z",
     "seen":{…},"body":{…},"proof":{…}}

``previous`` stands there from version 2 on, ``seen`` where the audience is not public, and
no other member ever. This module knows nothing of bodies (the schemas do), nor whether a
record may follow another (the fold does). The forms of the header are in `recordheaders`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from passerelle.errors import InputError, ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol import recordheaders as header
from passerelle.protocol.keys import verify_signature
from passerelle.protocol.recordheaders import CONTEXT, PUBLIC, Audience, FeedPosition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from passerelle.protocol.identity import Identity
    from passerelle.protocol.keys import SigningKey
    from passerelle.protocol.profile import Json, JsonObject

__all__ = [
    "AHEAD",
    "CONTEXT",
    "PUBLIC",
    "Audience",
    "Claim",
    "FeedPosition",
    "Heading",
    "Record",
    "Stub",
    "check_proof",
    "check_time",
    "claim_of",
    "draft",
    "sign_drafts",
    "sign_record",
]

AHEAD: Final = timedelta(hours=24)
"""How far ahead of our clock ``issued`` may be before a record is held."""


class Heading(NamedTuple):
    """What a record says of itself in its header, as look-ups need it.

    Args:
        digest: SHA-256 of the canonical bytes, 64 hex digits.
        id: The record's id, the same across versions.
        version: 1 or more.
        type: Record type, such as ``offer``.
        issuer: SCID of its author.
        public: Whether everybody may read it.
        issued: POSIX seconds.
    """

    digest: str
    id: str
    version: int
    type: str
    issuer: str
    public: bool
    issued: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Record:
    """A record whose bytes are canonical and whose header is well formed; nothing more is proven.

    Two records are equal if their digests are. ``repr`` shows no content.

    Args:
        data: The canonical bytes, proof included.
        digest: SHA-256 of ``data`` as hex; no other hash of a record is ever written.
        value: The whole parsed tree; read-only.
        id: ``urn:uuid:…``, the same across versions.
        type: The record type's code.
        schema: ``urn:passerelle:schema:<type>:<major>.<minor>``.
        version: 1 or more.
        previous: Digest of the version before, None for version 1.
        nonce: 16 bytes as hex, new for each version.
        issuer: The author's DID as written.
        issuer_scid: The author.
        audience: Who is addressed.
        issued: The author's word for the time; orders nothing.
        seen: For each addressee, how much of its feed the author had cosigned. Empty if public.
        body: What the record says, by its schema; read-only.
        verification_method: Id of the key that is said to have signed.
        created: The proof's time as written.
    """

    data: bytes
    digest: str
    value: Mapping[str, Json]
    id: str
    type: str
    schema: str
    version: int
    previous: str | None
    nonce: str
    issuer: str
    issuer_scid: str
    audience: Audience
    issued: datetime
    seen: Mapping[str, FeedPosition]
    body: Mapping[str, Json]
    verification_method: str
    created: str

    @classmethod
    def parse(cls, data: bytes) -> Record:
        """Parses received bytes; the proof is not checked yet.

        Raises:
            ProtocolError: ``json.*`` for bytes that are not canonical or outside the
                profile; ``record.malformed`` with the ``member`` whose form is wrong
                (``record`` where the set of members is); ``proof.malformed`` unless the
                proof is one object with its seven members.
        """
        return cls._of(header.parse_object(profile.parse_canonical(data), "record"), data)

    @classmethod
    def _of(cls, value: JsonObject, data: bytes) -> Record:
        """The record of a tree and its canonical bytes."""
        header.check_members(value)
        issuer, issuer_scid = header.parse_issuer(value["issuer"])
        audience = header.parse_audience(value["audience"], issuer_scid)
        method, created = header.parse_proof(value["proof"])
        record_type, schema = header.parse_schema(value["type"], value["schema"])
        return cls(
            data=data,
            digest=sha256(data).hexdigest(),
            value=value,
            id=header.parse_matching(header.ID, value["id"], "id"),
            type=record_type,
            schema=schema,
            version=header.parse_natural(value["version"], 1, "version"),
            previous=header.parse_matching(header.DIGEST, value["previous"], "previous")
            if "previous" in value
            else None,
            nonce=header.parse_matching(header.NONCE, value["nonce"], "nonce"),
            issuer=issuer,
            issuer_scid=issuer_scid,
            audience=audience,
            issued=header.parse_issued(value["issued"]),
            seen=header.parse_seen(value["seen"], audience) if "seen" in value else {},
            body=header.parse_object(value["body"], "body"),
            verification_method=method,
            created=created,
        )

    @property
    def heading(self) -> Heading:
        """What look-ups need of it."""
        issued = int(self.issued.timestamp())
        return Heading(
            self.digest, self.id, self.version, self.type, self.issuer_scid, self.is_public, issued
        )

    @property
    def is_public(self) -> bool:
        """Whether the record stands in the public feed."""
        return self.audience == PUBLIC

    @property
    def addressees(self) -> tuple[str, ...]:
        """The SCIDs addressed; nobody in particular if public."""
        return () if isinstance(self.audience, str) else self.audience

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Record({self.type}, {self.id}, version={self.version}, digest={self.digest})"


@dataclass(frozen=True, slots=True)
class Stub:
    """What stays of an erased record so that no figure moves. Not a record, never published.

    Args:
        issuer_scid: The author.
        id: ``urn:uuid:…``.
        type: The record type's code.
        version: 1 or more.
        digest: SHA-256 of the erased record, as hex.
        residue: The members of the body that its schema marks as residue.
        schema: As the record named it.
        previous: Digest of the version before, None for version 1.
        audience: Who was addressed.
        seen: As the record had it: without it the fold could not judge the record as before.
    """

    issuer_scid: str
    id: str
    type: str
    version: int
    digest: str
    residue: Mapping[str, Json]
    schema: str
    previous: str | None
    audience: Audience
    seen: Mapping[str, FeedPosition]


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
        return Record._of(signed, data)  # noqa: SLF001  of this module: what was just written need not be parsed
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
        _hash_configuration(_issued_of(value), verification_method) + sha256(data).digest()
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
    """What is hashed of a draft: its canonical form. Only the body is looked at: all of the header has one form, which `_of` checks."""
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


_AFTER_PROOF: Final = b',"schema":"'
_BODY: Final = b'{"body":'


def _encode_body(body: Json) -> bytes:
    """The canonical form of a body, as deep as one may be inside a record."""
    return profile.encode({"body": body})[len(_BODY) : -1]


class Claim(NamedTuple):
    """That a key signed some bytes: what is left to check of a proof when all its members are right.

    Args:
        public: 32 bytes of the key.
        message: The 64 bytes that the suite signs.
        signature: 64 bytes.
    """

    public: bytes
    message: bytes
    signature: bytes

    def check(self) -> None:
        """Raises ProtocolError (``proof.invalid``) where the signature does not hold."""
        if not verify_signature(*self):
            raise ProtocolError("proof.invalid")


def check_proof(record: Record, identity: Identity, now: datetime) -> None:
    """Checks who signed a record, in the order of the spec.

    Args:
        record: The record.
        identity: The issuer's log, as far as held.
        now: Our clock.

    Raises:
        ProtocolError: As :func:`claim_of`, :meth:`Claim.check` and :func:`check_time`, in this order.
    """
    claim_of(record, identity).check()
    check_time(record, now)


def check_time(record: Record, now: datetime) -> None:
    """Raises ProtocolError (``record.ahead``) where ``issued`` lies more than 24 hours ahead: the record is held."""
    if record.issued > now + AHEAD:
        raise ProtocolError("record.ahead", issued=record.created)


def claim_of(record: Record, identity: Identity) -> Claim:
    """What a record's proof says, where its issuer had the key when it was issued.

    Args:
        record: The record.
        identity: The issuer's log, as far as held.

    Raises:
        ProtocolError:
            ``record.issued-mismatch`` unless ``issued`` equals ``proof.created``;
            ``record.context-mismatch`` unless both ``@context`` are equal;
            ``key.unknown`` for a key in no entry held (the record is pending until the
            log comes by any road);
            ``record.issuer-unknown`` unless ``identity`` is the issuer's and had this DID
            at ``issued``;
            ``key.not-valid-then`` for a key of another DID, or one not listed at ``issued``;
            ``proof.*`` where the proof is another suite's.
    """
    if identity.scid != record.issuer_scid:
        raise ProtocolError("record.issuer-unknown", issuer=record.issuer)
    proof = header.parse_object(record.value["proof"], "proof")
    if record.value["issued"] != record.created:
        raise ProtocolError("record.issued-mismatch")
    if proof["@context"] != record.value["@context"]:
        raise ProtocolError("record.context-mismatch")
    public = identity.record_key_at(record.issued, record.verification_method, record.issuer)
    if public is None:
        raise ProtocolError("record.issuer-unknown", issuer=record.issuer)
    signature = proofs.signature_of(record.value, proof)
    return Claim(public, _hash_cut(record), signature)


_PROOF_BEGINS: Final = b',"proof":{'
_PROOF_ENDS: Final = b'},"schema":'


def _hash_cut(record: Record) -> bytes:
    """As :func:`proofs.hash_data`, by cutting the proof out of the canonical bytes instead of writing them anew.

    The proof's members are strings without objects by now, and so is what stands behind it in a
    header that was parsed; in a string each quotation mark is escaped. So the last beginning of a
    proof is the proof's, and what looks like its end first is its end.
    """
    data = record.data
    start = data.rindex(_PROOF_BEGINS)
    end = data.index(_PROOF_ENDS, start) + 1
    unsecured = sha256(data[:start])
    unsecured.update(data[end:])
    return _hash_configuration(record.created, record.verification_method) + unsecured.digest()


@lru_cache(maxsize=64)  # the records of a batch were issued within a second; a method may be long
def _hash_configuration(created: str, method: str) -> bytes:
    """SHA-256 of a record's proof without its value, all of whose other members are always the same."""
    return sha256(
        profile.encode_plain(
            {
                "@context": [CONTEXT],
                "created": created,
                "cryptosuite": proofs.CRYPTOSUITE,
                "proofPurpose": proofs.PURPOSE,
                "type": proofs.PROOF_TYPE,
                "verificationMethod": method,
            }
        )
    ).digest()
