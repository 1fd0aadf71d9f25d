"""Vectors of sealed objects (chapter 06), made once by hpke-js: here they are only opened."""

from __future__ import annotations

from hashlib import sha256

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol.origins import Origin
from passerelle.protocol.seals import SealingKey, open_sealed
from tests.vectors.loading import Case, assert_code, cases, load


@pytest.fixture(scope="module")
def key() -> SealingKey:
    """The recipient's key."""
    return SealingKey(bytes.fromhex(load("sealed-objects.json")["seed"]))


def _open(case: Case, key: SealingKey) -> tuple[bytes, bytes]:
    return open_sealed(
        bytes.fromhex(case["object"]),
        {key.key_id: key},
        origin=Origin.parse(load("sealed-objects.json")["origin"]),
        commitment=bytes.fromhex(case["commitment"]),
    )


def test_the_key_is_derived_alike(key: SealingKey) -> None:
    """Chapter 06, Sealed object: public key and key id follow from the seed."""
    vectors = load("sealed-objects.json")
    assert (key.public.hex(), key.key_id) == (vectors["public"], vectors["key"])


@pytest.mark.parametrize("case", cases("sealed-objects.json", "valid"))
def test_sealed_objects_open(case: Case, key: SealingKey) -> None:
    """O-4 to O-11: what hpke-js sealed opens to its salt and record."""
    salt, record = _open(case, key)
    assert salt.hex() == case["salt"]
    assert (len(record), sha256(record).hexdigest()) == (case["record_bytes"], case["record_sha256"])
    assert len(case["object"]) // 2 == 34 + 1120 + case["plaintext_bytes"] + 16


@pytest.mark.parametrize("case", cases("sealed-objects.json", "refused"))
def test_sealed_objects_refused(case: Case, key: SealingKey) -> None:
    """O-4, O-5, O-7 to O-11: every fault has its code."""
    with pytest.raises(ProtocolError) as found:
        _open(case, key)
    assert_code(found, case)
