"""Certificates: what a volunteer carries home, and the other agency's endorsement of it (spec/24-certificates.md).

A Verifiable Credential 2.0 in the shape of an Open Badge 3.0, with one proof by a record key::

    {"@context":[…,…],"id":"urn:uuid:…","type":["VerifiableCredential","OpenBadgeCredential"],
     "name":"…","issuer":{"id":"did:webvh:…","name":"…","type":["Profile"]},"validFrom":"…Z",
     "credentialSubject":{"identifier":[{"identityHash":"sha256$<commitment>",…}],…},
     "relatedResource":[<placement>],"evidence":[<leaf>],"proof":{…}}

Any layout inside the JSON profile is read; the digest is over the canonical form. How they are
written is in :mod:`passerelle.protocol.certificatesigning`. Where identity logs, feeds and records come
from, and whether what a certificate says is true, this module does not know.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import certificateforms as forms
from passerelle.protocol import objects, profile, proofs, recordheaders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from passerelle.protocol.identity import Identity
    from passerelle.protocol.origins import Origin
    from passerelle.protocol.profile import Json
    from passerelle.protocol.records import Record

MAX_BYTES: Final = 65_536
"""Largest certificate or endorsement, in bytes as received."""

AHEAD: Final = timedelta(hours=24)
"""How far ahead of our clock ``validFrom`` may be before a certificate is held."""

STATUS_TYPE: Final = "certificate-status"
"""Type of the public records by which an agency revokes."""

_PERSON: Final = b"passerelle/person/v1\0"
_SALT: Final = re.compile("[0-9A-Fa-f]{32}")
_NAME: Final = re.compile("[A-Z ]{1,100}")
_BORN: Final = re.compile("([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_MARKS: Final = range(0x300, 0x370)
_LEFT_OUT: Final = "'\u2019"
_SPACES: Final = str.maketrans("-.,<", "    ")
_CAPITALS: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Signed:
    """What certificates and endorsements have in common: well formed, and nothing more is proven.

    Args:
        digest: SHA-256 of the canonical form, proof included, as hex.
        value: The whole parsed tree; read-only.
        id: ``urn:uuid:…``.
        issuer: DID of the agency that signed, as written.
        issuer_scid: The agency.
        signed: ``validFrom``: the time that decides which key counts.
        verification_method: Id of the key that is said to have signed.
        created: The proof's time as written.
    """

    digest: str
    value: Mapping[str, Json]
    id: str
    issuer: str
    issuer_scid: str
    signed: datetime
    verification_method: str
    created: str


@dataclass(frozen=True, slots=True)
class Certificate(Signed):
    """That a person served in a placement.

    Args:
        valid_until: When it ends, None where it does not.
        commitment: To the person, 64 hex digits.
        placement_id: Id of the placement's record.
        placement_digest: Digest of that record, as hex.
        origin: The bilateral feed in which that record first stood.
        leaf_index: Index of its leaf, from 0.
        leaf_commitment: Commitment in its leaf, as hex.
    """

    valid_until: datetime | None
    commitment: str
    placement_id: str
    placement_digest: str
    origin: Origin
    leaf_index: int
    leaf_commitment: str


@dataclass(frozen=True, slots=True)
class Endorsement(Signed):
    """That the other agency of a placement says what a certificate says.

    Args:
        certificate_id: Id of the certificate.
        certificate_digest: Its digest, as hex.
    """

    certificate_id: str
    certificate_digest: str


@dataclass(frozen=True, slots=True)
class Person:
    """Of whom a certificate is said to speak: what the volunteer's printed copy has. Never stored.

    Args:
        name: Words of A to Z, sorted, with one space between two.
        birth_date: ``YYYY-MM-DD``, or ``YYYY-MM`` or ``YYYY`` where no more is known.
        salt: 16 bytes.
    """

    name: str
    birth_date: str
    salt: bytes

    @classmethod
    def parse(cls, name: str, birth_date: str, salt: str) -> Person:
        """What somebody typed.

        Args:
            name: In any order, with or without accents and capitals.
            birth_date: As above.
            salt: 32 hexadecimal digits; spaces and hyphens between them are left out.

        Raises:
            ProtocolError: ``certificate.person-unreadable`` with the ``member``; the text itself is not repeated.
        """
        digits = salt.replace(" ", "").replace("-", "")
        if not _SALT.fullmatch(digits):
            raise ProtocolError("certificate.person-unreadable", member="salt")
        if not _is_birth_date(birth_date):
            raise ProtocolError("certificate.person-unreadable", member="birthDate")
        return cls(parse_name(name), birth_date, bytes.fromhex(digits))

    @property
    def commitment(self) -> str:
        """What a certificate about this person holds, as hex."""
        told = f"{self.birth_date}\n{self.name}".encode("ascii")
        return sha256(_PERSON + self.salt + told).hexdigest()


def parse_name(text: str) -> str:
    """The form in which names are compared: the letters of a passport's machine readable zone, words sorted.

    Raises:
        ProtocolError: ``certificate.person-unreadable`` for other letters, none, or more than 100.
    """
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFD", text)
        if ord(letter) not in _MARKS and letter not in _LEFT_OUT
    )
    words = plain.translate(_SPACES).translate(_CAPITALS).split(" ")
    name = " ".join(sorted(word for word in words if word))
    if not _NAME.fullmatch(name):
        raise ProtocolError("certificate.person-unreadable", member="name")
    return name


def _is_birth_date(text: str) -> bool:
    match = _BORN.fullmatch(text)
    if match is None:
        return False
    year, month, day = (int(part) if part else 1 for part in match.groups())
    return year > 0 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def parse(data: bytes) -> Certificate | Endorsement:
    """Parses received bytes; the proof is not checked yet.

    Raises:
        ProtocolError: ``json.*`` for bytes outside the profile, or more than 65,536 of them;
            ``certificate.malformed`` with the ``member`` whose form is wrong (``document``
            where the set of members is); ``proof.malformed`` unless the proof is one object
            with its seven members; ``certificate.not-a-party`` where a certificate's issuer
            has no part in the feed that it names.
    """
    value = profile.parse(data, max_bytes=MAX_BYTES)
    if not isinstance(value, dict):
        raise forms.malformed("document")
    forms.check_members(value)
    issuer, scid = forms.parse_issuer(value["issuer"])
    signed = forms.parse_moment(value["validFrom"], "validFrom")
    resource_id, resource_digest = forms.parse_resource(value["relatedResource"])
    digest = sha256(profile.encode_plain(value)).hexdigest()
    if value["type"] == forms.ENDORSEMENT:
        if forms.parse_endorsed(value["credentialSubject"]) != resource_id:
            raise forms.malformed("relatedResource/id")
        proof = recordheaders.parse_proof(value["proof"])
        shared = (digest, value, str(value["id"]), issuer, scid, signed, *proof)
        return Endorsement(*shared, resource_id, resource_digest)
    ends = forms.parse_moment(value["validUntil"], "validUntil") if "validUntil" in value else None
    if ends is not None and ends <= signed:
        raise forms.malformed("validUntil")
    person = forms.parse_subject(value["credentialSubject"], signed)
    leaf = forms.parse_evidence(value["evidence"])
    proof = recordheaders.parse_proof(value["proof"])
    if scid not in (leaf[0].author, leaf[0].partner):
        raise ProtocolError("certificate.not-a-party", issuer=issuer)
    shared = (digest, value, str(value["id"]), issuer, scid, signed, *proof)
    return Certificate(*shared, ends, person, resource_id, resource_digest, *leaf)


def verify(document: Signed, identity: Identity, now: datetime, *, statuses: Iterable[Record] = ()) -> None:
    """Checks who signed a document, whether it was revoked, and its time, in the order of the spec.

    Args:
        document: A certificate or an endorsement.
        identity: The issuer's log, as far as held.
        now: Our clock.
        statuses: Records whose own proofs hold; those by others and of other types say nothing.

    Raises:
        ProtocolError: As :func:`verify_proof`, :func:`check_status` and :func:`check_time`, in this order.
    """
    verify_proof(document, identity)
    check_status(document, statuses)
    check_time(document, now)


def verify_proof(document: Signed, identity: Identity) -> None:
    """Checks that the issuer signed a document, with a key that was its own then.

    Raises:
        ProtocolError:
            ``certificate.time-mismatch`` unless ``validFrom`` equals ``proof.created``;
            ``proof.context-mismatch``;
            ``key.unknown`` for a key in no entry held;
            ``certificate.issuer-unknown`` unless ``identity`` is the issuer's and had this DID then;
            ``key.not-valid-then`` for a key of another DID, or one not listed then;
            ``proof.malformed`` for another suite; ``proof.invalid``.
    """
    if document.value["validFrom"] != document.created:
        raise ProtocolError("certificate.time-mismatch", member="validFrom")
    proof = document.value["proof"]
    if not isinstance(proof, dict):
        raise ProtocolError("proof.malformed", member="proof")
    if proof.get("@context") != document.value["@context"]:
        raise ProtocolError("proof.context-mismatch")
    if identity.scid != document.issuer_scid:
        raise ProtocolError("certificate.issuer-unknown", issuer=document.issuer)
    public = identity.record_key_at(document.signed, document.verification_method, document.issuer)
    if public is None:
        raise ProtocolError("certificate.issuer-unknown", issuer=document.issuer)
    proofs.verify_proof(document.value, proof, public)


def check_status(document: Signed, statuses: Iterable[Record]) -> None:
    """Raises ProtocolError (``certificate.revoked``) where a record of the issuer says so, whatever another says.

    Args:
        document: A certificate or an endorsement.
        statuses: Records whose own proofs hold, in any order.
    """
    for record in statuses:
        if (
            record.type == STATUS_TYPE
            and record.issuer_scid == document.issuer_scid
            and record.is_public
            and _lists_as_revoked(record.body.get("items"), document.digest)
        ):
            raise ProtocolError("certificate.revoked", record=record.id, issued=record.created)


def _lists_as_revoked(items: Json, digest: str) -> bool:
    """What a later version adds to an item, and an item of another form, is passed over."""
    return isinstance(items, list) and any(
        isinstance(item, dict) and item.get("digest") == digest and item.get("status") == "revoked"
        for item in items
    )


def check_time(document: Signed, now: datetime) -> None:
    """Raises ProtocolError where a document is held (``certificate.ahead``), or past its end (``certificate.expired``)."""
    if document.signed > now + AHEAD:
        raise ProtocolError("certificate.ahead", signed=document.created)
    if isinstance(document, Certificate) and document.valid_until and document.valid_until <= now:
        raise ProtocolError("certificate.expired", until=profile.format_time(document.valid_until))


# --- beside a certificate ----------------------------------------------------------------


def check_endorses(endorsement: Endorsement, certificate: Certificate) -> None:
    """Checks that an endorsement is of this certificate, by the other agency of its feed.

    Raises:
        ProtocolError: ``certificate.endorses-another``, ``certificate.not-a-party``, or
            ``certificate.time-mismatch`` where it is the earlier of the two.
    """
    named = (endorsement.certificate_id, endorsement.certificate_digest)
    if named != (certificate.id, certificate.digest):
        raise ProtocolError("certificate.endorses-another", certificate=certificate.id)
    others = {certificate.origin.author, certificate.origin.partner} - {certificate.issuer_scid}
    if endorsement.issuer_scid not in others:
        raise ProtocolError("certificate.not-a-party", issuer=endorsement.issuer)
    if endorsement.signed < certificate.signed:
        raise ProtocolError("certificate.time-mismatch", member="validFrom")


def check_leaf(certificate: Certificate, leaf: bytes) -> None:
    """Raises ProtocolError (``certificate.leaf-mismatch``) unless these bytes are the leaf that a certificate names.

    Args:
        certificate: Names feed, index and commitment.
        leaf: What stands at that index of that feed; that it does is no matter of this function.
    """
    if leaf != profile.encode({"commitment": certificate.leaf_commitment, "kind": "sealed"}):
        raise ProtocolError("certificate.leaf-mismatch", index=certificate.leaf_index)


def check_placement(certificate: Certificate, record: Record, salt: bytes | None = None) -> None:
    """Raises ProtocolError (``certificate.placement-mismatch``) unless a record is the placement that is certified.

    Args:
        certificate: Names the record and its leaf.
        record: Given as the placement's.
        salt: The 32 bytes beside that record, with which the leaf commits to it; None leaves the leaf unasked.
    """
    named = (certificate.placement_id, certificate.placement_digest, "placement", certificate.origin.author)
    is_between_them = certificate.origin.partner in record.addressees
    if named != (record.id, record.digest, record.type, record.issuer_scid) or not is_between_them:
        raise ProtocolError("certificate.placement-mismatch", record=record.id)
    if salt is not None and objects.commitment(salt, record.data).hex() != certificate.leaf_commitment:
        raise ProtocolError("certificate.placement-mismatch", record=record.id)


def check_person(certificate: Certificate, person: Person) -> None:
    """Raises ProtocolError (``certificate.person-mismatch``) unless a certificate is about this person."""
    if person.commitment != certificate.commitment:
        raise ProtocolError("certificate.person-mismatch", certificate=certificate.id)
