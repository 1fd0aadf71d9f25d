"""Certificates as they are written: canonical, readable, and without anybody's name (spec/24-certificates.md)."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import Any

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol import certificates
from passerelle.protocol.certificateletters import lines_of, missing_letters, on_one_line
from passerelle.protocol.certificatenames import member_with_person, member_with_pseudonym, written
from passerelle.protocol.certificates import Certificate, Endorsement, Person
from passerelle.protocol.certificatesigning import (
    Issuer,
    Programme,
    Service,
    Stand,
    check_draft,
    draft_certificate,
    draft_endorsement,
    sign_certificate,
    sign_endorsement,
)
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import encode
from tests.vectors.loading import load, moment

VECTORS = load("certificates.json")
NOW = moment(VECTORS["now"])
TOGO, MALI = (parse_identity(VECTORS["identities"][name].encode(), now=NOW) for name in ("togo", "mali"))
KEY = SigningKey(sha256(b"passerelle/vectors/togo/record/1").digest())
EXPECTED = VECTORS["valid"][0]["data"]
ENDORSEMENT = VECTORS["endorsed"][0]["data"]
LOGS = {f"{name}.jsonl": VECTORS["identities"][name] for name in ("togo", "mali")}
STATUSES = {case["name"]: "".join(case["records"]) for case in VECTORS["statuses"]}


def drafted(**more: Any) -> Any:
    """The first certificate of the vectors, written by the node."""
    value = json.loads(EXPECTED)
    subject = value["credentialSubject"]
    leaf = certificates.parse(EXPECTED.encode())
    assert isinstance(leaf, Certificate)
    achievement = subject["achievement"]
    given: Any = {
        "id": value["id"],
        "name": value["name"],
        "issuer": Issuer(value["issuer"]["id"], value["issuer"]["name"], moment(value["validFrom"])),
        "commitment": leaf.commitment,
        "programme": Programme(
            "vsi", "fr", achievement["name"], achievement["description"], achievement["criteria"]["narrative"]
        ),
        "service": Service(date(2025, 2, 3), date(2025, 5, 30)),
        "placement": Stand(
            leaf.placement_id, leaf.placement_digest, leaf.origin, leaf.leaf_index, leaf.leaf_commitment
        ),
    }
    return draft_certificate(**(given | more))


def test_the_node_writes_the_certificate_of_the_vectors() -> None:
    """D-26: the canonical bytes of the worked example, signature included."""
    data, found = sign_certificate(drafted(), KEY)
    assert data == EXPECTED.encode() == encode(json.loads(data))
    certificates.verify(found, TOGO, NOW)


def test_sums_come_in_their_order_and_never_as_nothing() -> None:
    """D-4: days before hours, each as text; a sum of nothing is left out."""
    for service, expected in (
        ((120, 900), ["120", "900"]),
        ((None, 900), ["900"]),
        ((0, None), None),
    ):
        value = drafted(service=Service(date(2025, 2, 3), date(2025, 5, 30), *service))
        data, _ = sign_certificate(value, KEY)
        result = json.loads(data)["credentialSubject"].get("result")
        assert (result and [item["value"] for item in result]) == expected


def test_an_endorsement_names_exactly_one_certificate() -> None:
    """D-18: id and digest of what is endorsed, under the other agency's name."""
    certificate = certificates.parse(EXPECTED.encode())
    assert isinstance(certificate, Certificate)
    issuer = Issuer(MALI.did, "Centre du volontariat (fictif)", moment("2025-06-03T09:00:00Z"))
    value = draft_endorsement(
        id="urn:uuid:b155f54c-8ae6-49ea-b313-21c721ef4edf",
        name="Attestation de l’agence d’envoi",
        issuer=issuer,
        certificate=certificate,
    )
    data, found = sign_endorsement(value, SigningKey(sha256(b"passerelle/vectors/mali/record/1").digest()))
    assert isinstance(found, Endorsement)
    certificates.check_endorses(found, certificate)
    assert {**json.loads(data), "proof": None} == {
        **json.loads(VECTORS["endorsed"][0]["data"]),
        "proof": None,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"id": "urn:uuid:1"},
        {"name": ""},
        {"service": Service(date(2025, 5, 30), date(2025, 2, 3))},
        {"service": Service(date(2025, 2, 3), date(2025, 6, 30))},
        {"placement": Stand("urn:uuid:" + "0" * 36, "00" * 32, Origin(TOGO.scid, None, 1), 0, "00" * 32)},
    ],
)
def test_what_a_reader_would_refuse_is_not_written(more: Any) -> None:
    """D-4: our own mistake, before anybody has it in hand."""
    with pytest.raises(ValueError, match="not a document that a reader accepts"):
        sign_certificate(drafted(**more), KEY)


PERSON = Person.parse("Afi Akouvi Mensah-Kpodo", "1998-04-07", "00" * 16)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("Animatrice : Afi Mensah", True),
        ("Mme MENSAH, prénom Afí", True),
        ("Née le 07/04/1998", True),
        ("née le 1998-04-07", True),
        ("07.04.1998", True),
        ("Née en 1998", False),
        ("École Mensah de Lomé", False),
        ("Animatrice d’un club de lecture", False),
    ],
)
def test_a_text_that_names_the_person(text: str, *, is_named: bool) -> None:
    """D-28: two words of the name, or the birth date, in whatever member people write."""
    for member in ("role", "narrative"):
        assert member_with_person(drafted(**{member: text}), PERSON) == (member if is_named else None)


def test_a_name_of_one_word_counts_by_itself() -> None:
    """D-28: where a passport has one word, that word is the name; a year alone is no birth date."""
    alone = Person.parse("Suharto", "1998", "00" * 16)
    assert member_with_person(drafted(role="Sous la conduite de Suharto"), alone) == "role"
    assert member_with_person(drafted(role="Promotion 1998"), alone) is None


def test_a_pseudonym_is_found_in_any_case() -> None:
    """D-28: the name by which records speak of the volunteer; what is no text of people is not looked at."""
    assert member_with_pseudonym(drafted(narrative="Dossier tg-vir-77."), "TG-VIR-77") == "narrative"
    assert member_with_pseudonym(drafted(), "TG-VIR-77") is None
    data, found = sign_certificate(drafted(), KEY)
    assert data
    told = {text for _, text in written(found.value)}
    assert not any(text.startswith(("z3", "urn:uuid", "sha256")) for text in told)


# --- before anything is signed -------------------------------------------------------------


@pytest.mark.parametrize("role", ["Bibliothécaire", "x" * 60_000])
def test_what_a_draft_is_measured_by_is_what_is_signed(role: str) -> None:
    """D-2: a draft has room for any proof; one that is let through is one that a reader takes."""
    check_draft(drafted(role=role))
    sign_certificate(drafted(role=role), KEY)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"narrative": "x" * 65_536}, "json.too-large"),
        ({"narrative": "é" * 32_768}, "json.too-large"),
        ({"role": "a\0b"}, "json.nul"),
        ({"role": "\ud800"}, "json.surrogate"),
        ({"role": ""}, "certificate.malformed"),
    ],
)
def test_a_draft_that_no_reader_would_take(more: dict[str, str], code: str) -> None:
    """D-1, D-2, D-4: refused by the reader's own code while nothing is signed."""
    with pytest.raises(ProtocolError) as caught:
        check_draft(drafted(**more))
    assert caught.value.code == code


def test_lines_and_letters() -> None:
    """Print: every sign that ends a line does, the narrow space of French stays, and a letter that is missing is named."""
    text = " un\r\ndeux\u2028\u2029trois\x85\tquatre  cinq\v\f\u202f: six "
    assert lines_of(text) == ["un", "deux", "trois", "quatre cinq", "\u202f: six"]
    assert on_one_line(text) == "un deux trois quatre cinq \u202f: six"
    assert missing_letters("Ŋgɔzi\n\r«\u00a0»") == ""
    assert missing_letters("ب\u200bت ب") == "ب ت \u200b"
    assert len(missing_letters("".join(map(chr, range(0x4E00, 0x4F00)))).split()) == 10
