"""Signatures that some libraries take and I-47 refuses, made with the key: plain arithmetic of RFC 8032.

Whoever takes the first takes two spellings of one signature; whoever takes the second
multiplies by the cofactor, or verifies in batches.
"""

from __future__ import annotations

from hashlib import sha512
from typing import Final

from passerelle.protocol.keys import SigningKey

ORDER: Final = 2**252 + 27742317777372353535851937790883648493
"""Of the group."""
_P: Final = 2**255 - 19
_SIGN: Final = 1 << 255
"""The lowest bit of x, above the 255 bits of y."""


def beyond_order(key: SigningKey, message: bytes) -> bytes:
    """A good signature whose S is larger by the order of the group."""
    good = key.sign(message)
    return good[:32] + (_number(good[32:]) + ORDER).to_bytes(32, "little")


def by_cofactor(key: SigningKey, message: bytes) -> bytes:
    """A signature whose equation holds only where both sides are multiplied by the cofactor.

    R is moved by the point of order 2, which negates both coordinates; S is made for the R that is shown.
    """
    expanded = sha512(key.seed).digest()
    secret = _number(expanded[:32]) & (2**254 - 8) | 2**254
    nonce = _number(sha512(expanded[32:] + message).digest()) % ORDER
    shown = _moved(key.sign(message)[:32])
    challenge = _number(sha512(shown + key.public + message).digest()) % ORDER
    return shown + ((nonce + challenge * secret) % ORDER).to_bytes(32, "little")


def _moved(point: bytes) -> bytes:
    number = _number(point)
    return (_P - (number & (_SIGN - 1)) | (number & _SIGN ^ _SIGN)).to_bytes(32, "little")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
