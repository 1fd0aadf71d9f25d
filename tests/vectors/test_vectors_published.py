"""What others published of the standards that we use: the node agrees with it."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol.keys import parse_multikey, verify_signature
from passerelle.protocol.notes import NoteSignature, SignedNote, parse_vkey, verify_note
from passerelle.protocol.seals import sealed_to
from tests.vectors.loading import Case, assert_code, cases, load


@pytest.mark.parametrize("case", cases("published/rfc8785-cyberphone.json", "cases"))
def test_rfc_8785(case: Case) -> None:
    """J-4, J-5, J-11: the test data of RFC 8785, as far as it lies inside the profile."""
    data, canonical = bytes.fromhex(case["input"]), bytes.fromhex(case["canonical"])
    if case["code"] is None:
        value = profile.parse(data)
        assert profile.encode(value) == canonical
        assert profile.parse_canonical(canonical) == value
        return
    with pytest.raises(ProtocolError) as found:
        profile.parse(data)
    assert_code(found, case)


def test_c2sp_signed_note() -> None:
    """L-5 to L-8: the example of signed-note verifies, and with another text it does not."""
    published = load("published/c2sp-signed-note.json")
    verifier = parse_vkey(published["vkey"])
    note = SignedNote.parse(published["note"].encode())
    assert len(verify_note(note, [verifier])) == 1
    assert note.encode().decode() == published["note"]
    with pytest.raises(ProtocolError) as found:
        verify_note(
            SignedNote.parse(published["note"].replace("an example", "no example").encode()), [verifier]
        )
    assert found.value.code == "note.signature"


def test_w3c_eddsa_jcs_2022() -> None:
    """R-9 to R-13: every step of the W3C vector, and its proof."""
    published = load("published/w3c-vc-di-eddsa-jcs-2022.json")
    signed = published["signed"]
    assert profile.encode(published["unsigned"]).decode() == published["canonicalDocument"]
    assert sha256(published["canonicalDocument"].encode()).hexdigest() == published["documentHash"]
    assert proofs.hash_data(signed, signed["proof"]).hex() == published["combinedHash"]
    public = parse_multikey(published["keyPair"]["publicKeyMultibase"])
    proofs.verify(signed, public)
    with pytest.raises(ProtocolError) as found:
        proofs.verify({**signed, "name": "x"}, public)
    assert found.value.code == "proof.invalid"


def test_other_algorithms_are_refused() -> None:
    """X-17: a suite, a note type or a seal that the specification does not name is never enough."""
    signed = load("published/w3c-vc-di-eddsa-jcs-2022.json")["signed"]
    proof = signed["proof"] | {"cryptosuite": "mldsa44-jcs-2024"}
    with pytest.raises(ProtocolError) as found:
        proofs.verify({**signed, "proof": proof}, bytes(32))
    assert found.value.code == "proof.malformed"
    published = load("published/c2sp-signed-note.json")
    verifier = parse_vkey(published["vkey"])
    blob = b"\x00" * 2428
    later = sha256(verifier.name.encode() + b"\n\x06" + bytes(1312)).digest()[:4]
    note = SignedNote("text\n", (NoteSignature(verifier.name, later, blob),))
    with pytest.raises(ProtocolError) as found:
        verify_note(note, [verifier])
    assert found.value.code == "note.unsigned"
    object_ = bytes.fromhex(load("sealed-objects.json")["valid"][0]["object"])
    with pytest.raises(ProtocolError) as found:
        sealed_to(b"\x02" + object_[1:])
    assert found.value.code == "object.malformed"


def test_rfc_9421_ed25519() -> None:
    """Chapter 10, Signed requests: the signature of B.2.6 holds over its base."""
    published = load("published/rfc9421-b26-ed25519.json")
    signature = b64decode(published["signature"].partition("=:")[2].rstrip(":"))
    public, base = b64decode(published["publicKey"]), published["signatureBase"].encode()
    assert verify_signature(public, base, signature)
    assert not verify_signature(public, base + b"\n", signature)
