"""``records.json`` and ``proofs.json``: records accepted and refused (chapter 04)."""

from __future__ import annotations

import json
import uuid
from hashlib import sha256
from typing import Any, Final

import base58

from makers.common import CONTEXT, SELF, Key, Tree, canonical, hash_data, make_proof, seed
from makers.identities import NOW, encode_log, moved_entries, one_entry, scid_of, three_entries

ISSUED: Final = "2025-03-21T10:00:00Z"
OTHER_CONTEXT: Final[Any] = {"@context": ["urn:passerelle:v2"]}
MORE_CONTEXTS: Final[Any] = {"@context": [*CONTEXT, "urn:example:other"]}
OLD: Final = Key("togo/record/1")
NEW: Final = Key("togo/record/2")
FRENCH: Final = Key("france/record/1")


class Actors:
    """The three agencies of the vectors."""

    def __init__(self) -> None:
        self.togo = three_entries("togo")
        self.logs = {"togo": self.togo, "mali": one_entry("mali"), "france": moved_entries("france")}
        self.scids = {name: scid_of(log) for name, log in self.logs.items()}
        self.did: str = self.togo[0]["state"]["id"]


def record_id(name: str) -> str:
    """A random-looking UUID of version 4."""
    return f"urn:uuid:{uuid.UUID(bytes=seed('id/' + name)[:16], version=4)}"


def header(actors: Actors, name: str, *, to: tuple[str, ...] = (), **changes: Any) -> Tree:
    """A record of Togo without proof; changes replace members, None removes one."""
    record: Tree = {
        "@context": CONTEXT,
        "id": record_id(name),
        "type": "offer",
        "schema": "urn:passerelle:schema:offer:1.0",
        "version": 1,
        "nonce": seed("nonce/" + name)[:16].hex(),
        "issuer": actors.did,
        "audience": "public",
        "issued": ISSUED,
        "body": {"title": {"fr": "Appui à une bibliothèque de quartier"}, "lang": ["fr"], "synthetic": True},
    }
    if to:
        record["audience"] = sorted(actors.scids[agency] for agency in to)
        record["seen"] = {scid: {"feed": 1, "size": 0} for scid in record["audience"]}
    return {name: value for name, value in (record | changes).items() if value is not None}


def sign(record: Tree, key: Key = OLD, *, method: str | None = None, **proof_changes: Any) -> Tree:
    """The record with its proof."""
    named = method or f"{record['issuer']}#{key.multikey}"
    created = proof_changes.pop("created", record["issued"])
    return {**record, "proof": make_proof(record, key, named, created, **proof_changes)}


def make_records() -> Tree:
    """Records with what a reader concludes about each by itself."""
    actors = Actors()
    return {
        "chapter": "04",
        "about": "identities: logs by agency. valid: data is accepted under the log of its issuer with the clock at now, "
        "and its digest is digest. malformed: data is "
        "refused with code by its form alone. refused: its form is good and its proof is refused with code; outside "
        "tells what a W3C verifier that resolves the issuer at issued says.",
        "made_by": SELF,
        "confirmed_by": ["@digitalbazaar/eddsa-jcs-2022-cryptosuite (npm) with didwebvh-ts (npm)"],
        "now": NOW,
        "identities": {name: encode_log(log) for name, log in actors.logs.items()},
        "valid": _valid(actors),
        "malformed": _malformed(actors),
        "refused": _refused(actors),
    }


def _valid(actors: Actors) -> list[Tree]:
    first = sign(header(actors, "offer"))
    digest = sha256(canonical(first)).hexdigest()
    second = header(actors, "offer", version=2, previous=digest, nonce=seed("nonce/offer 2")[:16].hex())
    both = header(
        actors,
        "agreement",
        to=("mali", "france"),
        type="agreement",
        schema="urn:passerelle:schema:agreement:1.0",
    )
    later = header(actors, "later", issued="2025-09-01T10:00:00Z")
    overlap = header(actors, "overlap", issued="2025-06-20T10:00:00Z")
    records = {
        "public, version 1": first,
        "public, version 2": sign(second),
        "for one partner": sign(header(actors, "for mali", to=("mali",))),
        "for two partners": sign(both),
        "under the new key after the rotation": sign(later, NEW),
        "under the old key during the overlap": sign(overlap, OLD),
        "under the new key during the overlap": sign({**overlap, "id": record_id("overlap 2")}, NEW),
        "an unknown type": sign(
            header(actors, "unknown", type="visit", schema="urn:passerelle:schema:visit:3.7")
        ),
        "every kind of value": sign(
            header(
                actors,
                "values",
                body={
                    "null": None,
                    "true": True,
                    "list": [1, -9007199254740991, "é", "e\u0301", "\U0001f600"],
                    "empty": {},
                    "escapes": '"\\/\b\t\n\f\r\u0001\u001f\u007f\u2028',
                },
            )
        ),
        "before a change of domain": sign(header(actors, "unmoved", issuer=_france(actors, 0)), FRENCH),
        "after a change of domain": sign(
            header(actors, "moved", issuer=_france(actors, 1), issued="2025-09-01T10:00:00Z"), FRENCH
        ),
        "23 hours ahead": sign(header(actors, "ahead", issued="2026-01-01T23:00:00Z"), NEW),
    }
    return [
        {"name": name, "data": canonical(record).decode(), "digest": sha256(canonical(record)).hexdigest()}
        for name, record in records.items()
    ]


def _france(actors: Actors, entry: int) -> str:
    """The DID of France before and after its change of domain."""
    did: str = actors.logs["france"][entry]["state"]["id"]
    return did


def _malformed(actors: Actors) -> list[Tree]:
    mali, togo = actors.scids["mali"], actors.scids["togo"]
    pair = sorted(actors.scids[name] for name in ("mali", "france"))

    def case(name: str, rule: str, *, to: tuple[str, ...] = (), **changes: Any) -> Tree:
        record = (
            sign(header(actors, name, to=to, **changes))
            if "issued" not in changes
            else {**sign(header(actors, name, to=to)), **changes}
        )
        return {"name": name, "rule": rule, "code": "record.malformed", "data": canonical(record).decode()}

    good = sign(header(actors, "malformed"))
    cases = [
        case("a member more", "R-1", note="x"),
        case("no nonce", "R-1", nonce=None),
        case("previous in version 1", "R-1", previous="0" * 64),
        case("no previous in version 2", "R-1", version=2),
        case("seen in a public record", "R-1", seen={}),
        case("no seen in a bilateral record", "R-1", to=("mali",), seen=None),
        case("another context", "R-2", **OTHER_CONTEXT),
        case("a context more", "R-2", **MORE_CONTEXTS),
        case("an id that is no UUID", "R-2", id="urn:uuid:offer-1"),
        case("an id in capitals", "R-2", id=record_id("capital").upper().replace("URN:UUID", "urn:uuid")),
        case("an id that tells the time", "R-2", id="urn:uuid:01930000-0000-7000-8000-000000000000"),
        case("version 0", "R-2", version=0, previous="0" * 64),
        case("a version as a string", "R-2", version="2", previous="0" * 64),
        case("version true", "R-2", version=True, previous="0" * 64),
        case("a digest in capitals", "R-2", version=2, previous="A" * 64),
        case("a short nonce", "R-2", nonce="00" * 15),
        case("an issuer that is no did:webvh", "R-2", issuer="did:web:togo.example"),
        case("an issuer with a path", "R-2", issuer=actors.did + ":agency"),
        case("a time with an offset", "R-2", issued="2025-03-21T10:00:00+00:00"),
        case("a time with a fraction", "R-2", issued="2025-03-21T10:00:00.5Z"),
        case("a day that does not exist", "R-2", issued="2025-02-30T10:00:00Z"),
        case("a body that is no object", "R-2", body=[]),
        case("the schema of another type", "R-3", schema="urn:passerelle:schema:decision:1.0"),
        case("a schema without minor version", "R-3", schema="urn:passerelle:schema:offer:1"),
        case("an empty audience", "R-4", audience=[], seen={}),
        case(
            "an audience out of order",
            "R-4",
            audience=pair[::-1],
            seen={s: {"feed": 1, "size": 0} for s in pair},
        ),
        case("an addressee twice", "R-4", audience=[mali, mali], seen={mali: {"feed": 1, "size": 0}}),
        case(
            "an audience that holds the issuer", "R-4", audience=[togo], seen={togo: {"feed": 1, "size": 0}}
        ),
        case("an audience of another word", "R-4", audience="network", seen={}),
        case(
            "seen of somebody else",
            "R-26",
            to=("mali",),
            seen={actors.scids["france"]: {"feed": 1, "size": 0}},
        ),
        case("seen of feed 0", "R-26", to=("mali",), seen={mali: {"feed": 0, "size": 0}}),
        case("seen of a negative size", "R-26", to=("mali",), seen={mali: {"feed": 1, "size": -1}}),
        case(
            "seen with a member more", "R-26", to=("mali",), seen={mali: {"feed": 1, "size": 0, "root": ""}}
        ),
    ]
    proof: Tree = good["proof"]
    for name, rule, changed in (
        ("a list of proofs", "R-8", [proof]),
        ("a proof without context", "R-8", {k: v for k, v in proof.items() if k != "@context"}),
        ("a proof with a domain", "R-8", {**proof, "domain": "mali.example"}),
        ("a proof that expires", "R-8", {**proof, "expires": "2030-01-01T00:00:00Z"}),
    ):
        cases.append(
            {
                "name": name,
                "rule": rule,
                "code": "proof.malformed",
                "data": canonical({**good, "proof": changed}).decode(),
            }
        )
    text = canonical(good).decode()
    cases += [
        {
            "name": "white space",
            "rule": "J-12",
            "code": "json.not-canonical",
            "data": text.replace(":", ": ", 1),
        },
        {"name": "a line feed at the end", "rule": "J-12", "code": "json.not-canonical", "data": text + "\n"},
        {
            "name": "members out of order",
            "rule": "J-12",
            "code": "json.not-canonical",
            "data": json.dumps(
                {name: good[name] for name in sorted(good, reverse=True)},
                separators=(",", ":"),
                ensure_ascii=False,
            ),
        },
        {
            "name": "an escape too many",
            "rule": "J-12",
            "code": "json.not-canonical",
            "data": text.replace("à", "\\u00e0"),
        },
        {
            "name": "a member twice",
            "rule": "J-3",
            "code": "json.duplicate-member",
            "data": text.replace('"version":1', '"version":1,"version":1'),
        },
        {
            "name": "a fraction in the body",
            "rule": "J-5",
            "code": "json.not-an-integer",
            "data": text.replace('"synthetic":true', '"share":0.5'),
        },
    ]
    return cases


def _refused(actors: Actors) -> list[Tree]:
    good = sign(header(actors, "refused"))
    proof: Tree = good["proof"]
    stranger = Key("stranger")
    request = Key("togo/request/1")
    moved = actors.did.replace("togo.example", "elsewhere.example")
    signature = base58.b58decode(proof["proofValue"][1:])
    flipped = "z" + base58.b58encode(bytes([signature[0] ^ 1]) + signature[1:]).decode()

    def case(name: str, rule: str, code: str, record: Tree, outside: str = "rejects") -> Tree:
        return {
            "name": name,
            "rule": rule,
            "code": code,
            "outside": outside,
            "data": canonical(record).decode(),
        }

    def reproof(**changes: Any) -> Tree:
        return {**good, "proof": {**proof, **changes}}

    bare = header(actors, "refused")
    early = header(actors, "early", issued="2025-01-10T07:59:59Z")
    retired = header(actors, "retired", issued="2025-09-15T00:00:00Z")
    too_new = header(actors, "too new", issued="2025-02-01T00:00:00Z")
    ahead = header(actors, "far ahead", issued="2026-01-02T00:00:01Z")
    return [
        case("a body changed after signing", "R-13", "proof.invalid", {**good, "body": {"title": "x"}}),
        case("a nonce changed after signing", "R-13", "proof.invalid", {**good, "nonce": "0" * 32}),
        case("one bit of the signature", "R-13", "proof.invalid", reproof(proofValue=flipped)),
        case(
            "a signature by another key",
            "R-13",
            "proof.invalid",
            sign(bare, stranger, method=proof["verificationMethod"]),
        ),
        case(
            "63 bytes of signature",
            "R-12",
            "proof.malformed",
            reproof(proofValue="z" + base58.b58encode(signature[:63]).decode()),
        ),
        case(
            "another multibase", "R-12", "proof.malformed", reproof(proofValue="u" + proof["proofValue"][1:])
        ),
        case(
            "a signature with a leading zero byte",
            "R-12",
            "proof.malformed",
            reproof(proofValue="z1" + proof["proofValue"][1:]),
        ),
        case("another cryptosuite", "R-9", "proof.malformed", sign(bare, cryptosuite="eddsa-rdfc-2022")),
        case("another type of proof", "R-9", "proof.malformed", sign(bare, type="Ed25519Signature2020")),
        case("another purpose", "R-9", "proof.malformed", sign(bare, proofPurpose="authentication")),
        case(
            "contexts of record and proof differ",
            "R-10",
            "record.context-mismatch",
            sign(bare, **MORE_CONTEXTS),
        ),
        case(
            "issued is not created",
            "R-11",
            "record.issued-mismatch",
            sign(bare, created="2025-03-21T10:00:01Z"),
            "accepts",
        ),
        case("created is no time", "R-11", "record.issued-mismatch", sign(bare, created="yesterday")),
        case("before the identity began", "R-14", "record.issuer-unknown", sign(early)),
        case("a DID on another domain", "R-16", "key.unknown", sign({**bare, "issuer": moved})),
        case(
            "the key of another DID",
            "R-15",
            "key.not-valid-then",
            sign(bare, method=f"{moved}#{OLD.multikey}"),
        ),
        case(
            "the key of another agency",
            "R-15",
            "key.not-valid-then",
            sign(
                bare,
                Key("mali/record/1"),
                method=f"did:webvh:{actors.scids['mali']}:mali.example#{Key('mali/record/1').multikey}",
            ),
        ),
        case(
            "the former DID after a change of domain",
            "R-14",
            "record.issuer-unknown",
            sign(header(actors, "stayed", issuer=_france(actors, 0), issued="2025-09-01T10:00:00Z"), FRENCH),
        ),
        case(
            "the new DID before a change of domain",
            "R-14",
            "record.issuer-unknown",
            sign(header(actors, "early mover", issuer=_france(actors, 1)), FRENCH),
        ),
        case("a key that no entry names", "R-16", "key.unknown", sign(bare, stranger)),
        case("a request key", "R-16", "key.unknown", sign(bare, request)),
        case("a key that was retired", "R-15", "key.not-valid-then", sign(retired, OLD)),
        case("a key that was not yet listed", "R-15", "key.not-valid-then", sign(too_new, NEW)),
        case("more than 24 hours ahead", "R-20", "record.ahead", sign(ahead, NEW), "accepts"),
    ]


def make_proofs() -> Tree:
    """The bytes between a document and its proof value."""
    actors = Actors()
    cases = []
    for name, document in (
        ("a record", header(actors, "proof")),
        ("a document without context", {"a": 1}),
        ("a document with a context that is a string", {"@context": "urn:example:one", "a": ["é"]}),
    ):
        proof = make_proof(document, OLD, f"{actors.did}#{OLD.multikey}", ISSUED)
        bare = {k: v for k, v in proof.items() if k != "proofValue"}
        cases.append(
            {
                "name": name,
                "document": document,
                "seed": seed(OLD.name).hex(),
                "multikey": OLD.multikey,
                "created": ISSUED,
                "verification_method": proof["verificationMethod"],
                "proof_canonical": canonical(bare).decode(),
                "document_canonical": canonical(document).decode(),
                "hash_data": hash_data(document, proof).hex(),
                "proof": proof,
            }
        )
    return {
        "chapter": "04",
        "about": "The proof over document by the key of seed, step by step.",
        "made_by": SELF,
        "confirmed_by": ["@digitalbazaar/eddsa-jcs-2022-cryptosuite (npm)"],
        "cases": cases,
    }
