"""Thirty-two secret bytes as people keep them: printed, put into a safe, and typed again years later.

    passerelle-secret-1-mzxw-6ytb-oi5d-…     a purpose, then 14 groups of four letters

The groups are base32 (RFC 4648, small letters) of the bytes and the first three bytes of
SHA-256 over purpose and bytes, so that a slip of the finger is told from a wrong secret.
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256

SECRET_BYTES = 32
_CHECK_BYTES = 3
_GROUP = 4
_LOOKS_LIKE = str.maketrans("018", "olb")  # digits that base32 does not have


def encode(purpose: str, data: bytes) -> str:
    """One line of text, without its end."""
    if len(data) != SECRET_BYTES:
        raise ValueError(f"{SECRET_BYTES} bytes, not {len(data)}")
    letters = base64.b32encode(data + _check(purpose, data)).decode("ascii").lower()
    groups = [letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP)]
    return "-".join([purpose, *groups])


def is_of(purpose: str, text: str) -> bool:
    """Whether a text says that it is for this purpose, however it goes on."""
    return _squeezed(text).startswith(_squeezed(purpose))


def parse(purpose: str, text: str) -> bytes:
    """The bytes of a line; case, spaces, hyphens and line ends between the letters say nothing.

    Raises:
        ValueError: Another purpose, or letters that are missing, too many or mistyped.
    """
    if not is_of(purpose, text):
        raise ValueError("of another purpose")
    letters = _squeezed(text).removeprefix(_squeezed(purpose)).translate(_LOOKS_LIKE)
    try:
        whole = base64.b32decode(letters.upper())
    except binascii.Error as exc:
        raise ValueError("mistyped") from exc
    data = whole[:SECRET_BYTES]
    if len(whole) != SECRET_BYTES + _CHECK_BYTES or whole[SECRET_BYTES:] != _check(purpose, data):
        raise ValueError("mistyped")
    return data


def _check(purpose: str, data: bytes) -> bytes:
    return sha256(purpose.encode("ascii") + b"\0" + data).digest()[:_CHECK_BYTES]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s-]+", "", text).lower()
