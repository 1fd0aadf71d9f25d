"""Records: one author's signed statements, kept and shipped as exactly their canonical bytes.

The header is the same for every type (spec/ "Records and proofs")::

    {"@context":["urn:passerelle:v1"],"id":"urn:uuid:…","type":"offer",
     "schema":"urn:passerelle:schema:offer:1.0","version":2,"previous":"<digest of version 1>",
     "nonce":"<32 hex>","issuer":"did:webvh:…","audience":"public","issued":"…Z",
     "seen":{…},"body":{…},"proof":{…}}

``previous`` stands there from version 2 on, ``seen`` where the audience is not public, and
no other member ever. This module knows nothing of bodies (the schemas do), nor whether a
record may follow another (the fold does).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from passerelle.errors import InputError, ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol.keydocuments import scid_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from passerelle.protocol.identity import Identity
    from passerelle.protocol.keys import SigningKey
    from passerelle.protocol.profile import Json, JsonObject

CONTEXT: Final = "urn:passerelle:v1"
PUBLIC: Final = "public"

AHEAD: Final = timedelta(hours=24)
"""How far ahead of our clock ``issued`` may be before a record is held."""

Audience: TypeAlias = Literal["public"] | tuple[str, ...]
"""``"public"``, or the SCIDs addressed: sorted, each once, without the issuer's."""

_MEMBERS: Final = frozenset(
    {
        *("@context", "id", "type", "schema", "version", "nonce"),
        *("issuer", "audience", "issued", "body", "proof"),
    }
)
_PROOF_MEMBERS: Final = frozenset(
    {"@context", "type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}
)
_ID: Final = re.compile("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TYPE: Final = re.compile("[a-z][a-z0-9-]{0,63}")
_SCHEMA: Final = re.compile(
    r"urn:passerelle:schema:([a-z][a-z0-9-]{0,63}):(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})"
)
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_NONCE: Final = re.compile("[0-9a-f]{32}")
_SCID: Final = re.compile("Qm[1-9A-HJ-NP-Za-km-z]{44}")


@dataclass(frozen=True, slots=True, order=True)
class FeedPosition:
    """How much of a partner's feed to us its author's receipt covers.

    Args:
        feed: The feed's number, 1 or more.
        size: Number of leaves, 0 or more.
    """

    feed: int
    size: int


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
        value = _object(profile.parse_canonical(data), "record")
        _check_members(value)
        issuer, issuer_scid = _parse_issuer(value["issuer"])
        audience = _parse_audience(value["audience"], issuer_scid)
        method, created = _parse_proof(value["proof"])
        record_type, schema = _parse_schema(value["type"], value["schema"])
        return cls(
            data=data,
            digest=sha256(data).hexdigest(),
            value=value,
            id=_matching(_ID, value["id"], "id"),
            type=record_type,
            schema=schema,
            version=_natural(value["version"], 1, "version"),
            previous=_matching(_DIGEST, value["previous"], "previous") if "previous" in value else None,
            nonce=_matching(_NONCE, value["nonce"], "nonce"),
            issuer=issuer,
            issuer_scid=issuer_scid,
            audience=audience,
            issued=_parse_issued(value["issued"]),
            seen=_parse_seen(value["seen"], audience) if "seen" in value else {},
            body=_object(value["body"], "body"),
            verification_method=method,
            created=created,
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
    created = _text(value["issued"], "issued")
    data = profile.encode(proofs.sign(value, key, verification_method=verification_method, created=created))
    if len(data) > profile.MAX_RECORD_BYTES:
        raise InputError("record.too-large", size=len(data), max=profile.MAX_RECORD_BYTES)
    try:
        return Record.parse(data)
    except ProtocolError as exc:
        raise ValueError(f"not a record that a reader accepts: {exc}") from exc


def check_proof(record: Record, identity: Identity, now: datetime) -> None:
    """Checks who signed a record, in the order of the spec.

    Args:
        record: The record.
        identity: The issuer's log, as far as held.
        now: Our clock.

    Raises:
        ProtocolError:
            ``record.issued-mismatch`` unless ``issued`` equals ``proof.created``;
            ``record.context-mismatch`` unless both ``@context`` are equal;
            ``key.unknown`` for a key in no entry held (the record is pending until the
            log comes by any road);
            ``record.issuer-unknown`` unless ``identity`` is the issuer's and had this DID
            at ``issued``;
            ``key.not-valid-then`` for a key of another DID, or one not listed at ``issued``;
            ``proof.*`` where the proof is another suite's or does not hold;
            ``record.ahead`` where all is well but ``issued`` lies more than 24 hours ahead
            (the record is held).
    """
    if identity.scid != record.issuer_scid:
        raise ProtocolError("record.issuer-unknown", issuer=record.issuer)
    proof = _object(record.value["proof"], "proof")
    if record.value["issued"] != record.created:
        raise ProtocolError("record.issued-mismatch")
    if proof["@context"] != record.value["@context"]:
        raise ProtocolError("record.context-mismatch")
    proofs.verify_proof(record.value, proof, _key_at_issue(record, identity))
    if record.issued > now + AHEAD:
        raise ProtocolError("record.ahead", issued=record.created)


def _key_at_issue(record: Record, identity: Identity) -> bytes:
    """The public key that the verification method stood for when the record was issued."""
    method = record.verification_method
    if not method.startswith(record.issuer + "#"):
        raise ProtocolError("key.not-valid-then", method=method)
    # Before the document at ``issued`` is looked at: a key or a domain that is new to us is
    # no fault of the record, the log that brings it may still be on its way.
    if method not in identity.every_record_key_ever:
        raise ProtocolError("key.unknown", method=method)
    document = identity.at(record.issued)
    if document is None or document.did != record.issuer:
        raise ProtocolError("record.issuer-unknown", issuer=record.issuer)
    if method not in document.record_keys:
        raise ProtocolError("key.not-valid-then", method=method)
    return document.record_keys[method]


# --- the header ------------------------------------------------------------------------


def _malformed(member: str) -> ProtocolError:
    return ProtocolError("record.malformed", member=member)


def _check_members(value: JsonObject) -> None:
    """The set of members follows from version and audience."""
    expected = set(_MEMBERS)
    if value.get("version") != 1:
        expected.add("previous")
    if value.get("audience") != PUBLIC:
        expected.add("seen")
    if value.keys() != expected:
        raise _malformed("record")
    if value["@context"] != [CONTEXT]:
        raise _malformed("@context")


def _parse_issuer(value: Json) -> tuple[str, str]:
    issuer = _text(value, "issuer")
    try:
        return issuer, scid_of(issuer)
    except ProtocolError as exc:
        raise _malformed("issuer") from exc


def _parse_schema(record_type: Json, schema: Json) -> tuple[str, str]:
    """The type and the schema, which names the same type."""
    match = _SCHEMA.fullmatch(_text(schema, "schema"))
    if match is None or match[1] != record_type:
        raise _malformed("schema")
    return _matching(_TYPE, record_type, "type"), match[0]


def _parse_proof(value: Json) -> tuple[str, str]:
    """The proof's verification method and time; its other members are checked with the signature."""
    if not isinstance(value, dict) or value.keys() != _PROOF_MEMBERS:
        raise ProtocolError("proof.malformed", member="proof")
    method, created = value["verificationMethod"], value["created"]
    if not isinstance(method, str) or not isinstance(created, str):
        raise ProtocolError("proof.malformed", member="verificationMethod or created")
    return method, created


def _parse_audience(value: Json, issuer_scid: str) -> Audience:
    if value == PUBLIC:
        return PUBLIC
    if not isinstance(value, list) or not value:
        raise _malformed("audience")
    scids = tuple(_matching(_SCID, item, "audience") for item in value)
    if list(scids) != sorted(set(scids)) or issuer_scid in scids:
        raise _malformed("audience")
    return scids


def _parse_issued(value: Json) -> datetime:
    try:
        return profile.parse_time(_text(value, "issued"))
    except ProtocolError as exc:
        raise _malformed("issued") from exc


def _parse_seen(value: Json, audience: Audience) -> dict[str, FeedPosition]:
    seen = _object(value, "seen")
    if seen.keys() != set(audience):
        raise _malformed("seen")
    return {scid: _parse_position(_object(position, "seen")) for scid, position in seen.items()}


def _parse_position(value: JsonObject) -> FeedPosition:
    if value.keys() != {"feed", "size"}:
        raise _malformed("seen")
    return FeedPosition(_natural(value["feed"], 1, "seen"), _natural(value["size"], 0, "seen"))


def _object(value: Json, member: str) -> JsonObject:
    if not isinstance(value, dict):
        raise _malformed(member)
    return value


def _text(value: Json, member: str) -> str:
    if not isinstance(value, str):
        raise _malformed(member)
    return value


def _matching(pattern: re.Pattern[str], value: Json, member: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _malformed(member)
    return value


def _natural(value: Json, least: int, member: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise _malformed(member)
    return value
