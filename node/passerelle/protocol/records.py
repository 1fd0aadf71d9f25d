"""Records: one author's signed statements, kept and shipped as exactly their canonical bytes.

The header is the same for every type (spec/ "Records and proofs")::

    {"@context":["urn:passerelle:v1"],"id":"urn:uuid:…","type":"offer",
     "schema":"urn:passerelle:schema:offer:1.0","version":2,"previous":"<digest of version 1>",
     "nonce":"<32 hex>","issuer":"did:webvh:…","audience":"public","issued":"…Z",
     "seen":{…},"body":{…},"proof":{…}}

``previous`` stands there from version 2 on, ``seen`` where the audience is not public, and
no other member ever. This module knows nothing of bodies (the schemas do), nor whether a
record may follow another (the fold does). The forms of the header are in
`recordheaders`; a record is written and signed by `recordsigning`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from passerelle.errors import ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol import recordheaders as header
from passerelle.protocol.keys import verify_signature
from passerelle.protocol.recordheaders import CONTEXT, PUBLIC, Audience, FeedPosition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from passerelle.protocol.identity import Identity
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
    "hash_configuration",
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
        return cls.of_tree(header.parse_object(profile.parse_canonical(data), "record"), data)

    @classmethod
    def of_tree(cls, value: JsonObject, data: bytes) -> Record:
        """The record of a tree and its canonical bytes, which the caller knows to belong together.

        Raises:
            ProtocolError: ``record.malformed``, ``proof.malformed``, as `parse`.
        """
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
    return hash_configuration(record.created, record.verification_method) + unsecured.digest()


@lru_cache(maxsize=64)  # the records of a batch were issued within a second; a method may be long
def hash_configuration(created: str, method: str) -> bytes:
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
