"""``certificates.json``: certificates, endorsements, and what is asked about them (chapter 24)."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import base58

from makers import attestationquestions, malformedattestations
from makers.attestations import (
    ACTORS,
    AFTER,
    CONTEXTS,
    FRANCE_NEW,
    MALI_DID,
    MALIAN,
    attest,
    bare,
    changed_copy,
    endorsement,
    french,
    full,
    issuer,
    leaf_name,
    text_of,
)
from makers.common import SELF, Key, Tree, canonical
from makers.identities import NOW, encode_log
from makers.signed_records import FRENCH, NEW, OLD


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
        "malformed": malformedattestations.malformed(),
        "refused": _refused(),
        "endorsed": attestationquestions.endorsed(),
        "leaves": attestationquestions.leaves(),
        "placements": attestationquestions.placements(),
        "statuses": attestationquestions.statuses(),
        "names": attestationquestions.names(),
        "persons": attestationquestions.persons(),
    }


def _valid() -> list[Tree]:
    good = attest(bare())
    documents = {
        "a certificate": good,
        "every member": attest(bare("full", full, validUntil="2035-06-01T09:00:00Z")),
        "under the new key after the rotation": attest(bare("rotated", validFrom=AFTER), NEW),
        "by the partner, before its change of domain": attest(french(), FRENCH),
        "by the partner, after its change of domain": attest(
            french(issuer=issuer(FRANCE_NEW, "Agence de France (fictive)"), validFrom=AFTER), FRENCH
        ),
        "23 hours ahead": attest(bare("ahead", validFrom="2026-01-01T23:00:00Z"), NEW),
        "the last index that there can be": attest(
            changed_copy(bare("last"), "evidence", 0, "id", to=leaf_name(index=2**53 - 2))
        ),
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
        ("another person", "D-11", "proof.invalid", changed_copy(good, "credentialSubject", "identifier", 0, "identityHash", to="sha256$" + "0" * 64)),
        ("a longer service", "D-11", "proof.invalid", changed_copy(good, "credentialSubject", "activityStartDate", to="2024-02-03T00:00:00Z")),
        ("an end taken away", "D-11", "proof.invalid", changed_copy(attest(bare("refused", validUntil=AFTER)), "validUntil", to=None)),
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
        ("the former DID after a change of domain", "D-9", "certificate.issuer-unknown", attest(french(validFrom=AFTER), FRENCH)),
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
