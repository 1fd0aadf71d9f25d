"""What all writers of vectors share: canonical bytes, keys from names, proofs.

Written from the chapters of ``spec/`` alone, so that a mistake in the node does not
repeat itself in the vectors. Nothing here is fast or checks its input.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import base58
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SELF: Final = "spec/vectors/generate.py, which shares no code with the node"
CONTEXT: Final = ["urn:passerelle:v1"]
DID_CONTEXT: Final = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", *CONTEXT]

# A tree of JSON; the writers build wrong ones too, so no narrower type fits.
Tree = dict[str, Any]


def canonical(value: object) -> bytes:
    """Chapter 02: within the profile, sorted compact JSON is RFC 8785."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def seed(name: str) -> bytes:
    """32 bytes for everything that is random outside vectors."""
    return sha256(f"passerelle/vectors/{name}".encode()).digest()


def multihash(data: bytes) -> str:
    """base58btc of ``0x12 0x20`` and SHA-256."""
    return base58.b58encode(b"\x12\x20" + sha256(data).digest()).decode()


def encode_multikey(public: bytes, prefix: bytes = b"\xed\x01") -> str:
    """``z`` and base58btc of prefix and key."""
    return "z" + base58.b58encode(prefix + public).decode()


@dataclass(frozen=True)
class Key:
    """An Ed25519 key made from a name."""

    name: str

    @property
    def private(self) -> Ed25519PrivateKey:
        """The private key whose seed is ``seed(name)``."""
        return Ed25519PrivateKey.from_private_bytes(seed(self.name))

    @property
    def public(self) -> bytes:
        """32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def multikey(self) -> str:
        """The published form."""
        return encode_multikey(self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self.private.sign(message)


def hash_data(document: Tree, proof: Tree) -> bytes:
    """Chapter 04: hash of the proof without its value, then of the document without proof."""
    halves = (
        {k: v for k, v in proof.items() if k != "proofValue"},
        {k: v for k, v in document.items() if k != "proof"},
    )
    return b"".join(sha256(canonical(half)).digest() for half in halves)


def make_proof(document: Tree, key: Key, method: str, created: str, **changed: Any) -> Tree:
    """A proof over the document; ``changed`` members are signed as they stand."""
    proof: Tree = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    if "@context" in document:
        proof["@context"] = document["@context"]
    proof |= changed
    signature = key.sign(hash_data(document, proof))
    return {**proof, "proofValue": "z" + base58.b58encode(signature).decode()}
