"""Vectors of certificates (chapter 24)."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol import certificates
from passerelle.protocol.certificates import Certificate, Endorsement, Person, Signed
from passerelle.protocol.identity import Identity, parse_identity
from passerelle.protocol.records import Record, check_proof
from tests.vectors.loading import Case, assert_code, cases, load, moment

FILE = "certificates.json"
NOW = moment(load(FILE)["now"])


@pytest.fixture(scope="module")
def agencies() -> dict[str, Identity]:
    """The identities of the vectors by SCID."""
    identities = [parse_identity(log.encode(), now=NOW) for log in load(FILE)["identities"].values()]
    return {identity.scid: identity for identity in identities}


def _certificate(case: Case) -> Certificate:
    """That of the case, or the first valid one."""
    certificate = certificates.parse(case.get("certificate", load(FILE)["valid"][0]["data"]).encode())
    assert isinstance(certificate, Certificate)
    return certificate


def _refused(case: Case) -> AbstractContextManager[Any]:
    """Expects the code of the case, or nothing."""
    return nullcontext() if case["code"] is None else pytest.raises(ProtocolError)


def _assert_end(found: pytest.ExceptionInfo[ProtocolError] | None, case: Case) -> None:
    if found is not None:
        assert_code(found, case)


@pytest.mark.parametrize("case", cases(FILE, "valid"))
def test_certificates_accepted(case: Case, agencies: dict[str, Identity]) -> None:
    """D-1 to D-12: form, digest and proof, also by a key and under a domain that were replaced since."""
    document = certificates.parse(case["data"].encode())
    assert document.digest == case["digest"]
    assert isinstance(document, Signed)
    certificates.verify(document, agencies[document.issuer_scid], NOW)


@pytest.mark.parametrize("case", cases(FILE, "malformed"))
def test_certificates_malformed(case: Case) -> None:
    """D-1 to D-4, D-6, D-15: refused by its form alone."""
    with pytest.raises(ProtocolError) as found:
        certificates.parse(case["data"].encode())
    assert_code(found, case)


@pytest.mark.parametrize("case", cases(FILE, "refused"))
def test_certificates_refused(case: Case, agencies: dict[str, Identity]) -> None:
    """D-6 to D-12, D-21: well-formed, and it does not hold under the issuer's log, or not now."""
    document = certificates.parse(case["data"].encode())
    with pytest.raises(ProtocolError) as found:
        certificates.verify(document, agencies[document.issuer_scid], NOW)
    assert_code(found, case)


@pytest.mark.parametrize("case", cases(FILE, "endorsed"))
def test_endorsements(case: Case, agencies: dict[str, Identity]) -> None:
    """D-18 to D-20: of this certificate, by the other agency, not before it."""
    endorsement = certificates.parse(case["data"].encode())
    assert isinstance(endorsement, Endorsement)
    certificates.verify(endorsement, agencies[endorsement.issuer_scid], NOW)
    with _refused(case) as found:
        certificates.check_endorses(endorsement, _certificate(case))
    _assert_end(found, case)


@pytest.mark.parametrize("case", cases(FILE, "leaves"))
def test_leaves_of_certificates(case: Case) -> None:
    """D-16: the leaf at that index is sealed with that commitment."""
    with _refused(case) as found:
        certificates.check_leaf(_certificate(case), case["leaf"].encode())
    _assert_end(found, case)


@pytest.mark.parametrize("case", cases(FILE, "placements"))
def test_placements_of_certificates(case: Case) -> None:
    """D-17, J-12: the record is the placement that is named, in its own bytes."""
    salt = bytes.fromhex(case["salt"]) if case["salt"] else None
    with _refused(case) as found:
        certificates.check_placement(_certificate(case), Record.parse(case["record"].encode()), salt)
    _assert_end(found, case)


@pytest.mark.parametrize("case", cases(FILE, "statuses"))
def test_revocations(case: Case, agencies: dict[str, Identity]) -> None:
    """D-22 to D-24: a good record of the issuer revokes, another's does not, and nothing takes it back."""
    records = [Record.parse(data.encode()) for data in case["records"]]
    for record in records:
        check_proof(record, agencies[record.issuer_scid], NOW)
    certificate = _certificate(case)
    with _refused(case) as found:
        certificates.verify(certificate, agencies[certificate.issuer_scid], NOW, statuses=records)
    _assert_end(found, case)


@pytest.mark.parametrize("case", cases(FILE, "names"))
def test_names(case: Case) -> None:
    """D-13: one form of a name, and no comparison of what has none."""
    if case["form"] is not None:
        assert certificates.parse_name(case["text"]) == case["form"]
        return
    with pytest.raises(ProtocolError) as found:
        certificates.parse_name(case["text"])
    assert found.value.code == "certificate.person-unreadable"


@pytest.mark.parametrize("case", cases(FILE, "persons"))
def test_persons(case: Case) -> None:
    """D-13, D-14: name, birth date and salt give the commitment, or the certificate is about somebody else."""
    with _refused(case) as found:
        person = Person.parse(case["person"], case["birth_date"], case["salt"])
        certificates.check_person(_certificate(case), person)
    _assert_end(found, case)
