"""What the certificates and endorsements of ``certificates.json`` are made of (chapter 24)."""

from __future__ import annotations

import json
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from makers.common import Key, Tree, canonical, make_proof, seed
from makers.signed_records import OLD, Actors, header, record_id, sign

CONTEXTS: Final = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
SIGNED: Final = "2025-06-01T09:00:00Z"
"""After the service, before Togo replaces its record key."""
AFTER: Final = "2025-08-01T09:00:00Z"
"""Togo has replaced its record key, France its domain."""
ACTORS: Final = Actors()
TOGO, MALI, FRANCE = (ACTORS.scids[name] for name in ("togo", "mali", "france"))
MALIAN: Final = Key("mali/record/1")
MALI_DID: Final[str] = ACTORS.logs["mali"][0]["state"]["id"]
FRANCE_OLD, FRANCE_NEW = (entry["state"]["id"] for entry in ACTORS.logs["france"])
SALT: Final = seed("certificates/salt")[:16]
PERSON: Final = ("Afi Akouvi Mensah-Kpodo", "1998-04-07", SALT.hex())

Change = Callable[[Tree], object]


# --- the person --------------------------------------------------------------------------


def name_form(text: str) -> str:
    """The words of the machine readable zone, sorted."""
    letters = [one for one in unicodedata.normalize("NFD", text) if not 0x300 <= ord(one) <= 0x36F]
    spaced = "".join(" " if one in " -.,<" else one for one in letters if one not in "'\u2019")
    return " ".join(
        sorted("".join(one.upper() if "a" <= one <= "z" else one for one in spaced).split(" "))
    ).strip()


def person_commitment(name: str, born: str, salt: bytes) -> str:
    """Hex."""
    return sha256(
        b"passerelle/person/v1\0" + salt + born.encode() + b"\n" + name_form(name).encode()
    ).hexdigest()


# --- what a certificate stands on --------------------------------------------------------


def placement(**changes: Any) -> Tree:
    """Togo's record of the placement, for Mali."""
    body = {
        "agreement": {"id": record_id("certified agreement"), "digest": seed("certified agreement").hex()},
        "direction": {
            "from": {"agency": MALI, "country": "ML"},
            "to": {"agency": TOGO, "country": "TG"},
        },
        "scheme": "vsi",
        "volunteer": "ML-4T7K2P",
        "postings": [{"organisation": {"name": "Bibliothèque du quartier (fictive)"}}],
        "planned": "2025-02-03/2025-05-30",
        "actual": "2025-02-03/2025-05-30",
        "synthetic": True,
    }
    named: Tree = {"type": "placement", "schema": "urn:passerelle:schema:placement:1.0", "body": body}
    return sign(header(ACTORS, "certified", to=("mali",), **named | changes))


RECORD_SALT: Final = seed("certificates/record salt")
ORIGIN: Final = f"passerelle/{TOGO}/to/{MALI}/1"
INDEX: Final = 17


def commitment_of(record: bytes, salt: bytes = RECORD_SALT) -> str:
    """Chapter 06."""
    return sha256(b"passerelle/commitment/v1\0" + salt + record).hexdigest()


def leaf_name(origin: str = ORIGIN, index: int = INDEX, record: Tree | None = None) -> str:
    """The leaf as a certificate names it."""
    return f"urn:passerelle:leaf:{origin}/{index}/{commitment_of(canonical(record or placement()))}"


def resource(identifier: str, document: Tree) -> list[Tree]:
    """Something named by identifier and digest."""
    digest = b64encode(sha256(canonical(document)).digest()).decode()
    return [{"digestSRI": f"sha256-{digest}", "id": identifier, "mediaType": "application/json"}]


# --- documents ---------------------------------------------------------------------------


def attest(document: Tree, key: Key = OLD, *, method: str | None = None, **proof_changes: Any) -> Tree:
    """The document with its proof."""
    named = method or f"{document['issuer']['id']}#{key.multikey}"
    created = proof_changes.pop("created", document["validFrom"])
    return {**document, "proof": make_proof(document, key, named, created, **proof_changes)}


def issuer(did: str, name: str) -> Tree:
    """An issuer."""
    return {"id": did, "name": name, "type": ["Profile"]}


def bare(name: str = "certificate", change: Change | None = None, **changes: Any) -> Tree:
    """A certificate of Togo without proof; ``change`` spoils a copy, ``changes`` replace members, None removes one."""
    document: Tree = {
        "@context": CONTEXTS,
        "id": record_id(name),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Attestation de volontariat",
        "issuer": issuer(ACTORS.did, "Agence du volontariat (fictive)"),
        "validFrom": SIGNED,
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "hashed": True,
                    "identityHash": f"sha256${person_commitment(PERSON[0], PERSON[1], SALT)}",
                    "identityType": "ext:passerelle-person-v1",
                    "type": "IdentityObject",
                }
            ],
            "activityStartDate": "2025-02-03T00:00:00Z",
            "activityEndDate": "2025-05-30T00:00:00Z",
            "achievement": {
                "id": "urn:passerelle:scheme:vsi",
                "type": ["Achievement"],
                "achievementType": "CommunityService",
                "name": "Volontariat de solidarité internationale",
                "description": "Appui à une bibliothèque de quartier",
                "criteria": {"narrative": "Mission accomplie jusqu’à son terme"},
                "inLanguage": "fr",
            },
        },
        "relatedResource": resource(placement()["id"], placement()),
        "evidence": [{"id": leaf_name(), "type": ["Evidence"]}],
    }
    changed = {name: value for name, value in (document | changes).items() if value is not None}
    copy: Tree = json.loads(canonical(changed))
    if change is not None:
        change(copy)
    return copy


def endorsement(certificate: Tree, name: str = "endorsement", **changes: Any) -> Tree:
    """Mali's endorsement, without proof."""
    document: Tree = {
        "@context": CONTEXTS,
        "id": record_id(name),
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Attestation de l’agence d’envoi",
        "issuer": issuer(MALI_DID, "Centre du volontariat (fictif)"),
        "validFrom": "2025-06-03T09:00:00Z",
        "credentialSubject": {"id": certificate["id"], "type": ["EndorsementSubject"]},
        "relatedResource": resource(certificate["id"], certificate),
    }
    return {name: value for name, value in (document | changes).items() if value is not None}


def full(document: Tree) -> object:
    """Every optional member."""
    subject = document["credentialSubject"]
    subject["role"] = "Bibliothécaire"
    subject["narrative"] = "Animation, catalogue ; formation avant le départ : 5 jours"
    subject["result"] = [
        {"resultDescription": f"urn:passerelle:result:{what}", "type": ["Result"], "value": value}
        for what, value in (("days", "117"), ("hours", "640"))
    ]
    subject["achievement"]["alignment"] = [
        {
            "targetName": "animer un groupe",
            "targetUrl": "https://skills.example/group",
            "type": ["Alignment"],
        },
        {"targetName": "cataloguer", "targetUrl": "urn:example:skill:1", "type": ["Alignment"]},
    ]
    return document


def french(**changes: Any) -> Tree:
    """A certificate of France, the partner in Togo's feed to it."""
    name = "Agence de France (fictive)"
    origin = f"passerelle/{TOGO}/to/{FRANCE}/1"
    evidence = [{"id": leaf_name(origin), "type": ["Evidence"]}]
    return bare("french", issuer=issuer(FRANCE_OLD, name), evidence=evidence) | changes


def text_of(document: Tree) -> str:
    """Canonical."""
    return canonical(document).decode()


# --- changes -----------------------------------------------------------------------------


def put(*path: Any, to: Any) -> Change:
    """A change of one member, deep inside; None removes it."""

    def change(document: Tree) -> None:
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        if to is None:
            del at[path[-1]]
        else:
            at[path[-1]] = to

    return change


def changed_copy(document: Tree, *path: Any, to: Any) -> Tree:
    """The same with one member changed."""
    copy: Tree = json.loads(canonical(document))
    put(*path, to=to)(copy)
    return copy
