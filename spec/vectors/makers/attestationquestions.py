"""What is asked beside a certificate of ``certificates.json``: endorsement, leaf, placement, revocation, person."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from makers.attestations import (
    ACTORS,
    FRANCE_OLD,
    MALI,
    MALI_DID,
    MALIAN,
    PERSON,
    RECORD_SALT,
    SALT,
    TOGO,
    attest,
    bare,
    changed_copy,
    commitment_of,
    endorsement,
    issuer,
    name_form,
    person_commitment,
    placement,
    resource,
    text_of,
)
from makers.common import Key, Tree, canonical, seed
from makers.signed_records import FRENCH, NEW, header, record_id, sign


def endorsed() -> list[Tree]:
    """Endorsements beside a certificate (D-18 to D-20)."""
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


def leaves() -> list[Tree]:
    """What stands at the index that a certificate names (D-16)."""
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


def placements() -> list[Tree]:
    """Records given as the placement (D-17)."""
    good = placement()
    event = placement(type="event", schema="urn:passerelle:schema:event:1.0")
    malian = sign({**header(ACTORS, "certified"), **{k: v for k, v in good.items() if k != "proof"}, "issuer": MALI_DID, "audience": [TOGO], "seen": {TOGO: {"feed": 1, "size": 0}}}, MALIAN)  # fmt: skip
    third = "Qm" + "1" * 44
    unsigned = good | {"proof": good["proof"] | {"proofValue": malian["proof"]["proofValue"]}}
    twice = good | {"proof": [good["proof"]] * 2}
    elsewhere = placement(audience=[third], seen={third: {"feed": 1, "size": 0}})
    mismatch = "certificate.placement-mismatch"
    salts = {
        "the record with its salt": RECORD_SALT.hex(),
        "the record with another salt": seed("another").hex(),
    }

    def naming(record: Tree, identifier: str | None = None) -> str:
        named = resource(identifier or record["id"], record)
        return text_of(attest(bare(relatedResource=named)))

    def bare_of(record: Tree, member: str) -> Tree:
        return {name: value for name, value in record.items() if name != member}

    told: list[tuple[str, str, str | None, str, str]] = [
        ("the record", "D-17", None, naming(good), text_of(good)),
        ("the record with its salt", "D-17", None, naming(good), text_of(good)),
        ("the record with another salt", "D-17", mismatch, naming(good), text_of(good)),
        ("a next version", "D-17", mismatch, naming(good), text_of(placement(version=2, previous="0" * 64))),
        ("another id", "D-17", mismatch, naming(good, record_id("another")), text_of(good)),
        ("a record of another type", "D-17", mismatch, naming(event), text_of(event)),
        ("a record of the partner", "D-17", mismatch, naming(malian), text_of(malian)),
        ("a record to a third agency", "D-17", mismatch, naming(elsewhere), text_of(elsewhere)),
        ("a record with a signature that fails", "D-17", None, naming(unsigned), text_of(unsigned)),
        (
            "a record without a nonce",
            "R-1",
            "record.malformed",
            naming(bare_of(good, "nonce")),
            text_of(bare_of(good, "nonce")),
        ),
        (
            "a record without a proof",
            "R-1",
            "record.malformed",
            naming(bare_of(good, "proof")),
            text_of(bare_of(good, "proof")),
        ),
        ("a record with two proofs", "R-8", "proof.malformed", naming(twice), text_of(twice)),
        ("a record laid out anew", "J-12", "json.not-canonical", naming(good), text_of(good) + "\n"),
    ]
    return [
        {"name": name, "rule": rule, "code": code, "certificate": certificate, "record": record}
        | {"salt": salts.get(name)}
        for name, rule, code, certificate, record in told
    ]


def statuses() -> list[Tree]:
    """Records by which agencies revoke (D-22 to D-24)."""
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
        ("revoked under a later minor version", "D-22", "certificate.revoked", [status("minor", revoked, schema="urn:passerelle:schema:certificate-status:1.9")]),
        ("revoked under a later major version", "D-22", "certificate.revoked", [status("major", revoked, schema="urn:passerelle:schema:certificate-status:2.0")]),
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


def names() -> list[Tree]:
    """Names as they are typed or printed, and the form in which they are compared (D-13)."""
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


def persons() -> list[Tree]:
    """What somebody typed, beside a certificate (D-13, D-14)."""
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
    document = changed_copy(
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
