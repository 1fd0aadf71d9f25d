"""Commitments, and the objects beside public leaves (protocol, section 4).

    commitment    = SHA-256("passerelle/commitment/v1" || 0x00 || salt || record)
    public object = salt || record

The salt is 32 random bytes, new for every record and recipient. Without it the
commitment says nothing about the record: deleting record and salt erases both, and the
leaf stays. Sealed objects are in ``seals``.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from passerelle.errors import ProtocolError
from passerelle.protocol.profile import MAX_RECORD_BYTES

SALT_BYTES: Final = 32
COMMITMENT_BYTES: Final = 32

_PREFIX: Final = b"passerelle/commitment/v1\0"


def commitment(salt: bytes, data: bytes) -> bytes:
    """The 32 bytes that a leaf holds for a record.

    Args:
        salt: 32 bytes.
        data: The record's canonical bytes.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return sha256(_PREFIX + salt + data).digest()


def encode_public(salt: bytes, data: bytes) -> bytes:
    """The object beside a public leaf: 32 bytes of salt, then the record."""
    if len(salt) != SALT_BYTES or not 1 <= len(data) <= MAX_RECORD_BYTES:
        raise ValueError("not a salt and a record")
    return salt + data


def parse_public(object_: bytes) -> tuple[bytes, bytes]:
    """Salt and record bytes of a public object; the record is not looked at.

    Raises:
        ProtocolError: ``object.malformed`` where there is no room for both;
            ``object.too-large`` where the record is larger than 256 KiB.
    """
    if len(object_) <= SALT_BYTES:
        raise ProtocolError("object.malformed", size=len(object_))
    if len(object_) > SALT_BYTES + MAX_RECORD_BYTES:
        raise ProtocolError("object.too-large", size=len(object_), max=SALT_BYTES + MAX_RECORD_BYTES)
    return object_[:SALT_BYTES], object_[SALT_BYTES:]
