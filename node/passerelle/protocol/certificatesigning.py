"""Writing certificates and endorsements: from what they say to the canonical bytes that a volunteer carries home.

What they are and how a reader checks them is in :mod:`passerelle.protocol.certificates`; here
is written what that reads, and nothing leaves that it would refuse (spec/24-certificates.md, Issuing).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from passerelle.errors import ProtocolError
from passerelle.protocol import certificateforms as forms
from passerelle.protocol import certificates, profile, proofs
from passerelle.protocol.certificates import Certificate, Endorsement
from passerelle.protocol.keys import MULTIKEY_CHARS

if TYPE_CHECKING:
    from datetime import date, datetime

    from passerelle.protocol.keys import SigningKey
    from passerelle.protocol.origins import Origin
    from passerelle.protocol.profile import Json, JsonObject

_Document = TypeVar("_Document", Certificate, Endorsement)

_SUMS: Final = ("days", "hours")
"""In the order in which they stand."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs, and when.

    Args:
        did: Our DID as it stands now.
        name: What we are called, in the language of the document.
        signed: The time that decides which key counts; whole seconds.
    """

    did: str
    name: str
    signed: datetime


@dataclass(frozen=True, slots=True)
class Programme:
    """As what somebody served.

    Args:
        scheme: Code of the list ``scheme``.
        language: Of all texts, two or three letters.
        name: What the scheme is called.
        description: What the programme is.
        criteria: What had to be done for the certificate.
    """

    scheme: str
    language: str
    name: str
    description: str
    criteria: str


@dataclass(frozen=True, slots=True)
class Service:
    """The days that somebody served, both counted, and the sums where they are known.

    Args:
        first: The first day.
        last: The last day.
        days: Days of service, 1 or more, or None.
        hours: Hours of service, 1 or more, or None.
    """

    first: date
    last: date
    days: int | None = None
    hours: int | None = None


@dataclass(frozen=True, slots=True)
class Stand:
    """The placement's record, and the leaf at which it first stood.

    Args:
        id: Of the record.
        digest: Of the record, 64 hex digits.
        origin: The bilateral feed.
        index: Of the leaf, from 0.
        commitment: In the leaf, 64 hex digits.
    """

    id: str
    digest: str
    origin: Origin
    index: int
    commitment: str


def draft_certificate(
    *,
    id: str,  # noqa: A002  the document's member has this name
    name: str,
    issuer: Issuer,
    commitment: str,
    programme: Programme,
    service: Service,
    placement: Stand,
    role: str | None = None,
    narrative: str | None = None,
) -> JsonObject:
    """A certificate without its proof, for :func:`sign_certificate`.

    Args:
        id: ``urn:uuid:…``, random.
        name: What the document is called.
        issuer: Who signs it.
        commitment: To the person, 64 hex digits.
        programme: What it was.
        service: When, and how much.
        placement: What it stands on.
        role: As what the person served.
        narrative: Tasks, training.
    """
    subject: JsonObject = {
        "type": ["AchievementSubject"],
        "identifier": [
            {
                "hashed": True,
                "identityHash": f"sha256${commitment}",
                "identityType": "ext:passerelle-person-v1",
                "type": "IdentityObject",
            }
        ],
        "activityStartDate": f"{service.first.isoformat()}T00:00:00Z",
        "activityEndDate": f"{service.last.isoformat()}T00:00:00Z",
        "achievement": _achievement(programme),
    }
    more: JsonObject = {"role": role, "narrative": narrative, "result": results_of(service) or None}
    subject |= {member: value for member, value in more.items() if value is not None}
    leaf = f"urn:passerelle:leaf:{placement.origin.encode()}/{placement.index}/{placement.commitment}"
    return {
        **_shared(id, name, issuer),
        "type": [*forms.CERTIFICATE],
        "credentialSubject": subject,
        "relatedResource": _resource(placement.id, placement.digest),
        "evidence": [{"id": leaf, "type": ["Evidence"]}],
    }


def draft_endorsement(
    *,
    id: str,  # noqa: A002  likewise
    name: str,
    issuer: Issuer,
    certificate: Certificate,
) -> JsonObject:
    """An endorsement of exactly this certificate, without its proof, for :func:`sign_endorsement`.

    Args:
        id: ``urn:uuid:…``, random.
        name: What the document is called.
        issuer: Who signs it.
        certificate: Of which it is.
    """
    return {
        **_shared(id, name, issuer),
        "type": [*forms.ENDORSEMENT],
        "credentialSubject": {"id": certificate.id, "type": ["EndorsementSubject"]},
        "relatedResource": _resource(certificate.id, certificate.digest),
    }


def sign_certificate(value: JsonObject, key: SigningKey) -> tuple[bytes, Certificate]:
    """The canonical bytes of a signed certificate, and what a reader finds in them.

    Args:
        value: From :func:`draft_certificate`.
        key: A record key of ours, listed in our newest identity document.

    Raises:
        ValueError: A reader would refuse it.
    """
    return _sign(value, key, Certificate)


def sign_endorsement(value: JsonObject, key: SigningKey) -> tuple[bytes, Endorsement]:
    """The same of an endorsement, from :func:`draft_endorsement`."""
    return _sign(value, key, Endorsement)


def check_draft(value: JsonObject) -> None:
    """Refuses a draft that no reader would take once it is signed: while nothing is signed, and nothing written, yet.

    Args:
        value: From :func:`draft_certificate` or :func:`draft_endorsement`; its texts are whatever people gave.

    Raises:
        ProtocolError: As :func:`passerelle.protocol.certificates.parse`: ``json.too-large``, ``json.nul``,
            ``json.surrogate``, ``certificate.*``.
    """
    proof: JsonObject = {
        "@context": value["@context"],
        "created": value["validFrom"],
        "cryptosuite": proofs.CRYPTOSUITE,
        "proofPurpose": proofs.PURPOSE,
        "proofValue": proofs.LONGEST_PROOF_VALUE,
        "type": proofs.PROOF_TYPE,
        "verificationMethod": f"{_did(value)}#{'z' * MULTIKEY_CHARS}",
    }
    whole: JsonObject = {**value, "proof": proof}
    profile.check(whole)
    certificates.parse(profile.encode(whole))


def results_of(service: Service) -> list[Json]:
    """The sums as they stand in a certificate; those that are not known, or are nothing, are left out."""
    return [
        {"resultDescription": f"urn:passerelle:result:{member}", "type": ["Result"], "value": str(value)}
        for member in _SUMS
        if (value := getattr(service, member))
    ]


def _sign(value: JsonObject, key: SigningKey, kind: type[_Document]) -> tuple[bytes, _Document]:
    method = f"{_did(value)}#{key.multikey}"
    signed = proofs.sign(value, key, verification_method=method, created=str(value["validFrom"]))
    data = profile.encode(signed)
    try:
        parsed = certificates.parse(data)
    except ProtocolError as exc:
        raise ValueError(f"not a document that a reader accepts: {exc}") from exc
    if not isinstance(parsed, kind):
        raise TypeError("of another kind")
    return data, parsed


def _did(value: JsonObject) -> Json:
    issuer = value["issuer"]
    if not isinstance(issuer, dict):
        raise TypeError("not a draft")
    return issuer["id"]


def _shared(id_: str, name: str, issuer: Issuer) -> JsonObject:
    return {
        "@context": [*forms.CONTEXT],
        "id": id_,
        "name": name,
        "issuer": {"id": issuer.did, "name": issuer.name, "type": ["Profile"]},
        "validFrom": profile.format_time(issuer.signed),
    }


def _achievement(programme: Programme) -> JsonObject:
    return {
        "id": f"urn:passerelle:scheme:{programme.scheme}",
        "type": ["Achievement"],
        "achievementType": "CommunityService",
        "name": programme.name,
        "description": programme.description,
        "criteria": {"narrative": programme.criteria},
        "inLanguage": programme.language,
    }


def _resource(id_: str, digest: str) -> list[Json]:
    sri = f"sha256-{base64.b64encode(bytes.fromhex(digest)).decode('ascii')}"
    return [{"digestSRI": sri, "id": id_, "mediaType": "application/json"}]
