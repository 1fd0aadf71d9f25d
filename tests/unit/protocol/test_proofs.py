"""spec/ "Records and proofs": ``eddsa-jcs-2022``, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol.keys import SigningKey, parse_multikey

VECTORS = Path(__file__).parents[3] / "spec" / "vectors" / "published"
W3C = json.loads((VECTORS / "w3c-vc-di-eddsa-jcs-2022.json").read_text("utf-8"))

KEY = SigningKey(b"\x2a" * 32)
METHOD = "did:example:agency#key"
CREATED = "2026-11-21T10:00:00Z"
DOCUMENT: profile.JsonObject = {"@context": ["urn:passerelle:v1"], "id": "urn:uuid:1", "n": 1}


def signed() -> profile.JsonObject:
    return proofs.sign(DOCUMENT, KEY, verification_method=METHOD, created=CREATED)


def with_proof(**changes: profile.Json) -> profile.JsonObject:
    """The signed document with members of its proof changed, or left out where None."""
    proof = {**signed()["proof"], **changes}  # type: ignore[dict-item]  # an object, made above
    return {**signed(), "proof": {name: value for name, value in proof.items() if value is not None}}


def refused(document: profile.JsonObject, key: SigningKey = KEY) -> str:
    with pytest.raises(ProtocolError) as caught:
        proofs.verify(document, key.public)
    return caught.value.code


def test_w3c_vector_intermediate_values() -> None:
    """Both canonical forms, and the proof's hash before the document's."""
    proof = {name: value for name, value in W3C["signed"]["proof"].items() if name != "proofValue"}
    assert profile.encode(W3C["unsigned"]).decode() == W3C["canonicalDocument"]
    assert profile.encode(proof).decode() == W3C["canonicalProof"]
    assert proofs.hash_data(W3C["signed"], W3C["signed"]["proof"]).hex() == W3C["combinedHash"]
    assert W3C["combinedHash"] == W3C["proofHash"] + W3C["documentHash"]


def test_w3c_vector_is_reproduced_and_verified() -> None:
    """Signing the published document with the published key gives the published document."""
    secret = base58.b58decode(W3C["keyPair"]["privateKeyMultibase"][1:])
    key = SigningKey(secret.removeprefix(b"\x80\x26"))
    proof = W3C["signed"]["proof"]
    made = proofs.sign(
        W3C["unsigned"], key, verification_method=proof["verificationMethod"], created=proof["created"]
    )
    assert made == W3C["signed"]
    assert key.multikey == W3C["keyPair"]["publicKeyMultibase"]
    proofs.verify(W3C["signed"], parse_multikey(W3C["keyPair"]["publicKeyMultibase"]))


def test_a_proof_holds_for_its_document_and_key() -> None:
    """Any change of the document, of a signed member of the proof, or of the key breaks it."""
    proofs.verify(signed(), KEY.public)
    assert refused({**signed(), "n": 2}) == "proof.invalid"
    assert refused({**signed(), "more": 1}) == "proof.invalid"
    assert refused(signed(), SigningKey(b"\x2b" * 32)) == "proof.invalid"
    assert refused(with_proof(created="2026-11-21T10:00:01Z")) == "proof.invalid"
    assert refused(with_proof(verificationMethod=METHOD + "2")) == "proof.invalid"
    assert refused(with_proof(domain="added.example")) == "proof.invalid"


def test_contexts_appended_after_signing_are_refused() -> None:
    """The standard verifies them; the profile asks for equality, also where one side has none."""
    longer: list[profile.Json] = ["urn:passerelle:v1", "urn:else"]
    assert refused({**signed(), "@context": longer}) == "proof.context-mismatch"
    assert refused(with_proof(**{"@context": None})) == "proof.context-mismatch"
    without = {name: value for name, value in signed().items() if name != "@context"}
    assert refused(without) == "proof.context-mismatch"


def test_a_document_without_context_is_signed_without() -> None:
    """Entries of an identity log have no ``@context``, nor do their proofs."""
    document = proofs.sign({"n": 1}, KEY, verification_method=METHOD, created=CREATED)
    assert isinstance(document["proof"], dict)
    assert "@context" not in document["proof"]
    proofs.verify(document, KEY.public)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "Ed25519Signature2020"),
        ("cryptosuite", "eddsa-rdfc-2022"),
        ("proofPurpose", "authentication"),
        ("type", None),
        ("cryptosuite", None),
        ("proofPurpose", None),
    ],
)
def test_other_suites_and_purposes_are_refused(member: str, value: str | None) -> None:
    assert refused(with_proof(**{member: value})) == "proof.malformed"


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "",
        "z",
        "u" + "A" * 86,
        "z" + "0" * 88,
        "z" + "é",
        "z" + base58.b58encode(bytes(63)).decode(),
        "z" + base58.b58encode(bytes(65)).decode(),
        "z" + "1" * 100_000,
    ],
)
def test_proof_value_is_base58_of_64_bytes(value: profile.Json) -> None:
    assert refused(with_proof(proofValue=value)) == "proof.malformed"


def test_proof_value_has_one_spelling() -> None:
    """A trailing space that a lenient decoder strips would give one record two digests."""
    value = signed()["proof"]["proofValue"]  # type: ignore[index, call-overload]  # an object, made above
    assert refused(with_proof(proofValue=f"{value} ")) == "proof.malformed"


@pytest.mark.parametrize("proof", [None, "z", [], [{"type": "DataIntegrityProof"}]])
def test_one_proof_object(proof: profile.Json) -> None:
    """A set of proofs verifies elsewhere if any one does: not here."""
    assert refused({**signed(), "proof": proof}) == "proof.malformed"
    assert refused(DOCUMENT) == "proof.malformed"


def test_signing_twice_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="already"):
        proofs.sign(signed(), KEY, verification_method=METHOD, created=CREATED)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("z1A@", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=5,
)
PROOF_MEMBERS = [
    "type",
    "cryptosuite",
    "created",
    "verificationMethod",
    "proofPurpose",
    "@context",
    "proofValue",
]


@given(st.sampled_from(PROOF_MEMBERS), JSON)
def test_whatever_a_proof_says_it_is_refused_with_a_protocol_error(member: str, value: profile.Json) -> None:
    assert refused(with_proof(**{member: value})).startswith("proof.")
