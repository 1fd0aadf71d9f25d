"""``certificates.json``: certificates, endorsements, and what is asked about them (chapter 24)."""

from __future__ import annotations

import json
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import base58

from makers.common import SELF, Key, Tree, canonical, make_proof, seed
from makers.identities import NOW, encode_log
from makers.signed_records import FRENCH, NEW, OLD, Actors, header, record_id, sign

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


def make_certificates() -> Tree:
    """Documents, and what a reader concludes about each."""
    return {
        "chapter": "24",
        "about": "identities: logs by agency. valid: data is accepted under the log of its issuer with the clock at now; digest is "
        "that of D-5. malformed: data is refused by its form alone. refused: its form is good, and it is refused under the log of "
        "its issuer; outside tells what a W3C verifier of proofs says that resolves the issuer at validFrom. Of the other lists each case is about its own certificate, or where it has none about the first of valid: endorsed, "
        "an endorsement; leaves, placements, the leaf at its index or a record; statuses, records, each to be verified first; "
        "persons, what was typed. names: text and its form, null for none. code is null where nothing is wrong.",
        "made_by": SELF,
        "confirmed_by": ["@digitalbazaar/eddsa-jcs-2022-cryptosuite (npm) with didwebvh-ts (npm)"],
        "now": NOW,
        "identities": {name: encode_log(log) for name, log in ACTORS.logs.items()},
        "valid": _valid(),
        "malformed": _malformed(),
        "refused": _refused(),
        "endorsed": _endorsed(),
        "leaves": _leaves(),
        "placements": _placements(),
        "statuses": _statuses(),
        "names": _names(),
        "persons": _persons(),
    }


def text_of(document: Tree) -> str:
    """Canonical."""
    return canonical(document).decode()


def _french(**changes: Any) -> Tree:
    """A certificate of France, the partner in Togo's feed to it."""
    name = "Agence de France (fictive)"
    origin = f"passerelle/{TOGO}/to/{FRANCE}/1"
    evidence = [{"id": leaf_name(origin), "type": ["Evidence"]}]
    return bare("french", issuer=issuer(FRANCE_OLD, name), evidence=evidence) | changes


def _valid() -> list[Tree]:
    good = attest(bare())
    documents = {
        "a certificate": good,
        "every member": attest(bare("full", full, validUntil="2035-06-01T09:00:00Z")),
        "under the new key after the rotation": attest(bare("rotated", validFrom=AFTER), NEW),
        "by the partner, before its change of domain": attest(_french(), FRENCH),
        "by the partner, after its change of domain": attest(
            _french(issuer=issuer(FRANCE_NEW, "Agence de France (fictive)"), validFrom=AFTER), FRENCH
        ),
        "23 hours ahead": attest(bare("ahead", validFrom="2026-01-01T23:00:00Z"), NEW),
        "an endorsement": attest(endorsement(good), MALIAN),
    }
    cases = [
        {
            "name": name,
            "rule": "D-11",
            "data": text_of(document),
            "digest": sha256(canonical(document)).hexdigest(),
        }
        for name, document in documents.items()
    ]
    laid_out = json.dumps(good, indent=2) + "\n"
    again = {"name": "laid out anew, its letters as escapes", "rule": "D-5", "data": laid_out}
    return [*cases, again | {"digest": cases[0]["digest"]}]


# --- malformed ---------------------------------------------------------------------------


def _set(*path: Any, to: Any) -> Change:
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


def _malformed() -> list[Tree]:
    def case(name: str, rule: str, change: Change, code: str = "certificate.malformed") -> Tree:
        document = bare("malformed", full)
        change(document)
        signed = attest(document, created=SIGNED, method=f"{ACTORS.did}#{OLD.multikey}")
        return {"name": name, "rule": rule, "code": code, "data": text_of(signed)}

    subject, achievement = "credentialSubject", ("credentialSubject", "achievement")
    tag, strange = ("credentialSubject", "identifier", 0), f"passerelle/{MALI}/to/{FRANCE}/1"
    return [
        case("a name beside the commitment", "D-3", _set(subject, "name", to=PERSON[0])),
        case("an id of the person", "D-3", _set(subject, "id", to="did:example:afi")),
        case("a photograph", "D-3", _set("image", to={"id": "data:,", "type": "Image"})),
        case(
            "a status to be asked for elsewhere",
            "D-3",
            _set("credentialStatus", to={"id": "https://a.example"}),
        ),
        case("no placement", "D-3", _set("relatedResource", to=None)),
        case("the salt beside the commitment", "D-3", _set(*tag, "salt", to=SALT.hex())),
        case("a grade", "D-3", _set(subject, "result", 0, "status", to="Completed")),
        case("another context", "D-4", _set("@context", 1, to="https://example.org/context")),
        case("a context more", "D-4", _set("@context", to=[*CONTEXTS, "urn:passerelle:v1"])),
        case("another type", "D-4", _set("type", 1, to="AchievementCredential")),
        case("an id that is no UUID", "D-4", _set("id", to="https://togo.example/1")),
        case("an issuer as a string", "D-4", _set("issuer", to=ACTORS.did)),
        case("an issuer that is no did:webvh", "D-4", _set("issuer", "id", to="did:web:togo.example")),
        case("an empty text", "D-4", _set("name", to="")),
        case("a text that is no string", "D-4", _set(*achievement, "name", to={"fr": "Volontariat"})),
        case("a time with an offset", "D-4", _set("validFrom", to="2025-06-01T09:00:00+00:00")),
        case("an end before the beginning", "D-4", _set("validUntil", to=SIGNED)),
        case("a day with a time", "D-4", _set(subject, "activityEndDate", to="2025-05-30T12:00:00Z")),
        case(
            "a day that does not exist", "D-4", _set(subject, "activityStartDate", to="2025-02-30T00:00:00Z")
        ),
        case(
            "an end before the service began",
            "D-4",
            _set(subject, "activityEndDate", to="2025-02-02T00:00:00Z"),
        ),
        case(
            "a service that is not done yet",
            "D-4",
            _set(subject, "activityEndDate", to="2025-06-02T00:00:00Z"),
        ),
        case("another kind of identity", "D-4", _set(*tag, "identityType", to="emailAddress")),
        case("a name that is not hashed", "D-4", _set(*tag, "hashed", to=False)),
        case("a hash in capitals", "D-4", _set(*tag, "identityHash", to="sha256$" + "A" * 64)),
        case("two persons", "D-4", _set(subject, "identifier", to=[bare()[subject]["identifier"][0]] * 2)),
        case("no scheme", "D-4", _set(*achievement, "id", to="https://togo.example/vsi")),
        case("another kind of achievement", "D-4", _set(*achievement, "achievementType", to="Diploma")),
        case("a language by its name", "D-4", _set(*achievement, "inLanguage", to="French")),
        case("no skill in the list", "D-4", _set(*achievement, "alignment", to=[])),
        case("a skill at no address", "D-4", _set(*achievement, "alignment", 0, "targetUrl", to="group")),
        case(
            "hours before days", "D-4", _set(subject, "result", to=bare("x", full)[subject]["result"][::-1])
        ),
        case("hours with a zero before", "D-4", _set(subject, "result", 1, "value", to="0640")),
        case("days as a number", "D-4", _set(subject, "result", 0, "value", to=117)),
        case(
            "a digest of 20 bytes",
            "D-4",
            _set("relatedResource", 0, "digestSRI", to="sha256-" + "A" * 26 + "=="),
        ),
        case(
            "a digest with stray bits",
            "D-4",
            _set("relatedResource", 0, "digestSRI", to="sha256-" + "A" * 42 + "B="),
        ),
        case("another digest", "D-4", _set("relatedResource", 0, "digestSRI", to="sha384-" + "A" * 43 + "=")),
        case("two placements", "D-4", _set("relatedResource", to=resource(record_id("a"), {}) * 2)),
        case(
            "a leaf of a public feed",
            "D-4",
            _set("evidence", 0, "id", to=leaf_name(f"passerelle/{TOGO}/public/1")),
        ),
        case(
            "an index with a zero before",
            "D-4",
            _set("evidence", 0, "id", to=leaf_name().replace("/17/", "/017/")),
        ),
        case(
            "an index beyond the range of integers",
            "D-4",
            _set("evidence", 0, "id", to=leaf_name(index=2**53)),
        ),
        case("evidence elsewhere", "D-4", _set("evidence", 0, "id", to="https://togo.example/leaf")),
        case(
            "a third agency",
            "D-15",
            _set("evidence", 0, "id", to=leaf_name(strange)),
            "certificate.not-a-party",
        ),
        *(
            case(f"{'/'.join(map(str, path))} of another form", "D-4", _set(*path, to=to))
            for path, to in _STRAY
        ),
        *_malformed_proofs(),
        *_malformed_bytes(),
        *_malformed_endorsements(),
    ]


_SUBJECT: Final = "credentialSubject"
_STRAY: Final[tuple[tuple[tuple[Any, ...], Any], ...]] = (
    (("issuer", "type"), ["Organization"]),
    (("issuer", "name"), ""),
    ((_SUBJECT, "type"), "AchievementSubject"),
    ((_SUBJECT, "role"), ""),
    ((_SUBJECT, "narrative"), ["a", "b"]),
    ((_SUBJECT, "identifier"), {"0": {}}),
    ((_SUBJECT, "identifier", 0, "type"), "IdentityHash"),
    ((_SUBJECT, "identifier", 0, "hashed"), 1),
    ((_SUBJECT, "achievement", "type"), "Achievement"),
    ((_SUBJECT, "achievement", "name"), ""),
    ((_SUBJECT, "achievement", "description"), ""),
    ((_SUBJECT, "achievement", "criteria", "narrative"), ""),
    ((_SUBJECT, "achievement", "alignment", 0, "type"), ["Skill"]),
    ((_SUBJECT, "achievement", "alignment", 0, "targetName"), ""),
    ((_SUBJECT, "result", 0, "type"), ["Sum"]),
    ((_SUBJECT, "result", 0, "resultDescription"), "urn:passerelle:result:weeks"),
    (("relatedResource",), {"0": {}}),
    (("relatedResource", 0, "id"), "https://togo.example/placement"),
    (("relatedResource", 0, "mediaType"), "text/plain"),
    (("evidence", 0, "type"), "Evidence"),
)


def _malformed_proofs() -> list[Tree]:
    good = attest(bare("malformed"))
    proof: Tree = good["proof"]
    changed: dict[str, Any] = {
        "a list of proofs": [proof],
        "two proofs": [proof, proof],
        "no context in the proof": {name: value for name, value in proof.items() if name != "@context"},
        "a proof that expires": {**proof, "expires": "2030-01-01T00:00:00Z"},
        "a proof for one reader": {**proof, "domain": "school.example"},
    }
    return [
        {"name": name, "rule": "D-6", "code": "proof.malformed", "data": text_of({**good, "proof": value})}
        for name, value in changed.items()
    ]


def _malformed_bytes() -> list[Tree]:
    text = text_of(attest(bare("malformed")))
    twice = text.replace('"validFrom":', '"validFrom":"2020-01-01T00:00:00Z","validFrom":')
    large = text.replace("Attestation", "A" * 65536, 1)
    told = [
        ("a member twice", "D-1", "json.duplicate-member", twice),
        ("a list", "D-1", "certificate.malformed", f"[{text}]"),
        ("two documents", "D-1", "json.syntax", text + text),
        ("a fraction", "D-1", "json.not-an-integer", text.replace('"hashed":true', '"hashed":0.5')),
        ("cut off", "D-1", "json.syntax", text[:-1]),
        ("too large", "D-2", "json.too-large", large),
    ]
    return [{"name": name, "rule": rule, "code": code, "data": data} for name, rule, code, data in told]


def _malformed_endorsements() -> list[Tree]:
    good = attest(bare())
    spoilt: dict[str, Tree] = {
        "an endorsement with a comment": {
            "credentialSubject": {
                "id": good["id"],
                "type": ["EndorsementSubject"],
                "endorsementComment": "bien",
            }
        },
        "an endorsement by another name": {"type": ["VerifiableCredential", "EndorsementSubject"]},
        "an endorsement of another kind of subject": {
            "credentialSubject": {"id": good["id"], "type": ["AchievementSubject"]}
        },
        "an endorsement that ends": {"validUntil": "2030-01-01T00:00:00Z"},
        "an endorsement of two": {"relatedResource": resource(good["id"], good) * 2},
        "an endorsement with two ids": {"relatedResource": resource(record_id("another"), good)},
    }
    rules = ("D-3", "D-4", "D-4", "D-3", "D-4", "D-4")
    return [
        {"name": name, "rule": rule, "code": "certificate.malformed"}
        | {"data": text_of(attest(endorsement(good, **changes), MALIAN))}
        for rule, (name, changes) in zip(rules, spoilt.items(), strict=True)
    ]


# --- refused -----------------------------------------------------------------------------


def _refused() -> list[Tree]:
    good = attest(bare("refused"))
    proof: Tree = good["proof"]
    moved = ACTORS.did.replace("togo.example", "elsewhere.example")
    signature = base58.b58decode(proof["proofValue"][1:])
    flipped = "z" + base58.b58encode(bytes([signature[0] ^ 1]) + signature[1:]).decode()
    mali_method = f"{MALI_DID}#{MALIAN.multikey}"

    def reproof(**changes: Any) -> Tree:
        return {**good, "proof": {**proof, **changes}}

    told: list[tuple[str, str, str, Tree]] = [
        ("a text changed after signing", "D-11", "proof.invalid", {**good, "name": "Diplôme"}),
        ("another person", "D-11", "proof.invalid", _changed(good, "credentialSubject", "identifier", 0, "identityHash", to="sha256$" + "0" * 64)),
        ("a longer service", "D-11", "proof.invalid", _changed(good, "credentialSubject", "activityStartDate", to="2024-02-03T00:00:00Z")),
        ("an end taken away", "D-11", "proof.invalid", _changed(attest(bare("refused", validUntil=AFTER)), "validUntil", to=None)),
        ("one bit of the signature", "D-11", "proof.invalid", reproof(proofValue=flipped)),
        ("a signature by another key", "D-11", "proof.invalid", attest(bare("refused"), Key("stranger"), method=proof["verificationMethod"])),
        ("63 bytes of signature", "D-6", "proof.malformed", reproof(proofValue="z" + base58.b58encode(signature[:63]).decode())),
        ("another cryptosuite", "D-6", "proof.malformed", attest(bare("refused"), cryptosuite="eddsa-rdfc-2022")),
        ("another purpose", "D-6", "proof.malformed", attest(bare("refused"), proofPurpose="authentication")),
        ("contexts of document and proof differ", "D-7", "proof.context-mismatch", attest(bare("refused"), **{"@context": CONTEXTS[:1]})),
        ("valid before it was signed", "D-8", "certificate.time-mismatch", attest(bare("refused"), created="2025-06-01T09:00:01Z")),
        ("created is no time", "D-8", "certificate.time-mismatch", attest(bare("refused"), created="yesterday")),
        ("valid before it was signed, under a key that no entry names", "D-8", "certificate.time-mismatch", attest(bare("refused"), Key("stranger"), created="2025-06-01T09:00:01Z")),
        ("contexts that differ, under a key that no entry names", "D-7", "proof.context-mismatch", attest(bare("refused"), Key("stranger"), **{"@context": CONTEXTS[:1]})),
        ("before the identity began", "D-9", "certificate.issuer-unknown", attest(_before())),
        ("the former DID after a change of domain", "D-9", "certificate.issuer-unknown", attest(_french(validFrom=AFTER), FRENCH)),
        ("a DID on another domain", "D-10", "key.unknown", attest(bare("refused", issuer=issuer(moved, "Agence")))),
        ("the key of another DID", "D-10", "key.not-valid-then", attest(bare("refused"), method=f"{moved}#{OLD.multikey}")),
        ("the key of another agency", "D-10", "key.not-valid-then", attest(bare("refused"), MALIAN, method=mali_method)),
        ("a key that no entry names", "D-10", "key.unknown", attest(bare("refused"), Key("stranger"))),
        ("a request key", "D-10", "key.unknown", attest(bare("refused"), Key("togo/request/1"))),
        ("a key that was retired", "D-10", "key.not-valid-then", attest(bare("refused", validFrom=AFTER))),
        ("a key that was not yet listed", "D-10", "key.not-valid-then", attest(bare("refused"), NEW)),
        ("more than 24 hours ahead", "D-12", "certificate.ahead", attest(bare("refused", validFrom="2026-01-02T00:00:01Z"), NEW)),
        ("expired", "D-21", "certificate.expired", attest(bare("refused", validUntil="2025-12-31T23:59:59Z"))),
        ("expired at this second", "D-21", "certificate.expired", attest(bare("refused", validUntil=NOW))),
        ("an endorsement changed after signing", "D-11", "proof.invalid", {**attest(endorsement(good), MALIAN), "name": "Diplôme"}),
    ]  # fmt: skip
    return [
        {"name": name, "rule": rule, "code": code, "outside": _outside(name, rule), "data": text_of(document)}
        for name, rule, code, document in told
    ]


def _outside(name: str, rule: str) -> str:
    """What a verifier of proofs alone says: times are no matter of a proof."""
    return "accepts" if rule in {"D-12", "D-21"} or name == "valid before it was signed" else "rejects"


def _before() -> Tree:
    document = bare("refused", validFrom="2025-01-10T07:59:59Z")
    for day in ("activityStartDate", "activityEndDate"):
        document["credentialSubject"][day] = "2025-01-02T00:00:00Z"
    return document


def _changed(document: Tree, *path: Any, to: Any) -> Tree:
    copy: Tree = json.loads(canonical(document))
    _set(*path, to=to)(copy)
    return copy


# --- beside a certificate ----------------------------------------------------------------


def _endorsed() -> list[Tree]:
    good = attest(bare())
    other = attest(bare("another"))
    again = attest(bare(name="certificate", validUntil="2035-01-01T00:00:00Z"))
    early = endorsement(good, validFrom="2025-06-01T08:59:59Z")
    togo, france = issuer(ACTORS.did, "Agence"), issuer(FRANCE_OLD, "Agence")
    told: list[tuple[str, str, str | None, Tree]] = [
        ("by the other agency", "D-18", None, attest(endorsement(good), MALIAN)),
        ("of another certificate", "D-18", "certificate.endorses-another", attest(endorsement(other), MALIAN)),
        ("of the same id, with another digest", "D-18", "certificate.endorses-another", attest(endorsement(again), MALIAN)),
        ("by the issuer itself", "D-19", "certificate.not-a-party", attest(endorsement(good, issuer=togo))),
        ("by a third agency", "D-19", "certificate.not-a-party", attest(endorsement(good, issuer=france), FRENCH)),
        ("earlier than the certificate", "D-20", "certificate.time-mismatch", attest(early, MALIAN)),
    ]  # fmt: skip
    return [
        {"name": name, "rule": rule, "code": code, "data": text_of(data)} for name, rule, code, data in told
    ]


def _leaves() -> list[Tree]:
    commitment = commitment_of(canonical(placement()))
    sealed = {"commitment": commitment, "kind": "sealed"}
    told: list[tuple[str, str | None, Tree]] = [
        ("the leaf", None, sealed),
        ("another commitment", "certificate.leaf-mismatch", sealed | {"commitment": seed("another").hex()}),
        (
            "no sealed leaf",
            "certificate.leaf-mismatch",
            {"index": 3, "kind": "erased", "reason": "retention-end"},
        ),
        ("an unknown kind with the commitment", "certificate.leaf-mismatch", sealed | {"kind": "sealed-2"}),
    ]
    return [{"name": name, "rule": "D-16", "code": code, "leaf": text_of(leaf)} for name, code, leaf in told]


def _placements() -> list[Tree]:
    good = placement()
    event = placement(type="event", schema="urn:passerelle:schema:event:1.0")
    malian = sign({**header(ACTORS, "certified"), **{k: v for k, v in good.items() if k != "proof"}, "issuer": MALI_DID, "audience": [TOGO], "seen": {TOGO: {"feed": 1, "size": 0}}}, MALIAN)  # fmt: skip
    third = "Qm" + "1" * 44
    elsewhere = placement(audience=[third], seen={third: {"feed": 1, "size": 0}})
    mismatch = "certificate.placement-mismatch"
    salts = {
        "the record with its salt": RECORD_SALT.hex(),
        "the record with another salt": seed("another").hex(),
    }

    def naming(record: Tree, identifier: str | None = None) -> str:
        named = resource(identifier or record["id"], record)
        return text_of(attest(bare(relatedResource=named)))

    told: list[tuple[str, str, str | None, str, str]] = [
        ("the record", "D-17", None, naming(good), text_of(good)),
        ("the record with its salt", "D-17", None, naming(good), text_of(good)),
        ("the record with another salt", "D-17", mismatch, naming(good), text_of(good)),
        ("a next version", "D-17", mismatch, naming(good), text_of(placement(version=2, previous="0" * 64))),
        ("another id", "D-17", mismatch, naming(good, record_id("another")), text_of(good)),
        ("a record of another type", "D-17", mismatch, naming(event), text_of(event)),
        ("a record of the partner", "D-17", mismatch, naming(malian), text_of(malian)),
        ("a record to a third agency", "D-17", mismatch, naming(elsewhere), text_of(elsewhere)),
        ("a record laid out anew", "J-12", "json.not-canonical", naming(good), text_of(good) + "\n"),
    ]
    return [
        {"name": name, "rule": rule, "code": code, "certificate": certificate, "record": record}
        | {"salt": salts.get(name)}
        for name, rule, code, certificate, record in told
    ]


def _statuses() -> list[Tree]:
    good = attest(bare())
    digest = sha256(canonical(good)).hexdigest()

    def status(name: str, *items: Any, key: Key = NEW, **changes: Any) -> Tree:
        own: Tree = {
            "type": "certificate-status",
            "schema": "urn:passerelle:schema:certificate-status:1.0",
            "issued": "2025-10-01T10:00:00Z",
            "body": {"items": [*items]},
        }
        return sign(header(ACTORS, f"status {name}", **own | changes), key)

    revoked, confirmed = {"digest": digest, "status": "revoked"}, {"digest": digest, "status": "confirmed"}
    other = {"digest": seed("another").hex(), "status": "revoked"}
    malian = status("mali", revoked, key=MALIAN, issuer=MALI_DID)
    private = status("private", revoked, audience=[MALI], seen={MALI: {"feed": 1, "size": 0}})
    strange: list[Any] = ["x", {"digest": digest}, {"digest": 1, "status": "revoked"}, {**other, "since": 1}]
    told: list[tuple[str, str, str | None, list[Tree]]] = [
        ("no record", "D-22", None, []),
        ("another certificate", "D-22", None, [status("other", other)]),
        ("revoked", "D-22", "certificate.revoked", [status("revoked", other, revoked)]),
        ("revoked, by an item with a member more", "D-22", "certificate.revoked", [status("more", {**revoked, "note": "x"})]),
        ("revoked beside items of another form", "D-22", "certificate.revoked", [status("strange", *strange, revoked)]),
        ("a status of later", "D-22", None, [status("later", {**revoked, "status": "suspended"}, *strange)]),
        ("items that are no list", "D-22", None, [status("none", body={"items": revoked})]),
        ("a record of another type", "D-22", None, [status("visit", revoked, type="visit", schema="urn:passerelle:schema:visit:1.0")]),
        ("revoked in a record for one partner", "D-22", None, [private]),
        ("revoked by the other agency", "D-23", None, [malian]),
        ("confirmed after it was revoked", "D-24", "certificate.revoked", [status("revoked", revoked), status("confirmed", confirmed)]),
        ("confirmed before it was revoked", "D-24", "certificate.revoked", [status("confirmed", confirmed), status("revoked", revoked)]),
        ("confirmed", "D-22", None, [status("confirmed", confirmed)]),
    ]  # fmt: skip
    return [
        {"name": name, "rule": rule, "code": code, "records": [text_of(one) for one in records]}
        for name, rule, code, records in told
    ]


def _names() -> list[Tree]:
    readable = (
        PERSON[0],
        "MENSAH-KPODO<<AFI<AKOUVI",
        "  afi   akouvi, mensah kpodo ",
        "Kòffi Agbék\u0301o\u0302",
        "N’Guessan Amenan",
        "D'Almeida J.-P.",
        "A",
        "A" * 100,
    )
    unreadable = (
        "",
        " - ",
        "Ŋoma Kofi",
        "Ɛdem",
        "علي",
        "Ana 2",
        "A" * 101,
        "Groß",
        "Ana\tB",
        "Ana\nB",
        "A_B",
        "Æ",
        "\u0301",
    )
    return [
        *(
            {"name": f"{text[:24]!a}", "rule": "D-13", "text": text, "form": name_form(text)}
            for text in readable
        ),
        *({"name": f"{text[:24]!a}", "rule": "D-13", "text": text, "form": None} for text in unreadable),
    ]


def _persons() -> list[Tree]:
    name, born, salt = PERSON
    spaced = " ".join(salt[at : at + 4] for at in range(0, 32, 4))
    mismatch, unreadable = "certificate.person-mismatch", "certificate.person-unreadable"
    told: list[tuple[str, str, str | None, tuple[str, str, str]]] = [
        ("the person", "D-14", None, PERSON),
        ("by the passport's zone, the salt in groups", "D-14", None, ("MENSAH<KPODO<<AFI<AKOUVI", born, spaced.upper())),
        ("names in another order", "D-14", None, ("Mensah-Kpodo Afi Akouvi", born, "-".join(salt))),
        ("another name", "D-14", mismatch, ("Afi Akouvi Mensah", born, salt)),
        ("a sister", "D-14", mismatch, ("Ama Akouvi Mensah-Kpodo", born, salt)),
        ("another birth date", "D-14", mismatch, (name, "1998-07-04", salt)),
        ("less of the birth date", "D-14", mismatch, (name, "1998-04", salt)),
        ("another salt", "D-14", mismatch, (name, born, seed("another")[:16].hex())),
        ("a name that cannot be read", "D-13", unreadable, ("Ɛdem Mensah", born, salt)),
        ("a day that does not exist", "D-13", unreadable, (name, "1998-02-30", salt)),
        ("a month that does not exist", "D-13", unreadable, (name, "1998-13", salt)),
        ("the year 0", "D-13", unreadable, (name, "0000", salt)),
        ("a birth date as people write it", "D-13", unreadable, (name, "07/04/1998", salt)),
        ("31 digits of salt", "D-13", unreadable, (name, born, salt[:-1])),
        ("a salt with a letter", "D-13", unreadable, (name, born, "g" + salt[1:])),
        ("no salt", "D-13", unreadable, (name, born, "")),
    ]  # fmt: skip
    return [
        {"name": what, "rule": rule, "code": code}
        | dict(zip(("person", "birth_date", "salt"), typed, strict=True))
        for what, rule, code, typed in told
    ] + [_year_only()]


def _year_only() -> Tree:
    """A person whose passport has no more than the year."""
    digest = person_commitment("Kossi Agbeko", "1985", SALT)
    document = _changed(
        bare("year"), "credentialSubject", "identifier", 0, "identityHash", to=f"sha256${digest}"
    )
    return {
        "name": "a birth date of which only the year is known",
        "rule": "D-13",
        "code": None,
        "certificate": text_of(attest(document)),
        "person": "Kossi AGBEKO",
        "birth_date": "1985",
        "salt": SALT.hex(),
    }
