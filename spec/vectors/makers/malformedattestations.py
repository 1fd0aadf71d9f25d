"""The certificates and endorsements of ``certificates.json`` that are refused by their form alone."""

from __future__ import annotations

from typing import Any, Final

from makers.attestations import (
    ACTORS,
    CONTEXTS,
    FRANCE,
    MALI,
    MALIAN,
    PERSON,
    SALT,
    SIGNED,
    TOGO,
    Change,
    attest,
    bare,
    endorsement,
    full,
    leaf_name,
    put,
    resource,
    text_of,
)
from makers.common import Tree
from makers.signed_records import OLD, record_id


def malformed() -> list[Tree]:
    """Members, forms, proofs and bytes (D-1 to D-4, D-6, D-15)."""

    def case(name: str, rule: str, change: Change, code: str = "certificate.malformed") -> Tree:
        document = bare("malformed", full)
        change(document)
        signed = attest(document, created=SIGNED, method=f"{ACTORS.did}#{OLD.multikey}")
        return {"name": name, "rule": rule, "code": code, "data": text_of(signed)}

    subject, achievement = "credentialSubject", ("credentialSubject", "achievement")
    tag, strange = ("credentialSubject", "identifier", 0), f"passerelle/{MALI}/to/{FRANCE}/1"
    return [
        case("a name beside the commitment", "D-3", put(subject, "name", to=PERSON[0])),
        case("an id of the person", "D-3", put(subject, "id", to="did:example:afi")),
        case("a photograph", "D-3", put("image", to={"id": "data:,", "type": "Image"})),
        case(
            "a status to be asked for elsewhere",
            "D-3",
            put("credentialStatus", to={"id": "https://a.example"}),
        ),
        case("no placement", "D-3", put("relatedResource", to=None)),
        case("the salt beside the commitment", "D-3", put(*tag, "salt", to=SALT.hex())),
        case("a grade", "D-3", put(subject, "result", 0, "status", to="Completed")),
        case("another context", "D-4", put("@context", 1, to="https://example.org/context")),
        case("a context more", "D-4", put("@context", to=[*CONTEXTS, "urn:passerelle:v1"])),
        case("another type", "D-4", put("type", 1, to="AchievementCredential")),
        case("an id that is no UUID", "D-4", put("id", to="https://togo.example/1")),
        case("an issuer as a string", "D-4", put("issuer", to=ACTORS.did)),
        case("an issuer that is no did:webvh", "D-4", put("issuer", "id", to="did:web:togo.example")),
        case("an empty text", "D-4", put("name", to="")),
        case("a text that is no string", "D-4", put(*achievement, "name", to={"fr": "Volontariat"})),
        case("a time with an offset", "D-4", put("validFrom", to="2025-06-01T09:00:00+00:00")),
        case("an end before the beginning", "D-4", put("validUntil", to=SIGNED)),
        case("a day with a time", "D-4", put(subject, "activityEndDate", to="2025-05-30T12:00:00Z")),
        case(
            "a day that does not exist", "D-4", put(subject, "activityStartDate", to="2025-02-30T00:00:00Z")
        ),
        case(
            "an end before the service began",
            "D-4",
            put(subject, "activityEndDate", to="2025-02-02T00:00:00Z"),
        ),
        case(
            "a service that is not done yet",
            "D-4",
            put(subject, "activityEndDate", to="2025-06-02T00:00:00Z"),
        ),
        case("another kind of identity", "D-4", put(*tag, "identityType", to="emailAddress")),
        case("a name that is not hashed", "D-4", put(*tag, "hashed", to=False)),
        case("a hash in capitals", "D-4", put(*tag, "identityHash", to="sha256$" + "A" * 64)),
        case("two persons", "D-4", put(subject, "identifier", to=[bare()[subject]["identifier"][0]] * 2)),
        case("no scheme", "D-4", put(*achievement, "id", to="https://togo.example/vsi")),
        case("another kind of achievement", "D-4", put(*achievement, "achievementType", to="Diploma")),
        case("a language by its name", "D-4", put(*achievement, "inLanguage", to="French")),
        case("no skill in the list", "D-4", put(*achievement, "alignment", to=[])),
        case("a skill at no address", "D-4", put(*achievement, "alignment", 0, "targetUrl", to="group")),
        *(
            case(f"a skill at {to!r}", "D-4", put(*achievement, "alignment", 0, "targetUrl", to=to))
            for to in ("urn:", "https://", "https:/a.example", "urn:a b", "urn:\u00e9", "URN:a")
        ),
        case("hours before days", "D-4", put(subject, "result", to=bare("x", full)[subject]["result"][::-1])),
        case("hours with a zero before", "D-4", put(subject, "result", 1, "value", to="0640")),
        case("days as a number", "D-4", put(subject, "result", 0, "value", to=117)),
        case(
            "a digest of 20 bytes",
            "D-4",
            put("relatedResource", 0, "digestSRI", to="sha256-" + "A" * 26 + "=="),
        ),
        case(
            "a digest with stray bits",
            "D-4",
            put("relatedResource", 0, "digestSRI", to="sha256-" + "A" * 42 + "B="),
        ),
        case("another digest", "D-4", put("relatedResource", 0, "digestSRI", to="sha384-" + "A" * 43 + "=")),
        case("two placements", "D-4", put("relatedResource", to=resource(record_id("a"), {}) * 2)),
        case(
            "a leaf of a public feed",
            "D-4",
            put("evidence", 0, "id", to=leaf_name(f"passerelle/{TOGO}/public/1")),
        ),
        case(
            "an index with a zero before",
            "D-4",
            put("evidence", 0, "id", to=leaf_name().replace("/17/", "/017/")),
        ),
        case(
            "an index beyond the range of integers",
            "D-4",
            put("evidence", 0, "id", to=leaf_name(index=2**53)),
        ),
        case(
            "an index that no leaf can have",
            "D-4",
            put("evidence", 0, "id", to=leaf_name(index=2**53 - 1)),
        ),
        case("evidence elsewhere", "D-4", put("evidence", 0, "id", to="https://togo.example/leaf")),
        case(
            "a third agency",
            "D-15",
            put("evidence", 0, "id", to=leaf_name(strange)),
            "certificate.not-a-party",
        ),
        *(
            case(f"{'/'.join(map(str, path))} of another form", "D-4", put(*path, to=to))
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
        "a proof of nothing": None,
    }
    none = {name: value for name, value in good.items() if name != "proof"}
    return [
        {"name": "no proof", "rule": "D-3", "code": "certificate.malformed", "data": text_of(none)},
        *(
            {
                "name": name,
                "rule": "D-6",
                "code": "proof.malformed",
                "data": text_of({**good, "proof": value}),
            }
            for name, value in changed.items()
        ),
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
