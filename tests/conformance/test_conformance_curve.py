"""The kit's flawed signatures are what they say: good to a library that is less strict than I-47, and to no other."""

from __future__ import annotations

import importlib

import pytest

from passerelle.conformance import curve
from passerelle.protocol.keys import SigningKey, verify_signature
from tests.vectors.loading import VECTORS

_MESSAGES = [bytes([number]) * number for number in range(8)]


@pytest.mark.parametrize("message", _MESSAGES, ids=len)
def test_one_signature_holds_with_the_cofactor_alone(message: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """I-47: both sides differ, and are equal times eight, by the arithmetic of the vectors."""
    monkeypatch.syspath_prepend(VECTORS)
    curves = importlib.import_module("makers.curves")
    key = SigningKey(bytes([11]) * 32)
    made = curve.by_cofactor(key, message)
    challenge = curves.challenge(made[:32], key.public, message)
    left = curves.times(int.from_bytes(made[32:], "little"), curves.BASE)
    right = curves.add(curves.decode(made[:32]), curves.times(challenge, curves.decode(key.public)))
    assert left != right
    assert curves.times(8, left) == curves.times(8, right)
    assert not verify_signature(key.public, message, made)


@pytest.mark.parametrize("message", _MESSAGES, ids=len)
def test_one_signature_holds_modulo_the_order_alone(message: bytes) -> None:
    """I-47: without the order of the group in S it is the good one."""
    key = SigningKey(bytes([11]) * 32)
    made = curve.beyond_order(key, message)
    assert not verify_signature(key.public, message, made)
    smaller = int.from_bytes(made[32:], "little") - curve.ORDER
    assert verify_signature(key.public, message, made[:32] + smaller.to_bytes(32, "little"))
