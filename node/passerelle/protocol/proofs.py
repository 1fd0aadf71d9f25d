"""Data Integrity proofs of the cryptosuite ``eddsa-jcs-2022`` (W3C vc-di-eddsa, 15 May 2025).

A document carries one member ``proof``, an object. What is signed is 64 bytes::

    SHA-256(JCS(proof without proofValue)) ‖ SHA-256(JCS(document without proof))

Stricter than the Recommendation in one point: ``proof.@context`` equals the document's,
where the standard lets contexts be appended after signing and still verifies.

This module does not know whose key it is given, what ``created`` may be, or whether the
verification method belongs to the issuer: records and identity logs check that.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import base58btc
from passerelle.protocol.keys import SIGNATURE_BYTES, SigningKey, verify_signature
from passerelle.protocol.profile import Json, JsonObject, encode_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

PROOF_TYPE: Final = "DataIntegrityProof"
CRYPTOSUITE: Final = "eddsa-jcs-2022"
PURPOSE: Final = "assertionMethod"

_CONSTANT: Final = (("type", PROOF_TYPE), ("cryptosuite", CRYPTOSUITE), ("proofPurpose", PURPOSE))
_MAX_PROOF_VALUE_CHARS: Final = 89  # "z" and at most 88 base58 digits of 64 bytes
LONGEST_PROOF_VALUE: Final = "z" * _MAX_PROOF_VALUE_CHARS
"""Room for any signature, in a draft that is measured before it is signed."""


def hash_data(document: Mapping[str, Json], proof: Mapping[str, Json]) -> bytes:
    """The 64 bytes that the suite signs, hash of the proof first.

    Args:
        document: The document, from a parser of the profile; a member ``proof`` in it is left out.
        proof: The proof; a member ``proofValue`` in it is left out.
    """
    configuration = {name: value for name, value in proof.items() if name != "proofValue"}
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    return sha256(encode_plain(configuration)).digest() + sha256(encode_plain(unsecured)).digest()


def sign(
    document: Mapping[str, Json], key: SigningKey, *, verification_method: str, created: str
) -> JsonObject:
    """A copy of the document with its proof.

    Args:
        document: Without a member ``proof``. Its ``@context``, if any, is copied into the proof.
        key: Signs.
        verification_method: DID URL under which a verifier finds the key.
        created: ``YYYY-MM-DDThh:mm:ssZ``; signed with the rest.

    Raises:
        ValueError: The document has a proof already, or is outside the JSON profile.
    """
    if "proof" in document:
        raise ValueError("the document carries a proof already")
    proof: JsonObject = {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": verification_method,
        "proofPurpose": PURPOSE,
    }
    if "@context" in document:
        proof["@context"] = document["@context"]
    proof["proofValue"] = encode_signature(key.sign(hash_data(document, proof)))
    return {**document, "proof": proof}


def verify(signed: Mapping[str, Json], public: bytes) -> None:
    """Checks the proof that a document carries in ``proof``.

    Args:
        signed: The document with its proof, as parsed from the received bytes.
        public: 32 bytes of the key that the verification method stands for.

    Raises:
        ProtocolError: ``proof.malformed`` unless ``proof`` is one object; otherwise as
            :func:`verify_proof`.
    """
    proof = signed.get("proof")
    if not isinstance(proof, dict):
        raise ProtocolError("proof.malformed", member="proof")
    verify_proof(signed, proof, public)


def verify_proof(document: Mapping[str, Json], proof: Mapping[str, Json], public: bytes) -> None:
    """Checks one proof over a document, in the order of the suite's verification algorithm.

    Raises:
        ProtocolError: As :func:`signature_of`; ``proof.invalid`` where the signature does not hold.
    """
    signature = signature_of(document, proof)
    if not verify_signature(public, hash_data(document, proof), signature):
        raise ProtocolError("proof.invalid")


def signature_of(document: Mapping[str, Json], proof: Mapping[str, Json]) -> bytes:
    """The 64 bytes of a proof's signature, where all its members are as the suite wants them.

    Raises:
        ProtocolError: ``proof.malformed`` for another type, cryptosuite or purpose, and for
            a ``proofValue`` that is not ``z`` and the base58 of 64 bytes;
            ``proof.context-mismatch``.
    """
    for member, expected in _CONSTANT:
        if proof.get(member) != expected:
            raise ProtocolError("proof.malformed", member=member)
    if ("@context" in proof) != ("@context" in document) or proof.get("@context") != document.get("@context"):
        raise ProtocolError("proof.context-mismatch")
    return _parse_proof_value(proof.get("proofValue"))


def encode_signature(signature: bytes) -> str:
    """A signature as it stands in ``proofValue``: ``z`` and its base58btc."""
    return "z" + base58btc.encode(signature)


def _parse_proof_value(text: Json) -> bytes:
    """The signature in ``z`` + base58btc; only the spelling that :func:`sign` writes."""
    if not isinstance(text, str) or not text.startswith("z") or len(text) > _MAX_PROOF_VALUE_CHARS:
        raise ProtocolError("proof.malformed", member="proofValue")
    try:
        signature = base58btc.decode(text[1:])
    except ValueError as exc:
        raise ProtocolError("proof.malformed", member="proofValue") from exc
    if len(signature) != SIGNATURE_BYTES:
        raise ProtocolError("proof.malformed", member="proofValue")
    return signature
