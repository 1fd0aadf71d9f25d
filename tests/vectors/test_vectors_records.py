"""Vectors of records and proofs (chapter 04)."""

from __future__ import annotations

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol import proofs
from passerelle.protocol.identity import Identity, parse_identity
from passerelle.protocol.keys import SigningKey, parse_multikey
from passerelle.protocol.profile import encode
from passerelle.protocol.records import Record, check_proof
from tests.vectors.loading import Case, assert_code, cases, load, moment


@pytest.fixture(scope="module")
def authors() -> dict[str, Identity]:
    """The identities of the vectors by SCID."""
    vectors = load("records.json")
    now = moment(vectors["now"])
    identities = [parse_identity(log.encode(), now=now) for log in vectors["identities"].values()]
    return {identity.scid: identity for identity in identities}


@pytest.mark.parametrize("case", cases("records.json", "valid"))
def test_records_accepted(case: Case, authors: dict[str, Identity]) -> None:
    """R-1 to R-15, R-6: form, digest and proof."""
    record = Record.parse(case["data"].encode())
    assert record.digest == case["digest"]
    check_proof(record, authors[record.issuer_scid], moment(load("records.json")["now"]))


@pytest.mark.parametrize("case", cases("records.json", "malformed"))
def test_records_malformed(case: Case) -> None:
    """R-1 to R-4, R-8, R-26, J-3, J-5, J-12: refused by their form alone."""
    with pytest.raises(ProtocolError) as found:
        Record.parse(case["data"].encode())
    assert_code(found, case)


@pytest.mark.parametrize("case", cases("records.json", "refused"))
def test_records_refused(case: Case, authors: dict[str, Identity]) -> None:
    """R-9 to R-16, R-20: well-formed, and the proof does not hold under the issuer's log."""
    record = Record.parse(case["data"].encode())
    with pytest.raises(ProtocolError) as found:
        check_proof(record, authors[record.issuer_scid], moment(load("records.json")["now"]))
    assert_code(found, case)


@pytest.mark.parametrize("case", cases("proofs.json", "cases"))
def test_proofs_step_by_step(case: Case) -> None:
    """Chapter 04, Proof: the bytes between a document and its proof value."""
    assert encode(case["document"]).decode() == case["document_canonical"]
    assert proofs.hash_data(case["document"], case["proof"]).hex() == case["hash_data"]
    key = SigningKey(bytes.fromhex(case["seed"]))
    signed = proofs.sign(
        case["document"], key, verification_method=case["verification_method"], created=case["created"]
    )
    assert signed["proof"] == case["proof"]
    proofs.verify(signed, parse_multikey(case["multikey"]))
