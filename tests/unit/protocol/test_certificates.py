"""Certificates and endorsements: what is proven, and what is not taken for proven (spec/24-certificates.md)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import certificates
from passerelle.protocol.certificates import Certificate, Endorsement, Person
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.records import Record, check_proof
from passerelle.protocol.recordsigning import draft, sign_record
from tests.vectors.loading import load, moment

VECTORS = load("certificates.json")
NOW = moment(VECTORS["now"])
TOGO, MALI = (parse_identity(VECTORS["identities"][name].encode(), now=NOW) for name in ("togo", "mali"))


def certificate(name: str = "a certificate") -> Certificate:
    data = next(case["data"] for case in VECTORS["valid"] if case["name"] == name)
    parsed = certificates.parse(data.encode())
    assert isinstance(parsed, Certificate)
    return parsed


def refused_as(code: str) -> Any:
    return pytest.raises(ProtocolError, match=rf"^{code}\b")


def test_what_a_certificate_says() -> None:
    """D-4: the members that later checks rest on, as they stand there."""
    told = certificate("every member")
    assert (told.issuer_scid, told.issuer) == (TOGO.scid, TOGO.did)
    assert (told.origin.author, told.origin.partner) == (TOGO.scid, MALI.scid)
    assert told.leaf_index == 17
    assert told.signed == moment("2025-06-01T09:00:00Z")
    assert told.valid_until == moment("2035-06-01T09:00:00Z")


def test_the_log_of_another_agency_proves_nothing() -> None:
    """D-9: who asks with the wrong identity log is told so, whatever the signature."""
    with refused_as("certificate.issuer-unknown"):
        certificates.verify(certificate(), MALI, NOW)


def test_a_certificate_ends_at_its_second_and_not_before() -> None:
    """D-21: expired from ``validUntil`` on; an endorsement has no end."""
    told = certificate("every member")
    end = moment("2035-06-01T09:00:00Z")
    certificates.check_time(told, end - timedelta(seconds=1))
    with refused_as("certificate.expired"):
        certificates.check_time(told, end)
    endorsement = certificates.parse(VECTORS["endorsed"][0]["data"].encode())
    assert isinstance(endorsement, Endorsement)
    certificates.check_time(endorsement, end)


def test_a_certificate_from_ahead_is_held_until_its_time() -> None:
    """D-12: held, not refused: 24 hours later, by the same bytes, it is good."""
    told = certificate("23 hours ahead")
    with refused_as("certificate.ahead"):
        certificates.check_time(told, told.signed - timedelta(hours=24, seconds=1))
    certificates.check_time(told, told.signed - timedelta(hours=24))


def status(digest: str, status: str, issued: str) -> Record:
    """A record of Togo about one certificate, under its second key."""
    key = SigningKey(sha256(b"passerelle/vectors/togo/record/2").digest())
    value = draft(
        id="urn:uuid:00000000-0000-4000-8000-000000000001",
        type="certificate-status",
        schema="urn:passerelle:schema:certificate-status:1.0",
        nonce=bytes(16),
        issuer=TOGO.did,
        audience="public",
        issued=moment(issued),
        body={"items": [{"digest": digest, "status": status}]},
    )
    record = sign_record(value, key, f"{TOGO.did}#{key.multikey}")
    check_proof(record, TOGO, NOW)
    return record


def test_revocation_comes_before_time() -> None:
    """Chapter 24, order of checks: of what is revoked and expired it is said that it is revoked."""
    told = certificate("every member")
    later = moment("2036-01-01T00:00:00Z")
    with refused_as("certificate.expired"):
        certificates.verify(
            told, TOGO, later, statuses=[status(told.digest, "confirmed", "2025-10-01T10:00:00Z")]
        )
    with refused_as("certificate.revoked") as found:
        certificates.verify(
            told, TOGO, later, statuses=[status(told.digest, "revoked", "2025-10-02T10:00:00Z")]
        )
    assert found.value.params["issued"] == "2025-10-02T10:00:00Z"


def test_an_endorsement_is_revoked_by_its_own_agency() -> None:
    """D-22, D-23: its digest on the list of its issuer, not on the other's."""
    endorsement = certificates.parse(VECTORS["endorsed"][0]["data"].encode())
    certificates.verify(
        endorsement, MALI, NOW, statuses=[status(endorsement.digest, "revoked", "2025-10-01T10:00:00Z")]
    )


def test_the_salt_and_the_name_are_not_repeated() -> None:
    """D-13: what somebody typed about a person goes to no log with the refusal."""
    for typed in (("Ɛdem", "1998", "0" * 32), ("Afi", "7.4.1998", "0" * 32), ("Afi", "1998", "secret")):
        with refused_as("certificate.person-unreadable") as found:
            Person.parse(*typed)
        assert not set(typed) & {str(value) for value in found.value.params.values()}


@given(st.lists(st.text("ABCXYZabcxyz", min_size=1, max_size=8), min_size=1, max_size=5), st.randoms())
def test_the_order_of_names_does_not_matter(words: list[str], shuffled: Any) -> None:
    """D-13: surname first or last, capitals or not, with whatever stands between the words."""
    form = certificates.parse_name(" ".join(words))
    shuffled.shuffle(words)
    assert certificates.parse_name("<<".join(words)) == form
    assert certificates.parse_name("  ".join(words).lower()) == form


@given(st.one_of(st.text(max_size=40), st.text("aBéÖ \u2019'-<\u0300", max_size=40)))
def test_a_name_has_one_form(text: str) -> None:
    """D-13: what comes out goes in unchanged, and holds nothing but A to Z and single spaces."""
    with suppress(ProtocolError):
        form = certificates.parse_name(text)
        assert certificates.parse_name(form) == form
        assert form.split(" ") == sorted(form.split(" "))
        assert set(form) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
